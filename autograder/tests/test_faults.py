"""What befalls a grading: killed processes, a full disk, a locked gradebook, leaping clocks.

After each, the same command is run again, and everybody has the marks of an undisturbed run, to the
bit. A class of some hand-ins takes some minutes; `AUTOGRADER_FAULTS_CLASS=500 pytest -m slow -s
autograder/tests/test_faults.py` prints the table of a large one.
"""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from autograder.authoring.simulate import simulate
from autograder.classes.batch import Batch
from autograder.sandbox import choose
from autograder.tests.classroom import RIGHT, WRONG, Classroom, answered, make
from autograder.tests.classroom import SLUG as TOY

pytestmark = pytest.mark.nbgrader

ROOT, SLUG = Path(__file__).parents[2], "hw1_dropout"
STUDENTS = int(os.environ.get("AUTOGRADER_FAULTS_CLASS", "24"))
TIMES = 4 + STUDENTS // 50  # so often somebody strikes in one class
BROKEN = 2  # exit code
SCORES = """
select a.student_id, c.name, g.auto_score, g.manual_score, g.extra_credit, g.needs_manual_grade,
    n.late_submission_penalty
from grade g join base_cell c on g.cell_id = c.id join submitted_notebook n on g.notebook_id = n.id
join submitted_assignment a on n.assignment_id = a.id
"""
LEAPING = """
import random, time

def leaping(clock, unit, often, ways):
    behind = [0]
    def now():
        if random.random() < often:
            behind[0] += random.choice(ways) * unit * random.randrange(1, 400) * 86400
        return clock() + behind[0]
    return now

time.time = leaping(time.time, 1, 0.05, (-1, 1))
time.time_ns = leaping(time.time_ns, 10**9, 0.05, (-1, 1))
time.monotonic = leaping(time.monotonic, 1, {often}, (1,))  # as of a machine that slept
"""
READ_ONLY = 'mount --bind "$0" "$0" && mount -o remount,bind,ro "$0" && exec "$@"'
HIDDEN = 'mount --bind /dev/null "$0" && exec "$@"'
# student, check cell -> all that the gradebook has of it
Marks = Mapping[tuple[str, str], tuple[Any, ...]]


def marks(root: Path) -> Marks:
    """What the gradebook holds."""
    with closing(sqlite3.connect(root / "gradebook.db", timeout=60)) as base:
        return {(who, cell): tuple(rest) for who, cell, *rest in base.execute(SCORES)}


def others(found: Marks, wanted: Marks) -> list[tuple[str, str]]:
    """Which marks are there, and are not those of an undisturbed run."""
    return [place for place, mark in found.items()
            if mark[0] is not None and mark != wanted.get(place)]


def marked(found: Marks) -> set[str]:
    """Who has marks."""
    return {who for (who, _), mark in found.items() if mark[0] is not None}


@dataclass
class Course:
    """A course folder with a class of hand-ins, and what came of grading it."""

    root: Path
    codes: list[int] = field(default_factory=list)

    def start(self, *before: str, after: Sequence[str] = (),
              **environment: str) -> subprocess.Popen[bytes]:
        """`autograder grade`, with a command before it."""
        words = [*before, sys.executable, "-m", "autograder", "grade", SLUG, "--course",
                 str(self.root), "--jobs", "2", "--quiet"]
        with (self.root / "log").open("ab") as log:
            command = [*words, "--json", str(self.root / "told.json"), *after]
            return subprocess.Popen(command, stdout=log, stderr=log,
                                    env={**os.environ, **environment}, start_new_session=True)

    def ended(self, run: subprocess.Popen[bytes], seconds: float = 3600) -> int:
        """How it ended."""
        self.codes.append(run.wait(seconds))
        return self.codes[-1]

    @property
    def log(self) -> str:
        """All that was said."""
        return (self.root / "log").read_text(errors="replace")

    def told(self) -> dict[str, tuple[Any, ...]]:
        """Student -> status and points, as the last run reports them."""
        found = json.loads((self.root / "told.json").read_bytes())["hand_ins"]
        return {one["student"]: (one["status"], one["points"]) for one in found}


@dataclass
class Undisturbed(Course):
    """The class as it was handed in, what grading it gives, and how long that takes."""

    wanted: Marks = field(default_factory=dict)
    everybody: Mapping[str, tuple[Any, ...]] = field(default_factory=dict)
    seconds: float = 0.0
    # bytes of the whole course before and after, and of the gradebook
    written: Mapping[str, int] = field(default_factory=dict)


def size(root: Path) -> int:
    return sum(path.lstat().st_blocks * 512 for path in root.rglob("*"))


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> Undisturbed:
    fresh = simulate(ROOT, SLUG, STUDENTS, 0, tmp_path_factory.mktemp("faults") / "fresh")
    course = Course(Path(shutil.copytree(fresh, fresh.with_name("undisturbed"))))
    began = time.monotonic()
    assert course.ended(course.start()) in (0, 1), course.log[-3000:]
    took, written = time.monotonic() - began, {"before": size(fresh), "after": size(course.root)}
    written["gradebook"] = (course.root / "gradebook.db").stat().st_size
    found = Undisturbed(fresh, [], marks(course.root), course.told(), took, written)
    assert len(found.everybody) == STUDENTS
    shutil.rmtree(course.root)
    return found


# ------------------------------------------------------------------------------------------ killing
def tree(process: int, above: tuple[str, ...] = ()) -> Iterator[tuple[int, tuple[str, ...]]]:
    """(process, the names of those above it and its own), of a process and its descendants."""
    with suppress(OSError):
        names = (*above, Path(f"/proc/{process}/comm").read_text().strip())
        yield process, names
        for thread in Path(f"/proc/{process}/task").iterdir():
            for child in (thread / "children").read_text().split():
                yield from tree(int(child), names)


KILLED: dict[str, Callable[[tuple[str, ...]], bool]] = {  # by the names down to a process
    "the grader": lambda names: len(names) == 1,
    "the grader while it writes": lambda names: len(names) == 1,
    "what makes the pool's processes": lambda names: len(names) == 2,
    "a process of the pool": lambda names: len(names) == 3,
    "a reader of notebooks": lambda names: len(names) == 4 and "bwrap" not in names,
    "a worker": lambda names: "bwrap" in names and names[-1] != "bwrap",
    "a sandbox": lambda names: names[-1] == "bwrap",
}
ANY = "any of these"


def strike(kind: str, process: int, dice: random.Random, root: Path) -> list[int]:
    """Kill one of that kind, if there is one just now; all that were there."""
    journal, end = root / "gradebook.db-journal", time.monotonic() + 5
    while kind.endswith("writes") and not journal.exists() and time.monotonic() < end:
        time.sleep(0.0002)
    there = list(tree(process))
    targets = [number for number, names in there if KILLED[kind](names)]
    if not targets or (kind.endswith("writes") and not journal.exists()):
        return []
    with suppress(ProcessLookupError):
        os.kill(dice.choice(targets), signal.SIGKILL)
    return [number for number, _ in there]


def left_over(there: Sequence[int]) -> list[int]:
    """Which of these processes do not end, though their grader has."""
    for _ in range(600):
        there = [p for p in there
                 if Path(f"/proc/{p}/cmdline").exists() and Path(f"/proc/{p}/cmdline").read_bytes()]
        if not there:
            break
        time.sleep(0.1)
    return list(there)


def over(run: subprocess.Popen[bytes], seconds: float) -> bool:
    """Whether it ends by itself in that time."""
    with suppress(subprocess.TimeoutExpired):
        run.wait(seconds)
    return run.poll() is not None


def killed(kind: str) -> Callable[[Course, Undisturbed, random.Random], str]:
    def befalls(course: Course, calm: Undisturbed, dice: random.Random) -> str:
        hits, seen = 0, set[int]()
        # one that ends begins anew, and must come that far
        longest = calm.seconds * (1 if "the grader" in kind else 2 / TIMES)
        while hits < TIMES:
            run, before = course.start(), hits
            while hits < TIMES and not over(run, dice.uniform(0, longest)):
                there = strike(dice.choice(list(KILLED)) if kind == ANY else kind, run.pid,
                               dice, course.root)
                hits += bool(there)
                seen |= set(there)
            if course.ended(run) in (0, 1) and hits == before:
                break  # all was graded before anybody struck
        assert hits, "nobody was struck"
        assert left_over(sorted(seen)) == []
        return f"{hits} killed"

    return befalls


# --------------------------------------------------------------------------- what cannot be written
def mounting() -> list[str]:
    """The beginning of a command that mounts for itself alone; skipped where nobody may."""
    for words in (["unshare", "--mount"], ["unshare", "--map-root-user", "--mount"]):
        if shutil.which("unshare") and not subprocess.run([*words, "true"], capture_output=True,
                                                          check=False).returncode:
            return words
    pytest.skip("nothing can be mounted here")


@contextmanager
def file_system(room: int) -> Iterator[Path]:
    """A folder with so many bytes of room; not pytest's, which a killed run would leave full."""
    folder = Path(tempfile.mkdtemp(prefix="autograder-disk-"))
    if subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={room}", "none", folder],
                      capture_output=True, check=False).returncode:
        pytest.skip("nothing can be mounted here")
    try:
        yield folder
    finally:
        # a process of the run may be ending still
        subprocess.run(["umount", "--lazy", folder], check=True)
        folder.rmdir()


def stopped(course: Course, *said: str) -> None:
    """The last run ended with words and without a trace of a program."""
    assert course.codes[-1] in (1, BROKEN), course.log[-3000:]
    assert any(words in course.log for words in said), course.log[-3000:]
    assert "Traceback" not in course.log, course.log[-3000:]


def over_quota(course: Course, calm: Undisturbed, dice: random.Random) -> str:
    """No file may grow beyond half of what the gradebook becomes."""
    course.ended(course.start("prlimit", f"--fsize={calm.written['gradebook'] // 2}"))
    stopped(course, "cannot be written")
    return "file size"


def read_only(course: Course, calm: Undisturbed, dice: random.Random) -> str:
    before = marks(course.root)
    course.ended(course.start(*mounting(), "sh", "-c", READ_ONLY,
                              str(course.root / "gradebook.db")))
    stopped(course, "cannot be opened", "cannot be written")
    assert marks(course.root) == before
    return "the whole run"


def locked(course: Course, calm: Undisturbed, dice: random.Random) -> str:
    for wait in (0.0, dice.uniform(0.2, 0.8) * calm.seconds):
        run = None if not wait else course.start()
        time.sleep(wait)
        with closing(sqlite3.connect(course.root / "gradebook.db", timeout=60)) as base:
            base.execute("begin exclusive")
            course.ended(run or course.start())
        stopped(course, "database is locked")
    return "from the start, and half-way"


# --------------------------------------------------------------------------------------- the others
def leaping(course: Course, calm: Undisturbed, dice: random.Random) -> str:
    folder = course.root.with_name(f"{course.root.name}-clock")
    folder.mkdir()
    (folder / "sitecustomize.py").write_text(LEAPING.replace("{often}", "0.0001"))
    course.ended(course.start(PYTHONPATH=str(folder)))
    return "days, both ways"


def gone(course: Course, calm: Undisturbed, dice: random.Random) -> str:
    """Refused where it was named, else Landlock takes over half-way: the marks are the same."""
    hide = [*mounting(), "sh", "-c", HIDDEN,
            shutil.which("bwrap") or pytest.skip("bubblewrap is not installed")]
    course.ended(course.start(*hide, after=["--isolation", "bubblewrap"]))
    stopped(course, "bubblewrap is not installed")
    assert others(marks(course.root), {}) == []
    run = course.start()
    time.sleep(0.5 * calm.seconds)
    run.kill()
    course.ended(run)
    assert course.ended(course.start(*hide)) in (0, 1), course.log[-3000:]
    assert marks(course.root) == calm.wanted
    return "half-way"


FAULTS: dict[str, Callable[[Course, Undisturbed, random.Random], str]] = {
    **{f"{kind} is killed": killed(kind) for kind in (*KILLED, ANY)}, "a quota": over_quota,
    "the gradebook is read-only": read_only, "the gradebook is locked": locked,
    "clocks leap": leaping, "bubblewrap is gone": gone}


def made_good(course: Course, calm: Undisturbed) -> str:
    """Run it again as long as it says that its own was broken; everybody has the right marks."""
    found = marks(course.root)
    without = len(marked(calm.wanted)) - len(marked(found))
    told = (f"{len(others(found, calm.wanted))} marks of others and {without} students without any "
            "until run again")
    while course.ended(course.start()) == BROKEN and len(course.codes) < 100:
        pass
    assert course.told() == calm.everybody, course.log[-3000:]
    assert marks(course.root) == calm.wanted
    return told


@pytest.mark.slow
@pytest.mark.parametrize("fault", FAULTS)
def test_after_a_fault_the_same_command_gives_everybody_the_same_marks(
        fault: str, undisturbed: Undisturbed) -> None:
    folder = undisturbed.root.with_name(fault.replace(" ", "-"))
    course = Course(Path(shutil.copytree(undisturbed.root, folder)))
    what = FAULTS[fault](course, undisturbed, random.Random(fault))
    print(f"\n{fault}: {what}; {len(course.codes)} runs; {made_good(course, undisturbed)}; then "
          f"all {STUDENTS} as undisturbed")
    shutil.rmtree(folder)


@pytest.mark.slow
def test_after_a_full_disk_too(undisturbed: Undisturbed, tmp_path: Path) -> None:
    """Room for a third of what grading writes, then for all; words go to another disk."""
    before, after = undisturbed.written["before"], undisturbed.written["after"]
    with file_system(int(before * 1.05) + (after - before) // 3) as disk:
        course = Course(Path(shutil.copytree(undisturbed.root, disk / "course")))
        (course.root / "log").symlink_to(tmp_path / "log")
        course.ended(course.start())
        stopped(course, "Make room", "make room")
        subprocess.run(["mount", "-o", f"remount,size={3 * after}", disk], check=True)
        told = made_good(course, undisturbed)
    print(f"\na full disk: {len(course.codes)} runs; {told}; then all {STUDENTS} as undisturbed")


# ----------------------------------------------------------------------------- a sample, in no time
@pytest.fixture
def room(tmp_path: Path) -> Classroom:
    found = make(tmp_path / "course")
    for student, shrink in (("ada", RIGHT), ("bob", WRONG), ("cyd", f"{RIGHT}# mine\n")):
        found.submit(student, answered(found.released(), shrink))
    return found


def grade(room: Classroom) -> Sequence[str]:
    """How it ended, for each of the class."""
    return [one.status for one in Batch(room.root, TOY, choose()).run()]


def test_a_worker_that_is_killed_from_outside_costs_nobody_a_point(room: Classroom) -> None:
    over, hits = threading.Event(), list[int]()

    def strikes() -> None:
        while not over.wait(0.01) and not hits:
            hits.extend(strike("a worker", os.getpid(), random.Random(0), room.root))

    with closing_thread(strikes, over):
        grade(room)
    assert hits, "nobody was struck"
    assert grade(room) == ["graded"] * 3
    assert [room.total(s) for s in ("ada", "bob", "cyd")] == [5, 2, 5]


@contextmanager
def closing_thread(work: Callable[[], None], over: threading.Event) -> Iterator[None]:
    thread = threading.Thread(target=work)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def test_clocks_that_leap_cost_nobody_a_point(room: Classroom,
                                              monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        for name in ("time", "time_ns", "monotonic"):
            patch.setattr(time, name, getattr(time, name))
        exec(LEAPING.replace("{often}", "0.01"), {})
        grade(room)
    assert grade(room) == ["graded"] * 3
    assert [room.total(s) for s in ("ada", "bob", "cyd")] == [5, 2, 5]
