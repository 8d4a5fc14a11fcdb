"""Reports as data: a versioned dict for JSON, rows for a spreadsheet."""

from __future__ import annotations

import csv
import math
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from autograder.model import Earned, ExerciseResult, Report, Verdict
from autograder.report import text, words

SCHEMA = 1  # a new number whenever a key changes its meaning

HEADER = ("assignment", "submission", "status", "exercise", "outcome", "points", "max_points", "parts", "diagnoses", "error")

Cell = str | float | None


def to_dict(report: Report) -> dict[str, Any]:
    """The report as plain data that any JSON writer accepts: no NaN, no surrogates. Without a mark, `points` is null."""
    return {
        "schema": SCHEMA,
        "assignment": words.clean(report.assignment),
        "submission": _path(report.submission),
        "status": report.status,
        "error": words.clean(report.error) or None,
        "isolation": words.clean(report.isolation),
        "points": _number(report.points),
        "max_points": _number(report.max_points),
        "exercises": [_exercise(result) for result in report.exercises],
    }


def _exercise(result: ExerciseResult) -> dict[str, Any]:
    return {
        "name": words.clean(result.name),
        "points": _number(result.points),
        "max_points": _number(result.max_points),
        "outcome": result.outcome,
        "parts": [_part(part) for part in result.parts],
        "verdicts": [_verdict(verdict) for verdict in result.verdicts],
        "diagnoses": [{"name": words.clean(d.name), "message": words.clean(d.message)} for d in result.diagnoses],
    }


def _part(part: Earned) -> dict[str, Any]:
    return {
        "name": words.clean(part.name),
        "sentence": words.clean(part.sentence),
        "points": _number(part.points),
        "max_points": _number(part.max_points),
        "note": words.clean(part.note) or None,
    }


def _verdict(verdict: Verdict) -> dict[str, Any]:
    return {
        "check": words.clean(verdict.check),
        "part": words.clean(verdict.part),
        "sentence": words.clean(verdict.sentence),
        "outcome": verdict.outcome.value,
        "message": text.message(verdict),
    }


def _path(found: str) -> str:
    # not cleaned further: it must still name the file
    return found.encode("utf-8", "replace").decode()


def _number(value: float | None) -> float | None:
    return float(value) if value is not None and math.isfinite(value) else None


# ------------------------------------------------------------------------------------------------------------------- spreadsheets
def rows(reports: Sequence[Report]) -> Iterator[tuple[Cell, ...]]:
    """HEADER, then one row for each exercise of each hand-in; a hand-in without a mark has one row that says why."""
    yield HEADER
    for report in reports:
        start = (words.clean(report.assignment), _path(report.submission), report.status)
        if report.points is None or not report.exercises:
            yield (*start, "", "", None, None, "", "", words.clean(report.error))
            continue
        for result in report.exercises:
            names = " ".join(words.clean(d.name) for d in result.diagnoses)
            points = (_number(result.points), _number(result.max_points))
            parts = "; ".join(f"{words.clean(p.name)} {words.part_points(p)}" for p in result.parts)
            yield (*start, result.name, result.outcome, *points, parts, names, words.clean(result.not_run))


def write_csv(path: Path, reports: Sequence[Report]) -> None:
    """Write `rows` as UTF-8 CSV. A text that a spreadsheet would run as a formula gets an apostrophe in front."""
    with open(path, "w", encoding="utf-8", newline="") as file:
        csv.writer(file, lineterminator="\n").writerows([_harmless(cell) for cell in row] for row in rows(reports))


def _harmless(cell: Cell) -> Cell:
    if not isinstance(cell, str):
        return cell
    shown = words.clean(cell)
    return "'" + shown if shown.lstrip().startswith(("=", "+", "-", "@")) else shown
