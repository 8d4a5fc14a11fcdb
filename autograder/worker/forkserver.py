"""A worker started once, numpy loaded: it forks a child for each submission, which serves.

The fork server takes no cell and no call and never computes. What a child leaves behind is what its
sandbox lets it leave: it has no file, no other process and no signal it could reach anybody with,
and its memory goes with it. So the next child begins as this one did.
"""

from __future__ import annotations

import contextlib
import gc
import os
import socket
from collections.abc import Callable

import numpy as np

from autograder.worker import lockdown


def keep(descriptor: int, serve: Callable[[int], None]) -> None:
    """For each socket that the judge hands over, start a child there and return its pidfd."""
    control = socket.socket(fileno=descriptor)
    gc.collect()
    # the collector would write to every page, and pages are shared until they are written to
    gc.freeze()
    while True:
        word, handed, _, _ = socket.recv_fds(control, 1, 1)
        if not word:
            os._exit(0)
        (channel,) = handed
        child = os.fork()
        if not child:
            _be_child(control, channel, serve)
        os.close(channel)
        process = os.pidfd_open(child)
        socket.send_fds(control, [b"."], [process])
        os.close(process)
        _bury()


def _be_child(control: socket.socket, channel: int, serve: Callable[[int], None]) -> None:
    """Never returns: whatever happens, no child goes on as a server."""
    try:
        lockdown.die_with_parent()
        control.close()
        lockdown.close_others(channel)
        np.random.seed(None)  # every fresh process has its own state, and so has every child
        serve(channel)
    finally:
        os._exit(1)


def _bury() -> None:
    """Let go of the children that have ended; the judge has seen that in their pidfds."""
    with contextlib.suppress(ChildProcessError):
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass
