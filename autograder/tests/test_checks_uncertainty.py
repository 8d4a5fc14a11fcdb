"""The verbs about many passes: every right committee passes, wrong ones are refused in words, and no junk breaks a check."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from autograder import checks as c
from autograder.checks import uncertainty_facts as u
from autograder.checks.uncertainty import softmax
from autograder.exam import Exam
from autograder.judge import judge
from autograder.model import Check, Outcome, Verdict
from autograder.subjects.local import Local
from autograder.tests.toys import junk, one_part

Array = np.ndarray[Any, Any]
Function = Callable[..., Any]


def verdict(check: Check, function: Function, slug: str = "slug") -> Verdict:
    """What one check says about one function called `toy`."""
    return judge(one_part("toy", [check]), Local(namespace={"toy": function}), slug, "salt")[0]


def told(check: Check, function: Function) -> str:
    """The sentence of a refusal: what came and what should have come."""
    found = verdict(check, function)
    assert found.outcome is Outcome.FAILED, found
    return f"{found.got} | {found.wanted}"


def passes(check: Check, function: Function, slug: str = "slug") -> None:
    found = verdict(check, function, slug)
    assert found.passed, found


# --------------------------------------------------------------------------------------------------------- passes of a network
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
HANDED = c.hands_its_generator_on()


@pytest.mark.parametrize("function", [committee, children, tiled])
@pytest.mark.parametrize("check", [ROWS, SOFTMAX, ANEW, HANDED, c.is_the_softmax_of_each_pass(passes=1, examples=1)], ids=lambda k: k.name)
def test_every_use_of_the_generator_is_right(check: Check, function: Function) -> None:
    for sweep in range(5):
        passes(check, function, f"sweep {sweep}")


def test_what_are_no_probabilities_is_refused() -> None:
    scores = lambda f, x, T, rng: np.stack([f(x, rng) for _ in range(T)])  # noqa: E731
    assert told(ROWS, scores).endswith("| probabilities of finite scores: positive numbers")
    assert told(ROWS, lambda f, x, T, rng: committee(f, x, T, rng).mean(axis=0)) == "probs.shape = (7, 3) | (5, 7, 3)"
    assert told(ROWS, lambda f, x, T, rng: 2 * committee(f, x, T, rng)) == "probs.sum(axis=2)[0, 0] = 2 | 1 (35 of 35 differ)"
    assert told(ROWS, lambda f, x, T, rng: committee(f, x, T, rng) * np.nan).startswith("probs holds nan")


def test_another_softmax_is_refused() -> None:
    warm = lambda f, x, T, rng: np.stack([softmax(f(x, rng) / 2) for _ in range(T)])  # noqa: E731
    assert told(SOFTMAX, warm).startswith("log(probs[:, :, 1] / probs[:, :, 0])[0, 0] = ")
    squeezed = lambda f, x, T, rng: np.stack([softmax(f(x, rng) * [1, 1, 0]) for _ in range(T)])  # noqa: E731
    assert told(SOFTMAX, squeezed).endswith("| the third score, between -4 and -1")


def test_passes_must_differ_and_obey() -> None:
    repeated = lambda f, x, T, rng: np.repeat(committee(f, x, 1, rng), T, axis=0)  # noqa: E731
    assert told(ANEW, repeated) == "pass 1 is the same as pass 0 | noise of its own in each pass"
    own = lambda f, x, T, rng: committee(f, x, T, np.random.default_rng())  # noqa: E731
    assert told(HANDED, own) == "two generators with the same seed gave passes that differ | no difference"
    frozen = lambda f, x, T, rng: committee(f, x, T, np.random.default_rng(3))  # noqa: E731
    assert told(HANDED, frozen) == "two generators with different seeds gave the same passes | different passes"


def test_a_refused_call_can_be_pasted() -> None:
    text = verdict(ANEW, lambda f, x, T, rng: np.repeat(committee(f, x, 1, rng), T, axis=0)).call
    assert text.startswith("def noisy_scores(x, rng):\n")
    names: dict[str, Any] = {"np": np, "toy": committee}
    first, call = text.rsplit("\n", 1)
    exec(first, names)
    assert eval(call, names).shape == (5, 7, 3)


# -------------------------------------------------------------------------------------------------------------- what passes give
def test_nan_and_warnings_are_heard() -> None:
    check = c.stays_quiet(case="zeros", given=([0.0, 1.0],), names=("a", "b"))
    assert verdict(check, lambda x: (x, x)).sentence == "gives finite numbers and no warning for zeros"
    passes(check, lambda x: (x, [1, 2]))
    assert told(check, lambda x: (x, x * np.nan)) == "b holds nan | finite numbers"
    noisy = told(check, lambda x: (x, np.where(x > 0, np.log(x), 0.0)))
    assert noisy.startswith("NumPy warned: RuntimeWarning: divide by zero")


def test_dirichlets_can_be_pasted() -> None:
    given = c.dirichlets(3, 4, 5, alpha=0.1, seed=2)
    assert np.array_equal(eval(given.text, {"np": np}), given.value)
    assert np.allclose(given.value.sum(axis=2), 1)


# -------------------------------------------------------------------------------------- a softmax layer with dropout on its inputs
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
COINS = c.throws_its_coins_by_the_generator(p=0.3)
HEALTHY = [UNITS, EXAMPLES, MEAN, STD, PASSES, COINS, c.gives_over_the_passes(p=0.62, name="std", passes=3)]


@pytest.mark.parametrize("check", HEALTHY, ids=str)
def test_a_healthy_layer_passes(check: Check) -> None:
    for sweep in range(5):
        passes(check, layer, f"sweep {sweep}")


def test_dropped_weights_and_other_factors_are_refused() -> None:
    assert told(UNITS, weights).startswith("with T = 1, mean[0] = (")
    assert "for one of the 16 masks m" in told(UNITS, changed(scale=lambda p: 1))
    assert told(UNITS, lambda x, W, p, T, rng: (softmax(x @ W / (1 - p)), 0 * x[:, :3])) == "240 of 240 units were kept | about 168"


def test_shared_masks_are_refused() -> None:
    shared = told(EXAMPLES, changed(mask="one per batch"))
    assert shared.startswith(("share of dropped units", "share of units on which neighbouring rows agree = 1.0000"))
    assert told(EXAMPLES, changed(mask="one per example")).startswith("share of units on which neighbouring columns agree = 1.0000")
    assert told(PASSES, changed(passes="alike")).startswith("share of ")
    assert told(PASSES, changed(mask="one per batch")).startswith("share of ")
    assert told(PASSES, lambda x, W, p, T, rng: layer(x, W, p, max(T - 1, 1), rng)).endswith("| such an average")


def test_float32_is_enough_for_probabilities() -> None:
    single = lambda x, W, p, T, rng: tuple(np.float32(part) for part in layer(np.float32(x), np.float32(W), p, T, rng))  # noqa: E731
    for check in (MEAN, STD, EXAMPLES, PASSES):
        passes(check, single)
    passes(c.gives_probabilities_for_each_pass(), lambda *a: np.float32(committee(*a)))
    passes(c.is_the_softmax_of_each_pass(), lambda *a: np.float32(committee(*a)))


def test_other_averages_are_refused() -> None:
    assert told(MEAN, changed(average="scores")).endswith("are not)")
    assert told(STD, changed(ddof=1)).startswith("with T = 2, std[")
    assert "the std of 2 of the 8 probabilities that its masks can give" in told(STD, changed(ddof=1))


def fact(made: Any, function: Function) -> str:
    """The word of a fact about one function."""
    return str(made.look(Exam("toy", Local(namespace={"toy": function}), "seed")))


def with_coins_of(generator: Callable[[Any], Any]) -> Function:
    """The healthy layer with another generator."""
    return lambda x, W, p, T, rng: layer(x, W, p, T, generator(rng))


def test_coins_that_the_seed_does_not_rule_are_refused() -> None:
    own = with_coins_of(lambda rng: np.random.default_rng())
    assert told(COINS, own) == "two generators with the same seed gave other means | the same"
    frozen = with_coins_of(lambda rng: np.random.default_rng(0))
    assert told(COINS, frozen) == "two generators with different seeds gave the same mean | different ones"


def test_facts_say_where_the_coins_come_from() -> None:
    assert fact(u.layer_from(), layer) == "given"
    assert fact(u.layer_from(), with_coins_of(lambda rng: np.random.default_rng())) == "own"
    assert fact(u.layer_from(), with_coins_of(lambda rng: np.random.default_rng(0))) == "frozen"
    assert fact(u.layer_from(), with_coins_of(lambda rng: np.random)) == "global"


def ordinary(x: Array, W: Array, p: float, T: int, rng: Any) -> Any:
    """No dropout at all."""
    e = np.exp(x @ W)
    return e / e.sum(axis=1, keepdims=True), np.zeros((len(x), W.shape[1]))


def test_facts_do_not_call_a_layer_without_dropout_shared() -> None:
    assert fact(u.what_is_dropped(), ordinary) == "nothing"
    assert fact(u.dropped_for(), ordinary) == "nothing"
    assert fact(u.what_is_dropped(), lambda *given: ordinary(*given)[::-1]) == "all is 0"


def test_facts_name_what_the_layer_does() -> None:
    assert fact(u.what_is_dropped(), layer) == "units"
    assert fact(u.what_is_dropped(), weights) == "weights"
    assert fact(u.what_is_dropped(), changed(scale=lambda p: 1)) == "units, not scaled"
    assert fact(u.dropped_for(), layer) == "each example"
    assert fact(u.dropped_for(), weights) == "the batch"
    assert fact(u.dropped_in(), layer) == "each pass"
    assert fact(u.dropped_in(), changed(passes="alike")) == "all passes alike"
    assert fact(u.share_dropped(), layer) == "p"
    assert fact(u.share_dropped(), weights) == "?"
    assert fact(u.mean_is(), layer) == "probabilities"
    assert fact(u.mean_is(), changed(average="scores")) == "scores before the softmax"
    assert fact(u.std_is(), layer) == "divided by T"
    assert fact(u.std_is(), changed(ddof=1)) == "divided by T-1"


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
    assert fact(u.passes_differ(), committee) == "apart"
    assert fact(u.passes_from(), committee) == "given"


# --------------------------------------------------------------------------------------------------------------------------- junk
QUIET = c.stays_quiet(case="junk", given=([1.0],), names=("mean", "std"))
CHECKS = [ROWS, SOFTMAX, ANEW, HANDED, UNITS, EXAMPLES, MEAN, STD, PASSES, QUIET]
FACTS = [
    u.passes_are(), u.passes_differ(), u.passes_from(), u.what_is_dropped(), u.dropped_for(), u.dropped_in(), u.share_dropped(),
    u.mean_is(), u.std_is(), u.layer_from(),
]  # fmt: skip
SHAPED: dict[str, Function] = {
    "right shapes of NaN": lambda x, W, p, T, rng: (np.full((len(x), W.shape[1]), np.nan),) * 2,
    "right shapes of infinity": lambda x, W, p, T, rng: (np.full((len(x), W.shape[1]), np.inf),) * 2,
    "right shapes of 1e308": lambda x, W, p, T, rng: (np.full((len(x), W.shape[1]), 1e308),) * 2,
}


@pytest.mark.parametrize("name", junk())
def test_junk_breaks_nothing(name: str) -> None:
    for check in CHECKS:
        found = verdict(check, junk()[name])
        assert found.outcome in (Outcome.FAILED, Outcome.RAISED, Outcome.CRASHED) or check is QUIET, f"{check.verb}: {found}"
        assert found.outcome is not Outcome.BROKEN, found
    for made in FACTS:
        assert fact(made, junk()[name])


@pytest.mark.parametrize("name", SHAPED)
def test_junk_of_the_right_shape_breaks_nothing(name: str) -> None:
    for check in (UNITS, EXAMPLES, MEAN, STD, PASSES):
        assert verdict(check, SHAPED[name]).outcome is Outcome.FAILED, check.verb
    for made in FACTS[3:]:
        assert fact(made, SHAPED[name])
