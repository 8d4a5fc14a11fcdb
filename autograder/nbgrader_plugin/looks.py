"""What is worth a look in a class's folders: late, renamed, second, uncollected notebooks."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from autograder.model import CourseError, Look
from autograder.nbgrader_plugin.manifest import read
from autograder.nbgrader_plugin.submitted import standing_notes
from autograder.notebook_file import called
from autograder.report import words


def around(slug: str, handed_in: Mapping[str, Path], late: Mapping[str, float],
           manifest: Path) -> Iterator[Look]:
    """Of all students with a hand-in, and of hand-ins that were not collected."""
    for student, folder in handed_in.items():
        yield from of_folder(student, folder, f"{slug}.ipynb")
        if student in late:
            yield Look(student, "", f"late by {words.duration(late[student])}")
    if manifest.is_file():
        try:
            yield from _collected(read(manifest), handed_in)
        except CourseError as error:
            yield Look("", "", str(error))


def of_folder(student: str, folder: Path, expected: str) -> Iterator[Look]:
    """Notebooks that lie beside the one that is graded, or another name of the only one."""
    try:
        found = sorted(called(p) for p in folder.iterdir()
                       if p.suffix.lower() == ".ipynb" and not p.name.startswith("."))
    except OSError:
        return  # told by name where it is read
    others = [name for name in found if name != expected]
    if others and expected in found:
        yield Look(student, "", f"only {expected} is graded, not {', '.join(others)}")
    elif len(others) == 1:
        yield Look(student, "", f"handed in {others[0]}; it is graded as {expected}")


def _collected(manifest: Mapping[str, Any], handed_in: Mapping[str, Path]) -> Iterator[Look]:
    for entry in manifest["hand_ins"]:
        student, folder = entry["student"], handed_in.get(entry["student"])
        if folder is None:
            yield Look(student, "",
                       f"was not collected: {entry['why'] or 'it is no longer in submitted/'}")
        elif entry["notes"]:
            yield from (Look(student, "", note)
                        for note in standing_notes(entry["notes"], folder, entry["words"]))
    for stray in manifest["not_taken"]:
        yield Look("", "", f"not collected: {stray['from']}: {stray['why']}")
