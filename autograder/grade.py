"""One submission -> one report. The student's code runs behind the wire; the solution runs here."""

from __future__ import annotations

import time
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

from autograder import notebook
from autograder.carried import with_carried
from autograder.course import Staff, lacking, not_run
from autograder.diagnose import diagnose, fingerprint
from autograder.judge import Scripts, Witness, can_be_diagnosed, judge, judged_fairly
from autograder.judge import result as result_of
from autograder.model import Broken, Diagnosis, Exercise, ExerciseResult, Limits, Outcome, Report, Submission, SubmissionError
from autograder.sandbox import Isolation
from autograder.sandbox.bounded import bounded
from autograder.subjects.budget import Budget
from autograder.subjects.remote import Remote

LIMITS = Limits()


def grade_path(
    path: Path, staff: Staff, isolation: Isolation, limits: Limits = LIMITS, witness: Witness | None = None
) -> Report:
    """Grade the notebook at `path`; one that cannot be read gets a report that says why, and no points. Raises Broken for our faults."""
    try:
        submission = bounded(lambda: notebook.read(path, staff.assignment), notebook.called(path))
    except SubmissionError as error:
        return Report(staff.assignment.slug, str(path), "unreadable", isolation.name, error=str(error), maximum=staff.assignment.points)
    return grade(submission, staff, isolation, limits, witness=witness)


def grade(
    submission: Submission,
    staff: Staff,
    isolation: Isolation,
    limits: Limits = LIMITS,
    known: Mapping[str, ExerciseResult] = MappingProxyType({}),
    witness: Witness | None = None,
) -> Report:
    """Grade a submission that was read. Raises Broken when a check, the cage or the solution fails: that is never a zero.

    Exercises whose result is `known` are not judged again; when all are, no student code is run.
    """
    began, budget, stopped = time.monotonic(), Budget(limits), list[tuple[str, str]]()
    if lacking(staff.assignment):
        results = not_run(staff.assignment)
        return Report(staff.assignment.slug, submission.path, "graded", isolation.name, results, notes=submission.notes)
    with Remote(isolation, submission.cells, limits, budget) as student:
        if any(e.name not in known for e in staff.assignment.exercises):
            _ = student.troubles  # run the cells now: that time is no exercise's
        stopped += budget.take_stopped()
        exercises = list[ExerciseResult]()
        for e in staff.assignment.exercises:
            exercises.append(known.get(e.name) or _exercise(e, student, submission, staff, limits, witness))
            how = budget.take_stopped()
            stopped += [(cell or e.name, what) for cell, what in how if exercises[-1].outcome != "passed"]
    if all(e.outcome == "passed" for e in exercises):
        stopped = []  # an experiment that never ends has cost nobody anything
    slug, seconds, told = staff.assignment.slug, time.monotonic() - began, tuple(dict.fromkeys(stopped))
    settled = with_carried(staff, submission, exercises)
    return Report(slug, submission.path, "graded", isolation.name, settled, "", submission.notes, seconds, told)


def _exercise(
    exercise: Exercise, student: Remote, submission: Submission, staff: Staff, limits: Limits, witness: Witness | None
) -> ExerciseResult:
    """Judge one exercise in the finished notebook; where a later cell may have changed something, also as it was below its answer."""

    def below() -> ExerciseResult:
        student.close()  # a warm cage holds one worker at a time; a new one starts with the next question
        with student.with_fewer(submission.until(exercise.name, student.left_out).cells) as earlier:
            _ = earlier.troubles
            return _judged(exercise, earlier, staff, limits, witness)

    return judged_fairly(exercise, submission, lambda: _judged(exercise, student, staff, limits, witness), below)


def _judged(exercise: Exercise, student: Remote, staff: Staff, limits: Limits, witness: Witness | None) -> ExerciseResult:
    slug, name, scripts = staff.assignment.slug, exercise.name, Scripts()
    student.budget.begin_exercise()
    verdicts = judge(exercise, student, slug, staff.key.salt, staff.reference, limits.call_seconds, limits.exercise_deaths, scripts)
    if witness:
        witness.seen.append((verdicts, scripts, student.cells))
    for verdict in verdicts:
        if verdict.outcome is Outcome.BROKEN:
            raise Broken(f"{slug}, {name}, {verdict.check}: {verdict.got}")
    diagnoses: tuple[Diagnosis, ...] = ()
    facts: Mapping[str, str] = {}
    if name in staff.hints and can_be_diagnosed(verdicts):
        facts = fingerprint(staff.assignment.probes[name], name, student, slug, limits.call_seconds)
        diagnoses = diagnose(name, facts, staff.hints[name])
    return result_of(exercise, verdicts, diagnoses, student.troubles.get(name, ""), facts)
