"""Beyond one machine: a class on the workers of a Dask cluster. Hand-ins and key travel by value.

Each worker grades in sandboxes of its own, one hand-in at a time, and knows nothing of the class
but what it is handed. The machine that started the grading reads the hand-ins and writes the marks,
as with jobs of its own.

Who can speak to a scheduler can run any program on its workers: that is what Dask is for. So all
speak TLS, and only those who hold the keys that `autograder dask-keys` has made are spoken to. What
workers return is plain data, read with its types; Dask's own messages are pickles all the same, so
a machine that holds the keys has to be trusted as this one is.
"""

from __future__ import annotations

import json
import os
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

from autograder.classes.code_digest import digest, whole_kit
from autograder.classes.desk import Desk, Graded, Plan, Task
from autograder.folders import travelling
from autograder.model import Broken, CourseError
from autograder.sandbox import choose, stays_shut

RETRIES = 2  # of a hand-in whose worker was lost
MORE = 16  # workers may still be on their way
SECONDS = 20  # for the scheduler and a first worker to show up
INSTALL = ('Dask is not all here ({error}). Install it in the folder of the course: pip install -e '
           '".[grader,dask]"')
KEYS = "dask-keys"  # a folder that DASK_CONFIG can name
CONFIG = "dask.json"
ODD = ("A Dask worker sent what is no result ({error}). Install the same version of autograder "
       "everywhere, and start the workers again.")


@dataclass(frozen=True)
class Parcel:
    """All that a worker needs to know of the class, by value."""

    plan: Plan
    files: Mapping[str, bytes]  # of the course: path below its root -> content
    kit: str  # the code that judges, which must be the same at both ends
    word: str  # one word for all this


def parcel(plan: Plan) -> Parcel:
    """The assignment with its key and its released files; nothing of the other assignments."""
    files = {name: path.read_bytes() for name, path in travelling(plan.root, plan.slug).items()}
    content = [part for name, data in files.items() for part in (name, data.decode("latin-1"))]
    return Parcel(plan, files, whole_kit(), digest(repr(plan), *content))


# ----------------------------------------------------------------------------------- on the cluster
_seat = threading.local()  # a sandbox belongs to the thread that made it


@dataclass(frozen=True)
class Result:
    """What a worker sends back: a graded hand-in, or why there is none."""

    graded: Graded | None = None
    course_error: str = ""
    broken: str = ""


def grade_there(sent: Parcel, task: Task) -> bytes:
    """What a worker does: one hand-in, at the desk of this class."""
    try:
        if getattr(_seat, "word", None) != sent.word:
            _sit(sent)
        desk: Desk = _seat.desk
        return _packed(Result(desk.grade(task)))
    except CourseError as error:
        return _packed(Result(course_error=str(error)))
    except Broken as error:
        return _packed(Result(broken=str(error)))


def _packed(result: Result) -> bytes:
    import msgspec

    return msgspec.msgpack.encode(result)


def unpacked(data: Any, student: str) -> Graded:
    """The graded hand-in that the bytes say; raises what the worker met, else Broken."""
    import msgspec

    try:
        result = msgspec.msgpack.decode(data, type=Result)
    except (msgspec.MsgspecError, TypeError, ValueError, RecursionError) as error:
        raise Broken(ODD.format(error=error)) from error
    if result.course_error:
        raise CourseError(result.course_error)
    if result.graded is None or {result.graded.student, result.graded.done.student} != {student}:
        raise Broken(result.broken or ODD.format(error="it is of another student"))
    return result.graded


def _sit(sent: Parcel) -> None:
    """Make ready for a class; what was there for another one is put away."""
    here = socket.gethostname()
    if whole_kit() != sent.kit:
        raise Broken(f"The Dask worker on {here} has another version of autograder, Python or "
                     "NumPy. Install the same everywhere.")
    if hasattr(_seat, "stack"):
        _seat.stack.close()
    try:
        isolation = choose(prefer=sent.plan.isolation.name)
    except Broken as error:
        raise Broken(f"The Dask worker on {here}: {error}") from error
    root = _unpacked(sent.word, tuple(sent.files.items()))
    warm = sent.plan.warm and stays_shut(isolation.name)
    desk, _seat.stack = Desk(replace(sent.plan, root=root, warm=warm)), ExitStack()
    desk.isolation = _seat.stack.enter_context(desk.warmed())
    _seat.desk, _seat.word = desk, sent.word


@lru_cache
def _unpacked(word: str, files: tuple[tuple[str, bytes], ...]) -> Path:
    """The course in a private folder among the worker's own, which Dask removes in any case."""
    from distributed import get_worker

    folder = Path(tempfile.mkdtemp(prefix=f"{word[:8]}-", dir=get_worker().local_directory))
    for name, content in files:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
    return folder


# ---------------------------------------------------------------------------------------- from here
class OnDask(Executor):
    """An executor that hands each task to the cluster, with the parcel that was sent there once."""

    def __init__(self, pool: Executor, sent: Any, desk: Desk) -> None:
        self.pool, self.sent, self.desk = pool, sent, desk

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        """Send the task. Which function is to be called there is not for the caller to say."""
        (task,) = args
        task = replace(task, known={**task.known, **self.desk.recalled(task.found)})
        there, here = self.pool.submit(grade_there, self.sent, task), Future[Any]()
        there.add_done_callback(lambda done: _settle(here, done, task.student))
        return here


def _settle(here: Future[Any], there: Future[Any], student: str) -> None:
    try:
        here.set_result(unpacked(there.result(), student))
    except BaseException as error:  # whoever waits for it has to know
        here.set_exception(error)


@contextmanager
def connected(address: str, keys: Path) -> Iterator[tuple[Any, int]]:
    """A client of the cluster at `address`, and for how many workers to keep work; CourseError."""
    security = _security(address, keys)
    from distributed import Client

    with ExitStack() as stack:
        try:
            client = stack.enter_context(
                Client(address, timeout=SECONDS, security=security, set_as_default=False)  # type: ignore[no-untyped-call]
            )
            client.wait_for_workers(1, timeout=SECONDS)
        except (OSError, TimeoutError, ValueError) as error:
            raise CourseError(f"No Dask cluster with a worker and these keys answers at {address} "
                              f"({error}). {how_to_start(keys, address)}") from None
        workers = client.scheduler_info(n_workers=-1)["workers"].values()
        if any(w["nthreads"] > 1 for w in workers):  # what judges is not made for threads
            raise CourseError("A worker of the cluster has several threads. Start the workers with "
                              "--nthreads 1, and more of them instead.")
        yield client, max(len(workers), MORE)


@contextmanager
def executor(client: Any, desk: Desk, jobs: int) -> Iterator[Executor]:
    """The cluster as an executor for this class."""
    sent = client.scatter(parcel(desk.plan), broadcast=True, hash=False)
    with client.get_executor(pure=False, retries=RETRIES) as pool:
        yield OnDask(pool, sent, desk)


# ----------------------------------------------------------------------------------------- the keys
def make_keys(folder: Path) -> Path:
    """Write keys for a cluster into a folder, its DASK_CONFIG; CourseError if some are there."""
    try:
        from distributed import Security

        # one key for all, signed by itself, for a year
        keys = Security.temporary()  # type: ignore[no-untyped-call]
    except ImportError as error:
        raise CourseError(INSTALL.format(error=error)) from None
    roles = {r: {k: keys.get_tls_config_for_role(r)[k] for k in ("cert", "key")}
             for r in ("scheduler", "worker", "client")}
    tls = {"ca-file": keys.tls_ca_file, **roles}
    config = {
        "comm": {"default-scheme": "tls", "require-encryption": True, "tls": tls},
        "scheduler": {"http": {"routes": []}},  # what their web pages show is not for everybody
        "worker": {"http": {"routes": []}},
    }
    path = folder / CONFIG
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w",
                       encoding="utf-8") as file:
            json.dump({"distributed": config}, file, indent=1)
    except FileExistsError:
        raise CourseError(f"{path} is there already. Delete it first if you want new keys; then "
                          "start the whole cluster anew.") from None
    except OSError as error:
        raise CourseError(
            f"{path} cannot be written ({error}). Name a folder where you may write.") from None
    return path


def how_to_start(keys: Path, address: str = "tls://FIRST:8786") -> str:
    """What to type on the machines of a cluster."""
    dask = f"DASK_CONFIG={keys.name} dask"
    return (
        f"Copy {keys.name}/ to each machine and start `{dask} scheduler --no-dashboard` on one, "
        f"and on each `{dask} worker {address} --no-dashboard --nworkers auto --nthreads 1`.")


def _security(address: str, keys: Path) -> Any:
    """The keys as Dask wants them; CourseError where there are none, or they would be idle."""
    if not address.startswith("tls://"):
        raise CourseError(f"{address} does not begin with tls://, and without keys anybody could "
                          f"run programs there. {how_to_start(keys)}")
    try:
        import cryptography  # noqa: F401  # asked for so that it is missed here and now
        import msgspec  # noqa: F401
        from distributed import Security
    except ImportError as error:
        raise CourseError(INSTALL.format(error=error)) from None
    try:
        tls = json.loads((keys / CONFIG).read_text(encoding="utf-8"))["distributed"]["comm"]["tls"]
        client = {"tls_client_cert": tls["client"]["cert"], "tls_client_key": tls["client"]["key"]}
        return Security(require_encryption=True, tls_ca_file=tls["ca-file"], **client)  # type: ignore[no-untyped-call]
    except (OSError, ValueError, TypeError, KeyError) as error:
        mend = f"Make keys with `autograder dask-keys`. {how_to_start(keys)}"
        raise CourseError(f"{keys / CONFIG} cannot be read ({error}). {mend}") from None
