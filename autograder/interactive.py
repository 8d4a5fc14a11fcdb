"""A cell as a kernel reads it -> plain Python, line by line: indentation, prompts, magics, help.

What is IPython's own syntax and what is not is decided by IPython's own transformers. What they
make of a magic is replaced by what it does to names: `%time x = f()` binds x, `!ls` does nothing.
"""

from __future__ import annotations

import ast
import importlib
import re
import sys
import types
from functools import cache
from importlib.util import find_spec
from typing import Any

from autograder.running.statements import parsed

# characters of one cell: IPython looks at all of them again after each magic
MAX_LOOKED_AT = 400_000
MAX_MAGICS = 500  # in one cell: IPython's own limit, at which a kernel refuses the cell, too
MAX_CELL_MAGICS = 10
# cell magics whose cell is run as if they were not there
RUNS_ITS_CELL = frozenset({"time", "capture", "prun"})
# whoever has none of this has no use for a transformer: the cell is simply no Python
TRACES = re.compile(r"^\s*(?:[%!?,;/]|>>>|\.\.\.|In \[|\S.*?\?\s*$)|=\s*[%!]", re.MULTILINE)


class NotPython(Exception):
    """The cell cannot be turned into Python; the text says why, for students."""


def as_python(source: str) -> str:
    """The cell as plain Python, a statement a line, or as it is when it is plain Python already.

    A cell that a kernel would not run either (another language, %%timeit) becomes a statement that
    raises a SyntaxError with the reason.
    """
    is_indented = source.lstrip("\r\n")[:1] in (" ", "\t")
    if parsed(source) or not (TRACES.search(source) or is_indented):
        return source
    try:
        return _translated(source)
    except NotPython as error:
        return f"raise SyntaxError({str(error)!r})\n"


def _translated(source: str) -> str:
    ipython = transformers()
    if ipython is None:
        found = TRACES.search(source)
        line = f" ({found[0].strip()[:40]})" if found else ""
        raise NotPython(f"this cell is written in IPython's own syntax{line}, which is not "
                        "installed here: pip install ipython")
    lines = (source if source.endswith("\n") else source + "\n").splitlines(keepends=True)
    blank, lines = _cleaned(ipython, lines)
    for _ in range(MAX_CELL_MAGICS):
        if not _has_cell_magic(lines):
            return blank + "".join(_without_magics(ipython, lines))
        _must_run_its_cell(lines[0])
        more, lines = _cleaned(ipython, lines[1:])
        blank += "\n" + more
    raise NotPython(f"this cell begins with more than {MAX_CELL_MAGICS} cell magics. Take them out")


def _cleaned(ipython: Any, lines: list[str]) -> tuple[str, list[str]]:
    """The lines without indentation, prompts and empty lines at the top; numbers stay."""
    before = len(lines)
    for transform in ipython.TransformerManager().cleanup_transforms:
        lines = transform(lines)
    return "\n" * (before - len(lines)), lines


def _has_cell_magic(lines: list[str]) -> bool:
    return bool(lines) and lines[0].startswith("%%") and not re.match(r"%%\w+\?", lines[0])


def _must_run_its_cell(line: str) -> None:
    name = line[2:].partition(" ")[0].strip()
    if name == "timeit":
        raise NotPython("%%timeit: in Jupyter, too, what a cell defines below it is gone "
                        "afterwards. Take that line out")
    if name not in RUNS_ITS_CELL:
        raise NotPython(f"%%{name}: Jupyter does not run this cell as Python of the notebook "
                        "either. Take that line out")


def _without_magics(ipython: Any, lines: list[str]) -> list[str]:
    """The lines as Python, as many as there were."""
    manager, looked_at = ipython.TransformerManager(), 0
    for _ in range(MAX_MAGICS):
        looked_at += sum(map(len, lines))
        if looked_at > MAX_LOOKED_AT:
            break
        try:
            _, new = manager.do_one_token_transform(lines)
        except (IndexError, AssertionError):  # `x = %` and nothing more
            return lines
        place = next((n for n, (old, made) in enumerate(zip(lines, new, strict=False))
                      if old != made), None)
        if place is None:
            return lines
        gap = ["\n"] * (len(lines) - len(new))
        lines = [*new[:place], _harmless(new[place]), *gap, *new[place + 1 :]]
    raise NotPython("this cell is too long for IPython's own syntax. Put magics and shell "
                    "lines into a cell of their own")


def _harmless(line: str) -> str:
    """What IPython made, `x = get_ipython().run_line_magic('time', 'f()')`, as it acts on names."""
    before, mark, call = line.partition("get_ipython().")
    if not mark:
        return line  # `/f x` has become `f(x)`
    target = before.strip()
    done = _done(call.strip())
    if not target:
        return f"{before}{done or 'pass'}\n"
    as_value = done and parsed(f"({done})")
    return f"{before}{done if as_value else '[]' if call.startswith('getoutput') else 'None'}\n"


def _done(call: str) -> str:
    """The Python that a line magic runs on one line; "" for magics that run none."""
    if not call.startswith(("run_line_magic('time',", "run_line_magic('prun',")):
        return ""
    line = str(ast.literal_eval(call.partition(",")[2].strip().removesuffix(")"))).strip()
    statement = re.sub(r"^(?:-q|--no-raise-error)\s+", "", line)
    return statement if parsed(statement) else ""


# ------------------------------------------------------------------------------------------ IPython
@cache
def transformers() -> types.ModuleType | None:
    """IPython.core.inputtransformer2, or None where there is no IPython.

    All of IPython takes half a second, which this one module does not need: its parents are empty
    while it is imported.
    """
    if "IPython" in sys.modules:
        return importlib.import_module("IPython.core.inputtransformer2")
    spec = find_spec("IPython")
    if spec is None or not spec.submodule_search_locations:
        return None
    known = set(sys.modules)
    for name in ("IPython", "IPython.core", "IPython.utils"):
        parent = sys.modules[name] = types.ModuleType(name)
        folder = name.partition(".")[2]
        parent.__path__ = [f"{place}/{folder}".rstrip("/")
                           for place in spec.submodule_search_locations]
    try:
        return importlib.import_module("IPython.core.inputtransformer2")
    finally:
        for name in [n for n in sys.modules.keys() - known if n.partition(".")[0] == "IPython"]:
            del sys.modules[name]  # who imports IPython later gets all of it
