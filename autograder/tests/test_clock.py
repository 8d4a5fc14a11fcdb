"""The clock of a student's code: what is charged, what is not, and what when it has run out."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from autograder.model import NOT_TRIED, Call, Cell, Limits, Outcome, Role
from autograder.sandbox import BACKENDS, Isolation, warmed
from autograder.sandbox.clock import LEAST, MOMENT, Allowance, Clock
from autograder.subjects.remote import Remote

LIMITS = Limits(call_seconds=0.5, cell_seconds=1, patience=1000, memory_bytes=1 << 30)
NOTEBOOK = """
import time
def spin(seconds):
    end = time.process_time() + seconds
    while time.process_time() < end: pass
    return time.process_time()
def sleep(seconds):
    time.sleep(seconds)
    return True
def spin_for_ever():
    while True: pass
"""
SANDBOXES = [(backend, warm) for backend in BACKENDS
             for warm in ((True, False) if backend.name != "subprocess" else (False,))]


def cell(source: str = NOTEBOOK, name: str = "a", role: Role = Role.ANSWER) -> Cell:
    return Cell(name, role, source)


@pytest.fixture(params=SANDBOXES, ids=lambda p: f"{p[0].name}-{'warm' if p[1] else 'fresh'}")
def backend(request: pytest.FixtureRequest) -> Iterator[Isolation]:
    backend, warm = request.param
    with warmed(backend, warm) as isolation:
        yield isolation


# ---------------------------------------------------------------------------------- what is counted
def test_the_kernel_and_the_worker_agree_on_what_it_has_computed(backend: Isolation) -> None:
    with Remote(backend, [cell()], LIMITS) as remote:
        own = remote.ask([Call("spin", (0.2,))], 5)[0].value
        assert own >= 0.2
        worker = remote._worker
        assert worker is not None
        # what it did to say so, and nothing of its parent's
        assert own <= worker.used() < own + 0.2


def test_waiting_is_not_charged_and_computing_is(backend: Isolation) -> None:
    with Remote(backend, [cell()], LIMITS) as remote:
        assert remote.ask([Call("sleep", (1.0,))], 0.3)[0].value is True
        (answer,) = remote.ask([Call("spin_for_ever")], 0.3)
        assert (answer.outcome, answer.error) == (Outcome.TIMED_OUT, "it may compute for 0.3 s")
        assert remote.budget.spent >= 0.3


def test_a_worker_that_gets_no_processor_loses_nothing(backend: Isolation) -> None:
    """A busy machine, made exactly: the worker stands still for longer than a call may take."""
    with Remote(backend, [cell()], LIMITS) as remote:
        assert not remote.troubles
        worker = remote._worker
        assert worker is not None
        assert worker.clock is not None
        with held_up(worker.clock.pid):
            (answer,) = remote.ask([Call("spin", (0.2,))], 0.4)
        assert answer.outcome is Outcome.PASSED


@contextmanager
def held_up(process: int) -> Iterator[None]:
    """Let a process run for 0.05 s in every 0.55 s; it is standing still when this begins."""
    stands, over = threading.Event(), threading.Event()

    def hold() -> None:
        while not over.is_set():
            os.kill(process, signal.SIGSTOP)
            stands.set()
            over.wait(0.5)
            os.kill(process, signal.SIGCONT)
            over.wait(0.05)

    other = threading.Thread(target=hold)
    other.start()
    stands.wait()
    try:
        yield
    finally:
        over.set()
        other.join()


def test_sleeping_ends_at_the_wall_clock_some_time() -> None:
    limits = Limits(patience=2)
    with Remote(BACKENDS[-1], [cell()], limits) as remote:
        (answer,) = remote.ask([Call("sleep", (600,))], 0.2)
        assert (answer.outcome, answer.error) == (Outcome.TIMED_OUT,
                                                  "it may take 0.4 s, 0.2 s of them computing")


class Fake(Clock):
    """A process that has computed for as long as somebody says."""

    def __init__(self) -> None:
        self.at = 0.0

    def read(self) -> float:
        return self.at


def test_an_allowance_ends_at_the_first_of_two_clocks() -> None:
    clock, wall = Fake(), [100.0]
    clock.at = 7.0
    left = Allowance(clock, cpu=2.0, wall=30.0, now=lambda: wall[0])
    assert left() == MOMENT
    clock.at = 8.5
    assert left() == 0.5  # one thread cannot have used it up before
    clock.at = 9.0 - LEAST / 10
    assert left() == LEAST
    clock.at = 9.0
    assert (left(), left.slept) == (0.0, False)
    clock.at, wall[0] = 8.0, 130.0
    assert (left(), left.slept) == (0.0, True)


def test_the_clock_of_a_process_that_is_gone_stands_still() -> None:
    child = os.fork()
    if not child:
        os._exit(0)
    clock = Clock(child)
    os.waitpid(child, 0)
    first = clock.read()
    assert first <= MOMENT
    assert clock.read() == first


def test_where_the_system_cannot_tell_the_wall_clock_counts(
        monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("autograder.sandbox.clock._clock_of", lambda pid: None)
    clock = Clock(os.getpid())
    before = clock.read()
    time.sleep(0.05)
    assert clock.read() - before >= 0.05


# ---------------------------------------------------------------------------------- what is used up
def started(isolation: Isolation) -> Any:
    """The same sandbox, which counts how many workers it starts."""

    class Counting(Isolation):
        name, starts = isolation.name, 0

        def start(self, limits: Limits) -> Any:
            self.starts += 1
            return isolation.start(limits)

    return Counting()


def test_cells_that_kill_cost_some_starts_and_no_answer() -> None:
    """100 of them cost 28 s; 5000 are allowed."""
    killers = [cell("class A:\n    import os\n    os._exit(1)", f"{k}", Role.ADDED)
               for k in range(500)]
    backend = started(BACKENDS[0])
    with Remote(backend, [cell("def f(): return 1", "f"), *killers, cell("def g(): return 2", "g")],
                LIMITS) as remote:
        assert [a.value for a in remote.ask([Call("f"), Call("g")], 1)] == [1, 2]
        assert backend.starts == LIMITS.cell_deaths + 1
        assert (remote.troubles["499"]
                == "this cell was not run: 5 cells above hung or ended the process")


def test_a_hand_in_loses_so_many_workers_and_no_more() -> None:
    backend = started(BACKENDS[0])
    limits = Limits(submission_deaths=4)
    with Remote(backend, [cell("import os\ndef die(): os._exit(1)")], limits) as remote:
        answers = [remote.ask([Call("die")], 1)[0] for _ in range(6)]
    assert [a.outcome for a in answers] == [Outcome.CRASHED] * 4 + [Outcome.TIMED_OUT] * 2
    assert (answers[-1].error
            == f"{NOT_TRIED}the Python process hung or ended 4 times and is not started again")
    assert backend.starts == 4


def test_an_exercise_cannot_use_up_the_time_of_the_next() -> None:
    limits = Limits(exercise_seconds=0.5)
    with Remote(BACKENDS[0], [cell()], limits) as remote:
        (first,) = remote.ask([Call("spin_for_ever")], 5)
        assert first.error == "the 0.5 s of computing that an exercise may take are used up"
        assert remote.ask([Call("sleep", (0,))], 5)[0].error == NOT_TRIED + first.error
        remote.budget.begin_exercise()
        assert remote.ask([Call("sleep", (0,))], 5)[0].value is True


def test_another_look_lives_on_the_same_budget() -> None:
    limits = Limits(submission_seconds=1.0)
    with Remote(BACKENDS[0], [cell()], limits) as remote:
        remote.ask([Call("spin_for_ever")], 5)
        remote.close()
        with remote.with_fewer(remote.cells) as other:
            assert other.ask([Call("sleep", (0,))], 5)[0].error.startswith(NOT_TRIED)
