"""How functions are called, `out, cache = f(x, p, rng, train=True)`, and what they return."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np

from autograder.asking import Exam, array, pair
from autograder.checks_api.inputs import Array, in_words, normal
from autograder.checks_api.views import View
from autograder.model import Call, Given, Item, Seed

SCALES = ("1", "1-p", "1/(1-p)", "p", "1/p")


def scale(name: str, p: float) -> float:
    """The value of a factor that a list names: "1", "1-p", "1/(1-p)", "p" or "1/p"."""
    table = {"1": 1.0, "1-p": 1 - p, "1/(1-p)": 1 / (1 - p) if p < 1 else np.inf, "p": p,
             "1/p": 1 / p if p else np.inf}
    return table[name]


def train_call(function: str, x: Given, p: float, seed: Seed, **more: Any) -> Call:
    """`out, cache = f(x, p, rng)`; only `out` travels unless `ship` says otherwise."""
    return Call(function, (x, p, seed), returns=("out", "cache"), **{"ship": (0,), **more})


def test_call(function: str, x: Given, p: float, seed: Seed | None = None, **more: Any) -> Call:  # noqa: PT028  a call, not a test
    """`out, cache = f(x, p, None, train=False)`, or with an rng that it must not need."""
    return Call(function, (x, p, seed), {"train": False}, returns=("out", "cache"),
                **{"ship": (0,), **more})


test_call.__test__ = False  # type: ignore[attr-defined]  # pytest would take the name for a test


def backward_call(name: str, dout: Given, forward: int, **more: Any) -> Call:
    """`dx = f(dout, cache)` with the cache that call number `forward` of the script returned."""
    return Call(name, (dout, Item(forward, 1, "cache")), returns=("dx",), **more)


def output(value: Any, x: Given) -> Array:
    """`out` of a returned `(out, cache)` as floats of x's shape: one cannot reckon with bools."""
    out = returned_output(value, x)
    return out if out.dtype.kind == "f" else out.astype(float)


def returned_output(value: Any, x: Given) -> Array:
    """The same with the dtype that the student's function gave it."""
    return array(pair(value)[0], "out", np.shape(x.value))


def outputs(p: float, shape: tuple[int, ...] = (32, 50)) -> View:
    """The output of a training pass."""

    def call(exam: Exam, number: int) -> Call:
        return train_call(exam.function, normal(shape, exam.seed(1)), p, Seed(exam.seed(number)))

    return View(call, partial(output, x=Given("x", np.empty(shape))), "outputs", ("x",))


def gradients(p: float, forward: str, backward: str, shape: tuple[int, ...]) -> View:
    """The gradient of a training pass."""

    def calls(exam: Exam, number: int) -> tuple[Call, Call]:
        x, dout = normal(shape, exam.seed(1)), in_words("dout", normal(shape, exam.seed(2)))
        return train_call(forward, x, p, Seed(exam.seed(number))), backward_call(backward, dout, 0)

    return View(calls, what="dx")
