"""Which check kills which wrong solution: pages for instructors. SECRET: hidden checks.

A check *kills* a wrong solution when it fails on it, in whatever way. What was judged comes in as
records; nothing is judged here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

from autograder.model import (
    Check, Exercise, ExerciseResult, Misconception, Outcome, Variant, Verdict)
from autograder.report.class_page import rendered

MARKS = {  # outcome -> what stands in the cell, the class that colours it, and what it means
    Outcome.PASSED: ("·", "passed", "passed: it sees nothing wrong"),
    Outcome.FAILED: ("×", "kills", "kills: what it says does not hold"),
    Outcome.RAISED: ("E", "kills", "kills: the wrong solution raised an exception"),
    Outcome.TIMED_OUT: ("T", "kills", "kills: the wrong solution did not return in time"),
    Outcome.CRASHED: ("C", "kills", "kills: the wrong solution crashed"),
    Outcome.SKIPPED: ("–", "skipped", "not tried: a check that it needs failed"),
    Outcome.BROKEN: ("!", "broken", "broken: the check itself failed, which is our fault"),
}
CHEAP = 0.95  # who keeps this share of the points is hardly told that something is wrong
SURVIVED = (Outcome.PASSED, Outcome.SKIPPED, Outcome.BROKEN)


# ------------------------------------------------------------------------------------ what is shown
@dataclass(frozen=True)
class Wrong:
    """A wrong solution of the key: a column."""

    belief: Misconception
    result: ExerciseResult
    # function -> the code of the wrong solution
    source: Mapping[str, str] = field(default_factory=dict)
    number: int = 0  # among those of its exercise

    @property
    def anchor(self) -> str:
        return f"{self.belief.exercise}-belief-{self.number}"

    @property
    def title(self) -> str:
        return self.belief.name.replace("_", " ")

    @cached_property
    def killers(self) -> tuple[Verdict, ...]:
        return tuple(v for v in self.result.verdicts if v.outcome not in SURVIVED)

    @property
    def skipped(self) -> int:
        """How many checks were not tried on it."""
        return sum(v.outcome is Outcome.SKIPPED for v in self.result.verdicts)

    @property
    def alive(self) -> bool:
        """It keeps all of its points, which must not be."""
        return self.result.points >= self.result.max_points

    @property
    def misnamed(self) -> str:
        """What the diagnosis names instead; "" when it names this belief and no other."""
        named = [d.name for d in self.result.diagnoses]
        return "" if named == [self.belief.name] else ", ".join(named) or "nothing"


@dataclass(frozen=True)
class Row:
    """A check and what it did to each wrong solution of its exercise, column by column."""

    anchor: str
    check: Check
    cells: tuple[tuple[Verdict, Wrong], ...]
    idle: int  # answers that do nothing and that it fails
    needed_by: int  # checks that are only tried when it holds

    @cached_property
    def killed(self) -> tuple[Wrong, ...]:
        return tuple(wrong for verdict, wrong in self.cells if verdict.outcome not in SURVIVED)

    @property
    def alone(self) -> int:
        """How many it kills that no other check kills."""
        return sum(len(wrong.killers) == 1 for wrong in self.killed)

    @property
    def tried(self) -> int:
        return sum(verdict.outcome is not Outcome.SKIPPED for verdict, _ in self.cells)

    @property
    def state(self) -> str:
        """"kills"; else "guard", "untried", "spare"; "" without wrong solutions to tell by.

        A guard kills nothing, and yet without it answers that do nothing, or the checks that need
        it, would be judged otherwise. Of what was tried on no wrong solution nothing is known. A
        spare one is a candidate for deletion.
        """
        if not self.cells or self.killed:
            return "kills" if self.cells else ""
        if self.idle or self.needed_by:
            return "guard"
        return "spare" if self.tried else "untried"


@dataclass(frozen=True)
class Block:
    """One exercise: its checks against the wrong solutions that the key holds of it."""

    exercise: Exercise
    wrong: tuple[Wrong, ...]
    right: tuple[tuple[Variant, int, ExerciseResult], ...] = ()
    idle: tuple[tuple[str, ExerciseResult], ...] = ()

    @cached_property
    def rows(self) -> tuple[Row, ...]:
        return tuple(self._row(number, check) for number, check in enumerate(self.exercise.checks))

    def _row(self, number: int, check: Check) -> Row:
        needed_by = sum(bool({check.name, check.verb} & set(other.needs))
                        for other in self.exercise.checks[number + 1 :])
        idle = sum(result.verdicts[number].outcome not in SURVIVED for _, result in self.idle)
        anchor = f"{self.exercise.name}-check-{number + 1}"
        return Row(anchor, check, tuple((w.result.verdicts[number], w) for w in self.wrong),
                   idle, needed_by)

    def count(self, what: str) -> int:
        """How many there are in one of its lists."""
        return len(getattr(self, what))

    @property
    def guards(self) -> list[Row]:
        return [row for row in self.rows if row.state == "guard"]

    @property
    def untried(self) -> list[Row]:
        return [row for row in self.rows if row.state == "untried"]

    @property
    def spares(self) -> list[Row]:
        return [row for row in self.rows if row.state == "spare"]

    @property
    def alive(self) -> list[Wrong]:
        return [w for w in self.wrong if w.alive]

    @property
    def misnamed(self) -> list[Wrong]:
        return [w for w in self.wrong if w.misnamed]

    @property
    def cheap(self) -> list[Wrong]:
        """Wrong solutions that are killed and yet cost next to nothing."""
        return [w for w in self.wrong
                if not w.alive and w.result.points >= CHEAP * w.result.max_points]

    @property
    def fragile(self) -> list[Wrong]:
        """Wrong solutions that only one check kills, though all were tried."""
        return [w for w in self.wrong if len(w.killers) == 1 and not w.skipped]

    @property
    def stopped(self) -> list[Wrong]:
        """Wrong solutions that only one check kills, on which others were thus not tried."""
        return [w for w in self.wrong if len(w.killers) == 1 and w.skipped]

    def by_killer(self, what: str) -> list[tuple[Row, list[Wrong]]]:
        """The fragile or the stopped ones, by the check that kills them."""
        chosen = getattr(self, what)
        found = ((row, [w for w in row.killed if w in chosen]) for row in self.rows)
        return [(row, killed) for row, killed in found if killed]

    @property
    def earning(self) -> list[tuple[str, ExerciseResult]]:
        """Answers that do nothing and earn points, which must not be."""
        return [(name, result) for name, result in self.idle if result.points]

    @property
    def refused(self) -> list[tuple[Variant, int, Verdict]]:
        """Right variants that lose something, wrongly: the sweep and the first failed check."""
        lost = ((v, sweep, [x for x in result.verdicts if not x.passed])
                for v, sweep, result in self.right)
        return [(variant, sweep, verdicts[0]) for variant, sweep, verdicts in lost if verdicts]


@dataclass(frozen=True)
class Matrix:
    """An assignment: its blocks and what verify found, or why there are no blocks."""

    slug: str
    blocks: tuple[Block, ...] = ()
    findings: tuple[str, ...] = ()
    not_run: str = ""
    seeds: int = 3

    def count(self, what: str) -> int:
        """How many of these all blocks have together; `what` names one of a block's lists."""
        return sum(block.count(what) for block in self.blocks)


def blocks(exercises: Sequence[Exercise], wrong: Sequence[Wrong],
           right: Sequence[tuple[Variant, int, ExerciseResult]],
           idle: Sequence[tuple[str, ExerciseResult]]) -> tuple[Block, ...]:
    """What was judged, exercise by exercise."""
    return tuple(
        Block(
            exercise,
            tuple(replace(w, number=n) for n, w in enumerate(
                (w for w in wrong if w.belief.exercise == exercise.name), 1)),
            tuple(r for r in right if r[0].exercise == exercise.name),
            tuple(i for i in idle if i[1].name == exercise.name),
        )
        for exercise in exercises
    )


# ------------------------------------------------------------------------------------------ as HTML
def page(matrix: Matrix, index: str = "") -> str:
    """The page about one assignment; `index` is the name of the file that leads back."""
    widest = max((len(block.wrong) for block in matrix.blocks), default=0)
    return rendered("matrix.html.j2", matrix=matrix, index=index, marks=MARKS, columns=widest)


def index(matrices: Sequence[tuple[Matrix, str]], earlier: Sequence[str] = ()) -> str:
    """The page that leads to the others: each matrix's file, and files of before."""
    return rendered("matrices.html.j2", matrices=matrices, earlier=earlier)
