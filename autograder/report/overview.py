"""All exercises of a self-check in a few lines: how much of each holds, the points in reach, and what comes next."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence

from autograder.model import ExerciseResult
from autograder.report import words

WIDTH = 100
HEAD = ("exercise", "parts", "points in reach", "next")


def lines(results: Sequence[ExerciseResult]) -> Iterator[str]:
    """The table; nothing for no exercise."""
    rows = [_row(result) for result in results]
    if not rows:
        return
    widths = [max(len(row[column]) for row in [HEAD, *rows]) for column in range(3)]
    for row in [HEAD, *rows]:
        start = "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=False))
        yield f"{start}  {textwrap.shorten(row[3], max(20, WIDTH - len(start) - 2), placeholder=' ...')}".rstrip()
    judged = [r for r in results if not r.not_run]
    reach, most = (words.number(sum(getattr(r, name) for r in judged)) for name in ("points", "max_points"))
    yield f"{'all'.ljust(widths[0])}  {''.ljust(widths[1])}  {reach} of {most}"


def _row(result: ExerciseResult) -> tuple[str, str, str, str]:
    name = words.line(result.name)
    if result.not_run:
        return name, "-", "-", f"not run: {words.line(result.not_run)}"
    points = f"{words.number(result.points)} of {words.number(result.max_points)}"
    parts = f"{sum(p.full for p in result.parts)} of {len(result.parts)}"
    return name, parts, points, _next(result)


def _next(result: ExerciseResult) -> str:
    """What to do about it: the sentence of the first cross, or that there is nothing to do."""
    trouble = words.first_trouble(result)
    if trouble is None:
        return "done"
    if words.unwritten(trouble):
        return "to be written"
    return words.sentence(trouble)
