"""An NVIDIA GPU as a sandbox shows it: nodes, libraries, what the driver reads in /proc, /sys.

Not yet tried on a GPU. The lists are what others found their sandboxes to lack, up to driver 570:
NVIDIA/OpenShell pull request 710 and issue 1696, nolabs-ai/nono pull requests 652 and 673,
netblue30/firejail pull request 6387, igo95862/bubblejail issue 123 (all on GitHub).
"""

from __future__ import annotations

import os
from glob import glob

NODES = ("/dev/nvidia[0-9]*", "/dev/nvidiactl", "/dev/nvidia-uvm", "/dev/nvidia-uvm-tools",
         "/dev/nvidia-modeset", "/dev/nvidia-caps/*")
# where the driver's are not among the system's
LIBRARIES = ("/usr/local/nvidia/lib64", "/usr/local/nvidia/lib", "/run/opengl-driver/lib")
MACHINE = ("/sys/module/nvidia*", "/sys/bus/pci/devices", "/sys/devices/pci*",
           "/sys/devices/system")
PROC = ("/proc/driver/nvidia*", "/proc/cpuinfo", "/proc/devices", "/proc/meminfo", "/proc/modules",
        "/proc/self", "/proc/sys/vm")
THREADS = "/proc/self/task"  # the driver gives each of its threads a name there


def nodes() -> tuple[str, ...]:
    """The device nodes of this machine's GPUs; none without a GPU."""
    return _there(NODES) if _there(NODES[:1]) else ()


def readable() -> tuple[str, ...]:
    """What else a sandbox has to show, save /proc."""
    return _there((*LIBRARIES, *MACHINE))


def proc() -> tuple[str, ...]:
    """What it has to show of /proc, where that is not its own."""
    return _there(PROC)


def environment() -> dict[str, str]:
    """What the driver is told. Which GPU it is, CUDA_VISIBLE_DEVICES says, as everywhere."""
    told = {name: os.environ[name] for name in ("CUDA_VISIBLE_DEVICES",) if name in os.environ}
    return {**told, "CUDA_CACHE_DISABLE": "1", "LD_LIBRARY_PATH": ":".join(_there(LIBRARIES))}


def _there(patterns: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(path for pattern in patterns for path in sorted(glob(pattern)))
