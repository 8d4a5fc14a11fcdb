"""Verbs about what a training does with examples and chance, and what comes of it.

All is read off the weights it returns: with one-hot examples each row of the weights tells how
often, in batches of which size and with which label its example was used. Accuracies are always
computed here, from the returned weights.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from autograder import datasets
from autograder.asking import Exam, Wrong, number, shared
from autograder.chance import smallest_error
from autograder.checks_api.counts import expect
from autograder.checks_api.inputs import Array, in_words
from autograder.checks_api.verb import verb
from autograder.dropout.generalization.slopes import accuracy, flat, sums
from autograder.dropout.generalization.training import (
    BATCH, batch, call_them, must_be_comparable, read, training)
from autograder.model import Call, Given

__all__ = ["draws_orders_and_masks_by_rng", "drops_anew_in_each_step", "drops_while_training",
           "gains_from_dropout", "keeps_examples_and_labels_together", "learns",
           "returns_what_it_trained", "shuffles_anew", "uses_each_example_once"]

SIZES = (6, 8, 7, 3)
ROWS = (80, 3)  # one-hot examples and classes: batches of 32, 32 and 16
TINY = 1e-4  # a learning rate at which one batch does not disturb the next
SHARE = Given(
    "share",
    None,
    f"""def share(before, after):  # of each example in a step: 1 / m in a batch of m
    y, rows = np.arange({ROWS[0]}) % {ROWS[1]}, np.arange({ROWS[0]})
    p = np.exp(before["W1"] + before["b1"])
    p /= p.sum(axis=1, keepdims=True)
    return abs(after["W1"] - before["W1"])[rows, y] / ({TINY} * (1 - p[rows, y]))""",
)
WIDE = 3000  # units whose dropping is counted


# ----------------------------------------------------------------------------- examples and batches
@shared
def tracked(exam: Exam, momentum: float = 0.0, seed: int = 4) -> tuple[Array, Array, Array]:
    """Of ROWS[0] one-hot examples: the label used with each, and its share of steps in two epochs.

    An example used once, in a batch of m, has the share 1 / m; one that was left out has 0.
    Momentum makes early shares grow.
    """
    must_be_comparable(exam)
    count, classes = ROWS
    X = Given(f"np.eye({count})", np.eye(count))
    y = Given(f"np.arange({count}) % {classes}", np.arange(count) % classes)
    calls = [training(exam, X, y, ROWS, epochs=max(k, 1), lr=TINY if k else 0.0, momentum=momentum,
                      seed=exam.seed(seed)) for k in (0, 1, 2)]
    start, one, two = (read(value, ROWS) for value in exam.ask(*calls))
    call_them(exam, "before", "after", "later")
    exam.show('(after["W1"] == before["W1"]).all(axis=1).sum()')
    steps = (_without_decay(after["W1"] - before["W1"], start["W1"])
             for before, after in ((start, one), (one, two)))
    return _tracks(start["W1"] + start["b1"], *steps)


def _without_decay(step: Array, W: Array) -> Array:
    """A step less weight decay: a gradient takes from some classes what it gives to others."""
    moved, sums_ = step.sum(axis=1), W.sum(axis=1)
    return np.asarray(step - W * (moved @ sums_) / max(sums_ @ sums_, 1e-300))


def _tracks(logits: Array, first: Array, second: Array) -> tuple[Array, Array, Array]:
    probs = np.exp(logits - logits.max(axis=1, keepdims=True))
    probs /= probs.sum(axis=1, keepdims=True)
    # a step moves the score of the label as much as those of all other classes together
    used = np.abs(first).argmax(axis=1)
    residual = np.eye(probs.shape[1])[used] - probs
    share = [np.asarray((step * residual).sum(axis=1) / (residual**2).sum(axis=1) / TINY)
             for step in (first, second)]
    return used, share[0], share[1]


@verb()
def keeps_examples_and_labels_together(exam: Exam) -> None:
    """trains every example with its own label"""
    used, first, _ = tracked(exam)
    busy = np.abs(first) >= 1e-3
    if not busy.any():
        raise Wrong(f"{len(used)} of {len(used)} examples had no influence in the first epoch", "0")
    wrong = int((used != np.arange(ROWS[0]) % ROWS[1])[busy].sum())
    if wrong:
        exam.show(f'(abs(after["W1"] - before["W1"]).argmax(axis=1) != np.arange({ROWS[0]}) % '
                  f'{ROWS[1]}).sum()')
        raise Wrong(f"{wrong} of {len(used)} examples were trained with the label of another", "0")


def _shares(exam: Exam) -> tuple[Array, Array]:
    """The shares of the examples in the first two epochs. A step's sign is others' business."""
    first, second = map(np.abs, tracked(exam)[1:])
    idle = int((first < 1e-3).sum())
    if idle:
        raise Wrong(f"{idle} of {len(first)} examples had no influence in the first epoch", "0")
    return first, second


@verb()
def uses_each_example_once(exam: Exam) -> None:
    """uses each example once in an epoch, in batches of 32 (the last batch holds the rest)"""
    first, _ = _shares(exam)
    wanted = batch_sizes(ROWS[0])
    got = np.sort(np.rint(1 / np.maximum(first, 1e-9)))[::-1]
    sound = np.abs(first * np.rint(1 / np.maximum(first, 1e-9)) - 1).max() < 0.02
    if not sound or not np.array_equal(got, wanted):
        exam.show("np.unique((1 / share(before, after)).round(1))[:4]", SHARE)
        shown = ", ".join(f"1/{1 / s:.3g}"
                          for s in sorted({float(f"{s:.3g}") for s in first if s > 0})[:4])
        raise Wrong(f"examples had these shares in a step: {shown}",
                    "1/32 in a full batch, 1/16 in the last, for 80 examples")


def batch_sizes(count: int) -> Array:
    """For each of `count` examples the size of the batch it falls into, largest first."""
    whole = count // BATCH * BATCH
    return np.concatenate([np.full(whole, BATCH), np.full(count - whole, count - whole)])


@verb()
def shuffles_anew(exam: Exam) -> None:
    """shuffles the examples anew in each epoch"""
    first, second = _shares(exam)
    # by chance: less than once in 10^16
    if np.array_equal(in_the_last_batch(first), in_the_last_batch(second)):
        exam.show(f"((share(before, after) > {1.5 / BATCH}) != (share(after, later) > "
                  f"{1.5 / BATCH})).sum()", SHARE)
        raise Wrong("the last batch held the same examples in both epochs", "others")


def drawn_with_replacement(share: Array) -> bool:
    """Whether some examples stand in an epoch more than once, and others not at all."""
    return bool(np.abs(share).min() < 1e-3 and np.abs(share).max() > 2.5 / BATCH)


def in_the_last_batch(share: Array) -> Array:
    """Who sat in the last batch, the small one."""
    return np.flatnonzero(np.abs(share) > 1.5 / BATCH)


# ------------------------------------------------------------------------------------------- chance
@verb()
def draws_orders_and_masks_by_rng(exam: Exam) -> None:
    """draws the order of the examples and the masks from rng: another seed gives others"""
    one, calls = in_the_last_batch(tracked(exam, seed=4)[1]), exam.last[:2]
    if np.array_equal(one, in_the_last_batch(tracked(exam, seed=5)[1])):
        exam.last = *calls, *exam.last[:2]
        call_them(exam, "before", "after", "other_before", "other_after")
        exam.show(f"((share(before, after) > {1.5 / BATCH}) != (share(other_before, other_after) > "
                  f"{1.5 / BATCH})).sum()", SHARE)
        raise Wrong("generators with different seeds gave the same last batch", "others")
    for where, drop in (("inputs", (0.5, 0.0)), ("hidden units", (0.0, 0.5))):
        (shows, step), (also, fresh) = (thinned(exam, drop, where, seed) for seed in (0, 1))
        both = shows & also
        if np.array_equal(step[both].any(axis=1), fresh[both].any(axis=1)):
            raise Wrong(f"generators with different seeds dropped the same {where}", "others")


def thinned(exam: Exam, drop: tuple[float, float], where: str, seed: int = 0,
            epochs: int = 1) -> tuple[Array, Array]:
    """A step on one example per epoch: which units are not 0, how weights behind them moved."""
    must_be_comparable(exam)
    # 40: that all are dropped is beyond chance
    sizes = (WIDE, 40, 3) if where == "inputs" else (6, WIDE, 3)
    X, y = batch(exam, sizes, 1)
    X = in_words("X", X)
    (value,) = exam.ask(training(exam, X, y, sizes, drop=drop, lr=0.0, seed=exam.seed(seed)))
    before, first = read(value, sizes), exam.last
    name = "W1" if where == "inputs" else "W2"
    h = X.value[0] if where == "inputs" else np.maximum(X.value @ before["W1"] + before["b1"], 0)[0]
    # a label that the network takes for unlikely: of one that it is sure about there is no gradient
    *_, s = sums(before, X.value)
    label = int(s[0].argmin())
    # some make no step without a full batch: zeros fill it, and move no weight
    for count in (1, BATCH):
        rows = Given(f"np.pad(X, ((0, {count - 1}), (0, 0)))",
                     np.pad(X.value, ((0, count - 1), (0, 0))), X.first) if count > 1 else X
        y = Given(f"np.full({count}, {label})", np.full(count, label))
        (value,) = exam.ask(training(exam, rows, y, sizes, drop=drop, epochs=epochs, lr=TINY,
                                     seed=exam.seed(seed)))
        step = np.asarray(read(value, sizes)[name] - before[name])
        if step.any():
            break
    exam.last = *first, *exam.last
    call_them(exam, "before", "after")
    active = "" if where == "inputs" else '[(X @ before["W1"] + before["b1"])[0] > 0]'
    exam.show(f'(after["{name}"] == before["{name}"]).all(axis=1){active}.mean()')
    W = before[name]
    # what weight decay does is no gradient
    along = (step * W).sum(axis=1) / np.maximum((W * W).sum(axis=1), 1e-300)
    still = np.isclose(step, along[:, None] * W, rtol=1e-4, atol=0).all(axis=1)
    return np.asarray(h != 0), np.where(still[:, None], 0.0, step)


def _dropping_seen(*, where: str, p_in: float, p_hidden: float, **_: Any) -> str:
    # half of the hidden ones are silent
    units, share = (WIDE, p_in) if where == "inputs" else (WIDE // 2, p_hidden)
    return f"a share of dropped {where} that is off by {smallest_error(units, share):.2g}"


@verb(chances=1, sees=_dropping_seen)
def drops_while_training(exam: Exam, *, where: str, p_in: float, p_hidden: float) -> None:
    """drops {where} with their own probability while it trains"""
    share = p_in if where == "inputs" else p_hidden
    # the other probability is 0, so that the dropping of one layer does not hide that of the other
    drop = (p_in, 0.0) if where == "inputs" else (0.0, p_hidden)
    shows, step = thinned(exam, drop, where)
    stays = step.any(axis=1)
    if not stays.any():
        raise Wrong(f"no weight out of the {where} moved in a step on one example",
                    f"those of about {1 - share:g} of them")
    if (shows <= stays).all() and drawn_with_replacement(tracked(exam)[1]):
        # the one example stands in the batch many times, each time with other units:
        # `uses_each_example_once` tells of it
        return
    dropped, total = int((shows & ~stays).sum()), int(shows.sum())
    expect(f"share of {where} without a gradient in a step", dropped, total, share)


def second_mask(exam: Exam) -> str:
    """Does the second step drop other inputs: "others", "the same", or "not seen"?"""
    one, two = (thinned(exam, (0.5, 0.0), "inputs", epochs=epochs)[1] for epochs in (1, 2))
    dropped, later = (~step.any(axis=1) for step in (one, two))
    if np.array_equal(one, two) or not dropped.any() or dropped.all():
        return "not seen"
    return "the same" if np.array_equal(dropped, later) else "others"


@verb()
def drops_anew_in_each_step(exam: Exam) -> None:
    """drops other inputs in each step"""
    if second_mask(exam) == "the same":
        raise Wrong("the second step on one example dropped the very inputs that the first one "
                    "dropped", "others")


@verb()
def returns_what_it_trained(exam: Exam, *, p_in: float, p_hidden: float) -> None:
    """returns the weights as the last step left them, whatever p_in and p_hidden are"""
    calls = without_a_step(exam, ((0.0, 0.0), (0.0, 0.0), (p_in, p_hidden)))
    plain, again, dropped = (read(value, SIZES) for value in exam.ask(*calls))
    if not np.array_equal(flat(plain), flat(again)):
        return  # that the first weights are not repeated is charged elsewhere
    for name, value in plain.items():
        if not np.allclose(dropped[name], value, rtol=1e-6, atol=0):
            exam.show_two(calls[::2],
                          f'(other["{name}"] * one["{name}"]).sum() / (one["{name}"] ** 2).sum()')
            share = (float((dropped[name] * value).sum() / (value * value).sum())
                     if value.any() else np.inf)
            raise Wrong(f"after a training with lr = 0 the first {name} has become {number(share)} "
                        "times as large", "as it was drawn")


def without_a_step(exam: Exam, drops: Sequence[tuple[float, float]]) -> list[Call]:
    """Trainings with a learning rate of 0, which leave the first weights as they are."""
    X, y = batch(exam, SIZES, 4)
    return [training(exam, X, y, SIZES, drop=drop, lr=0.0, seed=exam.seed()) for drop in drops]


# -------------------------------------------------------------------------------------- experiments
def split(data: str, train: int, noise: float, seed: int) -> tuple[Given, Given, Array, Array]:
    """`train` examples, a share of them with a wrong label, and all others with right ones."""
    X, y = datasets.load(data)
    rng, classes = np.random.default_rng(seed), int(y.max()) + 1
    order = rng.permutation(len(X))
    here, there = order[:train], order[train:]
    noisy = y[here]
    wrong = rng.permutation(train)[: round(noise * train)]
    noisy[wrong] = (noisy[wrong] + rng.integers(1, classes, len(wrong))) % classes
    return Given("X_train", X[here]), Given("y_train", noisy), X[there], y[there]


def experiment(exam: Exam, given: Mapping[str, Any], p_hidden: float, seed: int) -> float:
    """Train once as `given` (data, train, noise, sizes ...); the accuracy on all other examples."""
    X, y, X_test, y_test = split(given["data"], given["train"], given["noise"], exam.seed(2 * seed))
    how = {name: given[name] for name in ("epochs", "lr", "momentum")}
    (value,) = exam.ask(training(exam, X, y, given["sizes"], drop=(0.0, p_hidden),
                                 seed=exam.seed(2 * seed + 1), **how))
    return accuracy(read(value, given["sizes"]), X_test, y_test)


@verb()
def learns(exam: Exam, *, given: Mapping[str, Any], at_least: float,
           p_hidden: float = 0.0) -> None:
    """learns: trained on a few of the {given[data]}, it is right about at least {at_least:.0%} of
    the others"""
    share = experiment(exam, given, p_hidden, 0)
    if not share >= at_least:
        raise Wrong(f"accuracy on new examples = {share:.1%}", f"at least {at_least:.0%}")


@verb()
def gains_from_dropout(exam: Exam, *, given: Mapping[str, Any], seeds: int, gain: float,
                       floor: float, p_hidden: float = 0.5) -> None:
    """gains from dropout: with wrong labels among the training examples, new ones are recognised
    better with dropout than without"""
    pairs = [[experiment(exam, given, p, k) for p in (0.0, p_hidden)] for k in range(seeds)]
    before, after = np.mean(pairs, axis=0)
    if not before >= floor:  # a network that learns nothing without dropout is no baseline
        raise Wrong(f"mean accuracy without dropout = {before:.1%}", f"at least {floor:.0%}")
    if not after - before >= gain:
        told = (f"mean gain over {seeds} trainings = {100 * (after - before):.1f} points "
                f"({before:.1%} without, {after:.1%} with)")
        raise Wrong(told, f"at least {100 * gain:.0f} points")
