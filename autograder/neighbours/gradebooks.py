"""Marks into the file that Canvas or Moodle gave out: one column, and nothing else is touched.

A row is a student's only by a number or a login, never by a name: names are shared, changed and
written in many ways.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType

from autograder.model import CourseError, Look
from autograder.nbgrader_plugin.names import same
from autograder.neighbours.sheet import Sheet
from autograder.report.standing import MISSING, NOT_GRADED, Standing, looks
from autograder.report.words import number

# the column of the grade in Moodle has the site's own word for it; any other is named with --column
GRADE = ("grade", "bewertung", "note", "calificación", "valutazione", "cijfer", "nota",
         "ocena", "оценка")
NUMBERED = re.compile(r"\((\d+)\)\s*$")  # Canvas: "HW1 (1234)"
SPOILT = re.compile(r"\d[.,]\d+E\+\d+")
EXCUSED = "EX"


@dataclass(frozen=True)
class Layout:
    """Where things stand in one platform's file."""

    platform: str
    number: int  # the column with the platform's own number of a student, at its end
    logins: Sequence[int]  # columns with other names that are one person's only
    name: int
    grade: int
    students: Sequence[int]  # the rows that are students
    maxima: Mapping[int, str]  # row -> what the platform says is the maximum


@dataclass
class Filled:
    """What became of the file: rows filled, students without a row, rows that stay."""

    column: str
    owners: dict[str, int] = field(default_factory=dict)  # student -> row
    rows: dict[str, int] = field(default_factory=dict)  # the same, of those whose score was written
    pages: list[str] = field(default_factory=list)  # students whose page goes back
    # student -> what a human is to look at before anything goes back
    held: dict[str, str] = field(default_factory=dict)
    # student with a hand-in -> why no marks of theirs are in the file
    lost: dict[str, str] = field(default_factory=dict)
    # the platform's name of a row -> why it was left alone
    left: dict[str, str] = field(default_factory=dict)


# ------------------------------------------------------------------------------------------ layouts
def canvas(sheet: Sheet, slug: str, column: str = "") -> Layout:
    """The gradebook as Canvas exports it."""
    header = [h.strip() for h in sheet.header]
    place = header.index("ID") if "ID" in header else 1
    numbered = [n for n, title in enumerate(header) if NUMBERED.search(title)]
    grade = _chosen(header, numbered, slug, column, "gradebook of Canvas")
    end = min([*numbered, header.index("Section") if "Section" in header else len(header)])
    students = [row for row in range(1, len(sheet.fields)) if sheet.value(row, place).strip()]
    above = [row for row in range(1, len(sheet.fields)) if row not in set(students)]
    worth = next((sheet.value(row, grade)
                  for row in above if _points(sheet.value(row, grade)) is not None), "")
    if any("read only" in sheet.value(row, grade) for row in above):
        raise CourseError(f'The column "{header[grade]}" is read-only in Canvas. Name that of the '
                          'assignment with --column.')
    name = header.index("Student") if "Student" in header else 0
    return Layout("Canvas", place, range(place + 1, max(end, place + 1)), name, grade, students,
                  dict.fromkeys(students, worth))


def moodle(sheet: Sheet, slug: str, column: str = "") -> Layout:
    """Moodle's worksheet, in any language: number, full name, login, ..., grade, maximum."""
    header = [h.strip() for h in sheet.header]
    students = [row for row in range(1, len(sheet.fields))
                if re.search(r"\d+\s*$", sheet.value(row, 0))]
    if not students:
        raise CourseError('No row begins with a number as in "Participant 123". Download the '
                          'grading worksheet of this assignment.')
    grades = [n for n, title in enumerate(header) if same(title) in GRADE]
    grade = (grades[0] if len(grades) == 1 and not column
             else _chosen(header, range(2, len(header)), "", column, "worksheet of Moodle"))
    return Layout("Moodle", 0, range(2, grade), 1, grade, students,
                  {row: sheet.value(row, grade + 1) for row in students})


LAYOUTS: Mapping[str, Callable[[Sheet, str, str], Layout]] = {"canvas": canvas, "moodle": moodle}


def _chosen(header: Sequence[str], columns: Iterable[int], slug: str, column: str,
            what: str) -> int:
    """The column to fill: the one named, else the only one with the assignment's title."""
    columns = list(columns)
    if column:
        found = [n for n in columns if column in (header[n], NUMBERED.sub("", header[n]).strip())]
    else:
        found = [n for n in columns
                 if slug and _letters(slug) == _letters(NUMBERED.sub("", header[n]))]
    if len(found) == 1:
        return found[0]
    told = ", ".join(f'"{header[n]}"' for n in columns[:20]) or "none"
    which = f'"{column}"' if column else f"that of {slug}" if slug else "that of the grade"
    raise CourseError(f"It cannot be told which column of the {what} is {which}. Name it with "
                      f"--column. There are: {told}.")


def _letters(text: str) -> str:
    return "".join(c for c in same(text) if c.isalnum())


# ----------------------------------------------------------------------------------------- matching
def owners(sheet: Sheet, layout: Layout, numbers: Mapping[str, str],
           students: Iterable[str]) -> tuple[dict[str, int], dict[str, str]]:
    """Student -> row, and student -> why none. `numbers`: the platform's number -> student."""
    everybody = list(students)
    folded = Counter(map(same, everybody))
    known = {same(s): s for s in everybody if folded[same(s)] == 1} | {s: s for s in everybody}
    claims: dict[int, set[str]] = {row: set(_claims(sheet, layout, row, numbers, known))
                                   for row in layout.students}
    times = Counter(student for claimed in claims.values() for student in claimed)
    found = {min(claimed): row
             for row, claimed in claims.items() if len(claimed) == 1 and times[min(claimed)] == 1}
    return found, {s: _why(times[s]) for s in everybody if s not in found}


def _claims(sheet: Sheet, layout: Layout, row: int, numbers: Mapping[str, str],
            known: Mapping[str, str]) -> Iterator[str]:
    """Whose the row may be: by the number, and only where that says nothing by a login."""
    told = sheet.value(row, layout.number)
    if SPOILT.fullmatch(told.strip()):
        raise CourseError(f"Another program has rounded the numbers of the students ({told}). "
                          "Download the file again.")
    by_number = numbers.get(number_of(sheet, layout, row))
    if by_number is not None:
        yield by_number
        return
    for column in (layout.number, *layout.logins):
        value = sheet.value(row, column).strip()
        student = known.get(value) or known.get(same(value))
        # who has a number has the row of that number, or none
        if student and student not in numbers.values():
            yield student


def number_of(sheet: Sheet, layout: Layout, row: int) -> str:
    """The platform's own number of the student in a row."""
    found = re.search(r"\d+\s*$", sheet.value(row, layout.number))
    return found[0].strip() if found else ""


def _why(times: int) -> str:
    return f"{times} rows may be theirs" if times else "no row has their number or login"


# ------------------------------------------------------------------------------------------ filling
def fill(sheet: Sheet, layout: Layout, standings: Sequence[Standing], numbers: Mapping[str, str],
         scale: bool = False, unsettled: Mapping[str, str] = MappingProxyType({})) -> Filled:
    """Write every score into the sheet.

    Who has no whole score, or is `unsettled` (student -> why), keeps what stands there.
    """
    done = Filled(sheet.header[layout.grade].strip())
    rows, why = owners(sheet, layout, numbers, [s.student for s in standings])
    done.owners = rows
    comma = any(re.fullmatch(r"\d+,\d+", t.strip()) for r in layout.students
                for t in (sheet.value(r, layout.grade), layout.maxima[r]))
    for one in standings:
        row = rows.get(one.student)
        excused = row is not None and sheet.value(row, layout.grade).strip().upper() == EXCUSED
        # who handed in all the same is told what was found
        done.pages += [one.student] * (excused and one.score is not None)
        if one.status == MISSING:
            done.left |= {one.student: "handed in nothing"} if row is not None else {}
        elif row is None:
            done.lost[one.student] = why[one.student]
        elif excused:
            done.left[one.student] = f"is excused in {layout.platform}"
        elif one.status == NOT_GRADED:
            stands = sheet.value(row, layout.grade).strip()
            older = f"; the {stands} that stands there is of an earlier hand-in" * bool(stands)
            done.lost[one.student] = (
                f"was handed in and not graded; `autograder grade` says why{older}")
        elif one.student in unsettled:
            done.lost[one.student] = unsettled[one.student]
        elif waits := [*looks(one)]:
            done.held[one.student] = "; ".join(_together(waits))
        else:
            _write(sheet, layout, one, row, scale, comma, done)
    done.left |= dict.fromkeys(sorted(rows.keys() - {s.student for s in standings}),
                               "handed in nothing that was graded")
    taken = set(rows.values())
    done.left |= {_named(sheet, layout, r): "has no hand-in here"
                  for r in layout.students if r not in taken}
    return done


def _together(waits: Sequence[Look]) -> Iterator[str]:
    """Each reason once, with the exercises that it holds for."""
    for what in dict.fromkeys(look.what for look in waits):
        names = ", ".join(look.exercise for look in waits if look.what == what)
        yield f"{names}: {what}" if names else what


def _write(sheet: Sheet, layout: Layout, one: Standing, row: int, scale: bool, comma: bool,
           done: Filled) -> None:
    done.pages.append(one.student)
    worth = _points(layout.maxima[row])
    score = _scaled(one, worth, scale, done.column, layout.platform)
    if layout.platform == "Moodle" and worth is not None and score > worth:
        done.lost[one.student] = (f"has {number(score)} of {number(worth)} points, and Moodle "
                                  "passes over what is above its maximum")
        return
    text = number(round(score, 2))
    sheet.fill(row, layout.grade, text.replace(".", ",") if comma else text)
    done.rows[one.student] = row


def _named(sheet: Sheet, layout: Layout, row: int) -> str:
    return f"{sheet.value(row, layout.name).strip()} ({sheet.value(row, layout.number).strip()})"


def _points(text: str) -> float | None:
    try:
        return float(text.strip().replace(",", "."))
    except ValueError:
        return None


def _scaled(one: Standing, worth: float | None, scale: bool, column: str, platform: str) -> float:
    """The score on the platform's scale."""
    score = one.score or 0.0
    if worth is None or worth == one.maximum:
        return score
    if not scale:
        raise CourseError(f'In {platform} "{column}" is worth {number(worth)} points, and here it '
                          f'is {number(one.maximum)}. '
                          "Give it the same there and download the file again, or say --scale to "
                          "convert the points.")
    return score * worth / one.maximum if one.maximum else 0.0
