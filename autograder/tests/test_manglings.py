"""What students do to a notebook, and that every way of checking comes to the same verdicts.

The ways: the grader behind its sandbox, `autograder check`, `pytest`, the kernel in which the cells
were run, and nbgrader's validate. Where a kernel really knows something else, ELSEWHERE names it.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import jsonschema  # type: ignore[import-untyped]
import pytest

from autograder import cli, notebook
from autograder.authoring.fill import released, write
from autograder.course import load_public
from autograder.grade import grade
from autograder.model import ExerciseResult
from autograder.sandbox import Isolation, choose, stays_shut, warmed
from autograder.staff import Staff, load_staff
from autograder.student import selfcheck
from autograder.subjects.local import Local
from autograder.tests.classroom import (
    QUIZ, RIGHT, SLUG, WRONG, answered, cell, code_cell, copied, without)

Notebook = dict[str, Any]
Verdicts = dict[str, dict[str, str]]  # exercise -> check -> outcome
INSIDE = "def inside(p):\n    return 0 <= p <= 1\n\n"
HELPERS = (INSIDE + "def valid(p):\n    if not inside(p):\n        raise ValueError('p')\n"
           "    return 1 - p\n")
LEANS = "def shrink(x, p, rng, train=True):\n    return valid(p) * x, None\n"
LEFT_OVER = ("def shrink(x, p, rng, train=True):\n    out = (1 - p) * x\n    # YOUR CODE HERE\n"
             "    raise NotImplementedError()\n")
FORWARD = "shrink = lambda x, p, rng, train=True: ((1 - p) * x, None)\n"


# ------------------------------------------------------------------------------------ the manglings
def with_cell(source: str, above: str = "", shrink: str = RIGHT,
              **more: Any) -> Callable[[Notebook], Any]:
    """An added cell, above the cell with that grade_id or at the end."""

    def mangle(nb: Notebook) -> None:
        answered(nb, shrink)
        place = nb["cells"].index(cell(nb, above)) if above else len(nb["cells"])
        nb["cells"].insert(place, code_cell(source, id=f"mine-{len(nb['cells'])}", **more))

    return mangle


def answers(shrink: str, quiz: str = QUIZ) -> Callable[[Notebook], Any]:
    return lambda nb: answered(nb, shrink, quiz)


def twice(first: str, second: str, **changes: Any) -> Callable[[Notebook], Any]:
    """The answer cell copied, as Jupyter does it: with its metadata."""

    def mangle(nb: Notebook) -> None:
        found = cell(answered(nb, first), "shrink")
        nb["cells"].insert(nb["cells"].index(found) + 1, copied(found, source=second, **changes))

    return mangle


def moved(name: str, place: int) -> Callable[[Notebook], Any]:
    def mangle(nb: Notebook) -> None:
        found = cell(answered(nb), name)
        nb["cells"].remove(found)
        nb["cells"].insert(place if place >= 0 else len(nb["cells"]), found)

    return mangle


def deleted(*names: str) -> Callable[[Notebook], Any]:
    return lambda nb: without(answered(nb), *names)


def each_cell(change: Callable[[dict[str, Any]], Any],
              shrink: str = RIGHT) -> Callable[[Notebook], Any]:
    def mangle(nb: Notebook) -> None:
        for found in answered(nb, shrink)["cells"]:
            change(found)

    return mangle


def merged(nb: Notebook) -> None:
    """Both answers in the first one's cell."""
    cell(answered(nb), "shrink")["source"] = RIGHT + QUIZ
    without(nb, "quiz")


def merged_with_its_check(nb: Notebook) -> None:
    cell(answered(nb), "shrink")["source"] = RIGHT + '\ncheck("shrink")\n'
    without(nb, "check_shrink")


def renamed(name: str) -> Callable[[Notebook], Any]:
    def mangle(nb: Notebook) -> None:
        cell(answered(nb), "shrink")["metadata"]["nbgrader"]["grade_id"] = name

    return mangle


def turned(kind: str, name: str = "shrink") -> Callable[[Notebook], Any]:
    def mangle(nb: Notebook) -> None:
        cell(answered(nb), name)["cell_type"] = kind

    return mangle


def set_up(source: str) -> Callable[[Notebook], Any]:
    def mangle(nb: Notebook) -> None:
        cell(answered(nb), "setup")["source"] = source

    return mangle


def demonstration(nb: Notebook) -> dict[str, Any]:
    return next(c for c in nb["cells"] if c["id"] == "demo")


def all_lines(found: dict[str, Any]) -> None:
    found["source"] = "".join(found["source"]).splitlines(keepends=True)


def swapped(nb: Notebook) -> None:
    one, other = cell(answered(nb), "shrink"), cell(nb, "quiz")
    one["source"], other["source"] = other["source"], one["source"]


IMPORTS = ("try:\n    from math import no_such as valid\nexcept ImportError:\n    def valid(p):\n"
           "        return 1 - p\n")
TABLE = 'TABLE = {}; TABLE["one"] = 1'
BY_TABLE = 'def shrink(x, p, rng, train=True):\n    return (TABLE["one"] - p) * x, None\n'
MANGLINGS: dict[str, Callable[[Notebook], Any]] = {
    "as handed out": lambda nb: None,
    "honest": answers(RIGHT),
    "wrong": answers(WRONG, 'quiz = {"twice": 42}'),
    "two helpers, one calling the other": with_cell(HELPERS, "shrink", LEANS),
    "the helpers below": with_cell(HELPERS, shrink=LEANS),
    "helpers of which one is wrong": with_cell(HELPERS.replace("1 - p", "p"), "shrink", LEANS),
    "helpers in a demonstration of the "
    "course": lambda nb: [answered(nb, LEANS), demonstration(nb).update(source=HELPERS)],
    "a helper that a helper made": with_cell("def make():\n    return lambda p: 1 - p\n"
                                             "valid = make()", "shrink", LEANS),
    "a helper made by others, below": with_cell("def make():\n    return lambda p: 1 - p\n"
                                                "other = make()\nvalid = other", shrink=LEANS),
    "a helper that was deleted after it ran": lambda nb: [answered(nb, LEANS),
                                                          nb["metadata"].update(deleted=HELPERS)],
    "a table filled in its own cell": with_cell(TABLE, "shrink", BY_TABLE),
    "a table filled in a loop": with_cell('TABLE = {}\nTABLE.update(one=1)\n', "shrink", BY_TABLE),
    "an import with another road": with_cell(IMPORTS, "shrink", LEANS),
    "everything of numpy": with_cell("from numpy import *", "shrink",
                                     RIGHT.replace("(1 - p) * x", "multiply(1 - p, x)")),
    "a constant": with_cell("ONE = 1.0", "shrink", RIGHT.replace("1 - p", "ONE - p")),
    "a constant that a call made": with_cell("ONE = np.ones(3).sum() / 3", "shrink",
                                             RIGHT.replace("1 - p", "ONE - p")),
    "a class as helper": with_cell("class Keep:\n    def __call__(self, p):\n        return 1 - p\n"
                                   "valid = Keep()", "shrink", LEANS),
    "the answer copied": twice(RIGHT, RIGHT),
    "the answer copied and mended": twice(WRONG, RIGHT),
    "the answer copied and spoilt": twice(RIGHT, WRONG),
    "the answer copied without its metadata": twice(RIGHT, RIGHT, metadata={}),
    "the answer copied with its id": twice(RIGHT, RIGHT, id="shrink"),
    "the check copied": lambda nb: [answered(nb),
                                    nb["cells"].append(copied(cell(nb, "check_shrink")))],
    "the set-up copied": lambda nb: [answered(nb),
                                     nb["cells"].insert(2, copied(cell(nb, "setup")))],
    "cut in two, helper first": lambda nb: [with_cell(HELPERS, "shrink", LEANS)(nb)],
    "cut in two, the label at the helper": lambda nb: [answered(nb, HELPERS),
                                                       nb["cells"].insert(4, code_cell(LEANS))],
    "cut inside the function": lambda nb: [
        answered(nb, "def shrink(x, p, rng, train=True):\n    q = 1 - p\n"),
        nb["cells"].insert(4, code_cell("    return q * x, None\n"))
    ],
    "both answers in one cell": merged,
    "the answer merged with its check": merged_with_its_check,
    "the answers under each other's labels": swapped,
    "answered in a new cell, the stub left": lambda nb: [nb["cells"].append(code_cell(RIGHT))],
    "the answer at the end": moved("shrink", -1),
    "the answer below its check": moved("shrink", 5),
    "the quiz at the top": moved("quiz", 2),
    "a check deleted": deleted("check_shrink"),
    "both checks deleted": deleted("check_shrink", "check_quiz"),
    "the answer deleted": deleted("shrink"),
    "the quiz and its check deleted": deleted("quiz", "check_quiz"),
    "the set-up deleted": deleted("setup"),
    "another set-up": set_up("import numpy\nimport numpy as np\nfrom autograder import check\n"),
    "a label renamed": renamed("shrink_solution"),
    "a label that is another's": renamed("quiz"),
    "labels lost": each_cell(lambda c: c.update(metadata={})),
    "ids lost": each_cell(lambda c: c.pop("id")),
    "labels and ids lost": each_cell(lambda c: [c.update(metadata={}), c.pop("id")]),
    "metadata that is none": each_cell(lambda c: c["metadata"].update(nbgrader=7)),
    "sources as lists of lines": each_cell(all_lines),
    "the answer as Markdown": turned("markdown"),
    "the answer as raw text": turned("raw"),
    "a syntax error in the answer": answers("def shrink(x, p, rng, train=True:\n    return x\n"),
    "a syntax error elsewhere": with_cell("def oops(:\n    pass"),
    "an exception elsewhere": with_cell("1 / 0", "shrink"),
    "an exception in the answer, above": answers("1 / 0\n" + RIGHT),
    "an exception in the answer, below": answers(RIGHT + "1 / 0\n"),
    "a left-over line": answers(LEFT_OVER),
    "another name": answers(RIGHT.replace("shrink", "shrnk")),
    "a lambda": answers(FORWARD),
    "magics and a shell line": with_cell("%matplotlib inline\n!true\n%time y = 3", "shrink",
                                         "%%time\n" + RIGHT),
    "indented": answers("".join("    " + line for line in RIGHT.splitlines(keepends=True))),
    "the quiz item by item": answers(RIGHT, 'quiz = {}\nquiz["twice"] = 42\n'
                                     'quiz["letter"] = "a"\n'),
    "the quiz filled in another cell": lambda nb: [
        with_cell('quiz["letter"] = "a"')(nb),
        cell(nb, "quiz").update(source='quiz = {"twice": 42}\n')
    ],
    "the quiz answered anew below": lambda nb: [with_cell('quiz = {"twice": 1}')(nb)],
    "the function spoilt below": with_cell("def shrink(*a):\n    return 0\n"),
    "the helper spoilt below": lambda nb: [with_cell(HELPERS, "shrink", LEANS)(nb),
                                           nb["cells"].append(code_cell("valid = 0"))],
    "print and input": answers(RIGHT.replace("    return", "    print('here')\n    return")
                               + "print(3)\n"),
}
AS_BELOW = "the marks take an answer as it was below its own cell, if that is better"
ELSEWHERE = {  # where the kernel and the saved notebook really differ, and why
    "the answer as Markdown": "a kernel does not run what is no code; the marks read it all the "
    "same",
    "the answer as raw text": "a kernel does not run what is no code; the marks read it all the "
    "same",
    "an exception in the answer, above": "a kernel stops a cell at its first error; the marks go "
    "on with the next statement",
    "the quiz answered anew below": AS_BELOW,
    "the function spoilt below": AS_BELOW,
    "the helper spoilt below": AS_BELOW,
    "a helper that was deleted after it ran": "the name lives only in the kernel: a restart shows "
    "it",
}


# ----------------------------------------------------------------------------------------- the ways
@pytest.fixture
def folder(toy: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The released folder, in which a student works."""
    folder = toy / "assignments" / SLUG
    monkeypatch.chdir(folder)
    return folder


@pytest.fixture(scope="module")
def staff(released_once: Path) -> Staff:
    return load_staff(released_once, SLUG)


@pytest.fixture(scope="module")
def backend() -> Iterator[Isolation]:
    found = choose()
    with warmed(found, stays_shut(found.name)) as warm:
        yield warm


def verdicts(results: Any) -> Verdicts:
    return {r.name: {v.check: v.outcome.value for v in r.verdicts if not v.hidden} for r in results}


def by_grader(path: Path, staff: Staff, backend: Isolation) -> Verdicts:
    return verdicts(grade(notebook.read(path, staff.assignment), staff, backend).exercises)


def by_command(path: Path, monkeypatch: pytest.MonkeyPatch) -> Verdicts:
    seen: list[ExerciseResult] = []
    examine = selfcheck.examine_notebook

    def kept(*asked: Any) -> ExerciseResult:
        seen.append(examine(*asked))
        return seen[-1]

    with monkeypatch.context() as patched:
        patched.setattr("autograder.student.selfcheck.examine_notebook", kept)
        cli.main(["check", str(path)])
    return verdicts(seen)


class Collector:
    """A plugin that keeps the results of the exercises."""

    def __init__(self) -> None:
        self.results: dict[str, ExerciseResult] = {}

    def pytest_runtest_makereport(self, item: pytest.Item) -> None:
        node: Any = item.parent
        self.results[node.exercise.name] = node.result()


def by_pytest(path: Path) -> Verdicts:
    kept = Collector()
    pytest.main(["-q", "-p", "no:cacheprovider", "-c", os.devnull, "--rootdir", str(path.parent),
                 str(path)], plugins=[kept])
    return verdicts(kept.results.values())


def by_kernel(path: Path) -> Verdicts:
    """All cells in order in IPython's own shell, whatever they raise; then every check."""
    from IPython.core.interactiveshell import InteractiveShell
    from traitlets.config import Config

    settings = Config()
    settings.HistoryManager.enabled = False
    shell: Any = InteractiveShell(config=settings)  # type: ignore[no-untyped-call]
    nb = json.loads(path.read_text(encoding="utf-8"))
    for source in (nb["metadata"].get("deleted", ""),
                   *("".join(c["source"]) for c in nb["cells"] if c["cell_type"] == "code")):
        shell.run_cell(source)
    assignment = load_public(path.parent)
    subject = Local(namespace=shell.user_ns)
    return verdicts(selfcheck.examine_public(e, subject, assignment) for e in assignment.exercises)



def mangled(folder: Path, name: str) -> Path:
    """A hand-in in the released folder, mangled."""
    path = folder / f"{SLUG}.ipynb"
    nb = released(path)
    MANGLINGS[name](nb)
    return write(nb, path)


@pytest.mark.parametrize("name", MANGLINGS)
def test_the_grader_the_command_and_the_kernel_agree(
    name: str, folder: Path, staff: Staff, backend: Isolation, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = mangled(folder, name)
    graded = by_grader(path, staff, backend)
    assert by_command(path, monkeypatch) == graded
    assert (by_kernel(path) == graded) == (name not in ELSEWHERE)


SAMPLE = list(MANGLINGS)[::8]
REAL = ("two helpers, one calling the other", "the answer copied without its metadata")


@pytest.mark.parametrize("name", [n if n in SAMPLE else pytest.param(n, marks=pytest.mark.slow)
                                  for n in MANGLINGS])
def test_pytest_agrees_with_the_command(name: str, folder: Path,
                                        monkeypatch: pytest.MonkeyPatch) -> None:
    path = mangled(folder, name)
    assert by_pytest(path) == by_command(path, monkeypatch)


# nbgrader's validate runs the cells in order, in a kernel that stops at nothing, and looks at the
# check cells as they come
TWICE = ("nbgrader refuses a label that is there twice, and one that is no label, before it "
         "runs anything")
LATER = "a kernel comes to the check before it comes to what is written below it"
VALIDATE = {
    "the answer copied": TWICE,
    "the answer copied and mended": TWICE,
    "the answer copied and spoilt": TWICE,
    "the answer copied with its id": TWICE,
    "the check copied": TWICE,
    "the set-up copied": TWICE,
    "a label that is another's": TWICE,
    "metadata that is none": TWICE,
    "the helpers below": LATER,
    "helpers in a demonstration of the course": LATER,
    "a helper made by others, below": LATER,
    "the answers under each other's labels": LATER,
    "answered in a new cell, the stub left": LATER,
    "the answer at the end": LATER,
    "the quiz filled in another cell": LATER,
    "the set-up deleted": "a kernel does not know check",
    "an exception in the answer, above": ELSEWHERE["an exception in the answer, above"],
}


def by_validate(path: Path) -> dict[str, bool]:
    """Exercise -> whether its check cell holds, of those whose check cell is there."""
    from nbgrader.validator import Validator  # type: ignore[import-untyped]

    failed = {c["source"] for c in Validator().validate(str(path)).get("failed", [])}
    sources = ["".join(c["source"]) for c in json.loads(path.read_text(encoding="utf-8"))["cells"]]
    return {name: check not in failed
            for name in ("shrink", "quiz") if (check := f'check("{name}")') in sources}


@pytest.mark.nbgrader
@pytest.mark.filterwarnings("ignore:.*:nbformat.warnings.MissingIDFieldWarning",
                            "ignore:.*:nbformat.warnings.DuplicateCellId")
@pytest.mark.parametrize("name", [n if n in REAL else pytest.param(n, marks=pytest.mark.slow)
                                  for n in MANGLINGS])
def test_validate_agrees_with_the_command(name: str, folder: Path,
                                          monkeypatch: pytest.MonkeyPatch) -> None:
    path = mangled(folder, name)
    held = {exercise: set(seen.values()) == {"passed"}
            for exercise, seen in by_command(path, monkeypatch).items()}
    try:
        agree = all(held[exercise] == found for exercise, found in by_validate(path).items())
    except (ValueError, AttributeError, jsonschema.ValidationError):  # how nbgrader refuses
        agree = False
    assert agree == (name not in VALIDATE)
