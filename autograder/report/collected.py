"""What was collected, and whose points a second grading changed, as text."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from autograder.model import Change, Moved
from autograder.report import words
from autograder.report.standing import MISSING, NOT_GRADED, Mark, Standing

SHOWN = 40  # names in one line
SENTENCES = 8  # of one exercise
SAME = "the same checks fail: the shares of the parts are others now"
NO_MARK = {NOT_GRADED: "handed in and not graded", MISSING: "handed in nothing"}


def lines(manifest: Mapping[str, Any]) -> Iterator[str]:
    """The manifest as a table, by student and by file that nobody got, and what came of it."""
    hand_ins = manifest["hand_ins"]
    wide = min(max((len(h["student"]) for h in hand_ins), default=0), 32)
    for one in hand_ins:
        when = ([*["late"] * bool(one["late"]), one["time"] or "no time told"] if one["late"]
                or one["time"] else [])
        marks = f" ({', '.join(when)})" if when else ""
        first = one["files"][0]["from"] if one["files"] else ""
        yield f"{words.line(one['student']):{wide}}  {one['status']}{marks}  {words.line(first)}"
        reasons = (f"{f['from']} {f['why']}"
                   for f in one["files"] if f["why"] and f["why"] not in (one["why"] or ""))
        told = [one["why"], *one["notes"], *reasons]
        yield from (f"{'':{wide}}    {words.line(text)}" for text in told if text)
    for stray in manifest["not_taken"]:
        yield f"not taken: {words.line(stray['from'])}: {words.line(stray['why'])}"
    if absent := manifest["absent"]:
        names = words.some([*map(words.line, absent)], SHOWN)
        yield f"in the roster, and nothing came: {names}"
    yield _summary(manifest)


def _summary(manifest: Mapping[str, Any]) -> str:
    states = [h["status"] for h in manifest["hand_ins"]]
    counts = {s: states.count(s) for s in ("taken", "as before", "unclear", "not taken")}
    counts["not taken"] += len(manifest["not_taken"])
    told = ", ".join(f"{n} {s}" for s, n in counts.items() if n) or "nothing found"
    mend = (f" Rename such files to <student>_{manifest['assignment']}.ipynb, or name the students "
            "with --roster, and collect again.")
    return f"{manifest['assignment']}: {told}.{mend * bool(manifest['unnamed'])}"


# ------------------------------------------------------------------------------------------ changed
def changed(changes: Iterable[Change], gradings: int,
            people: Sequence[Standing] = ()) -> Iterator[str]:
    """A line for each student and exercise, or one that nothing changed or was graded."""
    if gradings < 2:
        yield ("Only one grading is known, so there is nothing to compare it with." if gradings
               else "Nothing was graded yet.")
        return
    students, staying, standing = 0, 0, {one.student: one for one in people}
    for change in changes:
        yield words.line(change.student) + ("  (handed in anew)" if change.handed_in_anew else "")
        now = standing.get(change.student, Standing(change.student, 0.0))
        differs = (None in change.points
                   or any(_counts(one, now.marks.get(one.name)) for one in change.exercises))
        students, staying = students + differs, staying + (not differs)
        if None in change.points:
            told = ("no mark" if p is None else words.number(p) for p in change.points)
            yield f"    {' -> '.join(told)}"
        else:
            yield from _moved(change, now.marks)
        yield from [f"    late: -{words.number(now.penalty)}, so {words.number(now.score or 0.0)} "
                    "count"] * bool(now.penalty)
    stay = (f" {staying} keep{'s' * (staying == 1)} the points given by hand, or kept by "
            "--never-lower." * bool(staying))
    yield (f"{students} student{'s' * (students != 1)} with other points than before." if students
           else "No points changed.") + stay
    if unmarked := [f"{words.line(s.student)} ({NO_MARK[s.status]})"
                    for s in people if s.status in NO_MARK]:
        yield f"no mark: {words.some(unmarked, SHOWN)}"


def _moved(change: Change, marks: Mapping[str, Mark]) -> Iterator[str]:
    for one in change.exercises:
        then, now = one.worth
        of = ["" if then == now or w is None else f" of {words.number(w)}" for w in one.worth]
        yield (f"    {one.name}: {words.number(one.before)}{of[0]} -> "
               f"{words.number(one.after)}{of[1]}{_stays(one, marks.get(one.name))}")
        same = [SAME] * (then == now and not change.handed_in_anew)
        told = [words.line(reason) for reason in dict.fromkeys(one.reasons)] or same
        yield from words.listed(told, SENTENCES, " " * 8)


def _counts(one: Moved, mark: Mark | None) -> bool:
    """Whether the student has other points for this exercise than before, or could have."""
    return (one.before, one.worth[0]) != (one.after, one.worth[1]) and not (mark and mark.by_hand)


def _stays(one: Moved, mark: Mark | None) -> str:
    """What stands in the gradebook whatever the checks say."""
    kept = "" if one.found is None else f" (kept: the checks now give {words.number(one.found)})"
    if mark is None or not mark.by_hand or mark.points is None:
        return kept
    return (f"{kept} by the checks; the {words.number(mark.points)} given by hand "
            f"stay{'s' * (mark.points == 1)}")
