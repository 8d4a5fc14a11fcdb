"""A cell as a kernel reads it -> plain Python, line by line: indentation, prompts, magics, help.

What is IPython's own syntax and what is not is decided by IPython's own transformers. They tokenise
a cell anew for each magic line; here they are shown one logical line after the other, so that the
work grows with the length of the cell and not with its square. What they make of a magic is then
replaced by what it does to names: `%time x = f()` binds x, `!ls` does nothing.
"""

from __future__ import annotations

import ast
import importlib
import re
import sys
import tokenize
import types
from collections.abc import Iterator
from functools import cache
from importlib.util import find_spec
from typing import Any

from autograder.running.statements import parsed

MAX_STEPS = 50_000  # tokens and lines looked at in one cell
MAX_MAGICS = 500  # in one cell: IPython's own limit, at which a kernel refuses the cell, too
MAX_CELL_MAGICS = 10
# cell magics whose cell is run as if they were not there
RUNS_ITS_CELL = frozenset({"time", "capture", "prun"})
# of a line without these signs, brackets alone say whether it goes on in the next one
SIMPLE = re.compile(r"[^%!?'\"\\#]*\n")
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
            return blank + "".join(_Lines(ipython, lines).plain())
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


class _Lines:
    """The lines of one cell on their way through IPython's transformers."""

    def __init__(self, ipython: Any, lines: list[str]) -> None:
        self._ipython = ipython
        self._lines = lines
        self._steps = 0
        self._magics = 0

    def plain(self) -> Iterator[str]:
        """The lines as Python, as many as there were."""
        place = 0
        while place < len(self._lines):
            self._step()
            text = self._lines[place]
            stripped = text.lstrip(" \t")
            if stripped[:1] and stripped[0] in self._ipython.ESCAPE_SINGLES:
                transformer, rest = self._ipython.EscapedCommand((1, len(text) - len(stripped))), 1
            else:
                transformer, rest = (None, 1) if _is_simple(text) else self._found(place)
            if transformer is not None:
                self._magics += 1
                self._step()
                rest = max(rest, self._end_of_continued(place + transformer.start_line) - place)
            piece = self._lines[place : place + rest]
            plain, used = (_transformed(transformer, piece) if transformer is not None
                           else (piece, len(piece)))
            yield from plain
            place += used

    def _end_of_continued(self, place: int) -> int:
        while self._lines[place].endswith("\\\n") and place + 1 < len(self._lines):
            place += 1
        return place + 1

    def _found(self, place: int) -> tuple[Any, int]:
        """What IPython finds in the logical line that begins here, and how many lines that has."""
        tokens, rest = self._logical_line(place)
        kinds = (self._ipython.MagicAssign, self._ipython.SystemAssign, self._ipython.HelpEnd)
        try:
            found = [kind for kind in (k.find([tokens]) for k in kinds) if kind]
        except IndexError:  # `x = %` and nothing more
            found = []
        return min(found, key=lambda t: t.sortby(), default=None), rest

    def _logical_line(self, place: int) -> tuple[list[tokenize.TokenInfo], int]:
        tokens: list[tokenize.TokenInfo] = []
        depth = 0
        try:
            for token in tokenize.generate_tokens(self._reader(place)):
                self._step()
                tokens.append(token)
                depth += (token.type == tokenize.OP
                          and (token.string in "([{") - (token.string in ")]}"))
                if token.type == tokenize.NEWLINE or (token.type == tokenize.NL and depth <= 0):
                    break
        except (tokenize.TokenError, SyntaxError) as error:
            if "EOF" in str(error):  # no end of a string or a bracket: nothing below it can be told
                return tokens, len(self._lines) - place
        return tokens, max(
            [1, *(token.end[0] for token in tokens if token.type != tokenize.ENDMARKER)])

    def _reader(self, place: int) -> Any:
        lines = iter(range(place, len(self._lines)))

        def readline() -> str:
            self._step()
            number = next(lines, None)
            return "" if number is None else self._lines[number]

        return readline

    def _step(self) -> None:
        self._steps += 1
        if self._steps > MAX_STEPS or self._magics >= MAX_MAGICS:
            raise NotPython("this cell is too long for IPython's own syntax. Put magics and shell "
                            "lines into a cell of their own")


def _is_simple(line: str) -> bool:
    """Whether the line is a plain statement at a glance: tokens take a hundred times longer."""
    if not SIMPLE.fullmatch(line):
        return False
    return all(line.count(opening) == line.count(closing)
               for opening, closing in ("()", "[]", "{}"))


def _transformed(transformer: Any, piece: list[str]) -> tuple[list[str], int]:
    """The lines with one magic in plain Python, and how many lines that took."""
    place = transformer.start_line
    try:
        lines = transformer.transform(piece)
    except (SyntaxError, AssertionError, IndexError):  # `f(x)?`: a kernel says the same
        return piece, len(piece)
    used = len(piece) - (len(lines) - place - 1)
    return [*piece[:place], _harmless(lines[place]), *["\n"] * (used - place - 1)], used


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
