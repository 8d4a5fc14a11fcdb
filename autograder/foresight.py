"""What the checks of an exercise will ask next, sent before it is asked, so that nobody waits.

It is learned from hand-ins of which everything held, and only what two of them were asked alike is
foreseen. An array among the arguments must be what the text that shows it makes: so nothing that
was worked out from somebody's answers comes to anybody else. And only what is asked for certain is
sent: a check that waits for another is foreseen when that one has held.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from operator import attrgetter
from typing import Any, Protocol

import numpy as np

from autograder.model import Call, Code, Draws, Exercise, Given, Item, Seed, Subject, Verdict
from autograder.running.batching import bundled, repetitions


@dataclass(frozen=True, eq=False)
class Script:
    """Calls that are asked together, and what is worked out about them once for a whole class."""

    calls: tuple[Call, ...]
    seconds: float

    @cached_property
    def groups(self) -> list[Call | Draws]:
        """The calls as they travel."""
        return bundled(self.calls)

    @cached_property
    def left(self) -> list[int]:
        """For each call, how many repetitions of it are still to come."""
        return repetitions(self.groups)


def alike(one: Sequence[Call], other: Sequence[Call]) -> bool:
    """Whether two scripts ask the same."""
    return len(one) == len(other) and all(map(_same_call, one, other))


def _same_call(one: Call, other: Call) -> bool:
    if one is other:
        return True
    return (_ASKED(one) == _ASKED(other) and len(one.args) == len(other.args)
            and all(map(_same, one.args, other.args)) and one.kwargs.keys() == other.kwargs.keys()
            and all(_same(v, other.kwargs[k]) for k, v in one.kwargs.items()))


_ASKED = attrgetter("function", "returns", "ship", "watch", "look", "nonzero", "steady")


def _same(one: Any, other: Any) -> bool:
    if one is other or type(one) is not type(other):
        return one is other
    if isinstance(one, Seed):
        return (one.number, one.name) == (other.number, other.name)
    if isinstance(one, float):
        return repr(one) == repr(other)
    if isinstance(one, Given):
        return _same(one.value, other.value)
    if isinstance(one, np.ndarray):
        return ((one.dtype, one.shape) == (other.dtype, other.shape)
                and one.tobytes() == other.tobytes())
    if isinstance(one, (tuple, list)):
        return len(one) == len(other) and all(map(_same, one, other))
    if isinstance(one, dict):
        return list(one) == list(other) and all(map(_same, one.values(), other.values()))
    return bool(one == other)


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
        scripts = {name: tuple(Script(tuple(calls), seconds) for calls, seconds in found)
                   for name, found in asked.items()}
        if self._seen is not None:
            self._sure = {n: found for n, found in scripts.items()
                          if n in self._seen and _agree(found, self._seen[n]) and _plain(found)}
        self._seen = scripts

    def next(self, exercise: Exercise, place: int,
             verdicts: Mapping[str, Verdict]) -> Iterator[tuple[Script, ...]]:
        """What the checks ask from there on, up to the first whose turn or questions are open."""
        undecided = set[str]()
        for check in exercise.checks[place:]:
            if check.name not in self._sure or not undecided.isdisjoint(check.needs):
                return
            yield () if any(exercise.unmet(check, verdicts)) else self._sure[check.name]
            undecided |= {check.name, check.verb, exercise.part_of[check.name]}


def _agree(one: Sequence[Script], other: Sequence[Script]) -> bool:
    return len(one) == len(other) and all(alike(a.calls, b.calls)
                                          for a, b in zip(one, other, strict=True))


def _plain(scripts: Sequence[Script]) -> bool:
    """Whether all that is handed over is made by the text that a message would show."""
    calls = [call for script in scripts for call in script.calls]
    return all(map(_is_made, {id(a): a for call in calls
                              for a in (*call.args, *call.kwargs.values())}.values()))


def _is_made(argument: Any) -> bool:
    if not isinstance(argument, Given):
        return isinstance(argument, (Seed, Item, Code, int, float, str, tuple, type(None)))
    names = {"np": np}
    try:
        exec(argument.first, names)
        return _same(eval(argument.text, names), argument.value)
    except Exception:  # it speaks of something else: "x + h*u"
        return False


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
