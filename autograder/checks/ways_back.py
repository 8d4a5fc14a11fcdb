"""Probes about backward passes: which formula stands behind the gradients that came back?

That a gradient is wrong, finite differences say (sequence_facts.py); why, only the wrong formulas can. Each is worked out here from what
the student's own forward pass gave, and named when it gives the student's numbers.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from autograder.checks.facts import fact
from autograder.checks.inputs import Array, backward_call, normal
from autograder.checks.lenses import READ
from autograder.checks.sequences import read_input_mask, read_state_mask, shows_input_mask, shows_state_mask, solved_masks, states_with
from autograder.checks.several import Rates, Shapes, arrays, first_result, forward_pass, gradient_of, upstream
from autograder.checks.weights import found_masks
from autograder.exam import Exam
from autograder.model import Call, Given, Seed

CLOSE = 1e-5  # relative, of a gradient that is called by the name of a formula


def _same(found: Array, wanted: Array) -> bool:
    return found.shape == wanted.shape and bool(np.abs(found - wanted).max() <= CLOSE * max(float(np.abs(wanted).max()), 1e-3))


def _named(found: Array, formulas: Mapping[str, Array]) -> str:
    return next((name for name, wanted in formulas.items() if _same(found, wanted)), "other")


# ------------------------------------------------------------------------------------------------------------ one mask over all steps
@fact
def mask_on_the_way_back(exam: Exam, *, given: Shapes, rates: Rates, forward: str, backward: str) -> str:
    """What dout was multiplied by, compared with what x was multiplied by in the same pass: no seed needs to repeat."""
    (x,) = arrays(exam, given)
    there = forward_pass(forward, (x,), rates, Seed(exam.seed()))
    dout = upstream(exam, tuple(x.value.shape))
    out, back = exam.ask(there, backward_call(backward, dout, 0))
    factor = first_result(out, x.value.shape).astype(float) / x.value
    right = dout.value * factor
    formulas = {
        "the same mask": right,
        "no mask": np.asarray(dout.value),
        "the mask without its factor": dout.value * (factor != 0),
        "the mask twice": right * factor,
        "the sum over the steps": np.broadcast_to(right.sum(axis=1, keepdims=True), right.shape),
        "the average over the steps": np.broadcast_to(right.mean(axis=1, keepdims=True), right.shape),
    }
    return _named(gradient_of(back, given, next(iter(given))), formulas)


# -------------------------------------------------------------------------------------------------------- a recurrent net through time
Slope = Callable[[Array], Array]
Net = tuple[Array, Array, Array, Array, Array]  # x, h0, Wx, Wh, h
Masks = tuple[Array | float, Array | float]  # of x and of h, for all steps
NO_MASKS = (1.0, 1.0)


def _walk(
    net: Net, dh: Array, m_h: Array | float, slope: Slope | None = None, back: float = 1.0, first: int = 0, turned: bool = True
) -> Iterator[tuple[int, Array, Array]]:
    """(step, error of a_t, what is sent back) from the last step to the first."""
    _, h0, _, wh, h = net
    carried = np.zeros_like(h0)
    for t in reversed(range(h.shape[1])):
        error = (dh[:, t] * (t >= first) + back * carried) * (slope or _slope)(h[:, t])
        carried = error @ (wh.T if turned else wh) * m_h
        yield t, error, carried


def _slope(h: Array) -> Array:
    return np.asarray(1 - h**2)


def _gradients(
    net: Net, dh: Array, before: str = "", only: int = -1, masks: Masks = NO_MASKS, **walk: Any
) -> tuple[Array, ...]:
    """dx, dh0, dWx, dWh, db by one way of walking; `before` says what stands for h_(t-1) in dWh."""
    m_x, m_h = masks
    x, h0, wx, wh, h = net
    dx, dwx, dwh, db, carried = np.zeros_like(x), np.zeros_like(wx), np.zeros_like(wh), np.zeros(len(wh)), np.zeros_like(h0)
    old = {"after": h, "last": np.roll(h, 1, axis=1), "zero": np.concatenate([0 * h0[:, None], h[:, :-1]], axis=1)}
    states = old.get(before, np.concatenate([h0[:, None], h[:, :-1]], axis=1))
    for t, error, carried in _walk(net, dh, m_h, **walk):  # noqa: B007  what the first step sends back is dh0
        dx[:, t] = error @ wx.T * m_x
        share = ((x[:, t] * m_x).T @ error, (states[:, t] * m_h).T @ error, error.sum(axis=0))
        dwx, dwh, db = share if only >= 0 else (dwx + share[0], dwh + share[1], db + share[2])
    return dx, carried, dwx, dwh, db


def _forms(net: Net, dh: Array) -> Iterator[tuple[str, tuple[Array, ...]]]:
    """The right gradients, and what several beliefs make of them."""
    n, steps = dh.shape[:2]
    right = _gradients(net, dh)
    yield "right", right
    yield "no slope", _gradients(net, dh, slope=np.ones_like)
    yield "the slope 1 - h", _gradients(net, dh, slope=lambda h: 1 - h)
    yield "the slope of tanh(h)", _gradients(net, dh, slope=lambda h: 1 - np.tanh(h) ** 2)
    yield "nothing from the future", _gradients(net, dh, back=0.0)
    yield "the last state only", _gradients(net, dh, first=steps - 1)
    if net[3].shape[0] == net[3].shape[1]:
        yield "Wh not transposed", _gradients(net, dh, turned=False)
    yield "dWh with the state after the step", _gradients(net, dh, before="after")
    yield "dWh with the last state for h0", _gradients(net, dh, before="last")
    yield "dWh without h0", _gradients(net, dh, before="zero")
    yield "the share of one step", _gradients(net, dh, only=0)
    yield "averages over the examples", (*right[:2], *(g / n for g in right[2:]))
    yield "averages over the steps", (*right[:2], *(g / steps for g in right[2:]))
    yield "dh0 is nothing", (right[0], 0 * right[1], *right[2:])


def through_time(values: Sequence[Array], rates: Rates, h: Array, dh: Array) -> Sequence[Array] | None:
    """The gradients of a recurrent net that gave the states h, by the masks found in them (several.Model)."""
    x, h0, wx, wh, b = values
    if h.shape != (*x.shape[:2], len(wh)) or h.shape[1] * h.shape[2] < x.shape[2] + len(wh):
        return None
    masks = solved_masks((x, h0, wx, wh, b), h)
    if not np.allclose(states_with((x, h0, wx, wh, b), h, *masks), h, rtol=0, atol=READ):
        return None
    return _gradients((x, h0, wx, wh, h), dh, masks=masks)


def through_weights(values: Sequence[Array], rates: Rates, out: Array, dout: Array) -> Sequence[Array] | None:
    """The gradients of a layer with masks on its weights, by the masks found in its output (several.Model)."""
    x, w, b = values
    masks = found_masks(out - b, x, w, rates[0]) if out.shape == (len(x), len(b)) else None
    if masks is None:
        return None
    return _dx(dout, w, masks)["right"], _dw(dout, x, w, masks)["right"], dout.sum(axis=0)


@fact
def way_through_time(exam: Exam, *, given: Shapes, rates: Rates, forward: str, backward: str) -> str:
    """By which formula the gradients of a recurrent net go back when nothing is dropped."""
    values = arrays(exam, given)
    there = forward_pass(forward, values, (0.0,) * len(rates), Seed(exam.seed()))
    h = first_result(exam.ask(there)[0]).astype(float)
    dh = upstream(exam, h.shape)
    back = exam.ask(there, backward_call(backward, dh, 0))[1]
    found = [gradient_of(back, given, name) for name in given]
    x, h0, wx, wh, _ = (np.asarray(v.value) for v in values)
    if h.shape != (*x.shape[:2], len(wh)):
        return "other"
    for name, wanted in _forms((x, h0, wx, wh, h), np.asarray(dh.value)):
        if all(_same(one, other) for one, other in zip(found, wanted, strict=True)):
            return name
    return "other"


@fact
def place_of_the_state_mask(exam: Exam, *, size: tuple[int, int, int, int] = (12, 1, 5, 7), rates: Rates = (0.3, 0.4)) -> str:
    """Does m_h fall on the state before Wh, on what comes out of Wh, or on the new state?"""
    (n, _, d, h), seed = size, Seed(exam.seed())
    x, h0, wx, wh, b = (normal(s, exam.seed(k + 1)) for k, s in enumerate(((n, 1, d), (n, h), (d, h), (h, h), (h,))))
    of_input, of_state, value = exam.ask(
        shows_input_mask(exam.function, size, (rates[0], rates[1]), seed),
        shows_state_mask(exam.function, size, (rates[0], rates[1]), seed),
        Call(exam.function, (x, h0, wx, wh, b, *rates, seed), returns=("h", "cache"), ship=(0,)),
    )
    found = first_result(value, (n, 1, h))[:, 0].astype(float)
    if (found == 0).any():
        return "the new state"
    m_x, m_h = read_input_mask(of_input, size)[:, 0], read_state_mask(of_state, size)[:, 0]
    rest = (x.value[:, 0] * m_x) @ wx.value + b.value
    if np.allclose(m_h, 1):
        return "nothing"
    places = {"the state": (h0.value * m_h) @ wh.value, "what comes out of Wh": (h0.value @ wh.value) * m_h}
    return _named(found, {name: np.tanh(rest + heard) for name, heard in places.items()})


# ---------------------------------------------------------------------------------------------------------------- through dropped weights
@fact
def way_through_weights(exam: Exam, *, of: str, given: Shapes, rates: Rates, forward: str, backward: str) -> str:
    """By which formula the gradient dx or dW of a layer with masks on its weights goes back."""
    x, w, b = arrays(exam, given)
    nothing = Given(f"np.zeros({b.value.shape})", 0 * b.value)  # a wrong bias is another matter
    there = forward_pass(forward, (x, w, nothing), rates, Seed(exam.seed()))
    dout = upstream(exam, (len(x.value), w.value.shape[1]))
    out, back = exam.ask(there, backward_call(backward, dout, 0))
    mask = found_masks(first_result(out, dout.value.shape).astype(float), x.value, w.value, rates[0])
    if mask is None:
        return "unclear"
    formulas = _dx(dout.value, w.value, mask) if of == "x" else _dw(dout.value, x.value, w.value, mask)
    return _named(gradient_of(back, given, of), formulas)


def _dx(dout: Array, w: Array, mask: Array) -> dict[str, Array]:
    return {
        "right": np.einsum("no,io,nio->ni", dout, w, mask),
        "through all weights": dout @ w.T,
        "without the factor": np.einsum("no,io,nio->ni", dout, w, mask != 0),
    }


def _dw(dout: Array, x: Array, w: Array, mask: Array) -> dict[str, Array]:
    shares = x[:, :, None] * dout[:, None]  # (N, in, out): of each example, if it had kept all weights
    right = (mask * shares).sum(axis=0)
    return {
        "right": right,
        "of all examples": shares.sum(axis=0),
        "without the factor": ((mask != 0) * shares).sum(axis=0),
        "an average": right / len(x),
        "by the first mask": mask[0] * shares.sum(axis=0),
        "by the last mask": mask[-1] * shares.sum(axis=0),
        "by the average mask": mask.mean(axis=0) * shares.sum(axis=0),
        "by the sum of the masks": mask.sum(axis=0) * shares.sum(axis=0),
        "times W": right * w,
    }
