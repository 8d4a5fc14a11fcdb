"""The sandboxes: which is chosen, what they show, and that nothing is left of them."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from autograder import sandbox
from autograder.model import Broken, Call, Cell, Limits, Role
from autograder.sandbox import (
    BACKENDS, Isolation, bubblewrap, choose, holes, interpreter, probe, seccomp, warning)
from autograder.sandbox.process import Lockdown, Worker, launch, worker_command
from autograder.subjects.remote import Remote
from autograder.worker.lockdown import LIBRARIES

SANDBOXES = [b for b in BACKENDS if b.name != "subprocess"]
LIMITS = Limits(call_seconds=2, submission_seconds=20, memory_bytes=1 << 30)

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the sandboxes need Linux")


@pytest.fixture(params=SANDBOXES, ids=lambda b: b.name)
def backend(request: pytest.FixtureRequest) -> Isolation:
    backend: Isolation = request.param
    if holes(backend.name):
        pytest.skip(f"{backend.name} does not hold here: {holes(backend.name)[0]}")
    return backend


def ask(backend: Isolation, source: str, *args: Any) -> Any:
    """What `f(*args)` of this source returns in a sandbox."""
    with Remote(backend, [Cell("a", Role.ANSWER, source)], LIMITS) as remote:
        (answer,) = remote.ask([Call("f", args)], 2)
        return answer.error or answer.value


# ----------------------------------------------------------------------------------------- choosing
@dataclass(frozen=True)
class Unfiltered(Isolation):
    """A sandbox of Landlock alone, without a filter for system calls."""

    name: str = "unfiltered"

    def start(self, limits: Limits) -> Worker:
        package = str(interpreter.package())
        rules = Lockdown(readable=(*interpreter.readable(), package))
        return launch(lambda fd: worker_command(limits, package, fd), rules, limits,
                      interpreter.ENVIRONMENT)


@dataclass(frozen=True)
class Missing(Isolation):
    """A sandbox that cannot be had."""

    name: str = "missing"

    def start(self, limits: Limits) -> Worker:
        raise Broken("nothing here")


@pytest.fixture
def backends(monkeypatch: pytest.MonkeyPatch) -> Iterator[pytest.MonkeyPatch]:
    """Lets a test change the table; what was probed before and within is forgotten."""
    holes.cache_clear()
    yield monkeypatch
    holes.cache_clear()


def test_a_real_sandbox_is_chosen_where_there_is_one(backend: Isolation) -> None:
    assert choose().name in {c.name for c in SANDBOXES}
    assert choose(prefer=backend.name) is backend
    assert warning(backend) == ""


def test_a_plain_process_is_refused_and_the_text_says_what_to_do() -> None:
    with pytest.raises(Broken, match="read files outside the sandbox") as caught:
        choose(prefer="subprocess")
    for mend in ("apt-get install bubblewrap libseccomp2", "--unsafe-isolation"):
        assert mend in str(caught.value)


def test_a_plain_process_is_had_for_the_asking_and_with_a_warning() -> None:
    backend = choose(unsafe=True, prefer="subprocess")
    assert backend.name == "subprocess"
    assert warning(backend).startswith("WARNING: student code is NOT sandboxed")


def test_to_allow_what_is_unsafe_does_not_mean_to_prefer_it(backend: Isolation) -> None:
    assert choose(unsafe=True).name != "subprocess"


def test_an_unknown_name_is_answered_with_the_known_ones() -> None:
    with pytest.raises(Broken, match="bubblewrap, landlock, subprocess"):
        choose(prefer="docker")


def test_the_next_sandbox_is_tried_when_one_is_missing(backend: Isolation,
                                                       backends: pytest.MonkeyPatch) -> None:
    backends.setattr(sandbox, "BACKENDS", (Missing(), backend))
    assert choose() is backend


def test_with_no_sandbox_at_all_nothing_is_run(backends: pytest.MonkeyPatch) -> None:
    backends.setattr(sandbox, "BACKENDS", (Missing(),))
    with pytest.raises(Broken, match="missing: student code could not be run: nothing here"):
        choose()
    with pytest.raises(Broken, match="cannot be run safely"):
        choose(unsafe=True)


def test_each_sandbox_is_probed_once(backend: Isolation, backends: pytest.MonkeyPatch) -> None:
    starts: list[str] = []

    def counted(backend: Isolation) -> list[str]:
        starts.append(backend.name)
        return []

    backends.setattr(sandbox, "probe", counted)
    choose()
    choose()
    assert starts == ["bubblewrap"]


# ------------------------------------------------------------------------------------------ probing
def test_the_probe_finds_nothing_on_a_sandbox_that_holds(backend: Isolation) -> None:
    assert probe(backend) == []


def test_the_probe_finds_every_hole_of_a_plain_process() -> None:
    found = holes("subprocess")
    for hole in ("read files", "write files", "use the network", "start processes",
                 "end the grading process", "read the environment"):
        assert any(sentence.startswith(hole) for sentence in found), hole
    assert len(found) >= 13


def test_the_probe_finds_what_a_sandbox_without_seccomp_leaves_open() -> None:
    if holes("landlock"):
        pytest.skip("no Landlock here")

    found = probe(Unfiltered())
    assert "start processes that outlive it" in found
    assert "make system calls that the worker does not need" in found
    assert not any(sentence.startswith("read files") for sentence in found)


def test_a_worker_that_cannot_compute_is_no_sandbox(backend: Isolation,
                                                    monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys.modules["autograder.sandbox.probe"], "WORKS",
                        "def works(): return 1 / 0")
    with pytest.raises(Broken, match="numpy does not work in it: ZeroDivisionError"):
        probe(backend)


# ---------------------------------------------------------------------------------- what is missing
def test_without_libseccomp_the_text_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    seccomp.program.cache_clear()
    monkeypatch.setitem(sys.modules, "pyseccomp", None)
    with pytest.raises(Broken, match="apt-get install libseccomp2"):
        seccomp.program()


def test_without_bubblewrap_there_is_a_plain_word(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shutil.which", lambda *a, **k: None)
    with pytest.raises(Broken, match="bubblewrap is not installed"):
        bubblewrap.Bubblewrap().start(LIMITS)


def test_a_program_that_does_not_exist_is_our_fault() -> None:
    with pytest.raises(Broken, match="could not be started"):
        launch(lambda fd: ["/no/such/program"], Lockdown(), LIMITS, {})


def test_the_last_words_of_a_worker_are_passed_on() -> None:
    with pytest.raises(Broken, match="no such option"):
        launch(lambda fd: ["/bin/sh", "-c", "echo no such option >&2; exit 1"],
               Lockdown(), LIMITS, {})


NO_NAMESPACES = """
import errno, pyseccomp as p
rules = p.SyscallFilter(p.ALLOW)
for name in ("unshare", "setns", "mount", "pivot_root"):
    rules.add_rule(p.ERRNO(errno.EPERM), name)
for bit in (0x10000000, 0x20000, 0x20000000, 0x40000000):
    rules.add_rule(p.ERRNO(errno.EPERM), "clone", p.Arg(0, p.MASKED_EQ, bit, bit))
rules.add_rule(p.ERRNO(errno.ENOSYS), "clone3")
rules.load()
from autograder.sandbox import choose
print(choose().name)
"""


def test_where_namespaces_are_forbidden_landlock_is_chosen() -> None:
    if holes("landlock"):
        pytest.skip("no Landlock here")
    done = subprocess.run([sys.executable, "-c", NO_NAMESPACES], capture_output=True,
                          text=True, check=False)
    assert done.stdout == "landlock\n", done.stderr


ELSEWHERE = """
# these ask for the platform when they are imported
import msgpack, numpy, shutil, socket, subprocess, sys, sysconfig, tempfile
sysconfig.get_config_vars()  # and this when it is first asked
sys.platform = "{platform}"
sys.modules["resource"] = sys.modules["pyseccomp"] = None
from autograder.sandbox import BACKENDS, choose
from autograder.model import Broken
try:
    choose()
except Broken as error:
    print("Broken", "unsafe-isolation" in str(error))
"""


@pytest.mark.parametrize("platform", ["win32", "darwin"])
def test_elsewhere_the_package_can_be_imported_and_refuses(platform: str) -> None:
    done = subprocess.run([sys.executable, "-c", ELSEWHERE.format(platform=platform)],
                          capture_output=True, text=True, check=False)
    assert done.stdout == "Broken True\n", done.stderr


# ------------------------------------------------------------------------------- inside the sandbox
def test_the_folder_of_solutions_cannot_be_seen(backend: Isolation) -> None:
    course = interpreter.package().parent
    source = ("import os\ndef f(path):\n    try: return os.listdir(path)\n"
              "    except OSError: return []")
    assert set(ask(backend, source, str(course))) <= {".venv"}
    assert ask(backend, source, str(course / "solutions")) == []


def test_reading_in_a_read_only_mount_leaves_no_trace_for_the_next_hand_in() -> None:
    if holes("bubblewrap"):
        pytest.skip("no bubblewrap here; under Landlock access times do change, as its docstring "
                    "and README say")
    path = next(Path(interpreter.site()[0]).glob("numpy/*.py"))
    status = path.stat()
    # so that a disk with relatime would write down the next reading
    os.utime(path, ns=(status.st_mtime_ns - 10**9, status.st_mtime_ns))
    before = path.stat().st_atime_ns
    source = ("import os\ndef f(path):\n    open(path, 'rb').read()\n"
              "    return os.stat(path).st_atime_ns")
    assert ask(bubblewrap.Bubblewrap(), source, str(path)) == before
    assert path.stat().st_atime_ns == before


def test_bubblewrap_is_given_no_environment_no_proc_and_nothing_of_the_course() -> None:
    command = bubblewrap._command("/usr/bin/bwrap", 9, LIMITS, 8)
    bound = [Path(command[i + 1]) for i, word in enumerate(command) if word == "--ro-bind"]
    course = interpreter.package().parent
    assert not any(course == path or path in course.parents for path in bound)
    assert "--proc" not in command
    assert "--bind" not in command
    assert {"--unshare-all", "--die-with-parent", "--new-session"} <= set(command)


def test_limits_hold_in_the_sandbox(backend: Isolation) -> None:
    names = ("RLIMIT_DATA", "RLIMIT_AS", "RLIMIT_CPU", "RLIMIT_FSIZE", "RLIMIT_NOFILE",
             "RLIMIT_CORE")
    source = ("import resource\n"
              f"def f(): return [resource.getrlimit(getattr(resource, n)) for n in {names}]")
    expected = [LIMITS.memory_bytes, LIMITS.memory_bytes + LIBRARIES, 25, LIMITS.file_bytes, 64, 0]
    assert ask(backend, source) == [(value, value) for value in expected]


def test_large_libraries_do_not_count_as_memory(backend: Isolation) -> None:
    source = "import mmap\ndef f(): return len(mmap.mmap(-1, 3 << 30, mmap.MAP_PRIVATE, {}))"
    assert ask(backend, source.format("mmap.PROT_READ")) == 3 << 30
    assert "OSError: [Errno 12]" in ask(backend, source.format("mmap.PROT_READ | mmap.PROT_WRITE"))


def test_the_sandbox_leaves_numpy_alone(backend: Isolation) -> None:
    source = """
import numpy as np, decimal, fractions, json, random, re, statistics, typing
def f():
    x = np.random.default_rng(0).standard_normal((64, 64))
    u, s, v = np.linalg.svd(x)
    assert np.allclose(u @ np.diag(s) @ v, x) and np.fft.ifft(np.fft.fft(x)).shape == x.shape
    assert np.polynomial.Polynomial([1, 2])(1) == 3 and np.ma.array([1]).sum() == 1
    print(x, repr(x), np.array2string(x))
    return "fine"
"""
    assert ask(backend, source) == "fine"


def test_scipy_can_be_imported_in_a_sandbox(backend: Isolation) -> None:
    assert ask(backend, "def f():\n    import scipy.special\n"
               "    return float(scipy.special.expit(0.0))") == 0.5


TORCH = """
import torch
def f():
    torch.manual_seed(0)
    net = torch.nn.Sequential(torch.nn.Conv1d(1, 2, 3), torch.nn.Dropout(0.5), torch.nn.Flatten(),
                              torch.nn.Linear(12, 2))
    optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
    for x, y in torch.utils.data.DataLoader([(torch.ones(1, 8), 1)] * 4, batch_size=2):
        loss = torch.nn.functional.cross_entropy(net(x), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return loss.detach().numpy()
def rounded():
    return torch.ones(64, 64).to(torch.float16).numpy()
"""


@pytest.mark.skipif(find_spec("torch") is None, reason="torch is not installed")
def test_torch_can_train_in_a_sandbox(backend: Isolation) -> None:
    with Remote(backend, [Cell("a", Role.ANSWER, TORCH)],
                replace(LIMITS, cell_seconds=60, submission_seconds=120)) as remote:
        trained, rounded = remote.ask([Call("f"), Call("rounded")], 60)
        assert trained.value.dtype == "float32", trained
        assert rounded.value.dtype == "float16", rounded  # torch looks into /proc/cpuinfo for this


# ------------------------------------------------------------------------------ ending, for certain
def descriptors() -> int:
    return len(os.listdir("/proc/self/fd"))


def test_a_closed_worker_leaves_neither_process_nor_descriptor(backend: Isolation) -> None:
    with backend.start(LIMITS):
        pass
    before = descriptors()
    for _ in range(3):
        with backend.start(LIMITS) as worker:
            pid = worker.process.pid
        worker.kill()
        assert worker.process.returncode is not None
        assert not Path(f"/proc/{pid}").exists()
    assert descriptors() == before


def test_a_worker_that_does_not_start_leaves_no_descriptor(backend: Isolation) -> None:
    before = descriptors()
    for _ in range(3):
        with pytest.raises(Broken):
            backend.start(Limits(memory_bytes=1 << 24))
    assert descriptors() == before


def test_workers_can_be_started_from_several_threads(backend: Isolation) -> None:
    answers = []

    def work() -> None:
        answers.append(ask(backend, "def f(): return 1"))

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == [1, 1, 1, 1]


ORPHAN = """
import sys
from autograder.sandbox import BACKENDS
from autograder.model import Call, Cell, Limits, Role
from autograder.subjects.remote import Remote
backend = next(b for b in BACKENDS if b.name == sys.argv[1])
cell = Cell("a", Role.ANSWER, "import time\\ndef ready(): return 1\\n"
            "def hang():\\n    while True: time.sleep(1)")
with Remote(backend, [cell], Limits(file_bytes=int(sys.argv[2]))) as remote:
    remote.ask([Call("ready")], 5)
    print("ready", flush=True)
    remote.ask([Call("hang")], 60)
"""


def test_a_killed_judge_leaves_no_worker(backend: Isolation) -> None:
    mark = (2 << 20) + os.getpid()
    judge = subprocess.Popen([sys.executable, "-c", ORPHAN, backend.name, str(mark)],
                             stdout=subprocess.PIPE)
    with judge:
        assert judge.stdout is not None
        assert judge.stdout.readline() == b"ready\n"
        assert running(mark)
        judge.send_signal(signal.SIGKILL)
    end = time.monotonic() + 60
    while running(mark) and time.monotonic() < end:
        time.sleep(0.05)
    assert running(mark) == []


def running(mark: int) -> list[str]:
    """Processes that were told of this file limit."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            text = path.read_text(errors="replace")
        except OSError:
            continue
        if f'"file": {mark}' in text:
            found.append(str(path))
    return found


def test_packages_that_lie_elsewhere_than_numpy_can_be_imported(
        tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "__init__.py").touch()
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(interpreter, "PACKAGES", ("numpy", "elsewhere", "nowhere"))
    assert interpreter.site.__wrapped__() == (*interpreter.site()[:1], str(tmp_path.resolve()))
