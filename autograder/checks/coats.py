"""Coats: the battery about functions, put to layers that are classes, or that want other arguments.

A coat is code that makes a layer look like `out, cache = f(x, p, rng, train=True)` and `dx = f(dout, cache)`. It runs where the student's
layer lives, and each call of a check is one call of the coat. So one battery serves NumPy functions and modules of any framework.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from autograder.asking import Exam, Unanswered
from autograder.checks.facts import Fact
from autograder.checks.verb import renamed
from autograder.model import Answer, Call, Check, Code

CALLED = ".__call__"


@dataclass(frozen=True)
class Coat:
    """Name of a function, as checks call it -> the code that is called instead. `name` tells two coats of one exercise apart."""

    functions: Mapping[str, Code]
    name: str = ""


@dataclass
class _Dressed(Exam):
    """A desk before the same subject, at which the functions of a coat are called in place of those that a check names."""

    coat: Coat = field(kw_only=True)

    def answers(self, *calls: Call) -> list[Answer]:
        return super().answers(*self.dressed(calls))

    def dressed(self, calls: Sequence[Call]) -> tuple[Call, ...]:
        return tuple(self._dressed(call) for call in calls)

    def _dressed(self, call: Call) -> Call:
        code = self.coat.functions.get(call.function)
        return replace(call, function=CALLED, args=(code, *call.args)) if code else call


def _desk(exam: Exam, coat: Coat) -> _Dressed:
    memo = exam.memo.setdefault(("coat", coat.name), {})
    return _Dressed(exam.function, exam.subject, exam.seed_text, exam.seconds, exam.salt, memo, coat=coat)


def _named(call: Call, coat: Coat, exam: Exam) -> Call:
    """The call as a message is to name it: what a named coat dresses is called by the coat's name, not by the exercise's."""
    return replace(call, function=coat.name) if coat.name and call.function == exam.function else call


def in_a_coat(coat: Coat, check: Check) -> Check:
    """The check, put to a layer in this coat. With a named coat its verb is called "... of the name"."""

    def judge(exam: Exam) -> None:
        desk = _desk(exam, coat)
        try:
            check.judge(desk)
        except Unanswered as unanswered:
            raise Unanswered(_named(unanswered.call, coat, exam), unanswered.answer) from unanswered
        finally:
            exam.last = desk.dressed(desk.last)  # the message shows the call that was really made

    asked = replace(check, judge=judge)
    return renamed(asked, coat.name) if coat.name else asked


def fact_in_a_coat(coat: Coat, fact: Fact) -> Fact:
    """The fact, seen of a layer in this coat."""
    name = f"{fact.name}_of_{coat.name}" if coat.name else fact.name
    return Fact(name, lambda exam: fact.probe(_desk(exam, coat)))
