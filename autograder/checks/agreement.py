"""Verbs that compare with the solution. They take `(exam, reference)` and can only stand in a key."""

from __future__ import annotations

from typing import Any

import numpy as np

from autograder.asking import Exam, Wrong, array, number, quoted
from autograder.checks.behaviour import compare, item, quiz_answer
from autograder.checks.inputs import normal
from autograder.checks.verb import verb
from autograder.model import Call, Given


@verb(with_reference=True)
def agrees_with_the_solution(
    exam: Exam, reference: Exam, *, given: tuple[Any, ...], names: tuple[str, ...], name: str, tolerance: float = 1e-12,
    function: str = "",
) -> None:
    """gets {name} right"""
    call = Call(function or exam.function, tuple(_argument(a, exam.seed(k)) for k, a in enumerate(given)), returns=names)
    (value,), (wanted,) = exam.ask(call), reference.ask(call)
    expected = np.asarray(item(wanted, names, name))
    compare(array(item(value, names, name), name, expected.shape), expected, name, tolerance)


def _argument(argument: Any, seed: int) -> Any:
    """In a list, a tuple of whole numbers stands for a normal array of that shape; anything else for itself."""
    if isinstance(argument, tuple):
        return normal(argument, seed)
    return Given(f"np.array({argument})", np.array(argument)) if isinstance(argument, list) else argument


@verb(with_reference=True)
def answers_rightly(exam: Exam, reference: Exam, *, key: str, choices: str = "", tolerance: float = 0.01) -> None:
    """answers {key} rightly"""
    call = Call(exam.function, look=True)
    given, wanted = (quiz_answer(desk.ask(call)[0], key, choices) for desk in (exam, reference))
    numbers = isinstance(given, float) and isinstance(wanted, float)
    right = abs(float(given) - float(wanted)) <= tolerance * abs(float(wanted)) if numbers else given == wanted
    if not right:  # never say what is right: the sentence and the question are all a student gets
        raise Wrong(f'quiz["{key}"]{quoted(f" = {given if isinstance(given, str) else number(given)}")} is not right')
