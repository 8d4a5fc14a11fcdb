"""A handed-in file -> the JSON in it, or a SubmissionError of one line on what it is instead."""

from __future__ import annotations

import json
import os
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any

from autograder.model import SubmissionError

MAX_BYTES = 50_000_000  # of one notebook file
# "{" and "[" in it: each becomes a Python object, so this bounds the memory a file can ask for
MAX_BRACKETS = 1_000_000
NO_NOTEBOOK = "Hand in the .ipynb file that Jupyter saves."
_AGAIN = "Save the notebook again and hand that file in."


def content(path: Path) -> bytes:
    """The content of a regular file of at most MAX_BYTES, or a SubmissionError why not."""
    name = called(path)
    try:
        data = beginning(path, MAX_BYTES + 1, lambda mode: _must_be_file(mode, name))
    except FileNotFoundError:
        raise SubmissionError(
            f"There is no file {name}. Look at its name and folder, then try again.") from None
    except PermissionError:
        raise SubmissionError(f"{name} may not be read (permission denied). Make the file readable "
                              "and try again.") from None
    except (OSError, ValueError, MemoryError) as error:
        reason = getattr(error, "strerror", None) or error
        raise SubmissionError(f"{name} cannot be opened ({reason}). {_AGAIN}") from None
    if len(data) > MAX_BYTES:
        raise SubmissionError(f"{name} is larger than {MAX_BYTES // 1_000_000} MB. Clear its "
                              "outputs, save it and hand that file in.")
    return data


def beginning(path: Path, length: int, must_be: Callable[[int], None]) -> bytes:
    """A file's first bytes, if its mode passes. Waits for no pipe, opens no device or link."""
    must_be(os.lstat(path).st_mode)
    flags = (os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_NOFOLLOW", 0)
             | getattr(os, "O_BINARY", 0))
    with open(os.open(path, flags), "rb") as file:
        must_be(os.fstat(file.fileno()).st_mode)  # again: it may have been exchanged since
        return file.read(length)


def _must_be_file(mode: int, name: str) -> None:
    if stat.S_ISREG(mode):
        return
    if stat.S_ISDIR(mode):
        raise SubmissionError(
            f"{name} is a folder, not a notebook. Hand in the .ipynb file itself.")
    if stat.S_ISLNK(mode):  # followed with the grader's rights it could lead into solutions/
        raise SubmissionError(
            f"{name} is only a link to another file. Hand in the notebook itself.")
    raise SubmissionError(
        f"{name} is not an ordinary file but a pipe or a device. Hand in the .ipynb file itself.")


def parse(data: bytes, path: Path) -> Any:
    """The JSON in a file, whatever it holds, or a SubmissionError on what it is instead."""
    name = called(path)
    data = data.removeprefix(b"\xef\xbb\xbf")
    if not data.strip():
        raise SubmissionError(f"{name} is empty. {_AGAIN}")
    if data.count(b"{") + data.count(b"[") > MAX_BRACKETS:
        raise SubmissionError(
            f"{name} holds far too much. Clear its outputs, save it and hand that file in.")
    _must_be_json(data, name)
    if b"\n<<<<<<< " in data and b"\n>>>>>>> " in data:  # no JSON: there a line break stands as \\n
        raise SubmissionError(f"{name} holds an unresolved git conflict. Settle it with git, open "
                              "the file in Jupyter and save it.")
    try:
        # strict=False: a raw tab or line break in a string is a slip. Numbers matter only in
        # nbformat, so a long one may become 0.
        return json.loads(data.decode("utf-8"), strict=False,
                          parse_int=lambda text: int(text) if len(text) < 20 else 0)
    except UnicodeDecodeError as error:
        raise SubmissionError(f"{name} is not UTF-8 text (byte {error.start}). {_AGAIN}") from None
    except RecursionError:
        raise SubmissionError(f"{name} is nested too deeply to be a notebook. {_AGAIN}") from None
    except json.JSONDecodeError as error:
        cut = error.msg.startswith("Unterminated") or not error.doc[error.pos :].strip()
        where = "the file is cut off" if cut else f"it is not valid JSON (line {error.lineno})"
        raise SubmissionError(f"{name} is damaged: {where}. {_AGAIN}") from None
    except (ValueError, MemoryError):
        raise SubmissionError(f"{name} is damaged: it is not valid JSON. {_AGAIN}") from None


_KINDS = {
    b"%PDF": "a PDF",
    b"PK\x03\x04": "a zip archive",
    b"\x1f\x8b": "a gzip archive",
    b"\x89PNG": "a picture",
    b"<<<<<<<": "a file with an unresolved git conflict",
    b"<": "a web page",
    b"\xff\xfe": "UTF-16 text",
    b"\xfe\xff": "UTF-16 text",
    b"\x00": "a file of zero bytes",
}


def _must_be_json(data: bytes, name: str) -> None:
    start = data.lstrip()[:8]
    if start[:1] in (b"{", b"["):
        return
    kind = next((kind for mark, kind in _KINDS.items() if start.startswith(mark)),
                "other text or data")
    raise SubmissionError(f"{name} is no notebook but {kind}. {NO_NOTEBOOK}")


def called(path: Path) -> str:
    """The file's name on one line, whatever characters it is made of."""
    return "".join(c if c.isprintable() else "?" for c in path.name or str(path))[:120]
