"""Verbs about masks on weights (DropConnect): `out, cache = f(x, W, b, p, rng, train=True)`.

With a one-hot example the output shows one row of its mask. With ones as inputs and powers of two
as weights it shows the whole mask: each output is a sum of those powers whose weights were kept,
and such a sum can be read like a binary number.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from autograder.asking import Exam, Wrong, array, stable_seed
from autograder.checks_api.comparing import compare, demand_no_warning, item
from autograder.checks_api.counts import expect
from autograder.checks_api.inputs import Array, in_words, normal
from autograder.checks_api.verb import verb
from autograder.dropout.calls import SCALES, backward_call, scale
from autograder.dropout.masks import agreement, correlation_seen, demand_some
from autograder.dropout.sequences.layers import first_result, forward_pass
from autograder.dropout.values import TOLERANCE
from autograder.dropout.views import Lens
from autograder.model import Call, Given, Seed

__all__ = ["leaves_the_bias_alone_at_one", "never_drops_the_bias",
           "sends_gradient_through_kept_weights_only", "sums_kept_weights",
           "throws_a_coin_for_each_weight"]

ROWS = 2  # inputs of the layer whose mask is seen row by row
SUMS = 1e-5  # relative: how near an output must come to a sum of kept weights


def _zeros(n: int) -> Given:
    return Given(f"np.zeros({n})", np.zeros(n))


# --------------------------------------------------------------------------------------- row by row
def _one_hot(n: int) -> Given:
    text = f"np.eye({ROWS})[np.arange({n}) % {ROWS}]"
    return Given(text, np.eye(ROWS)[np.arange(n) % ROWS])


def _rows(shape: tuple[int, ...]) -> Given:
    return in_words("W", normal((ROWS, shape[1]), stable_seed(f"weights/{shape}")))


def _ask(function: str, shape: tuple[int, ...], p: float, seed: Seed) -> Call:
    given = (_one_hot(shape[0]), _rows(shape), _zeros(shape[1]))
    return forward_pass(function, given, (p,), seed)


def _read(value: Any, shape: tuple[int, ...]) -> Array:
    weights = _rows(shape).value[np.arange(shape[0]) % ROWS]
    return np.asarray(first_result(value, (shape[0], shape[1])) / weights)


def _shown(shape: tuple[int, ...]) -> str:
    return f"out / W[np.arange({shape[0]}) % {ROWS}]"


ONE_ROW = Lens(_ask, _read, _shown)


# -------------------------------------------------------------------------------------- whole masks
def _shows_all(name: str, p: float, size: tuple[int, int, int], seed: Seed) -> Call:
    """A pass whose outputs are sums of powers of two, one for each weight that was kept."""
    n, rows, columns = size
    powers = 2.0 ** np.arange(rows)[:, None] * np.ones((rows, columns))
    given = (
        Given(f"np.ones(({n}, {rows}))", np.ones((n, rows))),
        Given(f"2.0 ** np.arange({rows})[:, None] * np.ones(({rows}, {columns}))", powers),
        _zeros(columns),
    )
    return forward_pass(name, given, (p,), seed)


def _kept_of_all(value: Any, p: float, size: tuple[int, int, int]) -> tuple[Array, str]:
    """Which weights such a pass kept, and Python for it; Wrong if outputs are no sums of them."""
    n, rows, columns = size
    out = first_result(value, (n, columns)).astype(float)
    for name in dict.fromkeys(("1/(1-p)", "1", *SCALES)):
        sums = out / scale(name, p)
        whole = np.rint(sums)
        if ((abs(sums - whole) <= SUMS * np.maximum(1, abs(whole))).all() and (whole >= 0).all()
                and (whole < 2**rows).all()):
            kept = np.asarray(
                whole[:, None].astype(np.int64) >> np.arange(rows)[:, None] & 1).astype(bool)
            return (kept, f"(out / {scale(name, p):.9g}).round().astype(int)[:, None] >> "
                    f"np.arange({rows})[:, None] & 1")
    raise Wrong("the output is no sum of weights that were each kept or dropped",
                "x @ (kept weights) / (1 - p)")


def whole_masks(exam: Exam, p: float, size: tuple[int, int, int], seed: Seed) -> Array:
    """The kept weights (N, in, out) as booleans; Wrong when outputs are no sums of kept ones."""
    call = _shows_all(exam.function, p, size, seed)
    kept, shown = _kept_of_all(exam.ask(call)[0], p, size)
    exam.last = call, Call(shown, returns=("mask",), look=True)
    return kept


def found_masks(out: Array, x: Array, weights: Array, p: float,
                factors: tuple[str, ...] = SCALES) -> Array | None:
    """Each weight's factor (N, in, out) at b = 0, among all 2^in ways to drop; None if none fits.

    Read off one pass, it needs no seed that repeats; `in` must be small.
    """
    ways = np.arange(2 ** len(weights))[:, None] >> np.arange(len(weights)) & 1  # (2^in, in)
    sums = np.einsum("ki,ni,io->kno", ways, x, weights)
    for name in factors:
        errors = abs(scale(name, p) * sums - out)
        if (errors.min(axis=0) <= SUMS * np.maximum(1, abs(out))).all():
            return np.asarray(np.moveaxis(ways[errors.argmin(axis=0)], 2, 1) * scale(name, p))
    return None


def fixed_number(kept: Array) -> bool:
    """Whether each example keeps equally many weights, but not all, and not the same ones."""
    numbers = {int(n) for n in kept.sum(axis=(1, 2))}
    return len(numbers) == 1 and 0 < kept.mean() < 1 and not (kept == kept[:1]).all()


def _likeness_seen(*, p: float, size: tuple[int, int, int], **_: Any) -> str:
    return correlation_seen(int(np.prod(size)) // 2, p, "examples, rows or columns")


@verb(chances=3, sees=_likeness_seen)
def throws_a_coin_for_each_weight(exam: Exam, *, p: float,
                                  size: tuple[int, int, int] = (48, 12, 48)) -> None:
    """throws a coin for each weight and each example"""
    kept = whole_masks(exam, p, size, Seed(exam.seed()))
    if fixed_number(kept):
        raise Wrong(f"every example keeps exactly {int(kept[0].sum())} of {kept[0].size} weights",
                    "a number that is left to chance")
    for axis, what in enumerate(("examples", "inputs (rows of W)", "outputs (columns of W)")):
        lines = np.moveaxis(kept, axis, 0)
        first, second = lines[0::2], lines[1::2]
        agreeing = int((first == second).sum())
        expect(f"share of weights on which the masks of neighbouring {what} agree", agreeing,
               first.size, agreement(p), kept[0])


@verb()
def never_drops_the_bias(exam: Exam, *, p: float, size: tuple[int, int, int] = (20, 4, 9)) -> None:
    """adds the whole of b in training, whatever is dropped"""
    n, rows, columns = size
    x, b = Given(f"np.zeros(({n}, {rows}))", np.zeros((n, rows))), normal((columns,), exam.seed(2))
    given = (x, normal((rows, columns), exam.seed(1)), b)
    (value,) = exam.ask(forward_pass(exam.function, given, (p,), Seed(exam.seed())))
    out = first_result(value, (n, columns)).astype(float)
    if (out == 0).any():
        raise Wrong(f"{int((out == 0).sum())} of {out.size} outputs are 0 for x = 0",
                    "the bias of their unit")
    exam.show("out{at}")
    compare(out, np.broadcast_to(b.value, out.shape), "out (for x = 0)", TOLERANCE["float32"])


@verb()
def leaves_the_bias_alone_at_one(exam: Exam) -> None:
    """gives b, no NaN and no warning, when p = 1"""
    x, weights, b = _normals(exam, 6, 4, 5)
    call = forward_pass(exam.function, (x, weights, b), (1.0,), Seed(exam.seed()), watch=True)
    (answer,) = exam.returned(call)
    compare(first_result(answer.value, (6, 5)).astype(float),
            np.broadcast_to(b.value, (6, 5)), "out", TOLERANCE["float32"])
    demand_no_warning(answer)


@verb()
def sums_kept_weights(exam: Exam, *, p: float) -> None:
    """gives each example x (kept weights) / (1 - p) + b in training"""
    x, weights, b = _normals(exam, 6, 7, 5)
    (value,) = exam.ask(forward_pass(exam.function, (x, weights, b), (p,), Seed(exam.seed())))
    out = first_result(value, (6, 5)).astype(float) - b.value
    if found_masks(out, np.asarray(x.value), np.asarray(weights.value), p, ("1/(1-p)",)) is None:
        raise Wrong("some outputs are no sum of kept weights", "x @ (kept weights) / (1 - p) + b")


def _normals(exam: Exam, n: int, rows: int, columns: int) -> list[Given]:
    """x, W and b."""
    return [normal(shape, exam.seed(k))
            for k, shape in enumerate(((n, rows), (rows, columns), (columns,)), 1)]


@verb()
def sends_gradient_through_kept_weights_only(exam: Exam, *, p: float, backward: str) -> None:
    """sends the gradient of an output back through the weights that its example kept, and through
    no other"""
    n, rows, columns = size = (30, 8, 4)
    place = np.arange(n) % columns
    dout = Given(f"np.eye({columns})[np.arange({n}) % {columns}]", np.eye(columns)[place])
    one, value = exam.ask(_shows_all(exam.function, p, size, Seed(exam.seed())),
                          backward_call(backward, dout, 0))
    kept = _kept_of_all(one, p, size)[0][np.arange(n), :, place]
    demand_some(kept, p, "weights were kept")
    dx = array(item(value, ("dx", "dW", "db"), "dx"), "dx", (n, rows))
    leaking, blocked = int((dx[~kept] != 0).sum()), int((dx[kept] == 0).sum())
    if leaking:
        raise Wrong(f"{leaking} of {int((~kept).sum())} dropped weights sent a gradient back",
                    "none", kept)
    if blocked:
        raise Wrong(f"{blocked} of {int(kept.sum())} kept weights sent no gradient back",
                    "none", kept)
