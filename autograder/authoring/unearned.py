"""Answers that must earn little: those that do nothing, and those fitted to the public checks."""

from __future__ import annotations

import copy
import functools
import hashlib
import inspect
from collections.abc import Callable, Hashable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from autograder import notebook
from autograder.judge import judge
from autograder.model import Exercise, Subject
from autograder.staff import Staff
from autograder.subjects.local import Local

Function = Callable[..., Any]
Key = Callable[[Any], tuple[Hashable, ...]]
Worth = Callable[[Exercise, Subject], float]
MOST = 0.5  # of an exercise's points, which such a hand-in stays below


# ------------------------------------------------------------------------------------ doing nothing
def trivial(staff: Staff, exercise: Exercise) -> Iterator[tuple[str, Subject]]:
    """Answers that do nothing: their first argument, zeros, ones or None, alone or as a pair."""
    right: dict[str, Any] = {n: staff.reference.namespace.get(n) for n in exercise.names}
    if not all(callable(f) for f in right.values()):
        for value in (0, 1, None, ""):
            fake = {name: dict.fromkeys(thing, value) if isinstance(thing, dict) else value
                    for name, thing in right.items()}
            yield f"{value!r} for everything", staff.reference.with_functions(fake)
        return
    for title, make in _TRIVIAL.items():
        for shape, wrap in _WRAPPED.items():
            function = _composed(make, wrap)
            yield (f"returning {shape.format(title)}",
                   staff.reference.with_functions(dict.fromkeys(exercise.names, function)))


def stub(staff: Staff) -> Iterator[tuple[str, Subject]]:
    """The released notebook with nothing filled in. That it exists is another step's business."""
    path = staff.released / f"{staff.assignment.slug}.ipynb"
    if path.is_file():
        yield "the released stub", Local(notebook.read(path, staff.assignment).cells)


def _like(x: Any) -> tuple[int, ...]:
    return x if isinstance(x, tuple) else np.shape(x)


_TRIVIAL: dict[str, Callable[[Any], Any]] = {
    "its first argument": lambda x: x,
    "zeros": lambda x: np.zeros(_like(x)),
    "ones": lambda x: np.ones(_like(x)),
    "True everywhere": lambda x: np.ones(_like(x), dtype=bool),
    "False everywhere": lambda x: np.zeros(_like(x), dtype=bool),
    "None": lambda x: None,
    "0.0": lambda x: 0.0,
}
_WRAPPED: dict[str, Callable[[Any], Any]] = {
    "{}": lambda value: value,
    "({}, None)": lambda value: (value, None),
    "{} twice": lambda value: (value, value),
}


def _composed(make: Callable[[Any], Any], wrap: Callable[[Any], Any]) -> Callable[..., Any]:
    return lambda x=None, *args, **kwargs: wrap(make(x))


# ---------------------------------------------------------------- fitted to what is asked in public
@dataclass(frozen=True)
class Lookup:
    """Right where something of a call was seen in a public check; else an earlier answer again."""

    exercise: str
    seen: str  # what it goes by
    share: float  # of the points of the exercise

    @property
    def finding(self) -> str:
        """Empty where it earns less than half."""
        if self.share < MOST:
            return ""
        return (f"{self.exercise}: right only where {self.seen} stood in a public check earns "
                f"{self.share:.0%}. Let a hidden check of its dearest part ask for something else.")


def lookups(staff: Staff, worth: Worth) -> Iterator[Lookup]:
    """Each exercise, by each way of looking a call up; `worth` gives the share of its points."""
    for exercise in staff.assignment.exercises:
        if all(inspect.isfunction(staff.reference.namespace.get(name)) for name in exercise.names):
            yield from filter(None, (_fitted(staff, exercise, seen, key, worth)
                                     for seen, key in WAYS.items()))


def _fitted(staff: Staff, exercise: Exercise, seen: str, key: Key, worth: Worth) -> Lookup | None:
    """None where some call has nothing of the kind to go by."""
    known: dict[str, dict[tuple[Hashable, ...], Any]] = {name: {} for name in exercise.names}
    right: dict[str, Function] = {name: staff.reference.namespace[name] for name in exercise.names}
    learning = staff.reference.with_functions({n: _learning(f, key, known[n])
                                               for n, f in right.items()})
    judge(exercise.public, learning, staff.assignment.slug, reference=staff.reference)
    if not all(any(asked) for asks in known.values() for asked in asks):
        return None
    fitted = staff.reference.with_functions({n: _repeating(f, key, known[n])
                                             for n, f in right.items()})
    return Lookup(exercise.name, seen, worth(exercise, fitted))


def _learning(function: Function, key: Key, known: dict[tuple[Hashable, ...], Any]) -> Function:
    @functools.wraps(function)
    def learning(*args: Any, **kwargs: Any) -> Any:
        asked = key((args, kwargs))
        answer = function(*args, **kwargs)
        known.setdefault(asked, answer)
        return answer

    return learning


def _repeating(function: Function, key: Key, known: dict[tuple[Hashable, ...], Any]) -> Function:
    @functools.wraps(function)
    def repeating(*args: Any, **kwargs: Any) -> Any:
        if key((args, kwargs)) in known:
            return function(*args, **kwargs)
        return copy.deepcopy(next(iter(known.values()), None))

    return repeating


# ------------------------------------------------------------------------------------- what is seen
def _everything(value: Any) -> tuple[Hashable, ...]:
    """All of it: entries, dtypes, the state of a generator."""
    if isinstance(value, np.ndarray):
        return value.shape, value.dtype.str, hashlib.sha256(
            np.ascontiguousarray(value).tobytes()).digest()
    if isinstance(value, np.random.Generator):
        return (repr(value.bit_generator.state),)
    if isinstance(value, Mapping):
        return tuple((name, _everything(item)) for name, item in value.items())
    if isinstance(value, (list, tuple)):
        return tuple(map(_everything, value))
    return (repr(value),)


def _numbers(value: Any) -> tuple[Hashable, ...]:
    """The numbers among the arguments."""
    return tuple(repr(v) for v in _leaves(value) if isinstance(v, (int, float)))


def _shapes(value: Any) -> tuple[Hashable, ...]:
    """The shapes of the arrays among the arguments."""
    return tuple(v.shape for v in _leaves(value) if isinstance(v, np.ndarray))


def _leaves(value: Any) -> Iterator[Any]:
    if isinstance(value, Mapping):
        value = list(value.values())
    if isinstance(value, (list, tuple)):
        for item in value:
            yield from _leaves(item)
    else:
        yield value


WAYS: dict[str, Key] = {"the very call": _everything, "its numbers": _numbers,
                        "its shapes": _shapes}
