"""Marks and reasons in the gradebook: those of this hand-in, never those of an earlier one."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from nbgrader.api import Gradebook, MissingEntry  # type: ignore[import-untyped]
from nbgrader.preprocessors import SaveAutoGrades  # type: ignore[import-untyped]

from autograder.model import ExerciseResult, Outcome, Report
from autograder.nbgrader_plugin.markdown import code, tame
from autograder.nbgrader_plugin.place import CHECK, Place, place_of
from autograder.report import words

MOST = 4  # reasons in one comment; all of them stand in the report below the check cell


class SaveKitGrades(SaveAutoGrades):  # type: ignore[misc]
    """Stock scoring, between a clean start and an end at which every cell has a mark. A human's marks and words are left alone."""

    def preprocess(self, nb: Any, resources: Any) -> tuple[Any, Any]:
        place = place_of(self.parent, resources)
        forget(place)
        nb, resources = super().preprocess(nb, resources)
        _complete(place, resources["autograder"])
        return nb, resources


def forget(place: Place) -> None:
    """Take back what earlier gradings wrote. Until new marks are there, the gradebook says "needs grading" and not "0 points"."""
    with _submission(place) as found:
        for grade in found.grades if found else ():
            grade.auto_score, grade.needs_manual_grade = None, True
        for comment in found.comments if found else ():
            comment.auto_comment = None


def _complete(place: Place, report: Report) -> None:
    results = {result.name: result for result in report.exercises}
    with _submission(place) as found:
        for grade in found.grades:
            result = results.get(grade.name.removeprefix(CHECK))
            if grade.auto_score is None and grade.manual_score is None and grade.name not in _written_by_hand(found):
                grade.auto_score, grade.needs_manual_grade = 0.0, False
            if result is not None and result.not_run:
                grade.needs_manual_grade = True
        for comment in found.comments:
            result = results.get(comment.name)
            if result is not None and not (comment.auto_comment and not result.points):  # nbgrader's own "No response." may stay
                comment.auto_comment = reasons(result, report.notes)


def _written_by_hand(found: Any) -> set[str]:
    """Cells that are answer and grade in one: a human reads them, and until then they have no mark."""
    return {comment.name for comment in found.comments}


@contextmanager
def _submission(place: Place) -> Iterator[Any]:
    """The hand-in in the gradebook, or None before it was entered; what is changed within is written at the end."""
    with Gradebook(place.db_url) as gradebook:
        try:
            found = gradebook.find_submission_notebook(place.notebook, place.slug, place.student)
        except MissingEntry:
            found = None
        yield found
        gradebook.db.commit()


# ------------------------------------------------------------------------------------------------------------------------ reasons
def reasons(result: ExerciseResult, notes: Sequence[str] = ()) -> str | None:
    """Why points were lost, as Markdown: the misconceptions by name, then what did not hold. None when all is well.

    `notes` are what the reader of the hand-in noticed; those that name the exercise come first ("... is taken from cell 12").
    """
    if result.not_run:
        return f"Not judged here ({code(result.not_run)}). It counts in full until someone has looked at it."
    lines = [words.clean(note) for note in notes if re.search(rf"\b{re.escape(result.name)}\b", note)]
    if result.trouble:
        lines.append(f"Running your cell stopped with {code(result.trouble)}")
    lines += [*_misconceptions(result), *_failures(result)]
    return tame("\n".join(f"- {line}" for line in lines)) if lines else None


def _misconceptions(result: ExerciseResult) -> Iterator[str]:
    for diagnosis in result.diagnoses:
        if diagnosis.exercise == result.name:
            yield f"**{diagnosis.name.replace('_', ' ')}**: {words.clean(diagnosis.message)}"


def _failures(result: ExerciseResult) -> Iterator[str]:
    failed = [v for v in result.verdicts if not v.passed and v.outcome is not Outcome.SKIPPED]
    for verdict in failed[:MOST]:
        sentence = words.sentence(verdict)
        yield f"{sentence[:1].upper()}{sentence[1:]}: {code(words.story(verdict))}"
    if len(failed) > MOST:
        yield f"and {len(failed) - MOST} more; see below the check cell"
