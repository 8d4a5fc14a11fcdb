"""What a key is written with: `@misconception("dropout_forward")` on a wrong solution, `@variant("dropout_forward")` on a right one.

Decorate a function (it replaces the exercise's function) or a class whose plain functions and classes replace those of the same names.
The docstring of a misconception is what the student reads.
"""

from __future__ import annotations

import ast
import inspect
import textwrap
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from autograder.model import CourseError, Misconception, Variant

Decorated = TypeVar("Decorated", bound=Callable[..., Any])
_MARK = "_autograder_entry"


def misconception(exercise: str, signs: str = "", name: str = "", also: str = "") -> Callable[[Decorated], Decorated]:
    """Mark a wrong solution of `exercise`.

    `signs` names the facts that give it away (default: all that differ from the right ones; "=fact" for one that it gets right, and
    that others who look like it get wrong); `name` is the belief, by default the name of what is decorated. `also` names other
    exercises of which the belief is told, in the same words, where the same facts show it.
    """

    def mark(thing: Decorated) -> Decorated:
        sentence = " ".join((thing.__doc__ or "").split())
        if not sentence:
            raise CourseError(f"The misconception {thing.__name__} has no docstring. Write the sentence its student should read.")
        functions = _functions(thing, exercise)
        entry = Misconception(name or thing.__name__, exercise, sentence, functions, tuple(signs.split()), tuple(also.split()))
        setattr(thing, _MARK, entry)
        return thing

    return mark


def variant(exercise: str) -> Callable[[Decorated], Decorated]:
    """Mark a right answer that looks different from the solution."""

    def mark(thing: Decorated) -> Decorated:
        setattr(thing, _MARK, Variant(thing.__name__, exercise, _functions(thing, exercise)))
        return thing

    return mark


def entries(namespace: Mapping[str, Any]) -> list[Misconception | Variant]:
    """All marked things of a module, in the order in which they are written."""
    found = [getattr(value, _MARK) for value in namespace.values() if hasattr(value, _MARK)]
    return [entry for entry in found if isinstance(entry, (Misconception, Variant))]


def _functions(thing: Any, exercise: str) -> dict[str, Callable[..., Any]]:
    if inspect.isclass(thing):
        return {name: value for name, value in vars(thing).items() if inspect.isfunction(value) or inspect.isclass(value)}
    return {exercise: thing}


def source(entry: Misconception | Variant) -> dict[str, str]:
    """Function name -> its source as a student would have written it: no decorator, no docstring, the exercise's own name."""
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
