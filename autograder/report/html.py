"""Reports as HTML: a self-contained block per exercise, for notebooks and nbgrader's feedback.

Notebooks are shown on white and on black, by programs that keep or drop style sheets as they like.
So there are inline styles only, text has the colour of the page around it, and other colours are
translucent. Whatever a student could have written is escaped.
"""

from __future__ import annotations

import html
from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Any

from autograder.model import Diagnosis, Earned, ExerciseResult, Outcome, Report, Verdict
from autograder.report import words

MOST_CELLS = 24  # rows and columns of a picture

NOTHING: Mapping[str, str] = MappingProxyType({})
_GREEN, RED, AMBER, _GREY = "#2e9e5b", "#d9534f", "#c98a1b", "#888"
_MARKS = {Outcome.PASSED: ("&#10003;", _GREEN), Outcome.SKIPPED: ("&#8211;", _GREY),
          Outcome.BROKEN: ("!", AMBER)}
_HEADS = {"ok": _MARKS[Outcome.PASSED], "x": ("&#10007;", RED), "-": _MARKS[Outcome.SKIPPED]}
_MONO = "font-family:ui-monospace,SFMono-Regular,Menlo,Consolas,monospace;font-size:.92em"


def exercise_html(result: ExerciseResult, staff: bool = False,
                  more: Mapping[str, str] = NOTHING) -> str:
    """The block that `check("dropout_forward")` shows and feedback repeats, part by part.

    `more` is HTML that staff alone sees below a check.
    """
    return framed(result, "".join(_parts(result, staff, more)))


def framed(result: ExerciseResult, inside: str) -> str:
    """The block itself: a bar in the colour of the outcome, and the fonts."""
    colour = {"passed": _GREEN, "partial": AMBER, "not_run": _GREY}.get(result.outcome, RED)
    style = (f"border-left:3px solid {colour};padding:.3em 0 .4em 1em;margin:.6em 0;"
             "max-width:54em;line-height:1.5;font-family:system-ui,-apple-system,'Segoe UI',"
             "Roboto,sans-serif;font-size:14px;overflow-wrap:anywhere")
    # both class names: MathJax of any version must not typeset what a student wrote between dollar
    # signs
    return f'<div class="tex2jax_ignore mathjax_ignore" style="{style}">{inside}</div>'


def title(name: str, state: str) -> str:
    """The line on top: which exercise, and how much of it holds."""
    return (
        f'<div style="margin-bottom:.25em"><b style="{_MONO}">{escape(name)}</b>'
        f'<span style="opacity:.75;margin-left:.6em">{escape(state)}</span></div>'
    )


def indented(inside: str) -> str:
    """Below a heading."""
    return f'<div style="margin-left:1.6em">{inside}</div>' if inside else ""


def quiet(words_of_ours: str) -> str:
    """A line that may be passed over."""
    return f'<span style="opacity:.75">{escape(words_of_ours)}</span>'


def line(words_of_ours: str) -> str:
    """A sentence below the rest."""
    return f'<div style="margin-top:.5em">{escape(words_of_ours)}</div>'


def page(report: Report, above: str, blocks: str) -> str:
    """The page around blocks of HTML about a hand-in, light or dark as the reader's system is."""
    title = escape(f"{report.assignment}  {report.submission}")
    body = [f'<h1 style="font-size:1.2em;font-weight:600;overflow-wrap:anywhere">{title}</h1>',
            above]
    if report.error:
        body.append(f"<p>{escape(report.error)}</p>")
    body += [f'<p style="opacity:.75">{escape(note)}</p>' for note in report.notes]
    body.append(blocks)
    known = ('<meta charset="utf-8"><meta name="viewport" content="width=device-width"><meta '
             'name="color-scheme" content="light dark">')
    head = f"{known}<title>{title}</title>"
    style = "font-family:system-ui,sans-serif;max-width:56em;margin:2em auto;padding:0 1em"
    return (f'<!DOCTYPE html>\n<html lang="en"><head>{head}</head><body '
            f'style="{style}">{"".join(body)}</body></html>\n')


def escape(text: str, most: int = words.MAX_CHARACTERS) -> str:
    """Text that stays text: in HTML, in attributes, and for MathJax, whose delimiters are split."""
    shown = html.escape(words.clean(text, most))
    for mark in ("\\", "$"):
        shown = shown.replace(mark, f"<span>{mark}</span>")
    return shown.replace("\n", "<br>")


# ---------------------------------------------------------------------------------------- the parts
def _parts(result: ExerciseResult, staff: bool, more: Mapping[str, str]) -> Iterator[str]:
    yield title(result.name, words.summary(result, staff))
    if result.trouble:
        yield box("Running your cell stopped with", code(result.trouble), RED)
    beside = words.beside(result)
    drawn = next((v for v in result.verdicts if not v.passed and v.picture is not None), None)

    def told(verdict: Verdict, brief: bool) -> str:
        hints = beside.pop(verdict.check, ())
        return verdict_html(verdict, hints, verdict is drawn, more.get(verdict.check, ""),
                            brief and not hints)

    for part, verdicts in words.grouped(result):
        briefly = words.run_on(verdicts)
        inside = "".join(told(v, v.check in briefly) for v in verdicts)
        yield heading(part, words.part_mark(part, verdicts)) + indented(inside) if part else inside


def heading(part: Earned, mark: str) -> str:
    """A line of the rubric: what the part asks, and its points."""
    shown, colour = _HEADS[mark]
    return (
        f'<div style="display:flex;gap:.6em;margin-top:.5em;font-weight:600">'
        f'<span style="color:{colour};flex:none;width:1em;text-align:center">{shown}</span>'
        f'<span style="flex:1;min-width:0">{escape(words.part_sentence(part))}</span>'
        f'<span style="flex:none;opacity:.75">{words.part_points(part)}</span></div>'
    )


def verdict_html(verdict: Verdict, diagnoses: Sequence[Diagnosis], draw: bool, more: str = "",
                 brief: bool = False) -> str:
    """A sentence with its mark and, if it fails and unless `brief`, all that is known about it."""
    mark, colour = _MARKS.get(verdict.outcome, ("&#10007;", RED))
    quiet = verdict.outcome in (Outcome.PASSED, Outcome.SKIPPED)
    style = "opacity:.75" if quiet else "font-weight:600"
    text = f'<span style="{style}">{escape(words.sentence(verdict))}</span>'
    told = "" if brief else details(verdict, diagnoses, draw)
    return (
        f'<div style="display:flex;gap:.6em;margin:{".15em" if quiet else ".6em"} 0"><span style='
        f'"color:{colour};font-weight:700;flex:none;width:1em;text-align:center">{mark}</span>'
        f'<div style="flex:1;min-width:0">{text}{told}{more}</div></div>')


def details(verdict: Verdict, diagnoses: Sequence[Diagnosis], draw: bool) -> str:
    """What stands below a sentence: what was seen, the call that shows it, a picture, hints."""
    told = ""
    if story := words.story(verdict):
        shown = escape(story).replace(" +- ", " &#177; ")
        style = "opacity:.75" if verdict.outcome is Outcome.SKIPPED else ""
        told += f'<div style="{style}">{shown}</div>'
    if call := words.call(verdict):
        told += f'<div style="opacity:.75;margin-top:.3em">See it yourself:</div>{code(call)}'
    if draw:
        told += picture(verdict.picture)
    return told + "".join(box("A hint", escape(hint), AMBER)
                          for hint in words.hints(diagnoses, verdict.exercise))


def code(text: str, most: int = words.MAX_CHARACTERS, rows: bool = False) -> str:
    """A block of code; one of `rows` scrolls where it is too wide, and is not broken."""
    space, focus = ("pre;overflow-x:auto", ' tabindex="0"') if rows else ("pre-wrap", "")
    style = (f"display:block;white-space:{space};background:rgba(128,128,128,.13);color:inherit;"
             "padding:.35em .6em;border-radius:4px")
    return f'<code{focus} style="{_MONO};{style}">{escape(text, most)}</code>'


def box(title: str, inside: str, colour: str) -> str:
    """Something to be seen first, on a tint of the colour."""
    style = f"background:{colour}1f;border-radius:4px;padding:.45em .8em;margin:.5em 0"
    return f'<div style="{style}"><div style="font-weight:600">{title}</div>{inside}</div>'


def folded(summary: str, inside: str, opened: bool = False, marker: str = "outside") -> str:
    """Something to be opened; `summary` is HTML, `marker` where its triangle stands."""
    style = f"cursor:pointer;list-style-position:{marker}"
    return (f'<details{" open" * opened}><summary style="{style}">{summary}</summary>'
            f"{indented(inside)}</details>")


def picture(values: Any, told: str = "What the code drew") -> str:
    """A mask as a small drawing, squares where units were kept; nothing for other things."""
    import numpy as np

    if (not isinstance(values, np.ndarray) or values.ndim != 2 or not values.size
            or values.dtype.kind not in "bfiu"):
        return ""
    shown = values[:MOST_CELLS, :MOST_CELLS]
    height, width = shown.shape
    path = "".join(f"M{x} {y}h.86v.86h-.86z" for y, x in np.argwhere(shown != 0))
    cut = "the first " * (shown.shape != values.shape)
    caption = f"{told}, {cut}{height} by {width}: filled squares are kept, empty ones dropped."
    return (
        f'<figure style="margin:.5em 0"><svg role="img" aria-label="{caption}" width="{8 * width}" '
        f'height="{8 * height}" '
        f'viewBox="-.3 -.3 {width + 0.46:g} {height + 0.46:g}" style="max-width:100%">'
        f'<rect x="-.2" y="-.2" width="{width + 0.26:g}" height="{height + 0.26:g}" fill="none" '
        'stroke="currentColor" '
        f'stroke-opacity=".35" stroke-width=".12"/><path d="{path}" fill="currentColor" '
        'fill-opacity=".7"/></svg>'
        f'<figcaption style="opacity:.75;font-size:.9em">{caption}</figcaption></figure>'
    )
