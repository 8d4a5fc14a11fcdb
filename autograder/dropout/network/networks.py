"""Networks to ask about: `(params, X, y, p_in, p_hidden, rng, train=True) -> (loss, grads)`.

`params` and `grads` are dicts W1 b1 W2 b2 W3 b3 (W is (in, out), b is (out,)), the hidden layers
are ReLUs, the loss is a mean softmax cross-entropy. A *firm* network keeps every ReLU away from its
kink whatever is dropped; a *reading* network lets the loss say which units of one layer were
dropped. Both can be imported and run by students: a message shows how.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from typing import Any

import numpy as np

from autograder.asking import Exam, Wrong, an, array, number, pair, quoted, shared
from autograder.checks_api.inputs import Array
from autograder.model import Call, Given, Seed

__all__ = ["written"]

INPUTS, FIRST, SECOND = 0, 1, 2
# as lists say
LAYERS = {"inputs": INPUTS, "units of hidden layer 1": FIRST, "units of hidden layer 2": SECOND}
NAMES = ("W1", "b1", "W2", "b2", "W3", "b3")
FAN = 64  # units of layer 2 behind one of layer 1: all of them are dropped with probability p^64
Params = dict[str, Array]
Network = tuple[Params, Array, Array]


# ------------------------------------------------------------------------------------ firm networks
def firm_network(sizes: Sequence[int], batch: int, seed: int) -> Network:
    """(params, X, y) in which no mask brings a ReLU near its kink; units are on for some examples.

    Examples and units carry a sign each. Every term of a preactivation has the product of its
    example's and its unit's sign, so terms that are dropped cannot make it cross zero; biases,
    always of the unit's sign, are too small to turn it round, and hold when all is dropped.
    """
    rng = np.random.default_rng(seed)
    signs = [np.ones(sizes[0]),
             *(rng.permutation(np.resize([1.0, -1.0], size)) for size in sizes[1:-1])]
    params: Params = {}
    for layer, (before, after) in enumerate(pairwise(signs), 1):
        shape = (before.size, after.size)
        params[f"W{layer}"] = before[:, None] * after * rng.uniform(1.0, 3.0, shape) / before.size
        params[f"b{layer}"] = after * rng.uniform(0.01, 0.02, after.size)
    # scores of moderate size: no example is certain, and none so unlikely that 1e-8 added in a
    # logarithm counts
    params[f"W{len(signs)}"] = 0.3 * rng.normal(size=sizes[-2:]) / np.sqrt(sizes[-2])
    params[f"b{len(signs)}"] = 0.3 * rng.normal(size=sizes[-1])
    turn = np.resize([1.0, -1.0], batch)
    return params, turn[:, None] * rng.uniform(0.5, 1.5, (batch, sizes[0])), rng.integers(
        0, sizes[-1], batch)


def normal_network(sizes: Sequence[int], batch: int, seed: int) -> Network:
    """(params, X, y) of normal numbers, of the size that He initialisation gives, and labels."""
    rng = np.random.default_rng(seed)
    params: Params = {}
    for layer, shape in enumerate(pairwise(sizes), 1):
        params[f"W{layer}"] = rng.normal(size=shape) * np.sqrt(2 / shape[0])
        params[f"b{layer}"] = 0.3 * rng.normal(size=shape[1])
    return params, rng.normal(size=(batch, sizes[0])), rng.integers(0, sizes[-1], batch)


# --------------------------------------------------------------------------------- reading networks
def reading_network(layer: int, codes: Sequence[float], example: int = 0,
                    batch: int = 1) -> Network:
    """(params, X, y) of scores 0 and sum(codes * multipliers of this layer), for one example.

    Layer 0 is the input, 1 and 2 are the hidden layers; the other hidden layer has a single unit,
    through which all must pass.
    """
    weights = np.array(codes, dtype=float).reshape(1, -1)
    units = weights.size
    one, fan_in = np.ones((1, 1)), np.ones((units, 1))
    chain = {INPUTS: (weights, fan_in, one, 1), FIRST: (one, weights, fan_in, 1),
             SECOND: (one, one, weights, units)}[layer]
    row, W1, W2, last = chain
    X = np.zeros((batch, row.size))
    X[example] = row
    W3 = np.column_stack([np.zeros(last), np.ones(last)])
    params = {"W1": W1, "b1": np.zeros(W1.shape[1]), "W2": W2, "b2": np.zeros(W2.shape[1]),
              "W3": W3, "b3": np.zeros(2)}
    return params, X, np.zeros(batch, dtype=np.int64)


def square_network(units: int, size: float) -> Network:
    """(params, X, y): unit u of a layer feeds unit u of the next; a score counts those kept."""
    eye, none = np.eye(units), np.zeros(units)
    W3 = np.column_stack([none, np.full(units, size)])
    params = {"W1": eye, "b1": none, "W2": eye.copy(), "b2": none.copy(), "W3": W3,
              "b3": np.zeros(2)}
    return params, np.ones((1, units)), np.zeros(1, dtype=np.int64)


@dataclass(frozen=True)
class Scale:
    """What a student's loss is when the only score is 0, or `score`: bits and sums are read too."""

    zero: float
    full: float
    score: float

    def read(self, loss: float) -> float:
        """The score that made this loss, on the scale of log(1 + exp(s)) up to its unit."""
        nats = ((loss - self.zero) * (np.log1p(np.exp(self.score)) - np.log(2))
                / (self.full - self.zero) + np.log(2))
        return float(np.log(np.expm1(nats))) if nats > 0 else -np.inf

    def shown(self, loss: str) -> str:
        """Python that does the same."""
        unit = (np.log1p(np.exp(self.score)) - np.log(2)) / (self.full - self.zero)
        usual = abs(unit - 1) < 1e-9 and abs(self.zero - np.log(2)) < 1e-9
        return (f"np.log(np.expm1({loss}))" if usual
                else f"np.log(np.expm1(({loss} - {self.zero!r}) * {unit!r} + np.log(2)))")


MAKERS: dict[str, Callable[..., Network]] = {
    f.__name__: f for f in (firm_network, normal_network, reading_network, square_network)}


# ---------------------------------------------------------------------------------------- questions
@dataclass(frozen=True)
class Question:
    """A network and its data, each with the text that shows it."""

    params: Given
    X: Given
    y: Given

    @property
    def values(self) -> Params:
        """The parameters themselves."""
        return dict(self.params.value)

    def moved(self, name: str, by: Array) -> Question:
        """The same with one parameter moved."""
        params = {**self.params.value, name: self.params.value[name] + by}
        return Question(Given("moved", params), self.X, self.y)


@lru_cache(maxsize=64)
def asked(maker: str, *arguments: Any) -> Question:
    """What `maker(*arguments)` gives, as a question that can be pasted."""
    values = MAKERS[maker](*arguments)
    shown = ", ".join(repr(a) for a in arguments)
    first = (f"from autograder.dropout.network.networks import {maker}\n"
             f"params, X, y = {maker}({shown})")
    params, X, y = (Given(name, value, first)
                    for name, value in zip(("params", "X", "y"), values, strict=True))
    return Question(params, X, y)


def written(**params: list[Any]) -> Given:
    """In a list: parameters given number by number."""
    text = ", ".join(f'"{name}": np.array({value})' for name, value in params.items())
    return Given(f"{{{text}}}", {name: np.array(value) for name, value in params.items()})


def loss_call(exam: Exam, question: Question, p_in: float = 0.0, p_hidden: float = 0.0,
              seed: int | Seed | None = 0, train: bool = True, **more: Any) -> Call:
    """`loss, grads = f(params, X, y, p_in, p_hidden, rng)`; only the loss travels, or `ship`.

    A number as seed is the number-th of the exam. At test time there is a generator, too: who draws
    there is told so once, and goes on.
    """
    rng = Seed(exam.seed(seed)) if isinstance(seed, int) else seed
    arguments = (question.params, question.X, question.y, p_in, p_hidden, rng)
    return Call(exam.function, arguments, {} if train else {"train": False},
                returns=("loss", "grads"), **{"ship": (0,), **more})


# ------------------------------------------------------------------------------------------ answers
def loss_of(value: Any) -> float:
    """The loss of a returned pair: one finite number."""
    loss = array(pair(value, ("loss", "grads"))[0], "loss", ())
    if not np.isfinite(loss):
        raise Wrong(f"loss = {number(loss)}", "a finite number")
    return float(loss)


def grads_of(value: Any, params: Params) -> Params:
    """The gradients of a returned pair: arrays of parameters' shapes, axes of length 1 aside."""
    grads = pair(value, ("loss", "grads"))[1]
    if not isinstance(grads, dict):
        raise Wrong(f"grads is {an(grads)}", "a dict")
    missing = [name for name in params if name not in grads]
    if missing:
        there = (quoted(f", but {', '.join(str(name) for name in list(grads)[:6])}", 80)
                 if grads else "")
        raise Wrong(f"grads has no {missing[0]}{there}",
                    f"a gradient for each of {', '.join(params)}")
    return {name: _gradient(grads[name], name, np.shape(params[name])) for name in params}


def _gradient(value: Any, name: str, shape: tuple[int, ...]) -> Array:
    """One gradient in its parameter's shape; Wrong if more than axes of length 1 keep it out."""
    gradient = array(value, f'grads["{name}"]')
    if [n for n in gradient.shape if n != 1] != [n for n in shape if n != 1]:
        array(value, f'grads["{name}"]', shape)
    return gradient.reshape(shape).astype(float)


def losses(exam: Exam, question: Question, p_in: float, p_hidden: float,
           seeds: range) -> list[float]:
    """The training losses of one question, seed by seed."""
    return losses_of(exam, exam.ask(*(loss_call(exam, question, p_in, p_hidden, seed)
                                      for seed in seeds)))


def losses_of(exam: Exam, values: Sequence[Any]) -> list[float]:
    """The losses of the pairs the last calls returned; a message about one shows its call."""
    script, found = exam.last, []
    for call, value in zip(script, values, strict=True):
        exam.last = (call,)
        found.append(loss_of(value))
    exam.last = script
    return found


def rates(layer: int, p: float) -> tuple[float, float]:
    """(p_in, p_hidden) that drop from the input only, or from the hidden layers only."""
    return (p, 0.0) if layer == INPUTS else (0.0, p)


def passes(layer: int) -> int:
    """Through how many dropout layers what a reading network reads must come."""
    return 1 if layer == INPUTS else 2


def scale(exam: Exam, question: Question, score: float, silent: Question | None = None) -> Scale:
    """How this student's loss follows a score at test time: from `question`, and without data."""
    silent = silent or Question(question.params, Given("0 * X", 0 * question.X.value), question.y)
    zero, full = losses_of(exam, exam.ask(*(loss_call(exam, q, train=False)
                                            for q in (silent, question))))
    if not full > zero:
        got = (f"for the scores 0 and 0 the loss is {number(zero)}, for 0 and {score:g} it is "
               f"{number(full)}")
        raise Wrong(got, "a loss that grows with the score of a wrong class")
    # of the network asked last: who says what was read shows it
    exam.memo["scale"] = Scale(zero, full, score)
    return Scale(zero, full, score)


def scores_read(exam: Exam, question: Question, score: float, p: tuple[float, float],
                seeds: range) -> list[float]:
    """What training losses say of a reading or square network's score; `score`: undropped."""
    known = scale(exam, question, score)
    return [known.read(v) for v in losses(exam, question, *p, seeds)]


def chained(exam: Exam, p: tuple[float, float], count: int, number: int = 1000) -> list[float]:
    """A signal's factor on its way by one unit per layer, in `count` calls (0: one was dropped)."""
    question = asked("reading_network", INPUTS, (1.0,))
    return _nearly_zero(scores_read(exam, question, 1.0, p, range(number, number + count)))


SINGLE = """from autograder.dropout.network.networks import reading_network
params = {{**reading_network({layer}, (1.0,))[0], "W1": np.zeros((1, 1)), "b2": np.{bias}(1)}}
X, y = np.ones((1, 1)), np.zeros(1, dtype=int)"""


def singles(exam: Exam, layer: int, p: float, count: int, number: int = 1000) -> list[float]:
    """A single unit's factor in this layer; of hidden layer 1, with one of layer 2 behind it."""
    if layer != SECOND:
        return chained(exam, rates(layer, p), count, number)
    question = single(layer)
    known = scale(exam, question, 1.0, single(layer, "zeros"))
    found = losses(exam, question, 0.0, p, range(number, number + count))
    return _nearly_zero([known.read(v) for v in found])


def single(layer: int, bias: str = "ones") -> Question:
    """A network of single units whose score is 1; layer 2 is fed by its bias, past all others."""
    if layer != SECOND:
        return asked("reading_network", INPUTS, (1.0,))
    values = asked("reading_network", SECOND, (1.0,)).values
    params = {**values, "W1": np.zeros((1, 1)), "b2": getattr(np, bias)(1)}
    shown = Given("params", params, SINGLE.format(layer=SECOND, bias=bias))
    return Question(shown, Given("X", np.ones((1, 1))), Given("y", np.zeros(1, dtype=np.int64)))


def survivals(exam: Exam, layer: int, p: float, count: int) -> list[bool]:
    """Whether a single unit of this layer survived, in `count` calls, whatever others do."""
    if layer != FIRST:
        return [f != 0 for f in singles(exam, layer, p, count)]
    question = asked("reading_network", SECOND, (1.0 / FAN,) * FAN)
    fed = scores_read(exam, question, 1.0, rates(FIRST, p), range(count))
    return [f != 0 for f in _nearly_zero(fed)]


def factors(exam: Exam, layer: int, p: float, count: int) -> tuple[list[float], float]:
    """By what this layer's single units were multiplied, 0 if dropped, later factors taken out."""
    found, script = singles(exam, layer, p, count), exam.last
    behind = (next((f for f in singles(exam, SECOND, p, count, 5000) if f), 1.0)
              if layer == FIRST else 1.0)
    exam.last = script
    return [f / behind for f in found], behind


@shared
def seen_factor(exam: Exam, p: tuple[float, float]) -> float:
    """By what a signal that comes through is multiplied, right or wrong: the unit of counts."""
    for batch in range(32):
        found = [f for f in chained(exam, p, 16, 7000 + 16 * batch) if f]
        if found:
            return float(np.median(found))
    raise Wrong("nothing came through in 512 calls", "something, now and then")


def _nearly_zero(factors: Sequence[float]) -> list[float]:
    return [0.0 if abs(f) < 1e-9 else f for f in factors]
