"""Counts that chance would hardly give: an exact binomial test, and what it says (chance.py)."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from autograder.asking import Wrong
from autograder.chance import acceptance, smallest_error
from autograder.checks_api.inputs import Array


def unlikely(what: str, count: int, events: int, probability: float, picture: Array | None = None,
             formula: str = "") -> Wrong | None:
    """What is wrong with a count rarer than chance.ALPHA under Bin(events, probability), if so.

    Both ends of what chance allows are told, with so many digits that what is refused does not seem
    to lie between them.
    """
    if not events:
        return Wrong(f"nothing was seen of the {what}", f"about {probability:.4f}")
    low, high = acceptance(events, probability)
    if low <= count <= high:
        return None
    digits, near = 4, low if count < low else high
    while f"{count / events:.{digits}f}" == f"{near / events:.{digits}f}":
        digits += 1
    got, least, most = (f"{k / events:.{digits}f}" for k in (count, low, high))
    corner = None if picture is None else np.atleast_2d(picture)[:16, :16]
    return Wrong(f"{what} = {got}",
                 f"{probability:.4f}{formula}, by chance {least} to {most}", corner)


def expect(what: str, count: int, events: int, probability: float, picture: Array | None = None,
           formula: str = "") -> None:
    """Refuse such a count."""
    wrong = unlikely(what, count, events, probability, picture, formula)
    if wrong is not None:
        raise wrong


def off_by(what: str, count: Callable[..., tuple[int, float]]) -> Callable[..., str]:
    """For `sees=`: the smallest error of a count, whose events and probability a case has."""
    return lambda **case: f"{what} that is off by {smallest_error(*count(**case)):.2g}"
