"""Verbs about predictions from many stochastic passes: the passes, what is computed from them, and a layer that makes them.

A network is handed over as code whose scores carry what it drew, so that the draws can be read off the probabilities: nothing here
compares with particular random numbers, and every way of using the generator is as good as another.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np

from autograder.chance import cdf, smallest_error
from autograder.checks.behaviour import compare, demand_no_warning, item
from autograder.checks.inputs import Array, normal
from autograder.checks.randomness import _agree, _equal_counts, _expect, _middle
from autograder.checks.theory import question
from autograder.checks.verb import verb
from autograder.exam import Exam, Wrong, array, number, pair, stable_seed
from autograder.model import Call, Code, Given, Seed

NOISY = Code(
    "noisy_scores",
    "def noisy_scores(x, rng):\n"
    "    u = rng.random((len(x), 1))                           # what this pass draws\n"
    "    return np.hstack([0 * u, x[:, :1], 3 * u - 4])        # (N, 3)\n",
)
STEEP = Code("steep_scores", "def steep_scores(x, rng):\n    return 1000.0 * x\n")
NEAR = 1e-6  # of probabilities: the seven digits of float32 are enough for them
LEVELS = (-4.0, -1.0)  # where the third score of NOISY lies


def dirichlets(*shape: int, alpha: float, seed: int) -> Given:
    """In a list: probabilities that sum to 1 along the last axis; with a small alpha nearly all belongs to one class."""
    text = f"np.random.default_rng({seed}).dirichlet(np.full({shape[-1]}, {alpha}), size={shape[:-1]})"
    return Given(text, np.random.default_rng(seed).dirichlet(np.full(shape[-1], alpha), size=shape[:-1]))


def softmax(scores: Array) -> Array:
    """Along the last axis."""
    powers = np.exp(scores - scores.max(axis=-1, keepdims=True))
    return np.asarray(powers / powers.sum(axis=-1, keepdims=True))


# ------------------------------------------------------------------------------------------------------------- passes of a network
def pass_call(exam: Exam, passes: int, examples: int, seed: int = 0) -> Call:
    """`probs = f(noisy_scores, x, T, rng)`."""
    return Call(exam.function, (NOISY, normal((examples, 2), exam.seed(9)), passes, Seed(exam.seed(seed))), returns=("probs",))


def read_passes(exam: Exam, passes: int, examples: int) -> tuple[Array, Array]:
    """(probabilities (T, N, 3), x of the examples); Wrong unless they are finite, positive, and sum to 1."""
    call = pass_call(exam, passes, examples)
    (value,) = exam.ask(call)
    probs = array(value, "probs", (passes, examples, 3)).astype(float)
    odd = probs[~(np.isfinite(probs) & (probs > 0))]
    if odd.size:
        raise Wrong(f"probs holds {number(odd[0])}", "probabilities of finite scores: positive numbers")
    compare(probs.sum(axis=2), np.ones((passes, examples)), "probs.sum(axis=2)", NEAR)
    return probs, np.asarray(call.args[1].value[:, 0])


@verb()
def gives_probabilities_for_each_pass(exam: Exam, *, passes: int = 5, examples: int = 7) -> None:
    """returns an array (T, N, K) of probabilities that sum to 1 over the K classes"""
    read_passes(exam, passes, examples)


@verb()
def is_the_softmax_of_each_pass(exam: Exam, *, passes: int = 5, examples: int = 7) -> None:
    """is the softmax of what forward returned, for each pass and each example"""
    probs, x = read_passes(exam, passes, examples)
    compare(np.log(probs[:, :, 1] / probs[:, :, 0]), np.tile(x, (passes, 1)), "log(probs[:, :, 1] / probs[:, :, 0])", 10 * NEAR)
    third = np.log(probs[:, :, 2] / probs[:, :, 0])
    strange = third[(third < LEVELS[0] - 10 * NEAR) | (third > LEVELS[1] + 10 * NEAR)]
    if strange.size:
        raise Wrong(f"log(probs[:, :, 2] / probs[:, :, 0]) holds {number(strange[0])}", "the third score, between -4 and -1")


@verb()
def draws_anew_in_each_pass(exam: Exam, *, passes: int = 5, examples: int = 7) -> None:
    """makes passes that differ from each other"""
    probs, _ = read_passes(exam, passes, examples)
    for t in range(1, passes):
        same = [s for s in range(t) if np.array_equal(probs[s], probs[t])]
        if same:
            raise Wrong(f"pass {t} is the same as pass {same[0]}", "noise of its own in each pass")


@verb()
def hands_its_generator_on(exam: Exam, *, passes: int = 5, examples: int = 7) -> None:
    """hands rng on to forward: the same seed gives the same passes"""
    shape = (passes, examples, 3)
    calls = (pass_call(exam, passes, examples, seed) for seed in (0, 0, 1))
    first, again, other = (array(value, "probs", shape) for value in exam.ask(*calls))
    if not np.array_equal(first, again):
        raise Wrong("two generators with the same seed gave passes that differ", "no difference")
    if np.array_equal(first, other):
        raise Wrong("two generators with different seeds gave the same passes", "different passes")


@verb()
def stays_quiet(exam: Exam, *, case: str, given: tuple[Any, ...], names: tuple[str, ...]) -> None:
    """gives finite numbers and no warning for {case}"""
    (answer,) = exam.returned(question(exam, given, names, watch=True))
    for name in names:
        numbers = array(item(answer.value, names, name), name)
        if not np.isfinite(numbers).all():
            raise Wrong(f"{name} holds {number(numbers[~np.isfinite(numbers)][0])}", "finite numbers")
    demand_no_warning(answer)


# ------------------------------------------------------------------------------------ a softmax layer with dropout on its inputs
def layer_call(exam: Exam, x: Given, W: Given, p: float, passes: int, seed: Seed) -> Call:
    """`mean, std = f(x, W, p, T, rng)`."""
    return Call(exam.function, (x, W, p, passes, seed), returns=("mean", "std"))


def mean_and_std(value: Any, shape: tuple[int, int]) -> tuple[Array, Array]:
    """Both parts of an answer, each of shape (N, K)."""
    mean, std = pair(value, ("mean", "std"))
    return array(mean, "mean", shape).astype(float), array(std, "std", shape).astype(float)


def all_masks(units: int) -> Array:
    """The 2^n masks of n units, as numbers (2^n, n)."""
    return np.asarray((np.arange(2**units)[:, None] >> np.arange(units)) & 1, dtype=float)


def thinned(x: Array, W: Array, p: float) -> Array:
    """The probabilities of each example under each of its masks: (N, 2^D, K)."""
    return softmax((x[:, None, :] * all_masks(x.shape[1]) / (1 - p)) @ W)


@lru_cache(maxsize=32)
def _layer(examples: int, units: int, classes: int, seed: int) -> tuple[Given, Given]:
    return normal((examples, units), seed), normal((units, classes), seed + 1)


def _one_pass(exam: Exam, p: float, examples: int, units: int) -> Array:
    """Which units each example kept in a single pass (N, D); Wrong when no mask of its units explains its probabilities."""
    x, W = _layer(examples, units, 3, stable_seed(f"{exam.function}/layer/{examples}/{units}/{exam.salt}"))
    key = ("one pass", p, examples, units, exam.salt)
    call = layer_call(exam, x, W, p, 1, Seed(stable_seed(f"{exam.function}/pass/{p}/{exam.salt}")))
    if key not in exam.memo:
        exam.memo[key] = mean_and_std(exam.ask(call)[0], (examples, 3))[0]
    exam.last = (call,)
    away = np.abs(thinned(x.value, W.value, p) - exam.memo[key][:, None, :]).max(axis=2)  # (N, 2^D)
    found = away.argmin(axis=1)
    wrong = ~(away.min(axis=1) <= NEAR)
    if wrong.any():
        n = int(wrong.argmax())
        rest = f" ({int(wrong.sum())} of {examples} are not)"
        row = ", ".join(map(number, exam.memo[key][n]))
        raise Wrong(f"with T = 1, mean[{n}] = ({row})", f"softmax((x[{n}] * m / (1 - p)) @ W) for one of the {2**units} masks m{rest}")
    return np.asarray(all_masks(units)[found])


@verb()
def drops_inputs_of_the_layer(exam: Exam, *, p: float, examples: int = 60, units: int = 4) -> None:
    """drops units of x, not weights, divides the others by 1 - p, and takes the softmax"""
    kept = _one_pass(exam, p, examples, units)
    if kept.all() or not kept.any():
        raise Wrong(f"{int(kept.sum())} of {kept.size} units were kept", f"about {round((1 - p) * kept.size)}")


def _examples_seen(*, p: float, examples: int, units: int, **_: Any) -> str:
    return f"a share of dropped units that is off by {smallest_error(examples * units, p):.2g}"


@verb(chances=5, sees=_examples_seen)
def drops_for_each_example(exam: Exam, *, p: float, examples: int = 2000, units: int = 4) -> None:
    """drops each unit of each example by itself, with probability p"""
    kept = _one_pass(exam, p, examples, units)
    _expect("share of dropped units", int((kept == 0).sum()), kept.size, p)
    pairs = kept[: examples // 2 * 2, : units // 2 * 2]
    _agree(pairs, p, "rows")
    _agree(pairs.T, p, "columns")


@verb()
def throws_its_coins_by_the_generator(exam: Exam, *, p: float, passes: int = 3, examples: int = 40) -> None:
    """gives the same for the same seed, and something else for another"""
    x, W = _layer(examples, 3, 2, exam.seed(1))
    seeds = (Seed(exam.seed(k)) for k in (0, 0, 1))
    values = exam.ask(*(layer_call(exam, x, W, p, passes, seed) for seed in seeds))
    first, again, other = (mean_and_std(value, (examples, 2))[0] for value in values)
    if not np.array_equal(first, again):
        raise Wrong("two generators with the same seed gave other means", "the same")
    if np.array_equal(first, other):
        raise Wrong("two generators with different seeds gave the same mean", "different ones")


@verb()
def gives_over_the_passes(exam: Exam, *, p: float, name: str, passes: int = 2, examples: int = 40) -> None:
    """gives the {name} of the probabilities over the passes"""
    x, W = _layer(examples, 3, 2, exam.seed(1))
    (value,) = exam.ask(layer_call(exam, x, W, p, passes, Seed(exam.seed())))
    mean, std = mean_and_std(value, (examples, 2))
    table = thinned(x.value, W.value, p)  # (N, 8, 2)
    drawn = np.stack(np.meshgrid(*[np.arange(8)] * passes, indexing="ij"), axis=-1).reshape(-1, passes)  # every choice of masks
    every = table[:, drawn]  # (N, choices, T, 2)
    means, stds = every.mean(axis=2), every.std(axis=2)
    right = np.abs(means - mean[:, None]).max(axis=2) <= NEAR  # (N, choices)
    if name != "mean":
        right &= np.abs(stds - std[:, None]).max(axis=2) <= 1e-6  # the root of a variance that is 0 up to rounding
    wrong = ~right.any(axis=1)
    if wrong.any():
        n = int(wrong.argmax())
        got = number((mean if name == "mean" else std)[n, 0])
        raise Wrong(
            f"with T = {passes}, {name}[{n}, 0] = {got}",
            f"the {name} of {passes} of the 8 probabilities that its masks can give ({int(wrong.sum())} of {examples} are not)",
        )


def _passes_seen(*, p: float, passes: int, examples: int, **_: Any) -> str:
    return f"a share of dropped units that is off by {smallest_error(passes * examples, p):.2g}"


@verb(chances=3, sees=_passes_seen)
def drops_for_each_pass(exam: Exam, *, p: float, passes: int = 20, examples: int = 300) -> None:
    """draws new masks in each pass"""
    x = Given(f"np.linspace(1.0, 2.0, {examples})[:, None]", np.linspace(1.0, 2.0, examples)[:, None])
    W = Given("np.array([[1.0, -0.5]])", np.array([[1.0, -0.5]]))
    (value,) = exam.ask(layer_call(exam, x, W, p, passes, Seed(exam.seed())))
    mean, _ = mean_and_std(value, (examples, 2))
    dropped, kept = thinned(x.value, W.value, p)[:, :, 0].T  # the two values a single unit can give
    times = passes * (mean[:, 0] - dropped) / (kept - dropped)
    odd = ~(np.abs(times - np.round(times)) <= 1e-4) | ~((times > -0.5) & (times < passes + 0.5))
    if odd.any():
        raise Wrong(f"mean[{int(odd.argmax())}] is no average of {passes} passes in which its unit is kept or dropped", "such an average")
    counts = np.round(times).astype(int)
    _expect("share of passes in which a unit is dropped", int((passes - counts).sum()), passes * examples, p)
    equal = int((counts[0::2] == counts[1::2]).sum())
    _expect("share of pairs of examples that keep their unit equally often", equal, examples // 2, _equal_counts(passes, 1 - p))
    low, high = _middle(passes, 1 - p)
    inside = int(((counts >= low) & (counts <= high)).sum())
    expected = cdf(high, passes, 1 - p) - cdf(low - 1, passes, 1 - p)
    _expect(f"share of examples that keep their unit in {low} to {high} of {passes} passes", inside, examples, expected)
