"""A self-check as a guide: where one is, the first cross with help, the rest folded, what is next.

Staff and feedback read the whole rubric instead (text.py, html.py).
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from autograder.model import Diagnosis, Earned, ExerciseResult, Outcome, Verdict
from autograder.report import html, ladder, text, words
from autograder.report.ladder import Climb

MOST_HINTS = 2
START = Climb()
WIDTH = 100  # of the overview
HEAD = ("exercise", "parts", "points in reach", "next")


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
        return words.part_mark(self.part, self.crosses) if self.part else "ok"


def blocks(result: ExerciseResult) -> list[Block]:
    """The parts in order, those of no part last."""
    found = []
    for part, verdicts in words.grouped(result):
        held = tuple(v for v in verdicts if v.outcome is Outcome.PASSED)
        waiting = tuple(v for v in verdicts if v.outcome is Outcome.SKIPPED)
        crosses = tuple(v for v in verdicts if v.outcome not in (Outcome.PASSED, Outcome.SKIPPED))
        if part or verdicts:
            found.append(Block(part, held, crosses, waiting))
    return found


def to_look_at(result: ExerciseResult) -> list[Verdict]:
    """The crosses that are shown with all that helps: the first, and those that a hint explains."""
    told = words.beside(result, MOST_HINTS)
    return [v for n, v in enumerate(words.crosses(result)) if n == 0 or v.check in told]


def _plain(verdict: Verdict) -> Verdict:
    """Without the call, where there is nothing yet that could be called."""
    return replace(verdict, call="") if words.absent(verdict) else verdict


def _more(waiting: int) -> str:
    return f"{waiting} more sentence{'s' * (waiting != 1)} will be tried once this holds"


# --------------------------------------------------------------------------------------------- text
def guide_text(result: ExerciseResult, after: str = "", told: str = "",
               climb: Climb = START) -> str:
    """What a terminal shows; `after` is said when nothing is left to mend, `told` always."""
    if result.not_run:
        return f"- {words.line(result.name)} {words.summary(result)}"
    return "\n".join([*_lines(result, after, climb), *filter(None, [told])])


def cross_text(verdict: Verdict, result: ExerciseResult, climb: Climb = START) -> str:
    """One cross with all that helps, wherever it stands."""
    hints = words.beside(result, MOST_HINTS).get(verdict.check, [])
    return "\n".join([text.message(_plain(verdict)), *ladder.as_text(hints, verdict, climb)])


def _lines(result: ExerciseResult, after: str, climb: Climb) -> Iterator[str]:
    if result.trouble:  # above the points, which may be those of the version before
        yield f"! {words.line(result.name)}: running your cell stopped with"
        yield from text.below("", words.clean(result.trouble))
    yield f"{words.line(result.name)}: {words.summary(result)}"
    found = blocks(result)
    first, shown = next(iter(words.crosses(result)), None), to_look_at(result)
    for block in found:
        if block.part:
            yield text.heading(block.mark, words.part_sentence(block.part),
                               words.part_points(block.part))
        for verdict in block.crosses or ([first] if first in block.waiting else []):
            told = cross_text(verdict, result, climb)
            yield textwrap.indent(told if verdict in shown else told.split("\n")[0],
                                  "   " * bool(block.part))
    waiting = (sum(len(b.waiting) for b in found)
               - (first is not None and first.outcome is Outcome.SKIPPED))
    if waiting and first:
        yield f"   {_more(waiting)}"
    if after and first is None and not result.trouble:
        yield after


# --------------------------------------------------------------------------------------------- HTML
def guide_html(result: ExerciseResult, after: str = "", told: str = "",
               climb: Climb = START) -> str:
    """What a notebook shows: one block, in the colours of the page around it."""
    last = html.line(told) if told else ""
    inside = "".join(_pieces(result, after, climb)) + last
    # room for the triangles
    return html.framed(result, f'<div style="margin-left:.6em">{inside}</div>')


def _pieces(result: ExerciseResult, after: str, climb: Climb) -> Iterator[str]:
    if result.trouble:
        yield html.box("Running your cell stopped with", html.code(result.trouble), html.RED)
    yield html.title(result.name, words.summary(result))
    found = blocks(result)
    first = next(iter(words.crosses(result)), None)
    hints = words.beside(result, MOST_HINTS)
    drawn = next((v for b in found for v in b.crosses if v.picture is not None), None)
    for block in found:
        heading = html.heading(block.part, block.mark) if block.part else ""
        crosses = block.crosses or ([first] if first in block.waiting else [])
        inside = "".join(_told(v, hints.get(v.check, ()), climb, v is first, v is drawn)
                         for v in crosses)
        held = "".join(html.verdict_html(v, (), draw=False) for v in block.held)
        yield (html.folded(heading, held) if heading and held and not inside
               else heading + html.indented(inside or held))
    waiting = [v for b in found for v in b.waiting if v is not first]
    if waiting and first:
        listed = "".join(html.verdict_html(v, (), draw=False, brief=True) for v in waiting)
        yield html.folded(html.quiet(_more(len(waiting))), listed)
    if after and first is None and not result.trouble:
        yield html.line(after)


def _told(verdict: Verdict, hints: Sequence[Diagnosis], climb: Climb, first: bool,
          drawn: bool) -> str:
    """The first cross as a whole, another one behind its sentence."""
    more = ladder.as_html(hints, verdict, climb)
    if first:
        return html.verdict_html(_plain(verdict), (), drawn, more)
    return html.folded(html.verdict_html(verdict, (), draw=False, brief=True),
                       html.details(verdict, (), drawn) + more)


# ------------------------------------------------------------------------------------ all exercises
def overview(results: Sequence[ExerciseResult]) -> Iterator[str]:
    """All exercises in a few lines: how much holds, points in reach, what is next; or nothing."""
    rows = [_row(result) for result in results]
    if not rows:
        return
    widths = [max(len(row[column]) for row in [HEAD, *rows]) for column in range(3)]
    for row in [HEAD, *rows]:
        start = "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=False))
        room = max(20, WIDTH - len(start) - 2)
        yield f"{start}  {textwrap.shorten(row[3], room, placeholder=' ...')}".rstrip()
    judged = [r for r in results if not r.not_run]
    reach, most = (words.number(sum(getattr(r, name) for r in judged))
                   for name in ("points", "max_points"))
    yield f"{'all'.ljust(widths[0])}  {''.ljust(widths[1])}  {reach} of {most}"


def _row(result: ExerciseResult) -> tuple[str, str, str, str]:
    name = words.line(result.name)
    if result.not_run:
        return name, "-", "-", f"not run: {words.line(result.not_run)}"
    points = f"{words.number(result.points)} of {words.number(result.max_points)}"
    parts = f"{sum(p.full for p in result.parts)} of {len(result.parts)}"
    return name, parts, points, _next(result)


def _next(result: ExerciseResult) -> str:
    """What to do about it: the sentence of the first cross, or that there is nothing to do."""
    trouble = words.first_trouble(result)
    if trouble is None:
        return "done"
    if words.unwritten(trouble):
        return "to be written"
    return words.sentence(trouble)
