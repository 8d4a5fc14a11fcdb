"""What runs on Gradescope: ROOT/submission is graded as ever, results/results.json tells.

Started by run_autograder, which `autograder gradescope` writes. Where something of ours is broken
there are no results: Gradescope then says that the autograder failed, and nobody gets a zero.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any

from autograder import sandbox
from autograder.folders import put
from autograder.grade import grade_path
from autograder.model import AutograderError, Broken, ExerciseResult, Report
from autograder.report import text, words
from autograder.staff import load_staff


def main(root: Path, slug: str) -> int:
    """Grade the one hand-in there; 0, or 2 where no results could be written."""
    place = root / "results" / "results.json"
    try:
        place.unlink(missing_ok=True)  # of an earlier run, if anything of one is left
        told = results(graded(root, slug))
        place.parent.mkdir(parents=True, exist_ok=True)
        put(place, (json.dumps(told, indent=1) + "\n").encode())
    except (AutograderError, OSError, MemoryError) as error:
        print(f"autograder: BROKEN (our fault, no results were written): {error}")
        return 2
    return 0


def graded(root: Path, slug: str) -> Report:
    """The report on what was handed in. What was stopped is judged again: load, perhaps."""
    staff = load_staff(root / "source" / "course", slug)
    # the safest that works here: a container that forbids namespaces leaves Landlock
    isolation = sandbox.choose(prefer=os.environ.get("AUTOGRADER_ISOLATION"))
    print(f"student code runs in: {isolation.name}")
    notebook = submitted(root / "submission", slug)
    if notebook is None:
        told = f"There must be one notebook called {slug}.ipynb in it. Hand that file in."
        return Report(slug, "", "unreadable", isolation.name, error=told,
                      maximum=staff.assignment.points)
    report = grade_path(notebook, staff, isolation)
    return grade_path(notebook, staff, isolation) if report.stopped else report


def submitted(folder: Path, slug: str) -> Path | None:
    """The notebook with the right name, else the only one; a link is none."""
    found = [p for p in sorted(folder.glob("*"))
             if p.suffix.lower() == ".ipynb" and p.is_file() and not p.is_symlink()]
    named = [p for p in found if p.name == f"{slug}.ipynb"]
    if named or len(found) == 1:
        return (named or found)[0]
    return None


# --------------------------------------------------------------------------- as Gradescope reads it
def results(report: Report) -> dict[str, Any]:
    """Everything for results.json: a test an exercise; an unreadable hand-in has 0 points so far.

    The format is that of https://gradescope-autograders.readthedocs.io/en/latest/specs/. No test is
    hidden: where one is, students see no total.
    """
    if report.status == "broken":
        raise Broken(report.error)  # a fault of ours has no results
    told: dict[str, Any] = {"output_format": "text", "test_output_format": "text",
                            "test_name_format": "text", "visibility": "visible"}
    told |= {"stdout_visibility": "hidden", "execution_time": round(report.seconds, 3)}
    if report.status != "graded":
        return told | {"score": 0.0, "output":
                       f"This hand-in could not be read. {words.clean(report.error)}", "tests": []}
    notes = [words.clean(note) for note in report.notes]
    tests = [_test(number, result) for number, result in enumerate(report.exercises, 1)]
    return told | {"score": round(sum(t["score"] for t in tests), 6), "output": "\n".join(notes),
                   "tests": tests}


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
        return (f"Not judged here ({words.clean(result.not_run)}). It counts in full until "
                "somebody has looked at it.")
    # the points are final here, and hidden cases keep their calls to themselves
    return text.exercise_text(result, staff=True)


if __name__ == "__main__":
    try:
        sys.exit(main(Path(sys.argv[1]), sys.argv[2]))
    except Broken as error:
        sys.exit(f"autograder: BROKEN: {error}")
