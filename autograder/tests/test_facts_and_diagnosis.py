"""Facts are robust words about a function; a diagnosis is what they add up to."""

from __future__ import annotations

import re
import signal
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from autograder.asking import Exam, Unanswered, Wrong
from autograder.checks_api.symptoms import Symptom
from autograder.diagnose import SOMETHING_ELSE, diagnose, fingerprint, signs
from autograder.dropout import symptoms as f
from autograder.dropout.mask_symptoms import P
from autograder.model import Broken, Call
from autograder.tests import test_checks_gradients as backwards
from autograder.tests import test_checks_masks as draws
from autograder.tests.toys import (
    FORWARD, PAIR, Array, Function, Rng, backward, classic, forward, junk, multiplier, student)

BACKWARD = "dropout_backward"


def word(fact: Symptom, functions: dict[str, Any] | None = None, name: str = FORWARD,
         text: str = "fact", strict: bool = True) -> str:
    return fact.look(Exam(name, student(functions), text), strict)


def scaled(train: Callable[[float], float] = lambda p: 1 / (1 - p),
           test: Callable[[float], float] = lambda p: 1.0) -> Function:
    """Dropout with these factors."""

    def function(x: Array, p: float, rng: Rng | None, train_: bool = True, **more: Any) -> Any:
        if not more.get("train", train_) or rng is None:
            return x * test(p), test(p)
        kept = (rng.random(x.shape) >= p) * train(p)
        return x * kept, kept

    return function


def relu(x: Array, p: float, rng: Rng | None, train: bool = True) -> Any:
    out, cache = forward(x, p, rng, train)
    return np.maximum(out, 0), cache


def by_realised_share(x: Array, p: float, rng: Rng | None, train: bool = True) -> Any:
    if not train or rng is None:
        return x, None
    kept = np.asarray(rng.random(x.shape) >= p)
    return x * kept / kept.mean(), None


def noise(x: Array, p: float, rng: Rng | None, train: bool = True) -> Any:
    if not train or rng is None:
        return x, None
    return x * rng.normal(1, np.sqrt(p / (1 - p)), x.shape), None


def always_drops(x: Array, p: float, rng: Rng | None, train: bool = True) -> Any:
    return forward(x, p, np.random.default_rng(0) if rng is None else rng)


def overwrites(x: Array, p: float, rng: Rng | None, train: bool = True) -> Any:
    out, cache = forward(x, p, rng, train)
    x[...] = out
    return x, cache


def only_2d(x: Array, p: float, rng: Rng | None, train: bool = True) -> Any:
    _, _ = x.shape
    return forward(x, p, rng, train)


def in_float32(x: Array, p: float, rng: Rng | None, train: bool = True) -> Any:
    out, cache = scaled(lambda p: float(1 / (1 - p)))(x.astype(np.float32), p, rng, train=train)
    return np.float32(out), cache


def nan_at_one(x: Array, p: float, rng: Rng | None, train: bool = True) -> Any:
    if not train or rng is None:
        return x, None
    return x * (rng.random(x.shape) >= p) / np.float64(1 - p), None


def again_when_empty(shape: tuple[int, ...], p: float, rng: Rng) -> Any:
    return draws.never_empty(shape, p, rng)


def one_when_empty(shape: tuple[int, ...], p: float, rng: Rng) -> Any:
    drawn = multiplier(shape, p, rng)
    return drawn if drawn.any() else 1.0


def rescued_when_empty(shape: tuple[int, ...], p: float, rng: Rng) -> Any:
    drawn = multiplier(shape, p, rng)
    if p < 1 and not drawn.any():
        drawn.reshape(-1)[rng.integers(drawn.size)] = 1 / (1 - p)
    return drawn


def once_more_when_empty(shape: tuple[int, ...], p: float, rng: Rng) -> Any:
    drawn = multiplier(shape, p, rng)
    return drawn if drawn.any() else multiplier(shape, p, rng)


def tenths(shape: tuple[int, ...], p: float, rng: Rng) -> Any:
    return rng.integers(0, 10, shape) >= 10 * p


def hundredths(shape: tuple[int, ...], p: float, rng: Rng) -> Any:
    return rng.integers(0, 100, shape) >= 100 * p


def in_pairs(shape: tuple[int, ...], p: float, rng: Rng) -> Any:
    return np.resize(np.repeat(rng.random(shape).ravel(), 2), shape) >= p


def rows_in_pairs(shape: tuple[int, ...], p: float, rng: Rng) -> Any:
    return np.repeat(rng.random(shape), 2, axis=0)[: shape[0]] >= p


def picks_with_replacement(shape: tuple[int, ...], p: float, rng: Rng) -> Any:
    mask = np.ones(shape, bool)
    mask.reshape(-1)[rng.integers(0, mask.size, int(p * mask.size))] = False
    return mask


def gives_the_mask(x: Array, p: float, rng: Rng | None, train: bool = True) -> Any:
    _, cache = forward(x, p, rng, train)
    return (cache if train else x), cache


def draws_first(x: Array, p: float, rng: Rng, train: bool = True) -> Any:
    kept = rng.random(x.shape) >= p
    return (x * kept / (1 - p) if train else x), kept


def what_is_left(dout: Array, cache: Any) -> Any:
    return dout if cache is None else dout - dout * cache


def inverted(dout: Array, cache: Any) -> Any:
    return dout if cache is None else dout * (cache == 0)


def half_of_all(dout: Array, cache: Any) -> Any:
    return dout * np.resize([0.0, 1.0], dout.shape)


def relu_always(x: Array, p: float, rng: Rng | None, train: bool = True) -> Any:
    return forward(np.maximum(x, 0), p, rng, train)


def drops_at_test(dout: Array, cache: Any) -> Any:
    return (dout * (np.random.default_rng(3).random(dout.shape) >= P) if cache is None
            else dout * cache)


def from_draw(draw: Function) -> dict[str, Function]:
    return {FORWARD: draws.as_forward(draw)}


FACTS: tuple[tuple[Symptom, dict[str, Any], str, str], ...] = (
    (f.drop_share(), {}, FORWARD, "p"),
    (f.drop_share(), from_draw(draws.keeps_p), FORWARD, "1-p"),
    (f.drop_share(), from_draw(draws.drops_nothing), FORWARD, "none"),
    (f.drop_share(), from_draw(draws.drops_all), FORWARD, "all"),
    (f.drop_share(), from_draw(draws.fair_coin), FORWARD, "half"),
    (f.drop_share(), from_draw(draws.normal_draws), FORWARD, "normal"),
    (f.drop_share(), {FORWARD: relu}, FORWARD, "p"),
    (f.drop_share(), from_draw(draws.one_row), FORWARD, "p"),
    (f.drop_share(), from_draw(
        lambda shape, p, rng: draws.one_column(shape, p, np.random.default_rng(4))), FORWARD, "p"),
    (f.rows(), {}, FORWARD, "apart"),
    (f.rows(), from_draw(draws.one_row), FORWARD, "shared"),
    (f.columns(), from_draw(draws.one_row), FORWARD, "apart"),
    (f.columns(), from_draw(draws.one_column), FORWARD, "shared"),
    (f.columns(), from_draw(in_pairs), FORWARD, "in pairs"),
    (f.rows(), from_draw(in_pairs), FORWARD, "apart"),
    (f.rows(), from_draw(rows_in_pairs), FORWARD, "in pairs"),
    (f.columns(), from_draw(rows_in_pairs), FORWARD, "apart"),
    (f.columns(), from_draw(draws.drops_all), FORWARD, "apart"),
    (f.number_dropped(), {}, FORWARD, "varies"),
    (f.number_dropped(), from_draw(draws.exact_number), FORWARD, "fixed"),
    (f.number_dropped(), from_draw(draws.exact_number_per_row), FORWARD, "fixed"),
    (f.number_dropped(), from_draw(draws.frozen), FORWARD, "varies"),
    (f.next_mask(), {}, FORWARD, "fresh"),
    (f.next_mask(), from_draw(draws.frozen), FORWARD, "frozen"),
    (f.next_mask(), from_draw(draws.drops_all), FORWARD, "fresh"),
    (f.small_p(), {}, FORWARD, "p"),
    (f.small_p(), from_draw(draws.one_row), FORWARD, "p"),
    (f.small_p(), from_draw(draws.one_column), FORWARD, "p"),
    (f.small_p(), from_draw(tenths), FORWARD, "rounded"),
    (f.small_p(), from_draw(hundredths), FORWARD, "rounded to hundredths"),
    (f.small_p(), from_draw(lambda shape, p, rng: rng.integers(1, 101, shape) > 100 * p), FORWARD,
     "rounded to hundredths"),
    (f.small_p(), from_draw(draws.fair_coin), FORWARD, "half"),
    (f.small_p(), from_draw(draws.drops_nothing), FORWARD, "other"),
    (f.generator(), {}, FORWARD, "given"),
    (f.generator(), from_draw(draws.own_generator), FORWARD, "own"),
    (f.generator(), from_draw(draws.global_state), FORWARD, "global"),
    (f.mask_type(), {}, "mask", "bool"),
    (f.mask_type(), {"mask": multiplier}, "mask", "numbers"),
    (f.mask_type(), {"mask": lambda s, p, r: (r.random(s) >= p).astype(int)}, "mask",
     "whole numbers"),
    (f.survivors(via="multiplier"), {}, "multiplier", "1/(1-p)"),
    (f.survivors(), from_draw(draws.drops_nothing), FORWARD, "1/(1-p)"),
    (f.survivors(), {FORWARD: lambda x, p, rng, train=True: (x, None)}, FORWARD, "nothing dropped"),
    (f.survivors(), {}, FORWARD, "1/(1-p)"),
    (f.survivors(), {FORWARD: scaled(lambda p: 1)}, FORWARD, "1"),
    (f.survivors(), {FORWARD: scaled(lambda p: 1 / p)}, FORWARD, "1/p"),
    (f.survivors(), {FORWARD: scaled(lambda p: 1 - p)}, FORWARD, "1-p"),
    (f.survivors(), {FORWARD: scaled(lambda p: 1 / (1 - p) ** 2)}, FORWARD, "1/(1-p)^2"),
    (f.survivors(), {FORWARD: scaled(lambda p: 2.5)}, FORWARD, "other"),
    (f.survivors(), {FORWARD: by_realised_share}, FORWARD, "units / kept"),
    (f.survivors(), {FORWARD: noise}, FORWARD, "varies"),
    (f.survivors(), {FORWARD: gives_the_mask}, FORWARD, "the mask"),
    (f.digits(), {}, FORWARD, "double"),
    (f.digits(), {FORWARD: scaled(lambda p: float(np.float32(1) / np.float32(1 - p)))},
     FORWARD, "float32"),
    (f.digits(), {FORWARD: scaled(lambda p: 1 / (1 - p + 1e-8))}, FORWARD, "about"),
    (f.digits(), {FORWARD: scaled(lambda p: 2.5)}, FORWARD, "unclear"),
    (f.digits(), {FORWARD: in_float32}, FORWARD, "float32 throughout"),
    (f.survivors(), {FORWARD: in_float32}, FORWARD, "1/(1-p)"),
    (f.test_time(), {FORWARD: in_float32}, FORWARD, "1"),
    (f.at_zero(), {FORWARD: in_float32}, FORWARD, "identity"),
    (f.float32_gives(), {FORWARD: in_float32}, FORWARD, "float32, and so does float64"),
    (f.digits(via="multiplier"), {"multiplier": lambda s, p, r: multiplier(s, p, r).astype(
        np.float32)}, "multiplier", "float32"),
    (f.returned(), {}, FORWARD, "(out, cache)"),
    (f.returned(), {FORWARD: lambda x, p, rng, train=True: x}, FORWARD, "out alone"),
    (f.returned(), {FORWARD: lambda x, p, rng, train=True: None}, FORWARD, "nothing"),
    (f.rng_at_test(), {}, FORWARD, "not needed"),
    (f.rng_at_test(), {FORWARD: draws_first}, FORWARD, "needed"),
    (f.drop_share(), from_draw(picks_with_replacement), FORWARD, "with replacement"),
    (f.test_time(), {}, FORWARD, "1"),
    (f.test_time(), {FORWARD: classic}, FORWARD, "1-p"),
    (f.test_time(), {FORWARD: scaled(test=lambda p: p)}, FORWARD, "p"),
    (f.test_time(), {FORWARD: scaled(test=lambda p: 1 / (1 - p))}, FORWARD, "1/(1-p)"),
    (f.test_time(), {FORWARD: always_drops}, FORWARD, "drops"),
    (f.test_time(), {FORWARD: relu_always}, FORWARD, "1"),
    (f.negatives(), {}, FORWARD, "kept"),
    (f.negatives(), {FORWARD: relu}, FORWARD, "lost"),
    (f.input_after(), {}, FORWARD, "kept"),
    (f.input_after(), {FORWARD: overwrites}, FORWARD, "overwritten"),
    (f.float32_gives(), {FORWARD: nan_at_one}, FORWARD, "float64"),
    (f.shapes(), {FORWARD: only_2d}, FORWARD, "2-D only"),
    (f.shapes(via="mask"), {"mask": lambda s, p, r: r.random((*s,)) >= p}, "mask", "tuples only"),
    (f.shapes(), {FORWARD: lambda x, p, rng, train=True: (None, None)}, FORWARD,
     "not a usable result"),
    (f.at_one(), {FORWARD: nan_at_one}, FORWARD, "NaN"),
    (f.at_one(), {FORWARD: lambda x, p, rng, train=True: (np.full(x.shape, np.inf), None)},
     FORWARD, "infinity"),
    (f.at_one(), {FORWARD: lambda x, p, rng, train=True: (x, None)}, FORWARD, "numbers"),
    (f.at_zero(), {}, FORWARD, "identity"),
    (f.at_zero(), {FORWARD: scaled(lambda p: 2.0)}, FORWARD, "other"),
    (f.outside(), {}, FORWARD, "ValueError"),
    (f.outside(), {FORWARD: nan_at_one}, FORWARD, "accepted"),
    (f.gradient_mask(**PAIR), {}, BACKWARD, "same"),
    (f.gradient_mask(**PAIR), {BACKWARD: backwards.ignores_the_mask}, BACKWARD, "none"),
    (f.gradient_mask(**PAIR), {BACKWARD: backwards.redraws}, BACKWARD, "another"),
    (f.gradient_mask(**PAIR), {BACKWARD: inverted}, BACKWARD, "inverted"),
    (f.gradient_mask(**PAIR), {BACKWARD: backwards.blocks_all}, BACKWARD, "all"),
    (f.gradient_mask(**PAIR), {BACKWARD: half_of_all}, BACKWARD, "other"),
    (f.gradient_factor(**PAIR), {BACKWARD: lambda dout, cache: dout}, BACKWARD, "unclear"),
    (f.gradient_factor(**PAIR), {}, BACKWARD, "1"),
    (f.gradient_factor(**PAIR), {BACKWARD: backwards.forgets_the_factor}, BACKWARD, "mask alone"),
    (f.gradient_mask(**PAIR), {BACKWARD: what_is_left}, BACKWARD, "none, but unlike"),
    (f.gradient_factor(**PAIR), {BACKWARD: backwards.masks_twice}, BACKWARD, "1/(1-p)"),
    (f.gradient_factor(**PAIR), {BACKWARD: backwards.blocks_all}, BACKWARD, "0"),
    (f.gradient_factor(**PAIR),
     {BACKWARD: lambda dout, cache: np.clip(backward(dout, cache), -1, 1)}, BACKWARD, "clipped"),
    (f.gradient_factor(**PAIR), {BACKWARD: lambda dout, cache: 1.0 * cache}, BACKWARD, "no dout"),
    (f.gradient_factor(**PAIR), backwards.pair(backwards.TimesOutput), BACKWARD, "times out"),
    (f.test_gradient(**PAIR), {BACKWARD: backwards.scales_at_test}, BACKWARD, "1/(1-p)"),
    (f.test_gradient(**PAIR), backwards.pair(backwards.Remembering), BACKWARD, "stale mask"),
    (f.test_gradient(**PAIR), {BACKWARD: drops_at_test}, BACKWARD, "drops"),
    (f.test_gradient(**PAIR), {BACKWARD: backwards.crashes_at_test}, BACKWARD, "raises TypeError"),
    (f.test_gradient(**PAIR), {}, BACKWARD, "1"),
    (f.test_gradient(**PAIR), {FORWARD: backwards.twice_at_test}, BACKWARD, "1"),
    (f.test_gradient(**PAIR), {FORWARD: backwards.drops_at_test_too}, BACKWARD, "1"),
    (f.test_gradient(**PAIR),
     {BACKWARD: lambda dout, cache: None if cache is None else dout * cache}, BACKWARD, "nothing"),
    (f.test_gradient(**PAIR), {FORWARD: backwards.scaled_at_test}, BACKWARD, "1/(1-p)"),
    (f.test_gradient(**PAIR, by="1"), {FORWARD: backwards.scaled_at_test}, BACKWARD, "1"),
    (f.gradient_at_one(**PAIR), {}, BACKWARD, "zeros"),
    (f.gradient_at_one(**PAIR), {BACKWARD: backwards.blocks_all}, BACKWARD, "zeros"),
    (f.gradient_at_one(**PAIR), {BACKWARD: lambda dout, cache: dout}, BACKWARD, "numbers"),
    (f.gradient_at_one(**PAIR), {BACKWARD: backwards.nan_at_one}, BACKWARD, "no number"),
    (f.cache_used(**PAIR), {}, BACKWARD, "own"),
    (f.cache_used(**PAIR), backwards.pair(backwards.Remembering), BACKWARD, "latest"),
    (f.gradient_at_zero_input(**PAIR), {}, BACKWARD, "passes"),
    (f.gradient_at_zero_input(**PAIR), backwards.pair(backwards.FromOutput), BACKWARD, "blocked"),
    (f.gradient_at_zero_input(**PAIR), {BACKWARD: backwards.blocks_all}, BACKWARD, "all zero"),
    (f.gradient_at_zero_input(**PAIR), {BACKWARD: lambda dout, cache: dout * np.inf}, BACKWARD,
     "not finite"),
    (f.dout_after(**PAIR), {}, BACKWARD, "kept"),
    (f.dout_after(**PAIR), {BACKWARD: backwards.overwrites_dout}, BACKWARD, "overwritten"),
    (f.gives(given=([1.0, 3.0], 0.5), index=1), {}, "moments", "1"),
    (f.gives(given=([1.0, 3.0], 0.5), index=7), {}, "moments", "missing"),
    (f.when_all_are_dropped(), {}, "multiplier", "zeros"),
    (f.when_all_are_dropped(), {"multiplier": again_when_empty}, "multiplier", "drawn again"),
    (f.when_all_are_dropped(), {"multiplier": once_more_when_empty}, "multiplier",
     "drawn once more"),
    (f.when_all_are_dropped(), {"multiplier": one_when_empty}, "multiplier", "a single number"),
    (f.when_all_are_dropped(), {"multiplier": rescued_when_empty}, "multiplier", "one is kept"),
)


@pytest.mark.parametrize(("fact", "functions", "name", "wanted"), FACTS,
                         ids=[f"{n}-{k.name}-{w}" for n, (k, _, _, w) in enumerate(FACTS)])
def test_a_fact_is_the_same_word_whatever_the_draw(fact: Symptom, functions: dict[str, Any],
                                                   name: str, wanted: str) -> None:
    state = np.random.get_state()
    words = {word(fact, functions, name, f"sweep {sweep}") for sweep in range(2)}
    np.random.set_state(state)
    assert words == {wanted}


def test_what_went_wrong_is_a_fact_too() -> None:
    def fails(*args: Any, **kwargs: Any) -> Any:
        raise KeyError("cache: empty")

    assert word(f.survivors(), {FORWARD: fails}) == "raises KeyError"
    assert word(f.survivors(), {FORWARD: lambda *a, **k: "nothing"}) == "not a usable result"
    assert word(f.survivors(), {FORWARD: junk()["ends the program"]}) == "crashed"


def odd_probe(exam: Exam) -> str:
    return str([][0])


@pytest.mark.trips
def test_a_probe_that_trips_costs_the_hint_and_not_the_grading(
        caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO", "autograder")
    assert word(Symptom("odd", odd_probe), strict=False) == "not a usable result"
    assert re.search(r"dropout_forward, fact odd: IndexError at test_facts_and_diagnosis\.py:\d+",
                     caplog.text), "in silence"


@pytest.mark.trips
def test_a_probe_that_trips_over_an_answer_of_the_course_is_broken_and_says_so() -> None:
    with pytest.raises(
            Broken, match=r"dropout_forward, fact odd: IndexError at test_facts_and_diagnosis\.py"):
        word(Symptom("odd", odd_probe))
    with pytest.raises(Broken, match="fact odd"):
        fingerprint([Symptom("odd", odd_probe)], FORWARD, student(), "toy", strict=True)
    assert (fingerprint([Symptom("odd", odd_probe)], FORWARD, student(), "toy")
            == {"odd": "not a usable result"})


def test_no_name_that_a_student_chose_becomes_a_word() -> None:
    def shows(*args: Any, **kwargs: Any) -> Any:
        raise type("p is 0.62 and x begins with 1.7", (ValueError,), {})

    assert word(f.survivors(), {FORWARD: shows}) == "raises an exception of your own (a ValueError)"
    assert word(f.outside(), {FORWARD: shows}) == "ValueError"


# ---------------------------------------------------------------------------------------- diagnosis
PROBES = (f.drop_share(), f.survivors(), f.test_time(), f.rows())
RIGHT = {"drop_share": "p", "survivors": "1/(1-p)", "test_time": "1", "rows": "apart"}


def belief(name: str, signs_: dict[str, str], also: dict[str, str] | None = None) -> dict[str, Any]:
    return {"name": name, "sentence": f"You believe in {name}.", "signs": signs_,
            "also": also or {}}


HINTS = {
    "right": RIGHT,
    "misconceptions": [
        belief("swapped", {"drop_share": "1-p"}, {"survivors": "1/p"}),
        belief("unscaled", {"survivors": "1"}),
        belief("classic", {"survivors": "1", "test_time": "1-p"}),
        belief("one_mask", {"rows": "shared"}),
        belief("without_signs", {}),
    ],
}


def named(**odd: str) -> list[str]:
    return [d.name for d in diagnose("f", {**RIGHT, **odd}, HINTS)]


@pytest.mark.parametrize(
    ("odd", "names"),
    [
        ({}, []),
        ({"drop_share": "1-p"}, ["swapped"]),
        ({"drop_share": "1-p", "survivors": "1/p"}, ["swapped"]),
        ({"survivors": "1"}, ["unscaled"]),
        ({"survivors": "1", "test_time": "1-p"}, ["classic"]),
        ({"survivors": "1", "rows": "shared"}, ["unscaled", "one_mask"]),
        ({"drop_share": "1-p", "rows": "shared"}, ["swapped", "one_mask"]),
        ({"test_time": "drops"}, [SOMETHING_ELSE]),
        ({"survivors": "raises NotImplementedError",
          "drop_share": "raises NotImplementedError"}, []),
        ({"survivors": "skipped", "drop_share": "skipped"}, []),
        ({"survivors": "raises TypeError"}, [SOMETHING_ELSE]),
        ({"drop_share": "timed_out"}, [SOMETHING_ELSE]),
    ],
)
def test_the_beliefs_that_explain_the_facts_are_named(odd: dict[str, str],
                                                      names: list[str]) -> None:
    assert named(**odd) == names


def test_what_nothing_explains_is_told_as_it_was_seen() -> None:
    (found,) = diagnose("f", {**RIGHT, "test_time": "drops"}, HINTS)
    assert (found.message
            == "No mistake we know explains this by itself. What was seen of f: test time: drops.")
    assert found.facts == {"test_time": "drops"}


def test_a_function_that_hardly_answers_gets_no_advice_about_its_details() -> None:
    """The exception's line, or "is its return missing?", stands above; advice on p misleads."""
    mute = dict.fromkeys(RIGHT, "not a usable result")
    (found,) = diagnose("f", {**mute, "rows": "shared"}, HINTS)
    assert (found.name, found.message) == (SOMETHING_ELSE, "")
    (found,) = diagnose("f", dict.fromkeys(RIGHT, "raises TypeError"), HINTS)
    assert (found.name, found.message) == (SOMETHING_ELSE, "")
    (found,) = diagnose("f", {**RIGHT, "survivors": "raises TypeError",
                              "test_time": "drops"}, HINTS)
    assert found.message.endswith("What was seen of f: test time: drops.")
    knows = {**HINTS, "misconceptions": [belief("no_cache", {"survivors": "not a usable result"})]}
    assert [d.name for d in diagnose("f", mute, knows)] == ["no_cache"]
    brings_it_about = belief("out_alone", {"rows": "shared"}, {"survivors": "not a usable result"})
    several = diagnose("f", {**mute, "rows": "shared"},
                       {**HINTS, "misconceptions": [brings_it_about]})
    assert [d.name for d in several] == ["out_alone"]


def test_a_diagnosis_says_what_gave_it_away() -> None:
    (found,) = diagnose("f", {**RIGHT, "drop_share": "1-p"}, HINTS)
    assert (found.exercise, found.message, found.facts) == ("f", "You believe in swapped.",
                                                            {"drop_share": "1-p"})


def test_a_fact_that_could_not_be_taken_does_not_count_against_anybody() -> None:
    assert diagnose("f", {"drop_share": "p"}, HINTS) == ()
    assert diagnose("f", {}, HINTS) == ()


def test_signs_are_what_differs_or_what_was_named() -> None:
    wrong = {**RIGHT, "survivors": "1", "test_time": "1-p"}
    assert signs(RIGHT, wrong, ()) == ({"survivors": "1", "test_time": "1-p"}, {})
    assert signs(RIGHT, wrong, ("survivors",)) == ({"survivors": "1"}, {"test_time": "1-p"})
    assert signs(RIGHT, RIGHT, ()) == ({}, {})


def test_a_sign_may_be_a_fact_that_the_wrong_solution_gets_right() -> None:
    wrong = {**RIGHT, "survivors": "1", "test_time": "1-p"}
    same = next(k for k in RIGHT if k not in ("survivors", "test_time"))
    assert signs(RIGHT, wrong, ("survivors", same)) == ({"survivors": "1"}, {"test_time": "1-p"})
    assert signs(RIGHT, wrong, ("survivors", f"={same}")) == ({"survivors": "1", same: RIGHT[same]},
                                                              {"test_time": "1-p"})
    told = {"right": RIGHT,
            "misconceptions": [belief("quiet", {"survivors": "1", same: RIGHT[same]})]}
    assert [d.name for d in diagnose("shrink", wrong, told)] == ["quiet"]
    assert [d.name for d in diagnose("shrink", {**wrong, same: "other"}, told)] == [SOMETHING_ELSE]


@pytest.mark.parametrize(
    ("functions", "names"),
    [
        ({FORWARD: forward}, []),
        (from_draw(draws.keeps_p), ["swapped"]),
        ({FORWARD: scaled(lambda p: 1)}, ["unscaled"]),
        ({FORWARD: classic}, ["classic"]),
        (from_draw(draws.one_row), ["one_mask"]),
        ({FORWARD: always_drops}, [SOMETHING_ELSE]),
    ],
)
def test_from_a_function_to_its_name(functions: dict[str, Any], names: list[str]) -> None:
    facts = fingerprint(PROBES, FORWARD, student(functions), "toy")
    assert [d.name for d in diagnose(FORWARD, facts, HINTS)] == names, facts


@pytest.mark.parametrize("handler", [signal.default_int_handler, signal.SIG_IGN],
                         ids=["heard", "ignored, as in a shell's background"])
def test_a_function_that_hangs_costs_one_deadline_only(handler: Any) -> None:
    def hangs(*args: Any, **kwargs: Any) -> Any:
        while True:
            pass

    before = signal.signal(signal.SIGINT, handler)
    try:
        facts = fingerprint(PROBES, FORWARD, student({FORWARD: hangs}), "toy", seconds=0.2)
        assert signal.getsignal(signal.SIGINT) is handler
    finally:
        signal.signal(signal.SIGINT, before)
    assert facts == {"drop_share": "timed_out"}


def test_a_factor_from_the_realised_share_is_never_taken_for_the_right_one() -> None:
    words = {word(f.survivors(), {FORWARD: by_realised_share}, text=f"realised {sweep}")
             for sweep in range(120)}
    assert words == {"units / kept"}


def test_the_same_function_has_the_same_fingerprint_every_day() -> None:
    first, second = (fingerprint(PROBES, FORWARD, student(), "toy") for _ in range(2))
    assert first == second == RIGHT


def test_the_desk_tells_wrong_answers_from_missing_ones() -> None:
    exam = Exam("backward", student({"backward": backward}), "desk")
    with pytest.raises(Unanswered):
        exam.ask(Call("nobody"))
    assert issubclass(Wrong, Exception)
    assert not issubclass(Wrong, Unanswered)
