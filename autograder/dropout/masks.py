"""Verbs about draws: rate, independence, freshness, obedience to the generator.

Nothing here compares with a particular mask: the mask is read off the student's own output, so
uniform, binomial, integers, choice, `<` or `>=` are all the same. Every chance test is an exact
binomial on disjoint, independent events (chance.py).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache
from typing import Any, cast

import numpy as np

from autograder.asking import Exam, Unanswered, Wrong, array, pair, stable_seed
from autograder.chance import EARLY, POWER, acceptance, cdf, is_settled, pmf, smallest_error
from autograder.checks_api.counts import expect
from autograder.checks_api.inputs import Array, asked_shape, normal
from autograder.checks_api.verb import verb
from autograder.dropout.calls import seeded, train_call
from autograder.model import Call, Given, Outcome, Seed, Subject

__all__ = ["can_drop_everything", "draws_afresh", "drops_some_and_keeps_some",
           "drops_the_right_share", "keeps_a_varying_number", "leaves_global_random_state_alone",
           "obeys_the_generator", "treats_examples_apart", "treats_features_apart"]


class Form:
    """Asks for a mask by `call`, finds it in `shape` by `read`, from `outputs` of `draw_input`."""

    outputs = False
    nonzero = True  # whether `read` asks no more of a number than whether it is 0

    def call(self, exam: Exam, shape: tuple[int, ...], p: float, seed: Seed) -> Call:
        """One call that draws a mask of that reduced shape."""
        raise NotImplementedError

    def read(self, value: object, shape: tuple[int, ...]) -> Array:
        """The drawn numbers in that shape, 0 where dropped; Wrong without such a mask."""
        raise NotImplementedError

    def shown(self, shape: tuple[int, ...]) -> str:
        """Python that does so with what the call returns; "" where dropped is 0, in shape."""
        return ""


# what the function under test looks like: "forward", "mask", "multiplier", or a form of forms.py
Via = str | Form
LARGE = (256, 256)  # `autograder verify` prints the smallest error that this many units show
NOBODY = cast(Subject, None)  # for calls that are only made up
SOME = (64, 64)  # a share that is so far off that few units would show it, too
SMALL, PAIRS = (8, 12), 10  # that ten pairs of calls keep equally many is beyond chance


def draw_call(exam: Exam, via: Via, shape: tuple[int, ...], p: float, seed: Seed | int = 0,
              **more: Any) -> Call:
    """One call that draws a mask of that shape: `via` says what the function looks like."""
    rng = seeded(exam, seed)
    call = (via.call(exam, shape, p, rng) if isinstance(via, Form)
            else train_call(exam, draw_input(exam, shape), p, rng) if via == "forward"
            else Call(exam.function, (asked_shape(shape), p, rng), returns=("mask",)))
    return replace(call, **more)


def draw_input(exam: Exam, shape: tuple[int, ...]) -> Given:
    """The x of every call with a mask of this shape: one input for all checks travels once."""
    return normal(shape, stable_seed(f"{exam.function}/input/{shape}/{exam.salt}"))


def drawn(value: Any, via: Via, shape: tuple[int, ...]) -> Array:
    """The numbers of an answer that show its mask, in the shape of that mask."""
    if isinstance(via, Form):
        return via.read(value, shape)
    return array(pair(value)[0], "out", shape) if via == "forward" else array(value, "mask", shape)


def shows_outputs(via: Via) -> bool:
    """Whether what is drawn is x times the mask."""
    return via == "forward" or (isinstance(via, Form) and via.outputs)


def multipliers(exam: Exam, found: Array, via: Via) -> Array:
    """What was drawn, freed of x where it is an output."""
    return np.asarray(found / draw_input(exam, found.shape).value if shows_outputs(via) else found)


def read_mask(value: Any, via: Via, shape: tuple[int, ...]) -> Array:
    """Which units were kept, as booleans: inputs hold no zeros, so a zero was dropped."""
    found = drawn(value, via, shape)
    return found if found.dtype == bool else np.asarray(found != 0)


def masks(exam: Exam, p: float, shape: tuple[int, ...], count: int, via: Via,
          rng: str = "") -> list[Array]:
    """`count` masks from `count` calls in one script: own generators, or the one called `rng`.

    All checks of an exercise that ask for the same masks share them. (The error budget adds up
    whether or not tests are independent.)
    """
    key = (via, p, shape, rng, exam.salt)
    script: tuple[Call, ...]
    known: list[Array]
    script, known = exam.memo.get(key, ((), []))
    if len(known) < count:
        script = _script(exam.function, exam.salt, via, p, shape, rng, count)
        known = [] if rng else known  # a generator that is shared has to begin anew
        known = known + [read_mask(value, via, shape) for value in exam.ask(*script[len(known) :])]
        exam.memo[key] = script, known
    # one call is enough to see it
    made = (replace(call, nonzero=False) for call in (script if rng else script[:1]))
    # where its mask is not to be seen at once, a line reads it off
    text = via.shown(shape) if isinstance(via, Form) else ""
    look = [Call(text, returns=("mask",), look=True)] if text else []
    exam.last = tuple(line for call in made for line in (call, *look))
    return known[:count]


@lru_cache(maxsize=256, typed=True)  # a class of hand-ins is asked the same again and again
def _script(function: str, salt: str, via: Via, p: float, shape: tuple[int, ...], rng: str,
            count: int) -> tuple[Call, ...]:
    """The calls that draw so many masks."""
    exam, text = Exam(function, NOBODY, "", salt=salt), f"{function}/masks/{p}/{shape}/{salt}"
    seeds = [Seed(stable_seed(f"{text}/{0 if rng else k}"), rng) for k in range(count)]
    enough = via.nonzero if isinstance(via, Form) else via != "mask"
    return tuple(draw_call(exam, via, shape, p, seed, nonzero=enough) for seed in seeds)


def shared_axes(mask: Array) -> tuple[int, ...]:
    """The axes along which a mask's slices are alike; none of one that keeps all or nothing."""
    if mask.all() or not mask.any():
        return ()
    return tuple(axis for axis in range(mask.ndim) if _all_alike(mask, axis))


def _all_alike(mask: Array, axis: int) -> bool:
    if mask.shape[axis] > 1 and not np.array_equal(mask.take(0, axis), mask.take(1, axis)):
        return False  # as nearly always
    return bool((mask == mask.take([0], axis=axis)).all())


def thrown(mask: Array, axes: Sequence[int] | None = None) -> Array:
    """The coins really thrown: along an axis of alike slices, one stands for all.

    So a mask that a whole batch shares is judged by the coins of one row, and what else is asked of
    it is asked fairly.
    """
    for axis in shared_axes(mask):
        if axes is None or axis in axes:
            mask = mask.take([0], axis=axis)
    return mask


def share_of(mask: Array, p: float) -> float:
    """The share that is dropped: p, unless some were dropped and it cannot be p: what was seen."""
    coins = thrown(mask)
    dropped = coins.size - int(coins.sum())
    low, high = acceptance(coins.size, p)
    return p if low <= dropped <= high or dropped in (0, coins.size) else dropped / coins.size


def agreement(p: float) -> float:
    """The probability that two coins agree which show heads with probability p."""
    return p * p + (1 - p) * (1 - p)


def demand_some(kept: Array, p: float, what: str = "units were kept") -> None:
    """Refuse a mask that keeps all, or nothing."""
    if kept.all() or not kept.any():
        raise Wrong(f"{np.count_nonzero(kept)} of {kept.size} {what}",
                    f"about {round((1 - p) * kept.size)}")


# -------------------------------------------------------------------- what the chance tests can see
def correlation_seen(events: int, p: float, what: str) -> str:
    """The smallest correlation that a count of agreeing coins shows."""
    return (f"a correlation of {smallest_error(events, agreement(p)) / (2 * p * (1 - p)):.2g} "
            f"between {what}")


def _share_seen(*, p: float, shape: tuple[int, ...], calls: int, **_: Any) -> str:
    error = smallest_error(calls * int(np.prod(shape)), p, power=POWER + EARLY)
    return f"a share of dropped units that is off by {error:.2g}"


def _emptiness_seen(*, p: float, units: int, calls: int, **_: Any) -> str:
    error = smallest_error(calls, p**units, power=POWER + EARLY)
    return f"a chance of an empty mask that is off by {error:.2g}"


def _likeness_seen(*, p: float, shape: tuple[int, ...], **_: Any) -> str:
    return correlation_seen(int(np.prod(shape)) // 2, p, "lines")


def _repetition_seen(*, p: float, shape: tuple[int, ...], **_: Any) -> str:
    return correlation_seen(int(np.prod(shape)), p, "calls")


def _variation_seen(*, p: float, **_: Any) -> str:
    equal = equal_counts(int(np.prod(SMALL)), 1 - p)
    return (f"equal counts in {equal + smallest_error(PAIRS, equal):.0%} of pairs of calls "
            f"instead of {equal:.0%}")


@verb()
def drops_some_and_keeps_some(exam: Exam, *, p: float, via: Via = "forward",
                              shape: tuple[int, ...] = (32, 50)) -> None:
    """drops some units and keeps the others"""
    demand_some(masks(exam, p, shape, 1, via)[0], p)


@verb(chances=1, sees=_share_seen)
def drops_the_right_share(exam: Exam, *, p: float, via: Via = "forward",
                          shape: tuple[int, ...] = LARGE, calls: int = 3,
                          what: str = "unit") -> None:
    """drops each {what} with probability {p}"""
    units, found = int(np.prod(shape)), list[Array]()
    for k in range(1, calls + 1):
        found.append(_coins(exam, p, shape, k, via))
        coins = sum(m.size for m in found)
        dropped = coins - sum(int(m.sum()) for m in found)
        whole = k < calls and coins == k * units
        if whole and is_settled(dropped, coins, calls * units, p, calls - 1):
            return
    expect("share of dropped units", dropped, coins, p, found[0])


def _coins(exam: Exam, p: float, shape: tuple[int, ...], k: int, via: Via) -> Array:
    """The coins of the k-th mask. Who shares a coin, one of p = 1/2 shows, not one keeping all."""
    mask = masks(exam, p, shape, k, via)[-1]
    if not mask.all():
        return thrown(mask)
    axes = shared_axes(masks(exam, 0.5, shape, 1, via)[0])
    masks(exam, p, shape, k, via)  # it is these that are shown
    return mask[tuple(np.s_[:1] if axis in axes else np.s_[:] for axis in range(mask.ndim))]


@verb(chances=2, sees=_likeness_seen)
def treats_examples_apart(exam: Exam, *, p: float, via: Via = "forward",
                          shape: tuple[int, int] = LARGE) -> None:
    """draws a mask of its own for each example (row)"""
    (mask,) = masks(exam, p, shape, 1, via)
    demand_agreement(thrown(mask, [1]), share_of(mask, p), "rows")


@verb(chances=2, sees=_likeness_seen)
def treats_features_apart(exam: Exam, *, p: float, via: Via = "forward",
                          shape: tuple[int, int] = LARGE, what: str = "feature (column)") -> None:
    """decides about each {what} by itself"""
    (mask,) = masks(exam, p, shape, 1, via)
    demand_agreement(thrown(mask, [0]).T, share_of(mask, p), "columns")


def demand_agreement(mask: Array, p: float, what: str) -> None:
    """Disjoint pairs of lines, neighbours or half a mask apart, agree with chance p^2 + q^2."""
    half = len(mask) // 2
    for name, first, second in (("neighbouring", mask[0::2], mask[1::2]),
                                ("distant", mask[:half], mask[half:])):
        agreeing = int((first == second).sum())
        expect(f"share of units on which {name} {what} agree", agreeing, first.size, agreement(p),
               mask if what == "rows" else mask.T)


@verb(chances=3, sees=_variation_seen)
def keeps_a_varying_number(exam: Exam, *, p: float, via: Via = "forward",
                           shape: tuple[int, ...] = LARGE) -> None:
    """leaves the number of dropped units to chance"""
    (large,) = masks(exam, p, shape, 1, via)
    q = 1 - share_of(large, p)
    small = masks(exam, p, SMALL, 2 * PAIRS, via)
    for axis in shared_axes(large):
        small = [m.take([0], axis=axis) for m in small]
    size, counts = small[0].size, [int(m.sum()) for m in small]
    equal = sum(first == second for first, second in zip(counts[0::2], counts[1::2], strict=True))
    expect(f"share of pairs of calls that keep equally many of {size}", equal, PAIRS,
           equal_counts(size, q))
    large = thrown(large)
    for what, sums, length in (("rows", large.sum(1), large.shape[1]),
                               ("columns", large.sum(0), large.shape[0])):
        low, high = middle_of(length, q)
        inside = int(((sums >= low) & (sums <= high)).sum())
        expect(f"share of {what} that keep {low} to {high} of {length}", inside, len(sums),
               cdf(high, length, q) - cdf(low - 1, length, q), large)


@lru_cache
def equal_counts(n: int, q: float) -> float:
    """The probability that two draws of Bin(n, q) are equal."""
    return sum(pmf(k, n, q) ** 2 for k in range(n + 1))


def middle_of(n: int, q: float) -> tuple[int, int]:
    # about half of all sums lie this close to their mean
    width = 0.67 * float(np.sqrt(n * q * (1 - q)))
    return round(n * q - width), round(n * q + width)


@verb(chances=1, sees=_repetition_seen)
def draws_afresh(exam: Exam, *, p: float, via: Via = "forward",
                 shape: tuple[int, ...] = (128, 128)) -> None:
    """draws a fresh mask in every call"""
    first, second = masks(exam, p, shape, 2, via, rng="rng")
    coins = thrown(np.stack([first, second], axis=-1), range(first.ndim))
    agreeing = int((coins[..., 0] == coins[..., 1]).sum())
    expect("share of units on which two calls agree", agreeing, coins[..., 0].size,
           agreement(share_of(coins, p)))


@verb()
def obeys_the_generator(exam: Exam, *, p: float, via: Via = "forward",
                        shape: tuple[int, ...] = (32, 50)) -> None:
    """draws from the rng it is given: the same seed gives the same mask"""
    calls = (draw_call(exam, via, shape, p, seed) for seed in (0, 0, 1))
    first, again, other = (read_mask(value, via, shape) for value in exam.ask(*calls))
    if not np.array_equal(first, again):
        raise Wrong("two generators with the same seed gave masks that differ in "
                    f"{int((first != again).sum())} units", "no difference")
    if np.array_equal(first, other):
        raise Wrong("two generators with different seeds gave the same mask", "different masks")


@verb()
def leaves_global_random_state_alone(exam: Exam, *, p: float, via: Via = "forward",
                                     shape: tuple[int, ...] = (4, 5)) -> None:
    """leaves the global random state alone"""
    call = draw_call(exam, via, shape, p, watch=True)
    at_test = [replace(call, kwargs={"train": False})] if via == "forward" else []
    answers = exam.answers(call, *at_test)
    if answers[0].outcome is not Outcome.PASSED:
        raise Unanswered(call, answers[0])
    if any(a.beside.global_rng_moved for a in answers):
        raise Wrong("the function drew from (or seeded) the global generator",
                    "random numbers from rng only")


@verb(chances=1, sees=_emptiness_seen)
def can_drop_everything(exam: Exam, *, p: float, units: int = 2, calls: int = 100,
                        via: Via = "multiplier", lead: tuple[int, ...] = ()) -> None:
    """drops all of a few units as often as chance has it"""
    shape = (*lead, units)
    (some,) = masks(exam, p, SOME, 1, via)
    expected = share_of(some, p) ** units
    looks = range(calls // 4, calls, max(1, calls // 8))
    for count in (*looks, calls):
        found = np.stack(masks(exam, p, shape, count, via))
        empty = count - int(found.reshape(count, -1).any(axis=1).sum())
        if count < calls and is_settled(empty, count, calls, expected, len(looks)):
            return
    expect(f"share of masks of {units} units with nothing kept", empty, calls, expected)
