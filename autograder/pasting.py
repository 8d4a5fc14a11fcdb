"""The lines below a cross: the calls that were made and, as the last one, an expression that shows the quantity the message speaks of."""

from __future__ import annotations

import ast
import re
from collections.abc import Sequence
from dataclasses import replace

from autograder.asking import argument_text, script_text
from autograder.model import Call, Given

DRAWN = ("out", "mask")  # names of what is 0 where something was dropped
MOST = 3  # calls of a script that are shown
NEIGHBOURS = {"rows": ("[1:]", "[:-1]"), "columns": ("[:, 1:]", "[:, :-1]")}
FORMS = {  # what a message begins with -> what shows it; `out` is what the call returns first
    re.compile(r"share of dropped units = "): "({out} == 0).mean()",
    re.compile(r"\d+ of \d+ units were kept$"): "({out} != 0).sum()",
    re.compile(r"(x|dout) was changed by the call$"): "({0} != before).sum()",
    re.compile(r"(\w+) is 0 wherever x is 0$"): "({0} != 0)[x == 0].sum()",
    re.compile(r"(\w+) holds nan$"): "np.isnan({0}).sum()",
    re.compile(r"(\w+) holds -?inf$"): "np.isinf({0}).sum()",
    re.compile(r"(\w+) holds -[\d.e+-]+$"): "{0}.min()",
    re.compile(r"(\w+) holds [\d.e+-]+$"): "{0}.max()",
}
TWO = {
    "two generators with the same seed gave masks that differ": "(one != other).sum()",
    "two generators with different seeds gave the same mask": "(one != other).sum()",
    "share of units on which two calls agree": "(one == other).mean()",
}
AGREE = re.compile(r"share of units on which neighbouring (rows|columns) agree$")


def lines(calls: Sequence[Call], got: str) -> str:
    """Python that runs when pasted into the notebook and shows what `got` names; the calls alone where that is no single value."""
    calls = list(calls[:1] if got.endswith(" in training") else calls)
    if pair := _of_two(got, calls):
        return pair
    expression = _expression(got, calls) if len(calls) <= MOST else ""
    if not expression or not _can_be_named(expression, calls):
        return script_text(calls, MOST)
    first, calls = _named_input(expression, calls)
    made = script_text([*calls, Call(expression, look=True)], MOST + 1)
    return "\n".join([*first, *made.removesuffix(f"; {expression}").split("\n"), expression])


def _of_two(got: str, calls: Sequence[Call]) -> str:
    """The first two calls compared, where that is what the message does."""
    sign = next((sign for words, sign in TWO.items() if got.startswith(words)), "")
    if not sign or len(calls) < 2 or calls[0].returns[:1] not in [(name,) for name in DRAWN]:
        return ""
    *first, one = script_text(calls[:1]).split("\n")
    *rest, other = script_text([calls[-1 if "different" in got else 1]]).split("\n")
    rng, one, other = _generator(one), one.rpartition("; ")[2], other.rpartition("; ")[2]
    item = "[0]" if len(calls[0].returns) > 1 else ""
    masks = f"one = {one}{item} == 0\nother = {other}{item} == 0"
    return "\n".join([*first, *rest, *rng, masks, sign])


def _generator(text: str) -> list[str]:
    return [text.rpartition("; ")[0]] if "; " in text else []


def _expression(got: str, calls: Sequence[Call]) -> str:
    """The value that a message begins with, in the names that one of the calls returns and no other; "" when it is none of these."""
    subject, made = got.partition(" = ")[0].strip(), [name for call in calls for name in call.returns]
    names = [name for name in made if made.count(name) == 1]
    if not names or any(call.look for call in calls):
        return ""
    out = next((name for name in names if name in DRAWN), "")
    for form, shows in FORMS.items():
        if (found := form.match(got)) and (out or "{out}" not in shows) and ("before" in shows or {*found.groups()} <= {*names}):
            return shows.format(*found.groups(), out=out)
    if out and (found := AGREE.match(subject)):
        one, other = NEIGHBOURS[found[1]]
        return f"(({out} == 0){one} == ({out} == 0){other}).mean()"
    if subject.removesuffix(".shape") in names:
        return re.sub(r"(\w+)\.shape$", r"np.shape(\1)", subject)
    return _value(subject.replace("[kept]", f"[{out} != 0]" if out else "[kept]"), {*names, "x"}) if " = " in got else ""


def _value(text: str, known: set[str]) -> str:
    """The text, if it is an expression in these names and in nothing else."""
    try:
        tree = ast.parse(text, mode="eval")
    except (SyntaxError, ValueError):
        return ""
    used = {n.id for n in ast.walk(tree) if isinstance(n, ast.Name)}
    calls = any(isinstance(n, ast.Call) for n in ast.walk(tree))
    return text if used and used <= known and used != {"x"} and not calls else ""


def _input(expression: str) -> str:
    return next((n for n in ("dout", "x") if re.search(rf"\b{n}\b", expression)), "")


def _is_named(name: str, calls: Sequence[Call]) -> bool:
    return not name or any(argument_text(a) == name for call in calls for a in call.args[:1])


def _can_be_named(expression: str, calls: Sequence[Call]) -> bool:
    """Whether the input that the expression speaks of is the first argument of the last call, or has that name already."""
    name = _input(expression)
    first = next(iter(calls[-1].args), None)
    return _is_named(name, calls) or (isinstance(first, Given) and (name == "dout" or len(calls) == 1))


def _named_input(expression: str, calls: list[Call]) -> tuple[list[str], list[Call]]:
    """The lines that give the last call's input a name, where the expression speaks of it, and the calls with that name in them."""
    name, last = _input(expression), calls[-1]
    if _is_named(name, calls):
        return [f"before = {name}.copy()"] * ("before" in expression), calls
    first = [f"{name} = {argument_text(last.args[0])}"] + [f"before = {name}.copy()"] * ("before" in expression)
    return first, [*calls[:-1], replace(last, args=(Named(name), *last.args[1:]))]


class Named(str):
    """A name in place of an argument."""

    def __repr__(self) -> str:
        return str(self)
