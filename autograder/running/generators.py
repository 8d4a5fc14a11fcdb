"""`numpy.random.default_rng(number)` for many numbers at once.

A chance check draws hundreds of small masks, each by a generator of its own, and NumPy takes four
times as long to seed it as a function to draw with it. So the words that seed them are worked out
once for a class, and travel with the calls; by the algorithm of `numpy.random.SeedSequence`, which
NumPy promises to keep (M. E. O'Neill, Developing a seed_seq Alternative, 2015).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cache, lru_cache
from typing import Any

import numpy as np
from numpy.random import PCG64, Generator, SeedSequence, default_rng
from numpy.random.bit_generator import ISpawnableSeedSequence

ENTROPY, STATE = (0x43B0D7E5, 0x931E8875), (0x8B51F9DD, 0x58F38DED)
LEFT, RIGHT, SHIFT = np.uint32(0xCA01F9DD), np.uint32(0x4973F715), np.uint32(16)

Words = np.ndarray[Any, np.dtype[Any]]


class Known(ISpawnableSeedSequence):
    """The seed sequence of a number whose words for a PCG64 are known; for all else NumPy's own."""

    def __init__(self, number: int, words: Words) -> None:
        self.entropy, self._words = number, words

    def generate_state(self, n_words: int, dtype: Any = np.uint32) -> Words:
        """As many words."""
        if (n_words, np.dtype(dtype)) == (len(self._words), self._words.dtype):
            return self._words
        return SeedSequence(self.entropy).generate_state(n_words, dtype)

    def spawn(self, n_children: int) -> list[SeedSequence]:
        """Seed sequences for more generators: others each time."""
        if not hasattr(self, "_own"):
            self._own = SeedSequence(self.entropy)
        return self._own.spawn(n_children)


def generators(numbers: Sequence[int], words: Words | None) -> Iterator[Generator]:
    """`default_rng(number)` for each of the numbers, in order; `words` as `seeding` gives them."""
    if words is None or len(words) != len(numbers) or not is_as_ever():
        return map(default_rng, numbers)
    return map(_generator, numbers, words)


def _generator(number: int, words: Words) -> Generator:
    sequence: Any = Known(number, words)  # which NumPy's stubs do not foresee
    return Generator(PCG64(sequence))


@cache
def is_as_ever() -> bool:
    """Whether `default_rng` is what it was in the NumPy for which this was written."""
    words = seeding((1,))
    return words is not None and (_generator(1, words[0]).bit_generator.state
                                  == default_rng(1).bit_generator.state)


@lru_cache(maxsize=1 << 12)  # a class of hand-ins asks for the same again and again
def seeding(numbers: tuple[int, ...]) -> Words | None:
    """What seeds a PCG64, (numbers, 4) words of 64 bits; None where a number has over 32 bits."""
    if max(numbers) >= 1 << 32:
        return None
    digest = _Hash(*ENTROPY)
    first = np.array(numbers, np.uint32)
    pool = [digest(word) for word in (first, *[np.zeros_like(first)] * 3)]
    for source in range(4):
        for target in range(4):
            if source != target:
                mixed = LEFT * pool[target] - RIGHT * digest(pool[source])
                pool[target] = mixed ^ (mixed >> SHIFT)
    digest = _Hash(*STATE)
    halves = np.stack([digest(pool[k % 4]) for k in range(8)], axis=1)
    words = halves.astype("<u4").view("<u8").astype(np.uint64)
    words.setflags(write=False)
    return words


class _Hash:
    """Hashes words of 32 bits, each time by the next of its constants."""

    def __init__(self, constant: int, times: int) -> None:
        self._constant, self._times = constant, times

    def __call__(self, words: Words) -> Words:
        mixed = words ^ np.uint32(self._constant)
        self._constant = self._constant * self._times & 0xFFFFFFFF
        mixed = mixed * np.uint32(self._constant)
        return np.asarray(mixed ^ (mixed >> SHIFT))
