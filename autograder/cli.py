"""The command `autograder`: its subcommands stand in commands/."""

from __future__ import annotations

import argparse
import contextlib
import sys
from collections.abc import Sequence
from pathlib import Path

from autograder import __version__
from autograder.commands import OK, authoring, collecting, grading, instructor, neighbours
from autograder.student import command as student


def main(argv: Sequence[str] | None = None) -> int:
    """Run a subcommand; errors made on purpose become one line and a code."""
    return student.patiently(lambda: _arguments(argv))


def _arguments(argv: Sequence[str] | None) -> argparse.Namespace:
    """The command line. Notebooks may stand behind options, where argparse overlooks them."""
    parser = _parser()
    arguments, rest = parser.parse_known_args(argv)
    if (rest and not arguments.__dict__.get("notebooks", True)
            and not any(word.startswith("-") for word in rest)):
        arguments.notebooks = [Path(word) for word in rest]
    elif rest:
        parser.error(f"unrecognized arguments: {' '.join(rest)}")
    return arguments


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="autograder",
                                     description="An auto-graded course on dropout.")
    parser.add_argument("--version", action="version", version=__version__)
    commands = parser.add_subparsers(title="commands", required=True, metavar="COMMAND")

    check = student.add(commands)
    check.add_argument("--classroom", action="store_true",
                       help="print the result as GitHub Classroom reads it; the words go to stderr")
    check.set_defaults(run=_check)
    for group in (grading, collecting, neighbours, instructor, authoring):
        group.add(commands)
    return parser


def _check(arguments: argparse.Namespace) -> int:
    if not arguments.classroom:
        return student.check(arguments.notebook, arguments.exercise, arguments.hint)
    from autograder.neighbours import classroom

    with contextlib.redirect_stdout(sys.stderr):  # what a notebook prints is no result
        results = student.checked(arguments.notebook, arguments.exercise)
    print(classroom.line(results))
    return OK  # the points stand in the result


if __name__ == "__main__":
    sys.exit(main())
