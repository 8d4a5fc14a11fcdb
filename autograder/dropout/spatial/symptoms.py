"""Probes for diagnosis: structured masks, and a block that normalises before it drops. Words, no judgement; see facts.py."""

from __future__ import annotations

from typing import Any

import numpy as np

from autograder.asking import Exam, array
from autograder.checks_api.inputs import Array, normal
from autograder.checks_api.symptoms import chance_from, nearest, precision, symptom
from autograder.dropout.calls import gradients, output, scale, train_call
from autograder.dropout.mask_symptoms import P
from autograder.dropout.masks import thrown
from autograder.dropout.spatial.blocks import Lattice, block_draws, in_whole_blocks
from autograder.dropout.spatial.normalisation import Memory, block_call, block_output, channel_statistics, lively, normalised, remembered
from autograder.model import Call, Given, Seed

NEAR = 2e-6  # float32 throughout is no other formula
MAPS = (24, 30, 9, 10)
WORDS = {"ten": "ten digits", "about": "about", "unclear": "another"}


# -------------------------------------------------------------------------------------------------------------- masks along axes
@symptom
def mask_axes(exam: Exam, *, shape: tuple[int, ...]) -> str:
    """The axes of x along which the mask changes: "0, 1" for whole channels."""
    x = normal(shape, exam.seed(1))
    (value,) = exam.ask(train_call(exam.function, x, P, Seed(exam.seed())))
    return axes_of(output(value, x) != 0)


def _gradient(exam: Exam, forward: str, backward: str, shape: tuple[int, ...]) -> Array:
    return array(exam.ask(*gradients(P, forward, backward, shape).script(exam))[-1], "dx", shape).astype(float)


@symptom
def gradient_axes(exam: Exam, **pair: Any) -> str:
    """The axes of dout along which the zeros of the gradient change."""
    return axes_of(_gradient(exam, **pair) != 0)


@symptom
def gradient_places(exam: Exam, **pair: Any) -> str:
    """Has each place of a channel a gradient of its own, or do all have the same?"""
    found = _gradient(exam, **pair)
    places = found.reshape(*found.shape[:2], -1)
    return "all alike" if found.any() and (np.ptp(places, axis=2) <= NEAR * np.abs(places).max()).all() else "each its own"


def axes_of(kept: Array) -> str:
    """The axes along which a mask changes."""
    changing = [a for a in range(kept.ndim) if not (kept == kept.take([0], axis=a)).all()]
    return ", ".join(map(str, changing)) or "none"


# ------------------------------------------------------------------------------------------------------------------------ blocks
@symptom
def zeros_form(exam: Exam, *, block: int, shape: tuple[int, int, int, int] = MAPS) -> str:
    """What the zeros are made of: "blocks of 3", "blocks cut at the border", "no blocks", "nothing"."""
    zero = block_draws(exam, shape, P, block) == 0
    if not zero.any() or zero.all():
        return "nothing" if not zero.any() else "everything"
    sides = [k for k in range(1, min(shape[2:]) + 1) if not (zero & ~in_whole_blocks(zero, k)).any()]
    beyond = np.pad(zero, ((0, 0), (0, 0), (block, block), (block, block)), constant_values=True)
    cut = (beyond & ~in_whole_blocks(beyond, block)).any()
    if max(sides) > 1:  # what is left of cut blocks may be made of smaller ones
        return f"blocks of {max(sides)}" + (", cut at the border" if max(sides) < block and not cut else "")
    if not (~zero & ~in_whole_blocks(~zero, block)).any():
        return "all but blocks"
    return "no blocks" if cut else "blocks cut at the border"


@symptom
def block_scale(exam: Exam, *, block: int, shape: tuple[int, int, int, int] = MAPS) -> str:
    """The value of the units that are left."""
    mask = block_draws(exam, shape, P, block).astype(float)
    kept = mask != 0
    if not kept.any():
        return "0"
    per_map = np.broadcast_to(kept[0, 0].size / np.maximum(kept.sum((2, 3), keepdims=True), 1), shape)
    per_example = np.broadcast_to(kept[0].size / np.maximum(kept.sum((1, 2, 3), keepdims=True), 1), shape)
    share = float(kept.mean())
    for word, factor in (
        ("units / kept", np.full(shape, 1 / share)),
        ("units / kept, map by map", per_map),
        ("units / kept, example by example", per_example),
        ("1/(1-p)", np.full(shape, 1 / (1 - P))),
        ("1", np.ones(shape)),
        ("kept / units", np.full(shape, share)),
        ("units / dropped", np.full(shape, 1 / max(1 - share, 1e-12))),
    ):
        if np.allclose(mask[kept], factor[kept], rtol=NEAR, atol=0):
            return word
    return "other"


@symptom
def block_digits(exam: Exam, *, block: int, shape: tuple[int, int, int, int] = MAPS) -> str:
    """How exact (all units) / (units left) is: "ten digits", "about", or "another" value."""
    mask = block_draws(exam, shape, P, block)
    kept = mask != 0
    if not kept.any():
        return "another"
    return WORDS[precision(mask[kept], kept.size / float(kept.sum()))]


@symptom
def factor_digits(exam: Exam, *, shape: tuple[int, ...]) -> str:
    """How exact the factor 1 / (1 - p) is: "ten digits", "about", "float32" for those that float32 has, or "another" factor."""
    x = normal(shape, exam.seed(1))
    (value,) = exam.ask(train_call(exam.function, x, P, Seed(exam.seed())))
    out, wanted = output(value, x), scale("1/(1-p)", P)
    kept = out != 0
    if not kept.any():
        return "another"
    ratio = out[kept] / x.value[kept]
    single = np.ptp(ratio) > 1e-9 or abs(ratio[0] - float(np.float32(wanted))) < 1e-12
    word = WORDS[precision(ratio, wanted)]
    return "float32" if single and word == "about" else word


@symptom
def maps_masked(exam: Exam, *, block: int, shape: tuple[int, int, int, int] = MAPS) -> str:
    """Do the examples, or the channels of an example, share their blocks?"""
    kept = block_draws(exam, shape, P, block) != 0
    if kept.all() or not kept.any():
        return "nothing to see"
    changing = axes_of(kept).split(", ")
    words = {(True, True): "apart", (False, True): "shared by examples", (True, False): "shared by channels"}
    return words.get(("0" in changing, "1" in changing), "shared by all")


@symptom
def blocks_a_map(exam: Exam, *, block: int, shape: tuple[int, int, int, int] = MAPS) -> str:
    """Does the number of dropped units vary from map to map as it should, or is there "always some", or "one block at most"?"""
    kept = thrown(block_draws(exam, shape, P, block) != 0, (0, 1))
    maps = kept.reshape(-1, kept[0, 0].size)
    if kept.all():
        return "none"
    if len(maps) < 10:  # all maps share a few: whose they are is another fact
        return "chance"
    if len({int(n) for n in maps.sum(1)}) == 1:
        return "as many in each"
    if (~maps).sum(1).max() <= block**2:
        return "one block at most"
    return "chance" if maps.all(1).any() else "always some"


@symptom
def overlaps(exam: Exam, *, block: int, shape: tuple[int, int, int, int] = MAPS) -> str:
    """Do blocks overlap? Where they never do, each map loses a multiple of block * block units."""
    zeros = (block_draws(exam, shape, P, block) == 0).sum((2, 3))
    return "by chance" if (zeros % block**2).any() or not zeros.any() else "never"


@symptom
def inner_share(exam: Exam, *, block: int, shape: tuple[int, int, int, int] = MAPS) -> str:
    """The chance by which blocks were drawn, from the share of inner units that are kept."""
    lattice = Lattice(*shape[2:], block)
    kept = float(lattice.inner(block_draws(exam, shape, P, block) != 0).mean())
    return nearest(kept, {word: lattice.kept(g) for word, g in _gammas(lattice).items()}, 0.035)


def _gammas(lattice: Lattice) -> dict[str, float]:
    right = lattice.gamma(P)
    return {"gamma": right, "p": P, "p / block": P / lattice.block, "gamma of 1-p": lattice.gamma(1 - P), "none": 0.0}


@symptom
def large_blocks_drop(exam: Exam) -> str:
    """What blocks larger than the map drop, where they are not refused: "some" or "nothing"."""
    shape = (8, 8, 9, 4)
    (value,) = exam.ask(Call(exam.function, (Given(repr(shape), shape), 0.9, 5, Seed(exam.seed())), returns=("mask",)))
    return "some" if (array(value, "mask", shape) == 0).any() else "nothing"


@symptom
def when_nothing_is_left(exam: Exam) -> str:
    """What a mask looks like in which every unit is dropped (one block as large as the map, p = 1)."""
    shape = (3, 4, 2, 2)
    call = Call(exam.function, (Given(repr(shape), shape), 1.0, 2, Seed(exam.seed())), returns=("mask",), watch=True)
    (answer,) = exam.returned(call)
    mask = array(answer.value, "mask", shape)
    if np.isnan(mask).any():
        return "NaN"
    if (mask == 0).all():
        return "zeros, with a warning" if answer.beside.warnings else "zeros"
    return "numbers"


# ------------------------------------------------------------------------------------------- a block that normalises, then drops
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
            (", divided by one less", np.sqrt(var * (x.size // var.size) / max(x.size // var.size - 1, 1) + memory.eps)),
        ):
            if np.allclose(out, (x - mean) / below, rtol=NEAR, atol=NEAR):
                return word + end
    return "other"


@symptom
def test_uses(exam: Exam, *, memory: Memory) -> str:  # a probe, not a test
    """What test time normalises with: "running", "the batch", "nothing", "the last batch"."""
    *given, x = [lively(SHAPE, exam.seed(1 + k)) for k in range(3)]
    calls = [block_call(exam, b, 0.0, Seed(exam.seed(20 + k)), True) for k, b in enumerate(given)]
    script = (memory.start(SHAPE[1]), *calls, Call(memory.state, look=True), block_call(exam, x, P, None, False))
    values = exam.ask(*script)
    out = block_output(values[-1], x)
    if (out == 0).mean() > P / 2:
        return "drops"
    own = [remembered(values[-2], memory, key, SHAPE[1]).astype(float) for key in ("mean", "var")]
    for word, (mean, var) in (
        ("running", (own[0], own[1])),
        ("the batch", channel_statistics(x.value)),
        ("the last batch", channel_statistics(given[-1].value)),
        ("nothing", (np.zeros(SHAPE[1]), np.ones(SHAPE[1]))),
        ("running, eps beside the root", (own[0], (np.sqrt(abs(own[1])) + memory.eps) ** 2 - memory.eps)),
        ("running, var as a spread", (own[0], own[1] ** 2 + 2 * memory.eps * own[1] + memory.eps**2 - memory.eps)),
        ("running, var as a spread", (own[0], own[1] ** 2)),
    ):
        if np.allclose(out, memory.normalised(x.value, mean, var), rtol=NEAR, atol=NEAR):
            return word
    return "nothing" if np.array_equal(out, x.value) else "the batch" if axes_word(x.value, out, memory) != "other" else "other"


test_uses.__test__ = False  # type: ignore[attr-defined]


@symptom
def memory_holds(exam: Exam, *, memory: Memory, p: float = 0.0) -> str:
    """What the memory holds after three training batches."""
    given = [lively(SHAPE, exam.seed(1 + k)) for k in range(3)]
    calls = [block_call(exam, b, p, Seed(exam.seed(20 + k)), True) for k, b in enumerate(given)]
    held = exam.ask(memory.start(SHAPE[1]), *calls, Call(memory.state, look=True))[-1]
    mean, var = (remembered(held, memory, key, SHAPE[1]).astype(float) for key in ("mean", "var"))
    arrays = [b.value for b in given]
    swapped = Memory(memory.state, memory.reset, 1 - memory.rate, memory.eps)
    summed = [sum(s) / 3 for s in zip(*(channel_statistics(b) for b in arrays), strict=True)]
    for word, (m, v) in (
        ("running averages", memory.after(arrays)),
        ("nothing", (np.zeros(SHAPE[1]), np.ones(SHAPE[1]))),
        ("the last batch", channel_statistics(arrays[-1])),
        ("running averages, weights swapped", swapped.after(arrays)),
        ("plain averages", (summed[0], summed[1])),
        ("running averages from the first batch on", memory.after(arrays, begin=True)),
    ):
        if np.allclose(mean, m, rtol=NEAR, atol=NEAR):
            return word if np.allclose(var, v, rtol=1e-7, atol=1e-7) else f"{word}, {_kind_of_variance(var, arrays, memory)}"
    return "other"


def _kind_of_variance(var: Array, batches: list[Array], memory: Memory) -> str:
    """What is remembered in the place of the variance, when the mean is right."""
    places = batches[0].size // var.size
    if np.allclose(var, memory.after(batches, lambda v: v * places / (places - 1))[1], rtol=NEAR, atol=NEAR):
        return "var divided by one less"
    if np.allclose(var, memory.after(batches, lambda v: v + memory.eps)[1], rtol=1e-7, atol=0):
        return "var with eps"
    return "deviations for var" if np.allclose(var, memory.after(batches, np.sqrt)[1], rtol=1e-3, atol=0) else "var otherwise"


@symptom
def memory_at_test(exam: Exam, *, memory: Memory) -> str:
    """Does a pass at test time move the memory?"""
    first, x = (lively(SHAPE, exam.seed(1 + k)) for k in range(2))
    look, training = Call(memory.state, look=True), block_call(exam, first, 0.0, Seed(exam.seed()), True)
    values = exam.ask(memory.start(SHAPE[1]), training, look, block_call(exam, x, P, None, False), look)
    pairs = [[remembered(values[k], memory, key, SHAPE[1]) for k in (2, 4)] for key in ("mean", "var")]
    same = all(np.array_equal(before, after, equal_nan=True) for before, after in pairs)
    return "kept" if same else "moved"


def _dropped(exam: Exam, memory: Memory) -> tuple[Array, Array]:
    """A training batch through the block without dropout, and with it."""
    x = lively(SHAPE, exam.seed(1))
    start, seed = memory.start(SHAPE[1]), Seed(exam.seed())
    _, plain, _, value = exam.ask(start, block_call(exam, x, 0.0, seed, True), start, block_call(exam, x, P, seed, True))
    return block_output(plain, x), block_output(value, x)


@symptom
def dropout_place(exam: Exam, *, memory: Memory) -> str:
    """Is dropout the last thing that happens? "not last" when dropped units are no zeros, or survivors no multiples."""
    plain, out = _dropped(exam, memory)
    if np.array_equal(plain, out):
        return "nowhere"
    kept = out != 0
    if not kept.any():
        return "everywhere"
    ratio = out[kept] / plain[kept]
    return "last" if not kept.all() and np.ptp(ratio) < NEAR * abs(ratio).max() * 1000 else "not last"


@symptom
def block_mask_axes(exam: Exam, *, memory: Memory) -> str:
    """The axes along which the block's mask changes."""
    return axes_of(_dropped(exam, memory)[1] != 0)


@symptom
def block_factor(exam: Exam, *, memory: Memory) -> str:
    """The factor on the survivors of the block."""
    plain, out = _dropped(exam, memory)
    kept = out != 0
    if not kept.any():
        return "0"
    names = {name: scale(name, P) for name in ("1", "1-p", "1/(1-p)", "p", "1/p")}
    return nearest(float(np.median(out[kept] / plain[kept])), names, 1e-6)


@symptom
def block_generator(exam: Exam, *, memory: Memory) -> str:
    """Where the block's coins come from: "given", "own", "global", or "frozen" when every call drops the same."""
    word = chance_from(via=normalised(memory, P, shape=SHAPE, kept=True)).probe(exam)
    kept = block_output(exam.ask(*normalised(memory, P, shape=SHAPE).script(exam))[-1], lively(SHAPE, exam.seed(1))) != 0
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
