"""Where a notebook's checks are: in its folder or, once it moved, in the installed package."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import autograder
from autograder.layout import LAYOUT, Layout
from autograder.layout import read as read_layout
from autograder.model import CourseError

INSTALLED = "assignments"  # below the package, in the wheel that students get; a clone has none


def installed() -> list[tuple[Path, Layout]]:
    """The assignments that came with the package: their folders and layouts."""
    home = Path(autograder.__file__).parent / INSTALLED
    return [(path.parent, read_layout(path)) for path in sorted(home.glob(f"*/{LAYOUT}"))]


def of_notebook(path: Path, node: Any) -> Path:
    """The folder with the checks of a read notebook: its own if any, else the package's."""
    here = path.resolve().parent
    if (here / "checks.py").is_file() or not installed():
        return here
    return _told(node) or _likeliest(set(_grade_ids(node))) or here


def is_of_course(path: Path) -> bool:
    """Whether a file is a notebook that names itself one of the installed assignments."""
    try:
        return bool(installed()) and _told(json.loads(path.read_bytes())) is not None
    except (OSError, ValueError, RecursionError):
        return False


def _told(node: Any) -> Path | None:
    told = _inner(node, "metadata", "autograder", "assignment")
    return next((folder for folder, layout in installed() if layout.slug == told), None)


def _grade_ids(node: Any) -> Iterable[str]:
    cells = _inner(node, "cells")
    for cell in cells if isinstance(cells, list) else ():
        found = _inner(cell, "metadata", "nbgrader", "grade_id")
        if isinstance(found, str):
            yield found.removeprefix("check_")


def _inner(found: Any, *keys: str) -> Any:
    """What stands there in nested mappings; None where one of them is something else."""
    for key in keys:
        found = found.get(key) if isinstance(found, Mapping) else None
    return found


def of_namespace(exercise: str | None, namespace: Mapping[str, Any]) -> Path | None:
    """A running notebook's installed assignment: by exercise, names defined and cells run."""
    run = namespace.get("In")
    cells = {str(text).strip() for text in run} if isinstance(run, list) else set()
    # else a second function of one, or nothing
    known = any(exercise in layout.points for _, layout in installed())
    return _likeliest({*namespace, *([exercise] if exercise else [])},
                      exercise if known else None, cells)


def _likeliest(names: set[str], exercise: str | None = None,
               cells: Iterable[str] = ()) -> Path | None:
    """The installed assignment with most of the names; None when none, an error when several."""
    ranked = sorted(((layout.setup.strip() in cells, len(names & layout.points.keys()), folder)
                     for folder, layout in installed()
                     if names & layout.points.keys() and exercise in (None, *layout.points)),
                    key=lambda one: one[:2])
    if len(ranked) > 1 and ranked[-1][:2] == ranked[-2][:2]:
        raise CourseError(
            f"This may be a notebook of {ranked[-1][2].name} or of {ranked[-2][2].name}. Run its "
            "cells from the top first, "
            f'or say which it is: check("{exercise or ""}", folder="{ranked[-1][2]}").')
    return ranked[-1][2] if ranked else None
