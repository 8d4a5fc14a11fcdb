"""The pages in feedback/, zipped under the names by which a platform knows whose they are."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any

from autograder.folders import writing
from autograder.nbgrader_plugin import manifest, settings
from autograder.nbgrader_plugin.manifest import STABLE
from autograder.report import words
from autograder.report.standing import Standing

# as the page's template has them; nbgrader's own pages say the first in no one place, and nothing
# like the second
TOTAL = re.compile(r'<p class="total">([\d.]+) ')
WORD = re.compile(r'<meta content="(\w+)" name="marks"')
SAFE = str.maketrans(dict.fromkeys('_/\\:*?"<>|', "-"))  # Moodle cuts names at "_"


@dataclass
class Zipped:
    """Whose page is in the zip, under which name, and whose is not, and why."""

    names: dict[str, str] = field(default_factory=dict)
    lost: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class WayBack:
    """What was written down when the hand-ins were collected from one platform."""

    numbers: Mapping[str, str] = field(default_factory=dict)  # the platform's number -> student
    # student -> entry of this assignment's manifest
    entries: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)


def way_back(root: Path, slug: str, platform: str) -> WayBack:
    """Numbers and names of this assignment; of others too, if numbers are of persons."""
    _, downloaded = settings.collecting(root, slug)
    entries: dict[str, Mapping[str, Any]] = {}
    claims: dict[str, set[str]] = {}
    for path in sorted(downloaded.parent.glob(f"*/{settings.MANIFEST}")):
        here = path.parent.name == slug
        for entry in manifest.read(path)["hand_ins"] if here or platform in STABLE else ():
            if entry["platform"] == platform and entry["number"] and entry["student"]:
                claims.setdefault(str(entry["number"]), set()).add(entry["student"])
                entries |= {entry["student"]: entry} if here else {}
    return WayBack({n: min(students) for n, students in claims.items() if len(students) == 1},
                   entries)


def pages(coursedir: Any, slug: str,
          people: Iterable[Standing]) -> tuple[dict[str, Path], dict[str, str]]:
    """Student -> the page for them, and student -> why there is none that may be given back."""
    found, lost = dict[str, Path](), dict[str, str]()
    for one in people:
        student = one.student
        page = (Path(coursedir.format_path(coursedir.feedback_directory, student, slug))
                / f"{slug}.html")
        graded = (Path(coursedir.format_path(coursedir.autograded_directory, student, slug))
                  / f"{slug}.ipynb")
        if not graded.is_file():  # a page that is there is of an earlier hand-in
            lost[student] = ("has no notebook in autograded/, of which a page could be made. Tell "
                             "them their points yourself")
        elif not page.is_file():
            lost[student] = f"has no page in feedback/. Run: nbgrader generate_feedback {slug}"
        elif page.stat().st_mtime < graded.stat().st_mtime:
            lost[student] = ("was graded again after the page was written. Run: nbgrader "
                             f"generate_feedback {slug} --force")
        elif differs := _differs(page.read_text(encoding="utf-8", errors="replace"), one):
            lost[student] = f"says {differs}. Run: nbgrader generate_feedback {slug} --force"
        else:
            found[student] = page
    return found, lost


def _differs(page: str, one: Standing) -> str:
    """What a page says that the gradebook does not any more; "" where nothing is known."""
    points, total, word = words.number(one.score or 0.0), TOTAL.search(page), WORD.search(page)
    if total and total[1] != points:
        return f"{total[1]} points, and the gradebook {points}"
    return "other words or points than the gradebook by now" if word and word[1] != one.word else ""


def moodle_name(slug: str, name: str, number: str) -> str:
    """Where Moodle looks for a student's feedback: it reads the number and nothing else of it."""
    shown = " ".join(name.translate(SAFE).split()).lstrip(".~") or "participant"
    return f"{shown[:80]}_{number}_assignsubmission_file/{slug}.html"


def canvas_name(entry: Mapping[str, Any]) -> str:
    """The file's name as Canvas gave it out, with the student's and its number; or ""."""
    graded = [f["from"] for f in entry["files"] if f["as"]] or [f["from"] for f in entry["files"]]
    number = str(entry["number"])
    for source in graded:
        # a file in an archive of the student's: the archive has the name that Canvas knows
        for part in PurePosixPath(source).parts:
            words = part.split("_")
            if number in words and any(w.isdigit() for w in words[words.index(number) + 1 :]):
                return PurePosixPath(part).stem + ".html"
    return ""


def write(path: Path, found: Mapping[str, Path], names: Mapping[str, str]) -> Zipped:
    """Zip the pages of those who have a name there."""
    unknown = (
        "what the platform calls their hand-in is not known, as it was not collected from there")
    done = Zipped(lost={s: unknown for s in found if not names.get(s)})
    with writing(path, "Name another file, or make "
                 "room."), zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for student, page in found.items():
            if names.get(student):
                archive.write(page, names[student])
                done.names[student] = names[student]
    return done
