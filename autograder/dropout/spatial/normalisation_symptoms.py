"""Symptoms of a block that normalises channels, remembers batches, and drops channels last."""

from __future__ import annotations

import numpy as np

from autograder.asking import Exam
from autograder.checks_api.inputs import Array
from autograder.checks_api.symptoms import chance_from, nearest, symptom
from autograder.dropout.calls import scale
from autograder.dropout.mask_symptoms import P
from autograder.dropout.spatial.block_symptoms import NEAR, axes_of
from autograder.dropout.spatial.normalisation import (
    Memory, block_call, block_output, channel_statistics, lively, normalised, remembered, training,
    without_and_with)
from autograder.model import Call, Seed

SHAPE = (12, 10, 5, 4)


@symptom
def normalised_over(exam: Exam, *, memory: Memory) -> str:
    """Over which axes a training batch is normalised."""
    x = lively(SHAPE, exam.seed(1))
    _, value = exam.ask(memory.start(SHAPE[1]), block_call(exam, x, 0.0, Seed(exam.seed()), True))
    out = block_output(value, x)
    if np.allclose(out, memory.normalised(x.value, *memory.after([x.value])), rtol=NEAR, atol=NEAR):
        return "the running statistics"
    return axes_word(x.value, out, memory)


def axes_word(x: Array, out: Array, memory: Memory) -> str:
    """Over which axes was x normalised? "examples and places" is right for a channel."""
    if np.array_equal(out, x):
        return "nothing"
    rows = x.reshape(x.shape[1], -1)
    if np.allclose(out, memory.normalised(x, rows.mean(1), rows.var(1)), rtol=NEAR, atol=NEAR):
        return "examples and places, cut anew"
    for word, axes in (
        ("examples and places", (0, 2, 3)),
        ("everything", (0, 1, 2, 3)),
        ("places", (2, 3)),
        ("channels and places", (1, 2, 3)),
        ("examples", (0,)),
        ("channels", (1,)),
    ):
        mean, var = x.mean(axes, keepdims=True), x.var(axes, keepdims=True)
        for end, below in (
            ("", np.sqrt(var + memory.eps)),
            (", eps beside the root", np.sqrt(var) + memory.eps),
            (", without eps", np.sqrt(var)),
            (", without the root", var + memory.eps),
            (", without the spread", np.ones_like(var)),
            (", divided by one less",
             np.sqrt(var * (x.size // var.size) / max(x.size // var.size - 1, 1) + memory.eps)),
        ):
            if np.allclose(out, (x - mean) / below, rtol=NEAR, atol=NEAR):
                return word + end
    return "other"


@symptom
def test_uses(exam: Exam, *, memory: Memory) -> str:  # a probe, not a test
    """What test time normalises with: "running", "the batch", "nothing", "the last batch"."""
    *given, x = [lively(SHAPE, exam.seed(1 + k)) for k in range(3)]
    values = exam.ask(*training(exam, memory, given), block_call(exam, x, P, None, False))
    out = block_output(values[-1], x)
    if (out == 0).mean() > P / 2:
        return "drops"
    own = [remembered(values[-2], memory, key, SHAPE[1]).astype(float) for key in ("mean", "var")]
    for word, (mean, var) in (
        ("running", (own[0], own[1])),
        ("the batch", channel_statistics(x.value)),
        ("the last batch", channel_statistics(given[-1].value)),
        ("nothing", (np.zeros(SHAPE[1]), np.ones(SHAPE[1]))),
        ("running, eps beside the root",
         (own[0], (np.sqrt(abs(own[1])) + memory.eps) ** 2 - memory.eps)),
        ("running, var as a spread",
         (own[0], own[1] ** 2 + 2 * memory.eps * own[1] + memory.eps**2 - memory.eps)),
        ("running, var as a spread", (own[0], own[1] ** 2)),
    ):
        if np.allclose(out, memory.normalised(x.value, mean, var), rtol=NEAR, atol=NEAR):
            return word
    return ("nothing" if np.array_equal(out, x.value)
            else "the batch" if axes_word(x.value, out, memory) != "other" else "other")


test_uses.__test__ = False  # type: ignore[attr-defined]


@symptom
def memory_holds(exam: Exam, *, memory: Memory, p: float = 0.0) -> str:
    """What the memory holds after three training batches."""
    given = [lively(SHAPE, exam.seed(1 + k)) for k in range(3)]
    held = exam.ask(*training(exam, memory, given, p))[-1]
    kept = held.get("mean") if isinstance(held, dict) else None
    if isinstance(kept, np.ndarray) and kept.size == SHAPE[1] ** 2:
        return "each channel for each"
    mean, var = (remembered(held, memory, key, SHAPE[1]).astype(float) for key in ("mean", "var"))
    arrays = [b.value for b in given]
    swapped = Memory(memory.state, memory.reset, 1 - memory.rate, memory.eps)
    summed = [sum(s) / 3 for s in zip(*(channel_statistics(b) for b in arrays), strict=True)]
    for word, (m, v) in (
        ("running averages", memory.after(arrays)),
        ("nothing", (np.zeros(SHAPE[1]), np.ones(SHAPE[1]))),
        ("the last batch", channel_statistics(arrays[-1])),
        ("a tenth of the last batch", memory.after(arrays[-1:])),
        ("running averages, weights swapped", swapped.after(arrays)),
        ("plain averages", (summed[0], summed[1])),
        ("running averages from the first batch on", memory.after(arrays, begin=True)),
    ):
        if np.allclose(mean, m, rtol=NEAR, atol=NEAR):
            return (word if np.allclose(var, v, rtol=1e-7, atol=1e-7)
                    else f"{word}, {_kind_of_variance(var, arrays, memory)}")
    return "other"


def _kind_of_variance(var: Array, batches: list[Array], memory: Memory) -> str:
    """What is remembered in the place of the variance, when the mean is right."""
    if (var == 1).all():
        return "var still 1"
    places = batches[0].size // var.size
    if np.allclose(var, memory.after(batches, lambda v: v * places / (places - 1))[1],
                   rtol=NEAR, atol=NEAR):
        return "var divided by one less"
    if np.allclose(var, memory.after(batches, lambda v: v + memory.eps)[1], rtol=1e-7, atol=0):
        return "var with eps"
    return "deviations for var" if np.allclose(var, memory.after(batches, np.sqrt)[1], rtol=1e-3,
                                               atol=0) else "var otherwise"


@symptom
def memory_at_test(exam: Exam, *, memory: Memory) -> str:
    """Does a pass at test time move the memory?"""
    first, x = (lively(SHAPE, exam.seed(1 + k)) for k in range(2))
    look = Call(memory.state, look=True)
    training = block_call(exam, first, 0.0, Seed(exam.seed()), True)
    values = exam.ask(memory.start(SHAPE[1]), training, look,
                      block_call(exam, x, P, None, False), look)
    pairs = [[remembered(values[k], memory, key, SHAPE[1]) for k in (2, 4)]
             for key in ("mean", "var")]
    same = all(np.array_equal(before, after, equal_nan=True) for before, after in pairs)
    return "kept" if same else "moved"


@symptom
def dropout_place(exam: Exam, *, memory: Memory) -> str:
    """Is dropout the last thing that happens? "not last" when dropped units are no zeros, or
    survivors no multiples."""
    plain, out = without_and_with(exam, memory, P, SHAPE)
    if np.array_equal(plain, out):
        return "nowhere"
    kept = out != 0
    if not kept.any():
        return "everywhere"
    ratio = out[kept] / plain[kept]
    return ("last" if not kept.all() and np.ptp(ratio) < NEAR * abs(ratio).max() * 1000
            else "not last")


@symptom
def block_mask_axes(exam: Exam, *, memory: Memory) -> str:
    """The axes along which the block's mask changes."""
    return axes_of(without_and_with(exam, memory, P, SHAPE)[1] != 0)


@symptom
def block_factor(exam: Exam, *, memory: Memory) -> str:
    """The factor on the survivors of the block."""
    plain, out = without_and_with(exam, memory, P, SHAPE)
    kept = out != 0
    if not kept.any():
        return "0"
    names = {name: scale(name, P) for name in ("1", "1-p", "1/(1-p)", "p", "1/p")}
    return nearest(float(np.median(out[kept] / plain[kept])), names, 1e-6)


@symptom
def block_generator(exam: Exam, *, memory: Memory) -> str:
    """Where the block's coins come from: "given", "own", "global", or "frozen" when every call
    drops the same."""
    word = chance_from(via=normalised(memory, P, shape=SHAPE, kept=True)).probe(exam)
    kept = block_output(exam.ask(*normalised(memory, P, shape=SHAPE).script(exam))[-1],
                        lively(SHAPE, exam.seed(1))) != 0
    return word if word == "global" or (kept.any() and not kept.all()) else "none"


@symptom
def block_at_one(exam: Exam, *, memory: Memory) -> str:
    """What a training pass with p = 1 gives."""
    x = lively(SHAPE, exam.seed(1))
    call = block_call(exam, x, 1.0, Seed(exam.seed()), True, watch=True)
    answer = exam.returned(memory.start(SHAPE[1]), call)[1]
    out = block_output(answer.value, x)
    if not (out == 0).all():
        return "numbers" if np.isfinite(out).all() else "NaN"
    return "zeros, with a warning" if answer.beside.warnings else "zeros"


@symptom
def block_share(exam: Exam, *, memory: Memory) -> str:
    """The share of zeros."""
    shape = (64, 60, 2, 1)
    x = lively(shape, exam.seed(1))
    _, value = exam.ask(memory.start(shape[1]), block_call(exam, x, P, Seed(exam.seed()), True))
    zero = float((block_output(value, x) == 0).mean())
    return nearest(zero, {"p": P, "1-p": 1 - P, "none": 0.0, "all": 1.0, "half": 0.5}, 0.06)
