"""The loss of a network with given weights, and how it changes along a direction of them."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from autograder.checks_api.inputs import Array

Params = dict[str, Array]

STEP = 1e-5  # of the finite differences


def sums(params: Params, X: Array) -> Iterator[Array]:
    """What arrives at the units by layer, scores (N, K) last. Students have it: it is no answer."""
    h = X
    for k in range(1, len(params) // 2 + 1):
        yield (z := h @ params[f"W{k}"] + params[f"b{k}"])
        h = np.maximum(z, 0)


def loss(params: Params, X: Array, y: Array) -> tuple[float, list[Array]]:
    """Mean softmax cross-entropy (nats), and which hidden units are active."""
    *hidden, s = sums(params, X)
    s = s - np.max(s, axis=1)[:, None]
    return float((np.log(np.exp(s).sum(axis=1)) - s[np.arange(len(y)), y]).mean()), [
        z > 0 for z in hidden]


def accuracy(params: Params, X: Array, y: Array) -> float:
    """The share of examples whose highest score is that of their label."""
    *_, s = sums(params, X)
    return float((s.argmax(axis=1) == y).mean())


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
    """The derivative of the loss along a direction, by differences; None at a ReLU's kink."""
    (up, active), (down, also) = (loss(moved(params, direction, sign * STEP), X, y)
                                  for sign in (1, -1))
    if any((one != other).any() for one, other in zip(active, also, strict=True)):
        return None
    return (up - down) / (2 * STEP)


def slopes(params: Params, X: Array, y: Array, seed: int, count: int = 3,
           among: Array | None = None) -> list[tuple[Array, float]]:
    """Random unit directions of a smooth loss, and its derivative; `among`: numbers that may move.

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
