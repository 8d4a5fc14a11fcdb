"""A tiny number added to a divisor, logarithm or diagonal costs the digits at most, and is named.

1e-12 costs nothing, up to 1e-8 at most the manners of an exercise, 1e-6 no more than an edge; what
costs is named. Every division and every logarithm of every solution is tried.
"""

from __future__ import annotations

import ast
import copy
from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest

from autograder.authoring.verify import CLOSE, COSTS, lost, verdicts_of
from autograder.course import slugs
from autograder.diagnose import diagnose, fingerprint
from autograder.judge import result
from autograder.keys import bare, manner
from autograder.model import Gravity, Role
from autograder.staff import Staff, load_staff
from autograder.subjects.local import Local

ROOT = Path(__file__).parents[2]
LOGARITHMS = ("log", "log2", "log10")
# one of these stands in the sentence of a belief about tiny numbers
NAMED = ("little", "small", "tiny", "epsilon")
SAMPLE = {  # judged in every run; the rest is slow
    "hw1_dropout": ("dropout_forward", "dropout_moments"),
    "hw2_network": ("max_norm", "fixed_softmax_backward"),
    "hw3_generalization": ("paired_summary",),
    "hw4_theory": ("weight_scaling", "glm_penalty"),
    "hw5_spatial": ("variance_shift",),
    "hw6_sequences": ("dropconnect_moments",),
    "hw7_uncertainty": ("predictive_stats",),
}
# divisors of the size of the tiny number itself, with what they are
TINY = {"numeric_gradient": "2 * h", "directional_error": "2 * h"}


@cache
def staff_of(slug: str) -> Staff:
    return load_staff(ROOT, slug)


def answers(slug: str) -> Iterator[tuple[str, ast.Module]]:
    """Every exercise with an answer in code, and that answer."""
    staff = staff_of(slug)
    for cell in staff.solution.cells:
        if cell.role is Role.ANSWER and any(callable(staff.reference.namespace.get(name))
                                            for name in cell.names):
            yield cell.id, ast.parse(bare(cell.source))


def with_tiny(tree: ast.Module, eps: float) -> Iterator[tuple[str, str]]:
    """What each division and logarithm becomes with a tiny number in it, with its answer."""
    for place, node in enumerate(ast.walk(tree)):
        field = _field(node)
        if field:
            other = copy.deepcopy(tree)
            changed = list(ast.walk(other))[place]
            _add(changed, field, eps)
            yield ast.unparse(changed), ast.unparse(ast.fix_missing_locations(other)) + "\n"


def _field(node: ast.AST) -> str:
    """Where in a node a divisor or the argument of a logarithm stands; "" when it has none."""
    if isinstance(node, (ast.BinOp, ast.AugAssign)) and isinstance(node.op, ast.Div):
        return "right" if isinstance(node, ast.BinOp) else "value"
    logarithm = (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)
                 and node.func.attr in LOGARITHMS)
    return "args" if logarithm else ""


def _add(node: ast.AST, field: str, eps: float) -> None:
    if field == "args":
        assert isinstance(node, ast.Call)
        node.args[0] = ast.BinOp(node.args[0], ast.Add(), ast.Constant(eps))
    else:
        setattr(node, field, ast.BinOp(getattr(node, field), ast.Add(), ast.Constant(eps)))


def demand_little(slug: str, name: str, subject: Local, eps: float, what: str) -> None:
    """Full marks, or a small loss with its reason."""
    staff, exercise = staff_of(slug), staff_of(slug).assignment.exercise(name)
    graded = result(exercise, verdicts_of(exercise, subject, staff))
    spoilt = {p.name for p in graded.parts if not p.full}
    if not spoilt:
        return
    assert eps > 1e-11, (what, spoilt)
    assert eps > 1e-7 or spoilt <= {p.name for p in exercise.parts
                                    if p.gravity is Gravity.MANNER}, (what, spoilt)
    assert lost(graded) <= COSTS[Gravity.EDGE][1] + CLOSE, (what, spoilt)
    told = diagnose(name, fingerprint(staff.assignment.probes[name], name, subject, slug),
                    staff.hints[name])
    assert len(told) == 1, (what, told)
    assert any(word in told[0].message.lower() for word in NAMED), (what, told)


def sweep(slug: str, name: str, tree: ast.Module, eps: float) -> int:
    tried = 0
    for what, source in with_tiny(tree, eps):
        if name not in TINY or TINY[name] not in what:
            demand_little(slug, name, staff_of(slug).with_cells({name: source}), eps, what)
            tried += 1
    return tried


@pytest.mark.parametrize("slug", SAMPLE)
def test_a_tiny_number_costs_little_and_is_named(slug: str) -> None:
    trees = dict(answers(slug))
    for name in SAMPLE[slug]:
        for eps in (1e-12, 1e-8):
            assert sweep(slug, name, trees[name], eps), "there is a division in it"


@pytest.mark.slow
@pytest.mark.parametrize("slug", slugs(ROOT))
def test_every_division_and_logarithm_of_every_solution(slug: str) -> None:
    for name, tree in answers(slug):
        for eps in (1e-12, 1e-10, 1e-8, 1e-6):
            sweep(slug, name, tree, eps)


@pytest.mark.parametrize("eps", ["1e-12", "1e-10", "1e-8", "1e-6"])
def test_a_tiny_number_on_a_ridges_diagonal_is_no_wrong_formula(eps: str) -> None:
    edit = ("np.diag(price)", f"np.diag(price) + {eps} * np.eye(len(price))")
    entry = replace(manner("tiny", eps, edit), exercise="dropout_ridge")
    demand_little("hw4_theory", entry.exercise, staff_of("hw4_theory").answered(entry),
                  float(eps), edit[1])
