"""The assignments of a course side by side: who falls behind, which misconceptions return."""

from __future__ import annotations

import statistics
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from autograder.report import words
from autograder.report.class_page import SCHEMA, percent, rendered
from autograder.report.class_report import ClassReport
from autograder.report.standing import MISSING

LOW = 0.5  # of the points; twice in a row is falling behind
DROP = 0.25  # of the points, below one's own mean of at least two before
SHOWN = 20
BEHIND = (
    f"nothing handed in the last time, below {percent(LOW)} twice in a row, "
    f"or {percent(DROP)} of the points below one's own mean of before"
)


@dataclass(frozen=True)
class Line:
    """One student over the term: the share of points by assignment, None without a score."""

    student: str
    name: str
    shares: tuple[float | None, ...]
    status: tuple[str, ...]
    why: tuple[str, ...] = ()  # falling behind


@dataclass(frozen=True)
class Again:
    """A misconception that was seen in more than one assignment."""

    name: str
    sentence: str
    students: tuple[int, ...]  # in each assignment
    stayed: tuple[str, ...]  # students who had it in more than one

    @property
    def title(self) -> str:
        return words.title(self.name)


@dataclass(frozen=True)
class CourseReport:
    """The course so far."""

    assignments: tuple[ClassReport, ...]
    lines: tuple[Line, ...]
    again: tuple[Again, ...]

    @property
    def behind(self) -> list[Line]:
        return [line for line in self.lines if line.why]

    @property
    def slugs(self) -> list[str]:
        return [one.slug for one in self.assignments]


def course_report(assignments: Sequence[ClassReport]) -> CourseReport:
    """What the reports on single assignments, in the order of the course, say together."""
    students = {row.student: row.name for one in assignments for row in one.rows}
    found = [{row.student: row for row in one.rows} for one in assignments]
    lines = []
    for student, name in sorted(students.items()):
        rows = [by.get(student) for by in found]
        shares = tuple(
            row.score / one.maximum if row and row.score is not None and one.maximum else None
            for row, one in zip(rows, assignments, strict=True)
        )
        status = tuple(row.status if row else MISSING for row in rows)
        lines.append(Line(student, name, shares, status, tuple(_behind(shares, status))))
    return CourseReport(tuple(assignments), tuple(lines), tuple(_again(assignments)))


def _behind(shares: Sequence[float | None], status: Sequence[str]) -> Iterator[str]:
    """Why somebody is falling behind, as of the latest assignment."""
    missing = next((n for n, s in enumerate(reversed(status)) if s != MISSING), len(status))
    if missing:
        times = "time" if missing == 1 else f"{missing} times"
        yield ("handed in nothing yet" if missing == len(status)
               else f"handed in nothing the last {times}")
        return
    known = [s for s in shares if s is not None]
    if len(known) > 1 and max(known[-2:]) < LOW:
        yield f"below {percent(LOW)} twice in a row"
    if (len(known) > 2 and shares[-1] is not None
            and known[-1] < statistics.fmean(known[:-1]) - DROP):
        yield f"{percent(known[-1])} after {percent(statistics.fmean(known[:-1]))} on average"


def _again(assignments: Sequence[ClassReport]) -> Iterator[Again]:
    who: dict[str, list[set[str]]] = defaultdict(lambda: [set() for _ in assignments])
    said: dict[str, str] = {}
    for place, one in enumerate(assignments):
        for seen in one.misconceptions:
            who[seen.name][place] |= set(seen.students)
            said.setdefault(seen.name, seen.sentence)
    found = []
    for name, sets in who.items():
        if sum(map(bool, sets)) > 1:
            stayed = sorted(s for s in set().union(*sets) if sum(s in one for one in sets) > 1)
            found.append(Again(name, said[name], tuple(map(len, sets)), tuple(stayed)))
    yield from sorted(found, key=lambda a: (-len(a.stayed), -sum(a.students), a.name))


# ------------------------------------------------------------------------------------------ as text
def lines(report: CourseReport) -> Iterator[str]:
    """The most of it on one screen."""
    wide = max(len(slug) for slug in report.slugs)
    for one in report.assignments:
        spread = (f"mean {percent(one.spread.mean)}, median {percent(one.spread.median)}"
                  if one.spread else "nothing graded")
        yield f"{one.slug:{wide}}  {one.handed_in} of {len(one.rows)} handed in, {spread}"
    yield f"falling behind ({BEHIND}): {len(report.behind)} of {len(report.lines)} students"
    yield from words.listed([f"{words.called(line.student, line.name)}: {'; '.join(line.why)}"
                             for line in report.behind], SHOWN)
    yield ("misconceptions that come back" if report.again
           else "no misconception was seen in more than one assignment")
    for seen in report.again[:SHOWN]:
        where = ", ".join(f"{slug}: {n}"
                          for slug, n in zip(report.slugs, seen.students, strict=True) if n)
        yield f"    {seen.title} ({where}; {len(seen.stayed)} kept it)"


def rows(report: CourseReport) -> Iterator[tuple[str | float | None, ...]]:
    """A header, then a row for each student with the share of the points in every assignment."""
    yield ("student", "name", *report.slugs, "falling_behind")
    for line in report.lines:
        yield (line.student, line.name, *line.shares, "; ".join(line.why))


def to_dict(report: CourseReport) -> dict[str, Any]:
    """The report as plain data, without the reports on single assignments."""
    told = [{"assignment": one.slug, "handed_in": one.handed_in,
             "spread": one.spread and asdict(one.spread)} for one in report.assignments]
    return {"schema": SCHEMA, "assignments": told, "students": [*map(asdict, report.lines)],
            "come_back": [*map(asdict, report.again)]}


def page(report: CourseReport, named: bool = False) -> str:
    """One HTML page that needs nothing else."""
    return rendered("course.html.j2", report=report, named=named, low=LOW, behind=BEHIND)
