"""Which code a result depends on, the engine and what an assignment imports; and a digest of it.

Imports are read off the text, also those in functions and in strings: a file too many costs a class
that is judged again, a file too few would keep an old mark.
"""

from __future__ import annotations

import functools
import hashlib
import platform
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np

HOUSE = Path(__file__).parents[1]
# what judges a class and what is started as a worker: all that decides a result is imported from
# here
ENGINE = ("autograder.classes.batch", "autograder.worker.__main__")
IMPORT = re.compile(
    r"\b(?:from +(autograder[\w.]*) +import +(\([^)]*\)|[^\n;]*)|import +(autograder[\w.]*))")


def digest(*parts: str) -> str:
    """A short word that two different sequences of texts will not share."""
    found = hashlib.sha256()
    for part in parts:
        data = part.encode("utf-8", "surrogatepass")
        found.update(len(data).to_bytes(8, "big") + data)
    return found.hexdigest()[:40]


def whole_kit() -> str:
    """A digest of every file of the kit: two machines that share it agree about any assignment."""
    return _digest_of(p for p in HOUSE.rglob("*.py") if p.relative_to(HOUSE).parts[0] != "tests")


@functools.lru_cache(maxsize=64)  # each exercise of an assignment asks
def code_digest(*texts: str) -> str:
    """A digest of the engine, and of the kit's files that these sources import, directly or not."""
    return _digest_of(used(*texts))


def _digest_of(files: Iterable[Path]) -> str:
    """Of these files, of Python and of NumPy."""
    told = [part for path in sorted(files)
            for part in (path.relative_to(HOUSE).as_posix(), path.read_text(encoding="utf-8"))]
    return digest(platform.python_version(), np.__version__, *told)


def used(*texts: str) -> frozenset[Path]:
    """The files of the kit that the engine and these sources import, directly or not."""
    return reached([*ENGINE, *(name for text in texts for name in imported(text))])


def reached(modules: Iterable[str]) -> frozenset[Path]:
    """The files of the kit that these modules are and import, directly or not."""
    waiting = [*modules]
    names: set[str] = set(waiting)
    found: set[Path] = set()
    while waiting:
        for path in set(files(waiting.pop())) - found:
            found.add(path)
            new = set(_imports_of(path)) - names
            names |= new
            waiting += new
    return frozenset(found)


@functools.cache
def _imports_of(path: Path) -> tuple[str, ...]:
    # the face of the package imports a name when somebody asks it for one
    return () if path.parent == HOUSE and path.stem == "__init__" else tuple(
        imported(path.read_text(encoding="utf-8")))


def imported(text: str) -> Iterator[str]:
    """Dotted names of what may be modules: of `from a import b`, both a and a.b."""
    for package, names, module in IMPORT.findall(text):
        yield module or package
        yield from (f"{package}.{name}" for name in re.findall(r"\w+", names))


def files(name: str) -> Iterator[Path]:
    """The files that importing this dotted name runs; none for what is no module."""
    place = HOUSE.parent
    for part in name.split("."):
        place /= part
        yield from (p for p in (place.with_suffix(".py"), place / "__init__.py") if p.is_file())
