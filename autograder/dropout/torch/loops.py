"""Verbs and facts about training loops for torch: modes in training and measuring, and steps.

A loop is given a model that writes down what is done with it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from autograder.asking import Exam, Wrong, an, array, number, shared
from autograder.checks_api.comparing import item
from autograder.checks_api.inputs import Array
from autograder.checks_api.symptoms import symptom
from autograder.checks_api.verb import verb
from autograder.dropout.values import softmax
from autograder.dropout.views import CALLED
from autograder.model import Call, Code, Item

__all__ = ["measures_in_eval_mode", "returns_the_flags_it_saw", "takes_every_batch_once_per_epoch",
           "takes_steps_of_sgd", "trains_in_training_mode"]

SPY = """import torch

class Spy(torch.nn.Module):
    \"\"\"Writes down by pass: its dropout's mode and its own, batch, size, weight changes.\"\"\"

    def __init__(self):
        super().__init__()
        self.linear, self.drop = torch.nn.Linear(3, 2), torch.nn.Dropout(0.0)
        self.seen, self.changes = [], 0
        self.before = self.weights()

    def weights(self):
        every = [w.detach().flatten().clone() for w in self.linear.parameters()]
        return self.linear.weight._version, torch.cat(every)

    def write(self, batch, size):
        now = self.weights()    # by their values, too: who changes weight.data changes no version
        self.changes += now[0] != self.before[0] or not torch.equal(now[1], self.before[1])
        self.before = now
        self.seen.append([self.drop.training, self.training, batch, size, int(self.changes)])

    def forward(self, x):
        self.write(int(x[0, 0]), len(x))
        return self.linear(x)

    def report(self):
        self.write(-1, 0)
        return self.seen

def spy(training):
    return Spy().train(training)
"""
# == after a look, > after a step
SEEN = "sum(row[0] for row, later in zip(report, report[1:]) if later[4] {} row[4])"
ROW = [bool, bool, int, int, int]  # what a spy writes down of a pass
SIZE = 4
BATCHES = ("import torch\n\n"
           "batches = [(torch.full((4, 3), float(k)), torch.tensor([0, 1, 0, 1])) "
           "for k in range({count})]\n")


@dataclass(frozen=True)
class Pass:
    """A pass of the model: its layers' mode, model.training, batch, size, and was a step taken?"""

    mode: bool
    flag: bool
    batch: int
    size: int
    step: bool


@dataclass(frozen=True)
class Watched:
    """What a spy saw of a training loop: the flags the loop returned, and every pass."""

    flags: Any
    passes: tuple[Pass, ...]

    @property
    def steps(self) -> list[Pass]:
        """The passes that were followed by a step."""
        return [p for p in self.passes if p.step]

    @property
    def looks(self) -> list[bool]:
        """The mode of the passes that changed nothing: evaluations."""
        return [p.mode for p in self.passes if not p.step]

    def measured(self, batches: int) -> list[int]:
        """By epochs of so many steps: examples looked at after each one's last step?"""
        looked, found = 0, []
        for p in self.passes:
            if p.step:
                found.append(looked)
            looked = 0 if p.step else looked + p.size
        return [*found, looked][batches::batches]


@shared
def watched(exam: Exam, epochs: int, batches: int, starts_in_eval: bool) -> Watched:
    """Let the loop train a spy; all checks of an exercise share what it saw."""
    spy = Call(CALLED, (Code("spy", SPY), not starts_in_eval), returns=("model",))
    model = Item(0, None, "model")
    loop = Call(exam.function, (model, Code("batches", BATCHES.format(count=batches)), epochs),
                returns=("flags",))
    _, flags, report = exam.ask(spy, loop, Call(".report", (model,), returns=("report",)))
    if (not isinstance(report, list)
            or not all(isinstance(p, list) and list(map(type, p)) == ROW for p in report)):
        raise Wrong("the model that was handed over has been changed", "the model as it was")
    changes = [p[-1] for p in report]
    after = zip(report, changes, changes[1:], strict=False)
    passes = tuple(Pass(mode, flag, batch, size, later != now)
                   for (mode, flag, batch, size, _), now, later in after)
    return Watched(flags, passes)


# -------------------------------------------------------------------------------------------- loops
@verb()
def trains_in_training_mode(exam: Exam, *, epochs: int, batches: int,
                            starts_in_eval: bool = False) -> None:
    """takes every step in training mode, to the last epoch (the model comes in eval mode:
    {starts_in_eval})"""
    modes = [p.mode for p in watched(exam, epochs, batches, starts_in_eval).steps]
    exam.show(SEEN.format(">").replace("row[0]", "1", 1))
    if not modes:
        raise Wrong("no step was taken",
                    f"{epochs} epochs of {batches} batches: {epochs * batches} steps")
    if not all(modes):
        exam.show(SEEN.format(">"))
        raise Wrong(f"the model was in training mode in {sum(modes)} of {len(modes)} steps",
                    "all of them")


@verb()
def takes_every_batch_once_per_epoch(exam: Exam, *, epochs: int, batches: int) -> None:
    """takes one step on each batch in each epoch"""
    steps = [p.batch for p in watched(exam, epochs, batches, False).steps]
    exam.show(SEEN.format(">").replace("row[0]", "1", 1))
    if len(steps) != epochs * batches:
        raise Wrong(f"{len(steps)} steps were taken",
                    f"{epochs} epochs of {batches} batches: {epochs * batches} steps")
    for epoch in range(epochs):
        if sorted(steps[epoch * batches : (epoch + 1) * batches]) != list(range(batches)):
            raise Wrong(f"epoch {epoch + 1} did not take each batch once", "each batch once")


@verb()
def measures_in_eval_mode(exam: Exam, *, epochs: int, batches: int) -> None:
    """measures after each epoch, in eval mode, on all batches"""
    seen = watched(exam, epochs, batches, False)
    exam.show(SEEN.format("=="))
    if any(seen.looks):
        raise Wrong(f"{sum(seen.looks)} of {len(seen.looks)} measuring passes were made in "
                    "training mode", "none")
    exam.show(SEEN.format("==").replace("row[0]", "row[3]", 1))
    measured = seen.measured(batches)
    times = sum(size > 0 for size in measured)
    if times < epochs:
        raise Wrong(f"something was measured after {times} of {epochs} epochs",
                    "after each of them")
    if min(measured) < SIZE * batches:
        raise Wrong(f"after an epoch {min(measured)} of {SIZE * batches} examples were measured",
                    "all batches")


@verb()
def returns_the_flags_it_saw(exam: Exam, *, epochs: int, batches: int,
                             starts_in_eval: bool = False) -> None:
    """returns model.training as it was at each step"""
    seen = watched(exam, epochs, batches, starts_in_eval)
    wanted = [p.flag for p in seen.steps]
    exam.show("flags")
    if not isinstance(seen.flags, (list, tuple)) or len(seen.flags) != len(wanted):
        raise Wrong(f"the function returned {an(seen.flags)}",
                    f"a list of {len(wanted)} flags, one for each step")
    if not wanted or not _are(seen.flags, wanted):
        raise Wrong("the flags are not those of the steps", "model.training at each step")


def _are(flags: Any, wanted: list[bool]) -> bool:
    return (isinstance(flags, (list, tuple))
            and [f if type(f) is bool else None for f in flags] == wanted)


LINEAR = """import torch

def linear(W, b):
    model = torch.nn.Linear(3, 2)
    with torch.no_grad():
        model.weight.copy_(torch.tensor(W))
        model.bias.copy_(torch.tensor(b))
    return model

def weights(model):
    return model.weight, model.bias
"""
EPOCHS = 3
TWICE = 2  # the same batch: in whatever order a loop takes them, it gets the same weights
ONE_BATCH = "import torch\n\nbatches = [(torch.tensor({x}), torch.tensor({y}))] * {times}\n"


@dataclass(frozen=True)
class Descent:
    """Full-batch descent on the mean cross-entropy of a linear classifier, as by torch.

    `kept` steps go by until the gradients are set to 0; `total` takes the sum, not the mean;
    `softmax` goes through a softmax first; `adam` takes Adam's steps, with torch's defaults;
    `momentum` is that of torch's SGD.
    """

    rate: float
    kept: int = 1
    total: bool = False
    softmax: bool = False
    adam: bool = False
    momentum: float = 0.0

    def run(self, X: Array, y: Array, W: Array, b: Array) -> tuple[Array, Array]:
        """Weights (2, 3) and bias (2,) afterwards."""
        # the bias as one weight more
        X, W = np.column_stack((X, np.ones(len(X)))), np.column_stack((W, b))
        gradient = first = second = velocity = np.zeros_like(W)
        for k in range(EPOCHS * TWICE):
            old = 0.0 if k % self.kept == 0 else 1.0
            gradient = old * gradient + self._error(X @ W.T, np.eye(2)[y]).T @ X
            first, second = 0.9 * first + 0.1 * gradient, 0.999 * second + 0.001 * gradient**2
            size = np.sqrt(second / (1 - 0.999 ** (k + 1))) + 1e-8
            velocity = self.momentum * velocity + gradient
            W = W - self.rate * (first / (1 - 0.9 ** (k + 1)) / size if self.adam else velocity)
        return W[:, :-1], W[:, -1]

    def _error(self, scores: Array, wanted: Array) -> Array:
        """The gradient of the loss by the scores."""
        probabilities = softmax(scores)
        error = (softmax(probabilities) if self.softmax else probabilities) - wanted
        if self.softmax:
            error = probabilities * (error - (error * probabilities).sum(axis=1, keepdims=True))
        return error if self.total else error / len(scores)


def _descended(exam: Exam) -> tuple[tuple[Array, Array, Array, Array], tuple[Array, Array]]:
    """A small problem (X, y, W, b), and what the loop made of W and b."""
    rng = np.random.default_rng(exam.seed())
    X, W, b = (np.round(rng.normal(size=size), 2) for size in ((5, 3), (2, 3), (2,)))
    y = np.array([0, 1, 1, 0, 1])
    model = Item(0, None, "model")
    batches = Code("batches", ONE_BATCH.format(x=X.tolist(), y=y.tolist(), times=TWICE))
    made = Call(CALLED, (Code("linear", LINEAR), W.tolist(), b.tolist()), returns=("model",))
    loop = Call(exam.function, (model, batches, EPOCHS), returns=("flags",))
    names = ("weight", "bias")
    *_, value = exam.ask(made, loop, Call(CALLED, (Code("weights", LINEAR), model), returns=names))
    weight, bias = (array(item(value, names, name), f"model.{name}", old.shape)
                    for name, old in zip(names, (W, b), strict=True))
    return (X, y, W, b), (weight, bias)


def _alike(got: Array, wanted: Array) -> bool:
    return np.allclose(got, wanted, rtol=1e-3, atol=1e-5)


@verb()
def takes_steps_of_sgd(exam: Exam, *, rate: float) -> None:
    """takes plain steps of SGD: learning rate {rate}, mean cross-entropy, gradients from this batch
    alone"""
    problem, found = _descended(exam)
    for name, got, wanted in zip(("weight", "bias"), found, Descent(rate).run(*problem),
                                 strict=True):
        if not _alike(got, wanted):
            place = np.unravel_index(int(np.argmax(np.abs(got - wanted))), wanted.shape)
            exam.show(f"{name}{{at}}.item()")
            where = (
                f"after {EPOCHS} epochs of {TWICE} batches model.{name}{[int(i) for i in place]}")
            raise Wrong(f"{where} = {number(got[place])}", number(wanted[place]))


# -------------------------------------------------------------------------------------------- facts
WHEN = {
    "not at all": [],
    "always": [True] * 12,
    "never": [False] * 12,
    "in the first step": [True] + [False] * 11,
    "in the first epoch": [True] * 4 + [False] * 8,
    "not in the first epoch": [False] * 4 + [True] * 8,
    "in the first step of each epoch": [True, False, False, False] * 3,
}


@symptom
def loop_modes(exam: Exam, *, starts_in_eval: bool = False) -> str:
    """In which modes a loop of 3 epochs of 4 batches trains and measures."""
    seen = watched(exam, 3, 4, starts_in_eval)
    modes, looks = [p.mode for p in seen.steps], seen.looks
    if len(modes) not in (0, 12):
        # then nobody knows which passes were meant for measuring
        return f"takes {len(modes)} steps of 12"
    measures = "nothing" if not looks else "in training mode" if any(looks) else "in eval mode"
    if looks and not any(looks) and modes and min(seen.measured(4)) < 4 * SIZE:
        measures = "too little, in eval mode"
    when = next((word for word, known in WHEN.items() if modes == known), "now and then")
    return f"trains {when}, measures {measures}"


@symptom
def loop_flags(exam: Exam) -> str:
    """Are the returned flags those of the steps?"""
    seen = watched(exam, 3, 4, True)
    if not seen.steps:
        return "no steps"
    if not isinstance(seen.flags, (list, tuple)):
        return "no list"
    if len(seen.steps) != 12 or _are(seen.flags, [p.flag for p in seen.steps]):
        return "seen"
    if len(seen.flags) == 3:
        return "one per epoch"
    return "always True" if _are(seen.flags, [True] * 12) else "other"


@symptom
def loop_switch(exam: Exam) -> str:
    """Do the layers of the model follow, when it changes its mode?"""
    seen = watched(exam, 3, 4, True)
    return ("the layers follow" if all(p.mode == p.flag for p in seen.passes)
            else "the layers stay as they are")


@symptom
def loop_steps(exam: Exam, *, rate: float) -> str:
    """What kind of steps the loop takes."""
    problem, found = _descended(exam)
    table = [
        ("plain", Descent(rate)),
        ("gradients added up", Descent(rate, kept=99)),
        ("gradients added up within an epoch", Descent(rate, kept=TWICE)),
        ("the sum of the losses", Descent(rate, total=True)),
        ("a softmax too many", Descent(rate, softmax=True)),
        ("none", Descent(0.0)),
        *(("Adam", Descent(r, adam=True)) for r in (rate, 0.01, 0.001)),
        *(("with momentum", Descent(rate, momentum=m)) for m in (0.5, 0.9, 0.99)),
        *(("another learning rate", Descent(r)) for r in (0.001, 0.01, 0.05, 0.5, 1.0)),
    ]
    for word, descent in table:
        if all(map(_alike, found, descent.run(*problem))):
            return word
    return "other"
