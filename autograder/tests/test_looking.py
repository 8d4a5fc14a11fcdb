"""What is seen of a student's lines: the endless loop, the lines behind a value, whose cell."""

from __future__ import annotations

import sys

import pytest

from autograder.judge import what_happened
from autograder.model import Call, Cell, Outcome, Role
from autograder.subjects.local import Local

FORWARD = Call("f", (2.0,), returns=("out", "cache"))


def subject(source: str, added: str = "") -> Local:
    return Local([Cell("added-3", Role.ADDED, added), Cell("f", Role.ANSWER, source, ("f",))])


# ------------------------------------------------------------------------------------------- no end
HEAD = "def f(x):\n    n = 0\n"


@pytest.mark.parametrize(
    ("body", "seen"),
    [
        ("    while n < 3:\n        x += 1\n", "line 3: while n < 3: (nothing in it changes n)"),
        ("    while True:\n        n += 1\n",
         "line 3: while True: (nothing in it ends it: it has no break and no return)"),
        ("    while n < 3:\n        n -= 1\n", "line 3: while n < 3:"),
        ("    while True:\n        if n > 3:\n            break\n", "line 3: while True:"),
        ("    for i in range(10**12):\n        for j in range(3):\n            n += j\n",
         "line 3: for i in range(10**12):"),
        ("    for i in range(3):\n        while n < 3:\n            x += i\n",
         "line 4: while n < 3: (nothing in it changes n)"),
        ("    while n < 3:\n        g(x)\n", "line 3: while n < 3: (nothing in it changes n)"),
        ("    return g(g)\n", "line 2 of cell 3: while h is not None: (nothing in it changes h)"),
    ],
)
def test_a_time_out_names_the_loop(body: str, seen: str) -> None:
    helper = ("def g(h):\n    while h is not None:\n        pass\n" if "g(g)" in body
              else "def g(h):\n    return h\n")
    (answer,) = subject(HEAD + body, helper).ask([FORWARD], 0.05)
    assert (answer.outcome, answer.line) == (Outcome.TIMED_OUT, seen)
    assert (what_happened(FORWARD, answer)
            == f"f did not return in time and was stopped (it may compute for 0.05 s) at {seen}")
    assert seen not in what_happened(FORWARD, answer, hidden=True)


# -------------------------------------------------------------------------------- what made a value
@pytest.mark.parametrize(
    ("body", "got", "made"),
    [
        ("    return x * 3, None\n", "out = 6", ["line 2: return x * 3, None"]),
        ("    out = x * 3\n    return out, None\n", "out[0, 0] = 6", ["line 2: out = x * 3"]),
        (
            "    out = x * 3\n    if x > 9:\n        out = 0\n    out += 1\n    return out, x\n",
            "out = 7",
            ["line 2: out = x * 3", "line 5: out += 1"],
        ),
        ("    out, mask = x, 1\n    return out, mask\n", "(out / x)[kept] = 1",
         ["line 2: out, mask = x, 1"]),
        ("    u = x + 1\n    m = u * 3\n    v = 1\n    return x * m, v\n", "out = 18",
         ["line 3: m = u * 3", "line 5: return x * m, v"]),
        ("    if x:\n        return x, 1\n    return 0, 1\n", "out = 2", ["line 3: return x, 1"]),
        ("    both = x, 1\n    return both\n", "out = 2", ["line 2: both = x, 1"]),
        ("    return (x,\n            1)\n", "cache = 1", ["line 3: 1)"]),
        ("    x[0] = 3\n    y = x\n    return y, 1\n", "x was changed by the call",
         ["line 2: x[0] = 3"]),
        ("    x.sort()\n    return x, 1\n", "x was changed by the call", []),
        ("    pass\n", "the function returned None", []),
        ("    return helper(x), 1\n", "out = 4", ["line 2: return helper(x), 1"]),
    ],
)
def test_the_lines_that_made_what_is_spoken_of(body: str, got: str, made: list[str]) -> None:
    given = [2.0] if "x was" in got else 2.0
    call = Call("f", (given,), returns=FORWARD.returns)
    assert subject("def f(x):\n" + body, "def helper(x):\n    out = 2 * x\n"
                   "    return out\n").look_again([call], got, 5)[0] == tuple(made)


def test_of_two_calls_the_one_that_made_it_is_watched_and_nothing_that_was_only_looked_at() -> None:
    cells = subject("def f(x):\n    out = x\n    return out, 0\ndef b(dout, cache):\n"
                    "    return dout\n")
    calls = [FORWARD, Call("b", (1.0, 2.0), returns=("dx",))]
    assert cells.look_again(calls, "out = 2", 5)[0] == ("line 2: out = x",)
    assert cells.look_again(calls, "dx = 1", 5)[0] == ("line 5: return dout",)
    assert cells.look_again([Call("quiz", look=True)], 'quiz["a"] = 2', 5) == ((), "")


def test_prints_are_kept_and_a_tracer_of_somebody_elses_is_left_alone() -> None:
    cells = subject("def f(x):\n    print('x is', x)\n    return x, 0\n")
    assert cells.look_again([FORWARD], "out = 2", 5) == (("line 3: return x, 0",), "x is 2.0\n")
    before = sys.gettrace()
    sys.settrace(lambda *event: None)
    try:
        mine = sys.gettrace()
        assert cells.look_again([FORWARD], "out = 2", 5)[0] == ()
        assert sys.gettrace() is mine
    finally:
        sys.settrace(before)
    loud = subject("def f(x):\n    print('a' * 10**7)\n"
                   "    return x, 0\n").look_again([FORWARD], "out = 2", 5)[1]
    assert loud == "a" * 2000


@pytest.mark.parametrize("body", ["    while True:\n        pass\n", "    raise SystemExit\n",
                                  "    raise ValueError\n"])
def test_what_does_not_return_made_nothing(body: str) -> None:
    assert (subject("def f(x):\n    print(x)\n" + body).look_again([FORWARD], "out = 2", 0.05)
            == ((), "2.0\n"))


# --------------------------------------------------------------------------------------- whose cell
def test_an_error_in_a_helper_is_placed_in_the_cell_where_it_happened() -> None:
    cells = subject("def f(x):\n    return g(x)\n", "def g(x):\n\n    return x / 0\n")
    (answer,) = cells.ask([FORWARD], 5)
    assert answer.line == "line 3 of cell 3: return x / 0"
    other = Local([Cell("g", Role.ANSWER, "def g(x):\n    return x / 0\n", ("g",)),
                   Cell("f", Role.ANSWER, "def f(x):\n    return g(x)\n")])
    (answer,) = other.ask([FORWARD], 5)
    assert answer.line == "line 2 of the cell of g: return x / 0"
