"""Symptoms that each read one part of a formula: of right answers, of one mistake, of two at once, and of junk."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from autograder.checks_api.symptoms import Symptom
from autograder.dropout.network import leash_symptoms as leash
from autograder.dropout.sequences import moment_symptoms as moments
from autograder.dropout.spatial import shift_symptoms as shift
from autograder.tests.one_toy import Function, fact
from autograder.tests.toys import junk, kinds_of_junk

Array = np.ndarray[Any, Any]
MODULES = (leash, moments, shift)


def words(module: Any, function: Function) -> dict[str, str]:
    """The words of all symptoms of a module."""
    made: dict[str, Symptom] = {name: getattr(module, name)() for name in module.__all__}
    return {name: fact(symptom, function) for name, symptom in made.items()}


def odd(module: Any, right: Function, wrong: Function) -> dict[str, str]:
    """Those that differ from the words of the right function."""
    usual = words(module, right)
    return {name: word for name, word in words(module, wrong).items() if usual[name] != word}


# --------------------------------------------------------------------------------------------------------------------- a leash
def leashed(measure: Function = np.linalg.norm, axis: int | None = 0, to: Function = lambda c: c) -> Function:
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
    assert odd(leash, right, leashed(sizes, axis=1)) == {"scaled_together": "each row", "length_taken": "the sum of sizes"}
    assert odd(leash, right, leashed(sizes, to=lambda c: 1.0)) == {"length_taken": "the sum of sizes", "length_wanted": "1"}
    assert odd(leash, right, lambda W, c: W * c / np.linalg.norm(W, axis=0)) == {"short_columns": "stretched"}
    assert odd(leash, right, lambda W, c: right(W, c) * (1 - 1e-8)) == {"length_digits": "about"}
    assert odd(leash, right, lambda W, c: np.clip(W, -c, c))["scaled_together"] == "each entry"


# ------------------------------------------------------------------------------------------------- moments of dropped weights
def odds(p: float) -> float:
    return p / (1 - p)


def weighed(of_mean: float = 1.0, bias: float = 1.0, factor: Function = odds, more: float = 0, of_sum: bool = False) -> Function:
    def function(x: Array, W: Array, b: Array, p: float) -> tuple[Array, Array]:
        mean = of_mean * (x @ W) + bias * b
        terms = (x @ W) ** 2 if of_sum else x**2 @ W**2
        return mean, factor(p) * terms + (more * mean**2)

    return function


def test_parts_of_the_moments() -> None:
    right = weighed()
    assert words(moments, right)["spread_digits"] == "ten"
    assert odd(moments, right, lambda *given: right(*given)[::-1]) == {"order": "var, mean"}
    assert odd(moments, right, weighed(of_mean=0.8, bias=0.0)) == {"average_factor": "q", "average_adds": "nothing"}
    assert odd(moments, right, weighed(more=1)) == {"spread_adds": "the square of the mean"}
    both = odd(moments, right, weighed(factor=lambda p: p, of_sum=True))
    assert both == {"spread_factor": "p", "spread_of_two": "the square of the sum"}
    rooted = lambda *given: (right(*given)[0], right(*given)[1] ** 0.5)  # noqa: E731
    assert odd(moments, right, rooted) == {"spread_root": "a root"}
    biased = lambda x, W, b, p: (right(x, W, b, p)[0], right(x, W, b, p)[1] + b**2)  # noqa: E731
    assert odd(moments, right, biased) == {"spread_adds": "b^2"}
    assert odd(moments, right, weighed(factor=lambda p: p / (1 - p + 1e-8))) == {"spread_digits": "about"}


# ------------------------------------------------------------------------------------------------------- a ratio of variances
def shifted(mu_power: int = 2, sigma_power: int = 2, scale: Function = lambda p: 1 - p, minus: int = 1) -> Function:
    def function(mu: float, sigma: float, p: float) -> float:
        mean, spread = mu**mu_power, sigma**sigma_power
        return float(spread / ((spread + mean) / scale(p) - minus * mean))

    return function


def test_parts_of_a_shift() -> None:
    right = shifted()
    assert words(shift, right)["digits_of_ratio"] == "ten"
    assert odd(shift, right, lambda *given: 1 / right(*given)) == {"direction": "training / test"}
    assert odd(shift, right, lambda *given: right(*given) ** -0.5) == {"direction": "training / test", "root": "a root"}
    assert odd(shift, right, shifted(mu_power=1, sigma_power=1)) == {"exponent_of_mu": "1", "exponent_of_sigma": "1"}
    assert odd(shift, right, shifted(scale=lambda p: p, minus=0)) == {"factor": "1/p", "centre": "no"}
    assert odd(shift, right, lambda mu, sigma, p: 1 - p) == {"exponent_of_mu": "none"}
    assert odd(shift, right, shifted(scale=lambda p: 1 - p + 1e-8)) == {"digits_of_ratio": "about"}


# ---------------------------------------------------------------------------------------------------------------------- junk
@pytest.mark.parametrize("name", kinds_of_junk())
def test_junk_breaks_nothing(name: str) -> None:
    assert all(word for module in MODULES for word in words(module, junk()[name]).values())
