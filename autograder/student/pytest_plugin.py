"""Students' `pytest`: one test per public sentence about their notebook.

`pytest` in assignments/hw1_dropout (or `pytest assignments/hw1_dropout`) collects hw1_dropout.ipynb
as soon as checks.py lies beside it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from autograder.model import AutograderError, Outcome

if TYPE_CHECKING:
    from autograder.model import Check, Exercise, ExerciseResult
    from autograder.student.reading import Opened

# folder -> the notebook that is the student's, and why
CHOSEN = pytest.StashKey[dict[Path, tuple[Path, str]]]()
FILES = pytest.StashKey[list["NotebookFile"]]()


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> pytest.Collector | None:
    """Take a notebook that was named, and of a folder the student's; leave others alone."""
    if file_path.suffix != ".ipynb":
        return None
    alone = not (file_path.parent / "checks.py").is_file()
    if alone:
        from autograder.student.places import is_of_course

        if not is_of_course(file_path):
            return None
    if alone or parent.session.isinitpath(file_path):
        return NotebookFile.from_parent(parent, path=file_path)
    chosen, note = _chosen(parent.config, file_path.parent)
    return (NotebookFile.from_parent(parent, path=file_path, note=note)
            if file_path == chosen else None)


def _chosen(config: pytest.Config, folder: Path) -> tuple[Path, str]:
    from autograder.student.reading import find

    known = config.stash.setdefault(CHOSEN, {})
    if folder not in known:
        known[folder] = find(folder)
    return known[folder]


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    """A table of the exercises looked at, by notebook, and what the reader noticed."""
    for file in config.stash.get(FILES, []):
        if results := [node.known for node in file.exercises if node.known is not None]:
            from autograder.report import guide, words

            terminalreporter.section(words.line(file.path.name))
            for note in file.notes:
                terminalreporter.line(f"note  {words.line(note)}")
            for line in (*guide.overview(results), *_skipped(terminalreporter, file)):
                terminalreporter.line(line)


def _skipped(terminalreporter: Any, file: NotebookFile) -> Iterator[str]:
    """Why tests were skipped, which pytest says with -rs only."""
    skipped = [r for r in terminalreporter.stats.get("skipped", ())
               if r.nodeid.startswith(f"{file.nodeid}::")]
    reasons = Counter(report.longrepr[2].removeprefix("Skipped: ") for report in skipped)
    yield from (f"{number} skipped: {reason}" for reason, number in reasons.items())


class SentenceFailed(Exception):
    """Carries what to print about a sentence that does not hold."""


class NotebookFile(pytest.File):
    """One notebook; its code runs once, when the first test needs it."""

    def __init__(self, note: str = "", **more: Any) -> None:
        super().__init__(**more)
        self.notes = [note] if note else []
        self.exercises: list[ExerciseNode] = []

    def collect(self) -> Iterable[ExerciseNode]:
        """One node per exercise. The engine comes here, so that other suites do not wait."""
        from autograder.surroundings import one_thread

        one_thread()
        from autograder.student.reading import opened

        try:
            found = opened(self.path)
        except AutograderError as error:
            raise self.CollectError(str(error)) from None
        self.notes += found.submission.notes
        self.config.stash.setdefault(FILES, []).append(self)
        listed = found.assignment.exercises
        self.exercises = [ExerciseNode.from_parent(self, name=e.name, exercise=e, opened=found)
                          for e in listed]
        return self.exercises


class ExerciseNode(pytest.Collector):
    """One exercise, judged as a whole because its checks build on each other."""

    def __init__(self, exercise: Exercise, opened: Opened, **more: Any) -> None:
        super().__init__(**more)
        self.exercise, self.opened = exercise, opened
        self.known: ExerciseResult | None = None

    def collect(self) -> Iterable[SentenceItem]:
        """One test per sentence; its name has the exercise, for lists that show nothing else.

        In brackets, which pytest does not ask for when a test is named:
        `hw1_dropout.ipynb::keep_mask::is_boolean(p=0.3)` finds it.
        """
        for check in self.exercise.checks:
            yield SentenceItem.from_parent(self, name=f"{check.name}[{self.exercise.name}]",
                                           check=check)

    def result(self) -> ExerciseResult:
        """The verdicts of this exercise; made at the first call."""
        if self.known is None:
            from autograder.student.selfcheck import examine_notebook

            self.known = examine_notebook(self.exercise, self.opened)
        return self.known


class SentenceItem(pytest.Item):
    """One sentence about one function."""

    def __init__(self, check: Check, **more: Any) -> None:
        super().__init__(**more)
        self.check = check

    def runtest(self) -> None:
        """Fail, or skip when a sentence it builds on does not hold."""
        from autograder.report.guide import cross_text
        from autograder.report.ladder import Climb
        from autograder.student.reading import further

        # for mypy: from_parent keeps the type to itself
        assert isinstance(self.parent, ExerciseNode)
        result = self.parent.result()
        if result.not_run:
            pytest.skip(f"{result.not_run}; that costs no points")
        verdict = next(v for v in result.verdicts if v.check == self.check.name)
        if verdict.outcome is Outcome.SKIPPED:
            pytest.skip(verdict.got)
        if not verdict.passed:
            first = next(v for v in result.verdicts if not v.passed)
            trouble = f"\n    cell  {result.trouble}" if result.trouble and verdict is first else ""
            climb = Climb(command=further(self.path, self.parent.exercise.name))
            raise SentenceFailed(cross_text(verdict, result, climb) + trouble)

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:
        """The message alone: a traceback through our files would teach a student nothing."""
        return (str(excinfo.value) if isinstance(excinfo.value, SentenceFailed)
                else super().repr_failure(excinfo, style))

    def reportinfo(self) -> tuple[Path, int | None, str]:
        """The headline of a failure: the sentence."""
        assert isinstance(self.parent, ExerciseNode)
        return self.path, None, f"{self.parent.name} {self.check.sentence}"

