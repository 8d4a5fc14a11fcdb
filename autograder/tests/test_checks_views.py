"""Layers that are classes, put to the battery about functions."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from autograder.diagnose import fingerprint
from autograder.dropout import checks as c
from autograder.dropout import symptoms as f
from autograder.dropout.views import Coat, seen_through, through
from autograder.judge import UNDEFINED, judge
from autograder.model import Call, Code, Given, Outcome, Verdict
from autograder.subjects.local import Local
from autograder.tests.toys import junk, one_part

FORWARD = Code("forward", "def forward(x, p, rng, train=True):\n    layer = Layer(p)\n"
               "    return layer.forward(x, rng, train), layer\n", ("Layer",))
BACKWARD = Code("backward", "def backward(dout, layer):\n    return layer.backward(dout)\n")
COAT = Coat({"Layer": FORWARD, "back": BACKWARD})
BOTH = {"forward": "Layer", "backward": "back"}


class Layer:
    """Inverted dropout as a class."""

    def __init__(self, p: float) -> None:
        self.p = p

    def forward(self, x: Any, rng: Any, train: bool) -> Any:
        self.factor = (rng.random(x.shape) >= self.p) / (1 - self.p) if train else np.ones(x.shape)
        return x * self.factor

    def backward(self, dout: Any) -> Any:
        return dout * self.factor


class Forgetful(Layer):
    def backward(self, dout: Any) -> Any:
        return dout


CHECKS = [
    through(COAT, check)
    for check in (
        c.drops_the_right_share(p=0.3),
        c.scales_the_survivors(p=0.3),
        c.is_identity_at_test_time(p=0.3),
        c.keeps_its_input(p=0.3),
        c.follows_the_mask(p=0.3, **BOTH),
        c.belongs_to_its_own_cache(p=0.3, **BOTH),
    )
]


def verdicts(**functions: Any) -> list[Verdict]:
    return list(judge(one_part("Layer", CHECKS), Local(namespace=functions), "slug"))


def test_a_right_class_passes_what_a_right_function_passes() -> None:
    assert all(v.passed for v in verdicts(Layer=Layer)), verdicts(Layer=Layer)


def test_a_wrong_class_is_refused_with_a_call_that_can_be_pasted() -> None:
    wrong = [v for v in verdicts(Layer=Forgetful) if not v.passed]
    assert [v.check for v in wrong] == [CHECKS[4].name]
    assert wrong[0].got.startswith("dx[0, ")
    assert wrong[0].call.startswith(FORWARD.source)
    assert "out, cache = forward(np." in wrong[0].call
    namespace: dict[str, Any] = {"Layer": Forgetful, "np": np}
    exec(wrong[0].call, namespace)
    assert namespace["out"].shape == (32, 50)


def test_a_class_that_is_missing_is_named() -> None:
    found = verdicts()
    assert {v.outcome for v in found} == {Outcome.RAISED}
    assert found[0].got == f"Layer {UNDEFINED}"


def test_a_named_coat_gives_its_checks_a_name_of_their_own() -> None:
    check = through(Coat({"Layer": FORWARD}, "Layer"), c.scales_the_survivors(p=0.3))
    assert (check.name, check.verb) == ("scales_the_survivors of Layer(p=0.3)",
                                        "scales_the_survivors of Layer")
    assert check.sentence == "multiplies every survivor by 1/(1-p) (Layer)"


def test_facts_are_seen_through_a_coat() -> None:
    facts = [seen_through(COAT, fact)
             for fact in (f.drop_share(), f.survivors(), f.gradient_mask(**BOTH))]
    seen = fingerprint(facts, "Layer", Local(namespace={"Layer": Forgetful}), "slug")
    assert seen == {"drop_share": "p", "survivors": "1/(1-p)", "gradient_mask": "none"}


@pytest.mark.filterwarnings("ignore")
def test_no_junk_breaks_a_check_in_a_coat() -> None:
    for name, function in junk().items():
        for found in verdicts(Layer=function):
            assert found.outcome is not Outcome.BROKEN, (name, found)


def test_code_knows_the_names_it_uses_and_no_others() -> None:
    subject = Local(namespace={"mine": 5, "other": 6})
    look = Code("look", "def look():\n    return mine, 'other' in globals()\n", ("mine",))
    (answer,) = subject.ask([Call(".__call__", (look,))], 5.0)
    assert answer.value == (5, False)


def test_code_may_make_anything_not_only_functions() -> None:
    subject = Local(namespace={"total": lambda numbers, more: sum(numbers) + more})
    (answer,) = subject.ask(
        [Call("total", (Code("numbers", "numbers = [1, 2, 3]\n"), Given("4", 4)))], 5.0)
    assert answer.value == 10
