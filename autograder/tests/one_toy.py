"""What one check or symptom says about one function, which is called `toy`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from autograder.asking import Exam
from autograder.judge import judge
from autograder.model import Check, Outcome, Verdict
from autograder.subjects.local import Local
from autograder.tests.toys import one_part

Function = Callable[..., Any]
Solution = Mapping[str, Function] | None


def verdict(check: Check, function: Function, slug: str = "slug", *,
            solution: Solution = None) -> Verdict:
    """What the check says about it; the functions of the solution are those given."""
    other = Local(namespace=dict(solution)) if solution else None
    return judge(one_part("toy", [check]), Local(namespace={"toy": function, "np": np}), slug,
                 "salt", other)[0]


def told(check: Check, function: Function, *, solution: Solution = None) -> str:
    """The words of a refusal: what came and what should have come."""
    found = verdict(check, function, solution=solution)
    assert found.outcome is Outcome.FAILED, found
    return f"{found.got} | {found.wanted}"


def passes(check: Check, function: Function, slug: str = "slug", *,
           solution: Solution = None) -> None:
    """It is not refused."""
    found = verdict(check, function, slug, solution=solution)
    assert found.passed, found


def fact(symptom: Any, function: Function) -> str:
    """The word of a symptom."""
    return str(symptom.look(Exam("toy", Local(namespace={"toy": function, "np": np}), "seed")))
