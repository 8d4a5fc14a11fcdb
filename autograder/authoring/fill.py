"""Making hand-ins: a released notebook with answers in its cells, for the demo, `verify` and tests.

Works on the notebook as JSON and changes nothing but the sources of answer cells, as a student in
Jupyter does.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

from autograder.model import CourseError

Notebook = dict[str, Any]
T = TypeVar("T")


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


def spread(things: Sequence[T], most: int) -> list[T]:
    """So many of them at most, evenly, from the first on."""
    return [things[k * len(things) // most] for k in range(most)] if len(things) > most else [
        *things]


def text_of(notebook: Notebook) -> str:
    """The notebook as a file holds it."""
    return json.dumps(notebook, indent=1, ensure_ascii=False) + "\n"


def write(found: Notebook | str, path: Path) -> Path:
    """Write a notebook, or what passes for one, where a student's hand-in would lie."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(found if isinstance(found, str) else text_of(found), encoding="utf-8")
    return path
