"""Functions of unknown manners, run in children: no files, and bounds on memory and time."""

from __future__ import annotations

import contextlib
import io
import os
import random
import sys
import tempfile
from collections.abc import Callable, Sequence
from typing import TypeVar

import numpy as np

from autograder.model import AutograderError
from autograder.sandbox.bounded import Kept, TookTooLong

Job = TypeVar("Job")
Result = TypeVar("Result")

SECONDS = 60  # of CPU time, for one that hangs where nothing else stops it


def each(jobs: Sequence[Job], work: Callable[[Job], Result]) -> list[Result | None]:
    """What `work` returns for each job; None for one that ended its process or ran too long."""

    def done(number: int) -> Result | None:
        _hide(nowhere)
        _seed()
        try:
            return work(jobs[number])
        except (Exception, SystemExit, TookTooLong, KeyboardInterrupt):
            return None

    found: list[Result | None] = []
    with tempfile.TemporaryDirectory() as nowhere, contextlib.closing(Kept(done)) as child:
        for number in range(len(jobs)):
            try:
                found.append(child("a candidate", number, seconds=SECONDS))
            except AutograderError:  # it was the end of the child
                found.append(None)
    return found


def _hide(folder: str) -> None:
    """What is printed is seen by nobody, and a file without content lies in this folder."""
    os.chdir(folder)
    nothing = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nothing, 1)
    os.dup2(nothing, 2)
    os.close(nothing)
    sys.stdin = io.StringIO()  # the descriptor is the child's own


def _seed() -> None:
    """The same result each time for who draws from the global generators."""
    random.seed(0)
    np.random.seed(0)
    if "torch" in sys.modules:
        sys.modules["torch"].manual_seed(0)
