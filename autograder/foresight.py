"""What the checks of an exercise will ask next, so that it can be sent before it is asked: then neither judge nor worker waits.

It is learned from hand-ins of which everything held, and only what two of them were asked alike is foreseen. What a check asks is the
course's: no argument is worked out from an answer (`autograder verify` sees to that), so nothing of anybody's comes to anybody else. And
only what is asked for certain is sent: a check that waits for another is foreseen when that one has held.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Protocol

import numpy as np

from autograder.model import Call, Check, Draws, Exercise, Given, Subject, Verdict
from autograder.running.batching import bundled, repetitions


@dataclass(frozen=True, eq=False)
class Script:
    """Calls that are asked together, and what is worked out about them once for a whole class."""

    calls: tuple[Call, ...]
    seconds: float

    @cached_property
    def key(self) -> tuple[Any, ...]:
        """What two scripts that ask the same have in common."""
        return key(self.calls)

    @cached_property
    def groups(self) -> list[Call | Draws]:
        """The calls as they travel."""
        return bundled(self.calls)

    @cached_property
    def left(self) -> list[int]:
        """For each call, how many repetitions of it are still to come."""
        return repetitions(self.groups)


def key(calls: Sequence[Call]) -> tuple[Any, ...]:
    """Equal for scripts that ask the same. Arrays that nobody can write to are known by their identity, so they must be kept alive."""
    return tuple(
        (c.function, *map(_key, c.args), *((k, _key(v)) for k, v in c.kwargs.items()), c.returns, c.ship, c.watch, c.look) for c in calls
    )


def _key(argument: Any) -> Any:
    if isinstance(argument, Given):
        return _key(argument.value)
    if isinstance(argument, np.ndarray):
        return (argument.shape, argument.dtype, argument.tobytes()) if argument.flags.writeable else id(argument)
    if isinstance(argument, (tuple, list)):
        return (type(argument), *map(_key, argument))
    if isinstance(argument, dict):
        return tuple((name, _key(value)) for name, value in argument.items())
    return (type(argument), repr(argument)) if isinstance(argument, (int, float)) else argument


class Eager(Subject, Protocol):
    """A subject to which scripts can be sent before they are asked."""

    asked: list[tuple[Sequence[Call], float]]  # every script, since somebody emptied the list

    def expect(self, scripts: Sequence[Script]) -> None:
        """These will be asked next, in this order."""


@dataclass
class Foresight:
    """What each check of one exercise asks, as far as it is known."""

    _seen: dict[str, tuple[Script, ...]] | None = None  # once
    _sure: dict[str, tuple[Script, ...]] = field(default_factory=dict)  # twice

    def learn(self, asked: Mapping[str, Sequence[tuple[Sequence[Call], float]]]) -> None:
        """Of a hand-in of which everything held: check -> the scripts that it asked."""
        if self._sure:
            return
        scripts = {name: tuple(Script(tuple(calls), seconds) for calls, seconds in found) for name, found in asked.items()}
        if self._seen is not None:
            before = {name: [s.key for s in found] for name, found in self._seen.items()}
            self._sure = {name: found for name, found in scripts.items() if [s.key for s in found] == before.get(name)}
        self._seen = scripts

    def next(self, exercise: Exercise, place: int, verdicts: Mapping[str, Verdict]) -> Iterator[tuple[Script, ...]]:
        """What the checks from that place on ask, up to the first whose turn or whose questions are not known."""
        undecided = set[str]()
        for check in exercise.checks[place:]:
            if check.name not in self._sure or not undecided.isdisjoint(check.needs):
                return
            yield () if _waits(exercise, check, verdicts) else self._sure[check.name]
            undecided |= {check.name, check.verb, exercise.part_of[check.name]}


def _waits(exercise: Exercise, check: Check, verdicts: Mapping[str, Verdict]) -> bool:
    verbs = {c.name: c.verb for c in exercise.checks}
    return any(not v.passed and need in (name, verbs[name], v.part) for need in check.needs for name, v in verdicts.items())


@dataclass
class Ahead:
    """Sends what one hand-in will be asked, and learns from it."""

    subject: Eager
    foresight: Foresight
    _until: int = 0  # checks before this place are sent
    _asked: dict[str, list[tuple[Sequence[Call], float]]] = field(default_factory=dict)

    def step(self, exercise: Exercise, place: int, verdicts: Mapping[str, Verdict]) -> None:
        """It is the turn of the check at that place."""
        self._note(exercise, place)
        if place >= self._until:
            found = list(self.foresight.next(exercise, place, verdicts))
            self._until = place + len(found)
            self.subject.expect([script for scripts in found for script in scripts])

    def end(self, exercise: Exercise, verdicts: Mapping[str, Verdict]) -> None:
        """All checks had their turn."""
        self._note(exercise, len(exercise.checks))
        if all(v.passed for v in verdicts.values()):
            self.foresight.learn(self._asked)

    def _note(self, exercise: Exercise, place: int) -> None:
        """Write down what was asked by the check before this place."""
        if place:
            self._asked[exercise.checks[place - 1].name] = self.subject.asked
        self.subject.asked = []
