"""Mechanical mistakes: answers with one operator, constant, statement or argument changed.

A mutant that loses no points is a survivor: either it means the same (then the key says so, with
the reason, in EQUIVALENT), or a check is missing.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from autograder.authoring.verify import verdicts_of
from autograder.keys import bare
from autograder.model import Exercise, Outcome
from autograder.staff import Staff

OTHER: dict[type[ast.AST], Sequence[type[ast.AST]]] = {
    ast.Add: [ast.Sub],
    ast.Sub: [ast.Add],
    ast.Mult: [ast.Div],
    ast.Div: [ast.Mult],
    ast.Pow: [ast.Mult],
    ast.FloorDiv: [ast.Div],
    ast.Mod: [ast.Mult],
    ast.And: [ast.Or],
    ast.Or: [ast.And],
    ast.Lt: [ast.LtE, ast.GtE],
    ast.LtE: [ast.Lt, ast.Gt],
    ast.Gt: [ast.GtE, ast.LtE],
    ast.GtE: [ast.Gt, ast.Lt],
    ast.Eq: [ast.NotEq],
    ast.NotEq: [ast.Eq],
    ast.Is: [ast.IsNot],
    ast.IsNot: [ast.Is],
    ast.USub: [ast.UAdd],
}
SIMPLE = (ast.Assign, ast.AugAssign, ast.AnnAssign, ast.Expr, ast.Raise, ast.If, ast.For)


@dataclass(frozen=True)
class Mutant:
    """One change of one answer: `was` and `becomes` are its line before and after."""

    exercise: str
    was: str
    becomes: str
    source: str

    @property
    def title(self) -> str:
        """As EQUIVALENT names it."""
        return f"{self.was} -> {self.becomes}"


def mutants(exercise: str, source: str) -> Iterator[Mutant]:
    """All mutants of an answer cell; those of the same text once."""
    tree = ast.parse(bare(source))
    before = ast.unparse(tree)
    told = {before}
    for node in list(ast.walk(tree)):
        for name, value in _changes(node):
            right = getattr(node, name)
            setattr(node, name, value)
            text = ast.unparse(ast.fix_missing_locations(tree))
            setattr(node, name, right)
            if text not in told:
                told.add(text)
                yield Mutant(exercise, *_differing(before, text), text + "\n")


def _differing(before: str, after: str) -> tuple[str, str]:
    """The first line that differs, of both; a statement that is gone becomes "pass"."""
    for old, new in zip(before.splitlines(), after.splitlines(), strict=False):
        if old != new:
            return old.strip(), new.strip()
    return before.splitlines()[-1].strip(), "pass"


def _changes(node: ast.AST) -> Iterator[tuple[str, object]]:
    """Fields of the node, and what may stand there instead."""
    if isinstance(node, (ast.BinOp, ast.AugAssign, ast.BoolOp, ast.UnaryOp)):
        yield from (("op", kind()) for kind in OTHER.get(type(node.op), ()))
    elif isinstance(node, ast.Compare):
        for place, operator in enumerate(node.ops):
            yield from (("ops", _with(node.ops, place, kind()))
                        for kind in OTHER.get(type(operator), ()))
    elif isinstance(node, ast.Constant):
        yield from (("value", value) for value in _other_values(node.value))
    elif isinstance(node, ast.Call) and len(node.args) > 1:
        yield "args", [node.args[1], node.args[0], *node.args[2:]]
    if isinstance(node, (ast.FunctionDef, ast.If, ast.For, ast.While, ast.ClassDef)):
        yield from (("body", _with(node.body, place, ast.Pass()))
                    for place, statement in enumerate(node.body) if isinstance(statement, SIMPLE))
    if isinstance(node, (ast.If, ast.IfExp, ast.While)):
        yield "test", ast.UnaryOp(ast.Not(), node.test)


def _with(listed: Sequence[object], place: int, one: object) -> list[object]:
    return [*listed[:place], one, *listed[place + 1 :]]


def _other_values(value: object) -> Sequence[object]:
    if isinstance(value, bool):
        return (not value,)
    if isinstance(value, int):
        return (value + 1, value - 1)
    return (value * 2 + 1,) if isinstance(value, float) else ()


# ------------------------------------------------------------------------------------- judging them
@dataclass(frozen=True)
class Score:
    """How one exercise fared: how many mutants were made, and those that lost nothing."""

    exercise: str
    made: int
    survivors: tuple[Mutant, ...]
    equivalent: int  # survivors that the key argues to mean the same


def scores(staff: Staff) -> Iterator[Score]:
    """Every exercise with an answer in code."""
    argued = staff.key.equivalent
    for exercise in staff.assignment.exercises:
        if not all(callable(staff.reference.namespace.get(name)) for name in exercise.names):
            continue  # a quiz is numbers, right to a tolerance
        source = staff.solution.answers.get(exercise.name, "")
        made = list(mutants(exercise.name, source))
        alive = [m for m in made if not _killed(staff, exercise, m)]
        known = argued.get(exercise.name, {})
        yield Score(exercise.name, len(made), tuple(m for m in alive if m.title not in known),
                    sum(m.title in known for m in alive))


def _killed(staff: Staff, exercise: Exercise, mutant: Mutant) -> bool:
    subject = staff.with_cells({exercise.name: mutant.source})
    return (bool(subject.troubles)
            or any(v.outcome is not Outcome.PASSED for v in verdicts_of(exercise, subject, staff)))


def lines(found: Sequence[Score]) -> Iterator[str]:
    """A line for each exercise, and one for each survivor that nobody has argued away."""
    for score in found:
        killed = score.made - len(score.survivors) - score.equivalent
        share = killed / max(score.made - score.equivalent, 1)
        yield (f"{score.exercise}: {killed} of {score.made} mutants lose points, "
               f"{score.equivalent} mean the same ({share:.0%})")
        yield from (f"    {m.title}" for m in score.survivors)
