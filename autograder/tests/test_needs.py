"""An assignment that NEEDS an absent package: nothing is judged or lost, and all say so."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from autograder.authoring.release import check_release, release
from autograder.authoring.verify import SKIPPED, verify
from autograder.cli import main
from autograder.course import load_public
from autograder.grade import grade_path
from autograder.sandbox.plain import Plain
from autograder.staff import load_staff
from autograder.student.selfcheck import check
from autograder.tests.classroom import SLUG, Classroom, answered, make

REASON = "the package no_such_package is not installed on this machine"
KEY = "import no_such_package\n"  # a key may import what its assignment needs


@pytest.fixture
def needy(toy: Path) -> Path:
    """The root of a toy course released with its package, on a machine without it."""
    return make_needy(toy)


def make_needy(root: Path) -> Path:
    for home in ("solutions", "assignments"):
        path = root / home / SLUG / "checks.py"
        path.write_text(path.read_text(encoding="utf-8") + '\nNEEDS = ("no_such_package",)\n',
                        encoding="utf-8")
    (root / "solutions" / f"{SLUG}_key.py").write_text(KEY, encoding="utf-8")
    return root


def test_grading_takes_nothing_and_the_maximum_shrinks(needy: Path) -> None:
    staff = load_staff(needy, SLUG)
    report = grade_path(needy / "assignments" / SLUG / f"{SLUG}.ipynb", staff, Plain())
    assert (report.status, report.points, report.max_points) == ("graded", 0, 0)
    assert {(e.outcome, e.not_run) for e in report.exercises} == {("not_run", REASON)}


def test_the_self_check_says_so_and_complains_of_nothing(
        needy: Path, capsys: pytest.CaptureFixture[str]) -> None:
    check("shrink", folder=str(needy / "assignments" / SLUG), namespace={})
    assert f"shrink was not run and costs nothing: {REASON}" in capsys.readouterr().out
    assert main(["check", str(needy / "assignments" / SLUG / f"{SLUG}.ipynb")]) == 0


def test_pytest_skips_with_the_reason(needy: Path) -> None:
    words = [sys.executable, "-m", "pytest", "-q", "-rs", "-p", "no:cacheprovider"]
    done = subprocess.run(words, cwd=needy / "assignments" / SLUG, text=True, capture_output=True,
                          timeout=300, check=False)
    assert done.returncode == 0, done.stdout
    assert f"{REASON}; install it to check yourself; that costs no points" in done.stdout
    assert "4 skipped" in done.stdout


def test_verify_says_what_it_skipped_and_is_not_simply_fine(
        needy: Path, capsys: pytest.CaptureFixture[str]) -> None:
    steps = list(verify(needy))
    assert [found for _, _, found in steps if found] == []
    skipped = [title for _, title, _ in steps if SKIPPED + REASON in title]
    assert len(skipped) == len(steps) - 2  # the prose and the release can be looked at all the same
    assert steps[-1][1].endswith(f"(hints.json left as it is: {REASON})")
    assert main(["verify", "--course", str(needy)]) == 0
    *lines, last = capsys.readouterr().out.splitlines()
    skipped = [line for line in lines if SKIPPED + REASON in line]
    assert (last == f"What was looked at is fine, but {len(skipped)} steps were skipped. Run this "
            "where nothing is lacking.")


def test_a_release_keeps_the_hints_of_before(needy: Path,
                                             capsys: pytest.CaptureFixture[str]) -> None:
    hints = needy / "assignments" / SLUG / "hints.json"
    before = hints.read_bytes()
    assert main(["release", "--course", str(needy)]) == 0
    assert f"(hints.json is the one of before: {REASON})" in capsys.readouterr().out
    assert hints.read_bytes() == before
    assert check_release(needy, SLUG) == []
    assert load_public(needy / "assignments" / SLUG).needs == ("no_such_package",)


def test_a_first_release_goes_without_hints(needy: Path) -> None:
    (needy / "assignments" / SLUG / "hints.json").unlink()
    release(needy, [SLUG])
    assert (needy / "assignments" / SLUG / "hints.json").read_text(encoding="utf-8") == "{}\n"


def test_what_is_needed_and_there_changes_nothing(toy: Path) -> None:
    for home in ("solutions", "assignments"):
        path = toy / home / SLUG / "checks.py"
        path.write_text(path.read_text(encoding="utf-8") + '\nNEEDS = ("json",)\n',
                        encoding="utf-8")
    assert not any(found or SKIPPED in title for _, title, found in verify(toy, seeds=1))


@pytest.mark.nbgrader
def test_nbgrader_gives_full_points_and_says_why(tmp_path: Path) -> None:
    room: Classroom = make(tmp_path / "course")
    notebook = answered(room.released())
    make_needy(room.root)
    room.submit("ada", notebook)
    done = room.run("autograde", SLUG)
    assert done.code == 0, done.text
    assert room.total("ada") == load_public(room.root / "solutions" / SLUG).points
    assert REASON in str(room.comments("ada")["shrink"])
    assert all(needs_human for _, _, needs_human in room.grades("ada").values())
