"""What came in, what a second grading changed, and a class or a whole course at a glance."""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from autograder.commands import OK, in_course, root_of
from autograder.model import CourseError


def add(commands: Any) -> None:
    """Put the commands on the command line."""
    collect = commands.add_parser(
        "collect", help="bring hand-ins from a learning platform's archives to submitted/")
    collect.add_argument("assignment", help="for example hw1_dropout")
    collect.add_argument("archives", type=Path, nargs="*", metavar="ARCHIVE",
                         help="or a folder (default: downloaded/HW/archive)")
    collect.add_argument("--roster", type=Path, metavar="CSV",
                         help="who is who: nbgrader's list, Canvas's gradebook, Moodle's worksheet")
    collect.add_argument("--times", type=Path, metavar="CSV", help="Moodle's worksheet, where "
                         "another list is the roster: when they came")
    collect.add_argument("--zone", default="UTC",
                         help="of the platform's clock, for example Europe/Berlin (default: UTC)")
    collect.add_argument("--force", action="store_true",
                         help="replace what was put into submitted/ by hand or by another road")
    in_course(collect, _collect)

    diff = commands.add_parser("diff", help="whose points changed between the last two gradings of "
                               "a class, and by which check")
    diff.add_argument("assignment", help="for example hw1_dropout")
    in_course(diff, _diff)

    report = commands.add_parser(
        "report", help="the class at a glance: what was graded, without judging anything anew")
    report.add_argument("assignment", nargs="?",
                        help="for example hw1_dropout; without it, all assignments side by side")
    report.add_argument("--html", type=Path, metavar="FILE",
                        help="write one page that needs nothing else")
    report.add_argument("--csv", type=Path, metavar="FILE", help="write a row for each student")
    report.add_argument("--json", type=Path, metavar="FILE", help="write everything as data")
    report.add_argument("--names", action="store_true",
                        help="call students by id and name, not by pseudonyms")
    report.add_argument("--course", nargs="?", type=Path,
                        help="the course's root; by default the one you are in")
    report.set_defaults(run=_report)


def _collect(arguments: argparse.Namespace) -> int:
    from autograder.nbgrader_plugin import roster
    from autograder.nbgrader_plugin.collect import collect, told_of
    from autograder.nbgrader_plugin.settings import collecting, zone
    from autograder.staff import must_exist

    root = root_of(arguments)
    must_exist(root, arguments.assignment)
    coursedir, downloaded = collecting(root, arguments.assignment)
    sources = arguments.archives or [downloaded / "archive"]
    for path in sources:
        if not path.exists():
            raise CourseError(f"There is no {path}. Name the archive that you downloaded, or put "
                              f"it into {downloaded / 'archive'}.")
    known = roster.read(arguments.roster) if arguments.roster else None
    times = roster.worksheet(arguments.times) if arguments.times else known
    found = collect(coursedir, downloaded, sources, known, arguments.force,
                    zone(arguments.zone), times)
    for line in told_of(found, coursedir, known):
        print(line)
    return found.code


def _diff(arguments: argparse.Namespace) -> int:
    from autograder.classes.result_keys import course_word
    from autograder.classes.results_store import ResultsStore
    from autograder.nbgrader_plugin.standings import standings
    from autograder.report.collected import changed
    from autograder.staff import load_staff

    root, slug = root_of(arguments), arguments.assignment
    course = course_word(load_staff(root, slug))
    with ResultsStore(root, slug) as remembered:
        changes = list(remembered.changes())
        gradings = remembered.gradings
        outdated = remembered.outdated(course)
    for line in changed(changes, gradings, standings(root, slug) if gradings > 1 else ()):
        print(line)
    if outdated:
        since = f"since {outdated} hand-in{'s were' if outdated > 1 else ' was'} graded"
        print(f"The course was changed {since}. Whose points that changes is known after: "
              f"autograder grade {slug}")
    return OK


# -------------------------------------------------------------------------------------- at a glance
@dataclass(frozen=True)
class _Told:
    """A report in the four ways in which it can be had."""

    lines: Iterable[str]
    rows: Iterable[Sequence[str | float | None]]
    data: dict[str, Any]
    page: Callable[[], str]


def _report(arguments: argparse.Namespace) -> int:
    from autograder.explain import private
    from autograder.nbgrader_plugin.settings import students_see
    from autograder.report import data

    root = root_of(arguments)
    files = [path for path in (arguments.html, arguments.csv, arguments.json) if path]
    for path in files:
        private(path, root, students_see(root))
    told = (_one(root, arguments.assignment, arguments.names) if arguments.assignment
            else _all(root, arguments.names))
    for line in told.lines:
        print(line)
    if arguments.html:
        data.write_text(arguments.html, told.page())
    if arguments.csv:
        data.write_rows(arguments.csv, told.rows)
    if arguments.json:
        data.write_text(arguments.json, json.dumps(told.data, indent=1) + "\n")
    for path in files:
        print(f"wrote {path}, which students must not see")
    return OK


def _one(root: Path, slug: str, named: bool) -> _Told:
    from autograder.classes.overview import overview
    from autograder.report import class_page

    found = overview(root, slug, named)
    return _Told(class_page.lines(found), class_page.rows(found), class_page.to_dict(found),
                 lambda: class_page.page(found, named))


def _all(root: Path, named: bool) -> _Told:
    from autograder.classes.overview import overviews
    from autograder.report import course_report

    found = course_report.course_report(overviews(root, named))
    return _Told(course_report.lines(found), course_report.rows(found),
                 course_report.to_dict(found), lambda: course_report.page(found, named))
