"""A network to experiment with, where gradients are not the exercise: `Network`, `accuracy`.

It is handed out when students have built one themselves, and written in another form than they were
asked for: all layers are one step that calls itself.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]
Params = dict[str, Array]


class Network:
    """Gradients of a ReLU network of any depth, with inverted dropout.

    p_in, p_hidden : floats in [0, 1), the probability that an input, or a hidden unit, is DROPPED
    rng            : numpy.random.Generator; every call of `gradients` draws fresh masks from it
    """

    def __init__(self, p_in: float, p_hidden: float, rng: np.random.Generator) -> None:
        self.rates, self.rng = (p_in, p_hidden), rng

    def gradients(self, params: Params, X: Array, y: Array) -> Params:
        """Gradients of the mean cross-entropy (nats): a dict like params. No argument is modified.

        params : dict W1 (D, H1), b1 (H1,), W2, b2, ...;  X : (N, D);  y : (N,) ints
        """
        found: Params = {}
        self._passed(X * self._kept(X, self.rates[0]), 1, params, y, found)
        return found

    def _kept(self, like: Array, rate: float) -> Any:
        return np.greater_equal(self.rng.random(like.shape), rate) / (1 - rate) if rate else 1.0

    def _passed(self, h: Array, layer: int, params: Params, y: Array, found: Params) -> Array:
        """Send h (N, in) through this layer and on; returns h's gradient, noting others."""
        W: Array = params[f"W{layer}"]
        sums = h @ W + params[f"b{layer}"]
        if f"W{layer + 1}" in params:
            # by the next layer, of one unit of each sum
            heard = self._kept(sums, self.rates[1]) * (sums > 0)
            blame = heard * self._passed(sums * heard, layer + 1, params, y, found)
        else:
            share = np.exp(sums - sums.max(axis=1)[:, None])
            blame = (share / share.sum(axis=1)[:, None]
                     - (y[:, None] == range(W.shape[1]))) / y.size
        found[f"W{layer}"], found[f"b{layer}"] = h.T @ blame, blame.sum(axis=0)
        back: Array = blame @ W.T
        return back


def accuracy(params: Params, X: Array, y: Array) -> float:
    """Share of the examples whose right class has the highest score, without dropout."""
    for layer in range(1, len(params) // 2 + 1):
        X = (X if layer == 1 else X.clip(min=0)) @ params[f"W{layer}"] + params[f"b{layer}"]
    return float(np.mean(X.argmax(axis=1) == y))
