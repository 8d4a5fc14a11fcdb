"""Checks in order of `needs`, on one subject -> verdicts. The judge runs here; the student's code does not."""

from __future__ import annotations

import builtins
import re
import warnings
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType

import numpy as np

from autograder.exam import Exam, Unanswered, Wrong, called, script_text
from autograder.model import Answer, Call, Check, Code, Diagnosis, Earned, Exercise, ExerciseResult, Outcome, Subject, Verdict

DEATHS = (Outcome.TIMED_OUT, Outcome.CRASHED)
UNWRITTEN = "is not written yet"
UNDEFINED = "is not defined: its cell is missing, was not run, ended in an error, or uses another name"
OLD_NAMES = re.compile(r"AttributeError: '[\w.]*Generator' object has no attribute '(rand|randn|randint|random_sample|ranf|sample|seed)'")
NO_RETURN = " (is its `return` missing?)"


def judge(
    exercise: Exercise,
    subject: Subject,
    slug: str,
    salt: str = "",
    reference: Subject | None = None,
    seconds: float = 5.0,
) -> tuple[Verdict, ...]:
    """All verdicts of one exercise. After a time-out or a crash the exercise is over: the rest is skipped."""
    verdicts: dict[str, Verdict] = {}
    memo: dict[object, object] = {}
    for check in exercise.checks:
        verdict = _stopped(exercise, check, verdicts) or _waiting(exercise, check, verdicts)
        if verdict is None:
            # public checks draw the same inputs on the student's machine and in grading, so their verdicts agree
            own_salt = salt if check.hidden else ""
            seed_text = "/".join((slug, exercise.name, check.name, own_salt))
            exam = Exam(exercise.name, subject, seed_text, check.seconds or seconds, own_salt, memo)
            verdict = _examine(exercise, check, exam, reference)
        verdicts[check.name] = verdict
    return tuple(verdicts.values())


def earned(exercise: Exercise, verdicts: Sequence[Verdict]) -> tuple[Earned, ...]:
    """The rubric filled in; see model.Part for when a part is earned."""
    held = {v.part for v in verdicts if v.passed}
    lost = {v.part for v in verdicts if not v.passed and not v.waits}
    return tuple(
        Earned(p.name, p.sentence, exercise.worth(p) * (p.name in held - lost), exercise.worth(p)) for p in exercise.parts
    )


def points(exercise: Exercise, parts: Sequence[Earned]) -> float:
    """The sum of the parts, to a hundredth; to the last digit where all of it is earned."""
    if parts and all(part.full for part in parts):
        return exercise.points
    return round(sum(part.points for part in parts), 2)


def result(
    exercise: Exercise,
    verdicts: tuple[Verdict, ...],
    diagnoses: tuple[Diagnosis, ...] = (),
    trouble: str = "",
    facts: Mapping[str, str] = MappingProxyType({}),
) -> ExerciseResult:
    """The verdicts with what they are worth."""
    parts = earned(exercise, verdicts)
    worth = points(exercise, parts)
    return ExerciseResult(exercise.name, worth, exercise.points, verdicts, diagnoses, trouble, parts=parts, facts=facts)


def can_be_diagnosed(verdicts: tuple[Verdict, ...]) -> bool:
    """Whether it makes sense to ask which belief is behind the verdicts: something did not hold, and there is living code to ask."""
    failed = [v for v in verdicts if not v.passed and v.outcome is not Outcome.SKIPPED]
    there = any(not v.got.endswith((UNWRITTEN, UNDEFINED)) for v in failed)
    return there and not any(v.outcome in DEATHS for v in failed)


def _stopped(exercise: Exercise, check: Check, so_far: dict[str, Verdict]) -> Verdict | None:
    for verdict in so_far.values():
        if verdict.outcome in DEATHS:
            return _verdict(exercise, check, Outcome.SKIPPED, got=f"not tried, because {verdict.got}")
    return None


def _waiting(exercise: Exercise, check: Check, so_far: dict[str, Verdict]) -> Verdict | None:
    for need in check.needs:
        for verdict in _earlier(need, exercise, so_far):
            if not verdict.passed:
                waiting = _verdict(exercise, check, Outcome.SKIPPED, got=f'not tried: first "{verdict.sentence}" must hold')
                return replace(waiting, waits=verdict.check)
    return None


def _earlier(need: str, exercise: Exercise, so_far: dict[str, Verdict]) -> Iterator[Verdict]:
    verbs = {c.name: c.verb for c in exercise.checks}
    return (v for name, v in so_far.items() if need in (name, verbs[name], v.part))


def _examine(exercise: Exercise, check: Check, exam: Exam, reference: Subject | None) -> Verdict:
    try:
        # NaN and infinity come from the student: NumPy's warnings about them are not ours to print, nor to raise after np.seterr
        with warnings.catch_warnings(), np.errstate(all="warn"):
            warnings.simplefilter("ignore")
            if check.with_reference:
                check.judge(exam, exam.of(reference) if reference else None)
            else:
                check.judge(exam)
    except Wrong as wrong:
        got = wrong.got + (NO_RETURN if _came_back_empty(wrong.got, exam) else "")
        return _verdict(exercise, check, Outcome.FAILED, got, wrong.wanted, exam, wrong.picture)
    except Unanswered as unanswered:
        got = what_happened(unanswered.call, unanswered.answer, check.hidden)
        outcome = unanswered.answer.outcome
        return _verdict(exercise, check, Outcome.FAILED if outcome is Outcome.SKIPPED else outcome, got, "", exam)
    except Exception as error:  # a verb that trips over an answer is our bug: BROKEN, never a zero
        return _verdict(exercise, check, Outcome.BROKEN, got=f"the check itself failed: {type(error).__name__}: {error}", exam=exam)
    return _verdict(exercise, check, Outcome.PASSED)


def _came_back_empty(got: str, exam: Exam) -> bool:
    """Whether a function (not a name that was looked at) gave None: somebody forgot to return, or printed instead."""
    return got.endswith((" is None", "returned None")) and bool(exam.last) and not exam.last[-1].look


def _verdict(
    exercise: Exercise,
    check: Check,
    outcome: Outcome,
    got: str = "",
    wanted: str = "",
    exam: Exam | None = None,
    picture: object = None,
) -> Verdict:
    call = script_text(exam.last) if exam and exam.last and not check.hidden else ""
    return Verdict(
        exercise.name, check.name, check.sentence, outcome, got, wanted, call, exercise.part_of[check.name], check.hidden, picture
    )


def what_happened(call: Call, answer: Answer, hidden: bool = False) -> str:
    """One sentence about a call that did not return. For hidden cases the student's own words stay out: they could carry the inputs."""
    name = called(call)
    if answer.outcome is Outcome.TIMED_OUT:
        return f"{name} did not return in time and was stopped"
    if answer.outcome is Outcome.CRASHED:
        return f"{name} ended the whole program instead of returning"
    if answer.outcome is Outcome.SKIPPED:
        return f"{name} could not be called: {'what it needs was not returned before' if hidden else answer.error}"
    error_type = answer.error.split(":")[0]
    if error_type == "NotImplementedError":
        return f"{name} {UNWRITTEN}"
    if answer.error.startswith("NameError: " + name):
        return f"{name} {UNDEFINED}"
    for lacking in (n for a in call.args if isinstance(a, Code) for n in a.uses):
        if answer.error == f"NameError: {lacking} is not defined":
            return f"{lacking} {UNDEFINED}"
    if hidden:
        error_type = error_type if hasattr(builtins, error_type) else "an exception of your own"
    found = re.match(r"line \d{1,5}" if hidden else ".+", answer.line)
    where = f" at {found.group()}" if found else ""
    return f"{name} raised {error_type if hidden else answer.error + _advice(answer)}{where}"


def _advice(answer: Answer) -> str:
    """What who is new to NumPy's generators must know to understand the error."""
    if OLD_NAMES.match(answer.error):
        return " (rng is a numpy.random.Generator; it has random, normal, integers, binomial, uniform, choice)"
    if "seed(" in answer.line and re.match(r"(TypeError|ValueError): .*(Cannot cast|SeedSequence|[Ss]eed)", answer.error):
        return " (what comes in is a generator, not a seed: draw from it, as in rng.random(shape))"
    return ""
