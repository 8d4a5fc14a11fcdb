"""Verbs on layers of several arrays: `out, cache = f(*arrays, *rates, rng, train)`, and backward.

`given` names the arrays and their shapes, in order; `rates` are the probabilities that follow them.
Gradients are compared with finite differences of the student's OWN forward function along random
directions, the masks being held still by one seed, so a mistake made in forward is not charged
twice.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from typing import Any

import numpy as np

from autograder.asking import Exam, Wrong, array, number, pair
from autograder.checks_api.comparing import compare, item
from autograder.checks_api.inputs import Array, direction, normal
from autograder.checks_api.verb import verb
from autograder.checks_api.views import View
from autograder.dropout.calls import backward_call
from autograder.dropout.gradients import DIRECTIONAL
from autograder.dropout.values import TOLERANCE
from autograder.model import Call, Given, Seed

__all__ = ["backwards", "drops_nothing_when_all_rates_are_zero", "forwards",
           "has_the_right_gradient", "keeps_two_passes_apart", "needs_no_chance_at_test_time",
           "with_a_rate_of"]

Shapes = Mapping[str, tuple[int, ...]]
Rates = tuple[float, ...]
# (arrays, rates, out, dout) of one pass -> the gradients of the arrays, or None when no masks
# explain what came out
Model = Callable[[Sequence[Array], Rates, Array, Array], Sequence[Array] | None]
# of the numbers in the arrays: small enough that a tanh is far from flat, and that no gradient
# explodes over the steps
SIZE = 0.4
# where masks leave hardly any gradient, what is left is measured by this, not by its rounding
# errors
LEAST = 1e-4
# times normal numbers is the gradient from above: so large that gradients which were clipped do not
# pass for right ones
LOUD = 10.0
STEP = 1e-4
# where an output is float32: a step that its seven digits can feel, and how near they come then
SINGLE_STEP, SINGLE = 0.02, 2e-3
# Four points: the error is of the order STEP**4, where two points leave STEP**2, which a long
# sequence magnifies beyond any tolerance. The function must be smooth; a kink within 2 * STEP of
# the inputs would show.
STENCIL = {2: -1 / 12, 1: 8 / 12, -1: -8 / 12, -2: 1 / 12}


@lru_cache(maxsize=256)
def moderate(shape: tuple[int, ...], seed: int, dtype: str = "float64") -> Given:
    """Normal numbers of standard deviation SIZE."""
    found = normal(shape, seed)
    value = (SIZE * found.value).astype(dtype)
    value.flags.writeable = False
    return Given(f"{SIZE} * {found.text}" + (f".astype(np.{dtype})" if dtype != "float64" else ""),
                 value)


def arrays(exam: Exam, given: Shapes, first: int = 20, dtype: str = "float64") -> tuple[Given, ...]:
    """One array for each name in `given`; `first` is the number of the first seed."""
    return tuple(moderate(tuple(shape), exam.seed(first + k), dtype)
                 for k, shape in enumerate(given.values()))


def forward_pass(name: str, values: Sequence[Given], rates: Rates, seed: Seed | None,
                 train: bool = True, **more: Any) -> Call:
    """`out, cache = f(*arrays, *rates, rng)`, at test time with train=False; only `out` travels."""
    kwargs = {} if train else {"train": False}
    return Call(name, (*values, *rates, seed), kwargs, returns=("out", "cache"),
                **{"ship": (0,), **more})


def first_result(value: Any, shape: tuple[int, ...] | None = None) -> Array:
    """`out` of a returned `(out, cache)`; no layer of several arrays gives a single number."""
    out = array(pair(value)[0], "out", shape)
    if not out.ndim:
        raise Wrong("out is a single number", "an array")
    return out


# ------------------------------------------------------------------------------------------ manners
def forwards(given: Shapes, rates: Rates, train: bool = True, dtype: str = "float64") -> View:
    """The output of a layer of several arrays."""

    def call(exam: Exam, number: int) -> Call:
        return forward_pass(exam.function, arrays(exam, given, dtype=dtype), rates,
                            Seed(exam.seed(number)), train)

    return View(call, first_result, "out", tuple(given))


def backwards(given: Shapes, rates: Rates, forward: str, backward: str) -> View:
    """The first of the gradients that such a layer gives, of all that it must give."""

    def calls(exam: Exam, number: int) -> list[Call]:
        there = forward_pass(forward, arrays(exam, given), rates, Seed(exam.seed(number)))
        return [there,
                backward_call(backward, upstream(exam, first_result(exam.ask(there)[0]).shape), 0)]

    def read(value: Any) -> Array:
        first, *_ = [gradient_of(value, given, name) for name in given]
        return first

    return View(calls, read, "gradients", ("dout",))


def with_a_rate_of(bad: float, given: Shapes, rates: Rates, train: bool = True) -> list[View]:
    """Such layers, with each of the rates in turn exchanged for a bad one."""
    return [forwards(given, (*rates[:place], bad, *rates[place + 1 :]), train)
            for place in range(len(rates))]


@verb()
def needs_no_chance_at_test_time(exam: Exam, *, given: Shapes, rates: Rates) -> None:
    """works without a generator at test time, and draws nothing when it has one"""
    values = arrays(exam, given)
    without, with_one = (forward_pass(exam.function, values, rates, seed, train=False, watch=True)
                         for seed in (None, Seed(exam.seed())))
    first, second = exam.returned(without, with_one)
    if second.beside.rng_moved or second.beside.global_rng_moved:
        raise Wrong("the random generator moved on", "as it was before the call")
    out = first_result(first.value).astype(float)
    compare(first_result(second.value, out.shape), out, "out with an rng", 0.0)


@verb()
def drops_nothing_when_all_rates_are_zero(exam: Exam, *, given: Shapes, rates: Rates) -> None:
    """gives in training with p = 0 what it gives at test time"""
    values, nothing = arrays(exam, given), (0.0,) * len(rates)
    calls = (forward_pass(exam.function, values, nothing, Seed(exam.seed()), train)
             for train in (True, False))
    trained, tested = (first_result(value).astype(float) for value in exam.ask(*calls))
    if trained.shape != tested.shape:
        raise Wrong(f"out.shape = {trained.shape} in training", f"{tested.shape} as at test time")
    exam.last = exam.last[:1]
    compare(trained, tested, "out", TOLERANCE["float32"])


# ---------------------------------------------------------------------------------------- gradients
@verb()
def has_the_right_gradient(exam: Exam, *, name: str, given: Shapes, rates: Rates, forward: str,
                           backward: str, train: bool = True, case: str = "",
                           model: Model | None = None) -> None:
    """gives a {name} that agrees with finite differences along random directions{case}"""
    of = name.removeprefix("d")
    gradient, numeric, along = differences(exam, of, given, rates, forward, backward, train, model)
    made = exam.last
    if not any(numeric):
        _depends(exam, of, given, rates, forward)
    for k, (found, wanted) in enumerate(zip(along, numeric, strict=True)):
        error = abs(found - wanted) / size_of(gradient)
        if not error <= DIRECTIONAL:
            exam.last = made[0], replace(made[1], returns=tuple(f"d{name}" for name in given))
            u = Given("u", None, "u = "
                      f"np.random.default_rng({exam.seed(40 + k)}).normal(size={tuple(given[of])})")
            exam.show(f"(d{of} * u).sum() / np.linalg.norm(u)", u)
            raise Wrong(f"the derivative along a random direction of {of} is {number(found)} by "
                        f"{name} (relative error {error:.2g})",
                        f"{number(wanted)} by finite differences of {forward}")


def _depends(exam: Exam, of: str, given: Shapes, rates: Rates, forward: str) -> None:
    """Refuse an output that does not change with an array, at test time: chance drops nothing."""
    values, place = arrays(exam, given), list(given).index(of)
    moved = _moved(values, place, np.ones(tuple(given[of])))
    one, other = (first_result(v) for v in exam.ask(
        *(forward_pass(forward, v, rates, None, train=False) for v in (values, moved))))
    if np.array_equal(one, other):
        raise Wrong(f"{forward} gives the same whatever {of} is", f"an output that depends on {of}")


def size_of(gradient: Array) -> float:
    """The length of a gradient per square root of its size, for errors; never below LEAST."""
    return max(float(np.linalg.norm(gradient)) / float(np.sqrt(max(gradient.size, 1))), LEAST)


def differences(exam: Exam, of: str, given: Shapes, rates: Rates, forward: str, backward: str,
                train: bool = True,
                model: Model | None = None) -> tuple[Array, list[float], list[float]]:
    """The gradient of sum(out * dout) by array `of`, and derivatives along directions: two ways.

    Where the same seed gives another output (charged elsewhere), a difference quotient means
    nothing: then the `model` works out the gradient for the masks that it finds in the output;
    where there is none, or it finds none, nothing is dropped. Of float32 no more is asked than it
    can give.
    """
    values, place = arrays(exam, given), list(given).index(of)
    seed, shape = Seed(exam.seed()) if train else None, tuple(given[of])
    units = [direction(shape, exam.seed(40 + k)) for k in range(3)]

    call, outs, step = _around(exam, values, place, units,
                               lambda moved: forward_pass(forward, moved, rates, seed, train))
    single = outs[0].dtype == np.float32
    dout = upstream(exam, outs[0].shape)
    again, answer = exam.ask(call, backward_call(backward, dout, 0))
    if any(rates) and not np.array_equal(first_result(again), outs[0], equal_nan=True):
        right = model([np.asarray(v.value) for v in values], rates,
                      first_result(again).astype(float), dout.value) if model else None
        if right is None:
            return differences(exam, of, given, (0.0,) * len(rates), forward, backward, train)
        numeric = np.array([float((right[place] * u).sum()) for u in units])
    else:
        first = outs[0].astype(float)
        losses = np.array([float((dout.value * (array(out, "out", first.shape) - first)).sum())
                           for out in outs[1:]])
        numeric = losses.reshape(-1, len(STENCIL)) @ list(STENCIL.values()) / step
    gradient = gradient_of(answer, given, of)
    along = [float((gradient * u).sum()) for u in units]
    near = SINGLE * size_of(gradient) if single else 0.0
    return gradient, [a if abs(n - a) <= near else n
                      for n, a in zip(numeric.tolist(), along, strict=True)], along


def _around(exam: Exam, values: tuple[Given, ...], place: int, units: Sequence[Array],
            made: Callable[[tuple[Given, ...]], Call]) -> tuple[Call, list[Array], float]:
    """The call, its output and those beside it along these units, and how far: more for float32."""
    for step in (STEP, SINGLE_STEP):
        calls = [made(values),
                 *(made(_moved(values, place, k * step * u)) for u in units for k in STENCIL)]
        outs = [first_result(value) for value in exam.ask(*calls)]
        if outs[0].dtype != np.float32:
            break
    return calls[0], outs, step


def upstream(exam: Exam, shape: tuple[int, ...]) -> Given:
    """The gradient that comes from above, for an output of that shape."""
    plain = normal(shape, exam.seed(30))
    return Given(f"{LOUD} * {plain.text}", LOUD * plain.value)


def gradient_of(value: Any, given: Shapes, of: str) -> Array:
    """The gradient of one array among those that came back."""
    names = tuple(f"d{name}" for name in given)
    return array(item(value, names, f"d{of}"), f"d{of}", tuple(given[of])).astype(float)


def _moved(values: tuple[Given, ...], place: int, step: Array) -> tuple[Given, ...]:
    moved = Given(f"{values[place].text} + step", values[place].value + step)
    return (*values[:place], moved, *values[place + 1 :])


@verb()
def keeps_two_passes_apart(exam: Exam, *, first: Shapes, second: Shapes, rates: Rates, forward: str,
                           backward: str) -> None:
    """keeps two forward passes apart, whichever goes backwards first"""
    _demand_apart(exam, (first, second), rates, forward, backward)


def _demand_apart(exam: Exam, both: tuple[Shapes, Shapes], rates: Rates, forward: str,
                  backward: str) -> None:
    passes = [forward_pass(forward, arrays(exam, given, 50 + 10 * k), rates, Seed(exam.seed(k)))
              for k, given in enumerate(both)]
    outs = [first_result(value) for value in exam.ask(*passes)]
    douts = [normal(out.shape, exam.seed(2 + k)) for k, out in enumerate(outs)]
    alone = []
    for one, out, dout in zip(passes, outs, douts, strict=True):
        again, value = exam.ask(one, backward_call(backward, dout, 0))
        # charged elsewhere
        if any(rates) and not np.array_equal(first_result(again), out, equal_nan=True):
            _demand_apart(exam, both, (0.0,) * len(rates), forward, backward)
            return
        alone.append(value)
    for order in ((0, 1), (1, 0)):
        values = exam.ask(*passes, *(backward_call(backward, douts[k], k) for k in order))[2:]
        for k, value in zip(order, values, strict=True):
            for name in _of_their_shapes(alone[k], both[k]):
                found = gradient_of(value, both[k], name)
                wanted = gradient_of(alone[k], both[k], name)
                compare(found, wanted, f"d{name} of pass {k + 1}, when pass {order[0] + 1} goes "
                        "backwards first", TOLERANCE["float32"])


def _of_their_shapes(value: Any, given: Shapes) -> list[str]:
    """The gradients of a shape that is right: the others are charged elsewhere."""
    fits = [name for name in given if _usable(value, given, name)]
    return fits or list(given)


def _usable(value: Any, given: Shapes, name: str) -> bool:
    try:
        gradient_of(value, given, name)
    except Wrong:
        return False
    return True
