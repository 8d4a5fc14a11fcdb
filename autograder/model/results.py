"""What came of it: verdicts, the points they are worth, and what is known of one hand-in."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from autograder.model.questions import Outcome

__all__ = ["Change", "Diagnosis", "Earned", "ExerciseResult", "Look", "Moved", "Report", "Verdict"]


@dataclass(frozen=True)
class Verdict:
    """One sentence about the student's function and whether it holds."""

    exercise: str
    check: str
    sentence: str
    outcome: Outcome
    got: str = ""
    wanted: str = ""
    call: str = ""
    part: str = ""
    hidden: bool = False
    picture: Any = None  # a small 2-D array worth showing (a mask), or None
    waits: str = ""  # the check that must hold before this one is tried
    # the student's own lines that made what is spoken of, where one can look: "line 7: out = x *
    # mask"
    made: tuple[str, ...] = ()
    printed: str = ""  # what the student's code printed meanwhile, the first lines

    @property
    def passed(self) -> bool:
        return self.outcome is Outcome.PASSED


@dataclass(frozen=True)
class Earned:
    """What came of a part of the rubric. Without hidden checks, its points are those in reach."""

    name: str
    sentence: str
    points: float
    max_points: float
    note: str = ""  # why points are there although a sentence does not hold

    @property
    def full(self) -> bool:
        return self.points >= self.max_points


@dataclass(frozen=True)
class Diagnosis:
    """A misconception that explains what was seen, or "something_else" for what none explains."""

    exercise: str
    name: str
    message: str
    facts: Mapping[str, Any] = field(default_factory=dict)
    crosses: tuple[str, ...] = ()  # the public checks that do not hold for who believes this


@dataclass(frozen=True)
class ExerciseResult:
    """All verdicts of one exercise, and the points they are worth by the parts of its rubric."""

    name: str
    points: float
    max_points: float
    verdicts: tuple[Verdict, ...]
    diagnoses: tuple[Diagnosis, ...] = ()
    trouble: str = ""  # what went wrong when the answer cell ran
    # why this exercise could not be judged here (no torch, no GPU); it then costs nothing
    not_run: str = ""
    parts: tuple[Earned, ...] = ()
    facts: Mapping[str, str] = field(default_factory=dict)  # what was looked at to name a belief

    @property
    def outcome(self) -> str:
        """"passed", "partial", "failed" or "not_run"."""
        if self.not_run:
            return "not_run"
        if self.verdicts and all(v.passed for v in self.verdicts):
            return "passed"
        return "partial" if self.points > 0 else "failed"


def _sum(points: Iterable[float]) -> float:
    """The sum without the dust of binary fractions: full marks are full also with 0.3333."""
    return round(sum(points), 6)


@dataclass(frozen=True)
class Report:
    """Everything the kit says about one hand-in. `status` is "graded", "unreadable" or "broken"."""

    assignment: str
    submission: str
    status: str
    isolation: str
    exercises: tuple[ExerciseResult, ...] = ()
    error: str = ""
    notes: tuple[str, ...] = ()
    seconds: float = 0.0
    # exercise or cell, and how what ran there was stopped or lost: to be judged once more
    stopped: tuple[tuple[str, str], ...] = ()
    maximum: float = 0.0  # of a hand-in that was not graded; for a graded one its exercises say it

    @property
    def points(self) -> float | None:
        if self.status != "graded":
            return None
        return _sum(e.points for e in self.exercises)

    @property
    def max_points(self) -> float:
        return (_sum(e.max_points for e in self.exercises if not e.not_run) if self.exercises
                else self.maximum)

    def verdicts(self) -> Iterator[Verdict]:
        """Every verdict, exercise by exercise."""
        for exercise in self.exercises:
            yield from exercise.verdicts

    def result(self, name: str) -> ExerciseResult:
        """The result of one exercise; KeyError when there is none."""
        for exercise in self.exercises:
            if exercise.name == name:
                return exercise
        raise KeyError(name)


@dataclass(frozen=True)
class Look:
    """Something about a hand-in that a human should know, and that no point or verdict says."""

    student: str  # "" where nobody knows whose it is
    exercise: str  # "" where it is about all of the hand-in
    what: str


@dataclass(frozen=True)
class Moved:
    """An exercise's points and worth, before and after, and what made the difference."""

    name: str
    before: float
    after: float
    worth: tuple[float | None, float | None]
    reasons: tuple[str, ...]
    found: float | None = None  # what the checks give now, where the points of before were kept


@dataclass(frozen=True)
class Change:
    """How the marks of one student changed between two gradings, and whether the hand-in did."""

    student: str
    handed_in_anew: bool
    exercises: tuple[Moved, ...]
    # by the checks, before and after; None where it could not be graded
    points: tuple[float | None, float | None]
