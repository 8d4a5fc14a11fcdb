"""An end to what computes for too long in this process: its main thread is interrupted."""

from __future__ import annotations

import _thread
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache, partial

from autograder.model import Limits

AGAIN = 0.2  # seconds between two interrupts, and between two looks at the clock
PATIENCE = Limits.patience


@dataclass
class Alarm:
    """What was asked for a script: when to interrupt the main thread, and whether it was done."""

    stop: float  # on the clock of what the main thread has computed
    end: float  # on the wall clock
    rung: bool = False
    over: bool = False


class _Watch:
    """A thread that looks at the clock while somebody has set an alarm.

    Not one for each script: starting it takes longer than most scripts do.
    """

    def __init__(self) -> None:
        self.computed, self._alarm = _main_clock(), Alarm(0.0, 0.0, over=True)
        self._ringing, self._needed = threading.Lock(), threading.Event()
        threading.Thread(target=self._run, daemon=True).start()

    @contextmanager
    def __call__(self, seconds: float) -> Iterator[Alarm]:
        mine = Alarm(self.computed() + seconds, time.monotonic() + PATIENCE * seconds)
        before, self._alarm = self._alarm, mine
        self._needed.set()
        try:
            yield mine
        finally:
            mine.over, self._alarm = True, before
            # an interrupt that is on its way arrives here, not in the caller
            self._ringing.acquire()
            self._ringing.release()

    def _run(self) -> None:
        while self._needed.wait():
            self._needed.clear()
            time.sleep(AGAIN)
            with self._ringing:
                set_now = self._alarm
                late = self.computed() >= set_now.stop or time.monotonic() >= set_now.end
                if not set_now.over and (set_now.rung or late):
                    set_now.rung = True
                    _thread.interrupt_main()
            if not set_now.over:
                self._needed.set()


@cache
def _watch(process: int) -> _Watch:
    """The watch of this process: no thread survives a fork."""
    return _Watch()


@contextmanager
def alarm(seconds: float) -> Iterator[Alarm]:
    """Interrupt the main thread after `seconds` of computing, between Python instructions.

    And again, until that has an end: an interrupt is lost when it meets a destructor or a callback
    of the garbage collector. What sleeps is interrupted after `PATIENCE` times as many seconds of
    the wall clock.
    """
    if threading.current_thread() is not threading.main_thread():
        yield Alarm(0.0, 0.0)
        return
    with interruptible(), _watch(os.getpid())(seconds) as found:
        yield found


@contextmanager
def interruptible() -> Iterator[None]:
    """Interrupts arrive, though a shell's background jobs ignore Ctrl-C and with it all."""
    if signal.getsignal(signal.SIGINT) is not signal.SIG_IGN:
        yield
        return
    signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, signal.SIG_IGN)


def _main_clock() -> Callable[[], float]:
    """Seconds the main thread has computed; where no thread's are told, this process's."""
    identity = threading.main_thread().ident
    if not hasattr(time, "pthread_getcpuclockid") or identity is None:
        return time.process_time
    return partial(time.clock_gettime, time.pthread_getcpuclockid(identity))
