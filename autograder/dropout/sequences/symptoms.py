"""Probes about masks over time, recurrent networks, masks on weights and layers with a memory."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from autograder.asking import Exam, Unanswered, raised
from autograder.checks_api.inputs import Array, normal
from autograder.checks_api.symptoms import nearest, symptom
from autograder.dropout import symptoms as facts
from autograder.dropout.calls import backward_call
from autograder.dropout.mask_symptoms import FACTORS, P
from autograder.dropout.sequences.layers import (
    Rates, Shapes, arrays, first_result, forward_pass, gradient_of, upstream)
from autograder.dropout.sequences.recurrent import (
    one_mask, read_input_mask, read_state_mask, shows_input_mask, shows_state_mask, state_forms)
from autograder.dropout.sequences.remembering import ASKED, CHUNK, layer_factors, two_layers
from autograder.dropout.sequences.weights import fixed_number, whole_masks
from autograder.dropout.values import DIGITS
from autograder.dropout.views import READ
from autograder.model import Given, Seed

N, T, D = 31, 4, 29  # 0.7 of 31 * 29 is no whole number


# ---------------------------------------------------------------------------- masks, through a lens
@symptom
def over_time(exam: Exam) -> str:
    """Is the mask the same at every step? Through a lens."""
    kept = one_mask(exam, P, (N, T, D)) != 0
    if (kept == kept[:, :1]).all():
        return "one mask"
    if (kept[:, 1:] == kept[:, 1:2]).all():
        if kept[:, 0].all():
            return "from the second step on"
        if not kept[:, 0].any():
            return "nothing at the first step"
    return "a mask for each step"


@symptom
def multiplier(exam: Exam) -> str:
    """The factor on what is kept, through a lens."""
    found = one_mask(exam, P, (N, D))
    kept = found[found != 0]
    if not kept.size:
        return "0"
    if not np.ptp(kept) <= READ * abs(kept).max():
        return "varies"
    if kept.size == found.size:
        return "nothing dropped"
    return nearest(float(kept[0]), FACTORS, READ)


@symptom
def digits(exam: Exam) -> str:
    """How exact that factor is, see `facts.digits`: "about" also where it is off by more than the
    survivors' factor may be."""
    word = facts.digits(via="mask").probe(exam)
    return ("about" if word == "unclear"
            and multiplier().probe(exam) in FACTORS.keys() - {"0"} else word)


@symptom
def at_one(exam: Exam) -> str:
    """What p = 1 gives, through a lens."""
    try:
        found = one_mask(exam, 1.0, (6, 7))
    except Unanswered as unanswered:
        if unanswered.answer.error.startswith("ZeroDivisionError"):
            return "divides by zero"
        raise
    return ("zeros" if (found == 0).all() else "divides by zero" if np.isnan(found).any()
            else "numbers")


@symptom
def two_masks(exam: Exam) -> str:
    """Do the masks of a recurrent network's input and state agree more often than chance has it?"""
    size, seed = (N, 1, D, D), Seed(exam.seed())
    of_input = exam.ask(shows_input_mask(exam.function, size, (P, P), seed))[0]
    of_state = exam.ask(shows_state_mask(exam.function, size, (P, P), seed))[0]
    first, second = read_input_mask(of_input, size) != 0, read_state_mask(of_state, size) != 0
    return "alike" if (first == second).mean() > 0.9 and not first.all() else "apart"


@symptom
def returned_states(exam: Exam) -> str:
    """Are the states that a recurrent net returns whole? If not, does its mask fall on h0 as well,
    or only on what comes out?"""
    size = (N, 1, D, D)
    h = first_result(exam.ask(shows_state_mask(exam.function, size, (P, P), Seed(exam.seed())))[0],
                     (N, 1, D))[:, 0]
    kept = h != 0
    if kept.all() or not kept.any():
        return "whole" if kept.all() else "nothing"
    forms = [state_forms(N, D, factor) for factor in FACTORS.values() if factor]
    fits = [word for k, word in enumerate(("masked, as h0 is", "masked in place of h0"))
            if any(np.allclose(h[kept], form[k][kept], rtol=READ) for form in forms)]
    return fits[0] if len(fits) == 1 else "masked"  # with a factor of 1 both are the same


# ---------------------------------------------------------------------- functions of several arrays
@symptom
def dtypes(exam: Exam, *, given: Shapes, rates: Rates) -> str:
    """What float32 becomes, in training and at test time; "always float32" when float64 becomes
    that too."""
    asked = [arrays(exam, given, dtype=dtype) for dtype in ("float32", "float64")]
    calls = [forward_pass(exam.function, values, rates, Seed(exam.seed()), train)
             for values in asked for train in (True, False)]
    *single, one, other = (first_result(v).dtype.name for v in exam.ask(*calls))
    if single == ["float32"] * 2 and "float32" in (one, other):
        return "always float32"
    return " / ".join(dict.fromkeys(single))


@symptom
def first_axis(exam: Exam) -> str:
    """What the first axis of x stands for in a recurrent network, seen on as many examples as
    steps: does example 0 hear itself only?"""
    shapes = {"x": (4, 4, 3), "h0": (4, 5), "Wx": (3, 5), "Wh": (5, 5), "b": (5,)}
    values = arrays(exam, shapes)
    other = replace(values[0], value=np.concatenate([values[0].value[:1] + 1, values[0].value[1:]]))
    calls = (forward_pass(exam.function, given, (0.0, 0.0), None, False)
             for given in (values, (other, *values[1:])))
    one, two = (first_result(v, (4, 4, 5)) for v in exam.ask(*calls))
    moved = (one != two).any(axis=2)
    return "examples" if not moved[1:].any() else "time" if moved[1:].all() else "unclear"


@symptom
def scaled_gradients(exam: Exam, *, given: Shapes, rates: Rates, forward: str,
                     backward: str) -> str:
    """Do the gradients grow as the gradient from above does? "drawn anew" when two backward passes
    of one forward pass differ."""
    times = 1e3
    there = forward_pass(forward, arrays(exam, given), rates, Seed(exam.seed()))
    dout = upstream(exam, first_result(exam.ask(there)[0]).shape)
    more = replace(dout, value=times * np.asarray(dout.value))
    _, *several = exam.ask(there, *(backward_call(backward, d, 0) for d in (dout, dout, more)))
    found = [tuple(gradient_of(back, given, of) for back in several) for of in given]
    if not all(np.array_equal(one, again, equal_nan=True) for one, again, _ in found):
        return "drawn anew"
    pairs = [(small, large) for small, _, large in found]
    if all(np.array_equal(a, b) for a, b in pairs):
        return "always the same"
    return "in step" if all(np.allclose(times * a, b, rtol=1e-3, atol=1e-3 * times * abs(a).max())
                            for a, b in pairs) else "not in step"


@symptom
def chance_at_test_time(exam: Exam, *, given: Shapes, rates: Rates) -> str:
    """Do two generators give the same at test time, and does p matter there?"""
    values = arrays(exam, given)
    seeds = Seed(exam.seed(0)), Seed(exam.seed(1))
    calls = [forward_pass(exam.function, values, rates, seed, train=False) for seed in seeds]
    calls.append(forward_pass(exam.function, values, (0.0,) * len(rates), seeds[0], train=False))
    one, other, without = (first_result(v) for v in exam.ask(*calls))
    if one.shape != other.shape or not np.array_equal(one, other):
        return "draws"
    same = one.shape == without.shape and np.allclose(one, without, rtol=1e-9, atol=0)
    return "no matter of p" if same else "depends on p"


@symptom
def pass_remembered(exam: Exam, *, given: Shapes, rates: Rates, forward: str, backward: str) -> str:
    """Of two forward passes, to which does the gradient of the first one belong?"""
    values = arrays(exam, given)
    first, second = (forward_pass(forward, values, rates, Seed(exam.seed(k))) for k in (3, 4))
    out = first_result(exam.ask(first)[0])
    dout = upstream(exam, out.shape)
    again, alone = exam.ask(first, backward_call(backward, dout, 0))
    if not np.array_equal(first_result(again), out, equal_nan=True):
        return "unknown: the same seed gives another output"
    latest = exam.ask(second, backward_call(backward, dout, 0))[1]
    value = exam.ask(first, second, backward_call(backward, dout, 0))[2]
    name = next(iter(given))
    found, own, other = (gradient_of(v, given, name) for v in (value, alone, latest))
    return ("its own" if np.array_equal(found, own)
            else "the latest" if np.array_equal(found, other) else "another")


# --------------------------------------------------------------------------------- masks on weights
@symptom
def coins(exam: Exam) -> str:
    """Along which axes all weights share one coin."""
    kept = whole_masks(exam, P, (12, 10, 11), Seed(exam.seed()))
    if kept.all() or not kept.any():
        return "nothing is dropped" if kept.all() else "everything is dropped"
    names = ("examples", "inputs", "outputs")
    shared = [name for axis, name in enumerate(names) if (kept == kept.take([0], axis=axis)).all()]
    return (f"shared by all {' and '.join(shared)}" if shared
            else "exactly so many" if fixed_number(kept) else "one for each weight")


@symptom
def bias(exam: Exam) -> str:
    """What becomes of the bias in training."""
    n, rows, columns = 40, 3, 11
    x, b = Given("zeros", np.zeros((n, rows))), normal((columns,), exam.seed(2))
    given = (x, normal((rows, columns), exam.seed(1)), b)
    (value,) = exam.ask(forward_pass(exam.function, given, (P,), Seed(exam.seed())))
    ratio = first_result(value, (n, columns)) / b.value
    if (ratio == 0).any() and (ratio != 0).any():
        return "dropped"
    if not np.ptp(ratio) <= 1e-9:
        return "varies"
    return nearest(float(ratio.flat[0]), FACTORS, 1e-6)


@symptom
def weights_at_test_time(exam: Exam) -> str:
    """The factor on W at test time."""
    weights = normal((5, 4), exam.seed(1))
    x, b = Given("np.eye(5)", np.eye(5)), Given("np.zeros(4)", np.zeros(4))
    call = forward_pass(exam.function, (x, weights, b), (P,), Seed(exam.seed()), train=False)
    (value,) = exam.ask(call)
    ratio = first_result(value, (5, 4)) / weights.value
    if (ratio == 0).any():
        return "dropped"
    return nearest(float(ratio.flat[0]), FACTORS, 1e-6) if np.ptp(ratio) <= 1e-9 else "varies"


# ---------------------------------------------------------------------------- a layer with a memory
def _kept(exam: Exam, *steps: tuple[tuple[int, ...], Mapping[str, bool]]) -> list[Array]:
    """Which numbers (N, T, D) of so many x one layer keeps, with one generator for all."""
    rng = Seed(exam.seed(), "rng")
    asked = ((normal(shape, exam.seed(k)), rng, flags) for k, (shape, flags) in enumerate(steps, 1))
    return [found != 0 for found in layer_factors(exam, P, *asked)]


@symptom
def next_call(exam: Exam, *, same_mask: bool, steps: int = 5) -> str:
    """Whether a second call, of `steps` steps after 5, keeps the mask of the first one."""
    first, second = _kept(exam, (CHUNK, {}), ((8, steps, 20), {"same_mask": same_mask}))
    if not (first == first[:, :1]).all() or not (second == second[:, :1]).all():
        return "a mask for each step"
    return "kept" if np.array_equal(first[:, 0], second[:, 0]) else "drawn"


@symptom
def call_before(exam: Exam, *, sequences: int = 8) -> str:
    """Of two calls that both drew, whose mask does a third one keep? Of fewer `sequences`, the
    second drew although it was told not to."""
    second = {} if sequences == 8 else ASKED
    first, latest, kept = _kept(exam, ((sequences, 5, 20), {}), (CHUNK, second),
                                (CHUNK, ASKED))
    if np.array_equal(first, latest):
        return "nobody drew"
    return ("the latest" if np.array_equal(kept, latest)
            else "the first" if np.array_equal(kept, first) else "another")


@symptom
def memory(exam: Exam) -> str:
    """Whose mask does a layer keep when another one has drawn since? "its own" or "that of the
    other"."""
    first, other, kept = two_layers(exam, P, normal(CHUNK, exam.seed(1)))
    return ("that of the other" if np.array_equal(kept, other) and not np.array_equal(first, other)
            else "its own")


@symptom
def another_batch(exam: Exam, *, first: int, second: int,
                  features: tuple[int, int] = (20, 20)) -> str:
    """What becomes of the mask with same_mask=True when the batch has another size."""
    try:
        before, after = _kept(exam, ((first, 5, features[0]), {}),
                              ((second, 5, features[1]), ASKED))
    except Unanswered as unanswered:
        return f"raises {raised(unanswered.answer)}"
    if first != second and features[0] != features[1]:
        return ("the old coins in other places"
                if np.array_equal(before[:, 0].ravel(), after[:, 0].ravel()) else "drawn")
    if (after == (before[:1] if first != second else before[..., :1])).all():
        return "the old mask is spread"
    rows = min(first, second)
    return ("the old mask is cut" if features[0] == features[1]
            and np.array_equal(before[:rows], after[:rows]) else "drawn")


@symptom
def after_test_time(exam: Exam) -> str:
    """Whether the mask outlives a call at test time."""
    before, _, after = _kept(exam, (CHUNK, {}), ((3, 4, 20), {"train": False}),
                             (CHUNK, ASKED))
    return "kept" if np.array_equal(before, after) else "drawn"


@symptom
def layer_factor(exam: Exam) -> str:
    """The factor on what the layer keeps; "about" what it should be when it is off by something
    small."""
    (found,) = layer_factors(exam, P, (normal((N, T, D), exam.seed(1)), Seed(exam.seed()), {}))
    kept = found[found != 0]
    if not kept.size or not np.ptp(kept) <= 1e-6 * abs(kept).max():
        return "varies"
    factor = float(kept[0]) * (1 - P)
    return ("about 1/(1-p)" if DIGITS < abs(factor - 1) < READ
            else nearest(float(kept[0]), FACTORS, 1e-6))


@symptom
def layer_share(exam: Exam) -> str:
    """Which share of the features the layer drops."""
    (kept,) = _kept(exam, ((N, T, D), {}))
    return nearest(float((~kept).mean()), {"p": P, "1-p": 1 - P, "none": 0.0, "all": 1.0}, 0.15)


@symptom
def layer_at_test_time(exam: Exam) -> str:
    """The factor on x at test time, after a training call."""
    x, rng = normal(CHUNK, exam.seed(1)), Seed(exam.seed(), "rng")
    _, found = layer_factors(exam, P, (x, rng, {}), (x, rng, {"train": False}))
    if not np.ptp(found) <= 1e-9:
        return "dropped" if (found == 0).any() else "varies"
    return nearest(float(found.flat[0]), FACTORS, 1e-6)
