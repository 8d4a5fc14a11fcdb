"""How cells are run and calls answered: alike for the solution, the student and the sandbox."""

from __future__ import annotations

import random
import threading
import time
import tracemalloc
import warnings
from fractions import Fraction
from typing import Any

import numpy as np
import pytest

from autograder.model import Answer, Call, Cell, Code, Given, Item, Opaque, Outcome, Role, Seed
from autograder.running import packing
from autograder.running.opaque import CROWDED, LARGE, MAX_ELEMENTS, OWN, kind
from autograder.running.packing import plain
from autograder.running.runner import Room
from autograder.running.spoken import MAX_TEXT, describe
from autograder.running.statements import stubs
from autograder.subjects import alarm
from autograder.subjects.local import Local
from autograder.tests.toys import Hostile, HostileError, Lying


def cell(source: str, role: Role = Role.ANSWER, id: str = "f",
         names: tuple[str, ...] = ("f",)) -> Cell:
    return Cell(id, role, source, names if role is Role.ANSWER else ())


def loaded(*cells: Cell) -> Room:
    room = Room()
    for one in cells:
        room.load(one)
    return room


def answers(source: str, *calls: Call) -> list[Answer]:
    return list(loaded(cell(source)).perform(calls))


# -------------------------------------------------------------------------------------------- cells
def test_a_statement_that_raises_does_not_stop_the_ones_after_it() -> None:
    room = Room()
    assert (room.load(cell("a = 1\n1 / 0\nb = 2\nundefined\n"))
            == "ZeroDivisionError: division by zero (line 2: 1 / 0)")
    assert (room.namespace["a"], room.namespace["b"]) == (1, 2)


def test_an_annotation_that_names_what_was_not_imported_costs_nobody_a_function() -> None:
    room = Room()
    said = room.load(cell("def f(x: Optional[int]) -> Union[int, str]:\n    return x\n"))
    assert (said == "NameError: name 'Optional' is not defined (line 1: def f(x: Optional[int]) -> "
            "Union[int, str]:)")
    assert room.namespace["f"](3) == 3
    assert (room.load(cell("@undefined\ndef g(x):\n    return x\n"))
            == "NameError: name 'undefined' is not defined (line 1: @undefined)")
    assert "g" not in room.namespace


def test_a_plot_that_lacks_the_courses_imports_is_no_trouble() -> None:
    assert Room().load(cell("def f():\n    return 1\nplt.plot([1, 2])\n")) == ""
    assert (
        Room().load(cell("f()\n1 / 0\n")) == "ZeroDivisionError: division by zero (line 2: 1 / 0)")


@pytest.mark.parametrize(
    ("source", "trouble"),
    [
        ("def f(x):\n    global x\n", "SyntaxError: name 'x' is parameter and global (line 2)"),
        ("def f(:\n", "SyntaxError: invalid syntax (line 1: def f(:)"),
        ("  x = 1\n", "IndentationError: unexpected indent (line 1: x = 1)"),
        ("x = 'a\n",
         "SyntaxError: unterminated string literal (detected at line 1) (line 1: x = 'a)"),
        ("(" * 300 + ")" * 300, "SyntaxError: too many nested parentheses (line 1: "),
        ("x = \x00", "source code string cannot contain null bytes"),
        ("raise KeyboardInterrupt", "KeyboardInterrupt"),
        ("raise SystemExit(3)", "SystemExit: 3"),
        ("class E(Exception):\n    def __str__(self): raise ValueError\nraise E",
         "E: (its message cannot be shown)"),
    ],
)
def test_what_went_wrong_in_a_cell_is_one_line(source: str, trouble: str) -> None:
    said = Room().load(cell(source))
    assert trouble in said, said
    assert "\n" not in said


def test_a_source_nested_too_deeply_is_reported_like_any_other() -> None:
    assert Room().load(cell("x = " + "-" * 100_000 + "1")).startswith(
        ("RecursionError", "MemoryError", "SyntaxError"))


def test_odd_escapes_are_no_error_under_strict_warnings() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        room = loaded(cell('f = "\\d"\nassert (f, "always true")\n'))
    assert room.namespace["f"] == "\\d"


def test_of_added_cells_only_definitions_count() -> None:
    source = """
import math
from os import path
SCALE = 3
table = {"a": [1, 2], "b": SCALE}
values = math.sqrt(16)
steps = list(range(3))
def helper(x): return x
class Thing: pass
made = helper(3)
thing = Thing()
print("training"); trained = True
for k in range(3): looped = k
if True: branched = 1
helper(4)
shown = print("x")
x: int = 5
"""
    space = loaded(cell(source, Role.ADDED, "1")).namespace
    assert {n for n in space if not n.startswith("__")} - {"get_ipython", "display"} == {
        *("math", "path", "SCALE", "table", "values", "steps", "helper", "Thing", "trained",
          "branched", "x")}
    assert (space["values"], space["steps"], space["x"]) == (4.0, [0, 1, 2], 5)


def test_an_object_that_answers_no_question_stops_no_cell() -> None:
    room = loaded(cell("class H:\n    def __getattr__(self, name): raise RuntimeError('hands "
                       "off')\nh = H()\ndef f(): return 1"))
    said = room.load(cell("x = h.value()\ny = 3", Role.ADDED, "2"))
    assert said == "RuntimeError: hands off"
    assert room.namespace["y"] == 3


def test_an_added_cell_cannot_replace_an_answer_but_a_stub_gives_way() -> None:
    answer = cell("def f(): return 1")
    added = cell("def f(): return 2", Role.ADDED, "9")
    stub = cell('def f():\n    """What f does."""\n    raise NotImplementedError')
    assert loaded(answer, added).namespace["f"]() == 1
    assert loaded(added, answer).namespace["f"]() == 1
    assert loaded(stub, added).namespace["f"]() == 2


def test_an_answer_may_call_a_helper_from_an_added_cell() -> None:
    room = loaded(cell("def helper(x): return 2 * x", Role.ADDED, "1"),
                  cell("def f(x): return helper(x)"))
    (answer,) = room.perform([Call("f", (21,))])
    assert answer.value == 42


@pytest.mark.parametrize(
    ("source", "names"),
    [
        ("def f(): raise NotImplementedError", {"f"}),
        ("def f():\n    '''doc'''\n    raise NotImplementedError('write me')", {"f"}),
        ("def f():\n    '''doc'''\n    pass", {"f"}),
        ("def f(): ...", {"f"}),
        ("def f(): return None", set()),
        ("def f():\n    x = 1\n    raise NotImplementedError", set()),
        ("def f(): raise ValueError", set()),
    ],
)
def test_stubs_are_functions_that_say_nothing(source: str, names: set[str]) -> None:
    import ast

    assert stubs(ast.parse(source)) == names


# -------------------------------------------------------------------------------------------- calls
def test_a_call_is_answered_with_its_value() -> None:
    (answer,) = answers("def f(x, y=1): return x + y", Call("f", (2,), {"y": 3}))
    assert (answer.outcome, answer.value) == (Outcome.PASSED, 5)


def test_an_exception_is_told_with_the_students_own_line() -> None:
    (answer,) = answers("import numpy as np\ndef f(x):\n    return np.ones(2) @ np.ones(3)\n",
                        Call("f", (1,)))
    assert answer.outcome is Outcome.RAISED
    assert answer.error.startswith("ValueError: matmul")
    assert answer.line == "line 3: return np.ones(2) @ np.ones(3)"


def test_what_is_not_defined_is_said_so() -> None:
    (answer,) = answers("", Call("f"))
    assert (answer.outcome, answer.error) == (Outcome.RAISED, "NameError: f is not defined")


def test_an_argument_is_copied_for_each_call() -> None:
    x = Given("x", np.zeros(3))
    first, second = answers("def f(x):\n    x += 1\n    return x", Call("f", (x,)), Call("f", (x,)))
    assert first.value.tolist() == second.value.tolist() == [1, 1, 1]
    assert x.value.tolist() == [0, 0, 0]


def test_arrays_within_an_argument_are_copied_too() -> None:
    params = Given("params", {"W": np.zeros(2), "more": [np.zeros(1), (np.zeros(1), "b")]})
    source = "def f(p):\n    p['W'] += 1; p['more'][0] += 1; p['more'][1][0][:] = 1; p['new'] = 0"
    answers(source, Call("f", (params,)))
    assert list(params.value) == ["W", "more"]
    assert [params.value["W"].sum(), params.value["more"][0].sum(),
            params.value["more"][1][0].sum()] == [0, 0, 0]


def test_a_code_becomes_a_function_in_a_namespace_of_its_own() -> None:
    code = Code("g", "k = 3\ndef g(x): return k * np.sum(x)")
    first, second = answers("k = 100\ndef f(g, x): return g(x)", Call("f", (code, np.ones(2))),
                            Call("f", (np.ones(2),), {"g": code}))
    assert first.value == 6
    assert second.outcome is Outcome.RAISED  # g was given twice
    (watched,) = answers("def f(g): return 1", Call("f", (code,), watch=True))
    assert watched.facts is not None
    assert watched.facts.arguments == (Opaque("function"),)


def test_a_seed_is_a_new_generator_unless_it_has_a_name() -> None:
    fresh, shared = Call("f", (Seed(5),)), Call("f", (Seed(5, "rng"),))
    one, two, three, four = (a.value for a in answers("def f(rng): return float(rng.random())",
                                                      fresh, fresh, shared, shared))
    assert one == two == three != four


def test_an_item_of_an_earlier_result_arrives_as_it_was_made() -> None:
    source = ("class Cache: pass\ndef f(x):\n    c = Cache(); c.x = x\n    return x, c\n"
              "def g(c): return c.x\ndef h(t): return len(t)")
    first, second, third = answers(source, Call("f", (7,), ship=(0,)), Call("g", (Item(0, 1),)),
                                   Call("h", (Item(0),)))
    assert first.value == (7, Opaque(OWN))
    assert (second.value, third.value) == (7, 2)


X = np.array([0.0, -0.0, 2.0, np.nan, np.inf])
SEEN = [False, False, True, True, True]


@pytest.mark.parametrize(
    ("value", "ship", "seen"),
    [
        ("x", None, SEEN),
        ("x.astype('float32').reshape(1, 5)", None, [SEEN]),
        ("(x, x)", (0,), (SEEN, "an ndarray that was not asked for")),
        ("x", (0,), X.tolist()),  # no pair, and a message may say of what kind it is instead
        ("(x, x)", None, (X.tolist(), X.tolist())),
        ("2.0", None, 2.0),
        ("1j * np.ones(2)", None, [1j, 1j]),
    ],
)
def test_where_it_is_enough_whether_a_number_is_0_no_more_is_told(
        value: str, ship: tuple[int, ...] | None, seen: Any) -> None:
    room = Room({"f": lambda x: eval(value, {"x": x, "np": np})})
    (answer,) = room.perform([Call("f", (Given("x", X),), ship=ship, nonzero=True)])
    found = answer.value if isinstance(answer.value, tuple) else (answer.value,)
    plain = [v.tolist() if isinstance(v, np.ndarray) else v
             for v in found if not isinstance(v, Opaque)]
    wanted = [v for v in (seen if isinstance(seen, tuple) else (seen,)) if not isinstance(v, str)]
    assert repr(plain) == repr(wanted)


@pytest.mark.parametrize(
    ("made", "error"),
    [
        ("return x", "the call before it returned int, not a tuple of 2 or more"),
        ("return (x,)", "the call before it returned tuple, not a tuple of 2 or more"),
        ("raise ValueError", "the call before it did not return"),
    ],
)
def test_a_missing_item_skips_the_call_that_wants_it(made: str, error: str) -> None:
    _, second = answers(f"def f(x): {made}\ndef g(c): return 1", Call("f", (7,)),
                        Call("g", (Item(0, 1),)))
    assert (second.outcome, second.error) == (Outcome.SKIPPED, error)


def test_looking_fetches_a_name_without_calling_it() -> None:
    (answer,) = answers('quiz = {"a": 1, "b": "x"}', Call("quiz", look=True))
    assert answer.value == {"a": 1, "b": "x"}


WATCHED = """
import random
import numpy as np
def touch(x): x[0] = 9
def draw(rng): return rng.random()
def legacy(): return np.random.rand()
def builtin(): return random.random()
def seeds(): np.random.seed(3)
def warn(): return np.float64(1) / np.float64(0)
"""


def test_a_watched_call_tells_what_else_happened() -> None:
    legacy, builtin = np.random.get_state(), random.getstate()
    plain_calls = [Call(name) for name in ("legacy", "builtin", "seeds", "warn")]
    calls = [Call("touch", (Given("x", np.zeros(2)),)), Call("draw", (Seed(1),)), *plain_calls]
    seen = [a.facts
            for a in answers(WATCHED, *(Call(k.function, k.args, watch=True) for k in calls))]
    np.random.set_state(legacy)
    random.setstate(builtin)
    touched, drawn, from_numpy, from_python, seeded, warned = (facts or pytest.fail("no facts")
                                                               for facts in seen)
    assert touched.arguments[0].tolist() == [9, 0]
    assert (drawn.rng_moved, drawn.global_rng_moved) == (True, False)
    assert ((from_numpy.global_rng_moved, from_python.global_rng_moved, seeded.global_rng_moved)
            == (True, True, True))
    assert warned.warnings == ("RuntimeWarning: divide by zero encountered in scalar divide",)
    assert touched.warnings == ()


def test_an_unwatched_call_has_no_facts_and_warns_nobody() -> None:
    (answer,) = answers(WATCHED, Call("warn"))
    assert answer.facts is None
    assert answer.value == np.inf


# ------------------------------------------------------------------------------------- plain values
@pytest.mark.parametrize(
    ("value", "seen"),
    [
        (None, None),
        (True, True),
        (2**62, 2**62),
        (2**63, Opaque("int of more than 64 bits")),
        ("text", "text"),
        ((1, [2, (3,)]), (1, [2, (3,)])),
        ({"a": {"b": 1}}, {"a": {"b": 1}}),
        ({1: 2, "a": 3}, {"a": 3}),
        (Fraction(1, 4), 0.25),
        ({1, 2}, Opaque("set")),
        (b"x", Opaque("bytes")),
        (1j, Opaque("complex")),
        (range(3), Opaque("range")),
        ([0] * 10_001, Opaque("list")),
        (np.array(["a"]), Opaque("array of dtype str")),
        (np.array([None]), Opaque("array of dtype object")),
    ],
)
def test_only_plain_data_travels(value: Any, seen: Any) -> None:
    assert plain(value) == seen


def test_a_hostile_object_is_named_and_left_alone() -> None:
    seen = plain((1, Hostile()))
    assert seen == (1, Opaque(OWN))


def test_arrays_arrive_as_ordinary_arrays_of_the_same_numbers() -> None:
    for value in (np.ma.masked_array([1.0, 2.0], mask=[True, False]), np.array([1, 2], ">i4"),
                  np.float32(3), np.zeros(2).view(Lying)):
        seen = plain(value)
        assert type(seen) is np.ndarray
        assert seen.dtype.isnative
    fortran = plain(np.asfortranarray(np.arange(6.0).reshape(2, 3)))
    assert fortran.flags.c_contiguous
    assert fortran.tolist() == [[0, 1, 2], [3, 4, 5]]


def test_an_array_of_many_bytes_stays_at_home() -> None:
    assert plain(np.broadcast_to(np.float64(0), (10**9,))) == Opaque(LARGE)
    assert plain([np.zeros(600_000)] * 2) == Opaque(LARGE)
    assert plain(np.zeros(MAX_ELEMENTS)).size == MAX_ELEMENTS


@pytest.mark.parametrize("shape", [(2 * 10**8, 0), (0, 10**4, 10**4), (10**7, 1, 0)])
def test_an_array_of_no_bytes_and_a_long_axis_stays_at_home(shape: tuple[int, ...]) -> None:
    assert plain(np.empty(shape)) == Opaque(LARGE)
    assert plain(np.empty((0, 5, 3))).shape == (0, 5, 3)


def test_a_crowd_of_items_stays_at_home_however_it_is_nested() -> None:
    tracemalloc.start()
    crowd: Any = [0] * 10_000
    for _ in range(4):
        crowd = [crowd] * 10_000
    assert plain(crowd) == Opaque(CROWDED)
    assert tracemalloc.get_traced_memory()[1] < 20 << 20
    tracemalloc.stop()


def test_deep_and_endless_nests_are_cut() -> None:
    knot: list[Any] = []
    knot.append(knot)
    deep = plain(knot)
    for _ in range(packing.MAX_DEPTH):
        (deep,) = deep
    assert deep == Opaque("list")


def test_subclasses_of_plain_types_do_not_pass_for_them() -> None:
    class Number(float):
        pass

    assert plain(Number(1)) == Opaque(OWN)
    assert plain(True) is True


def test_the_kind_of_a_value_is_the_real_name_of_its_type_or_none() -> None:
    class Meta(type):
        @property
        def __name__(cls) -> str:  # type: ignore[override]
            return "ndarray"

    class Liar(metaclass=Meta):
        __class__ = np.ndarray  # type: ignore[assignment]

    assert kind(Liar()) == OWN
    assert kind(type("p=0.62 x=[1]", (), {})()) == OWN
    assert (
        (kind(1), kind(len), kind(np.zeros(1))) == ("int", "builtin_function_or_method", "ndarray"))


def test_an_error_is_described_on_one_line_however_hostile() -> None:
    assert describe(ValueError("a\nb\x1b[31m\u202ec")) == "ValueError: a b [31m c"
    assert describe(HostileError()) == "HostileError: (its message cannot be shown)"
    assert describe(np.linalg.LinAlgError("singular")) == "LinAlgError (a ValueError): singular"
    assert describe(UnicodeError("odd")) == "UnicodeError: odd"
    assert describe(KeyError()) == "KeyError"
    assert len(describe(ValueError("x" * 10**6))) <= MAX_TEXT
    assert describe(ValueError("\ud800")) == "ValueError:  "


# -------------------------------------------------------------------------------- the local subject
def local(source: str) -> Local:
    return Local([cell("import time\n" + source)])


def test_a_script_that_takes_too_long_is_stopped_and_the_rest_is_skipped() -> None:
    subject = local("def f():\n    while True: pass\ndef g(): return 1")
    found = subject.ask([Call("g"), Call("f"), Call("g")], 0.2)
    assert [a.outcome for a in found] == [Outcome.PASSED, Outcome.TIMED_OUT, Outcome.SKIPPED]
    assert [a.outcome for a in subject.ask([Call("g")], 5)] == [Outcome.PASSED]


def test_catching_everything_does_not_save_an_endless_loop() -> None:
    subject = local("def f():\n    while True:\n        try: sum(range(99))\n"
                    "        except Exception: pass")
    (answer,) = subject.ask([Call("f")], 0.2)
    assert answer.outcome is Outcome.TIMED_OUT


def test_leaving_the_program_is_a_crash_not_an_exit() -> None:
    found = local("def f(): raise SystemExit(0)\ndef g(): return 1").ask([Call("f"), Call("g")], 5)
    assert [a.outcome for a in found] == [Outcome.CRASHED, Outcome.SKIPPED]


def test_the_users_own_interrupt_is_not_swallowed() -> None:
    with pytest.raises(KeyboardInterrupt):
        local("def f(): raise KeyboardInterrupt").ask([Call("f")], 5)


def test_what_a_student_prints_is_not_shown(capsys: pytest.CaptureFixture[str]) -> None:
    subject = local("import sys\nprint('loading')\ndef f():\n"
                    "    print('out'); print('err', file=sys.stderr)\n    return 1")
    assert subject.ask([Call("f")], 5)[0].value == 1
    assert capsys.readouterr() == ("", "")


def test_troubles_name_the_cell() -> None:
    assert local("1 / 0").troubles == {"f": "ZeroDivisionError: division by zero (line 2: 1 / 0)"}


def test_with_functions_leaves_the_original_alone() -> None:
    subject = local("def f(): return 1")
    other = subject.with_functions({"f": lambda: 2})
    assert [s.ask([Call("f")], 5)[0].value for s in (subject, other)] == [1, 2]


def test_outside_the_main_thread_it_answers_as_well() -> None:
    found: list[Answer] = []
    thread = threading.Thread(
        target=lambda: found.extend(local("def f(): return 1").ask([Call("f")], 5)))
    thread.start()
    thread.join()
    assert [a.value for a in found] == [1]


def test_annotations_may_be_put_off_for_the_whole_notebook() -> None:
    room = loaded(cell("from __future__ import annotations", Role.ADDED, "1"))
    assert not room.load(cell("def f(x) -> Unknown: return x", Role.ANSWER, "f"))


def test_what_an_answer_leans_on_is_made_even_by_a_call() -> None:
    room = loaded(cell("def make(): return 7", Role.ADDED, "1"))
    room.load(Cell("2", Role.ADDED, "SEVEN = make()\nother = make()", ("SEVEN",)))
    assert room.namespace["SEVEN"] == 7
    assert "other" not in room.namespace


def test_an_interrupt_that_is_lost_is_sent_again() -> None:
    source = """
import time

def waits(end):
    while time.monotonic() < end:
        pass

def f():
    end = time.monotonic() + 10
    try:
        waits(end)
    except KeyboardInterrupt:    # lost, as in a destructor or in the garbage collector's callback
        waits(end)
"""
    (answer,) = Local([Cell("a", Role.ANSWER, source)]).ask([Call("f")], 0.1)
    assert answer.outcome is Outcome.TIMED_OUT


def test_one_thread_watches_all_scripts_and_after_a_rest_it_still_does() -> None:
    subject = local("def f(): return 1\ndef g():\n    while True: pass")
    subject.ask([Call("f")], 5)
    before = threading.active_count()
    for _ in range(5):
        subject.ask([Call("f")], 5)
    assert threading.active_count() == before
    time.sleep(3 * alarm.AGAIN)
    (answer,) = subject.ask([Call("g")], 0.1)
    assert answer.outcome is Outcome.TIMED_OUT


def test_what_is_timed_within_something_timed_ends_neither_too_soon_nor_never() -> None:
    def endless() -> None:
        while True:
            pass

    with alarm.alarm(0.1) as outer:
        with alarm.alarm(60) as inner:
            pass
        with pytest.raises(KeyboardInterrupt):
            endless()
    assert (outer.rung, inner.rung) == (True, False)
