"""What the function of a call is handed: each time things of its own."""

from __future__ import annotations

import types
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

import numpy as np

from autograder.model import Code, Given, Item, Seed
from autograder.running.opaque import kind


class NoItem(Exception):
    """An argument that an earlier call of the script should have made does not exist."""


DIED = object()  # the result of a call that did not return


def resolved(argument: Any, results: list[Any], named: dict[str, np.random.Generator]) -> Any:
    """An argument as the function gets it; NoItem where an earlier call should have made it."""
    if isinstance(argument, Given):
        argument = argument.value
    if isinstance(argument, (np.ndarray, dict, list, tuple)):
        return copied(argument)
    if isinstance(argument, Seed):
        if not argument.name:
            return np.random.default_rng(argument.number)
        return named.setdefault(argument.name, np.random.default_rng(argument.number))
    if isinstance(argument, Item):
        return _item(results[argument.call], argument.index)
    return argument


def copied(value: Any) -> Any:
    """Plain data of its own: what the student's function does to it stays there."""
    if isinstance(value, np.ndarray):
        return value.copy()
    if type(value) is dict:
        return {key: copied(item) for key, item in value.items()}
    return type(value)(map(copied, value)) if type(value) in (list, tuple) else value


def made(code: Code, notebook: Mapping[str, Any] | None = None) -> Any:
    """What a Code stands for, in its own namespace; NameError when what it uses is not there."""
    namespace: dict[str, Any] = {"__name__": "course", "np": np}
    for name in code.uses:
        if name not in (notebook or {}):
            raise NameError(f"{name} is not defined")
        namespace[name] = (notebook or {})[name]
    exec(_compiled(code.source), namespace)
    return namespace[code.name]


@lru_cache(maxsize=256)  # many calls are handed the same
def _compiled(source: str) -> types.CodeType:
    return compile(source, "<string>", "exec")


def _item(result: Any, index: int | None) -> Any:
    if result is DIED:
        raise NoItem("the call before it did not return")
    if index is None:
        return result
    if not isinstance(result, (tuple, list)) or len(result) <= index:
        raise NoItem(
            f"the call before it returned {kind(result)}, not a tuple of {index + 1} or more")
    return result[index]
