"""Exact chance: how often a right answer may be refused, and the smallest error a test sees.

Every random property is tested as an exact binomial on disjoint, independent events, so the false-alarm rate holds by construction,
without asymptotics. One submission may be refused wrongly at most once in 1e9 (`BUDGET`); it makes at most `MAX_TESTS` chance tests, each
at `ALPHA`. Sizes and power: Clopper-Pearson style acceptance regions of scipy.stats.binom.
"""

from __future__ import annotations

from functools import lru_cache

BUDGET = 1e-9  # probability that a right submission is refused anything by chance, over all of its tests
MAX_TESTS = 100  # chance tests one assignment may make; `autograder verify` counts them
ALPHA = BUDGET / MAX_TESTS  # false-alarm rate of one two-sided test
POWER = 1 - 1e-6  # "sees an error" means: refuses it with at least this probability


@lru_cache(maxsize=4096)
def acceptance(n: int, probability: float, alpha: float = ALPHA) -> tuple[int, int]:
    """The counts that Bin(n, probability) leaves with probability at most alpha: accept low <= K <= high."""
    from scipy.stats import binom  # lazily: this import takes longer than a whole self-check

    low = int(binom.ppf(alpha / 2, n, probability))
    high = int(binom.isf(alpha / 2, n, probability))
    return max(low, 0), min(high, n)


@lru_cache(maxsize=512)
def smallest_error(n: int, probability: float, alpha: float = ALPHA, power: float = POWER) -> float:
    """The smallest shift of `probability` (to either side) that n events reveal with at least this power."""
    from scipy.stats import binom

    low, high = acceptance(n, probability, alpha)

    def refused(other: float) -> float:
        return float(binom.cdf(low - 1, n, other) + binom.sf(high, n, other))

    def bisect(end: float) -> float:
        near, far = probability, end
        if refused(far) < power:
            return 1.0
        for _ in range(50):
            middle = (near + far) / 2
            near, far = (near, middle) if refused(middle) >= power else (middle, far)
        return abs(far - probability)

    return max(bisect(0.0), bisect(1.0)) if 0 < probability < 1 else 0.0
