"""How a GPU is let into a sandbox: which doors that opens, and that no other one does.

No GPU is needed. /dev/full stands in for the device node, and for torch a few lines that do before
the door is locked what a driver does there. What a real driver asks for is not tried here.
"""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

import autograder
from autograder.cli import main
from autograder.model import Broken, Call, Cell, CourseError, Limits, Role
from autograder.sandbox import BACKENDS, Isolation, gpu, holes, interpreter, with_gpu
from autograder.subjects.remote import Remote
from autograder.tests.classroom import SLUG

SANDBOXES = [b for b in BACKENDS if b.name != "subprocess"]
LIMITS = Limits(call_seconds=2, submission_seconds=20, memory_bytes=1 << 30)
NODE = "/dev/full"

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the sandboxes need Linux")

TORCH = """
import os, queue, threading
from types import SimpleNamespace

node = os.open("/dev/full", os.O_RDWR)
shared = os.memfd_create("driver")
os.ftruncate(shared, 1 << 24)
asked, answered = queue.Queue(), queue.Queue()

def tried(what):
    try:
        what()
        return "done"
    except OSError as error:
        return error.errno

def serve():
    with open(f"/proc/self/task/{threading.get_native_id()}/comm", "w") as name:
        name.write("driver")
    while True:
        answered.put(tried(asked.get()))

def start(fraction):
    assert 0 < fraction < 1
    threading.Thread(target=serve, daemon=True).start()

class Tensor:
    __matmul__ = lambda self, other: self
    sum = backward = lambda self: self

float64 = float32 = float16 = bfloat16 = 0
ones = lambda *shape, **more: Tensor()
nn = SimpleNamespace(functional=SimpleNamespace(dropout=lambda x, p: x))
cuda = SimpleNamespace(
    get_device_properties=lambda number: SimpleNamespace(total_memory=1 << 34),
    set_per_process_memory_fraction=start,
    synchronize=lambda: None,
)
"""

STUDENT = """
import fcntl, os, resource, threading, torch

def ioctl(request):
    return torch.tried(lambda: fcntl.ioctl(torch.node, request))

def opens(path):
    return torch.tried(lambda: os.close(os.open(path, os.O_RDWR)))

def memfd():
    return torch.tried(lambda: os.memfd_create("mine"))

def elsewhere():
    torch.asked.put(lambda: os.memfd_create("mine"))
    return torch.answered.get(timeout=1)

def fork():
    return torch.tried(lambda: os.fork() or os._exit(0))

def thread():
    done = []
    thread = threading.Thread(target=done.append, args=(1,))
    thread.start()
    thread.join()
    return done

def limits():
    return [resource.getrlimit(n)[0] for n in (resource.RLIMIT_AS, resource.RLIMIT_DATA,
                                               resource.RLIMIT_NOFILE, resource.RLIMIT_FSIZE)]

def others():
    return sorted(name for name in os.listdir("/proc") if name.isdigit())
"""
EPERM, ENOTTY, ENOSYS = 1, 25, 38


@pytest.fixture(params=SANDBOXES, ids=lambda b: b.name)
def backend(request: pytest.FixtureRequest, tmp_path: Path,
            monkeypatch: pytest.MonkeyPatch) -> Isolation:
    """A sandbox on a machine with a GPU, or what passes for one."""
    found: Isolation = request.param
    if holes(found.name):
        pytest.skip(f"{found.name} does not hold here: {holes(found.name)[0]}")
    driver(tmp_path, monkeypatch, TORCH)
    monkeypatch.setattr(gpu, "nodes", lambda: (NODE,))
    return found


def driver(folder: Path, monkeypatch: pytest.MonkeyPatch, source: str) -> None:
    """Put this torch where the worker finds it first."""
    (folder / "torch.py").write_text(source)
    site, readable = (str(folder), *interpreter.site()), (str(folder), *interpreter.readable())
    monkeypatch.setattr(interpreter, "site", lambda: site)
    monkeypatch.setattr(interpreter, "readable", lambda: readable)


def ask(backend: Isolation, *calls: Call) -> list[Any]:
    with Remote(backend, [Cell("a", Role.ANSWER, STUDENT)], LIMITS) as remote:
        return [answer.error or answer.value for answer in remote.ask(list(calls), 2)]


def test_the_device_can_be_opened_and_asked_and_only_with_the_gpu_let_in(
        backend: Isolation) -> None:
    calls = [Call("opens", (NODE,)), Call("ioctl", (0xC0484622,)), Call("ioctl", (0x25,)),
             Call("ioctl", (0x30000001,))]
    # none of them is a request that /dev/full knows
    assert ask(with_gpu(backend), *calls) == ["done", ENOTTY, ENOTTY, ENOTTY]
    source = f"import os\ndef opens(): os.open({NODE!r}, os.O_RDWR)"
    with Remote(backend, [Cell("a", Role.ANSWER, source)], LIMITS) as remote:
        (answer,) = remote.ask([Call("opens")], 2)
    assert answer.error.startswith(("FileNotFoundError", "PermissionError"))


def test_other_requests_and_what_only_the_start_took_are_refused(backend: Isolation) -> None:
    calls = [Call("ioctl", (0x5412,)), Call("memfd"), Call("elsewhere"), Call("fork"),
             Call("thread")]
    assert ask(with_gpu(backend), *calls) == [ENOSYS, EPERM, EPERM, EPERM, [1]]


def test_limits_with_a_gpu(backend: Isolation) -> None:
    (limits,) = ask(with_gpu(backend), Call("limits"))
    assert limits == [-1, LIMITS.memory_bytes, 1024, LIMITS.file_bytes]


def test_no_other_process_is_seen(backend: Isolation) -> None:
    (others,) = ask(with_gpu(backend), Call("others"))
    assert others == ["1"] if backend.name == "bubblewrap" else others.startswith("PermissionError")


def test_what_the_sandbox_denies_is_tried_with_the_gpu_in_it(
        backend: Isolation, monkeypatch: pytest.MonkeyPatch) -> None:
    wider = with_gpu(backend)  # it has looked
    assert (wider.name, wider.gpu) == (f"{backend.name}+gpu", True)  # type: ignore[attr-defined]
    monkeypatch.setattr(gpu, "readable", lambda: (str(interpreter.package().parent),))
    with pytest.raises(Broken,
                       match=r"student code could list the folder beside .* Leave --gpu out"):
        with_gpu(backend)


def test_a_driver_that_does_not_start_is_told_of_and_nothing_is_graded(
    backend: Isolation, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    driver(tmp_path, monkeypatch, "raise RuntimeError('CUDA unknown error\\nsecond line')")
    with pytest.raises(Broken, match=r"The GPU cannot be used in the sandbox: RuntimeError: CUDA "
                       r"unknown error\. Leave --gpu out"):
        with_gpu(backend)
    with pytest.raises(Broken, match="The GPU cannot be used"):
        replace(backend, gpu=True).start(LIMITS)  # type: ignore[type-var]


def test_without_a_gpu_or_a_sandbox_it_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gpu, "NODES", ("/dev/no-such-node*",))
    with pytest.raises(CourseError, match=r"no NVIDIA GPU .* Leave --gpu out and everything is "
                       r"graded on the CPU"):
        with_gpu(SANDBOXES[0])
    monkeypatch.setattr(gpu, "NODES", (NODE,))
    with pytest.raises(CourseError, match="subprocess is none"):
        with_gpu(BACKENDS[-1])


def test_an_assignment_that_has_no_use_for_it_says_so(
        toy: Path, capsys: pytest.CaptureFixture[str]) -> None:
    command = ["grade", SLUG, "--gpu", "--course", str(toy)]
    assert main(command) == 1
    assert f"{SLUG} has no use for a GPU. Leave --gpu out." in capsys.readouterr().out
    assert main([*command, "--dask", "tcp://127.0.0.1:1"]) == 1
    assert "Leave one of them out" in capsys.readouterr().out


def test_that_it_never_ran_on_a_gpu_is_said(monkeypatch: pytest.MonkeyPatch,
                                            capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(gpu, "NODES", ("/dev/no-such-node*",))
    course = Path(autograder.__file__).parents[1]
    assert main(["grade", "hw8_torch", "--gpu", "--course", str(course)]) == 1
    assert "--gpu is experimental: it has never run on a GPU." in capsys.readouterr().out
