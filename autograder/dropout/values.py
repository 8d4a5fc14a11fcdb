"""Checks of exact values: scale, edges, test time, dtype, shape, the input left alone."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from autograder.asking import Exam, Wrong, an, array, number
from autograder.checks_api.comparing import compare, demand_no_warning, demand_value_error
from autograder.checks_api.inputs import Array, in_words, normal
from autograder.checks_api.results import demand_unchanged
from autograder.checks_api.verb import verb
from autograder.dropout.calls import output, outputs, returned_output, scale, test_call, train_call
from autograder.dropout.masks import (
    Via, demand_some, draw_call, draw_input, drawn, multipliers, shows_outputs)
from autograder.model import Seed

__all__ = ["draws_nothing_at_test_time", "drops_everything_at_one", "drops_nothing_at_zero",
           "holds_only", "is_boolean", "is_exact_to_ten_digits", "is_identity_at_test_time",
           "keeps_its_input", "keeps_the_dtype", "multiplies_at_test_time", "refuses",
           "refuses_at_test_time", "scales_the_survivors", "takes_any_shape"]

SHAPE = (32, 50)
# of so many units, 1 - p is not a whole number: the share that really stays is never 1 - p itself
ODD = (31, 53)
# relative, for values that are one or two roundings away from exact
TOLERANCE = {"float64": 1e-12, "float32": 1e-6}
# relative, for factors: a mask of float32 numbers, or 1e-6 added to a divisor, is no wrong scale
# ...
NEAR = 1e-5
SINGLE = 1e-4  # relative, for factors of a float32 input
DIGITS = 1e-10  # ... but `is_exact_to_ten_digits` sees it


@verb()
def scales_the_survivors(exam: Exam, *, p: float, by: str = "1/(1-p)", shape: tuple[int, ...] = ODD,
                         dtype: str = "float64", via: Via = "forward") -> None:
    """multiplies every survivor by {by}"""
    if via != "forward":
        _compare_factors(exam, p, by, via, shape, SINGLE if via == "mask" else NEAR)
        return
    x = in_words("x", normal(shape, exam.seed(1), dtype))
    (value,) = exam.ask(train_call(exam, x, p))
    out = output(value, x)
    demand_some(out != 0, p, "units survived")
    ratio = out[out != 0].astype(float) / x.value[out != 0].astype(float)
    compare(ratio, np.full_like(ratio, scale(by, p)), "(out / x)[kept]",
            SINGLE if dtype == "float32" else NEAR)


def _compare_factors(exam: Exam, p: float, by: str, via: Via, shape: tuple[int, ...],
                     tolerance: float) -> None:
    (value,) = exam.ask(draw_call(exam, via, shape, p))
    found = drawn(value, via, shape).astype(float)
    if via != "forward":
        demand_some(found != 0, p, "units survived")
    ratio = multipliers(exam, found, via)[found != 0]
    compare(ratio, np.full_like(ratio, scale(by, p)),
            "(out / x)[kept]" if shows_outputs(via) else "mask[mask != 0]", tolerance)


@verb()
def is_exact_to_ten_digits(exam: Exam, *, p: float, by: str = "1/(1-p)", via: Via = "forward",
                           shape: tuple[int, ...] = ODD) -> None:
    """multiplies float64 survivors by {by} to ten digits"""
    _compare_factors(exam, p, by, via, shape, DIGITS)


@verb()
def multiplies_at_test_time(exam: Exam, *, p: float, by: str = "1",
                            shape: tuple[int, ...] = SHAPE) -> None:
    """returns x times {by} at test time (train=False)"""
    # with an rng: that some cannot do without it is the business of `draws_nothing_at_test_time`
    x = normal(shape, exam.seed(1))
    (value,) = exam.ask(test_call(exam, x, p, 0))
    compare(output(value, x), x.value * scale(by, p), "out", NEAR)


@verb()
def is_identity_at_test_time(exam: Exam, *, p: float, shape: tuple[int, ...] = SHAPE) -> None:
    """returns x unchanged at test time (train=False)"""
    x = normal(shape, exam.seed(1))
    (value,) = exam.ask(test_call(exam, x, p, 0))
    # what float32 costs is asked by `keeps_the_dtype`
    compare(output(value, x), x.value, "out", NEAR)


@verb()
def draws_nothing_at_test_time(exam: Exam, *, p: float, shape: tuple[int, ...] = SHAPE) -> None:
    """draws no random number at test time, and takes rng=None there"""
    # judged by what the generator gives next: what its state is said to be, the student's code
    # could forge
    x, seed = normal(shape, exam.seed(1)), exam.seed()
    exam.ask(test_call(exam, x, p))
    at_test = test_call(exam, x, p, Seed(seed, "rng"))
    after, fresh = (train_call(exam, x, p, given) for given in (Seed(seed, "rng"), Seed(seed)))
    _, moved, still = (output(value, x) for value in exam.ask(at_test, after, fresh))
    exam.show_two([after, fresh], first=[at_test])
    if not np.array_equal(moved, still):
        raise Wrong("a pass at test time changed what rng gives next", "what rng gives without it")


@verb()
def drops_nothing_at_zero(exam: Exam, *, via: Via = "forward",
                          shape: tuple[int, ...] = SHAPE) -> None:
    """keeps everything when p = 0"""
    (value,) = exam.ask(draw_call(exam, via, shape, 0.0))
    wanted = draw_input(exam, shape).value if shows_outputs(via) else np.ones(shape)
    compare(drawn(value, via, shape), wanted, "out" if shows_outputs(via) else "mask", NEAR)


@verb()
def drops_everything_at_one(exam: Exam, *, via: Via = "forward",
                            shape: tuple[int, ...] = SHAPE) -> None:
    """gives zeros, no NaN and no warning, when p = 1"""
    call = draw_call(exam, via, shape, 1.0, watch=True)
    (answer,) = exam.returned(call)
    result = drawn(answer.value, via, shape)
    if not (result == 0).all():
        bad = result[~(result == 0)][0]
        raise Wrong(f"{'out' if via == 'forward' else 'mask'} holds {number(bad)}", "0 everywhere")
    demand_no_warning(answer)


@verb()
def refuses(exam: Exam, *, p: float, via: Via = "forward", shape: tuple[int, ...] = (4, 5)) -> None:
    """raises ValueError when p = {p}"""
    call = draw_call(exam, via, shape, p)
    (answer,) = exam.answers(call)
    demand_value_error(call, answer)


@verb()
def refuses_at_test_time(exam: Exam, *, p: float, shape: tuple[int, ...] = (4, 5)) -> None:
    """raises ValueError when p = {p}, at test time too"""
    call = test_call(exam, normal(shape, exam.seed(1)), p, 0)
    (answer,) = exam.answers(call)
    demand_value_error(call, answer)


@verb()
def keeps_its_input(exam: Exam, *, p: float, shape: tuple[int, ...] = (6, 7)) -> None:
    """does not modify x"""
    demand_unchanged(exam, outputs(p, shape))


@verb()
def keeps_the_dtype(exam: Exam, *, p: float, dtype: str = "float32",
                    shape: tuple[int, ...] = SHAPE) -> None:
    """gives {dtype} for {dtype}, in training and at test time"""
    x = normal(shape, exam.seed(1), dtype)
    values = exam.ask(train_call(exam, x, p), test_call(exam, x, p, 0))
    for value, mode in zip(values, ("in training", "at test time"), strict=True):
        out = returned_output(value, x)
        if out.dtype.name != dtype:
            raise Wrong(f"out.dtype = {out.dtype.name} {mode}", dtype)


@verb()
def takes_any_shape(exam: Exam, *, p: float, shapes: tuple[int | tuple[int, ...], ...],
                    via: Via = "forward") -> None:
    """takes any shape"""
    for k, asked in enumerate(shapes):
        shape = (asked,) if isinstance(asked, int) else asked
        call = draw_call(exam, via, shape, p, k)
        if asked != shape:  # a mask of 7 units may be asked for as 7
            call = replace(call, args=(asked, *call.args[1:]))
        (value,) = exam.ask(call)
        drawn(value, via, shape)


@verb()
def is_boolean(exam: Exam, *, p: float) -> None:
    """returns a boolean array of the asked shape"""
    (value,) = exam.ask(draw_call(exam, "mask", (4, 5), p))
    mask = array(value, "mask", (4, 5))
    if mask.dtype != bool:
        raise Wrong(f"mask.dtype = {mask.dtype.name}", "bool")


@verb()
def holds_only(exam: Exam, *, p: float, by: str = "1/(1-p)", shape: tuple[int, ...] = (2,)) -> None:
    """returns an array of the asked shape that holds only 0 and {by}, in every call"""
    asked = [draw_call(exam, "multiplier", shape, p, k) for k in range(30)]
    for call, value in zip(asked, exam.ask(*asked), strict=True):
        exam.last = (call,)  # a message shows the call it is about
        if not isinstance(value, np.ndarray):
            raise Wrong(f"the function returned {an(value)}", f"an array of shape {shape}")
        mask = array(value, "mask", shape)
        wanted = np.where(mask != 0, scale(by, p), 0.0)
        compare(mask, wanted, "mask", NEAR)


def softmax(scores: Array) -> Array:
    """Along the last axis."""
    powers = np.exp(scores - scores.max(axis=-1, keepdims=True))
    return np.asarray(powers / powers.sum(axis=-1, keepdims=True))
