"""What is told of two mistakes at once, and what that is worth."""

from __future__ import annotations

from pathlib import Path

import pytest

from autograder.authoring import pairs
from autograder.diagnose import diagnose, fingerprint
from autograder.staff import load_staff

ROOT = Path(__file__).parents[2]
RIGHT = {"scale": "1/(1-p)", "test": "1", "share": "p", "digits": "ten"}
HINTS = {
    "right": RIGHT,
    "misconceptions": [
        {"name": "vanilla", "sentence": ".", "signs": {"scale": "1", "test": "1-p"}, "also": {}},
        {"name": "unscaled", "sentence": ".", "signs": {"scale": "1"}, "also": {}},
        {"name": "drops at test", "sentence": ".", "signs": {"test": "drops"}, "also": {}},
        {"name": "nothing happens", "sentence": ".", "signs": {"share": "none"},
         "also": {"scale": "nothing dropped"}},
        {"name": "tiny", "sentence": ".", "signs": {"digits": "about"}, "also": {}},
    ],
}


@pytest.mark.parametrize(
    ("pair", "odd", "hides", "word"),
    [
        (("unscaled", "drops at test"), {"scale": "1", "test": "drops"}, False, "named"),
        # half of it is left
        (("vanilla", "drops at test"), {"scale": "1", "test": "drops"}, False, "named"),
        (("unscaled", "drops at test"), {"test": "drops"}, False, "partly"),
        # the one hides the other
        (("unscaled", "drops at test"), {"test": "drops"}, True, "named"),
        (("unscaled", "drops at test"), {"scale": "other"}, False, "unnamed"),
        # a single fact may have another reason
        (("unscaled", "drops at test"), {"digits": "about"}, False, "falsely"),
        # that is what they amount to
        (("unscaled", "drops at test"), {"share": "none", "scale": "nothing dropped"},
         False, "named"),
        (("unscaled", "drops at test"), {"share": "none", "scale": "other"}, False, "falsely"),
        (("unscaled", "drops at test"),
         {"share": "none", "scale": "nothing dropped", "test": "other"}, False, "partly"),
    ],
)
def test_what_is_told_of_a_pair_has_a_word(pair: tuple[str, str], odd: dict[str, str], hides: bool,
                                           word: str) -> None:
    facts = {**RIGHT, **odd}
    assert pairs.word_for(pair, diagnose("toy", facts, HINTS), facts, HINTS, hides) == word


def test_two_mistakes_of_the_course_are_told_truly() -> None:
    found = list(pairs.seen(load_staff(ROOT, "hw1_dropout"), 40))
    assert found
    assert not [pair for pair in found if pair.word == "falsely"]
    assert sum(pair.word == "named" for pair in found) >= 0.75 * len(found)


@pytest.mark.parametrize(
    ("slug", "pair", "told"),
    [
        ("hw4_theory", ("the_price_is_a_variance", "a_ridge_needs_a_little_on_the_diagonal"), 2),
        ("hw4_theory", ("the_prediction_is_divided", "an_example_has_one_coin"), 2),
        ("hw7_uncertainty", ("p_is_the_standard_deviation", "one_noise_serves_the_whole_batch"), 2),
        ("hw7_uncertainty", ("p_is_the_variance", "one_number_disturbs_everything"), 1),
        ("hw3_generalization",
         ("one_draw_decides_about_all_features", "a_fixed_seed_belongs_in_the_function"), 2),
    ],
)
def test_a_pair_that_was_told_a_third_belief_is_not(slug: str, pair: tuple[str, str],
                                                    told: int) -> None:
    staff = load_staff(ROOT, slug)
    one = next(m for m in staff.key.misconceptions if m.edits and m.name == pair[0])
    other = next(m for m in staff.key.misconceptions
                 if m.edits and (m.name, m.exercise) == (pair[1], one.exercise))
    both = pairs.together(staff, one, other)
    assert both is not None
    facts = fingerprint(staff.assignment.probes[one.exercise], one.exercise, both, slug)
    names = {d.name for d in diagnose(one.exercise, facts, staff.hints[one.exercise])}
    assert names <= set(pair)
    assert len(names) == told


@pytest.mark.slow
@pytest.mark.parametrize("slug", ["hw1_dropout", "hw3_generalization", "hw4_theory", "hw5_spatial",
                                  "hw7_uncertainty"])
def test_no_pair_is_told_a_falsehood(slug: str) -> None:
    found = list(pairs.seen(load_staff(ROOT, slug), 300))
    assert not [(pair.pair, pair.told) for pair in found if pair.word == "falsely"]
    assert sum(pair.word == "named" for pair in found) >= 0.8 * len(found)
