"""The command `autograder`: one function per subcommand, each returns the exit code."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console

from autograder import __version__
from autograder.model import AutograderError, Broken, Report

if TYPE_CHECKING:
    from autograder.course import Staff
    from autograder.isolation import Isolation

OK, UNREADABLE, BROKEN = 0, 1, 2


def main(argv: Sequence[str] | None = None) -> int:
    """Run one subcommand; errors made on purpose become one clear line and a code."""
    arguments = _parser().parse_args(argv)
    try:
        return int(arguments.run(arguments))
    except Broken as error:
        print(f"autograder: BROKEN (our fault, no mark was written): {error}")
        return BROKEN
    except AutograderError as error:
        print(f"autograder: {error}")
        return 1
    except KeyboardInterrupt:
        print("autograder: stopped.")
        return 130


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="autograder", description="An auto-graded course on dropout.")
    parser.add_argument("--version", action="version", version=__version__)
    commands = parser.add_subparsers(title="commands", required=True, metavar="COMMAND")

    check = commands.add_parser("check", help="check a notebook as its student can (public sentences only)")
    check.add_argument("notebook", type=Path, help="a notebook with checks.py beside it")
    check.add_argument("exercise", nargs="?", help="one exercise; all of them when left out")
    check.set_defaults(run=_check)

    grade = commands.add_parser("grade", help="grade notebooks against the hidden solution; touches no gradebook")
    grade.add_argument("assignment", help="for example hw1_dropout")
    grade.add_argument("notebooks", type=Path, nargs="+", metavar="NOTEBOOK", help="hand-ins, anywhere")
    grade.add_argument("--json", type=Path, metavar="FILE", help="write all reports there")
    grade.add_argument("--csv", type=Path, metavar="FILE", help="write points per exercise there")
    grade.add_argument("--quiet", action="store_true", help="print the table only, not the sentences")
    grade.add_argument("--isolation", choices=("bubblewrap", "landlock", "subprocess"), help="insist on one kind of cage")
    grade.add_argument("--unsafe-isolation", action="store_true", help="grade even where student code cannot be caged")
    grade.add_argument("--course", type=Path, help="the course's root; by default the one you are in")
    grade.set_defaults(run=_grade)

    release = commands.add_parser("release", help="write assignments/ from solutions/ (staff)")
    release.add_argument("assignments", nargs="*", metavar="ASSIGNMENT", help="all of them when left out")
    release.add_argument("--course", type=Path, help="the course's root; by default the one you are in")
    release.set_defaults(run=_release)

    verify = commands.add_parser("verify", help="let the kit examine itself (staff)")
    verify.add_argument("assignments", nargs="*", metavar="ASSIGNMENT", help="all of them when left out")
    verify.add_argument("--seeds", type=int, default=3, help="how often each right variant is judged (default 3)")
    verify.add_argument("--odds", action="store_true", help="print what each chance test may get wrong, and what it sees")
    verify.add_argument("--course", type=Path, help="the course's root; by default the one you are in")
    verify.set_defaults(run=_verify)

    demo = commands.add_parser("demo", help="build a class of 40, grade it with nbgrader, and show what comes out")
    demo.add_argument("folder", type=Path, nargs="?", default=Path("demo"), help="where to build it (default: demo/)")
    demo.add_argument("--unsafe-isolation", action="store_true", help="grade even where student code cannot be caged")
    demo.add_argument("--course", type=Path, help="the course's root; by default the one you are in")
    demo.set_defaults(run=_demo)
    return parser


# --------------------------------------------------------------------------------------------------------------------- commands
def _check(arguments: argparse.Namespace) -> int:
    from autograder.course import load_public
    from autograder.notebook import read
    from autograder.report import text
    from autograder.selfcheck import examine_notebook
    from autograder.subjects.local import Local

    assignment = load_public(arguments.notebook.resolve().parent)
    submission = read(arguments.notebook, assignment)
    subject = Local(submission.cells)
    chosen = [assignment.exercise(arguments.exercise)] if arguments.exercise else assignment.exercises
    passed = True
    for exercise in chosen:
        result = examine_notebook(exercise, subject, submission, assignment)
        print(text.exercise_text(result))
        passed = passed and result.outcome in ("passed", "not_run")
    return 0 if passed else 1


def _grade(arguments: argparse.Namespace) -> int:
    from autograder.course import find_root, load_staff
    from autograder.isolation import choose, warning
    from autograder.report import data, table, text

    staff = load_staff(find_root(arguments.course), arguments.assignment)
    isolation = choose(arguments.unsafe_isolation, arguments.isolation)
    console = Console()
    if loud := warning(isolation):
        console.print(loud, style="bold red", highlight=False)
    reports = []
    for path in arguments.notebooks:
        report = _graded(path, staff, isolation)
        reports.append(report)
        if not arguments.quiet:
            print(text.report_text(report, staff=True))
    for line in table.Grid(table.rows(reports)).lines():
        console.print(line, highlight=False)
    if arguments.json:
        arguments.json.write_text(json.dumps([data.to_dict(r) for r in reports], indent=1) + "\n", encoding="utf-8")
    if arguments.csv:
        data.write_csv(arguments.csv, reports)
    return _code(reports)


def _graded(path: Path, staff: Staff, isolation: Isolation) -> Report:
    from autograder.grade import grade_path

    try:
        return grade_path(path, staff, isolation)
    except Broken as error:  # ours: reported beside the others, and never as a zero
        return Report(staff.assignment.slug, str(path), "broken", isolation.name, error=str(error), maximum=staff.assignment.points)


def _code(reports: Sequence[Report]) -> int:
    statuses = {r.status for r in reports}
    if "broken" in statuses:
        return BROKEN
    return UNREADABLE if "unreadable" in statuses else OK


def _release(arguments: argparse.Namespace) -> int:
    from autograder.course import find_root, lacking, load_public, slugs
    from autograder.release import release

    root = find_root(arguments.course)
    for folder in release(root, arguments.assignments or slugs(root)):
        reason = lacking(load_public(folder))
        print(f"wrote {folder}" + (f" (hints.json is the one of before: {reason})" if reason else ""))
    return OK


def _verify(arguments: argparse.Namespace) -> int:
    from autograder.course import find_root
    from autograder.verify import FINE, SKIPPED, verify

    root = find_root(arguments.course)
    findings, skipped = 0, 0
    for slug, title, found in verify(root, arguments.assignments or None, arguments.seeds):
        skipped += SKIPPED in title
        print(f"{'x ' if found else '- ' if SKIPPED in title else 'ok'} {slug}: {title}")
        for finding in found:
            print(f"     {finding}")
        findings += len(found)
    if arguments.odds:
        _print_odds(root, arguments.assignments)
    if findings:
        print(f"{findings} finding{'s' * (findings != 1)}. Mend and run `autograder verify` again.")
    else:
        print(f"What was looked at is fine, but {skipped} steps were skipped. Run this where nothing is lacking." if skipped else FINE)
    return OK if not findings else 1


def _print_odds(root: Path, assignments: Sequence[str]) -> None:
    from autograder import chance
    from autograder.course import load_staff, slugs
    from autograder.verify import odds

    for slug in assignments or slugs(root):
        found = list(odds(load_staff(root, slug)))
        tests = sum(check.chances for _, check in found)
        print(f"{slug}: {tests} chance tests; a right submission is refused anything with probability at most {tests * chance.ALPHA:.1e}")
        for exercise, check in found:
            print(f"   {exercise}: {check.name}: false alarm at most {check.chances * chance.ALPHA:.0e}; sees {check.power}")


def _demo(arguments: argparse.Namespace) -> int:
    from autograder.course import find_root
    from autograder.demo import demo

    return demo(find_root(arguments.course), arguments.folder, arguments.unsafe_isolation)


if __name__ == "__main__":
    sys.exit(main())
