"""Folders become assignments; a mistake in one ends with its mend."""

from __future__ import annotations

import ast
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from autograder.course import HINTS, find_root, load_public, slugs
from autograder.model import CourseError
from autograder.staff import hints, load_staff
from autograder.subjects.local import Local
from autograder.tests.classroom import SLUG, TOY

ROOT = Path(__file__).parents[2]


@pytest.fixture
def source(toy: Path) -> Path:
    """The source folder of a toy assignment of one's own."""
    return toy / "solutions" / SLUG


def checks(exercises: str) -> str:
    return ("from autograder import Exercise, Part\nfrom autograder.dropout import checks as c\n"
            f"EXERCISES = [{exercises}]\n")


def shrink(*parts: str) -> str:
    return checks(f'Exercise("shrink", [{", ".join(parts)}]), {QUIZ}')


QUIZ = 'Exercise("quiz", [Part("twice", "is right", 1, [c.is_filled_in(key="twice")])])'


def rewritten(path: Path, change: Callable[[Any], None]) -> None:
    notebook = json.loads(path.read_text(encoding="utf-8"))
    change(notebook["cells"])
    path.write_text(json.dumps(notebook), encoding="utf-8")


# ------------------------------------------------------------------------------------------- public
def test_what_students_have_can_be_loaded_without_the_solutions(released_once: Path) -> None:
    assignment = load_public(released_once / "assignments" / SLUG)
    assert (assignment.slug, assignment.points) == (SLUG, 5)
    assert [e.name for e in assignment.exercises] == ["shrink", "quiz"]
    assert [len(e.checks) for e in assignment.exercises] == [2, 2]
    assert not any(c.hidden for e in assignment.exercises for c in e.checks)
    assert assignment.hints["shrink"]["right"] == {"test_time": "1-p"}
    assert [p.name for p in assignment.probes["shrink"]] == ["test_time"]
    assert "import numpy as np" in assignment.setup


def test_released_and_source_folder_ask_the_same(released_once: Path) -> None:
    public, source = (load_public(released_once / home / SLUG)
                      for home in ("assignments", "solutions"))
    assert ([c.name for e in public.exercises for c in e.checks]
            == [c.name for e in source.exercises for c in e.checks])
    assert public.points == source.points


def test_an_exercise_that_is_not_there_lists_those_that_are(released_once: Path) -> None:
    with pytest.raises(CourseError, match=r"no exercise 'shrunk' in toy_scaling\. The exercises "
                       r"are: shrink, quiz\."):
        load_public(released_once / "assignments" / SLUG).exercise("shrunk")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (checks(f'Exercise("shrunk", []), {QUIZ}'),
         "there is no check cell check_shrunk with points. Add it to the notebook."),
        (checks(QUIZ),
         "has a check cell for shrink, which checks.py does not list. Add the exercise there."),
        (
            shrink('Part("a", "holds", 1, [c.keeps_its_input(p=0.2), c.keeps_its_input(p=0.2)])'),
            "shrink has keeps_its_input(p=0.2) twice. Change a case or leave one out.",
        ),
        (shrink('Part("a", "holds", 1)', 'Part("a", "holds too", 1)'),
         "shrink has a twice. Change a case or leave one out."),
        (
            shrink('Part("a", "holds", 1, [c.keeps_its_input(p=0.2, needs="later"), '
                   'c.keeps_the_dtype(p=0.2)])'),
            "shrink: keeps_its_input(p=0.2) needs later, which is no earlier check or part of the "
            "exercise.",
        ),
        (shrink('Part("a", "holds", 0)'),
         "The part a of shrink has the share 0. Give it a number above 0."),
        (shrink("c.keeps_its_input(p=0.2)"),
         "where a part belongs. Write Part(name, sentence, share, [checks])."),
        (shrink('Part("a", "holds", 1, [c.keeps_its_input(q=0.2)])'),
         "TypeError: keeps_its_input takes ["),
        (shrink('Part("a", "holds", 1, [c.keeps_its_input()])'),
         "TypeError: keeps_its_input needs p="),
        (shrink('Part("a", "holds", 1, gravity="dire")'),
         "has the gravity 'dire'. Say core, edge or manner."),
        (checks("c.no_such_verb()"), "cannot be loaded: AttributeError"),
        (checks("c.keeps_its_inputs()"), "did you mean keeps_its_input?). Mend the file."),
        ("\n\n1 / 0",
         "cannot be loaded: ZeroDivisionError: division by zero (line 3). Mend the file."),
        ("EXERCISES = [", "cannot be loaded: SyntaxError"),
        ("", "checks.py does not define EXERCISES. Add it"),
    ],
)
def test_a_mistake_in_the_list_of_checks_is_named(source: Path, text: str, said: str) -> None:
    (source / "checks.py").write_text(text, encoding="utf-8")
    with pytest.raises(CourseError) as found:
        load_public(source)
    assert said in str(found.value)


def test_two_probes_of_one_name_are_refused(source: Path) -> None:
    """One of them was lost without a word, and so a misconception that only it showed."""
    text = (source / "checks.py").read_text(encoding="utf-8")
    (source / "checks.py").write_text(
        text.replace("[f.test_time()]", "[f.test_time(), f.test_time()]"), encoding="utf-8")
    with pytest.raises(CourseError, match=r'PROBES of shrink has test_time twice\. Give one of '
                       r'them a name of its own: test_time\("name"'):
        load_public(source)


def test_a_missing_list_or_notebook_is_named(source: Path) -> None:
    (source / "checks.py").unlink()
    with pytest.raises(CourseError, match=r"checks\.py is missing\. It lists the checks"):
        load_public(source)
    (source / f"{SLUG}.ipynb").unlink()
    with pytest.raises(CourseError, match=r"should hold the notebook toy_scaling\.ipynb"):
        load_public(source)


def test_what_is_lost_is_looked_for_where_it_belongs(toy: Path) -> None:
    """A release in place of the solution would be graded against its own stubs."""
    back = r"Make it, or put it back from your copy of solutions/\.$"
    (toy / "solutions" / f"{SLUG}_key.py").unlink()
    with pytest.raises(CourseError, match=r"toy_scaling_key\.py is missing\. It holds the hidden "
                       rf"checks\. {back}"):
        load_staff(toy, SLUG)
    (toy / "solutions" / SLUG / f"{SLUG}.ipynb").unlink()
    with pytest.raises(CourseError, match=rf"should hold the notebook toy_scaling\.ipynb\. {back}"):
        load_public(toy / "solutions" / SLUG)
    (toy / "assignments" / SLUG / "checks.py").unlink()
    with pytest.raises(CourseError, match=r"Take it from the folder you were given\.$"):
        load_public(toy / "assignments" / SLUG)


# -------------------------------------------------------------------------------------------- staff
def test_the_key_adds_hidden_checks_with_sentences_that_tell_no_numbers(
        released_once: Path) -> None:
    staff = load_staff(released_once, SLUG)
    shrink = staff.assignment.exercise("shrink")
    assert [c.hidden for c in shrink.checks] == [False, False, True]
    assert "0.6" not in shrink.checks[2].sentence
    assert [m.name for m in staff.key.misconceptions] == ["p_is_the_factor"]
    assert [v.name for v in staff.key.variants] == ["by_subtraction"]


def test_the_reference_is_the_solution_notebook(released_once: Path) -> None:
    staff = load_staff(released_once, SLUG)
    assert isinstance(staff.reference, Local)
    assert staff.reference.namespace["quiz"] == {"twice": 42, "letter": "a"}


def test_hints_are_those_released_or_else_made_alike(toy: Path) -> None:
    released = load_staff(toy, SLUG).hints
    (toy / "assignments" / SLUG / HINTS).unlink()
    staff = load_staff(toy, SLUG)
    assert staff.hints == released == hints(staff)
    (belief,) = staff.hints["shrink"]["misconceptions"]
    assert (belief["name"], belief["signs"], belief["also"]) == ("p_is_the_factor",
                                                                 {"test_time": "p"}, {})
    assert belief["crosses"] == ["multiplies_at_test_time(p=0.25, by=1-p)"]
    assert "return" not in json.dumps(released)


def test_an_unknown_assignment_lists_those_there_are(released_once: Path) -> None:
    with pytest.raises(CourseError, match=r"no assignment 'hw9' in .*There are: toy_scaling\."):
        load_staff(released_once, "hw9")


def test_a_solution_that_does_not_run_is_told_with_its_cell(toy: Path) -> None:
    def spoil(cells: Any) -> None:
        found = next(c for c in cells
                     if c["metadata"].get("nbgrader", {}).get("grade_id") == "quiz")
        found["source"] = "quiz = undefined"

    rewritten(toy / "solutions" / SLUG / f"{SLUG}.ipynb", spoil)
    with pytest.raises(CourseError, match=r"The solution of toy_scaling does not run: cell quiz: "
                       r"NameError.*Mend the solution notebook\."):
        _ = load_staff(toy, SLUG).reference


EMPTY = 'from autograder import misconception, variant\nHIDDEN = {}\nSALT = ""\n\n\n'
BELIEF = 'def belief(x):\n    """You ..."""'


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ('HIDDEN = {"shrunk": []}\nSALT = ""',
         "HIDDEN in toy_scaling_key.py: There is no exercise 'shrunk' in toy_scaling"),
        ('HIDDEN = {"shrink": {"factor": [c.multiplies_at_test_time(p=0.25, by="1-p")]}}\n'
         'SALT = ""', "shrink has multiplies_at_test_time"),
        ("1 / 0", "cannot be loaded: ZeroDivisionError"),
        ('SALT = ""', "_key.py does not define HIDDEN. Add it"),
        ("HIDDEN = {}", "_key.py does not define SALT. Add it"),
        (f'{EMPTY}@misconception("shrunk")\n{BELIEF}',
         "The misconception belief in toy_scaling_key.py: There is no exercise"),
        (f'{EMPTY}@variant("shrunk")\n{BELIEF}',
         "The variant belief in toy_scaling_key.py: There is no exercise 'shrunk'"),
        (f'{EMPTY}@misconception("shrink", also="quizz")\n{BELIEF}',
         "also= of the misconception belief in toy_scaling_key.py: There"),
        (f'{EMPTY}@misconception("shrink", signs="rest")\n{BELIEF}',
         "'rest', which is no fact of shrink. Its facts in PROBES are: "),
        (f'{EMPTY}@misconception("quiz")\ndef belief(x):\n    """You ..."""',
         "checks.py has no PROBES for quiz. Add some there"),
    ],
)
def test_a_mistake_in_the_key_is_named(toy: Path, written: str, said: str) -> None:
    (toy / "solutions" / f"{SLUG}_key.py").write_text(
        f"from autograder.dropout import checks as c\n{written}\n", encoding="utf-8")
    with pytest.raises(CourseError) as found:
        load_staff(toy, SLUG)
    assert said in str(found.value)


def test_more_chance_than_the_budget_pays_for_is_refused(toy: Path) -> None:
    many = ", ".join(f"c.drops_the_right_share(p=0.{k:03})" for k in range(1, 102))
    (toy / "solutions" / f"{SLUG}_key.py").write_text(
        'from autograder.dropout import checks as c\nSALT = ""\n'
        f'HIDDEN = {{"shrink": {{"factor": [{many}]}}}}\n', encoding="utf-8")
    with pytest.raises(CourseError, match=r"makes 101 chance tests; the error budget pays for "
                       r"100\. Leave some out"):
        load_staff(toy, SLUG)


# -------------------------------------------------------------------------------------------- roots
def test_the_root_is_found_from_any_folder_below(released_once: Path) -> None:
    assert (find_root(released_once / "assignments" / SLUG) == find_root(released_once)
            == released_once.resolve())
    assert slugs(released_once) == [SLUG]


def test_outside_a_course_the_mend_is_said(tmp_path: Path) -> None:
    with pytest.raises(CourseError, match=r"There is no course at .*Go to the course\."):
        find_root(tmp_path)


def test_a_folder_that_does_not_exist_is_no_course_even_below_one(released_once: Path) -> None:
    with pytest.raises(CourseError, match=r"There is no folder .*typo\. Name the course's root\."):
        find_root(released_once / "typo")


def test_the_toy_course_of_the_tests_is_not_released_where_it_lies() -> None:
    assert not (TOY / "assignments").exists()


def test_in_a_hand_out_nothing_is_graded_and_that_is_said(toy: Path) -> None:
    import shutil

    shutil.rmtree(toy / "solutions")
    with pytest.raises(CourseError, match=r"no solutions: nothing can be graded here\. To check a "
                       r"notebook: autograder check .*\.ipynb"):
        load_staff(toy, SLUG)


@pytest.mark.parametrize("slug", slugs(ROOT))
def test_an_answer_that_is_run_in_parts_is_handed_in_whole(slug: str) -> None:
    written = json.loads(
        (ROOT / "solutions" / slug / f"{slug}.ipynb").read_text(encoding="utf-8"))["cells"]
    sources = {c["metadata"].get("nbgrader", {}).get("grade_id"): "".join(c["source"])
               for c in written}
    for exercise, answer in load_staff(ROOT, slug).solution.answers.items():
        assert ast.dump(ast.parse(answer)) == ast.dump(ast.parse(sources[exercise])), exercise
