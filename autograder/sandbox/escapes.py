"""What a sandboxed worker must not be able to do, tried: the probe sends this text as a cell.

Each public function tries one thing, harmlessly, and returns True when it could; any exception
means that it was denied. Its docstring says what is not protected then. `told` holds the paths and
the process number the judge has prepared.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import resource
import socket
from typing import Any

Told = dict[str, Any]


def read_file(told: Told) -> bool:
    """Read files outside the sandbox (the solutions, other hand-ins)"""
    with open(told["file"]) as file:
        return bool(file.read())


def list_folder(told: Told) -> bool:
    """List folders outside the sandbox"""
    return told["name"] in os.listdir(told["folder"])


def list_course(told: Told) -> bool:
    """List the folder beside the package, where solutions/ lies"""
    return "autograder" in os.listdir(told["course"])


def read_kit(told: Told) -> bool:
    """Read the files of the kit that hold right answers"""
    return any(_reads(f"{folder}/{name}") for folder in told["kit"]
               for name in ("__init__.py", "asking.py", "tests/toys.py"))


def _reads(path: str) -> bool:
    with contextlib.suppress(OSError), open(path, "rb") as file:
        return bool(file.read(1))
    return False


def empty_file(told: Told) -> bool:
    """Empty files outside the sandbox"""
    os.close(os.open(told["copy"], os.O_RDONLY | os.O_TRUNC))
    return os.stat(told["copy"]).st_size == 0


def change_mode(told: Told) -> bool:
    """Change the permissions of files outside the sandbox"""
    os.chmod(told["file"], 0o600)
    return True


def write_folder(told: Told) -> bool:
    """Write files"""
    return any(_writes(folder) for folder in told["folders"])


def _writes(folder: str) -> bool:
    path = f"{folder}/autograder-probe-{os.getpid()}"
    with contextlib.suppress(OSError):
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
        os.unlink(path)
        return True
    return False


def open_socket(told: Told) -> bool:
    """Use the network or local sockets"""
    kinds = [(f, k) for f in (socket.AF_INET, socket.AF_INET6, socket.AF_UNIX)
             for k in (socket.SOCK_STREAM, socket.SOCK_DGRAM)]
    return any(_opens(*kind) for kind in kinds)


def _opens(family: int, kind: int) -> bool:
    with contextlib.suppress(OSError), socket.socket(family, kind):
        return True
    return False


def start_process(told: Told) -> bool:
    """Start processes that outlive it"""
    child = os.fork()
    if not child:
        os._exit(0)
    os.waitpid(child, 0)
    return True


def run_program(told: Told) -> bool:
    """Run other programs"""
    try:
        # were it allowed, the kernel would look for the file
        os.execv("/nowhere/at/all", ["at all"])
    except FileNotFoundError:
        return True
    return False


def signal_judge(told: Told) -> bool:
    """End the grading process"""
    os.kill(told["judge"], 0)
    return True


def signal_parent(told: Told) -> bool:
    """Send signals to the process that started it"""
    os.kill(os.getppid(), 0)
    return True


def read_judge(told: Told) -> bool:
    """Read the environment or the memory of the grading process"""
    for name in ("environ", "maps"):
        with contextlib.suppress(OSError), open(f"/proc/{told['judge']}/{name}", "rb") as file:
            return bool(file.read(1))
    return False


def slow_judge(told: Told) -> bool:
    """Change the limits and the priority of the grading process"""
    if hasattr(resource, "prlimit"):
        resource.prlimit(told["judge"], resource.RLIMIT_NOFILE)
        return True
    os.setpriority(os.PRIO_PROCESS, told["judge"], os.getpriority(os.PRIO_PROCESS, told["judge"]))
    return True


def ask_kernel(told: Told) -> bool:
    """Make system calls that the worker does not need"""
    libc = ctypes.CDLL(None, use_errno=True)
    segment = int(libc.shmget(0, 4096, 0o600))
    if segment >= 0:
        libc.shmctl(segment, 0, None)  # 0 is IPC_RMID
    return segment >= 0 or bool(libc.unshare(0) == 0)


def see_environment(told: Told) -> bool:
    """Read the environment of the grading process in its own"""
    return bool(set(os.environ) - set(told["variables"]))


def hold_descriptors(told: Told) -> bool:
    """Use files the grading process has open"""
    held = 0
    for descriptor in range(3, 256):
        with contextlib.suppress(OSError):
            os.fstat(descriptor)
            held += 1
    return held > int(told["held"])
