"""Standard output that ends no command, whatever the terminal lacks and whoever stops reading."""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, TextIO


class Patient:
    """A stream that swallows what its file refuses, and remembers why: `| head`, a full disk."""

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
    """Standard output made patient for a command; what its encoding lacks is escaped."""
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
    """What still waits in the stream would fail when Python ends, with a code of its own."""
    try:
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, stream.fileno())
        os.close(nowhere)
    except (OSError, ValueError):
        return  # no real file below it, so nothing waits
