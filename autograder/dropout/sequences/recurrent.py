"""Verbs about sequences: masks that last, recurrent networks with two masks, and layers that remember their mask.

A sequence is x of shape (N, T, D): example, step, feature. A mask belongs to an example and a feature, and stays for all steps; it is read
through a lens (views.py), first for its constancy over time, then, at the last step, like any mask. (That a mask does not begin with
the first step, or changes, is so charged once.)
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np

from autograder.asking import Exam, Wrong, array, stable_seed
from autograder.chance import smallest_error
from autograder.checks_api.comparing import compare, demand_value_error, ending
from autograder.checks_api.counts import expect
from autograder.checks_api.inputs import Array, in_words, normal
from autograder.checks_api.verb import verb
from autograder.checks_api.views import View
from autograder.dropout.calls import output
from autograder.dropout.masks import agreement, correlation_seen, demand_some
from autograder.dropout.sequences.layers import first_result
from autograder.dropout.values import DIGITS, NEAR
from autograder.dropout.views import READ, Lens
from autograder.model import Call, Given, Item, Outcome, Seed

__all__ = [
    "a_layer",
    "divides_what_it_keeps",
    "draws_again_unless_asked",
    "draws_first_whatever_is_asked",
    "draws_for_another_batch",
    "draws_two_masks",
    "drops_features_as_often_as",
    "drops_whole_features_of_sequences",
    "keeps_its_mask_when_asked",
    "keeps_layers_apart",
    "keeps_the_latest_mask",
    "knows_the_ends",
    "masks_what_goes_to_the_weights",
    "remembers_through_test_time",
    "returns_whole_states",
]

SATURATED = 1 - 1e-12  # as near to 1 as a tanh comes whose argument can still be told
STEPS = 3  # of the sequences that show a mask
GAIN = 0.5  # of the weights that show the masks of a recurrent network: a unit hears its own input, softly
BIAS = 0.3  # what a unit says when the mask silences everything that it hears
SILENCE = 1e-6  # a multiplier this small is a zero that went through a tanh and back
OTHER = 0.25  # the rate of the mask that is not looked at


def _long(shape: tuple[int, ...], steps: int = STEPS) -> tuple[int, int, int]:
    """The sequences that show a mask of that shape: (N, D) at its last step, (N, T, D) at all of them."""
    return (shape[0], shape[1], shape[2]) if len(shape) == 3 else (shape[0], steps, shape[-1])


def _last(steps: Array, shape: tuple[int, ...]) -> Array:
    return steps if len(shape) == 3 else steps[:, -1]


# ----------------------------------------------------------------------------------------------------------------- one mask over time
def _shown_last(steps: str, shape: tuple[int, ...]) -> str:
    return steps if len(shape) == 3 else f"({steps})[:, -1]"


def _sequence(shape: tuple[int, ...]) -> Given:
    return in_words("x", normal(_long(shape), stable_seed(f"sequence/{shape}")))


def _ask_sequence(function: str, shape: tuple[int, ...], p: float, seed: Seed) -> Call:
    return Call(function, (_sequence(shape), p, seed), returns=("out", "cache"), ship=(0,))


def _read_sequence(value: Any, shape: tuple[int, ...]) -> Array:
    x = _sequence(shape)
    return _last(output(value, x) / x.value, shape)


SEQUENCES = Lens(_ask_sequence, _read_sequence, partial(_shown_last, "out / x"))


# --------------------------------------------------------------------------------------------------------- the masks of a recurrent net
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


def shows_input_mask(name: str, size: tuple[int, int, int, int], rates: tuple[float, float], seed: Seed) -> Call:
    """A pass whose states h_t = tanh(GAIN x_t * m_x) show the input mask; `size` is (N, T, D, H), with H >= D."""
    n, t, d, h = size
    given = (_inputs((n, t, d)), _zeros((n, h)), _own(d, h), _zeros((h, h)), _zeros((h,)))
    return Call(name, (*given, *rates, seed), returns=("h", "cache"), ship=(0,))


def read_input_mask(value: Any, size: tuple[int, int, int, int]) -> Array:
    """The multipliers (N, T, D) of the input at every step."""
    n, t, d, h = size
    with np.errstate(all="ignore"):
        heard = _heard(value, (n, t, h))[..., :d]
        return np.asarray(np.where(abs(heard) > SILENCE, heard / (GAIN * _inputs((n, t, d)).value), 0.0))


def shown_input_mask(shape: tuple[int, ...]) -> str:
    """Python that does the same with h and x, where the network has as many states as inputs."""
    return _shown_last(f"np.arctanh(h) / ({GAIN} * x)", shape)


def shows_state_mask(name: str, size: tuple[int, int, int, int], rates: tuple[float, float], seed: Seed) -> Call:
    """A pass without input, whose states h_t = tanh(GAIN h_(t-1) * m_h + BIAS) show the mask of the state."""
    n, t, d, h = size
    bias = Given(f"np.full({h}, {BIAS})", np.full(h, BIAS))
    given = (_zeros((n, t, d)), _states((n, h)), _zeros((d, h)), _own(h, h), bias)
    return Call(name, (*given, *rates, seed), returns=("h", "cache"), ship=(0,))


def read_state_mask(value: Any, size: tuple[int, int, int, int]) -> Array:
    """The multipliers (N, T, H) of the state before every step."""
    n, t, _, h = size
    with np.errstate(all="ignore"):
        heard = _heard(value, (n, t, h)) - BIAS
        before = np.concatenate([_states((n, h)).value[:, None], first_result(value)[:, :-1]], axis=1)
        found = np.asarray(np.where(abs(heard) > SILENCE, heard / (GAIN * before), 0.0))
    if (found < 0).any():  # no mask does that: another formula is behind these states
        raise Wrong("some states do not follow from those before them", "tanh((h * m_h) @ Wh + b), for x = 0")
    return found


def shown_state_mask(shape: tuple[int, ...]) -> str:
    """Python that does the same with h and h0; the rounding takes away what a tanh and its inverse leave of a zero."""
    before = f"({GAIN} * np.concatenate([h0[:, None], h[:, :-1]], axis=1))"
    return _shown_last(f"((np.arctanh(h) - {BIAS}) / {before}).round(9)", shape)


def state_forms(n: int, d: int, factor: float) -> tuple[Array, Array]:
    """First states that a mask multiplied by `factor`: the masked one of a masked h0, and that of a whole h0 (see shows_state_mask)."""
    before = GAIN * _states((n, d)).value
    return factor * np.tanh(factor * before + BIAS), factor * np.tanh(before + BIAS)


def _heard(value: Any, shape: tuple[int, int, int]) -> Array:
    """What went into the tanh; of states that are no tanh (charged where they are computed), the states themselves."""
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
    calls = shows_input_mask(exam.function, shape, (p, p), seed), shows_state_mask(exam.function, shape, (p, p), seed)
    values = exam.ask(*calls)
    of_input, of_state = read_input_mask(values[0], shape) != 0, read_state_mask(values[1], shape) != 0
    texts = {"m_x": shown_input_mask((n, d)), "m_h": shown_state_mask((n, d))}
    looks = (Call(text, returns=(name,), look=True) for name, text in texts.items())
    exam.last = tuple(line for pair in zip(calls, looks, strict=True) for line in pair)
    expect("share of units on which m_x and m_h agree", int((of_input == of_state).sum()), of_input.size, agreement(p))


@verb()
def returns_whole_states(exam: Exam, *, rates: tuple[float, float], size: tuple[int, int, int, int] = (6, 3, 4, 9)) -> None:
    """returns the whole states in training, with no holes in them"""
    h = first_result(exam.ask(_pass(exam, size, rates))[0], (size[0], size[1], size[3]))
    exam.show("(h == 0).sum()")
    holes = h == 0  # no tanh of normal numbers is exactly 0
    if holes.any():
        shown = exam.last
        if (first_result(exam.ask(_pass(exam, size, (0.0, 0.0)))[0]) == 0).any():
            exam.show("(h == 0).sum()")
            raise Wrong("some of the returned states are 0, and without dropout too", "none of them: no tanh of such numbers is exactly 0")
        exam.last = shown
        raise Wrong(f"{int(holes.sum())} of {holes.size} returned states are 0", "none of them: masks fall on what enters a step")


@verb()
def masks_what_goes_to_the_weights(
    exam: Exam, *, size: tuple[int, int, int, int] = (4, 6, 5, 7), rates: tuple[float, float] = (0.3, 0.4)
) -> None:
    """masks x_t before Wx and h_(t-1) before Wh, with the same two masks at every step, and nothing else"""
    call = _pass(exam, size, rates)
    h = first_result(exam.ask(call)[0], (size[0], size[1], size[3])).astype(float)
    net = tuple(np.asarray(given.value) for given in call.args[:5])
    m_x, m_h = solved_masks(net, h)
    compare(h, states_with(net, h, m_x, m_h), "h", READ)


def _pass(exam: Exam, size: tuple[int, int, int, int], rates: tuple[float, float]) -> Call:
    n, t, d, h = size
    shapes = ((n, t, d), (n, h), (d, h), (h, h), (h,))
    given = (Given(f"0.4 * {a.text}", 0.4 * a.value) for a in (normal(s, exam.seed(k)) for k, s in enumerate(shapes, 1)))
    return Call(exam.function, (*given, *rates, Seed(exam.seed())), returns=("h", "cache"), ship=(0,))


def solved_masks(net: tuple[Array, ...], h: Array) -> tuple[Array, Array]:
    """The masks (N, D) and (N, H) with which a recurrent net gives most nearly the states h: what goes into its tanh is linear in them.

    Read off one pass, they need no seed that repeats. T * H must be D + H at least, better twice as much.
    """
    x, h0, wx, wh, b = net
    h = np.clip(np.nan_to_num(h), -SATURATED, SATURATED)  # an answer may hold anything
    before = np.concatenate([h0[:, None], h[:, :-1]], axis=1)
    sums = np.arctanh(h) - b
    masks = []
    for k in range(len(x)):
        terms = np.concatenate([x[k][:, :, None] * wx, before[k][:, :, None] * wh], axis=1)  # (T, D + H, H)
        system = np.swapaxes(terms, 1, 2).reshape(-1, terms.shape[1])
        masks.append(np.linalg.lstsq(system, sums[k].reshape(-1), rcond=None)[0])
    found = np.array(masks)
    return found[:, : x.shape[2]], found[:, x.shape[2] :]


def states_with(net: tuple[Array, ...], h: Array, m_x: Array, m_h: Array) -> Array:
    """Every state worked out from the one before it, which is taken from h."""
    x, h0, wx, wh, b = net
    before = np.concatenate([h0[:, None], h[:, :-1]], axis=1)
    return np.asarray(np.tanh((x * m_x[:, None]) @ wx + (before * m_h[:, None]) @ wh + b))


# ------------------------------------------------------------------------------------------------------- a layer that keeps its mask
def build(exam: Exam, p: float, name: str = "layer") -> Call:
    """`layer = Class(p)`."""
    return Call(exam.function, (p,), returns=(name,), ship=())


def step(x: Given, seed: Seed | None, **flags: bool) -> Call:
    """`layer.forward(x, rng)` of the layer that the first call of the script made."""
    return Call(".forward", (Item(0, None, "layer"), x, seed), flags, returns=("out",))


def two_layers(exam: Exam, p: float, x: Given) -> list[Array]:
    """Which units are kept by a layer, by another one of the same class, and by the first again when it is asked to keep its mask."""
    other, seeds = Item(1, None, "other"), [Seed(exam.seed(k)) for k in (0, 5, 9)]
    one, again = replace(step(x, seeds[0]), returns=("one",)), replace(step(x, seeds[2], same_mask=True), returns=("again",))
    passes = one, Call(".forward", (other, x, seeds[1])), again
    return [factors(value, x) != 0 for value in exam.ask(build(exam, p), build(exam, p, "other"), *passes)[2:]]


def factors(value: Any, x: Given) -> Array:
    """What the layer multiplied x by; the output is an array, not a pair."""
    return np.asarray(array(value, "out", x.value.shape) / x.value)


def a_layer(p: float, train: bool = True) -> View:
    """The output of a layer that was made just now."""

    def calls(exam: Exam, number: int) -> tuple[Call, Call]:
        (x,) = _chunks(exam, (4, 3, 5))
        return build(exam, p), step(x, Seed(exam.seed(number)), **({} if train else {"train": False}))

    return View(calls, lambda value: array(value, "out", (4, 3, 5)), "out")


def _chunks(exam: Exam, *shapes: tuple[int, int, int]) -> list[Given]:
    return [in_words("xyz"[k], normal(shape, exam.seed(k + 1))) for k, shape in enumerate(shapes)]


APART = "((one[:, 0] == 0) != (other[:, 0] == 0)).sum()"


def layer_factors(exam: Exam, p: float, *steps: tuple[Given, Seed | None, Mapping[str, bool]]) -> list[Array]:
    """What one layer multiplied each x by, step by step."""
    calls = [step(x, seed, **flags) for x, seed, flags in steps]
    values = exam.ask(build(exam, p), *calls)[1:]
    return [factors(value, x) for value, (x, *_) in zip(values, steps, strict=True)]


def layer_masks(exam: Exam, p: float, *steps: tuple[Given, Seed | None, Mapping[str, bool]]) -> list[Array]:
    """Which features (N, D) one layer kept at the first place of each x; a message says in how many the last two differ."""
    found = [f[:, 0] != 0 for f in layer_factors(exam, p, *steps)]
    if len(found) > 1:
        rows = min(len(found[-2]), len(found[-1]))
        short = len(found[-2]) != len(found[-1])
        exam.show_two(exam.last[-2:], APART.replace("[:,", f"[:{rows},") if short else APART, exam.last[:-2])
    return found


def _differing(first: Array, second: Array) -> str:
    return f"they differ in {int((first != second).sum())} of {first.size} units"


@verb()
def drops_whole_features_of_sequences(exam: Exam, *, p: float, shape: tuple[int, int, int] = (16, 5, 24)) -> None:
    """drops with one mask for all steps of a sequence"""
    (x,) = _chunks(exam, shape)
    kept = layer_factors(exam, p, (x, Seed(exam.seed()), {}))[0] != 0
    demand_some(kept, p)
    if (kept != kept[:, :1]).any():
        raise Wrong("the mask changes from step to step", "one mask for all steps", kept[0])
    if (kept == kept[:1]).all() or (kept == kept[..., :1]).all():
        raise Wrong("the mask is the same for all sequences, or for all features", "a coin for each of them", kept[:, 0])


def _rate_seen(*, p: float, shape: tuple[int, int, int], **_: Any) -> str:
    return f"a share of dropped features that is off by {smallest_error(shape[0] * shape[2], p):.2g}"


@verb(chances=1, sees=_rate_seen)
def drops_features_as_often_as(exam: Exam, *, p: float, shape: tuple[int, int, int] = (64, 1, 64)) -> None:
    """drops each feature with probability {p}"""
    (x,) = _chunks(exam, shape)
    dropped = int((layer_factors(exam, p, (x, Seed(exam.seed()), {}))[0] == 0).sum())
    exam.show("(out == 0).mean()")
    expect("share of dropped features", dropped, x.value.size, p)


@verb()
def knows_the_ends(exam: Exam, *, bad: tuple[float, ...], shape: tuple[int, int, int] = (6, 3, 8)) -> None:
    """keeps everything when p = 0, drops everything when p = 1, and refuses another p"""
    (x,) = _chunks(exam, shape)
    for p in (0.0, 1.0):
        (found,) = layer_factors(exam, p, (x, Seed(exam.seed()), {}))
        compare(found, np.full(shape, 1 - p), f"out / x with p = {p:g}", NEAR)
    for p in bad:
        made, used = build(exam, p), step(x, Seed(exam.seed()))
        answers = exam.answers(made, used)
        if all(answer.outcome is Outcome.PASSED for answer in answers):
            raise Wrong(f"a layer with p = {p:g} was made and used", "ValueError")
        if not any(ending(answer) == "ValueError" for answer in answers):
            demand_value_error(made, answers[0])


@verb()
def divides_what_it_keeps(exam: Exam, *, p: float, shape: tuple[int, int, int] = (16, 5, 24)) -> None:
    """divides what it keeps by 1 - p, to ten digits"""
    (x,) = _chunks(exam, shape)
    (found,) = layer_factors(exam, p, (x, Seed(exam.seed()), {}))
    exam.show("(out / x){at}")
    compare(found, np.where(found != 0, 1 / (1 - p), 0.0), "out / x", DIGITS)


ASKED = {"same_mask": True}


@verb()
def keeps_its_mask_when_asked(exam: Exam, *, p: float, shape: tuple[int, int, int] = (8, 5, 20), steps: int = 5) -> None:
    """uses the mask of the call before, with same_mask=True, for chunks of {steps} steps after one of 5"""
    first, second = _chunks(exam, shape, (shape[0], steps, shape[2]))
    before, after = layer_masks(exam, p, (first, Seed(exam.seed()), {}), (second, Seed(exam.seed(9)), ASKED))
    if not np.array_equal(before, after):
        raise Wrong(f"the second call dropped other units: {_differing(before, after)}", "the units that the first call dropped")


@verb()
def keeps_the_latest_mask(exam: Exam, *, p: float, shape: tuple[int, int, int] = (8, 5, 20)) -> None:
    """uses the mask of the latest call, with same_mask=True, of two that drew"""
    (x,) = _chunks(exam, shape)
    *_, before, after = layer_masks(exam, p, *((x, Seed(exam.seed(k)), ASKED if k == 9 else {}) for k in (5, 0, 9)))
    if not np.array_equal(before, after):
        raise Wrong(f"the third call dropped other units: {_differing(before, after)}", "the units that the second call dropped")


@verb()
def keeps_layers_apart(exam: Exam, *, p: float, shape: tuple[int, int, int] = (8, 5, 20)) -> None:
    """keeps a mask for each layer: another layer that draws changes nothing"""
    (x,) = _chunks(exam, shape)
    before, other, after = two_layers(exam, p, x)
    exam.show("((one[:, 0] == 0) != (again[:, 0] == 0)).sum()")
    if not np.array_equal(before, after):
        whose = "those of the other layer" if np.array_equal(other, after) else _differing(before, after)
        raise Wrong(f"after a call of another layer, the first one dropped other units: {whose}", "the units that it dropped before")


@verb()
def draws_again_unless_asked(exam: Exam, *, p: float, shape: tuple[int, int, int] = (8, 5, 20)) -> None:
    """draws a new mask in every call with same_mask=False"""
    before, after = layer_masks(exam, p, *((x, Seed(exam.seed(), "rng"), {}) for x in _chunks(exam, shape, shape)))
    if np.array_equal(before, after):
        raise Wrong("the second call dropped the units that the first had dropped", "new coins")


@verb()
def draws_for_another_batch(
    exam: Exam, *, p: float, first: tuple[int, int, int] = (8, 5, 20), second: tuple[int, int, int] = (6, 5, 20)
) -> None:
    """draws a new mask when the batch has another size ({first}, then {second}), whatever same_mask says"""
    one, two = _chunks(exam, first, second)
    before, kept = layer_masks(exam, p, (one, Seed(exam.seed()), {}), (two, Seed(exam.seed(9)), ASKED))
    demand_some(kept, p, "units were kept in the second batch")
    rows = min(len(before), len(kept))
    if rows > 5 and np.array_equal(before[:rows], kept[:rows]):  # of a few units only, they could be the same by chance
        raise Wrong(f"the first {rows} sequences of both batches are masked alike", "new coins")
    if (kept == kept[:1]).all() or (kept == kept[:, :1]).all():
        raise Wrong("all sequences (or all features) of the second batch share one coin", "a coin for each of them", kept)


@verb()
def draws_first_whatever_is_asked(exam: Exam, *, p: float, shape: tuple[int, int, int] = (8, 5, 20)) -> None:
    """draws its first mask even when same_mask=True"""
    (x,) = _chunks(exam, shape)
    demand_some(layer_factors(exam, p, (x, Seed(exam.seed()), ASKED))[0] != 0, p)


@verb()
def remembers_through_test_time(exam: Exam, *, p: float, shape: tuple[int, int, int] = (8, 5, 20)) -> None:
    """returns x at test time, and still knows its mask afterwards"""
    first, between, last = _chunks(exam, shape, (3, 4, shape[2]), shape)
    script = (
        build(exam, p),
        step(first, Seed(exam.seed())),
        step(between, None, train=False),
        step(last, Seed(exam.seed(9)), same_mask=True),
    )
    _, one, test, other = exam.ask(*script)
    exam.last = script[:3]
    exam.show("out{at}")
    compare(array(test, "out", between.value.shape), between.value, "out at test time", 0.0)
    before, after = factors(one, first)[:, 0] != 0, factors(other, last)[:, 0] != 0
    exam.last = script[0], replace(script[1], returns=("one",)), script[2], replace(script[3], returns=("other",))
    exam.show(APART)
    if not np.array_equal(before, after):
        raise Wrong(f"after a call at test time the mask is another: {_differing(before, after)}", "the mask of the last training call")
