"""Symptoms that each read a part of a formula: of right answers, one mistake, two, and junk."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from autograder.checks_api.symptoms import Symptom
from autograder.dropout.network import direction_symptoms as directions
from autograder.dropout.network import leash_symptoms as leash
from autograder.dropout.sequences import moment_symptoms as moments
from autograder.dropout.spatial import shift_symptoms as shift
from autograder.dropout.theory import committee_symptoms as committee
from autograder.dropout.theory import loss_symptoms as loss
from autograder.dropout.theory.symptoms import in_another_order
from autograder.tests.one_toy import Function, fact
from autograder.tests.toys import junk, kinds_of_junk

Array = np.ndarray[Any, Any]
MODULES = (committee, directions, leash, loss, moments, shift)


_USUAL: dict[Any, dict[str, str]] = {}


def words(module: Any, function: Function) -> dict[str, str]:
    """The words of all symptoms of a module."""
    made: dict[str, Symptom] = {name: getattr(module, name)() for name in module.__all__}
    return {name: fact(symptom, function) for name, symptom in made.items()}


def odd(module: Any, right: Function, wrong: Function) -> dict[str, str]:
    """Those that differ from the words of the right function."""
    usual = _USUAL.get(module) or _USUAL.setdefault(module, words(module, right))
    return {name: word for name, word in words(module, wrong).items() if usual[name] != word}


# ------------------------------------------------------------------------------------------ a leash
def leashed(measure: Function = np.linalg.norm, axis: int | None = 0,
            to: Function = lambda c: c) -> Function:
    def function(W: Array, c: float) -> Array:
        lengths = np.asarray(measure(W, axis=axis))
        if axis is not None:
            lengths = np.expand_dims(lengths, axis)
        return W * np.where(lengths > c, to(c) / lengths, 1.0)

    return function


def sizes(W: Array, axis: int | None) -> Any:
    return np.abs(W).sum(axis=axis)


def test_parts_of_a_leash() -> None:
    right = leashed()
    assert words(leash, right)["length_digits"] == "ten"
    assert odd(leash, right, leashed(axis=None)) == {"scaled_together": "all"}
    assert odd(leash, right, leashed(sizes, axis=1)) == {"scaled_together": "each row",
                                                         "length_taken": "the sum of sizes"}
    assert (odd(leash, right, leashed(sizes, to=lambda c: 1.0))
            == {"length_taken": "the sum of sizes", "length_wanted": "1"})
    assert (odd(leash, right, lambda W, c: W * c / np.linalg.norm(W, axis=0))
            == {"short_columns": "stretched"})
    assert odd(leash, right, lambda W, c: right(W, c) * (1 - 1e-8)) == {"length_digits": "about"}
    assert odd(leash, right, lambda W, c: np.clip(W, -c, c))["scaled_together"] == "each entry"


# ----------------------------------------------------------------------- moments of dropped weights
def odds(p: float) -> float:
    return p / (1 - p)


def weighed(of_mean: float = 1.0, bias: float = 1.0, factor: Function = odds, more: float = 0,
            of_sum: bool = False) -> Function:
    def function(x: Array, W: Array, b: Array, p: float) -> tuple[Array, Array]:
        mean = of_mean * (x @ W) + bias * b
        terms = (x @ W) ** 2 if of_sum else x**2 @ W**2
        return mean, factor(p) * terms + (more * mean**2)

    return function


def test_parts_of_the_moments() -> None:
    right = weighed()
    assert words(moments, right)["spread_digits"] == "ten"
    assert odd(moments, right, lambda *given: right(*given)[::-1]) == {"order": "var, mean"}
    assert (odd(moments, right, weighed(of_mean=0.8, bias=0.0))
            == {"average_factor": "q", "average_adds": "nothing"})
    assert odd(moments, right, weighed(more=1)) == {"spread_adds": "the square of the mean"}
    both = odd(moments, right, weighed(factor=lambda p: p, of_sum=True))
    assert both == {"spread_factor": "p", "spread_of_two": "the square of the sum"}
    rooted = lambda *given: (right(*given)[0], right(*given)[1] ** 0.5)  # noqa: E731
    assert odd(moments, right, rooted) == {"spread_root": "a root"}
    biased = lambda x, W, b, p: (right(x, W, b, p)[0], right(x, W, b, p)[1] + b**2)  # noqa: E731
    assert odd(moments, right, biased) == {"spread_adds": "b^2"}
    assert (odd(moments, right, weighed(factor=lambda p: p / (1 - p + 1e-8)))
            == {"spread_digits": "about"})


# ----------------------------------------------------------------------------- a ratio of variances
def shifted(mu_power: int = 2, sigma_power: int = 2, scale: Function = lambda p: 1 - p,
            minus: int = 1) -> Function:
    def function(mu: float, sigma: float, p: float) -> float:
        mean, spread = mu**mu_power, sigma**sigma_power
        return float(spread / ((spread + mean) / scale(p) - minus * mean))

    return function


def test_parts_of_a_shift() -> None:
    right = shifted()
    assert words(shift, right)["digits_of_ratio"] == "ten"
    assert odd(shift, right, lambda *given: 1 / right(*given)) == {"direction": "training / test"}
    assert (odd(shift, right, lambda *given: right(*given) ** -0.5)
            == {"direction": "training / test", "root": "a root"})
    assert (odd(shift, right, shifted(mu_power=1, sigma_power=1))
            == {"exponent_of_mu": "1", "exponent_of_sigma": "1"})
    assert (
        odd(shift, right, shifted(scale=lambda p: p, minus=0)) == {"factor": "1/p", "centre": "no"})
    assert odd(shift, right, lambda mu, sigma, p: 1 - p) == {"exponent_of_mu": "none"}
    assert odd(shift, right, shifted(scale=lambda p: 1 - p + 1e-8)) == {"digits_of_ratio": "about"}


# -------------------------------------------------------------------------- errors along directions
UNITS: dict[str, Function] = {
    "|dx| / sqrt(n)": lambda error, dx, here, there: error
    / (np.linalg.norm(dx) / np.sqrt(dx.size)),
    "|dx|": lambda error, dx, here, there: error / np.linalg.norm(dx),
    "|dx| / n": lambda error, dx, here, there: error / (np.linalg.norm(dx) / dx.size),
    "nothing": lambda error, *others: error,
    "the slope of that direction": lambda error, dx, here, there: error / (abs(there) or 1.0),
    "both slopes": lambda error, dx, here, there: error / (abs(here) + abs(there)),
}


HALF = {"sides_of_a_step": "half a difference"}


def an_axis(rng: Any, n: int) -> Array:
    return np.asarray(np.eye(n)[rng.integers(n)])


def judging(unit: str = "|dx| / sqrt(n)", of_k: Function = max,
            draw: Function = lambda rng, n: rng.normal(size=n), whole: bool = True,
            back: float = 1.0, width: float = 2.0, weighted: bool = True, size: Function = abs,
            more: float = 0.0) -> Function:
    def one(f: Function, x: Array, dout: float, dx: Array, rng: Any, h: float) -> float:
        u = draw(rng, x.size).reshape(x.shape)
        u = u / np.linalg.norm(u) if whole else u
        measured = (f(x + h * u) - f(x - back * h * u)) * (dout if weighted else 1.0) / (width * h)
        told = np.sum(dx * u)
        return float(UNITS[unit](size(measured - told), dx, measured, told)) / (1 + more)

    return lambda f, x, dout, dx, rng, k, h: float(
        of_k([one(f, x, dout, dx, rng, h) for _ in range(k)]))


def test_units_of_an_error() -> None:
    found = [fact(directions.unit_of_an_error(), judging(unit)) for unit in UNITS]
    assert found == list(UNITS)


def test_parts_of_an_error() -> None:
    right, unit = judging(), {"unit_of_an_error": "|dx|"}
    assert (odd(directions, right, judging("both slopes", back=0.0))
            == {**unit, "unit_of_an_error": "both slopes", **HALF})
    wrong: dict[str, dict[str, Any]] = {
        "sides_of_a_step": {"back": 0.0, "width": 1.0},
        "weight_of_dout": {"weighted": False},
        "sign_of_an_error": {"size": float},
        "reach": {"draw": an_axis},
        "ways_of_directions": {"draw": lambda rng, n: rng.random(n)},
    }
    for part, change in wrong.items():
        found = odd(directions, right, judging("|dx|", **change))
        assert found.keys() == {*unit, part}, part
    averaged, first = (odd(directions, right, judging(of_k=of_k))["result_of_k"]
                       for of_k in (np.mean, lambda errors: errors[0]))
    assert (averaged, first) == ("the average", "one of them")
    assert odd(directions, right, judging(whole=False))["length_of_a_direction"] == "any"
    assert odd(directions, right, judging(more=1e-8)) == {"digits_of_an_error": "about"}


# -------------------------------------------------------------------------------------- a committee
def meeting(mean: str = "geometric", votes: Function = lambda p: 1 - p, scaled: bool = False,
            axis: int = -1, of_bias: float = 1.0, more: float = 0.0, norm: bool = True) -> Function:
    """A committee of the thinned networks of one input or two."""

    def softmax(z: Array) -> Array:
        e = np.exp(z - z.max(axis=axis, keepdims=True))
        return np.asarray(e / e.sum(axis=axis, keepdims=True)) + more

    def function(x: Any, W: Any, b: Any, p: float) -> Array:
        x, W, b = np.array(x), np.array(W), np.array(b)
        total: Any = 0.0
        for mask in np.ndindex(*(2,) * x.shape[1]):
            weight = np.prod([votes(p) if kept else 1 - votes(p) for kept in mask])
            probs = softmax(x * mask / (1 - p if scaled else 1) @ W + of_bias * b)
            total = total + weight * (np.log(probs + 1e-300) if mean == "geometric" else probs)
        if mean == "arithmetic":
            return np.asarray(total)
        return softmax(total) - more if norm else np.exp(total)

    return function


def test_parts_of_a_committee() -> None:
    right = meeting()
    assert words(committee, right)["exactness"] == "ten digits"
    both = odd(committee, right, meeting("arithmetic", votes=lambda p: 0.5, axis=-2))
    assert both == {"kind_of_mean": "arithmetic", "votes_of_masks": "all alike",
                    "softmax_over": "the examples"}
    swapped = odd(committee, right, meeting(votes=lambda p: p, scaled=True, of_bias=0.5))
    assert swapped == {"votes_of_masks": "exchanged", "inputs_of_members": "scaled",
                       "bias_of_members": "smaller"}
    assert odd(committee, right, meeting(norm=False)) == {"rows": "another number"}
    assert odd(committee, right, meeting(more=1e-12)) == {"sure_members": "bounded"}
    assert odd(committee, right, lambda *given: right(*given) * (1 - 1e-8)) == {"rows": "about 1"}
    assert (odd(committee, right, lambda x, W, b, p: right(x, W, b, p + 0.002))
            == {"exactness": "roughly"})


# ---------------------------------------------------------------------------------- an average loss
def averaged(of_prediction: float = 1.0, factor: Function = odds,
             terms: Function = lambda X, w: X**2 @ w**2, of_all: Function = np.sum) -> Function:
    def function(X: Any, y: Any, w: Any, p: float) -> Any:
        X, y, w = np.array(X), np.array(y), np.array(w)
        return of_all((y - of_prediction * X @ w) ** 2 + factor(p) * terms(X, w))

    return function


def test_parts_of_an_average_loss() -> None:
    right = averaged()
    assert words(loss, right)["noise_by_inputs"] == "1.8"
    assert (words(loss, averaged(of_all=lambda a: 0.5 * a.sum())) == words(loss, right)
            == words(loss, averaged(of_all=lambda a: a)))
    both = odd(loss, right, averaged(0.8, terms=lambda X, w: (X @ w) ** 2))
    assert both == {"prediction_is": "(1-p) X w", "noise_by_inputs": "1", "noise_by_weights": "1"}
    subtracted = odd(loss, right, averaged(1.25, factor=lambda p: -p))
    assert subtracted == {"prediction_is": "X w/(1-p)", "noise_is": "subtracted", "noise_by_p": "p"}
    same = odd(loss, right,
               averaged(factor=lambda p: p * (1 - p), terms=lambda X, w: np.sum(w**2) / len(X)))
    assert same == {"noise_by_p": "p(1-p)", "noise_by_inputs": "1", "noise_by_size": "1",
                    "noise_by_examples": "1"}
    assert (odd(loss, right, averaged(terms=lambda X, w: np.sum(X**2, axis=1)))
            == {"noise_by_weights": "1"})
    none = odd(loss, right, averaged(factor=lambda p: 0.0))
    assert none.pop("noise_is") == "left out"
    assert set(none.values()) == {"there is no noise"}


def test_an_average_over_draws_minds_the_order() -> None:
    def drawn(X: Any, y: Any, w: Any, p: float) -> float:
        kept = np.random.default_rng(1).random((4000, *np.shape(X))) >= p
        return float(
            ((np.array(y) - (np.array(X) * kept / (1 - p)) @ np.array(w)) ** 2).sum() / 4000)

    rest = ([4.0], [1.0, 1.0], 0.2)
    asked = in_another_order(given=([[1.0, 2.0]], *rest), to=([[2.0, 1.0]], *rest))
    first = averaged(terms=lambda X, w: X[:, 0] ** 2)
    # that its loss of 2.3125 is nearly 2.25 was taken for an average over draws
    near = averaged(1.25, terms=lambda X, w: (X @ w) ** 2)
    assert ([fact(asked, function) for function in (averaged(), near, drawn, first)]
            == ["the same"] * 2 + ["roughly", "others"])
    for empty in ((), np.zeros((0, 3))):
        assert fact(asked, lambda *_, of=empty: of) == "the same"


# --------------------------------------------------------------------------------------------- junk
@pytest.mark.parametrize("name", kinds_of_junk())
def test_junk_breaks_nothing(name: str) -> None:
    assert all(word for module in MODULES for word in words(module, junk()[name]).values())
