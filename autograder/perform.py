"""Run the cells of a notebook and answer calls: the same rules for the solution, the student's own machine and the cage.

`Room.load` executes cells, `Room.perform` answers calls. Neither raises for anything the notebook's code does. Imported by the worker,
so: standard library, numpy and model only, and nothing that matters if a student tampers with it. The judge sits elsewhere.
"""

from __future__ import annotations
import __future__

import ast
import builtins
import linecache
import random
import re
import sys
import warnings
from collections.abc import Collection, Iterator, Mapping, Sequence
from decimal import Decimal
from fractions import Fraction
from typing import Any

import numpy as np

from autograder.bundle import NOT_REPEATED, opened, repetitions
from autograder.model import Answer, Call, Cell, Code, Draws, Facts, Given, Item, Opaque, Outcome, Role, Seed

A_VALUE_ERROR = " (a ValueError)"  # stands behind the name of an exception that is a kind of ValueError
MAX_TEXT = 400  # characters of a student's error message that are kept
MAX_ITEMS = 10_000  # items of one list, tuple or dict that may travel
MAX_BYTES = 32 << 20  # bytes of one array that may travel
MAX_DEPTH = 6  # nesting of an answer
MAGIC = re.compile(r"(?P<indent>\s*)(?:(?P<target>[\w.\[\]\"', ]+?)\s*=\s*[%!]|[%!?]|[\w.]+\?+\s*$)")  # IPython's own syntax
DTYPES = frozenset(
    {"bool", "int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64"}
    | {"float16", "float32", "float64", "complex64", "complex128"}
)


class Room:
    """A namespace in which one notebook's code lives."""

    def __init__(self, namespace: dict[str, Any] | None = None, caught: type[BaseException] = BaseException) -> None:
        self.namespace: dict[str, Any] = {"__name__": "__main__"} if namespace is None else namespace
        self.caught = caught
        self._answered: set[str] = set()
        self._future = 0  # compiler flags of `from __future__ import ...`, which hold for all cells after it, as in Jupyter

    def load(self, cell: Cell) -> str:
        """Execute one cell statement by statement and return what went wrong first ("" when nothing did).

        A statement that raises does not stop the ones after it. Of cells the student ADDED only imports, definitions and assignments
        that call nothing defined in the notebook are run, and what binds the names listed in `cell.names`. A name of an exercise comes
        from its own answer cell, unless that is a stub.
        """
        filename = f"<{cell.role.value} cell {cell.id}>"
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # "\d" in a plain string is a warning, and would be an error under `pytest -W error`
            source = without_magics(cell.source)
        linecache.cache[filename] = (len(source), None, source.splitlines(keepends=True), filename)
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                tree = ast.parse(source, filename)
        except self.caught as error:  # SyntaxError, RecursionError, MemoryError: whatever the parser says of a student's text
            return describe(error)
        others = {name: self.namespace[name] for name in self._answered - set(cell.names) if name in self.namespace}
        trouble = self._execute(tree.body, filename, cell)
        self.namespace.update(others)
        if cell.role is Role.ANSWER:
            self._answered |= {name for name in cell.names if name in self.namespace} - stubs(tree)
        return trouble

    def _execute(self, statements: Sequence[ast.stmt], filename: str, cell: Cell) -> str:
        trouble = ""
        for statement in statements:
            try:
                # asked here and not before: what an earlier statement of the cell imported counts, and names may hold hostile objects
                if cell.role is Role.ADDED and not (_only_defines(statement, self.namespace) or provides(statement, cell.names)):
                    continue
                self._run_statement(statement, filename)
                self._future |= _future_flags(statement)
            except self.caught as error:
                if not _only_shows(statement, error):
                    trouble = trouble or describe(error)
        return trouble

    def _run_statement(self, statement: ast.stmt, filename: str) -> None:
        """Execute one statement. A definition whose annotations name things not imported is made all the same; then the NameError comes."""
        module = ast.Module([statement], [])
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            try:
                exec(compile(module, filename, "exec", self._future, dont_inherit=True), self.namespace)
            except NameError:
                if isinstance(statement, (ast.FunctionDef, ast.ClassDef)):
                    unread = self._future | __future__.annotations.compiler_flag  # a newer Python does not read them either
                    exec(compile(module, filename, "exec", unread, dont_inherit=True), self.namespace)
                raise

    def perform(self, script: Sequence[Call | Draws]) -> Iterator[Answer]:
        """Answer the calls of one script, one after the other, each as soon as it is known."""
        results: list[Any] = []
        generators: dict[str, np.random.Generator] = {}
        left = repetitions(script)
        for call in (call for group in script for call in opened(group)):
            again = len(results) and left[len(results) - 1] and results[-1] is _DIED
            answer, result = (NOT_REPEATED, _DIED) if again else self._answer(call, results, generators)
            results.append(result)
            yield answer

    def _answer(self, call: Call, results: list[Any], generators: dict[str, np.random.Generator]) -> tuple[Answer, Any]:
        try:
            args = [self._resolved(a, results, generators) for a in call.args]
            kwargs = {k: self._resolved(v, results, generators) for k, v in call.kwargs.items()}
        except _NoItem as error:
            return Answer(Outcome.SKIPPED, error=str(error)), _DIED
        except self.caught as error:  # code that speaks of a name that this notebook does not define
            return Answer(Outcome.RAISED, error=describe(error)), _DIED
        if call.function not in self.namespace and not call.is_method:
            return Answer(Outcome.RAISED, error=f"NameError: {call.function} is not defined"), _DIED
        try:
            if call.look:
                result, facts = self.namespace[call.function], None
            else:
                function = getattr(args.pop(0), call.function[1:]) if call.is_method else self.namespace[call.function]
                result, facts = self._run(function, args, kwargs, call.watch)
            return Answer(Outcome.PASSED, value=plain(result, call.ship), facts=facts), result
        except self.caught as error:
            return Answer(Outcome.RAISED, error=describe(error), line=self._own_line(error)), _DIED

    def _resolved(self, argument: Any, results: list[Any], generators: dict[str, np.random.Generator]) -> Any:
        return made(argument, self.namespace) if isinstance(argument, Code) else _resolve(argument, results, generators)

    def _run(self, function: Any, args: list[Any], kwargs: dict[str, Any], watch: bool) -> tuple[Any, Facts | None]:
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            if not watch:
                return function(*args, **kwargs), None
            before = _random_states(args, kwargs)
            result = function(*args, **kwargs)
            after = _random_states(args, kwargs)
        seen = tuple(_clip(f"{w.category.__name__}: {w.message}") for w in caught[:5])
        arguments = tuple(plain(a) for a in args)
        return result, Facts(arguments, before[0] != after[0], before[1] != after[1], seen)

    def _own_line(self, error: BaseException) -> str:
        """The last line of the traceback that stands in the notebook itself."""
        line, trace = "", error.__traceback__
        while trace is not None:
            if trace.tb_frame.f_globals is self.namespace:
                text = linecache.getline(trace.tb_frame.f_code.co_filename, trace.tb_lineno).strip()
                line = _clip(f"line {trace.tb_lineno}: {text}" if text else f"line {trace.tb_lineno}")
            trace = trace.tb_next
        return line


# ------------------------------------------------------------------------------------------------------------------ reading cells
def without_magics(source: str) -> str:
    """The cell as plain Python: IPython magics and shell lines become `pass`; a cell in another language becomes empty."""
    lines = source.splitlines()
    first = next((line.strip() for line in lines if line.strip()), "")
    if first.startswith("%%"):
        if first.split()[0] not in {"%%time", "%%capture", "%%prun"}:
            return ""
        lines[lines.index(next(line for line in lines if line.strip()))] = ""
        source = "\n".join(lines)
    for _ in range(len(lines) + 1):
        try:
            ast.parse("\n".join(lines))
        except SyntaxError as error:
            if not _replace_magic(lines, (error.lineno or 0) - 1):
                return source  # the caller parses again and reports it
        except Exception:  # too deeply nested and the like
            return source
        else:
            return "\n".join(lines)
    return source


def _replace_magic(lines: list[str], number: int) -> bool:
    """Turn the line the parser stumbled over into plain Python, if it is a magic or shell line; False when it is not."""
    if not 0 <= number < len(lines):
        return False
    found = MAGIC.match(lines[number])
    if found is None:
        return False
    last = number
    while lines[last].rstrip().endswith("\\") and last + 1 < len(lines):
        last += 1  # a shell command that goes on in the next line
    target = found["target"]
    lines[number] = found["indent"] + (f"{target} = None" if target else "pass")
    lines[number + 1 : last + 1] = [""] * (last - number)
    return True


def _future_flags(statement: ast.stmt) -> int:
    if not isinstance(statement, ast.ImportFrom) or statement.module != "__future__":
        return 0
    flags = 0
    for alias in statement.names:
        flags |= getattr(getattr(__future__, alias.name, None), "compiler_flag", 0)
    return flags


def _only_shows(statement: ast.stmt, error: BaseException) -> bool:
    """Whether a plot or a print failed for want of a name: the course's plots do not run here, so it may well be there in the notebook."""
    return isinstance(statement, ast.Expr) and type(error) is NameError


def stubs(tree: ast.Module) -> set[str]:
    """Names of functions whose body is nothing but a docstring and `raise NotImplementedError`."""
    return {s.name for s in tree.body if isinstance(s, ast.FunctionDef) and all(_says_nothing(b) for b in s.body)}


def _says_nothing(statement: ast.stmt) -> bool:
    if isinstance(statement, ast.Expr):
        return isinstance(statement.value, ast.Constant)
    if not isinstance(statement, ast.Raise):
        return isinstance(statement, ast.Pass)
    raised = statement.exc.func if isinstance(statement.exc, ast.Call) else statement.exc
    return isinstance(raised, ast.Name) and raised.id == "NotImplementedError"


def _only_defines(statement: ast.stmt, namespace: Mapping[str, Any]) -> bool:
    """Imports, definitions, and assignments whose right side calls only things from modules and builtins."""
    if isinstance(statement, (ast.Import, ast.ImportFrom, ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
        return True
    if isinstance(statement, (ast.If, ast.Try)):  # `try: import ... except ImportError: ...`
        return all(_only_defines(s, namespace) or isinstance(s, ast.Pass) for s in _inner(statement))
    if not isinstance(statement, (ast.Assign, ast.AnnAssign)) or statement.value is None:
        return False
    calls = [node for node in ast.walk(statement.value) if isinstance(node, ast.Call)]
    return all(_is_foreign(call.func, namespace) for call in calls)


def _inner(statement: ast.If | ast.Try) -> list[ast.stmt]:
    if isinstance(statement, ast.If):
        return [*statement.body, *statement.orelse]
    handled = [s for handler in statement.handlers for s in handler.body]
    return [*statement.body, *handled, *statement.orelse, *statement.finalbody]


def provides(statement: ast.stmt, names: Collection[str]) -> bool:
    """Whether a statement that is no loop binds or changes one of these names."""
    return bool(names) and not changed(statement).isdisjoint(names)


def changed(statement: ast.stmt) -> set[str]:
    """The names that a statement binds or changes; none for a loop."""
    if isinstance(statement, (ast.For, ast.AsyncFor, ast.While)):
        return set()
    if isinstance(statement, ast.Expr):  # LIMITS.update(high=1)
        function = statement.value.func if isinstance(statement.value, ast.Call) else None
        owner = function.value if isinstance(function, ast.Attribute) else None
        return {owner.id} if isinstance(owner, ast.Name) else set()
    bound = {n.id for n in ast.walk(statement) if isinstance(n, ast.Name) and not isinstance(n.ctx, ast.Load)}
    return bound | {n.value.id for n in ast.walk(statement) if isinstance(n, ast.Subscript) and isinstance(n.value, ast.Name)
                    and isinstance(n.ctx, ast.Store)}


def _is_foreign(function: ast.expr, namespace: Mapping[str, Any]) -> bool:
    while isinstance(function, (ast.Attribute, ast.Call)):
        function = function.value if isinstance(function, ast.Attribute) else function.func
    if not isinstance(function, ast.Name):
        return False
    value = namespace.get(function.id, getattr(builtins, function.id, None))
    own = getattr(value, "__globals__", None) is namespace or getattr(value, "__module__", "") == "__main__"
    return value is not None and not own and function.id not in {"input", "exec", "eval", "open", "print"}


# -------------------------------------------------------------------------------------------------------------- calls and answers
class _NoItem(Exception):
    """An argument that an earlier call of the script should have made does not exist."""


_DIED = object()  # the result of a call that did not return


def _resolve(argument: Any, results: list[Any], generators: dict[str, np.random.Generator]) -> Any:
    if isinstance(argument, Given):
        argument = argument.value
    if isinstance(argument, (np.ndarray, dict, list, tuple)):
        return copied(argument)
    if isinstance(argument, Seed):
        if not argument.name:
            return np.random.default_rng(argument.number)
        return generators.setdefault(argument.name, np.random.default_rng(argument.number))
    if isinstance(argument, Item):
        return _item(results[argument.call], argument.index)
    return argument


def copied(value: Any) -> Any:
    """Plain data of its own: what the student's function does to it stays there."""
    if isinstance(value, np.ndarray):
        return value.copy()
    if type(value) is dict:
        return {key: copied(item) for key, item in value.items()}
    return type(value)(map(copied, value)) if type(value) in (list, tuple) else value


def made(code: Code, notebook: Mapping[str, Any] | None = None) -> Any:
    """The thing that a Code stands for, in a namespace of its own; NameError when the notebook lacks what it uses."""
    namespace: dict[str, Any] = {"__name__": "course", "np": np}
    for name in code.uses:
        if name not in (notebook or {}):
            raise NameError(f"{name} is not defined")
        namespace[name] = (notebook or {})[name]
    exec(code.source, namespace)
    return namespace[code.name]


def _item(result: Any, index: int | None) -> Any:
    if result is _DIED:
        raise _NoItem("the call before it did not return")
    if index is None:
        return result
    if not isinstance(result, (tuple, list)) or len(result) <= index:
        raise _NoItem(f"the call before it returned {kind(result)}, not a tuple of {index + 1} or more")
    return result[index]


def _random_states(args: list[Any], kwargs: Mapping[str, Any]) -> tuple[list[str], tuple[str, int]]:
    """The state of each generator among the arguments, and of the two global ones, as comparable text."""
    own = [str(a.bit_generator.state) for a in [*args, *kwargs.values()] if isinstance(a, np.random.Generator)]
    legacy: Any = np.random.get_state()
    return own, (str(legacy[1].tobytes()[:64]) + str(legacy[2:]), hash(random.getstate()))


def plain(value: Any, ship: tuple[int, ...] | None = None, depth: int = 0) -> Any:
    """The value as plain data; what cannot be is replaced by Opaque. Of a tuple only the items in `ship` are kept."""
    if isinstance(value, (tuple, list)) and depth < MAX_DEPTH and len(value) <= MAX_ITEMS:
        items = [
            plain(item, None, depth + 1) if ship is None or i in ship else Opaque(kind(item)) for i, item in enumerate(value)
        ]
        return tuple(items) if isinstance(value, tuple) else items
    if isinstance(value, dict) and depth < MAX_DEPTH and len(value) <= MAX_ITEMS:
        return {k: plain(v, None, depth + 1) for k, v in value.items() if type(k) is str}  # a note under another key harms nobody
    if value is None or type(value) in (bool, float, str):
        return value
    if isinstance(value, (Fraction, Decimal)):
        return float(value)
    if isinstance(value, np.str_):
        return str(value)
    if type(value) is int:
        return value if -(2**63) <= value < 2**63 else Opaque("int of more than 64 bits")
    if isinstance(value, (np.ndarray, np.generic)):
        return _plain_array(value)
    torch = sys.modules.get("torch")  # asked for, never imported: most notebooks know nothing of it
    if torch is not None and isinstance(value, torch.Tensor):
        return _plain_tensor(value)
    return Opaque(kind(value))


def _plain_tensor(tensor: Any) -> Any:
    """A torch tensor as an array, wherever it lives; bfloat16, which NumPy does not know, as float32."""
    try:
        plain_tensor = tensor.detach().cpu()
        return _plain_array((plain_tensor.float() if str(plain_tensor.dtype) == "torch.bfloat16" else plain_tensor).numpy())
    except (TypeError, RuntimeError, NotImplementedError):  # sparse ones and the like
        return Opaque(f"tensor of dtype {tensor.dtype}")


def _plain_array(value: Any) -> Any:
    array = np.asarray(value)
    if array.size * array.itemsize > MAX_BYTES:
        return Opaque(f"array of {array.size * array.itemsize} bytes")
    if array.dtype.name not in DTYPES:
        return Opaque(f"array of dtype {array.dtype.name}")
    return np.array(array, dtype=array.dtype.newbyteorder("="), subok=False, order="C")


def kind(value: Any) -> str:
    """The name of a value's type, whatever its class says of itself."""
    name = type.__dict__["__name__"].__get__(type(value))
    return _clip(str(name))


def describe(error: BaseException) -> str:
    """One line about an exception: its type and message, clipped; survives an exception whose own text raises."""
    try:
        text = str(error)
    except BaseException:
        text = "(its message cannot be shown)"
    if isinstance(error, SyntaxError):
        where = ": ".join(filter(None, (f"line {error.lineno}", (error.text or "").strip())))
        text = f"{error.msg} ({where})" if error.lineno else str(error.msg)
    name = kind(error)
    if isinstance(error, ValueError) and not hasattr(builtins, name):
        name += A_VALUE_ERROR  # LinAlgError, StatisticsError and the student's own are as good where a ValueError is asked for
    return _clip(f"{name}: {text}" if text else name)


def _clip(text: str) -> str:
    clean = "".join(c if c.isprintable() else " " for c in text[: 4 * MAX_TEXT])
    clean = clean.encode("utf-8", "replace").decode()
    return clean if len(clean) <= MAX_TEXT else clean[: MAX_TEXT - 3] + "..."
