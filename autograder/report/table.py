"""Many hand-ins on one screen: a line each, then what explains the losses, in 80 columns."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePath

from rich.markup import escape

from autograder.model import Look, Report
from autograder.report import words
from autograder.report.standing import MISSING, Standing


@dataclass(frozen=True)
class Row:
    """One hand-in: points and maximum of each exercise (None: not graded), and remarks."""

    label: str
    points: Mapping[str, float | None]
    maximum: Mapping[str, float]
    remarks: Sequence[str] = ()
    flag: str = ""  # shown behind the total, as it is
    total: float | None = None  # where it is not the sum: what counts


def lines(rows: Sequence[Row]) -> Iterator[str]:
    """The legend (exercises that number the columns), head and rows, in rich's markup."""
    exercises = list(dict.fromkeys(name for row in rows for name in row.maximum))
    wide = min(max([len("hand-in"), *(len(row.label) for row in rows)]), 28)
    yield from (f"[bold]{number:>4}[/]  {escape(name)}" for number, name in enumerate(exercises, 1))
    yield ""
    yield (f"[bold]{'hand-in':{wide}}{''.join(f'{n:>6}' for n in range(1, len(exercises) + 1))}  "
           "total[/]")
    for row in rows:
        yield _line(row, exercises, wide)
        yield from (f"       [dim]{escape(remark)}[/]" for remark in row.remarks)


def _line(row: Row, exercises: Sequence[str], wide: int) -> str:
    label = row.label if len(row.label) <= wide else row.label[: wide - 3] + "..."
    start = escape(f"{label:{wide}}")
    if not row.maximum:
        return f"{start}  [yellow]no mark[/]{row.flag}"
    cells = "".join(_cell(row.points.get(name), row.maximum.get(name, 0.0)) for name in exercises)
    total = sum(p or 0.0 for p in row.points.values()) if row.total is None else row.total
    return f"{start}{cells}{total:7.2f}{row.flag}"


def rows(reports: Sequence[Report]) -> list[Row]:
    """The rows of these reports: what cannot be graded says why, others their diagnoses."""
    paths = [PurePath(words.line(report.submission)) for report in reports]
    shared = (PurePath(os.path.commonpath([p.parent for p in paths]))
              if len({p.is_absolute() for p in paths}) == 1 else PurePath())
    return [_row(report, path.relative_to(shared).as_posix())
            for report, path in zip(reports, paths, strict=True)]


def class_rows(people: Iterable[Standing], looks: Iterable[Look]) -> list[Row]:
    """The rows of a class by its gradebook, marks by hand among them, and what to look at."""
    seen = Counter(look.student for look in looks)
    return [_standing_row(one, seen[one.student]) for one in people if one.status != MISSING]


def _standing_row(one: Standing, looks: int) -> Row:
    told = [f"{words.number(one.penalty)} less for being late"] * bool(one.penalty)
    told += (["by hand"] * any(m.by_hand for m in one.marks.values())
             + ["worth a look"] * bool(looks))
    flag = "  " + ", ".join(told) if told else ""
    if one.score is None:
        return Row(words.line(one.student), {}, {}, flag=flag)
    points = {name: mark.points for name, mark in one.marks.items()}
    return Row(words.line(one.student), points,
               {name: mark.maximum for name, mark in one.marks.items()}, flag=flag, total=one.score)


def _row(report: Report, label: str) -> Row:
    if report.error:
        return Row(label, {}, {}, (words.line(report.error),))
    points = {e.name: None if e.not_run else e.points for e in report.exercises}
    named = [f"{d.exercise}: {words.title(d.name)}" for e in report.exercises for d in e.diagnoses]
    return Row(label, points, {e.name: e.max_points for e in report.exercises},
               tuple(dict.fromkeys(named)))


def _cell(points: float | None, maximum: float) -> str:
    if points is None:
        return f"[dim]{'-':>6}[/]"
    colour = "green" if points == maximum else "red" if points == 0 else "yellow"
    return f"[{colour}]{points:6.2f}[/]"
