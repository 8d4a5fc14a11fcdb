"""`nbgrader zip_collect`: whose hand-in a file is, from the names that learning platforms give."""

from __future__ import annotations

import re
from pathlib import PurePath
from typing import Any

from nbgrader.plugins import FileNameCollectorPlugin  # type: ignore[import-untyped]

STUDENT = r"(?P<student_id>[^_/]+)"
TIME = re.compile(r"\d{4}-\d\d-\d\d[T-]\d\d-\d\d-\d\d")

# What platforms write into the name of a folder or a file. Outermost first: names deeper down may be the student's own invention.
PLATFORMS = [
    re.compile(rf"{STUDENT}_\d+_assignsubmission_"),  # Moodle: Ada Lovelace_1234567_assignsubmission_file/...
    re.compile(rf".+_{STUDENT}_attempt_\d{{4}}-"),  # Blackboard: Homework_ada_attempt_2026-11-20-10-00-00_...
    re.compile(rf"{STUDENT}(?:_LATE)?_\d+_\d+_"),  # Canvas: lovelaceada_LATE_1234_56789_...
]


class CollectByName(FileNameCollectorPlugin):  # type: ignore[misc]
    """Take what Moodle, Canvas and Blackboard export, and the plain forms that are easily made by hand.

        ada_hw1_dropout.ipynb    ada_2026-11-20T10-00-00_hw1_dropout.ipynb    ada/hw1_dropout.ipynb    (also zipped)

    The student is what stands before the first underscore. The " (1)" or "-1" of a second download is forgiven. For another platform set
    c.FileNameCollectorPlugin.named_regexp; it then decides alone, as in stock nbgrader.
    """

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._seen: set[tuple[str, str]] = set()

    def collect(self, submitted_file: str) -> dict[str, str] | None:
        """What nbgrader asks for each extracted file: student_id, file_id and, if the name holds one, the timestamp."""
        if self.named_regexp:
            return super().collect(submitted_file)  # type: ignore[no-any-return]
        slug = self.parent.coursedir.assignment_id
        below = PurePath(submitted_file).relative_to(self.parent._format_collect_path(self.parent.extracted_directory))
        found = told(below, slug)
        if found is None:
            self.log.warning("Cannot tell whose hand-in this is: %s. Rename it to <student>_%s.ipynb.", below, slug)
            return None
        name = (found["student_id"], found["file_id"])
        if name in self._seen and "timestamp" not in found:
            # nbgrader would stop with all students' files uncollected; so the second keeps another name, and autograde mentions it
            found["file_id"] = f"{below.stem} ({len(self._seen)})"
        self._seen.add(name)
        return found


def told(below: PurePath, slug: str) -> dict[str, str] | None:
    """What the path of a notebook below extracted/ tells; None for another kind of file, or when no student can be named."""
    hidden = any(part.startswith((".", "__MACOSX")) for part in below.parts)  # what macOS and Jupyter put into archives
    if below.suffix != ".ipynb" or hidden:
        return None
    student = _platform(below) or _by_hand(below, slug)
    if student is None or not student.strip(" ."):
        return None
    found = {"student_id": student, "file_id": slug if slug in below.stem else below.stem}
    time = TIME.search(str(below))
    return found | {"timestamp": time.group()} if time else found


def _platform(below: PurePath) -> str | None:
    for part in below.parts:
        for pattern in PLATFORMS:
            match = pattern.match(part)
            if match:
                return match["student_id"]
    return None


def _by_hand(below: PurePath, slug: str) -> str | None:
    """The student of ada_..._<slug>.ipynb, or of ada/<slug>.ipynb."""
    before, found, _ = below.stem.rpartition(slug)
    if found and before.strip("_ "):
        return before.split("_")[0]
    folders = [part for part in below.parts[:-1] if slug not in part]
    return folders[-1].split("_")[0] if folders else None
