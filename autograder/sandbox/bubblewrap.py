"""Tier 1: Linux namespaces by bubblewrap, around a worker that limits itself by seccomp too."""

from __future__ import annotations

import io
import json
import os
import select
import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache, partial

from autograder.model import Broken, Limits
from autograder.sandbox import gpu, interpreter, seccomp
from autograder.sandbox.forkserver import Walled
from autograder.sandbox.process import START_SECONDS, Lockdown, Worker, launch, worker_command

# a neutral place: the package's own path would name the folder that solutions/ lies in
KIT = "/kit/autograder"
# no /dev/zero: what is mapped of it is shared, and no limit on memory counts it
DEVICES = ("/dev/null", "/dev/random", "/dev/urandom")


@dataclass(frozen=True)
class Bubblewrap(Walled):
    """A worker in namespaces: no network, other process or /proc; what it needs, read-only."""

    name: str = "bubblewrap"

    def _start(self, limits: Limits, keeps: Sequence[str] | None = None) -> Worker:
        program = _program()
        ours, theirs = os.pipe()
        with open(ours, "rb", buffering=0) as reader, open(theirs, "wb") as writer:
            command = partial(_command, program, writer.fileno(), limits, keeps=keeps,
                              with_gpu=self.gpu)
            lockdown = Lockdown(program=seccomp.program(self.gpu), devices=() if self.gpu else None)
            return launch(command, lockdown, limits, {}, (writer.fileno(),),
                          partial(_inner, reader, writer))


def _program() -> str:
    if sys.platform != "linux":
        raise Broken("bubblewrap needs Linux.")
    path = shutil.which("bwrap", path="/usr/bin:/bin:/usr/local/bin:/run/current-system/sw/bin")
    if path is None:
        raise Broken("bubblewrap is not installed.")
    return path


@lru_cache
def _has(program: str, option: str) -> bool:
    result = subprocess.run([program, "--help"], capture_output=True, text=True,
                            env={}, check=False)
    return option in result.stdout + result.stderr


def _command(program: str, info: int, limits: Limits, descriptor: int,
             keeps: Sequence[str] | None = None, with_gpu: bool = False) -> list[str]:
    """The whole command line. The environment is set inside: bwrap's own could be read there."""
    command = [program, "--unshare-all", "--unshare-user", "--die-with-parent", "--new-session",
               "--cap-drop", "ALL"]
    command += ["--uid", "65534", "--gid", "65534", "--hostname", "worker", "--info-fd", str(info)]
    if _has(program, "--disable-userns"):  # from 0.8.0 on; seccomp denies new namespaces anyway
        command.append("--disable-userns")
    for path in interpreter.readable():
        command += ["--ro-bind", path, path]
    for path in interpreter.copies():
        command += ["--tmpfs", path, "--remount-ro", path]
    for name in interpreter.kit():
        command += ["--ro-bind", str(interpreter.package() / name), f"{KIT}/{name}"]
    command += ["--ro-bind-try", interpreter.CPUS, interpreter.CPUS]
    for device in (*DEVICES, *(gpu.nodes() if with_gpu else ())):
        command += ["--dev-bind-try", device, device]
    if with_gpu:
        command += _for_gpu()
    command += ["--remount-ro", "/", "--chdir", "/"]
    for name, value in interpreter.environment(gpu.environment() if with_gpu else None).items():
        command += ["--setenv", name, value]
    return [*command, "--", *worker_command(limits, KIT, descriptor, die_with_parent=False,
                                            keeps=keeps, gpu=with_gpu)]


def _for_gpu() -> list[str]:
    """What else a driver needs: a /proc, so no other process may be there, bwrap's included."""
    binds = [word for path in gpu.readable() for word in ("--ro-bind", path, path)]
    return ["--proc", "/proc", "--as-pid-1", *binds]


def _inner(reader: io.FileIO, writer: io.BufferedWriter) -> int | None:
    """The sandboxed process by bwrap's word, as a descriptor; None if the system has none."""
    writer.close()
    text = b""
    while not text.rstrip().endswith(b"}") and select.select([reader], [], [], START_SECONDS)[0]:
        chunk = reader.read(4096)
        if not chunk:
            break
        text += chunk
    try:
        return os.pidfd_open(int(json.loads(text)["child-pid"]))
    except (ValueError, KeyError, OSError, AttributeError):
        return None
