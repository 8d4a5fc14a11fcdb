"""What gradient checkers are asked: functions f as text, their gradients, right and wrong ones.

A form is a function f, written as text so that it can travel and be shown, with its exact gradient
and with what the usual slips would make of it. Inputs keep away from kinks.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from autograder.asking import Exam, Wrong, array
from autograder.checks_api.inputs import Array
from autograder.checks_api.views import ones
from autograder.model import Call, Code, Given, Seed

DROP, LAYER = 0.3, "a ReLU layer with dropout"
KEPT = f"kept = np.random.default_rng(5).random({{shape}}) >= {DROP}\n"
CONSTANT = Code("f", "f = lambda x: 0 * x")


@dataclass(frozen=True)
class Form:
    """Text that makes f (`{shape}` is x's), and the text of the gradient of sum(f(x) * dout)."""

    source: str
    gradient: str


FORMS: dict[str, Form] = {
    "x squared": Form("f = lambda x: x ** 2", "dout * 2 * x"),
    "a sum of sines (one number)": Form("f = lambda x: float(np.sin(x).sum())", "dout * np.cos(x)"),
    "a matrix product": Form("W = np.random.default_rng(3).normal(size=({shape}[-1], 2))\n"
                             "f = lambda x: x @ W", "dout @ W.T"),
    "x itself": Form("f = lambda x: x", "dout"),
    LAYER: Form(
        f"{KEPT}f = lambda x: np.maximum(x, 0) * kept / {1 - DROP}",
        f"dout * (x > 0) * kept / {1 - DROP}"
    ),
    "x squared with dropout": Form(f"{KEPT}f = lambda x: x ** 2 * kept / {1 - DROP}",
                                   f"dout * 2 * x * kept / {1 - DROP}"),
}

# What a slip makes of the gradient of a ReLU layer with dropout.
SLIPS: dict[str, str] = {
    "forgets the mask": f"dout * (x > 0) / {1 - DROP}",
    "forgets the scale": "dout * (x > 0) * kept",
    "scales twice": f"dout * (x > 0) * kept / {1 - DROP} ** 2",
    "divides by p": f"dout * (x > 0) * kept / {DROP}",
    "forgets the ReLU": f"dout * kept / {1 - DROP}",
    "draws a fresh mask": f"dout * (x > 0) * (np.random.default_rng(6).random(x.shape) >= {DROP}) "
    f"/ {1 - DROP}",
    "has the wrong sign": f"-dout * (x > 0) * kept / {1 - DROP}",
    "is zero everywhere": "0 * x",
}


@dataclass(frozen=True)
class Question:
    """f, x, dout and the right dx, each ready to be asked with and to be shown."""

    f: Code
    x: Given
    dout: Given
    dx: Given
    known: dict[str, Any]  # the names that the texts define, with their values

    def gradient(self, text: str) -> Given:
        """The gradient that this text computes."""
        return Given("dx", np.asarray(eval(text, dict(self.known)), dtype=float), f"dx = {text}")


def question(form: str, shape: tuple[int, ...], seed: int) -> Question:
    """A form with an input whose entries are at least a tenth away from zero, of either sign."""
    code = Code("f", FORMS[form].source.replace("{shape}", str(shape)))
    x_text = f"x = np.random.default_rng({seed}).normal(size={shape})\nx += 0.1 * np.sign(x)"
    known: dict[str, Any] = {"np": np}
    exec(f"{code.source}\n{x_text}", known)
    size = np.shape(known["f"](known["x"]))
    dout_text = (f"dout = np.random.default_rng({seed + 1}).normal(size={size})" if size
                 else "dout = 1.7")
    exec(dout_text, known)
    asked = Question(code, Given("x", known["x"], x_text), Given("dout", known["dout"], dout_text),
                     Given("", None), known)
    return replace(asked, dx=asked.gradient(FORMS[form].gradient))


def nothing(exam: Exam, f: Code) -> tuple[Question, Given]:
    """Whatever f is handed in, and a dx of zeros."""
    return (replace(question("x squared", (6, 7), exam.seed(1)), f=f),
            Given("np.zeros((6, 7))", np.zeros((6, 7))))


def column(x: tuple[float, ...]) -> tuple[Array, tuple[Given, Given]]:
    """x as a column, and x and a dout of ones as shown: for whoever takes one axis, or only two."""
    at = np.array([[entry] for entry in x])
    return at, (Given(f"np.array({at.tolist()})", at), ones(*at.shape))


def counted(most: int) -> Code:
    """x squared, as a function that raises RuntimeError when it is called more often."""
    refuse = (f"    f.calls += 1\n    if f.calls > {most}:\n"
              f"        raise RuntimeError('f was called more than {most} times')\n")
    return Code("f", f"def f(x):\n{refuse}    return x ** 2\n\n\nf.calls = 0")


def numeric_call(exam: Exam, asked: Question, *more: Any, **options: Any) -> Call:
    """`dx = numeric_gradient(f, x, dout)`."""
    return Call(exam.function, (asked.f, asked.x, asked.dout, *more), returns=("dx",), **options)


def error_call(exam: Exam, asked: Question, dx: Given, *more: Any, seed: int = 0,
               **options: Any) -> Call:
    """`error = directional_error(f, x, dout, dx, rng)`, with the seed-th generator of the exam."""
    given = (asked.f, asked.x, asked.dout, dx, Seed(exam.seed(seed)), *more)
    return Call(exam.function, given, returns=("error",), **options)


def shaped(value: Any, shape: tuple[int, ...]) -> Array:
    """A dx with so many entries; that axes were lost on the way is told by `differentiates`."""
    got = array(value, "dx")
    return (got.reshape(shape) if got.size == np.prod(shape) else array(got, "dx", shape)
            ).astype(float)


def error_of(value: Any) -> float:
    """A returned error: a number that is not NaN. `is_never_negative` asks for its sign, once."""
    error = array(value, "error", ())
    if np.isnan(error):
        raise Wrong("error = nan", "a number")
    return abs(float(error))
