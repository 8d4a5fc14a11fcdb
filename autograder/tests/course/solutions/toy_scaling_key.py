# ruff: noqa: ANN001, ANN201 - written as a student would write it
# mypy: disable-error-code="no-untyped-def"
"""Toy: the key. Its words must never be seen outside solutions/."""

from autograder import misconception, variant
from autograder.dropout import checks as c

SALT = "a toy needs no secret salt"

HIDDEN = {
    "shrink": {"factor": [c.multiplies_at_test_time(
        p=0.6, by="1-p", shape=(9, 7), needs="multiplies_at_test_time(p=0.25, by=1-p)")]},
    "quiz": {
        "twice": [c.answers_rightly(key="twice", needs="twice")],
        "letter": [c.answers_rightly(key="letter", choices="ab", needs="letter")],
    },
}


@misconception("shrink", gravity="core")
def p_is_the_factor(x, p, rng, train=True):
    """You multiply by p, but p says how much is taken away: what stays is 1 - p."""
    return x * p, None


@variant("shrink")
def by_subtraction(x, p, rng, train=True):
    """The same, written as a difference."""
    return x - p * x, None
