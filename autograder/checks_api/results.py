"""Checks of what any function returns: a case done by hand, the solution on other cases, ValueError, dtypes, arguments left alone.

Those that compare with the solution take `(exam, reference)` and can only stand in a key.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from autograder.asking import Exam, Wrong, array, number
from autograder.checks_api.comparing import compare, demand_value_error, item
from autograder.checks_api.inputs import in_words, normal
from autograder.checks_api.verb import verb
from autograder.model import Call, Given

__all__ = [
    "agrees_with_the_solution",
    "gives_in_proportion",
    "is_right",
    "is_right_like_the_solution",
    "is_right_to_ten_digits",
    "keeps_single_precision",
    "leaves_its_arguments_alone",
    "normals",
    "ones",
    "powers",
    "raises_value_error",
    "returns",
    "returns_no_negative",
]

IT = "it"  # how a sentence speaks of a result that has only one part
NEAR = 1e-5  # relative: 1e-6 added to a divisor is no wrong formula ...
EXACT = 1e-10  # ... but the digits see it; enough for sums of up to 2^12 terms in any order
ROUGH = 0.05  # relative: as near as drawing masks at random comes


# ------------------------------------------------------------------------------------------------------- arguments that a list names
@dataclass(frozen=True)
class Normals:
    """Standard normal numbers of this shape, each multiplied by `times` (a number, or one for each column)."""

    shape: tuple[int, ...]
    times: float | tuple[float, ...] = 1.0


def normals(*shape: int, times: float | tuple[float, ...] = 1.0) -> Normals:
    """In a list: normal numbers, larger or smaller than usual, or in columns of different size."""
    return Normals(shape, times)


def ones(*shape: int) -> Given:
    """In a list: an array of ones."""
    return Given(f"np.ones({shape})", np.ones(shape))


def powers(rows: int, columns: int) -> Given:
    """In a list: the powers of a variable between 1/2 and 3/2 as columns, which are nearly dependent."""
    return Given(f"np.vander(np.linspace(0.5, 1.5, {rows}), {columns})", np.vander(np.linspace(0.5, 1.5, rows), columns))


def argument(spec: Any, seed: int) -> Any:
    """A tuple of whole numbers stands for a normal array of that shape, a list for an array, anything else for itself."""
    if isinstance(spec, Normals):
        plain = normal(spec.shape, seed)
        times = spec.times if isinstance(spec.times, float) else np.array(spec.times)
        return Given(f"{times!r} * {plain.text}".replace("array(", "np.array("), times * np.asarray(plain.value))
    if isinstance(spec, tuple):
        return normal(spec, seed)
    return Given(f"np.array({spec})", np.array(spec)) if isinstance(spec, list) else spec


def question(exam: Exam, given: tuple[Any, ...], returns: tuple[str, ...] = (), watch: bool = False) -> Call:
    """The call of the exercise's function with these arguments."""
    return Call(exam.function, tuple(argument(a, exam.seed(k)) for k, a in enumerate(given)), returns=returns, watch=watch)


# ---------------------------------------------------------------------------------------------------------------- values, by any case
@verb()
def is_right(
    exam: Exam,
    *,
    case: str,
    given: tuple[Any, ...],
    wanted: Any,
    names: tuple[str, ...] = ("result",),
    name: str = IT,
    tolerance: float = NEAR,
) -> None:
    """gets {name} right for {case}"""
    _value_is(exam, given, wanted, names, name, tolerance)


def _value_is(
    exam: Exam, given: tuple[Any, ...], wanted: Any, names: tuple[str, ...], name: str, tolerance: float
) -> None:
    called = names[0] if name == IT else name
    (value,) = exam.ask(question(exam, given, names))
    expected = np.array(wanted)
    compare(array(item(value, names, called), called, expected.shape), expected, called, tolerance)


@verb(with_reference=True)
def is_right_like_the_solution(
    exam: Exam,
    reference: Exam,
    *,
    case: str,
    given: tuple[Any, ...],
    names: tuple[str, ...] = ("result",),
    name: str = IT,
    tolerance: float = NEAR,
) -> None:
    """gets {name} right for {case}"""
    called = names[0] if name == IT else name
    call = question(exam, given, names)
    (value,), (right,) = exam.ask(call), reference.ask(call)
    expected = np.asarray(item(right, names, called))
    compare(array(item(value, names, called), called, expected.shape), expected, called, tolerance)


@verb()
def is_right_to_ten_digits(
    exam: Exam, *, case: str, given: tuple[Any, ...], wanted: Any, names: tuple[str, ...] = ("result",), name: str = IT
) -> None:
    """gets {name} right to ten digits for {case}"""
    _value_is(exam, given, wanted, names, name, EXACT)


@verb()
def gives_in_proportion(
    exam: Exam, *, case: str, given: tuple[Any, ...], to: tuple[Any, ...], wanted: Any, names: tuple[str, ...] = ("result",)
) -> None:
    """gives {case}"""
    # `wanted` is the result for `given` over that for `to`: what both are multiplied by is another sentence's business
    expected, (called,) = np.array(wanted), names
    found = exam.ask(question(exam, given, names), question(exam, to, names))
    asked = exam.last
    for k, value in enumerate(found):
        exam.last = asked[k : k + 1]  # a message shows the call it is about
        array(value, called, expected.shape)
    exam.last = asked
    one, other = (np.asarray(value).astype(float) for value in found)
    if not np.all(np.isfinite(other) & (other != 0)):
        raise Wrong(f"the second {called} is {number(other[~np.isfinite(other) | (other == 0)].flat[0])}", "a number other than 0")
    exam.show_two(asked, "(one / other){at}")
    compare(one / other, expected, f"the first {called} / the second", NEAR)


@verb()
def raises_value_error(exam: Exam, *, case: str, given: tuple[Any, ...]) -> None:
    """raises ValueError for {case}"""
    call = question(exam, given)
    (answer,) = exam.answers(call)
    demand_value_error(call, answer)


@verb()
def leaves_its_arguments_alone(exam: Exam, *, given: tuple[Any, ...], names: tuple[str, ...]) -> None:
    """does not modify the arrays it is given"""
    call = question(exam, given, watch=True)
    call = replace(call, args=tuple(map(in_words, names, call.args[: len(names)])) + call.args[len(names) :])
    changed = changed_arguments(exam, call)
    if changed:
        exam.show_change(names[changed[0]])
        raise Wrong(f"{names[changed[0]]} was changed by the call", f"{names[changed[0]]} as it was")


@verb()
def keeps_single_precision(exam: Exam, *, given: tuple[Any, ...], names: tuple[str, ...]) -> None:
    """gives float32 for float32"""
    asked = question(exam, given, names)
    single = tuple(_single(a) for a in asked.args)
    (value,) = exam.ask(Call(asked.function, single, returns=names))
    for name in names:
        found = array(item(value, names, name), name)
        if found.dtype != np.float32:
            raise Wrong(f"{name}.dtype = {found.dtype.name}", "float32")


def _single(given: Any) -> Any:
    if isinstance(given, Given) and isinstance(given.value, np.ndarray):
        return Given(f"({given.text}).astype(np.float32)", given.value.astype(np.float32))
    return given


def changed_arguments(exam: Exam, call: Call) -> list[int]:
    """Places of the array arguments that are no longer as they were given."""
    (answer,) = exam.returned(call)
    after = answer.facts.arguments if answer.facts else ()
    pairs = enumerate(zip(call.args, after, strict=False))
    return [k for k, (before, now) in pairs if isinstance(before, Given) and not np.array_equal(before.value, now)]


@verb()
def returns(
    exam: Exam, *, given: tuple[Any, ...], wanted: Any, names: tuple[str, ...], name: str, tolerance: float = NEAR, function: str = ""
) -> None:
    """gets {name} right in a case you can do by hand"""
    expected = np.array(wanted)
    compare(array(_by_hand(exam, given, names, name, function), name, expected.shape), expected, name, tolerance)


@verb()
def returns_no_negative(exam: Exam, *, given: tuple[Any, ...], names: tuple[str, ...], name: str, function: str = "") -> None:
    """gives a {name} that is never negative"""
    found = array(_by_hand(exam, given, names, name, function), name)
    if not (found >= 0).all():
        raise Wrong(f"{name} holds {number(found[~(found >= 0)][0])}", "0 or more everywhere")


def _by_hand(exam: Exam, given: tuple[Any, ...], names: tuple[str, ...], name: str, function: str) -> Any:
    arguments = tuple(Given(f"np.array({a})", np.array(a)) if isinstance(a, list) else a for a in given)
    (value,) = exam.ask(Call(function or exam.function, arguments, returns=names))
    return item(value, names, name)


@verb(with_reference=True)
def agrees_with_the_solution(
    exam: Exam, reference: Exam, *, given: tuple[Any, ...], names: tuple[str, ...], name: str, tolerance: float = 1e-12,
    function: str = "",
) -> None:
    """gets {name} right"""
    call = Call(function or exam.function, tuple(argument(a, exam.seed(k)) for k, a in enumerate(given)), returns=names)
    (value,), (wanted,) = exam.ask(call), reference.ask(call)
    expected = np.asarray(item(wanted, names, name))
    compare(array(item(value, names, name), name, expected.shape), expected, name, tolerance)
