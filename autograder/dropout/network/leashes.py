"""Verbs about what scales a column that is too long, and about the gradient of scores."""

from __future__ import annotations

import numpy as np

from autograder.asking import Exam, Wrong, array, number
from autograder.checks_api.verb import verb
from autograder.checks_api.views import question

__all__ = ["gives_a_gradient_of_scores", "shortens_what_is_too_long"]

PROBS = ((0.2, 0.5, 0.3), (0.1, 0.1, 0.8), (0.75, 0.15, 0.1))


@verb()
def shortens_what_is_too_long(exam: Exam) -> None:
    """shortens a column that is too long, and the more the shorter the leash"""
    calls = [question(exam, ([[3.0], [4.0]], c), ("W",)) for c in (2.0, 1.0)]
    first, second = (float(np.linalg.norm(array(v, "W", (2, 1)).astype(float)))
                     for v in exam.ask(*calls))
    if not 0 < second < first < 5:
        exam.show_two(calls, "np.linalg.norm(one), np.linalg.norm(other)")
        raise Wrong(f"the column [3, 4] has the length {number(first)} with c = 2, and "
                    f"{number(second)} with c = 1", "2 and 1")


@verb()
def gives_a_gradient_of_scores(exam: Exam, *, probs: tuple[tuple[float, ...], ...] = PROBS,
                               y: tuple[int, ...] = (1, 0, 0), case: str = "") -> None:
    """gives the score of the right class a gradient that goes with 1 minus its probability{case}"""
    given, labels = np.array(probs), np.array(y)
    (value,) = exam.ask(question(exam, (given.tolist(), labels.tolist()), ("dscores",)))
    found = array(value, "dscores", given.shape).astype(float)
    one_hot = np.eye(given.shape[1], dtype=bool)[labels]
    own, missing = found[one_hot], 1 - given[one_hot]
    opposed = ((found * own[:, None])[~one_hot] <= 0).all()  # to the other scores of its row
    if not (opposed and own.all() and np.allclose(own / missing, own[0] / missing[0], rtol=1e-4)):
        got = f"dscores of the right classes = {', '.join(map(number, own))}"
        exam.show(f"dscores[np.arange({len(y)}), {list(y)}]")
        raise Wrong(got, f"in the ratio of {', '.join(map(number, missing))}, and of the other "
                    "sign than the rest of their rows")
