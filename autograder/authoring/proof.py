"""The proof that a hand-out answers nothing: by its texts, then by the behaviour of all in it."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import autograder
from autograder.authoring.gate import Gate, Score, Tried
from autograder.authoring.handout import PACKAGE, Handout
from autograder.authoring.release import plain, regions
from autograder.authoring.verify import SKIPPED
from autograder.course import lacking
from autograder.course import slugs as all_slugs
from autograder.folders import writing
from autograder.model import CourseError
from autograder.staff import load_staff

LEAST = 35  # characters of a line that is no coincidence
# of the package: for staff
CLOSED = ("tests/", "authoring/", "classes/", "nbgrader_plugin/", "sandbox/", "worker/", "grade.py")
TABLE = ("assignment", "exercise", "candidates", "judged", "lost", "share", "what")


def examined(root: Path, handout: Handout, slugs: Sequence[str] | None = None, sample: int = 1,
             tried: list[Tried] | None = None) -> Iterator[tuple[str, list[str]]]:
    """Whether a hand-out answers anything, by text and behaviour; yields what was looked at.

    `slugs` are the assignments whose exercises are tried, all of the course by default; `sample`
    takes each so many-th of them. What was tried is appended to `tried`.
    """
    if sample < 1:
        raise CourseError("--sample must be 1 or more.")
    yield "the hand-out holds no secret text", list(leaks(handout, root))
    gate, place = Gate(handout, root), 0
    for slug in all_slugs(root) if slugs is None else slugs:
        try:
            staff = load_staff(root, slug)
        except CourseError as error:
            yield f"the hand-out before {slug}", [str(error)]
            continue
        if reason := lacking(staff.assignment):
            yield f"the hand-out before {slug}{SKIPPED}{reason}", []
            continue
        names = [e.name for e in staff.assignment.exercises]
        chosen = [name for n, name in enumerate(names, place) if n % sample == 0]
        place += len(names)
        here = list(gate.tried(staff, chosen))
        if tried is not None:
            tried += here
        yield told(slug, here), [score.finding for one in here for score in one.findings]


def told(slug: str, found: Sequence[Tried]) -> str:
    """One line about the exercises of an assignment: how much was tried, what the best earned."""
    counts = f"{sum(t.candidates for t in found):,} tried, {sum(t.fitting for t in found):,} judged"
    best = max((t.best for t in found), default=0.0)
    return (f"nothing in the hand-out answers {slug}: {len(found)} exercises, {counts}; the best "
            f"earns {best:.0%}")


def rows(found: Iterable[Tried]) -> Iterator[tuple[Any, ...]]:
    """The whole table, line by line: every candidate in an answer's form, and what it earned."""
    for one in found:
        head = (one.assignment, one.exercise, one.candidates, one.fitting, one.lost)
        none = Score(one.assignment, one.exercise, (), "", 0.0)
        yield from ((*head, f"{score.share:.3f}", score.where) for score in one.scores or (none,))


def write_table(path: Path, tried: Iterable[Tried]) -> None:
    """Write what was tried as CSV, for staff; CourseError when that cannot be."""
    with writing(path, "Name another file with "
                 "--table."), path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([TABLE, *rows(tried)])


# ------------------------------------------------------------------------------------- by its texts
def leaks(handout: Handout, root: Path) -> Iterator[str]:
    """What must not be in the hand-out; each sentence ends with the mend."""
    for name in handout.wheel:
        if name.removeprefix(f"{PACKAGE}/").startswith(CLOSED):
            yield (f"The wheel holds {name}, which is for staff. Find out which of the student's "
                   "modules imports it.")
    known, told = _secret_lines(root), set[str]()
    for name, data in sorted({**handout.files, **handout.wheel}.items()):
        for line in sorted(_lines(data) & known.keys() - told):
            told.add(line)
            yield (f"{name} holds a line of {known[line]}: {line!r}. Say it in another way there, "
                   "or take it out.")


def _lines(data: bytes) -> set[str]:
    text = data.decode("utf-8", "replace")
    return {line for line in plain(text).split("\n") if len(line) >= LEAST}


def _secret_lines(root: Path) -> dict[str, str]:
    """The long lines of solutions, keys and tests, and where they stand; released ones aside."""
    found: dict[str, str] = {}
    for path in sorted((root / "solutions").glob("*_key.py")):
        found |= dict.fromkeys(_lines(path.read_bytes()), f"solutions/{path.name}")
    for path in sorted((root / "solutions").glob("*/*.ipynb")):
        found |= dict.fromkeys(_solved(path), f"the solution in {path.name}")
    public = {line for path in _public(root)
              for line in (_cells(path) if path.suffix == ".ipynb" else _lines(path.read_bytes()))}
    return {line: where for line, where in found.items() if line not in public}


def _solved(path: Path) -> set[str]:
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    answers = ["".join(c["source"])
               for c in cells if c["metadata"].get("nbgrader", {}).get("solution")]
    return {line for source in answers for region in regions(source)
            for line in _lines(region.encode())}


def _cells(path: Path) -> set[str]:
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    return {line for c in cells for line in _lines("".join(c["source"]).encode())}


def _public(root: Path) -> Iterator[Path]:
    """What is released anyhow: notebooks and checks. Keys and modules may share imports."""
    yield from (root / "assignments").glob("*/*.ipynb")
    yield from (root / "assignments").glob("*/checks.py")
    yield Path(autograder.__file__).parent / "keys.py"
