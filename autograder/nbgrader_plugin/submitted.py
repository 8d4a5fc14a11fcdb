"""Looking at submitted/, where names, kinds, sizes and rights are anybody's.

What cannot be looked at is that student's, by name. No link is followed, no pipe waited for,
nothing read beyond its bound.
"""

from __future__ import annotations

import datetime
import difflib
import hashlib
import os
import re
import stat
import warnings
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nbgrader.utils import parse_utc  # type: ignore[import-untyped]

from autograder import notebook_file
from autograder.model import CourseError, SubmissionError
from autograder.nbgrader_plugin.archives import INNER
from autograder.report.standing import UNTIMED
from autograder.report.words import called

STAMP = "timestamp.txt"
DAY_OR_MONTH = re.compile(r"\d{1,2}[./-]\d{1,2}[./-]\d")  # 02.12.2026 is in December or in February
# nbgrader's exchange lays it beside the notebook, and names the feedback with it
SECRET = "submission_secret.txt"
MAX_SMALL = 1024  # bytes of a file that holds a line
NEAR = 3  # students who may be meant by a name that nobody has
MAX_NAME = 128  # characters of a student's name in the gradebook
ABSENT = (FileNotFoundError, NotADirectoryError)


@dataclass(frozen=True)
class HandIn:
    """A hand-in's bytes: the notebook or why there is none, timestamp.txt, exchange's secret."""

    path: Path
    content: bytes = b""
    stamp: bytes = b""
    error: str = ""
    secret: bytes = b""


# ----------------------------------------------------------------------------------------- students
def folders(coursedir: Any, slug: str) -> Iterator[tuple[str, Path]]:
    """Everybody who may have handed something in, with the folder for it, in nbgrader's order.

    A folder that may not be looked into is one, too: only what is certainly not there is left out.
    """
    before, _, after = coursedir.format_path(coursedir.submitted_directory, "\0",
                                             slug).partition("\0")
    end, _, below = after.partition(os.sep)
    parent, start = os.path.split(before)
    for name in sorted(_names(parent)):
        if name.startswith(start) and name.endswith(end) and len(name) > len(start) + len(end):
            folder = Path(parent, name, below)
            if _may_be_there(folder):
                yield name[len(start) : len(name) - len(end)], folder


def excluded(coursedir: Any) -> set[str]:
    """Students whom the course's settings leave out."""
    return {name for name in coursedir.student_id_exclude.split(",") if name}


def _names(parent: str) -> list[str]:
    try:
        return os.listdir(parent)
    except ABSENT:
        return []
    except OSError as error:
        raise CourseError(f"{parent} may not be looked into ({error.strerror}). Make it readable "
                          "and grade again.") from error


def _may_be_there(folder: Path) -> bool:
    try:
        os.lstat(folder)
    except ABSENT:
        return False
    except OSError:
        return True
    return True


def shown(student: str) -> str:
    """The name on one line, whatever characters it is made of."""
    return "".join(c if c.isprintable() else "?" for c in student)[:MAX_NAME]


def misnamed(student: str) -> str:
    """Why nobody of this name can be in the gradebook; "" for a name as names are."""
    if not student.isprintable():  # bytes that are no UTF-8, line breaks, escapes of the terminal
        return (
            "the folder's name holds characters that cannot be written. Rename it and grade again.")
    if len(student) > MAX_NAME:
        return f"the folder's name is longer than {MAX_NAME} characters. Rename it and grade again."
    return ""


def meant(student: str, known: Mapping[str, str]) -> str:
    """Who may be meant by an id that nobody has; `known`: id -> name."""
    said: dict[str, list[str]] = {}
    for one, name in known.items():
        for text in dict.fromkeys(map(str.casefold, (one, name, *name.split()))):
            said.setdefault(text, []).append(one)
    near = difflib.get_close_matches(student.casefold(), said, NEAR)
    found = list(dict.fromkeys(one for text in near for one in said[text]))[:NEAR]
    told = " or ".join(called(shown(one), shown(known[one])) for one in found)
    return (f"Did you mean {told}?" if found
            else "Students are called as their folders in submitted/ are.")


# ----------------------------------------------------------------------------------------- hand-ins
def take(folder: Path, slug: str) -> HandIn:
    """Read a hand-in's folder; never raises for what a student has put there."""
    path = folder / f"{slug}.ipynb"
    try:
        path, stamp = look(folder, slug)
        return HandIn(path, notebook_file.content(path), stamp, secret=secret(folder))
    except SubmissionError as error:
        return HandIn(path, error=str(error))


def look(folder: Path, slug: str) -> tuple[Path, bytes]:
    """Where a hand-in's notebook is, and what its timestamp.txt says; or a SubmissionError."""
    # a link would be followed with the grader's rights, into solutions/ or another student's folder
    for place in [folder.parent, folder] if folder.name == slug else [folder]:
        _must_be_folder(place)
    stamp = small(folder / STAMP)
    try:
        when(stamp)
    except ValueError:
        raise SubmissionError(f"its {STAMP} holds no time. Write one like 2026-11-20 10:00:00 UTC, "
                              "or delete the file.") from None
    return find_notebook(folder, slug), stamp


def _must_be_folder(folder: Path) -> None:
    name = notebook_file.called(folder)
    try:
        mode = os.lstat(folder).st_mode
    except ABSENT:
        raise SubmissionError(f"its folder {name} is gone. Put it back and grade again.") from None
    except OSError as error:
        raise SubmissionError(f"its folder {name} may not be looked at ({error.strerror}). Make it "
                              "readable and grade again.") from None
    if stat.S_ISLNK(mode):
        raise SubmissionError(
            f"its folder {name} is only a link. Put the folder itself there and grade again.")
    if not stat.S_ISDIR(mode):
        raise SubmissionError(
            f"{name} is no folder. Put the notebook into a folder of this name and grade again.")


def small(path: Path) -> bytes:
    """The content of a small regular file beside the notebook; b"" where there is none."""
    name = notebook_file.called(path)

    def must_be_file(mode: int) -> None:
        if not stat.S_ISREG(mode):
            raise SubmissionError(f"its {name} is no ordinary file. Delete it and grade again.")

    try:
        data = notebook_file.beginning(path, MAX_SMALL + 1, must_be_file)
    except ABSENT:
        return b""
    except OSError as error:
        raise SubmissionError(f"its {name} may not be read ({error.strerror}). Make it readable, "
                              "or delete it.") from None
    if len(data) > MAX_SMALL:
        raise SubmissionError(
            f"its {name} is larger than {MAX_SMALL} bytes. Delete it, or put the right one there.")
    return data


def secret(folder: Path) -> bytes:
    """A hand-in's secret of the exchange: b"" for a link, a pipe, or what nbgrader never writes."""
    try:
        data = small(folder / SECRET)
    except (SubmissionError, ValueError):
        return b""
    plain = data.isascii() and data.decode("ascii", "replace").strip().isprintable()
    return data if plain and data.strip() else b""


def when(stamp: bytes) -> datetime.datetime | None:
    """The time in a timestamp.txt, if any; ValueError for other words, or an open day or month."""
    text = stamp.decode("utf-8", "replace").strip()
    if DAY_OR_MONTH.match(text):
        raise ValueError(f"no time: {text[:10]} may be read in two ways")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of time zones that nobody knows
            return parse_utc(text) if text else None
    except Exception as error:
        # OverflowError, TypeError and whatever else a parser of dates finds to say of a text
        raise ValueError(f"no time: {error}") from error


def find_notebook(folder: Path, slug: str) -> Path:
    """The one notebook of a hand-in: the one with the right name, else the only one."""
    expected = folder / f"{slug}.ipynb"
    try:
        with os.scandir(folder) as entries:
            names = {e.name: e.is_dir(follow_symlinks=False) for e in entries}
    except OSError as error:
        raise SubmissionError(f"its folder may not be looked into ({error.strerror}). Make it "
                              "readable and grade again.") from None
    found = sorted(n for n in names if n.lower().endswith(".ipynb") and not n.startswith("."))
    if expected.name in found:
        return expected
    if not found:
        raise SubmissionError(f"there is no notebook, {_instead(names)}. Ask for {slug}.ipynb, put "
                              "it there and grade again.")
    if len(found) > 1:
        told = _some([notebook_file.called(Path(n)) for n in found])
        raise SubmissionError(f"none of the notebooks {told} is called {slug}.ipynb. Rename the "
                              "right one and grade again.")
    return folder / found[0]


def _instead(names: dict[str, bool]) -> str:
    """What a folder holds in which no notebook was found: "only hw1_dropout.ipynb.txt, sub/"."""
    told = sorted(notebook_file.called(Path(n)) + "/" * is_folder
                  for n, is_folder in names.items() if n != STAMP)
    return f"only {_some(told)}" if told else "and nothing else"


def _some(names: list[str]) -> str:
    return ", ".join(names[:3]) + ", ..." * (len(names) > 3)


def for_staff(error: str) -> str:
    """What a student would read about a hand-in, and what staff do where a file is asked for."""
    asks = re.search(r"\bhand\b.* in\b", error, re.IGNORECASE)
    return (f"{error} Ask the student for that file, put it into submitted/ and grade again."
            if asks else error)


# ------------------------------------------------------------------------------- what was collected
def in_the_way(folder: Path, slug: str) -> str:
    """Why nothing may be put there: as in grading, no link is followed."""
    for place in (folder.parent, folder) if folder.name == slug else (folder,):
        if os.path.lexists(place) and (place.is_symlink() or not place.is_dir()):
            return (f"{place} is {'only a link' if place.is_symlink() else 'no folder'}; take it "
                    "away, and collect again")
    return ""


def standing_notes(notes: Iterable[str], folder: Path, collected: Mapping[str, str]) -> list[str]:
    """What was noted at collecting and is still so: nothing where something else lies there."""
    if time_by_hand(folder, collected):
        return [note for note in notes if note != UNTIMED]
    return list(notes) if words_of(folder) == dict(collected) else []


def time_by_hand(folder: Path, collected: Mapping[str, str]) -> str:
    """A human's timestamp.txt where the platform told no time; "" if nobody's, or no time."""
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
    """Name -> digest of ordinary files; "" for an unreadable one, or larger than any collected."""
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
