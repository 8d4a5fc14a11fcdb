"""What is worth a look in a class: one list, for the end of grading and for the report."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from autograder.model import CourseError, Look
from autograder.nbgrader_plugin.manifest import UNLISTED, read
from autograder.nbgrader_plugin.submitted import excluded, folders, misnamed, standing_notes
from autograder.notebook_file import called
from autograder.report import standing, words
from autograder.report.standing import Standing


def of_class(coursedir: Any, slug: str, manifest: Path, people: Sequence[Standing],
             noticed: Iterable[Look], errors: Mapping[str, str]) -> list[Look]:
    """Noticed in grading, found in folders, not collected, and by where `people` stand.

    `errors`: student -> why the last grading gave no mark, "" where it gave one.
    """
    here = {s: folder for s, folder in folders(coursedir, slug) if not misnamed(s)}
    found = [look for look in noticed if not here or look.student in here]
    for student, folder in here.items():
        found += of_folder(student, folder, f"{slug}.ipynb")
    found += [Look(one.student, "", f"late by {words.duration(one.late)}")
              for one in people if one.late > 0 and one.student in here]
    try:
        collected = read(manifest) if manifest.is_file() else {"hand_ins": [], "not_taken": []}
        found += _collected(collected, here, errors.keys() - {one.student for one in people})
    except CourseError as error:
        found.append(Look("", "", str(error)))
    for one in people:
        found += standing.looks(one, errors.get(one.student, ""))
    out = excluded(coursedir)
    return [look for look in dict.fromkeys(found) if look.student not in out]


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


def _collected(manifest: Mapping[str, Any], here: Mapping[str, Path],
               unknown: Collection[str]) -> Iterator[Look]:
    """`unknown`: who was graded once and is not in the gradebook any more."""
    for entry in manifest["hand_ins"]:
        student, folder = entry["student"], here.get(entry["student"])
        if folder is not None:
            yield from (Look(student, "", note)
                        for note in standing_notes(entry["notes"], folder, entry["words"]))
        elif entry["why"]:
            yield Look(student, "", f"was not collected: {entry['why']}")
        elif student not in unknown and UNLISTED not in entry["notes"]:
            # else somebody has taken them out of the course
            yield Look(student, "", "was collected, and is no longer in submitted/")
    for stray in manifest["not_taken"]:
        yield Look("", "", f"not collected: {stray['from']}: {stray['why']}")
