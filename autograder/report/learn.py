"""What opens a feedback page: an exercise's parts with points, and what to learn first.

It travels in the metadata of a check cell's output, as plain data. Nothing of a hidden case is in
it that the report below does not say.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from autograder.model import ExerciseResult
from autograder.report import html, words

FIRST = 2  # things to learn; more are not read
# so ends what is said where no answer is: nothing to learn
UNWRITTEN = ("is not written yet", "another name", "is missing")


def of_result(result: ExerciseResult) -> dict[str, Any]:
    """One exercise as plain data."""
    return {
        "points": result.points,
        "not_run": bool(result.not_run),
        "written": not (trouble := words.first_trouble(result)) or bool(result.points)
        or not trouble.got.endswith(UNWRITTEN),
        "parts": [
            {"name": p.name, "sentence": words.part_sentence(p), "points": p.points,
             "most": p.max_points, "mark": words.part_mark(p, of)}
            for p, of in words.grouped(result)
            if p
        ],
        "learn": _lesson(result),
    }


def _lesson(result: ExerciseResult) -> dict[str, Any] | None:
    """The belief that explains a loss, else the first sentence that fails; or None."""
    verdict = words.first_trouble(result)
    if verdict is None or result.points >= result.max_points:
        return None
    drawn = next((v.picture for v in result.verdicts
                  if not v.passed and v.picture is not None), None)
    lost = result.max_points - result.points
    if hints := words.hints(result.diagnoses, result.name):
        return {"text": hints[0], "named": True, "lost": lost, "picture": html.picture(drawn)}
    if verdict.got.endswith(UNWRITTEN):
        return None
    text = f"“{words.sentence(verdict)}” does not hold yet: {words.story(verdict)}"
    return {"text": text, "named": False, "lost": lost, "picture": html.picture(drawn)}


def first(lessons: Iterable[tuple[str, Mapping[str, Any]]]) -> list[tuple[str, Mapping[str, Any]]]:
    """The lessons (by exercise) to begin with: named beliefs first, then by lost points."""
    ranked = sorted(lessons, key=lambda one: (not one[1]["named"], -one[1]["lost"]))
    once: dict[str, tuple[str, Mapping[str, Any]]] = {}
    for name, lesson in ranked:
        once.setdefault(lesson["text"], (name, lesson))
    return list(once.values())[:FIRST]
