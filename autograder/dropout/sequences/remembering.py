"""Verbs about a layer that remembers its mask: when it draws, and when it uses the one it has."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from autograder.asking import Exam, Wrong, array
from autograder.checks_api.comparing import compare, demand_value_error, ending
from autograder.checks_api.counts import expect, off_by
from autograder.checks_api.inputs import Array, in_words, normal
from autograder.checks_api.verb import verb
from autograder.checks_api.views import View
from autograder.dropout.masks import demand_some
from autograder.dropout.values import DIGITS, NEAR
from autograder.model import Call, Given, Item, Outcome, Seed

__all__ = ["a_layer", "divides_what_it_keeps", "draws_again_unless_asked",
           "draws_first_whatever_is_asked", "draws_for_another_batch",
           "drops_features_as_often_as", "drops_whole_features_of_sequences",
           "keeps_its_mask_when_asked", "keeps_layers_apart", "keeps_the_latest_mask",
           "knows_the_ends", "remembers_through_test_time"]

CHUNK, MANY = (8, 5, 20), (16, 5, 24)  # (N, T, D)
ASKED = {"same_mask": True}


def build(exam: Exam, p: float, name: str = "layer") -> Call:
    """`layer = Class(p)`."""
    return Call(exam.function, (p,), returns=(name,), ship=())


def step(x: Given, seed: Seed | None, **flags: bool) -> Call:
    """`layer.forward(x, rng)` of the layer that the first call of the script made."""
    return Call(".forward", (Item(0, None, "layer"), x, seed), flags, returns=("out",))


def two_layers(exam: Exam, p: float, x: Given) -> list[Array]:
    """Units kept by a layer, by another of its class, and by the first, told to keep its mask."""
    other, seeds = Item(1, None, "other"), [Seed(exam.seed(k)) for k in (0, 5, 9)]
    one = replace(step(x, seeds[0]), returns=("one",))
    again = replace(step(x, seeds[2], same_mask=True), returns=("again",))
    passes = one, Call(".forward", (other, x, seeds[1])), again
    return [factors(value, x) != 0
            for value in exam.ask(build(exam, p), build(exam, p, "other"), *passes)[2:]]


def factors(value: Any, x: Given) -> Array:
    """What the layer multiplied x by; the output is an array, not a pair."""
    return np.asarray(array(value, "out", x.value.shape) / x.value)


def a_layer(p: float, train: bool = True, shape: tuple[int, int, int] = (4, 3, 5)) -> View:
    """The output of a layer that was made just now."""

    def calls(exam: Exam, number: int) -> tuple[Call, Call]:
        (x,) = _chunks(exam, shape)
        return build(exam, p), step(x, Seed(exam.seed(number)),
                                    **({} if train else {"train": False}))

    return View(calls, lambda value: array(value, "out", shape), "out")


def _chunks(exam: Exam, *shapes: tuple[int, int, int]) -> list[Given]:
    return [in_words("xyz"[k], normal(shape, exam.seed(k + 1))) for k, shape in enumerate(shapes)]


APART = "((one[:, 0] == 0) != (other[:, 0] == 0)).sum()"


def layer_factors(exam: Exam, p: float,
                  *steps: tuple[Given, Seed | None, Mapping[str, bool]]) -> list[Array]:
    """What one layer multiplied each x by, step by step."""
    calls = [step(x, seed, **flags) for x, seed, flags in steps]
    values = exam.ask(build(exam, p), *calls)[1:]
    return [factors(value, x) for value, (x, *_) in zip(values, steps, strict=True)]


def layer_masks(exam: Exam, p: float,
                *steps: tuple[Given, Seed | None, Mapping[str, bool]]) -> list[Array]:
    """Which features (N, D) one layer kept first in each x; messages compare the last two."""
    found = [f[:, 0] != 0 for f in layer_factors(exam, p, *steps)]
    if len(found) > 1:
        rows = min(len(found[-2]), len(found[-1]))
        short = len(found[-2]) != len(found[-1])
        exam.show_two(exam.last[-2:], APART.replace("[:,", f"[:{rows},") if short else APART,
                      exam.last[:-2])
    return found


def _differing(first: Array, second: Array) -> str:
    return f"they differ in {int((first != second).sum())} of {first.size} units"


@verb()
def drops_whole_features_of_sequences(exam: Exam, *, p: float) -> None:
    """drops with one mask for all steps of a sequence"""
    (x,) = _chunks(exam, MANY)
    kept = layer_factors(exam, p, (x, Seed(exam.seed()), {}))[0] != 0
    demand_some(kept, p)
    if (kept != kept[:, :1]).any():
        raise Wrong("the mask changes from step to step", "one mask for all steps", kept[0])
    if (kept == kept[:1]).all() or (kept == kept[..., :1]).all():
        raise Wrong("the mask is the same for all sequences, or for all features",
                    "a coin for each of them", kept[:, 0])


@verb(chances=1, sees=off_by("a share of dropped features",
                             lambda p, **_: (64 * 64, p)))
def drops_features_as_often_as(exam: Exam, *, p: float) -> None:
    """drops each feature with probability {p}"""
    (x,) = _chunks(exam, (64, 1, 64))
    dropped = int((layer_factors(exam, p, (x, Seed(exam.seed()), {}))[0] == 0).sum())
    exam.show("(out == 0).mean()")
    expect("share of dropped features", dropped, x.value.size, p)


@verb()
def knows_the_ends(exam: Exam, *, bad: tuple[float, ...],
                   shape: tuple[int, int, int] = (6, 3, 8)) -> None:
    """keeps everything when p = 0, drops everything when p = 1, and refuses another p"""
    (x,) = _chunks(exam, shape)
    for p in (0.0, 1.0):
        (found,) = layer_factors(exam, p, (x, Seed(exam.seed()), {}))
        compare(found, np.full(shape, 1 - p), f"out / x with p = {p:g}", NEAR)
    for p in bad:
        made, used = build(exam, p), step(x, Seed(exam.seed()))
        answers = exam.answers(made, used)
        if all(answer.outcome is Outcome.PASSED for answer in answers):
            raise Wrong(f"a layer with p = {p:g} was made and used", "ValueError")
        if not any(ending(answer) == "ValueError" for answer in answers):
            demand_value_error(made, answers[0])


@verb()
def divides_what_it_keeps(exam: Exam, *, p: float) -> None:
    """divides what it keeps by 1 - p, to ten digits"""
    (x,) = _chunks(exam, MANY)
    (found,) = layer_factors(exam, p, (x, Seed(exam.seed()), {}))
    exam.show("(out / x){at}")
    compare(found, np.where(found != 0, 1 / (1 - p), 0.0), "out / x", DIGITS)


@verb()
def keeps_its_mask_when_asked(exam: Exam, *, p: float, steps: int = 5) -> None:
    """uses the mask of the call before, with same_mask=True, for chunks of {steps} steps after one
    of 5"""
    first, second = _chunks(exam, CHUNK, (CHUNK[0], steps, CHUNK[2]))
    before, after = layer_masks(exam, p, (first, Seed(exam.seed()), {}),
                                (second, Seed(exam.seed(9)), ASKED))
    if not np.array_equal(before, after):
        raise Wrong(f"the second call dropped other units: {_differing(before, after)}",
                    "the units that the first call dropped")


@verb()
def keeps_the_latest_mask(exam: Exam, *, p: float,
                          before: tuple[int, int, int] | None = None) -> None:
    """uses the mask of the latest call, with same_mask=True, of two that drew"""
    # with `before`, the second one drew although it was told not to: the batch had that other size
    x, first = _chunks(exam, CHUNK, before or CHUNK)
    one, two, three = (Seed(exam.seed(k)) for k in (5, 0, 9))
    *_, drawn, kept = layer_masks(exam, p, (first if before else x, one, {}),
                                  (x, two, ASKED if before else {}), (x, three, ASKED))
    if not np.array_equal(drawn, kept):
        raise Wrong(f"the third call dropped other units: {_differing(drawn, kept)}",
                    "the units that the second call dropped")


@verb()
def keeps_layers_apart(exam: Exam, *, p: float) -> None:
    """keeps a mask for each layer: another layer that draws changes nothing"""
    (x,) = _chunks(exam, CHUNK)
    before, other, after = two_layers(exam, p, x)
    exam.show("((one[:, 0] == 0) != (again[:, 0] == 0)).sum()")
    if not np.array_equal(before, after):
        whose = ("those of the other layer" if np.array_equal(other, after)
                 else _differing(before, after))
        raise Wrong(f"after a call of another layer, the first one dropped other units: {whose}",
                    "the units that it dropped before")


@verb()
def draws_again_unless_asked(exam: Exam, *, p: float,
                             shape: tuple[int, int, int] = CHUNK) -> None:
    """draws a new mask in every call with same_mask=False"""
    before, after = layer_masks(exam, p, *((x, Seed(exam.seed(), "rng"), {})
                                           for x in _chunks(exam, shape, shape)))
    if np.array_equal(before, after):
        raise Wrong("the second call dropped the units that the first had dropped", "new coins")


@verb()
def draws_for_another_batch(exam: Exam, *, p: float, first: tuple[int, int, int] = CHUNK,
                            second: tuple[int, int, int] = (6, 5, 20)) -> None:
    """draws a new mask when the batch has another size ({first}, then {second}), whatever same_mask
    says"""
    one, two = _chunks(exam, first, second)
    before, kept = layer_masks(exam, p, (one, Seed(exam.seed()), {}),
                               (two, Seed(exam.seed(9)), ASKED))
    demand_some(kept, p, "units were kept in the second batch")
    rows = min(len(before), len(kept))
    # of a few units only, they could be the same by chance
    if rows > 5 and np.array_equal(before[:rows], kept[:rows]):
        raise Wrong(f"the first {rows} sequences of both batches are masked alike", "new coins")
    if before.shape != kept.shape and np.array_equal(before.ravel(), kept.ravel()):
        raise Wrong("the second batch has the coins of the first, in other places", "new coins")
    if (kept == kept[:1]).all() or (kept == kept[:, :1]).all():
        raise Wrong("all sequences (or all features) of the second batch share one coin",
                    "a coin for each of them", kept)


@verb()
def draws_first_whatever_is_asked(exam: Exam, *, p: float) -> None:
    """draws its first mask even when same_mask=True"""
    (x,) = _chunks(exam, CHUNK)
    demand_some(layer_factors(exam, p, (x, Seed(exam.seed()), ASKED))[0] != 0, p)


@verb()
def remembers_through_test_time(exam: Exam, *, p: float) -> None:
    """returns x at test time, and still knows its mask afterwards"""
    first, between, last = _chunks(exam, CHUNK, (3, 4, CHUNK[2]), CHUNK)
    script = (build(exam, p), step(first, Seed(exam.seed())), step(between, None, train=False),
              step(last, Seed(exam.seed(9)), same_mask=True))
    _, one, test, other = exam.ask(*script)
    exam.last = script[:3]
    exam.show("out{at}")
    compare(array(test, "out", between.value.shape), between.value, "out at test time", 0.0)
    before, after = factors(one, first)[:, 0] != 0, factors(other, last)[:, 0] != 0
    exam.last = script[0], replace(script[1], returns=("one",)), script[2], replace(
        script[3], returns=("other",))
    exam.show(APART)
    if not np.array_equal(before, after):
        raise Wrong(f"after a call at test time the mask is another: {_differing(before, after)}",
                    "the mask of the last training call")
