"""A course folder of one's own, and a course of nbgrader's that is partly the kit's."""

from __future__ import annotations

import json
import shutil
import stat
from pathlib import Path
from typing import Any

import pytest

from autograder import folders
from autograder.authoring.init import init
from autograder.cli import main
from autograder.course import find_root, slugs
from autograder.model import CourseError
from autograder.nbgrader_plugin import settings
from autograder.nbgrader_plugin.standings import standings
from autograder.neighbours import feedback
from autograder.staff import load_staff
from autograder.tests.classroom import RIGHT, SLUG, TOY, Classroom, answered, cell

PS = "ps1"


# ---------------------------------------------------------------------------------------- a new one
def test_a_new_course_has_all_it_needs(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    course = tmp_path / "dropout-26"
    assert main(["init", str(course), "--with", SLUG, "--course", str(TOY)]) == 0
    assert "nbgrader generate_assignment toy_scaling --force" in capsys.readouterr().out
    assert ((course / "solutions" / "header.ipynb").read_bytes()
            == (TOY / "solutions" / "header.ipynb").read_bytes())
    config = (course / "nbgrader_config.py").read_text()
    assert "course_id = 'dropout-26'" in config
    assert slugs(course) == [SLUG]
    salt = course / folders.SALT
    assert stat.S_IMODE(salt.stat().st_mode) == 0o600
    assert folders.SALT in (course / ".gitignore").read_text().splitlines()
    assert main(["release", "--course", str(course)]) == 0
    released = [p for p in (course / "assignments").rglob("*")
                if p.is_file() and p.parent.name != "__pycache__"]
    assert len(released) == 4
    assert not [p for p in released if salt.read_text().strip() in p.read_text()]


def test_its_hidden_cases_are_its_own(tmp_path: Path) -> None:
    first, second = tmp_path / "a", tmp_path / "b"
    for course in (first, second):
        list(init(course, TOY, [SLUG]))
    mine, theirs, kits = (load_staff(course, SLUG).key.salt for course in (first, second, TOY))
    assert len({mine, theirs, kits}) == 3
    assert load_staff(first, SLUG).key.salt == mine, "and the same whenever it is graded"


def test_an_old_course_gets_a_salt_once(toy: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["salt", "--course", str(toy)]) == 0
    first = folders.salt(toy)
    assert len(first) == 32
    assert main(["salt", "--course", str(toy)]) == 1
    assert "Keep it while a term lasts" in capsys.readouterr().out
    assert folders.salt(toy) == first
    assert main(["salt", "--renew", "--course", str(toy)]) == 0
    assert folders.salt(toy) != first


def test_the_header_is_the_kits_unless_there_is_one(tmp_path: Path) -> None:
    header = tmp_path / "a" / "solutions" / "header.ipynb"
    assert f"to {header}" in "".join(init(tmp_path / "a"))
    assert (header.read_bytes()
            == (Path(__file__).parents[2] / "solutions" / "header.ipynb").read_bytes())
    header.write_text("mine")
    assert f"kept {header}" in list(init(tmp_path / "a"))
    assert header.read_text() == "mine"


def test_init_twice_changes_nothing(tmp_path: Path) -> None:
    course = tmp_path / "course"
    list(init(course, TOY, [SLUG]))
    before = {p: p.read_bytes() for p in course.rglob("*") if p.is_file()}
    list(init(course, TOY, [SLUG]))
    assert {p: p.read_bytes() for p in course.rglob("*") if p.is_file()} == before


def test_init_refuses_what_it_would_spoil(tmp_path: Path) -> None:
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "thesis.tex").write_text("x")
    (tmp_path / "file").write_text("x")
    for folder, mend in ((tmp_path / "full", "not empty"), (tmp_path / "file", "is no folder")):
        with pytest.raises(CourseError, match=mend):
            list(init(folder))
    with pytest.raises(CourseError, match="There is no assignment 'hw9'"):
        list(init(tmp_path / "new", TOY, ["hw9"]))
    with pytest.raises(CourseError, match="no name for a course"):
        list(init(tmp_path / "new", course_id="a/b"))
    assert not (tmp_path / "new").exists()


# ---------------------------------------------------------------------------------- its own folders
def test_folders_that_the_course_names_are_used_everywhere(
        tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    course = tmp_path / "course"
    list(init(course, TOY, [SLUG]))
    (course / "private").mkdir()
    (course / "solutions").rename(course / "private" / "masters")
    config = course / "nbgrader_config.py"
    more = ("c.CourseDirectory.source_directory = 'private/masters'\n"
            "c.CourseDirectory.release_directory = 'given'\n")
    config.write_text(config.read_text() + more
                      + "c.IncludeHeaderFooter.header = 'private/masters/header.ipynb'\n")
    assert find_root(course / "private" / "masters" / SLUG) == course
    assert main(["release", "--course", str(course)]) == 0
    assert (course / "given" / SLUG / f"{SLUG}.ipynb").is_file()
    code = main(["verify", SLUG, "--course", str(course)])
    assert code == 0, capsys.readouterr().out
    assert not (course / "solutions").exists()
    assert not (course / "assignments").exists()


def test_a_configuration_that_cannot_be_read_is_said(
        toy: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (toy / "nbgrader_config.py").write_text("c = get_config()\n"
                                            "c.CourseDirectory.source_directory = wrong\n")
    assert main(["release", "--course", str(toy)]) == 1
    assert "NameError: name 'wrong' is not defined" in capsys.readouterr().out


# ---------------------------------------------------------------------------------------- elsewhere
def test_elsewhere_our_steps_are_nbgraders_own_list() -> None:
    """Put what our steps stand for in their places: nothing is lost, added or in another order."""
    from nbgrader import preprocessors as stock  # type: ignore[import-untyped]
    from nbgrader.converters import Autograde, GenerateAssignment  # type: ignore[import-untyped]

    from autograder import nbgrader_config as ours
    from autograder.nbgrader_plugin import elsewhere

    stands_for: dict[str, list[Any]] = {
        "RepairHandIn": elsewhere.CLEANING,
        "GradeOutside": elsewhere.RUNNING,
        "SaveKitGrades": [stock.SaveAutoGrades],
        "InstantiateElsewhere": elsewhere.INSTANTIATING,
        "MakeHarmless": [],
        "FinishRelease": [],
    }

    def opened(steps: list[str]) -> list[Any]:
        names = (step.rpartition(".")[2] for step in steps)
        return [k for name in names for k in stands_for.get(name, [getattr(stock, name, None)])]

    assert opened(ours.SANITIZE) == list(elsewhere._default(Autograde, "sanitize_preprocessors"))
    assert opened(ours.AUTOGRADE) == list(elsewhere._default(Autograde, "autograde_preprocessors"))
    assert opened(ours.GENERATE) == list(elsewhere._default(GenerateAssignment, "preprocessors"))


def with_cells_for_a_human(source: Path) -> None:
    """A written answer that a human grades, and a task, in the toy notebook."""
    notebook = json.loads(source.read_text())
    written = {"schema_version": 3, "grade": True, "solution": True, "locked": False, "task": False,
               "grade_id": "essay", "points": 2}
    task = {"schema_version": 3, "grade": False, "solution": False, "locked": True, "task": True,
            "grade_id": "draw", "points": 1}
    drawing = "Draw it.\n\n=== BEGIN MARK SCHEME ===\nAny.\n=== END MARK SCHEME ==="
    notebook["cells"] += [{"cell_type": "markdown", "id": "essay",
                           "metadata": {"nbgrader": written}, "source": "It keeps the average."},
                          {"cell_type": "markdown", "id": "draw", "metadata": {"nbgrader": task},
                           "source": drawing}]
    source.write_text(json.dumps(notebook))


@pytest.fixture(scope="module")
def quickstart(tmp_path_factory: pytest.TempPathFactory) -> Classroom:
    """What `nbgrader quickstart` makes, with an assignment of the kit's; handed in and graded.

    Its files are copied and its configuration written as it writes them: the command itself starts
    nbgrader four times.
    """
    import nbgrader

    course = Classroom(tmp_path_factory.mktemp("quick") / "course101")
    shutil.copytree(Path(nbgrader.__file__).parent / "docs" / "source" / "user_guide" / "source",
                    course.root / "source")
    lines = ["c = get_config()", 'c.CourseDirectory.course_id = "course101"',
             'c.IncludeHeaderFooter.header = "source/header.ipynb"']
    (course.root / "nbgrader_config.py").write_text(
        "\n".join([*lines, "c = get_config()  #noqa", ""]))

    def done(*words: str) -> None:
        ran = course.run(*words)
        assert ran.code == 0, ran.text[-3000:]

    assert main(["init", str(course.root), "--with", SLUG, "--course", str(TOY)]) == 0
    with_cells_for_a_human(course.root / "source" / SLUG / f"{SLUG}.ipynb")
    for slug in (PS, SLUG):
        done("generate_assignment", slug)
    handed_in = course.root / "submitted" / "bitdiddle" / PS
    handed_in.mkdir(parents=True)
    # with the solutions: full marks where a machine gives them
    for path in sorted((course.root / "source" / PS).glob("*.ipynb")):
        (handed_in / path.name).write_bytes(path.read_bytes())
    ours = json.loads((course.root / "release" / SLUG / f"{SLUG}.ipynb").read_text())
    cell(ours, "essay")["source"] = "The average stays."
    course.submit("bitdiddle", answered(ours, RIGHT))
    done("autograde", PS)
    assert main(["grade", SLUG, "--course", str(course.root), "--jobs", "1"]) == 0
    for slug in (PS, SLUG):
        done("generate_feedback", slug)
    return course


@pytest.mark.nbgrader
def test_nbgraders_own_assignment_is_graded_as_ever(quickstart: Classroom) -> None:
    grades = quickstart.grades("bitdiddle")
    assert ({name: grades[name][0]
             for name in ("correct_squares", "squares_invalid_input", "correct_sum_of_squares")}
            == {"correct_squares": 1, "squares_invalid_input": 1, "correct_sum_of_squares": 0.5})
    assert grades["part-a"][2], "a written answer waits for a human"
    pages = quickstart.root / "feedback" / "bitdiddle" / PS
    assert {p.name for p in pages.iterdir()} == {"problem1.html", "problem2.html", "jupyter.png"}
    page = (pages / "problem1.html").read_text()
    assert "Test cell" in page, "nbgrader's own page"
    assert 'class="summary"' not in page


@pytest.mark.nbgrader
def test_a_page_whose_words_are_others_by_now_is_left_out(quickstart: Classroom) -> None:
    """A comment that a human wrote or changed after the page was made: the points stay."""
    coursedir, _ = settings.collecting(quickstart.root, SLUG)

    def stale() -> dict[str, str]:
        return feedback.pages(coursedir, SLUG, standings(quickstart.root, SLUG))[1]

    assert stale() == {}
    quickstart.change("update comment set manual_comment = 'see me'")
    assert ("says other words or points than the gradebook by now. Run: nbgrader "
            "generate_feedback" in stale()["bitdiddle"])
    quickstart.change("update comment set manual_comment = null")
    assert stale() == {}
    for flag in (True, False):
        quickstart.change(f"update submitted_notebook set flagged = {flag:d}")
        assert [one.flagged for one in standings(quickstart.root, SLUG)] == [flag]


@pytest.mark.nbgrader
def test_ours_beside_it_has_cells_for_a_human_too(quickstart: Classroom,
                                                  capsys: pytest.CaptureFixture[str]) -> None:
    grades = quickstart.grades("bitdiddle")
    assert (grades["check_shrink"][:2], grades["check_quiz"][:2]) == ((3, None), (2, None))
    assert grades["essay"] == (None, None, True)
    assert grades["draw"] == (None, None, True)
    page = quickstart.feedback("bitdiddle")
    assert '<p class="total">5 <span>of 8 points</span></p>' in page
    assert page.count("someone still looks at this") == 2
    words = ["explain", SLUG, "bitdiddle", "--set", "essay=1.5", "--because", "short, but right",
             "--course", str(quickstart.root)]
    assert main(words) == 0, capsys.readouterr().out
    assert quickstart.grades("bitdiddle")["essay"] == (None, 1.5, False)
    ours = json.loads(
        (quickstart.root / "submitted" / "bitdiddle" / SLUG / f"{SLUG}.ipynb").read_text())
    for essay, looks in ("The average stays.", False), ("I think better of it.",
                                                        True), ("I think better of it.", True):
        cell(ours, "essay")["source"] = essay
        quickstart.submit("bitdiddle", ours)
        capsys.readouterr()
        assert (main(["grade", SLUG, "--course", str(quickstart.root), "--jobs", "1", "--regrade"])
                == 0)
        assert (quickstart.grades("bitdiddle")["essay"]
                == (None, 1.5, looks)), "another answer is worth a look, until somebody has looked"
        told = capsys.readouterr().out
        assert (("essay: its points were given by hand, and it was graded again since" in told)
                == looks)
        assert ("draw: its task cell was "
                "changed" not in told), "without the mark scheme it is as handed out"
    cell(ours, "draw")["source"] += "\nHere is my answer."
    quickstart.submit("bitdiddle", ours)
    assert main(["grade", SLUG, "--course", str(quickstart.root), "--jobs", "1"]) == 0
    assert (
        "draw: its task cell was changed; it was put back as handed out" in capsys.readouterr().out)


@pytest.mark.nbgrader
def test_the_kit_says_which_assignments_are_not_its_own(quickstart: Classroom,
                                                        capsys: pytest.CaptureFixture[str]) -> None:
    assert slugs(quickstart.root) == [SLUG]
    assert main(["grade", PS, "--course", str(quickstart.root)]) == 1
    assert ("ps1 has no checks.py, so nbgrader grades it as ever: nbgrader autograde "
            "ps1" in capsys.readouterr().out)
