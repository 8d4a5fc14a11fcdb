"""The class report as an HTML page of its own, for the terminal, as rows, and as plain data."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import asdict
from typing import Any

from autograder.report import words
from autograder.report.class_report import ClassReport, Item, Row
from autograder.report.standing import MISSING

SCHEMA = 1
SHOWN = 10  # misconceptions, and students worth a look, on a terminal
MISSED = 40  # students of whom nothing came
MOST = 400  # students who are listed one by one
SLOWEST = 5
SLOW = 2.0  # seconds; below that nobody is worth a word
SECTIONS = (
    ("scores", "Scores"),
    ("exercises", "Exercises and parts"),
    ("misconceptions", "Misconceptions"),
    ("checks", "Checks"),
    ("looks", "Worth a look"),
    ("late", "Late, by hand"),
    ("time", "Time"),
    ("students", "Students"),
)


def page(report: ClassReport, named: bool = False) -> str:
    """The page; `named` where students stand in it under their own names."""
    timed = sorted((row for row in report.rows if (row.seconds or 0.0) > SLOW),
                   key=lambda r: -(r.seconds or 0.0))
    return rendered(
        "class.html.j2",
        report=report,
        named=named,
        sections=SECTIONS,
        most=MOST,
        slow=timed[:SLOWEST],
        by_hand=[row for row in report.rows if row.by_hand],
    )


def rendered(template: str, **values: object) -> str:
    """One of the pages of this folder, with the words that they use."""
    import jinja2

    loader = jinja2.PackageLoader("autograder", "report")
    room = jinja2.Environment(loader=loader, autoescape=True, trim_blocks=True, lstrip_blocks=True,
                              undefined=jinja2.StrictUndefined)
    room.filters |= {"points": _points, "number": words.number, "line": words.line,
                     "phrase": words.phrase, "story": words.story}
    room.filters |= {"percent": _unbroken(percent), "plural": _plural,
                     "duration": _unbroken(duration), "seconds": _unbroken(_seconds)}
    return room.get_template(template).render(values)


def _unbroken(told: Callable[[float], str]) -> Callable[[float], str]:
    """Number and unit on one line."""
    return lambda value: told(value).replace(" ", "\N{NO-BREAK SPACE}")


def percent(share: float) -> str:
    """A share as people read it: 85 %."""
    return f"{100 * share:.0f} %"


def _points(value: float) -> str:
    return words.number(round(value, 2))


def _plural(number: object, thing: str, things: str = "") -> str:
    return f"{number or 'no'} {thing if number in (1, '1') else things or thing + 's'}"


def duration(seconds: float) -> str:
    """A time in minutes at least."""
    return words.duration(max(seconds, 60))


def _seconds(value: float) -> str:
    if value < 1:
        return f"{1000 * value:.0f} ms" if value > 0.001 else "less than 1 ms"
    return f"{value:.1f} s" if value < 10 else f"{value:.0f} s" if value < 120 else duration(value)


# ------------------------------------------------------------------------------ text, rows and data
def to_dict(report: ClassReport) -> dict[str, Any]:
    """The report as plain data; `difficulty` is the mean share of the points."""
    told = {"schema": SCHEMA, **asdict(report)}
    for item, plain in zip(report.exercises, told["exercises"], strict=True):
        _with_difficulty(item, plain)
    for check, plain in zip(report.checks, told["checks"], strict=True):
        plain["pass_rate"] = check.rate
    return told


def _with_difficulty(item: Item, plain: dict[str, Any]) -> None:
    plain["difficulty"] = item.difficulty
    for part, inner in zip(item.parts, plain["parts"], strict=True):
        _with_difficulty(part, inner)


def rows(report: ClassReport) -> Iterator[tuple[str | float | None, ...]]:
    """A header, then a row for each student."""
    names = [item.name for item in report.exercises]
    yield ("student", "name", "status", "score", "late_penalty", "seconds_late", *names, "by_hand",
           "worth_a_look")
    for row in report.rows:
        points = (row.points.get(name) for name in names)
        yield (row.student, row.name, row.status, row.score, row.penalty, row.late, *points,
               " ".join(row.by_hand), "; ".join(row.why))


def lines(report: ClassReport) -> Iterator[str]:
    """The most of it on one screen."""
    yield (f"{report.slug}: {report.handed_in} of {len(report.rows)} handed in, "
           f"{len(report.graded)} graded")
    missing = [words.called(row.student, row.name) for row in report.rows if row.status == MISSING]
    yield from [f"    nothing came of: {words.some(missing, MISSED)}"] * bool(missing)
    yield from (f"    {note}" for note in report.notes)
    if report.spread:
        s = report.spread
        half = " to ".join(map(percent, s.quartiles))
        yield f"    mean {percent(s.mean)}, median {percent(s.median)}, half of the class {half}"
        yield "    from " + "  ".join(f"{10 * n} %: {count}" for n, count in enumerate(s.bins))
    late = [f"{words.called(row.student, row.name)} {_late(row)}" for row in report.late]
    yield from [f"late: {words.some(late, MISSED)}"] * bool(late)
    wide = min(max((len(item.name) for item in report.exercises), default=0), 28)
    # not in a small class
    told_apart = any(item.discrimination is not None for item in report.exercises)
    yield from [f"{'exercise':{wide + 4}}  mean share{'  discrimination' * told_apart}"] * bool(
        report.exercises)
    for item in report.exercises:
        shown = "" if item.discrimination is None else f"  {item.discrimination:>14.2f}"
        yield f"    {item.name:{wide}}  {percent(item.difficulty):>10}{shown}"
    yield from _top(report)
    told = ([f"{words.called(row.student, row.name)}: {'; '.join(row.why)}" for row in report.looks]
            + list(report.strays))
    yield from ["worth a look"] * bool(told)
    yield from words.listed(told, SHOWN)


def _late(row: Row) -> str:
    """By how much, and what it costs: "by 2 h (-1.5)"."""
    return ((f"by {duration(row.late)}" if row.late else "(no time told)")
            + f" (-{_points(row.penalty)})" * bool(row.penalty))


def _top(report: ClassReport) -> Iterator[str]:
    if report.misconceptions:
        yield "misconceptions, by points lost"
    yield from words.listed([
        f"{_points(seen.lost):>6}  {_plural(len(seen.students), 'student')}  {seen.exercise}: "
        f"{seen.title}" for seen in report.misconceptions], SHOWN)
