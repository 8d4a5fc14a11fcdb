"""No answer of a student, however odd, makes a check or a fact fail, takes long, or puts a text of its own into a hidden case's report.

A sample of some 15 s; `python -m autograder.tests.fuzz 200000` is the long run.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from autograder import notebook
from autograder.course import Staff, lacking, load_public, load_staff, slugs
from autograder.grade import grade
from autograder.isolation import choose, stays_shut, warmed
from autograder.judge import judge
from autograder.model import Outcome, Submission
from autograder.selfcheck import examine
from autograder.subjects.local import Local
from autograder.tests.fuzz import IGNORANT, MOODS, ROOT, run
from autograder.tests.toys import junk

SLUGS = slugs(ROOT)
PATIENT = {"hw3_generalization"}  # its solution trains networks: in the sample nobody asks it


@pytest.mark.parametrize("slug", SLUGS)
def test_odd_answers_are_judged_with_words(slug: str) -> None:
    found = run(slug, 1500, 7, IGNORANT if slug in PATIENT else MOODS)
    assert not found.kinds, "\n".join(f"{count} x {what}: {found.first[what]}" for what, count in found.kinds.items())


@pytest.mark.slow
@pytest.mark.parametrize("slug", SLUGS)
def test_many_odd_answers_are_judged_with_words(slug: str) -> None:
    found = run(slug, 30_000, 1_000_000)
    assert not found.kinds, "\n".join(f"{count} x {what}: {found.first[what]}" for what, count in found.kinds.items())


@pytest.mark.parametrize("slug", SLUGS)
def test_no_junk_from_any_function_breaks_a_self_check_or_a_hidden_one(slug: str) -> None:
    staff, public = load_staff(ROOT, slug), load_public(ROOT / "assignments" / slug)
    if lacking(public):
        pytest.skip(lacking(public))
    for number, (kind, function) in enumerate(junk().items()):
        exercise = public.exercises[number % len(public.exercises)]
        subject = Local(namespace={**staff.reference.namespace, **dict.fromkeys(exercise.names, function)})
        examine(exercise, subject, public)  # Broken is an exception
        verdicts = judge(staff.assignment.exercise(exercise.name), subject, slug, staff.key.salt, staff.reference)
        assert not [v for v in verdicts if v.outcome is Outcome.BROKEN], (exercise.name, kind)


GIVEN = (
    "0.0, None", "None", "0", "1j", "'text'", "b'0'", "[]", "()", "{}", "{1: 2}", "{'W1': 0}", "(None,) * 7", "[[1], [2, 3]]",
    "float('nan')",
    "np.array(0.0)", "np.array('x')", "np.array([None])", "np.array(1j)", "np.ma.masked_all(3)", "np.zeros(0)", "np.zeros((0, 3))",
    "np.full((3, 3), np.nan)", "np.full((2, 2), np.inf)", "np.full(4, 5e-324)", "np.zeros(3, 'M8[s]')", "np.zeros(2, 'f2')", "10**400",
    "(i for i in range(3))", "lambda: 0", "object", "type('value of secret', (), {})()",
)  # fmt: skip


def handed_in(staff: Staff, given: str, folder: Path) -> Submission:
    """A hand-in every function of which returns this; what is no function is this."""
    cells: list[dict[str, Any]] = []
    for exercise in staff.assignment.exercises:
        names = {name: staff.reference.namespace[name] for name in exercise.names}
        lines = [f"def {n}(*args, **kwargs): return {given}" if callable(thing) else f"{n} = {given}" for n, thing in names.items()]
        meta = {"nbgrader": {"grade_id": exercise.name}}
        code: dict[str, Any] = {"cell_type": "code", "id": f"c{len(cells)}", "outputs": [], "execution_count": None}
        cells.append({**code, "source": "\n".join(lines), "metadata": meta})
    path = folder / f"{staff.assignment.slug}.ipynb"
    path.write_text(json.dumps({"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": cells}), encoding="utf-8")
    return notebook.read(path, staff.assignment)


def grade_all(slug: str, kinds: Sequence[str], folder: Path) -> None:
    """Each of these hand-ins is graded, and what it returned is not repeated where a case is hidden."""
    staff = load_staff(ROOT, slug)
    if lacking(staff.assignment):
        pytest.skip(lacking(staff.assignment))
    with warmed(choose(), stays_shut(choose().name)) as isolation:
        for given in kinds:
            report = grade(handed_in(staff, given, folder), staff, isolation)
            assert report.status == "graded", given
            told = [v.got for v in report.verdicts() if v.hidden] + [d.message for e in report.exercises for d in e.diagnoses]
            assert not [words for words in told if "secret" in words], given


@pytest.mark.parametrize("slug", SLUGS)
def test_a_hand_in_of_junk_is_graded(slug: str, tmp_path: Path) -> None:
    grade_all(slug, (GIVEN[0], GIVEN[-1]), tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize("slug", SLUGS)
def test_hand_ins_of_all_kinds_of_junk_are_graded(slug: str, tmp_path: Path) -> None:
    grade_all(slug, GIVEN, tmp_path)
