"""Verbs about draws: rate, independence, freshness, obedience to the generator.

Nothing here compares with a particular mask: the mask is read off the student's own output, so uniform, binomial, integers, choice, `<` or
`>=` are all the same. Every chance test is an exact binomial on disjoint, independent events (chance.py).
"""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache
from typing import Any

import numpy as np

from autograder.chance import acceptance, cdf, pmf, smallest_error
from autograder.checks.forms import Form
from autograder.checks.inputs import Array, asked_shape, normal, train_call
from autograder.checks.verb import verb
from autograder.exam import Exam, Unanswered, Wrong, array, pair, stable_seed
from autograder.model import Call, Given, Outcome, Seed

Via = str | Form  # what the function under test looks like: "forward", "mask", "multiplier", or a form of forms.py

LARGE = (256, 256)  # `autograder verify` prints the smallest error that this many units show
SMALL = (8, 12)  # ten pairs of calls that keep equally many are beyond chance


def draw_call(exam: Exam, via: Via, shape: tuple[int, ...], p: float, seed: Seed) -> Call:
    """One call that draws a mask of that shape: `via` says what the function under test looks like."""
    if isinstance(via, Form):
        return via.call(exam, shape, p, seed)
    if via == "forward":
        return train_call(exam.function, draw_input(exam, shape), p, seed)
    return Call(exam.function, (asked_shape(shape), p, seed), returns=("mask",))


def draw_input(exam: Exam, shape: tuple[int, ...]) -> Given:
    """The x of every call that draws a mask of this shape: one input for all checks of the exercise, so that it travels once."""
    return normal(shape, stable_seed(f"{exam.function}/input/{shape}/{exam.salt}"))


def drawn(value: Any, via: Via, shape: tuple[int, ...]) -> Array:
    """The numbers of an answer that show its mask, in the shape of that mask."""
    if isinstance(via, Form):
        return via.read(value, shape)
    return array(pair(value)[0], "out", shape) if via == "forward" else array(value, "mask", shape)


def read_mask(value: Any, via: Via, shape: tuple[int, ...]) -> Array:
    """Which units were kept, as booleans. Inputs hold no zeros, so a zero in the output is a dropped unit."""
    return np.asarray(drawn(value, via, shape) != 0)


def masks(exam: Exam, p: float, shape: tuple[int, ...], count: int, via: Via, rng: str = "") -> list[Array]:
    """`count` masks from `count` calls in one script: from separate generators, or from the one called `rng`.

    All checks of an exercise that ask for the same masks share them. (The error budget adds up whether or not tests are independent.)
    """
    key = (via, p, shape, rng, exam.salt)
    script: tuple[Call, ...]
    known: list[Array]
    script, known = exam.memo.get(key, ((), []))
    if len(known) < count:
        text = f"{exam.function}/masks/{p}/{shape}/{exam.salt}"
        seeds = [Seed(stable_seed(f"{text}/{0 if rng else k}"), rng) for k in range(count)]
        script = tuple(draw_call(exam, via, shape, p, seed) for seed in seeds)
        known = [read_mask(value, via, shape) for value in exam.ask(*script)]
        exam.memo[key] = script, known
    exam.last = script if rng else script[:1]  # one call is enough to see it
    return known[:count]


def _expect(what: str, count: int, events: int, probability: float, picture: Array | None = None) -> None:
    """Refuse a count that Bin(events, probability) gives less often than chance.ALPHA."""
    low, high = acceptance(events, probability)
    if not low <= count <= high:
        slack = max(high / events - probability, probability - low / events)
        corner = None if picture is None else np.atleast_2d(picture)[:16, :16]
        raise Wrong(f"{what} = {count / events:.4f}", f"{probability:.4f} +- {slack:.4f}", corner)


# ----------------------------------------------------------------------------------------------- what the chance tests can see
def _share_seen(*, p: float, shape: tuple[int, ...], calls: int, **_: Any) -> str:
    return f"a share of dropped units that is off by {smallest_error(calls * int(np.prod(shape)), p):.2g}"


def _likeness_seen(*, p: float, shape: tuple[int, ...], **_: Any) -> str:
    error = smallest_error(int(np.prod(shape)) // 2, p * p + (1 - p) * (1 - p))
    return f"a correlation of {error / (2 * p * (1 - p)):.2g} between lines"


def _repetition_seen(*, p: float, shape: tuple[int, ...], **_: Any) -> str:
    error = smallest_error(int(np.prod(shape)), p * p + (1 - p) * (1 - p))
    return f"a correlation of {error / (2 * p * (1 - p)):.2g} between calls"


def _variation_seen(*, p: float, calls: int, **_: Any) -> str:
    pairs = _equal_counts(int(np.prod(SMALL)), 1 - p)
    return f"equal counts in {pairs + smallest_error(calls // 2, pairs):.0%} of pairs of calls instead of {pairs:.0%}"


def _emptiness_seen(*, p: float, units: int, calls: int, **_: Any) -> str:
    return f"a chance of an empty mask that is off by {smallest_error(calls, p**units):.2g}"


@verb()
def drops_some_and_keeps_some(exam: Exam, *, p: float, via: Via = "forward", shape: tuple[int, ...] = (32, 50)) -> None:
    """drops some units and keeps the others"""
    (mask,) = masks(exam, p, shape, 1, via)
    if mask.all() or not mask.any():
        raise Wrong(f"{int(mask.sum())} of {mask.size} units were kept", f"about {round((1 - p) * mask.size)}")


@verb(chances=1, sees=_share_seen)
def drops_the_right_share(
    exam: Exam, *, p: float, via: Via = "forward", shape: tuple[int, ...] = LARGE, calls: int = 3, what: str = "unit"
) -> None:
    """drops each {what} with probability {p}"""
    found = [_coins(m) for m in masks(exam, p, shape, calls, via)]
    kept = sum(int(m.sum()) for m in found)
    _expect("share of dropped units", sum(m.size for m in found) - kept, sum(m.size for m in found), p, found[0])


@verb(chances=2, sees=_likeness_seen)
def treats_examples_apart(exam: Exam, *, p: float, via: Via = "forward", shape: tuple[int, int] = LARGE) -> None:
    """draws a mask of its own for each example (row)"""
    (mask,) = masks(exam, p, shape, 1, via)
    _agree(mask, p, "rows")


@verb(chances=2, sees=_likeness_seen)
def treats_features_apart(
    exam: Exam, *, p: float, via: Via = "forward", shape: tuple[int, int] = LARGE, what: str = "feature (column)"
) -> None:
    """decides about each {what} by itself"""
    (mask,) = masks(exam, p, shape, 1, via)
    _agree(mask.T, p, "columns")


def _agree(mask: Array, p: float, what: str) -> None:
    """Disjoint pairs of lines, neighbours and half a mask apart, agree on a unit with probability p^2 + q^2."""
    mask = _coins(mask, lines=False)
    half = len(mask) // 2
    same = _alike(mask, mask, p)
    for name, first, second in (("neighbouring", mask[0::2], mask[1::2]), ("distant", mask[:half], mask[half:])):
        agreeing = int((first == second).sum())
        _expect(f"share of units on which {name} {what} agree", agreeing, first.size, same, mask if what == "rows" else mask.T)


@verb(chances=3, sees=_variation_seen)
def keeps_a_varying_number(exam: Exam, *, p: float, via: Via = "forward", calls: int = 20) -> None:
    """leaves the number of dropped units to chance"""
    (large,) = masks(exam, p, LARGE, 1, via)
    q = float(large.mean())  # the share seen: that it is another than 1 - p is another matter
    counts = [int(m.sum()) for m in masks(exam, p, SMALL, calls, via)]
    size, pairs = int(np.prod(SMALL)), len(counts) // 2
    equal = sum(first == second for first, second in zip(counts[0::2], counts[1::2], strict=True))
    _expect(f"share of pairs of calls that keep equally many of {size}", equal, pairs, _equal_counts(size, q))
    for what, sums, length in (("rows", large.sum(1), large.shape[1]), ("columns", large.sum(0), large.shape[0])):
        low, high = _middle(length, q)
        inside = int(((sums >= low) & (sums <= high)).sum())
        expected = cdf(high, length, q) - cdf(low - 1, length, q)
        _expect(f"share of {what} that keep {low} to {high} of {length}", inside, len(sums), expected, large)


@lru_cache
def _equal_counts(n: int, q: float) -> float:
    """The probability that two draws of Bin(n, q) are equal."""
    return sum(pmf(k, n, q) ** 2 for k in range(n + 1))


def _middle(n: int, q: float) -> tuple[int, int]:
    width = 0.67 * float(np.sqrt(n * q * (1 - q)))  # about half of all sums lie this close to their mean
    return round(n * q - width), round(n * q + width)


@verb(chances=1, sees=_repetition_seen)
def draws_afresh(exam: Exam, *, p: float, via: Via = "forward", shape: tuple[int, ...] = (128, 128)) -> None:
    """draws a fresh mask in every call"""
    first, second = (_coins(m) for m in masks(exam, p, shape, 2, via, rng="rng"))
    if first.shape != second.shape:  # of one all rows are alike, of the other they are not
        return
    agreeing = int((first == second).sum())
    _expect("share of units on which two calls agree", agreeing, first.size, _alike(first, second, p))


def _coins(mask: Array, lines: bool = True) -> Array:
    """One entry for each coin, of a mask whose rows (`lines`) or columns are all alike: that they are is another matter, charged once."""
    if mask.ndim != 2 or mask.all() or not mask.any():
        return mask
    if lines and (mask == mask[:1]).all():
        mask = mask[:1]
    return mask[:, :1] if (mask == mask[:, :1]).all() else mask


def _alike(one: Array, other: Array, p: float) -> float:
    """On which share of units two independent masks agree that keep as many as these two.

    The share seen, not p: that it is another than it should be is another matter. (Estimated from the same units it only narrows what
    chance does.)
    """
    first, second = (float(m.mean()) if m.any() and not m.all() else 1 - p for m in (one, other))
    return first * second + (1 - first) * (1 - second)


@verb()
def obeys_the_generator(exam: Exam, *, p: float, via: Via = "forward", shape: tuple[int, ...] = (32, 50)) -> None:
    """draws from the rng it is given: the same seed gives the same mask"""
    seeds = [Seed(exam.seed(0)), Seed(exam.seed(0)), Seed(exam.seed(1))]
    calls = [draw_call(exam, via, shape, p, seed) for seed in seeds]
    first, again, other = (read_mask(value, via, shape) for value in exam.ask(*calls))
    if not np.array_equal(first, again):
        raise Wrong(f"two generators with the same seed gave masks that differ in {int((first != again).sum())} units", "no difference")
    if np.array_equal(first, other):
        raise Wrong("two generators with different seeds gave the same mask", "different masks")


@verb()
def leaves_global_random_state_alone(exam: Exam, *, p: float, via: Via = "forward", shape: tuple[int, ...] = (4, 5)) -> None:
    """leaves the global random state alone"""
    call = replace(draw_call(exam, via, shape, p, Seed(exam.seed())), watch=True)
    at_test = [replace(call, kwargs={"train": False})] if via == "forward" else []
    answers = exam.answers(call, *at_test)
    if answers[0].outcome is not Outcome.PASSED:
        raise Unanswered(call, answers[0])
    if any(a.facts is not None and a.facts.global_rng_moved for a in answers):
        raise Wrong("the function drew from (or seeded) the global generator", "random numbers from rng only")


@verb(chances=1, sees=_emptiness_seen)
def can_drop_everything(
    exam: Exam, *, p: float, units: int = 2, calls: int = 100, via: Via = "multiplier"
) -> None:
    """drops all of a few units as often as chance has it"""
    expected = p**units
    _, most = acceptance(calls, expected)
    few = masks(exam, p, (units,), calls // 4, via)  # a third as far off as the whole test allows is near enough; most need no more
    if abs(np.mean([not m.any() for m in few]) - expected) <= (most / calls - expected) / 3:
        return
    empty = sum(not m.any() for m in masks(exam, p, (units,), calls, via))
    _expect(f"share of masks of {units} units with nothing kept", empty, calls, expected)
