"""Symptoms of mean and variance of dropout's output: each is one factor, so two mistakes show."""

from __future__ import annotations

import numpy as np

from autograder.asking import Exam, array, pair
from autograder.checks_api.inputs import Array
from autograder.checks_api.symptoms import nearest, precision, symptom
from autograder.checks_api.views import question

__all__ = ["mean_factor", "moments_order", "variance_digits", "variance_factor", "variance_power"]

X, P = np.array([3.0, 6.0]), 0.2
NEAR = 1e-5  # a little added to a divisor is no other factor
Q = 1 - P
FACTORS = {"p/q": P / Q, "pq": P * Q, "p/q^2": P / Q**2, "q/p": Q / P, "1/q": 1 / Q, "p": P,
           "q": Q, "1": 1.0}


def _asked(exam: Exam) -> tuple[Array, Array, bool]:
    """Mean and variance for X, and if they came reversed: variance is 0 at p = 0, or as x^2."""
    values = exam.ask(*(question(exam, (X.tolist(), p), ("mean", "var")) for p in (P, 0.0)))
    some, none = ([array(v, "value", X.shape).astype(float) for v in pair(value)]
                  for value in values)
    vanishes, grows = [not v.any() for v in none], [_growth(v) == 4 for v in some]
    swapped = (vanishes if any(vanishes) else grows) == [True, False]
    mean, var = reversed(some) if swapped else some
    return mean, var, swapped


def _growth(numbers: Array) -> float:
    return float(np.round(numbers[1] / numbers[0], 6)) if numbers[0] else 0.0


@symptom
def moments_order(exam: Exam) -> str:
    """Which of the two comes first?"""
    return "var, mean" if _asked(exam)[2] else "mean, var"


@symptom
def mean_factor(exam: Exam) -> str:
    """What x is multiplied by in the mean, "about 1" as of an average over draws, or "alike" when
    all have one."""
    mean = _asked(exam)[0]
    if mean[0] == mean[1]:
        return "alike"
    word = nearest(float(mean[0] / X[0]), FACTORS, NEAR)
    return "about 1" if word == "other" and (abs(mean / X - 1) < 0.1).all() else word


@symptom
def variance_power(exam: Exam) -> str:
    """Which power of x the variance grows with: "2", "1", "1, as a root" when all of it is under
    one, or "0"; "2, less p" of a division that came too early."""
    var = _asked(exam)[1]
    if np.allclose(var, X**2 * P - P, rtol=NEAR):
        return "2, less p"
    power = {4.0: "2", 2.0: "1", 1.0: "0"}.get(_growth(var), "other")
    return ("1, as a root" if power == "1" and _factor(var) not in FACTORS
            and _root(var) in FACTORS else power)


@symptom
def variance_factor(exam: Exam) -> str:
    """What the power of x is multiplied by in the variance, squared when it stands under a root."""
    var = _asked(exam)[1]
    return _root(var) if _factor(var) not in FACTORS else _factor(var)


@symptom
def variance_digits(exam: Exam) -> str:
    """How exact this factor is: "ten", "about" or "unclear"."""
    return precision(_coefficient(_asked(exam)[1]), *FACTORS.values())


def _coefficient(var: Array) -> float:
    return float(var[0] / X[0] ** {4.0: 2, 1.0: 0}.get(_growth(var), 1))


def _factor(var: Array) -> str:
    return nearest(_coefficient(var), FACTORS, NEAR)


def _root(var: Array) -> str:
    return nearest(float(var[0] / X[0]) ** 2, FACTORS, NEAR) if _growth(var) == 2 else "other"
