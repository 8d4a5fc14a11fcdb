"""Releasing assignments and examining them; made-up classes, measurements; what students get."""

from __future__ import annotations

import argparse
import shlex
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from autograder.commands import OK, in_course, root_of

if TYPE_CHECKING:
    from autograder.authoring.gate import Tried
    from autograder.staff import Staff


def add(commands: Any) -> None:
    """Put the commands on the command line."""
    release = commands.add_parser("release", help="write assignments/ from solutions/ (staff)")
    release.add_argument("assignments", nargs="*", metavar="ASSIGNMENT",
                         help="all of them when left out")
    in_course(release, _release)

    verify = commands.add_parser("verify", help="let the kit examine itself (staff)")
    verify.add_argument("assignments", nargs="*", metavar="ASSIGNMENT",
                        help="all of them when left out")
    verify.add_argument("--seeds", type=int, default=3,
                        help="how often each right variant is judged (default 3)")
    verify.add_argument("--matrix", nargs="?", const="", metavar="FOLDER",
                        help="write secret pages: what each check does on wrong answers")
    verify.add_argument("--pairs", nargs="?", type=int, const=0, metavar="N",
                        help="also make two mistakes at once: all pairs, or N")
    verify.add_argument("--mutants", action="store_true",
                        help="also change each answer mechanically, and list what loses nothing")
    verify.add_argument("--sample", type=int, default=1, metavar="N",
                        help="look for answers in the hand-out to each N-th exercise only")
    verify.add_argument("--table", type=Path, metavar="CSV",
                        help="write there what of the hand-out was tried, and what it would earn")
    verify.add_argument("--fitted", action="store_true",
                        help="print what a hand-in would earn that knows the public checks only")
    verify.add_argument("--odds", action="store_true",
                        help="print what each chance test may get wrong, and what it sees")
    in_course(verify, _verify)

    messages = commands.add_parser(
        "messages", help="print what students read about the key's wrong answers (staff)")
    messages.add_argument("assignment", help="for example hw1_dropout")
    messages.add_argument("exercise", nargs="?", help="one exercise; all of them when left out")
    messages.add_argument("--most", type=int, default=10, metavar="N",
                          help="how many of each exercise (default 10)")
    in_course(messages, _messages)
    _add_classes(commands)
    _add_hand_outs(commands)


def _add_classes(commands: Any) -> None:
    simulate = commands.add_parser("simulate",
                                   help="write a class of plausible hand-ins into a scratch course")
    simulate.add_argument("assignment", help="for example hw1_dropout")
    simulate.add_argument("--students", type=int, default=100, metavar="N",
                          help="how many (default 100)")
    simulate.add_argument("--seed", type=int, default=0, metavar="S",
                          help="the same seed makes the same class (default 0)")
    simulate.add_argument("--into", type=Path, default=Path("simulated"), metavar="DIR",
                          help="the new course (default: simulated/)")
    in_course(simulate, _simulate)

    bench = commands.add_parser("bench",
                                help="measure what grading costs here, beside stock nbgrader")
    bench.add_argument("assignment", nargs="?", default="hw1_dropout", help="default: hw1_dropout")
    bench.add_argument("--students", type=int, default=40, metavar="N",
                       help="the size of the class (default 40)")
    bench.add_argument("--into", type=Path, default=Path("build/bench"), metavar="DIR",
                       help="bench.json, bench.png and the classes")
    bench.add_argument("--no-stock", action="store_true",
                       help="leave stock nbgrader out, which takes longest")
    bench.add_argument("--scaling", type=int, nargs="*", default=[], metavar="N",
                       help="larger classes by the quick road: 100 1000 10000")
    in_course(bench, _bench)


def _add_hand_outs(commands: Any) -> None:
    demo = commands.add_parser(
        "demo", help="build a class of 40, grade it with nbgrader, and show what comes out")
    demo.add_argument("folder", type=Path, nargs="?", default=Path("demo"),
                      help="where to build it (default: demo/)")
    demo.add_argument("--unsafe-isolation", action="store_true",
                      help="grade even where student code cannot be sandboxed")
    in_course(demo, _demo)

    bundle = commands.add_parser(
        "bundle", help="write one zip for students: notebooks, data, what to install (staff)")
    bundle.add_argument("assignments", nargs="*", metavar="ASSIGNMENT",
                        help="all that are released when left out")
    bundle.add_argument("--into", type=Path, default=Path("build/dropout.zip"), metavar="FILE",
                        help="default: build/dropout.zip")
    bundle.add_argument("--sample", type=int, default=1, metavar="N",
                        help="look for answers to each N-th exercise only (default: all)")
    bundle.add_argument("--table", type=Path, metavar="CSV",
                        help="write there what was tried, and what it would earn (secret)")
    in_course(bundle, _bundle)


def _release(arguments: argparse.Namespace) -> int:
    from autograder.authoring.release import release
    from autograder.course import lacking, load_public, slugs

    root = root_of(arguments)
    for folder in release(root, arguments.assignments or slugs(root)):
        reason = lacking(load_public(folder))
        print(f"wrote {folder}"
              + (f" (hints.json is the one of before: {reason})" if reason else ""))
    return OK


def _print_stress(staff: Staff, arguments: argparse.Namespace) -> None:
    """What becomes of pairs of mistakes, and of mutants."""
    from autograder.authoring import mutants, pairs

    if arguments.pairs is not None:
        print(f"{staff.assignment.slug}: two mistakes at once")
        print("\n".join(f"  {line}"
                        for line in pairs.lines(list(pairs.seen(staff, arguments.pairs or None)))))
    if arguments.mutants:
        print(f"{staff.assignment.slug}: mutants")
        print("\n".join(f"  {line}" for line in mutants.lines(list(mutants.scores(staff)))))


def _verify(arguments: argparse.Namespace) -> int:
    from autograder.authoring.kill_matrix import folder_for, write
    from autograder.authoring.verify import FINE, SKIPPED, Examination, verify
    from autograder.course import lacking, slugs
    from autograder.staff import load_staff

    root = root_of(arguments)
    folder = (None if arguments.matrix is None
              else folder_for(root, Path(arguments.matrix) if arguments.matrix else None))
    findings, skipped = 0, 0
    seen: dict[str, Examination] = {}
    told: dict[str, list[str]] = {}
    for slug, title, found in verify(root, arguments.assignments or None, arguments.seeds, seen):
        skipped += SKIPPED in title
        _show(f"{slug}: {title}", found)
        findings += len(found)
        told.setdefault(slug, []).extend(found)
    for title, found in _hand_out_verified(root, arguments, list(seen)):
        skipped += SKIPPED in title
        _show(title, found)
        findings += len(found)
    for slug, examination in seen.items() if arguments.fitted else ():
        for one in () if lacking(examination.staff.assignment) else examination.fitted:
            print(f"{slug}, {one.exercise}: by {one.seen} {one.share:.0%}")
    if arguments.odds:
        _print_odds(root, arguments.assignments)
    for slug in ((arguments.assignments or slugs(root)) if arguments.pairs is not None
                 or arguments.mutants else ()):
        _print_stress(load_staff(root, slug), arguments)
    if folder:
        print(f"wrote {write(folder, seen, told)}, which students must not see")
    if findings:
        print(f"{findings} finding{'s' * (findings != 1)}. Mend and run `autograder verify` again.")
    else:
        print(f"What was looked at is fine, but {skipped} steps were skipped. Run this where "
              "nothing is lacking." if skipped else FINE)
    return OK if not findings else 1


def _messages(arguments: argparse.Namespace) -> int:
    from autograder.authoring.messages import messages

    for text in messages(root_of(arguments), arguments.assignment, arguments.exercise,
                         max(1, arguments.most)):
        print(text)
    return OK


def _print_odds(root: Path, assignments: Sequence[str]) -> None:
    from autograder import chance
    from autograder.authoring.verify import odds
    from autograder.course import slugs
    from autograder.staff import load_staff

    for slug in assignments or slugs(root):
        found = list(odds(load_staff(root, slug)))
        tests = sum(check.chances for _, check in found)
        print(f"{slug}: {tests} chance tests; a right submission is refused anything with "
              f"probability at most {tests * chance.ALPHA:.1e}")
        for exercise, check in found:
            print(f"   {exercise}: {check.name}: false alarm at most "
                  f"{check.chances * chance.ALPHA:.0e}; sees {check.power}")


def _simulate(arguments: argparse.Namespace) -> int:
    from autograder.authoring.simulate import simulate

    slug = arguments.assignment
    course = simulate(root_of(arguments), slug, arguments.students, arguments.seed, arguments.into)
    where = shlex.quote(str(course))
    print(f"{arguments.students} hand-ins in {course / 'submitted'}. Grade them with: cd {where} "
          f"&& autograder grade {slug}")
    return OK


def _bench(arguments: argparse.Namespace) -> int:
    from autograder.authoring.bench import bench, lines

    root, into = root_of(arguments), arguments.into.resolve()
    found = bench(root, arguments.assignment, arguments.students, into, not arguments.no_stock,
                  arguments.scaling)
    for line in lines(found):
        print(line)
    print(f"written: {into / 'bench.json'} and {into / 'bench.png'}")
    return OK


def _demo(arguments: argparse.Namespace) -> int:
    from autograder.authoring.demo import demo

    return demo(root_of(arguments), arguments.folder, arguments.unsafe_isolation)


# ------------------------------------------------------------------------------------- the hand-out
def _bundle(arguments: argparse.Namespace) -> int:
    from autograder.authoring.bundle import write
    from autograder.authoring.handout import collect
    from autograder.authoring.proof import examined, write_table

    root = root_of(arguments)
    handout = collect(root, arguments.assignments)
    found = 0
    tried: list[Tried] = []
    for title, findings in examined(root, handout, sample=arguments.sample, tried=tried):
        _show(title, findings)
        found += len(findings)
    if arguments.table:
        write_table(arguments.table, tried)
    if found:
        print(f"{found} finding{'s' * (found != 1)}. Nothing was written. Mend and run `autograder "
              "bundle` again.")
        return 1
    sizes = write(handout, arguments.into)
    print(*(f"{size:>9,}  {name}" for name, size in sizes.items()), sep="\n")
    print(f"wrote {arguments.into} ({arguments.into.stat().st_size:,} bytes), release "
          f"{handout.version}. Give it to students.")
    return OK


def _show(title: str, findings: Sequence[str]) -> None:
    """Print what was looked at, and what was found."""
    from autograder.authoring.verify import SKIPPED

    mark = "x " if findings else "- " if SKIPPED in title else "ok"
    print(f"{mark} {title}", *(f"     {finding}" for finding in findings), sep="\n", flush=True)


def _hand_out_verified(root: Path, arguments: argparse.Namespace,
                       slugs: Sequence[str]) -> Iterator[tuple[str, list[str]]]:
    """The part of `autograder verify` about the hand-out of all released, before these."""
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
