"""Verbs and facts about training loops and networks for torch: in which mode is trained and measured, and what is dropped where.

A loop is given a model that writes down what is done with it; a network is asked for gradients, which vanish where a unit was dropped.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from autograder.chance import acceptance, smallest_error
from autograder.checks.behaviour import item
from autograder.checks.coats import CALLED
from autograder.checks.facts import fact, nearest
from autograder.checks.inputs import Array
from autograder.checks.torch_layers import run
from autograder.checks.verb import verb
from autograder.exam import Exam, Wrong, an, array, number
from autograder.model import Call, Code, Item

SPY = """import torch

class Spy(torch.nn.Module):
    \"\"\"Writes down, pass by pass: its mode, the batch, and how often its weights have been changed.\"\"\"

    def __init__(self):
        super().__init__()
        self.linear, self.seen = torch.nn.Linear(3, 2), []

    def forward(self, x):
        self.seen.append([self.training, int(x[0, 0]), self.linear.weight._version])
        return self.linear(x)

    def report(self):
        return [*self.seen, [False, -1, self.linear.weight._version]]

def spy(training):
    return Spy().train(training)
"""
BATCHES = "import torch\n\nbatches = [(torch.full((4, 3), float(k)), torch.tensor([0, 1, 0, 1])) for k in range({count})]\n"


@dataclass(frozen=True)
class Watched:
    """What a spy saw of a training loop: the flags the loop returned, and (mode, batch, was a step taken?) of every pass."""

    flags: Any
    passes: tuple[tuple[bool, int, bool], ...]

    @property
    def steps(self) -> list[tuple[bool, int]]:
        """Mode and batch of the passes that were followed by a step."""
        return [(mode, batch) for mode, batch, step in self.passes if step]

    @property
    def looks(self) -> list[bool]:
        """The mode of the passes that changed nothing: evaluations."""
        return [mode for mode, _, step in self.passes if not step]

    def measured(self, batches: int) -> list[bool]:
        """For each epoch of so many steps: was anything looked at between its last step and the next one?"""
        looked, found = False, []
        for _, _, step in self.passes:
            if step:
                found.append(looked)
            looked = not step
        return [*found, looked][batches::batches]


def watched(exam: Exam, epochs: int, batches: int, starts_in_eval: bool) -> Watched:
    """Let the loop train a spy; all checks of an exercise share what it saw."""
    key = ("watched", epochs, batches, starts_in_eval)
    if key not in exam.memo:
        exam.memo[key] = _watch(exam, epochs, batches, starts_in_eval), exam.last
    seen: Watched
    seen, exam.last = exam.memo[key]
    return seen


def _watch(exam: Exam, epochs: int, batches: int, starts_in_eval: bool) -> Watched:
    spy = Call(CALLED, (Code("spy", SPY), not starts_in_eval), returns=("model",))
    model = Item(0, None, "model")
    loop = Call(exam.function, (model, Code("batches", BATCHES.format(count=batches)), epochs), returns=("flags",))
    _, flags, report = exam.ask(spy, loop, Call(".report", (model,)))
    if not isinstance(report, list) or not all(isinstance(p, list) and list(map(type, p)) == [bool, int, int] for p in report):
        raise Wrong("the model that was handed over has been changed", "the model as it was")
    versions = [p[2] for p in report]
    passes = tuple((p[0], p[1], later != now) for p, now, later in zip(report, versions, versions[1:], strict=False))
    return Watched(flags, passes)


# -------------------------------------------------------------------------------------------------------------------------- loops
@verb()
def trains_in_training_mode(exam: Exam, *, epochs: int, batches: int, starts_in_eval: bool = False) -> None:
    """takes every step in training mode, to the last epoch (the model comes in eval mode: {starts_in_eval})"""
    modes = [mode for mode, _ in watched(exam, epochs, batches, starts_in_eval).steps]
    if not modes:
        raise Wrong("no step was taken", f"{epochs} epochs of {batches} batches: {epochs * batches} steps")
    if not all(modes):
        raise Wrong(f"the model was in training mode in {sum(modes)} of {len(modes)} steps", "all of them")


@verb()
def takes_every_batch_once_per_epoch(exam: Exam, *, epochs: int, batches: int, starts_in_eval: bool = False) -> None:
    """takes one step on each batch in each epoch"""
    steps = [batch for _, batch in watched(exam, epochs, batches, starts_in_eval).steps]
    if len(steps) != epochs * batches:
        raise Wrong(f"{len(steps)} steps were taken", f"{epochs} epochs of {batches} batches: {epochs * batches} steps")
    for epoch in range(epochs):
        if sorted(steps[epoch * batches : (epoch + 1) * batches]) != list(range(batches)):
            raise Wrong(f"epoch {epoch + 1} did not take each batch once", "each batch once")


@verb()
def measures_in_eval_mode(exam: Exam, *, epochs: int, batches: int) -> None:
    """measures after each epoch, in eval mode"""
    seen = watched(exam, epochs, batches, False)
    if any(seen.looks):
        raise Wrong(f"{sum(seen.looks)} of {len(seen.looks)} measuring passes were made in training mode", "none")
    measured = seen.measured(batches)
    if sum(measured) < epochs:
        raise Wrong(f"something was measured after {sum(measured)} of {epochs} epochs", "after each of them")


@verb()
def returns_the_flags_it_saw(exam: Exam, *, epochs: int, batches: int, starts_in_eval: bool = False) -> None:
    """returns model.training as it was at each step"""
    seen = watched(exam, epochs, batches, starts_in_eval)
    wanted = [mode for mode, _ in seen.steps]
    if not isinstance(seen.flags, (list, tuple)) or len(seen.flags) != len(wanted):
        raise Wrong(f"the function returned {an(seen.flags)}", f"a list of {len(wanted)} flags, one for each step")
    if not wanted or not _are(seen.flags, wanted):
        raise Wrong("the flags are not those of the steps", "model.training at each step")


def _are(flags: Any, wanted: list[bool]) -> bool:
    return isinstance(flags, (list, tuple)) and [f if type(f) is bool else None for f in flags] == wanted


LINEAR = """import torch

def linear():
    model = torch.nn.Linear(3, 2)
    with torch.no_grad():
        for weight in model.parameters():
            weight.zero_()
    return model

def weights(model):
    return model.weight, model.bias
"""
ONE_BATCH = "import torch\n\nbatches = [(torch.tensor({x}), torch.tensor({y}))]\n"


@verb()
def takes_steps_of_sgd(exam: Exam, *, rate: float, epochs: int = 3) -> None:
    """takes plain steps of SGD: learning rate {rate}, mean cross-entropy, gradients from this batch alone"""
    rng = np.random.default_rng(exam.seed())
    X, y = np.round(rng.normal(size=(5, 3)), 2), np.array([0, 1, 1, 0, 1])
    model = Item(0, None, "model")
    batches = Code("batches", ONE_BATCH.format(x=X.tolist(), y=y.tolist()))
    made = Call(CALLED, (Code("linear", LINEAR),), returns=("model",))
    loop = Call(exam.function, (model, batches, epochs), returns=("flags",))
    *_, value = exam.ask(made, loop, Call(CALLED, (Code("weights", LINEAR), model)))
    for name, wanted in zip(("weight", "bias"), _descended(X, y, rate, epochs), strict=True):
        got = array(item(value, ("weight", "bias"), name), f"model.{name}", wanted.shape)
        if not np.allclose(got, wanted, rtol=1e-3, atol=1e-5):
            place = np.unravel_index(int(np.argmax(np.abs(got - wanted))), wanted.shape)
            where = f"after {epochs} steps on one batch model.{name}{[int(i) for i in place]}"
            raise Wrong(f"{where} = {number(got[place])}", number(wanted[place]))


def _descended(X: Array, y: Array, rate: float, steps: int) -> tuple[Array, Array]:
    """Weights (2, 3) and bias (2,) of a linear classifier that starts at 0, after some steps of gradient descent."""
    W, b, wanted = np.zeros((2, 3)), np.zeros(2), np.eye(2)[y]
    for _ in range(steps):
        scores = np.exp(X @ W.T + b)
        error = (scores / scores.sum(axis=1, keepdims=True) - wanted) / len(X)  # (N, 2)
        W, b = W - rate * error.T @ X, b - rate * error.sum(axis=0)
    return W, b


# ----------------------------------------------------------------------------------------------------------------------- networks
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


def _net_passes(exam: Exam, net: str, p_in: float, p: float) -> list[Array]:
    (value,) = exam.ask(run(_net_code(net), p_in, p, exam.seed() % 2**31))
    names = ("train 1", "train 2", "test 1", "test 2", "without dropout")
    return [array(item(value, names, name), name) for name in names]


@verb()
def drops_in_training_and_only_there(exam: Exam, *, net: str, p_in: float, p: float) -> None:
    """drops in training, and nothing after .eval(), when it is {net}(p_in={p_in}, p={p})"""
    first, second, third, fourth, plain = _net_passes(exam, net, p_in, p)
    if np.array_equal(first, second):
        raise Wrong("two training passes gave the same scores: nothing was dropped", "two masks, two results")
    if not np.array_equal(third, fourth):
        raise Wrong("after .eval() two passes gave different scores: something still drops", "twice the same")
    if third.shape != plain.shape or not np.allclose(third, plain, rtol=1e-4, atol=1e-5):
        raise Wrong("after .eval() the scores are not those of the network without dropout", "the same scores")


def _coins_code(name: str, width: int) -> Code:
    source = f"""import torch

def coins(p_in, p, seed, passes):
    torch.default_generator.manual_seed(seed)
    net = {name}(p_in, p).train()
    with torch.no_grad():
        for weight in net.parameters():
            weight.abs_().add_(0.01)    # no ReLU is closed then: a gradient vanishes only where a unit was dropped
    middle = [w for w in net.parameters() if w.shape == ({width}, {width})]
    found = []
    for _ in range(passes):
        x = torch.ones(1, 20, requires_grad=True)
        scores = net(x)
        into, *between = torch.autograd.grad(scores.sum(), [x, *middle[:1]])
        kept = [into[0] != 0, *((between[0] != 0).any(dim) for dim in range(len(between) * 2))]
        found.append([*(int(k.sum()) for k in kept), int((scores == 0).sum())])
    return found
"""
    return Code("coins", source, (name,))


COUNTED = ("inputs", "first hidden layer", "second hidden layer")
INPUTS, SCORES, PASSES = 20, 2, 12


def _dropped(exam: Exam, net: str, p_in: float, p: float, width: int, passes: int) -> tuple[dict[str, tuple[int, int]], int]:
    """How many units of each layer were dropped, and of how many; and in how many passes one score was 0 and the other was not.

    Read off the gradients: of x, and of the square matrix between the hidden layers. A network without such a matrix shows its inputs.
    Where both scores are 0 there is no gradient, and the pass shows nothing.
    """
    (value,) = exam.ask(run(_coins_code(net, width), p_in, p, exam.seed() % 2**31, passes))
    counts = array(value, "counts").astype(int)
    if counts.ndim != 2 or counts.shape[1] not in (2, 4):
        raise Wrong(f"the network answered with {an(value)}", "scores")
    *kept, silent = counts[counts[:, -1] < SCORES].T
    sizes = {name: INPUTS if name == COUNTED[0] else width for name in COUNTED}
    found = {name: (size * len(n) - int(n.sum()), size * len(n)) for (name, size), n in zip(sizes.items(), kept, strict=False)}
    return found, int((silent > 0).sum())


def _rate_seen(*, p_in: float, **_: Any) -> str:
    return f"a share of dropped inputs that is off by {smallest_error(PASSES * INPUTS, p_in):.2g}"


@verb(chances=3, sees=_rate_seen)
def drops_each_layer_as_often_as_told(exam: Exam, *, net: str, p_in: float, p: float, width: int = 64) -> None:
    """drops inputs with probability {p_in}, units of both hidden layers with {p}, and never a score ({net})"""
    found, silent = _dropped(exam, net, p_in, p, width, PASSES)
    if silent:
        raise Wrong(f"in {silent} of {PASSES} passes one score was 0: the output is dropped, too", "no score")
    for name, (count, units) in found.items():
        rate = p_in if name == COUNTED[0] else p
        low, high = acceptance(units, rate)
        if not units or not low <= count <= high:
            raise Wrong(f"share of dropped units in the {name} = {count / max(units, 1):.3f}", f"about {rate}")


@verb()
def closes_its_relus(exam: Exam, *, net: str) -> None:
    """has ReLU layers: where the first of them is shut, the scores no longer depend on x ({net})"""
    source = f"""import torch

def shut():
    net = {net}(0.0, 0.0).eval()
    with torch.no_grad():
        for weight in net.parameters():
            weight.abs_().add_(0.01)
        return [net(torch.full((1, 20), size)) for size in (-1e3, -2e3)]
"""
    (value,) = exam.ask(run(Code("shut", source, (net,))))
    one, two = (array(item(value, ("once", "twice"), name), "scores", (1, SCORES)) for name in ("once", "twice"))
    if not np.allclose(one, two, rtol=1e-4):
        raise Wrong("with positive weights and very negative x, the scores still depend on x", "no more, for the ReLU gives 0 there")


# ------------------------------------------------------------------------------------------------------------------------------ facts
@fact
def loop_modes(exam: Exam, *, starts_in_eval: bool = False) -> str:
    """In which modes a loop of 3 epochs of 4 batches trains and measures."""
    seen = watched(exam, 3, 4, starts_in_eval)
    modes, looks = [mode for mode, _ in seen.steps], seen.looks
    measures = "nothing" if not looks else "in training mode" if any(looks) else "in eval mode"
    return f"trains {_when(modes)}, measures {measures}"


def _when(modes: list[bool]) -> str:
    if not modes:
        return "not at all"
    table = {"always": [True] * 12, "in the first epoch": [True] * 4 + [False] * 8, "not in the first epoch": [False] * 4 + [True] * 8}
    named = next((name for name, wanted in table.items() if modes == wanted), "now and then")
    return "always" if all(modes) else "never" if not any(modes) else "in the first step" if not any(modes[1:]) else named


@fact
def loop_flags(exam: Exam) -> str:
    """Are the returned flags those of the steps?"""
    seen = watched(exam, 3, 4, True)
    if not isinstance(seen.flags, (list, tuple)):
        return "no list"
    return "seen" if _are(seen.flags, [mode for mode, _ in seen.steps]) else "other"


@fact
def net_at_test_time(exam: Exam, *, net: str, p_in: float, p: float) -> str:
    """Does the network still drop after .eval()?"""
    first, second, third, fourth, _ = _net_passes(exam, net, p_in, p)
    training = "drops" if not np.array_equal(first, second) else "whole"
    return f"{training} in training, {'drops' if not np.array_equal(third, fourth) else 'whole'} in eval"


@fact
def net_rates(exam: Exam, *, net: str, p_in: float = 0.15, p: float = 0.6, width: int = 64) -> str:
    """With which probability the inputs and the hidden layers are dropped, in words."""
    found, silent = _dropped(exam, net, p_in, p, width, 30)
    words = {"p_in": p_in, "1 - p_in": 1 - p_in, "p": p, "1 - p": 1 - p, "0": 0.0}
    rates = [nearest(count / max(units, 1), words, 0.07) for count, units in found.values()]
    rates[1:] = sorted(rates[1:])  # which of the two hidden layers is which, a transposed matrix would not tell
    return ", ".join([*rates, *(["scores dropped"] if silent else [])])

