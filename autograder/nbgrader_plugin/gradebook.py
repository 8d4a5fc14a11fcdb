"""The one writer of a class: it leaves what `nbgrader autograde` leaves, at a fraction of the cost.

The gradebook is opened once, through nbgrader's own API, and the hand-ins of a batch are written in
one transaction. A notebook is written beside its place and renamed, before that transaction ends:
whatever moment the power goes, there is no half of anything, and what was not reported as done is
done again.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nbgrader.api import (  # type: ignore[import-untyped]
    BaseCell,
    Grade,
    InvalidEntry,
    MissingEntry,
    Student,
    SubmittedAssignment,
    SubmittedNotebook,
)
from sqlalchemy import or_
from sqlalchemy.exc import IntegrityError, OperationalError
from sqlalchemy.orm import selectinload

from autograder.folders import put
from autograder.model import Broken, CourseError, SubmissionError
from autograder.nbgrader_plugin import settings
from autograder.nbgrader_plugin.books import OutrunError, opened, unlogged, unwritten
from autograder.nbgrader_plugin.context import CHECK
from autograder.nbgrader_plugin.grade_step import Frame
from autograder.nbgrader_plugin.marks import Marks, clear, enter
from autograder.nbgrader_plugin.repair import released_cells
from autograder.nbgrader_plugin.sanitize import course_words
from autograder.nbgrader_plugin.submitted import (
    SECRET, STAMP, excluded, folders, meant, small, when)
from autograder.report.words import number

TRIES = 5  # to write a handful, while another grader writes the same students


@dataclass(frozen=True)
class Entry:
    """What to write about a hand-in; without a page it was not graded, and old marks go."""

    student: str
    page: str = ""
    marks: Marks | None = None
    stamp: bytes = b""  # what timestamp.txt says
    secret: bytes = b""  # by which the exchange names the feedback


class Register(AbstractContextManager["Register"]):
    """The gradebook, submitted/ and autograded/ of one assignment; a context manager."""

    def __init__(self, root: Path, slug: str) -> None:
        self.slug = slug
        self.converter = settings.converter(root, slug)
        self.coursedir = self.converter.coursedir
        self._late = settings.late_penalties(self.converter)
        # changes in it are written by `settle` and `settle_one`
        self.book = opened(self.coursedir)
        self._session = self.book.db()
        self._session.expire_on_commit = False
        # the API's functions commit one by one; here a batch is one transaction
        self.book.db.commit = self.book.db.flush
        try:
            self._notebook = self.book.find_notebook(slug, slug)
        except MissingEntry:
            self.book.close()
            # with --force, because assignments/ is there from the start, and nbgrader then does
            # nothing without
            mend = (f"Run `nbgrader generate_assignment {slug} --force` once: it enters the "
                    "assignment and its points.")
            raise CourseError(f"{slug} is not in the gradebook yet. {mend}") from None
        # held, so that no grade has to ask the gradebook for its name
        self._cells = [*self._notebook.grade_cells, *self._notebook.solution_cells,
                       *self._notebook.task_cells]

    def frame(self) -> Frame:
        """What all graded notebooks have in common."""
        source = Path(self.coursedir.format_path(self.coursedir.source_directory, ".", self.slug))
        return Frame(released_cells(self.book, self.slug, self.slug),
                     course_words(source, self.slug))

    def students(self, chosen: Sequence[str] = ()) -> Iterator[tuple[str, Path]]:
        """Students who may have handed in, with the folder for it, in nbgrader's order."""
        out = excluded(self.coursedir)
        for student, path in folders(self.coursedir, self.slug):
            if student not in out and (not chosen or student in chosen):
                yield student, path

    def nobody(self, student: str) -> CourseError:
        """What is said of a student without a folder: nothing came, or another one is meant."""
        called = {s.id: " ".join(filter(None, (s.first_name, s.last_name)))
                  for s in self.book.students}
        if student in called:
            return CourseError(f"{student} has handed in nothing for {self.slug}: nothing of "
                               "theirs is in submitted/.")
        known = called | {s: called.get(s, "") for s, _ in self.students()}
        return CourseError(f"Nobody here is called {student!r}. {meant(student, known)}")

    def scores(self) -> dict[str, dict[str, float | None]]:
        """Student -> check cell -> automatic score, as the gradebook has them now."""
        query = self._session.query(SubmittedAssignment.student_id, BaseCell.name, Grade.auto_score)
        query = query.join(SubmittedAssignment.notebooks).join(SubmittedNotebook.grades).join(
            BaseCell, BaseCell.id == Grade.cell_id)
        found: dict[str, dict[str, float | None]] = {}
        for student, name, score in query.filter(SubmittedAssignment.assignment_id
                                                 == self._notebook.assignment_id):
            found.setdefault(student, {})[name] = score
        return found

    def _submissions(self) -> Any:
        return self._session.query(SubmittedAssignment).filter_by(
            assignment_id=self._notebook.assignment_id)

    @property
    def manifest(self) -> Path:
        """Where the list of collected hand-ins lies, if any were collected from archives."""
        return settings.downloaded(self.converter.parent, self.slug) / settings.MANIFEST

    def page_of(self, student: str) -> Path:
        """Where the graded notebook of a student lies."""
        return self._folder(student) / f"{self.slug}.ipynb"

    def _folder(self, student: str) -> Path:
        return Path(self.coursedir.format_path(self.coursedir.autograded_directory,
                                               student, self.slug))

    # -------------------------------------------------------------------------------------- writing
    def write(self, entries: Sequence[Entry]) -> None:
        """Write these hand-ins: they are in gradebook and on disk at the end. Else Broken."""
        try:
            for again in range(TRIES, 0, -1):
                try:
                    return self._write_together(entries)
                except OutrunError:
                    if again == 1:
                        raise
        except OSError as error:
            mend = ("Make room, or see that you may write there; then run the command again, "
                    "it goes on.")
            place = error.filename or self.coursedir.autograded_directory
            raise Broken(
                f"{place} cannot be written ({error.strerror or error}). {mend}") from error

    def _write_together(self, entries: Sequence[Entry]) -> None:
        with self._all_or_nothing():
            known = self._known([e.student for e in entries])
            for entry in entries:
                self._write(entry, known)

    @contextmanager
    def _all_or_nothing(self) -> Iterator[None]:
        """What is done within is in the gradebook at the end, all or nothing; else Broken."""
        try:
            with unlogged():
                yield
                self._session.commit()
        except (OperationalError, IntegrityError, InvalidEntry) as error:
            # nbgrader's API wraps the first two in one of its own
            found = error.__context__ if isinstance(error, InvalidEntry) else error
            if isinstance(found, (OperationalError, IntegrityError)):
                raise unwritten(found) from error
            raise
        finally:
            self._session.rollback()  # of what was not committed; nothing otherwise

    def settle(self, students: Collection[str]) -> list[str]:
        """Late penalties anew where marks stand, as due dates and marks move; who has another."""
        query = self._submissions().join(SubmittedNotebook)
        due, had = self._notebook.assignment.duedate, SubmittedNotebook.late_submission_penalty > 0
        changed = []
        with self._all_or_nothing():
            for submission in query.filter(had if due is None
                                           else or_(SubmittedAssignment.timestamp > due, had)):
                if submission.student_id in students:
                    before, after = self._penalized(submission)
                    changed += [f"{submission.student_id} ({number(before)} -> "
                                f"{number(after)})"] * (before != after)
        return sorted(changed)

    def unsettled(self) -> dict[str, str]:
        """Whose late penalty would be another if graded now, and what changes; writes nothing."""
        handed_in, found = dict(self.students()), dict[str, str]()
        try:
            for submission in self._submissions().options(
                    selectinload(SubmittedAssignment.notebooks)):
                student = submission.student_id
                if student in handed_in:
                    with suppress(SubmissionError, ValueError):  # told when it is graded
                        submission.timestamp = when(small(handed_in[student] / STAMP))
                before, after = self._penalized(submission)
                if before != after:
                    then = f"{number(after)} once `autograder grade` ran again: do that first"
                    found[student] = f"has a late penalty of {number(before)}, and {then}"
        except OperationalError as error:
            raise unwritten(error) from error
        finally:
            self._session.rollback()
        return found

    def settle_one(self, student: str) -> None:
        """Write what was changed by hand, with the late penalty of it. Broken when it cannot be."""
        with self._all_or_nothing():
            submission = self.book.find_submission(self.slug, student)
            self._penalize(submission, submission.notebooks[0])

    def _known(self, students: Sequence[str]) -> dict[str, Any]:
        """The entries of these students as they are now: a human may have changed some."""
        notebooks = selectinload(SubmittedAssignment.notebooks)
        everything = (notebooks.selectinload(SubmittedNotebook.grades),
                      notebooks.selectinload(SubmittedNotebook.comments))
        query = self._submissions().filter(SubmittedAssignment.student_id.in_(students)).options(
            *everything).populate_existing()
        return {s.student_id: s for s in query}

    def _write(self, entry: Entry, known: Mapping[str, Any]) -> None:
        submission = self._submission(entry, known.get(entry.student))
        (found,) = submission.notebooks
        if entry.marks is None:
            clear(found)
            shutil.rmtree(self._folder(entry.student), ignore_errors=True)
        else:
            enter(found, entry.marks, self._as_before(found, entry, entry.marks))
            self._put(entry)
        # also of points that a human gave for what cannot be read
        self._penalize(submission, found)

    def _as_before(self, found: Any, entry: Entry, marks: Marks) -> set[str]:
        """Of a human's cells, those that are answered and judged as in the page there is."""
        path = self.page_of(entry.student)
        given = {g.name: g.auto_score for g in found.grades if g.manual_score is not None}
        before = _answers(path) if given and path.is_file() else {}
        now = _answers(entry.page) if before else {}
        cells = {name: name.removeprefix(CHECK)
                 for name, auto in given.items() if auto == marks.scores.get(name)}
        return {name for name, cell in cells.items()
                if cell in now and before.get(cell) == now[cell]}

    def _submission(self, entry: Entry, known: Any) -> Any:
        """The submitted assignment with the time of this hand-in, made when there is none."""
        time = when(entry.stamp)
        if known is None:
            if self._session.get(Student, entry.student) is None:
                self.book.add_student(entry.student)
            with self._session.no_autoflush:  # else SQLAlchemy warns of the half-made objects
                return self.book.add_submission(self.slug, entry.student,
                                                 **({"timestamp": time} if time else {}))
        # nbgrader keeps that of an earlier hand-in, and its penalty, where the file is gone
        known.timestamp = time
        return known

    def _penalized(self, submission: Any) -> tuple[float, float]:
        """The late penalty that was there, and the one that is there now."""
        (found,) = submission.notebooks
        before = found.late_submission_penalty or 0.0
        self._penalize(submission, found)
        return before, found.late_submission_penalty or 0.0

    def _penalize(self, submission: Any, found: Any) -> None:
        """What AssignLatePenalties does, with the plugin that the course has chosen."""
        found.late_submission_penalty = None
        late = submission.total_seconds_late
        if late > 0:
            self._session.flush()
            self._session.refresh(found, ["score"])
            penalty = self._late.plugin_inst.late_submission_penalty(submission.student_id,
                                                                     found.score, late)
            found.late_submission_penalty = (None if penalty is None
                                             else self._late._check_late_penalty(found, penalty))

    def _put(self, entry: Entry) -> None:
        """The page in its place, time and secret beside it, and nothing else."""
        folder = self._folder(entry.student)
        folder.mkdir(parents=True, exist_ok=True)
        beside = {STAMP: entry.stamp, SECRET: entry.secret}
        wanted = ({f"{self.slug}.ipynb": entry.page.encode()}
                  | {name: content for name, content in beside.items() if content})
        for name, content in wanted.items():
            put(folder / name, content)
        for path in folder.iterdir():
            if path.name not in wanted:
                shutil.rmtree(path) if path.is_dir() and not path.is_symlink() else path.unlink()
        self.converter.set_permissions(self.slug, entry.student)

    def __exit__(self, *error: object) -> None:
        self.book.close()


def _answers(page: Path | str) -> dict[str, Any]:
    """Cell -> what is written in it, of a graded notebook; none of a damaged one."""
    try:
        cells = json.loads(page if isinstance(page, str)
                           else page.read_text(encoding="utf-8"))["cells"]
        return {c["metadata"].get("nbgrader", {}).get("grade_id"):
                (c["source"], c.get("attachments")) for c in cells}
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return {}
