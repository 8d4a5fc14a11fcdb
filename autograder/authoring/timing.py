"""What a command costs, in seconds of wall and processors, and whether the machine was quiet.

The kernel counts the processor time of a control group: everything that runs in it, however it is
held in a sandbox. Where none can be made, what a sandboxed worker has used is not in the count, and
that is said.
"""

from __future__ import annotations

import contextlib
import os
import platform
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from pathlib import Path

import numpy as np

from autograder.authoring import scratch
from autograder.classes.batch import cores
from autograder.model import Broken

GROUPS = Path("/sys/fs/cgroup")
QUIET = 0.05  # of the processors may be taken by others
LOOK = 2.0  # seconds for which is looked what others take


# ---------------------------------------------------------------------------------------- a command
def run(command: Iterable[str], folder: Path) -> tuple[float, float]:
    """(wall, processor) seconds of a command; Broken when it fails by more than a bad hand-in."""
    command, began = [sys.executable, "-m", *command], time.monotonic()
    with _counted() as (enter, used):
        done = subprocess.run(command, cwd=folder, env=scratch.environment(), text=True,
                              capture_output=True, check=False, preexec_fn=enter)
        seconds, cpu = time.monotonic() - began, used()
    if done.returncode not in (0, 1):
        raise Broken(f"{' '.join(command)} failed: {(done.stdout + done.stderr)[-1000:]}")
    return seconds, cpu


@contextlib.contextmanager
def _counted() -> Iterator[tuple[Callable[[], None] | None, Callable[[], float]]]:
    """How a child enters the count, and the seconds of processor time counted so far."""
    group = _group()
    if group is None:
        before = _children()
        yield None, lambda: _children() - before
        return
    try:
        yield partial(_enter, group), partial(_used, group)
    finally:
        for _ in range(50):  # what has just ended may be in it for a moment
            with contextlib.suppress(OSError):
                group.rmdir()
                break
            time.sleep(0.1)


def _enter(group: Path) -> None:
    (group / "cgroup.procs").write_text(str(os.getpid()))


def is_whole() -> bool:
    """Whether what is counted holds all that a command started, sandboxed workers too."""
    with _counted() as (enter, _):
        return enter is not None


def _group() -> Path | None:
    """A new control group beside or below our own; None where we may not make one."""
    for line in _lines("/proc/self/cgroup"):
        _, controllers, path = line.split(":", 2)
        base = (GROUPS / controllers if "cpuacct" in controllers.split(",")
                else GROUPS if not controllers else None)
        group = base and base / path.lstrip("/") / f"autograder-bench-{os.getpid()}"
        with contextlib.suppress(OSError):
            if group:
                group.mkdir()
                if (any((group / name).exists() for name in ("cpuacct.usage", "cpu.stat"))
                        and os.access(group / "cgroup.procs", os.W_OK)):
                    return group
                group.rmdir()
    return None


def _used(group: Path) -> float:
    if (usage := group / "cpuacct.usage").exists():
        return int(usage.read_text()) / 1e9
    return next(int(line.split()[1])
                for line in _lines(str(group / "cpu.stat")) if line.startswith("usage_usec")) / 1e6


def _lines(path: str) -> list[str]:
    with contextlib.suppress(OSError):
        return Path(path).read_text(encoding="ascii").splitlines()
    return []


def _children() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


# ---------------------------------------------------------------------------------------- an action
def median(action: Callable[[], object], times: int = 5, seconds: float = 0.3,
           clock: Callable[[], float] = time.perf_counter) -> float:
    """The median of several times, at least so many and for at least so long."""
    found: list[float] = []
    while len(found) < times or sum(found) < seconds:
        began = clock()
        action()
        found.append(clock() - began)
    return statistics.median(found)


def computing(action: Callable[[], object], times: int = 5) -> float:
    """The same in this process's own processor seconds: what else runs here matters less."""
    return median(action, times, clock=time.process_time)


# -------------------------------------------------------------------------------------- the machine
def machine() -> str:
    """Where this is measured."""
    load = f", load {os.getloadavg()[0]:.1f}" if hasattr(os, "getloadavg") else ""
    return (f"{cores()} cores, {platform.machine()}, {platform.system()}, Python "
            f"{platform.python_version()}, NumPy {np.__version__}{load}")


def others() -> float:
    """The share of the processors that is taken while this process does nothing."""
    busy, all_ = _ticks()
    time.sleep(LOOK)
    then, end = _ticks()
    return (then - busy) / (end - all_) if end > all_ else 0.0


def _ticks() -> tuple[int, int]:
    for line in _lines("/proc/stat")[:1]:
        ticks = [int(n) for n in line.split()[1:9]]
        return sum(ticks) - ticks[3] - ticks[4], sum(ticks)  # all but idle and waiting
    return 0, 0


def noise(share: float) -> str:
    """What is said of a machine that has other things to do; "" for a quiet one."""
    if share <= QUIET:
        return ""
    return (f"NOT QUIET: other programs take {share:.0%} of the processors here. Wall-clock times "
            "and their ratios say little; run it again.")
