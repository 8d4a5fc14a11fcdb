"""Symptoms of a softmax layer that makes its passes itself, with dropout on its inputs.

Each reads one part of the answer, whatever the others are: results that have changed places are put
in order before, scores are read as scores, and what the mean does not tell is read off the spread.
So two mistakes show side by side.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Iterator
from itertools import product

import numpy as np

from autograder.asking import Exam, array, pair
from autograder.checks_api.inputs import Array, normal
from autograder.checks_api.symptoms import DIGEST, nearest, symptom
from autograder.dropout.calls import scale
from autograder.dropout.mask_symptoms import P
from autograder.dropout.uncertainty.mc_layers import BOTH, FACTORS, all_masks, layer_call, part_of
from autograder.dropout.uncertainty.pass_symptoms import NEAR, Q
from autograder.dropout.uncertainty.passes import ROUGH
from autograder.dropout.values import softmax
from autograder.model import Call, Given, Seed

Passes = list[tuple[Array, Array]]
OTHER, ODD = "something else", "of another shape"
SEEDS = 6  # so many calls: that one mask for all keeps everything in each of them does not happen


# ------------------------------------------------------------------------------------------ reading
def _question(exam: Exam, passes: int, alike: bool = False, k: int = 0) -> Call:
    x = np.array(normal((40, 2), exam.seed(1)).value)
    W = normal((2, 2), exam.seed(2))
    given = Given("x", np.tile(x[:1], (40, 1)) if alike else x)
    return layer_call(exam, given, W, P, passes, Seed(exam.seed(k)))


def _questions(exam: Exam, passes: int, alike: bool = False, seeds: int = SEEDS) -> list[Call]:
    """The same call with so many generators."""
    return [_question(exam, passes, alike, k) for k in range(seeds)]


def _layer(exam: Exam, alike: bool = False) -> tuple[Array, Array]:
    """x and W of these questions."""
    call = _question(exam, 1, alike)
    return np.asarray(call.args[0].value), np.asarray(call.args[1].value)


def _both(value: object) -> tuple[Array, Array]:
    """Mean and spread (40, 2) of an answer; a spread of another shape is NaN."""
    spread = array(pair(value, BOTH)[1], "std")
    return part_of(value, "mean", (40, 2)), (
        spread.astype(float) if spread.shape == (40, 2) else np.full((40, 2), np.nan))


def _form(exam: Exam) -> tuple[bool, str]:
    """Whether mean and spread have changed places, and what a pass gives: see `passes_give`."""
    if "form" not in exam.memo:
        found = [_both(value) for value in exam.ask(*_questions(exam, 1))]
        one, other = np.stack(found).swapaxes(0, 1)
        swapped = not _sums_to_one(one) and (_sums_to_one(other) or not one.any())
        means = other if swapped else one
        exam.memo["form"] = swapped, _kind(exam, means)
    form: tuple[bool, str] = exam.memo["form"]
    return form


def _kind(exam: Exam, means: Array) -> str:
    if np.isin(means, (0, 1)).all() and _sums_to_one(means):
        return "votes"
    if _sums_to_one(means):
        return "probabilities"
    if _sums_to_one(means.swapaxes(1, 2)):
        return "shares of examples"
    scores = any(_all_explained(values, means) for _, values in _candidates(*_layer(exam)))
    return "scores" if scores else "something else"


def _sums_to_one(rows: Array) -> bool:
    return bool(np.abs(rows.sum(axis=-1) - 1).max() <= NEAR)


def _asked(exam: Exam, passes: int, alike: bool = False, seeds: int = SEEDS) -> Passes:
    """(mean, spread) of calls with so many passes and other generators, in this order."""
    swapped, _ = _form(exam)
    values = exam.ask(*_questions(exam, passes, alike, seeds))
    found = [_both(value) for value in values]
    return [both[::-1] for both in found] if swapped else found


def _given(exam: Exam, scores: Array) -> Array:
    """What a pass gives that has these scores."""
    return scores if _form(exam)[1] == "scores" else softmax(scores)


def _near(values: Array, found: Array) -> Array:
    """Which of the values (N, masks, K) are those that were found (N, K)."""
    return np.asarray(np.abs(values - found[:, None]).max(axis=2) < NEAR)


def _explained(values: Array, found: Array) -> Array:
    return np.asarray(_near(values, found).any(axis=1))


def _all_explained(values: Array, rows: Iterable[Array]) -> bool:
    return all(_explained(values, each).all() for each in rows)


def _candidates(x: Array, W: Array) -> Iterator[tuple[str, Array]]:
    """(what is dropped, scores (N, masks, K) it can give) for units and weights, by factors."""
    weights = all_masks(4).reshape(16, 2, 2)
    scores = (x @ W)[:, None]
    for name, of in FACTORS.items():
        factor = scale(of, P)
        yield f"units, {name}", factor * (x[:, None, :] * all_masks(2)) @ W
        yield f"scores, {name}", factor * scores * all_masks(2)
        yield f"weights, {name}", factor * np.einsum("nd,mdk->nmk", x, weights * W)


def _pairs(exam: Exam) -> Iterator[tuple[str, Array, Array]]:
    """What is dropped, and scores of both of two passes for every pair of masks: (N, pairs, K)."""
    for name, scores in _candidates(*_layer(exam)):
        pairs = np.array(list(product(range(scores.shape[1]), repeat=2)))
        yield name, scores[:, pairs[:, 0]], scores[:, pairs[:, 1]]


def _ordinary(exam: Exam, passes: Passes, alike: bool = False) -> bool:
    """Is each mean that of a pass without dropout?"""
    x, W = _layer(exam, alike)
    known = [kind(factor * x @ W) for factor in (1.0, 1 / Q, Q) for kind in (softmax, np.asarray)]
    return any(all(np.allclose(mean, values) for mean, _ in passes) for values in known)


# -------------------------------------------------------------------------------------------- facts
@symptom
def order(exam: Exam) -> str:
    """In which order the two results come."""
    return "std, mean" if _form(exam)[0] else "mean, std"


@symptom
def passes_give(exam: Exam) -> str:
    """What a single pass gives: "probabilities", "scores", "votes", ..."""
    return _form(exam)[1]


@symptom
def layer_digits(exam: Exam) -> str:
    """How exact a single pass is: "ten", "float32", "about" or "unclear"."""
    swapped, _ = _form(exam)
    mean = array(pair(exam.ask(_question(exam, 1))[0], ("mean", "std"))[swapped], "mean", (40, 2))
    if mean.dtype == np.float32:
        return "float32"
    values = (_given(exam, scores) for _, scores in _candidates(*_layer(exam)))
    off = min(float(np.abs(v - mean[:, None]).max(axis=2).min(axis=1).max()) for v in values)
    return "ten" if off <= 1e-10 else "about" if off <= ROUGH else "unclear"


@symptom
def what_is_dropped(exam: Exam) -> str:
    """What a single pass drops: "units", "weights", "scores", "nothing", ..."""
    return _dropping(exam).partition(", ")[0]


@symptom
def survivors_are(exam: Exam) -> str:
    """What becomes of what is kept: "divided by 1-p" or "not scaled", for two."""
    return _dropping(exam).partition(", ")[2] or "unknown"


def _dropping(exam: Exam) -> str:
    """What is dropped, and after a comma what becomes of the rest."""
    passes = _asked(exam, 1)
    if not any(mean.any() for mean, _ in passes):
        return "all is 0"
    if _ordinary(exam, passes):
        return _what_spreads(exam, _asked(exam, 2))
    for name, scores in _candidates(*_layer(exam)):
        if _all_explained(_given(exam, scores), (mean for mean, _ in passes)):
            return name
    return "something else"


def _what_spreads(exam: Exam, passes: Passes) -> str:
    if not any(spread.any() for _, spread in passes):
        return "nothing"
    for name, first, second in _pairs(exam):
        for kind in _spreads(first, second).values():
            if _all_explained(kind, (spread for _, spread in passes)):
                return name
    return "something else"


@symptom
def few_units(exam: Exam, *, examples: int = 4000) -> str:
    """What many equal examples of one or two units get, and how often to a tenth: a digest, the
    same whatever draws by the same law.

    So a mistake that is hidden by one of mc_predict, whose results other facts cannot read, is
    still told from that one alone.
    """
    # none, one, the other or both: seen of votes, too
    rows, law = [[0.0, 2.0, -1.0], [0.0, -1.0, 1.0]], []
    for units, passes in ((2, 1), (1, 2)):
        x = Given(f"np.full({(examples, units)}, 0.8)", np.full((examples, units), 0.8))
        W = Given(f"np.array({rows[:units]})", np.array(rows[:units]))
        (value,) = exam.ask(layer_call(exam, x, W, P, passes, Seed(exam.seed(passes))))
        found = np.hstack([part_of(value, name, (examples, 3)) for name in BOTH])
        kinds, counts = np.unique(found.round(9) + 0.0, axis=0, return_counts=True)
        law.append((kinds.tolist(), (counts / examples).round(1).tolist())
                   if len(kinds) < 20 else "many")
    return f"{DIGEST}{zlib.crc32(repr(law).encode()):08x}"


@symptom
def dropped_for(exam: Exam) -> str:
    """Do equal examples get masks of their own?"""
    if _form(exam)[1] == "votes":
        return "unknown"
    passes = _asked(exam, 1, alike=True)
    ordinary = _ordinary(exam, passes, alike=True)
    seen = [mean for mean, _ in passes]
    if ordinary:
        seen = [spread for _, spread in _asked(exam, 2, alike=True)]
    if not any(rows.any() for rows in seen):
        return "nothing"
    if all(np.ptp(rows, axis=0).max() < NEAR for rows in seen):
        return "the batch"
    return "all units of an example" if not ordinary and _wholly(exam, seen) else "each example"


def _wholly(exam: Exam, means: list[Array]) -> bool:
    """Does an example lose all of its units or none?"""
    for name, scores in _candidates(*_layer(exam, alike=True)):
        if name.startswith("units") and _all_explained(_given(exam, scores[:, [0, -1]]), means):
            return True
    return False


@symptom
def dropped_in(exam: Exam) -> str:
    """Do the passes differ?"""
    passes = _asked(exam, 2)
    alike, ordinary = all(spread.max() < NEAR for _, spread in passes), _ordinary(exam, passes)
    if alike and ordinary:
        return "nothing dropped"
    if not alike and not ordinary:
        single = (_given(exam, scores) for _, scores in _candidates(*_layer(exam)))
        alike = _spread_is(exam) in (OTHER, ODD) and any(
            _all_explained(values, (mean for mean, _ in passes)) for values in single)
    return "all passes alike" if alike else "each pass"


@symptom
def share_dropped(exam: Exam) -> str:
    """Which share of the inputs a single pass drops; "?" when it does not drop inputs."""
    passes = _asked(exam, 1, seeds=40)
    if _ordinary(exam, passes):
        return "?"
    means = [mean for mean, _ in passes]
    for name, scores in _candidates(*_layer(exam)):
        values, masks = _given(exam, scores), all_masks(2)
        if not name.startswith("units") or not _all_explained(values, means):
            continue
        found = [masks[np.abs(values - mean[:, None]).max(axis=2).argmin(axis=1)] for mean in means]
        return nearest(1 - float(np.mean(found)), {"p": P, "1-p": Q, "half": 0.5}, 0.08)
    return "?"


def _averages(exam: Exam, first: Array, second: Array) -> dict[str, Array]:
    """What the mean of two passes may be taken of."""
    given = (_given(exam, first) + _given(exam, second)) / 2
    return {"what passes give": given, "scores before the softmax": softmax((first + second) / 2)}


def _spreads(first: Array, second: Array) -> dict[str, Array]:
    """What the second result for two passes may be."""
    gap, wide = np.abs(softmax(first) - softmax(second)), np.abs(first - second)
    kinds = {"divided by T": 2.0, "divided by T-1": np.sqrt(2), "of the mean": np.sqrt(8)}
    squares = {"variance": 4, "variance, divided by T-1": 2}
    return {
        of + name: found
        for of, apart in (("", gap), ("of the scores, ", wide))
        for name, found in (
            *((name, apart / by) for name, by in kinds.items()),
            *((name, apart**2 / by) for name, by in squares.items()),
        )
    }


@symptom
def mean_is(exam: Exam) -> str:
    """Of what the mean over two passes is taken: "what passes give" or something else."""
    passes = _asked(exam, 2)
    if _ordinary(exam, passes):
        return "a pass without dropout"
    for _, first, second in _pairs(exam):
        for name, values in _averages(exam, first, second).items():
            if _all_explained(values, (mean for mean, _ in passes)):
                return name
    return "something else"


@symptom
def std_is(exam: Exam) -> str:
    """What the second result for two passes is: see `_spreads`."""
    return _spread_is(exam)


def _spread_is(exam: Exam) -> str:
    passes = _asked(exam, 2)
    if np.isnan(passes[0][1]).all():
        return ODD
    ordinary = _ordinary(exam, passes)
    for _, first, second in _pairs(exam):
        kinds = _spreads(first, second)
        # the mean may be that of one of them, too: the spread still says that they differ
        for middle in (*_averages(exam, first, second).values(), _given(exam, second)):
            fits = [ordinary | _near(middle, mean) for mean, _ in passes]
            if not all(fit.any(axis=1).all() for fit in fits):
                continue
            for name, spread in kinds.items():
                near = (_near(spread, std) for _, std in passes)
                if all((a & b).any(axis=1).all() for a, b in zip(fits, near, strict=True)):
                    of_scores = _form(exam)[1] == "scores"
                    return name.removeprefix("of the scores, ") if of_scores else name
    return OTHER
