"""A tiny number in a divisor: 1e-12 costs nothing, up to 1e-8 the digits at most, 1e-6 no core part; where it costs, it is named."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from autograder.authoring.verify import CLOSE, COSTS, lost, verdicts_of
from autograder.course import load_staff
from autograder.diagnose import diagnose, fingerprint
from autograder.judge import result
from autograder.keys import edge
from autograder.model import Gravity

ROOT = Path(__file__).parents[2]
NAME = "a_tiny_number_makes_a_division_safe"
DIVISORS = (
    ("hw5_spatial", "spatial_dropout_forward", "1 / (1 - p)", "1 / (1 - p + {})"),
    ("hw5_spatial", "dropblock_gamma", "mask.size / left", "1 / (left / mask.size + {})"),
    ("hw5_spatial", "dropblock_gamma", "((H - block + 1) * (W - block + 1))", "((H - block + 1) * (W - block + 1) + {})"),
    ("hw5_spatial", "variance_shift", "/ training", "/ (training + {})"),
    ("hw5_spatial", "variance_shift", "(1 - p)", "(1 - p + {})"),
    ("hw5_spatial", "fixed_conv_block", "1 / (1 - p)", "1 / (1 - p + {})"),
    ("hw5_spatial", "fixed_conv_block", "np.sqrt(var + 1e-5)", "(np.sqrt(var + 1e-5) + {})"),
)


@pytest.mark.slow
@pytest.mark.parametrize("tiny", ["1e-12", "1e-10", "1e-8", "1e-6"])
@pytest.mark.parametrize(("slug", "name", "old", "new"), DIVISORS)
def test_a_tiny_number_costs_little_and_is_named(slug: str, name: str, old: str, new: str, tiny: str) -> None:
    staff = load_staff(ROOT, slug)
    exercise = staff.assignment.exercise(name)
    subject = staff.answered(replace(edge("tiny", "A tiny number.", (old, new.format(tiny))), exercise=name))
    found = result(exercise, verdicts_of(exercise, subject, staff))
    spoilt = {part.name for part in found.parts if not part.full}
    if not spoilt:
        return
    assert tiny != "1e-12", spoilt
    assert tiny == "1e-6" or spoilt == {"manners"}, spoilt
    assert lost(found) <= COSTS[Gravity.EDGE][1] + CLOSE
    facts = fingerprint(staff.assignment.probes[name], name, subject, slug)
    assert [d.name for d in diagnose(name, facts, staff.hints[name])] == [NAME]
