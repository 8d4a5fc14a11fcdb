"""Repetitions travel as one and are still made one by one."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from autograder.model import Answer, Call, Draws, Given, Item, Opaque, Outcome, Seed
from autograder.running.batching import (
    NOT_REPEATED, bundled, functions, gathered, repetitions, scattered)
from autograder.running.runner import Room
from autograder.subjects.messages import answers_in

X = Given("x", np.ones(3))


def draw(seed: int, function: str = "f", x: Any = X, **more: Any) -> Call:
    return Call(function, (x, 0.3, Seed(seed)), returns=("out", "cache"), **more)


def expanded(script: list[Call]) -> list[Call]:
    def calls(group: Draws) -> Iterator[Call]:
        for number in group.numbers:
            args = [Seed(number) if i == group.place else a for i, a in enumerate(group.call.args)]
            yield replace(group.call, args=tuple(args))

    return [call for group in bundled(script)
            for call in ([group] if isinstance(group, Call) else calls(group))]


@pytest.mark.parametrize(
    ("script", "sizes"),
    [
        ([], []),
        ([draw(1)], [1]),
        ([draw(1), draw(2), draw(2)], [3]),
        ([draw(1), draw(2, "g"), draw(3)], [1, 1, 1]),
        ([draw(1), draw(2, x=Given("x", np.ones(3)))], [1, 1]),  # equal numbers, but another array
        ([draw(1), draw(2, watch=True), draw(3, watch=True)], [1, 2]),
        ([draw(1), draw(2, nonzero=True), draw(3, nonzero=True)], [1, 2]),
        ([draw(1, kwargs={"train": False}), draw(2, kwargs={"train": False}),
          draw(3, kwargs={"train": 0})], [2, 1]),
        # one generator that moves on
        ([Call("f", (Seed(1, "rng"),)), Call("f", (Seed(1, "rng"),))], [1, 1]),
        ([Call("f", (Seed(1), Seed(2))), Call("f", (Seed(1), Seed(3)))], [1, 1]),
        ([Call("f", (1, Seed(1))), Call("f", (True, Seed(2))), Call("f", (1.0, Seed(3)))],
         [1, 1, 1]),
        ([Call("f", (0.0, Seed(1))), Call("f", (-0.0, Seed(2)))], [1, 1]),
        ([draw(1), Call("b", (X, Item(0, 1))), draw(2)], [1, 1, 1]),
    ],
    ids=lambda value: str(len(value)),
)
def test_only_what_differs_in_the_seed_alone_is_bundled(script: list[Call],
                                                        sizes: list[int]) -> None:
    groups = bundled(script)
    assert [len(g.numbers) if isinstance(g, Draws) else 1 for g in groups] == sizes
    assert [(c.function, c.args[-1], c.kwargs, c.watch) for c in expanded(script)] == [
        (c.function, c.args[-1], c.kwargs, c.watch) for c in script
    ]
    assert functions(groups) == [c.function for c in script]
    assert repetitions(groups) == [left for size in sizes for left in range(size - 1, -1, -1)]


def test_a_repetition_is_steady_from_its_own_seed() -> None:
    def stubborn(x: Any, p: float, rng: Any) -> Any:
        return np.random.rand(), np.random.default_rng().random()

    script = [draw(k, steady=True) for k in range(3)]
    together = [a.value for a in Room({"f": stubborn}).perform(bundled(script))]
    assert together == [a.value for a in Room({"f": stubborn}).perform(script)]
    assert len(set(together)) == 3


def test_each_repetition_has_arguments_of_its_own() -> None:
    def spoil(x: Any, p: float, rng: np.random.Generator) -> Any:
        x += 1
        return x * rng.random(), None

    answers = list(Room({"f": spoil}).perform(bundled([draw(k) for k in range(3)])))
    wanted = [2 * np.random.default_rng(k).random() for k in range(3)]
    assert [a.value[0].tolist() for a in answers] == [[w] * 3 for w in wanted]


def test_after_one_that_raised_the_repetitions_are_not_tried_and_the_rest_is() -> None:
    called = []

    def fails(x: Any, p: float, rng: np.random.Generator) -> None:
        called.append(p)
        raise ValueError("no")

    answers = list(Room({"f": fails, "g": lambda *_: 1}).perform(
        bundled([draw(1), draw(2), draw(3), draw(4, "g"), draw(5)])))
    assert [a.outcome for a in answers] == [Outcome.RAISED, Outcome.SKIPPED, Outcome.SKIPPED,
                                            Outcome.PASSED, Outcome.RAISED]
    assert (answers[1] is NOT_REPEATED, len(called)) == (True, 2)


@pytest.mark.parametrize(
    "values",
    [
        [np.ones((2, 3)), np.zeros((2, 3))],
        [np.array(1.5), np.array(2.5)],
        [np.ones(2), np.ones(3)],
        [np.ones(2), np.ones(2, np.float32)],
        [(np.ones(2), 1), (np.ones(2), 2)],
        [None, "a", 2.0],
        [(), ()],
        [(np.ones(2), Opaque("tuple")), (np.zeros(2), Opaque("tuple"))],
        [(np.ones(2), Opaque("tuple")), (np.zeros(2), Opaque("list"))],
        [(np.ones(2), (1.0, np.ones(3)))] * 2,
        [(1.0, 2.0), (3.0,)],
        [(1.0, 2.0), [3.0, 4.0]],
        [(1.0, 2.0)],
    ],
    ids=str,
)
def test_values_that_were_gathered_come_apart_as_they_were(values: list[Any]) -> None:
    back = scattered(gathered(values), len(values))
    assert [type(v) for v in back] == [type(v) for v in values]
    assert repr(back) == repr(values)
    assert [getattr(v, "dtype", None) for v in back] == [getattr(v, "dtype", None) for v in values]


CALLS = [draw(1), draw(2), draw(3, watch=True)]


@pytest.mark.parametrize(
    ("message", "count"),
    [
        (("values", "n", 0, (1.0, 2.0)), 2),
        (("values", "n", 0, np.ones((2, 3))), 2),
        (("values", "n", 0, (1.0, 2.0, 3.0)), 0),  # the third was watched: its facts are missing
        (("values", "n", 1, (1.0,)), 0),
        (("values", "n", False, (1.0,)), 0),
        (("values", "m", 0, (1.0,)), 0),
        (("values", "n", 0, ()), 0),
        (("values", "n", 0, np.array(1.0)), 0),
        (("values", "n", 0, {"count": 2, "items": (np.ones((2, 3)), Opaque("tuple"))}), 2),
        (("values", "n", 0, {"count": 2, "items": (Opaque("tuple"),)}), 2),
        (("values", "n", 0, {"count": 2, "items": (np.ones((3, 3)),)}), 0),
        (("values", "n", 0, {"count": 2, "items": (1.0,)}), 0),
        (("values", "n", 0, {"count": 2, "items": ()}), 0),
        (("values", "n", 0, {"count": 2}), 0),
        (("values", "n", 0, {"count": 1, "items": (np.ones((1, 3)),)}), 0),
        (("values", "n", 0, {"count": 2.0, "items": (np.ones((2, 3)),)}), 0),
        (("values", "n", 0, {"count": 10**9, "items": (Opaque("tuple"),)}), 0),
        (("values", "n", 0, {}), 0),
        (("values", "n", 0, np.ones((9, 1))), 0),
        (("values", "n", 0, 7), 0),
        (("values", "n", 0, (Answer(Outcome.PASSED),)), 0),
    ],
    ids=repr,
)
def test_the_judge_takes_gathered_values_only_where_they_are_due(message: Any, count: int) -> None:
    assert len(answers_in(message, "n", CALLS, 0)) == count
