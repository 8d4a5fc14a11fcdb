"""`check("dropout_forward")` in a notebook: the public sentences on the functions as they are now, shown where the student works."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from autograder.course import lacking, load_public
from autograder.examine import examine, examine_fairly
from autograder.model import (
    Assignment,
    AutograderError,
    Broken,
    CourseError,
    Exercise,
    ExerciseResult,
    Limits,
    Subject,
)
from autograder.report import html, text, words
from autograder.student.reading import Opened
from autograder.subjects.local import Local


class CheckFailed(AutograderError):
    """Some sentences do not hold yet. One line: everything worth reading stands above it."""


def check(exercise: object = None, folder: str | None = None, namespace: dict[str, Any] | None = None) -> None:
    """Check one exercise (or, without a name, all) with the functions of the calling notebook.

    exercise  : name of the exercise, e.g. "dropout_forward" (or the function of that name); None for all of them
    folder    : folder of the assignment; by default the one the notebook runs in
    namespace : where the functions live; by default the caller's globals

    Shows ticks and sentences, and raises CheckFailed at the end when something does not hold, so that nbgrader's Validate notices.
    Raises CourseError when there is no such exercise or the folder is not an assignment's.
    """
    functions = sys._getframe(1).f_globals if namespace is None else namespace
    name = None if exercise is None else str(getattr(exercise, "__name__", exercise))  # who forgets the quotes gives the function
    assignment = load_public(find_folder(name, folder))
    chosen = assignment.exercises if name is None else (assignment.exercise(name),)
    results = [examine_public(e, Local(namespace=functions), assignment) for e in chosen]
    for result in results:
        _show(result)
    _complain(results)


def find_folder(exercise: str | None, folder: str | None = None) -> Path:
    """The assignment's folder: the given one, the current one, or the one below assignments/ that has the exercise."""
    here = Path(folder) if folder else Path.cwd()
    if (here / "checks.py").is_file():
        return here
    for checks in sorted([*here.glob("*/checks.py"), *here.glob("assignments/*/checks.py")]):
        if exercise and any(e.name == exercise for e in load_public(checks.parent).exercises):
            return checks.parent
    raise CourseError(
        f"{here} holds no checks.py. Open the notebook in the folder you were given (it has checks.py beside it), "
        'or say where that folder is: check("...", folder="path/to/it").'
    )


def examine_public(exercise: Exercise, subject: Subject, assignment: Assignment) -> ExerciseResult:
    """Judge one exercise on this machine with the public checks, and name the misconception when one shows."""
    reason = lacking(assignment)
    if reason:
        return ExerciseResult(exercise.name, 0.0, 0.0, (), not_run=f"{reason}; install it to check yourself")
    try:
        return examine(exercise, subject, assignment, assignment.hints, limits=Limits())
    except Broken as error:
        raise Broken(f"{error}. That is our mistake, not yours; please report it.") from error


def examine_notebook(exercise: Exercise, opened: Opened) -> ExerciseResult:
    """Like `examine_public`, for a notebook file: an exercise that a later cell may have spoilt also counts as it was before."""
    return examine_fairly(exercise, opened.subject, opened.submission, lambda seen: examine_public(exercise, seen, opened.assignment))


def _show(result: ExerciseResult) -> None:
    if "IPython" in sys.modules:
        from IPython.core.getipython import get_ipython

        if get_ipython() is not None:
            from IPython.display import publish_display_data

            shown = {"text/html": html.exercise_html(result), "text/plain": text.exercise_text(result)}
            publish_display_data(shown)  # type: ignore[no-untyped-call]
            return
    print(text.exercise_text(result))


def _complain(results: list[ExerciseResult]) -> None:
    missing = [r for r in results if r.outcome not in ("passed", "not_run")]
    if missing:
        counts = [f"{r.name} ({words.summary(r)})" for r in missing]
        raise CheckFailed(f"Not there yet: {', '.join(counts)}. Mend the first cross first.")
