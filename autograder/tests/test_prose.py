"""Points in prose, held against those of the check cells."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from autograder.authoring.prose import of_points as findings
from autograder.tests.classroom import TOY

SOLUTIONS = Path(__file__).parents[2] / "solutions"


def cell(source: str, points: float | None = None, name: str = "") -> dict[str, Any]:
    told = {"grade": True, "grade_id": f"check_{name}", "points": points}
    return {"cell_type": "code" if points else "markdown", "source": source,
            "metadata": {"nbgrader": told} if points else {}}


TABLE = ("| | exercise | points | minutes |\n|---|---|---:|---:|\n| 1 | `f`: first | 3 | 10 |\n"
         "| 2 | `g`: second | 1 | 5 |\n")


def told(total: str = "4 points", f: str = "3 points", g: str = "1 point",
         table: str = TABLE) -> list[str]:
    start = f"# Assignment\n\n*{total}, about 60 minutes.*\n\n{table}"
    cells = [cell(start), cell(f"## f\n\n*{f}, about 10 minutes*"), cell("check('f')", 3, "f")]
    cells += [cell(f"## g\n*{g}*\nAt 240 points on a spiral, a gain of 2 points."),
              cell("check('g')", 1, "g")]
    return list(findings(cells, "hw.ipynb"))


def test_prose_that_agrees_is_fine() -> None:
    assert told() == []


@pytest.mark.parametrize(
    ("change", "finding"),
    [
        ({"total": "14 points"},
         "all exercises together is worth 14 points, and the check cells say 4"),
        ({"f": "2 points"}, "f is worth 2 points, and the check cells say 3"),
        ({"g": "3 points"}, "g is worth 3 points, and the check cells say 1"),
        ({"table": TABLE.replace("| 3 |", "| 5 |")},
         "f is worth 5 points, and the check cells say 3"),
    ],
)
def test_prose_that_says_another_number_is_found(change: dict[str, str], finding: str) -> None:
    (found,) = told(**change)
    assert finding in found


@pytest.mark.parametrize("path", sorted(
    [*SOLUTIONS.glob("*/*.ipynb"), *(TOY / "solutions").glob("*/*.ipynb")]), ids=lambda p: p.stem)
def test_every_notebook_says_what_it_is_worth(path: Path) -> None:
    assert not list(findings(json.loads(path.read_text(encoding="utf-8"))["cells"], path.name))


def test_the_readme_has_the_points_and_minutes_of_the_notebooks() -> None:
    rows = re.findall(r"\| `(hw\w+)` \|.*\| (\d+) \| (\d+) \|",
                      (SOLUTIONS.parent / "README.md").read_text(encoding="utf-8"))
    assert [slug for slug, _, _ in rows] == sorted(path.parent.name
                                                   for path in SOLUTIONS.glob("*/*.ipynb"))
    for slug, points, minutes in rows:
        assert (f"{points} points, about {minutes} "
                "minutes" in (SOLUTIONS / slug / f"{slug}.ipynb").read_text(encoding="utf-8"))
