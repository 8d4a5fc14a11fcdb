"""What runs in a real kernel gives the same functions to the grader and to the student."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbclient import NotebookClient

from autograder import notebook
from autograder.model import Answer, Assignment, Call, Exercise, Limits, Outcome, Submission
from autograder.sandbox import Isolation, choose, stays_shut, warmed
from autograder.subjects.local import Local
from autograder.subjects.remote import Remote

SETUP = "import numpy as np"
LIMITS = Limits(cell_seconds=5, submission_seconds=60)
PROBE = """
import json
try:
    print(json.dumps(f(2)))
except BaseException as error:
    print(json.dumps(type(error).__name__))
"""
PLT = "import matplotlib.pyplot as plt\n"
F = "def f(x):\n    return 3 * x\n"


def indented(source: str) -> str:
    return "".join(f"    {line}" for line in source.splitlines(keepends=True))


# Each style: the cells of a notebook; the one that is a tuple of one is the answer cell.
STYLES: dict[str, list[str | tuple[str]]] = {
    "plain": [(F,)],
    "indented": [(indented(F),)],
    "indented by a tab, empty lines above": [("\n\n\tdef f(x):\n\t    return x + 1\n\n",)],
    "pasted from a Python shell": [(">>> def f(x):\n...     return 3 * x\n...\n>>> y = f(3)\n",)],
    "pasted from IPython": [("In [3]: def f(x):\n   ...:     return 3 * x\n   ...: \n",)],
    "a line magic": [("%matplotlib inline\n" + F,)],
    "%time binds": [("%time LIMIT = 4\ndef f(x):\n    return LIMIT * x\n",)],
    "%time gives a value": [("LIMIT = %time 2 + 3\ndef f(x):\n    return LIMIT * x\n",)],
    "%time in a block": [("if True:\n    %time LIMIT = 4\ndef f(x):\n    return LIMIT * x\n",)],
    "%timeit binds nothing": [
        ("LIMIT = 3\n%timeit -n1 -r1 LIMIT = 4\ndef f(x):\n    return LIMIT * x\n",)],
    "%%time": [("%%time\n" + F,)],
    "%%time with an indentation": [("\n  %%time\n" + indented(F),)],
    "%%capture": [("%%capture out\nprint('here')\n" + F,)],
    "%%capture and %time": [("%%capture\n%time LIMIT = 4\ndef f(x):\n    return LIMIT * x\n",)],
    "%%timeit keeps its names": [("%%timeit -n1 -r1\n" + F,)],
    "%%timeit below a definition": [(F,), "%%timeit -n1 -r1\ndef f(x):\n    return 0\n"],
    "an unknown cell magic": [("%%nonsense\n" + F,)],
    "another language": [("%%html\n<b>" + F,)],
    "a shell line": [("!true\n" + F,)],
    "a shell line in a function": [("def f(x):\n    !true\n    return 3 * x\n",)],
    "a shell line that goes on": [("!echo a \\\n  b\n" + F,)],
    "a shell line with a quote": [("!echo don\\'t\n" + F,)],
    "what a shell says": [("files = !true\ndef f(x):\n    return len(files) + x\n",)],
    "help": [("np.zeros?\n?np.ones\n" + F,)],
    "% continues an "
    "expression": [("x = (7\n% 4)\n%matplotlib inline\ndef f(y):\n    return x * y\n",)],
    "get_ipython": [("get_ipython().run_line_magic('matplotlib', 'inline')\n" + F,)],
    "get_ipython in a function": [
        ("def f(x):\n    get_ipython().run_line_magic('precision', '3')\n    return 3 * x\n",)],
    "display": [("def f(x):\n    display(x)\n    return 3 * x\ndisplay(f(3))\n",)],
    "display imported": [("from IPython.display import HTML, display\ndef f(x):\n"
                          "    display(HTML('<b>'))\n    return 3 * x\n",)],
    "widgets": [("import ipywidgets as w\n@w.interact(x=(0, 3))\ndef f(x=1):\n    return 3 * x\n"
                 "w.IntSlider(3)\n",)],
    "await":
    [("async def get():\n    return 4\nLIMIT = await get()\ndef f(x):\n    return LIMIT * x\n",)],
    "await a while": [("import asyncio\nawait asyncio.sleep(0.01)\n" + F,)],
    "async with": [
        ("class A:\n    async def __aenter__(self):\n        return 4\n"
         "    async def __aexit__(self, *e):\n        pass\n"
         "async with A() as LIMIT:\n    pass\ndef f(x):\n    return LIMIT * x\n",)
    ],
    "subplots in a function": [(PLT + "def f(x):\n    fig, ax = plt.subplots()\n"
                                "    ax.plot([1, 2])\n"
                                "    plt.close()\n    return 3 * x\n",)],
    "several axes": [(PLT + "def f(x):\n    fig, (a, b) = plt.subplots(1, 2)\n"
                      "    fig, axes = plt.subplots(2, 2)\n"
                      "    found = [k for k, ax in enumerate(axes.flat)]\n"
                      "    for ax, n in zip(plt.subplots(1, 3)[1], (1, 2, 3)):\n"
                      "        x = x + n\n    plt.close('all')\n"
                      "    return [x, found, list(axes.shape)]\n",)],
    "a histogram": [(PLT + "def f(x):\n    counts, edges, _ = plt.hist([1, 2, 2, 5], bins=4)\n"
                     "    plt.close()\n"
                     "    return [counts.tolist(), edges.tolist(), x]\n",)],
    "a line": [(PLT + "def f(x):\n    line, = plt.plot([1, 2])\n    line.set_color('r')\n"
                "    plt.close()\n"
                "    return x\n",)],
    "spines": [(PLT + "def f(x):\n    ax = plt.gca()\n    for s in ax.spines.values():\n"
                "        s.set_visible(False)\n"
                "    list(ax.get_lines())\n    plt.close()\n    return x\n",)],
    "a style that is not "
    "there": [(PLT + "if 'no such style' in plt.style.available:\n    plt.style.use('x')\n" + F,)],
    "colours of the cycle": [(PLT + "colors = plt.rcParams['axes.prop_cycle'].by_key()['color']\n"
                              "def f(x):\n    return len(list(zip(colors, range(4))))\n",)],
    "a figure as a block": [
        (PLT + "def f(x):\n    with plt.rc_context({'font.size': 8}):\n        return 3 * x\n",)],
    "a syntax error": [("%matplotlib inline\ndef f(x):\n    return 3 * x\ny = 1 +\n",)],
    "an error above": [("1 / 0\n",), F],
    "it exits": [(F + "import sys\nsys.exit()\n",)],
    "a docstring with "
    "prompts": [('def f(x):\n    """\n    >>> f(1)\n    3\n    """\n    return 3 * x\n',)],
    "odd escapes": [("import re\nPATTERN = '\\d'\ndef f(x):\n"
                     "    return len(re.findall(PATTERN, '1 2 3')) * x\n",)],
}


def node(cells: list[str | tuple[str]]) -> Any:
    found = []
    for number, cell in enumerate(cells):
        made = nbformat.v4.new_code_cell(cell if isinstance(cell, str) else cell[0],
                                         id=f"c{number}")  # type: ignore[no-untyped-call]
        made.metadata = ({} if isinstance(cell, str)
                         else {"nbgrader": {"grade_id": "f", "solution": True}})
        found.append(made)
    return nbformat.v4.new_notebook(cells=found)  # type: ignore[no-untyped-call]


def read(cells: list[str | tuple[str]]) -> Submission:
    toy = Assignment("hw0_toy", Path(), (Exercise("f", ()),), {}, SETUP, frozenset())
    return notebook.from_node(node(cells), Path("hw0_toy.ipynb"), toy)


@pytest.fixture(scope="module")
def kernel() -> dict[str, Any]:
    """Style -> what f(2) gives in a real kernel, or the name of the exception."""
    cells: list[str | tuple[str]] = []
    for style in STYLES.values():
        cells += ["%reset -f", SETUP, *style, PROBE]
    run = node(cells)
    NotebookClient(run, timeout=300, allow_errors=True).execute()
    probes = [cell for cell in run.cells if cell.source == PROBE]
    said = ["".join(o.text for o in cell.outputs if o.get("name") == "stdout") for cell in probes]
    return {name: json.loads(text.splitlines()[-1])
            for name, text in zip(STYLES, said, strict=True)}


def answer(found: Answer) -> Any:
    """The same for an answer."""
    return (json.loads(json.dumps(found.value)) if found.outcome is Outcome.PASSED
            else found.error.partition(":")[0])


@pytest.fixture(scope="module")
def backend() -> Iterator[Isolation]:
    found = choose()
    with warmed(found, stays_shut(found.name)) as isolation:
        yield isolation


Road = Callable[[Submission], "Remote | Local"]


@pytest.fixture(params=["worker", "here"])
def road(request: pytest.FixtureRequest, backend: Isolation) -> Iterator[Road]:
    """How a notebook becomes a subject: behind the wire, and on the student's own machine."""
    open_ones: list[Remote] = []

    def behind_the_wire(submission: Submission) -> Remote:
        open_ones.append(Remote(backend, submission.cells, LIMITS))
        return open_ones[-1]

    yield (behind_the_wire if request.param == "worker"
           else lambda submission: Local(submission.cells, limits=LIMITS))
    for remote in open_ones:
        remote.close()


def value(subject: Remote | Local) -> Any:
    """What f(2) gives."""
    return answer(subject.ask([Call("f", (2,))], 5)[0])


@pytest.mark.parametrize("style", STYLES)
def test_a_cell_means_what_it_means_in_a_kernel(style: str, road: Road,
                                                kernel: dict[str, Any]) -> None:
    assert value(road(read(STYLES[style]))) == kernel[style]


def test_what_jupyter_does_not_run_either_is_said(road: Road) -> None:
    assert road(read(STYLES["%%timeit keeps its names"])).troubles == {
        "f": "SyntaxError: %%timeit: in Jupyter, too, what a cell defines below it is gone "
        "afterwards. Take that line out"}
    assert ("%%nonsense: Jupyter does not run this "
            "cell" in road(read(STYLES["an unknown cell magic"])).troubles["f"])


def test_a_syntax_error_is_blamed_on_its_own_line(road: Road) -> None:
    source = "\n%matplotlib inline\n!ls \\\n  x\ny = 1 +\n" + F
    assert (
        road(read([(source,)])).troubles == {"f": "SyntaxError: invalid syntax (line 5: y = 1 +)"})


def test_a_line_that_cannot_run_is_named_and_costs_only_itself(road: Road) -> None:
    subject = road(read([("%matplotlib inline\n!ls \\\n  x\nLIMIT = 4\nz = LIMIT / 0\ndef f(x):\n"
                          "    return LIMIT * x\n",)]))
    assert subject.troubles == {"f": "ZeroDivisionError: division by zero (line 5: z = LIMIT / 0)"}
    assert value(subject) == 8


# ----------------------------------------------------------- what is not installed where one grades
LUXURIES = {
    "tqdm": ("from tqdm import tqdm, trange\nfrom tqdm.auto import tqdm as t\ndef f(x):\n"
             "    for i in tqdm(range(3)):\n        x += i\n"
             "    with t(total=3) as bar:\n        bar.update(1)\n"
             "    return x + sum(trange(4)) + len(t([1, 2]))\n", 13),
    "numba": ("from numba import njit, prange\nimport numba as nb\n@njit\ndef g(x):\n"
              "    for i in prange(3):\n        x += i\n"
              "    return x\n@nb.njit(parallel=True, fastmath=True)\ndef f(x):\n    return g(x)\n",
              5),
    "pandas": ("import pandas as pd\ndef f(x):\n    table = pd.DataFrame({'x': [x]})\n"
               "    table['y'] = 2 * table['x'] + 1\n"
               "    print(f'{table.x.mean():.3f}', table.head())\n"
               "    for i, row in table.iterrows():\n        print(row)\n    return 3 * x\n", 6),
    "sklearn": ("from sklearn.datasets import load_digits\nimport sklearn.metrics\ndef f(x):\n"
                "    return 3 * x\n", 6),
    "a class": ("from flax import nnx\nclass Net(nnx.Module, pure=True):\n    def __init__(self):\n"
                "        super().__init__()\n"
                "        self.a = nnx.Dense(3)\n"
                "Net()\ndef f(x):\n    return x if isinstance(x, nnx.Variable) else 3 * x\n", 6),
    "another road": ("try:\n    import torchviz\nexcept ImportError:\n    torchviz = None\n"
                     "def f(x):\n    return x if torchviz else 3 * x\n", 6),
    "a file of one's own": ("import my_helpers_of_last_week as h\nfrom my_helpers_of_last_week "
                            "import *\ndef f(x):\n    return 3 * x\n", 6),
}


@pytest.mark.parametrize("style", LUXURIES)
def test_a_luxury_that_is_not_installed_costs_nothing(style: str, road: Road) -> None:
    source, wanted = LUXURIES[style]
    assert value(road(read([(source,)]))) == wanted


def test_what_is_not_installed_is_named() -> None:
    tried = "try:\n    import no_such_backend\nexcept ImportError:\n    pass"
    later = "from no_such_thing import *\nimport numpy, os, matplotlib.pyplot"
    notes = read([("import nothing_of_the_kind.sub as h\n" + F,), later, tried]).notes
    assert [note.partition(",")[0] for note in notes] == ["Cell 1 imports nothing_of_the_kind",
                                                          "Cell 2 imports no_such_thing"]


def test_nobody_else_gets_a_stand_in() -> None:
    local = Local(read([("import torchviz\ndef f(x):\n    import torchviz\n"
                         "    return len(torchviz.make_dot(x))\n",)]).cells)
    assert value(local) == 0
    assert find_spec("torchviz") is None
    assert "torchviz" not in sys.modules


# ------------------------------------------------------------------------ cells that come to no end
ENDLESS = "while True:\n    pass\n"
SHORT = Limits(cell_seconds=0.5, submission_seconds=60)


@pytest.mark.parametrize("experiment", [ENDLESS, "def g():\n    while True: pass\nz = g()\n"])
def test_an_experiment_without_end_costs_nothing_that_is_defined_in_its_cell(
        experiment: str, backend: Isolation) -> None:
    submission = read([("LIMIT = 4\n" + experiment + "def f(x):\n    return LIMIT * x\n"
                        + experiment + "print(f(1))\n",)])
    line = "z = g()" if "def g" in experiment else "while True:"
    where = f"(line {4 if 'def g' in experiment else 2}: {line})"
    said = {
        "f": f"this cell did not end in time and was stopped {where} (it may compute for 0.5 s)"}
    with Remote(backend, submission.cells, SHORT) as subject:
        assert value(subject) == 8
        assert subject.troubles == said
        assert len(subject.left_out) == 2
        below = submission.until("f", subject.left_out)
    with Remote(backend, below.cells, SHORT) as subject:
        assert value(subject) == 8
        assert subject.budget.deaths == 0
    local = Local(submission.cells, limits=SHORT)
    here = "line 3: while True: pass" if "def g" in experiment else "line 2: while True:"
    why = "nothing in it ends it: it has no break and no return"
    assert ((value(local), local.troubles)
            == (8, {"f": f"this cell ran longer than 0.5 s and was stopped ({here} ({why}))"}))


def test_nor_does_it_in_a_cell_that_the_student_added(backend: Isolation) -> None:
    submission = read(["import time\nz = time.sleep(60)\ndef helper(x):\n    return 3 * x\n",
                       ("def f(x):\n    return helper(x)\n",)])
    with Remote(backend, submission.cells, replace(SHORT, patience=6)) as subject:
        assert value(subject) == 6
        why = "it may take 3 s, 0.5 s of them computing"
        assert subject.troubles == {"added-1": "this cell did not end in time and was stopped "
                                    f"(line 2: z = time.sleep(60)) ({why})"}


def test_an_experiment_that_ends_the_process_costs_only_itself(backend: Isolation) -> None:
    with Remote(backend, read([(F + "import os\nos._exit(1)\n",)]).cells, LIMITS) as subject:
        assert value(subject) == 6


def test_the_lines_of_a_cell_in_parts_keep_their_numbers(road: Road) -> None:
    source = ("y = np.zeros(3)\nprint(y); z = 3\n\n@np.vectorize\ndef g(x):\n    return x\n"
              "print(y)\ndef f(x):\n    return x / 0\n")
    subject = road(read([(source,)]))
    (found,) = subject.ask([Call("f", (2,))], 5)
    assert found.line == "line 9: return x / 0"
