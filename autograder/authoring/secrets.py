"""Whether a hand-out holds a text that is secret: a line of a solution, of a key, or of the tests, which hold right answers, too."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import autograder
from autograder.authoring.handout import PACKAGE, Handout
from autograder.authoring.release import plain, regions

LEAST = 35  # characters of a line that is no coincidence
CLOSED = ("tests/", "authoring/", "classes/", "nbgrader_plugin/", "sandbox/", "worker/", "grade.py")  # of the package: for staff


def leaks(handout: Handout, root: Path) -> Iterator[str]:
    """What must not be in the hand-out; each sentence ends with the mend."""
    for name in handout.wheel:
        if name.removeprefix(f"{PACKAGE}/").startswith(CLOSED):
            yield f"The wheel holds {name}, which is for staff. Find out which of the student's modules imports it."
    known, told = _secret_lines(root), set[str]()
    for name, data in sorted({**handout.files, **handout.wheel}.items()):
        for line in sorted(_lines(data) & known.keys() - told):
            told.add(line)
            yield f"{name} holds a line of {known[line]}: {line!r}. Say it in another way there, or take it out."


def _lines(data: bytes) -> set[str]:
    text = data.decode("utf-8", "replace")
    return {line for line in plain(text).split("\n") if len(line) >= LEAST}


def _secret_lines(root: Path) -> dict[str, str]:
    """The long lines of solutions, keys and tests, with where they stand, but for those that are released."""
    found: dict[str, str] = {}
    for path in sorted((root / "solutions").glob("*_key.py")):
        found |= dict.fromkeys(_lines(path.read_bytes()), f"solutions/{path.name}")
    for path in sorted((root / "solutions").glob("*/*.ipynb")):
        found |= dict.fromkeys(_solved(path), f"the solution in {path.name}")
    public = {line for path in _public(root) for line in (_cells(path) if path.suffix == ".ipynb" else _lines(path.read_bytes()))}
    return {line: where for line, where in found.items() if line not in public}


def _solved(path: Path) -> set[str]:
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    answers = ["".join(c["source"]) for c in cells if c["metadata"].get("nbgrader", {}).get("solution")]
    return {line for source in answers for region in regions(source) for line in _lines(region.encode())}


def _cells(path: Path) -> set[str]:
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    return {line for c in cells for line in _lines("".join(c["source"]).encode())}


def _public(root: Path) -> Iterator[Path]:
    """What is released anyhow: notebooks and checks. A key and a module may both import what an author uses."""
    yield from (root / "assignments").glob("*/*.ipynb")
    yield from (root / "assignments").glob("*/checks.py")
    yield Path(autograder.__file__).parent / "keys.py"
