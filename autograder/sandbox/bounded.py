"""What a student's file asks of the grader, done in a child process with limits: reading, mending.

The child is a fork: nothing is started or imported, so a hand-in costs milliseconds. It runs this
package's own code on the student's text and never the student's code. Whatever becomes of it
befalls one hand-in: no time, memory or crash reaches the process that judges.
"""

from __future__ import annotations

import contextlib
import enum
import faulthandler
import gc
import io
import math
import os
import pickle
import select
import signal
import struct
import sys
import time
import warnings
from collections.abc import Callable, Iterator
from dataclasses import is_dataclass
from functools import partial
from types import FrameType
from typing import Any, NoReturn, TypeVar

from autograder.model import AutograderError, Broken, CourseError, SubmissionError

try:
    import resource
except ImportError:  # Windows, where students read their own notebooks and nobody grades
    resource = None  # type: ignore[assignment]

SECONDS = 3  # of CPU time; an honest notebook takes some hundredths
MEMORY = 1 << 30  # bytes more than this process has
LENGTH = struct.Struct(">Q")  # of a message, before it
STAYS_FOR = 500  # pieces of work; then another child takes over, so that nothing can pile up
MAX_ANSWER = 128 << 20  # bytes of what comes back
WAIT = 60  # wall seconds for each second of CPU time, before the machine is to blame
ERRORS = {error.__name__: error for error in (SubmissionError, CourseError, Broken)}
# of a parser; any other end than SIGXCPU comes from outside
CRASHES = frozenset(["SIGSEGV", "SIGBUS", "SIGABRT", "SIGFPE", "SIGILL"])
_MEND = "Delete what was pasted into it and is no answer, save it and hand it in again."

T = TypeVar("T")


class Ended(Broken):
    """The child was ended from outside, by memory or a person. That is no student's doing."""


def bounded(work: Callable[[], T], name: str, seconds: int = SECONDS) -> T:
    """What `work` returns, in a child process; SubmissionError of `name` if it runs over or dies.

    Where there is no fork it is done here: algorithms are linear and sizes limited all the same.
    """
    with contextlib.closing(Kept(work)) as child:
        return child(name, seconds=seconds)  # type: ignore[no-any-return]


class Kept:
    """A child that stays for hand-in after hand-in, with limits for each: a fork is dear.

    It does `work` with what this process knew when the first was asked for; arguments are handed
    over. One that ran over or tripped is ended, and the next hand-in gets another.
    """

    def __init__(self, work: Callable[..., Any]) -> None:
        self._work = work
        self._child = self._served = 0
        self._inlet = self._outlet = -1

    def __call__(self, name: str, *arguments: Any, seconds: int = SECONDS) -> Any:
        """What `work` returns, with errors as `bounded`'s; asked again if ended from outside."""
        if resource is None or not hasattr(os, "fork"):
            return self._work(*arguments)
        try:
            return self._asked(name, arguments, seconds)
        except Ended:
            return self._asked(name, arguments, seconds)

    def _asked(self, name: str, arguments: tuple[Any, ...], seconds: int) -> Any:
        if self._served >= STAYS_FOR:
            self.close()
        if not self._child:
            self._begin()
        self._served += 1
        try:
            with contextlib.suppress(BrokenPipeError):  # what has ended it is seen below
                _write(self._outlet, pickle.dumps((seconds, arguments), pickle.HIGHEST_PROTOCOL))
            return _opened(_received(self._inlet, WAIT * seconds), self._status, name)
        except BaseException:
            self.close()
            raise

    def _begin(self) -> None:
        self._served = 0
        theirs, self._outlet = os.pipe()
        self._inlet, answers = os.pipe()
        with warnings.catch_warnings():
            # from 3.12 Python warns where there are threads. The child starts none, imports little
            # and takes no lock of theirs.
            warnings.simplefilter("ignore", DeprecationWarning)
            self._child = os.fork()
        if self._child == 0:
            _serve(self._work, theirs, answers)
        os.close(theirs)
        os.close(answers)

    def _status(self) -> int:
        """How the child has ended, which says no more."""
        child, self._child = self._child, 0
        return os.waitpid(child, 0)[1]

    def close(self) -> None:
        """End the child, if there is one."""
        if self._child:
            os.kill(self._child, signal.SIGKILL)
            self._status()
        for descriptor in (self._inlet, self._outlet):
            if descriptor >= 0:
                os.close(descriptor)
        self._inlet = self._outlet = -1


def _write(outlet: int, data: bytes) -> None:
    for part in (LENGTH.pack(len(data)), data):
        while part:
            part = part[os.write(outlet, part) :]


def _received(inlet: int, seconds: float) -> bytes | None:
    """All that the child sends, None when it ended before; Broken when it will not end."""
    deadline, found, poll = time.monotonic() + seconds, bytearray(), select.poll()
    poll.register(inlet, select.POLLIN)
    whole = LENGTH.size
    while len(found) < whole:
        if not poll.poll(max(0.0, deadline - time.monotonic()) * 1000):
            raise Broken(f"A hand-in could not be read within {seconds:g} s of waiting. Grade "
                         "again when the machine is less busy.")
        part = os.read(inlet, min(whole - len(found), 1 << 20))
        if not part:
            return None
        found += part
        if whole == LENGTH.size == len(found):
            whole += LENGTH.unpack(found)[0]
            if whole > MAX_ANSWER:
                raise SubmissionError(f"The notebook becomes more than {MAX_ANSWER >> 20} MiB when "
                                      f"it is read. {_MEND}")
    return bytes(found[LENGTH.size :])


def _opened(data: bytes | None, status: Callable[[], int], name: str) -> Any:
    if data is None:
        code = os.waitstatus_to_exitcode(status())
        raise _ended(signal.Signals(-code).name if code < 0 else f"code {code}", name)
    kind, value = _Records(io.BytesIO(data)).load()
    if kind == "value":
        return value
    raise _over("memory", name) if kind == "memory" else ERRORS.get(kind, Broken)(value)


def _ended(how: str, name: str) -> AutograderError:
    if how == "SIGXCPU":
        return _over("time", name)
    if how in CRASHES:
        return SubmissionError(
            f"{name} cannot be read: what is in it ends the reader ({how}). {_MEND}")
    return Ended(
        f"The reading of {name} was ended from outside ({how}; out of memory?). Grade again.")


def _over(what: str, name: str) -> SubmissionError:
    return SubmissionError(f"{name} takes more {what} to read than a notebook may. {_MEND}")


class _Records(pickle.Unpickler):
    """Reads what our code in our child wrote: plain data, and this package's frozen records.

    The child has run no student code, so the bytes are ours; still nothing but a record or an
    enumeration can be made from them.
    """

    def find_class(self, module: str, name: str) -> Any:
        found = (getattr(sys.modules.get(module), name, None)
                 if module.startswith("autograder.") else None)
        if isinstance(found, type) and (is_dataclass(found) or issubclass(found, enum.Enum)):
            return found
        raise pickle.UnpicklingError(f"{module}.{name} is no record")


class _Recording(pickle.Pickler):
    """Writes an enumeration as its value: Python 3.11.0 to 3.11.3 would write a getattr."""

    def reducer_override(self, thing: Any) -> Any:
        return (type(thing), (thing.value,)) if isinstance(thing, enum.Enum) else NotImplemented


def _recorded(value: Any) -> bytes:
    out = io.BytesIO()
    _Recording(out, pickle.HIGHEST_PROTOCOL).dump(value)
    return out.getvalue()


# ------------------------------------------------------------------------------------- in the child
def _serve(work: Callable[..., Any], inlet: int, outlet: int) -> NoReturn:
    """Do it when asked, and end without a trace: exit handlers and buffers are the parent's."""
    try:
        os.dup2(inlet, 0)
        os.dup2(outlet, 3)
        os.closerange(4, os.sysconf("SC_OPEN_MAX"))
        _limit()
        requests = io.BufferedReader(io.FileIO(0, closefd=False))
        while length := requests.read(LENGTH.size):
            # the parent's own words
            seconds, arguments = pickle.loads(requests.read(LENGTH.unpack(length)[0]))
            used = resource.getrusage(resource.RUSAGE_SELF)
            _at_most(resource.RLIMIT_CPU, math.ceil(used.ru_utime + used.ru_stime) + seconds)
            _write(3, _outcome(partial(work, *arguments)))
        os._exit(0)
    finally:
        os._exit(1)


def _outcome(work: Callable[[], Any]) -> bytes:
    try:
        return _recorded(("value", work()))
    except AutograderError as error:
        told = type(error).__name__, str(error)
    except (MemoryError, RecursionError):
        told = "memory", ""
    except Exception as error:  # a bug of ours
        told = "Broken", f"{type(error).__name__}: {error}"
    return pickle.dumps(told)


def _limit() -> None:
    gc.freeze()  # the parent's objects are not the child's to collect
    faulthandler.disable()
    for number in (signal.SIGXCPU, signal.SIGTERM, signal.SIGPROF):
        signal.signal(number, signal.SIG_DFL)
    # Ctrl-C is the parent's to answer; it ends the child
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    _at_most(resource.RLIMIT_CORE, 0)
    _at_most(resource.RLIMIT_FSIZE, 0)
    with contextlib.suppress(OSError,
                             ValueError), open("/proc/self/statm", encoding="ascii") as file:
        _at_most(resource.RLIMIT_AS, int(file.read().split()[0]) * resource.getpagesize() + MEMORY)


def _at_most(limit: int, soft: int) -> None:
    _, hard = resource.getrlimit(limit)
    resource.setrlimit(limit, (soft if hard == resource.RLIM_INFINITY else min(soft, hard), hard))


class TookTooLong(BaseException):
    """Work was cut off. No Exception, so that nothing inside takes it for one of its own."""


@contextlib.contextmanager
def at_most(seconds: float) -> Iterator[None]:
    """Cut off what is inside after so much CPU time (TookTooLong). Main thread of a child only."""
    if seconds <= 0:
        raise TookTooLong
    if not hasattr(signal, "setitimer"):
        yield
        return
    before = signal.signal(signal.SIGPROF, _cut_off)
    signal.setitimer(signal.ITIMER_PROF, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)


def _cut_off(number: int, frame: FrameType | None) -> NoReturn:
    raise TookTooLong
