"""Inputs that can be shown: each is an array together with the Python that makes it."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np

from autograder.asking import array, pair
from autograder.model import Call, Given, Item, Seed

Array = np.ndarray[Any, Any]
SCALES = ("1", "1-p", "1/(1-p)", "p", "1/p")


@lru_cache(maxsize=256)  # seeds are fixed, so a class of hand-ins meets the same inputs again and again
def normal(shape: tuple[int, ...], seed: int, dtype: str = "float64") -> Given:
    """Standard normal numbers: both signs, and never exactly zero, so that a zero in the output is a dropped unit."""
    value = np.asarray(np.random.default_rng(seed).normal(size=shape))
    text = f"np.random.default_rng({seed}).normal(size={shape})"
    if dtype != "float64":
        text += f".astype(np.{dtype})"
    value = value.astype(dtype)
    value.flags.writeable = False
    return Given(text, value)


@lru_cache(maxsize=256)
def positive(shape: tuple[int, ...], seed: int) -> Given:
    """The sizes of standard normal numbers: all above zero, so that a ReLU lets them through."""
    value = np.abs(np.random.default_rng(seed).normal(size=shape))
    value.flags.writeable = False
    return Given(f"np.abs(np.random.default_rng({seed}).normal(size={shape}))", value)


@lru_cache(maxsize=256)
def asked_shape(shape: tuple[int, ...]) -> Given:
    """A shape as an argument; one and the same object each time, so that calls with it are known to be alike."""
    return Given(repr(shape), shape)


def scale(name: str, p: float) -> float:
    """The value of a factor that a list names: "1", "1-p", "1/(1-p)", "p" or "1/p"."""
    table = {"1": 1.0, "1-p": 1 - p, "1/(1-p)": 1 / (1 - p) if p < 1 else np.inf, "p": p, "1/p": 1 / p if p else np.inf}
    return table[name]


def train_call(function: str, x: Given, p: float, seed: Seed, **more: Any) -> Call:
    """`out, cache = f(x, p, rng)`; only `out` travels unless `ship` says otherwise."""
    return Call(function, (x, p, seed), returns=("out", "cache"), **{"ship": (0,), **more})


def test_call(function: str, x: Given, p: float, seed: Seed | None = None, **more: Any) -> Call:  # noqa: PT028  a call, not a test
    """`out, cache = f(x, p, None, train=False)`, or with an rng that it must not need."""
    return Call(function, (x, p, seed), {"train": False}, returns=("out", "cache"), **{"ship": (0,), **more})


test_call.__test__ = False  # type: ignore[attr-defined]  # pytest would take the name for a test


def backward_call(name: str, dout: Given, forward: int, **more: Any) -> Call:
    """`dx = f(dout, cache)` with the cache that call number `forward` of the script returned."""
    return Call(name, (dout, Item(forward, 1, "cache")), returns=("dx",), **more)


def output(value: Any, x: Given) -> Array:
    """`out` of a returned `(out, cache)`, as an array of floats of the shape of x: with booleans one cannot reckon."""
    out = returned_output(value, x)
    return out if out.dtype.kind == "f" else out.astype(float)


def returned_output(value: Any, x: Given) -> Array:
    """The same with the dtype that the student's function gave it."""
    return array(pair(value)[0], "out", np.shape(x.value))
