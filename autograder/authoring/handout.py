"""What students get, as a list of files: released folders, a README, data, and the wheel.

What of the package is the student's part is not listed anywhere: it is what their command, their
pytest, the checks of these assignments and the notebooks reach by imports. The wheel also holds
checks, hints and layout of the assignments, so that a notebook finds them wherever it lies.
"""

from __future__ import annotations

import ast
import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from autograder import __version__
from autograder.classes.code_digest import HOUSE, files, imported, reached
from autograder.course import HINTS
from autograder.folders import folders
from autograder.keys import without_words
from autograder.layout import LAYOUT
from autograder.model import CourseError
from autograder.student.places import INSTALLED

PACKAGE = "autograder"
ENTRANCES = ("autograder", "autograder.student.command", "autograder.student.selfcheck",
             "autograder.student.pytest_plugin")
RELEASED = ("checks.py", HINTS, LAYOUT)  # beside the notebook, and in the wheel
CLONE = HOUSE.parent
# of the course, or where it is one of the instructor's own, of the kit
PAGES = {"README.md": "assignments/README.md", "LICENSE": "LICENSE"}
# its licence allows it; what was fetched stays where it is
PAGES |= {name: name for name in ("datasets/README.md", "datasets/digits.npy")}


@dataclass(frozen=True)
class Handout:
    """The files of one hand-out, by their names in the wheel's tree and in the zip."""

    slugs: tuple[str, ...]
    wheel: Mapping[str, bytes]
    files: Mapping[str, bytes]

    @property
    def version(self) -> str:
        """The release and a word for what is in this wheel, so that pip takes no other for it."""
        found = hashlib.sha256()
        for name, data in sorted(self.wheel.items()):
            found.update(f"{name} {len(data)}\n".encode() + data)
        return f"{__version__}+w{found.hexdigest()[:8]}"

    def modules(self) -> Iterator[tuple[str, str]]:
        """Name and text of each Python file in the wheel."""
        return ((name, data.decode())
                for name, data in sorted(self.wheel.items()) if name.endswith(".py"))

    def notebooks(self) -> Iterator[tuple[str, str]]:
        """Name and text of each notebook."""
        return ((name, data.decode())
                for name, data in sorted(self.files.items()) if name.endswith(".ipynb"))


def collect(root: Path, slugs: Sequence[str] = ()) -> Handout:
    """The hand-out of these assignments or of all; CourseError when one is not released."""
    chosen = tuple(dict.fromkeys(slugs)) or tuple(released(root))
    if not chosen:
        raise CourseError(f"{folders(root).release} holds no released assignment. Run `autograder "
                          "release` first.")
    given = {slug: folders(root).released(slug) for slug in chosen}
    handed_out = {f"{slug}/{name}": _read(place / name) for slug, place in given.items()
                  for name in (f"{slug}.ipynb", *RELEASED)}
    wheel = {f"{PACKAGE}/{name}": data
             for name, data in student_part(_python_in(handed_out)).items()}
    wheel |= {f"{PACKAGE}/{INSTALLED}/{name}": _close(name, data)
              for name, data in handed_out.items() if not name.endswith(".ipynb")}
    more = {name: next((h / where for h in (root, CLONE) if (h / where).is_file()), None)
            for name, where in PAGES.items()}
    return Handout(chosen, wheel,
                   handed_out | {name: _read(path) for name, path in more.items() if path})


def _python_in(handed_out: Mapping[str, bytes]) -> Iterator[str]:
    """The code of these files."""
    for name, data in handed_out.items():
        if name.endswith(".py"):
            yield data.decode()
        elif name.endswith(".ipynb"):
            yield from ("".join(cell["source"]) for cell in json.loads(data)["cells"]
                        if cell["cell_type"] == "code")


def _close(name: str, data: bytes) -> bytes:
    """A file as it lies in the wheel, where nobody reads it: JSON without indentation."""
    return (json.dumps(json.loads(data), ensure_ascii=False, separators=(",", ":")).encode()
            if name.endswith(".json") else data)


def released(root: Path) -> list[str]:
    """The assignments that lie in assignments/, sorted by name."""
    return sorted(path.parent.name for path in folders(root).release.glob(f"*/{LAYOUT}"))


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise CourseError(
            f"{path} cannot be read ({error.strerror}). Run `autograder release` first.") from error


# ------------------------------------------------------------------------------- the student's part
def student_part(texts: Iterable[str] = ()) -> dict[str, bytes]:
    """The package's files that a student's entrances and these texts reach, by their names."""
    entered = [*ENTRANCES, *(name for text in texts for name in imported(text))]
    asked = {path for name in entered for path in files(name)}
    found = {path.relative_to(HOUSE).as_posix():
             bare(path.read_text(encoding="utf-8"), path in asked).encode()
             for path in reached(entered)}
    return found | {"py.typed": (HOUSE / "py.typed").read_bytes()}


def bare(source: str, entered: bool = False) -> str:
    """A module without comments and docstrings that nothing reads: they explain what is right.

    The docstring of a check, a verb, is its sentence. Of what is public in a module that is
    `entered`, by a student's command or by an import of a notebook, help() may be asked.
    """
    lines = without_words(source, lambda node: not _is_read(node, entered))
    return "\n".join([*(line or "" for line in lines), ""])


def _is_read(node: ast.AST, entered: bool) -> bool:
    """Whether somebody may read the docstring of this."""
    if not isinstance(node, (ast.FunctionDef, ast.ClassDef)):
        return False
    return (any("verb" in ast.unparse(decorator) for decorator in node.decorator_list)
            or (entered and not node.name.startswith("_")))
