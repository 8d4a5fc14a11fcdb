"""Verbs about structured masks: whole channels or steps, and whole blocks of a map.

Constancy and block shape are exact. What is left to chance is tested on units so far apart that no
block covers two of them: those are independent, and each is kept with the probability that no block
over it was drawn.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from autograder.asking import Exam, Wrong, array, number, shared, stable_seed
from autograder.chance import acceptance, smallest_error
from autograder.checks_api.comparing import compare, demand_no_warning
from autograder.checks_api.counts import unlikely
from autograder.checks_api.inputs import Array
from autograder.checks_api.verb import verb
from autograder.dropout.forms import Shared
from autograder.dropout.masks import (
    agreement, correlation_seen, demand_some, draw_call, shared_axes, thrown)
from autograder.model import Call, Given, Outcome, Seed

__all__ = ["draws_blocks_for_each_map", "drops_as_a_whole", "drops_blocks_as_often_as_gamma_says",
           "drops_whole_blocks", "scales_by_the_kept_share", "scales_to_ten_digits",
           "stays_finite_when_nothing_is_left"]

MAPS = (32, 32, 9, 10)
EXACT = 1e-6  # relative: a divisor to which something tiny was added is no wrong scale ...
DIGITS = 1e-10  # ... but `scales_to_ten_digits` sees it


@verb()
def drops_as_a_whole(exam: Exam, *, p: float, via: Shared, case: str,
                     shape: tuple[int, ...] = (12, 10)) -> None:
    """keeps or drops as a whole: {case}"""
    (value,) = exam.ask(draw_call(exam, via, shape, p))
    exam.show(f"{via.kept('sum')}{{at}}")
    kept = via.read(value, shape)
    exam.show(f"{via.kept('any')}.sum()")
    demand_some(kept, p, "were kept")


# ------------------------------------------------------------------------------------------- blocks
@dataclass(frozen=True)
class Lattice:
    """Where blocks of one size may lie on a map: their first corner anywhere on the valid area."""

    height: int
    width: int
    block: int

    @property
    def rows(self) -> int:
        return self.height - self.block + 1

    @property
    def columns(self) -> int:
        return self.width - self.block + 1

    def gamma(self, p: float) -> float:
        """The probability of a block at one place (Ghiasi et al. 2018, equation 1)."""
        return p / self.block**2 * self.height * self.width / (self.rows * self.columns)

    def kept(self, gamma: float) -> float:
        """The probability that a unit is kept which block * block places can cover."""
        return float((1 - gamma) ** self.block**2)

    def inner(self, mask: Array) -> Array:
        """Units that block * block places can cover, a block apart: (N, C, rows, columns)."""
        first, step = self.block - 1, self.block
        return mask[:, :, first : self.rows : step, first : self.columns : step]

    @property
    def shown_inner(self) -> str:
        """Python that says which of them are kept."""
        first, step = self.block - 1, self.block
        return f"mask[:, :, {first}:{self.rows}:{step}, {first}:{self.columns}:{step}] != 0"

    def corners(self, mask: Array) -> Array:
        """The four units that only one place can cover: (N, C, 2, 2)."""
        return mask[:, :, :: self.height - 1, :: self.width - 1]


@shared
def block_draws(exam: Exam, shape: tuple[int, int, int, int], p: float, block: int) -> Array:
    """One mask of that shape, shared by all checks of the exercise that ask for the same."""
    call = block_call(exam.function, shape, p, block,
                      Seed(stable_seed(f"{exam.function}/blocks/{shape}/{p}/{block}/{exam.salt}")))
    return array(exam.ask(call)[0], "mask", shape)


def block_call(function: str, shape: tuple[int, ...], p: float, block: int, seed: Seed) -> Call:
    """`mask = f(shape, p, block, rng)`."""
    return Call(function, (Given(repr(shape), shape), p, block, seed), returns=("mask",))


def in_whole_blocks(zero: Array, block: int, width: int = 0) -> Array:
    """Of the zeros of (N, C, H, W): which lie in a block of block * block zeros (or of another
    width)?"""
    sides = (block, width or block)
    found = np.zeros_like(zero)
    if any(side > size for side, size in zip(sides, zero.shape[2:], strict=True)):
        return found
    windows = np.lib.stride_tricks.sliding_window_view(zero, sides, axis=(2, 3)).all(axis=(4, 5))
    for i in range(sides[0]):
        for j in range(sides[1]):
            found[:, :, i : i + windows.shape[2], j : j + windows.shape[3]] |= windows
    return found


@verb()
def drops_whole_blocks(exam: Exam, *, p: float, block: int,
                       shape: tuple[int, int, int, int] = MAPS) -> None:
    """drops whole blocks of {block} x {block} units"""
    zero = block_draws(exam, shape, p, block) == 0
    exam.show("(mask == 0).sum()")
    if zero.all() or not zero.any():
        raise Wrong(f"{int(zero.sum())} of {zero.size} units were dropped",
                    f"roughly {round(p * zero.size)}")
    torn = zero & ~in_whole_blocks(zero, block)
    if torn.any():
        n, c, i, j = (int(k) for k in np.argwhere(torn)[0])
        rows, columns = (f"{max(k - block + 1, 0)}:{k + block}" for k in (i, j))
        exam.show(f"(mask[{n}, {c}, {rows}, {columns}] != 0).astype(int)")
        rest = (f"in no block of {block} x {block} zeros ({int(torn.sum())} of {int(zero.sum())} "
                "zeros do not)")
        raise Wrong(f"mask[{n}, {c}, {i}, {j}] = 0 lies {rest}",
                    "part of such a block", ~zero[n, c])
    # among hundreds of maps some hold a block that no other touches, so right zeros never pass for
    # larger blocks
    larger = block + 1
    if not (zero & ~in_whole_blocks(zero, larger)).any():
        raise Wrong(f"all zeros lie in blocks of {larger} x {larger}",
                    f"blocks of {block} x {block}")


@verb()
def scales_by_the_kept_share(exam: Exam, *, p: float, block: int,
                             shape: tuple[int, int, int, int] = MAPS) -> None:
    """gives each unit that is left the value (all units) / (units left), counted over the whole
    mask"""
    _scaled(exam, p, block, shape, EXACT)


@verb()
def scales_to_ten_digits(exam: Exam, *, p: float, block: int,
                         shape: tuple[int, int, int, int] = MAPS) -> None:
    """gives (all units) / (units left) to ten digits"""
    _scaled(exam, p, block, shape, DIGITS)


def _scaled(exam: Exam, p: float, block: int, shape: tuple[int, int, int, int],
            tolerance: float) -> None:
    mask = block_draws(exam, shape, p, block)
    if (mask != 0).all():  # who drops no blocks, which is charged there, may drop single units
        mask = block_draws(exam, shape, p, 1)
    kept = mask != 0
    demand_some(kept, p)
    ratio = mask[kept].astype(float)
    compare(ratio, np.full_like(ratio, kept.size / kept.sum()), "mask[mask != 0]",
            max(tolerance, EXACT * (mask.dtype.itemsize < 8)))


def _block_rate_seen(*, p: float, block: int, shape: tuple[int, int, int, int], **_: Any) -> str:
    lattice = Lattice(*shape[2:], block)
    units = int(np.prod(lattice.inner(np.empty(shape)).shape))
    return ("a chance of dropping an inner unit that is off by "
            f"{smallest_error(units, lattice.kept(lattice.gamma(p))):.2g}")


@verb(chances=4, sees=_block_rate_seen)
def drops_blocks_as_often_as_gamma_says(exam: Exam, *, p: float, block: int, gamma: str,
                                        shape: tuple[int, int, int, int] = MAPS) -> None:
    """draws a block at each valid place with probability gamma"""
    # maps that share their blocks count once
    kept = thrown(block_draws(exam, shape, p, block) != 0, (0, 1))
    lattice = Lattice(*shape[2:], block)
    complaint = _odd(exam, _rates(lattice, kept, lattice.gamma(p)))
    if complaint is None:
        return
    shown = exam.last
    own = _own_gamma(exam, gamma, lattice, p)  # a wrong gamma is charged once, where it is written
    if own is None or _odd(exam, _rates(lattice, kept, own)) is not None:
        exam.last = shown
        raise complaint


# what is counted, hit by hit, how probable a hit is, and Python for the share of hits
Count = tuple[str, Array, float, str]


def _rates(lattice: Lattice, kept: Array, gamma: float) -> Iterator[Count]:
    """What this gamma decides."""
    inner, q = lattice.inner(kept), lattice.kept(gamma)
    yield "share of inner units that are kept", inner, q, f"({lattice.shown_inner}).mean()"
    corners = f"(mask[:, :, ::{lattice.height - 1}, ::{lattice.width - 1}] != 0).mean()"
    yield "share of corner units that are kept", lattice.corners(kept), 1 - gamma, corners
    whole = np.asarray(kept.all(axis=(2, 3)))
    empty = (1 - gamma) ** (lattice.rows * lattice.columns)
    yield "share of maps without any block", whole, empty, "(mask != 0).all(axis=(2, 3)).mean()"
    if inner[0, 0].size > 1:
        apart = np.asarray(inner[:, :, 0, 0] == inner[:, :, -1, -1])
        shown = f"kept = {lattice.shown_inner}\n(kept[:, :, 0, 0] == kept[:, :, -1, -1]).mean()"
        yield "share of maps on which two distant units agree", apart, agreement(q), shown


def _alike_seen(*, p: float, block: int, shape: tuple[int, int, int, int], **_: Any) -> str:
    lattice = Lattice(*shape[2:], block)
    q = lattice.kept(lattice.gamma(p))
    units = int(np.prod(lattice.inner(np.empty(shape)).shape)) // 2
    return correlation_seen(units, q, "maps")


@verb(chances=4, sees=_alike_seen)
def draws_blocks_for_each_map(exam: Exam, *, p: float, block: int,
                              shape: tuple[int, int, int, int] = MAPS) -> None:
    """draws blocks of its own for each channel of each example"""
    lattice = Lattice(*shape[2:], block)
    kept = lattice.inner(block_draws(exam, shape, p, block) != 0)
    complaint = _odd(exam, _likenesses(lattice, kept,
                                       _kept_share(kept, lattice.kept(lattice.gamma(p)))))
    if complaint is not None:
        raise complaint


def _likenesses(lattice: Lattice, kept: Array, q: float) -> Iterator[Count]:
    """Disjoint pairs of maps; of one example if only examples are alike, or of one channel."""
    differ = not {0, 1} <= set(shared_axes(kept))
    examples, channels = (thrown(kept, [axis]) if differ else kept for axis in (1, 0))
    for what, lines, axes in (("examples", examples, ""),
                              ("channels", channels.swapaxes(0, 1), ":, ")):
        half = len(lines) // 2
        for name, one, other in (("neighbouring", "0::2", "1::2"),
                                 ("distant", f":{half}", f"{half}:")):
            first, second = (lines[slice(*(int(k) if k else None for k in part.split(":")))]
                             for part in (one, other))
            shown = (f"kept = {lattice.shown_inner}\n"
                     f"(kept[{axes}{one}] == kept[{axes}{other}]).mean()")
            yield (f"share of units on which {name} {what} agree", first == second,
                   agreement(q), shown)


def _kept_share(kept: Array, q: float) -> float:
    """The share kept: q, unless what was seen cannot be; how often blocks come is asked apart."""
    coins = thrown(kept, (0, 1))
    low, high = acceptance(coins.size, q)
    return q if low <= int(coins.sum()) <= high else float(coins.mean())


def _odd(exam: Exam, counts: Iterator[Count]) -> Wrong | None:
    for what, hits, probability, shown in counts:
        exam.show(shown)
        wrong = unlikely(what, int(hits.sum()), hits.size, probability)
        if wrong is not None:
            return wrong
    return None


def _own_gamma(exam: Exam, gamma: str, lattice: Lattice, p: float) -> float | None:
    """What the student's own function gives, when it is a probability above zero."""
    (answer,) = exam.answers(Call(gamma, (lattice.height, lattice.width, p, lattice.block),
                                  returns=("gamma",)))
    if answer.outcome is not Outcome.PASSED:
        return None
    try:
        value = array(answer.value, "gamma", ())
    except Wrong:
        return None
    return float(value) if 0 < value <= 1 else None


# ------------------------------------------------------------------------------------------ manners
@verb()
def stays_finite_when_nothing_is_left(exam: Exam) -> None:
    """gives zeros, no NaN and no warning, when every unit is dropped"""
    call = block_call(exam.function, (3, 4, 2, 2), 1.0, 2, Seed(exam.seed()))
    (answer,) = exam.returned(replace(call, watch=True))
    mask = array(answer.value, "mask", (3, 4, 2, 2))
    if not np.isfinite(mask).all():  # that blocks were drawn too seldom here is a matter of gamma
        raise Wrong(f"mask holds {number(mask[~np.isfinite(mask)][0])}", "0 everywhere")
    demand_no_warning(answer)
