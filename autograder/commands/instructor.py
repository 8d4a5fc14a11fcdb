"""Commands of an instructor's term, beside those of grading: why a hand-in has its points, and points given by hand."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from autograder.model import CourseError

if TYPE_CHECKING:
    from autograder.nbgrader_plugin.gradebook import Register
    from autograder.sandbox import Isolation


def add(commands: Any) -> None:
    """Put the commands on argparse's list."""
    explain = commands.add_parser("explain", help="why a hand-in has its points, with the calls of hidden cases (staff)")
    explain.add_argument("assignment", help="for example hw1_dropout")
    explain.add_argument("student", help="as the folder in submitted/ is called")
    explain.add_argument("exercise", nargs="?", default="", help="one exercise; all of them when left out")
    explain.add_argument("--replay", action="store_true", help="make the calls once more, sandboxed, and show what the solution answers")
    explain.add_argument("--html", type=Path, metavar="FILE", help="write a page, with masks as pictures, in place of text")
    explain.add_argument(
        "--set", action="append", default=[], metavar="PART=POINTS", help="give a part, an exercise or a manual cell these points"
    )
    explain.add_argument("--because", default="", metavar="TEXT", help="why; the student reads it beside the points")
    explain.add_argument("--isolation", choices=("bubblewrap", "landlock", "subprocess"), help="insist on one kind of sandbox")
    explain.add_argument("--unsafe-isolation", action="store_true", help="run student code even where it cannot be sandboxed")
    explain.add_argument("--course", type=Path, help="the course's root; by default the one you are in")
    explain.set_defaults(run=_explain)


def _explain(arguments: argparse.Namespace) -> int:
    from dataclasses import replace

    from autograder.course import find_root, load_staff, must_exist
    from autograder.explain import explain, private
    from autograder.nbgrader_plugin import by_hand
    from autograder.nbgrader_plugin.gradebook import Register
    from autograder.nbgrader_plugin.submitted import take
    from autograder.report import explanation

    root = find_root(arguments.course)
    must_exist(root, arguments.assignment)
    wanted = [by_hand.given(text, arguments.because) for text in arguments.set]
    with Register(root, arguments.assignment) as register:
        folder = dict(register.students([arguments.student])).get(arguments.student)
        if folder is None:
            raise CourseError(f"{arguments.student} has handed in nothing for {arguments.assignment}. Look into submitted/.")
        file = private(arguments.html, root, register.given_away()) if arguments.html else None
        staff, sandbox = load_staff(root, arguments.assignment), _sandbox(arguments)
        told = explain(take(folder, arguments.assignment), staff, sandbox, arguments.exercise, arguments.replay)
        if wanted:
            return _given(register, arguments, list(by_hand.give(register, arguments.student, wanted, told.chosen)))
        told = replace(told, standing=tuple(by_hand.standing(register, arguments.student, told.chosen)))
    _written(file, explanation.as_html(told)) if file else print(explanation.as_text(told))
    return 0


def _sandbox(arguments: argparse.Namespace) -> Isolation:
    from autograder.sandbox import choose, warning

    isolation = choose(arguments.unsafe_isolation, arguments.isolation)
    if loud := warning(isolation):
        print(loud)
    return isolation


def _given(register: Register, arguments: argparse.Namespace, lines: list[str]) -> int:
    for line in lines:
        print(line)
    slug, student = arguments.assignment, arguments.student
    print(f"Written for {student}. To tell them: nbgrader generate_feedback {slug} --student {student} --force")
    return 0


def _written(file: Path, page: str) -> None:
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(page, encoding="utf-8")
        file.chmod(0o600)
    except OSError as error:
        raise CourseError(f"{file} cannot be written ({error.strerror}). Name another file.") from error
    print(f"wrote {file}, which students must not see")
