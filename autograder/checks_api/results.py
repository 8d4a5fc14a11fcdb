"""Checks of what any function returns: by hand, by the solution, ValueError, dtypes, arguments.

Those that compare with the solution take `(exam, reference)` and can only stand in a key.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import zip_longest
from typing import Any

import numpy as np

from autograder.asking import Exam, Wrong, array, number
from autograder.checks_api.comparing import compare, demand_value_error
from autograder.checks_api.inputs import Array
from autograder.checks_api.verb import verb
from autograder.checks_api.views import View, Views, calling, each, question
from autograder.model import Answer, Call, Given, Seed

__all__ = ["draws_anew_in_each_call", "draws_from_rng", "gives_in_proportion", "gives_the_dtype",
           "is_right", "is_right_like_the_solution", "leaves_its_arguments_alone",
           "raises_value_error", "returns_no_negative"]

IT = "it"  # how a sentence speaks of a result that has only one part
BY_HAND = "a case you can do by hand"
NEAR = 1e-5  # relative: 1e-6 added to a divisor is no wrong formula ...
EXACT = 1e-10  # ... but the digits see it; enough for sums of up to 2^12 terms in any order
ROUGH = 0.05  # relative: as near as drawing masks at random comes


# ------------------------------------------------------------------------------ values, by any case
@verb()
def is_right(exam: Exam, *, wanted: Any, case: str = BY_HAND, given: tuple[Any, ...] = (),
             names: tuple[str, ...] = ("result",), name: str = IT, tolerance: float = NEAR,
             via: View | None = None) -> None:
    """gets {name} right for {case}"""
    view = via or _result(given, names, name)
    expected = np.array(wanted)
    compare(array(_found(exam, view), view.what, expected.shape), expected, view.what, tolerance)


@verb(with_reference=True)
def is_right_like_the_solution(exam: Exam, reference: Exam, *, case: str = "other numbers",
                               given: tuple[Any, ...] = (), names: tuple[str, ...] = ("result",),
                               name: str = IT, tolerance: float = NEAR,
                               via: View | None = None) -> None:
    """gets {name} right for {case}"""
    view = via or _result(given, names, name)
    found, expected = _found(exam, view), view.read(reference.ask(*view.script(exam))[-1])
    compare(array(found, view.what, expected.shape), expected, view.what, tolerance)


def _result(given: tuple[Any, ...], names: tuple[str, ...], name: str) -> View:
    return calling(*given, returns=names, name=names[0] if name == IT else name)


def _found(exam: Exam, view: View) -> Array:
    return view.read(exam.ask(*view.script(exam))[-1])


@verb()
def gives_in_proportion(exam: Exam, *, case: str, given: tuple[Any, ...], to: tuple[Any, ...],
                        wanted: Any, names: tuple[str, ...] = ("result",)) -> None:
    """gives {case}"""
    # `wanted` is the result for `given` over that for `to`: what both are multiplied by is another
    # sentence's business
    expected, (called,) = np.array(wanted), names
    found = exam.ask(question(exam, given, names), question(exam, to, names))
    asked = exam.last
    for k, value in enumerate(found):
        exam.last = asked[k : k + 1]  # a message shows the call it is about
        array(value, called, expected.shape)
    exam.last = asked
    one, other = (np.asarray(value).astype(float) for value in found)
    if not np.all(np.isfinite(other) & (other != 0)):
        raise Wrong(
            f"the second {called} is {number(other[~np.isfinite(other) | (other == 0)].flat[0])}",
            "a number other than 0")
    exam.show_two(asked, "(one / other){at}")
    compare(one / other, expected, f"the first {called} / the second", NEAR)


@verb()
def raises_value_error(exam: Exam, *, case: str, given: tuple[Any, ...] = (),
                       via: Views = ()) -> None:
    """raises ValueError for {case}"""
    for view in each(via) or [calling(*given)]:
        script = view.script(exam)
        demand_value_error(script[-1], exam.answers(*script)[-1])


@verb()
def leaves_its_arguments_alone(exam: Exam, *, arrays: str = "the arrays it is given",
                               given: tuple[Any, ...] = (), names: tuple[str, ...] = (),
                               via: Views = ()) -> None:
    """does not modify {arrays}"""
    for view in each(via) or [calling(*given, names=names)]:
        demand_unchanged(exam, view, bool(via))


def demand_unchanged(exam: Exam, view: View, read: bool = False) -> None:
    """Refuse a call that changes an argument, or whose result cannot be read: no manners shown."""
    call, answer = view.seen(exam)
    if read:
        view.read(answer.value)
    for name, rest, by in changed_arguments(call, answer):
        exam.show_change(name, rest)
        raise Wrong(f"{name}{rest} was changed by the call{by}", f"{name}{rest} as it was")


def changed_arguments(call: Call, answer: Answer) -> Iterator[tuple[str, str, str]]:
    """The arguments that changed: the name, a dict's entry, and how much where hardly visible."""
    # what was not seen afterwards has changed
    for given, now in zip_longest(call.args[call.is_method :], answer.beside.arguments):
        if isinstance(given, Given):
            pairs = [("", given.value, now)]
            if isinstance(given.value, dict):
                pairs = [(f'["{key}"]', was, now.get(key) if isinstance(now, dict) else None)
                         for key, was in given.value.items()]
            yield from ((given.text, rest, _by(was, there))
                        for rest, was, there in pairs if not np.array_equal(was, there))


def _by(was: Any, now: Any) -> str:
    near = (isinstance(now, np.ndarray) and now.shape == np.shape(was) and now.dtype.kind == "f"
            and np.allclose(now, was, atol=1e-3))
    return f", by up to {number(np.abs(now - was).max())}" if near else ""


@verb()
def draws_from_rng(exam: Exam, *, via: View) -> None:
    """draws from the rng it is given, and from nothing else: the same seed gives the same
    {via.what}"""
    first, again, other = (via.script(exam, number, watch=True) for number in (0, 0, 1))
    one, two, three = (exam.returned(*script)[-1] for script in (first, again, other))
    if any(answer.beside.global_rng_moved for answer in (one, two, three)):
        raise Wrong("the function drew from (or seeded) the global generator",
                    "random numbers from rng only")
    exam.show_two([first[-1], again[-1]], via.apart, first[:-1])
    if not np.array_equal(via.read(one.value), via.read(two.value), equal_nan=True):
        raise Wrong(f"two generators with the same seed gave different {via.what}", "the same")
    exam.show_two([first[-1], other[-1]], via.apart, first[:-1])
    if via.follows and np.array_equal(via.read(one.value), via.read(three.value), equal_nan=True):
        raise Wrong(f"two generators with different seeds gave the same {via.what}", "others")


@verb()
def gives_the_dtype(exam: Exam, *, dtype: str = "float32", given: tuple[Any, ...] = (),
                    names: tuple[str, ...] = ("result",), via: Views = ()) -> None:
    """gives {dtype} for {dtype}"""
    for view in each(via) or [_single(given, names, name) for name in names]:
        found = _found(exam, view)
        if found.dtype.name != dtype:
            raise Wrong(f"{view.what}.dtype = {found.dtype.name}", dtype)


def _single(given: tuple[Any, ...], names: tuple[str, ...], name: str) -> View:
    """The view of `calling` with float32 for each array."""
    whole = calling(*given, returns=names, name=name)

    def call(exam: Exam, number: int) -> Call:
        (call,) = whole.script(exam, number)
        return replace(call, args=tuple(map(_in_single_precision, call.args)))

    return replace(whole, calls=call)


def _in_single_precision(given: Any) -> Any:
    if isinstance(given, Given) and isinstance(given.value, np.ndarray):
        return Given(f"({given.text}).astype(np.float32)", given.value.astype(np.float32))
    return given


@verb()
def returns_no_negative(exam: Exam, *, given: tuple[Any, ...], names: tuple[str, ...],
                        name: str) -> None:
    """gives a {name} that is never negative"""
    found = _found(exam, _result(given, names, name))
    if not (found >= 0).all():
        raise Wrong(f"{name} holds {number(found[~(found >= 0)][0])}", "0 or more everywhere")


@verb()
def draws_anew_in_each_call(exam: Exam, *, given: tuple[Any, ...] = (), names: tuple[str, ...] = (),
                            via: View | None = None) -> None:
    """draws afresh in every call"""
    view = via or calling(*given, Seed(exam.seed()), returns=names, name=names[0])
    *first, call = view.script(exam)
    again = replace(call, args=tuple(replace(a, name="rng") if isinstance(a, Seed) else a
                                     for a in call.args))
    one, other = (view.read(value) for value in exam.ask(*first, again, again)[-2:])
    exam.show_two([again, again], view.apart, first)
    if np.array_equal(one, other, equal_nan=True):
        raise Wrong(f"a second call with the same generator gave the same {view.what}",
                    "another draw")
