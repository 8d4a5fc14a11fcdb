"""The gradebook read at once: where everybody stands, and `nbgrader export` by exercise."""

from __future__ import annotations

import csv
from collections.abc import Collection, Iterable, Iterator
from pathlib import Path
from typing import Any

from nbgrader.api import MissingEntry, SubmittedAssignment, SubmittedNotebook  # type: ignore[import-untyped]
from nbgrader.plugins import ExportPlugin  # type: ignore[import-untyped]
from sqlalchemy.exc import DatabaseError
from sqlalchemy.orm import selectinload

from autograder.model import CourseError
from autograder.nbgrader_config import shown
from autograder.nbgrader_plugin import settings
from autograder.nbgrader_plugin.books import opened
from autograder.nbgrader_plugin.context import CHECK
from autograder.nbgrader_plugin.submitted import digest
from autograder.report.standing import GRADED, MISSING, NOT_GRADED, REVIEW, Mark, Standing

STOCK = [  # nbgrader's own columns, in its order: scripts that read them go on working
    "assignment",
    "duedate",
    "timestamp",
    "student_id",
    "last_name",
    "first_name",
    "email",
    "raw_score",
    "late_submission_penalty",
    "score",
    "max_score",
]


class NothingGraded(CourseError):
    """The gradebook has nothing of the assignment: an error if it was asked for by name."""


def standings(root: Path, slug: str) -> list[Standing]:
    """Everybody in the gradebook, by id; CourseError when it or the assignment is not there."""
    coursedir, _ = settings.collecting(root, slug)
    first = f"{slug} is not in the gradebook yet. Grade it first: autograder grade {slug}."
    file = coursedir.db_url.removeprefix("sqlite:///")
    if file != coursedir.db_url and not Path(file).is_file():  # opening it would make one
        raise NothingGraded(first)
    try:
        with opened(coursedir) as book:
            return list(_of(book, slug))
    except MissingEntry:
        raise NothingGraded(first) from None
    except DatabaseError as error:
        raise CourseError(f"The gradebook {shown(coursedir.db_url)} cannot be read ({error.orig}). "
                          "Close what else uses it.") from error


def _of(book: Any, slug: str) -> Iterator[Standing]:
    assignment = book.find_assignment(slug)
    order = [name for notebook in assignment.notebooks for name in _cells(notebook)]
    deep = selectinload(SubmittedAssignment.notebooks)
    everything = (deep.selectinload(SubmittedNotebook.grades),
                  deep.selectinload(SubmittedNotebook.comments))
    query = book.db.query(SubmittedAssignment).filter_by(assignment_id=assignment.id).options(
        *everything)
    found = {s.student_id: s for s in query}
    maxima = {cell.name: float(cell.max_score) for n in assignment.notebooks
              for cell in (*n.grade_cells, *n.task_cells)}
    for student in sorted(book.students, key=lambda s: s.id):
        name = " ".join(filter(None, (student.first_name, student.last_name)))
        if student.id not in found:
            yield Standing(student.id, sum(maxima.values()), name, MISSING)
        else:
            yield _standing(found[student.id], name, order, maxima)


def _standing(submission: Any, name: str, order: list[str], maxima: dict[str, float]) -> Standing:
    grades = {g.name: g for notebook in submission.notebooks for g in notebook.grades}
    here = [cell for cell in order if cell in grades]
    marks = {title(cell): _mark(grades[cell], maxima[cell]) for cell in here}
    penalty = sum(n.late_submission_penalty or 0.0 for n in submission.notebooks)
    late = float(submission.total_seconds_late)
    told = _status(grades.values())
    flagged = any(n.flagged for n in submission.notebooks)
    said_so = "".join(map(word, submission.notebooks))
    return Standing(submission.student_id, sum(maxima.values()), name, told, marks, penalty,
                    submission.timestamp, late, flagged, said_so)


def word(notebook: Any) -> str:
    """One word for all that the gradebook says of a hand-in: points, penalty, comments."""
    points = sorted((g.name, g.auto_score, g.manual_score, g.extra_credit or 0.0)
                    for g in notebook.grades)
    comments = sorted((c.name, c.auto_comment, c.manual_comment) for c in notebook.comments)
    return digest(repr((points, comments, notebook.late_submission_penalty or 0.0)).encode())


def _mark(grade: Any, maximum: float) -> Mark:
    points = grade.auto_score if grade.manual_score is None else grade.manual_score
    points = None if points is None else float(points) + float(grade.extra_credit or 0.0)
    by_hand = grade.manual_score is not None or bool(grade.extra_credit)
    return Mark(points, maximum, by_hand, bool(grade.needs_manual_grade), grade.auto_score)


# ------------------------------------------------------------------------------------- as one table
class QuestionCsv(ExportPlugin):  # type: ignore[misc]
    """One row per student and assignment: nbgrader's columns, `status`, points by exercise.

    Status is "graded", "needs review" (a human should look, for instance at an exercise that could
    not be run here), "not graded" (handed in, but unreadable, or the grading failed) or "missing"
    (nothing handed in). The last two have no score, which is not a score of 0.
    """

    def export(self, gradebook: Any) -> None:
        """Write grades.csv, or the file given with --to."""
        dest = self.to or "grades.csv"
        self.log.info("Exporting grades to %s", dest)
        with open(dest, "w", encoding="utf-8", newline="") as file:
            write(gradebook, file, [str(s) for s in self.student],
                  [str(a) for a in self.assignment])


def write(gradebook: Any, file: Any, students: Iterable[str] = (),
          assignments: Iterable[str] = ()) -> None:
    """Write the rows of these students and assignments (of all, where none are named)."""
    students, assignments = set(students), set(assignments)
    chosen = [a for a in gradebook.assignments if not assignments or a.name in assignments]
    exercises = list(dict.fromkeys(name for a in chosen for n in a.notebooks
                                   for name in map(title, _cells(n))))
    out = csv.DictWriter(file, [*STOCK, "status", *exercises], restval="")
    out.writeheader()
    for assignment in chosen:
        found = {one.student: one for one in _of(gradebook, assignment.name)}
        for student in gradebook.students:
            if not students or student.id in students:
                told = _row(assignment, student, found[student.id])
                out.writerow({key: _safe(value) for key, value in told.items()})


def _cells(notebook: Any) -> list[str]:
    """The cells with points, as they stand in the notebook."""
    order = [cell.name for cell in notebook.source_cells]  # grade_cells come in any order
    return sorted((c.name for c in (*notebook.grade_cells, *notebook.task_cells)), key=order.index)


def _row(assignment: Any, student: Any, one: Standing) -> dict[str, Any]:
    told: dict[str, Any] = {
        "assignment": assignment.name,
        "duedate": assignment.duedate,
        "timestamp": one.handed_in,
        "student_id": student.id,
        "last_name": student.last_name,
        "first_name": student.first_name,
        "email": student.email,
        "max_score": one.maximum,
        "status": one.status,
    }
    if one.score is None:
        return told
    scores = {"raw_score": one.raw, "late_submission_penalty": one.penalty, "score": one.score}
    return told | scores | {name: mark.points for name, mark in one.marks.items()}


def _status(grades: Collection[Any]) -> str:
    """How far the grades of one hand-in are."""
    open_ = [g for g in grades if g.auto_score is None and g.manual_score is None]
    if len(open_) == len(grades):
        return NOT_GRADED
    return REVIEW if open_ or any(g.needs_manual_grade for g in grades) else GRADED


def title(grade_id: str) -> str:
    """The exercise that a check cell belongs to, or the name of the cell."""
    return str(grade_id).removeprefix(CHECK)


def _safe(value: Any) -> Any:
    """A text that a spreadsheet would run as a formula (=HYPERLINK(...)) gets an apostrophe."""
    if value is None:
        return ""
    if isinstance(value, str) and value.lstrip()[:1] in ("=", "+", "-", "@", "\t", "\r"):
        return "'" + value
    return value
