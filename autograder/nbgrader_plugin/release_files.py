"""The last step of generate_assignment: what the released folder holds, and nothing else."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from autograder import __version__, layout, notebook
from autograder.course import HINTS
from autograder.model import CourseError
from autograder.nbgrader_plugin.context import Place
from autograder.nbgrader_plugin.elsewhere import Step
from autograder.staff import hints


class FinishRelease(Step):
    """Write hints.json and layout.json with the release; refuse what no student should have."""

    def take(self, nb: Any, resources: Any, place: Place) -> None:
        _refuse_strangers(place.source, place.release, place.slug)
        place.release.mkdir(parents=True, exist_ok=True)
        staff = place.staff()
        self.log.info("%s: judging the key's wrong answers for hints.json, which takes about half "
                      "a minute", place.slug)
        known = notebook.layout_of(nb, place.source / f"{place.slug}.ipynb")
        _write(place.release / HINTS, hints_text(hints(staff)))
        _write(place.release / layout.LAYOUT,
               layout.text(place.slug, known, staff.assignment.exercises))
        nb.metadata["autograder"] = {"assignment": place.slug, "release": __version__}


def _write(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8", newline="\n")


def hints_text(told: Any) -> str:
    """hints.json as it is written: the same bytes on every machine."""
    return json.dumps(told, indent=1, sort_keys=True, ensure_ascii=False) + "\n"


def belongs(slug: str) -> set[str]:
    """The names of the files that a released folder holds."""
    return {f"{slug}.ipynb", "checks.py", HINTS, layout.LAYOUT}


def _refuse_strangers(source: Path, release: Path, slug: str) -> None:
    notebooks = {p.relative_to(source).as_posix()
                 for p in source.rglob("*.ipynb") if ".ipynb_checkpoints" not in p.parts}
    copied = {p.relative_to(release).as_posix() for p in release.rglob("*") if p.is_file()}
    strange = sorted((notebooks | copied) - belongs(slug))
    if strange:
        raise CourseError(
            f"solutions/{slug}/ holds {', '.join(strange)}, which would be given to the students. "
            f"Move secrets beside the folder (like solutions/{slug}_key.py), data to datasets/, "
            "and delete what is left over.")
    if not (source / f"{slug}.ipynb").is_file():
        raise CourseError(
            f"solutions/{slug}/ has no {slug}.ipynb. Give the notebook the name of its folder.")
