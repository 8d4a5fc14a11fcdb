"""Verbs about sequences: masks that last, and recurrent networks with two masks.

A sequence is x of shape (N, T, D): example, step, feature. A mask belongs to an example and a
feature, and stays for all steps; it is read through a lens (views.py), first for its constancy over
time, then, at the last step, like any mask. (That a mask does not begin with the first step, or
changes, is so charged once.)
"""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np

from autograder.asking import Exam, Wrong, array, stable_seed
from autograder.checks_api.comparing import compare
from autograder.checks_api.counts import expect
from autograder.checks_api.inputs import Array, in_words, normal
from autograder.checks_api.verb import verb
from autograder.dropout.calls import output
from autograder.dropout.masks import agreement, correlation_seen, demand_some, draw_call
from autograder.dropout.sequences.layers import first_result, forward_pass
from autograder.dropout.views import READ, Lens
from autograder.model import Call, Given, Seed

__all__ = ["draws_two_masks", "masks_what_goes_to_the_weights", "returns_whole_states",
           "shares_its_mask_over_time"]

SATURATED = 1 - 1e-12  # as near to 1 as a tanh comes whose argument can still be told
STEPS = 3  # of the sequences that show a mask
# of the weights that show the masks of a recurrent network: a unit hears its own input, softly
GAIN = 0.5
BIAS = 0.3  # what a unit says when the mask silences everything that it hears
SILENCE = 1e-6  # a multiplier this small is a zero that went through a tanh and back
OTHER = 0.25  # the rate of the mask that is not looked at


def _long(shape: tuple[int, ...]) -> tuple[int, int, int]:
    """The sequences that show a mask of that shape: (N, D) at the last step, (N, T, D) at all."""
    return (shape[0], shape[1], shape[2]) if len(shape) == 3 else (shape[0], STEPS, shape[-1])


def _last(steps: Array, shape: tuple[int, ...]) -> Array:
    return steps if len(shape) == 3 else steps[:, -1]


# ------------------------------------------------------------------------------- one mask over time
def _shown_last(steps: str, shape: tuple[int, ...]) -> str:
    return steps if len(shape) == 3 else f"({steps})[:, -1]"


def _sequence(shape: tuple[int, ...]) -> Given:
    return in_words("x", normal(_long(shape), stable_seed(f"sequence/{shape}")))


def _ask_sequence(function: str, shape: tuple[int, ...], p: float, seed: Seed) -> Call:
    return forward_pass(function, (_sequence(shape),), (p,), seed)


def _read_sequence(value: Any, shape: tuple[int, ...]) -> Array:
    x = _sequence(shape)
    return _last(output(value, x) / x.value, shape)


SEQUENCES = Lens(_ask_sequence, _read_sequence, partial(_shown_last, "out / x"))


def one_mask(exam: Exam, p: float, shape: tuple[int, ...]) -> Array:
    """The multipliers of one call, as a lens shows them (or as the function returns them)."""
    (value,) = exam.ask(draw_call(exam, "mask", shape, p))
    return array(value, "mask", shape).astype(float)


@verb()
def shares_its_mask_over_time(exam: Exam, *, p: float,
                              shape: tuple[int, int, int] = (16, 6, 20)) -> None:
    """uses one and the same mask at every step of a sequence"""
    kept = one_mask(exam, p, shape) != 0
    demand_some(kept[:, 0], p, "were kept at the first step")
    changed = (kept != kept[:, :1]).any(axis=(0, 2))
    if changed.any():
        step = int(np.argmax(changed))
        share = float((kept[:, step] != kept[:, 0]).mean())
        raise Wrong(f"between the first step and step {step + 1} the mask changes in {share:.0%} "
                    "of the units", "no change", kept[0])


# --------------------------------------------------------------------- the masks of a recurrent net
def _inputs(shape: tuple[int, int, int]) -> Given:
    return in_words("x", normal(shape, stable_seed(f"inputs/{shape}")))


def _states(shape: tuple[int, int]) -> Given:
    """First states between 0.5 and 1: far from zero, and far from where a tanh is flat."""
    seed = stable_seed(f"states/{shape}")
    text = f"np.random.default_rng({seed}).uniform(0.5, 1, size={shape})"
    return in_words("h0", Given(text, np.random.default_rng(seed).uniform(0.5, 1, size=shape)))


def _zeros(shape: tuple[int, ...]) -> Given:
    return Given(f"np.zeros({shape})", np.zeros(shape))


def _own(rows: int, columns: int) -> Given:
    """Weights with which unit j hears only number j."""
    return Given(f"{GAIN} * np.eye({rows}, {columns})", GAIN * np.eye(rows, columns))


def shows_input_mask(name: str, size: tuple[int, int, int, int], rates: tuple[float, float],
                     seed: Seed) -> Call:
    """A pass with states h_t = tanh(GAIN x_t * m_x) for the input mask; (N, T, D, H), H >= D."""
    n, t, d, h = size
    given = (_inputs((n, t, d)), _zeros((n, h)), _own(d, h), _zeros((h, h)), _zeros((h,)))
    return Call(name, (*given, *rates, seed), returns=("h", "cache"), ship=(0,))


def read_input_mask(value: Any, size: tuple[int, int, int, int]) -> Array:
    """The multipliers (N, T, D) of the input at every step."""
    n, t, d, h = size
    with np.errstate(all="ignore"):
        heard = _heard(value, (n, t, h))[..., :d]
        return np.asarray(np.where(abs(heard) > SILENCE,
                                   heard / (GAIN * _inputs((n, t, d)).value), 0.0))


def shown_input_mask(shape: tuple[int, ...]) -> str:
    """Python that does the same with h and x, where the network has as many states as inputs."""
    return _shown_last(f"np.arctanh(h) / ({GAIN} * x)", shape)


def shows_state_mask(name: str, size: tuple[int, int, int, int], rates: tuple[float, float],
                     seed: Seed) -> Call:
    """A pass without input, whose states tanh(GAIN h_(t-1) * m_h + BIAS) show the state's mask."""
    n, t, d, h = size
    bias = Given(f"np.full({h}, {BIAS})", np.full(h, BIAS))
    given = (_zeros((n, t, d)), _states((n, h)), _zeros((d, h)), _own(h, h), bias)
    return Call(name, (*given, *rates, seed), returns=("h", "cache"), ship=(0,))


def read_state_mask(value: Any, size: tuple[int, int, int, int]) -> Array:
    """The multipliers (N, T, H) of the state before every step."""
    n, t, _, h = size
    with np.errstate(all="ignore"):
        heard = _heard(value, (n, t, h)) - BIAS
        before = np.concatenate([_states((n, h)).value[:, None],
                                 first_result(value)[:, :-1]], axis=1)
        found = np.asarray(np.where(abs(heard) > SILENCE, heard / (GAIN * before), 0.0))
    if (found < 0).any():  # no mask does that: another formula is behind these states
        raise Wrong("some states do not follow from those before them",
                    "tanh((h * m_h) @ Wh + b), for x = 0")
    return found


def shown_state_mask(shape: tuple[int, ...]) -> str:
    """Python that does so with h and h0, rounded: a tanh and its inverse leave no exact zero."""
    before = f"({GAIN} * np.concatenate([h0[:, None], h[:, :-1]], axis=1))"
    return _shown_last(f"((np.arctanh(h) - {BIAS}) / {before}).round(9)", shape)


def state_forms(n: int, d: int, factor: float) -> tuple[Array, Array]:
    """First states times `factor` by a mask: of a masked h0, and of a whole h0."""
    before = GAIN * _states((n, d)).value
    return factor * np.tanh(factor * before + BIAS), factor * np.tanh(before + BIAS)


def _heard(value: Any, shape: tuple[int, int, int]) -> Array:
    """What went into the tanh; of states that are no tanh (charged elsewhere), the states."""
    h = first_result(value, shape).astype(float)
    if not np.isfinite(h).all():
        raise Wrong(f"a state is {float(h[~np.isfinite(h)][0]):.6g}", "a number between -1 and 1")
    return np.asarray(np.arctanh(h) if (abs(h) < 1).all() else h)


def _square(shape: tuple[int, ...]) -> tuple[int, int, int, int]:
    n, t, d = _long(shape)
    return n, t, d, d


INPUT_MASK = Lens(
    lambda name, shape, p, seed: shows_input_mask(name, _square(shape), (p, OTHER), seed),
    lambda value, shape: _last(read_input_mask(value, _square(shape)), shape),
    shown_input_mask,
    "m_x",
)
STATE_MASK = Lens(
    lambda name, shape, p, seed: shows_state_mask(name, _square(shape), (OTHER, p), seed),
    lambda value, shape: _last(read_state_mask(value, _square(shape)), shape),
    shown_state_mask,
    "m_h",
)


def _likeness_seen(*, p: float, size: tuple[int, int], **_: Any) -> str:
    return correlation_seen(int(np.prod(size)), p, "the two masks")


@verb(chances=1, sees=_likeness_seen)
def draws_two_masks(exam: Exam, *, p: float, size: tuple[int, int] = (64, 64)) -> None:
    """draws the mask of the state apart from the mask of the input"""
    n, d = size
    shape, seed = (n, 1, d, d), Seed(exam.seed())
    calls = shows_input_mask(exam.function, shape, (p, p),
                             seed), shows_state_mask(exam.function, shape, (p, p), seed)
    values = exam.ask(*calls)
    of_input = read_input_mask(values[0], shape) != 0
    of_state = read_state_mask(values[1], shape) != 0
    texts = {"m_x": shown_input_mask((n, d)), "m_h": shown_state_mask((n, d))}
    looks = (Call(text, returns=(name,), look=True) for name, text in texts.items())
    exam.last = tuple(line for pair in zip(calls, looks, strict=True) for line in pair)
    expect("share of units on which m_x and m_h agree", int((of_input == of_state).sum()),
           of_input.size, agreement(p))


@verb()
def returns_whole_states(exam: Exam, *, rates: tuple[float, float],
                         size: tuple[int, int, int, int] = (6, 3, 4, 9)) -> None:
    """returns the whole states in training, with no holes in them"""
    h = first_result(exam.ask(_pass(exam, size, rates))[0], (size[0], size[1], size[3]))
    exam.show("(h == 0).sum()")
    holes = h == 0  # no tanh of normal numbers is exactly 0
    if holes.any():
        shown = exam.last
        if (first_result(exam.ask(_pass(exam, size, (0.0, 0.0)))[0]) == 0).any():
            exam.show("(h == 0).sum()")
            raise Wrong("some of the returned states are 0, and without dropout too",
                        "none of them: no tanh of such numbers is exactly 0")
        exam.last = shown
        raise Wrong(f"{int(holes.sum())} of {holes.size} returned states are 0",
                    "none of them: masks fall on what enters a step")


@verb()
def masks_what_goes_to_the_weights(exam: Exam, *, size: tuple[int, int, int, int] = (4, 6, 5, 7),
                                   rates: tuple[float, float] = (0.3, 0.4)) -> None:
    """masks x_t before Wx and h_(t-1) before Wh, with the same two masks at every step, and nothing
    else"""
    call = _pass(exam, size, rates)
    h = first_result(exam.ask(call)[0], (size[0], size[1], size[3])).astype(float)
    net = tuple(np.asarray(given.value) for given in call.args[:5])
    m_x, m_h = solved_masks(net, h)
    compare(h, states_with(net, h, m_x, m_h), "h", READ)


def _pass(exam: Exam, size: tuple[int, int, int, int], rates: tuple[float, float]) -> Call:
    n, t, d, h = size
    shapes = ((n, t, d), (n, h), (d, h), (h, h), (h,))
    given = (Given(f"0.4 * {a.text}", 0.4 * a.value)
             for a in (normal(s, exam.seed(k)) for k, s in enumerate(shapes, 1)))
    return Call(exam.function, (*given, *rates, Seed(exam.seed())),
                returns=("h", "cache"), ship=(0,))


def solved_masks(net: tuple[Array, ...], h: Array) -> tuple[Array, Array]:
    """The masks (N, D) and (N, H) that nearly give a recurrent net's states h: linear in the tanh.

    Read off one pass, they need no seed that repeats. T * H must be D + H at least, better twice as
    much.
    """
    x, h0, wx, wh, b = net
    h = np.clip(np.nan_to_num(h), -SATURATED, SATURATED)  # an answer may hold anything
    before = np.concatenate([h0[:, None], h[:, :-1]], axis=1)
    sums = np.arctanh(h) - b
    masks = []
    for k in range(len(x)):
        # (T, D + H, H)
        terms = np.concatenate([x[k][:, :, None] * wx, before[k][:, :, None] * wh], axis=1)
        system = np.swapaxes(terms, 1, 2).reshape(-1, terms.shape[1])
        masks.append(np.linalg.lstsq(system, sums[k].reshape(-1), rcond=None)[0])
    found = np.array(masks)
    return found[:, : x.shape[2]], found[:, x.shape[2] :]


def states_with(net: tuple[Array, ...], h: Array, m_x: Array, m_h: Array) -> Array:
    """Every state worked out from the one before it, which is taken from h."""
    x, h0, wx, wh, b = net
    before = np.concatenate([h0[:, None], h[:, :-1]], axis=1)
    return np.asarray(np.tanh((x * m_x[:, None]) @ wx + (before * m_h[:, None]) @ wh + b))
