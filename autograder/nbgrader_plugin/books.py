"""nbgrader's gradebook, opened; and what its errors mean."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from nbgrader.api import Gradebook  # type: ignore[import-untyped]
from sqlalchemy.exc import DatabaseError, IntegrityError, OperationalError

from autograder.model import Broken, CourseError
from autograder.nbgrader_config import lacking_driver, shown

API_LOG = "tornado.application"  # where nbgrader's API writes
# serialization_failure and deadlock_detected of PostgreSQL
IN_EACH_OTHERS_WAY = frozenset({"40001", "40P01"})


class OutrunError(Broken):
    """Another grader entered the same student, or each waited for the other: to be tried again."""


@contextmanager
def unlogged() -> Iterator[None]:
    """Let nbgrader's API raise without printing a trace before."""
    log, heard = logging.getLogger(API_LOG), logging.Filter(name="nobody")
    log.addFilter(heard)
    try:
        yield
    finally:
        log.removeFilter(heard)


def unwritten(error: OperationalError | IntegrityError) -> Broken:
    """What is raised where the gradebook refused to be written."""
    outrun = (isinstance(error, IntegrityError)
              or getattr(error.orig, "sqlstate", None) in IN_EACH_OTHERS_WAY)
    mend = "Close what else uses it, or see that you may write it; then grade again."
    return (OutrunError if outrun
            else Broken)(f"The gradebook cannot be written ({error.orig}). {mend}")


def opened(coursedir: Any) -> Any:
    """The gradebook; CourseError when it is locked, damaged or out of reach."""
    if lacking := lacking_driver(coursedir.db_url):
        raise CourseError(lacking)
    try:
        return Gradebook(coursedir.db_url, coursedir.course_id)
    except DatabaseError as error:
        mend = ("Close what else uses it, see that you may read and write it, or put back a copy; "
                "then grade again.")
        told = " ".join(str(error.orig).split())
        raise CourseError(
            f"The gradebook {shown(coursedir.db_url)} cannot be opened ({told}). {mend}") from error
