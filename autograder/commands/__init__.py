"""The subcommands, a module for each group of people; a command returns the exit code.

What a command needs is imported when it runs: `autograder --help` waits for nothing.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path

OK, UNREADABLE, BROKEN = 0, 1, 2


def in_course(command: argparse.ArgumentParser,
              run: Callable[[argparse.Namespace], int]) -> None:
    """Let the command run this, and be told in which course."""
    command.set_defaults(run=run)
    command.add_argument("--course", type=Path,
                         help="the course's root; by default the one you are in")


def root_of(arguments: argparse.Namespace) -> Path:
    """The course that is meant; CourseError when there is none."""
    from autograder.course import find_root

    return find_root(arguments.course)
