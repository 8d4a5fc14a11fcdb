"""Symptoms of a gradient judged along random directions: each one part of the formula.

The functions that are handed over know the step, and change by the same along every direction: so
what is asked does not depend on which directions are drawn. Where both slopes are the unit, errors
are 1 whatever is wrong: what does not show then is called right.
"""

from __future__ import annotations

import numpy as np

from autograder.asking import Exam, Unanswered, Wrong, array
from autograder.checks_api.symptoms import nearest, precision, symptom
from autograder.model import Call, Code, Given, Seed

__all__ = ["digits_of_an_error", "length_of_a_direction", "reach", "result_of_k", "sides_of_a_step",
           "sign_of_an_error", "step_taken", "unit_of_an_error", "ways_of_directions",
           "weight_of_dout"]

STEP = 0.5
STEEP = f"{STEP} * np.sign(x.sum())"  # its slope is 1 or -1 along every direction
WIDE = "(1 if abs(x[0]) > abs(x[1]) else 3)"
HIGH = "(3 if abs(x[0]) > abs(x[1]) else 1)"
LINE = "x.sum()"
LONG = "np.sqrt((x ** 2).sum()) * np.sign(x.sum())"  # its slope is the length of the direction
TINY = 1e-4  # a dx that is no match for the slope of STEEP
NEAR = 0.05
BLIND = "both slopes"


def _error(exam: Exam, formula: str, dx: list[float] | list[list[float]], dout: float = 1.0,
           k: int = 1, seed: int = 0, h: float = STEP) -> float:
    """The error of dx as the gradient of a formula at x = 0."""
    f = Code("f", f"def f(x):\n    return float({formula})\n")
    x = Given(f"np.zeros({np.shape(dx)})", np.zeros(np.shape(dx)))
    given = Given(f"np.array({dx})", np.array(dx))
    (value,) = exam.ask(Call(exam.function, (f, x, dout, given, Seed(exam.seed(seed)), k, h)))
    error = float(array(value, "error", ()))
    if not np.isfinite(error):
        raise Wrong(f"error = {error}", "a number")
    return error


def _ratio(one: float, other: float) -> float:
    return abs(one / other) if other else np.inf


def _size(exam: Exam, dx: list[float] | list[list[float]], formula: str = STEEP) -> float:
    return abs(_error(exam, formula, dx))


@symptom
def unit_of_an_error(exam: Exam) -> str:
    """What the difference of the slopes is divided by."""
    return _unit(exam)


def _unit(exam: Exam) -> str:
    dx = [TINY, 2 * TINY, 3 * TINY, 4 * TINY]
    one = _size(exam, dx)
    if abs(_ratio(one, _size(exam, dx[::-1])) - 1) > NEAR:
        return "the slope of that direction"
    if abs(_ratio(one, _size(exam, [2 * entry for entry in dx])) - 1) < NEAR:
        doubled = _ratio(_size(exam, dx, f"2 * {STEEP}"), one)
        return nearest(doubled, {"nothing": 2.0, BLIND: 1.0}, NEAR)
    if _counts_rows(exam, dx, one):
        return "|dx| / sqrt(rows)"
    return nearest(_ratio(one, _size(exam, [float(np.linalg.norm(dx))])),
                   {"|dx| / sqrt(n)": 2.0, "|dx|": 1.0, "|dx| / n": 4.0, "|dx| sqrt(n)": 0.5},
                   2 * NEAR)


def _counts_rows(exam: Exam, dx: list[float], flat: float) -> bool:
    """Whether n is that of the rows, by the same dx as a matrix, where that can be done."""
    try:
        return bool(abs(_ratio(flat, _size(exam, [dx[:2], dx[2:]])) - np.sqrt(2)) < NEAR)
    except (Unanswered, Wrong):
        return False


@symptom
def length_of_a_direction(exam: Exam) -> str:
    """Have directions the length 1, those of a matrix, too? LONG and STEEP have the same slope
    then."""
    if _own_step(exam):
        return "1"
    one, other = (_size(exam, [[TINY] * 3] * 2, formula) for formula in (LONG, STEEP))
    return "1" if abs(_ratio(one, other) - 1) < 1e-3 else "any"


def _own_step(exam: Exam) -> bool:
    one, other = (abs(_error(exam, STEEP, [TINY, 0], h=h)) for h in (STEP, 2 * STEP))
    return _unit(exam) != BLIND and abs(_ratio(one, other) - 1) < NEAR


@symptom
def step_taken(exam: Exam) -> str:
    """Is the step h, or its own?"""
    return "its own" if _own_step(exam) else "h"


@symptom
def sides_of_a_step(exam: Exam) -> str:
    """Is a step taken to both sides, to one, or back to where it began, "half a difference"? "twice
    the slope" is what comes of a division by h."""
    if abs(_error(exam, LINE, [1.0])) > 1e-6:
        found = [word for word, slope in (("half a difference", 0.5), ("twice the slope", 2.0))
                 if abs(_error(exam, LINE, [slope])) < 1e-6]
        return found[0] if found else "other"
    return "both" if abs(_error(exam, f"{LINE} + x.sum() ** 2", [1.0])) < 1e-6 else "one"


@symptom
def weight_of_dout(exam: Exam) -> str:
    """Is the change of f weighted with dout? Whatever the sides of a step."""
    for word, slope in (("dout", 3.0), ("nothing", 1.0)):
        if any(abs(_error(exam, LINE, [part * slope], dout=3.0)) < 1e-6
               for part in (1.0, 0.5, 2.0)):
            return word
    return "other"


@symptom
def result_of_k(exam: Exam) -> str:
    """What becomes of several errors: "the largest", "the average" or "one of them"."""
    if not _unit(exam).startswith(("|dx|", "nothing")):
        return "the largest"
    unit = _size(exam, [TINY, 0])
    found = [_ratio(_error(exam, f"{STEEP} * {kinds}", [TINY, 0], k=40), unit)
             for kinds in (WIDE, HIGH)]
    words = [nearest(ratio, {"the largest": 3.0, "one of them": 1.0}, NEAR) for ratio in found]
    return ("the average" if "other" in words else "one of them" if "one of them" in words
            else "the largest")


@symptom
def sign_of_an_error(exam: Exam) -> str:
    """Are errors ever negative, or 0 where they would be?"""
    found = [_error(exam, STEEP, [TINY, 0], seed=j) for j in range(12)]
    return ("negative" if min(found) < 0 else "never below 0" if min(found) == 0 < max(found)
            else "positive")


@symptom
def reach(exam: Exam) -> str:
    """Does a direction move all entries of x, or a single one?"""
    if _unit(exam) == BLIND:
        return "all entries"
    one, other = (_size(exam, [TINY] * 4, formula)
                  for formula in (f"{STEEP} * (x != 0).all()", STEEP))
    return "all entries" if _ratio(one, other) > 0.5 else "a single entry"


@symptom
def ways_of_directions(exam: Exam) -> str:
    """Do the entries of a direction have both signs, or one? That eight have one by chance, three
    times, happens once in two million."""
    if _unit(exam) == BLIND:
        return "both"
    alike = f"{STEEP} * ((x >= 0).all() or (x <= 0).all()) * (x != 0).all()"
    found = [_ratio(*(abs(_error(exam, formula, [TINY] * 8, seed=j)) for formula in (alike, STEEP)))
             for j in range(3)]
    return "one" if min(found) > 0.5 else "both"


@symptom
def digits_of_an_error(exam: Exam) -> str:
    """How exact an error is, in whatever unit: "ten", "about" or "unclear"."""
    return precision(abs(_error(exam, LINE, [2.0])), 1 / 2, 1.0, 1 / 3, 3 / 4, 3 / 2, 3 / 5)
