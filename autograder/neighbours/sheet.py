"""A CSV file that belongs to somebody else: cells are filled, and every other byte stays as it was.

Python's csv module reads such files, and writes them anew: other quotes, other line ends. Here the
text of each field is kept.
"""

from __future__ import annotations

import codecs
import re
from dataclasses import dataclass
from pathlib import Path

from autograder.model import CourseError

DELIMITERS = ",;\t"
ENCODINGS = {codecs.BOM_UTF8: "utf-8", codecs.BOM_UTF16_LE: "utf-16-le",
             codecs.BOM_UTF16_BE: "utf-16-be"}


@dataclass
class Sheet:
    """The fields as written, row by row; `ends` are the line ends, the last perhaps empty."""

    mark: bytes  # the byte-order mark, or nothing
    encoding: str
    delimiter: str
    fields: list[list[str]]
    ends: list[str]

    @property
    def header(self) -> list[str]:
        return [self.value(0, column) for column in range(len(self.fields[0]))]

    def value(self, row: int, column: int) -> str:
        """What a field says, without its quotes; "" where the row is too short."""
        written = self.fields[row][column] if column < len(self.fields[row]) else ""
        return written[1:-1].replace('""', '"') if _is_quoted(written) else written

    def fill(self, row: int, column: int, text: str) -> None:
        """Write into one field; quoted if it was, or if it must be."""
        fields = self.fields[row]
        fields += [""] * (column + 1 - len(fields))
        must = any(c in text for c in (self.delimiter, '"', "\r", "\n"))
        fields[column] = ('"' + text.replace('"', '""') + '"' if must
                          or _is_quoted(fields[column]) else text)

    def data(self) -> bytes:
        lines = (self.delimiter.join(row) + end
                 for row, end in zip(self.fields, self.ends, strict=True))
        return self.mark + "".join(lines).encode(self.encoding)


def _is_quoted(written: str) -> bool:
    return len(written) > 1 and written[0] == written[-1] == '"'


def read(path: Path) -> Sheet:
    """A file as a platform writes it; CourseError when it cannot be read as one."""
    again = "Download it again, and do not save it with another program in between."
    try:
        data = path.read_bytes()
        mark = next((m for m in ENCODINGS if data.startswith(m)), b"")
        encoding = ENCODINGS.get(mark, "utf-8")
        text = data[len(mark) :].decode(encoding)
    except OSError as error:
        raise CourseError(f"{path} cannot be read ({error.strerror or error}). Name the file that "
                          "you downloaded.") from error
    except UnicodeError as error:
        raise CourseError(f"{path} is not UTF-8 ({error}). {again}") from error
    delimiter = max(DELIMITERS, key=lambda d: len(_rows(text, d, 1)[0][0]))
    fields, ends = _rows(text, delimiter)
    if len(fields[0]) < 2:
        raise CourseError(f"{path} is no table: its first line has one column. {again}")
    return Sheet(mark, encoding, delimiter, fields, ends)


def _rows(text: str, delimiter: str, most: int = 0) -> tuple[list[list[str]], list[str]]:
    """The fields as they are written and the line ends, of the first `most` rows or of all."""
    # a field in quotes, with what careless programs write behind them, or one without; then what
    # ends it
    field = re.compile(
        rf'("(?:[^"]|"")*"[^{delimiter}\r\n]*|[^{delimiter}\r\n]*)({delimiter}|\r\n|\n|\r|\Z)')
    rows, ends, place = [list[str]()], list[str](), 0
    while found := field.match(text, place):
        rows[-1].append(found[1])
        place = found.end()
        if found[2] == delimiter:
            continue
        ends.append(found[2])
        if place == len(text) or len(ends) == most:
            break
        rows.append([])
    return rows, ends
