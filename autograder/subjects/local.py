"""The subject in this process: the solution when grading, the student's own functions when checking oneself."""

from __future__ import annotations

import _thread
import contextlib
import io
import threading
from collections.abc import Iterator, Sequence
from typing import Any

from autograder.model import Answer, Call, Cell, Outcome
from autograder.perform import Room


class Local:
    """A notebook's code in this process. Output is swallowed; inside the main thread a call that takes too long is interrupted."""

    def __init__(self, cells: Sequence[Cell] = (), namespace: dict[str, Any] | None = None) -> None:
        # KeyboardInterrupt is the user's way out of an endless loop: it must not be swallowed as a student's exception
        self._room = Room(namespace, caught=Exception)
        self.troubles: dict[str, str] = {}
        for cell in cells:
            with _quietly():
                trouble = self._room.load(cell)
            if trouble:
                self.troubles[cell.id] = trouble

    def with_functions(self, functions: dict[str, Any]) -> Local:
        """The same notebook with some functions exchanged (a wrong solution, a right variant)."""
        other = Local()
        other._room = Room({**self._room.namespace, **functions}, caught=Exception)
        return other

    def ask(self, calls: Sequence[Call], seconds: float) -> list[Answer]:
        """Run a script here; see model.Subject."""
        answers: list[Answer] = []
        performed = self._room.perform(calls)
        for _ in calls:
            if answers and answers[-1].outcome is Outcome.TIMED_OUT:
                answers.append(Answer(Outcome.SKIPPED, error="an earlier call did not return"))
            else:
                answers.append(_next(performed, seconds))
        return answers


def _next(performed: Iterator[Answer], seconds: float) -> Answer:
    fired: list[bool] = []
    try:
        with _quietly(), _alarm(seconds, fired):
            return next(performed)
    except KeyboardInterrupt:
        if fired:
            return Answer(Outcome.TIMED_OUT)
        raise
    except SystemExit:
        return Answer(Outcome.CRASHED)


@contextlib.contextmanager
def _alarm(seconds: float, fired: list[bool]) -> Iterator[None]:
    """Interrupt the main thread after `seconds`; works on every platform, but only between Python instructions."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def interrupt() -> None:
        fired.append(True)
        _thread.interrupt_main()

    timer = threading.Timer(seconds, interrupt)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


@contextlib.contextmanager
def _quietly() -> Iterator[None]:
    with contextlib.redirect_stdout(_Nowhere()), contextlib.redirect_stderr(_Nowhere()):
        yield


class _Nowhere(io.TextIOBase):
    def write(self, text: str) -> int:
        return len(text)
