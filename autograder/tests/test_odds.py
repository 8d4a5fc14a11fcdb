"""How often chance tests refuse right answers, and whether they see the error they state: counted, where `verify --odds` reckons.

A false alarm in 1e11 tests cannot be waited for. So all tests are made with a much larger `alpha`, the solutions are asked with many
seeds, and the alarms are held against the bound that then holds. The error that a check states is put into the solution, at the alpha
that counts. `AUTOGRADER_ODDS=1000 pytest -m slow -s autograder/tests/test_odds.py` says how many seeds, and prints the table.
"""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.stats import binom

from autograder import chance
from autograder.authoring.verify import verdicts_of
from autograder.course import lacking, slugs
from autograder.dropout.spatial.blocks import Lattice
from autograder.model import Answer, Call, Check, Exercise, Outcome, Subject
from autograder.staff import Staff, load_staff

ROOT = Path(__file__).parents[2]
DRAWS = int(os.environ.get("AUTOGRADER_ODDS", "60"))  # seeds of each check
LOUD = 0.01  # alpha of one test, instead of chance.ALPHA
SURE = 1e-6  # what comes less often than this is no accident


@contextmanager
def louder(alpha: float) -> Iterator[None]:
    """All chance tests have another alpha."""
    test: Any = chance.acceptance
    kept = test.__wrapped__.__defaults__
    test.__wrapped__.__defaults__ = (alpha,)
    test.cache_clear()
    try:
        yield
    finally:
        test.__wrapped__.__defaults__ = kept
        test.cache_clear()


def chancy(exercise: Exercise) -> Exercise:
    """The exercise with nothing but its chance checks, which wait for nothing."""
    parts = [replace(p, needs=(), checks=[replace(c, needs=()) for c in p.checks if c.chances]) for p in exercise.parts]
    return replace(exercise, parts=[p for p in parts if p.checks])


def refusals(staff: Staff, exercise: Exercise, subject: Subject, draws: int) -> Counter[str]:
    """How often each check refuses this subject, with so many seeds."""
    found = Counter[str]()
    for sweep in range(1, draws + 1):
        for verdict in verdicts_of(exercise, subject, staff, sweep):
            assert verdict.outcome in (Outcome.PASSED, Outcome.FAILED), verdict
            found[verdict.check] += not verdict.passed
    return found


# ------------------------------------------------------------------------------------------------------------------------ false alarms
@dataclass
class Alarms:
    """Of one assignment: check -> how often a right answer was refused, and how often at most is to be expected."""

    draws: int
    counted: dict[str, tuple[int, float]]

    def above(self) -> list[str]:
        """The checks that refuse more often than they may, beyond all accident."""
        odd = {name: seen for name, seen in self.counted.items() if binom.sf(seen[0] - 1, self.draws, seen[1] / self.draws) < SURE}
        return [f"{name}: {n} of {self.draws}, at most {most:g}" for name, (n, most) in odd.items()]

    def __str__(self) -> str:
        seen, most = (sum(column) for column in zip(*self.counted.values(), strict=True))
        return f"{len(self.counted)} checks, {self.draws} draws each: {seen} alarms, at most {most:.0f} expected"


def alarms(staff: Staff, draws: int, subject: Subject | None = None) -> Alarms:
    """Ask the solution (or another subject), with a loud alpha."""
    counted = {}
    with louder(LOUD):
        for exercise in map(chancy, staff.assignment.exercises):
            found = refusals(staff, exercise, subject or staff.reference, draws)
            counted |= {f"{exercise.name}: {c.name}": (found[c.name], c.chances * LOUD * draws) for c in exercise.checks}
    return Alarms(draws, counted)


# ------------------------------------------------------------------------------------------------------------------------------ power
@dataclass(frozen=True)
class Off:
    """The solution, told another probability than it is asked for."""

    reference: Subject
    told: float
    instead: float
    spared: str = ""  # a function that is told the truth
    troubles: Mapping[str, str] = field(default_factory=dict)

    def ask(self, calls: Sequence[Call], seconds: float) -> list[Answer]:
        """See model.Subject."""
        return self.reference.ask([call if call.function == self.spared else self._changed(call) for call in calls], seconds)

    def _changed(self, call: Call) -> Call:
        args = tuple(self.instead if type(a) is float and a == self.told else a for a in call.args)
        assert args != call.args or not any(type(a) is float for a in call.args), f"{call.function} is not told {self.told}"
        return replace(call, args=args)


class Alike(np.random.Generator):
    """Draws some numbers twice: along an axis of an array, or in the next array of the same shape; or numbers that spread more."""

    axis, share, spread = 0, 0.0, 1.0
    before: Any = None

    def random(self, size: Any = None, *more: Any, **how: Any) -> Any:  # type: ignore[override]
        return self._again(super().random(size, *more, **how))

    def normal(self, loc: Any = 0.0, scale: Any = 1.0, size: Any = None) -> Any:  # type: ignore[override]
        return self._again(super().normal(loc, np.asarray(scale) * self.spread, size))

    def standard_normal(self, size: Any = None, *more: Any, **how: Any) -> Any:  # type: ignore[override]
        return self._again(super().standard_normal(size, *more, **how) * self.spread)

    def _again(self, drawn: Any) -> Any:
        if not self.share or np.ndim(drawn) == 0:
            return drawn
        if self.axis < 0:
            if self.before is not None and self.before.shape == drawn.shape:
                drawn = np.where(super().random(drawn.shape) < self.share, self.before, drawn)
            self.before = drawn
            return drawn
        lines = np.moveaxis(drawn, self.axis, 0)
        pairs = len(lines) // 2
        same = super().random(lines[:pairs].shape) < self.share
        lines[1 : 2 * pairs : 2] = np.where(same, lines[0 : 2 * pairs : 2], lines[1 : 2 * pairs : 2])
        return drawn


@contextmanager
def drawing(**how: Any) -> Iterator[None]:
    """Every generator is such a one."""
    kind, original = type("Spoilt", (Alike,), how), np.random.default_rng
    np.random.default_rng = lambda seed=None: kind(np.random.PCG64(seed))  # type: ignore[assignment]
    try:
        yield
    finally:
        np.random.default_rng = original


Wrongs = Iterator[tuple[float, float] | dict[str, Any]]  # (what is told, what is done instead), or how is drawn


def stated(check: Check) -> Wrongs:
    """The smallest errors that the check says it sees, as mistakes to be made; nothing for those that are not made here."""
    phrase = check.power
    numbers = [float(n) for n in re.findall(r"(?<![\w^-])(\d+(?:\.\d+)?(?:e-?\d+)?)(?=%|$| )", phrase)]
    if "off by" in phrase and "correlation" not in phrase and "deviation" not in phrase and (rate := _rate(check)):
        told, through, back = rate
        yield from ((told, back(through(told) + e)) for e in (-numbers[-1], numbers[-1]) if 0 < through(told) + e < 1)
    elif phrase.startswith("a correlation of") and "maps" not in phrase:
        axis = -1 if phrase.endswith(("calls", "the two masks")) else int("features" in check.verb)
        yield {"axis": axis, "share": numbers[0]}
    elif phrase.startswith("signs of which"):
        yield {"axis": 0, "share": 2 * (numbers[0] / 100 - 0.5)}
    elif phrase.startswith("a standard deviation"):
        yield {"spread": 1 + numbers[0] / 100}


Reading = Callable[[float], float]


def _rate(check: Check) -> tuple[float, Reading, Reading] | None:
    """(what is asked for, the probability of what is counted as a function of it, and back); None for what is no such rate."""
    case, phrase = check.case, check.power
    p = case.get("p", case.get("p_in") if case.get("where", "inputs") == "inputs" else case.get("p_hidden"))
    p = case["p_in"] if "dropped inputs" in phrase and "p_in" in case else p
    if "surviving all three" in phrase:
        return p, lambda q: (1 - q) ** 3, lambda s: 1 - s ** (1 / 3)
    if "an empty mask" in phrase:
        return p, lambda q: q ** case["units"], lambda s: s ** (1 / case["units"])
    if "an inner unit" in phrase:
        lattice = Lattice(*case["shape"][2:], case["block"])
        kept: Reading = lambda q: lattice.kept(min(1.0, lattice.gamma(q)))  # noqa: E731
        return p, kept, lambda s: _where(lambda q: kept(q) - s)
    return (p, float, float) if phrase.startswith("a share of dropped") else None


def _where(falls: Reading) -> float:
    """Where a falling function of a probability is 0."""
    low, high = 0.0, 1.0
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if falls(middle) > 0 else (low, middle)
    return low


def unseen(staff: Staff, draws: int) -> tuple[dict[str, int], int, list[str]]:
    """Check -> how often it passed over its own smallest error; how many mistakes were put to them; and which checks got none."""
    missed, tries, left = {}, 0, []
    for exercise in map(chancy, staff.assignment.exercises):
        for check in exercise.checks:
            alone, name = chancy(replace(exercise, parts=[replace(exercise.parts[0], checks=[check])])), f"{exercise.name}: {check.name}"
            wrongs = list(stated(check))
            left += [] if wrongs else [name]
            for wrong in wrongs:
                tries += draws
                if isinstance(wrong, dict):
                    with drawing(**wrong):
                        refused = refusals(staff, alone, staff.reference, draws)
                else:
                    refused = refusals(staff, alone, Off(staff.reference, *wrong, check.case.get("gamma", "")), draws)
                missed[name] = missed.get(name, 0) + draws - refused[check.name]
    return missed, tries, left


# ---------------------------------------------------------------------------------------------------------------------------- the tests
def staff_of(slug: str) -> Staff:
    staff = load_staff(ROOT, slug)
    if lacking(staff.assignment):
        pytest.skip(lacking(staff.assignment))
    if not any(chancy(e).parts for e in staff.assignment.exercises):
        pytest.skip("nothing is left to chance")
    return staff


@pytest.mark.slow
@pytest.mark.parametrize("slug", slugs(ROOT))
def test_right_answers_are_refused_as_seldom_as_promised(slug: str) -> None:
    found = alarms(staff_of(slug), DRAWS)
    print(f"\n{slug}: {found}")
    assert found.above() == []


@pytest.mark.slow
@pytest.mark.parametrize("slug", slugs(ROOT))
def test_the_error_that_is_stated_is_seen(slug: str) -> None:
    missed, tries, left = unseen(staff_of(slug), max(3, DRAWS // 20))
    print(f"\n{slug}: {len(missed)} checks, {sum(missed.values())} of {tries} mistakes of the stated size were not seen")
    print(f"  not tried: {', '.join(left) or 'none'}")
    assert {name: n for name, n in missed.items() if n} == {}
