"""Symptoms of structured masks: whole channels or steps, and whole blocks of a map."""

from __future__ import annotations

from typing import Any

import numpy as np

from autograder.asking import Exam, array
from autograder.checks_api.inputs import Array, normal
from autograder.checks_api.symptoms import nearest, precision, symptom
from autograder.dropout.calls import gradients, output, scale, train_call
from autograder.dropout.mask_symptoms import P
from autograder.dropout.masks import thrown
from autograder.dropout.spatial.blocks import Lattice, block_draws, in_whole_blocks
from autograder.model import Call, Given, Seed

NEAR = 2e-6  # float32 throughout is no other formula
MAPS = (24, 30, 9, 10)
WORDS = {"ten": "ten digits", "about": "about", "unclear": "another"}


# --------------------------------------------------------------------------------- masks along axes
@symptom
def mask_axes(exam: Exam, *, shape: tuple[int, ...]) -> str:
    """The axes of x along which the mask changes: "0, 1" for whole channels."""
    x = normal(shape, exam.seed(1))
    (value,) = exam.ask(train_call(exam.function, x, P, Seed(exam.seed())))
    return axes_of(output(value, x) != 0)


def _gradient(exam: Exam, forward: str, backward: str, shape: tuple[int, ...]) -> Array:
    return array(exam.ask(*gradients(P, forward, backward, shape).script(exam))[-1], "dx",
                 shape).astype(float)


@symptom
def gradient_axes(exam: Exam, **pair: Any) -> str:
    """The axes of dout along which the zeros of the gradient change."""
    return axes_of(_gradient(exam, **pair) != 0)


@symptom
def gradient_places(exam: Exam, **pair: Any) -> str:
    """Has each place of a channel a gradient of its own, or do all have the same?"""
    found = _gradient(exam, **pair)
    places = found.reshape(*found.shape[:2], -1)
    return ("all alike" if found.any()
            and (np.ptp(places, axis=2) <= NEAR * np.abs(places).max()).all() else "each its own")


def axes_of(kept: Array) -> str:
    """The axes along which a mask changes."""
    changing = [a for a in range(kept.ndim) if not (kept == kept.take([0], axis=a)).all()]
    return ", ".join(map(str, changing)) or "none"


# ------------------------------------------------------------------------------------------- blocks
@symptom
def zeros_form(exam: Exam, *, block: int, shape: tuple[int, int, int, int] = MAPS) -> str:
    """What the zeros are made of: "blocks of 3", "blocks cut at the border", "lines",
    "no blocks", "nothing"."""
    zero = block_draws(exam, shape, P, block) == 0
    if not zero.any() or zero.all():
        return "nothing" if not zero.any() else "everything"
    sides = [k for k in range(1, min(shape[2:]) + 1)
             if not (zero & ~in_whole_blocks(zero, k)).any()]
    beyond = np.pad(zero, ((0, 0), (0, 0), (block, block), (block, block)), constant_values=True)
    cut = (beyond & ~in_whole_blocks(beyond, block)).any()
    if max(sides) > 1:  # what is left of cut blocks may be made of smaller ones
        return f"blocks of {max(sides)}" + (", cut at the border" if max(sides) < block
                                            and not cut else "")
    if not (~zero & ~in_whole_blocks(~zero, block)).any():
        return "all but blocks"
    if any(not (zero & ~in_whole_blocks(zero, *sides)).any() for sides in ((block, 1), (1, block))):
        return "lines"
    return "no blocks" if cut else "blocks cut at the border"


@symptom
def block_scale(exam: Exam, *, block: int, shape: tuple[int, int, int, int] = MAPS) -> str:
    """The value of the units that are left."""
    mask = block_draws(exam, shape, P, block).astype(float)
    kept = mask != 0
    if not kept.any():
        return "0"
    per_map = np.broadcast_to(kept[0, 0].size / np.maximum(kept.sum((2, 3), keepdims=True), 1),
                              shape)
    per_example = np.broadcast_to(kept[0].size / np.maximum(kept.sum((1, 2, 3), keepdims=True), 1),
                                  shape)
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
    """How exact the factor 1 / (1 - p) is: "ten digits", "about", "float32" for those that float32
    has, or "another" factor."""
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
    words = {(True, True): "apart", (False, True): "shared by examples",
             (True, False): "shared by channels"}
    return words.get(("0" in changing, "1" in changing), "shared by all")


@symptom
def blocks_a_map(exam: Exam, *, block: int, shape: tuple[int, int, int, int] = MAPS) -> str:
    """Does the number of dropped units vary from map to map as it should, or is there "always
    some", or "one block at most"?"""
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
    return {"gamma": right, "p": P, "p / block": P / lattice.block,
            "gamma of 1-p": lattice.gamma(1 - P), "none": 0.0}


@symptom
def large_blocks_drop(exam: Exam) -> str:
    """What blocks larger than the map drop, where they are not refused: "some" or "nothing"."""
    shape = (8, 8, 9, 4)
    (value,) = exam.ask(Call(exam.function, (Given(repr(shape), shape), 0.9, 5, Seed(exam.seed())),
                             returns=("mask",)))
    return "some" if (array(value, "mask", shape) == 0).any() else "nothing"


@symptom
def when_nothing_is_left(exam: Exam) -> str:
    """What a mask looks like in which every unit is dropped (one block as large as the map, p =
    1)."""
    shape = (3, 4, 2, 2)
    call = Call(exam.function, (Given(repr(shape), shape), 1.0, 2, Seed(exam.seed())),
                returns=("mask",), watch=True)
    (answer,) = exam.returned(call)
    mask = array(answer.value, "mask", shape)
    if np.isnan(mask).any():
        return "NaN"
    if (mask == 0).all():
        return "zeros, with a warning" if answer.beside.warnings else "zeros"
    return "numbers"


@symptom
def left_at_one(exam: Exam, *, block: int, shape: tuple[int, int, int, int] = MAPS) -> str:
    """Whether a mask of p = 1 keeps units, as blocks of more than one unit leave it to chance:
    "some" or "nothing"."""
    return "some" if (block_draws(exam, shape, 1.0, block) != 0).any() else "nothing"
