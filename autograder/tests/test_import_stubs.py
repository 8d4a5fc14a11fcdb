"""Stand-ins behave like the real thing where the code around them depends on it."""

from __future__ import annotations

from typing import Any

import numpy as np

from autograder.running.import_stubs import Base, Blank, Finder

plt: Any = Blank("matplotlib.pyplot")
pd: Any = Blank("pandas")


def test_it_unpacks_into_as_many_as_are_asked_for() -> None:
    a, b, c = plt.hist2d([1], [1])
    (line,) = plt.plot([1, 2])
    one, two = plt.plot([1], [1], [2], [2])
    (x, y), z = pd.whatever()
    first, *others = plt.pie([1, 2])
    head, *middle, tail = plt.pie([1, 2])
    assert all(isinstance(found, Blank)
               for found in (a, b, c, line, one, two, x, y, z, first, head, tail))
    assert [*others, *middle] == []


def test_it_comes_to_an_end_in_every_loop() -> None:
    assert [list(plt.anything), [*enumerate(plt.x)], sorted(plt.x),
            list(zip(plt.x, "ab", strict=False))] == [[]] * 4
    assert [len(plt.x), sum(plt.x), 3 in plt.x, dict(plt.x)] == [0, 0, False, {}]
    for _ in plt.gca().spines.values():
        raise AssertionError
    while plt.fignum_exists(1):
        raise AssertionError


def test_axes_come_in_the_shape_that_was_asked_for() -> None:
    shapes = [plt.subplots(*size)[1].shape for size in ((1, 2), (2, 1), (2, 3))]
    assert shapes == [(2,), (2,), (2, 3)]
    assert plt.subplots(1, 1, squeeze=False)[1].shape == (1, 1)
    assert (plt.figure().subplots(2, 2).shape
            == plt.figure().subfigures(nrows=2, ncols=2).shape == (2, 2))
    assert isinstance(plt.subplots()[1], Blank)


def test_counts_and_colours_are_numbers() -> None:
    counts, edges, _ = plt.hist([1, 2, 2, 5], bins=4, range=(1, 5))
    assert (counts.tolist(), edges.tolist()) == ([1, 2, 0, 1], [1, 2, 3, 4, 5])
    assert (plt.cm.viridis(np.linspace(0, 1, 5)).shape
            == plt.get_cmap("magma")([0, 0.5, 1, 1, 1]).shape == (5, 4))
    ragged = plt.hist([[1, 2], [3]])
    counts, edges, _ = ragged


def test_it_counts_and_compares_without_an_end_in_an_error() -> None:
    x = pd.DataFrame({"x": [1]})["x"]
    assert isinstance((2 * x.mean() + 1 - x) / 3 ** -abs(x) % 2 @ np.ones(3), Blank)
    assert isinstance(np.ones(3) * x, Blank)
    assert [x < 1, x >= 1, x == 1, bool(x), x != 1] == [False] * 4 + [True]
    assert [int(x), float(x), f"{x:.3f}"] == [0, 0.0, ""]
    assert [isinstance(3, x), issubclass(int, x), {x: 1}[x]] == [False, False, 1]


def test_it_is_a_block_a_decorator_and_a_base() -> None:
    def f() -> int:
        return 3

    numba: Any = Blank("numba")
    assert numba.njit(f) is numba.njit(parallel=True)(f) is f
    assert list(numba.prange(3)) == [0, 1, 2]
    # no decorator: what is handed in is not handed back
    assert isinstance(pd.Series([1]).apply(f).head(), Blank)
    with plt.style.context("x") as style:
        assert isinstance(style, Blank)

    class Net(Blank("torch").nn.Module):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()

    assert isinstance(Net(), Base)
    assert isinstance(Net().anything(3), Blank)


def test_packages_are_found_as_stand_ins_unless_the_truth_is_asked_for() -> None:
    finder = Finder(frozenset({"luxury"}))
    assert finder.find_spec("luxury.deep") is not None
    assert finder.find_spec("other") is None
    finder.honest.add("luxury")
    assert finder.find_spec("luxury") is None
