"""Tier 3: a process with the system's resource limits. It stops mistakes, and no malice."""

from __future__ import annotations

from dataclasses import dataclass

from autograder.model import Limits
from autograder.sandbox import interpreter
from autograder.sandbox.process import Isolation, Lockdown, Worker, launch, worker_command


@dataclass(frozen=True)
class Plain(Isolation):
    """A worker that can do what the grading person can: read solutions, use the net, kill.

    Of the kit, `import` finds no more than the worker has loaded; but the files are there for
    whoever looks for them.
    """

    name: str = "subprocess"

    def start(self, limits: Limits) -> Worker:
        """A worker that is ready for its first cell; Broken when it cannot be had."""
        package = str(interpreter.package())
        return launch(lambda socket: worker_command(limits, package, socket), Lockdown(), limits,
                      interpreter.environment())
