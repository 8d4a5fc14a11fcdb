"""The verbs about gradient checkers: who passes, who is refused in which words; and junk."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from autograder.asking import Exam, script_text
from autograder.checks_api import symptoms as g
from autograder.checks_api.inputs import Array
from autograder.dropout.network import checks as c
from autograder.dropout.network import gradient_checker_symptoms as d
from autograder.dropout.network.gradient_questions import FORMS, SLIPS, question
from autograder.model import Call, Check, Code, Given, Outcome, Seed
from autograder.subjects.local import Local
from autograder.tests.one_toy import Function, verdict

FORM_NAMES = list(FORMS)
LAYER = "a ReLU layer with dropout"


# ------------------------------------------------------------------------------------ toy functions
def slopes(f: Function, x: Array, dout: Any, h: float = 1e-5, *, up: float = 1.0, down: float = 1.0,
           weigh: bool = True, times: float = 1.0) -> Array:
    """A gradient, one column of the identity after the other; keywords are what may go wrong."""
    unit = np.eye(x.size).reshape(x.size, *x.shape)
    weight = np.asarray(dout) if weigh else 1.0
    entries: list[Any] = [np.sum((f(x + up * h * e) - f(x - down * h * e)) * weight)
                          / ((up + down) * h) * times for e in unit]
    return np.asarray(np.array(entries, dtype=float).reshape(x.shape))


def in_place(f: Function, x: Array, dout: Any, h: float = 1e-5, restore: str = "exactly") -> Array:
    gradient = np.zeros_like(x)
    for place in np.ndindex(x.shape):
        old = x[place]
        x[place] += h
        high = f(x) if restore == "alias" else np.copy(f(x))
        x[place] -= 2 * h
        low = f(x) if restore == "alias" else np.copy(f(x))
        gradient[place] = np.sum((high - low) * dout) / (2 * h)
        x[place] = {"exactly": old, "alias": old, "nearly": x[place] + h,
                    "never": x[place]}[restore]
    return gradient


def judged(
    f: Function, x: Array, dout: Any, dx: Array, rng: Any, k: int = 3, h: float = 1e-5, *,
    reduce: Function = max, sign: Function = abs, unit: bool = True, size: Function | None = None,
) -> Any:
    """The error of a gradient along random directions; the keywords are what may go wrong."""
    found = []
    for _ in range(k):
        u = rng.normal(size=x.shape)
        u = u / np.linalg.norm(u) if unit else u
        measured = np.sum((f(x + h * u) - f(x - h * u)) * dout) / (2 * h)
        promised = np.sum(dx * u)
        scale = size(dx, promised) if size else np.linalg.norm(dx) / np.sqrt(dx.size)
        found.append(sign(measured - promised) / (scale if scale else 1.0))
    return float(reduce(found))


# -------------------------------------------------------------------------------- numeric gradients
def changed(function: Function, **more: Any) -> Function:
    return lambda *a, **k: function(*a, **{**k, **more})


NUMERIC = (
    *(c.differentiates(form=name) for name in FORM_NAMES),
    c.differentiates(form="a matrix product", shape=(2, 3, 4)),
    c.uses_central_differences(),
    c.leaves_its_arguments_alone(via=c.numeric_gradient()),
    c.leaves_its_arguments_alone(via=c.numeric_gradient("a matrix product", (2, 3, 4))),
    c.points_uphill(),
    c.stands_an_f_that_returns_x(),
)
CENTRAL, BACK, UPHILL, ITSELF = NUMERIC[7], NUMERIC[8], NUMERIC[10], NUMERIC[11]


@pytest.mark.parametrize("check", NUMERIC, ids=lambda check: check.name)
@pytest.mark.parametrize("function", [slopes, in_place])
def test_right_gradients_pass(check: Check, function: Function) -> None:
    for slug in ("one", "two", "three"):
        found = verdict(check, function, slug)
        assert found.passed, f"{found.got} | {found.wanted}"


def test_one_sided_differences_are_near_enough_but_are_not_central() -> None:
    one_sided = changed(slopes, down=0.0)
    assert all(verdict(check, one_sided).passed for check in NUMERIC[:2])
    assert not verdict(CENTRAL, one_sided).passed


WRONG_NUMERIC: tuple[tuple[Check, Function, str, str], ...] = (
    (NUMERIC[0], changed(slopes, times=2.0), "dx[", " within 0.001"),
    (NUMERIC[0], changed(slopes, weigh=False), "dx[", " within 0.001"),
    (NUMERIC[0], lambda f, x, dout, h=0: slopes(f, x, dout).T, "dx.shape = (5, 4)", "(4, 5)"),
    (NUMERIC[0], lambda f, x, dout, h=0: slopes(f, x, dout) + np.where(x == x[0, 0], np.nan, 0),
     "dx[0, 0] = nan", " within 0.001"),
    (NUMERIC[3], changed(in_place, restore="alias"), "dx[", " within 0.001"),
    (CENTRAL, changed(slopes, down=0.0), "dx[1, 0] / dx[0, 0] = ", "0.250624"),
    (CENTRAL, lambda f, x, dout, h: slopes(f, x, dout, 1e-5),
     "dx[1, 0] / dx[0, 0] = 0.25", "0.250624"),
    (UPHILL, lambda f, x, dout, h=0: np.ones(x.shape), "dx = [[1.0], [1.0], [1.0]]",
     "a multiple of [[2.0], [-1.0], [0.5]]"),
    (ITSELF, changed(in_place, restore="alias"), "dx = ", "1 everywhere"),
    (BACK, changed(in_place, restore="never"), "x was changed by the call, by up to 1e-05",
     "x as it was"),
    (BACK, changed(in_place, restore="nearly"), "x was changed by the call, by up to ",
     "x as it was"),
)


def test_a_wrong_divisor_is_charged_once() -> None:
    downhill = changed(slopes, times=-1.0)
    flat = lambda *args: slopes(*args).ravel()  # noqa: E731  as short as its neighbours
    for twice in (changed(slopes, times=2.0), changed(slopes, weigh=False), downhill, flat):
        assert not verdict(NUMERIC[0], twice).passed
        assert all(verdict(check, twice).passed for check in (CENTRAL, BACK, UPHILL, ITSELF))


# ------------------------------------------------------------------------------- directional checks
WALKS = c.walks_in_k_directions()
DIRECTIONAL = (
    *(c.accepts_the_right_gradient(form=name) for name in FORM_NAMES),
    c.needs_few_calls_of_f(),
    WALKS,
    *(c.rejects_a_gradient_that(slips=name) for name in SLIPS),
    c.rejects_a_gradient_that(slips="forgets the mask", shape=(32, 50)),
    c.measures_in_units_of_the_gradient(),
    c.knows_a_gradient_of_zeros(),
    c.draws_from_rng(via=c.error_of_a_slip()),
    c.leaves_its_arguments_alone(via=c.error_of_a_slip()),
    c.feels_the_gradient(),
    c.takes_central_steps(),
    c.is_never_negative(),
    c.looks_all_ways(),
    c.measures_where_dx_is_zero(),
)
REJECTS, UNITS, ZEROS, DRAWS, KEEPS, FEELS, STEPS, SIGN, WAYS, MISSING = DIRECTIONAL[
    -11], *DIRECTIONAL[-9:]


@pytest.mark.parametrize("check", DIRECTIONAL, ids=lambda check: check.name)
def test_a_right_checker_passes_whatever_the_draw(check: Check) -> None:
    for slug in ("one", "two", "three"):
        found = verdict(check, judged, slug)
        assert found.passed, f"{found.got} | {found.wanted}"


def greedy(f: Function, x: Array, dout: Any, dx: Array, rng: Any, k: int = 3,
           h: float = 1e-5) -> Any:
    error = judged(f, x, dout, dx, rng, k, h)
    dx /= np.linalg.norm(dx)
    return error


def frozen(f: Function, x: Array, dout: Any, dx: Array, rng: Any, k: int = 3,
           h: float = 1e-5) -> Any:
    return judged(f, x, dout, dx, np.random.default_rng(1), k, h)


def unseeded(f: Function, x: Array, dout: Any, dx: Array, rng: Any, k: int = 3,
             h: float = 1e-5) -> Any:
    return judged(f, x, dout, dx, np.random.default_rng(), k, h)


def drawn_globally(f: Function, x: Array, dout: Any, dx: Array, rng: Any, k: int = 3,
                   h: float = 1e-5) -> Any:
    return judged(f, x, dout, dx, np.random, k, h)


def not_a_number(f: Function, x: Array, dout: Any, dx: Array, rng: Any, k: int = 3,
                 h: float = 1e-5) -> Any:
    with np.errstate(all="ignore"):
        return judged(f, x, dout, dx, rng, k, h) * np.float64(1.0 if dx.any() else np.nan)


def warned(f: Function, x: Array, dout: Any, dx: Array, rng: Any, k: int = 3,
           h: float = 1e-5) -> Any:
    return np.nan_to_num(
        judged(f, x, dout, dx, rng, k, h) * (np.float64(0) / np.linalg.norm(dx) + 1))


def one_sided(f: Function, x: Array, dout: Any, dx: Array, rng: Any, k: int = 3,
              h: float = 1e-5) -> Any:
    return judged(lambda z: np.where(z >= x, 2 * f(np.maximum(z, x)), 2 * f(x)), x, dout,
                  dx, rng, k, h)


class Positive:
    """A generator whose normal numbers are all positive."""

    def __init__(self, rng: Any) -> None:
        self.normal = lambda size: rng.random(size)


def positive(f: Function, x: Array, dout: Any, dx: Array, rng: Any, k: int = 3,
             h: float = 1e-5) -> Any:
    return judged(f, x, dout, dx, Positive(rng), k, h)


WRONG_DIRECTIONAL: tuple[tuple[Check, Function, str, str], ...] = (
    (DIRECTIONAL[0], lambda *a, **k: 1e-2, "error = 0.01", "at most 0.005"),
    (SIGN, changed(judged, sign=lambda error: error), "error = -", "0 or more"),
    (FEELS, lambda *a, **k: 0.5, "two different gradients of one function have the error 0.5",
     "that follows from the gradient"),
    (STEPS, one_sided, "the errors for h = 0.1, 0.05, 0.025 are", "four times as far apart"),
    (STEPS, lambda f, x, dout, dx, rng, k=3, h=0: judged(f, x, dout, dx, rng, k, 0.1),
     "the errors for", "four times as far apart"),
    (WALKS, lambda f, x, dout, dx, rng, k=3, h=0: judged(f, x, dout, dx, rng, 3, h),
     "with k = 60, f was called no more than 60 times", "two calls for each"),
    (WAYS, positive, "a dx of ones that is 0.001 too long has the error 0.0",
     "about the same error"),
    (MISSING, lambda f, x, dout, dx, *a, **k: judged(f, x, dout, dx, *a, **k) if dx.any() else 0.0,
     "error = 0", "about 5"),
    (MISSING, changed(judged, size=lambda dx, slope: np.linalg.norm(dx) + 1e-12),
     "error = 5e+12", "about 5"),
    (REJECTS, lambda *a, **k: 0.0, "error = 0", "at least 0.0001"),
    (UNITS, changed(judged, reduce=np.mean), "the largest error of 400 directions = 0.000",
     "between 0.0018 and 0.008"),
    (UNITS, changed(judged, unit=False), "the largest error of 400 directions = 0.",
     "between 0.0018 and 0.008"),
    (UNITS, changed(judged, size=lambda dx, slope: np.linalg.norm(dx)), "the largest error of 400",
     "between 0.0018 and 0.008"),
    (UNITS, changed(judged, size=lambda dx, slope: abs(slope)), "400 directions = 0.000999",
     "between 0.0018 and 0.008"),
    (ZEROS, not_a_number, "error = nan", "a number"),
    (ZEROS, warned, "NumPy warned: RuntimeWarning", "no warning"),
    (DRAWS, frozen, "two generators with different seeds gave the same errors", "others"),
    (DRAWS, unseeded, "two generators with the same seed gave different errors", "the same"),
    (DRAWS, drawn_globally, "the function drew from (or seeded) the global generator",
     "random numbers from rng only"),
    (KEEPS, greedy, "dx was changed by the call", "dx as it was"),
)


WRONG = (*WRONG_NUMERIC, *WRONG_DIRECTIONAL)


@pytest.mark.parametrize(("check", "function", "got", "wanted"), WRONG,
                         ids=[f"{k}-{row[0].name}" for k, row in enumerate(WRONG)])
def test_wrong_gradients_and_checkers_are_refused_in_words(check: Check, function: Function,
                                                           got: str, wanted: str) -> None:
    found = verdict(check, function)
    assert found.outcome is Outcome.FAILED, found
    assert got in found.got
    assert wanted in found.wanted


def test_an_infinite_error_rejects() -> None:
    assert verdict(REJECTS, lambda *a, **k: np.inf).passed


# -------------------------------------------------------------------------------------------- forms
@pytest.mark.parametrize("form", FORM_NAMES)
def test_the_gradient_of_each_form_is_right(form: str) -> None:
    asked = question(form, (4, 5), 7)
    assert abs(asked.x.value).min() > 0.1  # away from every kink
    numeric = slopes(asked.known["f"], asked.x.value, asked.dout.value)
    np.testing.assert_allclose(numeric, asked.dx.value, atol=1e-9)


@pytest.mark.parametrize("name", SLIPS)
def test_each_slip_is_far_from_the_right_gradient(name: str) -> None:
    for seed in range(20):
        asked = question(LAYER, (6, 7), seed)
        wrong = asked.gradient(SLIPS[name]).value
        assert np.linalg.norm(wrong - asked.dx.value) > 0.2 * max(np.linalg.norm(wrong),
                                                                  np.linalg.norm(asked.dx.value))


def test_what_a_message_shows_can_be_run() -> None:
    found = verdict(c.rejects_a_gradient_that(slips="forgets the ReLU"), lambda *a, **k: 0.0)
    lines = found.call.splitlines()
    assert lines[1].startswith("f = lambda x: np.maximum(x, 0) * kept")
    known: dict[str, Any] = {"np": np, "toy": judged}
    exec("\n".join(lines[:-1]), known)
    assert eval(lines[-1], known) > 1e-2


def test_a_function_travels_as_code_and_is_shown_before_the_call() -> None:
    square = Code("f", "def f(x):\n    return np.square(x)")
    calls = [Call("toy", (square, Given("x", np.ones(2), "x = np.ones(2)")),
                  {"rng": Seed(3, "rng")})]
    assert (script_text(calls) == "def f(x):\n    return np.square(x)\nx = np.ones(2)\n"
            "rng = np.random.default_rng(3); toy(f, x, rng=rng)")
    subject = Local(namespace={"toy": lambda f, x, rng: f(x + 2)})
    assert subject.ask(calls, 5.0)[0].value.tolist() == [9.0, 9.0]


# -------------------------------------------------------------------------------------------- facts
def word(fact: Any, function: Function) -> str:
    return str(
        fact.look(Exam("toy", Local(namespace={"toy": function, "np": np}), f"toy/{fact.name}")))


AFTER = g.arguments_after(given=([1.0, 2.0], [3.0]), names=("a", "b"), named=True)


def doubles_b(a: Array, b: Array) -> Array:
    b *= 2
    return a


FACTS: tuple[tuple[Any, Function, str], ...] = (
    (d.x_afterwards(), in_place, "as it was"),
    (d.x_afterwards(), changed(in_place, restore="nearly"), "nearly"),
    (d.x_afterwards(), changed(in_place, restore="never"), "moved"),
    (d.other_seeds(), judged, "another"),
    (d.other_seeds(), frozen, "the same"),
    (d.other_seeds(), lambda *a, **k: 0.0, "not a usable result"),
    (d.effect_of_dout(), slopes, "times 3"),
    (d.effect_of_dout(), changed(slopes, weigh=False), "none"),
    (d.form_of(form="x squared"), changed(slopes, times=-2.0), "right"),
    (d.form_of(form="a matrix product"), lambda f, x, dout, h=1e-5: 1 + abs(x), "wrong"),
    (d.factor_of_a_slope(part="sign"), changed(slopes, times=-2.0), "minus"),
    (d.factor_of_a_slope(part="distance"), changed(slopes, times=-2.0), "2"),
    (d.factor_of_a_slope(part="outputs"), changed(slopes, times=-2.0), "1"),
    (d.factor_of_a_slope(part="outputs"),
     lambda f, x, dout, h=1e-5: slopes(f, x, dout, h) / np.size(dout), "1/outputs"),
    (d.sides(), slopes, "both sides"),
    (d.sides(), lambda f, x, dout, h=1e-5: -slopes(f, x, dout, 1e-5), "a fixed step"),
    (d.error_of_a_missing_gradient(), judged, "some"),
    (d.error_of_a_missing_gradient(),
     changed(judged, size=lambda dx, slope: np.linalg.norm(dx) + 1e-12), "huge"),
    (d.digits_at(given=([1.0], [2.0]), wanted=[3.0]), lambda a, b: a + b, "ten"),
    (d.digits_at(given=([1.0], [2.0]), wanted=[3.0]), lambda a, b: a + b + 1e-8, "nearly"),
    (d.digits_at(given=([1.0], [2.0]), wanted=[3.0]), lambda a, b: a * b, "other"),
    (d.error_of_a_missing_gradient(), lambda f, x, dout, dx, *a, **k: float(dx.any()), "0"),
    (d.error_of_zeros(), judged, "0"),
    (d.error_of_zeros(), not_a_number, "NaN"),
    (AFTER, lambda a, b: a + b, "kept"),
    (AFTER, doubles_b, "b overwritten"),
)


@pytest.mark.parametrize(("fact", "function", "wanted"), FACTS,
                         ids=[f"{k}-{f[0].name}" for k, f in enumerate(FACTS)])
def test_facts_say_what_is(fact: Any, function: Function, wanted: str) -> None:
    assert word(fact, function) == wanted


# --------------------------------------------------------------------------------------------- junk
JUNK: tuple[Any, ...] = (None, "text", 10**30, np.nan, 1j, [], (), {}, object(),
                         np.zeros((2, 2, 2)), np.array(None), np.array("a"), lambda: 0,
                         [[1], [2, 3]], (1.0, None), np.full((4, 5), np.nan), np.full(31, np.inf),
                         np.zeros((6, 7), complex), b"bytes", {"a": 1})


@pytest.mark.parametrize("constant", [-1.0, 0.0, 5.0])
def test_a_constant_is_no_error(constant: float) -> None:
    # the other sentences wait for this one, and may hold for a number
    assert verdict(FEELS, lambda *a, **k: constant).outcome is Outcome.FAILED


@pytest.mark.parametrize("check", [*NUMERIC, *DIRECTIONAL], ids=lambda check: check.name)
def test_no_junk_passes_or_breaks_a_check(check: Check) -> None:
    for junk in JUNK:
        found = verdict(check, lambda *a, _j=junk, **k: _j)
        assert found.outcome is Outcome.FAILED, f"{junk!r}: {found}"
        assert found.got
