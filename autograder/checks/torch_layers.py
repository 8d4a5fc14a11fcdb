"""Verbs and facts about code for torch: comparisons with its layers, and layers of one's own.

torch itself is never imported here. What has to be done with tensors is written as code that runs where the student's code lives; what
comes back are arrays, and the judging of them is NumPy. Masks are torch's own and never compared bit by bit: structure, scale, gradients
and exact differences are.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from autograder.checks.behaviour import item
from autograder.checks.coats import CALLED, Coat
from autograder.checks.facts import fact, nearest
from autograder.checks.inputs import Array, normal
from autograder.checks.verb import verb
from autograder.exam import Exam, Wrong, an, array, number
from autograder.model import Call, Code, Given, Item

BACKWARD = "backward"  # how a list calls the backward pass of a layer in a coat
EPSILON = {"float64": 2.0**-52, "float32": 2.0**-23, "float16": 2.0**-10, "bfloat16": 2.0**-7}  # torch.finfo(dtype).eps
ROUNDINGS = 4  # of half an epsilon each, with room: scale, product, and the two of a division
AGREE = {"float64": 1e-12, "float32": 1e-6}


# ---------------------------------------------------------------------------------------------------------------------------- coats
def layer_coat(name: str) -> Coat:
    """`layer = NAME(p)` as `out, cache = NAME(x, p, rng, train=True)`; chance is torch's own, set going by a number from rng."""
    return Coat({name: _forward(f"torch.nn.Sequential({name}(p)).train(train)(x)", name), BACKWARD: _BACKWARD})


def function_coat(exercise: str, name: str) -> Coat:
    """`out = NAME.apply(x, p)`, an autograd function, in place of the function that the exercise is named after."""
    return Coat({exercise: _forward(f"{name}.apply(x, p)", name), BACKWARD: _BACKWARD}, name)


def _forward(expression: str, name: str) -> Code:
    source = f"""import torch

def layer_forward(x, p, rng, train=True):
    if train:
        torch.manual_seed(int(rng.integers(2**31)))
    x = torch.from_numpy(x).requires_grad_()
    out = {expression}
    return out, (x, out)
"""
    return Code("layer_forward", source, (name,))


_BACKWARD = Code(
    "layer_backward",
    """import torch

def layer_backward(dout, cache):
    x, out = cache
    return torch.autograd.grad(out, x, torch.from_numpy(dout), retain_graph=True)[0]
""",
)


def run(code: Code, *arguments: Any) -> Call:
    """The call of what a code makes."""
    return Call(CALLED, (code, *arguments))


# ----------------------------------------------------------------------------------------------------------- a layer: class or module
def _dtype_code(name: str) -> Code:
    source = f"""import torch

def in_dtype(dtype, p, seed):
    rng = np.random.default_rng(seed)
    x, dout = (torch.from_numpy(rng.normal(size=(40, 50))).to(getattr(torch, dtype)) for _ in range(2))
    torch.manual_seed(seed)
    out = {name}(p)(x.requires_grad_())
    (grad,) = torch.autograd.grad(out, x, dout)
    test = {name}(p).eval()(x)
    dtypes = [str(t.dtype) for t in (out, grad, test)]
    return dtypes, x.double(), dout.double(), out.double(), grad.double()
"""
    return Code("in_dtype", source, (name,))


@verb()
def computes_in(exam: Exam, *, dtype: str, p: float) -> None:
    """Takes {dtype} and stays in it, with a scale right to its precision"""
    names = ("dtypes", "x", "dout", "out", "x.grad")
    (value,) = exam.ask(run(_dtype_code(exam.function), dtype, p, exam.seed() % 2**31))
    for found, where in zip(item(value, names, "dtypes") or (), ("out", "x.grad", "out at test time"), strict=False):
        if found != f"torch.{dtype}":
            raise Wrong(f"{where} is {found}", f"torch.{dtype}")
    x, dout, out, grad = (array(item(value, names, name), name, (40, 50)).astype(float) for name in names[1:])
    kept = out != 0
    if kept.all() or not kept.any():
        raise Wrong(f"{int(kept.sum())} of {kept.size} units survived", f"about {1 - p:g} of them")
    _near(out, np.where(kept, x / (1 - p), 0.0), dtype, "out")
    _near(grad, np.where(kept, dout / (1 - p), 0.0), dtype, "x.grad")


def _near(got: Array, wanted: Array, dtype: str, name: str) -> None:
    tolerance = ROUNDINGS * EPSILON[dtype]
    good = np.abs(got - wanted) <= tolerance * np.abs(wanted)
    if not good.all():
        place = tuple(int(i) for i in np.argwhere(~good)[0])
        raise Wrong(f"{name}{list(place)} = {number(got[place])}", f"{number(wanted[place])} up to {tolerance:.1g} of it")


def _passes_code(name: str) -> Code:
    source = f"""import torch

def two_passes(p, seed):
    torch.manual_seed(seed)
    layer = {name}(p)
    x = torch.randn(40, 50, dtype=torch.float64, requires_grad=True)
    first, second = layer(x), layer(x)
    (grad,) = torch.autograd.grad(first.sum(), x)    # of the FIRST pass, after the second
    before = torch.get_rng_state()
    layer.eval()(x)
    return x, first, second, grad, bool((torch.get_rng_state() == before).all())
"""
    return Code("two_passes", source, (name,))


def _two_passes(exam: Exam, p: float) -> tuple[Array, Array, Array, Array, bool]:
    names = ("x", "first", "second", "x.grad", "unmoved")
    (value,) = exam.ask(run(_passes_code(exam.function), p, exam.seed() % 2**31))
    x, first, second, grad = (array(item(value, names, name), name, (40, 50)) for name in names[:4])
    return x, first, second, grad, item(value, names, "unmoved") is True


@verb()
def draws_afresh_in_each_pass(exam: Exam, *, p: float) -> None:
    """Draws a fresh mask in each pass of one and the same layer"""
    _, first, second, _, _ = _two_passes(exam, p)
    if np.array_equal(first, second):
        raise Wrong("two passes of one layer dropped the same units", "two masks")


@verb()
def remembers_each_pass_by_itself(exam: Exam, *, p: float) -> None:
    """Goes backwards through a pass with that pass's own mask, whatever the layer did since"""
    x, first, _, grad, _ = _two_passes(exam, p)
    off = int((~(np.abs(grad - first / x) <= 1e-9)).sum())
    if off:
        raise Wrong(f"after a second pass the gradient of the first differs from its multiplier in {off} of {grad.size} units", "none")


@verb()
def leaves_the_generator_alone_in_eval(exam: Exam, *, p: float) -> None:
    """Draws no random number at test time"""
    if not _two_passes(exam, p)[4]:
        raise Wrong("after .eval() torch's random generator moved on", "as it was before the pass")


@verb()
def has_nothing_to_save(exam: Exam, *, p: float) -> None:
    """Has an empty state_dict and no parameters: nothing is learned, so nothing is saved"""
    saved = f"""import torch

def saved(p):
    layer = {exam.function}(p)
    layer(torch.randn(4, 5))
    return [*layer.state_dict(), *(name for name, _ in layer.named_parameters())]
"""
    (value,) = exam.ask(run(Code("saved", saved, (exam.function,)), p))
    if not isinstance(value, list) or value:
        shown = ", ".join(sorted({str(v) for v in value})) if isinstance(value, list) else an(value)
        raise Wrong(f"the state_dict or the parameters hold {shown}", "nothing")


@verb()
def shows_its_p(exam: Exam, *, p: float) -> None:
    """Says p when it is printed"""
    (value,) = exam.ask(run(Code("shown", f"def shown(p):\n    return repr({exam.function}(p))\n", (exam.function,)), p))
    if not isinstance(value, str) or f"p={p:g}" not in value.replace(" ", ""):
        raise Wrong(f"repr(layer) = {value!r}"[:200], f'a text with "p={p:g}" in it, made by extra_repr')


@verb()
def makes_its_mask_where_x_lives(exam: Exam, *, p: float) -> None:
    """Makes its mask on the device of x (tried on torch's "meta" device, which has shapes and no numbers)"""
    elsewhere = f"""import torch

def elsewhere(p):
    return str({exam.function}(p)(torch.empty(4, 5, device="meta")).device)
"""
    (value,) = exam.ask(run(Code("elsewhere", elsewhere, (exam.function,)), p))
    if value != "meta":
        raise Wrong(f"out lives on {value!r}"[:100], "'meta', like x")


# -------------------------------------------------------------------------------------------------------------- comparing with torch
@dataclass(frozen=True)
class Comparison:
    """One call of a function that compares NumPy code with a torch module, and what it is given.

    `factor` and `one_off` make the NumPy side wrong on purpose: `part` ("out" or "grad") is multiplied by `factor`, and its last number
    is off by `one_off` times the largest.
    """

    module: str = "Dropout"
    p: float = 0.3
    shape: tuple[int, ...] = (32, 50)
    dtype: str = "float64"
    zeros: bool = False
    part: str = "out"
    factor: float = 1.0
    one_off: float = 0.0
    evaluating: bool = False

    def call(self, exam: Exam) -> Call:
        x, dout = normal(self.shape, exam.seed(1), self.dtype), normal(self.shape, exam.seed(2), self.dtype)
        value = np.maximum(x.value, 0) if self.zeros else 100 * x.value  # far from 1, so that relative and absolute differ
        given = Given(f"np.maximum({x.text}, 0)" if self.zeros else f"100 * {x.text}", value.astype(self.dtype))
        forward = self._numpy("numpy_forward", "x", ALPHA.format(p=self.p) if "Alpha" in self.module else "x * mask", "out")
        backward = self._numpy("numpy_backward", "dout", "dout * mask", "grad")
        return Call(exam.function, (forward, backward, self._module(), given, dout, DEVICE))

    def _numpy(self, name: str, first: str, result: str, part: str) -> Code:
        lines = [f"def {name}({first}, mask):", f"    result = {result}"]
        if part == self.part and self.factor != 1:
            lines.append(f"    result = result * {self.factor}    # wrong on purpose")
        if part == self.part and self.one_off:
            lines.append(f"    result[(-1,) * result.ndim] += {self.one_off} * abs(result).max()    # wrong on purpose")
        return Code(name, "\n".join([*lines, "    return result", ""]))

    def _module(self) -> Code:
        ending = ".eval()" if self.evaluating else ""
        if self.module == "Fixed":
            return Code("module", FIXED + f"\nmodule = Fixed(){ending}\n")
        return Code("module", f"import torch\n\nmodule = torch.nn.{self.module}({self.p}){ending}\n")


DEVICE = Code("device", 'import torch\n\ndevice = "cuda" if torch.cuda.is_available() else "cpu"\n')
LOW = -1.7580993408473766  # the lowest value of a SELU (Klambauer et al. 2017); mask is a where x was kept, and 0 elsewhere
ALPHA = f"np.where(mask != 0, mask * x, abs(mask).max() * {LOW}) - abs(mask).max() * {{p}} * {LOW}"
FIXED = """import torch

class Fixed(torch.nn.Module):
    \"\"\"Of five units it always keeps the last three, and divides them by 0.6.\"\"\"

    def forward(self, x):
        if not self.training:
            return x
        kept = torch.arange(x.numel(), device=x.device).reshape(x.shape) % 5 >= 2
        return x * kept.to(x.dtype) / 0.6
"""
FIXED_RATE = 0.6
PARTS = ("out", "grad", "keep_rate")


def compared(exam: Exam, case: Comparison) -> dict[str, float]:
    """What the function under test says of one comparison: three numbers by name."""
    (value,) = exam.ask(case.call(exam))
    if not isinstance(value, dict):
        raise Wrong(f"the function returned {an(value)}", "a dict with out, grad and keep_rate")
    found = {}
    for name in PARTS:
        if name not in value:
            raise Wrong(f'the dict has no "{name}"', "out, grad and keep_rate")
        one = array(value[name], f'result["{name}"]', ())
        found[name] = float(one)
    return found


def _tiny(found: dict[str, float], name: str, dtype: str) -> None:
    if not abs(found[name]) <= AGREE[dtype]:
        raise Wrong(f'result["{name}"] = {number(found[name])}', f"at most {AGREE[dtype]:g}, for the NumPy code is right")


@verb()
def finds_right_code_right(
    exam: Exam, *, module: str, p: float, shape: tuple[int, ...] = (32, 50), dtype: str = "float64", zeros: bool = False
) -> None:
    """Finds that right NumPy code agrees with nn.{module} ({dtype})"""
    found = compared(exam, Comparison(module, p, shape, dtype, zeros))
    for name in ("out", "grad"):
        _tiny(found, name, dtype)


@verb()
def keeps_its_head_among_zeros(exam: Exam, *, module: str = "Dropout", p: float, shape: tuple[int, ...] = (32, 50)) -> None:
    """Finds right code right for nn.{module} when half of x is 0, as after a ReLU"""
    found = compared(exam, Comparison(module, p, shape, zeros=True))
    for name in ("out", "grad"):
        _tiny(found, name, "float64")


@verb()
def measures_what_is_wrong(
    exam: Exam, *, part: str, by: float = 0.01, module: str = "Dropout", p: float, shape: tuple[int, ...] = (32, 50)
) -> None:
    """Measures {by} in {part} when the NumPy code is that much too large there, and nothing elsewhere"""
    found = compared(exam, Comparison(module, p, shape, part=part, factor=1 + by))
    _is_about(found, part, by)
    _tiny(found, "grad" if part == "out" else "out", "float64")


@verb()
def sees_one_wrong_number(exam: Exam, *, part: str, by: float = 0.5, p: float, shape: tuple[int, ...] = (32, 50)) -> None:
    """Sees it when a single number of {part} is off by {by} times the largest"""
    _is_about(compared(exam, Comparison("Dropout", p, shape, part=part, one_off=by)), part, by)


def _is_about(found: dict[str, float], part: str, wanted: float) -> None:
    if not abs(found[part] - wanted) <= 0.01 * wanted:
        raise Wrong(f'result["{part}"] = {number(found[part])}', f"{wanted:g}")


@verb()
def counts_what_was_kept(exam: Exam, *, zeros: bool = False, shape: tuple[int, ...] = (30, 40)) -> None:
    """Gives the share of units that the mask keeps as keep_rate (zeros in x: {zeros})"""
    _has_rate(compared(exam, Comparison("Fixed", shape=shape, zeros=zeros)))


@verb()
def puts_the_module_into_training_mode(exam: Exam, *, shape: tuple[int, ...] = (30, 40)) -> None:
    """Compares in training mode, also when the module comes after .eval()"""
    found = compared(exam, Comparison("Fixed", shape=shape, evaluating=True))
    _has_rate(found)
    for name in ("out", "grad"):
        _tiny(found, name, "float64")


def _has_rate(found: dict[str, float]) -> None:
    if not abs(found["keep_rate"] - FIXED_RATE) <= 1e-6:
        raise Wrong(f'result["keep_rate"] = {number(found["keep_rate"])}', f"{FIXED_RATE}, for this module keeps three of five")


@verb()
def manages_the_end(exam: Exam, *, p: float, module: str = "Dropout", shape: tuple[int, ...] = (32, 50)) -> None:
    """Manages p = {p}, where nothing or everything is kept, without NaN"""
    found = compared(exam, Comparison(module, p, shape))
    if not abs(found["keep_rate"] - (1 - p)) <= 1e-12:
        raise Wrong(f'result["keep_rate"] = {number(found["keep_rate"])}', number(1 - p))
    for name in ("out", "grad"):
        _tiny(found, name, "float64")


# -------------------------------------------------------------------------------------------------------------------- training loops
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


def watched(exam: Exam, epochs: int, batches: int, starts_in_eval: bool) -> Watched:
    """Let the loop train a spy."""
    spy = Call(CALLED, (Code("spy", SPY), not starts_in_eval), returns=("model",))
    model = Item(0, None, "model")
    loop = Call(exam.function, (model, Code("batches", BATCHES.format(count=batches)), epochs), returns=("flags",))
    _, flags, report = exam.ask(spy, loop, Call(".report", (model,)))
    if not isinstance(report, list) or not all(isinstance(p, list) and list(map(type, p)) == [bool, int, int] for p in report):
        raise Wrong("the model that was handed over has been changed", "the model as it was")
    versions = [p[2] for p in report]
    passes = tuple((p[0], p[1], later != now) for p, now, later in zip(report, versions, versions[1:], strict=False))
    return Watched(flags, passes)


@verb()
def takes_every_batch_once_per_epoch(exam: Exam, *, epochs: int, batches: int, starts_in_eval: bool = False) -> None:
    """Takes one step on each batch in each epoch"""
    steps = [batch for _, batch in watched(exam, epochs, batches, starts_in_eval).steps]
    if len(steps) != epochs * batches:
        raise Wrong(f"{len(steps)} steps were taken", f"{epochs} epochs of {batches} batches: {epochs * batches} steps")
    for epoch in range(epochs):
        if sorted(steps[epoch * batches : (epoch + 1) * batches]) != list(range(batches)):
            raise Wrong(f"epoch {epoch + 1} did not take each batch once", "each batch once")


@verb()
def trains_in_training_mode(exam: Exam, *, epochs: int, batches: int, starts_in_eval: bool = False) -> None:
    """Takes every step in training mode, to the last epoch (the model comes in eval mode: {starts_in_eval})"""
    modes = [mode for mode, _ in watched(exam, epochs, batches, starts_in_eval).steps]
    if not modes or not all(modes):
        raise Wrong(f"the model was in training mode in {sum(modes)} of {len(modes)} steps", "all of them")


@verb()
def measures_in_eval_mode(exam: Exam, *, epochs: int, batches: int) -> None:
    """Measures after each epoch, in eval mode"""
    looks = watched(exam, epochs, batches, False).looks
    if len(looks) < epochs:
        raise Wrong(f"{len(looks)} passes without a step", f"a measurement after each of {epochs} epochs")
    if any(looks):
        raise Wrong(f"{sum(looks)} of {len(looks)} measuring passes were made in training mode", "none")


@verb()
def returns_the_flags_it_saw(exam: Exam, *, epochs: int, batches: int, starts_in_eval: bool = False) -> None:
    """Returns model.training as it was at each step"""
    seen = watched(exam, epochs, batches, starts_in_eval)
    wanted = [mode for mode, _ in seen.steps]
    if not isinstance(seen.flags, (list, tuple)) or len(seen.flags) != len(wanted):
        raise Wrong(f"the function returned {an(seen.flags)}", f"a list of {len(wanted)} flags, one for each step")
    if not wanted or not _are(seen.flags, wanted):
        raise Wrong("the flags are not those of the steps", "model.training at each step")


def _are(flags: Any, wanted: list[bool]) -> bool:
    return isinstance(flags, (list, tuple)) and [f if type(f) is bool else None for f in flags] == wanted


def _net_code(name: str) -> Code:
    source = f"""import torch

def passes(p_in, p, seed):
    torch.manual_seed(seed)
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
def drops_in_training(exam: Exam, *, net: str, p_in: float, p: float) -> None:
    """Drops in training ({net} with p_in = {p_in}, p = {p})"""
    first, second, *_ = _net_passes(exam, net, p_in, p)
    if np.array_equal(first, second):
        raise Wrong("two training passes gave the same scores", "two masks, two results")


@verb()
def is_the_whole_network_at_test_time(exam: Exam, *, net: str, p_in: float, p: float) -> None:
    """Drops nothing after .eval() ({net} with p_in = {p_in}, p = {p})"""
    *_, third, fourth, plain = _net_passes(exam, net, p_in, p)
    if not np.array_equal(third, fourth):
        raise Wrong("after .eval() two passes gave different scores: something still drops", "twice the same")
    if third.shape != plain.shape or not np.allclose(third, plain, rtol=1e-4, atol=1e-5):
        raise Wrong("after .eval() the scores are not those of the network without dropout", "the same scores")


# ------------------------------------------------------------------------------------------------------------------------------ facts
def _word(value: float, sizes: tuple[float, ...] = ()) -> str:
    if not np.isfinite(value):
        return "not finite"
    return nearest(value, {"tiny": 0.0, **{f"{s:g}": s for s in sizes}}, 1e-4)


@fact
def comparison(exam: Exam, *, case: Comparison, sizes: tuple[float, ...] = ()) -> str:
    """What a comparison says of the outputs and of the gradients."""
    found = compared(exam, case)
    return f"{_word(found['out'], sizes)}, {_word(found['grad'], sizes)}"


@fact
def rate(exam: Exam, *, case: Comparison) -> str:
    """What a comparison calls the share that is kept, of a module that keeps three of five."""
    table = {"kept": FIXED_RATE, "dropped": 1 - FIXED_RATE, "mean of the mask, or all": 1.0, "1/kept": 1 / FIXED_RATE}
    return nearest(compared(exam, case)["keep_rate"], table, 1e-4)


@fact
def one_layer_twice(exam: Exam) -> str:
    """What two passes of one layer have to do with each other."""
    x, first, second, grad, unmoved = _two_passes(exam, 0.3)
    if np.array_equal(first, second):
        return "one mask"
    with np.errstate(all="ignore"):
        own = nearest_pass(grad, {"own gradients": first / x, "gradients of the latest": second / x})
    return own if unmoved else f"{own}, draws in eval"


def nearest_pass(grad: Array, passes: dict[str, Array]) -> str:
    """Which pass a gradient belongs to."""
    return next((name for name, multiplier in passes.items() if np.allclose(grad, multiplier)), "other gradients")


@fact
def half_precision(exam: Exam) -> str:
    """The dtype that bfloat16 becomes."""
    (value,) = exam.ask(run(_dtype_code(exam.function), "bfloat16", 0.3, 5))
    names = ("dtypes", "x", "dout", "out", "x.grad")
    dtypes = item(value, names, "dtypes")
    return str(dtypes[0]) if isinstance(dtypes, list) and dtypes else "other"


@fact
def saved_state(exam: Exam) -> str:
    """Is there anything in the state_dict?"""
    source = f"def saved(p):\n    return len({exam.function}(p).state_dict())\n"
    (value,) = exam.ask(run(Code("saved", source, (exam.function,)), 0.3))
    return "nothing" if value == 0 else "something"


@fact
def printed(exam: Exam) -> str:
    """Does the layer say its p?"""
    (value,) = exam.ask(run(Code("shown", f"def shown(p):\n    return repr({exam.function}(p))\n", (exam.function,)), 0.3))
    return "p" if "0.3" in str(value) else "no p"


@fact
def loop_modes(exam: Exam, *, starts_in_eval: bool = False) -> str:
    """In which modes a loop trains and measures."""
    seen = watched(exam, 3, 4, starts_in_eval)
    modes, looks = [mode for mode, _ in seen.steps], seen.looks
    trained = "always" if modes and all(modes) else "never" if not any(modes) else "at first"
    return f"trains {trained}, measures {'nothing' if not looks else 'in training mode' if any(looks) else 'in eval mode'}"


@fact
def loop_flags(exam: Exam) -> str:
    """Are the returned flags those of the steps?"""
    seen = watched(exam, 3, 4, True)
    return "seen" if _are(seen.flags, [mode for mode, _ in seen.steps]) else "other"


@fact
def net_at_test_time(exam: Exam, *, net: str, p_in: float, p: float) -> str:
    """Does the network still drop after .eval()?"""
    first, second, third, fourth, _ = _net_passes(exam, net, p_in, p)
    training = "drops" if not np.array_equal(first, second) else "whole"
    return f"{training} in training, {'drops' if not np.array_equal(third, fourth) else 'whole'} in eval"
