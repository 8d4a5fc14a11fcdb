"""Symptoms of backward passes: which gradients are wrong, and which formula stands behind them?

That a gradient is wrong, finite differences say; why, only the wrong formulas can. Each is worked
out here from what the student's own forward pass gave, and named when it gives the student's
numbers.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from autograder.asking import Exam, Unanswered, Wrong
from autograder.checks_api.inputs import Array, normal
from autograder.checks_api.symptoms import must_return, nearest, symptom
from autograder.dropout.calls import backward_call
from autograder.dropout.mask_symptoms import FACTORS
from autograder.dropout.sequences.layers import (
    Model, Rates, Shapes, arrays, differences, first_result, forward_pass, gradient_of, size_of,
    upstream)
from autograder.dropout.sequences.recurrent import (
    read_input_mask, read_state_mask, shows_input_mask, shows_state_mask, solved_masks, states_with)
from autograder.dropout.sequences.weights import found_masks
from autograder.dropout.views import READ
from autograder.model import Given, Outcome, Seed

CLOSE = 1e-5  # relative, of a gradient that is called by the name of a formula
WRONG = 1e-5  # relative error of a derivative that counts as wrong
RAISES = "raises in backward"


@symptom
def wrong_gradients(exam: Exam, *, given: Shapes, rates: Rates, forward: str, backward: str,
                    train: bool = True, model: Model | None = None) -> str:
    """The gradients that disagree with finite differences, each with its factor when it is off by
    one."""
    if not model and not _repeats(exam, given, rates, forward, train):
        # then finite differences say nothing about backward
        return "unknown: the same seed gives another output"
    words = [_gradient_word(exam, of, given, rates, (forward, backward), train, model)
             for of in given]
    return words[0] if RAISES in words else ", ".join(filter(None, words)) or "none"


def _repeats(exam: Exam, given: Shapes, rates: Rates, forward: str, train: bool) -> bool:
    call = forward_pass(forward, arrays(exam, given), rates,
                        Seed(exam.seed()) if train else None, train)
    must_return(exam, call, call)
    one, again = exam.ask(call, call)
    return np.array_equal(first_result(one), first_result(again), equal_nan=True)


def _gradient_word(exam: Exam, of: str, given: Shapes, rates: Rates, pair: tuple[str, str],
                   train: bool, model: Model | None) -> str:
    try:
        gradient, numeric, along = differences(exam, of, given, rates, *pair, train, model)
    except Wrong as wrong:
        return f"d{of} ({'missing' if 'returned' in str(wrong) else 'another shape'})"
    except Unanswered as unanswered:
        if unanswered.call.function == pair[1] and unanswered.answer.outcome is Outcome.RAISED:
            return RAISES  # and not the forward pass, of which this says nothing
        raise
    if all(abs(a - n) <= WRONG * size_of(gradient) for a, n in zip(along, numeric, strict=True)):
        return ""
    ratios = np.array([a / n if n else np.inf for a, n in zip(along, numeric, strict=True)])
    one_factor = bool(np.isfinite(ratios).all() and np.ptp(ratios) <= 1e-4 * abs(ratios).max())
    factor = nearest(float(ratios[0]), FACTORS, 1e-3) if one_factor else "other"
    return f"d{of}" if factor == "other" else f"d{of} (times {factor})"


def _same(found: Array, wanted: Array) -> bool:
    return found.shape == wanted.shape and bool(np.abs(found - wanted).max()
                                                <= CLOSE * max(float(np.abs(wanted).max()), 1e-3))


def _named(found: Array, formulas: Mapping[str, Array]) -> str:
    return next((name for name, wanted in formulas.items() if _same(found, wanted)), "other")


# -------------------------------------------------------------------------- one mask over all steps
@symptom
def mask_on_the_way_back(exam: Exam, *, given: Shapes, rates: Rates, forward: str,
                         backward: str) -> str:
    """What dout was multiplied by, compared with what x was multiplied by in the same pass: no seed
    needs to repeat."""
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
        "the average over the steps": np.broadcast_to(right.mean(axis=1, keepdims=True),
                                                      right.shape),
        "the mask the wrong way round": dout.value * (factor == 0) * factor.max(),
    }
    found = gradient_of(back, given, next(iter(given)))
    word, off = _named(found, formulas), found / dout.value / (factor.max() or 1.0)
    return ("another mask" if word == "other"
            and np.minimum(abs(off), abs(off - 1)).max() <= CLOSE else word)


# --------------------------------------------------------------------- a recurrent net through time
Slope = Callable[[Array], Array]
Net = tuple[Array, Array, Array, Array, Array]  # x, h0, Wx, Wh, h


def _walk(net: Net, dh: Array, m_h: Array | float, slope: Slope | None = None, back: float = 1.0,
          first: int = 0, turned: bool = True, steps: slice = slice(None, None, -1),
          before: bool = False, after: bool = False) -> Iterator[tuple[int, Array, Array]]:
    """(step, error of a_t, what is sent back) from the last step to the first.

    The rest says what else is believed: another slope, or one of the state `before`; what comes
    back counts so much, and comes `after` the slope; dh speaks from step `first` on; Wh is not
    `turned`; other `steps`.
    """
    _, h0, _, wh, h = net
    carried, seen = np.zeros_like(h0), _before(net) if before else h
    for t in range(h.shape[1])[steps]:
        upstream = dh[:, t] * (t >= first % h.shape[1])
        bend = (slope or _slope)(seen[:, t])
        error = upstream * bend + back * carried * (1.0 if after else bend)
        carried = error @ (wh.T if turned else wh) * m_h
        yield t, error, carried


def _slope(h: Array) -> Array:
    return np.asarray(1 - h**2)


def _gradients(net: Net, dh: Array, m_x: Array, m_h: Array) -> tuple[Array, ...]:
    """dx, dh0, dWx, dWh, db, as they should be for these masks."""
    x, h0, wx, wh, _ = net
    dx, dwx, dwh, db, carried = np.zeros_like(x), np.zeros_like(wx), np.zeros_like(wh), np.zeros(
        len(wh)), np.zeros_like(h0)
    for t, error, carried in _walk(net, dh, m_h):  # noqa: B007  what the first step sends back is dh0
        dx[:, t] = error @ wx.T * m_x
        dwx += (x[:, t] * m_x).T @ error
        dwh += (_before(net)[:, t] * m_h).T @ error
        db += error.sum(axis=0)
    return dx, carried, dwx, dwh, db


def _before(net: Net) -> Array:
    """The state before every step."""
    return np.concatenate([net[1][:, None], net[4][:, :-1]], axis=1)


def through_time(values: Sequence[Array], rates: Rates, h: Array,
                 dh: Array) -> Sequence[Array] | None:
    """The gradients of a recurrent net with states h, by the masks found in them (Model)."""
    x, h0, wx, wh, b = values
    if h.shape != (*x.shape[:2], len(wh)) or h.shape[1] * h.shape[2] < x.shape[2] + len(wh):
        return None
    masks = solved_masks((x, h0, wx, wh, b), h)
    if not np.allclose(states_with((x, h0, wx, wh, b), h, *masks), h, rtol=0, atol=READ):
        return None
    return _gradients((x, h0, wx, wh, h), dh, *masks)


def through_weights(values: Sequence[Array], rates: Rates, out: Array,
                    dout: Array) -> Sequence[Array] | None:
    """The gradients of a layer with masked weights, by the masks found in its output (Model)."""
    x, w, b = values
    masks = found_masks(out - b, x, w, rates[0]) if out.shape == (len(x), len(b)) else None
    if masks is None:
        return None
    return _dx(dout, w, masks)["right"], _dw(dout, x, w, masks)["right"], dout.sum(axis=0)


# What several beliefs make of the errors, when nothing is dropped; how they sum up the weights'
# gradients; whose state stands in dWh. Each is asked by itself, so that of two mistakes both are
# named.
ERRORS: Mapping[str, Mapping[str, Any]] = {
    "right": {},
    "no slope": {"slope": np.ones_like},
    "the slope 1 - h": {"slope": lambda h: 1 - h},
    "the slope of tanh(h)": {"slope": lambda h: 1 - np.tanh(h) ** 2},
    "nothing from the future": {"back": 0.0},
    "the last state only": {"first": -1},
    "Wh not transposed": {"turned": False},
    "the slope of the state before": {"before": True},
    "the future after the slope": {"after": True},
    "from the first step on": {"steps": slice(None)},
    "one step only": {"steps": slice(-1, None)},
    "all but the first step": {"steps": slice(None, 0, -1)},
    "all but the last step": {"steps": slice(-2, None, -1)},
    "the slope of a sigmoid": {"slope": lambda h: h * (1 - h)},
}
# of the shares (N, T, ...) of all examples and steps
SUMS: Mapping[str, Callable[[Array], Array]] = {
    "right": lambda shares: shares.sum(axis=(0, 1)),
    "one step": lambda shares: shares[:, 0].sum(axis=0),
    "averages over the examples": lambda shares: shares.sum(axis=(0, 1)) / len(shares),
    "averages over the steps": lambda shares: shares.sum(axis=(0, 1)) / shares.shape[1],
}
STATES: Mapping[str, Callable[[Net], Array]] = {
    "right": _before,
    "the state after the step": lambda net: net[4],
    "the last state for h0": lambda net: np.roll(net[4], 1, axis=1),
    "zero for h0": lambda net: _before((net[0], 0 * net[1], *net[2:])),
}


def _undropped(exam: Exam, given: Shapes, rates: Rates, forward: str,
               backward: str) -> tuple[Net, Array, list[Array], Array]:
    """The net, dh, the undropped gradients, and errors (N, T, H) that dx shows; D >= H."""
    values = arrays(exam, given)
    there = forward_pass(forward, values, (0.0,) * len(rates), Seed(exam.seed()))
    x, h0, wx, wh, b = (np.asarray(v.value) for v in values)
    h = first_result(exam.ask(there)[0], (*x.shape[:2], len(wh))).astype(float)
    if any(_same(h, states_with((x, h0, wx, wh, b), h, m_x, 0 * h0))
           for m_x in (0 * x[:, 0], 0 * x[:, 0] + 1)):
        raise Wrong("with rates of 0 all of the state was dropped", "nothing dropped")
    dh = upstream(exam, h.shape)
    back = exam.ask(there, backward_call(backward, dh, 0))[1]
    found = [gradient_of(back, given, name) for name in given]
    return (x, h0, wx, wh, h), np.asarray(dh.value), found, found[0] @ np.linalg.pinv(wx.T)


@symptom
def way_of_errors(exam: Exam, **case: Any) -> str:
    """By which formula the errors of a recurrent net go back when nothing is dropped."""
    net, dh, _, errors = _undropped(exam, **case)
    walks = {name: np.zeros_like(net[4]) for name in ERRORS}
    for name, walk in ERRORS.items():
        for t, error, _ in _walk(net, dh, 1.0, **walk):
            walks[name][:, t] = error
    return _named(errors, walks)


@symptom
def way_to_h0(exam: Exam, **case: Any) -> str:
    """What is sent back to h0, given the error of the first step."""
    net, _, found, errors = _undropped(exam, **case)
    return _named(found[1], {"right": errors[:, 0] @ net[3].T,
                             "Wh not transposed": errors[:, 0] @ net[3], "nothing": 0 * net[1]})


@symptom
def sums_of_weights(exam: Exam, **case: Any) -> str:
    """How the shares of the examples and steps are put together in dWx and db, given the errors."""
    net, _, found, errors = _undropped(exam, **case)
    all_shares = np.einsum("ntd,nth->ntdh", net[0], errors), errors
    weights, bias = (_named(found[k], {n: put(s) for n, put in SUMS.items()})
                     for k, s in zip((2, 4), all_shares, strict=True))
    return weights if weights == bias else f"{weights} in dWx, {bias} in db"


@symptom
def state_of_dWh(exam: Exam, **case: Any) -> str:
    """Which state stands in dWh, given the errors, however its shares are put together."""
    net, _, found, errors = _undropped(exam, **case)
    for name, state in STATES.items():
        shares = np.einsum("ntg,nth->ntgh", state(net), errors)
        if any(_same(found[3], put(shares)) for put in SUMS.values()):
            return name
    return "other"


@symptom
def place_of_the_state_mask(exam: Exam) -> str:
    """Does m_h fall on the state before Wh, on what comes out of Wh, or on the new state?"""
    size, rates, seed = (12, 1, 5, 7), (0.3, 0.4), Seed(exam.seed())
    x, h0, wx, wh, b = given = [normal(s, exam.seed(k + 1)) for k, s in enumerate(
        ((12, 1, 5), (12, 7), (5, 7), (7, 7), (7,)))]
    of_input, of_state, value = exam.ask(shows_input_mask(exam.function, size, rates, seed),
                                         shows_state_mask(exam.function, size, rates, seed),
                                         forward_pass(exam.function, given, rates, seed))
    found = first_result(value, (12, 1, 7))[:, 0].astype(float)
    if (found == 0).any():
        return "the new state"
    m_x, m_h = read_input_mask(of_input, size)[:, 0], read_state_mask(of_state, size)[:, 0]
    rest = (x.value[:, 0] * m_x) @ wx.value + b.value
    if np.allclose(m_h, 1):
        return "nothing"
    places = {"the state": (h0.value * m_h) @ wh.value,
              "what comes out of Wh": (h0.value @ wh.value) * m_h}
    return _named(found, {name: np.tanh(rest + heard) for name, heard in places.items()})


# -------------------------------------------------------------------------- through dropped weights
@symptom
def way_through_weights(exam: Exam, *, of: str, given: Shapes, rates: Rates, forward: str,
                        backward: str) -> str:
    """By which formula the gradient dx or dW of a layer with masks on its weights goes back."""
    x, w, b = arrays(exam, given)
    nothing = Given(f"np.zeros({b.value.shape})", 0 * b.value)  # a wrong bias is another matter
    there = forward_pass(forward, (x, w, nothing), rates, Seed(exam.seed()))
    dout = upstream(exam, (len(x.value), w.value.shape[1]))
    out, back = exam.ask(there, backward_call(backward, dout, 0))
    mask = found_masks(first_result(out, dout.value.shape).astype(float), x.value,
                       w.value, rates[0])
    if mask is None:
        return "unclear"
    formulas = (_dx(dout.value, w.value, mask) if of == "x"
                else _dw(dout.value, x.value, w.value, mask))
    return _named(gradient_of(back, given, of), formulas)


def _dx(dout: Array, w: Array, mask: Array) -> dict[str, Array]:
    return {
        "right": np.einsum("no,io,nio->ni", dout, w, mask),
        "through all weights": dout @ w.T,
        "without the factor": np.einsum("no,io,nio->ni", dout, w, mask != 0),
    }


def _dw(dout: Array, x: Array, w: Array, mask: Array) -> dict[str, Array]:
    # (N, in, out): of each example, if it had kept all weights
    shares = x[:, :, None] * dout[:, None]
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
