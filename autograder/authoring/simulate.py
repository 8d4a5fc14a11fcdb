"""A class that never was: plausible hand-ins in any number, the same for the same seed.

Most students are right in their own way, some hold a belief of the key about an exercise, some
leave one out, and a few files are broken, crash or never end. No two hand-ins are alike, as in a
real class, so that nothing is found in memory that was not judged.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from autograder.authoring import scratch
from autograder.authoring.fill import Notebook, filled, released, text_of, write
from autograder.folders import folders
from autograder.model import CourseError, Misconception, Variant
from autograder.nbgrader_plugin.settings import collecting
from autograder.staff import Staff, load_staff

# out of a hundred exercises
RIGHT, OWN_WAY, BELIEF = 45, 20, 22  # the rest is left as it was handed out
# out of a thousand hand-ins
CUT, EMPTY, ENDLESS, CRASHES, SYNTAX, NOTHING = 10, 3, 3, 7, 12, 15
TROUBLE = {
    "endless": "while True:\n    pass\n",
    "crashes": "import os\n\nos._exit(1)\n",
    "syntax": "def {name}(x, p:\n    return x\n",
}


@dataclass(frozen=True)
class Stock:
    """What hand-ins are made of: exercise -> sources of its answer cells."""

    blank: Notebook
    right: Mapping[str, str]
    own_ways: Mapping[str, Sequence[Mapping[str, str]]] = field(default_factory=dict)
    beliefs: Mapping[str, Sequence[Mapping[str, str]]] = field(default_factory=dict)


def stock(staff: Staff, blank: Notebook) -> Stock:
    """Everything the key knows, as answers."""
    return Stock(blank, staff.solution.answers, _answers(staff, staff.key.variants),
                 _answers(staff, staff.key.misconceptions))


def _answers(staff: Staff,
             entries: Sequence[Misconception | Variant]) -> dict[str, list[Mapping[str, str]]]:
    """Exercise -> for each entry, the answer cells in which it differs from the solution."""
    found: dict[str, list[Mapping[str, str]]] = {}
    for entry in entries:
        found.setdefault(entry.exercise, []).append(staff.written(entry))
    return found


def hand_ins(stock: Stock, students: int, seed: int) -> Iterator[tuple[str, str]]:
    """(student, text of the file), one by one; the n-th does not depend on how many follow."""
    digits = max(4, len(str(students)))
    for number in range(1, students + 1):
        chance = random.Random(f"{seed}/{number}")
        yield f"s{number:0{digits}d}", _file(stock, f"s{number:0{digits}d}", chance)


def _file(stock: Stock, student: str, chance: random.Random) -> str:
    (kind,) = chance.choices(["cut", "empty", "endless", "crashes", "syntax", "nothing", "work"],
                             [CUT, EMPTY, ENDLESS, CRASHES, SYNTAX, NOTHING,
                              1000 - CUT - EMPTY - ENDLESS - CRASHES - SYNTAX - NOTHING])
    answers = {} if kind == "nothing" else _worked(stock, student, chance)
    if kind in TROUBLE:
        name = chance.choice(sorted(stock.right))
        answers[name] = TROUBLE[kind].replace("{name}", name)
    text = text_of(filled(stock.blank, answers))
    return "" if kind == "empty" else text[: len(text) // 2] if kind == "cut" else text


def _worked(stock: Stock, student: str, chance: random.Random) -> dict[str, str]:
    """Answers to the exercises, each signed: a comment makes them the student's own."""
    answers: dict[str, str] = {}
    diligence = chance.uniform(0.4, 1.6)  # good students are good at everything, more or less
    for name, source in stock.right.items():
        luck = chance.uniform(0, 100) / diligence
        if luck < RIGHT:
            answers.setdefault(name, source)
        elif luck < RIGHT + OWN_WAY and stock.own_ways.get(name):
            answers |= chance.choice(stock.own_ways[name])
        elif luck < RIGHT + OWN_WAY + BELIEF and stock.beliefs.get(name):
            answers |= chance.choice(stock.beliefs[name])
    return {name: f"{source.rstrip()}\n# {student}\n" for name, source in answers.items()}


def simulate(root: Path, slug: str, students: int, seed: int, into: Path) -> Path:
    """A scratch course in `into`, generated, with that many hand-ins in submitted/."""
    if students < 1:
        raise CourseError("A class has at least one student. Give --students a number above 0.")
    course = scratch.course(root, into.resolve(), slug)
    scratch.nbgrader(course, "generate_assignment", slug)
    made = stock(load_staff(course, slug),
                 released(folders(course).released(slug) / f"{slug}.ipynb"))
    theirs = collecting(course, slug)[0]
    for student, text in hand_ins(made, students, seed):
        write(text, Path(theirs.format_path(theirs.submitted_directory, student, slug))
              / f"{slug}.ipynb")
    return course
