"""An instructor's commands beside grading: a course folder, its salt, why points were lost."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from autograder.commands import OK, in_course, isolation_of, root_of, sandboxed
from autograder.model import ExerciseResult, SubmissionError

if TYPE_CHECKING:
    from autograder.nbgrader_plugin.by_hand import Given
    from autograder.nbgrader_plugin.gradebook import Register
    from autograder.report.explanation import Explanation

UNREAD = 'Or give points by hand, exercise by exercise: --set EXERCISE=POINTS --because "...".'


def add(commands: Any) -> None:
    """Put the commands on argparse's list."""
    explain = commands.add_parser(
        "explain", help="why a hand-in has its points, with the calls of hidden cases (staff)")
    explain.add_argument("assignment", help="for example hw1_dropout")
    explain.add_argument("student", help="as the folder in submitted/ is called")
    explain.add_argument("exercise", nargs="?", default="",
                         help="one exercise; all of them when left out")
    explain.add_argument("--replay", action="store_true", help="make the calls once more, "
                         "sandboxed, and show what the solution answers")
    explain.add_argument("--html", type=Path, metavar="FILE",
                         help="write a page, with masks as pictures, in place of text")
    explain.add_argument("--set", action="append", default=[], metavar="PART=POINTS",
                         help="give a part, an exercise or a manual cell these points")
    explain.add_argument("--because", default="", metavar="TEXT",
                         help="why; the student reads it beside the points")
    sandboxed(explain)
    in_course(explain, _explain)

    init = commands.add_parser("init", help="make a course folder, or let a course of nbgrader's "
                               "grade with the kit as well")
    init.add_argument("folder", type=Path, help="a new folder, or one with an nbgrader_config.py")
    init.add_argument("--course-id", default="", metavar="ID",
                      help="the course's name in the exchange (default: that of the folder)")
    init.add_argument("--with", dest="chosen", nargs="+", default=[], metavar="HW",
                      help="assignments to copy from the course you are in")
    init.add_argument("--course", type=Path,
                      help="where --with copies from; by default the course you are in")
    init.set_defaults(run=_init)

    salt = commands.add_parser("salt", help="give a course hidden cases of its own, for this term")
    salt.add_argument("--renew", action="store_true",
                      help="another one in place of the one that is there: for a new term")
    in_course(salt, _salt)


def _init(arguments: argparse.Namespace) -> int:
    from autograder.authoring.init import init

    kit = root_of(arguments) if arguments.chosen else None
    for line in init(arguments.folder, kit, arguments.chosen, arguments.course_id):
        print(line)
    return OK


def _salt(arguments: argparse.Namespace) -> int:
    from autograder.folders import new_salt

    path = new_salt(root_of(arguments), arguments.renew)
    print(f"wrote {path}. Keep it with the gradebook and out of version control: with another one, "
          "hidden cases are others.")
    print("What was graded before is judged anew by the next `autograder grade`.")
    return OK


def _explain(arguments: argparse.Namespace) -> int:
    from autograder.explain import explain, private
    from autograder.nbgrader_plugin import by_hand
    from autograder.nbgrader_plugin.gradebook import Register
    from autograder.nbgrader_plugin.settings import students_see
    from autograder.nbgrader_plugin.submitted import for_staff, take
    from autograder.report.progress import plain_console
    from autograder.staff import load_staff, must_exist

    root = root_of(arguments)
    must_exist(root, arguments.assignment)
    wanted = [by_hand.given(text, arguments.because) for text in arguments.set]
    with Register(root, arguments.assignment) as register:
        folder = dict(register.students([arguments.student])).get(arguments.student)
        if folder is None:
            raise register.nobody(arguments.student)
        file = private(arguments.html, root, students_see(root)) if arguments.html else None
        staff, console = load_staff(root, arguments.assignment), plain_console()
        sandbox = isolation_of(arguments, console)
        try:
            with console.status("judging what was handed in ..."):
                told = explain(take(folder, arguments.assignment), staff, sandbox,
                               arguments.exercise, arguments.replay)
        except SubmissionError as error:
            if not wanted:
                raise SubmissionError(f"{for_staff(str(error))} {UNREAD}") from error
            return _given(register, arguments, wanted, None)
        if wanted:
            return _given(register, arguments, wanted, told.chosen)
        standing = tuple(by_hand.standing(register, arguments.student, told.chosen))
        marked = by_hand.marked(register, arguments.student, told.chosen)
        told = replace(told, report=replace(told.report, submission=arguments.student),
                       standing=standing, chosen=marked)
    _show(told, file)
    return OK


def _show(told: Explanation, file: Path | None) -> None:
    from autograder.folders import writing
    from autograder.report import explanation

    if file is None:
        print(explanation.as_text(told))
        return
    with writing(file, "Name another file."):
        file.write_text(explanation.as_html(told), encoding="utf-8")
        file.chmod(0o600)
    print(f"wrote {file}, which students must not see")


def _given(register: Register, arguments: argparse.Namespace, wanted: Sequence[Given],
           results: Sequence[ExerciseResult] | None) -> int:
    """Write the points; without results (an unreadable hand-in), of whole exercises only."""
    from autograder.nbgrader_plugin import by_hand

    slug, student = arguments.assignment, arguments.student
    for line in list(by_hand.give(register, student, wanted, results or ())):
        print(line)
    tell = f"To tell them: nbgrader generate_feedback {slug} --student {student} --force"
    if results is None:
        tell = "There is no page of what cannot be read: tell them yourself."
    print(f"Written for {student}. {tell}")
    return OK
