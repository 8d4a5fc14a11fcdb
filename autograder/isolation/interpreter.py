"""Where the worker's Python lives: the paths a cage must show, and nothing else of the machine."""

from __future__ import annotations

import os
import sys
import sysconfig
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path

SYSTEM = ("/lib", "/lib64", "/lib32", "/libx32", "/usr/lib", "/usr/lib64", "/usr/lib32", "/usr/libx32")
LINKER = ("/etc/ld.so.cache", "/etc/alternatives")  # where the loader looks up libraries, and Debian's links to its BLAS
PACKAGES = ("numpy", "msgpack", "scipy", "matplotlib", "torch")  # what notebooks import; what else lies beside can be imported, too
ENVIRONMENT = {
    "LC_ALL": "C.UTF-8",
    "PATH": "",  # there is no program to run; torch built for CUDA looks for a compiler, and must not find one it may not run
    "USER": "student",  # torch asks who it is; there is no /etc/passwd to tell
    "TORCHINDUCTOR_CACHE_DIR": "/usr",  # torch makes this folder when an optimizer is made, unless it is there
    "PYTHONHASHSEED": "0",  # sets of strings iterate in the same order at every regrade
    "PYTHONIOENCODING": "utf-8:replace",
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "NUMEXPR_NUM_THREADS": "1",
    "VECLIB_MAXIMUM_THREADS": "1",
    # memory that was given back to the system would have to be taken again, page by page, for every array
    "MALLOC_TRIM_THRESHOLD_": "268435456",
    "MALLOC_MMAP_THRESHOLD_": "33554432",
    "MALLOC_TOP_PAD_": "33554432",
}

CPUS = "/proc/cpuinfo"  # what the processor can do: without it torch turns no float32 into float16


def executable() -> str:
    """The interpreter itself, not a virtual environment's link to it."""
    return os.path.realpath(sys.executable) if sys.platform != "win32" else sys.executable


def package() -> Path:
    """The folder of the `autograder` package. Never its parent: with an editable install solutions/ lies there."""
    return Path(__file__).resolve().parents[1]


@lru_cache
def site() -> tuple[str, ...]:
    """The folders in which the packages of PACKAGES lie; not always one, in a virtual environment that also shows the system's."""
    folders: list[str] = []
    for name in PACKAGES:
        spec = find_spec(name)
        for place in (spec and spec.submodule_search_locations) or ():
            folders.append(str(Path(place).resolve().parent))
    return tuple(dict.fromkeys(folders))


@lru_cache
def readable() -> tuple[str, ...]:
    """Every path outside the package that the worker may read: interpreter, standard library, site-packages, shared libraries."""
    prefixes = [Path(p).resolve() for p in (sys.base_prefix, sys.base_exec_prefix)]
    libraries = [str(p / name) for p in prefixes for name in ("lib", "lib64")]
    standard = [os.path.realpath(sysconfig.get_path(name)) for name in ("stdlib", "platstdlib")]
    paths = [executable(), *libraries, *standard, *site(), *SYSTEM, *LINKER]
    return tuple(p for p in dict.fromkeys(paths) if os.path.exists(p))
