"""Symptoms of structured masks: whole channels or steps, and whole blocks of a map."""

from __future__ import annotations

from typing import Any

import numpy as np

from autograder.asking import Exam, array
from autograder.checks_api.inputs import Array, normal
from autograder.checks_api.symptoms import nearest, precision, symptom
from autograder.dropout.calls import gradients, output, train_call
from autograder.dropout.mask_symptoms import P
from autograder.dropout.masks import thrown
from autograder.dropout.spatial.blocks import Lattice, block_draws, in_whole_blocks

NEAR = 2e-6  # float32 throughout is no other formula
MAPS = (24, 30, 9, 10)


# --------------------------------------------------------------------------------- masks along axes
@symptom
def mask_axes(exam: Exam, *, shape: tuple[int, ...]) -> str:
    """The axes of x along which the mask changes: "0, 1" for whole channels."""
    x = normal(shape, exam.seed(1))
    (value,) = exam.ask(train_call(exam, x, P))
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
def block_scale(exam: Exam, *, block: int) -> str:
    """The value of the units that are left."""
    mask = block_draws(exam, MAPS, P, block).astype(float)
    kept = mask != 0
    if not kept.any():
        return "0"
    share = float(kept.mean())
    for word, factor in (
        ("units / kept", 1 / share),
        ("units / kept, map by map", 1 / np.maximum(kept.mean((2, 3), keepdims=True), 1e-12)),
        ("units / kept, example by example",
         1 / np.maximum(kept.mean((1, 2, 3), keepdims=True), 1e-12)),
        ("1/(1-p)", 1 / (1 - P)),
        ("1", 1.0),
        ("kept / units", share),
        ("units / dropped", 1 / max(1 - share, 1e-12)),
    ):
        if np.allclose(mask[kept], np.broadcast_to(factor, MAPS)[kept], rtol=NEAR, atol=0):
            return word
    return "other"


@symptom
def block_digits(exam: Exam, *, block: int) -> str:
    """How exact (all units) / (units left) is: "ten digits", "about", or "another" value."""
    mask = block_draws(exam, MAPS, P, block)
    kept = mask != 0
    if not kept.any():
        return "another"
    words = {"ten": "ten digits", "about": "about", "unclear": "another"}
    return words[precision(mask[kept], kept.size / float(kept.sum()))]


@symptom
def maps_masked(exam: Exam, *, block: int) -> str:
    """Do the examples, or the channels of an example, share their blocks?"""
    kept = block_draws(exam, MAPS, P, block) != 0
    if kept.all() or not kept.any():
        return "nothing to see"
    changing = axes_of(kept).split(", ")
    words = {(True, True): "apart", (False, True): "shared by examples",
             (True, False): "shared by channels"}
    return words.get(("0" in changing, "1" in changing), "shared by all")


@symptom
def blocks_a_map(exam: Exam, *, block: int) -> str:
    """Does the number of dropped units vary from map to map as it should, or is there "always
    some", or "one block at most"?"""
    kept = thrown(block_draws(exam, MAPS, P, block) != 0, (0, 1))
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
def overlaps(exam: Exam, *, block: int) -> str:
    """Do blocks overlap? Where they never do, each map loses a multiple of block * block units."""
    zeros = (block_draws(exam, MAPS, P, block) == 0).sum((2, 3))
    return "by chance" if (zeros % block**2).any() or not zeros.any() else "never"


@symptom
def inner_share(exam: Exam, *, block: int) -> str:
    """The chance by which blocks were drawn, from the share of inner units that are kept."""
    lattice = Lattice(*MAPS[2:], block)
    kept = float(lattice.inner(block_draws(exam, MAPS, P, block) != 0).mean())
    gammas = {"gamma": lattice.gamma(P), "p": P, "p / block": P / block,
              "gamma of 1-p": lattice.gamma(1 - P), "none": 0.0}
    return nearest(kept, {word: lattice.kept(g) for word, g in gammas.items()}, 0.035)


@symptom
def large_blocks_drop(exam: Exam) -> str:
    """What blocks larger than the map drop, where they are not refused: "some" or "nothing"."""
    return "some" if (block_draws(exam, (8, 8, 9, 4), 0.9, 5) == 0).any() else "nothing"


@symptom
def left_at_one(exam: Exam, *, block: int) -> str:
    """Whether a mask of p = 1 keeps units, as blocks of more than one unit leave it to chance:
    "some" or "nothing"."""
    return "some" if (block_draws(exam, MAPS, 1.0, block) != 0).any() else "nothing"
