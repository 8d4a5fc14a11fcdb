"""Symptoms: robust facts about a function, each a short word; and those any function can show.

They judge nothing. `diagnose` compares the symptoms of a student's function with those of the right
and of the wrong solutions.
"""

from __future__ import annotations

import functools
import logging
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from autograder.asking import Exam, Unanswered, Wrong, array, called, number, raised, shown, tripped
from autograder.checks_api.comparing import ending
from autograder.checks_api.results import EXACT, NEAR, ROUGH, changed_arguments
from autograder.checks_api.views import View, Views, calling, each, question
from autograder.model import AutograderError, Broken, Call, Outcome

__all__ = ["Symptom", "arguments_after", "chance_from", "digits", "form", "gives", "in_proportion",
           "nearest", "precision", "ratio", "refused", "repeated", "symptom", "takes"]


LOG = logging.getLogger(__name__)
UNUSABLE_RESULT = "not a usable result"  # the word for what no probe can read
DIGEST = "#"  # begins the word of a fact that is only compared, and says nothing to a reader


@dataclass(frozen=True)
class Symptom:
    """One probe bound to its case; `look(exam)` gives the word."""

    name: str
    probe: Callable[[Exam], str]

    def look(self, exam: Exam, strict: bool = False) -> str:
        """The word for this fact; what went wrong is a fact too.

        A probe that trips over an answer costs the hint, never the grading: no mark hangs on a
        fact. With `strict`, for answers that the course itself wrote, it is Broken, so that the bug
        is found here and not by a class.
        """
        try:
            with warnings.catch_warnings(), np.errstate(all="warn"):
                # NaN and infinity come from the student; NumPy's warnings about them are not ours
                # to print
                warnings.simplefilter("ignore")
                return shown(self.probe(exam), hidden=True)
        except Wrong:
            return UNUSABLE_RESULT
        except Unanswered as unanswered:
            answer = unanswered.answer
            return (f"raises {raised(answer)}" if answer.outcome is Outcome.RAISED
                    else answer.outcome.value)
        except AutograderError:
            raise
        except Exception as error:
            what = f"{exam.function}, fact {self.name}: {tripped(error)}"
            if strict:
                raise Broken(what) from error
            LOG.info(what, exc_info=LOG.isEnabledFor(logging.DEBUG))
            return UNUSABLE_RESULT


def symptom(probe: Callable[..., str]) -> Callable[..., Symptom]:
    """Turn a probe into a maker of symptoms, named like the probe unless `name` says otherwise."""

    @functools.wraps(probe)
    def make(name: str = "", **case: Any) -> Symptom:
        return Symptom(name or probe.__name__, functools.partial(probe, **case))

    return make


def nearest(value: float, table: Mapping[str, float], within: float) -> str:
    """The label whose number is nearest, or "other" when none is within reach."""
    label, distance = min(((k, abs(v - value)) for k, v in table.items()), key=lambda item: item[1])
    return label if distance <= within else "other"


def precision(found: Any, *known: float, near: float = NEAR) -> str:
    """How exact numbers of a known kind are: "ten" digits, "about", or "unclear"."""
    off = min(float(np.abs(np.asarray(found, dtype=float) / value - 1).max()) for value in known)
    return "ten" if off <= EXACT else "about" if off <= near else "unclear"


def must_return(exam: Exam, *there: Call) -> None:
    """Wrong when a forward pass raises: no backward pass is to blame for that."""
    for call, answer in zip(there, exam.answers(*there), strict=True):
        if answer.outcome is not Outcome.PASSED:
            raise Wrong(f"{called(call)} did not return", "a pass to go back through")


@symptom
def gives(exam: Exam, *, given: tuple[Any, ...], index: int | None = None, place: int = 0) -> str:
    """The number at one place of the result (of item `index`, when it is a tuple), in six
    digits."""
    found = number_at(exam, given, index, place)
    return "missing" if found is None else number(found + 0.0)  # + 0.0 turns -0.0 into 0.0


def number_at(exam: Exam, given: tuple[Any, ...], index: int | None, place: int) -> float | None:
    (value,) = exam.ask(question(exam, given))
    if index is not None:
        if not isinstance(value, (tuple, list)) or len(value) <= index:
            return None
        value = value[index]
    flat = array(value, "result").reshape(-1)
    return float(flat[place]) if flat.size > place else None


@symptom
def ratio(exam: Exam, *, given: tuple[Any, ...], to: tuple[Any, ...]) -> str:
    """How many times the result for `to` the result for `given` is, in six digits: what both are
    multiplied by does not matter."""
    one, other = (float(array(v, "result", ()))
                  for v in exam.ask(question(exam, given), question(exam, to)))
    return number(one / other) if other else "the other one is 0"


@symptom
def digits(exam: Exam, *, given: tuple[Any, ...], wanted: float, index: int | None = None,
           place: int = 0) -> str:
    """How near a number comes to what is wanted."""
    found = number_at(exam, given, index, place)
    off = np.nan if found is None else found / wanted - 1
    if abs(off) <= EXACT:
        return "ten"
    if abs(off) <= NEAR:
        return "a little too large" if off > 0 else "a little too small"
    return "roughly" if abs(off) <= ROUGH else "other"


@symptom
def repeated(exam: Exam, *, given: tuple[Any, ...]) -> str:
    """Does the same call give the same numbers again?"""
    one, other = exam.ask(question(exam, given), question(exam, given))
    return "the same" if repr(one) == repr(other) else "others"


@symptom
def in_proportion(exam: Exam, *, given: tuple[Any, ...], to: tuple[Any, ...], wanted: float) -> str:
    """Is the first number for `given` so many times the one for `to`?"""
    one, other = number_at(exam, given, None, 0), number_at(exam, to, None, 0)
    if one is None or not other:
        return "not usable"
    return "as it should be" if abs(one / other / wanted - 1) <= NEAR else "otherwise"


@symptom
def refused(exam: Exam, *, given: tuple[Any, ...]) -> str:
    """Does a call end with a ValueError?"""
    (answer,) = exam.answers(question(exam, given))
    return "refused" if ending(answer) == "ValueError" else "not refused"


@symptom
def form(exam: Exam, *, given: tuple[Any, ...]) -> str:
    """The shape of the result, or how many items it has."""
    (value,) = exam.ask(question(exam, given))
    return (f"{len(value)} items" if isinstance(value, tuple)
            else f"shape {array(value, 'result').shape}")


@symptom
def takes(exam: Exam, *, given: tuple[Any, ...] = (), via: Views = ()) -> str:
    """Whether a call is accepted, or which exception it raises; of several calls that end
    differently, how each does."""
    scripts = (view.script(exam) for view in each(via) or [calling(*given)])
    return " / ".join(dict.fromkeys(ending(exam.answers(*script)[-1]) for script in scripts))


@symptom
def arguments_after(exam: Exam, *, given: tuple[Any, ...] = (), names: tuple[str, ...] = (),
                    via: View | None = None, named: bool = False) -> str:
    """Are the arrays as they were after a call? Else, where they are to be `named`, which of them
    are not."""
    call, answer = (via or calling(*given, names=names)).seen(exam)
    changed = [name + rest for name, rest, _ in changed_arguments(call, answer)]
    return (f"{', '.join(changed)} overwritten" if changed and named
            else "overwritten" if changed else "kept")


@symptom
def chance_from(exam: Exam, *, via: View) -> str:
    """Where the random numbers come from: "given", "own", "global", or "frozen" when another seed
    changes nothing."""
    answers = [via.seen(exam, number)[1] for number in (0, 0, 1)]
    one, again, other = (via.read(answer.value) for answer in answers)
    if any(answer.beside.global_rng_moved for answer in answers):
        return "global"
    if np.array_equal(one, other, equal_nan=True):
        return "frozen"
    return "given" if np.array_equal(one, again, equal_nan=True) else "own"
