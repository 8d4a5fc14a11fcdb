"""What the kernel knows and no function says: that the cell to define it stopped with an error."""

from __future__ import annotations

import ast
import linecache
import re
import sys
import traceback
import types
from collections.abc import Iterable, Mapping
from typing import Any

BEFORE = "What stands below is about the version before it."


def stopped(names: Iterable[str], functions: Mapping[str, Any]) -> str:
    """How the last cell to define a name ended, if before it did; "" when well or unknown."""
    shell = _shell()
    if shell is None:
        return ""
    for name in names:
        found = functions.get(name)
        cell = _last_cell(shell, name)
        if cell and not _comes_from(found, cell) and (how := _ended(cell)):
            return f"{how}\n{BEFORE}" if found is not None else how
    return ""


def _shell() -> Any:
    if "IPython" not in sys.modules:
        return None
    from IPython.core.getipython import get_ipython

    return get_ipython()


def _last_cell(shell: Any, name: str) -> str:
    """The text, as the kernel reads it, of the last cell that has `def name` or `name = `."""
    defines = re.compile(rf"^[ \t]*(?:(?:async )?def {name}\b|{name}[ \t]*=[^=])", re.MULTILINE)
    cells = [cell for cell in shell.history_manager.input_hist_raw if defines.search(cell)]
    return str(shell.transform_cell(cells[-1])) if cells else ""


def _comes_from(found: Any, cell: str) -> bool:
    """Whether this is that cell's function; what is no function tells no cell: believed."""
    if found is None:
        return False
    return (not isinstance(found, types.FunctionType)
            or _text(found.__code__.co_filename) == cell.strip())


def _text(filename: str) -> str:
    return "".join(linecache.getlines(filename)).strip()


def cell_name(filename: str) -> str:
    """The cell of a file name in a traceback, "In [7]"; "" for what is none."""
    shell, text = _shell(), _text(filename)
    cells = shell.history_manager.input_hist_parsed if shell and text else []
    number = max((n for n, cell in enumerate(cells) if cell.strip() == text), default=0)
    return f"In [{number}]" if number else ""


def _ended(cell: str) -> str:
    """"SyntaxError at line 3: ...", of a cell uncompiled or with the last exception."""
    try:  # a return outside of a function is found in compiling only
        compile(cell, "cell", "exec", flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT, dont_inherit=True)
    except (SyntaxError, ValueError) as error:
        where = (f" at line {error.lineno}" if isinstance(error, SyntaxError)
                 and error.lineno else "")
        text = f": {error.text.strip()}" if isinstance(error, SyntaxError) and error.text else ""
        return f"{type(error).__name__}{where}: {getattr(error, 'msg', error)}{text}"
    last = getattr(sys, "last_value", None)
    frames = traceback.walk_tb(getattr(last, "__traceback__", None))
    number = next((number for frame, number in frames
                   if _text(frame.f_code.co_filename) == cell.strip()), 0)
    return f"{type(last).__name__} at line {number}: {last}" if number else ""
