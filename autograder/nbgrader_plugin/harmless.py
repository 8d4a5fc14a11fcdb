"""The graded notebook as staff and student will open it in a browser: no foreign HTML, no foreign size."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from nbgrader.preprocessors import NbGraderPreprocessor  # type: ignore[import-untyped]

from autograder.nbgrader_plugin.handin import text
from autograder.nbgrader_plugin.markdown import tame, verbatim
from autograder.nbgrader_plugin.place import Place, place_of

MAX_CODE = 50_000  # characters of one code cell that are shown
MAX_PROSE = 20_000  # of one Markdown cell: a renderer may take time that grows with the square
MAX_PICTURES = 1_000_000  # of the pictures in one cell, as base64
MAX_ALL = 1_000_000  # of all that a student added to the notebook
MAX_CELLS = 500


class MakeHarmless(NbGraderPreprocessor):  # type: ignore[misc]
    """Shorten what is too long, tame what is not plain, and leave the course's own words alone. Grading has read the whole before."""

    def preprocess(self, nb: Any, resources: Any) -> tuple[Any, Any]:
        ours = course_words(place_of(self.parent, resources))
        left = MAX_ALL
        for number, cell in enumerate(nb.cells):
            if cell.source.strip() in ours or cell.metadata.get("nbgrader", {}).get("locked"):
                continue
            limit = max(0, min(MAX_PROSE if cell.cell_type != "code" else MAX_CODE, left if number < MAX_CELLS else 0))
            _soften(cell, limit)
            left -= len(cell.source) + sum(len(d) for b in cell.get("attachments", {}).values() for d in b.values())
        nb.cells = [cell for i, cell in enumerate(nb.cells) if i < MAX_CELLS or cell.metadata.get("nbgrader")]
        return nb, resources


def course_words(place: Place) -> set[str]:
    """The texts of all cells that the course itself wrote, from the solution notebook and the header."""
    found: set[str] = set()
    for path in (place.source / f"{place.notebook}.ipynb", place.source.parent / "header.ipynb"):
        if path.is_file():
            found |= _texts(path)
    return found


def _texts(path: Path) -> set[str]:
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    return {text(cell["source"]).strip() for cell in cells}


def _soften(cell: Any, limit: int) -> None:
    if cell.cell_type == "code":
        cell.source = shortened(cell.source, limit, "# ")
        return
    pictures = cell.pop("attachments", {})
    cell.source = shortened(cell.source, limit)
    if cell.cell_type == "raw":  # nbconvert passes raw cells on as they are
        cell.cell_type, cell.source = "markdown", verbatim(cell.source)
    elif sum(len(data) for bundle in pictures.values() for data in bundle.values()) <= min(MAX_PICTURES, 50 * limit):
        cell.attachments = pictures
    cell.source = tame(cell.source, cell.get("attachments"))


def shortened(source: str, limit: int, comment: str = "") -> str:
    """The text, or its beginning and a word about the rest."""
    if len(source) <= limit:
        return source
    return f"{source[:limit]}\n\n{comment}... {len(source):,} characters in all; the rest is in the submitted file."
