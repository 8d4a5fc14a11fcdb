"""What was graded, for the class report: gradebook and memory; nothing is judged anew."""

from __future__ import annotations

import ast
import builtins
import functools
import json
import secrets
import sqlite3
import tokenize
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path

from autograder.classes import result_keys, results_store
from autograder.classes.results_store import FOLDER
from autograder.course import slugs
from autograder.keys import bare
from autograder.model import CourseError, ExerciseResult, Look
from autograder.nbgrader_plugin import manifest, settings
from autograder.nbgrader_plugin.context import CHECK
from autograder.nbgrader_plugin.looks import of_class
from autograder.nbgrader_plugin.standings import NothingGraded, standings
from autograder.report.class_report import ClassReport, class_report
from autograder.report.pseudonyms import Hide, pseudonym, split, telling
from autograder.report.standing import MISSING, NOT_GRADED, Person, Standing
from autograder.staff import must_exist

KEY = "pseudonyms.key"
CANDIDATES = 12  # hand-ins that are looked at for one excerpt
MOST_LINES = 24  # of an excerpt


# ------------------------------------------------------------------------------- what is remembered
@dataclass(frozen=True)
class Held:
    """What is remembered of a student's last grading."""

    status: str
    error: str
    scores: Mapping[str, float | None]  # cell -> automatic score
    results: tuple[ExerciseResult, ...]
    seconds: float | None  # None: this was graded before it was written down


@contextmanager
def _reading(path: Path) -> Iterator[sqlite3.Connection]:
    """The memory of an assignment, perhaps being written; an empty one where there is none."""
    base = sqlite3.connect(path if path.is_file() else ":memory:", timeout=30)
    try:
        if not path.is_file():
            base.executescript(results_store.TABLES)
        yield base
    except sqlite3.Error as error:
        raise CourseError(f"What is remembered in {path} cannot be read ({error}). Delete it and "
                          "grade again.") from error
    finally:
        base.close()


def held(path: Path) -> dict[str, Held]:
    """Student -> what is remembered of the last grading."""
    with _reading(path) as base:

        @functools.lru_cache(4096)  # blank hand-ins share their results
        def result(key: str) -> ExerciseResult | None:
            row = base.execute("select value from result where key = ?", (key,)).fetchone()
            return result_keys.unpacked(row[0]) if row else None

        rows = base.execute(
            "select student, status, error, scores from recorded order by student").fetchall()
        more = base.execute("select 1 from sqlite_master where name = 'held'").fetchone()
        keys = ({s: (json.loads(k), t) for s, k, t in base.execute("select * from held")}
                if more else {})
        found = {}
        for student, status, error, scores in rows:
            known, seconds = keys.get(student, ({}, None))
            results = (tuple(r for r in map(result, known.values()) if r)
                       if status == "graded" else ())
            found[student] = Held(status, error, json.loads(scores), results, seconds)
        return found


# ---------------------------------------------------------------------------------------- one class
def overview(root: Path, slug: str, names: bool = False) -> ClassReport:
    """The report on one assignment; CourseError when nothing of it was graded."""
    must_exist(root, slug)
    people, remembered = standings(root, slug), held(results_store.place(root, slug))
    if not any(one.status not in (MISSING, NOT_GRADED) for one in people):
        raise NothingGraded(f"Nothing of {slug} was graded yet. Run: autograder grade {slug}.")
    stale = [s.student for s in people
             if s.student in remembered and not _stands(s, remembered[s.student])]
    fresh = {student: one for student, one in remembered.items() if student not in stale}
    looks = _looks(root, slug, people, remembered)
    called, hide = _labels(root, slug, people, looks, names)
    results = {student: one.results for student, one in fresh.items()}
    seconds = {student: one.seconds for student, one in fresh.items() if one.seconds is not None}
    report = class_report(slug, people, results, seconds, looks, called, hide)
    known = {person.label: student for student, person in called.items()}
    secret = telling(f"{one.student} {one.name}" for one in people)
    coursedir, _ = settings.collecting(root, slug)
    answers = Answers(lambda s: Path(coursedir.format_path(coursedir.autograded_directory, s, slug))
                      / f"{slug}.ipynb", results, secret)
    seen = tuple(replace(m, excerpt=answers.excerpt(m.exercise, [known[s] for s in m.students]))
                 for m in report.misconceptions)
    return replace(report, notes=tuple(_notes(slug, people, fresh, stale)), misconceptions=seen)


def _stands(one: Standing, known: Held) -> bool:
    """Whether the gradebook says what was remembered; `nbgrader autograde` remembers nothing."""
    return all(_auto(one, cell) == score for cell, score in known.scores.items())


def _auto(one: Standing, cell: str) -> float | None:
    mark = one.marks.get(cell.removeprefix(CHECK))
    return mark.auto if mark else None


def _looks(root: Path, slug: str, people: Sequence[Standing],
           remembered: Mapping[str, Held]) -> list[Look]:
    coursedir, downloaded = settings.collecting(root, slug)
    with _reading(results_store.place(root, slug)) as base:
        noticed = results_store.looks(base)
    return of_class(coursedir, slug, downloaded / settings.MANIFEST, people, noticed,
                    {student: one.error for student, one in remembered.items()})


def _notes(slug: str, people: Sequence[Standing], known: Mapping[str, Held],
           stale: Sequence[str]) -> Iterator[str]:
    graded = [s.student for s in people if s.score is not None]
    # an error: all was given by hand
    without = [s for s in graded if s not in known or not (known[s].results or known[s].error)]
    if without:
        more = (f", {len(stale)} of them because the gradebook says something else by now"
                if stale else "")
        again = f"Run `autograder grade {slug} --regrade` to have them."
        yield (f"Of {len(without)} of {len(graded)} students only the points are "
               f"known{more}. {again}")


# --------------------------------------------------------------------------------------- pseudonyms
def _labels(root: Path, slug: str, people: Sequence[Standing], looks: Sequence[Look],
            names: bool) -> tuple[dict[str, Person], Hide]:
    """How everybody is called, and what sees to it that no sentence says who it is."""
    if names:
        return {s.student: Person(s.student, s.name) for s in people}, Hide({})
    key = _key(root / FOLDER / KEY)
    # also who handed in and is not in the gradebook
    called = {student: Person(pseudonym(key, student)) for student in
              {*(one.student for one in people), *(k.student for k in looks if k.student)}}
    known = {one.student: one.name for one in people}
    everybody = [f"{s} {known.get(s, '')}" for s in called] + list(_collected(root, slug))
    return called, Hide({student: person.label for student, person in called.items()},
                        telling(everybody))


def _collected(root: Path, slug: str) -> Iterator[str]:
    """Names that a platform has written into its archive."""
    path = settings.collecting(root, slug)[1] / settings.MANIFEST
    if path.is_file():
        with suppress(CourseError):  # told where what was not collected is told
            yield from (str(entry["name"]) for entry in manifest.read(path)["hand_ins"])


def _key(path: Path) -> str:
    """What makes pseudonyms the same in every report of a course, and no outsider's to undo."""
    try:
        if not path.is_file():
            path.parent.mkdir(exist_ok=True)
            path.write_text(secrets.token_hex(32) + "\n", encoding="ascii")
            path.chmod(0o600)
        return path.read_text(encoding="ascii").strip()
    except OSError as error:
        raise CourseError(f"{path} cannot be written ({error.strerror or error}). Make the folder "
                          "writable, or say --names.") from error


# ----------------------------------------------------------------------------------------- excerpts
class Answers:
    """What was handed in as answers, for excerpts in which nobody is named."""

    def __init__(self, page: Callable[[str], Path], results: Mapping[str, Sequence[ExerciseResult]],
                 secret: frozenset[str]) -> None:
        self._page, self._results, self._secret = page, results, secret
        self._of = functools.lru_cache(1024)(lambda student: _answers(page(student)))
        self._right = functools.lru_cache(None)(self._all_right)

    def _all_right(self, exercise: str) -> frozenset[str]:
        """Answers to which some had all points: in them nothing is to be seen."""
        full = (s for s, results in self._results.items()
                for r in results if r.name == exercise and r.points >= r.max_points)
        return frozenset(self._of(student).get(exercise, "")
                         for student in islice(full, CANDIDATES))

    def excerpt(self, exercise: str, students: Sequence[str]) -> str:
        """The shortest answer of these students that shows something; "" where there is none."""
        texts = [text for student in students[:CANDIDATES]
                 for text in self._telling(student, exercise)]
        lines = min((t for t in texts if not _names_somebody(t, self._secret)), key=len,
                    default="").splitlines()
        return "\n".join(lines[:MOST_LINES] + ["..."] * (len(lines) > MOST_LINES))

    def _telling(self, student: str, exercise: str) -> list[str]:
        """The answer, or that to an earlier exercise it builds upon where it is right itself."""
        answers = self._of(student)
        names = list(answers)[: list(answers).index(exercise) + 1] if exercise in answers else []
        return [answers[name]
                for name in reversed(names) if answers[name] not in self._right(name)][:1]


def _names_somebody(text: str, secret: frozenset[str]) -> bool:
    """Whether a student's name stands in the code: in a text, or in a name of the student's."""
    nodes = list(ast.walk(ast.parse(text)))
    told = [n.value for n in nodes if isinstance(n, ast.Constant) and isinstance(n.value, str)]
    told += [n.id for n in nodes if isinstance(n, ast.Name) and n.id not in vars(builtins)]
    told += [n.name if isinstance(n, ast.FunctionDef) else n.arg
             for n in nodes if isinstance(n, (ast.FunctionDef, ast.arg))]
    return any(word in secret for words in told for word in split(words))


def _answers(page: Path) -> dict[str, str]:
    """Exercise -> its answer without comments and docstrings, which may be signed."""
    try:
        cells = json.loads(page.read_text(encoding="utf-8"))["cells"]
        told = {c["metadata"]["nbgrader"]["grade_id"]: c["source"]
                for c in cells if c["metadata"].get("nbgrader", {}).get("solution")}
    except (OSError, ValueError, KeyError, TypeError):
        return {}
    found = {name: _bare(source if isinstance(source, str) else "".join(source))
             for name, source in told.items()}
    return {name: text for name, text in found.items() if text.strip()}


def _bare(source: str) -> str:
    try:
        return bare(source)
    except (SyntaxError, ValueError, RecursionError, tokenize.TokenError):
        return ""


# -------------------------------------------------------------------------------------- all classes
def overviews(root: Path, names: bool = False) -> list[ClassReport]:
    """The reports on all assignments of which something was graded, in the order of the course."""
    found = []
    for slug in slugs(root):
        with suppress(NothingGraded):
            found.append(overview(root, slug, names))
    if not found:
        raise CourseError("Nothing was graded in this course yet. Run: autograder grade HW.")
    return found
