"""Errors, by fault."""

from __future__ import annotations

__all__ = ["AutograderError", "Broken", "CourseError", "SubmissionError"]


class AutograderError(Exception):
    """The root of all errors the kit raises on purpose."""

    def _render_traceback_(self) -> list[str]:
        # a notebook shows this instead of a traceback through our own files, which would teach a
        # student nothing
        return [str(self)]


class SubmissionError(AutograderError):
    """A hand-in that cannot be read; the class goes on. One line that a student understands."""


class CourseError(AutograderError):
    """A mistake in solutions/, assignments/ or datasets/; the text ends with the mend."""


class Broken(AutograderError):
    """Our own fault: never a zero. Whatever catches this must report BROKEN and leave no mark."""
