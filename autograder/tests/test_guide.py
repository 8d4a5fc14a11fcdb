"""A self-check leads on: the state, the first cross open, the rest folded, and what is next."""

from __future__ import annotations

import contextlib
import re
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from IPython.core.interactiveshell import InteractiveShell
from traitlets.config import Config

from autograder.course import load_public
from autograder.model import Cell, Diagnosis, Earned, ExerciseResult, Outcome, Role, Verdict
from autograder.report import guide, text, words
from autograder.report.ladder import Climb
from autograder.student.selfcheck import CheckFailed, check, examine_public
from autograder.subjects.local import Local
from autograder.tests.classroom import RIGHT, SLUG


def verdict(name: str, outcome: Outcome, part: str, got: str = "") -> Verdict:
    return Verdict("f", name, f"does {name}", outcome, got,
                   call=f"f({name!r})" if got else "", part=part)


PARTS = (Earned("a", "the first part", 1, 1), Earned("b", "the second part", 0, 2),
         Earned("c", "the third part", 0, 1))
VERDICTS = (
    verdict("one", Outcome.PASSED, "a"),
    verdict("two", Outcome.RAISED, "b", "f raised ValueError"),
    verdict("three", Outcome.FAILED, "b", "out = 3"),
    verdict("four", Outcome.SKIPPED, "b", "not tried"),
    verdict("five", Outcome.SKIPPED, "c", "not tried"),
)
HINTS = tuple(Diagnosis("f", name, f"Belief {name}.") for name in ("x", "y", "z"))
RESULT = ExerciseResult("f", 1, 4, VERDICTS, HINTS, parts=PARTS)


def squeezed(text: str) -> list[str]:
    return [" ".join(line.split()) for line in text.splitlines()]


def test_a_terminal_shows_one_cross_whole_and_the_rest_in_a_line_each() -> None:
    assert squeezed(guide.guide_text(RESULT, "Next: g.")) == [
        "f: 1 of 3 parts, 1 of 4 points in reach",
        "ok the first part 1 of 1",
        "x the second part 0 of 2",
        "x f does two",
        "f raised ValueError",
        "from f('two')",
        "hint Belief x.",
        "hint Belief y.",
        "x f does three",
        "- the third part 0 of 1",
        "2 more sentences will be tried once this holds",
    ]


def test_a_notebook_folds_what_is_not_the_first_cross() -> None:
    shown = guide.guide_html(RESULT, "Next: g.")
    folded = "".join(re.findall(r"<details>.*?</details>", shown))
    open_ = re.sub(r"<details>.*?</details>", "", shown)
    assert "f raised ValueError" in open_
    assert "out = 3" in folded
    assert "does one" in folded
    assert "2 more sentences will be tried once this holds" in folded
    assert (shown.count("Belief"), "Next" in shown) == (2, False)


def beside(*crosses: tuple[str, ...]) -> ExerciseResult:
    """The same result, explained by beliefs that fail these checks."""
    hints = tuple(Diagnosis("f", str(n), f"Belief {n}. Do this.", {}, explained)
                  for n, explained in enumerate(crosses))
    return ExerciseResult("f", 1, 4, VERDICTS, hints, parts=PARTS)


@pytest.mark.parametrize(
    ("crosses", "shown"),
    [
        ((("three",),), {"three": ["0"]}),
        ((("three",), ("two", "three")), {"two": ["1"], "three": ["0"]}),
        ((("five",), ()), {"two": ["0", "1"]}),  # what waits is no cross yet
        ((("three",), ("three",), ("two",)), {"two": ["2"], "three": ["0"]}),
    ],
)
def test_a_hint_stands_beside_the_first_cross_that_it_explains(crosses: tuple[tuple[str, ...], ...],
                                                               shown: dict[str, list[str]]) -> None:
    result = beside(*crosses)
    homes = words.beside(result, guide.MOST_HINTS)
    assert {check: [d.name for d in hints] for check, hints in homes.items()} == shown
    # a graded report has all of them, at the same places
    for told, places in ((guide.guide_text(result), homes),
                         (text.exercise_text(result), words.beside(result))):
        above, _, below = told.partition("x f does three")
        assert ([part.count("Belief") for part in (above, below)]
                == [len(places.get(name, ())) for name in ("two", "three")])


@pytest.mark.parametrize(("rung", "shown", "more"),
                         [(1, "h", True), (2, "hw", True), (3, "hwl", False), (9, "hwl", False)])
def test_a_hint_is_climbed_one_rung_at_a_time(rung: int, shown: str, more: bool) -> None:
    result = beside(("two",))
    made = replace(result, verdicts=tuple(replace(v, made=("line 2: x = 1",)) if v.check == "two"
                                          else v for v in result.verdicts))
    told = guide.guide_text(made, climb=Climb(rung, "check it, step {}".format))
    said = {"h": "hint  Belief 0.", "w": "why   Do this.", "l": "where line 2: x = 1"}
    assert (
        "".join(letter for letter, line in said.items() if f"    {line}\n" in told) == shown), told
    assert (f"more  check it, step {rung + 1}\n" in told) == more, told
    page = guide.guide_html(made, climb=Climb(rung))
    assert page.count("<details open>") == min(rung, 3) - 1, page
    assert re.search(r"Belief 0\..*<details.*Do this\..*<details.*line 2: x = "
                     r"1.*</details>.*</details>", page), page


def test_what_was_printed_is_shown_and_cut() -> None:
    result = replace(RESULT, verdicts=tuple(replace(v, printed="a\n" * 9) if v.check == "two" else v
                                            for v in RESULT.verdicts))
    assert guide.guide_text(result).count("a\n") == 6
    assert "Your code printed:" in guide.guide_html(result)
    assert "printed" not in guide.guide_html(RESULT)


def test_what_comes_next_is_said_when_all_of_it_holds() -> None:
    whole = ExerciseResult("f", 1, 1, VERDICTS[:1], parts=PARTS[:1])
    assert squeezed(guide.guide_text(whole, "Next: g."))[-1] == "Next: g."
    assert "Next: g." in guide.guide_html(whole, "Next: g.")


def test_the_table_says_what_to_do_about_each_exercise() -> None:
    stub = ExerciseResult("g", 0, 2, (verdict("one", Outcome.RAISED, "a", "g is not written yet"),),
                          parts=PARTS[1:2])
    table = [" ".join(line.split()) for line in guide.overview(
        [RESULT, stub, ExerciseResult("h", 0, 1, (), not_run="no torch")])]
    assert table[1:] == ["f 1 of 3 1 of 4 does three", "g 0 of 1 0 of 2 to be written",
                         "h - - not run: no torch", "all 1 of 6"]


# --------------------------------------------------------------------------------- what was written
@pytest.fixture(scope="module")
def folder(released_once: Path) -> Path:
    return released_once / "assignments" / SLUG


def said(folder: Path, source: str) -> str:
    assignment = load_public(folder)
    subject = Local([Cell("shrink", Role.ANSWER, "import numpy as np\n" + source, ("shrink",))])
    return examine_public(assignment.exercise("shrink"), subject, assignment).verdicts[0].got


STUB = 'def shrink(x, p, rng, train=True):\n    """Doc."""\n'
LINE = "    raise NotImplementedError()\n"


def test_a_left_over_line_is_named_and_a_stub_is_not_written_yet(folder: Path) -> None:
    assert said(folder, STUB + LINE) == "shrink is not written yet"
    delete = ("shrink still comes to the line `raise NotImplementedError()` (line 5 of its cell): "
              "delete that line")
    assert said(folder, STUB + "    out = x * p\n" + LINE) == delete
    assert said(folder, STUB + "\n" + LINE + "    return x\n") == delete


def test_a_slip_in_a_name_is_named(folder: Path) -> None:
    assert (said(folder, RIGHT.replace("shrink", "shrnk"))
            == "shrink is not defined, but shrnk is: rename it")
    assert said(folder, RIGHT.replace("shrink", "other")).startswith(
        "shrink is not defined: its cell")


# ------------------------------------------------------------------------------------ in the kernel
@pytest.fixture
def run(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Any]]:
    """Runs cells in IPython's shell, in this process."""
    settings = Config()
    settings.HistoryManager.enabled = False
    hook = sys.excepthook
    shell: Any = InteractiveShell.instance(config=settings)
    monkeypatch.chdir(folder)
    shell.run_cell("import numpy as np", store_history=True)
    yield lambda *cells: [shell.run_cell(cell, store_history=True) for cell in cells]
    InteractiveShell.clear_instance()
    sys.excepthook = hook


def checked(name: str, capsys: pytest.CaptureFixture[str]) -> str:
    from IPython.core.getipython import get_ipython

    capsys.readouterr()
    shell: Any = get_ipython()
    with contextlib.suppress(CheckFailed):
        check(name, namespace=shell.user_ns)
    return capsys.readouterr().out


def test_a_cell_that_stopped_is_told_above_what_its_earlier_version_does(
    run: Callable[..., Any], capsys: pytest.CaptureFixture[str]
) -> None:
    run(RIGHT)
    assert "!" not in checked("shrink", capsys)
    run(RIGHT.replace("):", ":"))
    told = checked("shrink", capsys)
    assert told.startswith("! shrink: running your cell stopped with\n    SyntaxError at line 1: ")
    assert "\n    What stands below is about the version before it.\nshrink: all " in told
    assert "hand in" not in told
    run("return 3\n" + RIGHT)
    assert "\n    SyntaxError at line 1: 'return' outside function" in checked("shrink", capsys)
    run("1 / 0\n" + RIGHT.replace("1 - p", "1 - 1 * p"))
    assert "\n    ZeroDivisionError at line 1: division by zero\n" in checked("shrink", capsys)
    run("print(shrink)", "%time 3", RIGHT)
    assert "!" not in checked("shrink", capsys)


def test_an_error_in_a_helper_is_placed_in_the_cell_where_it_happened(
        run: Callable[..., Any], capsys: pytest.CaptureFixture[str]) -> None:
    run("def half(x):\n    return x / None",
        "def shrink(x, p, rng, train=True):\n    return half(x), None")
    assert re.search(r"TypeError: .* at line 2 of In \[2\]: return x / None\n",
                     checked("shrink", capsys))
    run("def shrink(x, p, rng, train=True):\n    return x / None, None")
    assert re.search(r"TypeError: .* at line 2: return x / None, None\n", checked("shrink", capsys))


def test_the_line_that_made_it_and_what_was_printed_are_told(
        run: Callable[..., Any], capsys: pytest.CaptureFixture[str]) -> None:
    run("def shrink(x, p, rng, train=True):\n    out = p * x\n    print('p is', p)\n"
        "    return out, None")
    told = checked("shrink", capsys)
    assert "prints  p is 0.25\n" in told
    assert 'more  check("shrink", hint=2)\n' in told


def test_a_function_is_checked_with_the_exercise_that_asks_for_it(
        released_once: Path, capsys: pytest.CaptureFixture[str]) -> None:
    import autograder

    folder = Path(autograder.__file__).parents[1] / "assignments" / "hw1_dropout"
    with pytest.raises(CheckFailed, match="vanilla_forward"):
        check("vanilla_backward", str(folder), {})
    assert "vanilla_backward is checked together with vanilla_forward.\n" in capsys.readouterr().out
