"""Checks of quizzes: is a question answered, and (in a key only) is it answered rightly?"""

from __future__ import annotations

from typing import Any

import numpy as np

from autograder.asking import Exam, Wrong, an, array, number, quoted
from autograder.checks_api.verb import verb
from autograder.model import Call

__all__ = ["answers_rightly", "is_filled_in"]


@verb()
def is_filled_in(exam: Exam, *, key: str, choices: str = "") -> None:
    """holds an answer to {key}"""
    (value,) = exam.ask(Call(exam.function, look=True))
    quiz_answer(value, key, choices)


def quiz_answer(value: Any, key: str, choices: str = "") -> float | str:
    """The answer to one question: a number or one of the letters; Wrong when it is neither."""
    if not isinstance(value, dict) or key not in value:
        raise Wrong(f'quiz["{key}"] is missing', "a letter" if choices else "a number")
    given = value[key]
    if choices:
        letter = given.strip().lower() if isinstance(given, str) else ""
        if letter not in tuple(choices):
            came = (quoted(f" = {given!r}", instead=f" is {an(given)}") if isinstance(given, str)
                    else f" is {an(given)}")
            raise Wrong(f'quiz["{key}"]{came}',
                        f'one of the letters {", ".join(choices)}, in quotes')
        return letter
    try:
        result = array(given, "")
    except Wrong:
        raise Wrong(f'quiz["{key}"] is {an(given)}', "a number") from None
    if result.ndim or not np.isfinite(result):
        raise Wrong(f'quiz["{key}"] is {an(given) if result.ndim else number(float(result))}',
                    "a number")
    return float(result)


@verb(with_reference=True)
def answers_rightly(exam: Exam, reference: Exam, *, key: str, choices: str = "",
                    tolerance: float = 0.01) -> None:
    """holds the right answer to {key}"""
    call = Call(exam.function, look=True)
    given, wanted = (quiz_answer(desk.ask(call)[0], key, choices) for desk in (exam, reference))
    numbers = isinstance(given, float) and isinstance(wanted, float)
    right = (abs(float(given) - float(wanted)) <= tolerance * abs(float(wanted)) if numbers
             else given == wanted)
    if not right:  # never say what is right: the sentence and the question are all a student gets
        raise Wrong(
            f'quiz["{key}"]{quoted(f" = {given if isinstance(given, str) else number(given)}")} '
            'is not right')
