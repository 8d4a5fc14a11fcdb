"""The verbs about trainings: right ones pass, wrong ones are told what is wrong; and rubbish."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Any

import numpy as np
import pytest

from autograder.asking import Exam
from autograder.checks_api import symptoms as g
from autograder.dropout.generalization import checks as c
from autograder.dropout.generalization import training_symptoms as t
from autograder.model import Check, Outcome
from autograder.tests.toys import Array, examined, junk, kinds_of_junk, student, told

NAME = "train"
Rng = np.random.Generator
Network = dict[str, Array]


# ----------------------------------------------------------------------------------- a toy training
def gradient(values: Network, X: Array, y: Array, p: tuple[float, float], rng: Rng) -> Network:
    """Backpropagation for any number of layers."""
    last, h = len(values) // 2, [X * _mask(X.shape, p[0], rng)]
    masks: list[Any] = [1.0]
    for k in range(1, last):
        z = h[-1] @ values[f"W{k}"] + values[f"b{k}"]
        masks.append(_mask(z.shape, p[1], rng))
        h.append(z * (z > 0) * masks[-1])
    s = h[-1] @ values[f"W{last}"] + values[f"b{last}"]
    e = np.exp(s - s.max(axis=1, keepdims=True))
    d = (e / e.sum(axis=1, keepdims=True) - np.eye(s.shape[1])[y]) / len(y)
    found: Network = {}
    for k in range(last, 0, -1):
        found[f"W{k}"], found[f"b{k}"] = h[k - 1].T @ d, d.sum(axis=0)
        d = (d @ values[f"W{k}"].T) * (h[k - 1] != 0) * masks[k - 1]
    return found


def _mask(shape: tuple[int, ...], p: float, rng: Rng) -> Any:
    return (rng.random(shape) >= p) / (1 - p) if p else 1.0


class Toy:
    """A training whose every part can be exchanged for a wrong one."""

    def __init__(self, **wrong: Any) -> None:
        self.wrong = wrong

    def __call__(self, X: Array, y: Array, sizes: Sequence[int], p_in: float, p_hidden: float,
                 epochs: int, lr: float, momentum: float, rng: Rng) -> Any:
        get = self.wrong.get
        if get("spoil"):
            X *= 0.5
        chance: Rng = get("chance", lambda rng: rng)(rng)
        values: Network = {}
        for k, (a, b) in enumerate(pairwise(sizes), start=1):
            values[f"W{k}"] = get(
                "first", lambda a, b, rng: rng.normal(size=(a, b)) * (2 / a) ** 0.5)(a, b, chance)
            values[f"b{k}"] = np.full(b, get("bias", 0.0))
        speed = {name: np.zeros_like(value) for name, value in values.items()}
        kept = chance.permutation(len(X))
        for epoch in range(epochs):
            if get("forget"):
                speed = {name: np.zeros_like(value) for name, value in values.items()}
            shuffler = np.random.default_rng(epoch) if get("own order") else chance
            order = (kept if get("once") else np.arange(len(X)) if get("never")
                     else shuffler.permutation(len(X)))
            for batch in get("cut",
                             lambda order: np.split(order, range(32, len(order), 32)))(order):
                labels = y[np.sort(batch)] if get("apart") else y[batch]
                p = get("p", lambda p_in, p_hidden: (p_in, p_hidden))(p_in, p_hidden)
                found = gradient(values, X[batch], labels, p,
                                 np.random.default_rng(0) if get("one mask") else chance)
                for name in values:
                    push = (get("sign", 1) * lr * (found[name] + get("decay", 0.0) * values[name])
                            * (1 - momentum if get("damp") else 1))
                    speed[name] = get("keep", momentum) * speed[name] - push
                    step = momentum * speed[name] - push if get("ahead") else speed[name]
                    if name[0] == "W" or not get("still"):
                        values[name] = values[name] + step
        return get("last", lambda values: values)(values)


RIGHT = Toy()
SIZES = (6, 40, 30, 3)
FIRST = c.draws_first_weights()
STEP = c.steps_down_the_gradient(sizes=SIZES)
MOMENTUM = c.keeps_momentum(sizes=SIZES, momentum=0.8)
ONCE = c.uses_each_example_once()
TOGETHER = c.keeps_examples_and_labels_together()
SHUFFLES = c.shuffles_anew()
HIDDEN = c.drops_while_training(where="hidden units", p_in=0.2, p_hidden=0.6)
INPUTS = c.drops_while_training(where="inputs", p_in=0.2, p_hidden=0.6)
ANEW = c.drops_anew_in_each_step()
REPEATS = c.draws_from_rng(via=c.trained())
KEEPS = c.leaves_its_arguments_alone(via=c.trained())
APART = c.starts_its_units_apart()
WEIGHTS_BY = c.draws_its_weights_by_rng()
REST_BY = c.draws_orders_and_masks_by_rng()
MANY = c.steps_down_the_gradient(sizes=SIZES, examples=32)
SMALL: dict[str, Any] = {"data": "digits", "train": 200, "noise": 0.0, "sizes": (64, 32, 10),
                         "epochs": 20, "lr": 0.02, "momentum": 0.9}
LEARNS = c.learns(given=SMALL, at_least=0.75, seconds=30)
NOISY = {**SMALL, "noise": 0.3, "sizes": (64, 128, 10), "epochs": 60}
GAINS = c.gains_from_dropout(given=NOISY, seeds=1, gain=0.03, floor=0.5, seconds=30)
NETWORK = c.returns_a_network(sizes=SIZES)
CHEAP = (NETWORK, APART, FIRST, WEIGHTS_BY, STEP, MANY, MOMENTUM, ONCE, TOGETHER, SHUFFLES, HIDDEN,
         INPUTS, ANEW, REPEATS, REST_BY, KEEPS)
ALL = (*CHEAP, LEARNS, GAINS)


def examine(check: Check, function: Callable[..., Any], slug: str = "toy") -> Any:
    return examined(check, {NAME: function}, NAME, slug, seconds=30)


@pytest.mark.parametrize("check", ALL, ids=lambda check: check.name[:60])
def test_a_right_training_passes(check: Check) -> None:
    verdict = examine(check, RIGHT)
    assert verdict.passed, told(verdict)


def test_weights_are_returned_as_they_were_trained() -> None:
    class Vanilla(Toy):
        def __call__(self, *given: Any) -> Any:
            return {name: value * (1 - given[4]) if name[0] == "W" else value
                    for name, value in super().__call__(*given).items()}

    check = c.returns_what_it_trained(p_in=0.2, p_hidden=0.5)
    assert examine(check, RIGHT).passed
    assert (examine(check, Vanilla()).got
            == "after a training with lr = 0 the first W1 has become 0.5 times as large")
    # that is charged elsewhere
    assert examine(check, Toy(chance=lambda rng: np.random.default_rng())).passed


def test_a_bias_in_a_row_is_charged_once() -> None:
    row = Toy(last=lambda v: {k: e[None] if k[0] == "b" else e for k, e in v.items()})
    assert examine(NETWORK, row).passed
    found = examine(c.keeps_its_biases_flat(sizes=SIZES), row)
    assert (found.got, found.wanted) == (f"b1.shape = (1, {SIZES[1]})", f"({SIZES[1]},)")
    assert examine(c.keeps_its_biases_flat(sizes=SIZES), Toy()).passed


@pytest.mark.parametrize("sweep", range(10))
def test_a_right_training_passes_with_other_seeds(sweep: int) -> None:
    for check in CHEAP:
        verdict = examine(check, RIGHT, f"sweep {sweep}")
        assert verdict.passed, told(verdict)


def thirty_two(order: Array) -> Any:
    return [order[k : k + 32] for k in range(0, len(order) - 31, 32)] or [order]


def only_full(order: Array) -> Any:
    return [order[k : k + 32] for k in range(0, len(order) - 31, 32)]


def whole(order: Array) -> Any:
    return [order]


def with_replacement(order: Array) -> Any:
    return [np.random.default_rng(k).integers(0, len(order), 32) for k in range(0, len(order), 32)]


def test_of_batches_drawn_with_replacement_nobody_says_that_nothing_is_dropped() -> None:
    """The one example stands in them 32 times, each time with other units."""
    drawn, nothing = Toy(cut=with_replacement), Toy(p=lambda p_in, p_hidden: (0.0, 0.0))
    assert not examine(ONCE, drawn).passed
    for check, where in ((HIDDEN, "hidden units"), (INPUTS, "inputs")):
        assert [examine(check, train).passed for train in (drawn, nothing)] == [True, False]
        fact = t.dropped_share(where=where)
        assert ([fact.look(Exam(NAME, student({NAME: train}), "toy")) for train in (drawn, nothing)]
                == ["not seen", "none"])


REFUSED: tuple[tuple[Check, Toy, str], ...] = (
    (NETWORK, Toy(last=lambda v: None),
     r"the function returned None .*, but should be a dict with W1, b1, W2, b2, W3, b3"),
    (NETWORK, Toy(last=lambda v: {"W1": v["W1"]}), r"params has no b1, but should be W1, b1"),
    (NETWORK, Toy(last=lambda v: {**v, "loss": 1.0}), r"params holds 7 arrays"),
    (NETWORK, Toy(last=lambda v: {**v, "W2": v["W2"].T}),
     r"W2\.shape = \(30, 40\), but should be \(40, 30\)"),
    (NETWORK, Toy(last=lambda v: {**v, "b1": v["b1"] * np.nan}),
     r"b1 holds nan, but should be numbers"),
    (NETWORK, Toy(last=lambda v: {**v, "W1": "weights"}),
     r"W1 is a str, but should be an array of numbers"),
    (FIRST, Toy(bias=0.1), r"b1 starts with 0\.1, but should be 0"),
    (FIRST, Toy(first=lambda a, b, rng: np.zeros((a, b))),
     r"W1 starts with 1 different numbers, but should be 60000"),
    (FIRST, Toy(first=lambda a, b, rng: rng.random((a, b))),
     r"share of positive weights in W1 = 1\.0000, but should be 0\.5000"),
    (FIRST, Toy(first=lambda a, b, rng: rng.normal(size=(a, b)) * (2 / b) ** 0.5),
     r"within 0\.6745 \* sqrt\(2 / 300\) of 0 .* = 0\.4"),
    (FIRST, Toy(first=lambda a, b, rng: rng.uniform(-1, 1, (a, b)) * (6 / a) ** 0.5),
     r"of W1 within .* = 0\.3\d\d\d, but should"),
    (STEP, Toy(sign=-1),
     r"the first step, along a random direction, = .*, which is -lr \* gradient"),
    (STEP, Toy(sign=0), r"the first step is 0 everywhere, but should be -lr \* gradient"),
    (STEP, Toy(sign=0.2), r"the first step, along a random direction"),
    (APART, Toy(first=lambda a, b, rng: np.full((a, b), 0.1)),
     r"all columns of the first W1 are alike, but should be different"),
    (WEIGHTS_BY, Toy(chance=lambda rng: np.random.default_rng(1)),
     r"different seeds gave the same first weights, but should be others"),
    (STEP, Toy(still=True), r"the first step, along a random direction"),
    (MOMENTUM, Toy(keep=0.0),
     r"the second step less momentum times the first, along a random direction"),
    (MOMENTUM, Toy(forget=True), r"the second step less momentum times the first"),
    (MOMENTUM, Toy(damp=True),
     r"the first step with momentum is 0\.2 times that without, but should be the same"),
    (MOMENTUM, Toy(ahead=True),
     r"the first step with momentum is 1\.8 times that without, but should be the same"),
    (MOMENTUM, Toy(sign=0), r"the first step is 0 everywhere, but should be a step"),
    (ONCE, Toy(cut=thirty_two),
     r"16 of 80 examples had no influence in the first epoch, but should be 0"),
    (ONCE, Toy(cut=whole), r"examples had these shares in a step: 1/80, but should be 1/32 in a "
     r"full batch, 1/16 in the last"),
    (ONCE, Toy(cut=lambda order: [order[:32], order[32:64], order[64:], order[:5]]),
     r"these shares in a step: .*1/\d"),
    (TOGETHER, Toy(apart=True),
     r"\d+ of 80 examples were trained with the label of another, but should be 0"),
    (SHUFFLES, Toy(once=True),
     r"the last batch held the same examples in both epochs, but should be others"),
    (SHUFFLES, Toy(never=True), r"the last batch held the same examples in both epochs"),
    (HIDDEN, Toy(p=lambda p_in, p_hidden: (p_in, 0.0)),
     r"hidden units without a gradient in a step = 0\.0000, but should be 0\.6000"),
    (HIDDEN, Toy(p=lambda p_in, p_hidden: (p_in, 1 - p_hidden)),
     r"share of hidden units without a gradient in a step = 0\.[34]"),
    (INPUTS, Toy(p=lambda p_in, p_hidden: (p_hidden, p_in)),
     r"inputs without a gradient in a step = 0\.0000, but should be 0\.2000"),
    (ANEW, Toy(**{"one mask": True}), r"the second step on one example dropped the very inputs "
     r"that the first one dropped, but should be"),
    (REPEATS, Toy(chance=lambda rng: np.random.default_rng()),
     r"two generators with the same seed gave different weights"),
    (REPEATS, Toy(chance=lambda rng: np.random.default_rng(1)),
     r"two generators with different seeds gave the same weights"),
    (REPEATS, Toy(chance=lambda rng: (np.random.seed(1), rng)[1]),
     r"the function drew from \(or seeded\) the global generator"),
    (REST_BY, Toy(**{"own order": True}),
     r"generators with different seeds gave the same last batch, but should be others"),
    (REST_BY, Toy(p=lambda p_in, p_hidden: (0.0, p_hidden)),
     r"generators with different seeds dropped the same inputs"),
    (KEEPS, Toy(spoil=True), r"X was changed by the call, but should be X as it was"),
    (LEARNS, Toy(sign=0),
     r"accuracy on new examples = \d\.\d%|accuracy on new examples = \d\d\.\d%"),
    (GAINS, Toy(p=lambda p_in, p_hidden: (0.0, 0.0)),
     r"mean gain over 1 trainings = 0\.0 points .*, but should be at least 3 points"),
    (GAINS, Toy(sign=0), r"mean accuracy without dropout = .*, but should be at least 50%"),
)


@pytest.mark.parametrize(("check", "wrong", "message"), REFUSED,
                         ids=[f"{k}: {row[0].verb}" for k, row in enumerate(REFUSED)])
def test_a_wrong_training_is_told_so(check: Check, wrong: Toy, message: str) -> None:
    verdict = examine(check, wrong)
    assert verdict.outcome is Outcome.FAILED, told(verdict)
    text = f"{verdict.got}, but should be {verdict.wanted}"
    assert re.search(message, text), text


# what a wrong training is not told, for it is not so
SPARED: tuple[tuple[str, Toy, tuple[Check, ...]], ...] = (
    ("weights of 0", Toy(first=lambda a, b, rng: np.zeros((a, b))),
     (STEP, MANY, MOMENTUM, ONCE, TOGETHER, SHUFFLES)),
    ("loud weights", Toy(first=lambda a, b, rng: rng.normal(size=(a, b))),
     (APART, STEP, MOMENTUM, HIDDEN, INPUTS, REST_BY)),
    ("steps upwards", Toy(sign=-1), (MOMENTUM, ONCE, TOGETHER, SHUFFLES, HIDDEN, INPUTS, REST_BY)),
    ("biases at rest", Toy(still=True), (MOMENTUM, ONCE, TOGETHER, SHUFFLES)),
    ("damped gradients", Toy(damp=True), (STEP, MANY)),
    ("Nesterov's steps", Toy(ahead=True), (STEP, MANY)),
    ("no step without a full batch", Toy(cut=only_full),
     (STEP, MOMENTUM, TOGETHER, HIDDEN, INPUTS)),
    ("others' labels", Toy(apart=True), (STEP, MOMENTUM, ONCE, SHUFFLES)),
    ("one batch", Toy(cut=whole), (STEP, MANY, MOMENTUM, TOGETHER)),
    ("weight decay", Toy(decay=0.1), (ONCE, TOGETHER, SHUFFLES, HIDDEN, INPUTS, ANEW, REST_BY)),
)


@pytest.mark.parametrize(("function", "checks"), [row[1:] for row in SPARED],
                         ids=[row[0] for row in SPARED])
def test_a_mistake_is_told_once(function: Toy, checks: tuple[Check, ...]) -> None:
    for sweep in range(2):
        for check in checks:
            verdict = examine(check, function, f"sweep {sweep}")
            assert verdict.passed, told(verdict)


@pytest.mark.parametrize("chance", [lambda rng: np.random, lambda rng: np.random.default_rng()],
                         ids=["np.random", "default_rng()"])
def test_who_leaves_rng_alone_loses_nothing_else(chance: Rng) -> None:
    assert [check for check in CHEAP if not examine(check, Toy(chance=chance)).passed] == [REPEATS]
    np.random.seed(5)
    examine(STEP, Toy(chance=chance))
    assert np.random.random() == np.random.RandomState(5).random_sample()


def test_a_second_step_that_moves_nothing_shows_no_mask() -> None:
    loud = Toy(first=lambda a, b, rng: rng.random((a, b)))  # after one step the network is sure
    assert all(examine(ANEW, loud, f"sweep {k}").passed for k in (3, 4))


def test_no_two_trainings_are_compared_that_start_with_other_weights() -> None:
    own = Toy(chance=lambda rng: np.random.RandomState())
    for check in (STEP, MANY, MOMENTUM, ONCE, TOGETHER, SHUFFLES, HIDDEN, INPUTS, ANEW, REST_BY):
        verdict = examine(check, own)
        assert verdict.outcome is Outcome.SKIPPED, told(verdict)
        assert verdict.got.startswith(
            "not tried: two generators with the same seed gave different first weights")
    for probe in (STEP_1, STEP_2, WITHIN, BATCHES, LABEL, ORDER, ORDER_BY, IN, HID):
        assert probe.look(Exam(NAME, student({NAME: own}), probe.name)) == "skipped"


@pytest.mark.parametrize("kind", kinds_of_junk())
def test_rubbish_breaks_no_check_and_no_fact(kind: str) -> None:
    rubbish = junk()[kind]

    def inside(X: Any, y: Any, sizes: tuple[int, ...], *rest: Any) -> Any:
        return {f"{letter}{k}": rubbish(sizes[k - 1 : k + 1]) for k in range(1, len(sizes))
                for letter in "Wb"}

    # pairs of rubbish are no news inside a dict
    for function in (rubbish, inside) if kind[0] != "(" else (rubbish,):
        for check in ALL:
            verdict = examine(check, function)
            assert verdict.outcome is not Outcome.BROKEN, told(verdict)
            assert not verdict.passed or check is KEEPS, told(verdict)
        for probe in FACTS:
            assert isinstance(probe.look(Exam(NAME, student({NAME: function}), probe.name)), str)


# -------------------------------------------------------------------------------------------- facts
WEIGHTS, STEP_1, STEP_2, WITHIN = (t.first_weights(), t.first_step(), t.second_step(),
                                   t.within_an_epoch())
BATCHES, LABEL, ORDER = t.batches(), t.label_used(), t.order()
CHANCE, DATA = g.chance_from(via=c.trained()), g.arguments_after(via=c.trained())
IN, HID = t.dropped_share("in", where="inputs"), t.dropped_share("hidden", where="hidden units")
BIASES, ORDER_BY, IDLE = t.trained_biases(), t.order_by(), t.weights_without_data()
FACTS = (BIASES, ORDER_BY, IDLE, WEIGHTS, STEP_1, STEP_2, WITHIN, BATCHES, LABEL, ORDER, CHANCE,
         DATA, IN, HID)


@pytest.mark.parametrize(
    ("probe", "function", "word"),
    [
        (WEIGHTS, RIGHT, "sqrt(2/in)"),
        (WEIGHTS, Toy(first=lambda a, b, rng: rng.normal(size=(a, b)) * 2 / a), "2/in"),
        (WEIGHTS, Toy(first=lambda a, b, rng: np.zeros((a, b))), "0"),
        (WEIGHTS, Toy(first=lambda a, b, rng: abs(rng.normal(size=(a, b)))), "other, mean not 0"),
        (STEP_1, RIGHT, "1"),
        (STEP_1, Toy(sign=-1), "-1"),
        (STEP_1, Toy(sign=0.2), "1 - momentum"),
        (STEP_1, Toy(sign=0), "0"),
        (STEP_2, RIGHT, "momentum"),
        (STEP_2, Toy(keep=0.0), "nothing"),
        (STEP_2, Toy(keep=0.5), "other"),
        (WITHIN, RIGHT, "momentum"),
        (WITHIN, Toy(forget=True), "momentum"),
        (WITHIN, Toy(keep=0.0), "other"),
        (BATCHES, RIGHT, "32 and the rest"),
        (BATCHES, Toy(sign=-1), "32 and the rest"),
        (BATCHES, Toy(cut=thirty_two), "the rest is left out"),
        (BATCHES, Toy(cut=whole), "80"),
        (BATCHES, Toy(sign=0), "nothing to be seen"),
        (BATCHES, Toy(cut=lambda order: [order[:32]]), "some are left out"),
        (BATCHES, Toy(cut=lambda order: [order[[0] * 16 + list(range(16))], order[:16]]),
         "some twice, some never"),
        (ORDER, Toy(cut=lambda order: np.split(order, range(16, len(order), 16))), "not seen"),
        (BIASES, RIGHT, "move"),
        (BIASES, Toy(sign=0), "nothing moves"),
        (BIASES, Toy(last=lambda v: {k: 0 * a if k[0] == "b" else a for k, a in v.items()}),
         "stay"),
        (LABEL, RIGHT, "its own"),
        (LABEL, Toy(sign=-1), "its own"),
        (LABEL, Toy(apart=True), "another's"),
        (ORDER, RIGHT, "shuffled in each epoch"),
        (ORDER, Toy(once=True), "shuffled once"),
        (ORDER, Toy(never=True), "never shuffled"),
        (ORDER_BY, RIGHT, "another"),
        (ORDER_BY, Toy(once=True), "another"),
        (ORDER_BY, Toy(**{"own order": True}), "the same"),
        (ORDER_BY, Toy(never=True), "not seen"),
        (ORDER_BY, Toy(cut=whole), "not seen"),
        (STEP_1, Toy(ahead=True), "1 + momentum"),
        (CHANCE, RIGHT, "given"),
        (CHANCE, Toy(chance=lambda rng: np.random.default_rng()), "own"),
        (CHANCE, Toy(chance=lambda rng: np.random.default_rng(1)), "frozen"),
        (CHANCE, Toy(chance=lambda rng: (np.random.rand(), rng)[1]), "global"),
        (DATA, RIGHT, "kept"),
        (DATA, Toy(spoil=True), "overwritten"),
        (IN, RIGHT, "p_in"),
        (IN, Toy(decay=0.1), "p_in"),
        (IDLE, RIGHT, "stay"),
        (IDLE, Toy(decay=0.1), "shrink"),
        (IDLE, Toy(chance=lambda rng: np.random.RandomState()), "move"),
        (IN, Toy(p=lambda p_in, p_hidden: (p_hidden, p_in)), "p_hidden"),
        (HID, RIGHT, "p_hidden"),
        (HID, Toy(p=lambda p_in, p_hidden: (p_in, 0.0)), "none"),
        (HID, Toy(first=lambda a, b, rng: np.zeros((a, b))), "not seen"),
    ],
)
def test_a_fact_finds_its_word(probe: Any, function: Toy, word: str) -> None:
    assert probe.look(Exam(NAME, student({NAME: function}), probe.name)) == word
