"""Networks whose units are deleted: accuracies tell which ones, and the factor on the others."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import combinations, product
from typing import Any

import numpy as np

from autograder.asking import Exam, Wrong, array, number, shared, stable_seed
from autograder.checks_api.inputs import Array
from autograder.checks_api.views import View
from autograder.dropout.generalization.slopes import Params, accuracy
from autograder.model import Call, Given, Seed

__all__ = ["ablated"]

EXAMPLES, HIDDEN_EXAMPLES = 1001, 983
ONE_LAYER, TWO_LAYERS = (6, 5, 4), (6, 5, 5, 3)
DELETED, ODD = 0.4, 0.35  # of 5 units 2, and round(1.75) = 2
RESCALED = "1 / (1 - f)"
# what the survivors may be multiplied by, of the fraction f and of H units of which some are left;
# the right factor first
FACTORS: dict[str, Callable[[float, int, int], float]] = {
    RESCALED: lambda f, units, left: 1 / (1 - f),
    "1": lambda f, units, left: 1.0,
    "1 - f": lambda f, units, left: 1 - f,
    "1 / f": lambda f, units, left: 1 / f,
    "H / units left": lambda f, units, left: units / max(left, 1),
}
MADE = """rng, sizes = np.random.default_rng({seed}), {sizes}
params = {{}}
for k in range(1, len(sizes)):
    params[f"W{{k}}"] = rng.normal(size=(sizes[k - 1], sizes[k]))
    params[f"b{{k}}"] = rng.normal(size=sizes[k])
X = h = rng.normal(size=({examples}, sizes[0]))
for k in range(1, len(sizes)):
    h = (np.maximum(h, 0) if k > 1 else h) @ params[f"W{{k}}"] + params[f"b{{k}}"]
y = h.argmax(axis=1)
lie = rng.random(len(y)) < 0.2
y[lie] = rng.integers(0, sizes[-1], lie.sum())"""  # a student pastes it to see the same network
SHOWN = {1.0: "curve[0]", 100.0: "curve[0] / 100"}
Gone = tuple[tuple[int, ...], ...]  # the deleted units of each hidden layer


class Patient:
    """A small random network with examples, and the accuracies that deleting units can give."""

    def __init__(self, sizes: tuple[int, ...], seed: int, examples: int = EXAMPLES) -> None:
        self.sizes, self.text = sizes, MADE.format(seed=seed, sizes=sizes, examples=examples)
        made: dict[str, Any] = {"np": np}
        exec(self.text, made)
        self.params: Params = made["params"]
        self.X, self.y = made["X"], made["y"]
        self.whole = accuracy(self.params, self.X, self.y)

    def call(self, exam: Exam, fractions: list[float], repeats: int, seed: int) -> Call:
        """ablation_curve(params, X, y, fractions, rng, repeats)"""
        # a careless answer must not spoil the next question
        copies = {name: entry.copy() for name, entry in self.params.items()}
        given = (Given("params", copies, self.text), Given("X", self.X), Given("y", self.y))
        return Call(exam.function, (*given, fractions, Seed(exam.seed(seed)), repeats),
                    returns=("curve",))

    def after(self, gone: Gone, factors: tuple[float, ...], speak: bool) -> float:
        """Accuracy with these units of each hidden layer deleted, others scaled.

        With `speak` a unit loses its inputs, but not its bias.
        """
        h, last = self.X, len(self.sizes) - 1
        for k, (units, factor) in enumerate(zip(map(list, gone), factors, strict=True), 1):
            bias = self.params[f"b{k}"]
            h = np.maximum(h @ self.params[f"W{k}"] + bias, 0)
            h[:, units] = np.maximum(bias[units], 0) if speak else 0
            h = h * factor
        s = h @ self.params[f"W{last}"] + self.params[f"b{last}"]
        return float((s.argmax(axis=1) == self.y).mean())

    @lru_cache(maxsize=256)  # noqa: B019  the networks themselves are few, and kept
    def possible(self, counts: tuple[int, ...], factors: tuple[float, ...],
                 speak: bool = False) -> dict[Gone, float]:
        """Deleted units -> accuracy, for every choice of so many units of each hidden layer."""
        choices = [list(combinations(range(width), count))
                   for width, count in zip(self.sizes[1:-1], counts, strict=True)]
        return {gone: self.after(gone, factors, speak) for gone in product(*choices)}

    def twins(self, counts: tuple[int, ...], factors: tuple[float, ...],
              found: list[float]) -> bool:
        """Do the same units of all hidden layers, deleted each time, explain these accuracies?"""
        possible = self.possible(counts, factors).items()
        alike = [accuracy for (first, *others), accuracy in possible
                 if all(gone == first for gone in others)]
        return bool(alike) and all(near(value, alike) for value in found)


def patient(exam: Exam, sizes: tuple[int, ...]) -> Patient:
    """A network of these sizes whose accuracies tell deleted units (of one layer, all choices)."""
    key = ("patient", sizes, exam.salt)
    if key not in exam.memo:
        exam.memo[key] = _found(sizes, exam.seed_text, HIDDEN_EXAMPLES if exam.salt else EXAMPLES)
    kept: Patient = exam.memo[key]
    return kept


# the seeds of public checks are fixed, so a class of hand-ins meets the same networks again and
# again
@lru_cache(maxsize=64)
def _found(sizes: tuple[int, ...], seed_text: str, examples: int) -> Patient:
    tries = (Patient(sizes, stable_seed(f"{seed_text}/{k}"), examples) for k in range(1000))
    return next(found for found in tries if _tells(found))


def _tells(found: Patient) -> bool:
    values = np.sort([found.whole, *found.possible(asked(found.sizes, DELETED),
                                                   scale(found.sizes, DELETED)).values()])
    gaps = np.diff(values) > 0.5 / EXAMPLES
    return bool(np.ptp(values) > 0.25
                and gaps.mean() >= (1.0 if len(found.sizes) == len(ONE_LAYER) else 0.75))


def asked(sizes: tuple[int, ...], fraction: float) -> tuple[int, ...]:
    """How many units of each hidden layer are to be deleted."""
    return tuple(round(fraction * width) for width in sizes[1:-1])


def scale(sizes: tuple[int, ...], fraction: float, name: str = RESCALED) -> tuple[float, ...]:
    """The factor on the survivors of each hidden layer."""
    counts = asked(sizes, fraction)
    return tuple(FACTORS[name](fraction, units, units - count)
                 for units, count in zip(sizes[1:-1], counts, strict=True))


def curve(value: Any, count: int, whole: float = 1.0) -> Array:
    """The returned accuracies, one for each fraction, as shares of `whole`."""
    found = array(value, "curve", (count,)).astype(float)
    if not np.isfinite(found).all():
        raise Wrong(f"curve holds {number(found[~np.isfinite(found)][0])}", "accuracies")
    return found / whole


def near(value: float, values: Any) -> bool:
    """Is this accuracy one of these? One example more or less is another accuracy."""
    return bool(np.abs(np.asarray(list(values)) - value).min() < 0.1 / EXAMPLES)


def ablated() -> View:
    """The accuracies for so many fractions that two seeds do not agree by chance."""

    def call(exam: Exam, number: int) -> Call:
        fractions = [0.2, 0.4, 0.6, 0.8, 0.4, 0.6] * 3
        return patient(exam, TWO_LAYERS).call(exam, fractions, 3, 400 + number)

    return View(call, lambda value: array(value, "curve"), "curves")


def curves(exam: Exam, calls: list[Call], count: int) -> list[Array]:
    """What the calls give, as shares; percentages, told by another verb, are read as such."""
    whole = unit_of(exam)
    return [curve(value, count, whole) for value in exam.ask(*calls)]


@shared
def unit_of(exam: Exam) -> float:
    """In what accuracies are given: as shares of 1, or of 100."""
    (value,) = exam.ask(patient(exam, TWO_LAYERS).call(exam, [0.0], 1, 0))
    return 100.0 if curve(value, 1)[0] > 1 else 1.0


@shared
def single(exam: Exam, sick: Patient, count: int, fraction: float = DELETED) -> list[float]:
    """The accuracies of `count` single deletions."""
    found = curves(exam, [sick.call(exam, [fraction], 1, k) for k in range(count)], 1)
    show_deletion(exam, sick, 0, fraction)
    return [float(values[0]) for values in found]


def show_deletion(exam: Exam, sick: Patient, k: int, fraction: float) -> None:
    """The accuracy after the k-th of the single deletions."""
    exam.last = (sick.call(exam, [fraction], 1, k),)
    exam.show(SHOWN[unit_of(exam)])


@dataclass(frozen=True)
class Habit:
    """How a function deletes units of a layer: the factor on others, accuracies of each choice."""

    fraction: float
    factor: str
    speak: bool
    possible: dict[Gone, float]

    def number(self, values: list[float]) -> int | None:
        """How many units are gone each time, if the asked number explains it; None if varying."""
        usual, units = asked(ONE_LAYER, self.fraction)[0], ONE_LAYER[1]
        counts = sorted(range(units + 1), key=lambda count: count != usual)
        return next((n for n in counts
                     if all(near(value, self.of(n).values()) for value in values)), None)

    def of(self, number: int | None) -> dict[Gone, float]:
        """The choices of so many units; of any number, for None."""
        return {gone: accuracy
                for gone, accuracy in self.possible.items() if number in (None, len(gone[0]))}

    def units(self, value: float, number: int | None) -> tuple[int, ...]:
        """The units whose deletion gives this accuracy."""
        choices = self.of(number)
        return min(choices, key=lambda choice: abs(choices[choice] - value))[0]


def habit(exam: Exam, fraction: float = DELETED, calls: int = 12) -> Habit:
    """What explains so many single deletions; Wrong when no deleting of whole units does.

    The checks of a property read the others by this: who forgets the factor is told so once, and
    not that the number is wrong too.
    """
    sick = patient(exam, ONE_LAYER)
    habits = _habits(sick, fraction)
    for found in (deletions(exam, calls, fraction), single(exam, sick, calls, fraction)):
        known = [h for h in habits if all(near(value, h.possible.values()) for value in found)]
        if known:
            usual = asked(ONE_LAYER, fraction)[0]
            return next((h for h in known if h.number(found) == usual), known[0])
    odd = next(value for value in found if not near(value, habits[0].possible.values()))
    show_deletion(exam, sick, found.index(odd), fraction)
    raise Wrong(f"accuracy after one deletion = {odd:.4f}",
                f"an accuracy that deleting some of {ONE_LAYER[1]} units can give")


@shared
def deletions(exam: Exam, calls: int = 12, fraction: float = DELETED) -> list[float]:
    """So many single deletions: from as many calls, or from one that gives them all alike."""
    sick = patient(exam, ONE_LAYER)
    found = single(exam, sick, calls, fraction)
    if np.ptp(found) > 0:
        return found
    (values,) = curves(exam, [sick.call(exam, [fraction] * calls, 1, 0)], calls)
    return [float(value) for value in values]


@lru_cache(maxsize=64)
def _habits(sick: Patient, fraction: float) -> list[Habit]:
    units, known = sick.sizes[1], [(name, False) for name in FACTORS] + [(RESCALED, True)]
    return [
        Habit(fraction, name, speak, {
            gone: accuracy
            for count in range(units + 1)
            for gone, accuracy in sick.possible(
                (count,), (FACTORS[name](fraction, units, units - count),), speak).items()
        })
        for name, speak in known
    ]


def same_example(exam: Exam) -> list[float]:
    """Accuracies on copies of one example: 0 or 1, when all examples lose the same units."""
    sick, calls = patient(exam, TWO_LAYERS), []
    for k in range(6):
        call = sick.call(exam, [0.5], 1, k)
        first = f"X, y = np.repeat(X[{k}:{k + 1}], 200, axis=0), np.repeat(y[{k}:{k + 1}], 200)"
        same = (Given("X", np.repeat(sick.X[k : k + 1], 200, axis=0), first),
                Given("y", np.repeat(sick.y[k : k + 1], 200)))
        calls.append(replace(call, args=(call.args[0], *same, *call.args[3:])))
    return [float(found[0]) for found in curves(exam, calls, 1)]
