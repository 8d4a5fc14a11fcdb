"""`autograder bundle`: what students get, proved and written."""

from __future__ import annotations

import argparse
import csv
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from autograder.model import CourseError

SKIPPED = " - skipped: "

if TYPE_CHECKING:
    from autograder.authoring.gate import Tried
    from autograder.authoring.handout import Handout


def add(commands: Any) -> None:
    """Put the command on argparse's list."""
    bundle = commands.add_parser("bundle", help="write one zip for students: notebooks, data, what to install (staff)")
    bundle.add_argument("assignments", nargs="*", metavar="ASSIGNMENT", help="all that are released when left out")
    bundle.add_argument("--into", type=Path, default=Path("build/dropout.zip"), metavar="FILE", help="default: build/dropout.zip")
    bundle.add_argument("--sample", type=int, default=1, metavar="N", help="look for answers to each N-th exercise only (default: all)")
    bundle.add_argument("--table", type=Path, metavar="CSV", help="write there what was tried, and what it would earn (secret)")
    bundle.add_argument("--course", type=Path, help="the course's root; by default the one you are in")
    bundle.set_defaults(run=_bundle)


def _bundle(arguments: argparse.Namespace) -> int:
    from autograder.authoring.bundle import write
    from autograder.authoring.handout import collect
    from autograder.course import find_root

    root = find_root(arguments.course)
    handout = collect(root, arguments.assignments)
    found = 0
    tried: list[Tried] = []
    for title, findings in examined(root, handout, sample=arguments.sample, tried=tried):
        show(title, findings)
        found += len(findings)
    if arguments.table:
        write_table(arguments.table, tried)
    if found:
        print(f"{found} finding{'s' * (found != 1)}. Nothing was written. Mend and run `autograder bundle` again.")
        return 1
    sizes = write(handout, arguments.into)
    print(*(f"{size:>9,}  {name}" for name, size in sizes.items()), sep="\n")
    print(f"wrote {arguments.into} ({arguments.into.stat().st_size:,} bytes), release {handout.version}. Give it to students.")
    return 0


def show(title: str, findings: Sequence[str]) -> None:
    """Print what was looked at, and what was found."""
    mark = "x " if findings else "- " if SKIPPED in title else "ok"
    print(f"{mark} {title}", *(f"     {finding}" for finding in findings), sep="\n", flush=True)


def verified(root: Path, arguments: argparse.Namespace) -> Iterator[tuple[str, list[str]]]:
    """The part of `autograder verify` that is about the hand-out of all that is released."""
    from autograder.authoring.handout import collect, released

    if not released(root):
        yield f"the hand-out{SKIPPED}nothing is released", []
        return
    tried: list[Tried] = []
    yield from examined(root, collect(root), arguments.assignments, arguments.sample, tried)
    if arguments.table:
        write_table(arguments.table, tried)


def examined(
    root: Path, handout: Handout, slugs: Sequence[str] = (), sample: int = 1, tried: list[Tried] | None = None
) -> Iterator[tuple[str, list[str]]]:
    """Look whether a hand-out answers anything: by text, then by behaviour, assignment by assignment. Yields what was looked at, findings.

    `slugs` are the assignments whose exercises are tried, all of the course by default; `sample` takes each so many-th of them. What was
    tried is appended to `tried`.
    """
    from autograder.authoring.gate import Gate, findings
    from autograder.authoring.secrets import leaks
    from autograder.course import lacking, load_staff
    from autograder.course import slugs as all_slugs

    if sample < 1:
        raise CourseError("--sample must be 1 or more.")
    yield "the hand-out holds no secret text", list(leaks(handout, root))
    gate, place = Gate(handout, root), 0
    for slug in slugs or all_slugs(root):
        try:
            staff = load_staff(root, slug)
        except CourseError as error:
            yield f"the hand-out before {slug}", [str(error)]
            continue
        if reason := lacking(staff.assignment):
            yield f"the hand-out before {slug}{SKIPPED}{reason}", []
            continue
        names = [e.name for e in staff.assignment.exercises]
        chosen = [name for n, name in enumerate(names, place) if n % sample == 0]
        place += len(names)
        here = list(gate.tried(staff, chosen))
        if tried is not None:
            tried += here
        yield told(slug, here), [f for one in here for f in findings(one, staff)]


def told(slug: str, found: Sequence[Tried]) -> str:
    """One line about the exercises of an assignment: how many things were tried, and what the best earned."""
    counts = f"{sum(t.candidates for t in found):,} tried, {sum(t.fitting for t in found):,} judged"
    best = max((t.best for t in found), default=0.0)
    return f"nothing in the hand-out answers {slug}: {len(found)} exercises, {counts}; the best earns {best:.0%}"


def write_table(path: Path, tried: Iterable[Tried]) -> None:
    """Write what was tried as CSV, for staff; CourseError when that cannot be."""
    from autograder.authoring.gate import TABLE, rows

    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("w", newline="", encoding="utf-8") as file:
            csv.writer(file).writerows([TABLE, *rows(tried)])
    except OSError as error:
        raise CourseError(f"{path} cannot be written ({error.strerror}). Name another file with --table.") from error
