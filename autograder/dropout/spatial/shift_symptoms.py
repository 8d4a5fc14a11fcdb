"""Symptoms of a ratio of two variances, at test time and in training.

Each is one part of the formula, so that two mistakes show side by side: read off how the ratio
changes with mu and sigma.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from autograder.asking import Exam, array
from autograder.checks_api.inputs import Array
from autograder.checks_api.symptoms import nearest, precision, symptom
from autograder.model import Call

__all__ = ["centre", "digits_of_ratio", "direction", "exponent_of_mu", "exponent_of_sigma",
           "factor", "root"]

P = 0.25  # with 0.2 some wrong variances are 0
Q = 1 - P
NEAR = 1e-5  # a little added to a divisor is no other formula
# training over test, where mu is 0
ALONE = {"1/q": 1 / Q, "1/q^2": 1 / Q**2, "1/p": 1 / P, "q": Q, "1": 1.0}


@dataclass(frozen=True)
class Shift:
    """Training over test: a constant plus a slope times a power of mu, freed of a root."""

    turned: bool
    rooted: bool
    power: str
    alone: float
    slope: float
    thinner: float  # the slope where sigma is 2


def _shift(exam: Exam) -> Shift:
    cases = ((0.0, 1.0), (1.0, 1.0), (2.0, 1.0), (1.0, 2.0), (0.0, 2.0))
    found = np.array([array(v, "ratio", ()) for v in exam.ask(*(Call(exam.function, (mu, sigma, P))
                                                                for mu, sigma in cases))], float)
    turned = bool((found[:3] > 0).all() and found[1] > found[0])
    with np.errstate(all="ignore"):
        numbers = found if turned else 1 / found
    rooted = not _power(numbers) and bool(_power(numbers**2))
    values = numbers**2 if rooted else numbers
    slope = float(values[1] - values[0])
    return Shift(turned, rooted, _power(values) or "other", float(values[0]), slope,
                 float(values[3] - values[4]))


def _power(values: Array) -> str:
    """How it grows from mu = 0 to 1 to 2."""
    steps = np.diff(values[:3])
    if abs(steps[0]) <= NEAR:
        return "none"
    return {2.0: "1", 4.0: "2"}.get(round(float((steps.sum()) / steps[0]), 4), "")


@symptom
def direction(exam: Exam) -> str:
    """Which variance is divided by which? The one in training grows with mu."""
    found = _shift(exam)
    if not found.turned:
        return "training falls with mu" if found.slope < -NEAR else "test / training"
    return "a difference" if _is_difference(found) else "training / test"


def _is_difference(found: Shift) -> bool:
    """Training minus test?"""
    return found.turned and abs(found.alone - P / Q) <= NEAR


@symptom
def root(exam: Exam) -> str:
    """Is it a ratio of variances, or of their roots?"""
    return "a root" if _shift(exam).rooted else "none"


@symptom
def exponent_of_mu(exam: Exam) -> str:
    """The power of mu with which the variance in training grows, "none" when it does not."""
    return _shift(exam).power


@symptom
def exponent_of_sigma(exam: Exam) -> str:
    """The power of sigma by which that is divided; 2, as it should be, where it does not show."""
    found = _shift(exam)
    return ("2" if found.power == "none"
            else nearest(found.thinner / found.slope, {"2": 0.25, "1": 0.5}, 1e-3))


@symptom
def factor(exam: Exam) -> str:
    """Training over test where mu is 0."""
    return nearest(_shift(exam).alone, ALONE, NEAR)


@symptom
def centre(exam: Exam) -> str:
    """Is the square of the average subtracted from that of what comes out? "yes", as it should be,
    where it does not show."""
    found = _shift(exam)
    if found.power == "none" or _is_difference(found):
        return "yes"
    subtracted = nearest(found.alone - found.slope,
                         {"yes": 1.0, "yes, of what is not scaled": Q**2, "no": 0.0}, 1e-3)
    return subtracted.partition(",")[0]


@symptom
def digits_of_ratio(exam: Exam) -> str:
    """How exact that number is: "ten", "about" or "unclear"."""
    return precision(_shift(exam).alone, *ALONE.values())
