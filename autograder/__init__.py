"""An auto-graded course on dropout. In a notebook: `check("dropout_forward")` shows where one is.

Importing this package imports nothing heavy: the set-up cell of every notebook does it, in the
grading worker too.
"""

from __future__ import annotations

__version__ = "0.1.0"
__all__ = ["Exercise", "Part", "__version__", "check", "core", "edge", "manner", "misconception",
           "right", "variant", "within"]

TYPE_CHECKING = False  # typing.TYPE_CHECKING without importing typing
if TYPE_CHECKING:
    from autograder.keys import core, edge, manner, misconception, right, variant, within
    from autograder.model import Exercise, Part
    from autograder.student.selfcheck import check

_HOMES = {"Exercise": "autograder.model", "Part": "autograder.model"}
_HOMES |= dict.fromkeys(("core", "edge", "manner", "misconception", "right", "variant", "within"),
                        "autograder.keys")


def __getattr__(name: str) -> object:
    """Fetch the few public names from their modules when they are first used."""
    if name == "check":
        return _check
    if name not in _HOMES:
        raise AttributeError(f"module 'autograder' has no attribute {name!r}")
    import importlib

    return getattr(importlib.import_module(_HOMES[name]), name)


def _check(exercise: object = None, folder: str | None = None) -> None:
    """Check one exercise, or all, of the notebook it is called in; see student.selfcheck.check."""
    import sys

    from autograder.student.selfcheck import check

    check(exercise, folder, namespace=sys._getframe(1).f_globals)
