"""A student's notebook behind the wire: the judge asks, a sandboxed worker answers, unable to hurt.

A worker that dies, hangs or talks nonsense costs the call it was busy with; the next script gets a
fresh one. What the worker says is checked and never trusted: every answer must carry the number of
its script and its call.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, replace
from functools import cached_property

from autograder.foresight import Script, alike
from autograder.model import NOT_TRIED, Answer, Broken, Call, Cell, Limits, Outcome, Role
from autograder.running import frames
from autograder.running.batching import NOT_REPEATED, bundled, repetitions
from autograder.running.packing import SMALL, weight_of
from autograder.running.spoken import cell_name, file_name, line_of
from autograder.running.statements import where
from autograder.running.wire import WireError, is_line
from autograder.sandbox.clock import Allowance
from autograder.sandbox.process import Isolation, Worker
from autograder.subjects.budget import Budget
from autograder.subjects.messages import ALLOWED, answers_in, is_message, stamped, template

# of processor time; a worker that answered the last call has nothing left to do but to say so
DONE_SECONDS = 2.0

ENDED = "the Python process ended (os._exit, a crash, or more memory than allowed)"
GARBLED = "the Python process did not answer as it should (something was written into its channel)"
TOO_MUCH = "the Python process sent more than the calls of one check may return"
AFTER = "an earlier call did not come back"


@dataclass
class _Sent:
    """A script that was sent before it was asked."""

    script: Script
    nonce: str
    answers: list[Answer] | None = None


class Remote(AbstractContextManager["Remote"]):
    """One notebook in worker after worker, started when first needed; a context manager."""

    def __init__(self, isolation: Isolation, cells: Sequence[Cell], limits: Limits | None = None,
                 budget: Budget | None = None) -> None:
        self.isolation = isolation
        self.cells = tuple(cells)
        self.limits = limits or Limits()
        # another look at the same hand-in brings the one it has
        self.budget = budget or Budget(self.limits)
        self._worker: Worker | None = None
        self._troubles: dict[str, str] = {}
        self._left_out: set[int] = set()  # places of cells that hung or killed a worker
        self.asked: list[tuple[Sequence[Call], float]] = []
        self._sent: list[_Sent] = []  # ahead of being asked, and not asked yet
        # once something that was sent ahead came to no end, each script waits for its turn
        self._stepwise = False
        # the worker that was lost then, which earlier scripts may have ruined
        self._was_used = False

    def run_cells(self) -> None:
        """Start a worker and run the cells in it, if that has not happened yet."""
        self._ready()

    @property
    def troubles(self) -> Mapping[str, str]:
        """Cell id -> what went wrong when that cell ran."""
        self.run_cells()
        return {cell: text for cell, text in self._troubles.items() if text}

    @property
    def left_out(self) -> frozenset[int]:
        """Places of the cells that came to no end, or to the end of a worker."""
        return frozenset(self._left_out)

    def ask(self, calls: Sequence[Call], seconds: float) -> list[Answer]:
        """Answer every call of a script, each within `seconds`; Broken for our fault only."""
        if not calls:
            return []
        self.asked.append((calls, seconds))
        if (early := self._early(calls)) is not None:
            return early
        used, self._was_used = self._worker is not None or self._was_used, False
        answers = self._ask_once(calls, seconds)
        if used and answers[-1].outcome is Outcome.CRASHED and not self.budget.used_up():
            # what an earlier script did to the worker is not this one's fault
            answers = self._ask_once(calls, seconds)
        if answers[-1].outcome in (Outcome.TIMED_OUT, Outcome.CRASHED):
            self.budget.stopped.append(("", _told(calls[len(answers) - 1], answers[-1])))
        return answers + [Answer(Outcome.SKIPPED, error=AFTER)] * (len(calls) - len(answers))

    def expect(self, scripts: Sequence[Script]) -> None:
        """Send scripts that will be asked, in order; it comes to what one by one does."""
        self._catch_up()
        self._sent = []
        if self._worker is None or not self._may_send_ahead():
            return
        self._sent = [_Sent(script, secrets.token_hex(16)) for script in scripts]
        left = range(len(scripts) - 1, -1, -1)
        frames = (stamped(template(sent.script, more > 0), sent.nonce)
                  for sent, more in zip(self._sent, left, strict=True))
        self._worker.channel.queue([piece for frame in frames for piece in frame])

    @contextmanager
    def with_fewer(self, cells: Sequence[Cell]) -> Iterator[Remote]:
        """Some cells of the same notebook, run anew, for another look; it lives on the same budget.

        This one's worker is ended: a fork server has one child at a time. The next question gets
        another.
        """
        self.close()
        with Remote(self.isolation, cells, self.limits, self.budget) as other:
            other.run_cells()
            yield other

    def close(self) -> None:
        worker, self._worker, self._sent = self._worker, None, []
        if worker is not None:
            worker.kill()
            self.budget.pay_for(None)

    def __exit__(self, *error: object) -> None:
        self.close()

    # ----------------------------------------------------------------------------------- the worker
    def _ready(self) -> Worker | None:
        """A worker with all loadable cells; None when the hand-in's means are used up."""
        while self._worker is None and not self.budget.used_up():
            self._worker = self.isolation.start(self.limits)
            self.budget.pay_for(self._worker)
            self._load(self._worker)
        return None if self.budget.used_up() else self._worker

    def _load(self, worker: Worker) -> None:
        """Run the cells; when one is the end of the worker, leave that one out the next time."""
        students = False
        for number, cell in enumerate(self.cells):
            if number in self._left_out:
                continue
            students = students or cell.role is not Role.SETUP
            with self.budget.counting():
                trouble, alive = self._load_one(worker, cell)
            if trouble and alive and not students:
                raise Broken(f"The set-up cell fails in a worker: {trouble}. Is what it imports "
                             "installed beside numpy?")
            if not self._troubles.get(cell.id):
                self._troubles[cell.id] = trouble
            if not alive:
                self._lose_worker()
                if not students:
                    raise Broken(f"The set-up cell cannot be run in a worker: {trouble}.")
                self.budget.stopped.append((cell.id, trouble))
                self._leave_out(number)
                return

    def _leave_out(self, number: int) -> None:
        """A cell that hung or killed a worker is not run again; after many, answers only."""
        self._left_out.add(number)
        if len(self._left_out) == self.limits.cell_deaths:
            for other, cell in enumerate(self.cells[number + 1 :], number + 1):
                if cell.role is Role.ADDED:
                    self._left_out.add(other)
                    self._troubles[cell.id] = (f"this cell was not run: {self.limits.cell_deaths} "
                                               "cells above hung or ended the process")

    def _load_one(self, worker: Worker, cell: Cell) -> tuple[str, bool]:
        """What went wrong in the cell, and whether the worker is still good."""
        nonce, ours = secrets.token_hex(16), cell.role is Role.SETUP
        seconds = self.limits.setup_seconds if ours else self.limits.cell_seconds
        patience = self._ours(worker, seconds) if ours else self.budget.allowance(worker, seconds)
        try:
            worker.channel.send(("load", nonce, cell), patience)
        except WireError as error:
            return f"this cell cannot be run: {error}", True
        except (EOFError, TimeoutError):
            return f"this cell was not run: {ENDED}", False
        try:
            answer = worker.channel.receive(patience)
        except TimeoutError:
            return (f"this cell did not end in time and was stopped{where(cell.source)} "
                    f"({self._why(patience, seconds)})", False)
        except EOFError:
            return f"this cell was stopped: {ENDED}{where(cell.source)}", False
        except WireError:
            return f"this cell was stopped: {GARBLED}", False
        if is_message(answer, "loaded", nonce, 3) and is_line(answer[2]):
            return answer[2], True
        return f"this cell was stopped: {GARBLED}", False

    def _lose_worker(self) -> None:
        self.budget.deaths += 1
        self.close()

    def _ours(self, worker: Worker, seconds: float) -> Allowance:
        """For what is no student's doing: it does not depend on what is left for them."""
        assert worker.clock is not None, "a worker that is ready has a clock"
        return Allowance(worker.clock, seconds, seconds * self.limits.patience)

    def _why(self, patience: Allowance, seconds: float) -> str:
        """Which limit it was that ended a wait."""
        if reason := self.budget.used_up():
            return reason
        if patience.slept:
            return (f"it may take {seconds * self.limits.patience:g} s, {seconds:g} s of "
                    "them computing")
        return f"it may compute for {seconds:g} s"

    # --------------------------------------------------------------------------- scripts sent ahead
    def _early(self, calls: Sequence[Call]) -> list[Answer] | None:
        """The answers to a script sent ahead; None when not sent, or never ended."""
        if not self._sent:
            return None
        place = next((n for n, sent in enumerate(self._sent)
                      if alike(sent.script.calls, calls)), None)
        for sent in self._sent if place is None else self._sent[: place + 1]:
            self._collect(sent)
        if not self._sent or place is None:
            return None
        found, self._sent = self._sent[place].answers, self._sent[place + 1 :]
        return found

    def _may_send_ahead(self) -> bool:
        """Whether a script sent now could return as much as when its turn comes."""
        left = min(self.limits.answer_bytes, self.budget.bytes_left)
        return not self._stepwise and left >= ALLOWED

    def _catch_up(self) -> None:
        """Take in all that is still to come."""
        for sent in self._sent:
            self._collect(sent)

    def _collect(self, sent: _Sent) -> None:
        """Take in the answers, if that was not done.

        When the worker is lost over them no question is to blame: they are asked again, one by one,
        and what happens then counts.
        """
        if sent.answers is not None or self._worker is None:
            return
        if not self._may_send_ahead():
            self.close()
            self._was_used = True
            return
        deaths, script = self.budget.deaths, sent.script
        with self.budget.counting(calls=True):
            sent.answers = self._come(self._worker, sent.nonce, script.calls, script.left, ALLOWED,
                                      script.seconds)
        if self._worker is None:
            self._stepwise, self._was_used, self.budget.deaths = True, True, deaths

    # ----------------------------------------------------------------------------------- one script
    def _ask_once(self, calls: Sequence[Call], seconds: float) -> list[Answer]:
        worker = self._ready()
        if worker is None:
            return [Answer(Outcome.TIMED_OUT, error=NOT_TRIED + self.budget.used_up())] * len(calls)
        with self.budget.counting(calls=True):
            return self._script(worker, calls, seconds)

    def _script(self, worker: Worker, calls: Sequence[Call], seconds: float) -> list[Answer]:
        """The answers up to and including the call on which the worker was lost, if it was."""
        nonce = secrets.token_hex(16)
        groups = bundled(calls)
        allowed = min(self.limits.answer_bytes, self.budget.bytes_left)
        try:
            worker.channel.send(("script", nonce, groups, allowed),
                                self.budget.allowance(worker, seconds, calls=True))
        except WireError as error:
            raise Broken(f"A check asked with something that cannot be sent: {error}.") from error
        except (EOFError, TimeoutError):
            return [self._lost(Outcome.CRASHED, ENDED)]
        return self._come(worker, nonce, calls, repetitions(groups), allowed, seconds)

    def _come(self, worker: Worker, nonce: str, calls: Sequence[Call], left: Sequence[int],
              allowed: int, seconds: float) -> list[Answer]:
        """What a sent script gave; the last answer says how the worker was lost, if so."""
        answers, most = list[Answer](), allowed + SMALL * len(calls)
        while len(answers) < len(calls):
            came = self._answers(worker, nonce, calls, len(answers), seconds)
            heavy = sum(map(weight_of, came))
            most, self.budget.bytes_left = most - heavy, max(0, self.budget.bytes_left - heavy)
            answers += came if most >= 0 else [self._lost(Outcome.CRASHED, TOO_MUCH)]
            if self._worker is None:
                return answers
            if answers[-1].outcome is not Outcome.PASSED:
                answers += [NOT_REPEATED] * left[len(answers) - 1]
        self._finish(worker, nonce)
        return answers

    def _answers(self, worker: Worker, nonce: str, calls: Sequence[Call], index: int,
                 seconds: float) -> list[Answer]:
        """The answer to call number `index`, and those to its repetitions that came with it."""
        patience = (self.budget.allowance(worker, seconds, calls=True)
                    if not worker.channel.has_frame() else None)
        try:
            message = worker.channel.receive(patience)
        except TimeoutError:
            return [self._lost(Outcome.TIMED_OUT, self._why(patience, seconds) if patience else "")]
        except EOFError:
            return [self._lost(Outcome.CRASHED, ENDED)]
        except WireError:
            return [self._lost(Outcome.CRASHED, GARBLED)]
        found = answers_in(message, nonce, calls, index)
        if not found:
            return [self._lost(Outcome.CRASHED, GARBLED)]
        return [self._with_true_line(found[0])] if len(found) == 1 else found  # many: values alone

    def _with_true_line(self, answer: Answer) -> Answer:
        """The line that raised, if in a cell; else its number, if a cell is as long."""
        if not answer.line:
            return answer
        number = re.match(r"line (\d{1,7})\b", answer.line)
        n = int(number[1]) if number else 0
        there = [line_of(n, ln[n - 1].strip(), where)
                 for cell, ln in self._lines if 0 < n <= len(ln) for where in ("", cell)]
        return (answer if answer.line in there
                else replace(answer, line=line_of(n, "") if there else ""))

    @cached_property
    def _lines(self) -> list[tuple[str, list[str]]]:
        return [(cell_name(file_name(cell)), cell.source.splitlines()) for cell in self.cells]

    def _finish(self, worker: Worker, nonce: str) -> None:
        """Leave nothing else in the channel; a worker out of step is replaced."""
        if worker.channel.takes(frames.done(nonce)):
            return
        try:
            patience = None if worker.channel.has_frame() else self._ours(worker, DONE_SECONDS)
            in_step = is_message(worker.channel.receive(patience), "done", nonce, 2)
        except (TimeoutError, EOFError, WireError):
            in_step = False
        if not in_step:
            self._lose_worker()

    def _lost(self, outcome: Outcome, error: str) -> Answer:
        self._lose_worker()
        return Answer(outcome, error=error)


def _told(call: Call, answer: Answer) -> str:
    """What an instructor reads about a call that did not come back."""
    tried = not answer.error.startswith(NOT_TRIED)
    return f"{call.function.lstrip('.')} was stopped: {answer.error}" if tried else answer.error
