"""A student's notebook behind the wire: the judge asks, a caged worker answers, and nothing the worker does can hurt the judge.

A worker that dies, hangs or talks nonsense costs the call it was busy with; the next script gets a fresh one. What the worker says is
checked and never trusted: every answer must carry the number of its script and its call.
"""

from __future__ import annotations

import contextlib
import secrets
import time
from collections.abc import Iterator, Mapping, Sequence
from types import TracebackType
from typing import Any

from autograder.bundle import NOT_REPEATED, bundled, repetitions, scattered
from autograder.isolation.process import Isolation, Worker
from autograder.model import Answer, Broken, Call, Cell, Limits, Outcome, Role
from autograder.statements import where
from autograder.wire import WireError, is_data, is_line

DONE_SECONDS = 2.0  # a worker that answered the last call has nothing left to do but to say so
HONEST = frozenset({Outcome.PASSED, Outcome.RAISED, Outcome.SKIPPED})  # how a call can end in the worker's own words

ENDED = "the Python process ended (os._exit, a crash, or more memory than allowed)"
GARBLED = "the Python process did not answer as it should (something was written into its channel)"
USED_UP = "the time allowed was used up"
AFTER = "an earlier call did not come back"


class Remote:
    """One notebook in one worker after the other. The worker starts when it is first needed; use as a context manager."""

    def __init__(self, isolation: Isolation, cells: Sequence[Cell], limits: Limits | None = None) -> None:
        self.isolation = isolation
        self.cells = tuple(cells)
        self.limits = limits or Limits()
        self.deaths = 0  # workers that were lost to the student's code
        self.spent = 0.0  # seconds the student's code has had
        self._allowed = self.limits.submission_seconds  # how far `spent` may go for now, see `allow`
        self._since: float | None = None  # when the student's code was last given the floor
        self._worker: Worker | None = None
        self._troubles: dict[str, str] = {}
        self._left_out: set[int] = set()  # places of cells that hung or killed a worker

    @property
    def troubles(self) -> Mapping[str, str]:
        """Cell id -> what went wrong when that cell ran. Runs the cells, if that has not happened yet."""
        self._ready()
        return {cell: text for cell, text in self._troubles.items() if text}

    @property
    def left_out(self) -> frozenset[int]:
        """Places of the cells that came to no end, or to the end of a worker."""
        return frozenset(self._left_out)

    def ask(self, calls: Sequence[Call], seconds: float) -> list[Answer]:
        """Answer every call of a script, each within `seconds`; Broken only for what is our own fault."""
        if not calls:
            return []
        used = self._worker is not None
        answers = self._ask_once(calls, seconds)
        if used and answers[-1].outcome is Outcome.CRASHED and self._left() > 0:
            answers = self._ask_once(calls, seconds)  # what an earlier script did to the worker is not this one's fault
        return answers + [Answer(Outcome.SKIPPED, error=AFTER)] * (len(calls) - len(answers))

    def allow(self, seconds: float) -> None:
        """From now on at most so many seconds, until this is called again: one exercise cannot use up the time of the others."""
        self._allowed = self.spent + seconds

    def close(self) -> None:
        """End the worker, if there is one."""
        worker, self._worker = self._worker, None
        if worker is not None:
            worker.kill()

    def __enter__(self) -> Remote:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    # ---------------------------------------------------------------------------------------------------------------- the worker
    def _ready(self) -> Worker | None:
        """A worker with every cell loaded that can be; None when the time is used up."""
        while self._worker is None and self._left() > 0:
            self._worker = self.isolation.start(self.limits)
            self._load(self._worker)
        return self._worker if self._left() > 0 else None

    def _load(self, worker: Worker) -> None:
        """Run the cells; when one is the end of the worker, leave that one out the next time."""
        students = False
        for number, cell in enumerate(self.cells):
            if number in self._left_out:
                continue
            students = students or cell.role is not Role.SETUP
            with contextlib.nullcontext() if cell.role is Role.SETUP else self._on_the_clock():
                trouble, alive = self._load_one(worker, cell)
            if trouble and alive and not students:
                raise Broken(f"The set-up cell fails in a worker: {trouble}. Is what it imports installed beside numpy?")
            if not self._troubles.get(cell.id):
                self._troubles[cell.id] = trouble
            if not alive:
                self._lose_worker()
                if not students:
                    raise Broken(f"The set-up cell cannot be run in a worker: {trouble}.")
                self._left_out.add(number)
                return

    def _load_one(self, worker: Worker, cell: Cell) -> tuple[str, bool]:
        """What went wrong in the cell, and whether the worker is still good."""
        nonce, ours = secrets.token_hex(16), cell.role is Role.SETUP
        seconds = self.limits.setup_seconds if ours else self.limits.cell_seconds
        deadline = time.monotonic() + seconds if ours else self._deadline(seconds)
        try:
            worker.channel.send(("load", nonce, cell), deadline)
        except WireError as error:
            return f"this cell cannot be run: {error}", True
        except (EOFError, TimeoutError):
            return f"this cell was not run: {ENDED}", False
        try:
            answer = worker.channel.receive(deadline)
        except TimeoutError:
            return (f"this cell ran longer than {seconds:g} s and was stopped{where(cell.source)}" if self._left() > 0 else USED_UP), False
        except EOFError:
            return f"this cell was stopped: {ENDED}{where(cell.source)}", False
        except WireError:
            return f"this cell was stopped: {GARBLED}", False
        if _is_message(answer, "loaded", nonce, 3) and is_line(answer[2]):
            return answer[2], True
        return f"this cell was stopped: {GARBLED}", False

    def _lose_worker(self) -> None:
        self.deaths += 1
        self.close()

    # ---------------------------------------------------------------------------------------------------------------- one script
    def _ask_once(self, calls: Sequence[Call], seconds: float) -> list[Answer]:
        worker = self._ready()
        if worker is None:
            return [Answer(Outcome.TIMED_OUT, error=USED_UP)] * len(calls)
        with self._on_the_clock():
            return self._script(worker, calls, seconds)

    def _script(self, worker: Worker, calls: Sequence[Call], seconds: float) -> list[Answer]:
        """The answers up to and including the call on which the worker was lost, if it was."""
        nonce, answers, groups = secrets.token_hex(16), list[Answer](), bundled(calls)
        left = repetitions(groups)
        try:
            worker.channel.send(("script", nonce, groups), self._deadline(seconds))
        except WireError as error:
            raise Broken(f"A check asked with something that cannot be sent: {error}.") from error
        except (EOFError, TimeoutError):
            return [self._lost(Outcome.CRASHED, ENDED)]
        while len(answers) < len(calls):
            answers += self._answers(worker, nonce, calls, len(answers), seconds)
            if self._worker is None:
                return answers
            if answers[-1].outcome is not Outcome.PASSED:
                answers += [NOT_REPEATED] * left[len(answers) - 1]
        self._finish(worker, nonce)
        return answers

    def _answers(self, worker: Worker, nonce: str, calls: Sequence[Call], index: int, seconds: float) -> list[Answer]:
        """The answer to call number `index`, and those to its repetitions that came with it."""
        try:
            message = worker.channel.receive(self._deadline(seconds))
        except TimeoutError:
            return [self._lost(Outcome.TIMED_OUT, f"took longer than {seconds:g} s and was stopped" if self._left() > 0 else USED_UP)]
        except EOFError:
            return [self._lost(Outcome.CRASHED, ENDED)]
        except WireError:
            return [self._lost(Outcome.CRASHED, GARBLED)]
        return _read(message, nonce, calls, index) or [self._lost(Outcome.CRASHED, GARBLED)]

    def _finish(self, worker: Worker, nonce: str) -> None:
        """Make sure that nothing else is in the channel; a worker out of step is replaced before the next script."""
        try:
            in_step = _is_message(worker.channel.receive(time.monotonic() + DONE_SECONDS), "done", nonce, 2)
        except (TimeoutError, EOFError, WireError):
            in_step = False
        if not in_step:
            self._lose_worker()

    def _lost(self, outcome: Outcome, error: str) -> Answer:
        self._lose_worker()
        return Answer(outcome, error=error)

    # --------------------------------------------------------------------------------------------------------------------- time
    @contextlib.contextmanager
    def _on_the_clock(self) -> Iterator[None]:
        """Count what happens inside towards the time of the submission; starting a worker and its set-up are not the student's doing."""
        self._since = time.monotonic()
        try:
            yield
        finally:
            self.spent += time.monotonic() - self._since
            self._since = None

    def _left(self) -> float:
        running = 0.0 if self._since is None else time.monotonic() - self._since
        return min(self._allowed, self.limits.submission_seconds) - self.spent - running

    def _deadline(self, seconds: float) -> float:
        return time.monotonic() + min(seconds, self._left())


def _read(message: Any, nonce: str, calls: Sequence[Call], index: int) -> list[Answer]:
    """The answers a message holds, from call number `index` on; none when it is not what the worker program would have said."""
    if _is_message(message, "answer", nonce, 4) and type(message[2]) is int and message[2] == index:
        answer = message[3]
        return [answer] if type(answer) is Answer and _fits(answer, calls[index]) else []
    if _is_message(message, "values", nonce, 4) and type(message[2]) is int and message[2] == index and is_data(message[3]):
        answers = [Answer(Outcome.PASSED, value) for value in scattered(message[3])]
        asked = calls[index : index + len(answers)]
        return answers if len(answers) == len(asked) and all(map(_fits, answers, asked)) else []
    return []


def _is_message(message: Any, kind: str, nonce: str, length: int) -> bool:
    """Compares nothing but strings: whatever else stands there might compare in a way of its own."""
    if type(message) is not tuple or len(message) != length:
        return False
    return type(message[0]) is type(message[1]) is str and message[:2] == (kind, nonce)


def _fits(answer: Answer, call: Call) -> bool:
    """Whether this is an answer the worker program could have given to this call, BROKEN being ours alone to say."""
    if answer.outcome not in HONEST or not (is_line(answer.error) and is_line(answer.line)):
        return False
    wants_facts = call.watch and not call.look and answer.outcome is Outcome.PASSED
    if answer.facts is None:
        return not wants_facts
    shown = len(call.args) - call.is_method
    return wants_facts and len(answer.facts.arguments) == shown and all(map(is_line, answer.facts.warnings))
