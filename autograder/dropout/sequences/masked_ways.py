"""Symptoms of the masks on a recurrent net's way back: where they stand, whatever else is wrong.

One example and one step are enough. Then db is the error of the step itself, and with it each other
gradient says by what it was multiplied: no formula of the forward pass is needed.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from autograder.asking import Exam
from autograder.checks_api.inputs import Array, positive
from autograder.checks_api.symptoms import symptom
from autograder.dropout.calls import backward_call
from autograder.dropout.sequences.layers import first_result, forward_pass, gradient_of
from autograder.model import Given, Seed

__all__ = ["masked_in_dWh", "masked_in_dWx", "masked_in_dh0", "masked_in_dx"]

UNITS = 60  # so many that each mask drops some and keeps some, if anything is dropped
RATES = (0.3, 0.4)
HOLES = 12  # so many calls show holes in states even where one coin decides about all of them
SHAPES = {
    "x": (1, 1, UNITS), "h0": (1, UNITS), "Wx": (UNITS, UNITS), "Wh": (UNITS, UNITS), "b": (UNITS,),
}
SMALL = 0.05  # so small that nobody clips a gradient
CLOSE = 1e-5


def _net(exam: Exam, silent: str = "") -> list[Given]:
    """Positive arrays, so that a ReLU lets all through; the one that is `silent` holds zeros."""
    given = [positive(shape, exam.seed(k)) for k, shape in enumerate(SHAPES.values(), 1)]
    factors = (0.0 if name == silent else SMALL for name in SHAPES)
    return [Given(f"{by} * {a.text}", by * np.asarray(a.value))
            for by, a in zip(factors, given, strict=True)]


def _drops(exam: Exam, forward: str, of: str) -> bool | None:
    """Is something dropped of the input, or of the state? None where states have holes."""
    net = _net(exam, silent="h0" if of == "x" else "x")
    seeds = (Seed(exam.seed(k)) for k in range(HOLES))
    calls = [forward_pass(forward, net, RATES, seed) for seed in seeds]
    calls.append(forward_pass(forward, net, (0.0, 0.0), Seed(exam.seed())))
    dropped, *others, whole = (first_result(v, (1, 1, UNITS)) for v in exam.ask(*calls))
    if any((h == 0).any() for h in (dropped, *others)):
        return None
    return not np.allclose(dropped, whole, rtol=CLOSE, atol=0)


def _word(exam: Exam, of: str, forward: str, backward: str) -> str:
    """By what the gradient was multiplied beside the error: "a mask", "no mask", "0" or else."""
    drops = _drops(exam, forward, "x" if of in ("x", "Wx") else "h0")
    if not drops:
        return "unclear" if drops is None else "nothing dropped"
    net = _net(exam)
    there = forward_pass(forward, net, RATES, Seed(exam.seed()))
    dh = positive((1, 1, UNITS), exam.seed(9))
    out, back = exam.ask(there, backward_call(backward, dh, 0))
    h = first_result(out, (1, 1, UNITS)).astype(float)[:, 0]
    found, error = (gradient_of(back, SHAPES, name).astype(float) for name in (of, "b"))
    with np.errstate(all="ignore"):
        words = [_pattern(factors) for factors in _factors(of, found, error, net, h)]
    return next((word for word in words if word != "other"), "other")


def _factors(of: str, found: Array, error: Array, net: list[Given], h: Array) -> Iterator[Array]:
    """What stands beside the error: with Wh as it is, too, and with the state after the step."""
    x, h0, wx, wh, _ = (np.asarray(given.value) for given in net)
    if of in ("x", "h0"):
        ways = (wx.T,) if of == "x" else (wh.T, wh)
        yield from (found.ravel() / (error @ way) for way in ways)
    else:
        for heard in (x[:, 0],) if of == "Wx" else (h0, h):
            rows = found / np.outer(heard, error)
            yield np.where(np.ptp(rows, axis=1) <= CLOSE * np.abs(rows).max(), rows[:, 0], np.nan)


def _pattern(factors: Array) -> str:
    if not np.isfinite(factors).all():
        return "other"
    kept = factors[np.abs(factors) > CLOSE]
    if not kept.size:
        return "0"
    if np.ptp(kept) > CLOSE * np.abs(kept).max():
        return "other"
    return "no mask" if kept.size == factors.size and abs(kept[0] - 1) <= CLOSE else "a mask"


@symptom
def masked_in_dx(exam: Exam, *, forward: str, backward: str) -> str:
    """What dx is multiplied by."""
    return _word(exam, "x", forward, backward)


@symptom
def masked_in_dh0(exam: Exam, *, forward: str, backward: str) -> str:
    """What is multiplied by that goes back to h0."""
    return _word(exam, "h0", forward, backward)


@symptom
def masked_in_dWx(exam: Exam, *, forward: str, backward: str) -> str:
    """By what x is multiplied in dWx."""
    return _word(exam, "Wx", forward, backward)


@symptom
def masked_in_dWh(exam: Exam, *, forward: str, backward: str) -> str:
    """By what the state is multiplied in dWh."""
    return _word(exam, "Wh", forward, backward)
