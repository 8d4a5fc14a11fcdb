"""Verbs about the loss of a network with dropout on input and hidden layers, and its gradients.

No mask is ever compared with a particular one: which units were dropped is read off the student's
own loss, and gradients are compared with central differences of the student's own loss under the
same seed. So masks may be drawn in any order and in any way.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import product

import numpy as np

from autograder.asking import Exam, Wrong, array, number
from autograder.checks_api.comparing import compare, demand_no_warning
from autograder.checks_api.inputs import Array, direction
from autograder.checks_api.verb import verb
from autograder.checks_api.views import View
from autograder.dropout.network.networks import (
    FIRST, INPUTS, NAMES, SECOND, Params, Question, asked, grads_of, loss_call, loss_of, losses_of,
    scale)
from autograder.model import Call, Given

__all__ = ["agrees_with_its_own_loss", "draws_no_number_at_test_time", "feels_its_scores",
           "gives_dropped_units_no_gradient", "is_the_plain_network_at_test_time",
           "is_the_plain_network_at_zero", "leads_the_gradient_back", "loss", "scores",
           "shapes_gradients_like_parameters", "shows_its_scores", "stands_huge_scores",
           "survives_dropping_everything"]

Sizes = tuple[int, ...]
SMALL: Sizes = (6, 8, 7, 4)
STEP = 1e-5
# error over |gradient| / sqrt(n): right code stays far below it, also with 1e-8 added in a
# logarithm
DIRECTIONAL = 1e-5
BACK = 1e-6  # how near one gradient must be to what follows from another
READ = 1e-4  # how far a count read off a loss may be from a whole number
# how far a score read off a loss may be from the score itself, in a network whose losses can be
# read
READABLE = 1e-3
CODED_UNITS = 12  # a reading of so many units is exact to a thousandth


# ------------------------------------------------------------------------------------------- values
def loss(p_in: float = 0.0, p_hidden: float = 0.0, train: bool = True, sizes: Sizes = SMALL,
         batch: int = 9, maker: str = "firm_network") -> View:
    """The loss of a network; that seeds matter is asked by `draws_its_masks_afresh`."""

    def call(exam: Exam, number: int) -> Call:
        question = asked(maker, sizes, batch, exam.seed(1))
        return loss_call(exam, question, p_in, p_hidden, number if train else None, train)

    return View(call, lambda value: np.asarray(loss_of(value)), "loss", apart="one, other",
                follows=False)


def scores(sizes: Sizes = SMALL, batch: int = 9, maker: str = "firm_network") -> View:
    """The scores of a network, as `f(params, X)` gives them."""

    def call(exam: Exam, number: int) -> Call:
        question = asked(maker, sizes, batch, exam.seed(1))
        return Call(exam.function, (question.params, question.X), returns=("scores",))

    return View(call, lambda value: array(value, "scores", (batch, sizes[-1])), "scores")


@verb()
def feels_its_scores(exam: Exam) -> None:
    """returns a pair (loss, grads), and the loss grows with the score of a wrong class"""
    scale(exam, asked("reading_network", INPUTS, (1.0,)), 1.0)


@verb()
def shows_its_scores(exam: Exam) -> None:
    """passes a positive number on through both layers, and turns the scores 0 and s of each example
    into log(1 + exp(s)), up to a unit"""
    alone = asked("reading_network", INPUTS, (1.0,))
    between = asked("reading_network", INPUTS, (1.0,), 0, 2)
    for question, by in product((alone, between), (0.5, 2.0)):
        known = scale(exam, question, 1.0)
        louder = Question(question.params, Given(f"{by:g} * X", by * question.X.value), question.y)
        (value,) = exam.ask(loss_call(exam, louder, train=False))
        score = known.read(loss_of(value))
        if not abs(score - by) <= READABLE:
            exam.show(known.shown("loss"))
            raise Wrong(f"the loss of the input {by:g} is that of the score {number(score)}, when "
                        "that of 1 is that of 1", f"{by:g}")


@verb()
def shapes_gradients_like_parameters(exam: Exam, *, p_in: float, p_hidden: float,
                                     sizes: Sizes = SMALL, batch: int = 9) -> None:
    """returns each gradient in the very shape of its parameter"""
    question = asked("firm_network", sizes, batch, exam.seed(1))
    (value,) = exam.ask(loss_call(exam, question, p_in, p_hidden, ship=None))
    grads_of(value, question.values)
    for name, parameter in question.values.items():
        array(value[1][name], f'grads["{name}"]', parameter.shape)


@verb()
def is_the_plain_network_at_zero(exam: Exam, *, sizes: Sizes = SMALL, batch: int = 9) -> None:
    """is in training, with both rates 0, the network of test time"""
    question = asked("firm_network", sizes, batch, exam.seed(1))
    _same(exam, loss_call(exam, question), loss_call(exam, question, train=False), 1e-5)


@verb()
def is_the_plain_network_at_test_time(exam: Exam, *, p_in: float, p_hidden: float,
                                      sizes: Sizes = SMALL, batch: int = 9) -> None:
    """drops and scales nothing at test time (train=False), with rng=None or a generator"""
    question = asked("firm_network", sizes, batch, exam.seed(1))
    for seed in (None, 2):
        _same(exam, loss_call(exam, question, p_in, p_hidden, seed, train=False),
              loss_call(exam, question, train=False))


def _same(exam: Exam, one: Call, other: Call, tolerance: float = 1e-12) -> None:
    """Refuse two calls of which the first gives another loss than the second."""
    wanted, got = losses_of(exam, exam.ask(other, one))
    exam.last = (one,)
    compare(np.array(got), np.array(wanted), "loss", tolerance)


@verb()
def draws_no_number_at_test_time(exam: Exam, *, p_in: float, p_hidden: float) -> None:
    """draws no random number at test time"""
    question = asked("firm_network", SMALL, 9, exam.seed(1))
    (answer,) = exam.returned(loss_call(exam, question, p_in, p_hidden, train=False, watch=True))
    loss_of(answer.value)
    if answer.beside.rng_moved or answer.beside.global_rng_moved:
        raise Wrong("the random generator moved on", "as it was before the call")


@verb()
def stands_huge_scores(exam: Exam) -> None:
    """stays finite when a score is larger than the others by 2000, of its own example or of
    another"""
    gap = 2000.0
    own = asked("reading_network", INPUTS, (gap,))
    # the other example has small scores: its largest one is not that of the batch
    among = asked("reading_network", INPUTS, (gap,), 0, 2)
    for question, wanted in ((own, gap), (among, (gap + np.log(2)) / 2)):
        (answer,) = exam.returned(loss_call(exam, question, train=False, ship=None, watch=True))
        compare(np.array(loss_of(answer.value)), np.array(wanted), "loss", 1e-6)
        for name, gradient in grads_of(answer.value, question.values).items():
            if not np.isfinite(gradient).all():
                raise Wrong(f'grads["{name}"] holds {number(gradient[~np.isfinite(gradient)][0])}',
                            "finite numbers")


@verb()
def survives_dropping_everything(exam: Exam, *, sizes: Sizes = SMALL, batch: int = 9) -> None:
    """gives the loss of the last bias alone, no NaN and no warning, when p_hidden = 1"""
    question = asked("firm_network", sizes, batch, exam.seed(1))
    first = f'{question.params.first}\ncut = {{**params, "W3": 0 * params["W3"]}}'
    cut = Question(Given("cut", {**question.values, "W3": 0 * question.values["W3"]}, first),
                   question.X, question.y)
    bias_only = loss_call(exam, cut, train=False)
    everything = loss_call(exam, question, 0.0, 1.0, ship=None, watch=True)
    wanted, answer = exam.returned(bias_only, everything)
    exam.last = (everything,)
    compare(np.array(loss_of(answer.value)), np.array(loss_of(wanted.value)), "loss", 1e-12)
    for name, gradient in grads_of(answer.value, question.values).items():
        bad = gradient[~np.isfinite(gradient)]
        if bad.size:
            raise Wrong(f'grads["{name}"] holds {number(bad[0])}', "finite numbers")
    demand_no_warning(answer)


# ---------------------------------------------------------------------------------------- gradients
@verb()
def agrees_with_its_own_loss(exam: Exam, *, case: str, p_in: float = 0.0, p_hidden: float = 0.0,
                             train: bool = True, of: Sequence[str] = NAMES, sizes: Sizes = SMALL,
                             batch: int = 9) -> None:
    """gives the gradients of its own loss {case}"""
    question = asked("firm_network", sizes, batch, exam.seed(1))
    errors = slope_errors(exam, question, (p_in, p_hidden), train, of)
    for name, (error, by_grads, measured, seed) in errors.items():
        if not error <= DIRECTIONAL:
            _must_be_measurable(exam, question, (p_in, p_hidden), train)
            u = Given("u", None, "u = "
                      f"np.random.default_rng({seed}).normal(size={question.values[name].shape})")
            exam.show(f'(grads["{name}"] * u).sum() / np.linalg.norm(u)', u)
            raise Wrong(f'along a random direction, grads["{name}"] gives the slope '
                        f'{number(by_grads)}', f"{number(measured)}, as measured")


def _must_be_measurable(exam: Exam, question: Question, p: tuple[float, float],
                        train: bool) -> None:
    """Say so where the loss itself is why no gradient agrees: other masks, or too few digits."""
    again = loss_call(exam, question, *p, train=train)
    shown = exam.last
    one, other = losses_of(exam, exam.ask(again, again))
    exam.last = shown
    if one != other:
        exam.show_two([again, again], "one, other")
        got = (f"the same question with the same seed gave the losses {number(one)} and "
               f"{number(other)}")
        raise Wrong(got, "one loss, so that a slope can be measured")
    if one and one == float(np.float32(one)):
        got = f"loss = {number(one)} has the seven digits of float32"
        raise Wrong(got, "float64, as the parameters are, so that a slope can be measured")


def slope_errors(exam: Exam, question: Question, p: tuple[float, float], train: bool = True,
                 of: Sequence[str] = NAMES) -> dict[str, tuple[float, float, float, int]]:
    """For each parameter the worst direction: (error over |gradient| / sqrt(n), slopes, seed)."""
    seeds = [(name, 100 * k + place) for place, name in enumerate(question.values)
             for k in (1, 2, 3)]
    ways = [(name, exam.seed(seed)) for name, seed in seeds if name in of]
    moved = [question.moved(n, sign * STEP * direction(question.values[n].shape, seed))
             for n, seed in ways for sign in (1, -1)]
    first, *values = exam.ask(loss_call(exam, question, *p, train=train, ship=None),
                              *(loss_call(exam, q, *p, train=train) for q in moved))
    exam.last = exam.last[:1]
    # of the measured slope: it must not look like a mistake
    rounding = 4 * np.finfo(float).eps * (1 + abs(loss_of(first))) / STEP
    grads = grads_of(first, {name: question.values[name] for name in of})
    return _worst(grads, ways, [loss_of(v) for v in values], rounding)


def _worst(grads: Params, ways: list[tuple[str, int]], found: list[float],
           rounding: float) -> dict[str, tuple[float, float, float, int]]:
    worst: dict[str, tuple[float, float, float, int]] = {}
    for (name, seed), plus, minus in zip(ways, found[0::2], found[1::2], strict=True):
        u = direction(grads[name].shape, seed)
        measured, by_grads = (plus - minus) / (2 * STEP), float((grads[name] * u).sum())
        norm = float(np.linalg.norm(grads[name])) / np.sqrt(u.size) or 1.0
        error = (max(abs(measured - by_grads) - rounding, 0.0) / norm
                 if np.isfinite(by_grads) else np.inf)
        if name not in worst or error > worst[name][0]:
            worst[name] = (error, by_grads, measured, seed)
    return worst


@verb()
def leads_the_gradient_back(exam: Exam, *, through: str, to: str) -> None:
    """leads the gradient of one example back through {through} and a ReLU to {to}"""
    layer = int(through[1:]) - 1
    question = asked("firm_network", SMALL, 1, exam.seed(1))
    (value,) = exam.ask(loss_call(exam, question, train=False, ship=None))
    loss_of(value)
    values = question.values
    # others may come later
    grads = grads_of(value, {name: values[name] for name in (f"b{layer + 1}", f"b{layer}")})
    h = [question.X.value[0]]
    for n in (FIRST, SECOND):
        h.append(np.maximum(h[-1] @ values[f"W{n}"] + values[f"b{n}"], 0))
    # one example: the gradient of a bias is that of what it is added to
    above = grads[f"b{layer + 1}"]
    if not above.any():
        raise Wrong(f'grads["b{layer + 1}"] is 0 everywhere', "a gradient that can be led back")
    da = (above @ values[f"W{layer + 1}"].T) * (h[layer] > 0)
    compare(grads[f"b{layer}"], da, f'grads["b{layer}"]', BACK)


@verb()
def gives_dropped_units_no_gradient(exam: Exam, *, p_in: float, p_hidden: float, units: int = 40,
                                    calls: int = 24) -> None:
    """gives the weights into and out of a dropped unit exactly no gradient"""
    question = asked("firm_network", (units, units, units, 5), 1, exam.seed(1))
    first = (f'{question.params.first}\n'
             f'unbiased = {{k: v * (k[0] == "W") for k, v in params.items()}}')
    unbiased = Given("unbiased", {k: v * (k[0] == "W") for k, v in question.values.items()}, first)
    silence = Question(unbiased, Given("0 * X", 0 * question.X.value), question.y)
    script = [loss_call(exam, question, p_in, p_hidden, k, ship=None) for k in range(calls)]
    first, plain, *values = exam.ask(*(loss_call(exam, asked_, train=False, ship=None)
                                       for asked_ in (silence, question)), *script)
    exam.last = exam.last[:1]
    # no unit says anything: what weights get then (a penalty) is told elsewhere
    floor = grads_of(first, question.values)
    # a gradient that is cut off without dropout, too, is told elsewhere
    cut = any((into & ~out).any() for into, out in _silences(
        grads_of(plain, question.values), question))
    quiet = []
    for call, value in zip(script, values, strict=True):
        exam.last = (call,)
        grads = {name: g - floor[name] * (name[0] == "W")
                 for name, g in grads_of(value, question.values).items()}
        _same_units_dropped(exam, grads, question, cut)
        quiet.append(_silent(grads["W1"], 1))
    exam.last = tuple(script[:1])
    exam.show('(grads["W1"] == 0).all(axis=1).sum()')
    if not any(rows.any() for rows in quiet) or all(rows.all() for rows in quiet):
        raise Wrong(f'{int(quiet[0].sum())} of {units} rows of grads["W1"] are 0',
                    f"about {p_in:g} of them: the dropped inputs")


def _silences(grads: Params, question: Question) -> Iterator[tuple[Array, Array]]:
    """Which units of either hidden layer get no gradient, and which give none to the next; those
    whose ReLU is on, with one example."""
    for layer in (FIRST, SECOND):
        active = question.values[f"b{layer}"] > 0
        into = _silent(grads[f"W{layer}"], 0) & (grads[f"b{layer}"] == 0)
        yield into & active, _silent(grads[f"W{layer + 1}"], 1) & active


def _same_units_dropped(exam: Exam, grads: Params, question: Question, cut: bool) -> None:
    """Refuse gradients in which a unit of a hidden layer is silent on one side only; where
    gradients are `cut` off anyway, only if it is the side of the next layer."""
    for layer, (into, out) in zip((FIRST, SECOND), _silences(grads, question), strict=True):
        leaking, blocked = int((out & ~into).sum()), 0 if cut else int((into & ~out).sum())
        where = f'grads["W{layer}"] and grads["b{layer}"]', f'grads["W{layer + 1}"]'
        sides = (f"into = (grads['W{layer}'] != 0).any(axis=0) | (grads['b{layer}'] != 0)\n"
                 f"out = (grads['W{layer + 1}'] != 0).any(axis=1)")
        sides, on = sides.replace("'", '"'), f'(params["b{layer}"] > 0)'
        if leaking:
            exam.show(f"{sides}\n(into & ~out & {on}).sum()")
            raise Wrong(f"{leaking} units have a gradient in {where[0]} and none in {where[1]}",
                        "in both, or (when dropped) in neither")
        if blocked:
            exam.show(f"{sides}\n(out & ~into & {on}).sum()")
            raise Wrong(f"{blocked} units have a gradient in {where[1]} and none in {where[0]}",
                        "in both, or (when dropped) in neither")


def _silent(gradient: Array, axis: int) -> Array:
    return np.asarray((gradient == 0).all(axis=axis))
