"""A `checks.py` that was handed out before the course had a vocabulary of its own still works with this kit."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from types import ModuleType

import pytest

import autograder

ASSIGNMENTS = Path(autograder.__file__).parents[1] / "assignments"
# what each imported then, and what came since; the rest of the file is as it was
BEFORE = {
    "hw1_dropout": "from autograder.checks import facts as f",
    "hw2_network": """
from autograder.checks import derivatives as d
from autograder.checks import facts as f
from autograder.checks import network_facts as n
from autograder.dropout.network import direction_symptoms as a
from autograder.dropout.network import leash_symptoms as k
""",
    "hw3_generalization": """
from autograder.checks import experiments_facts as e
from autograder.checks import facts as f
from autograder.checks import training_facts as t
from autograder.checks.forms import Bare
""",
    "hw4_theory": """
from autograder.checks import theory as t
from autograder.dropout.theory import committee_symptoms as m
""",
    "hw5_spatial": """
from autograder.checks import facts as f
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
from autograder.checks import torch_layers as layers
from autograder.checks import torch_loops as loops
from autograder.checks.coats import fact_in_a_coat, in_a_coat
from autograder.checks.forms import Flat
""",
}
OURS = re.compile(r"^from autograder\.(checks_api|dropout)[\w.]* import .*\n", re.MULTILINE)


def asked(source: str) -> tuple[list[str], list[str]]:
    """The checks and symptoms that such a file lists."""
    module = ModuleType("checks_of_an_assignment")
    sys.modules[module.__name__] = module  # dataclasses look modules up by name
    exec(source, vars(module))
    checks = [check.name for exercise in module.EXERCISES for part in exercise.parts for check in part.checks]
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
