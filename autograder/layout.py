"""layout.json: what the kit must know of the released notebook, so that no other stands for it.

It lies beside hints.json and holds the exercises in their order, their points and parts, the set-up
cell, and digests of the released code cells: stubs, checks, demonstrations. A student's file is
read against it, whatever that file is called and says of itself.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from autograder.model import CourseError, Exercise

LAYOUT = "layout.json"
DIGITS = 32  # of a digest in hexadecimal
AGAIN = "Take it again from the folder you were given."


@dataclass(frozen=True)
class Layout:
    """What the course's own notebook says about the assignment."""

    setup: str  # source of the set-up cell, or ""
    points: Mapping[str, float]  # exercise -> points, in notebook order
    cells: frozenset[str]  # digests of the code cells, save the solutions
    slug: str = ""  # "" in a layout that was read from a notebook: there the folder says it
    # exercise -> part -> share
    parts: Mapping[str, Mapping[str, float]] = field(default_factory=dict)


def digest(source: str) -> str:
    """By which a cell is known again: SHA-256 of its text without the space around it."""
    return hashlib.sha256(source.strip().encode("utf-8", "replace")).hexdigest()[:DIGITS]


def text(slug: str, layout: Layout, exercises: Iterable[Exercise]) -> str:
    """layout.json as it is written: the same bytes on every machine."""
    listed = {e.name: e for e in exercises}
    known = [{"name": n, "points": p, "parts": {q.name: q.share for q in listed[n].parts}}
             for n, p in layout.points.items()]
    told = {"assignment": slug, "setup": layout.setup, "exercises": known,
            "cells": sorted(layout.cells)}
    return json.dumps(told, indent=1, ensure_ascii=False) + "\n"


def read(path: Path) -> Layout:
    """The layout in a released folder; CourseError when it is lost or no layout."""
    try:
        return _layout(json.loads(path.read_text(encoding="utf-8")))
    except FileNotFoundError:
        raise CourseError(f"{path} is missing. It says which cells of the notebook are the "
                          f"course's own. {AGAIN}") from None
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise CourseError(
            f"{path} cannot be read ({type(error).__name__}: {error}). {AGAIN}") from error


def _layout(told: Any) -> Layout:
    exercises = told["exercises"]
    points = {str(e["name"]): float(e["points"]) for e in exercises}
    parts = {e["name"]: {str(name): float(share) for name, share in e["parts"].items()}
             for e in exercises}
    return Layout(str(told["setup"]), points, frozenset(map(str, told["cells"])),
                  str(told["assignment"]), parts)


def must_agree(layout: Layout, exercises: Iterable[Exercise], folder: Path) -> None:
    """Refuse a checks.py not released with this layout; one that lists no parts is not asked."""
    found = {e.name: {part.name: float(part.share) for part in e.parts} for e in exercises}
    odd = [name for name in layout.parts if found.get(name) != layout.parts[name]]
    if odd:
        mend = "Take both again from the folder you were given."
        raise CourseError(
            f"{folder / 'checks.py'} and {LAYOUT} tell different things of {odd[0]}. {mend}")
