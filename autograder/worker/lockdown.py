"""What the worker does to itself before student code: limits, Landlock, seccomp. No way back.

Runs before and after numpy is imported, so: standard library only.
"""

from __future__ import annotations

import ctypes
import os
import platform
import signal
import sys
from collections.abc import Mapping, Sequence

PR_SET_PDEATHSIG, PR_SET_SECCOMP, PR_SET_NO_NEW_PRIVS = 1, 22, 38
SECCOMP_MODE_FILTER = 2
# the call that filters all threads of a process at once
SECCOMP, SET_MODE_FILTER, TSYNC = {"x86_64": 317, "aarch64": 277}, 1, 1
# Address space that is no memory: libraries are mapped whole. torch 2.13.0 maps 0.7 GiB built for
# the CPU, 3.3 GiB built for CUDA.
LIBRARIES = 4 << 30


def limit(memory: int, descriptors: int, any_space: bool = False) -> None:
    """Set the first hard limits. `memory` may be written to; shared memory is the filter's.

    With `any_space` nothing bounds the address space: CUDA reserves far more of it than there is
    memory.
    """
    _limit({"RLIMIT_NOFILE": descriptors, "RLIMIT_CORE": 0, "RLIMIT_DATA": memory})
    if not any_space:
        _limit({"RLIMIT_AS": memory + LIBRARIES})


def limit_work(seconds: int, file: int) -> None:
    """Set the hard limits from now on: this process's processor time, and a file's size."""
    _limit({"RLIMIT_CPU": seconds, "RLIMIT_FSIZE": file})


def _limit(wanted: Mapping[str, int]) -> None:
    """As many as this system has; macOS refuses some and Windows has none."""
    try:
        import resource
    except ImportError:
        return
    for name, value in wanted.items():
        number = getattr(resource, name, None)
        if number is None:
            continue
        try:
            _, hard = resource.getrlimit(number)
            value = value if hard == resource.RLIM_INFINITY else min(value, hard)
            resource.setrlimit(number, (value, value))
        except (OSError, ValueError):
            if sys.platform == "linux":
                raise


def die_with_parent() -> None:
    """Have Linux kill this process with the thread that started it: nothing runs on."""
    if sys.platform == "linux":
        _prctl(PR_SET_PDEATHSIG, int(signal.SIGKILL))


def silence() -> None:
    """Point stdin, stdout and stderr at nothing: what a student prints is nobody's business."""
    nothing = os.open(os.devnull, os.O_RDWR)
    for descriptor in (0, 1, 2):
        os.dup2(nothing, descriptor)
    if nothing > 2:
        os.close(nothing)


def close_others(kept: int) -> None:
    """Close every descriptor above 2 except `kept`."""
    os.closerange(3, kept)
    os.closerange(kept + 1, 1024)


# ------------------------------------------------------------------------------------------ seccomp
class _Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("filter", ctypes.c_void_p))


def install_filter(blob: bytes) -> None:
    """Hand a BPF program to the kernel; from here calls not on its list fail, in all threads."""
    buffer = ctypes.create_string_buffer(blob, len(blob))
    program = _Program(len(blob) // 8, ctypes.addressof(buffer))
    _prctl(PR_SET_NO_NEW_PRIVS, 1)
    number = SECCOMP.get(platform.machine())
    # there is no second thread then: only a GPU's driver starts some before this
    if number is None:
        _prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, ctypes.addressof(program))
    elif _check(_libc().syscall(number, SET_MODE_FILTER, TSYNC, ctypes.byref(program)), "seccomp"):
        raise OSError("a thread of this process has a filter of its own")


def _prctl(*arguments: int) -> None:
    padded = [*arguments, 0, 0, 0, 0][:5]
    _check(_libc().prctl(*(ctypes.c_ulong(a) for a in padded)), "prctl")


def _libc() -> ctypes.CDLL:
    return ctypes.CDLL(None, use_errno=True)


def _check(result: int, what: str) -> int:
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{what}: {os.strerror(number)}")
    return result


# ----------------------------------------------------------------------------------------- Landlock
CREATE_RULESET, ADD_RULE, RESTRICT_SELF = 444, 445, 446  # the same numbers on every architecture
WRITE_FILE, READ_FILE, READ_DIR, TRUNCATE, IOCTL_DEV = 1 << 1, 1 << 2, 1 << 3, 1 << 14, 1 << 15
# one more than the last right that ABI knows
RIGHTS_BY_ABI = {1: 1 << 13, 2: 1 << 14, 3: 1 << 15, 4: 1 << 15, 5: 1 << 16}


class _Ruleset(ctypes.Structure):
    _fields_ = (("files", ctypes.c_uint64), ("net", ctypes.c_uint64), ("scoped", ctypes.c_uint64))


class _Beneath(ctypes.Structure):
    _pack_ = 1
    _fields_ = (("access", ctypes.c_uint64), ("descriptor", ctypes.c_int32))


def landlock_abi() -> int:
    """The version of Landlock this kernel speaks, 0 when it speaks none."""
    return max(0, int(_libc().syscall(CREATE_RULESET, None, 0, 1)))


def landlock(readable: Sequence[str], devices: Sequence[str] = (),
             listed: Sequence[str] = ()) -> None:
    """Forbid every file but reading beneath `readable`; TCP, foreign signals and sockets if it can.

    What lies beneath `devices` may be written to, too, and be asked with ioctl; beneath `listed` it
    may read the names of files.
    """
    abi = landlock_abi()
    if not abi:
        raise OSError("this kernel has no Landlock")
    rights = RIGHTS_BY_ABI.get(abi, 1 << 16) - 1
    rules = _Ruleset(rights, 3 if abi >= 4 else 0, 3 if abi >= 6 else 0)
    size = 8 if abi < 4 else 16 if abi < 6 else 24
    libc = _libc()
    ruleset = _check(libc.syscall(CREATE_RULESET, ctypes.byref(rules), size, 0),
                     "landlock_create_ruleset")
    for path in readable:
        _allow(libc, ruleset, path, READ_FILE | (READ_DIR if os.path.isdir(path) else 0))
    for path in listed:
        _allow(libc, ruleset, path, READ_DIR)
    # not /dev/zero: what is mapped of it is shared memory, which no limit counts
    for device in filter(os.path.exists, ("/dev/null", "/dev/random", "/dev/urandom")):
        _allow(libc, ruleset, device, READ_FILE | WRITE_FILE)
    for path in devices:
        _allow(libc, ruleset, path, rights & (READ_FILE | WRITE_FILE | TRUNCATE | IOCTL_DEV
                                              | (READ_DIR if os.path.isdir(path) else 0)))
    _prctl(PR_SET_NO_NEW_PRIVS, 1)
    _check(libc.syscall(RESTRICT_SELF, ruleset, 0), "landlock_restrict_self")
    os.close(ruleset)


def _allow(libc: ctypes.CDLL, ruleset: int, path: str, access: int) -> None:
    descriptor = os.open(path, os.O_PATH | os.O_CLOEXEC)
    try:
        rule = _Beneath(access, descriptor)
        _check(libc.syscall(ADD_RULE, ruleset, 1, ctypes.byref(rule), 0), "landlock_add_rule")
    finally:
        os.close(descriptor)


# ------------------------------------------------------------------------------------- capabilities
class _CapHeader(ctypes.Structure):
    _fields_ = (("version", ctypes.c_uint32), ("pid", ctypes.c_int))


def drop_capabilities() -> None:
    """Give up every capability, which matters when the judge runs as root."""
    if sys.platform == "linux":
        header, nothing = _CapHeader(0x20080522, 0), (ctypes.c_uint32 * 6)()
        _check(_libc().capset(ctypes.byref(header), ctypes.byref(nothing)), "capset")
