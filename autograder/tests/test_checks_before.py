"""A `checks.py` handed out before the course had a vocabulary of its own still works."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

import autograder
from autograder import checks
from autograder.checks import before
from autograder.dropout.spatial.normalisation import Memory

ASSIGNMENTS = Path(autograder.__file__).parents[1] / "assignments"
# what each imported then, and what came since; the rest of the file is as it was
BEFORE = {
    "hw1_dropout": "from autograder.checks import facts as f",
    "hw2_network": """
from autograder.checks import derivatives as d
from autograder.checks_api import symptoms as f
from autograder.checks import network_facts as n
from autograder.dropout.network import direction_symptoms as a
from autograder.dropout.network import leash_symptoms as k
""",
    "hw3_generalization": """
from autograder.checks import experiments_facts as e
from autograder.checks import facts as f
from autograder.checks import training_facts as t
from autograder.checks.forms import Bare
from autograder.checks_api import symptoms as g
""",
    "hw4_theory": """
from autograder.checks import theory as t
from autograder.dropout.theory import committee_symptoms as m
from autograder.dropout.theory import loss_symptoms as n
""",
    "hw5_spatial": """
from autograder.checks import facts as f
from autograder.checks_api import symptoms as t
from autograder.checks import structured_facts as s
from autograder.checks.forms import Blocks, Shared
from autograder.checks.lenses import asked_of, asking
from autograder.checks.normalisation import Memory
from autograder.dropout.spatial import shift_symptoms as v
""",
    "hw6_sequences": """
from autograder.checks import facts as f
from autograder.checks import sequence_facts as s
from autograder.checks import theory as t
from autograder.checks import ways_back as w
from autograder.dropout.sequences import masked_ways as k
from autograder.dropout.sequences import moment_symptoms as m
from autograder.checks.lenses import seen_through, through
from autograder.checks.sequences import INPUT_MASK, SEQUENCES, STATE_MASK
from autograder.checks.weights import ONE_ROW
""",
    "hw7_uncertainty": """
from autograder.checks import facts as f
from autograder.checks import theory as t
from autograder.checks import uncertainty_facts as u
from autograder.checks.lenses import asked_of, asking
from autograder.checks.noise import Branched
from autograder.checks.uncertainty import FAIR, NOISY, STATS, STEEP
""",
    "hw8_torch": """
from autograder.checks import facts as f
from autograder.checks import torch_comparisons as s
from autograder.checks import torch_comparisons as t
from autograder.checks import torch_layers as layer_symptoms
from autograder.checks import torch_layers as layers
from autograder.checks import torch_loops as loops
from autograder.checks import torch_loops as nets
from autograder.checks.coats import seen_through, through
from autograder.checks.forms import Flat
""",
}
OURS = re.compile(r"^from autograder\.(checks_api|dropout)[\w.]* import .*\n", re.MULTILINE)


def asked(source: str) -> tuple[list[str], list[str]]:
    """The checks and symptoms that such a file lists."""
    module = ModuleType("checks_of_an_assignment")
    sys.modules[module.__name__] = module  # dataclasses look modules up by name
    exec(source, vars(module))
    checks = [check.name for exercise in module.EXERCISES for part in exercise.parts
              for check in part.checks]
    return checks, [probe.name for probes in module.PROBES.values() for probe in probes]


@pytest.mark.parametrize("slug", BEFORE)
def test_its_imports_find_the_same_checks_and_symptoms(slug: str) -> None:
    path = ASSIGNMENTS / slug / "checks.py"
    if not path.is_file():
        pytest.skip("the assignments of the course are not here")
    now = path.read_text(encoding="utf-8")
    rest = OURS.sub("", now)
    assert rest.count("autograder.") <= 1, "this test leaves an import of today"  # autograder.model
    before = f"from autograder import checks as c\n{BEFORE[slug]}\n{rest}"
    assert asked(before) == asked(now)


LAYER = {"given": {"x": (4, 6, 5)}, "rates": (0.3,)}
BACK = {**LAYER, "forward": "f", "backward": "g"}
BLOCK = {"memory": Memory("running", "start_over", 0.1, 1e-5), "p": 0.3}
NUMBERS = {"given": ([1.0],), "names": ("x",)}
CASE: dict[str, dict[str, Any]] = {  # of what cannot be made without one
    **dict.fromkeys(("agrees_with_the_solution", "keeps_single_precision", "arguments_afterwards",
                     "value_at"), NUMBERS),
    **{key: {**NUMBERS, "wanted": 1.0} for key in ("is_right_to_ten_digits", "returns")},
    **dict.fromkeys(("leaves_what_it_is_given", "stays_in", "arrays_after"), LAYER),
    **dict.fromkeys(("leaves_its_upstream_alone", "upstream_after"), BACK),
    **dict.fromkeys(("draws_its_channels_from_rng", "minds_its_manners",
                     "refuses_in_both_modes"), BLOCK),
    **{key: {"p": 0.3} for key in ("keeps_x_and_dout", "leaves_its_sequences_alone",
                                   "obeys_its_generator", "repeats_with_the_seed",
        "keeps_its_head_among_zeros", "takes_zeros_in_dout",
        "makes_no_noise_at_test_time", "multiplies_the_kept_ones", "multiplies_to_ten_digits",
        "multiplies_what_it_keeps")},
    "gradient_of": {"form": "x squared"},
    "call_gives": {"given": ((2, 3), 1.0)},
    "block_outside": {"memory": BLOCK["memory"]},
    "refuses_a_rate_of": {"bad": 1.5, **LAYER},
    "refuses_rates": {"p_in": -0.1, "p_hidden": 0.5},
    "refuses_the_call": {"case": "the block is too large", "given": ((2, 3), 1.0)},
    "refuses_the_fraction": {"fraction": 1.5},
    "throws_its_coins_by_the_generator": {"p": 0.3},
    "unpaired": {"a": [1.0], "b": [2.0]},
}


@pytest.mark.parametrize("name", before.CHECKS)
def test_a_check_that_became_a_case_is_still_made_by_its_name(name: str) -> None:
    made = getattr(checks, name)(**CASE.get(name, {}), needs="another")
    assert (made.verb, made.name.partition("(")[0], made.needs) == (name, name, ("another",))
    assert len(made.sentence) > 10
    assert "{" not in made.sentence


@pytest.mark.parametrize(("module", "name"),
                         [(module, name) for module, made in before.SYMPTOMS.items()
                          for name in made])
def test_a_symptom_that_became_a_case_is_still_made_by_its_name(module: str, name: str) -> None:
    make = getattr(sys.modules[f"autograder.checks.{module}"], name)
    assert ((make(**CASE.get(name, {})).name, make("other", **CASE.get(name, {})).name)
            == (name, "other"))
