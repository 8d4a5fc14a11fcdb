"""`autograder bench`: what grading costs here, side by side in one run, ratios first.

Stock nbgrader runs everything in a kernel, as its users do, with two kinds of asserts (see
stock_course.py). Times are wall-clock and want a quiet machine: what else runs here is looked at
first and last, and said. Beside them stands the processor time of all that a command started.
"""

from __future__ import annotations

import json
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from autograder.asking import Exam
from autograder.authoring import simulate, stock_course, timing
from autograder.authoring.fill import filled, released, write
from autograder.authoring.timing import computing, median, run
from autograder.folders import folders
from autograder.judge import judge
from autograder.model import Check
from autograder.sandbox import choose, stays_shut, warmed
from autograder.staff import Staff, load_staff
from autograder.subjects.remote import Remote

GRADIENT_CHECK = "agrees_with_finite_differences"
SHAPES = ((4, 5), (32, 100), (2, 3, 8, 8), (8, 10, 64))
# of the time of the start: by so much two starts may differ, so what the rest takes must be more to
# be told
HIDDEN = 0.2


@dataclass(frozen=True)
class Timing:
    """One way to do something so many times."""

    name: str
    count: int
    seconds: float  # wall
    cpu: float  # of the command and all that it started
    start: float = 0.0  # wall time of the first few hand-ins alone, start-up included
    start_cpu: float = 0.0
    first: int = 1  # how many those were

    def told(self) -> dict[str, Any]:
        """With the seconds for each, without the start; null where the start hides the rest."""
        return asdict(self) | {"each": self._each(self.start, self.seconds),
                               "each_cpu": self._each(self.start_cpu, self.cpu)}

    def _each(self, start: float, whole: float) -> float | None:
        rest = whole - start
        return rest / max(self.count - self.first, 1) if rest > HIDDEN * start else None


# ------------------------------------------------------------------------------------ whole classes
def class_timings(course: Path, slug: str, students: list[str],
                  with_stock: bool = True) -> list[Timing]:
    """The same hand-ins by every road."""
    grade = ("autograder", "grade", slug, "--regrade", "--jobs")
    roads = {
        "autograder grade, warm, 2 jobs": (*grade, "2"),
        "autograder grade, warm, 1 job": (*grade, "1"),
        "autograder grade, fresh, 2 jobs": (*grade, "2", "--fresh"),
        "autograder grade, fresh, 1 job": (*grade, "1", "--fresh"),
        "nbgrader autograde with this kit": ("nbgrader", "autograde", slug, "--force"),
    }
    timings = [_timed(name, command, course, students) for name, command in roads.items()]
    for kind in (stock_course.REAL, stock_course.EMPTY) if with_stock else ():
        plain = stock_course.course(course, slug, kind)
        timings.append(_timed(f"stock nbgrader, {kind}", ("nbgrader", "autograde", slug, "--force"),
                              plain, students))
    return timings


def _timed(name: str, command: tuple[str, ...], course: Path, students: list[str]) -> Timing:
    """The first hand-ins alone say what the start takes; then all of them."""
    # two, or no pool would be started
    first = students[:2] if command[0] == "autograder" else students[:1]
    start, start_cpu = run((*command, "--student", *first), course)
    seconds, cpu = run(command, course)
    return Timing(name, len(students), seconds, cpu, start, start_cpu, len(first))


# ----------------------------------------------------------------------------------- dearest checks
def dearest(staff: Staff, most: int = 5) -> list[tuple[str, float]]:
    """The checks that cost most processor time on the solution, judge and worker, in seconds."""
    costs: dict[str, float] = {}

    def timed(check: Check, exercise: str, subject: Remote) -> Check:
        def look(*exams: Any) -> None:
            began = time.process_time() + subject.budget.spent
            try:
                check.judge(*exams)
            finally:
                costs[f"{exercise}: {check.name}"] = (
                    time.process_time() + subject.budget.spent - began)

        return replace(check, judge=look)

    isolation = choose()
    with warmed(isolation, stays_shut(isolation.name),
                staff.assignment.preload) as warm, Remote(warm, staff.solution.cells) as subject:
        subject.run_cells()
        for e in staff.assignment.exercises:
            subject.budget.begin_exercise()
            judge(e.each(partial(timed, exercise=e.name, subject=subject)), subject,
                  staff.assignment.slug, staff.key.salt, staff.reference)
    return sorted(costs.items(), key=lambda cost: -cost[1])[:most]


# ---------------------------------------------------------------------------------- gradient checks
def gradient_timings(staff: Staff,
                     shapes: Iterable[tuple[int, ...]] = SHAPES) -> list[dict[str, Any]]:
    """The assignment's own gradient check of its solution, for inputs of these shapes, if any.

    Against a loop over all elements and, where it is installed, torch's gradcheck.
    """
    checks = [(e.name, c) for e in staff.assignment.exercises
              for c in e.checks if c.verb == GRADIENT_CHECK]
    return [_against_others(*checks[0], staff, shape) for shape in shapes if checks]


def _against_others(exercise: str, check: Check, staff: Staff,
                    shape: tuple[int, ...]) -> dict[str, Any]:
    x = np.random.default_rng(0).standard_normal(shape)
    exam = Exam(exercise, staff.reference, check.name)
    times = {"check": computing(lambda: check.judge(replace(exam, memo={}), shape=shape)),
             "loop": computing(partial(elementwise, x))}
    return {"shape": list(shape), "seconds": times | torch_times(x)}


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
        "gradcheck": computing(lambda: check(lambda t: t * mask, (tensor,))),
        "gradcheck, fast": computing(lambda: check(lambda t: t * mask, (tensor,), fast_mode=True)),
    }


# --------------------------------------------------------------------------------------- self-check
def self_check_timings(course: Path, slug: str) -> dict[str, float]:
    """What a student waits for, against `import numpy` alone."""
    folder = Path(tempfile.mkdtemp(prefix="autograder-bench-"))
    try:
        shutil.copytree(folders(course).released(slug), folder / slug)
        path = folder / slug / f"{slug}.ipynb"
        write(filled(released(path), load_staff(course, slug).solution.answers), path)
        numpy = median(lambda: subprocess.run([sys.executable, "-c", "import numpy"], check=True))
        check = median(lambda: run(("autograder", "check", str(path)), folder))
        return {"import numpy": numpy, "autograder check": check}
    finally:
        shutil.rmtree(folder, ignore_errors=True)


# ---------------------------------------------------------------------------------------- the whole
def bench(root: Path, slug: str, students: int, into: Path, with_stock: bool = True,
          scaling: Iterable[int] = ()) -> dict[str, Any]:
    """Everything, as plain data; written to into/bench.json and into/bench.png."""
    before = timing.others()
    into.mkdir(parents=True, exist_ok=True)
    course = simulate.simulate(root, slug, students, seed=0, into=into / "class")
    names = [f"s{n:0{max(4, len(str(students)))}d}" for n in range(1, students + 1)]
    staff = load_staff(course, slug)
    checks = sum(len(e.checks) for e in staff.assignment.exercises)
    timings = class_timings(course, slug, names, with_stock)
    found = {
        "machine": timing.machine(),
        "others": before,
        "whole": timing.is_whole(),
        "assignment": slug,
        "checks": checks,
        "classes": [t.told() for t in timings],
        "dearest": dearest(staff),
        "gradients": gradient_timings(staff),
        "self-check": self_check_timings(course, slug),
        "scaling": [scaled(root, slug, n, into / f"class-{n}") for n in scaling],
    }
    found["others"] = max(before, timing.others())
    (into / "bench.json").write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    plot(found, into / "bench.png")
    return found


def scaled(root: Path, slug: str, students: int, into: Path) -> dict[str, float]:
    """A larger class by the quick road: time for each hand-in, and the most memory it took."""
    course = simulate.simulate(root, slug, students, seed=1, into=into)
    seconds, cpu = run(("autograder", "grade", slug), course)
    memory = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    return {"students": students, "each": seconds / students, "cpu": cpu / students,
            "memory_mb": memory}


def lines(found: dict[str, Any]) -> Iterable[str]:
    """What was found, ratios first."""
    classes = found["classes"]
    slowest = classes[-1]
    yield (f"{found['machine']}; {found['assignment']}, {classes[0]['count']} hand-ins, "
           f"{found['checks']} checks each")
    yield f"{'':48}{'times faster':>12}{'ms each':>9}{'of CPU':>8}{'us a check':>12}{'all, s':>8}"
    for t in classes:
        each = _number(t["each"], 1e3)
        cpu = _number(t["each_cpu"], 1e3)
        check = _number(t["each"], 1e6 / found["checks"])
        yield (f"{t['name']:48}{_ratio(slowest['each'], t['each']):>12}"
               f"{each:>9}{cpu:>8}{check:>12}{t['seconds']:8.0f}")
    if warning := timing.noise(found["others"]):
        yield warning
    if not found["whole"]:
        yield ("CPU: without what sandboxed workers used; no control group can be made here (as "
               "root, or: systemd-run --user --scope ...)")
    yield "dearest checks, in ms of CPU:"
    for name, seconds in found["dearest"]:
        yield f"{1e3 * seconds:8.1f}  {name}"
    for g in found["gradients"]:
        seconds = g["seconds"]
        others = ", ".join(f"{name} {s / seconds['check']:.1f}x"
                           for name, s in seconds.items() if name != "check")
        yield (f"gradient check on {tuple(g['shape'])}: {1e3 * seconds['check']:.2f} ms of "
               f"computing; {others}")
    check = found["self-check"]
    yield (f"self-check of the whole notebook: {check['autograder check']:.2f} s; `import numpy` "
           f"alone {check['import numpy']:.2f} s")
    for s in found["scaling"]:
        yield (f"{s['students']} hand-ins: {1e3 * s['each']:.0f} ms each, {1e3 * s['cpu']:.0f} ms "
               f"of CPU, {s['memory_mb']:.0f} MB at most")


def _number(seconds: float | None, times: float) -> str:
    return "?" if seconds is None else f"{times * seconds:.0f}"


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
    bars = axes.barh([t["name"] for t in classes], [1e3 * (t["each"] or 0) for t in classes],
                     color="#4477aa")
    axes.bar_label(bars, fmt="%.0f", padding=3)
    axes.set_xlabel("milliseconds for each hand-in")
    axes.set_title(f"{found['assignment']}: {found['machine']}", fontsize=9)
    axes.spines[["top", "right"]].set_visible(False)
    figure.savefig(path, dpi=150)
