"""Whatever lies in submitted/, everybody else is graded, and who is not is named."""

from __future__ import annotations

import contextlib
import os
import random
from collections.abc import Callable
from pathlib import Path

import pytest

from autograder.classes.batch import Batch
from autograder.cli import main
from autograder.nbgrader_plugin.submitted import HandIn, folders, misnamed, shown, take, when
from autograder.sandbox import choose
from autograder.sandbox.bounded import bounded
from autograder.tests import fuzz_folders
from autograder.tests.classroom import QUIZ, RIGHT, SLUG, Classroom, answered, make

pytestmark = pytest.mark.nbgrader

HONEST = ("ada", "zoë")
NOTEBOOK = f"{SLUG}.ipynb"
STRANGE = os.fsdecode(b"\xff.ipynb")


class Directory:
    """As much of nbgrader's CourseDirectory as is asked for a path."""

    submitted_directory = "submitted"

    def __init__(self, root: Path, structure: str = "{step}/{student}/{slug}") -> None:
        self.root, self.structure = root, structure

    def format_path(self, step: str, student: str, slug: str) -> str:
        return str(self.root / self.structure.format(step=step, student=student, slug=slug))


def taken(root: Path) -> dict[str, HandIn]:
    return {student: take(folder, SLUG) for student, folder in folders(Directory(root), SLUG)}


def submit(root: Path, student: str, content: bytes = b"{}") -> Path:
    folder = root / "submitted" / student / SLUG
    folder.mkdir(parents=True)
    (folder / NOTEBOOK).write_bytes(content)
    return folder


# ----------------------------------------------------------------------------------------- oddities
def linked(path: Path, target: str | Path) -> Path:
    if path.is_dir() and not path.is_symlink():
        path.rename(path.with_name("elsewhere"))
    else:
        path.unlink(missing_ok=True)
    path.symlink_to(target)
    return path


def piped(path: Path) -> Path:
    path.unlink(missing_ok=True)
    os.mkfifo(path)
    return path


def made(path: Path) -> Path:
    path.mkdir()
    return path


def emptied(folder: Path) -> Path:
    (folder / NOTEBOOK).unlink()
    return folder


def grown(path: Path) -> Path:
    path.touch()
    os.truncate(path, 1 << 40)
    return path


def replaced(folder: Path) -> None:
    emptied(folder)
    folder.rmdir()
    folder.write_text("no folder")


def stamped(text: str | bytes) -> Callable[[Path], object]:
    return lambda folder: (folder / "timestamp.txt").write_bytes(
        text.encode() if isinstance(text, str) else text)


ODD: dict[str, tuple[Callable[[Path], object], str]] = {
    "twenty digits": (stamped("9" * 20), "holds no time"),
    "a year too far": (stamped("99999-01-01 10:00:00 UTC"), "holds no time"),
    "a zone too far": (stamped("2026-01-01 10:00:00 999999999999"), "holds no time"),
    "no time": (stamped("yesterday"), "holds no time"),
    "no text": (stamped(os.urandom(64)), "holds no time"),
    "a long time": (stamped("1" * 2000), "is larger than 1024 bytes"),
    "a great time": (lambda f: grown(f / "timestamp.txt"), "is larger than 1024 bytes"),
    "a linked time": (lambda f: linked(f / "timestamp.txt", "/dev/zero"),
                      "timestamp.txt is no ordinary file"),
    "a lost time": (lambda f: linked(f / "timestamp.txt", "gone"),
                    "timestamp.txt is no ordinary file"),
    "a waiting time": (lambda f: piped(f / "timestamp.txt"), "timestamp.txt is no ordinary file"),
    "a folder of time": (lambda f: made(f / "timestamp.txt"), "timestamp.txt is no ordinary file"),
    "a linked notebook": (lambda f: linked(f / NOTEBOOK, "/etc/hostname"), "is only a link"),
    "a waiting notebook": (lambda f: piped(f / NOTEBOOK), "is not an ordinary file"),
    "a device": (lambda f: linked(f / NOTEBOOK, "/dev/zero"), "is only a link"),
    "a folder as notebook": (lambda f: made(emptied(f) / NOTEBOOK), "is a folder, not a notebook"),
    "nothing": (emptied, "there is no notebook"),
    "a file": (replaced, "is no folder"),
    "a linked folder": (lambda f: linked(f, "elsewhere"), "is only a link"),
    "a linked student": (lambda f: linked(f.parent, "elsewhere"), "is only a link"),
    "a ring": (lambda f: linked(f, f), "is only a link"),
    "strange names": (lambda f: (f / NOTEBOOK).write_bytes(b"")
                      or (f / NOTEBOOK).rename(f / STRANGE), "?.ipynb is empty"),
    "a date": (lambda f: (f / NOTEBOOK).rename(f / f"{SLUG} 2026-99-99T99-99-99.ipynb"), ""),
    "others beside": (lambda f: (piped(f / "x.csv"), linked(f / "y.txt", "/dev/zero"),
                                 made(f / "z")), ""),
}
NAMES = {os.fsdecode(b"m\xfcller"): "cannot be written", "a\nb": "cannot be written",
         "\x1b[31mred": "cannot be written"}
NAMES["n" * 200] = "is longer than"


@pytest.mark.parametrize("kind", ODD)
def test_each_oddity_is_that_students_and_named(kind: str, tmp_path: Path) -> None:
    submit(tmp_path, "ada")
    ODD[kind][0](submit(tmp_path, "odd"))
    found = taken(tmp_path)
    assert found["ada"].content == b"{}"
    if kind == "strange names":
        assert found["odd"].content == b""  # the reader says that it is empty
    else:
        assert ODD[kind][1] in found["odd"].error
        assert bool(found["odd"].error) == bool(ODD[kind][1])
    assert len(found["odd"].error.splitlines()) <= 1


@pytest.mark.parametrize("name", NAMES)
def test_a_name_that_no_gradebook_takes_is_told_and_shown_on_one_line(
        name: str, tmp_path: Path) -> None:
    submit(tmp_path, name)
    (student,) = taken(tmp_path)
    assert student == name
    assert NAMES[name] in misnamed(student)
    assert shown(student).isprintable()
    assert not any(map(misnamed, HONEST))


# ---------------------------------------------------------------------------------------- forbidden
FORBIDDEN = ("", SLUG, f"{SLUG}/{NOTEBOOK}", f"{SLUG}/timestamp.txt")


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0,
                    reason="only root may become somebody else")
@pytest.mark.parametrize("below", FORBIDDEN)
def test_what_may_not_be_read_is_that_students_and_named(below: str, tmp_path: Path) -> None:
    submit(tmp_path, "ada")
    stamped("2026-01-01 10:00:00 UTC")(submit(tmp_path, "eve"))
    for place in [tmp_path, *tmp_path.parents]:
        if not place.stat().st_mode & 0o001:
            place.chmod(place.stat().st_mode | 0o011)
    (tmp_path / "submitted" / "eve" / below).chmod(0)

    def as_nobody() -> dict[str, tuple[bytes, str]]:
        os.setgroups([])
        os.setgid(65534)
        os.setuid(65534)
        return {student: (found.content, found.error) for student, found in taken(tmp_path).items()}

    found = bounded(as_nobody, "submitted/")
    assert found["ada"] == (b"{}", "")
    assert not found["eve"][0]
    assert any(word in found["eve"][1]
               for word in ("may not be looked at", "may not be looked into", "may not be read"))
    assert "ermission denied" in found["eve"][1]


def test_a_folder_that_vanishes_in_mid_run_is_told(tmp_path: Path) -> None:
    folder = submit(tmp_path, "ada")
    ((_, found),) = folders(Directory(tmp_path), SLUG)
    (folder / NOTEBOOK).unlink()
    folder.rmdir()
    assert take(found, SLUG).error == f"its folder {SLUG} is gone. Put it back and grade again."


@pytest.mark.parametrize("structure", ["{step}/{student}/{slug}", "{step}/{slug}/{student}",
                                       "{step}/hw-{student}.d/{slug}/x"])
def test_every_structure_of_folders_is_understood(structure: str, tmp_path: Path) -> None:
    directory = Directory(tmp_path, structure)
    for student in HONEST:
        Path(directory.format_path("submitted", student, SLUG)).mkdir(parents=True)
        Path(directory.format_path("submitted", "other", "hw")).mkdir(parents=True, exist_ok=True)
    assert (
        [student for student, _ in folders(directory, SLUG) if student != "other"] == list(HONEST))


def test_what_is_no_hand_in_is_nobodys(tmp_path: Path) -> None:
    assert taken(tmp_path) == {}
    submit(tmp_path, "ada")
    (tmp_path / "submitted" / "README.md").touch()
    (tmp_path / "submitted" / "bob").mkdir()
    (tmp_path / "submitted" / "lost").symlink_to("gone")
    assert list(taken(tmp_path)) == ["ada"]


# --------------------------------------------------------------------------------------------- fuzz
def _anything(random_: random.Random, folder: Path, depth: int = 2) -> None:
    """Some entries of any kind, name, size and clock."""
    likely = ["timestamp.txt", SLUG, NOTEBOOK, ".ipynb", "2026-99-99T99-99-99"]
    pieces = ["a", ".", "-", " ", "\n", "é", "\udcff", "*", "[", "%s", "{0}", "..", *likely]
    for _ in range(random_.randint(0, 4)):
        path = folder / random_.choice([*likely,
                                        "".join(random_.choices(pieces, k=random_.randint(1, 3)))])
        if os.path.lexists(path):
            continue  # it may be a pipe, on which a writer would wait
        with contextlib.suppress(FileNotFoundError):
            kind = random_.randint(0, 5)
            if kind == 0:
                path.symlink_to(random_.choice(["/dev/zero", "/", "gone", ".", "..", str(path),
                                                "/proc/self/mem"]))
            elif kind == 1:
                os.mkfifo(path)
            elif kind == 2 and depth:
                path.mkdir()
                _anything(random_, path, depth - 1)
            else:
                path.write_bytes(random_.randbytes(random_.choice([0, 1, 30, 3000])))
                os.truncate(path, random_.choice([0, 5, 2000, 1 << 33]))
                os.utime(path, (0, random_.choice([0, 1e10, -1e9])))


@pytest.mark.parametrize("seed", range(12))
def test_anything_in_a_folder_is_that_students(seed: int, tmp_path: Path) -> None:
    submit(tmp_path, "ada")
    chance = random.Random(seed)
    odd = tmp_path / "submitted" / "odd"
    (odd / SLUG).mkdir(parents=True)
    _anything(chance, odd / SLUG)
    _anything(chance, tmp_path / "submitted")
    found = bounded(lambda: {s: (len(f.content), f.error, f.stamp)
                             for s, f in taken(tmp_path).items()}, "submitted/")
    assert found["ada"] == (2, "", b"")
    assert (found["odd"][0] or found["odd"][1]
            or [p for p in (odd / SLUG).iterdir() if p.suffix == ".ipynb"])
    assert all(len(error.splitlines()) <= 1 for _, error, _ in found.values())


def test_anything_in_a_timestamp_is_a_time_or_none() -> None:
    chance = random.Random(0)
    parts = ["2026", "-", ":", "11", "99", " ", "T", "Z", "UTC", "+", "9" * 30, "e", ".", "\n",
             "\x00", "AM", "Mon", "ÿ", "1", "-1"]
    for _ in range(600):
        with contextlib.suppress(ValueError):
            when("".join(chance.choices(parts, k=chance.randint(0, 9))).encode()[:1024])


@pytest.mark.parametrize("text", ["02.12.2026 16:20", "2/12/2026", "20-11-26 10:00 UTC"])
def test_a_date_that_may_be_read_in_two_ways_is_no_time(text: str) -> None:
    with pytest.raises(ValueError, match="may be read in two ways"):
        when(text.encode())


# ------------------------------------------------------------------------------------ the two roads
@pytest.fixture
def room(tmp_path: Path) -> Classroom:
    """A class with every oddity, and two honest students at the ends of the list."""
    found = make(tmp_path / "course")
    for number, kind in enumerate(ODD):
        ODD[kind][0](found.submit(f"odd{number}", answered(found.released(), RIGHT, QUIZ)))
    for name in NAMES:
        found.submit(name, answered(found.released(), RIGHT, QUIZ))
    for student in HONEST:
        found.submit(student, answered(found.released(), RIGHT, QUIZ))
    return found


def named(text: str) -> None:
    for number, kind in enumerate(ODD):
        if told := ODD[kind][1]:
            assert any(f"odd{number}" in line and told in line
                       for line in text.splitlines()), (kind, told)
    for name, told in NAMES.items():
        assert any(shown(name) in line and told in line for line in text.splitlines()), name


def test_the_class_is_graded_and_the_odd_ones_are_named(room: Classroom) -> None:
    graded = list(Batch(room.root, SLUG, choose()).run())
    named("\n".join(f"{one.student}: {one.error}" for one in graded))
    fine = {f"odd{n}" for n, kind in enumerate(ODD) if not ODD[kind][1]} | {*HONEST, "elsewhere"}
    assert {one.student for one in graded if one.status == "graded"} == fine
    assert {room.total(student) for student in fine} == {5}
    assert "broken" not in {one.status for one in graded}


def test_the_stock_command_sees_with_the_same_eyes(room: Classroom) -> None:
    done = room.run("autograde", SLUG)
    named(done.text)
    assert done.code == 1
    fine = [f"odd{n}" for n, kind in enumerate(ODD) if not ODD[kind][1]] + list(HONEST)
    assert {room.total(student) for student in fine} == {5}
    assert not [p for p in (room.root / "autograded").rglob("*") if p.is_symlink() or p.is_fifo()]


def test_a_tree_of_odd_hand_ins_is_collected_and_graded(monkeypatch: pytest.MonkeyPatch) -> None:
    """A sample; `python -m autograder.tests.fuzz_folders 300` is the long run."""
    monkeypatch.setattr(fuzz_folders, "ODD", 5)
    found = fuzz_folders.run(1, 28)
    assert not found.kinds, "\n".join(found.first.values())


def test_an_unreadable_folder_is_no_missing_hand_in(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    room = make(tmp_path / "course")
    for student in ("ada", "eve"):
        room.submit(student, answered(room.released(), RIGHT, QUIZ))
    words = ["grade", SLUG, "--course", str(room.root), "--jobs", "1"]
    assert main(words) == 0
    lstat = os.lstat

    def forbidding(path: str | Path) -> os.stat_result:
        if "/eve/" in str(path):
            raise PermissionError(13, "Permission denied", str(path))
        return lstat(path)

    monkeypatch.setattr(os, "lstat", forbidding)
    assert main(words) == 1
    told = " ".join(capsys.readouterr().out.split())
    assert f"eve: unreadable: its folder {SLUG} may not be looked at (Permission denied)" in told
    assert "no hand-in any more" not in told
    assert (room.total("ada"), room.total("eve")) == (5, None)
