"""The verbs about draws: who passes, who is refused in which words, how often, what is seen."""

from __future__ import annotations

import contextlib
import functools
import math
import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from scipy.stats import binom

from autograder import chance
from autograder.asking import Exam, Wrong
from autograder.checks_api import counts
from autograder.dropout import checks as c
from autograder.dropout import masks
from autograder.model import Check, Outcome
from autograder.tests.toys import (
    FORWARD, Array, Function, Rng, examined, mask, multiplier, refused, student, told)

P = 0.3
CHANCE_CHECKS = (
    ("mask", c.drops_the_right_share(p=P, via="mask")),
    ("mask", c.drops_the_right_share(p=0.005, via="mask")),
    ("mask", c.treats_examples_apart(p=P, via="mask")),
    ("mask", c.treats_features_apart(p=P, via="mask")),
    ("mask", c.keeps_a_varying_number(p=P, via="mask")),
    ("mask", c.keeps_a_varying_number(p=0.6, via="mask")),
    ("mask", c.draws_afresh(p=P, via="mask")),
    ("multiplier", c.can_drop_everything(p=0.5)),
)
IDS = [check.name for _, check in CHANCE_CHECKS]


def as_forward(draw: Callable[[tuple[int, ...], float, Rng], Array]) -> Function:
    """Inverted dropout with masks drawn in this way."""

    def function(x: Array, p: float, rng: Rng, train: bool = True) -> Any:
        factor = draw(x.shape, p, rng) / (1 - p)
        return x * factor, factor

    return function


# ------------------------------------------------------------------------------- wrong ways to draw
def drops_nothing(shape: tuple[int, ...], p: float, rng: Rng) -> Array:
    return np.ones(shape, dtype=bool)


def drops_all(shape: tuple[int, ...], p: float, rng: Rng) -> Array:
    return np.zeros(shape, dtype=bool)


def keeps_p(shape: tuple[int, ...], p: float, rng: Rng) -> Array:
    return np.asarray(rng.random(shape) < p)


def normal_draws(shape: tuple[int, ...], p: float, rng: Rng) -> Array:
    return np.asarray(rng.normal(size=shape) > p)


def fair_coin(shape: tuple[int, ...], p: float, rng: Rng) -> Array:
    return np.asarray(rng.integers(0, 2, shape) == 1)


def one_row(shape: tuple[int, ...], p: float, rng: Rng) -> Array:
    return np.broadcast_to(rng.random(shape[-1]) >= p, shape)


def one_column(shape: tuple[int, ...], p: float, rng: Rng) -> Array:
    return np.broadcast_to(rng.random((shape[0],) + (1,) * (len(shape) - 1)) >= p, shape)


def two_rows(shape: tuple[int, ...], p: float, rng: Rng) -> Array:
    """The lower half of the batch is masked like the upper half: neighbours do not show it."""
    half = rng.random((shape[0] // 2, *shape[1:])) >= p
    return np.concatenate([half, half, rng.random((shape[0] - 2 * len(half), *shape[1:])) >= p])


def exact_number(shape: tuple[int, ...], p: float, rng: Rng) -> Array:
    size = int(np.prod(shape))
    return np.asarray(rng.permutation(np.arange(size) >= round(p * size)).reshape(shape))


def exact_number_per_row(shape: tuple[int, ...], p: float, rng: Rng) -> Array:
    ranks = rng.random(shape).argsort(axis=-1)
    return np.asarray(ranks >= round(p * shape[-1])) if shape[-1] > 50 else mask(shape, p, rng)


def exact_number_per_column(shape: tuple[int, ...], p: float, rng: Rng) -> Array:
    ranks = rng.random(shape).argsort(axis=0)
    return np.asarray(ranks >= round(p * shape[0])) if shape[0] > 50 else mask(shape, p, rng)


def frozen(shape: tuple[int, ...], p: float, rng: Rng) -> Array:
    return np.random.default_rng(1).random(shape) >= p


def own_generator(shape: tuple[int, ...], p: float, rng: Rng) -> Array:
    return np.random.default_rng().random(shape) >= p


def global_state(shape: tuple[int, ...], p: float, rng: Rng) -> Array:
    return np.random.rand(*shape) >= p


def reseeds_globally(shape: tuple[int, ...], p: float, rng: Rng) -> Array:
    np.random.seed(0)
    return np.random.rand(*shape) >= p


def never_empty(shape: tuple[int, ...], p: float, rng: Rng) -> Array:
    while True:
        drawn = multiplier(shape, p, rng)
        if drawn.any():
            return drawn


ROWS, COLUMNS = (f"share of {lines} that keep 17. to 18. of 256 = [01].0000"
                 for lines in ("rows", "columns"))
FROM_ELSEWHERE = r"the function drew from \(or seeded\) the global generator"
DIFFERING = r"two generators with the same seed gave masks that differ in \d+ units"
ALIKE = r"0.5800, by chance 0.5\d{3} to 0.[56]\d{3}"
REFUSALS: tuple[tuple[Check, Function, str, str], ...] = (
    (c.drops_some_and_keeps_some(p=P), drops_nothing, "1600 of 1600 units were kept", "about 1120"),
    (c.drops_some_and_keeps_some(p=P), drops_all, "0 of 1600 units were kept", "about 1120"),
    (c.drops_the_right_share(p=P), keeps_p, "share of dropped units = 0.[67]...",
     "0.3000, by chance 0.29.. to 0.30.."),
    (c.drops_the_right_share(p=P), normal_draws, "share of dropped units = 0.61..",
     "0.3000, by chance 0.29.. to 0.30.."),
    (c.drops_the_right_share(p=P), fair_coin, "share of dropped units = 0.[45]...",
     "0.3000, by chance 0.29.. to 0.30.."),
    (c.drops_the_right_share(p=0.005), fair_coin, "share of dropped units = 0.[45]...",
     "0.0050, by chance 0.00.. to 0.00.."),
    (c.treats_examples_apart(p=P), one_row,
     "share of units on which neighbouring rows agree = 1.0000", ALIKE),
    (c.treats_examples_apart(p=P), two_rows,
     "share of units on which distant rows agree = 1.0000", ALIKE),
    (c.treats_features_apart(p=P), one_column,
     "share of units on which neighbouring columns agree = 1.0000", ALIKE),
    (c.keeps_a_varying_number(p=P), exact_number, "share of pairs of calls .* = 1.0000",
     "0.0628, by chance 0.0000 to 0.9000"),
    (c.keeps_a_varying_number(p=P), exact_number_per_row, ROWS,
     "0.5..., by chance 0.[23]... to 0.[78]..."),
    (c.keeps_a_varying_number(p=P), exact_number_per_column, COLUMNS,
     "0.5..., by chance 0.[23]... to 0.[78]..."),
    (c.draws_afresh(p=P), frozen, "share of units on which two calls agree = 1.0000", ALIKE),
    (c.obeys_the_generator(p=P), own_generator, DIFFERING, "no difference"),
    (c.obeys_the_generator(p=P), frozen, "two generators with different seeds gave the same mask",
     "different masks"),
    (c.leaves_global_random_state_alone(p=P), global_state, FROM_ELSEWHERE,
     "random numbers from rng only"),
    (c.leaves_global_random_state_alone(p=P), reseeds_globally, FROM_ELSEWHERE,
     "random numbers from rng only"),
)


@pytest.mark.parametrize(("check", "draw", "got", "wanted"), REFUSALS,
                         ids=[f"{k.name}-{f.__name__}" for k, f, _, _ in REFUSALS])
def test_wrong_draws_are_refused_in_these_words(check: Check, draw: Function, got: str,
                                                wanted: str) -> None:
    state = np.random.get_state()
    verdict = examined(check, {FORWARD: as_forward(draw)})
    np.random.set_state(state)
    assert verdict.outcome is Outcome.FAILED, told(verdict)
    assert re.fullmatch(got, verdict.got), told(verdict)
    assert re.fullmatch(wanted, verdict.wanted), told(verdict)


@pytest.mark.parametrize(("check", "draw", "got", "wanted"), REFUSALS,
                         ids=[f"{k.name}-{f.__name__}" for k, f, _, _ in REFUSALS])
def test_the_same_words_stand_for_a_function_that_returns_a_mask(check: Check, draw: Function,
                                                                 got: str, wanted: str) -> None:
    made = getattr(c, check.verb)(p=check.case["p"], via="mask")
    state = np.random.get_state()
    verdict = examined(made, {"mask": draw}, "mask")
    np.random.set_state(state)
    assert verdict.outcome is Outcome.FAILED, told(verdict)
    assert re.fullmatch(got, verdict.got), told(verdict)


def test_a_mask_that_is_never_empty_is_refused() -> None:
    verdict = examined(c.can_drop_everything(p=0.5), {"multiplier": never_empty}, "multiplier")
    assert (verdict.outcome, verdict.got) == (
        Outcome.FAILED, "share of masks of 2 units with nothing kept = 0.0000"), told(verdict)
    assert re.fullmatch(r"0\.2500, by chance 0\.0[1-9]\d\d to 0\.5\d{3}",
                        verdict.wanted), told(verdict)


def test_a_wrong_share_comes_with_a_picture_of_the_mask() -> None:
    verdict = examined(c.drops_the_right_share(p=P), {FORWARD: as_forward(keeps_p)})
    assert verdict.picture.shape == (16, 16)
    assert verdict.picture.dtype == bool


def test_the_call_of_a_refusal_can_be_pasted_and_shows_what_was_said() -> None:
    verdict = examined(c.drops_some_and_keeps_some(p=P), {FORWARD: as_forward(drops_all)})
    space: dict[str, Any] = {"np": np, FORWARD: as_forward(drops_all)}
    exec(verdict.call, space)
    assert int((space["out"] != 0).sum()) == int(verdict.got.split()[0]), verdict.call


def test_calls_that_share_a_generator_are_shown_as_a_script_that_runs() -> None:
    verdict = examined(c.draws_afresh(p=P), {FORWARD: as_forward(frozen)})
    assert verdict.call.startswith("rng = np.random.default_rng("), verdict.call
    space = {"np": np, FORWARD: as_forward(frozen)}
    exec(verdict.call, space)
    assert verdict.call.count("dropout_forward(") == 2, verdict.call


# ------------------------------------------------------------------ right ways to draw, many sweeps
RIGHT_DRAWS: dict[str, Callable[[tuple[int, ...], float, Rng], Array]] = {
    "u >= p": mask,
    "u > p": lambda shape, p, rng: rng.random(shape) > p,
    "u < 1 - p": lambda shape, p, rng: rng.random(shape) < 1 - p,
    "1 - u > p": lambda shape, p, rng: 1 - rng.random(shape) > p,
    "binomial": lambda shape, p, rng: rng.binomial(1, 1 - p, shape) == 1,
    "choice": lambda shape, p, rng: rng.choice([False, True], shape, p=[p, 1 - p]),
    "uniform(-1, 1)": lambda shape, p, rng: rng.uniform(-1, 1, shape) >= 2 * p - 1,
    "float32": lambda shape, p, rng: rng.random(shape, dtype=np.float32) >= p,
    "exponential": lambda shape, p, rng: rng.exponential(size=shape) >= -math.log1p(-p),
    "column by column": lambda shape, p, rng: np.stack([rng.random(shape[:-1]) >= p
                                                        for _ in range(shape[-1])], axis=-1),
    "transposed": lambda shape, p, rng: (rng.random(shape[::-1]) >= p).T,
}


@pytest.mark.parametrize("name", RIGHT_DRAWS)
def test_every_right_way_to_draw_passes(name: str) -> None:
    for sweep in range(2):
        for checked, check in CHANCE_CHECKS:
            if checked == "mask":
                assert not refused(check, {"mask": RIGHT_DRAWS[name]}, sweep,
                                   "mask"), f"{check.name}, sweep {sweep}"


def false_alarms(name: str, check: Check, alpha: float, sweeps: int,
                 monkeypatch: pytest.MonkeyPatch) -> int:
    """How often right functions are refused when each test may err with probability alpha."""
    for module in (masks, counts):
        monkeypatch.setattr(module, "acceptance", functools.partial(chance.acceptance, alpha=alpha))
    return sum(refused(check, {}, sweep, name) for sweep in range(sweeps))


RATES = [(0.02, 80), *(pytest.param(alpha, 4000, marks=pytest.mark.slow) for alpha in (1e-2, 1e-3))]


@pytest.mark.parametrize(("alpha", "sweeps"), RATES)
@pytest.mark.parametrize(("name", "check"), CHANCE_CHECKS, ids=IDS)
def test_right_functions_are_refused_no_more_often_than_promised(
    name: str, check: Check, alpha: float, sweeps: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = false_alarms(name, check, alpha, sweeps, monkeypatch)
    most = int(binom.isf(1e-6, sweeps, alpha * check.chances))
    assert seen <= most, f"{check.name}: {seen} false alarms in {sweeps}; {most} would be many"


def test_the_sweeps_do_draw_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    check = c.drops_the_right_share(p=P, via="mask", calls=1)
    seen = false_alarms("mask", check, 0.5, 100, monkeypatch)
    assert 20 <= seen <= 70, (f"at a false-alarm rate of one half, {seen} of 100 right ones "
                              "were refused")


def test_the_budget_holds_at_its_real_size() -> None:
    for sweep in range(10):
        for name, check in CHANCE_CHECKS:
            assert not refused(check, {}, sweep,
                               name), f"{check.name} refuses a right function in sweep {sweep}"


# -------------------------------------------------------------------------------------------- power
def seen_by(check: Check) -> float:
    """The number in what the check says it sees."""
    found = re.search(r"([\d.]+(?:e-?\d+)?)(%?)", check.power.split("pairs of calls instead")[0]
                      .removeprefix("equal counts in "))
    assert found, check.power
    return float(found[1]) / (100 if found[2] else 1)


def always_refused(check: Check, make: Callable[[], Function], name: str = "mask",
                   trials: int = 25) -> None:
    """What a check promises to see it sees in every trial (misses: 1e-6 each, or a little more)."""
    missed = [k for k in range(trials) if not refused(check, {name: make()}, k, name)]
    assert not missed, f"{check.name} promises to see {check.power}; missed in trials {missed}"


@pytest.mark.parametrize("p", [0.3, 0.005, 0.8])
@pytest.mark.parametrize("sign", [-1, 1])
def test_a_share_off_by_what_is_promised_is_seen(p: float, sign: int) -> None:
    check = c.drops_the_right_share(p=p, via="mask")
    share = p + sign * 1.03 * seen_by(check)  # the promise is printed in two digits
    if 0 <= share <= 1:
        always_refused(check, lambda: lambda shape, p, rng: rng.random(shape) >= share)


def _alike(rho: float, axis: int, gap: Callable[[int], int]) -> Function:
    """Each second line copies the one `gap` before it in a share rho of its units."""

    def draw(shape: tuple[int, int], p: float, rng: Rng) -> Array:
        drawn = np.moveaxis(rng.random(shape) >= p, axis, 0).copy()
        copied = rng.random(drawn.shape) < rho
        distance = gap(len(drawn))
        for line in range(len(drawn)):
            if (line // distance) % 2:
                drawn[line][copied[line]] = drawn[line - distance][copied[line]]
        return np.moveaxis(drawn, 0, axis)

    return draw


@pytest.mark.parametrize("gap", [lambda lines: 1, lambda lines: lines // 2],
                         ids=["neighbours", "halves"])
@pytest.mark.parametrize(("verb", "axis"),
                         [("treats_examples_apart", 0), ("treats_features_apart", 1)])
def test_lines_as_alike_as_promised_are_seen(verb: str, axis: int,
                                             gap: Callable[[int], int]) -> None:
    check = getattr(c, verb)(p=P, via="mask")
    rho = 1.03 * seen_by(check)
    always_refused(check, lambda: _alike(rho, axis, gap))


def test_calls_as_alike_as_promised_are_seen() -> None:
    check = c.draws_afresh(p=P, via="mask")
    rho = 1.03 * seen_by(check)

    def make() -> Function:
        before: list[Array] = []

        def draw(shape: tuple[int, ...], p: float, rng: Rng) -> Array:
            drawn = np.asarray(rng.random(shape) >= p)
            if before:
                drawn = np.where(rng.random(shape) < rho, before[-1], drawn)
            before.append(drawn)
            return drawn

        return draw

    always_refused(check, make)


def test_counts_as_equal_as_promised_are_seen() -> None:
    check = c.keeps_a_varying_number(p=P, via="mask")
    equal = masks.equal_counts(int(np.prod(masks.SMALL)), 1 - P)
    repeated = min(1.0, (1.02 * seen_by(check) - equal) / (1 - equal))

    def make() -> Function:
        counts: list[int] = []

        def draw(shape: tuple[int, ...], p: float, rng: Rng) -> Array:
            drawn = np.asarray(rng.random(shape) >= p)
            if shape == masks.SMALL:
                if len(counts) % 2 and rng.random() < repeated:
                    drawn = rng.permutation(np.arange(drawn.size) < counts[-1]).reshape(shape)
                counts.append(int(drawn.sum()))
            return drawn

        return draw

    always_refused(check, make)


def test_empty_masks_as_frequent_as_promised_are_seen_and_so_are_none() -> None:
    check = c.can_drop_everything(p=0.5)
    empty = 0.25 + 1.03 * seen_by(check)

    def draw(shape: tuple[int, ...], p: float, rng: Rng) -> Array:
        return np.zeros(shape) if rng.random() < empty else never_empty(shape, p, rng)

    always_refused(check, lambda: draw, "multiplier")
    always_refused(check, lambda: never_empty, "multiplier")


def test_what_is_seen_is_small_enough_to_teach() -> None:
    assert seen_by(c.drops_the_right_share(p=P)) < 0.02
    assert seen_by(c.drops_the_right_share(p=0.005)) < 0.003
    assert seen_by(c.treats_examples_apart(p=P)) < 0.1
    assert seen_by(c.draws_afresh(p=P)) < 0.2


# ------------------------------------------------------------------------------------- shared masks
def test_checks_that_want_the_same_masks_share_them() -> None:
    asked = []

    def counted(shape: tuple[int, ...], p: float, rng: Rng) -> Array:
        asked.append(shape)
        return mask(shape, p, rng)

    exam = Exam("mask", student({"mask": counted}), "shared")
    for verb in (c.drops_the_right_share, c.treats_examples_apart, c.treats_features_apart):
        verb(p=P, via="mask").judge(exam)
    assert asked == [masks.LARGE], "one mask says enough to all of them"


@pytest.mark.parametrize(("share", "calls"), [(P, 1), (P + 0.008, 3)])
def test_more_masks_are_asked_for_only_where_the_first_leaves_doubt(share: float,
                                                                    calls: int) -> None:
    seeds = []

    def drawn(shape: tuple[int, ...], p: float, rng: Rng) -> Array:
        seeds.append(float(rng.random()))
        return mask(shape, share, rng)

    with contextlib.suppress(Wrong):
        c.drops_the_right_share(p=P, via="mask").judge(
            Exam("mask", student({"mask": drawn}), "doubt"))
    assert len(seeds) == len(set(seeds)) == calls, "each seed once"


def test_each_p_and_each_salt_has_masks_of_its_own() -> None:
    def corner(p: float, salt: str) -> list[float]:
        seen: list[float] = []

        def noted(shape: tuple[int, ...], p: float, rng: Rng) -> Array:
            seen.extend(rng.random(3))
            return np.ones(shape)

        masks.masks(Exam("mask", student({"mask": noted}), "text", salt=salt), p, (8, 8), 1, "mask")
        return seen

    drawn = [corner(0.3, ""), corner(0.3, "other"), corner(0.4, "")]
    assert drawn[0] == corner(0.3, "")
    assert len({str(numbers) for numbers in drawn}) == 3, drawn


def test_the_verdict_on_the_same_function_is_always_the_same() -> None:
    check = c.drops_the_right_share(p=P)
    first, second = (examined(check, {FORWARD: as_forward(keeps_p)}) for _ in range(2))
    assert (first.got, first.call) == (second.got, second.call)


# ------------------------------------------------------------------------ a mistake is charged once
def shares_rows(shape: tuple[int, ...], p: float, rng: Rng) -> Array:
    return np.broadcast_to(rng.random(shape[1:]) >= p, shape)


def keeps_with_p(shape: tuple[int, ...], p: float, rng: Rng) -> Array:
    return np.asarray(rng.random(shape) < p)


@pytest.mark.parametrize(
    ("function", "check"),
    [
        (shares_rows, c.drops_the_right_share(p=0.3, via="mask")),
        # of few coins none may fall
        *((shares_rows, c.drops_the_right_share(p=0.005, via="mask", calls=n)) for n in (1, 2, 3)),
        (shares_rows, c.treats_features_apart(p=0.3, via="mask")),
        (shares_rows, c.keeps_a_varying_number(p=0.3, via="mask")),
        (shares_rows, c.draws_afresh(p=0.3, via="mask")),
        (keeps_with_p, c.treats_examples_apart(p=0.3, via="mask")),
        (keeps_with_p, c.treats_features_apart(p=0.3, via="mask")),
        (keeps_with_p, c.keeps_a_varying_number(p=0.3, via="mask")),
        (keeps_with_p, c.draws_afresh(p=0.3, via="mask")),
    ],
    ids=lambda thing: getattr(thing, "__name__", getattr(thing, "verb", "")),
)
def test_sentences_that_are_true_of_a_wrong_mask_hold(function: Any, check: Check) -> None:
    for sweep in range(5):
        assert not refused(check, {"mask": function}, sweep, "mask"), sweep
    wrong = {shares_rows: c.treats_examples_apart, keeps_with_p: c.drops_the_right_share}[function]
    assert refused(wrong(p=0.3, via="mask"), {"mask": function}, 0, "mask")
