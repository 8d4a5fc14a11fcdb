"""Verbs about tools of an experiment: spoiling labels, summing up pairs. See also ablation.py."""

from __future__ import annotations

from typing import Any

import numpy as np

from autograder.asking import Exam, Wrong, an, array
from autograder.checks_api.comparing import compare
from autograder.checks_api.counts import expect, off_by
from autograder.checks_api.inputs import Array, in_words, normal
from autograder.checks_api.verb import verb
from autograder.checks_api.views import View, question
from autograder.dropout.generalization.training import labels
from autograder.dropout.values import NEAR
from autograder.model import Call, Given, Seed

__all__ = ["gives_ints", "moves_exactly", "noisy_labels", "picks_labels_at_random",
           "reaches_all_wrong_classes", "sums_up", "sums_up_like_the_solution"]

MANY = 0.9  # of the labels are moved where it is asked where they go: 1, an end, is refused by some
SUMMARY = "summary"  # the name of what comes back, in lines to be pasted


# ------------------------------------------------------------------------------------- wrong labels
def spoiling(exam: Exam, y: Given, fraction: float, classes: int, seed: int = 0) -> Call:
    """y2 = noisy_labels(y, fraction, classes, rng)"""
    return Call(exam.function, (y, fraction, classes, Seed(exam.seed(seed))), returns=("y2",))


def noisy_labels(fraction: float = 0.3, moved: bool = False) -> View:
    """The spoilt labels of some examples, or which of them are not as they were."""
    count = 200
    y = in_words("y", labels(count, 10, count))

    def read(value: Any) -> Array:
        return whole(value, count) != y.value if moved else array(value, "y2")

    apart = "((one != y) != (other != y)).sum()" if moved else "(one != other).sum()"
    return View(lambda exam, number: spoiling(exam, y, fraction, 10, number), read,
                "moved labels" if moved else "labels", apart=apart)


def whole(value: Any, count: int) -> Array:
    """The returned labels; Wrong if not whole numbers, one each. Whether ints is asked once."""
    y2 = array(value, "y2", (count,))
    if y2.dtype.kind not in "iuf" or not np.array_equal(y2, np.round(y2)):
        raise Wrong(f"y2.dtype = {y2.dtype.name}", "whole numbers")
    return y2.astype(np.int64)


@verb()
def gives_ints(exam: Exam) -> None:
    """gives labels as ints"""
    value = array(noisy_labels().seen(exam)[1].value, "y2")
    if value.dtype.kind not in "iu":
        exam.show("y2.dtype")
        raise Wrong(f"y2.dtype = {value.dtype.name}", "an int dtype, as y has")


@verb()
def moves_exactly(exam: Exam, *, fraction: float, count: int, classes: int = 10) -> None:
    """moves exactly round(fraction * N) labels, each to another class"""
    y = in_words("y", labels(count, classes, exam.seed(1)))
    asked = [spoiling(exam, y, fraction, classes, k) for k in range(3)]
    for call, value in zip(asked, exam.ask(*asked), strict=True):
        exam.last = (call,)  # a message shows the call it is about
        changed = int((whole(value, count) != y.value).sum())
        if changed != round(fraction * count):
            raise Wrong(f"{changed} of {count} labels differ from y", f"{round(fraction * count)}")


@verb(chances=5, sees=off_by("the share of a class",
                             lambda classes, count, **_: (round(MANY * count), 1 / (classes - 1))))
def reaches_all_wrong_classes(exam: Exam, *, classes: int = 10, count: int = 2000) -> None:
    """moves a label to each of the wrong classes alike, and nowhere else"""
    # judged by the labels that moved: how many do is the business of `moves_exactly`
    own = classes // 2 - 1
    y = Given(f"np.full({count}, {own})", np.full(count, own))
    (value,) = exam.ask(spoiling(exam, y, MANY, classes))
    y2 = whole(value, count)
    if y2.min() < 0 or y2.max() >= classes:
        raise Wrong(f"y2 holds {y2.min() if y2.min() < 0 else y2.max()}",
                    f"classes from 0 to {classes - 1}")
    y2 = y2[y2 != own]
    count = len(y2)
    if not count:
        exam.show(f"(y2 != {own}).sum()")
        raise Wrong("no label was moved", f"{MANY:.0%} of them")
    for what, events, share, sign in (("class 0", y2 == 0, 1, "== 0"),
                                      ("the next class", y2 == own + 1, 1, f"== {own + 1}"),
                                      ("the last class", y2 == classes - 1, 1, f"== {classes - 1}"),
                                      ("the class before", y2 == own - 1, 1, f"== {own - 1}"),
                                      ("a lower class", y2 < own, own, f"< {own}")):
        exam.show(f"(y2[y2 != {own}] {sign}).mean()")
        expect(f"share of labels moved to {what}", int(events.sum()), count, share / (classes - 1))


@verb()
def picks_labels_at_random(exam: Exam, *, count: int = 9000, classes: int = 10) -> None:
    """picks the labels it moves at random, from all places"""
    y = in_words("y", labels(count, classes, exam.seed(1)))
    (value,) = exam.ask(spoiling(exam, y, 0.25, classes))
    places = np.flatnonzero(whole(value, count) != y.value)
    if not len(places):
        raise Wrong("no label was moved", f"{round(0.25 * count)} of {count}")
    # 2250 draws without replacement: a quarter holds less than .15 or more than .35 of them once in
    # e^45 (Hoeffding 1963)
    for k, share in enumerate(np.bincount(places * 4 // count, minlength=4) / len(places)):
        if not 0.15 < share < 0.35:
            exam.show(f"(np.flatnonzero(y2 != y) * 4 // {count} == {k}).mean()")
            raise Wrong(f"of the moved labels {share:.0%} lie in quarter {k + 1} of y", "about 25%")


# ---------------------------------------------------------------------------------------- summaries
def entry(value: Any, key: str) -> Any:
    """An entry of a returned dict."""
    if not isinstance(value, dict):
        raise Wrong(f"the function returned {an(value)}", f'a dict with "{key}"')
    if key not in value:
        raise Wrong(f'the dict has no "{key}"', f'"{key}"')
    return value[key]


@verb()
def sums_up(exam: Exam, *, given: tuple[list[float], list[float]], wanted: float, key: str,
            form: str = "arrays") -> None:
    """gets {key} right in a case you can do by hand, given as {form}"""
    call = (question(exam, given, (SUMMARY,)) if form == "arrays"
            else Call(exam.function, given, returns=(SUMMARY,)))
    (value,) = exam.ask(call)
    _compare_entry(value, key, np.array(wanted), len(given[0]), NEAR)


@verb(with_reference=True)
def sums_up_like_the_solution(exam: Exam, reference: Exam, *, count: int, key: str,
                              tolerance: float = NEAR) -> None:
    """gets {key} right within {tolerance:g}"""
    a, b = (normal((count,), exam.seed(k)) for k in (1, 2))
    b = Given(f"1 + {b.text}", 1 + b.value)  # apart, so that neither the mean nor t is near 0
    call = Call(exam.function, (a, b), returns=(SUMMARY,))
    (value,), (wanted,) = exam.ask(call), reference.ask(call)
    _compare_entry(value, key, np.asarray(entry(wanted, key)), count, tolerance)


def _compare_entry(value: Any, key: str, wanted: Array, count: int, tolerance: float) -> None:
    got = array(entry(value, key), f'{SUMMARY}["{key}"]', ())
    # a wrong mean or sd is told and charged as what it is
    if key == "t" and _follows(value, float(got), count, tolerance):
        return
    compare(got, wanted, f'{SUMMARY}["{key}"]', tolerance)


def _follows(value: Any, t: float, count: int, tolerance: float) -> bool:
    """Is t right for the mean and the sd beside it?"""
    mean, sd = (float(array(entry(value, key), f'{SUMMARY}["{key}"]', ()))
                for key in ("mean", "sd"))
    return bool(sd > 0 and abs(t) > 0
                and abs(t * sd - mean * count**0.5) <= tolerance * abs(t * sd))
