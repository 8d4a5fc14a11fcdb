"""The judge's end of the wire: frames over a socket, each whole frame within a deadline."""

from __future__ import annotations

import contextlib
import select
import socket
import time
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from autograder.running.frames import AHEAD, AT_ONCE, LENGTH, pieces, read_frame, unsent
from autograder.running.opaque import MAX_ELEMENTS
from autograder.running.wire import Piece, decode

# a function gives the seconds after which to ask it again, 0 at the end; None: nobody waits
Deadline = float | Callable[[], float] | None
Got = TypeVar("Got")


class Channel:
    """The judge's end: frames over a socket, arrays of at most MAX_ELEMENTS, deadlines.

    A deadline is a time on `time.monotonic()`, or what says how long to wait.

    Raises TimeoutError when the deadline passes, EOFError when the other side is gone, WireError
    for what is no message.
    """

    def __init__(self, connection: socket.socket, cap: int) -> None:
        self.connection = connection
        self.cap = cap
        self._ahead = bytearray()  # what has arrived and was not asked for yet
        self._queue: Sequence[Piece] = ()  # what is to be sent while waiting for something

    def send(self, message: Any, deadline: Deadline) -> None:
        rest: Sequence[Piece] = [*self._queue, *pieces(message)]
        self._queue = ()
        try:
            while rest:
                some = rest[:AT_ONCE]
                # the lambda is called at once
                sent = self._patiently(lambda: self.connection.sendmsg(some), deadline)  # noqa: B023
                rest = unsent(rest, sent)
        except (BrokenPipeError, ConnectionError) as error:
            raise EOFError("the other side is gone") from error

    def queue(self, frame: Sequence[Piece]) -> None:
        """Send a frame once the other side takes it: now, or while something is waited for."""
        self._queue = [*self._queue, *frame]

    def _exchange(self, deadline: Deadline) -> None:
        """Send what is queued, as long as nothing has come."""
        poll = select.poll()
        poll.register(self.connection, select.POLLIN | select.POLLOUT)
        self.connection.settimeout(0)
        try:
            while self._queue and not any(event & ~select.POLLOUT
                                          for _, event in poll.poll(1000 * _left(deadline))):
                with contextlib.suppress(BlockingIOError):
                    self._queue = unsent(self._queue,
                                         self.connection.sendmsg(self._queue[:AT_ONCE]))
        except ConnectionError:  # whoever reads finds that out
            self._queue = ()

    def has_frame(self) -> bool:
        """Whether the next frame is here already, so that nobody has to wait for it."""
        here = len(self._ahead)
        return here >= LENGTH.size and here >= LENGTH.size + LENGTH.unpack_from(self._ahead)[0]

    def takes(self, frame: bytes) -> bool:
        """Whether the next frame is here and is this one, to the byte; then it is taken in."""
        found = self._ahead.startswith(frame)
        if found:
            del self._ahead[: len(frame)]
        return found

    def receive(self, deadline: Deadline) -> Any:
        if not self.has_frame():
            return read_frame(lambda view: self._readinto(view, deadline), self.cap, MAX_ELEMENTS)
        end = LENGTH.size + LENGTH.unpack_from(self._ahead)[0]
        frame = self._ahead[LENGTH.size : end]
        del self._ahead[:end]
        return decode(frame, MAX_ELEMENTS)

    def _readinto(self, view: memoryview, deadline: Deadline) -> int:
        """Small frames come by the dozen, and one look at the socket is enough for all of them."""
        if not self._ahead:
            try:
                if self._queue:
                    self._exchange(deadline)
                if len(view) >= AHEAD:
                    return self._patiently(lambda: self.connection.recv_into(view), deadline)
                self._ahead += self._patiently(lambda: self.connection.recv(AHEAD), deadline)
            except ConnectionError:
                return 0
        count = min(len(view), len(self._ahead))
        view[:count] = self._ahead[:count]
        del self._ahead[:count]
        return count

    def _patiently(self, act: Callable[[], Got], deadline: Deadline) -> Got:
        """Do it as soon as the other side lets us."""
        while True:
            self.connection.settimeout(_left(deadline))
            with contextlib.suppress(TimeoutError):
                return act()

    def close(self) -> None:
        self.connection.close()


def _left(deadline: Deadline) -> float:
    assert deadline is not None, "who waits says for how long"
    left = deadline() if callable(deadline) else deadline - time.monotonic()
    if left <= 0:
        raise TimeoutError("the deadline has passed")
    return left
