"""The judge's side of the wire: what a worker's death, silence or nonsense costs, and not."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest

from autograder.model import (
    NOT_TRIED, Answer, Broken, Call, Cell, Given, Item, Limits, Opaque, Outcome, Role, Seed)
from autograder.running.opaque import BEYOND
from autograder.sandbox import choose
from autograder.subjects.remote import Remote

LIMITS = Limits(call_seconds=1, cell_seconds=1, submission_seconds=20, memory_bytes=1 << 30,
                answer_bytes=1 << 20)
NOTEBOOK = """
import os, time
import numpy as np
def double(x): return 2 * x
def both(x): return x + 1, {"x": x, "f": double}
def use(x, cache): return x + cache["x"], callable(cache["f"])
def draw(rng): return rng.random(3)
def die(): os._exit(0)
def hang():
    while True: pass
def fail(): raise ValueError("no " * 1000)
def big(n): return np.zeros(n)
def spoil(x): x[:] = 0
"""

GARBLE = """
import contextlib, os
for descriptor in range(3, 64):
    with contextlib.suppress(OSError):
        os.write(descriptor, b"x" * 100)
"""


def answer_cell(source: str, name: str = "a") -> Cell:
    return Cell(name, Role.ANSWER, source)


@pytest.fixture
def subject() -> Iterator[Remote]:
    with Remote(choose(), [answer_cell(NOTEBOOK)], LIMITS) as remote:
        yield remote


def test_answers_come_back_as_they_are(subject: Remote) -> None:
    x = np.arange(6, dtype=np.float32).reshape(2, 3)
    one, two, three = subject.ask([Call("double", (Given("x", x),)), Call("double", ("ab",)),
                                   Call("double", ((1,),))], 1)
    np.testing.assert_array_equal(one.value, 2 * x)
    assert one.value.dtype == np.float32
    assert (two.value, three.value) == ("abab", (1, 1))
    assert subject.troubles == {}


def test_a_cache_stays_where_it_was_made(subject: Remote) -> None:
    first, second = subject.ask([Call("both", (1.0,), ship=(0,)),
                                 Call("use", (1.0, Item(0, 1)))], 1)
    assert first.value == (2.0, Opaque("dict"))
    assert second.value == (2.0, True)


def test_a_seed_becomes_the_generator_of_that_number(subject: Remote) -> None:
    (answer,) = subject.ask([Call("draw", (Seed(5),), watch=True)], 1)
    np.testing.assert_array_equal(answer.value, np.random.default_rng(5).random(3))
    assert answer.facts is not None
    assert answer.facts.rng_moved


def test_a_watched_call_shows_what_became_of_its_arguments(subject: Remote) -> None:
    (answer,) = subject.ask([Call("spoil", (np.ones(3),), watch=True)], 1)
    assert answer.facts is not None
    np.testing.assert_array_equal(answer.facts.arguments[0], np.zeros(3))


def test_a_dead_worker_costs_its_call_and_the_rest_of_the_script_only(subject: Remote) -> None:
    outcomes = [a.outcome
                for a in subject.ask([Call("double", (1,)), Call("die"), Call("double", (1,))], 1)]
    assert outcomes == [Outcome.PASSED, Outcome.CRASHED, Outcome.SKIPPED]
    assert subject.ask([Call("double", (1,))], 1)[0].value == 2
    assert subject.budget.deaths == 1


def test_a_call_that_takes_too_long_is_stopped(subject: Remote) -> None:
    slow, after = subject.ask([Call("hang"), Call("double", (1,))], 0.3)
    assert (slow.outcome, after.outcome) == (Outcome.TIMED_OUT, Outcome.SKIPPED)
    assert slow.error == "it may compute for 0.3 s"
    assert subject.ask([Call("double", (1,))], 1)[0].value == 2


def test_an_exception_is_an_answer(subject: Remote) -> None:
    (answer,) = subject.ask([Call("fail")], 1)
    assert answer.outcome is Outcome.RAISED
    assert answer.error.startswith("ValueError: no no")
    assert len(answer.error) <= 400
    assert answer.line == 'line 11: def fail(): raise ValueError("no " * 1000)'
    assert subject.budget.deaths == 0


def test_a_missing_function_is_an_answer(subject: Remote) -> None:
    assert subject.ask([Call("triple", (1,))],
                       1)[0] == Answer(Outcome.RAISED, error="NameError: triple is not defined")


def test_what_is_too_large_to_travel_is_named(subject: Remote) -> None:
    (answer,) = subject.ask([Call("big", (200_000,), watch=True)], 1)
    assert answer.outcome is Outcome.PASSED
    assert answer.value == Opaque(BEYOND)
    assert subject.budget.deaths == 0


def test_a_look_fetches_a_value() -> None:
    with Remote(choose(), [answer_cell("quiz = {'a': 3}")], LIMITS) as remote:
        assert remote.ask([Call("quiz", look=True)], 1)[0].value == {"a": 3}


@pytest.mark.parametrize(
    ("source", "trouble"),
    [
        ("while True: pass", "this cell did not end in time and was stopped (line 1: while True: "
         "pass) (it may compute for 1 s)"),
        ("import os; os._exit(0)", "this cell was stopped: the Python process ended"),
        (GARBLE, "this cell was stopped: the Python process did not answer as it should"),
        ("1 / 0", "ZeroDivisionError: division by zero"),
        ("def f(:", "SyntaxError: invalid syntax (line 1: def f(:)"),
        ("'\udc80'", "this cell cannot be run: cannot be encoded"),
    ],
    ids=["hangs", "exits", "garbles", "raises", "syntax", "surrogate"],
)
def test_a_bad_cell_costs_only_itself(source: str, trouble: str) -> None:
    cells = [answer_cell("def f(): return 1", "one"), answer_cell(source, "bad"),
             answer_cell("def g(): return 2", "two")]
    with Remote(choose(), cells, LIMITS) as remote:
        assert [a.value for a in remote.ask([Call("f"), Call("g")], 1)] == [1, 2]
        assert list(remote.troubles) == ["bad"]
        assert remote.troubles["bad"].startswith(trouble)


def test_when_the_time_of_a_hand_in_is_used_up_nothing_more_is_tried() -> None:
    limits = Limits(call_seconds=1, cell_seconds=1, submission_seconds=0.8)
    with Remote(choose(), [answer_cell(NOTEBOOK)], limits) as remote:
        first, _ = remote.ask([Call("hang"), Call("double", (1,))], 5)
        assert (first.outcome, first.error) == (
            Outcome.TIMED_OUT, "the 0.8 s of computing that a hand-in may take are used up")
        answers = remote.ask([Call("double", (1,)), Call("double", (1,))], 1)
        assert answers == [Answer(Outcome.TIMED_OUT, error=NOT_TRIED + first.error)] * 2
        assert remote.budget.take_stopped() == [("", "hang was stopped: " + first.error),
                                                ("", NOT_TRIED + first.error)]


def test_a_set_up_cell_that_cannot_be_run_is_our_fault() -> None:
    cells = [Cell("setup", Role.SETUP, "import os; os._exit(0)"), answer_cell("def f(): return 1")]
    with Remote(choose(), cells, LIMITS) as remote, pytest.raises(Broken, match="set-up cell"):
        remote.ask([Call("f")], 1)


def test_a_worker_that_cannot_start_is_our_fault() -> None:
    with Remote(choose(), [], Limits(memory_bytes=1 << 24)) as remote, pytest.raises(
            Broken, match="did not start"):
        remote.ask([Call("f")], 1)


def test_a_check_that_asks_with_something_odd_is_our_fault(subject: Remote) -> None:
    with pytest.raises(Broken, match="cannot travel"):
        subject.ask([Call("double", (object(),))], 1)


SETUP = """
import matplotlib.pyplot as plt
from matplotlib import rcParams
from autograder import check
import autograder, autograder.student.selfcheck
rcParams["figure.dpi"] = 90
plt.plot([1])
check("dropout_forward")
autograder.check()
autograder.student.selfcheck.check()
"""


def test_pictures_and_the_kit_are_blank_in_a_worker() -> None:
    with Remote(choose(), [Cell("setup", Role.SETUP, SETUP)], LIMITS) as remote:
        assert remote.troubles == {}


def test_what_one_exercise_breaks_does_not_break_the_next() -> None:
    bad = ("import sys, builtins\ndef bad():\n    builtins.len = None\n"
           "    sys.setrecursionlimit(20)\n    return 1")
    cells = [answer_cell(bad),
             answer_cell("def good(n): return len([1]) if n == 0 else good(n - 1)", "b")]
    with Remote(choose(), cells, LIMITS) as remote:
        remote.ask([Call("bad")], 1)
        assert remote.ask([Call("good", (300,))], 1)[0].value == 1


def test_a_script_is_asked_again_when_an_earlier_one_has_ruined_the_worker() -> None:
    source = """
import os
bombs = []
def bad(): bombs.append(1)
def good():
    if bombs: os._exit(0)
    return 1
"""
    with Remote(choose(), [answer_cell(source)], LIMITS) as remote:
        remote.ask([Call("bad")], 1)
        assert remote.ask([Call("good")], 1)[0].value == 1
        assert remote.budget.deaths == 1


def test_a_call_that_always_crashes_is_asked_twice_at_most(subject: Remote) -> None:
    subject.ask([Call("double", (1,))], 1)
    assert subject.ask([Call("die")], 1)[0].outcome is Outcome.CRASHED
    assert subject.budget.deaths == 2


def test_no_secret_of_the_judge_is_in_the_environment_of_a_worker(
        monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TOKEN", "secret")
    with Remote(choose(), [answer_cell("import os\ndef f(): return dict(os.environ)")],
                LIMITS) as remote:
        (answer,) = remote.ask([Call("f")], 1)
    assert "TOKEN" not in answer.value
    assert answer.value["OMP_NUM_THREADS"] == "1"


def test_the_same_notebook_answers_the_same_in_every_worker() -> None:
    cells = [answer_cell("def f(): return list({str(i) for i in range(50)})")]
    answers = []
    for _ in range(2):
        with Remote(choose(), cells, LIMITS) as remote:
            answers.append(remote.ask([Call("f")], 1)[0].value)
    assert answers[0] == answers[1]


def test_a_student_cannot_say_that_it_is_our_fault() -> None:
    for words in ("w.Outcome.BROKEN", "w.Outcome.TIMED_OUT", "w.Outcome.PASSED, error='\\x1b'",
                  "w.Outcome.PASSED, facts=w.Facts()"):
        with Remote(choose(), [answer_cell(FORGED.format(words))], LIMITS) as remote:
            assert remote.ask([Call("f")], 1)[0].outcome is Outcome.CRASHED


FORGED = """
import os, sys
def f():
    frame, w = sys._getframe(), sys.modules["autograder.running.wire"]
    frames = sys.modules["autograder.running.frames"]
    while "nonce" not in frame.f_locals: frame = frame.f_back
    answer = w.Answer({})
    forged = frames.frame(("answer", frame.f_locals["nonce"], 0, answer))
    os.write(frame.f_locals["link"].descriptor, forged)
"""
