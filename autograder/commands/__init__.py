"""The subcommands, a module for each group of people; a command returns the exit code.

What a command needs is imported when it runs: `autograder --help` waits for nothing.
"""

from __future__ import annotations

import argparse
from pathlib import Path

OK, UNREADABLE, BROKEN = 0, 1, 2


def in_course(command: argparse.ArgumentParser) -> None:
    """Let the command be told which course is meant."""
    command.add_argument("--course", type=Path,
                         help="the course's root; by default the one you are in")


def root_of(arguments: argparse.Namespace) -> Path:
    """The course that is meant; CourseError when there is none."""
    from autograder.course import find_root

    return find_root(arguments.course)
