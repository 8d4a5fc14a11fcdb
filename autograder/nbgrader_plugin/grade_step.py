"""Where nbgrader would start a kernel: the student's code answers sandboxed, the verdict enters."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import nbformat
from nbformat.v4 import writes_json
from nbformat.v4.rwbase import split_lines

from autograder.grade import grade
from autograder.model import (
    Broken, CourseError, ExerciseResult, Outcome, Report, Submission, SubmissionError)
from autograder.nbgrader_plugin.context import CHECK, Place
from autograder.nbgrader_plugin.elsewhere import RUNNING, Step
from autograder.nbgrader_plugin.handin import from_parsed, handed_in
from autograder.nbgrader_plugin.marks import Marks, marks
from autograder.nbgrader_plugin.repair import Released, repaired
from autograder.nbgrader_plugin.sanitize import harmless
from autograder.report import html, learn, text

MAX_HTML = 200_000  # characters; a report of some ten checks has about 5 000
MAX_TEXT = 20_000


class GradeOutside(Step):
    """Put the verdict below each check cell, in the form from which nbgrader reads a score.

    It is no subclass of Execute, whose settings (`--no-execute` among them) would let a student's
    saved outputs count. What is graded was read from the submitted file itself, so that this
    verdict and that of `autograder grade` cannot differ.
    """

    instead_of = RUNNING

    def take(self, nb: Any, resources: Any, place: Place) -> None:
        _, submission, _ = handed_in(place)
        report = sound(grade(submission, place.staff(), place.isolation()))
        put_verdicts(nb.cells, report)
        resources["autograder"] = report
        for where, what in report.stopped:
            self.log.warning("%s, worth a look: %s: %s", place.student, where, what)
        self.log.info("%s: %s of %s points", place.student, report.points, report.max_points)


def sound(report: Report) -> Report:
    """The report, if it is about the student; what is about us is raised, and gives no mark."""
    if report.status == "unreadable":
        raise SubmissionError(report.error)
    broken = [v for v in report.verdicts() if v.outcome is Outcome.BROKEN]
    if report.status != "graded" or broken:
        reason = report.error or f"{broken[0].exercise}: {broken[0].got}"
        raise Broken(f"The grader failed, not the student; no mark was given. {reason}")
    return report


def put_verdicts(cells: Iterable[Any], report: Report) -> None:
    """Leave below each code cell what the report says of it, and nothing else."""
    for cell in cells:
        if cell.cell_type == "code":
            cell.execution_count = None
            cell.outputs = outputs(cell.metadata.get("nbgrader", {}), report)


def outputs(nbgrader: Any, report: Report) -> list[Any]:
    """What stands below a code cell: nothing, or for a check cell the report and the score."""
    if not nbgrader.get("grade") or nbgrader.get("solution"):
        return []
    name = nbgrader["grade_id"].removeprefix(CHECK)
    try:
        result = report.result(name)
    except KeyError:
        raise CourseError(f"The gradebook has the exercise {name}, and checks.py has not. "
                          f"{anew(report.assignment)}") from None
    return list(_outputs(result, nbgrader["points"]))


def anew(slug: str) -> str:
    """The mend where solutions/ and gradebook differ in exercises, which nbgrader never changes."""
    return ("If that was a slip, mend it. If not, the gradebook takes other exercises only for an "
            "assignment made anew: keep a copy of gradebook.db, run `nbgrader db assignment "
            f"remove {slug} --force` (due date, marks and words given by hand are lost), then "
            f"`nbgrader generate_assignment {slug} --force`, and grade again.")


def points_differ(exercise: str, here: float, there: float, slug: str = "hwN_name") -> str:
    """What is said, with the mend, where solutions/ and gradebook give other points."""
    mend = f"Run `nbgrader generate_assignment {slug} --force` and grade again."
    return (f"{exercise} is worth {here:g} points in solutions/, but {there:g} in the "
            f"gradebook. {mend}")


def _outputs(result: ExerciseResult, max_points: float) -> Iterator[Any]:
    plain = text.exercise_text(result, staff=True)
    shown = {"text/plain": plain if len(plain) <= MAX_TEXT
             else plain[:MAX_TEXT] + "\n... (shortened)"}
    page = html.exercise_html(result, staff=True)
    if len(page) <= MAX_HTML:  # half a page could leave a tag open
        shown["text/html"] = page
    told = {"autograder": learn.of_result(result)}
    yield nbformat.from_dict({"output_type": "display_data", "metadata": told, "data": shown})  # type: ignore[no-untyped-call]
    score: dict[str, Any] = {"output_type": "execute_result", "metadata": {},
                             "execution_count": None}
    score["data"] = {"text/plain": repr(score_of(result, max_points))}
    yield nbformat.from_dict(score)  # type: ignore[no-untyped-call]


def score_of(result: ExerciseResult, max_points: float) -> float:
    """A finite number from 0 to the maximum: nbgrader gives full marks for anything else.

    What could not be judged here costs nothing: it counts in full, and SaveKitGrades marks it for a
    look by a human.
    """
    if abs(result.max_points - max_points) > 1e-9:
        raise CourseError(points_differ(result.name, result.max_points, max_points))
    points = float(max_points if result.not_run else result.points)
    return min(max(points, 0.0), float(max_points)) if math.isfinite(points) else 0.0


# ------------------------------------------------------------------------------ all steps in one go
@dataclass(frozen=True)
class Frame:
    """What all the graded notebooks of an assignment have in common."""

    released: Mapping[str, Released]
    ours: frozenset[str]  # texts that the course wrote


def page(parsed: Any, submission: Submission, report: Report, frame: Frame) -> tuple[str, Marks]:
    """The notebook to be written, as text, and its marks. `parsed`: JSON, `submission`: as read.

    It is what nbgrader's two passes and their steps leave in autograded/, without reading and
    writing it twice: the steps that stand in nbgrader's lists (see nbgrader_config.py), save those
    that find nothing to do in a repaired notebook.
    """
    sound(report)
    notebook = from_parsed(parsed)
    notebook.cells = repaired(notebook.cells, frame.released, submission)
    put_verdicts(notebook.cells, report)
    found = marks(notebook.cells, report)
    notebook.cells = harmless(notebook.cells, frame.ours)
    # split here: writes_json would split a copy
    return writes_json(split_lines(notebook), split_lines=False) + "\n", found  # type: ignore[no-untyped-call]
