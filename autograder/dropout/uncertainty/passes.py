"""Verbs about predictions from many stochastic passes: the passes, and what is computed from them.

A network is handed over as code whose scores carry what it drew, so that the draws can be read off
the probabilities: nothing here compares with particular random numbers, and every way of using the
generator is as good as another.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from autograder.asking import Exam, Wrong, array, number
from autograder.checks_api.comparing import compare, demand_no_warning, item
from autograder.checks_api.inputs import Array, normal
from autograder.checks_api.verb import verb
from autograder.checks_api.views import View, question
from autograder.model import Answer, Call, Code, Given, Outcome, Seed

__all__ = ["counts_zero_log_zero_as_zero", "dirichlets", "draws_anew_in_each_pass", "fair_passes",
           "gives_probabilities_for_each_pass", "gives_the_entropy_of_its_mean",
           "is_the_softmax_of_each_pass", "keeps_its_passes_apart", "makes_no_pass_in_vain",
           "stays_quiet", "subtracts_the_average_entropy", "sums_to_one_to_ten_digits"]

NOISY = Code(
    "noisy_scores",
    "def noisy_scores(x, rng):\n"
    "    u = rng.random((len(x), 1))                           # what this pass draws\n"
    "    return np.hstack([0 * u, x[:, :1], 3 * u - 4])        # (N, 3)\n",
)
FAIR = Code(
    "fair_scores",
    "def fair_scores(x, rng):\n"
    "    return rng.random((len(x), 2))                        # either class may win: (N, 2)\n",
)
# of three classes at equal distances, softmax squared in the middle is that of the ends; no class
# is so rare that 1e-8 beside it counts
LADDER = Code(
    "ladder_scores",
    "def ladder_scores(x, rng):\n"
    "    u = 2 * rng.random((len(x), 1))\n"
    "    return np.hstack([0 * u, u, 2 * u])        # three classes at equal distances: (N, 3)\n",
)
STEEP = Code("steep_scores", "def steep_scores(x, rng):\n    return 1000.0 * x\n")
TOO_MANY = "forward was called more often than T times"
NEAR = 1e-6  # of probabilities: the seven digits of float32 are enough for them
# lets through a small number added to a divisor or in a logarithm, which the ten digits show
ROUGH = 1e-4
DIGITS = 1e-10
STATS = ("mean", "entropy", "mutual_information")
LEVELS = (-4.0, -1.0)  # where the third score of NOISY lies


def dirichlets(*shape: int, alpha: float, seed: int) -> Given:
    """In a list: probabilities along the last axis; with a small alpha one class has nearly all."""
    text = (f"np.random.default_rng({seed}).dirichlet(np.full({shape[-1]}, {alpha}), "
            f"size={shape[:-1]})")
    return Given(text,
                 np.random.default_rng(seed).dirichlet(np.full(shape[-1], alpha), size=shape[:-1]))


# ------------------------------------------------------------------------------ passes of a network
def pass_call(exam: Exam, passes: int, examples: int, seed: int = 0, network: Code = NOISY) -> Call:
    """`probs = f(network, x, T, rng)`."""
    return Call(exam.function, (network, normal((examples, 2), exam.seed(9)), passes,
                                Seed(exam.seed(seed))), returns=("probs",))


def read_passes(exam: Exam, passes: int, examples: int) -> tuple[Array, Array]:
    """(probabilities (T, N, 3), x of the examples); Wrong unless finite, positive, summing to 1."""
    call = pass_call(exam, passes, examples)
    (value,) = exam.ask(call)
    probs = array(value, "probs").astype(float)
    if probs.shape[1:] != (examples, 3) or not len(probs):
        array(value, "probs", (passes, examples, 3))  # how many passes there are costs elsewhere
    odd = probs[~(np.isfinite(probs) & (probs > 0))]
    if odd.size:
        exam.show("probs.min()")
        raise Wrong(f"probs holds {number(odd[0])}",
                    "probabilities of finite scores: positive numbers")
    compare(probs.sum(axis=2), np.ones(probs.shape[:2]), "probs.sum(axis=2)", 10 * NEAR)
    return probs, np.asarray(call.args[1].value[:, 0])


@verb()
def gives_probabilities_for_each_pass(exam: Exam, *, passes: int = 5, examples: int = 7) -> None:
    """returns an array (T, N, K) of probabilities that sum to 1 over the K classes"""
    read_passes(exam, passes, examples)


@verb()
def is_the_softmax_of_each_pass(exam: Exam, *, passes: int = 5, examples: int = 7) -> None:
    """is the softmax of what forward returned, for each pass and each example"""
    probs, x = read_passes(exam, passes, examples)
    exam.show("np.log(probs[:, :, 1] / probs[:, :, 0]){at}")
    compare(np.log(probs[:, :, 1] / probs[:, :, 0]), np.tile(x, (len(probs), 1)),
            "log(probs[:, :, 1] / probs[:, :, 0])", 10 * NEAR)
    third = np.log(probs[:, :, 2] / probs[:, :, 0])
    strange = third[(third < LEVELS[0] - 10 * NEAR) | (third > LEVELS[1] + 10 * NEAR)]
    if strange.size:
        exam.show("third = np.log(probs[:, :, 2] / probs[:, :, 0])\nthird.min(), third.max()")
        raise Wrong(f"log(probs[:, :, 2] / probs[:, :, 0]) holds {number(strange[0])}",
                    "the third score, between -4 and -1")


@verb()
def sums_to_one_to_ten_digits(exam: Exam) -> None:
    """gives probabilities that sum to 1 to ten digits"""
    probs, _ = read_passes(exam, 5, 7)
    compare(probs.sum(axis=2), np.ones(probs.shape[:2]), "probs.sum(axis=2)", DIGITS)


def fair_passes(passes: int = 5) -> View:
    """Passes of which no two are alike."""
    return View(lambda exam, number: pass_call(exam, passes, 64, number, FAIR),
                lambda value: array(value, "probs"), "passes")


@verb()
def draws_anew_in_each_pass(exam: Exam, *, passes: int = 5, examples: int = 64) -> None:
    """makes T passes that differ from each other"""
    found = array(exam.ask(pass_call(exam, passes, examples, network=FAIR))[0],
                  "probs").astype(float)
    axes = [axis for axis, length in enumerate(found.shape) if length == passes]
    if not axes:
        raise Wrong(f"probs.shape = {found.shape}", f"({passes}, {examples}, 2)")
    if not np.isfinite(found).all():
        raise Wrong(f"probs holds {number(found[~np.isfinite(found)][0])}", "finite numbers")
    found = np.moveaxis(found, axes[0], 0)  # where the passes lie is another matter
    for t in range(1, passes):
        same = [s for s in range(t) if np.array_equal(found[s], found[t])]
        if same:
            exam.show(
                f"(probs.take({t}, axis={axes[0]}) != probs.take({same[0]}, axis={axes[0]})).sum()")
            raise Wrong(f"pass {t} is the same as pass {same[0]}", "noise of its own in each pass")


def counted_call(exam: Exam, passes: int, examples: int) -> Call:
    """`probs = f(counted_scores, x, T, rng)`: a network that refuses more than T passes."""
    source = (
        "asked = []\n\n\n"
        "def counted_scores(x, rng):\n"
        "    asked.extend(x)\n"
        f"    if len(asked) > {passes * examples}:                                    # T * N\n"
        f'        raise RuntimeError("{TOO_MANY}")\n'
        "    return rng.random((len(x), 2))\n"
    )
    return pass_call(exam, passes, examples, network=Code("counted_scores", source))


def made_too_many(answer: Answer) -> bool:
    """Whether that network had to refuse a pass."""
    return answer.outcome is Outcome.RAISED and TOO_MANY in answer.error


@verb()
def makes_no_pass_in_vain(exam: Exam) -> None:
    """makes T passes, and none besides"""
    (answer,) = exam.answers(counted_call(exam, 5, 7))
    if made_too_many(answer):
        raise Wrong(f"{TOO_MANY}, and raised RuntimeError", "T passes, here 5")


@verb()
def keeps_its_passes_apart(exam: Exam) -> None:
    """gives each pass by itself, no average over several"""
    mixed = mixed_passes(exam)
    if mixed.any():
        t = int(np.flatnonzero(mixed)[0])
        exam.show(f"abs(probs[{t}, :, 1] ** 2 - probs[{t}, :, 0] * probs[{t}, :, 2]).max()")
        raise Wrong(f"probs[{t}] is no softmax of the scores of one pass",
                    f"the softmax of pass {t} alone")


def mixed_passes(exam: Exam) -> Array:
    """Which of some passes are not the softmax of evenly spaced scores: averages are not."""
    (value,) = exam.ask(pass_call(exam, 5, 8, network=LADDER))
    found = array(value, "probs", (5, 8, 3)).astype(float)
    return np.asarray((abs(found[..., 1] ** 2 - found[..., 0] * found[..., 2])
                       > ROUGH * found[..., 1] ** 2).any(axis=1))


# ----------------------------------------------------------------------------- what passes agree on
def entropy_of(p: Array) -> Array:
    """Along the last axis, in nats."""
    with np.errstate(all="ignore"):  # of a student's numbers, which may be anything
        return np.asarray(-(p * np.log(np.where(p > 0, p, 1.0))).sum(axis=-1))


def read_stats(exam: Exam, given: Any) -> tuple[Array, Array, Array, Array]:
    """(probs, mean, entropy, mutual information), the last three as they were returned."""
    call = question(exam, (given,), STATS)
    (value,) = exam.ask(call)
    mean, entropy, information = (array(item(value, STATS, name), name).astype(float)
                                  for name in STATS)
    return np.asarray(call.args[0].value), mean, entropy, information


def means(probs: Array, mean: Array) -> list[Array]:
    """The right mean and the returned one: no right entropy of a wrong mean is wrong."""
    right = probs.mean(axis=0)
    return [right, mean] if mean.shape == right.shape and (mean >= 0).all() else [right]


def compare_with_one_of(got: Array, wanted: list[Array], name: str, tolerance: float) -> None:
    """Refuse what is none of these; the message speaks of the first."""
    if not any(got.shape == w.shape and np.allclose(got, w, rtol=tolerance, atol=tolerance)
               for w in wanted):
        compare(array(got, name, wanted[0].shape), wanted[0], name, tolerance)


@verb()
def gives_the_entropy_of_its_mean(exam: Exam, *, case: str, given: Any,
                                  tolerance: float = ROUGH) -> None:
    """gives the entropy of the mean, in nats, for {case}"""
    probs, mean, entropy, _ = read_stats(exam, given)
    compare_with_one_of(entropy, [entropy_of(m) for m in means(probs, mean)], "entropy", tolerance)


@verb()
def subtracts_the_average_entropy(exam: Exam, *, case: str, given: Any,
                                  tolerance: float = ROUGH) -> None:
    """gives the entropy minus the average entropy of the passes for {case}"""
    probs, mean, entropy, information = read_stats(exam, given)
    own = entropy_of(probs).mean(axis=0)
    wanted = [entropy_of(m) - own for m in means(probs, mean)]
    if entropy.shape == own.shape:
        # whoever measures the entropy in bits, say, has lost that already: asked is whether the
        # subtraction is right
        units = [unit for m in means(probs, mean)
                 if (unit := one_factor(entropy, entropy_of(m))) is not None]
        wanted += [entropy - unit * own for unit in (1.0, *units)]
    compare_with_one_of(information, wanted, "mutual_information", tolerance)


def one_factor(numbers: Array, of: Array) -> float | None:
    """What turns all of these into the numbers, if one factor does."""
    factors = numbers / np.where(of > 0, of, np.nan)
    factor = float(factors.flat[0])
    return factor if np.allclose(factors, factor, rtol=ROUGH, atol=0) else None


@verb()
def counts_zero_log_zero_as_zero(exam: Exam, *, given: list[Any]) -> None:
    """counts 0 log 0 as 0: a class that no pass believes in changes neither entropy nor mutual
    information"""
    probs = np.array(given)
    plain = [_for_each_example(part) for part in read_stats(exam, given)[2:]]
    wider = np.concatenate([probs, np.zeros_like(probs[..., :1])], axis=2)
    (_, *wide), asked = [_for_each_example(part)
                         for part in read_stats(exam, wider.tolist())[1:]], exam.last
    if np.array_equal(plain[0], _for_each_example(read_stats(exam, given[:1])[2])):
        raise Wrong(f"entropy is {number(plain[0].flat[0])} whatever the passes say",
                    "a number that depends on them")
    exam.last = asked
    # where it is divided by log K, say, all of it becomes smaller
    factor = wide[0].sum() / plain[0].sum()
    for name, one, other in zip(STATS[1:], plain, wide, strict=True):
        odd = other[~np.isfinite(other)]
        if odd.size:
            raise Wrong(f"{name} holds {number(odd[0])}", "finite numbers")
        compare(array(other, name, one.shape), factor * one, f"{name} with such a class", ROUGH)


def _for_each_example(numbers: Array) -> Array:
    """(N,): who forgot to add up over the classes has lost that already."""
    return (numbers.reshape(len(numbers), -1).sum(axis=1) if numbers.ndim > 1
            else np.atleast_1d(numbers))


@verb()
def stays_quiet(exam: Exam, *, case: str, given: tuple[Any, ...], names: tuple[str, ...]) -> None:
    """gives finite numbers and no warning for {case}"""
    (answer,) = exam.returned(question(exam, given, names, watch=True))
    for name in names:
        numbers = array(item(answer.value, names, name), name)
        if not np.isfinite(numbers).all():
            raise Wrong(f"{name} holds {number(numbers[~np.isfinite(numbers)][0])}",
                        "finite numbers")
    demand_no_warning(answer)
