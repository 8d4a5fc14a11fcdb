"""What a function returns -> plain data that can travel, its size; else a word for its kind.

Like the rest of running/: nothing here raises for anything that a student makes, and nothing
matters if a student tampers with it.
"""

from __future__ import annotations

import sys
from dataclasses import replace
from decimal import Decimal
from fractions import Fraction
from typing import Any

import numpy as np

from autograder.model import Answer, Opaque
from autograder.running import opaque
from autograder.running.opaque import MAX_ELEMENTS, MAX_NESTED, kind

MAX_ITEMS = 10_000  # items of one list, tuple or dict that may travel
MAX_DEPTH = 6  # nesting of an answer
SMALL = 4096  # bytes of an answer that travels whatever came before it
# bytes that Python takes for an object and its place in a container; an array takes somewhat more
OBJECT = 128
DTYPES = frozenset(
    {"bool", "int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64"}
    | {"float16", "float32", "float64", "complex64", "complex128"}
)
# in this machine's byte order; asking a dtype for its name takes long
NATIVE = frozenset(map(np.dtype, DTYPES))


def plain(value: Any, ship: tuple[int, ...] | None = None) -> Any:
    """The value as plain data, else Opaque. Of a tuple only the items in `ship` are kept."""
    try:
        return _Packing().plain(value, ship)
    except _TooMuch as error:
        return Opaque(str(error))


def only_nonzero(value: Any, ship: tuple[int, ...] | None = None) -> Any:
    """The same; of the array, or of arrays in a tuple (the items asked for), which are not 0."""
    if ship is not None:
        return (tuple(only_nonzero(item) if i in ship else Opaque(kind(item))
                      for i, item in enumerate(value))
                if type(value) is tuple and len(value) <= MAX_ITEMS else plain(value, ship))
    travels = type(value) is np.ndarray and value.dtype in NATIVE
    if not travels or opaque.extent(value.shape) > MAX_ELEMENTS:
        value = plain(value)  # else no copy is needed
    counts = type(value) is np.ndarray and value.dtype.kind in "iuf" and value.ndim
    return value != 0 if counts else value


class _TooMuch(Exception):
    """A value that is too large to be looked at; the text is its kind."""


class _Packing:
    """One answer on its way to plain data, and how much of it there is already."""

    def __init__(self) -> None:
        self.items = self.elements = 0

    def plain(self, value: Any, ship: tuple[int, ...] | None = None, depth: int = 0) -> Any:
        if type(value) is np.ndarray:  # nearly always
            return self._array(value)
        if isinstance(value, (tuple, list)) and depth < MAX_DEPTH and len(value) <= MAX_ITEMS:
            self._count(len(value))
            items = [self.plain(item, None, depth + 1) if ship is None or i in ship
                     else Opaque(kind(item)) for i, item in enumerate(value)]
            return tuple(items) if isinstance(value, tuple) else items
        if isinstance(value, dict) and depth < MAX_DEPTH and len(value) <= MAX_ITEMS:
            self._count(len(value))
            # a note under another key harms nobody
            return {k: self.plain(v, None, depth + 1) for k, v in value.items() if type(k) is str}
        return self._leaf(value)

    def _leaf(self, value: Any) -> Any:
        if value is None or type(value) in (bool, float, str):
            return value
        if isinstance(value, (Fraction, Decimal)):
            return float(value)
        if isinstance(value, np.str_):
            return str(value)
        if type(value) is int:
            return value if -(2**63) <= value < 2**63 else Opaque(opaque.HUGE_INT)
        if isinstance(value, (np.ndarray, np.generic)):
            return self._array(np.asarray(value))
        # asked for, never imported: most notebooks know nothing of it
        torch = sys.modules.get("torch")
        if torch is not None and isinstance(value, torch.Tensor):
            return self._tensor(value)
        return Opaque(kind(value))

    def _count(self, items: int) -> None:
        self.items += items
        if self.items > MAX_NESTED:
            raise _TooMuch(opaque.CROWDED)

    def _array(self, array: Any) -> Any:
        self.elements += opaque.extent(array.shape)
        if self.elements > MAX_ELEMENTS:
            raise _TooMuch(opaque.LARGE)
        if array.dtype in NATIVE:
            return np.array(array, subok=False, order="C")
        if array.dtype.name not in DTYPES:
            return Opaque(opaque.dtype_kind(array.dtype))
        return np.array(array, dtype=array.dtype.newbyteorder("="), subok=False, order="C")

    def _tensor(self, tensor: Any) -> Any:
        """A torch tensor as an array; bfloat16, unknown to NumPy, as float32."""
        try:
            plain_tensor = tensor.detach().cpu()
            return self._array((plain_tensor.float() if str(plain_tensor.dtype) == "torch.bfloat16"
                                else plain_tensor).numpy())
        except (TypeError, RuntimeError, NotImplementedError):  # sparse ones and the like
            return Opaque("Tensor")


def weight(value: Any) -> int:
    """About how many bytes of memory plain data takes, containers and all."""
    if isinstance(value, np.ndarray):
        return OBJECT + value.nbytes
    if isinstance(value, str):
        return OBJECT + 4 * len(value)
    if type(value) in (tuple, list):
        return OBJECT + sum(map(weight, value))
    return OBJECT + sum(map(weight, value.values())) if type(value) is dict else OBJECT


def weight_of(answer: Answer) -> int:
    """About how many bytes of memory an answer takes."""
    return weight(answer.value) + (weight(answer.facts.arguments) if answer.facts else 0)


def fitting(answer: Answer, allowed: int) -> Answer:
    """The answer, if it takes so few bytes; else without its values, if it has any."""
    heavy = weight_of(answer)
    return without_values(answer, opaque.BEYOND) if heavy > allowed and heavy > SMALL else answer


def plain_or_opaque(value: Any) -> Any:
    """The value as plain data, even one that does not let itself be looked at."""
    try:
        return plain(value)
    except BaseException:  # a dict of the student's own making
        return Opaque(kind(value))


def without_values(answer: Answer, kind: str) -> Answer:
    """The same answer with a word in place of each value."""
    facts = answer.facts and replace(answer.facts,
                                     arguments=tuple(Opaque(kind) for _ in answer.facts.arguments))
    return replace(answer, value=Opaque(kind), facts=facts)
