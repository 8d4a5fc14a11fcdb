"""Packages that only show things are blank in the worker: nobody looks, and importing matplotlib costs more than a whole submission.

A set-up cell may say `import matplotlib.pyplot as plt` or `from autograder import check`; every name such a package is asked for is
there, can be called, and does nothing. Of the kit itself that goes for everything the worker has not loaded for its own use.
"""

from __future__ import annotations

import importlib.abc
import importlib.machinery
import sys
import types
from collections.abc import Sequence
from typing import Any

SHOW_ONLY = frozenset({"autograder", "matplotlib", "IPython", "ipywidgets", "seaborn"})


class Blank(types.ModuleType):
    """A module, function and object in one that takes anything and does nothing."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return Blank(f"{self.__name__}.{name}")

    def __call__(self, *args: Any, **kwargs: Any) -> Blank:
        return self

    def __enter__(self) -> Blank:
        return self

    def __exit__(self, *exception: object) -> None:
        return None

    def __getitem__(self, key: Any) -> Blank:
        return self

    def __setitem__(self, key: Any, value: Any) -> None:
        return None


class Finder(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Finds the packages in SHOW_ONLY and everything below them as blanks."""

    def find_spec(
        self, name: str, path: Sequence[str] | None = None, target: types.ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        if name.partition(".")[0] not in SHOW_ONLY:
            return None
        return importlib.machinery.ModuleSpec(name, self, is_package=True)

    def create_module(self, spec: importlib.machinery.ModuleSpec) -> types.ModuleType:
        return Blank(spec.name)

    def exec_module(self, module: types.ModuleType) -> None:
        return None


def install() -> None:
    """Stand before every other finder; call it when the worker has imported all it needs.

    Who takes that finder away finds nothing either, unless it knows where to look.
    """
    sys.meta_path.insert(0, Finder())
    for name in ("autograder", "autograder.worker"):
        sys.modules[name].__path__ = []
    sys.modules["autograder"].__getattr__ = Blank("autograder").__getattr__  # type: ignore[method-assign]  # a module's own hook
