"""Assignments that are not the kit's: each of our steps takes nbgrader's for which it stands.

They come from nbgrader's own lists, so what a version of nbgrader does is done; with the course's
settings, `--no-execute` among them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import takewhile
from typing import Any

from nbgrader import preprocessors as stock  # type: ignore[import-untyped]
from nbgrader.converters import Autograde, GenerateAssignment  # type: ignore[import-untyped]

from autograder.nbgrader_plugin.context import Place, place_of


def as_ever(step: Any, nb: Any, resources: Any, steps: Sequence[type]) -> tuple[Any, Any]:
    """The notebook after these steps of nbgrader's, enabled or not as the course says."""
    for kind in steps:
        nb, resources = kind(parent=step.parent)(nb, resources)
    return nb, resources


def before(converter: Any, trait: str, end: type) -> list[type]:
    """The steps that stand before this one in a list of nbgrader's own."""
    return list(takewhile(lambda kind: kind is not end, _default(converter, trait)))


def _default(converter: Any, trait: str) -> Iterator[type]:
    yield from converter.class_traits()[trait].make_dynamic_default()


CLEANING = before(Autograde, "sanitize_preprocessors", stock.OverwriteKernelspec)
RUNNING = before(Autograde, "autograde_preprocessors", stock.LimitOutput)
INSTANTIATING = [k for k in before(GenerateAssignment, "preprocessors", stock.LockCells)
                 if k is not stock.IncludeHeaderFooter]


# the price of a base class without annotations
class Step(stock.NbGraderPreprocessor):  # type: ignore[misc]
    """A step of ours; in assignments not the kit's, the nbgrader steps in whose place it stands."""

    instead_of: Sequence[type] = ()

    def preprocess(self, nb: Any, resources: Any) -> tuple[Any, Any]:
        place = place_of(self.parent, resources)
        if not place.ours:
            return as_ever(self, nb, resources, self.instead_of)
        self.take(nb, resources, place)
        return nb, resources

    def take(self, nb: Any, resources: Any, place: Place) -> None:
        """What it does to a notebook of the kit's."""


class InstantiateElsewhere(Step):
    """Tests that nbgrader writes by itself, in assignments that are not the kit's."""

    instead_of = INSTANTIATING
