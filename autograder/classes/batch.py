"""A whole class: untrusted runs side by side on any Executor, and one writer that records them.

A job takes one hand-in from its bytes to the finished page and marks; jobs share nothing. The
process that started them writes: first the page and the gradebook, then its own memory, and only
then is the hand-in reported. So an interruption loses nothing that was reported, and the next run
goes on where this one ended.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from concurrent.futures import Executor, ProcessPoolExecutor
from contextlib import AbstractContextManager, ExitStack, closing, contextmanager
from dataclasses import dataclass, field, replace
from itertools import chain
from multiprocessing import connection
from pathlib import Path
from typing import Any

from autograder import surroundings
from autograder.classes.desk import Desk, Graded, Plan, Task, kept, word_of
from autograder.classes.pool import Here, at_most, results, together
from autograder.classes.result_keys import course_word
from autograder.classes.results_store import Done, Recorded, ResultsStore
from autograder.model import Broken, Check, CourseError, Exercise, Look
from autograder.nbgrader_plugin.context import CHECK
from autograder.nbgrader_plugin.grade_step import Frame, anew, points_differ
from autograder.nbgrader_plugin.gradebook import Entry, Register
from autograder.nbgrader_plugin.looks import of_class
from autograder.nbgrader_plugin.standings import standings
from autograder.nbgrader_plugin.submitted import excluded, misnamed, shown, take
from autograder.report import looks, words
from autograder.report.standing import Standing
from autograder.sandbox import Isolation, stays_shut
from autograder.staff import must_exist

LISTED = 8  # students named in one note
POOLS = 3  # that may break one after the other before anything came back


_desk: Desk | None = None  # of this process, when it is one of a pool


def _sit(plan: Plan) -> None:
    """A process of the pool begins: it ends at Ctrl-C, and with the process that started it."""
    global _desk
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    _desk = Desk(plan)
    ExitStack().enter_context(at_most(plan.limits.judge_bytes))
    # the fork server ends with this process
    _desk.isolation = ExitStack().enter_context(_desk.warmed())


def _end_with_parent() -> None:
    """Else a pool whose grader was killed would wait for ever, with a student's endless loop."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        connection.wait([parent.sentinel])
        os._exit(1)


def _work(task: Task) -> Graded:
    assert _desk is not None, "the pool was started without its initializer"
    return _desk.grade(task)


@contextmanager
def executor(desk: Desk, jobs: int) -> Iterator[Executor]:
    """The process itself for one job, else a pool."""
    if jobs > 1:
        with processes(desk, jobs) as pool:
            yield pool
        return
    with desk.warmed() as desk.isolation, at_most(desk.plan.limits.judge_bytes):
        yield Here(desk.grade)


@contextmanager
def processes(desk: Desk, jobs: int) -> Iterator[Executor]:
    """A pool whose processes are gone at the end, also after Ctrl-C."""
    if not surroundings.semaphores():
        raise CourseError(
            f"--jobs {jobs} cannot be had here: {surroundings.NO_SEMAPHORES}. Say --jobs 1.")
    surroundings.short_sockets()
    # its children have one thread, whatever this process has
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([__name__])
    pool = ProcessPoolExecutor(jobs, context, _sit, (desk.plan,))
    try:
        yield pool
    except BaseException:
        for child in multiprocessing.active_children():
            child.kill()
        raise
    finally:
        pool.shutdown(cancel_futures=True)


@dataclass
class Tally:
    """How many came to what end, and who took longest."""

    graded: int = 0
    unchanged: int = 0
    unreadable: int = 0
    broken: int = 0
    judged: int = 0  # exercises
    slowest: list[tuple[float, str]] = field(default_factory=list)

    def add(self, one: Graded) -> None:
        setattr(self, one.status, getattr(self, one.status) + 1)
        self.judged += one.judged
        self.slowest = sorted([*self.slowest, (one.seconds, one.student)])[-3:]


class Batch:
    """The grading of one assignment's hand-ins."""

    def __init__(self, root: Path, slug: str, isolation: Isolation, jobs: int = 1,
                 regrade: bool = False, warm: bool = True,
                 pool: Callable[[Desk, int], AbstractContextManager[Executor]] = executor,
                 never_lower: bool = False) -> None:
        self.root, self.slug, self.jobs, self.regrade = root.resolve(), slug, jobs, regrade
        self.isolation, self.warm, self.pool = isolation, warm and stays_shut(isolation.name), pool
        # a process that ends is to take nobody along
        self.alone = processes if pool is executor and jobs > 1 else pool
        # the same answers keep their points, whatever the course now asks
        self.never_lower = never_lower
        self.tally = Tally()
        self.notes: list[str] = []  # what an instructor should know when all is done
        self.looks: list[Look] = []  # and which hand-ins are worth a look
        self.people: list[Standing] = []  # where everybody stands who was asked for

    def run(self, students: Sequence[str] = (),
            begin: Callable[[int], None] = lambda total: None) -> Iterator[Graded]:
        """Grade and record; yields each hand-in when that is done. `begin` is told how many."""
        must_exist(self.root, self.slug)
        with ExitStack() as stack:
            register = stack.enter_context(Register(self.root, self.slug))
            remembered = stack.enter_context(ResultsStore(self.root, self.slug))
            desk = stack.enter_context(closing(self._desk(register)))
            handed_in = dict(register.students(students))
            if missing := sorted(set(students) - set(handed_in)):
                raise register.nobody(missing[0])
            begin(len(handed_in))
            for student in [s for s in handed_in if misnamed(s)]:
                handed_in.pop(student)
                yield self._misnamed(student)
            asked = {e.name: (e.points, {c.name: _said(c) for c in e.checks})
                     for e in desk.staff.assignment.exercises}
            grading = remembered.begin(asked, course_word(desk.staff))
            if self.regrade:
                remembered.forget(list(handed_in))
            changed, unchanged = self._sorted_out(handed_in, desk, register, remembered)
            for one in unchanged:
                self.tally.unchanged += one.status == "graded"
                self.tally.unreadable += one.status == "unreadable"
                yield one
            settled = register.settle({one.student for one in unchanged if one.status == "graded"})
            jobs = min(self.jobs, max(1, len(changed)))
            tasks = (Task(student, take(handed_in[student], self.slug)) for student in changed)
            for handful in together(self._judged(desk, tasks, jobs)):
                yield from self._recorded(self._kept(handful, desk, remembered), grading,
                                          register, remembered)
            remembered.end(grading)
            self.notes = _notes(settled, register, handed_in, bool(students))
            people = standings(self.root, self.slug)
            self.people = [s for s in people if not students or s.student in students]
            seen = of_class(register.coursedir, self.slug, register.manifest, people,
                            remembered.looks(), remembered.errors())
            self.looks = sorted((k for k in seen if not students or k.student in handed_in),
                                key=lambda k: (not k.student, k.student))

    def _misnamed(self, student: str) -> Graded:
        """Somebody of whom nothing can be written, because no gradebook takes the name."""
        one = Graded(Entry(shown(student)), Done(
            shown(student), Recorded("", "unreadable", misnamed(student), {}), "", {}))
        self.tally.add(one)
        return one

    def _judged(self, desk: Desk, tasks: Iterator[Task], jobs: int) -> Iterator[list[Graded]]:
        """Every hand-in once; one with something stopped or lost again, alone, at the end."""
        given: dict[str, Task] = {}
        stopped, lost, pools = list[Task](), list[Task](), 0
        waiting = _noted(tasks, given)
        while (first := next(waiting, None)) is not None:
            with self.pool(desk, jobs) as pool:
                pools += 1
                for handful in results(pool, _work, chain([first], waiting), jobs, lost):
                    pools = 0
                    stopped += [_again(given[one.student], one) for one in handful if one.stopped]
                    yield [one for one in handful if not one.stopped]
                    for one in handful:
                        del given[one.student]
            if pools == POOLS:
                raise Broken(f"{POOLS} pools of processes were ended from outside (out of "
                             "memory?). Run the command again; it goes on.")
        yield from self._alone(desk, iter([*stopped, *lost]))

    def _alone(self, desk: Desk, tasks: Iterator[Task]) -> Iterator[list[Graded]]:
        """One after the other, and nothing beside them."""
        tasks = (replace(task, alone=True) for task in tasks)
        for first in tasks:
            with self.alone(desk, 1) as pool:
                for task in chain([first], tasks):
                    gone = list[Task]()
                    yield from results(pool, _work, iter([task]), 1, gone)
                    if gone:
                        break
            yield [desk.lost(task) for task in gone]

    def _desk(self, register: Register) -> Desk:
        plan = Plan(self.root, self.slug, self.isolation, register.frame(), regrade=self.regrade,
                    warm=self.warm)
        desk = Desk(plan)
        _must_agree(self.slug, desk.staff.assignment.exercises, plan.frame)
        return desk

    def _sorted_out(self, handed_in: Mapping[str, Path], desk: Desk, register: Register,
                    remembered: ResultsStore) -> tuple[list[str], list[Graded]]:
        """Students whose hand-ins are to be graded, and hand-ins whose marks stand."""
        scores = register.scores()
        changed, unchanged = [], []
        for student, folder in handed_in.items():
            found = remembered.recorded(student)
            if (found and self._stands(found, scores.get(student), register.page_of(student))
                    and (word_of(take(folder, self.slug), desk.word) == found.print)):
                unchanged.append(Graded(Entry(student), Done(student, found, "", {})))
            else:
                changed.append(student)
        return changed, unchanged

    def _stands(self, found: Recorded, scores: dict[str, float | None] | None, page: Path) -> bool:
        """Whether the gradebook and autograded/ still hold what was written."""
        if found.status != "graded":
            return found.status == "unreadable" and scores is not None and not page.exists()
        return (scores is not None and page.is_file()
                and all(scores.get(name) == score for name, score in found.scores.items()))

    def _kept(self, handful: Sequence[Graded], desk: Desk,
              remembered: ResultsStore) -> Sequence[Graded]:
        worth = {e.name: e.points for e in desk.staff.assignment.exercises}
        return ([kept(one, remembered.latest(one.student), worth) for one in handful]
                if self.never_lower else handful)

    def _recorded(self, handful: Sequence[Graded], grading: int, register: Register,
                  remembered: ResultsStore) -> Iterator[Graded]:
        register.write([one.entry for one in handful])
        remembered.keep(grading, [one.done for one in handful if one.status != "broken"])
        for one in handful:
            self.tally.add(one)
            yield one


def _said(check: Check) -> str:
    return words.phrase(check.sentence) + " (hidden case)" * check.hidden


def _noted(tasks: Iterator[Task], given: dict[str, Task]) -> Iterator[Task]:
    """The tasks, each written down while it is with a job."""
    for task in tasks:
        given[task.student] = task
        yield task


def _again(task: Task, one: Graded) -> Task:
    """The same hand-in once more; what passed the first time stands."""
    return replace(task, known={**task.known, **one.done.results})


def _notes(settled: Sequence[str], register: Register, handed_in: Collection[str],
           some: bool) -> list[str]:
    """What an instructor should know and no line about a hand-in says."""
    gone = set() if some else (register.scores().keys() - set(handed_in)
                                   - excluded(register.coursedir))
    told = {"late penalty changed": settled, "no hand-in any more, the marks of before stand": gone,
            "nbgrader's own commands find no folder with [, ] * or ? in its name": {
                s for s in handed_in if any(c in s for c in "[]*?")}}
    return [f"{what}: {words.some(sorted(students), LISTED)}"
            for what, students in told.items() if students]


def _must_agree(slug: str, exercises: Sequence[Exercise], frame: Frame) -> None:
    """Nothing is touched when the gradebook has other exercises or points than solutions/."""
    checked = {n.removeprefix(CHECK): r.points
               for n, r in frame.released.items() if n.startswith(CHECK) and r.points is not None}
    for name in sorted(checked.keys() - {e.name for e in exercises}):
        raise CourseError(
            f"The gradebook has the exercise {name}, and solutions/ has not. {anew(slug)}")
    for exercise in exercises:
        found = checked.get(exercise.name)
        if found is None:
            raise CourseError(f"solutions/ has the exercise {exercise.name}, and the gradebook has "
                              f"not. {anew(slug)}")
        if found != exercise.points:
            raise CourseError(points_differ(exercise.name, exercise.points, found, slug))


def to_dict(grading: Batch, graded: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """What is known of a class so far, as plain data."""
    told = {"schema": 1, "assignment": grading.slug, "hand_ins": list(graded),
            "notes": grading.notes}
    return told | {"worth_a_look": looks.to_dicts(grading.looks)}


def cores() -> int:
    """How many processors this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
