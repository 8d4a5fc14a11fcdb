"""What is judged once more, alone, at the end: time-outs, and hand-ins whose process was lost."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from concurrent.futures import Executor, Future
from concurrent.futures.process import BrokenProcessPool
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from autograder.classes import batch as room_of_batch
from autograder.classes import desk as room_of_desk
from autograder.classes import pool
from autograder.classes.batch import Batch
from autograder.classes.batch import _work as work
from autograder.classes.desk import LOST, Graded, Task
from autograder.classes.overview import overview
from autograder.classes.pool import Here, at_most, results
from autograder.cli import main
from autograder.commands import grading
from autograder.grade import grade as grade_one
from autograder.model import Broken, CourseError, Limits, Report
from autograder.sandbox import choose
from autograder.tests.classroom import RIGHT, SLUG, WRONG, Classroom, answered, make

HANGS = RIGHT.replace("    return", "    while p == 0.6: pass\n    return")
# and nothing is defined; what is defined around it would cost nothing
ENDLESS = "while True: pass\n"
SHORT = Limits(call_seconds=0.3, cell_seconds=0.3)


@pytest.fixture
def room(tmp_path: Path) -> Classroom:
    """A class of three."""
    found = make(tmp_path / "course")
    for student, shrink in (("ada", RIGHT), ("bob", RIGHT + "# bob\n"), ("cyd", WRONG)):
        found.submit(student, answered(found.released(), shrink))
    return found


def graded(room: Classroom, jobs: int = 1) -> tuple[list[Graded], Batch]:
    batch = Batch(room.root, SLUG, choose(), jobs)
    return list(batch.run()), batch


def points(found: list[Graded]) -> list[tuple[str, float | None]]:
    return [(one.student, one.points) for one in found]


# ---------------------------------------------------------------------------------------- time-outs
@pytest.mark.nbgrader
def test_a_time_out_is_judged_twice_listed_reported_and_judged_again(
        room: Classroom, monkeypatch: pytest.MonkeyPatch) -> None:
    """The next run said "2 unchanged", and a cell's time-out was even remembered as a result."""
    monkeypatch.setattr(room_of_batch, "Plan", partial(room_of_desk.Plan, limits=SHORT))
    asked: list[str] = []

    def noted(submission: Any, *rest: Any) -> Report:
        asked.append(Path(submission.path).parent.parent.name)
        return grade_one(submission, *rest)

    monkeypatch.setattr(room_of_desk, "grade", noted)
    room.submit("ada", answered(room.released(), HANGS))
    room.submit("bob", answered(room.released(), ENDLESS))
    first, batch = graded(room)
    # who hung comes last; a hang costs the check it happened in
    assert points(first)[0] == ("cyd", 2.0)
    assert sorted(points(first)) == [("ada", 2.45), ("bob", 2.0), ("cyd", 2.0)]
    assert sorted(asked) == ["ada", "ada", "bob", "bob", "cyd"]
    assert [(k.student, k.exercise) for k in batch.looks] == [("ada", "shrink"), ("bob", "shrink")]
    assert batch.looks[0].what == "shrink was stopped: it may compute for 0.3 s"
    assert batch.looks[1].what.startswith("this cell did not end in time and was stopped")
    again, batch = graded(room)
    # both once more, save what had passed
    assert (batch.tally.unchanged, batch.tally.graded, batch.tally.judged) == (1, 2, 2)
    assert sorted(points(again)[1:]) == sorted(points(first)[1:])
    assert len(batch.looks) == 2
    report = overview(room.root, SLUG)
    assert [(e.students, [p.students for p in e.parts])
            for e in report.exercises if e.name == "shrink"] == [(3, [3, 3])], report.notes


def test_handfuls_are_put_together_and_none_is_lost(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pool, "TOGETHER", 3600.0)
    assert (list(pool.together(iter([[1], [2], [], [3, 4]])))
            == [[1], [2, 3, 4]]), "the first at once, the rest together"
    many = [[k] for k in range(2 * pool.MOST)]
    assert [len(h) for h in pool.together(iter(many))] == [1, pool.MOST, pool.MOST - 1]

    def interrupted() -> Iterator[list[int]]:
        yield [1]
        yield [2]
        raise KeyboardInterrupt

    found: list[list[int]] = []
    with pytest.raises(KeyboardInterrupt):
        found.extend(pool.together(interrupted()))
    assert found == [[1], [2]]


SPIN = "    began = time.process_time()\n    while time.process_time() < began + 0.4: pass\n"
SLOW = "import time\n" + RIGHT.replace("    return", SPIN + "    return", 1)


@pytest.mark.nbgrader
def test_a_first_look_is_short_and_decides_nothing(room: Classroom,
                                                   monkeypatch: pytest.MonkeyPatch) -> None:
    """An endless loop is waited for a fifth as long before the look that decides."""
    monkeypatch.setattr(room_of_batch, "Plan",
                        partial(room_of_desk.Plan, limits=Limits(call_seconds=1.5)))
    allowed: list[tuple[str, float, int]] = []

    def noted(submission: Any, staff: Any, isolation: Any, limits: Limits, known: Any) -> Report:
        allowed.append((Path(submission.path).parent.parent.name, limits.call_seconds,
                        limits.exercise_deaths))
        return grade_one(submission, staff, isolation, limits, known)

    monkeypatch.setattr(room_of_desk, "grade", noted)
    room.submit("bob", answered(room.released(), SLOW))
    found, batch = graded(room)
    assert points(found) == [("ada", 5.0), ("cyd", 2.0), ("bob", 5.0)]
    assert batch.looks == []
    assert allowed == [("ada", 0.3, 1), ("bob", 0.3, 1), ("cyd", 0.3, 1), ("bob", 1.5, 3)]


@pytest.mark.nbgrader
def test_who_timed_out_in_a_bad_moment_loses_nothing(room: Classroom,
                                                     monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[str] = []

    def busy_once(submission: Any, staff: Any, isolation: Any, limits: Limits,
                  known: Any) -> Report:
        first = submission.path not in seen
        seen.append(submission.path)
        return grade_one(submission, staff, isolation,
                         Limits(call_seconds=0.0) if first else limits, known)

    monkeypatch.setattr(room_of_desk, "grade", busy_once)
    found, batch = graded(room)
    assert sorted(points(found)) == [("ada", 5.0), ("bob", 5.0), ("cyd", 2.0)]
    assert (batch.tally.graded, batch.looks) == (3, [])
    assert graded(room)[1].tally.unchanged == 3


# ----------------------------------------------------------------------------------- lost processes
def fatal(task: Task) -> Graded:
    """A job that two hand-ins end."""
    if task.student in ("bob", "eve"):
        os._exit(1)
    return work(task)


@pytest.mark.nbgrader
def test_who_ends_the_process_is_named_and_the_others_are_graded(
    room: Classroom, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """With two such hand-ins three runs graded nobody, naming nobody."""
    monkeypatch.setattr(room_of_batch, "_work", fatal)
    room.submit("eve", answered(room.released()))
    assert main(["grade", SLUG, "--course", str(room.root), "--jobs", "2"]) == 2
    out = capsys.readouterr().out
    assert f"bob: broken: {LOST}" in out
    assert f"eve: broken: {LOST}" in out
    assert "2 graded, 2 broken" in out
    assert [room.total(s) for s in ("ada", "bob", "cyd", "eve")] == [5, None, 2, None]


@pytest.mark.nbgrader
def test_who_takes_too_much_memory_is_named_and_the_others_are_graded(
        room: Classroom, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(room_of_batch, "Plan",
                        partial(room_of_desk.Plan, limits=Limits(judge_bytes=1 << 28)))

    def greedy(submission: Any, *rest: Any) -> Report:
        if "bob" in submission.path:
            np.ones(1 << 27)
        return grade_one(submission, *rest)

    monkeypatch.setattr(room_of_desk, "grade", greedy)
    found, _ = graded(room)
    assert points(found) == [("ada", 5.0), ("cyd", 2.0), ("bob", None)]
    assert (found[-1].status, found[-1].error) == ("broken", LOST)


def test_a_limit_to_memory_holds_and_ends() -> None:
    with at_most(1 << 26):
        assert np.ones(1 << 20).sum() == 1 << 20
        with pytest.raises(MemoryError):
            np.empty(1 << 27)  # more than what is kept of memory that was let go
    assert np.empty(1 << 27).size == 1 << 27


class Breaking(Executor):
    """A pool that breaks at the number 3 and is no good from then on."""

    def __init__(self) -> None:
        self.broken = False

    def submit(self, fn: Any, /, *args: Any, **kwargs: Any) -> Future[Any]:
        if self.broken:
            raise BrokenProcessPool
        self.broken = args == (3,)
        future: Future[Any] = Future()
        if self.broken:
            future.set_exception(BrokenProcessPool())
        else:
            future.set_result(fn(*args))
        return future


def double(number: int) -> int:
    return 2 * number


def test_what_was_with_a_broken_pool_is_told_and_the_rest_is_left() -> None:
    lost, tasks = list[int](), iter(range(10))
    found = [one for handful in results(Breaking(), double, tasks, 2, lost) for one in handful]
    assert (sorted([*found, *(2 * n for n in lost), *(2 * n for n in tasks)])
            == list(range(0, 20, 2))), "each once"
    assert 3 in lost
    assert len(lost) <= 2
    assert len(found) >= 3


def test_an_error_of_one_task_loses_that_task_and_one_of_the_course_ends_all() -> None:
    def odd(number: int) -> int:
        if number == 1:
            raise MemoryError
        return number

    lost: list[int] = []
    assert sorted(n for handful in results(Here(odd), odd, iter(range(4)), 1, lost)
                  for n in handful) == [0, 2, 3]
    assert lost == [1]

    def wrong(number: int) -> int:
        raise CourseError("no solution")

    with pytest.raises(CourseError):
        list(results(Here(wrong), wrong, iter(range(4)), 1, lost))


def nothing_comes(pool: Any, fn: Any, tasks: Iterator[Task], jobs: int,
                  lost: list[Task]) -> Iterator[list[Graded]]:
    lost.append(next(tasks))
    yield from ()


@pytest.mark.nbgrader
def test_pools_that_never_give_anything_are_our_fault(room: Classroom,
                                                      monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(room_of_batch, "results", nothing_comes)
    with pytest.raises(Broken, match="3 pools of processes were ended from outside"):
        graded(room)


# ------------------------------------------------------------------------------------ files by name
def test_reports_of_files_survive_a_later_crash(toy: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = toy / "assignments" / SLUG / f"{SLUG}.ipynb"
    file = toy / "reports.json"
    whole = grading._graded
    asked: list[Path] = []

    def crashes(path: Path, *rest: Any) -> Report:
        asked.append(path)
        if len(asked) == 3:
            raise RuntimeError("the power went")
        return whole(path, *rest)

    monkeypatch.setattr(grading, "_graded", crashes)
    with pytest.raises(RuntimeError):
        main(["grade", SLUG, *[str(source)] * 3, "--json", str(file), "--course",
              str(toy), "--quiet"])
    assert [r["status"] for r in json.loads(file.read_bytes())] == ["graded", "graded"]


def test_a_file_in_which_something_was_stopped_is_judged_once_more(
    toy: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    source = toy / "assignments" / SLUG / f"{SLUG}.ipynb"
    file = toy / "reports.json"
    asked = list[Path]()
    other = source.with_name("other.ipynb")

    def stopped(path: Path, *rest: Any) -> Report:
        asked.append(path)
        told = (("shrink", f"look {len(asked)}"),) if path == source else ()
        return Report(SLUG, str(path), "graded", "none", stopped=told)

    monkeypatch.setattr(grading, "_graded", stopped)
    assert main(["grade", SLUG, str(source), str(other), "--json", str(file), "--course",
                 str(toy)]) == 0
    assert asked == [source, other, source]
    assert ([r["worth_a_look"] for r in json.loads(file.read_bytes())]
            == [[{"exercise": "shrink", "what": "look 3"}], []])
    (line,) = (line for line in capsys.readouterr().out.splitlines() if "look 3" in line)
    assert SLUG in line
    assert "shrink: look 3" in line
