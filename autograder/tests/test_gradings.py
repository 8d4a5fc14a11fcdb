"""Right answers are graded over and over, and lose no point.

One grading is one right answer to one exercise (the solution's, or a variant of the key), judged in
this process by all checks of the exercise, public and hidden, with seeds that no other grading has.
`AUTOGRADER_GRADINGS=100000 pytest -m slow -s autograder/tests/test_gradings.py` says how many there
are at least, all assignments together, and prints the table. `AUTOGRADER_FIRST_ROUND=176` goes on
where a run has ended, and `AUTOGRADER_EACH_ROUND=1` leaves no slow answer out of any round.
"""

from __future__ import annotations

import math
import multiprocessing
import os
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

import pytest

from autograder.authoring.verify import verdicts_of
from autograder.course import lacking, slugs
from autograder.judge import result
from autograder.model import Exercise, Subject
from autograder.staff import Staff, load_staff

ROOT = Path(__file__).parents[2]
GRADINGS = int(os.environ.get("AUTOGRADER_GRADINGS", "500"))
# a round's number is the seed of its gradings
FIRST_ROUND = int(os.environ.get("AUTOGRADER_FIRST_ROUND", "0"))
JOBS, AT_ONCE = 2, 16  # processes; rounds between two looks at how many gradings there are
EACH_ROUND = "AUTOGRADER_EACH_ROUND" in os.environ
# seconds of CPU: an answer that takes k times as long comes in each k-th round
SHARE = math.inf if EACH_ROUND else 0.02


@dataclass
class Answered:
    """A right answer to an exercise, and how long it takes."""

    staff: Staff
    exercise: Exercise
    name: str
    subject: Subject
    seconds: float = 0.0

    def lost(self, sweep: int) -> str:
        """Grade it with the seeds of this sweep; what it loses, "" for nothing."""
        began = time.process_time()
        found = result(self.exercise, verdicts_of(self.exercise, self.subject, self.staff, sweep))
        took = time.process_time() - began
        # the first time, tables are worked out that are kept
        self.seconds = min(self.seconds or took, took)
        failed = [f"{v.check}: {v.got}, should be {v.wanted}"
                  for v in found.verdicts if not v.passed]
        if found.points == found.max_points and not failed:
            return ""
        return (f"{self.exercise.name}, {self.name}, sweep {sweep}: {found.points:g} of "
                f"{found.max_points:g}; {'; '.join(failed)}")


def right_answers(staff: Staff) -> Iterator[Answered]:
    """The solution's answer to each exercise, and all variants of it."""
    for exercise in staff.assignment.exercises:
        yield Answered(staff, exercise, "the solution", staff.reference)
        variants = (v for v in staff.key.variants if v.exercise == exercise.name)
        yield from (Answered(staff, exercise, v.name, staff.answered(v)) for v in variants)


@dataclass
class Graded:
    """How often each answer of an assignment was graded, and what was lost."""

    # of (assignment, exercise, name)
    gradings: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    lost: list[str] = field(default_factory=list)

    def add(self, other: Graded) -> None:
        """What another process has graded, beside."""
        self.gradings += other.gradings
        self.lost += other.lost

    def __str__(self) -> str:
        found: dict[str, list[int]] = {}
        for (slug, _, _), times in sorted(self.gradings.items()):
            found.setdefault(slug, []).append(times)
        lines = [f"{s:<22}{len(n):>5} answers{sum(n):>8} gradings, {min(n)} to {max(n)} of each"
                 for s, n in found.items()]
        return "\n".join([*lines, f"{self.gradings.total()} gradings, {len(self.lost)} that lost "
                          "something", *self.lost])


@cache
def class_of_right_ones() -> tuple[Answered, ...]:
    staffs = (load_staff(ROOT, slug) for slug in slugs(ROOT))
    return tuple(answer for staff in staffs if not lacking(staff.assignment)
                 for answer in right_answers(staff))


def one_round(number: int) -> Graded:
    """Each right answer once, the slow ones in some of the rounds."""
    found = Graded()
    for answer in class_of_right_ones():
        if number % max(1, math.ceil(answer.seconds / SHARE)) == 0:
            slug = answer.staff.assignment.slug
            lost = answer.lost(number + 1)
            found.gradings[slug, answer.exercise.name, answer.name] += 1
            found.lost += [f"{slug}, {lost}"] * bool(lost)
    return found


def aside(number: int) -> Graded:
    """In a thread beside the main one, where no call needs an alarm clock."""
    with ThreadPoolExecutor(1) as beside:
        return beside.submit(one_round, number).result()


@pytest.mark.slow
def test_gradings_of_right_answers_lose_nothing() -> None:
    found, done = Graded(), FIRST_ROUND
    with ProcessPoolExecutor(JOBS, multiprocessing.get_context("forkserver")) as pool:
        while found.gradings.total() < GRADINGS:
            for graded in pool.map(aside, range(done, done + AT_ONCE)):
                found.add(graded)
            done += AT_ONCE
            print(f"\nafter {done} rounds\n{found}", flush=True)
    assert found.lost == []


@pytest.fixture(scope="module")
def staff() -> Staff:
    return load_staff(ROOT, "hw1_dropout")


def test_gradings_in_a_sample(staff: Staff) -> None:
    answers = [a for a in right_answers(staff)
               if a.exercise.name in ("dropout_moments", "dropout_backward")]
    assert len(answers) > 10
    assert [lost for a in answers for lost in [a.lost(7)] if lost] == []


def test_a_grading_that_loses_a_point_is_told(staff: Staff) -> None:
    belief = next(b for b in staff.key.misconceptions if b.exercise == "dropout_moments")
    wrong = Answered(staff, staff.assignment.exercise(belief.exercise), belief.name,
                     staff.answered(belief))
    assert wrong.lost(7).startswith(f"{belief.exercise}, {belief.name}, sweep 7: ")
