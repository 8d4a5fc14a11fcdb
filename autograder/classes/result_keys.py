"""What a result depends on, in a word, by which it is found again; and the result as bytes."""

from __future__ import annotations

import functools
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from autograder.carried import calls, sources
from autograder.classes.code_digest import code_digest, digest
from autograder.model import (
    Diagnosis, Earned, Exercise, ExerciseResult, Limits, Outcome, Submission, Verdict)
from autograder.running import wire
from autograder.staff import Staff

PLAIN = (type(None), bool, int, float, str)


# ------------------------------------------------------------------------- what a result depends on
def exercise_word(staff: Staff, exercise: Exercise, isolation: str, limits: Limits) -> str:
    """One word for all that decides the result of an exercise, save the answers."""
    name = exercise.name
    code = code_digest(*_own_files(staff.assignment.folder), staff.assignment.setup,
                       *(cell.source for cell in staff.solution.cells))
    told = [code, isolation, repr(limits), staff.assignment.slug, name, repr(exercise.names),
            repr(exercise.points), staff.key.salt]
    told += [staff.assignment.setup, repr(staff.solution.cells),
             json.dumps(staff.hints.get(name), sort_keys=True)]
    told += [repr((part.name, part.sentence, part.share, [c.name for c in part.checks]))
             for part in exercise.parts]
    for check in exercise.checks:
        plain = (check.verb, check.name, check.sentence, check.needs, check.hidden, check.seconds,
                 check.with_reference)
        told += [repr(plain), _code(check.judge, staff)]
    told += [probe.name + _code(probe.probe, staff)
             for probe in staff.assignment.probes.get(name, ())]
    # what an earlier exercise costs is not charged again in one that uses it, so the one decides
    # about the other
    earlier = sources(staff, exercise, calls(staff.solution.cells))
    told += [exercise_word(staff, staff.assignment.exercise(e), isolation, limits) for e in earlier]
    return digest(*told)


def course_word(staff: Staff) -> str:
    """One word for all that decides marks, save what was handed in and where it is run."""
    return digest(*(exercise_word(staff, e, "", Limits()) for e in staff.assignment.exercises))


def _code(function: Callable[..., Any], staff: Staff) -> str:
    """What a bound verb does: its name and case if it is the engine's, else the course's files."""
    inner, case = function, []
    while isinstance(inner, functools.partial):
        case += [inner.args, sorted(inner.keywords.items())]
        inner = inner.func
    if str(getattr(inner, "__module__", "")).startswith("autograder.") and _is_plain(case):
        return f"{inner.__module__}.{inner.__qualname__}{case!r}"
    return digest(*_own_files(staff.assignment.folder))


def _is_plain(value: Any) -> bool:
    """Whether `repr` says all about it."""
    if type(value) in (list, tuple):
        return all(map(_is_plain, value))
    return all(map(_is_plain, value.items())) if type(value) is dict else type(value) in PLAIN


@functools.cache
def _own_files(folder: Path) -> tuple[str, ...]:
    """The sources of an assignment: what is beside its notebook, and the key."""
    paths = [*sorted(folder.glob("*.py")), folder.with_name(f"{folder.name}_key.py")]
    return tuple(p.read_text(encoding="utf-8") for p in paths if p.is_file())


def answers_word(submission: Submission) -> str:
    """One word for what was handed in, as far as it is run or remarked upon."""
    return digest(repr(submission.cells), repr(submission.notes))


# --------------------------------------------------------------------------------- results as bytes
def key_of(result: ExerciseResult, key: str, stopped: bool) -> str:
    """Under which key it is kept: only for reports where something was stopped (maybe by load)."""
    sure = (result.outcome == "passed"
            or not (stopped or any(v.outcome is Outcome.TIMED_OUT for v in result.verdicts)))
    return key if sure else f"{key}, stopped"


def packed(result: ExerciseResult) -> bytes | None:
    """The result as bytes, on the wire's strict terms; None for one that was not run."""
    if result.not_run:
        return None
    try:
        diagnoses = tuple((d.exercise, d.name, d.message, dict(d.facts)) for d in result.diagnoses)
        verdicts = tuple(map(_verdict, result.verdicts))
        parts = tuple(tuple(vars(p).values()) for p in result.parts)
        return wire.encode((result.name, result.points, result.max_points, result.trouble, verdicts,
                            diagnoses, parts, dict(result.facts)))
    except wire.WireError:
        return None


def _verdict(verdict: Verdict) -> tuple[Any, ...]:
    picture = verdict.picture if isinstance(verdict.picture, np.ndarray) else None
    return tuple(picture if k == "picture" else v for k, v in vars(verdict).items())


def unpacked(data: bytes) -> ExerciseResult:
    """The result again."""
    name, points, maximum, trouble, verdicts, diagnoses, parts, facts = wire.decode(data)
    told = tuple(Diagnosis(*d) for d in diagnoses)
    return ExerciseResult(name, points, maximum, tuple(Verdict(*v) for v in verdicts), told,
                          trouble, parts=tuple(Earned(*p) for p in parts), facts=facts)
