"""What a hand-in returns is bounded: the judge's memory, measured, and words beside it."""

from __future__ import annotations

import json
import subprocess
import sys
from functools import lru_cache
from typing import Any

import pytest

from autograder.model import Answer, Call, Cell, Facts, Opaque, Outcome, Role
from autograder.running import opaque, wire
from autograder.running.opaque import BEYOND, CROWDED, LARGE, OWN
from autograder.sandbox import choose
from autograder.sandbox.bounded import bounded
from autograder.subjects.remote import GARBLED, TOO_MUCH, Remote

# A judge that asks, and says for each case what came last and by how many MB its memory grew in the
# meantime.
JUDGE = """
import json, re, sys
from pathlib import Path
import numpy as np
from autograder.sandbox import choose
from autograder.model import Call, Cell, Role
from autograder.subjects.remote import AFTER, Remote
from autograder.tests.behaviours import PRELUDE

def memory(word):
    return int(re.search(word + r":\\s+(\\d+) kB", Path("/proc/self/status").read_text())[1]) >> 10

def meet(source, calls, scripts):
    cell = Cell("a", Role.ANSWER, PRELUDE + source + "\\ndef one(): return 1\\n")
    with Remote(choose(), [cell]) as remote:
        remote.ask([Call("one")], 10)
        Path("/proc/self/clear_refs").write_text("5")  # the peak is measured from here on
        before, kept = memory("VmRSS"), []
        for _ in range(scripts):
            kept.append(remote.ask([Call("f", (n,)) for n in range(calls)], 60))
            for answer in kept[-1]:
                if isinstance(answer.value, np.ndarray):
                    np.asarray(answer.value, np.float64).sum(axis=-1)
        last = [a for answers in kept for a in answers if a.error != AFTER][-1]
        more = memory("VmHWM") - before
        return last.outcome.value, last.error, getattr(last.value, "kind", ""), more

for case in json.loads(sys.argv[1]):
    print(json.dumps(meet(*case)), flush=True)
"""
FORGED = """
def f(n):
    fd, nonce, w = wire()
    header = w.msgpack.packb({tree})
    os.write(fd, struct.pack(">QI", len(header) + 4, len(header)) + header)
    return n
"""
ANSWER = '["t", "answer", nonce, n, ["answer", ["outcome", "passed"], {value}, "", "", None]]'
linux = pytest.mark.skipif(sys.platform != "linux", reason="the sandboxes need Linux")
EMPTY = '["a", "float64", 2 * 10**8, 0]'
STACK = '["t", "values", nonce, n, ["a", "float64", 10**6, 0]]'
FLOOD = """
def f(n):
    fd, nonce, w = wire()
    for k in range(400):
        for piece in w.pieces(("answer", nonce, k, w.Answer(w.Outcome.PASSED, np.ones(10**6)))):
            view = memoryview(piece)
            while view:
                view = view[os.write(fd, view):]
"""
CASES = {
    "a long axis and no bytes": ("def f(n): return np.empty((2 * 10**8, 0))", 1, 1,
                                 ["passed", "", LARGE]),
    "many of them": ("def f(n): return [np.empty((10**6, 0))] * 1000", 5, 1, ["passed", "", LARGE]),
    "a small frame that announces one": (FORGED.format(tree=ANSWER.format(value=EMPTY)), 1, 1,
                                         ["crashed", GARBLED, ""]),
    "a stack of a million": (FORGED.format(tree=STACK), 1, 1, ["crashed", GARBLED, ""]),
    "8 MB from each of 20 calls": ("def f(n): return np.ones(10**6)", 20, 1,
                                   ["passed", "", BEYOND]),
    # ends the worker's own memory
    "8 MB from each of 400 calls": ("def f(n): return np.frombuffer(bytearray(8 * 10**6))",
                                    400, 1, None),
    "and from script after script": ("def f(n): return np.ones(10**6)", 6, 8,
                                     ["passed", "", BEYOND]),
    "a crowd in each of ten calls": ("def f(n): return [[[] for _ in range(1000)] for _ in "
                                     "range(90)]", 10, 1, ["passed", "", BEYOND]),
    "a crowd": ("def f(n): return [[()] * 10_000] * 10_000", 1, 1, ["passed", "", CROWDED]),
    "forged, 8 MB in each of 400": (FLOOD, 400, 1, ["crashed", TOO_MUCH, ""]),
}


@lru_cache
def _met() -> dict[str, list[Any]]:
    command = [sys.executable, "-c", JUDGE, json.dumps([case[:3] for case in CASES.values()])]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return dict(zip(CASES, map(json.loads, done.stdout.splitlines()), strict=True))


@linux
@pytest.mark.parametrize("name", CASES)
def test_the_judges_memory_is_bounded(name: str) -> None:
    *came, grown = _met()[name]
    wanted = CASES[name][3]
    assert wanted is None or came == wanted
    assert grown < 250, f"{grown} MB"


# ------------------------------------------------------------------ none of the student's own words
SAW = "value p=0.62 seed=71 x=[0.5 0.25]"
SPEAKS = f"""
import numpy as np, warnings
class Loud(Warning): pass
def named(): return type({SAW!r}, (), {{}})()
def within(): return [1, type({SAW!r}, (), {{}})()], 2
def typed(): return np.zeros(2, [({SAW!r}, "f8")])
def wide(): return np.array(["x" * 71])
def warns(): warnings.warn({SAW!r})
def warns_in_numpys_words(): warnings.warn("invalid value encountered in seed_71", RuntimeWarning)
def warns_in_a_class_of_its_own(): warnings.warn("careful", type({SAW!r}, (Warning,), {{}}))
def divides(): return np.float64(1) / np.float64(0)
def far(): exec(compile("\\n" * 7170 + "1 / 0", "<answer cell a>", "exec"), globals())
def elsewhere(): exec(compile("\\n" * 3 + "1 / 0", {SAW!r}, "exec"), globals())
def near(): 1 / 0
"""


@linux
def test_nothing_of_a_students_making_comes_as_text_beside_a_value() -> None:
    calls = [Call(n, watch=True)
             for n in ("named", "within", "typed", "wide", "warns", "warns_in_numpys_words",
                       "warns_in_a_class_of_its_own", "divides")]
    with Remote(choose(), [Cell("a", Role.ANSWER, SPEAKS)]) as remote:
        answers = remote.ask(calls, 10)
        lines = [a.line for a in remote.ask([Call(n) for n in ("far", "elsewhere", "near")], 10)]
    assert [a.value for a in answers[:4]] == [Opaque(OWN), ([1, Opaque(OWN)], 2), Opaque(
        "array of dtype void"), Opaque("array of dtype str")]
    assert [a.facts.warnings if a.facts else None for a in answers[4:]] == [
        ("UserWarning",), ("RuntimeWarning",), ("a warning of your own",),
        ("RuntimeWarning: divide by zero encountered in scalar divide",)]
    assert "p=0.62" not in repr(answers)
    assert lines == [f"line {n}: {SPEAKS.splitlines()[n - 1]}" for n in (12, 13, 14)]


def test_nor_from_a_worker_that_was_tampered_with() -> None:
    facts = Facts((Opaque(SAW),), warnings=(SAW, f"UserWarning: {SAW}"))
    came = wire.decode(
        wire.encode(Answer(Outcome.PASSED, (Opaque(SAW), Opaque("set")), facts=facts)))
    assert came.value == (Opaque(OWN), Opaque("set"))
    assert came.facts == Facts((Opaque(OWN),), warnings=("a warning of your own", "UserWarning"))


@pytest.mark.parametrize(
    ("told", "shown"),
    [
        ("line 2: x = 1", "line 2: x = 1"),
        ("line 2: p=0.62", "line 2"),
        ("line 7162", ""),
        ("line 62071", ""),
        ("p=0.62", ""),
    ],
)
def test_a_forged_line_is_one_of_the_notebook_or_none(told: str, shown: str) -> None:
    remote = Remote(choose(), [Cell("a", Role.ANSWER, "import os\n  x = 1\n")])
    assert remote._with_true_line(Answer(Outcome.RAISED, error="KeyError", line=told)).line == shown


def test_the_words_are_words() -> None:
    assert all(word.replace("_", " ").replace(" ", "").isalnum() for word in opaque.KINDS)
    assert opaque.warning("RuntimeWarning: invalid value encountered in scalar divide").endswith(
        "divide")


def test_an_enumeration_comes_back_from_any_python(monkeypatch: pytest.MonkeyPatch) -> None:
    """As Python 3.11.0 to 3.11.3 write one: a call of getattr, which the reader does not make."""
    monkeypatch.setattr(Role, "__reduce_ex__",
                        lambda self, protocol: (getattr, (type(self), self.name)))
    found = bounded(lambda: Cell("keep_mask", Role.ANSWER, "pass"), "x.ipynb")
    assert found.role is Role.ANSWER
