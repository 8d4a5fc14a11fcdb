"""The verbs about closed forms: right ones pass, wrong ones are refused in words; and junk."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from autograder.checks_api.views import argument
from autograder.dropout.theory import checks as c
from autograder.dropout.theory import symptoms as t
from autograder.model import Check, Outcome
from autograder.tests.one_toy import Function, fact, passes, told, verdict


# ------------------------------------------------------------------------------------ toy functions
def listing(n: int) -> Any:
    """All masks, the last unit changing slowest."""
    return np.indices((2,) * n).reshape(n, -1).T.astype(bool)


def loss(X: Any, y: Any, w: Any, p: float) -> float:
    """The closed form, from second moments."""
    second = X.T @ X + p / (1 - p) * np.diag(np.diag(X.T @ X))
    return float(y @ y - 2 * y @ X @ w + w @ second @ w)


def weights(X: Any, y: Any, p: float) -> Any:
    """Its minimum, from D examples more."""
    more = np.sqrt(p / (1 - p)) * np.diag(np.linalg.norm(X, axis=0))
    return np.linalg.lstsq(np.vstack([X, more]), np.append(y, np.zeros(X.shape[1])), rcond=None)[0]


# ------------------------------------------------------------------------------- values in any case
def test_a_case_done_by_hand_is_compared_with_what_is_wanted() -> None:
    check = c.is_right(case="a triangle", given=([3.0, 4.0],), wanted=5.0, names=("length",))
    passes(check, lambda x: np.sqrt((x**2).sum()))
    assert told(check, lambda x: x.sum()) == "length = 7 | 5"
    assert told(check, lambda x: x) == "length.shape = (2,) | ()"
    assert verdict(check, lambda x: x).sentence == "gets it right for a triangle"
    assert (verdict(check, lambda x: x).call == "length = toy(np.array([3.0, 4.0]))\n"
            "np.shape(length)")


def test_digits_are_a_sentence_of_their_own() -> None:
    case: dict[str, Any] = {"case": "a triangle", "given": ([3.0, 4.0],), "wanted": 5.0,
                            "names": ("length",)}
    nearly: Function = lambda x: np.sqrt((x**2).sum()) * (1 + 1e-8)  # noqa: E731
    passes(c.is_right(**case), nearly)
    assert (told(c.is_right(**case, tolerance=1e-10), nearly)
            == "length = 5.00000005 | 5.0 within 1e-10")
    passes(c.is_right(**case, tolerance=1e-10), lambda x: np.sqrt((x**2).sum()) * (1 + 1e-12))


def test_proportions_leave_a_common_factor_to_others() -> None:
    check = c.gives_in_proportion(case="four times as much", given=([2.0, 0.0],), to=([1.0, 0.0],),
                                  wanted=4.0, names=("z",))
    for factor in (1.0, -0.5, 1e-300):
        passes(check, lambda x, factor=factor: factor * (x**2).sum())
    assert told(check, lambda x: x.sum()) == "the first z / the second = 2 | 4"
    assert told(check, lambda x: 0.0) == "the second z is 0 | a number other than 0"
    assert told(check, lambda x: np.nan) == "the second z is nan | a number other than 0"
    assert verdict(check, lambda x: 1.0).sentence == "gives four times as much"


def test_one_of_several_results_is_named() -> None:
    check = c.is_right(case="p", given=(2.0,), wanted=[1.0, 4.0], names=("a", "b"), name="b")
    passes(check, lambda x: (None, [1.0, x**2]))
    assert told(check, lambda x: (None, np.array([1.0, x]))) == "b[1] = 2 | 4 (1 of 2 differ)"
    assert told(check, lambda x: x) == "the function returned a float | (a, b)"
    assert verdict(check, lambda x: x).sentence == "gets b right for p"


def test_the_solution_is_asked_the_same_question() -> None:
    check = c.is_right_like_the_solution(case="both",
                                         given=((6, 3), c.normals(3, times=100.0)), names=("z",))
    passes(check, lambda x, w: (x * w).sum(axis=1), solution={"toy": lambda x, w: x @ w})
    assert told(check, lambda x, w: x @ w + 1,
                solution={"toy": lambda x, w: x @ w}).startswith("z[0] = ")


def test_a_value_error_must_be_one() -> None:
    check = c.raises_value_error(case="p = 2", given=(2.0,))
    passes(check, lambda p: np.random.default_rng(0).binomial(1, p))
    assert told(check, lambda p: p) == "the function returned | ValueError"
    assert verdict(check, lambda p: p[0]).outcome is Outcome.RAISED


def test_arguments_that_change_are_named() -> None:
    check = c.leaves_its_arguments_alone(given=((2, 3), [1.0, 2.0], 0.5), names=("X", "y"))
    passes(check, lambda X, y, p: X)
    assert (told(check, lambda X, y, p: y.sort() or y.fill(p))
            == "y was changed by the call | y as it was")


# ----------------------------------------------------------------------------------- lists of masks
@pytest.mark.parametrize("function", [listing, lambda n: listing(n)[::-1],
                                      lambda n: listing(n).astype(float).tolist()])
def test_every_order_of_a_complete_list_is_right(function: Function) -> None:
    passes(c.lists_every_mask_once(n=5), function)


def test_incomplete_lists_are_refused() -> None:
    check = c.lists_every_mask_once(n=3)
    assert told(check, lambda n: listing(n)[1:]) == "masks.shape = (7, 3) | (8, 3)"
    assert told(check, lambda n: listing(n).T) == "masks.shape = (3, 8) | (8, 3)"
    assert told(check, lambda n: listing(n) * 2) == "masks holds 2 | True and False only"
    repeated = ("7 different masks, and (dropped, dropped, dropped) stands there 2 times | 8 "
                "different masks")
    assert told(check, lambda n: np.vstack([listing(n)[:1], listing(n)[:-1]])) == repeated


def test_numbers_are_no_booleans() -> None:
    wanted = "a boolean array, one mask per row"
    passes(c.lists_booleans(n=3), listing)
    assert told(c.lists_booleans(n=3), lambda n: listing(n) + 0) == "masks.dtype = int64 | bool"
    assert (told(c.lists_booleans(n=3), lambda n: listing(n).tolist())
            == f"the function returned a list of 8 | {wanted}")
    assert told(c.lists_booleans(n=3), lambda n: np.ones((), bool)).endswith(wanted)
    # that one is missing is another sentence's business
    passes(c.lists_booleans(n=3), lambda n: listing(n)[1:])


# ---------------------------------------------------------------------- the definition as the judge
def test_the_definition_accepts_the_closed_form_and_nothing_near_it() -> None:
    check = c.is_the_average_over_masks(p=0.3)
    passes(check, loss)
    assert told(check, lambda X, y, w, p: np.sum((y - X @ w) ** 2)).startswith("loss = ")
    assert told(check, lambda X, y, w, p: loss(X, y, w, p) * (1 + 1e-4)).startswith("loss = ")
    passes(check, lambda X, y, w, p: loss(X, y, w, p) * (1 + 1e-6))


def test_a_minimum_is_where_no_step_leads_down() -> None:
    check = c.leaves_no_way_down(p=0.4, shape=(4, 3))
    passes(check, weights)
    assert "the average loss has the slope" in told(check, lambda X, y, p: weights(X, y, 0.0))
    assert told(check, lambda X, y, p: weights(X, y, p) * np.nan) == "w holds nan | finite numbers"
    assert told(check, lambda X, y, p: weights(X, y, p) * (1 + 1e-3)).endswith("| slope 0")
    passes(check, lambda X, y, p: weights(X, y, p) * (1 + 1e-6))


def test_nearly_dependent_columns_are_judged_by_the_loss() -> None:
    check = c.reaches_the_minimum(case="powers", given=(c.powers(40, 6), (40,), 0.0), loss="loss")
    solution: dict[str, Function] = {"toy": lambda X, y, p: np.linalg.solve(X.T @ X, X.T @ y),
                                     "loss": loss}
    passes(check, weights, solution=solution)
    assert "times the smallest" in told(check, lambda X, y, p: 1.01 * weights(X, y, p),
                                        solution=solution)
    endless = told(check, lambda X, y, p: weights(X, y, p) * np.inf, solution=solution)
    assert endless == "the average loss is nan times the smallest | the smallest"


def test_more_masks_than_can_be_listed_are_a_mistake_in_the_list() -> None:
    assert verdict(c.is_the_average_over_masks(p=0.3, shape=(5, 5)), loss).outcome is Outcome.BROKEN


# --------------------------------------------------------------------------------- arguments, facts
def test_arguments_can_be_pasted() -> None:
    names = {"np": np}
    for spec in (c.normals(3, 2, times=0.5), c.normals(3, 2, times=(0.5, 4.0)), (3, 2), [1.0, 2.0],
                 c.ones(2, 3), c.powers(4, 3)):
        given = argument(spec, 7)
        assert np.array_equal(eval(given.text, names), given.value), given.text


def test_facts_are_words() -> None:
    assert fact(t.masks_listed(), listing) == "each once"
    assert fact(t.masks_listed(), lambda n: listing(n)[1:]) == "all but the empty one"
    assert fact(t.masks_listed(), lambda n: listing(n)[:-1]) == "all but one"
    assert fact(t.masks_listed(), lambda n: np.vstack([listing(n), listing(n)])) == "some twice"
    assert fact(t.masks_listed(), lambda n: np.eye(n)) == "4 different ones"
    assert fact(t.masks_listed(), lambda n: np.ones((3, n))) == "3 rows, some twice"
    assert fact(t.list_type(), listing) == "bool"
    assert fact(t.gives(given=([1.0, 2.0],), place=1), lambda x: x * 2) == "4"
    assert fact(t.gives(given=(1.0,), index=1), lambda x: (x, x / 3)) == "0.333333"
    assert fact(t.ratio(given=(3.0,), to=(2.0,)), lambda x: 7 * x) == "1.5"
    assert fact(t.ratio(given=(3.0,), to=(0.0,)), lambda x: 7 * x) == "the other one is 0"
    assert (fact(t.in_proportion(given=(3.0,), to=(2.0,), wanted=1.5), lambda x: 7 * x)
            == "as it should be")
    assert (
        fact(t.in_proportion(given=(3.0,), to=(2.0,), wanted=1.5), lambda x: x + 1) == "otherwise")
    assert fact(t.in_proportion(given=(3.0,), to=(0.0,), wanted=1.5), lambda x: x) == "not usable"
    for off, word in ((1e-12, "ten"), (1e-8, "a little too large"), (-1e-6, "a little too small"),
                      (0.01, "roughly"), (0.1, "other")):
        assert (
            fact(t.digits(given=(3.0,), wanted=6.0), lambda x, off=off: 2 * x * (1 + off)) == word)
    assert fact(t.digits(given=(3.0,), wanted=6.0, index=1), lambda x: (x,)) == "other"
    assert fact(t.repeated(given=(3.0,)), lambda x: np.array([x])) == "the same"
    rng = np.random.default_rng(0)
    assert fact(t.repeated(given=(3.0,)), lambda x: rng.random()) == "others"
    assert fact(t.form(given=(1.0,)), lambda x: (x, x)) == "2 items"
    assert fact(t.takes(given=(1.0,)), lambda x: int("x")) == "ValueError"
    assert fact(t.arguments_after(given=([2.0, 1.0],)), lambda x: x.sort()) == "overwritten"


def test_a_refusal_is_a_value_error() -> None:
    assert (fact(t.refused(given=(2.0,)), lambda p: np.random.default_rng(0).binomial(1, p))
            == "refused")
    assert fact(t.refused(given=(0.0,)), lambda p: 1 / p) == "not refused"


# --------------------------------------------------------------------------------------------- junk
JUNK: list[Any] = [None, "text", b"bytes", 3, 10**30, float("nan"), float("inf"), True, 1j, [], (),
                   {}, {"a": 1}, [[1], [2, 3]], ["a"], object(), np.array([]), np.array(None),
                   np.array("a"), np.zeros((3, 4)), np.full((8, 3), np.nan), np.full((3,), np.nan),
                   np.full(4, 1e308), np.zeros((8, 3), complex),
                   np.zeros((8, 3), dtype="datetime64[s]"), np.array(np.nan), (1.0, None),
                   (np.nan, np.inf), lambda: 0]  # fmt: skip
CHECKS = [
    c.is_right(case="one", given=((2, 2),), wanted=2.5),
    c.is_right(case="two", given=((2, 2),), wanted=[1.0, 2.0], names=("a", "b"), name="b"),
    c.is_right_like_the_solution(case="three", given=((2, 2),)),
    c.lists_every_mask_once(n=3),
    c.lists_booleans(n=3),
    c.is_the_average_over_masks(p=0.3),
    c.leaves_no_way_down(p=0.3),
    c.reaches_the_minimum(case="four", given=((5, 4), (5,), 0.3), loss="loss"),
    c.raises_value_error(case="five", given=(1.0,)),
    c.is_right(case="six, to ten digits", given=((2, 2),), wanted=2.5, tolerance=1e-10),
    c.gives_in_proportion(case="seven", given=(1.0,), to=(2.0,), wanted=2.0),
]
@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.verb)
def test_junk_is_refused_and_breaks_nothing(check: Check) -> None:
    solution = {"toy": lambda *a: weights(*a) if len(a) == 3 else np.ones(7), "loss": loss}
    for junk in JUNK:
        found = verdict(check, lambda *arguments, _j=junk: _j, solution=solution)
        assert found.outcome is Outcome.FAILED, f"{junk!r}: {found}"
        assert found.got, f"{junk!r}"
