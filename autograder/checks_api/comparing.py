"""What checks compare: values by element, exceptions, warnings, items of a returned tuple."""

from __future__ import annotations

import re
from typing import Any

import numpy as np

from autograder.asking import Unanswered, Wrong, an, number, quoted, raised
from autograder.checks_api.inputs import Array
from autograder.model import Answer, Call, Opaque, Outcome

NEARLY = 0.05  # relative: an answer that is off by so little may be meant to be near only


def close(got: Array, wanted: Array, tolerance: float) -> Array:
    """Elementwise: as near as `tolerance` times the size of what is wanted (at least 1)."""
    with np.errstate(invalid="ignore"):
        return np.asarray(np.abs(np.subtract(got, wanted, dtype=float))
                          <= tolerance * np.maximum(1.0, np.abs(wanted)))


def compare(got: Array, wanted: Array, name: str, tolerance: float) -> None:
    """Refuse the first element that differs, and say which one it is."""
    good = close(got, wanted, tolerance)
    if good.all():
        return
    place = tuple(int(i) for i in np.argwhere(~good)[0])
    where = f"{name}[{', '.join(map(str, place))}]" if place else name
    rest = f" ({int((~good).sum())} of {good.size} differ)" if good.size > 1 else ""
    # a simulation, perhaps, or rounded numbers: how near is near enough?
    if tolerance and np.allclose(got, wanted, rtol=NEARLY, atol=0):
        rest = f" within {tolerance:g}{rest}"
    one, other = told_apart(got[place], wanted[place])
    raise Wrong(f"{where} = {one}", f"{other}{rest}")


def told_apart(got: float, wanted: float) -> tuple[str, str]:
    """Two numbers as messages show them, or with all digits where they differ beyond those."""
    one, other = number(got), number(wanted)
    return (one, other) if one != other else (repr(float(got)), repr(float(wanted)))


EXCEPTIONS = ("type", "ValueError")  # the class, or one of it


def demand_value_error(call: Call, answer: Answer) -> None:
    """Refuse a call that ended without a ValueError, or with one that only has a like name."""
    if answer.outcome is Outcome.PASSED:
        value = answer.value
        kind = value.kind if isinstance(value, Opaque) else type(value).__name__
        returned = " an exception (is `return` written for `raise`?)" * (kind in EXCEPTIONS)
        raise Wrong(f"the function returned{returned}", "ValueError")
    if ending(answer) != "ValueError":
        raise Unanswered(call, answer)


def ending(answer: Answer) -> str:
    """How a call ended: "accepted", or the name of what was raised; any ValueError is one."""
    if answer.outcome is Outcome.PASSED:
        return "accepted"
    name = raised(answer)
    return "ValueError" if name.endswith(" (a ValueError)") else name


NUMPY_WARNS = re.compile(r"RuntimeWarning: (divide by zero|invalid value|overflow|underflow) "
                         r"encountered in [a-z_0-9 ]{1,24}")


def demand_no_warning(answer: Answer) -> None:
    """Refuse a call that warned. Only NumPy's own words are shown: others are the student's."""
    if answer.beside.warnings:
        found = NUMPY_WARNS.fullmatch(answer.beside.warnings[0])
        if found is None:
            raise Wrong("the function gave a warning of your own", "no warning")
        raise Wrong(f"NumPy warned: {quoted(found.group(), instead=found.group(1))}", "no warning")


def item(value: Any, names: tuple[str, ...], name: str) -> Any:
    """The item called `name` of a returned tuple; Wrong when something else was returned."""
    if len(names) == 1:
        return value
    if not isinstance(value, (tuple, list)) or len(value) != len(names):
        raise Wrong(f"the function returned {an(value)}", f"({', '.join(names)})")
    return value[names.index(name)]
