"""How far a class is: a bar with rate and time left if watched, and a line at the end."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence

from rich import progress
from rich.console import Console
from rich.text import Text

SLOW = 2.0  # seconds; a hand-in that took longer is worth a word


def plain_console() -> Console:
    """The terminal, as it is given: rich would draw a student called `:a:`, and colour numbers."""
    return Console(emoji=False, highlight=False)


class Rate(progress.ProgressColumn):
    """Hand-ins in a second."""

    def render(self, task: progress.Task) -> Text:
        return Text(f"{task.speed:.1f}/s" if task.speed else "", style="progress.data.speed")


class Progress:
    """A bar for one class; a context manager."""

    def __init__(self, console: Console, title: str, quiet: bool = False,
                 began: float | None = None) -> None:
        # `began` is when the command did, by the same clock: what it took to get here is waited
        # for, too
        shown = console.is_terminal and not quiet
        columns = (progress.TextColumn("{task.description}"), progress.BarColumn(),
                   progress.MofNCompleteColumn(), Rate())
        self._bar = progress.Progress(*columns, progress.TimeRemainingColumn(), console=console,
                                      disable=not shown)
        self._task = self._bar.add_task(title, total=None)
        self._console = console
        self._title = title
        self._began = time.monotonic()
        self._waited = self._began - (began or self._began)

    def begin(self, total: int) -> None:
        """So many there are."""
        self._bar.update(self._task, total=total)

    def step(self, trouble: str = "") -> None:
        """One more is done; what is wrong with it is said at once."""
        if trouble:
            self._console.print(trouble, markup=False, soft_wrap=True)
        self._bar.advance(self._task)

    def summary(self, graded: int, unchanged: int, unreadable: int, broken: int,
                slowest: Sequence[tuple[float, str]] = ()) -> Iterator[str]:
        """What came of it, and who took long."""
        counts = {"graded": graded, "unchanged": unchanged, "unreadable": unreadable,
                  "broken": broken}
        told = (", ".join(f"{count} {name}" for name, count in counts.items() if count)
                or "nothing to grade")
        seconds = time.monotonic() - self._began
        yield (f"{self._title}: {told}; {self._waited + seconds:.1f} s"
               + (f", {graded / seconds:.1f} a second" if graded else ""))
        slow = [f"{student} ({took:.1f} s)" for took, student in reversed(slowest) if took > SLOW]
        if slow:
            yield "slowest: " + ", ".join(slow)

    def __enter__(self) -> Progress:
        self._bar.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._bar.stop()
