"""Symptoms of functions in closed form."""

from __future__ import annotations

import numpy as np

from autograder.asking import Exam, array, number
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
def prediction(exam: Exam, *, p: float) -> str:
    """How large a loss takes the average prediction to be, for one example whose right one is 1:
    seen in y and -y."""
    above, below = (float(array(v, "loss", ())) for v in exam.ask(
        *(question(exam, ([[1.0]], [y], [1.0], p)) for y in (1.0, -1.0))))
    return number((below - above) / 4)
