"""Verbs on deleting units: `ablation_curve(params, X, y, fractions, rng, repeats) -> accuracies`.

What was deleted is read off the accuracy: for a small network the accuracies that any choice of
units can give are enumerated here, so every correct way of drawing and of rescaling passes, and
nothing depends on a tolerance.
"""

from __future__ import annotations

from math import comb

import numpy as np

from autograder.asking import Exam, Wrong
from autograder.chance import acceptance
from autograder.checks_api.comparing import compare
from autograder.checks_api.counts import off_by
from autograder.checks_api.inputs import Array
from autograder.checks_api.verb import verb
from autograder.dropout.generalization.patients import (
    DELETED, ONE_LAYER, RESCALED, SHOWN, TWO_LAYERS, asked, curve, curves, deletions, habit, near,
    patient, same_example, scale, show_deletion, single, unit_of)

__all__ = ["answers_in_order", "averages_over_repeats", "deletes_any_unit",
           "deletes_for_all_examples", "deletes_something", "deletes_units",
           "draws_for_each_layer", "scales_the_others", "starts_at_the_whole_network"]

@verb()
def starts_at_the_whole_network(exam: Exam) -> None:
    """gives the accuracy of the whole network, a share, where nothing is deleted"""
    sick = patient(exam, TWO_LAYERS)
    (value,) = exam.ask(sick.call(exam, [0.0], 1, 0))
    compare(curve(value, 1), np.array([sick.whole]), "curve", 1e-9)


@verb()
def deletes_something(exam: Exam) -> None:
    """gives other accuracies where units are deleted than where none is"""
    sick = patient(exam, ONE_LAYER)
    (none,) = curves(exam, [sick.call(exam, [0.0], 1, 0)], 1)
    if all(near(value, none) for value in single(exam, sick, 12)):
        raise Wrong(f"the accuracy is {none[0]:.4f} whatever the fraction",
                    "another where units are deleted")


@verb()
def deletes_for_all_examples(exam: Exam) -> None:
    """deletes a unit for all examples alike"""
    found = same_example(exam)
    mixed = [k for k, value in enumerate(found) if not near(value, (0, 1))]
    if mixed:
        exam.last = exam.last[mixed[0] : mixed[0] + 1]
        exam.show(SHOWN[unit_of(exam)])
        raise Wrong(f"200 copies of one example had the accuracy {found[mixed[0]]:.3f} after one "
                    "deletion", "0 or 1")


@verb()
def deletes_units(exam: Exam, *, fraction: float = DELETED, two_layers: bool = True) -> None:
    """deletes round(fraction * H) units of each hidden layer"""
    sizes = TWO_LAYERS if two_layers else ONE_LAYER
    sick = patient(exam, sizes)
    possible = sick.possible(asked(sizes, fraction),
                             scale(sizes, fraction, habit(exam, fraction).factor)).values()
    for k, value in enumerate(single(exam, sick, 12, fraction)):
        if not near(value, possible):
            hint = " (that of the whole network)" if near(value, [sick.whole]) else ""
            count = " and ".join(map(str, asked(sizes, fraction)))
            closest = min(possible, key=lambda other: abs(other - value))
            wanted = (
                f"an accuracy that deleting {count} units can give; the nearest is {closest:.4f}")
            show_deletion(exam, sick, k, fraction)
            raise Wrong(f"accuracy after one deletion = {value:.4f}{hint}", wanted)


@verb()
def scales_the_others(exam: Exam, *, fraction: float = DELETED) -> None:
    """multiplies the outputs of the other units by 1 / (1 - fraction)"""
    factor = habit(exam, fraction).factor
    if factor != RESCALED:
        raise Wrong(f"the accuracy after a deletion is the one with the factor {factor}, for f = "
                    f"{fraction:g}", f"that with {RESCALED}")


@verb(chances=2, sees=off_by("a share of deletions that hit a unit",
                             lambda calls, **_: (calls, DELETED)))
def deletes_any_unit(exam: Exam, *, calls: int = 100) -> None:
    """deletes units at random, each as often as any other"""
    known = habit(exam, calls=calls)
    units = ONE_LAYER[1]
    found = single(exam, patient(exam, ONE_LAYER), calls)
    number = known.number(found)
    deleted = [known.units(value, number) for value in found]
    # right ones delete 2 of 5 units, and others are told so elsewhere
    share = sum(map(len, deleted)) / (units * calls)
    if share in (0, 1):
        raise Wrong(f"{'no' if not share else 'each'} unit was deleted", f"2 of {units}")
    low, high = acceptance(calls, share)
    for unit, name in ((0, "first"), (units - 1, "last")):
        count = sum(unit in gone for gone in deleted)
        if not low <= count <= high:
            raise Wrong(f"the {name} of {units} units was deleted {count} times in {calls}",
                        f"{low} to {high} times")
    sets, all_sets = len(set(deleted)), comb(units, number or 0)
    if sets <= all_sets // 2:  # of equally likely sets half are missed in 100 calls once in 10^28
        raise Wrong(f"in {calls} calls {sets} different sets of {number} units were deleted",
                    f"about {all_sets}")


@verb()
def draws_for_each_layer(exam: Exam) -> None:
    """deletes other units in each hidden layer"""
    sick, calls = patient(exam, TWO_LAYERS), 24
    factors = scale(TWO_LAYERS, DELETED, habit(exam).factor)
    # by chance: once in 10^15
    if sick.twins(asked(TWO_LAYERS, DELETED), factors, single(exam, sick, calls)):
        raise Wrong(f"both hidden layers lost the same units in {calls} of {calls} deletions",
                    "a draw for each layer")


@verb()
def averages_over_repeats(exam: Exam, *, repeats: int = 2) -> None:
    """gives the mean over the repeats, with other units deleted in each"""
    sick, known = patient(exam, ONE_LAYER), habit(exam)
    possible = np.array(list(known.of(known.number(deletions(exam))).values()))
    means = means_of(possible, repeats)
    values = [float(found[0]) for found in curves(
        exam, [sick.call(exam, [DELETED], repeats, 200 + k) for k in range(24)], 1)]
    asked, shown = exam.last, SHOWN[unit_of(exam)]
    exam.last = asked[:1]
    exam.show(shown)
    # the same units in every repeat: at most once in ten calls; in all 24 once in 10^24
    if all(near(value, possible) for value in values):
        raise Wrong(f"{repeats} repeats always gave what one can give",
                    "the mean of several deletions")
    for call, value in zip(asked, values, strict=True):
        if not near(value, means):
            exam.last = (call,)
            exam.show(shown)
            raise Wrong(f"curve = {value:.4f} for {repeats} repeats",
                        "the mean of accuracies that one deletion can give")


def means_of(values: Array, repeats: int) -> Array:
    """Every mean that so many draws of these values can have."""
    sums = np.zeros(1)
    for _ in range(repeats):
        sums = np.unique(np.add.outer(sums, values).round(9))
    return np.asarray(sums / repeats)


@verb()
def answers_in_order(exam: Exam) -> None:
    """returns one accuracy for each fraction, in the order of the fractions"""
    sick = patient(exam, ONE_LAYER)
    (found,) = curves(exam, [sick.call(exam, [DELETED, DELETED, 0.0, DELETED], 1, 300)], 4)
    compare(found[2], np.array(sick.whole), "curve[2]", 1e-9)
    if all(near(value, [sick.whole]) for value in found):
        raise Wrong("all accuracies are that of the whole network",
                    "others where units are deleted")
