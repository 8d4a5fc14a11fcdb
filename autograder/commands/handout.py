"""`autograder bundle`: what students get, proved and written."""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from autograder.commands import OK, in_course

if TYPE_CHECKING:
    from autograder.authoring.gate import Tried


def add(commands: Any) -> None:
    """Put the command on argparse's list."""
    bundle = commands.add_parser("bundle", help="write one zip for students: notebooks, data, what to install (staff)")
    bundle.add_argument("assignments", nargs="*", metavar="ASSIGNMENT", help="all that are released when left out")
    bundle.add_argument("--into", type=Path, default=Path("build/dropout.zip"), metavar="FILE", help="default: build/dropout.zip")
    bundle.add_argument("--sample", type=int, default=1, metavar="N", help="look for answers to each N-th exercise only (default: all)")
    bundle.add_argument("--table", type=Path, metavar="CSV", help="write there what was tried, and what it would earn (secret)")
    in_course(bundle)
    bundle.set_defaults(run=_bundle)


def _bundle(arguments: argparse.Namespace) -> int:
    from autograder.authoring.bundle import write
    from autograder.authoring.handout import collect
    from autograder.authoring.proof import examined, write_table
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
    return OK


def show(title: str, findings: Sequence[str]) -> None:
    """Print what was looked at, and what was found."""
    from autograder.authoring.verify import SKIPPED

    mark = "x " if findings else "- " if SKIPPED in title else "ok"
    print(f"{mark} {title}", *(f"     {finding}" for finding in findings), sep="\n", flush=True)


def verified(root: Path, arguments: argparse.Namespace, slugs: Sequence[str]) -> Iterator[tuple[str, list[str]]]:
    """The part of `autograder verify` that is about the hand-out of all that is released, before these assignments."""
    from autograder.authoring.handout import collect, released
    from autograder.authoring.proof import examined, write_table
    from autograder.authoring.verify import SKIPPED

    if not released(root):
        yield f"the hand-out{SKIPPED}nothing is released", []
        return
    tried: list[Tried] = []
    yield from examined(root, collect(root), slugs, arguments.sample, tried)
    if arguments.table:
        write_table(arguments.table, tried)
