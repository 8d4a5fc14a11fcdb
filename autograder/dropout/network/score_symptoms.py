"""Symptoms of functions of scores: those that predict, and those with a gradient."""

from __future__ import annotations

from typing import Any

import numpy as np

from autograder.asking import Exam, array
from autograder.checks_api.inputs import Array
from autograder.checks_api.symptoms import nearest, symptom
from autograder.dropout.network.loss_symptoms import EXACT
from autograder.dropout.network.networks import INPUTS
from autograder.model import Call, Given


@symptom
def scores_by_hand(exam: Exam, *, params: Given, X: Given,
                   table: tuple[tuple[str, tuple[float, ...]], ...]) -> str:
    """Which of these rows of scores come out."""
    (value,) = exam.ask(Call(exam.function, (params, X)))
    got = array(value, "scores").astype(float).ravel()
    for word, wanted in table:
        if got.shape == (len(wanted),) and np.allclose(got, wanted, atol=1e-9):
            return word
    return "other"


@symptom
def row_sums(exam: Exam, *, params: Given, X: Given) -> str:
    """Are these probabilities rather than scores?"""
    (value,) = exam.ask(Call(exam.function, (params, X)))
    rows = array(value, "scores").astype(float)
    if rows.ndim == 2 and np.allclose(np.exp(np.minimum(rows, 1)).sum(axis=1), 1):
        return "0, as logarithms"
    return "1" if rows.ndim == 2 and np.allclose(rows.sum(axis=1), 1) else "any"


@symptom
def below_zero(exam: Exam, *, layer: int) -> str:
    """What a unit of this hidden layer (0: an input) says below zero, relative to above: it is
    "off", "leaks" or "passes"."""
    ways = [1.0, 1.0, 1.0]
    ways[max(layer, 1) - 1] = -1.0
    value = _gap(exam, ways, -1.0 if layer == INPUTS else 1.0)
    usual = _gap(exam, [1.0, 1.0, 1.0], 1.0)
    return nearest(value / usual, {"off": 0.0, "leaks": -0.01, "passes": -1.0,
                                   "as above zero": 1.0}, 0.002) if usual else "says nothing"


@symptom
def volume(exam: Exam) -> str:
    """What a signal that meets no ReLU's corner is multiplied by on its way through the layers, or
    that this is no constant."""
    one, two = _gap(exam, [1.0, 1.0, 1.0], 1.0), _gap(exam, [1.0, 1.0, 1.0], 2.0)
    return (nearest(one, {"1": 1.0, "1/4": 0.25, "4": 4.0, "0": 0.0}, EXACT)
            if abs(two - 2 * one) <= EXACT else "curved")


def _gap(exam: Exam, ways: list[float], x: float) -> float:
    """The first score less the second, which is 0: log-probabilities do not change it."""
    params = {f"W{k}": np.array([[way, 0.0][: 1 + (k == 3)]]) for k, way in enumerate(ways, 1)}
    # above zero, whatever the signal is
    params |= {"b1": np.zeros(1), "b2": np.zeros(1), "b3": np.full(2, 10.0)}
    (value,) = exam.ask(Call(exam.function, (Given("params", params), Given("X", np.array([[x]])))))
    scores = array(value, "scores", (1, 2)).astype(float)
    return float(scores[0, 0] - scores[0, 1])


@symptom
def last_layer(exam: Exam) -> str:
    """What becomes of scores that are biases alone; only their difference is looked at, which
    log-probabilities do not change."""
    params = ({f"W{k}": np.zeros((1, 1 + (k == 3))) for k in (1, 2, 3)}
              | {"b1": np.zeros(1), "b2": np.zeros(1), "b3": np.array([2.0, -3.0])})
    (value,) = exam.ask(Call(exam.function, (Given("params", params), Given("X", np.ones((1, 1))))))
    scores = array(value, "scores", (1, 2)).astype(float)
    return nearest(float(scores[0, 0] - scores[0, 1]),
                   {"as they are": 5.0, "without negatives": 2.0, "no biases": 0.0}, EXACT)


def _deltas(probs: Array, one: Array) -> dict[str, Array]:
    """What is taken for the scores' gradient, up to a factor; `one` is 1 at each row's class."""
    return {"P - one-hot": probs - one, "P": probs, "in all rows": probs - one.any(axis=0),
            "of the right class only": (probs - one) * one}


@symptom
def delta_form(exam: Exam, *, given: tuple[Any, ...], part: str) -> str:
    """The gradient of a batch of scores as form, sign and divisor: the `part` that is asked for."""
    probs, y = (np.array(value) for value in given)
    (value,) = exam.ask(Call(exam.function, (Given(f"np.array({given[0]})", probs),
                                             Given(f"np.array({given[1]})", y))))
    got = array(value, "dscores", probs.shape).astype(float)
    right = np.eye(probs.shape[1])[y] == 1
    if part == "form" and got[right].all() and not got[~right].any():
        return "of the right class only"
    for form, wanted in _deltas(probs, right.astype(float)).items():
        factor = float((got * wanted).sum() / (wanted * wanted).sum())
        if factor and np.allclose(got, factor * wanted, rtol=1e-5, atol=1e-12):
            names = {"N": len(y), "K": probs.shape[1], "1": 1, "N K": probs.size,
                     "N^2": len(y) ** 2}
            divisor = nearest(1 / abs(factor), names, 1e-4)
            return {"form": form, "sign": "plus" if factor > 0 else "minus",
                    "divisor": divisor}[part]
    return "other"
