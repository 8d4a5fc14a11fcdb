"""`check("dropout_forward")` in a notebook: the public sentences on the functions as they are now, shown where the student works."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from autograder.course import lacking, load_public
from autograder.diagnose import diagnose, fingerprint
from autograder.judge import can_be_diagnosed, judge, judged_fairly
from autograder.judge import result as result_of
from autograder.model import (
    Assignment,
    AutograderError,
    Broken,
    CourseError,
    Diagnosis,
    Exercise,
    ExerciseResult,
    Outcome,
    Subject,
)
from autograder.report import html, text, words
from autograder.student.reading import Opened, load
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
    results = [examine(e, Local(namespace=functions), assignment) for e in chosen]
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


def examine(exercise: Exercise, subject: Subject, assignment: Assignment) -> ExerciseResult:
    """Judge one exercise on this machine with the public checks, and name the misconception when one shows."""
    reason = lacking(assignment)
    if reason:
        return ExerciseResult(exercise.name, 0.0, 0.0, (), not_run=f"{reason}; install it to check yourself")
    verdicts = judge(exercise, subject, assignment.slug)
    for verdict in verdicts:
        if verdict.outcome is Outcome.BROKEN:
            raise Broken(f"{exercise.name}, {verdict.check}: {verdict.got}. That is our mistake, not yours; please report it.")
    diagnoses: tuple[Diagnosis, ...] = ()
    if exercise.name in assignment.hints and can_be_diagnosed(verdicts):
        facts = fingerprint(assignment.probes[exercise.name], exercise.name, subject, assignment.slug)
        diagnoses = diagnose(exercise.name, facts, assignment.hints[exercise.name])
    return result_of(exercise, verdicts, diagnoses, subject.troubles.get(exercise.name, ""))


def examine_notebook(exercise: Exercise, opened: Opened) -> ExerciseResult:
    """Like `examine`, for a notebook file: where a later cell may have changed something, it also counts as it was below its answer."""

    def below() -> ExerciseResult:
        until = opened.submission.until(exercise.name, opened.subject.left_out)
        return examine(exercise, load(until), opened.assignment)

    return judged_fairly(exercise, opened.submission, lambda: examine(exercise, opened.subject, opened.assignment), below)


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
