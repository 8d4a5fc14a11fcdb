"""One check asking one subject: the small desk at which every verb sits.

A verb asks (`ask`), reads the values it needs (`array`, `pair`) and either returns or raises
`Wrong`. Whatever shape of rubbish a student's function returns ends as a `Wrong` with a sentence,
never as an exception of ours.
"""

from __future__ import annotations

import builtins
import functools
import hashlib
import re
import traceback
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Any, Concatenate, ParamSpec, TypeVar

import numpy as np

from autograder.model import Answer, Call, Code, Given, Item, Opaque, Outcome, Seed, Subject
from autograder.running import opaque

# entries of an array, or steps along an axis: no right answer of any course is a quarter as large
MANY = 1 << 22
MANY_AXES = 6


class Wrong(Exception):
    """The sentence does not hold: what came, and what should have come."""

    def __init__(self, got: str, wanted: str = "", picture: Any = None) -> None:
        super().__init__(f"{got}, but should be {wanted}" if wanted else got)
        self.got, self.wanted, self.picture = got, wanted, picture


class Unanswered(Exception):
    """A call that did not return: `answer` says how it ended."""

    def __init__(self, call: Call, answer: Answer) -> None:
        super().__init__(answer.error)
        self.call, self.answer = call, answer


@dataclass
class Exam:
    """What one check may use. `last` is the script asked last: the "from" line of a message."""

    function: str
    subject: Subject
    seed_text: str
    seconds: float = 5.0
    salt: str = ""  # of the key, for hidden checks
    # what other checks of the exercise have asked already
    memo: dict[Any, Any] = field(default_factory=dict)
    last: tuple[Call, ...] = ()

    def seed(self, number: int = 0) -> int:
        """The number-th seed of this check: the same on every machine, on every day."""
        return stable_seed(f"{self.seed_text}/{number}")

    def answers(self, *calls: Call) -> list[Answer]:
        """Ask a script and return the answers, however they ended; Unanswered of a dead worker."""
        self.last = calls
        answers = self.subject.ask(calls, self.seconds)
        for call, answer in zip(calls, answers, strict=True):
            if answer.outcome in (Outcome.TIMED_OUT, Outcome.CRASHED):
                raise Unanswered(call, answer)
        return answers

    def ask(self, *calls: Call) -> list[Any]:
        """Ask a script and return the values; Unanswered when a call did not return."""
        return [answer.value for answer in self.returned(*calls)]

    def returned(self, *calls: Call) -> list[Answer]:
        """Ask a script and return the answers with their facts; Unanswered as `of` is."""
        answers = self.answers(*calls)
        for call, answer in zip(calls, answers, strict=True):
            if answer.outcome is not Outcome.PASSED:
                raise Unanswered(call, answer)
        return answers

    def show(self, expression: str, *given: Given) -> None:
        """Let the lines below a message end in this Python, which shows what the message speaks of.

        It may use the names that the calls asked last return, and those of `given`. "{at}" becomes
        the place that the message names ("[3, 1]"), "{call}" the last of the calls, with a
        generator of the seed called `seed`: for what is counted over many.
        """
        made = [call for call in self.last if call.returns or not call.look]
        self.last = (*made, Call(expression, given, ship=(), look=True))

    def show_two(self, calls: Sequence[Call], expression: str = "(one != other).sum()",
                 first: Sequence[Call] = ()) -> None:
        """The same of two calls: what each returns, or returns first, is `one` and `other`."""
        named = [replace(call, returns=(name, *call.returns[1:]))
                 for call, name in zip(calls, ("one", "other"), strict=True)]
        self.last = (*first, *named)
        self.show(expression)

    def show_change(self, name: str, rest: str = "") -> None:
        """How many entries of that argument, or of its part `rest`, are no longer as they were."""
        *made, last = self.last
        self.last = *made, replace(last, returns=())  # who looks at an argument needs no result
        self.show(f"({name}{rest} != before).sum()",
                  Given("before", None, f"before = {name}{rest}.copy()"))

    def of(self, subject: Subject) -> Exam:
        """The same desk before another subject (the reference): same seeds, same limits."""
        return replace(self, subject=subject, memo={}, last=())


P = ParamSpec("P")
Found = TypeVar("Found")


def shared(ask: Callable[Concatenate[Exam, P], Found]) -> Callable[Concatenate[Exam, P], Found]:
    """Let all checks of an exercise share what this asks and finds; messages show its calls."""

    @functools.wraps(ask)
    def found(exam: Exam, /, *given: P.args, **more: P.kwargs) -> Found:
        key = (ask.__name__, given, *sorted(more.items()), exam.salt)
        if key not in exam.memo:
            exam.memo[key] = ask(exam, *given, **more), exam.last
        result: Found
        result, exam.last = exam.memo[key]
        return result

    return found


@lru_cache(maxsize=1 << 14)  # a class of hand-ins asks for the same again and again
def stable_seed(text: str) -> int:
    """A 32-bit seed that depends on nothing but the text."""
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:4], "big")


# ---------------------------------------------------------------------------------- reading answers
def array(value: Any, name: str, shape: tuple[int, ...] | None = None) -> np.ndarray[Any, Any]:
    """The value as a real numeric array; Wrong when it is none, or when the shape is another."""
    if isinstance(value, (list, tuple)):
        value = _from_list(value, name)
    elif isinstance(value, (bool, int, float)):
        value = np.asarray(value)
    if not isinstance(value, np.ndarray) or value.dtype.kind not in "biuf":
        raise Wrong(f"{name} is {an(value)}", "an array of numbers")
    if shape is not None and value.shape != shape:
        raise Wrong(f"{name}.shape = {shape_text(value.shape)}", str(shape))
    # what is worked out from it would be as large, and larger
    if value.size > MANY or max(value.shape, default=0) > MANY:
        raise Wrong(f"{name}.shape = {shape_text(value.shape)}",
                    "no more entries than the question has use for")
    return value


def _from_list(value: Sequence[Any], name: str) -> Any:
    try:
        return np.asarray(value)
    except (ValueError, TypeError):
        raise Wrong(f"{name} is {an(value)} that is no array", "an array of numbers") from None


def pair(value: Any, names: tuple[str, str] = ("out", "cache")) -> tuple[Any, Any]:
    """The two items of a returned pair; Wrong when something else came back."""
    if not isinstance(value, (tuple, list)) or len(value) != 2:
        raise Wrong(f"the function returned {an(value)}", f"a pair ({names[0]}, {names[1]})")
    return value[0], value[1]


def an(value: Any) -> str:
    """How a message names a value of the wrong kind: "None", "a str"; no text of the student's."""
    if value is None:
        return "None"
    if isinstance(value, np.ndarray):
        return f"an array of {value.dtype.name} and shape {shape_text(value.shape)}"
    if isinstance(value, (tuple, list)):
        return f"a {type(value).__name__} of {len(value)}"
    name = opaque.told(value.kind if isinstance(value, Opaque) else type(value).__name__)
    return f"{'an' if name[0] in 'aeiouAEIOU' else 'a'} {name}"


def shape_text(shape: tuple[int, ...]) -> str:
    """A shape as messages print it; of what is far beyond any right shape, no more than that."""
    if len(shape) > MANY_AXES:
        return f"({len(shape)} axes)"
    sizes = ", ".join(str(n) if n < MANY else "huge" for n in shape)
    return f"({sizes}{',' if len(shape) == 1 else ''})"


# private use: they stand in no course's text, and `quoted` takes them out of the student's
OPEN, INSTEAD, CLOSE = "\ue000\ue001\ue002"
QUOTED = re.compile(f"{OPEN}([^{INSTEAD}]*){INSTEAD}([^{CLOSE}]*){CLOSE}")


def quoted(text: object, most: int = 100, instead: str = "") -> str:
    """A text of the student's as part of a message; hidden cases have `instead` (see `shown`)."""
    clean = re.sub(f"[{OPEN}{INSTEAD}{CLOSE}]", "", str(text))
    short = clean if len(clean) <= most else clean[: most - 3] + "..."
    return f"{OPEN}{short}{INSTEAD}{instead}{CLOSE}"


def shown(message: str, hidden: bool) -> str:
    """The message as a report has it: with what is quoted in it, or for a hidden case without."""
    return QUOTED.sub(r"\2" if hidden else r"\1", message) if OPEN in message else message


ERRORS = {n for n, e in vars(builtins).items()
          if isinstance(e, type) and issubclass(e, BaseException)}
ERRORS |= {"LinAlgError (a ValueError)", "AxisError (a ValueError)"}
OWN_ERROR = "an exception of your own"


def raised(answer: Answer) -> str:
    """The kind of exception that a call raised; a class of the student's own has no name here."""
    name = answer.error.split(":")[0]
    if name in ERRORS:
        return name
    return f"{OWN_ERROR} (a ValueError)" if name.endswith(" (a ValueError)") else OWN_ERROR


def tripped(error: BaseException) -> str:
    """What an exception of ours was, and where; not its message, which may hold an answer."""
    frames = [f for f in traceback.extract_tb(error.__traceback__) if "autograder" in f.filename]
    where = f" at {frames[-1].filename.rpartition('/')[2]}:{frames[-1].lineno}" if frames else ""
    return f"{type(error).__name__}{where}"


def number(value: Any) -> str:
    """A number as messages print it: enough digits to see the mistake, no more."""
    return f"{float(value):.6g}"


# ------------------------------------------------------------------------------------ showing calls
WIDE = 120  # characters of calls that stand in one line


def script_text(calls: Sequence[Call], most: int = 3) -> str:
    """The script as Python that runs when pasted into the notebook (`np` is imported there)."""
    shown = _apart(calls[:most])
    arguments = [a for call in shown for a in (*call.args, *call.kwargs.values())]
    first = dict.fromkeys(_first(a) for a in arguments)  # each once, in order
    generators = {a.name: a.number for a in arguments if isinstance(a, Seed) and a.name}
    parts = [f"{name} = np.random.default_rng({seed})" for name, seed in generators.items()]
    parts += [_call_text(call, last=call is shown[-1]) for call in shown]
    line = "; ".join(parts)
    return ("\n".join([*filter(None, first), line if len(line) <= WIDE else "\n".join(parts)])
            + (" ..." if len(calls) > most else ""))


def _apart(calls: Sequence[Call]) -> list[Call]:
    """The same calls; what is used after another result of its name came gets its own name."""
    found = list(calls)
    for k, call in enumerate(calls):
        for name in call.returns:
            uses = [j for j, later in enumerate(calls)
                    if any(_is_item(a, k, name) for a in later.args)]
            if uses and any(name in later.returns for later in calls[k + 1 : uses[-1]]):
                own = f"{name}_{k + 1}"
                found[k] = replace(found[k],
                                   returns=tuple(own if n == name else n for n in found[k].returns))
                for j in uses:
                    found[j] = replace(found[j], args=tuple(
                        replace(a, text=own) if _is_item(a, k, name) else a for a in found[j].args))
    return found


def _is_item(argument: Any, call: int, name: str) -> bool:
    return isinstance(argument, Item) and (argument.call, argument.text) == (call, name)


def _first(argument: Any) -> str:
    """What must run before the calls, so that the argument's text means something."""
    if isinstance(argument, Code):
        return argument.source
    return argument.first if isinstance(argument, Given) else ""


def _call_text(call: Call, last: bool) -> str:
    if call.look:
        return (f"{', '.join(call.returns)} = {call.function}" if call.returns and not last
                else call.function)
    arguments = [argument_text(a) for a in call.args]
    arguments += [f"{name}={argument_text(a)}" for name, a in call.kwargs.items()]
    owner = arguments.pop(0) if call.is_method else ""
    method = "" if call.function == ".__call__" else call.function
    text = f"{owner}{method}({', '.join(arguments)})"
    return f"{', '.join(call.returns)} = {text}" if call.returns and not last else text


def called(call: Call) -> str:
    """What a message calls the function that was called."""
    return (argument_text(call.args[0]) if call.function == ".__call__"
            else call.function.lstrip("."))


def argument_text(argument: Any) -> str:
    """An argument as a pasted call has it."""
    if isinstance(argument, (Given, Item)):
        return argument.text
    if isinstance(argument, Seed):
        return argument.name or f"np.random.default_rng({argument.number})"
    if isinstance(argument, Code):
        return argument.name
    return repr(argument)
