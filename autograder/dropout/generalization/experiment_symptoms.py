"""Symptoms of the tools of an experiment."""

from __future__ import annotations

import numpy as np

from autograder.asking import Exam, Wrong, array, number
from autograder.checks_api.inputs import normal
from autograder.checks_api.symptoms import nearest, symptom
from autograder.checks_api.views import question
from autograder.dropout.generalization.ablation import means_of
from autograder.dropout.generalization.experiments import entry, spoiling, whole
from autograder.dropout.generalization.patients import (
    DELETED, ODD, ONE_LAYER, TWO_LAYERS, Habit, curve, curves, deletions, habit, near, patient,
    same_example, single)
from autograder.dropout.generalization.patients import FACTORS as TIMES
from autograder.dropout.generalization.training import labels
from autograder.dropout.mask_symptoms import P
from autograder.dropout.values import DIGITS
from autograder.model import Call, Given, Seed


# ------------------------------------------------------------------------------------- wrong labels
@symptom
def moved_labels(exam: Exam) -> str:
    """How many labels differ afterwards, over a few calls with 29 % of 100 labels (0.29 * 100 is a
    little less than 29)."""
    y = labels(100, 10, exam.seed(1))
    counts = [int((whole(v, 100) != y.value).sum())
              for v in exam.ask(*(spoiling(exam, y, 0.29, 10, k) for k in range(12)))]
    if len(set(counts)) == 1:
        return {29: "29", 28: "28", 0: "none", 71: "the others"}.get(counts[0], "another number")
    return "varies" if max(counts) > 29 else "varies, at most 29"


@symptom
def picked_places(exam: Exam) -> str:
    """Where the labels that move stand."""
    y = labels(400, 10, exam.seed(1))
    one, two = ((whole(v, 400) != y.value)
                for v in exam.ask(*(spoiling(exam, y, 0.3, 10, k) for k in (0, 1))))
    if not one.any():
        return "nowhere"
    if one.mean() > 0.6:
        return "nearly everywhere"
    if one[: int(one.sum())].mean() > 0.8:
        return "at the front"
    return "always the same" if np.array_equal(one, two) else "anywhere"


@symptom
def new_classes(exam: Exam) -> str:
    """Where a label of class 4 goes when all labels are to move."""
    y = Given("np.full(2000, 4)", np.full(2000, 4))
    (value,) = exam.ask(spoiling(exam, y, 1.0, 10))
    y2 = whole(value, 2000)
    found = {int(k): float((y2 == k).mean()) for k in np.unique(y2)}
    if len(found) == 1:
        return {5: "the next class", 4: "nowhere"}.get(next(iter(found)), "one class")
    if set(found) - set(range(10)):
        return "beyond the classes"
    if 4 in found:
        return nearest(found[4], {"its own class too": 0.1,
                                  "its own class too, more often": 1 / 3}, 0.05)
    if len(found) < 9:
        return f"{len(found)} of the 9 others"
    return ("all others" if max(found.values()) - min(found.values()) < 0.06
            else "not all others alike")


# ---------------------------------------------------------------------------------------- summaries
@symptom
def summary(exam: Exam, *, given: tuple[list[float], list[float]], key: str) -> str:
    """An entry of a summary, in six digits."""
    return number(_entries(exam, given, key)[0])


def _entries(exam: Exam, given: tuple[list[float], list[float]], *keys: str) -> list[float]:
    (value,) = exam.ask(question(exam, given))
    return [float(array(entry(value, key), key, ())) for key in keys]


@symptom
def wins_form(exam: Exam, *, a: list[float], b: list[float]) -> str:
    """Are wins counted, or given as a share?"""
    return "a share" if 0 < _entries(exam, (a, b), "wins")[0] < 1 else "a number"


@symptom
def draws(exam: Exam, *, a: list[float], b: list[float]) -> str:
    """Are differences of 0 counted as wins, whichever way round the difference is taken, or with
    its sign lost?"""
    (wins,), d = _entries(exam, (a, b), "wins"), np.array(a) - np.array(b)
    found = round(wins * len(a)) if 0 < wins < 1 else wins
    up, down, even = (int((np.sign(d) == sign).sum()) for sign in (1, -1, 0))
    alone = (up, down, up + down)
    return "not counted" if found in alone else "counted" if found - even in alone else "unclear"


@symptom
def t_and_sd(exam: Exam, *, given: tuple[list[float], list[float]], wanted: float) -> str:
    """Is t right? Else what its own mean and sd are multiplied by: then a wrong sd does not look
    like a wrong t."""
    mean, sd, t = _entries(exam, given, "mean", "sd", "t")
    if abs(abs(t) - abs(wanted)) < 1e-9:  # the sign is that of the mean
        return "right"
    n = len(given[0])
    # as of two groups that are no pairs
    groups = sd * float(n / sum(np.var(results, ddof=1) for results in given)) ** 0.5
    table = {"follows sd": n**0.5, "no root of n": 1.0, "n for its root": float(n),
             "two groups": groups}
    return nearest(t * sd / mean if mean else 0.0, table, 1e-6)


@symptom
def summary_digits(exam: Exam, *, given: tuple[list[float], list[float]],
                   wanted: dict[str, float]) -> str:
    """Are the entries of a summary right to ten digits, some of them (which?) about right, or
    further off?"""
    found = _entries(exam, given, *wanted)
    off = {key: abs(value / wanted[key] - 1) for key, value in zip(wanted, found, strict=True)}
    about = " and ".join(key for key, d in off.items() if DIGITS / 10 < d < 1e-5)
    return f"{about} about right" if about else "ten digits" if max(off.values()) < 1e-5 else "off"


# ----------------------------------------------------------------------------------- deleting units
def _seen(exam: Exam) -> Habit | None:
    """How units of one hidden layer are deleted; None when it is no deleting of units."""
    try:
        return habit(exam, ODD)
    except Wrong:
        return None


@symptom
def survivor_factor(exam: Exam) -> str:
    """What the units that are left are multiplied by."""
    seen = _seen(exam)
    return seen.factor if seen else "unclear"


@symptom
def deleted_unit(exam: Exam) -> str:
    """What a deleted unit says to the next layer."""
    seen = _seen(exam)
    return "its bias" if seen and seen.speak else "nothing"


@symptom
def number_deleted(exam: Exam) -> str:
    """How many units are deleted of 5, when 1.75 are asked for."""
    seen = _seen(exam)
    if not seen:
        return "unclear"
    found = deletions(exam, 24, ODD)
    number = seen.number(found)
    if number is None and all(near(value, [*seen.of(1).values(), *seen.of(2).values()])
                              for value in found):
        return "one or two"
    return "varies" if number is None else ("none", "rounded down", "rounded",
                                            "the others")[number] if number < 4 else "nearly all"


@symptom
def layers_deleted(exam: Exam) -> str:
    """Of which hidden layers units are deleted."""
    seen, sick = _seen(exam), patient(exam, TWO_LAYERS)
    number = seen.number(deletions(exam, fraction=ODD)) if seen else None
    if not seen or number is None:
        return "unclear"
    factor = TIMES[seen.factor](ODD, ONE_LAYER[1], ONE_LAYER[1] - number)
    stories = {
        "both": ((number, number), (factor, factor)),
        "the first": ((number, 0), (factor, 1.0)),
        "the last": ((0, number), (1.0, factor)),
    }
    for name, (counts, factors) in stories.items():
        possible = sick.possible(counts, factors, seen.speak).values()
        if all(near(value, possible) for value in single(exam, sick, 12, ODD)):
            return (f"{name}, the same units"
                    if sick.twins(counts, factors, single(exam, sick, 12, ODD)) else name)
    return "unclear"


@symptom
def deleted_for(exam: Exam) -> str:
    """Do all examples lose the same units? One example, many times: its copies are all right or all
    wrong, if they do."""
    mixed = {value for value in same_example(exam) if 0 < value < 1}
    return "each example by itself" if len(mixed) > 1 else "all examples alike"


@symptom
def deleted_units(exam: Exam) -> str:
    """Are other units deleted when the seed is another?"""
    values, sick = single(exam, patient(exam, ONE_LAYER), 24), patient(exam, ONE_LAYER)
    if all(near(value, [sick.whole]) for value in values):
        return "none"
    if np.ptp(values) > 1e-9:
        return "others each time"
    known = habit(exam)
    gone = known.units(values[0], known.number(values))
    return "always the first" if gone == tuple(range(len(gone))) else "always the same"


@symptom
def repeats(exam: Exam) -> str:
    """What two repeats give."""
    sick, known = patient(exam, ONE_LAYER), habit(exam)
    possible = np.array(list(known.of(known.number(deletions(exam))).values()))
    means = means_of(possible, 2)
    values, alone = ([float(found[0]) for found in curves(exam, [
        sick.call(exam, [DELETED], count, 200 + k) for k in range(24)], 1)] for count in (2, 1))
    if all(near(value, possible) for value in values):
        if not np.ptp(alone):
            return "not seen, for all deletions are alike"
        if np.allclose(values, alone):
            return "the same units twice"
        # the first of the two repeats is the one that is made alone
        return ("what the best one gives" if np.all(np.array(values) >= np.array(alone) - 1e-9)
                else "what one of them gives")
    if all(near(value, means) for value in values):
        return "their mean"
    return ("their sum" if max(values) > 1 and all(near(value / 2, means) for value in values)
            else "something else")


@symptom
def nothing_deleted(exam: Exam) -> str:
    """Is the whole network given back where nothing is deleted?"""
    sick = patient(exam, TWO_LAYERS)
    (value,) = exam.ask(sick.call(exam, [0.0], 2, 0))  # twice, so that a sum is at most 2
    found = float(curve(value, 1)[0])
    words = {"whole": sick.whole, "the wrong answers": 1 - sick.whole}
    return next((word for word, share in words.items() if near(found, [share])),
                "a percentage" if found > 2 else "other")


# ------------------------------------------------------------------------------------------- layers
@symptom
def layer_input(exam: Exam) -> str:
    """What has become of x after out = f(x, p, rng)."""
    x = normal((6, 7), exam.seed(1))
    (answer,) = exam.returned(Call(exam.function, (x, P, Seed(exam.seed())), watch=True))
    after = answer.beside.arguments[0]
    if np.array_equal(after, x.value):
        return "kept"
    return ("the output" if np.array_equal(after, array(answer.value, "out", (6, 7)))
            else "something else")
