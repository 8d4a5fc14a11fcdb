"""What is really denied on this machine: a worker tries what it must not be able to do."""

from __future__ import annotations

import ast
import os
import secrets
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from autograder.model import Answer, Broken, Call, Cell, Limits, Outcome, Role
from autograder.running.wire import WireError
from autograder.sandbox import gpu, interpreter
from autograder.sandbox.process import DESCRIPTORS, Isolation, Worker

SECONDS = 60.0  # of the wall clock, for half a second of computing
ESCAPES = Path(__file__).with_name("escapes.py")
WORKS = """
import numpy as np
def works():
    a = np.random.default_rng(0).standard_normal((4, 4))
    return bool(np.allclose(np.linalg.solve(a, a @ a), a) and np.fft.fft(a).shape == (4, 4))
"""


def probe(backend: Isolation) -> list[str]:
    """What student code could still do, as ends of the sentence "it could ..."; empty: nothing.

    Raises Broken when a worker cannot be started or cannot compute.
    """
    try:
        with tempfile.TemporaryDirectory() as folder, backend.start(
                Limits(submission_seconds=60)) as worker:
            return _undenied(worker, _told(Path(folder), backend))
    except (EOFError, TimeoutError, WireError) as error:
        raise Broken(f"A worker started but could not be examined: {type(error).__name__}: "
                     f"{error}.") from error


def _told(folder: Path, backend: Isolation) -> dict[str, Any]:
    """The paths and numbers the escapes aim at."""
    with_gpu = getattr(backend, "gpu", False)
    for name in ("canary", "copy"):
        (folder / name).write_text("a secret")
    course = interpreter.package().parent
    return {
        "file": str(folder / "canary"),
        "copy": str(folder / "copy"),
        "folder": str(folder),
        "name": "canary",
        "folders": [str(folder), "/", "/tmp", "/var/tmp", "/dev/shm", str(Path.home()),
                    *interpreter.site()],
        "course": str(folder if str(course) in interpreter.site() else course),
        "kit": [str(interpreter.package()), *interpreter.copies()],
        "judge": os.getpid(),
        # bwrap sets PWD itself
        "variables": [*interpreter.environment(gpu.environment() if with_gpu else None), "PWD"],
        # the channel; and what CUDA has opened after all else was closed
        "held": DESCRIPTORS[True] if with_gpu else 1,
    }


def _undenied(worker: Worker, told: Mapping[str, Any]) -> list[str]:
    escapes = _escapes()
    for source in (WORKS, ESCAPES.read_text(encoding="utf-8")):
        _load(worker, source)
    calls = [Call("works"), *(Call(name, (told,)) for name in escapes)]
    works, *answers = _ask(worker, calls)
    if works.value is not True:
        raise Broken(
            f"A worker started but numpy does not work in it: {works.error or works.value}.")
    return [sentence for sentence, answer in zip(escapes.values(), answers, strict=True)
            if _could(answer)]


def _escapes() -> dict[str, str]:
    """Name and docstring of every public function in escapes.py."""
    tree = ast.parse(ESCAPES.read_text(encoding="utf-8"))
    functions = [s for s in tree.body
                 if isinstance(s, ast.FunctionDef) and not s.name.startswith("_")]
    sentences = {f.name: ast.get_docstring(f) or f.name for f in functions}
    return {name: sentence[0].lower() + sentence[1:] for name, sentence in sentences.items()}


def _could(answer: Answer) -> bool:
    """An attempt failed if it says so or raises the system's error; all else counts as done."""
    if answer.outcome is Outcome.RAISED:
        # then it was not even tried
        return answer.error.startswith(("NameError", "ImportError", "TypeError", "KeyError"))
    return answer.value is not False


def _load(worker: Worker, source: str) -> None:
    deadline, nonce = time.monotonic() + SECONDS, secrets.token_hex(16)
    worker.channel.send(("load", nonce, Cell("probe", Role.ANSWER, source)), deadline)
    trouble = worker.channel.receive(deadline)[2]
    if trouble:
        raise Broken(f"A worker started but the probe does not run in it: {trouble}.")


def _ask(worker: Worker, calls: list[Call]) -> list[Answer]:
    deadline, nonce = time.monotonic() + SECONDS, secrets.token_hex(16)
    worker.channel.send(("script", nonce, calls, Limits().answer_bytes), deadline)
    came = [worker.channel.receive(deadline) for _ in calls]
    # one by one: no two calls here are alike
    return [Answer(Outcome.PASSED, said[0]) if kind == "values" else said
            for kind, _, _, said in came]
