"""How a worker is sandboxed: one backend a file, and the probe that says what is really denied."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from functools import lru_cache

from autograder.model import Broken, CourseError
from autograder.sandbox import gpu
from autograder.sandbox.bubblewrap import Bubblewrap
from autograder.sandbox.landlock import Landlock
from autograder.sandbox.plain import Plain
from autograder.sandbox.probe import probe
from autograder.sandbox.process import ON_CPU, Isolation, Worker

__all__ = ["BACKENDS", "Isolation", "Worker", "choose", "probe", "stays_shut", "warmed", "with_gpu"]

BACKENDS: tuple[Isolation, ...] = (Bubblewrap(), Landlock(), Plain())  # the safest first

MEND = ("To mend this, install what is missing (apt-get install bubblewrap libseccomp2; pip "
        "install pyseccomp) on a Linux of 2023 or later, or grade in a container or WSL2 that has "
        "it. To run student code unprotected all the same, on a machine that holds nothing secret, "
        "say --unsafe-isolation.")
LOADER = "error while loading shared libraries"
LIBRARY = ("To mend this, let Python find its own libraries without help: put the folder that "
           "holds the one named above into a file below /etc/ld.so.conf.d/ and run ldconfig, or "
           "set LD_LIBRARY_PATH to it before you start this.")
WARNING = ("WARNING: student code is NOT sandboxed on this machine. It runs with your own rights "
           "and could {could}. Hidden checks can be read and marks can be forged.")


@lru_cache
def holes(name: str) -> tuple[str, ...]:
    """What one backend's probe found, once per process; one that does not run has one hole."""
    try:
        return tuple(probe(_backend(name)))
    except Broken as error:
        return (f"not be run: {error}",)


def choose(unsafe: bool = False, prefer: str | None = None) -> Isolation:
    """The first (or preferred) backend whose probe finds all denied; else Broken with the mend.

    With `unsafe`, what is found wanting is used all the same: the preferred backend or the plain
    one. Print its `warning()` then.
    """
    candidates = BACKENDS if prefer is None else (_backend(prefer),)
    for backend in candidates:
        if not holes(backend.name):
            return backend
    if unsafe and not any(hole.startswith("not be run") for hole in holes(candidates[-1].name)):
        return candidates[-1]
    findings = "\n".join(f"  {b.name}: student code could {'; '.join(holes(b.name))}"
                         for b in candidates)
    raise Broken("Student code cannot be run safely "
                 f"here.\n{findings}\n{LIBRARY if LOADER in findings else MEND}")


@lru_cache
def stays_shut(name: str) -> bool:
    """Whether all is denied in a child of this backend's fork server, too; once per process."""
    try:
        with _backend(name).warm() as warm:
            return not probe(warm)
    except Broken:
        return False


def warmed(backend: Isolation, wanted: bool = True,
           preload: Sequence[str] = ()) -> AbstractContextManager[Isolation]:
    """The backend with a fork server in it, if wanted and to be had; else the backend."""
    return backend.warm(preload) if wanted else nullcontext(backend)


def with_gpu(backend: Isolation) -> Isolation:
    """The same sandbox with this machine's NVIDIA GPU in it, tried.

    CourseError where there is no GPU or no sandbox, Broken where the GPU cannot be used in there or
    the sandbox does not hold with it.
    """
    if not gpu.nodes():
        raise CourseError(f"This machine shows no NVIDIA GPU (there is no /dev/nvidia0). {ON_CPU}")
    wider = backend.with_gpu()
    try:
        found = probe(wider)
    except Broken as error:
        raise Broken(f"{error} {ON_CPU}") from error
    if found:
        raise Broken(f"With a GPU in the sandbox, student code could {'; '.join(found)}. {ON_CPU}")
    return wider


def warning(backend: Isolation) -> str:
    """What has to be said loudly when this backend is used; empty when it denies everything."""
    found = holes(backend.name)
    return WARNING.format(could="; ".join(found)) if found else ""


def _backend(name: str) -> Isolation:
    for backend in BACKENDS:
        if backend.name == name:
            return backend
    raise Broken(
        f"There is no isolation {name!r}. There are: {', '.join(b.name for b in BACKENDS)}.")
