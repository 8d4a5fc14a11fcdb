"""Verbs about layers for torch, and the coats in which the battery about functions is put to them.

torch itself is never imported here. What has to be done with tensors is written as code that runs
where the student's code lives; what comes back are arrays, and the judging of them is NumPy. Masks
are torch's own and never compared bit by bit: structure, scale, gradients and exact differences
are.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from autograder.asking import Exam, Wrong, an, array, quoted, shared, stable_seed
from autograder.checks_api.comparing import item, told_apart
from autograder.checks_api.inputs import Array
from autograder.checks_api.verb import verb
from autograder.dropout.masks import demand_some
from autograder.dropout.views import CALLED, Coat
from autograder.model import Call, Code

__all__ = ["computes_in", "draws_afresh_in_each_pass", "has_nothing_to_save",
           "is_a_class_of_your_own", "leaves_the_generator_alone_in_eval",
           "makes_its_mask_where_x_lives", "obeys_the_seed_of_torch",
           "remembers_each_pass_by_itself", "shows_its_p"]

# The codes seed `torch.default_generator`, the CPU's: torch.manual_seed seeds every kind of device,
# and takes 200 times as long. The one check that is about torch.manual_seed calls it.
BACKWARD = "backward"  # how a list calls the backward pass of a layer in a coat
# torch.finfo(dtype).eps
EPSILON = {"float64": 2.0**-52, "float32": 2.0**-23, "float16": 2.0**-10, "bfloat16": 2.0**-7}
ROUNDINGS = 4  # of half an epsilon each, with room: scale, product, and the two of a division
TEN_DIGITS = 1e-10  # are enough, where a dtype has more


# -------------------------------------------------------------------------------------------- coats
def layer_coat(exercise: str, name: str) -> Coat:
    """`layer = NAME(p)` as `out, cache = NAME(x, p, rng, train=True)`; torch's own chance, by rng.

    Checks call it by its own name, or by that of the exercise.
    """
    return _coat(exercise, name, f"torch.nn.Sequential({name}(p)).train(train)(inner)")


def function_coat(exercise: str, name: str) -> Coat:
    """`out = NAME.apply(x, p)`, an autograd function, where the exercise's function would be."""
    return _coat(exercise, name, f"{name}.apply(inner, p)")


def _coat(exercise: str, name: str, expression: str) -> Coat:
    source = f"""import torch

def layer_forward(x, p, rng, train=True):
    if train:
        torch.default_generator.manual_seed(int(rng.integers(2**31)))    # of the CPU
    leaf = torch.from_numpy(x).requires_grad_()
    inner = leaf.clone()    # as a layer gets it within a network, where it may overwrite its input
    out = {expression}
    if not torch.equal(inner, leaf):
        leaf.data.copy_(inner.detach())    # overwritten: then so is x
    return out, (leaf, out)
"""
    forward = Code("layer_forward", source, (name,))
    return Coat({exercise: forward, name: forward, BACKWARD: _BACKWARD}, name,
                {"out": "{}.detach().numpy()", "dx": "{}.numpy()"})


_BACKWARD = Code(
    "layer_backward",
    """import torch

def layer_backward(dout, cache):
    leaf, out = cache
    return torch.autograd.grad(out, leaf, torch.from_numpy(dout), retain_graph=True)[0]
""",
)


def run(code: Code, *arguments: Any, returns: tuple[str, ...] = ()) -> Call:
    """The call of what a code makes."""
    return Call(CALLED, (code, *arguments), returns=returns)


# ---------------------------------------------------------------------- numbers, in four precisions
IN_DTYPE = ("dtypes", "x", "dout", "out", "x.grad")


def dtype_code(name: str) -> Code:
    source = f"""import torch

def in_dtype(dtype, p, seed):
    rng = np.random.default_rng(seed)
    drawn = (rng.normal(size=(40, 50)) for _ in range(2))    # moved: float16 has few digits near 0
    x, dout = (torch.from_numpy(n + np.sign(n) / 2).to(getattr(torch, dtype)) for n in drawn)
    torch.default_generator.manual_seed(seed)
    out = {name}(p)(x.requires_grad_().clone())    # clones: what is overwritten is asked elsewhere
    (grad,) = torch.autograd.grad(out, x, dout.clone())
    test = {name}(p).eval()(x.clone())
    dtypes = [str(t.dtype) for t in (out, grad, test)]
    return dtypes, x.double(), dout.double(), out.double(), grad.double()
"""
    return Code("in_dtype", source, (name,))


def in_dtype(exam: Exam, function: str, dtype: str, p: float, seed: int) -> Any:
    """What `dtype_code` gives, by the names of IN_DTYPE."""
    shown = tuple(name.replace(".", "_") for name in IN_DTYPE)
    return exam.ask(run(dtype_code(function), dtype, p, seed, returns=shown))[0]


def numbers_in(value: Any, *names: str) -> list[Array]:
    """The numbers of such an answer that have these names."""
    return [array(item(value, IN_DTYPE, name), name, (40, 50)).astype(float) for name in names]


@verb()
def computes_in(exam: Exam, *, dtype: str, p: float, function: str) -> None:
    """takes {dtype} and stays in it, with a scale right to its precision ({function})"""
    value = in_dtype(exam, function, dtype, p, exam.seed() % 2**31)
    exam.show("dtypes")
    for found, where in zip(_words(item(value, IN_DTYPE, "dtypes"), 3),
                            ("out", "x.grad", "out at test time"), strict=True):
        if found != f"torch.{dtype}":
            raise Wrong(f"{where} is {quoted(found, instead='something else')}", f"torch.{dtype}")
    x, dout, out, grad = numbers_in(value, *IN_DTYPE[1:])
    kept = out != 0
    exam.show("(out != 0).sum().item()")
    demand_some(kept, p, "units survived")
    exam.show("out{at}.item()")
    _near(out, np.where(kept, x / (1 - p), 0.0), dtype, "out")
    exam.show("x_grad{at}.item()")
    _near(grad, np.where(kept, dout / (1 - p), 0.0), dtype, "x.grad")


def _words(value: Any, count: int) -> list[str]:
    """A list of so many texts."""
    if (not isinstance(value, list) or len(value) != count
            or not all(isinstance(word, str) for word in value)):
        raise Wrong(f"the layer answered with {an(value)}", f"{count} words")
    return value


def _near(got: Array, wanted: Array, dtype: str, name: str) -> None:
    tolerance = max(ROUNDINGS * EPSILON[dtype], TEN_DIGITS)
    good = np.abs(got - wanted) <= tolerance * np.abs(wanted)
    if not good.all():
        place = tuple(int(i) for i in np.argwhere(~good)[0])
        one, other = told_apart(got[place], wanted[place])
        raise Wrong(f"{name}{list(place)} = {one}", f"{other} up to {tolerance:.1g} of it")


# -------------------------------------------------------------------------- the passes of one layer
def _passes_code(name: str) -> Code:
    source = f"""import torch

def passes(p, seed):
    torch.manual_seed(seed)
    layer = {name}(p)
    x = torch.randn(40, 50, dtype=torch.float64, requires_grad=True)
    state = torch.get_rng_state()
    first, second = layer(x.clone()), layer(x.clone())    # clones: it may overwrite them
    try:    # of the FIRST pass, after the second
        (grad,) = torch.autograd.grad(first, x, torch.ones_like(first))
    except Exception:    # whether there is a way back is asked elsewhere; here: the masks
        grad = torch.zeros_like(x)
    before = torch.get_rng_state()
    layer.eval()(x.clone())
    unmoved = torch.equal(torch.get_rng_state(), before)
    torch.set_rng_state(state)
    again = {name}(p)(x.clone())    # a new layer, torch's generator as before the first pass
    torch.manual_seed(seed + 1)
    other = {name}(p)(x.clone())
    return x, first, second, grad, again, other, unmoved
"""
    return Code("passes", source, (name,))


OTHERS = "((first == 0) != ({} == 0)).sum().item()"
PASSES = ("x", "first", "second", "x.grad", "again", "other")


@shared
def passes_of(exam: Exam, p: float, function: str) -> tuple[dict[str, Array], bool]:
    """What passes gave, by name, and if test time left torch's generator alone; all share it."""
    names = (*PASSES, "unmoved")
    shown = tuple(n.replace(".", "_") for n in names)
    seed = stable_seed(f"{function}/passes/{p}/{exam.salt}") % 2**31
    (value,) = exam.ask(run(_passes_code(function), p, seed, returns=shown))
    return {n: array(item(value, names, n), n, (40, 50))
            for n in PASSES}, item(value, names, "unmoved") is True


@verb()
def draws_afresh_in_each_pass(exam: Exam, *, p: float, function: str) -> None:
    """draws a fresh mask in each pass of one and the same layer ({function})"""
    found, _ = passes_of(exam, p, function)
    exam.show(OTHERS.format("second"))
    if np.array_equal(found["first"] == 0, found["second"] == 0):
        raise Wrong("two passes of one layer dropped the same units", "two masks")


@verb()
def remembers_each_pass_by_itself(exam: Exam, *, p: float, function: str) -> None:
    """goes backwards through a pass with that pass's own mask, whatever the layer did since
    ({function})"""
    found, _ = passes_of(exam, p, function)
    grad = found["x.grad"]
    off = int((~(np.abs(grad - found["first"] / found["x"]) <= 1e-9)).sum())
    if off:
        exam.show("(~(abs(x_grad - first / x) <= 1e-9)).sum().item()")
        raise Wrong("after a second pass the gradient of the first differs from its multiplier in "
                    f"{off} of {grad.size} units", "none")


@verb()
def leaves_the_generator_alone_in_eval(exam: Exam, *, p: float, function: str) -> None:
    """draws no random number at test time ({function})"""
    if not passes_of(exam, p, function)[1]:
        exam.show("unmoved")
        raise Wrong("after .eval() torch's random generator moved on", "as it was before the pass")


@verb()
def obeys_the_seed_of_torch(exam: Exam, *, p: float, function: str) -> None:
    """draws its mask from torch's own generator: torch.manual_seed decides about it, and nothing
    else ({function})"""
    found, _ = passes_of(exam, p, function)
    first, again, other = (found[name] == 0 for name in ("first", "again", "other"))
    exam.show(OTHERS.format("again"))
    if not np.array_equal(first, again):
        raise Wrong("the same torch.manual_seed gave another mask", "the same mask")
    exam.show(OTHERS.format("other"))
    if np.array_equal(first, other):
        raise Wrong("another torch.manual_seed gave the same mask", "another mask")


# ------------------------------------------------------------------------------ manners of a module
def told_of(exam: Exam, source: str, function: str, p: float) -> Any:
    """What this code, the source of one function of p, finds of a layer."""
    name = source.partition("def ")[2].partition("(")[0]
    return exam.ask(run(Code(name, source, (function,)), p))[0]


@verb()
def is_a_class_of_your_own(exam: Exam, *, p: float, function: str) -> None:
    """is a class of your own with a forward of its own, and may well be made from one of torch's
    ({function})"""
    home = f"def home(p):\n    return type({function}(p)).forward.__module__\n"
    value = told_of(exam, home, function, p)
    if isinstance(value, str) and value.startswith("torch.nn.modules.dropout"):
        raise Wrong(f"the forward of {function} is torch's{quoted(f', from {value}')}",
                    "one that you wrote")


def saved_by(exam: Exam, p: float, function: str) -> Any:
    """The names of what a layer would save."""
    return told_of(exam, f"""import torch

def saved(p):
    layer = {function}(p)
    layer(torch.randn(4, 5))
    return [*layer.state_dict(), *(name for name, _ in layer.named_parameters())]
""", function, p)


@verb()
def has_nothing_to_save(exam: Exam, *, p: float, function: str) -> None:
    """has an empty state_dict and no parameters: nothing is learned, so nothing is saved
    ({function})"""
    value = saved_by(exam, p, function)
    if not isinstance(value, list) or value:
        names = sorted({v for v in value if isinstance(v, str)}) if isinstance(value, list) else []
        shown = quoted(", ".join(names), instead="something") if names else an(value)
        raise Wrong(f"the state_dict or the parameters hold {shown}", "nothing")


def shown_by(exam: Exam, p: float, function: str) -> str:
    value = told_of(exam, f"def shown(p):\n    return repr({function}(p))\n", function, p)
    if not isinstance(value, str):
        raise Wrong(f"repr(layer) is {an(value)}", "a text")
    return value


@verb()
def shows_its_p(exam: Exam, *, p: float, function: str) -> None:
    """says p, and its own name once, when it is printed ({function})"""
    value = shown_by(exam, p, function)
    if f"p={p:g}" not in value.replace(" ", ""):
        raise Wrong(f"repr(layer) = {quoted(repr(value), 200, 'another text')}",
                    f'a text with "p={p:g}" in it, made by extra_repr')
    name = value.partition("(")[0]
    if value.count(f"{name}(") > 1:
        wanted = "its name only once: extra_repr returns what stands between the parentheses"
        raise Wrong(f"repr(layer) = {quoted(repr(value), 200, 'another text')}", wanted)


def home_of(exam: Exam, p: float, function: str) -> str:
    """Where the layer's output lives: "meta" when everything it makes is made where x is."""
    value = told_of(exam, f"""import torch

def elsewhere(p):
    try:
        return str({function}(p)(torch.empty(4, 5, device="meta")).device)
    except (RuntimeError, NotImplementedError):    # it may have asked for a number
        x = torch.ones(4, 5)
        try:
            with torch.device("meta"):    # where tensors are made that are not told where
                out = {function}(p)(x)
        except (RuntimeError, NotImplementedError) as error:
            if "item()" not in str(error):
                raise
            return "meta"    # it draws a number, a seed for one: it cannot be tried without numbers
        return "meta" if out.device == x.device else str(out.device)
""", function, p)
    return value if isinstance(value, str) else an(value)


@verb()
def makes_its_mask_where_x_lives(exam: Exam, *, p: float, function: str) -> None:
    """makes its mask on the device of x, tried with torch's "meta" device, which has shapes and no
    numbers ({function})"""
    value = home_of(exam, p, function)
    if value != "meta":
        raise Wrong(f"out lives on {quoted(repr(value), instead='another device')}",
                    "'meta', like x")
