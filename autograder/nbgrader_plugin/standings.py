"""The gradebook read at once: where everybody stands in an assignment. Nothing is written."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from nbgrader.api import MissingEntry, SubmittedAssignment, SubmittedNotebook  # type: ignore[import-untyped]
from sqlalchemy.exc import DatabaseError
from sqlalchemy.orm import selectinload

from autograder.model import CourseError
from autograder.nbgrader_config import shown
from autograder.nbgrader_plugin import settings
from autograder.nbgrader_plugin.export import cells, status, title
from autograder.nbgrader_plugin.gradebook import opened
from autograder.report.standing import MISSING, Mark, Standing


class NothingGraded(CourseError):
    """The gradebook has nothing of the assignment: an error where one was asked for, and nothing to tell where all are."""


def standings(root: Path, slug: str) -> list[Standing]:
    """Everybody in the gradebook, by id; CourseError when the assignment or the gradebook is not there."""
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
        raise CourseError(f"The gradebook {shown(coursedir.db_url)} cannot be read ({error.orig}). Close what else uses it.") from error


def _of(book: Any, slug: str) -> Iterator[Standing]:
    assignment = book.find_assignment(slug)
    order = [name for notebook in assignment.notebooks for name in cells(notebook)]
    deep = selectinload(SubmittedAssignment.notebooks)
    everything = (deep.selectinload(SubmittedNotebook.grades), deep.selectinload(SubmittedNotebook.comments))
    query = book.db.query(SubmittedAssignment).filter_by(assignment_id=assignment.id).options(*everything)
    found = {s.student_id: s for s in query}
    maxima = {cell.name: float(cell.max_score) for n in assignment.notebooks for cell in (*n.grade_cells, *n.task_cells)}
    for student in sorted(book.students, key=lambda s: s.id):
        name = " ".join(filter(None, (student.first_name, student.last_name)))
        if student.id not in found:
            yield Standing(student.id, sum(maxima.values()), name, MISSING)
        else:
            yield _standing(found[student.id], name, order, maxima)


def _standing(submission: Any, name: str, order: list[str], maxima: dict[str, float]) -> Standing:
    grades = {g.name: g for notebook in submission.notebooks for g in notebook.grades}
    said = {c.name: c.manual_comment for n in submission.notebooks for c in n.comments if c.manual_comment}
    here = [cell for cell in order if cell in grades]
    marks = {title(cell): _mark(grades[cell], maxima[cell], said.get(title(cell)) or said.get(cell) or "") for cell in here}
    penalty = sum(n.late_submission_penalty or 0.0 for n in submission.notebooks)
    late = float(submission.total_seconds_late)
    told = status(list(grades.values()))
    return Standing(submission.student_id, sum(maxima.values()), name, told, marks, penalty, submission.timestamp, late)


def _mark(grade: Any, maximum: float, said: str) -> Mark:
    points = grade.auto_score if grade.manual_score is None else grade.manual_score
    points = None if points is None else float(points) + float(grade.extra_credit or 0.0)
    by_hand = grade.manual_score is not None or bool(grade.extra_credit)
    return Mark(points, maximum, by_hand, bool(grade.needs_manual_grade), said, grade.auto_score)
