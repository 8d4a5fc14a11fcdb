"""Reports as data: a versioned dict for JSON, rows for a spreadsheet."""

from __future__ import annotations

import csv
import json
import math
import os
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import MappingProxyType
from typing import Any

from autograder.model import Broken, Earned, ExerciseResult, Report, Verdict
from autograder.report import looks, text, words
from autograder.report.explanation import LONGEST

SCHEMA = 1  # a new number whenever a key changes its meaning

SECONDS = 2.0  # between two writings of a file that grows

HEADER = ("assignment", "submission", "status", "exercise", "outcome", "points", "max_points",
          "parts", "diagnoses", "error")

Cell = str | float | None


def to_dict(report: Report,
            calls: Mapping[str, Mapping[str, str]] = MappingProxyType({})) -> dict[str, Any]:
    """The report as data for any JSON writer: no NaN, no surrogates; `points` may be null.

    `calls` are exercise -> check -> the call that shows what is wrong, hidden cases among them: for
    staff alone.
    """
    return {
        "schema": SCHEMA,
        "assignment": words.clean(report.assignment),
        "submission": _path(report.submission),
        "status": report.status,
        "error": words.clean(report.error) or None,
        "isolation": words.clean(report.isolation),
        "points": _number(report.points),
        "max_points": _number(report.max_points),
        "exercises": [_exercise(result, calls.get(result.name, {})) for result in report.exercises],
        "worth_a_look": [{"exercise": k["exercise"], "what": k["what"]}
                         for k in looks.to_dicts(looks.of_report(report, ""))],
    }


def _exercise(result: ExerciseResult, calls: Mapping[str, str]) -> dict[str, Any]:
    parts = {part.name: part for part in result.parts}
    return {
        "name": words.clean(result.name),
        "points": _number(result.points),
        "max_points": _number(result.max_points),
        "outcome": result.outcome,
        "parts": [_part(part) for part in result.parts],
        "verdicts": [_verdict(v, parts.get(v.part), calls.get(v.check, v.call))
                     for v in result.verdicts],
        "diagnoses": [{"name": words.clean(d.name), "message": words.clean(d.message)}
                      for d in result.diagnoses],
    }


def _part(part: Earned) -> dict[str, Any]:
    return {
        "name": words.clean(part.name),
        "sentence": words.clean(part.sentence),
        "points": _number(part.points),
        "max_points": _number(part.max_points),
        "note": words.clean(part.note) or None,
    }


def _verdict(verdict: Verdict, part: Earned | None, call: str) -> dict[str, Any]:
    """One sentence; its points are those of its part, which is earned as a whole."""
    return {
        "check": words.clean(verdict.check),
        "hidden": verdict.hidden,
        "part": words.clean(verdict.part),
        "points": _number(part.points) if part else None,
        "max_points": _number(part.max_points) if part else None,
        "sentence": words.clean(verdict.sentence),
        "outcome": verdict.outcome.value,
        "got": words.clean(verdict.got) or None,
        "wanted": words.clean(verdict.wanted) or None,
        "call": words.clean(call, LONGEST) or None,
        "message": text.message(verdict),
    }


def _path(found: str) -> str:
    # not cleaned further: it must still name the file
    return found.encode("utf-8", "replace").decode()


def _number(value: float | None) -> float | None:
    return float(value) if value is not None and math.isfinite(value) else None


class JsonFile:
    """A file that always holds, whole, what `value` said seconds ago at most.

    It is written before anything is graded, so that a folder which does not exist is told at once,
    and whatever ends the command.
    """

    def __init__(self, path: Path | None, value: Callable[[], Any]) -> None:
        self._path, self._value, self._written = path, value, 0.0
        # a pipe or /dev/stdout is written once, at the end
        self._plain = path is not None and (path.is_file() or not path.exists())

    def step(self) -> None:
        """Something is new."""
        if self._plain and time.monotonic() - self._written > SECONDS:
            self._write()

    def _write(self) -> None:
        if self._path is None:
            return
        text = json.dumps(self._value(), indent=1) + "\n"
        new = self._path.with_name(f".{self._path.name}.new") if self._plain else self._path
        with _writing(self._path):
            new.write_text(text, encoding="utf-8")
            if self._plain:
                os.replace(new, self._path)
        self._written = time.monotonic()

    def __enter__(self) -> JsonFile:
        if self._plain:
            self._write()
        return self

    def __exit__(self, *error: object) -> None:
        self._write()


@contextmanager
def _writing(path: Path) -> Iterator[None]:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        yield
    except OSError as error:
        raise Broken(f"{path} cannot be written ({error.strerror or error}). Name another file, or "
                     "make room.") from error


# ------------------------------------------------------------------------------------- spreadsheets
def rows(reports: Sequence[Report]) -> Iterator[tuple[Cell, ...]]:
    """HEADER, then a row for each exercise of each hand-in; without a mark one row, with why."""
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
            yield (*start, result.name, result.outcome, *points, parts, names,
                   words.clean(result.not_run))


def write_rows(path: Path, table: Iterable[Sequence[Cell]]) -> None:
    """Write a table as UTF-8 CSV; what a spreadsheet would run gets an apostrophe in front."""
    with _writing(path), open(path, "w", encoding="utf-8", newline="") as file:
        csv.writer(file, lineterminator="\n").writerows([_harmless(cell) for cell in row]
                                                        for row in table)


def write_text(path: Path, text: str) -> None:
    """Write a page or some data; Broken where that cannot be."""
    with _writing(path):
        path.write_text(text, encoding="utf-8")


def _harmless(cell: Cell) -> Cell:
    if not isinstance(cell, str):
        return cell
    shown = words.clean(cell)
    return "'" + shown if shown.lstrip().startswith(("=", "+", "-", "@")) else shown
