"""The zip that makes a Gradescope assignment: setup.sh, run_autograder, grader and key.

STAFF ONLY: it holds the solution and the hidden checks.
"""

from __future__ import annotations

import shlex
import stat
import zipfile
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path

import autograder
from autograder.folders import below, folders, travelling
from autograder.model import CourseError
from autograder.staff import must_exist

DISTRIBUTION = "dropout-autograder"
NEEDED = ("msgpack", "pyseccomp")  # of the extra [grader]; nbgrader and Jupyter stay at home
LEFT_OUT = ("tests", "authoring", "nbgrader_plugin", "classes", "__pycache__")
DATA = ("datasets/README.md", "datasets/digits.npy")
SECRET = """This archive holds the solution and the hidden checks of {slug}.
Upload it to Gradescope as the autograder of the assignment, and give it to nobody else.
"""
SETUP = """#!/usr/bin/env bash
# Gradescope runs this once, when it builds the image of {slug}.
set -euo pipefail
root="${{AUTOGRADER_ROOT:-/autograder}}"
export DEBIAN_FRONTEND=noninteractive
apt-get update -qq
apt-get install -y -qq --no-install-recommends python3 python3-venv bubblewrap libseccomp2
python3 -m venv "$root/source/venv"
cd "$root/source"
venv/bin/pip install --quiet --disable-pip-version-check -r requirements.txt
"""
RUN = """#!/usr/bin/env bash
# Gradescope runs this for each hand-in of {slug}.
set -euo pipefail
root="${{AUTOGRADER_ROOT:-/autograder}}"
cd "$root/source"  # not where the hand-in lies: Python looks for modules where it is started
export PYTHONPATH="$root/source/kit" OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 MKL_NUM_THREADS=1
python="${{AUTOGRADER_PYTHON:-$root/source/venv/bin/python}}"
exec "$python" -m autograder.neighbours.gradescope_run "$root" {slug}
"""


def write(root: Path, slug: str, into: Path) -> int:
    """Write the archive and say how many files are in it."""
    must_exist(root, slug)
    files = dict(_files(root, slug))
    try:
        with zipfile.ZipFile(into, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, content in sorted(files.items()):
                archive.writestr(_entry(name), content)
    except OSError as error:
        raise CourseError(f"{into} cannot be written ({error.strerror or error}). Name another "
                          "file with --into.") from error
    return len(files)


def _entry(name: str) -> zipfile.ZipInfo:
    """The same bytes whenever it is written, and what must be is executable."""
    entry = zipfile.ZipInfo(name)
    entry.compress_type = zipfile.ZIP_DEFLATED
    entry.external_attr = (stat.S_IFREG
                           | (0o755 if name in ("setup.sh", "run_autograder") else 0o644)) << 16
    return entry


def _files(root: Path, slug: str) -> Iterator[tuple[str, bytes]]:
    word = shlex.quote(slug)
    yield "setup.sh", SETUP.format(slug=word).encode()
    yield "run_autograder", RUN.format(slug=word).encode()
    yield "STAFF_ONLY.txt", SECRET.format(slug=slug).encode()
    yield "requirements.txt", "".join(f"{line}\n" for line in requirements()).encode()
    files = {name: path for part in sorted(Path(autograder.__file__).parent.iterdir())
             if part.name not in LEFT_OUT and not part.is_symlink()
             for name, path in below(part, f"kit/autograder/{part.name}")}
    released = folders(root).released(slug)
    if not released.is_dir():
        raise CourseError(f"{released} is missing. Run: autograder release {slug}")
    files |= {f"course/{name}": path for name, path in travelling(root, slug).items()
              if not name.startswith("datasets/") or name in DATA}
    for name, path in files.items():
        if not path.is_symlink():
            yield name, path.read_bytes()


def requirements() -> list[str]:
    """What the grader needs without nbgrader, by the package's own word; torch where asked for."""
    try:
        told = metadata.requires(DISTRIBUTION) or []
    except metadata.PackageNotFoundError:
        raise CourseError(f"{DISTRIBUTION} is not installed here. Install it: pip install -e "
                          "'.[grader]'") from None
    plain = [line.partition(";")[0].strip() for line in told if "extra ==" not in line]
    return plain + [line.partition(";")[0].strip() for line in told if line.startswith(NEEDED)]
