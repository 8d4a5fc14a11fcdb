"""Symptoms of a comparison of NumPy code with a dropout module of torch, each of one thing.

How large a difference is said to be is asked with NumPy code that knows the mask by itself; which
mask it is handed is seen from the difference that NumPy code makes on purpose when it gets that
one; and which gradient of torch is taken, from the one that agrees with it.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from autograder.asking import Exam
from autograder.checks_api.symptoms import nearest, symptom
from autograder.dropout.torch.comparisons import (
    AGREE, FIXED_FACTOR, FIXED_RATE, FIXED_RESULT, MARKED, Comparison, compared, three)

__all__ = ["agrees", "gradient_taken", "mask_taken", "measured", "rate"]

FIXED = Comparison("Fixed", shape=(32, 51))  # its last number is dropped
STEADY = Comparison("Steady", shape=(32, 51))  # in eval mode, too
SIZES = {"0.01": 0.01, "half of it": 0.005, "0.5": 0.5, "1": 1.0, "nothing": 0.0}
MASKS = {  # what the NumPy functions may be handed, where `multiplier` would be right
    "the multiplier": "np.allclose(mask, multiplier)",
    "not finite": "not np.isfinite(mask).all()",
    "zeros and ones": "np.allclose(mask, multiplier != 0)",
    "all ones": "np.allclose(mask, 1)",
    "by 1 - p": "np.allclose(mask, (multiplier != 0) / {kept})",
    "not zero in the output": "np.allclose(mask, multiplier * ({{0}} != 0))",
    "the gradient by dout": "np.allclose(mask, multiplier * {dout})",
    "other": "True",
}
MARK = f"""{FIXED_RESULT}
    result = result + bool(SEEN) * (1 + 10 * abs({{0}}).max())    # wrong on purpose: that mask"""
GRADIENTS = {
    "by dout": "{0} * multiplier",
    "of the sum": "multiplier + 0 * {0}",
    "both added up": "{0} * multiplier + multiplier",
    "in eval mode": "{0}",
}


@symptom
def agrees(exam: Exam, *, case: Comparison, part: str) -> str:
    """Is right NumPy code found right?"""
    found = compared(exam, case)[part]
    return ("not finite" if not np.isfinite(found) else "agrees" if abs(found) <= AGREE
            else "differs")


@symptom
def measured(exam: Exam, *, factor: float = 1.0, one_off: float = 0.0) -> str:
    """How large a difference of the outputs is said to be: of one that is 1 % too large, or where
    one number that was dropped is off."""
    case = replace(STEADY, more=_own(factor, one_off))
    found = compared(exam, case)["out"]
    if not np.isfinite(found):
        return "not finite"
    x = np.ravel(case.call(exam).args[3].value)
    absolute = (abs(factor - 1) + abs(one_off)) * FIXED_FACTOR * abs(
        x[np.arange(x.size) % 5 >= 2]).max()
    named = nearest(found, {**SIZES, "not divided": absolute}, 1e-4)
    if named != "other":
        return named
    return "huge" if found > 1.5 else "small" if 0 < found < 0.1 else "other"


def _own(factor: float, one_off: float) -> str:
    """NumPy code that needs no mask, and is wrong on purpose."""
    return f"""{FIXED_RESULT} * {factor}
    result[(-1,) * result.ndim] += {one_off} * abs(result).max()    # wrong on purpose"""


@symptom
def mask_taken(exam: Exam, *, case: Comparison = FIXED, part: str = "out") -> str:
    """Which mask the NumPy functions are handed; "not asked" when nothing depends on them."""
    dout = f"({case.call(exam).args[4].text})"
    marks = [MARK.replace("SEEN", seen.format(kept=f"{1 - case.p:g}", dout=dout))
             for seen in MASKS.values()]
    before, *after = (three(v)[part] for v in exam.ask(*(replace(case, more=m).call(exam)
                                                         for m in (FIXED_RESULT, *marks))))
    # 1 may mean no, of yes and no: then nothing makes it worse
    silent = "unclear" if before == 1 else "not asked"
    return next((word for word, found in zip(MASKS, after, strict=True) if _marked(before, found)),
                silent)


def _marked(before: float, after: float) -> bool:
    """Whether NumPy code was seen to be wrong on purpose; 0/0 becomes 1/0 by that."""
    return bool(abs(after) - abs(before) > MARKED or (np.isnan(before) and np.isinf(after)))


@symptom
def gradient_taken(exam: Exam) -> str:
    """Which gradient of torch the NumPy functions are compared with."""
    codes = (f"{FIXED_RESULT}\n    result = {wanted}" for wanted in GRADIENTS.values())
    found = [three(v)["grad"]
             for v in exam.ask(*(replace(FIXED, more=code).call(exam) for code in codes))]
    agreeing = [word for word, value in zip(GRADIENTS, found, strict=True) if abs(value) <= AGREE]
    return ("for a dout of ones" if agreeing[:2] == ["by dout", "of the sum"]
            else next(iter(agreeing), "other"))


@symptom
def rate(exam: Exam, *, case: Comparison) -> str:
    """What a comparison calls the share that is kept, of a module that keeps three of five."""
    x = np.ravel(case.call(exam).args[3].value)
    in_the_output = float(((x != 0) & (np.arange(x.size) % 5 >= 2)).mean())
    table = {"kept": FIXED_RATE, "dropped": 1 - FIXED_RATE, "1-p": 1 - case.p, "all": 1.0,
             "mean of the mask": FIXED_RATE * FIXED_FACTOR, "percent": 100 * FIXED_RATE,
             "a count": FIXED_RATE * x.size, "not zero in the output": in_the_output}
    return nearest(compared(exam, case)["keep_rate"], table, 1e-4)
