"""From a student's folder to a notebook that nbgrader can carry, or one line that says why not."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import nbformat
from nbconvert.exporters import NotebookExporter
from nbgrader.converters import Autograde  # type: ignore[import-untyped]
from traitlets.log import get_logger

from autograder import notebook, notebook_file
from autograder.model import Submission, SubmissionError
from autograder.nbgrader_plugin import marks
from autograder.nbgrader_plugin.context import Place, is_ours, place_of
from autograder.nbgrader_plugin.stock import Entrance
from autograder.nbgrader_plugin.submitted import find_notebook
from autograder.sandbox.bounded import bounded

KINDS = ("code", "markdown", "raw")
PICTURES = ("image/png", "image/jpeg")
# never the student's: it chooses the kernel and the highlighter
METADATA = {"language_info": {"name": "python"}}
# nbgrader's
CLAIMS = ("schema_version", "grade_id", "cell_type", "checksum", "grade", "solution", "locked",
          "task", "points")
_ID = re.compile(r"[a-zA-Z0-9_-]{1,64}")


def accept_any_name(assignment: str, student: str, notebooks: list[str]) -> None:
    """A pre-convert hook: whatever the notebook's name, nbgrader goes on with the expected one.

    Without it nbgrader skips a file called "hw1_dropout (1).ipynb" and asks whether the assignment
    was ever generated. The list is nbgrader's own and is changed in place; `student` is a pattern
    here, so the names come from the paths.
    """
    if not notebooks:
        return
    folder = Path(notebooks[0]).parent
    expected = folder / f"{folder.name}.ipynb"
    others = sorted(notebook_file.called(p)
                    for p in map(Path, notebooks) if p.name != expected.name)
    if str(expected) in notebooks and others:
        get_logger().warning("%s: only %s is graded, not %s", folder, expected.name,
                             ", ".join(others))
    notebooks[:] = [str(expected)]


class HandInExporter(NotebookExporter):
    """nbconvert's notebook exporter, reading what students really hand in."""

    def __init__(self, *args: Any, **kw: Any) -> None:
        super().__init__(*args, **kw)  # type: ignore[no-untyped-call]
        if isinstance(self.parent, Autograde):
            run = self.parent
            if is_ours(run.coursedir, run.coursedir.assignment_id):
                Entrance(run)
            elif run.pre_convert_hook is accept_any_name:
                # an assignment of nbgrader's has the notebooks that it has
                run.pre_convert_hook = lambda **told: None

    def from_filename(self, filename: str, resources: Any = None, **kw: Any) -> tuple[Any, Any]:
        """Process the notebook of one student; a SubmissionError ends this turn alone."""
        place = place_of(self, resources)
        if not place.ours:
            return super().from_filename(filename, resources, **kw)
        path = Path(filename)
        if path.parent == place.submitted:
            # from here on no mark of an earlier hand-in can be taken for one of this
            marks.forget(place)
            plain = self._brought(place)
        else:
            plain = bounded(lambda: _plain(_parsed(path)), notebook_file.called(path))
        resources["metadata"] = {"name": place.notebook, "path": str(path.parent)}
        found = nbformat.from_dict(plain)  # type: ignore[no-untyped-call]
        output, resources = self.from_notebook_node(found, resources, **kw)  # type: ignore[no-untyped-call]
        return output, resources

    def _brought(self, place: Place) -> dict[str, Any]:
        try:
            path, _, plain = handed_in(place)
        except SubmissionError as error:
            self.log.error("Hand-in of %s cannot be read: %s", place.student, error)
            raise SubmissionError(f"{place.student}: {error}") from None
        if path.stem != place.slug:
            self.log.warning("%s handed in %s; it is graded as %s.ipynb", place.student,
                             notebook_file.called(path), place.slug)
        return plain


def handed_in(place: Place) -> tuple[Path, Submission, dict[str, Any]]:
    """The file, what checkers read in it, and its cells for `nbformat`; read once for all steps."""

    def read() -> tuple[Path, Submission, dict[str, Any]]:
        path, assignment = find_notebook(place.submitted, place.slug), place.staff().assignment

        def both() -> tuple[Submission, dict[str, Any]]:
            raw = _parsed(path)
            return notebook.from_node(raw, path, assignment), _plain(raw)

        return path, *bounded(both, notebook_file.called(path))

    found: tuple[Path, Submission, dict[str, Any]] = place.once_for_this_student(
        "the hand-in", read)
    return found


def _parsed(path: Path) -> Any:
    return notebook_file.parse(notebook_file.content(path), path)


def from_parsed(raw: Any) -> Any:
    """The JSON of a file as a valid notebook: cells, texts, metadata, pictures; no outputs."""
    return nbformat.from_dict(_plain(raw))  # type: ignore[no-untyped-call]


def _plain(raw: Any) -> dict[str, Any]:
    found = [c for c in raw["cells"] if isinstance(c, Mapping)]
    cells = [cell(c, name)
             for c, name in zip(found, _names([c.get("id") for c in found]), strict=True)]
    return {"nbformat": 4, "nbformat_minor": 5, "metadata": dict(METADATA), "cells": cells}


def _names(wanted: Sequence[Any]) -> Iterator[str]:
    """An id for each cell: its own, if it is one and the first of its kind, else a new one."""
    taken: set[str] = set()
    fresh = map("cell-{}".format, itertools.count())
    for name in wanted:
        if not (isinstance(name, str) and _ID.fullmatch(name) and name not in taken):
            name = next(n for n in fresh if n not in taken)
        taken.add(name)
        yield name


def cell(found: Mapping[str, Any], name: str) -> dict[str, Any]:
    """A valid cell of whatever was found; of its metadata what claims to be nbgrader's."""
    kind = found.get("cell_type") if found.get("cell_type") in KINDS else "raw"
    metadata = found.get("metadata")
    claims = metadata.get("nbgrader") if isinstance(metadata, Mapping) else None
    made: dict[str, Any] = {"id": name, "cell_type": kind, "source": text(found.get("source"))}
    made["metadata"] = {}
    if isinstance(claims, Mapping):  # no depth, no surprise
        made["metadata"]["nbgrader"] = {k: claims[k] for k in CLAIMS
                                        if isinstance(claims.get(k), (str, int, float))}
    if kind == "code":
        made |= {"outputs": [], "execution_count": None}
    if kind == "markdown" and isinstance(found.get("attachments"), Mapping):
        made["attachments"] = _pictures(found["attachments"])
    return made


def text(source: Any) -> str:
    """A cell's text from a string or a list of lines, in characters that a file can hold."""
    lines = source if isinstance(source, list) else [source]
    return "".join(line for line in lines
                   if isinstance(line, str)).encode("utf-8", "replace").decode()


def _pictures(attachments: Mapping[Any, Any]) -> dict[str, dict[str, str]]:
    """The attached PNG and JPEG pictures. SVG can hold scripts, and anything else is no picture."""
    kept = {}
    for name, bundle in attachments.items():
        data = ({m: d for m, d in bundle.items() if m in PICTURES and _is_base64(d)}
                if isinstance(bundle, Mapping) else {})
        if data:
            kept[text(name)] = data
    return kept


def _is_base64(data: Any) -> bool:
    return (isinstance(data, str)
            and re.fullmatch(r"[A-Za-z0-9+/]+={0,2}", "".join(data.split())) is not None)
