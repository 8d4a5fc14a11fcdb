"""What is said about a verdict, before text.py and html.py decide how it looks."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import pairwise

from autograder.model import UNWRITTEN, Diagnosis, Earned, ExerciseResult, Outcome, Verdict

MAX_CHARACTERS = 2000  # of any one text in a report
CLOSE = 0.005  # points are kept to a hundredth

MARKS = {  # ASCII: they survive every console
    Outcome.PASSED: "ok",
    Outcome.FAILED: "x",
    Outcome.RAISED: "x",
    Outcome.TIMED_OUT: "x",
    Outcome.CRASHED: "x",
    Outcome.SKIPPED: "-",
    Outcome.BROKEN: "!",
}

_SILENT = {  # when the judge left no words
    Outcome.FAILED: "this does not hold",
    Outcome.RAISED: "your code raised an exception",
    Outcome.TIMED_OUT: "your code did not return in time and was stopped",
    Outcome.CRASHED: "your code ended the whole program instead of returning",
    Outcome.SKIPPED: "not tried yet",
}

_ANSI = re.compile(r"\x1b(\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(\x07|\x1b\\)?|[@-_])")


def clean(text: str, most: int = MAX_CHARACTERS) -> str:
    """The text with visible characters only: no escape codes, NUL, bidi controls, surrogates."""
    text = str(text)[: 4 * most]
    if not text.isprintable():  # most texts are, and need no second look
        text = "".join(c if c.isprintable() or c == "\n" else (" " if c.isspace() else "?")
                       for c in _ANSI.sub("", text))
    return text if len(text) <= most else text[: most - 3] + "..."


def line(text: str) -> str:
    """The text cleaned and on one line: names and sentences."""
    return clean(text).replace("\n", " ")


def called(student: str, name: str) -> str:
    """How a student is called on a terminal: by id or pseudonym, and by name where it is told."""
    return line(f"{student} ({name})" if name else student)


def some(things: Sequence[str], most: int) -> str:
    """The first of them in a sentence, and how many more there are."""
    return ", ".join(things[:most]) + f" and {len(things) - most} more" * (len(things) > most)


def listed(lines: Sequence[str], most: int, indent: str = "    ") -> Iterator[str]:
    """The first of them below a sentence, and how many more there are."""
    yield from (f"{indent}{told}" for told in lines[:most])
    if len(lines) > most:
        yield f"{indent}and {len(lines) - most} more"


def title(name: str) -> str:
    """The name of a misconception as a few words."""
    return line(name).replace("_", " ")


def sentence(verdict: Verdict) -> str:
    """What is judged, as it continues after the exercise's name; a hidden case says it is."""
    return phrase(verdict.sentence or verdict.check) + (" (hidden case)" if verdict.hidden else "")


def phrase(text: str) -> str:
    """A sentence cleaned, to follow a name; one that begins with a name keeps its capital."""
    text = line(text)
    return text[0].lower() + text[1:] if text.partition(" ")[0][1:].islower() else text


def story(verdict: Verdict) -> str:
    """What was seen and what should have been; "" for a sentence that holds."""
    if verdict.outcome is Outcome.PASSED:
        return ""
    got, wanted = clean(verdict.got), clean(verdict.wanted)
    if verdict.outcome is Outcome.BROKEN:
        return (f"{got or 'the check itself failed'}\nThis is the grader's fault, not yours. "
                "Please tell your teacher.")
    if wanted:
        return f"{got}, but should {'raise' if wanted == 'ValueError' else 'be'} {wanted}"
    return got or _SILENT[verdict.outcome]


def call(verdict: Verdict) -> str:
    """The call that shows it, ready to be pasted; never that of a hidden case."""
    return "" if verdict.hidden or verdict.passed else clean(verdict.call)


def first_trouble(result: ExerciseResult) -> Verdict | None:
    """The verdict with the hints below: the first failed, else the first not passed."""
    unhappy = [v for v in result.verdicts if not v.passed]
    return next((v for v in unhappy if v.outcome is Outcome.FAILED),
                unhappy[0] if unhappy else None)


def crosses(result: ExerciseResult) -> list[Verdict]:
    """The sentences that do not hold, as one reads; where all wait, the first that does."""
    verdicts = [v for _, inside in grouped(result) for v in inside if not v.passed]
    waiting = [v for v in verdicts if v.outcome is Outcome.SKIPPED]
    return [v for v in verdicts if v.outcome is not Outcome.SKIPPED] or waiting[:1]


def beside(result: ExerciseResult, most: int | None = None) -> dict[str, list[Diagnosis]]:
    """Check -> the hints below its cross: the first that the belief explains, or of all."""
    places = crosses(result)
    homes = [(next((n for n, v in enumerate(places) if v.check in d.crosses), 0), d)
             for d in result.diagnoses if d.message and places]
    found: dict[str, list[Diagnosis]] = {}
    for place, diagnosis in sorted(homes, key=lambda home: home[0])[:most]:
        found.setdefault(places[place].check, []).append(diagnosis)
    return found


def unwritten(verdict: Verdict) -> bool:
    """Whether there is no answer yet that could be judged."""
    return verdict.got.endswith(UNWRITTEN)


def absent(verdict: Verdict) -> bool:
    """Whether what was asked for is not there: not written yet, or nothing has that name."""
    # not of a name inside it
    return unwritten(verdict) or bool(re.match(r"\S+ is not defined", verdict.got))


def hints(diagnoses: Sequence[Diagnosis], exercise: str) -> list[str]:
    """The sentences of the misconceptions that explain this exercise."""
    return [clean(d.message) for d in diagnoses if d.exercise == exercise and d.message]


def number(value: float) -> str:
    """Points as a person writes them: 4, 2.5, 0.33."""
    return f"{value:.2f}".rstrip("0").rstrip(".")


def duration(seconds: float) -> str:
    """A time as a person says it: 40 s, 5 min, 2 h, 2 h 10 min, 3 d 4 h."""
    minutes = int(seconds) // 60
    if not minutes:
        return f"{max(int(seconds), 1)} s"
    days, hours, rest = minutes // 1440, minutes % 1440 // 60, minutes % 60
    told = [(days, "d"), (hours, "h"), (0 if days else rest, "min")]
    return " ".join(f"{number} {unit}" for number, unit in told if number)


def points(result: ExerciseResult) -> str:
    """The points of an exercise: "2.8 of 4 points"."""
    return f"{number(result.points)} of {number(result.max_points)} points"


def part_points(part: Earned) -> str:
    """The points of a part: "0.8 of 1"."""
    return f"{number(part.points)} of {number(part.max_points)}"


def part_sentence(part: Earned) -> str:
    """What a part asks, and why it has points though a sentence of it fails, if so."""
    return phrase(part.sentence) + (f" ({line(part.note)})" if part.note else "")


def part_mark(part: Earned, verdicts: Sequence[Verdict]) -> str:
    """"ok", "x", or "-" for a part with nothing wrong known: not tried, or not to its end."""
    if part.full:
        return "ok"
    return "-" if all(v.outcome in (Outcome.PASSED, Outcome.SKIPPED) for v in verdicts) else "x"


def grouped(result: ExerciseResult) -> Iterator[tuple[Earned | None, list[Verdict]]]:
    """The verdicts part by part; those of no part come last."""
    for part in result.parts:
        yield part, [v for v in result.verdicts if v.part == part.name]
    known = {part.name for part in result.parts}
    yield None, [v for v in result.verdicts if v.part not in known]


def run_on(verdicts: Sequence[Verdict]) -> set[str]:
    """Checks that were not tried for the same reason as the next one, below which it stands."""
    pairs = pairwise(verdicts)
    return {one.check for one, after in pairs
            if one.outcome is after.outcome is Outcome.SKIPPED and one.got == after.got}


def summary(result: ExerciseResult, staff: bool = False) -> str:
    """How much of it holds, in words; where hidden cases are to come, points are in reach."""
    if result.not_run:
        return f"was not run and costs nothing: {line(result.not_run)}"
    if result.parts:
        full = sum(part.full for part in result.parts)
        parts = (f"{full} of {len(result.parts)} parts" if full < len(result.parts) or full == 1
                 else f"all {full} parts")
        return f"{parts}, {points(result)}{'' if staff else ' in reach'}"
    held, total = sum(v.passed for v in result.verdicts), len(result.verdicts)
    if not total:
        return "nothing was checked"
    if held == total:
        return "everything holds" if total == 1 else f"all {total} checks hold"
    if waiting := sum(v.outcome is Outcome.SKIPPED for v in result.verdicts):
        return f"{_holds(held, total - held - waiting)}, {waiting} not tried"
    return f"{held} of {total} checks hold"


def _holds(held: int, failed: int) -> str:
    """How many sentences hold, and how many do not: "1 does not hold", "2 hold, 1 does not"."""
    verb = "does" if failed == 1 else "do"
    if not held:
        return f"{failed} {verb} not hold"
    return f"{held} hold{'s' * (held == 1)}" + (f", {failed} {verb} not" if failed else "")
