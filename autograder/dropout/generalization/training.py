"""Verbs about training: `train(X, y, sizes, p_in, p_hidden, epochs, lr, momentum, rng) -> params`.

Nothing here knows how a gradient is computed. What a training did is read off the weights it
returns: with one batch a step is compared with finite differences of the loss. What an epoch does,
and what comes of it, is asked in epochs.py.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise
from typing import Any

import numpy as np

from autograder.asking import Exam, Unanswered, Wrong, an, array, number, shared
from autograder.chance import smallest_error
from autograder.checks_api.counts import expect
from autograder.checks_api.inputs import Array, normal
from autograder.checks_api.verb import verb
from autograder.checks_api.views import View
from autograder.dropout.generalization.slopes import Params, flat, moved, slopes
from autograder.model import NOT_TRIED, Answer, Call, Given, Outcome, Seed

__all__ = ["draws_first_weights", "draws_its_weights_by_rng", "keeps_its_biases_flat",
           "keeps_momentum", "returns_a_network", "starts_its_units_apart",
           "steps_down_the_gradient", "trained"]

SMOOTH = 1e-6  # error of a step along a random direction, relative; right ones stay below 1e-8
# the network whose first weights are looked at: three weight matrices, two chance tests each
FIRST = (300, 200, 100, 10)
# half of a normal distribution lies within so many standard deviations
QUARTILE = 0.674489750196082
# by how much that half grows with the logarithm of the standard deviation: 2 * QUARTILE * its
# density there
SLOPE = 0.429
BATCH = 32
# the size of examples with which even standard normal weights give scores that are near each other
SMALL = 0.02


# ---------------------------------------------------------------------------------- asking, reading
def labels(count: int, classes: int, seed: int) -> Given:
    """Whole numbers from 0 to classes - 1."""
    return Given(f"np.random.default_rng({seed}).integers(0, {classes}, {count})",
                 np.random.default_rng(seed).integers(0, classes, count))


def training(exam: Exam, X: Given, y: Given, sizes: tuple[int, ...], *,
             drop: tuple[float, float] = (0.0, 0.0), epochs: int = 1, lr: float = 0.1,
             momentum: float = 0.0, seed: int = 0) -> Call:
    """One training. `drop` is (p_in, p_hidden)."""
    return Call(exam.function, (X, y, sizes, *drop, epochs, lr, momentum, Seed(seed)),
                returns=("params",), steady=True)


def read(value: Any, sizes: tuple[int, ...]) -> Params:
    """The returned weights and biases as float64; Wrong unless W1, b1, ... in right shapes, finite.

    A bias may be a row (1, H): `keeps_its_biases_flat` asks about that, once.
    """
    names = [f"{kind}{k}" for k in range(1, len(sizes)) for kind in "Wb"]
    if not isinstance(value, dict):
        raise Wrong(f"the function returned {an(value)}", f"a dict with {', '.join(names)}")
    missing = [name for name in names if name not in value]
    if missing or len(value) > len(names):
        raise Wrong(f"params has no {missing[0]}" if missing
                    else f"params holds {len(value)} arrays", ", ".join(names))
    params = {}
    for k, shape in enumerate(pairwise(sizes), start=1):
        params[f"W{k}"] = array(value[f"W{k}"], f"W{k}", shape).astype(float)
        bias = array(value[f"b{k}"], f"b{k}")
        if bias.shape != (1, shape[1]):
            array(value[f"b{k}"], f"b{k}", shape[1:])
        params[f"b{k}"] = bias.reshape(shape[1:]).astype(float)
    for name, entry in params.items():
        if not np.isfinite(entry).all():
            raise Wrong(f"{name} holds {number(entry[~np.isfinite(entry)][0])}", "numbers")
    return params


def batch(exam: Exam, sizes: tuple[int, ...], count: int = BATCH) -> tuple[Given, Given]:
    """Examples that fit into one batch, so that their order cannot matter."""
    return normal((count, sizes[0]), exam.seed(1)), labels(count, sizes[-1], exam.seed(2))


def trained() -> View:
    """The weights after two epochs with everything that a training has."""
    sizes = (6, 8, 3)

    def call(exam: Exam, number: int) -> Call:
        whole = training(exam, *batch(exam, sizes, 40), sizes, drop=(0.2, 0.5), epochs=2,
                         momentum=0.9, seed=exam.seed(number))
        return replace(whole, steady=False)  # chance is what is asked about

    apart = "max(abs(one[name] - other[name]).max() for name in one)"
    return View(call, lambda value: flat(read(value, sizes)), "weights", ("X", "y"), apart)


@shared
def must_be_comparable(exam: Exam) -> Array:
    """The weights that two trainings start with; nothing is tried where one seed gives others."""
    sizes = (6, 8, 3)
    call = training(exam, *batch(exam, sizes), sizes, drop=(0.5, 0.5), lr=0.0, seed=exam.seed())
    one, other = (flat(read(value, sizes)) for value in exam.ask(call, call))
    if not np.array_equal(one, other):
        told = ("two generators with the same seed gave different first weights, so no two "
                "trainings can be compared")
        raise Unanswered(call, Answer(Outcome.SKIPPED, error=NOT_TRIED + told))
    return one


def copies(exam: Exam, sizes: tuple[int, ...], examples: int = 1) -> tuple[Given, Given]:
    """A full batch of copies of one example (or several): it matters not which, or how often.

    They are small: loud first weights would make the network so sure of a class that there is no
    gradient.
    """
    times = BATCH // examples
    X, y = batch(exam, sizes, examples)
    tiled = Given(f"np.tile({SMALL} * {X.text}, ({times}, 1))",
                  np.tile(SMALL * X.value, (times, 1)))
    return tiled, Given(f"np.tile({y.text}, {times})", np.tile(y.value, times))


# ---------------------------------------------------------------------------------- what it returns
@verb()
def returns_a_network(exam: Exam, *, sizes: tuple[int, ...]) -> None:
    """returns weights and biases of the right names and shapes, for any number of layers"""
    X, y = batch(exam, sizes)
    (value,) = exam.ask(training(exam, X, y, sizes, seed=exam.seed()))
    read(value, sizes)


@verb()
def keeps_its_biases_flat(exam: Exam, *, sizes: tuple[int, ...]) -> None:
    """returns each bias as a vector (H,), not as a row (1, H)"""
    X, y = batch(exam, sizes)
    (value,) = exam.ask(training(exam, X, y, sizes, seed=exam.seed()))
    read(value, sizes)
    for k, width in enumerate(sizes[1:], start=1):
        array(value[f"b{k}"], f"b{k}", (width,))


@verb()
def starts_its_units_apart(exam: Exam) -> None:
    """starts with weights that differ from unit to unit"""
    params = _first(exam, 0)
    for k in range(1, len(FIRST)):
        W = params[f"W{k}"]
        if not np.ptp(W, axis=1).any():
            exam.show(f'np.ptp(params["W{k}"], axis=1).max()')
            raise Wrong(f"all columns of the first W{k} are alike",
                        "different weights into each unit")


@verb()
def draws_its_weights_by_rng(exam: Exam) -> None:
    """draws the first weights from rng: another seed gives others"""
    one, call = _first(exam, 0), exam.last[0]
    other, again = _first(exam, 1), exam.last[0]
    if np.array_equal(one["W1"], other["W1"]):
        exam.show_two([call, again], '(one["W1"] != other["W1"]).sum()')
        raise Wrong("generators with different seeds gave the same first weights", "others")


@shared
def _first(exam: Exam, seed: int) -> Params:
    """The first weights: a training without a step leaves them as they are."""
    X, y = batch(exam, FIRST, 4)
    (value,) = exam.ask(training(exam, X, y, FIRST, lr=0.0, seed=exam.seed(10 + seed)))
    return read(value, FIRST)


def _spread_seen(**_: Any) -> str:
    first, last = (smallest_error(units * wide, 0.5) / SLOPE
                   for units, wide in (FIRST[:2], FIRST[-2:]))
    return (f"a standard deviation of the first weights that is off by {first:.0%} in the first "
            f"layer, by {last:.0%} in the last")


@verb(chances=6, sees=_spread_seen)
def draws_first_weights(exam: Exam) -> None:
    """draws the first weights from a normal distribution with standard deviation sqrt(2 / fan_in),
    and starts the biases at 0"""
    params = _first(exam, 0)
    for k in range(1, len(FIRST)):
        name, W = f"W{k}", params[f"W{k}"]
        sd = float(np.sqrt(2 / W.shape[0]))
        if params[f"b{k}"].any():
            exam.show(f'params["b{k}"][0]')
            raise Wrong(f"b{k} starts with {number(params[f'b{k}'][0])}", "0")
        if len(np.unique(W)) < 0.9 * W.size:
            exam.show(f'np.unique(params["{name}"]).size')
            raise Wrong(f"{name} starts with {len(np.unique(W))} different numbers", f"{W.size}")
        exam.show(f'(params["{name}"] > 0).mean()')
        expect(f"share of positive weights in {name}", int((W > 0).sum()), W.size, 0.5)
        exam.show(f'(abs(params["{name}"]) < 0.6745 * np.sqrt(2 / {W.shape[0]})).mean()')
        inner = (f"share of weights of {name} within 0.6745 * sqrt(2 / {W.shape[0]}) of 0 (their "
                 f"standard deviation is {W.std():.4f})")
        expect(inner, int((np.abs(W) < QUARTILE * sd).sum()), W.size, 0.5)


# ---------------------------------------------------------------------------------------- its steps
@verb()
def steps_down_the_gradient(exam: Exam, *, sizes: tuple[int, ...], lr: float = 0.1,
                            examples: int = 1) -> None:
    """makes its first step, without momentum, by minus lr times the gradient of the mean loss"""
    # narrow layers will not do: where all units of a layer are silent, the next one stands at 0, on
    # the kink of its ReLUs
    X, y = copies(exam, sizes, examples)
    before, after = in_a_row(exam, X, y, sizes, lr, 0.0, (0, 1))
    step = after - flat(before)
    call_them(exam, "before", "after")
    exam.show("abs(flat(after) - flat(before)).max()", _flat(sizes))
    if not step.any():
        raise Wrong("the first step is 0 everywhere", "-lr * gradient")
    smooth = slopes(before, X.value, y.value, exam.seed(3))

    def show(u: Array) -> None:
        row = _direction_shown(exam.seed(3), u, np.ones(u.size, bool))
        exam.show(f"u = {row}\n(flat(after) - flat(before)) @ u / np.linalg.norm(u)", _flat(sizes))

    _agree(step, smooth, -lr, float(np.linalg.norm(step)), "the first step", "-lr * gradient", show)


@verb()
def keeps_momentum(exam: Exam, *, sizes: tuple[int, ...], momentum: float,
                   examples: int = 1) -> None:
    """adds momentum times the last step to each step, from one epoch to the next, and changes
    nothing else"""
    # measured in steps without momentum: what they should be is asked by `steps_down_the_gradient`
    X, y = copies(exam, sizes, examples)
    start, plain, first, second = in_a_row(exam, X, y, sizes, 0.1, momentum, (0, 1, 1, 2), (0,))
    alone, step = plain - flat(start), first - flat(start)
    call_them(exam, "start", "plain", "first", "second")
    exam.show("abs(flat(plain) - flat(start)).max()", _flat(sizes))
    size = float(np.linalg.norm(alone))
    if not size:
        raise Wrong("the first step is 0 everywhere", "a step")
    if not np.linalg.norm(step - alone) <= SMOOTH * size:
        ratio = number(step @ alone / size**2)
        exam.show("alone, step = flat(plain) - flat(start), flat(first) - flat(start)\n"
                  "step @ alone / (alone @ alone)", _flat(sizes))
        raise Wrong(f"the first step with momentum is {ratio} times that without",
                    "the same, for there is no last step")
    moving = alone != 0
    here, there = (slopes(at, X.value, y.value, exam.seed(3), among=moving)
                   for at in (start, moved(start, step, 1.0)))
    if not here or not here[0][1]:
        raise Wrong("the first step leaves the loss as it is", "a step down the gradient")
    rate = float(alone @ here[0][0]) / here[0][1]
    rest = second - first - momentum * step

    def show(u: Array) -> None:
        row = f"{_direction_shown(exam.seed(3), u, moving)} * (flat(plain) != flat(start))"
        rest = f"flat(second) - flat(first) - {momentum} * (flat(first) - flat(start))"
        exam.show(f"u = {row}\n({rest}) @ u / np.linalg.norm(u)", _flat(sizes))

    _agree(rest, there, rate, size, "the second step less momentum times the first",
           "a step without momentum", show)


def _flat(sizes: tuple[int, ...]) -> Given:
    """For messages: `flat`, which makes one vector of a network."""
    names = [f"{kind}{k}" for k in range(1, len(sizes)) for kind in "Wb"]
    return Given("flat", None, "def flat(params):\n"
                 f"    return np.concatenate([params[name].ravel() for name in {names}])")


def call_them(exam: Exam, *names: str) -> None:
    """Let what the calls asked last return have these names in a message."""
    exam.last = tuple(replace(call, returns=(name,))
                      for call, name in zip(exam.last, names, strict=False))


def _direction_shown(seed: int, u: Array, among: Array) -> str:
    """Python for a direction of `slopes` as drawn, before `among`: the last of so many draws."""
    rng = np.random.default_rng(seed)
    for tries in range(1, 31):
        drawn = rng.normal(size=u.size) * among
        if np.allclose(drawn / np.linalg.norm(drawn), u, atol=1e-12):
            return f"np.random.default_rng({seed}).normal(size=({tries}, {u.size}))[-1]"
    return f"np.array({u.tolist()})"


def in_a_row(exam: Exam, X: Given, y: Given, sizes: tuple[int, ...], lr: float, momentum: float,
             epochs: tuple[int, ...], plain: tuple[int, ...] = ()) -> tuple[Any, ...]:
    """The first network, then weights after so many steps on one batch, as vectors of one seed.

    Without momentum are those whose places, after that of the first network, are in `plain`.
    """
    must_be_comparable(exam)
    calls = [training(exam, X, y, sizes, epochs=max(k, 1), lr=lr if k else 0.0,
                      momentum=0.0 if place in plain else momentum, seed=exam.seed())
             for place, k in enumerate(epochs, start=-1)]
    networks = [read(value, sizes) for value in exam.ask(*calls)]
    return networks[0], *(flat(network) for network in networks[1:])


def _agree(step: Array, smooth: list[tuple[Array, float]], rate: float, size: float, what: str,
           told: str, show: Callable[[Array], None]) -> None:
    """Refuse a step that is not `rate` times the loss's derivative along these directions."""
    for u, derivative in smooth:
        got, wanted = float(step @ u), rate * derivative
        if not abs(got - wanted) <= SMOOTH * size:
            show(u)
            raise Wrong(f"{what}, along a random direction, = {number(got)}",
                        f"{number(wanted)}, which is {told}")
