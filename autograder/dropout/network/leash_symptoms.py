"""Symptoms of a function that scales what is too long: the length of what, how, and to which.

Each is one part of the formula, so that two mistakes show side by side.
"""

from __future__ import annotations

import numpy as np

from autograder.asking import Exam, array
from autograder.checks_api.inputs import Array
from autograder.checks_api.symptoms import nearest, precision, symptom
from autograder.checks_api.views import question

__all__ = ["length_digits", "length_taken", "length_wanted", "scaled_together", "short_columns"]

NEAR = 1e-5  # a little added to a divisor is no other length
# of the columns and the rows of SQUARE, and of all of it
LENGTHS = {
    "the root of the sum of squares": (5.0, 50**0.5),
    "the sum of squares": (25.0, 50.0),
    "the sum of sizes": (7.0, 14.0),
    "the largest": (4.0,),
    "the root of the mean of squares": (12.5**0.5,),
}
SQUARE = [[3.0, -4.0], [-4.0, 3.0]]
UNEVEN = [[3.0, 0.3], [4.0, 0.6]]


def _factors(exam: Exam, W: list[list[float]], c: float) -> Array:
    """What each entry is multiplied by."""
    (value,) = exam.ask(question(exam, (W, c)))
    return np.asarray(array(value, "result", np.shape(W)) / np.array(W))


@symptom
def scaled_together(exam: Exam) -> str:
    """What is scaled by one number: "each column", "each row", "all" or "each entry"."""
    found = _factors(exam, UNEVEN, 0.5)
    columns, rows = (bool((np.ptp(found, axis=axis) <= NEAR * np.abs(found).max()).all())
                     for axis in (0, 1))
    return {(True, False): "each column", (False, True): "each row",
            (True, True): "all"}.get((columns, rows), "each entry")


def _length(exam: Exam) -> tuple[float, str]:
    """The length taken, and that to which the longer is brought; 0 if no number scales SQUARE."""
    one, other = (_factors(exam, SQUARE, c) for c in (2.0, 1.5))
    if np.ptp(one) > NEAR * np.abs(one).max() or not one.all():
        return 0.0, "other"
    wanted = nearest(float(one[0, 0] / other[0, 0]),
                     {"c": 2 / 1.5, "1": 1.0, "the root of c": (2 / 1.5) ** 0.5}, NEAR)
    return {"1": 1.0, "the root of c": 2**0.5}.get(wanted, 2.0) / float(one[0, 0]), wanted


@symptom
def length_wanted(exam: Exam) -> str:
    """To which length what is too long is brought: "c", "1" or "the root of c"."""
    return _length(exam)[1]


@symptom
def length_taken(exam: Exam) -> str:
    """What is taken for the length."""
    found = _length(exam)[0]
    return next((word for word, values in LENGTHS.items()
                 if any(abs(found / v - 1) <= NEAR for v in values)), "other")


@symptom
def length_digits(exam: Exam) -> str:
    """How exact the length is: "ten", "about" or "unclear"."""
    return precision(_length(exam)[0], *(v for values in LENGTHS.values() for v in values))


@symptom
def short_columns(exam: Exam) -> str:
    """Does a column stay as it is that is shorter by every measure?"""
    found = _factors(exam, [[0.3], [0.4]], 2.0)
    return "kept" if (np.abs(found - 1) <= NEAR).all() else "stretched"
