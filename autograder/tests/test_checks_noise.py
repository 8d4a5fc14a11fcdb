"""The verbs about noise without zeros: right noise passes, wrong is refused in words; junk."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from autograder.asking import Exam, Wrong
from autograder.checks_api import symptoms as t
from autograder.dropout import symptoms as f
from autograder.dropout.uncertainty import checks as c
from autograder.dropout.uncertainty import symptoms as u
from autograder.dropout.uncertainty.noise import Branched, branches
from autograder.dropout.views import asked_of, asking
from autograder.judge import judge
from autograder.model import Check, Outcome
from autograder.subjects.local import Local
from autograder.tests.one_toy import Function, fact, passes, told, verdict
from autograder.tests.toys import junk, kinds_of_junk, one_part

Array = np.ndarray[Any, Any]


# --------------------------------------------------------------------------------------------- toys
def bell(x: Array, p: float, rng: Any, train: bool = True) -> Any:
    """Normal factors of mean 1 and variance p / (1 - p)."""
    return (x * rng.normal(1, (p / (1 - p)) ** 0.5, x.shape) if train else x), None


def bell_with(**change: Any) -> Function:
    """The same with another mean, spread, shape of the noise, or law."""

    def function(x: Array, p: float, rng: Any, train: bool = True) -> Any:
        spread = change.get("spread", lambda p: (p / (1 - p)) ** 0.5)(p)
        size = change.get("size", lambda shape: shape)(x.shape)
        noise = change.get("law", lambda rng, size: rng.standard_normal(size))(rng, size)
        return x * (change.get("mean", 1.0) + spread * noise), None

    return function


FLOOR = -2.0


def low(x: Array, p: float, rng: Any, train: bool = True) -> Any:
    """Kept units become 3 x + 1, dropped ones -2."""
    return (np.where(rng.random(x.shape) >= p, 3 * x + 1, FLOOR) if train else x), None


# --------------------------------------------------------------------------- a factor for each unit
NOISE = c.multiplies_by_noise(p=0.3)
LAW = c.follows_the_normal_law(p=0.3)
APART = c.draws_a_factor_for_each_unit(p=0.3)
LEVEL = c.leaves_the_average_to_chance(p=0.3)
SEEDED = c.draws_from_rng(via=c.outputs(0.3))
RIGHT: dict[str, Function] = {
    "normal": bell,
    "around x": lambda x, p, rng, train=True: (rng.normal(x, abs(x) * (p / (1 - p)) ** 0.5), None),
    "mirrored": bell_with(law=lambda rng, size: -rng.standard_normal(size)),
    "Box and Muller": bell_with(law=lambda rng, size: np.sqrt(-2 * np.log(1 - rng.random(size)))
                                * np.sin(2 * np.pi * rng.random(size)))}


@pytest.mark.parametrize("name", RIGHT)
@pytest.mark.parametrize("check", [NOISE, LAW, APART, LEVEL, SEEDED], ids=lambda check: check.verb)
def test_every_way_of_drawing_normal_factors_is_right(check: Check, name: str) -> None:
    for sweep in range(3):
        passes(check, RIGHT[name], f"sweep {sweep}")


@pytest.mark.parametrize("p", [0.005, 0.5, 0.9])
def test_the_law_is_known_for_every_p(p: float) -> None:
    passes(c.follows_the_normal_law(p=p), bell)
    told(c.follows_the_normal_law(p=p), bell_with(spread=lambda p: 1.05 * (p / (1 - p)) ** 0.5))


def test_what_is_no_factor_is_refused() -> None:
    assert (told(NOISE, lambda x, p, rng: (x, None))
            == "out / x is 1 for all 1600 units | random factors")
    assert (told(NOISE, lambda x, p, rng: (0 * x, None))
            == "out / x is 0 for all 1600 units | random factors")
    assert told(NOISE, lambda x, p, rng: (x * np.nan, None)) == "out / x holds nan | finite numbers"
    added = told(NOISE, lambda x, p, rng: (x + rng.normal(size=x.shape), None))
    assert "for twice the x and the same seed | the same both times" in added
    assert added.startswith("out / x at [0, 0] is ")


def test_another_law_is_refused() -> None:
    assert told(LAW, bell_with(mean=1.02)).startswith("share of factors ")
    assert told(LAW, bell_with(spread=lambda p: p / (1 - p))).startswith(
        "share of factors below -0.686276 = 0.0001 | 0.0050, by ")
    root = 3**0.5
    assert told(LAW, bell_with(law=lambda rng, size: rng.uniform(-root, root, size))).startswith(
        "share of factors ")
    assert told(LAW, bell_with(law=lambda rng, size: rng.standard_t(9, size)
                               / (9 / 7) ** 0.5)).startswith("share of factors ")


def test_shared_factors_are_refused() -> None:
    assert told(APART, bell_with(size=lambda shape: (1, *shape[1:]))).startswith(
        "share of units on which neighbouring rows agree = 1.0000")
    assert told(APART, bell_with(size=lambda shape: (*shape[:-1], 1))).startswith(
        "share of units on which ")
    frozen = bell_with(law=lambda rng, size: np.random.default_rng(1).standard_normal(size))
    assert told(APART, frozen).startswith(
        "share of units that two calls both raise or both lower = 1.0000 | 0.5000")


@pytest.mark.parametrize("axis", [None, 0, 1])
@pytest.mark.parametrize(("statistic", "name"),
                         [(np.mean, "average"), (np.std, "standard deviation")])
def test_factors_that_are_made_to_come_out_exactly_are_refused(statistic: Any, name: str,
                                                               axis: int | None) -> None:
    def levelling(x: Array, p: float, rng: Any, train: bool = True) -> Any:
        factors = rng.normal(1, (p / (1 - p)) ** 0.5, x.shape)
        return x * factors / statistic(factors, axis=axis, keepdims=True), None

    whose = {None: "all factors", 0: "each column", 1: "each row"}[axis]
    assert (told(LEVEL, levelling)
            == f"the {name} of {whose} is 1, in every call | numbers that vary around it")
    assert (fact(u.noise_level(), levelling), fact(u.noise_level(), bell)) == ("fixed", "by chance")


def test_shared_or_frozen_factors_are_not_called_levelled() -> None:
    frozen = bell_with(law=lambda rng, size: np.random.default_rng(1).standard_normal(size))
    for function in (frozen, bell_with(size=lambda shape: (1, *shape[1:])),
                     bell_with(size=lambda shape: (*shape[:-1], 1))):
        passes(LEVEL, function)


def zeros_and_a_factor(x: Array, p: float, rng: Any, train: bool = True) -> Any:
    """Inverted dropout itself."""
    return x * (rng.random(x.shape) >= p) / (1 - p), None


def test_a_wrong_law_is_no_other_mistake() -> None:
    added = lambda x, p, rng: (x + rng.normal(size=x.shape), None)  # noqa: E731
    for function in (added, zeros_and_a_factor, bell_with(mean=0.0), bell_with(mean=0.4)):
        passes(APART, function)
    passes(NOISE, zeros_and_a_factor)
    assert told(LAW, zeros_and_a_factor).startswith("share of factors ")
    assert told(LAW, bell_with(mean=0.0)).startswith("share of factors ")


def test_shared_factors_are_judged_by_those_that_were_drawn() -> None:
    for size in (lambda shape: (1, *shape[1:]), lambda shape: (*shape[:-1], 1), lambda shape: ()):
        passes(LAW, bell_with(size=size))
    frozen = lambda rng, size: np.random.default_rng(1).standard_normal(size)  # noqa: E731
    passes(LAW, bell_with(law=frozen))
    wide = bell_with(size=lambda shape: (1, *shape[1:]), spread=lambda p: 3 * (p / (1 - p)) ** 0.5)
    assert told(LAW, wide).startswith("share of factors ")


def test_one_factor_for_all_is_refused() -> None:
    for function in (bell_with(size=lambda shape: ()), lambda x, p, rng: (x, None)):
        assert told(APART, function).endswith(" for all 65536 units | factors that vary")
    assert (
        told(LAW, lambda x, p, rng: (x, None)) == "out / x is 1 in every call | factors that vary")


def test_test_time_makes_no_noise() -> None:
    quiet = c.draws_nothing_at_test_time(p=0.3)

    def drawing(x: Array, p: float, rng: Any, train: bool = True) -> Any:
        noise = rng.normal(1, (p / (1 - p)) ** 0.5, x.shape) if rng else None
        return (x * noise if train else x), None

    passes(quiet, bell)
    passes(quiet, low)
    assert (told(quiet, drawing)
            == "a pass at test time changed what rng gives next | what rng gives without it")


def test_the_seed_must_matter_and_suffice() -> None:
    own = bell_with(law=lambda rng, size: np.random.default_rng().standard_normal(size))
    assert (
        told(SEEDED, own) == "two generators with the same seed gave different outputs | the same")
    frozen = bell_with(law=lambda rng, size: np.random.default_rng(1).standard_normal(size))
    assert (told(SEEDED, frozen)
            == "two generators with different seeds gave the same outputs | others")


def test_the_law_says_what_it_sees() -> None:
    assert LAW.power == "a standard deviation that is 2.3% too large"
    assert APART.power.startswith("signs of which 5")


# ------------------------------------------------------------------ a fixed value for dropped units
BRANCHES = c.sets_some_and_keeps_some(p=0.3)
LINE = c.keeps_units_on_the_line(p=0.3, wanted=(3.0, 1.0))
BOTTOM = c.sets_dropped_units_to(p=0.3, wanted=FLOOR)


def test_two_branches_are_found() -> None:
    for check in (BRANCHES, LINE, BOTTOM, c.drops_the_right_share(p=0.3, via=Branched())):
        passes(check, low)
    x = np.random.default_rng(0).normal(size=(20, 30))
    dropped = np.random.default_rng(1).random(x.shape) < 0.1
    found = branches(np.where(dropped, 7.0, 2 - x), x)
    assert np.array_equal(found.dropped, dropped)
    assert np.allclose((found.floor, found.slope, found.intercept), (7, -1, 2))


def test_what_has_no_two_branches_is_refused() -> None:
    assert told(BRANCHES, lambda x, p, rng: (x, None)).startswith(
        "no three outputs are equal | one value for the dropped units")
    assert told(BRANCHES, lambda x, p, rng: (0 * x, None)).startswith(
        "1600 of 1600 outputs are equal")
    assert told(BRANCHES, lambda x, p, rng: (x / 0, None)).endswith("| finite numbers")
    bent = told(BRANCHES,
                lambda x, p, rng: (np.where(rng.random(x.shape) < p, 0.0, np.tanh(x)), None))
    assert "units that were not set to 0 lie beside the line of the others | none" in bent


def test_other_constants_are_named() -> None:
    assert told(LINE, lambda x, p, rng: (np.where(rng.random(x.shape) < p, FLOOR, 2 * x + 1),
                                         None)) == "a = 2 | 3"
    assert told(LINE, lambda x, p, rng: (np.where(rng.random(x.shape) < p, FLOOR, 3 * x - 1),
                                         None)) == "b = -1 | 1"
    assert (told(BOTTOM, lambda x, p, rng: (np.where(rng.random(x.shape) < p, 0.0, x), None))
            == "out of a dropped unit = 0 | -2")


def test_constants_of_five_digits_are_right() -> None:
    passes(LINE,
           lambda x, p, rng: (np.where(rng.random(x.shape) < p, FLOOR, 3.0001 * x + 0.99998), None))
    passes(BOTTOM,
           lambda x, p, rng: (np.where(rng.random(x.shape) < p, FLOOR + 5e-5, 3 * x + 1), None))
    assert told(LINE, lambda x, p, rng: (np.where(rng.random(x.shape) < p, FLOOR, 3.003 * x + 1),
                                         None)) == "a = 3.003 | 3 within 0.0001"


def test_ten_digits_are_asked_apart() -> None:
    exact = c.keeps_units_on_the_line(p=0.3, wanted=(3.0, 1.0), tolerance=1e-9)
    passes(exact, low)
    near = lambda x, p, rng: (np.where(rng.random(x.shape) < p, FLOOR, (3 + 1e-7) * x + 1), None)  # noqa: E731
    passes(LINE, near)
    assert told(exact, near).startswith("a = 3.0000001")


def test_units_that_become_alike_were_dropped() -> None:
    for floor in (0.0, 5.0, FLOOR):  # whatever they become
        function = lambda x, p, rng, low=floor: (np.where(rng.random(x.shape) < p, low, x), None)  # noqa: E731
        passes(c.drops_the_right_share(p=0.3, via=Branched()), function)
    assert Branched().read((np.arange(6.0).reshape(2, 3), None), (2, 3)).all()
    share = c.drops_the_right_share(p=0.3, via=Branched())
    assert told(share, lambda x, p, rng: (np.where(rng.random(x.shape) < p, x, FLOOR),
                                          None)).startswith("share of dropped units = 0.7")
    with pytest.raises(Wrong):
        Branched().read(None, (2, 3))


# -------------------------------------------------------------------------------------------- facts
def test_facts_name_the_noise() -> None:
    assert fact(u.noise(), bell) == "times noise"
    assert fact(u.noise(), lambda x, p, rng: (x + rng.normal(size=x.shape), None)) == "plus noise"
    assert (fact(u.noise(), lambda x, p, rng: (x * (rng.random(x.shape) < p), None))
            == "zeros and a factor")
    assert fact(u.noise(), lambda x, p, rng: (x, None)) == "nothing"
    assert fact(u.noise_mean(), bell) == "1"
    assert fact(u.noise_mean(), bell_with(mean=0.0)) == "0"
    assert fact(u.noise_spread(), bell) == "sqrt(p/(1-p))"
    assert fact(u.noise_spread(), bell_with(spread=lambda p: p)) == "p"
    assert fact(u.noise_spread(), bell_with(spread=lambda p: 1 / (1 - p))) == "1/(1-p)"
    besides = lambda x, p, rng: (bell(x, p, rng)[0] / (1 - p), None)  # noqa: E731
    assert ((fact(u.noise_mean(), besides), fact(u.noise_spread(), besides))
            == ("1/(1-p)", "sqrt(p/(1-p))/(1-p)"))
    drops = lambda x, p, rng: (bell(x, p, rng)[0] * (rng.random(x.shape) >= p), None)  # noqa: E731
    cut = lambda x, p, rng: (x * np.maximum(rng.normal(1, (p / (1 - p)) ** 0.5, x.shape), 0), None)  # noqa: E731
    assert ([fact(u.noise(), function) for function in (drops, cut)]
            == ["zeros and noise", "times noise"])
    assert [fact(u.noise_below_zero(), function) for function in (bell, cut)] == ["some", "none"]
    assert fact(u.noise_shape(), bell) == "normal"
    assert (fact(u.noise_shape(), bell_with(law=lambda rng, size: rng.uniform(-1, 1, size)))
            == "uniform")
    assert fact(u.noise_of(), bell) == "each unit"
    assert fact(u.noise_of(), bell_with(size=lambda shape: (1, *shape[1:]))) == "each feature"
    assert fact(u.noise_of(), bell_with(size=lambda shape: (*shape[:-1], 1))) == "each example"
    assert fact(u.noise_of(), bell_with(size=lambda shape: ())) == "each call"
    assert fact(u.noise_spread(), bell_with(size=lambda shape: ())) == "unclear"
    assert fact(u.next_noise(), bell) == "fresh"
    assert fact(t.chance_from("noise_from", via=c.outputs(0.3)), bell) == "given"
    assert fact(t.chance_from("noise_from", via=c.outputs(0.3)),
                lambda x, p, rng, train=True: (bell(x, p, rng)[0] ** 0.5, None)) == "given"
    assert fact(u.at_rest(), bell) == "x"
    assert fact(u.at_rest(), lambda x, p, rng, train=True: (0.5 * x, None)) == "a factor"
    assert fact(u.at_rest(), lambda x, p, rng, train=True: (2 * x + 1, None)) == "a line"


def test_facts_name_the_branches() -> None:
    table = (("low", FLOOR), ("zero", 0.0))
    assert fact(u.branch("floor", part="floor", table=table), low) == "low"
    assert fact(u.branch("slope", part="slope", table=(("three", 3.0),)), low) == "three"
    assert fact(u.branch("shift", part="intercept", table=table), low) == "other"
    assert fact(f.drop_share(via=Branched()), low) == "p"
    assert fact(u.line_digits(slopes=(3.0,)), low) == "ten"
    assert fact(u.line_digits(slopes=(3.0 + 1e-7,)), low) == "about"
    assert fact(u.line_digits(slopes=(2.0,)), low) == "unclear"


# --------------------------------------------------------------------------------------------- junk
SHARE = c.drops_the_right_share(p=0.3, via=Branched())
CHECKS = [NOISE, LAW, APART, LEVEL, SEEDED, BRANCHES, LINE, BOTTOM, SHARE]
FACTS = [u.noise(), u.noise_mean(), u.noise_spread(), u.noise_shape(), u.noise_of(),
         u.noise_level(), u.noise_below_zero(), u.next_noise(),
         t.chance_from("noise_from", via=c.outputs(0.3)), u.at_rest(),
         u.branch("slope", part="slope", table=(("one", 1.0),)), u.line_digits(slopes=(1.0,))]


@pytest.mark.parametrize("name", kinds_of_junk())
def test_junk_breaks_nothing(name: str) -> None:
    for check in CHECKS:
        found = verdict(check, junk()[name])
        refused = found.outcome in (Outcome.FAILED, Outcome.RAISED, Outcome.CRASHED)
        assert refused or (check in (SHARE, LEVEL) and found.passed), f"{check.verb}: {found}"
        assert found.got or found.passed
    for made in FACTS:
        assert fact(made, junk()[name])


# ---------------------------------------------------------------- several functions in one exercise
def test_each_function_of_an_exercise_is_asked_by_itself() -> None:
    both = [asking("toy", c.multiplies_by_noise(p=0.3), "the bell"),
            asking("other", c.sets_some_and_keeps_some(p=0.3), "the step")]
    both += [asking(name, c.draws_from_rng(via=c.outputs(0.3)), of)
             for name, of in (("toy", "the bell"), ("other", "the step"))]
    exercise = one_part("toy", both, functions=("toy", "other"))
    first, second, *seeded = judge(exercise, Local(namespace={"toy": bell, "other": low}),
                                   "slug", "salt")
    assert first.passed
    assert second.passed
    assert all(v.passed for v in seeded)
    assert second.check == "sets_some_and_keeps_some of the step(p=0.3)"
    assert second.sentence.endswith("(the step)")
    first, second, *seeded = judge(exercise, Local(namespace={"toy": bell, "other": bell}),
                                   "slug", "salt")
    assert first.passed
    assert second.outcome is Outcome.FAILED
    assert "other(" in second.call


def test_each_function_of_an_exercise_has_facts_of_its_own() -> None:
    facts = [asked_of("toy", u.noise(), "bell"), asked_of("other", u.noise(), "step")]
    found = {fact.name: fact.look(Exam("toy", Local(namespace={"toy": bell, "other": low}), "seed"))
             for fact in facts}
    assert found == {"bell_noise": "times noise", "step_noise": "other"}
