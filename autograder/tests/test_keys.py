"""How a key is written: marks on wrong and right answers, and their source as a student's."""

from __future__ import annotations

import builtins
from pathlib import Path
from symtable import SymbolTable, symtable
from typing import Any

import pytest

from autograder.course import lacking, slugs
from autograder.keys import asked_for, entries, misconception, source, variant
from autograder.model import CourseError, Misconception, Role, Variant
from autograder.staff import load_staff

ROOT = Path(__file__).parents[2]


@misconception("shrink", signs="factor rows")
def p_is_the_factor(x: Any, p: float) -> Any:
    """You multiply by p,

    but p says how much is taken away.
    """
    return x * p


@variant("shrink")
def by_subtraction(x: Any, p: float) -> Any:
    """The same, as a difference."""
    return x - p * x


@misconception("shrink", name="cache_is_forgotten")
class Forgetful:
    """You forget the cache."""

    def shrink(x: Any, p: float) -> Any:
        """Says something."""
        return x * (1 - p), None

    def grow(x: Any, cache: Any) -> Any:
        if cache is None:
            return x
        return x / cache


def marked(thing: Any) -> Misconception | Variant:
    (entry,) = entries({"thing": thing})
    return entry


def test_a_wrong_solution_carries_its_sentence_and_its_signs() -> None:
    entry = marked(p_is_the_factor)
    assert isinstance(entry, Misconception)
    assert (entry.name, entry.exercise, entry.signs) == ("p_is_the_factor", "shrink",
                                                         ("factor", "rows"))
    assert entry.sentence == "You multiply by p, but p says how much is taken away."
    assert dict(entry.functions) == {"shrink": p_is_the_factor}


def test_a_right_variant_is_named_after_itself() -> None:
    entry = marked(by_subtraction)
    assert isinstance(entry, Variant)
    assert (entry.name, entry.exercise) == ("by_subtraction", "shrink")
    assert entry.functions["shrink"](8, 0.25) == 6


def test_a_class_replaces_the_functions_it_holds() -> None:
    entry = marked(Forgetful)
    assert entry.name == "cache_is_forgotten"
    assert set(entry.functions) == {"shrink", "grow"}
    assert entry.functions["grow"](8, 2) == 4


def test_entries_come_in_the_order_in_which_they_are_written() -> None:
    space = {"b": by_subtraction, "n": 3, "a": p_is_the_factor, "text": "nothing",
             "Forgetful": Forgetful}
    assert [e.name for e in entries(space)] == ["by_subtraction", "p_is_the_factor",
                                                "cache_is_forgotten"]


def test_without_a_sentence_there_is_no_misconception() -> None:
    with pytest.raises(CourseError,
                       match=r"The misconception silent has no docstring\. Write the sentence"):

        @misconception("shrink")
        def silent(x: Any) -> Any:
            return x


def test_the_source_is_what_a_student_would_have_written() -> None:
    (text,) = source(marked(p_is_the_factor)).values()
    assert text == "def shrink(x: Any, p: float) -> Any:\n    return x * p"
    texts = source(marked(Forgetful))
    assert (texts["grow"] == "def grow(x: Any, cache: Any) -> Any:\n    if cache is None:\n"
            "        return x\n    return x / cache")
    assert '"""' not in texts["shrink"]


def test_what_is_no_plain_function_has_no_source() -> None:
    entry = Variant("short", "shrink", {"shrink": lambda x, p: x})
    with pytest.raises(CourseError, match=r"is no plain function\. Write it with def"):
        source(entry)


def test_a_belief_may_hold_for_other_exercises_too() -> None:
    def unscaled(x: Any, p: float) -> Any:
        """You forget the factor."""
        return x

    entry = marked(misconception("shrink", signs="factor", also="grow melt")(unscaled))
    assert isinstance(entry, Misconception)
    assert entry.also == ("grow", "melt")
    plain = marked(p_is_the_factor)
    assert isinstance(plain, Misconception)
    assert plain.also == ()


def made(table: SymbolTable) -> set[str]:
    """The global names that this code gives a value."""
    here = {s.get_name() for s in table.get_symbols()
            if s.is_declared_global() or (table.get_type() == "module" and s.is_local())}
    return here.union(*map(made, table.get_children()))


@pytest.mark.parametrize("slug", slugs(ROOT))
def test_an_answer_of_the_key_brings_every_name_it_asks_for(slug: str) -> None:
    staff = load_staff(ROOT, slug)
    if lacking(staff.assignment):
        pytest.skip(lacking(staff.assignment))
    cells = [cell.source for cell in staff.solution.cells if cell.role is not Role.ANSWER]
    found: list[Misconception | Variant] = [*staff.key.variants, *staff.key.misconceptions]
    for entry in found:
        answers = staff.solution.answers | staff.written(entry)
        notebook = symtable("\n\n".join([*cells, *answers.values()]), entry.name, "exec")
        assert (asked_for(notebook) - made(notebook) - set(dir(builtins))
                - {"__name__"} == set()), entry.name
