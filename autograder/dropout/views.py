"""Other words for the calls of a check: for functions and classes that are called otherwise.

A check of masks.py asks for masks: `mask(shape, p, rng)`. A lens turns that question into a call of
the function under test, with inputs chosen so that its mask can be read off what it returns. So the
same checks serve element dropout, masks shared over time, the two masks of a recurrent network and
masks on weights.

A coat is code that makes a layer look like `out, cache = f(x, p, rng, train=True)` and `dx =
f(dout, cache)`. It runs where the student's layer lives, and each call of a check is one call of
the coat. So the same checks serve NumPy functions and modules of any framework.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from autograder.asking import Exam, Unanswered
from autograder.checks_api.inputs import Array
from autograder.checks_api.symptoms import Symptom
from autograder.checks_api.verb import renamed
from autograder.model import Answer, Call, Check, Code, Outcome, Seed

# relative: how near a multiplier is that was read off seven digits, behind a tanh perhaps
READ = 1e-4
CALLED = ".__call__"


class Words:
    """What is called in place of a check's calls, and how shown. `name` tells two apart."""

    name: str = ""

    def put(self, call: Call) -> Call:
        """The call that is really made."""
        raise NotImplementedError

    def seen(self, call: Call, answer: Answer) -> Answer:
        """What a check is to see of the answer."""
        return answer

    def shown(self, call: Call) -> list[Call]:
        """The call that was made, with a line that makes of what it returns what the check saw."""
        raise NotImplementedError

    def told(self, call: Call, exam: Exam) -> Call:
        """The call as a message about an exception is to name it."""
        return call


@dataclass
class _Desk(Exam):
    """A desk before the same subject, at which calls are put in other words."""

    words: Words = field(kw_only=True)

    def answers(self, *calls: Call) -> list[Answer]:
        try:
            answers = super().answers(*map(self.words.put, calls))
        finally:
            self.last = calls
        return [self.words.seen(call, answer) for call, answer in zip(calls, answers, strict=True)]


def _desk(exam: Exam, words: Words) -> _Desk:
    memo = exam.memo.setdefault((type(words).__name__, words.name), {})
    return _Desk(exam.function, exam.subject, exam.seed_text, exam.seconds, exam.salt,
                 memo, words=words)


def through(words: Words, check: Check) -> Check:
    """The check, its calls in other words. If named, its verb is called "... of the name"."""

    def judge(exam: Exam) -> None:
        desk = _desk(exam, words)
        try:
            check.judge(desk)
        except Unanswered as unanswered:
            raise Unanswered(words.told(unanswered.call, exam), unanswered.answer) from unanswered
        finally:
            exam.last = tuple(line for call in desk.last for line in words.shown(call))

    seen = replace(check, judge=judge)
    return renamed(seen, words.name) if words.name else seen


def seen_through(words: Words, fact: Symptom) -> Symptom:
    """The fact, its calls put in other words."""
    name = f"{fact.name}_of_{words.name}" if words.name else fact.name
    return Symptom(name, lambda exam: fact.probe(_desk(exam, words)))


in_a_coat, fact_in_a_coat = through, seen_through  # as files call them that were handed out before


@dataclass(frozen=True)
class Lens(Words):
    """How one mask of a function is seen, by checks of masks (`via="mask"`).

    `ask(function, shape, p, seed)` is the call that shows a mask of that shape, `find(value,
    shape)` finds the multipliers (0 where something was dropped) in what came back, `text(shape)`
    is Python that does the same with the names of that call.
    """

    ask: Callable[[str, tuple[int, ...], float, Seed], Call]
    find: Callable[[Any, tuple[int, ...]], Array]
    text: Callable[[tuple[int, ...]], str]
    name: str = ""

    def put(self, call: Call) -> Call:
        if not _asks_for_a_mask(call):
            return call
        shape, p, seed = call.args
        return replace(self.ask(call.function, shape.value, p, seed), watch=call.watch)

    def seen(self, call: Call, answer: Answer) -> Answer:
        if answer.outcome is not Outcome.PASSED or not _asks_for_a_mask(call):
            return answer
        return replace(answer, value=self.find(answer.value, call.args[0].value))

    def shown(self, call: Call) -> list[Call]:
        look = ([Call(self.text(call.args[0].value), returns=call.returns, look=True)]
                if _asks_for_a_mask(call) else [])
        return [self.put(call), *look]


def _asks_for_a_mask(call: Call) -> bool:
    return call.returns == ("mask",)


@dataclass(frozen=True)
class Coat(Words):
    """Name of a function, as checks call it -> the code that is called instead."""

    functions: Mapping[str, Code]
    name: str = ""
    # what a coat's code returns first -> Python that makes an array of it
    read: Mapping[str, str] = field(default_factory=dict)

    def put(self, call: Call) -> Call:
        code = self.functions.get(call.function)
        return replace(call, function=CALLED, args=(code, *call.args)) if code else call

    def shown(self, call: Call) -> list[Call]:
        name, made = next(iter(call.returns), ""), self.put(call)
        text = (made.function == CALLED
                and self.read.get({"one": "out", "other": "out"}.get(name, name), ""))
        return [made, Call(text.format(name), returns=(name,), look=True)] if text else [made]

    def told(self, call: Call, exam: Exam) -> Call:
        """By the coat's name, not by the exercise's."""
        return (replace(call, function=self.name) if self.name
                and call.function == exam.function else call)


# -------------------------------------------------------------- one of the functions of an exercise
def _before(exam: Exam, function: str) -> Exam:
    """The same desk asking another function of the exercise; each remembers for itself."""
    return replace(exam, function=function,
                   memo=exam.memo.setdefault(("function", function), {}), last=())


def asking(function: str, check: Check, name: str) -> Check:
    """A check that asks one function of several; its verb is then called "... of the name"."""

    def judge(exam: Exam, *others: Exam | None) -> None:
        desk = _before(exam, function)
        try:
            check.judge(desk, *(other and _before(other, function) for other in others))
        finally:
            exam.last = desk.last

    return renamed(replace(check, judge=judge), name)


def asked_of(function: str, fact: Symptom, name: str) -> Symptom:
    """A fact about one function of several; the name stands before that of the fact."""
    return Symptom(f"{name}_{fact.name}", lambda exam: fact.probe(_before(exam, function)))
