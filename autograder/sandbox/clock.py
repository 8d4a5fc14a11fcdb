"""How long a sandboxed process has computed, by the kernel: nothing it says changes that.

Wall-clock time would charge students for whatever else the machine is doing.
"""

from __future__ import annotations

import ctypes
import socket
import struct
import time
from collections.abc import Callable

# seconds at most between two looks: so much may be charged for a process that has gone since
MOMENT = 1.0
# seconds between two looks; without it the end of a limit would be approached in ever smaller steps
LEAST = 0.01
CREDENTIALS = struct.Struct("3i")  # struct ucred: pid, uid, gid


class Clock:
    """The processor seconds of one process, all threads; it stands still when that is gone.

    Where the system cannot tell (it is not Linux), wall-clock time is counted instead.
    """

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self._clock = _clock_of(pid)
        self._used, self._seen, self._gone = 0.0, time.monotonic(), False
        self.read()

    def read(self) -> float:
        """Processor seconds so far. Of a process buried meanwhile: as at the last look."""
        if not self._gone:
            now = time.monotonic()
            try:
                self._used = (self._used + now - self._seen if self._clock is None
                              else time.clock_gettime(self._clock))
            except OSError:
                self._used, self._gone = self._used + min(now - self._seen, MOMENT), True
            self._seen = now
        return self._used

    def stop(self) -> None:
        """Look a last time: the number of the process may soon be another's."""
        self.read()
        self._gone = True


class Allowance:
    """How long to wait for a process: until `cpu` seconds of computing, or `wall` seconds.

    A `Channel` takes it in place of a deadline.
    """

    def __init__(self, clock: Clock, cpu: float, wall: float,
                 now: Callable[[], float] = time.monotonic) -> None:
        self._clock, self._now = clock, now
        self._cpu_end, self._wall_end = clock.read() + cpu, now() + wall

    def __call__(self) -> float:
        """Seconds after which to look again; 0 when one of the two is used up."""
        left = min(self._cpu_end - self._clock.read(), self._wall_end - self._now())
        # one thread computes no faster than the wall clock runs
        return min(max(left, LEAST), MOMENT) if left > 0 else 0.0

    @property
    def slept(self) -> bool:
        """Whether it was the wall clock that came first: the process hardly computed."""
        return self._cpu_end > self._clock.read()


def _clock_of(pid: int) -> int | None:
    """The CPU-time clock of a process by clock_getcpuclockid(3), or None."""
    number = ctypes.c_int()
    try:
        failed = ctypes.CDLL(None).clock_getcpuclockid(pid, ctypes.byref(number))
    except (AttributeError, OSError, TypeError):
        return None
    return None if failed else number.value


# -------------------------------------------------------------------------------- whose clock it is
def ask_who(connection: socket.socket) -> None:
    """From now on the kernel notes who writes into this socket; call it before handing over."""
    if hasattr(socket, "SO_PASSCRED"):
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_PASSCRED, 1)


def who(connection: socket.socket, otherwise: int) -> int:
    """Who wrote what comes next, by the number on this side; nothing is taken off the socket.

    Waits as the socket's timeout says. EOFError when the other side is gone; `otherwise` where the
    kernel notes nothing.
    """
    if not hasattr(socket, "SO_PASSCRED"):
        return otherwise
    try:
        data, told, _, _ = connection.recvmsg(1, socket.CMSG_SPACE(CREDENTIALS.size),
                                              socket.MSG_PEEK)
    except ConnectionError:
        data, told = b"", []
    if not data:
        raise EOFError("the other side is gone")
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_PASSCRED, 0)
    for level, kind, content in told:
        if ((level, kind) == (socket.SOL_SOCKET, socket.SCM_CREDENTIALS)
                and len(content) == CREDENTIALS.size):
            return int(CREDENTIALS.unpack(content)[0]) or otherwise
    return otherwise
