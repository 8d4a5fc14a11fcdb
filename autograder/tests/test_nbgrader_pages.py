"""What a browser makes of graded notebooks: hostile hand-ins stay text, mathematics whole."""

from __future__ import annotations

import base64
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from autograder.tests.classroom import (
    QUIZ, RIGHT, SLUG, Classroom, Notebook, answered, cell, code_cell, make)

pytestmark = pytest.mark.nbgrader
needs_chromium = pytest.mark.skipif(shutil.which("chromium") is None,
                                    reason="needs the program chromium")

RUN = "document.documentElement.setAttribute('data-pwned', 'yes')"

HTML = [
    f"<script>{RUN}</script>",
    f'<img src=x onerror="{RUN}">',
    f'<svg onload="{RUN}"></svg>',
    f'<iframe srcdoc="<script>parent.{RUN}</script>"></iframe>',
    f'<details open ontoggle="{RUN}">x</details>',
    f'<body onload="{RUN}">',
    f'<a href="javascript:{RUN}" id="clicked">x</a>',
    f'text <b onmouseover="{RUN}">x</b> <!-- <script>{RUN}</script> -->',
    f'```mermaid\n<img src=x onerror="{RUN}">\n```',
    f'$x <img src=x onerror="{RUN}"> y$',
    f"$$ <script>{RUN}</script> $$",
    f"\\begin{{align}} <script>{RUN}</script> \\end{{align}}",
    f'| a |\n|---|\n| <img src=x onerror="{RUN}"> |',
    f'# <img src=x onerror="{RUN}">',
    f"````\n```\n<script>{RUN}</script>",
    "<style>* { display: none }</style>",
    '<meta http-equiv="refresh" content="0; url=http://localhost:1">',
    '<form action="/formgrader"><input type="submit"></form>',
    "<scr<details>ipt>alert(1)</scr</details>ipt><<summary>img src=x onerror=alert(1)>",
]

LINKS = [
    "[x](javascript:alert(1))",
    "[x](JaVaScript:alert(1))",
    "[x](javascript&#58;alert(1))",
    "[x](java&#115;cript:alert(1))",
    "[x](javascript\\:alert(1))",
    "[x](<java\tscript:alert(1)>)",
    "[x]( \x01javascript:alert(1))",
    "<javascript:alert(1)>",
    "[x][1]\n\n[1]: javascript:alert(1)",
    "[x](data:text/html;base64,PHNjcmlwdD4=)",
    "[x](vbscript:x)",
    "[x](../../evil.html)",
    "[x](/formgrader/api/submissions)",
    "![x](http://elsewhere.example/x.png)",
    "![x](data:image/svg+xml;base64,PHN2Zz4=)",
    "![x](attachment:gone.png)",
    "$\\href{javascript:alert(1)}{x}$",
    "$\\style{position:fixed}{x}$ and $\\def\\frac{}$",
]

PLAIN = ["Where $a<b$ and $x<y>z$: see `x<y` and $$\\sum_{i<n} x_i$$",
         "A [link](https://example.org/?a=1&b=2), **bold**, a table:\n\n| a | b |\n|:--|--:|\n"
         "| 1 | 2 |\n\n- [x] done\n- 3 < 4", "```python\nif a < b:\n    print('<' + \"x\")\n```"]


# -------------------------------------------------------------------------------------------- texts
def rendered(source: str) -> str:
    from nbconvert.filters.markdown_mistune import markdown2html_mistune

    return markdown2html_mistune(source)


@pytest.mark.parametrize("source", HTML)
def test_no_tag_of_the_student_survives(source: str) -> None:
    from autograder.nbgrader_plugin.markdown import tame

    page = rendered(tame(source))
    assert not re.search(r"<(script|img|svg|iframe|details|body|b|style|meta|form)\b", page)
    assert not re.search(r"<\w[^>]*\son\w+\s*=", page)


def test_what_the_course_folds_stands_open_on_a_page() -> None:
    from autograder.nbgrader_plugin.markdown import tame

    page = rendered(tame("<details>\n<summary>An answer</summary>\n\nAt **one half**.\n\n"
                         "</details>"))
    assert re.sub(r"\s*<[^>]*>\s*", "|", page).strip("|") == "An answer||At|one half|."


@pytest.mark.parametrize("source", LINKS)
def test_no_link_leads_where_it_should_not(source: str) -> None:
    from autograder.nbgrader_plugin.markdown import tame

    page = rendered(tame(source))
    assert not re.search(r"<(a|img)\b[^>]*(href|src)=", page)
    if "$" in source:
        assert "<pre>" in page, "mathematics in a code block is left alone"


@pytest.mark.parametrize("source", PLAIN)
def test_plain_markdown_looks_as_before(source: str) -> None:
    from autograder.nbgrader_plugin.markdown import tame

    before, after = (re.sub(r"(&lt;|<) ", r"\1", rendered(s)) for s in (source, tame(source)))
    assert after == before


def test_a_text_at_the_limit_takes_no_second() -> None:
    import time

    from autograder.nbgrader_plugin.markdown import tame
    from autograder.nbgrader_plugin.sanitize import MAX_PROSE

    for unit in ("\\\\[", "\\\\(", "\\begin{a}", "[", "![a](", "`a", "*a **b ", "> ", "|a", "<a ",
                 "\n", "$$a "):
        began = time.process_time()
        tame((unit * MAX_PROSE)[:MAX_PROSE])
        assert time.process_time() - began < 5, unit  # measured below 0.6


# -------------------------------------------------------------------------------------------- pages
def hostile(nb: Notebook) -> Notebook:
    """Every payload in every place that is shown."""
    shrink = ('def shrink(x, p, rng, train=True):\n'
              f'    raise ValueError("""{HTML[1]} {LINKS[0]} ` $\\\\href{{x}}{{y}}$""")\n')
    answered(nb, shrink, f"quiz = {{'twice': '''{HTML[0]}''', 'letter': '''{HTML[1]}'''}}\n")
    for k, source in enumerate([*HTML, *LINKS]):
        nb["cells"].append({"cell_type": "markdown", "metadata": {}, "id": f"m{k}",
                            "source": source})
        kind = {"raw_mimetype": "text/html", "format": "text/html"}
        nb["cells"].append({"cell_type": "raw", "metadata": kind, "id": f"r{k}", "source": source})
        outputs = [{"output_type": "display_data", "metadata": {},
                    "data": {"text/html": source, "application/javascript": RUN}}]
        nb["cells"].append(code_cell("# " + source.replace("\n", " "), id=f"c{k}", outputs=outputs))
    drawing = base64.b64encode(
        f'<svg xmlns="http://www.w3.org/2000/svg"><script>{RUN}</script></svg>'.encode()).decode()
    attached = {"x.svg": {"image/svg+xml": drawing},
                "y.png": {"image/png": f'"><script>{RUN}</script>'}}
    nb["cells"].append({"cell_type": "markdown", "metadata": {}, "id": "a",
                        "source": "![x](attachment:y.png)", "attachments": attached})
    nb["cells"][1]["source"] = HTML[0] + "".join(nb["cells"][1]["source"])
    nb["metadata"]["title"] = f"</title><script>{RUN}</script>"
    nb["metadata"]["widgets"] = {
        "application/vnd.jupyter.widget-state+json": {"x": f"</script><script>{RUN}</script>"}}
    return nb


@pytest.fixture(scope="module")
def classroom(tmp_path_factory: pytest.TempPathFactory) -> Classroom:
    classroom = make(tmp_path_factory.mktemp("pages"))
    classroom.submit("mallory", hostile(classroom.released()))
    honest = answered(classroom.released(), RIGHT, QUIZ)
    honest["cells"] += [{"cell_type": "markdown", "metadata": {}, "id": f"p{k}", "source": s}
                        for k, s in enumerate(PLAIN)]
    classroom.submit("ada", honest)
    for command in ("autograde", "generate_feedback"):
        done = classroom.run(command, SLUG)
        assert done.code == 0, done.text[-3000:]
    return classroom


def formgrader_page(classroom: Classroom, student: str) -> str:
    """The page on which staff grade by hand, as formgrader's handler makes it."""
    script = (
        "import sys; from nbconvert.exporters import HTMLExporter; from traitlets.config import "
        "Config\n"
        "from nbgrader.server_extensions.formgrader.handlers import template_path\n"
        "c = Config(); c.HTMLExporter.template_name = 'formgrade'; "
        "c.HTMLExporter.extra_template_basedirs = [template_path]\n"
        "told = dict.fromkeys('base_url assignment_id notebook_id submission_id student "
        "notebook_path last_name first_name'.split(), '')\n"
        "told |= dict(index=0, total=1)\n"
        "sys.stdout.write(HTMLExporter(config=c).from_filename(sys.argv[1], resources=told)[0])"
    )
    import sys

    path = classroom.root / "autograded" / student / SLUG / f"{SLUG}.ipynb"
    done = subprocess.run([sys.executable, "-c", script, str(path)], capture_output=True, text=True,
                          timeout=300, check=True)
    return done.stdout


def in_browser(page: str, folder: Path) -> str:
    """The page's DOM after its scripts have run, in a browser without a network."""
    (folder / "page.html").write_text(page, encoding="utf-8")
    quiet = ["--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
             "--disable-component-update"]
    words = ["chromium", "--headless", "--no-sandbox", *quiet, "--disable-sync",
             f"--user-data-dir={folder / 'profile'}"]
    words += ["--host-resolver-rules=MAP * ~NOTFOUND", "--virtual-time-budget=3000", "--dump-dom",
              f"file://{folder / 'page.html'}"]
    return subprocess.run(words, capture_output=True, text=True, timeout=300, check=True).stdout


@needs_chromium
def test_the_trap_itself_works(tmp_path: Path) -> None:
    payloads = "".join(payload.replace("data-pwned", f"data-pwned-{k}")
                       for k, payload in enumerate(HTML[:4]))
    shown = in_browser(f"<!DOCTYPE html><html><body>{payloads}</body></html>",
                       tmp_path).split(">", 2)[1]
    assert [k for k in range(4) if f"data-pwned-{k}" in shown] == [0, 1, 2, 3]


@needs_chromium
@pytest.mark.parametrize("page", ["feedback", "formgrader"])
def test_no_script_of_a_student_runs(page: str, classroom: Classroom, tmp_path: Path) -> None:
    source = (classroom.feedback("mallory") if page == "feedback"
              else formgrader_page(classroom, "mallory"))
    dom = in_browser(source, tmp_path)
    html = re.search(r"<html[^>]*>", dom)
    assert html is not None
    assert "data-pwned" not in html.group()
    assert not re.search(r"<[^<>]*\b(href|src)=[\"']?\s*(javascript|vbscript|data:text)", dom, re.I)
    assert "<iframe" not in dom
    assert "onerror" in dom, "the payloads are there, as text"


def test_the_courses_own_words_and_everybodys_mathematics_stay(classroom: Classroom) -> None:
    page = classroom.feedback("ada")
    assert "<details><summary>Why?</summary>The course's own HTML is left alone.</details>" in page
    shown = page.count("<mi>a</mi><mo>&lt;</mo><mi>b</mi>")
    assert shown >= 2, ("the course's formula, and the student's own, with a space that TeX "
                        "does not see")
    assert "$a" not in page
    assert '<a href="https://example.org/?a=1&amp;b=2">link</a>' in page
    notes: list[Any] = [c for c in classroom.autograded("ada")["cells"]
                        if c["id"] in ("p0", "p1", "p2")]
    assert len(notes) == 3


def test_the_page_needs_no_network_and_no_script(classroom: Classroom) -> None:
    for student in ("ada", "mallory"):
        page = classroom.feedback(student)
        assert not re.search(r"<script|<link|\bsrc=[\"']?http|@import|url\([\"']?http",
                             page.replace("&lt;script", ""))
        assert "default-src 'none'" in page


def test_the_page_opens_with_exercises_and_points(classroom: Classroom) -> None:
    page = classroom.feedback("mallory")
    assert page.index("<section") < page.index('id="notebook"')
    assert '<a href="#check_shrink">shrink</a>' in page
    assert "Test cell" not in page
    assert "Two things to learn first" in page
    opened = page[page.index("<section") : page.index("</section>")]
    assert "x is multiplied by 1 - p" in opened
    assert "0 of 2.55" in opened
    assert "<img" not in opened


@pytest.mark.parametrize(
    ("tex", "part"),
    [
        (r"\frac{1}{1-p}", "<mfrac>"),
        (r"\text{<script>alert(1)</script>}", "&lt;script"),
        (r"\href{javascript:alert(1)}{x}", "<code>"),
        (r"\nosuchcommand{x}", "<code>"),
        ("{" * 1000, "<code>"),
        ("x" * 3000, "<code>"),
    ],
)
def test_a_formula_is_mathml_or_code(tex: str, part: str) -> None:
    from autograder.nbgrader_plugin.feedback import mathml

    shown = mathml(tex, "inline")
    assert part in shown
    assert not re.search(r"<(script|a)\b|href=", shown)


@needs_chromium
def test_the_summary_of_the_longest_assignment_prints_on_one_page(tmp_path: Path) -> None:
    """Eight exercises of five parts, all lost, and two long lessons with a picture."""
    import nbformat
    import numpy as np

    from autograder.model import Diagnosis, Earned, ExerciseResult, Outcome, Verdict
    from autograder.nbgrader_plugin.feedback import FeedbackPage, summary
    from autograder.report import learn

    cells = []
    for number in range(8):
        name = f"exercise_{number}"
        parts = tuple(Earned(f"p{k}", "a sentence as long as the sentences of parts are in this "
                             "course of ours", 0, 0.4) for k in range(5))
        verdict = Verdict(name, "c", "holds", Outcome.FAILED, "no", "yes", part="p0",
                          picture=np.eye(12))
        lesson = Diagnosis(name, "belief", f"You do {number}. "
                           + "This is what a good teacher would say about it. " * 4)
        found = learn.of_result(ExerciseResult(name, 0, 2, (verdict,), (lesson,), parts=parts))
        told = {"grade": True, "grade_id": f"check_{name}", "points": 2.0, "score": 0.0}
        output = {"output_type": "display_data", "metadata": {"autograder": found}, "data": {}}
        cell_ = code_cell("", id=name, metadata={"nbgrader": told}, outputs=[output])
        cells.append(nbformat.from_dict(cell_))  # type: ignore[no-untyped-call]
    scores = {f"check_exercise_{number}": (0.0, None) for number in range(8)}
    opening = summary(cells, {"notebook": "hw", "score": 0, "max_score": 16,
                              "late_penalty": 1}, scores)
    assert len(opening["learn"]) == 2
    assert [part["mark"] for part in opening["rows"][0]["parts"]] == ["x", "-", "-", "-", "-"]
    resources = {"autograder": opening, "nbgrader": {"notebook": "hw"}}
    nothing = nbformat.from_dict({"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": []})  # type: ignore[no-untyped-call]
    page, _ = FeedbackPage().from_notebook_node(nothing, resources)
    (tmp_path / "page.html").write_text(page.replace("break-after: page;", ""))
    words = ["chromium", "--headless", "--no-sandbox", "--disable-gpu",
             f"--user-data-dir={tmp_path / 'profile'}", "--no-pdf-header-footer"]
    subprocess.run([*words, f"--print-to-pdf={tmp_path / 'page.pdf'}",
                    f"file://{tmp_path / 'page.html'}"], timeout=300, check=True)
    assert len(re.findall(rb"/Type\s*/Page\b", (tmp_path / "page.pdf").read_bytes())) == 1


def test_reasons_show_what_the_student_wrote_as_text(classroom: Classroom) -> None:
    told = classroom.comments("mallory")
    assert "ValueError" in (told["shrink"] or "")
    assert 'quiz["twice"] is a str' in (told["quiz"] or "")
    assert cell(classroom.autograded("mallory"),
                "check_shrink")["outputs"][0]["data"]["text/html"].count("<img") == 0
