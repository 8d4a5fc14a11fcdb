"""`autograder verify` finds what is wrong with a course, and says how to mend it."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from autograder.authoring.unearned import trivial
from autograder.authoring.verify import FINE, odds, verdicts_of, verify
from autograder.dropout import checks as c
from autograder.staff import load_staff
from autograder.tests.classroom import SLUG
from autograder.tests.toys import one_part

KEY = """
from autograder.dropout import checks as c
from autograder import misconception, variant
SALT = "salt"
HIDDEN = {{}}
{rest}
"""


def findings(root: Path) -> list[str]:
    return [finding for _, _, found in verify(root) for finding in found]


def keyed(toy: Path, rest: str) -> Path:
    """The toy course with another key; that its release is not fresh then is no matter here."""
    (toy / "solutions" / f"{SLUG}_key.py").write_text(KEY.format(rest=rest), encoding="utf-8")
    (toy / "assignments" / SLUG / "hints.json").unlink()
    return toy


def only(found: list[str], *starts: str) -> list[str]:
    return [f for f in found if f.startswith(starts)]


def test_the_toy_course_is_fine(released_once: Path) -> None:
    steps = list(verify(released_once))
    assert [found for _, _, found in steps if found] == []
    assert {slug for slug, _, _ in steps} == {SLUG}
    assert len(steps) >= 6
    assert FINE == "Everything looks fine."


def test_a_solution_that_fails_its_own_checks_is_named(toy: Path) -> None:
    path = toy / "solutions" / SLUG / f"{SLUG}.ipynb"
    notebook = json.loads(path.read_text(encoding="utf-8"))
    cell = next(cell for cell in notebook["cells"]
                if cell["metadata"].get("nbgrader", {}).get("grade_id") == "shrink")
    cell["source"] = "".join(cell["source"]).replace("factor * x", "factor * x * x")
    path.write_text(json.dumps(notebook), encoding="utf-8")
    (said, *_) = only(findings(toy), "The solution of shrink")
    assert said.startswith(
        "The solution of shrink fails multiplies_at_test_time(p=0.25, by=1-p): out[0, 0] = "), said
    assert said.endswith("Mend the solution or the check."), said


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (
            lambda text: text.replace('needs="factor",', ""),
            "shrink: returning (its first argument, None) earns 0.45 points. Let the parts it "
            "earns need a core property",
        ),
        (lambda text: text.replace('by="1-p"', 'by="1"'),
         "The solution of shrink fails multiplies_at_test_time"),
    ],
)
def test_a_list_that_pays_for_nothing_is_named(toy: Path, change: Callable[[str], str],
                                               said: str) -> None:
    path = toy / "solutions" / SLUG / "checks.py"
    path.write_text(change(path.read_text(encoding="utf-8")), encoding="utf-8")
    keyed(toy, "")
    found = findings(toy)
    assert any(f.startswith(said) for f in found), found


def test_a_variant_that_is_refused_is_named(toy: Path) -> None:
    keyed(toy, '@variant("shrink")\ndef rounded(x, p, rng, train=True):\n'
          '    return (1 - p) * x.round(3), None')
    (said,) = only(findings(toy), "The right variant rounded")
    assert "fails multiplies_at_test_time" in said, said
    assert said.endswith("Mend the check."), said


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("return (1 - p) * x, None",
         "The wrong solution belief of shrink loses no points. Add a check that sees it."),
        ("return (1 - p) * x, None",
         "The wrong solution belief of shrink is named nothing. Sharpen its signs"),
    ],
)
def test_a_wrong_solution_that_nothing_sees_is_named(toy: Path, body: str, said: str) -> None:
    keyed(toy, '@misconception("shrink", "core")\ndef belief(x, p, rng, train=True):\n'
          f'    """You believe."""\n    {body}')
    found = findings(toy)
    assert any(f.startswith(said) for f in found), found


def test_two_beliefs_that_look_alike_are_named(toy: Path) -> None:
    belief = ('@misconception("shrink", "core")\ndef {0}(x, p, rng, train=True):\n'
              '    """You believe in {0}."""\n    return p * x, None\n')
    keyed(toy, belief.format("one") + belief.format("other"))
    said = only(findings(toy), *(f"The wrong solution {name} of shrink is named one, other"
                                 for name in ("one", "other")))
    assert len(said) == 2, findings(toy)


def test_a_course_that_does_not_load_is_one_finding(toy: Path) -> None:
    (toy / "solutions" / f"{SLUG}_key.py").unlink()
    ((slug, title, found),) = verify(toy)
    assert (slug, title, len(found)) == (SLUG, "loads", 1)
    assert "_key.py is missing" in found[0], found


def test_a_stale_or_missing_release_is_named(toy: Path) -> None:
    checks = toy / "assignments" / SLUG / "checks.py"
    checks.write_text(checks.read_text(encoding="utf-8") + "\n# edited\n", encoding="utf-8")
    found = findings(toy)
    assert found, "an edited release passes"
    shutil.rmtree(toy / "assignments")
    assert findings(toy), "a missing release passes"


def test_answers_that_do_nothing_are_tried_for_functions_and_for_quizzes(
        released_once: Path) -> None:
    staff = load_staff(released_once, SLUG)
    for name, tried in (("shrink", 21), ("quiz", 4)):
        subjects = list(trivial(staff, staff.assignment.exercise(name)))
        assert len(subjects) == tried
        assert len({title for title, _ in subjects}) == tried


def test_sweeps_ask_the_hidden_checks_other_things(released_once: Path) -> None:
    staff = load_staff(released_once, SLUG)
    shrink = staff.assignment.exercise("shrink")
    seen: list[float] = []

    def spy(x: Any, p: float, rng: Any, train: bool = True) -> Any:
        seen.append(float(x.flat[0]))
        return (1 - p) * x, None

    subject = staff.reference.with_functions({"shrink": spy})
    for sweep in (0, 0, 1):
        assert all(v.passed for v in verdicts_of(shrink, subject, staff, sweep))
    first, again, other = seen[:3], seen[3:6], seen[6:]
    assert first == again
    assert not set(first) & set(other)


def test_sweeps_draw_other_masks_for_public_checks_too(released_once: Path) -> None:
    staff = load_staff(released_once, SLUG)
    exercise = one_part("mask", [c.drops_the_right_share(p=0.3, via="mask")])
    drawn: list[float] = []

    def spy(shape: tuple[int, ...], p: float, rng: np.random.Generator) -> Any:
        kept = rng.random(shape)
        drawn.append(float(kept.flat[0]))
        return kept >= p

    subject = staff.reference.with_functions({"mask": spy})
    sweeps = []
    for sweep in (0, 0, 1, 2):
        drawn.clear()
        assert all(v.passed for v in verdicts_of(exercise, subject, staff, sweep))
        sweeps.append(set(drawn))
    again, first, *others = sweeps
    assert again == first
    assert all(first.isdisjoint(other) for other in others)
    assert others[0].isdisjoint(others[1]), sweeps


def test_odds_list_the_checks_that_leave_something_to_chance(released_once: Path) -> None:
    assert list(odds(load_staff(released_once, SLUG))) == []
