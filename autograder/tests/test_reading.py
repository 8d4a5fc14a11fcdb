"""No text costs the grader more than seconds and megabytes: it is within limits, or refused."""

from __future__ import annotations

import contextlib
import json
import os
import resource
import signal
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from autograder import notebook, notebook_file
from autograder.model import (
    Assignment, AutograderError, Broken, Cell, CourseError, Exercise, Report, Role, Submission,
    SubmissionError)
from autograder.sandbox import bounded as room
from autograder.sandbox.bounded import Kept, TookTooLong, at_most, bounded

pytestmark = pytest.mark.nbgrader

ASSIGNMENT = Assignment("hw0_toy", Path("."), (Exercise("halve", ()),), {}, "", frozenset())
ANSWER = "def halve(x):\n    return x / 2\n"
NAME = "hw0_toy.ipynb"
MEGABYTE = 1_000_000
CPU = 5.0  # seconds a hand-in may take of us: reading 3, page 2


# ---------------------------------------------------------------------------------------- the child
def test_what_comes_back_is_plain_data_and_our_own_records() -> None:
    found = Submission("x", (Cell("a", Role.ANSWER, "pass\ud800", ("n",)),), ("note",),
                       frozenset({"q"}))
    assert bounded(lambda: found, NAME) == found
    assert (bounded(lambda: {"a": [1, 2.5, None, b"x", (True,)]}, NAME)
            == {"a": [1, 2.5, None, b"x", (True,)]})


@pytest.mark.parametrize("value", [signal.SIGTERM, Path("x"), os.system, Exception("x")],
                         ids=["enum", "class", "function", "error"])
def test_nothing_else_is_made_of_what_comes_back(value: object) -> None:
    with pytest.raises(Exception, match="is no record"):
        bounded(lambda: value, NAME)


def forever() -> None:
    while True:
        pass


def deep() -> None:
    deep()


OVER: dict[str, tuple[Callable[[], Any], str]] = {
    "time": (forever, "takes more time to read"),
    "memory": (lambda: len(bytearray(4 << 30)), "takes more memory to read"),
    "depth": (deep, "takes more memory to read"),
    "answer": (lambda: "x" * (room.MAX_ANSWER + 1), "becomes more than 128 MiB"),
    "crash": (lambda: os.kill(os.getpid(), signal.SIGSEGV), "ends the reader (SIGSEGV)"),
}


@pytest.mark.parametrize("kind", OVER)
def test_who_runs_over_is_told_in_one_line_with_the_mend(kind: str) -> None:
    work, told = OVER[kind]
    with pytest.raises(SubmissionError) as caught:
        bounded(work, NAME, 1)
    (line,) = str(caught.value).splitlines()
    assert told in line
    assert line.endswith(
        "Delete what was pasted into it and is no answer, save it and hand it in again.")


@pytest.mark.parametrize("error", [SubmissionError, CourseError, Broken])
def test_an_error_keeps_its_kind(error: type[AutograderError]) -> None:
    def work() -> None:
        raise error("what is amiss \ud800")

    with pytest.raises(error, match="what is amiss \ud800"):
        bounded(work, NAME)


@pytest.mark.parametrize("work", [lambda: 1 / 0, lambda: os.kill(os.getpid(), signal.SIGTERM),
                                  lambda: (lambda: 0)])
def test_a_bug_of_ours_is_no_students(work: Callable[[], Any]) -> None:
    with pytest.raises(Broken):
        bounded(work, NAME)


def test_who_is_killed_from_outside_is_asked_once_more_and_is_no_students(tmp_path: Path) -> None:
    """It took the notebook for unreadable, for good: the machine had run out of memory."""

    def killed(times: int) -> int:
        (tmp_path / str(os.getpid())).touch()
        if len(list(tmp_path.iterdir())) <= times:
            os.kill(os.getpid(), signal.SIGKILL)
        return times

    assert bounded(lambda: killed(1), NAME) == 1
    with pytest.raises(Broken,
                       match=r"ended from outside \(SIGKILL; out of memory\?\)\. Grade again\."):
        bounded(lambda: killed(9), NAME)


def test_a_child_that_waits_is_no_students(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(room, "WAIT", 0.3)
    with pytest.raises(Broken, match="Grade again when the machine is less busy"):
        bounded(signal.pause, NAME, 1)


def children() -> set[str]:
    """The processes that this thread has started, those that nobody has waited for among them."""
    return set(Path(f"/proc/self/task/{threading.get_native_id()}/children")
               .read_text(encoding="ascii").split())


def test_no_child_and_no_descriptor_is_left() -> None:
    descriptors, before = len(os.listdir("/proc/self/fd")), children()
    for work in (lambda: 1, deep):
        with contextlib.suppress(SubmissionError):
            bounded(work, NAME)
    assert len(os.listdir("/proc/self/fd")) == descriptors
    assert children() <= before  # what other tests have started may have ended meanwhile


def test_a_child_stays_until_it_runs_over() -> None:
    def work(too_long: bool) -> int:
        if too_long:
            forever()
        return os.getpid()

    with contextlib.closing(Kept(work)) as kept:
        first, again = kept(NAME, False), kept(NAME, False)
        assert first == again != os.getpid()
        with pytest.raises(SubmissionError, match="takes more time to read"):
            kept(NAME, True, seconds=1)
        assert kept(NAME, False) not in (first, os.getpid())
    assert str(first) not in children()


def test_after_many_another_takes_over(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(room, "STAYS_FOR", 2)
    with contextlib.closing(Kept(os.getpid)) as kept:
        first, second, third = (kept(NAME) for _ in range(3))
    assert first == second != third


def test_the_time_of_one_is_not_the_time_of_the_next() -> None:
    def busy() -> float:
        until = time.process_time() + 0.7
        while (now := time.process_time()) < until:
            pass
        return now

    with contextlib.closing(Kept(busy)) as kept:
        spent = [kept(NAME, seconds=1) for _ in range(3)]
    # all of them in one process, which has had more than one of them may
    assert spent[-1] - spent[0] > 1


def test_a_cut_is_no_exception_that_a_parser_might_catch() -> None:
    def work() -> str:
        try:
            with at_most(0.05):
                try:
                    forever()
                except Exception:
                    return "caught"
        except TookTooLong:
            return "cut"
        return "done"

    assert bounded(work, NAME) == "cut"


def test_without_fork_it_is_done_here(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(os, "fork")
    assert bounded(os.getpid, NAME) == os.getpid()


# --------------------------------------------------------------------------------------- the corpus
UNITS = (
    *("`", "`` ` ", "*", "*a **b ", "*_", "_", "[", "[a", "[](", "[a](", "[a][", "![", "![a](b",
      "[[a](", "<!-- "),
    *("<a ", "</", "<", "&", "&amp;", "&#", "$", "$$a ", "$a ", "\\\\[", "\\\\(", "\\begin{a}",
      "\\", "~", "~~a "),
    *("|", "| ", "|a", "| a |\n", "a|b\n-|-\n", "|-", "#", "# a\n", "> ", ">>>\n", "- ", "- a\n",
      "1. ", "1. - "),
    *("- [ ] a\n", "\n", " ", "\t", " \n", "```\n", "~~~\n", "a\n=\n", ": a\n",
      "a\n\n: b\n\n", "http://"),
    *("http://a ", "[a]: b\n", "[a]:\n", "a@b.c ", "a.b", "* * *\n", "a", "a b ", "\u00e4",
      "\u200b", "\U0001f600"),
    *("\u0000", "\r"),
)
CODES = (*("(", "[", "{", "((", "-a,", "not ", "lambda:", "a=", "a,", "a;", "a\n", "x+", "f'{a}' ",
           "'", "'''"), *("if a:\n ", "a b\n", "#", "\\\n", "@a\n", "!ls\n", "!a\n", "%a\n", "a?\n",
                          " ", "\n", "\t", "def f():0\n"),
         *("class a:0\n", "import a\n", "from a import *\n", "a = 1\n", "del a\n", "for a in b:0\n",
           "try:\n"),
         *("match a:\n case 0:0\n", "a:=", "\f", "\u0000", "\ud800", "0x", "1_", "1e", "*_", "a.b"))
SETS = {
    "two thousand names": "".join(f"name{n} = {n}\n" for n in range(2000)),
    "as many used": ANSWER + "".join(f"    name{n}\n" for n in range(2000)),
    "a long f-string": "f'" + "{a}" * 100_000 + "'",
    "a long number": "x = " + "9" * 400_000,
    "a long hexadecimal": "x = 0x" + "f" * 400_000,
    "blanks and two words": " " * 30_000 + "x y",
    "blank lines and two words": " \n" * 30_000 + "x y",
    "one long line": "x = '" + "a" * 400_000 + "'",
    "deep blocks": "".join(" " * n + "if a:\n" for n in range(95)) * 20,
}
TABLE = "|" + "a|" * 2000 + "\n|" + "-|" * 2000 + "\n"


def text(source: Any, name: str = "", kind: str = "markdown", **more: Any) -> dict[str, Any]:
    claims = {"nbgrader": {"grade_id": name}} if name else {}
    return {"cell_type": kind, "metadata": claims, "source": source, **more}


def picture(data: str, times: int) -> dict[str, Any]:
    return text("![a](attachment:a.png)" * times, attachments={"a.png": {"image/png": data}})


def book(*cells: Any) -> bytes:
    return json.dumps({"nbformat": 4, "nbformat_minor": 5, "metadata": {},
                       "cells": [text(ANSWER, "halve", "code"), *cells]}).encode()


def hand_ins() -> Iterator[tuple[str, bytes]]:
    """Notebooks of at most a megabyte."""
    for unit in UNITS:
        yield f"text {unit!r}", book(text(unit * (9_900 // len(unit))),
                                     *[text(unit * (4_000 // len(unit)))] * 5)
    for unit in CODES:
        yield f"code {unit!r}", book(text((unit * 60_000)[:60_000], "", "code"))
    for name, source in SETS.items():
        yield name, book(text(source, "", "code"))
    yield "a table", book(text(TABLE + "|" * 3000))
    yield "a megabyte of text in the answer's name", book(text("x = 1\n" * 160_000, "halve"))
    yield ("nothing but such a text",
           json.dumps({"cells": [text("x = 1\n" * 160_000, "halve")]}).encode())
    yield "many cells", book(*[text("x = 1", "", "code")] * 4_900)
    yield "many answers", book(*[text(ANSWER, "halve", "code")] * 4_900)
    yield "too many cells", book(*[{}] * 100_000)
    yield "ids that are taken", book(*[text("", id=f"cell-{n}") for n in range(2_400, 4_900)],
                                     *[text("", id="cell-2400")] * 2_400)
    yield "lines without end", book(text(["x"] * 150_000, "", "code"))
    yield "claims", json.dumps({"cells": [{"cell_type": "code", "metadata": {
        "nbgrader": {f"k{n}": n for n in range(60_000)}}}]}).encode()
    yield "a picture of blanks", book(picture(" " * 900_000 + "!", 1))
    yield "a picture shown again and again", book(picture("aaaa" * 100_000, 400))
    yield ("a reference used again and again",
           book(text("[a]: http://" + "b" * 5000 + "\n\n" + "[a]" * 1500)))
    yield "deep JSON", b'{"cells": ' + b"[" * 400_000
    yield "deep JSON that ends", b'{"cells": ' + b"[" * 90_000 + b"]" * 90_000 + b"}"
    yield "a number", b'{"cells": [], "nbformat": ' + b"9" * 900_000 + b"}"
    yield "surrogates", book(text("\ud800" * 100_000),
                             text("x = '" + "\udcff" * 50_000 + "'", "", "code"))
    yield "strings cut off", b'{"cells": ["' * 70_000


HAND_INS = dict(hand_ins())


def cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def read(data: bytes) -> Submission:
    path = Path(NAME)
    return bounded(lambda: notebook.from_node(notebook_file.parse(data, path), path,
                                              ASSIGNMENT), NAME)


def paged(data: bytes, submission: Submission) -> Any:
    """The page of a hand-in, as a class's grading makes it."""
    from autograder.classes.desk import PAGE_SECONDS
    from autograder.nbgrader_plugin.grade_step import Frame, page

    report = Report("hw0_toy", NAME, "graded", "none")
    frame = Frame({}, frozenset())
    return json.loads(bounded(lambda: page(notebook_file.parse(data, Path(NAME)), submission,
                                           report, frame), NAME, PAGE_SECONDS)[0])


def viewed(page: Any) -> int:
    """What formgrader and feedback do with the page at each look; the length of it."""
    from nbconvert.filters.highlight import Highlight2HTML
    from nbconvert.filters.markdown_mistune import IPythonRenderer, MarkdownWithMath

    highlight = Highlight2HTML(pygments_lexer="ipython3")  # type: ignore[no-untyped-call]
    length = 0
    for cell in page["cells"]:
        renderer = IPythonRenderer(escape=False, attachments=cell.get("attachments", {}))
        shown = (MarkdownWithMath(renderer=renderer).render if cell["cell_type"] == "markdown"
                 else highlight)
        length += len(shown("".join(cell["source"])))
    return length


# what an honest student may well do is graded, not refused: each took less than a tenth of the
# limit when this was written
GRADED = ["two thousand names", "as many used", "a table",
          "a megabyte of text in the answer's name", "many cells", "many answers"]
GRADED += ["a picture of blanks", "a picture shown again and again", "surrogates",
           "lines without end", "code '#'", "text '['"]
EACH = 9  # of the others are tried by a plain run, the rest behind `slow`


def megabytes() -> Iterator[object]:
    for number, name in enumerate(HAND_INS):
        yield pytest.param(name, marks=() if name in GRADED or number % EACH == 0
                           else pytest.mark.slow)


@pytest.mark.parametrize("name", [*megabytes()])
def test_every_megabyte_is_read_or_refused_and_shown_in_seconds(name: str) -> None:
    data = HAND_INS[name]
    assert len(data) < 1.3 * MEGABYTE
    before, page, refused, answers = cpu(), None, "", set()
    try:
        submission = read(data)
        answers = {cell.id for cell in submission.cells if cell.role is Role.ANSWER}
        page = paged(data, submission)
    except SubmissionError as error:
        refused = str(error)
    assert cpu() - before < CPU + 0.5  # the kernel counts in ticks
    if name in GRADED:
        assert "halve" in answers
    if page is None:
        assert refused.startswith(NAME)
        assert len(refused.splitlines()) == 1
    else:
        assert bounded(lambda: viewed(page), "the page", int(CPU)) < 6 * MEGABYTE


def test_a_text_beyond_the_limit_of_code_is_not_read_as_code() -> None:
    submission = read(HAND_INS["nothing but such a text"])
    assert not submission.cells
    assert "Cell 1 is a markdown cell and too long to be read as code." in submission.notes


def test_the_names_a_cell_provides_are_found_in_one_pass() -> None:
    uses = "def halve(x):\n    return (" + ", ".join(f"name{n}" for n in range(2000)) + ")\n"
    made = "".join(f"name{n}[0] = make({n})\n" for n in range(2000))
    data = json.dumps({"cells": [text(uses, "halve", "code"), text(made, "", "code")]}).encode()
    _, *added = read(data).cells
    assert all(len(cell.names) == 2000 for cell in added)


# ---------------------------------------------------------------------------------- ids and classes
HEADINGS = ["###### check_halve", "check_halve\n===", "a\ncheck_halve\n---", "> # check_halve",
            "- # check_halve", "1. ## *check_halve*"]
HEADINGS += ["#check_halve", "# `check_halve` #", "   #\tcheck_halve",
             "```\n# x\n```\n\n# check_halve"]
HEADINGS += ["# &#99;heck_halve", "# check\\_halve"]


@pytest.mark.parametrize("source", HEADINGS)
def test_no_heading_takes_the_id_of_a_score_box(source: str) -> None:
    import re

    from nbconvert.filters.markdown_mistune import markdown2html_mistune

    from autograder.nbgrader_plugin.markdown import tame

    page = markdown2html_mistune(tame(source))
    assert "<h" in page, "a heading stays one"
    assert "check_halve" in re.sub("<[^>]*>", "", page)
    assert not [found for found in re.findall(r'id="([^"]*)"', page) if "%E2%80%8B" not in found]


@pytest.mark.parametrize("source", ["```btn score\nx\n```", "``` score tabbable\nx\n```"])
def test_no_class_of_the_pages_own_is_taken(source: str) -> None:
    from nbconvert.filters.markdown_mistune import markdown2html_mistune

    from autograder.nbgrader_plugin.markdown import tame

    page = markdown2html_mistune(tame(source))
    assert not any(f'"{name}"' in page or f" {name}" in page
                   for name in ("btn", "score", "tabbable"))


def test_code_is_cut_where_a_view_would_take_long() -> None:
    from nbformat import from_dict

    from autograder.nbgrader_plugin import sanitize
    from autograder.nbgrader_plugin.sanitize import Budget, soften

    sources = ("a." * 5000 + "\n" * 500 + "b\n", "a\n\n\nb\n")
    long, honest = (from_dict(text(source, "", "code")) for source in sources)  # type: ignore[no-untyped-call]
    for cell in (long, honest):
        soften(cell, Budget())
    assert honest.source == "a\n\n\nb\n"
    assert max(map(len, long.source.split("\n"))) < sanitize.MAX_LINE + 50
    assert long.source.count("\n") == sanitize.MAX_BLANK + 2
