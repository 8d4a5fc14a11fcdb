"""Making hand-ins: a released notebook with answers written into its cells, for the demo, `verify` and tests.

Works on the notebook as JSON and changes nothing but the sources of answer cells, as a student in Jupyter does.
"""

from __future__ import annotations

import copy
import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from autograder.course import Staff
from autograder.keys import source
from autograder.model import CourseError, Misconception, Role, Variant

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
    return {cell.id: cell.source for cell in staff.solution.cells if cell.role is Role.ANSWER}


def with_entries(staff: Staff, *entries: Misconception | Variant) -> dict[str, str]:
    """The solution's answers, with the functions of these wrong solutions or variants in the cells where they belong."""
    answers = solved(staff)
    homes = {name: e.name for e in staff.assignment.exercises for name in e.names}
    for entry in entries:
        written: dict[str, list[str]] = {}
        for function, text in source(entry).items():
            written.setdefault(homes.get(function, entry.exercise), []).append(text)
        for exercise, texts in written.items():
            answers[exercise] = "\n\n\n".join(_helpers(staff, entry, "\n".join(texts)) + texts)
    return answers


def _helpers(staff: Staff, entry: Misconception | Variant, text: str) -> list[str]:
    """Small functions of the key that the entry calls: a student would have written them into the same cell."""
    import ast
    import inspect
    import textwrap

    function = next(iter(entry.functions.values()))
    space = vars(sys.modules[function.__module__])  # a class has no __globals__
    found: dict[str, str] = {}
    texts = [text]
    while texts:  # what a helper needs is a helper too
        used = {node.id for node in ast.walk(ast.parse(texts.pop())) if isinstance(node, ast.Name)}
        for name in sorted(used - found.keys()):
            thing = space.get(name)
            if (inspect.isfunction(thing) or inspect.isclass(thing)) and getattr(thing, "__module__", "") == function.__module__:
                found[name] = textwrap.dedent(inspect.getsource(thing))
                texts.append(found[name])
    return list(reversed(found.values()))


def write(notebook: Notebook, path: Path) -> Path:
    """Write a notebook where a student's hand-in would lie."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(notebook, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    return path
