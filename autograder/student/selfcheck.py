"""`check("dropout_forward")` in a notebook: the public sentences on the functions as they are."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from types import MappingProxyType
from typing import Any

from autograder.course import lacking, load_public
from autograder.examine import examine, examine_fairly
from autograder.judge import Scripts
from autograder.model import (
    Assignment, AutograderError, Broken, CourseError, Exercise, ExerciseResult, Limits, Outcome,
    Subject, Verdict)
from autograder.report import guide, words
from autograder.report.ladder import Climb
from autograder.student import kernel, places
from autograder.student.reading import Opened
from autograder.subjects.local import Local

LOOK_SECONDS = 2.0  # for what a cross is looked at again for
# wanted where no line made what came: the line to look for is not there
SILENT = ("ValueError", "no warning")


class CheckFailed(AutograderError):
    """Some sentences do not hold yet. One line: everything worth reading stands above it."""


def check(exercise: object = None, folder: str | None = None,
          namespace: dict[str, Any] | None = None, hint: int = 1) -> None:
    """Check one exercise (or, without a name, all) with the functions of the calling notebook.

    exercise  : its name, e.g. "dropout_forward" (or the function of that name); None for all
    folder    : folder of the assignment; by default the one the notebook runs in
    namespace : where the functions live; by default the caller's globals
    hint      : how many steps of each hint stand open

    Shows ticks and sentences, and raises CheckFailed at the end when something does not hold, so
    that nbgrader's Validate notices. Raises CourseError when there is no such exercise or the
    folder is not an assignment's.
    """
    functions = sys._getframe(1).f_globals if namespace is None else namespace
    # who forgets the quotes gives the function
    name = None if exercise is None else str(getattr(exercise, "__name__", exercise))
    assignment = load_public(find_folder(name, folder, functions))
    chosen = assignment.exercises if name is None else (assignment.holding(name),)
    results = [_in_kernel(e, functions, assignment) for e in chosen]
    for result in results:
        _show(result, after(result, assignment), name,
              Climb(hint, partial("check(\"{}\", hint={})".format, result.name)))
    _complain(results)


def _in_kernel(exercise: Exercise, functions: dict[str, Any],
               assignment: Assignment) -> ExerciseResult:
    """The functions as they are now, and what became of the cell that was to define them."""
    result = examine_public(exercise, Local(namespace=functions, called=kernel.cell_name),
                            assignment)
    how = kernel.stopped(exercise.names, functions)
    return replace(result, trouble=how) if how else result


def after(result: ExerciseResult, assignment: Assignment) -> str:
    """What comes next when all of an exercise holds."""
    names = [e.name for e in assignment.exercises]
    later = names[names.index(result.name) + 1 :]
    only_filled = all(check.verb == "is_filled_in"
                      for check in assignment.exercise(result.name).checks)
    said = "All is filled in; whether it is right, the marks will tell. " if only_filled else ""
    return said + (f"Next: {later[0]}." if later else "That was the last exercise: restart the "
                   "kernel, run all, save, and hand in.")


def find_folder(exercise: str | None, folder: str | None = None,
                namespace: Mapping[str, Any] = MappingProxyType({})) -> Path:
    """The assignment's folder: given, current, one below with the exercise, or installed."""
    here = Path(folder) if folder else Path.cwd()
    if (here / "checks.py").is_file():
        return here
    for checks in sorted([*here.glob("*/checks.py"), *here.glob("assignments/*/checks.py")]):
        if exercise and any(e.name == exercise for e in load_public(checks.parent).exercises):
            return checks.parent
    if not folder and (found := places.of_namespace(exercise, namespace)):
        return found
    raise CourseError(f"{here} holds no checks.py. Open the notebook in the folder you were given "
                      "(it has checks.py beside it), "
                      'or say where that folder is: check("...", folder="path/to/it").')


def examine_public(exercise: Exercise, subject: Subject, assignment: Assignment) -> ExerciseResult:
    """Judge an exercise here by its public checks, and name a misconception that shows."""
    reason = lacking(assignment)
    if reason:
        return ExerciseResult(exercise.name, 0.0, 0.0, (),
                              not_run=f"{reason}; install it to check yourself")
    scripts: Scripts = {}
    try:
        result = examine(exercise, subject, assignment, assignment.hints, limits=Limits(),
                         scripts=scripts)
    except Broken as error:
        raise Broken(f"{error}. That is our mistake, not yours; please report it.") from error
    return _looked_at_again(result, subject, scripts) if isinstance(subject, Local) else result


def _looked_at_again(result: ExerciseResult, subject: Local, scripts: Scripts) -> ExerciseResult:
    """With the student's own lines, and what they print, where that is shown."""
    chosen = [v.check for v in guide.to_look_at(result)
              if v.outcome in (Outcome.FAILED, Outcome.RAISED) and not words.unwritten(v)]

    def seen(verdict: Verdict) -> Verdict:
        if verdict.check not in chosen:
            return verdict
        made, printed = subject.look_again(scripts.get(verdict.check, ()),
                                           verdict.got, LOOK_SECONDS)
        speaks = verdict.outcome is Outcome.FAILED and verdict.wanted not in SILENT
        return replace(verdict, made=made if speaks else (), printed=printed)

    return replace(result, verdicts=tuple(map(seen, result.verdicts)))


def examine_notebook(exercise: Exercise, opened: Opened) -> ExerciseResult:
    """Like `examine_public`, for a file; what a later cell may have spoilt counts as it was."""
    return examine_fairly(exercise, opened.subject, opened.submission,
                          lambda seen: examine_public(exercise, seen, opened.assignment))


def _show(result: ExerciseResult, after: str, asked: str | None, climb: Climb) -> None:
    told = (f"{asked} is checked together with {result.name}."
            if asked not in (None, result.name) else "")
    shown = {"text/html": guide.guide_html(result, after, told, climb),
             "text/plain": guide.guide_text(result, after, told, climb)}
    if "IPython" in sys.modules:
        from IPython.core.getipython import get_ipython

        if get_ipython() is not None:
            from IPython.display import publish_display_data

            publish_display_data(shown)  # type: ignore[no-untyped-call]
            return
    print(shown["text/plain"])


def _complain(results: list[ExerciseResult]) -> None:
    missing = [r for r in results if r.outcome not in ("passed", "not_run")]
    if missing:
        counts = [f"{r.name} ({words.summary(r)})" for r in missing]
        raise CheckFailed(f"Not there yet: {', '.join(counts)}. Mend the first cross first.")
