"""The course's set-up cell where the kit is not to be imported: what it takes stands there in full.

So a set-up cell may hand out code by an import, and no other cell can have it from there: in the
sandbox that import finds a blank.
"""

from __future__ import annotations

import ast
from functools import cache
from importlib.util import find_spec
from pathlib import Path

PACKAGE = "autograder."


def written_out(setup: str) -> str:
    """The cell, each `from autograder.module import names` replaced by that module's statements."""
    lines = setup.split("\n")
    try:
        body = ast.parse(setup).body
    except SyntaxError:  # told where the cell is run
        return setup
    for node in reversed(body):
        if (isinstance(node, ast.ImportFrom) and (node.module or "").startswith(PACKAGE)
                and (path := _path(str(node.module)))):
            lines[node.lineno - 1 : node.end_lineno] = [_statements(path)]
    return "\n".join(lines)


def _path(module: str) -> Path | None:
    try:
        found = find_spec(module)
    except ModuleNotFoundError:
        return None
    return Path(found.origin) if found and found.origin else None


@cache
def _statements(path: Path) -> str:
    body = ast.parse(path.read_text(encoding="utf-8")).body
    return ast.unparse(ast.Module(
        [s for s in body if not (isinstance(s, ast.ImportFrom) and s.module == "__future__")], []))
