"""The lowest versions that pyproject.toml allows, and the newest, in every Python here.

`pytest -m slow -s autograder/tests/test_supply.py` needs a package index, and some minutes.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import pytest

from autograder.authoring import bundle
from autograder.authoring.fill import filled, released, write
from autograder.authoring.handout import collect
from autograder.staff import load_staff

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

pytestmark = pytest.mark.slow

ROOT, SLUG = Path(__file__).parents[2], "hw1_dropout"
PROJECT: dict[str, Any] = tomllib.loads(
    (ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
STUDENT, GRADER = PROJECT["dependencies"], PROJECT["optional-dependencies"]["grader"]
ASKED = re.compile(r"(?P<name>[\w.-]+)>=(?P<least>[\d.]+)[^;]*(?P<where>;.*)?")
OLDEST = "3.10"  # later ones have no builds of the lowest NumPy
PYTHONS = (OLDEST, "3.11", "3.12", "3.13")
CASES = [(OLDEST, True), *((version, False) for version in PYTHONS)]


def lowest(requirements: Iterable[str]) -> list[str]:
    """Each package in the lowest version that is asked for."""
    found = [match for r in requirements if (match := ASKED.fullmatch(r))]
    return [f"{m['name']}=={m['least']}{m['where'] or ''}" for m in found]


def run(*words: str | Path, code: int = 0, folder: Path | None = None) -> str:
    environment = {k: v for k, v in os.environ.items()
                   if not k.startswith(("PYTHON", "PYTEST", "VIRTUAL"))}
    done = subprocess.run(list(map(str, words)), cwd=folder, env=environment, capture_output=True,
                          text=True, check=False)
    assert done.returncode == code, (done.stdout + done.stderr)[-3000:]
    return done.stdout


def works(python: str) -> bool:
    try:
        return not subprocess.run([python, "--version"], capture_output=True,
                                  check=False).returncode
    except OSError:
        return False


def environment(folder: Path, version: str, wanted: Sequence[str | Path],
                least: Sequence[str]) -> Path:
    """The Python of a fresh environment in which these are installed."""
    homes = (Path.home() / ".pyenv" / "versions").glob(f"{version}.*/bin/python")
    python = next((name for name in (f"python{version}", *map(str, homes)) if works(name)), None)
    if python is None:
        pytest.skip(f"there is no Python {version}")
    run(python, "-m", "venv", folder)
    (folder / "lowest.txt").write_text("\n".join(least), encoding="utf-8")
    run(folder / "bin" / "python", "-m", "pip", "install", "-q", "--disable-pip-version-check",
        "-c", folder / "lowest.txt", *wanted)
    return folder / "bin" / "python"


def told(python: Path, requirements: Iterable[str]) -> str:
    """Which versions there are."""
    names = [match["name"].lower()
             for r in requirements if (match := re.match(r"(?P<name>[\w.-]+)", r))]
    there = dict(line.split("==") for line in run(python, "-m", "pip", "list",
                                                  "--format=freeze").split() if "==" in line)
    return ", ".join(f"{name} {version}"
                     for name, version in there.items() if name.lower() in names)


@pytest.fixture(scope="module")
def handed_out(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What a student has unpacked."""
    folder = tmp_path_factory.mktemp("supply")
    bundle.write(collect(ROOT, [SLUG]), folder / "dropout.zip")
    with zipfile.ZipFile(folder / "dropout.zip") as archive:
        archive.extractall(folder)
    return folder / "dropout"


@pytest.mark.parametrize(("version", "least"), CASES)
def test_students_can_check_their_work(version: str, least: bool, handed_out: Path,
                                       tmp_path: Path) -> None:
    """The stubs fail, and the solution passes."""
    (wheel,) = handed_out.glob("*.whl")
    python = environment(tmp_path / "venv", version, [wheel], lowest(STUDENT) if least else ())
    work = Path(shutil.copytree(handed_out / SLUG, tmp_path / SLUG))
    assert "failed" in run(python, "-m", "pytest", "-q", work, code=1, folder=tmp_path)
    blank = released(work / f"{SLUG}.ipynb")
    write(filled(blank, load_staff(ROOT, SLUG).solution.answers), work / f"{SLUG}.ipynb")
    said = run(python, "-m", "pytest", "-q", work, folder=tmp_path)
    print(f"\nstudent, Python {version}, {told(python, STUDENT)}: {said.splitlines()[-1]}")


@pytest.mark.parametrize(("version", "least"), CASES)
def test_a_class_can_be_graded(version: str, least: bool, tmp_path: Path) -> None:
    """`autograder demo`: release, hand in, grade, feedback, with real nbgrader."""
    unused = shutil.ignore_patterns(".git", ".venv", "build", "*.egg-info", "__pycache__")
    kit = Path(shutil.copytree(ROOT, tmp_path / "kit", ignore=unused))
    python = environment(tmp_path / "venv", version, [f"{kit}[grader]"],
                         lowest([*STUDENT, *GRADER]) if least else ())
    run(python, "-m", "autograder", "demo", tmp_path / "demo", folder=kit)
    print(f"\ngrader, Python {version}, {told(python, [*STUDENT, *GRADER])}: the demo runs")
