"""The exact bounds, compared with scipy.stats, which computes otherwise, and with brute force."""

from __future__ import annotations

import itertools
import math

import pytest
from scipy.stats import binom

from autograder import chance

SIZES = (1, 2, 24, 160, 1000, 65536, 196608)
PROBABILITIES = (0.0005, 0.005, 0.02, 0.25, 0.3, 0.42, 0.5, 0.58, 0.7, 0.995)
GRID = list(itertools.product(SIZES, PROBABILITIES))


def test_the_budget_is_one_in_a_thousand_million() -> None:
    assert chance.BUDGET == 1e-9
    assert pytest.approx(chance.BUDGET) == chance.ALPHA * chance.MAX_TESTS


@pytest.mark.parametrize(("n", "p"), GRID)
def test_a_right_answer_is_refused_at_most_as_often_as_promised(n: int, p: float) -> None:
    for alpha in (chance.ALPHA, 1e-3, 0.05):
        low, high = chance.acceptance(n, p, alpha)
        assert 0 <= low <= high <= n, f"Bin({n}, {p}) at {alpha:g}: {low} to {high}"
        below, above = binom.cdf(low - 1, n, p), binom.sf(high, n, p)
        assert below <= alpha / 2 * (1 + 1e-9), f"Bin({n}, {p}): P(K < {low}) = {below:g}"
        assert above <= alpha / 2 * (1 + 1e-9), f"Bin({n}, {p}): P(K > {high}) = {above:g}"


@pytest.mark.parametrize(("n", "p"), GRID)
def test_the_bounds_are_as_narrow_as_they_can_be(n: int, p: float) -> None:
    low, high = chance.acceptance(n, p)
    half = chance.ALPHA / 2
    assert binom.cdf(low, n, p) > half * (1 - 1e-9), f"Bin({n}, {p}): {low} could be refused too"
    assert binom.sf(high - 1, n,
                    p) > half * (1 - 1e-9), f"Bin({n}, {p}): {high} could be refused too"


@pytest.mark.parametrize("p", [0.0, 1.0])
@pytest.mark.parametrize("n", [1, 10, 1000])
def test_what_is_certain_is_demanded(n: int, p: float) -> None:
    assert chance.acceptance(n, p) == (round(n * p), round(n * p))


@pytest.mark.parametrize(("n", "p"), [(n, p) for n, p in GRID if n <= 1000])
def test_the_tails_agree_with_scipy_stats(n: int, p: float) -> None:
    for k in {-1, 0, 1, n // 3, n // 2, n - 1, n, n + 5}:
        assert chance.cdf(k, n, p) == pytest.approx(binom.cdf(k, n, p), rel=1e-9,
                                                    abs=1e-300), f"P(K <= {k})"
        if 0 <= k <= n:
            assert chance.pmf(k, n, p) == pytest.approx(binom.pmf(k, n, p), rel=1e-6,
                                                        abs=1e-12), f"P(K = {k})"


def test_the_chances_of_all_counts_add_up_to_one() -> None:
    assert sum(chance.pmf(k, 24, 0.3) for k in range(25)) == pytest.approx(1.0, abs=1e-12)


def refused(n: int, p: float, other: float) -> float:
    """The chance that a true probability `other` is refused where p is expected."""
    low, high = chance.acceptance(n, p)
    return float(binom.cdf(low - 1, n, other) + binom.sf(high, n, other))


@pytest.mark.parametrize(("n", "p"), [(196608, 0.3), (196608, 0.005), (65536, 0.58), (32768, 0.58),
                                      (1000, 0.25), (160, 0.25)])
def test_the_smallest_error_is_seen_in_both_directions_and_a_smaller_one_is_not(
        n: int, p: float) -> None:
    error = chance.smallest_error(n, p)
    assert 0 < error < 1
    for other in (p - error, p + error):
        if 0 <= other <= 1:
            assert (refused(n, p, other) >= chance.POWER
                    - 1e-9), f"{other} is refused with probability {refused(n, p, other)}"
    nearly = [refused(n, p, p + sign * 0.98 * error)
              for sign in (-1, 1) if 0 <= p + sign * 0.98 * error <= 1]
    assert min(nearly) < chance.POWER, f"98 % of {error} is seen too: {nearly}"


STAGES = [(196608, 0.3, 3), (65536, 0.005, 2), (131072, 0.62, 2), (65536, 0.3, 4), (180000, 0.1, 3),
          (1000, 0.02, 2)]


@pytest.mark.parametrize(("of", "p", "calls"), STAGES)
def test_who_stops_early_still_sees_the_smallest_error_stated(of: int, p: float,
                                                              calls: int) -> None:
    error = chance.smallest_error(of, p, power=chance.POWER + chance.EARLY)
    assert error <= 1.01 * chance.smallest_error(of, p), "as good as that of all events"
    stages = [(n := of // calls * k, *chance.settled(n, of, p, calls - 1)) for k in range(1, calls)]
    for other in (q for q in (p - error, p + error) if 0 <= q <= 1):
        unseen = 1 - refused(of, p, other) + sum(
            float(binom.cdf(h, n, other) - binom.cdf(lo - 1, n, other)) for n, lo, h in stages)
        assert unseen <= (1 - chance.POWER) * (1 + 1e-3), (f"{other} is missed with "
                                                           f"probability {unseen}")
    n, low, high = stages[-1]
    assert binom.cdf(high, n, p) - binom.cdf(low - 1, n, p) > 0.3, "and it is worth while"


@pytest.mark.parametrize(("of", "p", "calls"), STAGES)
def test_a_share_that_all_would_refuse_settles_nothing(of: int, p: float, calls: int) -> None:
    least, greatest = chance.acceptance(of, p)
    for n in (of // calls * k for k in range(1, calls)):
        low, high = chance.settled(n, of, p, calls - 1)
        assert low * of >= least * n
        assert high * of <= greatest * n


def test_a_test_that_sees_nothing_settles_nothing() -> None:
    low, high = chance.settled(1, 3, 0.5)
    assert low > high


def test_a_test_too_small_to_see_anything_says_so() -> None:
    assert chance.acceptance(3, 0.5) == (0, 3)
    assert chance.smallest_error(3, 0.5) == 1.0


def test_more_events_see_smaller_errors() -> None:
    errors = [chance.smallest_error(n, 0.3) for n in (100, 1000, 10_000, 100_000)]
    assert errors == sorted(errors, reverse=True)
    assert errors[-1] == pytest.approx(errors[-2] / math.sqrt(10), rel=0.1)


def test_a_smaller_false_alarm_rate_accepts_more() -> None:
    narrow, wide = chance.acceptance(1000, 0.3, 1e-3), chance.acceptance(1000, 0.3, 1e-11)
    assert wide[0] < narrow[0] < 300 < narrow[1] < wide[1]


@pytest.mark.parametrize("probability", [1e-300, 1e-19, 1e-17])
def test_what_hardly_ever_happens_and_what_nearly_always_does_have_their_counts_too(
        probability: float) -> None:
    assert chance.acceptance(1024, probability) == (0, 0)
    assert chance.acceptance(1024, 1 - probability) == (1024, 1024)
