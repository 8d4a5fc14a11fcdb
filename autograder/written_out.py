"""The course's set-up cell for a place where the kit is not to be imported: what it takes from a module of the kit stands there in full.

So a set-up cell may hand out code by an import, and no other cell can have it from there: in the sandbox that import finds a blank.
"""

from __future__ import annotations

import ast
from functools import cache
from importlib.util import find_spec
from pathlib import Path

PACKAGE = "autograder."


def written_out(setup: str) -> str:
    """The cell, with each `from autograder.module import names` replaced by that module's own statements."""
    lines = setup.split("\n")
    for node in reversed(ast.parse(setup).body):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith(PACKAGE):
            lines[node.lineno - 1 : node.end_lineno] = [_statements(str(node.module))]
    return "\n".join(lines)


@cache
def _statements(module: str) -> str:
    found = find_spec(module)
    if found is None or found.origin is None:
        raise ModuleNotFoundError(f"No module named {module!r}", name=module)
    body = ast.parse(Path(found.origin).read_text(encoding="utf-8")).body
    return ast.unparse(ast.Module([s for s in body if not (isinstance(s, ast.ImportFrom) and s.module == "__future__")], []))
