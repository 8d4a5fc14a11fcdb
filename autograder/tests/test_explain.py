"""Every point explained to staff, and points given by hand; nothing of it in front of students."""

from __future__ import annotations

import html
import json
import re
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from nbformat import from_dict
from rich.console import Console

from autograder.cli import main
from autograder.model import Answer, Earned, ExerciseResult, Facts, Opaque, Outcome
from autograder.nbgrader_plugin import by_hand, feedback
from autograder.report import learn, progress
from autograder.report.explanation import Replayed, answer, compared, mask
from autograder.tests.classroom import SLUG, WRONG, Classroom, answered, make

pytestmark = pytest.mark.nbgrader

# only the hidden case sees it
HALF = "def shrink(x, p, rng, train=True):\n    return (1 - p) * x if p < 0.5 else x, None\n"


@pytest.fixture(scope="module")
def graded(tmp_path_factory: pytest.TempPathFactory) -> Classroom:
    classroom = make(tmp_path_factory.mktemp("explained"))
    classroom.submit("eve", answered(classroom.released(), HALF))
    classroom.submit("ann", answered(classroom.released(), "pass\n"))
    classroom.submit("bob", answered(classroom.released(), WRONG))
    assert main(["grade", SLUG, "--course", str(classroom.root), "--jobs", "1"]) == 0
    return classroom


def explained(graded: Classroom, capsys: pytest.CaptureFixture[str],
              *words: str) -> tuple[int, str]:
    capsys.readouterr()
    code = main(["explain", SLUG, *words, "--course", str(graded.root)])
    return code, capsys.readouterr().out


def test_a_hidden_case_is_shown_as_code_that_runs(graded: Classroom,
                                                  capsys: pytest.CaptureFixture[str]) -> None:
    code, told = explained(graded, capsys, "eve", "shrink")
    assert code == 0
    assert told.startswith(f"For staff only: this shows hidden cases.\n{SLUG}  eve\n")
    assert "0 of 2.55" in told
    call = re.search(r"call\n\s+(shrink\(.*\))", told)
    assert call, told
    scope = {"np": np}
    exec(HALF, scope)
    out = eval(call[1], scope)[0]
    assert f"out[0, 0] = {out[0, 0]:.6g}" in told, "the very call, with the very inputs"


def test_a_terminal_shows_that_it_is_at_work(graded: Classroom, capsys: pytest.CaptureFixture[str],
                                             monkeypatch: pytest.MonkeyPatch) -> None:
    """And a file gets the words alone."""
    quiet = explained(graded, capsys, "eve")[1]
    assert "judging" not in quiet
    monkeypatch.setattr(progress, "plain_console", lambda: Console(force_terminal=True))
    assert "judging what was handed in ..." in explained(graded, capsys, "eve")[1]


def test_what_was_not_tried_says_why(graded: Classroom, capsys: pytest.CaptureFixture[str]) -> None:
    _, told = explained(graded, capsys, "bob")
    assert told.count('not tried: first "returns x times 1-p at test time (train=False)" '
                      'must hold') == 2
    assert "hint  You multiply by p" in told


def test_a_replay_shows_both_answers(graded: Classroom, capsys: pytest.CaptureFixture[str]) -> None:
    _, told = explained(graded, capsys, "eve", "shrink", "--replay")
    theirs, ours = (re.search(rf"{side} +\[0\] float64 array of shape \(9, 7\)\n +\[\[ *(\S+)",
                              told) for side in ("theirs", "ours"))
    assert theirs
    assert ours
    assert float(ours[1]) == pytest.approx(0.4 * float(theirs[1]), rel=1e-3)
    assert "differ in 63 of 63 places" in told


def test_what_is_not_there_is_not_replayed(graded: Classroom,
                                           capsys: pytest.CaptureFixture[str]) -> None:
    _, told = explained(graded, capsys, "ann", "shrink", "--replay")
    assert "shrink is not defined" in told
    assert "replay" not in told


def test_the_page_is_private(graded: Classroom, capsys: pytest.CaptureFixture[str]) -> None:
    for place in ("feedback/eve/x.html", "assignments/x.html", "autograded/x.html",
                  "solutions/x.html", "submitted/x.html"):
        code, told = explained(graded, capsys, "eve", "--html", str(graded.root / place))
        assert code == 1
        assert "which students come to see" in told
        assert not (graded.root / place).exists()
    page = graded.root / "build" / "eve.html"
    assert explained(graded, capsys, "eve", "--html", str(page), "--replay")[0] == 0
    assert "default_rng" in page.read_text()
    assert page.stat().st_mode & 0o077 == 0


def test_no_hidden_call_reaches_what_students_see(graded: Classroom,
                                                  capsys: pytest.CaptureFixture[str]) -> None:
    """The call that staff reads stands in no graded notebook, no comment and no memory."""
    _, told = explained(graded, capsys, "eve", "shrink")
    (number,) = set(re.findall(r"default_rng\((\d+)\).normal", told))
    written = [p for p in graded.root.rglob("*")
               if p.is_file() and p.relative_to(graded.root).parts[0] != "build"]
    assert len(written) > 5
    assert not [p for p in written if number.encode() in p.read_bytes()]


def test_json_has_the_calls_for_staff(graded: Classroom, tmp_path: Path,
                                      capsys: pytest.CaptureFixture[str]) -> None:
    file = graded.root / "submitted" / "eve" / SLUG / f"{SLUG}.ipynb"
    main(["grade", SLUG, str(file), "--json", str(tmp_path / "r.json"), "--quiet", "--course",
          str(graded.root)])
    (report,) = json.loads((tmp_path / "r.json").read_text())
    shrink = report["exercises"][0]
    (lost,) = [v for v in shrink["verdicts"] if v["outcome"] == "failed"]
    assert ((lost["part"], lost["points"], lost["max_points"], lost["hidden"])
            == ("factor", 0, 2.55, True))
    assert lost["got"].startswith("out[0, 0] = ")
    assert lost["wanted"]
    assert lost["call"].startswith("shrink(np.random.default_rng(")
    assert "default_rng" not in lost["message"], "the words for students stay without it"


# ------------------------------------------------------------------------------------------ by hand
def said_by_hand(graded: Classroom, student: str) -> str:
    (words,) = graded._rows("select m.manual_comment from comment m join submitted_notebook n on "
                            "m.notebook_id = n.id join submitted_assignment a on n.assignment_id = "
                            "a.id where a.student_id = ? and m.manual_comment is not null", student)
    return str(words[0])


def test_points_by_hand_add_up_and_can_be_taken_back(graded: Classroom,
                                                     capsys: pytest.CaptureFixture[str]) -> None:
    def given(*words: str) -> tuple[int, str, tuple[float | None, float | None, bool]]:
        code, told = explained(graded, capsys, "bob", *words)
        return code, told, graded.grades("bob")["check_shrink"]

    assert given("--set", "factor=1", "--because",
                 "the comment is right")[::2] == (0, (0.0, 1.0, False))
    assert given("--set", "manners=0.45", "--because", "x is left alone")[2] == (0.0, 1.45, False)
    assert given("--set", "factor=2", "--because", "on a second reading")[2] == (0.0, 2.45, False)
    words = said_by_hand(graded, "bob")
    assert ("factor (x is multiplied by 1 - p): 2 of 2.55 by hand, not 0, because on a second "
            "reading" in words)
    assert "the comment is right" not in words
    code, told, _ = given()
    assert "shrink: 2.45 by hand" in told
    assert re.search(r"x is multiplied by 1 - p \(by hand\) +2 of 2\.55", told)
    assert "1 of 2 parts, 2.45 of 3 points\n  for --set: factor=2, manners=0.45" in told
    assert "gradebook: 4.45 of 5 points" in told
    assert given("--set", "factor=auto")[2] == (0.0, 0.45, False)
    assert given("--set", "shrink=3", "--because", "all of it")[2] == (0.0, 3.0, False)
    assert "for --set: factor=0, manners=0; all of it by hand: shrink=3" in given()[1]
    code, told, _ = given("--set", "factor=1", "--because", "x")
    assert code == 1
    assert ("All of shrink was judged by hand" in told
            or "has 3 points by hand for all of it" in told)
    assert given("--set", "shrink=auto")[2] == (0.0, None, False)


@pytest.mark.parametrize(
    ("words", "mend"),
    [
        (["--set", "factor=9", "--because", "x"], "is worth 2.55 points"),
        (["--set", "factor=1"], "needs a reason"),
        (["--set", "factor", "--because", "x"], "Write PART=POINTS"),
        (["--set", "factor=nan", "--because", "x"], "is no number of points"),
        (["--set", "nothing=1", "--because", "x"],
         "There are: factor, manners, twice, letter, shrink, quiz"),
    ],
)
def test_a_slip_writes_nothing(words: list[str], mend: str, graded: Classroom,
                               capsys: pytest.CaptureFixture[str]) -> None:
    code, told = explained(graded, capsys, "eve", *words)
    assert code == 1
    assert mend in told
    assert [manual for _, manual, _ in graded.grades("eve").values()] == [None, None]


def test_of_several_points_all_or_none_are_written(graded: Classroom,
                                                   capsys: pytest.CaptureFixture[str]) -> None:
    code, _ = explained(graded, capsys, "eve", "--set", "factor=1", "--set", "nothing=1",
                        "--because", "x")
    assert code == 1
    assert [manual for _, manual, _ in graded.grades("eve").values()] == [None, None]


def test_who_handed_in_nothing_is_told(graded: Classroom,
                                       capsys: pytest.CaptureFixture[str]) -> None:
    graded.change("insert into student (id, first_name, last_name, lms_user_id) values ('cyd', "
                  "'Cyd', 'Charisse', null)")
    for student, mend in NOT_THERE.items():
        code, told = explained(graded, capsys, student)
        assert code == 1
        assert mend in told


NOT_THERE = {"cyd": f"cyd has handed in nothing for {SLUG}",
             "anne": "Nobody here is called 'anne'. Did you mean ann?",
             "charise": "Did you mean cyd (Cyd Charisse)?", "nobody": "Nobody here is called "
             "'nobody'. Students are called as their folders in submitted/ are."}


def test_what_cannot_be_read_gets_points_by_hand_all_the_same(
        graded: Classroom, capsys: pytest.CaptureFixture[str]) -> None:
    """Exercise by exercise; no page can be made, and the marks outlast the next grading."""
    graded.submit("dan", '{"cells": [')
    assert (
        main(["grade", SLUG, "--course", str(graded.root), "--jobs", "1", "--student", "dan"]) == 1)
    code, told = explained(graded, capsys, "dan")
    assert code == 1
    assert "the file is cut off" in told
    assert "--set EXERCISE=POINTS" in told
    code, told = explained(graded, capsys, "dan", "--set", "shrink=2.5", "--because",
                           "read on paper")
    assert code == 0
    assert ("\nshrink: 2.5 of 3 points\n"
            "Written for dan. There is no page of what cannot be read" in f"\n{told}")
    assert (said_by_hand(graded, "dan") == "- shrink: 2.5 of 3 by hand, because read on paper\n\n"
            "So this exercise has 2.5 points.")
    code, told = explained(graded, capsys, "dan", "--set", "factor=1", "--because", "x")
    assert ((code, "There is no 'factor' to give points for. There are: shrink, quiz." in told)
            == (1, True))
    assert explained(graded, capsys, "dan", "--set", "quiz=2", "--because", "read on paper")[0] == 0
    assert (
        main(["grade", SLUG, "--course", str(graded.root), "--jobs", "1", "--student", "dan"]) == 1)
    assert graded.grades("dan") == {"check_shrink": (None, 2.5, False),
                                    "check_quiz": (None, 2.0, False)}
    assert main(["report", SLUG, "--names", "--course", str(graded.root)]) == 0
    assert "only the points are known" not in capsys.readouterr().out
    code, told = explained(graded, capsys, "dan", "--set", "quiz=auto")
    assert (code, told.splitlines()[-2]) == (0, "quiz: no points yet")


BY_HAND = ("well argued\n- factor (x is multiplied by 1 - p): 2 of 2.55 by hand, not 0, because of "
           "the comment\n\nSo this exercise has 2 points.")


@pytest.mark.parametrize(
    ("comment", "manual", "parts", "note"),
    [
        (BY_HAND, 2.0, [("2", True), ("0", False)],
         "given by hand in part; the words stand below your answer"),
        # changed in formgrader since
        (BY_HAND, 1.5, [], "given by hand; the words stand below your answer"),
        # other shares since
        (BY_HAND.replace("has 2", "has 2.3"), 2.3, [],
         "given by hand in part; the words stand below your answer"),
        (None, 1.5, [], "given by hand"),
        ("well argued", None, [("0", False), ("0", False)], ""),
    ],
)
def test_the_parts_on_the_students_page_add_up(
    comment: str | None, manual: float | None, parts: list[tuple[str, bool]], note: str
) -> None:
    earned = (Earned("factor", "x is multiplied by 1 - p", 0, 2.55),
              Earned("manners", "x is left alone", 0, 0.45))
    found = learn.of_result(ExerciseResult("shrink", 0, 3, (), parts=earned))
    told: list[dict[str, Any]] = [
        {"grade_id": "shrink", "comment": comment},
        {"grade_id": "check_shrink", "grade": True, "points": 3.0, "score": manual or 0.0},
    ]
    below: list[Any] = [{"output_type": "display_data",
                         "metadata": {"autograder": found}, "data": {}}]
    cells = [{"metadata": {"nbgrader": t}, "outputs": below * ("grade" in t)} for t in told]
    cells = [from_dict(c) for c in cells]  # type: ignore[no-untyped-call]
    (row,) = feedback._rows(cells, {"check_shrink": (0.0, manual)})
    assert [(part["points"], part["by_hand"]) for part in row["parts"]] == parts
    assert row["note"] == note


def test_a_reason_is_shown_as_it_was_written() -> None:
    reason = "x_1*y_2*z is <b>right</b>, `p` [too](x): $a$ & #1 \\(b\\) | https://x.y ~~ok~~"
    line = f"- factor (x * p): 2 of 2.55 by hand, not 0, because {reason}"
    page = feedback.FeedbackPage().markdown2html(
        {"resources": {"autograder": {}}}, by_hand.as_markdown(f"**well** argued\n\n{line}"))
    assert "<strong>well</strong>" in page, "what stands beside it is Markdown, as in formgrader"
    (shown,) = re.findall(r"<li>(.*)</li>", page)
    assert "<" not in shown
    assert html.unescape(shown) == line.removeprefix("- ")


def test_a_score_that_only_nbgrader_reads_is_not_shown(graded: Classroom) -> None:
    cells = [from_dict(graded.autograded("eve")).cells for _ in range(2)]  # type: ignore[no-untyped-call]
    for manual, shown in zip((None, 0.5), cells, strict=True):
        for cell in shown:
            feedback._for_reading(cell, {"check_shrink": (0.0, manual)})
    kinds = [next([o.output_type for o in c.outputs] for c in shown if c.get("outputs"))
             for shown in cells]
    assert kinds == [["display_data"], ["display_data"] * 2], "and a mark by hand is said"


# ----------------------------------------------------------------------------------------- pictures
def test_a_mask_is_found_in_what_came_back() -> None:
    drawn = np.array([[0.0, 2.0], [2.0, 0.0]])
    assert mask((drawn, None)) is drawn
    assert mask(np.ones((2, 2))) is None
    assert mask({"a": drawn}) is None


def test_a_cache_looks_like_no_difference() -> None:
    assert answer(Answer(Outcome.PASSED, (1.0, [Opaque("ndarray")]))).endswith(
        "ndarray, not compared")


def test_two_answers_are_compared_only_where_they_can_be() -> None:
    def told(theirs: object, ours: object) -> str:
        return compared(Replayed("f()", Answer(Outcome.PASSED, theirs),
                                 Answer(Outcome.PASSED, ours)))

    assert (
        told(np.array([1.0, 2.0]), np.array([1.0, 4.0])) == "differ in 1 of 2 places, by 2 at most")
    assert told(np.array([np.nan]), np.array([1.0])) == "differ in 1 of 1 places"
    assert told(np.array([True, True]), np.array([True, False])) == "differ in 1 of 2 places"
    assert told(np.ones(2), np.ones(2)) == "the same to the last digit"
    assert (told(np.ones(2, int), np.ones(2, bool))
            == "the same to the last digit, as int64 in place of bool")
    assert told(np.ones(2), np.ones(3)) == told("a", np.ones(1)) == ""


def test_the_same_is_said_only_of_what_is_the_same() -> None:
    def told(theirs: object, ours: object, beside: Facts | None = None) -> str:
        return compared(Replayed("f()", Answer(Outcome.PASSED, theirs, facts=beside),
                                 Answer(Outcome.PASSED, ours, facts=beside and Facts((zeros,)))))

    ones, zeros = np.ones(2), np.zeros(2)
    assert (told((ones, ones), (ones, zeros))
            == "[0] the same to the last digit; [1] differ in 2 of 2 places, by 1 at most")
    assert told((1.5, ones), (1.5, ones)) == "[1] the same to the last digit"
    assert told(ones, ones, Facts((zeros,))) == "the same to the last digit"
    assert told(ones, ones, Facts((ones,))) == (
        "the same to the last digit; the arguments are not the same afterwards")
    assert told(ones, ones, Facts((zeros,), True, True, ("UserWarning: x",))).split("; ")[1:] == [
        "theirs alone draws from the generator it is given", "theirs alone draws from a global one",
        "warnings: UserWarning: x (theirs), none (ours)"]
    assert told(None, None, Facts((Opaque("odd"),))) == "the arguments are not the same afterwards"


def test_the_total_is_what_the_penalty_leaves() -> None:
    late = SimpleNamespace(score=4.0, max_score=5.0, late_submission_penalty=1.5,
                           comments=[], grades=[])
    register: Any = SimpleNamespace(slug=SLUG,
                                    book=SimpleNamespace(find_submission_notebook=lambda *_: late))
    assert (list(by_hand.standing(register, "ann", []))
            == ["gradebook: 2.5 of 5 points, 1.5 less for being late"])
