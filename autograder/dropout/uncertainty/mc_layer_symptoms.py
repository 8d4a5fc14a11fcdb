"""Symptoms of a softmax layer that makes its passes itself, with dropout on its inputs."""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from dataclasses import replace
from itertools import product

import numpy as np

from autograder.asking import Exam, Wrong, array, pair
from autograder.checks_api.inputs import Array, normal
from autograder.checks_api.symptoms import DIGEST, nearest, symptom
from autograder.dropout.mask_symptoms import P
from autograder.dropout.uncertainty.mc_layers import all_masks, layer_call, mean_and_std, one_pass
from autograder.dropout.uncertainty.pass_symptoms import NEAR, Q
from autograder.dropout.values import softmax
from autograder.model import Call, Given, Seed


@symptom
def layer_digits(exam: Exam) -> str:
    """How exact the probabilities of a single pass are: "ten", "float32", "about" or "unclear"."""
    try:
        _, _, off = one_pass(exam, P, 40, 2)
    except Wrong:
        return "unclear"
    if off <= 1e-10:
        return "ten"
    (value,) = exam.ask(_question(exam, 1))
    return ("float32" if array(pair(value, ("mean", "std"))[0], "mean").dtype == np.float32
            else "about")


def _question(exam: Exam, passes: int, alike: bool = False) -> Call:
    x = np.array(normal((40, 2), exam.seed(1)).value)
    W = normal((2, 2), exam.seed(2))
    given = Given("x", np.tile(x[:1], (40, 1)) if alike else x)
    return layer_call(exam, given, W, P, passes, Seed(exam.seed()))


def _candidates(call: Call) -> Iterator[tuple[str, Array]]:
    """(what is dropped, scores (N, masks, K) it can give) for units and weights, by factors."""
    x, W = np.asarray(call.args[0].value), np.asarray(call.args[1].value)
    weights = all_masks(4).reshape(16, 2, 2)
    scores = (x @ W)[:, None]
    for name, factor in {"": 1 / Q, ", not scaled": 1.0, ", divided by p": 1 / P,
                         ", times 1-p": Q}.items():
        yield "units" + name, factor * (x[:, None, :] * all_masks(2)) @ W
        yield "scores" + name, factor * scores * all_masks(2)
        yield "weights" + name, factor * np.einsum("nd,mdk->nmk", x, weights * W)


@symptom
def what_is_dropped(exam: Exam) -> str:
    """What a single pass drops: units or weights, and the factor on the others."""
    call = _question(exam, 1)
    mean, _ = mean_and_std(exam.ask(call)[0], (40, 2))
    x, W = np.asarray(call.args[0].value), np.asarray(call.args[1].value)
    if np.allclose(mean, softmax(x @ W)) or not mean.any():
        return "nothing" if mean.any() else "all is 0"
    for name, scores in _candidates(call):
        for kind, values in (("", softmax(scores)), (", as scores", scores)):
            if _explained(values, mean).all():
                return name + kind
    return "something else"


@symptom
def few_units(exam: Exam, *, examples: int = 4000) -> str:
    """What many equal examples of one or two units get, and how often to a tenth: a digest, the
    same whatever draws by the same law.

    So a mistake that is hidden by one of mc_predict, whose results other facts cannot read, is
    still told from that one alone.
    """
    # none, one, the other or both: seen of votes, too
    rows, law = [[0.0, 2.0, -1.0], [0.0, -1.0, 1.0]], []
    for units, passes in ((2, 1), (1, 2)):
        x = Given(f"np.full({(examples, units)}, 0.8)", np.full((examples, units), 0.8))
        W = Given(f"np.array({rows[:units]})", np.array(rows[:units]))
        (value,) = exam.ask(layer_call(exam, x, W, P, passes, Seed(exam.seed(passes))))
        kinds, counts = np.unique(np.hstack(mean_and_std(value, (examples, 3))).round(9) + 0.0,
                                  axis=0, return_counts=True)
        law.append((kinds.tolist(), (counts / examples).round(1).tolist())
                   if len(kinds) < 20 else "many")
    return f"{DIGEST}{zlib.crc32(repr(law).encode()):08x}"


def _explained(values: Array, mean: Array) -> Array:
    return np.asarray(np.abs(values - mean[:, None]).max(axis=2).min(axis=1) < NEAR)


@symptom
def dropped_for(exam: Exam) -> str:
    """Do equal examples get masks of their own?"""
    call = _question(exam, 1, alike=True)
    words = [_dropped_for(call, mean_and_std(value, (40, 2))[0])
             for value in exam.ask(*_others(exam, call))]
    # one mask for all may happen to keep everything
    return next((word for word in words if word != "nothing"), "nothing")


def _others(exam: Exam, call: Call) -> list[Call]:
    """The same call, and some with other generators."""
    return [replace(call, args=(*call.args[:-1], Seed(exam.seed(k)))) for k in range(6)]


def _dropped_for(call: Call, mean: Array) -> str:
    x, W = np.asarray(call.args[0].value), np.asarray(call.args[1].value)
    if any(np.allclose(mean, softmax(factor * x @ W)) for factor in (1.0, 1 / Q)) or not mean.any():
        return "nothing"
    if np.ptp(mean, axis=0).max() < NEAR:
        return "the batch"
    # an example that loses all of its units, or none
    whole = softmax(np.stack([0 * x @ W, x @ W / Q], axis=1))
    return "all units of an example" if _explained(whole, mean).all() else "each example"


@symptom
def dropped_in(exam: Exam) -> str:
    """Do the passes differ?"""
    _, std = mean_and_std(exam.ask(_question(exam, 7))[0], (40, 2))
    return "all passes alike" if std.max() < NEAR else "each pass"


@symptom
def share_dropped(exam: Exam) -> str:
    """Which share of the inputs a single pass drops; "?" when it does not drop inputs."""
    call = _question(exam, 1)
    calls = [Call(call.function, (*call.args[:-1], Seed(exam.seed(k))), returns=call.returns)
             for k in range(40)]
    means = [mean_and_std(value, (40, 2))[0] for value in exam.ask(*calls)]
    for name, scores in _candidates(call):
        values, masks = softmax(scores), all_masks(2)
        if (not name.startswith("units")
                or not all(_explained(values, mean).all() for mean in means)):
            continue
        found = [masks[np.abs(values - mean[:, None]).max(axis=2).argmin(axis=1)] for mean in means]
        return nearest(1 - float(np.mean(found)), {"p": P, "1-p": Q, "half": 0.5}, 0.08)
    return "?"


def _two_passes(exam: Exam) -> tuple[Call, Array, Array]:
    """A call with T = 2, its mean and its spread: one whose passes differ, if there is one."""
    call = _question(exam, 2)
    found = [mean_and_std(value, (40, 2)) for value in exam.ask(*_others(exam, call))]
    return call, *next((pair for pair in found if pair[1].any()), found[0])


def _pairs(call: Call) -> Iterator[tuple[Array, Array]]:
    """Scores of the first and second of two passes, by pairs of masks: each (N, pairs, K)."""
    for _, scores in _candidates(call):
        pairs = np.array(list(product(range(scores.shape[1]), repeat=2)))
        yield scores[:, pairs[:, 0]], scores[:, pairs[:, 1]]


@symptom
def mean_is(exam: Exam) -> str:
    """Of what the mean over two passes is taken: "probabilities", "scores before the softmax",
    "scores"."""
    call, mean, _ = _two_passes(exam)
    for first, second in _pairs(call):
        averages = {
            "probabilities": (softmax(first) + softmax(second)) / 2,
            "scores before the softmax": softmax((first + second) / 2),
            "scores": (first + second) / 2,
        }
        for name, values in averages.items():
            if _explained(values, mean).all():
                return name
    return "something else"


@symptom
def std_is(exam: Exam) -> str:
    """What the second result is for two passes: "divided by T", "divided by T-1", "variance", "of
    the scores", ..."""
    call, mean, std = _two_passes(exam)
    for first, second in _pairs(call):
        one, two = softmax(first), softmax(second)
        gap, wide = np.abs(one - two), np.abs(first - second)
        kinds = {
            "divided by T": gap / 2,
            "divided by T-1": gap / np.sqrt(2),
            "variance": gap**2 / 4,
            "variance, divided by T-1": gap**2 / 2,
            "of the scores": wide / 2,
            "of the scores, divided by T-1": wide / np.sqrt(2),
            "of the mean": gap / np.sqrt(8),
        }
        for middle in ((one + two) / 2, softmax((first + second) / 2), (first + second) / 2):
            fits = np.abs(middle - mean[:, None]).max(axis=2) < NEAR  # (N, pairs)
            for name, spread in kinds.items():
                if (fits & (np.abs(spread - std[:, None]).max(axis=2) < NEAR)).any(axis=1).all():
                    return name
    return "something else"
