"""The commands that speak with other platforms; each returns the exit code."""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from autograder.commands import OK, in_course, root_of
from autograder.model import CourseError
from autograder.report import words

if TYPE_CHECKING:
    from autograder.neighbours.feedback import WayBack
    from autograder.neighbours.gradebooks import Filled, Layout
    from autograder.neighbours.sheet import Sheet
    from autograder.report.standing import Standing

SHOWN = 20  # names in one list on a terminal


def add(commands: Any) -> None:
    """Put the commands on the command line."""
    export = commands.add_parser("export", help="fill in the gradebook of Canvas or the worksheet "
                                 "of Moodle, and zip the feedback")
    export.add_argument("assignment", help="for example hw1_dropout")
    which = export.add_mutually_exclusive_group(required=True)
    which.add_argument("--canvas", type=Path, metavar="CSV",
                       help="the gradebook, as downloaded from Canvas")
    which.add_argument("--moodle", type=Path, metavar="CSV",
                       help="the grading worksheet of the assignment, as downloaded from Moodle")
    export.add_argument("--to", type=Path, metavar="FILE",
                        help="where to write it (default: CSV_filled.csv beside it)")
    export.add_argument("--column", default="", metavar="TITLE",
                        help="the column to fill, where it cannot be told")
    export.add_argument("--scale", action="store_true",
                        help="convert the points where the platform has another maximum")
    export.add_argument("--feedback", type=Path, metavar="ZIP",
                        help="also zip the pages in feedback/ as the platform wants them")
    in_course(export, _export)

    gradescope = commands.add_parser("gradescope", help="zip an assignment as an autograder of "
                                     "Gradescope's (staff: it holds the key)")
    gradescope.add_argument("assignment", help="for example hw1_dropout")
    gradescope.add_argument("--into", type=Path, required=True, metavar="ZIP",
                            help="where to write it; students must not see it")
    in_course(gradescope, _gradescope)

    classroom = commands.add_parser(
        "classroom", help="write the workflow by which GitHub Classroom runs the public checks")
    classroom.add_argument("assignment", help="for example hw1_dropout")
    classroom.add_argument("--into", type=Path, required=True, metavar="REPOSITORY",
                           help="that students are given, the assignment in it")
    classroom.add_argument("--kit", required=True, metavar="WHEEL",
                           help="what pip installs there: the wheel in it, or its address")
    in_course(classroom, _classroom)


def _export(arguments: argparse.Namespace) -> int:
    from autograder.folders import writing
    from autograder.nbgrader_plugin.gradebook import Register
    from autograder.nbgrader_plugin.standings import standings
    from autograder.neighbours import feedback, gradebooks, sheet
    from autograder.staff import must_exist

    root, slug = root_of(arguments), arguments.assignment
    must_exist(root, slug)
    kind = "canvas" if arguments.canvas else "moodle"
    source: Path = arguments.canvas or arguments.moodle
    to = arguments.to or source.with_name(f"{source.stem}_filled.csv")
    if to.resolve() == source.resolve():
        raise CourseError(f"{to} is the file that was downloaded. Name another one with --to, so "
                          "that this one stays as it is.")
    table = sheet.read(source)
    layout = gradebooks.LAYOUTS[kind](table, slug, arguments.column)
    known, people = feedback.way_back(root, slug, layout.platform), standings(root, slug)
    with Register(root, slug) as register:
        unsettled = register.unsettled()
    done = gradebooks.fill(table, layout, people, known.numbers, arguments.scale, unsettled)
    with writing(to, "Name another file with --to."):
        to.write_bytes(table.data())
    for line in (*_told(to, layout, done, slug), *_untimed(root, slug, known, done.rows)):
        print(line)
    code = 1 if done.lost or done.held else 0
    if not arguments.feedback:
        return code
    back = (one for one in people if one.student in done.pages)
    names = _names(table, layout, done, known, slug)
    return max(code, _feedback(arguments.feedback, root, slug, back, names, kind == "canvas"))


def _told(to: Path, layout: Layout, done: Filled, slug: str) -> Iterator[str]:
    yield (f'wrote {to}: {len(done.rows)} of {len(layout.students)} rows filled, column '
           f'"{words.line(done.column)}"')
    yield from _list("held back, points and page, until a human has looked", done.held)
    if done.held:
        stand = (f'points that are to stand: autograder explain {slug} STUDENT --set '
                 'EXERCISE=POINTS --because "..."')
        yield ("    In the formgrader give points, press Resolve or take the flag off, or for "
               f"{stand}. Then export again.")
    yield from _list("not in the file", done.lost)
    yield from _list("left as they were", done.left)


def _untimed(root: Path, slug: str, known: WayBack, exported: Iterable[str]) -> Iterator[str]:
    """Of whom the platform says that they are late, not when: their points are whole."""
    from autograder.nbgrader_plugin import settings
    from autograder.nbgrader_plugin.submitted import standing_notes
    from autograder.report.standing import UNTIMED

    coursedir, _ = settings.collecting(root, slug)

    def still(student: str) -> bool:
        entry = known.entries.get(student, {"notes": ()})
        folder = coursedir.format_path(coursedir.submitted_directory, student, slug)
        return (UNTIMED in entry["notes"]
                and UNTIMED in standing_notes(entry["notes"], Path(folder), entry["words"]))

    if late := sorted(filter(still, exported)):
        yield ("late without a time, so in the file without a penalty: "
               f"{words.some([*map(words.line, late)], SHOWN)}")


def _list(title: str, found: Mapping[str, str]) -> Iterator[str]:
    if found:
        yield f"{title}: {len(found)}"
        yield from words.listed([f"{words.line(name)}: {words.line(why)}"
                                 for name, why in found.items()], SHOWN)


def _names(table: Sheet, layout: Layout, done: Filled, known: WayBack, slug: str) -> dict[str, str]:
    """Student -> the name of their page, by which the platform knows whose it is."""
    from autograder.neighbours import feedback, gradebooks

    if layout.platform == "Canvas":
        return {s: feedback.canvas_name(entry) for s, entry in known.entries.items()}
    number_of = partial(gradebooks.number_of, table, layout)
    return {s: feedback.moodle_name(slug, table.value(row, layout.name), number_of(row))
            for s, row in done.owners.items()}


def _feedback(path: Path, root: Path, slug: str, people: Iterable[Standing],
              names: Mapping[str, str], canvas: bool) -> int:
    from autograder.nbgrader_plugin import settings
    from autograder.neighbours import feedback

    coursedir, _ = settings.collecting(root, slug)
    found, lost = feedback.pages(coursedir, slug, people)
    zipped = feedback.write(path, found, names)
    print(f"wrote {path}: {len(zipped.names)} page{'s' * (len(zipped.names) != 1)}")
    if canvas and zipped.names:
        print("Canvas shows each page under the name of the student's own file; to read it, save "
              f"it as {slug}.html.")
    for line in _list("without a page in it", lost | zipped.lost):
        print(line)
    return 1 if lost or zipped.lost else 0


# ---------------------------------------------------------------------------- Gradescope and GitHub
def _gradescope(arguments: argparse.Namespace) -> int:
    from autograder.explain import private
    from autograder.nbgrader_plugin.settings import students_see
    from autograder.neighbours import gradescope

    root = root_of(arguments)
    number = gradescope.write(root, arguments.assignment,
                              private(arguments.into, root, students_see(root)))
    print(f"wrote {arguments.into}: {number} files")
    print("STAFF ONLY: it holds the solution and the hidden checks. Upload it to Gradescope; keep "
          "it out of every folder that is shared.")
    return OK


def _classroom(arguments: argparse.Namespace) -> int:
    from autograder.neighbours import classroom

    root_of(arguments)
    path = classroom.write(arguments.assignment, arguments.into, arguments.kit)
    print(f"wrote {path}. Only public checks run there; for the marks, grade what students pushed: "
          "autograder grade.")
    return OK
