"""Symptoms of a layer for torch."""

from __future__ import annotations

import numpy as np

from autograder.asking import Exam, raised
from autograder.checks_api.comparing import item
from autograder.checks_api.inputs import Array
from autograder.checks_api.symptoms import symptom
from autograder.dropout.torch.layers import (
    EPSILON, IN_DTYPE, PASSES, home_of, in_dtype, numbers_in, passes_of, saved_by, shown_by,
    told_of)
from autograder.model import Answer, Outcome

WAYS = ("no tensor", "cut off", "open", "too few or too many gradients", "a gradient by p")


def _drops(out: Array) -> bool:
    return bool((out == 0).any() and (out != 0).any())


@symptom
def one_layer_twice(exam: Exam, *, function: str) -> str:
    """What two passes of one layer have to do with each other."""
    found, unmoved = passes_of(exam, 0.3, function)
    x, first, second, grad = (found[name] for name in PASSES[:4])
    if not _drops(first):
        return "drops nothing, or everything"
    if np.array_equal(first == 0, second == 0):
        return "one mask"
    with np.errstate(all="ignore"):
        own = _pass_of(grad, {"own gradients": first / x, "gradients of the latest": second / x})
    return own if unmoved else f"{own}, draws in eval"


def _pass_of(grad: Array, passes: dict[str, Array]) -> str:
    """Which pass a gradient belongs to."""
    return next((name for name, multiplier in passes.items() if np.allclose(grad, multiplier)),
                "other gradients")


@symptom
def source_of_chance(exam: Exam, *, function: str) -> str:
    """Does torch.manual_seed decide about the mask?"""
    found, _ = passes_of(exam, 0.3, function)
    first, again, other = (found[name] == 0 for name in ("first", "again", "other"))
    if not _drops(found["first"]) or np.array_equal(first, other):
        return "none"
    return "torch" if np.array_equal(first, again) else "another"


@symptom
def half_precision(exam: Exam, *, function: str) -> str:
    """The dtype that bfloat16 becomes."""
    dtypes = item(in_dtype(exam, function, "bfloat16", 0.3, 5), IN_DTYPE, "dtypes")
    word = dtypes[0] if isinstance(dtypes, list) and dtypes else ""
    return word if isinstance(word, str) and word.removeprefix("torch.") in EPSILON else "other"


@symptom
def divisor(exam: Exam, *, function: str) -> str:
    """By what float64 survivors are divided: 1 - p, or a small number more, as it is added against
    0/0."""
    x, out = numbers_in(in_dtype(exam, function, "float64", 0.3, 5), "x", "out")
    kept = out != 0
    more = x[kept] / out[kept] - (1 - 0.3)
    if not kept.any() or not (np.abs(more) <= 1e-3).all():
        return "other"
    little = any((np.abs(more - small) <= 0.01 * small).all()
                 for small in 10.0 ** np.arange(-10, -3))
    return "a little more" if little else "1 - p"


@symptom
def saved_state(exam: Exam, *, function: str) -> str:
    """Is there anything in the state_dict, or among the parameters, after a pass?"""
    saved = saved_by(exam, 0.3, function)
    return "nothing" if isinstance(saved, list) and not saved else "something"


@symptom
def mode_after_eval(exam: Exam, *, function: str) -> str:
    """The mode of a layer that was put into eval mode, after a pass."""
    value = told_of(exam, f"""import torch

def mode(p):
    layer = {function}(p).eval()
    layer(torch.randn(4, 5))
    return layer.training
""", function, 0.3)
    return "eval" if value is False else "training"


@symptom
def printed(exam: Exam, *, function: str) -> str:
    """Does the layer say its p, and its name once?"""
    shown = shown_by(exam, 0.3, function)
    if shown.count(shown.partition("(")[0] + "(") > 1:
        return "its name twice"
    return ("p" if "0.3" in shown else "another number"
            if any(letter.isdigit() for letter in shown.partition("(")[2]) else "no p")


@symptom
def way_back(exam: Exam, *, function: str) -> str:
    """Does autograd find its way back through the layer? What torch says when it does not, in a
    word."""
    value = told_of(exam, f"""import torch

def way(p):
    x = torch.randn(4, 5, requires_grad=True)
    out = {function}(p)(x.clone())
    if not isinstance(out, torch.Tensor):
        return "no tensor"
    if out.grad_fn is None:
        return "cut off"
    try:
        torch.autograd.grad(out, x, torch.ones_like(out))
    except Exception as error:
        words = {{"number of gradients": "too few or too many gradients",
                 "different than None": "a gradient by p"}}
        return next((word for said, word in words.items() if said in str(error)),
                    "raises " + type(error).__name__)
    return "open"
""", function, 0.3)
    if isinstance(value, str) and value.startswith("raises "):
        return f"raises {raised(Answer(Outcome.RAISED, error=value[7:]))}"
    return value if isinstance(value, str) and value in WAYS else "other"


@symptom
def home_of_the_mask(exam: Exam, *, function: str) -> str:
    """Is anything made on another device than that of x?"""
    return "that of x" if home_of(exam, 0.3, function) == "meta" else "elsewhere"
