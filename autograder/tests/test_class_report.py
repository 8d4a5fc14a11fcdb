"""The class at a glance: its numbers, its page, and that it judges nothing and names nobody."""

from __future__ import annotations

import csv
import io
import json
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from typing import Any, cast

import numpy as np
import pytest

from autograder import sandbox
from autograder.cli import main
from autograder.model import Diagnosis, Earned, ExerciseResult, Look, Outcome, Verdict
from autograder.report import class_page, course_report, table
from autograder.report.class_report import ClassReport, class_report, correlation
from autograder.report.pseudonyms import Hide, pseudonym, telling
from autograder.report.standing import GRADED, MISSING, NOT_GRADED, UNTIMED, Mark, Person, Standing
from autograder.tests.classroom import SLUG, WRONG, Classroom, answered, make

BELIEF = "p_is_the_factor"


# ----------------------------------------------------------------------------- a class made by hand
def result(points: float, *outcomes: Outcome, belief: str = "") -> ExerciseResult:
    verdicts = tuple(Verdict("shrink", f"c{n}", f"holds <{n}>", o, part="core")
                     for n, o in enumerate(outcomes))
    told = (Diagnosis("shrink", belief, f"You believe in {belief}."),) if belief else ()
    return ExerciseResult("shrink", points, 4.0, verdicts, told,
                          parts=(Earned("core", "is right", points, 4.0),))


def standing(student: str, points: float | None, quiz: float = 1.0, **more: object) -> Standing:
    marks = {"shrink": Mark(points, 4.0, auto=points), "quiz": Mark(quiz, 1.0, auto=quiz)}
    return Standing(student, 5.0, **{"status": GRADED, "marks": marks, **more})  # type: ignore[arg-type]


def report(people: Sequence[Standing], results: dict[str, ExerciseResult],
           looks: Sequence[Look] = (), slug: str = "hw") -> ClassReport:
    called = {s.student: Person(f"label of {s.student}") for s in people}
    hide = Hide({student: person.label for student, person in called.items()})
    return class_report(slug, people, {s: (r,) for s, r in results.items()}, {},
                        looks, called, hide)


def a_class(size: int) -> ClassReport:
    people = [standing(f"s{n:04d}", float(n % 5), float(n % 2)) for n in range(size)]
    passed = [Outcome.PASSED if n % 5 == 4 else Outcome.FAILED for n in range(size)]
    results = {s.student: result(float(n % 5), passed[n], belief=BELIEF * (n % 5 == 0))
               for n, s in enumerate(people)}
    return report(people, results, [Look(s.student, "", "late by 2 h") for s in people[::9]])


def test_scores_are_spread_over_ten_bins_the_last_with_full_marks() -> None:
    people = [standing("a", 0.0, 0.0), standing("b", 0.5, 0.0), standing("c", 4.0, 1.0),
              standing("d", 4.0, 0.5), standing("e", None)]
    found = report([*people[:4], Standing("e", 5.0, status=MISSING)], {}).spread
    assert found is not None
    assert found.bins == (1, 1, 0, 0, 0, 0, 0, 0, 0, 2)
    assert found.mean == pytest.approx((0 + 0.1 + 1 + 0.9) / 4)
    assert found.median == pytest.approx(0.5)


def test_a_penalty_counts_in_the_scores_and_not_in_the_items() -> None:
    found = report([standing("a", 4.0, penalty=2.0)], {})
    assert found.spread is not None
    assert found.spread.mean == pytest.approx(0.6)
    assert [item.difficulty for item in found.exercises] == [1.0, 1.0]


def test_discrimination_is_the_correlation_with_all_the_rest() -> None:
    rng = np.random.default_rng(3)
    shrink, quiz = rng.uniform(0, 4, 30), rng.uniform(0, 1, 30)
    people = [standing(f"s{n}", float(shrink[n]), float(quiz[n])) for n in range(30)]
    for item in report(people, {}).exercises:
        assert item.discrimination == pytest.approx(np.corrcoef(shrink, quiz)[0, 1], abs=1e-5)
    assert correlation([1.0] * 9 + [2.0], [1.0] * 10) is None  # nothing differs
    assert correlation([1.0, 2.0] * 4, [1.0, 2.0] * 4) is None  # too few


def test_the_points_of_a_part_are_lost_by_the_checks_that_failed() -> None:
    people = [standing("a", 1.0), standing("b", 4.0)]
    results = {
        "a": result(1.0, Outcome.FAILED, Outcome.RAISED, Outcome.SKIPPED, Outcome.PASSED),
        "b": result(4.0, *[Outcome.PASSED] * 4),
    }
    checks = report(people, results).checks
    assert [c.lost for c in checks] == [1.5, 1.5, 0.0, 0.0]
    assert [c.rate for c in checks] == [0.5, 0.5, 1.0, 1.0]
    assert [(c.passed, c.failed, c.skipped) for c in checks] == [(1, 1, 0), (1, 1, 0),
                                                                 (1, 0, 1), (2, 0, 0)]


def test_checks_come_in_the_order_of_the_exercises() -> None:
    verdicts = {name: Verdict(name, f"c-{name}", f"holds in {name}", Outcome.PASSED, part="core")
                for name in ("shrink", "quiz")}
    results = [replace(result(4.0), name=name, verdicts=(verdict,))
               for name, verdict in verdicts.items()]
    found = class_report("hw", [standing("a", 4.0)], {"a": results}, {}, (),
                         {"a": Person("A")}, Hide({}))
    assert [check.exercise for check in found.checks] == ["shrink", "quiz"]
    page = class_page.page(found)
    assert page.index("holds in shrink") < page.index("holds in quiz")


@pytest.mark.parametrize(("seconds", "said"), [(49.0, "49 s"), (3.21, "3.2 s"), (0.04, "40 ms"),
                                               (0.0, "less than 1 ms")])
def test_number_and_unit_stay_on_one_line(seconds: float, said: str) -> None:
    page = class_page.page(replace(a_class(2), seconds=(seconds,)))
    assert said.replace(" ", "\N{NO-BREAK SPACE}") + " in the median" in page


def test_who_is_late_is_told_with_what_it_costs() -> None:
    people = [standing("ada", 4.0, penalty=2.0, late=7200.0), standing("bob", 4.0, late=60.0),
              standing("cyd", 4.0), standing("dee", 4.0)]
    found = report(people, {}, [Look("cyd", "", UNTIMED)])
    assert [row.student for row in found.late] == ["label of ada", "label of bob", "label of cyd"]
    assert ("late: label of ada by 2 h (-2), label of bob by 1 min, label of cyd (no time "
            "told)" in list(class_page.lines(found)))
    page = class_page.page(found)
    assert "<dt>Late</dt><dd>3 <small>penalty for 1</small></dd>" in page
    assert "label of cydno time toldnone" in Reader(page).text


def test_misconceptions_come_by_the_points_lost_where_they_were_seen() -> None:
    people = [standing("a", 3.0), standing("b", 3.0), standing("c", 0.0), standing("d", 2.0)]
    told = {"a": "small", "b": "small", "c": "large", "d": "something_else"}
    found = report(people, {s.student: result(s.marks["shrink"].points or 0.0, Outcome.FAILED,
                                              belief=told[s.student]) for s in people})
    assert [(m.name, len(m.students), m.lost, m.sentence) for m in found.misconceptions] == [
        ("large", 1, 4.0, "You believe in large."),
        ("small", 2, 2.0, "You believe in small."),
    ]
    assert found.unexplained == 1


def test_with_names_everybody_is_called_by_name_wherever_they_stand() -> None:
    ada = standing("ada", 2.0, marks={"shrink": Mark(2.0, 4.0, by_hand=True, auto=1.0)}, late=90.0)
    called = {"ada": Person("ada", "Ada Lovelace"), "none": Person("none", "No Body")}
    looks = [Look("ada", "", "late by 2 min")]
    found = class_report("hw", [ada, Standing("none", 5.0)], {}, {"ada": 9.0}, looks,
                         called, Hide({}))
    sections = class_page.page(found, True).split("<h2")
    named = [s.partition(">")[2].partition("<")[0]
             for s in sections if "ada <span" in s and "Ada Lovelace" in s]
    assert named == ["Worth a look", "Late hand-ins and marks by hand", "Time", "Students"]
    told = list(class_page.lines(found))
    assert told[:2] == ["hw: 1 of 2 handed in, 1 graded", "    nothing came of: none (No Body)"]
    assert told[-2:] == ["worth a look", "    ada (Ada Lovelace): late by 2 min"]
    assert ("    none (No Body): handed in nothing "
            "yet" in course_report.lines(course_report.course_report([found])))


def test_who_needs_a_look_and_why() -> None:
    people = [standing("a", 4.0), Standing("c", 5.0, status=NOT_GRADED)]
    looks = [Look("c", "", "was not graded: cut off"), Look("", "", "not collected: x"),
             Look("zoe", "shrink", "was stopped")]
    found = report(people, {}, looks)
    assert {row.student: row.why for row in found.looks} == {
        "label of c": ("was not graded: cut off",),
        "zoe": ("shrink: was stopped",),
    }
    assert found.strays == ("not collected: x",)


# --------------------------------------------------------------------------------------- pseudonyms
def test_a_pseudonym_is_the_same_for_the_same_key_and_another_for_another() -> None:
    assert pseudonym("k", "ada") == pseudonym("k", "ada") != pseudonym("l", "ada")
    assert len({pseudonym("k", f"s{n}") for n in range(5000)}) == 5000


def test_no_sentence_says_who_somebody_is() -> None:
    called = {"ada": "aaaa-1", "Bo O'Neil": "bbbb-2"}
    hide = Hide(called, telling(["ada Ada Lovelace", "Bo O'Neil", "student-001", "student-002",
                                 "student-003", "student-004", "x-05"]))
    assert hide("Bo O'Neil may be two people", "Bo O'Neil") == "bbbb-2 may be two people"
    assert (hide("handed in lovelace_hw1.ipynb; so did ada", "x-05")
            == "handed in ***_hw1.ipynb; so did aaaa-1")
    assert hide("the student handed in 001.txt") == "the student handed in 001.txt"


# ----------------------------------------------------------------------------------------- the page
class Reader(HTMLParser):
    """What a page is made of."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text += data

    def every(self, *names: str) -> Iterator[dict[str, str | None]]:
        yield from (attributes for tag, attributes in self.tags if tag in names)


@pytest.mark.parametrize("size", [1, 5, 400, 5000])
def test_the_page_needs_nothing_else_and_can_be_read_aloud(size: int) -> None:
    page = class_page.page(a_class(size))
    found = Reader(page)
    assert [t for t, _ in found.tags if t in ("script", "link", "img", "iframe", "object")] == []
    assert [a for _, a in found.tags if a.get("src") or str(a.get("href", "#"))[:1] != "#"] == []
    assert "url(" not in page
    assert "@import" not in page
    ids = [str(a["id"]) for _, a in found.tags if "id" in a]
    assert len(ids) == len(set(ids))
    assert {str(a["href"])[1:] for a in found.every("a")} <= set(ids)
    assert [a for a in found.every("th") if a.get("scope") not in ("row", "col")] == []
    assert [a for a in found.every("svg")
            if a.get("role") != "img" or a.get("aria-labelledby") not in ids] == []
    assert [a for a in found.every("div")
            if a.get("class") == "scroll" and not (a.get("tabindex") and a.get("aria-label"))] == []
    assert next(found.every("html")) == {"lang": "en"}
    assert [t for t, _ in found.tags].count("h1") == 1
    assert "holds <0>" in found.text, "what a check says is text and no tag"
    assert len(page) < 400_000
    assert ("too many for a page" in found.text) == (size > 400)


@pytest.mark.parametrize(("size", "shown"), [(9, False), (10, True)])
def test_a_class_too_small_to_discriminate_has_no_column_for_it(size: int, shown: bool) -> None:
    found = a_class(size)
    page = Reader(class_page.page(found))
    assert ("Discrimi" in page.text) == shown, "neither column nor legend"
    assert ("discrimination" in "\n".join(class_page.lines(found))) == shown
    head, *rows = class_page.page(found).partition('id="exercises"')[2].split("</table>")[0].split(
        "<tr")[1:]
    assert {row.count("</td>") + row.count("</th>") for row in rows} == {head.count("</th>")}


def test_data_and_rows_hold_what_the_page_shows() -> None:
    found = a_class(20)
    told = json.loads(json.dumps(class_page.to_dict(found)))
    assert told["exercises"][0]["difficulty"] == pytest.approx(0.5)
    assert told["exercises"][0]["parts"][0]["name"] == "core"
    assert told["checks"][0]["pass_rate"] == pytest.approx(0.2)
    header, *rows = class_page.rows(found)
    assert len(rows) == 20
    assert rows[3][header.index("shrink")] == 3.0
    assert any("p is the factor" in line for line in class_page.lines(found))


# --------------------------------------------------------------------------------------- the course
def test_who_is_falling_behind_and_what_comes_back() -> None:
    scores: dict[str, list[float | None]] = {
        "steady": [4, 4, 4],
        "gone": [4, 4, None],
        "never": [None, None, None],
        "low": [4, 1, 1],
        "fell": [4, 4, 2],
        "rose": [0, 0, 4],
    }
    reports = []
    for n in range(3):
        people = [standing(s, p[n], 0.0) if p[n] is not None else Standing(s, 5.0, status=MISSING)
                  for s, p in scores.items()]
        results = {"low": result(1.0, Outcome.FAILED, belief=BELIEF),
                   "fell": result(1.0, Outcome.FAILED, belief=f"only in {n}")}
        reports.append(report(people, results, slug=f"hw{n}"))
    found = course_report.course_report(reports)
    assert {line.student.removeprefix("label of "): line.why for line in found.behind} == {
        "gone": ("handed in nothing the last time",),
        "never": ("handed in nothing yet",),
        "low": ("below 50 % twice in a row", "20 % after 50 % on average"),
        "fell": ("40 % after 80 % on average",),
    }
    for few in (1, 2):
        early = course_report.course_report(reports[:few])
        assert ([line.student for line in early.behind]
                == ["label of never", *["label of rose"] * (few == 2)]), "one low mark is none"
    assert ([(a.name, a.students, a.stayed) for a in found.again]
            == [(BELIEF, (1, 1, 1), ("label of low",))])
    assert Reader(course_report.page(found)).text.count("p is the factor") == 1
    assert "hw1: 1" in "\n".join(course_report.lines(found))
    assert next(r for r in course_report.rows(found)
                if r[0] == "label of gone")[2:5] == (0.8, 0.8, None)


# ------------------------------------------------------------------------------------- a real class
NAMES = ["Ada Lovelace", "mueller_joerg", "O'Neil", "李小龙", "blank", "cut",
         *(f"student-{n:02d}" for n in range(6))]
OF_ADA = ("from grade g join submitted_notebook n on n.id = g.notebook_id join "
          "submitted_assignment a on a.id = n.assignment_id where a.student_id = 'Ada Lovelace'")
SIGNED = WRONG.replace("return", "    # by student-02\n"
                       "    return").replace("        return", "    return")


@pytest.fixture(scope="module")
def graded(tmp_path_factory: pytest.TempPathFactory) -> Classroom:
    room = make(tmp_path_factory.mktemp("glance") / "course")
    for n, name in enumerate(NAMES):
        room.submit(name, answered(room.released(), SIGNED) if n % 2 else answered(room.released()))
    room.submit("blank", room.released())
    room.submit("cut", '{"cells": [')
    assert main(["grade", SLUG, "--course", str(room.root), "--jobs", "1", "--quiet"]) == 1
    room.change(f"update grade set manual_score = 0.5 where id = (select min(g.id) {OF_ADA})")
    room.change(
        "update student set first_name = 'Ottilie', last_name = 'Quandt' where id = 'student-03'")
    return room


def told(room: Classroom, *words: str) -> tuple[str, list[list[str]], dict[str, object]]:
    """The page, the rows and the data of one report."""
    files = {kind: room.root / f"report.{kind}" for kind in ("html", "csv", "json")}
    options = [word for kind, path in files.items() for word in (f"--{kind}", str(path))]
    assert main(["report", *words, *options, "--course", str(room.root)]) == 0
    rows = list(csv.reader(io.StringIO(files["csv"].read_text(encoding="utf-8"), newline="")))
    return files["html"].read_text(encoding="utf-8"), rows, json.loads(
        files["json"].read_text(encoding="utf-8"))


@pytest.mark.nbgrader
def test_a_report_judges_nothing_and_changes_nothing(graded: Classroom,
                                                     monkeypatch: pytest.MonkeyPatch) -> None:
    def must_not(*_: object, **__: object) -> None:
        raise AssertionError("a report runs no student's code")

    monkeypatch.setattr(sandbox, "choose", must_not)
    monkeypatch.setattr("autograder.classes.desk.grade", must_not)
    before = (graded.root / "gradebook.db").read_bytes()
    page, rows, data = told(graded, SLUG)
    assert (graded.root / "gradebook.db").read_bytes() == before
    assert len(rows) == 1 + len(NAMES)
    assert "p is the factor" in page
    assert "return x * p, None" in page, "the excerpt"
    assert data["notes"] == []


@pytest.mark.nbgrader
def test_a_report_names_nobody_unless_it_is_asked_to(graded: Classroom,
                                                     capsys: pytest.CaptureFixture[str]) -> None:
    page, rows, data = told(graded, SLUG)
    everything = page + json.dumps(data, ensure_ascii=False) + str(rows) + capsys.readouterr().out
    for name in [*NAMES[:4], *NAMES[6:], "Lovelace", "joerg", "Ottilie", "Quandt"]:
        assert name not in everything
    labels = {row[0] for row in rows[1:]}
    page, rows, _ = told(graded, SLUG, "--names")
    assert {row[0] for row in rows[1:]} == set(NAMES)
    assert all(name in page.replace("&#39;", "'") for name in [*NAMES, "Ottilie Quandt"])
    assert labels == {row[0] for row in told(graded)[1][1:]}, ("across assignments everybody is "
                                                               "called the same")


@pytest.mark.nbgrader
def test_unread_hand_ins_marks_by_hand_and_stale_results_are_told(graded: Classroom,
                                                                  tmp_path: Path) -> None:
    room = Classroom(Path(shutil.copytree(graded.root, tmp_path / "course")))
    _, rows, data = told(room, SLUG, "--names")
    by_name = {row[0]: dict(zip(rows[0], row, strict=True)) for row in rows[1:]}
    assert by_name["cut"]["status"] == NOT_GRADED
    assert by_name["cut"]["worth_a_look"].startswith("was not graded: toy_scaling.ipynb is damaged")
    assert [name for name, row in by_name.items() if row["by_hand"]] == [NAMES[0]]
    room.change(f"update grade set auto_score = 0.25 where id in (select max(g.id) {OF_ADA})")
    _, _, data = told(room, SLUG, "--names")
    assert "1 of them because the gradebook says something else by now" in str(data["notes"])


@pytest.mark.nbgrader
def test_a_report_is_refused_where_nothing_was_graded_or_students_look(
        graded: Classroom, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["report", SLUG, "--html", str(graded.root / "feedback" / "x.html"), "--course",
                 str(graded.root)]) == 1
    assert "which students come to see" in capsys.readouterr().out
    empty = graded.root.parent / "empty"
    make(empty)
    assert main(["report", SLUG, "--course", str(empty)]) == 1
    assert (f"Nothing of {SLUG} was graded yet. Run: autograder grade "
            f"{SLUG}" in capsys.readouterr().out)


@pytest.mark.nbgrader
def test_grading_ends_with_a_table_of_the_class(graded: Classroom,
                                                capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["grade", SLUG, "--course", str(graded.root), "--jobs", "1", "--quiet"]) == 1
    told = capsys.readouterr().out
    assert "   1  shrink\n   2  quiz\n" in told
    assert ([line.split()[-4:] for line in told.splitlines() if line.startswith("O'Neil")]
            == [["O'Neil", "3.00", "2.00", "5.00"]])
    assert any(line.startswith("cut") and "no mark" in line for line in told.splitlines())
    assert any(line.startswith("Ada Lovelace") and "by hand" in line for line in told.splitlines())
    flagged = {line.split("  ")[0] for line in told.splitlines() if line.endswith("worth a look")}
    below = told.partition("worth a look:\n")[2].splitlines()
    assert "cut" in flagged
    assert flagged == {line.split("  ")[2] for line in below}, "each has its line below"


@pytest.mark.nbgrader
def test_grading_and_report_find_the_same_worth_a_look(graded: Classroom, tmp_path: Path) -> None:
    room = Classroom(Path(shutil.copytree(graded.root, tmp_path / "course")))
    room.change("update assignment set duedate = '2026-11-20 10:00:00'")
    (room.root / "submitted" / "O'Neil" / SLUG / "timestamp.txt").write_text("2026-11-20 11:00 UTC")
    room.change("update submitted_notebook set flagged = 1 where id in (select n.id from "
                "submitted_notebook n join submitted_assignment a on a.id = n.assignment_id where "
                "a.student_id in ('student-01', 'Ada Lovelace'))")
    room.change(f"update grade set needs_manual_grade = 1 where id = (select min(g.id) {OF_ADA})")
    file = tmp_path / "class.json"
    assert main(["grade", SLUG, "--course", str(room.root), "--jobs", "1", "--quiet", "--json",
                 str(file)]) == 1
    graded_says = sorted((look["student"], look["exercise"], look["what"]) for look in
                         json.loads(file.read_text(encoding="utf-8"))["worth_a_look"])
    _, _, data = told(room, SLUG, "--names")
    rows = cast("list[dict[str, Any]]", data["rows"])
    report_says = sorted((row["student"], why) for row in rows for why in row["why"])
    assert report_says == sorted((student, f"{exercise}: {what}" if exercise else what)
                                 for student, exercise, what in graded_says)
    assert {student for student, _ in report_says} == {"cut", "O'Neil", "student-01",
                                                       "Ada Lovelace"}


def test_the_total_of_who_is_late_is_what_counts() -> None:
    late = standing("ada with a name that is long", 4.0, penalty=2.5)
    (row,) = table.class_rows([late], [Look(late.student, "", "late by 2 h")])
    line = list(table.lines([row]))[-1]
    assert line.endswith("   2.50  2.5 less for being late, worth a look"), line
