"""What the statements of a cell do when run, as far as that can be seen without running them."""

from __future__ import annotations
import __future__

import ast
import builtins
import warnings
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from itertools import groupby
from typing import Any

MAX_PARTS = 20  # of one cell: each is sent by itself
FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)
ASSIGNMENTS = (ast.Assign, ast.AnnAssign, ast.AugAssign)
DATA = (ast.Dict, ast.List, ast.Tuple, ast.Set, ast.Constant)
# builtins that can do nothing to what was defined before
ACTS = frozenset({"exec", "eval", "globals", "locals", "vars", "setattr", "delattr", "map",
                  "filter", "sorted", "__import__"})
PLAIN = frozenset(dir(builtins)) - ACTS


def parsed(source: str) -> ast.Module | None:
    """The syntax tree of a student's text; None if unreadable, whatever the parser says."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # "\d" in a student's string is the student's affair
        try:
            return ast.parse(source)
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            return None


def parts(source: str, tree: ast.Module | None) -> list[str]:
    """The cell cut where something is called; statements stay in the lines where they stood.

    What takes too long or ends the process then costs its own statement, and what the cell defines
    counts all the same.
    """
    spans = _spans(tree.body) if tree else []
    if len(spans) < 2:
        return [source]
    lines = source.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    return ["\n" * (first - 1) + "\n".join(lines[first - 1 : last]) + "\n" for first, last in spans]


def _spans(statements: Sequence[ast.stmt]) -> list[tuple[int, int]]:
    """First and last line of each part: what calls something stands alone, definitions together."""
    spans: list[tuple[int, int]] = []
    for calls, group in groupby(statements, _experiments):
        for some in ([s] for s in group) if calls else [list(group)]:
            first, last = _first_line(some[0]), some[-1].end_lineno or some[-1].lineno
            if spans and (first <= spans[-1][1] or len(spans) == MAX_PARTS):
                first = spans.pop()[0]  # `x = 1; run()`
            spans.append((first, last))
    return spans


def _first_line(statement: ast.stmt) -> int:
    decorators: list[ast.expr] = getattr(statement, "decorator_list", [])
    return min([statement.lineno, *(d.lineno for d in decorators)])


def where(source: str) -> str:
    """Where a part of a cell stands: " (line 7: while True:)"."""
    lines = source.splitlines()
    number = next((n for n, line in enumerate(lines) if line.strip()), None)
    return "" if number is None else f" (line {number + 1}: {lines[number].strip()[:100]})"


def _experiments(statement: ast.stmt) -> bool:
    """Whether it calls something or goes round, and is no definition."""
    if isinstance(statement, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Import,
                              ast.ImportFrom)):
        return False
    return any(isinstance(node, (ast.Call, ast.Await, ast.While, ast.For))
               for node in executed(statement))


def executed(node: ast.AST) -> Iterator[ast.AST]:
    """The node and all below it, but not the bodies of functions: those run when called."""
    waiting = [node]
    while waiting:
        found = waiting.pop()
        yield found
        if isinstance(found, (ast.FunctionDef, ast.AsyncFunctionDef)):
            waiting += [*found.decorator_list, *found.args.defaults,
                        *filter(None, found.args.kw_defaults)]
        elif not isinstance(found, ast.Lambda):
            waiting += ast.iter_child_nodes(found)


def mentioned(tree: ast.Module) -> set[str]:
    """Every name that a cell speaks of, wherever."""
    return {name for node in ast.walk(tree) for name in _names(node)}


def changed(tree: ast.Module) -> set[str]:
    """The names a cell's run binds, changes or deletes, in any form; "*" when that is open."""
    found: set[str] = set()
    for node in (n for s in tree.body for n in executed(s)):
        if (isinstance(node, ast.Call)
                and not (isinstance(node.func, ast.Name) and node.func.id in PLAIN)):
            return {"*"}
        if isinstance(node, ast.Name):
            found |= set() if isinstance(node.ctx, ast.Load) else {node.id}
        elif isinstance(node, (ast.Attribute, ast.Subscript)):
            found |= set() if isinstance(node.ctx, ast.Load) else {root(node)}
        else:
            found |= set(_names(node))
    return found


def _names(node: ast.AST) -> Iterator[str]:
    """The names in one node that are no part of another one."""
    if isinstance(node, ast.alias):
        yield "*" if node.name == "*" else (node.asname or node.name).split(".")[0]
    elif isinstance(node, (ast.Global, ast.Nonlocal)):
        yield from node.names
    else:
        # names; functions, classes, `except E as name`, `case name`; `case {**rest}`
        for field in ("id", "name", "rest"):
            value = getattr(node, field, None)
            if isinstance(value, str):
                yield value


def root(node: ast.expr) -> str:
    """The name at the beginning of `name.attribute[0]`; "*" where it begins with something else."""
    while isinstance(node, (ast.Attribute, ast.Subscript)):
        node = node.value
    return node.id if isinstance(node, ast.Name) else "*"


def only_data(tree: ast.Module, names: Iterable[str]) -> bool:
    """Whether a cell makes these names dicts, lists or numbers, which nothing below changes."""
    made = {t.id: s.value for s in tree.body if isinstance(s, ast.Assign)
            for t in s.targets if isinstance(t, ast.Name)}
    return all(isinstance(made.get(name), DATA) for name in names)


def tried_imports(tree: ast.Module) -> set[str]:
    """The packages that a cell imports where it has another road in case that fails."""
    return {name for node in ast.walk(tree) if isinstance(node, ast.Try) for s in node.body
            for name in imported(s)}


def imported(node: ast.AST) -> Iterator[str]:
    """The packages that are imported in a piece of code."""
    for found in ast.walk(node):
        if isinstance(found, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in found.names)
        elif isinstance(found, ast.ImportFrom) and found.module and not found.level:
            yield found.module.partition(".")[0]


def free(*statements: ast.stmt) -> set[str]:
    """The names that statements read and that none of them makes."""
    names = [n for s in statements for n in ast.walk(s) if isinstance(n, (ast.Name, ast.arg))]
    made = {n.arg if isinstance(n, ast.arg) else n.id
            for n in names if isinstance(n, ast.arg) or not isinstance(n.ctx, ast.Load)}
    return {n.id for n in names if isinstance(n, ast.Name)} - made


def leaned_on(body: Sequence[ast.stmt]) -> set[str]:
    """The names from outside that functions and classes use, and what helps to bind them."""
    found: set[str] = set()
    for statement in [*reversed(body)] * 2:  # twice: helpers may stand below what uses them
        if _defines(statement) or (isinstance(statement, ASSIGNMENTS)
                                   and not found.isdisjoint(bound(statement))):
            found |= free(statement)
    return found


def _defines(statement: ast.stmt) -> bool:
    if isinstance(statement, ast.Assign):
        return isinstance(statement.value, ast.Lambda)
    return isinstance(statement, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef,
                                  ast.If, ast.Try))


def bound(statement: ast.stmt) -> set[str]:
    """The names that code binds or deletes."""
    return {n.id for n in ast.walk(statement)
            if isinstance(n, ast.Name) and not isinstance(n.ctx, ast.Load)}


# ------------------------------------------------------------------------------- when a cell is run
def future_flags(statement: ast.stmt) -> int:
    """The flags of the compiler that `from __future__ import ...` sets for what follows."""
    if not isinstance(statement, ast.ImportFrom) or statement.module != "__future__":
        return 0
    flags = 0
    for alias in statement.names:
        flags |= getattr(getattr(__future__, alias.name, None), "compiler_flag", 0)
    return flags


def only_shows(statement: ast.stmt, error: BaseException) -> bool:
    """Whether a plot or print failed for want of a name, which the notebook may well have."""
    return isinstance(statement, ast.Expr) and type(error) is NameError


def stubs(tree: ast.Module) -> set[str]:
    """Names of functions whose body is nothing but a docstring and `raise NotImplementedError`."""
    return {s.name for s in tree.body
            if isinstance(s, ast.FunctionDef) and all(_says_nothing(b) for b in s.body)}


def _says_nothing(statement: ast.stmt) -> bool:
    if isinstance(statement, ast.Expr):
        return isinstance(statement.value, ast.Constant)
    if not isinstance(statement, ast.Raise):
        return isinstance(statement, ast.Pass)
    raised = statement.exc.func if isinstance(statement.exc, ast.Call) else statement.exc
    return isinstance(raised, ast.Name) and raised.id == "NotImplementedError"


def only_defines(statement: ast.stmt, namespace: Mapping[str, Any]) -> bool:
    """Imports, definitions, and assignments that call only modules' and builtin things."""
    if isinstance(statement, (ast.Import, ast.ImportFrom, ast.FunctionDef, ast.AsyncFunctionDef,
                              ast.ClassDef)):
        return True
    if isinstance(statement, (ast.If, ast.Try)):  # `try: import ... except ImportError: ...`
        return all(only_defines(s, namespace) or isinstance(s, ast.Pass) for s in _inner(statement))
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
    return bool(names) and not touched(statement).isdisjoint(names)


def touched(statement: ast.stmt) -> set[str]:
    """The names that a statement binds or changes; none for a loop."""
    if isinstance(statement, (ast.For, ast.AsyncFor, ast.While)):
        return set()
    if isinstance(statement, ast.Expr):  # LIMITS.update(high=1)
        function = statement.value.func if isinstance(statement.value, ast.Call) else None
        owner = function.value if isinstance(function, ast.Attribute) else None
        return {owner.id} if isinstance(owner, ast.Name) else set()
    return bound(statement) | {
        n.value.id for n in ast.walk(statement) if isinstance(n, ast.Subscript)
        and isinstance(n.value, ast.Name) and isinstance(n.ctx, ast.Store)}


def _is_foreign(function: ast.expr, namespace: Mapping[str, Any]) -> bool:
    while isinstance(function, (ast.Attribute, ast.Call)):
        function = function.value if isinstance(function, ast.Attribute) else function.func
    if not isinstance(function, ast.Name):
        return False
    value = namespace.get(function.id, getattr(builtins, function.id, None))
    own = (getattr(value, "__globals__", None) is namespace
           or getattr(value, "__module__", "") == "__main__")
    return (value is not None and not own
            and function.id not in {"input", "exec", "eval", "open", "print"})


def is_written_around(source: str, number: int) -> bool:
    """Whether this line's function has more than a docstring and raise NotImplementedError."""
    nodes = [n for n in ast.walk(parsed(source) or ast.Module([], []))
             if isinstance(n, ast.FunctionDef)]
    around = [n for n in nodes if n.lineno <= number <= (n.end_lineno or 0)]
    return bool(around) and not all(map(_says_nothing, max(around, key=lambda n: n.lineno).body))
