"""The verbs about sequences, recurrent nets, masks on weights, memories, and their lenses.

Right functions pass, each wrong one is refused in its own words, and no rubbish breaks a check. The
functions are written for this file.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from autograder.asking import Exam, script_text
from autograder.checks_api import symptoms as g
from autograder.checks_api.symptoms import Symptom
from autograder.dropout import symptoms as f
from autograder.dropout.sequences import checks as c
from autograder.dropout.sequences import gradient_formulas as w
from autograder.dropout.sequences import masked_ways
from autograder.dropout.sequences import symptoms as s
from autograder.dropout.sequences.recurrent import INPUT_MASK, SEQUENCES, STATE_MASK
from autograder.dropout.sequences.weights import ONE_ROW
from autograder.dropout.views import seen_through, through
from autograder.judge import judge
from autograder.model import Call, Check, Item, Outcome, Seed, Verdict
from autograder.subjects.local import Local
from autograder.tests.toys import one_part, some_junk

Array = np.ndarray[Any, Any]
Functions = dict[str, Any]
MASK: dict[str, Any] = {"via": "mask"}
P = 0.3


# --------------------------------------------------------------------------------------- right ones
def coins(shape: tuple[int, ...], p: float, rng: Any, train: bool = True) -> Array:
    """Multipliers: 0 with probability p, else 1 / (1 - p)."""
    if not 0 <= p <= 1:
        raise ValueError("no probability")
    return (rng.random(shape) >= p) / (1 - p if p < 1 else 1.0) if train else np.ones(shape)


def steady(x: Array, p: float, rng: Any, train: bool = True) -> Any:
    """One mask per sequence."""
    m = coins((len(x), 1, x.shape[2]), p, rng, train).astype(x.dtype)
    return x * m, m


def times(dout: Array, cache: Array) -> Array:
    return dout * cache


def echo(x: Array, h0: Array, U: Array, V: Array, b: Array, p: float, r: float, rng: Any,
         train: bool = True) -> Any:
    """A recurrent network of one kind of unit; its mask on the state is drawn first."""
    keep = coins(h0.shape, r, rng, train), coins((len(x), x.shape[2]), p, rng, train)
    return run(x, h0, U, V, b, keep[1][:, None] + 0 * x,
               keep[0][:, None] + np.zeros((*x.shape[:2], len(b))))


def run(x: Array, h0: Array, U: Array, V: Array, b: Array, m: Array, k: Array) -> Any:
    """The network for given masks, (N, T, D) and (N, T, H)."""
    h = [h0]
    for t in range(x.shape[1]):
        h.append(np.tanh((x[:, t] * m[:, t]) @ U + (h[-1] * k[:, t]) @ V + b))
    return np.stack(h[1:], 1).astype(x.dtype), (x, h, U, V, m, k)


def back(dh: Array, cache: Any) -> Any:
    x, h, U, V, m, k = cache
    down, later = np.zeros(x.shape), 0 * h[0]
    dU, dV, db = 0 * U, 0 * V, 0 * V[0]
    for t in range(x.shape[1] - 1, -1, -1):
        e = (dh[:, t] + later) * (1 - h[t + 1] ** 2)
        dU, dV, db = dU + (x[:, t] * m[:, t]).T @ e, dV + (h[t] * k[:, t]).T @ e, db + e.sum(0)
        down[:, t], later = e @ U.T * m[:, t], e @ V.T * k[:, t]
    return down, later, dU, dV, db


def sparse(x: Array, W: Array, b: Array, p: float, rng: Any, train: bool = True) -> Any:
    """A layer whose every example has weights of its own."""
    m = coins((len(x), *W.shape), p, rng, train).astype(W.dtype)
    return np.einsum("ni,nio->no", x, m * W) + b, (x, W, m)


def sparse_back(dout: Array, cache: Any) -> Any:
    x, W, m = cache
    return np.einsum("no,nio->ni", dout, m * W), np.einsum("ni,no,nio->io", x, dout, m), dout.sum(0)


class Layer:
    """A layer that remembers its mask; subclasses err in one method each."""

    def __init__(self, p: float) -> None:
        self.p, self.mask = p, np.zeros((0, 0, 0))

    def draw(self, x: Array, rng: Any) -> Array:
        return coins((len(x), 1, x.shape[2]), self.p, rng)

    def fits(self, x: Array) -> bool:
        return self.mask.shape == (len(x), 1, x.shape[2])

    def forward(self, x: Array, rng: Any, train: bool = True, same_mask: bool = False) -> Array:
        if not train:
            return self.test(x)
        if not (same_mask and self.fits(x)):
            self.mask = self.draw(x, rng)
        return x * self.mask

    def test(self, x: Array) -> Array:
        return x


RIGHT: Functions = {"steady": steady, "times": times, "echo": echo, "back": back, "sparse": sparse,
                    "sparse_back": sparse_back, "Layer": Layer}

# ------------------------------------------------------------------------------- every verb, a case
ONE: dict[str, Any] = {"given": {"x": (4, 3, 5)}, "rates": (P,)}
ONE_BACK: dict[str, Any] = {**ONE, "forward": "steady", "backward": "times"}
NET: dict[str, Any] = {"given": {"x": (3, 4, 5), "h0": (3, 6), "U": (5, 6), "V": (6, 6), "b": (6,)},
                       "rates": (P, 0.2)}
NET_BACK: dict[str, Any] = {**NET, "forward": "echo", "backward": "back"}
SHORT = {"x": (2, 1, 5), "h0": (2, 6), "U": (5, 6), "V": (6, 6), "b": (6,)}
FLAT: dict[str, Any] = {"given": {"x": (5, 4), "W": (4, 3), "b": (3,)}, "rates": (P,)}
FLAT_BACK: dict[str, Any] = {**FLAT, "forward": "sparse", "backward": "sparse_back"}

MASKS = tuple(
    (name, through(lens, check))
    for name,
    lens in (("steady", SEQUENCES), ("echo", INPUT_MASK), ("echo", STATE_MASK), ("sparse", ONE_ROW))
    for check in (
        c.drops_some_and_keeps_some(p=P, **MASK),
        c.drops_the_right_share(p=P, **MASK, shape=(128, 128), calls=2),
        c.scales_the_survivors(p=P, **MASK),
        c.treats_examples_apart(p=P, **MASK, shape=(128, 128)),
        c.treats_features_apart(p=P, **MASK, shape=(128, 128)),
        c.draws_afresh(p=P, **MASK),
        c.obeys_the_generator(p=P, **MASK),
        c.leaves_global_random_state_alone(p=P, **MASK),
        c.refuses(p=1.5, **MASK),
    )
)
def gives(dtype: str, given: Any, rates: Any) -> Check:
    return c.gives_the_dtype(dtype=dtype,
                             via=c.in_both_modes(c.forwards, given, rates, dtype=dtype))


CASES: tuple[tuple[str, Check], ...] = (
    *MASKS,
    ("steady", through(SEQUENCES, c.shares_its_mask_over_time(p=P))),
    ("echo", through(INPUT_MASK, c.shares_its_mask_over_time(p=P))),
    ("echo", through(STATE_MASK, c.shares_its_mask_over_time(p=P))),
    ("echo", c.draws_two_masks(p=P)),
    ("echo", c.masks_what_goes_to_the_weights()),
    ("echo", c.returns_whole_states(rates=(P, 0.2))),
    ("steady", c.needs_no_chance_at_test_time(**ONE)),
    ("echo", c.needs_no_chance_at_test_time(**NET)),
    ("steady", c.leaves_its_arguments_alone(via=c.forwards(**ONE))),
    ("sparse", c.leaves_its_arguments_alone(via=c.forwards(**FLAT))),
    ("steady", c.leaves_its_arguments_alone(via=c.backwards(**ONE_BACK))),
    ("echo", c.leaves_its_arguments_alone(via=c.backwards(**NET_BACK))),
    ("sparse", c.leaves_its_arguments_alone(via=c.backwards(**FLAT_BACK))),
    ("steady", gives("float32", **ONE)),
    ("sparse", gives("float32", **FLAT)),
    ("echo", c.drops_nothing_when_all_rates_are_zero(**NET)),
    ("echo", c.raises_value_error(case="p = -0.1", via=c.with_a_rate_of(-0.1, **NET))),
    ("sparse", c.raises_value_error(case="p = 1.5",
                                    via=c.with_a_rate_of(1.5, **FLAT, train=False))),
    ("steady", c.has_the_right_gradient(name="dx", **ONE_BACK)),
    *(("echo", c.has_the_right_gradient(name=f"d{name}", **NET_BACK)) for name in NET["given"]),
    ("echo", c.has_the_right_gradient(name="dV", **NET_BACK, train=False, case=", at test time")),
    *(("sparse", c.has_the_right_gradient(name=f"d{name}", **FLAT_BACK)) for name in FLAT["given"]),
    ("echo", c.keeps_two_passes_apart(first=NET["given"], second=SHORT, rates=(P, 0.2),
                                      forward="echo", backward="back")),
    ("sparse", c.throws_a_coin_for_each_weight(p=P)),
    ("sparse", c.never_drops_the_bias(p=P)),
    ("sparse", c.leaves_the_bias_alone_at_one()),
    ("sparse", c.sums_kept_weights(p=P)),
    ("sparse", c.sends_gradient_through_kept_weights_only(p=P, backward="sparse_back")),
    ("Layer", c.drops_whole_features_of_sequences(p=0.4)),
    ("Layer", c.divides_what_it_keeps(p=0.4)),
    ("Layer", c.drops_features_as_often_as(p=0.2)),
    ("Layer", c.knows_the_ends(bad=(1.5, -0.25))),
    ("Layer", c.keeps_its_mask_when_asked(p=0.4)),
    ("Layer", c.keeps_its_mask_when_asked(p=0.4, steps=2)),
    ("Layer", c.keeps_the_latest_mask(p=0.4)),
    ("Layer", c.keeps_layers_apart(p=0.4)),
    ("Layer", c.draws_again_unless_asked(p=0.4)),
    ("Layer", c.draws_for_another_batch(p=0.4)),
    ("Layer", c.draws_for_another_batch(p=0.4, first=(1, 5, 20), second=(7, 5, 20))),
    ("Layer", c.draws_first_whatever_is_asked(p=0.4)),
    ("Layer", c.remembers_through_test_time(p=0.4)),
    ("Layer", c.leaves_its_arguments_alone(via=c.in_both_modes(c.a_layer, 0.4))),
)
IDS = [f"{name} {check.name}" for name, check in CASES]


def verdict(name: str, check: Check, wrong: Functions | None = None,
            seconds: float = 5.0) -> Verdict:
    """What one check says of the right functions, save those given."""
    subject = Local(namespace={"np": np, **RIGHT, **(wrong or {})})
    (found,) = judge(one_part(name, [check]), subject, "toy",
                     reference=Local(namespace={"np": np, **RIGHT}), seconds=seconds)
    return found


def refused(name: str, check: Check, wrong: Any, other: Functions | None = None) -> str:
    """The words of a refusal."""
    found = verdict(name, check, {name: wrong, **(other or {})})
    assert found.outcome in (Outcome.FAILED, Outcome.RAISED), found
    return f"{found.got} | {found.wanted}"


@pytest.mark.parametrize(("name", "check"), CASES, ids=IDS)
def test_right_functions_pass(name: str, check: Check) -> None:
    found = verdict(name, check)
    assert found.passed, f"{found.got} | {found.wanted}"
    assert "{" not in check.sentence
    assert bool(check.chances) == bool(check.power)


@pytest.mark.parametrize("backward", ["times", "back", "sparse_back"])
def test_no_rubbish_of_a_backward_function_breaks_a_check(backward: str) -> None:
    for name, check in CASES:
        if check.case.get("backward") != backward:
            continue
        for title, function in some_junk(f"{name} {check.name}").items():
            found = verdict(name, check, {backward: function})
            assert found.outcome is not Outcome.BROKEN, f"{check.name}, {title}: {found.got}"
            assert not found.passed, f"{check.name}, {title}"


# ------------------------------------------------------------------------------- one mask over time
def per_step(x: Array, p: float, rng: Any, train: bool = True) -> Any:
    m = coins(x.shape, p, rng, train)
    return x * m, m


def time_first(x: Array, p: float, rng: Any, train: bool = True) -> Any:
    m = coins((1, *x.shape[1:]), p, rng, train)
    return x * m, m


def test_a_mask_for_each_step_is_refused() -> None:
    check = through(SEQUENCES, c.shares_its_mask_over_time(p=P))
    assert ("between the first step and step 2 the mask changes "
            "in" in refused("steady", check, per_step))
    assert "the mask changes" in refused("steady", check, time_first)
    assert ("320 of 320 were kept at the first "
            "step" in refused("steady", check, lambda x, p, rng, train=True: (x, None)))


def test_the_wrong_axis_is_a_mask_that_all_examples_share() -> None:
    check = through(SEQUENCES, c.treats_examples_apart(p=P, **MASK))
    assert refused("steady", check, time_first).startswith(
        "share of units on which neighbouring rows agree = 1.0000 | 0.5")


def test_a_message_shows_the_call_that_was_made() -> None:
    check = through(SEQUENCES, c.treats_examples_apart(p=P, **MASK))
    found = verdict("steady", check, {"steady": time_first})
    assert (".normal(size=(256, 3, 256))\n"
            "out, cache = steady(x, 0.3, np.random.default_rng(" in found.call)
    assert found.call.endswith("mask = (out / x)[:, -1]\n"
                               "((mask == 0)[1:] == (mask == 0)[:-1]).mean()")


def test_what_is_kept_is_scaled() -> None:
    wrong = lambda x, p, rng, train=True: (x * (coins((len(x), 1, x.shape[2]), p, rng) != 0), None)  # noqa: E731
    assert ("mask[mask != 0][0] = 1 | 1.42857"
            in refused("steady", through(SEQUENCES, c.scales_the_survivors(p=P, **MASK)), wrong))


# ------------------------------------------------------------------------------- recurrent networks
def net(change: Callable[..., tuple[Array, Array]]) -> Callable[..., Any]:
    """The network with other masks: change(x, h0, p, r, rng) gives (N, T, D) and (N, T, H)."""

    def wrong(x: Array, h0: Array, U: Array, V: Array, b: Array, p: float, r: float, rng: Any,
              train: bool = True) -> Any:
        if not train:
            return echo(x, h0, U, V, b, p, r, rng, False)
        m, k = change(x, h0, p, r, rng)
        return run(x, h0, U, V, b, m + 0 * x, k + np.zeros((*x.shape[:2], len(b))))

    return wrong


def one_draw(x: Array, h0: Array, p: float, r: float, rng: Any) -> tuple[Array, Array]:
    u = rng.random((len(x), 1, max(h0.shape[1], x.shape[2])))
    return (u[..., : x.shape[2]] >= p) / (1 - p), (u[..., : h0.shape[1]] >= r) / (1 - r)


def state_per_step(x: Array, h0: Array, p: float, r: float, rng: Any) -> tuple[Array, Array]:
    return coins((len(x), 1, x.shape[2]), p, rng), coins((*x.shape[:2], h0.shape[1]), r, rng)


def shared(x: Array, h0: Array, p: float, r: float, rng: Any) -> tuple[Array, Array]:
    return coins((1, 1, x.shape[2]), p, rng), coins((1, 1, h0.shape[1]), r, rng)


def late(x: Array, h0: Array, p: float, r: float, rng: Any) -> tuple[Array, Array]:
    k = coins((len(x), 1, h0.shape[1]), r, rng) + np.zeros((*x.shape[:2], h0.shape[1]))
    k[:, 0] = 1
    return coins((len(x), 1, x.shape[2]), p, rng), k


def test_each_mask_of_a_network_is_seen_by_itself() -> None:
    over = {lens.name: through(lens, c.shares_its_mask_over_time(p=P))
            for lens in (INPUT_MASK, STATE_MASK)}
    assert "the mask changes" in refused("echo", over["m_h"], net(state_per_step))
    assert verdict("echo", over["m_x"], {"echo": net(state_per_step)}).passed
    assert "were kept at the first step" in refused("echo", over["m_h"], net(late))
    assert over["m_h"].sentence == "uses one and the same mask at every step of a sequence (m_h)"
    assert over["m_h"].name == "shares_its_mask_over_time of m_h(p=0.3)"
    alike = through(STATE_MASK, c.treats_examples_apart(p=P, **MASK, shape=(64, 64)))
    assert "neighbouring rows agree = 1.0000" in refused("echo", alike, net(shared))


def test_masks_from_one_draw_are_refused() -> None:
    got = refused("echo", c.draws_two_masks(p=P), net(one_draw))
    assert got.startswith(
        "share of units on which m_x and m_h agree = 1.0000 | 0.5800, by chance 0.5")


def test_states_outside_a_tanh_are_refused() -> None:
    wrong = lambda *a: (np.nan * echo(*a)[0], None)  # noqa: E731
    check = through(INPUT_MASK, c.drops_some_and_keeps_some(p=P, **MASK))
    assert "a state is nan | a number between -1 and 1" in refused("echo", check, wrong)


def test_a_network_without_tanh_shows_its_masks_nevertheless() -> None:
    def linear(x: Array, h0: Array, U: Array, V: Array, b: Array, p: float, r: float, rng: Any,
               train: bool = True) -> Any:
        m, k, h = coins((len(x), x.shape[2]), p, rng), coins(h0.shape, r, rng), [h0]
        for t in range(x.shape[1]):
            h.append((x[:, t] * m) @ U + (h[-1] * k) @ V + b)
        return np.stack(h[1:], 1), None

    for lens in (INPUT_MASK, STATE_MASK):
        for check in (c.shares_its_mask_over_time(p=P), c.drops_the_right_share(p=P, **MASK),
                      c.scales_the_survivors(p=P, **MASK)):
            assert verdict("echo", through(lens, check), {"echo": linear}).passed


def test_masked_states_are_no_whole_states() -> None:
    def holes(x: Array, h0: Array, *others: Any, **flags: Any) -> Any:
        h, cache = echo(x, h0, *others, **flags)
        return h * cache[-1], cache

    assert ("returned states are 0 | none of "
            "them" in refused("echo", c.returns_whole_states(rates=(P, 0.2)), holes))


def test_training_states_are_compared_given_their_masks() -> None:
    for wrong in (net(late), net(state_per_step), behind):
        assert refused("echo", c.masks_what_goes_to_the_weights(), wrong).startswith("h[0, ")
    # whose masks these are is another matter
    assert verdict("echo", c.masks_what_goes_to_the_weights(), {"echo": net(shared)}).passed


def enlarged(place: int) -> Callable[..., Any]:
    """A backward function one of whose gradients is one per cent too large."""
    return lambda dh, cache: tuple(1.01 * g if k == place else g
                                   for k, g in enumerate(back(dh, cache)))


def test_a_wrong_gradient_is_named_with_both_numbers() -> None:
    for name, at in (("dh0", 1), ("dU", 2), ("dV", 3), ("db", 4)):
        check = c.has_the_right_gradient(name=name, **NET_BACK)
        found = verdict("echo", check, {"back": enlarged(at)})
        assert found.outcome is Outcome.FAILED
        assert f"the derivative along a random direction of {name[1:]} is " in found.got
        assert "relative error 0.0" in found.got
        assert found.wanted.endswith("by finite differences of echo")
    deaf = verdict("echo", c.has_the_right_gradient(name="dx", **NET_BACK),
                   {"echo": lambda x, *a, **k: echo(0 * x, *a, **k)})
    assert (f"{deaf.got} | {deaf.wanted}"
            == "echo gives the same whatever x is | an output that depends on x")
    four = verdict("echo", c.has_the_right_gradient(name="db", **NET_BACK),
                   {"back": lambda dh, cache: back(dh, cache)[:4]})
    assert (f"{four.got} | {four.wanted}"
            == "the function returned a tuple of 4 | (dx, dh0, dU, dV, db)")


def test_a_cache_outside_the_cache_is_refused() -> None:
    latest: list[Any] = []

    def wrong(*a: Any, **k: Any) -> Any:
        h, cache = echo(*a, **k)
        latest[:] = [cache]
        return h, None

    check = c.keeps_two_passes_apart(first=NET["given"], second=SHORT, rates=(P, 0.2),
                                     forward="echo", backward="back")
    behind = {"echo": wrong, "back": lambda dh, cache: back(
        np.resize(dh, (*latest[0][0].shape[:2], 6)), latest[0])}
    found = verdict("echo", check, behind)
    assert found.outcome is Outcome.FAILED
    assert "dx" in found.got
    lines = {"back": lambda dh, cache: (*back(dh, cache)[:-1], back(dh, cache)[-1][None])}
    assert verdict("echo", check, lines).passed, "that db has another shape is charged elsewhere"


# --------------------------------------------------------------------------- manners of all of them
def test_manners_are_told_apart() -> None:
    def draws_anyway(x: Array, p: float, rng: Any, train: bool = True) -> Any:
        if rng is not None:
            rng.random()
        return steady(x, p, rng, train)

    def overwrites(x: Array, p: float, rng: Any, train: bool = True) -> Any:
        out, m = steady(x, p, rng, train)
        x *= m
        return out, m

    wide = lambda x, p, rng, train=True: steady(x.astype(float), p, rng, train)  # noqa: E731
    bold = lambda x, p, rng, train=True: steady(x, min(max(p, 0), 1), rng, train)  # noqa: E731
    assert refused("steady", c.needs_no_chance_at_test_time(**ONE),
                   draws_anyway).startswith("the random generator moved on")
    assert (refused("steady", c.leaves_its_arguments_alone(via=c.forwards(**ONE)), overwrites)
            == "x was changed by the call | x as it was")
    assert refused("steady", gives("float32", **ONE), wide) == "out.dtype = float64 | float32"
    refuses = c.raises_value_error(case="p = 1.5", via=c.with_a_rate_of(1.5, **ONE))
    assert refused("steady", refuses, bold) == "the function returned | ValueError"
    halves = lambda x, p, rng, train=True: (x if train else x / 2, None)  # noqa: E731
    assert "out[0, 0, 0] = " in refused("steady", c.drops_nothing_when_all_rates_are_zero(**ONE),
                                        halves)


# --------------------------------------------------------------------------------- masks on weights
def masked(shape: Callable[[Array, Array], tuple[int, ...]],
           on_bias: bool = False) -> Callable[..., Any]:
    """The layer with masks of another shape, which NumPy then repeats."""

    def wrong(x: Array, W: Array, b: Array, p: float, rng: Any, train: bool = True) -> Any:
        m = coins(shape(x, W), p, rng, train) + np.zeros((len(x), *W.shape))
        bias = b * coins((len(x), len(b)), p, rng, train) if on_bias else b
        return np.einsum("ni,nio->no", x, m * W) + bias, (x, W, m)

    return wrong


@pytest.mark.parametrize(
    ("shape", "word"),
    [
        (lambda x, W: (1, *W.shape), "examples"),
        (lambda x, W: (len(x), len(W), 1), "outputs (columns of W)"),
        (lambda x, W: (len(x), 1, W.shape[1]), "inputs (rows of W)"),
    ],
)
def test_shared_coins_are_found_along_each_axis(shape: Any, word: str) -> None:
    got = refused("sparse", c.throws_a_coin_for_each_weight(p=P), masked(shape))
    assert got.startswith(f"share of weights on which the masks of neighbouring {word} agree = "
                          "1.0000 | 0.5800, by chance 0.5")


def test_a_fixed_number_of_weights_is_no_coin_for_each() -> None:
    def exact(x: Array, W: Array, b: Array, p: float, rng: Any, train: bool = True) -> Any:
        kept = np.stack([rng.permutation(W.size) >= round(p * W.size) for _ in x]).reshape(
            -1, *W.shape)
        return (x[:, None] @ (kept * W / (1 - p)))[:, 0] + b, None

    assert refused("sparse", c.throws_a_coin_for_each_weight(p=P),
                   exact).startswith("every example keeps exactly 403 of 576 weights")


def test_what_is_no_mask_on_weights_is_said_so() -> None:
    noise = lambda x, W, b, p, rng, train=True: (x @ W + rng.normal(size=(len(x), len(b))), None)  # noqa: E731
    assert refused("sparse", c.throws_a_coin_for_each_weight(p=P),
                   noise).startswith("the output is no sum of weights that were each")
    assert refused("sparse", c.sums_kept_weights(p=P),
                   noise).startswith("some outputs are no sum of kept weights | x @ (kept weights)")


def test_the_bias_is_watched() -> None:
    wrong = masked(lambda x, W: (len(x), *W.shape), on_bias=True)
    assert ("outputs are 0 for x = 0 | the bias of their "
            "unit" in refused("sparse", c.never_drops_the_bias(p=P), wrong))
    scaled = lambda x, W, b, p, rng, train=True: sparse(x, W, b / (1 - p) if p < 1 else b,  # noqa: E731
                                                        p, rng, train)
    assert "out (for x = 0)[0, 0] = " in refused("sparse", c.never_drops_the_bias(p=P), scaled)
    nan = lambda x, W, b, p, rng, train=True: sparse(x, W, b * (1 - p) / np.float64(1 - p),  # noqa: E731
                                                     p, rng, train)
    assert "out[0, 0] = nan" in refused("sparse", c.leaves_the_bias_alone_at_one(), nan)


def test_a_gradient_through_dropped_weights_is_refused() -> None:
    check = c.sends_gradient_through_kept_weights_only(p=P, backward="sparse_back")
    plain = verdict("sparse", check, {
        "sparse_back": lambda dout, cache: (dout @ cache[1].T, *sparse_back(dout, cache)[1:])})
    assert plain.got.endswith("dropped weights sent a gradient back")
    silent = verdict("sparse", check, {
        "sparse_back": lambda dout, cache: (0 * cache[0], *sparse_back(dout, cache)[1:])})
    assert silent.got.endswith("kept weights sent no gradient back")


def test_training_outputs_are_compared_given_their_masks() -> None:
    wrong = lambda x, W, b, p, rng, train=True: sparse(x**2, W, b, p, rng, train)  # noqa: E731
    assert refused("sparse", c.sums_kept_weights(p=P),
                   wrong).startswith("some outputs are no sum of kept weights")


# ----------------------------------------------------------------------------- layers with a memory
class Stubborn(Layer):
    def fits(self, x: Array) -> bool:
        return self.mask.size > 0


class Opposite(Layer):
    def forward(self, x: Array, rng: Any, train: bool = True, same_mask: bool = False) -> Array:
        return super().forward(x, rng, train, not same_mask)


class Cutting(Layer):
    def forward(self, x: Array, rng: Any, train: bool = True, same_mask: bool = False) -> Array:
        if not train or not same_mask or len(self.mask) < len(x):
            return super().forward(x, rng, train, same_mask)
        return x * self.mask[: len(x)]


class Forgetful(Layer):
    def test(self, x: Array) -> Array:
        self.mask = np.zeros((0, 0, 0))
        return x


class Restless(Layer):
    def draw(self, x: Array, rng: Any) -> Array:
        return coins(x.shape, self.p, rng)


class Faithful(Layer):
    """Keeps the mask of its first call."""

    def forward(self, x: Array, rng: Any, train: bool = True, same_mask: bool = False) -> Array:
        out = super().forward(x, rng, train, False)
        self.oldest = getattr(self, "oldest", self.mask)
        return x * self.oldest if same_mask else out


class Sharing(Layer):
    """Its mask belongs to the class."""

    common = np.zeros((0, 0, 0))
    mask = property(lambda self: Sharing.common,
                    lambda self, mask: setattr(Sharing, "common", mask))


class Lame(Layer):
    def forward(self, x: Array, rng: Any, train: bool = True, same_mask: bool = False) -> Array:
        return super().forward(x, rng, train, same_mask) * (1 - self.p)


def test_a_layer_that_errs_is_told_how() -> None:
    assert refused("Layer", c.keeps_the_latest_mask(p=0.4),
                   Faithful).startswith("the third call dropped other units: they differ in")
    assert verdict("Layer", c.keeps_its_mask_when_asked(p=0.4), {"Layer": Faithful}).passed
    assert ("dropped other units: those of the other "
            "layer" in refused("Layer", c.keeps_layers_apart(p=0.4), Sharing))
    assert refused("Layer", c.keeps_its_mask_when_asked(p=0.4),
                   Opposite).startswith("the second call dropped other units: they differ in")
    assert refused("Layer", c.draws_again_unless_asked(p=0.4),
                   Opposite).startswith("the second call dropped the units that the first")
    assert "ValueError" in refused("Layer", c.draws_for_another_batch(p=0.4), Stubborn)
    spread = refused("Layer", c.draws_for_another_batch(p=0.4, first=(1, 5, 20), second=(7, 5, 20)),
                     Stubborn)
    assert spread.startswith("all sequences (or all features) of the second batch share one coin")
    assert refused("Layer", c.draws_for_another_batch(p=0.4),
                   Cutting).startswith("the first 6 sequences of both batches are masked alike")
    assert ("after a call at test time the mask is "
            "another" in refused("Layer", c.remembers_through_test_time(p=0.4), Forgetful))
    assert refused("Layer", c.drops_whole_features_of_sequences(p=0.4),
                   Restless).startswith("the mask changes from step to step")
    assert refused("Layer", c.divides_what_it_keeps(p=0.4), Lame).startswith("out / x[")
    # the factor is another matter
    assert verdict("Layer", c.drops_whole_features_of_sequences(p=0.4), {"Layer": Lame}).passed
    swapped = type("Swapped", (Layer,), {
        "draw": lambda self, x, rng: (rng.random((len(x), 1, x.shape[2])) < self.p) / self.p})
    often = refused("Layer", c.drops_features_as_often_as(p=0.2), swapped)
    assert re.match(r"share of dropped features = 0\.[78]\d* \| 0\.2000, by chance", often)
    bold = type("Bold", (Layer,), {
        "draw": lambda self, x, rng: coins((len(x), 1, x.shape[2]), min(max(self.p, 0), 1), rng)})
    assert (refused("Layer", c.knows_the_ends(bad=(1.5,)), bold)
            == "a layer with p = 1.5 was made and used | ValueError")
    timid = type("Timid", (Layer,), {
        "draw": lambda self, x, rng: coins((len(x), 1, x.shape[2]), max(self.p, 0.1), rng)})
    assert "out / x with p = 0[" in refused("Layer", c.knows_the_ends(bad=()), timid)
    lazy = type("Lazy", (Layer,), {"forward": lambda self, x, rng, train=True, same_mask=False: x})
    assert "units were kept" in refused("Layer", c.draws_first_whatever_is_asked(p=0.4), lazy)


# --------------------------------------------------------------------------------- calls of methods
def test_a_method_is_called_and_shown_as_one() -> None:
    script = (Call("Layer", (0.5,), returns=("layer",), ship=()),
              Call(".forward", (Item(0, None, "layer"), np.ones((2, 1, 3)), Seed(3)),
                   {"same_mask": True}, returns=("out",), watch=True))
    made, answer = Local(namespace=RIGHT).ask(script, 5)
    assert made.outcome is answer.outcome is Outcome.PASSED
    assert answer.value.shape == (2, 1, 3)
    assert answer.facts is not None
    assert answer.facts.rng_moved
    assert len(answer.facts.arguments) == 2
    shown = (script[0], Call(".forward", (Item(0, None, "layer"), 1.0, Seed(3)),
                             {"same_mask": True}))
    assert (script_text(shown)
            == "layer = Layer(0.5); layer.forward(1.0, np.random.default_rng(3), same_mask=True)")


def test_a_method_that_is_missing_is_the_students_matter() -> None:
    calls = Call("Layer", (), returns=("layer",),
                 ship=()), Call(".forward", (Item(0, None, "layer"), 1.0))
    subject = Local(namespace={"Layer": lambda: 3})
    assert (
        subject.ask(calls, 5)[1].error == "AttributeError: 'int' object has no attribute 'forward'")
    found = verdict("Layer", c.draws_first_whatever_is_asked(p=0.4), {"Layer": lambda p: 3})
    assert found.outcome is Outcome.RAISED
    assert found.got == "forward raised AttributeError: 'int' object has no attribute 'forward'"
    (nothing,) = Local(namespace={}).ask([Call(".forward")], 5)
    assert nothing.error == "NameError: .forward is not defined"


# -------------------------------------------------------------------------------------------- facts
def word(fact: Symptom, name: str, wrong: Functions | None = None) -> str:
    return fact.look(Exam(name, Local(namespace={"np": np, **RIGHT, **(wrong or {})}), "fact"))


def unmasked_back(dh: Array, cache: Any) -> Any:
    x, h, U, V, m, k = cache
    return back(dh, (x, h, U, V, m, np.ones_like(k)))


def half_dw(dout: Array, cache: Any) -> Any:
    dx, dw, db = sparse_back(dout, cache)
    return dx, (1 - P) * dw, db


def summed(dout: Array, cache: Array) -> Array:
    return np.asarray((dout * cache).sum(1, keepdims=True) + 0 * dout)


def scribbling(dout: Array, cache: Array) -> Array:
    dout *= cache
    return dout


def own_coins(function: Callable[..., Any]) -> Callable[..., Any]:
    """The same function with a generator of its own in place of the one that it is handed."""
    return lambda *arguments, train=True: function(*arguments[:-1], np.random.default_rng(), train)


def steeper(slope: Callable[[Array], Array]) -> Callable[..., Any]:
    """Back through time with another slope of the tanh."""

    def wrong(dh: Array, cache: Any) -> Any:
        x, h, U, V, m, k = cache
        down, later = np.zeros(x.shape), 0 * h[0]
        dU, dV, db = 0 * U, 0 * V, 0 * V[0]
        for t in range(x.shape[1] - 1, -1, -1):
            e = (dh[:, t] + later) * slope(h[t + 1])
            dU, dV, db = dU + (x[:, t] * m[:, t]).T @ e, dV + (h[t] * k[:, t]).T @ e, db + e.sum(0)
            down[:, t], later = e @ U.T * m[:, t], e @ V.T * k[:, t]
        return down, later, dU, dV, db

    return wrong


def behind(x: Array, h0: Array, U: Array, V: Array, b: Array, p: float, r: float, rng: Any,
           train: bool = True) -> Any:
    """A recurrent network whose mask falls on what comes out of V."""
    m, k = coins((len(x), x.shape[2]), p, rng, train), coins(h0.shape, r, rng, train)
    h = [h0]
    for t in range(x.shape[1]):
        h.append(np.tanh((x[:, t] * m) @ U + (h[-1] @ V) * k + b))
    return np.stack(h[1:], 1), None


def plain_back(dout: Array, cache: Any) -> Any:
    x, W, _ = cache
    return dout @ W.T, x.T @ dout, dout.sum(0)


class Scribbling(Layer):
    def forward(self, x: Array, rng: Any, train: bool = True, same_mask: bool = False) -> Array:
        out = super().forward(x, rng, train, same_mask)
        x *= 2
        return out


class Damped(Layer):
    def test(self, x: Array) -> Array:
        return x * (1 - self.p)


def test_what_is_handed_over_stays_as_it_was() -> None:
    backward = c.leaves_its_arguments_alone(via=c.backwards(**ONE_BACK))
    assert "dout was changed by the call" in refused("steady", backward, steady,
                                                     {"times": scribbling})
    layer = c.leaves_its_arguments_alone(via=c.in_both_modes(c.a_layer, 0.4))
    assert refused("Layer", layer, Scribbling).startswith("x was changed by the call")


def single(function: Callable[..., Any]) -> Callable[..., Any]:
    """The same function on float32 numbers, whatever it is given."""

    def inner(*arguments: Any, **flags: Any) -> Any:
        out, cache = function(*(np.float32(a) if isinstance(a, np.ndarray) else a
                                for a in arguments), **flags)
        return np.float32(out), cache

    return inner


@pytest.mark.parametrize(("name", "check"), [(n, k) for n, k in CASES if n != "Layer"
                                             and not k.verb.startswith("gives_the_dtype")])
def test_float32_throughout_is_charged_by_one_sentence_only(name: str, check: Check) -> None:
    found = verdict(name, check, {name: single(RIGHT[name])})
    assert found.passed, f"{check.name}: {found.got} | {found.wanted}"


def test_float32_for_float64_is_refused_and_is_a_fact() -> None:
    check = gives("float64", **NET)
    assert refused("echo", check, single(echo)) == "out.dtype = float32 | float64"
    assert word(s.dtypes(**NET), "echo", {"echo": single(echo)}) == "always float32"


GRADIENTS = [(name, check) for name, check in CASES
             if check.verb in ("has_the_right_gradient", "keeps_two_passes_apart")]


@pytest.mark.parametrize(("name", "check"), GRADIENTS)
def test_a_generator_of_ones_own_is_no_wrong_gradient(name: str, check: Check) -> None:
    assert verdict(name, check, {name: own_coins(RIGHT[name])}).passed


ONE_PASS = (
    ("echo", c.masks_what_goes_to_the_weights()),
    ("sparse", c.sums_kept_weights(p=P)),
    ("sparse", c.sends_gradient_through_kept_weights_only(p=P, backward="sparse_back")),
    *(("echo", c.has_the_right_gradient(name=f"d{name}", **NET_BACK, model=w.through_time))
      for name in NET["given"]),
    *(("sparse", c.has_the_right_gradient(name=f"d{name}", **FLAT_BACK, model=w.through_weights))
      for name in FLAT["given"]),
)


@pytest.mark.parametrize(("name", "check"), ONE_PASS)
def test_masks_that_cannot_be_repeated_are_read_off_one_pass(name: str, check: Check) -> None:
    assert verdict(name, check, {name: own_coins(RIGHT[name])}).passed
    assert verdict(name, check, {name: own_coins(single(RIGHT[name]))}).passed


def test_a_gradient_without_its_masks_is_seen_though_no_seed_repeats() -> None:
    through_time = c.has_the_right_gradient(name="dV", **NET_BACK, model=w.through_time)
    assert not verdict("echo", through_time,
                       {"echo": own_coins(echo), "back": unmasked_back}).passed
    through_weights = c.has_the_right_gradient(name="dW", **FLAT_BACK, model=w.through_weights)
    assert not verdict("sparse", through_weights,
                       {"sparse": own_coins(sparse), "sparse_back": half_dw}).passed
    found = w.wrong_gradients(**FLAT_BACK, model=w.through_weights)
    assert (word(found, "sparse", {"sparse": own_coins(sparse), "sparse_back": half_dw})
            == "dW (times 1-p)")


def along_the_first_axis(x: Array, *others: Any, **flags: Any) -> Any:
    h, cache = echo(x.transpose(1, 0, 2), *others, **flags)
    return h.transpose(1, 0, 2), cache


def test_the_axis_of_time_and_clipped_gradients_are_facts() -> None:
    assert word(s.first_axis(), "echo") == "examples"
    assert word(s.first_axis(), "echo", {"echo": along_the_first_axis}) == "time"
    assert word(s.scaled_gradients(**NET_BACK), "echo") == "in step"
    clipped = {"back": lambda dh, cache: tuple(np.clip(g, -1, 1) for g in back(dh, cache))}
    assert word(s.scaled_gradients(**NET_BACK), "echo", clipped) == "not in step"
    always = {"back": lambda dh, cache: tuple(np.ones_like(g) for g in back(dh, cache))}
    assert word(s.scaled_gradients(**NET_BACK), "echo", always) == "always the same"
    rng = np.random.default_rng(5)
    anew = {"back": lambda dh, cache: tuple(g * rng.random(g.shape) for g in back(dh, cache))}
    assert word(s.scaled_gradients(**NET_BACK), "echo", anew) == "drawn anew"


def twice_wrong(dh: Array, cache: Any) -> Any:
    """Errors without the slope of the tanh, averages in place of sums, and nothing for h0."""
    dx, dh0, dU, dV, db = steeper(np.ones_like)(dh, cache)
    return dx, 0 * dh0, dU / len(dx), dV / len(dx), db / len(dx)


def keeping(x: Array, h0: Array, U: Array, V: Array, b: Array, p: float, r: float, rng: Any,
            train: bool = True) -> Any:
    """Rates of 0 drop all."""
    return echo(x, h0, U, V, b, 1 - p, 1 - r, rng, train)


def nothing_dropped(x: Array, h0: Array, U: Array, V: Array, b: Array, p: float, r: float, rng: Any,
                    train: bool = True) -> Any:
    """The network with rates of 0, whatever they are."""
    return echo(x, h0, U, V, b, 0.0, 0.0, rng, train)


def holes(keeps_h0: bool) -> Callable[..., Any]:
    """A recurrent network that returns masked states; its mask falls on h0 as well, or does not."""

    def wrong(x: Array, h0: Array, U: Array, V: Array, b: Array, p: float, r: float, rng: Any,
              train: bool = True) -> Any:
        m, k = coins((len(x), x.shape[2]), p, rng, train), coins(h0.shape, r, rng, train)
        h = [h0 if keeps_h0 else h0 * k]
        for t in range(x.shape[1]):
            h.append(np.tanh((x[:, t] * m) @ U + h[-1] @ V + b) * k)
        return np.stack(h[1:], 1), None

    return wrong


WAYS_BACK = (w.way_of_errors, w.way_to_h0, w.sums_of_weights, w.state_of_dWh)
DEEP = {"x": (3, 4, 7), "h0": (3, 5), "U": (7, 5), "V": (5, 5), "b": (5,)}
DEEP_BACK: dict[str, Any] = {**NET_BACK, "given": DEEP}
MASKED = {
    name: getattr(masked_ways, f"masked_in_{name}")(forward="echo", backward="back")
    for name in ("dx", "dh0", "dWx", "dWh")
}
WAYS: tuple[tuple[Symptom, str, Functions, str], ...] = (
    *((masked, "echo", {}, "a mask") for masked in MASKED.values()),
    *((masked, "echo", {"echo": own_coins(echo)}, "a mask") for masked in MASKED.values()),
    *((MASKED[name], "echo", {"back": unmasked_back}, "no mask") for name in ("dh0", "dWh")),
    *((MASKED[name], "echo", {"back": unmasked_back}, "a mask") for name in ("dx", "dWx")),
    *((MASKED[name], "echo", {"back": twice_wrong}, "a mask") for name in ("dx", "dWx", "dWh")),
    (MASKED["dh0"], "echo", {"back": twice_wrong}, "0"),
    *((masked, "echo", {"echo": nothing_dropped}, "nothing dropped")
      for masked in MASKED.values()),
    *((masked, "echo", {"echo": holes(True)}, "unclear") for masked in MASKED.values()),
    (w.mask_on_the_way_back(**ONE_BACK), "steady", {}, "the same mask"),
    (w.mask_on_the_way_back(**ONE_BACK), "steady", {"steady": own_coins(steady)}, "the same mask"),
    (w.mask_on_the_way_back(**ONE_BACK), "steady", {"times": summed}, "the sum over the steps"),
    (w.mask_on_the_way_back(**ONE_BACK), "steady",
     {"times": lambda dout, cache: dout + 0}, "no mask"),
    *((way(**DEEP_BACK), "echo", back, "right") for way in WAYS_BACK
      for back in ({}, {"back": unmasked_back}, {"echo": own_coins(echo)})),
    (w.way_of_errors(**DEEP_BACK), "echo", {"back": steeper(lambda h: 1 - h)}, "the slope 1 - h"),
    (w.way_of_errors(**DEEP_BACK), "echo", {"back": steeper(np.ones_like)}, "no slope"),
    (w.sums_of_weights(**DEEP_BACK), "echo", {"back": twice_wrong}, "averages over the examples"),
    (w.way_of_errors(**DEEP_BACK), "echo", {"back": twice_wrong}, "no slope"),
    (w.way_to_h0(**DEEP_BACK), "echo", {"back": twice_wrong}, "nothing"),
    (w.state_of_dWh(**DEEP_BACK), "echo", {"back": twice_wrong}, "right"),
    *((way(**DEEP_BACK), "echo", {"echo": keeping}, "not a usable result") for way in WAYS_BACK),
    (w.place_of_the_state_mask(), "echo", {}, "the state"),
    (w.place_of_the_state_mask(), "echo", {"echo": behind}, "what comes out of Wh"),
    (w.way_through_weights(of="x", **FLAT_BACK), "sparse", {}, "right"),
    (w.way_through_weights(of="W", **FLAT_BACK), "sparse", {}, "right"),
    (w.way_through_weights(of="x", **FLAT_BACK), "sparse", {"sparse_back": plain_back},
     "through all weights"),
    (w.way_through_weights(of="W", **FLAT_BACK), "sparse", {"sparse_back": plain_back},
     "of all examples"),
    (w.way_through_weights(of="W", **FLAT_BACK), "sparse", {"sparse_back": half_dw},
     "without the factor"),
    (w.wrong_gradients(**ONE_BACK), "steady", {"steady": own_coins(steady)},
     "unknown: the same seed gives another output"),
    (s.another_batch(first=6, second=6, features=(1, 20)), "Layer", {}, "drawn"),
    (s.another_batch(first=6, second=6, features=(1, 20)), "Layer", {"Layer": Stubborn},
     "the old mask is spread"),
    (s.memory(), "Layer", {}, "its own"),
    (s.memory(), "Layer", {"Layer": Opposite}, "its own"),
    (s.memory(), "Layer", {"Layer": Sharing}, "that of the other"),
    (s.layer_at_test_time(), "Layer", {}, "1"),
    (s.layer_at_test_time(), "Layer", {"Layer": Damped}, "1-p"),
    (g.arguments_after(via=c.a_layer(0.3)), "Layer", {}, "kept"),
    (g.arguments_after(via=c.a_layer(0.3)), "Layer", {"Layer": Scribbling}, "overwritten"),
)


def without_bias(x: Array, h0: Array, U: Array, V: Array, b: Array, p: float, r: float, rng: Any,
                 train: bool = True) -> Any:
    return echo(x, h0, U, V, 0 * b, p, r, rng, train)


def one_step_late(x: Array, h0: Array, U: Array, V: Array, b: Array, p: float, r: float, rng: Any,
                  train: bool = True) -> Any:
    h, cache = echo(x, h0, U, V, b, p, r, rng, train)
    return np.concatenate([h0[:, None], h[:, :-1]], axis=1), cache


def divided(eps: float = 0.0, number: Callable[[float], Any] = float) -> Callable[..., Any]:
    """Dropout of sequences that divides by 1 - p + eps, whatever p is."""

    def wrong(x: Array, p: float, rng: Any, train: bool = True) -> Any:
        m = (rng.random((len(x), 1, x.shape[2])) >= p) * (1 / number(1 - p + eps)) if train else 1.0
        return x * m, m

    return wrong


class Near(Layer):
    def draw(self, x: Array, rng: Any) -> Array:
        return super().draw(x, rng) * (1 - 1e-8)


NEW_FACTS: tuple[tuple[Symptom, str, Functions, str], ...] = (
    (seen_through(STATE_MASK, s.multiplier()), "echo", {"echo": nothing_dropped},
     "nothing dropped"),
    (seen_through(STATE_MASK, s.multiplier()), "echo", {"echo": without_bias},
     "not a usable result"),
    (seen_through(INPUT_MASK, s.over_time()), "echo", {"echo": one_step_late},
     "nothing at the first step"),
    (seen_through(SEQUENCES, s.digits()), "steady", {}, "double"),
    (seen_through(STATE_MASK, s.digits()), "echo", {}, "double"),
    *((seen_through(SEQUENCES, s.digits()), "steady", {"steady": divided(eps)}, "about")
      for eps in (1e-10, 1e-8, 1e-6)),
    (seen_through(SEQUENCES, s.at_one()), "steady", {"steady": divided()}, "divides by zero"),
    (seen_through(SEQUENCES, s.at_one()), "steady", {"steady": divided(number=np.float64)},
     "divides by zero"),
    (s.returned_states(), "echo", {}, "whole"),
    (s.returned_states(), "echo", {"echo": holes(keeps_h0=False)}, "masked, as h0 is"),
    (s.returned_states(), "echo", {"echo": holes(keeps_h0=True)}, "masked in place of h0"),
    (g.arguments_after(via=c.backwards(**ONE_BACK)), "steady", {}, "kept"),
    (g.arguments_after(via=c.backwards(**ONE_BACK)), "steady", {"times": scribbling},
     "overwritten"),
    (w.wrong_gradients(**ONE_BACK, train=False), "steady",
     {"times": lambda dout, cache: dout + None}, "raises in backward"),
    (w.wrong_gradients(**ONE_BACK), "steady", {"steady": lambda x, p, rng, train=True: x + None},
     "not a usable result"),
    (s.layer_factor(), "Layer", {"Layer": Near}, "about 1/(1-p)"),
)
FACTS: tuple[tuple[Symptom, str, Functions, str], ...] = (
    (seen_through(SEQUENCES, f.drop_share(**MASK)), "steady", {}, "p"),
    (seen_through(SEQUENCES, f.rows(**MASK)), "steady", {"steady": time_first}, "shared"),
    (seen_through(SEQUENCES, s.over_time()), "steady", {}, "one mask"),
    (seen_through(SEQUENCES, s.over_time()), "steady", {"steady": per_step},
     "a mask for each step"),
    (seen_through(STATE_MASK, s.over_time()), "echo", {"echo": net(late)},
     "from the second step on"),
    (seen_through(STATE_MASK, s.multiplier()), "echo", {}, "1/(1-p)"),
    (seen_through(INPUT_MASK, s.at_one()), "echo", {}, "zeros"),
    (seen_through(ONE_ROW, f.outside(via="mask")), "sparse", {}, "ValueError"),
    (s.two_masks(), "echo", {}, "apart"),
    (s.two_masks(), "echo", {"echo": net(one_draw)}, "alike"),
    (g.arguments_after(via=c.forwards(**NET)), "echo", {}, "kept"),
    (s.dtypes(**ONE), "steady", {}, "float32"),
    (s.dtypes(**ONE), "steady", {"steady": per_step}, "float64"),
    (s.chance_at_test_time(**FLAT), "sparse", {}, "no matter of p"),
    (w.wrong_gradients(**NET_BACK), "echo", {}, "none"),
    (w.wrong_gradients(**{**NET_BACK, "given": SHORT}), "echo", {"back": unmasked_back}, "dh0, dV"),
    (w.wrong_gradients(**{**NET_BACK, "given": SHORT}), "echo",
     {"back": lambda *a: (0, *back(*a)[1:])}, "dx (another shape)"),
    (w.wrong_gradients(**FLAT_BACK), "sparse", {"sparse_back": half_dw}, "dW (times 1-p)"),
    (s.pass_remembered(**NET_BACK), "echo", {}, "its own"),
    (s.pass_remembered(**NET_BACK), "echo", {"echo": own_coins(echo)},
     "unknown: the same seed gives another output"),
    (s.coins(), "sparse", {}, "one for each weight"),
    (s.coins(), "sparse", {"sparse": masked(lambda x, W: (1, *W.shape))}, "shared by all examples"),
    (s.coins(), "sparse", {"sparse": masked(lambda x, W: (len(x), 1, 1))},
     "shared by all inputs and outputs"),
    (s.bias(), "sparse", {}, "1"),
    (s.bias(), "sparse",
     {"sparse": masked(lambda x, W: (len(x), *W.shape), on_bias=True)}, "dropped"),
    (s.weights_at_test_time(), "sparse", {}, "1"),
    (s.layer_share(), "Layer", {}, "p"),
    (s.layer_factor(), "Layer", {}, "1/(1-p)"),
    (s.layer_factor(), "Layer", {"Layer": Lame}, "1"),
    (s.next_call(same_mask=True), "Layer", {}, "kept"),
    (s.next_call(same_mask=True), "Layer", {"Layer": Opposite}, "drawn"),
    (s.next_call(same_mask=False), "Layer", {}, "drawn"),
    (s.another_batch(first=8, second=6), "Layer", {}, "drawn"),
    (s.another_batch(first=8, second=6), "Layer", {"Layer": Stubborn}, "raises ValueError"),
    (s.another_batch(first=1, second=6), "Layer", {"Layer": Stubborn}, "the old mask is spread"),
    (s.another_batch(first=8, second=6), "Layer", {"Layer": Cutting}, "the old mask is cut"),
    (s.after_test_time(), "Layer", {}, "kept"),
    (s.after_test_time(), "Layer", {"Layer": Forgetful}, "drawn"),
    *WAYS,
    *NEW_FACTS,
)


@pytest.mark.parametrize(("fact", "name", "wrong", "expected"), FACTS,
                         ids=[f"{f.name}-{k}" for k, (f, *_) in enumerate(FACTS)])
def test_facts_are_right(fact: Symptom, name: str, wrong: Functions, expected: str) -> None:
    assert word(fact, name, wrong) == expected


@pytest.mark.parametrize(("factors", "expected"), [
    ([1.0, 1.0], "no mask"), ([2.0, 0.0], "a mask"), ([0.0, 0.0], "0"), ([1e-9, 0.0], "0"),
    ([1.0, 2.0], "other"), ([np.nan, 1.0], "other"), ([np.inf, np.inf], "other"),
])
def test_what_stands_beside_an_error_has_a_word(factors: list[float], expected: str) -> None:
    assert masked_ways._pattern(np.array(factors)) == expected
