"""The command of students: `autograder check NOTEBOOK`, and `autograder data` for data sets.

It is the whole command where nothing but the student's part is installed, and two of the verbs of
the instructor's.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from autograder import __version__
from autograder.model import AutograderError, Broken, ExerciseResult
from autograder.report.terminal import patient
from autograder.surroundings import demand_sentences, one_thread, stranger

BROKEN = 2  # the exit code for a fault of ours


def main(argv: Sequence[str] | None = None) -> int:
    """The command as students have it."""
    parser = argparse.ArgumentParser(prog="autograder",
                                     description="Check your notebooks of the course on dropout.")
    parser.add_argument("--version", action="version", version=__version__)
    add(parser.add_subparsers(title="commands", required=True, metavar="COMMAND"))
    return patiently(lambda: parser.parse_args(argv))


def add(commands: Any) -> argparse.ArgumentParser:
    """Put the commands on argparse's list; returns `check`, for instructors' option."""
    one = commands.add_parser("check",
                              help="check a notebook as its student can (public sentences only)")
    one.add_argument("notebook", type=Path, help="a notebook, or its folder")
    one.add_argument("exercise", nargs="?", help="one exercise; all of them when left out")
    one.add_argument("--hint", type=int, default=1, metavar="STEP",
                     help="open each hint as far as this step: 2, 3, ...")
    one.set_defaults(run=lambda arguments: check(arguments.notebook, arguments.exercise,
                                                 arguments.hint))

    data = commands.add_parser("data", help="list the data sets, or fetch one into datasets/")
    data.add_argument("name", nargs="?",
                      help="sonar or cifar10; without a name: what there is, and where")
    data.add_argument("--from", dest="source", type=Path, metavar="FILE",
                      help="take it from this file instead of the net")
    data.add_argument("--url", default="",
                      help="fetch it from there (a mirror); the checksum must be the same")
    data.add_argument("--rebuild", action="store_true",
                      help="write datasets/digits.npy again from scikit-learn's copy")
    data.set_defaults(run=_data)
    return one  # type: ignore[no-any-return]


def patiently(read: Callable[[], argparse.Namespace]) -> int:
    """Run the subcommand; errors made on purpose become a line and a code."""
    one_thread()
    with patient() as out:
        code = _run(read())
    # who pipes into `head` has read enough
    if out.failed and not isinstance(out.failed, BrokenPipeError):
        print(f"autograder: the output could not be written ({out.failed.strerror}). What was "
              "graded is recorded.", file=sys.stderr)
        return code or BROKEN
    return code


def _run(arguments: argparse.Namespace) -> int:
    if note := stranger():
        print(f"note  {note}", file=sys.stderr)
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


def check(place: Path, exercise: str | None = None, hint: int = 1) -> int:
    """Print what holds in a notebook (or its folder's), then a table; 0 when all does."""
    return (0 if all(r.outcome in ("passed", "not_run") for r in checked(place, exercise, hint))
            else 1)


def checked(place: Path, exercise: str | None = None, hint: int = 1) -> list[ExerciseResult]:
    """The same, and what was found."""
    demand_sentences()  # before the checks are imported, which are nothing without them
    from autograder.report import guide, words
    from autograder.report.ladder import Climb
    from autograder.student.reading import find, further, opened
    from autograder.student.selfcheck import after, examine_notebook

    path, note = find(place)
    found = opened(path)
    for told in [note, *found.submission.notes]:
        if told:
            print(f"note  {words.line(told)}")
    chosen = [found.assignment.holding(exercise)] if exercise else found.assignment.exercises
    results = []
    for one in chosen:
        results.append(examine_notebook(one, found))
        climb = Climb(hint, further(place, one.name))
        print(guide.guide_text(results[-1], after(results[-1], found.assignment) if exercise
                               else "", climb=climb))
    if len(results) > 1:
        print("\n" + "\n".join(guide.overview(results)))
    return results


def _data(arguments: argparse.Namespace) -> int:
    from autograder import datasets

    if not arguments.name:
        for data in datasets.DATASETS.values():
            print(f"{data.name}: {data.about}\n"
                  f"   {datasets.find(data.name) or 'not here. ' + datasets.how_to_get(data.name)}")
    elif arguments.name == "digits" and arguments.rebuild:
        print(f"wrote {datasets.rebuild_digits()}, bit for bit as it should be")
    else:
        print(f"wrote {_fetched(arguments)}; its checksum is right")
    return 0


def _fetched(arguments: argparse.Namespace) -> Path:
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn

    from autograder import datasets

    with Progress(TextColumn("{task.description}"), BarColumn(), DownloadColumn(),
                  transient=True) as bar:
        task = bar.add_task(arguments.name, total=None)
        # one line, used once
        show = lambda done, size: bar.update(task, completed=done, total=size or None)  # noqa: E731
        return datasets.fetch(arguments.name, arguments.source, arguments.url, show)
