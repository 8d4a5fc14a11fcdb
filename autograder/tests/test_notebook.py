"""What can be read is read, what cannot ends in one line, and nothing else ever happens."""

from __future__ import annotations

import json
import os
import warnings
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import autograder
from autograder import notebook
from autograder.layout import Layout, digest
from autograder.model import (
    Assignment, Cell, CourseError, Exercise, Role, Submission, SubmissionError)

STUB = 'def halve(x):\n    """Half of x."""\n    raise NotImplementedError'
ANSWER = "def halve(x):\n    return x / 2"
OTHER = "def halve(x):\n    return 0.5 * x"
DEMO = "print(halve(4))"
SETUP = "import numpy as np"

def digests(*cells: str) -> frozenset[str]:
    return frozenset(map(digest, cells))


ASSIGNMENT = Assignment(
    slug="hw0_toy",
    folder=Path("."),
    exercises=(Exercise("halve", ()), Exercise("there", (), ("there", "back")),
               Exercise("quiz", ())),
    probes={},
    setup=SETUP,
    course_cells=digests(DEMO, STUB, "quiz = {}"),
)


def code(source: Any, grade_id: Any = None, **nbgrader: Any) -> dict[str, Any]:
    metadata = ({} if grade_id is None
                else {"nbgrader": {"grade_id": grade_id, "schema_version": 3, **nbgrader}})
    return {"cell_type": "code", "metadata": metadata, "source": source, "outputs": [],
            "execution_count": None}


def markdown(source: str, grade_id: str | None = None) -> dict[str, Any]:
    cell = code(source, grade_id)
    return {"cell_type": "markdown", "metadata": cell["metadata"], "source": source}


def book(*cells: Any, **extra: Any) -> dict[str, Any]:
    return {"cells": list(cells), "metadata": {}, "nbformat": 4, "nbformat_minor": 4, **extra}


def parse(*cells: Any, **extra: Any) -> Submission:
    return notebook.from_node(book(*cells, **extra), Path("hw0_toy.ipynb"), ASSIGNMENT)


def write(folder: Path, content: Any) -> Path:
    path = folder / "hw0_toy.ipynb"
    path.write_bytes(content if isinstance(content, bytes) else json.dumps(content).encode())
    return path


def program(submission: Submission) -> list[tuple[str, str]]:
    return [(cell.id, cell.source) for cell in submission.cells if cell.role is not Role.SETUP]


# ----------------------------------------------------------------------------------- a tidy hand-in
def test_the_program_is_setup_answers_and_what_the_student_added(tmp_path: Path) -> None:
    cells = [
        markdown("# Toy"),
        code("my set-up", "setup"),
        code("half = 0.5"),
        code(ANSWER, "halve"),
        code('check("halve")', "check_halve"),
        code(DEMO),
        code("   \n"),
        code("there = back = abs", "there"),
    ]
    submission = notebook.read(write(tmp_path, book(*cells)), ASSIGNMENT)
    assert submission.cells == (
        Cell("setup", Role.SETUP, SETUP),
        Cell("added-2", Role.ADDED, "my set-up"),
        Cell("added-3", Role.ADDED, "half = 0.5"),
        Cell("halve", Role.ANSWER, ANSWER, ("halve",)),
        Cell("there", Role.ANSWER, "there = back = abs", ("there", "back")),
    )
    assert submission.path == str(tmp_path / "hw0_toy.ipynb")
    (note,) = submission.notes
    assert (note == "The set-up cell was changed: first the course's own one is run, then imports "
            "and definitions of this one.")


def test_a_source_may_be_a_list_of_lines() -> None:
    assert (program(parse(code(["def halve(x):\n", "    return x / 2"], "halve")))
            == [("halve", ANSWER)])


def test_missing_exercises_and_an_empty_notebook_are_fine() -> None:
    assert parse() == Submission("hw0_toy.ipynb", (Cell("setup", Role.SETUP, SETUP),))


def test_an_untouched_notebook_leaves_no_notes() -> None:
    submission = parse(code(SETUP, "setup"), code(STUB, "halve"),
                       code("quiz = {}", "quiz"), code(DEMO))
    assert program(submission) == [("halve", STUB), ("quiz", "quiz = {}")]
    assert submission.notes == ()


@pytest.mark.parametrize(
    ("metadata", "said"),
    [
        ({"autograder": {"release": "0.0.9"}}, ("This notebook is of release 0.0.9, and here is",)),
        ({"autograder": {"release": autograder.__version__}}, ()),
        ({"autograder": {"release": 9}}, ()),
        ({"autograder": [1]}, ()),
        ([1], ()),
    ],
)
def test_a_notebook_of_another_release_is_read_as_one_of_this_and_says_so(
        metadata: object, said: tuple[str, ...]) -> None:
    submission = notebook.from_node({**book(code(ANSWER, "halve")), "metadata": metadata},
                                    Path("hw0_toy.ipynb"), ASSIGNMENT)
    assert program(submission) == [("halve", ANSWER)]
    assert len(submission.notes) == len(said)
    assert all(note.startswith(begin) for note, begin in zip(submission.notes, said, strict=True))


# ---------------------------------------------------------------------------- mangled, but readable
@pytest.mark.parametrize(
    ("cells", "answer", "added", "note"),
    [
        pytest.param([code(ANSWER)], ANSWER, [], "no cell is marked", id="metadata lost"),
        pytest.param([code(ANSWER), code(OTHER)], OTHER, [ANSWER], "no cell is marked",
                     id="metadata lost, defined twice"),
        pytest.param([code(OTHER), code(STUB)], OTHER, [], "no cell is marked",
                     id="metadata lost, the stub below it"),
        pytest.param([code(STUB)], STUB, [], "no cell is marked", id="metadata lost, untouched"),
        pytest.param([code("halve = abs")], "halve = abs", [], "no cell is marked",
                     id="metadata lost, an assignment"),
        pytest.param([code("halve: object = abs")], "halve: object = abs", [], "cell 1",
                     id="metadata lost, annotated"),
        pytest.param([code("%%time\n" + ANSWER)], "\n" + ANSWER + "\n", [], "cell 1",
                     id="metadata lost, with a magic"),
        pytest.param([code(STUB, "halve"), code(OTHER)], OTHER, [], "as it was handed out",
                     id="written in a new cell"),
        pytest.param([code(OTHER), code(STUB, "halve")], OTHER, [], "as it was handed out",
                     id="written in a new cell above"),
        pytest.param([code(STUB + "  # hm", "halve"), code(OTHER)], OTHER, [STUB + "  # hm"],
                     "handed out", id="stub with a comment"),
        pytest.param([code(ANSWER, "halve"), code(OTHER, "halve")], OTHER, [ANSWER],
                     "2 answer cells; cell 2", id="copied"),
        pytest.param([code(ANSWER, "halve"), code(STUB, "halve")], ANSWER, [], "cell 1 is taken",
                     id="copied, the last untouched"),
        pytest.param([code(STUB, "halve"), code(STUB, "halve")], STUB, [], "2 answer cells",
                     id="copied, all untouched"),
        pytest.param([markdown(ANSWER, "halve")], ANSWER, [],
                     "is a markdown cell; it is read as code", id="turned into text"),
        pytest.param([markdown(f"```python\n{ANSWER}\n```", "halve")], ANSWER, [],
                     "it is read as code", id="turned into fenced text"),
        pytest.param([code(STUB, "halve"), markdown(OTHER, "halve")], OTHER, [],
                     "is a markdown cell", id="stub beside the text"),
        pytest.param([{**code(ANSWER, "halve"), "cell_type": "raw"}], ANSWER, [], "is a raw cell",
                     id="turned into raw text"),
        pytest.param([markdown("not **code**", "halve"), code(ANSWER)], ANSWER, [],
                     "does not read as code", id="text for good"),
        pytest.param([code(ANSWER, ["halve"])], ANSWER, [], "no cell is marked",
                     id="a list for a grade_id"),
        pytest.param([{**code(ANSWER), "metadata": {"nbgrader": 7}}], ANSWER, [],
                     "no cell is marked", id="a number for nbgrader"),
        pytest.param([{**code(ANSWER), "metadata": [1]}], ANSWER, [], "no cell is marked",
                     id="a list for metadata"),
        pytest.param([{"cell_type": "code", "source": ANSWER}], ANSWER, [], "no cell is marked",
                     id="no metadata at all"),
        pytest.param([code(["def halve(x):\n", 7, "    return 1"], "halve")],
                     "def halve(x):\n    return 1", [], "not text", id="a 7"),
        pytest.param([code("halve = '\ud800'", "halve")], "halve = '?'", [], "question marks",
                     id="a lone surrogate"),
    ],
)
def test_a_mangled_hand_in_is_understood(cells: list[Any], answer: str, added: list[str],
                                         note: str) -> None:
    submission = parse(*cells)
    assert [c.source for c in submission.cells if c.role is Role.ANSWER] == [answer]
    assert [c.source for c in submission.cells if c.role is Role.ADDED] == added
    assert note in " ".join(submission.notes)


def test_a_cell_with_half_of_the_functions_is_the_answer_and_the_other_half_is_added() -> None:
    submission = parse(code("def back(x): return x"), code("def there(x): return x"))
    assert program(submission) == [("added-1", "def back(x): return x"),
                                   ("there", "def there(x): return x")]


def test_a_function_in_a_check_cell_is_no_answer() -> None:
    assert program(parse(code(ANSWER, "check_halve"), code(ANSWER, "check_"))) == []


def test_a_name_that_changes_on_the_way_is_noticed() -> None:
    assert not parse(code(ANSWER, "halve"), code("from numpy import sqrt")).spoilt
    assert not parse(code("from numpy import *"), code(ANSWER, "halve")).spoilt
    # another max, sum and round than above
    assert parse(code(ANSWER, "halve"), code("from numpy import *")).spoilt == {"halve"}
    assert parse(code(ANSWER, "halve"), code(OTHER)).spoilt == {"halve"}


def test_an_answer_cell_that_does_not_parse_stays_the_answer() -> None:
    assert (program(parse(code("def halve(x:", "halve"), code("halve = 1")))
            == [("halve", "def halve(x:"), ("added-2", "halve = 1")])


def test_an_invalid_escape_does_not_warn() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert program(parse(code(r'halve = "\d"'))) == [("halve", r'halve = "\d"')]


def test_what_is_no_cell_is_left_out_and_noted() -> None:
    submission = parse(7, None, [], "x", {}, {"cell_type": ["code"]}, code(None), code({"a": 1}),
                       code(ANSWER, "halve"))
    assert program(submission) == [("halve", ANSWER)]
    assert len(submission.notes) == 8
    assert submission.notes[0] == "Cell 1 is no cell and was left out."


def test_the_notes_are_few() -> None:
    assert len(parse(*[7] * 1000).notes) == notebook.MAX_NOTES


READABLE: dict[str, Any] = {
    "byte order mark": b"\xef\xbb\xbf" + json.dumps(book(code(ANSWER, "halve"))).encode(),
    "raw line break in a "
    "string": json.dumps(book(code(ANSWER, "halve"))).replace("\\n", "\n").encode(),
    "not a number": json.dumps(book(code(ANSWER, "halve"), x=float("nan"))).encode(),
    "an endless number": json.dumps(book(code(ANSWER, "halve")))
    .replace(": 4,", ': 4, "x": 1' + "0" * 10**6 + ",").encode(),
    "surrogate in prose": json.dumps(book(markdown("\ud800"), code(ANSWER, "halve"))).encode(),
    "no minor version": {"cells": [code(ANSWER, "halve")], "nbformat": 4},
    "no version": {"cells": [code(ANSWER, "halve")]},
    "a text as version": book(code(ANSWER, "halve"), nbformat="4"),
    "future minor version": book(code(ANSWER, "halve"), nbformat_minor=99),
    "unknown keys": book({**code(ANSWER, "halve"), "id": "a b c!", "colour": "red"}, widgets=[1]),
    "wrong kinds around": book({**code(ANSWER, "halve"), "outputs": 7, "execution_count": "x"},
                               metadata=[]),
}


@pytest.mark.parametrize("kind", READABLE)
def test_small_violations_do_not_refuse_a_hand_in(kind: str, tmp_path: Path) -> None:
    assert (
        program(notebook.read(write(tmp_path, READABLE[kind]), ASSIGNMENT)) == [("halve", ANSWER)])


# --------------------------------------------------------------------------------------- unreadable
GOOD = json.dumps(book(code(ANSWER, "halve"))).encode()

UNREADABLE: dict[str, tuple[Any, str]] = {
    "nothing": (b"", "hw0_toy.ipynb is empty. Save the notebook again and hand that file in."),
    "white space": (b" \n\t ", "is empty"),
    "only a byte order mark": (b"\xef\xbb\xbf", "is empty"),
    "cut off": (GOOD[: len(GOOD) // 2], "is damaged: the file is cut off"),
    "one byte missing": (GOOD[:-1], "is damaged"),
    "one bracket": (b"{", "is damaged"),
    "followed by rubbish": (GOOD + b"}", "is damaged"),
    "twice": (GOOD + GOOD, "is damaged: it is not valid JSON (line 1)"),
    "a comma too many": (json.dumps(book(), indent=1)[:-1].encode() + b",\n}",
                         "is damaged: it is not valid JSON (line "),
    "a git conflict within": (GOOD.replace(b"{", b"{\n<<<<<<< HEAD\n=======\n>>>>>>> x\n", 1),
                              "an unresolved git conflict. Settle it"),
    "another assignment": (
        book(code("quiz = {}", "quiz"),
             *[code("check()", f"check_{name}") for name in ("quiz", "one", "two")]),
        "is the notebook of another assignment. Hand in the one of hw0_toy.",
    ),
    "a Python dict": (str(book()).encode(), "is damaged"),
    "a PDF": (b"%PDF-1.7\n\x00\xff", "is no notebook but a PDF"),
    "a zip": (b"PK\x03\x04\x14\x00", "is no notebook but a zip archive"),
    "a gzip": (b"\x1f\x8b\x08\x00", "a gzip archive"),
    "a picture": (b"\x89PNG\r\n\x1a\n", "a picture"),
    "a web page": (b"<!DOCTYPE html><html></html>", "a web page"),
    "a git conflict": (b"<<<<<<< HEAD\n" + GOOD, "git conflict"),
    "a Python file": (b"def halve(x):\n    return x / 2\n",
                      "is no notebook but other text or data"),
    "a JSON list": ([1, 2], "it holds a JSON list"),
    "a JSON text": (b'"cells"', "other text or data"),
    "a JSON null": (b"null", "other text or data"),
    "a list of 100 000 lists": (b"[" * 100_000, "nested too deeply"),
    "100 000 dicts deep": (b'{"a":' * 100_000 + b"1" + b"}" * 100_000, "nested too deeply"),
    "a thousand lists deep in a cell": (b'{"cells":' + b"[" * 50_000 + b"]" * 50_000 + b"}",
                                        "nested too deeply"),
    "a million brackets": (b'{"cells":[' + b"[]," * 1_000_001 + b"[]]}", "holds far too much"),
    "too many cells": (book(*[{}] * 5_001), "has 5,001 cells"),
    "too much code": (book(code("x" * 500_001)), "holds 500,001 characters of code"),
    "a dict without cells": ({"nbformat": 4}, "it has no list of cells"),
    "a text for cells": ({"nbformat": 4, "cells": "none"}, "it has no list of cells"),
    "a dict for cells": ({"nbformat": 4, "cells": {"0": code(ANSWER)}}, "it has no list of cells"),
    "notebook format 3": ({"nbformat": 3, "worksheets": []}, "is in an old notebook format (3)"),
    "notebook format 2": ({"nbformat": 2, "cells": []}, "is in an old notebook format (2)"),
    "notebook format 5": (book(nbformat=5), "is in a newer notebook format (5)"),
    "notebook format infinity": (b'{"nbformat": Infinity, "cells": []}', "notebook format"),
    "UTF-16": (b"\xff\xfe" + GOOD.decode().encode("utf-16-le"), "is no notebook but UTF-16 text"),
    "UTF-16, big end first": (b"\xfe\xff" + GOOD.decode().encode("utf-16-be"), "UTF-16"),
    "UTF-16 without a mark": (GOOD.decode().encode("utf-16-le"), "is damaged"),
    "Latin-1": (GOOD.replace(b"metadata", b"m\xe9tadata"), "is not UTF-8 text (byte"),
    "zero bytes": (bytes(10_000), "a file of zero bytes"),
    "zero bytes at the end": (GOOD[:40] + bytes(10_000), "is damaged"),
    "more than 50 MB": (b"{" + b" " * 50_000_000, "is larger than 50 MB"),
}


def test_answers_count_in_the_notebook_of_another_assignment_too() -> None:
    found = parse(*[code("check()", f"check_{name}") for name in ("quiz", "one", "two")],
                  code(ANSWER))
    assert program(found)[-1] == ("halve", ANSWER)


@pytest.mark.parametrize("kind", UNREADABLE)
def test_an_unreadable_file_ends_in_one_line(kind: str, tmp_path: Path) -> None:
    content, expected = UNREADABLE[kind]
    with pytest.raises(SubmissionError) as caught:
        notebook.read(write(tmp_path, content), ASSIGNMENT)
    assert expected in str(caught.value)
    assert_tells_what_to_do(str(caught.value))


def assert_tells_what_to_do(line: str) -> None:
    assert "\n" not in line
    assert line.count(". ") >= 1, "no second sentence that says what to do"
    assert line.endswith(".")


def make_fifo(path: Path) -> None:
    if not hasattr(os, "mkfifo"):
        pytest.skip("no pipes in this file system")
    os.mkfifo(path)


PLACES: dict[str, tuple[Callable[[Path], Any], str]] = {
    "missing": (lambda path: None, "There is no file hw0_toy.ipynb"),
    "a folder": (Path.mkdir, "is a folder, not a notebook"),
    "a pipe": (make_fifo, "a pipe or a device"),
    "a link to nowhere": (lambda path: path.symlink_to("nowhere"), "is only a link"),
    "a link to itself": (lambda path: path.symlink_to(path), "is only a link"),
    "a link to another notebook": (lambda path: path.symlink_to(write(path.parent.parent, GOOD)),
                                   "is only a link"),
}


@pytest.mark.parametrize("kind", PLACES)
def test_what_is_no_ordinary_file_is_refused_at_once(kind: str, tmp_path: Path) -> None:
    make, expected = PLACES[kind]
    path = tmp_path / "inner" / "hw0_toy.ipynb"
    path.parent.mkdir()
    make(path)
    with pytest.raises(SubmissionError, match=expected) as caught:
        notebook.read(path, ASSIGNMENT)
    assert_tells_what_to_do(str(caught.value))


@pytest.mark.parametrize("path", ["/dev/zero", "a\0b.ipynb", "x" * 5000, "/dev/null/x.ipynb"])
def test_odd_paths_are_refused(path: str) -> None:
    with pytest.raises(SubmissionError):
        notebook.read(Path(path), ASSIGNMENT)


def test_a_file_that_may_not_be_read_is_refused(tmp_path: Path,
                                                monkeypatch: pytest.MonkeyPatch) -> None:
    def denied(*args: Any) -> int:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(os, "open", denied)
    with pytest.raises(SubmissionError, match="may not be read"):
        notebook.read(write(tmp_path, GOOD), ASSIGNMENT)


def test_a_name_with_a_line_break_stays_on_one_line(tmp_path: Path) -> None:
    with pytest.raises(SubmissionError) as caught:
        notebook.read(tmp_path / "a\n\x1b[31mb\udcff.ipynb", ASSIGNMENT)
    assert str(caught.value).startswith("There is no file a??[31mb?.ipynb.")


# ------------------------------------------------------------------------------------------ fuzzing
SCALARS = (st.none() | st.booleans() | st.integers() | st.floats()
           | st.text(st.characters(), max_size=20))
JUNK = st.recursive(SCALARS, lambda inner: st.lists(inner, max_size=3)
                    | st.dictionaries(st.text(max_size=5), inner, max_size=3))
SOURCES = st.sampled_from([ANSWER, STUB, DEMO, "def halve(x:", "halve = \0", "\ud800",
                           "%%time\nhalve = 1", "!ls", "quiz = {}"])
GRADE_IDS = st.sampled_from(["halve", "there", "quiz", "setup", "check_halve", "check_", ""])
NBGRADER = st.fixed_dictionaries({"grade_id": GRADE_IDS | JUNK}) | JUNK
CELLS = st.fixed_dictionaries(
    {},
    optional={
        "cell_type": st.sampled_from(["code", "markdown", "raw"]) | JUNK,
        "metadata": st.fixed_dictionaries({"nbgrader": NBGRADER}) | JUNK,
        "source": SOURCES | st.lists(SOURCES | JUNK, max_size=4) | JUNK,
        "id": JUNK,
        "outputs": JUNK,
    },
)
BOOKS = st.fixed_dictionaries({"cells": st.lists(CELLS | JUNK, max_size=6)},
                              optional={"nbformat": st.just(4) | JUNK, "metadata": JUNK})


@settings(max_examples=100, deadline=None)
@given(BOOKS | JUNK)
def test_any_node_is_read_or_refused(node: Any) -> None:
    try:
        submission = notebook.from_node(node, Path("hw0_toy.ipynb"), ASSIGNMENT)
    except SubmissionError as error:
        assert_tells_what_to_do(str(error))
        return
    answers = [cell.id for cell in submission.cells if cell.role is Role.ANSWER]
    assert len(answers) == len(set(answers))
    json.dumps([cell.source for cell in submission.cells]).encode()
    "".join((*submission.notes, *(cell.source for cell in submission.cells))).encode()


@settings(max_examples=80, deadline=None,
          suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary(max_size=200) | st.integers(0, len(GOOD)).map(lambda n: GOOD[:n])
       | st.tuples(st.integers(0, len(GOOD) - 1), st.binary(min_size=1, max_size=3))
       .map(lambda t: GOOD[: t[0]] + t[1] + GOOD[t[0] + 1 :]))
def test_any_file_is_read_or_refused(tmp_path: Path, content: bytes) -> None:
    try:
        notebook.read(write(tmp_path, content), ASSIGNMENT)
    except SubmissionError as error:
        assert_tells_what_to_do(str(error))


# --------------------------------------------------------------------------- the course's notebooks
def course_book(*cells: dict[str, Any]) -> dict[str, Any]:
    own = [code(SETUP, "setup"), code(STUB, "halve"),
           code('check("halve")', "check_halve", grade=True, points=2), code(DEMO)]
    return book(*own, *cells)


def test_the_layout_of_a_course_notebook(tmp_path: Path) -> None:
    path = write(tmp_path, course_book(markdown("# The end")))
    assert notebook.layout(path) == Layout(SETUP, {"halve": 2.0},
                                           digests(SETUP, STUB, 'check("halve")', DEMO))


def test_a_course_notebook_needs_no_setup(tmp_path: Path) -> None:
    assert notebook.layout(write(tmp_path, book(code("1 + 1")))) == Layout("", {}, digests("1 + 1"))


def check_cell(name: str, **nbgrader: Any) -> dict[str, Any]:
    return code(f"check({name!r})", f"check_{name}", grade=True, **nbgrader)


COURSE_MISTAKES: dict[str, tuple[Any, str]] = {
    "unreadable": (b"", "is empty"),
    "no answer cell": (course_book(check_cell("there", points=1)),
                       "Add a code cell with the grade_id 'there' above it."),
    "answer is text": (course_book(markdown("?", "there"), check_cell("there", points=1)),
                       "has no answer cell"),
    "answer below": (course_book(check_cell("there", points=1), code("there = 1", "there")),
                     "Move it above check_there."),
    "grade_id twice": (course_book(code(ANSWER, "halve")),
                       "two cells have the grade_id 'halve'. Rename or delete cell 5."),
    "points missing": (course_book(code("", "there"), check_cell("there")),
                       "check_there has no points"),
    "points as text": (course_book(code("", "there"), check_cell("there", points="2")),
                       "check_there has no points (found '2')"),
    "points negative": (course_book(code("", "there"), check_cell("there", points=-1)),
                        "check_there has no points"),
    "points true": (course_book(code("", "there"), check_cell("there", points=True)),
                    "check_there has no points"),
    "graded, no check": (course_book(code("", "there", grade=True, points=1)),
                         "give it the grade_id check_<exercise>"),
    "cell id twice": (
        book({**code("1"), "id": "a"}, {**code("2"), "id": "a"}, nbformat_minor=5),
        "two cells have the id 'a'. Rename or delete cell 2.",
    ),
}


@pytest.mark.parametrize("kind", COURSE_MISTAKES)
def test_a_mistake_in_a_course_notebook_names_its_mend(kind: str, tmp_path: Path) -> None:
    content, expected = COURSE_MISTAKES[kind]
    with pytest.raises(CourseError) as caught:
        notebook.layout(write(tmp_path, content))
    assert expected in str(caught.value)
    assert str(caught.value).endswith(".")


def test_a_course_notebook_that_nbformat_refuses_is_named(tmp_path: Path) -> None:
    with pytest.raises(CourseError, match="is not a valid notebook"):
        notebook.validate(write(tmp_path, book({"cell_type": "code", "source": ""})))


def test_what_an_answer_borrows_from_a_demonstration_cell_is_there(tmp_path: Path) -> None:
    demonstration = "import math\nimport turtle\nSIZE = 3\nfor i in range(10**9):\n    pass"
    ours = replace(ASSIGNMENT, course_cells=digests(demonstration))
    answer = code("def scale(x, SIZE):\n    return math.sqrt(x)", "scale")
    submission = notebook.read(write(tmp_path, book(code(demonstration), answer)), ours)
    borrowed = [c for c in submission.cells if c.id.startswith("course-")]
    assert ([c.source for c in borrowed]
            == ["import math"]), "nothing else of a demonstration cell is run"


def test_imports_added_to_the_set_up_cell_are_kept(tmp_path: Path) -> None:
    submission = notebook.read(
        write(tmp_path, book(code("import numpy as np\nimport math", "setup"))), ASSIGNMENT)
    assert any(c.role is Role.ADDED and "import math" in c.source for c in submission.cells)
