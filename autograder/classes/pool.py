"""Jobs side by side on any Executor, a limit to their memory, and what becomes of a lost one."""

from __future__ import annotations

import ctypes
import math
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_COMPLETED, BrokenExecutor, Executor, Future, wait
from contextlib import contextmanager, suppress
from itertools import islice
from typing import Any, Generic, TypeVar

from autograder.model import AutograderError

AHEAD = 2  # tasks that wait for each job, so that none is idle; few, so that memory stays flat
M_TRIM_THRESHOLD, M_MMAP_THRESHOLD = -1, -3  # of malloc.h
MOST = 16  # results in one handful
TOGETHER = 0.3  # seconds between two handfuls, if there is so much to do

Task = TypeVar("Task")
Result = TypeVar("Result")


class Here(Executor, Generic[Task, Result]):
    """An executor that does each job at once, in this process."""

    def __init__(self, work: Callable[[Task], Result]) -> None:
        self.work = work

    def submit(self, fn: Any, /, *args: Any, **kwargs: Any) -> Future[Any]:
        future: Future[Any] = Future()
        try:
            future.set_result(self.work(*args))
        except Exception as error:
            future.set_exception(error)
        return future


def results(pool: Executor, work: Callable[[Task], Result], tasks: Iterator[Task], jobs: int,
            lost: list[Task]) -> Iterator[list[Result]]:
    """What has come back, in handfuls; a few tasks ahead are with the pool and no more.

    A task that did not come back is put into `lost`; with a broken pool those are all that it had,
    and no more are taken from `tasks`. Errors made on purpose are raised: they would befall every
    task.
    """
    running: dict[Future[Result], Task] = {}
    broken = not _hand_over(pool, work, islice(tasks, jobs * AHEAD), running, lost)
    while running:
        finished, _ = wait(running, return_when=FIRST_COMPLETED)
        handful = []
        for future in islice(finished, MOST):
            task = running.pop(future)
            try:
                handful.append(future.result())
            except AutograderError:
                raise
            except Exception as error:  # its process ended, or had too little memory
                lost.append(task)
                broken = broken or isinstance(error, BrokenExecutor)
        if handful:
            yield handful
        if not broken:
            broken = not _hand_over(pool, work, islice(tasks, jobs * AHEAD - len(running)),
                                    running, lost)


def together(handfuls: Iterator[list[Result]]) -> Iterator[list[Result]]:
    """In larger handfuls: eight take hardly longer to write than two. None waits past the next.

    Nothing is lost when what is being done ends in an error, or is interrupted.
    """
    waiting, last = list[Result](), -math.inf
    try:
        for handful in handfuls:
            waiting += handful
            if waiting and (len(waiting) >= MOST or time.monotonic() - last >= TOGETHER):
                yield waiting
                waiting, last = [], time.monotonic()
    except (Exception, KeyboardInterrupt):
        if waiting:
            yield waiting
        raise
    if waiting:
        yield waiting


def _hand_over(pool: Executor, work: Callable[[Task], Result], tasks: Iterator[Task],
               running: dict[Future[Result], Task], lost: list[Task]) -> bool:
    """Hand tasks to the pool; whether it took them all."""
    for task in tasks:
        try:
            running[pool.submit(work, task)] = task
        except BrokenExecutor:
            lost.append(task)
            return False
    return True


def keep_memory() -> None:
    """Keep small amounts of freed memory: every hand-in's arrays would take them, page by page.

    As the workers' environment says it (sandbox.interpreter); no other C library than GNU's knows
    these two.
    """
    with suppress(OSError, TypeError, AttributeError):
        allocator = ctypes.CDLL(None)
        for option, size in ((M_TRIM_THRESHOLD, 1 << 28), (M_MMAP_THRESHOLD, 1 << 25)):
            allocator.mallopt(option, size)


@contextmanager
def at_most(memory: int) -> Iterator[None]:
    """So many more bytes may this process write to; beyond is MemoryError, not a dead machine.

    Workers set limits of their own. Where the system knows no such limit there is none.
    """
    keep_memory()
    if sys.platform != "linux":
        yield
        return
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_DATA)
    wanted = _written() + memory
    resource.setrlimit(resource.RLIMIT_DATA,
                       (wanted if hard == resource.RLIM_INFINITY else min(wanted, hard), hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_DATA, (soft, hard))


def _written() -> int:
    """Bytes that this process may write to now, as RLIMIT_DATA counts them."""
    with open("/proc/self/status", encoding="ascii", errors="replace") as file:
        found = [line.split()[1] for line in file if line.startswith(("VmData:", "VmStk:"))]
    return 1024 * sum(map(int, found))
