"""What verify judged, as pages for instructors. SECRET, so they go where no student looks."""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from pathlib import Path

from autograder import keys
from autograder.authoring.verify import Examination
from autograder.course import lacking, slugs
from autograder.folders import folders, is_course
from autograder.model import CourseError, Misconception
from autograder.report import matrix as pages
from autograder.staff import Staff

HOME = Path("build") / "matrix"  # in the course; build/ is ignored by git, and nobody publishes it
# what is given away, or back
PUBLISHED = ("assignments", "autograder", "datasets", "submitted", "feedback", "release")
INDEX = "index.html"


def folder_for(root: Path, named: Path | None = None) -> Path:
    """The folder named, or HOME, made if missing. CourseError when students could see into it."""
    folder = (named or root / HOME).resolve()
    if named and folder.name in slugs(root) and not folder.exists():
        raise CourseError(f"--matrix {named} names a folder, not an assignment. Write: autograder "
                          f"verify {folder.name} --matrix")
    better = f"Name another one, or none: they then go to {root / HOME}."
    # it need not be the course that is verified
    above = next((f for f in (folder, *folder.parents) if is_course(f)), None)
    for course in (root, above):
        trouble = _seen_there(folder, course) if course else ""
        if trouble:
            raise CourseError(
                f"The pages show hidden checks and wrong solutions, and {trouble}. {better}")
    try:
        _make(folder)
    except OSError as error:
        raise CourseError(
            f"The folder {folder} cannot be made: {error.strerror}. {better}") from error
    return folder


def _seen_there(folder: Path, course: Path) -> str:
    """Why the pages may not lie in this folder; "" when they may."""
    if not folder.is_relative_to(course):
        return ""
    if folder == course:
        return f"{folder} is the course itself"
    place = course / folder.relative_to(course).parts[0]
    given = folders(course)
    if folder.is_relative_to(given.source):
        return f"what lies in {place} may be released with an assignment"
    published = place.name in PUBLISHED or folder.is_relative_to(given.release)
    return f"students may come to see what lies in {place}" if published else ""


def _make(folder: Path) -> None:
    """Make the folder, and let git ignore what is in it; one that holds something stays as is."""
    folder.mkdir(parents=True, exist_ok=True)
    if not any(folder.iterdir()):
        (folder / ".gitignore").write_text("# secret: hidden checks and wrong solutions\n*\n",
                                           encoding="utf-8")


def matrix(slug: str, seen: Examination | None, findings: Sequence[str]) -> pages.Matrix:
    """What is known of one assignment; None was judged when it did not load."""
    if seen is None:
        return pages.Matrix(slug, findings=tuple(findings), not_run="the assignment does not load")
    if reason := lacking(seen.staff.assignment):
        return pages.Matrix(slug, findings=tuple(findings), not_run=reason)
    wrong = [pages.Wrong(belief, result, _shown(seen.staff, belief))
             for belief, result in seen.wrong]
    found = pages.blocks(seen.staff.assignment.exercises, wrong, seen.right, seen.idle)
    return pages.Matrix(slug, found, tuple(findings), seeds=seen.seeds)


def _shown(staff: Staff, belief: Misconception) -> Mapping[str, str]:
    """What a mistake looks like: the lines that differ, or the function that was written out."""
    if not belief.edits:
        return keys.source(belief)
    right, wrong = staff.base(belief), staff.written(belief)
    return {name: _diff(right[name], text) for name, text in wrong.items()}


def _diff(right: str, wrong: str) -> str:
    lines = difflib.unified_diff(right.splitlines(), wrong.splitlines(), n=1, lineterm="")
    return "\n".join(line for line in lines if not line.startswith(("---", "+++", "@@")))


def write(folder: Path, seen: Mapping[str, Examination],
          findings: Mapping[str, Sequence[str]]) -> Path:
    """Write a page for each assignment, and the index of all; returns the page to begin with."""
    matrices = [(matrix(slug, seen.get(slug), found), f"{slug}.html")
                for slug, found in findings.items()]
    earlier = sorted({p.name for p in folder.glob("*.html")}
                     - {INDEX, *(file for _, file in matrices)})
    (folder / INDEX).write_text(pages.index(matrices, earlier), encoding="utf-8")
    for one, file in matrices:
        (folder / file).write_text(pages.page(one, INDEX), encoding="utf-8")
    return folder / (INDEX if len(matrices) > 1 else matrices[0][1])
