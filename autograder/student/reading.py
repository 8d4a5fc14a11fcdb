"""Which notebook is the student's, and what is in it: as the grader reads, for both commands."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from autograder import notebook
from autograder.course import load_public
from autograder.layout import LAYOUT, Layout
from autograder.layout import read as read_layout
from autograder.model import Assignment, AutograderError, Limits, Submission, SubmissionError
from autograder.notebook_file import called, content, parse
from autograder.student import places
from autograder.subjects.local import Local


@dataclass(frozen=True)
class Opened:
    """A notebook that was read and run."""

    assignment: Assignment
    submission: Submission
    subject: Local


def opened(path: Path) -> Opened:
    """Read the notebook by its layout, as graders do, and run its code; errors say the mend."""
    # before the folder is looked at: a slip in the name is told as what it is
    found = parse(content(path), path)
    assignment = load_public(places.of_notebook(path, found))
    submission = notebook.from_node(found, path, assignment)
    return Opened(assignment, submission, load(submission))


def load(submission: Submission) -> Local:
    """The code of a notebook in this process, with the limits that a grader has."""
    return Local(submission.cells, limits=Limits())


def further(place: Path, exercise: str) -> Callable[[int], str]:
    """The command that shows an exercise's hints up to a step; for every shell."""
    here = Path.cwd()
    told = str(place.relative_to(here) if place.is_relative_to(here) else place)
    named = f'"{told}"' if " " in told else told
    return lambda step: f"autograder check {named} {exercise} --hint {step}"


# -------------------------------------------------------------------------------- several notebooks
def find(place: Path) -> tuple[Path, str]:
    """The notebook meant: the named one or a folder's newest, with a sentence on the choice."""
    if not place.is_dir():
        return place, ""
    found = sorted(p for p in place.glob("*.ipynb") if not p.name.startswith("."))
    if not found:
        raise SubmissionError(
            f"{place} holds no notebook. Go to the folder you were given, or name the notebook.")
    if len(found) == 1:
        return found[0], ""
    chosen = max(found, key=lambda path: _rank(path, _layout(place)))
    others = ", ".join(called(p) for p in found if p != chosen)
    return (chosen, f"{called(chosen)} is checked, the newest notebook here. To check another "
            f"({others}), name it.")


def _layout(folder: Path) -> Layout | None:
    try:
        return read_layout(folder / LAYOUT)
    except AutograderError:  # said later, and of the notebook that is chosen
        return None


def _rank(path: Path, layout: Layout | None) -> tuple[bool, int, bool]:
    """Written in before blank, newer before older, of two alike that of the assignment's name."""
    own = path.stem == (layout.slug if layout else path.parent.name)
    return _written(path, layout), path.stat().st_mtime_ns, own


def _written(path: Path, layout: Layout | None) -> bool:
    try:
        return layout is not None and notebook.written(path, layout)
    except AutograderError:  # a file that cannot be read is taken only where there is no other
        return False
