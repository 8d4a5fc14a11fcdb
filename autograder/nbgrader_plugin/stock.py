"""`nbgrader autograde` looks at folders before any step of ours: here it is given our eyes.

Left alone it passes over a student whose folder it may not look into, waits for a pipe called
timestamp.txt, copies what a link leads to, and ends for everybody at a name with a line break.
Nothing but its one converter is touched, and only for the time of one command.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from fnmatch import fnmatch
from pathlib import Path
from typing import Any
from unittest import mock

from nbgrader.converters import base  # type: ignore[import-untyped]

from autograder.model import SubmissionError
from autograder.nbgrader_plugin import marks
from autograder.nbgrader_plugin.context import Place
from autograder.nbgrader_plugin.submitted import STAMP, excluded, folders, look, misnamed, shown

CARRIED = (STAMP,)  # what is copied from a hand-in beside its notebook


class Entrance:
    """Stands before nbgrader's converter: who comes in, and what is brought."""

    def __init__(self, run: Any) -> None:
        self.run, self.slug = run, run.coursedir.assignment_id
        self.refused: dict[str, str] = {}  # who cannot come in at all, and why
        self._destination: Callable[..., bool] = run.init_destination
        self._assignment: Callable[..., None] = run.init_assignment
        for student, folder in folders(run.coursedir, self.slug):
            if fnmatch(student, run.coursedir.student_id):
                self._announce(student, folder)
        run.init_destination, run.init_assignment = self.destination, self.assignment

    def _announce(self, student: str, folder: Path) -> None:
        """Put on nbgrader's list whom it would pass over, and under a name that it can bear."""
        if reason := misnamed(student):
            self.run.assignments.pop(str(folder), None)
            self.refused[shown(student)] = reason
            folder = Path(self.run._format_source(self.slug, shown(student)))
        elif any(c in student for c in "[]*?"):
            return  # its own commands find no such folder, and `autograder grade` says so
        if str(folder) not in self.run.assignments:
            self.run.assignments[str(folder)] = [str(folder / f"{self.slug}.ipynb")]

    def destination(self, slug: str, student: str) -> bool:
        """Whether to grade this hand-in. A SubmissionError ends this student's turn alone."""
        if student in excluded(self.run.coursedir):
            return False
        folder = Path(self.run.coursedir.format_path(self.run.coursedir.submitted_directory,
                                                     student, slug))
        try:
            if student in self.refused:
                raise SubmissionError(self.refused[student])
            look(folder, slug)
        except SubmissionError as error:
            self._refuse(slug, student, str(error))
        return self._destination(slug, student)

    def _refuse(self, slug: str, student: str, reason: str) -> None:
        self.run.log.error("Hand-in of %s cannot be read: %s", student, reason)
        if student not in self.refused:
            db_url = self.run.coursedir.db_url
            # no earlier mark may stand for this one
            marks.forget(Place(self.run.coursedir, self.run, slug, slug, student, db_url))
        raise SubmissionError(f"{student}: {reason}")

    def assignment(self, slug: str, student: str) -> None:
        """Copy what is carried, and nothing that a link or a name could smuggle in."""
        submitted = self.run.coursedir.format_path(self.run.coursedir.submitted_directory,
                                                   student, slug)
        stock = base.find_all_files

        def carried(path: str, exclude: list[str] | None = None) -> list[str]:
            if path != submitted:
                found: list[str] = stock(path, exclude)
                return found
            return [place for name in CARRIED if os.path.isfile(place := os.path.join(path, name))]

        with mock.patch.object(base, "find_all_files", carried):
            self._assignment(slug, student)
