"""Stand-ins for packages that only show things, and for luxuries not installed here.

Nobody looks at a plot in a worker, and importing matplotlib costs more than a whole submission. So
in there `SHOW_ONLY` are stand-ins: every name such a package is asked for is there, can be called,
and does nothing. Of the kit itself that goes for everything the worker has not loaded for its own
use. `LUXURIES` are stand-ins wherever they are not installed, on the student's machine too; who
asks for one with `try: import numba` is told the truth and takes the other road.

Where it matters for the code around it a stand-in behaves like the real thing: `fig, ax =
plt.subplots()`, `for bar in ax.patches`, `for i in tqdm(...)`, `@njit`.
"""

from __future__ import annotations

import importlib.abc
import importlib.machinery
import re
import sys
import types
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

import numpy as np

SHOW_ONLY = frozenset({"autograder", "matplotlib", "IPython", "ipywidgets", "seaborn", "tqdm"})
# their decorators leave a function as it is
DECORATE = frozenset({"IPython", "ipywidgets", "numba", "jax", "torch", "tensorflow", "beartype",
                      "typeguard", "jaxtyping", "nptyping", "line_profiler", "memory_profiler",
                      "joblib", "cachetools"})
LUXURIES = (SHOW_ONLY | DECORATE) - {"autograder"} | {
    "PIL", "altair", "bokeh", "colorama", "cv2", "flax", "graphviz", "imageio", "keras",
    "networkx", "pandas", "plotly", "polars", "psutil", "requests", "rich", "skimage", "sklearn",
    "statsmodels", "sympy", "tabulate", "termcolor", "torchinfo", "torchvision", "torchviz",
    "wandb", "xarray"}
COLOUR_MAP = re.compile(r"\bcm\.\w+$|\bget_cmap\(\)$|\bcolormaps$")


class Blank(types.ModuleType):
    """A module, function, object or class that takes anything and does nothing; may hold items."""

    __version__ = "0"
    __array_ufunc__ = None  # array + blank is for the blank to answer

    def __init__(self, name: str, items: Sequence[Any] = ()) -> None:
        super().__init__(name)
        self.__dict__["_blank_items"] = items

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return Blank(f"{self.__name__}.{name}")

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        package, _, name = self.__name__.partition(".")
        if args and isinstance(args[0], (types.FunctionType, type)) and package in DECORATE:
            return args[0]
        last = ("a colour map" if package == "matplotlib" and COLOUR_MAP.search(name)
                else name.rpartition(".")[2])
        if last == "subplots" and name != "pyplot.subplots":
            last = "subfigures"  # a figure's own method returns the axes alone
        like = LIKE.get((package, last))
        try:
            return like(*args, **kwargs) if like else Blank(f"{self.__name__}()")
        except (TypeError, ValueError):  # ragged data in a histogram
            return Blank(f"{self.__name__}()")

    # -------------------------------------------------------------------- as something to loop over
    def __iter__(self) -> Iterator[Any]:
        items = self.__dict__["_blank_items"]
        wanted = _wanted(sys._getframe(1))
        return iter(items if wanted in (None, len(items))
                    else [Blank(self.__name__) for _ in range(wanted or 0)])

    def __len__(self) -> int:
        return len(self.__dict__["_blank_items"])

    # ---------------------------------------------------------------- as a number, a block, a class
    def __format__(self, spec: str) -> str:
        return ""

    def __int__(self) -> int:
        return 0

    def __float__(self) -> float:
        return 0.0

    def __eq__(self, other: object) -> bool:
        return self is other

    def __hash__(self) -> int:
        return id(self)

    def _never(self, *others: object) -> bool:
        return False

    # so that `while plt.fignum_exists(1)` and `if torch.is_tensor(x)` go the way of plain numbers
    __bool__ = __contains__ = __lt__ = __le__ = __gt__ = __ge__ = _never
    __instancecheck__ = __subclasscheck__ = _never

    def _another(self, *key: object) -> Blank:
        return Blank(self.__name__)

    __next__ = __getitem__ = _another

    def _nothing(self, *given: object) -> None:
        return None

    __setitem__ = __delitem__ = __exit__ = _nothing

    def _itself(self, *others: Any) -> Blank:
        return self

    __add__ = __radd__ = __sub__ = __rsub__ = __mul__ = __rmul__ = __truediv__ = _itself
    __rtruediv__ = __floordiv__ = __rfloordiv__ = __mod__ = __rmod__ = __pow__ = _itself
    __rpow__ = __matmul__ = __rmatmul__ = __and__ = __rand__ = __or__ = __ror__ = __xor__ = _itself
    __neg__ = __pos__ = __abs__ = __invert__ = __enter__ = __round__ = _itself

    def __mro_entries__(self, bases: tuple[Any, ...]) -> tuple[type, ...]:
        return (Base,)


class Base:
    """What a student's class inherits from when it names a stand-in (`class Net(nn.Module)`)."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        pass

    def __init_subclass__(cls, **kwargs: Any) -> None:
        pass

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return Blank(name)


def _wanted(frame: types.FrameType) -> int | None:
    """How many items the running statement unpacks (`a, b = blank`); None otherwise."""
    import opcode  # here, because most notebooks never come to it

    code, place = frame.f_code.co_code, frame.f_lasti
    if not 0 <= place < len(code) - 3:
        return None
    more, name = 0, opcode.opname[code[place]]
    if name == "EXTENDED_ARG":  # Python 3.10 stands there, a newer one at the instruction behind it
        more, place = code[place + 1], place + 2
        name = opcode.opname[code[place]]
    elif place > 1 and opcode.opname[code[place - 2]] == "EXTENDED_ARG":
        more = code[place - 1]
    if name == "UNPACK_EX":  # `first, *others, last = blank`
        return code[place + 1] + more
    return code[place + 1] if name == "UNPACK_SEQUENCE" else None


# ---------------------------------------------------------------------- what is like the real thing
def _array_of(rows: int, columns: int, squeeze: bool = True) -> Any:
    """Axes as matplotlib hands them out."""
    axes = np.empty((rows, columns), object)
    for place in np.ndindex(rows, columns):
        axes[place] = Blank("matplotlib.axes")
    if not squeeze:
        return axes
    return axes[0, 0] if axes.size == 1 else axes.squeeze()


def _subplots(nrows: int = 1, ncols: int = 1, *args: Any, squeeze: bool = True,
              **kwargs: Any) -> Any:
    return Blank("matplotlib.figure"), _array_of(nrows, ncols, squeeze)


def _axes(nrows: int = 1, ncols: int = 1, *args: Any, squeeze: bool = True, **kwargs: Any) -> Any:
    return _array_of(nrows, ncols, squeeze)


def _hist(x: Any, bins: Any = None, range: Any = None, density: bool = False, weights: Any = None,
          *args: Any, **kwargs: Any) -> Any:
    counts, edges = np.histogram(np.ravel(x), 10 if bins is None else bins, range, density=density,
                                 weights=weights)
    return counts.astype(float), edges, Blank("matplotlib.patches",
                                              [Blank("matplotlib.patch") for _ in counts])


def _colours(values: Any, *args: Any, **kwargs: Any) -> Any:
    return np.zeros((*np.shape(values), 4)) if np.ndim(values) else (0.0, 0.0, 0.0, 1.0)


class _Progress:
    """tqdm: what it is given, one after the other."""

    def __init__(self, iterable: Iterable[Any] = (), *args: Any, **kwargs: Any) -> None:
        self.iterable = iterable

    def __iter__(self) -> Iterator[Any]:
        return iter(self.iterable)

    def __len__(self) -> int:
        return len(self.iterable)  # type: ignore[arg-type]

    def __enter__(self) -> _Progress:
        return self

    def __exit__(self, *exception: object) -> None:
        return None

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return lambda *args, **kwargs: None


def _vectorize(*args: Any, **kwargs: Any) -> Any:
    return (np.vectorize(args[0]) if args and isinstance(args[0], types.FunctionType)
            else np.vectorize)


LIKE: dict[tuple[str, str], Callable[..., Any]] = {
    ("matplotlib", "subplots"): _subplots,
    ("matplotlib", "subfigures"): _axes,
    ("matplotlib", "a colour map"): _colours,
    ("matplotlib", "hist"): _hist,
    ("matplotlib", "plot"): lambda *args, **kwargs: Blank("matplotlib.lines",
                                                         [Blank("matplotlib.line")]),
    ("matplotlib", "by_key"): lambda: {"color": [f"C{n}" for n in range(10)]},
    ("seaborn", "color_palette"): lambda palette=None, n_colors=None, *args, **kwargs: (
        [(0.0, 0.0, 0.0)] * (n_colors or 6)),
    **dict.fromkeys((("tqdm", name) for name in ("tqdm", "tqdm_notebook", "auto", "notebook")),
                    _Progress),
    **dict.fromkeys((("tqdm", name) for name in ("trange", "tnrange")),
                    lambda *args, **kwargs: _Progress(range(*args))),
    ("numba", "prange"): range,
    ("numba", "vectorize"): _vectorize,
    ("IPython", "display"): lambda *args, **kwargs: None,
}


def display(*args: Any, **kwargs: Any) -> None:
    """Show nothing."""


def get_ipython() -> Blank:
    """The kernel that there is not."""
    return Blank("IPython.shell")


# ------------------------------------------------------------------------------------------ imports
class Finder(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Finds its packages, and all below them, as stand-ins; those in `honest` are others'."""

    def __init__(self, packages: frozenset[str]) -> None:
        self.packages = packages
        self.honest: set[str] = set()
        self.made: list[str] = []  # names of the modules that it stood in for

    def find_spec(self, name: str, path: Sequence[str] | None = None,
                  target: types.ModuleType | None = None) -> importlib.machinery.ModuleSpec | None:
        package = name.partition(".")[0]
        if package not in self.packages or package in self.honest:
            return None
        return importlib.machinery.ModuleSpec(name, self, is_package=True)

    def create_module(self, spec: importlib.machinery.ModuleSpec) -> types.ModuleType:
        self.made.append(spec.name)
        return Blank(spec.name)

    def exec_module(self, module: types.ModuleType) -> None:
        return None


luxuries = Finder(LUXURIES)  # behind all others: for what is not installed


def install() -> None:
    """Stand before every other finder, and behind; call it when a worker has its imports.

    Who takes that finder away finds nothing either, unless it knows where to look.
    """
    sys.meta_path.insert(0, Finder(SHOW_ONLY))
    sys.meta_path.append(luxuries)
    for name in ("autograder", "autograder.model", "autograder.running", "autograder.worker"):
        sys.modules[name].__path__ = []
    # a module's own hook
    sys.modules["autograder"].__getattr__ = Blank("autograder").__getattr__  # type: ignore[method-assign]
