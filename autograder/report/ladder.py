"""A hint as a ladder, climbed by rungs: what seems to be done, why and what instead, the line."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from autograder.model import Diagnosis, Verdict
from autograder.report import html, text, words

MOST_PRINTED = 6  # lines
# in text, in HTML
HINT = ("hint  ", "A hint")
WHY = ("why   ", "Why, and what instead")
WHERE = ("where ", "Where it comes from")
SENTENCE = re.compile(r"(?<=[.?!])\s+(?=[A-Z`(\[])")
Rungs = list[tuple[tuple[str, str], str]]  # the labels of a rung, and what it says


@dataclass(frozen=True)
class Climb:
    """How far up one stands, and the command that leads to the rung of a number."""

    rung: int = 1
    command: Callable[[int], str] | None = None


def rungs(hint: Diagnosis | None, verdict: Verdict) -> Rungs:
    """The hint's first sentence, what else it says, and the lines behind the message."""
    found: Rungs = []
    if hint:
        nudge, *rest = SENTENCE.split(words.clean(hint.message), maxsplit=1)
        found = [(HINT, nudge), *((WHY, told) for told in rest)]
    return [*found, (WHERE, words.clean("\n".join(verdict.made)))] if verdict.made else found


def ladders(hints: Sequence[Diagnosis], verdict: Verdict) -> list[Rungs]:
    """One for each hint; the student's line stands on the last, or on its own."""
    plain = [rungs(hint, replace(verdict, made=())) for hint in hints[:-1]]
    return [*plain, found] if (found := rungs(hints[-1] if hints else None, verdict)) else plain


def printed(verdict: Verdict) -> str:
    """What the student's code printed meanwhile, the first lines."""
    lines = words.clean(verdict.printed).rstrip("\n").split("\n") if verdict.printed.strip() else []
    return "\n".join([*lines[:MOST_PRINTED], *["..."] * (len(lines) > MOST_PRINTED)])


# --------------------------------------------------------------------------------------------- text
def as_text(hints: Sequence[Diagnosis], verdict: Verdict, climb: Climb) -> list[str]:
    """The rungs that were asked for, and how to see the next one."""
    lines = text.below("prints  ", printed(verdict))
    found = ladders(hints, verdict)
    for ladder in found:
        for labels, told in ladder[: climb.rung]:
            lines += text.below(labels[0], told, wrap=labels is not WHERE)
    if climb.command and any(len(ladder) > climb.rung for ladder in found):
        lines += text.below("more  ", climb.command(climb.rung + 1))
    return lines


# --------------------------------------------------------------------------------------------- HTML
def as_html(hints: Sequence[Diagnosis], verdict: Verdict, climb: Climb) -> str:
    """The first rung open, each further one to be opened inside the one before."""
    shown = printed(verdict)
    said = (f'<div style="opacity:.75;margin-top:.3em">Your code printed:</div>{html.code(shown)}'
            if shown else "")
    return said + "".join(html.box(ladder[0][0][1], _rung(ladder, climb.rung), html.AMBER)
                          for ladder in ladders(hints, verdict))


def _rung(ladder: Rungs, opened: int) -> str:
    (labels, told), *further = ladder
    shown = html.code(told) if labels is WHERE else html.escape(told)
    return shown + (html.folded(f"<b>{further[0][0][1]}</b>", _rung(further, opened - 1),
                                opened > 1, "inside") if further else "")
