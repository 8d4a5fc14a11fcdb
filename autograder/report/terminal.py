"""Standard output that never ends a command: whatever the terminal cannot show, and whoever stops reading."""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, TextIO


class Patient:
    """A text stream that swallows what its file does not take, and remembers why: grading goes on behind `| head` and on a full disk."""

    def __init__(self, stream: TextIO) -> None:
        self.stream = stream
        self.failed: OSError | None = None

    def write(self, text: str) -> int:
        self._try(self.stream.write, text)
        return len(text)

    def flush(self) -> None:
        self._try(self.stream.flush)

    def _try(self, act: Any, *words: str) -> None:
        if self.failed is None:
            try:
                act(*words)
            except OSError as error:
                self.failed = error

    def __getattr__(self, name: str) -> Any:
        return getattr(self.stream, name)


@contextmanager
def patient() -> Iterator[Patient]:
    """Standard output made patient for a command; characters that its encoding lacks come as escapes."""
    before = sys.stdout or io.StringIO()  # there is none where no console is
    if hasattr(before, "reconfigure"):
        before.reconfigure(errors="backslashreplace")
    found = Patient(before)
    sys.stdout = found
    try:
        yield found
    finally:
        found.flush()
        sys.stdout = before
        if found.failed:
            _forget(before)


def _forget(stream: TextIO) -> None:
    """What still waits in the stream would fail once more when Python ends, with a message and an exit code of its own."""
    try:
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, stream.fileno())
        os.close(nowhere)
    except (OSError, ValueError):
        return  # no real file below it, so nothing waits
