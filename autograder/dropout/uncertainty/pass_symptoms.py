"""Symptoms of predictions from many passes of a network, and of what is computed from them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

import numpy as np

from autograder.asking import Exam, array
from autograder.checks_api.comparing import item
from autograder.checks_api.inputs import Array
from autograder.checks_api.symptoms import chance_from, symptom
from autograder.checks_api.views import question
from autograder.dropout.mask_symptoms import P
from autograder.dropout.uncertainty.passes import (
    FAIR, STATS, counted_call, entropy_of, fair_passes, made_too_many, mixed_passes, pass_call,
    read_stats)
from autograder.model import Outcome

SHAPE = (101, 119)  # as in mask_symptoms.py: a standard deviation is known to 0.7 %
Q = 1 - P
NEAR = 1e-6


# ------------------------------------------------------------------------------ passes of a network
@symptom
def passes_are(exam: Exam) -> str:
    """What mc_predict's result is: "softmax", "scores", "one average", "one pass", ..."""
    call = pass_call(exam, 5, 7)
    (value,) = exam.ask(call)
    found, x = array(value, "probs").astype(float), np.asarray(call.args[1].value[:, 0])
    if found.shape in ((7, 3), (1, 7, 3)):
        first = array(exam.ask(pass_call(exam, 1, 7))[0], "probs")
        return ("one pass" if first.size == found.size and np.allclose(first.ravel(), found.ravel())
                else "one average")
    if found.shape[1:] == (7, 3) and len(found) in (4, 6):
        return f"T {'+' if len(found) > 5 else '-'} 1 passes"
    if found.shape != (5, 7, 3):
        return ("a list of other shape" if sorted(found.shape) != [3, 5, 7]
                else f"axes {found.shape}")
    return next((name for name, test in _KINDS.items() if test(found, x)), "other")


def _is_softmax(found: Array, x: Array) -> bool:
    return bool((found > 0).all() and np.allclose(np.log(found[..., 1] / found[..., 0]), x)
                and np.allclose(found.sum(axis=2), 1))


_KINDS: dict[str, Callable[[Array, Array], bool]] = {
    "softmax": _is_softmax,
    "scores": lambda found, x: np.allclose(found[..., 0], 0) and np.allclose(found[..., 1], x),
    "logarithms": lambda found, x: _is_softmax(np.exp(found), x),
    "votes": lambda found, x: bool(np.isin(found, (0, 1)).all())
    and np.allclose(found.sum(axis=2), 1),
    "shares of scores": lambda found, x: np.allclose(found[..., 0], 0)
    and np.allclose(found.sum(axis=2), 1),
    "sigmoids": lambda found, x: np.allclose(found[..., 0], 0.5)
    and np.allclose(found[..., 1], 1 / (1 + np.exp(-x))),
    "powers": lambda found, x: np.allclose(found[..., 0], 1)
    and np.allclose(found[..., 1], np.exp(x)),
    "shares of examples": lambda found, x: np.allclose(found.sum(axis=1), 1),
    "shares of passes": lambda found, x: np.allclose(found.sum(axis=0), 1),
    "shares of a pass": lambda found, x: np.allclose(found.sum(axis=(1, 2)), 1),
    "shares of all": lambda found, x: np.allclose(found.sum(), 1),
}


@symptom
def passes_mixed(exam: Exam) -> str:
    """Is a pass an average over several?"""
    mixed = mixed_passes(exam)
    return "averages" if mixed.any() and not mixed[0] else "single passes"


@symptom
def passes_differ(exam: Exam) -> str:
    """Are the passes alike, or some of them?"""
    found = array(exam.ask(pass_call(exam, 40, 64, network=FAIR))[0], "probs")
    axes = [axis for axis, length in enumerate(found.shape) if length == 40]
    if not axes:
        return "no passes"
    found = np.moveaxis(found, axes[0], 0)
    kinds = len({one.tobytes() for one in found})
    return {1: "alike", len(found): "apart"}.get(kinds, "some alike")


@symptom
def passes_made(exam: Exam) -> str:
    """How many passes are made: "T", "more", or "unclear" when nothing came back for another
    reason."""
    (answer,) = exam.answers(counted_call(exam, 5, 7))
    return ("more" if made_too_many(answer) else "T" if answer.outcome is Outcome.PASSED
            else "unclear")


@symptom
def passes_from(exam: Exam) -> str:
    """Does the seed of rng decide about the passes?"""
    found = array(exam.ask(pass_call(exam, 5, 64, network=FAIR))[0], "probs")
    if found.size and np.array_equal(found, np.full_like(found, found.flat[0])):
        return "nothing: all is alike"
    return chance_from(via=fair_passes()).probe(exam)


def digits_word(value: float, known: Iterable[float], of: Array) -> str:
    """How exact a number is: "ten" digits, "float32", "about", or else "unclear"."""
    off = min(abs(value - one) for one in known)
    if off <= 1e-9:
        return "ten"
    return "unclear" if off > 1e-5 else "float32" if of.dtype == np.float32 else "about"


@symptom
def rows_sum_to(exam: Exam) -> str:
    """What the probabilities of an example sum to: "1", "1 in float32", "about 1" or "other"."""
    (value,) = exam.ask(pass_call(exam, 5, 7))
    found = array(value, "probs")
    farthest = max(found.astype(float).sum(axis=-1).flat,
                   key=lambda total: abs(total - 1), default=0.0)
    words = {"ten": "1", "float32": "1 in float32", "about": "about 1"}
    return words.get(digits_word(float(farthest), [1.0], found), "other")


# ----------------------------------------------------------------------------- what passes agree on
# of three classes
UNITS = {"nats": 1.0, "bits": 1 / np.log(2), "log K": 1 / np.log(3), "mean over classes": 1 / 3}


@dataclass(frozen=True)
class Entropy:
    """A returned entropy: of what, in which unit, with which sign, and what was returned."""

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
                    return Entropy(name, unit, sign * size, float(
                        np.abs(found - sign * size * wanted).max(initial=0))), probs, information
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
    return next((name for name, k in kinds.items()
                 if k.shape == mean.shape and np.allclose(k, mean, rtol=1e-5)), "other")


@symptom
def stats_entropy(exam: Exam, *, given: list[object]) -> str:
    """Of what the second result is the entropy: "of the mean", "average of the passes",
    "information" or "other"."""
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
    forms = {probs.shape[1:2]: "each example", probs.shape[:1]: "each pass",
             probs.shape[1:]: "each class", (): "all"}
    return forms.get(entropy.shape, "other")


@symptom
def stats_information(exam: Exam, *, given: list[object]) -> str:
    """What the third result is, in the unit of the entropy: "difference", "the other way", "average
    of the passes", ..."""
    entropy, probs, information = _read_entropy(exam, given)
    found = information.sum(axis=-1) if information.ndim > 1 else information
    if information.shape == probs.shape[:2] != (1, 1):
        return "of each pass"
    _, mean, *_ = read_stats(exam, given)
    for axis in (0, 1):
        own = entropy_of(probs).mean(axis=axis)
        variance = {"variance": probs.var(axis=axis).sum(axis=-1)}
        for middle in [m for m in (probs.mean(axis=axis), mean)
                       if m.ndim == 2 and entropy_of(m).shape == own.shape]:
            total = entropy_of(middle)
            kinds = {
                "difference": total - own,
                "the other way": own - total,
                "average of the passes": own,
                "entropy": total,
                "minus the sum": total - own * probs.shape[axis],
                "divergence turned round": _divergence(middle, probs, axis),
            }
            for name, values in {**{k: entropy.factor * v for k, v in kinds.items()},
                                 **variance}.items():
                wanted = np.asarray(values.mean()) if found.ndim == 0 else values
                if wanted.shape == found.shape and np.allclose(wanted, found, rtol=1e-4, atol=1e-4):
                    return name
    return "other"


def _divergence(mean: Array, probs: Array, axis: int) -> Array:
    """The mean's divergence from the passes, averaged (the reverse is mutual information)."""
    with np.errstate(all="ignore"):
        return np.asarray(
            (mean * np.log(mean / np.moveaxis(probs, axis, 0))).sum(axis=-1).mean(axis=0))


@symptom
def stats_digits(exam: Exam, *, given: list[object]) -> str:
    """How exact the entropy is: "ten", "float32", "about" or "unclear"."""
    entropy = _read_entropy(exam, given)[0]
    if entropy.unit == "?" or entropy.off <= 1e-10:
        return "unclear" if entropy.unit == "?" else "ten"
    (value,) = exam.ask(question(exam, (given,), STATS))
    return ("float32" if array(item(value, STATS, "entropy"), "entropy").dtype == np.float32
            else "about")


@symptom
def at_zero(exam: Exam, *, given: list[object]) -> str:
    """What a probability of 0 gives: "numbers", "NaN", "infinity", or "numbers, with a warning"."""
    (answer,) = exam.returned(question(exam, (given,), STATS, watch=True))
    found = np.concatenate([np.ravel(array(item(answer.value, STATS, name), name).astype(float))
                            for name in STATS[1:]])
    if not np.isfinite(found).all():
        return "NaN" if np.isnan(found).any() else "infinity"
    return "numbers, with a warning" if answer.beside.warnings else "numbers"
