"""A course folder of one's own, or the kit's steps added to a course of nbgrader's."""

from __future__ import annotations

import os
import re
import shutil
import sysconfig
from collections.abc import Iterator, Sequence
from pathlib import Path

from autograder.folders import CONFIG, SALT, folders, new_salt
from autograder.model import CourseError
from autograder.staff import must_exist

NEW = """from autograder.nbgrader_config import configure

c = get_config()
c.CourseDirectory.course_id = {course_id!r}

# The exchange, where students and staff share a machine:
# c.Exchange.root = "/srv/nbgrader/exchange"

# Another gradebook than gradebook.db (pip install "psycopg[binary]"):
# c.CourseDirectory.db_url = "postgresql+psycopg://grader@localhost/gradebook"

# What being late costs: a file late.py beside this one, with
#     from nbgrader.plugins import LateSubmissionPlugin
#     class Late(LateSubmissionPlugin):
#         def late_submission_penalty(self, student_id, score, total_seconds_late):
#             return min(score, total_seconds_late / 3600)  # points to take off: one for each hour
# c.AssignLatePenalties.plugin_class = "late.Late"

configure(c)  # what you set below this line wins
"""

ADDED = """
# The kit's steps, for assignments with a checks.py; all others are graded as before. What you set
# below this line wins.
from autograder.nbgrader_config import configure

configure(get_config(), source="source", release="release")
"""

PRIVATE = (SALT, "gradebook.db*", ".autograder/", "submitted/", "autograded/", "feedback/",
           "downloaded/", "build/", "grades.csv", "*.bak")
LOCAL = ("simulated/", "__pycache__/", ".ipynb_checkpoints/", ".venv/", ".DS_Store")
HEADERS = (  # the kit's, in a checkout and where pip puts it
    Path(__file__).parents[2] / "solutions" / "header.ipynb",
    Path(sysconfig.get_path("data")) / "share" / "autograder" / "header.ipynb",
)


def init(folder: Path, kit: Path | None = None, chosen: Sequence[str] = (),
         course_id: str = "") -> Iterator[str]:
    """Make the folder or add to it; says what is written. CourseError before any change."""
    folder = folder.resolve()
    theirs = (folder / CONFIG).is_file()
    _may_be_written(folder, theirs)
    course_id = course_id or folder.name
    if not re.fullmatch(r"[\w.-]+", course_id):
        raise CourseError(f"{course_id!r} is no name for a course in the exchange. Give "
                          "--course-id letters, digits, - and _ only.")
    copies = [(kit, slug) for slug in chosen] if kit else []
    for course, slug in copies:
        must_exist(course, slug)
    folder.mkdir(parents=True, exist_ok=True)
    yield _adopted(folder) if theirs else _configured(folder, course_id)
    _ignored(folder)
    yield (f"wrote {new_salt(folder)}, this course's own: keep it with the gradebook"
           if not (folder / SALT).exists() else f"kept {SALT}")
    yield _headed(folder, kit)
    for course, slug in copies:
        yield _copied(course, folder, slug)
    yield _next(folder, chosen)


def _may_be_written(folder: Path, theirs: bool) -> None:
    if folder.exists() and not folder.is_dir():
        raise CourseError(f"{folder} is no folder. Name another one.")
    if folder.is_dir() and not theirs and any(folder.iterdir()):
        raise CourseError(f"{folder} is not empty, and there is no {CONFIG} in it. Name a new "
                          "folder, or a course of nbgrader's.")
    parent = next(p for p in (folder, *folder.parents) if p.exists())
    if not os.access(parent, os.W_OK):
        raise CourseError(f"You may not write in {parent}. Name another folder.")


def _configured(folder: Path, course_id: str) -> str:
    (folder / CONFIG).write_text(NEW.format(course_id=course_id), encoding="utf-8")
    return f"wrote {folder / CONFIG}"


def _adopted(folder: Path) -> str:
    """Add our lines to a configuration, once; what it says of folders stays."""
    path = folder / CONFIG
    text = path.read_text(encoding="utf-8")
    if "autograder" in text and "configure(" in text:
        return f"kept {path}: it has the kit's steps"
    shutil.copy(path, path.with_name(f"{CONFIG}.bak"))
    path.write_text(text.rstrip("\n") + "\n" + ADDED, encoding="utf-8")
    return f"added the kit's steps to {path} (before: {CONFIG}.bak)"


def _ignored(folder: Path) -> None:
    path = folder / ".gitignore"
    before = path.read_text(encoding="utf-8") if path.is_file() else ""
    missing = [line for line in (*PRIVATE, *LOCAL) if line not in before.splitlines()]
    gap = "\n" * bool(before and not before.endswith("\n"))
    path.write_text(before + gap + "".join(f"{line}\n" for line in missing), encoding="utf-8")


def _headed(folder: Path, kit: Path | None) -> str:
    """The header of the assignments' course, else the kit's. One that is there stays."""
    header = folders(folder).header
    if header.exists():
        return f"kept {header}"
    found = next((path for path in (*([folders(kit).header] if kit else []), *HEADERS)
                  if path.is_file()), None)
    if found is None:
        raise CourseError("The kit's header.ipynb is missing. Copy solutions/header.ipynb of the "
                          f"repository to {header}; run init again.")
    header.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(found, header)
    return f"copied {found} to {header}"


def _copied(kit: Path, folder: Path, slug: str) -> str:
    here, there = folders(kit), folders(folder)
    if there.of(slug).exists():
        return f"kept {there.of(slug)}"
    there.source.mkdir(parents=True, exist_ok=True)
    shutil.copytree(here.of(slug), there.of(slug),
                    ignore=shutil.ignore_patterns("__pycache__", ".*"))
    if here.key(slug).is_file():
        shutil.copy(here.key(slug), there.key(slug))
    return f"copied {slug} to {there.of(slug)}"


def _next(folder: Path, chosen: Sequence[str]) -> str:
    slug = chosen[0] if chosen else "hwN_name"
    what = ("" if chosen
            else f" (put assignments into {folders(folder).source}, or say --with hw1_dropout)")
    return f"Next{what}: cd {folder} && nbgrader generate_assignment {slug} --force"

