"""How a worker is caged: one backend a file, and the probe that says what is really denied on this machine."""

from __future__ import annotations

from autograder.isolation.bubblewrap import Bubblewrap
from autograder.isolation.process import Worker

__all__ = ["Bubblewrap", "Worker", "choose"]


def choose(unsafe: bool = False, prefer: str | None = None) -> Bubblewrap:
    """The safest isolation that works here."""
    return Bubblewrap()
