"""A mistake made once is paid for once, and nothing can be gained by it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest

from autograder.carried import MOST, Consequence, with_carried
from autograder.examine import examine
from autograder.grade import grade
from autograder.keys import edge
from autograder.model import (
    Cell, ExerciseResult, Misconception, Report, Role, Submission, Variant, Verdict)
from autograder.sandbox import Isolation, warmed
from autograder.sandbox.plain import Plain
from autograder.staff import Staff, load_staff

ROOT = Path(__file__).parents[2]
MASK = ("def keep_mask(shape, p, rng):\n    if not 0 <= p <= 1:\n        raise ValueError\n"
        "    return np.asarray(rng.random(shape) {})\n")
FORWARD = """
def dropout_forward(x, p, rng, train=True):
    if not 0 <= p <= 1:
        raise ValueError
    if not train:
        return x, 1.0
    mask = ({} * {}).astype(x.dtype)
    return x * mask, mask
"""
CALLS, SCALE = "keep_mask(x.shape, p, rng)", "(1 / (1 - p) if p < 1 else 0.0)"
NOTE = "carried over from keep_mask, charged there"


@pytest.fixture(scope="module")
def staff() -> Staff:
    return load_staff(ROOT, "hw1_dropout")


@pytest.fixture(scope="module")
def backend() -> Iterator[Isolation]:
    with warmed(Plain()) as isolation:
        yield isolation


def graded(staff: Staff, backend: Isolation, **answers: str) -> Report:
    cells = {**staff.solution.answers, **answers}
    names = {e.name: e.names for e in staff.assignment.exercises}
    setup = Cell("setup", Role.SETUP, staff.assignment.setup)
    return grade(Submission("f", (setup, *(Cell(n, Role.ANSWER, s, names[n])
                                           for n, s in cells.items()))), staff, backend)


def lost(report: Report) -> dict[str, list[str]]:
    return {e.name: [p.name for p in e.parts if not p.full]
            for e in report.exercises if e.points < e.max_points}


def notes(report: Report) -> dict[str, set[str]]:
    return {e.name: {p.note for p in e.parts if p.note}
            for e in report.exercises if any(p.note for p in e.parts)}


def test_a_wrong_sign_in_a_helper_is_charged_where_it_is_made(staff: Staff,
                                                              backend: Isolation) -> None:
    report = graded(staff, backend, keep_mask=MASK.format("< p"))
    assert "keep_mask" in lost(report)
    assert not lost(report).keys() & {"dropout_forward", "vanilla_forward"}, lost(report)
    assert set(notes(report)) >= {"dropout_forward", "vanilla_forward"}, notes(report)
    assert all(found == {NOTE} for found in notes(report).values())
    forward = report.result("dropout_forward")
    assert any(not v.passed for v in forward.verdicts), "its sentences stay untrue"
    assert forward.diagnoses, "and are explained"


def test_of_two_mistakes_in_a_helper_the_one_that_shows_later_is_forgiven_there(
    staff: Staff, backend: Isolation
) -> None:
    mask = "def keep_mask(shape, p, rng):\n    return np.random.random(shape) >= p\n"
    report = graded(staff, backend, keep_mask=mask)
    assert {d.name for d in report.result("keep_mask").diagnoses} == {
        "np_random_is_just_as_good", "any_p_is_a_probability"}
    assert "keep_mask" in lost(report)
    assert not lost(report).keys() & {"dropout_forward", "vanilla_forward"}, lost(report)


def test_another_right_answer_may_do_something_else_with_a_wrong_helper(staff: Staff,
                                                                        backend: Isolation) -> None:
    """At p = 1 the solution asks for no mask; who returns one there keeps the wrong helper's."""
    body = ("    m = keep_mask(shape, p, rng).astype(float)\n"
            "    return m if p == 1 else m / (1 - p)\n")
    clinic = f"def fixed_dropout_mask(shape, p, rng):\n{body}"
    assert not lost(graded(staff, backend, fixed_dropout_mask=clinic))
    report = graded(staff, backend, keep_mask=MASK.format("< p"), fixed_dropout_mask=clinic)
    assert notes(report)["fixed_dropout_mask"] == {NOTE}
    assert "fixed_dropout_mask" not in lost(report)
    report = graded(staff, backend, keep_mask=MASK.format("< p"),
                    fixed_dropout_mask=clinic.replace("/ (1 - p)", "* 1"))
    assert "fixed_dropout_mask" in lost(report)


def test_an_own_mistake_beside_it_is_paid_for(staff: Staff, backend: Isolation) -> None:
    report = graded(staff, backend, keep_mask=MASK.format("< p"),
                    dropout_forward=FORWARD.format(CALLS, "1.0"))
    assert "scale" in lost(report)["dropout_forward"]
    assert "dropout_forward" not in notes(report)


def test_who_repeats_the_mistake_without_the_helper_pays_again(staff: Staff,
                                                               backend: Isolation) -> None:
    mask = "(rng.random(x.shape) < p)"
    report = graded(staff, backend, keep_mask=MASK.format("< p"),
                    dropout_forward=FORWARD.format(mask, SCALE))
    assert "coins" in lost(report)["dropout_forward"]


def test_nothing_is_given_back_for_a_helper_that_is_right(staff: Staff, backend: Isolation) -> None:
    report = graded(staff, backend, dropout_forward=FORWARD.format("~" + CALLS, SCALE))
    assert "coins" in lost(report)["dropout_forward"]
    assert notes(report) == {}


def test_a_helper_that_hides_everything_proves_nothing(staff: Staff, backend: Isolation) -> None:
    nobody = "def keep_mask(shape, p, rng):\n    return np.zeros(shape, dtype=bool)\n"
    report = graded(staff, backend, keep_mask=nobody)
    assert report.result("dropout_forward").points == 0
    assert notes(report) == {}


# ---------------------------------------------------------------------------------- the other roads
# assignment, exercise and belief; the exercise that uses it; a mistake of its own there; what the
# first costs there
ROADS = [
    ("hw1_dropout", "dropout_forward", "the_mask_is_the_output", "dropout_backward",
     "the_gradient_is_scaled_twice", {"mask"}),
    ("hw1_dropout", "keep_mask", "np_random_is_just_as_good", "fixed_dropout_mask",
     "one_unit_is_always_saved", {"rng"}),
    ("hw4_theory", "enumerate_masks", "the_empty_mask_does_not_count", "ensemble_mean",
     "the_bias_is_dropped_too", {"mean", "huge"}),
    ("hw7_uncertainty", "mc_predict", "scores_are_probabilities", "fixed_mc_dropout",
     "the_variance_is_the_standard_deviation", {"units"}),
]
staff_of = cache(lambda slug: load_staff(ROOT, slug))


def belief_of(slug: str, exercise: str, name: str) -> Misconception:
    return next(m for m in staff_of(slug).key.misconceptions
                if (m.exercise, m.name) == (exercise, name))


def settled(slug: str, names: tuple[str, str],
            *mistakes: Misconception | Variant) -> list[tuple[ExerciseResult, ExerciseResult]]:
    """Two exercises with these mistakes: each before and after what was carried is given back."""
    staff = staff_of(slug)
    written = staff.solution.answers
    for mistake in mistakes:
        written |= staff.written(mistake)
    subject = staff.with_cells(written)
    exercises = [staff.assignment.exercise(name) for name in names]
    before = [examine(e, subject, staff.assignment, staff.hints, staff.key.salt, staff.reference)
              for e in exercises]
    cells = tuple(Cell(e.name, Role.ANSWER, written[e.name], e.names)
                  for e in staff.assignment.exercises if e.name in written)
    return list(zip(before, with_carried(staff, Submission("f", cells), before), strict=True))


@pytest.mark.parametrize(("slug", "first", "belief", "later", "own", "parts"), ROADS)
def test_each_road_gives_back_what_the_first_exercise_paid_for(
    slug: str, first: str, belief: str, later: str, own: str, parts: set[str]
) -> None:
    (paid, charged), (before, after) = settled(slug, (first, later), belief_of(slug, first, belief))
    assert charged.points == paid.points < paid.max_points, "it is charged where it is made"
    assert {p.name for p in before.parts if not p.full} == parts
    assert after.points == after.max_points
    assert ({p.name: p.note for p in after.parts if p.note}
            == dict.fromkeys(parts, f"carried over from {first}, charged there"))


# assignment, the exercise with a mistake, another that calls it in this right answer of the key,
# and the mistakes
CALLS_IN_VARIANTS = [
    ("hw5_spatial", "spatial_dropout_forward", "fixed_conv_block", form,
     ("each_pixel_throws_its_own_coin", "the_mask_is_inverted"))
    for form in ("block_calls_exercise_1", "block_calls_exercise_1_always")
] + [
    ("hw6_sequences", "variational_dropout_forward", "rnn_forward", "RecurrentByExercise1",
     ("the_coins_are_turned_round", "the_gradient_needs_no_factor")),
]


@pytest.mark.parametrize(("slug", "first", "later", "form", "beliefs"), CALLS_IN_VARIANTS)
def test_who_calls_exercise_1_pays_there_only(slug: str, first: str, later: str, form: str,
                                              beliefs: tuple[str, ...]) -> None:
    calling = next(v for v in staff_of(slug).key.variants if v.name == form)
    for belief in beliefs:
        (paid, _), (before, after) = settled(slug, (first, later), belief_of(slug, first, belief),
                                             calling)
        assert paid.points < paid.max_points
        assert before.points < before.max_points == after.points, belief


@pytest.mark.parametrize(("slug", "first", "belief", "later", "own", "parts"), ROADS)
def test_nothing_is_given_back_beside_a_mistake_of_ones_own(
    slug: str, first: str, belief: str, later: str, own: str, parts: set[str]
) -> None:
    mistakes = belief_of(slug, first, belief), belief_of(slug, later, own)
    (_, _), (before, after) = settled(slug, (first, later), *mistakes)
    assert after == before
    assert before.points < before.max_points


@pytest.mark.parametrize("own", ["scores_are_averaged", "the_spread_is_that_of_the_mean"])
def test_more_that_fails_is_not_forgiven_with_it(own: str) -> None:
    """Such facts are alike where the earlier mistake hides them; the failing checks are not."""
    belief = belief_of("hw7_uncertainty", "mc_predict", "exp_is_already_a_softmax")
    mistakes = belief, belief_of("hw7_uncertainty", "fixed_mc_dropout", own)
    (_, _), (before, after) = settled("hw7_uncertainty",
                                      ("mc_predict", "fixed_mc_dropout"), *mistakes)
    assert after == before


def test_an_exercise_that_shows_too_little_of_itself_is_not_believed() -> None:
    exchanged = belief_of("hw1_dropout", "dropout_forward", "training_and_test_are_exchanged")
    (_, _), (before, after) = settled("hw1_dropout",
                                      ("dropout_forward", "dropout_backward"), exchanged)
    assert before.points < (1 - MOST) * before.max_points
    assert after == before


def test_a_mistake_that_is_made_again_is_paid_for_again() -> None:
    """What was written by hand beside the helper has the same facts, and does not call it."""
    drawn = ("keep_mask(x.shape, p, rng)", "(np.random.random_sample(x.shape) >= p)")
    again = replace(edge("again", "By hand.", drawn), exercise="dropout_forward")
    helper = belief_of("hw1_dropout", "keep_mask", "np_random_is_just_as_good")
    (_, _), (before, after) = settled("hw1_dropout", ("keep_mask", "dropout_forward"),
                                      helper, again)
    assert {p.name for p in before.parts if not p.full} == {"rng"}
    assert after == before


def test_a_look_that_was_broken_off_begins_anew(staff: Staff) -> None:
    exercise = staff.assignment.exercise("dropout_moments")
    whole = examine(exercise, staff.reference, staff.assignment, {}, reference=staff.oracle)
    tries = iter((MemoryError, None))

    def begin() -> Iterator[Verdict]:
        if error := next(tries):
            raise error
        yield from whole.verdicts

    consequence = Consequence(exercise, begin, dict)
    with pytest.raises(MemoryError):
        consequence.explains(whole)
    assert not consequence.explains(whole)  # it costs nothing
    assert tuple(consequence.seen) == whole.verdicts
