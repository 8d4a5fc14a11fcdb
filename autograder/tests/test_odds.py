"""How often chance tests refuse right answers, and see the error they state: counted.

A false alarm in 1e11 tests cannot be waited for. So all tests are made with a much larger `alpha`,
the solutions are asked with many seeds, and the alarms are held against the bound that then holds.
The error that a check states is put into the solution, at the alpha that counts.
`AUTOGRADER_ODDS=1000 pytest -m slow -s autograder/tests/test_odds.py` says how many seeds, and
prints the table.
"""

from __future__ import annotations

import math
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
from autograder.dropout.generalization.patients import DELETED
from autograder.dropout.masks import SOME
from autograder.dropout.spatial.blocks import Lattice
from autograder.judge import UNFIT
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
    parts = [replace(p, needs=(), checks=[replace(c, needs=()) for c in p.checks if c.chances])
             for p in exercise.parts]
    return replace(exercise, parts=[p for p in parts if p.checks])


def refusals(staff: Staff, exercise: Exercise, subject: Subject, draws: int) -> Counter[str]:
    """How often each check refuses this subject, with so many seeds."""
    found = Counter[str]()
    for sweep in range(1, draws + 1):
        for verdict in verdicts_of(exercise, subject, staff, sweep):
            assert verdict.outcome in (Outcome.PASSED, Outcome.FAILED), verdict
            assert verdict.got != UNFIT, verdict
            found[verdict.check] += not verdict.passed
    return found


# ------------------------------------------------------------------------------------- false alarms
@dataclass
class Alarms:
    """Of one assignment: check -> how often a right answer was refused, and how often may be."""

    draws: int
    counted: dict[str, tuple[int, float]]

    def above(self) -> list[str]:
        """The checks that refuse more often than they may, beyond all accident."""
        odd = {name: seen for name, seen in self.counted.items()
               if binom.sf(seen[0] - 1, self.draws, seen[1] / self.draws) < SURE}
        return [f"{name}: {n} of {self.draws}, at most {most:g}" for name, (n, most) in odd.items()]

    def __str__(self) -> str:
        seen, most = (sum(column) for column in zip(*self.counted.values(), strict=True))
        return (f"{len(self.counted)} checks, {self.draws} draws each: {seen} alarms, at most "
                f"{most:.0f} expected")


def alarms(staff: Staff, draws: int, subject: Subject | None = None) -> Alarms:
    """Ask the solution (or another subject), with a loud alpha."""
    counted = dict[str, tuple[int, float]]()
    with louder(LOUD):
        for exercise in map(chancy, staff.assignment.exercises):
            found = refusals(staff, exercise, subject or staff.reference, draws)
            counted |= {f"{exercise.name}: {c.name}": (found[c.name], c.chances * LOUD * draws)
                        for c in exercise.checks}
    return Alarms(draws, counted)


# -------------------------------------------------------------------------------------------- power
@dataclass
class Off:
    """The solution, told another probability than it is asked for."""

    reference: Subject
    told: float
    instead: float
    spared: Callable[[Call], bool] = lambda call: False  # which calls are told the truth
    changed: int = 0
    troubles: Mapping[str, str] = field(default_factory=dict)

    def ask(self, calls: Sequence[Call], seconds: float) -> list[Answer]:
        """See model.Subject."""
        return self.reference.ask([call if self.spared(call) else self._changed(call)
                                   for call in calls], seconds)

    def _changed(self, call: Call) -> Call:
        args = tuple(self.instead if type(a) is float and a == self.told else a for a in call.args)
        self.changed += any(a is not b for a, b in zip(args, call.args, strict=True))
        return replace(call, args=args)


def asks_for_large(call: Call) -> bool:
    """Whether a call is about many units: told as a shape, or as an array."""
    values = [getattr(a, "value", None) for a in call.args]
    units = [math.prod(v) if isinstance(v, tuple) else np.size(v)
             for v in values if isinstance(v, (tuple, np.ndarray))]
    return any(n >= math.prod(SOME) for n in units)


class Odd(np.random.Generator):
    """Draws as it should, save for one mistake: repeats, more spread, one value too often ..."""

    # a share of numbers that are those of the line before, along one of the axes that are longer
    # than 1,
    twice, axis = 0.0, 0
    lag = 0  # or of that many arrays before
    spread = 1.0
    # a share of whole numbers (from 1 on) that are this one; or of permutations that begin with 0
    often, value = 0.0, 0
    level = False  # each line of an array holds as many small numbers as large ones, always
    before: tuple[Any, ...] = ()

    def random(self, size: Any = None, *more: Any, **how: Any) -> Any:
        drawn = super().random(size, *more, **how)
        if self.level and size is not None:
            axis = max(k for k, length in enumerate(drawn.shape) if length > 1 or not k)
            ranks = super().permuted(np.ones_like(drawn).cumsum(axis) - 0.5, axis=axis)
            return ranks / drawn.shape[axis]
        return self._again(drawn)

    def normal(self, loc: Any = 0.0, scale: Any = 1.0, size: Any = None) -> Any:
        return self._again(super().normal(loc, np.asarray(scale) * self.spread, size))

    def standard_normal(self, size: Any = None, *more: Any, **how: Any) -> Any:
        return self._again(super().standard_normal(size, *more, **how) * self.spread)

    def integers(self, low: Any, high: Any = None, size: Any = None, *more: Any, **how: Any) -> Any:
        drawn = super().integers(low, high, size, *more, **how)
        return (np.where(super().random(drawn.shape) < self.often, self.value, drawn) if low == 1
                and self.often else drawn)

    def permutation(self, x: Any, axis: int = 0) -> Any:
        drawn = super().permutation(x, axis)
        if self.often and super().random() < self.often:
            place = int(drawn.argmin())
            drawn[0], drawn[place] = drawn[place], drawn[0]
        return drawn

    def _again(self, drawn: Any) -> Any:
        if not self.twice or np.ndim(drawn) == 0:
            return drawn
        if self.lag:
            if len(self.before) >= self.lag and self.before[-self.lag].shape == drawn.shape:
                drawn = np.where(super().random(drawn.shape) < self.twice,
                                 self.before[-self.lag], drawn)
            self.before = (*self.before, drawn)
            return drawn
        long = [axis for axis, length in enumerate(drawn.shape) if length > 1]
        lines = np.moveaxis(drawn, long[min(self.axis, len(long) - 1)] if long else 0, 0)
        pairs = len(lines) // 2
        same = super().random(lines[:pairs].shape) < self.twice
        lines[1 : 2 * pairs : 2] = np.where(same, lines[0 : 2 * pairs : 2],
                                            lines[1 : 2 * pairs : 2])
        return drawn


@contextmanager
def drawing(**how: Any) -> Iterator[None]:
    """Every generator is such a one."""
    kind, original = type("Spoilt", (Odd,), how), np.random.default_rng
    np.random.default_rng = lambda seed=None: kind(np.random.PCG64(seed))  # type: ignore[arg-type]
    try:
        yield
    finally:
        np.random.default_rng = original


# (what is told, what is done instead), or how is drawn
Wrongs = Iterator[tuple[float, float] | dict[str, Any]]


def stated(check: Check) -> Wrongs:
    """The smallest error the check says it sees, as mistakes in both directions; or nothing."""
    case, phrase = check.case, check.power
    numbers = [float(n)
               for n in re.findall(r"(?<![\w^-])(\d+(?:\.\d+)?(?:e-?\d+)?)(?=%|$| )", phrase)]
    if rate := _rate(check):
        told, through, back = rate
        others = (back(through(told) + e)
                  for e in (-numbers[-1], numbers[-1]) if 0 < through(told) + e < 1)
        # of gamma at p = 1 there is no more
        yield from ((told, other) for other in others if not math.isclose(other, told))
    elif phrase.endswith("between maps"):
        yield {"twice": _seeds_alike(_lattice(check), case["p"], numbers[0])}
    elif phrase.startswith("a correlation of"):
        again = phrase.endswith(("calls", "the two masks"))
        yield {"axis": int("features" in check.verb), "lag": again * (1 + (" of m_" in check.verb)),
               "twice": numbers[0]}
    elif phrase.startswith("signs of which"):
        yield {"twice": 2 * (numbers[0] / 100 - 0.5)}
    elif phrase.startswith("equal counts in 100%"):
        yield {"level": True}
    elif phrase.startswith("a standard deviation"):
        yield {"spread": 1 + numbers[0] / 100}
    elif phrase.startswith("the share of a class"):
        others = case["classes"] - 1
        yield {"often": numbers[0] / (1 - 1 / others),
               "value": case["classes"] - (case["classes"] // 2 - 1)}
    elif phrase.startswith("a share of deletions"):
        yield {"often": numbers[0] / (1 - DELETED)}


Reading = Callable[[float], float]


def _rate(check: Check) -> tuple[float, Reading, Reading] | None:
    """(what is asked for, the probability of what is counted by it, and back); None if no rate."""
    case, phrase = check.case, check.power
    if not phrase.startswith(("a share of dropped", "a share of units surviving", "a chance of")):
        return None
    p = case.get("p", case.get("p_in") if case.get("where", "inputs") == "inputs"
                 else case.get("p_hidden"))
    p = case["p_in"] if "dropped inputs" in phrase and "p_in" in case else p
    if "surviving all three" in phrase:
        return p, lambda q: (1 - q) ** 3, lambda s: 1 - s ** (1 / 3)
    if "an empty mask" in phrase:
        return p, lambda q: q ** case["units"], lambda s: s ** (1 / case["units"])
    if "an inner unit" in phrase:
        lattice = _lattice(check)
        kept: Reading = lambda q: lattice.kept(min(1.0, lattice.gamma(q)))  # noqa: E731
        return p, kept, lambda s: _where(lambda q: kept(q) - s)
    return p, float, float


def _lattice(check: Check) -> Lattice:
    height, width = check.case["shape"][2:]
    return Lattice(height, width, check.case["block"])


def _seeds_alike(lattice: Lattice, p: float, correlation: float) -> float:
    """Which share of block seeds two maps must share, so that units are that much alike."""
    gamma, places = lattice.gamma(p), lattice.block**2
    kept = lattice.kept(gamma)

    def too_little(twice: float) -> float:
        both = ((1 - gamma) ** 2 + twice * gamma * (1 - gamma)) ** places
        return correlation - (both - kept**2) / (kept * (1 - kept))

    return _where(too_little)


def _where(falls: Reading) -> float:
    """Where a falling function of a probability is 0."""
    low, high = 0.0, 1.0
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if falls(middle) > 0 else (low, middle)
    return low


def unseen(staff: Staff, draws: int) -> tuple[dict[str, int], int, list[str]]:
    """Check -> how often it missed its own smallest error, of how many; and those untried."""
    missed, tries, left = dict[str, int](), 0, list[str]()
    for exercise in map(chancy, staff.assignment.exercises):
        for check in exercise.checks:
            alone = replace(exercise, parts=[replace(exercise.parts[0], checks=[check])])
            name = f"{exercise.name}: {check.name}"
            # torch draws by itself
            wrongs = [w for w in stated(check)
                      if isinstance(w, tuple) or not staff.assignment.needs]
            left += [] if wrongs else [name]
            for wrong in wrongs:
                tries += draws
                missed[name] = (missed.get(name, 0)
                                + draws - _refused(staff, alone, check, wrong, draws))
    return missed, tries, left


def _refused(staff: Staff, exercise: Exercise, check: Check,
             wrong: tuple[float, float] | dict[str, Any], draws: int) -> int:
    if isinstance(wrong, dict):
        with drawing(**wrong):
            return refusals(staff, exercise, staff.reference, draws)[check.name]
    # its own gamma excuses a mask, and a share of many units the share of a few: the mistake is one
    # that nothing excuses
    spared = (asks_for_large if "an empty mask" in check.power
              else (lambda call: call.function == check.case.get("gamma")))
    student = Off(staff.reference, *wrong, spared)
    count = refusals(staff, exercise, student, draws)[check.name]
    assert student.changed, f"{check.name} is not told {student.told}"
    return count


# ---------------------------------------------------------------------------------------- the tests
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
    missed, tries, left = unseen(staff_of(slug), max(2, DRAWS // 20))
    print(f"\n{slug}: {len(missed)} checks, {sum(missed.values())} of {tries} mistakes of the "
          "stated size were not seen")
    print(f"  not tried: {', '.join(left) or 'none'}")
    assert {name: n for name, n in missed.items() if n} == {}


@pytest.fixture(scope="module")
def first() -> Staff:
    """The first exercise of the first assignment, alone."""
    staff = load_staff(ROOT, slugs(ROOT)[0])
    return replace(staff, assignment=replace(staff.assignment,
                                             exercises=staff.assignment.exercises[:1]))


def test_alarms_and_errors_are_as_stated_in_a_sample(first: Staff) -> None:
    assert alarms(first, 8).above() == []
    missed, tries, left = unseen(first, 1)
    assert (sum(missed.values()), tries > 10, left) == (0, True, [])


def test_too_many_alarms_and_errors_that_are_passed_over_would_be_found(first: Staff) -> None:
    with drawing(twice=0.1):  # rows that are a little alike
        assert any("treats_examples_apart" in told for told in alarms(first, 4).above())
    (exercise,) = map(chancy, first.assignment.exercises)
    check = next(c for c in exercise.checks if c.verb == "drops_the_right_share")
    alone = replace(exercise, parts=[replace(exercise.parts[0], checks=[check])])
    assert _refused(first, alone, check, (0.3, 0.303), 3) < 3
