"""Symptoms of an average squared loss: each is one part of its formula, so that two mistakes show.

The loss of y = t X w is a square of t, and three values of t tell its three parts: the weight of
the misses, the factor of the prediction, and the noise. Losses that come back example by example
are added up: that they do is another fact.
"""

from __future__ import annotations

import numpy as np

from autograder.asking import Exam, Wrong, array, number
from autograder.checks_api.symptoms import nearest, symptom
from autograder.checks_api.views import question

__all__ = ["noise_by_examples", "noise_by_inputs", "noise_by_p", "noise_by_size",
           "noise_by_weights", "noise_is", "prediction_is"]

P, HIGHER = 0.2, 0.6
X, ONES = [[1.0, 2.0]], [1.0, 1.0]
NEAR = 0.1  # many draws come as near to the average
BY_P = {"p/(1-p)": 6.0, "p(1-p)": 1.5, "(1-p)/p": 1 / 6, "p": 3.0, "p/(1-p)^2": 12.0}
PREDICTIONS = {"X w": 1.0, "(1-p) X w": 1 - P, "X w/(1-p)": 1 / (1 - P)}


def _parts(exam: Exam, x: list[list[float]] = X, w: list[float] = ONES,
           p: float = P) -> tuple[float, float]:
    """(the factor of the prediction, the noise), both as they are where the misses count once."""
    right = np.array(x) @ np.array(w)
    answers = exam.ask(*(question(exam, (x, (t * right).tolist(), w, p)) for t in (-1, 0, 1)))
    below, at, above = (float(array(value, "loss").sum()) for value in answers)
    square = (above + below) / 2 - at
    if not 0 < square < np.inf:
        raise Wrong("the loss does not grow with the square of y", "a square")
    factor = (below - above) / (4 * square)
    return factor, (at / square - factor**2) * float(right @ right)


def _noise(exam: Exam, x: list[list[float]] = X, w: list[float] = ONES, p: float = P) -> float:
    return _parts(exam, x, w, p)[1]


def _times(one: float, other: float) -> str:
    return number(one / other) if abs(other) > 1e-9 else "there is no noise"


@symptom
def prediction_is(exam: Exam) -> str:
    """What is predicted on average: "X w", "(1-p) X w" or "X w/(1-p)"."""
    return nearest(_parts(exam)[0], PREDICTIONS, 0.05)


@symptom
def noise_is(exam: Exam) -> str:
    """Is the noise "added" to the misses, or "subtracted", or "left out"?"""
    found = _noise(exam)
    return "left out" if abs(found) <= 1e-9 else "added" if found > 0 else "subtracted"


@symptom
def noise_by_p(exam: Exam) -> str:
    """How the noise grows with p, as told by two values of p."""
    low = _noise(exam)
    if abs(low) <= 1e-9:
        return "there is no noise"
    times = _noise(exam, p=HIGHER) / low
    logs = {word: float(np.log(value)) for word, value in BY_P.items()}
    return nearest(float(np.log(times)), logs, NEAR) if times > 0 else "other"


@symptom
def noise_by_inputs(exam: Exam) -> str:
    """How many times as much noise there is when one input makes the prediction as when two do."""
    return _times(_noise(exam, [[3.0, 0.0]]), _noise(exam))


@symptom
def noise_by_weights(exam: Exam) -> str:
    """How many times as much noise there is when one weight makes the prediction as when two do."""
    return _times(_noise(exam, [[1.0, 1.0]], [3.0, 0.0]), _noise(exam, [[1.0, 1.0]], [1.0, 2.0]))


@symptom
def noise_by_size(exam: Exam) -> str:
    """How many times as much noise there is when X is ten times as large."""
    return _times(_noise(exam, [[10.0, 20.0]]), _noise(exam))


@symptom
def noise_by_examples(exam: Exam) -> str:
    """How many times as much noise there is in two examples as in one of them."""
    return _times(_noise(exam, [[1.0, 2.0], [2.0, 1.0]]), _noise(exam))
