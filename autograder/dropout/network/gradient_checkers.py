"""Verbs about gradient checkers: functions that are given an f, and make or judge its gradient."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from autograder.asking import Exam, Wrong, array, number
from autograder.checks_api.comparing import demand_no_warning
from autograder.checks_api.inputs import normal
from autograder.checks_api.verb import verb
from autograder.checks_api.views import View, ones
from autograder.dropout.network.gradient_questions import (
    CONSTANT, LAYER, SLIPS, Question, column, counted, error_call, error_of, nothing, numeric_call,
    question, shaped)
from autograder.model import Call, Code, Given, Seed

__all__ = ["accepts_the_right_gradient", "differentiates", "error_of_a_slip", "feels_the_gradient",
           "is_never_negative", "knows_a_gradient_of_zeros", "looks_all_ways",
           "measures_in_units_of_the_gradient", "measures_where_dx_is_zero",
           "needs_few_calls_of_f", "numeric_gradient", "points_uphill", "rejects_a_gradient_that",
           "stands_an_f_that_returns_x", "takes_central_steps", "uses_central_differences",
           "walks_in_k_directions"]

ROUNDING = 1e-3  # no error of a right gradient is larger, however it is measured


def numeric_gradient(form: str = "x squared", shape: tuple[int, ...] = (5, 6)) -> View:
    """What a function makes of f, x and dout: the gradient of this form."""

    def call(exam: Exam, number: int) -> Call:
        return numeric_call(exam, question(form, shape, exam.seed(1)))

    return View(call, lambda value: shaped(value, shape))


def error_of_a_slip() -> View:
    """The error of a wrong gradient of a ReLU layer with dropout."""

    def call(exam: Exam, number: int) -> Call:
        asked = question(LAYER, (6, 7), exam.seed(1))
        return error_call(exam, asked, asked.gradient(SLIPS["forgets the scale"]), 4, seed=number)

    return View(call, lambda value: np.asarray(error_of(value)), "errors", apart="one - other")


# -------------------------------------------------------------------------------- numeric gradients
@verb()
def points_uphill(exam: Exam) -> None:
    """points along the slope: for f(x) = x^2 and a dout of ones the gradient is a multiple of x"""
    at, given = column((2.0, -1.0, 0.5))
    (value,) = exam.ask(Call(exam.function, (Code("f", "f = lambda x: x ** 2"), *given),
                             returns=("dx",)))
    got = shaped(value, at.shape)
    # that it points downhill, or how long it is, is told by `differentiates`
    if not abs((got * at).sum()) > 0.9 * np.linalg.norm(got) * np.linalg.norm(at):
        raise Wrong(f"dx = {got.tolist()}", f"a multiple of {at.tolist()}")


@verb()
def differentiates(exam: Exam, *, form: str, shape: tuple[int, ...] = (4, 5),
                   tolerance: float = 1e-3, h: float = 1e-5) -> None:
    """gets the gradient of {form} right"""
    # one-sided differences are near enough here: `uses_central_differences` tells them apart
    asked = question(form, shape, exam.seed(1))
    (value,) = exam.ask(numeric_call(exam, asked, *([h] if h != 1e-5 else [])))
    got, wanted = array(value, "dx", shape).astype(float), asked.dx.value
    far = np.abs(got - wanted)
    worst = np.unravel_index(int(np.argmax(np.where(np.isnan(far), np.inf, far))), far.shape)
    if not far[worst] <= tolerance * max(1.0, float(np.abs(wanted).max())):
        place = ", ".join(str(int(i)) for i in worst)
        raise Wrong(f"dx[{place}] = {number(got[worst])}",
                    f"{number(wanted[worst])} within {tolerance:g}")


@verb()
def stands_an_f_that_returns_x(exam: Exam) -> None:
    """finds the slope of an f that returns x itself, not a copy"""
    # up to a factor, for a wrong divisor is told by `differentiates`
    given = (Code("f", "f = lambda x: x"), normal((12, 1), exam.seed(1)), ones(12, 1))
    (value,) = exam.ask(Call(exam.function, given, returns=("dx",)))
    got = shaped(value, (12, 1))
    if not np.allclose(got, got[0], rtol=1e-3, atol=0) or not got[0].any():
        exam.show("dx.min(), dx.max()")
        raise Wrong(f"dx = {number(got.min())} to {number(got.max())}", "1 everywhere")


@verb()
def uses_central_differences(exam: Exam, *, h: float = 0.1,
                             x: tuple[float, ...] = (2.0, -1.0, 0.5)) -> None:
    """steps by h, as far up as down: for x^3 and h = {h:g} the gradient goes like 3 x^2 + h^2"""
    # up to a factor, for a wrong divisor is told by `differentiates`
    at, given = column(x)
    (value,) = exam.ask(Call(exam.function, (Code("f", "f = lambda x: x ** 3"), *given, h),
                             returns=("dx",)))
    got, wanted = shaped(value, at.shape)[:, 0], 3 * at[:, 0] ** 2 + h * h
    largest = int(np.argmax(wanted))
    for k in range(at.size):
        if not abs(got[k] / got[largest] * wanted[largest] - wanted[k]) <= 1e-4 * wanted[k]:
            ratio = f"dx[{k}, 0] / dx[{largest}, 0]"
            raise Wrong(f"{ratio} = {number(got[k] / got[largest])}",
                        number(wanted[k] / wanted[largest]))


# ------------------------------------------------------------------------------- directional checks
MANY_WAYS = 400  # so many directions that the largest error is a few times the usual one


@verb()
def feels_the_gradient(exam: Exam) -> None:
    """gives another error for another gradient"""
    asked = question("x squared", (6, 7), exam.seed(1))
    calls = [error_call(exam, asked, asked.gradient(text), 4)
             for text in ("dout * 3 * x", "dout * x * x")]
    one, other = (error_of(v) for v in exam.ask(*calls))
    if one == other:
        raise Wrong(f"two different gradients of one function have the error {number(one)}",
                    "an error that follows from the gradient")


@verb()
def takes_central_steps(exam: Exam) -> None:
    """steps by h, as far forwards as backwards: what is wrong with the slope of x^3 shrinks by 4
    when the step is halved"""
    # differences of errors, for that all slopes are too large is told elsewhere
    at = (Code("f", "f = lambda x: x ** 3"),
          *(Given(f"np.array([{v}])", np.array([v])) for v in (2.0, 1.0, 12.0)))
    calls = [Call(exam.function, (*at, Seed(exam.seed()), 3, step), returns=("error",))
             for step in (0.1, 0.05, 0.025)]
    errors = [error_of(v) for v in exam.ask(*calls)]
    far, near = -np.diff(errors)
    if not abs(far - 4 * near) <= 0.05 * abs(far) or not far:
        raise Wrong(f"the errors for h = 0.1, 0.05, 0.025 are {', '.join(map(number, errors))}",
                    "numbers of which the first two lie four times as far apart as the last two")


@verb()
def is_never_negative(exam: Exam) -> None:
    """gives an error without a sign: it is never below 0"""
    asked = question(LAYER, (6, 7), exam.seed(1))
    wrong = asked.gradient(SLIPS["forgets the mask"])
    questions = [error_call(exam, asked, wrong, 1, seed=j) for j in range(24)]
    found = [float(array(value, "error", ())) for value in exam.ask(*questions)]
    least = min(found)
    if not least >= 0:
        exam.last = (questions[found.index(least)],)  # a message shows the call it is about
        raise Wrong(f"error = {number(least)}", "0 or more")


@verb()
def looks_all_ways(exam: Exam) -> None:
    """looks in all directions alike: for f(x) = x and dout of ones, a dx that is 0.001 too large
    gives a few times 0.001"""
    # a direction of positive entries feels n numbers of one sign at once: sqrt(n) times the error
    given = (Code("f", "f = lambda x: x"), Given("np.zeros(2000)", np.zeros(2000)),
             Given("np.ones(2000)", np.ones(2000)),
             Given("np.full(2000, 1.001)", np.full(2000, 1.001)), Seed(exam.seed()), MANY_WAYS)
    (value,) = exam.ask(Call(exam.function, given, returns=("error",)))
    (usual,) = exam.ask(error_call(exam, *_longer(exam, 1e-3, 2000), MANY_WAYS))
    error, other = error_of(value), error_of(usual)
    if not error <= 5 * other:
        raise Wrong(f"a dx of ones that is 0.001 too long has the error {number(error)}, one of "
                    f"mixed signs {number(other)}", "about the same error")


def _longer(exam: Exam, off: float, n: int) -> tuple[Question, Given]:
    """A gradient of mixed signs, a little too long; dout is ones: its absence is told elsewhere."""
    asked = question("a matrix product", (n // 50, 50), exam.seed(1))
    dout = np.ones((n // 50, 2))
    asked = replace(asked, dout=Given("dout", dout, f"dout = np.ones({dout.shape})"),
                    known={**asked.known, "dout": dout})
    return asked, asked.gradient(f"{1 + off} * (dout @ W.T)")


@verb()
def accepts_the_right_gradient(exam: Exam, *, form: str, shape: tuple[int, ...] = (6, 7),
                               tolerance: float = 5e-3) -> None:
    """gives at most {tolerance:g} for the right gradient of {form}"""
    asked = question(form, shape, exam.seed(1))
    (value,) = exam.ask(error_call(exam, asked, asked.dx, 4))
    error = error_of(value)
    if not error <= tolerance:
        raise Wrong(f"error = {number(error)}", f"at most {tolerance:g}")


@verb()
def rejects_a_gradient_that(exam: Exam, *, slips: str, shape: tuple[int, ...] = (6, 7)) -> None:
    """gives at least 0.0001 for a gradient that {slips}"""
    # of four directions none finds the share r more than 1e-4: (0.8e-4 / r)^4 < 1e-13
    asked = question(LAYER, shape, exam.seed(1))
    (value,) = exam.ask(error_call(exam, asked, asked.gradient(SLIPS[slips]), 4))
    error = error_of(value)
    if not error >= 1e-4:
        raise Wrong(f"error = {number(error)}", "at least 0.0001")


@verb()
def measures_in_units_of_the_gradient(exam: Exam, *, off: float = 1e-3, n: int = 2000) -> None:
    """gives the largest of k errors, over |dx| / sqrt(n): a gradient that is {off:g} too long gives
    a few times {off:g}"""
    # off * max |z| over k nearly normal z: outside 1.8 to 8 with probability below 1e-12
    (value,) = exam.ask(error_call(exam, *_longer(exam, off, n), MANY_WAYS))
    error = error_of(value)
    if not 1.8 * off <= error <= 8 * off:
        raise Wrong(f"the largest error of {MANY_WAYS} directions = {number(error)}",
                    f"between {1.8 * off:g} and {8 * off:g}")


@verb()
def knows_a_gradient_of_zeros(exam: Exam) -> None:
    """gives 0, not NaN and no warning, where f is constant and dx is zero"""
    (answer,) = exam.returned(error_call(exam, *nothing(exam, CONSTANT), watch=True))
    error = error_of(answer.value)
    if not error <= 1e-9:
        raise Wrong(f"error = {number(error)}", "0")
    demand_no_warning(answer)


@verb()
def walks_in_k_directions(exam: Exam, *, k: int = 60) -> None:
    """walks in as many directions as k says, here {k}"""
    (value,) = exam.ask(_changing_call(exam, k))
    if not error_of(value) > ROUNDING:
        raise Wrong(f"with k = {k}, f was called no more than {k} times",
                    "two calls for each of the directions")


def _changing_call(exam: Exam, k: int) -> Call:
    """dx is right for f as it is in its first k calls, and f is steeper afterwards."""
    source = (f"def f(x):\n    f.calls += 1\n    return (5 if f.calls <= {k} else 5000) * x\n\n\n"
              "f.calls = 0")
    given = (Given(f"np.array([{v}])", np.array([v])) for v in (2.0, 1.0, 5.0))
    return Call(exam.function, (Code("f", source), *given, Seed(exam.seed()), k, 0.1),
                returns=("error",))


def enough_calls(exam: Exam, k: int) -> bool:
    """Whether more than k calls of f are made for k directions."""
    return error_of(exam.ask(_changing_call(exam, k))[0]) > ROUNDING


@verb()
def needs_few_calls_of_f(exam: Exam) -> None:
    """calls f a few times for each direction, however many entries x has"""
    asked = replace(question("x squared", (20, 30), exam.seed(1)), f=counted(30))
    (value,) = exam.ask(error_call(exam, asked, asked.dx, 3))
    error_of(value)


@verb()
def measures_where_dx_is_zero(exam: Exam) -> None:
    """gives about 5 for f(x) = 5 x and a dx of zero: there is nothing to divide by"""
    given = (Code("f", "f = lambda x: 5 * x"),
             *(Given(f"np.array([{v}])", np.array([v])) for v in (2.0, 1.0, 0.0)))
    (value,) = exam.ask(Call(exam.function, (*given, Seed(exam.seed()), 3, 0.1),
                             returns=("error",)))
    error = error_of(value)
    # half of it, or the slope along a longer direction, is told elsewhere
    if not 0.05 <= error <= 500:
        raise Wrong(f"error = {number(error)}", "about 5")
