"""Students' `pytest`: one test per public sentence about their notebook.

`pytest` in assignments/hw1_dropout (or `pytest assignments/hw1_dropout`) collects hw1_dropout.ipynb as soon as checks.py lies beside it.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from autograder.model import AutograderError, Outcome

if TYPE_CHECKING:
    from autograder.model import Assignment, Check, Exercise, ExerciseResult, Submission
    from autograder.subjects.local import Local


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> pytest.Collector | None:
    """Take the assignment's own notebook; leave copies of it, and notebooks without checks, to others."""
    if file_path.suffix != ".ipynb" or not (file_path.parent / "checks.py").is_file():
        return None
    named = file_path.parent / f"{file_path.parent.name}.ipynb"
    if file_path == named or not named.exists():
        return NotebookFile.from_parent(parent, path=file_path)
    return None


class SentenceFailed(Exception):
    """Carries what to print about a sentence that does not hold."""


class NotebookFile(pytest.File):
    """One notebook; its code runs once, when the first test needs it."""

    def collect(self) -> Iterable[ExerciseNode]:
        """One node per exercise. The engine is imported here, not with the plugin: other test suites should not wait for it."""
        from autograder.course import load_public
        from autograder.notebook import read
        from autograder.student.selfcheck import load

        try:
            assignment = load_public(self.path.parent)
            submission = read(self.path, assignment)
            subject = load(submission)
        except AutograderError as error:
            raise self.CollectError(str(error)) from None
        for exercise in assignment.exercises:
            more = {"exercise": exercise, "notebook": (subject, submission), "assignment": assignment}
            yield ExerciseNode.from_parent(self, name=exercise.name, **more)


class ExerciseNode(pytest.Collector):
    """One exercise, judged as a whole because its checks build on each other."""

    def __init__(self, exercise: Exercise, notebook: tuple[Local, Submission], assignment: Assignment, **more: Any) -> None:
        super().__init__(**more)
        self.exercise, self.notebook, self.assignment = exercise, notebook, assignment
        self._result: ExerciseResult | None = None

    def collect(self) -> Iterable[SentenceItem]:
        """One test per sentence."""
        for check in self.exercise.checks:
            yield SentenceItem.from_parent(self, name=check.name, check=check)

    def result(self) -> ExerciseResult:
        """The verdicts of this exercise; made at the first call."""
        if self._result is None:
            from autograder.student.selfcheck import examine_notebook

            self._result = examine_notebook(self.exercise, *self.notebook, self.assignment)
        return self._result


class SentenceItem(pytest.Item):
    """One sentence about one function."""

    def __init__(self, check: Check, **more: Any) -> None:
        super().__init__(**more)
        self.check = check

    def runtest(self) -> None:
        """Fail, or skip when a sentence it builds on does not hold."""
        from autograder.report import text

        assert isinstance(self.parent, ExerciseNode)  # for mypy: from_parent keeps the type to itself
        result = self.parent.result()
        if result.not_run:
            pytest.skip(f"{result.not_run}; that costs no points")
        verdict = next(v for v in result.verdicts if v.check == self.check.name)
        if verdict.outcome is Outcome.SKIPPED:
            pytest.skip(verdict.got)
        if not verdict.passed:
            first = next(v for v in result.verdicts if not v.passed)
            trouble = f"\n    cell  {result.trouble}" if result.trouble and verdict is first else ""
            raise SentenceFailed(text.message(verdict, result.diagnoses if verdict is first else ()) + trouble)

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:
        """The message alone: a traceback through our files would teach a student nothing."""
        return str(excinfo.value) if isinstance(excinfo.value, SentenceFailed) else super().repr_failure(excinfo, style)

    def reportinfo(self) -> tuple[Path, int | None, str]:
        """The headline of a failure: the sentence."""
        assert isinstance(self.parent, ExerciseNode)
        return self.path, None, f"{self.parent.name} {self.check.sentence}"

