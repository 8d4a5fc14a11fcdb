"""The nouns of the kit: frozen records, standard library only, no behaviour that needs numpy.

Everything above speaks in these words. A *subject* is anything that can be asked (the student's notebook behind the wire, the
reference in this process); a *call* is one question; an *answer* is what came back; a *check* turns answers into a *verdict*; a
*report* is all that is known about one submission.
"""

from __future__ import annotations

import enum
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any, Protocol


# --------------------------------------------------------------------------------------------------------------- errors, by fault
class AutograderError(Exception):
    """The root of all errors the kit raises on purpose."""

    def _render_traceback_(self) -> list[str]:
        # a notebook shows this instead of a traceback through our own files, which would teach a student nothing
        return [str(self)]


class SubmissionError(AutograderError):
    """A hand-in that cannot be read; the rest of the class is graded. The text is one line a student understands."""


class CourseError(AutograderError):
    """A mistake in solutions/, assignments/ or datasets/; the text ends with the mend."""


class Broken(AutograderError):
    """Our own fault: never a zero for a student. Whatever catches this must report BROKEN and leave no mark."""


class Outcome(enum.Enum):
    """How a check (or one call) ended. BROKEN is OUR fault and never costs a student a point."""

    PASSED = "passed"
    FAILED = "failed"
    RAISED = "raised"
    TIMED_OUT = "timed_out"
    CRASHED = "crashed"
    SKIPPED = "skipped"
    BROKEN = "broken"


# ------------------------------------------------------------------------------------------------------------ questions and answers
@dataclass(frozen=True)
class Given:
    """An argument together with the expression that makes it, so that a message can show a call that runs when pasted.

    `first` holds the statements that must run before, when `text` is not all: "x = np.ones(3)" for the text "x".
    """

    text: str
    value: Any
    first: str = ""


@dataclass(frozen=True)
class Code:
    """A thing that is made where the call runs: `source` is executed where only `np` is known, and must define `name`.

    What else of the notebook the source speaks of stands in `uses` (a class of the student's that a function puts to the test). Nothing
    of it is secret: the student's code can look into every function that it is handed.
    """

    name: str
    source: str
    uses: tuple[str, ...] = ()


@dataclass(frozen=True)
class Seed:
    """A `numpy.random.Generator` made where the call runs: `np.random.default_rng(number)`.

    Seeds with the same non-empty `name` are ONE generator within a script, which moves on from call to call.
    """

    number: int
    name: str = ""


@dataclass(frozen=True)
class Item:
    """What call number `call` of the same script returned (its item `index`, when it returned a tuple)."""

    call: int
    index: int | None = None
    text: str = "cache"


@dataclass(frozen=True)
class Call:
    """One question: call `function` with these arguments (Given, Seed, Item, Code or plain values).

    `returns` names the results for messages ("out", "cache"). `ship` lists the items of a returned tuple that come back (None: all of
    them); caches stay where they were made. `watch` asks for the facts beside the value: the arguments afterwards, whether the
    generators moved, and the warnings. With `nonzero` it is enough to know of each number whether it is 0. A call with `look` does not
    call, it fetches the named value (the quiz). A `function` that begins with "." is a method of the first argument:
    `Call(".forward", (Item(0, text="layer"), x))` is `layer.forward(x)`, and `Call(".__call__", (code, x))` calls what `code` makes.
    """

    function: str
    args: tuple[Any, ...] = ()
    kwargs: Mapping[str, Any] = field(default_factory=dict)
    returns: tuple[str, ...] = ()
    ship: tuple[int, ...] | None = None
    watch: bool = False
    look: bool = False
    nonzero: bool = False

    @property
    def is_shown(self) -> bool:
        """Whether it is asked of nobody and stands in messages only: Python in the names that other calls return."""
        return self.look and (self.ship == () or bool(self.returns))

    @property
    def is_method(self) -> bool:
        return self.function.startswith(".") and bool(self.args)


@dataclass(frozen=True)
class Draws:
    """Calls that differ only in the seed at one place of their arguments: `call` once for each of the numbers."""

    call: Call
    place: int
    numbers: tuple[int, ...]


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
    """What came back from one call. `value` holds plain data only: None, bool, int, float, str, tuple, list, dict, ndarray, Opaque."""

    outcome: Outcome
    value: Any = None
    error: str = ""  # "ValueError: operands could not be broadcast ..." (RAISED)
    line: str = ""  # the student's own line that raised, or the loop that was stopped: "line 7: return x * mask"
    facts: Facts | None = None

    @property
    def beside(self) -> Facts:
        """What was seen beside the value; nothing, of a call that was not watched."""
        return self.facts or Facts()


class Subject(Protocol):
    """Something that can be asked. `ask` runs the calls in order as one script and answers each, however it ended."""

    @property
    def troubles(self) -> Mapping[str, str]:
        """Cell id -> what went wrong when that cell ran ("SyntaxError: ...")."""

    def ask(self, calls: Sequence[Call], seconds: float) -> list[Answer]:
        """Run a script; `seconds` of processor time are the limit of EACH call. Never raises for what the student's code does."""


# --------------------------------------------------------------------------------------------------------------------- notebooks
class Role(enum.Enum):
    """What a code cell is to the loader; see `running.runner.Room.load`."""

    SETUP = "setup"  # the course's own first cell
    ANSWER = "answer"  # the student's answer to one exercise
    ADDED = "added"  # anything else the student wrote: only imports, definitions and constants count


@dataclass(frozen=True)
class Cell:
    """One code cell that is run: its grade_id (or a number), its role, its source, and for an answer the names it must define."""

    id: str
    role: Role
    source: str
    names: tuple[str, ...] = ()


@dataclass(frozen=True)
class Submission:
    """A notebook as the kit reads it: code cells in notebook order, plus what the reader noticed on the way."""

    path: str
    cells: tuple[Cell, ...]
    notes: tuple[str, ...] = ()
    spoilt: frozenset[str] = frozenset()  # exercises below whose answer some name is bound anew, so it matters when one looks at them

    @property
    def answers(self) -> dict[str, str]:
        """Exercise -> the source of its answer cell, whole again where it is run in parts."""
        found: dict[str, list[str]] = {}
        for cell in self.cells:
            if cell.role is Role.ANSWER:
                found.setdefault(cell.id, []).append(cell.source)
        return {name: "\n".join(part.strip("\n") for part in parts) for name, parts in found.items()}

    def until(self, exercise: str, without: Collection[int] = ()) -> Submission:
        """The notebook as it is when Jupyter runs all cells and arrives below the answer to `exercise`.

        Cells at the places in `without` are left out: they are known to come to no end.
        """
        last = max((n for n, cell in enumerate(self.cells) if cell.id == exercise), default=len(self.cells))
        return replace(self, cells=tuple(cell for n, cell in enumerate(self.cells[: last + 1]) if n not in without))


# ------------------------------------------------------------------------------------------------------------------------- limits
LEFT_OVER = ": left over at line "  # behind a NotImplementedError that a finished function raises
UNWRITTEN = "is not written yet"  # so ends what is said of an answer that is still a stub
NOT_TRIED = "not tried: "  # so begins the error of a call that was not made because what a hand-in may use is used up


@dataclass(frozen=True)
class Limits:
    """What one worker and one submission may use.

    Seconds are processor time of the workers, so that a busy machine costs nobody anything. Sleeping and waiting end at `patience` times
    as many seconds of the wall clock: a worker that shares two processors with 24 endless loops and another worker gets a thirteenth.
    """

    call_seconds: float = 5.0
    cell_seconds: float = 20.0
    setup_seconds: float = 60.0  # of the course's own set-up cell, which may import something large
    exercise_seconds: float = 120.0  # of one exercise, all its calls together: 40 times what the longest one takes, hw3's train_mlp
    submission_seconds: float = 300.0  # of a hand-in: starts, cells, calls, second looks
    patience: float = 20.0
    waiting_seconds: float = 1800.0  # of the wall clock, for a whole hand-in
    exercise_deaths: int = 3  # checks that hang or end the process, after which the rest of the exercise is not tried
    cell_deaths: int = 5  # cells that hang or end the process, after which only answer cells are run
    submission_deaths: int = 15  # workers lost in a hand-in, in cells and calls
    memory_bytes: int = 2 << 30
    judge_bytes: int = 3 << 30  # of a process that judges; on the way 0.2 GiB are used
    file_bytes: int = 1 << 20
    answer_bytes: int = 32 << 20  # of memory that the answers of one script may take together
    exercise_bytes: int = 128 << 20  # and those of one exercise

    def first_look(self) -> Limits:
        """Those of a class's first round, after which whatever was stopped is looked at anew, alone and with the whole of these."""
        return replace(self, call_seconds=self.call_seconds / 5, cell_seconds=self.cell_seconds / 5, exercise_deaths=1)


# --------------------------------------------------------------------------------------------------------- checks and assignments
@dataclass(frozen=True)
class Check:
    """A verb bound to a case. `name` is unique in its exercise; `sentence` is what the student reads.

    `template` is the sentence before the case is filled in. `judge(exam)` returns when the sentence holds and raises `asking.Wrong` when it
    does not. `chances` counts the exact chance tests it makes, each at the submission's share of the false-alarm budget.
    """

    verb: str
    name: str
    sentence: str
    judge: Callable[..., None]
    needs: tuple[str, ...] = ()
    chances: int = 0
    hidden: bool = False
    seconds: float | None = None
    with_reference: bool = False
    case: Mapping[str, Any] = field(default_factory=dict)
    sees: Callable[..., str] | None = None  # of a chance check: the smallest error it shows, as a phrase
    template: str = ""

    @property
    def power(self) -> str:
        """The smallest error that this check shows; "" for a check that leaves nothing to chance."""
        return self.sees(**self.case) if self.sees else ""


class Gravity(enum.Enum):
    """How much a part, or a mistake, has to do with what its exercise is about."""

    CORE = "core"  # the property that gives the exercise its name
    EDGE = "edge"
    MANNER = "manner"  # dtype, shapes, refusals, input left alone


@dataclass(frozen=True)
class Part:
    """A line of the marking sheet: `share` of its exercise's points, beside the shares of the other parts.

    It is earned when none of its checks fails, public or hidden, and one at least holds: a check that could not be tried because a
    sentence of another part fails costs nothing more, for a mistake is paid for once. `needs` is what each of its checks needs beside
    their own needs (a check, the name of one, of a verb or of a part, or several of these); one that stands in the part itself, and
    those before it, wait for nothing.
    """

    name: str
    sentence: str  # as it continues after the exercise's name
    share: float
    checks: Sequence[Check] = ()
    gravity: Gravity | str = Gravity.EDGE
    needs: Any = ()


@dataclass(frozen=True)
class Exercise:
    """One check cell: the names the student must define and the parts of its rubric. `name` is the answer cell's grade_id."""

    name: str
    parts: Sequence[Part]
    functions: tuple[str, ...] = ()
    points: float = 0.0

    @property
    def names(self) -> tuple[str, ...]:
        """Every name the answer cell must define."""
        return self.functions or (self.name,)

    @cached_property
    def checks(self) -> tuple[Check, ...]:
        """All checks, part by part; the public ones first."""
        return tuple(sorted((c for part in self.parts for c in part.checks), key=lambda c: c.hidden))

    @cached_property
    def part_of(self) -> Mapping[str, str]:
        """Check -> the part it belongs to."""
        return {check.name: part.name for part in self.parts for check in part.checks}

    @property
    def public(self) -> Exercise:
        """The same exercise with its public checks only."""
        return replace(self, parts=[replace(part, checks=[c for c in part.checks if not c.hidden]) for part in self.parts])

    def unmet(self, check: Check, so_far: Mapping[str, Verdict]) -> Iterator[Verdict]:
        """What must hold before this check is tried (a check, all of one verb, or a part) and does not, of what was judged so far."""
        verbs = {c.name: c.verb for c in self.checks}
        for need in check.needs:
            yield from (v for name, v in so_far.items() if not v.passed and need in (name, verbs[name], v.part))

    def each(self, change: Callable[[Check], Check]) -> Exercise:
        """The same exercise, with this done to each of its checks."""
        return replace(self, parts=[replace(part, checks=[*map(change, part.checks)]) for part in self.parts])

    def worth(self, part: Part) -> float:
        """The points of one of its parts."""
        return self.points * part.share / sum(p.share for p in self.parts)


@dataclass(frozen=True)
class Misconception:
    """A belief: a wrong answer to one exercise, with the sentence a good teacher would say about it.

    The answer is the solution (or the variant `base`) with some texts exchanged: `edits` are (old, new, how often old occurs, in the
    answer to which exercise: "" for its own); or it is written out in `functions`.
    """

    name: str
    exercise: str
    sentence: str
    functions: Mapping[str, Callable[..., Any]] = field(default_factory=dict)
    signs: tuple[str, ...] = ()  # the facts that give it away; empty: all on which it differs from the right one
    also: tuple[str, ...] = ()  # other exercises in which the same facts give away the same belief
    gravity: Gravity = Gravity.EDGE
    edits: tuple[tuple[str, str, int, str], ...] = ()
    base: str = ""


@dataclass(frozen=True)
class Variant:
    """A right answer that looks different; it must score full marks whatever the draw."""

    name: str
    exercise: str
    functions: Mapping[str, Callable[..., Any]] = field(default_factory=dict)
    edits: tuple[tuple[str, str, int, str], ...] = ()
    base: str = ""


@dataclass(frozen=True)
class Assignment:
    """Everything public about an assignment: what is in its released folder."""

    slug: str
    folder: Path
    exercises: tuple[Exercise, ...]
    probes: Mapping[str, tuple[Any, ...]]  # exercise -> fact verbs, the fingerprint
    setup: str  # source of the set-up cell
    course_cells: frozenset[str]  # digests of the course's own code cells, which are never run in a worker
    hints: Mapping[str, Any] = field(default_factory=dict)
    needs: tuple[str, ...] = ()  # packages beyond those of the kit; where one is missing nothing is judged, and nothing lost
    preload: tuple[str, ...] = ()  # modules that a warm worker has loaded before the first hand-in comes
    gpu: bool = False  # whether its code has a use for one, so that a sandbox may show it

    def exercise(self, name: str) -> Exercise:
        """The exercise of that name, or a CourseError that lists the names there are."""
        for exercise in self.exercises:
            if exercise.name == name:
                return exercise
        known = ", ".join(e.name for e in self.exercises)
        raise CourseError(f"There is no exercise {name!r} in {self.slug}. The exercises are: {known}.")

    def holding(self, name: str) -> Exercise:
        """The exercise of that name, or the one that asks for a function of that name; CourseError as above."""
        if all(name != e.name for e in self.exercises):
            name = next((e.name for e in self.exercises if name in e.names), name)
        return self.exercise(name)

    @property
    def points(self) -> float:
        """The maximum of the whole assignment."""
        return sum(e.points for e in self.exercises)


@dataclass(frozen=True)
class Key:
    """Everything secret about an assignment: what lies beside its folder."""

    hidden: Mapping[str, Mapping[str, tuple[Check, ...]]]  # exercise -> part -> checks
    misconceptions: tuple[Misconception, ...]
    variants: tuple[Variant, ...]
    salt: str
    equivalent: Mapping[str, Mapping[str, str]] = field(default_factory=dict)  # exercise -> mutant -> why it means the same


# ------------------------------------------------------------------------------------------------------------------------ results
@dataclass(frozen=True)
class Verdict:
    """One sentence about the student's function and whether it holds."""

    exercise: str
    check: str
    sentence: str
    outcome: Outcome
    got: str = ""
    wanted: str = ""
    call: str = ""
    part: str = ""
    hidden: bool = False
    picture: Any = None  # a small 2-D array worth showing (a mask), or None
    waits: str = ""  # the check that must hold before this one is tried
    made: tuple[str, ...] = ()  # the student's own lines that made what is spoken of, where one can look: "line 7: out = x * mask"
    printed: str = ""  # what the student's code printed meanwhile, the first lines

    @property
    def passed(self) -> bool:
        return self.outcome is Outcome.PASSED


@dataclass(frozen=True)
class Earned:
    """What came of one part of the rubric. On a student's own machine, where no hidden check is run, the points are those in reach."""

    name: str
    sentence: str
    points: float
    max_points: float
    note: str = ""  # why points are there although a sentence does not hold

    @property
    def full(self) -> bool:
        return self.points >= self.max_points


@dataclass(frozen=True)
class Diagnosis:
    """A misconception that explains what was seen, or "something_else" for what none explains."""

    exercise: str
    name: str
    message: str
    facts: Mapping[str, Any] = field(default_factory=dict)
    crosses: tuple[str, ...] = ()  # the public checks that do not hold for who believes this


@dataclass(frozen=True)
class ExerciseResult:
    """All verdicts of one exercise, and the points they are worth by the parts of its rubric."""

    name: str
    points: float
    max_points: float
    verdicts: tuple[Verdict, ...]
    diagnoses: tuple[Diagnosis, ...] = ()
    trouble: str = ""  # what went wrong when the answer cell ran
    not_run: str = ""  # why this exercise could not be judged here (no torch, no GPU); it then costs nothing
    parts: tuple[Earned, ...] = ()
    facts: Mapping[str, str] = field(default_factory=dict)  # what was looked at to name a belief

    @property
    def outcome(self) -> str:
        """"passed", "partial", "failed" or "not_run"."""
        if self.not_run:
            return "not_run"
        if self.verdicts and all(v.passed for v in self.verdicts):
            return "passed"
        return "partial" if self.points > 0 else "failed"


def _sum(points: Iterable[float]) -> float:
    """The sum without the dust of binary fractions, so that full marks equal the maximum also where points are 0.3333."""
    return round(sum(points), 6)


@dataclass(frozen=True)
class Report:
    """Everything the kit says about one hand-in. `status` is "graded", "unreadable" or "broken"."""

    assignment: str
    submission: str
    status: str
    isolation: str
    exercises: tuple[ExerciseResult, ...] = ()
    error: str = ""
    notes: tuple[str, ...] = ()
    seconds: float = 0.0
    stopped: tuple[tuple[str, str], ...] = ()  # exercise or cell, and how what ran there was stopped or lost: to be judged once more
    maximum: float = 0.0  # of a hand-in that was not graded; for a graded one its exercises say it

    @property
    def points(self) -> float | None:
        if self.status != "graded":
            return None
        return _sum(e.points for e in self.exercises)

    @property
    def max_points(self) -> float:
        return _sum(e.max_points for e in self.exercises if not e.not_run) if self.exercises else self.maximum

    def verdicts(self) -> Iterator[Verdict]:
        """Every verdict, exercise by exercise."""
        for exercise in self.exercises:
            yield from exercise.verdicts

    def result(self, name: str) -> ExerciseResult:
        """The result of one exercise; KeyError when there is none."""
        for exercise in self.exercises:
            if exercise.name == name:
                return exercise
        raise KeyError(name)


@dataclass(frozen=True)
class Look:
    """Something about a hand-in that a human should know, and that no point or verdict says."""

    student: str  # "" where nobody knows whose it is
    exercise: str  # "" where it is about all of the hand-in
    what: str


@dataclass(frozen=True)
class Moved:
    """The points of one exercise before and after, what it was worth then and is now, if that is known, and what made the difference."""

    name: str
    before: float
    after: float
    worth: tuple[float | None, float | None]
    reasons: tuple[str, ...]
    found: float | None = None  # what the checks give now, where the points of before were kept


@dataclass(frozen=True)
class Change:
    """How the marks of one student changed between two gradings, and whether the hand-in did."""

    student: str
    handed_in_anew: bool
    exercises: tuple[Moved, ...]
