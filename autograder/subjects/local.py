"""The subject in this process: the solution in grading, one's own functions in checking."""

from __future__ import annotations

import builtins
import contextlib
import io
import os
import sys
import threading
import types
from collections.abc import Callable, Iterator, Sequence
from typing import Any, NoReturn

import numpy as np

from autograder.model import Answer, Call, Cell, Limits, Outcome, Role
from autograder.running import import_stubs
from autograder.running.batching import bundled
from autograder.running.runner import Room
from autograder.running.statements import where
from autograder.subjects import looking
from autograder.subjects.alarm import alarm

MOST_PRINTED = 2000  # characters of what the student's code prints that are kept


class Local:
    """A notebook's code in this process. No output; in the main thread long scripts are stopped."""

    def __init__(self, cells: Sequence[Cell] = (), namespace: dict[str, Any] | None = None,
                 limits: Limits | None = None, called: Callable[[str], str] | None = None) -> None:
        # KeyboardInterrupt is the user's way out of an endless loop: it must not be swallowed as a
        # student's exception
        self._room = Room(namespace, Exception, called)
        self.troubles: dict[str, str] = {}
        self.left_out: set[int] = set()  # places of the cells that were stopped
        self._limits = limits
        if cells:
            _plot_to_nowhere()
        for place, cell in enumerate(cells):
            trouble = self._load(place, cell, limits)
            if trouble:
                self.troubles.setdefault(cell.id, trouble)

    def _load(self, place: int, cell: Cell, limits: Limits | None) -> str:
        """What went wrong in the cell; without limits it may take as long as it likes."""
        if limits is None:
            with _quietly():
                return self._room.load(cell)
        seconds = limits.setup_seconds if cell.role is Role.SETUP else limits.cell_seconds
        try:
            with _quietly(), alarm(seconds) as ringing:
                return self._room.load(cell)
        except KeyboardInterrupt as error:
            if not ringing.rung:
                raise
            stuck = self._stuck(error)
        self.left_out.add(place)
        return (f"this cell ran longer than {seconds:g} s and was "
                f"stopped{f' ({stuck})' if stuck else where(cell.source)}")

    @property
    def namespace(self) -> dict[str, Any]:
        return self._room.namespace

    def with_functions(self, functions: dict[str, Any]) -> Local:
        """The same notebook with some functions exchanged (a wrong solution, a right variant).

        They see the notebook's names, as if they had been written there; what it lacks, such as a
        helper, they bring along.
        """
        namespace = dict(self._room.namespace)
        for name, function in functions.items():
            namespace[name] = _moved(function, namespace)
        return Local(namespace=namespace)

    def with_answers(self, cells: Sequence[Cell]) -> Local:
        """The same notebook with some answer cells exchanged, which other functions see."""
        namespace = dict(self._room.namespace)
        for name, value in self._room.namespace.items():
            if isinstance(value, types.FunctionType) and value.__globals__ is self._room.namespace:
                namespace[name] = _rebuilt(value, namespace)
        other = Local(namespace=namespace)
        with _quietly():
            troubles = {cell.id: other._room.load(cell) for cell in cells}
        other.troubles = {cell: trouble for cell, trouble in troubles.items() if trouble}
        return other

    @contextlib.contextmanager
    def with_fewer(self, cells: Sequence[Cell]) -> Iterator[Local]:
        """Some cells of the same notebook, run anew, for another look."""
        yield Local(cells, limits=self._limits)

    def ask(self, calls: Sequence[Call], seconds: float) -> list[Answer]:
        """Run a script here; see model.Subject."""
        answers: list[Answer] = []
        try:
            with _quietly(), alarm(seconds) as ringing:
                answers.extend(self._room.perform(bundled(calls)))
        except KeyboardInterrupt as error:
            if not ringing.rung:
                raise
            if len(answers) < len(calls):  # else it came when all was done
                answers.append(Answer(Outcome.TIMED_OUT, error=f"it may compute for {seconds:g} s",
                                      line=self._stuck(error)))
        except SystemExit:
            answers.append(Answer(Outcome.CRASHED))
        skipped = Answer(Outcome.SKIPPED, error="an earlier call did not return")
        return answers + [skipped] * (len(calls) - len(answers))

    def _stuck(self, error: KeyboardInterrupt) -> str:
        """Where the code was when stopped: the loop without end, if it is in one."""
        places = self._room.own_lines(error)
        if not places:
            return ""
        place, why = looking.loop(places) or (places[-1], "")
        return self._room.told(*place, places[0][0]) + (f" ({why})" if why else "")

    def look_again(self, calls: Sequence[Call], got: str,
                   seconds: float) -> tuple[tuple[str, ...], str]:
        """Make a message's calls once more: the lines behind it, and what was printed."""
        topic, printed = looking.topic(calls, got), _First()
        if topic is None:
            return (), ""
        watch = looking.Watch(self.namespace, calls[topic.call].function.lstrip("."))
        try:
            with _quietly(printed), alarm(seconds) as ringing, watch:
                answers = [*self._room.perform(calls[: topic.call + 1])]
        except KeyboardInterrupt:
            if not ringing.rung:
                raise
            return (), printed.text
        except SystemExit:
            return (), printed.text
        lines = watch.makers(topic) if answers[-1].outcome is Outcome.PASSED else []
        return tuple(self._room.told(watch.filename, line, watch.filename)
                     for line in lines), printed.text


def _moved(function: Any, namespace: dict[str, Any]) -> Any:
    """The function with this namespace for globals, helpers beside it too; else as it is."""
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
    copy = types.FunctionType(function.__code__, namespace, function.__name__,
                              function.__defaults__, function.__closure__)
    copy.__kwdefaults__ = function.__kwdefaults__
    return copy


@contextlib.contextmanager
def _quietly(out: io.TextIOBase | None = None) -> Iterator[None]:
    """Output into `out`, no terminal, and stand-ins for luxuries; afterwards all as before."""
    stdin = sys.stdin
    sys.stdin = io.StringIO()
    try:
        silent = contextlib.redirect_stdout(
            out or _Nowhere()), contextlib.redirect_stderr(_Nowhere())
        with silent[0], silent[1], _without_terminal(), _staying(), _luxuries(), _repaired():
            yield
    finally:
        sys.stdin = stdin


@contextlib.contextmanager
def _without_terminal() -> Iterator[None]:
    """What reads from descriptor 0, as a shell command does, finds nothing there."""
    try:
        kept = os.dup(0)
    except OSError:  # there is none
        yield
        return
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    try:
        yield
    finally:
        os.dup2(kept, 0)
        os.close(kept)


@contextlib.contextmanager
def _staying() -> Iterator[None]:
    """`os._exit()` ends no more than `sys.exit()` does, or nothing would be said and all seem well.

    What was forked may leave, and so may a thread that watches beside: a kernel ends with its
    server, a grader's process with the grader.
    """
    leave, here = os._exit, (os.getpid(), threading.get_ident())

    def stay(status: int = 0) -> NoReturn:
        if (os.getpid(), threading.get_ident()) != here:
            leave(status)
        raise SystemExit(status)

    os._exit = stay
    try:
        yield
    finally:
        os._exit = leave


@contextlib.contextmanager
def _luxuries() -> Iterator[None]:
    """Nobody else in this process is to take a stand-in for the real thing."""
    if import_stubs.luxuries in sys.meta_path:
        yield
        return
    sys.meta_path.append(import_stubs.luxuries)
    try:
        yield
    finally:
        sys.meta_path.remove(import_stubs.luxuries)
        while import_stubs.luxuries.made:
            sys.modules.pop(import_stubs.luxuries.made.pop(), None)


@contextlib.contextmanager
def _repaired() -> Iterator[None]:
    """`np.sqrt = 3` in a cell must not end its judge; a worker forgets it with the cell."""
    places = [vars(module) for module in (builtins, np, np.random, np.linalg, np.fft)]
    before = [dict(place) for place in places]
    try:
        yield
    finally:
        for place, names in zip(places, before, strict=True):
            place.update(names)


def _plot_to_nowhere() -> None:
    """No window: `plt.show()` would wait until somebody closes it."""
    os.environ["MPLBACKEND"] = "Agg"
    if "matplotlib" in sys.modules:
        sys.modules["matplotlib"].use("Agg", force=True)


class _Nowhere(io.TextIOBase):
    def write(self, text: str) -> int:
        return len(text)


class _First(io.TextIOBase):
    """The first lines of what is written."""

    def __init__(self) -> None:
        self.text = ""

    def write(self, text: str) -> int:
        self.text += text[: MOST_PRINTED - len(self.text)]
        return len(text)
