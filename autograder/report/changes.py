"""Whose points changed between two gradings, as text."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Protocol

from autograder.report import words


class Change(Protocol):
    """What is known of one student whose points changed; see memory.Change."""

    @property
    def student(self) -> str:
        """Who."""

    @property
    def handed_in_anew(self) -> bool:
        """Whether the answers are others now."""

    @property
    def exercises(self) -> Sequence[tuple[str, float, float, Sequence[str], Sequence[str]]]:
        """Name, points before and after, checks that fail now, checks that no longer fail."""


def lines(changes: Iterable[Change]) -> Iterator[str]:
    """A line for each student and one for each exercise; one that says so when nothing changed."""
    students = 0
    for change in changes:
        students += 1
        yield words.line(change.student) + ("  (handed in anew)" if change.handed_in_anew else "")
        for name, before, after, lost, won in change.exercises:
            reasons = [*(f"- {words.line(check)}" for check in lost), *(f"+ {words.line(check)}" for check in won)]
            yield f"    {name}: {words.number(before)} -> {words.number(after)}"
            yield from (f"        {reason}" for reason in reasons)
    yield f"{students} student{'s' * (students != 1)} with other points than before." if students else "No points changed."
