"""The page a student gets back: a summary, then the notebook; it needs no network, no scripts.

Formulas become MathML before the page is written, which browsers show by themselves.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import markupsafe
import nbgrader  # type: ignore[import-untyped]
from jinja2 import pass_context
from nbconvert.exporters import HTMLExporter
from nbconvert.filters.markdown_mistune import IPythonRenderer, MarkdownWithMath
from nbformat.v4 import new_output
from nbgrader.api import Gradebook  # type: ignore[import-untyped]
from traitlets import List
from traitlets.config import Config

from autograder.nbgrader_plugin import standings
from autograder.nbgrader_plugin.by_hand import as_markdown, judged
from autograder.nbgrader_plugin.context import CHECK, Place
from autograder.nbgrader_plugin.elsewhere import Step
from autograder.report import learn, words

TEMPLATES = Path(__file__).parent / "templates"
STOCK = Path(nbgrader.__file__).parent / "server_extensions" / "formgrader" / "templates"
CSS = STOCK.parent / "static" / "node_modules" / "bootstrap" / "dist" / "css"
LONGEST = 2000  # characters of a formula; those of the course have at most some hundreds
UNKNOWN = re.compile(r"<m[io][^>]*>\\")  # a command that was not understood stands as it is


class OpenWithSummary(Step):
    """What the page begins with, from the gradebook's marks and what grading left below cells."""

    # the exporter sets it for all steps, and nbgrader's base class takes it from where it may be
    # set: a warning in each run
    display_data_priority: Any = List().tag(config=True)

    def take(self, nb: Any, resources: Any, place: Place) -> None:
        given, word = _given(place)
        resources["autograder"] = {"word": word, **summary(nb.cells, resources["nbgrader"], given)}
        for cell in nb.cells:
            _for_reading(cell, given)
            if comment := cell.metadata.get("nbgrader", {}).get("comment"):
                cell.metadata.nbgrader["comment"] = as_markdown(comment)


# cell -> automatic and manual score: their sum says 0 where there is none
Given = Mapping[str, tuple[float | None, float | None]]


def _given(place: Place) -> tuple[Given, str]:
    """The points in the gradebook, and one word for all that it says now."""
    with Gradebook(place.db_url) as gradebook:
        found = gradebook.find_submission_notebook(place.notebook, place.slug, place.student)
        return {grade.name: (grade.auto_score, grade.manual_score)
                for grade in found.grades}, standings.word(found)


def summary(cells: Sequence[Any], told: Mapping[str, Any], scores: Given) -> dict[str, Any]:
    """Title, points, lessons and rows, ready to be shown. `told` is what GetGrades has read."""
    rows = list(_rows(cells, scores))
    lessons = learn.first((row["name"], row["learn"]) for row in rows if row["learn"])
    anchors = {row["name"]: row["anchor"] for row in rows}
    late = told["late_penalty"]
    return {
        "title": told["notebook"],
        # a penalty takes no more than there is; rounded as Standing.score is, for what goes back to
        # a platform is compared with it
        "points": words.number(round(max(0.0, told["score"]), 6)),
        "most": words.number(told["max_score"]),
        "lines": [f"{words.number(late)} point{'s' * (late != 1)} less because it was handed in "
                  "late."] if late else [],
        "learn": [{"name": name, "anchor": anchors[name], **lesson} for name, lesson in lessons],
        "rows": rows,
    }


def _rows(cells: Sequence[Any], scores: Given) -> Iterator[dict[str, Any]]:
    comments = {c.metadata.nbgrader.grade_id: c.metadata.nbgrader.get("comment")
                for c in cells if "nbgrader" in c.metadata}
    for cell in cells:
        told = cell.metadata.get("nbgrader", {})
        if not (told.get("grade") or told.get("task")):
            continue
        name = told["grade_id"].removeprefix(CHECK)
        found = _below(cell)
        given = told.get("score") or 0.0
        automatic, manual = scores.get(told["grade_id"], (None, None))
        waits = ((automatic is None and manual is None)
                 or bool(found.get("not_run") and manual is None))
        by_hand = judged(name, manual, comments.get(name))
        yield {
            "name": name,
            "anchor": told["grade_id"],
            "points": words.number(given),
            "most": words.number(told["points"]),
            "state": "full" if given >= told["points"] else "lost",
            "parts": [] if given >= told["points"] and not by_hand
            else _parts(found.get("parts", ()), by_hand, given),
            "note": "someone still looks at this" if waits
            else _note(found, by_hand, comments.get(name)),
            "learn": found.get("learn") if given < told["points"] else None,
        }


def _parts(found: Sequence[Mapping[str, Any]], by_hand: Mapping[str, float] | None,
           given: float) -> list[dict[str, Any]]:
    """The parts with the points that count; none where they would not add up."""
    if by_hand is None or not by_hand.keys() <= {part.get("name") for part in found}:
        return []
    whole = sum(by_hand.get(part.get("name", ""), float(part["points"])) for part in found)
    return ([_part(p, by_hand.get(p.get("name", ""))) for p in found] if not by_hand
            or abs(whole - given) <= words.CLOSE else [])


def _part(part: Mapping[str, Any], by_hand: float | None) -> dict[str, Any]:
    points, most = float(part["points"]) if by_hand is None else by_hand, float(part["most"])
    full = points >= most
    mark = "ok" if full else "-" if by_hand is None and part.get("mark") == "-" else "x"
    shown = {"points": words.number(points), "most": words.number(most),
             "state": "full" if full else "lost", "mark": mark}
    return {"sentence": part["sentence"], "by_hand": by_hand is not None, **shown}


def _note(found: Mapping[str, Any], by_hand: Mapping[str, float] | None,
          comment: str | None) -> str:
    """What is to be said beside the points of an exercise, if anything is."""
    if by_hand == {}:
        return "" if found.get("written", True) else "not written yet"
    return ("given by hand" + " in part" * bool(by_hand)
            + "; the words stand below your answer" * bool(comment))


def _for_reading(cell: Any, scores: Given) -> None:
    """Below a check cell: no bare number, but a word where a human's points differ."""
    told = cell.metadata.get("nbgrader", {})
    if not _below(cell):
        return
    cell.outputs = [output for output in cell.outputs if output.output_type != "execute_result"]
    if scores.get(told["grade_id"], (None, None))[1] is not None:
        points = (
            f"{words.number(told.get('score') or 0.0)} of {words.number(told['points'])} points")
        said = f"Marked by hand: {points}. Below stands what the checks found."
        shown = {"text/plain": said, "text/html": f"<p><b>{said}</b></p>"}
        cell.outputs.insert(0, new_output("display_data", shown))  # type: ignore[no-untyped-call]


def _below(cell: Any) -> dict[str, Any]:
    """What grading left in the metadata of a check cell's output, if it is one."""
    found = (output.get("metadata", {}).get("autograder") for output in cell.get("outputs", ()))
    return next((dict(data) for data in found if data), {})


# ----------------------------------------------------------------------------------------- the page
class FeedbackPage(HTMLExporter):
    """nbgrader's feedback page, or for the kit's own assignments the one with a summary."""

    def __init__(self, config: Any = None, **more: Any) -> None:
        config = Config(config or {})
        config.FeedbackPage.template_name = "autograder_feedback"
        config.FeedbackPage.extra_template_basedirs = [str(TEMPLATES)]
        config.FeedbackPage.extra_template_paths = [str(STOCK), str(CSS)]
        super().__init__(config=config, **more)  # type: ignore[no-untyped-call]

    @pass_context
    def markdown2html(self, context: Any, source: str) -> str:
        """Markdown as nbconvert makes it; on the kit's pages no formula waits for a script."""
        if not context.get("resources", {}).get("autograder"):
            return str(super().markdown2html(context, source))
        renderer = WithMathML(escape=False,
                              attachments=dict(context.get("cell", {}).get("attachments", {})))
        return str(MarkdownWithMath(renderer=renderer).render(source))


class WithMathML(IPythonRenderer):
    """Formulas as MathML; one that is not understood stays TeX, in a piece of code."""

    def block_math(self, body: str) -> str:
        return mathml(body, "block")

    def inline_math(self, body: str) -> str:
        return mathml(body, "inline")

    def latex_environment(self, name: str, body: str) -> str:
        return mathml(rf"\begin{{{name}}}{body}\end{{{name}}}", "block")


def mathml(tex: str, display: str) -> str:
    """One formula. Whatever a student wrote comes out as text of MathML elements, or as code."""
    from latex2mathml.converter import convert  # late: grading has no use for it

    found = ""
    if len(tex) <= LONGEST:
        try:
            found = convert(tex, display=display)
        except Exception:  # a parser of other people's TeX has many ways to end
            found = ""
    if not found or UNKNOWN.search(found) or not _is_plain(found):
        return f"<code>{markupsafe.escape(tex)}</code>"
    return found


def _is_plain(found: str) -> bool:
    """Whether nothing but MathML is in it, and no link."""
    return not re.search(r"<(?!/?m[a-z]+[\s/>])|\s(?:href|src|on\w+|style|class|id)\s*=", found)
