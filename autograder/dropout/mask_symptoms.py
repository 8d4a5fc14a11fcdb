"""Symptoms of a forward pass or a mask: what becomes of the survivors, and at the edges."""

from __future__ import annotations

import math
from itertools import islice

import numpy as np

from autograder.asking import Exam, Unanswered, Wrong, raised
from autograder.checks_api.comparing import ending
from autograder.checks_api.inputs import Array, normal
from autograder.checks_api.symptoms import arguments_after, nearest, symptom
from autograder.dropout.calls import output, outputs, returned_output, scale, test_call, train_call
from autograder.dropout.masks import (
    Form, Via, draw_call, draw_input, drawn, read_mask, shows_outputs)
from autograder.model import Call, Outcome, Seed

__all__ = ["at_one", "at_zero", "digits", "float32_gives", "input_after", "negatives", "outside",
           "outside_at_test", "returned", "rng_at_test", "shapes", "survivors", "test_time",
           "when_all_are_dropped"]

NEAR = 1e-5  # a little added to a divisor is no other factor
P = 0.3  # far from 1/2, where so many mistakes look right
# a share is known to 0.004, the labels below are 0.05 apart; 0.7 of 12019 is no whole number (see
# `factor_of`)
SHAPE = (101, 119)
FACTORS = {name: scale(name, P) for name in ("1", "1-p", "1/(1-p)", "p", "1/p")} | {
    "1/(1-p)^2": 1 / (1 - P) ** 2,
    "(1-p)^2": (1 - P) ** 2,
    "(1-p)/p": (1 - P) / P,
    "1/sqrt(1-p)": (1 - P) ** -0.5,
    "0": 0.0,
}


@symptom
def survivors(exam: Exam, *, via: Via = "forward", shape: tuple[int, ...] = SHAPE) -> str:
    """The factor on the survivors, or "nothing dropped"."""
    if via == "forward":
        given = normal(shape, exam.seed(1))
        (value,) = exam.ask(train_call(exam, given, P))
        out, x = output(value, given), np.asarray(given.value)
    else:
        (value,) = exam.ask(draw_call(exam, via, shape, P))
        out, x = drawn(value, via, shape).astype(float), _beside(exam, via, shape)
    return "nothing dropped" if np.array_equal(out, x) else factor_of(out, x)


def _beside(exam: Exam, via: Via, shape: tuple[int, ...]) -> Array:
    """What is drawn when nothing is dropped or scaled."""
    return np.asarray(draw_input(exam, shape).value) if shows_outputs(via) else np.ones(shape)


def factor_of(out: Array, x: Array) -> str:
    kept = out != 0
    if not kept.any():
        return "0"
    ratio = out[kept] / x[kept]
    if np.ptp(ratio) > 1e-6 * abs(ratio).max():
        if not kept.all() and np.ptp(out[kept]) <= 1e-9 * abs(out[kept]).max():
            return "the mask"
        two = np.unique(ratio.round(6))
        if len(two) != 2:
            return "varies"
        return "1-p or -p" if np.allclose(two, [-P, 1 - P]) else "one of two"
    # that 1 / (realised share) is never 1 / (1 - p) by chance is SHAPE's merit
    named = nearest(float(ratio[0]), FACTORS, NEAR)
    realised = not kept.all() and abs(ratio[0] - kept.size / kept.sum()) < 1e-9
    return "units / kept" if named == "other" and realised else named


@symptom
def digits(exam: Exam, *, via: Via = "forward", shape: tuple[int, ...] = SHAPE) -> str:
    """How exact the factor on float64 survivors is.

    "double", "float32", "float32 throughout" when it differs from unit to unit, or "about" when it
    is off by something else that is small.
    """
    (value,) = exam.ask(draw_call(exam, via, shape, P))
    out = drawn(value, via, shape).astype(float)
    x = _beside(exam, via, shape)
    if FACTORS.get(factor_of(out, x), 0.0) == 0:
        return "unclear"
    ratios = out[out != 0] / x[out != 0]
    if ratios.size and np.ptp(ratios) > 1e-9 * abs(ratios).max():
        return "float32 throughout"
    ratio = float(ratios[0]) if ratios.size else 0.0
    wanted = FACTORS[factor_of(out, x)]
    if abs(ratio - wanted) <= 1e-10 * wanted:
        return "double"
    single = [float(np.float32(f)) for f in (wanted, np.float32(1) / np.float32(1 / wanted))]
    return "float32" if min(abs(ratio - s) for s in single) <= 1e-12 else "about"


@symptom
def returned(exam: Exam, *, shape: tuple[int, ...] = (6, 7)) -> str:
    """What a training call returns: "(out, cache)", "(what is left of x, cache)", "out alone",
    "nothing" or "other"."""
    (value,) = exam.ask(train_call(exam, normal(shape, exam.seed(1)), P))
    if isinstance(value, (tuple, list)):
        if len(value) != 2:
            return "other"
        return ("(what is left of x, cache)" if 0 < np.size(value[0]) < math.prod(shape)
                and np.ndim(value[0]) == 1 else "(out, cache)")
    return "nothing" if value is None else "out alone" if np.shape(value) == shape else "other"


@symptom
def rng_at_test(exam: Exam, *, shape: tuple[int, ...] = (6, 7)) -> str:
    """Does it work without a generator at test time? "needed" when it only works with one."""
    x = normal(shape, exam.seed(1))
    without, with_one = exam.answers(test_call(exam, x, P), test_call(exam, x, P, 0))
    return ("needed" if without.outcome is Outcome.RAISED and with_one.outcome is Outcome.PASSED
            else "not needed")


@symptom
def test_time(exam: Exam, *, shape: tuple[int, ...] = SHAPE) -> str:  # noqa: PT028  a probe, not a test
    """What test time multiplies by, or "drops"."""
    x = normal(shape, exam.seed(1))
    (value,) = exam.ask(test_call(exam, x, P, 0))
    positive_ = x.value > 0  # a ReLU is no dropping
    out = output(value, x)[positive_]
    return ("drops" if (out == 0).any() and (out != 0).any()
            else factor_of(out, np.asarray(x.value)[positive_]))


test_time.__test__ = False  # type: ignore[attr-defined]  # a probe, not a test


@symptom
def negatives(exam: Exam) -> str:
    """Do negative inputs survive?"""
    x = normal(SHAPE, exam.seed(1))
    (value,) = exam.ask(train_call(exam, x, P))
    out = output(value, x)
    return "lost" if not (out < 0).any() and (out > 0).any() else "kept"


@symptom
def input_after(exam: Exam, *, shape: tuple[int, ...] = (6, 7)) -> str:
    """Is x as it was after a call?"""
    return arguments_after(via=outputs(P, shape)).probe(exam)


@symptom
def float32_gives(exam: Exam, *, shape: tuple[int, ...] = (6, 7)) -> str:
    """The dtype that float32 becomes in training; "float32, and so does float64" when that becomes
    float32 as well."""
    given = [normal(shape, exam.seed(1), dtype) for dtype in ("float32", "float64")]
    values = exam.ask(*(train_call(exam, x, P) for x in given))
    single, double = (str(returned_output(value, x).dtype.name)
                      for value, x in zip(values, given, strict=True))
    return "float32, and so does float64" if single == double == "float32" else single


@symptom
def shapes(exam: Exam, *, via: Via = "forward") -> str:
    """Does it work on arrays that are not 2-D, and where it is asked for a shape, on a plain
    number?"""
    (flat,) = exam.ask(draw_call(exam, via, (6, 7), P))
    read_mask(flat, via, (6, 7))  # what does not even work in 2-D is another matter
    for shape in ((7,), (2, 3, 4, 5)):
        try:
            (value,) = exam.ask(draw_call(exam, via, shape, P))
            read_mask(value, via, shape)
        except (Wrong, Unanswered):
            return "2-D only"
    if via != "forward" and not isinstance(via, Form):
        try:
            (value,) = exam.ask(Call(exam.function, (7, P, Seed(exam.seed())), returns=("mask",)))
            read_mask(value, via, (7,))
        except (Wrong, Unanswered):
            return "tuples only"
    return "any"


@symptom
def at_one(exam: Exam, *, via: Via = "forward", shape: tuple[int, ...] = (6, 7)) -> str:
    """What p = 1 gives."""
    call = draw_call(exam, via, shape, 1.0, watch=True)
    (answer,) = exam.returned(call)
    result = drawn(answer.value, via, shape)
    if np.isnan(result).any():
        return "NaN"
    if (result == 0).all():
        return "zeros, with a warning" if answer.beside.warnings else "zeros"
    return "infinity" if np.isinf(result).any() else "numbers"


@symptom
def at_zero(exam: Exam, *, via: Via = "forward", shape: tuple[int, ...] = (6, 7)) -> str:
    """What p = 0 gives."""
    (value,) = exam.ask(draw_call(exam, via, shape, 0.0))
    return "identity" if np.allclose(drawn(value, via, shape), _beside(exam, via, shape), rtol=1e-6,
                                     atol=0) else "other"


@symptom
def outside(exam: Exam, *, via: Via = "forward", shape: tuple[int, ...] = (4, 5)) -> str:
    """What a p outside [0, 1] gives."""
    answers = (exam.answers(draw_call(exam, via, shape, p))[0] for p in (-0.25, 1.25))
    return " / ".join(dict.fromkeys(map(ending, answers)))


@symptom
def outside_at_test(exam: Exam, *, shape: tuple[int, ...] = (4, 5)) -> str:
    """What a p outside [0, 1] gives at test time."""
    x = normal(shape, exam.seed(1))
    answers = exam.answers(*(test_call(exam, x, p) for p in (-0.25, 1.25)))
    words = dict.fromkeys("accepted" if a.outcome is Outcome.PASSED else raised(a) for a in answers)
    return " / ".join(words)


@symptom
def when_all_are_dropped(exam: Exam, *, shape: tuple[int, ...] = (2,), calls: int = 400,
                         via: Via = "multiplier") -> str:
    """What a mask of a few units looks like when chance drops all of them (p = 1/2)."""
    many = 4 * calls
    asked = (draw_call(exam, via, shape, 0.5, k) for k in range(many))
    found = list[Array]()
    for _ in range(4):
        values = exam.ask(*islice(asked, calls // 4))
        if any(isinstance(v, (bool, int, float)) or (isinstance(v, np.ndarray) and v.ndim == 0)
               for v in values):
            return "a single number"
        found += [read_mask(v, via, shape) for v in values]
        empty, full = (sum(map(bool, of)) / len(found)
                       for of in ((not m.any() for m in found), (m.all() for m in found)))
        if empty >= 0.2:  # of masks that are drawn once more it is 1/16, and 0.2 once in 300,000
            return "zeros"
    if empty:
        return "drawn once more" if empty < 5 / 32 and abs(full - 5 / 16) < 0.08 else "zeros"
    more = [read_mask(v, via, shape) for v in exam.ask(*asked)]  # what follows lies nearer together
    full = sum(bool(m.all()) for m in found + more) / many
    return nearest(full, {"one is kept": 0.25, "drawn again": 1 / 3, "all kept": 0.5}, 0.08)
