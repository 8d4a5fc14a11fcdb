"""Who is who, and who handed in nothing: what the roster says of everybody, written into the gradebook."""

from __future__ import annotations

import logging
from typing import Any

from nbgrader.api import InvalidEntry, Student  # type: ignore[import-untyped]
from sqlalchemy.exc import DatabaseError

from autograder.model import Broken
from autograder.nbgrader_plugin.gradebook import API_LOG, opened
from autograder.nbgrader_plugin.roster import Roster, Row
from autograder.nbgrader_plugin.submitted import misnamed, shown


def enter(coursedir: Any, roster: Roster) -> str:
    """All of the roster with names and e-mail addresses; a sentence on how many were added or filled in, if any.

    What is there already, whoever entered it, stays. Broken when the gradebook cannot be written.
    """
    with opened(coursedir) as book:
        nbgraders, heard = logging.getLogger(API_LOG), logging.Filter(name="nobody")  # else it prints a trace before it raises
        nbgraders.addFilter(heard)
        try:
            there = {s.id: s for s in book.db.query(Student)}
            new = [row for row in roster.rows if row.id not in there and not misnamed(row.id)]
            filled = sum(_fill(there[row.id], row) for row in roster.rows if row.id in there)
            for row in new:
                _fill(book.add_student(row.id), row)
            book.db.commit()
        except (InvalidEntry, DatabaseError) as error:
            book.db.rollback()
            reason = error if isinstance(error, DatabaseError) else error.__context__
            mend = "All was collected. Close what else uses the gradebook, or see that you may write it, and collect again."
            raise Broken(f"Names cannot be entered into the gradebook ({getattr(reason, 'orig', reason)}). {mend}") from error
        finally:
            nbgraders.removeFilter(heard)
    told = [f"{len(new)} of the roster were added"] * bool(new) + [f"{filled} got the name or e-mail address it lacked"] * bool(filled)
    return f"gradebook: {', '.join(told)}." if told else ""


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
