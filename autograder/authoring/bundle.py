"""A hand-out -> one zip, with the wheel in it; the same bytes from the same tree.

The wheel is built by setuptools from a staged tree with a pyproject.toml of its own, without the
net: name, dependencies and the like are those of the kit, the version says which release and what
is in it, and the command and the pytest plugin are those of students.
"""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from autograder.authoring.handout import CLONE, PACKAGE, Handout
from autograder.authoring.install_page import page
from autograder.folders import put, writing
from autograder.model import Broken, CourseError

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib  # comes with pytest there

FOLDER = "dropout"  # all of the zip lies in it
EPOCH = "315532800"  # 1980-01-01, the first day a zip can tell
BUILD = "import sys, setuptools.build_meta as b; print(b.build_wheel(sys.argv[1]))"
# of the kit's own [project]
KEPT = ("name", "description", "requires-python", "license", "license-files", "dependencies")
DATA_HOME = "share/autograder/datasets"  # where autograder.datasets looks, too


def write(handout: Handout, path: Path) -> dict[str, int]:
    """Write the zip and return its files with their sizes. CourseError when it cannot be."""
    files = contents(handout)
    data = zipped({f"{FOLDER}/{name}": content for name, content in files.items()})
    with writing(path, "Name another file with --into."):
        put(path, data)
    return {name: len(content) for name, content in sorted(files.items())}


def contents(handout: Handout) -> dict[str, bytes]:
    """All files of the zip, with the wheel, the line that installs it, and the page about it."""
    name, wheel = build_wheel(handout)
    requirements = f"# pip install -r requirements.txt, in this folder\n./{name}\njupyterlab>=4\n"
    more = {name: wheel, "requirements.txt": requirements.encode(),
            "install.html": page(handout.slugs, name).encode()}
    return {**handout.files, **more}


def zipped(files: Mapping[str, bytes]) -> bytes:
    """A zip that depends on nothing but names and contents."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for name, content in sorted(files.items()):
            entry = zipfile.ZipInfo(name)
            entry.create_system = 3
            entry.external_attr = 0o100644 << 16
            entry.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(entry, content)
    return made.getvalue()


# ---------------------------------------------------------------------------------------- the wheel
def build_wheel(handout: Handout) -> tuple[str, bytes]:
    """The name and the bytes of the student's wheel; Broken when setuptools cannot build it."""
    with tempfile.TemporaryDirectory(prefix="autograder-bundle-") as scratch:
        stage, out = Path(scratch) / "stage", Path(scratch) / "out"
        out.mkdir()
        data = {f"datasets/{Path(name).name}": content
                for name, content in handout.files.items() if name.startswith("datasets/")}
        own = {"LICENSE": (CLONE / "LICENSE").read_bytes(),
               "pyproject.toml": _pyproject(handout, data).encode()}
        tree = {**handout.wheel, **data, **own}
        for name, content in tree.items():
            _put(stage / name, content)
        environment = os.environ | {"SOURCE_DATE_EPOCH": EPOCH, "PYTHONHASHSEED": "0",
                                    "PYTHONPATH": ""}
        command = [sys.executable, "-c", BUILD, str(out)]
        done = subprocess.run(command, cwd=stage, env=environment, capture_output=True, text=True,
                              timeout=300, check=False)
        made = list(out.glob("*.whl"))
        if done.returncode or len(made) != 1:
            last = (done.stderr.strip().splitlines() or ["no wheel was made"])[-1]
            raise Broken(f"setuptools cannot build the wheel for students: {last}. Is it "
                         "installed? pip install 'setuptools>=77'")
        with zipfile.ZipFile(made[0]) as archive:  # which remembers modes and the day
            return made[0].name, zipped({name: archive.read(name) for name in archive.namelist()})


def _put(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)


def _pyproject(handout: Handout, data: Mapping[str, bytes]) -> str:
    """The staged pyproject.toml. JSON's strings and lists are TOML's, too."""
    own = _project()
    project = {**{key: own[key] for key in KEPT}, "version": handout.version}
    packages = sorted({str(Path(name).parent).replace(os.sep, ".")
                       for name in handout.wheel if name.endswith("__init__.py")})
    extra = sorted(name.removeprefix(f"{PACKAGE}/")
                   for name in handout.wheel if not _is_module(name, packages))
    return "\n".join([
        '[build-system]\nrequires = ["setuptools>=77"]\nbuild-backend = "setuptools.build_meta"',
        "[project]", *(f"{key} = {json.dumps(value)}" for key, value in project.items()),
        '[project.scripts]\nautograder = "autograder.student.command:main"',
        '[project.entry-points.pytest11]\nautograder = "autograder.student.pytest_plugin"',
        f"[tool.setuptools]\npackages = {json.dumps(packages)}\ninclude-package-data = false",
        f"[tool.setuptools.package-data]\n{PACKAGE} = {json.dumps(extra)}",
        f"[tool.setuptools.data-files]\n{json.dumps(DATA_HOME)} = {json.dumps(sorted(data))}\n"])


def _is_module(name: str, packages: list[str]) -> bool:
    return name.endswith(".py") and str(Path(name).parent).replace(os.sep, ".") in packages


def _project() -> dict[str, Any]:
    path = CLONE / "pyproject.toml"
    try:
        found: dict[str, Any] = tomllib.loads(path.read_text(encoding="utf-8"))["project"]
    except OSError:
        raise CourseError(f'There is no {path}. A bundle is made in a clone of the course: pip '
                          'install -e ".[grader]" there.') from None
    return found
