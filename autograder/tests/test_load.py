"""Marks depend on no load and no speed. `pytest -m slow -s autograder/tests/test_load.py`: table.

It takes some minutes, and all of the machine. With AUTOGRADER_ALL_VARIANTS=1 every right variant of
every key is handed in.
"""

from __future__ import annotations

import multiprocessing
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import pytest

from autograder import notebook
from autograder.authoring.fill import filled, released, write
from autograder.course import lacking, slugs
from autograder.grade import grade
from autograder.model import ExerciseResult, Report, Variant
from autograder.sandbox import choose, warmed
from autograder.staff import Staff, load_staff

pytestmark = [pytest.mark.slow,
              pytest.mark.skipif(sys.platform != "linux", reason="the sandboxes need Linux")]

ROOT = Path(__file__).parents[2]
LOOPS = (0, 6, 12, 24)
JOBS = 2
TEN_TIMES = """

def _ten_times_slower(function, running=[]):
    import functools, time

    @functools.wraps(function)
    def slow(*args, **kwargs):
        if running:
            return function(*args, **kwargs)
        running.append(1)
        start = time.process_time()
        try:
            return function(*args, **kwargs)
        finally:
            end = start + 10 * (time.process_time() - start)
            while time.process_time() < end:
                pass
            running.clear()

    return slow


"""
Marks = list[tuple[str, float | None, float]]  # what was handed in, points, of how many


@contextmanager
def busy(loops: int) -> Iterator[None]:
    """So many endless loops beside us."""
    running = [subprocess.Popen([sys.executable, "-S", "-c", "while True: pass"])
               for _ in range(loops)]
    try:
        yield
    finally:
        for process in running:
            process.kill()
        for process in running:
            process.wait()


def variants(staff: Staff) -> list[Variant]:
    """The last right variant of each exercise, or all of them."""
    found = staff.key.variants
    return (list(found) if os.environ.get("AUTOGRADER_ALL_VARIANTS")
            else list({v.exercise: v for v in found}.values()))


def whole(staff: Staff, variant: Variant) -> dict[str, str]:
    """Its answers below the solution's, as a variant need not have all functions."""
    answers, name = staff.solution.answers | staff.written(variant), variant.exercise
    return {**answers, name: f"{staff.solution.answers[name]}\n\n{answers[name]}"}


def ten_times_slower(staff: Staff) -> dict[str, str]:
    """The solution's answers, each function taking ten times as long."""
    names = {e.name: [n for n in e.names if n[:1].islower()]
             for e in staff.assignment.exercises if e.name != "quiz"}
    wrapped = {e: "".join(f"{n} = _ten_times_slower({n})\n" for n in found)
               for e, found in names.items()}
    return {e: text + (TEN_TIMES + wrapped[e] if wrapped.get(e) else "")
            for e, text in staff.solution.answers.items()}


def marks(folder: Path, slow: bool, slug: str) -> Marks:
    """What the solution gets, and each variant in its exercise, judged once each."""
    staff = load_staff(ROOT, slug)
    if lacking(staff.assignment):
        return []
    blank = released(ROOT / "assignments" / slug / f"{slug}.ipynb")
    with warmed(choose(), True, staff.assignment.preload) as backend:

        def graded(answers: dict[str, str], known: dict[str, ExerciseResult]) -> Report:
            path = write(filled(blank, answers), folder / f"{slug}.ipynb")
            return grade(notebook.read(path, staff.assignment), staff, backend, known=known)

        first = graded(ten_times_slower(staff) if slow else staff.solution.answers, {})
        found = [("solution", first.points, first.max_points)]
        for variant in [] if slow else variants(staff):
            others = {e.name: e for e in first.exercises if e.name != variant.exercise}
            result = graded(whole(staff, variant), others).result(variant.exercise)
            found.append((f"{variant.exercise}: {variant.name}", result.points, result.max_points))
    return found


def table(folder: Path, loops: int, slow: bool = False) -> dict[str, Marks]:
    """Assignment -> marks, with two jobs."""
    context = multiprocessing.get_context("forkserver")
    with busy(loops), ProcessPoolExecutor(JOBS, context) as pool:
        return dict(zip(slugs(ROOT),
                        pool.map(partial(marks, folder, slow), slugs(ROOT)), strict=True))


def told(found: dict[str, Marks], title: str, began: float) -> str:
    """One line of the table: the solution's points, and how many variants have all of theirs."""
    texts = []
    for slug, given in found.items():
        (_, points, _), *others = given or [("", None, 0.0)]
        texts.append(f"{slug.partition('_')[0]} {points} + "
                     f"{sum(got == most for _, got, most in others)}/{len(others)}")
    return f"{title}: {', '.join(texts)} ({time.monotonic() - began:.0f} s)"


def lost(found: dict[str, Marks]) -> dict[str, Marks]:
    """What is not worth full marks."""
    return {slug: less for slug, given in found.items()
            if (less := [m for m in given if m[1] != m[2]])}


@pytest.mark.parametrize("loops", LOOPS)
def test_a_busy_machine_changes_no_mark_of_a_right_answer(loops: int, tmp_path: Path) -> None:
    began = time.monotonic()
    found = table(tmp_path, loops)
    print(told(found, f"{loops} loops", began))
    assert lost(found) == {}


def test_a_right_answer_ten_times_slower_loses_nothing(tmp_path: Path) -> None:
    began = time.monotonic()
    found = table(tmp_path, 0, slow=True)
    print(told(found, "ten times slower", began))
    assert lost(found) == {}
