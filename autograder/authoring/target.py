"""An exercise as candidates meet it: what its public checks ask, and what is handed out."""

from __future__ import annotations

import inspect
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from autograder.judge import judge, result
from autograder.model import Answer, Call, Exercise, Item, Outcome, Subject
from autograder.staff import Staff
from autograder.subjects.local import Local

CALL_SECONDS = 1.0  # for a call of a check; the solution of the slowest takes half of it
SCRIPTS = 3  # questions of the public checks that the second sieve puts
Asked = tuple[tuple[Call, ...], tuple[Answer, ...]]


@dataclass(frozen=True)
class Target:
    """The exercise, with the names that a candidate finds around it."""

    staff: Staff
    exercise: Exercise
    handed_out: Mapping[str, Any]  # the names of the released notebook

    @cached_property
    def asked(self) -> tuple[Asked, ...]:
        """What the public checks ask the solution, script by script, and what it answers."""
        recorder = Recorder(self.staff.reference)
        judge(self.exercise.public, recorder, self.staff.assignment.slug,
              reference=self.staff.reference)
        return tuple(recorder.asked)

    @property
    def is_table(self) -> bool:
        """Whether its answer is data, as a quiz is."""
        return not all(callable(self.solution(name)) for name in self.exercise.names)

    @cached_property
    def names(self) -> tuple[str, ...]:
        """The functions that are asked, also of an earlier exercise that this one builds on."""
        called = {c.function for calls, _ in self.asked for c in calls} | set(self.exercise.names)
        answers = (n for e in self.staff.assignment.exercises for n in e.names)
        return tuple(n for n in answers if n in called and callable(self.solution(n)))

    def solution(self, name: str) -> Any:
        """What stands under this name in the solution."""
        return self.staff.reference.namespace.get(name)

    @cached_property
    def around(self) -> Mapping[str, Any]:
        """The names a candidate finds: as handed out, with the earlier answers it builds on."""
        return {**self.handed_out,
                **{n: self.solution(n) for n in self.names if n not in self.exercise.names}}

    def arguments(self, name: str) -> tuple[str, ...]:
        """The names of the arguments of one of its functions."""
        return tuple(inspect.signature(self.solution(name)).parameters)

    def questions(self, name: str) -> list[tuple[tuple[Call, ...], Answer]]:
        """Scripts up to a first call of this function that a right answer returns from."""
        found = []
        for calls, answers in self.asked:
            place = next((n for n, c in enumerate(calls)
                          if c.function == name and answers[n].outcome is Outcome.PASSED), None)
            if place is not None:
                found.append((calls[: place + 1], answers[place]))
        return found[:: max(1, len(found) // SCRIPTS)][:SCRIPTS]

    def leans(self, name: str) -> bool:
        """Whether it is called with what another function returned, as a backward pass is."""
        return any(isinstance(a, Item) for calls, _ in self.questions(name) for a in calls[-1].args)

    @cached_property
    def first(self) -> Exercise:
        """The exercise with each part's first check: no answer earns less than by these."""
        return replace(self.exercise, parts=[replace(p, checks=list(p.checks[:1]))
                                             for p in self.exercise.public.parts])

    def share(self, exercise: Exercise, answers: Mapping[str, Any]) -> float:
        """Which share of the points these answers earn by the checks of this exercise."""
        subject = Local(namespace={**self.around, **answers})
        short = exercise.each(
            lambda check: replace(check, seconds=min(check.seconds or CALL_SECONDS, CALL_SECONDS)))
        verdicts = judge(short, subject, self.staff.assignment.slug, self.staff.key.salt,
                         self.staff.reference, CALL_SECONDS, deaths=1)
        return sum(part.points for part in result(exercise, verdicts).parts) / exercise.points


class Recorder:
    """A subject that remembers what was asked."""

    def __init__(self, subject: Subject) -> None:
        self._subject = subject
        self.troubles = subject.troubles
        self.asked: list[Asked] = []

    def ask(self, calls: Sequence[Call], seconds: float) -> list[Answer]:
        # of a mask, too: else whatever is true or false has its form
        whole = [replace(call, nonzero=False) for call in calls]
        self.asked.append((tuple(whole), tuple(self._subject.ask(whole, seconds))))
        return self._subject.ask(calls, seconds)
