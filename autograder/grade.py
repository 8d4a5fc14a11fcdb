"""One submission -> one report. The student's code runs behind the wire; the solution runs here."""

from __future__ import annotations

import time
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

from autograder import notebook, notebook_file
from autograder.carried import with_carried
from autograder.course import lacking, not_run
from autograder.examine import LIMITS, examine, examine_fairly
from autograder.foresight import Ahead
from autograder.judge import Scripts, Witness
from autograder.model import Exercise, ExerciseResult, Limits, Report, Submission, SubmissionError
from autograder.sandbox import Isolation
from autograder.sandbox.bounded import bounded
from autograder.staff import Staff
from autograder.subjects.budget import Budget
from autograder.subjects.remote import Remote


def grade_path(path: Path, staff: Staff, isolation: Isolation, limits: Limits = LIMITS,
               witness: Witness | None = None) -> Report:
    """Grade the notebook at `path`; an unreadable one gets a report why. Broken: our faults."""
    try:
        submission = bounded(lambda: notebook.read(path, staff.assignment),
                             notebook_file.called(path))
    except SubmissionError as error:
        return Report(staff.assignment.slug, str(path), "unreadable", isolation.name,
                      error=str(error), maximum=staff.assignment.points)
    return grade(submission, staff, isolation, limits, witness=witness)


def grade(submission: Submission, staff: Staff, isolation: Isolation, limits: Limits = LIMITS,
          known: Mapping[str, ExerciseResult] = MappingProxyType({}),
          witness: Witness | None = None) -> Report:
    """Grade a submission. Broken when a check, the sandbox or the solution fails: never a zero.

    Exercises whose result is `known` are not judged again; when all are, no student code is run.
    """
    began, budget, stopped = time.monotonic(), Budget(limits), list[tuple[str, str]]()
    if lacking(staff.assignment):
        results = not_run(staff.assignment)
        return Report(staff.assignment.slug, submission.path, "graded", isolation.name, results,
                      notes=submission.notes)
    with Remote(isolation, submission.cells, limits, budget) as student:
        if any(e.name not in known for e in staff.assignment.exercises):
            student.run_cells()  # now: that time is no exercise's
        stopped += budget.take_stopped()
        exercises = list[ExerciseResult]()
        for e in staff.assignment.exercises:
            exercises.append(known.get(e.name)
                             or _exercise(e, student, submission, staff, limits, witness))
            how = budget.take_stopped()
            stopped += [(cell or e.name, what)
                        for cell, what in how if exercises[-1].outcome != "passed"]
    if all(e.outcome == "passed" for e in exercises):
        stopped = []  # an experiment that never ends has cost nobody anything
    slug = staff.assignment.slug
    seconds = time.monotonic() - began
    told = tuple(dict.fromkeys(stopped))
    settled = with_carried(staff, submission, exercises)
    return Report(slug, submission.path, "graded", isolation.name, settled, "", submission.notes,
                  seconds, told)


def _exercise(exercise: Exercise, student: Remote, submission: Submission, staff: Staff,
              limits: Limits, witness: Witness | None) -> ExerciseResult:
    def look(subject: Remote) -> ExerciseResult:
        scripts = Scripts()
        subject.budget.begin_exercise()
        ahead = Ahead(subject, staff.foresight[exercise.name])
        result = examine(exercise, subject, staff.assignment, staff.hints, staff.key.salt,
                         staff.oracle, limits, scripts, ahead)
        if witness:
            witness.seen.append((result.verdicts, scripts, subject.cells))
        return result

    return examine_fairly(exercise, student, submission, look)
