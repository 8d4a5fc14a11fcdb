"""Verbs about the tools of an experiment: spoiling labels, summing up pairs, deleting units.

What was deleted from a network is read off the accuracy: for a small network the accuracies that any choice of units can give are
enumerated here, so every correct way of drawing and of rescaling passes, and nothing depends on a tolerance.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations, product
from typing import Any

import numpy as np

from autograder.chance import acceptance
from autograder.checks.behaviour import compare, demand_value_error
from autograder.checks.inputs import Array, normal
from autograder.checks.inputs import scale as factor_named
from autograder.checks.randomness import _expect
from autograder.checks.training import Params, accuracy, labels
from autograder.checks.verb import verb
from autograder.exam import Exam, Wrong, an, array, number
from autograder.model import Answer, Call, Given, Seed


def manners(exam: Exam, calls: tuple[Call, Call, Call], what: str) -> None:
    """Refuse a function whose result does not follow from its generator. The calls: a seed, the same again, and another; all watched."""
    answers = exam.returned(*calls)
    if any(answer.facts is not None and answer.facts.global_rng_moved for answer in answers):
        raise Wrong("the function drew from (or seeded) the global generator", "random numbers from rng only")
    one, again, other = (array(answer.value, what) for answer in answers)
    if not np.array_equal(one, again):
        raise Wrong(f"two generators with the same seed gave different {what}", "the same")
    if np.array_equal(one, other):
        raise Wrong(f"two generators with different seeds gave the same {what}", "others")


def unchanged(answer: Answer, place: int, before: Any) -> bool:
    """Is this argument of a watched call as it was?"""
    if answer.facts is None or len(answer.facts.arguments) <= place:
        return False
    after = answer.facts.arguments[place]
    if isinstance(before, dict):
        return isinstance(after, dict) and after.keys() == before.keys() and all(np.array_equal(after[k], before[k]) for k in before)
    return isinstance(after, np.ndarray) and np.array_equal(after, before)


# ----------------------------------------------------------------------------------------------------------------------- wrong labels
def spoiling(exam: Exam, y: Given, fraction: float, classes: int, seed: int = 0, watch: bool = False) -> Call:
    """y2 = noisy_labels(y, fraction, classes, rng)"""
    return Call(exam.function, (y, fraction, classes, Seed(exam.seed(seed))), returns=("y2",), watch=watch)


def whole(value: Any, count: int) -> Array:
    """The returned labels; Wrong when they are no whole numbers or not one for each example."""
    y2 = array(value, "y2", (count,))
    if y2.dtype.kind not in "iu":
        raise Wrong(f"y2.dtype = {y2.dtype.name}", "whole numbers")
    return y2.astype(np.int64)


@verb()
def moves_exactly(exam: Exam, *, fraction: float, count: int, classes: int = 10) -> None:
    """moves exactly round(fraction * N) labels, each to another class"""
    y = labels(count, classes, exam.seed(1))
    for value in exam.ask(*(spoiling(exam, y, fraction, classes, k) for k in range(3))):
        changed = int((whole(value, count) != y.value).sum())
        if changed != round(fraction * count):
            raise Wrong(f"{changed} of {count} labels differ from y", f"{round(fraction * count)}")


@verb(chances=4)
def reaches_all_wrong_classes(exam: Exam, *, classes: int = 10, count: int = 2000) -> None:
    """moves a label to each of the wrong classes alike, and nowhere else"""
    own = classes // 2 - 1
    y = Given(f"np.full({count}, {own})", np.full(count, own))
    (value,) = exam.ask(spoiling(exam, y, 1.0, classes))
    y2 = whole(value, count)
    if y2.min() < 0 or y2.max() >= classes:
        raise Wrong(f"y2 holds {y2.min() if y2.min() < 0 else y2.max()}", f"classes from 0 to {classes - 1}")
    if (y2 == own).any():
        raise Wrong(f"{int((y2 == own).sum())} labels that should move stayed", "0")
    for what, events, share in (
        ("class 0", y2 == 0, 1), ("the next class", y2 == own + 1, 1), ("the last class", y2 == classes - 1, 1),
        ("a lower class", y2 < own, own),
    ):
        _expect(f"share of labels moved to {what}", int(events.sum()), count, share / (classes - 1))


@verb()
def picks_labels_at_random(exam: Exam, *, fraction: float = 0.25, count: int = 9000, classes: int = 10) -> None:
    """picks the labels it moves at random, from all places"""
    y = labels(count, classes, exam.seed(1))
    (value,) = exam.ask(spoiling(exam, y, fraction, classes))
    places = np.flatnonzero(whole(value, count) != y.value)
    if not len(places):
        raise Wrong("no label was moved", f"{round(fraction * count)} of {count}")
    # 2250 draws without replacement: a quarter holds less than .15 or more than .35 of them once in e^45 (Hoeffding 1963)
    for k, share in enumerate(np.bincount(places * 4 // count, minlength=4) / len(places)):
        if not 0.15 < share < 0.35:
            raise Wrong(f"of the moved labels {share:.0%} lie in quarter {k + 1} of y", "about 25%")


@verb()
def keeps_its_labels(exam: Exam, *, fraction: float = 0.3) -> None:
    """does not modify y"""
    y = labels(50, 10, exam.seed(1))
    (answer,) = exam.returned(spoiling(exam, y, fraction, 10, watch=True))
    if not unchanged(answer, 0, y.value):
        raise Wrong("y was changed by the call", "y as it was")


@verb()
def spoils_by_the_generator(exam: Exam, *, fraction: float = 0.3) -> None:
    """draws from the rng it is given: the same seed gives the same labels"""
    y = labels(200, 10, exam.seed(1))
    one, two, three = (spoiling(exam, y, fraction, 10, k, watch=True) for k in (0, 0, 3))
    manners(exam, (one, two, three), "labels")


@verb()
def refuses_the_fraction(exam: Exam, *, fraction: float) -> None:
    """raises ValueError when fraction = {fraction}"""
    expect_value_error(exam, spoiling(exam, labels(20, 10, exam.seed(1)), fraction, 10))


def expect_value_error(exam: Exam, call: Call) -> None:
    """Refuse whatever is not a ValueError."""
    (answer,) = exam.answers(call)
    demand_value_error(call, answer)


# ---------------------------------------------------------------------------------------------------------------------------- summaries
def entry(value: Any, key: str) -> Any:
    """An entry of a returned dict."""
    if not isinstance(value, dict):
        raise Wrong(f"the function returned {an(value)}", f'a dict with "{key}"')
    if key not in value:
        raise Wrong(f'the dict has no "{key}"', f'"{key}"')
    return value[key]


@verb()
def sums_up(exam: Exam, *, given: tuple[list[float], list[float]], wanted: float, key: str, form: str = "arrays") -> None:
    """gets {key} right in a case you can do by hand, given as {form}"""
    arguments = tuple(Given(f"np.array({a})", np.array(a)) for a in given) if form == "arrays" else given
    (value,) = exam.ask(Call(exam.function, arguments))
    compare(array(entry(value, key), f'["{key}"]', ()), np.array(wanted), f'["{key}"]', 1e-12)


@verb(with_reference=True)
def sums_up_like_the_solution(exam: Exam, reference: Exam, *, count: int, key: str) -> None:
    """gets {key} right"""
    a, b = (normal((count,), exam.seed(k)) for k in (1, 2))
    call = Call(exam.function, (a, b))
    (value,), (wanted,) = exam.ask(call), reference.ask(call)
    compare(array(entry(value, key), f'["{key}"]', ()), np.asarray(entry(wanted, key)), f'["{key}"]', 1e-9)


@verb()
def refuses_what_is_not_paired(exam: Exam) -> None:
    """raises ValueError when a and b differ in length, or hold fewer than two results"""
    for a, b in (([1.0, 2.0, 3.0], [1.0, 2.0]), ([1.0], [2.0])):
        expect_value_error(exam, Call(exam.function, tuple(Given(f"np.array({v})", np.array(v)) for v in (a, b))))


# ----------------------------------------------------------------------------------------------------------------------- deleting units
EXAMPLES = 1001
ONE_LAYER, TWO_LAYERS = (6, 5, 4), (6, 5, 5, 3)
DELETED, ODD = 0.4, 0.35  # of 5 units 2, and round(1.75) = 2


class Patient:
    """A small random network with examples, and the accuracies that deleting units can give."""

    def __init__(self, sizes: tuple[int, ...], seed: int) -> None:
        self.sizes = sizes
        rng = np.random.default_rng(seed)
        self.params: Params = {}
        for k in range(1, len(sizes)):
            self.params[f"W{k}"] = rng.normal(size=(sizes[k - 1], sizes[k]))
            self.params[f"b{k}"] = rng.normal(size=sizes[k])
        self.X = rng.normal(size=(EXAMPLES, sizes[0]))
        self.y = self.after(())[1].argmax(axis=1)  # what the whole network says ...
        lie = rng.random(EXAMPLES) < 0.2
        self.y[lie] = rng.integers(0, sizes[-1], int(lie.sum()))  # ... but for a few, so that its accuracy is below 1
        self.whole = accuracy(self.params, self.X, self.y)

    def call(self, exam: Exam, fractions: list[float], repeats: int, seed: int, watch: bool = False) -> Call:
        """ablation_curve(params, X, y, fractions, rng, repeats)"""
        copies = {name: entry.copy() for name, entry in self.params.items()}  # a careless answer must not spoil the next question
        given = (Given("params", copies), Given("X", self.X), Given("y", self.y))
        return Call(exam.function, (*given, fractions, Seed(exam.seed(seed)), repeats), returns=("curve",), watch=watch)

    def after(self, layers: tuple[tuple[tuple[int, ...], float], ...]) -> tuple[float, Array]:
        """Accuracy and scores with the units of each hidden layer deleted that are listed, the others multiplied by a factor."""
        h, last = self.X, len(self.sizes) - 1
        for k in range(1, last):
            h = np.maximum(h @ self.params[f"W{k}"] + self.params[f"b{k}"], 0)
            if layers:
                gone, factor = layers[k - 1]
                multiplier = np.full(self.sizes[k], factor)
                multiplier[list(gone)] = 0
                h = h * multiplier
        s = np.asarray(h @ self.params[f"W{last}"] + self.params[f"b{last}"])
        return (float((s.argmax(axis=1) == self.y).mean()) if layers else 0.0), s

    def speaking(self, counts: tuple[int, ...], factors: tuple[float, ...]) -> list[float]:
        """The accuracies when a unit loses its inputs, but not its bias: for every choice of so many units of each hidden layer."""
        kept, found = dict(self.params), []
        for gone in self.possible(counts, factors):
            for k, units in enumerate(gone, 1):
                self.params[f"W{k}"] = kept[f"W{k}"].copy()
                self.params[f"W{k}"][:, list(units)] = 0
            found.append(self.after(tuple(((), factor) for factor in factors))[0])
        self.params = kept
        return found

    def possible(self, counts: tuple[int, ...], factors: tuple[float, ...]) -> dict[tuple[tuple[int, ...], ...], float]:
        """Deleted units -> accuracy, for every choice of so many units of each hidden layer."""
        choices = [list(combinations(range(width), count)) for width, count in zip(self.sizes[1:-1], counts, strict=True)]
        return {gone: self.after(tuple(zip(gone, factors, strict=True)))[0] for gone in product(*choices)}


def patient(exam: Exam, sizes: tuple[int, ...]) -> Patient:
    """A network of these sizes that tells what was deleted: choices of units give different accuracies (with one layer, all of them)."""
    key = ("patient", sizes, exam.salt)
    if key not in exam.memo:
        tries = (Patient(sizes, exam.seed(k)) for k in range(1000))
        exam.memo[key] = next(found for found in tries if _tells(found))
    kept: Patient = exam.memo[key]
    return kept


def _tells(found: Patient) -> bool:
    values = np.sort([found.whole, *found.possible(asked(found.sizes, DELETED), scale(found.sizes, DELETED)).values()])
    gaps = np.diff(values) > 0.5 / EXAMPLES
    return bool(np.ptp(values) > 0.25 and gaps.mean() >= (1.0 if len(found.sizes) == len(ONE_LAYER) else 0.75))


def asked(sizes: tuple[int, ...], fraction: float) -> tuple[int, ...]:
    """How many units of each hidden layer are to be deleted."""
    return tuple(round(fraction * width) for width in sizes[1:-1])


def scale(sizes: tuple[int, ...], fraction: float) -> tuple[float, ...]:
    """The factor on the survivors of each hidden layer."""
    return (1 / (1 - fraction),) * (len(sizes) - 2)


def curve(value: Any, count: int) -> Array:
    """The returned accuracies, one for each fraction."""
    found = array(value, "curve", (count,)).astype(float)
    if not np.isfinite(found).all():
        raise Wrong(f"curve holds {number(found[~np.isfinite(found)][0])}", "accuracies")
    return found


def near(value: float, values: Any) -> bool:
    """Is this accuracy one of these? One example more or less is another accuracy."""
    return bool(np.abs(np.asarray(list(values)) - value).min() < 0.1 / EXAMPLES)


def single(exam: Exam, sick: Patient, count: int, fraction: float = DELETED) -> list[float]:
    """The accuracies of `count` single deletions."""
    key = ("single", sick.sizes, fraction, count, exam.salt)
    if key not in exam.memo:
        calls = [sick.call(exam, [fraction], 1, k) for k in range(count)]
        exam.memo[key] = [float(curve(value, 1)[0]) for value in exam.ask(*calls)], calls[0]
    found, first = exam.memo[key]
    exam.last = (first,)
    return list(found)


@verb()
def starts_at_the_whole_network(exam: Exam) -> None:
    """gives the accuracy of the whole network where nothing is deleted"""
    sick = patient(exam, TWO_LAYERS)
    (value,) = exam.ask(sick.call(exam, [0.0], 2, 0))
    compare(curve(value, 1), np.array([sick.whole]), "curve", 1e-9)


@verb()
def deletes_units(exam: Exam, *, fraction: float = DELETED, two_layers: bool = True) -> None:
    """deletes round(fraction * H) units of each hidden layer and multiplies the others by 1 / (1 - fraction)"""
    sizes = TWO_LAYERS if two_layers else ONE_LAYER
    sick = patient(exam, sizes)
    possible = sick.possible(asked(sizes, fraction), scale(sizes, fraction)).values()
    for value in single(exam, sick, 12, fraction):
        if not near(value, possible):
            hint = " (that of the whole network)" if near(value, [sick.whole]) else ""
            count = " and ".join(map(str, asked(sizes, fraction)))
            closest = min(possible, key=lambda other: abs(other - value))
            wanted = f"an accuracy that deleting {count} units can give; the nearest is {closest:.4f}"
            raise Wrong(f"accuracy after one deletion = {value:.4f}{hint}", wanted)


@verb(chances=2)
def deletes_any_unit(exam: Exam, *, calls: int = 100) -> None:
    """deletes units at random, each as often as any other"""
    sick = patient(exam, ONE_LAYER)
    possible = sick.possible(asked(ONE_LAYER, DELETED), scale(ONE_LAYER, DELETED))
    deleted = [gone[0] for gone in _decoded(single(exam, sick, calls), possible)]
    low, high = acceptance(calls, 2 / 5)
    for unit, name in ((0, "first"), (ONE_LAYER[1] - 1, "last")):
        count = sum(unit in gone for gone in deleted)
        if not low <= count <= high:
            raise Wrong(f"the {name} of 5 units was deleted {count} times in {calls}", f"{low} to {high} times")


def _decoded(values: list[float], possible: dict[tuple[tuple[int, ...], ...], float]) -> Iterator[tuple[tuple[int, ...], ...]]:
    for value in values:
        gone = min(possible, key=lambda choice: abs(possible[choice] - value))
        if abs(possible[gone] - value) > 0.1 / EXAMPLES:
            raise Wrong(f"accuracy after one deletion = {value:.4f}", "an accuracy that deleting 2 of 5 units can give")
        yield gone


@verb()
def averages_over_repeats(exam: Exam, *, repeats: int = 2) -> None:
    """gives the mean over the repeats, with other units deleted in each"""
    sick = patient(exam, ONE_LAYER)
    possible = np.array(list(sick.possible(asked(ONE_LAYER, DELETED), scale(ONE_LAYER, DELETED)).values()))
    means = means_of(possible, repeats)
    values = [float(curve(v, 1)[0]) for v in exam.ask(*(sick.call(exam, [DELETED], repeats, 200 + k) for k in range(24)))]
    for value in values:
        if not np.abs(means - value).min() < 0.1 / EXAMPLES:
            raise Wrong(f"curve = {value:.4f} for {repeats} repeats", "the mean of accuracies that deleting 2 of 5 units can give")
    # the same units in every repeat: at most once in ten calls; in all 24 once in 10^24
    if all(near(value, possible) for value in values):
        raise Wrong(f"{repeats} repeats always gave what one can give", "the mean of several deletions")


def means_of(values: Array, repeats: int) -> Array:
    """Every mean that so many draws of these values can have."""
    sums = np.zeros(1)
    for _ in range(repeats):
        sums = np.unique(np.add.outer(sums, values).round(9))
    return np.asarray(sums / repeats)


@verb()
def answers_in_order(exam: Exam) -> None:
    """returns one accuracy for each fraction, in the order of the fractions"""
    sick = patient(exam, ONE_LAYER)
    possible = sick.possible(asked(ONE_LAYER, DELETED), scale(ONE_LAYER, DELETED)).values()
    (value,) = exam.ask(sick.call(exam, [DELETED, 0.0, DELETED], 1, 300))
    found = curve(value, 3)
    compare(found[1], np.array(sick.whole), "curve[1]", 1e-9)
    for k in (0, 2):
        if not near(float(found[k]), possible):
            raise Wrong(f"curve[{k}] = {found[k]:.4f}", "an accuracy that deleting 2 of 5 units can give")


@verb()
def keeps_the_network(exam: Exam) -> None:
    """does not modify params, X and y"""
    sick = patient(exam, TWO_LAYERS)
    (answer,) = exam.returned(sick.call(exam, [DELETED, 0.6], 2, 0, watch=True))
    for place, (name, before) in enumerate((("params", sick.params), ("X", sick.X), ("y", sick.y))):
        if not unchanged(answer, place, before):
            raise Wrong(f"{name} was changed by the call", f"{name} as it was")


@verb()
def deletes_by_the_generator(exam: Exam) -> None:
    """draws from the rng it is given: the same seed gives the same curve"""
    sick = patient(exam, TWO_LAYERS)
    fractions = [0.2, 0.4, 0.6, 0.8, 0.4, 0.6]  # so many that two seeds do not agree by chance
    one, two, three = (sick.call(exam, fractions * 3, 3, k, watch=True) for k in (400, 400, 401))
    manners(exam, (one, two, three), "curve")


# ------------------------------------------------------------------------------------------------------------------------------ layers
@verb()
def multiplies_what_it_keeps(exam: Exam, *, p: float, by: str = "1/(1-p)", shape: tuple[int, ...] = (31, 47)) -> None:
    """multiplies every input that it keeps by {by}"""
    x = normal(shape, exam.seed(1))
    (value,) = exam.ask(Call(exam.function, (x, p, Seed(exam.seed())), returns=("out",)))
    out = array(value, "out", shape)
    kept = out != 0
    if kept.all() or not kept.any():
        raise Wrong(f"{int(kept.sum())} of {kept.size} inputs were kept", f"about {1 - p:g} of them")
    ratio = np.asarray(out[kept] / x.value[kept])
    compare(ratio, np.full_like(ratio, factor_named(by, p)), "(out / x)[kept]", 1e-6)
