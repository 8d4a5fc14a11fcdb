"""The solution is asked once for a class, and nobody's doing changes what the next one is told."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from autograder.model import Answer, Call, Given, Outcome
from autograder.subjects.oracle import KEPT, Oracle


class Solution:
    """Doubles, and remembers how often it was asked."""

    def __init__(self) -> None:
        self.asked = 0
        self.troubles: dict[str, str] = {}

    def ask(self, calls: Sequence[Call], seconds: float) -> list[Answer]:
        self.asked += 1
        if calls[0].function == "fail":
            return [Answer(Outcome.RAISED, error="ValueError")]
        return [Answer(Outcome.PASSED, 2 * call.args[0].value) for call in calls]


def double(*numbers: float) -> Call:
    return Call("double", (Given("x", np.array(numbers)),))


def test_the_same_is_asked_once_and_something_else_anew() -> None:
    solution = Solution()
    oracle = Oracle(solution)
    found = [oracle.ask((double(*x),), 1.0)[0].value.tolist()
             for x in ((1.0, 2.0), (1.0, 2.0), (1.0, 3.0), (1.0, 2.0))]
    assert (found, solution.asked) == ([[2, 4], [2, 4], [2, 6], [2, 4]], 2)


def test_who_changes_an_answer_changes_it_for_nobody_else() -> None:
    oracle = Oracle(Solution())
    oracle.ask((double(1.0),), 1.0)
    oracle.ask((double(1.0),), 1.0)[0].value[:] = 7
    assert oracle.ask((double(1.0),), 1.0)[0].value == 2


def test_the_first_answer_is_a_copy_too() -> None:
    oracle = Oracle(Solution())
    oracle.ask((double(1.0),), 1.0)[0].value[:] = 7
    assert oracle.ask((double(1.0),), 1.0)[0].value == 2


def test_what_did_not_return_is_asked_again() -> None:
    solution = Solution()
    oracle = Oracle(solution)
    assert [oracle.ask((Call("fail"),), 1.0)[0].outcome for _ in range(2)] == [Outcome.RAISED] * 2
    assert solution.asked == 2


def test_only_so_much_is_kept() -> None:
    solution = Solution()
    oracle = Oracle(solution)
    for k in (*range(KEPT + 1), 0):
        oracle.ask((double(float(k)),), 1.0)
    assert solution.asked == KEPT + 2
