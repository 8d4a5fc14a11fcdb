"""The verbs about the tools of an experiment: right tools pass, each wrong one is told what is wrong with it, rubbish breaks nothing."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytest

from autograder import checks as c
from autograder.checks import experiments_facts as e
from autograder.checks.facts import drop_share
from autograder.checks.forms import Bare
from autograder.exam import Exam
from autograder.model import Check, Outcome
from autograder.tests.toys import Array, examined, junk, student, told

NAME = "tool"
Rng = np.random.Generator
Function = Callable[..., Any]


# ------------------------------------------------------------------------------------------------------------------ toy functions
def spoil(y: Array, fraction: float, classes: int, rng: Rng) -> Array:
    """Labels at random places become one of the other classes."""
    if not 0 <= fraction <= 1:
        raise ValueError("no share")
    found = np.array(y)
    for place in rng.choice(len(y), round(fraction * len(y)), replace=False):
        found[place] = rng.choice([k for k in range(classes) if k != y[place]])
    return found


def shifting(steps: Callable[[int, int, Rng], Any], count: Callable[[float], int] = round, front: bool = False) -> Function:
    """Moves labels by so many classes; many of them."""

    def function(y: Array, fraction: float, classes: int, rng: Rng) -> Array:
        found = np.array(y)
        k = max(0, min(len(y), count(fraction * len(y))))
        places = np.arange(k) if front else rng.permutation(len(y))[:k]
        found[places] = (found[places] + steps(classes, k, rng)) % classes
        return found

    return function


def evenly(classes: int, k: int, rng: Rng) -> Any:
    return rng.integers(1, classes, k)


def spoil_in_place(y: Array, fraction: float, classes: int, rng: Rng) -> Array:
    y[:] = spoil(y, fraction, classes, rng)
    return y


def coins(y: Array, fraction: float, classes: int, rng: Rng) -> Array:
    return np.where(rng.random(len(y)) < fraction, (y + evenly(classes, len(y), rng)) % classes, y)


def own_chance(function: Function, seed: int | None = None) -> Function:
    """The same with a generator of its own; the last or the fifth argument is the one it ignores."""
    return lambda *args: function(*(np.random.default_rng(seed) if isinstance(a, Rng) else a for a in args))


def summary(a: Any, b: Any) -> dict[str, Any]:
    if len(a) != len(b) or len(a) < 2:
        raise ValueError("no pairs")
    d = np.asarray(a) - np.asarray(b)
    sd = d.std(ddof=1)
    return {"mean": d.mean(), "sd": sd, "t": d.mean() / sd * len(d) ** 0.5, "wins": int((d > 0).sum())}


def ablate(
    *, scale: Callable[[float], float] = lambda f: 1 / (1 - f), count: Callable[[float], int] = round, layers: Sequence[int] = (1, 2),
    front: bool = False, frozen: bool = False, coin: bool = False, sum_up: Callable[[Any], Any] = np.mean, spoil: bool = False,
) -> Function:
    """A curve of accuracies after deletions, with one thing changed."""

    def once(params: dict[str, Array], X: Array, y: Array, f: float, rng: Rng) -> float:
        last, h = len(params) // 2, X
        for k in range(1, last):
            if spoil:
                params[f"b{k}"] *= 0.9
            h = np.maximum(h @ params[f"W{k}"] + params[f"b{k}"], 0)
            n = h.shape[1]
            if k in layers:
                ranks = np.arange(n) if front else rng.permutation(n)
                gone = rng.random(n) < f if coin else ranks < count(f * n)
                h = np.where(gone, 0, h * scale(f))
        return float(((h @ params[f"W{last}"] + params[f"b{last}"]).argmax(axis=1) == y).mean())

    def function(params: dict[str, Array], X: Array, y: Array, fractions: Any, rng: Rng, repeats: int) -> Any:
        found = []
        for f in fractions:
            seeds = rng.integers(2**32, size=repeats)
            found.append(sum_up([once(params, X, y, f, np.random.default_rng(seeds[0 if frozen else r])) for r in range(repeats)]))
        return np.array(found)

    return function


def deleting(delete: Callable[[Array, Array, float, Rng], Array]) -> Function:
    """A curve of accuracies, where `delete(a, b, f, rng)` makes a layer's output of what comes in and of its biases."""

    def function(params: dict[str, Array], X: Array, y: Array, fractions: Any, rng: Rng, repeats: int) -> Any:
        last, found = len(params) // 2, []
        for f in fractions:
            h = X
            for k in range(1, last):
                h = delete(h @ params[f"W{k}"], params[f"b{k}"], f, rng)
            found.append(((h @ params[f"W{last}"] + params[f"b{last}"]).argmax(axis=1) == y).mean())
        return np.array(found)

    return function


def _but_biases(a: Array, b: Array, f: float, rng: Rng) -> Array:
    a[:, rng.permutation(a.shape[1])[: round(f * a.shape[1])]] = 0
    return np.asarray(np.maximum(a + b, 0) / (1 - f))


biases_speak = deleting(_but_biases)
per_example = deleting(lambda a, b, f, rng: np.maximum(a + b, 0) * (rng.random(a.shape) >= f) / (1 - f))


def wrong_t(a: Any, b: Any, root: float) -> dict[str, Any]:
    right = summary(a, b)
    return right | {"sd": 2 * right["sd"], "t": right["mean"] / (2 * right["sd"]) * root}


def thin(x: Array, p: float, rng: Rng) -> Array:
    return np.where(rng.random(x.shape) < p, 0, x / (1 - p))


def thin_in_place(x: Array, p: float, rng: Rng) -> Array:
    x *= (rng.random(x.shape) >= p) / (1 - p)
    return x


# ------------------------------------------------------------------------------------------------------------------------ checks
A, B = [3.0, 5.0, 4.0], [1.0, 5.0, 5.0]  # d = 2, 0, -1
EXACT = c.moves_exactly(fraction=0.29, count=100)
CLASSES = c.reaches_all_wrong_classes()
PLACES = c.picks_labels_at_random()
LABELS = c.keeps_its_labels()
BY = c.spoils_by_the_generator()
FRACTION = c.refuses_the_fraction(fraction=1.5)
MEAN, SD, T, WINS = (
    c.sums_up(given=(A, B), wanted=wanted, key=key)
    for key, wanted in (("mean", 1 / 3), ("sd", (7 / 3) ** 0.5), ("t", 1 / 7**0.5), ("wins", 1.0))
)
LIKE = c.sums_up_like_the_solution(count=9, key="t")
PAIRED = c.refuses_what_is_not_paired()
WHOLE = c.starts_at_the_whole_network()
DELETES, OTHER, ONE = c.deletes_units(), c.deletes_units(fraction=0.35), c.deletes_units(fraction=0.6, two_layers=False)
ANY = c.deletes_any_unit()
AVERAGES, THREE = c.averages_over_repeats(), c.averages_over_repeats(repeats=3)
ORDER = c.answers_in_order()
NETWORK = c.keeps_the_network()
DELETES_BY = c.deletes_by_the_generator()
FACTOR = c.multiplies_what_it_keeps(p=0.3)
SHARE = c.drops_the_right_share(p=0.3, via=Bare())

RIGHT: tuple[tuple[Function, tuple[Check, ...]], ...] = (
    (spoil, (EXACT, CLASSES, PLACES, LABELS, BY, FRACTION)),
    (summary, (MEAN, SD, T, WINS, LIKE, PAIRED)),
    (ablate(), (WHOLE, DELETES, OTHER, ONE, ANY, AVERAGES, THREE, ORDER, NETWORK, DELETES_BY)),
    (thin, (FACTOR, SHARE)),
)
CASES = [(function, check) for function, checks in RIGHT for check in checks]


def examine(check: Check, function: Function, slug: str = "toy") -> Any:
    return examined(check, {NAME: function}, NAME, slug, reference=student({NAME: summary}))


@pytest.mark.parametrize(("function", "check"), CASES, ids=[check.name for _, check in CASES])
@pytest.mark.parametrize("slug", ["toy", "sweep 1", "sweep 2", "sweep 3"])
def test_a_right_tool_passes(function: Function, check: Check, slug: str) -> None:
    verdict = examine(check, function, slug)
    assert verdict.passed, told(verdict)


def entry(**changed: Any) -> Function:
    return lambda a, b: {**summary(a, b), **changed}


REFUSED: tuple[tuple[Check, Function, str], ...] = (
    (EXACT, shifting(evenly, int), r"28 of 100 labels differ from y, but should be 29"),
    (EXACT, shifting(lambda classes, k, rng: rng.integers(0, classes, k)), r"\d+ of 100 labels differ from y, but should be 29"),
    (EXACT, coins, r"\d+ of 100 labels differ from y, but should be 29"),
    (EXACT, lambda y, *_: y + 0.5, r"y2\.dtype = float64, but should be whole numbers"),
    (EXACT, lambda y, *_: y[:-1], r"y2\.shape = \(99,\), but should be \(100,\)"),
    (CLASSES, lambda y, *_: y + 10, r"y2 holds 14, but should be classes from 0 to 9"),
    (CLASSES, lambda y, *_: y, r"2000 labels that should move stayed, but should be 0"),
    (CLASSES, shifting(lambda *_: 1), r"share of labels moved to class 0 = 0\.000, but should be 0\.111"),
    (CLASSES, shifting(lambda classes, k, rng: rng.integers(1, classes - 1, k)), r"share of labels moved to [a-z ]+ = 0\.\d+, but"),
    (PLACES, shifting(evenly, front=True), r"of the moved labels 100% lie in quarter 1 of y, but should be about 25%"),
    (PLACES, shifting(lambda *_: 0), r"no label was moved, but should be 2250 of 9000"),
    (LABELS, spoil_in_place, r"y was changed by the call, but should be y as it was"),
    (BY, own_chance(spoil), r"two generators with the same seed gave different labels, but should be the same"),
    (BY, own_chance(spoil, 3), r"two generators with different seeds gave the same labels, but should be others"),
    (BY, lambda *args: (np.random.rand(), spoil(*args))[1], r"the function drew from \(or seeded\) the global generator"),
    (FRACTION, shifting(evenly), r"the function returned, but should be ValueError"),
    (MEAN, lambda a, b: None, r'the function returned None .is its `return` missing.., but should be a dict with "mean"'),
    (MEAN, lambda a, b: {}, r'the dict has no "mean"'),
    (MEAN, lambda a, b: summary(b, a), r'\["mean"\] = -0\.333333, but should be 0\.333333'),
    (SD, entry(sd=1.0), r'\["sd"\] = 1, but should be 1\.52753'),
    (T, entry(t="large"), r'\["t"\] is a str, but should be an array of numbers'),
    (WINS, entry(wins=2), r'\["wins"\] = 2, but should be 1'),
    (LIKE, entry(t=0.1), r'\["t"\] = 0\.1, but should be'),
    (PAIRED, lambda a, b: summary(a[:2], b[:2]) if len(a) > 1 else {}, r"the function returned, but should be ValueError"),
    (WHOLE, lambda *_: [0.5], r"curve\[0\] = 0\.5, but should be 0\.\d+"),
    (WHOLE, lambda *_: [np.nan], r"curve holds nan, but should be accuracies"),
    (WHOLE, lambda *_: 0.5, r"curve\.shape = \(\), but should be \(1,\)"),
    (DELETES, ablate(scale=lambda f: 1.0), r"one deletion = 0\.\d+, but should be an accuracy that deleting 2 and 2 units can give"),
    (DELETES, ablate(scale=lambda f: 1 - f), r"accuracy after one deletion = 0\.\d+"),
    (OTHER, ablate(count=int), r"accuracy after one deletion = 0\.\d+"),
    (DELETES, ablate(count=lambda n: 0, scale=lambda f: 1.0), r"accuracy after one deletion = 0\.\d+ \(that of the whole network\)"),
    (DELETES, ablate(layers=(1,)), r"accuracy after one deletion = 0\.\d+"),
    (DELETES, ablate(layers=(2,)), r"accuracy after one deletion = 0\.\d+"),
    (DELETES, ablate(coin=True), r"accuracy after one deletion = 0\.\d+"),
    (OTHER, ablate(count=int), r"an accuracy that deleting 2 and 2 units can give; the nearest is 0\.\d+"),
    (ONE, ablate(scale=lambda f: 1 / f), r"an accuracy that deleting 3 units can give"),
    (ANY, ablate(front=True), r"the first of 5 units was deleted 100 times in 100, but should be \d+ to \d+ times"),
    (ANY, ablate(coin=True), r"accuracy after one deletion = 0\.\d+, but should be an accuracy that deleting 2 of 5 units can give"),
    (AVERAGES, ablate(frozen=True), r"2 repeats always gave what one can give, but should be the mean of several deletions"),
    (AVERAGES, ablate(sum_up=lambda found: found[-1]), r"2 repeats always gave what one can give"),
    (AVERAGES, ablate(sum_up=sum), r"curve = [01]\.\d+ for 2 repeats, but should be the mean of accuracies"),
    (ORDER, lambda params, X, y, fractions, rng, repeats: ablate()(params, X, y, sorted(fractions), rng, repeats), r"curve\[1\] = 0\."),
    (ORDER, lambda *_: [0.5], r"curve\.shape = \(1,\), but should be \(3,\)"),
    (NETWORK, ablate(spoil=True), r"params was changed by the call, but should be params as it was"),
    (DELETES_BY, own_chance(ablate()), r"two generators with the same seed gave different curve"),
    (DELETES_BY, own_chance(ablate(), 1), r"two generators with different seeds gave the same curve"),
    (FACTOR, lambda x, p, rng: x * (rng.random(x.shape) >= p), r"\(out / x\)\[kept\]\[0\] = 1, but should be 1\.42857"),
    (FACTOR, lambda x, p, rng: x, r"1457 of 1457 inputs were kept, but should be about 0\.7 of them"),
    (SHARE, lambda x, p, rng: thin(x, 0.35, rng), r"share of dropped units = 0\.35\d+, but should be 0\.3000"),
)


@pytest.mark.parametrize(("check", "wrong", "message"), REFUSED, ids=[f"{k}: {row[0].verb}" for k, row in enumerate(REFUSED)])
def test_a_wrong_tool_is_told_so(check: Check, wrong: Function, message: str) -> None:
    verdict = examine(check, wrong)
    assert verdict.outcome is Outcome.FAILED, told(verdict)
    text = f"{verdict.got}, but should be {verdict.wanted}"
    assert re.search(message, text), text


@pytest.mark.parametrize("kind", junk())
def test_rubbish_breaks_no_check_and_no_fact(kind: str) -> None:
    rubbish = junk()[kind]

    def in_a_dict(*args: Any) -> Any:
        return {key: rubbish(*args) for key in ("mean", "sd", "t", "wins")}

    for function, checks in ((rubbish, [check for _, check in CASES]), (in_a_dict, RIGHT[1][1])):
        for check in checks:
            verdict = examine(check, function)
            assert verdict.outcome is not Outcome.BROKEN, told(verdict)
    for function, probes in ((rubbish, FACTS), (in_a_dict, (SUMMARY, T_AND_SD, UNPAIRED, ONE_PAIR))):
        for probe in probes:
            assert isinstance(probe.look(Exam(NAME, student({NAME: function}), probe.name)), str)


# ------------------------------------------------------------------------------------------------------------------------- facts
MOVED, PICKED, NEW, AFTER, SPOILED_BY, ODD = (
    e.moved_labels(), e.picked_places(), e.new_classes(), e.labels_after(), e.labels_by(), e.odd_fractions(),
)
SUMMARY, UNPAIRED = e.summary("sd", given=(A, B), key="sd"), e.unpaired(a=[1.0, 2.0, 3.0], b=[1.0, 2.0])
ONE_PAIR, T_AND_SD = e.unpaired("a_single_pair", a=[1.0], b=[2.0]), e.t_and_sd(given=(A, B), wanted=summary(A, B)["t"])
EXAMPLES = e.deleted_for()
NOTHING, DELETION, UNITS, REPEATS, PARAMS, DELETED_BY = (
    e.nothing_deleted(), e.deletion(), e.deleted_units(), e.repeats(), e.network_after(), e.deleted_by(),
)
INPUT, SURVIVORS, DROPS = e.layer_input(), e.layer_survivors(), drop_share(via=Bare())
FACTS = (
    *(MOVED, PICKED, NEW, AFTER, SPOILED_BY, ODD, SUMMARY, UNPAIRED),
    *(ONE_PAIR, T_AND_SD, EXAMPLES, NOTHING, DELETION, UNITS, REPEATS, PARAMS, DELETED_BY, INPUT, SURVIVORS, DROPS),
)


@pytest.mark.parametrize(
    ("probe", "function", "word"),
    [
        (MOVED, spoil, "29"),
        (MOVED, shifting(evenly, int), "28"),
        (MOVED, coins, "varies"),
        (MOVED, shifting(lambda classes, k, rng: rng.integers(0, classes, k)), "varies, at most 29"),
        (PICKED, spoil, "anywhere"),
        (PICKED, shifting(evenly, front=True), "at the front"),
        (PICKED, own_chance(spoil, 1), "always the same"),
        (PICKED, shifting(lambda *_: 0), "nowhere"),
        (NEW, spoil, "all others"),
        (NEW, shifting(lambda *_: 1), "the next class"),
        (NEW, shifting(lambda *_: 3), "one class"),
        (NEW, shifting(lambda classes, k, rng: rng.integers(0, classes, k)), "its own class too"),
        (NEW, shifting(lambda classes, k, rng: rng.integers(1, classes - 1, k)), "not all others alike"),
        (NEW, lambda y, *_: y + np.arange(len(y)), "beyond the classes"),
        (AFTER, spoil_in_place, "overwritten"),
        (SPOILED_BY, spoil, "given"),
        (SPOILED_BY, own_chance(spoil), "own"),
        (ODD, spoil, "ValueError"),
        (ODD, shifting(evenly), "accepted"),
        (SUMMARY, summary, "1.52753"),
        (UNPAIRED, summary, "ValueError"),
        (ONE_PAIR, summary, "ValueError"),
        (ONE_PAIR, lambda a, b: summary([*a, 1.0], [*b, 1.0]), "accepted"),
        (T_AND_SD, summary, "right"),
        (T_AND_SD, lambda a, b: wrong_t(a, b, 1.0), "no root of n"),
        (T_AND_SD, lambda a, b: wrong_t(a, b, len(a)), "n for its root"),
        (T_AND_SD, lambda a, b: wrong_t(a, b, len(a) ** 0.5), "follows sd"),
        (EXAMPLES, ablate(), "all examples alike"),
        (EXAMPLES, per_example, "each example by itself"),
        (EXAMPLES, lambda *_: [0.5], "all examples alike"),
        (PICKED, lambda y, *_: np.zeros_like(y), "nearly everywhere"),
        (UNITS, ablate(count=lambda n: 0, scale=lambda f: 1.0), "none"),
        (DELETION, biases_speak, "their biases still speak"),
        (NOTHING, ablate(), "whole"),
        (DELETION, ablate(), "as asked"),
        (DELETION, ablate(scale=lambda f: 1.0), "survivors not scaled"),
        (DELETION, ablate(scale=lambda f: 1 - f), "survivors times 1 - f"),
        (DELETION, ablate(count=int), "rounded down"),
        (DELETION, ablate(layers=(1,)), "first hidden layer only"),
        (DELETION, ablate(layers=(2,)), "last hidden layer only"),
        (DELETION, ablate(coin=True), "any number of units"),
        (DELETION, ablate(count=lambda n: 0, scale=lambda f: 1.0), "nothing"),
        (DELETION, lambda *_: [0.123], "something else"),
        (UNITS, ablate(), "others each time"),
        (UNITS, ablate(front=True), "always the same"),
        (REPEATS, ablate(), "their mean"),
        (REPEATS, ablate(frozen=True), "the same units twice"),
        (REPEATS, ablate(sum_up=sum), "their sum"),
        (REPEATS, ablate(sum_up=lambda found: found[-1] + 0.0001), "something else"),
        (PARAMS, ablate(spoil=True), "overwritten"),
        (DELETED_BY, own_chance(ablate(), 1), "frozen"),
        (INPUT, thin, "kept"),
        (INPUT, thin_in_place, "the output"),
        (SURVIVORS, thin, "1/(1-p)"),
        (SURVIVORS, lambda x, p, rng: x * (rng.random(x.shape) >= p), "1"),
        (SURVIVORS, lambda x, p, rng: x * rng.random(x.shape), "varies"),
        (DROPS, thin, "p"),
    ],
)
def test_a_fact_finds_its_word(probe: Any, function: Function, word: str) -> None:
    assert probe.look(Exam(NAME, student({NAME: function}), probe.name)) == word
