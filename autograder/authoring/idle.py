"""Answers that do nothing, and must earn nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from autograder import notebook
from autograder.model import Exercise, Subject
from autograder.staff import Staff
from autograder.subjects.local import Local


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
