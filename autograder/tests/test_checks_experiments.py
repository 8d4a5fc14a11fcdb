"""The verbs about tools of an experiment: right ones pass, wrong ones are told what is wrong."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytest

from autograder.asking import Exam
from autograder.checks_api import symptoms as g
from autograder.dropout import symptoms as shared
from autograder.dropout.forms import Bare
from autograder.dropout.generalization import checks as c
from autograder.dropout.generalization import experiment_symptoms as e
from autograder.model import Check, Outcome
from autograder.tests.toys import Array, examined, student, told

NAME = "tool"
Rng = np.random.Generator
Function = Callable[..., Any]


# ------------------------------------------------------------------------------------ toy functions
def spoil(y: Array, fraction: float, classes: int, rng: Rng) -> Array:
    """Labels at random places become one of the other classes."""
    if not 0 <= fraction <= 1:
        raise ValueError("no share")
    found = np.array(y)
    for place in rng.choice(len(y), round(fraction * len(y)), replace=False):
        found[place] = rng.choice([k for k in range(classes) if k != y[place]])
    return found


def shifting(steps: Callable[[int, int, Rng], Any], count: Callable[[float], int] = round,
             front: bool = False) -> Function:
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
    """The same with its own generator; the last or fifth argument is the one it ignores."""
    return lambda *args: function(*(np.random.default_rng(seed) if isinstance(a, Rng) else a
                                    for a in args))


def summary(a: Any, b: Any) -> dict[str, Any]:
    if len(a) != len(b) or len(a) < 2:
        raise ValueError("no pairs")
    d = np.asarray(a) - np.asarray(b)
    sd = d.std(ddof=1)
    return {"mean": d.mean(), "sd": sd, "t": d.mean() / sd * len(d) ** 0.5,
            "wins": int((d > 0).sum())}


def ablate(*, scale: Callable[[float], float] = lambda f: 1 / (1 - f),
           count: Callable[[float], int] = round, layers: Sequence[int] = (1, 2),
           front: bool = False, frozen: bool = False, coin: bool = False,
           sum_up: Callable[[Any], Any] = np.mean, spoil: bool = False, percent: bool = False,
           twins: bool = False, block: bool = False) -> Function:
    """A curve of accuracies after deletions, with one thing changed."""

    def once(params: dict[str, Array], X: Array, y: Array, f: float, rng: Rng) -> float:
        last, h = len(params) // 2, X
        for k in range(1, last):
            if spoil:
                params[f"b{k}"] *= 0.9
            h = np.maximum(h @ params[f"W{k}"] + params[f"b{k}"], 0)
            n = h.shape[1]
            if k in layers:
                if k == 1 or not twins:
                    ranks = (np.arange(n) if front else (np.arange(n) + rng.integers(n)) % n
                             if block else rng.permutation(n))
                gone = rng.random(n) < f if coin else ranks < count(f * n)
                h = np.where(gone, 0, h * scale(f))
        return float(((h @ params[f"W{last}"] + params[f"b{last}"]).argmax(axis=1) == y).mean())

    def function(params: dict[str, Array], X: Array, y: Array, fractions: Any, rng: Rng,
                 repeats: int) -> Any:
        found = []
        for f in fractions:
            seeds = rng.integers(2**32, size=repeats)
            found.append(
                sum_up([once(params, X, y, f, np.random.default_rng(seeds[0 if frozen else r]))
                        for r in range(repeats)]))
        return np.array(found) * (100 if percent else 1)

    return function


def deleting(delete: Callable[[Array, Array, float, Rng], Array]) -> Function:
    """A curve of accuracies; `delete(a, b, f, rng)` makes a layer's output of input and biases."""

    def function(params: dict[str, Array], X: Array, y: Array, fractions: Any, rng: Rng,
                 repeats: int) -> Any:
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
per_example = deleting(
    lambda a, b, f, rng: np.maximum(a + b, 0) * (rng.random(a.shape) >= f) / (1 - f))


def last_only(params: dict[str, Array], *rest: Any) -> Any:
    """Deletes units of the last hidden layer alone, whichever that is."""
    return ablate(layers=(len(params) // 2 - 1,))(params, *rest)


def wrong_t(a: Any, b: Any, root: float) -> dict[str, Any]:
    right = summary(a, b)
    return right | {"sd": 2 * right["sd"], "t": right["mean"] / (2 * right["sd"]) * root}


def epsilon(a: Any, b: Any, size: float) -> dict[str, Any]:
    right = summary(a, b)
    return right | {"t": right["mean"] / (right["sd"] / len(a) ** 0.5 + size)}


def thin(x: Array, p: float, rng: Rng) -> Array:
    return np.where(rng.random(x.shape) < p, 0, x / (1 - p))


def thin_in_place(x: Array, p: float, rng: Rng) -> Array:
    x *= (rng.random(x.shape) >= p) / (1 - p)
    return x


# ------------------------------------------------------------------------------------------- checks
A, B = [3.0, 5.0, 4.0], [1.0, 5.0, 5.0]  # d = 2, 0, -1
EXACT = c.moves_exactly(fraction=0.29, count=100)
CLASSES = c.reaches_all_wrong_classes()
PLACES = c.picks_labels_at_random()
LABELS = c.leaves_its_arguments_alone(via=c.noisy_labels())
BY = c.draws_from_rng(via=c.noisy_labels())
NEXT = c.draws_anew_in_each_call(via=c.noisy_labels(moved=True))
INTS = c.gives_ints()
FRACTION = c.raises_value_error(case="fraction = 1.5", via=c.noisy_labels(1.5))
MEAN, SD, T, WINS = (
    c.sums_up(given=(A, B), wanted=wanted, key=key)
    for key, wanted in (("mean", 1 / 3), ("sd", (7 / 3) ** 0.5), ("t", 1 / 7**0.5), ("wins", 1.0))
)
LIKE = c.sums_up_like_the_solution(count=9, key="t")
TEN_SD, TEN_T = (c.sums_up_like_the_solution(count=9, key=key, tolerance=1e-10)
                 for key in ("sd", "t"))
PAIRED = c.raises_value_error(case="no pairs", given=([1.0, 2.0, 3.0], [1.0, 2.0]))
WHOLE = c.starts_at_the_whole_network()
DELETES = c.deletes_units()
OTHER = c.deletes_units(fraction=0.35)
ONE = c.deletes_units(fraction=0.6, two_layers=False)
SOMETHING, FOR_ALL = c.deletes_something(), c.deletes_for_all_examples()
SCALES, SCALES_ODD = c.scales_the_others(), c.scales_the_others(fraction=0.35)
ANY, EACH = c.deletes_any_unit(), c.draws_for_each_layer()
AVERAGES, THREE = c.averages_over_repeats(), c.averages_over_repeats(repeats=3)
ORDER = c.answers_in_order()
NETWORK = c.leaves_its_arguments_alone(via=c.ablated())
DELETES_BY = c.draws_from_rng(via=c.ablated())
FACTOR, TEN = c.scales_the_survivors(p=0.3, via=Bare()), c.is_exact_to_ten_digits(p=0.3, via=Bare())
ZERO = c.drops_nothing_at_zero(via=Bare())
SHARE = c.drops_the_right_share(p=0.3, via=Bare())

RIGHT: tuple[tuple[Function, tuple[Check, ...]], ...] = (
    (spoil, (EXACT, CLASSES, PLACES, NEXT, LABELS, BY, INTS, FRACTION)),
    # whether labels are ints is asked once
    (lambda *args: spoil(*args).astype(float), (EXACT, CLASSES, PLACES, NEXT)),
    (summary, (MEAN, SD, T, WINS, LIKE, TEN_SD, TEN_T, PAIRED)),
    (ablate(), (SOMETHING, FOR_ALL, WHOLE, DELETES, OTHER, ONE, SCALES, SCALES_ODD, ANY, EACH)),
    (ablate(), (AVERAGES, THREE, ORDER, NETWORK, DELETES_BY)),
    (thin, (FACTOR, TEN, ZERO, SHARE)),
)
CASES = [(function, check) for function, checks in RIGHT for check in checks]


def examine(check: Check, function: Function, slug: str = "toy") -> Any:
    return examined(check, {NAME: function}, NAME, slug, reference=student({NAME: summary}))


@pytest.mark.parametrize(("function", "check"), CASES, ids=[check.name for _, check in CASES])
@pytest.mark.parametrize("slug", ["toy", "sweep 1"])
def test_a_right_tool_passes(function: Function, check: Check, slug: str) -> None:
    verdict = examine(check, function, slug)
    assert verdict.passed, told(verdict)


def entry(**changed: Any) -> Function:
    return lambda a, b: {**summary(a, b), **changed}


REFUSED: tuple[tuple[Check, Function, str], ...] = (
    (EXACT, shifting(evenly, int), r"28 of 100 labels differ from y, but should be 29"),
    (EXACT, shifting(lambda classes, k, rng: rng.integers(0, classes, k)),
     r"\d+ of 100 labels differ from y, but should be 29"),
    (EXACT, coins, r"\d+ of 100 labels differ from y, but should be 29"),
    (EXACT, lambda y, *_: y + 0.5, r"y2\.dtype = float64, but should be whole numbers"),
    (EXACT, lambda y, *_: y[:-1], r"y2\.shape = \(99,\), but should be \(100,\)"),
    (CLASSES, lambda y, *_: y + 10, r"y2 holds 14, but should be classes from 0 to 9"),
    (CLASSES, lambda y, *_: y, r"no label was moved, but should be 90% of them"),
    (CLASSES, shifting(lambda *_: 1),
     r"share of labels moved to class 0 = 0\.0000, but should be 0\.1111"),
    (CLASSES, shifting(lambda classes, k, rng: rng.integers(1, classes - 1, k)),
     r"share of labels moved to [a-z ]+ = 0\.\d+, but"),
    (PLACES, shifting(evenly, front=True),
     r"of the moved labels 100% lie in quarter 1 of y, but should be about 25%"),
    (PLACES, shifting(lambda *_: 0), r"no label was moved, but should be 2250 of 9000"),
    (NEXT, own_chance(spoil, 3), r"a second call with the same generator gave the same moved "
     r"labels, but should be another draw"),
    (NEXT, shifting(evenly, front=True),
     r"a second call with the same generator gave the same moved labels"),
    (NEXT, shifting(lambda *_: 0),
     r"a second call with the same generator gave the same moved labels"),
    (INTS, lambda *args: spoil(*args).astype(float),
     r"y2\.dtype = float64, but should be an int dtype, as y has"),
    (LABELS, spoil_in_place, r"y was changed by the call, but should be y as it was"),
    (BY, own_chance(spoil),
     r"two generators with the same seed gave different labels, but should be the same"),
    (BY, own_chance(spoil, 3),
     r"two generators with different seeds gave the same labels, but should be others"),
    (BY, lambda *args: (np.random.rand(), spoil(*args))[1],
     r"the function drew from \(or seeded\) the global generator"),
    (FRACTION, shifting(evenly), r"the function returned, but should be ValueError"),
    (MEAN, lambda a, b: None,
     r'the function returned None .is its `return` missing.., but should be a dict with "mean"'),
    (MEAN, lambda a, b: {}, r'the dict has no "mean"'),
    (MEAN, lambda a, b: summary(b, a), r'\["mean"\] = -0\.333333, but should be 0\.333333'),
    (SD, entry(sd=1.0), r'summary\["sd"\] = 1, but should be 1\.52753'),
    (T, entry(t="large"), r'\["t"\] is a str, but should be an array of numbers'),
    (WINS, entry(wins=2), r'\["wins"\] = 2, but should be 1'),
    (LIKE, entry(t=0.1), r'\["t"\] = 0\.1, but should be'),
    (LIKE, lambda a, b: dict.fromkeys(("mean", "sd", "t", "wins"), 0.0),
     r'\["t"\] = 0, but should be'),
    (T, lambda a, b: wrong_t(a, b, 1.0), r'\["t"\] = 0\.109\d+, but should be 0\.377964'),
    (TEN_SD, lambda a, b: {**summary(a, b), "sd": summary(a, b)["sd"] + 1e-8},
     r'summary\["sd"\] = \d\.\d{10,}, but should be'),
    (TEN_T, lambda a, b: epsilon(a, b, 1e-8), r'\["t"\] = -?\d\.\d{10,}, but should be'),
    (PAIRED, lambda a, b: summary(a[:2], b[:2]) if len(a) > 1 else {},
     r"the function returned, but should be ValueError"),
    (SOMETHING, ablate(count=lambda n: 0, scale=lambda f: 1.0),
     r"the accuracy is 0\.\d+ whatever the fraction, but should be another"),
    (SOMETHING, lambda params, X, y, fractions, *_: [0.5] * len(fractions),
     r"the accuracy is 0\.5000 whatever the fraction"),
    (FOR_ALL, per_example,
     r"200 copies of one example had the accuracy 0\.\d+ after one deletion, but should be 0 or 1"),
    (SCALES, ablate(scale=lambda f: 1.0),
     r"is the one with the factor 1, for f = 0\.4, but should be that with 1 / \(1 - f\)"),
    (SCALES, ablate(scale=lambda f: 1 - f), r"is the one with the factor 1 - f, for f = 0\.4"),
    (SCALES, ablate(scale=lambda f: 1 / f if f else 1.0),
     r"is the one with the factor 1 / f, for f = 0\.4"),
    (SCALES, ablate(scale=lambda f: 0.9), r"accuracy after one deletion = 0\.\d+, but should be an "
     r"accuracy that deleting some of 5 units"),
    (SCALES_ODD, ablate(scale=lambda f: 5 / (5 - round(5 * f))),
     r"the factor H / units left, for f = 0\.35"),
    (WHOLE, ablate(percent=True), r"curve\[0\] = \d\d\.\d+, but should be 0\.\d+"),
    (WHOLE, lambda *_: [0.5], r"curve\[0\] = 0\.5, but should be 0\.\d+"),
    (WHOLE, lambda *_: [np.nan], r"curve holds nan, but should be accuracies"),
    (WHOLE, lambda *_: 0.5, r"curve\.shape = \(\), but should be \(1,\)"),
    (DELETES, biases_speak,
     r"one deletion = 0\.\d+, but should be an accuracy that deleting 2 and 2 units can give"),
    (DELETES, ablate(count=lambda n: 0, scale=lambda f: 1.0),
     r"accuracy after one deletion = 0\.\d+ \(that of the whole network\)"),
    (DELETES, ablate(layers=(1,)), r"accuracy after one deletion = 0\.\d+"),
    (DELETES, ablate(layers=(2,)), r"accuracy after one deletion = 0\.\d+"),
    (DELETES, ablate(coin=True), r"accuracy after one deletion = 0\.\d+"),
    (OTHER, ablate(count=int),
     r"an accuracy that deleting 2 and 2 units can give; the nearest is 0\.\d+"),
    (ONE, ablate(count=lambda n: 2), r"an accuracy that deleting 3 units can give"),
    (ANY, ablate(count=lambda n: 0, scale=lambda f: 1.0),
     r"no unit was deleted, but should be 2 of 5"),
    (ANY, ablate(front=True),
     r"the first of 5 units was deleted 100 times in 100, but should be \d+ to \d+ times"),
    (ANY, ablate(block=True),
     r"in 100 calls 5 different sets of 2 units were deleted, but should be about 10"),
    (EACH, ablate(twins=True), r"both hidden layers lost the same units in 24 of 24 deletions, but "
     r"should be a draw for each layer"),
    (AVERAGES, ablate(frozen=True),
     r"2 repeats always gave what one can give, but should be the mean of several deletions"),
    (AVERAGES, ablate(sum_up=lambda found: found[-1]), r"2 repeats always gave what one can give"),
    (AVERAGES, ablate(sum_up=sum),
     r"curve = [01]\.\d+ for 2 repeats, but should be the mean of accuracies"),
    (ORDER, lambda params, X, y, fractions, rng, repeats: ablate()(
        params, X, y, sorted(fractions), rng, repeats), r"curve\[2\] = 0\."),
    (ORDER, ablate(count=lambda n: 0, scale=lambda f: 1.0),
     r"all accuracies are that of the whole network, but should be others"),
    (ORDER, lambda *_: [0.5], r"curve\.shape = \(1,\), but should be \(4,\)"),
    (NETWORK, ablate(spoil=True),
     r'params\["b1"\] was changed by the call, but should be params\["b1"\] as it was'),
    (DELETES_BY, own_chance(ablate()), r"two generators with the same seed gave different curve"),
    (DELETES_BY, own_chance(ablate(), 1),
     r"two generators with different seeds gave the same curve"),
    (FACTOR, lambda x, p, rng: x * (rng.random(x.shape) >= p),
     r"\(out / x\)\[kept\]\[0\] = 1, but should be 1\.42857"),
    (TEN, lambda x, p, rng: thin(x, p, rng) * (1 + 1e-8),
     r"\(out / x\)\[kept\]\[0\] = 1\.4285714\d+, but should be 1\.42857142857"),
    (ZERO, lambda x, p, rng: thin(x, p or 0.5, rng), r"out\[0, \d\] = .*, but should be"),
    (FACTOR, lambda x, p, rng: x, r"1643 of 1643 units survived, but should be about 1150"),
    (SHARE, lambda x, p, rng: thin(x, 0.35, rng),
     r"share of dropped units = 0\.35\d+, but should be 0\.3000"),
)


@pytest.mark.parametrize(("check", "wrong", "message"), REFUSED,
                         ids=[f"{k}: {row[0].verb}" for k, row in enumerate(REFUSED)])
def test_a_wrong_tool_is_told_so(check: Check, wrong: Function, message: str) -> None:
    verdict = examine(check, wrong)
    assert verdict.outcome is Outcome.FAILED, told(verdict)
    text = f"{verdict.got}, but should be {verdict.wanted}"
    assert re.search(message, text), text


# what a wrong tool is not told, for it is not so
def any_class(classes: int, k: int, rng: Rng) -> Any:
    return rng.integers(0, classes, k)


SPARED: tuple[tuple[str, Function, tuple[Check, ...]], ...] = (
    ("its own class too", shifting(any_class), (CLASSES, PLACES, NEXT, BY)),
    ("coins", coins, (CLASSES, PLACES, NEXT, BY)),
    ("b - a", lambda a, b: {**summary(a, b), "mean": -summary(a, b)["mean"],
                            "t": -summary(a, b)["t"]}, (SD, T, WINS, LIKE)),
    ("another sd", lambda a, b: wrong_t(a, b, len(a) ** 0.5), (MEAN, T, WINS, LIKE, TEN_T)),
    ("t right beside another sd", lambda a, b: {**summary(a, b), "sd": 1.0}, (MEAN, T, WINS)),
    ("a harmless epsilon", lambda a, b: epsilon(a, b, 1e-12), (T, LIKE, TEN_T)),
    ("an epsilon", lambda a, b: epsilon(a, b, 1e-8), (T, LIKE, TEN_SD)),
    ("no factor", ablate(scale=lambda f: 1.0),
     (DELETES, OTHER, ONE, ANY, AVERAGES, THREE, ORDER, FOR_ALL, WHOLE)),
    ("another factor", ablate(scale=lambda f: 1 - f),
     (DELETES, OTHER, ONE, ANY, AVERAGES, THREE, FOR_ALL)),
    ("rounded down", ablate(count=int), (DELETES, SCALES, SCALES_ODD, ANY, AVERAGES, ORDER)),
    ("the last layer", last_only, (SCALES, SCALES_ODD, ANY, AVERAGES, ORDER, WHOLE)),
    ("one layer", ablate(layers=(1,)), (SCALES, SCALES_ODD, ANY, AVERAGES, ORDER, WHOLE)),
    ("coins for units", ablate(coin=True),
     (SCALES, SCALES_ODD, ANY, AVERAGES, THREE, ORDER, FOR_ALL)),
    ("biases speak", biases_speak, (SCALES, ANY, FOR_ALL, WHOLE, ORDER)),
    ("coins and no factor", ablate(coin=True, scale=lambda f: 1.0),
     (ANY, AVERAGES, FOR_ALL, WHOLE)),
    ("percentages", ablate(percent=True),
     (DELETES, OTHER, ONE, SCALES, ANY, AVERAGES, ORDER, FOR_ALL, SOMETHING)),
    ("a sum", ablate(sum_up=sum), (WHOLE, DELETES, SCALES, ANY, ORDER)),
    ("the first units", ablate(front=True), (DELETES, SCALES, OTHER, WHOLE, ORDER, SOMETHING)),
    ("each example by itself", per_example, (SOMETHING, WHOLE, NETWORK, DELETES_BY)),
    ("no scale", lambda x, p, rng: np.where(rng.random(x.shape) < p, 0, x), (ZERO, SHARE)),
    ("a nearly right scale", lambda x, p, rng: thin(x, p, rng) * (1 + 1e-8), (FACTOR, ZERO, SHARE)),
)


@pytest.mark.parametrize(("function", "checks"), [row[1:] for row in SPARED],
                         ids=[row[0] for row in SPARED])
def test_a_mistake_is_told_once(function: Function, checks: tuple[Check, ...]) -> None:
    for sweep in range(2):
        for check in checks:
            verdict = examine(check, function, f"sweep {sweep}")
            assert verdict.passed, told(verdict)


# -------------------------------------------------------------------------------------------- facts
MOVED, PICKED, NEW, AFTER, SPOILED_BY, ODD = (
    e.moved_labels(), e.picked_places(), e.new_classes(), g.arguments_after(via=c.noisy_labels()),
    g.chance_from(via=c.noisy_labels()), g.takes(via=(c.noisy_labels(-0.2), c.noisy_labels(1.2))))
SUMMARY = e.summary("sd", given=(A, B), key="sd")
UNPAIRED = g.takes(given=([1.0, 2.0, 3.0], [1.0, 2.0]))
ONE_PAIR = g.takes(given=([1.0], [2.0]))
T_AND_SD = e.t_and_sd(given=(A, B), wanted=summary(A, B)["t"])
SUMMED = e.summary_digits(given=(A, B),
                          wanted={key: summary(A, B)[key] for key in ("mean", "sd", "t")})
FORM, DRAWS = (make(a=[1.0, 0.0, 0.0, -1.0, -2.0, -3.0, -4.0], b=[0.0] * 7)
               for make in (e.wins_form, e.draws))
EXAMPLES = e.deleted_for()
NOTHING, UNITS, REPEATS = e.nothing_deleted(), e.deleted_units(), e.repeats()
PARAMS, DELETED_BY = g.arguments_after(via=c.ablated()), g.chance_from(via=c.ablated())
TIMES, COUNT, LAYERS, SAYS = (e.survivor_factor(), e.number_deleted(), e.layers_deleted(),
                              e.deleted_unit())
INPUT, SURVIVORS, DIGITS, DROPS = e.layer_input(), shared.survivors(via=Bare()), shared.digits(
    via=Bare()), shared.drop_share(via=Bare())


@pytest.mark.parametrize(
    ("probe", "function", "word"),
    [
        (MOVED, spoil, "29"),
        (MOVED, shifting(evenly, int), "28"),
        (MOVED, coins, "varies"),
        (MOVED, shifting(lambda classes, k, rng: rng.integers(0, classes, k)),
         "varies, at most 29"),
        (PICKED, spoil, "anywhere"),
        (PICKED, shifting(evenly, front=True), "at the front"),
        (PICKED, own_chance(spoil, 1), "always the same"),
        (PICKED, shifting(lambda *_: 0), "nowhere"),
        (NEW, spoil, "all others"),
        (NEW, shifting(lambda *_: 1), "the next class"),
        (NEW, shifting(lambda *_: 3), "one class"),
        (NEW, shifting(lambda classes, k, rng: rng.integers(0, classes, k)), "its own class too"),
        (NEW, shifting(lambda classes, k, rng: rng.integers(1, classes - 1, k)),
         "8 of the 9 others"),
        (NEW, shifting(lambda classes, k, rng: np.maximum(rng.integers(0, classes, k), 1)),
         "not all others alike"),
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
        (T_AND_SD, lambda a, b: {**summary(a, b), "t": -summary(a, b)["t"]}, "right"),
        (T_AND_SD, lambda a, b: wrong_t(a, b, 1.0), "no root of n"),
        (T_AND_SD, lambda a, b: wrong_t(a, b, len(a)), "n for its root"),
        (T_AND_SD, lambda a, b: wrong_t(a, b, len(a) ** 0.5), "follows sd"),
        (SUMMED, summary, "ten digits"),
        (SUMMED, lambda a, b: epsilon(a, b, 1e-12), "ten digits"),
        (SUMMED, lambda a, b: epsilon(a, b, 1e-8), "t about right"),
        (SUMMED, lambda a, b: {key: np.float32(value) for key, value in summary(a, b).items()},
         "mean and sd and t about right"),
        (SUMMED, lambda a, b: wrong_t(a, b, 1.0), "off"),
        (EXAMPLES, ablate(), "all examples alike"),
        (EXAMPLES, per_example, "each example by itself"),
        (EXAMPLES, lambda *_: [0.5], "all examples alike"),
        (PICKED, lambda y, *_: np.zeros_like(y), "nearly everywhere"),
        (UNITS, ablate(count=lambda n: 0, scale=lambda f: 1.0), "none"),
        (SAYS, biases_speak, "its bias"),
        (SAYS, ablate(), "nothing"),
        (SAYS, per_example, "nothing"),
        (LAYERS, biases_speak, "both"),
        (NOTHING, ablate(), "whole"),
        (TIMES, ablate(), "1 / (1 - f)"),
        (TIMES, ablate(scale=lambda f: 1.0), "1"),
        (TIMES, ablate(scale=lambda f: 1 - f), "1 - f"),
        (TIMES, ablate(scale=lambda f: 5 / (5 - round(5 * f))), "H / units left"),
        (TIMES, ablate(scale=lambda f: 1.0, coin=True), "1"),
        (TIMES, lambda *_: [0.123], "unclear"),
        (COUNT, ablate(), "rounded"),
        (COUNT, ablate(count=int), "rounded down"),
        (COUNT, ablate(count=int, scale=lambda f: 1.0), "rounded down"),
        (COUNT, ablate(count=lambda n: 3), "the others"),
        (COUNT, ablate(count=lambda n: 0, scale=lambda f: 1.0), "none"),
        (COUNT, ablate(count=lambda n: 5), "nearly all"),
        (COUNT, ablate(coin=True), "varies"),
        (COUNT, per_example, "unclear"),
        (LAYERS, ablate(), "both"),
        (LAYERS, ablate(layers=(1,)), "the first"),
        (LAYERS, last_only, "the last"),
        (COUNT, last_only, "rounded"),
        (LAYERS, ablate(coin=True), "unclear"),
        (LAYERS, lambda *_: [0.123], "unclear"),
        (UNITS, ablate(), "others each time"),
        (UNITS, ablate(front=True), "always the first"),
        (UNITS, ablate(front=True, scale=lambda f: 1.0), "always the first"),
        (UNITS, own_chance(ablate(), 1), "always the same"),
        (COUNT, own_chance(ablate(coin=True), 1), "varies"),
        (COUNT, own_chance(ablate(), 1), "rounded"),
        (REPEATS, ablate(sum_up=sum, scale=lambda f: 1.0), "their sum"),
        (FORM, summary, "a number"),
        (FORM, lambda a, b: {**summary(a, b), "wins": summary(a, b)["wins"] / len(a)}, "a share"),
        (DRAWS, summary, "not counted"),
        (DRAWS, lambda a, b: {**summary(a, b), "wins": int((np.array(a) >= np.array(b)).sum())},
         "counted"),
        (DRAWS, lambda a, b: {**summary(a, b), "wins": (np.array(b) >= np.array(a)).mean()},
         "counted"),
        (DRAWS, lambda a, b: {**summary(a, b), "wins": int((np.array(a) != np.array(b)).sum())},
         "not counted"),
        (DRAWS, lambda a, b: {**summary(a, b), "wins": 2.5}, "unclear"),
        (REPEATS, ablate(), "their mean"),
        (REPEATS, ablate(frozen=True), "the same units twice"),
        (REPEATS, ablate(sum_up=max), "what the best one gives"),
        (REPEATS, ablate(sum_up=lambda found: found[-1]), "what one of them gives"),
        (REPEATS, ablate(sum_up=sum), "their sum"),
        (REPEATS, ablate(sum_up=lambda found: np.mean(found) - 0.0003 * (len(found) > 1)),
         "something else"),
        (REPEATS, ablate(front=True), "not seen, for all deletions are alike"),
        (PARAMS, ablate(spoil=True), "overwritten"),
        (DELETED_BY, own_chance(ablate(), 1), "frozen"),
        (INPUT, thin, "kept"),
        (INPUT, thin_in_place, "the output"),
        (SURVIVORS, thin, "1/(1-p)"),
        (SURVIVORS, lambda x, p, rng: x * (rng.random(x.shape) >= p), "1"),
        (SURVIVORS, lambda x, p, rng: x * rng.random(x.shape), "varies"),
        (DIGITS, thin, "double"),
        (DIGITS, lambda x, p, rng: thin(x, p, rng) * (1 - p) / (1 - p + 1e-8), "about"),
        (DIGITS, lambda x, p, rng: thin(x, p, rng) * (1 - p) / (1 - p + 1e-6), "about"),
        (DIGITS, lambda x, p, rng: x * (rng.random(x.shape) >= p), "double"),
        (DIGITS, lambda x, p, rng: 0 * x, "unclear"),
        (REPEATS, ablate(percent=True), "their mean"),
        (NOTHING, ablate(percent=True), "a percentage"),
        (COUNT, ablate(percent=True), "rounded"),
        (DROPS, thin, "p"),
    ],
)
def test_a_fact_finds_its_word(probe: Any, function: Function, word: str) -> None:
    assert probe.look(Exam(NAME, student({NAME: function}), probe.name)) == word
