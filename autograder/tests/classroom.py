"""A scratch copy of the toy course, the real nbgrader commands, and every kind of hand-in."""

from __future__ import annotations

import atexit
import contextlib
import copy
import functools
import json
import os
import shutil
import socket
import sqlite3
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

TOY = Path(__file__).parent / "course"
SLUG = "toy_scaling"
Notebook = dict[str, Any]

RIGHT = "def shrink(x, p, rng, train=True):\n    return (1 - p) * x, None\n"
WRONG = "def shrink(x, p, rng, train=True):\n    return x * p, None\n"
QUIZ = 'quiz = {"twice": 42, "letter": "a"}\n'


@dataclass
class Done:
    """A command that has run."""

    code: int
    text: str


@dataclass
class Classroom:
    """One course root on disk."""

    root: Path

    def run(self, *command: str) -> Done:
        """Run `nbgrader ...` in the course as in a terminal; PATH lacks our programs."""
        environment = {k: v for k, v in os.environ.items()
                       if not k.startswith(("JUPYTER", "PYTEST"))}
        environment |= {"PATH": os.defpath, "JUPYTER_CONFIG_DIR": str(self.root / ".jupyter"),
                        "HOME": str(self.root)}
        out, nbgrader = self.root / ".nbgrader-says", _nbgrader()
        assert nbgrader.stdin is not None
        assert nbgrader.stdout is not None
        print(json.dumps([command, str(self.root), environment, str(out)]),
              file=nbgrader.stdin, flush=True)
        code = int(nbgrader.stdout.readline())
        text = out.read_text(encoding="utf-8")
        out.unlink()
        return Done(code, text)

    def released(self) -> Notebook:
        """A fresh copy of what students get."""
        text = (self.root / "assignments" / SLUG / f"{SLUG}.ipynb").read_text(encoding="utf-8")
        return dict(json.loads(text))

    def submit(self, student: str, notebook: Notebook | str | bytes,
               name: str = f"{SLUG}.ipynb") -> Path:
        """Put a hand-in where nbgrader looks for it; the student's earlier ones go."""
        folder = self.root / "submitted" / student / SLUG
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        text = json.dumps(notebook) if isinstance(notebook, dict) else notebook
        (folder / name).write_bytes(text.encode() if isinstance(text, str) else text)
        return folder

    def grades(self, student: str) -> dict[str, tuple[float | None, float | None, bool]]:
        """Cell -> (automatic score, manual score, needs a human), from the gradebook."""
        rows = self._rows(
            "select c.name, g.auto_score, g.manual_score, g.needs_manual_grade from grade g join "
            "base_cell c on g.cell_id = c.id join submitted_notebook n on g.notebook_id = n.id "
            "join submitted_assignment a on n.assignment_id = a.id where a.student_id = ?", student)
        return {name: (auto, manual, bool(needs)) for name, auto, manual, needs in rows}

    def total(self, student: str) -> float | None:
        """The sum of the automatic scores; None when there is none yet."""
        scores = [auto for auto, _, _ in self.grades(student).values()]
        return None if None in scores or not scores else sum(s for s in scores if s is not None)

    def comments(self, student: str) -> dict[str, str | None]:
        """Answer cell -> automatic comment."""
        rows = self._rows("select c.name, m.auto_comment from comment m join base_cell c on "
                          "m.cell_id = c.id join submitted_notebook n on m.notebook_id = n.id join "
                          "submitted_assignment a on n.assignment_id = a.id where a.student_id = ?",
                          student)
        return dict(rows)

    def _rows(self, query: str, student: str) -> list[Any]:
        database = sqlite3.connect(self.root / "gradebook.db")
        try:
            return database.execute(query, (student,)).fetchall()
        finally:
            database.close()

    def change(self, statement: str) -> None:
        """What a human does in formgrader, done in the gradebook."""
        database = sqlite3.connect(self.root / "gradebook.db")
        with database:
            database.execute(statement)
        database.close()

    def autograded(self, student: str) -> Notebook:
        """The notebook that staff see."""
        path = self.root / "autograded" / student / SLUG / f"{SLUG}.ipynb"
        return dict(json.loads(path.read_text(encoding="utf-8")))

    def feedback(self, student: str) -> str:
        """The page that the student gets."""
        return (self.root / "feedback" / student / SLUG / f"{SLUG}.html").read_text(
            encoding="utf-8")


@functools.cache
def _nbgrader() -> subprocess.Popen[str]:
    """The process that runs the commands; it ends when its input does."""
    words = [sys.executable, "-m", "autograder.tests.nbgrader_server"]
    server = subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    atexit.register(server.communicate)
    return server


@functools.cache
def _released_once() -> Path:
    """The toy course after generate_assignment, made once: nbgrader takes seconds to start."""
    root = Path(tempfile.mkdtemp(prefix="toy-course-"))
    atexit.register(shutil.rmtree, root, ignore_errors=True)
    shutil.copytree(TOY, root, dirs_exist_ok=True, ignore=shutil.ignore_patterns("__pycache__"))
    done = Classroom(root).run("generate_assignment", SLUG)
    assert done.code == 0, done.text
    return root


def make(root: Path) -> Classroom:
    """The toy course at `root`, released, with nobody's hand-ins yet."""
    shutil.copytree(_released_once(), root, dirs_exist_ok=True)
    return Classroom(root)


@contextlib.contextmanager
def server(folder: Path, config: Path) -> Iterator[Callable[..., str]]:
    """A Jupyter server with formgrader in `folder`; the function asks for pages (data: POST)."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"http://127.0.0.1:{free.getsockname()[1]}"
    words = [sys.executable, "-m", "jupyter", "server", "--no-browser", "--allow-root",
             "--ServerApp.port_retries=0"]
    words += [f"--ServerApp.port={address.rpartition(':')[2]}", f"--ServerApp.root_dir={folder}",
              "--IdentityProvider.token="]
    words += ["--ServerApp.password=", "--ServerApp.disable_check_xsrf=True"]
    words += ["--ServerApp.jpserver_extensions={'nbgrader.server_extensions.formgrader': True}"]
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("JUPYTER", "PYTEST"))}
    environment |= {"PATH": os.defpath, "HOME": str(folder), "JUPYTER_CONFIG_DIR": str(config)}
    with open(folder / "server.log", "w") as log:
        process = subprocess.Popen(words, cwd=folder, env=environment, stdout=log, stderr=log)
    try:
        _wait_for(address + "/api", process, folder / "server.log")
        yield lambda path, data=None: _ask(address + path, data)
    finally:
        process.terminate()
        process.wait(300)


def _wait_for(address: str, process: subprocess.Popen[bytes], log: Path) -> None:
    for _ in range(6000):
        with contextlib.suppress(OSError):
            _ask(address, None)
            return
        assert process.poll() is None, log.read_text()
        time.sleep(0.1)
    raise AssertionError(log.read_text())


def _ask(address: str, data: bytes | None) -> str:
    with urllib.request.urlopen(address, data, timeout=300) as answer:
        return str(answer.read().decode())


# ----------------------------------------------------------------------------------------- hand-ins
def cell(notebook: Notebook, grade_id: str) -> dict[str, Any]:
    """The cell with this grade_id."""
    found = (c for c in notebook["cells"]
             if c["metadata"].get("nbgrader", {}).get("grade_id") == grade_id)
    return dict_of(next(found))


def dict_of(found: Any) -> dict[str, Any]:
    """The same object, with the type it has."""
    assert isinstance(found, dict)
    return found


def answered(notebook: Notebook, shrink: str = RIGHT, quiz: str = QUIZ) -> Notebook:
    """The notebook with these answers."""
    cell(notebook, "shrink")["source"] = shrink
    cell(notebook, "quiz")["source"] = quiz
    return notebook


def forged_output(score: str) -> list[dict[str, Any]]:
    """A saved output that stock nbgrader would take for a score."""
    return [{"output_type": "execute_result", "execution_count": 1, "metadata": {},
             "data": {"text/plain": score}}]


def copied(found: dict[str, Any], **changes: Any) -> dict[str, Any]:
    """A pasted copy of a cell: Jupyter gives it a new id and keeps its metadata."""
    return copy.deepcopy(found) | {"id": found["id"] + "-copy"} | changes


def code_cell(source: str, **more: Any) -> dict[str, Any]:
    """A cell that a student added."""
    return {"cell_type": "code", "execution_count": None, "metadata": {}, "outputs": [],
            "source": source, "id": "mine"} | more


def without(notebook: Notebook, *grade_ids: str) -> Notebook:
    """The notebook with some cells deleted."""
    gone = [cell(notebook, g) for g in grade_ids]
    notebook["cells"] = [c for c in notebook["cells"] if c not in gone]
    return notebook


def checks(notebook: Notebook) -> Iterator[dict[str, Any]]:
    """The two check cells."""
    yield cell(notebook, "check_shrink")
    yield cell(notebook, "check_quiz")
