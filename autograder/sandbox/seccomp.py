"""The system calls a locked worker may make; the judge compiles the list, the worker hands it in.

A list of what is allowed, not of what is forbidden: a worker reads, computes, and answers on a
channel that is already open, and that takes few calls. What a student might reach for fails with
"not permitted", the rest as if this kernel had never heard of it.
"""

from __future__ import annotations

import contextlib
import errno
import tempfile
from collections.abc import Iterator
from functools import lru_cache
from typing import Any

from autograder.model import Broken

MEND = "Install it with: pip install pyseccomp and apt-get install libseccomp2."

READING = ("read readv pread64 preadv lseek close close_range open openat readlink readlinkat "
           "getdents getdents64 getcwd stat lstat fstat newfstatat statx statfs fstatfs access "
           "faccessat faccessat2 dup fadvise64")
ANSWERING = "write writev poll ppoll select pselect6"
MEMORY = "munmap mprotect mremap madvise brk get_mempolicy"
TIME = "clock_gettime clock_getres clock_nanosleep nanosleep gettimeofday time times"
ITSELF = ("getpid gettid getppid getuid geteuid getgid getegid getresuid getresgid getgroups "
          "getpgrp getrlimit getrusage uname sysinfo getcpu getrandom sched_yield futex futex_wake "
          "futex_wait set_robust_list rseq membarrier rt_sigaction rt_sigprocmask rt_sigreturn "
          "sigaltstack restart_syscall exit exit_group")
ALLOWED = " ".join((READING, ANSWERING, MEMORY, TIME, ITSELF)).split()

# Refused in so many words (EPERM). clone3 is not among them: glibc asks again with clone when it
# seems not to exist.
REFUSED_WORDS = (
    "fork vfork clone execve execveat "
    "socket socketpair connect bind listen accept accept4 sendto sendmsg sendmmsg recvfrom recvmsg "
    "recvmmsg shutdown setsockopt "
    "kill tkill tgkill rt_sigqueueinfo rt_tgsigqueueinfo pidfd_open pidfd_send_signal pidfd_getfd "
    "ptrace process_vm_readv process_vm_writev process_madvise kcmp prctl seccomp personality "
    "setrlimit sched_setaffinity sched_setscheduler sched_setparam sched_setattr setpriority "
    "ioprio_set unshare setns mount umount2 pivot_root chroot open_tree move_mount fsopen "
    "mount_setattr setuid setgid setreuid setregid setresuid setresgid setgroups capset setsid "
    "setpgid "
    "io_uring_setup io_uring_enter io_uring_register io_setup bpf keyctl add_key request_key "
    "userfaultfd perf_event_open "
    "memfd_create memfd_secret shmget shmat shmctl msgget msgsnd semget semop mq_open "
    "chmod fchmod fchmodat fchmodat2 chown fchown lchown fchownat utime utimes utimensat futimesat "
    "setxattr lsetxattr fsetxattr removexattr lremovexattr fremovexattr setxattrat "
    "mkdir mkdirat mknod mknodat rmdir unlink unlinkat rename renameat renameat2 link linkat "
    "symlink symlinkat "
    "pipe pipe2 creat truncate ftruncate fallocate chdir fchdir flock name_to_handle_at "
    "open_by_handle_at"
)
REFUSED = REFUSED_WORDS.split()

# What file.isatty() and the like ask of a descriptor, by number: TCGETS, TIOCGWINSZ, FIONREAD,
# FIONCLEX, FIOCLEX.
IOCTLS = (0x5401, 0x5413, 0x541B, 0x5450, 0x5451)
# F_DUPFD, F_GETFD, F_SETFD, F_GETFL, F_DUPFD_CLOEXEC. Not F_SETOWN and its like, which send
# signals.
FCNTLS = (0, 1, 2, 3, 1030)
# Bits of mmap's flags. What is shared (of no file, of /dev/zero) or grows like a stack, no limit on
# a process's memory counts.
MAP_SHARED, MAP_ANONYMOUS, MAP_GROWSDOWN = 0x01, 0x20, 0x100


# What a GPU takes once CUDA runs. Requests to the driver bear the letter F or, to its module for
# unified memory, are plain small numbers (kernel-open/nvidia/nv-ioctl-numbers.h and
# nvidia-uvm/uvm_ioctl.h, uvm_linux_ioctl.h in NVIDIA/open-gpu-kernel-modules).
DRIVER_LETTER, LETTER, SMALL, UVM = ord("F") << 8, 0xFF << 8, 0x100, (0x30000001, 0x30000002)
# clone: a thread, and no new namespace.
CLONE_THREAD, CLONE_NEW = 0x10000, 0x7E020000


@lru_cache
def program(gpu: bool = False) -> bytes:
    """The finished BPF program; Broken, with the mend, when libseccomp cannot be had.

    With `gpu` it allows threads and requests to the driver, too.
    """
    try:
        import pyseccomp  # type: ignore[import-untyped]  # it ships no annotations
    except (ImportError, OSError, RuntimeError) as error:
        raise Broken(f"pyseccomp or the library it needs is missing ({error}). {MEND}") from error
    rules = pyseccomp.SyscallFilter(pyseccomp.ERRNO(errno.ENOSYS))
    # calls of another architecture have other numbers
    rules.set_attr(pyseccomp.Attr.ACT_BADARCH, pyseccomp.KILL_PROCESS)
    refused = pyseccomp.ERRNO(errno.EPERM)
    told = [*((pyseccomp.ALLOW, name) for name in ALLOWED),
            *((refused, name) for name in REFUSED if not (gpu and name == "clone")),
            *((pyseccomp.ALLOW, *rule) for rule in _conditions(pyseccomp))]
    if gpu:
        told += [(pyseccomp.ALLOW, *rule) for rule in _for_gpu(pyseccomp)]
        told += [(refused, "clone", pyseccomp.Arg(0, pyseccomp.MASKED_EQ, CLONE_THREAD, 0))]
    for action, name, *conditions in told:
        if (number := _number(pyseccomp, name)) >= 0:
            rules.add_rule(action, number, *conditions)
    return _exported(rules)


def _conditions(pyseccomp: Any) -> Iterator[tuple[Any, ...]]:
    """Calls that are allowed with certain arguments only."""
    arg, equal = pyseccomp.Arg, pyseccomp.EQ
    yield from (("ioctl", arg(1, equal, number)) for number in IOCTLS)
    yield from (("fcntl", arg(1, equal, number)) for number in FCNTLS)
    # ask for one's own, set none
    yield "prlimit64", arg(0, equal, 0), arg(2, equal, 0)
    yield "sched_getaffinity", arg(0, equal, 0)
    yield "preadv2", arg(5, equal, 0)  # with flags it tells what others have read lately
    yield "mmap", arg(3, pyseccomp.MASKED_EQ, MAP_SHARED | MAP_GROWSDOWN, 0)


def _for_gpu(pyseccomp: Any) -> Iterator[tuple[Any, ...]]:
    arg, masked = pyseccomp.Arg, pyseccomp.MASKED_EQ
    # the device's own memory
    yield "mmap", arg(3, masked, MAP_ANONYMOUS | MAP_GROWSDOWN, 0)
    yield "clone", arg(0, masked, CLONE_THREAD | CLONE_NEW, CLONE_THREAD)
    yield "ioctl", arg(1, masked, LETTER, DRIVER_LETTER)
    yield "ioctl", arg(1, pyseccomp.LT, SMALL)
    yield from (("ioctl", arg(1, pyseccomp.EQ, number)) for number in UVM)
    yield ("eventfd2",)


def _number(pyseccomp: Any, name: str) -> int:
    """Of a call; below 0 for one that is unknown here, which then fails as all unknown ones do."""
    with contextlib.suppress(ValueError, OSError, RuntimeError):
        return int(pyseccomp.resolve_syscall(pyseccomp.Arch.NATIVE, name))
    return -1


def _exported(rules: Any) -> bytes:
    with tempfile.TemporaryFile() as file:
        rules.export_bpf(file)
        file.seek(0)
        return file.read()
