"""The verbs about networks with dropout: right ones pass, wrong ones are refused in words; junk.

The toy network knows no backward pass: its gradients are complex steps, exact to the last digits
and made only when somebody looks.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from autograder.asking import Exam, script_text
from autograder.checks_api import symptoms as g
from autograder.checks_api.inputs import Array
from autograder.dropout.network import checks as c
from autograder.dropout.network import symptoms as n
from autograder.dropout.network.networks import (
    Scale, asked, firm_network, reading_network, square_network, written)
from autograder.judge import judge
from autograder.model import Call, Check, Outcome, Verdict
from autograder.subjects.local import Local
from autograder.tests.toys import one_part

Function = Callable[..., Any]
Params = Mapping[str, Array]
NATS = Scale(np.log(2), np.log(1 + math.e), 1.0)  # one example, the mean in nats


# ------------------------------------------------------------------------------------ a toy network
def inverted(rng: Any, shape: tuple[int, ...], p: float) -> Array:
    return np.asarray((rng.random(shape) >= p) * (1 / (1 - p) if p < 1 else 0.0))


def relu(a: Array) -> Array:
    return np.where(a.real > 0, a, 0)


def mean_loss(params: Params, X: Array, y: Array, masks: list[Any], score_mask: Any = 1.0,
              activation: Callable[[Array], Array] = relu) -> Any:
    """The loss for given masks; complex numbers allow a derivative by an imaginary step."""
    h = X * masks[0]
    for layer in (1, 2):
        a = h @ params[f"W{layer}"] + params[f"b{layer}"]
        h = activation(a) * masks[layer]
    s = (h @ params["W3"] + params["b3"]) * score_mask
    s = s - s.real.max(axis=1, keepdims=True)
    return np.mean(np.log(np.exp(s).sum(axis=1)) - s[np.arange(len(y)), y])


class Lazy(dict[str, Any]):
    """Gradients computed when they are looked at; most questions ask for the loss alone."""

    def __init__(self, params: Params, f: Callable[[Params], Any],
                 change: Callable[[dict[str, Array]], Any]) -> None:
        super().__init__(dict.fromkeys(params))
        self.params, self.f, self.change = params, f, change

    def items(self) -> Any:
        grads = {}
        for name, value in self.params.items():
            grads[name] = np.zeros(value.shape)
            for place in np.ndindex(value.shape):
                stepped = value.astype(complex)
                stepped[place] += 1e-30j
                grads[name][place] = np.imag(self.f({**self.params, name: stepped})) / 1e-30
        return self.change(grads).items()


def network(multiplier: Callable[[Any, tuple[int, ...], float], Any] = inverted,
            rates: Callable[[float, float], tuple[float, float, float]] = lambda p_in, p_hidden: (
                p_in, p_hidden, p_hidden), grads: Callable[[dict[str, Array]], Any] = lambda grads:
            grads, loss: Callable[[Any, int], Any] = lambda loss, n: loss, scores: bool = False,
            always: bool = False, lawful: bool = True,
            activation: Callable[[Array], Array] = relu) -> Function:
    """A network with dropout in which one thing may be different."""

    def function(params: Params, X: Array, y: Array, p_in: float, p_hidden: float, rng: Any,
                 train: bool = True) -> Any:
        if lawful and not (0 <= p_in <= 1 and 0 <= p_hidden <= 1):
            raise ValueError("a rate is a probability")
        shapes = [X.shape, (len(X), len(params["b1"])), (len(X), len(params["b2"])),
                  (len(X), len(params["b3"]))]
        masks: list[Any] = [1.0] * 4
        if train or always:
            masks = [multiplier(rng, shape, p)
                     for shape, p in zip(shapes, (*rates(p_in, p_hidden), p_hidden), strict=True)]

        def f(some: Params) -> Any:
            return loss(mean_loss(some, X, y, masks[:3], masks[3] if scores else 1.0,
                                  activation), len(X))

        return float(np.real(f(params))), Lazy(params, f, grads)

    return function


RIGHT = network()


def verdict(check: Check, function: Function, slug: str = "slug",
            reference: Function | None = None) -> Verdict:
    other = Local(namespace={"toy": reference}) if reference else None
    return judge(one_part("toy", [check]), Local(namespace={"toy": function, "np": np}), slug,
                 "salt", other)[0]


SMALL = {"sizes": (4, 5, 4, 3), "batch": 6}
INPUTS = "inputs"
FIRST, SECOND = "units of hidden layer 1", "units of hidden layer 2"
SHAPES = c.shapes_gradients_like_parameters(p_in=0.2, p_hidden=0.5, **SMALL)
CHECKS = (
    c.feels_its_scores(),
    c.agrees_with_its_own_loss(case="without dropout", p_in=0.0, p_hidden=0.0, **SMALL),
    c.agrees_with_its_own_loss(case="everywhere", p_in=0.2, p_hidden=0.4, **SMALL),
    c.agrees_with_its_own_loss(case="at test time", p_in=0.2, p_hidden=0.4, train=False, **SMALL),
    c.is_the_plain_network_at_zero(**SMALL),
    c.is_the_plain_network_at_test_time(p_in=0.2, p_hidden=0.5, **SMALL),
    c.draws_no_number_at_test_time(p_in=0.2, p_hidden=0.5),
    c.leaves_its_arguments_alone(via=c.loss(0.2, 0.5)),
    c.raises_value_error(case="p_in = -0.1", via=c.loss(-0.1, 0.5)),
    c.raises_value_error(case="p_hidden = 1.5", via=c.loss(0.2, 1.5)),
    c.stands_huge_scores(),
    c.survives_dropping_everything(**SMALL),
    c.gives_dropped_units_no_gradient(p_in=0.4, p_hidden=0.5, units=14, calls=6),
    c.drops_some_and_keeps_some_of_the(of=INPUTS, p=0.4),
    c.drops_some_and_keeps_some_of_the(of=FIRST, p=0.4),
    c.scales_the_surviving(of=INPUTS, p=0.4),
    c.scales_the_surviving(of=FIRST, p=0.4),
    c.drops_the_right_share_of(of=INPUTS, p=0.3),
    c.drops_the_right_share_of(of=FIRST, p=0.3),
    c.drops_the_right_share_of(of=SECOND, p=0.3),
    c.decides_by_itself_about(of=INPUTS, p=0.4),
    c.decides_by_itself_about(of=FIRST, p=0.4),
    c.decides_by_itself_about(of=SECOND, p=0.4),
    c.draws_a_mask_for_every_layer(p=0.4),
    c.never_drops_the_scores(p=0.4),
    c.draws_from_rng(via=c.loss(0.4, 0.4, sizes=(20, 20, 20, 4))),
    c.draws_its_masks_afresh(p=0.4),
    c.leads_the_gradient_back(through="W3", to="b2"),
    c.leads_the_gradient_back(through="W2", to="b1"),
    SHAPES,
    c.shows_its_scores(),
)


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.name)
def test_the_right_network_passes_whatever_the_draw(check: Check) -> None:
    for slug in ("one", "two", "three"):
        found = verdict(check, RIGHT, slug)
        assert found.passed, f"{check.name}: {found.got} | {found.wanted}"


@pytest.mark.parametrize("of", [INPUTS, FIRST, SECOND])
def test_another_activation_is_told_as_such_and_its_factors_are_right(of: str) -> None:
    curved = network(activation=np.tanh)
    assert "is that of the score" in verdict(c.shows_its_scores(), curved).got
    assert verdict(c.scales_the_surviving(of=of, p=0.4), curved).passed
    for wrong in (network(unscaled, activation=np.tanh), network(unscaled)):
        assert verdict(c.scales_the_surviving(of=of, p=0.4), wrong).outcome is Outcome.FAILED


def test_a_loss_in_which_examples_meet_shows_no_scores() -> None:
    meeting = network(loss=lambda loss, n: loss + (n - 1) * loss**2)
    assert "is that of the score" in verdict(c.shows_its_scores(), meeting).got


def binomial(rng: Any, shape: tuple[int, ...], p: float) -> Array:
    return np.asarray(rng.binomial(1, 1 - p, shape) / (1 - p) if p < 1 else np.zeros(shape))


@pytest.mark.parametrize("check", CHECKS[12:], ids=lambda check: check.name)
def test_masks_may_be_drawn_in_another_way(check: Check) -> None:
    found = verdict(check, network(binomial))
    assert found.passed, f"{check.name}: {found.got} | {found.wanted}"


# ----------------------------------------------------------------------------------- wrong networks
def unscaled(rng: Any, shape: tuple[int, ...], p: float) -> Any:
    return rng.random(shape) >= p


def shared_by_the_batch(rng: Any, shape: tuple[int, ...], p: float) -> Any:
    return inverted(rng, shape[1:], p)


def by_the_row(rng: Any, shape: tuple[int, ...], p: float) -> Any:
    return inverted(rng, (shape[0], 1), p)


def drawn_elsewhere(rng: Any, shape: tuple[int, ...], p: float) -> Any:
    return inverted(np.random.default_rng(3), shape, p)


def drawn_globally(rng: Any, shape: tuple[int, ...], p: float) -> Any:
    return inverted(np.random, shape, p)


def too_many(rng: Any, shape: tuple[int, ...], p: float) -> Any:
    return (rng.random(shape) >= p * 1.1) / (1 - p)


def drops_nothing(rng: Any, shape: tuple[int, ...], p: float) -> Any:
    return np.ones(shape)


def divides_by_zero(rng: Any, shape: tuple[int, ...], p: float) -> Any:
    with np.errstate(all="ignore"):
        return (rng.random(shape) >= p) / np.float64(1 - p)


def warns(rng: Any, shape: tuple[int, ...], p: float) -> Any:
    return np.nan_to_num((rng.random(shape) >= p) / np.float64(1 - p))


def overwrites(params: Any, X: Array, y: Array, p_in: float, p_hidden: float, rng: Any,
               train: bool = True) -> Any:
    X *= inverted(rng, X.shape, p_in) if train else 1.0
    return RIGHT(params, X, y, 0.0, p_hidden, rng, train)


def drops_if_it_can(params: Params, X: Array, y: Array, p_in: float, p_hidden: float, rng: Any,
                    train: bool = True) -> Any:
    """Takes a generator for the sign that it is training."""
    return RIGHT(params, X, y, p_in, p_hidden, rng, rng is not None)


def scaled_at_test(params: Params, X: Array, y: Array, p_in: float, p_hidden: float, rng: Any,
                   train: bool = True) -> Any:
    return RIGHT(params, X if train else X * (1 - p_in), y, p_in, p_hidden, rng, train)


def overflows(params: Any, X: Array, y: Array, *rest: Any, **more: Any) -> Any:
    with np.errstate(all="ignore"):
        h = np.maximum(np.maximum(X @ params["W1"], 0) @ params["W2"], 0) @ params["W3"]
        return float(np.mean(-np.log(np.exp(h)[:, 0] / np.exp(h).sum(axis=1)))), {}


def without(name: str) -> Function:
    return lambda grads: {key: value for key, value in grads.items() if key != name}


def times(factor: float, *names: str) -> Function:
    return lambda grads: {key: value * (factor if key in names else 1.0)
                          for key, value in grads.items()}


def leaks(grads: dict[str, Array]) -> Any:
    return ({key: value + 1e-9 for key, value in grads.items()}
            | {"W3": grads["W3"], "W2": grads["W2"]})


def whole_batch(params: Params, X: Array, y: Array, *rest: Any, **more: Any) -> Any:
    h = np.maximum(np.maximum(X @ params["W1"], 0) @ params["W2"], 0) @ params["W3"]
    with np.errstate(all="ignore"):
        e = np.exp(h - h.max())  # the largest score of all examples, where each should have its own
        return float(np.mean(-np.log(e[:, 0] / e.sum(axis=1)))), {name: np.zeros(v.shape)
                                                                  for name, v in params.items()}


def in_float32(params: Params, X: Array, y: Array, *rates: Any, **flags: Any) -> Any:
    loss, grads = network()(params, X, y, *rates, **flags)
    return np.float32(loss), grads


AGREES = 'along a random direction, grads["'
REFUSALS: tuple[tuple[Check, Function, str, str], ...] = (
    (SHAPES, network(grads=without("b2")), "grads has no b2",
     "a gradient for each of W1, b1, W2, b2, W3, b3"),
    (SHAPES, network(grads=lambda g: g | {"W1": g["W1"].T}),
     'grads["W1"].shape = (5, 4)', "(4, 5)"),
    (CHECKS[0], network(loss=lambda loss, n: loss * np.nan), "loss = nan", "a finite number"),
    (CHECKS[0], lambda *a, **k: 1.0, "the function returned a float", "a pair (loss, grads)"),
    (SHAPES, lambda *a, **k: (1.0, [1.0]), "grads is a list of 1", "a dict"),
    (CHECKS[1], network(grads=times(2.0, "W2")), f'{AGREES}W2"] gives the slope', ", as measured"),
    (CHECKS[1], network(grads=times(1 + 1e-3, "b1")), f'{AGREES}b1"] gives the slope',
     ", as measured"),
    (CHECKS[1], network(grads=times(np.nan, "b3")), f'{AGREES}b3"] gives the slope nan',
     ", as measured"),
    (CHECKS[2], network(drawn_globally), "the same question with the same seed gave the losses",
     "so that a slope can be measured"),
    (CHECKS[2], in_float32, "has the seven digits of float32", "float64, as the parameters are"),
    (CHECKS[3], network(grads=times(0.0, "W1")), f'{AGREES}W1"] gives the slope 0',
     ", as measured"),
    (CHECKS[4], network(lambda rng, shape, p: 2.0), "loss = ", ""),
    (CHECKS[5], scaled_at_test, "loss = ", ""),
    (CHECKS[5], drops_if_it_can, "loss = ", ""),
    (CHECKS[6], network(always=True), "the random generator moved on", "as it was before the call"),
    (CHECKS[7], overwrites, "X was changed by the call", "X as it was"),
    (CHECKS[8], network(lambda rng, shape, p: 1.0, lawful=False), "the function returned",
     "ValueError"),
    (CHECKS[10], overflows, "loss = inf", "a finite number"),
    (CHECKS[10], whole_batch, "loss = ", ""),
    (CHECKS[11], network(divides_by_zero), "loss = nan", "a finite number"),
    (CHECKS[11], network(warns), "NumPy warned: RuntimeWarning", "no warning"),
    (CHECKS[12], network(grads=leaks), "units have a gradient in grads",
     "in both, or (when dropped) in neither"),
    (CHECKS[12], network(grads=lambda g: g | {"b1": g["b1"] + 1.0}), 'and none in grads["W2"]',
     "in both, or (when dropped) in neither"),
    (CHECKS[12], network(grads=lambda g: g | {"W2": 0 * g["W2"], "b2": 0 * g["b2"]}),
     'and none in grads["W', "in both"),
    (CHECKS[12], network(grads=lambda g: {k: 0 * v for k, v in g.items()}),
     '14 of 14 rows of grads["W1"] are 0', "about 0.4"),
    (CHECKS[12], network(grads=lambda g: {k: 0 * v + 1 for k, v in g.items()}),
     'and none in grads["W', "in both"),
    (CHECKS[12], network(drops_nothing), '0 of 14 rows of grads["W1"] are 0',
     "about 0.4 of them: the dropped inputs"),
    (CHECKS[13], network(drops_nothing), "a single input survived in 64 of 64 calls",
     "some, not all"),
    (CHECKS[13], lambda *a, **k: (0.5, {}), "for the scores 0 and 0 the loss is 0.5",
     "grows with the score of a wrong class"),
    (CHECKS[14], network(lambda rng, shape, p: 0.0 if p else 1.0),
     "a single unit survived in 0 of 64 calls", "some, not all"),
    (CHECKS[15], network(unscaled), "a single input is multiplied by 1 when it survives",
     "1.66667 = 1/(1-p)"),
    (CHECKS[15], network(rates=lambda a, b: (b, b, b)), "a single input is multiplied by 1 when",
     "1.66667 = 1/(1-p)"),
    (CHECKS[16], network(unscaled), "a single unit is multiplied by 1 when it survives",
     "1.66667 = 1/(1-p)"),
    (CHECKS[17], network(too_many), "share of dropped inputs = 0.33", "0.3000, by chance 0.2"),
    (CHECKS[18], network(too_many), "share of dropped units of hidden layer 1 = 0.3",
     "0.3000, by chance 0.2"),
    (CHECKS[19], network(too_many), "share of dropped units of hidden layer 2 = 0.3",
     "0.3000, by chance 0.2"),
    (CHECKS[17], network(lambda rng, shape, p: inverted(rng, shape, p) * (1 + rng.random(shape))),
     "survivors", "the same factor for each"),
    (CHECKS[20], network(shared_by_the_batch), "two examples always lose the same units",
     "a mask of its own for each example"),
    (CHECKS[21], network(shared_by_the_batch), "two examples always lose the same units",
     "a mask of its own for each example"),
    (CHECKS[22], network(shared_by_the_batch), "two examples always lose the same units",
     "a mask of its own for each example"),
    (CHECKS[20], network(by_the_row), "an example loses all of the inputs or none",
     "a decision for each unit"),
    (CHECKS[22], network(by_the_row), "an example loses all of the units of hidden layer 2 or none",
     "a decision for each unit"),
    (CHECKS[23], network(lambda rng, shape, p: inverted(
        np.random.default_rng(rng.bit_generator.seed_seq), shape, p)), "", "(1-p)^3"),
    (CHECKS[24], network(scores=True),
     "with all weights 0 and b3 = [0, 2], a score is", "2 always"),
    (CHECKS[26], network(drawn_elsewhere), "twice, from other random numbers", "two losses"),
    (CHECKS[25], network(drawn_globally), "the function drew from (or seeded) the global generator",
     "random numbers from rng only"),
    (CHECKS[27], network(grads=times(2.0, "b2")), 'grads["b2"][', ""),
    (CHECKS[27], network(grads=times(0.0, "b3", "b2")), 'grads["b3"] is 0 everywhere',
     "a gradient that can be led back"),
    (CHECKS[28], network(grads=times(-1.0, "b1")), 'grads["b1"][', ""),
)

# what a sentence does not speak of does not make it false
NEUTRAL: tuple[tuple[Check, Function], ...] = (
    (CHECKS[14], network(rates=lambda a, b: (a, b, 0.0))),
    (CHECKS[16], network(rates=lambda a, b: (a, b, 0.0))),
    (CHECKS[17], network(unscaled)),
    (CHECKS[18], network(unscaled)),
    (CHECKS[20], network(unscaled)),
    (CHECKS[23], network(unscaled)),
    (CHECKS[13], network(drawn_elsewhere)),
    (CHECKS[25], network(drawn_elsewhere)),
    (CHECKS[26], network(drawn_globally)),
    (CHECKS[12], network(by_the_row)),
    (CHECKS[27], network(grads=lambda g: {k: -v for k, v in g.items()})),
    (CHECKS[27], network(grads=times(5.0, "b1", "W1", "W2"))),
)


@pytest.mark.parametrize(("check", "function"), NEUTRAL,
                         ids=[f"{k}-{r[0].name}" for k, r in enumerate(NEUTRAL)])
def test_other_mistakes_do_not_make_a_sentence_false(check: Check, function: Function) -> None:
    found = verdict(check, function)
    assert found.passed, f"{found.got} | {found.wanted}"


def test_a_little_in_the_logarithm_is_no_wrong_gradient() -> None:
    big = c.agrees_with_its_own_loss(case="everywhere", p_in=0.3, p_hidden=0.6,
                                     sizes=(64, 40, 30, 10), batch=32)

    def safe(params: Params, X: Array, y: Array, *rates: Any, **flags: Any) -> Any:
        loss, grads = network()(params, X, y, *rates, **flags)
        return -np.log(np.exp(-loss) + 1e-8), grads

    assert verdict(big, safe).passed


def test_other_names_of_gradients_are_told() -> None:
    def named(*arguments: Any, **flags: Any) -> Any:
        loss, grads = network()(*arguments, **flags)
        return loss, {f"d{name}": g for name, g in grads.items()}

    found = verdict(SHAPES, named)
    assert found.got == "grads has no W1, but dW1, db1, dW2, db2, dW3, db3"


@pytest.mark.parametrize(("check", "function", "got", "wanted"), REFUSALS,
                         ids=[f"{k}-{r[0].name}" for k, r in enumerate(REFUSALS)])
def test_wrong_networks_are_refused_in_words(check: Check, function: Function, got: str,
                                             wanted: str) -> None:
    found = verdict(check, function)
    assert found.outcome is Outcome.FAILED, found
    assert got in found.got
    assert wanted in found.wanted


def keeps_dimensions(grads: dict[str, Array]) -> Any:
    return {name: g[None] if g.ndim == 1 else g for name, g in grads.items()}


def test_a_bias_gradient_summed_with_keepdims_is_charged_once_and_not_for_all() -> None:
    for check in CHECKS[:6]:
        assert verdict(check, network(grads=keeps_dimensions)).passed
    found = verdict(SHAPES, network(grads=keeps_dimensions))
    assert (found.outcome, found.got, found.wanted) == (Outcome.FAILED,
                                                        'grads["b1"].shape = (1, 5)', "(5,)")
    assert verdict(SHAPES, RIGHT).passed
    transposed = verdict(SHAPES, network(grads=lambda g: g | {"W1": g["W1"].T}))
    assert ((transposed.outcome, transposed.got, transposed.wanted)
            == (Outcome.FAILED, 'grads["W1"].shape = (5, 4)', "(4, 5)"))


def penalised(in_loss: bool) -> Function:
    def function(params: Params, *arguments: Any, **more: Any) -> Any:
        loss, grads = RIGHT(params, *arguments, **more)
        added = {name: 0.01 * value for name, value in params.items() if name[0] == "W"}
        total = (loss + 0.005 * sum(float((params[name] ** 2).sum()) for name in added)
                 if in_loss else loss)
        return total, {name: g + added.get(name, 0.0) for name, g in grads.items()}

    return function


UNITS: dict[str, Callable[[Any, int], Any]] = {
    "in bits": lambda loss, n: loss / np.log(2),
    "a sum": lambda loss, n: loss * n,
    "with something added": lambda loss, n: loss + 1e-8,
}


@pytest.mark.parametrize("unit", UNITS)
@pytest.mark.parametrize("check", CHECKS[13:25], ids=lambda check: check.name)
def test_masks_are_read_off_a_loss_in_any_unit(check: Check, unit: str) -> None:
    found = verdict(check, network(loss=UNITS[unit]))
    assert found.passed, f"{check.name}: {found.got} | {found.wanted}"


def keeps_p(rng: Any, shape: tuple[int, ...], p: float) -> Any:
    return (rng.random(shape) < p) / p if p else 1.0


SOFTENED = ([[0.2, 0.5, 0.3], [0.1, 0.1, 0.8]], [1, 0])


def predicted(
    activation: Callable[[Array], Array] = relu,
    before: Callable[[Array], Array] = lambda x: x,
    after: Callable[[Array], Array] = lambda s: s,
) -> Function:
    """The scores of a network in which one thing may be different."""

    def function(params: Params, X: Array) -> Array:
        h = before(X)
        for layer in (1, 2):
            h = activation(h @ params[f"W{layer}"] + params[f"b{layer}"])
        return after(h @ params["W3"] + params["b3"])

    return function


@pytest.mark.parametrize(
    ("fact", "function", "wanted"),
    [
        (n.factor(layer=0), network(drops_nothing), "none dropped"),
        (n.factor(layer=0), network(keeps_p), "1/p"),
        (n.share(layer=0), network(keeps_p), "p"),
        (n.examples(layer=0), network(by_the_row), "as a whole"),
        (n.examples(layer=0), network(shared_by_the_batch), "alike"),
        (n.examples(layer=0), network(drops_nothing), "all"),
        (n.generator_used(), network(drops_nothing), "nowhere"),
        (n.generator_used(), network(drawn_elsewhere), "frozen"),
        (n.scores(), network(scores=True), "dropped"),
        (n.scores(), network(drops_nothing), "kept"),
        (n.share(layer=2), network(loss=UNITS["in bits"]), "once"),
        (n.huge_scores(), lambda *a, **k: (np.inf, {}), "overflow"),
        (n.huge_scores(), lambda *a, **k: (27.6, {}), "capped"),
        (n.huge_scores(), lambda *a, **k: None, "not a usable result"),
        (n.rate_one(), lambda *a, **k: None, "not a usable result"),
        (n.slope(of="W1"), lambda params, *a, **k: (2.3, dict(params)), "not a usable result"),
        (n.gradient_shapes(), RIGHT, "those of params"),
        (n.gradient_shapes(), network(grads=keeps_dimensions), "with other axes"),
        (n.penalty(), RIGHT, "none"),
        (n.penalty(), penalised(in_loss=True), "in the loss"),
        (n.penalty(), penalised(in_loss=False), "in the gradients only"),
        (n.penalty(), network(grads=lambda g: {k: 0 * v + 1 for k, v in g.items()}),
         "without data"),
        (n.below_zero(layer=1), predicted(), "off"),
        (n.below_zero(layer=2), predicted(lambda a: np.where(a > 0, a, a / 100)), "leaks"),
        (n.below_zero(layer=0), predicted(before=lambda x: np.maximum(x, 0)), "off"),
        (n.volume(), predicted(), "1"),
        (n.volume(), predicted(np.tanh), "curved"),
        (n.last_layer(), predicted(), "as they are"),
        (n.last_layer(), predicted(after=lambda s: np.maximum(s, 0)), "without negatives"),
        (n.delta_form(given=SOFTENED, part="form"), lambda probs, y: probs / 2, "P"),
        (n.delta_form(given=SOFTENED, part="sign"), lambda probs, y: np.eye(3)[y] - probs, "minus"),
        (n.delta_form(given=SOFTENED, part="divisor"),
         lambda probs, y: (probs - np.eye(3)[y]) / 3, "K"),
        (n.delta(), RIGHT, "P - one-hot"),
        (n.delta(), network(grads=times(-1.0, "b3")), "one-hot - P"),
        (n.delta(), network(grads=times(0.0, "b3")), "0"),
        (n.digits(), RIGHT, "ten"),
        (n.digits(), network(lambda rng, shape, p: inverted(rng, shape, p) * (1 - 1e-8 * (p > 0))),
         "factor nearly"),
        (n.digits(), network(loss=lambda loss, n: loss + 1e-8), "loss nearly"),
    ],
)
def test_a_fact_is_claimed_only_where_it_can_be_seen(fact: Any, function: Function,
                                                     wanted: str) -> None:
    assert (fact.look(Exam("toy", Local(namespace={"toy": function, "np": np}), f"toy/{fact.name}"))
            == wanted)


def test_the_solution_is_the_measure_where_nothing_is_dropped() -> None:
    case: dict[str, Any] = {"sizes": (9, 8, 7, 4), "batch": 11, "maker": "normal_network"}
    for train, p in ((False, 0.6), (True, 0.0)):
        check = c.is_right_like_the_solution(via=c.loss(p / 2, p, train, **case), tolerance=1e-12)
        assert verdict(check, RIGHT, reference=RIGHT).passed
        found = verdict(check, network(loss=lambda loss, n: loss * n), reference=RIGHT)
        assert found.outcome is Outcome.FAILED
        assert found.got.startswith("loss = ")


def predict(params: Params, X: Array) -> Array:
    h = X
    for layer in (1, 2):
        h = np.clip(h @ params[f"W{layer}"] + params[f"b{layer}"], 0, None)
    return np.asarray(h @ params["W3"] + params["b3"])


def test_scores_are_compared_with_those_of_the_solution() -> None:
    check = c.is_right_like_the_solution(via=c.scores((9, 8, 7, 4), 11, "normal_network"),
                                         tolerance=1e-12)
    assert verdict(check, predict, reference=predict).passed
    found = verdict(check, lambda params, X: predict(params, X) + 1e-6, reference=predict)
    assert found.got.startswith("scores[0, 0] = ")
    found = verdict(check, lambda params, X: predict(params, X).T, reference=predict)
    assert found.wanted == "(11, 4)"


def test_a_prediction_must_leave_its_arguments_alone() -> None:
    check = c.leaves_its_arguments_alone(via=c.scores())
    assert verdict(check, predict).passed

    def greedy(params: Any, X: Array) -> Array:
        params["b1"] += 1.0
        return predict(params, X)

    assert verdict(check, greedy).got == 'params["b1"] was changed by the call'


# ------------------------------------------------------------------------------------- the networks
def test_no_mask_brings_a_firm_network_near_a_kink() -> None:
    for seed in range(300):
        rng = np.random.default_rng(seed)
        sizes, batch = [((6, 8, 7, 4), 9), ((64, 40, 30, 10), 32), ((3, 4, 4, 2), 5)][seed % 3]
        params, X, _ = firm_network(sizes, batch, seed)
        h = X * inverted(rng, X.shape, 0.5)
        for layer in (1, 2):
            a = h @ params[f"W{layer}"] + params[f"b{layer}"]
            assert abs(a).min() > 0.005  # 500 steps of 1e-5
            # every unit is on for some, off for others
            assert batch < 32 or ((a > 0).any(axis=0) & (a < 0).any(axis=0)).all()
            h = np.maximum(a, 0) * inverted(rng, a.shape, 0.5)


def test_a_reading_network_shows_the_multipliers_of_one_layer() -> None:
    codes = np.array([1.0, 0.25, 2.0])
    for layer, mask in ((0, np.array([1.0, 0.0, 1.5])), (1, np.array([0.0, 1.0, 1.0])),
                        (2, np.array([2.0, 2.0, 0.0]))):
        params, X, y = reading_network(layer, codes.tolist(), example=1, batch=3)
        masks: list[Any] = [1.0, 1.0, 1.0]
        masks[layer] = mask
        loss = float(np.real(mean_loss(params, X, y, masks)))
        ends = [float(np.real(mean_loss(params, X * on, y, [1.0, 1.0, 1.0]))) for on in (0, 1)]
        for unit in (1.0, 3.0, np.log2(math.e)):  # a mean, a sum, bits
            scale = Scale(unit * ends[0], unit * ends[1], float(codes.sum()))
            assert scale.read(unit * loss) == pytest.approx(float(codes @ mask), rel=1e-9)


def test_a_score_that_no_network_gives_is_no_count() -> None:
    assert NATS.read(np.log(2)) == pytest.approx(0, abs=1e-12)
    assert NATS.read(-3.0) == -np.inf


def test_a_square_network_counts_the_units_that_survive_all_layers() -> None:
    params, X, y = square_network(4, 0.5)
    masks = [np.array([1.0, 0, 1, 1]), np.array([1.0, 1, 0, 1]), np.ones(4)]
    assert NATS.read(float(np.real(mean_loss(params, X, y, masks)))) == pytest.approx(0.5 * 2)


def test_what_a_message_shows_can_be_run() -> None:
    wrong = network(grads=times(2.0, "W2"))
    found = verdict(CHECKS[1], wrong)
    known: dict[str, Any] = {"np": np, "toy": wrong}
    assert found.call.startswith("from autograder.dropout.network.networks import firm_network\n"
                                 "params, X, y = firm_network(")
    lines, _, slope = found.call.rpartition("\n")
    exec(lines, known)
    known["grads"] = dict(known["grads"].items())  # Lazy
    assert found.got.endswith(f"gives the slope {eval(slope, known):.6g}")
    given = written(W1=[[1.0, 2.0]], b1=[0.0])
    assert (script_text([Call("toy", (given,))])
            == 'toy({"W1": np.array([[1.0, 2.0]]), "b1": np.array([0.0])})')
    assert asked("firm_network", (3, 4, 4, 2), 5, 1) is asked("firm_network", (3, 4, 4, 2), 5, 1)


# -------------------------------------------------------------------------------------------- facts
def word(fact: Any, function: Function) -> str:
    return str(
        fact.look(Exam("toy", Local(namespace={"toy": function, "np": np}), f"toy/{fact.name}")))


FACTS: tuple[tuple[Any, Function, str], ...] = (
    (n.loss_of_no_scores(), RIGHT, "mean"),
    (n.loss_of_no_scores(), network(loss=lambda loss, n: loss * n), "sum"),
    (n.loss_of_no_scores(), network(loss=lambda loss, n: loss / np.log(2)), "mean in bits"),
    (n.loss_of_no_scores(), network(loss=lambda loss, n: loss + np.log(n)), "over the batch"),
    (n.huge_scores(), RIGHT, "finite"),
    (n.huge_scores(), overflows, "overflow"),
    (n.share(layer=0), RIGHT, "once"),
    (n.share(layer=1), RIGHT, "twice"),
    (n.share(layer=2), RIGHT, "once"),
    (n.share(layer=0), network(drops_nothing), "always"),
    (n.share(layer=1), network(rates=lambda a, b: (a, b, 0.0)), "once"),
    (n.share(layer=0), network(lambda rng, shape, p: rng.random(shape) < p if p else 1.0), "p"),
    (n.factor(layer=0), RIGHT, "1/q"),
    (n.factor(layer=1), RIGHT, "1/q^2"),
    (n.factor(layer=1), network(unscaled), "1"),
    (n.factor(layer=1), network(lambda rng, shape, p: 0.0 if p else 1.0), "none survive"),
    (n.scores(), RIGHT, "kept"),
    (n.scores(), network(scores=True), "dropped"),
    (n.layers(), RIGHT, "apart"),
    (n.layers(), network(drawn_elsewhere), "all alike"),
    (n.examples(layer=1), RIGHT, "apart"),
    (n.examples(layer=1), network(shared_by_the_batch), "alike"),
    (n.generator_used(), RIGHT, "given"),
    (n.generator_used(), network(drawn_elsewhere), "frozen"),
    (n.generator_used(), network(drawn_globally), "global"),
    (n.at_test(), RIGHT, "plain"),
    (n.at_test(), network(always=True), "drops"),
    (n.slope(of="W2", p_hidden=0.35), RIGHT, "right"),
    (n.slope(of="W2"), network(grads=times(9.0, "W2")), "times N"),
    (n.slope(of="b1", p_hidden=0.35), network(grads=times(0.65, "b1")), "times q"),
    (n.slope(of="W1"), network(grads=times(0.0, "W1")), "zero"),
    (n.inactive_units(layer=1), RIGHT, "none"),
    (n.inactive_units(layer=2), network(grads=lambda g: g | {"b2": g["b2"] + 1.0}), "some"),
    (g.arguments_after(via=c.loss(0.2, 0.25)), RIGHT, "kept"),
    (g.arguments_after(via=c.loss(0.2, 0.25)), overwrites, "overwritten"),
    (g.takes(via=(c.loss(-0.25, 0.5), c.loss(0.5, 1.25))), RIGHT, "ValueError"),
    (n.rate_one(), RIGHT, "finite"),
    (n.rate_one(), network(divides_by_zero), "NaN"),
)


@pytest.mark.parametrize(("fact", "function", "wanted"), FACTS,
                         ids=[f"{k}-{f[0].name}" for k, f in enumerate(FACTS)])
def test_facts_say_what_is(fact: Any, function: Function, wanted: str) -> None:
    assert word(fact, function) == wanted


# --------------------------------------------------------------------------------------------- junk
class Odd:
    def __array__(self, *arguments: Any, **more: Any) -> Any:
        raise RuntimeError("no array")


JUNK: tuple[Any, ...] = (
    None, "text", 3, -1.0, 10**30, np.nan, np.inf, True, 1j, [], (), {}, object(), Odd(),
    np.zeros(3), np.array(None), lambda: 0, (1.0, None), (np.nan, {}), (None, None), (1.0, {}),
    ("loss", {"W1": 1}), (np.zeros(2), {}), (-5.0, {"W1": "text"}), (0.5, {1: 2}),
    (1.0, {name: np.zeros((2, 2)) for name in ("W1", "b1", "W2", "b2", "W3", "b3")}),
    (1e308, {"W1": [[1], [2, 3]]}), (0.0, {}))


SCORES = c.is_right_like_the_solution(via=c.scores((3, 4, 4, 2), 5, "normal_network"))


@pytest.mark.parametrize("check", [*CHECKS, SCORES], ids=lambda check: check.name)
def test_no_junk_passes_or_breaks_a_check(check: Check) -> None:
    for junk in JUNK:
        found = verdict(check, lambda *a, _j=junk, **k: _j,
                        reference=predict if check.with_reference else None)
        assert (found.outcome is Outcome.FAILED
                or (found.passed and check.verb in TAME)), f"{junk!r}: {found}"
        assert found.passed or found.got


TAME = {  # a constant loss changes and draws nothing; these sentences wait for `feels_its_scores`
    "is_the_plain_network_at_zero", "is_the_plain_network_at_test_time", "draws_from_rng",
    "draws_its_masks_afresh",
    "leaves_its_arguments_alone", "draws_no_number_at_test_time",
}


def test_a_network_that_needs_a_generator_at_test_time_raises() -> None:
    found = verdict(replace(CHECKS[5]), network(always=True))
    assert found.outcome is Outcome.RAISED
    assert "rng" in found.got or "NoneType" in found.got or "random" in found.got
