"""Symptoms of functions that make a gradient numerically, or judge one."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from autograder.asking import Exam, Wrong, array, raised
from autograder.checks_api.inputs import Array
from autograder.checks_api.symptoms import nearest, precision, symptom
from autograder.checks_api.views import question as question_of
from autograder.dropout.network.gradient_checkers import enough_calls
from autograder.dropout.network.gradient_questions import (
    CONSTANT, FORMS, LAYER, SLIPS, column, counted, error_call, nothing, numeric_call, question)
from autograder.model import Call, Code, Given


@symptom
def x_afterwards(exam: Exam) -> str:
    """Is x as it was, bit for bit, nearly, or not at all?"""
    asked = question("x squared", (5, 6), exam.seed(1))
    (answer,) = exam.returned(numeric_call(exam, asked, watch=True))
    now = answer.beside.arguments[1]
    if not isinstance(now, np.ndarray) or now.shape != asked.x.value.shape:
        return "replaced"
    if now.tobytes() == asked.x.value.tobytes():
        return "as it was"
    return "nearly" if np.abs(now - asked.x.value).max() < 1e-9 else "moved"


@symptom
def type_of_dx(exam: Exam) -> str:
    """The dtype of the gradient of a float64 array."""
    (value,) = exam.ask(numeric_call(exam, question("x squared", (4, 5), exam.seed(1))))
    return str(array(value, "dx", (4, 5)).dtype.name)


@symptom
def form_of(exam: Exam, *, form: str, shape: tuple[int, ...] = (4, 5)) -> str:
    """The same up to a factor: "right", "noisy", "zeros" or "wrong"."""
    asked = question(form, shape, exam.seed(1))
    (value,) = exam.ask(numeric_call(exam, asked))
    got, wanted = array(value, "dx").astype(float), asked.dx.value
    if got.shape != wanted.shape or not np.isfinite(got).all():
        return "another shape" if got.shape != wanted.shape else "no numbers"
    scale = float((got * wanted).sum() / (wanted**2).sum())
    off = float(np.linalg.norm(got - scale * wanted) / (np.linalg.norm(scale * wanted) or np.inf))
    return ("zeros" if not got.any() else "right" if off <= 1e-4
            else "noisy" if off <= 0.02 else "wrong")


def _slopes(exam: Exam, *given: tuple[tuple[float, ...], str, float]) -> list[Array]:
    """The gradients of f at x with a step h and a dout of ones, for each (x, f, h)."""
    calls = [Call(exam.function, (Code("f", f"f = lambda x: {f}"), *column(x)[1], h))
             for x, f, h in given]
    return [array(v, "dx", (len(x), 1))[:, 0].astype(float)
            for v, (x, _, _) in zip(exam.ask(*calls), given, strict=True)]


@symptom
def factor_of_a_slope(exam: Exam, *, part: str) -> str:
    """The factor of a slope as three of its own, of which the `part` is told: "sign", "distance"
    and "outputs"."""
    (one,), many = _slopes(exam, ((3.0,), "x ** 2", 1e-3), ((1.0, 2.0, 4.0), "x ** 2", 1e-3))
    one, many = one / 6, many / (2.0, 4.0, 8.0)
    if not one or not np.ptp(many) <= 0.02 * abs(many).max():
        return "unclear"
    if part == "sign":
        return "plus" if one > 0 else "minus"
    value, table = ((abs(one), {"1": 1.0, "2": 2.0, "1/2": 0.5, "2h": 2e-3, "2e-5": 100.0}) if part
                    == "distance" else (float(many.mean() / one), {"1": 1.0, "1/outputs": 1 / 3}))
    return nearest(1.0, {name: value / known for name, known in table.items()}, 0.05)


@symptom
def sides(exam: Exam) -> str:
    """By how much a large step changes the slope of a cube: "both sides", "one side", or "a fixed
    step"."""
    (small,), (large,) = _slopes(exam, ((2.0,), "x ** 3", 1e-3), ((2.0,), "x ** 3", 0.1))
    ratio = large / small if small else 0.0
    ratio = ratio / 100 if ratio > 10 else ratio  # of a difference that is not divided
    table = {"both sides": 12.01 / 12, "one side": 12.61 / 12.006, "one side ": 11.41 / 11.994,
             "a fixed step": 1.0}
    return nearest(ratio, table, 1e-4).strip()


@symptom
def effect_of_dout(exam: Exam) -> str:
    """How much larger the gradient becomes when dout is three times as large."""
    values = exam.ask(*(Call(exam.function, (Code("f", "f = lambda x: x ** 3"), _one(2.0), _one(by),
                                             0.1)) for by in (1.0, 3.0)))
    once, thrice = (float(array(v, "dx", (1, 1)).item()) for v in values)
    return nearest(thrice / once, {"times 3": 3.0, "none": 1.0}, 1e-6) if once else "no gradient"


def _one(number: float) -> Given:
    return Given(f"np.array([[{number}]])", np.array([[number]]))


def _float(value: Any) -> float:
    return float(array(value, "error", ()))


@symptom
def other_seeds(exam: Exam) -> str:
    """Do other random numbers give another error, and where do they come from?"""
    asked = question(LAYER, (6, 7), exam.seed(1))
    wrong = asked.gradient(SLIPS["forgets the mask"])
    right, *answers = exam.returned(
        error_call(exam, asked, asked.dx, 2),
        *(error_call(exam, asked, wrong, 2, seed=j, watch=True) for j in (0, 1, 0)))
    one, other, again = (_float(a.value) for a in answers)
    if _float(right.value) == one:
        raise Wrong("a right and a wrong gradient have the same error",
                    "a larger error for the wrong one")
    if any(a.beside.global_rng_moved for a in answers):
        return "global"
    if one != again:
        return "its own"
    return "the same" if one == other else "another"


@symptom
def calls_of_f(exam: Exam) -> str:
    """Does it call f a few times, or for each of the entries of x?"""
    asked = replace(question("x squared", (20, 2), exam.seed(1)), f=counted(40))
    (answer,) = exam.answers(error_call(exam, asked, asked.dx, 3))
    return "one for each entry" if raised(answer) == "RuntimeError" else "few"


@symptom
def directions_taken(exam: Exam) -> str:
    """Does the number of directions follow from k?"""
    return "k" if enough_calls(exam, 60) else "fewer"


@symptom
def error_of_a_missing_gradient(exam: Exam) -> str:
    """What a zero gradient of something that does have a slope gives: "huge" when it is divided by
    next to nothing."""
    (value,) = exam.ask(error_call(exam, *nothing(exam, Code("f", FORMS["x squared"].source)), 3))
    error = _float(value)
    if not np.isfinite(error):
        return "no number"
    return "0" if error == 0 else "huge" if error > 1e6 else "some"


@symptom
def digits_at(exam: Exam, *, given: tuple[Any, ...], wanted: Any) -> str:
    """Whether a result is right to ten digits, "nearly" (to five), or not."""
    (value,) = exam.ask(question_of(exam, given))
    got, right = array(value, "value").astype(float), np.array(wanted)
    word = precision(got / right, 1.0) if got.shape == right.shape else "unclear"
    return {"ten": "ten", "about": "nearly"}.get(word, "other")


@symptom
def error_of_zeros(exam: Exam) -> str:
    """What a zero gradient of a constant gives."""
    (value,) = exam.ask(error_call(exam, *nothing(exam, CONSTANT)))
    error = _float(value)
    return "NaN" if np.isnan(error) else ("0" if abs(error) < 1e-9 else "other")
