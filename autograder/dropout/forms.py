"""What a function that draws a structured mask looks like: how to ask it, and read its mask.

The plain forms are words (`via="forward"`, `"mask"`, `"multiplier"`, see masks.py). A form object
stands where a word stands; the shape of a check is then the shape of the REDUCED mask, one entry
per coin: the whole suite of chance tests applies to it as it is.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from autograder.asking import Exam, Wrong, array, pair, stable_seed
from autograder.checks_api.inputs import Array, asked_shape, normal
from autograder.dropout.calls import train_call
from autograder.dropout.masks import Form, draw_input
from autograder.model import Call, Seed


@dataclass(frozen=True)
class Shared(Form):
    """`out, cache = f(x, p, rng)` whose mask is alike along axes from `axis` on, of these `sizes`.

    `Shared(2, (5, 4))`: x is (N, C, 5, 4), the reduced mask (N, C). `Shared(1, (3,))`: x is (N, 3,
    D), the reduced mask (N, D). `what` is the word for one entry of the reduced mask.
    """

    axis: int
    sizes: tuple[int, ...]
    what: str = "unit"

    def spread(self, shape: tuple[int, ...]) -> tuple[int, ...]:
        """The shape of x for a reduced mask of that shape."""
        return (*shape[: self.axis], *self.sizes, *shape[self.axis :])

    def call(self, exam: Exam, shape: tuple[int, ...], p: float, seed: Seed) -> Call:
        full = self.spread(shape)
        x = normal(full, stable_seed(f"{exam.function}/input/{full}/{exam.salt}"))
        return train_call(exam, x, p, seed)

    def read(self, value: object, shape: tuple[int, ...]) -> Array:
        return self.reduced(array(pair(value)[0], "out", self.spread(shape)) != 0)

    def kept(self, how: str) -> str:
        """Python for how much of each coin's entries was kept: their "sum", or "any"."""
        return f"(out != 0).{how}(axis={tuple(range(self.axis, self.axis + len(self.sizes)))})"

    def reduced(self, kept: Array) -> Array:
        """One entry per coin; Wrong when the entries of one coin were not all treated alike."""
        axes = tuple(range(self.axis, self.axis + len(self.sizes)))
        count, whole = kept.sum(axis=axes), int(np.prod(self.sizes))
        torn = (count != 0) & (count != whole)
        if torn.any():
            place = tuple(int(i) for i in np.argwhere(torn)[0])
            name = f"{self.what} {list(place)}"
            rest = f" ({int(torn.sum())} of {torn.size} are torn)" if torn.size > 1 else ""
            raise Wrong(f"{name} is kept at {int(count[place])} of its {whole} places{rest}",
                        "kept at all of them or at none")
        return np.asarray(count != 0)


@dataclass(frozen=True)
class Blocks(Form):
    """`mask = f((N, C, H, W), p, block, rng)`, reduced to `axes`; block = 1: a coin per entry."""

    axes: tuple[int, ...] = (0, 1)
    block: int = 1

    def spread(self, shape: tuple[int, ...]) -> tuple[int, ...]:
        """The four sizes: those of the reduced mask along `axes`, one elsewhere."""
        full = [1, 1, 1, 1]
        for axis, size in zip(self.axes, shape, strict=True):
            full[axis] = size
        return tuple(full)

    def call(self, exam: Exam, shape: tuple[int, ...], p: float, seed: Seed) -> Call:
        full = self.spread(shape)
        return Call(exam.function, (asked_shape(full), p, self.block, seed), returns=("mask",))

    def read(self, value: object, shape: tuple[int, ...]) -> Array:
        return array(value, "mask", self.spread(shape)).reshape(shape)

    def shown(self, shape: tuple[int, ...]) -> str:
        return f"mask.reshape({shape})"


@dataclass(frozen=True)
class Flat(Form):
    """`out, cache = f(x, p, rng)`, a coin per entry: x is (N, *sizes), reduced (N, prod(sizes)).

    Where the entries of a channel share a coin, neighbours in a row agree; where all channels share
    one, so do halves of a row.
    """

    sizes: tuple[int, ...]

    def call(self, exam: Exam, shape: tuple[int, ...], p: float, seed: Seed) -> Call:
        full = (shape[0], *self.sizes)
        x = normal(full, stable_seed(f"{exam.function}/input/{full}/{exam.salt}"))
        return train_call(exam, x, p, seed)

    def read(self, value: object, shape: tuple[int, ...]) -> Array:
        return array(pair(value)[0], "out", (shape[0], *self.sizes)).reshape(shape)

    def shown(self, shape: tuple[int, ...]) -> str:
        return f"out.reshape({shape})"


@dataclass(frozen=True)
class Bare(Form):
    """`out = f(x, p, rng)`: a forward pass that returns its output alone."""

    outputs = True

    def call(self, exam: Exam, shape: tuple[int, ...], p: float, seed: Seed) -> Call:
        return Call(exam.function, (draw_input(exam, shape), p, seed), returns=("out",))

    def read(self, value: object, shape: tuple[int, ...]) -> Array:
        return array(value, "out", shape)
