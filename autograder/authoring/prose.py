"""Points and minutes of which a notebook's prose speaks: below a heading, and in the table.

Points stand in the metadata of check cells; prose may repeat them, and then must not say another
number. How long a notebook takes is reckoned by one rule for all, and prose may round it: a minute
is 130 words of prose, formulas and questions among them, or 20 lines of code that are shown, or two
thirds of a line of the solution. Cells that are folded are not read.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from autograder.authoring.release import regions

CHECK = "check_"
# "*3 points, about 10 minutes*"
LINE = re.compile(r"^\*(?P<points>\d+(?:\.\d+)?) points?[ ,;.*]", re.M)
# "| 1 | `keep_mask`: ... | 3 | 10 |"
WORTH = re.compile(r"^\|[^|]*\|\s*`(?P<name>\w+)`[^|]*\|\s*(?P<points>\d+(?:\.\d+)?)\s*\|", re.M)
WORDS, SHOWN, WRITTEN = 130, 20, 2 / 3  # a minute
STEP = 5  # minutes; prose may be off by so many
REST = ""  # what stands in no exercise
HEADING = re.compile(r"^## (?:(?P<number>\d+) ·|(?P<optional>Optional)|)", re.M)
SAID = re.compile(r"about (\d+) minutes")
TAKES = re.compile(r"^\| *(?P<number>\d*) *\|(?P<what>[^|]*)\|[^|]*\| *(?P<minutes>\d+) *\|$", re.M)

Cells = Sequence[Mapping[str, Any]]


# ------------------------------------------------------------------------------------------- points
def of_points(cells: Cells, name: str) -> Iterator[str]:
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
            for row in WORTH.finditer(source):
                yield from _differs(name, row["name"], float(row["points"]),
                                    points.get(row["name"], float(row["points"])))
        elif told.get("grade") and waiting:
            exercise = told["grade_id"].removeprefix(CHECK)
            for number in waiting:
                yield from _differs(name, exercise, number, told["points"])
            waiting = []


def _graded(cells: Cells) -> Iterator[tuple[str, float]]:
    for cell in cells:
        told = cell.get("metadata", {}).get("nbgrader", {})
        if told.get("points"):
            yield told["grade_id"], told["points"]


def _differs(name: str, what: str, said: float, is_worth: float) -> Iterator[str]:
    if abs(said - is_worth) > 1e-9:
        yield (f"{name}: the prose says that {what} is worth {said:g} points, and the check cells "
               f"say {is_worth:g}. Mend one of them.")


# ------------------------------------------------------------------------------------------ minutes
def minutes(cells: Cells) -> dict[str, int]:
    """Minutes of each exercise by its number, and of the rest, in fives; optional parts aside."""
    found: dict[str, float] = defaultdict(float)
    for number, cell in _placed(cells):
        if number is not None:
            found[number] += _of_cell(cell)
    return {number: max(STEP, STEP * round(exact / STEP)) for number, exact in found.items()}


def of_minutes(cells: Cells, header: Cells, name: str) -> Iterator[str]:
    """Where a notebook's table of minutes says other ones; each sentence ends with the mend."""
    told = {row["number"]: int(row["minutes"]) for row in TAKES.finditer(_text(cells[0]))
            if "optional" not in row["what"]} if cells else {}
    if not told:
        return
    reckoned = minutes([*header, *cells])
    for number in sorted(told.keys() | reckoned.keys()):
        said, right = told.get(number, 0), reckoned.get(number, 0)
        if abs(said - right) > STEP:
            yield (f"{name}: the table gives {_called(number)} {said} minutes. Reckoned are "
                   f"{right}: write these.")
    for number, said in _headings(cells):
        right = told.get(number, 0) if number else sum(told.values())
        if said != right:
            what = _called(number) if number else "the whole"
            yield (f"{name}: {what} takes about {right} minutes by the table and {said} by its "
                   "heading. Write the same in both.")


def _headings(cells: Cells) -> Iterator[tuple[str, int]]:
    """What the title and the heading of each exercise say."""
    for place, (number, cell) in enumerate(_placed(cells)):
        said = SAID.search(_text(cell))
        if (said and cell["cell_type"] == "markdown"
                and (not place or (number and HEADING.search(_text(cell))))):
            yield number or REST, int(said[1])


def _placed(cells: Cells) -> Iterator[tuple[str | None, Mapping[str, Any]]]:
    """Each cell with the number of its exercise, REST, or None in an optional section."""
    number: str | None = REST
    for cell in cells:
        heading = HEADING.search(_text(cell)) if cell["cell_type"] == "markdown" else None
        if heading:
            number = None if heading["optional"] else heading["number"] or REST
        yield number, cell


def _of_cell(cell: Mapping[str, Any]) -> float:
    text, metadata = _text(cell), cell.get("metadata", {})
    if cell["cell_type"] == "markdown":
        return len(text.split()) / WORDS
    if metadata.get("jupyter", {}).get("source_hidden"):
        return 0.0
    solved = (sum(_lines(region) for region in regions(text))
              if metadata.get("nbgrader", {}).get("solution") else 0)
    return solved / WRITTEN + (_lines(text) - solved) / SHOWN


def _lines(code: str) -> int:
    return sum(bool(line.strip()) and not line.strip().startswith("#") for line in code.split("\n"))


def _text(cell: Mapping[str, Any]) -> str:
    return "".join(cell["source"])


def _called(number: str) -> str:
    return f"exercise {number}" if number else "what stands in no exercise"
