"""The subcommands, a module for each group of people; a command returns the exit code.

What a command needs is imported when it runs: `autograder --help` waits for nothing.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.console import Console

    from autograder.sandbox import Isolation

OK, UNREADABLE, BROKEN = 0, 1, 2


def in_course(command: argparse.ArgumentParser,
              run: Callable[[argparse.Namespace], int]) -> None:
    """Let the command run this, and be told in which course."""
    command.set_defaults(run=run)
    command.add_argument("--course", type=Path,
                         help="the course's root; by default the one you are in")


def sandboxed(command: argparse.ArgumentParser) -> None:
    """Let the command be told how student code is to be held."""
    command.add_argument("--isolation", choices=("bubblewrap", "landlock", "subprocess"),
                         help="insist on one kind of sandbox")
    command.add_argument("--unsafe-isolation", action="store_true",
                         help="run student code even where it cannot be sandboxed")


def isolation_of(arguments: argparse.Namespace, console: Console) -> Isolation:
    """The sandbox that was asked for; what it does not deny is said loudly."""
    from autograder.sandbox import choose, warning

    isolation = choose(arguments.unsafe_isolation, arguments.isolation)
    if loud := warning(isolation):
        console.print(loud, style="bold red")
    return isolation


def root_of(arguments: argparse.Namespace) -> Path:
    """The course that is meant; CourseError when there is none."""
    from autograder.course import find_root

    return find_root(arguments.course)
