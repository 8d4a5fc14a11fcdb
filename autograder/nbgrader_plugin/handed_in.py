"""What stands in a student's folder of submitted/, as the list of collected hand-ins has it. No link is followed."""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Iterable, Mapping
from contextlib import suppress
from pathlib import Path

from autograder.model import SubmissionError
from autograder.nbgrader_plugin.archives import INNER
from autograder.nbgrader_plugin.submitted import STAMP, small, when

UNTIMED = "late, as the platform says; the time is not told, so no penalty follows"


def in_the_way(folder: Path, slug: str) -> str:
    """Why nothing may be put there: as in grading, no link is followed."""
    for place in (folder.parent, folder) if folder.name == slug else (folder,):
        if os.path.lexists(place) and (place.is_symlink() or not place.is_dir()):
            return f"{place} is {'only a link' if place.is_symlink() else 'no folder'}; take it away, and collect again"
    return ""


def standing_notes(notes: Iterable[str], folder: Path, collected: Mapping[str, str]) -> list[str]:
    """What was noted when it was collected and is still so: nothing where something else lies there now."""
    if time_by_hand(folder, collected):
        return [note for note in notes if note != UNTIMED]
    return list(notes) if words_of(folder) == dict(collected) else []


def time_by_hand(folder: Path, collected: Mapping[str, str]) -> str:
    """What a human wrote into timestamp.txt of this hand-in where the platform told no time; "" where nobody did, or it is no time."""
    there = words_of(folder)
    if STAMP in collected or there.pop(STAMP, None) is None or there != dict(collected):
        return ""
    with suppress(SubmissionError, ValueError):  # told when it is graded
        time = when(small(folder / STAMP))
        return f"{time:%Y-%m-%d %H:%M:%S} UTC" if time else ""
    return ""


def digest(data: bytes) -> str:
    """What tells files apart."""
    return hashlib.sha256(data).hexdigest()[:40]


def words_of(folder: Path) -> dict[str, str]:
    """Name -> digest of all ordinary files; "" for one that cannot be read, or is larger than anything that is collected."""
    found = {}
    for place, _, names in () if folder.is_symlink() else os.walk(folder):
        for path in (Path(place, name) for name in names if not name.startswith(".")):
            with suppress(OSError):
                if not stat.S_ISREG(path.lstat().st_mode):
                    continue
            found[path.relative_to(folder).as_posix()] = _digest_of(path)
    return found


def _digest_of(path: Path) -> str:
    try:
        return digest(path.read_bytes()) if path.stat().st_size <= INNER else ""
    except OSError:
        return ""
