"""A hand-in explained to staff: under each lost check the very call, and what a replay gave.

None of this is for students. It is made from what a witness saw, never from a report that a page is
made of.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from autograder.model import Answer, ExerciseResult, Facts, Opaque, Outcome, Report
from autograder.report import html, text, words

LONGEST = 20_000  # characters of a call that is to be pasted
ITEMS = 24  # of an array are shown
SECRET = "For staff only: this shows hidden cases."


@dataclass(frozen=True)
class Replayed:
    """One call, made once more: what the hand-in answers, and what the solution does."""

    call: str
    theirs: Answer
    ours: Answer
    drawn: bool = False  # a generator goes in, so another draw may be as right


@dataclass(frozen=True)
class Explained:
    """What staff sees below a check: its call if no report shows it, and a replay."""

    call: str = ""
    replay: Sequence[Replayed] = ()


@dataclass(frozen=True)
class Explanation:
    """One hand-in, as far as it was asked about: exercise -> check -> what is to be added."""

    report: Report
    chosen: Sequence[ExerciseResult]
    more: Mapping[str, Mapping[str, Explained]] = field(default_factory=dict)
    standing: Sequence[str] = ()  # what the gradebook says

    def of(self, exercise: str) -> Mapping[str, Explained]:
        """What is to be added to the checks of one exercise."""
        return self.more.get(exercise, {})


# --------------------------------------------------------------------------------------------- text
def as_text(told: Explanation) -> str:
    """For the terminal."""
    report = told.report
    head = [SECRET, f"{words.line(report.assignment)}  {words.line(report.submission)}",
            *map(words.line, told.standing)]
    blocks = ["\n".join(head)]
    blocks += ["\n".join(f"note  {words.line(note)}" for note in report.notes)] * bool(report.notes)
    for result in told.chosen:
        more = {check: "\n".join(_lines(found)) for check, found in told.of(result.name).items()}
        blocks.append(f"{text.exercise_text(result, True, more)}\n  {_named(result)}")
    return "\n\n".join(blocks)


def _named(result: ExerciseResult) -> str:
    """The parts of an exercise by the names that --set knows; the sentences stand above."""
    parts = ", ".join(f"{p.name}={words.number(p.points)}" for p in result.parts)
    apart = abs(sum(p.points for p in result.parts) - result.points) > words.CLOSE
    return (f"for --set: {parts}"
            + f"; all of it by hand: {result.name}={words.number(result.points)}" * apart)


def _lines(found: Explained) -> Iterator[str]:
    if found.call:
        yield from ["call", *(f"    {line}"
                              for line in words.clean(found.call, LONGEST).split("\n"))]
    for one in found.replay:
        yield f"replay {words.clean(one.call)}"
        yield from _side("theirs", answer(one.theirs))
        yield from _side("ours", answer(one.ours))
        yield from (f"    {line}" for line in [compared(one)] if line)


def _side(label: str, shown: str) -> Iterator[str]:
    lines = shown.split("\n")
    yield f"    {label:<7} {lines[0]}"
    yield from (f"            {line}" for line in lines[1:])


# --------------------------------------------------------------------------------------------- HTML
def as_html(told: Explanation) -> str:
    """A page by itself, with masks as pictures."""
    blocks = []
    for result in told.chosen:
        more = {check: "".join(_pieces(found)) for check, found in told.of(result.name).items()}
        blocks.append(html.exercise_html(result, True, more)
                      + f'<div style="opacity:.75">{html.escape(_named(result))}</div>')
    above = [f'<p style="font-weight:600">{SECRET}</p>',
             *(f"<p>{html.escape(line)}</p>" for line in told.standing)]
    return html.page(told.report, "".join(above), "".join(blocks))


def _pieces(found: Explained) -> Iterator[str]:
    if found.call:
        yield '<div style="opacity:.75;margin-top:.3em">The call:</div>'
        yield html.code(found.call, LONGEST)
    for one in found.replay:
        yield f'<div style="opacity:.75;margin-top:.3em">Once more:</div>{html.code(one.call)}'
        sides = "".join(_column(*side) for side in (("Theirs", one.theirs), ("Ours", one.ours)))
        yield f'<div style="display:flex;flex-wrap:wrap;gap:1em">{sides}</div>'
        if told := compared(one):
            yield f"<div>{html.escape(told)}</div>"


def _column(label: str, one: Answer) -> str:
    drawing = html.picture(mask(one.value), label) if one.outcome is Outcome.PASSED else ""
    return (f'<div style="flex:1;min-width:min(16em,100%)"><b>{label}</b>'
            f"{html.code(answer(one), rows=True)}{drawing}</div>")


# ------------------------------------------------------------------------------------------- values
def answer(one: Answer) -> str:
    """What came back, in a few lines; how the call ended where nothing did."""
    if one.outcome is Outcome.PASSED:
        return words.clean("\n".join(_value(one.value)))
    ended = f"{one.outcome.value.replace('_', ' ')}: {one.error or 'nothing came back'}"
    return words.clean(ended + (f" at {one.line}" if one.line else ""))


def _value(value: Any) -> Iterator[str]:
    import numpy as np

    if (isinstance(value, (tuple, list))
            and any(isinstance(item, (np.ndarray, tuple, list, dict, Opaque)) for item in value)):
        for number, item in enumerate(value):
            first, *rest = _value(item)
            yield from (f"[{number}] {first}", *rest)
    elif isinstance(value, dict):
        for name, item in value.items():
            first, *rest = _value(item)
            yield from (f"{name!r}: {first}", *rest)
    elif isinstance(value, np.ndarray):
        yield f"{value.dtype.name} array of shape {value.shape}"
        yield from np.array2string(value, precision=5, threshold=ITEMS, edgeitems=3,
                                   max_line_width=90).split("\n")
    else:
        # a cache is the business of who made it
        yield f"{value.kind}, not compared" if isinstance(value, Opaque) else repr(value)


def mask(value: Any) -> Any:
    """What of a value is worth a drawing: the first 2-D array with zeros and others, if any."""
    import numpy as np

    if (isinstance(value, np.ndarray) and value.ndim == 2
            and 0 < np.count_nonzero(value) < value.size):
        return value
    found = (mask(item) for item in value) if isinstance(value, (tuple, list)) else ()
    return next((drawing for drawing in found if drawing is not None), None)


def compared(one: Replayed) -> str:
    """How far the two are from each other, in arrays of numbers and in what was seen beside."""
    pairs = zip(_items(one.theirs), _items(one.ours), strict=False)
    told = {n: text for n, pair in enumerate(pairs) if (text := _apart(*pair, one.drawn))}
    numbered = [f"[{n}] {text}" if n or len(told) > 1 else text for n, text in told.items()]
    return "; ".join([*numbered, *_beside(one.theirs.facts, one.ours.facts)])


def _items(one: Answer) -> Sequence[Any]:
    return one.value if isinstance(one.value, (tuple, list)) and one.value else [one.value]


def _apart(theirs: Any, ours: Any, drawn: bool) -> str:
    """The same of two arrays of numbers of one shape, "" of all else."""
    import numpy as np

    if (not all(isinstance(v, np.ndarray) and v.dtype.kind in "biuf" for v in (theirs, ours))
            or theirs.shape != ours.shape):
        return ""
    apart = np.abs(theirs.astype(float) - ours.astype(float))
    differing = int(np.count_nonzero(~(apart == 0)))
    if not differing:
        return ("the same to the last digit" + f", as {theirs.dtype} in place of "
                f"{ours.dtype}" * bool(theirs.dtype != ours.dtype))
    far = (f", by {np.nanmax(apart):.6g} at most" if np.isfinite(apart).any()
           and theirs.dtype != bool else "")
    return (f"differ in {differing} of {apart.size} places{far}"
            + " (a generator goes in: another draw may be as right)" * drawn)


def _beside(theirs: Facts | None, ours: Facts | None) -> Iterator[str]:
    """What differs beside the values of two calls that were watched."""
    import numpy as np

    if theirs is None or ours is None:
        return
    try:
        np.testing.assert_equal(theirs.arguments, ours.arguments)
    except (AssertionError, TypeError, ValueError):
        yield "the arguments are not the same afterwards"
    for name, draws in (("the generator it is given", (theirs.rng_moved, ours.rng_moved)),
                        ("a global one", (theirs.global_rng_moved, ours.global_rng_moved))):
        if draws[0] != draws[1]:
            yield f"{'theirs' if draws[0] else 'ours'} alone draws from {name}"
    if theirs.warnings != ours.warnings:
        told = (words.line(", ".join(facts.warnings)) or "none" for facts in (theirs, ours))
        yield f"warnings: {' (theirs), '.join(told)} (ours)"
