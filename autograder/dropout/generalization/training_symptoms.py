"""Symptoms of a function that trains a network."""

from __future__ import annotations

import numpy as np

from autograder.asking import Exam
from autograder.checks_api.inputs import Array
from autograder.checks_api.symptoms import nearest, symptom
from autograder.dropout.generalization.epochs import (
    ROWS, drawn_with_replacement, in_the_last_batch, second_mask, thinned, tracked, without_a_step)
from autograder.dropout.generalization.epochs import SIZES as SMALL
from autograder.dropout.generalization.slopes import Params, flat, moved, slope, slopes
from autograder.dropout.generalization.training import (
    FIRST, batch, copies, in_a_row, read, training)
from autograder.model import Given

SIZES = (6, 40, 30, 3)  # wide, so that no layer is silent for an example
LR, MOMENTUM = 0.1, 0.8
DROP = (0.2, 0.6)
NEAR = 1e-6


@symptom
def first_weights(exam: Exam) -> str:
    """The standard deviation of the first weights, as a formula."""
    X, y = batch(exam, FIRST, 4)
    (value,) = exam.ask(training(exam, X, y, FIRST, lr=0.0, seed=exam.seed()))
    W = read(value, FIRST)["W1"]  # (300, 200)
    fan_in, fan_out = W.shape
    table = {"sqrt(2/in)": 2 / fan_in, "sqrt(1/in)": 1 / fan_in, "sqrt(2/out)": 2 / fan_out,
             "sqrt(1/out)": 1 / fan_out, "sqrt(2/(in+out))": 2 / (fan_in + fan_out),
             "2/in": 4 / fan_in**2, "0.01": 1e-4, "1": 1.0}
    if not W.any():
        return "0"
    logs = {name: float(np.log(variance)) for name, variance in table.items()}
    known = nearest(float(np.log(W.var())), logs, 0.06)  # sampling moves the logarithm by 0.006
    return f"{known}, mean not 0" if abs(W.mean()) > 0.1 * W.std() else known


@symptom
def returned_weights(exam: Exam) -> str:
    """What becomes of weights that are not moved, in a training with dropout: "as they were", or
    each "times 1 - p"."""
    calls = without_a_step(exam, ((0.0, 0.0), (0.0, 0.0), DROP))
    plain, again, dropped = (read(value, SMALL) for value in exam.ask(*calls))
    if not np.array_equal(flat(plain), flat(again)):
        return "other first weights"
    if np.allclose(flat(dropped), flat(plain), rtol=NEAR, atol=0):
        return "as they were"
    return "times 1 - p" if np.allclose(dropped["W2"], (1 - DROP[1]) * plain["W2"], rtol=NEAR,
                                        atol=0) else "other"


@symptom
def weights_without_data(exam: Exam) -> str:
    """What training makes of weights that meet only zeros, and have no gradient: they "stay",
    "shrink" (weight decay) or "move"."""
    X, y = batch(exam, SMALL, 4)
    zeros = Given(f"0 * {X.text}", 0 * X.value)
    values = exam.ask(*(training(exam, zeros, y, SMALL, lr=lr, seed=exam.seed())
                        for lr in (0.0, LR)))
    before, after = (read(value, SMALL)["W1"] for value in values)
    if np.array_equal(before, after):
        return "stay"
    return "shrink" if before.all() and np.ptp(after / before) < NEAR else "move"


@symptom
def first_step(exam: Exam) -> str:
    """The first step, as a multiple of -lr * gradient."""
    X, y = copies(exam, SIZES)
    before, after = in_a_row(exam, X, y, SIZES, LR, MOMENTUM, (0, 1))
    step = after - flat(before)
    norm = float(np.linalg.norm(step))
    derivative = slope(before, X.value, y.value, step / norm) if norm else 0.0
    if not norm or not derivative:
        return "0"
    table = {"1": 1.0, "-1": -1.0, "1 - momentum": 1 - MOMENTUM, "batch": 32.0,
             "1 + momentum": 1 + MOMENTUM}
    return nearest(-norm / (LR * derivative), table, 1e-3)


@symptom
def second_step(exam: Exam) -> str:
    """What the second step, in the second epoch, keeps of the first."""
    X, y = copies(exam, SIZES)
    start, first, second = in_a_row(exam, X, y, SIZES, LR, MOMENTUM, (0, 1, 2))
    v, step = first - flat(start), second - first
    here, ahead = moved(start, v, 1.0), moved(start, v, 1.0 + MOMENTUM)
    told = {"momentum": (MOMENTUM, here), "nothing": (0.0, here), "all of it": (1.0, here),
            "1 - momentum": (1 - MOMENTUM, here), "momentum, gradient ahead": (MOMENTUM, ahead)}
    return next((name for name, (keep, at) in told.items()
                 if _is(step - keep * v, at, X.value, y.value, exam.seed(3))), "other")


def _is(rest: Array, at: Params, X: Array, y: Array, seed: int) -> bool:
    """Is this -lr * gradient?"""
    smooth = slopes(at, X, y, seed)
    return bool(smooth) and all(abs(rest @ u + LR * d) <= 1e-6 * np.linalg.norm(rest)
                                for u, d in smooth)


@symptom
def trained_biases(exam: Exam) -> str:
    """Do the biases move when the weights do?"""
    X, y = copies(exam, SIZES)
    values = exam.ask(*(training(exam, X, y, SIZES, lr=lr, seed=exam.seed()) for lr in (0.0, LR)))
    before, after = (read(value, SIZES) for value in values)
    moving = {name[0] for name in after if not np.array_equal(before[name], after[name])}
    return {"W": "stay", "Wb": "move", "b": "move"}.get("".join(sorted(moving)), "nothing moves")


@symptom
def within_an_epoch(exam: Exam) -> str:
    """Does a step keep something of the one before it in the same epoch? Three batches: the first
    one then counts 1 + 1/2 + 1/4 times."""
    _, share, _ = tracked(exam, 0.5)
    # 2 / 32 is the share in the last, smaller batch
    grown = (np.abs(share) > 1.4 / 32) & (np.abs(share) < 1.9 / 32)
    return "momentum" if grown.sum() >= 32 else "other"


@symptom
def batches(exam: Exam) -> str:
    """How the examples of an epoch come in batches."""
    _, share, _ = tracked(exam)
    share = np.abs(share)
    idle = int((share < 1e-3).sum())
    sizes = np.rint(1 / np.maximum(share, 1e-3)).astype(int)
    if idle == ROWS[0]:
        return "nothing to be seen"
    if idle and idle == ROWS[0] % 32 and set(sizes[share > 1e-3].tolist()) == {32}:
        return "the rest is left out"
    if idle:
        return "some twice, some never" if drawn_with_replacement(share) else "some are left out"
    found = {int(m): int((sizes == m).sum()) for m in np.unique(sizes)}
    return ("32 and the rest" if found == {32: 64, 16: 16}
            else " and ".join(map(str, sorted(found, reverse=True)[:3])))


@symptom
def label_used(exam: Exam) -> str:
    """Are examples and labels in the same order?"""
    used, share, _ = tracked(exam)
    return ("its own" if (used == np.arange(ROWS[0]) % ROWS[1])[np.abs(share) > 1e-3].all()
            else "another's")


@symptom
def order(exam: Exam) -> str:
    """Is the order shuffled, and how often?"""
    _, one, two = tracked(exam)
    first, second = (in_the_last_batch(share).tolist() for share in (one, two))
    if len(first) == ROWS[0]:  # batches so small that no example stands out
        return "not seen"
    if first != second:
        return "shuffled in each epoch"
    return ("never shuffled" if first == list(range(ROWS[0] - 16, ROWS[0]))
            else "shuffled once" if first else "not seen")


@symptom
def order_by(exam: Exam) -> str:
    """Does another seed shuffle in another order?"""
    one, other = (in_the_last_batch(tracked(exam, seed=seed)[1]) for seed in (4, 5))
    if len(one) != ROWS[0] % 32 or np.array_equal(one, np.arange(ROWS[0] - len(one), ROWS[0])):
        return "not seen"
    return "the same" if np.array_equal(one, other) else "another"


@symptom
def dropped_share(exam: Exam, *, where: str) -> str:
    """Which share of the inputs or of the hidden units is dropped in training."""
    # dropped inputs would change which hidden units are active; dropped hidden units hide no input
    shows, step = thinned(exam, DROP if where == "inputs" else (0.0, DROP[1]), where)
    stays = step.any(axis=1)
    # weights out of a silent unit have no gradient: something else moves them
    if not shows.any() or (stays & ~shows).any():
        return "not seen"
    share = float((shows & ~stays).sum() / shows.sum())
    if not share and drawn_with_replacement(tracked(exam)[1]):
        return "not seen"
    return nearest(share, {"p_in": DROP[0], "p_hidden": DROP[1], "none": 0.0, "all": 1.0,
                           "1 - p_in": 1 - DROP[0]}, 0.07)


@symptom
def next_dropped(exam: Exam) -> str:
    """Does the second step drop other inputs than the first?"""
    return second_mask(exam)
