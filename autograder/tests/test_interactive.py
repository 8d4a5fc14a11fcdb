"""Cells as a kernel reads them, in plain Python: statements stay in line, work is bounded."""

from __future__ import annotations

import ast
import subprocess
import sys
from typing import Any

import pytest

from autograder import interactive
from autograder.interactive import MAX_MAGICS, as_python


@pytest.mark.parametrize(
    ("source", "seen"),
    [
        ("%matplotlib inline\nx = 1", "pass\nx = 1"),
        ("!pip install \\\n  numpy\nx = 1", "pass\n\nx = 1"),
        ("if True:\n    %time f()\n", "if True:\n    f()"),
        ("%time", "pass"),
        ("%time -q x = f()", "x = f()"),
        ("%time !ls", "pass"),
        ("x = %time f()", "x = f()"),
        ("x = %timeit -o f()", "x = None"),
        ("files = !ls\nx = 1", "files = []\nx = 1"),
        ("x = !echo don't\ny = 1", "x = []\ny = 1"),
        ("!echo '''\ny = 2", "pass\ny = 2"),
        ("np.zeros?\nx = 1", "pass\nx = 1"),
        ("/f 1 2", "f(1, 2)"),
        ("%%time\nx = 1", "\nx = 1"),
        ("%%time\n%%capture\n%time x = 1", "\n\nx = 1"),
        ("\n\n  x = 1\n\n  y = 2", "\n\nx = 1\n\ny = 2"),
        (">>> def f():\n...     return 1\n...\n>>> x = f()", "def f():\n    return 1\n\nx = f()"),
        ("In [3]: x = 1\n   ...: y = 2", "x = 1\ny = 2"),
        ("x = 5 % 3", "x = 5 % 3"),
        ("x = (5\n% 3)", "x = (5\n% 3)"),
        ("%matplotlib inline\nx = (5\n% 3)", "pass\nx = (5\n% 3)"),
        ("%matplotlib inline\nx = '''\n%time y\n'''", "pass\nx = '''\n%time y\n'''"),
        ("x y", "x y"),
        ("", ""),
    ],
)
def test_a_cell_becomes_plain_python_line_by_line(source: str, seen: str) -> None:
    assert as_python(source).rstrip("\n") == seen


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("%%timeit\nx = 1", "%%timeit: in Jupyter, too, what a cell defines below it is gone "
         "afterwards. Take that line out"),
        ("%%bash\nrm -r x", "%%bash: Jupyter does not run this cell as Python of the notebook "
         "either. Take that line out"),
        ("%%\nx", "%%: Jupyter does not run"),
        ("!\n" * MAX_MAGICS, "too long for IPython's own syntax"),
        ("%%time\n" * 90_000, "more than 10 cell magics"),
        ("x = !ls '''a\"\"\"\n" * 30_000, "too long for IPython's own syntax"),
    ],
)
def test_what_is_not_run_raises_its_reason(source: str, said: str) -> None:
    (statement,) = ast.parse(as_python(source)).body
    assert isinstance(statement, ast.Raise)
    assert said in ast.unparse(statement)


@pytest.mark.parametrize(
    "source",
    [
        "x y\n" * 9_000 + "!",
        "!\n" + "f('')\n" * 5_000,
        "x = !ls (\n" * 4_000,
        "x = !ls '''a\"\"\"\n" * 4_000,
        "a.b ?\n" * (MAX_MAGICS - 1),
        " " * 30_000 + "x y",
        "%time " * 9_000 + "x",
        ">>> x y\n" * 9_000,
        "'''" * 9_000 + "\n>>> x",
        "(" * 9_000 + "\n!",
    ],
)
def test_the_work_is_bounded(source: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Counted in characters looked at, not in seconds."""
    ipython = interactive.transformers()
    assert ipython is not None
    seen: list[int] = []
    look = ipython.make_tokens_by_line

    def counted(lines: list[str]) -> Any:
        seen.append(sum(map(len, lines)))
        return look(lines)

    monkeypatch.setattr(ipython, "make_tokens_by_line", counted)
    as_python(source)
    assert sum(seen) <= interactive.MAX_LOOKED_AT


def test_without_ipython_a_sentence_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(interactive, "transformers", lambda: None)
    assert as_python("x = 1") == "x = 1"
    said = as_python("%time x = 1")
    assert "IPython's own syntax (%), which is not installed here: pip install ipython" in said


def test_all_of_ipython_is_not_imported_and_can_be_later() -> None:
    code = ("import sys\nfrom autograder.interactive import as_python\n"
            "assert as_python('%time x = 1').strip() == 'x = 1'\n")
    code += ("assert not [n for n in sys.modules if n.startswith('IPython')]\nimport IPython\n"
             "IPython.version_info, IPython.core")
    subprocess.run([sys.executable, "-c", code], check=True)
