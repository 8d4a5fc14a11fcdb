"""The judge: order, needs, deaths, our own faults, and what it all is worth."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pytest

from autograder.asking import (
    MANY, Exam, Wrong, an, array, number, pair, quoted, script_text, shown, stable_seed)
from autograder.checks_api.verb import hide
from autograder.dropout import checks as c
from autograder.judge import (
    NO_RETURN, UNDEFINED, UNFIT, can_be_diagnosed, judge, result, what_happened)
from autograder.model import (
    NOT_TRIED, Answer, Broken, Call, Check, Code, Exercise, ExerciseResult, Given, Item, Opaque,
    Outcome, Part, Seed, Verdict)
from autograder.running import opaque
from autograder.tests.toys import FORWARD, forward, one_part, student


def says(name: str, outcome: str = "", needs: tuple[str, ...] = (), verb: str = "",
         **more: Any) -> Check:
    """A check that passes, or is wrong ("x"), or asks for a function of that name ("ask:f")."""

    def judged(exam: Exam, reference: Exam | None = None) -> None:
        if outcome.startswith("ask:"):
            exam.ask(Call(outcome[4:], (1,)))
        elif outcome:
            raise Wrong(outcome, "right")

    return Check(verb or name, name, f"holds {name}", judged, needs, **more)


def run(*checks: Check, seconds: float = 5.0, **functions: Any) -> tuple[Verdict, ...]:
    return judge(one_part("f", checks), student(functions), "toy", seconds=seconds)


def outcomes(*checks: Check, **functions: Any) -> list[str]:
    return [v.outcome.value for v in run(*checks, seconds=0.3, **functions)]


def hang(x: Any) -> Any:
    while True:
        pass


def leave(x: Any) -> Any:
    raise SystemExit(0)


def fail(x: Any) -> Any:
    raise ValueError("x is no good")


# -------------------------------------------------------------------------------------------- needs
def test_a_check_waits_for_what_it_needs() -> None:
    a, b, waits, free = says("a", "x"), says("b"), says("c", needs=("a",)), says("d", needs=("b",))
    assert outcomes(a, b, waits, free) == ["failed", "passed", "skipped", "passed"]
    assert run(a, b, waits, free)[2].got == 'not tried: first "holds a" must hold'


def test_waiting_is_handed_on() -> None:
    assert (outcomes(says("a", "x"), says("b", needs=("a",)), says("c", needs=("b",)))
            == ["failed", "skipped", "skipped"])


def test_a_need_may_name_one_check_or_all_of_a_verb() -> None:
    one, two = says("v(p=1)", verb="v"), says("v(p=2)", "x", verb="v")
    assert outcomes(one, two, says("a", needs=("v",))) == ["passed", "failed", "skipped"]
    assert outcomes(one, two, says("a", needs=("v(p=1)",))) == ["passed", "failed", "passed"]


# ------------------------------------------------------------------------------------------- deaths
@pytest.mark.parametrize(("function", "outcome"), [(hang, "timed_out"), (leave, "crashed")])
def test_what_is_lost_with_a_part_is_not_tried(function: Any, outcome: str) -> None:
    parts = [Part("hangs", "ends", 1, [says("a"), says("b", "ask:g"), says("c", "ask:g")]),
             Part("fine", "holds", 3, [says("d")])]
    verdicts = judge(Exercise("f", parts, points=4), student({"g": function}), "toy", seconds=0.3)
    assert [v.outcome.value for v in verdicts] == ["passed", outcome, "skipped", "passed"]
    assert verdicts[2].got == 'not tried: "holds b", of the same part, hung or ended the program'


def test_a_death_costs_the_part_it_happened_in() -> None:
    parts = [Part("hangs", "ends", 1, [says("b", "ask:g")]), Part("fine", "holds", 3, [says("c")])]
    exercise = Exercise("f", parts, points=4)
    assert result(exercise, judge(exercise, student({"g": leave}), "toy")).points == 3


def test_after_so_many_deaths_the_rest_is_not_tried() -> None:
    checks = (says("a"), *(says(f"b{k}", "ask:g") for k in range(3)), says("c"))
    parts = [Part(check.name, "holds", 1, [check]) for check in checks]
    verdicts = judge(Exercise("f", parts, points=5), student({"g": leave}), "toy", deaths=2)
    assert [v.outcome.value for v in verdicts] == ["passed", "crashed", "crashed",
                                                   "skipped", "skipped"]
    assert (verdicts[4].got == "not tried: 2 parts of this exercise hung or ended the program "
            "before. A call may compute for 5 s")


def test_what_was_not_tried_is_not_called_wrong() -> None:
    class UsedUp:
        troubles: Mapping[str, str] = {}

        def ask(self, calls: Sequence[Call], seconds: float) -> list[Answer]:
            return [Answer(Outcome.TIMED_OUT, error=f"{NOT_TRIED}the 9 s are used up")] * len(calls)

    (verdict,) = judge(one_part("f", [says("b", "ask:g")]), UsedUp(), "toy")
    assert (verdict.outcome, verdict.got) == (Outcome.SKIPPED, "not tried: the 9 s are used up")


def test_an_exception_costs_the_one_check_only() -> None:
    assert outcomes(says("a", "ask:g"), says("b"), g=fail) == ["raised", "passed"]
    (verdict,) = run(says("a", "ask:g"), g=fail)
    assert verdict.got == "g raised ValueError: x is no good", verdict.got


def trips(exam: Exam) -> None:
    (value,) = exam.ask(Call("f"))
    if value is None:
        raise ZeroDivisionError("ours, and perhaps a secret")


TRIPS = Check("trips", "trips", "holds", trips)


@pytest.mark.trips
def test_a_check_that_trips_over_an_answer_but_not_over_the_solutions_counts_it_as_wrong(
        caplog: pytest.LogCaptureFixture) -> None:
    reference = student({"f": lambda: 1})
    (verdict,) = judge(one_part("f", [TRIPS]), student({"f": lambda: None}), "toy",
                       reference=reference)
    assert (verdict.outcome, verdict.got) == (Outcome.FAILED, UNFIT)
    assert re.search(r"f, trips: ZeroDivisionError at test_judge.py:\d+. An answer brought it "
                     r"about", caplog.text), "staff hear nothing"
    assert "secret" not in caplog.text
    assert judge(one_part("f", [TRIPS]), student({"f": lambda: 1}), "toy",
                 reference=reference)[0].passed


def test_a_check_that_trips_over_the_solution_too_is_our_fault() -> None:
    nothing = student({"f": lambda: None})
    (verdict,) = judge(one_part("f", [TRIPS]), nothing, "toy", reference=nothing)
    assert verdict.outcome is Outcome.BROKEN
    assert verdict.got.startswith(
        "the check itself failed: ZeroDivisionError at test_judge.py:"), verdict.got


@pytest.mark.trips
def test_where_there_is_no_solution_the_sentence_asks_for_a_report() -> None:
    (verdict,) = judge(one_part("f", [TRIPS]), student({"f": lambda: None}), "toy")
    assert verdict.outcome is Outcome.FAILED
    assert verdict.got.startswith(f"{UNFIT}. If you think it is right, please report this: f, "
                                  "trips: ZeroDivisionError at "), verdict.got


def test_what_is_broken_for_another_reason_stays_broken() -> None:
    def ends(exam: Exam) -> None:
        raise Broken("the sandbox fell")

    (verdict,) = judge(one_part("f", [Check("v", "v", "holds", ends)]), student(), "toy",
                       reference=student())
    assert (verdict.outcome, verdict.got) == (Outcome.BROKEN,
                                              "the check itself failed: the sandbox fell")


def test_a_check_may_have_a_deadline_of_its_own() -> None:
    (verdict,) = judge(one_part("f", [says("a", "ask:g", seconds=0.1)]), student({"g": hang}),
                       "toy", seconds=60)
    assert verdict.outcome is Outcome.TIMED_OUT


# ------------------------------------------------------------------------------------------- points
def marked(*outcomes: str, shares: Sequence[float] = (), points: float = 4.0) -> ExerciseResult:
    """A part for each word, a check for each letter: p passes, x fails, w waits, - is untried."""
    parts = [Part(str(n), f"holds {n}", share, [says(f"{n}{k}") for k in range(len(word))])
             for n, (word, share) in enumerate(zip(outcomes, shares or (1.0,) * len(outcomes),
                                                   strict=True))]
    kinds = {"p": Outcome.PASSED, "x": Outcome.FAILED, "w": Outcome.SKIPPED, "-": Outcome.SKIPPED}
    verdicts = [
        Verdict("f", f"{n}{k}", "", kinds[letter], part=str(n), waits="other" * (letter == "w"))
        for n, word in enumerate(outcomes)
        for k, letter in enumerate(word)
    ]
    return result(Exercise("f", parts, points=points), tuple(verdicts))


@pytest.mark.parametrize(
    ("outcomes", "shares", "worth", "expected"),
    [
        (("p", "p"), (1, 1), 3, 3),
        (("x", "x"), (1, 1), 3, 0),
        (("pp", "px", "p"), (1, 1, 1), 2, 1.33),
        (("p", "x"), (5, 1), 3, 2.5),
        (("pw", "x"), (1, 1), 2, 1),  # what waits for another part costs nothing more
        (("w", "x"), (1, 1), 2, 0),  # but nothing is earned by waiting alone
        (("p-", "p"), (1, 1), 2, 1),  # and what was not tried for want of time is not earned
        (("p", "p", "p"), (1, 1, 1), 0.3333, 0.3333),  # full marks are full to the last digit
        ((), (), 2, 0),
    ],
)
def test_a_part_is_earned_when_none_of_its_checks_fails(
    outcomes: Sequence[str], shares: Sequence[float], worth: float, expected: float
) -> None:
    assert marked(*outcomes, shares=shares, points=worth).points == expected


def test_a_result_says_what_came_of_each_part() -> None:
    found = marked("pp", "px", "w", shares=(50, 30, 20))
    seen = [(p.name, p.points, p.max_points, p.full) for p in found.parts]
    assert seen == [("0", 2, 2, True), ("1", 0, 1.2, False), ("2", 0, 0.8, False)]


def test_a_check_that_waits_says_for_which() -> None:
    assert ([v.waits for v in run(says("a", "x"), says("b", needs=("a",)), says("c", needs=("b",)))]
            == ["", "a", "b"])


# -------------------------------------------------------------------------------------------- words
def stub(line: str) -> Answer:
    return Answer(Outcome.RAISED, error="NotImplementedError", line=line)


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (Answer(Outcome.TIMED_OUT), "f did not return in time and was stopped"),
        (Answer(Outcome.TIMED_OUT, error="it may compute for 5 s"),
         "f did not return in time and was stopped (it may compute for 5 s)"),
        (Answer(Outcome.CRASHED), "f ended the whole program instead of returning"),
        (Answer(Outcome.SKIPPED, error="the call before it did not return"),
         "f could not be called: the call before it did not return"),
        (Answer(Outcome.RAISED, error="NotImplementedError"), "f is not written yet"),
        (Answer(Outcome.RAISED, error="NotImplementedError: write me"), "f is not written yet"),
        (stub("line 9: raise NotImplementedError()"), "f is not written yet"),
        (stub("line 9 of the cell of g: raise NotImplementedError()"),
         "f calls g, which is not written yet"),
        (stub("line 9 of cell 5: raise NotImplementedError()"),
         "f calls what in cell 5 is not written yet"),
        (Answer(Outcome.RAISED, error="NameError: f is not defined"), f"f {UNDEFINED}"),
        (Answer(Outcome.RAISED, error="NameError: name 'g' is not defined"),
         "f raised NameError: name 'g' is not defined"),
        (
            Answer(Outcome.RAISED, error="AttributeError: 'numpy.random._generator.Generator' "
                   "object has no attribute 'rand'"),
            "f raised AttributeError: 'numpy.random._generator.Generator' object has no attribute "
            "'rand' "
            "(rng is a numpy.random.Generator; it has random, normal, integers, binomial, uniform, "
            "choice)",
        ),
        (
            Answer(Outcome.RAISED, error="TypeError: Cannot cast scalar from dtype('O')",
                   line="line 2: np.random.seed(seed)"),
            "f raised TypeError: Cannot cast scalar from dtype('O') (what comes in is a generator, "
            "not a seed: draw from it, as in "
            "rng.random(shape)) at line 2: np.random.seed(seed)",
        ),
        (
            Answer(Outcome.RAISED, error="AttributeError: 'numpy.random._generator.Generator' "
                   "object has no attribute 'shape'"),
            "f raised AttributeError: 'numpy.random._generator.Generator' object has no attribute "
            "'shape'",
        ),
        (Answer(Outcome.RAISED, error="KeyError: 'm'", line="line 3: return c['m']"),
         "f raised KeyError: 'm' at line 3: return c['m']"),
    ],
)
def test_what_happened_is_one_sentence(answer: Answer, words: str) -> None:
    assert what_happened(Call("f"), answer) == words


def test_in_a_hidden_case_neither_inputs_nor_the_students_words_are_told() -> None:
    answer = Answer(Outcome.RAISED, error="ValueError: p was 0.1234")
    assert what_happened(Call("f"), answer, hidden=True) == "f raised ValueError"
    own = Answer(Outcome.RAISED, error="PWas01234: ha")
    assert what_happened(Call("f"), own, hidden=True) == "f raised an exception of your own"
    compiled = Answer(Outcome.RAISED, error="KeyError: 1", line="line 1234: raise")
    assert what_happened(Call("f"), compiled, hidden=True) == "f raised KeyError"
    check = hide(c.drops_the_right_share(p=0.37))
    assert "0.37" not in check.sentence
    (verdict,) = judge(one_part(FORWARD, [check]),
                       student({FORWARD: lambda x, p, rng, train=True: (x, None)}), "toy")
    assert (verdict.outcome, verdict.call, verdict.hidden) == (Outcome.FAILED, "", True)


def test_what_is_quoted_from_a_student_stands_in_public_cases_only() -> None:
    def looks(exam: Exam) -> None:
        raise Wrong(f"repr is {quoted('p=0.62', instead='another text')}", f"no{quoted(' p=0.62')}")

    for hidden, got, wanted in ((False, "repr is p=0.62", "no p=0.62"),
                                (True, "repr is another text", "no")):
        (verdict,) = judge(one_part("f", [Check("v", "v", "holds", looks, hidden=hidden)]),
                           student(), "toy")
        assert (verdict.got, verdict.wanted) == (got, wanted)
    assert shown(quoted("a" * 500), hidden=False) == "a" * 97 + "..."
    assert (shown(quoted("\ue000p=0.62\ue001\ue002 and more"), hidden=True)
            == ""), "it must not come out of its quotes"


@pytest.mark.parametrize(("size", "length"), [(10, 28), (1500, 1507), (3000, 0)])
def test_a_call_too_long_to_be_pasted_whole_is_not_shown(size: int, length: int) -> None:
    def looks(exam: Exam) -> None:
        exam.ask(*[Call("f", (Given("x" * size, 1),))] * 2)
        raise Wrong("no")

    (verdict,) = run(Check("v", "v", "holds", looks), f=lambda x: x)
    assert len(verdict.call) == length, verdict.call


def test_an_array_of_any_size_is_refused_before_anything_is_worked_out_from_it() -> None:
    with pytest.raises(Wrong, match="no more entries than the question has use for"):
        array(np.zeros(MANY + 1, "int8"), "out")
    with pytest.raises(Wrong, match="no more entries"):
        array(np.zeros((2**40, 0), "int8"), "out")


def test_a_public_check_shows_the_call_that_was_asked() -> None:
    (verdict,) = judge(one_part(FORWARD, [c.is_identity_at_test_time(p=0.3)]),
                       student({FORWARD: lambda *a, **k: 0}), "toy")
    assert verdict.call.startswith("result = dropout_forward(np.random.default_rng(")
    assert ", 0.3, np.random.default_rng(" in verdict.call
    assert verdict.call.endswith("), train=False)\ntype(result)")


# -------------------------------------------------------------------------------------------- seeds
def spied(*checks: Check, slug: str = "toy", salt: str = "") -> list[float]:
    """The first numbers that a student's function draws, check by check."""
    drawn: list[float] = []

    def spy(x: Any, p: float, rng: Any, train: bool = True) -> Any:
        drawn.append(float(x.flat[0]))
        return forward(x, p, rng, train)

    judge(one_part(FORWARD, checks), student({FORWARD: spy}), slug, salt)
    return drawn


def test_public_checks_ask_the_same_whatever_the_salt_and_hidden_ones_do_not() -> None:
    check = c.scales_the_survivors(p=0.3)
    assert spied(check) == spied(check) == spied(check, salt="secret")
    assert spied(hide(check), salt="one") == spied(hide(check), salt="one")
    assert spied(hide(check), salt="one") != spied(hide(check), salt="two")
    assert spied(check) != spied(check, slug="other")


def test_a_seed_depends_on_its_text_alone() -> None:
    assert stable_seed("dropout") == 457968169
    assert 0 <= stable_seed("") < 2**32


# --------------------------------------------------------------------------------------------- desk
def test_a_reference_check_is_handed_both_desks() -> None:
    def judged(exam: Exam, reference: Exam) -> None:
        (one,), (other,) = exam.ask(Call("g", (3,))), reference.ask(Call("g", (3,)))
        if one != other:
            raise Wrong(str(one), str(other))

    check = Check("v", "v", "holds", judged, with_reference=True)
    (same,) = judge(one_part("f", [check]), student({"g": lambda x: x}), "toy",
                    reference=student({"g": lambda x: x}))
    (wrong,) = judge(one_part("f", [check]), student({"g": lambda x: 0}), "toy",
                     reference=student({"g": lambda x: x}))
    assert same.passed
    assert (wrong.got, wrong.wanted) == ("0", "3")


def test_without_a_reference_such_a_check_is_our_fault() -> None:
    (verdict,) = judge(one_part("quiz", [c.answers_rightly(key="number")]), student(), "toy")
    assert verdict.outcome is Outcome.BROKEN


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (None, "None"),
        (3, "an int"),
        (2.0, "a float"),
        ("x", "a str"),
        ((1, 2), "a tuple of 2"),
        ({}, "a dict"),
        (np.zeros((2, 3), "float32"), "an array of float32 and shape (2, 3)"),
        (Opaque("Tensor"), "a Tensor"),
        (Opaque("generator"), "a generator"),
        (Opaque(opaque.LARGE), "a value too large to be judged"),
        (Opaque(opaque.BEYOND), "a value too large to be judged"),
        (Opaque(opaque.UNSENT), "a value that cannot be judged"),
        (Opaque("deque"), "a deque"),
        (Opaque("array of dtype object"), "an array of object"),
        (Opaque("array of dtype p062seed7x17"), "an object of a class of your own"),
        (Opaque("value p=0.62 seed=7 x=[1.7]"), "an object of a class of your own"),
        (Opaque("p062seed7x17"), "an object of a class of your own"),
        (np.zeros((2**31, 0), "int8"), "an array of int8 and shape (huge, 0)"),
        (np.zeros((1,) * 9), "an array of float64 and shape (9 axes)"),
    ],
)
def test_values_of_the_wrong_kind_have_names(value: Any, words: str) -> None:
    assert an(value) == words


def test_who_forgets_to_return_is_asked_about_it() -> None:
    """The commonest slip of all: print instead of return."""

    def looks(exam: Exam) -> None:
        array(exam.ask(Call("f", (1,)))[0], "out")

    (none,) = run(Check("v", "v", "gives an array", looks), f=lambda x: None)
    (text,) = run(Check("v", "v", "gives an array", looks), f=lambda x: "1")
    assert none.got == f"out is None{NO_RETURN}"
    assert NO_RETURN not in text.got


def test_reading_answers_refuses_politely() -> None:
    with pytest.raises(Wrong, match=r"out\.shape = \(2,\), but should be \(3,\)"):
        array(np.zeros(2), "out", (3,))
    with pytest.raises(Wrong, match="out is a str, but should be an array of numbers"):
        array("abc", "out")
    with pytest.raises(Wrong, match="out is a list of 2 that is no array"):
        array([[1, 2], [3]], "out")
    with pytest.raises(Wrong,
                       match="the function returned None, but should be a pair \\(out, cache\\)"):
        pair(None)
    assert array([1, 2], "out").tolist() == [1, 2]
    assert array(True, "out").shape == ()
    assert pair([1, 2]) == (1, 2)


def test_numbers_show_enough_digits_to_see_the_mistake() -> None:
    assert ([number(v) for v in (1 / 3, 1e-9, 1e20, float("nan"), np.float32(0.1), 7)]
            == ["0.333333", "1e-09", "1e+20", "nan", "0.1", "7"])


# ------------------------------------------------------------------------------------------ scripts
def test_a_script_reads_as_python() -> None:
    x = Given("np.ones(3)", np.ones(3))
    calls = [Call("fw", (x, 0.3, Seed(7)), returns=("out", "cache")),
             Call("bw", (Given("dout", 1), Item(0, 1)), returns=("dx",))]
    assert (script_text(calls)
            == "out, cache = fw(np.ones(3), 0.3, np.random.default_rng(7)); bw(dout, cache)")
    assert script_text([Call("fw", (x,), {"train": False})]) == "fw(np.ones(3), train=False)"
    assert script_text([Call("quiz", look=True)]) == "quiz"


def test_what_must_run_before_a_call_is_shown_once() -> None:
    x, f = Given("x", np.ones(3), "x = np.ones(3)"), Code("f", "f = lambda x: x + 1")
    calls = [Call("one", (f, x, Seed(7, "rng"))), Call("two", (x,), {"f": f})]
    shown = ("f = lambda x: x + 1\nx = np.ones(3)\n"
             "rng = np.random.default_rng(7); one(f, x, rng); two(x, f=f)")
    assert script_text(calls) == shown


def test_a_shared_generator_is_made_once_and_a_long_script_is_cut() -> None:
    calls = [Call("draw", (Seed(7, "rng"),))] * 5
    assert (
        script_text(calls) == "rng = np.random.default_rng(7); draw(rng); draw(rng); draw(rng) ...")


def test_what_is_not_there_is_not_diagnosed() -> None:
    def verdict(outcome: Outcome, got: str = "") -> Verdict:
        return Verdict("toy", "check", "holds", outcome, got)

    held, lacking = verdict(Outcome.PASSED), verdict(Outcome.RAISED, f"Layer {UNDEFINED}")
    assert not can_be_diagnosed((held, lacking, verdict(Outcome.SKIPPED, "not tried")))
    assert can_be_diagnosed((lacking, verdict(Outcome.FAILED, "out = 2")))
    assert not can_be_diagnosed((held,))
