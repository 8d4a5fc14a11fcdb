"""Where a step stands: which course, assignment and student; and what the course knows of it."""

from __future__ import annotations

import os
import weakref
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from autograder import sandbox
from autograder.sandbox.process import Isolation
from autograder.staff import Staff, load_staff

CHECK = "check_"  # the grade_id of an exercise's check cell: check_<exercise>
_STAFF: weakref.WeakKeyDictionary[Any, dict[str, Any]] = weakref.WeakKeyDictionary()


@dataclass(frozen=True)
class Place:
    """What nbgrader says about the notebook in hand."""

    coursedir: Any  # nbgrader's CourseDirectory
    run: Any  # nbgrader's converter: one object for one command
    slug: str
    notebook: str
    student: str
    db_url: str

    @property
    def root(self) -> Path:
        return Path(self.coursedir.root)

    @property
    def source(self) -> Path:
        return self._folder(self.coursedir.source_directory, ".")

    @property
    def release(self) -> Path:
        return self._folder(self.coursedir.release_directory, ".")

    @property
    def submitted(self) -> Path:
        return self._folder(self.coursedir.submitted_directory, self.student)

    @property
    def autograded(self) -> Path:
        return self._folder(self.coursedir.autograded_directory, self.student)

    @property
    def ours(self) -> bool:
        """Whether the kit grades this assignment."""
        return is_ours(self.coursedir, self.slug)

    def _folder(self, step: str, student: str) -> Path:
        return Path(self.coursedir.format_path(step, student, self.slug))

    def staff(self) -> Staff:
        """The assignment with its key, loaded once a command: a server must see a new key."""
        found: Staff = self.once(self.slug, lambda: load_staff(self.root, self.slug))
        return found

    def isolation(self) -> Isolation:
        """How student code is locked in on this machine; kept warm for the time of one command."""
        found: Isolation = self.once(f"{self.slug}, its sandbox", self._warmed)
        return found

    def _warmed(self) -> Isolation:
        # an environment variable, because stock nbgrader commands have no option of ours
        plain = sandbox.choose(os.environ.get("AUTOGRADER_UNSAFE_ISOLATION") == "1")
        stack = ExitStack()
        weakref.finalize(self.run, stack.close)
        return stack.enter_context(sandbox.warmed(plain, sandbox.stays_shut(plain.name),
                                                  self.staff().assignment.preload))

    def once(self, name: str, make: Callable[[], Any]) -> Any:
        """What `make` returns, made once a command."""
        known = _STAFF.setdefault(self.run, {})
        if name not in known:
            known[name] = make()
        return known[name]

    def once_for_this_student(self, name: str, make: Callable[[], Any]) -> Any:
        """What `make` returns, made once for this hand-in, until the next student's turn."""
        known = _STAFF.setdefault(self.run, {})
        if known.get(name, ("",))[0] != self.student:
            known[name] = self.student, make()
        return known[name][1]


def is_ours(coursedir: Any, slug: str) -> bool:
    """Whether the kit grades an assignment: where no checks.py lies beside it, nbgrader does."""
    return Path(coursedir.format_path(coursedir.source_directory, ".", slug), "checks.py").is_file()


def place_of(exporter: Any, resources: Mapping[str, Any]) -> Place:
    """The place of an exporter (a preprocessor's `parent`), whose own parent is the converter."""
    run, told = exporter.parent, resources["nbgrader"]
    return Place(run.coursedir, run, told["assignment"], told["notebook"], told["student"],
                 told["db_url"])
