"""Lenses: the battery about masks, looking at functions that take more than an array and a probability.

A verb of randomness.py asks for masks: `mask(shape, p, rng)`. A lens turns that question into a call of the function under test, with
inputs chosen so that its mask can be read off what it returns. So one battery serves element dropout, masks shared over time, the two
masks of a recurrent network and masks on weights.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from autograder.asking import Exam, Wrong, array
from autograder.checks.behaviour import compare
from autograder.checks.facts import Fact
from autograder.checks.inputs import Array, scale
from autograder.checks.randomness import draw_call
from autograder.checks.verb import renamed, verb
from autograder.model import Answer, Call, Check, Outcome, Seed

READ = 1e-4  # relative: how near a multiplier is that was read off seven digits, behind a tanh perhaps


@dataclass(frozen=True)
class Lens:
    """How one mask of a function is seen.

    `ask(function, shape, p, seed)` is the call that shows a mask of that shape, `read(value, shape)` finds the multipliers (0 where
    something was dropped) in what came back. `name` tells two masks of one function apart.
    """

    ask: Callable[[str, tuple[int, ...], float, Seed], Call]
    read: Callable[[Any, tuple[int, ...]], Array]
    name: str = ""


@dataclass
class _Looking(Exam):
    """A desk before the same subject, at which calls for a mask are put through a lens."""

    lens: Lens = field(kw_only=True)

    def answers(self, *calls: Call) -> list[Answer]:
        answers = super().answers(*self.translated(calls))
        return [self._seen(call, answer) for call, answer in zip(calls, answers, strict=True)]

    def translated(self, calls: Sequence[Call]) -> tuple[Call, ...]:
        return tuple(self._translated(call) if _asks_for_a_mask(call) else call for call in calls)

    def _translated(self, call: Call) -> Call:
        shape, p, seed = call.args
        return replace(self.lens.ask(call.function, shape.value, p, seed), watch=call.watch)

    def _seen(self, call: Call, answer: Answer) -> Answer:
        if answer.outcome is not Outcome.PASSED or not _asks_for_a_mask(call):
            return answer
        return replace(answer, value=self.lens.read(answer.value, call.args[0].value))


def _asks_for_a_mask(call: Call) -> bool:
    return call.returns == ("mask",)


def _desk(exam: Exam, lens: Lens) -> _Looking:
    memo = exam.memo.setdefault(("lens", lens.name), {})
    return _Looking(exam.function, exam.subject, exam.seed_text, exam.seconds, exam.salt, memo, lens=lens)


def through(lens: Lens, check: Check) -> Check:
    """A check of masks (`via="mask"`), looking through a lens. With a named lens its verb is called "... of the name"."""

    def judge(exam: Exam) -> None:
        desk = _desk(exam, lens)
        try:
            check.judge(desk)
        finally:
            exam.last = desk.translated(desk.last)  # the message shows the call that was really made

    seen = replace(check, judge=judge)
    return renamed(seen, lens.name) if lens.name else seen


def seen_through(lens: Lens, fact: Fact) -> Fact:
    """A fact about masks (`via="mask"`), looking through a lens."""
    name = f"{fact.name}_of_{lens.name}" if lens.name else fact.name
    return Fact(name, lambda exam: fact.probe(_desk(exam, lens)))


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


def asked_of(function: str, fact: Fact, name: str) -> Fact:
    """A fact about one function of an exercise with several; the name stands before that of the fact."""
    return Fact(f"{name}_{fact.name}", lambda exam: fact.probe(_before(exam, function)))


def one_mask(exam: Exam, p: float, shape: tuple[int, ...], number: int = 0) -> Array:
    """The multipliers of one call, as a lens shows them (or as the function under test returns them)."""
    (value,) = exam.ask(draw_call(exam, "mask", shape, p, Seed(exam.seed(number))))
    return array(value, "mask", shape).astype(float)


@verb()
def multiplies_the_kept_ones(exam: Exam, *, p: float, by: str = "1/(1-p)", shape: tuple[int, ...] = (32, 50)) -> None:
    """multiplies what it keeps by {by}"""
    factors = one_mask(exam, p, shape)
    kept = factors != 0
    if kept.all() or not kept.any():
        raise Wrong(f"{int(kept.sum())} of {kept.size} were kept", f"about {round((1 - p) * kept.size)}")
    compare(factors[kept], np.full(int(kept.sum()), scale(by, p)), "factor of the kept ones", READ)


@verb()
def shares_its_mask_over_time(exam: Exam, *, p: float, shape: tuple[int, int, int] = (16, 6, 20)) -> None:
    """uses one and the same mask at every step of a sequence"""
    kept = one_mask(exam, p, shape) != 0
    if kept[:, 0].all() or not kept[:, 0].any():
        raise Wrong(f"{int(kept[:, 0].sum())} of {kept[:, 0].size} were kept at the first step", f"about {1 - p:g} of them")
    changed = (kept != kept[:, :1]).any(axis=(0, 2))
    if changed.any():
        step = int(np.argmax(changed))
        share = float((kept[:, step] != kept[:, 0]).mean())
        raise Wrong(f"between the first step and step {step + 1} the mask changes in {share:.0%} of the units", "no change", kept[0])
