"""The command `autograder report`: one class, or all assignments of a course side by side."""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from autograder.commands import OK


def add(commands: Any) -> None:
    """Put the command on the command line."""
    report = commands.add_parser("report", help="the class at a glance: what was graded, without judging anything anew")
    report.add_argument("assignment", nargs="?", help="for example hw1_dropout; without it, all assignments side by side")
    report.add_argument("--html", type=Path, metavar="FILE", help="write one page that needs nothing else")
    report.add_argument("--csv", type=Path, metavar="FILE", help="write a row for each student")
    report.add_argument("--json", type=Path, metavar="FILE", help="write everything as data")
    report.add_argument("--names", action="store_true", help="call students by id and name, not by pseudonyms")
    report.add_argument("--course", nargs="?", type=Path, help="the course's root; by default the one you are in")
    report.set_defaults(run=_report)


@dataclass(frozen=True)
class _Told:
    """A report in the four ways in which it can be had."""

    lines: Iterable[str]
    rows: Iterable[Sequence[str | float | None]]
    data: dict[str, Any]
    page: Callable[[], str]


def _report(arguments: argparse.Namespace) -> int:
    from autograder.course import find_root
    from autograder.explain import private
    from autograder.nbgrader_plugin.settings import students_see
    from autograder.report import data

    root = find_root(arguments.course)
    files = [path for path in (arguments.html, arguments.csv, arguments.json) if path]
    for path in files:
        private(path, root, students_see(root))
    told = _one(root, arguments.assignment, arguments.names) if arguments.assignment else _all(root, arguments.names)
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
    return _Told(class_page.lines(found), class_page.rows(found), class_page.to_dict(found), lambda: class_page.page(found, named))


def _all(root: Path, named: bool) -> _Told:
    from autograder.classes.overview import overviews
    from autograder.report import course_report

    found = course_report.course_report(overviews(root, named))
    return _Told(
        course_report.lines(found), course_report.rows(found), course_report.to_dict(found), lambda: course_report.page(found, named)
    )
