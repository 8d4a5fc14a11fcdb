"""Checks of what can be worked out exactly: all masks in a list, and the average loss over them.

Nothing here is left to chance. Where the definition itself is the judge, all 2^n masks of a small
input are listed, so n stays small.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from autograder.asking import Exam, Wrong, an, array, number
from autograder.checks_api.comparing import compare
from autograder.checks_api.inputs import Array, normal
from autograder.checks_api.results import NEAR
from autograder.checks_api.verb import verb
from autograder.checks_api.views import question
from autograder.model import Call, CourseError, Given

__all__ = ["is_the_average_over_masks", "leaves_no_way_down", "lists_booleans",
           "lists_every_mask_once", "reaches_the_minimum"]

STILL = 1e-4  # a slope, beside that at w = 0: who walks down step by step may stop somewhat early


# ----------------------------------------------------------------------------------- lists of masks
@verb()
def lists_every_mask_once(exam: Exam, *, n: int) -> None:
    """lists each of the 2^{n} masks of {n} units once, one per row"""
    rows = _listed(exam, n)
    codes, counts = np.unique(rows @ 2 ** np.arange(n), return_counts=True)
    if len(codes) < 2**n:
        twice = (codes[counts.argmax()] >> np.arange(n)) & 1
        exam.show("len(np.unique(masks, axis=0))")
        raise Wrong(f"{len(codes)} different masks, and {_told(twice)} stands there {counts.max()} "
                    "times", f"{2**n} different masks")


def _listed(exam: Exam, n: int) -> Array:
    """What the function lists for n units, as zeros and ones of shape (2^n, n)."""
    (value,) = exam.ask(Call(exam.function, (n,), returns=("masks",)))
    masks = array(value, "masks", (2**n, n))
    odd = masks[(masks != 0) & (masks != 1)]
    if odd.size:
        raise Wrong(f"masks holds {number(odd[0])}", "True and False only")
    return masks.astype(np.int64)


def _told(mask: Array) -> str:
    shown = ", ".join("kept" if m else "dropped" for m in mask[:6])
    return f"({shown}{', ...' if len(mask) > 6 else ''})"


@verb()
def lists_booleans(exam: Exam, *, n: int) -> None:
    """returns a boolean array, True = kept"""
    (value,) = exam.ask(Call(exam.function, (n,), returns=("masks",)))
    if not isinstance(value, np.ndarray) or value.ndim != 2:
        raise Wrong(f"the function returned {an(value)}", "a boolean array, one mask per row")
    if value.dtype != bool:
        raise Wrong(f"masks.dtype = {value.dtype.name}", "bool")


# --------------------------------------------------- linear regression, the definition as the judge
@dataclass(frozen=True)
class Regression:
    """sum((y - (X * M / (1 - p)) w)^2), and its average over all masks M of a small X."""

    X: Array
    y: Array
    p: float

    def average(self, w: Array) -> float:
        """The average over all 2^(N D) masks, one by one."""
        n = self.X.size
        masks = (np.arange(2**n)[:, None] >> np.arange(n)) & 1  # (2^n, n)
        kept = masks.sum(axis=1)
        chances = (1 - self.p) ** kept * self.p ** (n - kept)  # (2^n,)
        inputs = masks.reshape(-1, *self.X.shape) * self.X / (1 - self.p)  # (2^n, N, D)
        return float(chances @ ((self.y - inputs @ w) ** 2).sum(axis=1))

    def slopes(self, w: Array) -> Array:
        """The derivative by each weight: a central difference, exact for a quadratic."""
        steps = np.eye(len(w))
        return np.array([(self.average(w + step) - self.average(w - step)) / 2 for step in steps])


def _small_regression(exam: Exam, shape: tuple[int, int],
                      p: float) -> tuple[Given, Given, Regression]:
    if shape[0] * shape[1] > 12:
        raise CourseError(
            f"{shape} has more than 12 entries: too many masks to list. Ask with fewer.")
    X, y = normal(shape, exam.seed(0)), normal(shape[:1], exam.seed(1))
    return X, y, Regression(np.asarray(X.value), np.asarray(y.value), p)


@verb()
def is_the_average_over_masks(exam: Exam, *, p: float, shape: tuple[int, int] = (3, 4)) -> None:
    """is the average over all masks of X, worked out one by one (p = {p})"""
    X, y, problem = _small_regression(exam, shape, p)
    w = normal(shape[1:], exam.seed(2))
    (value,) = exam.ask(Call(exam.function, (X, y, w, p), returns=("loss",)))
    compare(array(value, "loss", ()),
            np.asarray(problem.average(np.asarray(w.value))), "loss", NEAR)


@verb()
def leaves_no_way_down(exam: Exam, *, p: float, shape: tuple[int, int] = (3, 4)) -> None:
    """finds weights from which no step lowers the average loss over all masks (p = {p})"""
    X, y, problem = _small_regression(exam, shape, p)
    (value,) = exam.ask(Call(exam.function, (X, y, p), returns=("w",)))
    w = array(value, "w", shape[1:]).astype(float)
    if not np.isfinite(w).all():
        raise Wrong(f"w holds {number(w[~np.isfinite(w)][0])}", "finite numbers")
    slopes, at_zero = problem.slopes(w), problem.slopes(np.zeros(shape[1]))
    worst = int(np.abs(slopes).argmax())
    if not abs(slopes[worst]) <= STILL * max(1.0, np.abs(at_zero).max()):
        raise Wrong(f"at w[{worst}] = {number(w[worst])} the average loss has the slope "
                    f"{number(slopes[worst])}", "slope 0")


@verb(with_reference=True)
def reaches_the_minimum(exam: Exam, reference: Exam, *, case: str, given: tuple[Any, ...],
                        loss: str, tolerance: float = 1e-6) -> None:
    """reaches the smallest average loss for {case}"""
    # judged by the loss, not by the weights: where columns are nearly dependent, quite different
    # weights are equally good
    call = question(exam, given, ("w",))
    (value,), (best,) = exam.ask(call), reference.ask(call)
    w = array(value, "w", np.shape(best)).astype(float)
    X, y, p = call.args
    found, least = reference.ask(*(Call(loss, (X, y, Given("w", v), p)) for v in (w, best)))
    if not found <= least * (1 + tolerance):
        raise Wrong(f"the average loss is {number(found / least)} times the smallest",
                    "the smallest")
