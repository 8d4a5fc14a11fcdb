"""A report as Gradescope reads it: results.json, one test for each exercise.

The format is that of https://gradescope-autograders.readthedocs.io/en/latest/specs/. No test is hidden: where one is, students see no
total.
"""

from __future__ import annotations

from typing import Any

from autograder.model import Broken, ExerciseResult, Report
from autograder.report import text, words


def results(report: Report) -> dict[str, Any]:
    """Everything for results.json. A hand-in that cannot be read has 0 points until it is handed in again."""
    if report.status == "broken":
        raise Broken(report.error)  # a fault of ours has no results
    told: dict[str, Any] = {"output_format": "text", "test_output_format": "text", "test_name_format": "text", "visibility": "visible"}
    told |= {"stdout_visibility": "hidden", "execution_time": round(report.seconds, 3)}
    if report.status != "graded":
        return told | {"score": 0.0, "output": f"This hand-in could not be read. {words.clean(report.error)}", "tests": []}
    notes = [words.clean(note) for note in report.notes]
    tests = [_test(number, result) for number, result in enumerate(report.exercises, 1)]
    return told | {"score": round(sum(t["score"] for t in tests), 6), "output": "\n".join(notes), "tests": tests}


def _test(number: int, result: ExerciseResult) -> dict[str, Any]:
    return {
        "number": str(number),
        "name": words.line(result.name),
        "score": round(result.points, 6),
        "max_score": round(result.max_points, 6),
        "status": "passed" if result.points >= result.max_points else "failed",
        "output": _output(result),
        "output_format": "text",
        "visibility": "visible",
    }


def _output(result: ExerciseResult) -> str:
    if result.not_run:
        return f"Not judged here ({words.clean(result.not_run)}). It counts in full until somebody has looked at it."
    return text.exercise_text(result, staff=True)  # the points are final here, and hidden cases keep their calls to themselves
