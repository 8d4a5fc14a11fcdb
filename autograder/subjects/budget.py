"""What a hand-in's code may use in all: processor time, waiting, workers; second looks too."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator

from autograder.model import Limits
from autograder.sandbox.clock import Allowance
from autograder.sandbox.process import Worker


class Budget:
    """Counts what has been used, and says what may be used yet."""

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self.deaths = 0  # workers that were lost to the student's code
        # cell or "", and how it was stopped or lost, since `take_stopped` was last called
        self.stopped: list[tuple[str, str]] = []
        self.bytes_left = limits.exercise_bytes  # what the answers of this exercise may still weigh
        self._spent = 0.0  # processor time of workers that are gone
        self._waited = 0.0  # wall-clock time, save that of what is being waited for
        self._asked = 0.0  # processor time of this exercise's calls, save these
        # the wall clock and `spent` when it was begun to wait
        self._began: tuple[float, float] | None = None
        self._calls = False  # whether it is calls that are waited for
        self._worker: Worker | None = None

    # ------------------------------------------------------------------------------------- counting
    def pay_for(self, worker: Worker | None) -> None:
        """From now on this worker's processor time counts, from its first instruction on."""
        if self._worker is not None:
            self._spent += self._worker.used()
        self._worker = worker

    @property
    def spent(self) -> float:
        """Seconds of processor time."""
        return self._spent + (self._worker.used() if self._worker else 0.0)

    def begin_exercise(self) -> None:
        """Another exercise: the last one cannot have used up its time, nor its memory."""
        self._asked, self.bytes_left = 0.0, self.limits.exercise_bytes

    def take_stopped(self) -> list[tuple[str, str]]:
        """What was stopped or lost, or not tried, since this was last called; each once."""
        taken, self.stopped = list(dict.fromkeys(self.stopped)), []
        return taken

    @property
    def asked(self) -> float:
        """Seconds of processor time of this exercise's calls."""
        return self._asked_by(self.spent)

    def _asked_by(self, spent: float) -> float:
        return self._asked + (spent - self._began[1] if self._began and self._calls else 0.0)

    @property
    def waited(self) -> float:
        """Seconds of the wall clock."""
        return self._waited + (time.monotonic() - self._began[0] if self._began else 0.0)

    @contextlib.contextmanager
    def counting(self, calls: bool = False) -> Iterator[None]:
        """Count the wall-clock time within; the processor time of calls is their exercise's."""
        self._began, self._calls = (time.monotonic(), self.spent), calls
        try:
            yield
        finally:
            self._waited, self._asked = self.waited, self.asked
            self._began = None

    # --------------------------------------------------------------------------------- what is left
    def used_up(self) -> str:
        """Why nothing more is run; "" while something is left."""
        limits = self.limits
        if self.deaths >= limits.submission_deaths:
            return f"the Python process hung or ended {self.deaths} times and is not started again"
        for used, allowed, what in (
            (self.spent, limits.submission_seconds, "s of computing that a hand-in may take"),
            (self.asked, limits.exercise_seconds, "s of computing that an exercise may take"),
            (self.waited, limits.waiting_seconds, "s that a hand-in may take"),
        ):
            if used >= allowed:
                return f"the {allowed:g} {what} are used up"
        return ""

    def allowance(self, worker: Worker, seconds: float, calls: bool = False) -> Allowance:
        """How long to wait for the worker, which may compute so many seconds, if left."""
        assert worker.clock is not None, "a worker that is ready has a clock"
        spent = self.spent
        left = self.limits.submission_seconds - spent
        if calls:
            left = min(left, self.limits.exercise_seconds - self._asked_by(spent))
        wall = min(seconds * self.limits.patience, self.limits.waiting_seconds - self.waited)
        return Allowance(worker.clock, min(seconds, left), wall)
