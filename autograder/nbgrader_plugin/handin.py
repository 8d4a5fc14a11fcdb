"""From a student's folder to a notebook that nbgrader can carry: any file name, any damage, or one line that says why not."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import nbformat
from nbconvert.exporters import NotebookExporter
from traitlets.log import get_logger

from autograder import notebook
from autograder.model import SubmissionError
from autograder.nbgrader_plugin import marks
from autograder.nbgrader_plugin.place import Place, place_of

KINDS = ("code", "markdown", "raw")
PICTURES = ("image/png", "image/jpeg")
METADATA = {"language_info": {"name": "python"}}  # never the student's: it chooses the kernel and the highlighter
_ID = re.compile(r"[a-zA-Z0-9_-]{1,64}")


def accept_any_name(assignment: str, student: str, notebooks: list[str]) -> None:
    """A pre-convert hook: whatever the notebook is called, nbgrader goes on with the name it expects.

    Without it nbgrader skips a file called "hw1_dropout (1).ipynb" and asks whether the assignment was ever generated. The list is
    nbgrader's own and is changed in place; `student` is a pattern here, so the names come from the paths.
    """
    if not notebooks:
        return
    folder = Path(notebooks[0]).parent
    expected = folder / f"{folder.name}.ipynb"
    others = sorted(p.name for p in map(Path, notebooks) if p.name != expected.name)
    if str(expected) in notebooks and others:
        get_logger().warning("%s: only %s is graded, not %s", folder, expected.name, ", ".join(others))
    notebooks[:] = [str(expected)]


def find_notebook(folder: Path, slug: str) -> Path:
    """The one notebook of a hand-in: the one with the right name, else the only one."""
    expected = folder / f"{slug}.ipynb"
    found = sorted(p for p in folder.glob("*") if p.suffix.lower() == ".ipynb" and not p.name.startswith("."))
    if expected in found:
        return expected
    if not found:
        raise SubmissionError(f"there is no notebook, {_instead(folder)}. Ask for {slug}.ipynb, put it there and grade again.")
    if len(found) > 1:
        names = ", ".join(p.name for p in found)
        raise SubmissionError(f"none of the notebooks {names} is called {slug}.ipynb. Rename the right one and grade again.")
    return found[0]


def _instead(folder: Path) -> str:
    """What a folder holds in which no notebook was found: "only hw1_dropout.ipynb.txt, sub/"."""
    names = sorted(notebook.called(p) + "/" * p.is_dir() for p in folder.glob("*") if p.name != "timestamp.txt")
    return f"only {', '.join(names[:3])}{', ...' * (len(names) > 3)}" if names else "and nothing else"


class HandInExporter(NotebookExporter):
    """nbconvert's notebook exporter, reading what students really hand in."""

    def from_filename(self, filename: str, resources: Any = None, **kw: Any) -> tuple[Any, Any]:
        """Read and process the notebook of one student; a SubmissionError ends this student's turn and nobody else's."""
        place = place_of(self, resources)
        path = Path(filename)
        if path.parent == place.submitted:
            marks.forget(place)  # from here on no mark of an earlier hand-in can be taken for one of this
            path = self._readable(place)
        resources["metadata"] = {"name": place.notebook, "path": str(path.parent)}
        output, resources = self.from_notebook_node(node(path), resources, **kw)  # type: ignore[no-untyped-call]
        return output, resources

    def _readable(self, place: Place) -> Path:
        try:
            path = find_notebook(place.submitted, place.slug)
            notebook.read(path, place.staff().assignment)
        except SubmissionError as error:
            self.log.error("Hand-in of %s cannot be read: %s", place.student, error)
            raise SubmissionError(f"{place.student}: {error}") from None
        if path.stem != place.slug:
            self.log.warning("%s handed in %s; it is graded as %s.ipynb", place.student, path.name, place.slug)
        return path


def node(path: Path) -> Any:
    """The file as a notebook that is valid whatever is in it: cells, their texts, metadata, pictures. Outputs are left behind."""
    return from_parsed(json.loads(path.read_bytes().decode("utf-8-sig"), strict=False, parse_int=_int))


def from_parsed(raw: Any) -> Any:
    """The same of what was already read from a file."""
    cells: list[dict[str, Any]] = []
    taken: set[str] = set()
    for found in raw["cells"]:
        if isinstance(found, Mapping):
            name = _fresh(found.get("id"), taken)
            taken.add(name)
            cells.append(cell(found, name))
    return nbformat.from_dict({"nbformat": 4, "nbformat_minor": 5, "metadata": dict(METADATA), "cells": cells})  # type: ignore[no-untyped-call]


def _fresh(wanted: Any, taken: set[str]) -> str:
    if isinstance(wanted, str) and _ID.fullmatch(wanted) and wanted not in taken:
        return wanted
    return next(name for name in (f"cell-{n}" for n in range(len(taken), 2 * len(taken) + 1)) if name not in taken)


def cell(found: Mapping[str, Any], name: str) -> dict[str, Any]:
    """One valid cell made of whatever was found; of its metadata only what claims to be nbgrader's, to be judged by RepairHandIn."""
    kind = found.get("cell_type") if found.get("cell_type") in KINDS else "raw"
    metadata = found.get("metadata")
    claims = metadata.get("nbgrader") if isinstance(metadata, Mapping) else None
    made: dict[str, Any] = {"id": name, "cell_type": kind, "source": text(found.get("source"))}
    made["metadata"] = {"nbgrader": _flat(claims)} if isinstance(claims, Mapping) else {}
    if kind == "code":
        made |= {"outputs": [], "execution_count": None}
    if kind == "markdown" and isinstance(found.get("attachments"), Mapping):
        made["attachments"] = _pictures(found["attachments"])
    return made


def _flat(claims: Mapping[Any, Any]) -> dict[str, Any]:
    return {k: v for k, v in claims.items() if isinstance(v, (str, int, float))}  # all that nbgrader writes; no depth, no surprise


def text(source: Any) -> str:
    """A cell's text from a string or a list of lines, in characters that can be written to a file."""
    lines = source if isinstance(source, list) else [source]
    return "".join(line for line in lines if isinstance(line, str)).encode("utf-8", "replace").decode()


def _pictures(attachments: Mapping[Any, Any]) -> dict[str, dict[str, str]]:
    """The attached PNG and JPEG pictures. SVG can hold scripts, and anything else is no picture."""
    kept = {}
    for name, bundle in attachments.items():
        data = {m: d for m, d in bundle.items() if m in PICTURES and _is_base64(d)} if isinstance(bundle, Mapping) else {}
        if data:
            kept[text(name)] = data
    return kept


def _is_base64(data: Any) -> bool:
    return isinstance(data, str) and re.fullmatch(r"[A-Za-z0-9+/\s]+=*\s*", data) is not None


def _int(digits: str) -> int:
    return int(digits) if len(digits) < 20 else 0  # Python refuses to read very long numbers, and no notebook needs them
