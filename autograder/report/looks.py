"""What is worth a look: collected from all that noticed something, for the end and --json."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

from autograder.model import Exercise, ExerciseResult, Look, Report
from autograder.report import words

SHOWN = 60  # lines on a terminal; --json has all


def of_report(report: Report, student: str) -> Iterator[Look]:
    """What grading noticed: the reader's notes, and what was not judged or did not end."""
    yield from noted(report.notes, report.exercises, student)
    reasons = {result.not_run for result in report.exercises if result.not_run}
    yield from (Look(student, "", f"was not judged here: {reason}") for reason in sorted(reasons))
    yield from (Look(student, where, what) for where, what in report.stopped)


def noted(notes: Iterable[str], exercises: Sequence[Exercise | ExerciseResult],
          student: str) -> Iterator[Look]:
    """Sentences about a hand-in, each with the exercise that it names."""
    for note in notes:
        yield Look(student, next((e.name for e in exercises
                                  if re.search(rf"\b{re.escape(e.name)}\b", note)), ""), note)


def to_dicts(looks: Iterable[Look]) -> list[dict[str, str]]:
    """The same as plain data."""
    return [{"student": words.line(k.student), "exercise": words.line(k.exercise),
             "what": words.line(k.what)} for k in looks]


def sentence(look: Look) -> str:
    """What is worth a look, in one line, with the exercise before it."""
    named = look.exercise and not look.what.startswith(look.exercise)
    return words.line(f"{look.exercise}: {look.what}" if named else look.what)


def lines(looks: Sequence[Look]) -> Iterator[str]:
    """A list for the terminal; nothing when there is nothing."""
    if not looks:
        return
    yield "worth a look:"
    wide = min(max(len(k.student) for k in looks), 28)
    for look in looks[:SHOWN]:
        yield f"    {words.line(look.student):{wide}}  {sentence(look)}"
    if len(looks) > SHOWN:
        yield f"    and {len(looks) - SHOWN} more; all of them with --json FILE"
