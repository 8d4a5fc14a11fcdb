"""A class in numbers: from where everybody stands to records that pages, tables and JSON show.

Difficulty is the mean share of the points (0: nobody has any, 1: everybody has all). Discrimination
is the correlation between the points of an item and the points of all the rest of the assignment;
see Crocker and Algina, Introduction to Classical and Modern Test Theory.
"""

from __future__ import annotations

import math
import statistics
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from autograder.model import ExerciseResult, Look, Outcome, Verdict
from autograder.report import words
from autograder.report.looks import sentence
from autograder.report.pseudonyms import Hide
from autograder.report.standing import MISSING, UNTIMED, Person, Standing

FEWEST = 10  # students below whom a correlation says nothing
BINS = 10
UNKNOWN = "not in the gradebook"
SOMETHING_ELSE = "something_else"  # the diagnosis that no belief explains

Results = Mapping[str, Sequence[ExerciseResult]]  # student -> what the checks saw


@dataclass(frozen=True)
class Item:
    """An exercise, or a part of one."""

    name: str
    maximum: float
    students: int
    mean: float
    discrimination: float | None  # None: too few students, or nothing differs
    full: int  # students with all points
    none: int  # and with no point
    sentence: str = ""
    parts: tuple[Item, ...] = ()

    @property
    def difficulty(self) -> float:
        return self.mean / self.maximum if self.maximum else 0.0


@dataclass(frozen=True)
class CheckItem:
    """A check of an exercise, and what it did in this class."""

    exercise: str
    part: str
    name: str
    sentence: str
    hidden: bool
    passed: int
    failed: int
    skipped: int  # not tried, because what it needs did not hold
    lost: float  # points of its part, shared among the checks that failed together

    @property
    def rate(self) -> float | None:
        tried = self.passed + self.failed
        return self.passed / tried if tried else None


@dataclass(frozen=True)
class Seen:
    """A misconception, and who has it. `lost`: points missing there, perhaps for other reasons."""

    exercise: str
    name: str
    sentence: str
    students: tuple[str, ...]  # their labels
    lost: float
    excerpt: str = ""

    @property
    def title(self) -> str:
        return words.title(self.name)


@dataclass(frozen=True)
class Row:
    """One student."""

    student: str  # the label, not the id
    name: str
    status: str
    score: float | None
    penalty: float
    late: float  # seconds
    points: Mapping[str, float | None]
    by_hand: tuple[str, ...]
    seconds: float | None
    why: tuple[str, ...] = ()  # worth a look


@dataclass(frozen=True)
class Spread:
    """How the scores lie, as shares of the maximum."""

    bins: tuple[int, ...]  # the last one holds full marks, too
    mean: float
    median: float
    quartiles: tuple[float, float]
    deviation: float


@dataclass(frozen=True)
class ClassReport:
    """All about one assignment and its class."""

    slug: str
    maximum: float
    rows: tuple[Row, ...]
    spread: Spread | None
    exercises: tuple[Item, ...]
    checks: tuple[CheckItem, ...]
    misconceptions: tuple[Seen, ...]
    unexplained: int  # exercises with lost points that no misconception explains
    strays: tuple[str, ...] = ()  # what was not collected, and is nobody's
    notes: tuple[str, ...] = ()
    seconds: tuple[float, ...] = field(default=())  # that judging took, sorted

    @property
    def graded(self) -> list[Row]:
        return [row for row in self.rows if row.score is not None]

    @property
    def handed_in(self) -> int:
        return sum(row.status != MISSING for row in self.rows)

    @property
    def late(self) -> list[Row]:
        """Who is late, the latest first; last whom only the platform calls so, without a time."""
        return sorted((row for row in self.rows if row.late > 0 or UNTIMED in row.why),
                      key=lambda r: -r.late)

    @property
    def told_apart(self) -> bool:
        """Whether any item has a discrimination."""
        return any(item.discrimination is not None
                   for exercise in self.exercises for item in (exercise, *exercise.parts))

    @property
    def looks(self) -> list[Row]:
        return [row for row in self.rows if row.why]


def class_report(slug: str, people: Sequence[Standing], results: Results,
                 seconds: Mapping[str, float], looks: Iterable[Look], called: Mapping[str, Person],
                 hide: Hide) -> ClassReport:
    """The report. Students are in it as they are `called`, in sentences too: `hide` sees to it."""
    why = defaultdict(list)
    for look in looks:
        why[look.student].append(hide(sentence(look), look.student))
    rows = [_row(one, called[one.student], seconds.get(one.student), why.pop(one.student, []))
            for one in people]
    strays = tuple(why.pop("", ()))
    # somebody who handed something in and is not in the gradebook
    rows += [Row(hide(student, student), "", UNKNOWN, None, 0.0, 0.0, {}, (), None, tuple(told))
             for student, told in why.items()]
    graded = [one for one in people if one.score is not None]
    known = {one.student: results.get(one.student, ()) for one in graded}
    return ClassReport(
        slug=slug,
        maximum=max((one.maximum for one in people), default=0.0),
        rows=tuple(sorted(rows, key=lambda r: r.student)),
        spread=_spread([(one.score or 0.0) / one.maximum for one in graded if one.maximum]),
        exercises=tuple(_exercises(graded, known)),
        checks=tuple(_checks(known)),
        misconceptions=tuple(_misconceptions(known, called)),
        unexplained=sum(_is_unexplained(r) for rs in known.values() for r in rs),
        strays=strays,
        seconds=tuple(sorted(seconds.values())),
    )


def _row(one: Standing, person: Person, seconds: float | None, why: Sequence[str]) -> Row:
    points = {name: mark.points for name, mark in one.marks.items()}
    by_hand = tuple(name for name, mark in one.marks.items() if mark.by_hand)
    return Row(person.label, person.name, one.status, one.score, one.penalty, one.late, points,
               by_hand, seconds, tuple(why))


# ------------------------------------------------------------------------------------------ numbers
def _spread(shares: Sequence[float]) -> Spread | None:
    if not shares:
        return None
    bins = [0] * BINS
    for share in shares:
        bins[min(int(share * BINS + 1e-9), BINS - 1)] += 1
    low, middle, high = (statistics.quantiles(shares, n=4, method="inclusive") if len(shares) > 1
                         else [shares[0]] * 3)
    return Spread(tuple(bins), statistics.fmean(shares), middle, (low, high),
                  statistics.pstdev(shares))


def correlation(left: Sequence[float], right: Sequence[float]) -> float | None:
    """Pearson's; None where too few are known or one of them never differs."""
    if len(left) < FEWEST:
        return None
    dx, dy = _centred(left), _centred(right)
    norm = math.sqrt(sum(v * v for v in dx) * sum(v * v for v in dy))
    return sum(a * b for a, b in zip(dx, dy, strict=True)) / norm if norm > 1e-12 else None


def _centred(values: Sequence[float]) -> list[float]:
    mean = statistics.fmean(values)
    return [v - mean for v in values]


def _item(name: str, maximum: float, points: Sequence[float], totals: Sequence[float],
          sentence: str = "") -> Item:
    rest = [t - p for t, p in zip(totals, points, strict=True)]
    full, none = sum(p >= maximum for p in points), sum(p <= 0 for p in points)
    return Item(name, maximum, len(points), statistics.fmean(points), correlation(points, rest),
                full, none, sentence)


def _exercises(graded: Sequence[Standing], known: Results) -> Iterator[Item]:
    totals = {one.student: one.raw or 0.0 for one in graded}
    for name in dict.fromkeys(name for one in graded for name in one.marks):
        marks = {one.student: one.marks[name]
                 for one in graded if name in one.marks and one.marks[name].points is not None}
        if marks:
            points = [m.points or 0.0 for m in marks.values()]
            item = _item(name, next(iter(marks.values())).maximum, points,
                         [totals[s] for s in marks])
            yield replace(item, parts=tuple(_parts(name, known, totals)))


def _parts(exercise: str, known: Results, totals: Mapping[str, float]) -> Iterator[Item]:
    found: dict[str, list[tuple[str, float]]] = defaultdict(list)
    said = {}
    for student, results in known.items():
        for part in (p for r in results if r.name == exercise for p in r.parts):
            found[part.name].append((student, part.points))
            said[part.name] = (part.max_points, words.phrase(part.sentence))
    for name, points in found.items():
        maximum, sentence = said[name]
        yield _item(name, maximum, [p for _, p in points], [totals[s] for s, _ in points], sentence)


# ------------------------------------------------------------------------------------------- checks
def _checks(known: Results) -> Iterator[CheckItem]:
    counts: dict[tuple[str, str], Counter[str]] = defaultdict(Counter)
    lost: dict[tuple[str, str], float] = defaultdict(float)
    shown: dict[tuple[str, str], Verdict] = {}
    for result in (r for results in known.values() for r in results):
        for verdict, share in _losses(result):
            check = (result.name, verdict.check)
            shown[check] = verdict
            counts[check]["skipped" if verdict.outcome is Outcome.SKIPPED
                          else "passed" if verdict.passed else "failed"] += 1
            lost[check] += share
    order = list(dict.fromkeys(r.name for results in known.values() for r in results))
    for check in sorted(shown, key=lambda c: order.index(c[0])):
        of, v = counts[check], shown[check]
        numbers = (of["passed"], of["failed"], of["skipped"], lost[check])
        yield CheckItem(check[0], v.part, v.check, words.phrase(v.sentence), v.hidden, *numbers)


def _losses(result: ExerciseResult) -> Iterator[tuple[Verdict, float]]:
    """Each verdict with its share of the points that its part lost."""
    lost = {part.name: part.max_points - part.points for part in result.parts}
    guilty: dict[str, int] = defaultdict(int)
    for verdict in result.verdicts:
        guilty[verdict.part] += not verdict.passed and verdict.outcome is not Outcome.SKIPPED
    for verdict in result.verdicts:
        failed = not verdict.passed and verdict.outcome is not Outcome.SKIPPED
        yield verdict, lost.get(verdict.part, 0.0) / guilty[verdict.part] if failed else 0.0


# ----------------------------------------------------------------------------------- misconceptions
def _misconceptions(known: Results, called: Mapping[str, Person]) -> Iterator[Seen]:
    found: dict[tuple[str, str], list[tuple[str, float, str]]] = defaultdict(list)
    for student, results in known.items():
        for result in results:
            for name, message in {d.name: d.message
                                  for d in result.diagnoses if d.name != SOMETHING_ELSE}.items():
                found[result.name, name].append((called[student].label,
                                                 result.max_points - result.points, message))
    seen = [Seen(exercise, name, words.line(told[0][2]), tuple(s for s, _, _ in told),
                 sum(lost for _, lost, _ in told)) for (exercise, name), told in found.items()]
    yield from sorted(seen, key=lambda m: (-m.lost, -len(m.students), m.exercise, m.name))


def _is_unexplained(result: ExerciseResult) -> bool:
    named = [d for d in result.diagnoses if d.name != SOMETHING_ELSE]
    return result.points < result.max_points and not named and not result.not_run
