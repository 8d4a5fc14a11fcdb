"""How cells, their lines and what they raise are spoken of. The worker imports it."""

from __future__ import annotations

import builtins
import linecache
import re

from autograder.model import Cell, Role
from autograder.running import opaque

# stands behind the name of an exception that is a kind of ValueError
A_VALUE_ERROR = " (a ValueError)"
MAX_TEXT = 400  # characters of a student's error message that are kept


def line_of(number: int, text: str, cell: str = "") -> str:
    """How a line is spoken of: "line 7: return x * mask", "line 2 of cell 12: return rng"."""
    where = f"line {number} of {cell}" if cell else f"line {number}"
    return _clip(f"{where}: {text}" if text else where)


def file_name(cell: Cell) -> str:
    """The name under which tracebacks know a cell."""
    return f"<{cell.role.value} cell {cell.id}>"


def cell_name(filename: str) -> str:
    """How a cell is spoken of, "cell 12" or "the cell of keep_mask"; "" for no cell's file."""
    found = re.fullmatch(r"<(\w+) cell (?:(?:added|course)-)?(.+)>", filename)
    if not found:
        return ""
    return ("the set-up cell" if found[1] == Role.SETUP.value
            else f"cell {found[2]}" if found[2].isdecimal() else f"the cell of {found[2]}")


def with_line(error: BaseException, filename: str) -> str:
    """What went wrong, and in which line of this cell."""
    number, trace = 0, error.__traceback__
    while trace is not None:
        if trace.tb_frame.f_code.co_filename == filename:
            number = trace.tb_lineno
        trace = trace.tb_next
    if not number or isinstance(error, SyntaxError):
        return describe(error)
    return _clip(
        f"{describe(error)} (line {number}: {linecache.getline(filename, number).strip()})")


def describe(error: BaseException) -> str:
    """One line about an exception, type and message, clipped; survives one whose text raises."""
    try:
        text = str(error)[: 4 * MAX_TEXT]  # a copy of fifty megabytes would take long
    except BaseException:
        text = "(its message cannot be shown)"
    if isinstance(error, SyntaxError):
        where = ": ".join(filter(None, (f"line {error.lineno}", (error.text or "").strip())))
        text = f"{error.msg} ({where})" if error.lineno else str(error.msg)
    name = _clip(opaque.type_name(error))
    if isinstance(error, ValueError) and not hasattr(builtins, name):
        # LinAlgError, StatisticsError and the student's own are as good where a ValueError is asked
        # for
        name += A_VALUE_ERROR
    return _clip(f"{name}: {text}" if text else name)


def _clip(text: str) -> str:
    if len(text) <= MAX_TEXT and text.isascii() and text.isprintable():  # as nearly all are
        return text
    clean = "".join(c if c.isprintable() else " " for c in text[: 4 * MAX_TEXT])
    clean = clean.encode("utf-8", "replace").decode()
    return clean if len(clean) <= MAX_TEXT else clean[: MAX_TEXT - 3] + "..."
