"""The two steepest exercises can be climbed: after each step in the prose, its checks hold."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

import autograder
from autograder.course import load_public
from autograder.judge import judge
from autograder.model import Exercise, Role
from autograder.notebook import read
from autograder.subjects.local import Local

SOLUTIONS = Path(autograder.__file__).parents[1] / "solutions"
NO_DROPOUT = ("if not train:\n            return 1.0", "if True:\n            return 1.0")
FIRST = ('        "W1": h0.T @ da1, "b1": da1.sum(axis=0),\n', "")
SECOND = ('        "W2": h1.T @ da2, "b2": da2.sum(axis=0),\n', "")
LAST = ('        "W3": h2.T @ ds, "b3": ds.sum(axis=0),\n', "")
OWN_LOSS = "agrees_with_its_own_loss(case=of "


def lost(slug: str, name: str, parts: tuple[str, ...], *edits: tuple[str, str]) -> list[str]:
    """The public checks of these parts that the solution with these edits fails."""
    assignment = load_public(SOLUTIONS / slug)
    cells = list(read(SOLUTIONS / slug / f"{slug}.ipynb", assignment).cells)
    for place, cell in enumerate(cells):
        if cell.role is Role.ANSWER and cell.id == name:
            source = cell.source
            for old, new in edits:
                assert old in source, old
                source = source.replace(old, new)
            cells[place] = replace(cell, source=source)
    wanted = [c for c in cells if c.role is Role.SETUP or c.id == name]
    exercise: Exercise = assignment.exercise(name)
    chosen = replace(exercise, parts=[p for p in exercise.parts if p.name in parts])
    return [v.check for v in judge(chosen, Local(wanted), slug) if not v.passed]


W3, W2, W1 = OWN_LOSS + "W3", OWN_LOSS + "W2", OWN_LOSS + "W1"
BACK_2, BACK_1 = "leads_the_gradient_back(through=W3", "leads_the_gradient_back(through=W2"


@pytest.mark.parametrize(
    ("missing", "later"),
    [
        ((FIRST, SECOND, LAST), (W3, BACK_2, W2, BACK_1, W1)),
        ((FIRST, SECOND), (BACK_2, W2, BACK_1, W1)),
        ((FIRST,), (BACK_1, W1)),
        ((), ()),
    ],
    ids=["the loss", "W3", "W2", "W1"],
)
def test_each_step_down_the_network_is_ticked(missing: tuple[tuple[str, str], ...],
                                              later: tuple[str, ...]) -> None:
    found = lost("hw2_network", "mlp_loss", ("loss", "upper", "lower"), NO_DROPOUT, *missing)
    assert all(check.startswith(later) for check in found), found
    assert len(found) >= len(later)


def test_a_recurrent_network_without_masks_is_ticked() -> None:
    assert lost("hw6_sequences", "rnn_forward", ("states", "down", "weights"),
                ("if not train:", "if True:")) == []
    forgotten = ("da @ Wh.T * m_h", "da @ Wh.T * 0")  # nothing comes back from the future
    assert lost("hw6_sequences", "rnn_forward", ("states", "down", "weights"),
                ("if not train:", "if True:"), forgotten)
