"""Gradescope, in an empty root, and GitHub Classroom: what they read is as documented."""

from __future__ import annotations

import base64
import json
import os
import re
import shutil
import stat
import subprocess
import sys
import xml.etree.ElementTree as ElementTree
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jsonschema  # type: ignore[import-untyped]
import pytest

from autograder.authoring.fill import released
from autograder.cli import main
from autograder.model import Broken, Earned, ExerciseResult, Report
from autograder.neighbours.gradescope_run import results, submitted
from autograder.tests.classroom import QUIZ, RIGHT, SLUG, WRONG, answered

VISIBILITY = {"enum": ["hidden", "after_due_date", "after_published", "visible"]}
FORMAT = {"enum": ["text", "html", "simple_format", "md", "ansi"]}
TEST = {
    "type": "object",
    "properties": {
        "score": {"type": "number"},
        "max_score": {"type": "number"},
        "status": {"enum": ["passed", "failed"]},
        "name": {"type": "string"},
        "name_format": FORMAT,
        "number": {"type": "string"},
        "output": {"type": "string"},
        "output_format": FORMAT,
        "tags": {"type": "array", "items": {"type": "string"}},
        "visibility": VISIBILITY,
        "extra_data": {"type": "object"},
    },
    "additionalProperties": False,
}
# of results.json, written from https://gradescope-autograders.readthedocs.io/en/latest/specs/
SCHEMA = {
    "type": "object",
    "properties": {
        "score": {"type": "number"},
        "execution_time": {"type": "number"},
        "output": {"type": "string"},
        "output_format": FORMAT,
        "test_output_format": FORMAT,
        "test_name_format": FORMAT,
        "visibility": VISIBILITY,
        "stdout_visibility": VISIBILITY,
        "extra_data": {"type": "object"},
        "tests": {"type": "array", "items": TEST},
        "leaderboard": {"type": "array"},
    },
    "additionalProperties": False,
    "anyOf": [{"required": ["score"]}, {"required": ["tests"]}],
}


# --------------------------------------------------------------------------------------- Gradescope
@dataclass
class Container:
    """A root laid out as Gradescope lays out /autograder."""

    root: Path

    def run(self, notebook: Any, name: str = f"{SLUG}.ipynb", isolation: str = "",
            source: str = "source") -> tuple[int, str, Any]:
        """Hand that in, run the autograder in an empty environment: code, print, results."""
        folder = self.root / "submission"
        for path in folder.glob("*"):
            path.unlink()
        (folder / name).write_text(json.dumps(notebook) if isinstance(notebook, dict) else notebook,
                                   encoding="utf-8")
        told = {"PATH": os.defpath, "AUTOGRADER_ROOT": str(self.root),
                "AUTOGRADER_PYTHON": sys.executable}
        told |= {"AUTOGRADER_ISOLATION": isolation} if isolation else {}
        command = [str(self.root / "run_autograder")]
        done = subprocess.run(command, cwd=self.root, env=told, capture_output=True, text=True,
                              timeout=300, check=False)
        place = self.root / "results" / "results.json"
        return (done.returncode, done.stdout + done.stderr,
                json.loads(place.read_text(encoding="utf-8")) if place.exists() else None)


@pytest.fixture(scope="module")
def container(released_once: Path, tmp_path_factory: pytest.TempPathFactory) -> Container:
    root = tmp_path_factory.mktemp("gradescope")
    assert main(["gradescope", SLUG, "--into", str(root / "autograder.zip"), "--course",
                 str(released_once)]) == 0
    for name in ("source", "submission", "results"):
        (root / name).mkdir()
    with zipfile.ZipFile(root / "autograder.zip") as archive:
        archive.extractall(root / "source")
        mode = archive.getinfo("run_autograder").external_attr >> 16
    assert stat.S_IMODE(mode) & stat.S_IXUSR
    # it is copied there
    (root / "run_autograder").write_bytes((root / "source" / "run_autograder").read_bytes())
    (root / "run_autograder").chmod(stat.S_IMODE(mode))
    return Container(root)


def stub(root: Path) -> dict[str, Any]:
    return released(root / "source" / "course" / "assignments" / SLUG / f"{SLUG}.ipynb")


@pytest.mark.parametrize("isolation", ["", "landlock"])
def test_gradescope_marks_as_the_ordinary_grader_does(container: Container, isolation: str) -> None:
    code, said, told = container.run(answered(stub(container.root), WRONG), isolation=isolation)
    if "landlock" in isolation and code == 2 and "Student code cannot be run safely here" in said:
        pytest.skip("no Landlock in this kernel")
    assert code == 0, said
    jsonschema.validate(told, SCHEMA)
    assert [(t["name"], t["score"], t["max_score"], t["status"]) for t in told["tests"]] == [
        ("shrink", 0.0, 3.0, "failed"),
        ("quiz", 2.0, 2.0, "passed"),
    ]
    assert told["score"] == 2.0
    assert "You multiply by p" in told["tests"][0]["output"]
    assert "in reach" not in told["tests"][0]["output"]
    assert f"student code runs in: {isolation}" in said


def test_gradescope_reads_another_name_and_says_what_it_cannot_read(container: Container) -> None:
    code, said, told = container.run(answered(stub(container.root)), name="my homework.ipynb")
    assert (code, told["score"]) == (0, 5.0), said
    code, said, told = container.run('{"cells": [')
    jsonschema.validate(told, SCHEMA)
    assert (code, told["score"], told["tests"]) == (0, 0.0, [])
    assert "damaged" in told["output"]
    code, said, told = container.run("print(1)", name="homework.py")
    assert code == 0
    assert (f"There must be one notebook called {SLUG}.ipynb in it. Hand that file "
            "in." in told["output"])


def test_a_fault_of_ours_on_gradescope_is_no_zero(container: Container) -> None:
    key = container.root / "source" / "course" / "solutions" / f"{SLUG}_key.py"
    text = key.read_text(encoding="utf-8")
    key.write_text("this is no Python", encoding="utf-8")
    try:
        code, said, told = container.run(answered(stub(container.root)))
    finally:
        key.write_text(text, encoding="utf-8")
    assert (code, told) == (2, None)
    assert "our fault" in said


def test_the_results_of_a_broken_report_are_not_made() -> None:
    with pytest.raises(Broken, match="the disk is full"):
        results(Report(SLUG, "x", "broken", "landlock", error="the disk is full"))


def test_what_was_not_run_counts_in_full_and_says_so() -> None:
    not_run = ExerciseResult("a", 2.0, 2.0, (), not_run="there is no torch",
                             parts=(Earned("p", "s", 2, 2),))
    told = results(Report(SLUG, "x", "graded", "landlock", (not_run,)))
    jsonschema.validate(told, SCHEMA)
    assert told["score"] == 2.0
    assert "there is no torch" in told["tests"][0]["output"]


def test_a_link_is_no_hand_in(tmp_path: Path) -> None:
    (tmp_path / "x.ipynb").symlink_to("/etc/hostname")
    assert submitted(tmp_path, SLUG) is None


def test_the_zip_says_that_it_is_secret_and_holds_no_tests(
    container: Container, capsys: pytest.CaptureFixture[str], released_once: Path
) -> None:
    assert main(["gradescope", SLUG, "--into", str(released_once / "assignments" / "x.zip"),
                 "--course", str(released_once)]) == 1
    assert "which students come to see" in capsys.readouterr().out
    again = container.root / "again.zip"
    assert main(["gradescope", SLUG, "--into", str(again), "--course", str(released_once)]) == 0
    assert "STAFF ONLY: it holds the solution and the hidden checks" in capsys.readouterr().out
    assert again.read_bytes() == (container.root / "autograder.zip").read_bytes()
    names = zipfile.ZipFile(again).namelist()
    assert {"setup.sh", "run_autograder", "STAFF_ONLY.txt",
            f"course/solutions/{SLUG}_key.py"} <= set(names)
    assert [n for n in names if "/tests/" in n or n.endswith(".pyc")] == []
    assert subprocess.run(["bash", "-n", str(container.root / "source" / "setup.sh")],
                          check=False).returncode == 0


# --------------------------------------------------------------------------------- GitHub Classroom
RUNNER = {  # what src/aggregate-results.js of education/autograding-grading-reporter reads
    "type": "object",
    "properties": {
        "version": {"const": 1},
        "status": {"enum": ["pass", "fail", "error"]},
        "max_score": {"type": "number"},
        "tests": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {
                    "name": {"type": "string"},
                    "status": {"enum": ["pass", "fail", "error"]},
                    "score": {"type": "number"},
                    "message": {"type": "string"},
                    "test_code": {"type": "string"},
                },
                "required": ["name", "status", "score"],
                "additionalProperties": False,
            },
        },
    },
    "required": ["status", "max_score", "tests"],
    "additionalProperties": False,
}
PRINTING = RIGHT.replace("    return", "    print('result=forged')\n    return")


def notebook(toy: Path, shrink: str) -> Path:
    path = toy / "assignments" / SLUG / f"{SLUG}.ipynb"
    path.write_text(json.dumps(answered(released(path), shrink, QUIZ)), encoding="utf-8")
    return path


@pytest.mark.parametrize(("shrink", "score", "status"),
                         [(PRINTING, 5.0, "pass"), (WRONG, 2.0, "fail")])
def test_classroom_gets_one_line_with_partial_credit(
    shrink: str, score: float, status: str, toy: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["check", str(notebook(toy, shrink)), "--classroom"]) == 0
    out, err = capsys.readouterr()
    (line,) = out.splitlines()
    told = json.loads(base64.b64decode(line.removeprefix("result="), validate=True))
    jsonschema.validate(told, RUNNER)
    assert ((told["max_score"], sum(t["score"] for t in told["tests"]), told["status"])
            == (5.0, score, status))
    assert "shrink: " in err
    assert "hidden" not in json.dumps(told)


def test_the_workflow_runs_the_public_checks(toy: Path, tmp_path: Path,
                                             capsys: pytest.CaptureFixture[str]) -> None:
    repository = tmp_path / "given"
    shutil.copytree(toy / "assignments", repository / "assignments")

    def written(into: Path) -> int:
        return main(["classroom", SLUG, "--into", str(into), "--kit", "./kit wheel.whl",
                     "--course", str(toy)])

    assert written(repository) == 0
    text = (repository / ".github" / "workflows" / "classroom.yml").read_text(encoding="utf-8")
    yaml = pytest.importorskip("yaml")  # it comes with nbgrader's own needs, mostly
    found = yaml.safe_load(text)
    assert found["permissions"] == {"checks": "write", "actions": "read", "contents": "read"}
    *_, install, checks, reporter = found["jobs"]["run-autograding-tests"]["steps"]
    assert install["run"] == "pip install './kit wheel.whl'"
    assert (checks["run"]
            == f'autograder check assignments/{SLUG}/{SLUG}.ipynb --classroom >> "$GITHUB_OUTPUT"')
    assert reporter["with"]["runners"] == checks["id"]
    (variable, value), *_ = reporter["env"].items()
    assert variable == f"{checks['id'].upper()}_RESULTS"
    assert re.sub(r"\s", "", value) == "${{steps.%s.outputs.result}}" % checks["id"]  # noqa: UP031  # braces
    assert written(tmp_path) == 1
    assert f"Copy assignments/{SLUG}/ there first" in capsys.readouterr().out
    assert written(toy) == 1
    assert "holds solutions/" in capsys.readouterr().out


def test_pytest_writes_junit_xml_of_the_public_checks(toy: Path) -> None:
    path = notebook(toy, WRONG)
    command = [sys.executable, "-m", "pytest", "-q", "--junitxml", str(toy / "junit.xml"), "-p",
               "no:cacheprovider", str(path)]
    done = subprocess.run(command, cwd=path.parent, capture_output=True, text=True,
                          timeout=300, check=False)
    assert done.returncode == 1, done.stdout + done.stderr
    (suite,) = ElementTree.parse(toy / "junit.xml").getroot()
    cases = {case.attrib["name"]: case for case in suite}
    assert suite.attrib["tests"] == str(len(cases)) == "4"
    failed = [name for name, case in cases.items() if case.find("failure") is not None]
    assert len(failed) == int(suite.attrib["failures"]) == 1
    assert "should be" in "".join(cases[failed[0]].itertext())
