"""The command: exit codes, what is printed, what is written."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path
from typing import Any

import pytest

from autograder.authoring.fill import released, write
from autograder.cli import main
from autograder.commands import authoring
from autograder.model import Broken, Limits
from autograder.tests.classroom import QUIZ, RIGHT, SLUG, WRONG, answered

GRADED = {"schema", "assignment", "submission", "status", "error", "isolation", "points",
          "max_points", "exercises", "worth_a_look"}
EXERCISE = {"name", "points", "max_points", "outcome", "parts", "verdicts", "diagnoses"}
VERDICT = {"check", "hidden", "part", "points", "max_points", "sentence", "outcome", "got",
           "wanted", "call", "message"}


def hand_in(toy: Path, name: str, shrink: str = RIGHT, quiz: str = QUIZ) -> Path:
    notebook = answered(released(toy / "assignments" / SLUG / f"{SLUG}.ipynb"), shrink, quiz)
    return write(notebook, toy / "hand-ins" / name / f"{SLUG}.ipynb")


def grade(toy: Path, *words: str | Path) -> tuple[int, list[dict[str, Any]]]:
    """Exit code and the reports that were written."""
    file = toy / "reports.json"
    code = main(["grade", SLUG, *map(str, words), "--json", str(file), "--course", str(toy)])
    return code, json.loads(file.read_text(encoding="utf-8"))


# -------------------------------------------------------------------------------------------- grade
def test_reports_come_in_the_order_given_with_all_their_keys(
        toy: Path, capsys: pytest.CaptureFixture[str]) -> None:
    right = hand_in(toy, "ada")
    wrong = hand_in(toy, "bob", WRONG, 'quiz = {"twice": 43, "letter": "A"}')
    code, (first, second) = grade(toy, right, wrong)
    assert code == 0, capsys.readouterr().out
    for report, path in ((first, right), (second, wrong)):
        assert report.keys() == GRADED
        assert (
            (report["schema"], report["assignment"], report["submission"]) == (1, SLUG, str(path)))
        assert (report["status"], report["error"], report["max_points"]) == ("graded", None, 5)
        assert report["isolation"] in ("bubblewrap", "landlock", "subprocess")
        for exercise in report["exercises"]:
            assert exercise.keys() == EXERCISE
            assert exercise["outcome"] in ("passed", "partial", "failed", "not_run")
            assert all(v.keys() == VERDICT for v in exercise["verdicts"])
    assert (first["points"], [e["points"] for e in first["exercises"]]) == (5, [3, 2])
    assert [e["outcome"] for e in second["exercises"]] == ["failed", "partial"]
    shrink, quiz = second["exercises"]
    assert shrink["diagnoses"] == [{"name": "p_is_the_factor", "message": "You multiply by p, but "
                                    "p says how much is taken away: what stays is 1 - p."}]
    assert (shrink["points"], quiz["points"], second["points"]) == (0, 1, 1)


def test_the_same_hand_in_has_the_same_report_twice(toy: Path) -> None:
    path = hand_in(toy, "ada", WRONG)
    code, (one, other) = grade(toy, path, path)
    assert (code, one) == (0, other)


def test_the_terminal_shows_sentences_and_a_table_unless_it_is_quiet(
        toy: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = hand_in(toy, "ada", WRONG)
    assert main(["grade", SLUG, str(path), "--course", str(toy)]) == 0
    loud = capsys.readouterr().out
    assert "hint  You multiply by p" in loud, loud
    assert "2 of 5 points" in loud, loud
    assert main(["grade", SLUG, str(path), "--course", str(toy), "--quiet"]) == 0
    quiet = capsys.readouterr().out
    assert "hint" not in quiet, quiet
    assert re.search(r"toy_scaling\.ipynb +0\.00 +2\.00 +2\.00", quiet), quiet
    assert "shrink: p is the factor" in quiet, quiet


def test_an_unreadable_hand_in_has_no_points_and_the_others_are_graded(
        toy: Path, capsys: pytest.CaptureFixture[str]) -> None:
    empty, folder, missing = toy / "empty.ipynb", toy / "folder.ipynb", toy / "missing.ipynb"
    empty.write_text("", encoding="utf-8")
    folder.mkdir()
    code, reports = grade(toy, empty, hand_in(toy, "ada"), folder, missing)
    assert code == 1, capsys.readouterr().out
    assert [r["status"] for r in reports] == ["unreadable", "graded", "unreadable", "unreadable"]
    assert [r["points"] for r in reports] == [None, 5, None, None]
    assert reports[0]["error"].startswith("empty.ipynb is empty."), reports[0]["error"]
    assert reports[2]["error"].startswith(
        "folder.ipynb is a folder, not a notebook."), reports[2]["error"]
    assert all(r["exercises"] == [] and "\n" not in r["error"]
               for r in reports if r["status"] == "unreadable")


def test_our_own_fault_is_no_zero_and_has_a_code_of_its_own(
    toy: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    key = toy / "solutions" / f"{SLUG}_key.py"
    text = key.read_text(encoding="utf-8").replace('choices="ab", needs', 'choices=5, needs')
    key.write_text(text, encoding="utf-8")
    code, (report,) = grade(toy, hand_in(toy, "ada"))
    assert (code, report["status"], report["points"]) == (2, "broken",
                                                          None), capsys.readouterr().out
    assert "TypeError" in report["error"], report["error"]
    assert report["error"].count("\n") == 0


def test_a_course_that_cannot_be_graded_says_why_in_one_line(
        toy: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["grade", "hw9", str(hand_in(toy, "ada")), "--course", str(toy)]) == 1
    assert re.fullmatch(r"autograder: There is no assignment 'hw9' in .*\. There are: "
                        r"toy_scaling\.\n", capsys.readouterr().out)


def test_points_per_exercise_are_written_as_csv(toy: Path) -> None:
    file = toy / "points.csv"
    assert main(["grade", SLUG, str(hand_in(toy, "ada")), "--course", str(toy), "--quiet", "--csv",
                 str(file)]) == 0
    header, shrink, quiz = file.read_text(encoding="utf-8").splitlines()
    assert header.startswith("assignment,submission,status,exercise,outcome,points")
    assert ",graded,shrink,passed,3.0,3.0," in shrink
    assert ",graded,quiz,passed,2.0,2.0," in quiz


def test_hidden_cases_are_not_told_with_their_inputs(toy: Path) -> None:
    _, (report,) = grade(toy, hand_in(toy, "ada", "def shrink(x, p, rng, train=True):\n"
                                      "    return x * 0.75, None\n"))
    _, _, hidden = report["exercises"][0]["verdicts"]
    assert hidden["outcome"] == "failed", hidden
    assert "(hidden case)" in hidden["message"], hidden
    assert "0.6" not in hidden["sentence"], hidden
    assert "from " not in hidden["message"], hidden
    assert "default_rng" not in hidden["message"], hidden


# -------------------------------------------------------------------------------------------- check
def test_check_does_what_the_student_sees(toy: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = toy / "assignments" / SLUG / f"{SLUG}.ipynb"
    write(answered(released(path)), path)
    assert main(["check", str(path.parent)]) == 0
    assert capsys.readouterr().out.count("\nok ") == 4
    assert main(["check", str(path)]) == 0
    right = capsys.readouterr().out
    assert right.count("\nok ") == 4, right
    assert "hidden" not in right, right
    write(answered(released(path), WRONG), path)
    assert main(["check", str(path)]) == 1
    wrong = capsys.readouterr().out
    assert "x shrink " in wrong, wrong
    assert "hint  You multiply by p" in wrong, wrong
    assert f"more  autograder check {path} shrink --hint 2\n" in wrong, wrong
    assert "where" not in wrong, wrong
    assert main(["check", str(path), "shrink", "--hint", "2"]) == 1
    assert "where line 2: return x * p, None\n" in capsys.readouterr().out
    assert main(["check", str(path), "quiz"]) == 0
    assert "shrink" not in capsys.readouterr().out


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["check", "{toy}/assignments/toy_scaling/toy_scaling.ipynb", "shrunk"],
         "There is no exercise 'shrunk'"),
        (["check", "{toy}/hand-ins/nowhere.ipynb"], "There is no file nowhere.ipynb."),
        (["verify", "--course", "{toy}/nowhere"], ""),
        (["verify", "hw9", "--course", "{toy}"], ""),
        (["release", "hw9", "--course", "{toy}"], ""),
    ],
)
def test_every_mistake_is_answered_with_one_line(toy: Path, capsys: pytest.CaptureFixture[str],
                                                 words: list[str], said: str) -> None:
    assert main([w.format(toy=toy) for w in words]) == 1
    seen = capsys.readouterr()
    assert said in seen.out, seen.out
    assert "Traceback" not in seen.out + seen.err
    assert len(seen.out.splitlines()[-1]) > 20, seen.out
    assert seen.err == ""


# -------------------------------------------------------------------------------- verify and others
def test_verify_of_the_toy_course_ends_well(released_once: Path,
                                            capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["verify", "--course", str(released_once), "--odds"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[-1] == "Everything looks fine.", lines
    assert all(line.startswith(f"ok {SLUG}: ") for line in lines[:6]), lines
    assert (f"{SLUG}: 0 chance tests; a right submission is refused anything with probability at "
            "most 0.0e+00" in lines)


def test_verify_counts_its_findings(toy: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (toy / "solutions" / f"{SLUG}_key.py").unlink()
    assert main(["verify", "--course", str(toy)]) == 1
    out = capsys.readouterr().out
    assert out.splitlines()[-1].startswith("1 finding"), out
    assert f"x  {SLUG}: loads" in out, out


def test_messages_prints_what_a_student_reads_of_each_mistake(
        released_once: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["messages", SLUG, "--course", str(released_once)]) == 0
    told = capsys.readouterr().out
    assert told.startswith("== p_is_the_factor: "), told
    assert "hint  You multiply by p, but p says" in told, told
    assert main(["messages", SLUG, "shrunk", "--course", str(released_once)]) == 1
    assert "no exercise 'shrunk'" in capsys.readouterr().out


def test_release_says_what_it_wrote(toy: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = (toy / "assignments" / SLUG / f"{SLUG}.ipynb").read_bytes()
    assert main(["release", "--course", str(toy)]) == 0
    assert capsys.readouterr().out.strip().endswith(f"assignments/{SLUG}")
    assert (toy / "assignments" / SLUG / f"{SLUG}.ipynb").read_bytes() == before


@pytest.mark.parametrize(("error", "code", "said"), [(Broken("the sandbox fell"), 2, "our fault"),
                                                     (KeyboardInterrupt(), 130, "stopped")])
def test_what_stops_the_command_has_a_code(error: BaseException, code: int, said: str,
                                           monkeypatch: pytest.MonkeyPatch,
                                           capsys: pytest.CaptureFixture[str], toy: Path) -> None:
    def stop(arguments: object) -> int:
        raise error

    monkeypatch.setattr(authoring, "_verify", stop)
    assert main(["verify", "--course", str(toy)]) == code
    assert said in capsys.readouterr().out


def test_without_a_command_the_help_is_shown(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as left:
        main([])
    assert left.value.code == 2
    assert "usage: autograder" in capsys.readouterr().err
    with pytest.raises(SystemExit):
        main(["--version"])
    assert re.fullmatch(r"\d+\.\d+\.\d+\S*\n", capsys.readouterr().out)


LEAVES = """
import os, subprocess, sys, unittest
import matplotlib.pyplot as plt

def shrink(x, p, rng, train=True):
    return (1 - p) * x, None

name = input("who are you? ")
sys.stdin.read(), os.read(0, 1), subprocess.run(["cat"], check=True)
plt.plot([1, 2]); plt.show()
unittest.main()
raise GeneratorExit
os._exit(0)
sys.exit()
quit()
"""


def test_a_notebook_that_leaves_asks_or_shows_is_checked_all_the_same(
        toy: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """With a terminal that never answers, and the student's own program in a window."""
    path = toy / "assignments" / SLUG / f"{SLUG}.ipynb"
    write(answered(released(path), LEAVES), path)
    reader, writer = os.pipe()
    terminal, backend = os.dup(0), os.environ.pop("MPLBACKEND", None)
    os.dup2(reader, 0)
    try:
        assert main(["check", str(path), "shrink"]) == 0
        assert os.fstat(0).st_ino == os.fstat(reader).st_ino, "the terminal is the user's again"
    finally:
        os.dup2(terminal, 0)
        for descriptor in (reader, writer, terminal):
            os.close(descriptor)
        os.environ.update({"MPLBACKEND": backend} if backend else {})
    assert "! shrink: running your cell stopped with\n    EOFError" in capfd.readouterr().out


def test_a_cell_without_end_is_stopped_and_named(toy: Path, monkeypatch: pytest.MonkeyPatch,
                                                 capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr("autograder.student.reading.Limits", lambda: Limits(cell_seconds=0.3))
    path = toy / "assignments" / SLUG / f"{SLUG}.ipynb"
    write(answered(released(path), RIGHT + "while True:\n    pass\n"), path)
    assert main(["check", str(path)]) == 0
    why = "nothing in it ends it: it has no break and no return"
    assert ("this cell ran longer than 0.3 s and was stopped (line 3: while True: "
            f"({why}))" in capsys.readouterr().out)


def test_a_library_that_is_not_installed_is_named(
        toy: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = toy / "assignments" / SLUG / f"{SLUG}.ipynb"
    write(answered(released(path), "import no_such_thing\n" + RIGHT), path)
    assert main(["check", str(path), "shrink"]) == 0
    assert re.match(r"note  Cell \d+ imports no_such_thing, which is not installed here",
                    capsys.readouterr().out)
