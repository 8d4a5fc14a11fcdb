"""A sandbox with a fork server with numpy loaded: a worker takes milliseconds, not a hundred.

One child at a time. A fork server belongs to the thread that made it, as every worker does; when it
is lost, the next start makes another.
"""

from __future__ import annotations

import contextlib
import os
import select
import signal
import socket
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial

from autograder.model import Broken, Limits
from autograder.sandbox.channel import Channel
from autograder.sandbox.clock import ask_who
from autograder.sandbox.process import START_SECONDS, Isolation, Worker, wait_until_ready

# a killed child is gone in a millisecond, or later on a busy machine; if not, the server and all it
# holds are ended
GONE_SECONDS = 60.0


class ForkServer(Isolation):
    """Workers forked from one process that is kept; a context manager."""

    name: str = ""

    def __init__(self, name: str, server: Callable[[Limits], Worker]) -> None:
        self.name = name
        self._make = server
        self._server: Worker | None = None
        self._limits: Limits | None = None
        self._child: Child | None = None

    def start(self, limits: Limits) -> Worker:
        """A worker that is ready for its first cell; Broken when it cannot be had."""
        if self._child is not None:
            self._child.kill()
        if limits != self._limits:
            self.close()
        try:
            return self._started(limits)
        except (OSError, EOFError, Broken):
            # the server was lost (a memory limit of the machine, a person): once more, from the
            # beginning
            self.close()
            return self._started(limits)

    def _started(self, limits: Limits) -> Worker:
        if self._server is None:
            self._server, self._limits = self._make(limits), limits
        self._child = fork(self._server, limits)
        return self._child

    def close(self) -> None:
        """End the server and with it every child."""
        if self._child is not None:
            self._child.kill()
        if self._server is not None:
            self._server.kill()
        self._server = self._child = self._limits = None

    def __enter__(self) -> ForkServer:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()


@dataclass(frozen=True)
class Walled(Isolation):
    """A sandbox with walls: a fork server can be kept behind them, and a GPU be let in."""

    name: str = ""
    gpu: bool = False

    def start(self, limits: Limits) -> Worker:
        return self._start(limits)

    def warm(self, preload: Sequence[str] = ()) -> ForkServer:
        return ForkServer(self.name, partial(self._start, keeps=tuple(preload)))

    def with_gpu(self) -> Walled:
        """The same with this machine's GPU in it; `sandbox.with_gpu` looks whether it holds."""
        return replace(self, name=f"{self.name}+gpu", gpu=True)

    def _start(self, limits: Limits, keeps: Sequence[str] | None = None) -> Worker:
        raise NotImplementedError


class Child(Worker):
    """A worker that the server has forked; `pidfd` is its process, whatever its number."""

    def __init__(self, server: Worker, channel: Channel, pidfd: int) -> None:
        super().__init__(server.process, channel)
        self._server = server
        self._pidfd: int | None = pidfd

    def kill(self) -> None:
        """End it and wait until it is gone. May be called twice."""
        if self.clock:
            self.clock.stop()
        self.channel.close()
        pidfd, self._pidfd = self._pidfd, None
        if pidfd is None:
            return
        with contextlib.suppress(ProcessLookupError):
            signal.pidfd_send_signal(pidfd, signal.SIGKILL)
        if not select.select([pidfd], [], [], GONE_SECONDS)[0]:
            self._server.kill()
        os.close(pidfd)


def fork(server: Worker, limits: Limits) -> Child:
    """Let the fork server make a child on a socket of its own; OSError, EOFError or Broken."""
    control = server.channel.connection
    control.settimeout(START_SECONDS)
    ours, theirs = socket.socketpair()
    ask_who(ours)
    try:
        with theirs:
            socket.send_fds(control, [b"."], [theirs.fileno()])
            word, handed, _, _ = socket.recv_fds(control, 1, 1)
        if not word or not handed:
            raise EOFError("the fork server is gone")
        child = Child(server, Channel(ours, limits.answer_bytes + (1 << 12)), handed[0])
    except BaseException:
        ours.close()
        raise
    try:
        wait_until_ready(child)
    except BaseException:
        child.kill()
        raise
    return child
