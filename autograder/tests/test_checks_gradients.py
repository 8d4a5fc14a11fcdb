"""The verbs about backward functions: wrong gradients are refused in words, right ones pass."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pytest

from autograder.dropout import checks as c
from autograder.model import Check, Outcome
from autograder.tests.toys import (
    FORWARD, PAIR, Array, Function, Rng, backward, classic, examined, forward, told)

P = 0.3
NAME = "dropout_backward"
ALL = tuple(
    getattr(c, verb)(p=P, **PAIR)
    for verb in (
        "passes_gradient_to_kept_units_only",
        "follows_the_mask",
        "follows_test_time",
        "belongs_to_its_own_cache",
        "passes_gradient_where_x_is_zero",
        "can_be_called_twice",
        "keeps_dout",
        "agrees_with_finite_differences",
    )
)
TWICE, AT_ONE = c.can_be_called_twice(p=P, **PAIR), c.is_zero_after_dropping_everything(**PAIR)
KEEPS_DOUT, DIFFERENCES = ALL[6:]
TEST_TIME = c.follows_test_time(p=P, **PAIR)


def forgets_the_factor(dout: Array, cache: Any) -> Any:
    return dout if cache is None else dout * (cache != 0)


def ignores_the_mask(dout: Array, cache: Any) -> Any:
    return dout / (1 - P)


def redraws(dout: Array, cache: Any) -> Any:
    return (dout if cache is None
            else dout * (np.random.default_rng(5).random(dout.shape) >= P) / (1 - P))


def masks_twice(dout: Array, cache: Any) -> Any:
    return dout if cache is None else dout * cache * cache


def wrong_sign(dout: Array, cache: Any) -> Any:
    return -backward(dout, cache)


def blocks_all(dout: Array, cache: Any) -> Any:
    return np.zeros_like(dout)


def scales_at_test(dout: Array, cache: Any) -> Any:
    return dout / (1 - P) if cache is None else dout * cache


def crashes_at_test(dout: Array, cache: Any) -> Any:
    kept = cache[0]
    return dout * kept


def unpacks_wrongly(dout: Array, cache: Any) -> Any:
    _, kept, _ = cache
    return dout * kept


def overwrites_dout(dout: Array, cache: Any) -> Any:
    if cache is not None:
        dout *= cache
    return dout


def gives_a_tuple(dout: Array, cache: Any) -> Any:
    return (backward(dout, cache),)


def destroys_the_cache(dout: Array, cache: Any) -> Any:
    if cache is None:
        return dout
    dx = dout * cache
    cache[...] = 0
    return dx


def nan_at_one(dout: Array, cache: Any) -> Any:
    if cache is None:
        return dout
    return dout * cache * (1 / cache.max() if cache.any() else np.nan)


def slightly_off(dout: Array, cache: Any) -> Any:
    return backward(dout, cache) * (1 + 1e-5)


class Remembering:
    """Keeps what backward needs outside the cache, as many classes do."""

    def __init__(self) -> None:
        self.latest: Any = None

    def forward(self, x: Array, p: float, rng: Rng | None, train: bool = True) -> Any:
        if not train or rng is None:
            return x, None
        out, self.latest = forward(x, p, rng)
        return out, self.latest

    def backward(self, dout: Array, cache: Any) -> Any:
        return dout * self.latest


class FromOutput:
    """Recovers the mask from out != 0."""

    def forward(self, x: Array, p: float, rng: Rng | None, train: bool = True) -> Any:
        out, cache = forward(x, p, rng, train)
        return out, None if cache is None else (out, 1 - p)

    def backward(self, dout: Array, cache: Any) -> Any:
        return dout if cache is None else dout * (cache[0] != 0) / cache[1]


class TimesOutput:
    """Multiplies by the stored output."""

    def forward(self, x: Array, p: float, rng: Rng | None, train: bool = True) -> Any:
        out, _ = forward(x, p, rng, train)
        return out, out

    def backward(self, dout: Array, cache: Any) -> Any:
        return dout * cache


def pair(maker: type[Any]) -> dict[str, Function]:
    made = maker()
    return {FORWARD: made.forward, NAME: made.backward}


def test_a_clipped_gradient_passes_where_x_is_zero_all_the_same() -> None:
    verdict = examined(ALL[4], {NAME: lambda dout, cache: np.clip(backward(dout, cache), -1, 1)},
                       NAME)
    assert verdict.passed, told(verdict)


NOTHING_SHOWN = "the forward function kept 1600 of 1600 units, so its gradient shows nothing"
N = r"-?[\d.e+-]+"
REFUSALS: tuple[tuple[Check, dict[str, Function], str, str], ...] = (
    (ALL[0], {NAME: ignores_the_mask}, r"\d+ of \d+ dropped units got a gradient", "none"),
    (ALL[0], {NAME: redraws}, r"\d+ of \d+ dropped units got a gradient", "none"),
    (ALL[0], {NAME: blocks_all}, r"(\d+) of \1 kept units got no gradient", "none"),
    (ALL[0], {FORWARD: lambda x, *rest, **more: (x, None)}, NOTHING_SHOWN, "a dropout forward"),
    (ALL[1], {NAME: forgets_the_factor}, rf"dx\[\d+, \d+\] = {N}",
     rf"{N}( within 1e-06)? \(\d+ of 1600 differ\)"),
    (ALL[1], {NAME: masks_twice}, rf"dx\[\d+, \d+\] = {N}", rf"{N} \(\d+ of 1600 differ\)"),
    (ALL[1], {NAME: slightly_off}, rf"dx\[\d+, \d+\] = {N}",
     rf"{N} within 1e-06 \(\d+ of 1600 differ\)"),
    (ALL[1], pair(TimesOutput), rf"dx\[\d+, \d+\] = {N}", rf"{N} \(\d+ of 1600 differ\)"),
    (ALL[1], {NAME: gives_a_tuple}, r"dx.shape = \(1, 32, 50\)", r"\(32, 50\)"),
    (TEST_TIME, {NAME: scales_at_test}, rf"dx\[0, 0\] = {N}", rf"{N} \(1600 of 1600 differ\)"),
    (TEST_TIME, pair(Remembering), rf"dx\[0, 0\] = {N}", rf"{N} \(1600 of 1600 differ\)"),
    (ALL[3], pair(Remembering), rf"dx after another forward pass\[0, \d+\] = {N}",
     rf"{N} \(\d+ of 1600 differ\)"),
    (ALL[4], {NAME: lambda dout, cache: dout if cache is None else 1.0 * cache},
     "dx is 1.42857 wherever .*", "a gradient .* dout"),
    (ALL[4], pair(FromOutput), "dx is 0 wherever x is 0", r"dout \* 1.42857 at the kept ones"),
    (KEEPS_DOUT, {NAME: overwrites_dout}, "dout was changed by the call", "dout as it was"),
    (DIFFERENCES, {NAME: forgets_the_factor}, rf"the relative error along a random direction = {N}",
     "at most 1e-06"),
    (DIFFERENCES, {NAME: wrong_sign}, rf"the relative error along a random direction = {N}",
     "at most 1e-06"),
    (DIFFERENCES, {NAME: slightly_off}, rf"the relative error along a random direction = {N}",
     "at most 1e-06"),
    (TWICE, {NAME: destroys_the_cache},
     r"the second dx differs from the first in \d+ of 1600 entries", "no difference"),
    (AT_ONE, {NAME: ignores_the_mask}, rf"dx holds {N}", "0 everywhere"),
    (AT_ONE, {NAME: nan_at_one}, "dx holds nan", "0 everywhere"),
)


@pytest.mark.parametrize(("check", "functions", "got", "wanted"), REFUSALS,
                         ids=[f"{k.verb}-{n}" for n, (k, *_) in enumerate(REFUSALS)])
def test_wrong_gradients_are_refused_in_these_words(check: Check, functions: dict[str, Function],
                                                    got: str, wanted: str) -> None:
    verdict = examined(check, functions, NAME)
    assert verdict.outcome is Outcome.FAILED, told(verdict)
    assert re.fullmatch(got, verdict.got), told(verdict)
    assert re.fullmatch(wanted, verdict.wanted), told(verdict)


@pytest.mark.parametrize("check", [ALL[3], ALL[4]], ids=lambda check: check.verb)
def test_a_missing_factor_is_charged_once(check: Check) -> None:
    assert examined(check, {NAME: forgets_the_factor},
                    NAME).passed, "what it says holds of a gradient without its factor"


@pytest.mark.parametrize(
    ("check", "function", "got"),
    [
        (TEST_TIME, crashes_at_test,
         "dropout_backward raised TypeError: 'NoneType' object is not subscriptable at line"),
        (ALL[1], unpacks_wrongly, "dropout_backward raised ValueError: too many values to unpack"),
    ],
)
def test_a_backward_that_raises_is_told_in_its_own_words(check: Check, function: Function,
                                                         got: str) -> None:
    verdict = examined(check, {NAME: function}, NAME)
    assert verdict.outcome is Outcome.RAISED, told(verdict)
    assert verdict.got.startswith(got.removesuffix(" at line")), told(verdict)


def test_a_forward_that_raises_is_blamed_on_the_forward() -> None:
    def forward_fails(*args: Any, **kwargs: Any) -> Any:
        raise NotImplementedError

    for check in ALL:
        verdict = examined(check, {FORWARD: forward_fails}, NAME)
        assert ((verdict.outcome, verdict.got)
                == (Outcome.RAISED, "dropout_forward is not written yet")), told(verdict)


# --------------------------------------------------------------------------------------- right ones
def kept_as_booleans(x: Array, p: float, rng: Rng | None, train: bool = True) -> Any:
    if not train or rng is None:
        return x.copy(), {"train": False}
    kept = rng.random(x.shape) >= p
    return np.where(kept, x / (1 - p), 0), {"train": True, "kept": kept, "p": p}


def from_booleans(dout: Array, cache: Any) -> Any:
    if not cache["train"]:
        return dout.copy()
    dx = dout.copy()
    dx[~cache["kept"]] = 0
    dx /= 1 - cache["p"]
    return dx


def ones_at_test(x: Array, p: float, rng: Rng | None, train: bool = True) -> Any:
    factor = (np.ones_like(x) if not train or rng is None
              else rng.binomial(1, 1 - p, x.shape) / (1 - p))
    return x * factor, [factor, p]


def by_factor(dout: Array, cache: Any) -> Any:
    return np.multiply(cache[0], dout)


def in_a_function(x: Array, p: float, rng: Rng | None, train: bool = True) -> Any:
    out, cache = forward(x, p, rng, train)
    return out, lambda dout: backward(dout, cache)


RIGHT_PAIRS: dict[str, tuple[Function, Function]] = {
    "the toy": (forward, backward),
    "booleans in a dict": (kept_as_booleans, from_booleans),
    "a factor of ones at test time": (ones_at_test, by_factor),
    "the cache is a function": (in_a_function, lambda dout, cache: cache(dout)),
}


@pytest.mark.parametrize("name", RIGHT_PAIRS)
def test_a_right_backward_passes_whatever_its_cache_is(name: str) -> None:
    first, second = RIGHT_PAIRS[name]
    for check in ALL:
        for sweep in range(2):
            verdict = examined(check, {FORWARD: first, NAME: second}, NAME, f"toy/{sweep}")
            assert verdict.passed, f"sweep {sweep}: {told(verdict)}"


def test_a_mistake_of_the_forward_is_not_charged_twice() -> None:
    def unscaled(x: Array, p: float, rng: Rng | None, train: bool = True) -> Any:
        kept = (np.ones_like(x) if not train or rng is None
                else np.asarray(rng.random(x.shape) < p, x.dtype))
        return x * kept, kept

    for check in ALL:
        verdict = examined(check, {FORWARD: unscaled, NAME: lambda dout, cache: dout * cache}, NAME)
        assert verdict.passed, told(verdict)


def test_the_gradient_of_classic_dropout_is_1_minus_p_at_test_time() -> None:
    classic_pair = {"classic_forward": classic,
                    "classic_backward": lambda dout, cache: dout * cache}
    names = {"forward": "classic_forward", "backward": "classic_backward"}
    for check in (c.follows_the_mask(p=P, **names), c.follows_test_time(p=P, by="1-p", **names)):
        verdict = examined(check, classic_pair, "classic_backward")
        assert verdict.passed, told(verdict)
    forgets = (classic_pair
               | {"classic_backward": lambda dout, cache: dout * (cache if np.ndim(cache) else 1)})
    refused = examined(c.follows_test_time(p=P, by="1-p", **names), forgets, "classic_backward")
    assert refused.outcome is Outcome.FAILED, told(refused)


def own_generator(x: Array, p: float, rng: Rng | None, train: bool = True) -> Any:
    return forward(x, p, np.random.default_rng(), train)


def behind_a_relu(x: Array, p: float, rng: Rng | None, train: bool = True) -> Any:
    return forward(np.maximum(x, 0), p, rng, train)


def drops_at_test_too(x: Array, p: float, rng: Rng | None, train: bool = True) -> Any:
    return forward(x, p, np.random.default_rng(9) if rng is None else rng)


def twice_at_test(x: Array, p: float, rng: Rng | None, train: bool = True) -> Any:
    return forward(x, p, rng) if train else (2 * x, np.full_like(x, 2))


def nan_where_all_is_dropped(x: Array, p: float, rng: Rng | None, train: bool = True) -> Any:
    factor = (np.asarray(rng.random(x.shape) >= p) / np.float64(1 - p) if train and rng is not None
              else np.ones_like(x))
    return x * factor, factor


@pytest.mark.parametrize("first", [own_generator, behind_a_relu, drops_at_test_too, twice_at_test,
                                   nan_where_all_is_dropped])
def test_nor_are_these_mistakes_of_the_forward(first: Function) -> None:
    for check in (*ALL, AT_ONE):
        verdict = examined(check, {FORWARD: first}, NAME)
        assert verdict.passed, told(verdict)


def in_single(dout: Array, cache: Any) -> Any:
    return dout if cache is None else dout * cache.astype(np.float32)


def test_a_gradient_of_seven_digits_is_right() -> None:
    for check in ALL:
        for sweep in range(3):
            verdict = examined(check, {NAME: in_single}, NAME, f"toy/{sweep}")
            assert verdict.passed, told(verdict)


def scaled_at_test(x: Array, p: float, rng: Rng | None, train: bool = True) -> Any:
    out, cache = forward(x, p, rng, train)
    return (out, cache) if train else (x * (1 - p), None)


def test_a_wrong_forward_at_test_time_is_not_charged_to_a_backward_that_is_right() -> None:
    said = c.follows_test_time(p=P, by="1", **PAIR)
    assert examined(said, {FORWARD: scaled_at_test}, NAME).passed
    # without `by` only the own forward counts
    assert not examined(TEST_TIME, {FORWARD: scaled_at_test}, NAME).passed
    for wrong in (scales_at_test, crashes_at_test):
        assert not examined(said, {NAME: wrong}, NAME).passed


def always_masks(x: Array, p: float, rng: Rng, train: bool = True) -> Any:
    return forward(x, p, np.random.Generator(rng.bit_generator))


def test_a_forward_that_needs_an_rng_at_test_time_is_not_charged_to_its_backward() -> None:
    verdict = examined(TEST_TIME, {FORWARD: always_masks}, NAME)
    assert verdict.passed, told(verdict)


def test_a_wrong_gradient_is_seen_behind_a_generator_of_its_own() -> None:
    verdict = examined(DIFFERENCES, {FORWARD: own_generator, NAME: slightly_off}, NAME)
    assert verdict.outcome is Outcome.FAILED, told(verdict)


@pytest.mark.slow
def test_over_many_sweeps_no_right_gradient_is_refused() -> None:
    for name, (first, second) in RIGHT_PAIRS.items():
        for check in ALL:
            for sweep in range(400):
                verdict = examined(check, {FORWARD: first, NAME: second}, NAME, f"toy/{sweep}")
                assert verdict.passed, f"{name}, sweep {sweep}: {told(verdict)}"


def test_the_finite_differences_leave_room_for_rounding() -> None:
    """The largest error of right code over many draws stays 20 times below what is refused."""
    from autograder.dropout import gradients

    for sweep in range(8):
        for shape in ((32, 100), (2, 3, 4, 5), (90,)):
            case = c.agrees_with_finite_differences(p=P, shape=shape, **PAIR)
            strict = pytest.MonkeyPatch()
            strict.setattr(gradients, "DIRECTIONAL", gradients.DIRECTIONAL / 20)
            verdict = examined(case, {}, NAME, f"room/{sweep}")
            strict.undo()
            assert verdict.passed, f"sweep {sweep}, {shape}: {told(verdict)}"
