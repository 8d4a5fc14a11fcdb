""".ipynb -> Submission, and the course's notebooks -> Layout. Only this file knows nbformat.

notebook_file.py reads the JSON, found_cells.py the cells in it. A hand-in is read forgivingly:
whatever can be understood is understood, and each repair leaves a sentence in `Submission.notes`.
What cannot be read ends in a SubmissionError of one line. A notebook of the course is read
strictly.
"""

from __future__ import annotations

import ast
import math
import sys
import warnings
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property, lru_cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from autograder import __version__
from autograder.found_cells import FoundCell, bound, found_cells
from autograder.interactive import as_python
from autograder.layout import Layout
from autograder.model import (
    Assignment, Cell, CourseError, Exercise, Role, Submission, SubmissionError)
from autograder.notebook_file import called, content, parse
from autograder.running import import_stubs, statements
from autograder.running.statements import touched
from autograder.surroundings import import_jsonschema_quickly
from autograder.written_out import written_out

# characters in all code cells together: parsing takes a second or two and up to 900 times the
# length in memory
MAX_CODE = 500_000
MAX_NOTES = 20
MAX_LOOKED_UP = 100  # packages that one notebook imports
SOLUTION = "### BEGIN SOLUTION"  # nbgrader's mark


# --------------------------------------------------------------------------------- course notebooks
def layout(path: Path) -> Layout:
    """Read a notebook of the course, solution or release; CourseError with the mend."""
    try:
        return layout_of(parse(content(path), path), path)
    except SubmissionError as error:
        raise CourseError(f"{path}: {error}") from error


def layout_of(node: Any, path: Path) -> Layout:
    """The same of a notebook of the course that is already parsed."""
    cells = found_cells(node, path)
    _must_be_unique(cells, path)
    code = [c for c in cells if c.kind == "code"]
    setup = next((c.source for c in code if c.grade_id == "setup"), "")
    # what is answer and grade in one waits for a human, and asks nothing of the kit
    checks = [c for c in cells
              if c.nbgrader.get("grade") is True and c.nbgrader.get("solution") is not True]
    points = {_exercise_of(c, path): _points_of(c, path) for c in checks}
    for name in points:
        _must_have_answer(name, cells, path)
    # an answer is no text of the course: a student may write the same, and in another cell
    return Layout(setup, points,
                  frozenset(c.digest for c in code if c.text and SOLUTION not in c.source))


def validate(path: Path) -> None:
    """Refuse a notebook of the course that nbformat would not accept; CourseError with the mend."""
    import_jsonschema_quickly()
    import nbformat  # here, because it takes most of a second and no student's own check needs it

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            nbformat.validate(nbformat.from_dict(parse(content(path), path)))  # type: ignore[no-untyped-call]
        except nbformat.ValidationError as error:
            reason = str(error).splitlines()[0]
            raise CourseError(f"{path} is not a valid notebook ({reason}). Open it in Jupyter and "
                              "save it again.") from error


def _must_be_unique(cells: Sequence[FoundCell], path: Path) -> None:
    seen: set[tuple[str, str]] = set()
    for cell in cells:
        for what, found in (("grade_id", cell.grade_id), ("id", cell.id)):
            if found and (what, found) in seen:
                raise CourseError(f"{path}: two cells have the {what} {found!r}. Rename or delete "
                                  f"cell {cell.number}.")
            seen.add((what, found))


def _exercise_of(cell: FoundCell, path: Path) -> str:
    name = cell.grade_id.removeprefix("check_")
    if cell.kind == "code" and name and name != cell.grade_id:
        return name
    raise CourseError(
        f"{path}: cell {cell.number} ({cell.grade_id!r}) is graded but is no check cell. "
        "Make it a code cell and give it the grade_id check_<exercise>, or untick its points.")


def _points_of(cell: FoundCell, path: Path) -> float:
    points = cell.nbgrader.get("points")
    if (isinstance(points, (int, float)) and not isinstance(points, bool) and math.isfinite(points)
            and points >= 0):
        return float(points)
    raise CourseError(f"{path}: {cell.grade_id} has no points (found {points!r}). Give it points "
                      "in its nbgrader metadata.")


def _must_have_answer(name: str, cells: Sequence[FoundCell], path: Path) -> None:
    places = {c.grade_id: i for i, c in enumerate(cells) if c.kind == "code"}
    if name not in places:
        raise CourseError(f"{path}: check_{name} has no answer cell. Add a code cell with the "
                          f"grade_id {name!r} above it.")
    if places[name] > places["check_" + name]:
        raise CourseError(f"{path}: the answer cell {name!r} stands below its check cell. Move it "
                          f"above check_{name}.")


# ----------------------------------------------------------------------------------------- hand-ins
def read(path: Path, assignment: Assignment) -> Submission:
    """Read a hand-in (or the solution). SubmissionError when it cannot be read, else nothing."""
    return from_node(parse(content(path), path), path, assignment)


def from_node(node: Any, path: Path, assignment: Assignment) -> Submission:
    """Read a notebook that is already parsed: any mapping of nbformat 4, however damaged inside."""
    cells = found_cells(node, path)
    code = sum(len(c.source) for c in cells if c.kind == "code")
    if code > MAX_CODE:
        raise SubmissionError(
            f"{called(path)} holds {code:,} characters of code, more than {MAX_CODE:,}. "
            "Delete pasted data from its code cells, save it and hand it in again.")
    _must_belong(cells, assignment, path)
    reading = _Reading(cells, assignment)
    reading.notes += _of_another_release(node)
    return reading.submission(str(path))


def release_of(node: Any) -> str:
    """The release a notebook says it is from; "" if none (Colab and others drop the word)."""
    found = (node["metadata"].get("autograder")
             if isinstance(node.get("metadata"), Mapping) else None)
    release = found.get("release") if isinstance(found, Mapping) else None
    return release if isinstance(release, str) else ""


def _of_another_release(node: Any) -> Iterator[str]:
    """A word about a notebook of another release than the installed one; cells go by ids."""
    release = release_of(node)
    if release and release != __version__:
        yield (f"This notebook is of release {called(Path(release))}, and here is {__version__}: "
               "it is read by the ids of its cells.")


def written(path: Path, known: Layout) -> bool:
    """Whether a notebook holds code that is not the course's own."""
    return any(c.kind == "code" and c.text and c.digest not in known.cells
               for c in found_cells(parse(content(path), path), path))


def _must_belong(cells: Sequence[FoundCell], assignment: Assignment, path: Path) -> None:
    """Refuse the notebook of another assignment: a mix-up deserves a word, not a zero."""
    found = {c.grade_id.removeprefix("check_") for c in cells if c.grade_id.startswith("check_")}
    own = {e.name: set(e.names) for e in assignment.exercises}
    foreign = len(found - own.keys()) > len(found & own.keys())  # many assignments have a quiz
    elsewhere = {n for name, names in own.items() if name not in found for n in names}
    if foreign and not any(c.kind == "code" and c.defines & elsewhere for c in cells):
        raise SubmissionError(f"{called(path)} is the notebook of another assignment. Hand in the "
                              f"one of {assignment.slug}.")


class _Reading:
    """One hand-in being read: which cell answers which exercise, and what had to be repaired."""

    def __init__(self, cells: Sequence[FoundCell], assignment: Assignment) -> None:
        self.cells = cells
        self.assignment = assignment
        self.notes = [f"Cell {c.number} {c.damage}." for c in cells if c.damage]
        # characters of text that may be read as code
        self.left = MAX_CODE - sum(len(c.source) for c in cells if c.kind == "code")
        self.answers: dict[int, Exercise] = {}  # number of the cell -> what it answers

    def submission(self, path: str) -> Submission:
        for exercise in self.assignment.exercises:
            cell = self._answer(exercise)
            if cell is not None:
                self.answers[cell.number] = exercise
        self._note_changed_setup()
        self._note_lacking()
        return Submission(path, tuple(self._program()), tuple(self.notes[:MAX_NOTES]),
                          frozenset(self._spoilt()))

    def _spoilt(self) -> Iterator[str]:
        """Exercises below that lean on what a cell may change; answers that are data are safe."""
        read = [c for c in self.cells if c.kind == "code" or c.number in self.answers]
        first = {name: c.number for c in reversed(read) for name in c.read.mentioned}
        reach = {c.number: _reach(c, first)
                 for c in read if c.number in self.answers or self._is_added(c)}
        for number, exercise in self.answers.items():
            tree = next(c.tree for c in read if c.number == number)
            if tree and statements.only_data(tree, exercise.names):
                continue
            if any(cell > number and begin <= number for cell, begin in reach.items()):
                yield exercise.name

    def _note_lacking(self) -> None:
        """Name the packages that the student's cells import and that are not here."""
        own = [c for c in self.cells if c.number in self.answers or self._is_added(c)]
        wanted = {name: c for c in reversed(own) for name in c.read.imports}
        for name, cell in sorted(wanted.items(), key=lambda found: found[1].number)[:MAX_LOOKED_UP]:
            if _is_lacking(name):
                self.notes.append(
                    f"Cell {cell.number} imports {called(Path(name))}, which is not installed "
                    "here: what it would do is left out, all else in the cell counts.")

    def _program(self) -> Iterator[Cell]:
        if self.assignment.setup.strip():
            yield Cell("setup", Role.SETUP, written_out(as_python(self.assignment.setup)))
        for cell in self.cells:
            exercise = self.answers.get(cell.number)
            if exercise is not None:
                yield from (Cell(exercise.name, Role.ANSWER, part, exercise.names)
                            for part in cell.parts())
            elif self._is_added(cell):
                names = self._provided(cell)
                yield from (Cell(f"added-{cell.number}", Role.ADDED, part, names)
                            for part in cell.parts())
            elif wanted := self._wanted_of_course(cell):
                yield Cell(f"course-{cell.number}", Role.ADDED, wanted)

    def _is_added(self, cell: FoundCell) -> bool:
        """What the student wrote beside answers; a changed set-up cell follows the course's."""
        if cell.kind != "code" or not cell.text or cell.grade_id.startswith("check_"):
            return False
        return (cell.digest not in self.assignment.course_cells
                and cell.text != self.assignment.setup.strip())

    def _provided(self, cell: FoundCell) -> tuple[str, ...]:
        """What definitions lean on and this cell binds or changes: it is run for their sake."""
        statements = cell.tree.body if cell.tree else []
        return tuple(sorted(self._used & set[str]().union(*map(touched, statements))))

    def _wanted_of_course(self, cell: FoundCell) -> str:
        """Of a course's demonstration: imports, functions, constants that the student uses.

        In the notebook they are there, so an answer may lean on them; the rest of such a cell
        (plots, loops) never runs in a worker.
        """
        if cell.kind != "code" or cell.reserved or not cell.tree:
            return ""
        kept = [s for s in cell.tree.body if self._used & set(bound(s))]
        return "\n".join(ast.unparse(s) for s in kept)

    @cached_property
    def _used(self) -> set[str]:
        """Names that definitions lean on, and those mentioned and not made by the student."""
        own = [c for c in self.cells if c.number in self.answers or self._is_added(c)]
        body = [s for c in own if c.tree for s in c.tree.body if not isinstance(s, ast.Expr)]
        return statements.free(*body) | statements.leaned_on(body)

    def _answer(self, exercise: Exercise) -> FoundCell | None:
        """The cell that answers the exercise: by its grade_id if written in, else by names."""
        labelled = self._labelled(exercise)
        written = [c for c in labelled if not self._untouched(c, exercise)]
        if len(labelled) > 1:
            best = (written or labelled)[-1]
            self.notes.append(f"{exercise.name} has {len(labelled)} answer cells; cell "
                              f"{best.number} is taken as the answer.")
        if written:
            return written[-1]
        found = self._defining(exercise, wanted=not labelled)
        if found is None:
            return labelled[-1] if labelled else None
        why = ("its own answer cell is as it was handed out" if labelled
               else "no cell is marked as its answer cell")
        self.notes.append(f"{exercise.name} is taken from cell {found.number}, because {why}.")
        return found

    def _labelled(self, exercise: Exercise) -> list[FoundCell]:
        """The cells with the exercise's grade_id: code first, else text that is Python."""
        labelled = [c for c in self.cells if c.grade_id == exercise.name]
        code = [c for c in labelled if c.kind == "code"]
        if any(not self._untouched(c, exercise) for c in code):
            return code
        texts = [c for c in labelled if c.kind != "code" and c.text and self._is_short(c)]
        for cell in texts:
            reads = "is read as code all the same" if cell.tree else "does not read as code"
            self.notes.append(f"The answer cell of {exercise.name} (cell {cell.number}) is a "
                              f"{cell.kind} cell; it {reads}.")
        return code + [c for c in texts if c.tree]

    def _is_short(self, cell: FoundCell) -> bool:
        """Whether a text may be read as code, too: what is read as code is bounded as a whole."""
        if len(cell.source) > self.left:
            self.notes.append(
                f"Cell {cell.number} is a {cell.kind} cell and too long to be read as code.")
            return False
        self.left -= len(cell.source)
        return True

    def _untouched(self, cell: FoundCell, exercise: Exercise) -> bool:
        if cell.digest in self.assignment.course_cells or not cell.text:
            return True
        named = cell.defines & set(exercise.names)
        return bool(named) and named <= cell.stubs

    def _defining(self, exercise: Exercise, wanted: bool) -> FoundCell | None:
        """The last unmarked code cell that defines the names; one as handed out if `wanted`."""
        names = set(exercise.names)
        marked = {e.name for e in self.assignment.exercises}
        found = [c for c in self.cells
                 if c.kind == "code" and not c.reserved and c.grade_id not in marked]
        found = [c for c in found if any(n in c.source for n in names) and c.defines & names]
        written = [c for c in found if not self._untouched(c, exercise)]
        pool = written or (found if wanted else [])
        return max(pool, key=lambda c: (len(c.defines & names), c.number), default=None)

    def _note_changed_setup(self) -> None:
        ours = self.assignment.setup.strip()
        if any(c.grade_id == "setup" and c.text != ours for c in self.cells):
            self.notes.append("The set-up cell was changed: first the course's own one is run, "
                              "then imports and definitions of this one.")


def _reach(cell: FoundCell, first: Mapping[str, int]) -> float:
    """The first cell that speaks of what this one binds or changes; all if that cannot be told."""
    return 0 if "*" in cell.read.changed else min((first[name] for name in cell.read.changed
                                                   if name in first), default=math.inf)


@lru_cache(1000)
def _is_lacking(package: str) -> bool:
    if package in sys.stdlib_module_names or package in import_stubs.SHOW_ONLY:
        return False
    try:
        return find_spec(package) is None
    except (ValueError, ImportError):
        return True
