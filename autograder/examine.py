"""One exercise of one subject: judged, and where something fails, with the belief behind it.

The grader and the self-check come here alike, so what a student is told at home is what the grader
says of the same sentences.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Any, Protocol, TypeVar

from autograder.diagnose import Facts, diagnose, fingerprint
from autograder.foresight import Ahead
from autograder.judge import Scripts, can_be_diagnosed, judge
from autograder.judge import result as result_of
from autograder.model import (
    Assignment, Broken, Cell, Diagnosis, Exercise, ExerciseResult, Limits, Outcome, Subject,
    Submission, Verdict)

LIMITS = Limits()


Notebook = TypeVar("Notebook", bound="Cells")


class Cells(Subject, Protocol):
    """A subject made of cells, of which some can be left away."""

    @property
    def left_out(self) -> Collection[int]:
        """Places of the cells that came to no end, or to the end of a worker."""

    def with_fewer(self: Notebook, cells: Sequence[Cell]) -> AbstractContextManager[Notebook]:
        """Cells of the same notebook, run anew for another look; this subject waits meanwhile."""


def examine(exercise: Exercise, subject: Subject, assignment: Assignment, hints: Mapping[str, Any],
            salt: str = "", reference: Subject | None = None, limits: Limits = LIMITS,
            scripts: Scripts | None = None, ahead: Ahead | None = None) -> ExerciseResult:
    """Judge an exercise and name the misconception that shows. Broken when a check is to blame.

    hints     : exercise -> what tells its misconceptions apart; those that are released
    salt      : of the key, when hidden checks are among those of the exercise
    reference : the solution, when it is at hand
    scripts   : where it is written down what each check asked last
    ahead     : what sends what will be asked before it is asked
    """
    slug, name = assignment.slug, exercise.name
    verdicts = judge(exercise, subject, slug, salt, reference, limits.call_seconds,
                     limits.exercise_deaths, scripts, ahead)
    for verdict in verdicts:
        must_not_be_broken(slug, verdict)
    facts: Facts = {}
    diagnoses: tuple[Diagnosis, ...] = ()
    if name in hints and can_be_diagnosed(verdicts):
        facts = fingerprint(assignment.probes.get(name, ()), name, subject, slug,
                            limits.call_seconds)
        diagnoses = diagnose(name, facts, hints[name])
    return result_of(exercise, verdicts, diagnoses, subject.troubles.get(name, ""), facts)


def must_not_be_broken(slug: str, verdict: Verdict) -> None:
    """Broken when a check is to blame: then there is no mark."""
    if verdict.outcome is Outcome.BROKEN:
        raise Broken(f"{slug}, {verdict.exercise}, {verdict.check}: {verdict.got}")


def examine_fairly(exercise: Exercise, student: Notebook, submission: Submission,
                   look: Callable[[Notebook], ExerciseResult]) -> ExerciseResult:
    """The result in the finished notebook, or the better of two where a later cell spoilt it.

    The other one is of the exercise as it was below its own answer cell. `look` examines it in
    either.
    """
    result = look(student)
    if result.outcome == "passed" or result.not_run or exercise.name not in submission.spoilt:
        return result
    with student.with_fewer(submission.until(exercise.name, student.left_out).cells) as earlier:
        return max(result, look(earlier),
                   key=lambda r: (r.points, sum(v.passed for v in r.verdicts)))
