"""Making hand-ins: a released notebook with answers in its cells, for the demo, `verify` and tests.

Works on the notebook as JSON and changes nothing but the sources of answer cells, as a student in
Jupyter does.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from autograder.model import CourseError, Misconception, Variant
from autograder.staff import Staff

Notebook = dict[str, Any]


def released(path: Path) -> Notebook:
    """The released notebook as JSON."""
    if not path.is_file():
        raise CourseError(f"{path} is not released yet. Run `autograder release` first.")
    notebook: Notebook = json.loads(path.read_text(encoding="utf-8"))
    return notebook


def filled(notebook: Notebook, answers: Mapping[str, str]) -> Notebook:
    """A copy of the notebook with these answer cells (exercise -> source) written in."""
    result = copy.deepcopy(notebook)
    for cell in result["cells"]:
        grade_id = cell.get("metadata", {}).get("nbgrader", {}).get("grade_id", "")
        if grade_id in answers:
            cell["source"] = answers[grade_id].splitlines(keepends=True)
    return result


def solved(staff: Staff) -> dict[str, str]:
    """The solution's answer cells: exercise -> source."""
    return staff.solution.answers


def with_entries(staff: Staff, *entries: Misconception | Variant) -> dict[str, str]:
    """The solution's answers, with these wrong solutions or variants where they belong."""
    answers = solved(staff)
    for entry in entries:
        answers |= staff.written(entry)
    return answers


def write(notebook: Notebook, path: Path) -> Path:
    """Write a notebook where a student's hand-in would lie."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(notebook, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    return path
