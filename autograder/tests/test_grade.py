"""A hand-in that is judged twice: as it is, and where a later cell has spoilt an answer also as it was below that answer."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from autograder import notebook
from autograder.course import Staff, load_staff
from autograder.grade import grade
from autograder.isolation import Isolation, choose, stays_shut, warmed
from autograder.model import Report
from autograder.tests.classroom import QUIZ, RIGHT, SLUG, TOY, WRONG

HELPED = "def factor(p):\n    return 1 - p\n\n" + RIGHT.replace("(1 - p)", "factor(p)")
SPOILS = "def factor(p):\n    return p\n"


@pytest.fixture(scope="module")
def staff() -> Staff:
    return load_staff(TOY, SLUG)


@pytest.fixture(params=["fresh", "warm"])
def isolation(request: pytest.FixtureRequest) -> Iterator[Isolation]:
    found = choose()
    if request.param == "warm" and not stays_shut(found.name):
        pytest.skip(f"{found.name} keeps no worker warm here")
    with warmed(found, request.param == "warm") as cage:
        yield cage


def graded(staff: Staff, isolation: Isolation, tmp_path: Path, shrink: str, later: str, quiz: str = QUIZ) -> Report:
    path = tmp_path / f"{SLUG}.ipynb"
    cells = [("shrink", shrink), ("", later), ("quiz", quiz)]
    found: list[dict[str, Any]] = [
        {"cell_type": "code", "id": f"c{n}", "source": text, "metadata": {"nbgrader": {"grade_id": name}} if name else {},
         "outputs": [], "execution_count": None} for n, (name, text) in enumerate(cells)
    ]  # fmt: skip
    path.write_text(json.dumps({"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": found}), encoding="utf-8")
    return grade(notebook.read(path, staff.assignment), staff, isolation)


def test_a_name_used_again_below_spoils_nothing(staff: Staff, isolation: Isolation, tmp_path: Path) -> None:
    report = graded(staff, isolation, tmp_path, HELPED, SPOILS)
    assert [(e.name, e.points) for e in report.exercises] == [("shrink", 3.0), ("quiz", 2.0)]


def test_the_next_exercise_is_judged_after_a_second_look_that_did_not_help(staff: Staff, isolation: Isolation, tmp_path: Path) -> None:
    report = graded(staff, isolation, tmp_path, WRONG, "def factor(p): pass\n" + SPOILS)
    assert [(e.name, e.points) for e in report.exercises] == [("shrink", 0.0), ("quiz", 2.0)]
    assert [d.name for d in report.exercises[0].diagnoses] != []
