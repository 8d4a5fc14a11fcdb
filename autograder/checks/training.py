"""Verbs about a function that trains a network: `train(X, y, sizes, p_in, p_hidden, epochs, lr, momentum, rng) -> params`.

Nothing here knows how a gradient is computed. What a training did is read off the weights it returns: with one batch a step is compared
with finite differences of the loss; with one-hot examples each row of the weights tells how often, in batches of which size and with
which label its example was used. Accuracies are always computed here, from the returned weights.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise
from typing import Any

import numpy as np

from autograder import datasets
from autograder.chance import acceptance, smallest_error
from autograder.checks.inputs import Array, normal
from autograder.checks.verb import verb
from autograder.exam import Exam, Wrong, an, array, number
from autograder.model import Call, Given, Seed

Params = dict[str, Array]

STEP = 1e-5  # of the finite differences
SMOOTH = 1e-6  # error of a step along a random direction, relative; right ones stay below 1e-8
ROWS = (80, 3)  # one-hot examples and classes: batches of 32, 32 and 16
TINY = 1e-4  # a learning rate at which one batch does not disturb the next
FIRST = (300, 200, 100, 10)  # the network whose first weights are looked at: three weight matrices, two chance tests each
QUARTILE = 0.674489750196082  # half of a normal distribution lies within so many standard deviations
SLOPE = 0.429  # by how much that half grows with the logarithm of the standard deviation: 2 * QUARTILE * its density there
WIDE = 3000  # units whose dropping is counted
BATCH = 32


# ------------------------------------------------------------------------------------------------------------------- asking, reading
def labels(count: int, classes: int, seed: int) -> Given:
    """Whole numbers from 0 to classes - 1."""
    return Given(f"np.random.default_rng({seed}).integers(0, {classes}, {count})", np.random.default_rng(seed).integers(0, classes, count))


def training(
    exam: Exam, X: Given, y: Given, sizes: tuple[int, ...], *, drop: tuple[float, float] = (0.0, 0.0), epochs: int = 1, lr: float = 0.1,
    momentum: float = 0.0, seed: int = 0, watch: bool = False,
) -> Call:
    """One training. `drop` is (p_in, p_hidden)."""
    return Call(exam.function, (X, y, sizes, *drop, epochs, lr, momentum, Seed(seed)), returns=("params",), watch=watch)


def read(value: Any, sizes: tuple[int, ...]) -> Params:
    """The returned weights and biases as float64; Wrong when they are not W1, b1, ... of the right shapes, or not finite.

    A bias may be a row (1, H): `keeps_its_biases_flat` asks about that, once.
    """
    names = [f"{kind}{k}" for k in range(1, len(sizes)) for kind in "Wb"]
    if not isinstance(value, dict):
        raise Wrong(f"the function returned {an(value)}", f"a dict with {', '.join(names)}")
    missing = [name for name in names if name not in value]
    if missing or len(value) > len(names):
        raise Wrong(f"params has no {missing[0]}" if missing else f"params holds {len(value)} arrays", ", ".join(names))
    params = {}
    for k, shape in enumerate(pairwise(sizes), start=1):
        params[f"W{k}"] = array(value[f"W{k}"], f"W{k}", shape).astype(float)
        bias = array(value[f"b{k}"], f"b{k}")
        if bias.shape != (1, shape[1]):
            array(value[f"b{k}"], f"b{k}", shape[1:])
        params[f"b{k}"] = bias.reshape(shape[1:]).astype(float)
    for name, entry in params.items():
        if not np.isfinite(entry).all():
            raise Wrong(f"{name} holds {number(entry[~np.isfinite(entry)][0])}", "numbers")
    return params


def scores(params: Params, X: Array) -> tuple[Array, list[Array]]:
    """The scores (N, K) of the whole network, and which hidden units are active."""
    h, active, layers = X, [], len(params) // 2
    for k in range(1, layers):
        z = h @ params[f"W{k}"] + params[f"b{k}"]
        active.append(z > 0)
        h = np.maximum(z, 0)
    return h @ params[f"W{layers}"] + params[f"b{layers}"], active


def loss(params: Params, X: Array, y: Array) -> tuple[float, list[Array]]:
    """Mean softmax cross-entropy (nats), and which hidden units are active."""
    s, active = scores(params, X)
    s = s - s.max(axis=1, keepdims=True)
    return float((np.log(np.exp(s).sum(axis=1)) - s[np.arange(len(y)), y]).mean()), active


def accuracy(params: Params, X: Array, y: Array) -> float:
    """The share of examples whose highest score is that of their label."""
    return float((scores(params, X)[0].argmax(axis=1) == y).mean())


def flat(params: Params) -> Array:
    """All weights and biases as one vector."""
    return np.concatenate([entry.ravel() for entry in params.values()])


def moved(params: Params, direction: Array, step: float) -> Params:
    """The network a step along a direction away."""
    result, start = {}, 0
    for name, entry in params.items():
        result[name] = entry + step * direction[start : start + entry.size].reshape(entry.shape)
        start += entry.size
    return result


def slope(params: Params, X: Array, y: Array, direction: Array) -> float | None:
    """The derivative of the loss along a direction, by central differences; None when a ReLU has its kink in between."""
    (up, active), (down, also) = (loss(moved(params, direction, sign * STEP), X, y) for sign in (1, -1))
    if any((one != other).any() for one, other in zip(active, also, strict=True)):
        return None
    return (up - down) / (2 * STEP)


def slopes(
    params: Params, X: Array, y: Array, seed: int, count: int = 3, among: Array | None = None
) -> list[tuple[Array, float]]:
    """Random unit directions along which the loss is smooth, and its derivative there; `among` says which numbers may move.

    Weights of 0 stand on the kink of every ReLU: the last layer alone may move then.
    """
    rng, found = np.random.default_rng(seed), list[tuple[Array, float]]()
    size, layers = flat(params).size, len(params) // 2
    last = np.arange(size) >= size - params[f"W{layers}"].size - params[f"b{layers}"].size
    may = np.ones(size, bool) if among is None else among
    for tries in range(20 * count):
        u = rng.normal(size=size) * (may if tries < 10 * count else may & last)
        if not u.any():
            continue
        u /= np.linalg.norm(u)
        value = slope(params, X, y, u)
        if value is not None:
            found.append((u, value))
        if len(found) == count:
            break
    return found


def batch(exam: Exam, sizes: tuple[int, ...], count: int = BATCH) -> tuple[Given, Given]:
    """Examples that fit into one batch, so that their order cannot matter."""
    return normal((count, sizes[0]), exam.seed(1)), labels(count, sizes[-1], exam.seed(2))


def copies(exam: Exam, sizes: tuple[int, ...], examples: int = 1) -> tuple[Given, Given]:
    """A full batch of copies of one example (or of several), so that it does not matter either which of them are drawn, and how often.

    They are small: loud first weights would make the network so sure of a class that there is no gradient.
    """
    times = BATCH // examples
    X, y = batch(exam, sizes, examples)
    tiled = Given(f"np.tile(0.25 * {X.text}, ({times}, 1))", np.tile(0.25 * X.value, (times, 1)))
    return tiled, Given(f"np.tile({y.text}, {times})", np.tile(y.value, times))


# ------------------------------------------------------------------------------------------------------------------------ what it returns
@verb()
def returns_a_network(exam: Exam, *, sizes: tuple[int, ...]) -> None:
    """returns weights and biases of the right names and shapes, for any number of layers"""
    X, y = batch(exam, sizes)
    (value,) = exam.ask(training(exam, X, y, sizes, seed=exam.seed()))
    read(value, sizes)


@verb()
def keeps_its_biases_flat(exam: Exam, *, sizes: tuple[int, ...]) -> None:
    """returns each bias as a vector (H,), not as a row (1, H)"""
    X, y = batch(exam, sizes)
    (value,) = exam.ask(training(exam, X, y, sizes, seed=exam.seed()))
    read(value, sizes)
    for k, width in enumerate(sizes[1:], start=1):
        array(value[f"b{k}"], f"b{k}", (width,))


@verb()
def starts_its_units_apart(exam: Exam) -> None:
    """starts with weights that differ from unit to unit"""
    params = _first(exam, 0)
    for k in range(1, len(FIRST)):
        W = params[f"W{k}"]
        if not np.ptp(W, axis=1).any():
            raise Wrong(f"all columns of the first W{k} are alike", "different weights into each unit")


@verb()
def draws_its_weights_by_rng(exam: Exam) -> None:
    """draws the first weights from rng: another seed gives others"""
    if np.array_equal(_first(exam, 0)["W1"], _first(exam, 1)["W1"]):
        raise Wrong("generators with different seeds gave the same first weights", "others")


def _first(exam: Exam, seed: int) -> Params:
    """The first weights: a training without a step leaves them as they are."""
    key = ("first", seed, exam.salt)
    if key not in exam.memo:
        X, y = batch(exam, FIRST, 4)
        call = training(exam, X, y, FIRST, lr=0.0, seed=exam.seed(10 + seed))
        (value,) = exam.ask(call)
        exam.memo[key] = call, read(value, FIRST)
    call, params = exam.memo[key]
    exam.last = (call,)
    return params  # type: ignore[no-any-return]  # what stands in the memo was put there above


def _spread_seen(**_: Any) -> str:
    first, last = (smallest_error(units * wide, 0.5) / SLOPE for units, wide in (FIRST[:2], FIRST[-2:]))
    return f"a standard deviation of the first weights that is off by {first:.0%} in the first layer, by {last:.0%} in the last"


@verb(chances=6, sees=_spread_seen)
def draws_first_weights(exam: Exam) -> None:
    """draws the first weights from a normal distribution with standard deviation sqrt(2 / fan_in), and starts the biases at 0"""
    params = _first(exam, 0)
    for k in range(1, len(FIRST)):
        name, W = f"W{k}", params[f"W{k}"]
        sd = float(np.sqrt(2 / W.shape[0]))
        if params[f"b{k}"].any():
            raise Wrong(f"b{k} starts with {number(params[f'b{k}'][0])}", "0")
        if len(np.unique(W)) < 0.9 * W.size:
            raise Wrong(f"{name} starts with {len(np.unique(W))} different numbers", f"{W.size}")
        _half(f"share of positive weights in {name}", W > 0)
        _half(f"share of weights of {name} within 0.6745 * sqrt(2 / {W.shape[0]}) of 0 (their standard deviation is {W.std():.4f})",
              np.abs(W) < QUARTILE * sd)


def _half(what: str, events: Array) -> None:
    low, high = acceptance(events.size, 0.5)
    if not low <= events.sum() <= high:
        raise Wrong(f"{what} = {events.mean():.3f}", f"0.500 +- {high / events.size - 0.5:.3f}")


# --------------------------------------------------------------------------------------------------------------------------- its steps
@verb()
def steps_down_the_gradient(exam: Exam, *, sizes: tuple[int, ...], lr: float = 0.1, examples: int = 1) -> None:
    """makes its first step, without momentum, by minus lr times the gradient of the mean loss"""
    # narrow layers will not do: where all units of a layer are silent, the next one stands at 0, on the kink of its ReLUs
    X, y = copies(exam, sizes, examples)
    before, after = in_a_row(exam, X, y, sizes, lr, 0.0, (0, 1))
    step = after - flat(before)
    if not step.any():
        raise Wrong("the first step is 0 everywhere", "-lr * gradient")
    smooth = slopes(before, X.value, y.value, exam.seed(3))
    _agree(step, smooth, -lr, float(np.linalg.norm(step)), "the first step", "-lr * gradient")


@verb()
def keeps_momentum(exam: Exam, *, sizes: tuple[int, ...], momentum: float, lr: float = 0.1, examples: int = 1) -> None:
    """adds momentum times the last step to each step, from one epoch to the next, and changes nothing else"""
    # measured in steps without momentum: what they should be is asked by `steps_down_the_gradient`
    X, y = copies(exam, sizes, examples)
    start, plain, first, second = in_a_row(exam, X, y, sizes, lr, momentum, (0, 1, 1, 2), (0,))
    alone, step = plain - flat(start), first - flat(start)
    size = float(np.linalg.norm(alone))
    if not size:
        raise Wrong("the first step is 0 everywhere", "a step")
    if not np.linalg.norm(step - alone) <= SMOOTH * size:
        ratio = number(step @ alone / size**2)
        raise Wrong(f"the first step with momentum is {ratio} times that without", "the same, for there is no last step")
    moving = alone != 0
    here, there = (slopes(at, X.value, y.value, exam.seed(3), among=moving) for at in (start, moved(start, step, 1.0)))
    if not here or not here[0][1]:
        raise Wrong("the first step leaves the loss as it is", "a step down the gradient")
    rate = float(alone @ here[0][0]) / here[0][1]
    rest = second - first - momentum * step
    _agree(rest, there, rate, size, "the second step less momentum times the first", "a step without momentum")


def in_a_row(
    exam: Exam, X: Given, y: Given, sizes: tuple[int, ...], lr: float, momentum: float, epochs: tuple[int, ...],
    plain: tuple[int, ...] = (),
) -> tuple[Any, ...]:
    """The first network, then the weights after so many steps on one batch, as vectors. One seed: the same first weights.

    Without momentum are those whose places, after that of the first network, are in `plain`.
    """
    calls = [
        training(
            exam, X, y, sizes, epochs=max(k, 1), lr=lr if k else 0.0, momentum=0.0 if place in plain else momentum, seed=exam.seed()
        )
        for place, k in enumerate(epochs, start=-1)
    ]
    networks = [read(value, sizes) for value in exam.ask(*calls)]
    return networks[0], *(flat(network) for network in networks[1:])


def _agree(step: Array, smooth: list[tuple[Array, float]], rate: float, size: float, what: str, told: str) -> None:
    """Refuse a step that is not, along each of these directions, `rate` times the derivative of the loss, as seen at this size."""
    for u, derivative in smooth:
        got, wanted = float(step @ u), rate * derivative
        if not abs(got - wanted) <= SMOOTH * size:
            raise Wrong(f"{what}, along a random direction, = {number(got)}", f"{number(wanted)}, which is {told}")


# -------------------------------------------------------------------------------------------------------------- examples and batches
def tracked(exam: Exam, momentum: float = 0.0, seed: int = 4) -> tuple[Array, Array, Array]:
    """Of ROWS[0] one-hot examples: the label each was used with, and its share of a step in the first and in the second epoch.

    An example used once, in a batch of m, has the share 1 / m; one that was left out has 0. Momentum makes early shares grow.
    """
    key = ("tracked", momentum, seed, exam.salt)
    if key not in exam.memo:
        count, classes = ROWS
        X = Given(f"np.eye({count})", np.eye(count))
        y = Given(f"np.arange({count}) % {classes}", np.arange(count) % classes)
        calls = [
            training(exam, X, y, ROWS, epochs=max(k, 1), lr=TINY if k else 0.0, momentum=momentum, seed=exam.seed(seed)) for k in (0, 1, 2)
        ]
        start, one, two = (read(value, ROWS) for value in exam.ask(*calls))
        exam.memo[key] = calls, _tracks(start["W1"] + start["b1"], one["W1"] - start["W1"], two["W1"] - one["W1"])
    calls, tracks = exam.memo[key]
    exam.last = (calls[1],)
    return tracks  # type: ignore[no-any-return]  # what stands in the memo was put there above


def _tracks(logits: Array, first: Array, second: Array) -> tuple[Array, Array, Array]:
    probs = np.exp(logits - logits.max(axis=1, keepdims=True))
    probs /= probs.sum(axis=1, keepdims=True)
    used = np.abs(first).argmax(axis=1)  # a step moves the score of the label as much as those of all other classes together
    residual = np.eye(probs.shape[1])[used] - probs
    share = [np.asarray((step * residual).sum(axis=1) / (residual**2).sum(axis=1) / TINY) for step in (first, second)]
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
        raise Wrong(f"{wrong} of {len(used)} examples were trained with the label of another", "0")


def _shares(exam: Exam) -> tuple[Array, Array]:
    """The shares of the examples in the first and in the second epoch. The sign of a step is the business of others."""
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
        shown = ", ".join(f"1/{1 / s:.3g}" for s in sorted({float(f"{s:.3g}") for s in first if s > 0})[:4])
        raise Wrong(f"examples had these shares in a step: {shown}", "1/32 in a full batch, 1/16 in the last, for 80 examples")


def batch_sizes(count: int) -> Array:
    """For each of `count` examples the size of the batch it falls into, largest first."""
    whole = count // BATCH * BATCH
    return np.concatenate([np.full(whole, BATCH), np.full(count - whole, count - whole)])


@verb()
def shuffles_anew(exam: Exam) -> None:
    """shuffles the examples anew in each epoch"""
    first, second = _shares(exam)
    if np.array_equal(in_the_last_batch(first), in_the_last_batch(second)):  # by chance: less than once in 10^16
        raise Wrong("the last batch held the same examples in both epochs", "others")


def in_the_last_batch(share: Array) -> Array:
    """Who sat in the last batch, the small one."""
    return np.flatnonzero(np.abs(share) > 1.5 / BATCH)


# ------------------------------------------------------------------------------------------------------------------------------ chance
@verb()
def repeats_itself(exam: Exam) -> None:
    """draws all its random numbers from rng: the same seed gives the same network"""
    sizes = (6, 8, 3)
    X, y = batch(exam, sizes, 40)
    calls = [training(exam, X, y, sizes, drop=(0.2, 0.5), epochs=2, momentum=0.9, seed=exam.seed(k), watch=True) for k in (0, 0, 5)]
    answers = exam.returned(*calls)
    one, again, other = (flat(read(answer.value, sizes)) for answer in answers)
    if any(answer.facts is not None and answer.facts.global_rng_moved for answer in answers):
        raise Wrong("the function drew from (or seeded) the global generator", "random numbers from rng only")
    if not np.array_equal(one, again):
        raise Wrong(f"two generators with the same seed gave weights that differ by {number(np.abs(one - again).max())}", "no difference")
    if np.array_equal(one, other):
        raise Wrong("two generators with different seeds gave the same weights", "different weights")


@verb()
def draws_orders_and_masks_by_rng(exam: Exam) -> None:
    """draws the order of the examples and the masks from rng: another seed gives others"""
    one, other = (in_the_last_batch(tracked(exam, seed=seed)[1]) for seed in (4, 5))
    if np.array_equal(one, other):
        raise Wrong("generators with different seeds gave the same last batch", "others")
    for where, drop in (("inputs", (0.5, 0.0)), ("hidden units", (0.0, 0.5))):
        shows, stays = thinned(exam, drop, where)
        also, fresh = thinned(exam, drop, where, 1)
        both = shows & also
        if np.array_equal(stays[both], fresh[both]):
            raise Wrong(f"generators with different seeds dropped the same {where}", "others")


@verb()
def keeps_its_data(exam: Exam) -> None:
    """does not modify X and y"""
    sizes = (6, 8, 3)
    X, y = batch(exam, sizes, 40)
    (answer,) = exam.returned(training(exam, X, y, sizes, drop=(0.2, 0.5), epochs=2, seed=exam.seed(), watch=True))
    for name, before, after in zip("Xy", (X, y), answer.facts.arguments if answer.facts else (), strict=False):
        if not isinstance(after, np.ndarray) or not np.array_equal(after, before.value):
            raise Wrong(f"{name} was changed by the call", f"{name} as it was")


def thinned(exam: Exam, drop: tuple[float, float], where: str, seed: int = 0) -> tuple[Array, Array]:
    """One step on one example: which units are not 0 anyway, and of which the weights on their way out moved."""
    sizes = (WIDE, 40, 3) if where == "inputs" else (6, WIDE, 3)  # 40: that all are dropped is beyond chance
    X, y = batch(exam, sizes, 1)
    (value,) = exam.ask(training(exam, X, y, sizes, drop=drop, lr=0.0, seed=exam.seed(seed)))
    before = read(value, sizes)
    name = "W1" if where == "inputs" else "W2"
    h = X.value[0] if where == "inputs" else np.maximum(X.value @ before["W1"] + before["b1"], 0)[0]
    # a label that the network takes for unlikely: of one that it is sure about there is no gradient
    label = int(scores(before, X.value)[0].argmin())
    for count in (1, BATCH):  # some make no step without a full batch: zeros fill it, and move no weight
        rows = Given(f"np.pad({X.text}, ((0, {count - 1}), (0, 0)))", np.pad(X.value, ((0, count - 1), (0, 0)))) if count > 1 else X
        y = Given(f"np.full({count}, {label})", np.full(count, label))
        (value,) = exam.ask(training(exam, rows, y, sizes, drop=drop, lr=TINY, seed=exam.seed(seed)))
        step = np.asarray(read(value, sizes)[name] - before[name])
        if step.any():
            break
    return np.asarray(h != 0), np.asarray(step.any(axis=1))


def _dropping_seen(*, where: str, p_in: float, p_hidden: float, **_: Any) -> str:
    units, share = (WIDE, p_in) if where == "inputs" else (WIDE // 2, p_hidden)  # half of the hidden ones are silent
    return f"a share of dropped {where} that is off by {smallest_error(units, share):.2g}"


@verb(chances=1, sees=_dropping_seen)
def drops_while_training(exam: Exam, *, where: str, p_in: float, p_hidden: float) -> None:
    """drops {where} with their own probability while it trains"""
    share = p_in if where == "inputs" else p_hidden
    # the other probability is 0, so that the dropping of one layer does not hide that of the other
    drop = (p_in, 0.0) if where == "inputs" else (0.0, p_hidden)
    shows, stays = thinned(exam, drop, where)
    if not stays.any():
        raise Wrong(f"no weight out of the {where} moved in a step on one example", f"those of about {1 - share:g} of them")
    dropped, total = int((shows & ~stays).sum()), int(shows.sum())
    low, high = acceptance(total, share)
    if not low <= dropped <= high:
        slack = max(high / total - share, share - low / total)
        raise Wrong(f"share of {where} without a gradient in a step = {dropped / total:.3f}", f"{share:.3f} +- {slack:.3f}")


# -------------------------------------------------------------------------------------------------------------------------- experiments
def split(data: str, train: int, noise: float, seed: int) -> tuple[Given, Given, Array, Array]:
    """`train` examples, a share of them with a wrong label, and all other examples with their right ones."""
    X, y = datasets.load(data)
    rng, classes = np.random.default_rng(seed), int(y.max()) + 1
    order = rng.permutation(len(X))
    here, there = order[:train], order[train:]
    noisy = y[here]
    wrong = rng.permutation(train)[: round(noise * train)]
    noisy[wrong] = (noisy[wrong] + rng.integers(1, classes, len(wrong))) % classes
    return Given("X_train", X[here]), Given("y_train", noisy), X[there], y[there]


def experiment(exam: Exam, given: Mapping[str, Any], drop: tuple[float, float], seed: int) -> float:
    """Train once, in the setting `given` (data, train, noise, sizes, epochs, lr, momentum); the accuracy on all other examples."""
    X, y, X_test, y_test = split(given["data"], given["train"], given["noise"], exam.seed(2 * seed))
    how = {name: given[name] for name in ("epochs", "lr", "momentum")}
    (value,) = exam.ask(training(exam, X, y, given["sizes"], drop=drop, seed=exam.seed(2 * seed + 1), **how))
    return accuracy(read(value, given["sizes"]), X_test, y_test)


@verb()
def learns(exam: Exam, *, given: Mapping[str, Any], at_least: float, p_in: float = 0.0, p_hidden: float = 0.0) -> None:
    """learns: trained on a few of the {given[data]}, it is right about at least {at_least:.0%} of the others"""
    share = experiment(exam, given, (p_in, p_hidden), 0)
    if not share >= at_least:
        raise Wrong(f"accuracy on new examples = {share:.1%}", f"at least {at_least:.0%}")


@verb()
def gains_from_dropout(
    exam: Exam, *, given: Mapping[str, Any], seeds: int, gain: float, floor: float, p_in: float = 0.0, p_hidden: float = 0.5
) -> None:
    """gains from dropout: with wrong labels among the training examples, new ones are recognised better with dropout than without"""
    pairs = [[experiment(exam, given, drop, k) for drop in ((0.0, 0.0), (p_in, p_hidden))] for k in range(seeds)]
    before, after = np.mean(pairs, axis=0)
    if not before >= floor:  # a network that learns nothing without dropout is no baseline
        raise Wrong(f"mean accuracy without dropout = {before:.1%}", f"at least {floor:.0%}")
    if not after - before >= gain:
        told = f"mean gain over {seeds} trainings = {100 * (after - before):.1f} points ({before:.1%} without, {after:.1%} with)"
        raise Wrong(told, f"at least {100 * gain:.0f} points")
