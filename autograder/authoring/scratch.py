"""A course of one assignment in a folder of its own, for the demo, for simulated classes and for measurements."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

from autograder.model import Broken, CourseError

MARK = ".autograder-scratch"


def course(root: Path, folder: Path, slug: str) -> Path:
    """A copy of the assignment's sources in `folder`; refuses to overwrite what is no such copy."""
    if folder.exists() and any(folder.iterdir()) and not (folder / MARK).exists():
        raise CourseError(f"{folder} exists and was not made by this command. Name a folder that does not exist yet.")
    shutil.rmtree(folder, ignore_errors=True)
    (folder / "solutions").mkdir(parents=True)
    (folder / MARK).write_text("made by autograder; this folder may be deleted\n", encoding="utf-8")
    for path in (root / "solutions" / "header.ipynb", root / "solutions" / f"{slug}_key.py"):
        shutil.copy(path, folder / "solutions")
    shutil.copytree(root / "solutions" / slug, folder / "solutions" / slug, ignore=shutil.ignore_patterns("__pycache__", ".*"))
    shutil.copy(root / "nbgrader_config.py", folder)
    return folder


def nbgrader(course: Path, *words: str) -> None:
    """Run a stock command in the course; Broken when it fails."""
    command = [sys.executable, "-m", "nbgrader", *words]
    done = subprocess.run(command, cwd=course, env=environment(), text=True, capture_output=True, check=False)
    # feedback has nothing to write for a hand-in that could not be read: that is reported in other ways
    if done.returncode and words[0] != "generate_feedback":
        raise Broken(f"nbgrader {words[0]} failed: {(done.stdout + done.stderr).strip()[-1500:]}")


def environment() -> dict[str, str]:
    """Our own, with the programs beside this Python first: nbgrader calls `alembic` by its name."""
    return dict(os.environ) | {"PATH": str(Path(sys.executable).parent) + os.pathsep + os.environ.get("PATH", "")}
