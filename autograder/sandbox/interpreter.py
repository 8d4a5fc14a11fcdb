"""Where the worker's Python lives: the paths a sandbox must show, and nothing else of here."""

from __future__ import annotations

import os
import sys
import sysconfig
from collections.abc import Mapping
from functools import lru_cache
from importlib.util import cache_from_source, find_spec
from pathlib import Path

SYSTEM = ("/lib", "/lib64", "/lib32", "/libx32", "/usr/lib", "/usr/lib64", "/usr/lib32",
          "/usr/libx32")
# where the loader looks up libraries, and Debian's links to its BLAS
LINKER = ("/etc/ld.so.cache", "/etc/alternatives")
# what notebooks import; what else lies beside can be imported, too
PACKAGES = ("numpy", "msgpack", "scipy", "matplotlib", "torch")
ENVIRONMENT = {
    "LC_ALL": "C.UTF-8",
    # there is no program to run; torch built for CUDA looks for a compiler, and must not find one
    # it may not run
    "PATH": "",
    "USER": "student",  # torch asks who it is; there is no /etc/passwd to tell
    # torch makes this folder when an optimizer is made, unless it is there
    "TORCHINDUCTOR_CACHE_DIR": "/usr",
    "PYTHONHASHSEED": "0",  # sets of strings iterate in the same order at every regrade
    "PYTHONIOENCODING": "utf-8:replace",
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "NUMEXPR_NUM_THREADS": "1",
    "VECLIB_MAXIMUM_THREADS": "1",
    # memory that was given back to the system would have to be taken again, page by page, for every
    # array
    "MALLOC_TRIM_THRESHOLD_": "268435456",
    "MALLOC_MMAP_THRESHOLD_": "33554432",
    "MALLOC_TOP_PAD_": "33554432",
}

PROGRAM = "worker/__main__.py"  # of the package: what is started in a sandbox
# of the package: what that program imports, and nothing else
SHOWN = ("worker/*.py", "running/*.py", "model/*.py")
WHERE_LIBRARIES_ARE = "LD_LIBRARY_PATH"
CPUS = "/proc/cpuinfo"  # what the processor can do: without it torch turns no float32 into float16


def executable() -> str:
    """The interpreter itself, not a virtual environment's link to it."""
    return os.path.realpath(sys.executable) if sys.platform != "win32" else sys.executable


def package() -> Path:
    """The `autograder` folder. Never its parent: with an editable install solutions/ is there."""
    return Path(__file__).resolve().parents[1]


@lru_cache
def site() -> tuple[str, ...]:
    """The folders with the packages of PACKAGES; more than one in some virtual environments."""
    folders: list[str] = []
    for name in PACKAGES:
        spec = find_spec(name)
        for place in (spec and spec.submodule_search_locations) or ():
            folders.append(str(Path(place).resolve().parent))
    return tuple(dict.fromkeys(folders))


@lru_cache
def readable() -> tuple[str, ...]:
    """Every path outside the package that the worker may read: Python, its packages and libraries.

    Save what `copies` finds beneath them.
    """
    prefixes = [Path(p).resolve() for p in (sys.base_prefix, sys.base_exec_prefix)]
    lib = [str(p / name) for p in prefixes for name in ("lib", "lib64")]
    standard = [os.path.realpath(sysconfig.get_path(name)) for name in ("stdlib", "platstdlib")]
    paths = [executable(), *lib, *standard, *site(), *libraries(), *SYSTEM, *LINKER]
    return tuple(p for p in dict.fromkeys(paths) if os.path.exists(p))


def environment(more: Mapping[str, str] | None = None) -> dict[str, str]:
    """A worker's whole environment; `more` goes first, and library folders are added up."""
    found = {**ENVIRONMENT, **(more or {})}
    folders = [*filter(None, found.pop(WHERE_LIBRARIES_ARE, "").split(":")), *libraries()]
    return {**found, WHERE_LIBRARIES_ARE: ":".join(folders)} if folders else found


@lru_cache
def libraries() -> tuple[str, ...]:
    """Folders of LD_LIBRARY_PATH this process loaded from: Python may need them to start."""
    named = [p for p in os.environ.get(WHERE_LIBRARIES_ARE, "").split(":") if os.path.isabs(p)]
    used = {os.path.dirname(os.path.realpath(path)) for path in _loaded()}
    return tuple(p for p in dict.fromkeys(named)
                 if os.path.realpath(p) in used and Path(p).resolve() not in package().parents)


def _loaded() -> set[str]:
    """Every file that is mapped into this process."""
    try:
        lines = Path("/proc/self/maps").read_bytes().splitlines()
    except OSError:  # not Linux
        return set()
    return {os.fsdecode(fields[5])
            for fields in (line.split(None, 5) for line in lines) if len(fields) > 5}


# ------------------------------------------------------------------------- what of the kit is there
def kit() -> tuple[str, ...]:
    """The package's files that a worker imports, as paths below it, with compiled forms."""
    folder = package()
    names = [path.relative_to(folder).as_posix() for pattern in SHOWN
             for path in sorted(folder.glob(pattern))]
    compiled = [os.path.relpath(cache_from_source(str(folder / name)), folder) for name in names]
    return (*names, *(name for name in compiled if (folder / name).is_file()))


@lru_cache
def copies() -> tuple[str, ...]:
    """Folders of this package below readable paths: its tests are not for a worker to read."""
    roots = [Path(p) for p in readable() if os.path.isdir(p)]
    patterns = ("autograder", "*-packages/autograder", "*/*-packages/autograder")
    found = [p for root in roots for pattern in patterns for p in root.glob(pattern) if p.is_dir()]
    return tuple(map(
        str, dict.fromkeys([*found, *(package() for root in roots if root in package().parents)])))


def uncovered() -> tuple[list[str], list[str]]:
    """Where nothing can be covered: readable paths without a copy below, and folders to list only.

    A link says nothing of its own: what it leads to is there or is not.
    """
    hidden = {Path(p).resolve() for p in copies()}
    whole: list[str] = []
    listed: list[str] = []
    rest = [Path(p).resolve() for p in readable()]
    while rest:
        path = rest.pop()
        if not any(path == h or path in h.parents for h in hidden):
            whole.append(str(path))
        elif path not in hidden:
            listed.append(str(path))
            rest += [p for p in path.iterdir() if not p.is_symlink()]
    return whole, listed
