"""Whether anything in a hand-out answers an exercise, by behaviour: each candidate is put under the exercise's name and judged.

Three sieves, each dearer than the one before. A candidate must be callable with what the exercise's functions are called with; what it
returns must have the form of a right answer once at least; then the public checks are put to it, and where these give a quarter of the
points, all checks. Candidates run in children that may neither write files nor compute for long, with nothing of the solution in sight:
every other name of the assignment is as it was handed out.
"""

from __future__ import annotations

import inspect
import itertools
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np

from autograder.authoring.candidates import Candidate, Demonstration
from autograder.authoring.limited import alarm, each
from autograder.course import Staff
from autograder.judge import judge, result
from autograder.model import Answer, Call, Exercise, Item, Opaque, Outcome, Subject
from autograder.running.runner import Room
from autograder.subjects.local import Local

MOST = 0.25  # of an exercise's points: what earns as much is an answer
SCRIPTS = 4  # questions of the public checks that the second sieve puts
SIEVE_SECONDS = 0.25  # of CPU time, for one of them
CALL_SECONDS = 1.0  # for a call of a check; the solution of the slowest takes half of it


@dataclass(frozen=True)
class Score:
    """What one candidate, or a pair of them, earns of one exercise, as a share of its points."""

    assignment: str
    exercise: str
    where: str
    share: float

    @property
    def finding(self) -> str:
        """The sentence for whoever must mend it."""
        return (
            f"{self.where} earns {self.share:.0%} of {self.exercise} ({self.assignment}). "
            "Rework it so that it is of another form, or keep it out of the hand-out."
        )


@dataclass(frozen=True)
class Tried:
    """One exercise: how many candidates there were, how many came through each sieve, and what they earned."""

    assignment: str
    exercise: str
    candidates: int
    fitting: int  # in form: these were judged
    scores: tuple[Score, ...]  # the best first; lost ones (a crash, a time-out) are not among them
    lost: int = 0

    @property
    def best(self) -> float:
        return self.scores[0].share if self.scores else 0.0

    @property
    def findings(self) -> tuple[Score, ...]:
        return tuple(s for s in self.scores if s.share >= MOST)


# -------------------------------------------------------------------------------------------------------------------- an exercise
@dataclass(frozen=True)
class Target:
    """An exercise as candidates meet it: what its public checks ask, and what is handed out around it."""

    staff: Staff
    exercise: Exercise
    handed_out: Mapping[str, Any]  # the names of the released notebook

    @cached_property
    def public(self) -> Exercise:
        """The exercise with its public checks only."""
        return replace(self.exercise, parts=[replace(p, checks=[c for c in p.checks if not c.hidden]) for p in self.exercise.parts])

    @cached_property
    def asked(self) -> tuple[tuple[tuple[Call, ...], tuple[Answer, ...]], ...]:
        """What the public checks ask the solution, script by script, and what it answers."""
        recorder = _Recorder(self.staff.reference)
        judge(self.public, recorder, self.staff.assignment.slug, reference=self.staff.reference)
        return tuple(recorder.asked)

    @property
    def is_table(self) -> bool:
        """Whether its answer is data, as a quiz is."""
        return not all(callable(self.staff.reference.namespace.get(name)) for name in self.exercise.names)

    def arguments(self, name: str) -> tuple[str, ...]:
        """The names of the arguments of one of its functions."""
        return tuple(inspect.signature(self.staff.reference.namespace[name]).parameters)

    def questions(self, name: str) -> list[tuple[tuple[Call, ...], Answer]]:
        """Scripts up to a first call of this function that a right answer returns from; each with that answer."""
        found = []
        for calls, answers in self.asked:
            place = next((n for n, c in enumerate(calls) if c.function == name and answers[n].outcome is Outcome.PASSED), None)
            if place is not None:
                found.append((calls[: place + 1], answers[place]))
        return found[:: max(1, len(found) // SCRIPTS)][:SCRIPTS]

    def share(self, answers: Mapping[str, Any], everything: bool = False) -> float:
        """Which share of the points these answers earn, by the public checks or by all of them."""
        subject = Local(namespace={**self.handed_out, **answers})
        exercise = self.exercise if everything else self.public
        short = exercise.each(lambda check: replace(check, seconds=min(check.seconds or CALL_SECONDS, CALL_SECONDS)))
        salt = self.staff.key.salt if everything else ""
        verdicts = judge(short, subject, self.staff.assignment.slug, salt, self.staff.reference, CALL_SECONDS, deaths=1)
        return result(exercise, verdicts).points / exercise.points


class _Recorder:
    """A subject that remembers what was asked."""

    def __init__(self, subject: Subject) -> None:
        self._subject = subject
        self.troubles = subject.troubles
        self.asked: list[tuple[tuple[Call, ...], tuple[Answer, ...]]] = []

    def ask(self, calls: Sequence[Call], seconds: float) -> list[Answer]:
        answers = self._subject.ask(calls, seconds)
        self.asked.append((tuple(calls), tuple(answers)))
        return answers


# ------------------------------------------------------------------------------------------------------------------- coats and forms
def coats(value: Any, arguments: Sequence[str]) -> Iterator[tuple[str, Callable[..., Any]]]:
    """The candidate as it is, by the names of its arguments, and with the first arguments only."""
    yield "", value
    try:
        wanted = inspect.signature(value).parameters.values()
    except (TypeError, ValueError):
        return
    plain = [p for p in wanted if p.kind in (p.POSITIONAL_OR_KEYWORD, p.KEYWORD_ONLY)]
    needed = [p.name for p in plain if p.default is p.empty]
    named = [p.name for p in plain if p.name in arguments]
    if named and set(needed) <= set(named) and tuple(named) != tuple(arguments):
        yield "by name", _by_name(value, arguments, named)
    if 0 < len(needed) < len(arguments):
        yield f"of the first {len(needed)}", lambda *args, **kwargs: value(*[*args, *kwargs.values()][: len(needed)])


def _by_name(value: Callable[..., Any], arguments: Sequence[str], named: Sequence[str]) -> Callable[..., Any]:
    def called(*args: Any, **kwargs: Any) -> Any:
        given = {**dict(zip(arguments, args, strict=False)), **kwargs}
        return value(**{name: given[name] for name in named if name in given})

    return called


def shapes(function: Callable[..., Any]) -> Iterator[tuple[str, Callable[..., Any]]]:
    """What the function returns, as it is, the first of it, and beside a None: what half a line around it makes of it."""
    yield "", function
    yield "its first item", lambda *args, **kwargs: function(*args, **kwargs)[0]
    yield "with a None", lambda *args, **kwargs: (function(*args, **kwargs), None)


def resembles(found: Any, right: Any) -> bool:
    """Whether an answer has the form of a right one: types, shapes, keys; not the numbers."""
    if isinstance(right, Opaque) or right is None:
        return True
    if isinstance(right, np.ndarray):
        return isinstance(found, np.ndarray) and found.shape == right.shape and (found.dtype.kind == "b") == (right.dtype.kind == "b")
    if isinstance(right, dict):
        return isinstance(found, dict) and found.keys() == right.keys() and all(resembles(found[k], right[k]) for k in right)
    if isinstance(right, (tuple, list)):
        return isinstance(found, (tuple, list)) and len(found) == len(right) and all(map(resembles, found, right))
    if isinstance(right, (int, float)) and not isinstance(right, bool):
        return isinstance(found, (int, float)) and not isinstance(found, bool) and math.isfinite(found)
    return type(found) is type(right)


# --------------------------------------------------------------------------------------------------------------------------- sieves
@dataclass(frozen=True)
class Fitted:
    """A candidate in the coat in which it has the form of an answer."""

    where: str
    name: str  # of the exercise's function that it stands for
    value: Any


def fitting(target: Target, name: str, candidate: Candidate) -> Iterator[Fitted]:
    """The ways in which a candidate passes for this function of the exercise."""
    if inspect.isclass(target.staff.reference.namespace[name]):
        if inspect.isclass(candidate.value):
            yield Fitted(candidate.where, name, candidate.value)
        return
    if not callable(candidate.value):
        return
    questions = [q for q in target.questions(name) if _takes(candidate.value, q[0][-1], target.arguments(name))]
    for coat, dressed in coats(candidate.value, target.arguments(name)) if questions else ():
        for shape, function in shapes(dressed):
            if any(_passes(target, name, function, *question) for question in questions):
                told = ", ".join(t for t in (coat, shape) if t)
                yield Fitted(f"{candidate.where}{told and f' ({told})'}", name, function)
                break


def _takes(value: Any, call: Call, arguments: Sequence[str]) -> bool:
    """Whether it can be called with so many arguments, or with fewer of them."""
    try:
        signature = inspect.signature(value)
    except (TypeError, ValueError):
        return False
    needed = [p for p in signature.parameters.values() if p.default is p.empty and p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]
    return len(needed) <= max(len(call.args) + len(call.kwargs), len(arguments)) and bool(signature.parameters)


def _passes(target: Target, name: str, function: Any, calls: Sequence[Call], right: Answer) -> bool:
    """Whether the answer to the last call of a script has the form of the right one; earlier calls go to the solution's other functions."""
    own = {n: target.staff.reference.namespace.get(n) for n in target.exercise.names} if any(map(_leans, calls[-1].args)) else {}
    room = Room({**target.handed_out, **own, name: function}, caught=Exception)
    try:
        with alarm(SIEVE_SECONDS):
            *_, last = room.perform(calls)
    except Exception:
        return False
    return last.outcome is Outcome.PASSED and resembles(last.value, right.value)


def _leans(argument: Any) -> bool:
    return isinstance(argument, Item)


def tables(target: Target, candidates: Sequence[Candidate]) -> Iterator[Fitted]:
    """Tables that have an entry in common with the right one."""
    (name,) = target.exercise.names
    right = target.staff.reference.namespace[name]
    for candidate in candidates:
        if isinstance(candidate.value, dict) and isinstance(right, dict) and candidate.value.keys() & right.keys():
            yield Fitted(candidate.where, name, candidate.value)


# ------------------------------------------------------------------------------------------------------------------------ the gate
def tried(target: Target, candidates: Sequence[Candidate], notebooks: Sequence[Demonstration]) -> Tried:
    """All candidates under the names of one exercise, single and in pairs of one file."""
    staff, exercise = target.staff, target.exercise
    _ = target.asked  # once, before there are children
    if target.is_table:
        many, fitted, lost = len(candidates), list(tables(target, candidates)), 0
    else:
        sets = {name: [*candidates, *_lines(target, name, notebooks)] for name in exercise.names}
        many = sum(map(len, sets.values()))
        found, lost = _sieved(target, sets)
        fitted = list(found)
    groups = [(f,) for f in fitted] + _pairs(fitted, exercise.names)
    shares = each(groups, lambda group: target.share({f.name: f.value for f in group}))
    again = [g for g, share in zip(groups, shares, strict=True) if share is not None and share >= MOST]
    sure = dict(zip(map(id, again), each(again, lambda group: target.share({f.name: f.value for f in group}, everything=True)), strict=True))
    scores = [
        Score(staff.assignment.slug, exercise.name, " with ".join(f.where for f in group), sure.get(id(group), share) or 0.0)
        for group, share in zip(groups, shares, strict=True)
        if share is not None
    ]
    scores.sort(key=lambda s: (-s.share, s.where))
    return Tried(staff.assignment.slug, exercise.name, many, len(groups), tuple(scores), lost + shares.count(None))


def _lines(target: Target, name: str, notebooks: Sequence[Demonstration]) -> Iterator[Candidate]:
    if not inspect.isclass(target.staff.reference.namespace[name]):
        for notebook in notebooks:
            yield from notebook.lines(target.arguments(name))


def _sieved(target: Target, sets: Mapping[str, Sequence[Candidate]]) -> tuple[Iterator[Fitted], int]:
    """What fits. The coats are found out in children; here they are put on again, which calls nothing."""
    jobs = [(name, candidate) for name, some in sets.items() for candidate in some]
    told = each(jobs, lambda job: [f.where for f in fitting(target, *job)])
    found = (
        Fitted(where, name, _dressed(target, name, candidate, where))
        for (name, candidate), wheres in zip(jobs, told, strict=True)
        for where in wheres or ()
    )
    return found, told.count(None)


def _dressed(target: Target, name: str, candidate: Candidate, where: str) -> Any:
    """The candidate in the coat that `where` speaks of."""
    if where == candidate.where:
        return candidate.value
    for coat, dressed in coats(candidate.value, target.arguments(name)):
        for shape, function in shapes(dressed):
            if where == f"{candidate.where} ({', '.join(t for t in (coat, shape) if t)})":
                return function
    raise ValueError(where)


def _pairs(fitted: Sequence[Fitted], names: Sequence[str]) -> list[tuple[Fitted, ...]]:
    """For an exercise of two functions, one for each, from the same file."""
    if len(names) != 2:
        return []
    one, other = ([f for f in fitted if f.name == name] for name in names)
    return [(a, b) for a, b in itertools.product(one, other) if _file(a) == _file(b)]


def _file(fitted: Fitted) -> str:
    return fitted.where.rpartition(" in ")[2].partition(" (")[0]
