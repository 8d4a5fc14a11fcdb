"""Exact chance: how often a right answer may be refused, and the smallest error a test sees.

Every random property is tested as an exact binomial on disjoint, independent events, so the
false-alarm rate holds by construction, without asymptotics. One submission may be refused wrongly
at most once in 1e9 (`BUDGET`); it makes at most `MAX_TESTS` chance tests, each at `ALPHA`. The
binomial tails are scipy.special's (scipy.stats gives the same numbers, and takes half a second
longer to import).
"""

from __future__ import annotations

from functools import lru_cache
from math import isnan

from scipy.special import bdtr, bdtrc, bdtrik

# probability that a right submission is refused anything by chance, over all of its tests
BUDGET = 1e-9
MAX_TESTS = 100  # chance tests one assignment may make; `autograder verify` counts them
ALPHA = BUDGET / MAX_TESTS  # false-alarm rate of one two-sided test
POWER = 1 - 1e-6  # "sees an error" means: refuses it with at least this probability
EARLY = 1e-7  # of the rest: an error may go unseen so often because not all events were looked at


def cdf(k: int, n: int, probability: float) -> float:
    """P(K <= k) for K ~ Bin(n, probability)."""
    return 0.0 if k < 0 else float(bdtr(min(k, n), n, probability))


def pmf(k: int, n: int, probability: float) -> float:
    """P(K = k) for K ~ Bin(n, probability)."""
    return cdf(k, n, probability) - cdf(k - 1, n, probability)


@lru_cache(maxsize=4096)
def acceptance(n: int, probability: float, alpha: float = ALPHA) -> tuple[int, int]:
    """The counts Bin(n, probability) leaves with probability alpha at most: low <= K <= high."""
    # the upper tail of K is the lower tail of n - K; 1 - alpha/2 would not be exact in floating
    # point
    return _low(n, probability, alpha / 2), n - _low(n, 1 - probability, alpha / 2)


def _low(n: int, probability: float, tail: float) -> int:
    """The largest k with P(K < k) <= tail."""
    if probability <= 0:
        return 0
    guess = bdtrik(tail, n, probability)  # nan for a probability that a float hardly tells from 0
    k = 0 if isnan(guess) else max(int(guess) - 1, 0)
    while k < n and cdf(k, n, probability) <= tail:
        k += 1
    return k


@lru_cache(maxsize=512)
def smallest_error(n: int, probability: float, alpha: float = ALPHA, power: float = POWER) -> float:
    """The smallest shift of `probability` that n events reveal with this power; 1.0 when none.

    Of the two directions the worse counts, unless even the end of one (0 or 1) is within chance:
    that direction is not seen at all.
    """
    low, high = acceptance(n, probability, alpha)

    def refused(other: float) -> float:
        return cdf(low - 1, n, other) + float(bdtrc(high, n, other))

    def bisect(near: float, far: float) -> float:
        if refused(far) < power:
            return 0.0
        for _ in range(50):
            middle = (near + far) / 2
            near, far = (near, middle) if refused(middle) >= power else (middle, far)
        return abs(far - probability)

    return max(bisect(probability, 0.0), bisect(probability, 1.0)) or 1.0


@lru_cache(maxsize=512)
def settled(n: int, of: int, probability: float, looks: int = 1) -> tuple[int, int]:
    """Counts of the first n of `of` events after which the rest need not be seen: low to high.

    Were the probability off by the smallest error that all of them reveal, one of these would come
    with EARLY / looks at most. So who looks so often on the way still sees that error with POWER;
    and nobody is refused who is not refused by all events. A share that all events would refuse,
    were it to stay as it is, settles nothing.
    """
    least, greatest = acceptance(of, probability)
    error = smallest_error(of, probability, power=POWER + EARLY)
    most = EARLY / looks
    high = _low(n, min(1.0, probability + error), most) - 1
    low = n + 1 - _low(n, min(1.0, 1 - probability + error), most)
    return max(low, -(-least * n // of)), min(high, greatest * n // of)


def is_settled(count: int, n: int, of: int, probability: float, looks: int = 1) -> bool:
    """Whether such a count of the first n of `of` events settles it."""
    low, high = settled(n, of, probability, looks)
    return low <= count <= high
