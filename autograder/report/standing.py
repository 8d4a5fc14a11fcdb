"""Where a student stands in an assignment, by the gradebook: records for report and exports."""

from __future__ import annotations

import datetime
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from autograder.model import Look

GRADED, REVIEW, NOT_GRADED, MISSING = "graded", "needs review", "not graded", "missing"
UNTIMED = ("late, as the platform says; the time is not told, so no penalty follows until it is "
           "written into timestamp.txt")
NO_POINTS = "no points yet"


@dataclass(frozen=True)
class Mark:
    """One cell with points: `points` is None before grading; `by_hand` where a human's."""

    points: float | None
    maximum: float
    by_hand: bool = False
    wanted: bool = False  # a human should look
    auto: float | None = None  # what the checks gave, whatever a human gave instead


@dataclass(frozen=True)
class Standing:
    """One student in one assignment. Without a grade there is no score, which is not 0."""

    student: str
    maximum: float
    name: str = ""  # first and last, as far as the gradebook knows them
    status: str = MISSING
    # exercise, or a cell that is marked by hand -> its mark
    marks: Mapping[str, Mark] = field(default_factory=dict)
    penalty: float = 0.0  # for being late
    handed_in: datetime.datetime | None = None
    late: float = 0.0  # seconds
    flagged: bool = False  # by a human, in the formgrader
    word: str = ""  # one for all that a page says of marks, see standings.word

    @property
    def raw(self) -> float | None:
        """The points before the late penalty."""
        if self.status in (NOT_GRADED, MISSING):
            return None
        return round(sum(m.points or 0.0 for m in self.marks.values()), 6)

    @property
    def score(self) -> float | None:
        """The points that count, as `nbgrader export` has them."""
        return None if self.raw is None else round(max(0.0, self.raw - self.penalty), 6)


def looks(one: Standing, error: str = "") -> Iterator[Look]:
    """What the gradebook asks a human to look at; `error` is why it was not graded."""
    if one.status == NOT_GRADED:
        yield Look(one.student, "",
                   f"was not graded: {error}" if error else "was handed in and not graded")
    if one.flagged:
        yield Look(one.student, "", "is flagged in the formgrader")
    for name, mark in one.marks.items() if one.score is not None else ():
        if mark.wanted:
            again = (
                "its points were given by hand, and it was graded again since: do they still hold?")
            yield Look(one.student, name, again if mark.by_hand
                       else NO_POINTS if mark.points is None else "a human should look")


@dataclass(frozen=True)
class Person:
    """How a student is called in a report: by a pseudonym, or by id and name."""

    label: str
    name: str = ""
