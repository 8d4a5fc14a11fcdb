"""A tiny number added to a divisor, to a logarithm or to a diagonal is no wrong formula: it costs the digits at most, and is named."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest

from autograder.authoring.verify import COSTS, lost, verdicts_of
from autograder.course import Staff, load_staff
from autograder.diagnose import diagnose, fingerprint
from autograder.judge import result
from autograder.keys import manner
from autograder.model import Gravity, Misconception

ROOT = Path(__file__).parents[2]
DIVISOR, DIAGONAL = "a_tiny_number_makes_a_divisor_safe", "a_ridge_needs_a_little_on_the_diagonal"
# assignment -> exercise -> what to exchange, with {eps}, and how it is called
PLACES = {
    "hw4_theory": {
        "ensemble_mean": [("np.exp(scores).sum(axis=-1, keepdims=True)", "(np.exp(scores).sum(axis=-1, keepdims=True) + {eps})", DIVISOR)],
        "weight_scaling": [("/ odds.sum(axis=1, keepdims=True)", "/ (odds.sum(axis=1, keepdims=True) + {eps})", DIVISOR)],
        "expected_dropout_loss": [("p / (1 - p)", "p / (1 - p + {eps})", DIVISOR)],
        "dropout_ridge": [
            ("p / (1 - p)", "p / (1 - p + {eps})", DIVISOR),
            ("np.diag(price)", "np.diag(price) + {eps} * np.eye(len(price))", DIAGONAL),
        ],
        "glm_penalty": [
            ("p / (1 - p)", "p / (1 - p + {eps})", DIVISOR),
            ("(1 + odds) ** 2", "((1 + odds) ** 2 + {eps})", DIVISOR),
        ],
    },
}


@cache
def staff_of(slug: str) -> Staff:
    return load_staff(ROOT, slug)


def edits() -> Iterator[object]:
    """Every place with every tiny number (one in a plain run): the assignment, and the edit under the name it should get."""
    for slug, exercises in PLACES.items():
        for exercise, places in exercises.items():
            for old, new, name in places:
                for eps in ("1e-12", "1e-10", "1e-8", "1e-6"):
                    entry = replace(manner(name, eps, (old, new.format(eps=eps))), exercise=exercise)
                    yield pytest.param(slug, entry, marks=() if eps == "1e-8" else pytest.mark.slow)


@pytest.mark.parametrize(("slug", "entry"), [*edits()], ids=lambda e: e if isinstance(e, str) else f"{e.exercise}-{e.name}-{e.sentence}")
def test_a_tiny_number_costs_the_digits_at_most_and_is_named(slug: str, entry: Misconception) -> None:
    staff, exercise = staff_of(slug), staff_of(slug).assignment.exercise(entry.exercise)
    subject = staff.answered(entry)
    graded = result(exercise, verdicts_of(exercise, subject, staff))
    manners = {p.name for p in exercise.parts if p.gravity is Gravity.MANNER}
    assert {p.name for p in graded.parts if not p.full} <= (manners if float(entry.sentence) > 1e-11 else set())
    assert lost(graded) <= COSTS[Gravity.MANNER][1] + 1e-9
    facts = fingerprint(staff.assignment.probes[exercise.name], exercise.name, subject, slug)
    told = {d.name for d in diagnose(exercise.name, facts, staff.hints[exercise.name])}
    if float(entry.sentence) >= 1e-8:
        assert told == {entry.name}
    else:
        assert told <= {entry.name}
