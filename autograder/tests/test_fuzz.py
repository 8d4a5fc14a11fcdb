"""No answer, however odd, makes a check fail, takes long, or puts its text into a hidden case.

Asked of all checks and symptoms that the assignments use; test_house says that there are no other
checks. And no file, however odd, is more than refused. Samples; `python -m autograder.tests.fuzz
200000` and `fuzz_formats 200000` are the long runs.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
import pytest

from autograder import notebook
from autograder.course import lacking, load_public, slugs
from autograder.diagnose import fingerprint
from autograder.grade import grade
from autograder.judge import judge
from autograder.model import Answer, Call, Facts, Outcome, Subject, Submission
from autograder.running import wire
from autograder.sandbox import choose, stays_shut, warmed
from autograder.staff import Staff, load_staff
from autograder.student.selfcheck import examine_public
from autograder.subjects.local import Local
from autograder.tests import fuzz_formats
from autograder.tests.fuzz import IGNORANT, MOODS, ROOT, run
from autograder.tests.toys import junk

SLUGS = slugs(ROOT)
PATIENT = {"hw3_generalization"}  # its solution trains networks: in the sample nobody asks it


@pytest.mark.parametrize("slug", SLUGS)
def test_odd_answers_are_judged_with_words(slug: str) -> None:
    found = run(slug, 800, 7, IGNORANT if slug in PATIENT else MOODS)
    assert not found.kinds, "\n".join(f"{count} x {what}: {found.first[what]}"
                                      for what, count in found.kinds.items())


@pytest.mark.slow
@pytest.mark.parametrize("slug", SLUGS)
def test_many_odd_answers_are_judged_with_words(slug: str) -> None:
    found = run(slug, 30_000, 1_000_000)
    assert not found.kinds, "\n".join(f"{count} x {what}: {found.first[what]}"
                                      for what, count in found.kinds.items())


@pytest.mark.parametrize("slug", SLUGS)
def test_junk_from_any_function_breaks_neither_a_self_check_nor_a_hidden_one(slug: str) -> None:
    judge_junk(slug, list(junk().items())[::8])


@pytest.mark.slow
@pytest.mark.parametrize("slug", SLUGS)
def test_no_junk_from_any_function_breaks_a_self_check_or_a_hidden_one(slug: str) -> None:
    judge_junk(slug, list(junk().items()))


def judge_junk(slug: str, kinds: Sequence[tuple[str, Callable[..., Any]]]) -> None:
    """Each kind of junk from one exercise's functions, by the self-check and by all checks."""
    staff, public = load_staff(ROOT, slug), load_public(ROOT / "assignments" / slug)
    if lacking(public):
        pytest.skip(lacking(public))
    for number, (kind, function) in enumerate(kinds):
        exercise = public.exercises[number % len(public.exercises)]
        subject = Local(namespace={**staff.reference.namespace,
                                   **dict.fromkeys(exercise.names, function)})
        examine_public(exercise, subject, public)  # Broken is an exception
        asked = staff.assignment.exercise(exercise.name)
        free = asked if slug in PATIENT else asked.each(lambda check: replace(check, needs=()))
        for verdict in judge(free, subject, slug, staff.key.salt, staff.reference):
            assert verdict.outcome is not Outcome.BROKEN, (exercise.name, kind, verdict)
            assert verdict.passed or verdict.got, (exercise.name, kind,
                                                   f"{verdict.check} refuses without a word")
        facts = fingerprint(staff.assignment.probes.get(exercise.name, ()), exercise.name, subject,
                            slug, strict=True)
        assert all(facts.values()), (exercise.name, kind, facts)


@pytest.mark.parametrize("target", fuzz_formats.TARGETS)
def test_odd_files_are_refused_in_a_sentence_or_taken(target: str) -> None:
    found = fuzz_formats.run(target, 40, 7)
    assert not found.kinds, "\n".join(f"{count} x {what}: {found.first[what]}"
                                      for what, count in found.kinds.items())


def test_a_file_over_which_a_reader_trips_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    def trips(header: memoryview) -> None:
        raise KeyError

    monkeypatch.setattr(wire, "_unpacked", trips)
    assert [what.split()[0] for what in fuzz_formats.run("answers", 10, 7).kinds] == ["KeyError"]


GIVEN = (
    "0.0, None", "None", "0", "1j", "'text'", "b'0'", "[]", "()", "{}", "{1: 2}", "{'W1': 0}",
    "(None,) * 7", "[[1], [2, 3]]",
    "float('nan')",
    "np.array(0.0)", "np.array('x')", "np.array([None])", "np.array(1j)", "np.ma.masked_all(3)",
    "np.zeros(0)", "np.zeros((0, 3))",
    "np.full((3, 3), np.nan)", "np.full((2, 2), np.inf)", "np.full(4, 5e-324)",
    "np.zeros(3, 'M8[s]')", "np.zeros(2, 'f2')", "10**400",
    "(i for i in range(3))", "lambda: 0", "object", "type('value of secret', (), {})()",
)


def handed_in(staff: Staff, given: str, folder: Path) -> Submission:
    """A hand-in every function of which returns this; what is no function is this."""
    cells: list[dict[str, Any]] = []
    for exercise in staff.assignment.exercises:
        names = {name: staff.reference.namespace[name] for name in exercise.names}
        lines = [f"def {n}(*args, **kwargs): return {given}" if callable(thing)
                 else f"{n} = {given}" for n, thing in names.items()]
        meta = {"nbgrader": {"grade_id": exercise.name}}
        code: dict[str, Any] = {"cell_type": "code", "id": f"c{len(cells)}", "outputs": [],
                                "execution_count": None}
        cells.append({**code, "source": "\n".join(lines), "metadata": meta})
    path = folder / f"{staff.assignment.slug}.ipynb"
    path.write_text(json.dumps({"nbformat": 4, "nbformat_minor": 5, "metadata": {},
                                "cells": cells}), encoding="utf-8")
    return notebook.read(path, staff.assignment)


def grade_all(slug: str, kinds: Sequence[str], folder: Path) -> None:
    """Each of these is graded, and what it returned is not repeated where a case is hidden."""
    staff = load_staff(ROOT, slug)
    if lacking(staff.assignment):
        pytest.skip(lacking(staff.assignment))
    with warmed(choose(), stays_shut(choose().name)) as isolation:
        for given in kinds:
            report = grade(handed_in(staff, given, folder), staff, isolation)
            assert report.status == "graded", given
            told = ([v.got for v in report.verdicts() if v.hidden]
                    + [d.message for e in report.exercises for d in e.diagnoses])
            assert not [words for words in told if "secret" in words], given


@pytest.mark.parametrize("slug", SLUGS)
def test_a_hand_in_of_junk_is_graded(slug: str, tmp_path: Path) -> None:
    grade_all(slug, (GIVEN[0], GIVEN[-1]), tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize("slug", SLUGS)
def test_hand_ins_of_all_kinds_of_junk_are_graded(slug: str, tmp_path: Path) -> None:
    grade_all(slug, GIVEN, tmp_path)


# ---------------------------------------------------------------- answers that once broke a hand-in
def spoilt_solution(slug: str, name: str, spoil: Callable[..., Any]) -> Local:
    """The solution's notebook with one function's results spoilt: `spoil(result, *args)`."""
    reference = load_staff(ROOT, slug).reference
    right = reference.namespace[name]
    return Local(namespace={**reference.namespace,
                            name: lambda *args, **kwargs: spoil(right(*args, **kwargs), *args)})


def tiny(result: Any, *args: Any) -> Any:
    return np.where(result != 0, 5e-324, 0.0)


def cut(result: Any, x: Any, p: float, *args: Any) -> Any:
    out, cache = result
    return (out[1:] if p == 0 else 3 * out), cache


def cut_with_weights(result: Any, x: Any, weights: Any, b: Any, p: float, *args: Any) -> Any:
    return cut(result, x, p)


def cut_states(result: Any, x: Any, h0: Any, wx: Any, wh: Any, b: Any, p_x: float,
               *args: Any) -> Any:
    h, cache = result
    return (h[1:] if p_x == 0 else 0.5 * h), cache


def far_away(result: Any, *args: Any) -> Any:
    return {**result, "b1": result["b1"] - 1e18}


ONCE = (
    ("hw1_dropout", "fixed_dropout_mask", "fixed_dropout_mask", tiny),
    ("hw1_dropout", "keep_mask", "keep_mask", tiny),
    ("hw3_generalization", "train_mlp", "train_mlp", far_away),
    ("hw6_sequences", "variational_dropout_forward", "variational_dropout_forward", cut),
    ("hw6_sequences", "dropconnect_forward", "dropconnect_forward", cut_with_weights),
    ("hw6_sequences", "rnn_forward", "rnn_forward", cut_states),
    ("hw6_sequences", "rnn_forward", "rnn_forward", lambda result, *args: (0.0, None)),
    ("hw6_sequences", "rnn_forward", "rnn_backward", lambda result, *args: (0.0, None)),
)


SAMPLED = [pytest.param(*once, marks=pytest.mark.slow if once[0] in PATIENT else ())
           for once in ONCE]


@pytest.mark.parametrize(("slug", "exercise", "name", "spoil"), SAMPLED)
def test_answers_that_once_broke_a_hand_in_are_wrong_and_no_more(
        slug: str, exercise: str, name: str, spoil: Callable[..., Any]) -> None:
    judged(slug, exercise, spoilt_solution(slug, name, spoil))


class Forged:
    """A worker whose every value is the same, whatever was asked."""

    troubles: Mapping[str, str] = MappingProxyType({})

    def __init__(self, value: Any) -> None:
        self.value = value

    def ask(self, calls: Sequence[Call], seconds: float) -> list[Answer]:
        facts = [Facts(tuple(self.value for _ in call.args[call.is_method :])) if call.watch
                 else None for call in calls]
        return [Answer(Outcome.PASSED, self.value, facts=f) for f in facts]


FORGED = (np.zeros(2), np.zeros(0), [np.zeros(2)] * 5, [np.zeros(0)] * 3, [[np.zeros(0)] * 5] * 9,
          ([np.zeros(2)] * 3, *[np.zeros((40, 50))] * 4),
          [np.zeros((32, 20)), np.zeros((32, 2)), *[np.zeros(64)] * 9000],
          [[True, True, 2**62, -5, 3]] * 9000, np.zeros((9000, 4)), ["x"] * 9000)


@pytest.mark.parametrize("number", range(len(FORGED)))
def test_forged_answers_about_torch_are_wrong_and_no_more(number: int) -> None:
    staff = load_staff(ROOT, "hw8_torch")
    if lacking(staff.assignment):
        pytest.skip(lacking(staff.assignment))
    for exercise in staff.assignment.exercises:
        judged("hw8_torch", exercise.name, Forged(FORGED[number]))


def judged(slug: str, exercise: str, subject: Subject) -> None:
    """All checks, also those that wait for others, and all facts: none of them trips."""
    staff = load_staff(ROOT, slug)
    asked = staff.assignment.exercise(exercise).each(lambda check: replace(check, needs=()))
    verdicts = judge(asked, subject, slug, staff.key.salt, staff.reference)
    assert {v.outcome for v in verdicts} & {Outcome.FAILED, Outcome.RAISED}, "nothing was wrong"
    assert not [v for v in verdicts if v.outcome is Outcome.BROKEN]
    fingerprint(staff.assignment.probes.get(exercise, ()), exercise, subject, slug, strict=True)
