"""Verbs and facts about networks for torch: gradients, which vanish at dropped units, tell."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import permutations, product
from typing import Any

import numpy as np

from autograder.asking import Exam, Wrong, an, array, number, shape_text
from autograder.checks_api.comparing import item
from autograder.checks_api.counts import expect, off_by
from autograder.checks_api.inputs import Array
from autograder.checks_api.symptoms import nearest, symptom
from autograder.checks_api.verb import verb
from autograder.dropout.torch.layers import run
from autograder.model import Code

__all__ = ["computes_two_relu_layers", "drops_each_layer_as_often_as_told", "drops_in_training",
           "drops_nothing_after_eval", "scales_the_survivors_of_each_layer"]


def _net_code(name: str) -> Code:
    source = f"""import torch

def passes(p_in, p, seed):
    torch.default_generator.manual_seed(seed)
    net, plain, x = {name}(p_in, p), {name}(0.0, 0.0), torch.randn(16, 20)
    plain.load_state_dict(net.state_dict())
    with torch.no_grad():
        return [net.train()(x), net(x), net.eval()(x), net(x), plain.eval()(x)]
"""
    return Code("passes", source, (name,))


FARTHEST = "abs({} - {}).max().item()"


def _net_passes(exam: Exam, net: str, p_in: float, p: float) -> list[Array]:
    names = ("train 1", "train 2", "test 1", "test 2", "without dropout")
    shown = tuple(name.replace(" ", "_") for name in names)
    (value,) = exam.ask(run(_net_code(net), p_in, p, exam.seed() % 2**31, returns=shown))
    return [array(item(value, names, name), name) for name in names]


@verb()
def drops_in_training(exam: Exam, *, net: str, p_in: float, p: float) -> None:
    """drops in training, anew in each pass, when it is {net}(p_in={p_in}, p={p})"""
    first, second, _, _, plain = _net_passes(exam, net, p_in, p)
    exam.show(FARTHEST.format("train_1", "without_dropout"))
    if _same(first, plain):
        raise Wrong("in training the scores are those of the network without dropout: nothing was "
                    "dropped", "other scores")
    exam.show(FARTHEST.format("train_1", "train_2"))
    # where all is dropped, what is said is about the rate
    if np.array_equal(first, second) and np.ptp(first, axis=0).any():
        raise Wrong("two training passes gave the same scores", "two masks, two results")


def _same(one: Array, other: Array) -> bool:
    return one.shape == other.shape and np.allclose(one, other, rtol=1e-4, atol=1e-5)


@verb()
def drops_nothing_after_eval(exam: Exam, *, net: str, p_in: float, p: float) -> None:
    """drops nothing after .eval(), when it is {net}(p_in={p_in}, p={p})"""
    _, _, third, fourth, plain = _net_passes(exam, net, p_in, p)
    exam.show(FARTHEST.format("test_1", "test_2"))
    if not np.array_equal(third, fourth):
        raise Wrong("after .eval() two passes gave different scores: something still drops",
                    "twice the same")
    exam.show(FARTHEST.format("test_1", "without_dropout"))
    if not _same(third, plain):
        raise Wrong("after .eval() the scores are not those of the network without dropout",
                    "the same scores")


def _coins_code(name: str, width: int) -> Code:
    source = f"""import torch

def coins(p_in, p, seed, passes):
    torch.default_generator.manual_seed(seed)
    net = {name}(p_in, p).train()
    with torch.no_grad():
        for weight in net.parameters():
            weight.abs_().add_(0.01)    # no ReLU is closed: a gradient is 0 for dropped units only
    middle = [w for w in net.parameters() if w.shape == ({width}, {width})]
    found = []
    for _ in range(passes):
        x = torch.ones(1, 20, requires_grad=True)
        scores = net(x)
        total = scores.sum() + scores[..., 0].sum()    # a softmax's own sum knows nothing of x
        into, *between = torch.autograd.grad(total, [x, *middle[:1]])
        kept = [into[0] != 0, *((between[0] != 0).any(dim) for dim in range(len(between) * 2))]
        found.append([*(int(k.sum()) for k in kept), int((scores == 0).sum())])
    return found
"""
    return Code("coins", source, (name,))


COUNTED = ("inputs", "first hidden layer", "second hidden layer")
INPUTS, SCORES, PASSES, EXAMPLES = 20, 2, 12, 32
MOST_WEIGHTS = 20  # of a network that is looked at: every pair of vectors is tried as its biases


def _dropped(exam: Exam, net: str, p_in: float, p: float, width: int,
             passes: int) -> tuple[dict[str, tuple[int, int]], int]:
    """How many units of each layer were dropped, of how many; passes with just one score 0.

    Read off the gradients: of x, and of the square matrix between the hidden layers. A network
    without such a matrix shows its inputs. Where both scores are 0 there is no gradient, and the
    pass shows nothing.
    """
    (value,) = exam.ask(run(_coins_code(net, width), p_in, p, exam.seed() % 2**31, passes,
                            returns=("counts",)))
    counts = array(value, "counts").astype(int)
    if counts.ndim != 2 or counts.shape[1] not in (2, 4):
        raise Wrong(f"the network answered with {an(value)}", "scores")
    *kept, silent = counts[counts[:, -1] < SCORES].T
    sizes = {name: INPUTS if name == COUNTED[0] else width for name in COUNTED}
    found = {name: (size * len(n) - int(n.sum()), size * len(n))
             for (name, size), n in zip(sizes.items(), kept, strict=False)}
    return found, int((silent > 0).sum())


@verb(chances=3, sees=off_by("a share of dropped inputs",
                             lambda p_in, **_: (PASSES * INPUTS, p_in)))
def drops_each_layer_as_often_as_told(exam: Exam, *, net: str, p_in: float, p: float,
                                      width: int = 64) -> None:
    """drops inputs with probability {p_in}, units of both hidden layers with {p}, and never a score
    ({net})"""
    found, silent = _dropped(exam, net, p_in, p, width, PASSES)
    exam.show(f"sum(0 < row[-1] < {SCORES} for row in counts)")
    if silent:
        raise Wrong(f"in {silent} of {PASSES} passes one score was 0: the output is dropped, too",
                    "no score")
    for k, (name, (count, units)) in enumerate(found.items()):
        exam.show(f"1 - np.mean([row[{k}] for row in counts if row[-1] < {SCORES}]) / "
                  f"{width if k else INPUTS}")
        rate = p_in if name == COUNTED[0] else p
        if not units:
            raise Wrong(f"no pass shows which units of the {name} were dropped",
                        "scores that are not all 0")
        expect(f"share of dropped units in the {name}", count, units, rate)


def _scores_code(name: str) -> Code:
    source = f"""import torch

def scores(seed):
    torch.default_generator.manual_seed(seed)
    net, x = {name}(0.0, 0.0).eval(), torch.randn({EXAMPLES}, {INPUTS})
    with torch.no_grad():
        for weight in net.parameters():
            weight.copy_(torch.randn(weight.shape) / 4)    # far from 0, whatever they were
        return [x, net(x), *net.parameters()]
"""
    return Code("scores", source, (name,))


@verb()
def computes_two_relu_layers(exam: Exam, *, net: str, width: int = 64) -> None:
    """computes scores from two hidden ReLU layers and nothing else ({net})"""
    scores, wanted = _scores_and_those_of(exam, net, width, (0.0, 0.0))
    if not any(np.allclose(scores, w, rtol=1e-3, atol=1e-3) for w in wanted):
        exam.show("scores{at}.item()")
        right = f"{number(wanted[0][0, 0])}, from its own weights and two ReLU layers"
        raise Wrong(f"without dropout scores[0, 0] = {number(scores[0, 0])}", right)


def _scores_and_those_of(exam: Exam, net: str, width: int,
                         floors: tuple[float, float]) -> tuple[Array, list[Array]]:
    """The scores without dropout, and by its weights when no hidden unit is below these floors."""
    (value,) = exam.ask(run(_scores_code(net), exam.seed() % 2**31,
                            returns=("x", "scores", "*weights")))
    exam.show("[tuple(w.shape) for w in weights]")
    if not isinstance(value, (list, tuple)) or len(value) < 2:
        raise Wrong(f"the network answered with {an(value)}", "scores")
    if len(value) > MOST_WEIGHTS:
        raise Wrong(f"the network has {len(value) - 2} weights", "three matrices and their biases")
    x, scores, *weights = (array(v, "weights").astype(float) for v in value)
    shapes = [(width, INPUTS), (width, width), (SCORES, width)]
    matrices = [[w if w.shape == shape else w.T for w in weights if w.shape in (shape, shape[::-1])]
                for shape in shapes]
    if (not all(len(found) == 1 for found in matrices) or x.shape != (EXAMPLES, INPUTS)
            or scores.shape != (EXAMPLES, SCORES)):
        shown = ", ".join(shape_text(w.shape) for w in weights)
        raise Wrong(f"the network has weights of shape {shown or 'none'}",
                    f"matrices of shape {shapes}, or the other way round")
    vectors = [w for w in weights if w.ndim == 1]
    ways = _ways([found[0] for found in matrices], vectors, width)
    one, two = floors
    return scores, [np.maximum(np.maximum(x @ W1 + b1, one) @ W2 + b2, two) @ W3 + b3
                    for W1, b1, W2, b2, W3, b3 in ways]


def _ways(matrices: list[Array], vectors: list[Array], width: int) -> Iterator[tuple[Any, ...]]:
    """The layers for each way to tell weights apart: hidden biases, a square matrix or its turn."""
    first, square, last = matrices
    hidden = [v for v in vectors if v.shape == (width,)]
    biases = (list(permutations(hidden, 2)) if len(hidden) > 1
              else [(hidden[0], 0.0), (0.0, hidden[0])] if hidden else [(0.0, 0.0)])
    end = next((v for v in vectors if v.shape == (SCORES,)), 0.0)
    for (one, two), middle in product(biases, (square, square.T)):
        yield first.T, one, middle.T, two, last.T, end


@symptom
def net_relus(exam: Exam, *, net: str, width: int = 64) -> str:
    """After which hidden layers the network has a ReLU: "both", "the first", "the second", "none";
    "other" where it has something else."""
    words = {"both": (0.0, 0.0), "the first": (0.0, -np.inf), "the second": (-np.inf, 0.0),
             "none": (-np.inf, -np.inf)}
    for word, floors in words.items():
        scores, wanted = _scores_and_those_of(exam, net, width, floors)
        if any(np.allclose(scores, w, rtol=1e-3, atol=1e-3) for w in wanted):
            return word
    return "other"


def _slopes_code(name: str, width: int) -> Code:
    source = f"""import torch

def slopes(p_in, p, seed):
    torch.default_generator.manual_seed(seed)
    net, plain = {name}(p_in, p), {name}(0.0, 0.0)
    with torch.no_grad():
        for weight in net.parameters():
            weight.abs_().add_(0.01)    # no ReLU is closed then: all is linear in each layer
    plain.load_state_dict(net.state_dict())
    found = []
    for model in (net.train(), plain.eval()):
        x = torch.ones(1, 20, requires_grad=True)
        middle = [w for w in model.parameters() if w.shape == ({width}, {width})][:1]
        scores = model(x)
        total = scores.sum() + scores[..., 0].sum()    # a softmax's own sum knows nothing of x
        found.append(torch.autograd.grad(total, [x, *middle] if p_in == 0 else [x])[-1])
    return found
"""
    return Code("slopes", source, (name,))


def _factors(exam: Exam, net: str, p_in: float, p: float, width: int) -> Array:
    """What training's gradients are of those without dropout: of inputs, or between layers."""
    (value,) = exam.ask(run(_slopes_code(net, width), p_in, p, exam.seed() % 2**31,
                            returns=("train", "test")))
    train, test = (array(item(value, ("train", "test"), name), name).astype(float)
                   for name in ("train", "test"))
    if train.shape != test.shape or not (test != 0).all():
        raise Wrong("with p_in = p = 0 the scores do not depend on everything",
                    "all weights positive, no unit dropped")
    ratio: Array = train[train != 0] / test[train != 0]
    return ratio


@verb()
def scales_the_survivors_of_each_layer(exam: Exam, *, net: str, p_in: float, p: float,
                                       width: int = 64) -> None:
    """divides the survivors by 1 minus their own p: inputs, and both hidden layers ({net})"""
    for name, rates, wanted in (("inputs", (p_in, 0.0), 1 / (1 - p_in)),
                                ("the two hidden layers", (0.0, p), 1 / (1 - p) ** 2)):
        ratio = _factors(exam, net, *rates, width)
        off = ~np.isclose(ratio, wanted, rtol=1e-3)
        if off.any():
            exam.show(f"(train / test)[train != 0][{int(off.argmax())}].item()")
            found = (f"in training the survivors of {name} count {number(ratio[off][0])} times as "
                     "much as without dropout")
            raise Wrong(found, number(wanted))


@symptom
def net_at_test_time(exam: Exam, *, net: str, p_in: float, p: float) -> str:
    """Does the network drop in training, and does it still after .eval()? If so: does it stop when
    layers in plain lists are told, too?"""
    first, second, third, fourth, plain = _net_passes(exam, net, p_in, p)
    training = "drops" if not np.array_equal(first, second) else "whole"
    if np.array_equal(third, fourth):
        same = "whole" if _same(third, plain) else "other scores"
        return f"{training} in training, {same} in eval"
    return f"{training} in training, drops in eval{_from_a_list(exam, net, p_in, p)}"


def _from_a_list(exam: Exam, net: str, p_in: float, p: float) -> str:
    source = f"""import torch

def told(p_in, p):
    net, x = {net}(p_in, p).eval(), torch.randn(16, 20)
    for name, held in vars(net).items():
        if name not in vars(torch.nn.Module()) and isinstance(held, (list, tuple, dict)):
            for layer in held.values() if isinstance(held, dict) else held:
                if isinstance(layer, torch.nn.Module):
                    layer.eval()
    with torch.no_grad():
        return torch.equal(net(x), net(x))
"""
    (value,) = exam.ask(run(Code("told", source, (net,)), p_in, p))
    return ", from a list" if value is True else ""


@symptom
def net_factor(exam: Exam, *, net: str, p: float = 0.6, width: int = 64) -> str:
    """By what power of 1/(1-p) the survivors of both hidden layers are multiplied."""
    ratio = _factors(exam, net, 0.0, p, width)
    words = {"both": 1 / (1 - p) ** 2, "one": 1 / (1 - p), "none": 1.0}
    return (nearest(float(ratio[0]), words, 1e-2) if ratio.size
            and np.ptp(ratio) <= 1e-3 * abs(ratio).max() else "other")


@symptom
def net_rates(exam: Exam, *, net: str, p_in: float = 0.15, p: float = 0.6, width: int = 64) -> str:
    """With which probability the inputs and the hidden layers are dropped, in words."""
    found, _ = _dropped(exam, net, p_in, p, width, 30)
    words = {"p_in": p_in, "1 - p_in": 1 - p_in, "p": p, "1 - p": 1 - p, "0": 0.0}
    rates = [nearest(count / max(units, 1), words, 0.07) for count, units in found.values()]
    # which of the two hidden layers is which, a transposed matrix would not tell
    rates[1:] = sorted(rates[1:])
    return ", ".join(rates)


@symptom
def net_scores(exam: Exam, *, net: str, width: int = 64) -> str:
    """Are scores dropped, too?"""
    return "dropped" if _dropped(exam, net, 0.15, 0.6, width, 30)[1] else "whole"


@symptom
def net_output(exam: Exam, *, net: str) -> str:
    """What the network gives: scores, or what a softmax makes of them."""
    plain = _net_passes(exam, net, 0.0, 0.0)[-1].astype(float)
    if plain.ndim != 2 or plain.shape[1] != SCORES:
        return f"{plain.ndim} dimensions"
    for word, sums in (("probabilities", plain.sum(axis=1)),
                       ("logarithms of probabilities", np.exp(plain).sum(axis=1))):
        if np.allclose(sums, 1, atol=1e-4):
            return word
    return "scores"
