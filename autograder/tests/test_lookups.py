"""What a hand-in would earn that knows the public checks only."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from autograder.authoring.verify import Examination
from autograder.dropout import checks as c
from autograder.staff import Staff, load_staff
from autograder.tests.classroom import SLUG

ROOT = Path(__file__).parents[2]


def told(staff: Staff) -> dict[str, float]:
    return {one.seen: one.share for one in Examination(staff, ROOT).fitted}


def test_a_hidden_case_of_other_numbers_and_another_shape_refuses_what_is_fitted(
        released_once: Path) -> None:
    # manners
    assert told(load_staff(released_once, SLUG)) == {"the very call": 0.15, "its numbers": 0.15,
                                                     "its shapes": 0.15}


def test_without_hidden_checks_it_earns_all_and_the_exercise_is_named(released_once: Path) -> None:
    staff = load_staff(released_once, SLUG)
    bare = replace(staff, assignment=replace(
        staff.assignment, exercises=tuple(e.public for e in staff.assignment.exercises)))
    assert told(bare) == {"the very call": 1.0, "its numbers": 1.0, "its shapes": 1.0}
    findings = [one.finding for one in Examination(bare, ROOT).fitted]
    assert findings[0].startswith(
        "shrink: right only where the very call stood in a public check earns 100%.")


def test_a_hidden_case_of_the_same_shape_is_seen(released_once: Path) -> None:
    staff = load_staff(released_once, SLUG)
    usual = replace(c.multiplies_at_test_time(p=0.6, by="1-p"), hidden=True)
    alike = tuple(e.each(lambda check: usual if check.hidden else check)
                  for e in staff.assignment.exercises if e.name == "shrink")
    found = told(replace(staff, assignment=replace(staff.assignment, exercises=alike)))
    assert found == {"the very call": 0.15, "its numbers": 0.15, "its shapes": 1.0}
