"""Checks of a mask seen through a lens: its factor, and whether every step has the same."""

from __future__ import annotations

import numpy as np

from autograder.asking import Exam, Wrong, array
from autograder.checks_api.inputs import Array
from autograder.checks_api.verb import verb
from autograder.dropout.masks import demand_some, draw_call
from autograder.model import Seed

__all__ = ["shares_its_mask_over_time"]


def one_mask(exam: Exam, p: float, shape: tuple[int, ...], number: int = 0) -> Array:
    """The multipliers of one call, as a lens shows them (or as the function returns them)."""
    (value,) = exam.ask(draw_call(exam, "mask", shape, p, Seed(exam.seed(number))))
    return array(value, "mask", shape).astype(float)


@verb()
def shares_its_mask_over_time(exam: Exam, *, p: float,
                              shape: tuple[int, int, int] = (16, 6, 20)) -> None:
    """uses one and the same mask at every step of a sequence"""
    kept = one_mask(exam, p, shape) != 0
    demand_some(kept[:, 0], p, "were kept at the first step")
    changed = (kept != kept[:, :1]).any(axis=(0, 2))
    if changed.any():
        step = int(np.argmax(changed))
        share = float((kept[:, step] != kept[:, 0]).mean())
        raise Wrong(f"between the first step and step {step + 1} the mask changes in {share:.0%} "
                    "of the units", "no change", kept[0])
