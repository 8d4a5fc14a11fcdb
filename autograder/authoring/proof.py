"""The proof that a hand-out answers nothing: by its texts, then by the behaviour of all that is in it."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from autograder.authoring.gate import Gate, Score, Tried
from autograder.authoring.handout import Handout
from autograder.authoring.secrets import leaks
from autograder.authoring.verify import SKIPPED
from autograder.course import lacking
from autograder.course import slugs as all_slugs
from autograder.model import CourseError
from autograder.staff import load_staff

TABLE = ("assignment", "exercise", "candidates", "judged", "lost", "share", "what")


def examined(
    root: Path, handout: Handout, slugs: Sequence[str] | None = None, sample: int = 1, tried: list[Tried] | None = None
) -> Iterator[tuple[str, list[str]]]:
    """Look whether a hand-out answers anything: by text, then by behaviour, assignment by assignment. Yields what was looked at, findings.

    `slugs` are the assignments whose exercises are tried, all of the course by default; `sample` takes each so many-th of them. What was
    tried is appended to `tried`.
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
    """One line about the exercises of an assignment: how many things were tried, and what the best earned."""
    counts = f"{sum(t.candidates for t in found):,} tried, {sum(t.fitting for t in found):,} judged"
    best = max((t.best for t in found), default=0.0)
    return f"nothing in the hand-out answers {slug}: {len(found)} exercises, {counts}; the best earns {best:.0%}"


def rows(found: Iterable[Tried]) -> Iterator[tuple[Any, ...]]:
    """The whole table, line by line: every candidate that had the form of an answer, and what it earned."""
    for one in found:
        head, none = (one.assignment, one.exercise, one.candidates, one.fitting, one.lost), Score(one.assignment, one.exercise, (), "", 0.0)
        yield from ((*head, f"{score.share:.3f}", score.where) for score in one.scores or (none,))


def write_table(path: Path, tried: Iterable[Tried]) -> None:
    """Write what was tried as CSV, for staff; CourseError when that cannot be."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("w", newline="", encoding="utf-8") as file:
            csv.writer(file).writerows([TABLE, *rows(tried)])
    except OSError as error:
        raise CourseError(f"{path} cannot be written ({error.strerror}). Name another file with --table.") from error
