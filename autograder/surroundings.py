"""What the kit needs of machine and Python: had another way where lacking, or named."""

from __future__ import annotations

import importlib
import multiprocessing
import multiprocessing.util
import os
import sys
import tempfile
from importlib import metadata

from autograder.model import CourseError

# what Linux allows for the path of a socket, less what multiprocessing appends
LONGEST = 107 - len("/pymp-xxxxxxxx/listener-xxxxxxxx")
SHORT = ("/tmp", "/var/tmp", "/dev/shm")  # only a folder of one's own is made there
OPTIMIZED = (
    "Python was started with -O or PYTHONOPTIMIZE, and so without the sentences of the checks and "
    "the asserts of the answers. Unset PYTHONOPTIMIZE (or leave out -O) and run this again.")
# on the public index that is a stranger's; the course is dropout-autograder
NAMESAKE = "autograder"
LIBRARIES = ("OMP", "OPENBLAS", "MKL")
NO_SEMAPHORES = "several jobs need a /dev/shm that can be written to"


def one_thread() -> None:
    """One thread for each of NumPy's libraries, unless the user wants more; before NumPy."""
    for library in LIBRARIES:
        os.environ.setdefault(f"{library}_NUM_THREADS", "1")


def demand_sentences() -> None:
    """CourseError where docstrings and asserts were dropped: sentences and answers need them."""
    if sys.flags.optimize:
        raise CourseError(OPTIMIZED)


def stranger() -> str:
    """A sentence about a stranger installed under our import name, perhaps over it; or ""."""
    try:
        metadata.distribution(NAMESAKE)
    except metadata.PackageNotFoundError:
        return ""
    return (f"Another package is called {NAMESAKE}, too, and is installed here. Say pip uninstall "
            f"{NAMESAKE}, then install the course anew.")


def short_sockets() -> None:
    """See that multiprocessing can make its sockets: a long TMPDIR gives too long paths."""
    folder = tempfile.gettempdir()
    if len(os.fsencode(folder)) <= LONGEST:
        return
    short = next((path for path in SHORT if os.access(path, os.W_OK | os.X_OK)), None)
    if short is None:
        raise CourseError(f"TMPDIR ({folder}) is too long for a socket. Set it to a shorter one, "
                          "as in TMPDIR=/tmp, or say --jobs 1.")
    tempfile.tempdir = short
    try:
        # a folder of this process's own, remembered there and taken away in the end
        multiprocessing.util.get_temp_dir()
    finally:
        tempfile.tempdir = folder


def semaphores() -> bool:
    """Whether this machine has what a pool of processes needs to take turns."""
    try:
        multiprocessing.Lock()
    except (OSError, ImportError):
        return False
    return True


def import_jsonschema_quickly() -> None:
    """Import jsonschema, as nbformat will, without its grammar of international web addresses.

    Compiling that grammar takes more than half of the time that importing nbgrader takes, and no
    notebook's schema asks for it.
    """
    grammar = "rfc3987_syntax"
    if grammar in sys.modules or "jsonschema" in sys.modules:
        return
    sys.modules[grammar] = None  # type: ignore[assignment]  # Python's way to say: not to be had
    try:
        importlib.import_module("jsonschema")
    finally:
        del sys.modules[grammar]
