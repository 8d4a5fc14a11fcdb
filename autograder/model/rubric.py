"""What is marked: checks, the parts and exercises they belong to, an assignment and its key."""

from __future__ import annotations

import enum
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any

from autograder.model.errors import CourseError
from autograder.model.results import Verdict

__all__ = ["Assignment", "Check", "Exercise", "Gravity", "Key", "Misconception", "Part", "Variant"]


@dataclass(frozen=True)
class Check:
    """A verb bound to a case. `name` is unique in its exercise; `sentence` is for the student.

    `template` is the sentence before the case is filled in. `judge(exam)` returns when the sentence
    holds and raises `asking.Wrong` when it does not. `chances` counts the exact chance tests it
    makes, each at the submission's share of the false-alarm budget.
    """

    verb: str
    name: str
    sentence: str
    judge: Callable[..., None]
    needs: tuple[str, ...] = ()
    chances: int = 0
    hidden: bool = False
    seconds: float | None = None
    with_reference: bool = False
    case: Mapping[str, Any] = field(default_factory=dict)
    # of a chance check: the smallest error it shows, as a phrase
    sees: Callable[..., str] | None = None
    template: str = ""

    @property
    def power(self) -> str:
        """The smallest error that this check shows; "" for one that leaves nothing to chance."""
        return self.sees(**self.case) if self.sees else ""


class Gravity(enum.Enum):
    """How much a part, or a mistake, has to do with what its exercise is about."""

    CORE = "core"  # the property that gives the exercise its name
    EDGE = "edge"
    MANNER = "manner"  # dtype, shapes, refusals, input left alone


@dataclass(frozen=True)
class Part:
    """A line of the marking sheet: `share` of its exercise's points, beside other parts' shares.

    It is earned when none of its checks fails, public or hidden, and one at least holds: a check
    that could not be tried because a sentence of another part fails costs nothing more, for a
    mistake is paid for once. `needs` is what each of its checks needs beside their own needs (a
    check, the name of one, of a verb or of a part, or several of these); one that stands in the
    part itself, and those before it, wait for nothing.
    """

    name: str
    sentence: str  # as it continues after the exercise's name
    share: float
    checks: Sequence[Check] = ()
    gravity: Gravity | str = Gravity.EDGE
    needs: Any = ()


@dataclass(frozen=True)
class Exercise:
    """A check cell: names to be defined and parts. `name` is the answer cell's grade_id."""

    name: str
    parts: Sequence[Part]
    functions: tuple[str, ...] = ()
    points: float = 0.0

    @property
    def names(self) -> tuple[str, ...]:
        """Every name the answer cell must define."""
        return self.functions or (self.name,)

    @cached_property
    def checks(self) -> tuple[Check, ...]:
        """All checks, part by part; the public ones first."""
        return tuple(sorted((c for part in self.parts for c in part.checks),
                            key=lambda c: c.hidden))

    @cached_property
    def part_of(self) -> Mapping[str, str]:
        """Check -> the part it belongs to."""
        return {check.name: part.name for part in self.parts for check in part.checks}

    @property
    def public(self) -> Exercise:
        """The same exercise with its public checks only."""
        return replace(self, parts=[replace(part, checks=[c for c in part.checks if not c.hidden])
                                    for part in self.parts])

    def unmet(self, check: Check, so_far: Mapping[str, Verdict]) -> Iterator[Verdict]:
        """What this check needs (a check, a verb's, a part) and does not hold so far."""
        lost = [v for v in so_far.values() if not v.passed] if check.needs else []
        for need in check.needs:
            yield from (v for v in lost if need in (v.check, self._verbs[v.check], v.part))

    @cached_property
    def _verbs(self) -> Mapping[str, str]:
        return {check.name: check.verb for check in self.checks}

    def each(self, change: Callable[[Check], Check]) -> Exercise:
        """The same exercise, with this done to each of its checks."""
        return replace(self, parts=[replace(part, checks=[*map(change, part.checks)])
                                    for part in self.parts])

    def worth(self, part: Part) -> float:
        """The points of one of its parts."""
        return self.points * part.share / sum(p.share for p in self.parts)


@dataclass(frozen=True)
class Misconception:
    """A belief: a wrong answer to an exercise, with the sentence a good teacher would say.

    The answer is the solution (or the variant `base`) with some texts exchanged: `edits` are (old,
    new, how often old occurs, in the answer to which exercise: "" for its own); or it is written
    out in `functions`.
    """

    name: str
    exercise: str
    sentence: str
    functions: Mapping[str, Callable[..., Any]] = field(default_factory=dict)
    # the facts that give it away; empty: all on which it differs from the right one
    signs: tuple[str, ...] = ()
    also: tuple[str, ...] = ()  # other exercises in which the same facts give away the same belief
    gravity: Gravity = Gravity.EDGE
    edits: tuple[tuple[str, str, int, str], ...] = ()
    base: str = ""


@dataclass(frozen=True)
class Variant:
    """A right answer that looks different; it must score full marks whatever the draw."""

    name: str
    exercise: str
    functions: Mapping[str, Callable[..., Any]] = field(default_factory=dict)
    edits: tuple[tuple[str, str, int, str], ...] = ()
    base: str = ""


@dataclass(frozen=True)
class Assignment:
    """Everything public about an assignment: what is in its released folder."""

    slug: str
    folder: Path
    exercises: tuple[Exercise, ...]
    probes: Mapping[str, tuple[Any, ...]]  # exercise -> fact verbs, the fingerprint
    setup: str  # source of the set-up cell
    # digests of the course's own code cells, which are never run in a worker
    course_cells: frozenset[str]
    hints: Mapping[str, Any] = field(default_factory=dict)
    # packages beyond those of the kit; where one is missing nothing is judged, and nothing lost
    needs: tuple[str, ...] = ()
    # modules that a warm worker has loaded before the first hand-in comes
    preload: tuple[str, ...] = ()
    gpu: bool = False  # whether its code has a use for one, so that a sandbox may show it

    def exercise(self, name: str) -> Exercise:
        """The exercise of that name, or a CourseError that lists the names there are."""
        for exercise in self.exercises:
            if exercise.name == name:
                return exercise
        known = ", ".join(e.name for e in self.exercises)
        raise CourseError(
            f"There is no exercise {name!r} in {self.slug}. The exercises are: {known}.")

    def holding(self, name: str) -> Exercise:
        """The exercise of that name, or that asks for such a function; CourseError as above."""
        if all(name != e.name for e in self.exercises):
            name = next((e.name for e in self.exercises if name in e.names), name)
        return self.exercise(name)

    @property
    def points(self) -> float:
        """The maximum of the whole assignment."""
        return sum(e.points for e in self.exercises)


@dataclass(frozen=True)
class Key:
    """Everything secret about an assignment: what lies beside its folder."""

    hidden: Mapping[str, Mapping[str, tuple[Check, ...]]]  # exercise -> part -> checks
    misconceptions: tuple[Misconception, ...]
    variants: tuple[Variant, ...]
    salt: str
    # exercise -> mutant -> why it means the same
    equivalent: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
