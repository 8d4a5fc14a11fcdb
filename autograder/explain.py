"""Why a hand-in has its points, for staff: judged again with a witness, lost checks replayed.

What is judged is what lies in submitted/. Seeds come from the assignment, the check and the salt,
so the same calls are made as in grading.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from autograder import notebook
from autograder.asking import script_text
from autograder.examine import LIMITS
from autograder.grade import grade
from autograder.judge import Scripts, Witness
from autograder.model import (
    Call, Cell, CourseError, ExerciseResult, Report, Seed, Submission, SubmissionError, Verdict)
from autograder.nbgrader_plugin.submitted import HandIn
from autograder.notebook_file import called, parse
from autograder.report import words
from autograder.report.explanation import LONGEST, Explained, Explanation, Replayed
from autograder.sandbox import Isolation
from autograder.sandbox.bounded import bounded
from autograder.staff import PATIENCE, Staff
from autograder.subjects.remote import Remote

# calls of a script that are shown, and made again: a chance test asks the same hundreds of times
MOST = 3


def explain(found: HandIn, staff: Staff, isolation: Isolation, exercise: str = "",
            replay: bool = False) -> Explanation:
    """A hand-in, or an exercise of it. SubmissionError if unreadable, Broken for our faults."""
    names = ([staff.assignment.exercise(exercise).name] if exercise
             else [e.name for e in staff.assignment.exercises])
    witness = Witness()
    report = grade(_read(found, staff), staff, isolation, witness=witness)
    chosen = [report.result(name) for name in names]
    return Explanation(report, chosen,
                       {r.name: _explained(r, witness, staff, isolation, replay) for r in chosen})


def _read(found: HandIn, staff: Staff) -> Submission:
    if found.error:
        raise SubmissionError(found.error)
    path = found.path
    return bounded(lambda: notebook.from_node(parse(found.content, path), path, staff.assignment),
                   called(path))


def _explained(result: ExerciseResult, witness: Witness, staff: Staff, isolation: Isolation,
               replay: bool) -> dict[str, Explained]:
    scripts, cells = witness.of(result)
    lost = [v for v in result.verdicts if not v.passed and scripts.get(v.check)]
    # what is not there cannot be called again, and the calls before it prove nothing
    living = [v for v in lost if not words.absent(v)]
    again = dict(_replayed(living, scripts, cells, staff, isolation)) if replay and living else {}
    return {v.check: Explained(pasteable(scripts[v.check]) if not v.call else "",
                               again.get(v.check, ())) for v in lost}


def pasteable(script: Sequence[Call]) -> str:
    """The script as Python for the notebook, hidden or not; as much of it as a person will read."""
    return next((text for most in (MOST, 1)
                 if len(text := script_text(script, most)) <= LONGEST), "")


def _replayed(lost: Sequence[Verdict], scripts: Scripts, cells: Sequence[Cell], staff: Staff,
              isolation: Isolation) -> Iterator[tuple[str, Sequence[Replayed]]]:
    """The calls of each of these checks once more: the cells sandboxed, and the solution here."""
    seconds = {c.name: c.seconds or LIMITS.call_seconds
               for c in staff.assignment.exercise(lost[0].exercise).checks}
    with Remote(isolation, cells) as student:
        for verdict in lost:
            calls = [replace(call, nonzero=False)
                     for call in scripts[verdict.check] if not call.is_shown][:MOST]
            theirs = student.ask(calls, seconds[verdict.check])
            ours = staff.reference.ask(calls, PATIENCE)
            yield verdict.check, [Replayed(script_text([call], 1), mine, right, any(
                isinstance(a, Seed) for a in (*call.args, *call.kwargs.values())))
                                  for call, mine, right in zip(calls, theirs, ours, strict=True)]


def calls_of(report: Report, witness: Witness) -> Mapping[str, Mapping[str, str]]:
    """Exercise -> check that did not hold -> its call, also that of a hidden case; for staff."""
    found: dict[str, dict[str, str]] = {}
    for result in report.exercises:
        scripts, _ = witness.of(result)
        found[result.name] = {v.check: pasteable(scripts[v.check])
                              for v in result.verdicts if not v.passed and scripts.get(v.check)}
    return found


# ---------------------------------------------------------------------------------- where it may go
def private(path: Path, root: Path, given: Sequence[Path]) -> Path:
    """The path, unless students come to see it; `given` are folders that are handed out or back."""
    place = path.resolve()
    for folder in (root.resolve() / "datasets", *(f.resolve() for f in given)):
        if place.is_relative_to(folder):
            raise CourseError(f"{path} lies in {folder}, which students come to see, and this "
                              "shows hidden cases. Name another place.")
    if place.suffix == ".ipynb" or place.is_dir():
        raise CourseError(
            f"{path} is a notebook or a folder. Name a new file, for example build/explained.html.")
    return path
