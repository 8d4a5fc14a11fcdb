"""What a roster says of people is in the gradebook after collecting; nothing entered is lost."""

from __future__ import annotations

import json
import re
import shutil
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest
from nbgrader.api import Gradebook  # type: ignore[import-untyped]

from autograder.cli import main
from autograder.tests.classroom import SLUG, Classroom, answered, make

pytestmark = pytest.mark.nbgrader

NBGRADER = ("id,first_name,last_name,email,lms_user_id\nwl1,Wei,Lee,w@x.edu,12\n"
            "al,Ada,Lovelace,ada@x.edu,9\nnone,No,Body,n@x.edu,7\n")
LISTS = {
    "nbgrader": (
        NBGRADER,
        {"wl1": ("Wei", "Lee", "w@x.edu"), "al": ("Augusta", "King", "ada@x.edu"),
         "none": ("No", "Body", "n@x.edu")},
    ),
    "Canvas": (
        'Student,ID,SIS User ID,SIS Login ID\n"Lee, Wei",12,77,wl1\n"Lovelace, Ada",9,79,al\n'
        '"Student, Test",6,,tstudent\n'
        f'"Student, Test",7,,c0ffee\n"Teststudent",8,,{"0a" * 20}\n"Key, Long",10,80,{"0b" * 20}\n',
        {
            "wl1": ("Wei", "Lee", None),
            "al": ("Augusta", "King", None),
            "tstudent": ("Test", "Student", None),
            "0b" * 20: ("Long", "Key", None),
        },
    ),
    "whole names": (
        "id;lms_user_id;name;email\nwl1;12;Wei\x07 Min Lee;\nal;9;Ada L;ada@x.edu\n",
        {"wl1": ("Wei? Min", "Lee", None), "al": ("Augusta", "King", "ada@x.edu")},
    ),
    "ids alone": ("id,lms_user_id\nwl1,12\nal,9\n",
                  {"wl1": (None, None, None), "al": ("Augusta", "King", None)}),
}
Collecting = Callable[[str], int]


@pytest.fixture
def course(tmp_path: Path) -> Classroom:
    return make(tmp_path / "course")


@pytest.fixture
def collecting(course: Classroom, tmp_path: Path) -> Collecting:
    """Collect a hand-in of student 12 with this roster."""
    archive = tmp_path / "canvas"
    archive.mkdir()
    (archive / f"leewei_12_1_{SLUG}.ipynb").write_text(json.dumps(answered(course.released())))

    def collect(roster: str) -> int:
        (tmp_path / "roster.csv").write_text(roster, encoding="utf-8")
        return main(["collect", SLUG, str(archive), "--roster", str(tmp_path / "roster.csv"),
                     "--course", str(course.root)])

    return collect


def enrolled(course: Classroom) -> dict[str, tuple[str | None, ...]]:
    """Student -> first name, last name and e-mail address, in the gradebook."""
    with sqlite3.connect(course.root / "gradebook.db") as database:
        return {row[0]: row[1:]
                for row in database.execute("select id, first_name, last_name, email from student")}


@pytest.mark.parametrize("kind", LISTS)
def test_names_are_entered_where_there_are_none(kind: str, course: Classroom,
                                                collecting: Collecting) -> None:
    """Of everybody, also without a hand-in, and never of Canvas's own test student."""
    course.change("insert into student (id, first_name, last_name, email) values ('al', 'Augusta', "
                  "'King', null)")
    roster, there = LISTS[kind]
    assert collecting(roster) == 0
    assert enrolled(course) == there
    assert collecting(roster.replace("Wei", "Wu").replace("w@x", "z@x")) == 0
    assert enrolled(course) == there, "a name that is there stays, whoever entered it"


def test_who_handed_in_nothing_is_told_by_the_report(course: Classroom, collecting: Collecting,
                                                     capsys: pytest.CaptureFixture[str]) -> None:
    collecting(NBGRADER)
    assert "gradebook: 3 of the roster were added." in capsys.readouterr().out
    assert main(["grade", SLUG, "--course", str(course.root), "--jobs", "1", "--quiet"]) == 0
    capsys.readouterr()
    assert main(["report", SLUG, "--names", "--course", str(course.root)]) == 0
    said = capsys.readouterr().out
    assert f"{SLUG}: 1 of 3 handed in" in said
    assert "nothing came of: al (Ada Lovelace), none (No Body)" in said
    assert main(["report", "--names", "--course", str(course.root)]) == 0
    assert "none (No Body): handed in nothing yet" in capsys.readouterr().out


def test_who_was_taken_out_of_the_course_is_named_no_more(
        course: Classroom, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """And who only is not in the gradebook is called by a pseudonym like everybody."""
    archive = tmp_path / "canvas"
    archive.mkdir()
    text = json.dumps(answered(course.released()))
    for name in (f"leewei_12_1_{SLUG}.ipynb", f"guest_40_2_{SLUG}.ipynb",
                 f"zoeyoung_41_3_{SLUG}.ipynb"):
        (archive / name).write_text(text)
    (archive / "latecomer_42_4_work.zip").write_text("damaged")
    roster = tmp_path / "roster.csv"
    roster.write_text(NBGRADER + "zoeyoung,Zoe,Young,z@x.edu,41\nlatecomer,L,C,l@x.edu,42\n")
    root = ["--course", str(course.root)]
    assert main(["collect", SLUG, str(archive), "--roster", str(roster), *root]) == 1
    assert main(["grade", SLUG, "--jobs", "1", "--quiet", *root]) == 0
    for gone in ("guest", "zoeyoung", "wl1"):
        shutil.rmtree(course.root / "submitted" / gone)
    with Gradebook(f"sqlite:///{course.root / 'gradebook.db'}") as book:
        for gone in ("guest", "zoeyoung", "latecomer"):
            book.remove_student(gone)
    for command in (["report", SLUG, "--names"], ["grade", SLUG, "--jobs", "1"]):
        capsys.readouterr()
        main([*command, *root])
        said = capsys.readouterr().out.partition("worth a look")[2]
        assert "guest" not in said
        assert "zoeyoung" not in said
        assert re.search(r"wl1\b.*was collected, and is no longer in submitted/", said)
        assert re.search(r"latecomer\b.*not collected: latecomer_42_4_work.zip is damaged", said)
    assert main(["report", SLUG, *root]) == 0
    said = capsys.readouterr().out
    assert not re.search("guest|zoeyoung|latecomer|wl1|Lee", said), said
    assert said.count("was not collected: ") == 1


MOODLE = ("Identifier,Full name,Email address\nParticipant 41,Wei Lee,W@x.edu\n"
          "Participant 42,Someone Else,s@x.edu\n")
CANVAS = 'Student,ID,SIS User ID,SIS Login ID\n"Lovelace, Ada",9,79,ada79\n"Else, No",8,80,no80\n'


@pytest.mark.parametrize(("other", "pair"), [(MOODLE, "wl1 and W@x.edu (Wei Lee)"),
                                             (CANVAS, "al and ada79 (Ada Lovelace)")])
def test_the_same_person_in_two_lists_is_told_and_not_merged(
        other: str, pair: str, course: Classroom, collecting: Collecting,
        capsys: pytest.CaptureFixture[str]) -> None:
    """By e-mail address, or by name however parted; nobody else, and until somebody sees to it."""
    collecting(NBGRADER)
    assert "perhaps the same" not in capsys.readouterr().out
    before = enrolled(course)
    for _ in range(2):
        collecting(other)
        said = capsys.readouterr().out
        assert f"perhaps the same under two ids: {pair}. Nobody was merged." in said
        assert "nbgrader db student remove OTHER-ID" in said
    assert before.items() <= enrolled(course).items()
    assert len(enrolled(course)) == len(before) + 2


def test_a_locked_gradebook_costs_names_and_no_hand_in(course: Classroom, collecting: Collecting,
                                                       capsys: pytest.CaptureFixture[str],
                                                       monkeypatch: pytest.MonkeyPatch) -> None:
    address = f"sqlite:///{course.root / 'gradebook.db'}?timeout=0"
    config = course.root / "nbgrader_config.py"
    config.write_text(config.read_text() + f"\nget_config().CourseDirectory.db_url = {address!r}\n")
    lock = sqlite3.connect(course.root / "gradebook.db", isolation_level=None)
    lock.execute("begin immediate")
    assert collecting(NBGRADER) == 2
    said = capsys.readouterr().out
    assert f"{SLUG}: 1 taken." in said
    assert (
        "Names cannot be entered into the gradebook (database is locked)" in " ".join(said.split()))
    assert (course.root / "submitted" / "wl1" / SLUG / f"{SLUG}.ipynb").is_file()
    lock.execute("rollback")
    lock.close()
    assert collecting(NBGRADER) == 0
    assert enrolled(course)["wl1"] == ("Wei", "Lee", "w@x.edu")
