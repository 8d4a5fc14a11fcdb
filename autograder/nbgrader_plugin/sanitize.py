"""The graded notebook as a browser will open it: no foreign HTML, no foreign size."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence, Set
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any

import nbformat

from autograder.model import CourseError
from autograder.nbgrader_plugin.context import Place
from autograder.nbgrader_plugin.elsewhere import Step
from autograder.nbgrader_plugin.handin import text
from autograder.nbgrader_plugin.markdown import NOT_SHOWN, as_typed, tame, verbatim
from autograder.sandbox.bounded import TookTooLong, at_most, bounded

# What is shown of one hand-in, in characters. Honest ones stay far below; a hand-in of 50 MB
# becomes a page of less than one.
MAX_CELLS = 500
MAX_CODE = 20_000  # of one code cell
MAX_PROSE = 10_000  # of one Markdown cell
# of all texts that are not the course's: Pygments takes up to 80 microseconds for a character
MAX_ALL = 40_000
MAX_LINE = 500  # of one line of code, and
MAX_BLANK = 20  # blank lines between two of code: a view's time grows with the square of both
# of CPU time for all Markdown together; honest texts of MAX_PROSE characters take some hundredths
# each
SECONDS = 0.8
# of one cell. What the renderer cannot do in this it would not do in each view: it is shown as it
# was typed
MAX_SECONDS = 0.3
MAX_PICTURES = 1_000_000  # of all attached pictures, as base64


class MakeHarmless(Step):
    """Shorten what is long and tame what is not plain, but for the course's words; all was read."""

    def take(self, nb: Any, resources: Any, place: Place) -> None:
        ours = course_words(place.source, place.notebook)
        shown = bounded(lambda: json.dumps(harmless(nb.cells, ours)), place.notebook)
        nb.cells = [nbformat.from_dict(cell) for cell in json.loads(shown)]  # type: ignore[no-untyped-call]


def harmless(cells: Sequence[Any], ours: Set[str]) -> list[Any]:
    """The cells as they may be shown; `ours` are the texts that may stay as they are."""
    shown = [cell for i, cell in enumerate(cells) if i < MAX_CELLS or "nbgrader" in cell.metadata]
    budget = Budget()
    for cell in shown:
        if cell.source.strip() not in ours and not cell.metadata.get("nbgrader", {}).get("locked"):
            soften(cell, budget)
    return shown


def course_words(source: Path, notebook: str) -> frozenset[str]:
    """The texts of all cells that the course wrote: of the notebook in `source`, and the header."""
    found: set[str] = set()
    for path in (source / f"{notebook}.ipynb", source.parent / "header.ipynb"):
        if path.is_file():
            found |= _texts(path)
    return frozenset(found)


def _texts(path: Path) -> set[str]:
    try:
        cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    except (ValueError, KeyError, TypeError) as error:
        raise CourseError(f"{path} is no whole notebook ({error}). Mend it, or put it back from "
                          "your copy of solutions/.") from error
    return {text(cell["source"]).strip() for cell in cells}


class Budget:
    """What may still be shown of one hand-in."""

    def __init__(self) -> None:
        self.text = MAX_ALL
        self.seconds = SECONDS
        self.pictures = MAX_PICTURES

    def shorten(self, source: str, limit: int, comment: str = "") -> str:
        """The text, or its beginning and a word about the rest."""
        limit = min(limit, self.text)
        self.text -= min(len(source), limit)
        if len(source) <= limit:
            return source
        return (f"{source[:limit]}\n\n{comment}... {len(source):,} characters in all; the rest is "
                "in the submitted file.")

    def tame(self, source: str, attachments: Any) -> str:
        """The text, made harmless within the time that is left."""
        began = time.process_time()
        try:
            for make, most in ((partial(tame, source, attachments), MAX_SECONDS),
                               (partial(as_typed, source), MAX_SECONDS / 3)):
                with suppress(TookTooLong), at_most(min(most, self.seconds)):
                    return make()
            return NOT_SHOWN
        finally:
            self.seconds -= time.process_time() - began

    def affords(self, attachments: Any) -> bool:
        """Whether these pictures may be shown, too."""
        self.pictures -= sum(len(data) for bundle in attachments.values()
                             for data in bundle.values())
        return self.pictures >= 0


def _cut(source: str) -> str:
    """The code without endless lines and without endless nothing."""
    shown: list[str] = []
    blank = 0
    for line in source.split("\n"):
        blank = 0 if line.strip() else blank + 1
        if blank <= MAX_BLANK:
            shown.append(line if len(line) <= MAX_LINE
                         else f"{line[:MAX_LINE]} # ... {len(line):,} characters in all")
    return "\n".join(shown)


def soften(cell: Any, budget: Budget) -> None:
    """Change one cell so that it can be shown."""
    if cell.cell_type == "code":
        cell.source = _cut(budget.shorten(cell.source, MAX_CODE, "# "))
        return
    cell.source = budget.shorten(cell.source, MAX_PROSE)
    if "attachments" in cell and not budget.affords(cell.attachments):
        del cell["attachments"]
    if cell.cell_type == "raw":  # nbconvert would pass it on as it is
        cell.cell_type, cell.source = "markdown", verbatim(cell.source)
    cell.source = budget.tame(cell.source, cell.get("attachments"))
