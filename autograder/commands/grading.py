"""Grading: a class into the gradebook, or notebooks without touching it."""

from __future__ import annotations

import argparse
import signal
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.console import Console

from autograder import surroundings
from autograder.commands import (
    BROKEN, OK, UNREADABLE, in_course, isolation_of, root_of, sandboxed)
from autograder.model import Broken, CourseError, Look, Report

if TYPE_CHECKING:
    from autograder.classes.batch import Batch
    from autograder.judge import Witness
    from autograder.sandbox import Isolation
    from autograder.staff import Staff


def add(commands: Any) -> None:
    """Put the commands on the command line."""
    grade = commands.add_parser(
        "grade", help="grade submitted/*/HW/ into the gradebook, or notebooks without touching it")
    grade.add_argument("assignment", help="for example hw1_dropout")
    grade.add_argument("notebooks", type=Path, nargs="*", metavar="NOTEBOOK",
                       help="hand-ins, anywhere: only reports are made of them")
    grade.add_argument("--json", type=Path, metavar="FILE",
                       help="write there what came of each, and what is worth a look")
    grade.add_argument("--csv", type=Path, metavar="FILE",
                       help="with notebooks: write points per exercise there")
    grade.add_argument("--quiet", action="store_true",
                       help="print the table only, not the sentences; no progress bar")
    grade.add_argument("--student", nargs="+", action="extend", default=[], metavar="ID",
                       help="of the class, only these")
    grade.add_argument("--jobs", type=int, metavar="N",
                       help="how many hand-ins at once (default: one for each processor)")
    grade.add_argument("--dask", metavar="ADDRESS",
                       help="on the workers of this Dask cluster, for example tls://10.0.0.1:8786")
    grade.add_argument("--dask-keys", type=Path, metavar="FOLDER",
                       help="the keys of that cluster (default: dask-keys/ of the course)")
    grade.add_argument("--regrade", action="store_true",
                       help="run everything again, whatever is remembered")
    grade.add_argument("--never-lower", action="store_true",
                       help="the same answers keep their points where the course now gives fewer")
    grade.add_argument("--fresh", action="store_true",
                       help="start a new Python for every hand-in, and keep none warm")
    sandboxed(grade)
    grade.add_argument("--gpu", action="store_true", help="let this machine's NVIDIA GPU into the "
                       "sandbox (hw8_torch; experimental)")
    in_course(grade, _grade)
    _add_keys(commands)


def _add_keys(commands: Any) -> None:
    keys = commands.add_parser(
        "dask-keys", help="make the keys of a Dask cluster, for `autograder grade --dask`")
    keys.add_argument("folder", type=Path, nargs="?", default=Path("dask-keys"),
                      help="where to write them (default: dask-keys/)")
    keys.set_defaults(run=_dask_keys)


def _grade(arguments: argparse.Namespace) -> int:
    if not arguments.notebooks:
        return _grade_class(arguments)
    if arguments.student or arguments.jobs or arguments.regrade:
        raise CourseError("--student, --jobs and --regrade are for a whole class. Leave them out, "
                          "or leave the notebooks out.")
    from autograder.explain import calls_of
    from autograder.judge import Witness
    from autograder.report import data, looks, table, text
    from autograder.report.progress import plain_console
    from autograder.staff import load_staff

    staff, console = load_staff(root_of(arguments), arguments.assignment), plain_console()
    isolation, found, witness = _isolation(arguments, console), dict[int, Report](), Witness()
    with data.JsonFile(arguments.json, lambda: [data.to_dict(r, calls_of(r, witness))
                                                for r in found.values()]) as file:
        for number, report in _judged(arguments.notebooks, staff, isolation, witness):
            if not arguments.quiet and (number in found or not report.stopped):
                print(text.report_text(report, staff=True))
            found[number] = report
            file.step()
    reports = list(found.values())
    if arguments.csv:
        data.write_rows(arguments.csv, data.rows(reports))
    rows = table.rows(reports)
    for line in table.lines(rows):
        console.print(line, soft_wrap=True)
    _show(console, [k for row, r in zip(rows, reports, strict=True)
                    for k in looks.of_report(r, row.label)])
    return _code(reports)


def _show(console: Console, found: Sequence[Look]) -> None:
    from autograder.report import looks

    for line in looks.lines(found):
        console.print(line, markup=False, soft_wrap=True)


def _isolation(arguments: argparse.Namespace, console: Console) -> Isolation:
    """The sandbox that was asked for, with the GPU or without."""
    from autograder.sandbox import with_gpu
    from autograder.staff import load_staff

    if arguments.gpu and not load_staff(root_of(arguments), arguments.assignment).assignment.gpu:
        raise CourseError(f"{arguments.assignment} has no use for a GPU. Leave --gpu out.")
    isolation = isolation_of(arguments, console)
    if not arguments.gpu:
        return isolation
    console.print("--gpu is experimental: it has never run on a GPU.")
    return with_gpu(isolation)


def _judged(paths: Sequence[Path], staff: Staff, isolation: Isolation,
            witness: Witness) -> Iterator[tuple[int, Report]]:
    """A report for each notebook; where something was stopped, another at the end: was it load?"""
    again = []
    for number, path in enumerate(paths):
        report = _graded(path, staff, isolation, witness)
        again += [number] if report.stopped else []
        yield number, report
    for number in again:
        yield number, _graded(paths[number], staff, isolation, witness)


def _graded(path: Path, staff: Staff, isolation: Isolation, witness: Witness) -> Report:
    from autograder.classes.pool import at_most
    from autograder.examine import LIMITS
    from autograder.grade import grade_path

    try:
        with at_most(LIMITS.judge_bytes):
            return grade_path(path, staff, isolation, witness=witness)
    except (Broken, MemoryError) as error:  # ours: reported beside the others, and never as a zero
        said = (str(error) if isinstance(error, Broken)
                else "grading it takes more memory than it may. Look at this notebook.")
        return Report(staff.assignment.slug, str(path), "broken", isolation.name, error=said,
                      maximum=staff.assignment.points)


def _code(reports: Sequence[Report]) -> int:
    statuses = {r.status for r in reports}
    if "broken" in statuses:
        return BROKEN
    return UNREADABLE if "unreadable" in statuses else OK


def _grade_class(arguments: argparse.Namespace) -> int:
    began = time.monotonic()
    _refuse_what_does_not_fit(arguments)
    if arguments.jobs != 1 and not arguments.dask:
        _start_fork_server()
    from autograder.classes import batch
    from autograder.report import data
    from autograder.report.progress import Progress, plain_console

    console = plain_console()
    isolation = _isolation(arguments, console)
    with ExitStack() as stack:
        grading = _batch(arguments, isolation, stack)
        graded: list[dict[str, Any]] = []
        file = stack.enter_context(data.JsonFile(arguments.json,
                                                 lambda: batch.to_dict(grading, graded)))
        progress = stack.enter_context(Progress(console, arguments.assignment,
                                                arguments.quiet, began))
        for one in grading.run(arguments.student, progress.begin):
            graded += [one.brief()] * bool(arguments.json)
            file.step()
            progress.step(f"{one.student}: {one.status}: {one.error}" if one.error else "")
    _table(console, grading)
    tally = grading.tally
    for line in progress.summary(tally.graded, tally.unchanged, tally.unreadable, tally.broken,
                                 tally.slowest):
        console.print(line, markup=False, soft_wrap=True)
    for note in grading.notes:
        console.print(note, markup=False, soft_wrap=True)
    _show(console, grading.looks)
    return BROKEN if tally.broken else UNREADABLE if tally.unreadable else OK


def _refuse_what_does_not_fit(arguments: argparse.Namespace) -> None:
    """CourseError for options that exclude each other; one job where there can be no more."""
    if arguments.csv:
        raise CourseError("--csv is for notebooks named one by one; the marks of a class come from "
                          "`nbgrader export`.")
    if arguments.jobs is not None and arguments.jobs < 1:
        raise CourseError("--jobs must be 1 or more.")
    if arguments.dask and arguments.gpu:
        raise CourseError("--gpu is for the GPU of this machine, and --dask for other machines. "
                          "Leave one of them out.")
    if not (arguments.jobs or arguments.dask or surroundings.semaphores()):
        print(f"One hand-in at a time: {surroundings.NO_SEMAPHORES}.")
        arguments.jobs = 1


def _start_fork_server() -> None:
    """Importing nbgrader takes seconds; let the pool do it at the same time as this process."""
    from multiprocessing import forkserver

    surroundings.short_sockets()
    forkserver.set_forkserver_preload(["autograder.classes.batch"])
    # it inherits this, and says nothing at a Ctrl-C while it imports
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    forkserver.ensure_running()
    signal.signal(signal.SIGINT, before)


def _batch(arguments: argparse.Namespace, isolation: Isolation, stack: ExitStack) -> Batch:
    """The class to be graded, on this machine's processes or on those of a cluster."""
    from autograder.classes import batch, cluster

    root = root_of(arguments)
    jobs, pool = arguments.jobs or batch.cores(), batch.executor
    if arguments.dask:
        client, workers = stack.enter_context(
            cluster.connected(arguments.dask, arguments.dask_keys or root / cluster.KEYS))
        jobs, pool = arguments.jobs or workers, partial(cluster.executor, client)
    warm = not (arguments.fresh or arguments.gpu)
    return batch.Batch(root, arguments.assignment, isolation, jobs, arguments.regrade, warm, pool,
                       arguments.never_lower)


def _table(console: Console, grading: Batch) -> None:
    """Where the class stands now, student by student."""
    from autograder.report import looks, table

    rows = table.class_rows(grading.people, grading.looks)
    for line in table.lines(rows[: looks.SHOWN]) if rows else ():
        console.print(line, soft_wrap=True)
    if len(rows) > looks.SHOWN:
        more = (f"and {len(rows) - looks.SHOWN} more; all of them with: autograder report "
                f"{grading.slug} --names --csv FILE")
        console.print(more, markup=False)


def _dask_keys(arguments: argparse.Namespace) -> int:
    from autograder.classes import cluster

    path = cluster.make_keys(arguments.folder)
    print(f"wrote {path}, which nobody else may read. "
          f"{cluster.how_to_start(path.parent.resolve())}")
    return OK
