"""The words students and teachers read, to the letter; no student's text leaves its place."""

from __future__ import annotations

import csv
import io
import json
import os
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from autograder.model import Broken, Diagnosis, Earned, ExerciseResult, Outcome, Report, Verdict
from autograder.report import data, html, learn, table, text, words

CALL = "dropout_forward(np.ones((200, 500)), p=0.4, rng=np.random.default_rng(7))"
PASSED = Verdict("dropout_forward", "keeps_shape", "keeps the shape of x",
                 Outcome.PASSED, part="shape")
FAILED = Verdict("dropout_forward", "expectation", "Keeps the expectation", Outcome.FAILED,
                 "out.mean() = 0.6001", "1.0000 +- 0.0103", CALL, "scale")
WAITS = 'not tried: first "keeps the expectation" must hold'
SKIPPED = Verdict("dropout_forward", "identity", "is the identity", Outcome.SKIPPED, WAITS,
                  part="scale", waits="expectation")
UNSCALED = Diagnosis("dropout_forward", "forgot_to_scale",
                     "You drop units but never divide the survivors by 1 - p, so the layer above "
                     "sees a smaller signal in training than in the test.")
PARTS = (Earned("shape", "Keeps the shape", 1.5, 1.5),
         Earned("scale", "survivors are scaled", 0, 2.5))
RESULT = ExerciseResult("dropout_forward", 1.5, 4, (PASSED, FAILED, SKIPPED),
                        (UNSCALED,), parts=PARTS)
ALL = (Earned("shape", "keeps the shape", 3, 3),)
WHOLE = ExerciseResult("keep_mask", 3, 3, (replace(PASSED, exercise="keep_mask"),), parts=ALL)
NOT_RUN = ExerciseResult("my_dropout", 0, 2, (), not_run="there is no torch on this machine")
REPORT = Report("hw1_dropout", "ada/hw1_dropout.ipynb", "graded", "none", (WHOLE, RESULT, NOT_RUN),
                notes=("A note.",))
UNREADABLE = Report("hw1_dropout", "bob/hw1_dropout.ipynb", "unreadable", "none",
                    error="hw1_dropout.ipynb is empty. Save it again.")
BROKEN = Report("hw1_dropout", "eve/hw1_dropout.ipynb", "broken", "none",
                error="the worker did not start")


# ------------------------------------------------------------------------------------- golden texts
def test_a_failed_check_says_sentence_numbers_call_and_hint() -> None:
    assert text.message(FAILED, [UNSCALED]) == (
        "x dropout_forward keeps the expectation\n"
        "    out.mean() = 0.6001, but should be 1.0000 +- 0.0103\n"
        "    from  dropout_forward(np.ones((200, 500)), p=0.4, rng=np.random.default_rng(7))\n"
        "    hint  You drop units but never divide the survivors by 1 - p, so the layer above sees "
        "a smaller\n"
        "          signal in training than in the test."
    )


def test_a_call_of_several_lines_stands_by_itself() -> None:
    several = replace(FAILED, call="import torch\n\nf(2)")
    assert text.message(several).splitlines()[2:] == ["    from these lines:", "    import torch",
                                                      "    ", "    f(2)"]


def test_a_passed_check_is_one_line() -> None:
    assert (text.message(replace(PASSED, got="1", wanted="1", call="f()"))
            == "ok dropout_forward keeps the shape of x")


def test_a_hidden_case_never_shows_its_call() -> None:
    hidden = replace(FAILED, hidden=True)
    assert text.message(hidden) == ("x dropout_forward keeps the expectation (hidden case)\n"
                                    "    out.mean() = 0.6001, but should be 1.0000 +- 0.0103")
    assert "np.ones" not in html.exercise_html(replace(RESULT, verdicts=(hidden,)))


def test_without_a_wanted_value_only_what_was_got_is_said() -> None:
    assert (
        text.message(replace(FAILED, got="x was changed", wanted="", call=""))
        == "x dropout_forward keeps the expectation\n    x was changed"
    )


@pytest.mark.parametrize(
    ("outcome", "got", "expected"),
    [
        (Outcome.RAISED, "f raised ValueError: no",
         "x dropout_forward keeps the shape of x\n    f raised ValueError: no"),
        (Outcome.RAISED, "",
         "x dropout_forward keeps the shape of x\n    your code raised an exception"),
        (Outcome.TIMED_OUT, "", "x dropout_forward keeps the shape of x\n"
         "    your code did not return in time and was stopped"),
        (Outcome.CRASHED, "", "x dropout_forward keeps the shape of x\n"
         "    your code ended the whole program instead of returning"),
        (Outcome.SKIPPED, "", "- dropout_forward keeps the shape of x\n    not tried yet"),
        (Outcome.FAILED, "", "x dropout_forward keeps the shape of x\n    this does not hold"),
        (
            Outcome.BROKEN,
            "KeyError: 'mask'",
            "! dropout_forward keeps the shape of x\n"
            "    KeyError: 'mask'\n"
            "    This is the grader's fault, not yours. Please tell your teacher.",
        ),
    ],
)
def test_every_outcome_has_honest_words(outcome: Outcome, got: str, expected: str) -> None:
    assert text.message(replace(PASSED, outcome=outcome, got=got)) == expected


def heading(mark: str, sentence: str, points: str) -> str:
    return f"{mark:<2} {sentence}".ljust(99 - len(points)) + " " + points


def test_the_text_of_an_exercise_goes_part_by_part_and_hints_once() -> None:
    found = replace(RESULT, verdicts=(PASSED, SKIPPED, FAILED, replace(FAILED)),
                    trouble="NameError: name 'nump' is not defined")
    told = [text.message(v, [UNSCALED] * (n == 1)) for n, v in enumerate((SKIPPED, FAILED, FAILED))]
    assert text.exercise_text(found).splitlines() == [
        "! dropout_forward: running your cell stopped with",
        "    NameError: name 'nump' is not defined",
        heading("ok", "keeps the shape", "1.5 of 1.5"),
        "   ok dropout_forward keeps the shape of x",
        heading("x", "survivors are scaled", "0 of 2.5"),
        *("   " + line for line in "\n".join(told).splitlines()),
        "= dropout_forward: 1 of 2 parts, 1.5 of 4 points in reach",
    ]
    assert text.exercise_text(RESULT, staff=True).endswith(
        "\n= dropout_forward: 1 of 2 parts, 1.5 of 4 points")


def test_a_hint_stands_below_the_cross_that_it_explains() -> None:
    other = replace(FAILED, check="later", sentence="survives")
    second = replace(UNSCALED, message="You forget to survive.", crosses=("later",))
    found = replace(RESULT, verdicts=(PASSED, FAILED, other), diagnoses=(UNSCALED, second))
    for told in (text.exercise_text(found), html.exercise_html(found)):
        there = (UNSCALED.message[:20], "survives", second.message)
        places = [told.index(words) for words in there]
        assert places == sorted(places)


def test_a_long_sentence_leaves_the_points_in_their_column() -> None:
    first, *rest = text.heading("ok", "a sentence of many words, " * 5, "0.45 of 0.45").splitlines()
    assert len(first) == text.WIDTH
    assert first.endswith("  0.45 of 0.45")
    assert rest
    assert all(line.startswith("   ") for line in rest)


def test_a_part_of_which_nothing_was_tried_is_not_called_wrong() -> None:
    untried = replace(RESULT, verdicts=(PASSED, replace(SKIPPED, got="not tried: a call hung")))
    assert text.heading("-", "survivors are scaled", "0 of 2.5") in text.exercise_text(untried)
    assert "&#10007;" not in html.exercise_html(untried)
    assert "&#10007;" in html.exercise_html(RESULT)
    assert [part["mark"] for part in learn.of_result(untried)["parts"]] == ["ok", "-"]


def test_a_part_that_is_charged_elsewhere_says_so() -> None:
    given = replace(RESULT, parts=(replace(PARTS[1], points=2.5,
                                           note="carried over from keep_mask, charged there"),))
    assert ("survivors are scaled (carried over from keep_mask, charged "
            "there)" in text.exercise_text(given))


def test_an_exercise_that_was_not_run_says_why() -> None:
    assert (text.exercise_text(NOT_RUN)
            == "- my_dropout was not run and costs nothing: there is no torch on this machine")


def test_the_text_of_a_report() -> None:
    assert text.report_text(REPORT, staff=True) == "\n\n".join(
        [
            "hw1_dropout  ada/hw1_dropout.ipynb",
            "note  A note.",
            text.exercise_text(WHOLE, staff=True),
            text.exercise_text(RESULT, staff=True),
            text.exercise_text(NOT_RUN),
            "4.5 of 7 points",
        ]
    )
    assert text.exercise_text(WHOLE, staff=True).endswith(
        "= keep_mask: 1 of 1 parts, 3 of 3 points")
    assert text.report_text(REPORT).count("in reach") == 2


def test_an_unreadable_and_a_broken_report_give_no_mark() -> None:
    assert text.report_text(UNREADABLE, staff=True) == (
        "hw1_dropout  bob/hw1_dropout.ipynb\n\n"
        "x This hand-in could not be read, so there is no mark.\n"
        "    hw1_dropout.ipynb is empty. Save it again."
    )
    assert text.report_text(BROKEN, staff=True) == (
        "hw1_dropout  eve/hw1_dropout.ipynb\n\n"
        "! The grader itself failed, so there is no mark (no fault of yours).\n"
        "    the worker did not start"
    )


def test_our_own_words_survive_a_windows_console() -> None:
    everything = [replace(FAILED, outcome=outcome, got="", wanted="") for outcome in Outcome]
    "\n".join(text.message(v, [UNSCALED]) for v in everything).encode("cp1252")
    text.report_text(REPORT, staff=True).encode("cp1252")


def test_full_marks_stay_full_where_points_are_fractions() -> None:
    """0.3333 points gave 0.33; ten thirds gave more than there is."""
    for worth, number in ((0.3333, 3), (1 / 3, 3), (0.1, 3), (14.0, 1)):
        results = tuple(ExerciseResult(f"e{n}", worth, worth, ()) for n in range(number))
        report = Report("hw", "x", "graded", "none", results)
        assert report.points == report.max_points == pytest.approx(worth * number, abs=1e-6)
        assert words.points(results[0]).split(" of ")[0] == words.number(worth)


def test_what_raises_is_there() -> None:
    said = ("f is not defined: its cell is missing", "f is not written yet",
            "f raised NameError: name 'm' is not defined at line 2")
    assert [words.absent(replace(FAILED, got=got)) for got in said] == [True, True, False]


def test_points_are_written_as_people_write_them() -> None:
    assert ([words.number(x) for x in (0, 4.0, 2.5, 1 / 3, 10, 100.0)]
            == ["0", "4", "2.5", "0.33", "10", "100"])


def shown(*reports: Report) -> str:
    console = Console(file=io.StringIO(), width=80, color_system=None)
    for line in table.lines(table.rows(reports)):
        console.print(line, highlight=False)
    return "\n".join(line.rstrip() for line in console.file.getvalue().splitlines())  # type: ignore[attr-defined]


def test_the_table_of_a_class() -> None:
    assert shown(REPORT, UNREADABLE, BROKEN) == (
        "   1  keep_mask\n"
        "   2  dropout_forward\n"
        "   3  my_dropout\n"
        "\n"
        "hand-in                   1     2     3  total\n"
        "ada/hw1_dropout.ipynb  3.00  1.50     -   4.50\n"
        "       dropout_forward: forgot to scale\n"
        "bob/hw1_dropout.ipynb  no mark\n"
        "       hw1_dropout.ipynb is empty. Save it again.\n"
        "eve/hw1_dropout.ipynb  no mark\n"
        "       the worker did not start"
    )


def test_what_all_paths_share_is_left_out() -> None:
    ada, bob = (replace(REPORT, submission=f"/a/very/long/way/to/{name}/hw1.ipynb")
                for name in ("ada", "bob"))
    lines = shown(ada, bob).splitlines()
    assert ([line.split()[0] for line in lines if ".ipynb" in line]
            == ["ada/hw1.ipynb", "bob/hw1.ipynb"])


def test_markup_in_a_file_name_stays_text_in_the_table() -> None:
    assert "[red]a.ipynb" in shown(replace(UNREADABLE, submission="[red]a.ipynb", error="[bold]"))


# --------------------------------------------------------------------------------------------- data
def test_the_dict_of_a_report_has_exactly_this_shape() -> None:
    report = replace(REPORT, exercises=(RESULT,),
                     stopped=(("dropout_forward", "it may compute for 5 s"),))
    assert data.to_dict(report) == {
        "schema": 1,
        "assignment": "hw1_dropout",
        "submission": "ada/hw1_dropout.ipynb",
        "status": "graded",
        "error": None,
        "isolation": "none",
        "points": 1.5,
        "max_points": 4.0,
        "exercises": [
            {
                "name": "dropout_forward",
                "points": 1.5,
                "max_points": 4.0,
                "outcome": "partial",
                "parts": [
                    {"name": "shape", "sentence": "Keeps the shape", "points": 1.5,
                     "max_points": 1.5, "note": None},
                    {"name": "scale", "sentence": "survivors are scaled", "points": 0.0,
                     "max_points": 2.5, "note": None},
                ],
                "verdicts": [
                    {
                        "check": verdict.check,
                        "hidden": False,
                        "part": verdict.part,
                        "points": 1.5 if verdict.part == "shape" else 0.0,
                        "max_points": 1.5 if verdict.part == "shape" else 2.5,
                        "sentence": verdict.sentence,
                        "outcome": verdict.outcome.value,
                        "got": verdict.got or None,
                        "wanted": verdict.wanted or None,
                        "call": verdict.call or None,
                        "message": text.message(verdict),
                    }
                    for verdict in RESULT.verdicts
                ],
                "diagnoses": [{"name": "forgot_to_scale", "message": UNSCALED.message}],
            }
        ],
        "worth_a_look": [
            {"exercise": "", "what": "A note."},
            {"exercise": "dropout_forward", "what": "it may compute for 5 s"},
        ],
    }


def test_a_file_of_reports_is_whole_before_in_between_and_at_the_end(
        tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(data, "SECONDS", -1.0)
    path, reports = tmp_path / "reports.json", list[Report]()
    with data.JsonFile(path, lambda: [data.to_dict(r) for r in reports]) as file:
        assert json.loads(path.read_bytes()) == []
        for number, report in enumerate((REPORT, UNREADABLE, BROKEN), 1):
            reports.append(report)
            file.step()
            assert len(json.loads(path.read_bytes())) == number
    assert json.loads(path.read_bytes()) == [data.to_dict(r) for r in reports]
    assert list(tmp_path.iterdir()) == [path]


def test_a_pipe_gets_the_reports_at_the_end() -> None:
    reader, writer = os.pipe()
    with data.JsonFile(Path(f"/dev/fd/{writer}"), lambda: [data.to_dict(REPORT)]) as file:
        file.step()
    os.close(writer)
    with open(reader, "rb") as found:
        assert json.loads(found.read()) == [data.to_dict(REPORT)]


def test_a_file_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "no").write_text("a file, where a folder should be")
    with pytest.raises(Broken, match=r"x\.json cannot be written"), data.JsonFile(
            tmp_path / "no" / "x.json", list):
        pass


@pytest.mark.parametrize("report", [UNREADABLE, BROKEN])
def test_without_a_mark_the_points_are_null(report: Report) -> None:
    found = data.to_dict(report)
    assert (found["points"], found["status"], found["error"]) == (None, report.status, report.error)


def test_the_dict_is_safe_for_any_json_writer() -> None:
    odd = replace(RESULT, points=float("nan"),
                  verdicts=(replace(FAILED, got="\ud800\x00\x1b[31m"),))
    found = data.to_dict(replace(REPORT, exercises=(odd,), submission="\udcff.ipynb"))
    assert json.loads(json.dumps(found, allow_nan=False, ensure_ascii=False).encode()) == found
    assert found["points"] is None


def test_the_csv_has_a_row_for_each_exercise(tmp_path: Path) -> None:
    data.write_rows(tmp_path / "marks.csv", data.rows([REPORT, UNREADABLE]))
    assert (tmp_path / "marks.csv").read_text(encoding="utf-8") == (
        "assignment,submission,status,exercise,outcome,points,max_points,parts,diagnoses,error\n"
        "hw1_dropout,ada/hw1_dropout.ipynb,graded,keep_mask,passed,3.0,3.0,shape 3 of 3,,\n"
        "hw1_dropout,ada/hw1_dropout.ipynb,graded,dropout_forward,partial,1.5,4.0,shape 1.5 of "
        "1.5; scale 0 of 2.5,forgot_to_scale,\n"
        "hw1_dropout,ada/hw1_dropout.ipynb,graded,my_dropout,not_run,0.0,2.0,,,there is no torch "
        "on this machine\n"
        "hw1_dropout,bob/hw1_dropout.ipynb,unreadable,,,,,,,hw1_dropout.ipynb is empty. Save it "
        "again.\n"
    )


@pytest.mark.parametrize("name", ["=1+1", "+1", "-1", "@SUM(1)", " =1", "\t=1", "\x00=1",
                                  "\u202e=1", '=HYPERLINK("x,y")'])
def test_no_cell_of_the_csv_is_a_formula(name: str, tmp_path: Path) -> None:
    data.write_rows(tmp_path / "marks.csv",
                    data.rows([replace(UNREADABLE, submission=name, error=name)]))
    with open(tmp_path / "marks.csv", encoding="utf-8", newline="") as file:
        _, row = csv.reader(file)
    assert len(row) == len(data.HEADER)
    assert all(not cell.lstrip().startswith(("=", "+", "-", "@")) for cell in row)


def test_commas_quotes_and_line_breaks_stay_in_their_cell(tmp_path: Path) -> None:
    data.write_rows(tmp_path / "marks.csv", data.rows([replace(UNREADABLE, submission='a,"b"\nc')]))
    with open(tmp_path / "marks.csv", encoding="utf-8", newline="") as file:
        assert list(csv.reader(file))[1][1] == 'a,"b"\nc'


# --------------------------------------------------------------------------------------------- html
class Reader(HTMLParser):
    """Collects a page's tags, attributes and text, and insists that tags close in order."""

    VOID = frozenset({"br", "meta"})

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: set[str] = set()
        self.text = ""
        self._open: list[str] = []
        self.feed(page)
        self.close()
        assert self._open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes |= {name for name, _ in attrs}
        if tag not in self.VOID:
            self._open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes |= {name for name, _ in attrs}

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data


TAGS = {"div", "span", "b", "code", "br", "figure", "figcaption", "svg", "rect", "path"}
ATTACKS = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "</code></div></div><iframe src='//evil.example'>",
    '" onmouseover="alert(1)',
    "' style='position:fixed",
    "&lt;b&gt; &#60;script&#62; &amp;",
    "<!-- <![CDATA[ <style>*{display:none}</style>",
    "\x00\x1b]0;title\x07\x1b[2J\x1b[31mred\x9b31m",
    "\u202egnp.exe\u2066\u200f\ufeff",
    "\ud800\udfff",
    "$\\href{javascript:alert(1)}{x}$ \\(x\\) $$y$$ \\begin{x}",
]


def attacked(attack: str) -> ExerciseResult:
    verdicts = tuple(
        Verdict(attack, attack, attack, outcome, attack, attack, attack, picture=attack)
        for outcome in Outcome
        if outcome is not Outcome.PASSED
    )
    return ExerciseResult(attack, 0, 1, verdicts, (Diagnosis(attack, attack, attack),), attack)


@pytest.mark.parametrize("attack", ATTACKS)
def test_what_a_student_writes_stays_text(attack: str) -> None:
    report = replace(REPORT, assignment=attack, submission=attack, notes=(attack,), error=attack,
                     exercises=(attacked(attack),))
    page = Reader(html.page(report, "", "".join(html.exercise_html(result, staff=True)
                                                for result in report.exercises)))
    assert page.tags <= TAGS | {"html", "head", "body", "meta", "title", "h1", "p", "b"}
    assert page.attributes <= {"style", "class", "lang", "charset", "name", "content"}
    assert words.clean(attack) in page.text
    shown = (text.report_text(report, staff=True)
             + json.dumps({**data.to_dict(report), "submission": ""}, ensure_ascii=False))
    assert all(c.isprintable() or c == "\n" for c in words.clean(attack) + page.text + shown)


def test_mathjax_finds_no_delimiter() -> None:
    shown = html.escape(ATTACKS[-1])
    assert "<span>$</span><span>\\</span>href" in shown
    assert not any(mark in shown for mark in ("$\\", "\\(", "\\[", "$$", "\\begin"))
    assert 'class="tex2jax_ignore mathjax_ignore"' in html.exercise_html(RESULT)


@given(st.text(st.characters(), max_size=50))
def test_any_text_stays_text(found: str) -> None:
    assert Reader(html.exercise_html(attacked(found))).tags <= TAGS
    assert all(line.startswith(("x ", "- ", "! ", "= ", "    "))
               for line in text.exercise_text(attacked(found)).split("\n"))


def test_escape_codes_leave_nothing_behind_and_long_texts_are_cut() -> None:
    assert words.clean("\x1b[1;31mred\x1b[0m\x1b]8;;http://x\x07link") == "redlink"
    assert words.clean("a\tb\r\nc\x07\u2028d\xa0e") == "a b \nc? d e"
    assert len(words.clean("x" * 10_000_000)) == words.MAX_CHARACTERS
    assert len(html.exercise_html(attacked("<" * 10_000))) < 1_000_000


def test_the_block_tells_students_which_points_are_in_reach() -> None:
    assert "1 of 2 parts, 1.5 of 4 points in reach" in Reader(html.exercise_html(RESULT)).text
    assert "in reach" not in html.exercise_html(RESULT, staff=True)
    assert "0 of 2.5" in Reader(html.exercise_html(RESULT)).text


def test_the_block_says_what_the_text_says() -> None:
    shown = Reader(html.exercise_html(RESULT)).text
    for part in ("1 of 2 parts", "keeps the expectation", "0.6001, but should be 1.0000 ± 0.0103",
                 CALL, UNSCALED.message):
        assert shown.count(part) == 1 or part == "keeps the expectation"


def test_the_block_needs_nothing_from_elsewhere() -> None:
    page = html.page(REPORT, "", "".join(map(html.exercise_html, REPORT.exercises)))
    assert not any(word in page for word in ("<script", "<style", "http", "url(", "<link", "src="))


def test_one_reason_for_several_that_were_not_tried_is_said_once() -> None:
    waiting = [replace(SKIPPED, check=f"c{n}", sentence=f"holds {n}") for n in range(3)]
    other = replace(SKIPPED, check="other", sentence="is in time",
                    got="not tried: the 9 s are used up")
    result = replace(RESULT, verdicts=(FAILED, *waiting, other), diagnoses=())
    told = [line.strip().removeprefix("- dropout_forward ")
            for line in text.exercise_text(result).splitlines()]
    assert told[told.index("holds 0") :][1:5] == ["holds 1", "holds 2", WAITS, "is in time"]
    page = html.exercise_html(result)
    assert page.count("not tried: first") == page.count("not tried: the 9 s") == 1
    assert page.index("holds 2") < page.index("not tried: first") < page.index("is in time")


def block(*pictures: Any) -> str:
    return html.exercise_html(
        replace(RESULT, verdicts=tuple(replace(FAILED, picture=p) for p in pictures)))


def test_one_small_picture_is_drawn() -> None:
    page = block(None, np.array([[True, False], [False, True]]), np.ones((3, 3)))
    assert page.count("<svg") == 1
    assert ('role="img" aria-label="What the code drew, 2 by 2: filled squares are kept, empty '
            'ones dropped."' in page)
    assert page.count("M0 0h") == 1
    assert page.count("h.86") == 2


def test_a_big_picture_is_cut_to_24_by_24() -> None:
    page = block(np.ones((1000, 1000)))
    assert page.count("h.86") == 24 * 24
    assert "What the code drew, the first 24 by 24: filled" in page


@pytest.mark.parametrize("picture", [np.ones(3), np.ones((0, 3)), np.array([["<b>"]]), np.array(
    [[object()]]), "<svg>", [[1], [1, 2]], np.ones((1, 1), "M8[s]"), 7])
def test_what_is_no_picture_is_not_drawn(picture: Any) -> None:
    assert "<svg" not in block(picture)


def test_a_picture_of_odd_numbers_is_drawn() -> None:
    assert block(np.array([[np.nan, np.inf], [0, -1]])).count("h.86") == 3
    assert "<svg" not in html.exercise_html(
        replace(RESULT, verdicts=(replace(PASSED, picture=np.ones((2, 2))),)))


def test_what_was_not_tried_is_not_counted_as_wrong() -> None:
    def told(*outcomes: Outcome) -> str:
        return words.summary(
            ExerciseResult("f", 0, 0, tuple(replace(PASSED, outcome=o) for o in outcomes)))

    no, skipped, yes = Outcome.FAILED, Outcome.SKIPPED, Outcome.PASSED
    assert told(no, *[skipped] * 8) == "1 does not hold, 8 not tried"
    assert told(yes, yes, no, no, skipped) == "2 hold, 2 do not, 1 not tried"
    assert told(yes, skipped) == "1 holds, 1 not tried"
    assert told(yes, no) == "1 of 2 checks hold"


def test_the_time_of_a_run_counts_from_its_command() -> None:
    """What it takes to load the kit is waited for, too; the rate is that of grading."""
    import time

    from autograder.report.progress import Progress

    began = time.monotonic() - 1000
    (line,) = Progress(Console(file=io.StringIO()), "hw1", True, began).summary(1, 0, 0, 0)
    assert float(line.split("; ")[1].split(" s")[0]) >= 1000
    assert "0.0 a second" not in line
