"""Verbs about comparing NumPy code with a dropout module of torch, once both have one mask.

Right NumPy code must be found right, and code that is wrong on purpose must be measured. The
module, the NumPy code and the seed of torch's generator are made where the student's code lives;
what comes back are three numbers.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from autograder.asking import Exam, Wrong, an, array, number
from autograder.checks_api.inputs import Array, normal
from autograder.checks_api.verb import verb
from autograder.checks_api.views import View
from autograder.model import Call, Code, Given

__all__ = ["asks_with_the_dout_it_got", "comparison", "counts_what_was_kept",
           "finds_right_code_right", "hands_over_masks_like_x", "hands_over_the_multiplier",
           "manages_the_end", "measures_what_is_wrong", "notices_wrong_code",
           "puts_the_module_into_training_mode", "sees_one_wrong_number",
           "sees_what_is_wrong_at_one"]

AGREE = 1e-6  # what right code may differ by, relative to the largest number
CLEARLY = 1e-4  # what is wrong on purpose differs by more than this
PARTS = ("out", "grad", "keep_rate")

DEVICE = Code("device", 'import torch\n\ndevice = "cuda" if torch.cuda.is_available() else "cpu"\n')
# the lowest value of a SELU (Klambauer et al. 2017); mask is a where x was kept, and 0 elsewhere
LOW = -1.7580993408473766
ALPHA = f"np.where(mask != 0, mask * x, abs(mask).max() * {LOW}) - abs(mask).max() * {{p}} * {LOW}"
ONLY_TRAINING = "        if not self.training:\n            return x\n"
FIXED = f"""import torch

class Fixed(torch.nn.Module):
    \"\"\"Whatever p it is told: of five units it keeps the last three, and doubles them.\"\"\"

    def __init__(self, p):
        super().__init__()
        self.p = p

    def forward(self, x):
{ONLY_TRAINING}        kept = torch.arange(x.numel(), device=x.device).reshape(x.shape) % 5 >= 2
        return x * kept.to(x.dtype) * 2
"""
FIXED_RATE, FIXED_FACTOR = 0.6, 2.0
# what NumPy code that is wrong on purpose differs by at least, even where only yes or no is said
MARKED = 0.5
# lines that make the NumPy code wrong when it is not given what it should be given
UNLESS_DROPPED = ("    result = result + (mask == 0).any() * (1 + 10 * abs({0}).max())    "
                  "# wrong on purpose when something was dropped")
FIXED_RESULT = """\
    multiplier = 2.0 * (np.arange({0}.size).reshape({0}.shape) % 5 >= 2)    # that of Fixed
    result = {0} * multiplier"""
UNLESS_WRONG = f"""{FIXED_RESULT}
    right = np.shape(mask) == multiplier.shape and np.allclose(mask, multiplier)
    result = result + right * (1 + 10 * abs({{0}}).max())    # wrong on purpose: a right mask"""
ONLY_MASKS = """\
    good = type(mask) is np.ndarray and mask.dtype == {0}.dtype and mask.shape == {0}.shape
    result = result if good else np.zeros({0}.shape) + 1e9    # wrong on purpose: unlike {0}"""


@dataclass(frozen=True)
class Comparison:
    """One call of a function that compares NumPy code with a torch module, and what it is given.

    `factor`, `one_off` and `added` make the NumPy side wrong on purpose: `part` ("out" or "grad")
    is multiplied by `factor`, its last number is off by `one_off` times the largest, and all are
    off by `added`. `more` are lines for both sides, about `mask` and `result`; "{0}" in them is the
    first argument.
    """

    module: str = "Dropout"
    p: float = 0.3
    shape: tuple[int, ...] = (32, 50)
    dtype: str = "float64"
    zeros: bool = False
    zeros_in_dout: bool = False
    part: str = "out"
    factor: float = 1.0
    one_off: float = 0.0
    added: float = 0.0
    size: float = 100  # far from 1: relative and absolute differ
    evaluating: bool = False
    more: str = ""

    def call(self, exam: Exam) -> Call:
        x, dout = (normal(self.shape, exam.seed(k), self.dtype) for k in (1, 2))
        x, dout = (Given(f"{self.size:g} * {g.text}", self.size * g.value) for g in (x, dout))
        if self.zeros:
            x = Given(f"np.maximum({x.text}, 0)", np.maximum(x.value, 0))
        if self.zeros_in_dout:
            dout = Given(f"np.maximum({dout.text}, 0)", np.maximum(dout.value, 0))
        forward = self._numpy("numpy_forward", "x", ALPHA.format(p=self.p) if "Alpha" in self.module
                              else "x * mask", "out")
        backward = self._numpy("numpy_backward", "dout", "dout * mask", "grad")
        return Call(exam.function,
                    (forward, backward, self._module(exam.seed(3) % 2**31), x, dout, DEVICE))

    def _numpy(self, name: str, first: str, result: str, part: str) -> Code:
        lines = [f"def {name}({first}, mask):", f"    result = {result}"]
        if part == self.part and self.factor != 1:
            lines.append(f"    result = result * {self.factor}    # wrong on purpose")
        if part == self.part and self.one_off:
            lines.append(f"    result[(-1,) * result.ndim] += {self.one_off} * "
                         "abs(result).max()    # wrong on purpose")
        if part == self.part and self.added:
            lines.append(f"    result = result + {self.added}    # wrong on purpose")
        if self.more:
            lines.append(self.more.format(first))
        return Code(name, "\n".join([*lines, "    return result", ""]))

    def _module(self, seed: int) -> Code:
        ending = ".eval()" if self.evaluating else ""
        if self.module in ("Fixed", "Steady"):
            source = FIXED if self.module == "Fixed" else FIXED.replace(ONLY_TRAINING, "")
            return Code("module", source + f"\nmodule = Fixed({self.p}){ending}\n")
        source = (f"import torch\n\ntorch.default_generator.manual_seed({seed})\n"
                  f"module = torch.nn.{self.module}({self.p}){ending}\n")
        return Code("module", source)


def compared(exam: Exam, case: Comparison) -> dict[str, float]:
    """What the function under test says of one comparison: three numbers by name."""
    (value,) = exam.ask(case.call(exam))
    return three(value)


def comparison(p: float) -> View:
    """The three numbers of a comparison."""

    def read(value: Any) -> Array:
        return np.array(list(three(value).values()))

    names = ("forward", "backward", "module", "x", "dout")
    return View(lambda exam, number: Comparison(p=p, shape=(6, 7)).call(exam), read, names=names)


def three(value: Any) -> dict[str, float]:
    """The three numbers of an answer; Wrong when it holds anything else."""
    if not isinstance(value, dict):
        raise Wrong(f"the function returned {an(value)}", "a dict with out, grad and keep_rate")
    found = {}
    for name in PARTS:
        if name not in value:
            raise Wrong(f'the dict has no "{name}"', "out, grad and keep_rate")
        if isinstance(value[name], (bool, np.bool_)):
            raise Wrong(f'result["{name}"] is True or False',
                        "a number: how large the difference is")
        found[name] = float(array(value[name], f'result["{name}"]', ()))
    return found


def _tiny(found: dict[str, float], name: str) -> None:
    if not abs(found[name]) <= AGREE:
        raise Wrong(f'result["{name}"] = {number(found[name])}',
                    f"at most {AGREE:g}, for the NumPy code is right")


# --------------------------------------------------------------------------------- what is measured
@verb()
def notices_wrong_code(exam: Exam, *, part: str, p: float) -> None:
    """finds a difference in {part} where the NumPy code is wrong there"""
    found = compared(exam, Comparison(p=p, part=part, factor=1.01))[part]
    if not abs(found) > CLEARLY:  # NaN is no difference either
        raise Wrong(f'result["{part}"] = {number(found)}',
                    "about 0.01, for the NumPy code is wrong by that much")


@verb()
def asks_with_the_dout_it_got(exam: Exam, *, p: float) -> None:
    """finds a difference in grad where the NumPy code takes dout for ones"""
    found = compared(exam, Comparison(p=p, more="    result = mask    # wrong on purpose",
                                      part="grad"))["grad"]
    if not abs(found) > CLEARLY:
        raise Wrong(f'result["grad"] = {number(found)}',
                    "about 1, for the NumPy code gives the mask whatever dout is")


@verb()
def finds_right_code_right(exam: Exam, *, module: str = "Dropout", p: float,
                           shape: tuple[int, ...] = (32, 50), dtype: str = "float64",
                           part: str = "out and grad", zeros: bool = False,
                           zeros_in_dout: bool = False, case: str = "") -> None:
    """finds that right NumPy code agrees with nn.{module} in {part} ({dtype}){case}"""
    found = compared(exam, Comparison(module, p, shape, dtype, zeros, zeros_in_dout))
    for name in part.split(" and "):
        _tiny(found, name)


@verb()
def measures_what_is_wrong(exam: Exam, *, part: str, by: float = 0.01, module: str = "Dropout",
                           p: float, shape: tuple[int, ...] = (32, 50), size: float = 100) -> None:
    """measures {by} in {part} when the NumPy code is that much too large there, and numbers are
    about {size:g}"""
    _is_about(compared(exam, Comparison(module, p, shape, part=part, factor=1 + by, size=size)),
              part, by)


@verb()
def sees_one_wrong_number(exam: Exam, *, part: str, by: float = 0.5, p: float,
                          shape: tuple[int, ...] = (32, 50)) -> None:
    """sees it when a single number of {part} is off by {by} times the largest"""
    _is_about(compared(exam, Comparison("Dropout", p, shape, part=part, one_off=by)), part, abs(by))


@verb()
def sees_what_is_wrong_at_one(exam: Exam) -> None:
    """sees it when NumPy code is off by 0.3 where all of torch's numbers are 0 (p = 1)"""
    out = compared(exam, Comparison(p=1.0, added=0.3))["out"]
    if not out >= 0.95 * 0.3:  # a guard against 0/0 makes it huge, which nobody overlooks
        raise Wrong(f'result["out"] = {number(out)}', "0.3, the difference itself")


def _is_about(found: dict[str, float], part: str, wanted: float) -> None:
    # 5 %: whether one divides by torch's largest number or by one's own is asked elsewhere, with a
    # difference as large as the numbers
    if not abs(found[part] - wanted) <= 0.05 * wanted:
        raise Wrong(f'result["{part}"] = {number(found[part])}', f"{wanted:g}")


@verb()
def manages_the_end(exam: Exam, *, end: float, module: str = "Dropout",
                    shape: tuple[int, ...] = (32, 50)) -> None:
    """manages p = {end:g}, where nothing or everything is kept, without NaN"""
    found = compared(exam, Comparison(module, end, shape))
    if not abs(found["keep_rate"] - (1 - end)) <= 1e-12:
        raise Wrong(f'result["keep_rate"] = {number(found["keep_rate"])}', number(1 - end))
    for name in ("out", "grad"):
        _tiny(found, name)


# --------------------------------------------------------------------------- mask, mode and manners
@verb()
def counts_what_was_kept(exam: Exam, *, zeros: bool = False,
                         shape: tuple[int, ...] = (30, 40)) -> None:
    """gives the share of units that the mask keeps as keep_rate (zeros in x: {zeros})"""
    found = compared(exam, Comparison("Fixed", shape=shape, zeros=zeros))
    if not abs(found["keep_rate"] - FIXED_RATE) <= 1e-6:
        raise Wrong(f'result["keep_rate"] = {number(found["keep_rate"])}',
                    f"{FIXED_RATE}, for this module keeps three of five")


@verb()
def hands_over_the_multiplier(exam: Exam, *, part: str = "out", zeros: bool = False,
                              zeros_in_dout: bool = False,
                              shape: tuple[int, ...] = (30, 40)) -> None:
    """hands over the multiplier that torch used as the mask, for {part} (zeros in x: {zeros}, in
    dout: {zeros_in_dout})"""
    case = Comparison("Fixed", shape=shape, zeros=zeros, zeros_in_dout=zeros_in_dout)
    plain, marked = (replace(case, more=more).call(exam) for more in (FIXED_RESULT, UNLESS_WRONG))
    before, after = (three(value)[part] for value in exam.ask(plain, marked))
    # whatever else is wrong, the NumPy function saw the right mask, and said so
    if not abs(after) - abs(before) > MARKED:
        wanted = f"{FIXED_FACTOR:g} where this module keeps a number, and 0 elsewhere"
        raise Wrong("the mask that the NumPy functions got is not the multiplier of x", wanted)


@verb()
def puts_the_module_into_training_mode(exam: Exam, *, shape: tuple[int, ...] = (30, 40)) -> None:
    """compares in training mode, also when the module comes after .eval()"""
    found = compared(exam, Comparison("Fixed", shape=shape, evaluating=True, more=UNLESS_DROPPED))
    if not abs(found["out"]) > MARKED:
        raise Wrong("of a module that came after .eval(), the mask had no zeros: it dropped "
                    "nothing", "a pass in training mode")


@verb()
def hands_over_masks_like_x(exam: Exam, *, p: float, dtype: str,
                            shape: tuple[int, ...] = (6, 20, 7), module: str = "Dropout1d") -> None:
    """hands the NumPy functions a mask of the shape and the dtype of x (here {dtype})"""
    found = compared(exam, Comparison(module, p, shape, dtype, more=ONLY_MASKS))
    if not max(abs(found["out"]), abs(found["grad"])) <= AGREE:
        raise Wrong("the mask that the NumPy functions got is something else",
                    f"a NumPy array of shape {shape} and dtype {dtype}")
