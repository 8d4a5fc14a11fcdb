"""The verbs about many passes: right committees pass, wrong ones are refused in words; junk."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from autograder.checks_api import symptoms as t
from autograder.dropout.uncertainty import checks as c
from autograder.dropout.uncertainty import symptoms as u
from autograder.dropout.values import softmax
from autograder.model import Check, Outcome
from autograder.tests.one_toy import Function, fact, passes, told, verdict
from autograder.tests.toys import junk, kinds_of_junk

Array = np.ndarray[Any, Any]


# ------------------------------------------------------------------------------ passes of a network
def committee(forward: Function, x: Array, T: int, rng: Any) -> Array:
    """The softmax of T calls."""
    return np.stack([softmax(forward(x, rng)) for _ in range(T)])


def children(forward: Function, x: Array, T: int, rng: Any) -> Any:
    """Each pass with a generator of its own, the last one first."""
    return [softmax(forward(x, child)).tolist() for child in reversed(rng.spawn(T))]


def tiled(forward: Function, x: Array, T: int, rng: Any) -> Array:
    """All passes in one call."""
    return softmax(forward(np.tile(x, (T, 1)), rng)).reshape(T, len(x), -1)


ROWS = c.gives_probabilities_for_each_pass()
SOFTMAX = c.is_the_softmax_of_each_pass()
ANEW = c.draws_anew_in_each_pass()
VAIN = c.makes_no_pass_in_vain()
HANDED = c.draws_from_rng(via=c.fair_passes())
OF_PASSES = [ROWS, SOFTMAX, ANEW, VAIN, HANDED]


@pytest.mark.parametrize("function", [committee, children, tiled])
@pytest.mark.parametrize("check", [*OF_PASSES, c.is_the_softmax_of_each_pass(passes=1, examples=1)],
                         ids=lambda check: check.name)
def test_every_use_of_the_generator_is_right(check: Check, function: Function) -> None:
    for sweep in range(2):
        passes(check, function, f"sweep {sweep}")


def test_what_are_no_probabilities_is_refused() -> None:
    scores = lambda f, x, T, rng: np.stack([f(x, rng) for _ in range(T)])  # noqa: E731
    assert told(ROWS, scores).endswith("| probabilities of finite scores: positive numbers")
    assert (told(ROWS, lambda f, x, T, rng: committee(f, x, T, rng).mean(axis=0))
            == "probs.shape = (7, 3) | (5, 7, 3)")
    assert (told(ROWS, lambda f, x, T, rng: 2 * committee(f, x, T, rng))
            == "probs.sum(axis=2)[0, 0] = 2 | 1 (35 of 35 differ)")
    assert told(ROWS, lambda f, x, T, rng: committee(f, x, T, rng) * np.nan).startswith(
        "probs holds nan")


def test_another_softmax_is_refused() -> None:
    warm = lambda f, x, T, rng: np.stack([softmax(f(x, rng) / 2) for _ in range(T)])  # noqa: E731
    assert told(SOFTMAX, warm).startswith("log(probs[:, :, 1] / probs[:, :, 0])[0, 0] = ")
    squeezed = lambda f, x, T, rng: np.stack([softmax(f(x, rng) * [1, 1, 0]) for _ in range(T)])  # noqa: E731
    assert told(SOFTMAX, squeezed).endswith("| the third score, between -4 and -1")


def test_passes_must_differ_and_obey() -> None:
    repeated = lambda f, x, T, rng: np.repeat(committee(f, x, 1, rng), T, axis=0)  # noqa: E731
    assert told(ANEW, repeated) == "pass 1 is the same as pass 0 | noise of its own in each pass"
    averaged = lambda *given: committee(*given).mean(axis=0)  # noqa: E731
    assert told(ANEW, averaged) == "probs.shape = (64, 2) | (5, 64, 2)"
    assert (
        told(ANEW, lambda *given: committee(*given) * np.nan) == "probs holds nan | finite numbers")
    own = lambda f, x, T, rng: committee(f, x, T, np.random.default_rng())  # noqa: E731
    assert told(HANDED, own) == "two generators with the same seed gave different passes | the same"
    frozen = lambda f, x, T, rng: committee(f, x, T, np.random.default_rng(3))  # noqa: E731
    assert (
        told(HANDED, frozen) == "two generators with different seeds gave the same passes | others")


@pytest.mark.parametrize("kept", [slice(1, None), slice(-1)], ids=["but the first", "but the last"])
def test_a_pass_too_many_is_refused_whichever_is_thrown_away(kept: slice) -> None:
    wasteful = lambda f, x, T, rng: committee(f, x, T + 1, rng)[kept]  # noqa: E731
    assert (told(VAIN, wasteful) == "forward was called more often than T times, and raised "
            "RuntimeError | T passes, here 5")
    assert ([fact(u.passes_made(), toy) for toy in (committee, wasteful, lambda *given: 1 / 0)]
            == ["T", "more", "unclear"])


def test_each_pass_stands_for_itself() -> None:
    apart = c.keeps_its_passes_apart()
    for function in (committee, children, tiled):
        passes(apart, function)
    so_far = lambda *given: np.cumsum(committee(*given),  # noqa: E731
                                      axis=0) / np.arange(1, given[2] + 1)[:, None, None]
    assert (told(apart, so_far)
            == "probs[1] is no softmax of the scores of one pass | the softmax of pass 1 alone")


def test_passes_that_are_no_probabilities_may_still_be_fresh() -> None:
    votes = lambda f, x, T, rng: np.stack([np.eye(2)[f(x, rng).argmax(axis=1)] for _ in range(T)])  # noqa: E731
    sideways = lambda *given: committee(*given).swapaxes(0, 1)  # noqa: E731
    averaged = lambda *given: committee(*given).mean(axis=0)  # noqa: E731
    again = c.draws_anew_in_each_call(via=c.fair_passes(3))
    for function in (votes, sideways, lambda *given: np.log(committee(*given))):
        for check in (ANEW, HANDED, again):
            passes(check, function)
    passes(HANDED, averaged)
    numbered = lambda f, x, T, rng: np.stack([f(x, np.random.default_rng(t)) for t in range(T)])  # noqa: E731
    passes(ANEW, numbered)
    assert (told(again, numbered)
            == "a second call with the same generator gave the same passes | another draw")


def test_ten_digits_of_a_sum_are_asked_apart() -> None:
    exact = c.sums_to_one_to_ten_digits()
    passes(exact, committee)
    for more, digits in ((1e-12, True), (1e-8, False), (1e-6, False)):
        near = lambda *given, more=more: committee(*given) / (1 + more)  # noqa: E731
        passes(ROWS, near)
        assert verdict(exact, near).passed == digits


def test_a_refused_call_can_be_pasted() -> None:
    text = verdict(ANEW, lambda f, x, T, rng: np.repeat(committee(f, x, 1, rng), T, axis=0)).call
    assert text.startswith("def fair_scores(x, rng):\n")
    names: dict[str, Any] = {"np": np, "toy": committee}
    first, call = text.rsplit("\n", 1)
    exec(first, names)
    assert eval(call, names), "the passes of the right one differ"


# --------------------------------------------------------------------------------- what passes give
def test_nan_and_warnings_are_heard() -> None:
    check = c.stays_quiet(case="zeros", given=([0.0, 1.0],), names=("a", "b"))
    assert (verdict(check, lambda x: (x, x)).sentence
            == "gives finite numbers and no warning for zeros")
    passes(check, lambda x: (x, [1, 2]))
    assert told(check, lambda x: (x, x * np.nan)) == "b holds nan | finite numbers"
    noisy = told(check, lambda x: (x, np.where(x > 0, np.log(x), 0.0)))
    assert noisy.startswith("NumPy warned: RuntimeWarning: divide by zero")


GIVEN = [[[0.5, 0.25, 0.25], [0.5, 0.375, 0.125]], [[0.25, 0.5, 0.25], [0.25, 0.5, 0.25]],
         [[0.375, 0.375, 0.25], [0.75, 0.125, 0.125]]]
ENTROPY = c.gives_the_entropy_of_its_mean(case="passes", given=GIVEN)
INFORMATION = c.subtracts_the_average_entropy(case="passes", given=GIVEN)
ZEROS = c.counts_zero_log_zero_as_zero(given=GIVEN)


def stats(probs: Array, **change: Any) -> Any:
    """Mean, entropy and mutual information, or something near it."""
    more, unit = change.get("more", 0.0), change.get("unit", lambda K: 1.0)(probs.shape[-1])

    def entropy(p: Array) -> Array:
        logs = np.log(p + more) if more or change.get("nan") else np.log(np.where(p > 0, p, 1.0))
        return -((p + more) * logs).sum(axis=-1) * unit  # type: ignore[no-any-return]

    mean = change.get("mean", lambda probs: probs.mean(axis=0))(probs)
    own = entropy(probs).mean(axis=0)
    return mean, entropy(mean), change.get("information",
                                           lambda total, own: total - own)(entropy(mean), own)


def stats_with(**change: Any) -> Function:
    return lambda probs: stats(probs, **change)


UNITS_OF_ENTROPY: dict[str, Function] = {
    "bits": stats_with(unit=lambda K: 1 / np.log(2)),
    "log K": stats_with(unit=lambda K: 1 / np.log(K)),
    "mean over classes": stats_with(unit=lambda K: 1 / K),
    "no minus": stats_with(unit=lambda K: -1.0),
}


def test_right_stats_are_right() -> None:
    for check in (ENTROPY, INFORMATION, ZEROS):
        passes(check, stats)


@pytest.mark.parametrize("unit", UNITS_OF_ENTROPY)
def test_a_wrong_unit_of_the_entropy_costs_the_entropy(unit: str) -> None:
    assert told(ENTROPY, UNITS_OF_ENTROPY[unit]).startswith("entropy[0] = ")
    passes(INFORMATION, UNITS_OF_ENTROPY[unit])
    passes(ZEROS, UNITS_OF_ENTROPY[unit])


def test_a_wrong_mean_costs_the_mean() -> None:
    for mean in (lambda probs: probs.sum(axis=0),
                 lambda probs: np.exp(np.log(probs + 1e-300).mean(axis=0))):
        for check in (ENTROPY, INFORMATION):
            passes(check, stats_with(mean=mean))


def test_another_difference_is_refused() -> None:
    for wrong in (lambda total, own: own - total, lambda total, own: own, lambda total, own: total):
        passes(ENTROPY, stats_with(information=wrong))
        assert told(INFORMATION,
                    stats_with(information=wrong)).startswith("mutual_information[0] = ")


def test_zeros_are_asked_apart() -> None:
    with np.errstate(all="ignore"):
        careless = stats_with(nan=True)
        passes(ENTROPY, careless)
        assert told(ZEROS, careless) == "entropy holds nan | finite numbers"
    idle = lambda probs: (probs.mean(axis=0), *np.zeros((2, probs.shape[1])))  # noqa: E731
    assert (
        told(ZEROS, idle) == "entropy is 0 whatever the passes say | a number that depends on them")


@pytest.mark.parametrize(("more", "digits"), [(1e-12, True), (1e-10, True), (1e-8, False),
                                              (1e-7, False), (1e-6, False)])
def test_a_little_in_the_logarithm_costs_the_digits_at_most(more: float, digits: bool) -> None:
    near = stats_with(more=more)
    for check in (ENTROPY, INFORMATION, ZEROS):
        passes(check, near)
    exact = c.gives_the_entropy_of_its_mean(case="ten digits", given=GIVEN, tolerance=1e-10)
    assert verdict(exact, near).passed == digits
    assert fact(u.stats_digits(given=GIVEN), near) == ("ten" if digits else "about")


def test_facts_name_what_stats_are() -> None:
    given = {"given": GIVEN}
    made = {name: getattr(u, f"stats_{name}")
            for name in ("mean", "entropy", "unit", "information", "form")}

    def words(function: Function) -> dict[str, str]:
        return {name: fact(make(**given), function) for name, make in made.items()}

    right = {"mean": "average", "entropy": "of the mean", "unit": "nats",
             "information": "difference", "form": "each example"}
    assert words(stats) == right
    for unit, function in UNITS_OF_ENTROPY.items():
        assert words(function) == {**right, "unit": "nats" if unit == "no minus" else unit}
    assert fact(u.stats_sign(**given), UNITS_OF_ENTROPY["no minus"]) == "minus"
    assert fact(u.stats_sign(**given), stats_with(mean=lambda probs: probs.sum(axis=0))) == "plus"
    assert words(stats_with(mean=lambda probs: probs.sum(axis=0))) == {**right, "mean": "sum"}
    assert (words(stats_with(information=lambda total, own: own - total))
            == {**right, "information": "the other way"})
    added = stats_with(information=lambda total, own: total - len(GIVEN) * own)
    turned = lambda probs: (*stats(probs)[:2],  # noqa: E731
                            (probs.mean(0) * np.log(probs.mean(0) / probs)).sum(-1).mean(0))
    for function, word in ((added, "minus the sum"), (turned, "divergence turned round")):
        assert words(function) == {**right, "information": word}
    assert words(lambda probs: tuple(np.mean(part) if k else part
                                     for k, part in enumerate(stats(probs))))["form"] == "all"
    assert fact(u.at_zero(given=[[[1.0, 0.0]], [[0.0, 1.0]]]), stats_with(nan=True)) == "NaN"
    assert fact(u.at_zero(given=[[[1.0, 0.0]], [[0.0, 1.0]]]), stats) == "numbers"
    endless = stats_with(information=lambda total, own: total * np.inf)
    assert fact(u.at_zero(given=[[[1.0, 0.0]], [[0.0, 1.0]]]), endless) == "infinity"


def test_dirichlets_can_be_pasted() -> None:
    given = c.dirichlets(3, 4, 5, alpha=0.1, seed=2)
    assert np.array_equal(eval(given.text, {"np": np}), given.value)
    assert np.allclose(given.value.sum(axis=2), 1)


# ------------------------------------------------------- a softmax layer with dropout on its inputs
def layer(x: Array, W: Array, p: float, T: int, rng: Any, **change: Any) -> Any:
    """Mean and standard deviation over T passes, or something near it."""
    rows = 1 if change.get("mask") == "one per batch" else x.shape[0]
    columns = 1 if change.get("mask") == "one per example" else x.shape[1]
    masks = rng.random((T, rows, columns)) >= p
    if change.get("passes") == "alike":
        masks = np.repeat(masks[:1], T, axis=0)
    scores = x * masks / change.get("scale", lambda p: 1 - p)(p) @ W
    probs = softmax(scores)
    mean = softmax(scores.mean(axis=0)) if change.get("average") == "scores" else probs.mean(axis=0)
    return mean, probs.std(axis=0, ddof=change.get("ddof", 0))


def weights(x: Array, W: Array, p: float, T: int, rng: Any) -> Any:
    """The same with dropped weights."""
    probs = softmax(np.stack([x @ (W * (rng.random(W.shape) >= p)) / (1 - p) for _ in range(T)]))
    return probs.mean(axis=0), probs.std(axis=0)


def changed(**change: Any) -> Function:
    return lambda *arguments: layer(*arguments, **change)


UNITS = c.drops_inputs_of_the_layer(p=0.3)
EXAMPLES = c.drops_for_each_example(p=0.3)
MEAN = c.gives_over_the_passes(p=0.3, name="mean")
STD = c.gives_over_the_passes(p=0.3, name="std")
PASSES = c.drops_for_each_pass(p=0.3)
FROM = t.chance_from("layer_from", via=c.mc_layer(0.3))
COINS = c.draws_from_rng(via=c.mc_layer(0.3))
HEALTHY = [UNITS, EXAMPLES, MEAN, STD, PASSES, COINS,
           c.gives_over_the_passes(p=0.62, name="std", passes=3)]


@pytest.mark.parametrize("check", HEALTHY, ids=lambda check: check.name)
def test_a_healthy_layer_passes(check: Check) -> None:
    for sweep in range(2):
        passes(check, layer, f"sweep {sweep}")


def test_dropped_weights_and_other_factors_are_refused() -> None:
    assert told(UNITS, weights).startswith("with T = 1, mean[0] = (")
    assert "for one of the 16 masks m" in told(UNITS, changed(scale=lambda p: 1))
    assert (told(UNITS, lambda x, W, p, T, rng: (softmax(x @ W / (1 - p)), 0 * x[:, :3]))
            == "240 of 240 units were kept | about 168")


def bare(x: Array, W: Array, p: float, T: int, rng: Any) -> Any:
    """Scores, where probabilities are wanted."""
    scores = x * (rng.random((T, *x.shape)) >= p) / (1 - p) @ W
    return scores.mean(axis=0), scores.std(axis=0)


def test_what_single_passes_give_is_asked_apart() -> None:
    unscaled = changed(scale=lambda p: 1)
    for function in (unscaled, bare):
        for check in (EXAMPLES, MEAN, STD, PASSES, COINS):
            passes(check, function)
    for check in (MEAN, STD):
        passes(check, weights)
        passes(check, changed(mask="one per batch"))
        passes(check, changed(passes="alike"))
    nothing = lambda x, W, p, T, rng: (np.zeros((len(x), W.shape[1])),) * 2  # noqa: E731
    assert (told(MEAN, nothing) == told(STD, nothing)
            == "every pass gives the same | passes that differ")


@pytest.mark.parametrize(("more", "digits"), [(1e-12, True), (1e-8, False), (1e-6, False)])
def test_a_little_in_the_divisor_costs_the_digits_at_most(more: float, digits: bool) -> None:
    near = changed(scale=lambda p: 1 - p + more)
    for check in (UNITS, EXAMPLES, MEAN, STD, PASSES):
        passes(check, near)
    assert verdict(c.is_exact_in_a_single_pass(p=0.3), near).passed == digits
    assert fact(u.layer_digits(), near) == ("ten" if digits else "about")


def test_shared_masks_are_refused() -> None:
    shared = told(EXAMPLES, changed(mask="one per batch"))
    assert shared.startswith(("share of dropped units",
                              "share of units on which neighbouring rows agree = 1.0000"))
    assert told(EXAMPLES, changed(mask="one per example")).startswith(
        "share of units on which neighbouring columns agree = 1.0000")
    assert told(PASSES, changed(passes="alike")).startswith("share of ")
    assert told(PASSES, changed(mask="one per batch")).startswith("share of ")
    assert told(PASSES, lambda x, W, p, T, rng: layer(x, W, p, max(T - 1, 1), rng)).endswith(
        "| such an average")


def test_float32_is_enough_for_probabilities() -> None:
    single = lambda x, W, p, T, rng: tuple(  # noqa: E731
        np.float32(part) for part in layer(np.float32(x), np.float32(W), p, T, rng))
    for check in (MEAN, STD, EXAMPLES, PASSES):
        passes(check, single)
    passes(c.gives_probabilities_for_each_pass(), lambda *a: np.float32(committee(*a)))
    passes(c.is_the_softmax_of_each_pass(), lambda *a: np.float32(committee(*a)))


def test_other_averages_are_refused() -> None:
    assert told(MEAN, changed(average="scores")).endswith("(with T = 1)")
    assert told(STD, changed(ddof=1)).startswith("with T = 2, std[")
    assert "| the std of 2 of " in told(STD, changed(ddof=1))


def with_coins_of(generator: Callable[[Any], Any]) -> Function:
    """The healthy layer with another generator."""
    return lambda x, W, p, T, rng: layer(x, W, p, T, generator(rng))


def test_coins_that_the_seed_does_not_rule_are_refused() -> None:
    own = with_coins_of(lambda rng: np.random.default_rng())
    assert told(COINS, own) == "two generators with the same seed gave different results | the same"
    frozen = with_coins_of(lambda rng: np.random.default_rng(0))
    assert (
        told(COINS, frozen) == "two generators with different seeds gave the same results | others")


def test_facts_say_where_the_coins_come_from() -> None:
    assert fact(FROM, layer) == "given"
    assert fact(FROM, with_coins_of(lambda rng: np.random.default_rng())) == "own"
    assert fact(FROM, with_coins_of(lambda rng: np.random.default_rng(0))) == "frozen"
    assert fact(FROM, with_coins_of(lambda rng: np.random)) == "global"


def ordinary(x: Array, W: Array, p: float, T: int, rng: Any) -> Any:
    """No dropout at all."""
    e = np.exp(x @ W)
    return e / e.sum(axis=1, keepdims=True), np.zeros((len(x), W.shape[1]))


def test_facts_do_not_call_a_layer_without_dropout_shared() -> None:
    assert fact(u.what_is_dropped(), ordinary) == "nothing"
    assert fact(u.dropped_for(), ordinary) == "nothing"
    loud = lambda x, W, p, T, rng: ordinary(x / (1 - p), W, p, T, rng)  # noqa: E731
    assert fact(u.dropped_for(), loud) == "nothing"
    assert (fact(u.what_is_dropped(), lambda x, W, p, T, rng: (np.zeros((len(x), W.shape[1])),) * 2)
            == "all is 0")


def test_facts_name_what_the_layer_does() -> None:
    assert fact(u.what_is_dropped(), layer) == "units"
    assert fact(u.what_is_dropped(), weights) == "weights"
    assert fact(u.what_is_dropped(), changed(scale=lambda p: 1)) == "units"
    assert fact(u.survivors_are(), changed(scale=lambda p: 1)) == "not scaled"
    assert fact(u.dropped_in(), ordinary) == "nothing dropped"
    assert fact(u.dropped_for(), layer) == "each example"
    assert fact(u.dropped_for(), weights) == "the batch"
    assert fact(u.dropped_in(), layer) == "each pass"
    assert fact(u.dropped_in(), changed(passes="alike")) == "all passes alike"
    assert fact(u.share_dropped(), layer) == "p"
    assert fact(u.share_dropped(), weights) == "?"
    assert fact(u.mean_is(), layer) == "what passes give"
    assert fact(u.mean_is(), ordinary) == "a pass without dropout"
    assert fact(u.mean_is(), changed(average="scores")) == "scores before the softmax"
    assert fact(u.std_is(), layer) == "divided by T"
    assert fact(u.std_is(), changed(ddof=1)) == "divided by T-1"


PARTS = {"order": u.order(), "give": u.passes_give(), "drops": u.what_is_dropped(),
         "rest": u.survivors_are(), "for": u.dropped_for(), "in": u.dropped_in(),
         "share": u.share_dropped(), "mean": u.mean_is(), "std": u.std_is(),
         "digits": u.layer_digits()}  # fmt: skip
ODD: dict[str, tuple[Function, dict[str, str]]] = {  # two mistakes each
    "turned": (lambda *given: changed(mask="one per batch")(*given)[::-1],
               {"order": "std, mean", "for": "the batch"}),
    "scores": (lambda x, W, p, T, rng: bare(x, W, 1 - p, T, rng),
               {"give": "scores", "rest": "divided by p", "share": "1-p"}),
    "wholly": (changed(mask="one per example", scale=lambda p: 1),
               {"rest": "not scaled", "for": "all units of an example"}),
    "no mean": (
        lambda *given: (ordinary(*given)[0], weights(*given)[1] ** 2),
        {"drops": "weights", "for": "the batch", "share": "?", "mean": "a pass without dropout",
         "std": "variance"},
    ),
    "float32": (lambda *given: tuple(np.float32(part) for part in changed(ddof=1)(*given)),
                {"std": "divided by T-1", "digits": "float32"}),
    "bound": (lambda *given: (changed(passes="alike")(*given)[0], bound(*given)),
              {"in": "all passes alike", "std": "something else"}),
}


def bound(*given: Any) -> Array:
    """A spread by another formula."""
    mean = np.asarray(changed(passes="alike")(*given)[0])
    return np.asarray(np.sqrt(mean * (1 - mean)))


@pytest.mark.parametrize("name", ODD)
def test_two_mistakes_of_a_layer_show_side_by_side(name: str) -> None:
    function, wrong = ODD[name]
    right = {part: fact(symptom, layer) for part, symptom in PARTS.items()}
    assert {part: word for part, symptom in PARTS.items()
            if (word := fact(symptom, function)) != right[part]} == wrong


def test_facts_name_what_passes_are() -> None:
    kinds: dict[str, Function] = {
        "softmax": softmax,
        "scores": lambda z: z,
        "logarithms": lambda z: np.log(softmax(z)),
        "powers": np.exp,
        "votes": lambda z: np.eye(3)[z.argmax(axis=1)],
        "sigmoids": lambda z: 1 / (1 + np.exp(-z)),
        "shares of examples": lambda z: softmax(z.T).T,
        "shares of a pass": lambda z: softmax(z.ravel()).reshape(z.shape),
    }
    for word, kind in kinds.items():
        function = lambda f, x, T, rng, kind=kind: np.stack([kind(f(x, rng)) for _ in range(T)])  # noqa: E731
        assert fact(u.passes_are(), function) == word
    assert fact(u.passes_are(), lambda *a: committee(*a).mean(axis=0)) == "one average"
    few = lambda f, x, T, rng: np.stack([softmax(f(x, np.random.default_rng(t // 2)))  # noqa: E731
                                         for t in range(T)])
    one = lambda f, x, T, rng: np.stack([softmax(f(x, np.random.default_rng(1))) for t in range(T)])  # noqa: E731
    assert ([fact(u.passes_differ(), function) for function in (committee, few, one)]
            == ["apart", "some alike", "alike"])
    assert fact(u.passes_from(), committee) == "given"


# --------------------------------------------------------------------------------------------- junk
QUIET = c.stays_quiet(case="junk", given=([1.0],), names=("mean", "std"))
AGAIN = c.draws_anew_in_each_call(via=c.fair_passes(3))
EXACT = [c.sums_to_one_to_ten_digits(), c.is_exact_in_a_single_pass(p=0.3)]
CHECKS = [ROWS, SOFTMAX, ANEW, HANDED, UNITS, EXAMPLES, MEAN, STD, PASSES, ENTROPY, INFORMATION,
          ZEROS, AGAIN, *EXACT, QUIET]
FACTS = [
    u.passes_are(), u.passes_differ(), u.passes_from(), u.what_is_dropped(), u.dropped_for(),
    u.dropped_in(), u.share_dropped(),
    u.mean_is(), u.std_is(), u.order(), u.passes_give(), u.survivors_are(), FROM, u.layer_digits(),
    u.rows_sum_to(), u.stats_mean(given=GIVEN), u.stats_entropy(given=GIVEN),
    u.stats_unit(given=GIVEN), u.stats_sign(given=GIVEN), u.stats_form(given=GIVEN),
    u.stats_information(given=GIVEN),
    u.stats_digits(given=GIVEN), u.at_zero(given=GIVEN),
]  # fmt: skip
SHAPED: dict[str, Function] = {
    "right shapes of NaN": lambda x, W, p, T, rng: (np.full((len(x), W.shape[1]), np.nan),) * 2,
    "right shapes of infinity":
    lambda x, W, p, T, rng: (np.full((len(x), W.shape[1]), np.inf),) * 2,
    "right shapes of 1e308": lambda x, W, p, T, rng: (np.full((len(x), W.shape[1]), 1e308),) * 2}


@pytest.mark.parametrize("name", kinds_of_junk())
def test_junk_breaks_nothing(name: str) -> None:
    for check in CHECKS:
        found = verdict(check, junk()[name])
        refused = found.outcome in (Outcome.FAILED, Outcome.RAISED, Outcome.CRASHED)
        # what is drawn at random is drawn at random
        assert refused or check in (QUIET, AGAIN, HANDED), f"{check.verb}: {found}"
        assert found.outcome is not Outcome.BROKEN, found
    for made in FACTS:
        assert fact(made, junk()[name])


@pytest.mark.parametrize("name", SHAPED)
def test_junk_of_the_right_shape_breaks_nothing(name: str) -> None:
    for check in (UNITS, EXAMPLES, MEAN, STD, PASSES):
        assert verdict(check, SHAPED[name]).outcome is Outcome.FAILED, check.verb
    for made in FACTS[3:]:
        assert fact(made, SHAPED[name])
