"""The verbs about exact values: who passes, who is refused in which words; junk breaks none."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pytest

from autograder.asking import Wrong
from autograder.checks_api.comparing import close, compare
from autograder.checks_api.results import changed_arguments
from autograder.dropout.network import checks as c
from autograder.model import Answer, Call, Check, Facts, Given, Outcome
from autograder.tests.toys import (
    CASES, FORWARD, SHAPES, Array, Function, Rng, classic, examined, forward, junk, mask,
    multiplier, student, told)

P = 0.3
JUNK = junk()


def changed(**more: Any) -> Function:
    """Inverted dropout with one thing wrong: what `train`, `test` give, or how masks are drawn."""
    train = more.get("train", lambda x, kept, p: x * kept / (1 - p))
    test = more.get("test", lambda x, p: x)

    def function(x: Array, p: float, rng: Rng | None, train_: bool = True, **options: Any) -> Any:
        if not options.get("train", train_):
            return test(x, p), None
        assert rng is not None
        kept = rng.random(x.shape) >= p
        return train(x, kept, p), kept

    return function


def overwrites(x: Array, p: float, rng: Rng | None, train: bool = True) -> Any:
    if train and rng is not None:
        x *= (rng.random(x.shape) >= p) / (1 - p)
    return x, None


def draws_at_test(x: Array, p: float, rng: Rng | None, train: bool = True) -> Any:
    kept = rng.random(x.shape) >= p if rng is not None else 1.0
    return (x * kept / (1 - p), kept) if train else (x, kept)


def draws_globally_at_test(x: Array, p: float, rng: Rng | None, train: bool = True) -> Any:
    if not train:
        np.random.rand()
    return forward(x, p, rng, train)


def to_float64(x: Array, p: float, rng: Rng | None, train: bool = True) -> Any:
    out, cache = forward(x.astype(np.float64), p, rng, train)
    return out, cache


float64_at_test = changed(train=lambda x, k, p: x * k, test=lambda x, p: x * np.float64(1))


def only_2d(x: Array, p: float, rng: Rng | None, train: bool = True) -> Any:
    n, d = x.shape
    return forward(x.reshape(n, d), p, rng, train)


def flattens(x: Array, p: float, rng: Rng | None, train: bool = True) -> Any:
    out, cache = forward(x.reshape(len(x), -1), p, rng, train)
    return out, cache


def nan_at_one(x: Array, p: float, rng: Rng | None, train: bool = True) -> Any:
    if not train or rng is None:
        return x, None
    return x * (rng.random(x.shape) >= p) / np.float64(1 - p), None


def refuses_all(x: Array, p: float, rng: Rng | None, train: bool = True) -> Any:
    raise TypeError(f"p = {p}")


def redraws(shape: tuple[int, ...], p: float, rng: Rng) -> Any:
    drawn = multiplier(shape, p, rng)
    return drawn if drawn.any() else 0.0


def to_doubles(x: Array, p: float) -> Any:
    return x, x**2 * np.float64(p)


def gives_floats(shape: tuple[int, ...], p: float, rng: Rng) -> Array:
    return mask(shape, p, rng).astype(float)


def in_single(x: Array, kept: Array, p: float) -> Array:
    return np.asarray(x * (kept.astype(np.float32) / np.float32(1 - p)))


def with_epsilon(x: Array, kept: Array, p: float) -> Array:
    return np.asarray(x * kept / (1 - p + 1e-8))


def single_multiplier(shape: tuple[int, ...], p: float, rng: Rng) -> Array:
    return multiplier(shape, p, rng).astype(np.float32)


def mask_before_train(x: Array, p: float, rng: Rng, train: bool = True) -> Any:
    kept = rng.random(x.shape) >= p
    return (x * kept / (1 - p), kept) if train else (x, None)


def keeps_all(shape: tuple[int, ...], p: float, rng: Rng) -> Array:
    return np.ones(shape, dtype=bool)


BY_HAND = c.is_right(given=([1.0, 3.0], 0.5), wanted=2.0, names=("mean", "var"), name="mean")
DOUBLE = c.is_right(given=([1.0, 3.0],), wanted=[2.0, 6.0], names=("out",), name="out")
OTHERS = c.is_right_like_the_solution(given=((4, 5), P), names=("mean", "var"), name="var")
AGREES = c.is_right_like_the_solution(given=([1.0, 3.0],), names=("out",), name="out")
RETURNED = "the function returned an exception (is `return` written for `raise`?)"
LETTER = c.is_filled_in(key="letter", choices="abc")
LETTERS = "one of the letters a, b, c, in quotes"
REFUSALS: tuple[tuple[str, Check, Any, str, str], ...] = (
    (FORWARD, c.scales_the_survivors(p=P), changed(train=lambda x, k, p: x * k),
     "(out / x)[kept][0] = 1", "1.42857 (1143 of 1143 differ)"),
    (FORWARD, c.scales_the_survivors(p=P), changed(train=lambda x, k, p: x * k / p),
     "(out / x)[kept][0] = 3.33333", "1.42857 ("),
    (FORWARD, c.scales_the_survivors(p=P), changed(train=lambda x, k, p: x / 0.7),
     "1643 of 1643 units survived", "about 1150"),
    (FORWARD, c.scales_the_survivors(p=P), changed(train=lambda x, k, p: x * 0),
     "0 of 1643 units survived", "about 1150"),
    ("classic", c.scales_the_survivors(p=P, by="1"), forward,
     "(out / x)[kept][0] = 1.42857", "1 ("),
    (FORWARD, c.is_exact_to_ten_digits(p=P), changed(train=in_single),
     "(out / x)[kept][0] = 1.42857146", "1.42857142857"),
    (FORWARD, c.is_exact_to_ten_digits(p=P), changed(train=with_epsilon),
     "(out / x)[kept][0] = 1.42857140816", "1.42857142857"),
    ("multiplier", c.is_exact_to_ten_digits(p=0.7, via="multiplier"), single_multiplier,
     "mask[mask != 0][0] = 3.333333", "3.3333333333"),
    ("classic", c.multiplies_at_test_time(p=P, by="1-p"), forward, "out[0, 0] = ",
     " (1600 of 1600 differ)"),
    (FORWARD, c.multiplies_at_test_time(p=P), classic, "out[0, 0] = ", " (1600 of 1600 differ)"),
    (FORWARD, c.is_identity_at_test_time(p=P), classic, "out[0, 0] = ", " (1600 of 1600 differ)"),
    (FORWARD, c.is_identity_at_test_time(p=P), changed(test=lambda x, p: x * (1 + 1e-4)),
     "out[0, 0] = -0.8770", " of 1600 differ)"),
    (FORWARD, c.is_identity_at_test_time(p=P), changed(test=lambda x, p: x[:5]),
     "out.shape = (5, 50)", "(32, 50)"),
    (FORWARD, c.draws_nothing_at_test_time(p=P), draws_at_test,
     "a pass at test time changed what rng gives next", "without it"),
    (FORWARD, c.leaves_global_random_state_alone(p=P), draws_globally_at_test,
     "the function drew from (or seeded) the global", "rng only"),
    (FORWARD, c.drops_nothing_at_zero(), changed(train=lambda x, k, p: x * k * 0.9), "out[0, 0] = ",
     " (1600 of 1600 differ)"),
    ("mask", c.drops_nothing_at_zero(via="mask"), lambda s, p, r: r.random(s) < p, "mask[0, 0] = 0",
     "1 (1600 of 1600 differ)"),
    (FORWARD, c.drops_everything_at_one(), nan_at_one, "out holds nan", "0 everywhere"),
    (FORWARD, c.drops_everything_at_one(), changed(train=lambda x, k, p: x), "out holds ",
     "0 everywhere"),
    ("mask", c.drops_everything_at_one(via="mask"), keeps_all, "mask holds 1", "0 everywhere"),
    (FORWARD, c.refuses(p=-0.1), changed(), "the function returned", "ValueError"),
    ("mask", c.refuses(p=1.5, via="mask"), keeps_all, "the function returned", "ValueError"),
    ("mask", c.refuses(p=1.5, via="mask"), lambda shape, p, rng: ValueError, RETURNED,
     "ValueError"),
    ("mask", c.refuses(p=1.5, via="mask"), lambda shape, p, rng: ValueError("p"), RETURNED,
     "ValueError"),
    (FORWARD, c.refuses_at_test_time(p=1.5), changed(), "the function returned", "ValueError"),
    ("stack", c.gives_the_dtype(given=((4, 5), P), names=("mean", "var")), to_doubles,
     "var.dtype = float64", "float32"),
    (FORWARD, c.keeps_its_input(p=P), overwrites, "x was changed by the call", "x as it was"),
    (FORWARD, c.keeps_the_dtype(p=P), to_float64, "out.dtype = float64 in training", "float32"),
    (FORWARD, c.keeps_the_dtype(p=P), float64_at_test,
     "out.dtype = float64 at test time", "float32"),
    (FORWARD, c.takes_any_shape(p=P, shapes=SHAPES), flattens, "out.shape = (7, 1)", "(7,)"),
    ("mask", c.takes_any_shape(p=P, shapes=SHAPES, via="mask"), lambda s, p, r: r.random(s[:2]),
     "mask.shape = (2, 3)", "(2, 3, 4)"),
    ("mask", c.is_boolean(p=P), gives_floats, "mask.dtype = float64", "bool"),
    ("multiplier", c.holds_only(p=0.7), redraws, "the function returned a float",
     "an array of shape (2,)"),
    ("multiplier", c.holds_only(p=0.7), gives_floats, "mask[", "3.33333"),
    ("double", DOUBLE, lambda x: x + 1, "out[1] = 4", "6 (1 of 2 differ)"),
    ("moments", BY_HAND, lambda x, p: (1.0, 1.0), "mean = 1", "2"),
    ("moments", BY_HAND, lambda x, p: 1.0, "the function returned a float", "(mean, var)"),
    ("quiz", c.is_filled_in(key="number"), {}, 'quiz["number"] is missing', "a number"),
    ("quiz", c.is_filled_in(key="number"), {"number": None}, 'quiz["number"] is None',
     "a number"),
    ("quiz", c.is_filled_in(key="number"), {"number": "11"}, 'quiz["number"] is a str', "a number"),
    ("quiz", c.is_filled_in(key="number"), {"number": float("nan")},
     'quiz["number"] is nan', "a number"),
    ("quiz", LETTER, {"letter": "d"}, "quiz[\"letter\"] = 'd'", LETTERS),
    ("quiz", LETTER, {"letter": ["a"]}, 'quiz["letter"] is a list of 1', LETTERS),
    ("quiz", c.answers_rightly(key="number"), {"number": 8}, 'quiz["number"] = 8 is not right', ""),
    ("quiz", c.answers_rightly(key="letter", choices="abc"), {"letter": "a"},
     'quiz["letter"] = a is not right', ""),
    ("double", AGREES, lambda x: x + 1, "out[1] = 4", "6 (1 of 2 differ)"),
    ("moments", OTHERS, lambda x, p: (1, x.std()), "var = ", ""),
)


@pytest.mark.parametrize(("name", "check", "wrong", "got", "wanted"), REFUSALS,
                         ids=[f"{r[1].name}-{n}" for n, r in enumerate(REFUSALS)])
def test_wrong_values_are_refused_in_these_words(name: str, check: Check, wrong: Any, got: str,
                                                 wanted: str) -> None:
    verdict = examined(check, {name: wrong}, name, reference=student())
    assert verdict.outcome is Outcome.FAILED, told(verdict)
    assert verdict.got.startswith(got), told(verdict)
    assert wanted in verdict.wanted, told(verdict)


@pytest.mark.parametrize(("name", "check"), CASES,
                         ids=[f"{name}-{check.name}" for name, check in CASES])
def test_a_right_function_passes_over_many_sweeps(name: str, check: Check) -> None:
    for sweep in range(4):
        verdict = examined(check, {}, name, f"toy/{sweep}", student())
        assert verdict.passed, f"sweep {sweep}: {told(verdict)}"


@pytest.mark.parametrize("wrong", [refuses_all, only_2d])
def test_a_function_that_raises_is_told_with_its_own_words_and_line(wrong: Function) -> None:
    verdict = examined(c.takes_any_shape(p=P, shapes=SHAPES), {FORWARD: wrong})
    assert verdict.outcome is Outcome.RAISED, told(verdict)
    words = "TypeError: p = 0.3" if wrong is refuses_all else "ValueError: not enough values"
    assert verdict.got.startswith(f"{FORWARD} raised {words}"), told(verdict)


def test_another_exception_than_the_one_asked_for_is_no_refusal() -> None:
    verdict = examined(c.refuses(p=1.5), {FORWARD: refuses_all})
    assert ((verdict.outcome, verdict.got)
            == (Outcome.RAISED, "dropout_forward raised TypeError: p = 1.5")), told(verdict)


def test_an_error_whose_name_begins_like_the_one_asked_for_is_no_refusal() -> None:
    class ValueErrorReally(Exception):
        pass

    def refuses(x: Array, p: float, rng: Rng | None, train: bool = True) -> Any:
        raise ValueErrorReally("no")

    for check in (c.refuses(p=1.5), c.refuses_at_test_time(p=1.5)):
        verdict = examined(check, {FORWARD: refuses})
        assert ((verdict.outcome, verdict.got)
                == (Outcome.RAISED, "dropout_forward raised ValueErrorReally: no")), told(verdict)


def test_a_number_stands_for_a_shape_of_one_axis() -> None:
    def tuples_only(shape: tuple[int, ...], p: float, rng: Rng) -> Array:
        return mask((*shape,), p, rng)

    check = c.takes_any_shape(p=P, shapes=(7,), via="mask")
    assert examined(check, {}, "mask").passed
    refused = examined(check, {"mask": tuples_only}, "mask")
    assert refused.outcome is Outcome.RAISED, told(refused)
    assert "mask(7, 0.3, " in refused.call


def test_a_warning_in_the_students_own_words_is_not_repeated() -> None:
    def warns(x: Array, p: float, rng: Rng, train: bool = True) -> Any:
        warnings.warn("divide by zero encountered in: all is well, full marks",
                      RuntimeWarning, stacklevel=1)
        return np.zeros_like(x), None

    verdict = examined(c.drops_everything_at_one(), {FORWARD: warns})
    assert verdict.got == "the function gave a warning of your own", told(verdict)


def test_a_warning_at_p_one_is_refused_when_the_result_is_right() -> None:
    def warns(x: Array, p: float, rng: Rng, train: bool = True) -> Any:
        with np.errstate(divide="warn"):
            _ = np.float64(1.0) / np.float64(1 - p)
        return np.zeros_like(x), None

    verdict = examined(c.drops_everything_at_one(), {FORWARD: warns})
    assert (verdict.got == "NumPy warned: RuntimeWarning: divide by zero encountered in scalar "
            "divide"), told(verdict)
    assert verdict.wanted == "no warning", told(verdict)


def test_the_aliased_input_at_test_time_is_fine_and_so_is_a_copy() -> None:
    for test in (lambda x, p: x, lambda x, p: x.copy(), lambda x, p: x * 1.0):
        verdict = examined(c.is_identity_at_test_time(p=P), {FORWARD: changed(test=test)})
        assert verdict.passed, told(verdict)


@pytest.mark.parametrize("train", [in_single, with_epsilon])
def test_a_scale_of_seven_digits_is_the_right_scale(train: Any) -> None:
    verdict = examined(c.scales_the_survivors(p=P), {FORWARD: changed(train=train)})
    assert verdict.passed, told(verdict)


def test_values_of_seven_digits_are_the_right_values_of_a_mask() -> None:
    verdict = examined(c.holds_only(p=0.7), {"multiplier": single_multiplier}, "multiplier")
    assert verdict.passed, told(verdict)


def test_who_draws_before_asking_for_train_is_right_but_needs_an_rng() -> None:
    functions = {FORWARD: mask_before_train}
    for check in (c.is_identity_at_test_time(p=P), c.keeps_the_dtype(p=P, dtype="float64")):
        assert examined(check, functions).passed
    verdict = examined(c.draws_nothing_at_test_time(p=P), functions)
    assert verdict.outcome is Outcome.RAISED, told(verdict)
    assert verdict.got.startswith("dropout_forward raised AttributeError"), told(verdict)
    assert "None" in verdict.call, told(verdict)


def test_a_letter_may_be_written_large_and_with_spaces() -> None:
    for letter in ("b", "B", " b "):
        for check in (c.is_filled_in(key="letter", choices="abc"),
                      c.answers_rightly(key="letter", choices="abc")):
            verdict = examined(check, {"quiz": {"letter": letter}}, "quiz", reference=student())
            assert verdict.passed, told(verdict)


def test_a_number_may_be_rounded_a_little() -> None:
    for number, passed in ((7.05, True), (6.95, True), (7.2, False), (np.float32(7), True),
                           (True, False)):
        verdict = examined(c.answers_rightly(key="number"), {"quiz": {"number": number}}, "quiz",
                           reference=student())
        assert verdict.passed is passed, told(verdict)


def test_a_wrong_answer_in_the_quiz_never_says_what_is_right() -> None:
    verdict = examined(c.answers_rightly(key="number"), {"quiz": {"number": 8}}, "quiz",
                       reference=student())
    assert "7" not in told(verdict), told(verdict)


def test_the_first_difference_is_named_with_its_place() -> None:
    with pytest.raises(Wrong, match=r"dx\[1, 2\] = 5, but should be 0 \(1 of 6 differ\)"):
        compare(np.array([[0.0, 0, 0], [0, 0, 5]]), np.zeros((2, 3)), "dx", 1e-9)
    with pytest.raises(Wrong, match="mean = nan, but should be 0"):
        compare(np.array(np.nan), np.array(0.0), "mean", 1.0)


def test_nan_is_close_to_nothing() -> None:
    assert not close(np.array([np.nan, np.inf]), np.array([0.0, 0.0]), 1e9).any()


# ------------------------------------------------------------------------------- rubbish, all verbs
QUIZZES: tuple[Any, ...] = (
    {"number": "seven", "letter": 3},
    {"number": [1, 2], "letter": ("a", "b")},
    {"number": 10**400},
    {"number": None, "letter": {}},
)


def test_rubbish_in_place_of_a_function_breaks_nothing_either() -> None:
    for name, check in CASES:
        for thing in (None, 3, "text", object(), {}, [], *QUIZZES):
            verdict = examined(check, {name: thing}, name, reference=student())
            assert verdict.outcome in (Outcome.FAILED,
                                       Outcome.RAISED), f"{name} = {thing!r}: {told(verdict)}"


def test_engine_and_rubbish_together_warn_about_nothing() -> None:
    with warnings.catch_warnings(record=True) as seen:
        warnings.simplefilter("always")
        for name, check in CASES:
            examined(check, {name: JUNK["(zeros, ones, NaN, infinities, huge and tiny, None)"],
                             FORWARD: JUNK["(infinities, None)"]}, name)
    assert not seen, [str(w.message) for w in seen]


def test_two_numbers_that_look_alike_are_shown_to_the_last_digit() -> None:
    verdict = examined(c.is_exact_to_ten_digits(p=P),
                       {FORWARD: changed(train=lambda x, k, p: x * k / (1 - p) * (1 + 1e-9))})
    assert verdict.got.split()[-1] != verdict.wanted.split()[0], told(verdict)


def test_doing_nothing_passes_no_check_that_is_about_dropping() -> None:
    mean = ("passes_gradient_to_kept_units_only", "follows_the_mask", "scales_the_survivors",
            "drops_the_right_share")
    for name, check in CASES:
        if check.verb in mean:
            for kind, function in JUNK.items():
                verdict = examined(check, dict.fromkeys((name, "dropout_forward",
                                                         "dropout_backward"), function), name)
                assert not verdict.passed, f"{kind} passes {check.name}"


# ----------------------------------------------------------------------- what an idle answer misses
def test_a_variance_is_never_negative() -> None:
    check = c.returns_no_negative(given=([2.0, -1.0],), names=("mean", "var"), name="var")
    assert examined(check, {FORWARD: lambda x: (x, x**2)}).passed
    verdict = examined(check, {FORWARD: lambda x: (x, x)})
    assert (verdict.got, verdict.wanted) == ("var holds -1", "0 or more everywhere"), told(verdict)


def test_a_leash_shortens_what_is_too_long() -> None:
    check = c.shortens_what_is_too_long()
    assert examined(check, {FORWARD: lambda W, leash: W * min(1, leash / np.linalg.norm(W))}).passed
    assert not examined(check, {FORWARD: lambda W, leash: W}).passed


def test_a_gradient_of_scores_is_no_probability() -> None:
    check = c.gives_a_gradient_of_scores()
    assert examined(check, {FORWARD: lambda probs, y: (probs - np.eye(3)[y]) / len(y)}).passed
    assert examined(check, {FORWARD: lambda probs, y: np.eye(3)[y]
                            - probs}).passed, "its sign and size are another part's business"
    for idle in (lambda probs, y: probs, lambda probs, y: 1 - np.tanh(probs) ** 2,
                 lambda probs, y: probs - 0.4):
        assert not examined(check, {FORWARD: idle}).passed


def test_an_argument_that_was_not_seen_after_the_call_counts_as_changed() -> None:
    params = Given("params", {"W": np.ones(2), "b": np.zeros(1)})
    call = Call("toy", (Given("x", np.ones(2)), 0.3, params))
    seen = Answer(Outcome.PASSED,
                  facts=Facts((np.ones(2), 0.3, {"W": np.ones(2), "b": np.zeros(1) + 1e-9})))
    assert (list(changed_arguments(call, Answer(Outcome.PASSED)))
            == [("x", "", ""), ("params", '["W"]', ""), ("params", '["b"]', "")])
    assert list(changed_arguments(call, seen)) == [("params", '["b"]', ", by up to 1e-09")]
