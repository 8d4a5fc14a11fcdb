"""Courses as a user of stock nbgrader would have them, of the same notebooks, with asserts.

Those of one kind look only whether an answer is there: less than any real test asks for, so that
what is said of stock nbgrader is rather too good than too bad. Those of the other make the calls
that our checks make, and compare with what the solution gives for the same seeds.
"""

from __future__ import annotations

import ast
import json
import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from autograder.asking import script_text
from autograder.authoring import scratch
from autograder.authoring.target import Recorder
from autograder.folders import folders
from autograder.judge import judge
from autograder.model import Answer, Call, Exercise, Outcome
from autograder.nbgrader_plugin.settings import collecting
from autograder.staff import Staff, load_staff

EMPTY, REAL = "asserts that an answer is there", "asserts of our calls"
CONFIG = """
c = get_config()
c.CourseDirectory.source_directory = "solutions"
c.CourseDirectory.release_directory = "assignments"
c.ClearSolutions.enforce_metadata = False
"""
TOLD = """
def _told(value):
    value = value[0] if isinstance(value, (tuple, list)) and value else value
    return float(np.sum(np.asarray(value, dtype=float)))
"""
CALLS = 24  # of one script that are written out


def course(course: Path, slug: str, kind: str) -> Path:
    """The course for stock nbgrader, beside `course`, with the same answers handed in."""
    folder = course.with_name(f"{course.name}-stock-{'real' if kind == REAL else 'empty'}")
    shutil.rmtree(folder, ignore_errors=True)
    (folder / "solutions" / slug).mkdir(parents=True)
    (folder / "nbgrader_config.py").write_text(CONFIG, encoding="utf-8")
    source = json.loads(folders(course).notebook(slug).read_text(encoding="utf-8"))
    made = with_asserts(source, load_staff(course, slug), kind)
    (folder / "solutions" / slug / f"{slug}.ipynb").write_text(json.dumps(made), encoding="utf-8")
    scratch.nbgrader(folder, "generate_assignment", slug)
    theirs = collecting(course, slug)[0]
    for path in Path(theirs.format_path(theirs.submitted_directory, "*",
                                        slug)).parent.parent.glob(f"*/{slug}"):
        shutil.copytree(path, folder / "submitted" / path.parent.name / slug)
    return folder


def with_asserts(notebook: dict[str, Any], staff: Staff, kind: str = EMPTY) -> dict[str, Any]:
    """The notebook with asserts in its check cells."""
    answers = staff.solution.answers
    for cell in notebook["cells"]:
        told = cell.get("metadata", {}).get("nbgrader", {})
        name = str(told.get("grade_id", "")).removeprefix("check_")
        if told.get("grade") and name in answers:
            exercise = staff.assignment.exercise(name)
            cell["source"] = (f"assert {_first_name(answers[name])} is not None\n" if kind == EMPTY
                              else asserts(exercise, staff))
    return notebook


def _first_name(source: str) -> str:
    line = next(line for line in source.splitlines() if line.startswith("def ") or " = " in line)
    return line.removeprefix("def ").partition("(")[0].partition(" = ")[0].strip()


def asserts(exercise: Exercise, staff: Staff) -> str:
    """Cells that make our checks' calls and compare with what the solution gives for the seeds."""
    subject = Recorder(staff.reference)
    judge(exercise, subject, staff.assignment.slug, staff.key.salt, staff.reference)
    return TOLD + "".join(text for calls, answers in subject.asked
                          for text in _assert(calls, answers))


def _assert(calls: Sequence[Call], answers: Sequence[Answer]) -> Iterator[str]:
    calls = calls[:CALLS]
    first, _, last = script_text(calls, len(calls)).rpartition("\n")
    *before, end = last.split("; ")
    lines = [*filter(None, [first]), *before]
    answer = answers[len(calls) - 1]
    if answer.outcome is Outcome.RAISED:
        test = (f"try:\n    {end}\nexcept ValueError:\n    pass\nelse:\n"
                "    raise AssertionError('no ValueError')")
    elif (wanted := _told(answer.value)) is None:
        test = end
    else:
        test = f"assert np.isclose(_told({end}), {wanted!r}, rtol=1e-6, equal_nan=True)"
    text = "\n".join([*lines, test]) + "\n"
    try:
        ast.parse(text)
    except SyntaxError:  # a text that is for people
        return
    yield text


def _told(value: Any) -> float | None:
    """What TOLD makes of it; None for what has no sum."""
    names: dict[str, Any] = {"np": np}
    exec(TOLD, names)
    try:
        return float(names["_told"](value))
    except (TypeError, ValueError):
        return None
