"""One hand-in of a class, from bytes to page and marks. A job has a desk; jobs share nothing."""

from __future__ import annotations

import gc
import hashlib
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any

from autograder import notebook, notebook_file
from autograder.classes import result_keys, results_store
from autograder.classes.code_digest import digest
from autograder.classes.results_store import Done, Recorded
from autograder.examine import LIMITS
from autograder.grade import grade
from autograder.model import (
    AutograderError, CourseError, Limits, Look, Report, Submission, SubmissionError)
from autograder.nbgrader_plugin.context import CHECK
from autograder.nbgrader_plugin.grade_step import Frame, page
from autograder.nbgrader_plugin.gradebook import Entry
from autograder.nbgrader_plugin.marks import Marks
from autograder.nbgrader_plugin.repair import mended
from autograder.nbgrader_plugin.submitted import HandIn, for_staff
from autograder.report import looks, words
from autograder.sandbox import Isolation, warmed
from autograder.sandbox.bounded import Kept
from autograder.staff import load_staff

LOST = ("the process that graded it ended, also when nothing else ran (out of memory?). Look at "
        "this notebook; the others were graded.")
PAGE_SECONDS = 2  # of CPU time for making a page; an honest one takes some hundredths


@dataclass(frozen=True)
class Plan:
    """What every job of a class needs to know, by value."""

    root: Path
    slug: str
    isolation: Isolation
    frame: Frame
    limits: Limits = LIMITS
    regrade: bool = False
    warm: bool = False


@dataclass(frozen=True)
class Graded:
    """What came of it: what is to be written and remembered, and what is to be said."""

    entry: Entry
    done: Done
    points: float | None = None
    seconds: float = 0.0
    judged: int = 0  # exercises that were judged now; the others were remembered
    # exercise or cell, and what was stopped or lost there
    stopped: tuple[tuple[str, str], ...] = ()

    @property
    def student(self) -> str:
        return self.entry.student

    @property
    def status(self) -> str:
        return self.done.recorded.status

    @property
    def error(self) -> str:
        return self.done.recorded.error

    def brief(self) -> dict[str, Any]:
        """The same in a few words, as plain data."""
        return {"student": self.student, "status": self.status, "error": self.error or None,
                "points": self.total}

    @property
    def total(self) -> float | None:
        """The points, also those that stand from before."""
        scores = [s for s in self.done.recorded.scores.values() if s is not None]
        return (self.points if self.points is not None or self.status != "graded"
                else round(sum(scores), 6))


@dataclass(frozen=True)
class Task:
    """One hand-in to grade, by value, with what is remembered where a job cannot look it up."""

    student: str
    found: HandIn
    known: Mapping[str, bytes] = field(default_factory=dict)  # key -> a packed result
    alone: bool = False  # whether this is the look that decides


def word_of(found: HandIn, desk: str) -> str:
    """One word for all that decides what is written about a hand-in."""
    content = hashlib.sha256(found.content).hexdigest()
    return digest(desk, found.error, found.path.name, content,
                  *(b.decode("latin-1") for b in (found.stamp, found.secret)))


class Desk:
    """Where one process grades one hand-in after the other."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.isolation = plan.isolation  # or the same one kept warm in this process
        self.staff = load_staff(plan.root, plan.slug)
        self._apart = Kept(lambda step, *arguments: step(self, *arguments))

    @contextmanager
    def warmed(self) -> Iterator[Isolation]:
        """The plan's sandbox, kept warm if the plan says so, with what the assignment takes."""
        with closing(self), warmed(self.plan.isolation, self.plan.warm,
                                   self.staff.assignment.preload) as found:
            # what is here by now stays: the collector need not look at it for every hand-in
            gc.freeze()
            yield found

    @cached_property
    def words(self) -> dict[str, str]:
        """Exercise -> all that decides its result, save the answers."""
        staff, isolation, limits = self.staff, self.plan.isolation.name, self.plan.limits
        return {e.name: result_keys.exercise_word(staff, e, isolation, limits)
                for e in staff.assignment.exercises}

    @cached_property
    def word(self) -> str:
        """All that decides what is written about a hand-in, save the hand-in."""
        frame = self.plan.frame
        return digest(*self.words.values(), repr(sorted(frame.released.items())),
                      repr(sorted(frame.ours)))

    def grade(self, task: Task) -> Graded:
        """One hand-in, from bytes to page. Raises for a fault of the course only."""
        try:
            return self._graded(task)
        except SubmissionError as error:
            return self._without_marks(task, "unreadable", for_staff(str(error)))
        except (CourseError, MemoryError):
            # the first would befall everybody: the command ends, and all marks stand as they are
            raise
        except AutograderError as error:
            return self._without_marks(task, "broken", str(error))
        except Exception as error:
            # a bug of ours, or a full disk: it is reported with the student's name, and the class
            # goes on
            return self._without_marks(task, "broken", f"{type(error).__name__}: {error}")

    def recalled(self, found: HandIn) -> dict[str, bytes]:
        """What is remembered of a hand-in's exercises, for a job that cannot look it up."""
        try:
            submission = self._read(found)
        except SubmissionError:
            return {}
        return self._remembered(self._keys(result_keys.answers_word(submission)).values())

    def _read(self, found: HandIn) -> Submission:
        if found.error:
            raise SubmissionError(found.error)
        return self._apart(notebook_file.called(found.path), Desk._submission, found)  # type: ignore[no-any-return]

    def _submission(self, found: HandIn) -> Submission:
        return notebook.from_node(notebook_file.parse(found.content, found.path), found.path,
                                  self.staff.assignment)

    def _page(self, found: HandIn, submission: Submission,
              report: Report) -> tuple[str, Marks, list[tuple[str, str]]]:
        """The page, the marks, and which cells were put back as they were handed out."""
        path = notebook_file.called(found.path)
        return self._apart(path, Desk._made, found, submission, report, seconds=PAGE_SECONDS)  # type: ignore[no-any-return]

    def _made(self, found: HandIn, submission: Submission,
              report: Report) -> tuple[str, Marks, list[tuple[str, str]]]:
        parsed = notebook_file.parse(found.content, found.path)
        changed = list(mended(parsed["cells"], self.plan.frame.released, submission))
        return *page(parsed, submission, report, self.plan.frame), changed

    def close(self) -> None:
        """End the process in which texts of students are read and written."""
        self._apart.close()

    def _keys(self, answers: str) -> dict[str, str]:
        return {name: digest(word, answers) for name, word in self.words.items()}

    def _graded(self, task: Task) -> Graded:
        student, found = task.student, task.found
        submission = self._read(found)
        answers = result_keys.answers_word(submission)
        keys = self._keys(answers)
        remembered = self._remembered(keys.values())
        packed = {**task.known, **remembered}
        known = {name: result_keys.unpacked(packed[key])
                 for name, key in keys.items() if key in packed}
        limits = self.plan.limits if task.alone else self.plan.limits.first_look()
        report = grade(submission, self.staff, self.isolation, limits, known)
        text, marks, changed = self._page(found, submission, report)
        # what was stopped is never taken for granted: the next run finds the hand-in changed, and
        # judges what did not pass once more
        homes = {e.name: result_keys.key_of(e, keys[e.name], bool(report.stopped))
                 for e in report.exercises}
        fresh = {homes[e.name]: result_keys.packed(e)
                 for e in report.exercises if homes[e.name] not in remembered}
        recorded = Recorded("" if report.stopped else word_of(found, self.word), "graded", "",
                            dict(marks.scores))
        noticed = [*looks.of_report(report, student),
                   *(Look(student, name, what) for name, what in changed)]
        new = {k: v for k, v in fresh.items() if v}
        marked = {e.name: (e.points, tuple(v.check for v in e.verdicts if not v.passed))
                  for e in report.exercises}
        done = Done(student, recorded, answers, marked, new, noticed, homes, report.seconds)
        entry = Entry(student, text, marks, found.stamp, found.secret)
        return Graded(entry, done, report.points, report.seconds, len(keys) - len(known),
                      report.stopped)

    def _remembered(self, keys: Iterable[str]) -> dict[str, bytes]:
        return {} if self.plan.regrade else results_store.recall(
            results_store.place(self.plan.root, self.plan.slug), keys)

    def lost(self, task: Task) -> Graded:
        """What is reported of a hand-in whose process ended once more."""
        return self._without_marks(task, "broken", LOST)

    def _without_marks(self, task: Task, status: str, error: str) -> Graded:
        student, found = task.student, task.found
        stamp = found.stamp if status == "unreadable" else b""
        return Graded(Entry(student, stamp=stamp),
                      Done(student, Recorded(word_of(found, self.word), status, error, {}), "", {}))


# --------------------------------------------------------------------------------- points that stay
# of the answers, and exercise -> points and checks that failed
Before = tuple[str, Mapping[str, tuple[Any, ...]]]


def kept(one: Graded, before: Before | None, worth: Mapping[str, float]) -> Graded:
    """`grade --never-lower`: points of before where they were more, as far as they still exist.

    A hand-in that is another one gets what it deserves. What the checks give now is written down
    beside the points that stay.
    """
    if before is None or one.entry.marks is None or before[0] != one.done.answers:
        return one
    raised = dict[str, float]()
    for name, (points, _) in one.done.marks.items():
        had = before[1].get(name, (0.0, ()))[0]
        if min(had, worth.get(name, had)) > points:
            raised[name] = min(had, worth.get(name, had))
    return _raised(one, raised) if raised else one


def _raised(one: Graded, raised: Mapping[str, float]) -> Graded:
    assert one.entry.marks is not None, "points are kept of what has marks"
    cells = {CHECK + name: points for name, points in raised.items()}
    comments = dict(one.entry.marks.comments)
    for name, points in raised.items():
        told = ("- The checks are others than when this was graded before; its "
                f"{words.number(points)} points stay.")
        comments[name] = "\n".join(filter(None, [comments.get(name), told]))
    marks = replace(one.entry.marks, scores={**one.entry.marks.scores, **cells}, comments=comments)
    now = {name: (raised.get(name, points), failed)
           for name, (points, failed) in one.done.marks.items()}
    found = {name: one.done.marks[name][0] for name in raised}
    recorded = replace(one.done.recorded, scores={**one.done.recorded.scores, **cells})
    done = replace(one.done, recorded=recorded, marks=now, found=found)
    total = round(sum(points for points, _ in now.values()), 6)
    return replace(one, entry=replace(one.entry, marks=marks), done=done, points=total)
