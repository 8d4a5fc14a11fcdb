"""A hand-in judged twice: as it is, and below its answer where a later cell has spoilt that."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from autograder import notebook
from autograder.course import load_public
from autograder.grade import grade
from autograder.model import Report, Submission
from autograder.sandbox import Isolation, choose, stays_shut, warmed
from autograder.staff import Staff, load_staff
from autograder.student.reading import Opened, load
from autograder.student.selfcheck import examine_notebook
from autograder.tests.classroom import QUIZ, RIGHT, SLUG, TOY, WRONG

HELPED = "def factor(p):\n    return 1 - p\n\n" + RIGHT.replace("(1 - p)", "factor(p)")
SPOILS = "def factor(p):\n    return p\n"


@pytest.fixture(scope="module")
def staff() -> Staff:
    return load_staff(TOY, SLUG)


@pytest.fixture(scope="module")
def quick() -> Iterator[Isolation]:
    found = choose()
    with warmed(found, stays_shut(found.name)) as backend:
        yield backend


@pytest.fixture(params=["fresh", "warm"])
def isolation(request: pytest.FixtureRequest) -> Iterator[Isolation]:
    found = choose()
    if request.param == "warm" and not stays_shut(found.name):
        pytest.skip(f"{found.name} keeps no worker warm here")
    with warmed(found, request.param == "warm") as backend:
        yield backend


def graded(staff: Staff, isolation: Isolation, tmp_path: Path, shrink: str, later: str,
           quiz: str = QUIZ) -> Report:
    return grade(handed_in(staff, tmp_path, ("shrink", shrink), ("", later), ("quiz", quiz)),
                 staff, isolation)


def handed_in(staff: Staff, tmp_path: Path, *cells: tuple[str, str]) -> Submission:
    path = tmp_path / f"{SLUG}.ipynb"
    found: list[dict[str, Any]] = [{"cell_type": "code", "id": f"c{n}", "source": text,
                                    "metadata": {"nbgrader": {"grade_id": name}} if name else {},
                                    "outputs": [], "execution_count": None}
                                   for n, (name, text) in enumerate(cells)]
    path.write_text(json.dumps({"nbformat": 4, "nbformat_minor": 5, "metadata": {},
                                "cells": found}), encoding="utf-8")
    return notebook.read(path, staff.assignment)


def test_a_name_used_again_below_spoils_nothing(staff: Staff, isolation: Isolation,
                                                tmp_path: Path) -> None:
    report = graded(staff, isolation, tmp_path, HELPED, SPOILS)
    assert [(e.name, e.points) for e in report.exercises] == [("shrink", 3.0), ("quiz", 2.0)]


def test_the_next_exercise_is_judged_after_a_second_look_that_did_not_help(
        staff: Staff, isolation: Isolation, tmp_path: Path) -> None:
    report = graded(staff, isolation, tmp_path, WRONG, "def factor(p): pass\n" + SPOILS)
    assert [(e.name, e.points) for e in report.exercises] == [("shrink", 0.0), ("quiz", 2.0)]
    assert [d.name for d in report.exercises[0].diagnoses] != []


LEANS = """
import numpy as np
LIMIT = 1
CONF = {"hi": 1}
valid = True

def shrink(x, p, rng, train=True):
    if not valid or sum([LIMIT, 0]) != 1:
        raise TypeError
    return np.multiply(CONF["hi"] - p, x), None
"""
BINDS = (
    "valid, other = False, 3",
    "for valid in (1, 0): pass",
    "import contextlib\nwith contextlib.nullcontext(0) as valid: pass",
    "print(valid := 0)",
    "from types import SimpleNamespace\nclass valid(SimpleNamespace): pass\nLIMIT = valid",
    "import math as LIMIT",
    "from math import pi as LIMIT",
    "del valid",
    "if True: valid = 0",
    "LIMIT -= 1",
    "CONF['hi'] = 0.1",
    "CONF.update(hi=0.1)",
    "np = 3",
    "sum = 3",
    "np.multiply = np.add",
    "def f():\n    global valid\n    valid = 0\nf()",
    "globals()['valid'] = 0",
    "try:\n    1 / 0\nexcept Exception as LIMIT:\n    LIMIT = 2",
    "match 0:\n    case valid: pass",
    "from numpy import *",
    "valid = 0",
)


@pytest.mark.parametrize("line", BINDS)
def test_an_answer_counts_as_it_was_below_its_own_cell_however_a_name_is_bound_again(
    staff: Staff, quick: Isolation, tmp_path: Path, line: str
) -> None:
    submission = handed_in(staff, tmp_path, ("shrink", LEANS), ("quiz", QUIZ + line))
    assert ([(e.name, e.points) for e in grade(submission, staff, quick).exercises]
            == [("shrink", 3.0), ("quiz", 2.0)])
    found = Opened(load_public(TOY / "solutions" / SLUG), submission, load(submission))
    assert examine_notebook(staff.assignment.exercises[0], found).outcome == "passed"


def test_a_cell_of_the_students_own_spoils_nothing_either(staff: Staff, quick: Isolation,
                                                          tmp_path: Path) -> None:
    for line in ("valid, other = False, 3", "CONF['hi'] = 0.1", "if True: valid = 0"):
        assert graded(staff, quick, tmp_path, LEANS, line).exercises[0].points == 3.0


def test_what_only_the_finished_notebook_makes_right_counts_too(staff: Staff, quick: Isolation,
                                                                tmp_path: Path) -> None:
    leans = "def shrink(x, p, rng, train=True):\n    return factor(p) * x, None\n"
    report = graded(staff, quick, tmp_path, leans, "def factor(p):\n    return 1 - p\n")
    assert report.exercises[0].points == 3.0


WRONG_QUIZ = 'quiz = {"twice": 42, "letter": "b"}\n'


@pytest.mark.parametrize(
    ("above", "quiz", "below", "points"),
    [
        ("best_of = 1", WRONG_QUIZ, 'quiz["letter"] = "a"; best_of = 2', 1.0),
        ("best_of = 1", QUIZ, 'quiz["letter"] = "b"; best_of = 2', 2.0),
        ("", WRONG_QUIZ, 'quiz = {"twice": 42, "letter": "a"}', 1.0),
        ("", QUIZ, "del quiz", 2.0),
        ("", QUIZ, "quiz = None", 2.0),
        ("", 'class D(dict): pass\nquiz = D(twice=42, letter="b")',
         'quiz["letter"] = "a"; f = 2', 1.0),
        # what its own cell left open may be said below
        ("", 'quiz = {"twice": 42}', 'quiz["letter"] = "a"', 2.0),
    ],
)
def test_the_quiz_is_what_its_own_cell_says(
    staff: Staff, quick: Isolation, tmp_path: Path, above: str, quiz: str, below: str, points: float
) -> None:
    submission = handed_in(staff, tmp_path, ("", above), ("quiz", quiz),
                           ("shrink", RIGHT), ("", below))
    assert ({e.name: e.points for e in grade(submission, staff, quick).exercises}
            == {"shrink": 3.0, "quiz": points})
