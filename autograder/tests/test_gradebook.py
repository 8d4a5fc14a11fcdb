"""Both roads on the same class leave the same gradebook, notebooks and feedback."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from autograder.cli import main
from autograder.folders import put
from autograder.model import Broken, CourseError
from autograder.nbgrader_plugin.gradebook import TRIES, Entry, Register, _answers
from autograder.tests.classroom import QUIZ, SLUG, WRONG, Classroom, answered, make, without
from autograder.tests.test_nbgrader import (
    in_a_cell_of_my_own, metadata_falsified, sidefiles)

pytestmark = pytest.mark.nbgrader

OF_STUDENTS = ("join submitted_notebook n on n.id = x.notebook_id join submitted_assignment a on "
               "a.id = n.assignment_id order by 1, 2")
TABLES = {
    "students": "select id, first_name, last_name, email from student order by 1",
    "submissions": "select student_id, timestamp, extension from submitted_assignment order by 1",
    "notebooks": "select a.student_id, x.flagged, x.late_submission_penalty from "
    "submitted_notebook x "
    "join submitted_assignment a on a.id = x.assignment_id order by 1",
    "grades": "select a.student_id, c.name, x.auto_score, x.manual_score, x.extra_credit, "
    "x.needs_manual_grade from grade x "
    f"join base_cell c on c.id = x.cell_id {OF_STUDENTS}",
    "comments": "select a.student_id, c.name, x.auto_comment, x.manual_comment from comment x "
    f"join base_cell c on c.id = x.cell_id {OF_STUDENTS}",
}
MANUAL = ("update grade set manual_score = 1.5, extra_credit = 0.5 where id in (select g.id from "
          "grade g join base_cell c on g.cell_id = c.id join submitted_notebook n on g.notebook_id "
          "= n.id join submitted_assignment a on n.assignment_id = a.id where a.student_id = 'bob' "
          "and c.name = 'check_quiz')")


def hand_in(room: Classroom) -> None:
    room.submit("ada", answered(room.released()))
    room.submit("bob", answered(room.released(), WRONG))
    room.submit("blank", room.released())
    room.submit("liar", metadata_falsified(room.released()))
    room.submit("own-cell", in_a_cell_of_my_own(room.released()))
    room.submit("gone", without(answered(room.released()), "check_shrink", "quiz", "setup"))
    room.submit("cut", '{"cells": [')
    room.submit("renamed", answered(room.released()), f"{SLUG} (1).ipynb")
    sidefiles(room)
    late = room.submit("late", answered(room.released()))
    (late / "timestamp.txt").write_text("2026-11-22 10:00:00 UTC")


def hand_in_again(room: Classroom) -> None:
    # nbgrader's road asks a human to look again in any case, ours where the answer or its points
    # are others
    room.change(MANUAL)
    room.submit("bob", answered(room.released(), WRONG, QUIZ + "# once more\n"))
    room.submit("ada", without(answered(room.released(), quiz="quiz = {}"),
                               "check_shrink", "shrink"))
    room.submit("own-cell", "no longer a notebook")
    room.submit("cut", answered(room.released()))
    # nobody knows now that it was late
    (room.root / "submitted" / "late" / SLUG / "timestamp.txt").unlink()


@dataclass(frozen=True)
class Road:
    """What one road has left behind."""

    tables: dict[str, list[Any]]
    pages: dict[str, bytes]


def left(room: Classroom) -> Road:
    base = sqlite3.connect(room.root / "gradebook.db")
    tables = {name: base.execute(query).fetchall() for name, query in TABLES.items()}
    base.close()
    folder = room.root / "autograded"
    pages = {p.relative_to(folder).as_posix(): p.read_bytes()
             for p in folder.rglob("*") if p.is_file()}
    pages |= {f"mode of {name}": oct((folder / name).stat().st_mode).encode() for name in pages}
    return Road(tables, pages)


def graded(room: Classroom, *words: str) -> int:
    return main(["grade", SLUG, "--course", str(room.root), *words])


@pytest.fixture(scope="module")
def roads(tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[Road, Road]]:
    """Both roads after a first grading, and after a second one of changed hand-ins."""
    stock = make(tmp_path_factory.mktemp("stock") / "course")
    with (stock.root / "nbgrader_config.py").open("a") as config:
        config.write('\nc = get_config()\nc.LateSubmissionPlugin.penalty_method = "zero"\n')
    stock.change("update assignment set duedate = '2026-11-21 00:00:00.000000'")
    hand_in(stock)
    quick = Classroom(
        Path(shutil.copytree(stock.root, tmp_path_factory.mktemp("quick") / "course")))
    found = {}
    assert stock.run("autograde", SLUG).code == graded(quick, "--jobs", "1") == 1
    found["first"] = left(stock), left(quick)
    for room in (stock, quick):
        hand_in_again(room)
    assert stock.run("autograde", SLUG,
                     "--force").code == graded(quick, "--jobs", "2", "--regrade") == 1
    found["second"] = left(stock), left(quick)
    for room in (stock, quick):
        done = room.run("generate_feedback", SLUG)
        assert done.code == 0, done.text[-2000:]
    found["feedback"] = feedback(stock), feedback(quick)
    return found


def feedback(room: Classroom) -> Road:
    return Road({}, {p.relative_to(room.root).as_posix(): p.read_bytes()
                     for p in room.root.glob("feedback/*/*/*")})


@pytest.mark.parametrize("table", TABLES)
@pytest.mark.parametrize("time", ["first", "second"])
def test_the_gradebook_is_the_same(time: str, table: str,
                                   roads: dict[str, tuple[Road, Road]]) -> None:
    stock, quick = roads[time]
    assert quick.tables[table] == stock.tables[table]
    assert stock.tables[table]


@pytest.mark.parametrize("time", ["first", "second", "feedback"])
def test_the_notebooks_and_pages_are_the_same(time: str,
                                              roads: dict[str, tuple[Road, Road]]) -> None:
    stock, quick = roads[time]
    assert quick.pages.keys() == stock.pages.keys()
    assert [name for name in stock.pages if quick.pages[name] != stock.pages[name]] == []


def test_the_comparison_compares_something(roads: dict[str, tuple[Road, Road]]) -> None:
    first, second = roads["first"][0].tables, roads["second"][0].tables
    assert [row for row in first["notebooks"] if row[2]] == [("late", 0, 5.0)]
    assert ("bob", "check_quiz", 2.0, 1.5, 0.5, 1) in second["grades"]
    assert ("own-cell", "check_quiz", None, None, None, 1) in second["grades"]


# --------------------------------------------------------------------------------------- the writer
@pytest.fixture
def small(tmp_path: Path) -> Classroom:
    return make(tmp_path / "course")


def test_a_course_that_was_never_generated_is_told_the_command(tmp_path: Path,
                                                               small: Classroom) -> None:
    (small.root / "gradebook.db").unlink()
    with pytest.raises(CourseError, match=f"nbgrader generate_assignment {SLUG}"):
        Register(small.root, SLUG)


def test_settings_of_ones_own_are_not_passed_over_in_silence(small: Classroom) -> None:
    with (small.root / "nbgrader_config.py").open("a") as config:
        config.write('\nc = get_config()\n'
                     'c.Autograde.autograde_preprocessors = ["nbgrader.preprocessors.Execute"]\n')
    with pytest.raises(CourseError, match=r"autograde_preprocessors.*`nbgrader autograde`"):
        Register(small.root, SLUG)


def test_a_batch_that_fails_leaves_no_row(small: Classroom,
                                          monkeypatch: pytest.MonkeyPatch) -> None:
    def full(self: Register, entry: Entry) -> None:
        raise OSError("the disk is full")

    small.submit("ada", answered(small.released()))
    assert graded(small, "--jobs", "1") == 0
    before = left(small)
    small.submit("ada", small.released())
    small.submit("bob", small.released())
    monkeypatch.setattr(Register, "_put", full)
    assert graded(small, "--jobs", "1") == 2
    assert left(small) == before


def test_a_student_whom_another_grader_enters_first_is_written_all_the_same(
        small: Classroom, monkeypatch: pytest.MonkeyPatch) -> None:
    """The second grader's run ended in a trace, and that student's fellows had no mark."""
    looks: list[dict[str, Any]] = [{}, {}]  # so it was, when this grader looked

    def known(register: Register, students: Sequence[str]) -> Any:
        return looks.pop() if looks else found(register, students)

    with Register(small.root, SLUG) as register:
        register.write([Entry("ada", stamp=b"2026-11-20 10:00:00 UTC")])
        found = Register._known
        monkeypatch.setattr(Register, "_known", known)
        register.write([Entry("ada", stamp=b"2026-11-20 12:00:00 UTC"), Entry("bob")])
        query = register.book.assignment_submissions(SLUG)
        assert ({s.student.id: s.timestamp and s.timestamp.hour for s in query}
                == {"ada": 12, "bob": None})
        looks += [{}] * TRIES
        with pytest.raises(Broken, match="The gradebook cannot be written"):
            register.write([Entry("ada")])


def test_a_gradebook_that_may_only_be_read_is_told_in_a_line(
        small: Classroom, caplog: pytest.LogCaptureFixture) -> None:
    """Of a student not in it yet nbgrader's API makes an error of its own: it ended in a trace."""
    with Register(small.root, SLUG) as register:
        register.book.db.execute(text("pragma query_only = on"))
        with pytest.raises(Broken, match=r"cannot be written \(attempt to write a readonly "
                           r"database\)\. .* see that you may write it"):
            register.write([Entry("new")])
    assert not caplog.text


@pytest.mark.parametrize("damaged", ["[]", "no JSON", '{"cells": [{}]}', '{"cells": [3]}',
                                     "[" * 100_000])
def test_a_damaged_page_answers_nothing(damaged: str) -> None:
    """Then a human is asked to look again, and the class is graded."""
    assert _answers(damaged) == {}


def test_what_is_put_is_old_or_new_and_whole(tmp_path: Path) -> None:
    path = tmp_path / "page.ipynb"
    (tmp_path / ".page.ipynb.new").write_text("half of")
    (tmp_path / ".page.ipynb.new").chmod(0o400)
    path.write_text("old")
    path.chmod(0o400)
    put(path, b"new")
    assert [(p.name, p.read_text()) for p in tmp_path.iterdir()] == [("page.ipynb", "new")]


def test_formgrader_and_the_grader_may_both_write(small: Classroom) -> None:
    """Marks a human gives while grading runs are seen: each hand-in is read when written."""
    for student in ("ada", "bob"):
        small.submit(student, answered(small.released()))
    assert graded(small, "--jobs", "1") == 0
    with Register(small.root, SLUG) as register:
        register.scores()
        small.change(MANUAL)
        register.write([Entry("bob")])
    assert small.grades("bob")["check_quiz"] == (None, 1.5, True)
