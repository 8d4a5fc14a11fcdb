"""Symptoms of a committee of all thinned softmax classifiers: each is one part of its formula.

Most are read off two examples of one input, x and -x, with weights w and -w: there examples and
classes may change places unseen.
"""

from __future__ import annotations

from itertools import product

import numpy as np

from autograder.asking import Exam, Wrong, array
from autograder.checks_api.inputs import Array
from autograder.checks_api.symptoms import symptom
from autograder.checks_api.views import question

__all__ = ["bias_of_members", "clash", "exactness", "inputs_of_members", "kind_of_mean",
           "loud_members", "rows", "softmax_over", "sure_members", "votes_of_masks"]

# all words below lie 0.07 apart: many draws in place of the exact average take none for another
P, ODDS = 0.43, 3.2
NEAR = 0.03
MANY = 12  # inputs, of which all are dropped with a probability of 0.00004
MEANS, INPUTS = ("geometric", "arithmetic"), ("as they are", "scaled")
VOTES = {"their probabilities": 1 - P, "all alike": 0.5, "exchanged": P}


def _probabilities(exam: Exam, odds: float = ODDS, inputs: int = 1) -> Array:
    """(2, 2) for the examples x and -x; with two inputs, each contradicts the other."""
    x = [[1.0] * inputs, [-1.0] * inputs]
    W = [[odds / 2, -odds / 2], [-odds / 2, odds / 2]][:inputs]
    (value,) = exam.ask(question(exam, (x, W, [0.0, 0.0], P)))
    return np.asarray(array(value, "probs", (2, 2)).astype(float))


def _log_odds(exam: Exam, odds: float = ODDS) -> float:
    probs = _probabilities(exam, odds)
    if not (probs > 0).all():
        raise Wrong("a probability is not positive", "positive numbers")
    return float(np.log(probs[0, 0] / probs[0, 1]))


def _words(exam: Exam) -> tuple[tuple[str, str, str], float]:
    """Which mean of what: the combination nearest to the odds seen, and how far it is off."""
    found = _log_odds(exam)
    table = {key: _expected(*key) for key in product(MEANS, VOTES, INPUTS)}
    best = min(table, key=lambda key: abs(table[key] - found))
    off = abs(table[best] / found - 1) if found else np.inf
    return ((best, off) if abs(table[best] - found) <= NEAR
            else (("other", "other", "other"), np.inf))


def _expected(mean: str, votes: str, inputs: str) -> float:
    """The log-odds of a committee of two: one that knows nothing, and one that hears its input."""
    heard = ODDS / (1 - P) if inputs == "scaled" else ODDS
    if mean == "geometric":
        return VOTES[votes] * heard
    share = 0.5 + VOTES[votes] * (1 / (1 + np.exp(-heard)) - 0.5)
    return float(np.log(share / (1 - share)))


@symptom
def kind_of_mean(exam: Exam) -> str:
    """Is it the geometric mean of the members, or the arithmetic one?"""
    return _words(exam)[0][0]


@symptom
def votes_of_masks(exam: Exam) -> str:
    """By what each mask is weighted: "their probabilities", "all alike", or with p and 1 - p
    "exchanged"."""
    return _words(exam)[0][1]


@symptom
def inputs_of_members(exam: Exam) -> str:
    """Are inputs that are kept left as they are, or scaled?"""
    return _words(exam)[0][2]


@symptom
def exactness(exam: Exam) -> str:
    """How near all this comes to the formula: "ten digits", "seven digits", or "roughly" as an
    average over draws."""
    off = _words(exam)[1]
    return ("unclear" if off == np.inf else "ten digits" if off <= 1e-10
            else "seven digits" if off <= 1e-5 else "roughly")


@symptom
def rows(exam: Exam) -> str:
    """What the probabilities of an example sum to: "1", "about 1" or something else."""
    off = float(np.abs(_probabilities(exam).sum(axis=1) - 1).max())
    return "1" if off <= 1e-10 else "about 1" if off <= 1e-5 else "another number"


@symptom
def softmax_over(exam: Exam) -> str:
    """Of a single example: do its classes compete, or has each of them all of it, as over the
    examples?"""
    (value,) = exam.ask(question(exam, ([[1.0]], [[ODDS, 0.0]], [0.0, 0.0], P)))
    found = array(value, "probs", (1, 2)).astype(float)
    return "the examples" if np.ptp(found) <= 1e-9 else "the classes"


@symptom
def bias_of_members(exam: Exam) -> str:
    """Is the bias whole where only it speaks, "smaller" or "larger"? "kept", too, where it does not
    show."""
    # of so many inputs that no single mask matters: a list that lacks one is another mistake
    (value,) = exam.ask(question(exam, ([[0.0] * MANY], [[0.0, 0.0]] * MANY, [1.0, 0.0], P)))
    found = array(value, "probs", (1, 2)).astype(float)
    if not (found > 0).all() or np.ptp(found) <= 1e-9:
        return "kept"
    heard = float(np.log(found[0, 0] / found[0, 1]))
    return "kept" if abs(heard - 1) <= 1e-4 else "smaller" if heard < 1 else "larger"


@symptom
def sure_members(exam: Exam) -> str:
    """Are the log-odds of a member that is very sure bounded, as by a number added to its
    probabilities?"""
    return "bounded" if 4 < _log_odds(exam, 400.0) < 60 else "free"


@symptom
def loud_members(exam: Exam) -> str:
    """What scores of thousands give: "numbers" or "no numbers"."""
    return _as_numbers(_probabilities(exam, 4000.0))


@symptom
def clash(exam: Exam) -> str:
    """What two members give of which each rules out what the other is sure of."""
    return _as_numbers(_probabilities(exam, 4000.0, inputs=2))


def _as_numbers(probs: Array) -> str:
    return "numbers" if np.isfinite(probs).all() else "no numbers"
