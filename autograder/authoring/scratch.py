"""A course of one assignment in a folder of its own: for the demo, classes and measurements."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

from autograder.folders import CONFIG, folders
from autograder.model import Broken, CourseError

MARK = ".autograder-scratch"


def course(root: Path, folder: Path, slug: str) -> Path:
    """A copy of the assignment's sources in `folder`; refuses to overwrite what is no such copy."""
    if folder.exists() and any(folder.iterdir()) and not (folder / MARK).exists():
        raise CourseError(f"{folder} exists and was not made by this command. Name a folder that "
                          "does not exist yet.")
    shutil.rmtree(folder, ignore_errors=True)
    found = folders(root)
    source = folder / os.path.relpath(found.source, root.resolve())
    source.mkdir(parents=True)
    (folder / MARK).write_text("made by autograder; this folder may be deleted\n", encoding="utf-8")
    header = folder / os.path.relpath(found.header, root.resolve())
    header.parent.mkdir(parents=True, exist_ok=True)
    shutil.copy(found.header, header)
    shutil.copy(found.key(slug), source)
    shutil.copytree(found.of(slug), source / slug,
                    ignore=shutil.ignore_patterns("__pycache__", ".*"))
    for path in [root / CONFIG, *_beside(root)]:
        shutil.copy(path, folder)
    return folder


def _beside(root: Path) -> list[Path]:
    """Modules that the course's configuration imports, such as a plugin for late hand-ins."""
    named = set(re.findall(r"\b[A-Za-z_]\w*\b", (root / CONFIG).read_text(encoding="utf-8")))
    return [path for path in root.glob("*.py") if path.stem in named and path.name != CONFIG]


def nbgrader(course: Path, *words: str) -> None:
    """Run a stock command in the course; Broken when it fails."""
    command = [sys.executable, "-m", "nbgrader", *words]
    done = subprocess.run(command, cwd=course, env=environment(), text=True,
                          capture_output=True, check=False)
    # feedback has nothing to write for a hand-in that could not be read: that is reported in other
    # ways
    if done.returncode and words[0] != "generate_feedback":
        raise Broken(f"nbgrader {words[0]} failed: {(done.stdout + done.stderr).strip()[-1500:]}")


def environment() -> dict[str, str]:
    """Our own, with the programs beside this Python first: nbgrader calls `alembic` by its name."""
    return (dict(os.environ)
            | {"PATH": str(Path(sys.executable).parent) + os.pathsep + os.environ.get("PATH", "")})
