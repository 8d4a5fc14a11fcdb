"""Who is who: the course's or a platform's list of students, read for ids and the gradebook."""

from __future__ import annotations

import csv
import re
import unicodedata
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from itertools import product
from pathlib import Path
from typing import Any

from nbgrader.api import InvalidEntry, Student  # type: ignore[import-untyped]
from sqlalchemy.exc import DatabaseError

from autograder.model import Broken, CourseError
from autograder.nbgrader_plugin.books import opened, unlogged
from autograder.nbgrader_plugin.names import Person, same
from autograder.nbgrader_plugin.submitted import STAMP, misnamed, shown
from autograder.report.words import some

# by the column that only this list has: where the id, the number and the names stand. The first id
# that is given counts.
LISTS: dict[str, tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...]]] = {
    # Moodle's worksheet
    "Identifier": (("ID number", "Username", "Email address", "Full name"), ("Identifier",),
                   ("Full name", "Email address")),
    # Canvas's gradebook
    "SIS Login ID": (("SIS Login ID", "SIS User ID", "ID"), ("ID",), ("Student",)),
    "github_username": (("identifier",), (), ("github_username", "name")),  # GitHub Classroom's
    # nbgrader's, as `nbgrader db student import` reads it
    "id": (("id",), ("lms_user_id",), ("email", "name")),
}
NAMED = 10  # pairs in one sentence
ONE_LIST = ("Nobody was merged. If they are, keep to one list for the whole course: collect again "
            "with that one, take the other id's folder out of submitted/, then: nbgrader db "
            "student remove OTHER-ID")


@dataclass(frozen=True)
class Row:
    """One student of the list."""

    id: str
    number: str  # the platform's
    names: frozenset[str]  # in letters only
    first: str = ""
    last: str = ""
    email: str = ""
    handed_in: str = ""  # when, as Moodle's worksheet says it


@dataclass(frozen=True)
class Roster:
    """The list; an empty one when nobody gave any."""

    rows: Sequence[Row] = field(default=())
    moodle: bool = False  # its numbers are Moodle's, which are others for every assignment

    def __bool__(self) -> bool:
        return bool(self.rows)

    @property
    def ids(self) -> frozenset[str]:
        return frozenset(row.id for row in self.rows)

    def handed_in(self, person: Person) -> tuple[str, list[str]]:
        """When a hand-in came, in ISO format by the platform's clock, and notes; "" if untold.

        By number only: another assignment's worksheet has others.
        """
        row = (self._by_number.get(person.number) if self.moodle
               and person.platform == "Moodle" else None)
        told = row.handed_in if row else ""
        time = _moment(told)
        unread = (f"the worksheet says {told!r}, and only English dates are read there; for a late "
                  f"penalty write {STAMP} yourself")
        return time, [unread] * bool(told and not time)

    @cached_property
    def _by_number(self) -> dict[str, Row]:
        times = Counter(r.number for r in self.rows)
        return {r.number: r for r in self.rows if r.number and times[r.number] == 1}

    def find(self, people: Collection[Person]) -> dict[Person, str]:
        """The ids of those certainly in the list: by number, or a name that is theirs alone."""
        # of whose numbers the list speaks
        theirs = [p for p in people if (p.platform == "Moodle") == self.moodle]
        found = {p: self._by_number[p.number].id for p in theirs if p.number in self._by_number}
        left = [p for p in people if p not in found and not p.nameless]
        known = set(found.values())
        rows = [r for r in self.rows if r.id not in known]
        by_name: dict[str, set[str]] = {}
        for row in rows:
            for name in row.names:
                by_name.setdefault(name, set()).add(row.id)
        pairs = [(p, i) for p in left for i in by_name.get(_letters(p.name), ())]
        people_named, ids_named = Counter(p for p, _ in pairs), Counter(i for _, i in pairs)
        return found | {p: i for p, i in pairs if people_named[p] == ids_named[i] == 1}


def read(path: Path) -> Roster:
    """Read a list of students; CourseError says what it lacks."""
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
        mark = ";" if lines and lines[0].count(";") > lines[0].count(",") else ","
        found = [{str(k).strip(): str(v or "").strip() for k, v in row.items()}
                 for row in csv.DictReader(lines, delimiter=mark)]
    except (OSError, UnicodeError, csv.Error) as error:
        raise CourseError(
            f"The roster {path} cannot be read ({error}). Save it as CSV in UTF-8.") from error
    kind = next((column for column in LISTS if found and column in found[0]), None)
    if kind is None:
        raise CourseError(f"The roster {path} has none of the columns {', '.join(LISTS)}. Give one "
                          "line for each student, below a header.")
    rows = [row for row in (_row(line, *LISTS[kind]) for line in found) if row]
    twice = sorted(i for i, number in Counter(r.id for r in rows).items() if number > 1)
    if twice:
        columns = ", ".join(LISTS[kind][0])
        mend = ("Every student needs an id of their own, in the first of these columns that is "
                f"filled: {columns}.")
        raise CourseError(f"The roster {path} has {twice[0]} twice. {mend}")
    return Roster(tuple(rows), kind == "Identifier")


def worksheet(path: Path) -> Roster:
    """Moodle's grading worksheet, for the times in it; CourseError for another list."""
    found = read(path)
    if not found.moodle:
        raise CourseError(f"{path} is no grading worksheet of Moodle's. Download the one of this "
                          "assignment, or leave --times out.")
    return found


def _row(line: Mapping[str, str], ids: Sequence[str], numbers: Sequence[str],
         names: Sequence[str]) -> Row | None:
    student = next((line[c] for c in ids if line.get(c)), "")
    number = next((line[c].split()[-1] for c in numbers if line.get(c)), "")
    if not student or _is_canvas_itself(line):
        return None
    letters = frozenset(_letters(n) for n in (student, *_names(line, names)) if _letters(n))
    handed_in = line.get("Last modified (submission)", "")
    return Row(student, number, letters, *_called(line),
               line.get("email") or line.get("Email address", ""), handed_in.strip("-"))


def _moment(handed_in: str) -> str:
    """A time of Moodle's worksheet in ISO format, by the platform's clock; "" if not English.

    See moodle/moodle, lang/en/langconfig.php, strftimedaydatetime; the American pack has the day
    after the month.
    """
    for form in product(("%A, %d %B %Y", "%A, %B %d, %Y"), ("%I:%M %p", "%H:%M")):
        with suppress(ValueError):
            return datetime.strptime(" ".join(handed_in.split()), ", ".join(form)).isoformat()
    return ""


def _is_canvas_itself(line: Mapping[str, str]) -> bool:
    """Whether it is Canvas's test student: of no information system, a digest for a login.

    See instructure/canvas-lms, app/models/course.rb, find_or_create_student_view_student. The name
    is in the site's language.
    """
    login = line.get("SIS Login ID", "")
    is_digest = (re.fullmatch("[0-9a-f]+", login)
                 and (len(login) == 40 or line.get("Student") == "Student, Test"))
    return bool(is_digest) and not line.get("SIS User ID")


def _called(line: Mapping[str, str]) -> tuple[str, str]:
    """First and last name; of one name as a whole, the last word is the last name."""
    if line.get("first_name") or line.get("last_name"):
        return line.get("first_name", ""), line.get("last_name", "")
    whole = next((line[c] for c in ("Full name", "Student", "name") if line.get(c)), "")
    last, comma, first = whole.partition(",")  # Canvas: "Lovelace, Ada"
    if not comma:
        first, _, last = whole.rpartition(" ")
    return first.strip(), last.strip()


def _names(line: Mapping[str, str], columns: Sequence[str]) -> Iterator[str]:
    first, last = line.get("first_name", ""), line.get("last_name", "")
    yield from (f"{first} {last}", f"{last} {first}") if first or last else ()
    for name in (line.get(c, "") for c in columns):
        yield from (name, name.partition("@")[0])
        before, comma, after = name.partition(",")
        if comma:  # Canvas: "Lovelace, Ada"
            yield f"{after} {before}"


def _letters(name: str) -> str:
    """A name without what platforms change in it: case, spaces, marks."""
    return "".join(c for c in unicodedata.normalize("NFKC", name).casefold() if c.isalnum())


# --------------------------------------------------------------------------------- in the gradebook
def enter(coursedir: Any, roster: Roster) -> str:
    """All of the roster with names and addresses; a sentence on how many were added, if any.

    What is there already, whoever entered it, stays. Broken when the gradebook cannot be written.
    """
    with opened(coursedir) as book, unlogged():
        try:
            there = {s.id: s for s in book.db.query(Student)}
            new = [row for row in roster.rows if row.id not in there and not misnamed(row.id)]
            filled = sum(_fill(there[row.id], row) for row in roster.rows if row.id in there)
            for row in new:
                _fill(book.add_student(row.id), row)
            book.db.commit()
            doubtful = list(_perhaps_the_same(roster, there.values()))
        except (InvalidEntry, DatabaseError) as error:
            book.db.rollback()
            reason = error if isinstance(error, DatabaseError) else error.__context__
            mend = ("All was collected. Close what else uses the gradebook, or see that you may "
                    "write it, and collect again.")
            raise Broken("Names cannot be entered into the gradebook "
                         f"({getattr(reason, 'orig', reason)}). {mend}") from error
    told = ([f"{len(new)} of the roster were added"] * bool(new)
            + [f"{filled} got the name or e-mail address it lacked"] * bool(filled))
    said = [f"gradebook: {', '.join(told)}."] * bool(told)
    if doubtful:
        said.append(f"perhaps the same under two ids: {some(doubtful, NAMED)}. {ONE_LIST}")
    return "\n".join(said)


def _perhaps_the_same(roster: Roster, there: Iterable[Any]) -> Iterator[str]:
    """Pairs of ids, one of the roster and one not in it, of the same name or address."""
    before: dict[str, str] = {}
    for student in there:
        if student.id not in roster.ids:
            before |= dict.fromkeys(_marks_of(student.first_name, student.last_name, student.email),
                                    student.id)
    for row in roster.rows:
        if found := next((mark for mark in _marks_of(row.first, row.last, row.email)
                          if mark in before), None):
            yield (f"{shown(before[found])} and {shown(row.id)} "
                   f"({shown(f'{row.first} {row.last}'.strip() or row.email)})")


def _marks_of(first: str | None, last: str | None, email: str | None) -> list[str]:
    """By what another id's owner is known, likeliest first: the address, then the name."""
    # lists part it at other places
    name = "".join(sorted(map(_letters, f"{first or ''} {last or ''}".split())))
    return [mark for mark in (same(email or ""), name) if mark]


def _fill(student: Any, row: Row) -> bool:
    """A name is filled in as a whole: half of it may be another's."""
    first, last, email = map(shown, (row.first, row.last, row.email))
    named = bool(first or last) and not (student.first_name or student.last_name)
    mailed = bool(email) and not student.email
    if named:
        student.first_name, student.last_name = first, last
    if mailed:
        student.email = email
    return named or mailed
