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


def seeded(exam: Exam, seed: Seed | int) -> Seed:
    """A number as seed is the number-th of the exam."""
    return Seed(exam.seed(seed)) if isinstance(seed, int) else seed


def train_call(exam: Exam, x: Given, p: float, seed: Seed | int = 0, of: str = "") -> Call:
    """`out, cache = f(x, p, rng)`, of the exercise's own function if none is named."""
    return Call(of or exam.function, (x, p, seeded(exam, seed)), returns=("out", "cache"),
                ship=(0,))


def test_call(exam: Exam, x: Given, p: float, seed: Seed | int | None = None, of: str = "") -> Call:  # noqa: PT028  a call, not a test
    """`out, cache = f(x, p, None, train=False)`, or with an rng that it must not need."""
    rng = None if seed is None else seeded(exam, seed)
    return Call(of or exam.function, (x, p, rng), {"train": False}, returns=("out", "cache"),
                ship=(0,))


test_call.__test__ = False  # type: ignore[attr-defined]  # pytest would take the name for a test


def backward_call(name: str, dout: Given, forward: int) -> Call:
    """`dx = f(dout, cache)` with the cache that call number `forward` of the script returned."""
    return Call(name, (dout, Item(forward, 1, "cache")), returns=("dx",))


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
        return train_call(exam, normal(shape, exam.seed(1)), p, number)

    return View(call, partial(output, x=Given("x", np.empty(shape))), "outputs", ("x",))


def gradients(p: float, forward: str, backward: str, shape: tuple[int, ...]) -> View:
    """The gradient of a training pass."""

    def calls(exam: Exam, number: int) -> tuple[Call, Call]:
        x, dout = normal(shape, exam.seed(1)), in_words("dout", normal(shape, exam.seed(2)))
        return train_call(exam, x, p, number, of=forward), backward_call(backward, dout, 0)

    return View(calls, what="dx")
