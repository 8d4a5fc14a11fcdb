"""Run a notebook's cells and answer calls, alike for solution, student's machine and sandbox.

`Room.load` executes cells, `Room.perform` answers calls. Neither raises for anything the notebook's
code does. Imported by the worker, so: standard library, numpy and model only, and nothing that
matters if a student tampers with it. The judge sits elsewhere.
"""

from __future__ import annotations
import __future__

import ast
import difflib
import itertools
import linecache
import random
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from typing import Any

import numpy as np

from autograder.model import (
    LEFT_OVER, Answer, Call, Cell, Code, Draws, Facts, Outcome, Role, Seed)
from autograder.running import import_stubs, opaque
from autograder.running.arguments import DIED, NoItem, made, resolved
from autograder.running.awaiting import finish
from autograder.running.batching import NOT_REPEATED
from autograder.running.generators import generators
from autograder.running.packing import only_nonzero, plain, plain_or_opaque
from autograder.running.spoken import cell_name, describe, file_name, line_of, with_line
from autograder.running.statements import (
    future_flags, is_written_around, only_defines, only_shows, provides, stubs, tried_imports)

# how alike a name must be to be taken for a slip: dropout_backward is 0.77 like dropout_forward
NEAR = 0.88
IS_COROUTINE = 0x80  # inspect.CO_COROUTINE: code that awaits something at its top level
SIMPLE = frozenset({float, int, bool, str, type(None)})


class Room:
    """A namespace in which one notebook's code lives."""

    def __init__(self, namespace: dict[str, Any] | None = None,
                 caught: type[BaseException] = BaseException,
                 called: Callable[[str], str] | None = None) -> None:
        own = {"__name__": "__main__", "get_ipython": import_stubs.get_ipython,
               "display": import_stubs.display}
        self.namespace: dict[str, Any] = own if namespace is None else namespace
        self.caught = caught  # of what a call raises
        self.called = called or cell_name  # file name of a cell -> how it is spoken of
        # the cells were run by somebody else, who let Python know their lines
        self._guest = namespace is not None
        self._answered: set[str] = set()
        self._files: set[str] = set()
        self._lines: dict[str, int] = {}  # file name of a cell -> how many lines it has
        # packages whose absence the notebook is ready for: they get no stand-in
        self._honest: set[str] = set()
        # what an answer that is data was below its own cell; no later cell changes it
        self._said: dict[str, Any] = {}
        # compiler flags of `from __future__ import ...`, which hold for all cells after it, as in
        # Jupyter
        self._future = 0

    def load(self, cell: Cell) -> str:
        """Execute one cell by statements and return what went wrong first, or "", and its line.

        A statement that raises does not stop the ones after it. Of cells the student ADDED only
        imports, definitions and assignments that call nothing defined in the notebook are run, and
        what binds the names listed in `cell.names`. A name of an exercise comes from its own answer
        cell, unless that is a stub.
        """
        filename = file_name(cell)
        _remember_lines(filename, cell.source, new=filename not in self._files)
        self._files.add(filename)
        self._lines[filename] = max(self._lines.get(filename, 0), cell.source.count("\n") + 1)
        try:
            with warnings.catch_warnings():
                # "\d" in a plain string is a warning, and would be an error under `pytest -W error`
                warnings.simplefilter("ignore")
                tree = ast.parse(cell.source, filename)
        except Exception as error:
            # SyntaxError, RecursionError, MemoryError: whatever the parser says of a student's text
            return describe(error)
        self._honest |= tried_imports(tree)
        import_stubs.luxuries.honest = self._honest
        others = {name: self.namespace[name]
                  for name in self._answered - set(cell.names) if name in self.namespace}
        before = {name: self.namespace.get(name) for name in cell.names}
        trouble = self._execute(tree.body, filename, cell)
        self.namespace.update(others)
        if cell.role is Role.ANSWER:
            mine = {name for name in cell.names
                    if name in self.namespace and self.namespace[name] is not before[name]}
            self._answered |= mine - stubs(tree)
            self._said.update(self._data(cell.names))
        return trouble

    def _data(self, names: Sequence[str]) -> dict[str, Any]:
        """Those of the names that hold data and no function, as they are now."""
        there = {name: self.namespace[name] for name in names if name in self.namespace}
        return {name: plain_or_opaque(value)
                for name, value in there.items() if not callable(value)}

    def _execute(self, statements: Sequence[ast.stmt], filename: str, cell: Cell) -> str:
        trouble = ""
        for statement in statements:
            try:
                # asked here and not before: what an earlier statement of the cell imported counts,
                # and names may hold hostile objects
                if cell.role is Role.ADDED and not (only_defines(statement, self.namespace)
                                                    or provides(statement, cell.names)):
                    continue
                self._run_statement(statement, filename)
                self._future |= future_flags(statement)
            except BaseException as error:  # SystemExit, too: a kernel goes on with the next cell
                if isinstance(error, KeyboardInterrupt) and self.caught is not BaseException:
                    raise  # the user's own
                if not only_shows(statement, error):
                    trouble = trouble or with_line(error, filename)
        return trouble

    def _run_statement(self, statement: ast.stmt, filename: str) -> None:
        """Execute a statement. A definition with unknown annotations is made; then NameError."""
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            try:
                self._run_code(statement, filename, self._future)
            except NameError:
                if isinstance(statement, (ast.FunctionDef, ast.ClassDef)):
                    # a newer Python does not read them either
                    self._run_code(statement, filename,
                                   self._future | __future__.annotations.compiler_flag)
                raise

    def _run_code(self, statement: ast.stmt, filename: str, flags: int) -> None:
        module = ast.Module([statement], [])
        code = compile(module, filename, "exec", flags | ast.PyCF_ALLOW_TOP_LEVEL_AWAIT,
                       dont_inherit=True)
        if code.co_flags & IS_COROUTINE:
            finish(eval(code, self.namespace))
        else:
            exec(code, self.namespace)

    def perform(self, script: Sequence[Call | Draws]) -> Iterator[Answer]:
        """Answer the calls of one script, one after the other, each as soon as it is known."""
        import_stubs.luxuries.honest = self._honest
        results: list[Any] = []
        named: dict[str, np.random.Generator] = {}
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            for group in script:
                call, place, numbers, own = (
                    (group, None, (0,), (None,)) if isinstance(group, Call) else
                    (group.call, group.place, group.numbers,
                     generators(group.numbers, group.seeding)))
                result = None
                for number, rng in zip(numbers, own, strict=True):
                    answer, result = ((NOT_REPEATED, DIED) if result is DIED else
                                      self._answer(call, results, named, place, number, rng))
                    results.append(result)
                    yield answer

    def _answer(self, call: Call, results: list[Any], named: dict[str, np.random.Generator],
                place: int | None, number: int,
                rng: np.random.Generator | None) -> tuple[Answer, Any]:
        """One answer. The argument at `place` is not the call's but rng, seeded by `number`."""
        try:
            args = [rng if i == place else self._resolved(a, results, named)
                    for i, a in enumerate(call.args)]
            kwargs = {k: self._resolved(v, results, named) for k, v in call.kwargs.items()}
        except NoItem as error:
            return Answer(Outcome.SKIPPED, error=str(error)), DIED
        except self.caught as error:
            # code that speaks of a name that this notebook does not define
            return Answer(Outcome.RAISED, error=describe(error)), DIED
        if call.look and call.function in self._said:
            return self._looked(call)
        if call.function not in self.namespace and not call.is_method:
            return Answer(Outcome.RAISED, error=f"NameError: {call.function} is not "
                          f"defined{self._near(call.function)}"), DIED
        try:
            if call.look:
                result, facts = self.namespace[call.function], None
            else:
                function = (getattr(args.pop(0), call.function[1:]) if call.is_method
                            else self.namespace[call.function])
                with _steady(call, place, number) if call.steady else nullcontext():
                    result, facts = (_watched(function, args, kwargs) if call.watch
                                     else (function(*args, **kwargs), None))
            value = (only_nonzero if call.nonzero else plain)(result, call.ship)
            return Answer(Outcome.PASSED, value, facts=facts), result
        except self.caught as error:
            return Answer(Outcome.RAISED, error=describe(error) + self._left_over(error),
                          line=self._own_line(error)), DIED

    def _near(self, name: str) -> str:
        """The name a slip of the pen gave to what is missing, ", but dropout_foward is"."""
        own = [n for n, v in self.namespace.items()
               if type(n) is str and callable(v) and not n.startswith("_")]
        found = difflib.get_close_matches(name, own, 1, NEAR)
        return f", but {found[0]} is" if found else ""

    def _left_over(self, error: BaseException) -> str:
        """Where a stub's last line is left in a function of more; "" for all else."""
        trace, frames = error.__traceback__, list[tuple[str, int]]()
        while type(error) is NotImplementedError and trace is not None:
            if trace.tb_frame.f_globals is self.namespace:
                frames.append((trace.tb_frame.f_code.co_filename, trace.tb_lineno))
            trace = trace.tb_next
        if not frames:
            return ""
        filename, number = frames[-1]
        return (f"{LEFT_OVER}{number}"
                if is_written_around("".join(linecache.getlines(filename)), number) else "")

    def _looked(self, call: Call) -> tuple[Answer, Any]:
        """An answer that is data, as its own cell said it; open parts may come from below."""
        said, now = self._said[call.function], self.namespace.get(call.function)
        if type(said) is dict and type(now) is dict:
            said = {**plain(now), **said}
        return Answer(Outcome.PASSED, value=said), now

    def _resolved(self, argument: Any, results: list[Any],
                  named: dict[str, np.random.Generator]) -> Any:
        if type(argument) in SIMPLE:
            return argument
        return (made(argument, self.namespace) if isinstance(argument, Code)
                else resolved(argument, results, named))

    def _own_line(self, error: BaseException) -> str:
        """The traceback's last line in the notebook itself, if its cell is as long."""
        own = self.own_lines(error)
        return self.told(*own[-1], own[0][0]) if own else ""

    def own_lines(self, error: BaseException) -> list[tuple[str, int]]:
        """The places (file name of the cell, line) of an exception, from the call inwards."""
        found, trace = list[tuple[str, int]](), error.__traceback__
        while trace is not None:
            name, number = trace.tb_frame.f_code.co_filename, trace.tb_lineno
            if (trace.tb_frame.f_globals is self.namespace and number
                    and 0 < number <= self._length(name)):
                found.append((name, number))
            trace = trace.tb_next
        return found

    def _length(self, filename: str) -> int:
        return (self._lines.get(filename)
                or (len(linecache.getlines(filename)) if self._guest else 0))

    def told(self, filename: str, number: int, home: str) -> str:
        """A line as it is spoken of, with its cell unless the called function's own."""
        cell = ("" if filename == home and not filename.startswith(f"<{Role.ADDED.value} ")
                else self.called(filename))
        return line_of(number, linecache.getline(filename, number).strip(), cell)


# ------------------------------------------------------------------------------------ reading cells
def _remember_lines(filename: str, source: str, new: bool) -> None:
    """Let tracebacks find the lines of a cell; when it comes in parts, those of all its parts."""
    lines = source.splitlines(keepends=True)
    known = [] if new else linecache.getlines(filename)
    merged = [one if one.strip() else other
              for one, other in itertools.zip_longest(lines, known, fillvalue="")]
    linecache.cache[filename] = (len(source), None, merged, filename)


# -------------------------------------------------------------------------------- calls and answers
@contextmanager
def _steady(call: Call, place: int | None, number: int) -> Iterator[None]:
    """The global generators, and unseeded new ones, by the call's seed; then as they were."""
    if place is None:
        number = next(a.number for a in call.args if isinstance(a, Seed))
    legacy, plain_one, made_anew = np.random.get_state(), random.getstate(), np.random.default_rng
    root = np.random.SeedSequence(number)
    np.random.seed(number % 2**32)
    random.seed(number)
    np.random.default_rng = lambda seed=None: made_anew(root.spawn(1)[0] if seed is None else seed)
    try:
        yield
    finally:
        np.random.default_rng = made_anew
        np.random.set_state(legacy)
        random.setstate(plain_one)


def _watched(function: Any, args: list[Any], kwargs: dict[str, Any]) -> tuple[Any, Facts]:
    """What a function returns, and what it does beside."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        before = _random_states(args, kwargs)
        result = function(*args, **kwargs)
        after = _random_states(args, kwargs)
    seen = tuple(opaque.warning(f"{w.category.__name__}: {w.message}") for w in caught[:5])
    arguments = tuple(plain(a) for a in args)
    return result, Facts(arguments, before[0] != after[0], before[1] != after[1], seen)


def _random_states(args: list[Any], kwargs: Mapping[str, Any]) -> tuple[list[str], tuple[str, int]]:
    """The state of each generator among the arguments and of the global two, as text."""
    own = [str(a.bit_generator.state)
           for a in [*args, *kwargs.values()] if isinstance(a, np.random.Generator)]
    legacy: Any = np.random.get_state()
    return own, (str(legacy[1].tobytes()[:64]) + str(legacy[2:]), hash(random.getstate()))
