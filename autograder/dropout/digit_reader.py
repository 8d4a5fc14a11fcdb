"""A network that has learnt handwritten digits, to be asked; each weight has its own steps."""

from __future__ import annotations

from itertools import count, pairwise
from typing import Any

import numpy as np

from autograder.dropout.given import Array, Network, Params

WIDTHS = (64, 128, 128, 10)


class DigitReader:
    """A ReLU network 64-128-128-10, trained with inverted dropout (Adam, Kingma and Ba 2015).

    X : (N, 64) pixels from 0 to 1;  y : (N,) the digits
    p : float in [0, 1), the probability that a hidden unit is DROPPED
    """

    def __init__(self, X: Array, y: Array, p: float, rng: np.random.Generator,
                 steps: int = 100) -> None:
        self.p, self.params = p, self._first(rng)
        network = Network(0.0, p, rng)
        slow: dict[str, Any] = dict.fromkeys(self.params, 0.0)
        fast = slow.copy()
        for step in range(1, steps + 1):
            for name, slope in network.gradients(self.params, X, y).items():
                slow[name] = 0.9 * slow[name] + 0.1 * slope
                fast[name] = 0.999 * fast[name] + 0.001 * slope**2
                size = np.sqrt(fast[name] / (1 - 0.999**step)) + 1e-8
                self.params[name] = self.params[name] - 0.003 * slow[name] / (1 - 0.9**step) / size

    def _first(self, rng: np.random.Generator) -> Params:
        made: Params = {}
        for layer, (inputs, units) in zip(count(1), pairwise(WIDTHS), strict=False):
            made |= {f"W{layer}": rng.uniform(-1, 1, (inputs, units)) * np.sqrt(6 / inputs),
                     f"b{layer}": np.zeros(units)}
        return made

    def scores(self, X: Array, rng: np.random.Generator | None = None) -> Array:
        """Scores (N, 10) of one pass: with an rng dropout is on, without it is test time."""
        for layer in (1, 2, 3):
            X = X @ self.params[f"W{layer}"] + self.params[f"b{layer}"]
            if layer < 3:
                on = (X > 0 if rng is None
                      else (X > 0) * np.greater_equal(rng.random(X.shape), self.p) / (1 - self.p))
                X = X * on
        return X
