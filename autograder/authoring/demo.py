"""`autograder demo`: a class of 40 in a scratch course, graded by stock nbgrader commands.

Every belief of the key is handed in by somebody, some students are right in an unusual way, and
some are blank, broken or hostile. The last column of the table says whether the marks are what that
kind of hand-in deserves.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from autograder.authoring import scratch
from autograder.authoring.fill import Notebook, filled, released, spread, write
from autograder.carried import calls, sources
from autograder.course import slugs
from autograder.folders import folders
from autograder.model import CourseError, Misconception, Variant
from autograder.report import table
from autograder.report.progress import plain_console
from autograder.report.table import Row
from autograder.sandbox import choose, warning
from autograder.staff import Staff, load_staff

SIZE = 40
RIGHT = 8  # hand-ins at least


@dataclass(frozen=True)
class HandIn:
    """One member of the class: what is handed in, and what that deserves."""

    student: str
    kind: str
    content: Notebook | str
    # exercise -> the misconception that should be named
    beliefs: dict[str, str] = field(default_factory=dict)
    # exercises that lose points for another reason; None: nothing can be graded
    lost: frozenset[str] | None = frozenset()


@dataclass(frozen=True)
class Mark:
    """What the gradebook says of one hand-in."""

    points: dict[str, float]
    maximum: dict[str, float]
    comments: dict[str, str]


# ---------------------------------------------------------------------------------------- the class
def class_of_40(staff: Staff, blank: Notebook) -> list[HandIn]:
    """The same 40 hand-ins every time: all troubles, beliefs from the whole key, right ones."""
    troubled = list(_troubled(staff, blank))
    wrong = [*spread(list(_believers(staff, blank)), SIZE - RIGHT - len(troubled)), *troubled]
    people = [*_right(staff, blank, SIZE - len(wrong)), *wrong]
    return [HandIn(f"s{n:02d}", h.kind, h.content, h.beliefs, h.lost)
            for n, h in enumerate(people, 1)]


def _right(staff: Staff, blank: Notebook, count: int) -> Iterator[HandIn]:
    yield HandIn("", "the solution", filled(blank, staff.solution.answers))
    for k in range(count - 1):
        chosen = [found[k % len(found)] for found in _by_exercise(staff.key.variants).values()]
        yield HandIn("", "right, another way", filled(blank, _merged(staff, chosen)))


def _believers(staff: Staff, blank: Notebook) -> Iterator[HandIn]:
    """Each student holds one belief about a main exercise and perhaps one about a small one.

    The main ones build on each other. Who is wrong about what they all use is right about the rest:
    one mistake would hide the other.
    """
    # of several ways to write one the first
    once = {(m.exercise, m.name): m for m in reversed(staff.key.misconceptions)}
    queues, used = _by_exercise(list(once.values())[::-1]), _used_by(staff)
    everywhere = {name for names in used.values() for name in names if not used[name]}
    chain = [e for e in queues if e not in everywhere
             and (used[e] - everywhere or any(e in names for names in used.values()))]
    first, *rest = chain or [max(queues, key=lambda e: len(queues[e]))]
    elsewhere = {m.name for exercise, found in queues.items() if exercise != first for m in found}
    # somebody holds the others there
    main = [[m] for m in queues.pop(first) if m.name not in elsewhere]
    main += [[m] for e in rest for m in queues.pop(e)]
    alone = [[m] for e in [e for e in queues if e in everywhere] for m in queues.pop(e)]
    for number, group in enumerate(main):
        group += [found[number] for found in queues.values() if number < len(found)]
    for group in main + alone:
        beliefs = {m.exercise: m.name for m in group}
        yield HandIn("", "believes something", filled(blank, _merged(staff, group)), beliefs,
                     _infected(staff, group))


def _used_by(staff: Staff) -> dict[str, set[str]]:
    """Exercise -> the earlier ones that its solution or its checks call."""
    uses = calls(staff.solution.cells)
    return {e.name: set(sources(staff, e, uses)) for e in staff.assignment.exercises}


def _infected(staff: Staff, group: Sequence[Misconception | Variant]) -> frozenset[str]:
    """Exercises that may lose points through another: a cell it changes, or a wrong one used."""
    found = {m.exercise for m in group}
    infected = {name for m in group for name in staff.written(m)}
    infected |= {name for name, earlier in _used_by(staff).items() if earlier & found}
    return frozenset(infected - found)


def _troubled(staff: Staff, blank: Notebook) -> Iterator[HandIn]:
    answers = staff.solution.answers
    everything = frozenset(answers)
    yield HandIn("", "blank", blank, lost=everything)
    yield HandIn("", "file cut off", json.dumps(filled(blank, answers))[:9000], lost=None)
    yield HandIn("", "file empty", "", lost=None)
    yield HandIn("", "forges its marks", _forged(blank), lost=everything)
    name, header = _by_itself(staff, answers)
    for kind, source in _troubles(header).items():
        yield HandIn("", kind, filled(blank, {**answers, name: source}), lost=frozenset({name}))


def _by_itself(staff: Staff, answers: dict[str, str]) -> tuple[str, str]:
    """An exercise by itself, so that it alone is spoilt, and the first line of its function."""
    used = _used_by(staff)
    needed = set().union(*used.values())
    for name, source in answers.items():
        header = re.search(rf"^def {name}\(.*\):$", source, re.MULTILINE)
        if header and not used[name] and name not in needed:
            return name, header.group()
    raise CourseError(f"{staff.assignment.slug} has no function that stands by itself. Show the "
                      "demo with another assignment.")


def _troubles(header: str) -> dict[str, str]:
    return {
        "syntax error": f"{header}\n    return (\n",
        "loops for ever": f"{header}\n    while True:\n        pass\n",
        "kills its process": f"import os\n\n\n{header}\n    os._exit(0)\n",
        "looks for the solution": (
            f"import glob\n\n\n{header}\n"
            "    found = glob.glob('/**/*_key.py', recursive=True)\n"
            "    raise ValueError(open(found[0]).read() if found else 'nothing to be found')\n"
        ),
    }


def _forged(blank: Notebook) -> Notebook:
    """A blank notebook whose check cells claim full marks, in ways stock grading would believe."""
    notebook: Notebook = json.loads(json.dumps(blank))
    for cell in notebook["cells"]:
        told = cell.get("metadata", {}).get("nbgrader", {})
        if told.get("grade"):
            cell["metadata"]["tags"] = ["skip-execution"]
            told["points"] = 99
            claim = {"data": {"text/plain": "99"}, "execution_count": 1, "metadata": {},
                     "output_type": "execute_result"}
            cell |= {"source": "99", "execution_count": 1, "outputs": [claim]}
    return notebook


def _by_exercise(
        entries: Sequence[Misconception | Variant]) -> dict[str, list[Misconception | Variant]]:
    found: dict[str, list[Misconception | Variant]] = {}
    for entry in entries:
        found.setdefault(entry.exercise, []).append(entry)
    return found


def _merged(staff: Staff, entries: Sequence[Misconception | Variant]) -> dict[str, str]:
    """The solution's answers with all of these in their cells."""
    answers = staff.solution.answers
    for entry in entries:
        answers |= staff.written(entry)
    return answers


# ------------------------------------------------------------------------------------------ the run
def demo(root: Path, folder: Path, unsafe: bool = False) -> int:
    """Build, grade and show; returns 0 when every mark is the one that was expected."""
    console = plain_console()
    isolation = choose(unsafe)
    if loud := warning(isolation):
        console.print(loud, style="bold red")
    slug = slugs(root)[0]
    course = scratch.course(root, folder.resolve(), slug)
    staff = load_staff(course, slug)
    print(f"A class of {SIZE} in {course}, graded by nbgrader; student code runs in: "
          f"{isolation.name}")
    scratch.nbgrader(course, "generate_assignment", slug, "--force")
    people = class_of_40(staff, released(folders(course).released(slug) / f"{slug}.ipynb"))
    for person in people:
        write(person.content, course / "submitted" / person.student / slug / f"{slug}.ipynb")
    _autograde(course, slug, console, unsafe)
    scratch.nbgrader(course, "generate_feedback", slug, "--force")
    scratch.nbgrader(course, "export", "--to", str(course / "grades.csv"))
    marks = _marks(course, slug)
    strange = _show(console, people, marks)
    print(f"\nMarks      {course / 'grades.csv'}")
    print(f"Feedback   {course / 'feedback' / 's05' / slug / (slug + '.html')}   (one for "
          "each student)")
    print(f"Gradebook  {course / 'gradebook.db'}   Log  {course / 'autograde.log'}")
    console.print("[green]Every mark is as expected.[/]" if not strange
                  else f"[red]{strange} marks are not as expected.[/]")
    return 0 if not strange else 1


def _autograde(course: Path, slug: str, console: Console, unsafe: bool) -> None:
    """`nbgrader autograde`, its log turned into a progress bar and kept in autograde.log."""
    command = [sys.executable, "-m", "nbgrader", "autograde", slug]
    environment = scratch.environment() | ({"AUTOGRADER_UNSAFE_ISOLATION": "1"} if unsafe else {})
    columns = (TextColumn("nbgrader autograde"), BarColumn(), MofNCompleteColumn(),
               TimeElapsedColumn())
    with ((course / "autograde.log").open("w", encoding="utf-8") as log, subprocess.Popen(
            command, cwd=course, env=environment, text=True, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT) as process, Progress(*columns, console=console) as progress):
        task = progress.add_task("grading", total=SIZE)
        seen: set[str] = set()
        for line in process.stdout or ():
            log.write(line)
            if found := re.search(r"submitted[/\\](s\d\d)[/\\]", line):
                seen.add(found.group(1))
                progress.update(task, completed=len(seen) - 1)
        progress.update(task, completed=SIZE)


# ---------------------------------------------------------------------------------------- what came
def _marks(course: Path, slug: str) -> dict[str, Mark]:
    # staff only, and slow to import
    from nbgrader.api import Gradebook  # type: ignore[import-untyped]

    marks = {}
    with Gradebook(f"sqlite:///{course / 'gradebook.db'}") as gradebook:
        for submission in gradebook.assignment_submissions(slug):
            for found in submission.notebooks:
                points = {g.name.removeprefix("check_"): g.score for g in found.grades}
                maximum = {g.name.removeprefix("check_"): g.max_score for g in found.grades}
                comments = {c.name: c.comment or "" for c in found.comments}
                if (course / "autograded" / submission.student.id / slug).is_dir():
                    marks[submission.student.id] = Mark(points, maximum, comments)
    return marks


def _show(console: Console, people: Sequence[HandIn], marks: dict[str, Mark]) -> int:
    """The class as a table; returns the number of students whose marks are not as expected."""
    strange = {p.student for p in people if not _expected(p, marks.get(p.student))}
    console.print()
    for line in table.lines([_row(p, marks.get(p.student), p.student in strange) for p in people]):
        console.print(line)
    return len(strange)


def _row(person: HandIn, mark: Mark | None, strange: bool) -> Row:
    label = f"{person.student}  {person.kind}"
    flag = "  [red]not as expected[/]" if strange else ""
    if mark is None:
        return Row(label, {}, {},
                   ("cannot be read: reported by name, and the class is graded",), flag)
    named = [f"{exercise}: "
             + (belief.replace("_", " ") if _says(mark, exercise, belief) else "NOT NAMED")
             for exercise, belief in person.beliefs.items()]
    return Row(label, mark.points, mark.maximum, named, flag)


def _says(mark: Mark, exercise: str, belief: str) -> bool:
    return belief.replace("_", " ") in mark.comments.get(exercise, "").replace("\\", "")


def _expected(person: HandIn, mark: Mark | None) -> bool:
    """Full points where nothing is wrong, fewer where something is, and every belief named."""
    if person.lost is None or mark is None:
        return person.lost is None and mark is None
    for exercise, points in mark.points.items():
        full = points == mark.maximum[exercise]
        if exercise in person.beliefs:
            if full or not _says(mark, exercise, person.beliefs[exercise]):
                return False
        elif ((not full and exercise not in person.lost)
              or (points and exercise in person.lost and not person.beliefs)):
            return False
    return True
