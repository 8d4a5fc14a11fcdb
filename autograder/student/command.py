"""`autograder check NOTEBOOK`: the public sentences on a saved notebook, in a terminal."""

from __future__ import annotations

from pathlib import Path

from autograder.model import ExerciseResult
from autograder.report import guide, overview, words
from autograder.student.reading import find, opened
from autograder.student.selfcheck import after, examine_notebook


def check(place: Path, exercise: str | None = None) -> int:
    """Print what holds in a notebook (or in that of a folder), exercise by exercise, then a table; 0 when all of it does."""
    return 0 if all(r.outcome in ("passed", "not_run") for r in checked(place, exercise)) else 1


def checked(place: Path, exercise: str | None = None) -> list[ExerciseResult]:
    """The same, and what was found."""
    path, note = find(place)
    found = opened(path)
    for told in [note, *found.submission.notes]:
        if told:
            print(f"note  {words.line(told)}")
    chosen = [found.assignment.holding(exercise)] if exercise else found.assignment.exercises
    results = []
    for one in chosen:
        results.append(examine_notebook(one, found))
        print(guide.guide_text(results[-1], after(results[-1], found.assignment) if exercise else ""))
    if len(results) > 1:
        print("\n" + "\n".join(overview.lines(results)))
    return results
