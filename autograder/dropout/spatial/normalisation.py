"""Verbs about a block that normalises channels, remembers batches, and drops channels last.

`out = f(x, p, rng, train)`. What it remembers lies in a dict of the notebook's set-up cell
(`state`), with the entries "mean" and "var"; `reset(channels)` there makes it forget.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np

from autograder.asking import Exam, Wrong, an, array, number
from autograder.checks_api.comparing import close, compare, demand_no_warning
from autograder.checks_api.counts import expect, off_by
from autograder.checks_api.inputs import Array, in_words
from autograder.checks_api.verb import verb
from autograder.checks_api.views import View
from autograder.dropout.forms import Shared
from autograder.dropout.masks import agreement, demand_some
from autograder.model import Call, Given, Seed

__all__ = ["divides_by_the_right_root", "drops_channels_last", "drops_each_channel_by_itself",
           "drops_every_channel_at_one", "learns_nothing_at_test_time", "normalised",
           "normalises_at_test_time", "normalises_each_channel", "remembers_the_batches",
           "remembers_variances_to_six_digits"]

# an eps of 1e-5 in another place is seen, the seven digits of float32 are not: these are asked by
# `minds_its_manners`
EXACT = 2e-6
NEAR = 1e-6
# for a first look, which forgives where eps stands and by what the variance is divided; exact
# comparisons follow it
ROUGH = 0.05
SHAPE = (6, 5, 4, 3)


@dataclass(frozen=True)
class Memory:
    """Where running statistics live, and their rule: new = (1 - rate) * old + rate * batch."""

    state: str
    reset: str
    rate: float
    eps: float

    def start(self, channels: int) -> Call:
        """Forget every batch: mean 0 and variance 1."""
        return Call(self.reset, (channels,))

    def after(self, batches: list[Array], spread: Callable[[Array], Array] = np.asarray,
              begin: bool = False) -> tuple[Array, Array]:
        """Mean and variance (or another `spread`) of each channel after these training batches.

        With `begin` the first batch takes the place of mean 0 and variance 1.
        """
        mean, var = (channel_statistics(batches[0]) if begin
                     else (np.zeros(batches[0].shape[1]), np.ones(batches[0].shape[1])))
        for x in batches:
            batch_mean, batch_var = channel_statistics(x)
            batch_var = spread(batch_var)
            mean = (1 - self.rate) * mean + self.rate * batch_mean
            var = (1 - self.rate) * var + self.rate * batch_var
        return mean, var

    def normalised(self, x: Array, mean: Array, var: Array) -> Array:
        """(x - mean) / sqrt(var + eps), channel by channel."""
        line = (1, -1) + (1,) * (x.ndim - 2)
        return np.asarray((x - mean.reshape(line)) / np.sqrt(var.reshape(line) + self.eps))


def channel_statistics(x: Array) -> tuple[Array, Array]:
    """Mean and variance over all axes but the channels'."""
    axes = (0, *range(2, x.ndim))
    return x.mean(axis=axes), x.var(axis=axes)


@lru_cache(maxsize=256)
def lively(shape: tuple[int, ...], seed: int, dtype: str = "float64") -> Given:
    """Normal numbers whose channels have a mean and a spread of their own."""
    line = (1, -1) + (1,) * (len(shape) - 2)
    channel = np.arange(shape[1]).reshape(line)
    value = np.asarray(np.random.default_rng(seed).normal(size=shape) * (1 + channel)
                       + 3 * channel - 2, dtype)
    value.flags.writeable = False
    factor = f"np.arange({shape[1]}).reshape({line})"
    text = f"np.random.default_rng({seed}).normal(size={shape}) * (1 + {factor}) + 3 * {factor} - 2"
    return Given(text if dtype == "float64" else f"({text}).astype(np.{dtype})", value)


def block_call(exam: Exam, x: Given, p: float, seed: Seed | None, train: bool, **more: Any) -> Call:
    """`out = f(x, p, rng, train)`."""
    return Call(exam.function, (x, p, seed, train), returns=("out",), **more)


def training(exam: Exam, memory: Memory, batches: list[Given], p: float = 0.0) -> list[Call]:
    """From the start, a training pass of each of these batches, and a look at the memory."""
    passes = (block_call(exam, x, p, Seed(exam.seed(20 + k)), True) for k, x in enumerate(batches))
    return [memory.start(np.shape(batches[0].value)[1]), *passes, Call(memory.state, look=True)]


def block_output(value: Any, x: Given) -> Array:
    """`out` as an array of the shape of x."""
    return array(value, "out", np.shape(x.value))


def remembered(value: Any, memory: Memory, key: str, channels: int) -> Array:
    """One entry of the memory, an array with one number a channel."""
    if not isinstance(value, dict) or key not in value:
        raise Wrong(f"{memory.state} is {an(value)}", 'a dict with the entries "mean" and "var"')
    found = array(value[key], f'{memory.state}["{key}"]')
    if found.size != channels:
        raise Wrong(f'{memory.state}["{key}"].shape = {found.shape}', str((channels,)))
    return found.reshape(channels)


def normalised(memory: Memory, p: float, train: bool = True, dtype: str = "float64",
               shape: tuple[int, ...] = SHAPE, kept: bool = False) -> View:
    """The output of the block, of which nothing is remembered yet; or which channels it keeps."""

    def calls(exam: Exam, number: int) -> tuple[Call, Call]:
        x = in_words("x", lively(shape, exam.seed(1), dtype))
        return memory.start(shape[1]), block_call(exam, x, p, Seed(exam.seed(number)) if train
                                                  else None, train)

    def read(value: Any) -> Array:
        out = array(value, "out", shape)
        return out != 0 if kept else out

    return View(calls, read, "channels" if kept else "out",
                apart="((one == 0) != (other == 0)).sum()")


def _batches(exam: Exam, shape: tuple[int, ...], count: int) -> list[Given]:
    return [lively(shape, exam.seed(1 + k)) for k in range(count)]


# -------------------------------------------------------------------------------------------- verbs
@verb()
def normalises_each_channel(exam: Exam, *, memory: Memory, shape: tuple[int, ...] = SHAPE) -> None:
    """normalises each channel over the examples and all places, in training"""
    out, wanted = _normalised(exam, memory, shape)
    mean, var = channel_statistics(out)
    compare(mean, np.zeros_like(mean), "out.mean(axis=(0, 2, 3))", EXACT)
    compare(var, channel_statistics(wanted)[1], "out.var(axis=(0, 2, 3))", ROUGH)
    compare(out, wanted, "out", ROUGH)


@verb()
def divides_by_the_right_root(exam: Exam, *, memory: Memory,
                              shape: tuple[int, ...] = SHAPE) -> None:
    """divides by the root of (variance + eps), with the variance of np.var"""
    out, wanted = _normalised(exam, memory, shape)
    compare(out, wanted, "out", EXACT)


def _normalised(exam: Exam, memory: Memory, shape: tuple[int, ...]) -> tuple[Array, Array]:
    """What a training pass without dropout gives, and what it should give."""
    (x,) = _batches(exam, shape, 1)
    _, value = exam.ask(memory.start(shape[1]), block_call(exam, x, 0.0, Seed(exam.seed()), True))
    return block_output(value, x), memory.normalised(x.value, *channel_statistics(x.value))


@verb()
def remembers_the_batches(exam: Exam, *, memory: Memory, p: float = 0.0, batches: int = 3,
                          shape: tuple[int, ...] = SHAPE) -> None:
    """moves the running mean and variance towards each training batch (with p = {p})"""
    mean, var, wanted = _remembered_after(exam, memory, p, batches, shape)
    if not mean.any() and (var == 1).all():
        exam.show(f'{memory.state}["mean"]')
        raise Wrong(f"{memory.state} is still as {memory.reset} left it",
                    f"a mean and a variance that moved towards the {batches} batches")
    _compare_memory(exam, memory, "mean", mean, wanted[0], EXACT)
    _compare_memory(exam, memory, "var", var, wanted[1], ROUGH)


@verb()
def remembers_variances_to_six_digits(exam: Exam, *, memory: Memory, batches: int = 3,
                                      shape: tuple[int, ...] = SHAPE) -> None:
    """remembers the variances of np.var, without eps"""
    _, var, wanted = _remembered_after(exam, memory, 0.0, batches, shape)
    _compare_memory(exam, memory, "var", var, wanted[1], NEAR)


def _compare_memory(exam: Exam, memory: Memory, key: str, got: Array, wanted: Array,
                    tolerance: float) -> None:
    exam.show(f'{memory.state}["{key}"]{{at}}')
    compare(got, wanted, f'{memory.state}["{key}"]', tolerance)


def _remembered_after(exam: Exam, memory: Memory, p: float, batches: int,
                      shape: tuple[int, ...]) -> tuple[Array, Array, tuple[Array, Array]]:
    """The mean and variance remembered after so many batches, and as they should be."""
    given = _batches(exam, shape, batches)
    values = exam.ask(*training(exam, memory, given, p))
    for x, value in zip(given, values[1:], strict=False):
        block_output(value, x)
    mean, var = (remembered(values[-1], memory, key, shape[1]) for key in ("mean", "var"))
    return mean, var, memory.after([x.value for x in given])


@verb()
def normalises_at_test_time(exam: Exam, *, memory: Memory, p: float,
                            shape: tuple[int, ...] = SHAPE) -> None:
    """normalises with the running mean and variance at test time, and drops nothing"""
    *given, x = _batches(exam, shape, 4)
    values = exam.ask(*training(exam, memory, given), block_call(exam, x, p, None, False))
    mean, var = (remembered(values[-2], memory, key, shape[1]).astype(float)
                 for key in ("mean", "var"))
    # with 0 and 1 it looks nearly like x
    out, near = block_output(values[-1], x), ROUGH if mean.any() else EXACT
    if np.allclose(var, memory.after([b.value for b in given], np.sqrt)[1], rtol=1e-3, atol=0):
        # who remembers them, which is charged there, need take no root
        deviations = memory.normalised(x.value, mean, var**2)
        if close(out, deviations, near).all():
            return
    exam.show("out{at}")
    compare(out, memory.normalised(x.value, mean, var), "out", near)


@verb()
def learns_nothing_at_test_time(exam: Exam, *, memory: Memory, p: float,
                                shape: tuple[int, ...] = SHAPE) -> None:
    """leaves the running mean and variance alone at test time"""
    first, x = _batches(exam, shape, 2)
    look = Call(memory.state, look=True)
    training = block_call(exam, first, 0.0, Seed(exam.seed()), True)
    values = exam.ask(memory.start(shape[1]), training, look,
                      block_call(exam, x, p, None, False), look)
    block_output(values[3], x)
    for key in ("mean", "var"):
        before, after = (remembered(values[k], memory, key, shape[1]) for k in (2, 4))
        _compare_memory(exam, memory, key, after, before, 0.0)


def without_and_with(exam: Exam, memory: Memory, p: float,
                     shape: tuple[int, ...]) -> tuple[Array, Array]:
    """A training batch through the block without dropout, and with it."""
    x = lively(shape, exam.seed(1))
    start, seed = memory.start(shape[1]), Seed(exam.seed())
    _, plain, _, value = exam.ask(start, block_call(exam, x, 0.0, seed, True), start,
                                  block_call(exam, x, p, seed, True))
    return block_output(plain, x), block_output(value, x)


@verb()
def drops_channels_last(exam: Exam, *, memory: Memory, p: float,
                        shape: tuple[int, ...] = (12, 10, 4, 3)) -> None:
    """drops whole channels after normalising, and divides the others by 1 - p"""
    whole, out = without_and_with(exam, memory, p, shape)
    exam.last, form = exam.last[2:], Shared(2, shape[2:], "channel")
    exam.show(f"{form.kept('sum')}{{at}}")
    kept = form.reduced(out != 0)
    exam.show(f"{form.kept('any')}.sum()")
    demand_some(kept, p, "channels were kept")
    multiplier = np.where(kept, 1 / (1 - p), 0.0).reshape((*kept.shape, *(1 for _ in shape[2:])))
    exam.show("out{at}")
    compare(out, whole * multiplier, "out", EXACT)


@verb(chances=3, sees=off_by("a share of dropped channels",
                             lambda p, shape, **_: (shape[0] * shape[1], p)))
def drops_each_channel_by_itself(exam: Exam, *, memory: Memory, p: float,
                                 shape: tuple[int, ...] = (64, 64, 2, 1)) -> None:
    """drops each channel of each example with probability p, by a coin of its own"""
    x = lively(shape, exam.seed(1))
    _, value = exam.ask(memory.start(shape[1]), block_call(exam, x, p, Seed(exam.seed()), True))
    form = Shared(2, shape[2:], "channel")
    exam.show(f"{form.kept('sum')}{{at}}")
    kept = form.reduced(block_output(value, x) != 0)
    for what, hits, probability, shown in (
        ("share of dropped channels", ~kept, p, "~kept"),
        ("share of channels on which neighbouring examples agree", kept[0::2] == kept[1::2],
         agreement(p), "kept[0::2] == kept[1::2]"),
        ("share of examples on which neighbouring channels agree",
         kept[:, 0::2] == kept[:, 1::2], agreement(p), "kept[:, 0::2] == kept[:, 1::2]"),
    ):
        exam.show(f"kept = {form.kept('any')}\n({shown}).mean()")
        expect(what, int(hits.sum()), hits.size, probability)


@verb()
def drops_every_channel_at_one(exam: Exam, *, memory: Memory,
                               shape: tuple[int, ...] = SHAPE) -> None:
    """gives zeros, no NaN and no warning, when p = 1 in training"""
    x = lively(shape, exam.seed(1))
    call = block_call(exam, x, 1.0, Seed(exam.seed()), True, watch=True)
    answer = exam.returned(memory.start(shape[1]), call)[1]
    out = block_output(answer.value, x)
    if not (out == 0).all():
        raise Wrong(f"out holds {number(out[~(out == 0)][0])}", "0 everywhere")
    demand_no_warning(answer)
