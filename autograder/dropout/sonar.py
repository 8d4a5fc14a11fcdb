"""The sonar experiment of a widely read tutorial, in a second: ten folds, side by side."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]
WIDTHS = (60, 60, 30, 2)
FOLDS, BATCH, EPOCHS = 10, 16, 300
SEEN = 186  # training echoes, equally many for all folds


class CrossValidation:
    """Ten folds of the echoes, with equal shares of rocks and mines; the seed decides on all.

    X : (208, 60) echoes;  y : (208,) 0 or 1;  seed : int
    """

    def __init__(self, X: Array, y: Array, seed: int) -> None:
        self.rng, self.y, self.fold = np.random.default_rng(seed), y, np.empty(len(y), dtype=int)
        for label in (0, 1):
            members = np.flatnonzero(y == label)
            self.fold[self.rng.permutation(members)] = np.arange(len(members)) % FOLDS
        # (10, 186)
        self.here = np.stack([np.flatnonzero(self.fold != k)[:SEEN] for k in range(FOLDS)])
        seen = X[self.here]
        # (10, 208, 60), by the training part only
        self.X = (X - seen.mean(axis=1, keepdims=True)) / seen.std(axis=1, keepdims=True)

    def accuracy(self, p_in: float, p_hidden: float, lr: float, momentum: float,
                 max_norm: float) -> float:
        """Mean accuracy of the ten networks, in percent, each on the fold that it has not seen.

        max_norm limits the length of the weights into a hidden unit; 0: no limit.
        """
        layers, speeds = self._begin()
        for rows in self._batches():
            steps = self._slopes(layers, rows, (p_in, p_hidden, p_hidden))
            for k, step in enumerate(steps):
                for j in (0, 1):
                    speeds[k][j] = momentum * speeds[k][j] - lr * step[j]
                    layers[k][j] = layers[k][j] + speeds[k][j]
                if max_norm and k < 2:
                    layers[k][0] *= np.minimum(
                        1, max_norm / np.linalg.norm(layers[k][0], axis=1, keepdims=True))
        right = self._scores(layers).argmax(axis=2) == self.y
        return 100 * float(np.mean([right[k, self.fold == k].mean() for k in range(FOLDS)]))

    def _begin(self) -> tuple[list[list[Any]], list[list[Any]]]:
        """Weights by Glorot and Bengio (2010) and biases, layer by layer, and their velocities."""
        pairs = list(pairwise(WIDTHS))
        weights = [self.rng.uniform(-1, 1, (FOLDS, a, b)) * np.sqrt(6 / (a + b)) for a, b in pairs]
        return [[W, np.zeros((FOLDS, 1, W.shape[2]))] for W in weights], [[0.0, 0.0] for _ in pairs]

    def _batches(self) -> Iterator[Array]:
        """(10, 16 or 17) places of training echoes; each epoch and fold has its own order."""
        for _ in range(EPOCHS):
            order = self.rng.random(self.here.shape).argsort(axis=1)
            for first in range(SEEN // BATCH):
                yield np.take_along_axis(self.here, order[:, first :: SEEN // BATCH], axis=1)

    def _slopes(self, layers: list[list[Any]], rows: Array,
                rates: tuple[float, ...]) -> list[tuple[Array, Array]]:
        """Gradients of the mean cross-entropy for one batch of each network, layer by layer."""
        h, heard, inputs = self.X[np.arange(FOLDS)[:, None], rows], list[Array](), list[Array]()
        for k, (W, b) in enumerate(layers):
            on = (h > 0) * 1.0 if k else np.ones_like(h)
            if rates[k]:
                on *= (self.rng.random(h.shape) >= rates[k]) / (1 - rates[k])
            heard, inputs = [*heard, on], [*inputs, h * on]
            h = inputs[-1] @ W + b
        # softmax of two classes
        blame = ((1 + np.tanh((h - h[..., ::-1]) / 2)) / 2
                 - np.eye(2)[self.y[rows]]) / rows.shape[1]
        found = []
        for k in (2, 1, 0):
            found.append((inputs[k].swapaxes(1, 2) @ blame, blame.sum(axis=1, keepdims=True)))
            blame = blame @ layers[k][0].swapaxes(1, 2) * heard[k]
        return found[::-1]

    def _scores(self, layers: list[list[Any]]) -> Array:
        h: Array = self.X
        for k, (W, b) in enumerate(layers):
            h = (h.clip(min=0) if k else h) @ W + b
        return h
