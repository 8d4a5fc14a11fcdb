"""Whose points changed between two gradings, as text."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from autograder.model import Change
from autograder.report import words


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
    return ["the same checks fail: the shares of the parts are others now"] if worth_the_same and not change.handed_in_anew else []
