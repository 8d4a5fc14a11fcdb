"""Symptoms of how a mask is drawn: which share, by which chance, and what shares a coin."""

from __future__ import annotations

import math
from statistics import NormalDist

import numpy as np

from autograder.asking import Exam, array
from autograder.checks_api.inputs import Array, normal
from autograder.checks_api.symptoms import nearest, symptom
from autograder.dropout.calls import output, train_call
from autograder.dropout.mask_symptoms import SHAPE, P
from autograder.dropout.masks import Via, draw_call, draw_input, masks, read_mask

__all__ = ["channels", "coins_of_a_call", "columns", "drop_share", "generator", "mask_type",
           "next_mask", "number_dropped", "other_inputs", "rows", "small_p"]

FEW = 4  # masks tell a share well, where each unit has a coin of its own
SHARES = {"p": P, "1-p": 1 - P, "none": 0.0, "all": 1.0, "half": 0.5} | {
    # compares a normal number with p or 1-p, this way round or the other
    "normal": NormalDist().cdf(P),
    "normal ": NormalDist().cdf(1 - P),
    "normal  ": 1 - NormalDist().cdf(P),
    "normal   ": 1 - NormalDist().cdf(1 - P),
    "with replacement": 1 - math.exp(-P),  # p * n places, each picked among all n
}


@symptom
def drop_share(exam: Exam, *, via: Via = "forward", shape: tuple[int, ...] = SHAPE) -> str:
    """Which share is dropped, counted where x is positive, so that a ReLU does not look like
    dropping."""
    positive = draw_input(exam, shape).value > 0
    drawn_ = _some_masks(exam, P, shape, via)
    if ("shared" in map(_sameness, drawn_[:2], (0, 1))
            and all(np.array_equal(m, drawn_[0]) for m in drawn_) and len(drawn_) == FEW):
        return "p"  # a line of coins, the same in each call: too few to tell of another share
    found = [m[positive] for m in drawn_]
    within = (0.028 if len(found) > FEW
              else min(0.028, 5 * math.sqrt(P * (1 - P) / (FEW * found[0].size))))
    return nearest(1 - float(np.mean([m.mean() for m in found])), SHARES, within).strip()


def _some_masks(exam: Exam, p: float, shape: tuple[int, ...], via: Via) -> list[Array]:
    """As many masks as show the share well: a few, or many when rows or masks share a draw."""
    few = masks(exam, p, shape, FEW, via)
    shares = [float(m.mean()) for m in few]
    scattered = max(shares) - min(shares) > 6 * float(np.sqrt(p * (1 - p) / few[0].size))
    return (masks(exam, p, shape, 24, via) if scattered
            or any(share in (0, 1) for share in shares) else few)


@symptom
def rows(exam: Exam, *, via: Via = "forward") -> str:
    """Are all rows (examples) masked alike, or two by two?"""
    (mask,) = masks(exam, P, SHAPE, 1, via)
    return "in pairs" if _paired(mask) else _sameness(mask, 0)


@symptom
def columns(exam: Exam, *, via: Via = "forward") -> str:
    """Are all columns (features) masked alike, or two by two?"""
    (mask,) = masks(exam, P, SHAPE, 1, via)
    return "in pairs" if _paired(mask.T) or _paired(mask.ravel()) else _sameness(mask, 1)


@symptom
def channels(exam: Exam) -> str:
    """Are all places of a channel masked alike, where x has three axes? Whose channels are masked
    alike is another fact."""
    (mask,) = masks(exam, P, (40, 8, 6), 1, "forward")
    return _sameness(mask, 2) if mask.ndim == 3 else "apart"


def _paired(lines: Array) -> bool:
    """Are neighbours alike, or lines half a mask apart, while others differ?"""
    half, even = (len(lines) + 1) // 2, len(lines) // 2 * 2
    alike = (np.array_equal(lines[:even:2], lines[1:even:2])
             or np.array_equal(lines[:-half], lines[half:]))
    return alike and not np.array_equal(lines[:-2], lines[2:])


def _sameness(mask: Array, axis: int) -> str:
    return ("shared" if (mask == mask.take([0], axis=axis)).all() and not mask.all() and mask.any()
            else "apart")


@symptom
def number_dropped(exam: Exam, *, via: Via = "forward") -> str:
    """Does the number of dropped units vary, over 24 calls or over the rows of one?"""
    small = masks(exam, P, (4, 6), 24, via)
    (large,) = masks(exam, P, SHAPE, 1, via)
    per_call = (not all(np.array_equal(m, small[0]) for m in small)
                and len({int(m.sum()) for m in small}) == 1)
    per_row = _sameness(large, 0) == "apart" and len({int(n) for n in large.sum(1)}) == 1
    return "fixed" if per_call or (per_row and 0 < large.mean() < 1) else "varies"


@symptom
def coins_of_a_call(exam: Exam, *, via: Via = "forward") -> str:
    """How many coins a call throws: "one", when it drops all or nothing, or "many"."""
    found = {float(m.mean()) for m in masks(exam, P, (4, 6), 24, via)}
    return "one" if found == {0.0, 1.0} else "many"


@symptom
def small_p(exam: Exam, *, via: Via = "forward", shape: tuple[int, ...] = SHAPE,
            p: float = 0.03) -> str:
    """Which share is dropped when p is small: "p", "rounded" to tenths or "rounded to hundredths",
    "half", "other"."""
    small, large = (_some_masks(exam, q, shape, via) for q in (p, P))
    share, usual = (1 - float(np.mean([m.mean() for m in many])) for many in (small, large))
    if abs(share - p) < 0.015:
        least = np.mean([m == 0 for m in masks(exam, 0.005, shape, FEW, via)])
        return ("rounded to hundredths" if len(large) == FEW
                and min(least, abs(least - 0.01)) < 0.0015 else "p")
    tenths = min(share, abs(share - 0.1)) < 0.015
    return ("rounded" if tenths and abs(usual - P) < 0.03
            else "half" if abs(share - 0.5) < 0.03 else "other")


@symptom
def next_mask(exam: Exam, *, via: Via = "forward", shape: tuple[int, ...] = SHAPE) -> str:
    """Is a second call with the same generator a fresh draw?"""
    first, second = masks(exam, P, shape, 2, via, rng="rng")
    return ("frozen" if np.array_equal(first, second) and first.any() and not first.all()
            else "fresh")


@symptom
def generator(exam: Exam, *, via: Via = "forward", shape: tuple[int, ...] = (32, 50)) -> str:
    """Where do the random numbers come from?"""
    calls = [draw_call(exam, via, shape, P, watch=True) for _ in range(2)]
    answers = exam.returned(*calls)
    if answers[0].beside.global_rng_moved:
        return "global"
    first, second = (read_mask(a.value, via, shape) for a in answers)
    return "given" if np.array_equal(first, second) else "own"


@symptom
def other_inputs(exam: Exam) -> str:
    """Does the mask depend on the inputs, when the seed is the same?"""
    given = [normal((32, 50), exam.seed(k)) for k in (1, 2)]
    values = exam.ask(*(train_call(exam, x, P) for x in given))
    one, other = (output(value, x) != 0 for value, x in zip(values, given, strict=True))
    return "the same mask" if np.array_equal(one, other) else "another mask"


@symptom
def mask_type(exam: Exam) -> str:
    """What a returned mask holds: "bool", "whole numbers" or "numbers"."""
    (value,) = exam.ask(draw_call(exam, "mask", (4, 5), P))
    kind = array(value, "mask", (4, 5)).dtype.kind
    return {"b": "bool", "i": "whole numbers", "u": "whole numbers"}.get(kind, "numbers")
