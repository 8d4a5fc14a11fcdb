"""Public checks as GitHub Classroom's points, for its reporter, and a workflow that runs it.

On GitHub students can change everything that runs there, so nothing secret goes there, and the
points are those in reach.
"""

from __future__ import annotations

import base64
import json
import shlex
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from autograder.folders import writing
from autograder.model import CourseError, ExerciseResult
from autograder.report import text, words

WORKFLOW = Path(".github/workflows/classroom.yml")
YAML = """name: Autograding Tests
on: [push, repository_dispatch]
permissions:
  checks: write
  actions: read
  contents: read
jobs:
  run-autograding-tests:
    runs-on: ubuntu-latest
    if: github.actor != 'github-classroom[bot]'
    timeout-minutes: 15
    steps:
      - uses: actions/checkout@v4
      - uses: actions/setup-python@v5
        with:
          python-version: "3.12"
      - run: pip install {kit}
      - id: checks
        # ends with 0 whatever holds: the points stand in the result
        run: autograder check {notebook} --classroom >> "$GITHUB_OUTPUT"
      - uses: education/autograding-grading-reporter@v1
        env:
          CHECKS_RESULTS: ${{{{steps.checks.outputs.result}}}}
        with:
          runners: checks
"""


def result(results: Sequence[ExerciseResult]) -> dict[str, Any]:
    """The result of one runner: a test for each exercise, its score what public checks give."""
    tests = [_test(one) for one in results]
    whole = all(t["status"] == "pass" for t in tests)
    most = round(sum(one.max_points for one in results), 6)
    return {"version": 1, "status": "pass" if whole else "fail", "max_score": most, "tests": tests}


def _test(one: ExerciseResult) -> dict[str, Any]:
    passed = one.outcome in ("passed", "not_run")
    told = {"name": words.line(one.name), "status": "pass" if passed else "fail",
            "score": round(one.points, 6)}
    return told | {"message": "" if passed else text.exercise_text(one),
                   "test_code": f'check("{words.line(one.name)}")'}


def line(results: Sequence[ExerciseResult]) -> str:
    """What is appended to $GITHUB_OUTPUT."""
    return f"result={base64.b64encode(json.dumps(result(results)).encode()).decode()}"


def write(slug: str, repository: Path, kit: str) -> Path:
    """Write the workflow into students' repository; `kit` is what pip installs there."""
    path = repository / WORKFLOW
    if (repository / "solutions").is_dir():
        raise CourseError(f"{repository} holds solutions/, and students would be given it. Name a "
                          "repository of its own for them.")
    folders = (repository, repository / slug, repository / "assignments" / slug)
    found = next((f / f"{slug}.ipynb" for f in folders
                  if (f / f"{slug}.ipynb").is_file() and (f / "checks.py").is_file()), None)
    if found is None:
        raise CourseError(f"{repository} does not hold {slug}.ipynb with checks.py beside it. Copy "
                          f"assignments/{slug}/ there first.")
    with writing(path, "Name another folder."):
        path.write_text(YAML.format(kit=shlex.quote(kit), notebook=shlex.quote(
            found.relative_to(repository).as_posix())), encoding="utf-8")
    return path
