"""Views: the shared checks, looking at functions and classes that are called in another way.

A check of masks.py asks for masks: `mask(shape, p, rng)`. A lens turns that question into a call of the function under test, with
inputs chosen so that its mask can be read off what it returns. So the same checks serve element dropout, masks shared over time, the two
masks of a recurrent network and masks on weights.

A coat is code that makes a layer look like `out, cache = f(x, p, rng, train=True)` and `dx = f(dout, cache)`. It runs where the student's
layer lives, and each call of a check is one call of the coat. So the same checks serve NumPy functions and modules of any framework.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from autograder.asking import Exam, Unanswered
from autograder.checks_api.inputs import Array
from autograder.checks_api.symptoms import Symptom
from autograder.checks_api.verb import renamed
from autograder.model import Answer, Call, Check, Code, Outcome, Seed

READ = 1e-4  # relative: how near a multiplier is that was read off seven digits, behind a tanh perhaps


@dataclass(frozen=True)
class Lens:
    """How one mask of a function is seen.

    `ask(function, shape, p, seed)` is the call that shows a mask of that shape, `read(value, shape)` finds the multipliers (0 where
    something was dropped) in what came back, `shown(shape)` is Python that does the same with the names of that call. `name` tells two
    masks of one function apart.
    """

    ask: Callable[[str, tuple[int, ...], float, Seed], Call]
    read: Callable[[Any, tuple[int, ...]], Array]
    shown: Callable[[tuple[int, ...]], str]
    name: str = ""


@dataclass
class _Looking(Exam):
    """A desk before the same subject, at which calls for a mask are put through a lens."""

    lens: Lens = field(kw_only=True)

    def answers(self, *calls: Call) -> list[Answer]:
        try:
            answers = super().answers(*self.translated(calls))
        finally:
            self.last = calls
        return [self._seen(call, answer) for call, answer in zip(calls, answers, strict=True)]

    def translated(self, calls: Sequence[Call]) -> tuple[Call, ...]:
        return tuple(self._translated(call) if _asks_for_a_mask(call) else call for call in calls)

    def shown(self, calls: Sequence[Call]) -> tuple[Call, ...]:
        """The calls that were really made, each with a line that reads the mask off what it returns."""
        return tuple(line for call in calls for line in self._shown(call))

    def _shown(self, call: Call) -> tuple[Call, ...]:
        if not _asks_for_a_mask(call):
            return (call,)
        return self._translated(call), Call(self.lens.shown(call.args[0].value), returns=call.returns, look=True)

    def _translated(self, call: Call) -> Call:
        shape, p, seed = call.args
        return replace(self.lens.ask(call.function, shape.value, p, seed), watch=call.watch)

    def _seen(self, call: Call, answer: Answer) -> Answer:
        if answer.outcome is not Outcome.PASSED or not _asks_for_a_mask(call):
            return answer
        return replace(answer, value=self.lens.read(answer.value, call.args[0].value))


def _asks_for_a_mask(call: Call) -> bool:
    return call.returns == ("mask",)


def _looking(exam: Exam, lens: Lens) -> _Looking:
    memo = exam.memo.setdefault(("lens", lens.name), {})
    return _Looking(exam.function, exam.subject, exam.seed_text, exam.seconds, exam.salt, memo, lens=lens)


def through(lens: Lens, check: Check) -> Check:
    """A check of masks (`via="mask"`), looking through a lens. With a named lens its verb is called "... of the name"."""

    def judge(exam: Exam) -> None:
        desk = _looking(exam, lens)
        try:
            check.judge(desk)
        finally:
            exam.last = desk.shown(desk.last)

    seen = replace(check, judge=judge)
    return renamed(seen, lens.name) if lens.name else seen


def seen_through(lens: Lens, fact: Symptom) -> Symptom:
    """A fact about masks (`via="mask"`), looking through a lens."""
    name = f"{fact.name}_of_{lens.name}" if lens.name else fact.name
    return Symptom(name, lambda exam: fact.probe(_looking(exam, lens)))


def _before(exam: Exam, function: str) -> Exam:
    """The same desk, asking another function of the exercise; what was asked is remembered for each function by itself."""
    return replace(exam, function=function, memo=exam.memo.setdefault(("function", function), {}), last=())


def asking(function: str, check: Check, name: str) -> Check:
    """A check that asks one function of an exercise with several. Its verb is then called "... of the name"."""

    def judge(exam: Exam, *others: Exam | None) -> None:
        desk = _before(exam, function)
        try:
            check.judge(desk, *(other and _before(other, function) for other in others))
        finally:
            exam.last = desk.last

    return renamed(replace(check, judge=judge), name)


def asked_of(function: str, fact: Symptom, name: str) -> Symptom:
    """A fact about one function of an exercise with several; the name stands before that of the fact."""
    return Symptom(f"{name}_{fact.name}", lambda exam: fact.probe(_before(exam, function)))


# -------------------------------------------------------------------------------------------------------------- coats
CALLED = ".__call__"


@dataclass(frozen=True)
class Coat:
    """Name of a function, as checks call it -> the code that is called instead. `name` tells two coats of one exercise apart."""

    functions: Mapping[str, Code]
    name: str = ""
    read: Mapping[str, str] = field(default_factory=dict)  # what a coat's code returns first -> Python that makes an array of it


@dataclass
class _Dressed(Exam):
    """A desk before the same subject, at which the functions of a coat are called in place of those that a check names."""

    coat: Coat = field(kw_only=True)

    def answers(self, *calls: Call) -> list[Answer]:
        return super().answers(*self.dressed(calls))

    def dressed(self, calls: Sequence[Call]) -> tuple[Call, ...]:
        return tuple(self._dressed(call) for call in calls)

    def shown(self, calls: Sequence[Call]) -> tuple[Call, ...]:
        """The calls that were really made, each with the line that makes an array of what it returns."""
        return tuple(line for call in calls for line in self._shown(call))

    def _shown(self, call: Call) -> list[Call]:
        name, dressed = next(iter(call.returns), ""), self._dressed(call)
        made = dressed.function == CALLED and self.coat.read.get({"one": "out", "other": "out"}.get(name, name), "")
        return [dressed, Call(made.format(name), returns=(name,), look=True)] if made else [dressed]

    def _dressed(self, call: Call) -> Call:
        code = self.coat.functions.get(call.function)
        return replace(call, function=CALLED, args=(code, *call.args)) if code else call


def _dressing(exam: Exam, coat: Coat) -> _Dressed:
    memo = exam.memo.setdefault(("coat", coat.name), {})
    return _Dressed(exam.function, exam.subject, exam.seed_text, exam.seconds, exam.salt, memo, coat=coat)


def _named(call: Call, coat: Coat, exam: Exam) -> Call:
    """The call as a message is to name it: what a named coat dresses is called by the coat's name, not by the exercise's."""
    return replace(call, function=coat.name) if coat.name and call.function == exam.function else call


def in_a_coat(coat: Coat, check: Check) -> Check:
    """The check, put to a layer in this coat. With a named coat its verb is called "... of the name"."""

    def judge(exam: Exam) -> None:
        desk = _dressing(exam, coat)
        try:
            check.judge(desk)
        except Unanswered as unanswered:
            raise Unanswered(_named(unanswered.call, coat, exam), unanswered.answer) from unanswered
        finally:
            exam.last = desk.shown(desk.last)

    asked = replace(check, judge=judge)
    return renamed(asked, coat.name) if coat.name else asked


def fact_in_a_coat(coat: Coat, fact: Symptom) -> Symptom:
    """The fact, seen of a layer in this coat."""
    name = f"{fact.name}_of_{coat.name}" if coat.name else fact.name
    return Symptom(name, lambda exam: fact.probe(_dressing(exam, coat)))
