"""Beyond one machine: the jobs of a class on the workers of a Dask cluster. Hand-ins, course and key travel by value.

Each worker grades in cages of its own, one hand-in at a time, and knows nothing of the class but what it is handed. The machine that
started the grading reads the hand-ins and writes the marks, as with jobs of its own.
"""

from __future__ import annotations

import socket
import tempfile
import threading
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Executor, Future
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

from autograder import memory
from autograder.batch import Desk, Graded, Plan, Task
from autograder.isolation import choose, stays_shut
from autograder.model import Broken, CourseError

RETRIES = 2  # of a hand-in whose worker was lost
MORE = 16  # workers may still be on their way
SECONDS = 20  # for the scheduler and a first worker to show up
INSTALL = "`--dask` needs the package distributed. Install it with: pip install 'autograder[grader,dask]'"


@dataclass(frozen=True)
class Parcel:
    """All that a worker needs to know of the class, by value."""

    plan: Plan
    files: Mapping[str, bytes]  # of the course: path below its root -> content
    engine: str  # the code that judges, which must be the same at both ends
    word: str  # one word for all this


def parcel(plan: Plan) -> Parcel:
    """The assignment with its key and its released files; nothing of the other assignments."""
    root, slug = plan.root, plan.slug
    places = [root / "solutions" / slug, root / "solutions" / f"{slug}_key.py", root / "assignments" / slug, root / "datasets"]
    paths = sorted(p for place in places for p in ([place] if place.is_file() else place.rglob("*")) if p.is_file())
    files = {p.relative_to(root).as_posix(): p.read_bytes() for p in paths if "__pycache__" not in p.parts}
    content = [part for name, data in files.items() for part in (name, data.decode("latin-1"))]
    return Parcel(plan, files, memory.engine(), memory.digest(repr(plan), *content))


# ------------------------------------------------------------------------------------------------------------------- on the cluster
_seat = threading.local()  # a cage belongs to the thread that made it


def grade_there(sent: Parcel, task: Task) -> Graded:
    """What a worker does: one hand-in, at the desk of this class."""
    if getattr(_seat, "word", None) != sent.word:
        _sit(sent)
    desk: Desk = _seat.desk
    return desk.grade(task)


def _sit(sent: Parcel) -> None:
    """Make ready for a class; what was there for another one is put away."""
    here = socket.gethostname()
    if memory.engine() != sent.engine:
        raise Broken(f"The Dask worker on {here} has another version of autograder, Python or NumPy. Install the same everywhere.")
    if hasattr(_seat, "stack"):
        _seat.stack.close()
    try:
        isolation = choose(prefer=sent.plan.isolation.name)
    except Broken as error:
        raise Broken(f"The Dask worker on {here}: {error}") from error
    root, warm = _unpacked(sent.word, tuple(sent.files.items())), sent.plan.warm and stays_shut(isolation.name)
    desk, _seat.stack = Desk(replace(sent.plan, root=root, warm=warm)), ExitStack()
    desk.isolation = _seat.stack.enter_context(desk.warmed())
    _seat.desk, _seat.word = desk, sent.word


@lru_cache
def _unpacked(word: str, files: tuple[tuple[str, bytes], ...]) -> Path:
    """The course in a folder that nobody else can read: among the worker's own, which Dask removes, also after one that was killed."""
    from distributed import get_worker

    folder = Path(tempfile.mkdtemp(prefix=f"{word[:8]}-", dir=get_worker().local_directory))
    for name, content in files:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
    return folder


# ------------------------------------------------------------------------------------------------------------------------- from here
class OnDask(Executor):
    """An executor that hands each task to the cluster, with the parcel that was sent there once."""

    def __init__(self, pool: Executor, sent: Any, desk: Desk) -> None:
        self.pool, self.sent, self.desk = pool, sent, desk

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        """Send the task. Which function is to be called there is not for the caller to say."""
        (task,) = args
        return self.pool.submit(grade_there, self.sent, replace(task, known={**task.known, **self.desk.recalled(task.found)}))


@contextmanager
def connected(address: str) -> Iterator[tuple[Any, int]]:
    """A client of the cluster whose scheduler is at `address`, and for how many workers to keep work at hand; CourseError without any."""
    try:
        from distributed import Client
    except ImportError:
        raise CourseError(INSTALL) from None
    with ExitStack() as stack:
        try:
            client = stack.enter_context(Client(address, timeout=SECONDS, set_as_default=False))  # type: ignore[no-untyped-call]
            client.wait_for_workers(1, timeout=SECONDS)
        except (OSError, TimeoutError, ValueError) as error:
            raise CourseError(
                f"No Dask cluster with a worker answers at {address} ({error}). Start one with `dask scheduler` and, on each machine, "
                f"`dask worker {address} --nworkers auto --nthreads 1`."
            ) from None
        workers = client.scheduler_info(n_workers=-1)["workers"].values()
        if any(w["nthreads"] > 1 for w in workers):  # what judges is not made for threads
            raise CourseError("A worker of the cluster has several threads. Start the workers with --nthreads 1, and more of them instead.")
        yield client, max(len(workers), MORE)


@contextmanager
def executor(client: Any, desk: Desk, jobs: int) -> Iterator[Executor]:
    """The cluster as an executor for this class."""
    sent = client.scatter(parcel(desk.plan), broadcast=True, hash=False)
    with client.get_executor(pure=False, retries=RETRIES) as pool:
        yield OnDask(pool, sent, desk)
