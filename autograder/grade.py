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
from autograder.isolation import Isolation
from autograder.judge import can_be_diagnosed, judge
from autograder.judge import result as result_of
from autograder.model import Broken, Diagnosis, Exercise, ExerciseResult, Limits, Outcome, Report, Submission, SubmissionError
from autograder.subjects.remote import Remote

LIMITS = Limits()


def grade_path(path: Path, staff: Staff, isolation: Isolation, limits: Limits = LIMITS) -> Report:
    """Grade the notebook at `path`; one that cannot be read gets a report that says why, and no points. Raises Broken for our faults."""
    try:
        submission = notebook.read(path, staff.assignment)
    except SubmissionError as error:
        return Report(staff.assignment.slug, str(path), "unreadable", isolation.name, error=str(error), maximum=staff.assignment.points)
    return grade(submission, staff, isolation, limits)


def grade(
    submission: Submission,
    staff: Staff,
    isolation: Isolation,
    limits: Limits = LIMITS,
    known: Mapping[str, ExerciseResult] = MappingProxyType({}),
) -> Report:
    """Grade a submission that was read. Raises Broken when a check, the cage or the solution fails: that is never a zero.

    Exercises whose result is `known` are not judged again; when all are, no student code is run.
    """
    began = time.monotonic()
    if lacking(staff.assignment):
        results = not_run(staff.assignment)
        return Report(staff.assignment.slug, submission.path, "graded", isolation.name, results, notes=submission.notes)
    with Remote(isolation, submission.cells, limits) as student:
        if any(e.name not in known for e in staff.assignment.exercises):
            _ = student.troubles  # run the cells now: that time is no exercise's
        exercises = tuple(
            known.get(e.name) or _exercise(e, student, submission, staff, limits) for e in staff.assignment.exercises
        )
    slug = staff.assignment.slug
    exercises = with_carried(staff, submission, exercises)
    return Report(slug, submission.path, "graded", isolation.name, exercises, notes=submission.notes, seconds=time.monotonic() - began)


def _exercise(exercise: Exercise, student: Remote, submission: Submission, staff: Staff, limits: Limits) -> ExerciseResult:
    """Judge one exercise in the finished notebook; where a later cell may have spoilt it, also as it was below its answer."""
    result = _judged(exercise, student, staff, limits)
    if result.outcome == "passed" or exercise.name not in submission.spoilt:
        return result
    student.close()  # a warm cage holds one worker at a time; a new one starts with the next question
    with Remote(student.isolation, submission.until(exercise.name).cells, limits) as earlier:
        _ = earlier.troubles
        other = _judged(exercise, earlier, staff, limits)
    return other if other.points > result.points else result


def _judged(exercise: Exercise, student: Remote, staff: Staff, limits: Limits) -> ExerciseResult:
    slug = staff.assignment.slug
    student.allow(limits.exercise_seconds)
    verdicts = judge(exercise, student, slug, staff.key.salt, staff.reference, limits.call_seconds)
    for verdict in verdicts:
        if verdict.outcome is Outcome.BROKEN:
            raise Broken(f"{slug}, {exercise.name}, {verdict.check}: {verdict.got}")
    diagnoses: tuple[Diagnosis, ...] = ()
    facts: Mapping[str, str] = {}
    if exercise.name in staff.hints and can_be_diagnosed(verdicts):
        facts = fingerprint(staff.assignment.probes[exercise.name], exercise.name, student, slug, limits.call_seconds)
        diagnoses = diagnose(exercise.name, facts, staff.hints[exercise.name])
    trouble = student.troubles.get(exercise.name, "")
    return result_of(exercise, verdicts, diagnoses, trouble, facts)
