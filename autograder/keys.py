"""What a key is written with: wrong answers with the belief behind them, right ones that differ.

A mistake is an edit of the solution. `MISCONCEPTIONS` lists them by exercise:

    MISCONCEPTIONS = {
        "dropout_forward": [
            core("survivors_need_no_scaling", "You drop units but never ...", ("1 / (1 - p)",
            "1.0"), signs="survivors"),
        ],
    }

`core`, `edge` and `manner` say how grave it is; `autograder verify` refuses one that costs
something else. What is no edit is written out: `@misconception("dropout_forward")` on a wrong
function (or on a class whose functions replace those of the same names), its docstring being the
sentence; `@variant("dropout_forward")` on a right one, or `VARIANTS` with entries made by `right`.
"""

from __future__ import annotations

import ast
import difflib
import inspect
import io
import sys
import textwrap
import tokenize
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cache, partial
from symtable import SymbolTable, symtable
from typing import Any, TypeVar

from autograder.model import CourseError, Gravity, Misconception, Variant

Decorated = TypeVar("Decorated", bound=Callable[..., Any])
Edit = tuple[str, str] | tuple[str, str, int] | tuple[str, str, int, str]
Entry = TypeVar("Entry", Misconception, Variant)
_MARK = "_autograder_entry"


# -------------------------------------------------------------------------------------------- edits
def mistake(gravity: Gravity, name: str, sentence: str, *edits: Edit, signs: str = "",
            also: str = "", base: str = "") -> Misconception:
    """A wrong answer as an edit of the right one; write `core`, `edge` or `manner` for it.

    name     : the belief, as words joined by underscores
    sentence : what its student reads
    edits    : (old, new) or (old, new, how often old occurs), done one after the other on the
               answer cell without comments and docstrings; `within("dropout_forward", old, new)`
               for the answer cell of another exercise
    signs    : facts that give it away (default: all that differ; "=fact" for one that it gets
               right, and others who look like it get wrong)
    also     : other exercises of which the belief is told where the same facts show it
    base     : name of a right variant that is edited in place of the solution
    """
    if not edits:
        raise CourseError(
            f"The misconception {name} has no edits. Say what is exchanged: (old, new).")
    return Misconception(name, "", " ".join(sentence.split()), {}, tuple(signs.split()),
                         tuple(also.split()), gravity, _times(edits), base)


core = partial(mistake, Gravity.CORE)
edge = partial(mistake, Gravity.EDGE)
manner = partial(mistake, Gravity.MANNER)


def right(name: str, *edits: Edit, base: str = "") -> Variant:
    """A right answer as an edit of the solution, or of another variant."""
    return Variant(name, "", {}, _times(edits), base)


def within(exercise: str, old: str, new: str, times: int = 1) -> Edit:
    """An edit of the answer to another exercise than the one that the entry is about."""
    return old, new, times, exercise


def _times(edits: Sequence[Edit]) -> tuple[tuple[str, str, int, str], ...]:
    return tuple((old, new, *(*more, *(1, "")[len(more) :])) for old, new, *more in edits)


def edited(answers: Mapping[str, str], entry: Misconception | Variant) -> dict[str, str]:
    """The answers (exercise -> source) an entry changes; CourseError if a text is not there."""
    changed: dict[str, str] = {}
    for old, new, times, where in entry.edits:
        exercise = where or entry.exercise
        text = changed.get(exercise, answers.get(exercise, ""))
        found = text.count(old)
        if not old or found != times:
            raise CourseError(
                f"{entry.name}: {old!r} should occur {times} time{'s' * (times != 1)} in the "
                f"answer to {exercise}, and occurs {found}. The nearest line is "
                f"{_nearest(old, text)!r}. Mend the edit.")
        changed[exercise] = text.replace(old, new)
    return changed


def _nearest(old: str, text: str) -> str:
    first = next(iter(old.strip().splitlines()), "")
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return max(lines, key=lambda line: difflib.SequenceMatcher(None, first, line).ratio(),
               default="")


def bare(source: str) -> str:
    """The code without comments and docstrings: a key neither spells them nor depends on them."""
    lines = without_words(source, lambda node: not isinstance(node, ast.Module))
    return "\n".join(line for line in lines if line is not None).strip() + "\n"


def without_words(source: str, drops: Callable[[ast.AST], bool]) -> list[str | None]:
    """The lines without comments, and without the docstrings it drops; None for one that is gone.

    A body that is nothing but a docstring keeps it.
    """
    lines: list[str | None] = [*source.splitlines()]
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type == tokenize.COMMENT:
            row, column = token.start
            lines[row - 1] = token.line[:column].rstrip() or None
    for node in ast.walk(ast.parse(source)):
        if (isinstance(node, (ast.Module, ast.FunctionDef, ast.ClassDef)) and len(node.body) > 1
                and ast.get_docstring(node) is not None and drops(node)):
            first, last = node.body[0].lineno - 1, node.body[0].end_lineno
            lines[first:last] = [None] * len(lines[first:last])
    return lines


# -------------------------------------------------------------------------------------- written out
def misconception(exercise: str, gravity: str = "edge", signs: str = "", name: str = "",
                  also: str = "") -> Callable[[Decorated], Decorated]:
    """Mark a wrong solution that is written out: its docstring is the sentence; see `mistake`."""

    def mark(thing: Decorated) -> Decorated:
        sentence = " ".join((thing.__doc__ or "").split())
        if not sentence:
            raise CourseError(f"The misconception {thing.__name__} has no docstring. Write the "
                              "sentence its student should read.")
        setattr(thing, _MARK, Misconception(
            name or thing.__name__, exercise, sentence, _functions(thing, exercise),
            tuple(signs.split()), tuple(also.split()), Gravity(gravity)))
        return thing

    return mark


def variant(exercise: str) -> Callable[[Decorated], Decorated]:
    """Mark a right answer that looks different from the solution."""

    def mark(thing: Decorated) -> Decorated:
        setattr(thing, _MARK, Variant(thing.__name__, exercise, _functions(thing, exercise)))
        return thing

    return mark


def _functions(thing: Any, exercise: str) -> dict[str, Callable[..., Any]]:
    if inspect.isclass(thing):
        return {name: value for name, value in vars(thing).items()
                if inspect.isfunction(value) or inspect.isclass(value)}
    return {exercise: thing}


# -------------------------------------------------------------------------------------- a whole key
def entries(namespace: Mapping[str, Any]) -> list[Misconception | Variant]:
    """All wrong and right answers of a key: those written out, in their order, then the edits."""
    found = [getattr(value, _MARK) for value in namespace.values() if hasattr(value, _MARK)]
    written = [entry for entry in found if isinstance(entry, (Misconception, Variant))]
    return [*written, *_listed(namespace, "MISCONCEPTIONS", Misconception),
            *_listed(namespace, "VARIANTS", Variant)]


def _listed(namespace: Mapping[str, Any], name: str, kind: type[Entry]) -> Iterator[Entry]:
    for exercise, listed in namespace.get(name, {}).items():
        for entry in listed:
            if not isinstance(entry, kind):
                raise CourseError(f"{name} has {entry!r} below {exercise}. Make it with core, "
                                  "edge, manner or right.")
            yield replace(entry, exercise=exercise)


# ----------------------------------------------------------------------------------- as source code
def source(entry: Misconception | Variant) -> dict[str, str]:
    """Function name -> source as a student's: no decorator or docstring, the exercise's name."""
    return {name: _renamed(function, name) for name, function in entry.functions.items()}


def _renamed(function: Callable[..., Any], name: str) -> str:
    tree = ast.parse(textwrap.dedent(inspect.getsource(function)))
    definition = tree.body[0]
    if not isinstance(definition, (ast.FunctionDef, ast.ClassDef)):
        raise CourseError(f"{name} in the key is no plain function. Write it with def.")
    definition.name, definition.decorator_list = name, []
    if ast.get_docstring(definition) is not None:
        definition.body = definition.body[1:]
    return ast.unparse(tree)


def helpers(entry: Misconception | Variant, text: str, given: str) -> list[str]:
    """What an entry's text takes from its key: imports, constants, functions not `given`."""
    function = next(iter(entry.functions.values()))
    named = _statements(inspect.getsource(sys.modules[function.__module__]))
    there = {s.get_name() for s in symtable(given, "set-up", "exec").get_symbols()}
    named = {name: named[name] for name in named.keys() - there}
    found: dict[int, str] = {}
    texts = [text]
    while texts:  # what a helper needs is a helper too
        for line, statement in sorted(named[name] for name in asked_for(
                symtable(texts.pop(), "answer", "exec")) & named.keys()):
            if line not in found:
                found[line] = statement
                texts.append(statement)
    return [found[line] for line in sorted(found)]


def asked_for(table: SymbolTable) -> set[str]:
    """The names this code looks for outside of its functions."""
    return {s.get_name() for s in table.get_symbols()
            if s.is_global()}.union(*map(asked_for, table.get_children()))


@cache
def _statements(code: str) -> dict[str, tuple[int, str]]:
    """Name -> line and text of the statement that binds it; no entries of a key, no kit imports."""
    found: dict[str, tuple[int, str]] = {}
    lines = code.splitlines()  # once: ast.get_source_segment would do it for every statement
    for node in ast.parse(code).body:
        if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
            names = set() if node.decorator_list else {node.name}
        elif isinstance(node, (ast.Import, ast.ImportFrom)):
            ours = isinstance(node, ast.ImportFrom) and (node.module or "").startswith("autograder")
            names = set() if ours else {alias.asname or alias.name for alias in node.names}
        else:
            names = {n.id for n in ast.walk(node)
                     if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}
        found |= dict.fromkeys(names, (node.lineno,
                                       "\n".join(lines[node.lineno - 1 : node.end_lineno])))
    return found
