"""Verbs about the masks behind a loss, read off the student's own loss, however they were drawn."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise
from typing import Any

import numpy as np

from autograder.asking import Exam, Wrong, number
from autograder.chance import EARLY, POWER, is_settled, smallest_error
from autograder.checks_api.counts import expect, off_by
from autograder.checks_api.verb import verb
from autograder.dropout.network.losses import CODED_UNITS, READ
from autograder.dropout.network.networks import (
    FIRST, INPUTS, LAYERS, SECOND, Question, asked, factors, loss_call, loss_of, losses, losses_of,
    passes, rates, scale, scores_read, seen_factor, single, survivals)
from autograder.model import Call, Given, Seed

__all__ = ["decides_by_itself_about", "draws_a_mask_for_every_layer", "draws_its_masks_afresh",
           "drops_some_and_keeps_some_of_the", "drops_the_right_share_of",
           "never_drops_the_scores", "scales_the_surviving"]

ENOUGH = 4  # survivors that are multiplied rightly
CALLS = 64


@verb()
def drops_some_and_keeps_some_of_the(exam: Exam, *, of: str, p: float) -> None:
    """drops some of the {of} and keeps others"""
    for count in (CALLS // 4, CALLS):
        kept = sum(survivals(exam, LAYERS[of], p, count))
        if 0 < kept < count:
            return
    script = exam.last
    if not _drops_some_of_many(exam, LAYERS[of], p):
        _show_survivors(exam, script, CALLS)
        raise Wrong(f"{'a single input' if of == 'inputs' else 'a single unit'} survived in {kept} "
                    f"of {CALLS} calls", "some, not all")


def _show_survivors(exam: Exam, script: Sequence[Call], calls: int) -> None:
    """In how many calls a single unit survives, over other seeds."""
    exam.last = tuple(script[:1])
    exam.show(
        f"sum(abs({{call}}[0] - {exam.memo['scale'].zero!r}) > 1e-9 for seed in range({calls}))")


@verb()
def scales_the_surviving(exam: Exam, *, of: str, p: float, calls: int = 64,
                         tolerance: float = 1e-5) -> None:
    """multiplies the {of} that survive by 1/(1-p), within {tolerance:g}"""
    wanted = 1 / (1 - p)
    for count in (calls // 4, calls):
        found, behind = factors(exam, LAYERS[of], p, count)
        odd = [k for k, f in enumerate(found) if f and not abs(f - wanted) <= tolerance * wanted]
        if sum(map(bool, found)) >= ENOUGH and not odd:
            return
    script, unit = exam.last, "a single input" if of == "inputs" else "a single unit"
    if not any(found):
        _show_survivors(exam, script, calls)
        raise Wrong(f"{unit} survived in none of {calls} calls", "some, not all")
    if odd and not _sounds_louder(exam, LAYERS[of], p, calls, tolerance):
        factor = found[odd[0]]
        exam.last = script[odd[0] : odd[0] + 1]
        exam.show(f"{exam.memo['scale'].shown('loss')}{f' / {behind!r}' * (behind != 1)}")
        digits = number if abs(factor - wanted) > 1e-4 * wanted else repr
        raise Wrong(f"{unit} is multiplied by {digits(factor)} when it survives",
                    f"{digits(wanted)} = 1/(1-p)")


def _sounds_louder(exam: Exam, layer: int, p: float, calls: int, tolerance: float) -> bool:
    """Whether a survivor gives the test-time loss of what comes after it 1/(1-p) times as large.

    That holds for a right factor even where no factor can be read off: with another activation, or
    another loss.
    """
    question = single(layer)
    after = {INPUTS: ("W1",), FIRST: ("W2", "W3"), SECOND: ("W3",)}[layer]
    loud = {name: value / (1 - p) if name in after else value
            for name, value in question.values.items()}
    silent = {name: 0 * value for name, value in question.values.items()}
    ends = (Question(Given("params", values), question.X, question.y) for values in (silent, loud))
    nothing, wanted = (loss_of(v)
                       for v in exam.ask(*(loss_call(exam, q, train=False) for q in ends)))
    found = losses(exam, question, *rates(layer, p), range(1000, 1000 + calls))
    return all(min(abs(f - wanted), abs(f - nothing)) <= tolerance * abs(wanted - nothing)
               for f in found)


def _drops_some_of_many(exam: Exam, layer: int, p: float) -> bool:
    """Whether some of many units come through, and not all: constant masks are told elsewhere."""
    through = scores_read(exam, asked("reading_network", layer, (1 / 64,) * 64), 1.0,
                          rates(layer, p), range(8))
    unit = max(factors(exam, layer, p, 8)[0]) or np.inf
    return any(1e-6 < score < (1 - 1e-6) * unit for score in through)


def _seen(*, of: str, p: float, units: int, calls: int, **_: Any) -> str:
    error = smallest_error(_events(LAYERS[of], p, units, calls), p, power=POWER + EARLY)
    return f"a share of dropped {of} that is off by {error:.2g}"


def _events(layer: int, p: float, units: int, calls: int) -> int:
    """How many units at least are looked at, where the one in series may be dropped."""
    return units * calls if layer == INPUTS else units * max(1, int(calls * (1 - p) / 2))


@verb(chances=1, sees=_seen)
def drops_the_right_share_of(exam: Exam, *, of: str, p: float, units: int = 4096,
                             calls: int = 32) -> None:
    """drops each of the {of} with probability {p}"""
    layer = LAYERS[of]
    size, unit = 4.0 * (1 - p) ** passes(layer), seen_factor(exam, rates(layer, p))
    question = asked("reading_network", layer, (size / units,) * units)
    planned, open_ = _events(layer, p, units, calls), list[int]()
    for first, stop in pairwise((0, calls // 3, 2 * calls // 3, calls)):
        found = scores_read(exam, question, size, rates(layer, p), range(first, stop))
        exam.last = ()  # a network of thousands of units is not for pasting
        counts = [_whole(score * units / size / unit) for score in found]
        # else the unit in series was dropped
        open_ += [c for c in counts if c] if layer != INPUTS else counts
        events = units * len(open_)
        dropped = events - sum(open_)
        if stop < calls and 0 < events < planned and is_settled(dropped, events, planned, p, 2):
            return
    if not open_:
        raise Wrong(f"nothing came through in {calls} calls",
                    f"something in about {round((1 - p) * calls)}")
    expect(f"share of dropped {of}", dropped, events, p)


def _whole(count: float) -> int:
    """A count read off a loss."""
    if not np.isfinite(count) or abs(count - round(count)) > READ * max(1.0, abs(count)):
        raise Wrong(f"the loss shows {number(count)} survivors",
                    "a whole number: the same factor for each of them")
    return round(count)


@verb()
def decides_by_itself_about(exam: Exam, *, of: str, p: float) -> None:
    """decides about each of the {of}, in each example, by itself"""
    layer = LAYERS[of]
    size, unit = 4.0 * (1 - p) ** passes(layer), seen_factor(exam, rates(layer, p))
    codes = tuple((size / 2.0**CODED_UNITS * 2.0 ** np.arange(CODED_UNITS)).tolist())
    one = asked("reading_network", layer, codes, 0, 2)
    asks = [one, Question(one.params, Given("X[::-1]", one.X.value[::-1], one.params.first), one.y)]
    known = scale(exam, asks[0], sum(codes))
    for count in (CALLS // 8, CALLS):
        script = [loss_call(exam, q, *rates(layer, p), k) for q in asks for k in range(count)]
        read = [_whole(known.read(v) * 2.0**CODED_UNITS / size / unit)
                for v in losses_of(exam, exam.ask(*script))]
        pairs = list(zip(read[:count], read[count:], strict=True))
        both = [pair_ for pair_ in pairs if all(pair_)]
        if any(one != other for one, other in both):
            return
    exam.last = tuple(script[:1])
    exam.show(f"len({{round({{call}}[0], 9) for seed in range({CALLS})}})")
    if not both:
        raise Wrong(f"in none of {CALLS} calls something came through for both examples",
                    f"about {round((1 - p) ** 2 * CALLS)}")
    if all(code == 2**CODED_UNITS - 1 for pair_ in both for code in pair_):
        raise Wrong(f"an example loses all of the {of} or none", "a decision for each unit")
    if all(one == other for one, other in both):
        k = pairs.index(both[0])
        exam.show_two((script[k], script[CALLS + k]), "one - other")
        raise Wrong("two examples always lose the same units", "a mask of its own for each example")


@verb(chances=1, sees=off_by("a share of units surviving all three layers",
                             lambda p, **_: (48 * CALLS, (1 - p) ** 3)))
def draws_a_mask_for_every_layer(exam: Exam, *, p: float) -> None:
    """draws a mask of its own for the input and for each hidden layer"""
    units, share, unit = 48, (1 - p) ** 3, seen_factor(exam, (p, p))
    question = asked("square_network", units, 4.0 * share / units)
    found = scores_read(exam, question, 4.0 * share, (p, p), range(CALLS))
    exam.last = exam.last[:1]
    exam.show(f"np.mean([{exam.memo['scale'].shown('{call}[0]')} for seed in range({CALLS})]) / "
              f"{4.0 * share * unit!r}")
    count = sum(_whole(score * units / 4.0 / share / unit) for score in found)
    expect("share of units that survive all three layers", count, units * CALLS, share,
           formula=" = (1-p)^3")


@verb()
def never_drops_the_scores(exam: Exam, *, p: float) -> None:
    """drops no scores"""
    question = asked("reading_network", INPUTS, (0.0,))
    moved = Question(Given("params", {**question.values, "b3": np.array([0.0, 2.0])}),
                     question.X, question.y)
    known = scale(exam, moved, 2.0, silent=question)
    scores = [known.read(loss) for loss in losses(exam, moved, p, p, range(CALLS))]
    exam.last = ()
    odd = [s for s in scores if not abs(s - 2.0) <= 1e-6]
    if odd:
        raise Wrong(f"with all weights 0 and b3 = [0, 2], a score is {number(odd[0])} in "
                    f"{len(odd)} of {CALLS} calls", "2 always")


@verb()
def draws_its_masks_afresh(exam: Exam, *, p: float) -> None:
    """draws other masks in the next call"""
    question = asked("firm_network", (20, 20, 20, 4), 9, exam.seed(1))
    for p_in, p_hidden in ((p, 0.0), (0.0, p)):
        seeds = (0, Seed(exam.seed(2), "rng"), Seed(exam.seed(2), "rng"))
        calls = [loss_call(exam, question, p_in, p_hidden, seed) for seed in seeds]
        plain, *found = losses_of(exam, exam.ask(loss_call(exam, question, train=False), *calls))
        exam.last = tuple(replace(call, returns=(f"loss_{k}", "grads"))
                          for k, call in enumerate(calls))
        exam.show("loss_0, loss_1, loss_2")
        # a layer that is never dropped is told elsewhere
        if len(set(found)) < 3 and set(found) != {plain}:
            where = "on the input" if p_in else "on the hidden layers"
            raise Wrong(f"with dropout {where} the loss was {max(found, key=found.count)!r} twice, "
                        "from other random numbers", "two losses")
