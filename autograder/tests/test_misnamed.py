"""Answers once told of a belief that is not behind them: each has its right name, or none."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from autograder.course import lacking
from autograder.diagnose import diagnose, fingerprint
from autograder.staff import load_staff
from autograder.tests.fuzz import ROOT

Makers = Callable[[dict[str, Any]], dict[str, Any]]


def alike_everywhere(right: dict[str, Any]) -> dict[str, Any]:
    def dropblock_mask(shape: Any, p: float, block: int, rng: Any) -> Any:
        kept = np.broadcast_to(right["dropblock_mask"]((1, 1, *shape[2:]), p, block, rng) != 0,
                               shape)
        return kept * (kept.size / max(kept.sum(), 1))

    return {"dropblock_mask": dropblock_mask}


def no_dropout(right: dict[str, Any]) -> dict[str, Any]:
    def rnn_forward(x: Any, h0: Any, Wx: Any, Wh: Any, b: Any, p_x: float, p_h: float, rng: Any,
                    train: bool = True) -> Any:
        return right["rnn_forward"](x, h0, Wx, Wh, b, p_x, p_h, None, False)

    return {"rnn_forward": rnn_forward}


def ones_for_gradients(right: dict[str, Any]) -> dict[str, Any]:
    def mlp_loss(*args: Any, **kwargs: Any) -> Any:
        loss, grads = right["mlp_loss"](*args, **kwargs)
        return loss, {name: np.ones_like(gradient) for name, gradient in grads.items()}

    return {"mlp_loss": mlp_loss}


def raising_forward(right: dict[str, Any]) -> dict[str, Any]:
    def dropout_forward(x: Any, p: float, rng: Any, train: bool = True) -> Any:
        return len(x, p), None  # type: ignore[call-arg]

    return {"dropout_forward": dropout_forward}


def too_few_parameters(right: dict[str, Any]) -> dict[str, Any]:
    return {"dropout_forward": lambda x, p, rng: right["dropout_forward"](x, p, rng)}


def no_list_is_a_mask(right: dict[str, Any]) -> dict[str, Any]:
    return {"keep_mask": lambda shape, p, rng: right["keep_mask"](shape, p, rng).tolist(),
            "dropout_forward": with_keep_mask(right)}


def with_keep_mask(right: dict[str, Any]) -> Callable[..., Any]:
    def dropout_forward(x: Any, p: float, rng: Any, train: bool = True) -> Any:
        mask = right["keep_mask"](x.shape, p, rng).tolist() / (1 - p)
        return x * mask, mask

    return dropout_forward


def does_not_broadcast(right: dict[str, Any]) -> dict[str, Any]:
    def dropout_forward(x: Any, p: float, rng: Any, train: bool = True) -> Any:
        if not train:
            return x, None
        mask = rng.random((x.shape[0] + 1, *x.shape[1:])) >= p
        return x * mask, mask

    return {"dropout_forward": dropout_forward}


def seldom_broadcasts(right: dict[str, Any]) -> dict[str, Any]:
    """Refuses every p, but only for the shape in which p = 1 is tried."""

    def dropout_forward(x: Any, p: float, rng: Any, train: bool = True) -> Any:
        if x.shape == (6, 7):
            return x * np.ones(6), None
        return right["dropout_forward"](x, p, rng, train)

    return {"dropout_forward": dropout_forward}


def two_masks_in_one(right: dict[str, Any]) -> dict[str, Any]:
    return {"keep_mask": lambda shape, p, rng: right["keep_mask"](shape, p, rng)
            & right["keep_mask"](shape, p, rng)}


def the_dropped_whisper(right: dict[str, Any]) -> dict[str, Any]:
    def dropout_forward(x: Any, p: float, rng: Any, train: bool = True) -> Any:
        kept = right["keep_mask"](x.shape, p, rng)
        return (x * (kept + p) if train else x), kept

    return {"dropout_forward": dropout_forward}


def noise_of_all(right: dict[str, Any]) -> dict[str, Any]:
    def expected_dropout_loss(X: Any, y: Any, w: Any, p: float) -> Any:
        misses = ((y - X @ w) ** 2).sum()
        return misses + len(X) * (right["expected_dropout_loss"](X, y, w, p) - misses)

    return {"expected_dropout_loss": expected_dropout_loss}


def sizes_of_misses(right: dict[str, Any]) -> dict[str, Any]:
    def expected_dropout_loss(X: Any, y: Any, w: Any, p: float) -> Any:
        misses = y - X @ w
        return right["expected_dropout_loss"](X, y, w, p) - (misses**2).sum() + abs(misses).sum()

    return {"expected_dropout_loss": expected_dropout_loss}


def no_pass_differs(right: dict[str, Any]) -> dict[str, Any]:
    def fixed_mc_dropout(x: Any, W: Any, p: float, T: int, rng: Any) -> Any:
        return right["fixed_mc_dropout"]((1 - p) * x, W, 0.0, T, rng)

    return {"fixed_mc_dropout": fixed_mc_dropout}


def prices_of_rows(right: dict[str, Any]) -> dict[str, Any]:
    def dropout_ridge(X: Any, y: Any, p: float) -> Any:
        if not 0 <= p < 1:
            raise ValueError("p")
        price = p / (1 - p) * np.resize((X**2).sum(axis=1), X.shape[1])
        return np.linalg.solve(X.T @ X + np.diag(price), X.T @ y)

    return {"dropout_ridge": dropout_ridge}


def states_before(right: dict[str, Any]) -> dict[str, Any]:
    def rnn_forward(x: Any, h0: Any, *rest: Any, **train: Any) -> Any:
        h, cache = right["rnn_forward"](x, h0, *rest, **train)
        return np.concatenate([h0[:, None], h[:, :-1]], axis=1), cache

    return {"rnn_forward": rnn_forward}


def passes_are_remembered(right: dict[str, Any]) -> dict[str, Any]:
    known: list[Any] = []

    def mc_predict(forward: Any, x: Any, T: int, rng: Any) -> Any:
        known.extend(right["mc_predict"](forward, x, T, rng)[len(known):])
        return np.array(known[:T])

    return {"mc_predict": mc_predict}


def entropy_comes_first(right: dict[str, Any]) -> dict[str, Any]:
    def predictive_stats(probs: Any) -> Any:
        mean, entropy, information = right["predictive_stats"](probs)
        return entropy, mean, information

    return {"predictive_stats": predictive_stats}


def each_pass_by_itself(right: dict[str, Any], x: Any, W: Any, p: float, T: int,
                        rng: Any) -> Any:
    def thinned(x: Any, rng: Any) -> Any:
        return x * (rng.random(x.shape) >= p) @ W / (1 - p or 1.0)

    if not 0 <= p <= 1:
        raise ValueError("p")
    return right["mc_predict"](thinned, x, T, rng)


def the_last_pass_alone(right: dict[str, Any]) -> dict[str, Any]:
    def fixed_mc_dropout(*args: Any) -> Any:
        probs = each_pass_by_itself(right, *args)
        return probs[-1], probs.std(axis=0)

    return {"fixed_mc_dropout": fixed_mc_dropout}


def passes_vote(right: dict[str, Any]) -> dict[str, Any]:
    def fixed_mc_dropout(*args: Any) -> Any:
        probs = each_pass_by_itself(right, *args)
        votes = np.eye(probs.shape[2])[probs.argmax(axis=2)]
        return votes.mean(axis=0), votes.std(axis=0)

    return {"fixed_mc_dropout": fixed_mc_dropout}


def blocks_across_channels(right: dict[str, Any]) -> dict[str, Any]:
    def dropblock_mask(shape: Any, p: float, block: int, rng: Any) -> Any:
        N, H, W, C = shape
        return right["dropblock_mask"]((N, C, H, W), p, block, rng).transpose(0, 2, 3, 1)

    return {"dropblock_mask": dropblock_mask}


def the_cache_comes_first(right: dict[str, Any]) -> dict[str, Any]:
    def spatial_dropout_forward(x: Any, p: float, rng: Any, train: bool = True) -> Any:
        return right["spatial_dropout_forward"](x, p, rng, train)[::-1]

    return {"spatial_dropout_forward": spatial_dropout_forward}


CASES: tuple[tuple[str, str, Makers, str, tuple[str, ...]], ...] = (
    ("hw5_spatial", "dropblock_gamma", alike_everywhere, "each_map_loses_one_block",
     ("one_mask_serves_all_maps",)),
    ("hw5_spatial", "dropblock_gamma", blocks_across_channels, "gamma_drops_single_units",
     ("a_block_is_a_line",)),
    ("hw5_spatial", "spatial_dropout_backward", the_cache_comes_first,
     "the_mask_can_be_read_off_the_output", ("something_else",)),
    ("hw6_sequences", "rnn_forward", no_dropout, "what_is_kept_stays_as_it_is", ()),
    ("hw6_sequences", "rnn_forward", states_before, "what_comes_back_goes_round_the_tanh",
     ("h0_belongs_to_the_answer",)),
    ("hw4_theory", "dropout_ridge", prices_of_rows, "the_price_is_a_mean_over_examples",
     ("something_else",)),
    ("hw2_network", "mlp_loss", ones_for_gradients, "a_penalty_belongs_to_the_gradients",
     ("something_else",)),
    ("hw1_dropout", "dropout_backward", raising_forward, "backward_only_follows_training",
     ("something_else",)),
    ("hw1_dropout", "dropout_backward", too_few_parameters, "backward_only_follows_training", ()),
    ("hw1_dropout", "dropout_backward", no_list_is_a_mask, "backward_only_follows_training",
     ("something_else",)),
    ("hw1_dropout", "dropout_forward", does_not_broadcast, "p_is_never_one", ("something_else",)),
    ("hw1_dropout", "dropout_forward", seldom_broadcasts, "p_is_never_one", ()),
    ("hw1_dropout", "keep_mask", two_masks_in_one, "the_coin_is_always_fair", ("something_else",)),
    ("hw1_dropout", "dropout_forward", the_dropped_whisper, "dropout_is_gaussian_noise", ()),
    ("hw4_theory", "expected_dropout_loss", noise_of_all, "all_examples_share_their_coins",
     ("something_else",)),
    ("hw4_theory", "expected_dropout_loss", sizes_of_misses, "the_loss_is_a_mean",
     ("something_else",)),
    ("hw7_uncertainty", "fixed_mc_dropout", no_pass_differs, "one_mask_serves_all_passes", ()),
    ("hw7_uncertainty", "mc_predict", passes_are_remembered, "the_pass_number_makes_a_good_seed",
     ("something_else",)),
    ("hw7_uncertainty", "predictive_stats", entropy_comes_first,
     "the_terms_of_an_entropy_need_no_sum", ("something_else",)),
    ("hw7_uncertainty", "fixed_mc_dropout", the_last_pass_alone, "one_mask_serves_all_passes",
     ("something_else",)),
    ("hw7_uncertainty", "fixed_mc_dropout", passes_vote, "one_mask_serves_the_whole_batch",
     ("a_pass_casts_a_vote_here",)),
)


@pytest.mark.parametrize(("slug", "exercise", "make", "false", "right"), CASES,
                         ids=[make.__name__ for _, _, make, _, _ in CASES])
def test_no_belief_is_named_that_is_not_behind_it(slug: str, exercise: str, make: Makers,
                                                  false: str, right: tuple[str, ...]) -> None:
    staff = load_staff(ROOT, slug)
    if lacking(staff.assignment):
        pytest.skip(lacking(staff.assignment))
    subject = staff.reference.with_functions(make(staff.reference.namespace))
    facts = fingerprint(staff.assignment.probes[exercise], exercise, subject, slug,
                        600.0, strict=True)
    names = tuple(d.name for d in diagnose(exercise, facts, staff.hints[exercise]))
    assert false not in names
    assert not right or names == right, facts
