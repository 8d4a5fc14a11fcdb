"""Reports as data: a versioned dict for JSON, rows for a spreadsheet."""

from __future__ import annotations

import csv
import json
import math
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from autograder.model import CourseError, ExerciseResult, Report, Verdict
from autograder.report import text, words

SCHEMA = 1  # a new number whenever a key changes its meaning

HEADER = ("assignment", "submission", "status", "exercise", "outcome", "points", "max_points", "diagnoses", "error")

Cell = str | float | None
END = b"\n]\n"  # of a list of reports


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
        "worth_a_look": [{"exercise": words.clean(where), "what": words.clean(what)} for where, what in report.stopped],
    }


def _exercise(result: ExerciseResult) -> dict[str, Any]:
    return {
        "name": words.clean(result.name),
        "points": _number(result.points),
        "max_points": _number(result.max_points),
        "outcome": result.outcome,
        "verdicts": [_verdict(verdict) for verdict in result.verdicts],
        "diagnoses": [{"name": words.clean(d.name), "message": words.clean(d.message)} for d in result.diagnoses],
    }


def _verdict(verdict: Verdict) -> dict[str, Any]:
    return {
        "check": words.clean(verdict.check),
        "sentence": words.clean(verdict.sentence),
        "outcome": verdict.outcome.value,
        "message": text.message(verdict),
    }


def _path(found: str) -> str:
    # not cleaned further: it must still name the file
    return found.encode("utf-8", "replace").decode()


def _number(value: float | None) -> float | None:
    return float(value) if value is not None and math.isfinite(value) else None


class JsonFile:
    """A list of reports in a file, which is whole after each of them: what was said of some survives whatever befalls the next.

    CourseError when it cannot be written. What cannot be written into again (a pipe) is written at the end.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._flows = path.exists() and not path.is_file()
        self._written: list[Report] = []
        self._end = 1  # where the next report goes
        if not self._flows:
            with self._telling():
                path.write_bytes(b"[]\n")

    def add(self, report: Report) -> None:
        """Write one more."""
        if self._flows:
            return
        item = (b"," if self._written else b"") + _list([report])[1 : -len(END)]
        with self._telling(), self._path.open("r+b", buffering=0) as file:
            file.seek(self._end)
            file.write(item + END)
        self._end += len(item)
        self._written.append(report)

    def end(self, reports: Sequence[Report]) -> None:
        """These are all; where one is another than was written, the file is exchanged for a new one."""
        with self._telling():
            if self._flows:
                self._path.write_bytes(_list(reports))
            elif any(one is not other for one, other in zip(reports, self._written, strict=True)):
                whole = self._path.resolve()
                new = whole.with_name(f".{whole.name}.new")
                new.write_bytes(_list(reports))
                os.replace(new, whole)

    @contextmanager
    def _telling(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            why = f"{self._path} cannot be written ({error.strerror})"
            raise CourseError(f"{why}. Make room, or name another file with --json.") from error


def _list(reports: Sequence[Report]) -> bytes:
    return (json.dumps([to_dict(r) for r in reports], indent=1) + "\n").encode()


# ------------------------------------------------------------------------------------------------------------------- spreadsheets
def rows(reports: Sequence[Report]) -> Iterator[tuple[Cell, ...]]:
    """HEADER, then one row for each exercise of each hand-in; a hand-in without a mark has one row that says why."""
    yield HEADER
    for report in reports:
        start = (words.clean(report.assignment), _path(report.submission), report.status)
        if report.points is None or not report.exercises:
            yield (*start, "", "", None, None, "", words.clean(report.error))
            continue
        for result in report.exercises:
            names = " ".join(words.clean(d.name) for d in result.diagnoses)
            points = (_number(result.points), _number(result.max_points))
            yield (*start, result.name, result.outcome, *points, names, words.clean(result.not_run))


def write_csv(path: Path, reports: Sequence[Report]) -> None:
    """Write `rows` as UTF-8 CSV. A text that a spreadsheet would run as a formula gets an apostrophe in front."""
    with open(path, "w", encoding="utf-8", newline="") as file:
        csv.writer(file, lineterminator="\n").writerows([_harmless(cell) for cell in row] for row in rows(reports))


def _harmless(cell: Cell) -> Cell:
    if not isinstance(cell, str):
        return cell
    shown = words.clean(cell)
    return "'" + shown if shown.lstrip().startswith(("=", "+", "-", "@")) else shown
