"""Verbs about layers whose noise is no mask of zeros: a drawn factor, or a fixed value.

The noise is read off the student's own output. A whole distribution is judged by how many factors
fall between fixed quantiles, which are exact binomials; the two branches of alpha dropout are found
as they are, whatever their constants.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from math import inf, sqrt
from statistics import NormalDist
from typing import Any

import numpy as np

from autograder.asking import Exam, Wrong, array, number, pair, stable_seed
from autograder.chance import POWER, acceptance, cdf, smallest_error
from autograder.checks_api.comparing import compare
from autograder.checks_api.counts import expect
from autograder.checks_api.inputs import Array, in_words, normal
from autograder.checks_api.verb import verb
from autograder.dropout.calls import output, train_call
from autograder.dropout.masks import LARGE, Form, agreement, demand_agreement, share_of, thrown
from autograder.model import Call, Given, Seed

__all__ = ["draws_a_factor_for_each_unit", "follows_the_normal_law", "keeps_units_on_the_line",
           "leaves_the_average_to_chance", "multiplies_by_noise", "sets_dropped_units_to",
           "sets_some_and_keeps_some"]

SHAPE = (32, 50)
# quantiles in the tails, on the flanks and in the middle
CUTS = (0.005, 0.05, 0.25, 0.5, 0.75, 0.95, 0.995)
RANGE = "(out / x).min(), (out / x).max()"
MOST_COMMON = "values, counts = np.unique(out.round(9), return_counts=True)\n"
LINE = (MOST_COMMON + "kept = out.round(9) != values[counts.argmax()]\n"
        "np.polyfit(x[kept], out[kept], 1)")
NEAR = 1e-9  # absolute, for outputs that should be equal up to rounding
# relative: lets constants pass that are printed with five digits, 1.0507 and 1.6733
CONSTANTS = 1e-4


# --------------------------------------------------------------------------- a factor for each unit
def factors(exam: Exam, p: float, shape: tuple[int, ...], count: int, rng: str = "") -> list[Array]:
    """out / x of `count` calls: from own generators, or the one called `rng`; shared by checks."""
    key = ("factors", p, shape, rng, exam.salt)
    script: tuple[Call, ...]
    known: list[Array]
    script, known = exam.memo.get(key, ((), []))
    if len(known) < count:
        text = f"{exam.function}/factors/{p}/{shape}/{exam.salt}"
        x = in_words("x", normal(shape, stable_seed(text)))
        script = tuple(
            train_call(exam, x, p, Seed(stable_seed(f"{text}/{0 if rng else k}"), rng))
            for k in range(count))
        known = [output(value, x) / x.value for value in exam.ask(*script)]
        exam.memo[key] = script, known
    exam.last = script if rng else script[:1]
    exam.show(RANGE)
    return known[:count]


@verb()
def multiplies_by_noise(exam: Exam, *, p: float) -> None:
    """multiplies the units by random factors, which do not depend on x"""
    x = in_words("x", normal(SHAPE, exam.seed(1)))
    twice = Given("2 * x", 2 * x.value, x.first)
    script = [train_call(exam, given, p) for given in (x, twice, x)]
    one, other, again = exam.ask(*script)
    exam.last = tuple(script[:1])
    exam.show(RANGE)
    plain, doubled = output(one, x) / x.value, output(other, twice) / twice.value
    if not np.isfinite(plain).all():
        raise Wrong(f"out / x holds {number(plain[~np.isfinite(plain)][0])}", "finite numbers")
    if np.ptp(plain) <= NEAR and abs(plain.flat[0] * (plain.flat[0] - 1)) <= NEAR:
        raise Wrong(f"out / x is {number(plain.flat[0])} for all {plain.size} units",
                    "random factors")
    if not np.array_equal(plain, output(again, x) / x.value):
        # the seed decides nothing, which is charged elsewhere: this shows a product without it
        _leaves_zeros_alone(exam, p, x)
        return
    moved = ~(np.abs(doubled - plain) <= NEAR * np.maximum(1, np.abs(plain)))
    if moved.any():
        place = tuple(int(i) for i in np.argwhere(moved)[0])
        exam.show_two(script[:2], f"(one / x)[{place}], (other / (2 * "
                      f"x))[{place}]".replace("[(", "[").replace(")]", "]"))
        now = (f"out / x at {list(place)} is {number(plain[place])}, and {number(doubled[place])} "
               "for twice the x and the same seed")
        raise Wrong(now, "the same both times")


def _leaves_zeros_alone(exam: Exam, p: float, x: Given) -> None:
    zeros = np.arange(x.value.size).reshape(x.value.shape) % 2 == 0
    text = f"np.where(np.arange({x.value.size}).reshape({x.value.shape}) % 2, x, 0)"
    given = Given("x", np.where(zeros, 0.0, x.value), f"{x.first}\nx = {text}")
    out = output(exam.ask(train_call(exam, given, p))[0], given)
    if out[zeros].any():
        exam.show("out[(x == 0) & (out != 0)][0]")
        raise Wrong(f"out = {number(out[zeros][out[zeros] != 0][0])} where x is 0",
                    "0, as every multiple of 0")


def _ranges(law: NormalDist) -> list[tuple[float, float]]:
    """Below each cut, and between opposite ones: what shows a shift, and what a spread."""
    edges = [law.inv_cdf(cut) for cut in CUTS]
    half = len(edges) // 2
    return [(-inf, edge) for edge in edges] + list(zip(edges[:half], edges[:half:-1], strict=True))


def _vary(found: Array, where: str) -> None:
    if not np.isfinite(found).all():
        raise Wrong(f"out / x holds {number(found[~np.isfinite(found)][0])}", "finite numbers")
    if np.ptp(found) <= NEAR * np.abs(found).max():
        raise Wrong(f"out / x is {number(found.flat[0])} {where}", "factors that vary")


def _drawn(found: list[Array]) -> list[Array]:
    """The numbers really drawn, flat: what rows, columns or calls share counts once."""
    fresh = [f for n, f in enumerate(found)
             if not any(np.array_equal(f, earlier) for earlier in found[:n])]
    for axis in range(found[0].ndim):
        if all((np.ptp(f, axis=axis) <= NEAR * np.abs(f).max(axis=axis)).all() for f in fresh):
            fresh = [f.take([0], axis=axis) for f in fresh]
    return [f.ravel() for f in fresh]


def _share(law: NormalDist, low: float, high: float) -> float:
    return law.cdf(high) - law.cdf(low)


@lru_cache
def _law_seen_for(events: int) -> str:
    tests = [(low, high, acceptance(events, _share(NormalDist(), low, high)))
             for low, high in _ranges(NormalDist())]

    def refused(scale: float) -> bool:
        law = NormalDist(0, scale)
        return any(cdf(least - 1, events, _share(law, *r))
                   + 1 - cdf(most, events, _share(law, *r)) >= POWER for *r, (least, most) in tests)

    near, far = 1.0, 4.0
    for _ in range(30):
        middle = (near + far) / 2
        near, far = (near, middle) if refused(middle) else (middle, far)
    return f"a standard deviation that is {far - 1:.1%} too large"


def _law_seen(**_: Any) -> str:
    return _law_seen_for(3 * int(np.prod(LARGE)))


@verb(chances=len(CUTS) + len(CUTS) // 2, sees=_law_seen)
def follows_the_normal_law(exam: Exam, *, p: float) -> None:
    """draws the factors from the normal distribution with mean 1 and variance p / (1 - p)"""
    found = np.concatenate(_drawn(factors(exam, p, LARGE, 3)))
    _vary(found, "in every call")
    law = NormalDist(1.0, sqrt(p / (1 - p)))
    for low, high in _ranges(law):
        name = f"below {number(high)}" if low == -inf else f"from {number(low)} to {number(high)}"
        exam.show(f"(({low!r} < out / x) & (out / x <= {high!r})).mean()" if low > -inf
                  else f"(out / x <= {high!r}).mean()")
        expect(f"share of factors {name}", int(((found > low) & (found <= high)).sum()), found.size,
               _share(law, low, high))


def _company_seen(**_: Any) -> str:
    return (f"signs of which {0.5 + smallest_error(int(np.prod(LARGE)) // 2, 0.5):.0%} agree "
            "between lines or calls")


@verb(chances=5, sees=_company_seen)
def draws_a_factor_for_each_unit(exam: Exam, *, p: float) -> None:
    """draws a factor of its own for each unit of each example, afresh in every call"""
    (found,) = factors(exam, p, LARGE, 1)
    _vary(found, f"for all {found.size} units")
    exam.last = exam.last[0], Call("out / x > 1", returns=("mask",), look=True)
    # of the right law a fair coin for every p; of another law the share that is seen
    louder = found > 1
    share = share_of(louder, 0.5)
    demand_agreement(thrown(louder, [1]), share, "rows")
    demand_agreement(thrown(louder, [0]).T, share, "columns")
    first, second = (f > 1 for f in factors(exam, p, (LARGE[0] // 2, LARGE[1]), 2, rng="rng"))
    coins, alike = thrown(np.stack([first, second], axis=-1), (0, 1)), agreement(share)
    agreeing = int((coins[..., 0] == coins[..., 1]).sum())
    exam.show_two(exam.last[:2], "((one / x > 1) == (other / x > 1)).mean()")
    expect("share of units that two calls both raise or both lower", agreeing,
           coins[..., 0].size, alike)


@verb()
def leaves_the_average_to_chance(exam: Exam, *, p: float) -> None:
    """leaves the average and the spread of a call's factors to chance, as independent draws do"""
    found = factors(exam, p, SHAPE, 2)
    _vary(np.stack(found), "in every call")
    if told := levelled(found):
        exam.show("(out / x).std()" if "deviation" in told else "(out / x).mean()")
        raise Wrong(f"{told}, in every call", "numbers that vary around it")


def levelled(found: list[Array]) -> str:
    """What is exactly alike in all calls, rows or columns: units drawn singly never are."""
    shared = any(np.ptp(f, axis=axis).max() <= NEAR * np.abs(f).max() for f in found
                 for axis in range(f.ndim))
    if shared or np.array_equal(found[0], found[1]):
        return ""  # calls or units share their draws, which is another matter
    for what, axis in (("each column", 0), ("each row", 1), ("all factors", None)):
        for name, statistic in (("average", np.mean), ("standard deviation", np.std)):
            numbers = np.concatenate([np.ravel(statistic(f, axis=axis)) for f in found])
            if np.ptp(numbers) <= NEAR * abs(numbers[0]):
                return f"the {name} of {what} is {number(numbers[0])}"
    return ""


# ------------------------------------------------------------------ a fixed value for dropped units
@dataclass(frozen=True)
class Branched(Form):
    """`out, cache = f(x, p, rng)` of units that all differ: those that become alike are dropped."""

    nonzero = False

    def call(self, exam: Exam, shape: tuple[int, ...], p: float, seed: Seed) -> Call:
        x = np.linspace(1, 2, int(np.prod(shape))).reshape(shape)
        return train_call(exam, Given(f"np.linspace(1, 2, {x.size}).reshape({shape})", x), p, seed)

    def read(self, value: object, shape: tuple[int, ...]) -> Array:
        out = array(pair(value)[0], "out", shape).astype(float).round(9)
        values, counts = np.unique(out, return_counts=True)
        return (np.asarray(out != values[counts.argmax()]) if counts.max() > 1
                else np.ones(shape, dtype=bool))

    def shown(self, shape: tuple[int, ...]) -> str:
        return ("out.round(9) != (lambda values, counts: "
                "values[counts.argmax()])(*np.unique(out.round(9), return_counts=True))")


@dataclass(frozen=True)
class Branches:
    """What became of x: dropped units have the value `floor`, the others slope * x + intercept."""

    dropped: Array
    floor: float
    slope: float
    intercept: float


def branches(out: Array, x: Array) -> Branches:
    """The two branches of an output; Wrong if not two, or the kept units lie on no line."""
    out = out.astype(float)
    if not np.isfinite(out).all():
        raise Wrong(f"out holds {number(out[~np.isfinite(out)][0])}", "finite numbers")
    ordered = np.sort(out, axis=None)
    # how many lie within NEAR above each
    equal = np.searchsorted(ordered, ordered + NEAR) - np.arange(ordered.size)
    floor = float(ordered[equal.argmax()])
    dropped = (out >= floor) & (out <= floor + NEAR)
    if not 3 <= dropped.sum() <= out.size - 3:
        many = ("no three outputs are" if dropped.sum() < 3
                else f"{int(dropped.sum())} of {out.size} outputs are")
        raise Wrong(f"{many} equal",
                    "one value for the dropped units, and as many values as units for the others")
    kept_x, kept = x[~dropped], out[~dropped]
    low, high = int(kept_x.argmin()), int(kept_x.argmax())
    slope = float((kept[high] - kept[low]) / (kept_x[high] - kept_x[low]))
    if abs(slope) <= NEAR:
        raise Wrong(f"the units that were not set to {number(floor)} became {number(kept[low])} "
                    "whatever x was", "a line that rises with x")
    intercept = float(kept[low] - slope * kept_x[low])
    off = ~(np.abs(slope * kept_x + intercept - kept)
            <= 1e3 * NEAR * max(1.0, float(np.abs(kept).max())))
    if off.any():
        raise Wrong(f"{int(off.sum())} of {kept.size} units that were not set to {number(floor)} "
                    "lie beside the line of the others", "none")
    return Branches(dropped, floor, slope, intercept)


def _branches(exam: Exam, p: float, shape: tuple[int, ...]) -> Branches:
    x = in_words("x", normal(shape, exam.seed(1)))
    (value,) = exam.ask(train_call(exam, x, p))
    exam.show(f"{MOST_COMMON}counts.max()")
    return branches(output(value, x), np.asarray(x.value))


@verb()
def sets_some_and_keeps_some(exam: Exam, *, p: float) -> None:
    """sets some units to one fixed value and keeps the others on one straight line"""
    _branches(exam, p, SHAPE)


@verb()
def keeps_units_on_the_line(exam: Exam, *, p: float, wanted: tuple[float, float],
                            tolerance: float = CONSTANTS) -> None:
    """turns kept units into a x + b with the right a and b"""
    found = _branches(exam, p, SHAPE)
    for k, (name, got, right) in enumerate(zip("ab", (found.slope, found.intercept), wanted,
                                               strict=True)):
        exam.show(f"{LINE}[{k}]")
        compare(np.asarray(got), np.asarray(right), name, tolerance)


@verb()
def sets_dropped_units_to(exam: Exam, *, p: float, wanted: float,
                          shape: tuple[int, ...] = SHAPE) -> None:
    """sets every dropped unit to a alpha' + b"""
    floor = _branches(exam, p, shape).floor
    exam.show(f"{MOST_COMMON}values[counts.argmax()]")
    compare(np.asarray(floor), np.asarray(wanted), "out of a dropped unit", CONSTANTS)
