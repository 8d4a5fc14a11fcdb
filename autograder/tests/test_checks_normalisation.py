"""A block that normalises, remembers and drops: right passes, wrong is refused in words."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from autograder.asking import Exam
from autograder.checks_api import symptoms as t
from autograder.checks_api.symptoms import Symptom
from autograder.dropout.spatial import checks as c
from autograder.dropout.spatial import symptoms as s
from autograder.dropout.spatial.normalisation import Memory
from autograder.judge import judge
from autograder.model import Check, Outcome, Verdict
from autograder.subjects.local import Local
from autograder.tests.toys import Array, Function, Rng, one_part, told

P = 0.3
MEMORY = Memory(state="memory", reset="forget", rate=0.1, eps=1e-5)
CHECKS: tuple[Check, ...] = (
    c.normalises_each_channel(memory=MEMORY),
    c.remembers_the_batches(memory=MEMORY),
    c.remembers_the_batches(memory=MEMORY, p=P),
    c.normalises_at_test_time(memory=MEMORY, p=P),
    c.learns_nothing_at_test_time(memory=MEMORY, p=P),
    c.drops_channels_last(memory=MEMORY, p=P),
    c.drops_each_channel_by_itself(memory=MEMORY, p=P),
    c.leaves_its_arguments_alone(via=c.normalised(MEMORY, P)),
    c.raises_value_error(case="p = 1.5", via=c.in_both_modes(c.normalised, MEMORY, 1.5)),
    c.divides_by_the_right_root(memory=MEMORY),
    c.remembers_variances_to_six_digits(memory=MEMORY),
    c.draws_from_rng(via=c.normalised(MEMORY, P, kept=True)),
    c.drops_every_channel_at_one(memory=MEMORY),
)
(NORMAL, REMEMBER, UNSEEN, TEST, STILL, LAST, APART, MANNERS, REFUSE, ROOT, VARIANCES, FROM_RNG,
 ONE) = CHECKS
FACTS: tuple[Symptom, ...] = (
    s.normalised_over(memory=MEMORY),
    s.memory_holds(memory=MEMORY),
    s.test_uses(memory=MEMORY),
    s.memory_at_test(memory=MEMORY),
    s.dropout_place(memory=MEMORY),
    s.block_mask_axes(memory=MEMORY),
    s.block_factor(memory=MEMORY),
    s.block_share(memory=MEMORY),
    s.block_generator(memory=MEMORY),
    s.block_at_one(memory=MEMORY),
    t.takes("block_outside",
            via=[view for p in (-0.25, 1.25) for view in c.in_both_modes(c.normalised, MEMORY, p)]),
)


def drop(h: Array, p: float, rng: Rng, shape: tuple[int, ...], scaled: bool = True) -> Array:
    return np.asarray(h * np.where(rng.random(shape) >= p, 1 / (1 - p) if p < 1 and scaled else 1.0,
                                   0.0).astype(h.dtype))


def notebook(
    axes: tuple[int, ...] = (0, 2, 3),
    rate: float = 0.1,
    first: bool = False,
    coins: Callable[[tuple[int, ...]], tuple[int, ...]] = lambda shape: (*shape[:2], 1, 1),
    test: str = "running",
    learns: bool = False,
    at_end: Callable[[Array, Array], Array] = lambda out, x: out.astype(x.dtype),
    checked: bool = True,
    scaled: bool = True,
    root: Callable[[Array], Array] = lambda var: np.sqrt(var + 1e-5),
    ddof: int = 0,
    own: bool = True,
    spread: Callable[[Array], Array] = np.asarray,
    begin: bool = False,
    source: Callable[[Rng], Any] = lambda rng: rng,
) -> dict[str, Any]:
    """A set-up cell and a block with some of its parts exchanged."""
    memory: dict[str, Any] = {}

    def forget(channels: int) -> None:
        memory.update(mean=np.zeros(channels), var=np.ones(channels), started=False)

    def block(x: Array, p: float, rng: Rng | None, train: bool) -> Array:
        if checked and not 0 <= p <= 1:
            raise ValueError("p is no probability")
        h = drop(x, p, rng, coins(x.shape)) if first and train and rng is not None else x
        if train or learns:
            for key, value in (("mean", h.mean((0, 2, 3))), ("var", h.var((0, 2, 3), ddof=ddof))):
                old = value if begin and not memory["started"] else memory[key]
                memory[key] = (1 - rate) * old + rate * (spread(value) if key == "var" else value)
            memory["started"] = True
        mean, var = h.mean(axes, keepdims=True), h.var(axes, keepdims=True, ddof=ddof)
        if not train or not own:
            mean, var = ((memory[key].reshape(1, -1, 1, 1) for key in ("mean", "var"))
                         if test == "running" else (mean, var))
        h = (h - mean) / root(var) if train or test else h
        if train and not first and rng is not None:
            h = drop(h, p, source(rng), coins(x.shape), scaled)
        return at_end(h, x)

    return {"memory": memory, "forget": forget, "block": block}


def verdict(check: Check, names: dict[str, Any], slug: str = "toy") -> Verdict:
    (found,) = judge(one_part("block", [check]), Local(namespace={"np": np, **names}), slug)
    return found


@pytest.mark.parametrize("check", CHECKS, ids=[check.name for check in CHECKS])
def test_the_right_block_passes_over_many_sweeps(check: Check) -> None:
    for sweep in range(3):
        found = verdict(check, notebook(), f"toy/{sweep}")
        assert found.passed, f"sweep {sweep}: {told(found)}"
    assert bool(check.chances) == bool(check.power)


def gives(dtype: str) -> Check:
    return c.gives_the_dtype(dtype=dtype, via=c.in_both_modes(c.normalised, MEMORY, P, dtype=dtype))


@pytest.mark.parametrize("check", CHECKS, ids=[check.name for check in CHECKS])
def test_float32_throughout_costs_a_word_about_manners_only(check: Check) -> None:
    names = notebook()
    block = names["block"]
    names["block"] = lambda x, p, rng, train: np.float32(block(np.float32(x), p, rng, train))
    found = verdict(check, names)
    assert found.passed, told(found)
    assert not verdict(gives("float64"), names).passed


def overwriting(out: Array, x: Array) -> Array:
    x.flags.writeable = True
    x[...] = 0
    return out.astype(x.dtype)


WRONG: dict[str, tuple[Check, dict[str, Any], str, str]] = {
    "one mean for all": (NORMAL, {"axes": (0, 1, 2, 3)}, "out.mean(axis=(0, 2, 3))[0] = -",
                         "0 (5 of 5 differ)"),
    "instance": (NORMAL, {"axes": (2, 3)}, "out[0, 0, 0, 0] = ", "differ"),
    "the running statistics in training": (NORMAL, {"own": False},
                                           "out.mean(axis=(0, 2, 3))[0] = -", "0 (5 of 5 differ)"),
    "no root": (NORMAL, {"root": lambda var: var + 1e-5},
                "out.var(axis=(0, 2, 3))[0] = ", "differ"),
    "eps beside the root": (ROOT, {"root": lambda var: np.sqrt(var) + 1e-5}, "out[0, 0, 0, ",
                            "within 2e-06"),
    "one less": (ROOT, {"ddof": 1}, "out[0, 0, 0, 0] = ", "differ"),
    "one less is remembered": (VARIANCES, {"ddof": 1}, 'memory["var"][0] = ', "differ"),
    "eps is remembered": (VARIANCES, {"spread": lambda var: var + 1e-5}, 'memory["var"][',
                          "within 1e-06"),
    "raw at test, and nothing remembered": (TEST, {"rate": 0.0, "test": ""}, "out[0, 0, ",
                                            "within 2e-06"),
    "the first batch begins": (REMEMBER, {"begin": True}, 'memory["mean"][0] = ', "differ"),
    "a generator of its own": (FROM_RNG, {"source": lambda rng: np.random.default_rng()},
                               "two generators with the same seed", "the same"),
    "a fixed seed": (FROM_RNG, {"source": lambda rng: np.random.default_rng(0)},
                     "two generators with different seeds", "others"),
    "the global generator": (FROM_RNG, {"source": lambda rng: np.random}, "the function drew from",
                             "random numbers from rng only"),
    "weights swapped": (REMEMBER, {"rate": 0.9}, 'memory["mean"][0] = ', "differ"),
    "nothing remembered": (REMEMBER, {"rate": 0.0}, "memory is still as forget left it",
                           "a mean and a variance that moved"),
    "dropout first is remembered": (UNSEEN, {"first": True}, 'memory["mean"][0] = ', "differ"),
    "raw at test": (TEST, {"test": ""}, "out[0, 0, 0, 0] = ", "differ"),
    "the test batch": (TEST, {"test": "batch"}, "out[0, 0, 0, 0] = ", "differ"),
    "learns at test": (STILL, {"learns": True}, 'memory["mean"][0] = ', "differ"),
    "dropout first": (LAST, {"first": True}, "120 of 120 channels were kept", "about 84"),
    "units": (LAST, {"coins": lambda shape: shape}, "channel [0, ",
              "kept at all of them or at none"),
    "unscaled": (LAST, {"scaled": False}, "out[0, ", "differ"),
    "for the batch": (
        APART,
        {"coins": lambda shape: (1, shape[1], 1, 1)},
        "share of ",
        ", by chance 0.",
    ),
    "for the example": (
        APART,
        {"coins": lambda shape: (shape[0], 1, 1, 1)},
        "share of ",
        ", by chance 0.",
    ),
    "float64": (gives("float32"), {"at_end": lambda out, x: out.astype(float)},
                "out.dtype = float64", "float32"),
    "overwrites": (MANNERS, {"at_end": overwriting}, "x was changed by the call", "x as it was"),
    "no number at p = 1": (ONE, {"at_end": lambda out, x: out + np.nan}, "out holds nan",
                           "0 everywhere"),
    "something at p = 1": (ONE, {"at_end": lambda out, x: out + 1.0}, "out holds 1",
                           "0 everywhere"),
    "any p": (REFUSE, {"checked": False}, "the function returned", "ValueError"),
}


@pytest.mark.parametrize("name", WRONG)
def test_wrong_blocks_are_refused_in_these_words(name: str) -> None:
    check, parts, got, wanted = WRONG[name]
    found = verdict(check, notebook(**parts))
    assert found.outcome is Outcome.FAILED, told(found)
    assert found.got.startswith(got), told(found)
    assert wanted in found.wanted, told(found)


SLIPS: tuple[dict[str, Any], ...] = ({"root": lambda var: np.sqrt(var) + 1e-5},
                                     {"root": np.sqrt}, {"ddof": 1})


@pytest.mark.parametrize("parts", SLIPS)
def test_a_slip_below_the_root_costs_one_sentence_and_no_more(parts: dict[str, Any]) -> None:
    assert not verdict(ROOT, notebook(**parts)).passed
    for check in (NORMAL, REMEMBER, TEST, STILL, LAST, APART):
        found = verdict(check, notebook(**parts))
        assert found.passed, told(found)


def test_what_is_wrong_in_the_memory_is_not_charged_at_test_time_too() -> None:
    for parts in ({"rate": 0.0}, {"rate": 0.9}, {"begin": True},
                  {"spread": np.sqrt, "root": lambda var: np.sqrt(var) + 1e-5}):
        assert not verdict(REMEMBER, notebook(**parts)).passed
        found = verdict(TEST, notebook(**parts))
        assert found.passed, told(found)


def test_who_remembers_deviations_may_divide_by_them() -> None:
    names = notebook(spread=np.sqrt)
    block, memory = names["block"], names["memory"]

    def dividing(x: Array, p: float, rng: Rng | None, train: bool) -> Array:
        if train:
            return np.asarray(block(x, p, rng, train))
        return np.asarray(
            (x - memory["mean"].reshape(1, -1, 1, 1)) / memory["var"].reshape(1, -1, 1, 1))

    found = verdict(TEST, {**names, "block": dividing})
    assert found.passed, told(found)
    variances = notebook()
    memory, block = variances["memory"], variances["block"]
    assert not verdict(TEST, {**variances, "block": dividing}).passed, "variances have a root"


def test_statistics_of_the_memory_do_not_look_like_dropout_elsewhere() -> None:
    found = verdict(LAST, notebook(own=False))
    assert found.passed, told(found)


def test_the_memory_and_the_last_place_of_dropout_do_not_hang_on_the_normalisation() -> None:
    for check in (REMEMBER, UNSEEN, TEST, STILL, LAST, APART):
        found = verdict(check, notebook(axes=(2, 3)))
        assert found.passed, told(found)


def test_a_memory_of_another_kind_is_refused_in_words() -> None:
    for memory, got in (
        ([], "memory is a list of 0"),
        ({"mean": 0.0}, 'memory["mean"].shape = ()'),
        ({"mean": "zeros"}, 'memory["mean"] is a str'),
    ):
        found = verdict(REMEMBER, {**notebook(), "forget": lambda channels: None, "memory": memory,
                                   "block": lambda x, p, rng, train: x})
        assert (found.outcome, found.got) == (Outcome.FAILED, got), told(found)


WORDS: tuple[tuple[int, dict[str, Any], str], ...] = (
    (0, {}, "examples and places"),
    (0, {"axes": (0, 1, 2, 3)}, "everything"),
    (0, {"axes": (2, 3)}, "places"),
    (0, {"own": False}, "the running statistics"),
    (0, {"ddof": 1}, "examples and places, divided by one less"),
    (0, {"root": np.sqrt}, "examples and places, without eps"),
    (1, {}, "running averages"),
    (1, {"ddof": 1}, "running averages, var divided by one less"),
    (1, {"rate": 0.9}, "running averages, weights swapped"),
    (1, {"rate": 0.0}, "nothing"),
    (1, {"rate": 1.0}, "the last batch"),
    (1, {"begin": True}, "running averages from the first batch on"),
    (1, {"spread": lambda var: var + 1e-5}, "running averages, var with eps"),
    (1, {"spread": np.sqrt}, "running averages, deviations for var"),
    (1, {"spread": np.ones_like}, "running averages, var still 1"),
    (2, {}, "running"),
    (2, {"test": ""}, "nothing"),
    (2, {"test": "batch"}, "the batch"),
    (3, {}, "kept"),
    (3, {"learns": True}, "moved"),
    (4, {}, "last"),
    (4, {"first": True}, "not last"),
    (5, {}, "0, 1"),
    (5, {"coins": lambda shape: shape}, "0, 1, 2, 3"),
    (6, {}, "1/(1-p)"),
    (7, {}, "p"),
    (8, {}, "given"),
    (8, {"source": lambda rng: np.random.default_rng()}, "own"),
    (8, {"source": lambda rng: np.random.default_rng(0)}, "frozen"),
    (8, {"source": lambda rng: np.random}, "global"),
    (9, {}, "zeros"),
    (9, {"at_end": lambda out, x: out + np.nan}, "NaN"),
    (10, {}, "ValueError"),
    (10, {"checked": False}, "accepted"),
)


@pytest.mark.parametrize(("number", "parts", "wanted"), WORDS,
                         ids=[f"{FACTS[n].name}: {w}" for n, _, w in WORDS])
def test_the_words(number: int, parts: dict[str, Any], wanted: str) -> None:
    assert (FACTS[number]
            .look(Exam("block", Local(namespace={"np": np, **notebook(**parts)}), "toy")) == wanted)


def test_reshape_in_the_place_of_transpose_has_a_word() -> None:
    def cut_anew(x: Array, p: float, rng: Rng | None, train: bool) -> Array:
        rows = x.reshape(x.shape[1], -1)
        mean, var = (a.reshape(1, -1, 1, 1) for a in (rows.mean(1), rows.var(1)))
        return np.asarray((x - mean) / np.sqrt(var + 1e-5))

    words = FACTS[0].look(
        Exam("block", Local(namespace={"np": np, **notebook(), "block": cut_anew}), "toy"))
    assert words == "examples and places, cut anew"


# ------------------------------------------------- functions that are moved into a notebook's names
def test_a_wrong_solution_sees_the_names_of_the_notebook_and_brings_its_helpers() -> None:
    other: dict[str, Any] = {}
    exec("def helper():\n    return counter\ndef answer(x, *, more=1):\n"
         "    return helper()['n'] + x + more", other)
    subject = Local(namespace={"counter": {"n": 40}}).with_functions({"answer": other["answer"]})
    moved: Function = subject.namespace["answer"]
    assert moved(1) == 42
    assert "counter" not in other, "the key's own names stay as they are"
