"""Points that a notebook's prose speaks of, beside those of its check cells: the line below a heading, and the table at the beginning.

Points stand in the metadata of check cells; prose may repeat them, and then must not say another number.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

CHECK = "check_"
LINE = re.compile(r"^\*(?P<points>\d+(?:\.\d+)?) points?[ ,;.*]", re.M)  # "*3 points, about 10 minutes*"
ROW = re.compile(r"^\|[^|]*\|\s*`(?P<name>\w+)`[^|]*\|\s*(?P<points>\d+(?:\.\d+)?)\s*\|", re.M)  # "| 1 | `keep_mask`: ... | 3 | 10 |"


def findings(cells: Sequence[Mapping[str, Any]], name: str) -> Iterator[str]:
    """What the prose says otherwise than the metadata; each sentence ends with the mend."""
    points = {k.removeprefix(CHECK): p for k, p in _graded(cells) if k.startswith(CHECK)}
    total, first = sum(p for _, p in _graded(cells)), True
    waiting: list[float] = []
    for cell in cells:
        told = cell.get("metadata", {}).get("nbgrader", {})
        source = "".join(cell["source"])
        if cell["cell_type"] == "markdown":
            said = [float(found["points"]) for found in LINE.finditer(source)]
            if said and first:
                first = False
                yield from _differs(name, "all exercises together", said.pop(0), total)
            waiting += said
            for row in ROW.finditer(source):
                yield from _row(name, row["name"], float(row["points"]), points)
        elif told.get("grade") and waiting:
            exercise = told["grade_id"].removeprefix(CHECK)
            for number in waiting:
                yield from _differs(name, exercise, number, told["points"])
            waiting = []


def _graded(cells: Sequence[Mapping[str, Any]]) -> Iterator[tuple[str, float]]:
    for cell in cells:
        told = cell.get("metadata", {}).get("nbgrader", {})
        if told.get("points"):
            yield told["grade_id"], told["points"]


def _row(name: str, exercise: str, said: float, points: Mapping[str, float]) -> Iterator[str]:
    if exercise in points:
        yield from _differs(name, exercise, said, points[exercise])


def _differs(name: str, what: str, said: float, is_worth: float) -> Iterator[str]:
    if abs(said - is_worth) > 1e-9:
        yield f"{name}: the prose says that {what} is worth {said:g} points, and the check cells say {is_worth:g}. Mend one of them."
