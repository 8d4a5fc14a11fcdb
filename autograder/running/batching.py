"""Calls that differ only in their seed travel as one, and so do the values: chance tests repeat.

Each call is still made for itself, with arguments of its own; after one that did not return, its
repetitions are not tried. Used at both ends of the wire.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from autograder.model import Answer, Call, Draws, Opaque, Outcome, Seed
from autograder.running.generators import seeding

# neither end sends it: both know when it is due
NOT_REPEATED = Answer(Outcome.SKIPPED, error="the same call had not returned before")


# -------------------------------------------------------------------------------------------- calls
def bundled(calls: Sequence[Call]) -> list[Call | Draws]:
    """The same script with its repetitions gathered."""
    groups: list[Call | Draws] = []
    first, place, numbers = None, None, list[int]()
    for call in calls:
        if first is not None and place is not None and _repeats(call, first, place):
            numbers.append(call.args[place].number)
            continue
        groups += _group(first, place, numbers)
        first, place = call, _seed_place(call)
        numbers = [] if place is None else [call.args[place].number]
    return groups + _group(first, place, numbers)


def _group(first: Call | None, place: int | None, numbers: list[int]) -> list[Call | Draws]:
    if first is None:
        return []
    if place is None or len(numbers) == 1:
        return [first]
    return [Draws(first, place, tuple(numbers), seeding(tuple(numbers)))]


def _seed_place(call: Call) -> int | None:
    """Where the only seed stands, if it has no name."""
    places = [i for i, a in enumerate(call.args) if isinstance(a, Seed)]
    return places[0] if len(places) == 1 and not call.args[places[0]].name else None


def _repeats(call: Call, first: Call, place: int) -> bool:
    """Whether a call asks the same of the same arguments, but for the seed at that place."""
    one, other = call.args, first.args
    if len(one) != len(other) or type(one[place]) is not Seed or one[place].name:
        return False
    for i, argument in enumerate(one):
        if argument is not other[i] and i != place and not _same(argument, other[i]):
            return False
    alike = (call.function == first.function and call.returns == first.returns
             and call.ship == first.ship)
    alike = (alike and call.watch is first.watch and call.look is first.look
             and call.nonzero is first.nonzero)
    alike = alike and call.steady is first.steady
    words, others = call.kwargs, first.kwargs
    return (alike and words.keys() == others.keys()
            and all(_same(value, others[name]) for name, value in words.items()))


def _same(one: Any, other: Any) -> bool:
    """Arrays are the same when they are one object; so nothing is compared number by number."""
    return one is other or (type(one) is type(other) and isinstance(one, (str, int, float))
                            and repr(one) == repr(other))


def _size(group: Call | Draws) -> int:
    return len(group.numbers) if isinstance(group, Draws) else 1


def repetitions(groups: Iterable[Call | Draws]) -> list[int]:
    """For each call of the script, how many repetitions of it are still to come."""
    return [left for group in groups for left in range(_size(group) - 1, -1, -1)]


def functions(groups: Iterable[Call | Draws]) -> list[str]:
    """For each call of the script, what is called."""
    return [(group.call if isinstance(group, Draws) else group).function for group in groups
            for _ in range(_size(group))]


# ------------------------------------------------------------------------------------------ answers
def says_all(answer: Answer) -> bool:
    """Whether the value of the answer is the whole answer."""
    return answer.outcome is Outcome.PASSED and answer.facts is None


def gathered(values: Sequence[Any]) -> Any:
    """Values as one: arrays that are all alike as one array with an axis more, pairs by items."""
    first = values[0]
    many = len(values) > 1 and all(type(v) is type(first) for v in values)
    if many and type(first) is np.ndarray and all(
            v.dtype == first.dtype and v.shape == first.shape for v in values):
        return np.stack(values)
    if many and type(first) is tuple and {len(v) for v in values} == {len(first) or None}:
        return {"count": len(values), "items": tuple(map(_column, zip(*values, strict=True)))}
    return tuple(values)


def _column(values: Sequence[Any]) -> Any:
    """One item of all the pairs; of what was not asked for a single word."""
    first = values[0]
    return first if all(type(v) is Opaque and v == first for v in values) else gathered(values)


def scattered(together: Any, most: int) -> list[Any]:
    """The values again; none of what `gathered` would not make, or more than `most`."""
    if type(together) is dict:
        return _rows(together.get("count"), together.get("items"), most)
    stacked = type(together) is np.ndarray and together.ndim > 0
    if not (stacked or type(together) is tuple) or len(together) > most:
        return []
    return [np.array(v) for v in together] if stacked and together.ndim == 1 else list(together)


def _rows(count: Any, items: Any, most: int) -> list[Any]:
    if type(count) is not int or not 1 < count <= most or type(items) is not tuple:
        return []
    columns = [[item] * count if type(item) is Opaque else scattered(item, count)
               for item in items]
    return [*zip(*columns, strict=True)] if {len(c) for c in columns} == {count} else []
