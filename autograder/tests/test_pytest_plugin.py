"""Students' `pytest`: a test per sentence, readable ids, no tracebacks, a line if none can run."""

from __future__ import annotations

import contextlib
import io
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from autograder.authoring.fill import released, write
from autograder.tests.classroom import QUIZ, RIGHT, SLUG, WRONG, answered, code_cell

IDS = (
    "shrink::multiplies_at_test_time(p=0.25, by=1-p)",
    "shrink::keeps_its_input(p=0.25)",
    "quiz::is_filled_in(key=twice)",
    "quiz::is_filled_in(key=letter, choices=ab)",
)


@pytest.fixture
def folder(toy: Path) -> Path:
    """The released folder of a toy assignment of one's own."""
    return toy / "assignments" / SLUG


def handed_in(folder: Path, shrink: str = RIGHT, quiz: str = QUIZ, added: str = "") -> Path:
    path = folder / f"{SLUG}.ipynb"
    notebook: dict[str, Any] = answered(released(path), shrink, quiz)
    if added:
        notebook["cells"].append(code_cell(added))
    return write(notebook, path)


STRICT = ("-p", "no:cacheprovider", "-p", "no:unraisableexception", "--color=no", "-W", "error")


def run(where: Path, *arguments: str) -> tuple[int, str]:
    """Exit code and output of a student's pytest, warnings as errors; quicker in this process."""
    said = io.StringIO()
    with pytest.MonkeyPatch.context() as patch, contextlib.redirect_stdout(
            said), contextlib.redirect_stderr(said):
        patch.chdir(where)
        for name in [n for n in os.environ if n.startswith("PYTEST")]:
            patch.delenv(name)
        # as it is in this process
        code = pytest.main([*STRICT, "-W", "ignore:Module already imported", *arguments])
    return int(code), said.getvalue()


def test_in_a_process_of_its_own_it_is_the_same(folder: Path) -> None:
    handed_in(folder, WRONG)
    environment = {k: v for k, v in os.environ.items() if not k.startswith("PYTEST")}
    words = [sys.executable, "-W", "error", "-m", "pytest", *STRICT]
    done = subprocess.run(words, cwd=folder, env=environment, text=True, capture_output=True,
                          timeout=300, check=False)
    assert (done.returncode, done.stderr) == (1, "")
    code, text = run(folder)
    assert (code, without_times(text)) == (1, without_times(done.stdout))


def without_times(text: str) -> str:
    """Nor the list of plugins, which stand in another order."""
    return re.sub(r"^plugins: .*\n", "", re.sub(r"=+ (.*) in .*s =+", r"\1", text),
                  flags=re.MULTILINE)


def test_a_right_notebook_passes_with_one_test_per_sentence(folder: Path) -> None:
    handed_in(folder)
    code, text = run(folder, "-v")
    assert code == 0, text
    for name in IDS:
        assert f"{SLUG}.ipynb::{name}[{name.partition('::')[0]}] PASSED" in text, text
    assert "4 passed" in text, text


def test_a_wrong_notebook_fails_with_the_message_and_no_traceback(folder: Path) -> None:
    handed_in(folder, WRONG, quiz='quiz = {"twice": 42}')
    code, text = run(folder)
    assert code == 1, text
    assert "2 failed, 1 passed, 1 skipped" in text, text
    assert re.search(r"\n1 skipped: \w+", text), text
    assert re.search(r"_+ shrink returns x times 1-p at test time \(train=False\) _+", text), text
    grammar = (r"\nx shrink returns x times 1-p at test time.*\n    out\[0, 0\] = \S+, but should "
               r"be \S+ \(1600 of 1600 differ\)\n")
    assert re.search(grammar, text), text
    assert re.search(r"\n    from these lines:\n    out, cache = "
                     r"shrink\(np\.random\.default_rng\(.*\n    out\[0, 0\]\n", text), text
    assert ("\n    hint  You multiply by p, but p says how much is taken away: what stays is 1 - "
            "p.\n" in text), text
    assert 'quiz["letter"] is missing, but should be a letter' in text, text
    for ours in ("Traceback", "SentenceFailed", "pytest_plugin.py", "judge.py"):
        assert ours not in text, text


def test_from_the_root_and_by_name_the_same_tests_are_found(toy: Path, folder: Path) -> None:
    handed_in(folder)
    shutil.copy(folder / f"{SLUG}.ipynb", folder / "hw1_ada.ipynb")
    for where, arguments in (
        (toy, [f"assignments/{SLUG}"]),
        (folder, [f"{SLUG}.ipynb"]),
        (folder, ["hw1_ada.ipynb"]),
    ):
        code, text = run(where, "-q", *arguments)
        assert (code, "4 passed" in text) == (0, True), text


def test_one_sentence_can_be_asked_for_by_its_id(folder: Path) -> None:
    handed_in(folder, WRONG)
    code, text = run(folder, "-q", f"{SLUG}.ipynb::{IDS[2]}")
    assert (code, "1 passed" in text) == (0, True), text
    code, text = run(folder, "-q", "-k", "keeps_its_input")
    assert "1 skipped" in text, text


def test_a_table_of_the_exercises_stands_at_the_end(folder: Path) -> None:
    handed_in(folder, WRONG)
    _, text = run(folder, "-q")
    table = [" ".join(line.split())
             for line in text.partition(f" {SLUG}.ipynb =")[2].splitlines()[1:5]]
    assert table == [
        "exercise parts points in reach next",
        "shrink 0 of 2 0 of 3 returns x times 1-p at test time (train=False)",
        "quiz 2 of 2 2 of 2 done",
        "all 2 of 5",
    ], text


def test_the_released_stub_fails_kindly(folder: Path) -> None:
    code, text = run(folder)
    assert code == 1, text
    assert "shrink is not written yet" in text, text
    assert "hint" not in text, text


def test_of_copies_the_newest_that_was_written_in_is_taken_and_named(folder: Path) -> None:
    original = folder / f"{SLUG}.ipynb"
    copy = folder / "toy (1).ipynb"
    blank = folder / "toy-Copy1.ipynb"
    shutil.copy(original, blank)
    write(answered(released(handed_in(folder)), WRONG), copy)
    for number, path in enumerate((original, copy, blank)):
        os.utime(path, (number, number))
    checkpoints = folder / ".ipynb_checkpoints"
    checkpoints.mkdir()
    shutil.copy(original, checkpoints / f"{SLUG}-checkpoint.ipynb")
    code, text = run(folder, "-q")
    assert (code, "1 failed, 2 passed, 1 skipped" in text) == (1, True), text
    said = ("note  toy (1).ipynb is checked, the newest notebook here. To check another "
            f"(toy-Copy1.ipynb, {SLUG}.ipynb), name it.")
    assert said in text, text
    code, text = run(folder, "-q", original.name)
    assert (code, "4 passed" in text, "is checked" in text) == (0, True, False), text


def test_a_notebook_without_checks_beside_it_is_none_of_ours(tmp_path: Path, folder: Path) -> None:
    shutil.copy(folder / f"{SLUG}.ipynb", tmp_path / f"{SLUG}.ipynb")
    code, text = run(tmp_path / "..", "-q", str(tmp_path / f"{SLUG}.ipynb"))
    assert code != 0, text
    assert "passed" not in text, text


def test_a_syntax_error_is_told_with_its_cell_and_costs_its_exercise_only(folder: Path) -> None:
    handed_in(folder, shrink="def shrink(x, p, rng, train=True:\n    return x\n")
    code, text = run(folder)
    assert code == 1, text
    assert ("    cell  SyntaxError: '(' was never closed" in text
            or "    cell  SyntaxError: invalid syntax" in text), text
    assert "shrink is not defined: its cell" in text, text
    assert "1 failed, 2 passed, 1 skipped" in text, text


def test_a_cell_that_was_added_with_an_error_stops_nothing(folder: Path) -> None:
    handed_in(folder, added="import no_such_module\n1 / 0\nraise SystemExit")
    code, text = run(folder, "-q")
    assert (code, "4 passed" in text) == (0, True), text


def test_a_notebook_that_leaves_or_asks_is_tested_all_the_same(folder: Path) -> None:
    handed_in(folder, RIGHT + "import os, sys, unittest\ninput()\nunittest.main()\nos._exit(0)\n"
              "sys.exit()\nquit()\n")
    for arguments in (("-q",), ("-q", "-s")):
        code, text = run(folder, *arguments)
        assert (code, "4 passed" in text) == (0, True), text


def test_an_endless_loop_is_stopped(folder: Path) -> None:
    path = folder / "checks.py"
    path.write_text(path.read_text(encoding="utf-8").replace('by="1-p")', 'by="1-p", seconds=0.5)'),
                    encoding="utf-8")
    handed_in(folder, shrink="def shrink(x, p, rng, train=True):\n    while True:\n        pass\n")
    code, text = run(folder)
    assert code == 1, text
    assert "shrink did not return in time and was stopped" in text, text
    assert "1 failed, 2 passed, 1 skipped" in text, text


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        (f"{SLUG}.ipynb", "", "toy_scaling.ipynb is empty."),
        (f"{SLUG}.ipynb", "{", "toy_scaling.ipynb is damaged"),
        (f"{SLUG}.ipynb", "%PDF-1.5", "toy_scaling.ipynb is no notebook but a PDF."),
        (f"{SLUG}.ipynb", '{"nbformat": 3, "worksheets": []}', "toy_scaling.ipynb"),
        ("checks.py", "EXERCISES = [", "checks.py cannot be loaded: SyntaxError"),
    ],
)
def test_what_cannot_be_read_gives_one_clear_line(folder: Path, name: str, content: str,
                                                  said: str) -> None:
    (folder / name).write_text(content, encoding="utf-8")
    code, text = run(folder)
    assert code not in (0, 5), text
    assert said in text, text
    assert "Traceback" not in text, text


def test_the_students_prints_and_warnings_are_no_business_of_pytest(folder: Path) -> None:
    noisy = ("import warnings\nprint('loading')\nwarnings.warn('odd')\n"
             + RIGHT.replace("    return", "    print('here')\n    return"))
    handed_in(folder, shrink=noisy)
    code, text = run(folder, "-q", "-s")
    assert (code, "4 passed" in text) == (0, True), text
    assert "loading" not in text, text
    assert "here" not in text, text


def test_the_plugin_leaves_other_suites_alone(tmp_path: Path) -> None:
    (tmp_path / "test_other.py").write_text("def test_it():\n    assert True\n", encoding="utf-8")
    (tmp_path / "notes.ipynb").write_text(json.dumps({"cells": []}), encoding="utf-8")
    code, text = run(tmp_path, "-q")
    assert (code, "1 passed" in text) == (0, True), text
