"""Views: how a function is called, and what is looked at; one check or symptom serves them all.

`given=` in a list is a view, too: of the exercise's own function, called with these arguments.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from autograder.asking import Exam, array
from autograder.checks_api.comparing import item
from autograder.checks_api.inputs import Array, in_words, normal
from autograder.model import Answer, Call, Given

__all__ = ["View", "calling", "in_both_modes", "normals", "ones", "powers"]


@dataclass(frozen=True)
class View:
    """How a function is asked.

    calls   : of an exam and a number, the call, or a script that ends with it; its generator has
              the number-th seed of the exam
    read    : what is looked at of the answer to that call, an array; Wrong when there is none
    what    : how messages speak of it
    names   : what its array arguments are called, in order, where they have no name of their own
    apart   : Python that says how `one` and `other` differ, two results of it
    follows : whether another seed must give another result: not where nothing may be dropped, and
              where that is asked elsewhere
    """

    calls: Callable[[Exam, int], Call | Sequence[Call]]
    read: Callable[[Any], Array] = lambda value: array(value, "result")
    what: str = "results"
    names: tuple[str, ...] = ()
    apart: str = "(one != other).sum()"
    follows: bool = True

    def script(self, exam: Exam, number: int = 0, watch: bool = False) -> tuple[Call, ...]:
        """The calls that are made; the last is the one that is meant, and is watched."""
        made = self.calls(exam, number)
        *first, call = (made,) if isinstance(made, Call) else made
        named = tuple(in_words(name, given)
                      for name, given in zip(self.names, call.args, strict=False))
        return *first, replace(call, args=(*named, *call.args[len(named) :]), watch=watch)

    def seen(self, exam: Exam, number: int = 0) -> tuple[Call, Answer]:
        """The call that is meant, and its answer with all seen beside it; or Unanswered."""
        script = self.script(exam, number, watch=True)
        return script[-1], exam.returned(*script)[-1]


Views = View | Sequence[View]


def in_both_modes(view: Callable[..., View], *given: Any, **more: Any) -> list[View]:
    """A view in training, and the same at test time."""
    return [view(*given, train=train, **more) for train in (True, False)]


def each(via: Views) -> Sequence[View]:
    """One view, or several."""
    return (via,) if isinstance(via, View) else via


# ---------------------------------------------------------------------- arguments that a list names
@dataclass(frozen=True)
class Normals:
    """Standard normal numbers of this shape, times `times` (a number, or one for each column)."""

    shape: tuple[int, ...]
    times: float | tuple[float, ...] = 1.0


def normals(*shape: int, times: float | tuple[float, ...] = 1.0) -> Normals:
    """In a list: normal numbers, larger or smaller than usual, or in columns of different size."""
    return Normals(shape, times)


def ones(*shape: int) -> Given:
    """In a list: an array of ones."""
    return Given(f"np.ones({shape})", np.ones(shape))


def powers(rows: int, columns: int) -> Given:
    """In a list: powers of a variable between 1/2 and 3/2 as nearly dependent columns."""
    return Given(f"np.vander(np.linspace(0.5, 1.5, {rows}), {columns})",
                 np.vander(np.linspace(0.5, 1.5, rows), columns))


def argument(spec: Any, seed: int) -> Any:
    """A tuple of whole numbers is a normal array of that shape, a list an array, else itself."""
    if isinstance(spec, Normals):
        plain = normal(spec.shape, seed)
        times = spec.times if isinstance(spec.times, float) else np.array(spec.times)
        return Given(f"{times!r} * {plain.text}".replace("array(", "np.array("),
                     times * np.asarray(plain.value))
    if isinstance(spec, tuple):
        return normal(spec, seed)
    return Given(f"np.array({spec})", np.array(spec)) if isinstance(spec, list) else spec


def question(exam: Exam, given: tuple[Any, ...], returns: tuple[str, ...] = (), watch: bool = False,
             function: str = "") -> Call:
    """The call of a function, the exercise's own if none is named, with these arguments."""
    asked = tuple(argument(spec, exam.seed(k)) for k, spec in enumerate(given))
    return Call(function or exam.function, asked, returns=returns, watch=watch)


def calling(*given: Any, names: tuple[str, ...] = (), returns: tuple[str, ...] = (),
            name: str = "result", function: str = "") -> View:
    """The view that `given=` is, of any function; it reads item `name` of what it `returns`."""

    def read(value: Any) -> Array:
        return array(item(value, returns, name) if returns else value, name)

    return View(lambda exam, number: question(exam, given, returns, function=function),
                read, name, names)
