"""A judge in its own process that meets every hostile behaviour and notes what went wrong.

`python -m autograder.tests.hostile_judge BACKEND NAMES` prints one JSON line per behaviour: its
name and a list of problems.
"""

from __future__ import annotations

import contextlib
import ctypes
import json
import os
import resource
import secrets
import signal
import socket
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from autograder.model import Answer, Call, Cell, Limits, Outcome, Role
from autograder.sandbox import BACKENDS, Isolation, interpreter, warmed
from autograder.subjects.remote import AFTER, Remote
from autograder.tests.behaviours import BEHAVIOURS, HONEST, PRELUDE, Behaviour

# a file limit nobody else uses: it marks our workers on their command lines
MARK = (1 << 20) + os.getpid()
LIMITS = Limits(cell_seconds=1, submission_seconds=30, patience=4, memory_bytes=1 << 30,
                file_bytes=MARK, answer_bytes=4 << 20)
# of processor time, the judge's and the workers'
CALL_SECONDS, HONEST_SECONDS, TOTAL_SECONDS = 1.0, 5.0, 12.0
HANG_SECONDS = 0.2  # for what is known to hang
SECRET = os.environ.setdefault("HOSTILE_SECRET", "the-secret-" + secrets.token_hex(16))


class World:
    """What student code must neither see nor change: files, sockets, processes, the judge."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.solution = folder / "solution.py"
        self.solution.write_text(SECRET)
        self.solution.chmod(0o640)
        self.open_file = open(self.solution)  # noqa: SIM115  # it stays open, and inheritable, all the time
        os.set_inheritable(self.open_file.fileno(), True)
        self.memory = ctypes.create_string_buffer(SECRET.encode())
        self.abstract = f"hostile-{secrets.token_hex(8)}"  # pids repeat across namespaces
        self.listeners = self._listeners()
        self.signals: list[int] = []
        self.servers = set(_workers(0))  # fork servers: they stay
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGUSR1, signal.SIGIO):
            signal.signal(number, lambda n, _: self.signals.append(n))
        self.places = [str(folder), "/", "/tmp", "/var/tmp", "/dev", "/dev/shm", str(Path.home()),
                       *interpreter.site()]
        self.before = self._state()

    def _listeners(self) -> dict[str, socket.socket]:
        unix = socket.AF_UNIX
        sockets = {
            "tcp": socket.create_server(("127.0.0.1", 0)),
            "udp": socket.socket(socket.AF_INET, socket.SOCK_DGRAM),
            "abstract": socket.socket(unix),
            "unix": socket.socket(unix),
        }
        sockets["udp"].bind(("127.0.0.1", 0))
        sockets["abstract"].bind("\0" + self.abstract)
        sockets["unix"].bind(str(self.folder / "socket"))
        for name, listener in sockets.items():
            listener.setblocking(False)
            if name != "udp":
                listener.listen()
        return sockets

    def told(self) -> dict[str, Any]:
        """What the attacker is helped with."""
        return {
            "x": np.zeros(2),
            "solution": str(self.solution),
            "kit": str(interpreter.package()),
            "library": str(next(Path(np.__file__).parent.rglob("*.so"))),
            "places": self.places,
            "home": str(Path.home()),
            "judge": os.getpid(),
            "address": ctypes.addressof(self.memory),
            "tcp": self.listeners["tcp"].getsockname()[1],
            "udp": self.listeners["udp"].getsockname()[1],
            "unix": str(self.folder / "socket"),
            "abstract": self.abstract,
        }

    def _state(self) -> dict[str, Any]:
        """Everything about the judge and its surroundings that student code might change."""
        status = self.solution.stat() if self.solution.exists() else None
        return {
            "the solution": status
            and (self.solution.read_text(), status.st_mode, status.st_mtime, status.st_uid),
            "files left behind": [str(f) for p in [".", *self.places]
                                  for f in Path(p).glob("*hostile*")],
            "the judge's folder": sorted(p.name for p in self.folder.iterdir()),
            "site-packages": [sorted(os.listdir(p)) for p in interpreter.site()],
            "shared memory": Path("/proc/sysvipc/shm").read_text()
            + Path("/proc/sysvipc/msg").read_text(),
            "limits": [resource.getrlimit(n)
                       for n in (resource.RLIMIT_NOFILE, resource.RLIMIT_CPU, resource.RLIMIT_AS)],
            "priority": (os.getpriority(os.PRIO_PROCESS, 0), os.sched_getaffinity(0),
                         os.sched_getscheduler(0)),
            "numpy": (np.mean, np.allclose, str(np.random.get_state())),
            "builtins": (len, isinstance, type),
        }

    def problems(self) -> list[str]:
        """What has changed, and what has arrived where nothing should."""
        found = [f"changed: {name}"
                 for name, value in self._state().items() if value != self.before[name]]
        found += [f"signal {number} arrived" for number in self.signals]
        found += [f"something came to the {name} socket"
                  for name, s in self.listeners.items() if _visited(s)]
        found += [f"left running: {line}"
                  for line in set(_workers(len(self.servers))) - self.servers]
        self.signals.clear()
        return found


def _visited(listener: socket.socket) -> bool:
    with contextlib.suppress(BlockingIOError):
        if listener.type == socket.SOCK_DGRAM:
            listener.recv(10)
        else:
            listener.accept()[0].close()
        return True
    return False


def _workers(known: int) -> list[str]:
    """Number and command line of each worker of ours still running, after a moment to go."""
    for _ in range(20):
        lines = [line for line in map(_command_line, Path("/proc").glob("[0-9]*/cmdline"))
                 if f'"file": {MARK}' in line]
        if len(lines) <= known:
            break
        time.sleep(0.05)
    return [line[:80] for line in lines]


def _command_line(path: Path) -> str:
    try:
        return f"{path.parent.name} " + path.read_text(errors="replace").replace("\0", " ")
    except OSError:  # it has ended while we looked
        return ""


def meet(behaviour: Behaviour, backend: Isolation, world: World) -> list[str]:
    """Let one hand-in behave so, then do its honest exercise; all that went wrong."""
    cells = [Cell("bad", Role.ANSWER, behaviour.cell)] if behaviour.cell else []
    cells += [Cell("victim", Role.ANSWER, PRELUDE + behaviour.source),
              Cell("honest", Role.ANSWER, HONEST)]
    memory, computed = _peak(), -time.process_time()
    problems: list[str] = []
    for _ in range(2 if behaviour.next_student else 1):
        with Remote(backend, cells, LIMITS) as subject:
            problems += _ask(subject, behaviour, world)
            computed += subject.budget.spent
    if (computed := computed + time.process_time()) > TOTAL_SECONDS:
        problems.append(f"took {computed:.1f} s")
    if _peak() - memory > 200 << 10:
        problems.append(f"the judge's memory grew by {(_peak() - memory) >> 10} MB")
    return problems + world.problems()


def _ask(subject: Remote, behaviour: Behaviour, world: World) -> list[str]:
    hangs = Outcome.TIMED_OUT in getattr(behaviour.expect, "outcomes", ())
    seconds = HANG_SECONDS if hangs else CALL_SECONDS
    answers = subject.ask([Call("victim", (world.told(),), watch=True)] * behaviour.times, seconds)
    answer = [a for a in answers if a.error != AFTER][-1]
    (honest,) = subject.ask([Call("honest", (np.arange(3.0),))], HONEST_SECONDS)
    problems = []
    if not behaviour.expect(answer):
        problems.append(f"unexpected: {_short(answer)}")
    if honest.outcome is not Outcome.PASSED or not np.array_equal(honest.value, [1.0, 3.0, 5.0]):
        problems.append(f"the honest exercise suffered: {_short(honest)}")
    if not subject.troubles.get("bad", "").startswith(behaviour.trouble):
        problems.append(f"trouble: {subject.troubles.get('bad')}")
    if SECRET in f"{answer!r} {honest!r} {dict(subject.troubles)!r}":
        problems.append("the secret came out")
    return problems


def _short(answer: Answer) -> str:
    return f"{answer.outcome.name} {answer.error[:200]} {answer.value!r:.200}"


def _peak() -> int:
    """The most memory this process has ever had, in KiB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def run(backend: Isolation, names: list[str]) -> Iterator[tuple[str, list[str], float]]:
    """Meet the named behaviours (all, when none is named) one after the other."""
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        world = World(Path(folder))
        for behaviour in BEHAVIOURS:
            if not names or behaviour.name in names:
                start = time.monotonic()
                yield behaviour.name, meet(behaviour, backend,
                                           world), round(time.monotonic() - start, 2)


def main() -> None:
    """Print what came of it line by line: what ends the judge is known by what is missing."""
    name, _, warm = sys.argv[1].partition("-")
    with warmed(next(b for b in BACKENDS if b.name == name), bool(warm)) as backend:
        if warm:
            backend.start(LIMITS).kill()  # its fork server is there from the beginning
        for line in run(backend, json.loads(sys.argv[2]) if len(sys.argv) > 2 else []):
            print(json.dumps(line), flush=True)


if __name__ == "__main__":
    main()
