"""A self-check as a guide: where one stands, the first cross with all that helps, the rest folded, and what comes next.

Staff and feedback read the whole rubric instead (text.py, html.py).
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from dataclasses import dataclass, replace

from autograder.model import Earned, ExerciseResult, Outcome, Verdict
from autograder.report import html, text, words

MOST_HINTS = 2
OUTCOMES = (Outcome.PASSED, Outcome.SKIPPED)


@dataclass(frozen=True)
class Block:
    """One part of the rubric (or the checks of none), seen by who is to go on from here."""

    part: Earned | None
    held: tuple[Verdict, ...]
    crosses: tuple[Verdict, ...]
    waiting: tuple[Verdict, ...]

    @property
    def mark(self) -> str:
        """"ok", "x", or "-" for a part that nothing can be said of yet."""
        if self.part is None or self.part.full:
            return "ok"
        return "x" if self.crosses else "-"


def blocks(result: ExerciseResult) -> list[Block]:
    """The parts in order, those of no part last."""
    found = []
    for part, verdicts in words.grouped(result):
        held = tuple(v for v in verdicts if v.outcome is Outcome.PASSED)
        waiting = tuple(v for v in verdicts if v.outcome is Outcome.SKIPPED)
        crosses = tuple(v for v in verdicts if v.outcome not in OUTCOMES)
        if part or verdicts:
            found.append(Block(part, held, crosses, waiting))
    return found


def first_cross(found: list[Block]) -> Verdict | None:
    """Where to go on: the first that does not hold, as one reads."""
    crosses = [v for b in found for v in b.crosses]
    return next(iter(crosses + [v for b in found for v in b.waiting]), None)


def _plain(verdict: Verdict) -> Verdict:
    """Without the call, where there is nothing yet that could be called."""
    return replace(verdict, call="") if words.unwritten(verdict) else verdict


def _more(waiting: int) -> str:
    return f"{waiting} more follow{'s' * (waiting == 1)} once this holds"


# --------------------------------------------------------------------------------------------------------------------------- text
def guide_text(result: ExerciseResult, after: str = "", told: str = "") -> str:
    """What a terminal shows; `after` is said when there is nothing left to mend, `told` in any case."""
    if result.not_run:
        return f"- {words.line(result.name)} {words.summary(result)}"
    return "\n".join([*_lines(result, after), *filter(None, [told])])


def _lines(result: ExerciseResult, after: str) -> Iterator[str]:
    yield f"{words.line(result.name)}: {words.summary(result)}"
    if result.trouble:
        yield "! running your cell stopped with"
        yield from text.below("", words.clean(result.trouble))
    found = blocks(result)
    first = first_cross(found)
    for block in found:
        if block.part:
            yield text.heading(block.mark, words.part_sentence(block.part), words.part_points(block.part))
        for verdict in block.crosses or ([first] if first in block.waiting else []):
            hints = result.diagnoses[:MOST_HINTS] if verdict is first else ()
            told = text.message(_plain(verdict), hints)
            yield textwrap.indent(told if verdict is first else told.split("\n")[0], "   " * bool(block.part))
    waiting = sum(len(b.waiting) for b in found) - (first is not None and first.outcome is Outcome.SKIPPED)
    if waiting and first:
        yield f"   {_more(waiting)}"
    if after and first is None:
        yield after


# --------------------------------------------------------------------------------------------------------------------------- HTML
def guide_html(result: ExerciseResult, after: str = "", told: str = "") -> str:
    """What a notebook shows: one block, in the colours of the page around it."""
    last = html.line(told) if told else ""
    return html.framed(result, f'<div style="margin-left:.6em">{"".join(_pieces(result, after))}{last}</div>')  # room for the triangles


def _pieces(result: ExerciseResult, after: str) -> Iterator[str]:
    yield html.title(result.name, words.summary(result))
    if result.trouble:
        yield html.box("Running your cell stopped with", html.code(result.trouble), html.RED)
    found = blocks(result)
    first = first_cross(found)
    drawn = next((v for b in found for v in b.crosses if v.picture is not None), None)
    for block in found:
        heading = html.heading(block.part, block.mark) if block.part else ""
        inside = "".join(_told(v, result, first, drawn) for v in block.crosses or ([first] if first in block.waiting else []))
        held = "".join(html.verdict_html(v, (), draw=False) for v in block.held)
        yield _folded(heading, held) if heading and held and not inside else heading + html.indented(inside or held)
    waiting = [v for b in found for v in b.waiting if v is not first]
    if waiting and first:
        listed = "".join(html.verdict_html(v, (), draw=False, brief=True) for v in waiting)
        yield _folded(html.quiet(_more(len(waiting))), listed)
    if after and first is None:
        yield html.line(after)


def _told(verdict: Verdict, result: ExerciseResult, first: Verdict | None, drawn: Verdict | None) -> str:
    """The first cross as a whole, another one behind its sentence."""
    if verdict is first:
        return html.verdict_html(_plain(verdict), result.diagnoses[:MOST_HINTS], draw=verdict is drawn)
    return _folded(html.verdict_html(verdict, (), draw=False, brief=True), html.details(verdict, (), draw=verdict is drawn))


def _folded(summary: str, inside: str) -> str:
    return f'<details><summary style="cursor:pointer;list-style-position:outside">{summary}</summary>{html.indented(inside)}</details>'
