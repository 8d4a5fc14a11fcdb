"""The cells of a notebook as found in its JSON, and what is read in each: names, imports, stubs."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any

from autograder.interactive import as_python
from autograder.layout import digest
from autograder.model import SubmissionError
from autograder.notebook_file import NO_NOTEBOOK, called
from autograder.running import statements
from autograder.running.statements import parsed, stubs

MAX_CELLS = 5_000
# code that was put into a Markdown cell
FENCED = re.compile(r"```(?:python|py)?[ \t]*\n(.*)\n```", re.DOTALL)
MAX_KNOWN = 5_000  # characters of a cell whose syntax tree is kept for the next hand-in


@dataclass(frozen=True)
class FoundCell:
    """One cell as it was found, all of a wrong type already replaced by something harmless."""

    number: int  # its place in the notebook, counted from 1 as a student would
    kind: str  # "code", "markdown", "raw" or ""
    source: str
    nbgrader: Mapping[str, Any]
    damage: str = ""
    id: str = ""  # nbformat's own, since 4.5

    @property
    def grade_id(self) -> str:
        found = self.nbgrader.get("grade_id")
        return found if isinstance(found, str) else ""

    @property
    def reserved(self) -> bool:
        return self.grade_id == "setup" or self.grade_id.startswith("check_")

    @cached_property
    def text(self) -> str:
        return self.source.strip()

    @cached_property
    def digest(self) -> str:
        return digest(self.source)

    @cached_property
    def read(self) -> Read:
        """The cell as a kernel reads it."""
        return Read(self.source) if len(self.source) > MAX_KNOWN else _known(self.source)

    @property
    def tree(self) -> ast.Module | None:
        return self.read.tree

    def parts(self) -> list[str]:
        """The cell as it is run: calls stand alone, so that no more is lost with one."""
        return statements.parts(self.read.plain, self.tree)

    @cached_property
    def defines(self) -> set[str]:
        return set(_defined(self.tree.body)) if self.tree else set()

    @cached_property
    def stubs(self) -> set[str]:
        return stubs(self.tree) if self.tree else set()


class Read:
    """A cell as plain Python, its syntax tree, and what can be seen in it. Nobody changes it."""

    def __init__(self, source: str) -> None:
        self.plain = source
        self.tree = parsed(source)
        if self.tree is None:
            self.plain = as_python(source)
            self.tree = None if self.plain is source else parsed(self.plain)

    @cached_property
    def mentioned(self) -> frozenset[str]:
        return frozenset(statements.mentioned(self.tree)) if self.tree else frozenset()

    @cached_property
    def changed(self) -> frozenset[str]:
        return frozenset(statements.changed(self.tree)) if self.tree else frozenset()

    @cached_property
    def imports(self) -> frozenset[str]:
        """The packages that it cannot do without."""
        return (frozenset(statements.imported(self.tree)) - statements.tried_imports(self.tree)
                if self.tree else frozenset())


_known = lru_cache(256)(Read)  # a class hands in the same cells of the course again and again


def _defined(statements: Iterable[ast.stmt]) -> Iterator[str]:
    """The names that top-level statements define or assign."""
    for statement in statements:
        if isinstance(statement, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            yield statement.name
        elif isinstance(statement, ast.Assign):
            yield from (t.id for t in statement.targets if isinstance(t, ast.Name))
        elif isinstance(statement, ast.AnnAssign) and isinstance(statement.target, ast.Name):
            yield statement.target.id


def bound(statement: ast.stmt) -> Iterator[str]:
    """The names that one top-level statement binds by import, definition or assignment."""
    if isinstance(statement, (ast.Import, ast.ImportFrom)):
        yield from ((alias.asname or alias.name).split(".")[0] for alias in statement.names)
    elif isinstance(statement, ast.Assign):
        named = (n for t in statement.targets for n in ast.walk(t) if isinstance(n, ast.Name))
        yield from (n.id for n in named if isinstance(n.ctx, ast.Store))
    else:
        yield from _defined([statement])


def found_cells(node: Any, path: Path) -> list[FoundCell]:
    """The cells of a parsed notebook, or a SubmissionError when this is none of nbformat 4."""
    name = called(path)
    if not isinstance(node, Mapping):
        raise SubmissionError(
            f"{name} is no notebook: it holds a JSON {type(node).__name__}. {NO_NOTEBOOK}")
    version = node.get("nbformat", 4)
    if isinstance(version, (int, float)) and version != 4:
        age = "an old" if version < 4 else "a newer"
        raise SubmissionError(f"{name} is in {age} notebook format ({version:g}). Open it in "
                              "Jupyter, save it, hand in that file.")
    cells = node.get("cells")
    if not isinstance(cells, list):
        raise SubmissionError(f"{name} is no notebook: it has no list of cells. {NO_NOTEBOOK}")
    if len(cells) > MAX_CELLS:
        raise SubmissionError(f"{name} has {len(cells):,} cells, more than {MAX_CELLS:,}. Hand in "
                              "the assignment's own notebook.")
    return [_found(number, cell) for number, cell in enumerate(cells, 1)]


def _found(number: int, cell: Any) -> FoundCell:
    if not isinstance(cell, Mapping):
        return FoundCell(number, "", "", {}, "is no cell and was left out")
    kind = cell.get("cell_type")
    source, damage = _source(cell.get("source", ""))
    metadata = cell.get("metadata")
    nbgrader = metadata.get("nbgrader") if isinstance(metadata, Mapping) else None
    if kind not in ("code", "markdown", "raw"):
        kind, damage = "", damage or "has no known cell type"
    nbgrader = nbgrader if isinstance(nbgrader, Mapping) else {}
    if kind == "markdown" and (fenced := FENCED.fullmatch(source.strip())):
        source = fenced[1]
    return FoundCell(number, str(kind), source, nbgrader, damage, str(cell.get("id") or ""))


def _source(found: Any) -> tuple[str, str]:
    """A cell's text, given as a string or as a list of lines, and what is wrong with it."""
    lines = found if isinstance(found, list) else [found]
    text = "".join(line for line in lines if isinstance(line, str))
    damage = ("" if all(isinstance(line, str) for line in lines)
              else "holds something that is not text, which was left out")
    # lone surrogates can be written in JSON but not in Python
    clean = text.encode("utf-8", "replace").decode()
    if clean != text:
        damage = (damage or "holds characters that are no characters; they were replaced by "
                  "question marks")
    return clean, damage
