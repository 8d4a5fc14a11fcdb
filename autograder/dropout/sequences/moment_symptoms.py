"""Symptoms of a function that gives mean and variance of a layer with dropped weights.

Each is one part of a formula, so that two mistakes show side by side: read off answers for few
inputs and weights of ones.
"""

from __future__ import annotations

import numpy as np

from autograder.asking import Exam, Wrong, array, pair
from autograder.checks_api.inputs import Array
from autograder.checks_api.symptoms import nearest, precision, symptom
from autograder.checks_api.views import question

__all__ = ["average_adds", "average_factor", "order", "spread_adds", "spread_digits",
           "spread_factor", "spread_of_two", "spread_of_weights", "spread_root"]

P = 0.2
Q = 1 - P
NEAR = 1e-5  # a little added to a divisor is no other factor
AVERAGES = {"1": 1.0, "q": Q, "1/q": 1 / Q, "p": P, "1/p": 1 / P}
SPREADS = {"p/q": P / Q, "pq": P * Q, "p/q^2": P / Q**2, "q/p": Q / P, "p": P}
# one input, twice as much, turned round, two, none
X = np.array([[1.0, 0.0], [2.0, 0.0], [-1.0, 0.0], [1.0, -1.0], [0.0, 0.0]])
WEIGHTS, BIAS = [[1.0] * 3] * 2, 3.0


def _answers(exam: Exam) -> tuple[Array, Array, str]:
    """Mean and variance of X's rows, then with a bias (2, 5), ordered: the mean turns with x."""
    calls = (question(exam, (X.tolist(), WEIGHTS, [b] * 3, P), ("mean", "var"))
             for b in (0.0, BIAS))
    plain, biased = ([_first(v) for v in pair(value)] for value in exam.ask(*calls))
    odd = [bool(np.isclose(v[2], -v[0]) and v[0]) for v in plain]
    one, other = (np.stack(both) for both in zip(plain, biased, strict=True))
    return (other, one, "var, mean") if odd == [False, True] else (one, other, "mean, var")


def _first(value: object) -> Array:
    """The number of the first output, for each row of X."""
    found = array(value, "value").astype(float)
    if not found.ndim or len(found) != len(X) or not found.size:
        raise Wrong(f"shape {found.shape}", "a row for each example")
    return np.asarray(found.reshape(len(X), -1)[:, 0])


@symptom
def order(exam: Exam) -> str:
    """Which of the two comes first?"""
    return _answers(exam)[2]


@symptom
def average_factor(exam: Exam) -> str:
    """What x W is multiplied by in the mean."""
    plain = _answers(exam)[0][0]
    return nearest(float(plain[0] - plain[4]), AVERAGES, NEAR)


@symptom
def average_adds(exam: Exam) -> str:
    """What a bias adds to the mean: "b", "nothing" or "other"."""
    plain, biased = _answers(exam)[0]
    return nearest(float(biased[4] - plain[4]), {"b": BIAS, "nothing": 0.0}, NEAR)


def _spread(exam: Exam) -> tuple[float, float, str]:
    """The variance of one term and of two opposite ones, freed of a root, and what is added."""
    mean, var, _ = _answers(exam)
    plain, biased = var**2 if _rooted(var) else var
    one, two = float(plain[0]), float(plain[3])
    if np.isclose(biased[4], plain[4]):
        return one, two, "nothing"
    square = float(mean[0, 0]) ** 2  # of the mean: beside the factor, or behind it
    for word, freed in (("b^2", one), ("the square of the mean", one - square),
                        ("the square of the mean", one / (1 + square))):
        if nearest(freed, SPREADS, NEAR) != "other":
            return freed, two, word
    return one, two, "other"


def _rooted(var: Array) -> bool:
    """Whether twice the input gives twice the variance, not four times as much, and the opposite
    one the same."""
    return bool(np.isclose(var[0, 1], 2 * var[0, 0]) and not _signed(var))


def _signed(var: Array) -> bool:
    """Whether the variance turns with x, as if x were not squared."""
    return bool(var[0, 0] and np.isclose(var[0, 2], -var[0, 0]))


@symptom
def spread_root(exam: Exam) -> str:
    """Does the variance grow with the square of x, or does it stand under a root?"""
    return "a root" if _rooted(_answers(exam)[1]) else "none"


@symptom
def spread_factor(exam: Exam) -> str:
    """What (x W)^2 is multiplied by in the variance of a single term."""
    # 1/q also comes of p/q with the square of the mean beside it, which `_spread` takes out
    return nearest(_spread(exam)[0], {**SPREADS, "1/q": 1 / Q}, NEAR)


@symptom
def spread_of_two(exam: Exam) -> str:
    """What two terms of opposite signs give: "both squares" or "the square of the sum"; "x as it
    is" where a single one shows that it is not squared."""
    if _signed(_answers(exam)[1]):
        return "x as it is"
    one, two, _ = _spread(exam)
    return nearest(two, {"both squares": 2 * one, "the square of the sum": 0.0}, NEAR)


@symptom
def spread_of_weights(exam: Exam) -> str:
    """How many times as large weights twice as large make the variance."""
    _, var, which = _answers(exam)
    if not var[0, 0]:
        raise Wrong("var = 0", "more")
    twice = question(exam, (X.tolist(), [[2.0] * 3] * 2, [0.0] * 3, P), ("mean", "var"))
    ratio = float(_first(pair(exam.ask(twice)[0])[which == "mean, var"])[0] / var[0, 0])
    return nearest(ratio**2 if _rooted(var) else ratio, {"4": 4.0, "2": 2.0, "1": 1.0}, NEAR)


@symptom
def spread_adds(exam: Exam) -> str:
    """What is added to the variance: "nothing", "b^2" or "the square of the mean"."""
    return _spread(exam)[2]


@symptom
def spread_digits(exam: Exam) -> str:
    """How exact the factor of the variance is: "ten", "about" or "unclear"."""
    return precision(_spread(exam)[0], *SPREADS.values())
