"""Probes for the diagnosis of noisy layers and of predictions from many passes; see facts.py."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import product

import numpy as np

from autograder.asking import Exam, Wrong, array, pair
from autograder.checks_api.comparing import item
from autograder.checks_api.inputs import Array, normal
from autograder.checks_api.symptoms import chance_from, nearest, symptom
from autograder.checks_api.views import question
from autograder.dropout.calls import output, test_call, train_call
from autograder.dropout.mask_symptoms import P
from autograder.dropout.uncertainty.noise import branches, factors, levelled
from autograder.dropout.uncertainty.passes import (
    FAIR,
    LADDER,
    STATS,
    all_masks,
    counted_call,
    entropy_of,
    fair_passes,
    layer_call,
    made_too_many,
    mean_and_std,
    mixed_passes,
    one_pass,
    pass_call,
    read_stats,
)
from autograder.dropout.values import softmax
from autograder.model import Call, Given, Outcome, Seed

SHAPE = (101, 119)  # as in facts.py: a standard deviation is known to 0.7 %
Q = 1 - P
NEAR = 1e-6


# ------------------------------------------------------------------------------------------------------------ a factor for each unit
@symptom
def noise(exam: Exam) -> str:
    """What happens to x: "times noise", "plus noise", "zeros and a factor", "nothing"."""
    return _what_noise(exam)


def _what_noise(exam: Exam) -> str:
    x = normal((32, 50), exam.seed(1))
    twice = Given("2 * x", 2 * x.value)
    values = exam.ask(*(train_call(exam.function, given, P, Seed(exam.seed())) for given in (x, twice, x)))
    one, two, again = (output(value, x).astype(float) for value in values)
    if np.allclose(one, x.value):
        return "nothing"
    zeros = (one == 0).mean() > P / 2  # more than a law that is cut off at 0 leaves
    if np.unique((one / x.value).round(6)).size < 10:
        return "zeros and a factor" if zeros else "a factor"
    if zeros:
        return "zeros and noise"
    if not np.array_equal(one, again):
        return "unknown: the same seed gives another output"
    if np.allclose(two, 2 * one, rtol=NEAR):
        return "times noise"
    return "plus noise" if np.allclose(two - one, x.value, atol=NEAR) else "other"


@symptom
def noise_mean(exam: Exam) -> str:
    """The average of out / x."""
    found = np.concatenate(factors(exam, P, SHAPE, 6))
    return nearest(float(np.median(found)), {"1": 1.0, "0": 0.0, "1/(1-p)": 1 / Q, "1-p": Q}, 0.1)


SPREADS = {
    "sqrt(p/(1-p))": (P / Q) ** 0.5,
    "p/(1-p)": P / Q,
    "sqrt(p(1-p))": (P * Q) ** 0.5,
    "p(1-p)": P * Q,
    "p": P,
    "sqrt(p)": P**0.5,
    "sqrt((1-p)/p)": (Q / P) ** 0.5,
    "(1-p)/p": Q / P,
    "1": 1.0,
    "(p/(1-p))^2": (P / Q) ** 2,
    "1/(1-p)": 1 / Q,
    "sqrt(1/(1-p))": Q**-0.5,
    "sqrt(p/(1-p))/(1-p)": (P / Q) ** 0.5 / Q,
}


@symptom
def noise_spread(exam: Exam) -> str:
    """The standard deviation of out / x, or of what is added to x, from its quartiles."""
    if _what_noise(exam) == "plus noise":
        x = normal(SHAPE, exam.seed(3))
        found = output(exam.ask(train_call(exam.function, x, P, Seed(exam.seed())))[0], x) - x.value
    else:
        found = np.concatenate(factors(exam, P, SHAPE, 6))
    low, high = np.quantile(found, [0.25, 0.75])
    spread = float(high - low) / 1.3489795
    label, value = min(SPREADS.items(), key=lambda entry: abs(np.log(entry[1] / max(spread, 1e-300))))
    return label if abs(spread / value - 1) < 0.03 else "other"


@symptom
def noise_shape(exam: Exam) -> str:
    """Is the noise normal? The share of factors within one standard deviation of their average says so."""
    found = np.concatenate(factors(exam, P, SHAPE, 6))
    with np.errstate(all="ignore"):
        inner = float((np.abs(found - found.mean()) < found.std()).mean())
    return nearest(inner, {"normal": 0.6827, "uniform": 0.5774}, 0.02)


@symptom
def noise_below_zero(exam: Exam) -> str:
    """Are some factors negative, as 6 % of normal ones are?"""
    return "some" if (np.concatenate(factors(exam, P, SHAPE, 6)) < 0).any() else "none"


@symptom
def noise_of(exam: Exam) -> str:
    """What has noise of its own: "each unit", "each example", "each feature" or "each call"."""
    (found,) = factors(exam, P, SHAPE, 1)
    rows, columns = bool((np.ptp(found, axis=0) < NEAR).all()), bool((np.ptp(found, axis=1) < NEAR).all())
    return {(True, True): "each call", (True, False): "each feature", (False, True): "each example"}.get((rows, columns), "each unit")


@symptom
def noise_level(exam: Exam) -> str:
    """Is the average or the spread of the factors the same in all calls? "fixed" or "by chance"."""
    return "fixed" if levelled(factors(exam, P, (32, 50), 2)) else "by chance"


@symptom
def next_noise(exam: Exam) -> str:
    """Is a second call with the same generator a fresh draw?"""
    first, second = factors(exam, P, (32, 50), 2, rng="rng")
    return "frozen" if np.array_equal(first, second) else "fresh"


@symptom
def at_rest(exam: Exam) -> str:
    """What test time gives: "x", "a factor", "a line" or "noise"."""
    x = normal((32, 50), exam.seed(1))
    values = exam.ask(*(test_call(exam.function, x, P, Seed(exam.seed(k))) for k in range(2)))
    out, other = (output(value, x).astype(float) for value in values)
    if not np.array_equal(out, other):
        return "noise"
    if np.allclose(out, x.value, rtol=NEAR, atol=0):
        return "x"
    if np.ptp(out / x.value) < NEAR:
        return "a factor"
    slope = (out.flat[1] - out.flat[0]) / (x.value.flat[1] - x.value.flat[0])
    return "a line" if np.ptp(out - slope * x.value) < NEAR else "noise"


# -------------------------------------------------------------------------------------------------- a fixed value for dropped units
def _named(value: float, table: dict[str, float]) -> str:
    return nearest(value, table, 1e-5)


@symptom
def branch(exam: Exam, *, part: str, table: tuple[tuple[str, float], ...]) -> str:
    """The `floor`, `slope` or `intercept` of the two branches, named by a table."""
    x = normal((32, 50), exam.seed(1))
    (value,) = exam.ask(train_call(exam.function, x, P, Seed(exam.seed())))
    return _named(getattr(branches(output(value, x), np.asarray(x.value)), part), dict(table))


@symptom
def line_digits(exam: Exam, *, slopes: tuple[float, ...]) -> str:
    """How exact the slope of the kept units is: "ten", "float32", "about", or "unclear" when it is none of these."""
    x = normal((32, 50), exam.seed(1))
    (value,) = exam.ask(train_call(exam.function, x, P, Seed(exam.seed())))
    out = output(value, x)
    return _digits(branches(out, np.asarray(x.value)).slope, slopes, out)


def _digits(value: float, known: Iterable[float], of: Array) -> str:
    off = min(abs(value - one) for one in known)
    if off <= 1e-9:
        return "ten"
    return "unclear" if off > 1e-5 else "float32" if of.dtype == np.float32 else "about"


# --------------------------------------------------------------------------------------------------------------- passes of a network
@symptom
def passes_are(exam: Exam) -> str:
    """What mc_predict's result is: "softmax", "scores", "one average", ..."""
    call = pass_call(exam, 5, 7)
    (value,) = exam.ask(call)
    found, x = array(value, "probs").astype(float), np.asarray(call.args[1].value[:, 0])
    if found.shape in ((7, 3), (1, 7, 3)):
        return "one average"
    if found.shape != (5, 7, 3):
        return "a list of other shape" if sorted(found.shape) != [3, 5, 7] else f"axes {found.shape}"
    return next((name for name, test in _KINDS.items() if test(found, x)), "other")


def _is_softmax(found: Array, x: Array) -> bool:
    return bool((found > 0).all() and np.allclose(np.log(found[..., 1] / found[..., 0]), x) and np.allclose(found.sum(axis=2), 1))


_KINDS: dict[str, Callable[[Array, Array], bool]] = {
    "softmax": _is_softmax,
    "scores": lambda found, x: np.allclose(found[..., 0], 0) and np.allclose(found[..., 1], x),
    "logarithms": lambda found, x: _is_softmax(np.exp(found), x),
    "votes": lambda found, x: bool(np.isin(found, (0, 1)).all()) and np.allclose(found.sum(axis=2), 1),
    "sigmoids": lambda found, x: np.allclose(found[..., 0], 0.5) and np.allclose(found[..., 1], 1 / (1 + np.exp(-x))),
    "powers": lambda found, x: np.allclose(found[..., 0], 1) and np.allclose(found[..., 1], np.exp(x)),
    "shares of examples": lambda found, x: np.allclose(found.sum(axis=1), 1),
    "shares of passes": lambda found, x: np.allclose(found.sum(axis=0), 1),
    "shares of a pass": lambda found, x: np.allclose(found.sum(axis=(1, 2)), 1),
    "shares of all": lambda found, x: np.allclose(found.sum(), 1),
}


@symptom
def passes_mixed(exam: Exam) -> str:
    """Is a pass an average over several?"""
    found = array(exam.ask(pass_call(exam, 5, 8, network=LADDER))[0], "probs", (5, 8, 3)).astype(float)
    return "averages" if mixed_passes(found).any() and not mixed_passes(found)[0] else "single passes"


@symptom
def passes_differ(exam: Exam) -> str:
    """Are the passes alike, or some of them?"""
    found = array(exam.ask(pass_call(exam, 5, 64, network=FAIR))[0], "probs")
    axes = [axis for axis, length in enumerate(found.shape) if length == 5]
    if not axes:
        return "no passes"
    found = np.moveaxis(found, axes[0], 0)
    kinds = len({one.tobytes() for one in found})
    return {1: "alike", len(found): "apart"}.get(kinds, "some alike")


@symptom
def passes_made(exam: Exam) -> str:
    """How many passes are made: "T", "more", or "unclear" when nothing came back for another reason."""
    (answer,) = exam.answers(counted_call(exam, 5, 7))
    return "more" if made_too_many(answer) else "T" if answer.outcome is Outcome.PASSED else "unclear"


@symptom
def passes_from(exam: Exam) -> str:
    """Does the seed of rng decide about the passes?"""
    found = array(exam.ask(pass_call(exam, 5, 64, network=FAIR))[0], "probs")
    if found.size and np.array_equal(found, np.full_like(found, found.flat[0])):
        return "nothing: all is alike"
    return chance_from(via=fair_passes()).probe(exam)


@symptom
def rows_sum_to(exam: Exam) -> str:
    """What the probabilities of an example sum to: "1", "1 in float32", "about 1" or "other"."""
    (value,) = exam.ask(pass_call(exam, 5, 7))
    found = array(value, "probs")
    farthest = max(found.astype(float).sum(axis=-1).flat, key=lambda total: abs(total - 1), default=0.0)
    words = {"ten": "1", "float32": "1 in float32", "about": "about 1"}
    return words.get(_digits(float(farthest), [1.0], found), "other")


# --------------------------------------------------------------------------------------------------------- what passes agree on
UNITS = {"nats": 1.0, "bits": 1 / np.log(2), "log K": 1 / np.log(3), "mean over classes": 1 / 3}  # of three classes


@dataclass(frozen=True)
class Entropy:
    """A returned entropy: of what it is, in which unit and with which sign, and what was really returned."""

    of: str
    unit: str
    factor: float
    off: float


def _read_entropy(exam: Exam, given: list[object]) -> tuple[Entropy, Array, Array]:
    """(the entropy, the probabilities, the mutual information)"""
    probs, mean, entropy, information = read_stats(exam, given)
    found = entropy.sum(axis=-1) if entropy.ndim > 1 else entropy
    for name, values in _entropies(probs, mean):
        wanted = np.asarray(values.mean()) if found.ndim == 0 else values
        if found.shape != wanted.shape:
            continue
        for unit, size in UNITS.items() if found.ndim else [("nats", 1.0)]:
            for sign in (1.0, -1.0):
                if np.allclose(found, sign * size * wanted, rtol=1e-5, atol=1e-5):
                    return Entropy(name, unit, sign * size, float(np.abs(found - sign * size * wanted).max())), probs, information
    return Entropy("other", "?", 1.0, 1.0), probs, information


def _entropies(probs: Array, mean: Array) -> Iterator[tuple[str, Array]]:
    right = probs.mean(axis=0)
    for axis in (0, 1):
        own = entropy_of(probs).mean(axis=axis)
        for middle in [m for m in (right, mean) if m.ndim == 2 and (m >= 0).all()]:
            yield "of the mean", entropy_of(middle)
        yield "average of the passes", own
        yield "information", entropy_of(probs.mean(axis=axis)) - own


@symptom
def stats_mean(exam: Exam, *, given: list[object]) -> str:
    """What the mean is: "average", "sum", "over the examples", "geometric" or "other"."""
    probs, mean, *_ = read_stats(exam, given)
    powers = np.exp(np.log(np.maximum(probs, 1e-300)).mean(axis=0))
    kinds = {
        "average": probs.mean(axis=0),
        "sum": probs.sum(axis=0),
        "over the examples": probs.mean(axis=1),
        "geometric": powers / powers.sum(axis=-1, keepdims=True),
        "geometric, not normalised": powers,
    }
    return next((name for name, k in kinds.items() if k.shape == mean.shape and np.allclose(k, mean, rtol=1e-5)), "other")


@symptom
def stats_entropy(exam: Exam, *, given: list[object]) -> str:
    """Of what the second result is the entropy: "of the mean", "average of the passes", "information" or "other"."""
    return _read_entropy(exam, given)[0].of


@symptom
def stats_unit(exam: Exam, *, given: list[object]) -> str:
    """In what the entropy is measured: "nats", "bits", "log K", "mean over classes" or "?"."""
    return _read_entropy(exam, given)[0].unit


@symptom
def stats_sign(exam: Exam, *, given: list[object]) -> str:
    """The sign of the entropy."""
    entropy = _read_entropy(exam, given)[0]
    minus = (read_stats(exam, given)[2] < 0).all() if entropy.unit == "?" else entropy.factor < 0
    return "minus" if minus else "plus"


@symptom
def stats_form(exam: Exam, *, given: list[object]) -> str:
    """For what there is an entropy: "each example", "each pass", "each class", "all"."""
    probs, _, entropy, _ = read_stats(exam, given)
    forms = {probs.shape[1:2]: "each example", probs.shape[:1]: "each pass", probs.shape[1:]: "each class", (): "all"}
    return forms.get(entropy.shape, "other")


@symptom
def stats_information(exam: Exam, *, given: list[object]) -> str:
    """What the third result is, in the unit of the entropy: "difference", "the other way", "average of the passes", ..."""
    entropy, probs, information = _read_entropy(exam, given)
    found = information.sum(axis=-1) if information.ndim > 1 else information
    _, mean, *_ = read_stats(exam, given)
    for axis in (0, 1):
        own = entropy_of(probs).mean(axis=axis)
        variance = {"variance": probs.var(axis=axis).sum(axis=-1)}
        for middle in [m for m in (probs.mean(axis=axis), mean) if m.ndim == 2 and entropy_of(m).shape == own.shape]:
            total = entropy_of(middle)
            kinds = {
                "difference": total - own,
                "the other way": own - total,
                "average of the passes": own,
                "entropy": total,
                "minus the sum": total - own * probs.shape[axis],
                "divergence turned round": _divergence(middle, probs, axis),
            }
            for name, values in {**{k: entropy.factor * v for k, v in kinds.items()}, **variance}.items():
                wanted = np.asarray(values.mean()) if found.ndim == 0 else values
                if wanted.shape == found.shape and np.allclose(wanted, found, rtol=1e-4, atol=1e-4):
                    return name
    return "other"


def _divergence(mean: Array, probs: Array, axis: int) -> Array:
    """Of the mean from the passes, averaged over these. (That of the passes from their mean is the mutual information.)"""
    with np.errstate(all="ignore"):
        return np.asarray((mean * np.log(mean / np.moveaxis(probs, axis, 0))).sum(axis=-1).mean(axis=0))


@symptom
def stats_digits(exam: Exam, *, given: list[object]) -> str:
    """How exact the entropy is: "ten", "float32", "about" or "unclear"."""
    entropy = _read_entropy(exam, given)[0]
    if entropy.unit == "?" or entropy.off <= 1e-10:
        return "unclear" if entropy.unit == "?" else "ten"
    (value,) = exam.ask(question(exam, (given,), STATS))
    return "float32" if array(item(value, STATS, "entropy"), "entropy").dtype == np.float32 else "about"


@symptom
def at_zero(exam: Exam, *, given: list[object]) -> str:
    """What a probability of 0 gives: "numbers", "NaN", "infinity", or "numbers, with a warning"."""
    (answer,) = exam.returned(question(exam, (given,), STATS, watch=True))
    found = np.concatenate([np.ravel(array(item(answer.value, STATS, name), name).astype(float)) for name in STATS[1:]])
    if not np.isfinite(found).all():
        return "NaN" if np.isnan(found).any() else "infinity"
    return "numbers, with a warning" if answer.beside.warnings else "numbers"


# -------------------------------------------------------------------------------------- a softmax layer with dropout on its inputs
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
    return "float32" if array(pair(value, ("mean", "std"))[0], "mean").dtype == np.float32 else "about"


def _question(exam: Exam, passes: int, alike: bool = False) -> Call:
    x = np.array(normal((40, 2), exam.seed(1)).value)
    W = normal((2, 2), exam.seed(2))
    given = Given("x", np.tile(x[:1], (40, 1)) if alike else x)
    return layer_call(exam, given, W, P, passes, Seed(exam.seed()))


def _candidates(call: Call) -> Iterator[tuple[str, Array]]:
    """(what is dropped, the scores (N, masks, K) it can give) for units and for weights, with several factors."""
    x, W = np.asarray(call.args[0].value), np.asarray(call.args[1].value)
    weights = all_masks(4).reshape(16, 2, 2)
    scores = (x @ W)[:, None]
    for name, factor in {"": 1 / Q, ", not scaled": 1.0, ", divided by p": 1 / P, ", times 1-p": Q}.items():
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


def _explained(values: Array, mean: Array) -> Array:
    return np.asarray(np.abs(values - mean[:, None]).max(axis=2).min(axis=1) < NEAR)


@symptom
def dropped_for(exam: Exam) -> str:
    """Do equal examples get masks of their own?"""
    call = _question(exam, 1, alike=True)
    words = [_dropped_for(call, mean_and_std(value, (40, 2))[0]) for value in exam.ask(*_others(exam, call))]
    return next((word for word in words if word != "nothing"), "nothing")  # one mask for all may happen to keep everything


def _others(exam: Exam, call: Call) -> list[Call]:
    """The same call, and some with other generators."""
    return [replace(call, args=(*call.args[:-1], Seed(exam.seed(k)))) for k in range(6)]


def _dropped_for(call: Call, mean: Array) -> str:
    x, W = np.asarray(call.args[0].value), np.asarray(call.args[1].value)
    if any(np.allclose(mean, softmax(factor * x @ W)) for factor in (1.0, 1 / Q)) or not mean.any():
        return "nothing"
    if np.ptp(mean, axis=0).max() < NEAR:
        return "the batch"
    whole = softmax(np.stack([0 * x @ W, x @ W / Q], axis=1))  # an example that loses all of its units, or none
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
    calls = [Call(call.function, (*call.args[:-1], Seed(exam.seed(k))), returns=call.returns) for k in range(40)]
    means = [mean_and_std(value, (40, 2))[0] for value in exam.ask(*calls)]
    for name, scores in _candidates(call):
        values, masks = softmax(scores), all_masks(2)
        if not name.startswith("units") or not all(_explained(values, mean).all() for mean in means):
            continue
        found = [masks[np.abs(values - mean[:, None]).max(axis=2).argmin(axis=1)] for mean in means]
        return nearest(1 - float(np.mean(found)), {"p": P, "1-p": Q, "half": 0.5}, 0.08)
    return "?"


def _two_passes(exam: Exam) -> tuple[Call, Array, Array]:
    """A call with T = 2, its mean and its spread: one in which the passes differ, if there is one."""
    call = _question(exam, 2)
    found = [mean_and_std(value, (40, 2)) for value in exam.ask(*_others(exam, call))]
    return call, *next((pair for pair in found if pair[1].any()), found[0])


def _pairs(call: Call) -> Iterator[tuple[Array, Array]]:
    """Scores of the first and of the second of two passes, for every pair of masks: each (N, pairs, K)."""
    for _, scores in _candidates(call):
        pairs = np.array(list(product(range(scores.shape[1]), repeat=2)))
        yield scores[:, pairs[:, 0]], scores[:, pairs[:, 1]]


@symptom
def mean_is(exam: Exam) -> str:
    """Of what the mean over two passes is taken: "probabilities", "scores before the softmax", "scores"."""
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
    """What the second result is for two passes: "divided by T", "divided by T-1", "variance", "of the scores", ..."""
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
