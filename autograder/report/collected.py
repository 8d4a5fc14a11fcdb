"""What was collected, as text: a line for each student and for each file that nobody got."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from autograder.report import words

SHOWN = 40  # names in one line

def lines(manifest: Mapping[str, Any]) -> Iterator[str]:
    """The manifest as a table, and what came of it all."""
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
