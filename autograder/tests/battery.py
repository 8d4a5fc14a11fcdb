"""What is asked of every framework's dropout layers, once a thin coat makes them look like ours.

Obedience to the `rng` that is handed over is not asked: frameworks draw from generators of their
own.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from autograder.dropout.forms import Shared
from autograder.dropout.spatial import checks as c
from autograder.judge import judge
from autograder.model import Check, Verdict
from autograder.subjects.local import Local
from autograder.tests.toys import one_part

PAIR = {"forward": "forward", "backward": "backward"}


def verdicts(functions: dict[str, Any], *checks: Check) -> list[Verdict]:
    return list(judge(one_part("forward", checks), Local(namespace=functions), "frameworks"))


def all_hold(functions: dict[str, Any], *checks: Check) -> None:
    failed = [f"{v.check}: {v.got}, but should be {v.wanted}"
              for v in verdicts(functions, *checks) if not v.passed]
    assert not failed, failed


def element(p: float, by: str = "1/(1-p)") -> tuple[Check, ...]:
    """Of a layer that decides about each number by itself."""
    return (
        c.drops_some_and_keeps_some(p=p),
        c.drops_the_right_share(p=p),
        c.treats_examples_apart(p=p),
        c.treats_features_apart(p=p),
        c.keeps_a_varying_number(p=p),
        c.draws_afresh(p=p),
        c.scales_the_survivors(p=p, by=by),
        c.is_identity_at_test_time(p=p),
        c.leaves_global_random_state_alone(p=p),
        c.keeps_its_input(p=p),
        c.keeps_the_dtype(p=p),
        c.takes_any_shape(p=p, shapes=((7,), (2, 3, 4, 5))),
        c.drops_nothing_at_zero(),
        c.passes_gradient_to_kept_units_only(p=p, **PAIR),
        c.follows_the_mask(p=p, **PAIR),
        c.follows_test_time(p=p, **PAIR),
        c.passes_gradient_where_x_is_zero(p=p, **PAIR),
        c.belongs_to_its_own_cache(p=p, **PAIR),
        c.keeps_dout(p=p, **PAIR),
    )


def channels(p: float, sizes: Sequence[int], axis: int = 2,
             counts: tuple[int, int] = (8, 12)) -> tuple[Check, ...]:
    """Of a layer that decides about whole channels; spatial axes of `sizes` begin at `axis`."""
    shape = (*counts[:axis], *sizes, *counts[axis:])
    whole = Shared(axis, tuple(sizes), "channel")
    tiny = {"via": Shared(axis, (1,) * (len(sizes) - 1) + (2,), "channel")}
    return (
        c.drops_some_and_keeps_some(p=p, shape=shape),
        c.drops_as_a_whole(p=p, case="channels", via=whole),
        c.drops_the_right_share(p=p, **tiny),
        c.treats_examples_apart(p=p, **tiny),
        c.treats_features_apart(p=p, **tiny),
        c.keeps_a_varying_number(p=p, **tiny),
        c.draws_afresh(p=p, **tiny),
        c.scales_the_survivors(p=p, by="1/(1-p)", shape=shape),
        c.is_identity_at_test_time(p=p, shape=shape),
        c.follows_the_mask(p=p, **PAIR, shape=shape),
    )


def edges() -> tuple[Check, ...]:
    """Of layers that refuse what is no probability, and give zeros at p = 1."""
    return (c.refuses(p=-0.1), c.refuses(p=1.5), c.drops_everything_at_one())
