"""What is run and asked: calls and answers, the cells of a notebook, and what a hand-in may use."""

from __future__ import annotations

import enum
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

__all__ = [  # noqa: RUF022 - sorted as test_house asks for
    "Answer", "Call", "Cell", "Code", "Draws", "Facts", "Given", "Item", "LEFT_OVER",
    "Limits", "NOT_TRIED", "Opaque", "Outcome", "Role", "Seed", "Subject", "Submission", "UNWRITTEN"
]


class Outcome(enum.Enum):
    """How a check (or one call) ended. BROKEN is OUR fault and never costs a student a point."""

    PASSED = "passed"
    FAILED = "failed"
    RAISED = "raised"
    TIMED_OUT = "timed_out"
    CRASHED = "crashed"
    SKIPPED = "skipped"
    BROKEN = "broken"


# ---------------------------------------------------------------------------- questions and answers
@dataclass(frozen=True)
class Given:
    """An argument and the expression that makes it, so that a message's call runs when pasted.

    `first` holds the statements that must run before, when `text` is not all: "x = np.ones(3)" for
    the text "x".
    """

    text: str
    value: Any
    first: str = ""


@dataclass(frozen=True)
class Code:
    """A thing made where the call runs, by `source`, which knows `np` alone and defines `name`.

    What else of the notebook the source speaks of stands in `uses` (a class of the student's that a
    function puts to the test). Nothing of it is secret: the student's code can look into every
    function that it is handed.
    """

    name: str
    source: str
    uses: tuple[str, ...] = ()


@dataclass(frozen=True)
class Seed:
    """A `numpy.random.Generator` made where the call runs: `np.random.default_rng(number)`.

    Seeds with the same non-empty `name` are ONE generator within a script, which moves on from call
    to call.
    """

    number: int
    name: str = ""


@dataclass(frozen=True)
class Item:
    """What call number `call` of the same script returned (its item `index`, of a tuple)."""

    call: int
    index: int | None = None
    text: str = "cache"


@dataclass(frozen=True)
class Call:
    """One question: call `function` with these arguments (Given, Seed, Item, Code or plain values).

    `returns` names the results for messages ("out", "cache"). `ship` lists the items of a returned
    tuple that come back (None: all of them); caches stay where they were made. `watch` asks for the
    facts beside the value: the arguments afterwards, whether the generators moved, and the
    warnings. With `nonzero` it is enough to know of each number whether it is 0. `steady` starts
    the global generators, and new ones without a seed, from the call's: then calls can be compared
    also where a function draws from these. A call with `look` does not call, it fetches the named
    value (the quiz). A `function` that begins with "." is a method of the first argument:
    `Call(".forward", (Item(0, text="layer"), x))` is `layer.forward(x)`, and `Call(".__call__",
    (code, x))` calls what `code` makes.
    """

    function: str
    args: tuple[Any, ...] = ()
    kwargs: Mapping[str, Any] = field(default_factory=dict)
    returns: tuple[str, ...] = ()
    ship: tuple[int, ...] | None = None
    watch: bool = False
    look: bool = False
    nonzero: bool = False
    steady: bool = False

    @property
    def is_shown(self) -> bool:
        """Whether it is asked of nobody: Python in messages only, in names that calls return."""
        return self.look and (self.ship == () or bool(self.returns))

    @property
    def is_method(self) -> bool:
        return self.function.startswith(".") and bool(self.args)


@dataclass(frozen=True)
class Draws:
    """Calls that differ in the seed at one place of their arguments: `call` for each number.

    `seeding` is an array of what their generators are made of, if known (running/generators.py).
    """

    call: Call
    place: int
    numbers: tuple[int, ...]
    seeding: Any = field(default=None, compare=False)


@dataclass(frozen=True)
class Opaque:
    """Stands for a value that cannot or need not travel; `kind` is the name of its type."""

    kind: str


@dataclass(frozen=True)
class Facts:
    """What was seen beside the value of a watched call."""

    arguments: tuple[Any, ...] = ()
    rng_moved: bool = False
    global_rng_moved: bool = False
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True)
class Answer:
    """What came back from a call; `value` is plain data: None, numbers, str, containers, arrays."""

    outcome: Outcome
    value: Any = None
    error: str = ""  # "ValueError: operands could not be broadcast ..." (RAISED)
    # the student's own line that raised, or the loop that was stopped: "line 7: return x * mask"
    line: str = ""
    facts: Facts | None = None

    @property
    def beside(self) -> Facts:
        """What was seen beside the value; nothing, of a call that was not watched."""
        return self.facts or Facts()


class Subject(Protocol):
    """Something to be asked. `ask` runs the calls in order as a script and answers each."""

    @property
    def troubles(self) -> Mapping[str, str]:
        """Cell id -> what went wrong when that cell ran ("SyntaxError: ...")."""

    def ask(self, calls: Sequence[Call], seconds: float) -> list[Answer]:
        """Run a script; `seconds` of CPU limit EACH call. Never raises for student code."""


# ---------------------------------------------------------------------------------------- notebooks
class Role(enum.Enum):
    """What a code cell is to the loader; see `running.runner.Room.load`."""

    SETUP = "setup"  # the course's own first cell
    ANSWER = "answer"  # the student's answer to one exercise
    # anything else the student wrote: only imports, definitions and constants count
    ADDED = "added"


@dataclass(frozen=True)
class Cell:
    """A code cell that is run: grade_id (or number), role, source, and names it must define."""

    id: str
    role: Role
    source: str
    names: tuple[str, ...] = ()


@dataclass(frozen=True)
class Submission:
    """A notebook as the kit reads it: code cells in order, and what the reader noticed."""

    path: str
    cells: tuple[Cell, ...]
    notes: tuple[str, ...] = ()
    # exercises below whose answer some name is bound anew, so it matters when one looks at them
    spoilt: frozenset[str] = frozenset()

    @property
    def answers(self) -> dict[str, str]:
        """Exercise -> the source of its answer cell, whole again where it is run in parts."""
        found: dict[str, list[str]] = {}
        for cell in self.cells:
            if cell.role is Role.ANSWER:
                found.setdefault(cell.id, []).append(cell.source)
        return {name: "\n".join(part.strip("\n") for part in parts)
                for name, parts in found.items()}

    def until(self, exercise: str, without: Collection[int] = ()) -> Submission:
        """The notebook as it is when Jupyter has run all cells and comes below the answer.

        Cells at the places in `without` are left out: they are known to come to no end.
        """
        last = max((n for n, cell in enumerate(self.cells) if cell.id == exercise),
                   default=len(self.cells))
        return replace(self, cells=tuple(cell for n, cell in enumerate(self.cells[: last + 1])
                                         if n not in without))


# ------------------------------------------------------------------------------------------- limits
LEFT_OVER = ": left over at line "  # behind a NotImplementedError that a finished function raises
UNWRITTEN = "is not written yet"  # so ends what is said of an answer that is still a stub
# so begins the error of a call that was not made because what a hand-in may use is used up
NOT_TRIED = "not tried: "


@dataclass(frozen=True)
class Limits:
    """What one worker and one submission may use.

    Seconds are processor time of the workers, so that a busy machine costs nobody anything.
    Sleeping and waiting end at `patience` times as many seconds of the wall clock: a worker that
    shares two processors with 24 endless loops and another worker gets a thirteenth.
    """

    call_seconds: float = 5.0
    cell_seconds: float = 20.0
    setup_seconds: float = 60.0  # of the course's own set-up cell, which may import something large
    # of one exercise, all its calls together: 40 times what the longest one takes, hw3's train_mlp
    exercise_seconds: float = 120.0
    submission_seconds: float = 300.0  # of a hand-in: starts, cells, calls, second looks
    patience: float = 20.0
    waiting_seconds: float = 1800.0  # of the wall clock, for a whole hand-in
    # parts lost to a hang or a crash, after which the rest of the exercise is not tried
    exercise_deaths: int = 3
    # cells that hang or end the process, after which only answer cells are run
    cell_deaths: int = 5
    submission_deaths: int = 15  # workers lost in a hand-in, in cells and calls
    memory_bytes: int = 2 << 30
    judge_bytes: int = 3 << 30  # of a process that judges; on the way 0.2 GiB are used
    file_bytes: int = 1 << 20
    answer_bytes: int = 32 << 20  # of memory that the answers of one script may take together
    exercise_bytes: int = 128 << 20  # and those of one exercise

    def first_look(self) -> Limits:
        """Those of a first round: what was stopped is looked at anew, alone, with all of these."""
        return replace(self, call_seconds=self.call_seconds / 5, cell_seconds=self.cell_seconds / 5,
                       exercise_deaths=1)
