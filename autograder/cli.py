"""The command `autograder`: one function per subcommand, each returns the exit code."""

from __future__ import annotations

import argparse
import shlex
import signal
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.console import Console

from autograder import __version__, instructor
from autograder.model import AutograderError, Broken, CourseError, Look, Report
from autograder.neighbours import commands as neighbours
from autograder.report.terminal import patient

if TYPE_CHECKING:
    from autograder.course import Staff
    from autograder.judge import Witness
    from autograder.sandbox import Isolation

OK, UNREADABLE, BROKEN = 0, 1, 2


def main(argv: Sequence[str] | None = None) -> int:
    """Run one subcommand; errors made on purpose become one clear line and a code. What cannot be printed stops nothing."""
    with patient() as out:
        code = _run(_arguments(argv))
    if out.failed and not isinstance(out.failed, BrokenPipeError):  # who pipes into `head` has read enough
        print(f"autograder: the output could not be written ({out.failed.strerror}). What was graded is recorded.", file=sys.stderr)
        return code or BROKEN
    return code


def _run(arguments: argparse.Namespace) -> int:
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


def _arguments(argv: Sequence[str] | None) -> argparse.Namespace:
    """The command line. Notebooks may stand behind options, which argparse does not see when there may be none of them."""
    parser = _parser()
    arguments, rest = parser.parse_known_args(argv)
    if rest and not arguments.__dict__.get("notebooks", True) and not any(word.startswith("-") for word in rest):
        arguments.notebooks = [Path(word) for word in rest]
    elif rest:
        parser.error(f"unrecognized arguments: {' '.join(rest)}")
    return arguments


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="autograder", description="An auto-graded course on dropout.")
    parser.add_argument("--version", action="version", version=__version__)
    commands = parser.add_subparsers(title="commands", required=True, metavar="COMMAND")

    check = commands.add_parser("check", help="check a notebook as its student can (public sentences only)")
    check.add_argument("notebook", type=Path, help="a notebook with checks.py beside it")
    check.add_argument("exercise", nargs="?", help="one exercise; all of them when left out")
    check.set_defaults(run=_check)

    grade = commands.add_parser("grade", help="grade submitted/*/HW/ into the gradebook, or notebooks without touching it")
    grade.add_argument("assignment", help="for example hw1_dropout")
    grade.add_argument("notebooks", type=Path, nargs="*", metavar="NOTEBOOK", help="hand-ins, anywhere: only reports are made of them")
    grade.add_argument("--json", type=Path, metavar="FILE", help="write there what came of each, and what is worth a look")
    grade.add_argument("--csv", type=Path, metavar="FILE", help="with notebooks: write points per exercise there")
    grade.add_argument("--quiet", action="store_true", help="print the table only, not the sentences; no progress bar")
    grade.add_argument("--student", nargs="+", action="extend", default=[], metavar="ID", help="of the class, only these")
    grade.add_argument("--jobs", type=int, metavar="N", help="how many hand-ins at once (default: one for each processor)")
    grade.add_argument("--dask", metavar="ADDRESS", help="on the workers of this Dask cluster, for example tls://10.0.0.1:8786")
    grade.add_argument("--dask-keys", type=Path, metavar="FOLDER", help="the keys of that cluster (default: dask-keys/ of the course)")
    grade.add_argument("--regrade", action="store_true", help="run everything again, whatever is remembered")
    grade.add_argument("--fresh", action="store_true", help="start a new Python for every hand-in, and keep none warm")
    grade.add_argument("--isolation", choices=("bubblewrap", "landlock", "subprocess"), help="insist on one kind of cage")
    grade.add_argument("--unsafe-isolation", action="store_true", help="grade even where student code cannot be caged")
    grade.add_argument("--gpu", action="store_true", help="let this machine's NVIDIA GPU into the cage (hw8_torch; a new Python for each)")
    grade.add_argument("--course", type=Path, help="the course's root; by default the one you are in")
    grade.set_defaults(run=_grade)

    keys = commands.add_parser("dask-keys", help="make the keys of a Dask cluster, for `autograder grade --dask`")
    keys.add_argument("folder", type=Path, nargs="?", default=Path("dask-keys"), help="where to write them (default: dask-keys/)")
    keys.set_defaults(run=_dask_keys)
    collect = commands.add_parser("collect", help="bring hand-ins from a learning platform's archives to submitted/")
    collect.add_argument("assignment", help="for example hw1_dropout")
    collect.add_argument("archives", type=Path, nargs="*", metavar="ARCHIVE", help="or a folder (default: downloaded/HW/archive)")
    collect.add_argument("--roster", type=Path, metavar="CSV", help="who is who: nbgrader's list, Canvas's gradebook, Moodle's worksheet")
    collect.add_argument("--zone", default="UTC", help="of the platform's clock, for example Europe/Berlin (default: UTC)")
    collect.add_argument("--force", action="store_true", help="replace what was put into submitted/ by hand or by another road")
    collect.add_argument("--course", type=Path, help="the course's root; by default the one you are in")
    collect.set_defaults(run=_collect)

    neighbours.add(commands)

    diff = commands.add_parser("diff", help="whose points changed between the last two gradings of a class, and by which check")
    diff.add_argument("assignment", help="for example hw1_dropout")
    diff.add_argument("--course", type=Path, help="the course's root; by default the one you are in")
    diff.set_defaults(run=_diff)

    instructor.add(commands)
    release = commands.add_parser("release", help="write assignments/ from solutions/ (staff)")
    release.add_argument("assignments", nargs="*", metavar="ASSIGNMENT", help="all of them when left out")
    release.add_argument("--course", type=Path, help="the course's root; by default the one you are in")
    release.set_defaults(run=_release)

    verify = commands.add_parser("verify", help="let the kit examine itself (staff)")
    verify.add_argument("assignments", nargs="*", metavar="ASSIGNMENT", help="all of them when left out")
    verify.add_argument("--seeds", type=int, default=3, help="how often each right variant is judged (default 3)")
    verify.add_argument("--matrix", nargs="?", const="", metavar="FOLDER", help="write secret pages: what each check does on wrong answers")
    verify.add_argument("--pairs", nargs="?", type=int, const=0, metavar="N", help="also make two mistakes at once: all pairs, or N")
    verify.add_argument("--mutants", action="store_true", help="also change each answer mechanically, and list what loses nothing")
    verify.add_argument("--odds", action="store_true", help="print what each chance test may get wrong, and what it sees")
    verify.add_argument("--course", type=Path, help="the course's root; by default the one you are in")
    verify.set_defaults(run=_verify)

    data = commands.add_parser("data", help="list the data sets, or fetch one into datasets/")
    data.add_argument("name", nargs="?", help="sonar or cifar10; without a name: what there is, and where")
    data.add_argument("--from", dest="source", type=Path, metavar="FILE", help="take it from this file instead of the net")
    data.add_argument("--url", default="", help="fetch it from there (a mirror); the checksum must be the same")
    data.add_argument("--rebuild", action="store_true", help="write datasets/digits.npy again from scikit-learn's copy")
    data.set_defaults(run=_data)

    simulate = commands.add_parser("simulate", help="write a class of plausible hand-ins into a scratch course")
    simulate.add_argument("assignment", help="for example hw1_dropout")
    simulate.add_argument("--students", type=int, default=100, metavar="N", help="how many (default 100)")
    simulate.add_argument("--seed", type=int, default=0, metavar="S", help="the same seed makes the same class (default 0)")
    simulate.add_argument("--into", type=Path, default=Path("simulated"), metavar="DIR", help="the new course (default: simulated/)")
    simulate.add_argument("--course", type=Path, help="the course's root; by default the one you are in")
    simulate.set_defaults(run=_simulate)

    bench = commands.add_parser("bench", help="measure what grading costs here, beside stock nbgrader")
    bench.add_argument("assignment", nargs="?", default="hw1_dropout", help="default: hw1_dropout")
    bench.add_argument("--students", type=int, default=40, metavar="N", help="the size of the class (default 40)")
    bench.add_argument("--into", type=Path, default=Path("build/bench"), metavar="DIR", help="bench.json, bench.png and the classes")
    bench.add_argument("--no-stock", action="store_true", help="leave stock nbgrader out, which takes longest")
    bench.add_argument("--scaling", type=int, nargs="*", default=[], metavar="N", help="larger classes by the quick road: 100 1000 10000")
    bench.add_argument("--course", type=Path, help="the course's root; by default the one you are in")
    bench.set_defaults(run=_bench)

    demo = commands.add_parser("demo", help="build a class of 40, grade it with nbgrader, and show what comes out")
    demo.add_argument("folder", type=Path, nargs="?", default=Path("demo"), help="where to build it (default: demo/)")
    demo.add_argument("--unsafe-isolation", action="store_true", help="grade even where student code cannot be caged")
    demo.add_argument("--course", type=Path, help="the course's root; by default the one you are in")
    demo.set_defaults(run=_demo)
    return parser


# --------------------------------------------------------------------------------------------------------------------- commands
def _check(arguments: argparse.Namespace) -> int:
    from autograder.student.command import check

    return check(arguments.notebook, arguments.exercise)


def _grade(arguments: argparse.Namespace) -> int:
    if not arguments.notebooks:
        return _grade_class(arguments)
    if arguments.student or arguments.jobs or arguments.regrade:
        raise CourseError("--student, --jobs and --regrade are for a whole class. Leave them out, or leave the notebooks out.")
    from autograder.course import find_root, load_staff
    from autograder.explain import calls_of
    from autograder.judge import Witness
    from autograder.report import data, looks, table, text

    staff, console = load_staff(find_root(arguments.course), arguments.assignment), Console()
    isolation, found, witness = _cage(arguments, console), dict[int, Report](), Witness()
    with data.JsonFile(arguments.json, lambda: [data.to_dict(r, calls_of(r, witness)) for r in found.values()]) as file:
        for number, report in _judged(arguments.notebooks, staff, isolation, witness):
            if not arguments.quiet and (number in found or not report.stopped):
                print(text.report_text(report, staff=True))
            found[number] = report
            file.step()
    reports = list(found.values())
    if arguments.csv:
        data.write_csv(arguments.csv, reports)
    grid = table.Grid(table.rows(reports))
    for line in grid.lines():
        console.print(line, highlight=False)
    _show(console, [k for row, r in zip(grid.rows, reports, strict=True) for k in looks.of_report(r, row.label)])
    return _code(reports)


def _show(console: Console, found: Sequence[Look]) -> None:
    from autograder.report import looks

    for line in looks.lines(found):
        console.print(line, highlight=False, markup=False, soft_wrap=True)


def _cage(arguments: argparse.Namespace, console: Console) -> Isolation:
    """The cage that was asked for; what it does not deny is said loudly."""
    from autograder.course import find_root, load_staff
    from autograder.sandbox import choose, warning, with_gpu

    if arguments.gpu and not load_staff(find_root(arguments.course), arguments.assignment).assignment.gpu:
        raise CourseError(f"{arguments.assignment} has no use for a GPU. Leave --gpu out.")
    isolation = choose(arguments.unsafe_isolation, arguments.isolation)
    if loud := warning(isolation):
        console.print(loud, style="bold red", highlight=False)
    return with_gpu(isolation) if arguments.gpu else isolation


def _judged(paths: Sequence[Path], staff: Staff, isolation: Isolation, witness: Witness) -> Iterator[tuple[int, Report]]:
    """A report for each notebook; where something was stopped, another one at the end: the machine may have been busy."""
    again = []
    for number, path in enumerate(paths):
        report = _graded(path, staff, isolation, witness)
        again += [number] if report.stopped else []
        yield number, report
    for number in again:
        yield number, _graded(paths[number], staff, isolation, witness)


def _graded(path: Path, staff: Staff, isolation: Isolation, witness: Witness) -> Report:
    from autograder.classes.pool import at_most
    from autograder.grade import LIMITS, grade_path

    try:
        with at_most(LIMITS.judge_bytes):
            return grade_path(path, staff, isolation, witness=witness)
    except (Broken, MemoryError) as error:  # ours: reported beside the others, and never as a zero
        said = str(error) if isinstance(error, Broken) else "grading it takes more memory than it may. Look at this notebook."
        return Report(staff.assignment.slug, str(path), "broken", isolation.name, error=said, maximum=staff.assignment.points)


def _code(reports: Sequence[Report]) -> int:
    statuses = {r.status for r in reports}
    if "broken" in statuses:
        return BROKEN
    return UNREADABLE if "unreadable" in statuses else OK


def _grade_class(arguments: argparse.Namespace) -> int:
    if arguments.csv:
        raise CourseError("--csv is for notebooks named one by one; the marks of a class come from `nbgrader export`.")
    if arguments.jobs is not None and arguments.jobs < 1:
        raise CourseError("--jobs must be 1 or more.")
    if arguments.dask and arguments.gpu:
        raise CourseError("--gpu is for the GPU of this machine, and --dask for other machines. Leave one of them out.")
    from autograder import surroundings

    if not (arguments.jobs or arguments.dask or surroundings.semaphores()):
        print(f"One hand-in at a time: {surroundings.NO_SEMAPHORES}.")
        arguments.jobs = 1
    if arguments.jobs != 1 and not arguments.dask:  # importing nbgrader takes seconds; let the pool do it at the same time as this process
        from multiprocessing import forkserver

        surroundings.short_sockets()
        forkserver.set_forkserver_preload(["autograder.classes.batch"])
        before = signal.signal(signal.SIGINT, signal.SIG_IGN)  # it inherits this, and says nothing at a Ctrl-C while it imports
        forkserver.ensure_running()
        signal.signal(signal.SIGINT, before)

    from autograder.classes import batch, cluster
    from autograder.course import find_root
    from autograder.report import data
    from autograder.report.progress import Progress

    console = Console()
    isolation = _cage(arguments, console)
    with ExitStack() as stack:
        jobs, pool = arguments.jobs or batch.cores(), batch.executor
        if arguments.dask:
            keys = arguments.dask_keys or find_root(arguments.course) / cluster.KEYS
            client, workers = stack.enter_context(cluster.connected(arguments.dask, keys))
            jobs, pool = arguments.jobs or workers, partial(cluster.executor, client)
        root, warm = find_root(arguments.course), not (arguments.fresh or arguments.gpu)
        grading = batch.Batch(root, arguments.assignment, isolation, jobs, arguments.regrade, warm, pool)
        graded: list[dict[str, Any]] = []
        file = stack.enter_context(data.JsonFile(arguments.json, lambda: batch.to_dict(grading, graded)))
        progress = stack.enter_context(Progress(console, arguments.assignment, arguments.quiet))
        for one in grading.run(arguments.student, progress.begin):
            graded += [one.brief()] * bool(arguments.json)
            file.step()
            progress.step(f"{one.student}: {one.status}: {one.error}" if one.error else "")
    tally = grading.tally
    for line in progress.summary(tally.graded, tally.unchanged, tally.unreadable, tally.broken, tally.slowest):
        console.print(line, highlight=False, markup=False)
    for note in grading.notes:
        console.print(note, highlight=False, markup=False, soft_wrap=True)
    _show(console, grading.looks)
    return BROKEN if tally.broken else UNREADABLE if tally.unreadable else OK


def _dask_keys(arguments: argparse.Namespace) -> int:
    from autograder.classes import cluster

    path = cluster.make_keys(arguments.folder)
    print(f"wrote {path}, which nobody else may read. {cluster.how_to_start(path.parent.resolve())}")
    return OK


def _collect(arguments: argparse.Namespace) -> int:
    from autograder.course import find_root, must_exist
    from autograder.nbgrader_plugin import roster
    from autograder.nbgrader_plugin.collect import collect
    from autograder.nbgrader_plugin.settings import collecting, zone
    from autograder.report.collected import lines

    root = find_root(arguments.course)
    must_exist(root, arguments.assignment)
    coursedir, downloaded = collecting(root, arguments.assignment)
    sources = arguments.archives or [downloaded / "archive"]
    for path in sources:
        if not path.exists():
            raise CourseError(f"There is no {path}. Name the archive that you downloaded, or put it into {downloaded / 'archive'}.")
    known = roster.read(arguments.roster) if arguments.roster else None
    found = collect(coursedir, downloaded, sources, known, arguments.force, zone(arguments.zone))
    for line in lines(found.to_dict()):
        print(line)
    return found.code


def _diff(arguments: argparse.Namespace) -> int:
    from autograder.classes.results_store import Memory
    from autograder.course import find_root
    from autograder.report.changes import lines

    with Memory(find_root(arguments.course), arguments.assignment) as remembered:
        for line in lines(remembered.changes()):
            print(line)
    return OK


def _release(arguments: argparse.Namespace) -> int:
    from autograder.authoring.release import release
    from autograder.course import find_root, lacking, load_public, slugs

    root = find_root(arguments.course)
    for folder in release(root, arguments.assignments or slugs(root)):
        reason = lacking(load_public(folder))
        print(f"wrote {folder}" + (f" (hints.json is the one of before: {reason})" if reason else ""))
    return OK


def _print_stress(staff: Staff, arguments: argparse.Namespace) -> None:
    """What becomes of pairs of mistakes, and of mutants."""
    from autograder.authoring import mutants, pairs

    if arguments.pairs is not None:
        print(f"{staff.assignment.slug}: two mistakes at once")
        print("\n".join(f"  {line}" for line in pairs.lines(list(pairs.seen(staff, arguments.pairs or None)))))
    if arguments.mutants:
        print(f"{staff.assignment.slug}: mutants")
        print("\n".join(f"  {line}" for line in mutants.lines(list(mutants.scores(staff)))))


def _verify(arguments: argparse.Namespace) -> int:
    from autograder.authoring.verify import FINE, SKIPPED, Examination, verify
    from autograder.course import find_root, load_staff, slugs

    root = find_root(arguments.course)
    folder = _matrix_folder(root, arguments.matrix)
    findings, skipped = 0, 0
    seen: dict[str, Examination] = {}
    told: dict[str, list[str]] = {}
    for slug, title, found in verify(root, arguments.assignments or None, arguments.seeds, seen):
        skipped += SKIPPED in title
        print(f"{'x ' if found else '- ' if SKIPPED in title else 'ok'} {slug}: {title}")
        for finding in found:
            print(f"     {finding}")
        findings += len(found)
        told.setdefault(slug, []).extend(found)
    if arguments.odds:
        _print_odds(root, arguments.assignments)
    for slug in (arguments.assignments or slugs(root)) if arguments.pairs is not None or arguments.mutants else ():
        _print_stress(load_staff(root, slug), arguments)
    if folder:
        from autograder.authoring.kill_matrix import write

        print(f"wrote {write(folder, seen, told)}, which students must not see")
    if findings:
        print(f"{findings} finding{'s' * (findings != 1)}. Mend and run `autograder verify` again.")
    else:
        print(f"What was looked at is fine, but {skipped} steps were skipped. Run this where nothing is lacking." if skipped else FINE)
    return OK if not findings else 1


def _matrix_folder(root: Path, named: str | None) -> Path | None:
    """Where the pages are to go, looked at before anything is judged; None when there shall be none."""
    if named is None:
        return None
    from autograder.authoring.kill_matrix import folder_for

    return folder_for(root, Path(named) if named else None)


def _print_odds(root: Path, assignments: Sequence[str]) -> None:
    from autograder import chance
    from autograder.authoring.verify import odds
    from autograder.course import load_staff, slugs

    for slug in assignments or slugs(root):
        found = list(odds(load_staff(root, slug)))
        tests = sum(check.chances for _, check in found)
        print(f"{slug}: {tests} chance tests; a right submission is refused anything with probability at most {tests * chance.ALPHA:.1e}")
        for exercise, check in found:
            print(f"   {exercise}: {check.name}: false alarm at most {check.chances * chance.ALPHA:.0e}; sees {check.power}")


def _data(arguments: argparse.Namespace) -> int:
    from autograder import datasets

    if not arguments.name:
        for data in datasets.DATASETS.values():
            print(f"{data.name}: {data.about}\n   {datasets.find(data.name) or 'not here. ' + datasets.how_to_get(data.name)}")
    elif arguments.name == "digits" and arguments.rebuild:
        print(f"wrote {datasets.rebuild_digits()}, bit for bit as it should be")
    else:
        print(f"wrote {_fetched(arguments)}; its checksum is right")
    return OK


def _fetched(arguments: argparse.Namespace) -> Path:
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn

    from autograder import datasets

    with Progress(TextColumn("{task.description}"), BarColumn(), DownloadColumn(), transient=True) as bar:
        task = bar.add_task(arguments.name, total=None)
        show = lambda done, size: bar.update(task, completed=done, total=size or None)  # noqa: E731  # one line, used once
        return datasets.fetch(arguments.name, arguments.source, arguments.url, show)


def _simulate(arguments: argparse.Namespace) -> int:
    from autograder.authoring.simulate import simulate
    from autograder.course import find_root

    slug = arguments.assignment
    course = simulate(find_root(arguments.course), slug, arguments.students, arguments.seed, arguments.into)
    where = shlex.quote(str(course))
    print(f"{arguments.students} hand-ins in {course / 'submitted'}. Grade them with: cd {where} && autograder grade {slug}")
    return OK


def _bench(arguments: argparse.Namespace) -> int:
    from autograder.authoring.bench import bench, lines
    from autograder.course import find_root

    root, into = find_root(arguments.course), arguments.into.resolve()
    found = bench(root, arguments.assignment, arguments.students, into, not arguments.no_stock, arguments.scaling)
    for line in lines(found):
        print(line)
    print(f"written: {into / 'bench.json'} and {into / 'bench.png'}")
    return OK


def _demo(arguments: argparse.Namespace) -> int:
    from autograder.authoring.demo import demo
    from autograder.course import find_root

    return demo(find_root(arguments.course), arguments.folder, arguments.unsafe_isolation)


if __name__ == "__main__":
    sys.exit(main())
