"""Where in a student's cells something happened: the endless loop, the lines behind a result."""

from __future__ import annotations

import ast
import linecache
import re
import sys
import types
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from autograder.model import Call
from autograder.running.statements import bound, parsed, root

MOST_LINES = 3  # that are told of one value
LOOPS = (ast.While, ast.For)
FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
ENDS = (ast.Break, ast.Return, ast.Raise)
CHANGED = re.compile(r"(\w+) was changed by the call")
NAME = re.compile(r"[A-Za-z_]\w*")
Place = tuple[str, int]  # file name of a cell, and a line


_parsed = lru_cache(maxsize=64)(parsed)


def _around(place: Place, kinds: tuple[type, ...]) -> list[Any]:
    """The statements of these kinds around a line, from outside inwards."""
    filename, number = place
    tree = _parsed("".join(linecache.getlines(filename))) or ast.Module([], [])
    nodes: list[Any] = [n for n in ast.walk(tree) if isinstance(n, kinds)]
    return sorted((n for n in nodes if n.lineno <= number <= n.end_lineno), key=lambda n: n.lineno)


# ----------------------------------------------------------------------------------------- the loop
def loop(places: Iterable[Place]) -> tuple[Place, str] | None:
    """Of the loops around these places the one most likely meant to end, and why it does not.

    Places are given from the call inwards. A `while` that nothing in it can end comes before any
    other one, a `while` before a `for`.
    """
    found = [(place[0], node) for place in places for node in _innermost_function(place)]
    ranked = sorted(found, key=lambda one: (not _why(one[1]), not isinstance(one[1], ast.While)))
    return ((ranked[0][0], ranked[0][1].lineno), _why(ranked[0][1])) if ranked else None


def _innermost_function(place: Place) -> list[Any]:
    """The loops around a line that belong to the function which the line stands in."""
    functions = _around(place, FUNCTIONS)
    return [node for node in _around(place, LOOPS)
            if not functions or node.lineno > functions[-1].lineno]


def _why(node: ast.stmt) -> str:
    if not isinstance(node, ast.While) or any(isinstance(n, ENDS) for s in node.body
                                              for n in ast.walk(s)):
        return ""
    if isinstance(node.test, ast.Constant):
        return "nothing in it ends it: it has no break and no return"
    if any(isinstance(n, (ast.Call, ast.Attribute, ast.Subscript, ast.NamedExpr))
           for n in ast.walk(node.test)):
        return ""
    asked = sorted({n.id for n in ast.walk(node.test) if isinstance(n, ast.Name)})
    touched = set[str]().union(*map(bound, node.body))
    inside = {root(n) for s in node.body
              for n in ast.walk(s) if isinstance(n, (ast.Attribute, ast.Subscript))}
    return (f"nothing in it changes {' or '.join(asked)}" if asked
            and not {*asked} & (touched | inside) else "")


# -------------------------------------------------------------------------------- what made a value
@dataclass(frozen=True)
class Topic:
    """What a message speaks of: an item of what call `call` returns, or a changed argument."""

    call: int
    item: int | None = None
    many: int = 1
    argument: str = ""


def topic(calls: Sequence[Call], got: str) -> Topic | None:
    """The same, read off the message; None where no line of the student's made it."""
    if not calls or any(call.look for call in calls):
        return None
    if changed := CHANGED.match(got):
        return Topic(len(calls) - 1, argument=changed[1])
    for name in NAME.findall(re.split(r" = | is | holds ", got)[0]):
        for number, call in enumerate(calls):
            if name in call.returns:
                return Topic(number, call.returns.index(name), len(call.returns))
    return Topic(len(calls) - 1 if len({call.function for call in calls}) > 1 else 0)


class Watch:
    """Notes the lines of a function of a notebook, in its last call; a context manager.

    It stands aside where somebody traces already, such as a debugger.
    """

    def __init__(self, namespace: Mapping[str, Any], function: str) -> None:
        self._namespace, self._function = namespace, function
        self._busy: types.FrameType | None = None
        self.filename = ""
        self.lines: set[int] = set()  # that were run
        self.end = 0  # the line that returned

    def __enter__(self) -> Watch:
        self._mine = sys.gettrace() is None
        if self._mine:
            sys.settrace(self._called)
        return self

    def __exit__(self, *error: object) -> None:
        if self._mine:
            sys.settrace(None)

    def _called(self, frame: types.FrameType, event: str, argument: Any) -> Any:
        if (self._busy is not None or frame.f_globals is not self._namespace
                or frame.f_code.co_name != self._function):
            return None
        self._busy, self.filename, self.lines, self.end = frame, frame.f_code.co_filename, set(), 0
        return self._step

    def _step(self, frame: types.FrameType, event: str, argument: Any) -> Any:
        if event == "line":
            self.lines.add(frame.f_lineno)
        elif event == "return":
            self._busy, self.end = None, frame.f_lineno
        return self._step

    def makers(self, topic: Topic) -> list[int]:
        """The lines that made what is spoken of, and those that made what stands in them."""
        if topic.argument:
            return self._writers({topic.argument})
        returns = _around((self.filename, self.end), (ast.Return,))
        if not returns or returns[-1].value is None:
            return []
        value, end = returns[-1].value, returns[-1].lineno
        if (isinstance(value, ast.Tuple) and topic.item is not None
                and len(value.elts) == topic.many):
            value = value.elts[topic.item]
            end = value.lineno
        named = self._writers({value.id}) if isinstance(value, ast.Name) else []
        last = named or [end]
        where = [n for n in self._statements() if n.lineno in named] if named else [value]
        before = self._writers({n.id for node in where
                                for n in ast.walk(node) if isinstance(n, ast.Name)})
        return last if len(last) == MOST_LINES else sorted({*last, *before})[-MOST_LINES:]

    def _writers(self, names: Collection[str]) -> list[int]:
        return sorted({n.lineno for n in self._statements() if _bound(n) & {*names}})[-MOST_LINES:]

    def _statements(self) -> Iterator[ast.Assign | ast.AugAssign | ast.AnnAssign]:
        """The statements that were run, without those that only hold others."""
        for function in _around((self.filename, self.end), FUNCTIONS)[-1:]:
            for node in ast.walk(function):
                if (isinstance(node, (ast.Assign, ast.AugAssign, ast.AnnAssign))
                        and node.lineno in self.lines):
                    yield node


def _bound(statement: ast.Assign | ast.AugAssign | ast.AnnAssign) -> set[str]:
    targets = statement.targets if isinstance(statement, ast.Assign) else [statement.target]
    return {root(part) for target in targets for part in _parts(target)}


def _parts(target: ast.expr) -> Iterable[ast.expr]:
    return target.elts if isinstance(target, (ast.Tuple, ast.List)) else [target]
