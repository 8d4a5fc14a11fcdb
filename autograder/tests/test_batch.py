"""A class at once: what is remembered, judged again, left by an interruption, and said of it."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from autograder.classes import results_store
from autograder.classes.batch import Batch
from autograder.classes.code_digest import digest
from autograder.classes.desk import Graded
from autograder.classes.result_keys import key_of, packed, unpacked
from autograder.classes.results_store import ResultsStore
from autograder.cli import main
from autograder.model import CourseError, Diagnosis, Earned, ExerciseResult, Outcome, Verdict
from autograder.nbgrader_plugin.gradebook import Register
from autograder.nbgrader_plugin.submitted import take
from autograder.sandbox import choose
from autograder.subjects.alarm import interruptible
from autograder.tests.classroom import QUIZ, RIGHT, SLUG, WRONG, Classroom, answered, make

pytestmark = pytest.mark.nbgrader

HEAVIER = ('Part("twice", "twice a half", 1', 'Part("twice", "twice a half", 3')  # a share changed


@pytest.fixture
def room(tmp_path: Path) -> Classroom:
    """The toy course with five hand-ins, one of them unreadable."""
    found = make(tmp_path / "course")
    for student, shrink in (("ada", RIGHT), ("bob", WRONG), ("cyd", RIGHT + "# mine\n"),
                            ("dee", "def shrink(: ...")):
        found.submit(student, answered(found.released(), shrink))
    found.submit("eve", "no notebook")
    return found


def grade(room: Classroom, *students: str, jobs: int = 1,
          regrade: bool = False) -> tuple[list[Graded], Batch]:
    batch = Batch(room.root, SLUG, choose(), jobs, regrade)
    return sorted(batch.run(students), key=lambda g: g.student), batch


def command(room: Classroom, *words: str) -> int:
    alone = (("--jobs", "1") if words[0] == "grade" and "--jobs" not in words
             and not words[-1].startswith("-") else ())
    return main([*words[:1], SLUG, "--course", str(room.root), *alone, *words[1:]])


# ----------------------------------------------------------------------------------- what is graded
def test_everybody_is_graded_once(room: Classroom) -> None:
    first, batch = grade(room, jobs=2)
    assert [(g.student, g.points) for g in first] == [("ada", 5.0), ("bob", 2.0), ("cyd", 5.0),
                                                      ("dee", 2.0), ("eve", None)]
    assert (batch.tally.graded, batch.tally.unreadable, batch.tally.judged) == (4, 1, 8)
    second, batch = grade(room)
    assert ((batch.tally.graded, batch.tally.unchanged, batch.tally.unreadable, batch.tally.judged)
            == (0, 4, 1, 0))
    assert [(g.status, g.error) for g in second] == [(g.status, g.error) for g in first]


def test_what_is_not_in_the_gradebook_is_told_with_the_mend(
        room: Classroom, capsys: pytest.CaptureFixture[str]) -> None:
    (room.root / "gradebook.db").unlink()
    assert command(room, "grade") == 1
    assert f"Run `nbgrader generate_assignment {SLUG} --force` once" in capsys.readouterr().out
    assert main(["grade", "toy_scalin", "--course", str(room.root)]) == 1
    assert f"There is no assignment 'toy_scalin' in {room.root}" in capsys.readouterr().out


def test_a_gradebook_that_cannot_be_opened_is_told_in_a_line(
        room: Classroom, capsys: pytest.CaptureFixture[str]) -> None:
    (room.root / "gradebook.db").write_text("rubbish " * 100)
    assert command(room, "grade") == 1
    (line,) = capsys.readouterr().out.splitlines()
    assert "gradebook.db cannot be opened (file is not a database). Close what else uses it" in line


def test_only_the_students_named(room: Classroom) -> None:
    graded, _ = grade(room, "ada", "bob")
    assert [g.student for g in graded] == ["ada", "bob"]
    assert room.total("cyd") is None
    with pytest.raises(CourseError, match=r"Nobody here is called 'zoe'\. Students are called as"):
        grade(room, "ada", "zoe")


def test_a_folder_without_a_notebook_is_told_by_name(room: Classroom) -> None:
    """It was left out in silence: the wrong name, a folder too deep, or nothing at all."""
    room.submit("ada", "...", name=f"{SLUG}.ipynb.txt")
    room.submit("bob", answered(room.released(), RIGHT), name=f"{SLUG.upper()}.IPYNB")
    (room.root / "submitted" / "zoe" / SLUG / "sub").mkdir(parents=True)
    (room.root / "submitted" / "yan" / SLUG).mkdir(parents=True)
    graded, batch = grade(room)
    told = {g.student: g.error for g in graded if g.student not in ("cyd", "dee", "eve")}
    ask = f"Ask for {SLUG}.ipynb, put it there and grade again."
    assert told == {
        "ada": f"there is no notebook, only {SLUG}.ipynb.txt. {ask}",
        "bob": "",
        "yan": f"there is no notebook, and nothing else. {ask}",
        "zoe": f"there is no notebook, only sub/. {ask}",
    }
    assert batch.tally.unreadable == 4
    assert room.total("bob") == 5


def test_a_new_hand_in_is_judged_and_the_rest_is_not(room: Classroom) -> None:
    grade(room)
    room.submit("bob", answered(room.released(), RIGHT))
    _, batch = grade(room)
    assert (batch.tally.graded, batch.tally.unchanged) == (1, 3)
    assert room.total("bob") == 5


def test_what_somebody_took_away_is_written_again_from_memory(room: Classroom) -> None:
    grade(room)
    shutil.rmtree(room.root / "autograded" / "ada")
    room.change("update grade set auto_score = 0 where auto_score = 3")
    _, batch = grade(room)
    assert (batch.tally.graded, batch.tally.unchanged, batch.tally.judged) == (2, 2, 0)
    assert (room.total("ada"), room.total("cyd")) == (5, 5)


def test_regrade_forces(room: Classroom) -> None:
    grade(room)
    _, batch = grade(room, regrade=True)
    assert (batch.tally.graded, batch.tally.judged) == (4, 8)


def test_a_changed_hidden_case_costs_its_exercise_only(room: Classroom,
                                                       capsys: pytest.CaptureFixture[str]) -> None:
    grade(room)
    checks = room.root / "solutions" / SLUG / "checks.py"
    checks.write_text(checks.read_text(encoding="utf-8").replace(*HEAVIER), encoding="utf-8")
    room.submit("bob", answered(room.released(), RIGHT, QUIZ.replace("42", "1")))
    _, batch = grade(room)
    # the quiz of four, and what bob handed in anew
    assert (batch.tally.graded, batch.tally.judged) == (4, 5)
    capsys.readouterr()
    assert command(room, "diff") == 0
    assert capsys.readouterr().out.splitlines() == [
        "bob  (handed in anew)",
        "    shrink: 0 -> 3",
        "        + returns x times 1-p at test time (train=False)",
        "        + does not modify x",
        "        + returns x times 1-p at test time (train=False) (hidden case)",
        "    quiz: 2 -> 0.5",
        "        - holds the right answer to twice (hidden case)",
        "1 student with other points than before.",
        "no mark: eve (handed in and not graded)",
    ]


def test_a_mark_that_came_or_went_and_the_penalty_are_told(
        room: Classroom, capsys: pytest.CaptureFixture[str]) -> None:
    room.submit("bob", answered(room.released(), RIGHT))
    room.submit("ada", "{ cut off")
    grade(room, "ada", "bob", "cyd")
    room.submit("ada", answered(room.released(), RIGHT))
    room.submit("bob", "{ cut off")
    room.submit("cyd", answered(room.released(), WRONG))
    grade(room, "ada", "bob", "cyd")
    room.change(
        "update submitted_notebook set late_submission_penalty = 0.5 where assignment_id in "
        "(select id from submitted_assignment where student_id = 'cyd')"
    )
    capsys.readouterr()
    assert command(room, "diff") == 0
    told = capsys.readouterr().out
    assert ("ada  (handed in anew)\n    no mark -> 5\nbob  (handed in anew)\n    5 -> no mark\n"
            "cyd" in told)
    assert "\n    late: -0.5, so 1.5 count\n3 students" in told
    assert told.splitlines()[-1].startswith("no mark: bob (handed in and not graded)")


def test_nothing_changed_is_said(room: Classroom, capsys: pytest.CaptureFixture[str]) -> None:
    assert command(room, "diff") == 0
    assert capsys.readouterr().out == "Nothing was graded yet.\n"
    grade(room)
    assert command(room, "diff") == 0
    assert (capsys.readouterr().out
            == "Only one grading is known, so there is nothing to compare it with.\n")
    grade(room, "ada", regrade=True)
    assert command(room, "diff") == 0
    assert (capsys.readouterr().out == "No points changed.\n"
            "no mark: eve (handed in and not graded)\n")


def test_who_has_points_by_hand_is_looked_at_again_where_something_changed(room: Classroom) -> None:
    """And a page that says the same stays as old as it is, so that its feedback is not stale."""
    grade(room, "ada")
    room.change("update grade set manual_score = 1, needs_manual_grade = 0 where auto_score = 3")
    page = room.root / "autograded" / "ada" / SLUG / f"{SLUG}.ipynb"
    os.utime(page, (1, 1))
    grade(room, "ada", regrade=True)
    assert room.grades("ada")["check_shrink"] == (3, 1, False)
    assert page.stat().st_mtime == 1
    room.submit("ada", answered(room.released(), RIGHT, QUIZ.replace("42", "41")))
    grade(room, "ada")
    assert room.grades("ada")["check_shrink"] == (3, 1, False), "the quiz is another cell"
    room.submit("ada", answered(room.released(), RIGHT + "# anew\n"))
    grade(room, "ada")
    assert room.grades("ada")["check_shrink"] == (3, 1, True)
    assert page.stat().st_mtime > 1


def test_points_by_hand_and_points_kept_are_told_apart(room: Classroom,
                                                       capsys: pytest.CaptureFixture[str]) -> None:
    """A check becomes stricter: a human's marks stay, by --never-lower those of same answers."""
    class_ = ("ada", "bob", "cyd")
    room.submit("bob", answered(room.released(), RIGHT + "# bob\n"))
    grade(room, *class_)
    room.change("update grade set manual_score = 1.5 where id in (select g.id from grade g join "
                "base_cell c on g.cell_id = c.id join submitted_notebook n on g.notebook_id = n.id "
                "join submitted_assignment a on n.assignment_id = a.id where a.student_id = 'cyd' "
                "and c.name = 'check_shrink')")
    key = room.root / "solutions" / f"{SLUG}_key.py"
    # nobody's answer holds
    key.write_text(key.read_text().replace('p=0.6, by="1-p"', 'p=0.6, by="p"'))
    room.submit("bob", answered(room.released(), RIGHT + "# bob, once more\n"))
    batch = Batch(room.root, SLUG, choose(), never_lower=True)
    assert {g.student: g.points for g in batch.run(class_)} == {"ada": 5, "bob": 2.45, "cyd": 5}
    assert room.grades("ada")["check_shrink"] == (3, None, False)
    assert "its 3 points stay" in (room.comments("ada")["shrink"] or "")
    capsys.readouterr()
    assert command(room, "diff") == 0
    told = capsys.readouterr().out
    assert "ada\n    shrink: 3 -> 3 (kept: the checks now give 0.45)" in told
    assert "bob  (handed in anew)\n    shrink: 3 -> 0.45\n" in told
    assert ("cyd\n    shrink: 3 -> 3 (kept: the checks now give 0.45) by the checks; the 1.5 given "
            "by hand stay" in told)
    assert ("\n1 student with other points than before. 2 keep the points given by hand, or kept "
            "by --never-lower.\n" in told)
    grade(room, *class_, regrade=True)
    assert room.grades("ada")["check_shrink"][0] == 0.45, "without the option the course decides"


def test_points_changed_after_the_release_stop_everything(room: Classroom) -> None:
    source = room.root / "solutions" / SLUG / f"{SLUG}.ipynb"
    source.write_text(source.read_text(encoding="utf-8").replace('"points": 3', '"points": 4'),
                      encoding="utf-8")
    with pytest.raises(CourseError, match=f"Run `nbgrader generate_assignment {SLUG} --force`"):
        grade(room)


def test_a_solution_that_does_not_run_takes_nobodys_marks(
        room: Classroom, capsys: pytest.CaptureFixture[str]) -> None:
    """It took the marks of the whole class out of the gradebook, hand-in by hand-in."""
    grade(room)
    source = room.root / "solutions" / SLUG / f"{SLUG}.ipynb"
    text = source.read_text(encoding="utf-8")
    source.write_text(text.replace("def shrink(", "def shrink((", 1), encoding="utf-8")
    for jobs in ("1", "2"):
        assert command(room, "grade", "--jobs", jobs) == 1
        assert (f"autograder: The solution of {SLUG} does not run: cell shrink: "
                "SyntaxError" in capsys.readouterr().out)
    assert (room.total("ada"), room.total("bob")) == (5, 2)
    source.write_text(text[:2000], encoding="utf-8")
    assert command(room, "grade", "--jobs", "1") == 1
    assert f"{SLUG}.ipynb is no whole notebook (" in capsys.readouterr().out


def test_an_exercise_more_or_less_stops_everything_and_the_way_on_is_told(room: Classroom) -> None:
    """One less took all marks of the class; for one more nbgrader refused the command named."""
    grade(room)
    for table in ("base_cell", "source_cell"):
        room.change(f"update {table} set name = 'check_old' where name = 'check_quiz'")
    told = ("has the exercise old, and solutions/ has not\\. .* `nbgrader db assignment remove "
            f"{SLUG} --force`")
    with pytest.raises(CourseError, match=told):
        grade(room)
    for table in ("base_cell", "source_cell"):
        room.change(f"update {table} set name = 'other' where name = 'check_old'")
    with pytest.raises(CourseError, match=r"solutions/ has the exercise quiz, and the gradebook "
                       r"has not\. If that was a slip"):
        grade(room)


def test_a_full_disk_is_told_in_a_line(room: Classroom, capsys: pytest.CaptureFixture[str],
                                       monkeypatch: pytest.MonkeyPatch) -> None:
    def full(path: Path, content: bytes) -> None:
        raise OSError(28, "No space left on device", str(path))

    with monkeypatch.context() as patch:
        patch.setattr("autograder.nbgrader_plugin.gradebook.put", full)
        assert command(room, "grade", "--jobs", "1") == 2
    (line,) = capsys.readouterr().out.splitlines()
    assert f"{SLUG}.ipynb cannot be written (No space left on device). Make room" in line
    assert command(room, "grade", "--jobs", "1") == 1
    assert room.total("ada") == 5
    shutil.rmtree(room.root / results_store.FOLDER)
    (room.root / results_store.FOLDER).write_text("no folder")
    assert command(room, "grade", "--jobs", "1") == 2
    assert "cannot be written" in capsys.readouterr().out.splitlines()[-1]


def test_late_penalties_follow_the_due_date_and_the_points_of_a_human(
        room: Classroom, capsys: pytest.CaptureFixture[str]) -> None:
    (room.root / "late.py").write_text(
        "from nbgrader.plugins import BasePlugin\nclass Half(BasePlugin):\n"
        "    def late_submission_penalty(self, student_id, score, total_seconds_late):\n"
        "        return score / 2\n")
    config = room.root / "nbgrader_config.py"
    config.write_text(config.read_text() + "\n"
                      "get_config().AssignLatePenalties.plugin_class = 'late.Halb'\n")
    assert command(room, "grade", "--jobs", "1") == 1
    assert "'late.Halb' could not be imported. Put the file beside" in capsys.readouterr().out
    config.write_text(config.read_text().replace("Halb", "Half"))
    assert str(room.root) not in sys.path
    (room.root / "submitted" / "ada" / SLUG / "timestamp.txt").write_text("2026-11-22 10:00:00 UTC")
    grade(room)
    assert penalty(room, "ada") == 0
    room.change("update assignment set duedate = '2026-11-22 09:00:00.000000'")
    assert unsettled(room) == {"ada": "has a late penalty of 0, and 2.5 once `autograder grade` "
                               "ran again: do that first"}
    assert penalty(room, "ada") == 0
    assert command(room, "grade", "--jobs", "1") == 1
    assert "late penalty changed: ada (0 -> 2.5)\n" in capsys.readouterr().out
    assert penalty(room, "ada") == 2.5
    room.change("update grade set manual_score = 1 where auto_score = 3")
    grade(room)
    assert penalty(room, "ada") == 1.5
    stamp = room.root / "submitted" / "ada" / SLUG / "timestamp.txt"
    assert unsettled(room) == {}
    stamp.unlink()  # nobody knows now that it was late
    assert unsettled(room) == {"ada": "has a late penalty of 1.5, and 0 once `autograder grade` "
                               "ran again: do that first"}
    grade(room)
    assert penalty(room, "ada") == 0
    stamp.write_text("2026-11-22 10:00:00 UTC")
    grade(room)
    assert penalty(room, "ada") == 1.5
    room.submit("ada", "no notebook")
    grade(room)
    assert penalty(room, "ada") == 0
    stamp.write_text("2026-11-22 10:00:00 UTC")
    for again in (False, True):  # what a human gave before or meanwhile is of a late hand-in, too
        grade(room, regrade=again)
        assert penalty(room, "ada") == 0.5


def unsettled(room: Classroom) -> dict[str, str]:
    with Register(room.root, SLUG) as register:
        return register.unsettled()


def penalty(room: Classroom, student: str) -> float:
    """What the gradebook takes off a late hand-in."""
    told = ("select n.late_submission_penalty from submitted_notebook n join submitted_assignment "
            "a on a.id = n.assignment_id ")
    ((found,),) = room._rows(told + "where a.student_id = ?", student)
    return float(found or 0)


def noted(capsys: pytest.CaptureFixture[str]) -> list[str]:
    """What stands below the line that says how many were graded."""
    lines = capsys.readouterr().out.splitlines()
    below = lines[1 + next(n for n, line in enumerate(lines) if line.startswith(f"{SLUG}: ")) :]
    # on a busy machine somebody may be slow
    return [line for line in below if not line.startswith("slowest: ")]


def test_what_no_line_says_is_noted_at_the_end(room: Classroom,
                                               capsys: pytest.CaptureFixture[str]) -> None:
    room.submit("o'brien [x]", answered(room.released(), RIGHT))
    command(room, "grade", "--jobs", "1")
    first, *looks = noted(capsys)
    assert (
        first == "nbgrader's own commands find no folder with [, ] * or ? in its name: o'brien [x]")
    assert [line.split(":")[0] for line in looks] == ["worth a look", "    eve  was not graded"]
    shutil.rmtree(room.root / "submitted" / "o'brien [x]")
    room.change("update grade set manual_score = 1 where auto_score = 3")
    room.submit("cyd", answered(room.released(), WRONG))
    command(room, "grade", "--jobs", "1")
    told = noted(capsys)
    assert told.pop().startswith("    eve  was not graded: ")
    assert told == ["no hand-in any more, the marks of before stand: o'brien [x]", "worth a look:",
                    "    cyd  shrink: its points were given by hand, and it was graded again "
                    "since: do they still hold?"]
    command(room, "grade", "--student", "ada")
    assert noted(capsys) == []


CHANGED = "The course was changed since 5 hand-ins were graded."


def test_the_diff_tells_checks_that_came_and_went_shares_and_points(
        room: Classroom, capsys: pytest.CaptureFixture[str]) -> None:
    def regraded(old: str, new: str) -> list[str]:
        for path in (room.root / "solutions" / f"{SLUG}_key.py",
                     room.root / "solutions" / SLUG / "checks.py"):
            path.write_text(path.read_text(encoding="utf-8").replace(old, new), encoding="utf-8")
        command(room, "diff")
        assert (CHANGED in capsys.readouterr().out) == (old != new)
        command(room, "grade", "--quiet")
        capsys.readouterr()
        command(room, "diff")
        return [line.strip() for line in capsys.readouterr().out.splitlines()]

    room.submit("bob", answered(room.released(), RIGHT, QUIZ.replace("42", "1")))
    regraded("", "")
    told = regraded(*HEAVIER)
    assert told[:3] == ["bob", "quiz: 1 -> 0.5",
                        "the same checks fail: the shares of the parts are others now"]
    assert CHANGED not in str(told)
    told = regraded('c.answers_rightly(key="twice", needs="twice")', "")
    assert told[2] == "+ holds the right answer to twice (hidden case) (no longer asked)"


def test_what_was_written_down_before_sentences_were_is_told_by_name() -> None:
    old, new = {"e": [1.0, ["a", "b"]]}, {"e": [1.0, {"a": "holds", "c": "is kept"}]}
    (moved,) = results_store._compared({"e": (1.0, ["b"])}, {"e": (0.0, ["a", "c"])}, old, new)  # type: ignore[arg-type]
    assert moved.reasons == ("- holds", "- is kept (a new check)", "+ b (no longer asked)")


def test_our_own_failure_is_no_zero_and_is_tried_again(room: Classroom) -> None:
    key = room.root / "solutions" / f"{SLUG}_key.py"
    text = key.read_text(encoding="utf-8")
    trap = ("\n\ndef _trap(exam):\n    if exam.ask(Call('quiz', look=True))[0]['twice'] == 13:\n"
            "        raise Broken('ours')\n")
    extra = ("\n\nfrom dataclasses import replace\n"
             "from autograder.model import Broken, Call\n" + trap)
    swap = ("\nHIDDEN['quiz']['twice'][0] = replace(HIDDEN['quiz']['twice'][0], judge=_trap, "
            "with_reference=False)\n")
    key.write_text(text + extra + swap, encoding="utf-8")
    room.submit("bob", answered(room.released(), RIGHT, QUIZ.replace("42", "13")))
    assert command(room, "grade") == 2
    assert (room.total("ada"), room.total("bob")) == (5, None)
    key.write_text(text, encoding="utf-8")
    assert command(room, "grade") == 1  # eve is still unreadable
    assert room.total("bob") == 4


def test_a_time_that_is_none_is_said_and_costs_nobody_else(
        room: Classroom, capsys: pytest.CaptureFixture[str]) -> None:
    (room.root / "submitted" / "bob" / SLUG / "timestamp.txt").write_text("yesterday")
    assert command(room, "grade") == 1
    assert "bob: unreadable: its timestamp.txt holds no time." in capsys.readouterr().out
    assert (room.total("ada"), room.total("bob")) == (5, None)


def test_the_hand_in_is_read_once(room: Classroom, tmp_path: Path) -> None:
    assert take(room.root / "submitted" / "ada" / SLUG, SLUG).content
    assert take(tmp_path, SLUG).error


# ------------------------------------------------------------------------------------- interruption
def started(room: Classroom, *words: str) -> subprocess.Popen[str]:
    line = [sys.executable, "-m", "autograder", "grade", SLUG, "--course", str(room.root), *words]
    # a shell that starts the tests in the background has them ignore Ctrl-C, and all that they
    # start
    with interruptible():
        return subprocess.Popen(line, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                                start_new_session=True)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL])
def test_what_was_reported_survives_an_interruption_and_the_rest_follows(number: int,
                                                                         room: Classroom) -> None:
    for student in range(6):
        room.submit(f"s{student:02}", answered(room.released(), f"{RIGHT}# {student}\n"))
    run = started(room, "--jobs", "2")
    for _ in range(6000):
        if any((room.root / "autograded").glob("*/*/*.ipynb")):
            break
        time.sleep(0.05)
    os.kill(run.pid, number)
    run.communicate(timeout=300)  # all who could have written are gone
    graded = {p.parts[-3] for p in (room.root / "autograded").glob("*/*/*.ipynb")}
    assert all(json.loads(p.read_bytes()) for p in (room.root / "autograded").glob("*/*/*.ipynb"))
    with ResultsStore(room.root, SLUG) as remembered:
        done = {s for s in graded if remembered.recorded(s)}
    assert {s for s in graded if room.total(s) is not None} >= done
    _, batch = grade(room, jobs=2)
    assert batch.tally.unchanged >= len(done)
    assert batch.tally.graded + batch.tally.unchanged == 10
    assert {room.total(f"s{n:02}") for n in range(6)} == {5}


ORPHAN = """
import multiprocessing, os, threading, types
from autograder.classes import batch
from autograder.subjects import local

inlet, outlet = os.pipe()
os.close(outlet)
multiprocessing.parent_process = lambda: types.SimpleNamespace(sentinel=inlet)
with local._staying():
    watch = threading.Thread(target=batch._end_with_parent)
    watch.start()
    watch.join()
"""


def test_a_process_of_the_pool_ends_with_its_grader_while_the_solution_runs_in_it() -> None:
    """`os._exit` was a stand-in then, the watching thread ended, the process waited for ever."""
    assert subprocess.run([sys.executable, "-c", ORPHAN], check=False).returncode == 1


def test_ctrl_c_at_the_start_is_one_line(room: Classroom) -> None:
    """The process that makes the pool's was still importing, and said so in sixty lines."""
    run = started(room, "--jobs", "2")
    children = Path(f"/proc/{run.pid}/task/{run.pid}/children")
    for _ in range(6000):
        if children.read_text():
            break
        time.sleep(0.05)
    time.sleep(0.5)
    os.killpg(run.pid, signal.SIGINT)
    assert run.communicate(timeout=300)[0] == "autograder: stopped.\n"


def test_two_at_once_are_refused(room: Classroom) -> None:
    with ResultsStore(room.root, SLUG), pytest.raises(CourseError,
                                                      match="another `autograder grade`"):
        grade(room)


def test_an_interrupted_grading_is_gone_on_with(room: Classroom) -> None:
    with ResultsStore(room.root, SLUG) as remembered:
        number = remembered.begin({}, "course")
        assert remembered.begin({}, "course") == number
        remembered.end(number)


# ------------------------------------------------------------------------------------- what is kept
def test_a_result_survives_its_bytes() -> None:
    import numpy as np

    verdict = Verdict("e", "c", "s", Outcome.FAILED, "got", "wanted", "call", "part",
                      True, np.eye(3))
    told = (Diagnosis("e", "n", "m", {"a": "b"}),)
    parts = (Earned("part", "holds", 1.5, 2.0, "carried over"),)
    result = ExerciseResult("e", 1.5, 2.0, (verdict,), told, "trouble", parts=parts)
    again = unpacked(packed(result) or b"")
    assert repr(again) == repr(result)
    late = Verdict("e", "c", "s", Outcome.TIMED_OUT)
    assert (key_of(ExerciseResult("e", 0, 2.0, (late,)), "key", False)
            != "key"), "a machine under load is no reason to give 0 for ever"
    assert (key_of(result, "key", False), key_of(result, "key", True)) == ("key", "key, stopped")


def test_two_sequences_of_texts_have_two_digests() -> None:
    assert len(digest("a", "b")) == 40
    assert digest("ab") != digest("a", "b")


# -------------------------------------------------------------------------------------- the command
def test_the_command_says_what_came_of_it(room: Classroom,
                                          capsys: pytest.CaptureFixture[str]) -> None:
    assert command(room, "grade", "--jobs", "1") == 1
    out = capsys.readouterr().out
    assert "eve: unreadable: toy_scaling.ipynb is no notebook but other text" in out
    assert ("Hand in the .ipynb file that Jupyter saves. Ask the student for that file, put it "
            "into submitted/ and grade again.\n" in out)
    assert "toy_scaling: 4 graded, 1 unreadable; " in out
    assert command(room, "grade", "--student", "ada") == 0
    assert "toy_scaling: 1 unchanged; " in capsys.readouterr().out


@pytest.mark.parametrize("words", [("--jobs", "0"), ("--csv", "x.csv"), ("n.ipynb", "--regrade")])
def test_options_that_do_not_go_together(words: tuple[str, ...], room: Classroom,
                                         capsys: pytest.CaptureFixture[str]) -> None:
    assert command(room, "grade", *words) == 1
    assert capsys.readouterr().out.startswith("autograder: ")
