"""The subject in this process: the solution when grading, the student's own functions when checking oneself."""

from __future__ import annotations

import _thread
import contextlib
import io
import threading
import types
from collections.abc import Iterator, Sequence
from typing import Any

from autograder.bundle import bundled
from autograder.model import Answer, Call, Cell, Outcome
from autograder.perform import Room

AGAIN = 0.2  # seconds between two interrupts


class Local:
    """A notebook's code in this process. Output is swallowed; in the main thread a script that takes too long is interrupted."""

    def __init__(self, cells: Sequence[Cell] = (), namespace: dict[str, Any] | None = None) -> None:
        # KeyboardInterrupt is the user's way out of an endless loop: it must not be swallowed as a student's exception
        self._room = Room(namespace, caught=Exception)
        self.troubles: dict[str, str] = {}
        for cell in cells:
            with _quietly():
                trouble = self._room.load(cell)
            if trouble:
                self.troubles[cell.id] = trouble

    @property
    def namespace(self) -> dict[str, Any]:
        """The names that the notebook defines."""
        return self._room.namespace

    def with_functions(self, functions: dict[str, Any]) -> Local:
        """The same notebook with some functions exchanged (a wrong solution, a right variant).

        They see the notebook's names, as if they had been written there; what it lacks, such as a helper, they bring along.
        """
        other, namespace = Local(), dict(self._room.namespace)
        for name, function in functions.items():
            namespace[name] = _moved(function, namespace)
        other._room = Room(namespace, caught=Exception)
        return other

    def with_answers(self, cells: Sequence[Cell]) -> Local:
        """The same notebook with some answer cells exchanged; the other functions see what these define."""
        other, namespace = Local(), dict(self._room.namespace)
        for name, value in self._room.namespace.items():
            if isinstance(value, types.FunctionType) and value.__globals__ is self._room.namespace:
                namespace[name] = _rebuilt(value, namespace)
        other._room = Room(namespace, caught=Exception)
        with _quietly():
            troubles = {cell.id: other._room.load(cell) for cell in cells}
        other.troubles = {cell: trouble for cell, trouble in troubles.items() if trouble}
        return other

    def ask(self, calls: Sequence[Call], seconds: float) -> list[Answer]:
        """Run a script here; see model.Subject."""
        answers: list[Answer] = []
        try:
            with _quietly(), _alarm(seconds) as alarm:
                answers.extend(self._room.perform(bundled(calls)))
        except KeyboardInterrupt:
            if not alarm.is_set():
                raise
            if len(answers) < len(calls):  # else it came when all was done
                answers.append(Answer(Outcome.TIMED_OUT))
        except SystemExit:
            answers.append(Answer(Outcome.CRASHED))
        skipped = Answer(Outcome.SKIPPED, error="an earlier call did not return")
        return answers + [skipped] * (len(calls) - len(answers))


def _moved(function: Any, namespace: dict[str, Any]) -> Any:
    """The function with this namespace as its globals; anything else as it is. The helpers beside it move with it."""
    if not isinstance(function, types.FunctionType):
        return function
    home = function.__globals__
    for name in home.keys() - namespace.keys():
        helper = home[name]
        namespace[name] = helper
        if isinstance(helper, types.FunctionType) and helper.__globals__ is home:
            namespace[name] = _rebuilt(helper, namespace)
    return _rebuilt(function, namespace)


def _rebuilt(function: types.FunctionType, namespace: dict[str, Any]) -> types.FunctionType:
    copy = types.FunctionType(function.__code__, namespace, function.__name__, function.__defaults__, function.__closure__)
    copy.__kwdefaults__ = function.__kwdefaults__
    return copy


@contextlib.contextmanager
def _alarm(seconds: float) -> Iterator[threading.Event]:
    """Interrupt the main thread after `seconds`; works on every platform, but only between Python instructions.

    And again, until that has an end: an interrupt is lost when it meets a destructor or a callback of the garbage collector.
    """
    fired, over = threading.Event(), threading.Event()
    if threading.current_thread() is not threading.main_thread():
        yield fired
        return

    def ring() -> None:
        wait = seconds
        while not over.wait(wait):
            fired.set()
            _thread.interrupt_main()
            wait = AGAIN

    clock = threading.Thread(target=ring, daemon=True)
    clock.start()
    try:
        yield fired
    finally:
        over.set()
        clock.join()  # an interrupt that is on its way arrives here, not in the caller


@contextlib.contextmanager
def _quietly() -> Iterator[None]:
    with contextlib.redirect_stdout(_Nowhere()), contextlib.redirect_stderr(_Nowhere()):
        yield


class _Nowhere(io.TextIOBase):
    def write(self, text: str) -> int:
        return len(text)
