"""The lines below a cross: the calls that were made, and an expression that shows the quantity."""

from __future__ import annotations

import ast
import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from autograder.asking import argument_text, script_text
from autograder.model import Call, Given, Seed

DRAWN = ("out", "mask")  # names of what is 0 where something was dropped
MOST = 4  # calls of a script that are shown
MANY = 200  # calls of a loop that counts
NEIGHBOURS = {"rows": ("[1:]", "[:-1]"), "columns": ("[:, 1:]", "[:, :-1]")}
FORMS = {  # what a message begins with -> what shows it; `out` is what the call returns first
    re.compile(r"share of dropped units = "): "({out} == 0).mean()",
    re.compile(r"\d+ of \d+( units)? were kept$"): "({out} != 0).sum()",
    re.compile(r"\d+ of \d+ were kept at the first step$"): "({out}[:, 0] != 0).sum()",
    re.compile(r"factor of the kept ones(\[\d+\])? = "): "{out}[{out} != 0]{0}",
    re.compile(r"between the first step and step (\d+) the mask changes "):
        "(({out}[:, {0} - 1] != 0) != ({out}[:, 0] != 0)).mean()",
    re.compile(r"share of units on which m_x and m_h agree = "):
        "((m_x == 0) == (m_h == 0)).mean()",
    re.compile(r"share of weights .* neighbouring examples agree = "):
        "({out}[0::2] == {out}[1::2]).mean()",
    re.compile(r"share of weights .* neighbouring inputs .* agree = "):
        "({out}[:, 0::2] == {out}[:, 1::2]).mean()",
    re.compile(r"share of weights .* neighbouring outputs .* agree = "):
        "({out}[..., 0::2] == {out}[..., 1::2]).mean()",
    re.compile(r"every example keeps exactly \d+ of \d+ weights$"):
        "np.unique({out}.sum(axis=(1, 2)))",
    re.compile(r"\d+ of \d+ outputs are 0 for x = 0$"): "({out} == 0).sum()",
    re.compile(r"\d+ of \d+ dropped units got a gradient$"): "(dx != 0)[{out} == 0].sum()",
    re.compile(r"\d+ of \d+ labels differ from y$"): "(y2 != y).sum()",
    re.compile(r"at (\w+)(\[\d+\]) = "): "{0}{1}",
    re.compile(r"dx is -?[\d.e+-]+ wherever it is not 0"): "dx[dx != 0][0]",
    re.compile(r"the forward function kept \d+ of "): "({out} != 0).sum()",
    re.compile(r"(\w+) has no \w+"): "list({0})",
    re.compile(r"(out|mask|dx) holds -?[\d.e+-]+$"): "{0}[{0} != 0][0]",
    re.compile(r"(\w+) is 0 wherever x is 0$"): "({0} != 0)[x == 0].sum()",
    re.compile(r"(\w+) holds nan$"): "np.isnan({0}).sum()",
    re.compile(r"(\w+) holds -?inf$"): "np.isinf({0}).sum()",
    re.compile(r"(\w+) holds -[\d.e+-]+$"): "np.min({0})",
    re.compile(r"(\w+) holds [\d.e+-]+$"): "np.max({0})",
}
TWO = {
    "two generators with the same seed gave masks that differ": "(one != other).sum()",
    "two generators with different seeds gave the same mask": "(one != other).sum()",
    "share of units on which two calls agree": "(one == other).mean()",
}
# what a message begins with -> the lines that count it, over other seeds than the check's
LOOPS = {
    re.compile(r"share of pairs of calls that keep equally many"):
        "kept = [({call} != 0).sum() for seed in range({many})]\n"
        "np.mean([one == other for one, other in zip(kept[::2], kept[1::2])])",
    re.compile(r"share of masks of \d+ units with nothing kept"):
        "np.mean([not np.any({call}) for seed in range({many})])",
}
RESULT = {  # what a message begins with -> what shows it of the whole result
    re.compile(r"the function returned( in training| at test time| for .*)?$"): "type(result)",
    re.compile(r"the function returned (an?|None)\b"): "type(result)",
    re.compile(r"NumPy warned|the function gave a warning"): "",
}
GLOBAL = "the function drew from (or seeded) the global generator"
STATE = "random.getstate(), str(np.random.get_state())"
AGREE = re.compile(r"share of units on which neighbouring (rows|columns) agree$")


def lines(calls: Sequence[Call], got: str) -> str:
    """Python to be pasted that shows what `got` names; the calls alone if no single value."""
    if calls and calls[-1].is_shown and not calls[-1].returns:
        return _said(calls, got)
    # what is left reads a mask off what came back
    made = [call for call in calls if not (call.look and call.returns)]
    calls, made = (_result_named(got, list(_in_mode(c, got))) for c in (calls, made))
    for form, of in ((_of_two, calls), (_loop, made), (_whole, made), (_global, made)):
        if found := form(got, of):
            return found
    expression = _expression(got, calls) if len(calls) <= MOST else ""
    if (not expression or not _can_be_named(expression, calls)
            or not _is_array(_input(expression), calls)):
        return script_text(made, MOST)
    first, calls = _named_input(expression, calls)
    return "\n".join([*first, _and_then(calls, expression)])


def _in_mode(calls: Sequence[Call], got: str) -> Sequence[Call]:
    """Of a pass in training and one at test time the one that is spoken of."""
    if got.endswith(" in training") and calls and calls[0].returns:
        return calls[:1]
    return calls[-1:] if got.endswith(" at test time") else calls


def _said(calls: Sequence[Call], got: str) -> str:
    """The calls and what the check itself has said to show (see Exam.show)."""
    *made, look = calls
    place = re.search(r"(\[[\d, ]+\]) (=|is) ", got)
    shows = look.function.replace("{at}", place[1] if place else "")
    if "{call}" in shows:
        *first, call = _seeded(made.pop()).split("\n")
        return "\n".join([*([script_text(made, len(made))] * bool(made)), *first,
                          shows.replace("{call}", call)])
    return _and_then(made, shows, look.args)


def _seeded(call: Call) -> str:
    """The call with a generator of the seed called `seed`."""
    return script_text([replace(call, args=tuple(
        Named("np.random.default_rng(seed)") if isinstance(a, Seed) else a for a in call.args))])


def _and_then(calls: Sequence[Call], expression: str, given: tuple[Any, ...] = ()) -> str:
    """The calls, and in a line of its own what shows the value."""
    made = script_text([*calls, Call(expression, given, look=True)], len(calls) + 1)
    return "\n".join([made.removesuffix(expression).rstrip("; \n"), expression])


def _result_named(got: str, calls: list[Call]) -> list[Call]:
    """The calls, the last of which returns what the message speaks of by name and key."""
    found = re.match(r'(\w+)\["\w+"\] = ', got)
    if not found or not calls or calls[-1].returns or calls[-1].look:
        return calls
    return [*calls[:-1], replace(calls[-1], returns=(found[1],))]


def _of_two(got: str, calls: Sequence[Call]) -> str:
    """The first two calls compared, where that is what the message does."""
    sign = next((sign for words, sign in TWO.items() if got.startswith(words)), "")
    if sign and len(calls) > 3 and calls[1].look:
        pairs = calls[:2], calls[-2:] if "different" in got else calls[2:4]
        named = [(call, replace(look, function=f"({look.function}) == 0", returns=(name,)))
                 for (call, look), name in zip(pairs, ("one", "other"), strict=True)]
        return _and_then([line for one in named for line in one], sign)
    if not sign or len(calls) < 2 or calls[0].returns[:1] not in [(name,) for name in DRAWN]:
        return ""
    *first, one = script_text(calls[:1]).split("\n")
    *rest, other = script_text([calls[-1 if "different" in got else 1]]).split("\n")
    (rng, _, one), other = one.rpartition("; "), other.rpartition("; ")[2]
    item = "[0]" if len(calls[0].returns) > 1 else ""
    masks = f"one = {one}{item} == 0\nother = {other}{item} == 0"
    return "\n".join([*dict.fromkeys([*first, *rest, *filter(None, [rng])]), masks, sign])


def _loop(got: str, calls: Sequence[Call]) -> str:
    """A frequency counted anew."""
    shows = next((shows for form, shows in LOOPS.items() if form.match(got)), "")
    if not shows or not calls:
        return ""
    *first, call = _seeded(calls[0]).split("\n")
    return "\n".join(
        [*first, shows.format(call=call + "[0]" * (len(calls[0].returns) > 1), many=MANY)])


def _whole(got: str, calls: Sequence[Call]) -> str:
    """What kind of thing came back, without its thousand numbers."""
    shows = next((shows for form, shows in RESULT.items() if form.match(got)), None)
    if shows is None or not 1 <= len(calls) <= MOST or calls[-1].look:
        return ""
    return _and_then([*calls[:-1], replace(calls[-1], returns=("result",))], shows).rstrip()


def _global(got: str, calls: Sequence[Call]) -> str:
    """Whether the two global generators are where they were."""
    if got != GLOBAL or not calls:
        return ""
    k = next((k for k, call in enumerate(calls) if call.returns), 0)
    *first, call = script_text([calls[k]]).split("\n")
    made = [script_text(calls[:k], k)] * bool(k)
    return "\n".join(["import random", *first, *made, f"before = {STATE}", f"result = {call}",
                      f"({STATE}) != before"])


def _expression(got: str, calls: Sequence[Call]) -> str:
    """The value a message begins with, by the names of one call's returns; "" if none."""
    subject = got.partition(" = ")[0].strip()
    made, read = ([name for call in calls if call.look == look for name in call.returns]
                  for look in (False, True))
    names = [name for name in dict.fromkeys([*made, *read])
             if made.count(name) <= 1 >= read.count(name)]
    if not names or any(call.look and not call.returns for call in calls):
        return ""
    out = next((name for name in reversed(names) if name in DRAWN), "")
    for form, shows in FORMS.items():
        found = form.match(got)
        known = found and {n for n in found.groups("") if n.isidentifier()} <= {*names}
        if found and known and (out or "{out}" not in shows):
            return shows.format(*found.groups(""), out=out)
    if out and (found := AGREE.match(subject)):
        one, other = NEIGHBOURS[found[1]]
        return f"(({out} == 0){one} == ({out} == 0){other}).mean()"
    if subject.removesuffix(".shape") in names:
        return re.sub(r"(\w+)\.shape$", r"np.shape(\1)", subject)
    return (_value(subject.replace("[kept]", f"[{out} != 0]" if out else "[kept]"), {*names, "x"})
            if " = " in got else "")


def _value(text: str, known: set[str]) -> str:
    """The text, if it is an expression in these names and in nothing else."""
    try:
        tree = ast.parse(text, mode="eval")
    except (SyntaxError, ValueError):
        return ""
    used = {n.id for n in ast.walk(tree) if isinstance(n, ast.Name)}
    called = {n.func.attr if isinstance(n.func, ast.Attribute) else ""
              for n in ast.walk(tree) if isinstance(n, ast.Call)}
    return (text if used and used <= known and used != {"x"}
            and called <= {"sum", "mean", "var"} else "")


def _input(expression: str) -> str:
    return next((n for n in ("dout", "x") if re.search(rf"\b{n}\b", expression)), "")


def _is_named(name: str, calls: Sequence[Call]) -> bool:
    return not name or any(argument_text(a) == name for call in calls for a in call.args)


def _is_array(name: str, calls: Sequence[Call]) -> bool:
    return not any(argument_text(a) == name and not isinstance(a.value, np.ndarray) for c in calls
                   for a in c.args if isinstance(a, Given))


def _can_be_named(expression: str, calls: Sequence[Call]) -> bool:
    """Whether the expression's input is the last call's first argument, or is named already."""
    name = _input(expression)
    first = next(iter(calls[-1].args), None)
    return (_is_named(name, calls)
            or (isinstance(first, Given) and (name == "dout" or (name == "x" and len(calls) == 1))))


def _named_input(expression: str, calls: list[Call]) -> tuple[list[str], list[Call]]:
    """Lines that name the last call's input, if the expression speaks of it, and the calls."""
    name, last = _input(expression), calls[-1]
    if _is_named(name, calls):
        return [], calls
    return [f"{name} = {argument_text(last.args[0])}"], [
        *calls[:-1], replace(last, args=(Named(name), *last.args[1:]))]


class Named(str):
    """A name in place of an argument."""

    def __repr__(self) -> str:
        return str(self)
