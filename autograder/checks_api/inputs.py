"""Inputs that can be shown: each is an array together with the Python that makes it."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache
from typing import Any, TypeVar

import numpy as np

from autograder.model import Given

Array = np.ndarray[Any, Any]
Argument = TypeVar("Argument")


# seeds are fixed, so a class of hand-ins meets the same inputs again and again
@lru_cache(maxsize=256)
def normal(shape: tuple[int, ...], seed: int, dtype: str = "float64") -> Given:
    """Standard normal numbers, none of them zero: a zero in the output is a dropped unit."""
    value = np.asarray(np.random.default_rng(seed).normal(size=shape))
    text = f"np.random.default_rng({seed}).normal(size={shape})"
    if dtype != "float64":
        text += f".astype(np.{dtype})"
    value = value.astype(dtype)
    value.flags.writeable = False
    return Given(text, value)


@lru_cache(maxsize=256)
def positive(shape: tuple[int, ...], seed: int) -> Given:
    """The sizes of standard normal numbers: all above zero, so that a ReLU lets them through."""
    value = np.abs(np.random.default_rng(seed).normal(size=shape))
    value.flags.writeable = False
    return Given(f"np.abs(np.random.default_rng({seed}).normal(size={shape}))", value)


def in_words(name: str, argument: Argument) -> Argument:
    """An array argument under this name, so that what becomes of it can be looked at."""
    if not isinstance(argument, Given) or argument.first:
        return argument
    return replace(argument, text=name, first=f"{name} = {argument.text}")


@lru_cache(maxsize=256)
def asked_shape(shape: tuple[int, ...]) -> Given:
    """A shape as an argument; always the same object, so that calls with it are known alike."""
    return Given(repr(shape), shape)


@lru_cache(maxsize=512)
def direction(shape: tuple[int, ...], seed: int) -> Array:
    """A random direction of length 1, along which a derivative is taken; not to be written into."""
    u = np.random.default_rng(seed).normal(size=shape)
    found = np.asarray(u / np.linalg.norm(u))
    found.flags.writeable = False
    return found
