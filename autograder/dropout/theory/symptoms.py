"""Symptoms of functions in closed form."""

from __future__ import annotations

from typing import Any

import numpy as np

from autograder.asking import Exam, array
from autograder.checks_api.inputs import Array
from autograder.checks_api.results import EXACT, ROUGH
from autograder.checks_api.symptoms import *
from autograder.checks_api.symptoms import symptom
from autograder.checks_api.views import question
from autograder.model import Call


# -------------------------------------------------------------------------------------------- facts
@symptom
def masks_listed(exam: Exam, *, n: int = 4) -> str:
    """Which masks a list holds."""
    (value,) = exam.ask(Call(exam.function, (n,)))
    masks = array(value, "masks")
    if (masks.ndim != 2 or masks.shape[1] != n or len(masks) > 100 * 2**n
            or not np.isin(masks, (0, 1)).all()):
        return "no list of masks"
    distinct = {tuple(row) for row in masks.astype(bool).tolist()}
    if len(distinct) == 2**n:
        return "each once" if len(masks) == 2**n else "some twice"
    missing = [row for row in np.ndindex(*(2,) * n) if tuple(map(bool, row)) not in distinct]
    if len(missing) == 1:
        return "all but the empty one" if not any(missing[0]) else "all but one"
    return (f"{len(masks)} rows, some twice" if len(distinct) < len(masks)
            else f"{len(masks)} different ones")


@symptom
def list_type(exam: Exam, *, n: int = 4) -> str:
    """Does a list of masks hold booleans?"""
    (value,) = exam.ask(Call(exam.function, (n,)))
    return "bool" if array(value, "masks").dtype == bool else "numbers"


@symptom
def in_another_order(exam: Exam, *, given: tuple[Any, ...], to: tuple[Any, ...]) -> str:
    """Does another order of the inputs give the same? An average over draws gives it "roughly"."""
    one, other = (_numbers(value) for value in exam.ask(question(exam, given), question(exam, to)))
    if one.shape != other.shape:
        return "others"
    off = float(np.abs(one - other).max(initial=0) / np.abs(one).max(initial=1e-300))
    return "the same" if off <= EXACT else "roughly" if off <= 2 * ROUGH else "others"


def _numbers(value: Any) -> Array:
    """All of a result, sorted; nothing for an empty one."""
    parts = value if isinstance(value, tuple) else (value,)
    return np.sort(np.concatenate([np.zeros(0), *(array(p, "result").ravel() for p in parts)]))
