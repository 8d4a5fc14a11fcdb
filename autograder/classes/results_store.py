"""What is remembered of earlier gradings: results by content, who was recorded, marks that changed.

A result is found again by what it depends on (result_keys.py): the answers, the checks of its
exercise, the solution, and the engine itself. One SQLite file for each assignment, in the course's
folder .autograder/; it may be deleted, and then everything is graded anew.
"""

from __future__ import annotations

import datetime
import fcntl
import json
import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

from autograder.model import Broken, Change, CourseError, Look, Moved

FOLDER = ".autograder"
KEPT = 10  # gradings of which the marks are kept
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


def looks(base: sqlite3.Connection) -> list[Look]:
    """What was worth a look when each hand-in was graded last."""
    return [Look(*row)
            for row in base.execute("select student, exercise, what from look order by rowid")]


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
        return looks(self._base)

    def errors(self) -> dict[str, str]:
        """Student -> why the last grading gave no mark, "" where it gave one."""
        return dict(self._base.execute("select student, error from recorded"))

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
