"""Commands whose output nobody takes: a closed pipe, a full disk, a code page lacking words."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from autograder.authoring.fill import released, write
from autograder.cli import main
from autograder.report.progress import plain_console
from autograder.report.terminal import Patient
from autograder.tests.classroom import QUIZ, SLUG, answered

ODD = "def shrink(x, p, rng, train=True):\n    raise ValueError('∑ 日本語 \\ud83d')\n"


def run(words: list[str], shell: str = "", **environment: str) -> subprocess.CompletedProcess[str]:
    """Run `autograder` in a shell, with what stands behind; its code ends stderr."""
    script = f'"$@" {shell}; echo "rc ${{PIPESTATUS[0]}}" >&2'
    line = ["bash", "-c", script, "bash", sys.executable, "-m", "autograder", *words]
    return subprocess.run(line, capture_output=True, text=True, env=os.environ | environment,
                          timeout=300, check=False, encoding="latin-1")


def hand_in(toy: Path, shrink: str = ODD) -> Path:
    notebook = answered(released(toy / "assignments" / SLUG / f"{SLUG}.ipynb"), shrink, QUIZ)
    return write(notebook, toy / "hand-ins" / "ada" / f"{SLUG}.ipynb")


def test_words_that_the_terminal_lacks_are_shown_as_escapes(toy: Path, tmp_path: Path) -> None:
    file, path = tmp_path / "reports.json", hand_in(toy)
    done = run(["grade", SLUG, str(path), "--course", str(toy), "--json", str(file)],
               PYTHONIOENCODING="cp1252")
    assert done.stderr == "rc 0\n", done.stderr
    assert "\\u65e5\\u672c\\u8a9e" in done.stdout
    assert "日本語" in json.loads(
        file.read_text(encoding="utf-8"))[0]["exercises"][0]["verdicts"][0]["message"]
    public = write(json.loads(path.read_text(encoding="utf-8")),
                   toy / "assignments" / SLUG / f"{SLUG}.ipynb")
    done = run(["check", str(public)], LC_ALL="C", PYTHONUTF8="0", PYTHONCOERCECLOCALE="0")
    assert done.stderr == "rc 1\n", done.stderr
    assert "\\u65e5" in done.stdout


def test_who_reads_no_further_stops_nothing(toy: Path, tmp_path: Path) -> None:
    file, path = tmp_path / "reports.json", hand_in(toy)
    done = run(["grade", SLUG, *[str(path)] * 3, "--course", str(toy), "--json", str(file)],
               "| true")
    assert done.stderr == "rc 0\n", done.stderr
    assert len(json.loads(file.read_text(encoding="utf-8"))) == 3
    assert run(["verify", "--course", str(toy / "nowhere")], "| true").stderr == "rc 1\n"
    assert run(["--help"], "| true").stderr == "rc 0\n"


def test_a_full_disk_behind_the_output_is_one_line(toy: Path, tmp_path: Path) -> None:
    file = tmp_path / "reports.json"
    done = run(["grade", SLUG, str(hand_in(toy)), "--course", str(toy), "--json", str(file)],
               "> /dev/full")
    assert (done.stderr == "autograder: the output could not be written (No space left on device). "
            "What was graded is recorded.\nrc 2\n")
    assert len(json.loads(file.read_text(encoding="utf-8"))) == 1


def test_a_file_that_cannot_be_written_is_told_before_anything_is_graded(
        toy: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for option in ("--json", "--csv"):
        assert main(["grade", SLUG, str(hand_in(toy)), "--course", str(toy), option,
                     str(hand_in(toy) / "x")]) == 2
        said = capsys.readouterr().out
        assert "cannot be written (File exists). Name another file" in said.splitlines()[-1]
        assert (option == "--csv") == ("hint" in said or "shrink" in said)


def test_the_folder_of_a_report_is_made(toy: Path) -> None:
    assert main(["grade", SLUG, str(hand_in(toy)), "--course", str(toy), "--json",
                 str(toy / "new" / "x"), "--quiet"]) == 0
    assert json.loads((toy / "new" / "x").read_text())


def test_a_report_may_go_to_a_pipe(toy: Path) -> None:
    done = run(["grade", SLUG, str(hand_in(toy)), "--course", str(toy), "--json",
                "/dev/stderr", "--quiet"])
    assert json.loads(done.stderr.rpartition("rc ")[0])[0]["status"] == "graded"


def test_what_failed_once_is_not_tried_again() -> None:
    class Full:
        encoding, tried = "ascii", 0

        def write(self, text: str) -> int:
            self.tried += 1
            raise OSError(28, "No space left on device")

    full = Full()
    out = Patient(full)  # type: ignore[arg-type]
    assert [out.write("abc"), out.write("d")] == [3, 1]
    assert (full.tried, out.encoding) == (1, "ascii")
    assert out.failed is not None


def test_a_student_is_shown_as_the_folder_is_called(capsys: pytest.CaptureFixture[str]) -> None:
    plain_console().print(":cat:a1", markup=False)
    assert capsys.readouterr().out == ":cat:a1\n"
