"""Symptoms of a backward pass, seen beside what its own forward pass did."""

from __future__ import annotations

import numpy as np

from autograder.asking import Exam, array
from autograder.checks_api.inputs import Array, normal, positive
from autograder.checks_api.symptoms import arguments_after, must_return, nearest, symptom
from autograder.dropout.calls import backward_call, gradients, output, scale, test_call, train_call
from autograder.dropout.mask_symptoms import FACTORS, SHAPE, P, factor_of
from autograder.model import Given, Outcome

__all__ = ["cache_used", "dout_after", "gradient_at_one", "gradient_at_zero_input",
           "gradient_factor", "gradient_mask", "test_gradient"]


# ---------------------------------------------------------------------------------- backward values
def _gradients(exam: Exam, forward: str, backward: str,
               shape: tuple[int, ...]) -> tuple[Array, Array, Array, Array]:
    x, dout = positive(shape, exam.seed(1)), normal(shape, exam.seed(2))
    value, dx = exam.ask(train_call(exam, x, P, of=forward), backward_call(backward, dout, 0))
    return output(value, x), np.asarray(x.value), np.asarray(dout.value), array(dx, "dx", shape)


@symptom
def gradient_mask(exam: Exam, *, forward: str, backward: str,
                  shape: tuple[int, ...] = SHAPE) -> str:
    """Where does the gradient vanish? "another" when at as many places as the output, but at
    others."""
    out, _, dout, dx = _gradients(exam, forward, backward, shape)
    zero, dropped = dx == 0, out == 0
    if np.array_equal(zero, dropped):
        return "same"
    if zero.mean() < 0.01 or zero.all():
        return ("all" if zero.all()
                else "none, but unlike" if _two_factors(dx / dout, dropped) else "none")
    if np.array_equal(zero, ~dropped):
        return "inverted"
    return "another" if abs(zero.mean() - dropped.mean()) < 0.05 else "other"


def _two_factors(ratio: Array, dropped: Array) -> bool:
    """Whether the kept have one factor, and the dropped another."""
    return (not _one(ratio)
            and all(_one(some) for some in (ratio[dropped], ratio[~dropped]) if some.size))


def _one(numbers: Array, tolerance: float = 1e-9) -> bool:
    """Whether all of them are one number."""
    return bool(np.ptp(numbers) <= tolerance * abs(numbers).max())


@symptom
def gradient_factor(exam: Exam, *, forward: str, backward: str,
                    shape: tuple[int, ...] = SHAPE) -> str:
    """The gradient's factor on kept units, relative to the one of the forward pass; or "times out",
    "mask alone", "no dout" or "clipped".

    "unclear" when the gradient does not vanish just where the output does: then its mask is wrong,
    and a factor means nothing.
    """
    out, x, dout, dx = _gradients(exam, forward, backward, shape)
    both = (dx != 0) & (out != 0)
    if not dx.any():
        return "0"
    if not np.array_equal(dx == 0, out == 0):
        return "unclear"
    own = dx[both] / dout[both]
    if np.allclose(own, out[both], rtol=1e-9):
        return "times out"
    if np.allclose(own, x[both], rtol=1e-9):
        return "times x"
    ratio = own / (out[both] / x[both])
    if np.ptp(ratio) > 1e-6 * abs(ratio).max():
        return _of_another_kind(dx[both].astype(float), ratio)
    return ("mask alone" if np.ptp(own) == 0 == abs(own[0] - 1) and abs(ratio[0] - 1) > 0.01
            else nearest(float(ratio[0]), FACTORS, 1e-6))


def _of_another_kind(dx: Array, ratio: Array) -> str:
    """Word for a gradient that is no multiple of dout: "no dout" if one number, "clipped" ..."""
    if _one(dx):
        return "no dout"
    below = abs(dx) < abs(dx).max() * (1 - 1e-9)
    return "clipped" if 1 < (~below).sum() < dx.size and _one(ratio[below], 1e-6) else "varies"


@symptom
def test_gradient(exam: Exam, *, forward: str, backward: str, by: str = "",  # noqa: PT028  a probe, not a test
                  relative: bool = True,  # noqa: PT028
                  shape: tuple[int, ...] = SHAPE) -> str:  # noqa: PT028
    """The gradient's factor after a pass at test time, `relative` to the one of that pass (or to
    `by`); a training pass comes before."""
    x, dout = positive(shape, exam.seed(1)), normal(shape, exam.seed(2))
    there = train_call(exam, x, P, of=forward), test_call(exam, x, P, 3, of=forward)
    must_return(exam, *there)
    before, value, dx_value = exam.ask(*there, backward_call(backward, dout, 1))
    if dx_value is None:
        return "nothing"
    own, zero = output(value, x) / x.value, array(dx_value, "dx", shape) == 0
    if by and np.allclose(array(dx_value, "dx"), dout.value * scale(by, P), rtol=1e-6, atol=0):
        return "1"
    if zero.any() and not zero.all() and not np.array_equal(zero, own == 0):
        return "stale mask" if np.array_equal(zero, output(before, x) == 0) else "drops"
    kept = own != 0
    if not kept.any():
        return "1" if zero.all() else "other"
    if not relative and not kept.all():
        return "drops"
    return factor_of(array(dx_value, "dx")[kept], (dout.value * (own if relative else 1.0))[kept])


test_gradient.__test__ = False  # type: ignore[attr-defined]


@symptom
def cache_used(exam: Exam, *, forward: str, backward: str, shape: tuple[int, ...] = SHAPE) -> str:
    """Of two forward passes, whose mask does the backward pass of the first use?"""
    x, dout = positive(shape, exam.seed(1)), normal(shape, exam.seed(2))
    first, second = (train_call(exam, x, P, k, of=forward) for k in (3, 4))
    one, two, value = exam.ask(first, second, backward_call(backward, dout, 0))
    zeros = array(value, "dx", shape) == 0
    if np.array_equal(zeros, output(one, x) == 0):
        return "own"
    return "latest" if np.array_equal(zeros, output(two, x) == 0) else "other"


@symptom
def gradient_at_one(exam: Exam, *, forward: str, backward: str,
                    shape: tuple[int, ...] = (6, 7)) -> str:
    """What the gradient holds after a forward pass with p = 1 that gave zeros; "skipped" when that
    pass did not."""
    x, dout = positive(shape, exam.seed(1)), normal(shape, exam.seed(2))
    before, after = exam.answers(train_call(exam, x, 1.0, of=forward),
                                 backward_call(backward, dout, 0))
    if (before.outcome is not Outcome.PASSED or not isinstance(before.value, (tuple, list))
            or output(before.value, x).any()):
        return "skipped"
    if after.outcome is not Outcome.PASSED:
        return "no number" if after.error.startswith("ZeroDivisionError") else "skipped"
    dx = array(after.value, "dx", shape)
    return "zeros" if (dx == 0).all() else "numbers" if np.isfinite(dx).all() else "no number"


@symptom
def gradient_at_zero_input(exam: Exam, *, forward: str, backward: str,
                           shape: tuple[int, ...] = SHAPE) -> str:
    """Does a kept unit pass its gradient where x is 0?"""
    value = np.array(positive(shape, exam.seed(1)).value)
    value[..., ::2] = 0.0
    x, dout = Given("x with zeros", value), normal(shape, exam.seed(2))
    _, dx = exam.ask(train_call(exam, x, P, of=forward), backward_call(backward, dout, 0))
    gradient = array(dx, "dx", shape)
    if not np.isfinite(gradient).all():
        return "not finite"
    passing = gradient != 0
    if not passing.any():
        return "all zero"
    return "passes" if passing[value == 0].any() else "blocked"


@symptom
def dout_after(exam: Exam, *, forward: str, backward: str, shape: tuple[int, ...] = (6, 7)) -> str:
    """Is dout as it was after a call?"""
    return arguments_after(via=gradients(P, forward, backward, shape)).probe(exam)
