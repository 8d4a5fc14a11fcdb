"""`autograder bench`: what grading costs here, side by side in one run, ratios first.

The stock course is made of the same notebooks: its check cells hold plain asserts, and stock nbgrader runs everything in a kernel, as its
users do. Times are wall-clock; beside them stands the processor time of the command and of what it started, which a busy machine falsifies
less. It holds what a kernel used, but not what a caged worker used: bubblewrap does not pass that on. So only the wall-clock ratios compare
whole roads, and they want a quiet machine.
"""

from __future__ import annotations

import contextlib
import ctypes
import json
import os
import platform
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from autograder.asking import Exam
from autograder.authoring import scratch, simulate
from autograder.authoring.fill import filled, released, solved
from autograder.classes.batch import cores
from autograder.course import Staff, load_staff
from autograder.model import Broken, Check

GRADIENT_CHECK = "agrees_with_finite_differences"
SHAPES = ((4, 5), (32, 100), (2, 3, 8, 8), (8, 10, 64))
HIDDEN = 0.2  # of the time of the start: by so much two starts may differ, so what the rest takes must be more to be told
STOCK_CONFIG = """
c = get_config()
c.CourseDirectory.source_directory = "solutions"
c.CourseDirectory.release_directory = "assignments"
c.ClearSolutions.enforce_metadata = False
"""


@dataclass(frozen=True)
class Timing:
    """One way to do something so many times."""

    name: str
    count: int
    seconds: float  # wall
    cpu: float  # of the command and what it started, save what is in a cage of bubblewrap, which keeps that to itself
    start: float = 0.0  # wall time of the first few hand-ins alone, start-up included
    start_cpu: float = 0.0
    first: int = 1  # how many those were

    def told(self) -> dict[str, Any]:
        """With the seconds for each, without what the start takes once; null where that start hides the rest."""
        return asdict(self) | {"each": self._each(self.start, self.seconds), "each_cpu": self._each(self.start_cpu, self.cpu)}

    def _each(self, start: float, whole: float) -> float | None:
        rest = whole - start
        return rest / max(self.count - self.first, 1) if rest > HIDDEN * start else None


def run(command: Iterable[str], folder: Path) -> tuple[float, float]:
    """(wall, processor) seconds of a command; Broken when it fails in another way than by unreadable hand-ins."""
    before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
    command, environment = [sys.executable, "-m", *command], scratch.environment()
    done = subprocess.run(command, cwd=folder, env=environment, text=True, capture_output=True, check=False)
    seconds = time.monotonic() - began
    _wait_for_all()
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode not in (0, 1):
        raise Broken(f"{' '.join(command)} failed: {(done.stdout + done.stderr)[-1000:]}")
    return seconds, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def _wait_for_all() -> None:
    """Take in what outlives the command by a moment (the server of a pool): its time is counted only then."""
    with contextlib.suppress(ChildProcessError):
        while True:
            os.waitpid(-1, 0)


def _become_heir() -> None:
    """Ask Linux to hand over to this process whatever its descendants leave behind."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(36, 1)  # PR_SET_CHILD_SUBREAPER


# --------------------------------------------------------------------------------------------------------------------- whole classes
def class_timings(course: Path, slug: str, students: list[str], stock: bool = True) -> list[Timing]:
    """The same hand-ins by every road."""
    roads = {
        "autograder grade, warm, 2 jobs": ("autograder", "grade", slug, "--regrade", "--jobs", "2"),
        "autograder grade, warm, 1 job": ("autograder", "grade", slug, "--regrade", "--jobs", "1"),
        "autograder grade, fresh, 2 jobs": ("autograder", "grade", slug, "--regrade", "--jobs", "2", "--fresh"),
        "autograder grade, fresh, 1 job": ("autograder", "grade", slug, "--regrade", "--jobs", "1", "--fresh"),
        "nbgrader autograde with this kit": ("nbgrader", "autograde", slug, "--force"),
    }
    timings = [_timed(name, command, course, students) for name, command in roads.items()]
    if stock:
        plain = stock_course(course, slug)
        timings.append(_timed("stock nbgrader autograde", ("nbgrader", "autograde", slug, "--force"), plain, students))
    return timings


def _timed(name: str, command: tuple[str, ...], course: Path, students: list[str]) -> Timing:
    """The first hand-ins alone say what the start takes; then all of them."""
    first = students[:2] if command[0] == "autograder" else students[:1]  # two, or no pool would be started
    start, start_cpu = run((*command, "--student", *first), course)
    seconds, cpu = run(command, course)
    return Timing(name, len(students), seconds, cpu, start, start_cpu, len(first))


def stock_course(course: Path, slug: str) -> Path:
    """The course as a user of stock nbgrader would have it, beside `course`, with the same answers handed in."""
    folder = course.with_name(course.name + "-stock")
    shutil.rmtree(folder, ignore_errors=True)
    (folder / "solutions" / slug).mkdir(parents=True)
    (folder / "nbgrader_config.py").write_text(STOCK_CONFIG, encoding="utf-8")
    source = json.loads((course / "solutions" / slug / f"{slug}.ipynb").read_text(encoding="utf-8"))
    (folder / "solutions" / slug / f"{slug}.ipynb").write_text(json.dumps(with_asserts(source, course, slug)), encoding="utf-8")
    scratch.nbgrader(folder, "generate_assignment", slug)
    for path in (course / "submitted").glob(f"*/{slug}"):
        shutil.copytree(path, folder / "submitted" / path.parent.name / slug)
    return folder


def with_asserts(notebook: dict[str, Any], course: Path, slug: str) -> dict[str, Any]:
    """The notebook with asserts in its check cells.

    They only look whether the answer is there: less than any real test asks for, so that
    what is said of stock nbgrader is rather too good than too bad.
    """
    answers = solved(load_staff(course, slug))
    for cell in notebook["cells"]:
        told = cell.get("metadata", {}).get("nbgrader", {})
        name = str(told.get("grade_id", "")).removeprefix("check_")
        if told.get("grade") and name in answers:
            cell["source"] = f"assert {_first_name(answers[name])} is not None\n"
    return notebook


def _first_name(source: str) -> str:
    line = next(line for line in source.splitlines() if line.startswith("def ") or " = " in line)
    return line.removeprefix("def ").partition("(")[0].partition(" = ")[0].strip()


# ------------------------------------------------------------------------------------------------------------------- gradient checks
def gradient_timings(staff: Staff, shapes: Iterable[tuple[int, ...]] = SHAPES) -> list[dict[str, Any]]:
    """The assignment's own gradient check of its own solution, for inputs of these shapes; nothing where it has no such check.

    Against a loop over all elements and, where it is installed, torch's gradcheck.
    """
    checks = [(e.name, c) for e in staff.assignment.exercises for c in e.checks if c.verb == GRADIENT_CHECK]
    return [_against_others(*checks[0], staff, shape) for shape in shapes if checks]


def _against_others(exercise: str, check: Check, staff: Staff, shape: tuple[int, ...]) -> dict[str, Any]:
    x = np.random.default_rng(0).standard_normal(shape)
    times = {"check": computing(partial(_hold, exercise, check, staff, shape)), "loop": computing(partial(elementwise, x))}
    return {"shape": list(shape), "seconds": times | torch_times(x)}


def _hold(exercise: str, check: Check, staff: Staff, shape: tuple[int, ...]) -> None:
    check.judge(Exam(exercise, staff.reference, check.name), shape=shape)


def _forward(x: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    keep = np.random.default_rng(1).random(x.shape) >= 0.3
    return np.asarray(x * keep / 0.7)


def elementwise(x: np.ndarray[Any, Any], eps: float = 1e-5) -> None:
    """The loop that course notes show: two forward passes for each element."""
    for index in np.ndindex(x.shape):
        old = x[index]
        x[index] = old + eps
        plus = _forward(x).sum()
        x[index] = old - eps
        (plus - _forward(x).sum()) / (2 * eps)
        x[index] = old


def torch_times(x: np.ndarray[Any, Any]) -> dict[str, float]:
    """torch.autograd.gradcheck, slow and fast; nothing where torch is not installed."""
    try:
        import torch  # type: ignore[import-not-found,unused-ignore]
    except ImportError:
        return {}
    mask = torch.tensor(np.random.default_rng(1).random(x.shape) >= 0.3, dtype=torch.float64) / 0.7
    tensor = torch.tensor(x, requires_grad=True)
    check = torch.autograd.gradcheck
    return {
        "gradcheck": computing(lambda: check(lambda t: t * mask, (tensor,)), 2),
        "gradcheck, fast": computing(lambda: check(lambda t: t * mask, (tensor,), fast_mode=True)),
    }


def best(action: Callable[[], object], times: int = 3, seconds: float = 0.3, clock: Callable[[], float] = time.perf_counter) -> float:
    """The shortest of several times, at least so many and for at least so long: what disturbs only adds."""
    found: list[float] = []
    while len(found) < times or sum(found) < seconds:
        began = clock()
        action()
        found.append(clock() - began)
    return min(found)


computing = partial(best, clock=time.process_time)  # of the processor: what else runs here matters less


# ------------------------------------------------------------------------------------------------------------------------ self-check
def self_check_timings(course: Path, slug: str) -> dict[str, float]:
    """What a student waits for, against `import numpy` alone."""
    folder = Path(tempfile.mkdtemp(prefix="autograder-bench-"))
    try:
        shutil.copytree(course / "assignments" / slug, folder / slug)
        path = folder / slug / f"{slug}.ipynb"
        path.write_text(json.dumps(filled(released(path), solved(load_staff(course, slug)))), encoding="utf-8")
        numpy = best(lambda: subprocess.run([sys.executable, "-c", "import numpy"], check=True))
        check = best(lambda: run(("autograder", "check", str(path)), folder))
        return {"import numpy": numpy, "autograder check": check}
    finally:
        shutil.rmtree(folder, ignore_errors=True)


# -------------------------------------------------------------------------------------------------------------------------- the whole
def bench(root: Path, slug: str, students: int, into: Path, stock: bool = True, scaling: Iterable[int] = ()) -> dict[str, Any]:
    """Everything, as plain data; written to into/bench.json and into/bench.png."""
    _become_heir()
    into.mkdir(parents=True, exist_ok=True)
    course = simulate.simulate(root, slug, students, seed=0, into=into / "class")
    names = [f"s{n:0{max(4, len(str(students)))}d}" for n in range(1, students + 1)]
    staff = load_staff(course, slug)
    checks = sum(len(e.checks) for e in staff.assignment.exercises)
    timings = class_timings(course, slug, names, stock)
    found = {
        "machine": machine(),
        "assignment": slug,
        "checks": checks,
        "classes": [t.told() for t in timings],
        "gradients": gradient_timings(staff),
        "self-check": self_check_timings(course, slug),
        "scaling": [scaled(root, slug, n, into / f"class-{n}") for n in scaling],
    }
    (into / "bench.json").write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    plot(found, into / "bench.png")
    return found


def scaled(root: Path, slug: str, students: int, into: Path) -> dict[str, float]:
    """A larger class by the quick road: time for each hand-in, and the most memory the grader had."""
    course = simulate.simulate(root, slug, students, seed=1, into=into)
    seconds, cpu = run(("autograder", "grade", slug), course)
    memory = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    return {"students": students, "each": seconds / students, "cpu": cpu / students, "memory_mb": memory}


def machine() -> str:
    """Where this was measured."""
    load = f", load {os.getloadavg()[0]:.1f}" if hasattr(os, "getloadavg") else ""
    return f"{cores()} cores, {platform.machine()}, {platform.system()}, Python {platform.python_version()}, NumPy {np.__version__}{load}"


def lines(found: dict[str, Any]) -> Iterable[str]:
    """What was found, ratios first."""
    classes = found["classes"]
    slowest = classes[-1]
    yield f"{found['machine']}; {found['assignment']}, {classes[0]['count']} hand-ins, {found['checks']} checks each"
    yield f"{'':36}{'times faster':>14}{'ms each':>10}{'us a check':>13}{'all, s':>9}"
    for t in classes:
        each = (f"{1e3 * t['each']:.0f}", f"{1e6 * t['each'] / found['checks']:.0f}") if t["each"] else ("?", "?")
        yield f"{t['name']:36}{_ratio(slowest['each'], t['each']):>14}{each[0]:>10}{each[1]:>13}{t['seconds']:9.0f}"
    for g in found["gradients"]:
        seconds = g["seconds"]
        others = ", ".join(f"{name} {s / seconds['check']:.1f}x" for name, s in seconds.items() if name != "check")
        yield f"gradient check on {tuple(g['shape'])}: {1e3 * seconds['check']:.2f} ms of computing; {others}"
    check = found["self-check"]
    yield f"self-check of the whole notebook: {check['autograder check']:.2f} s; `import numpy` alone {check['import numpy']:.2f} s"
    for s in found["scaling"]:
        yield f"{s['students']} hand-ins: {1e3 * s['each']:.0f} ms each, {1e3 * s['cpu']:.0f} ms of CPU, {s['memory_mb']:.0f} MB at most"


def _ratio(slow: float | None, quick: float | None) -> str:
    return f"{slow / quick:.1f}" if slow and quick else "?"


def plot(found: dict[str, Any], path: Path) -> None:
    """Milliseconds for each hand-in, as bars."""
    import matplotlib

    matplotlib.use("agg")
    from matplotlib.figure import Figure

    figure = Figure(figsize=(8, 3.2), layout="constrained")
    axes = figure.subplots()
    classes = found["classes"][::-1]
    bars = axes.barh([t["name"] for t in classes], [1e3 * (t["each"] or 0) for t in classes], color="#4477aa")
    axes.bar_label(bars, fmt="%.0f", padding=3)
    axes.set_xlabel("milliseconds for each hand-in")
    axes.set_title(f"{found['assignment']}: {found['machine']}", fontsize=9)
    axes.spines[["top", "right"]].set_visible(False)
    figure.savefig(path, dpi=150)
