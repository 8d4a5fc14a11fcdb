"""The gradebook in PostgreSQL: SQLite's marks, two graders at once, one line without driver."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from autograder.cli import main
from autograder.tests import postgres
from autograder.tests.classroom import SLUG, WRONG, Classroom, answered, make

pytestmark = pytest.mark.nbgrader

HALF = "def shrink(x, p, rng, train=True):\n    return (1 - p) * x if p < 0.5 else x, None\n"


def hand_ins(classroom: Classroom) -> None:
    for student, answer in (("ada", None), ("bob", WRONG), ("eve", HALF), ("Zoë, jr.", None)):
        classroom.submit(student, answered(classroom.released(), answer) if answer
                         else answered(classroom.released()))
    classroom.submit("blank", classroom.released())
    folder = classroom.submit("late", answered(classroom.released()))
    (folder / "timestamp.txt").write_text("2026-11-20 10:00:00 UTC")
    classroom.submit("cut", '{"cells": [')


def moved(classroom: Classroom, address: str) -> None:
    """Let the course keep its gradebook there."""
    config = classroom.root / "nbgrader_config.py"
    config.write_text(config.read_text() + f"\nget_config().CourseDirectory.db_url = {address!r}\n")
    (classroom.root / "gradebook.db").unlink(missing_ok=True)


def marks(address: str) -> dict[str, Any]:
    """Student -> cell -> points, and what is to be looked at, as nbgrader's API reads it."""
    from nbgrader.api import Gradebook  # type: ignore[import-untyped]

    with Gradebook(address) as book:
        return {s.student.id: (s.score, sorted((g.name, g.auto_score, g.needs_manual_grade)
                                               for n in s.notebooks for g in n.grades))
                for s in book.assignment_submissions(SLUG)}


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    if reason := postgres.lacking():
        pytest.skip(reason)
    pytest.importorskip("psycopg", reason="needs the driver: pip install 'psycopg[binary]'")
    # pytest's own folders are closed to whoever runs the server
    folder = Path(tempfile.mkdtemp(prefix="pg-"))
    folder.chmod(0o755)
    try:
        with postgres.server(folder / "server") as found:
            yield found
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def test_marks_are_those_of_sqlite_and_two_may_grade_at_once(address: str, tmp_path: Path) -> None:
    """The class twice: alone into a file, and by two commands at once into one server."""
    alone, one = make(tmp_path / "alone"), make(tmp_path / "one")
    hand_ins(alone)
    assert (main(["grade", SLUG, "--course", str(alone.root), "--jobs", "1"])
            == 1), "one cannot be read"
    moved(one, address)
    done = one.run("generate_assignment", SLUG, "--force")
    assert done.code == 0, done.text[-2000:]
    hand_ins(one)
    other = Classroom(Path(shutil.copytree(one.root, tmp_path / "other")))
    # "late" is graded by both
    halves = [(one, ["ada", "bob", "cut", "late"]), (other, ["blank", "eve", "Zoë, jr.", "late"])]
    running = [
        subprocess.Popen(
            [sys.executable, "-m", "autograder", "grade", SLUG, "--student", *students, "--course",
             str(c.root), "--jobs", "1"],
            stdout=subprocess.PIPE,
            text=True,
        )
        for c, students in halves
    ]
    texts = [process.communicate(timeout=300)[0] for process in running]
    assert [process.returncode for process in running] == [1, 0], texts
    there = marks(address)
    assert there == marks(f"sqlite:///{alone.root / 'gradebook.db'}")
    assert {student: score for student, (score, _) in there.items()}["eve"] == pytest.approx(2.45)
    assert len(there) == 7
    assert main(["explain", SLUG, "eve", "--set", "factor=1", "--because", "x", "--course",
                 str(one.root)]) == 0
    assert dict(marks(address))["eve"][0] == pytest.approx(3.45)
    (tmp_path / "archive").mkdir()
    (tmp_path / "roster.csv").write_text(f"id,first_name,last_name\neve,Eve,{'x' * 200}\n")
    assert main(["collect", SLUG, str(tmp_path / "archive"), "--roster",
                 str(tmp_path / "roster.csv"), "--course", str(one.root)]) == 0
    assert main(["report", SLUG, "--names", "--csv", str(tmp_path / "named.csv"), "--course",
                 str(one.root)]) == 0
    assert "eve,Eve xxx" in (tmp_path / "named.csv").read_text(encoding="utf-8")
    done = one.run("export")
    assert done.code == 0, done.text[-2000:]
    assert '"Zoë, jr."' in (one.root / "grades.csv").read_text(encoding="utf-8")


def test_a_missing_driver_is_one_line_with_its_mend(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    classroom = make(tmp_path / "course")
    moved(classroom, "postgresql+psycopg://nobody@localhost:1/gradebook")
    monkeypatch.setitem(sys.modules, "psycopg", None)
    assert main(["grade", SLUG, "--course", str(classroom.root), "--jobs", "1"]) == 1
    said = capsys.readouterr().out
    assert said.count("\n") == 1, said
    assert "pip install 'psycopg[binary]'" in said


@pytest.mark.parametrize("command", ["autograde", "generate_assignment", "export"])
def test_nbgraders_own_commands_say_it_in_one_line_too(command: str, tmp_path: Path) -> None:
    classroom = make(tmp_path / "course")
    classroom.submit("ada", classroom.released())
    moved(classroom, "postgresql+pg8000://grader:hunter2@localhost:1/gradebook")
    done = classroom.run(command, *[SLUG, "--force"] * (command != "export"))
    assert done.code == 1
    assert done.text.count("\n") == 1, done.text
    assert "needs a driver that is not here" in done.text
    assert "hunter2" not in done.text


def test_an_address_with_a_password_is_shown_without_it(tmp_path: Path,
                                                        capsys: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("psycopg")
    classroom = make(tmp_path / "course")
    moved(classroom, "postgresql+psycopg://grader:hunter2@localhost:1/gradebook")
    assert main(["grade", SLUG, "--course", str(classroom.root), "--jobs", "1"]) == 1
    said = capsys.readouterr().out
    assert "cannot be opened" in said
    assert "hunter2" not in said
