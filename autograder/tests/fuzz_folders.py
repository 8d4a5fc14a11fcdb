"""Trees of odd hand-ins through `collect` and `grade`: all but the odd are graded, those named.

    nice python -m autograder.tests.fuzz_folders 300 [seed]

makes so many courses of the toy assignment, prints what it saw, and ends with 1 when it found
something. In each course odd students lie in submitted/ (odd names, kinds, links, modes, sizes,
clocks, several notebooks, damaged ones), others come in archives and folders, some of them under
the names of those who are there, and honest students among both. A tree is drawn from its number:
the number that a finding names as its seed, with a single tree, shows it again.
"""

from __future__ import annotations

import contextlib
import hashlib
import io
import json
import os
import shutil
import socket
import sqlite3
import sys
import tempfile
import time
import traceback
import zipfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from autograder.cli import main as autograder
from autograder.nbgrader_plugin.submitted import shown
from autograder.tests.classroom import QUIZ, RIGHT, SLUG, WRONG, Classroom, answered, make
from autograder.tests.fuzz import Findings
from autograder.tests.odd_files import Dice, packed

ODD = 12  # students in submitted/, and as many that are to be collected
NOTEBOOK, STAMP = f"{SLUG}.ipynb", "timestamp.txt"
HONEST = ("0honest", "honest", "zz-honest")
CANARY = "the canary of whoever looks beyond a link"
FULL = 5.0
LARGE = (0, 1, 5, 2000, 1 << 33)
CLOCKS = (0, 1e10, -1e9, 2**33)
MODES = (0, 0o111, 0o222, 0o444, 0o555, 0o7777)
PIECES = ("a", ".", "-", " ", "\n", "é", "e\u0301", "\udcff", "*", "[", "%s", "{0}", "..", "'", '"',
          "\x1b[2J", "$(x)", "日本", "\\", ":")
LIKELY = (STAMP, SLUG, NOTEBOOK, ".ipynb", f"{SLUG} (1).ipynb", f"{SLUG.upper()}.IPYNB",
          f"{NOTEBOOK}.txt", "Untitled.ipynb", ".ipynb_checkpoints", f"{SLUG}-2.ipynb",
          "feedback.html", ".nbgrader.log", "2026-99-99T99-99-99")


@dataclass
class Tree:
    """A course with what was handed in, drawn from one number."""

    room: Classroom
    dice: Dice
    outside: Path  # what links lead to
    archives: Path  # what is collected
    honest: list[str] = field(default_factory=list)

    @property
    def submitted(self) -> Path:
        return self.room.root / "submitted"

    # -------------------------------------------------------------------------------- what is drawn
    def name(self) -> str:
        """What a file may be called."""
        if self.dice.random() < 0.5:
            return self.dice.choice(LIKELY)
        name = "".join(self.dice.choices(PIECES, k=self.dice.randint(1, 3)))
        return f"x{name}" if name in (".", "..") else name * self.dice.choice((1, 1, 1, 60))

    def student(self, number: int) -> str:
        """Who an odd student is: plain, so that two roads meet in one name, or odd."""
        plain = self.dice.choice((f"odd{number}", f"odd{number}", f"Odd{number}", f"odd {number}"))
        return (plain if self.dice.random() < 0.6
                else f"{self.name().replace('/', '-')[:80]}{number}")

    def content(self) -> bytes:
        """A notebook, honest or with damage, or something else."""
        answer = self.dice.choice((RIGHT, WRONG, "", "def shrink(:", "import os\nos._exit(1)\n",
                                   "raise SystemExit\n"))
        book = answered(self.room.released(), f"{answer}# {self.dice.random()}\n", QUIZ)
        style = self.dice.randrange(10)
        if style < 4:
            return json.dumps(book).encode(
                self.dice.choice(("utf-8", "utf-8", "utf-8-sig", "utf-16")))
        if style < 6:
            return json.dumps(self.dice.bent(book)).encode()
        if style < 8:
            return self.dice.spoilt(json.dumps(book).encode())
        return self.dice.choice((b"", b"{}", b"null", b"[" * 100_000, b'{"cells": []}',
                                 b"\x89PNG\r\n"))

    def entry(self, path: Path, depth: int = 2) -> None:
        """Something of any kind there, if nothing is there yet."""
        # a name too long, or a parent that is no folder
        with contextlib.suppress(FileNotFoundError, NotADirectoryError, OSError):
            if os.path.lexists(path):
                return
            kind = self.dice.randrange(8)
            if kind == 0:
                there = (self.outside, self.outside / NOTEBOOK, "/dev/zero", "/", "gone", ".", "..",
                         str(path), "/proc/self/mem")
                path.symlink_to(self.dice.choice(there))
            elif kind == 1:
                os.mkfifo(path)
            elif kind == 2 and self.dice.random() < 0.3:
                self._listens(path)
            elif kind == 3 and self.dice.random() < 0.3:
                os.link(self.outside / "shared", path)
            elif kind < 5 and depth:
                self._folder(path, depth)
            else:
                self._file(path)

    def _listens(self, path: Path) -> None:
        with socket.socket(socket.AF_UNIX) as ear:
            ear.bind(str(path))

    def _folder(self, path: Path, depth: int) -> None:
        path.mkdir()
        for _ in range(self.dice.randint(0, 3)):
            self.entry(path / self.name(), depth - 1)

    def _file(self, path: Path) -> None:
        if path.suffix in (".zip", ".tgz"):
            path.write_bytes(packed(self.dice, path.name))
        else:
            path.write_bytes(b"2026-05-01 10:00:00 UTC" if path.name == STAMP
                             and self.dice.random() < 0.5 else self.content())
        if self.dice.random() < 0.1:
            os.truncate(path, self.dice.choice(LARGE))
        if self.dice.random() < 0.3:
            os.utime(path, (0, self.dice.choice(CLOCKS)))
        if self.dice.random() < 0.2:
            path.chmod(self.dice.choice(MODES))

    # --------------------------------------------------------------------------- what is made of it
    def plant(self) -> None:
        """Odd students in submitted/, odd files to be collected, and honest ones among both."""
        for number in range(ODD):
            self._odd_student(self.submitted / self.student(number))
        self.entry(self.submitted / self.name())
        for name in HONEST:
            self.room.submit(name, self._right())
        for number in range(ODD):
            self._odd_file(number)
        for name in HONEST:
            (self.archives / f"far-{name}_{NOTEBOOK}").write_text(json.dumps(self._right()))
        with zipfile.ZipFile(self.archives / "platform.zip", "w") as archive:
            for number in range(3):
                where = f"Honest {'ABC'[number]}_{number + 7}_assignsubmission_file_/{NOTEBOOK}"
                archive.writestr(where, json.dumps(self._right()))
        self.honest = [*HONEST, *(f"far-{name}" for name in HONEST),
                       *(f"Honest {who}" for who in "ABC")]

    def _right(self) -> dict[str, Any]:
        return answered(self.room.released(), f"{RIGHT}# {self.dice.random()}\n", QUIZ)

    def _odd_student(self, path: Path) -> None:
        if self.dice.random() < 0.15:
            self.entry(path)
            return
        with contextlib.suppress(OSError):
            (path / SLUG).mkdir(parents=True)
            self.entry(path / SLUG / NOTEBOOK)
            for _ in range(self.dice.choice((0, 0, 1, 3))):
                self.entry(path / SLUG / self.name())
            (path / SLUG).chmod(self.dice.choice((0o755, 0o755, *MODES)))

    def _odd_file(self, number: int) -> None:
        style, who = self.dice.randrange(4), self.student(number)
        if style == 0:
            self.entry(self.archives / self.name())
        elif style == 1:
            kind = self.dice.choice((".zip", ".tgz", ".tar"))
            made = packed(self.dice, kind)
            (self.archives / f"odd{number}{kind}").write_bytes(
                self.dice.spoilt(made) if self.dice.random() < 0.5 else made)
        elif style == 2:
            self.entry(self.archives / f"{who}_{NOTEBOOK}"[-200:])
        else:
            with contextlib.suppress(OSError):
                (self.archives / f"{who}_{number}_assignsubmission_file_").mkdir()
                self.entry(self.archives / f"{who}_{number}_assignsubmission_file_" / self.name())

    # ------------------------------------------------------------------------------- what must hold
    def troubles(self) -> Iterator[str]:
        """What does not hold after the tree was collected and graded."""
        before = self._untouched()
        code, said = _ran("collect", SLUG, str(self.archives), "--course", str(self.room.root))
        yield from _told("collect", code, said)
        come = self.submitted.glob(f"*/{SLUG}/{NOTEBOOK}")
        for name in set(self.honest) - {p.parts[-3] for p in come}:
            yield f"an honest student was not collected: {name}\n{said}"
        code, said = _ran("grade", SLUG, "--course", str(self.room.root), "--jobs", "1")
        yield from _told("grade", code, said)
        if self._untouched() != before:
            yield "something outside of the hand-ins was changed"
        yield from self._marks(code, said)

    def _marks(self, code: int, said: str) -> Iterator[str]:
        marks = self._scores()
        for name in self.honest:
            if marks.get(name) != FULL:
                yield f"an honest student has {marks.get(name)} points: {name}\n{said}"
        plain, errors = " ".join(said.split()), 0
        for name in self._students():
            graded = (self.room.root / "autograded" / name / SLUG / NOTEBOOK).is_file()
            errors += not graded
            if graded != (name in marks):
                yield (f"{shown(name)!r} has {marks.get(name)} points and "
                       f"{'a' if graded else 'no'} page\n{said}")
            if not graded and " ".join(shown(name).split()) not in plain:
                yield f"{shown(name)!r} was not graded, and nobody says so\n{said}"
        if code != bool(errors):
            yield f"grade ended with {code}, and {errors} were not graded\n{said}"
        pages = list((self.room.root / "autograded").rglob("*"))
        if odd := [p for p in pages if not p.is_dir() and (p.is_symlink() or not p.is_file())]:
            yield f"no ordinary file in autograded/: {odd}"
        if CANARY in said or any(CANARY in p.read_text(encoding="utf-8", errors="replace")
                                 for p in pages if p.is_file()):
            yield "the canary was seen"

    def _students(self) -> list[str]:
        """Who must be heard of: whose folder holds something called after the assignment."""
        return [name for name in os.listdir(self.submitted)
                if os.path.lexists(self.submitted / name / SLUG)]

    def _scores(self) -> Mapping[str, float]:
        query = ("select a.student_id, sum(g.auto_score) from grade g join submitted_notebook n on "
                 "g.notebook_id = n.id join submitted_assignment a on n.assignment_id = a.id group "
                 "by a.student_id having count(g.auto_score) > 0")
        with contextlib.closing(sqlite3.connect(self.room.root / "gradebook.db")) as database:
            return dict(database.execute(query).fetchall())

    def _untouched(self) -> str:
        """A digest of what no hand-in may change: the course, and what lies outside of it."""
        found = hashlib.sha256()
        places = [self.outside, *(self.room.root / step for step in ("solutions", "assignments"))]
        for path in sorted(p for place in places for p in place.rglob("*")
                           if p.is_file() and "__pycache__" not in p.parts):
            found.update(str(path).encode() + path.read_bytes())
        return found.hexdigest()


def _ran(*words: str) -> tuple[int, str]:
    """A command of the kit in this process: its code, and all that it says."""
    raw = io.BytesIO()
    said = io.TextIOWrapper(raw, "utf-8", "backslashreplace", write_through=True)
    with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
        code = autograder(words)
    return code, raw.getvalue().decode()


def _told(command: str, code: int, said: str) -> Iterator[str]:
    if code not in (0, 1):
        yield f"{command} ended with {code}\n{said}"
    if "Traceback" in said or "Warning:" in said:
        yield f"{command} says what is not for people\n{said}"
    if "\x1b" in said or any(0xDC80 <= ord(c) <= 0xDCFF for c in said):
        yield f"{command} prints what the terminal obeys\n{said}"


def one_tree(number: int, findings: Findings, place: Path) -> None:
    """Make the tree of this number, put it through both commands; note what does not hold."""
    began, where = time.process_time(), f"seed {number}"
    for name in ("outside", "archives"):
        (place / name).mkdir(parents=True)
    room = make(place / "course")
    for name, words in ((NOTEBOOK, CANARY), ("shared", "of two")):
        (place / "outside" / name).write_text(
            json.dumps(answered(room.released(), f"{RIGHT}# {words}\n", QUIZ)))
    tree = Tree(room, Dice(number), place / "outside", place / "archives")
    try:
        tree.plant()
        for told in tree.troubles():
            findings.add(told.splitlines()[0].partition(":")[0], where, told)
    except Exception as error:  # whatever it is, it must be named and the others tried
        findings.add(f"{type(error).__name__} was not caught", where, traceback.format_exc())
    findings.slowest = max(findings.slowest, time.process_time() - began)
    findings.rounds += 1


def run(trees: int, seed: int = 0, step: Callable[[Findings], object] = bool) -> Findings:
    """Put so many trees through the commands."""
    findings = Findings()
    for number in range(seed, seed + trees):
        place = Path(tempfile.mkdtemp(prefix="odd-tree-"))
        try:
            one_tree(number, findings, place)
        finally:
            shutil.rmtree(place, ignore_errors=True)
        step(findings)
    return findings


def main(arguments: Sequence[str]) -> int:
    """The long run; 1 when anything was found."""
    trees, seed = int(arguments[0]), int(arguments[1]) if len(arguments) > 1 else 0

    said: set[str] = set()

    def told(found: Findings) -> None:
        for what in found.kinds.keys() - said:
            print(f"{what}\n    {found.first[what]}", flush=True)
            said.add(what)
        if found.rounds % 20 == 0 or found.rounds == trees:
            odd = found.rounds * 2 * ODD
            print(f"{found.rounds} trees with {odd} odd hand-ins, slowest {found.slowest:.1f} s, "
                  f"{dict(found.kinds)}", flush=True)

    return int(bool(run(trees, seed, told).kinds))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
