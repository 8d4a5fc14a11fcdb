"""What is sent before it is asked changes nothing but the time it takes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import pytest

from autograder.asking import Exam
from autograder.foresight import Ahead, Foresight, Script
from autograder.judge import judge
from autograder.model import (
    Call, Cell, Check, Exercise, Given, Item, Limits, Outcome, Part, Role, Seed)
from autograder.sandbox import choose
from autograder.subjects.local import Local
from autograder.subjects.remote import Remote

SOURCE = """
import os
seen = []
def double(x): seen.append(x); return 2 * x
def order(): return seen
def pair(x): return x, {"x": x}
def use(cache): return cache["x"]
def die(): os._exit(0)
def hang():
    while True: pass
def mean(x): return x.mean()
def draw(rng): return rng.random()
"""
CELLS = [Cell("a", Role.ANSWER, SOURCE)]
X = Given("np.ones(3)", np.ones(3))


def script(*calls: Call, seconds: float = 1.0) -> Script:
    return Script(calls, seconds)


def double(x: int) -> Call:
    return Call("double", (x,))


@pytest.fixture
def subject() -> Iterator[Remote]:
    with Remote(choose(), CELLS, Limits(call_seconds=1)) as remote:
        remote.run_cells()
        yield remote


def outcomes(subject: Remote, *calls: Call) -> list[Outcome]:
    return [a.outcome for a in subject.ask(calls, 0.3)]


def test_answers_are_those_to_the_calls(subject: Remote) -> None:
    scripts = [script(double(1)), script(Call("pair", (5,), ship=(0,)), Call("use", (Item(0, 1),))),
               script(Call("draw", (Seed(3),)))]
    subject.expect(scripts)
    found = [[a.value for a in subject.ask(list(s.calls), 1)] for s in scripts]
    assert (found[0], found[1][1]) == ([2], 5)
    assert found[2] == [np.random.default_rng(3).random()]


def test_what_nobody_asks_for_in_the_end_is_passed_over(subject: Remote) -> None:
    subject.expect([script(double(n)) for n in range(5)])
    assert [subject.ask([double(n)], 1)[0].value for n in (1, 7, 3, 2)] == [2, 14, 6, 4]
    # the 2 had been passed over: it is asked once more
    assert subject.ask([Call("order")], 1)[0].value == [0, 1, 2, 3, 4, 7, 2]


def test_more_than_both_ends_can_hold_gets_through(subject: Remote) -> None:
    large = [Given("x", np.full(300_000, float(n))) for n in range(6)]  # 2 MB each, there and back
    scripts = [script(Call("double", (x,)), Call("double", (x,))) for x in large]
    subject.expect(scripts)
    for n, s in enumerate(scripts):
        one, other = subject.ask(list(s.calls), 1)
        assert one.value[0] == other.value[-1] == 2 * n


@pytest.mark.parametrize("end", ["die", "hang"])
def test_a_worker_that_is_lost_is_nobodys_fault_until_it_is_asked(subject: Remote,
                                                                  end: str) -> None:
    subject.expect([script(double(1)), script(Call(end), seconds=0.3), script(double(2))])
    assert subject.ask([double(1)], 1)[0].value == 2
    assert subject.ask([double(2)], 1)[0].value == 4  # what ended the worker was never asked
    assert (subject.budget.deaths, subject.budget.stopped) == (0, [])
    subject.expect([script(Call(end))])  # from now on each waits for its turn
    assert outcomes(subject, Call(end))[0] in (Outcome.CRASHED, Outcome.TIMED_OUT)
    assert subject.budget.deaths >= 1


def test_the_one_that_ends_the_worker_pays_for_it_when_it_is_asked(subject: Remote) -> None:
    subject.expect([script(double(1)), script(Call("die")), script(double(2))])
    assert outcomes(subject, double(1)) == [Outcome.PASSED]
    assert outcomes(subject, Call("die")) == [Outcome.CRASHED]
    assert outcomes(subject, double(2)) == [Outcome.PASSED]
    # as for whoever ends a worker that was used: it is tried in a fresh one, too
    assert subject.budget.deaths == 2


# --------------------------------------------------------------------------------- what is foreseen
class Asked(Local):
    """A subject in this process that writes down what it is to expect."""

    def __init__(self) -> None:
        super().__init__(CELLS)
        self.asked: list[tuple[Sequence[Call], float]] = []
        self.expected: list[Script] = []

    def ask(self, calls: Sequence[Call], seconds: float) -> Any:
        self.asked.append((calls, seconds))
        return super().ask(calls, seconds)

    def expect(self, scripts: Sequence[Script]) -> None:
        self.expected += scripts


def check(name: str, *calls: Call, needs: tuple[str, ...] = (), holds: bool = True) -> Check:
    def look(exam: Exam) -> None:
        for call in calls:
            exam.ask(call)
        if not holds:
            exam.ask(Call("fails"))

    return Check(name, name, name, look, needs)


def foreseen(*checks: Check, before: int = 2) -> list[list[float]]:
    """What was expected in several gradings of a right answer, as the numbers to be doubled."""
    exercise = Exercise("a", [Part("p", "is right", 1, checks)], points=1.0)
    foresight = Foresight()
    found = []
    for _ in range(before + 1):
        subject = Asked()
        judge(exercise, subject, "hw", ahead=Ahead(subject, foresight))
        found.append([s.calls[0].args[0] for s in subject.expected])
    return found


def test_what_two_were_asked_is_foreseen_for_the_third() -> None:
    assert (foreseen(check("one", double(1), double(2)), check("two", double(3)))
            == [[], [], [1, 2, 3]])


def test_nothing_is_foreseen_of_a_check_that_waits_before_it_is_its_turn() -> None:
    order: list[Any] = []

    class Watched(Asked):
        def expect(self, scripts: Sequence[Script]) -> None:
            order.append([s.calls[0].args[0] for s in scripts])

    exercise = Exercise("a", [Part("p", "is right", 1, [check("one", double(1)), check(
        "two", double(2), needs=("one",))])], points=1.0)
    foresight = Foresight()
    for _ in range(3):
        subject = Watched()
        judge(exercise, subject, "hw", ahead=Ahead(subject, foresight))
    assert order[-2:] == [[1], [2]]


def test_a_wrong_answer_teaches_nothing() -> None:
    assert foreseen(check("one", double(1)), check("two", holds=False)) == [[], [], []]


def test_what_was_worked_out_from_an_answer_is_never_foreseen() -> None:
    def look(exam: Exam) -> None:
        (value,) = exam.ask(double(4))
        exam.ask(Call("mean", (Given("out", np.array([float(value)])),)))

    assert (foreseen(Check("derived", "derived", "derived", look), check("one", double(1)))
            == [[], [], [1]])
