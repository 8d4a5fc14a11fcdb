"""Verbs about backward functions.

A gradient is compared with the multiplier that the student's OWN forward used, so a mistake made in
forward is not charged twice; finite differences then check that the two belong together. The inputs
are positive: a ReLU in forward is charged there.
"""

from __future__ import annotations

import numpy as np

from autograder.asking import Exam, Unanswered, Wrong, array, number
from autograder.checks_api.comparing import close, compare
from autograder.checks_api.inputs import Array, direction, normal, positive
from autograder.checks_api.results import demand_unchanged
from autograder.checks_api.verb import verb
from autograder.dropout.calls import backward_call, gradients, output, scale, test_call, train_call
from autograder.dropout.values import SHAPE
from autograder.model import Given, Outcome

__all__ = ["agrees_with_finite_differences", "belongs_to_its_own_cache", "can_be_called_twice",
           "follows_test_time", "follows_the_mask", "is_zero_after_dropping_everything",
           "keeps_dout", "masks_the_gradient_in_any_shape", "passes_gradient_to_kept_units_only",
           "passes_gradient_where_x_is_zero"]

# elementwise: a mask of float32 numbers is no wrong gradient, and is charged where its digits are
EXACT = 1e-6
# float64 directional derivatives, error over |dx| / sqrt(n); correct code stays below 1e-9
DIRECTIONAL = 1e-6
STEP = 1e-5


def _multiplier(out: Array, x: Given) -> Array:
    """What the student's forward multiplied x by; refuses one that says nothing of backward."""
    kept = out != 0
    if kept.all() or not kept.any():
        raise Wrong(f"the forward function kept {int(kept.sum())} of {kept.size} units, so its "
                    "gradient shows nothing", "a dropout forward")
    return np.asarray(out / x.value)


@verb()
def follows_the_mask(exam: Exam, *, p: float, forward: str, backward: str,
                     shape: tuple[int, ...] = SHAPE) -> None:
    """multiplies dout by what {forward} multiplied x by"""
    dx, dout, factor = _train_gradient(exam, p, forward, backward, shape)
    compare(dx, dout * factor, "dx", EXACT)


@verb()
def passes_gradient_to_kept_units_only(exam: Exam, *, p: float, forward: str, backward: str,
                                       shape: tuple[int, ...] = SHAPE) -> None:
    """passes the gradient to the units that were kept, and to no other"""
    dx, _, factor = _train_gradient(exam, p, forward, backward, shape)
    dropped, kept = factor == 0, factor != 0
    leaking, blocked = int((dx[dropped] != 0).sum()), int((dx[kept] == 0).sum())
    if leaking:
        raise Wrong(f"{leaking} of {int(dropped.sum())} dropped units got a gradient", "none",
                    _corner(kept))
    if blocked:
        raise Wrong(f"{blocked} of {int(kept.sum())} kept units got no gradient", "none",
                    _corner(kept))


def _corner(kept: Array) -> Array:
    return kept.reshape(len(kept), -1)[:16, :16]


def _train_gradient(exam: Exam, p: float, forward: str, backward: str,
                    shape: tuple[int, ...]) -> tuple[Array, Array, Array]:
    x, dout = positive(shape, exam.seed(1)), normal(shape, exam.seed(2))
    forward_value, dx = exam.ask(train_call(exam, x, p, of=forward),
                                 backward_call(backward, dout, 0))
    factor = _multiplier(output(forward_value, x), x)
    return array(dx, "dx", shape), dout.value, factor


@verb()
def follows_test_time(exam: Exam, *, p: float, forward: str, backward: str, by: str = "",
                      shape: tuple[int, ...] = SHAPE) -> None:
    """multiplies dout by what {forward} multiplied x by, after a pass at test time too"""
    # the student's own forward decides; or, where a list says `by`, what a right one multiplies by:
    # then forward alone is to blame
    x, dout = positive(shape, exam.seed(1)), normal(shape, exam.seed(2))
    # a training pass first, so that a stale mask shows
    train = train_call(exam, x, p, of=forward)
    _, value, dx_value = exam.ask(train, test_call(exam, x, p, 3, of=forward),
                                  backward_call(backward, dout, 1))
    dx = array(dx_value, "dx", shape)
    if not (by and close(dx, dout.value * scale(by, p), EXACT).all()):
        compare(dx, dout.value * (output(value, x) / x.value), "dx", EXACT)


@verb()
def can_be_called_twice(exam: Exam, *, p: float, forward: str, backward: str,
                        shape: tuple[int, ...] = SHAPE) -> None:
    """gives the same gradient when it is called twice with one cache"""
    x, dout = positive(shape, exam.seed(1)), normal(shape, exam.seed(2))
    train, back = train_call(exam, x, p, of=forward), backward_call(backward, dout, 0)
    first, again = (array(dx, "dx", shape) for dx in exam.ask(train, back, back)[1:])
    if not np.array_equal(first, again):
        raise Wrong(f"the second dx differs from the first in {int((first != again).sum())} of "
                    f"{first.size} entries", "no difference")


@verb()
def is_zero_after_dropping_everything(exam: Exam, *, forward: str, backward: str,
                                      shape: tuple[int, ...] = SHAPE) -> None:
    """gives zeros, no NaN, after a forward pass with p = 1"""
    x, dout = positive(shape, exam.seed(1)), normal(shape, exam.seed(2))
    calls = train_call(exam, x, 1.0, of=forward), backward_call(backward, dout, 0)
    before, after = exam.answers(*calls)
    if before.outcome is not Outcome.PASSED or output(before.value, x).any():
        return  # what forward does wrong at p = 1 is charged there
    if after.outcome is not Outcome.PASSED:
        raise Unanswered(calls[1], after)
    dx = array(after.value, "dx", shape)
    if not (dx == 0).all():
        raise Wrong(f"dx holds {number(dx[~(dx == 0)][0])}", "0 everywhere")


@verb()
def belongs_to_its_own_cache(exam: Exam, *, p: float, forward: str, backward: str,
                             shape: tuple[int, ...] = SHAPE) -> None:
    """uses the cache it is given, not the one of the latest forward pass"""
    # whether the gradient is the right one is asked elsewhere; here it must be the same one before
    # and after another forward pass
    x, dout = positive(shape, exam.seed(1)), normal(shape, exam.seed(2))
    first, second = (train_call(exam, x, p, k, of=forward) for k in (3, 4))
    back = backward_call(backward, dout, 0)
    _, before, _, after = exam.ask(first, back, second, back)
    exam.show("dx{at}")
    compare(array(after, "dx", shape), array(before, "dx", shape),
            "dx after another forward pass", EXACT)


@verb()
def passes_gradient_where_x_is_zero(exam: Exam, *, p: float, forward: str, backward: str,
                                    shape: tuple[int, ...] = SHAPE) -> None:
    """passes the gradient of a kept unit even where x is 0"""
    whole = positive(shape, exam.seed(1))
    value = np.array(whole.value)
    value[..., ::2] = 0.0  # 800 zeros: all of them dropped has probability p^800
    x = Given("x", value, f"x = {whole.text}; x[..., ::2] = 0")
    dout = _alike_in_pairs(normal(shape, exam.seed(2)))
    forward_value, dx = exam.ask(train_call(exam, x, p, of=forward),
                                 backward_call(backward, dout, 0))
    out, gradient = output(forward_value, x), array(dx, "dx", shape)
    kept = (out != 0) & (value != 0)
    if not kept.any():
        raise Wrong("no unit survived", f"about {1 - p:g} of them")
    if not gradient[value == 0].any():
        # the right one or not: that is asked elsewhere
        factor = float(np.median(gradient[kept] / dout.value[kept]))
        raise Wrong("dx is 0 wherever x is 0", f"dout * {number(factor)} at the kept ones")
    if np.ptp(gradient[kept]) == 0:
        raise Wrong(f"dx is {number(gradient[kept][0])} wherever it is not 0, whatever dout is",
                    "a gradient that follows dout")
    beside = gradient[..., 1::2]  # where x is not 0, and dout the same
    here = gradient[..., : 2 * beside.shape[-1] : 2]
    passing = (here != 0) & kept[..., 1::2]
    compare(here[passing], beside[passing], "dx[x == 0]", EXACT)


def _alike_in_pairs(dout: Given) -> Given:
    """The same with every other number equal to the next: both must then become the same."""
    value = np.array(dout.value)
    beside = value[..., 1::2]
    value[..., : 2 * beside.shape[-1] : 2] = beside
    return Given("dout", value,
                 f"dout = {dout.text}; dout[..., :{2 * beside.shape[-1]}:2] = dout[..., 1::2]")


@verb()
def keeps_dout(exam: Exam, *, p: float, forward: str, backward: str,
               shape: tuple[int, ...] = (6, 7)) -> None:
    """does not modify dout"""
    demand_unchanged(exam, gradients(p, forward, backward, shape))


@verb()
def masks_the_gradient_in_any_shape(exam: Exam, *, p: float, forward: str, backward: str,
                                    shapes: tuple[tuple[int, ...], ...]) -> None:
    """passes the gradient to the kept units in every shape that {forward} takes"""
    for k, shape in enumerate(shapes):
        x, dout = positive(shape, exam.seed(2 * k)), normal(shape, exam.seed(2 * k + 1))
        calls = train_call(exam, x, p, k, of=forward), backward_call(backward, dout, 0)
        before, after = exam.answers(*calls)
        if before.outcome is not Outcome.PASSED:
            continue  # what forward does not take is charged there
        out = output(before.value, x)
        if after.outcome is not Outcome.PASSED:
            raise Unanswered(calls[1], after)
        unlike = (array(after.value, "dx", shape) == 0) != (out == 0)
        if unlike.any():
            raise Wrong(f"in shape {shape} dx and out vanish apart from each other in "
                        f"{int(unlike.sum())} places", "together everywhere")


@verb()
def agrees_with_finite_differences(exam: Exam, *, p: float, forward: str, backward: str,
                                   shape: tuple[int, ...] = (32, 100)) -> None:
    """agrees with finite differences along random directions"""
    x, dout = positive(shape, exam.seed(1)), normal(shape, exam.seed(2))
    steps = [direction(shape, exam.seed(10 + k)) for k in range(3)]
    moved = [Given("x + h*u", x.value + sign * STEP * u) for u in steps for sign in (1, -1)]
    train = train_call(exam, x, p, of=forward)
    first, dx_value, again, *rest = exam.ask(train, backward_call(backward, dout, 0), train,
                                             *(train_call(exam, m, p, of=forward) for m in moved))
    factor = _multiplier(output(first, x), x)  # a forward that drops nothing teaches nothing
    dx = array(dx_value, "dx", shape).astype(float)
    norm = float(np.linalg.norm(dx)) / np.sqrt(dx.size) or 1.0
    # where the same seed gives another mask (charged in forward), or where seven digits are all
    # there are, a difference quotient means nothing: then the factor of the forward pass must do
    measurable = (np.array_equal(output(first, x), output(again, x))
                  and output(first, x).dtype != np.float32)
    for k, u in enumerate(steps):
        plus, minus = (output(value, x) for value in rest[2 * k : 2 * k + 2])
        slope = (plus - minus) / (2 * STEP) if measurable else factor * u
        numeric = float((dout.value * slope).sum())
        error = abs(numeric - float((dx * u).sum())) / norm
        if not error <= DIRECTIONAL:
            raise Wrong(f"the relative error along a random direction = {number(error)}",
                        f"at most {DIRECTIONAL:g}")
