"""`check("...")` in a notebook: what is shown and raised, and that a real kernel agrees."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError

import autograder
from autograder.authoring.fill import released, write
from autograder.model import CourseError, Limits
from autograder.student.selfcheck import CheckFailed, check, find_folder
from autograder.tests.classroom import QUIZ, RIGHT, SLUG, WRONG, answered

SAID = "Not there yet: shrink (0 of 2 parts, 0 of 3 points in reach). Mend the first cross first."


def shrink(x: Any, p: float, rng: Any, train: bool = True) -> Any:
    return (1 - p) * x, None


def times_p(x: Any, p: float, rng: Any, train: bool = True) -> Any:
    return p * x, None


@pytest.fixture
def folder(toy: Path) -> Path:
    """The released folder of a toy assignment of one's own."""
    return toy / "assignments" / SLUG


# ---------------------------------------------------------------------------------- as plain Python
def test_what_holds_is_ticked_and_nothing_is_raised(folder: Path,
                                                    capsys: pytest.CaptureFixture[str]) -> None:
    check("shrink", str(folder), {"shrink": shrink})
    seen = capsys.readouterr()
    lines = [" ".join(line.split()) for line in seen.out.splitlines()]
    assert lines == [
        "shrink: all 2 parts, 3 of 3 points in reach",
        "ok x is multiplied by 1 - p 2.55 of 2.55",
        "ok x is left alone 0.45 of 0.45",
        "Next: quiz.",
    ]
    assert seen.err == ""


def test_what_does_not_hold_is_told_with_its_hint_and_raised_in_one_line(
        folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(CheckFailed) as raised:
        check("shrink", str(folder), {"shrink": times_p})
    assert str(raised.value) == SAID
    assert raised.value._render_traceback_() == [SAID]
    out = capsys.readouterr().out
    state, part, sentence, *rest = out.splitlines()
    assert state == "shrink: 0 of 2 parts, 0 of 3 points in reach", out
    assert part.startswith("x  x is multiplied by 1 - p "), out
    assert sentence == "   x shrink returns x times 1-p at test time (train=False)", out
    assert ("       hint  You multiply by p, but p says how much is taken away: what stays is 1 - "
            "p." in rest), out
    assert rest[-2].startswith("-  x is left alone "), out
    assert rest[-1] == "   1 more sentence will be tried once this holds", out


def test_without_a_name_all_exercises_are_checked(folder: Path,
                                                  capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(CheckFailed,
                       match=r"Not there yet: quiz \(1 of 2 parts, 1 of 2 points in reach\)\."):
        check(None, str(folder), {"shrink": shrink, "quiz": {"twice": 42}})
    assert 'quiz["letter"] is missing, but should be a letter' in capsys.readouterr().out


def test_a_function_that_is_not_written_yet_is_no_misconception(
        folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    def stub(*args: Any, **kwargs: Any) -> Any:
        raise NotImplementedError

    with pytest.raises(CheckFailed):
        check("shrink", str(folder), {"shrink": stub})
    out = capsys.readouterr().out
    assert "shrink is not written yet" in out, out
    assert "hint" not in out, out
    with pytest.raises(CheckFailed):
        check("shrink", str(folder), {})
    assert "shrink is not defined: its cell is missing, was not run" in capsys.readouterr().out


def test_an_unknown_exercise_lists_those_there_are(folder: Path) -> None:
    with pytest.raises(CourseError, match=r"The exercises are: shrink, quiz\."):
        check("shrunk", str(folder), {})


def test_the_folder_is_found_from_the_root_and_from_within(toy: Path, folder: Path,
                                                           monkeypatch: pytest.MonkeyPatch) -> None:
    for start in (folder, folder.parent, toy):
        monkeypatch.chdir(start)
        assert find_folder("shrink").resolve() == folder.resolve()


def test_a_function_without_quotes_is_understood(folder: Path,
                                                 capsys: pytest.CaptureFixture[str]) -> None:
    check(shrink, str(folder), {"shrink": shrink})
    assert capsys.readouterr().out.count("\nok ") == 2


def test_no_error_of_ours_shows_a_traceback_in_a_notebook(folder: Path) -> None:
    lines = 'from autograder import check\ncheck("shrunk")'
    path = folder / f"{SLUG}.ipynb"
    node = nbformat.read(path, as_version=4)  # type: ignore[no-untyped-call]
    node.cells = [nbformat.v4.new_code_cell(lines)]  # type: ignore[no-untyped-call]
    NotebookClient(node, timeout=300, allow_errors=True,
                   resources={"metadata": {"path": str(folder)}}).execute()
    (error,) = node.cells[0].outputs
    assert (error.traceback
            == [f"There is no exercise 'shrunk' in {SLUG}. The exercises are: shrink, quiz."])


def test_elsewhere_the_mend_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(CourseError, match=r"holds no checks\.py\. Open the notebook in the folder "
                       r"you were given"):
        find_folder("shrink")


def test_the_callers_own_functions_are_checked(folder: Path, monkeypatch: pytest.MonkeyPatch,
                                               capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.chdir(folder)
    autograder.check("shrink")  # finds `shrink` of this module
    assert capsys.readouterr().out.count("\nok ") == 2


# ------------------------------------------------------------------------------- in a real notebook
def executed(folder: Path, shrink: str, quiz: str = QUIZ, go_on: bool = True) -> Any:
    """The notebook after a real kernel ran it in its folder."""
    path = folder / f"{SLUG}.ipynb"
    write(answered(released(path), shrink, quiz), path)
    node = nbformat.read(path, as_version=4)  # type: ignore[no-untyped-call]
    client = NotebookClient(node, timeout=300, allow_errors=go_on,
                            resources={"metadata": {"path": str(folder)}})
    client.execute()
    return node


def outputs(node: Any, grade_id: str) -> list[Any]:
    found = next(c for c in node.cells
                 if c.metadata.get("nbgrader", {}).get("grade_id") == grade_id)
    return list(found.outputs)


def test_a_real_notebook_shows_ticks_as_html_and_stops_at_what_does_not_hold(folder: Path) -> None:
    node = executed(folder, WRONG)
    shown, error = outputs(node, "check_shrink")
    assert shown.output_type == "display_data"
    assert "<" in shown.data["text/html"]
    assert "You multiply by p" in shown.data["text/html"]
    assert shown.data["text/plain"].startswith("shrink: 0 of 2 parts, 0 of 3 points in reach\n"
                                               "x  x is multiplied by 1 - p ")
    assert (error.output_type, error.ename, error.evalue) == ("error", "CheckFailed", SAID)
    assert error.traceback == [SAID], error.traceback
    (fine,) = outputs(node, "check_quiz")
    assert fine.output_type == "display_data"
    assert all(o.get("name") != "stderr" for c in node.cells if c.cell_type == "code"
               for o in c.outputs)


def test_run_all_stops_at_the_first_check_that_fails(folder: Path) -> None:
    with pytest.raises(CellExecutionError, match="Not there yet: shrink"):
        executed(folder, WRONG, go_on=False)
    node = executed(folder, RIGHT, go_on=False)
    assert ([o.output_type for o in outputs(node, "check_shrink") + outputs(node, "check_quiz")]
            == ["display_data"] * 2)


@pytest.mark.nbgrader
def test_nbgrader_validate_notices(folder: Path) -> None:
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("JUPYTER", "PYTEST"))}
    path = folder / f"{SLUG}.ipynb"

    write(answered(released(path), WRONG), path)
    words = [sys.executable, "-m", "nbgrader", "validate", path.name]
    done = subprocess.run(words, cwd=folder, env=environment, text=True, capture_output=True,
                          timeout=300, check=False)
    said = done.stdout + done.stderr
    assert "FAILED" in said, said
    assert "Not there yet: shrink (0 of 2 parts, 0 of 3 points in reach)" in said, said


def test_an_endless_loop_in_a_notebook_is_stopped(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def hangs(*args: Any, **kwargs: Any) -> Any:
        while True:
            pass

    monkeypatch.setattr("autograder.student.selfcheck.Limits", lambda: Limits(call_seconds=0.3))
    with pytest.raises(CheckFailed, match=r"shrink \(0 of 2 parts, 0 of 3 points in reach\)"):
        check("shrink", str(folder), {"shrink": hangs})
    out = capsys.readouterr().out
    assert "shrink did not return in time and was stopped" in out, out
    assert "(it may compute for 0.3 s)" in out, out


# --------------------------------------------------------------------------------- on other systems
ELSEWHERE = """
import os, signal, socket, sys

class NotThere:
    def find_spec(self, name, path=None, target=None):
        if name in ("fcntl", "grp", "pwd", "resource", "termios"):
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)

sys.meta_path.insert(0, NotThere())
for module, names in ((signal, "SIGALRM SIGKILL alarm setitimer"),
                      (os, "fork killpg setsid sched_getaffinity"), (socket, "AF_UNIX")):
    for name in names.split():
        vars(module).pop(name, None)
from autograder.cli import main
sys.exit(main())
"""


def test_a_notebook_is_checked_without_what_only_unix_has(folder: Path) -> None:
    """As Windows is: without these modules and alarms, a console of one byte a character."""
    for answer, code, said in ((RIGHT, 0, "ok x is left alone"),
                               (WRONG, 1, "hint  You multiply by p")):
        path = write(answered(released(folder / f"{SLUG}.ipynb"), answer, QUIZ),
                     folder / f"{SLUG}.ipynb")
        command = [sys.executable, "-c", ELSEWHERE, "check", str(path)]
        console = {**os.environ, "PYTHONIOENCODING": "cp1252", "PYTHONUTF8": "0"}
        done = subprocess.run(command, capture_output=True, text=True, encoding="cp1252",
                              env=console, check=False)
        assert done.returncode == code, done.stderr
        assert said in done.stdout, done.stdout
