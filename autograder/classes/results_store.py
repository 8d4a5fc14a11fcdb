"""What is remembered of earlier gradings: results by content, who was recorded, marks that changed.

A result is found again by what it depends on: the answers, the checks of its exercise, the
solution, and the engine itself. One SQLite file for each assignment, in the course's folder
.autograder/; it may be deleted, and then everything is graded anew.
"""

from __future__ import annotations

import datetime
import fcntl
import functools
import json
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

import numpy as np

from autograder.carried import calls, sources
from autograder.classes.code_digest import code_digest, digest
from autograder.model import (
    Broken,
    Change,
    CourseError,
    Diagnosis,
    Earned,
    Exercise,
    ExerciseResult,
    Limits,
    Look,
    Moved,
    Outcome,
    Submission,
    Verdict,
)
from autograder.running import wire
from autograder.staff import Staff

FOLDER = ".autograder"
KEPT = 10  # gradings of which the marks are kept
PLAIN = (type(None), bool, int, float, str)
TABLES = """
create table if not exists result (key text primary key, value blob not null);
create table if not exists grading (id integer primary key, began text not null, ended text);
create table if not exists recorded
    (student text primary key, print text, status text, error text, scores text);
create table if not exists asked (grading integer primary key, checks text);
create table if not exists course (grading integer primary key, word text);
create table if not exists look (student text, exercise text, what text);
create table if not exists held (student text primary key, keys text, seconds real);
create table if not exists mark
    (grading integer, student text, answers text, marks text, primary key (grading, student));
"""

Scores = Mapping[str, "float | None"]


# ------------------------------------------------------------------------- what a result depends on
def exercise_word(staff: Staff, exercise: Exercise, isolation: str, limits: Limits) -> str:
    """One word for all that decides the result of an exercise, save the answers."""
    name = exercise.name
    code = code_digest(*_own_files(staff.assignment.folder), staff.assignment.setup,
                       *(cell.source for cell in staff.solution.cells))
    told = [code, isolation, repr(limits), staff.assignment.slug, name, repr(exercise.names),
            repr(exercise.points), staff.key.salt]
    told += [staff.assignment.setup, repr(staff.solution.cells),
             json.dumps(staff.hints.get(name), sort_keys=True)]
    told += [repr((part.name, part.sentence, part.share, [c.name for c in part.checks]))
             for part in exercise.parts]
    for check in exercise.checks:
        plain = (check.verb, check.name, check.sentence, check.needs, check.hidden, check.seconds,
                 check.with_reference)
        told += [repr(plain), _code(check.judge, staff)]
    told += [probe.name + _code(probe.probe, staff)
             for probe in staff.assignment.probes.get(name, ())]
    # what an earlier exercise costs is not charged again in one that uses it, so the one decides
    # about the other
    earlier = sources(staff, exercise, calls(staff.solution.cells))
    told += [exercise_word(staff, staff.assignment.exercise(e), isolation, limits) for e in earlier]
    return digest(*told)


def course_word(staff: Staff) -> str:
    """One word for all that decides marks, save what was handed in and where it is run."""
    return digest(*(exercise_word(staff, e, "", Limits()) for e in staff.assignment.exercises))


def _code(function: Callable[..., Any], staff: Staff) -> str:
    """What a bound verb does: its name and case if it is the engine's, else the course's files."""
    inner, case = function, []
    while isinstance(inner, functools.partial):
        case += [inner.args, sorted(inner.keywords.items())]
        inner = inner.func
    if str(getattr(inner, "__module__", "")).startswith("autograder.") and _is_plain(case):
        return f"{inner.__module__}.{inner.__qualname__}{case!r}"
    return digest(*_own_files(staff.assignment.folder))


def _is_plain(value: Any) -> bool:
    """Whether `repr` says all about it."""
    if type(value) in (list, tuple):
        return all(map(_is_plain, value))
    return all(map(_is_plain, value.items())) if type(value) is dict else type(value) in PLAIN


@functools.cache
def _own_files(folder: Path) -> tuple[str, ...]:
    """The sources of an assignment: what is beside its notebook, and the key."""
    paths = [*sorted(folder.glob("*.py")), folder.with_name(f"{folder.name}_key.py")]
    return tuple(p.read_text(encoding="utf-8") for p in paths if p.is_file())


def answers_word(submission: Submission) -> str:
    """One word for what was handed in, as far as it is run or remarked upon."""
    return digest(repr(submission.cells), repr(submission.notes))


# --------------------------------------------------------------------------------- results as bytes
def key_of(result: ExerciseResult, key: str, stopped: bool) -> str:
    """Under which key it is kept: only for reports where something was stopped (maybe by load)."""
    sure = (result.outcome == "passed"
            or not (stopped or any(v.outcome is Outcome.TIMED_OUT for v in result.verdicts)))
    return key if sure else f"{key}, stopped"


def packed(result: ExerciseResult) -> bytes | None:
    """The result as bytes, on the wire's strict terms; None for one that was not run."""
    if result.not_run:
        return None
    try:
        diagnoses = tuple((d.exercise, d.name, d.message, dict(d.facts)) for d in result.diagnoses)
        verdicts = tuple(map(_verdict, result.verdicts))
        parts = tuple(tuple(vars(p).values()) for p in result.parts)
        return wire.encode((result.name, result.points, result.max_points, result.trouble, verdicts,
                            diagnoses, parts, dict(result.facts)))
    except wire.WireError:
        return None


def _verdict(verdict: Verdict) -> tuple[Any, ...]:
    picture = verdict.picture if isinstance(verdict.picture, np.ndarray) else None
    return tuple(picture if k == "picture" else v for k, v in vars(verdict).items())


def unpacked(data: bytes) -> ExerciseResult:
    """The result again."""
    name, points, maximum, trouble, verdicts, diagnoses, parts, facts = wire.decode(data)
    told = tuple(Diagnosis(*d) for d in diagnoses)
    return ExerciseResult(name, points, maximum, tuple(Verdict(*v) for v in verdicts), told,
                          trouble, parts=tuple(Earned(*p) for p in parts), facts=facts)


# ----------------------------------------------------------------------------------------- the file
@dataclass(frozen=True)
class Recorded:
    """What was last written about a student."""

    print: str  # of the hand-in and of all that decides its marks
    status: str
    error: str
    scores: Scores  # check cell -> automatic score


@dataclass(frozen=True)
class Done:
    """What is to be remembered of one hand-in that was graded and recorded."""

    student: str
    recorded: Recorded
    answers: str
    # exercise -> points, and the checks that did not pass
    marks: Mapping[str, tuple[float, tuple[str, ...]]]
    results: Mapping[str, bytes] = field(default_factory=dict)  # key -> packed
    looks: Sequence[Look] = ()
    # exercise -> the key under which its result is kept, whenever found out
    keys: Mapping[str, str] = field(default_factory=dict)
    seconds: float = 0.0
    # what the checks give now, where the points of before stay
    found: Mapping[str, float] = field(default_factory=dict)


def place(root: Path, slug: str) -> Path:
    """Where an assignment's memory lies."""
    return root / FOLDER / f"{slug}.sqlite"


def recall(path: Path, keys: Iterable[str]) -> dict[str, bytes]:
    """The packed results remembered under these keys. Any process may ask while one writes."""
    if not path.is_file():
        return {}
    database = sqlite3.connect(path, timeout=30)
    try:
        found = ((k, database.execute("select value from result where key = ?", (k,)).fetchone())
                 for k in keys)
        return {k: row[0] for k, row in found if row}
    finally:
        database.close()


class ResultsStore(AbstractContextManager["ResultsStore"]):
    """The file, held by its one writer; a context manager. CourseError when another holds it."""

    def __init__(self, root: Path, slug: str) -> None:
        self._path = path = place(root, slug)
        try:
            path.parent.mkdir(exist_ok=True)
            self._lock = _locked(path.with_suffix(".lock"), slug)
            self._base = sqlite3.connect(path, timeout=30)
            # so that others can read while this one writes
            self._base.execute("pragma journal_mode = wal")
            # what a power cut takes away is graded again
            self._base.execute("pragma synchronous = normal")
            self._base.executescript(TABLES)
        except (OSError, sqlite3.Error) as error:
            raise _unwritten(path, error) from error

    @contextmanager
    def _writing(self) -> Iterator[sqlite3.Connection]:
        """All or nothing of what is done within is kept; Broken when it cannot be."""
        try:
            with self._base as base:
                yield base
        except sqlite3.Error as error:
            raise _unwritten(self._path, error) from error

    def recorded(self, student: str) -> Recorded | None:
        """What was last written about the student."""
        row = self._base.execute("select print, status, error, scores from recorded where student "
                                 "= ?", (student,)).fetchone()
        return Recorded(row[0], row[1], row[2], json.loads(row[3])) if row else None

    def latest(self, student: str) -> tuple[str, Marks] | None:
        """The answers that were graded last, as one word, and what they got."""
        row = self._base.execute("select answers, marks from mark where student = ? order by "
                                 "grading desc", (student,)).fetchone()
        return (row[0], {name: (points, tuple(failed)) for name, (points, failed, *_) in json.loads(
            row[1]).items()}) if row else None

    @property
    def gradings(self) -> int:
        """Of how many gradings something is known."""
        return int(self._base.execute("select count(distinct grading) from mark").fetchone()[0])

    def looks(self) -> list[Look]:
        """What was worth a look when each hand-in was graded last."""
        return [Look(*row) for row in self._base.execute(
            "select student, exercise, what from look order by rowid")]

    def begin(self, asked: Asked, course: str) -> int:
        """The number of this grading of `course`: a new one, or that of one interrupted before."""
        with self._writing() as base:
            row = base.execute("select id from grading where ended is null").fetchone()
            if row is None:
                row = base.execute("insert into grading (began) values (?) returning id",
                                   (_now(),)).fetchone()
            latest = "select max(grading), student from mark group by student"
            base.execute("delete from mark where grading <= ? and (grading, student) not in "
                         f"({latest})", (row[0] - KEPT,))
            for table, told in (("asked", json.dumps(asked)), ("course", course)):
                base.execute(f"delete from {table} where grading not in (select grading from mark)")
                base.execute(f"insert or replace into {table} values (?, ?)", (row[0], told))
        return int(row[0])

    def end(self, grading: int) -> None:
        """The whole class was gone through. A grading in which nothing changed leaves no trace."""
        with self._writing() as base:
            base.execute("update grading set ended = ? where id = ?", (_now(), grading))
            base.execute("delete from grading where id = ? and not exists (select 1 from mark "
                         "where grading = ?)", (grading, grading))

    def keep(self, grading: int, done: Sequence[Done]) -> None:
        """Remember these, all or none. Only after they are in the gradebook."""
        with self._writing() as base:
            for one in done:
                r = one.recorded
                base.executemany("insert or replace into result values (?, ?)", one.results.items())
                base.execute("delete from look where student = ?", (one.student,))
                base.executemany("insert into look values (?, ?, ?)",
                                 [(k.student, k.exercise, k.what) for k in one.looks])
                base.execute("insert or replace into held values (?, ?, ?)",
                             (one.student, json.dumps(dict(one.keys)), one.seconds))
                told = (one.student, r.print, r.status, r.error, json.dumps(dict(r.scores)))
                base.execute("insert or replace into recorded values (?, ?, ?, ?, ?)", told)
                # points, checks that failed, and what these would give where the points of before
                # stay
                marks = json.dumps({n: (*told, one.found[n]) if n in one.found else told
                                    for n, told in one.marks.items()})
                base.execute("insert or replace into mark values (?, ?, ?, ?)",
                             (grading, one.student, one.answers, marks))

    def forget(self, students: Sequence[str]) -> None:
        """Nothing is known of these any more; what they got is being found out again."""
        with self._writing() as base:
            base.executemany("delete from recorded where student = ?", [(s,) for s in students])

    def outdated(self, course: str) -> int:
        """How many hand-ins were graded when the course was another, as far as is known."""
        latest = "select student, max(grading) as last from mark group by student"
        query = f"select count(*) from ({latest}) join course on grading = last where word != ?"
        return int(self._base.execute(query, (course,)).fetchone()[0])

    def changes(self) -> Iterator[Change]:
        """Whose points differ between the last grading and the one before it for each."""
        row = self._base.execute("select max(grading) from mark").fetchone()
        query = ("select n.student, n.answers, n.marks, n.grading, o.answers, o.marks, o.grading "
                 "from mark n join mark o on o.student = n.student and o.grading = (select "
                 "max(grading) from mark where student = n.student and grading < n.grading) where "
                 "n.grading = ? order by n.student")
        asked = {g: json.loads(checks)
                 for g, checks in self._base.execute("select grading, checks from asked")}
        for student, answers, marks, grading, old_answers, old_marks, old in self._base.execute(
                query, row):
            before, after = json.loads(old_marks), json.loads(marks)
            changes = tuple(_compared(before, after, asked.get(old, {}), asked.get(grading, {})))
            if changes:
                yield Change(student, answers != old_answers, changes, (_sum(before), _sum(after)))

    def __exit__(self, *error: object) -> None:
        self._base.close()
        self._lock.close()


# exercise -> points, and its checks with their sentences
Asked = Mapping[str, tuple[float, Mapping[str, str]]]
# exercise -> points, checks that failed, and what these give now where they do not decide
Marks = Mapping[str, tuple[Any, ...]]


def _sum(marks: Marks) -> float | None:
    """The points of a hand-in; None for one that could not be graded."""
    return sum(told[0] for told in marks.values()) if marks else None


def _compared(old: Marks, new: Marks, old_asked: Asked, asked: Asked) -> Iterator[Moved]:
    for name in dict.fromkeys((*old, *new)):
        before, failed = old.get(name, (0.0, ()))[:2]
        after, fails, *found = new.get(name, (0.0, ()))
        if before != after or found:
            then, now = old_asked.get(name), asked.get(name)
            worth = (then[0] if then else None, now[0] if now else None)
            reasons = tuple(_reasons(failed, fails, _said(then), _said(now)))
            yield Moved(name, before, after, worth, reasons, found[0] if found else None)


def _said(asked: tuple[Any, ...] | None) -> Mapping[str, str]:
    """Check -> its sentence; what was written down before sentences were has the names alone."""
    checks = asked[1] if asked else ()
    return checks if isinstance(checks, dict) else {name: name for name in checks}


def _reasons(failed: Sequence[str], fails: Sequence[str], then: Mapping[str, str],
             now: Mapping[str, str]) -> Iterator[str]:
    """The sentences that did not hold before or do not now, and which were asked only once."""
    new = now.keys() - (then or now).keys()
    gone = then.keys() - (now or then).keys()
    said = {**then, **now}
    yield from (f"- {said.get(c, c)}{' (a new check)' * (c in new)}"
                for c in fails if c not in failed)
    yield from (f"+ {said.get(c, c)}{' (no longer asked)' * (c in gone)}"
                for c in failed if c not in fails)


def _locked(path: Path, slug: str) -> IO[str]:
    """The lock of the one writer: it goes with the process, however that ends."""
    file = path.open("w", encoding="utf-8")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        file.close()
        raise CourseError(f"{slug} is being graded by another `autograder grade`. Wait until that "
                          "one has ended.") from None
    return file


def _unwritten(path: Path, error: Exception) -> Broken:
    mend = ("Make room, or see that you may write there; a damaged one may be deleted, then "
            "everything is graded anew.")
    return Broken(f"What is remembered in {path} cannot be written ({error}). {mend}")


def _now() -> str:
    return datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="seconds")
