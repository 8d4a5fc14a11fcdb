"""Toy functions in the course's signature, a desk for them, and functions that give rubbish.

Written for the tests of the verbs; nothing here comes from a solution.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import islice
from typing import Any
from zlib import crc32

import numpy as np
import pytest

from autograder.asking import Exam, Unanswered, Wrong
from autograder.dropout import checks as c
from autograder.judge import judge
from autograder.model import Check, Exercise, Part, Subject, Verdict
from autograder.subjects.local import Local

Array = np.ndarray[Any, Any]
Function = Callable[..., Any]
Rng = np.random.Generator

FORWARD = "dropout_forward"
BACKWARD_NAME = "dropout_backward"
PAIR = {"forward": "dropout_forward", "backward": "dropout_backward"}
SHAPES = ((7,), (2, 3, 4), (2, 3, 4, 5))


# ---------------------------------------------------------------------------------- right functions
def _checked(p: float) -> None:
    if not 0 <= p <= 1:
        raise ValueError(f"p = {p} is no probability")


def forward(x: Array, p: float, rng: Rng | None, train: bool = True) -> Any:
    """Inverted dropout, with the multiplier (or None at test time) as cache."""
    _checked(p)
    if not train or rng is None:
        return x, None
    keep = 1 - p
    factor = np.asarray((rng.random(x.shape) < keep) / (keep if keep else 1.0), x.dtype)
    return x * factor, factor


def backward(dout: Array, cache: Any) -> Any:
    """The backward pass of `forward`."""
    return dout if cache is None else dout * cache


def classic(x: Array, p: float, rng: Rng | None, train: bool = True) -> Any:
    """Dropout as first published: no factor in training, 1 - p at test time."""
    _checked(p)
    if not train or rng is None:
        return x * x.dtype.type(1 - p), x.dtype.type(1 - p)
    kept = np.asarray(rng.random(x.shape) >= p, x.dtype)
    return x * kept, kept


def mask(shape: tuple[int, ...], p: float, rng: Rng) -> Array:
    """True where a unit is kept."""
    _checked(p)
    return np.asarray(rng.random(shape) >= p)


def multiplier(shape: tuple[int, ...], p: float, rng: Rng) -> Array:
    """0 where a unit is dropped, 1 / (1 - p) where it is kept."""
    kept = rng.random(shape) >= p
    return np.where(kept, 1 / (1 - p) if p < 1 else 0.0, 0.0)


RIGHT: dict[str, Any] = {
    "dropout_forward": forward,
    "dropout_backward": backward,
    "classic": classic,
    "mask": mask,
    "multiplier": multiplier,
}


# -------------------------------------------------------------------------------------------- desks
def student(functions: Mapping[str, Any] | None = None) -> Local:
    """A subject that defines the right functions, save those given."""
    return Local(namespace={"np": np, **RIGHT, **(functions or {})})


def one_part(name: str, checks: Sequence[Check], functions: tuple[str, ...] = (),
             points: float = 0.0) -> Exercise:
    """An exercise whose rubric is a single part."""
    return Exercise(name, [Part("all", "does what it should", 1, checks)], functions, points)


def examined(check: Check, functions: Mapping[str, Any] | None = None, name: str = FORWARD,
             slug: str = "toy", reference: Subject | None = None, seconds: float = 5.0) -> Verdict:
    """The verdict of one check on these functions."""
    (verdict,) = judge(one_part(name, [check]), student(functions), slug, reference=reference,
                       seconds=seconds)
    return verdict


def told(verdict: Verdict) -> str:
    """What the verdict says, for the message of an assert."""
    return f"{verdict.check}: {verdict.outcome.value}: {verdict.got} | {verdict.wanted}"


def refused(check: Check, functions: Mapping[str, Any], sweep: int, name: str = FORWARD) -> bool:
    """Does the check refuse these functions, when it draws with the salt of this sweep?"""
    exam = Exam(name, student(functions), f"{check.name}/{sweep}", salt=f"sweep {sweep}")
    try:
        check.judge(exam)
    except Wrong:
        return True
    except Unanswered as unanswered:
        raise AssertionError(f"{check.name} got no answer: {unanswered}") from unanswered
    return False


# ---------------------------------------------------------- every verb, on a function that is right
# (function under test, check); the right functions above pass all of them
CASES: tuple[tuple[str, Check], ...] = (
    ("mask", c.drops_some_and_keeps_some(p=0.3, via="mask")),
    (FORWARD, c.drops_some_and_keeps_some(p=0.3)),
    ("multiplier", c.drops_some_and_keeps_some(p=0.5, via="multiplier")),
    ("mask", c.drops_the_right_share(p=0.3, via="mask")),
    (FORWARD, c.drops_the_right_share(p=0.005)),
    ("mask", c.treats_examples_apart(p=0.3, via="mask")),
    (FORWARD, c.treats_examples_apart(p=0.3)),
    ("mask", c.treats_features_apart(p=0.3, via="mask")),
    (FORWARD, c.treats_features_apart(p=0.3)),
    ("mask", c.keeps_a_varying_number(p=0.3, via="mask")),
    (FORWARD, c.keeps_a_varying_number(p=0.3)),
    ("mask", c.draws_afresh(p=0.3, via="mask")),
    (FORWARD, c.draws_afresh(p=0.3)),
    ("mask", c.obeys_the_generator(p=0.3, via="mask")),
    (FORWARD, c.obeys_the_generator(p=0.3)),
    ("mask", c.leaves_global_random_state_alone(p=0.3, via="mask")),
    (FORWARD, c.leaves_global_random_state_alone(p=0.3)),
    ("multiplier", c.can_drop_everything(p=0.5)),
    (FORWARD, c.scales_the_survivors(p=0.3)),
    (FORWARD, c.scales_the_survivors(p=0.3, dtype="float32")),
    ("classic", c.scales_the_survivors(p=0.3, by="1")),
    (FORWARD, c.is_exact_to_ten_digits(p=0.3)),
    ("multiplier", c.is_exact_to_ten_digits(p=0.7, via="multiplier")),
    ("classic", c.multiplies_at_test_time(p=0.3, by="1-p")),
    (FORWARD, c.is_identity_at_test_time(p=0.3)),
    (FORWARD, c.draws_nothing_at_test_time(p=0.3)),
    (FORWARD, c.drops_nothing_at_zero()),
    ("mask", c.drops_nothing_at_zero(via="mask")),
    (FORWARD, c.drops_everything_at_one()),
    ("mask", c.drops_everything_at_one(via="mask")),
    ("multiplier", c.drops_everything_at_one(via="multiplier")),
    (FORWARD, c.refuses(p=-0.1)),
    (FORWARD, c.refuses_at_test_time(p=1.5)),
    ("mask", c.refuses(p=1.5, via="mask")),
    (FORWARD, c.keeps_its_input(p=0.3)),
    (FORWARD, c.keeps_the_dtype(p=0.3)),
    (FORWARD, c.takes_any_shape(p=0.3, shapes=SHAPES)),
    ("mask", c.takes_any_shape(p=0.3, shapes=(7, *SHAPES), via="mask")),
    ("mask", c.is_boolean(p=0.3)),
    ("multiplier", c.holds_only(p=0.7)),
    ("dropout_backward", c.passes_gradient_to_kept_units_only(p=0.3, **PAIR)),
    ("dropout_backward", c.follows_the_mask(p=0.3, **PAIR)),
    ("dropout_backward", c.follows_test_time(p=0.3, **PAIR)),
    ("dropout_backward", c.follows_test_time(p=0.3, by="1", **PAIR)),
    ("dropout_backward", c.belongs_to_its_own_cache(p=0.3, **PAIR)),
    ("dropout_backward", c.passes_gradient_where_x_is_zero(p=0.3, **PAIR)),
    ("dropout_backward", c.can_be_called_twice(p=0.3, **PAIR)),
    ("dropout_backward", c.is_zero_after_dropping_everything(**PAIR)),
    ("dropout_backward", c.keeps_dout(p=0.3, **PAIR)),
    ("dropout_backward", c.agrees_with_finite_differences(p=0.3, **PAIR)),
    ("moments", c.is_right(given=([1.0, 3.0], 0.5), wanted=2.0, names=("mean", "var"),
                           name="mean")),
    ("double", c.is_right(given=([1.0, 3.0],), wanted=[2.0, 6.0], names=("out",), name="out")),
    ("quiz", c.is_filled_in(key="number")),
    ("quiz", c.is_filled_in(key="letter", choices="abc")),
    ("moments", c.is_right_like_the_solution(given=((4, 5), 0.3),
                                             names=("mean", "var"), name="var")),
    ("double", c.is_right_like_the_solution(given=([1.0, 3.0],), names=("out",), name="out")),
    ("stack", c.gives_the_dtype(given=((4, 5), 0.3), names=("mean", "var"))),
    ("quiz", c.answers_rightly(key="number")),
    ("quiz", c.answers_rightly(key="letter", choices="abc")),
)


def moments(x: Array, p: float) -> Any:
    """A function of two results, for `is_right` and `is_right_like_the_solution`."""
    return x.mean() * (1 if p < 1 else 0), x.var()


def double(x: Array) -> Array:
    """A function of one result."""
    return 2 * x


def stack(x: Array, p: float) -> Any:
    """A function of two arrays, for `gives_the_dtype`."""
    return x.copy(), x**2 * p


RIGHT |= {"moments": moments, "double": double, "stack": stack,
          "quiz": {"number": 7, "letter": "b"}}


# -------------------------------------------------------------------------------- rubbish, 40 kinds
class Hostile:
    """An object whose every question about it raises."""

    def __getattr__(self, name: str) -> Any:
        raise RuntimeError("hands off")

    def __repr__(self) -> str:
        raise RuntimeError("no name")

    def __eq__(self, other: object) -> bool:
        raise RuntimeError("nothing equals me")

    def __bool__(self) -> bool:
        raise RuntimeError("neither")

    __hash__ = None  # type: ignore[assignment]


class HostileError(Exception):
    """An exception that cannot be shown."""

    def __str__(self) -> str:
        raise RuntimeError("no text")

    __repr__ = __str__


class Lying(np.ndarray[Any, Any]):
    """An array that is not what it says."""

    def __eq__(self, other: object) -> Any:
        raise RuntimeError("no comparison")

    def __array_ufunc__(self, *args: Any, **kwargs: Any) -> Any:
        raise RuntimeError("no arithmetic")

    @property  # type: ignore[misc]
    def shape(self) -> Any:
        return "shapeless"


def _raises(error: BaseException) -> Function:
    def function(*args: Any, **kwargs: Any) -> Any:
        raise error

    return function


def _gives(value: Any) -> Function:
    return lambda *args, **kwargs: value


def _like(make: Function) -> Function:
    """A function that answers with `make(shape)`, whatever else it is asked."""

    def function(first: Any = (), *args: Any, **kwargs: Any) -> Any:
        return make(first if isinstance(first, tuple) else np.shape(first))

    return function


def _ones(value: Any, dtype: Any = float) -> Function:
    return _like(lambda shape: np.full(shape, value, dtype))


def _mixed(shape: tuple[int, ...]) -> Array:
    values = np.resize([0.0, np.nan, np.inf, -np.inf, 1e308, -1e308, 5e-324, 1.0], shape)
    return np.asarray(values)


def _cyclic() -> list[Any]:
    knot: list[Any] = []
    knot.append(knot)
    return knot


_SINGLE: dict[str, Function] = {
    "None": _gives(None),
    "True": _gives(True),
    "a text": _gives("zeros"),
    "bytes": _gives(b"\x00"),
    "0": _gives(0),
    "a huge whole number": _gives(10**400),
    "NaN": _gives(float("nan")),
    "a complex number": _gives(1j),
    "a dict": _gives({"out": 1}),
    "a dict of odd keys": _gives({1: 2, None: 3}),
    "a set": _gives({1, 2}),
    "a function": _gives(len),
    "a class": _gives(dict),
    "a hostile object": _gives(Hostile()),
    "an empty list": _gives([]),
    "an empty tuple": _gives(()),
    "a ragged list": _gives([[1.0, 2.0], [3.0]]),
    "a list of texts": _gives(["a", "b"]),
    "a list that holds itself": _gives(_cyclic()),
    "a list of huge numbers": _gives([10**30, 1]),
    "a triple": _gives((1, 2, 3)),
    "a 0-d array": _gives(np.array(1.0)),
    "an empty array": _gives(np.zeros((0, 5))),
    "an array of objects": _ones(None, object),
    "an array of texts": _ones("x", "U1"),
    "complex numbers": _ones(1 + 1j, complex),
    "dates": _ones(0, "M8[s]"),
    "records": _like(lambda shape: np.zeros(shape, [("a", float)])),
    "NaNs": _ones(np.nan),
    "infinities": _ones(np.inf),
    "zeros, ones, NaN, infinities, huge and tiny": _like(_mixed),
    "whole numbers": _ones(1, "int8"),
    "unsigned numbers": _ones(255, "uint8"),
    "half precision": _ones(6e4, "float16"),
    "booleans": _ones(True, bool),
    "a checkerboard of booleans": _like(lambda shape: np.resize([False, True, True], shape)),
    "a checkerboard of whole numbers": _like(lambda shape: np.resize([0, 1, 1], shape)),
    "a mask that is drawn": _like(lambda shape: np.random.default_rng().random(shape) < 0.5),
    "a checkerboard": _like(lambda shape: np.resize([0.0, 1.0], shape)),
    "another shape": _like(lambda shape: np.ones((*shape, 2))),
    "a masked array": _like(lambda shape: np.ma.masked_array(np.ones(shape), mask=True)),
    "a matrix": _like(lambda shape: np.asmatrix(np.ones(shape[:2] if len(shape) > 1 else (1, 1)))),
    "a lying array": _like(lambda shape: np.ones(shape).view(Lying)),
    "nested lists": _like(lambda shape: np.ones(shape).tolist()),
}

_RAISING: dict[str, Function] = {
    "raises a hostile exception": _raises(HostileError()),
    "raises ValueError": _raises(ValueError("")),
    "raises KeyError": _raises(KeyError("a\nb\x1b[31m")),
    "raises RecursionError": _raises(RecursionError("maximum recursion depth exceeded")),
    "raises MemoryError": _raises(MemoryError()),
    "raises StopIteration": _raises(StopIteration()),
    "ends the program": _raises(SystemExit(3)),
    "takes no argument": lambda: None,
    "is a generator": lambda *args, **kwargs: (yield 1),
}


def junk() -> dict[str, Function]:
    """Name -> a function wrong in an unforeseen way: each value alone, first or second of two."""
    found = dict(_SINGLE)
    for name, function in _SINGLE.items():
        found[f"({name}, None)"] = lambda *a, _f=function, **k: (_f(*a, **k), None)
        found[f"(right, {name})"] = lambda x=None, *a, _f=function, **k: (x, _f(x, *a, **k))
    return {**found, **_RAISING}


EACH = 9  # the 140 kinds of junk on everything are a sweep: `python -m autograder.tests.fuzz`


def some_junk(of: str) -> dict[str, Function]:
    """Each ninth kind, beginning elsewhere for each name: all kinds are met by something."""
    return dict(islice(junk().items(), crc32(of.encode()) % EACH, None, EACH))


def kinds_of_junk() -> list[Any]:
    """For parametrize: each ninth kind, and all of them behind `slow`."""
    return [pytest.param(kind, marks=() if number % EACH == 0 else pytest.mark.slow)
            for number, kind in enumerate(junk())]
