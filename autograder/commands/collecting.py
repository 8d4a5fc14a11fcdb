"""What came in, and what a second grading changed."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from autograder.commands import OK, in_course
from autograder.model import CourseError


def add(commands: Any) -> None:
    """Put the commands on the command line."""
    _add_collect(commands)
    _add_diff(commands)


def _add_collect(commands: Any) -> None:
    collect = commands.add_parser("collect", help="bring hand-ins from a learning platform's archives to submitted/")
    collect.add_argument("assignment", help="for example hw1_dropout")
    collect.add_argument("archives", type=Path, nargs="*", metavar="ARCHIVE", help="or a folder (default: downloaded/HW/archive)")
    collect.add_argument("--roster", type=Path, metavar="CSV", help="who is who: nbgrader's list, Canvas's gradebook, Moodle's worksheet")
    collect.add_argument("--zone", default="UTC", help="of the platform's clock, for example Europe/Berlin (default: UTC)")
    collect.add_argument("--force", action="store_true", help="replace what was put into submitted/ by hand or by another road")
    in_course(collect)
    collect.set_defaults(run=_collect)


def _add_diff(commands: Any) -> None:
    diff = commands.add_parser("diff", help="whose points changed between the last two gradings of a class, and by which check")
    diff.add_argument("assignment", help="for example hw1_dropout")
    in_course(diff)
    diff.set_defaults(run=_diff)


def _collect(arguments: argparse.Namespace) -> int:
    from autograder.course import find_root
    from autograder.nbgrader_plugin import roster
    from autograder.nbgrader_plugin.collect import collect
    from autograder.nbgrader_plugin.enrolled import enter
    from autograder.nbgrader_plugin.settings import collecting, zone
    from autograder.report.collected import lines
    from autograder.staff import must_exist

    root = find_root(arguments.course)
    must_exist(root, arguments.assignment)
    coursedir, downloaded = collecting(root, arguments.assignment)
    sources = arguments.archives or [downloaded / "archive"]
    for path in sources:
        if not path.exists():
            raise CourseError(f"There is no {path}. Name the archive that you downloaded, or put it into {downloaded / 'archive'}.")
    known = roster.read(arguments.roster) if arguments.roster else None
    found = collect(coursedir, downloaded, sources, known, arguments.force, zone(arguments.zone))
    for line in lines(found.to_dict()):
        print(line)
    if known and (named := enter(coursedir, known)):
        print(named)
    return found.code


def _diff(arguments: argparse.Namespace) -> int:
    from autograder.classes.results_store import ResultsStore
    from autograder.course import find_root
    from autograder.report.changes import lines
    from autograder.staff import must_exist

    root, slug = find_root(arguments.course), arguments.assignment
    must_exist(root, slug)
    with ResultsStore(root, slug) as remembered:
        changes, gradings = list(remembered.changes()), remembered.gradings
    for line in lines(changes, gradings, _given_by_hand(root, slug) if changes else {}):
        print(line)
    return OK


def _given_by_hand(root: Path, slug: str) -> Mapping[str, Mapping[str, float]]:
    from autograder.nbgrader_plugin.gradebook import Register

    with Register(root, slug) as register:
        return register.by_hand()
