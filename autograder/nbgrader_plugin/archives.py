"""What is in an archive, unpacked with care: only notebooks, under our names and within limits.

What cannot be taken is named with the reason, and the rest is taken: one student's damaged or
hostile file costs nobody else anything.
"""

from __future__ import annotations

import gzip
import lzma
import os
import re
import stat
import struct
import tarfile
import tempfile
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import IO

from autograder.model import Broken
from autograder.nbgrader_plugin.names import CLONED, hidden
from autograder.notebook_file import MAX_BYTES

OPENED = (".zip", ".tar", ".tar.gz", ".tgz")
SHUT = (".7z", ".rar", ".gz", ".bz2", ".xz", ".tar.bz2", ".tar.xz", ".zst")
# some browsers save it as the text that it is
NOTEBOOK = re.compile(r"\.ipynb(?:\.(?:txt|json))?$", re.IGNORECASE)
# the platform's archive, and the one that a student packed; what is packed once more is refused
DEPTH = 2
INNER = 250_000_000  # bytes of a student's archive, packed and unpacked
OUTER = 2_000_000_000  # bytes that any archive may unpack to, or RATIO times its size
RATIO = 50
LIST = 16_000_000  # bytes of an archive's table of contents: some hundred thousand files
CHUNK = 1 << 20
BOMB = "unpacks, with all that lies beside it, to far more than it should: a zip bomb?"

# whatever a damaged archive makes its reader raise
DAMAGE = (zipfile.BadZipFile, tarfile.TarError, zlib.error, lzma.LZMAError, EOFError, OSError,
          RuntimeError, NotImplementedError)
DAMAGES = (*DAMAGE, ValueError, struct.error, OverflowError, MemoryError)


class Refused(Exception):
    """Why something is not taken, in words."""


@dataclass(frozen=True)
class Piece:
    """One file as it was found: where, and what there is of it."""

    archive: str  # the one that the instructor gave; "" for a loose file
    parts: tuple[str, ...]  # folders, inner archives and the file, outermost first
    content: Path | None = None  # where the bytes of a notebook lie now
    why: str = ""  # a notebook or archive that is not taken

    @property
    def source(self) -> str:
        """The whole way to it, for people."""
        return "/".join(p for p in (self.archive, *self.parts) if p)

    @property
    def wanted(self) -> bool:
        """Whether it is, or may hold, a hand-in."""
        if hidden(self.parts):
            return False
        return (bool(self.why) or not self.parts or is_notebook(self.parts[-1])
                or self.parts[-1].lower().endswith((*OPENED, *SHUT)))


@dataclass
class Unpacking:
    """One archive being read; `room` is what it may still unpack to."""

    into: Path
    room: int

    def save(self, file: IO[bytes], most: int) -> Path:
        """Write what a member holds under a name of our own."""
        with tempfile.NamedTemporaryFile(dir=self.into, delete=False) as out:
            path, size = Path(out.name), 0
            while chunk := _read(file):
                size += len(chunk)
                self.room -= len(chunk)
                if size > most or self.room < 0:
                    path.unlink()
                    raise Refused(f"is larger than {most // 1_000_000} MB" if size > most else BOMB)
                _write(out, chunk)
        return path


def pieces(source: Path, into: Path) -> Iterator[Piece]:
    """All files of what the instructor gave: notebook, archive or folder. Copies go to `into`."""
    if not source.is_dir():
        yield from _readable(source, (source.name,), into)
        return
    # it says how the repositories in it begin
    home = (source.name,) if source.name.endswith(CLONED) else ()
    shut: list[OSError] = []  # folders that may not be read
    for folder, inner, files in os.walk(source, onerror=shut.append):
        inner.sort()
        links = [name for name in inner if os.path.islink(os.path.join(folder, name))]
        for path in (Path(folder, name) for name in sorted([*files, *links])):
            yield from _readable(path, (*home, *path.relative_to(source).parts), into)
    for error in shut:
        yield Piece("", (*home, *Path(error.filename).relative_to(source).parts) or (".",),
                    why=f"cannot be read ({error.strerror})")


def is_notebook(name: str) -> bool:
    """Whether a file calls itself one."""
    return bool(NOTEBOOK.search(name))


def _readable(path: Path, parts: tuple[str, ...], into: Path) -> Iterator[Piece]:
    if hidden(parts):
        yield Piece("", parts)
        return
    try:
        yield from _loose(path, parts, into)
    except OSError as error:
        yield Piece("", parts, why=f"cannot be read ({error.strerror or error})")


def _loose(path: Path, parts: tuple[str, ...], into: Path) -> Iterator[Piece]:
    piece, unpacking = Piece("", parts), Unpacking(into, max(OUTER, RATIO * path.lstat().st_size))
    if path.is_symlink() or not path.is_file():
        yield replace(piece, why="is a link or no ordinary file" if piece.wanted else "")
    elif is_notebook(path.name):
        with path.open("rb") as file:
            yield _saved(piece, file, unpacking)
    elif path.name.lower().endswith(OPENED):
        yield from _opened(path, Piece("/".join(parts), ()), unpacking, DEPTH)
    else:
        yield _unopened(piece)


def _saved(piece: Piece, file: IO[bytes], unpacking: Unpacking) -> Piece:
    try:
        content = unpacking.save(file, MAX_BYTES)
    except Refused as why:
        return replace(piece, why=str(why))
    return (replace(piece, content=content) if content.stat().st_size
            else replace(piece, why="is empty"))


def _unopened(piece: Piece) -> Piece:
    packed = piece.parts[-1].lower().endswith(SHUT)
    return replace(piece, why="is an archive of a kind that is not opened; unpack it by hand"
                   if packed else "")


def _opened(path: Path, piece: Piece, unpacking: Unpacking, depth: int) -> Iterator[Piece]:
    """What is in an archive that lies at `path` and was found as `piece`."""
    if not depth:
        yield replace(piece, why="is an archive in an archive in an archive; unpack it by hand")
        return
    empty = True
    members = _zip if path.suffix.lower() == ".zip" or zipfile.is_zipfile(path) else _tar
    try:
        for name, why, file in members(path, LIST if depth == DEPTH else LIST // 16, unpacking):
            parts = tuple(p for p in name.replace("\\", "/").split("/") if p not in ("", "."))
            if parts:
                empty = False
                yield from _member(replace(piece, parts=piece.parts + parts),
                                   why or _astray(name, parts), file, unpacking, depth)
        if empty:
            yield replace(piece, why="is empty")
    except DAMAGES as error:
        yield replace(piece,
                      why=f"is damaged ({_first(error)}); what could be read of it is listed")
    except Refused as why:
        yield replace(piece, why=str(why))


def _member(piece: Piece, why: str, file: IO[bytes] | None, unpacking: Unpacking,
            depth: int) -> Iterator[Piece]:
    if why or file is None or not piece.wanted:
        yield replace(piece, why=why if piece.wanted else "")
    elif is_notebook(piece.parts[-1]):
        yield _saved(piece, file, unpacking)
    elif not piece.parts[-1].lower().endswith(OPENED):
        yield _unopened(piece)
    else:
        yield from _inner(piece, file, unpacking, depth)


def _inner(piece: Piece, file: IO[bytes], unpacking: Unpacking, depth: int) -> Iterator[Piece]:
    """An archive within: copied first, because it is read from its end."""
    try:
        path = unpacking.save(file, INNER)
    except Refused as why:
        yield replace(piece, why=str(why))
        return
    try:
        yield from _opened(path, piece,
                           Unpacking(unpacking.into, min(INNER, unpacking.room)), depth - 1)
    finally:
        path.unlink()


# ------------------------------------------------------------------------------------------ members
_Member = tuple[str, str, "IO[bytes] | None"]  # name, why it is not taken, what it holds


def _zip(path: Path, listed: int, unpacking: Unpacking) -> Iterator[_Member]:
    if _contents_of(path) > listed:
        raise Refused("lists far too many files")
    with zipfile.ZipFile(path) as archive:
        for info in archive.infolist():
            # a folder, or nothing that could be named; `is_dir` trips over a name without a letter
            if info.filename[-1:] in ("", "/"):
                continue
            if stat.S_ISLNK(info.external_attr >> 16):
                yield _called(info), "is a link", None
            elif info.flag_bits & 1:
                yield _called(info), "is locked with a password", None
            else:
                yield from _zipped(archive, info)


def _called(info: zipfile.ZipInfo) -> str:
    """The name of a member. A Mac writes UTF-8 without saying so, and would be read as of 1981."""
    try:
        return info.filename if info.flag_bits & 0x800 else info.filename.encode("cp437").decode()
    except UnicodeError:
        return info.filename


def _zipped(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> Iterator[_Member]:
    try:
        file = archive.open(info)
    except DAMAGES as error:
        yield _called(info), f"is damaged ({_first(error)})", None
        return
    with file:
        yield _called(info), "", file


def _contents_of(path: Path) -> int:
    """How long a zip's table of contents says it is, before anything makes objects of it."""
    with path.open("rb") as file:
        file.seek(-min(path.stat().st_size, 65_557), os.SEEK_END)
        tail = file.read()
    end = tail.rfind(b"PK\x05\x06")
    return int.from_bytes(tail[end + 12 : end + 16], "little") if end >= 0 else 0


class _Bounded:
    """A stream that ends with Refused when more comes of it than there is room for."""

    def __init__(self, file: gzip.GzipFile | IO[bytes], room: int) -> None:
        self._file, self._room = file, room

    def read(self, size: int = -1) -> bytes:
        data = self._file.read(min(size, CHUNK) if size >= 0 else CHUNK)
        self._room -= len(data)
        if self._room < 0:
            raise Refused(BOMB)
        return data


def _tar(path: Path, listed: int, unpacking: Unpacking) -> Iterator[_Member]:
    with path.open("rb") as raw:
        packed = raw.read(2) == b"\x1f\x8b"
        raw.seek(0)
        file = gzip.GzipFile(fileobj=raw) if packed else raw
        with tarfile.open(fileobj=_Bounded(file, unpacking.room), mode="r|") as archive:  # type: ignore[call-overload]
            for info in archive:
                if not info.isdir():
                    held = archive.extractfile(info) if info.isreg() else None
                    yield info.name, "" if held else "is a link or no ordinary file", held


# -------------------------------------------------------------------------------------------- small
def _write(out: IO[bytes], chunk: bytes) -> None:
    try:
        out.write(chunk)
    except OSError as error:  # ours: no student's archive is damaged by a full disk
        raise Broken(f"{out.name} cannot be written ({error.strerror or error}). Make room and "
                     "collect again.") from error


def _read(file: IO[bytes]) -> bytes:
    try:
        return file.read(CHUNK)
    except DAMAGES as error:
        raise Refused(f"is damaged ({_first(error)})") from None


def _astray(name: str, parts: tuple[str, ...]) -> str:
    out = name.startswith(("/", "\\")) or ".." in parts or parts[0][1:2] == ":"
    return "has a path that leads out of the archive" if out else ""


def _first(error: BaseException) -> str:
    return (str(error) or type(error).__name__).splitlines()[0][:80]
