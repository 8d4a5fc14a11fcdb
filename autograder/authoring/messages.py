"""The self-check's whole message about wrong answers of the key, for a person to read."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from autograder.authoring.fill import spread
from autograder.course import lacking, load_public
from autograder.model import CourseError, Misconception
from autograder.report import guide
from autograder.report.ladder import Climb
from autograder.staff import load_staff
from autograder.student.selfcheck import examine_public

ALL_RUNGS = 9


def messages(root: Path, slug: str, exercise: str | None = None, most: int = 10) -> Iterator[str]:
    """One text for each wrong answer, `most` of each exercise, evenly; every hint is opened.

    CourseError when there is no such exercise, no release, or something that the assignment needs
    is lacking.
    """
    staff = load_staff(root, slug)
    public = load_public(staff.released)
    if reason := lacking(public):
        raise CourseError(f"{slug} cannot be run here: {reason}.")
    for one in [staff.assignment.exercise(exercise)] if exercise else staff.assignment.exercises:
        for belief in spread([b for b in staff.key.misconceptions if b.exercise == one.name],
                             most):
            result = examine_public(public.exercise(one.name), staff.answered(belief), public)
            yield (f"== {belief.name}: "
                   f"{_changed(belief)}\n{guide.guide_text(result, climb=Climb(ALL_RUNGS))}\n")


def _changed(belief: Misconception) -> str:
    """What the student wrote instead: the edits, or that the answer is another one."""
    told = [f"{' '.join(old.split())} -> {' '.join(new.split())}" for old, new, *_ in belief.edits]
    return "; ".join(told) or f"another {', '.join(belief.functions)}"
