"""Marks and pages on their way back: 200 students with odd names, into platforms' own files."""

from __future__ import annotations

import csv
import importlib.util
import io
import os
import re
import unicodedata
import zipfile
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from autograder.cli import main
from autograder.commands import neighbours as commands
from autograder.model import CourseError
from autograder.nbgrader_plugin import settings
from autograder.nbgrader_plugin.collect import collect
from autograder.nbgrader_plugin.feedback import summary
from autograder.nbgrader_plugin.gradebook import Entry, Register
from autograder.nbgrader_plugin.marks import Marks
from autograder.neighbours import feedback, gradebooks, sheet
from autograder.neighbours.feedback import canvas_name, moodle_name
from autograder.report.standing import GRADED, MISSING, NOT_GRADED, Mark, Standing
from autograder.tests.classroom import SLUG, Classroom, make

ODD = [*("Lovelace, Ada", 'O"Brien, "Bo"', "Müller, Jörg",
         unicodedata.normalize("NFD", "Müller, Jörg"), "李, 小龙", "山田, 太郎"),
       *('=HYPERLINK("http://x","y")', "+1, Plus", "@Dash, -at", "O'Neill; Seán",
         "van der Berg, Jan", "İpek, Ğül", "Smith,  Two  Spaces")]
# each second is somebody's namesake
NAMES = [ODD[n % len(ODD)] + f" {n // 26}" * (n % 2) for n in range(200)]


@dataclass(frozen=True)
class Platform:
    """One of the two: how its archive names a hand-in, its file, and how it reads pages again."""

    name: str
    archived: Callable[[int], str]
    file: bytes
    number: Callable[[dict[str, str]], str]
    column: str
    reads: Callable[[str], str]  # the number in the name of a page


def number(n: int) -> str:
    return str(70_000 + 7 * n)


def written(rows: list[list[str]], end: str) -> str:
    out = io.StringIO(newline="")
    csv.writer(out, lineterminator=end).writerows(rows)
    return out.getvalue()


def canvas_archived(n: int) -> str:
    sortable = re.sub(r"[\W_]", "", NAMES[n].lower())
    late, again = "LATE_" * (n % 5 == 0), "-1" * (n % 3 == 0)
    return f"{sortable}_{late}{number(n)}_{90_000 + n}_{SLUG}{again}.ipynb"


def canvas_file() -> bytes:
    head = ["Student", "ID", "SIS User ID", "SIS Login ID", "Section", "Warm-up (11)",
            f"{SLUG} (12)", "Final Score"]
    points = ["    Points Possible", "", "", "", "", "3.00", "5.00", "(read only)"]
    rows = [[NAMES[n], number(n), f"s{n}", f"login{n}", "A; B", "1.50", "", "55.1"]
            for n in range(200)]
    rows += [["Student, Test", "999999", "", "feed", "A", "", "", ""]]
    return b"\xef\xbb\xbf" + written([head, ["", "", "", "", "", "Manual Posting", "", ""], points,
                                      *rows], "\r\n").encode()


def canvas_reads(name: str) -> str:
    user, _attachment = re.findall(r"(?<=_)\d+(?=_)", name)[:2]
    return str(user)


def moodle_archived(n: int) -> str:
    return f"{NAMES[n].replace('/', '')}_{number(n)}_assignsubmission_file/{SLUG}.ipynb"


def moodle_file() -> bytes:
    head = ["ID", "Vollständiger Name", "E-Mail-Adresse", "Status", "Bewertung", "Bestwertung",
            "Bewertung kann geändert werden"]
    head += ["Zuletzt geändert (Bewertung)", "Feedback als Kommentar"]
    rest = ["", "5,00", "Ja", "-", 'Ein "Wort",\nzwei']
    rows = [[f"Teilnehmer/in{number(n)}", NAMES[n], f"u{n}@x.org", "Abgegeben", *rest]
            for n in range(200)]
    rows += [["Teilnehmer/in5", "Nobody", "n@x.org", "Keine Abgabe", *rest]]
    return written([head, *rows], "\n").encode()


def moodle_reads(name: str) -> str:
    parts = name.split("/")[0].split("_", 4)
    assert len(parts) >= 4
    assert parts[2:4] == ["assignsubmission", "file"]
    return parts[1]


PLATFORMS = {"canvas": Platform("canvas", canvas_archived, canvas_file(), lambda row: row["ID"],
                                f"{SLUG} (12)", canvas_reads), "moodle":
             Platform("moodle", moodle_archived, moodle_file(),
                      lambda row: re.findall(r"\d+$", row["ID"])[0], "Bewertung", moodle_reads)}


# ----------------------------------------------------------------------------------- the round trip
@dataclass(frozen=True)
class Back:
    """A class that was collected from a platform, graded and given back."""

    platform: Platform
    room: Classroom
    code: int
    said: str
    scores: dict[str, float]  # the platform's number -> what was graded
    filled: bytes
    pages: dict[str, str]  # name in the zip -> content


def score(n: int) -> float:
    return round((n % 31) / 10 + n % 3, 2)


@pytest.fixture(scope="module", params=PLATFORMS)
def back(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Back:
    platform = PLATFORMS[request.param]
    room = make(tmp_path_factory.mktemp(platform.name) / "course")
    with zipfile.ZipFile(room.root / "all.zip", "w") as archive:
        for n in range(200):
            archive.writestr(platform.archived(n), f'{{"cells": [], "n": {n}}}')
    coursedir, downloaded = settings.collecting(room.root, SLUG)
    found = collect(coursedir, downloaded, [room.root / "all.zip"]).to_dict()
    assert [h["status"] for h in found["hand_ins"]] == ["taken"] * 200
    students = {h["number"]: h["student"] for h in found["hand_ins"]}
    with Register(room.root, SLUG) as register:
        marks = [Marks({"check_shrink": (n % 31) / 10, "check_quiz": n % 3}, {})
                 for n in range(200)]
        register.write([Entry(students[number(n)], f"page {n}", marks[n]) for n in range(200)])
    for n in range(200):
        page = room.root / "feedback" / students[number(n)] / SLUG / f"{SLUG}.html"
        page.parent.mkdir(parents=True)
        page.write_text(f"page of {number(n)}")
    source, to, pages = room.root / "theirs.csv", room.root / "out.csv", room.root / "pages.zip"
    source.write_bytes(platform.file)
    command = ["export", SLUG, f"--{platform.name}", str(source), "--to", str(to), "--feedback",
               str(pages), "--course", str(room.root)]
    with pytest.MonkeyPatch.context() as patch:
        printed = io.StringIO()
        patch.setattr("sys.stdout", printed)
        code = main(command)
    assert source.read_bytes() == platform.file
    with zipfile.ZipFile(pages) as archive:
        inside = {name: archive.read(name).decode() for name in archive.namelist()}
    return Back(platform, room, code, printed.getvalue(), {number(n): score(n) for n in range(200)},
                to.read_bytes(), inside)


@pytest.mark.nbgrader
def test_everybody_has_their_own_score_in_the_file(back: Back) -> None:
    rows = list(csv.DictReader(io.StringIO(back.filled.decode("utf-8-sig"), newline="")))
    written = {back.platform.number(row): row[back.platform.column] for row in rows}
    assert ({n: float(text.replace(",", ".")) for n, text in written.items() if n in back.scores}
            == back.scores)
    assert [text for n, text in written.items()
            if n not in back.scores and text.strip() not in ("", "5.00")] == []
    assert "200 of 201 rows filled" in back.said
    late = re.findall(r"^late without a time, so in the file without a penalty: .* and (\d+) more$",
                      back.said, re.MULTILINE)
    assert late == ["20"] * (back.platform.name == "canvas")  # of forty, twenty by name


@pytest.mark.nbgrader
def test_every_other_byte_of_the_file_stays(back: Back) -> None:
    def without(data: bytes) -> list[bytes]:
        return [field for field in re.split(rb'(,|\r\n|\n|"[^"]*")', data)
                if not re.fullmatch(rb"|,|\d\.?\d*|\d,\d+|\"\d,\d+\"", field)]

    assert without(back.filled) == without(back.platform.file)
    assert back.filled.count(b"\r\n") == back.platform.file.count(b"\r\n")
    assert back.filled[:3] == back.platform.file[:3]
    # a name that a spreadsheet takes for a formula is still that name
    assert b'=HYPERLINK(""http://x"",""y"")' in back.filled


@pytest.mark.nbgrader
def test_everybody_gets_the_page_that_is_theirs(back: Back) -> None:
    assert len(back.pages) == 200
    for name, content in back.pages.items():
        assert content == f"page of {back.platform.reads(name)}"
        assert name.endswith(".html")


@pytest.mark.nbgrader
def test_a_spreadsheet_library_reads_the_file(back: Back) -> None:
    if importlib.util.find_spec("pandas") is None:
        pytest.skip("pandas is not installed; the csv module has read the file in the tests above")
    pandas = importlib.import_module("pandas")
    table = pandas.read_csv(io.BytesIO(back.filled), dtype=str, keep_default_na=False)
    column = table[back.platform.column]
    assert sum(bool(v) for v in column) == 200 + (back.platform.name == "canvas")


@pytest.mark.nbgrader
def test_who_is_not_in_the_file_and_who_was_graded_again_is_named(
        back: Back, capsys: pytest.CaptureFixture[str]) -> None:
    root, student = back.room.root, "nobody's login"
    with Register(root, SLUG) as register:
        register.write(
            [Entry(student, "page", Marks({"check_shrink": 1.0, "check_quiz": 1.0}, {}))])
    graded = next(root.glob(f"autograded/*/{SLUG}/{SLUG}.ipynb"))
    os.utime(graded, (2e9, 2e9))
    source = root / "again.csv"
    source.write_bytes(back.platform.file)
    command = ["export", SLUG, f"--{back.platform.name}", str(source), "--feedback",
               str(root / "again.zip"), "--course", str(root)]
    assert main(command) == 1
    said = capsys.readouterr().out
    assert f"    {student}: no row has their number or login" in said
    assert ("was graded again after the page was written. Run: nbgrader generate_feedback "
            "toy_scaling --force" in said)
    assert (root / "again_filled.csv").is_file()


# ------------------------------------------------------------------------------------------- sheets
@pytest.mark.parametrize(
    "data",
    [
        b"a,b\r\n1,2\r\n",
        b"a,b\n1,2",
        b'\xef\xbb\xbfa;b\n"x;""y\r\n";2\n\n',
        b'a,b\n"x" z,3\n,',
        b'a,b\n"never closed,3\n',
        "\ufeffa\tb\n1\t2\n".encode("utf-16-le"),
        b"a,b\n=1+1,'x\n",
    ],
)
def test_a_file_that_is_not_filled_is_the_same_file(data: bytes, tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    path.write_bytes(data)
    found = sheet.read(path)
    assert found.data() == data
    assert len(found.header) == 2


@pytest.mark.parametrize(("data", "words"), [("ä,b\n".encode("latin-1"), "is not UTF-8"),
                                             (b"a\n1\n", "is no table"), (b"", "is no table")])
def test_a_file_that_cannot_be_read_is_refused(data: bytes, words: str, tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    path.write_bytes(data)
    with pytest.raises(CourseError, match=words):
        sheet.read(path)


# ------------------------------------------------------------------------------------------ filling
def standing(student: str, points: float | None = 4.0, maximum: float = 5.0) -> Standing:
    return Standing(student, maximum, status=GRADED, marks={"shrink": Mark(points, maximum)})


def filled(text: str, *people: Standing, numbers: dict[str, str] | None = None, column: str = "",
           scale: bool = False) -> str:
    table = sheet.Sheet(b"", "utf-8", ",", *sheet._rows(text, ","))
    layout = gradebooks.LAYOUTS["canvas" if text.startswith("Student") else "moodle"](
        table, SLUG, column)
    done = gradebooks.fill(table, layout, people, numbers or {}, scale)
    return table.data().decode() + "".join(f"|{s}: {why}" for s, why in done.lost.items())


def exported(*people: Standing, numbers: dict[str, str] | None = None) -> gradebooks.Filled:
    table = sheet.Sheet(b"", "utf-8", ",", *sheet._rows(CANVAS, ","))
    return gradebooks.fill(table, gradebooks.LAYOUTS["canvas"](table, SLUG, ""), people,
                           numbers or {})


CANVAS = (f"Student,ID,SIS Login ID,Section,{SLUG} (1)\n    Points Possible,,,,5\nA,1,ann,S,\n"
          "B,2,bob,S,EX\n")
MOODLE = ("Identifier,Full name,Email address,Status,Grade,Maximum Grade\n"
          "Participant 1,A,ann,Submitted,,5.00\n")


def test_a_login_tells_whose_row_it_is_where_no_number_does() -> None:
    assert "A,1,ann,S,4\n" in filled(CANVAS, standing("ann"))
    assert "A,1,ann,S,\n" in filled(CANVAS, standing("ann"), numbers={"1": "somebody else"})
    assert "A,1,ann,S,\n" in filled(CANVAS, standing("A"))  # a name tells nothing


def test_two_rows_that_may_be_one_students_are_left_alone() -> None:
    twice = CANVAS + "C,3,ann,S,\n"
    assert filled(twice, standing("ann")) == twice + "|ann: 2 rows may be theirs"


def test_who_is_excused_keeps_that_and_reads_what_was_found() -> None:
    assert filled(CANVAS, standing("bob")) == CANVAS
    assert exported(standing("bob")).pages == ["bob"]
    for nothing in (NOT_GRADED, MISSING):
        assert exported(replace(standing("bob"), status=nothing)).pages == []


WAITING: dict[str, tuple[dict[str, Any], str]] = {
    "judged again": ({"marks": {"shrink": Mark(4.0, 5.0, True, True, auto=3.0)}},
                     "shrink: its points were given by hand, and it was"), "not judged":
    ({"marks": {"shrink": Mark(4.0, 5.0, wanted=True, auto=4.0)}}, "shrink: a human should look"),
    "no points": ({"marks": dict.fromkeys(("essay", "sketch"), Mark(None, 2.5, wanted=True))},
                  "essay, sketch: no points yet"),
    "flagged": ({"flagged": True}, "is flagged in the formgrader")}


@pytest.mark.parametrize("why", WAITING)
def test_who_waits_for_a_human_is_held_back_with_the_page(why: str) -> None:
    more, told = WAITING[why]
    one = replace(standing("ann"), **more)
    done = exported(one)
    assert done.held["ann"].startswith(told)
    assert (set(done.rows), done.pages) == (set(), [])
    assert filled(CANVAS, one) == CANVAS


def test_who_would_have_another_late_penalty_is_left_out() -> None:
    table = sheet.Sheet(b"", "utf-8", ",", *sheet._rows(CANVAS, ","))
    people = [standing("ann"), standing("bob")]
    done = gradebooks.fill(table, gradebooks.LAYOUTS["canvas"](table, SLUG, ""), people, {},
                           unsettled={"ann": "grade first"})
    assert (done.lost, set(done.rows), done.pages) == ({"ann": "grade first"}, set(), ["bob"])


def test_who_is_held_back_is_told_with_the_mend() -> None:
    layout: Any = SimpleNamespace(students=[2])
    said = list(commands._told(Path("x"), layout,
                               exported(replace(standing("ann"), flagged=True)), SLUG))
    assert said[1:3] == ["held back, points and page, until a human has looked: 1",
                         "    ann: is flagged in the formgrader"]
    assert f"autograder explain {SLUG} STUDENT --set" in said[3]


def test_who_handed_in_what_nobody_could_grade_is_named() -> None:
    done = exported(standing("ann"), numbers={"2": "bob"})
    assert ((set(done.rows), done.left, done.pages)
            == ({"ann"}, {"bob": "handed in nothing that was graded"}, ["ann"]))
    damaged = exported(replace(standing("ann"), status=NOT_GRADED))
    assert damaged.lost == {"ann": "was handed in and not graded; `autograder grade` says why"}
    there = sheet.Sheet(b"", "utf-8", ",", *sheet._rows(CANVAS.replace("ann,S,", "ann,S,4"), ","))
    again = gradebooks.fill(there, gradebooks.LAYOUTS["canvas"](there, SLUG, ""),
                            [replace(standing("ann"), status=NOT_GRADED)], {})
    assert again.lost["ann"].endswith("says why; the 4 that stands there is of an earlier hand-in")


def test_a_page_that_says_other_points_than_the_gradebook_is_left_out(tmp_path: Path) -> None:
    """Points given by hand after the page was written; sought by the template's words."""
    template = (Path(feedback.__file__).parents[1] / "nbgrader_plugin" / "templates"
                / "autograder_feedback")
    total = next(line for line in (template / "index.html.j2").read_text().splitlines()
                 if 'class="total"' in line)
    where = SimpleNamespace(feedback_directory="feedback", autograded_directory="autograded")
    where.format_path = lambda step, student, slug: str(tmp_path / step / student)
    for student in ("ann", "bob"):
        for step in ("feedback", "autograded"):
            (tmp_path / step / student).mkdir(parents=True)
        (tmp_path / "autograded" / student / f"{SLUG}.ipynb").touch()
        page = total.replace("{{ told.points | e }}", "9.5").replace("{{ told.most | e }}", "14")
        (tmp_path / "feedback" / student / f"{SLUG}.html").write_text(page)
    (tmp_path / "feedback" / "cyd").mkdir()
    (tmp_path / "feedback" / "cyd" / f"{SLUG}.html").touch()  # of an earlier hand-in
    found, lost = feedback.pages(where, SLUG,
                                 [standing("ann", 9.5), standing("bob", 9.3), standing("cyd")])
    assert (set(found), set(lost)) == ({"ann"}, {"bob", "cyd"})
    assert "says 9.5 points, and the gradebook 9.3" in lost["bob"]
    assert "no notebook in autograded/" in lost["cyd"]


@pytest.mark.parametrize(("penalty", "left"), [(1.5, "2.5"), (0.405, "3.6"), (9.0, "0")])
def test_a_late_page_says_what_the_penalty_leaves(penalty: float, left: str) -> None:
    """Nbgrader hands the page the points without the penalty, even below 0."""
    late = replace(standing("ann"), penalty=penalty)
    page = summary([], {"notebook": SLUG, "score": 4.0 - penalty, "max_score": 5.0,
                        "late_penalty": penalty}, {})
    assert page["points"] == left
    assert feedback._differs(f'<p class="total">{left} ', late) == ""


def test_another_maximum_is_refused_or_converted() -> None:
    ten = CANVAS.replace(",5\n", ",10\n")
    with pytest.raises(CourseError, match=r"worth 10 points, and here it is 5.*--scale"):
        filled(ten, standing("ann"))
    assert "A,1,ann,S,8\n" in filled(ten, standing("ann"), scale=True)


def test_moodle_passes_over_more_than_its_maximum_so_it_is_said() -> None:
    assert (filled(MOODLE, standing("ann", 6.0)) == MOODLE
            + "|ann: has 6 of 5 points, and Moodle passes over what is above its maximum")


def test_numbers_that_a_spreadsheet_has_rounded_are_refused() -> None:
    with pytest.raises(CourseError, match="Another program has rounded"):
        filled(CANVAS.replace("A,1,", "A,1.23E+05,"), standing("ann"))


@pytest.mark.parametrize("kind", ["canvas", "moodle"])
def test_a_column_that_cannot_be_told_is_asked_for(kind: str) -> None:
    text = {"canvas": CANVAS, "moodle": MOODLE}[kind].replace(
        f"{SLUG} (1)", "Homework (1)").replace(",Grade,", ",Grado,")
    with pytest.raises(CourseError, match=r"Name it with --column. There are: .*(Homework|Grado)"):
        filled(text, standing("ann"))
    named = filled(text, standing("ann"), column={"canvas": "Homework", "moodle": "Grado"}[kind])
    assert ",4" in named


def test_names_of_pages_hold_the_numbers_that_the_platform_looks_for() -> None:
    def entry(source: str) -> dict[str, object]:
        return {"number": "123", "files": [{"from": source, "as": "x.ipynb"}]}

    assert (canvas_name(entry("all.zip/lovelaceada_LATE_123_456_hw1 (2).ipynb"))
            == "lovelaceada_LATE_123_456_hw1 (2).html")
    assert (canvas_name(entry("all.zip/lovelaceada_123_456_mine.zip/hw1.ipynb"))
            == "lovelaceada_123_456_mine.html")
    assert canvas_name(entry("ada/hw1.ipynb")) == ""
    assert moodle_name("hw1", "Ada_B/C", "12") == "Ada-B-C_12_assignsubmission_file/hw1.html"
