"""Verbs about a softmax layer that makes its passes itself, with dropout on its inputs."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np

from autograder.asking import Exam, Wrong, array, number, pair, stable_seed
from autograder.chance import cdf
from autograder.checks_api.counts import expect, off_by
from autograder.checks_api.inputs import Array, normal
from autograder.checks_api.verb import verb
from autograder.checks_api.views import View
from autograder.dropout.calls import scale
from autograder.dropout.masks import demand_agreement, demand_some, equal_counts, middle_of, thrown
from autograder.dropout.uncertainty.passes import DIGITS, NEAR, ROUGH
from autograder.dropout.values import softmax
from autograder.model import Call, Given, Seed

__all__ = ["drops_for_each_example", "drops_for_each_pass", "drops_inputs_of_the_layer",
           "gives_over_the_passes", "is_exact_in_a_single_pass", "mc_layer"]


BOTH = ("mean", "std")
FACTORS = {  # by the names of `scale`
    "divided by 1-p": "1/(1-p)", "not scaled": "1", "divided by p": "1/p", "times 1-p": "1-p"}


FEW, MANY = 60, 2000  # examples


def layer_call(exam: Exam, x: Given, W: Given, p: float, passes: int, seed: Seed) -> Call:
    """`mean, std = f(x, W, p, T, rng)`."""
    return Call(exam.function, (x, W, p, passes, seed), returns=BOTH)


def mc_layer(p: float, passes: int = 3) -> View:
    """Mean and standard deviation over the passes of a softmax layer."""

    def call(exam: Exam, number: int) -> Call:
        x, W = _layer(40, 3, 2, exam.seed(1))
        return layer_call(exam, x, W, p, passes, Seed(exam.seed(number)))

    return View(call, lambda value: np.concatenate(
        [array(part, name).ravel() for part, name in zip(pair(value, BOTH), BOTH, strict=True)]))


def part_of(value: Any, name: str, shape: tuple[int, int]) -> Array:
    """The mean or the std of an answer, of shape (N, K), whatever the other one is."""
    return array(pair(value, BOTH)[BOTH.index(name)], name, shape).astype(float)


def all_masks(units: int) -> Array:
    """The 2^n masks of n units, as numbers (2^n, n)."""
    return np.asarray((np.arange(2**units)[:, None] >> np.arange(units)) & 1, dtype=float)


def thinned(x: Array, W: Array, p: float) -> Array:
    """The probabilities of each example under each of its masks: (N, 2^D, K)."""
    return softmax((x[:, None, :] * all_masks(x.shape[1]) / (1 - p)) @ W)


@lru_cache(maxsize=32)
def _layer(examples: int, units: int, classes: int, seed: int) -> tuple[Given, Given]:
    return normal((examples, units), seed), normal((units, classes), seed + 1)


KINDS = tuple((factor, softmaxed) for softmaxed in (True, False) for factor in FACTORS)
WANTED = "softmax((x[{n}] * m / (1 - p)) @ W)"


def thinned_as(kind: tuple[str, bool], x: Array, W: Array, p: float) -> Array:
    """What each example gives by mask with another factor or without softmax: (N, 2^D, K)."""
    factor, softmaxed = kind
    scores = scale(FACTORS[factor], p) * (x[:, None, :] * all_masks(x.shape[1])) @ W
    return softmax(scores) if softmaxed else scores


def one_pass(exam: Exam, p: float, examples: int, units: int,
             kinds: tuple[tuple[str, bool], ...] = KINDS) -> tuple[Array, tuple[str, bool], float]:
    """(units each example kept in a single pass (N, D), the kind of KINDS for it, how far off).

    Wrong when no mask of its units explains the probabilities of an example.
    """
    x, W = _layer(examples, units, 3,
                  stable_seed(f"{exam.function}/layer/{examples}/{units}/{exam.salt}"))
    key = ("one pass", p, examples, units, exam.salt)
    call = layer_call(exam, x, W, p, 1, Seed(stable_seed(f"{exam.function}/pass/{p}/{exam.salt}")))
    if key not in exam.memo:
        exam.memo[key] = part_of(exam.ask(call)[0], "mean", (examples, 3))
    exam.last, mean = (call,), exam.memo[key]
    exam.show("mean[0]")
    for kind in kinds if mean.any() else KINDS[:1]:
        # (N, 2^D)
        away = np.abs(thinned_as(kind, x.value, W.value, p) - mean[:, None, :]).max(axis=2)
        if (away.min(axis=1) <= ROUGH).all():
            return np.asarray(all_masks(units)[away.argmin(axis=1)]), kind, float(
                away.min(axis=1).max())
    away = np.abs(thinned(x.value, W.value, p) - mean[:, None, :]).max(axis=2).min(axis=1)
    wrong = ~(away <= ROUGH)
    n = int(wrong.argmax())
    exam.show(f"mean[{n}]")
    rest = f" ({int(wrong.sum())} of {examples} are not)"
    row = ", ".join(map(number, mean[n]))
    raise Wrong(f"with T = 1, mean[{n}] = ({row})",
                f"{WANTED.format(n=n)} for one of the {2**units} masks m{rest}")


@verb()
def drops_inputs_of_the_layer(exam: Exam, *, p: float, units: int = 4) -> None:
    """drops units of x, not weights, divides the others by 1 - p, and takes the softmax"""
    kept, *_ = one_pass(exam, p, FEW, units, KINDS[:1])
    demand_some(kept, p)


@verb()
def is_exact_in_a_single_pass(exam: Exam, *, p: float) -> None:
    """gives the probabilities of a single pass to ten digits"""
    *_, off = one_pass(exam, p, FEW, 4, KINDS[:1])
    if off > DIGITS:
        raise Wrong(f"with T = 1, a probability is off by {number(off)}",
                    f"by no more than {DIGITS:g}")


@verb(chances=5, sees=off_by("a share of dropped units",
                             lambda p, units, **_: (MANY * units, p)))
def drops_for_each_example(exam: Exam, *, p: float, units: int = 4) -> None:
    """drops each unit of each example by itself, with probability p"""
    kept = one_pass(exam, p, MANY, units)[0] != 0
    coins = thrown(kept)
    expect("share of dropped units", int((~coins).sum()), coins.size, p)
    pairs = kept[:, : units // 2 * 2]
    demand_agreement(thrown(pairs, [1]), p, "rows")
    demand_agreement(thrown(pairs, [0]).T, p, "columns")


ROWS, COPIES = 3, 10  # examples with a single unit, each of them many times


def _single_passes(exam: Exam, p: float, x: Given, W: Given) -> list[Array]:
    """What single passes give to each of ROWS examples: (values, 2) each, of 30 calls, T = 1."""
    calls = [layer_call(exam, x, W, p, 1, Seed(exam.seed(k + 10))) for k in range(30)]
    # (calls, ROWS * COPIES, 2)
    means = np.stack([part_of(value, "mean", (ROWS * COPIES, 2)) for value in exam.ask(*calls)])
    return [np.unique(values.round(6), axis=0)[:8]
            for values in means.reshape(-1, ROWS, 2).swapaxes(0, 1)]


@verb()
def gives_over_the_passes(exam: Exam, *, p: float, name: str, passes: int = 2) -> None:
    """gives the {name} over the passes of what each pass gives"""
    # what single passes give is seen, not prescribed: that it is wrong is charged elsewhere
    rows = np.array([[0.5], [-1.0], [2.0]])
    x = Given(f"np.tile([[0.5], [-1.0], [2.0]], ({COPIES}, 1))", np.tile(rows, (COPIES, 1)))
    W = normal((1, 2), exam.seed(2))
    seen = _single_passes(exam, p, x, W)
    call = layer_call(exam, x, W, p, passes, Seed(exam.seed()))
    found = part_of(exam.ask(call)[0], name, (ROWS * COPIES, 2))
    if all(len(values) < 2 for values in seen) and (name == "mean" or not found.any()):
        exam.last = (layer_call(exam, x, W, p, 1, Seed(exam.seed())),)
        exam.show("np.ptp([{call}[0][0, 0] for seed in range(30)])")
        raise Wrong("every pass gives the same", "passes that differ")
    healthy = thinned(rows, np.asarray(W.value), p)  # (ROWS, 2, 2)
    for n, got in enumerate(found):
        values = (seen[n % ROWS] if name == "mean"
                  else np.concatenate([seen[n % ROWS], healthy[n % ROWS]]))
        # (choices, T, 2)
        every = values[np.stack(np.meshgrid(*[np.arange(len(values))] * passes),
                                axis=-1).reshape(-1, passes)]
        wanted = every.mean(axis=1) if name == "mean" else every.std(axis=1)
        if not (np.abs(wanted - got).max(axis=1) <= 10 * NEAR).any():
            exam.show(f"{name}[{n}, 0]")
            singles = ", ".join(number(v) for v in dict.fromkeys(values[:, 0].round(6).tolist()))
            raise Wrong(f"with T = {passes}, {name}[{n}, 0] = {number(got[0])}",
                        f"the {name} of {passes} of {singles} (with T = 1)")


@verb(chances=3, sees=off_by("a share of dropped units",
                             lambda p, passes, examples, **_: (passes * examples, p)))
def drops_for_each_pass(exam: Exam, *, p: float, passes: int = 20, examples: int = 300) -> None:
    """draws new masks in each pass"""
    x = Given(f"np.linspace(1.0, 2.0, {examples})[:, None]",
              np.linspace(1.0, 2.0, examples)[:, None])
    W = Given("np.array([[1.0, -0.5]])", np.array([[1.0, -0.5]]))
    call = layer_call(exam, x, W, p, passes, Seed(exam.seed()))
    (value,) = exam.ask(call)
    mean = part_of(value, "mean", (examples, 2))
    _, kind, _ = one_pass(exam, p, FEW, 4)
    exam.last = (call,)
    exam.show("mean[:3, 0]")
    # the two values a single unit can give
    dropped, kept = thinned_as(kind, x.value, W.value, p)[:, :, 0].T
    times = passes * (mean[:, 0] - dropped) / (kept - dropped)
    odd = ~(np.abs(times - np.round(times)) <= 1e-4) | ~((times > -0.5) & (times < passes + 0.5))
    if odd.any():
        raise Wrong(f"mean[{int(odd.argmax())}] is no average of {passes} passes in which its unit "
                    "is kept or dropped", "such an average")
    counts = np.round(times).astype(int)
    expect("share of passes in which a unit is dropped", int((passes - counts).sum()),
           passes * examples, p)
    equal = int((counts[0::2] == counts[1::2]).sum())
    expect("share of pairs of examples that keep their unit equally often", equal, examples // 2,
           equal_counts(passes, 1 - p))
    low, high = middle_of(passes, 1 - p)
    inside = int(((counts >= low) & (counts <= high)).sum())
    expected = cdf(high, passes, 1 - p) - cdf(low - 1, passes, 1 - p)
    expect(f"share of examples that keep their unit in {low} to {high} of {passes} passes", inside,
           examples, expected)
