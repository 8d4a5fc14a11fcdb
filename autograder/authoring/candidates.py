"""What a hand-out holds that could answer an exercise, and in which coat: definitions, tables.

A module's definitions are taken wherever they stand, without their decorators, as somebody would
copy them. Of a released notebook also each assignment that speaks of an exercise's arguments
becomes a function of them: `mask = rng.random(x.shape) >= p` answers something.
"""

from __future__ import annotations

import ast
import contextlib
import copy
import functools
import importlib
import inspect
import json
import math
import sys
import types
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from autograder.interactive import as_python
from autograder.model import Cell, CourseError, Opaque, Role
from autograder.running.statements import bound
from autograder.subjects.local import Local

Definition = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef
LONGEST = 60  # characters of a line that names itself
MAX_SLICE = 12  # statements of a cell that are taken along with a line of it


@dataclass(frozen=True)
class Candidate:
    """Something that can be called, or a table, and where it stands."""

    file: str
    name: str
    value: Any
    more: str = ""  # what of its surroundings was taken along

    @property
    def where(self) -> str:
        return f"{self.name} in {self.file}"


# ------------------------------------------------------------------------------------------ modules
def of_module(file: str, source: str) -> Iterator[Candidate]:
    """All that one module of the wheel defines; CourseError when it cannot be imported."""
    space = _space(file, source)
    told = set[int]()
    for name, value in list(space.items()):
        if _is_own(value, space.get("__name__", "")) and id(value) not in told:
            told.add(id(value))
            yield Candidate(file, name, value)
    for statement in ast.parse(source).body:
        # told above; what is in it is not
        if isinstance(statement, ast.FunctionDef) and not statement.decorator_list:
            yield from _defined(file, statement, space, f"{statement.name}.")
        else:
            yield from _defined(file, ast.Module([statement], []), space)


def _space(file: str, source: str) -> dict[str, Any]:
    """The names of the module: of the kit's own where it is the same text, else of a new one."""
    dotted = Path(file).with_suffix("").as_posix().replace("/", ".").removesuffix(".__init__")
    try:
        found = importlib.import_module(dotted)
        if found.__file__ and Path(found.__file__).read_text(encoding="utf-8") == source:
            return vars(found)
    except ImportError:
        pass
    module = types.ModuleType(f"_handout_{dotted.replace('.', '_')}")
    sys.modules[module.__name__] = module  # dataclasses look their module up
    try:
        exec(compile(source, file, "exec"), vars(module))
    except Exception as error:
        raise CourseError(f"{file} of the hand-out cannot be imported: {type(error).__name__}: "
                          f"{error}. Mend it.") from error
    return vars(module)


def _is_own(value: Any, module: str) -> bool:
    """Whether a name of a module is bound to something made there: no import, no plain number."""
    if isinstance(value, (dict, functools.partial)):
        return True
    return callable(value) and getattr(value, "__module__", module) == module


def _defined(file: str, tree: ast.AST, space: Mapping[str, Any],
             path: str = "") -> Iterator[Candidate]:
    """Every definition at any depth, compiled by itself among the module's names."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            name = f"{path}{node.name}"
            made = _made(node, space)
            if (made is not None
                    and not (isinstance(tree, ast.ClassDef) and node.name.startswith("__"))):
                yield Candidate(file, name, made)
            if isinstance(node, ast.ClassDef):
                yield from _methods(file, name, made)
            yield from _defined(file, node, space, f"{name}.")
        else:
            if isinstance(node, ast.Lambda):
                code = compile(ast.Expression(node), "<hand-out>", "eval")
                yield Candidate(file, f"{path}`{ast.unparse(node)[:LONGEST]}`",
                                eval(code, dict(space)))
            yield from _defined(file, node, space, path)


def _made(node: Definition, space: Mapping[str, Any]) -> Any:
    """What the definition makes, undecorated; None when that needs what only stands around it."""
    plain = copy.copy(node)
    plain.decorator_list = [d for d in node.decorator_list if isinstance(node, ast.ClassDef)]
    names = dict(space)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            exec(compile(ast.Module([plain], []), "<hand-out>", "exec"), names)
    except Exception:
        return None
    return names.get(node.name)


def _methods(file: str, name: str, made: Any) -> Iterator[Candidate]:
    """The methods of a class that can be had without arguments."""
    try:
        one = made()
    except BaseException:  # pytest's nodes refuse with one of their own
        return
    for method in vars(made):
        if not method.startswith("__") and inspect.ismethod(getattr(one, method, None)):
            yield Candidate(file, f"{name}().{method}", getattr(one, method))


# ---------------------------------------------------------------------------------------- notebooks
@dataclass(frozen=True)
class Demonstration:
    """The cells of a released notebook: what they define, and their statements."""

    file: str
    space: Mapping[str, Any]
    cells: tuple[ast.Module, ...]

    def candidates(self) -> Iterator[Candidate]:
        """What its cells define."""
        for tree in self.cells:
            yield from _defined(self.file, tree, self.space)
        tables = ((n, v) for n, v in self.space.items() if isinstance(v, dict))
        yield from (Candidate(self.file, name, value) for name, value in tables)

    def lines(self, arguments: Sequence[str]) -> Iterator[Candidate]:
        """Its assignments as functions of these arguments: the right side, or all above it too."""
        for tree in self.cells:
            for place, statement in enumerate(tree.body):
                value = getattr(statement, "value", None)
                if (isinstance(statement, (ast.Assign, ast.AnnAssign, ast.Expr))
                        and value is not None and _speaks(value, arguments)):
                    yield from self._functions(tree.body[:place], value, arguments)

    def _functions(self, above: Sequence[ast.stmt], value: ast.expr,
                   arguments: Sequence[str]) -> Iterator[Candidate]:
        shown = ast.unparse(value)
        name = f"`{shown[:LONGEST]}`"
        yield Candidate(self.file, name, self._function(f"return {shown}", arguments))
        before = [s for s in above[-MAX_SLICE:]
                  if isinstance(s, (ast.Assign, ast.AugAssign)) and bound(s).isdisjoint(arguments)]
        if before:
            body = "\n    ".join([*"\n".join(map(ast.unparse, before)).split("\n"),
                                  f"return {shown}"])
            yield Candidate(self.file, name, self._function(body, arguments),
                            f"and {len(before)} lines above")

    def _function(self, body: str, arguments: Sequence[str]) -> Callable[..., Any]:
        names = dict(self.space)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            exec(f"def line({', '.join(f'{a}=None' for a in arguments)}):\n    {body}", names)
        function: Callable[..., Any] = names["line"]
        return function


def _speaks(value: ast.expr, arguments: Sequence[str]) -> bool:
    """Whether an expression that is no mere name speaks of one of the arguments."""
    return (not isinstance(value, ast.Name)
            and any(isinstance(n, ast.Name) and n.id in arguments for n in ast.walk(value)))


def of_notebook(file: str, text: str) -> Demonstration:
    """A released notebook with its definitions, imports and constants made, as a grader does."""
    code = [c for c in json.loads(text)["cells"] if c["cell_type"] == "code"]
    sources = [(c["metadata"].get("nbgrader", {}).get("grade_id", ""),
                as_python("".join(c["source"]))) for c in code]
    cells = [Cell(f"{file} {n}", Role.SETUP if name == "setup" else Role.ADDED, source)
             for n, (name, source) in enumerate(sources)]
    shown = [ast.parse(source) for name, source in sources if not name.startswith("check_")]
    return Demonstration(file, Local(cells).namespace, tuple(shown))


# --------------------------- what anybody does in a line or two to make a function pass for another
def coats(value: Any, arguments: Sequence[str]) -> Iterator[tuple[str, Callable[..., Any]]]:
    """The candidate as it is; where it takes fewer arguments, by their names, else the first."""
    parameters = inspect.signature(value).parameters.values()
    if any(p.kind is p.VAR_POSITIONAL for p in parameters):
        yield "", value
        return
    plain = [p for p in parameters if p.kind in (p.POSITIONAL_OR_KEYWORD, p.KEYWORD_ONLY)]
    needed = [p.name for p in plain if p.default is p.empty]
    named = [p.name for p in plain if p.name in arguments]
    in_order = [p.name for p in plain][: len(named)] == named == list(arguments[: len(named)])
    if len(plain) >= len(arguments):
        yield "", value
    elif not (in_order and named) and needed:
        yield (f"of the first {len(needed)}",
               lambda *args, **kwargs: value(*[*args, *kwargs.values()][: len(needed)]))
    if named and set(needed) <= set(named) and not (in_order and len(plain) >= len(arguments)):
        yield "by name", _by_name(value, arguments, named)


def mannered(function: Callable[..., Any], arguments: Sequence[str]) -> Callable[..., Any]:
    """The function with manners that any student adds: refused rates, and identity in testing."""
    rates = [a for a in arguments if a == "p" or a.startswith("p_")]
    if not rates:
        return function

    def called(*args: Any, **kwargs: Any) -> Any:
        given = {**dict(zip(arguments, args, strict=False)), **kwargs}
        if any(not 0 <= given.get(rate, 0) <= 1 for rate in rates):
            raise ValueError(rates)
        if given.get("train") is False:
            given |= {**dict.fromkeys(rates, 0.0), "rng": np.random.default_rng(0)}
        first = [given.pop(a) for a in arguments[: len(args)]]
        return function(*first, **given)

    return called


def _by_name(value: Callable[..., Any], arguments: Sequence[str],
             named: Sequence[str]) -> Callable[..., Any]:
    def called(*args: Any, **kwargs: Any) -> Any:
        given = {**dict(zip(arguments, args, strict=False)), **kwargs}
        return value(**{name: given[name] for name in named if name in given})

    return called


# what half a line around it makes of what it returns
SHAPES: Mapping[str, Callable[[Any], Any]] = {
    "": lambda value: value,
    "its first item": lambda value: value[0],
    "with a None": lambda value: (value, None),
}


def shaped(function: Callable[..., Any], shape: str) -> Callable[..., Any]:
    """The function with what it returns in another shape."""
    return (lambda *args, **kwargs: SHAPES[shape](function(*args, **kwargs))) if shape else function


def resembles(found: Any, right: Any) -> bool:
    """Whether an answer has the form of a right one: types, shapes, keys; not the numbers."""
    if isinstance(right, Opaque) or right is None:
        return True
    if isinstance(found, np.ndarray) and not found.ndim:
        found = found.item()  # a student writes float(...) around it
    if isinstance(right, np.ndarray):
        return (isinstance(found, np.ndarray) and found.shape == right.shape
                and (found.dtype.kind == "b") == (right.dtype.kind == "b"))
    if isinstance(right, dict):
        return (isinstance(found, dict) and found.keys() == right.keys()
                and all(resembles(found[k], right[k]) for k in right))
    if isinstance(right, (tuple, list)):
        return (isinstance(found, (tuple, list)) and len(found) == len(right)
                and all(map(resembles, found, right)))
    if isinstance(right, (int, float)) and not isinstance(right, bool):
        return (isinstance(found, (int, float)) and not isinstance(found, bool)
                and math.isfinite(found))
    return type(found) is type(right)


def fitting_shape(found: Any, right: Any) -> str | None:
    """The shape in which a result has the form of a right one; None when there is none."""
    for shape, change in SHAPES.items():
        with contextlib.suppress(Exception):
            if resembles(change(found), right):
                return shape
    return None
