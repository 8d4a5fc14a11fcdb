"""What anybody does in a line or two to make a function pass for another, and what has the form of a right answer."""

from __future__ import annotations

import contextlib
import inspect
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from autograder.model import Opaque


def coats(value: Any, arguments: Sequence[str]) -> Iterator[tuple[str, Callable[..., Any]]]:
    """The candidate as it is; where it takes fewer arguments, by their names, else the first ones."""
    parameters = inspect.signature(value).parameters.values()
    if any(p.kind is p.VAR_POSITIONAL for p in parameters):
        yield "", value
        return
    plain = [p for p in parameters if p.kind in (p.POSITIONAL_OR_KEYWORD, p.KEYWORD_ONLY)]
    needed = [p.name for p in plain if p.default is p.empty]
    named = [p.name for p in plain if p.name in arguments]
    in_order = [p.name for p in plain][: len(named)] == named == list(arguments[: len(named)])
    if len(plain) >= len(arguments):
        yield "", value
    elif not (in_order and named) and needed:
        yield f"of the first {len(needed)}", lambda *args, **kwargs: value(*[*args, *kwargs.values()][: len(needed)])
    if named and set(needed) <= set(named) and not (in_order and len(plain) >= len(arguments)):
        yield "by name", _by_name(value, arguments, named)


def mannered(function: Callable[..., Any], arguments: Sequence[str]) -> Callable[..., Any]:
    """The function with what any student adds in a few lines: rates outside [0, 1] are refused, and at test time nothing is dropped."""
    rates = [a for a in arguments if a == "p" or a.startswith("p_")]
    if not rates:
        return function

    def called(*args: Any, **kwargs: Any) -> Any:
        given = {**dict(zip(arguments, args, strict=False)), **kwargs}
        if any(not 0 <= given.get(rate, 0) <= 1 for rate in rates):
            raise ValueError(rates)
        if given.get("train") is False:
            given |= {**dict.fromkeys(rates, 0.0), "rng": np.random.default_rng(0)}
        first = [given.pop(a) for a in arguments[: len(args)]]
        return function(*first, **given)

    return called


def _by_name(value: Callable[..., Any], arguments: Sequence[str], named: Sequence[str]) -> Callable[..., Any]:
    def called(*args: Any, **kwargs: Any) -> Any:
        given = {**dict(zip(arguments, args, strict=False)), **kwargs}
        return value(**{name: given[name] for name in named if name in given})

    return called


SHAPES: Mapping[str, Callable[[Any], Any]] = {  # what half a line around it makes of what it returns
    "": lambda value: value,
    "its first item": lambda value: value[0],
    "with a None": lambda value: (value, None),
}


def shaped(function: Callable[..., Any], shape: str) -> Callable[..., Any]:
    """The function with what it returns in another shape."""
    return (lambda *args, **kwargs: SHAPES[shape](function(*args, **kwargs))) if shape else function


def resembles(found: Any, right: Any) -> bool:
    """Whether an answer has the form of a right one: types, shapes, keys; not the numbers."""
    if isinstance(right, Opaque) or right is None:
        return True
    if isinstance(found, np.ndarray) and not found.ndim:
        found = found.item()  # a student writes float(...) around it
    if isinstance(right, np.ndarray):
        return isinstance(found, np.ndarray) and found.shape == right.shape and (found.dtype.kind == "b") == (right.dtype.kind == "b")
    if isinstance(right, dict):
        return isinstance(found, dict) and found.keys() == right.keys() and all(resembles(found[k], right[k]) for k in right)
    if isinstance(right, (tuple, list)):
        return isinstance(found, (tuple, list)) and len(found) == len(right) and all(map(resembles, found, right))
    if isinstance(right, (int, float)) and not isinstance(right, bool):
        return isinstance(found, (int, float)) and not isinstance(found, bool) and math.isfinite(found)
    return type(found) is type(right)


def fitting_shape(found: Any, right: Any) -> str | None:
    """The shape in which a result has the form of a right one; None when there is none."""
    for shape, change in SHAPES.items():
        with contextlib.suppress(Exception):
            if resembles(change(found), right):
                return shape
    return None
