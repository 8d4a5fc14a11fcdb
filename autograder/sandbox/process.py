"""A running worker as the judge holds it: a process, a socket, and a sure way to end both."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from autograder.model import Broken, CourseError, Limits
from autograder.running.wire import WireError
from autograder.sandbox import interpreter
from autograder.sandbox.channel import Channel
from autograder.sandbox.clock import Clock, ask_who, who

# of the wall clock; a fresh worker takes half a second of a processor, and the machine may be busy
START_SECONDS = 300.0
ON_CPU = "Leave --gpu out and everything is graded on the CPU."
DESCRIPTORS = {False: 64, True: 1024}  # with a GPU: its driver holds some dozens open


@dataclass(frozen=True)
class Lockdown:
    """What a worker does to itself: what Landlock leaves readable, seccomp's program, devices.

    With devices (none need be named where Landlock does not ask for them) the worker starts CUDA
    before it locks the door. Of the folders in `listed` Landlock leaves the names readable, there
    and beneath.
    """

    readable: Sequence[str] | None = None
    program: bytes | None = None
    devices: Sequence[str] | None = None
    listed: Sequence[str] = ()


class Isolation(Protocol):
    """A way to sandbox a worker."""

    @property
    def name(self) -> str:
        """For the records: "bubblewrap", "landlock" or "subprocess", and "+gpu" behind it."""

    def start(self, limits: Limits) -> Worker:
        """A worker that is ready for its first cell; Broken when it cannot be had."""

    def warm(self, preload: Sequence[str] = ()) -> AbstractContextManager[Isolation]:
        """The same with a fork server that has imported `preload`, if there is such a one."""
        return contextlib.nullcontext(self)

    def with_gpu(self) -> Isolation:
        """The same with this machine's GPU; CourseError where no walls could hold it."""
        raise CourseError(f"A GPU is let into a sandbox only, and {self.name} is none. {ON_CPU}")


class Worker:
    """A process in a sandbox and the channel to it; use it as a context manager, or `kill` it.

    It belongs to the thread that started it: Linux ends it when that thread ends, so that no judge
    leaves a worker behind.
    """

    def __init__(self, process: subprocess.Popen[bytes], channel: Channel,
                 inner: int | None = None) -> None:
        self.process = process
        self.channel = channel
        # a descriptor (pidfd) of the sandboxed process itself, when the process is only its parent
        self.inner = inner
        # of the process that serves, once it has said that it is ready
        self.clock: Clock | None = None

    def used(self) -> float:
        """Seconds of processor time that it has used, from its first instruction on."""
        return self.clock.read() if self.clock else 0.0

    def kill(self) -> None:
        """End all the worker is, wait until it is gone, close our ends. Twice is fine."""
        if self.clock:
            self.clock.stop()
        self.channel.close()
        if self.inner is not None:
            _kill_inner(self.inner, self.process)
            self.inner = None
        if self.process.returncode is None:
            _kill_group(self.process)
            self.process.wait()
        if self.process.stderr is not None:
            self.process.stderr.close()

    def __enter__(self) -> Worker:
        return self

    def __exit__(self, *error: object) -> None:
        self.kill()


def _kill_inner(descriptor: int, parent: subprocess.Popen[bytes]) -> None:
    """Kill the sandboxed process, its parent burying it: killed first, that leaves a zombie."""
    try:
        signal.pidfd_send_signal(descriptor, signal.SIGKILL)
    except ProcessLookupError:
        pass
    finally:
        os.close(descriptor)
    with contextlib.suppress(subprocess.TimeoutExpired):
        parent.wait(2.0)


def _kill_group(process: subprocess.Popen[bytes]) -> None:
    try:
        os.killpg(process.pid, signal.SIGKILL)  # it was started as the leader of its own session
    except (ProcessLookupError, PermissionError, AttributeError):
        process.kill()


def worker_command(limits: Limits, package: str, descriptor: int, die_with_parent: bool = True,
                   keeps: Sequence[str] | None = None, gpu: bool = False) -> list[str]:
    """How the worker program is started when the package lies at `package`, with what it is told.

    With `keeps` it is a fork server, which forks the workers, and these are the modules it has
    loaded for them.
    """
    told = {"package": package, "path": interpreter.site(), "fd": descriptor,
            "memory": limits.memory_bytes, "cpu": int(limits.submission_seconds) + 5,
            "file": limits.file_bytes, "descriptors": DESCRIPTORS[gpu], "gpu": gpu,
            "answer_bytes": limits.answer_bytes, "die_with_parent": die_with_parent,
            "keeps": keeps}
    # -s -S: no site-packages but those in the plan, and no .pth file is run; not -I, which would
    # forget the environment below
    return [interpreter.executable(), "-s", "-S", "-B", f"{package}/{interpreter.PROGRAM}",
            json.dumps(told)]


def launch(command: Callable[[int], Sequence[str]], lockdown: Lockdown, limits: Limits,
           environment: Mapping[str, str], descriptors: Sequence[int] = (),
           inner: Callable[[], int | None] = lambda: None) -> Worker:
    """Start `command(descriptor of the socket)`, wait for its "ready"; Broken without one."""
    if sys.platform == "win32":
        raise Broken("Student code cannot be run on Windows itself; use WSL2 or a Linux container.")
    ours, theirs = socket.socketpair()
    ask_who(ours)
    with theirs:
        try:
            process = subprocess.Popen(
                command(theirs.fileno()), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE, pass_fds=(theirs.fileno(), *descriptors),
                env=dict(environment), cwd="/", start_new_session=True)
        except OSError as error:
            ours.close()
            raise Broken(f"The worker could not be started: {error}.") from error
    worker = Worker(process, Channel(ours, limits.answer_bytes + (1 << 12)))
    try:
        worker.inner = inner()
        _shake_hands(worker, lockdown)
    except BaseException:
        worker.kill()
        raise
    return worker


def _shake_hands(worker: Worker, lockdown: Lockdown) -> None:
    deadline = time.monotonic() + START_SECONDS
    program = None if lockdown.program is None else np.frombuffer(lockdown.program, np.uint8)
    readable, devices = (None if paths is None else list(paths)
                         for paths in (lockdown.readable, lockdown.devices))
    with _starting(worker):
        worker.channel.send(("sandbox", readable, program, devices, list(lockdown.listed)),
                            deadline)
    wait_until_ready(worker)


def wait_until_ready(worker: Worker) -> None:
    """Return when the worker has locked its door; Broken when it does not say so."""
    deadline = time.monotonic() + START_SECONDS
    with _starting(worker):
        worker.channel.connection.settimeout(START_SECONDS)
        worker.clock = Clock(who(worker.channel.connection, otherwise=worker.process.pid))
        answer: Any = worker.channel.receive(deadline)
    # nothing of a student's has run by then
    if type(answer) is tuple and len(answer) == 2 and answer[0] == "failed":
        raise Broken(f"The GPU cannot be used in the sandbox: {answer[1]}.")
    if answer != ("ready",):
        raise Broken("The worker did not say that it is ready.")


@contextlib.contextmanager
def _starting(worker: Worker) -> Iterator[None]:
    try:
        yield
    except (EOFError, TimeoutError, WireError) as error:
        raise Broken(
            f"The worker did not start ({error}). {_last_words(worker)}".rstrip()) from error


def _last_words(worker: Worker) -> str:
    """The end of the worker's stderr before it got ready: nothing of a student's ran yet."""
    stderr = worker.process.stderr
    if stderr is None:
        return ""
    os.set_blocking(stderr.fileno(), False)
    return (stderr.read() or b"").decode("utf-8", "replace").strip()[-1000:]
