"""A year of a class that never was: late and second hand-ins, marks by hand, a mended course.

`pytest -m slow -s autograder/tests/test_year.py` plays it with all assignments and prints its
table; AUTOGRADER_YEAR=300 says how many students there are.
"""

from __future__ import annotations

import json
import os
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from autograder import sandbox
from autograder.authoring.fill import filled, released, write
from autograder.authoring.scratch import nbgrader
from autograder.authoring.simulate import hand_ins, stock
from autograder.classes import code_digest
from autograder.cli import main
from autograder.course import lacking, slugs
from autograder.explain import explain
from autograder.model import SubmissionError
from autograder.nbgrader_plugin.submitted import take
from autograder.staff import Staff, load_staff

pytestmark = [pytest.mark.slow, pytest.mark.nbgrader]

ROOT = Path(__file__).parents[2]
STUDENTS = int(os.environ.get("AUTOGRADER_YEAR", "12"))
AGAIN, LATE, BY_HAND, LOOKED_AT = 7, 5, 11, 10  # each so many-th student
SCORES = """
select a.student_id, c.name, g.auto_score, g.manual_score, g.extra_credit
from grade g join base_cell c on g.cell_id = c.id
join submitted_notebook n on g.notebook_id = n.id
join submitted_assignment a on n.assignment_id = a.id
join assignment t on a.assignment_id = t.id
where t.name = ? and coalesce(g.auto_score, g.manual_score) is not null
"""
# student, check cell -> points of the kit, points by hand
Marks = dict[tuple[str, str], tuple[float | None, float | None]]


@dataclass
class Year:
    """A course folder and what happens in it."""

    root: Path

    def run(self, *words: str) -> int:
        return main([*words, "--course", str(self.root)])

    def marks(self, slug: str) -> Marks:
        """What the gradebook holds."""
        with sqlite3.connect(self.root / "gradebook.db") as database:
            return {(who, cell): (auto, manual)
                    for who, cell, auto, manual, _ in database.execute(SCORES, (slug,))}

    def place(self, student: str, slug: str) -> Path:
        return self.root / "submitted" / student / slug / f"{slug}.ipynb"

    def hand_in(self, staff: Staff, slug: str) -> list[str]:
        """A class of hand-ins, each fifth of them late."""
        blank = released(self.root / "assignments" / slug / f"{slug}.ipynb")
        students = []
        for number, (student, text) in enumerate(hand_ins(stock(staff, blank), STUDENTS,
                                                          slugs(self.root).index(slug))):
            write(text, self.place(student, slug))
            day = 12 if number % LATE == 0 else 9
            (self.place(student, slug).parent / "timestamp.txt").write_text(
                f"2026-05-{day:02} 12:00:00.000000 UTC")
            students.append(student)
        return students

    def hand_in_again(self, staff: Staff, slug: str, students: list[str]) -> list[str]:
        """Each seventh student brings the solution."""
        blank = released(self.root / "assignments" / slug / f"{slug}.ipynb")
        some = students[::AGAIN]
        for student in some:
            answers = {name: f"{text}\n# {student}, again\n"
                       for name, text in staff.solution.answers.items()}
            self.place(student, slug).write_text(json.dumps(filled(blank, answers)),
                                                 encoding="utf-8")
        return some

    def give_by_hand(self, staff: Staff, slug: str, students: list[str]) -> list[str]:
        """Half a point of the first exercise, for each eleventh student."""
        name = staff.assignment.exercises[0].name
        some = [s for s in students[::BY_HAND] if (s, f"check_{name}") in self.marks(slug)]
        for student in some:
            assert self.run("explain", slug, student, name, "--set", f"{name}=0.5", "--because",
                            "shown at the board") == 0
        return some

    def unexplained(self, staff: Staff, slug: str, students: list[str]) -> Iterator[str]:
        """Whose points are not those that `explain` finds, among each tenth student."""
        marks = self.marks(slug)
        for student in students[::LOOKED_AT]:
            try:
                found = explain(take(self.place(student, slug).parent, slug), staff,
                                sandbox.choose())
            except SubmissionError as error:
                if any(who == student for who, _ in marks):
                    yield f"{slug}, {student}: cannot be read ({error}), and has marks"
                continue
            for result in found.chosen:
                if marks[student, f"check_{result.name}"][0] != result.points:
                    yield (f"{slug}, {student}, {result.name}: "
                           f"{marks[student, f'check_{result.name}'][0]} and {result.points}")


def changed(before: Marks, after: Marks) -> set[str]:
    return {who for who, cell in before.keys() | after.keys()
            if before.get((who, cell)) != after.get((who, cell))}


@pytest.fixture
def year(tmp_path: Path) -> Year:
    if sandbox.holes("landlock"):  # not asked where tests are collected: the probe takes seconds
        pytest.skip("no sandbox holds here")
    course = tmp_path / "dropout-26"
    chosen = [slug for slug in slugs(ROOT) if not lacking(load_staff(ROOT, slug).assignment)]
    assert main(["init", str(course), "--course", str(ROOT), "--with", *chosen]) == 0
    return Year(course)


def test_a_year_of_a_whole_class(year: Year, monkeypatch: pytest.MonkeyPatch) -> None:
    kept: dict[str, Marks] = {}
    classes: dict[str, list[str]] = {}
    for slug in slugs(year.root):
        nbgrader(year.root, "generate_assignment", slug)
        staff = load_staff(year.root, slug)
        students = classes[slug] = year.hand_in(staff, slug)
        assert year.run("grade", slug, "--quiet") in (0, 1)  # 1: some cannot be read, by name
        first = year.marks(slug)
        again = year.hand_in_again(staff, slug, students)
        assert year.run("grade", slug, "--quiet") in (0, 1)
        second = year.marks(slug)
        assert changed(first, second) <= set(again), "only those who handed in again"
        full = {name: e.points for e in staff.assignment.exercises for name in [f"check_{e.name}"]}
        assert all(second[who, cell][0] == most for who in again for cell, most in full.items())
        by_hand = year.give_by_hand(staff, slug, students)
        kept[slug] = year.marks(slug)
        assert ({who for (who, _), (_, manual) in kept[slug].items() if manual is not None}
                == set(by_hand))
        print(f"{slug}: {len(students)} handed in, {len({w for w, _ in first})} graded, "
              f"{len(again)} again, {len(by_hand)} by hand")
    year_later(year, classes, kept, monkeypatch)


def year_later(year: Year, classes: dict[str, list[str]], kept: dict[str, Marks],
               monkeypatch: pytest.MonkeyPatch) -> None:
    """The course is mended in mid-term, then the kit is another: what is by hand stays."""
    slug = next(iter(classes))
    place = year.root / "solutions" / slug / "checks.py"
    text = place.read_text(encoding="utf-8")
    # one part of the first exercise counts for more
    place.write_text(text.replace("share=35", "share=45", 1), encoding="utf-8")
    assert year.run("release", slug) == 0
    assert year.run("grade", slug, "--quiet") in (0, 1)
    mended, exercise = year.marks(slug), load_staff(year.root, slug).assignment.exercises[0].name
    moved = {cell for key in mended for cell in [key[1]] if mended[key] != kept[slug][key]}
    assert moved <= {f"check_{exercise}"}
    assert {k: m for k, (_, m) in mended.items()} == {k: m for k, (_, m) in kept[slug].items()}
    kept[slug] = mended
    monkeypatch.setattr("autograder.classes.code_digest.platform.python_version",
                        lambda: "of tomorrow")
    code_digest.code_digest.cache_clear()
    for slug, students in classes.items():
        assert year.run("grade", slug, "--quiet") in (0, 1)
        assert (
            year.marks(slug) == kept[slug]), "a newer kit with the same checks gives the same marks"
        assert list(year.unexplained(load_staff(year.root, slug), slug, students)) == []
    code_digest.code_digest.cache_clear()
