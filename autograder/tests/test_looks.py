"""What is worth a look after grading: each thing noticed, once, with student and exercise."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import pytest

from autograder.classes.batch import Batch
from autograder.cli import main
from autograder.model import ExerciseResult, Look, Report
from autograder.report import looks
from autograder.report.standing import UNTIMED
from autograder.report.words import duration, phrase
from autograder.sandbox import choose
from autograder.tests.classroom import (
    QUIZ, RIGHT, SLUG, Classroom, answered, cell, checks, code_cell, copied, make, without)

pytestmark = pytest.mark.nbgrader

# student -> what is told, with the exercise before it where there is one
TOLD = {
    "second": {f": only {SLUG}.ipynb is graded, not {SLUG}_final.ipynb"},
    "renamed": {f": handed in {SLUG} (1).ipynb; it is graded as {SLUG}.ipynb"},
    "late": {": late by 2 h 5 min"},
    "no-check": {"shrink: its check cell was deleted; it was put back as handed out"},
    "no-answer": {"quiz: its answer cell was deleted; it was put back as handed out"},
    "own-check": {"quiz: its check cell was changed; it was put back as handed out"},
    "twice": {"shrink: its check cell is there 2 times; one was kept",
              "quiz: its check cell is there 2 times; one was kept"},
    "own-cell": {"shrink: shrink is taken from cell 13, because its own answer cell is as it was "
                 "handed out."},
    "two-answers": {"shrink: shrink has 2 answer cells; cell 13 is taken as the answer."},
    "own-setup": {": The set-up cell was changed: first the course's own one is run, then imports "
                  "and definitions of this one."},
}


@pytest.fixture(scope="module")
def room(tmp_path_factory: pytest.TempPathFactory) -> Classroom:
    """A class in which each has one thing that is worth a look, and ada none."""
    found = make(tmp_path_factory.mktemp("looks") / "course")
    new = found.released
    found.submit("ada", answered(new()))
    folder = found.submit("second", answered(new()))
    shutil.copy(folder / f"{SLUG}.ipynb", folder / f"{SLUG}_final.ipynb")
    found.submit("renamed", answered(new()), f"{SLUG} (1).ipynb")
    (found.submit("late", answered(new())) / "timestamp.txt").write_text("2026-11-20 12:05:00 UTC")
    found.submit("no-check", without(answered(new()), "check_shrink"))
    found.submit("no-answer", without(answered(new()), "quiz"))
    changed = answered(new())
    cell(changed, "check_quiz")["source"] = "print('all right')"
    found.submit("own-check", changed)
    double = answered(new())
    double["cells"] += [copied(c) for c in checks(double)]
    found.submit("twice", double)
    own = new()
    own["cells"].append(code_cell(RIGHT))
    cell(own, "quiz")["source"] = QUIZ
    found.submit("own-cell", own)
    two = answered(new())
    two["cells"].append(copied(cell(two, "shrink")))
    found.submit("two-answers", two)
    other = answered(new())
    cell(other, "setup")["source"] += "\nimport math\n"
    found.submit("own-setup", other)
    found.change("update assignment set duedate = '2026-11-20 10:00:00'")
    return found


def graded(room: Classroom, *students: str) -> dict[str, set[str]]:
    batch = Batch(room.root, SLUG, choose(), 1)
    assert {one.status for one in batch.run(students)} == {"graded"}
    found: dict[str, set[str]] = {}
    for look in batch.looks:
        found.setdefault(look.student, set()).add(f"{look.exercise}: {look.what}")
    return found


def test_each_is_told_and_told_again_when_nothing_has_changed(room: Classroom) -> None:
    assert graded(room) == TOLD
    assert graded(room) == TOLD


def test_nothing_that_nbgrader_warns_of_is_missing(room: Classroom) -> None:
    done = room.run("autograde", SLUG, "--force")
    assert done.code == 0, done.text
    about_the_command = "Removing existing assignment"  # said of everybody who is graded again
    warnings = [line for line in done.text.splitlines()
                if "WARNING" in line and about_the_command not in line]
    students = {s for line in warnings
                for s in [*TOLD, "ada"] if re.search(rf"(?<![\w-]){s}(?![\w-])", line)}
    assert students >= {"second", "renamed", "late"}
    assert students <= TOLD.keys(), warnings


def test_the_command_lists_them_and_writes_them(room: Classroom, capsys: pytest.CaptureFixture[str],
                                                tmp_path: Path) -> None:
    file = tmp_path / "class.json"
    assert (
        main(["grade", SLUG, "--course", str(room.root), "--json", str(file), "--jobs", "1"]) == 0)
    out = capsys.readouterr().out
    assert "worth a look:\n" in out
    assert re.search(r"no-check +shrink: its check cell was deleted", out), out
    assert re.search(r"own-cell +shrink is taken from cell 13",
                     out), "the exercise is not said twice"
    told = json.loads(file.read_text(encoding="utf-8"))
    points = {h["student"]: h["points"] for h in told["hand_ins"] if h["status"] == "graded"}
    assert points == {s: 3 if s == "no-answer" else 5 for s in [*TOLD, "ada"]}
    assert {k["student"] for k in told["worth_a_look"]} == TOLD.keys()
    assert {"student": "late", "exercise": "", "what": "late by 2 h 5 min"} in told["worth_a_look"]


def test_what_was_not_collected_and_what_a_platform_says_is_told(room: Classroom,
                                                                 tmp_path: Path) -> None:
    course = make(tmp_path / "course")
    archive = tmp_path / "canvas"
    archive.mkdir()
    text = json.dumps(answered(course.released()))
    for name in (f"leewei_LATE_1_2_{SLUG}.ipynb", "stray.ipynb"):
        (archive / name).write_text(text)
    (archive / "adal_3_4_work.zip").write_text("damaged")
    assert main(["collect", SLUG, str(archive), "--course", str(course.root)]) == 1
    found = graded(course)
    assert found["leewei"] == {f": {UNTIMED}"}
    assert "was not collected: adal_3_4_work.zip is damaged" in str(found["adal"])
    assert found[""] == {": not collected: stray.ipynb: cannot tell whose hand-in this is"}
    (course.root / "submitted" / "leewei" / SLUG / "timestamp.txt").write_text(
        "2026-11-20 10:00:00 UTC")
    assert "leewei" not in graded(course), "the time is told now"
    course.submit("dee", answered(course.released()))
    assert (set(graded(course, "dee"))
            == set()), "nothing is said of those who were not asked for, nor of what is nobody's"
    course.submit("leewei", answered(course.released(), RIGHT + "# by another road\n"))
    assert "leewei" not in graded(course), "the platform spoke of another hand-in"
    (course.root / "downloaded" / SLUG / "collected.json").write_text("{")
    assert "is no list of collected hand-ins" in str(graded(course))


def test_reports_of_files_say_it_too(room: Classroom, capsys: pytest.CaptureFixture[str],
                                     tmp_path: Path) -> None:
    path = room.root / "submitted" / "own-cell" / SLUG / f"{SLUG}.ipynb"
    file = tmp_path / "reports.json"
    assert main(["grade", SLUG, str(path), "--course", str(room.root), "--json", str(file)]) == 0
    (report,) = json.loads(file.read_text(encoding="utf-8"))
    assert report["worth_a_look"] == [
        {"exercise": "shrink", "what": next(iter(TOLD["own-cell"])).removeprefix("shrink: ")}]
    assert "worth a look:" in capsys.readouterr().out


def test_what_grading_noticed_is_collected_in_one_place() -> None:
    results = (ExerciseResult("e", 0, 2.0, ()), ExerciseResult("f", 0, 2.0, (), not_run="no torch"))
    notes, stopped = ("Cell 3 of e is odd.", "The file is odd."), (("e", "did not return in time"),)
    report = Report("hw", "x", "graded", "none", results, notes=notes, stopped=stopped)
    assert list(looks.of_report(report, "ada")) == [
        Look("ada", "e", "Cell 3 of e is odd."),
        Look("ada", "", "The file is odd."),
        Look("ada", "", "was not judged here: no torch"),
        Look("ada", "e", "did not return in time"),
    ]


def test_a_long_list_is_cut_on_the_terminal() -> None:
    many = [Look(f"s{n}", "", "x") for n in range(100)]
    shown = list(looks.lines(many))
    assert len(shown) == 62
    assert shown[-1] == "    and 40 more; all of them with --json FILE"
    assert list(looks.lines([])) == []


@pytest.mark.parametrize(("seconds", "said"), [(0.5, "1 s"), (59, "59 s"), (60, "1 min"),
                                               (7200, "2 h"), (7500, "2 h 5 min"), (86400, "1 d"),
                                               (86400 * 3 + 4 * 3600 + 5, "3 d 4 h")])
def test_a_time_is_said_as_people_do(seconds: float, said: str) -> None:
    assert duration(seconds) == said


def test_a_name_keeps_its_capital_in_a_sentence() -> None:
    assert [phrase(text) for text in ("FixedNet drops", "Each unit drops", "X is kept", "")] == [
        "FixedNet drops", "each unit drops", "X is kept", ""
    ]
