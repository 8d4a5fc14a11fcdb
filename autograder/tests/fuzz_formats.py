"""Whatever is read or shown is refused in a sentence or taken; soon, and in little memory.

    nice python -m autograder.tests.fuzz_formats 200000 [seed [target ...]]

puts so many inputs to each target, prints what it saw, and ends with 1 when it found something. An
input is drawn from its number: the number that a finding names as its seed, with a single input,
shows it again.
"""

from __future__ import annotations

import contextlib
import copy
import io
import json
import re
import resource
import shutil
import sys
import tempfile
import time
import traceback
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import nbformat
import numpy as np

from autograder import notebook, notebook_file
from autograder.course import load_public
from autograder.model import (
    Assignment, CourseError, Diagnosis, Earned, ExerciseResult, Outcome, Report, Role,
    SubmissionError, Verdict)
from autograder.nbgrader_plugin import archives, names, roster
from autograder.nbgrader_plugin.handin import from_parsed
from autograder.nbgrader_plugin.markdown import TAGS, code
from autograder.nbgrader_plugin.repair import Released, mended, repaired
from autograder.nbgrader_plugin.sanitize import Budget, harmless
from autograder.neighbours import gradebooks, sheet
from autograder.report import data, html, text
from autograder.report.standing import GRADED, Mark, Standing
from autograder.running import frames, wire
from autograder.running.opaque import MAX_ELEMENTS
from autograder.tests.fuzz import ROOT, SLOW, Findings
from autograder.tests.odd_files import SLUG, TEXTS, Dice, forged, packed, sent

# of the assignment's exercises, those whose cells are in what is spoilt
ANSWERED = ("keep_mask", "dropout_forward", "quiz")
GROWTH = 512 << 20  # bytes that a whole run may take


# ---------------------------------------------------------------------------------------- notebooks
@cache
def assignment() -> Assignment:
    return load_public(ROOT / "assignments" / SLUG)


@cache
def book() -> dict[str, Any]:
    """The released notebook, shortened, with some answers and all kinds of cells."""
    whole = json.loads((ROOT / "assignments" / SLUG / f"{SLUG}.ipynb").read_text(encoding="utf-8"))
    kept = {"setup", *ANSWERED, *(f"check_{name}" for name in ANSWERED)}
    cells = [c for c in whole["cells"] if c["metadata"].get("nbgrader", {}).get("grade_id") in kept]
    for cell in cells:
        if cell["metadata"]["nbgrader"]["grade_id"] == "keep_mask":
            cell["source"] = "def keep_mask(shape, p, rng):\n    return rng.random(shape) >= p\n"
    picture = {"a.png": {"image/png": "aGVsbG8="}}
    mine = {"cell_type": "markdown", "id": "m", "metadata": {},
            "source": ["# Mine\n", "![a](attachment:a.png)"], "attachments": picture}
    return {**whole, "cells": [*cells, mine, {**mine, "cell_type": "raw", "id": "r"}]}


@cache
def released() -> Mapping[str, Released]:
    """What the gradebook knows of the released cells that are there."""
    found = {}
    for cell in book()["cells"]:
        if told := cell["metadata"].get("nbgrader"):
            points = float(told["points"]) if told["grade"] else None
            name, source = told["grade_id"], "".join(cell["source"])
            found[name] = Released(name, cell["cell_type"], source, told["checksum"],
                                   told["locked"], told["solution"], False, points)
    return found


def bent_book(dice: Dice) -> Any:
    node: Any = book()
    for _ in range(dice.randint(1, 6)):
        node = dice.bent(node)
    return node


def a_notebook(dice: Dice) -> None:
    """Bytes that should be one, as a grader reads them."""
    raw = (json.dumps(bent_book(dice)).encode() if dice.random() < 0.6
           else json.dumps(book()).encode())
    raw = dice.spoilt(raw) if dice.random() < 0.6 else raw
    path = Path(dice.choice((f"{SLUG}.ipynb", "a\nb.ipynb", "")))
    try:
        submission = notebook.from_node(notebook_file.parse(raw, path), path, assignment())
    except SubmissionError as error:
        one_sentence(str(error))
        return
    answers = [cell.id for cell in submission.cells if cell.role is Role.ANSWER]
    assert set(answers) <= {e.name for e in assignment().exercises}
    "".join((*submission.notes, *(cell.source for cell in submission.cells))).encode()


def one_sentence(told: str) -> None:
    assert told.isprintable(), f"{told!r} is not one line"
    assert told.endswith("."), f"{told!r} is no sentence"


def metadata(dice: Dice) -> None:
    """A hand-in made fit to be shown: released cells once each, no other metadata."""
    node, path = bent_book(dice), Path(f"{SLUG}.ipynb")
    try:
        submission = notebook.from_node(node, path, assignment())
    except SubmissionError:
        return
    list(mended(node["cells"], released(), submission))
    made = from_parsed(node)
    made.cells = harmless(repaired(made.cells, released(), submission), frozenset())
    ids = [told["grade_id"] for c in made.cells if (told := c.metadata.get("nbgrader"))]
    assert len(ids) == len(set(ids)), ids
    assert {name for name, cell in released().items()
            if cell.needed} <= set(ids) <= set(released()), ids
    for cell in made.cells:
        assert set(cell.metadata) <= {"nbgrader"}, cell
        name = cell.metadata.get("nbgrader", {}).get("grade_id")
        assert not name or cell.metadata["nbgrader"] == released()[name].metadata
    json.dumps(made).encode()
    if dice.random() < 0.05:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            nbformat.validate(made)


# ----------------------------------------------------------------------------------------- archives
def an_archive(dice: Dice) -> None:
    """A damaged or hostile one: members are taken or named, nothing is written elsewhere."""
    base = Path(tempfile.mkdtemp(prefix="fuzz-",
                                 dir="/dev/shm" if Path("/dev/shm").is_dir() else None))
    try:
        into = base / "into"
        into.mkdir()
        name = dice.choice(("a.zip", "a.tar", "a.tar.gz", "a.tgz", "a.ZIP", f"ada_{SLUG}.zip"))
        raw = packed(dice, name)
        (base / name).write_bytes(dice.spoilt(raw) if dice.random() < 0.8 else raw)
        found = list(archives.pieces(base / name, into))
        kept = {piece.content for piece in found if piece.content}
        assert all(path.parent == into for path in kept)
        assert {path.name for path in base.iterdir()} == {"into", name}
        for piece in found:
            assert not (piece.content and piece.why), piece
            if piece.parts:
                names.told(piece.parts, SLUG, piece.archive, ("ada",))
        names.wrappers((piece.parts for piece in found), SLUG)
    finally:
        shutil.rmtree(base)


# ----------------------------------------------------------------------------------------- the wire
def a_frame(direction: str) -> Callable[[Dice], None]:
    """What comes to the judge (`answers`) or worker (`asked`): a sendable message, or WireError."""
    most, cap = (MAX_ELEMENTS if direction == "answers" else None), 1 << 20

    def arrives(dice: Dice) -> None:
        payload = forged(dice, *dice.choice(sent(direction)))
        length = (len(payload) if dice.random() < 0.95
                  else dice.choice((0, len(payload) + 1, cap + 1, 2**64 - 1)))
        stream = io.BytesIO(frames.LENGTH.pack(length) + payload)
        try:
            message = frames.read_frame(stream.readinto, cap, most)
        except (wire.WireError, EOFError):
            return
        wire.decode(wire.encode(message))

    return arrives


# ------------------------------------------------------------------------------------ what is shown
WRITTEN = ("style class role aria-label width height viewbox x y d fill fill-opacity stroke "
           "stroke-opacity stroke-width charset name content")
ATTRIBUTES = frozenset([*WRITTEN.split(), "lang", "open"])
SHOWN = TAGS | {"html", "head", "meta", "title", "body", "b", "figure", "svg", "rect", "path",
                "figcaption", "details", "summary"}


class Page(HTMLParser):
    """Refuses what no page of ours holds; `strict`: also attributes that ours never write."""

    def __init__(self, strict: bool) -> None:
        super().__init__()
        self.strict = strict

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert tag in SHOWN, f"<{tag}>"
        for name, value in attrs:
            assert not name.startswith("on"), f"<{tag} {name}>"
            assert not self.strict or name in ATTRIBUTES, f"<{tag} {name}>"
            if name in ("href", "src"):
                assert re.match(r"https?://|mailto:|#|data:image/(png|jpeg);base64,", value or "",
                                re.I), f"{name}={value!r}"


def looked_at(page: str, strict: bool) -> None:
    parser = Page(strict)
    parser.feed(page)
    parser.close()
    page.encode()


def markdown(dice: Dice) -> None:
    """A text of a stranger's, as nbconvert will show it."""
    from nbconvert.filters.markdown_mistune import IPythonRenderer, MarkdownWithMath

    source = dice.text() + dice.choice((" ", "\n", "\n\n")) + dice.text()
    source = source.encode("utf-8", "replace").decode()  # as `handin.text` has it
    pictures = {"a.png": {"image/png": "aGVsbG8="}} if dice.random() < 0.3 else None
    shown = Budget().tame(source, pictures)
    renderer = IPythonRenderer(escape=False, attachments=dict(pictures or {}))
    looked_at(MarkdownWithMath(renderer=renderer).render(shown), strict=False)
    assert "\n" not in code(source)


def a_report(dice: Dice) -> None:
    """A result that holds whatever a student could have written."""
    report = Report(SLUG, dice.text(), dice.choice(("graded", "unreadable", "broken")), "landlock",
                    results(dice), dice.text(), (dice.text(),))
    for staff in (False, True):
        blocks = "".join(html.exercise_html(result, staff) for result in report.exercises)
        looked_at(html.page(report, "", blocks), strict=True)
        plain = text.report_text(report, staff)
        assert all(c.isprintable() or c == "\n" for c in plain), "a character that is none"
    json.dumps(data.to_dict(report), allow_nan=False).encode()
    for row in data.rows([report]):
        for cell in map(data._harmless, row):
            assert not str(cell).lstrip().startswith(("=", "+", "@")), f"a formula: {cell}"


def results(dice: Dice) -> tuple[ExerciseResult, ...]:
    return tuple(result(dice, name) for name in ANSWERED[: dice.randint(0, 2)])


def verdict(dice: Dice, name: str, check: str, picture: Any) -> Verdict:
    sentence, got, wanted, call = (dice.text() for _ in range(4))
    return Verdict(name, check, sentence, dice.choice(list(Outcome)), got, wanted, call, "part",
                   dice.random() < 0.3, picture)


def result(dice: Dice, name: str) -> ExerciseResult:
    picture = dice.choice((None, np.eye(3), np.zeros((0, 2)), np.full((2, 2), np.nan),
                           "x", np.ones(3)))
    verdicts = tuple(verdict(dice, name, f"c{k}", picture) for k in range(dice.randint(0, 3)))
    told = tuple(Diagnosis(name, dice.text(), dice.text(), {"a": dice.text()})
                 for _ in range(dice.randint(0, 2)))
    parts = (Earned("part", dice.text(), 1.0, 2.0, dice.text()),) if dice.random() < 0.8 else ()
    return ExerciseResult(name, 1.0, 2.0, verdicts, told, dice.text(),
                          dice.choice(("", "", dice.text())), parts)


# ------------------------------------------------------------------------------------------- tables
CANVAS = (f'Student,ID,SIS Login ID,Section,{SLUG} (1)\r\n    Points Possible,,,,5\r\n'
          'A,1,ann,S,\r\n"B, b",2,bob,S,EX\r\n')
MOODLE = ("Identifier,Full name,Email address,Status,Grade,Maximum Grade\n"
          "Participant 1,A,ann,Submitted,,5.00\n"
          'Participant 22,"B ""b""",bob,,"1,5",5.00\n')
STUDENTS = ("ann", "bob", "é", "1")


def a_table(dice: Dice) -> None:
    """A platform's file: unread bytes stay, one column is filled, and the rest is as it was."""
    which = dice.choice(("canvas", "moodle"))
    written = (CANVAS if which == "canvas"
               else MOODLE).replace(",", dice.choice((",", ",", ";", "\t")))
    raw = written.encode(dice.choice(("utf-8", "utf-8-sig", "utf-16")))
    raw = dice.spoilt(raw) if dice.random() < 0.9 else raw
    with tempfile.NamedTemporaryFile(dir="/dev/shm" if Path("/dev/shm").is_dir() else None,
                                     suffix=".csv") as file:
        file.write(raw)
        file.flush()
        path = Path(file.name)
        with contextlib.suppress(CourseError):
            roster.read(path)
        try:
            table = sheet.read(path)
            assert table.data() == raw, "what was only read is another file"
            before = copy.deepcopy(table.fields)
            layout = gradebooks.LAYOUTS[which](table, SLUG,
                                               dice.choice(("", "", "Grade", dice.choice(TEXTS))))
            done = gradebooks.fill(table, layout, list(people(dice)), {"1": dice.choice(STUDENTS)},
                                   dice.random() < 0.5)
        except CourseError:
            return
    for row, (old, new) in enumerate(zip(before, table.fields, strict=True)):
        other = [column for column, field in enumerate(new)
                 if field != (old[column] if column < len(old) else "")]
        assert other in ([], [layout.grade]), f"row {row}: {other}"
        assert not other or row in done.rows.values(), f"row {row} is nobody's"
    again, ends = sheet._rows(table.data()[len(table.mark) :].decode(table.encoding),
                              table.delimiter)
    assert (again, ends) == (table.fields, table.ends)


def people(dice: Dice) -> Iterator[Standing]:
    for student in STUDENTS[: dice.randint(0, 4)]:
        points = dice.choice((None, 0.0, 4.0, 1 / 3, 1e9))
        yield Standing(student, dice.choice((5.0, 5.0, 0.0)), dice.text(), GRADED,
                       {"a": Mark(points, 5.0)}, dice.choice((0.0, 1.0)))


# ----------------------------------------------------------------------------------------- the runs
TARGETS: dict[str, Callable[[Dice], None]] = {"notebook": a_notebook, "metadata": metadata,
                                              "archive": an_archive, "answers": a_frame("answers"),
                                              "asked": a_frame("asked"), "markdown": markdown,
                                              "report": a_report, "table": a_table}


def run(target: str, inputs: int, seed: int = 0) -> Findings:
    """So many inputs to one target."""
    findings = Findings()
    for number in range(seed, seed + inputs):
        where, dice = f"{target}, seed {number}", Dice(f"{target}/{number}")
        began = time.process_time()
        try:
            TARGETS[target](dice)
        except Exception as error:  # whatever it is, it must be named and the others tried
            last = traceback.extract_tb(error.__traceback__)[-1]
            findings.add(
                f"{type(error).__name__} at {last.filename.rpartition('/')[2]}:{last.lineno}",
                where, traceback.format_exc())
        took = time.process_time() - began
        if took > SLOW:
            findings.add("slow", where, f"{took:.1f} s")
        findings.slowest = max(findings.slowest, took)
        findings.rounds += 1
    return findings


def main(arguments: Sequence[str]) -> int:
    """The long run; 1 when anything was found."""
    inputs = int(arguments[0])
    seed = int((*arguments, "0")[1]) if len(arguments) > 1 else 0
    chosen = arguments[2:]
    bad = False
    for target in chosen or TARGETS:
        began, before = time.process_time(), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        found = run(target, inputs, seed)
        took = time.process_time() - began
        grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) // 1024
        told = (f"{found.rounds} inputs, {took:.0f} s of CPU, slowest {found.slowest:.2f} s, "
                f"{grown} MB more memory")
        print(f"{target}: {told}, {len(found.kinds)} kinds of trouble", flush=True)
        for what, count in found.kinds.most_common():
            print(f"  {count} x {what}\n    {found.first[what]}", flush=True)
        bad = bad or bool(found.kinds) or grown > GROWTH >> 20
    return int(bad)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
