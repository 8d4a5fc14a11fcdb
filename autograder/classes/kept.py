"""`autograder grade --never-lower`: the same answers never get fewer points than before, whatever the course now asks.

A hand-in that is another one gets what it deserves. What the checks give now is written down beside the points that stay.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from autograder.nbgrader_plugin.context import CHECK
from autograder.report import words

if TYPE_CHECKING:
    from autograder.classes.desk import Graded

Before = tuple[str, Mapping[str, tuple[Any, ...]]]  # of the answers, and exercise -> points and checks that failed


def kept(one: Graded, before: Before | None, worth: Mapping[str, float]) -> Graded:
    """The hand-in with its points of before where they were more, as far as the exercise is still worth them."""
    if before is None or one.entry.marks is None or before[0] != one.done.answers:
        return one
    raised = dict[str, float]()
    for name, (points, _) in one.done.marks.items():
        had = before[1].get(name, (0.0, ()))[0]
        if min(had, worth.get(name, had)) > points:
            raised[name] = min(had, worth.get(name, had))
    return _with(one, raised) if raised else one


def _with(one: Graded, raised: Mapping[str, float]) -> Graded:
    assert one.entry.marks is not None, "points are kept of what has marks"
    cells = {CHECK + name: points for name, points in raised.items()}
    comments = dict(one.entry.marks.comments)
    for name, points in raised.items():
        told = f"- The checks are others than when this was graded before; its {words.number(points)} points stay."
        comments[name] = "\n".join(filter(None, [comments.get(name), told]))
    marks = replace(one.entry.marks, scores={**one.entry.marks.scores, **cells}, comments=comments)
    now = {name: (raised.get(name, points), failed) for name, (points, failed) in one.done.marks.items()}
    found = {name: one.done.marks[name][0] for name in raised}
    recorded = replace(one.done.recorded, scores={**one.done.recorded.scores, **cells})
    done = replace(one.done, recorded=recorded, marks=now, found=found)
    total = round(sum(points for points, _ in now.values()), 6)
    return replace(one, entry=replace(one.entry, marks=marks), done=done, points=total)
