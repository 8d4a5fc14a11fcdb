"""solutions/ -> assignments/: the kit and nbgrader write the same bytes, and the gate sees."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from autograder.authoring.release import check_release, regions, release
from autograder.model import CourseError
from autograder.tests.classroom import SLUG, TOY, make

pytestmark = pytest.mark.nbgrader


@pytest.fixture
def root(tmp_path: Path) -> Path:
    shutil.copytree(TOY, tmp_path / "course", ignore=shutil.ignore_patterns("__pycache__"))
    return tmp_path / "course"


@pytest.fixture
def released(toy: Path) -> Path:
    return toy


def files(folder: Path) -> dict[str, bytes]:
    return {p.relative_to(folder).as_posix(): p.read_bytes()
            for p in folder.rglob("*") if p.is_file()}


def edit(path: Path, change: Callable[[Any], None]) -> None:
    notebook = json.loads(path.read_text(encoding="utf-8"))
    change(notebook["cells"])
    path.write_text(json.dumps(notebook, indent=1) + "\n", encoding="utf-8")


def source(root: Path) -> Path:
    return root / "solutions" / SLUG / f"{SLUG}.ipynb"


# ------------------------------------------------------------------------------------------ release
def test_the_release_holds_three_files_and_no_secret(released: Path) -> None:
    found = files(released / "assignments" / SLUG)
    assert set(found) == {f"{SLUG}.ipynb", "checks.py", "hints.json", "layout.json"}
    everything = b"\n".join(found.values())
    assert b"raise NotImplementedError()" in everything
    assert b"factor" not in found[f"{SLUG}.ipynb"]
    assert b"SOLUTION" not in everything
    assert b"salt" not in everything
    assert b"x * p" not in everything


def test_stock_nbgrader_writes_the_same_bytes(released: Path, tmp_path: Path) -> None:
    stock = make(tmp_path / "stock")
    assert files(stock.root / "assignments") == files(released / "assignments")
    assert stock.run("generate_assignment", SLUG, "--force").code == 0
    assert files(stock.root / "assignments") == files(released / "assignments")


def test_a_release_leaves_no_gradebook_and_touches_none(root: Path) -> None:
    release(root, [SLUG])
    assert not (root / "gradebook.db").exists()
    (root / "gradebook.db").write_bytes(b"the teacher's")
    release(root, [SLUG])
    assert (root / "gradebook.db").read_bytes() == b"the teacher's"
    assert {p.name for p in root.iterdir()} == {"assignments", "gradebook.db",
                                                "nbgrader_config.py", "solutions"}


def test_a_release_that_fails_leaves_the_old_one(released: Path) -> None:
    before = files(released / "assignments")
    edit(source(released), lambda cells: cells[3]["source"].remove("    ### END SOLUTION"))
    with pytest.raises(CourseError, match="without the other"):
        release(released, [SLUG])
    assert files(released / "assignments") == before


@pytest.mark.parametrize("stranger", ["reference_solution.py", "data.csv", "second.ipynb"])
def test_what_does_not_belong_is_not_published(stranger: str, released: Path) -> None:
    before = files(released / "assignments")
    shutil.copy(source(released), source(released).with_name(stranger))
    with pytest.raises(CourseError, match=rf"{stranger}, which would be given to the students. "
                       r"Move secrets beside the folder"):
        release(released, [SLUG])
    assert files(released / "assignments") == before


@pytest.mark.parametrize("leftover", [".DS_Store", "__pycache__/checks.pyc", "checks.py~",
                                      f"{SLUG}_key.py", ".ipynb_checkpoints/x.ipynb"])
def test_what_editors_leave_behind_is_not_published(leftover: str, root: Path) -> None:
    path = root / "solutions" / SLUG / leftover
    path.parent.mkdir(exist_ok=True)
    path.write_text("x")
    release(root, [SLUG])
    assert set(files(root / "assignments" / SLUG)) == {f"{SLUG}.ipynb", "checks.py", "hints.json",
                                                       "layout.json"}


def test_an_unknown_assignment_is_named(root: Path) -> None:
    with pytest.raises(CourseError, match="no folder solutions/toy_missing"):
        release(root, ["toy_missing"])


def test_a_broken_key_says_where(root: Path) -> None:
    (root / "solutions" / f"{SLUG}_key.py").write_text("HIDDEN = 1 / 0")
    with pytest.raises(CourseError, match=rf"{SLUG}_key.py"):
        release(root, [SLUG])


# -------------------------------------------------------------------------------------------- check
def test_a_fresh_release_has_no_problems(released: Path) -> None:
    assert check_release(released, SLUG) == []


def problem(root: Path) -> str:
    (found,) = check_release(root, SLUG)
    assert found.endswith(".")
    return found


def test_an_edited_release_is_noticed(released: Path) -> None:
    (released / "assignments" / SLUG / "checks.py").write_text("EXERCISES = []\n")
    assert (problem(released) == f"assignments/{SLUG}/checks.py is not what would be written now. "
            f"Run `autograder release {SLUG}`.")


def test_a_missing_and_a_strange_file_are_noticed(released: Path) -> None:
    (released / "assignments" / SLUG / "hints.json").rename(
        released / "assignments" / SLUG / "hints.txt")
    missing, strange = check_release(released, SLUG)
    assert "hints.json is missing. Run" in missing
    assert "hints.txt does not belong there. Delete it" in strange


def test_a_changed_key_asks_for_a_release(released: Path) -> None:
    key = released / "solutions" / f"{SLUG}_key.py"
    key.write_text(key.read_text(encoding="utf-8").replace("how much is taken away",
                                                           "how much goes"), encoding="utf-8")
    assert "hints.json is not what would be written now" in problem(released)


def test_solution_text_elsewhere_in_assignments_is_found(released: Path) -> None:
    other = released / "assignments" / "toy_other"
    other.mkdir()
    cells = [{"cell_type": "code", "source": [
        "if True:\n", "  factor = x.dtype.type(1 - p)  # copied\n", "  return factor * x, None\n"]}]
    (other / "toy_other.ipynb").write_text(json.dumps({"cells": cells}))
    assert problem(released) == ("assignments/toy_other/toy_other.ipynb holds lines of the "
                                 f"solution of shrink ({SLUG}). Take them out of what is released.")


def test_an_open_region_in_a_release_is_found(released: Path) -> None:
    other = released / "assignments" / "toy_other"
    other.mkdir()
    (other / "notes.py").write_text("### BEGIN HIDDEN TESTS\n")
    assert 'holds the mark "BEGIN HIDDEN TESTS"' in problem(released)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda cells: cells[6].update(outputs=[{"output_type": "stream", "name": "stdout",
                                                 "text": "x"}]), "cell 7 has outputs"),
        (lambda cells: cells[6].update(execution_count=3),
         "cell 7 has outputs or an execution count"),
        (lambda cells: cells[4]["metadata"]["nbgrader"].update(points=0),
         "(check_shrink) is graded but has no points"),
    ],
)
def test_an_untidy_source_is_noticed(change: Callable[[Any], None], words: str,
                                     released: Path) -> None:
    edit(source(released), change)
    assert any(words in p for p in check_release(released, SLUG))


def test_ids_must_be_there_and_differ(released: Path) -> None:
    edit(source(released), lambda cells: cells[6].pop("id"))
    assert any("cell 7 has no id of its own" in p for p in check_release(released, SLUG))
    edit(source(released), lambda cells: cells[6].update(id="intro"))
    assert sum("has no id of its own ('intro')" in p for p in check_release(released, SLUG)) == 2


def test_regions_are_what_lies_between_the_marks() -> None:
    text = ("def f():\n    ### BEGIN SOLUTION\n    a = 1\n    return a\n    ### END SOLUTION\nb\n"
            "### BEGIN SOLUTION\nc\n### END SOLUTION")
    assert regions(text) == ["    a = 1\n    return a", "c"]
    assert regions("x = 1") == ["x = 1"]


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("### BEGIN SOLUTION", "",
         r"cell 4 has 'BEGIN SOLUTION' or 'END SOLUTION' without the other\. Add it"),
        ("### END SOLUTION", "",
         r"cell 4 has 'BEGIN SOLUTION' or 'END SOLUTION' without the other\. Add it"),
        ('"points": 3', '"point": 3',
         r"check_shrink has no points \(found None\)\. Give it points"),
    ],
)
def test_a_slip_in_the_notebook_is_named_with_its_cell(root: Path, old: str, new: str,
                                                       said: str) -> None:
    path = root / "solutions" / SLUG / f"{SLUG}.ipynb"
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(CourseError, match=said):
        release(root, [SLUG])


def test_a_folder_without_its_notebook_is_named(root: Path) -> None:
    (root / "solutions" / SLUG / f"{SLUG}.ipynb").rename(root / "solutions" / SLUG / "other.ipynb")
    with pytest.raises(CourseError,
                       match=rf"has no {SLUG}\.ipynb\. Give the notebook the name of its folder\."):
        release(root, [SLUG])
