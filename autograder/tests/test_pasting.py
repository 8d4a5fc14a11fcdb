"""What stands below a cross can be pasted, and shows the quantity that the message speaks of."""

from __future__ import annotations

import ast
import re
import warnings
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import autograder
from autograder.asking import Exam
from autograder.course import lacking, load_public
from autograder.model import Call, Given, Item, Seed, Verdict
from autograder.pasting import lines
from autograder.staff import Staff, load_staff
from autograder.student.selfcheck import examine_public
from autograder.subjects.local import Local

ROOT = Path(autograder.__file__).parents[1]
SHARE = 0.02  # by which a share in one of the calls may differ from that in all of them
LATER = ("hw2_network", "hw3_generalization", "hw4_theory", "hw5_spatial", "hw6_sequences",
         "hw7_uncertainty", "hw8_torch")
SLUGS = ("hw1_dropout", *(pytest.param(slug, marks=pytest.mark.slow) for slug in LATER))
NAMED = re.compile(r"\w+(\[[^]]*\])* = ")  # what is spoken of is a variable, or an entry of one
NUMBERS = (int, float, np.number, np.bool_)
LONGEST = 400  # characters of what a notebook shows: a few numbers, no dump of an array
# How many messages have lines that end in no number: those about a shape, a dtype or a kind of
# result, refusals that did not come, names, and two or three numbers side by side. Whoever adds one
# says in its check what shows its number (Exam.show).
NO_NUMBER = {
    "hw1_dropout": 17,
    "hw2_network": 21,
    "hw3_generalization": 3,
    "hw4_theory": 23,
    "hw5_spatial": 16,
    "hw6_sequences": 13,
    "hw7_uncertainty": 39,
    "hw8_torch": 12,
}
ONE_NUMBER = re.compile(
    r"(?!the errors for|the accuracy after|after a training|\d+ of )"
    r"(share of )?[^=]* = (-?[\d.]+(?:e-?\d+)?)( (?!to )|$)"
)
DRAWS = "many_draws"  # so begin the names of beliefs that draw anew each time


@cache
def staff(slug: str) -> Staff:
    return load_staff(ROOT, slug)


def crosses(slug: str) -> Iterator[tuple[str, Verdict, dict[str, Any]]]:
    """Every different message that wrong answers of the key bring about, with its functions."""
    public, seen = load_public(ROOT / "assignments" / slug), set()
    for belief in staff(slug).key.misconceptions:
        subject = staff(slug).answered(belief)
        for verdict in examine_public(public.exercise(belief.exercise), subject, public).verdicts:
            told = (belief.exercise, verdict.check, verdict.got)
            if not verdict.passed and verdict.call and told not in seen:
                seen.add(told)
                yield (f"{belief.name}: {verdict.check}: {verdict.got}\n{verdict.call}", verdict,
                       dict(subject.namespace))


def pasted(call: str, namespace: dict[str, Any]) -> Any:
    """The value that a notebook would show, or the exception."""
    tree = ast.parse(call.removesuffix(" ..."))
    last = tree.body.pop()
    try:
        with warnings.catch_warnings(), np.errstate(all="ignore"):
            warnings.simplefilter("ignore")
            exec(compile(tree, "pasted", "exec"), namespace)
            if isinstance(last, ast.Expr):
                return eval(compile(ast.Expression(last.value), "pasted", "eval"), namespace)
            return exec(compile(ast.Module([last], []), "pasted", "exec"), namespace)
    except Exception as error:
        return error


@pytest.mark.parametrize("slug", SLUGS)
def test_every_line_to_see_it_runs_and_shows_what_is_spoken_of(slug: str) -> None:
    if lacking(staff(slug).assignment):
        pytest.skip(lacking(staff(slug).assignment))
    shown, silent = 0, list[str]()
    for told, verdict, namespace in crosses(slug):
        value = pasted(verdict.call, namespace)
        assert (not isinstance(value, Exception)
                or f"raised {type(value).__name__}" in verdict.got), told
        assert len(repr(value)) <= LONGEST, f"not one quantity, but a dump: {told}"
        silent += [] if isinstance(value, (*NUMBERS, Exception)) else [told]
        if number := ONE_NUMBER.match(verdict.got):
            if not isinstance(value, NUMBERS):
                corner_of_a_map = " lies in no block " in verdict.got
                assert (isinstance(value, tuple) or corner_of_a_map
                        or not NAMED.match(verdict.got)), told
                continue
            near = 0.5 if told.startswith(DRAWS) else 1e-4
            assert float(value) == pytest.approx(float(number[2]), rel=near,
                                                 abs=SHARE if number[1] else 1e-6), told
            shown += 1
    assert shown >= 5
    assert len(silent) <= NO_NUMBER[slug], "\n\n".join(silent)


X, RNG = Given("np.ones((2, 3))", np.ones((2, 3))), Seed(7)
FORWARD = Call("f", (X, 0.3, RNG), returns=("out", "cache"))
MASK = Call("mask", ((2, 3), 0.3, RNG), returns=("mask",))
BACKWARD, PLAIN = Call("b", (1, Item(0)), returns=("dx",)), Call("f", (2,), returns=("out",))
LONG = Call("f", (Given("x" * 99, 1),), returns=("out",))
WIDE = Call("f", (Given("x" * 99, 1), Seed(7, "rng")), returns=("out", "cache"))
LAYER = Call("f", (Given("x", 1, "x = 1"), Given("W", np.ones(2), "W = np.ones(2)")),
             returns=("out",))
ARGUMENTS = "0.3, np.random.default_rng(7))"
TWICE = f"f(np.ones((2, 3)), {ARGUMENTS}; f(np.ones((2, 3)), {ARGUMENTS}"


@pytest.mark.parametrize(
    ("calls", "got", "seen"),
    [
        ([MASK], "share of dropped units = 0.7",
         f"mask = mask((2, 3), {ARGUMENTS}\n(mask == 0).mean()"),
        ([FORWARD], "out[0, 0] = 3", f"out, cache = f(np.ones((2, 3)), {ARGUMENTS}\nout[0, 0]"),
        ([FORWARD], "(out / x)[kept][0] = 1",
         f"x = np.ones((2, 3))\nout, cache = f(x, {ARGUMENTS}\n(out / x)[out != 0][0]"),
        ([FORWARD], "out holds -1.5",
         f"out, cache = f(np.ones((2, 3)), {ARGUMENTS}\nout[out != 0][0]"),
        ([FORWARD], "the function returned an array",
         f"result = f(np.ones((2, 3)), {ARGUMENTS}\ntype(result)"),
        ([FORWARD], "the function returned",
         f"result = f(np.ones((2, 3)), {ARGUMENTS}\ntype(result)"),
        ([FORWARD], "NumPy warned: overflow", f"result = f(np.ones((2, 3)), {ARGUMENTS}"),
        (
            [WIDE, WIDE],
            "share of units on which two calls agree = 1",
            f"rng = np.random.default_rng(7)\none = f({'x' * 99}, rng)[0] == 0\n"
            f"other = f({'x' * 99}, rng)[0] == 0\n(one == other).mean()",
        ),
        (
            [MASK, MASK],
            "share of masks of 2 units with nothing kept = 0.0",
            "np.mean([not np.any(mask((2, 3), 0.3, np.random.default_rng(seed))) for seed in "
            "range(200)])",
        ),
        (
            [FORWARD, BACKWARD, FORWARD, BACKWARD, Call("dx{at}", ship=(), look=True)],
            "dx after another forward pass[0, 1] = 3",
            f"out, cache_1 = f(np.ones((2, 3)), {ARGUMENTS}\ndx = b(1, cache_1)\n"
            f"out, cache = f(np.ones((2, 3)), {ARGUMENTS}\ndx = b(1, cache_1)\ndx[0, 1]",
        ),
        ([FORWARD, FORWARD], "out[0, 0] = 3", TWICE),
        (
            [FORWARD, FORWARD, Call("2 * out{at}", (Given("u", 1, "u = 1"),), ship=(), look=True)],
            "twice out[0, 1] = 3",
            f"u = 1\nout, cache = f(np.ones((2, 3)), {ARGUMENTS}\n"
            f"out, cache = f(np.ones((2, 3)), {ARGUMENTS}\n2 * out[0, 1]",
        ),
        (
            [FORWARD, Call("sum({call}[0] > 1 for seed in range(9))", ship=(), look=True)],
            "1 of 9 calls",
            "sum(f(np.ones((2, 3)), 0.3, np.random.default_rng(seed))[0] > 1 for seed in range(9))",
        ),
        ([FORWARD], "out.shape = (3,)",
         f"out, cache = f(np.ones((2, 3)), {ARGUMENTS}\nnp.shape(out)"),
        ([FORWARD], "f raised ValueError: x = 3", f"f(np.ones((2, 3)), {ARGUMENTS}"),
        ([FORWARD], "__import__('os') = 3", f"f(np.ones((2, 3)), {ARGUMENTS}"),
        ([Call("quiz", look=True)], 'quiz["a"] = 3', "quiz"),
    ],
)
def test_the_last_line_is_the_value_that_a_message_begins_with(calls: list[Call], got: str,
                                                               seen: str) -> None:
    assert lines(calls, got) == seen


def test_a_check_says_what_is_shown() -> None:
    exam = Exam("f", Local(namespace={}), "", last=(FORWARD, FORWARD))
    exam.show("out.max()")
    exam.show("out.min()")
    assert [call.function for call in exam.last] == ["f", "f", "out.min()"], "the last word counts"
    exam.show_two([MASK, MASK], first=[PLAIN])
    assert lines(exam.last, "").endswith(f"one = mask((2, 3), {ARGUMENTS}\n"
                                         f"other = mask((2, 3), {ARGUMENTS}\n(one != other).sum()")
    exam.last = (LAYER,)
    exam.show_change("x", "[0]")
    assert (lines(exam.last, "") == "x = 1\nW = np.ones(2)\nbefore = x[0].copy()\nf(x, W)\n"
            "(x[0] != before).sum()")
