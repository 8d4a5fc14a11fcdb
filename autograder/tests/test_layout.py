"""layout.json speaks for the released notebook: no student's file is taken for it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from autograder.course import load_public
from autograder.layout import LAYOUT, digest, read
from autograder.model import CourseError
from autograder.staff import load_staff
from autograder.tests.classroom import SLUG, WRONG

AGAIN = r"Take it again from the folder you were given\.$"


@pytest.fixture
def folder(toy: Path) -> Path:
    return toy / "assignments" / SLUG


def test_students_and_staff_know_the_same_of_the_released_notebook(released_once: Path) -> None:
    ours = load_staff(released_once, SLUG).assignment
    theirs = load_public(released_once / "assignments" / SLUG)
    assert theirs.course_cells == ours.course_cells
    assert theirs.setup == ours.setup
    assert [(e.name, e.points, [(p.name, p.share) for p in e.parts]) for e in theirs.exercises] == [
        (e.name, e.points, [(p.name, p.share) for p in e.parts]) for e in ours.exercises
    ]


def test_it_knows_the_released_cells_and_nothing_of_the_solution(released_once: Path) -> None:
    def sources(home: str) -> set[str]:
        cells = json.loads(
            (released_once / home / SLUG / f"{SLUG}.ipynb").read_text(encoding="utf-8"))["cells"]
        return {digest("".join(c["source"])) for c in cells if c["cell_type"] == "code"}

    known = read(released_once / "assignments" / SLUG / LAYOUT).cells
    assert known == sources("assignments")
    assert not known & (sources("solutions") - sources("assignments"))


def test_what_became_of_the_notebook_and_its_folder_does_not_matter(folder: Path) -> None:
    told = load_public(folder)
    (folder / f"{SLUG}.ipynb").write_text(WRONG, encoding="utf-8")
    (folder / "copy.ipynb").write_text("{}", encoding="utf-8")
    moved = folder.rename(folder.parent / "my homework (1)")
    found = load_public(moved)
    assert (found.slug, found.points, found.course_cells) == (SLUG, told.points, told.course_cells)


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"assignment": "a", "setup": "", "exercises": '
                                  '[{"name": 1}], "cells": []}', "\ud800"])
def test_a_damaged_one_is_told_with_the_mend(folder: Path, text: str) -> None:
    (folder / LAYOUT).write_text(text, encoding="utf-8", errors="surrogatepass")
    with pytest.raises(CourseError, match=rf"layout\.json cannot be read .*{AGAIN}"):
        load_public(folder)


def test_a_lost_one_is_told_with_the_mend(folder: Path) -> None:
    (folder / LAYOUT).unlink()
    with pytest.raises(CourseError, match=rf"layout\.json is missing\. .*{AGAIN}"):
        load_public(folder)


def test_checks_of_another_release_are_refused(folder: Path) -> None:
    checks = folder / "checks.py"
    checks.write_text(checks.read_text(encoding="utf-8").replace("share=85", "share=99"),
                      encoding="utf-8")
    with pytest.raises(CourseError, match=r"checks\.py and layout\.json tell different things of "
                       r"shrink\. Take both again"):
        load_public(folder)
