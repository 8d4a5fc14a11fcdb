"""Whose points changed between two gradings, as text."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Protocol

from autograder.report import words


class Moved(Protocol):
    """One exercise whose points changed; see memory.Moved."""

    @property
    def name(self) -> str:
        """Which."""

    @property
    def before(self) -> float:
        """Points."""

    @property
    def after(self) -> float:
        """Points."""

    @property
    def worth(self) -> tuple[float | None, float | None]:
        """Of how many, before and after, where that is known."""

    @property
    def reasons(self) -> Sequence[str]:
        """Checks that fail now, and checks that no longer fail."""


class Change(Protocol):
    """What is known of one student whose points changed; see memory.Change."""

    @property
    def student(self) -> str:
        """Who."""

    @property
    def handed_in_anew(self) -> bool:
        """Whether the answers are others now."""

    @property
    def exercises(self) -> Sequence[Moved]:
        """What became of each exercise whose points changed."""


def lines(changes: Iterable[Change]) -> Iterator[str]:
    """A line for each student and one for each exercise; one that says so when nothing changed."""
    students = 0
    for change in changes:
        students += 1
        yield words.line(change.student) + ("  (handed in anew)" if change.handed_in_anew else "")
        for one in change.exercises:
            then, now = one.worth
            of = ["" if then == now or w is None else f" of {words.number(w)}" for w in one.worth]
            yield f"    {one.name}: {words.number(one.before)}{of[0]} -> {words.number(one.after)}{of[1]}"
            yield from (f"        {words.line(reason)}" for reason in one.reasons or _none(change, then == now))
    yield f"{students} student{'s' * (students != 1)} with other points than before." if students else "No points changed."


def _none(change: Change, worth_the_same: bool) -> Sequence[str]:
    """What is said where the same checks fail as before."""
    return ["the same checks fail: their weights are others now"] if worth_the_same and not change.handed_in_anew else []
