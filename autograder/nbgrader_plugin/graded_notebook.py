"""The graded notebook in one go: what nbgrader's two passes and their steps leave in autograded/, without reading and writing it twice.

The steps are those that stand in nbgrader's lists (see nbgrader_config.py), as functions on cells; those of nbgrader's own steps that find
nothing to do in a repaired notebook are left out.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from nbformat.v4 import writes_json
from nbformat.v4.rwbase import split_lines

from autograder.model import Report, Submission
from autograder.nbgrader_plugin.grade_step import put_verdicts, sound
from autograder.nbgrader_plugin.handin import from_parsed
from autograder.nbgrader_plugin.marks import Marks, marks
from autograder.nbgrader_plugin.repair import Released, repaired
from autograder.nbgrader_plugin.sanitize import harmless


@dataclass(frozen=True)
class Frame:
    """What all the graded notebooks of an assignment have in common."""

    released: Mapping[str, Released]
    ours: frozenset[str]  # texts that the course wrote


def page(parsed: Any, submission: Submission, report: Report, frame: Frame) -> tuple[str, Marks]:
    """The notebook to be written, as text, and the marks it shows. `parsed` is the hand-in's JSON, `submission` the same one read."""
    sound(report)
    notebook = from_parsed(parsed)
    notebook.cells = repaired(notebook.cells, frame.released, submission)
    put_verdicts(notebook.cells, report)
    found = marks(notebook.cells, report)
    notebook.cells = harmless(notebook.cells, frame.ours)
    return writes_json(split_lines(notebook), split_lines=False) + "\n", found  # type: ignore[no-untyped-call]  # else of a copy
