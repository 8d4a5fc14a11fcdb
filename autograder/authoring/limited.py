"""Functions of unknown manners, run in children: no files, and bounds on memory and time."""

from __future__ import annotations

import contextlib
import os
import pickle
import random
import resource
import signal
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

Job = TypeVar("Job")
Result = TypeVar("Result")

MEMORY = 1 << 29  # bytes beyond what the parent has
CPU_SECONDS = 60  # of a child that hangs where no alarm reaches it: between two results


class _TooLong(BaseException):  # no `except Exception` of a candidate takes it
    pass


def each(jobs: Sequence[Job], work: Callable[[Job], Result]) -> list[Result | None]:
    """What `work` returns for each job; None for one that ended its process or ran too long."""
    found: list[Result | None] = []
    while len(found) < len(jobs):
        found += _some(jobs[len(found) :], work)
        if len(found) < len(jobs):
            found.append(None)  # the child died of this one
    return found


def _some(jobs: Sequence[Job], work: Callable[[Job], Result]) -> list[Result | None]:
    """The results until a child dies."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reading)
        _child(jobs, work, writing)
    os.close(writing)
    found: list[Result | None] = []
    with os.fdopen(reading, "rb") as pipe, contextlib.suppress(EOFError, pickle.UnpicklingError):
        while len(found) < len(jobs):
            found.append(pickle.load(pipe))
    os.waitpid(child, 0)
    return found


def _child(jobs: Sequence[Job], work: Callable[[Job], Result], writing: int) -> None:
    """Never returns."""
    try:
        with tempfile.TemporaryDirectory() as nowhere:
            _confine(nowhere)
            with os.fdopen(writing, "wb") as pipe:
                for job in jobs:
                    _renew()
                    _seed()
                    pipe.write(pickle.dumps(_quietly(work, job)))
                    pipe.flush()
    finally:
        os._exit(0)


def _confine(folder: str) -> None:
    os.chdir(folder)
    nothing = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1, 2):
        os.dup2(nothing, stream)
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))  # no file gets a byte; pipes do
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    most = MEMORY + int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (most, most))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _seed() -> None:
    """The same result each time for who draws from the global generators."""
    random.seed(0)
    np.random.seed(0)
    if "torch" in sys.modules:
        sys.modules["torch"].manual_seed(0)


def _renew() -> None:
    used = resource.getrusage(resource.RUSAGE_SELF)
    _, hard = resource.getrlimit(resource.RLIMIT_CPU)
    resource.setrlimit(resource.RLIMIT_CPU,
                       (int(used.ru_utime + used.ru_stime) + CPU_SECONDS, hard))


def _quietly(work: Callable[[Job], Result], job: Job) -> Result | None:
    try:
        return work(job)
    except (Exception, SystemExit, _TooLong, KeyboardInterrupt):
        return None


@contextlib.contextmanager
def alarm(seconds: float) -> Iterator[None]:
    """End what is within after so many seconds of CPU time, as an error that only this sees."""

    def ring(*_: Any) -> None:
        raise _TooLong

    before = signal.signal(signal.SIGPROF, ring)
    signal.setitimer(signal.ITIMER_PROF, seconds, 0.05)
    try:
        yield
    except _TooLong:
        raise TimeoutError from None
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)
