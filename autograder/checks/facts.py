"""Probes for diagnosis: a few robust facts about a function, each a short word such as "1-p" or "shared".

They judge nothing. `diagnose` compares the facts of a student's function with those of the right and of the wrong solutions.
"""

from __future__ import annotations

import functools
import logging
import math
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from autograder.asking import Exam, Unanswered, Wrong, array, called, number, raised, shown, tripped
from autograder.checks.behaviour import ending
from autograder.checks.forms import Form
from autograder.checks.inputs import Array, backward_call, normal, output, positive, returned_output, scale, test_call, train_call
from autograder.checks.randomness import Via, draw_call, draw_input, drawn, masks, read_mask
from autograder.model import AutograderError, Broken, Call, Given, Outcome, Seed

LOG = logging.getLogger(__name__)
UNUSABLE_RESULT = "not a usable result"  # the word for what no probe can read
P = 0.3  # far from 1/2, where so many mistakes look right
SHAPE = (101, 119)  # a share is known to 0.004, the labels below are 0.05 apart; 0.7 of 12019 is no whole number (see `_factor`)


@dataclass(frozen=True)
class Fact:
    """One probe bound to its case; `look(exam)` gives the word."""

    name: str
    probe: Callable[[Exam], str]

    def look(self, exam: Exam, strict: bool = False) -> str:
        """The word for this fact; what went wrong is a fact too.

        A probe that trips over an answer costs the hint, never the grading: no mark hangs on a fact. With `strict`, for answers that the
        course itself wrote, it is Broken, so that the bug is found here and not by a class.
        """
        try:
            with warnings.catch_warnings(), np.errstate(all="warn"):
                warnings.simplefilter("ignore")  # NaN and infinity come from the student; NumPy's warnings about them are not ours to print
                return shown(self.probe(exam), hidden=True)
        except Wrong:
            return UNUSABLE_RESULT
        except Unanswered as unanswered:
            answer = unanswered.answer
            return f"raises {raised(answer)}" if answer.outcome is Outcome.RAISED else answer.outcome.value
        except AutograderError:
            raise
        except Exception as error:
            what = f"{exam.function}, fact {self.name}: {tripped(error)}"
            if strict:
                raise Broken(what) from error
            LOG.info(what, exc_info=LOG.isEnabledFor(logging.DEBUG))
            return UNUSABLE_RESULT


def fact(probe: Callable[..., str]) -> Callable[..., Fact]:
    """Turn a probe into a maker of facts; the fact is named like the probe unless `name` says otherwise."""

    @functools.wraps(probe)
    def make(name: str = "", **case: Any) -> Fact:
        return Fact(name or probe.__name__, functools.partial(probe, **case))

    return make


def nearest(value: float, table: Mapping[str, float], within: float) -> str:
    """The label whose number is nearest, or "other" when none is within reach."""
    label, distance = min(((k, abs(v - value)) for k, v in table.items()), key=lambda item: item[1])
    return label if distance <= within else "other"


# ------------------------------------------------------------------------------------------------------------------------ draws
def _normal_cdf(z: float) -> float:
    return 0.5 * (1 + math.erf(z / math.sqrt(2)))


SHARES = {"p": P, "1-p": 1 - P, "none": 0.0, "all": 1.0, "half": 0.5} | {
    "normal": _normal_cdf(P),  # compares a normal number with p or 1-p, this way round or the other
    "normal ": _normal_cdf(1 - P),
    "normal  ": 1 - _normal_cdf(P),
    "normal   ": 1 - _normal_cdf(1 - P),
    "with replacement": 1 - math.exp(-P),  # p * n places, each picked among all n
}


@fact
def drop_share(exam: Exam, *, via: Via = "forward", shape: tuple[int, ...] = SHAPE) -> str:
    """Which share is dropped, counted where x is positive, so that a ReLU does not look like dropping."""
    positive = draw_input(exam, shape).value > 0
    kept = np.mean([m[positive].mean() for m in _some_masks(exam, P, shape, via)])
    return nearest(1 - float(kept), SHARES, 0.028).strip()


def _some_masks(exam: Exam, p: float, shape: tuple[int, ...], via: Via) -> list[Array]:
    """As many masks as it takes to know the share well: a few, or many when whole rows, columns or masks share one draw."""
    few = masks(exam, p, shape, 4, via)
    shares = [float(m.mean()) for m in few]
    scattered = max(shares) - min(shares) > 6 * float(np.sqrt(p * (1 - p) / few[0].size))
    return masks(exam, p, shape, 24, via) if scattered or any(share in (0, 1) for share in shares) else few


@fact
def rows(exam: Exam, *, via: Via = "forward") -> str:
    """Are all rows (examples) masked alike?"""
    return _sameness(masks(exam, P, SHAPE, 1, via)[0], 0)


@fact
def columns(exam: Exam, *, via: Via = "forward") -> str:
    """Are all columns (features) masked alike?"""
    return _sameness(masks(exam, P, SHAPE, 1, via)[0], 1)


def _sameness(mask: Array, axis: int) -> str:
    return "shared" if (mask == mask.take([0], axis=axis)).all() and not mask.all() and mask.any() else "apart"


@fact
def number_dropped(exam: Exam, *, via: Via = "forward") -> str:
    """Does the number of dropped units vary, over 24 calls or over the rows of one?"""
    small = masks(exam, P, (4, 6), 24, via)
    (large,) = masks(exam, P, SHAPE, 1, via)
    per_call = not all(np.array_equal(m, small[0]) for m in small) and len({int(m.sum()) for m in small}) == 1
    per_row = _sameness(large, 0) == "apart" and len({int(n) for n in large.sum(1)}) == 1
    return "fixed" if per_call or (per_row and 0 < large.mean() < 1) else "varies"


@fact
def small_p(exam: Exam, *, via: Via = "forward", shape: tuple[int, ...] = SHAPE, p: float = 0.03) -> str:
    """Which share is dropped when p is small: "p", "rounded" when it is a whole number of tenths, "other"."""
    share, usual = (1 - float(np.mean([m.mean() for m in _some_masks(exam, q, shape, via)])) for q in (p, P))
    if abs(share - p) < 0.015:
        return "p"
    tenths = min(share, abs(share - 0.1)) < 0.015
    return "rounded" if tenths and abs(usual - P) < 0.03 else "other"


@fact
def next_mask(exam: Exam, *, via: Via = "forward", shape: tuple[int, ...] = SHAPE) -> str:
    """Is a second call with the same generator a fresh draw?"""
    first, second = masks(exam, P, shape, 2, via, rng="rng")
    return "frozen" if np.array_equal(first, second) and first.any() and not first.all() else "fresh"


@fact
def generator(exam: Exam, *, via: Via = "forward", shape: tuple[int, ...] = (32, 50)) -> str:
    """Where do the random numbers come from?"""
    calls = [replace(draw_call(exam, via, shape, P, Seed(exam.seed())), watch=True) for _ in range(2)]
    answers = exam.returned(*calls)
    if answers[0].facts is not None and answers[0].facts.global_rng_moved:
        return "global"
    first, second = (read_mask(a.value, via, shape) for a in answers)
    return "given" if np.array_equal(first, second) else "own"


@fact
def mask_type(exam: Exam) -> str:
    """What a returned mask holds: "bool", "whole numbers" or "numbers"."""
    (value,) = exam.ask(draw_call(exam, "mask", (4, 5), P, Seed(exam.seed())))
    kind = array(value, "mask", (4, 5)).dtype.kind
    return {"b": "bool", "i": "whole numbers", "u": "whole numbers"}.get(kind, "numbers")


# ------------------------------------------------------------------------------------------------------------------ forward values
FACTORS = {name: scale(name, P) for name in ("1", "1-p", "1/(1-p)", "p", "1/p")} | {
    "1/(1-p)^2": 1 / (1 - P) ** 2,
    "(1-p)^2": (1 - P) ** 2,
    "0": 0.0,
}


@fact
def survivors(exam: Exam, *, via: Via = "forward", shape: tuple[int, ...] = SHAPE) -> str:
    """The factor on the survivors, or "nothing dropped"."""
    if via == "multiplier":
        (value,) = exam.ask(draw_call(exam, via, shape, P, Seed(exam.seed())))
        out, x = drawn(value, via, shape).astype(float), np.ones(shape)
    else:
        given = normal(shape, exam.seed(1))
        (value,) = exam.ask(train_call(exam.function, given, P, Seed(exam.seed())))
        out, x = output(value, given), np.asarray(given.value)
    return "nothing dropped" if np.array_equal(out, x) else _factor(out, x)


def _factor(out: Array, x: Array) -> str:
    kept = out != 0
    if not kept.any():
        return "0"
    ratio = out[kept] / x[kept]
    if np.ptp(ratio) > 1e-6 * abs(ratio).max():
        return "the mask" if not kept.all() and np.ptp(out[kept]) <= 1e-9 * abs(out[kept]).max() else "varies"
    named = nearest(float(ratio[0]), FACTORS, 1e-6)  # that 1 / (realised share) is never 1 / (1 - p) by chance is SHAPE's merit
    realised = not kept.all() and abs(ratio[0] - kept.size / kept.sum()) < 1e-9
    return "units / kept" if named == "other" and realised else named


@fact
def digits(exam: Exam, *, via: Via = "forward", shape: tuple[int, ...] = SHAPE) -> str:
    """How exact the factor on float64 survivors is.

    "double", "float32", "float32 throughout" when it differs from unit to unit, or "about" when it is off by something else that is small.
    """
    (value,) = exam.ask(draw_call(exam, via, shape, P, Seed(exam.seed())))
    out = drawn(value, via, shape).astype(float)
    x = np.asarray(draw_input(exam, shape).value) if via == "forward" else np.ones(shape)
    if FACTORS.get(_factor(out, x), 0.0) == 0:
        return "unclear"
    ratios = out[out != 0] / x[out != 0]
    if ratios.size and np.ptp(ratios) > 1e-9 * abs(ratios).max():
        return "float32 throughout"
    ratio = float(ratios[0]) if ratios.size else 0.0
    wanted = FACTORS[_factor(out, x)]
    if abs(ratio - wanted) <= 1e-10 * wanted:
        return "double"
    single = [float(np.float32(f)) for f in (wanted, np.float32(1) / np.float32(1 / wanted))]
    return "float32" if min(abs(ratio - s) for s in single) <= 1e-12 else "about"


@fact
def returned(exam: Exam, *, shape: tuple[int, ...] = (6, 7)) -> str:
    """What a training call returns: "(out, cache)", "out alone", "nothing" or "other"."""
    (value,) = exam.ask(train_call(exam.function, normal(shape, exam.seed(1)), P, Seed(exam.seed())))
    if isinstance(value, (tuple, list)):
        return "(out, cache)" if len(value) == 2 else "other"
    return "nothing" if value is None else "out alone" if np.shape(value) == shape else "other"


@fact
def rng_at_test(exam: Exam, *, shape: tuple[int, ...] = (6, 7)) -> str:
    """Does it work without a generator at test time? "needed" when it only works with one."""
    x = normal(shape, exam.seed(1))
    without, with_one = exam.answers(test_call(exam.function, x, P), test_call(exam.function, x, P, Seed(exam.seed())))
    return "needed" if without.outcome is Outcome.RAISED and with_one.outcome is Outcome.PASSED else "not needed"


@fact
def test_time(exam: Exam, *, shape: tuple[int, ...] = SHAPE) -> str:  # noqa: PT028  a probe, not a test
    """What test time multiplies by, or "drops"."""
    x = normal(shape, exam.seed(1))
    given_rng = Call(exam.function, (x, P, Seed(exam.seed())), {"train": False}, returns=("out", "cache"), ship=(0,))
    (value,) = exam.ask(given_rng)
    positive_ = x.value > 0  # a ReLU is no dropping
    out = output(value, x)[positive_]
    return "drops" if (out == 0).any() and (out != 0).any() else _factor(out, np.asarray(x.value)[positive_])


test_time.__test__ = False  # type: ignore[attr-defined]  # a probe, not a test


@fact
def negatives(exam: Exam, *, shape: tuple[int, ...] = SHAPE) -> str:
    """Do negative inputs survive?"""
    x = normal(shape, exam.seed(1))
    (value,) = exam.ask(train_call(exam.function, x, P, Seed(exam.seed())))
    out = output(value, x)
    return "lost" if not (out < 0).any() and (out > 0).any() else "kept"


@fact
def input_after(exam: Exam, *, shape: tuple[int, ...] = (6, 7)) -> str:
    """Is x as it was after a call?"""
    x = normal(shape, exam.seed(1))
    (answer,) = exam.returned(train_call(exam.function, x, P, Seed(exam.seed()), watch=True))
    after = answer.facts.arguments[0] if answer.facts and answer.facts.arguments else None
    return "kept" if isinstance(after, np.ndarray) and np.array_equal(after, x.value) else "overwritten"


@fact
def float32_gives(exam: Exam, *, shape: tuple[int, ...] = (6, 7)) -> str:
    """The dtype that float32 becomes in training; "float32, and so does float64" when that becomes float32 as well."""
    given = [normal(shape, exam.seed(1), dtype) for dtype in ("float32", "float64")]
    values = exam.ask(*(train_call(exam.function, x, P, Seed(exam.seed())) for x in given))
    single, double = (str(returned_output(value, x).dtype.name) for value, x in zip(values, given, strict=True))
    return "float32, and so does float64" if single == double == "float32" else single


@fact
def shapes(exam: Exam, *, via: Via = "forward") -> str:
    """Does it work on arrays that are not 2-D, and where it is asked for a shape, on a plain number?"""
    (flat,) = exam.ask(draw_call(exam, via, (6, 7), P, Seed(exam.seed())))
    read_mask(flat, via, (6, 7))  # what does not even work in 2-D is another matter
    for shape in ((7,), (2, 3, 4, 5)):
        try:
            (value,) = exam.ask(draw_call(exam, via, shape, P, Seed(exam.seed())))
            read_mask(value, via, shape)
        except (Wrong, Unanswered):
            return "2-D only"
    if via != "forward" and not isinstance(via, Form):
        try:
            (value,) = exam.ask(Call(exam.function, (7, P, Seed(exam.seed())), returns=("mask",)))
            read_mask(value, via, (7,))
        except (Wrong, Unanswered):
            return "tuples only"
    return "any"


@fact
def at_one(exam: Exam, *, via: Via = "forward", shape: tuple[int, ...] = (6, 7)) -> str:
    """What p = 1 gives."""
    call = replace(draw_call(exam, via, shape, 1.0, Seed(exam.seed())), watch=True)
    (answer,) = exam.returned(call)
    result = drawn(answer.value, via, shape)
    if np.isnan(result).any():
        return "NaN"
    if (result == 0).all():
        return "zeros, with a warning" if answer.facts and answer.facts.warnings else "zeros"
    return "infinity" if np.isinf(result).any() else "numbers"


@fact
def at_zero(exam: Exam, *, via: Via = "forward", shape: tuple[int, ...] = (6, 7)) -> str:
    """What p = 0 gives."""
    x = draw_input(exam, shape)
    (value,) = exam.ask(draw_call(exam, via, shape, 0.0, Seed(exam.seed())))
    wanted = x.value if via == "forward" else np.ones(shape)
    return "identity" if np.allclose(drawn(value, via, shape), wanted, rtol=1e-6, atol=0) else "other"


@fact
def outside(exam: Exam, *, via: Via = "forward", shape: tuple[int, ...] = (4, 5)) -> str:
    """What a p outside [0, 1] gives."""
    words = []
    for p in (-0.25, 1.25):
        (answer,) = exam.answers(draw_call(exam, via, shape, p, Seed(exam.seed())))
        words.append(ending(answer))
    return words[0] if words[0] == words[1] else " / ".join(words)


@fact
def outside_at_test(exam: Exam, *, shape: tuple[int, ...] = (4, 5)) -> str:
    """What a p outside [0, 1] gives at test time."""
    x = normal(shape, exam.seed(1))
    answers = exam.answers(*(test_call(exam.function, x, p) for p in (-0.25, 1.25)))
    words = dict.fromkeys("accepted" if a.outcome is Outcome.PASSED else raised(a) for a in answers)
    return " / ".join(words)


# ------------------------------------------------------------------------------------------------------------------ backward values
def _gradients(exam: Exam, forward: str, backward: str, shape: tuple[int, ...]) -> tuple[Array, Array, Array, Array]:
    x, dout = positive(shape, exam.seed(1)), normal(shape, exam.seed(2))
    value, dx = exam.ask(train_call(forward, x, P, Seed(exam.seed())), backward_call(backward, dout, 0))
    return output(value, x), np.asarray(x.value), np.asarray(dout.value), array(dx, "dx", shape)


def must_return(exam: Exam, *there: Call) -> None:
    """Wrong when a forward pass raises: no backward pass is to blame for that, whatever was raised."""
    for call, answer in zip(there, exam.answers(*there), strict=True):
        if answer.outcome is not Outcome.PASSED:
            raise Wrong(f"{called(call)} did not return", "a pass to go back through")


@fact
def gradient_mask(exam: Exam, *, forward: str, backward: str, shape: tuple[int, ...] = SHAPE) -> str:
    """Where does the gradient vanish? "another" when at as many places as the output, but at others."""
    out, _, dout, dx = _gradients(exam, forward, backward, shape)
    zero, dropped = dx == 0, out == 0
    if np.array_equal(zero, dropped):
        return "same"
    if zero.mean() < 0.01 or zero.all():
        return "all" if zero.all() else "none" if np.ptp(dx / dout) <= 1e-9 * abs(dx / dout).max() else "none, but unlike"
    if np.array_equal(zero, ~dropped):
        return "inverted"
    return "another" if abs(zero.mean() - dropped.mean()) < 0.05 else "other"


@fact
def gradient_factor(exam: Exam, *, forward: str, backward: str, shape: tuple[int, ...] = SHAPE) -> str:
    """The gradient's factor on kept units, relative to the one of the forward pass; or "times out", or "mask alone".

    "unclear" when the gradient does not vanish just where the output does: then its mask is wrong, and a factor means nothing.
    """
    out, x, dout, dx = _gradients(exam, forward, backward, shape)
    both = (dx != 0) & (out != 0)
    if not dx.any():
        return "0"
    if not np.array_equal(dx == 0, out == 0):
        return "unclear"
    own = dx[both] / dout[both]
    if np.allclose(own, out[both], rtol=1e-9):
        return "times out"
    if np.allclose(own, x[both], rtol=1e-9):
        return "times x"
    ratio = own / (out[both] / x[both])
    if np.ptp(ratio) > 1e-6 * abs(ratio).max():
        return "varies"
    return "mask alone" if np.ptp(own) == 0 == abs(own[0] - 1) and abs(ratio[0] - 1) > 0.01 else nearest(float(ratio[0]), FACTORS, 1e-6)


@fact
def test_gradient(exam: Exam, *, forward: str, backward: str, by: str = "", shape: tuple[int, ...] = SHAPE) -> str:  # noqa: PT028
    """The gradient's factor after a pass at test time, relative to the one of that pass (or to `by`); a training pass comes before."""
    x, dout = positive(shape, exam.seed(1)), normal(shape, exam.seed(2))
    there = train_call(forward, x, P, Seed(exam.seed())), test_call(forward, x, P, Seed(exam.seed(3)))
    must_return(exam, *there)
    before, value, dx_value = exam.ask(*there, backward_call(backward, dout, 1))
    if dx_value is None:
        return "nothing"
    own, zero = output(value, x) / x.value, array(dx_value, "dx", shape) == 0
    if by and np.allclose(array(dx_value, "dx"), dout.value * scale(by, P), rtol=1e-6, atol=0):
        return "1"
    if zero.any() and not zero.all() and not np.array_equal(zero, own == 0):
        return "stale mask" if np.array_equal(zero, output(before, x) == 0) else "drops"
    kept = own != 0
    if not kept.any():
        return "1" if zero.all() else "other"
    return _factor(array(dx_value, "dx")[kept], (dout.value * own)[kept])


test_gradient.__test__ = False  # type: ignore[attr-defined]


@fact
def cache_used(exam: Exam, *, forward: str, backward: str, shape: tuple[int, ...] = SHAPE) -> str:
    """Of two forward passes, whose mask does the backward pass of the first use?"""
    x, dout = positive(shape, exam.seed(1)), normal(shape, exam.seed(2))
    first, second = (train_call(forward, x, P, Seed(exam.seed(k))) for k in (3, 4))
    one, two, value = exam.ask(first, second, backward_call(backward, dout, 0))
    zeros = array(value, "dx", shape) == 0
    if np.array_equal(zeros, output(one, x) == 0):
        return "own"
    return "latest" if np.array_equal(zeros, output(two, x) == 0) else "other"


@fact
def gradient_at_one(exam: Exam, *, forward: str, backward: str, shape: tuple[int, ...] = (6, 7)) -> str:
    """What the gradient holds after a forward pass with p = 1 that gave zeros; "skipped" when that pass did not."""
    x, dout = positive(shape, exam.seed(1)), normal(shape, exam.seed(2))
    before, after = exam.answers(train_call(forward, x, 1.0, Seed(exam.seed())), backward_call(backward, dout, 0))
    if before.outcome is not Outcome.PASSED or not isinstance(before.value, (tuple, list)) or output(before.value, x).any():
        return "skipped"
    if after.outcome is not Outcome.PASSED:
        return "no number" if after.error.startswith("ZeroDivisionError") else "skipped"
    dx = array(after.value, "dx", shape)
    return "zeros" if (dx == 0).all() else "numbers" if np.isfinite(dx).all() else "no number"


@fact
def gradient_at_zero_input(exam: Exam, *, forward: str, backward: str, shape: tuple[int, ...] = SHAPE) -> str:
    """Does a kept unit pass its gradient where x is 0?"""
    value = np.array(positive(shape, exam.seed(1)).value)
    value[..., ::2] = 0.0
    x, dout = Given("x with zeros", value), normal(shape, exam.seed(2))
    _, dx = exam.ask(train_call(forward, x, P, Seed(exam.seed())), backward_call(backward, dout, 0))
    passing = array(dx, "dx", shape) != 0
    if not passing.any():
        return "all zero"
    return "passes" if passing[value == 0].any() else "blocked"


@fact
def dout_after(exam: Exam, *, forward: str, backward: str, shape: tuple[int, ...] = (6, 7)) -> str:
    """Is dout as it was after a call?"""
    x, dout = normal(shape, exam.seed(1)), normal(shape, exam.seed(2))
    answers = exam.returned(train_call(forward, x, P, Seed(exam.seed())), backward_call(backward, dout, 0, watch=True))
    facts = answers[1].facts
    after = facts.arguments[0] if facts and facts.arguments else None
    return "kept" if isinstance(after, np.ndarray) and np.array_equal(after, dout.value) else "overwritten"


# ---------------------------------------------------------------------------------------------------------------------- others
@fact
def value_at(exam: Exam, *, given: tuple[Any, ...], index: int = 0, function: str = "") -> str:
    """The number a function gives in one case, in six digits."""
    arguments = tuple(Given(f"np.array({a})", np.array(a)) if isinstance(a, list) else a for a in given)
    (value,) = exam.ask(Call(function or exam.function, arguments))
    items = value if isinstance(value, (tuple, list)) else (value,)
    if len(items) <= index:
        return "missing"
    numbers = array(items[index], "value")
    return number(numbers.flat[0] + 0.0) if numbers.size else "empty"  # + 0.0 turns -0.0 into 0.0


@fact
def when_all_are_dropped(exam: Exam, *, units: int = 2, calls: int = 400) -> str:
    """What a multiplier mask of a few units looks like when chance drops all of them (p = 1/2)."""
    shape = (units,)
    asked = [draw_call(exam, "multiplier", shape, 0.5, Seed(exam.seed(k))) for k in range(4 * calls)]
    values = exam.ask(*asked[:calls])
    if any(isinstance(v, (bool, int, float)) or (isinstance(v, np.ndarray) and v.ndim == 0) for v in values):
        return "a single number"
    found = [read_mask(v, "multiplier", shape) for v in values]
    empty, full = (sum(map(bool, many)) / calls for many in ((not m.any() for m in found), (m.all() for m in found)))
    if empty:  # a quarter of all, and a quarter of that when an empty mask is drawn once more
        return "drawn once more" if empty < 5 / 32 and abs(full - 5 / 16) < 0.08 else "zeros"
    more = [read_mask(v, "multiplier", shape) for v in exam.ask(*asked[calls:])]  # what follows lies nearer together
    full = sum(bool(m.all()) for m in found + more) / len(asked)
    return nearest(full, {"one is kept": 0.25, "drawn again": 1 / 3, "all kept": 0.5}, 0.08)
