"""Checks in order of `needs`, on one subject -> verdicts. No student's code runs here."""

from __future__ import annotations

import logging
import re
import warnings
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from types import MappingProxyType

import numpy as np

from autograder.asking import Exam, Unanswered, Wrong, called, raised, script_text, shown, tripped
from autograder.foresight import Ahead
from autograder.model import (
    LEFT_OVER, NOT_TRIED, UNWRITTEN, Answer, AutograderError, Call, Cell, Check, Code, Diagnosis,
    Earned, Exercise, ExerciseResult, Limits, Outcome, Subject, Verdict)
from autograder.pasting import lines

DEATHS = (Outcome.TIMED_OUT, Outcome.CRASHED)
LOG = logging.getLogger(__name__)
UNDEFINED = (
    "is not defined: its cell is missing, was not run, ended in an error, or uses another name")
OLD_NAMES = re.compile(r"AttributeError: '[\w.]*Generator' object has no attribute "
                       r"'(rand|randn|randint|random_sample|ranf|sample|seed)'")
STOPPED = "did not return in time and was stopped"
ENDLESS = "# this may never come back: to stop it, interrupt the kernel\n"
LONGEST = 2000  # characters of a call that is to be pasted
UNFIT = "what came back cannot be used here"
NO_RETURN = " (is its `return` missing?)"
Scripts = dict[str, tuple[Call, ...]]


@dataclass(frozen=True)
class Witness:
    """What each check asked last, hidden ones too, and of which cells. For staff alone.

    It stands beside the results and in none of them, so that no page, no memory and no gradebook
    can come to hold a hidden case.
    """

    seen: list[tuple[tuple[Verdict, ...], Scripts, tuple[Cell, ...]]] = field(default_factory=list)

    def of(self, result: ExerciseResult) -> tuple[Scripts, tuple[Cell, ...]]:
        """The scripts by check, and the cells asked; nothing for a result not seen made here."""
        return next(((scripts, cells) for verdicts, scripts, cells in self.seen
                     if verdicts is result.verdicts), ({}, ()))


def judge(exercise: Exercise, subject: Subject, slug: str, salt: str = "",
          reference: Subject | None = None, seconds: float = 5.0,
          deaths: int = Limits.exercise_deaths, scripts: Scripts | None = None,
          ahead: Ahead | None = None) -> tuple[Verdict, ...]:
    """All verdicts of one exercise. A time-out or a crash costs its part; after so many, the rest.

    What each check asked last is written into `scripts`, if they are given; what will be asked for
    certain is sent `ahead`.
    """
    return tuple(one_by_one(exercise, subject, slug, salt, reference, seconds, deaths, scripts,
                            ahead))


def one_by_one(exercise: Exercise, subject: Subject, slug: str, salt: str = "",
               reference: Subject | None = None, seconds: float = 5.0,
               deaths: int = Limits.exercise_deaths, scripts: Scripts | None = None,
               ahead: Ahead | None = None) -> Iterator[Verdict]:
    """The same for who may have seen enough before the last."""
    verdicts: dict[str, Verdict] = {}
    memo: dict[object, object] = {}
    for place, check in enumerate(exercise.checks):
        if ahead:
            ahead.step(exercise, place, verdicts)
        verdict = (_stopped(exercise, check, verdicts, deaths, seconds)
                   or _waiting(exercise, check, verdicts))
        if verdict is None:
            # public checks draw the same inputs on the student's machine and in grading, so their
            # verdicts agree
            own_salt = salt if check.hidden else ""
            seed_text = "/".join((slug, exercise.name, check.name, own_salt))
            exam = Exam(exercise.name, subject, seed_text, check.seconds or seconds, own_salt, memo)
            verdict = _examine(exercise, check, exam, reference)
            if scripts is not None:
                scripts[check.name] = exam.last
        verdicts[check.name] = verdict
        yield verdict
    if ahead:
        ahead.end(exercise, verdicts)


def earned(exercise: Exercise, verdicts: Sequence[Verdict]) -> tuple[Earned, ...]:
    """The rubric filled in; see model.Part for when a part is earned."""
    held = {v.part for v in verdicts if v.passed}
    lost = {v.part for v in verdicts if not v.passed and not v.waits}
    return tuple(Earned(p.name, p.sentence, exercise.worth(p) * (p.name in held - lost),
                        exercise.worth(p)) for p in exercise.parts)


def points(exercise: Exercise, parts: Sequence[Earned]) -> float:
    """The sum of the parts, to a hundredth; to the last digit where all of it is earned."""
    if parts and all(part.full for part in parts):
        return exercise.points
    return round(sum(part.points for part in parts), 2)


def result(exercise: Exercise, verdicts: tuple[Verdict, ...], diagnoses: tuple[Diagnosis, ...] = (),
           trouble: str = "", facts: Mapping[str, str] = MappingProxyType({})) -> ExerciseResult:
    """The verdicts with what they are worth."""
    parts = earned(exercise, verdicts)
    worth = points(exercise, parts)
    return ExerciseResult(exercise.name, worth, exercise.points, verdicts, diagnoses, trouble,
                          parts=parts, facts=facts)


def can_be_diagnosed(verdicts: tuple[Verdict, ...]) -> bool:
    """Whether a belief may be behind the verdicts: something failed, and there is code to ask."""
    failed = [v for v in verdicts if not v.passed and v.outcome is not Outcome.SKIPPED]
    there = any(not v.got.endswith((UNWRITTEN, UNDEFINED)) for v in failed)
    return there and not any(v.outcome in DEATHS for v in failed)


def _stopped(exercise: Exercise, check: Check, so_far: dict[str, Verdict], deaths: int,
             seconds: float) -> Verdict | None:
    """What is said of an untried check: one of its part, or too many before, cost the process."""
    lost = {v.part: v for v in so_far.values() if v.outcome in DEATHS}
    if first := lost.get(exercise.part_of[check.name]):
        told = f'"{first.sentence}", of the same part, hung or ended the program'
    elif len(lost) < deaths:
        return None
    else:
        told = (f"{deaths} parts of this exercise hung or ended the program before. A call may "
                f"compute for {seconds:g} s")
    return _verdict(exercise, check, Outcome.SKIPPED, got=NOT_TRIED + told)


def _waiting(exercise: Exercise, check: Check, so_far: dict[str, Verdict]) -> Verdict | None:
    for verdict in exercise.unmet(check, so_far):
        waiting = _verdict(exercise, check, Outcome.SKIPPED,
                           got=f'not tried: first "{verdict.sentence}" must hold')
        return replace(waiting, waits=verdict.check)
    return None


def _examine(exercise: Exercise, check: Check, exam: Exam, reference: Subject | None) -> Verdict:
    try:
        _hold(check, exam, reference)
    except Wrong as wrong:
        got = wrong.got + (NO_RETURN if _came_back_empty(wrong.got, exam) else "")
        return _verdict(exercise, check, Outcome.FAILED, got, wrong.wanted, exam, wrong.picture)
    except Unanswered as unanswered:
        # our words: a worker can neither time out nor say why
        if unanswered.answer.error.startswith(NOT_TRIED):
            return _verdict(exercise, check, Outcome.SKIPPED, got=unanswered.answer.error)
        got = what_happened(unanswered.call, unanswered.answer, check.hidden)
        outcome = unanswered.answer.outcome
        return _verdict(exercise, check, Outcome.FAILED if outcome is Outcome.SKIPPED else outcome,
                        got, "", exam)
    except MemoryError:  # says nothing about the check: the hand-in is judged once more, alone
        raise
    except AutograderError as error:
        return _verdict(exercise, check, Outcome.BROKEN,
                        got=f"the check itself failed: {error}", exam=exam)
    except Exception as error:
        return _tripped(exercise, check, exam, reference, error)
    return _verdict(exercise, check, Outcome.PASSED)


def _hold(check: Check, exam: Exam, reference: Subject | None) -> None:
    """Let the check look; it returns when its sentence holds."""
    # NaN and infinity come from the student: NumPy's warnings about them are not ours to print, nor
    # to raise after np.seterr
    with warnings.catch_warnings(), np.errstate(all="warn"):
        warnings.simplefilter("ignore")
        if check.with_reference:
            check.judge(exam, exam.of(reference) if reference else None)
        else:
            check.judge(exam)


def _tripped(exercise: Exercise, check: Check, exam: Exam, reference: Subject | None,
             error: Exception) -> Verdict:
    """A check ended in an exception that it did not mean: by whose doing?

    The helpers of asking.py make a Wrong of whatever rubbish comes back, so this is our bug in any
    case. But it must not be the student who decides whether there is a mark. The same check, with
    the same seeds, is put to the solution: where it holds there, course and machine are sound, and
    what brought the exception about is an answer so unlike a right one that nobody thought of it.
    It is wrong, and staff read of it in the log. Where it does not hold for the solution either,
    nothing can be said of anybody's answer: BROKEN, and no mark. On a student's own machine, where
    there is no solution and nothing counts, the sentence tells of both.
    """
    what = f"{exercise.name}, {check.verb}: {tripped(error)}"
    if check.with_reference if reference is None else not _holds_for(reference, check, exam):
        return _verdict(exercise, check, Outcome.BROKEN,
                        got=f"the check itself failed: {tripped(error)}", exam=exam)
    level = logging.INFO if reference is None else logging.WARNING
    LOG.log(level, "%s. An answer brought it about, and counts as wrong.", what,
            exc_info=LOG.isEnabledFor(logging.DEBUG))
    told = (f"{UNFIT}. If you think it is right, please report this: {what}"
            if reference is None else UNFIT)
    return _verdict(exercise, check, Outcome.FAILED, told, exam=exam)


def _holds_for(reference: Subject, check: Check, exam: Exam) -> bool:
    try:
        _hold(check, exam.of(reference), reference)
    except Exception:  # whatever it is: the check is no judge of anybody
        return False
    return True


def _came_back_empty(got: str, exam: Exam) -> bool:
    """Whether a function gave None: somebody forgot to return, or printed instead."""
    asked = [call for call in exam.last if not call.is_shown]
    return got.endswith((" is None", "returned None")) and bool(asked) and not asked[-1].look


def _verdict(exercise: Exercise, check: Check, outcome: Outcome, got: str = "", wanted: str = "",
             exam: Exam | None = None, picture: object = None) -> Verdict:
    got, wanted = (shown(text, check.hidden) for text in (got, wanted))
    call = _pasteable(exam.last, got) if exam and exam.last and not check.hidden else ""
    return Verdict(exercise.name, check.name, check.sentence, outcome, got, wanted, call,
                   exercise.part_of[check.name], check.hidden, picture)


def _pasteable(calls: Sequence[Call], got: str) -> str:
    """The script that shows what is spoken of, or as much as a report holds: no half calls."""
    first = ENDLESS if STOPPED in got else ""
    return next((first + text for text in (lines(calls, got), script_text(calls, 1))
                 if len(text) <= LONGEST), "")


def what_happened(call: Call, answer: Answer, hidden: bool = False) -> str:
    """A sentence about a call that did not return; hidden cases give no words of the student's."""
    name = called(call)
    if answer.outcome is Outcome.TIMED_OUT:
        where = f" at {answer.line}" if answer.line and not hidden else ""
        return f"{name} {STOPPED}" + (f" ({answer.error})" if answer.error else "") + where
    if answer.outcome is Outcome.CRASHED:
        return f"{name} ended the whole program instead of returning"
    if answer.outcome is Outcome.SKIPPED:
        return (f"{name} could not be called: "
                f"{'what it needs was not returned before' if hidden else answer.error}")
    error_type = answer.error.split(":")[0]
    if error_type == "NotImplementedError":
        return f"{name} {_unwritten(answer, hidden)}"
    if answer.error.startswith("NameError: " + name):
        near = re.search(r" is not defined, but (\w+) is$", answer.error)
        return (f"{name} is not defined, but {near[1]} is: rename it" if near and not hidden
                else f"{name} {UNDEFINED}")
    for lacking in (n for a in call.args if isinstance(a, Code) for n in a.uses):
        if answer.error == f"NameError: {lacking} is not defined":
            return f"{lacking} {UNDEFINED}"
    if hidden:  # no line either: whoever compiles code of their own chooses its number
        return f"{name} raised {raised(answer)}"
    return f"{name} raised {answer.error}{_advice(answer)}{answer.line and f' at {answer.line}'}"


def _unwritten(answer: Answer, hidden: bool) -> str:
    """Of a stub that it is one; of what calls one, which; of a left stub's line, its number."""
    other = re.match(r"line \d+ of (?:the cell of (\w+)|(.+?)): raise NotImplementedError",
                     answer.line)
    if other and not hidden:
        return (f"calls {other[1]}, which {UNWRITTEN}" if other[1]
                else f"calls what in {other[2]} {UNWRITTEN}")
    number = answer.error.rpartition(LEFT_OVER)[2] if LEFT_OVER in answer.error else ""
    if hidden or not number.isdecimal():
        return UNWRITTEN
    return (f"still comes to the line `raise NotImplementedError()` (line {number} of its cell): "
            "delete that line")


def _advice(answer: Answer) -> str:
    """What who is new to NumPy's generators must know to understand the error."""
    if OLD_NAMES.match(answer.error):
        return (" (rng is a numpy.random.Generator; it has random, normal, integers, binomial, "
                "uniform, choice)")
    if "seed(" in answer.line and re.match(r"(TypeError|ValueError): .*(Cannot "
                                           r"cast|SeedSequence|[Ss]eed)", answer.error):
        return " (what comes in is a generator, not a seed: draw from it, as in rng.random(shape))"
    return ""
