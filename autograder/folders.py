"""Where a course keeps what: its nbgrader_config.py says it, or else solutions/ and assignments/.

The file is read as nbgrader reads it, so it is for staff: a hand-out has none. And the salt of the
course, which stands beside it.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from autograder.model import CourseError

CONFIG = "nbgrader_config.py"
SALT = "course.salt"  # beside it; in no folder that anything is released from
SOURCE, RELEASE = "solutions", "assignments"


@dataclass(frozen=True)
class Folders:
    """The folders of a course that nbgrader lets one name, and the header of its notebooks."""

    source: Path
    release: Path
    header: Path

    def of(self, slug: str) -> Path:
        """Where an assignment is written."""
        return self.source / slug

    def key(self, slug: str) -> Path:
        """Beside it, what nobody is given."""
        return self.source / f"{slug}_key.py"

    def notebook(self, slug: str) -> Path:
        """The notebook with the solutions."""
        return self.source / slug / f"{slug}.ipynb"

    def released(self, slug: str) -> Path:
        """What students get."""
        return self.release / slug


def folders(root: Path) -> Folders:
    """The folders of the course at `root`. CourseError when its configuration cannot be read."""
    root = root.resolve()
    config = root / CONFIG
    return _folders(root, config.stat().st_mtime_ns if config.is_file() else 0)


@lru_cache(maxsize=64)
def _folders(root: Path, changed: int) -> Folders:
    told = _configuration(root) if changed else {}
    directory = dict(told.get("CourseDirectory", {}))
    source = root / str(directory.get("source_directory") or SOURCE)
    header = dict(told.get("IncludeHeaderFooter", {})).get("header")
    return Folders(source, root / str(directory.get("release_directory") or RELEASE),
                   root / header if header else source / "header.ipynb")


def _configuration(root: Path) -> Any:
    try:
        from traitlets.config.loader import PyFileConfigLoader
    except ImportError:  # without nbgrader nobody has set anything
        return {}
    try:
        return PyFileConfigLoader(CONFIG, path=str(root)).load_config()
    except Exception as error:  # it is a program, and may end in any way
        raise CourseError(f"{root / CONFIG} cannot be read ({type(error).__name__}: {error}). Mend "
                          "the file.") from error


def is_course(folder: Path) -> bool:
    """Whether this folder is the root of a course, or of what students were given of one."""
    return (any((folder / name).is_dir() for name in (SOURCE, RELEASE))
            or (folder / CONFIG).is_file())


@contextmanager
def writing(path: Path, mend: str) -> Iterator[None]:
    """Make the folder for a file to be written; CourseError with the mend where that cannot be."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        yield
    except OSError as error:
        raise CourseError(
            f"{path} cannot be written ({error.strerror or error}). {mend}") from error


def put(path: Path, content: bytes) -> None:
    """Write a file, so that the old or the new one is always there, whole; equal ones stay."""
    with suppress(OSError):
        if path.is_file() and not path.is_symlink() and path.read_bytes() == content:
            return
    new = path.with_name(f".{path.name}.new")
    new.unlink(missing_ok=True)  # of a run that was killed; it may be read-only
    new.write_bytes(content)
    os.replace(new, path)


# ---------------------------------------------------------------------------------- to other places
def travelling(root: Path, slug: str) -> dict[str, Path]:
    """The assignment with its key, its release, salt and data; nothing of the other assignments.

    Under the names that a course without a configuration has.
    """
    course = folders(root)
    places = {course.of(slug): f"{SOURCE}/{slug}", course.key(slug): f"{SOURCE}/{slug}_key.py",
              course.released(slug): f"{RELEASE}/{slug}", root / "datasets": "datasets",
              root / SALT: SALT}
    return {name: path for place, to in places.items() for name, path in below(place, to)}


def below(place: Path, to: str) -> Iterator[tuple[str, Path]]:
    """The files at or below a place, as they are called when it has this name."""
    for path in [place] if place.is_file() else sorted(place.rglob("*")):
        if (path.is_file()
                and not {"__pycache__", ".ipynb_checkpoints"} & {*path.relative_to(place).parts}):
            yield (to if path == place else f"{to}/{path.relative_to(place).as_posix()}"), path


# --------------------------------------------------------------------------------------------- salt
def salt(root: Path) -> str:
    """What makes this course's hidden cases its own; "" where it has no salt."""
    path = root / SALT
    try:
        return path.read_text(encoding="utf-8").strip() if path.is_file() else ""
    except (OSError, ValueError) as error:
        raise CourseError(
            f"{path} cannot be read ({error}). Make it readable, or put back your copy.") from error


def new_salt(root: Path, renew: bool = False) -> Path:
    """Write a salt, readable to its owner alone. CourseError if there is one, unless `renew`."""
    path = root / SALT
    if path.exists() and not renew:
        raise CourseError(
            f"{path} is there. Keep it while a term lasts; --renew makes another, for the next.")
    try:
        path.unlink(missing_ok=True)
        path.touch(mode=0o600, exist_ok=False)
        path.write_text(secrets.token_hex(16) + "\n", encoding="utf-8")
    except OSError as error:
        raise CourseError(f"{path} cannot be written ({error.strerror}). See that you may write "
                          "there.") from error
    return path
