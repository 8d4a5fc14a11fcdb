"""How long a notebook takes, by one rule, and what its prose says of it."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from autograder.authoring.prose import minutes
from autograder.authoring.prose import of_minutes as findings

SOLUTIONS = Path(__file__).parents[2] / "solutions"
ABOUT = SOLUTIONS.parent / "README.md"
README = re.compile(r"^\| `(?P<slug>hw\w+)` \|[^|]*\|[^|]*\| (?P<minutes>\d+) \|$", re.MULTILINE)
TABLE = """# Title

*2 points, about {total} minutes*

| 1 | `f` | 2 | {first} |
| | everything else | | {rest} |
| | optional: more | 0 | 30 |"""


def text(source: str) -> dict[str, Any]:
    return {"cell_type": "markdown", "source": source, "metadata": {}}


def code(source: str, **metadata: Any) -> dict[str, Any]:
    return {"cell_type": "code", "source": source, "metadata": metadata}


def notebook(total: int = 35, first: int = 25, rest: int = 10,
             heading: int = 25) -> list[dict[str, Any]]:
    lines = "x = 1\n# said in passing\n\n"
    solved = "def f():\n    ### BEGIN SOLUTION\n" + lines * 10 + "    ### END SOLUTION"
    return [
        text(TABLE.format(total=total, first=first, rest=rest)),
        text("word " * 1300),
        text(f"## 1 · f\n\n*2 points, about {heading} minutes*\n" + "word " * 650),
        code(solved, nbgrader={"solution": True}),
        code(lines * 100),
        code(lines * 1000, jupyter={"source_hidden": True}),
        text("## Optional: more\n" + "word " * 5000),
    ]


def test_words_and_lines_take_time_and_what_is_folded_or_optional_does_not() -> None:
    # 1300 words are 10 minutes; 650 words, 10 lines to write and a hundred and a few to read are 5
    # + 15 + 5
    assert minutes(notebook()) == {"": 10, "1": 25}


@pytest.mark.parametrize(
    ("change", "finding"),
    [
        ({}, None),
        ({"first": 20, "total": 30, "heading": 20}, None),  # prose may round
        ({"first": 15, "total": 25, "heading": 15}, "gives exercise 1 15 minutes. Reckoned are 25"),
        ({"rest": 60, "total": 85}, "gives what stands in no exercise 60 minutes. Reckoned are 10"),
        ({"heading": 10}, "exercise 1 takes about 25 minutes by the table and 10 by its heading"),
        ({"total": 60}, "the whole takes about 35 minutes by the table and 60 by its heading"),
    ],
)
def test_minutes_that_the_rule_does_not_give_are_found(change: dict[str, int],
                                                       finding: str | None) -> None:
    found = list(findings(notebook(**change), [], "hw.ipynb"))
    assert len(found) == (finding is not None)
    assert finding is None or finding in found[0]


def test_who_says_no_minutes_is_not_asked() -> None:
    assert list(findings([text("# Title"), *notebook()[1:]], [], "hw.ipynb")) == []


@pytest.mark.parametrize("path", sorted(SOLUTIONS.glob("*/*.ipynb")), ids=lambda p: p.stem)
def test_the_courses_own_notebooks_say_what_they_take(path: Path) -> None:
    header, cells = (json.loads(p.read_text(encoding="utf-8"))["cells"]
                     for p in (SOLUTIONS / "header.ipynb", path))
    assert list(findings(cells, header, path.name)) == []
    said = next(row["minutes"] for row in README.finditer(ABOUT.read_text(encoding="utf-8"))
                if row["slug"] == path.stem)
    assert f"about {said} minutes" in "".join(cells[0]["source"])
