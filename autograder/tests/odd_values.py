"""Odd values: what an answer that passes for a worker's may hold, and nearly right answers."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from autograder.model import Given, Opaque
from autograder.running.packing import DTYPES
from autograder.running.spoken import MAX_TEXT

Rng = np.random.Generator
Shape = tuple[int, ...]
# stands in every text that is made up here: it must not be seen where a hidden case is spoken of
MARK = "wzq"
MOST = 1 << 20  # entries of an array
NUMBERS = (0.0, -0.0, 1.0, -1.0, 0.5, 1e-9, 5e-324, -5e-324, 2.3e-308, 1e18, -1e18, 1e300, -1.7e308,
           np.nan, np.inf, -np.inf)
WHOLE = (0, 1, -1, 2, 7, 255, 2**31, 2**63 - 1, -(2**63))
KINDS = (MARK, f"value {MARK}", f"value of 9 {MARK}", f"array of dtype {MARK}",
         f"array of dtype object{MARK}", "array of 8000000000 bytes", f"tensor of dtype {MARK}",
         "generator", "function", "dict_keys", "int of more than 64 bits", f"a {MARK}" * 40)
TEXTS = ("", "a", "b ", "nan", "1e400", "0.5", "meta", "torch.float64", f"torch.{MARK}",
         f"torch {MARK} p=0.3", f"Net(p=0.3)Net({MARK}", "raises", f"raises {MARK}", MARK,
         f"W1{MARK}", MARK * 60, f"\ue001{MARK}\ue002{MARK}\ue000", "None", "True")
LISTS: tuple[Any, ...] = ([], (), {}, [[1, 2], [3]], [[1.0, "x"], None], [[[]]],
                          [float("nan")] * 2000, ((1,), (1, 2)), [np.zeros(2), np.zeros(3)],
                          [np.zeros((0, 3))] * 3, [()] * 5000)
NAMES = ("W1", "b1", "W2", "b2", "W3", "b3", "mean", "var", "sd", "t", "out", "grad", "keep_rate",
         "n", MARK, "")
SHAPES: tuple[Shape, ...] = ((), (0,), (1,), (2,), (4, 5), (0, 3), (3, 0), (2, 2, 2), (1, 1, 1, 1),
                             (1,) * 32, (7, 1), (2**31, 0), (0, 2**58), (1000, 1000))


def pick(rng: Rng, things: Sequence[Any]) -> Any:
    """One of them."""
    return things[int(rng.integers(len(things)))]


def odd_number(rng: Rng) -> Any:
    """A number that is easily forgotten."""
    return pick(rng, NUMBERS) if rng.random() < 0.6 else pick(rng, WHOLE)


def odd_shape(rng: Rng, near: Sequence[Shape]) -> Shape:
    """A shape, often one that has to do with the question."""
    if not near or rng.random() < 0.3:
        return tuple(pick(rng, SHAPES))
    shape: Shape = pick(rng, near)
    if not shape or rng.random() < 0.7:
        return shape
    others: tuple[Shape, ...] = (shape[::-1], shape[1:], (*shape, 1), (1, *shape), (*shape[:-1], 0))
    return tuple(pick(rng, others))


def odd_array(rng: Rng, near: Sequence[Shape]) -> Any:
    """An array of any dtype that can travel."""
    shape, dtype = odd_shape(rng, near), np.dtype(pick(rng, sorted(DTYPES)))
    if 0 in shape:
        return np.empty(shape, dtype)
    if np.prod(shape, dtype=object) > MOST:
        shape = (3, 4)
    made: tuple[Any, ...] = (
        lambda: np.full(shape, odd_number(rng), dtype=object),
        lambda: rng.normal(size=shape),
        lambda: rng.random(shape) < pick(rng, (0.0, 0.3, 0.7, 1.0)),
        lambda: np.array(NUMBERS)[rng.integers(len(NUMBERS), size=shape)],
        lambda: (rng.random(shape) < 0.7) * pick(rng, NUMBERS),
    )
    with np.errstate(all="ignore"):
        return cast(pick(rng, made)(), dtype)


def cast(value: Any, dtype: Any) -> Any:
    """An array of that dtype, zeros where that cannot be."""
    with np.errstate(all="ignore"), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return np.asarray(value).astype(dtype)
        except (OverflowError, ValueError, TypeError):
            return np.zeros(np.shape(value), dtype)


def odd_value(rng: Rng, near: Sequence[Shape] = (), depth: int = 0) -> Any:
    """Anything that can travel."""
    style = int(rng.integers(11 if depth < 3 else 6))
    if style < 4:
        return (pick(rng, (None, True, False)), odd_number(rng), pick(rng, TEXTS)[:MAX_TEXT],
                Opaque(pick(rng, KINDS)[:MAX_TEXT]))[style]
    if style < 7:
        return odd_array(rng, near)
    if style == 7:
        return pick(rng, LISTS)
    items = [odd_value(rng, near, depth + 1) for _ in range(int(rng.integers(1, 8)))]
    if style == 8:
        return dict(zip(rng.permutation(NAMES).tolist(), items, strict=False))
    return tuple(items) if style == 9 else items


# ------------------------------------------------------------------------------------- nearly right
def spoilt(rng: Rng, value: Any) -> Any:
    """Nearly what it was: so an answer comes far into a check before it turns out odd."""
    if isinstance(value, np.ndarray):
        return _spoilt_array(rng, value)
    if isinstance(value, (tuple, list)) and value:
        return _spoilt_items(rng, value)
    if isinstance(value, dict) and value:
        return _spoilt_dict(rng, value)
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        single, half = float(np.float32(value)), cast(value, "float16")
        nearly = (np.array([float(value)]), single, half, value + 1, -value,
                  float(value) * (1 + 1e-9), str(value), [value])
        return odd_number(rng) if rng.random() < 0.4 else pick(rng, nearly)
    return odd_value(rng)


def _spoilt_items(rng: Rng, value: Any) -> Any:
    items, style = list(value), int(rng.integers(8))
    k = int(rng.integers(len(items)))
    if style == 0:
        items[k] = odd_value(rng, shapes(value))
    elif style == 1:
        del items[k]
    elif style == 2:
        items.insert(k, odd_value(rng, shapes(value)))
    elif style == 3:
        items.reverse()
    elif style == 4:
        return tuple(items) if isinstance(value, list) else items
    else:
        items[k] = spoilt(rng, items[k])
    return type(value)(items)


def _spoilt_dict(rng: Rng, value: dict[str, Any]) -> dict[str, Any]:
    changed, key, style = dict(value), pick(rng, list(value)), int(rng.integers(5))
    if style == 0:
        del changed[key]
    elif style == 1:
        changed[MARK] = odd_value(rng, shapes(value))
    else:
        changed[key] = odd_value(rng, shapes(value)) if style == 2 else spoilt(rng, value[key])
    return changed


def _spoilt_array(rng: Rng, array: np.ndarray[Any, Any]) -> Any:
    """One of many ways to come near."""
    number = pick(rng, NUMBERS)
    if array.ndim > 30 or not array.size or rng.random() < 0.1:
        return odd_array(rng, [array.shape])
    ways: tuple[Any, ...] = (
        lambda: _with_one(rng, array, number),
        lambda: np.where(array != 0, number, 0),
        lambda: np.where(array != 0, array, number),
        lambda: cast(array * number, array.dtype),
        lambda: cast(array, pick(rng, sorted(DTYPES))),
        lambda: cast(array != 0, pick(rng, sorted(DTYPES))),
        lambda: np.ascontiguousarray(array.T),
        lambda: array.reshape(pick(rng, ((-1,), (1, *array.shape), (*array.shape, 1)))),
        lambda: (array[1:] if array.ndim else array).copy(),
        lambda: (array[..., :0] if array.ndim else array).copy(),
        lambda: array + number,
        lambda: np.where(rng.random(array.shape) < pick(rng, (0.01, 0.3, 0.9)), number, array),
        lambda: array.flat[0].item(),
        lambda: rng.permutation(array.ravel()).reshape(array.shape),
        lambda: array.tolist() if array.size < 4000 else -array.astype(float),
        lambda: np.broadcast_to(array[:1] if array.ndim else array, array.shape).copy(),
    )
    with np.errstate(all="ignore"), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = pick(rng, ways)()
    return (cast(found, "float64") if isinstance(found, np.ndarray)
            and found.dtype.name not in DTYPES else found)


def _with_one(rng: Rng, array: Any, number: float) -> Any:
    changed = cast(array, "complex128" if rng.random() < 0.1 else "float64")
    changed.flat[int(rng.integers(changed.size))] = number
    return changed


def shapes(value: Any) -> list[Shape]:
    """The shapes that stand in a question or an answer."""
    if isinstance(value, Given):
        return shapes(value.value)
    if isinstance(value, np.ndarray):
        return [value.shape]
    if isinstance(value, tuple) and value and all(type(v) is int and 0 <= v < 2000 for v in value):
        return [value]
    if isinstance(value, Mapping):
        value = list(value.values())
    return ([shape for item in value for shape in shapes(item)]
            if isinstance(value, (tuple, list)) else [])
