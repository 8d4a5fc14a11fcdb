"""Stock nbgrader commands on a whole class, honest, clumsy and hostile; and what they leave."""

from __future__ import annotations

import csv
import json
import shutil
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from autograder.cli import main
from autograder.tests.classroom import (
    QUIZ, RIGHT, SLUG, WRONG, Classroom, Done, Notebook, answered, cell, checks, code_cell, copied,
    forged_output, make, server, without)

pytestmark = pytest.mark.nbgrader

HandIn = Callable[[Notebook], Notebook]


# --------------------------------------------------------------------- hand-ins, and what they earn
def check_cells_copied(nb: Notebook) -> Notebook:
    answered(nb)
    nb["cells"] += [copied(c) for c in checks(nb)]
    return nb


def answer_copied_then_answered_above(nb: Notebook) -> Notebook:
    stub = copied(cell(nb, "shrink"))
    answered(nb)["cells"].append(stub)
    return nb


def answered_twice_wrong_at_last(nb: Notebook) -> Notebook:
    answered(nb)["cells"].append(copied(cell(nb, "shrink"), source=WRONG))
    return nb


def everything_as_text(nb: Notebook) -> Notebook:
    for name in ("shrink", "check_shrink", "quiz", "check_quiz"):
        found = cell(answered(nb), name)
        found["cell_type"] = "markdown" if "shrink" in name else "raw"
        del found["outputs"], found["execution_count"]
    return nb


def metadata_falsified(nb: Notebook) -> Notebook:
    answered(nb)
    lies = [{"grade": False}, {"points": 99}, {"schema_version": 99},
            {"solution": True, "grade": True}, {"extra": [1]}, {"locked": "no"}]
    named = [c for c in nb["cells"] if "nbgrader" in c["metadata"]]
    for found, lie in zip(named, lies, strict=False):
        found["metadata"]["nbgrader"].update(lie)
    nb["metadata"] = {"kernelspec": {"name": "bash", "display_name": "x", "language": "sh"},
                      "language_info": {"name": "<script>"}}
    # the schema "too old" that stops a whole class
    nb["cells"].append(code_cell("pass", metadata={"nbgrader": {}}))
    nb["cells"].append(code_cell("pass", metadata={
        "nbgrader": {"schema_version": 1, "grade": True, "grade_id": ["a"], "points": "x"}}))
    nb["cells"].append(code_cell("pass", metadata=["nbgrader"], id='"><script>',
                                 execution_count="<b>"))
    nb["cells"].append("no cell")
    return nb


def tagged_to_be_skipped(nb: Notebook) -> Notebook:
    for found in checks(nb):
        found["metadata"]["tags"] = ["skip-execution"]
    return nb


def outputs_forged(nb: Notebook) -> Notebook:
    for found, score in zip(checks(nb), ("3.0", "nan"), strict=True):
        found["outputs"] = forged_output(score)
    nb["cells"][4]["outputs"] = forged_output("1e9")
    return nb


def noisy(nb: Notebook) -> Notebook:
    noise = "import sys, warnings\nwarnings.warn('beware')\nprint('noise', file=sys.stderr)\n"
    body = ("    import sys, warnings\n    warnings.warn('x')\n"
            "    print('x', file=sys.stderr)\n    return")
    return answered(nb, noise + RIGHT.replace("    return", body))


def flooding(nb: Notebook) -> Notebook:
    answered(nb, RIGHT.replace("    return", "    print('x' * 5_000_000)\n    return"))
    saved = {"output_type": "stream", "name": "stdout", "text": "x" * 5_000_000}
    nb["cells"].append(code_cell("# " + "y" * 400_000, outputs=[saved]))
    nb["cells"].append({"cell_type": "markdown", "metadata": {}, "id": "long",
                        "source": "z " * 1_000_000})
    return nb


def returning_nan(nb: Notebook) -> Notebook:
    return answered(nb, "def shrink(x, p, rng, train=True):\n    return x * float('nan'), None\n")


def ending_the_program(nb: Notebook) -> Notebook:
    return answered(nb, "def shrink(x, p, rng, train=True):\n    import os\n    os._exit(0)\n")


def never_ending(nb: Notebook) -> Notebook:
    return answered(nb, "def shrink(x, p, rng, train=True):\n    while True:\n        pass\n")


def in_a_cell_of_my_own(nb: Notebook) -> Notebook:
    nb["cells"].append(code_cell(RIGHT))
    cell(nb, "quiz")["source"] = QUIZ
    return nb


CLASS: dict[str, tuple[HandIn, float]] = {
    "ada": (answered, 5),
    "bob": (lambda nb: answered(nb, WRONG), 2),
    "blank": (lambda nb: nb, 0),
    "copied": (check_cells_copied, 5),
    "copied-stub": (answer_copied_then_answered_above, 5),
    "answered-twice": (answered_twice_wrong_at_last, 2),
    "deleted-checks": (lambda nb: without(answered(nb), "check_shrink", "check_quiz", "setup"), 5),
    "deleted-answer": (lambda nb: without(answered(nb), "quiz"), 3),
    "deleted-all": (lambda nb: nb | {"cells": []}, 0),
    "text": (everything_as_text, 5),
    "liar": (metadata_falsified, 5),
    "tags": (tagged_to_be_skipped, 0),
    "forger": (outputs_forged, 0),
    "noisy": (noisy, 5),
    "flood": (flooding, 5),
    "nan": (returning_nan, 2),
    "exit": (ending_the_program, 2),
    "endless": (never_ending, 2),
    "own-cell": (in_a_cell_of_my_own, 5),
}

UNREADABLE: dict[str, tuple[str | bytes, str]] = {
    "u-empty": ("", "is empty"),
    "u-text": ("def shrink(x, p, rng): ...", "is no notebook but"),
    "u-cut": ('{"cells": [', "is damaged"),
    "u-old": (json.dumps({"nbformat": 3, "nbformat_minor": 0, "metadata": {}, "worksheets": []}),
              "old notebook format"),
    "u-pdf": (b"%PDF-1.7 \xff\xfe", "a PDF"),
}


@pytest.fixture(scope="module")
def classroom(tmp_path_factory: pytest.TempPathFactory) -> Classroom:
    found = make(tmp_path_factory.mktemp("course"))
    checks = found.root / "solutions" / SLUG / "checks.py"
    # whoever hangs costs less
    checks.write_text(checks.read_text().replace('p=0.25, by="1-p")',
                                                 'p=0.25, by="1-p", seconds=1)'))
    return found


@pytest.fixture(scope="module")
def autograde(classroom: Classroom) -> Done:
    """The whole class is graded by one command; --no-execute must make no difference."""
    for student, (hand_in, _) in CLASS.items():
        classroom.submit(student, hand_in(classroom.released()))
    for student, (content, _) in UNREADABLE.items():
        classroom.submit(student, content)
    classroom.submit("renamed", answered(classroom.released()), f"{SLUG} (1).ipynb")
    classroom.submit("two-names", answered(classroom.released()), "a.ipynb")
    shutil.copy(classroom.root / "submitted/two-names" / SLUG / "a.ipynb",
                classroom.root / "submitted/two-names" / SLUG / "b.ipynb")
    sidefiles(classroom)
    return classroom.run("autograde", SLUG, "--no-execute")


def sidefiles(classroom: Classroom) -> None:
    folder = classroom.submit("sidefiles", answered(classroom.released()))
    (folder / "numpy.py").write_text("raise SystemExit('a file of the student was imported')")
    (folder / "evil.html").write_text("<script>alert(1)</script>")
    (folder / "data").mkdir()
    (folder / "data" / "deep.txt").write_text("x")
    (folder / "checks.py").write_text("EXERCISES = []")
    (folder / "timestamp.txt").write_text("2026-11-20 10:00:00 UTC")


@pytest.fixture(scope="module")
def feedback(classroom: Classroom, autograde: Done) -> Done:
    return classroom.run("generate_feedback", SLUG)


@pytest.fixture(scope="module")
def rows(classroom: Classroom, autograde: Done) -> dict[str, dict[str, str]]:
    done = classroom.run("export", "--to", "marks.csv")
    assert done.code == 0, done.text
    with open(classroom.root / "marks.csv", encoding="utf-8", newline="") as file:
        return {row["student_id"]: row for row in csv.DictReader(file)}


# ---------------------------------------------------------------------------------------- the marks
@pytest.mark.parametrize("student", CLASS)
def test_everybody_gets_what_the_answers_deserve(student: str, classroom: Classroom,
                                                 autograde: Done, feedback: Done,
                                                 rows: dict[str, dict[str, str]]) -> None:
    """In the gradebook, in the table and on the page; and no mark waits for a human for ever."""
    row, points = rows[student], CLASS[student][1]
    assert classroom.total(student) == points, autograde.text[-3000:]
    assert ({name: needs for name, (_, _, needs) in classroom.grades(student).items()}
            == {"check_shrink": False, "check_quiz": False})
    assert (float(row["score"]), float(row["max_score"]), row["status"]) == (points, 5, "graded")
    assert float(row["shrink"]) + float(row["quiz"]) == points
    assert (
        f'<p class="total">{points:g} <span>of 5 points</span></p>' in classroom.feedback(student))


def test_the_same_notebook_gets_the_same_marks_under_another_name(classroom: Classroom,
                                                                  autograde: Done) -> None:
    assert classroom.total("renamed") == 5
    assert not [name for s in ("renamed", "sidefiles")
                for name, (_, _, needs) in classroom.grades(s).items() if needs]
    assert f"renamed handed in {SLUG} (1).ipynb" in autograde.text


@pytest.mark.parametrize("student", UNREADABLE)
def test_an_unreadable_file_is_named_with_its_reason_and_has_no_mark(
    student: str, classroom: Classroom, autograde: Done, rows: dict[str, dict[str, str]]
) -> None:
    line = next(x for x in autograde.text.splitlines()
                if f"Hand-in of {student} cannot be read" in x)
    assert UNREADABLE[student][1] in line
    assert autograde.code == 1
    assert classroom.total(student) is None
    assert ((rows[student]["status"], rows[student]["score"], rows[student]["quiz"])
            == ("not graded", "", ""))
    assert not (classroom.root / "autograded" / student / SLUG).exists()


def test_of_two_strange_names_none_is_guessed(classroom: Classroom, autograde: Done) -> None:
    assert f"none of the notebooks a.ipynb, b.ipynb is called {SLUG}.ipynb" in autograde.text
    assert classroom.total("two-names") is None


def test_files_beside_the_notebook_are_neither_run_nor_passed_on(classroom: Classroom,
                                                                 feedback: Done) -> None:
    assert classroom.total("sidefiles") == 5
    left = {p.name for step in ("autograded", "feedback")
            for p in (classroom.root / step / "sidefiles" / SLUG).rglob("*")}
    assert left == {f"{SLUG}.ipynb", f"{SLUG}.html", "timestamp.txt"}


# -------------------------------------------------------------------------------- what stands in it
def test_a_check_cell_shows_the_report_and_one_finite_score(classroom: Classroom,
                                                            autograde: Done) -> None:
    for student, (_, points) in CLASS.items():
        shown = [cell(classroom.autograded(student), name)["outputs"]
                 for name in ("check_shrink", "check_quiz")]
        assert ([[o["output_type"] for o in outputs] for outputs in shown]
                == [["display_data", "execute_result"]] * 2)
        assert all(set(outputs[0]["data"]) == {"text/plain", "text/html"} for outputs in shown)
        assert sum(float("".join(outputs[1]["data"]["text/plain"])) for outputs in shown) == points


def test_no_other_output_survives(classroom: Classroom, autograde: Done) -> None:
    for student in CLASS:
        others = [c for c in classroom.autograded(student)["cells"]
                  if not c["metadata"].get("nbgrader", {}).get("grade")]
        assert not any(c.get("outputs") or c.get("execution_count") for c in others)


def test_what_is_shown_as_the_answer_is_what_was_graded(classroom: Classroom,
                                                        autograde: Done) -> None:
    shown = {s: "".join(cell(classroom.autograded(s), "shrink")["source"]) for s in CLASS}
    assert shown["copied-stub"] == shown["text"] == shown["own-cell"] == RIGHT
    assert shown["answered-twice"] == WRONG


def test_comments_name_the_misconception(classroom: Classroom, feedback: Done) -> None:
    told = classroom.comments("bob")["shrink"] or ""
    assert "**p is the factor**: You multiply by p" in told
    assert "but should be" in told
    assert "<strong>p is the factor</strong>" in classroom.feedback("bob")
    assert classroom.comments("ada") == {"shrink": None, "quiz": None}
    assert classroom.comments("blank") == {"shrink": "No response.", "quiz": "No response."}
    assert "shrink is taken from cell" in (classroom.comments("own-cell")["shrink"] or "")
    assert "did not return in time" in (classroom.comments("endless")["shrink"] or "")


def test_nothing_secret_is_passed_on(classroom: Classroom, feedback: Done) -> None:
    paths = [*classroom.root.glob("feedback/**/*.html"), *classroom.root.glob("assignments/**/*.*")]
    assert len(paths) > len(CLASS)
    for path in paths:
        text = path.read_text(encoding="utf-8")
        assert "factor = x.dtype.type" not in text
        assert "a toy needs no secret salt" not in text
        assert "p=0.6" not in text


def test_a_flood_stays_small(classroom: Classroom, feedback: Done) -> None:
    size = len(json.dumps(classroom.autograded("flood")))
    assert size < 200_000
    assert len(classroom.feedback("flood")) < len(classroom.feedback("ada")) + 200_000


def test_the_feedback_of_everybody_who_was_graded_is_there(classroom: Classroom,
                                                           feedback: Done) -> None:
    assert feedback.code == 0, feedback.text[-3000:]
    assert ({p.name for p in (classroom.root / "feedback").iterdir()}
            == {*CLASS, "renamed", "sidefiles"})


# ------------------------------------------------------------------------------------ grading again
@pytest.fixture
def small(tmp_path: Path) -> Classroom:
    return make(tmp_path / "course")


def test_a_second_hand_in_with_less_leaves_no_stale_marks(small: Classroom) -> None:
    for student in ("less", "broken", "human"):
        small.submit(student, answered(small.released()))
    assert small.run("autograde", SLUG).code == 0
    small.change("update grade set manual_score = 1.5 where id in (select g.id from grade g join "
                 "base_cell c on g.cell_id = c.id join submitted_notebook n on g.notebook_id = "
                 "n.id join submitted_assignment a on n.assignment_id = a.id where a.student_id = "
                 "'human' and c.name = 'check_quiz')")
    small.submit("less", without(answered(small.released(), quiz="quiz = {}"), "check_shrink",
                                 "check_quiz", "shrink"))
    small.submit("broken", "no longer a notebook")
    done = small.run("autograde", SLUG, "--force")
    assert done.code == 1
    assert small.total("less") == 0
    assert small.total("broken") is None
    assert small.grades("human") == {"check_shrink": (3, None, False), "check_quiz": (2, 1.5, True)}
    assert small.run("export").code == 0
    with open(small.root / "grades.csv", encoding="utf-8", newline="") as file:
        found = {r["student_id"]: (r["status"], r["score"]) for r in csv.DictReader(file)}
    assert found == {"less": ("graded", "0.0"), "broken": ("not graded", ""),
                     "human": ("needs review", "4.5")}


def test_our_own_failure_is_no_zero_and_stops_nobody_else(small: Classroom) -> None:
    key = small.root / "solutions" / f"{SLUG}_key.py"
    trap = "\n\ndef _trap(exam):\n    (value,) = exam.ask(Call('quiz', look=True))\n"
    trap += "    if value['twice'] == 13:\n        raise Broken('ours')\n"
    extra = ("\n\nfrom dataclasses import replace\n"
             "from autograder.model import Broken, Call\n" + trap)
    swap = ("\nHIDDEN['quiz']['twice'][0] = replace(HIDDEN['quiz']['twice'][0], judge=_trap, "
            "with_reference=False)\n")
    key.write_text(key.read_text(encoding="utf-8") + extra + swap, encoding="utf-8")
    small.submit("ada", answered(small.released()))
    small.submit("unlucky", answered(small.released(), quiz=QUIZ.replace("42", "13")))
    small.submit("zoe", answered(small.released()))
    done = small.run("autograde", SLUG)
    assert done.code == 1
    assert "Broken" in done.text
    assert small.total("unlucky") is None
    assert small.total("ada") == small.total("zoe") == 5


def test_points_changed_after_the_release_are_noticed(small: Classroom) -> None:
    source = small.root / "solutions" / SLUG / f"{SLUG}.ipynb"
    source.write_text(source.read_text(encoding="utf-8").replace('"points": 3', '"points": 4'),
                      encoding="utf-8")
    small.submit("ada", answered(small.released()))
    done = small.run("autograde", SLUG)
    assert (done.code, small.total("ada")) == (1, None)
    assert "Run `nbgrader generate_assignment" in done.text


# ----------------------------------------------------------------------------------- other commands
def test_zip_collect_takes_what_learning_platforms_export(small: Classroom) -> None:
    archive = small.root / "downloaded" / SLUG / "archive"
    for name in (
        f"Ada Lovelace_1234567_assignsubmission_file/{SLUG}.ipynb",
        f"Ada Lovelace_1234567_assignsubmission_file/{SLUG} (1).ipynb",
        "Bob B_1234568_assignsubmission_file/my homework.ipynb",
        f"canvas_LATE_1234_56789_{SLUG}-1.ipynb",
        f"Toy_black_attempt_2026-11-20-10-00-00_{SLUG}.ipynb",
        f"cyd_{SLUG}.ipynb",
        f"dee_2026-11-20T10-00-00_{SLUG}.ipynb",
        "eve_notes.txt",
    ):
        (archive / name).parent.mkdir(parents=True, exist_ok=True)
        (archive / name).write_text(json.dumps(answered(small.released())))
    done = small.run("zip_collect", SLUG)
    assert done.code == 0, done.text
    found = {p.relative_to(small.root / "submitted").as_posix()
             for p in small.root.glob("submitted/*/*/*.ipynb")}
    students = {name.split("/")[0] for name in found}
    assert students == {"Ada Lovelace", "Bob B", "canvas", "black", "cyd", "dee"}
    assert f"Bob B/{SLUG}/my homework.ipynb" in found
    assert "late, as the platform says" in done.text
    stamps = {p.parts[-3]: p.read_text() for p in small.root.glob("submitted/*/*/timestamp.txt")}
    assert stamps == {"black": "2026-11-20 10:00:00 "
                      "UTC"}, "the platform's time, and never one that a student wrote"


def test_zip_collect_and_collect_are_one_road(small: Classroom,
                                              capsys: pytest.CaptureFixture[str]) -> None:
    """Namesakes stay two, what cannot be taken ends in 1, and what was taken is graded."""
    archive = small.root / "downloaded" / SLUG / "archive"
    archive.mkdir(parents=True)
    text = json.dumps(answered(small.released()))
    with zipfile.ZipFile(archive / "moodle.zip", "w") as file:
        for who in ("Wei Lee_123458", "Wei Lee_123459"):
            file.writestr(f"{who}_assignsubmission_file_/{SLUG}.ipynb", text)
        file.writestr("Odd One_9_assignsubmission_file_/work.zip", b"PK\x03\x04 damaged")
    done = small.run("zip_collect", SLUG)
    assert done.code == 1, done.text
    assert "Odd One" in done.text
    assert "is damaged" in done.text
    assert main(["collect", SLUG, str(archive / "moodle.zip"), "--course", str(small.root)]) == 1
    assert f"{SLUG}: 2 as before, 1 not taken." in capsys.readouterr().out
    assert main(["collect", SLUG, "nowhere.zip", "--course", str(small.root)]) == 1
    assert "There is no nowhere.zip." in capsys.readouterr().out
    assert main(["grade", SLUG, "--course", str(small.root), "--jobs", "1"]) == 0
    assert {small.total(f"Wei Lee_{n}") for n in (123458, 123459)} == {5}


def test_a_pattern_of_the_course_decides_alone(small: Classroom) -> None:
    config = small.root / "nbgrader_config.py"
    pattern = r".*/(?P<student_id>\w+)-(?P<file_id>\w+)"
    config.write_text(config.read_text() + "\n"
                      f"get_config().FileNameCollectorPlugin.named_regexp = {pattern!r}\n")
    archive = small.root / "downloaded" / SLUG / "archive"
    archive.mkdir(parents=True)
    (archive / f"ada-{SLUG}.ipynb").write_text(json.dumps(answered(small.released())))
    done = small.run("zip_collect", SLUG)
    assert done.code == 0, done.text
    assert (small.root / "submitted" / "ada" / SLUG / f"{SLUG}.ipynb").is_file()


def test_missing_is_not_zero_and_no_name_is_a_formula(small: Classroom) -> None:
    (small.root / "students.csv").write_text('id,last_name\nabsent,"Comma, Comma"\n'
                                             'ada,"=HYPERLINK(""http://x"")"\n')
    done = small.run("db", "student", "import", "students.csv")
    assert done.code == 0, done.text
    small.submit("ada", small.released())
    assert small.run("autograde", SLUG).code == 0
    assert small.run("export").code == 0
    with open(small.root / "grades.csv", encoding="utf-8", newline="") as file:
        rows = {r["student_id"]: r for r in csv.DictReader(file)}
    assert ((rows["absent"]["status"], rows["absent"]["score"], rows["absent"]["last_name"])
            == ("missing", "", "Comma, Comma"))
    assert (rows["ada"]["status"], rows["ada"]["score"]) == ("graded", "0.0")
    assert rows["ada"]["last_name"] == '\'=HYPERLINK("http://x")'


def test_the_list_of_students_is_stock(classroom: Classroom, autograde: Done) -> None:
    assert "ada" in classroom.run("db", "student", "list").text


def test_the_configuration_holds_names_only() -> None:
    """Formgrader shows it as JSON."""
    from traitlets.config import Config

    from autograder.nbgrader_config import configure

    config: Any = Config()
    configure(config)
    configure(config)  # nbgrader loads the file twice
    assert (json.loads(json.dumps(config))["Autograde"]["autograde_preprocessors"]
            .count("autograder.nbgrader_plugin.GradeOutside") == 1)


def test_without_alembic_a_sentence_and_no_half_made_gradebook(
        monkeypatch: pytest.MonkeyPatch) -> None:
    from autograder import nbgrader_config

    monkeypatch.setattr(shutil, "which", lambda *args, **kwargs: None)
    with pytest.raises(SystemExit, match="pip install alembic"):
        nbgrader_config.find_alembic()


# --------------------------------------------------------------------------------------- formgrader
def test_formgrader_grades_and_shows(small: Classroom, tmp_path: Path) -> None:
    """A real Jupyter server, one folder above the course: it is in no path of the course's."""
    small.submit("ada", answered(small.released(), WRONG))
    config = tmp_path / "jupyter" / "nbgrader_config.py"
    config.parent.mkdir()
    config.write_text(f"c = get_config()\nc.CourseDirectory.root = {str(small.root)!r}\n")
    with server(tmp_path, config.parent) as ask:
        assert "nbgrader formgrade" in ask("/formgrader/manage_assignments")
        answer = json.loads(ask(f"/formgrader/api/submission/{SLUG}/ada/autograde", b""))
        assert answer["success"], answer["log"]
        (found,) = json.loads(ask(f"/formgrader/api/submitted_notebooks/{SLUG}/{SLUG}"))
        assert (
            (found["student"], found["score"], found["needs_manual_grade"]) == ("ada", 2.0, False))
        page = ask(f"/formgrader/submissions/{found['id']}/")
        assert "0 of 2 parts" in page
        comments = json.loads(ask(f"/formgrader/api/comments?submission_id={found['id']}"))
        assert any("p is the factor" in (c["auto_comment"] or "") for c in comments)
    assert small.total("ada") == 2
