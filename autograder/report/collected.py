"""What was collected, and whose points a second grading changed, as text."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from types import MappingProxyType
from typing import Any

from autograder.model import Change, Moved
from autograder.report import words

SHOWN = 40  # names in one line
SENTENCES = 8  # of one exercise
SAME = "the same checks fail: the shares of the parts are others now"
ByHand = Mapping[str, Mapping[str, float]]  # student -> exercise -> points that a human gave


def lines(manifest: Mapping[str, Any]) -> Iterator[str]:
    """The manifest as a table, a line for each student and for each file that nobody got, and what came of it all."""
    hand_ins = manifest["hand_ins"]
    wide = min(max((len(h["student"]) for h in hand_ins), default=0), 32)
    for one in hand_ins:
        when = [*["late"] * bool(one["late"]), one["time"] or "no time told"] if one["late"] or one["time"] else []
        marks = f" ({', '.join(when)})" if when else ""
        first = one["files"][0]["from"] if one["files"] else ""
        yield f"{words.line(one['student']):{wide}}  {one['status']}{marks}  {words.line(first)}"
        reasons = (f"{f['from']} {f['why']}" for f in one["files"] if f["why"] and f["why"] not in (one["why"] or ""))
        told = [one["why"], *one["notes"], *reasons]
        yield from (f"{'':{wide}}    {words.line(text)}" for text in told if text)
    for stray in manifest["not_taken"]:
        yield f"not taken: {words.line(stray['from'])}: {words.line(stray['why'])}"
    if absent := manifest["absent"]:
        more = f" and {len(absent) - SHOWN} more" * (len(absent) > SHOWN)
        yield f"in the roster, and nothing came: {', '.join(map(words.line, absent[:SHOWN]))}{more}"
    yield _summary(manifest)


def _summary(manifest: Mapping[str, Any]) -> str:
    states = [h["status"] for h in manifest["hand_ins"]]
    counts = {s: states.count(s) for s in ("taken", "as before", "unclear", "not taken")}
    counts["not taken"] += len(manifest["not_taken"])
    told = ", ".join(f"{n} {s}" for s, n in counts.items() if n) or "nothing found"
    mend = f" Rename such files to <student>_{manifest['assignment']}.ipynb, or name the students with --roster, and collect again."
    return f"{manifest['assignment']}: {told}.{mend * bool(manifest['unnamed'])}"


# ----------------------------------------------------------------------------------------------------------------------- changed
def changed(changes: Iterable[Change], gradings: int, by_hand: ByHand = MappingProxyType({})) -> Iterator[str]:
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
            told = list(dict.fromkeys(one.reasons)) or same
            yield from (f"        {words.line(reason)}" for reason in told[:SENTENCES])
            yield from [f"        and {len(told) - SENTENCES} more"] * (len(told) > SENTENCES)
    yield f"{students} student{'s' * (students != 1)} with other points than before." if students else "No points changed."


def _stays(change: Change, one: Moved, by_hand: ByHand) -> str:
    """What stands in the gradebook whatever the checks say."""
    kept = "" if one.found is None else f" (kept: the checks now give {words.number(one.found)})"
    manual = by_hand.get(change.student, {}).get(one.name)
    return kept if manual is None else f"{kept} by the grader; the {words.number(manual)} given by hand stay{'s' * (manual == 1)}"
