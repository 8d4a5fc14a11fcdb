"""Whose points changed between two gradings, as text."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from types import MappingProxyType

from autograder.model import Change, Moved
from autograder.report import words

SAME = "the same checks fail: the shares of the parts are others now"
ByHand = Mapping[str, Mapping[str, float]]  # student -> exercise -> points that a human gave


def lines(changes: Iterable[Change], gradings: int, by_hand: ByHand = MappingProxyType({})) -> Iterator[str]:
    """A line for each student and one for each exercise; one that says so when nothing changed, or nothing was graded."""
    if gradings < 2:
        yield "Only one grading is known, so there is nothing to compare it with." if gradings else "Nothing was graded yet."
        return
    students = 0
    for change in changes:
        students += 1
        yield words.line(change.student) + ("  (handed in anew)" if change.handed_in_anew else "")
        for one in change.exercises:
            then, now = one.worth
            of = ["" if then == now or w is None else f" of {words.number(w)}" for w in one.worth]
            yield f"    {one.name}: {words.number(one.before)}{of[0]} -> {words.number(one.after)}{of[1]}{_stays(change, one, by_hand)}"
            same = [SAME] * (then == now and not change.handed_in_anew)
            yield from (f"        {words.line(reason)}" for reason in one.reasons or same)
    yield f"{students} student{'s' * (students != 1)} with other points than before." if students else "No points changed."


def _stays(change: Change, one: Moved, by_hand: ByHand) -> str:
    """What stands in the gradebook whatever the checks say."""
    kept = "" if one.found is None else f" (kept: the checks now give {words.number(one.found)})"
    manual = by_hand.get(change.student, {}).get(one.name)
    return kept if manual is None else f"{kept} by the grader; the {words.number(manual)} given by hand stay{'s' * (manual == 1)}"
