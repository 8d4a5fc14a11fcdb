"""A mistake made once is paid for once, and nothing can be gained by it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from autograder.authoring.fill import solved
from autograder.course import Staff, load_staff
from autograder.grade import grade
from autograder.model import Cell, Report, Role, Submission
from autograder.sandbox import Isolation, warmed
from autograder.sandbox.plain import Plain

ROOT = Path(__file__).parents[2]
MASK = "def keep_mask(shape, p, rng):\n    if not 0 <= p <= 1:\n        raise ValueError\n    return np.asarray(rng.random(shape) {})\n"
FORWARD = """
def dropout_forward(x, p, rng, train=True):
    if not 0 <= p <= 1:
        raise ValueError
    if not train:
        return x, 1.0
    mask = ({} * {}).astype(x.dtype)
    return x * mask, mask
"""
CALLS, SCALE = "keep_mask(x.shape, p, rng)", "(1 / (1 - p) if p < 1 else 0.0)"
NOTE = "carried over from keep_mask, charged there"


@pytest.fixture(scope="module")
def staff() -> Staff:
    return load_staff(ROOT, "hw1_dropout")


@pytest.fixture(scope="module")
def cage() -> Iterator[Isolation]:
    with warmed(Plain()) as isolation:
        yield isolation


def graded(staff: Staff, cage: Isolation, **answers: str) -> Report:
    cells = {**solved(staff), **answers}
    names = {e.name: e.names for e in staff.assignment.exercises}
    setup = Cell("setup", Role.SETUP, staff.assignment.setup)
    return grade(Submission("f", (setup, *(Cell(n, Role.ANSWER, s, names[n]) for n, s in cells.items()))), staff, cage)


def lost(report: Report) -> dict[str, list[str]]:
    return {e.name: [p.name for p in e.parts if not p.full] for e in report.exercises if e.points < e.max_points}


def notes(report: Report) -> dict[str, set[str]]:
    return {e.name: {p.note for p in e.parts if p.note} for e in report.exercises if any(p.note for p in e.parts)}


def test_a_wrong_sign_in_a_helper_is_charged_where_it_is_made(staff: Staff, cage: Isolation) -> None:
    report = graded(staff, cage, keep_mask=MASK.format("< p"))
    assert "keep_mask" in lost(report)
    assert not lost(report).keys() & {"dropout_forward", "vanilla_forward"}, lost(report)
    assert set(notes(report)) >= {"dropout_forward", "vanilla_forward"}, notes(report)
    assert all(found == {NOTE} for found in notes(report).values())
    forward = report.result("dropout_forward")
    assert any(not v.passed for v in forward.verdicts), "its sentences stay untrue"
    assert forward.diagnoses, "and are explained"


def test_an_own_mistake_beside_it_is_paid_for(staff: Staff, cage: Isolation) -> None:
    report = graded(staff, cage, keep_mask=MASK.format("< p"), dropout_forward=FORWARD.format(CALLS, "1.0"))
    assert "scale" in lost(report)["dropout_forward"]
    assert "dropout_forward" not in notes(report)


def test_who_repeats_the_mistake_without_the_helper_pays_again(staff: Staff, cage: Isolation) -> None:
    mask = "(rng.random(x.shape) < p)"
    report = graded(staff, cage, keep_mask=MASK.format("< p"), dropout_forward=FORWARD.format(mask, SCALE))
    assert "coins" in lost(report)["dropout_forward"]


def test_nothing_is_given_back_for_a_helper_that_is_right(staff: Staff, cage: Isolation) -> None:
    report = graded(staff, cage, dropout_forward=FORWARD.format("~" + CALLS, SCALE))
    assert "coins" in lost(report)["dropout_forward"]
    assert notes(report) == {}


def test_a_helper_that_hides_everything_proves_nothing(staff: Staff, cage: Isolation) -> None:
    nobody = "def keep_mask(shape, p, rng):\n    return np.zeros(shape, dtype=bool)\n"
    report = graded(staff, cage, keep_mask=nobody)
    assert report.result("dropout_forward").points == 0
    assert notes(report) == {}
