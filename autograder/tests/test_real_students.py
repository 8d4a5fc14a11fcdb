"""What 449 public implementations of dropout do, anew in our signature: right ones score full.

The exercises ask what assignment 1 asks in public, of toy functions. Behaviours counted in the
field: sections 3, 4 and 6 of the survey.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from autograder.dropout import checks as c
from autograder.judge import judge, result
from autograder.model import Exercise, Part, Verdict
from autograder.tests.toys import (
    BACKWARD_NAME, FORWARD, PAIR, SHAPES, Array, Function, backward, forward, student)

P = 0.3
SOME, CORE = "drops_some_and_keeps_some", "passes_gradient_to_kept_units_only"
Pair = tuple[Function, Function]

FORWARD_EXERCISE = Exercise(
    FORWARD,
    [
        Part(
            "coins",
            "each unit throws a coin of its own",
            2,
            [
                c.drops_some_and_keeps_some(p=P),
                c.drops_the_right_share(p=P, needs=SOME),
                c.drops_the_right_share(p=0.005, needs=SOME),
                c.treats_examples_apart(p=P, needs=SOME),
                c.treats_features_apart(p=P, needs=SOME),
                c.keeps_a_varying_number(p=P, needs=SOME),
                c.draws_afresh(p=P, needs=SOME),
                c.obeys_the_generator(p=P, needs=SOME),
                c.leaves_global_random_state_alone(p=P, needs=SOME),
            ],
        ),
        Part(
            "values",
            "survivors are scaled in training, and nothing is at test time",
            2,
            [
                c.scales_the_survivors(p=P, needs=SOME),
                c.is_identity_at_test_time(p=P, needs=SOME),
                c.draws_nothing_at_test_time(p=P, needs="is_identity_at_test_time"),
                c.keeps_its_input(p=P, needs=SOME),
                c.takes_any_shape(p=P, shapes=SHAPES, needs=SOME),
                c.drops_nothing_at_zero(needs=SOME),
            ],
        ),
    ],
    points=4,
)
BACKWARD_EXERCISE = Exercise(
    BACKWARD_NAME,
    [
        Part("mask", "passes the gradient to who was kept", 1,
             [c.passes_gradient_to_kept_units_only(p=P, **PAIR)]),
        Part(
            "factor",
            "with the right factor, from the right cache",
            2,
            [
                c.follows_the_mask(p=P, **PAIR, needs=CORE),
                c.follows_test_time(p=P, **PAIR, needs=CORE),
                c.belongs_to_its_own_cache(p=P, **PAIR, needs=CORE),
                c.passes_gradient_where_x_is_zero(p=P, **PAIR, needs=CORE),
                c.keeps_dout(p=P, **PAIR, needs=CORE),
                c.agrees_with_finite_differences(p=P, **PAIR, needs=CORE),
            ],
        ),
    ],
    points=3,
)


def graded(pair: Pair, sweep: int = 0) -> tuple[float, float, list[Verdict]]:
    """Points of forward and of backward, and the verdicts that did not pass."""
    subject = student({FORWARD: pair[0], BACKWARD_NAME: pair[1]})
    found = [judge(exercise, subject, f"students/{sweep}")
             for exercise in (FORWARD_EXERCISE, BACKWARD_EXERCISE)]
    first, second = (result(e, v).points
                     for e, v in zip((FORWARD_EXERCISE, BACKWARD_EXERCISE), found, strict=True))
    return first, second, [v for verdicts in found for v in verdicts if not v.passed]


def heard(verdicts: list[Verdict]) -> str:
    return "; ".join(f"{v.check}: {v.got} ({v.wanted})" for v in verdicts)


def dropout(
    keep: Callable[[Any, tuple[int, ...], float], Array],
    train: Callable[[Array, Array, float], Array] = lambda x, m, p: x * m / (1 - p),
    test: Callable[[Array, float], Array] = lambda x, p: x,
    back: Callable[[Array, Array, float], Array] = lambda d, m, p: d * m / (1 - p),
    back_test: Callable[[Array, float], Array] = lambda d, p: d,
) -> Pair:
    """A pair of functions made of these pieces; the cache holds what a CS231n-style one does."""

    def first(x: Array, p: float, rng: Any, train_: bool = True, **more: Any) -> Any:
        if not more.get("train", train_):
            return test(x, p), ("test", p, None)
        mask = keep(rng, x.shape, p)
        return train(x, mask, p), ("train", p, mask)

    def second(dout: Array, cache: Any) -> Any:
        mode, p, mask = cache
        return back(dout, mask, p) if mode == "train" else back_test(dout, p)

    return first, second


def uniform(rng: Any, shape: tuple[int, ...], p: float) -> Array:
    return np.asarray(rng.random(shape) >= p)


# ------------------------------------------------------- section 6: right, and each looks different
def copy_then_assign(x: Array, mask: Array, p: float) -> Array:
    out = x.copy()
    out[~mask] = 0
    out /= 1 - p
    return np.asarray(out)


def scaled_first(rng: Any, shape: tuple[int, ...], p: float) -> Array:
    return np.asarray((rng.random(shape) < (1 - p)) / (1 - p))


def whole_numbers(rng: Any, shape: tuple[int, ...], p: float) -> Array:
    return np.asarray(rng.random(shape) > p, int)


def flat(rng: Any, shape: tuple[int, ...], p: float) -> Array:
    return np.asarray(rng.permutation(rng.random(math.prod(shape)) >= p).reshape(shape))


def by_loop(rng: Any, shape: tuple[int, ...], p: float) -> Array:
    return np.array([u > p for u in rng.random(math.prod(shape)).tolist()]).reshape(shape)


def multiplied(x: Array, mask: Array, p: float) -> Array:
    return np.asarray(np.multiply(x, mask))


def as_it_is(d: Array, mask: Array, p: float) -> Array:
    return d * mask


def in_lists(x: Array, p: float, rng: Any, train: bool = True) -> Any:
    mask = uniform(rng, x.shape, p) / (1 - p) if train else np.ones(x.shape)
    return [x * mask, {"mask": mask, "p": p, "verbose": True, "more": None}]


def with_options(x: Array, p: float, rng: Any, train: bool = True, verbose: bool = False,
                 seed: int | None = None) -> Any:
    print("dropout", p)
    return forward(x, p, rng, train)


def in_float32(x: Array, p: float, rng: Any, train: bool = True) -> Any:
    if not train:
        return x.astype(np.float32), 1.0
    mask = uniform(rng, x.shape, p) * np.float32(1 / (1 - p))
    return np.float32(x) * mask, mask


RIGHT: dict[str, Pair] = {
    "random, strict": dropout(lambda r, s, p: r.random(s) > p),
    "random, not strict": dropout(lambda r, s, p: r.random(s) >= p),
    "random below keep": dropout(lambda r, s, p: r.random(s) < 1 - p),
    "random at most keep": dropout(lambda r, s, p: r.random(s) <= 1 - p),
    "one minus random": dropout(lambda r, s, p: 1 - r.random(s) > p),
    "uniform(0, 1)": dropout(lambda r, s, p: r.uniform(0, 1, s) > p),
    "uniform(size=)": dropout(lambda r, s, p: r.uniform(size=s) > p),
    "binomial": dropout(lambda r, s, p: r.binomial(1, 1 - p, size=s)),
    "binomial n": dropout(lambda r, s, p: r.binomial(n=1, p=1 - p, size=s).astype(bool)),
    "choice": dropout(lambda r, s, p: r.choice([0, 1], size=s, p=[p, 1 - p])),
    "float32 draws": dropout(lambda r, s, p: r.random(s, dtype=np.float32) > p),
    "whole numbers as mask": dropout(whole_numbers),
    "floats as mask": dropout(lambda r, s, p: uniform(r, s, p).astype(float)),
    "flat, then reshaped": dropout(flat),
    "a loop over units": dropout(by_loop),
    "a mask that is scaled already": dropout(scaled_first, multiplied, back=as_it_is),
    "scaled before masking": dropout(uniform, lambda x, m, p: x / (1 - p) * m),
    "scaled by multiplying": dropout(uniform, lambda x, m, p: 1 / (1 - p) * (x * m)),
    "np.where": dropout(uniform, lambda x, m, p: np.where(m, x / (1 - p), 0.0),
                        back=lambda d, m, p: np.where(m, d / (1 - p), 0.0)),
    "a copy, then assignment": dropout(uniform, copy_then_assign, back=copy_then_assign),
    "a copy at test time": dropout(uniform, test=lambda x, p: x.copy(),
                                   back_test=lambda d, p: d.copy()),
    "times one at test time": dropout(uniform, test=lambda x, p: x * 1.0,
                                      back_test=lambda d, p: 1.0 * d),
    "floor of keep + uniform": dropout(lambda r, s, p: np.floor(1 - p + r.random(s))),
    "uniform up to 1 / p, "
    "clipped": dropout(lambda r, s, p: np.floor(np.clip(r.uniform(0, 1 / (p or 1e-9), s), 0, 1))),
    "float32 numbers as mask": dropout(
        lambda r, s, p: uniform(r, s, p).astype(np.float32),
        back=lambda d, m, p: d * (m / np.float32(1 - p))
    ),
    "a scale in float32": dropout(lambda r, s, p: scaled_first(r, s, p).astype(np.float32),
                                  multiplied, back=as_it_is),
    "a little in the divisor": dropout(uniform, lambda x, m, p: x * m / (1 - p + 1e-8) if p else x),
    "Fortran order": dropout(uniform, lambda x, m, p: np.asfortranarray(x * m / (1 - p))),
    "lists and dicts": (in_lists, lambda dout, cache: dout * cache["mask"]),
    "more arguments, and prints": (with_options, backward),
    # the course asks about dtypes elsewhere
    "float32 throughout": (in_float32, lambda dout, cache: np.float32(dout) * cache),
    "the toy": (forward, backward),
}


@pytest.mark.parametrize("name", RIGHT)
def test_a_right_answer_scores_full_however_it_looks(name: str) -> None:
    for sweep in range(2):
        first, second, missed = graded(RIGHT[name], sweep)
        assert (first, second) == (4, 3), f"sweep {sweep}: {heard(missed)}"


@pytest.mark.slow
@pytest.mark.parametrize("name", RIGHT)
def test_a_right_answer_scores_full_over_two_hundred_sweeps(name: str) -> None:
    for sweep in range(200):
        first, second, missed = graded(RIGHT[name], sweep)
        assert (first, second) == (4, 3), f"sweep {sweep}: {heard(missed)}"


# -------------------------------------------------------------------------- sections 3 and 4: wrong
def keeps_p(rng: Any, shape: tuple[int, ...], p: float) -> Array:
    return np.asarray(rng.random(shape) < p)


def shared_row(rng: Any, shape: tuple[int, ...], p: float) -> Array:
    return np.asarray(rng.random(shape[-1]) >= p)


def in_place(x: Array, p: float, rng: Any, train: bool = True) -> Any:
    if not train:
        return x, None
    mask = uniform(rng, x.shape, p) / (1 - p)
    x *= mask
    return x, mask


def two_dimensional(x: Array, p: float, rng: Any, train: bool = True) -> Any:
    n, d = x.shape
    if not train:
        return x, None
    mask = uniform(rng, (n, d), p) / (1 - p)
    return x * mask, mask


def half_filled(x: Array, p: float, rng: Any, train: bool = True) -> Any:
    mask = out = None
    if train:
        mask = uniform(rng, x.shape, p)
    return out, (p, mask)


def untouched(*args: Any, **kwargs: Any) -> Any:
    raise NotImplementedError


def mask_alone(dout: Array, cache: Any) -> Any:
    return dout * cache  # None at test time


def unpacks_too_much(dout: Array, cache: Any) -> Any:
    dropout_param, mask = cache, cache["mask"]
    return dout * mask * dropout_param["mask"]


def overwrites_dout(dout: Array, cache: Any) -> Any:
    if cache is not None:
        dout *= cache
    return dout


def ignores_its_mode(x: Array, p: float, rng: Any, train: bool = True) -> Any:
    generator = np.random.default_rng(0) if rng is None else rng
    mask = uniform(generator, x.shape, p) / (1 - p)
    return x * mask, mask


def draws_in_eval(x: Array, p: float, rng: Any, train: bool = True) -> Any:
    mask = uniform(np.random.default_rng() if rng is None else rng, x.shape, p) / (1 - p)
    return (x * mask if train else x), mask


def draws_before_asking(x: Array, p: float, rng: Any, train: bool = True) -> Any:
    mask = uniform(rng, x.shape, p) / (1 - p)
    return (x * mask, mask) if train else (x, None)


def replacing(rng: Any, shape: tuple[int, ...], p: float) -> Array:
    mask = np.ones(math.prod(shape), bool)
    mask[rng.choice(mask.size, int(p * mask.size))] = False
    return mask.reshape(shape)


def sampled_rows(rng: Any, shape: tuple[int, ...], p: float) -> Array:
    mask = np.ones(shape, bool)
    mask[rng.permutation(shape[0])[: int(p * shape[0])]] = False
    return mask


def on_a_stack() -> Pair:
    masks: list[Any] = []

    def first(x: Array, p: float, rng: Any, train: bool = True) -> Any:
        out, mask = forward(x, p, rng, train)
        if train:
            masks.append(mask)
        return out, None

    return first, lambda dout, cache: dout * masks.pop()


def rescaled_by_share(x: Array, mask: Array, p: float) -> Array:
    return np.asarray(x * mask * mask.size / mask.sum())


def times_output() -> Pair:
    def first(x: Array, p: float, rng: Any, train: bool = True) -> Any:
        out, _ = forward(x, p, rng, train)
        return out, out

    return first, lambda dout, cache: dout * cache


def from_output() -> Pair:
    def first(x: Array, p: float, rng: Any, train: bool = True) -> Any:
        out, _ = forward(x, p, rng, train)
        return out, (out, p if train else 0.0)

    return first, lambda dout, cache: dout * (cache[0] != 0) / (1 - cache[1])


def in_an_attribute() -> Pair:
    held: list[Any] = [None]

    def first(x: Array, p: float, rng: Any, train: bool = True) -> Any:
        out, mask = forward(x, p, rng, train)
        held[0] = mask if train else held[0]
        return out, None

    return first, lambda dout, cache: dout * held[0]


def global_draws(rng: Any, shape: tuple[int, ...], p: float) -> Array:
    return np.asarray(np.random.rand(*shape) >= p)


# name -> (the pair, does forward lose points, does backward)
WRONG: dict[str, tuple[Pair, bool, bool]] = {
    "keep and drop swapped, scale too": (dropout(keeps_p, lambda x, m, p: x * m / p,
                                                 back=lambda d, m, p: d * m / p), True, False),
    "keep and drop swapped in the mask only": (dropout(keeps_p), True, False),
    "share and scale disagree": (dropout(uniform, lambda x, m, p: x * m / p,
                                         back=lambda d, m, p: d * m / p), True, False),
    "no scale": (dropout(uniform, lambda x, m, p: x * m, back=as_it_is), True, False),
    "classic": (dropout(uniform, lambda x, m, p: x * m, lambda x, p: x * (1 - p), as_it_is,
                        lambda d, p: d * (1 - p)), True, False),
    "classic with the drop share": (dropout(uniform, lambda x, m, p: x * m, lambda x, p: x * p,
                                            as_it_is, lambda d, p: d * p), True, False),
    "multiplied by 1 - p": (dropout(uniform, lambda x, m, p: x * m * (1 - p),
                                    back=lambda d, m, p: d * m * (1 - p)), True, False),
    "scaled twice": (dropout(scaled_first, back=lambda d, m, p: d * m / (1 - p)), True, False),
    "randn": (dropout(lambda r, s, p: r.normal(size=s) < 1 - p), True, False),
    "standard_normal the other way round": (dropout(lambda r, s, p: r.standard_normal(s) > p),
                                            True, False),
    "one mask for the batch": (dropout(shared_row), True, False),
    "one draw for each example": (dropout(lambda r, s, p: np.broadcast_to(
        r.random((s[0],) + (1,) * (len(s) - 1)) >= p, s)), True, False),
    "p / p": (dropout(lambda r, s, p: r.random(s) < p / p), True, True),
    "scaled and multiplied at test "
    "time": (dropout(uniform, test=lambda x, p: x * p, back_test=lambda d, p: d * p), True, False),
    "scaled and scaled again at test time": (dropout(uniform, test=lambda x, p: x / (1 - p)),
                                             True, True),
    "divided by p at test time": (dropout(uniform, test=lambda x, p: x / p), True, True),
    "a relu too": (dropout(uniform, lambda x, m, p: np.maximum(x * m / (1 - p), 0)), True, False),
    "a fair coin": (dropout(lambda r, s, p: r.integers(0, 2, s)), True, False),
    "exactly p n": (dropout(lambda r, s, p: r.permutation(
        np.arange(math.prod(s)) >= round(p * math.prod(s))).reshape(s)), True, False),
    "rescaled by the realised share": (dropout(uniform, rescaled_by_share, back=rescaled_by_share),
                                       True, False),
    "reseeded in forward": (dropout(lambda r, s, p: np.random.default_rng(1).random(s) >= p),
                            True, False),
    "an own generator": (dropout(lambda r, s, p: np.random.default_rng().random(s) >= p),
                         True, False),
    "the global state": (dropout(global_draws), True, False),
    "always drops": ((ignores_its_mode, backward), True, False),
    "draws in eval mode": ((draws_in_eval, backward), True, True),
    "draws before it asks for the mode": ((draws_before_asking, backward), True, False),
    "the mask instead of the "
    "output": (dropout(uniform, lambda x, m, p: m.astype(float), back=as_it_is), True, True),
    "places picked with replacement": (dropout(replacing), True, False),
    "a library's exact sample of rows": (dropout(sampled_rows), True, False),
    "dout minus its masked part": (dropout(uniform, back=lambda d, m, p: d - d * m / (1 - p)),
                                   False, True),
    "a stack of masks": (on_a_stack(), False, True),
    "in place": ((in_place, backward), True, False),
    "2-D only": ((two_dimensional, backward), True, False),
    "untouched": ((untouched, untouched), True, True),
    "half filled in": ((half_filled, lambda dout, cache: None), True, True),
    "backward left out": ((forward, lambda dout, cache: None), False, True),
    "backward crashes at test time": ((forward, mask_alone), False, True),
    "backward unpacks wrongly": ((forward, unpacks_too_much), False, True),
    "backward scales at test time": (dropout(uniform, back_test=lambda d, p: d / (1 - p)),
                                     False, True),
    "backward forgets the factor": (dropout(uniform, back=as_it_is), False, True),
    "backward forgets the mask": (dropout(uniform, back=lambda d, m, p: d / (1 - p)), False, True),
    "backward draws anew": (dropout(uniform, back=lambda d, m, p: d * uniform(
        np.random.default_rng(), d.shape, p) / (1 - p)), False, True),
    "backward masks twice": (dropout(uniform, back=lambda d, m, p: d * m / (1 - p) ** 2),
                             False, True),
    "backward returns a 1-tuple": ((forward, lambda dout, cache: (backward(dout, cache),)),
                                   False, True),
    "backward overwrites dout": ((forward, overwrites_dout), False, True),
    "backward multiplies by the output": (times_output(), False, True),
    "backward reads the mask off the output": (from_output(), False, True),
    "backward uses the latest mask": (in_an_attribute(), False, True),
}


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_answer_loses_points_where_it_is_wrong(name: str) -> None:
    pair, forward_loses, backward_loses = WRONG[name]
    state = np.random.get_state()
    first, second, missed = graded(pair)
    assert (first < 4) == forward_loses, f"forward earns {first}: {heard(missed)}"
    assert (second < 3) == backward_loses, f"backward earns {second}: {heard(missed)}"
    assert all(v.got for v in missed), "a refusal without a word"
    if name in ("p / p", "untouched", "half filled in"):
        assert (first, second) == (0, 0), "who drops nothing or writes nothing earns nothing"
    if name == "classic":
        assert 0 < first < 4, "more than without any dropout, and less than inverted"
    np.random.set_state(state)
