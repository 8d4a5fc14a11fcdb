"""Values <-> bytes: msgpack for structure, raw buffers for arrays, a strict decoder, no pickle.

A payload is four bytes of header length, the header (msgpack) and the buffers of its arrays in
order, each begun at a multiple of eight so that an array can stay where it arrived. What arrives
was written by somebody else's code: the decoder checks every type, depth, count, dtype, shape and
length and knows one way to say no, `WireError`.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Callable, Mapping, Sequence
from dataclasses import fields, replace
from typing import Any

import msgpack  # type: ignore[import-untyped]  # it ships no annotations
import numpy as np

from autograder.model import (
    Answer, Call, Cell, Code, Draws, Facts, Given, Item, Opaque, Outcome, Role, Seed)
from autograder.running import opaque
from autograder.running.opaque import MAX_ELEMENTS
from autograder.running.packing import DTYPES, MAX_DEPTH, MAX_ITEMS
from autograder.running.spoken import MAX_TEXT

HEADER = struct.Struct(">I")
# bytes; a header may grow about sixty times when it is unpacked, so this bounds the judge's memory
MAX_HEADER = 1 << 20
# an answer nests MAX_DEPTH deep inside a message, an answer, its facts and their arguments
MAX_NESTING = MAX_DEPTH + 6
MAX_AXES = 32
UNPACKED = {"max_str_len": MAX_HEADER, "max_array_len": 2 * MAX_ITEMS + 1, "max_map_len": 0,
            "max_bin_len": 0, "max_ext_len": 0}
ALIGNED = 8  # no number that travels needs more

PLAIN = frozenset({type(None), bool, float, str})  # what stands for itself

Piece = bytes | memoryview


class WireError(Exception):
    """What arrived is not a message of this protocol, or a value cannot be sent as one."""


# ------------------------------------------------------------------------- what a record is made of
def _is(*kinds: type) -> Callable[[Any], bool]:
    return lambda value: type(value) in kinds


def _tuple_of(*kinds: type) -> Callable[[Any], bool]:
    return lambda value: type(value) is tuple and all(type(v) in kinds for v in value)


def is_data(value: Any) -> bool:
    """Whether a decoded value is plain data: what a student's function may be given or return."""
    if type(value) in (tuple, list):
        return all(map(is_data, value))
    if type(value) is dict:
        return all(map(is_data, value.values()))
    return value is None or type(value) in (bool, int, float, str, np.ndarray, Opaque)


def is_line(text: Any) -> bool:
    """Whether it is one short printable line, as `perform` clips all it says."""
    return type(text) is str and len(text) <= MAX_TEXT and (not text or text.isprintable())


def _is_argument(value: Any) -> bool:
    return type(value) in (Seed, Item, Code) or is_data(value)


_RECORDS: dict[str, tuple[type, tuple[Callable[[Any], bool], ...]]] = {
    "opaque": (Opaque, (is_line,)),
    "seed": (Seed, (_is(int), _is(str))),
    "code": (Code, (_is(str), _is(str), _tuple_of(str))),
    "item": (Item, (_is(int), _is(int, type(None)), _is(str))),
    "call": (Call, (
        _is(str), lambda args: type(args) is tuple and all(map(_is_argument, args)),
        lambda kwargs: type(kwargs) is dict and all(map(_is_argument, kwargs.values())),
        _tuple_of(str), lambda ship: ship is None or _tuple_of(int)(ship), *[_is(bool)] * 4)),
    "draws": (Draws, (_is(Call), _is(int), _tuple_of(int), _is(np.ndarray, type(None)))),
    "cell": (Cell, (_is(str), _is(Role), _is(str), _tuple_of(str))),
    "facts": (Facts, (lambda args: type(args) is tuple and is_data(args), _is(bool), _is(bool),
                      _tuple_of(str))),
    "answer": (Answer, (_is(Outcome), is_data, _is(str), _is(str), _is(Facts, type(None)))),
}
_NAMES = {kind: name for name, (kind, _) in _RECORDS.items()}
_FIELDS = {kind: [f.name for f in fields(kind)] for kind in _NAMES}
# in this machine's byte order; asking a dtype for its name takes long
_DTYPES = {np.dtype(name): name for name in DTYPES}
_ENUMS: dict[str, type[Outcome] | type[Role]] = {"outcome": Outcome, "role": Role}


# ----------------------------------------------------------------------------------------- encoding
def encode(message: Any) -> bytes:
    """The payload that says `message`; WireError for odd types, huge integers, lone surrogates."""
    return b"".join(parts(message))


def parts(message: Any) -> list[Piece]:
    """The payload in pieces, the arrays where they are."""
    buffers: list[memoryview] = []
    try:
        header = msgpack.packb(_tree(message, buffers, 0), use_bin_type=True)
    except (ValueError, OverflowError, TypeError, RecursionError) as error:
        raise WireError(f"cannot be encoded: {error}") from error
    if len(header) > MAX_HEADER:
        raise WireError(f"a header of {len(header)} bytes; at most {MAX_HEADER} may travel")
    found: list[Piece] = [HEADER.pack(len(header)), header]
    position = HEADER.size + len(header)
    for buffer in buffers:
        found += [bytes(-position % ALIGNED), buffer]
        position += -position % ALIGNED + len(buffer)
    return found


def _tree(value: Any, buffers: list[memoryview], depth: int) -> Any:
    kind = type(value)
    if depth > MAX_NESTING:
        raise WireError("nested too deeply")
    if value is None or kind in (bool, float, str):
        return value
    if kind is int:
        return _small(value)
    if kind is np.ndarray:
        return _array_tree(value, buffers)
    if kind is Given:
        return _tree(value.value, buffers, depth)
    if kind in (tuple, list):
        return ["t" if kind is tuple else "l", *[_tree(v, buffers, depth + 1) for v in value]]
    if isinstance(value, Mapping):
        return _dict_tree(value, buffers, depth)
    if kind in (Outcome, Role):
        return [kind.__name__.lower(), value.value]
    if kind in _NAMES:
        return [_NAMES[kind],
                *[_tree(getattr(value, name), buffers, depth + 1) for name in _FIELDS[kind]]]
    raise WireError(f"a {kind.__name__} cannot travel")


def _is_small(value: Any) -> bool:
    return type(value) is int and -(2**63) <= value < 2**63


def _small(value: int) -> int:
    if not _is_small(value):
        raise WireError("an int of more than 64 bits cannot travel")
    return value


def _array_tree(array: np.ndarray[Any, Any], buffers: list[memoryview]) -> list[Any]:
    name = _DTYPES.get(array.dtype)
    if name is None or array.ndim > MAX_AXES or _is_empty_but_long(array.shape):
        raise WireError(
            f"an array of dtype {array.dtype.name} and shape {array.shape} cannot travel")
    buffers.append(np.ascontiguousarray(array).reshape(-1).view(np.uint8).data)
    return ["a", name, *array.shape]


def _is_empty_but_long(shape: Sequence[int]) -> bool:
    """Whether an array of no bytes would become many in a sum or copy along its axes."""
    return 0 in shape and opaque.extent(shape) > MAX_ELEMENTS


def _dict_tree(value: Mapping[Any, Any], buffers: list[memoryview], depth: int) -> list[Any]:
    tree: list[Any] = ["d"]
    for key, item in value.items():
        if type(key) is not str:
            raise WireError("a dict with keys that are not str cannot travel")
        tree += [key, _tree(item, buffers, depth + 1)]
    return tree


# ----------------------------------------------------------------------------------------- decoding
def decode(payload: bytes | bytearray | memoryview, most: int | None = None) -> Any:
    """The message a payload says; WireError for all that `encode` never writes, or over `most`.

    What an `Opaque` or a warning says that is not in the vocabulary arrives as a word of the
    vocabulary.
    """
    view = memoryview(payload)
    if len(view) < HEADER.size:
        raise WireError("a frame without a header")
    (length,) = HEADER.unpack_from(view)
    start = HEADER.size + length
    if length > MAX_HEADER or start > len(view):
        raise WireError("a header longer than its frame")
    decoder = _Decoder(view, start, most)
    try:
        value = decoder.value(_unpacked(view[HEADER.size : start]), 0)
    except (TypeError, ValueError, RecursionError, MemoryError) as error:
        # none is known to get here; none may end the judge
        raise WireError(f"an odd message: {type(error).__name__}") from error
    decoder.finish()
    return value


def _unpacked(header: memoryview) -> Any:
    try:
        return msgpack.unpackb(header, raw=False, use_list=True, **UNPACKED)
    except Exception as error:
        # msgpack has half a dozen ways to say no; all of them are the sender's doing
        raise WireError(f"not msgpack: {type(error).__name__}") from error


class _Decoder:
    """Builds values from unpacked headers, taking each array's bytes from buffers in order."""

    def __init__(self, payload: memoryview, position: int, most: int | None) -> None:
        self.buffers = payload
        self.position = position
        self.most = most

    def finish(self) -> None:
        if self.position != len(self.buffers):
            raise WireError("bytes that belong to no array")

    def value(self, tree: Any, depth: int) -> Any:
        if type(tree) in PLAIN:
            return tree
        if depth > MAX_NESTING:
            raise WireError("nested too deeply")
        if type(tree) is int:
            return _small(tree)
        if type(tree) is not list or not tree or type(tree[0]) is not str:
            raise WireError("a value without a tag")
        return self._tagged(tree[0], tree[1:], depth)

    def _tagged(self, tag: str, rest: list[Any], depth: int) -> Any:
        if tag == "a":
            return self._array(rest)
        if tag in _ENUMS:
            return _enum(_ENUMS[tag], rest)
        if tag == "d":
            return self._dict(rest, depth)
        values = [v if type(v) in PLAIN or _is_small(v) else self.value(v, depth + 1) for v in rest]
        if tag == "t":
            return tuple(values)
        if tag == "l":
            return values
        return _record(tag, values)

    def _dict(self, rest: list[Any], depth: int) -> dict[str, Any]:
        keys, values = rest[0::2], rest[1::2]
        if (len(keys) != len(values) or any(type(k) is not str for k in keys)
                or len(set(keys)) != len(keys)):
            raise WireError("a dict with odd keys")
        return {k: self.value(v, depth + 1) for k, v in zip(keys, values, strict=True)}

    def _array(self, rest: list[Any]) -> np.ndarray[Any, Any]:
        if (not rest or type(rest[0]) is not str or rest[0] not in DTYPES
                or len(rest) > MAX_AXES + 1):
            raise WireError("an array with an odd dtype")
        if any(type(n) is not int or n < 0 for n in rest[1:]):
            raise WireError("an array with an odd shape")
        dtype, shape = np.dtype(rest[0]), tuple(rest[1:])
        if _is_empty_but_long(shape) or (self.most is not None and math.prod(shape) > self.most):
            raise WireError("an array of too many elements")
        start = self.position + -self.position % ALIGNED
        # Python integers: a huge shape cannot wrap around
        end = start + math.prod(shape) * dtype.itemsize
        if end > len(self.buffers) or any(self.buffers[self.position : start]):
            raise WireError("an array longer than its frame, or not at its place")
        self.position = end
        return _array(self.buffers[start:end], dtype, shape)


def _array(raw: memoryview, dtype: np.dtype[Any], shape: tuple[int, ...]) -> np.ndarray[Any, Any]:
    """A writable, aligned array of its own bytes; bools other than 0 and 1 would lie."""
    try:
        array: np.ndarray[Any, Any] = (np.frombuffer(raw, dtype).reshape(shape) if raw
                                       else np.empty(shape, dtype))
        if not (array.flags.writeable and array.flags.aligned):
            array = array.copy()
    except (ValueError, OverflowError, MemoryError) as error:
        raise WireError(f"an impossible array: {error}") from error
    if dtype == np.bool_ and array.size and int(array.view(np.uint8).max()) > 1:
        raise WireError("a bool that is neither 0 nor 1")
    return array


def _enum(kind: type[Outcome] | type[Role], rest: list[Any]) -> Outcome | Role:
    try:
        (name,) = rest
        return kind(name)
    except (ValueError, TypeError) as error:
        raise WireError(f"no such {kind.__name__}") from error


def _record(tag: str, values: list[Any]) -> Any:
    if tag not in _RECORDS:
        raise WireError("an unknown tag")
    kind, tests = _RECORDS[tag]
    if len(values) != len(tests) or not all(test(v) for test, v in zip(tests, values, strict=True)):
        raise WireError(f"a {kind.__name__} with odd fields")
    record = kind(*values)
    if isinstance(record, Opaque):
        return Opaque(opaque.known(record.kind))
    if isinstance(record, Facts):
        return replace(record, warnings=tuple(map(opaque.warning, record.warnings)))
    return record
