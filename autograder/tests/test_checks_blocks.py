"""Masks shared along axes, and blocks: who passes, who is refused in which words; and junk."""

from __future__ import annotations

import functools
import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from scipy.stats import binom

from autograder import chance
from autograder.asking import Exam
from autograder.checks_api import counts
from autograder.checks_api.symptoms import Symptom
from autograder.dropout import masks
from autograder.dropout import symptoms as f
from autograder.dropout.forms import Blocks, Shared
from autograder.dropout.spatial import checks as c
from autograder.dropout.spatial import symptoms as s
from autograder.dropout.spatial.blocks import Lattice, in_whole_blocks
from autograder.model import Check, Given, Outcome, Seed
from autograder.tests.toys import (
    BACKWARD_NAME, FORWARD, PAIR, Array, Function, Rng, backward, examined, junk, refused, student,
    told)

P = 0.3
IMAGES, STEPS = Shared(2, (3, 2), "channel"), Shared(1, (4,), "feature")
TINY = Shared(2, (2,), "channel")
UNITS, PLACES = Blocks((0, 1)), Blocks((2, 3))
SMALL = (16, 16, 7, 8)
JUNK = junk()


# ------------------------------------------------------------------------------------ toy functions
def coins(shape_of: Callable[[tuple[int, ...]], tuple[int, ...]]) -> Function:
    """Inverted dropout with one coin for each entry of `shape_of(x.shape)`, stretched over x."""

    def function(x: Array, p: float, rng: Rng | None, train: bool = True) -> Any:
        if not 0 <= p <= 1:
            raise ValueError("p is no probability")
        if not train or rng is None:
            return x, None
        factor = np.where(rng.random(shape_of(x.shape)) >= p, 1 / (1 - p) if p < 1 else 0.0,
                          0.0).astype(x.dtype)
        return x * factor, np.broadcast_to(factor, x.shape)

    return function


def channels(shape: tuple[int, ...]) -> tuple[int, ...]:
    return (*shape[:2], *(1 for _ in shape[2:]))


def features(shape: tuple[int, ...]) -> tuple[int, ...]:
    return (shape[0], 1, *shape[2:])


def gamma(H: int, W: int, p: float, block: int) -> float:
    if not 0 <= p <= 1 or not 1 <= block <= min(H, W):
        raise ValueError("no such block")
    return p / block**2 * H * W / ((H - block + 1) * (W - block + 1))


def blocks(
    sizes: Callable[[int, int], tuple[int, int]] = lambda N, C: (N, C),
    rate: Callable[..., float] = gamma,
    side: Callable[[int], int] = lambda b: b,
    scale: Callable[[Array], Any] = lambda kept: kept.size / max(kept.sum(), 1),
    cut: bool = False,
) -> Function:
    """A block mask with some of its parts exchanged."""

    def function(shape: tuple[int, int, int, int], p: float, block: int, rng: Rng) -> Array:
        N, C, H, W = shape
        probability, b = rate(H, W, p, block), min(side(block), H, W)
        places = (H, W) if cut else (H - b + 1, W - b + 1)
        kept = np.ones((*sizes(N, C), H, W), dtype=bool)
        for n, k, i, j in np.argwhere(rng.random((*sizes(N, C), *places)) < probability):
            kept[n, k, i : i + b, j : j + b] = False
        full = np.broadcast_to(kept, shape)
        return np.asarray(full * scale(full))

    return function


RIGHT = {"mask": blocks(), "gamma": gamma}
SHARED = {FORWARD: coins(channels), BACKWARD_NAME: backward}


def block_verdict(check: Check, function: Function, own: Function = gamma, sweep: int = 0) -> Any:
    return examined(check, {"mask": function, "gamma": own}, "mask", f"toy/{sweep}")


# ----------------------------------------------------------------- masks that are shared along axes
SUITE: tuple[Callable[..., Check], ...] = (
    c.drops_the_right_share,
    c.treats_examples_apart,
    c.treats_features_apart,
    c.keeps_a_varying_number,
    c.draws_afresh,
    c.obeys_the_generator,
    c.leaves_global_random_state_alone,
    c.drops_some_and_keeps_some,
)


@pytest.mark.parametrize("make", SUITE, ids=lambda m: m.__name__)
@pytest.mark.parametrize(("via", "shape_of"), [(TINY, channels), (Shared(2, (1, 2)), channels),
                                               (Shared(1, (2,)), features)])
def test_the_suite_holds_for_the_reduced_mask(make: Callable[..., Check], via: Shared,
                                              shape_of: Any) -> None:
    for sweep in range(3):
        verdict = examined(make(p=P, via=via), {FORWARD: coins(shape_of)}, slug=f"toy/{sweep}")
        assert verdict.passed, told(verdict)


WRONG_COINS: tuple[tuple[Check, Function, str, str], ...] = (
    (
        c.drops_as_a_whole(p=P, via=IMAGES, case="images"),
        coins(lambda shape: shape),
        r"channel \[0, [0-3]\] is kept at [1-5] of its 6 places \(\d+ of 120 are torn\)",
        "kept at all of them or at none",
    ),
    (c.drops_as_a_whole(p=P, via=IMAGES, case="images"), coins(lambda shape: (1,) * 4),
     r"(0|120) of 120 were kept", "about 84"),
    (
        c.drops_as_a_whole(p=P, via=IMAGES, case="images"),
        coins(lambda shape: (*shape[:3], 1)),
        r"channel .* is kept at [24] of its 6 places .*",
        "kept at all of them or at none",
    ),
    (
        c.treats_examples_apart(p=P, via=TINY),
        coins(lambda shape: (1, *channels(shape)[1:])),
        "share of units on which neighbouring rows agree = 1.0000",
        "0.5800, by chance 0.5... to 0.[56]...",
    ),
    (
        c.treats_features_apart(p=P, via=TINY, what="channel"),
        coins(lambda shape: (shape[0], *(1 for _ in shape[1:]))),
        "share of units on which neighbouring columns agree = 1.0000",
        "0.5800, by chance 0.5... to 0.[56]...",
    ),
    (
        c.drops_as_a_whole(p=P, via=STEPS, case="steps"),
        coins(lambda shape: shape),
        r"feature \[0, [0-3]\] is kept at [1-3] of its 4 places .*",
        "kept at all of them or at none",
    ),
    (c.drops_the_right_share(p=P, via=TINY), coins(lambda shape: shape),
     r"channel \[.*\] is kept at 1 of its 2 places .*", "kept at .*"),
)


@pytest.mark.parametrize(("check", "function", "got", "wanted"), WRONG_COINS,
                         ids=[f"{n}-{r[0].verb}" for n, r in enumerate(WRONG_COINS)])
def test_wrong_coins_are_refused_in_these_words(check: Check, function: Function, got: str,
                                                wanted: str) -> None:
    verdict = examined(check, {FORWARD: function})
    assert verdict.outcome is Outcome.FAILED, told(verdict)
    assert re.fullmatch(got, verdict.got), told(verdict)
    assert re.fullmatch(wanted, verdict.wanted), told(verdict)


def test_a_shared_mask_passes_whatever_its_axes() -> None:
    for via, shape_of in ((IMAGES, channels), (STEPS, features), (Shared(2, (5,)), channels),
                          (Shared(2, (2, 1, 3)), channels)):
        verdict = examined(c.drops_as_a_whole(p=P, via=via, case="it"), {FORWARD: coins(shape_of)})
        assert verdict.passed, told(verdict)


def test_the_call_of_a_torn_channel_can_be_pasted() -> None:
    verdict = examined(c.drops_as_a_whole(p=P, via=IMAGES, case="images"),
                       {FORWARD: coins(lambda shape: shape)})
    names: dict[str, Any] = {"np": np, FORWARD: coins(lambda shape: shape)}
    call, _, torn = verdict.call.rpartition("\n")
    exec(call, names)
    assert verdict.got.partition(" is kept at ")[2].startswith(
        f"{eval(torn, names)} of its 6 places")


def test_gradients_are_judged_in_any_shape() -> None:
    shape = (8, 12, 3, 2)
    for check in (
        c.passes_gradient_to_kept_units_only(p=P, shape=shape, **PAIR),
        c.follows_the_mask(p=P, shape=shape, **PAIR),
        c.passes_gradient_where_x_is_zero(p=P, shape=shape, **PAIR),
        c.keeps_dout(p=P, shape=shape, **PAIR),
    ):
        verdict = examined(check, SHARED, BACKWARD_NAME)
        assert verdict.passed, told(verdict)
    leaking = examined(c.passes_gradient_to_kept_units_only(p=P, shape=shape, **PAIR),
                       {**SHARED, BACKWARD_NAME: lambda dout, cache: dout})
    assert re.fullmatch(r"(\d+) of \1 dropped units got a gradient", leaking.got), told(leaking)
    assert leaking.picture.ndim == 2, "a picture has rows and columns"


def test_a_gradient_follows_forward_in_every_shape_that_forward_takes() -> None:
    check = c.masks_the_gradient_in_any_shape(p=P, shapes=((9, 8, 5), (8, 6, 3, 2)), **PAIR)

    def images_only(x: Array, p: float, rng: Rng | None, train: bool = True) -> Any:
        _N, _C, _H, _W = x.shape
        return coins(channels)(x, p, rng, train)

    def of_images(dout: Array, cache: Any) -> Any:
        return backward(dout, cache) if dout.ndim == 4 else dout

    assert examined(check, SHARED, BACKWARD_NAME).passed
    assert examined(check, {**SHARED, FORWARD: images_only},
                    BACKWARD_NAME).passed, "forward alone is to blame"
    found = examined(check, {**SHARED, BACKWARD_NAME: of_images}, BACKWARD_NAME)
    assert re.fullmatch(r"in shape \(9, 8, 5\) dx and out vanish apart from each other in \d+ "
                        r"places", found.got), told(found)
    assert examined(check, {**SHARED, BACKWARD_NAME: lambda dout, cache: 2 * dout * cache},
                    BACKWARD_NAME).passed, "factors: elsewhere"


# ------------------------------------------------------------------------------------------- blocks
BLOCK_CHECKS: tuple[Check, ...] = (
    c.drops_whole_blocks(p=P, block=3, shape=SMALL),
    c.drops_whole_blocks(p=P, block=4, shape=SMALL),
    c.drops_blocks_as_often_as_gamma_says(p=P, block=3, gamma="gamma", shape=SMALL),
    c.drops_blocks_as_often_as_gamma_says(p=0.15, block=2, gamma="gamma", shape=SMALL),
    c.draws_blocks_for_each_map(p=P, block=3, shape=SMALL),
    c.scales_by_the_kept_share(p=P, block=3, shape=SMALL),
    c.scales_to_ten_digits(p=P, block=3, shape=SMALL),
    c.stays_finite_when_nothing_is_left(),
    c.raises_value_error(case="too large a block",
                         given=(Given("(2, 3, 4, 9)", (2, 3, 4, 9)), P, 5, Seed(1))),
    c.raises_value_error(case="too large a gamma", via=c.calling(4, 9, P, 5, function="gamma")),
    c.drops_the_right_share(p=P, via=UNITS, shape=(64, 64), calls=1),
    c.treats_features_apart(p=P, via=PLACES, shape=(64, 64)),
    c.draws_afresh(p=P, via=PLACES, shape=(64, 64)),
    c.drops_nothing_at_zero(via=UNITS),
    c.drops_everything_at_one(via=UNITS),
    c.refuses(p=1.5, via=UNITS),
)
BLOCK_IDS = [f"{n}-{check.verb}" for n, check in enumerate(BLOCK_CHECKS)]


@pytest.mark.parametrize("check", BLOCK_CHECKS, ids=BLOCK_IDS)
def test_right_blocks_pass_over_many_sweeps(check: Check) -> None:
    for sweep in range(3):
        verdict = block_verdict(check, blocks(), sweep=sweep)
        assert verdict.passed, f"sweep {sweep}: {told(verdict)}"
    assert bool(check.chances) == bool(check.power)


RATE, OWN, WHOLE, SCALE = BLOCK_CHECKS[2], BLOCK_CHECKS[4], BLOCK_CHECKS[0], BLOCK_CHECKS[5]
WRONG_BLOCKS: dict[str, tuple[Check, Function, str, str]] = {
    "single units": (WHOLE, blocks(side=lambda b: 1),
                     r"mask\[.*\] = 0 lies in no block of 3 x 3 zeros .*", "part of such a block"),
    "cut at the border": (WHOLE, blocks(
        cut=True), r"mask\[.*\] = 0 lies in no block of 3 x 3 zeros .*", "part of such a block"),
    "too large": (WHOLE, blocks(side=lambda b: b + 1), "all zeros lie in blocks of 4 x 4",
                  "blocks of 3 x 3"),
    "no blocks": (WHOLE, blocks(rate=lambda *a: 0.0), "0 of 14336 units were dropped",
                  "roughly 4301"),
    "nothing but blocks": (WHOLE, blocks(rate=lambda *a: 1.0), "14336 of 14336 units were dropped",
                           "roughly 4301"),
    "gamma is p": (RATE, blocks(rate=lambda H, W, p, b: p), "share of inner units .* = 0.0...",
                   "0.5..., by chance 0.[34]... to 0.[67]..."),
    "uncorrected": (RATE, blocks(rate=lambda H, W, p, b: p / b**2), "share of maps .* = 0.3...",
                    "0.1..., by chance 0.0... to 0.[23]..."),
    "one for all examples": (
        OWN,
        blocks(sizes=lambda N, C: (1, C)),
        "share of units on which neighbouring examples agree = 1.0000",
        r"0\.5\d{3}, by chance 0\.\d+ to 0\.\d+",
    ),
    "one for all channels": (
        OWN,
        blocks(sizes=lambda N, C: (N, 1)),
        "share of units on which neighbouring channels agree = 1.0000",
        r"0\.5\d{3}, by chance 0\.\d+ to 0\.\d+",
    ),
    "scaled by p": (
        BLOCK_CHECKS[5],
        blocks(scale=lambda kept: 1 / 0.7),
        r"mask\[mask != 0\]\[0\] = 1.42857",
        r"1.3.* \(\d+ of \d+ differ\)",
    ),
    "a count per map": (
        BLOCK_CHECKS[5],
        blocks(scale=lambda kept: kept[0, 0].size / np.maximum(kept.sum((2, 3), keepdims=True), 1)),
        r"mask\[mask != 0\]\[\d+\] = .*",
        r".* \(\d+ of \d+ differ\)",
    ),
    "divides by nothing": (
        BLOCK_CHECKS[7],
        blocks(scale=lambda kept: kept.size / np.float64(kept.sum())),
        "mask holds nan",
        "0 everywhere",
    ),
    "a tiny number in the divisor": (
        BLOCK_CHECKS[6],
        blocks(scale=lambda kept: 1 / (kept.mean() + 1e-8)),
        r"mask\[mask != 0\]\[0\] = 1.3.*",
        r"1.3.* within 1e-10 \(\d+ of \d+ differ\)",
    ),
    "accepts anything": (
        BLOCK_CHECKS[8],
        blocks(rate=lambda *a: 0.1, side=lambda b: 1),
        "the function returned",
        "ValueError",
    ),
}


@pytest.mark.parametrize("name", WRONG_BLOCKS)
def test_wrong_blocks_are_refused_in_these_words(name: str) -> None:
    check, function, got, wanted = WRONG_BLOCKS[name]
    verdict = block_verdict(check, function)
    assert verdict.outcome is Outcome.FAILED, told(verdict)
    assert re.fullmatch(got, verdict.got), told(verdict)
    assert re.fullmatch(wanted, verdict.wanted), told(verdict)


def test_one_block_in_each_map_is_refused() -> None:
    def cutout(shape: tuple[int, int, int, int], p: float, block: int, rng: Rng) -> Array:
        mask = np.ones(shape)
        for n, k in np.ndindex(shape[:2]):
            i, j = rng.integers(shape[2] - block + 1), rng.integers(shape[3] - block + 1)
            mask[n, k, i : i + block, j : j + block] = 0
        return mask

    verdict = block_verdict(
        c.drops_blocks_as_often_as_gamma_says(p=0.15, block=3, gamma="gamma", shape=SMALL), cutout)
    assert verdict.outcome is Outcome.FAILED, told(verdict)
    assert verdict.got == "share of maps without any block = 0.0000", told(verdict)


def test_a_wrong_gamma_is_charged_where_it_is_written_and_nowhere_else() -> None:
    def wrong(H: int, W: int, p: float, block: int) -> float:
        return p / block**2

    for check in (RATE, OWN):
        assert block_verdict(check, blocks(rate=wrong), own=wrong).passed
        assert block_verdict(check, blocks(),
                             own=wrong).passed, "the right gamma, written out in the mask, is right"
    assert not block_verdict(RATE, blocks(rate=wrong)).passed


SHARED_BLOCKS: tuple[Callable[[int, int], tuple[int, int]], ...] = (
    lambda N, C: (1, C), lambda N, C: (N, 1), lambda N, C: (1, 1))


@pytest.mark.parametrize("sizes", SHARED_BLOCKS)
def test_shared_blocks_fail_their_own_sentence_only(
        sizes: Callable[[int, int], tuple[int, int]]) -> None:
    for sweep in range(2):
        assert not block_verdict(OWN, blocks(sizes=sizes), sweep=sweep).passed
        for check in (WHOLE, RATE, SCALE):
            found = block_verdict(check, blocks(sizes=sizes), sweep=sweep)
            assert found.passed, told(found)


def test_blocks_drawn_too_often_are_still_blocks_of_their_own() -> None:
    often = blocks(rate=lambda H, W, p, b: 3 * gamma(H, W, p, b) if b > 1 else gamma(H, W, p, b))
    assert not block_verdict(RATE, often).passed
    found = block_verdict(OWN, often)
    assert found.passed, told(found)


def test_who_never_drops_a_block_is_asked_for_the_scale_of_single_units() -> None:
    never = blocks(rate=lambda H, W, p, b: gamma(H, W, p, b) if b == 1 else 0.0)
    assert not block_verdict(WHOLE, never).passed
    assert block_verdict(SCALE, never).passed
    unscaled = blocks(rate=lambda H, W, p, b: gamma(H, W, p, b) if b == 1 else 0.0,
                      scale=lambda kept: 1.0)
    assert not block_verdict(SCALE, unscaled).passed
    assert not block_verdict(SCALE,
                             blocks(rate=lambda *a: 0.0)).passed, "who drops nothing shows nothing"


def test_units_that_a_wrong_gamma_leaves_are_no_division_by_nothing() -> None:
    found = block_verdict(c.stays_finite_when_nothing_is_left(),
                          blocks(rate=lambda H, W, p, b: p / 9))
    assert found.passed, told(found)


def test_a_gamma_that_is_rubbish_explains_nothing() -> None:
    for kind, function in JUNK.items():
        verdict = block_verdict(RATE, blocks(rate=lambda H, W, p, b: p), own=function)
        assert verdict.outcome is not Outcome.BROKEN, f"{kind}: {told(verdict)}"
        assert not verdict.passed, kind


def test_the_lattice_counts_places_as_they_are() -> None:
    lattice = Lattice(14, 14, 5)
    assert (lattice.rows, lattice.columns) == (10, 10)
    assert lattice.gamma(0.3) == pytest.approx(0.02352)
    mask = np.arange(2 * 3 * 14 * 14).reshape(2, 3, 14, 14)
    assert lattice.inner(mask).shape == (2, 3, 2, 2)
    assert lattice.corners(mask)[0, 0].tolist() == [[0, 13], [182, 195]]


def test_zeros_in_whole_blocks() -> None:
    zero = np.zeros((1, 1, 4, 5), dtype=bool)
    zero[0, 0, :2, :3] = True
    assert (in_whole_blocks(zero, 2) == zero).all()
    assert not in_whole_blocks(zero, 3).any()
    assert not in_whole_blocks(zero, 5).any()
    zero[0, 0, 3, 4] = True
    assert not in_whole_blocks(zero, 2)[0, 0, 3, 4]


CHANCE = tuple(check for check in BLOCK_CHECKS
               if check.chances and check.verb.startswith(("drops_blocks", "draws_blocks")))


@pytest.mark.parametrize("check", CHANCE, ids=[check.name for check in CHANCE])
def test_right_blocks_are_refused_no_more_often_than_promised(
        check: Check, monkeypatch: pytest.MonkeyPatch) -> None:
    alpha, sweeps = 0.02, 60
    for module in (masks, counts):
        monkeypatch.setattr(module, "acceptance", functools.partial(chance.acceptance, alpha=alpha))
    seen = sum(refused(check, RIGHT, sweep, "mask") for sweep in range(sweeps))
    most = int(binom.isf(1e-6, sweeps, min(1.0, alpha * check.chances)))
    assert seen <= most, f"{check.name}: {seen} false alarms in {sweeps}; {most} would be many"


def word(fact: Symptom, functions: dict[str, Any], name: str = "mask") -> str:
    return fact.look(Exam(name, student({**RIGHT, **SHARED, **functions}), "toy"))


def test_the_words_for_masks() -> None:
    axes = s.mask_axes(shape=(17, 13, 7, 6))
    assert word(axes, {}, FORWARD) == "0, 1"
    assert word(axes, {FORWARD: coins(lambda shape: shape)}, FORWARD) == "0, 1, 2, 3"
    assert word(axes, {FORWARD: coins(features)}, FORWARD) == "0, 2, 3"
    assert word(s.gradient_axes(shape=(17, 13, 7, 6), **PAIR), {}, BACKWARD_NAME) == "0, 1"
    summed = {BACKWARD_NAME: lambda dout, cache: np.zeros_like(dout)
              + (dout * cache).sum((2, 3), keepdims=True)}
    places = [word(s.gradient_places(shape=(17, 13, 7, 6), **PAIR), toys, BACKWARD_NAME)
              for toys in ({}, summed)]
    assert places == ["each its own", "all alike"]


def test_the_words_for_blocks() -> None:
    zeros = s.zeros_form(block=3)
    assert word(zeros, {}) == "blocks of 3"
    assert word(zeros, {"mask": blocks(side=lambda b: 1)}) == "no blocks"
    assert word(zeros, {"mask": blocks(cut=True)}) == "blocks cut at the border"
    assert word(zeros, {"mask": blocks(side=lambda b: 2)}) == "blocks of 2"
    assert word(zeros, {"mask": blocks(rate=lambda *a: 0.0)}) == "nothing"
    across = {"mask": lambda shape, *rest: blocks()(tuple(shape[k] for k in (0, 3, 1, 2)), *rest)
              .transpose(0, 2, 3, 1)}
    assert word(zeros, across) == "lines", "blocks of channels and rows are lines of a map"
    assert word(s.block_scale(block=3), {}) == "units / kept"
    assert word(s.block_scale(block=3), {"mask": blocks(scale=lambda kept: 1.0)}) == "1"
    assert (word(s.maps_masked(block=3), {"mask": blocks(sizes=lambda N, C: (1, C))})
            == "shared by examples")
    assert word(s.overlaps(block=3), {}) == "by chance"

    def alone(shape: tuple[int, ...], *rest: Any) -> Array:
        mask = np.ones(shape)
        mask[:, :, 2:5, 2:5] = 0
        return mask

    assert word(s.overlaps(block=3), {"mask": alone}) == "never"
    assert word(s.inner_share(block=3), {}) == "gamma"
    assert word(s.inner_share(block=3), {"mask": blocks(rate=lambda H, W, p, b: p)}) == "p"
    assert word(s.blocks_a_map(block=3), {}) == "chance"
    assert (word(s.blocks_a_map(block=3), {"mask": blocks(rate=lambda *a: 0.0002)})
            == "one block at most")
    one = {"mask": blocks(sizes=lambda N, C: (1, 1))}
    assert ((word(s.blocks_a_map(block=3), one), word(s.maps_masked(block=3), one))
            == ("chance", "shared by all"))
    assert word(s.maps_masked(block=3), {"mask": blocks(rate=lambda *a: 0.0)}) == "nothing to see"
    assert word(s.large_blocks_drop(), {}) == "raises ValueError"
    assert (word(s.large_blocks_drop(), {"mask": lambda shape, p, block, rng: np.ones(shape)})
            == "nothing")
    assert word(s.block_digits(block=3), {}) == "ten digits"
    assert word(s.block_digits(block=3),
                {"mask": blocks(scale=lambda kept: 1 / (kept.mean() + 1e-8))}) == "about"
    assert word(s.block_digits(block=3), {"mask": blocks(scale=lambda kept: 1.0)}) == "another"
    nothing = f.at_one(via=Blocks((0, 1, 2, 3), block=2), shape=(3, 4, 2, 2))
    assert word(nothing, {}) == "zeros"
