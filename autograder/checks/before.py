"""Checks and symptoms by names they had before they were cases of a general one.

Only files that were handed out use them; the check keeps its old name there, by which that folder's
hints and `needs` know it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from typing import Any

from autograder.asking import Exam
from autograder.checks_api import results as r
from autograder.checks_api import symptoms as t
from autograder.checks_api.verb import SILENT, named
from autograder.checks_api.views import View, calling, in_both_modes
from autograder.dropout.calls import outputs
from autograder.dropout.forms import Bare
from autograder.dropout.generalization.experiments import noisy_labels
from autograder.dropout.generalization.patients import ablated
from autograder.dropout.generalization.training import trained
from autograder.dropout.mask_symptoms import digits, outside, survivors
from autograder.dropout.network.gradient_checker_symptoms import form_of
from autograder.dropout.network.gradient_checkers import error_of_a_slip, numeric_gradient
from autograder.dropout.network.losses import loss, scores
from autograder.dropout.sequences.layers import backwards, forwards, with_a_rate_of
from autograder.dropout.sequences.remembering import a_layer
from autograder.dropout.spatial.normalisation import normalised
from autograder.dropout.torch.comparisons import comparison, finds_right_code_right
from autograder.dropout.uncertainty.mc_layers import mc_layer
from autograder.dropout.uncertainty.passes import fair_passes
from autograder.dropout.values import (
    draws_nothing_at_test_time, drops_nothing_at_zero, is_exact_to_ten_digits, scales_the_survivors)
from autograder.model import Check, Given

Maker = Callable[..., Any]


def _alone(view: Callable[..., Any], arrays: str = "the arrays it is given") -> Maker:
    return lambda **case: r.leaves_its_arguments_alone(arrays=arrays, via=view(**case))


def _by_rng(view: Callable[..., View]) -> Maker:
    return lambda **case: r.draws_from_rng(via=view(**case))


def _refuses(view: Callable[..., Any]) -> Maker:
    def make(**case: Any) -> Check:
        told = " and ".join(f"{k} = {v}" for k, v in case.items() if isinstance(v, float))
        return r.raises_value_error(case=told, via=view(**case))

    return make


def _shaped(given: tuple[Any, ...]) -> tuple[Any, ...]:
    return tuple(Given(repr(a), a) if isinstance(a, tuple) else a for a in given)


def _bad_call(*, given: tuple[Any, ...], case: str = "", function: str = "") -> View:
    return calling(*_shaped(given), function=function)


CHECKS: Mapping[str, Maker] = {
    "agrees_with_the_solution": r.is_right_like_the_solution,
    "changes_neither_parameters_nor_data": lambda via="", **case: _alone(
        scores if via else loss, "params and the data")(**case),
    "deletes_by_the_generator": _by_rng(ablated),
    "draws_its_channels_from_rng": _by_rng(lambda **case: normalised(kept=True, **case)),
    "draws_its_directions_from_rng": _by_rng(error_of_a_slip),
    "gives_x_back": _alone(numeric_gradient, "x and dout"),
    "hands_its_generator_on": _by_rng(fair_passes),
    "is_right_to_ten_digits": lambda **case: r.is_right(tolerance=r.EXACT, **case),
    "keeps_its_data": _alone(trained, "X and y"),
    "keeps_its_head_among_zeros": lambda **case: finds_right_code_right(zeros=True, **case),
    "keeps_its_labels": _alone(noisy_labels, "y"),
    "keeps_single_precision": r.gives_the_dtype,
    "keeps_the_network": _alone(ablated, "params, X and y"),
    "keeps_what_it_is_given": _alone(error_of_a_slip, "x, dout or dx"),
    "keeps_x_and_dout": _alone(comparison, "x or dout"),
    "leaves_its_sequences_alone": _alone(lambda **case: in_both_modes(a_layer, **case), "x"),
    "leaves_its_upstream_alone": _alone(backwards, "the gradient that it is handed"),
    "leaves_what_it_is_given": _alone(forwards),
    "minds_its_manners": lambda **case: r.gives_the_dtype(dtype=case.get("dtype", "float32"),
                                                          via=in_both_modes(normalised, **case)),
    "makes_no_noise_at_test_time": draws_nothing_at_test_time,
    "moves_others_in_the_next_call": lambda **case: r.draws_anew_in_each_call(
        via=noisy_labels(moved=True, **case)),
    "multiplies_the_kept_ones": lambda **case: scales_the_survivors(via="mask", **case),
    "multiplies_to_ten_digits": lambda **case: is_exact_to_ten_digits(via=Bare(), **case),
    "multiplies_what_it_keeps": lambda **case: scales_the_survivors(via=Bare(), **case),
    "obeys_its_generator": _by_rng(lambda p: loss(p, p)),
    "refuses_a_rate_of": _refuses(with_a_rate_of),
    "refuses_in_both_modes": _refuses(lambda **case: in_both_modes(normalised, **case)),
    "refuses_rates": _refuses(loss),
    "refuses_the_call": lambda **case: r.raises_value_error(case=case["case"],
                                                            via=_bad_call(**case)),
    "refuses_the_fraction": _refuses(noisy_labels),
    "refuses_what_is_not_paired": lambda: r.raises_value_error(case="a single pair",
                                                               given=([1.0], [2.0])),
    "repeats_itself": _by_rng(trained),
    "repeats_with_the_seed": _by_rng(outputs),
    "returns": r.is_right,
    "returns_x_at_zero": lambda: drops_nothing_at_zero(via=Bare()),
    "spoils_by_the_generator": _by_rng(noisy_labels),
    "stays_in": lambda **case: r.gives_the_dtype(dtype=case.get("dtype", "float32"),
                                                 via=in_both_modes(forwards, **case)),
    "takes_zeros_in_dout": lambda **case: finds_right_code_right(zeros_in_dout=True, **case),
    "throws_its_coins_by_the_generator": _by_rng(mc_layer),
}
AS_IT_WAS, AS_THEY_WERE = {"kept": "as it was"}, {"kept": "as they were"}
SYMPTOMS: Mapping[str, Mapping[str, Maker]] = {
    "facts": {"value_at": t.gives},
    "experiments_facts": {
        "deleted_by": lambda: t.chance_from(via=ablated()),
        "labels_after": lambda: t.arguments_after(via=noisy_labels()),
        "labels_by": lambda: t.chance_from(via=noisy_labels()),
        "layer_digits": lambda: _told(
            digits(via=Bare()), {"double": "ten digits", "float32": "about", "unclear": "another"}),
        "layer_survivors": lambda: survivors(via=Bare()),
        "network_after": lambda: t.arguments_after(via=ablated()),
        "odd_fractions": lambda: t.takes(via=(noisy_labels(-0.2), noisy_labels(1.2))),
        "unpaired": lambda a, b: t.takes(given=(a, b)),
    },
    "training_facts": {
        "data_after": lambda: t.arguments_after(via=trained()),
        "source_of_chance": lambda: t.chance_from(via=trained()),
    },
    "network_facts": {
        "given_after": lambda: _told(t.arguments_after(via=loss(0.2, 0.25), named=True), AS_IT_WAS,
                                     " overwritten"),
        "rate_outside": lambda: t.takes(via=(loss(-0.25, 0.5), loss(0.5, 1.25))),
    },
    "derivatives": {
        "arguments_afterwards": lambda **case: _told(t.arguments_after(**case, named=True),
                                                     AS_THEY_WERE, " overwritten"),
        "gradient_of": form_of,
    },
    "sequence_facts": {
        "arrays_after": lambda **case: _told(t.arguments_after(via=forwards(**case), named=True),
                                             AS_THEY_WERE),
        "outside": lambda: outside(via="mask"),
        "sequences_after": lambda: _told(t.arguments_after(via=a_layer(0.3)), AS_IT_WAS),
        "upstream_after": lambda **case: _told(t.arguments_after(via=backwards(**case)), AS_IT_WAS),
    },
    "structured_facts": {
        "block_outside": lambda memory: t.takes(
            via=[v for p in (-0.25, 1.25) for v in in_both_modes(normalised, memory, p)]),
        "call_gives": lambda **case: t.takes(via=_bad_call(**case)),
    },
    "uncertainty_facts": {
        "layer_from": lambda: t.chance_from(via=mc_layer(0.3)),
        "noise_from": lambda: _told(t.chance_from(via=outputs(0.3)), {"frozen": "given"}),
    },
}


def _told(fact: t.Symptom, words: Mapping[str, str], end: str = "") -> t.Symptom:
    """The fact in the words that the hints of then know, and without an end that came since."""

    def probe(exam: Exam) -> str:
        word = fact.probe(exam).removesuffix(end)
        return words.get(word, word)

    return replace(fact, probe=probe)


def checks() -> dict[str, Callable[..., Check]]:
    """The makers of checks by their old names."""
    return {name: partial(_check, name) for name in CHECKS}


def _check(old: str, *, needs: Any = (), seconds: float | None = None, **case: Any) -> Check:
    made: Check = CHECKS[old](**case)
    shown = ", ".join(f"{k}={v}" for k, v in case.items() if k not in SILENT)
    return replace(made, verb=old, name=f"{old}({shown})" if shown else old, needs=named(needs),
                   seconds=seconds)


def symptoms(module: str) -> dict[str, Callable[..., t.Symptom]]:
    """The makers of the symptoms that a module had, by their old names."""
    return {old: partial(_symptom, old, make) for old, make in SYMPTOMS.get(module, {}).items()}


def _symptom(old: str, make: Callable[..., t.Symptom], name: str = "", **case: Any) -> t.Symptom:
    return replace(make(**case), name=name or old)
