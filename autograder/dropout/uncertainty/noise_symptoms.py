"""Symptoms of layers whose noise is no mask of zeros."""

from __future__ import annotations

import numpy as np

from autograder.asking import Exam
from autograder.checks_api.inputs import normal
from autograder.checks_api.symptoms import nearest, symptom
from autograder.dropout.calls import output, test_call, train_call
from autograder.dropout.mask_symptoms import P
from autograder.dropout.uncertainty.noise import branches, factors, levelled
from autograder.dropout.uncertainty.pass_symptoms import NEAR, SHAPE, Q, digits_word
from autograder.model import Given


@symptom
def noise(exam: Exam) -> str:
    """What happens to x: "times noise", "plus noise", "zeros and a factor", "nothing"."""
    return _what_noise(exam)


def _what_noise(exam: Exam) -> str:
    x = normal((32, 50), exam.seed(1))
    twice = Given("2 * x", 2 * x.value)
    values = exam.ask(*(train_call(exam, given, P) for given in (x, twice, x)))
    one, two, again = (output(value, x).astype(float) for value in values)
    if np.allclose(one, x.value):
        return "nothing"
    zeros = (one == 0).mean() > P / 2  # more than a law that is cut off at 0 leaves
    if np.unique((one / x.value).round(6)).size < 10:
        return "zeros and a factor" if zeros else "a factor"
    if zeros:
        return "zeros and noise"
    if not np.array_equal(one, again):
        return "unknown: the same seed gives another output"
    if np.allclose(two, 2 * one, rtol=NEAR):
        return "times noise"
    return "plus noise" if np.allclose(two - one, x.value, atol=NEAR) else "other"


@symptom
def noise_mean(exam: Exam) -> str:
    """The average of out / x."""
    found = np.concatenate(factors(exam, P, SHAPE, 6))
    return nearest(float(np.median(found)), {"1": 1.0, "0": 0.0, "1/(1-p)": 1 / Q, "1-p": Q}, 0.1)


SPREADS = {  # those that a belief leads to
    "sqrt(p/(1-p))": (P / Q) ** 0.5,
    "p/(1-p)": P / Q,
    "sqrt(p(1-p))": (P * Q) ** 0.5,
    "p": P,
    "sqrt(p)": P**0.5,
    "sqrt((1-p)/p)": (Q / P) ** 0.5,
    "(p/(1-p))^2": (P / Q) ** 2,
    "1/(1-p)": 1 / Q,
    "sqrt(1/(1-p))": Q**-0.5,
    "sqrt(p/(1-p))/(1-p)": (P / Q) ** 0.5 / Q,
}


@symptom
def noise_spread(exam: Exam) -> str:
    """The standard deviation of out / x, or of what is added to x, from its quartiles."""
    if _what_noise(exam) == "plus noise":
        x = normal(SHAPE, exam.seed(3))
        found = output(exam.ask(train_call(exam, x, P))[0], x) - x.value
    else:
        found = np.concatenate(factors(exam, P, SHAPE, 6))
    if np.unique(found).size < 50:  # one number a call: too few to tell
        return "unclear"
    low, high = np.quantile(found, [0.25, 0.75])
    spread = float(high - low) / 1.3489795
    label, value = min(SPREADS.items(),
                       key=lambda entry: abs(np.log(entry[1] / max(spread, 1e-300))))
    return label if abs(spread / value - 1) < 0.03 else "other"


@symptom
def noise_shape(exam: Exam) -> str:
    """Is the noise normal? The share of factors within one standard deviation of their average says
    so."""
    found = np.concatenate(factors(exam, P, SHAPE, 6))
    with np.errstate(all="ignore"):
        inner = float((np.abs(found - found.mean()) < found.std()).mean())
    return nearest(inner, {"normal": 0.6827, "uniform": 0.5774}, 0.02)


@symptom
def noise_below_zero(exam: Exam) -> str:
    """Are some factors negative, as 6 % of normal ones are? "little noise" where none would be."""
    found = np.concatenate(factors(exam, P, SHAPE, 6))
    low, middle, high = np.quantile(found, [0.25, 0.5, 0.75])
    expected = middle < 3.5 * (high - low) / 1.3489795  # of 72,114 normal ones 17 lie beyond
    return "some" if (found < 0).any() else "none" if expected else "little noise"


@symptom
def noise_of(exam: Exam) -> str:
    """What has noise of its own: "each unit", "each example", "each feature", "each call", or
    "nothing"."""
    (found,) = factors(exam, P, SHAPE, 1)
    if np.allclose(found, 1):
        return "nothing"
    rows = bool((np.ptp(found, axis=0) < NEAR).all())
    columns = bool((np.ptp(found, axis=1) < NEAR).all())
    return {(True, True): "each call", (True, False): "each feature",
            (False, True): "each example"}.get((rows, columns), "each unit")


@symptom
def noise_level(exam: Exam) -> str:
    """Is the average or the spread of the factors the same in all calls? "fixed" or "by chance"."""
    return "fixed" if levelled(factors(exam, P, (32, 50), 2)) else "by chance"


@symptom
def next_noise(exam: Exam) -> str:
    """Is a second call with the same generator a fresh draw?"""
    first, second = factors(exam, P, (32, 50), 2, rng="rng")
    if np.allclose(first, 1):
        return "no draw"
    return "frozen" if np.array_equal(first, second) else "fresh"


@symptom
def at_rest(exam: Exam) -> str:
    """What test time gives: "x", "a factor", "a line" or "noise"."""
    x = normal((32, 50), exam.seed(1))
    values = exam.ask(*(test_call(exam, x, P, k) for k in range(2)))
    out, other = (output(value, x).astype(float) for value in values)
    if not np.array_equal(out, other):
        return "noise"
    if np.allclose(out, x.value, rtol=NEAR, atol=0):
        return "x"
    if np.ptp(out / x.value) < NEAR:
        return "a factor"
    slope = (out.flat[1] - out.flat[0]) / (x.value.flat[1] - x.value.flat[0])
    return "a line" if np.ptp(out - slope * x.value) < NEAR else "noise"


# ------------------------------------------------------------------ a fixed value for dropped units
def _named(value: float, table: dict[str, float]) -> str:
    return nearest(value, table, 1e-5)


@symptom
def branch(exam: Exam, *, part: str, table: tuple[tuple[str, float], ...]) -> str:
    """The `floor`, `slope` or `intercept` of the two branches, named by a table."""
    x = normal((32, 50), exam.seed(1))
    one, other = (getattr(branches(output(value, x), np.asarray(x.value)), part)
                  for value in exam.ask(*(train_call(exam, x, P, k)
                                          for k in range(2))))
    return _named(one, dict(table)) if abs(one - other) < NEAR else "another in each call"


@symptom
def line_digits(exam: Exam, *, slopes: tuple[float, ...]) -> str:
    """How exact the slope of the kept units is: "ten", "float32", "about", or "unclear" when it is
    none of these."""
    x = normal((32, 50), exam.seed(1))
    (value,) = exam.ask(train_call(exam, x, P))
    out = output(value, x)
    return digits_word(branches(out, np.asarray(x.value)).slope, slopes, out)
