"""solutions/ -> assignments/, by nbgrader's converter, as `nbgrader generate_assignment` does.

What stock nbgrader does not do: it deletes the old release when the new one fails, and it needs a
gradebook. Here everything is made in a scratch folder, without a gradebook, and put in place when
all of it is there. `check_release` is the gate before publishing.
"""

from __future__ import annotations

import json
import re
import shutil
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from autograder import notebook
from autograder.folders import folders
from autograder.model import CourseError
from autograder.surroundings import import_jsonschema_quickly

BEGIN, END = "BEGIN SOLUTION", "END SOLUTION"
WINDOW = 3  # lines of a solution that, found together, are no coincidence
LEAST = 30  # characters; what is shorter may well stand in the prose
MARKS = (BEGIN, END, "BEGIN HIDDEN TESTS", "BEGIN MARK SCHEME")


# ------------------------------------------------------------------------------------------ release
def release(root: Path, slugs: Sequence[str]) -> list[Path]:
    """Write the released folders and return them. On a CourseError nothing has been changed."""
    with tempfile.TemporaryDirectory(prefix="autograder-release-") as scratch:
        made = [generate(root, slug, Path(scratch)) for slug in slugs]
        return [_put_in_place(folder, folders(root).released(folder.name)) for folder in made]


def generate(root: Path, slug: str, into: Path) -> Path:
    """Make `into`/<slug> as students get it. CourseError when nbgrader cannot, with its reason."""
    if not folders(root).of(slug).is_dir():
        raise CourseError(f"There is no folder {folders(root).source.name}/{slug} in {root}. Look "
                          "at the name, or make it first.")
    _must_be_whole(folders(root).notebook(slug))
    import_jsonschema_quickly()
    # late: it takes a second, and is for staff
    from nbgrader.converters.base import NbGraderException  # type: ignore[import-untyped]

    converter = _converter(root.resolve(), slug, into.resolve())
    try:
        converter.start()
    except NbGraderException as error:
        trouble = converter.trouble or error
        if isinstance(trouble, CourseError):
            raise trouble from None
        raise CourseError(f"solutions/{slug} cannot be released: {trouble}. Mend the notebook and "
                          "release again.") from trouble
    return into / slug


def _must_be_whole(path: Path) -> None:
    """Look at the notebook before nbgrader does, whose words do not say which cell it means."""
    if not path.is_file():
        raise CourseError(
            f"{path.parent} has no {path.name}. Give the notebook the name of its folder.")
    notebook.layout(path)
    for number, cell in enumerate(json.loads(path.read_text(encoding="utf-8-sig"))["cells"], 1):
        source = "".join(cell["source"])
        answer = cell.get("metadata", {}).get("nbgrader", {}).get("solution")
        if answer and source.count(BEGIN) != source.count(END):
            raise CourseError(f"{path}: cell {number} has {BEGIN!r} or {END!r} without the other. "
                              "Add it and release again.")


def _converter(root: Path, slug: str, into: Path) -> Any:
    """The converter for one assignment, set up as usual; it remembers what went wrong."""
    from nbgrader.converters import GenerateAssignment  # type: ignore[import-untyped]
    from nbgrader.coursedir import CourseDirectory  # type: ignore[import-untyped]
    from traitlets.config import Config

    from autograder.nbgrader_config import configure

    # the price of a base class without annotations
    class Remembering(GenerateAssignment):  # type: ignore[misc]
        trouble: Exception | None = None

        def convert_single_notebook(self, notebook_filename: str) -> None:
            try:
                super().convert_single_notebook(notebook_filename)
            except Exception as error:
                self.trouble = error
                raise

    config = Config()
    configure(config)
    config.CourseDirectory.root = str(root)
    config.CourseDirectory.assignment_id = slug
    config.CourseDirectory.source_directory = str(folders(root).source)
    config.CourseDirectory.release_directory = str(into)
    config.IncludeHeaderFooter.header = str(folders(root).header)
    config.SaveCells.enabled = False  # these two are nbgrader's --no-db
    config.GenerateAssignment.no_database = True
    return Remembering(coursedir=CourseDirectory(config=config), config=config)


def _put_in_place(made: Path, wanted: Path) -> Path:
    wanted.parent.mkdir(parents=True, exist_ok=True)
    new, old = wanted.with_name(f".{wanted.name}.new"), wanted.with_name(f".{wanted.name}.old")
    for leftover in (new, old):
        shutil.rmtree(leftover, ignore_errors=True)
    shutil.copytree(made, new)
    if wanted.exists():
        wanted.rename(old)
    new.rename(wanted)
    shutil.rmtree(old, ignore_errors=True)
    return wanted


# -------------------------------------------------------------------------------------------- check
def check_release(root: Path, slug: str) -> list[str]:
    """What is wrong with a release; each sentence ends with the mend. None: it may be published."""
    found = folders(root)
    problems = [p for path in (found.notebook(slug), found.header) if path.is_file()
                for p in untidy(path, root)]
    return [*problems, *_differences(root, slug), *_leaks(root, slug)]


def untidy(path: Path, root: Path) -> Iterator[str]:
    """What no notebook of the course should hold: outputs, unstable ids, cells without points."""
    name = path.relative_to(root).as_posix()
    try:
        nb = json.loads(path.read_text(encoding="utf-8"))
        cells = list(nb["cells"])
    except (ValueError, KeyError) as error:
        yield f"{name} is no notebook ({error}). Restore it from version control."
        return
    if (nb.get("nbformat"), nb.get("nbformat_minor", 0)) < (4, 5):
        yield (f"{name} is in a format without cell ids, so every release would differ. Open and "
               "save it in a current Jupyter.")
    ids = [cell.get("id") for cell in cells]
    for number, cell in enumerate(cells, 1):
        where = f"{name}: cell {number}"
        if cell.get("outputs") or cell.get("execution_count"):
            yield f"{where} has outputs or an execution count. Clear all outputs and save."
        if not cell.get("id") or ids.count(cell.get("id")) > 1:
            yield (f"{where} has no id of its own ({cell.get('id')!r}). Give it a unique one: it "
                   "must stay the same for ever.")
        told = cell.get("metadata", {}).get("nbgrader", {})
        points = told.get("points")
        if told.get("grade") and not (isinstance(points, (int, float)) and points > 0):
            yield (f"{where} ({told.get('grade_id')}) is graded but has no points. Give it a "
                   "number of points above 0.")


def _differences(root: Path, slug: str) -> Iterator[str]:
    mend = f"Run `autograder release {slug}`."
    with tempfile.TemporaryDirectory(prefix="autograder-release-") as scratch:
        try:
            wanted = _files(generate(root, slug, Path(scratch)))
        except CourseError as error:
            yield str(error)
            return
        found = _files(folders(root).released(slug))
        for name in sorted(wanted.keys() | found.keys()):
            where = f"assignments/{slug}/{name}"
            if name not in found:
                yield f"{where} is missing. {mend}"
            elif name not in wanted:
                yield f"{where} does not belong there. Delete it, or {mend[0].lower()}{mend[1:]}"
            elif wanted[name].read_bytes() != found[name].read_bytes():
                yield f"{where} is not what would be written now. {mend}"


def _files(folder: Path) -> dict[str, Path]:
    """The files of a folder by name, without what Python and editors leave behind."""
    found = {p.relative_to(folder).as_posix(): p for p in folder.rglob("*") if p.is_file()}
    return {name: p for name, p in found.items() if not re.search(r"(^|/)(\.|__pycache__/)", name)}


# -------------------------------------------------------------------------------------------- leaks
def _leaks(root: Path, slug: str) -> Iterator[str]:
    """Solution text anywhere in assignments/, not only in this assignment."""
    solutions = list(_solutions(folders(root).notebook(slug)))
    for path in _files(folders(root).release).values():
        text = plain(_text(path))
        name = path.relative_to(root).as_posix()
        for mark in MARKS:
            if mark in text:
                yield (f'{name} holds the mark "{mark}". Close the region in the solution notebook '
                       'and release again.')
        for grade_id, pieces in solutions:
            if any(piece in text for piece in pieces):
                yield (f"{name} holds lines of the solution of {grade_id} ({slug}). Take them out "
                       "of what is released.")


def _solutions(path: Path) -> Iterator[tuple[str, list[str]]]:
    """grade_id of each answer cell with the pieces of its solution that give it away."""
    try:
        cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    except (OSError, ValueError, KeyError):
        return  # check_release has said so already
    for cell in cells:
        told = cell.get("metadata", {}).get("nbgrader", {})
        if told.get("solution"):
            yield told.get("grade_id", "?"), [p for region in regions("".join(cell["source"]))
                                              for p in _pieces(region)]


def regions(source: str) -> list[str]:
    """The solution regions of an answer cell; the whole cell when it marks none."""
    if BEGIN not in source:
        return [source]
    return [part.split("\n", 1)[-1].rpartition("\n")[0]
            for part in re.findall(rf"{BEGIN}(.*?){END}", source, re.S)]


def _pieces(region: str) -> Iterator[str]:
    lines = plain(region).split("\n")
    for start in range(max(1, len(lines) - WINDOW + 1)):
        piece = "\n".join(lines[start : start + WINDOW])
        if len(piece) >= LEAST:
            yield piece


def plain(text: str) -> str:
    """The text without what a copy may change: indentation, blank lines, comments."""
    lines = (re.sub(r"(?<!#)\s+#(?!#).*", "", line).strip() for line in text.splitlines())
    return "\n".join(line for line in lines if line)


def _text(path: Path) -> str:
    """What stands in a file, in notebooks and JSON with the line breaks as they are meant."""
    text = path.read_text(encoding="utf-8", errors="replace")
    if path.suffix not in (".ipynb", ".json"):
        return text
    try:
        return "\n".join(_strings(json.loads(text)))
    except ValueError:
        return text


def _strings(value: Any) -> Iterable[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for item in value.values():
            yield from _strings(item)
    elif isinstance(value, list):
        if value and all(isinstance(item, str) for item in value):
            yield "".join(value)  # a notebook's source is a list of lines
        else:
            for item in value:
                yield from _strings(item)
