"""Marks and reasons in the gradebook: those of this hand-in, never those of an earlier one."""

from __future__ import annotations

import re
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from nbgrader import utils  # type: ignore[import-untyped]
from nbgrader.api import Gradebook, MissingEntry  # type: ignore[import-untyped]
from nbgrader.preprocessors import SaveAutoGrades  # type: ignore[import-untyped]

from autograder.model import ExerciseResult, Outcome, Report
from autograder.nbgrader_plugin.context import CHECK, Place
from autograder.nbgrader_plugin.elsewhere import Step
from autograder.nbgrader_plugin.markdown import code, tame
from autograder.nbgrader_plugin.submitted import STAMP
from autograder.report import words

MOST = 4  # reasons in one comment; all of them stand in the report below the check cell


@dataclass(frozen=True)
class Marks:
    """What the gradebook is to say of one hand-in."""

    scores: Mapping[str, float | None]  # of every cell with points; None: a human has to read it
    comments: Mapping[str, str | None]  # of every cell that is answered
    review: frozenset[str] = frozenset()  # cells at which a human should look all the same


class SaveKitGrades(Step):
    """Marks and reasons go into the gradebook, scored as by stock nbgrader. A human's stay."""

    instead_of = (SaveAutoGrades,)

    def take(self, nb: Any, resources: Any, place: Place) -> None:
        with _submission(place) as found:
            enter(found, marks(nb.cells, resources["autograder"]))


def marks(cells: Iterable[Any], report: Report) -> Marks:
    """The marks in a repaired notebook whose check cells show the report."""
    results = {result.name: result for result in report.exercises}
    scores: dict[str, float | None] = {}
    comments: dict[str, str | None] = {}
    for cell in cells:
        name = cell.metadata.get("nbgrader", {}).get("grade_id", "")
        if utils.is_grade(cell):
            scores[name] = utils.determine_grade(cell)[0]
        if utils.is_solution(cell) or utils.is_task(cell):
            comments[name] = _comment(cell, results.get(name), report)
    return Marks(scores, comments, frozenset(CHECK + r.name for r in report.exercises if r.not_run))


def _comment(cell: Any, result: ExerciseResult | None, report: Report) -> str | None:
    untouched = (cell.metadata.nbgrader.get("checksum") == utils.compute_checksum(cell)
                 and not utils.is_task(cell))
    stock = "No response." if untouched else None  # nbgrader's own words
    return (reasons(result, report.notes) if result is not None
            and not (stock and not result.points) else stock)


def enter(found: Any, marks: Marks, as_before: Container[str] = ()) -> None:
    """Write the marks into the gradebook. What no cell of the notebook says is 0, or waits.

    A human who has given points need not look again at cells that are answered and judged as
    before.
    """
    # cells that are answer and grade in one, and tasks
    by_hand = {comment.name for comment in found.comments}
    for grade in found.grades:
        score = marks.scores.get(grade.name)
        if score is None and grade.manual_score is None and grade.name not in by_hand:
            score = 0.0
        grade.auto_score = score
        if grade.manual_score is not None and grade.name in as_before:
            continue
        grade.needs_manual_grade = (score is None or grade.manual_score is not None
                                    or grade.name in marks.review)
    for comment in found.comments:
        comment.auto_comment = marks.comments.get(comment.name)


def forget(place: Place) -> None:
    """Take back what earlier gradings wrote about one hand-in."""
    with _submission(place) as found:
        if found:
            clear(found)
            if not (place.submitted / STAMP).is_file():
                # nbgrader keeps that of an earlier hand-in, and its penalty
                found.assignment.timestamp = None


def clear(found: Any) -> None:
    """Until new marks are there, the gradebook says "needs grading" and not "0 points"."""
    found.late_submission_penalty = None
    for grade in found.grades:
        grade.auto_score, grade.needs_manual_grade = None, True
    for comment in found.comments:
        comment.auto_comment = None


@contextmanager
def _submission(place: Place) -> Iterator[Any]:
    """The hand-in in the gradebook, None before it was entered; changes are written at the end."""
    with Gradebook(place.db_url) as gradebook:
        try:
            found = gradebook.find_submission_notebook(place.notebook, place.slug, place.student)
        except MissingEntry:
            found = None
        yield found
        gradebook.db.commit()


# ------------------------------------------------------------------------------------------ reasons
def reasons(result: ExerciseResult, notes: Sequence[str] = ()) -> str | None:
    """Why points were lost, as Markdown: misconceptions, then what did not hold; or None.

    `notes` are what the reader of the hand-in noticed; those that name the exercise come first
    ("... is taken from cell 12").
    """
    if result.not_run:
        return (f"Not judged here ({code(result.not_run)}). It counts in full until someone has "
                "looked at it.")
    lines = list(_lost(result))
    lines += [words.clean(note)
              for note in notes if re.search(rf"\b{re.escape(result.name)}\b", note)]
    if result.trouble:
        lines.append(f"Running your cell stopped with {code(result.trouble)}")
    lines += [*_misconceptions(result), *_failures(result)]
    return tame("\n".join(f"- {line}" for line in lines)) if lines else None


def _lost(result: ExerciseResult) -> Iterator[str]:
    """One line: the points, and the parts of the rubric that they are missing in."""
    parts = [f"{words.part_sentence(p)}: {words.part_points(p)}"
             for p in result.parts if not p.full or p.note]
    if parts:
        yield (f"**{words.number(result.points)} of {words.number(result.max_points)}**: "
               f"{'; '.join(parts)}")


def _misconceptions(result: ExerciseResult) -> Iterator[str]:
    for diagnosis in result.diagnoses:
        if diagnosis.exercise == result.name and diagnosis.message:
            yield f"**{diagnosis.name.replace('_', ' ')}**: {words.clean(diagnosis.message)}"


def _failures(result: ExerciseResult) -> Iterator[str]:
    failed = [v for v in result.verdicts if not v.passed and v.outcome is not Outcome.SKIPPED]
    for verdict in failed[:MOST]:
        sentence = words.sentence(verdict)
        yield f"{sentence[:1].upper()}{sentence[1:]}: {code(words.story(verdict))}"
    if len(failed) > MOST:
        yield f"and {len(failed) - MOST} more; see below the check cell"
