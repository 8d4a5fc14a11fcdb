"""Many generators at once are the generators that NumPy makes one by one."""

from __future__ import annotations

import copy
import pickle
from typing import Any

import numpy as np
import pytest

from autograder.running import generators as module
from autograder.running.generators import Words, generators, is_as_ever, seeding

NUMBERS = (0, 1, 2, 255, 65_536, 2**31, 2**32 - 2, 2**32 - 1,
           *map(int, np.random.default_rng(0).integers(0, 2**32, 200)))


def words() -> Words:
    found = seeding(NUMBERS)
    assert found is not None
    return found


def test_each_is_numpys_own() -> None:
    for number, rng in zip(NUMBERS, generators(NUMBERS, words()), strict=True):
        own = np.random.default_rng(number)
        assert rng.bit_generator.state == own.bit_generator.state, number
        np.testing.assert_array_equal(rng.random(5), own.random(5))


def test_words_are_numpys_own() -> None:
    for number, found in zip(NUMBERS, words(), strict=True):
        np.testing.assert_array_equal(
            found, np.random.SeedSequence(number).generate_state(4, np.uint64))


def test_they_can_be_split_copied_and_packed_as_numpys_own() -> None:
    rng, own = list(generators(NUMBERS, words()))[3], np.random.default_rng(NUMBERS[3])
    for _ in range(2):  # each time others
        split, wanted = rng.spawn(2), own.spawn(2)
        assert [r.random() for r in split] == [r.random() for r in wanted]
    for twin in (copy.deepcopy(rng), pickle.loads(pickle.dumps(rng))):
        assert twin.random() == np.random.default_rng(NUMBERS[3]).random()
    sequence: Any = rng.bit_generator.seed_seq
    assert np.random.PCG64(sequence).state == np.random.default_rng(NUMBERS[3]).bit_generator.state
    np.testing.assert_array_equal(sequence.generate_state(3),
                                  np.random.SeedSequence(NUMBERS[3]).generate_state(3))


def test_nobody_can_change_the_words_of_others() -> None:
    with pytest.raises(ValueError, match="read-only"):
        words()[0, 0] = 1


def test_large_ones_are_left_to_numpy() -> None:
    numbers = (*NUMBERS, 2**40)
    assert [rng.random() for rng in generators(numbers, seeding(numbers))] == [
        np.random.default_rng(n).random() for n in numbers]


def test_a_numpy_with_another_default_is_left_to_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    def other(number: int) -> np.random.Generator:
        return np.random.Generator(np.random.MT19937(number))

    is_as_ever.cache_clear()
    monkeypatch.setattr(module, "default_rng", other)
    try:
        made = generators(NUMBERS, words())
        assert {type(rng.bit_generator) for rng in made} == {np.random.MT19937}
    finally:
        is_as_ever.cache_clear()
