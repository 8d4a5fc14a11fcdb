"""Whether anything in a hand-out answers an exercise: each candidate is judged under its name.

Three sieves, each dearer than the one before. A candidate must be callable with what the exercise's
functions are called with; what it returns must have the form of a right answer once at least; then
the public checks are put to it, and where these give a quarter of the points, all checks.
Candidates run in children that may neither write files nor compute for long, with nothing of the
solution in sight: every other name of the assignment is as it was handed out.
"""

from __future__ import annotations

import contextlib
import inspect
import io
import itertools
import os
import random
import sys
import tempfile
from collections.abc import Callable, Container, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from autograder.authoring.candidates import (
    Candidate, Demonstration, coats, fitting_shape, mannered, of_module, of_notebook, shaped)
from autograder.authoring.handout import Handout
from autograder.authoring.target import Target
from autograder.folders import folders
from autograder.model import Answer, AutograderError, Call, Outcome
from autograder.running.runner import Room
from autograder.sandbox.bounded import Kept, TookTooLong, at_most
from autograder.staff import Staff

MOST = 0.25  # of an exercise's points: what earns as much is an answer
SIEVE_SECONDS = 0.1  # of CPU time, for one of them
HUNG_SECONDS = 60  # for one that hangs where nothing else stops it
Job = TypeVar("Job")
Result = TypeVar("Result")


@dataclass(frozen=True)
class Score:
    """What one candidate, or a pair of them, earns of one exercise, as a share of its points."""

    assignment: str
    exercise: str
    parts: tuple[str, ...]  # names and files
    where: str  # the same, and in which coat
    share: float

    @property
    def finding(self) -> str:
        """The sentence for whoever must mend it."""
        return (f"{self.where} earns {self.share:.0%} of {self.exercise} ({self.assignment}). "
                "Rework it so that it is of another form, or keep it out of the hand-out.")


@dataclass(frozen=True)
class Tried:
    """One exercise: how many candidates there were, which came how far, and what they earned."""

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
        """What earns too much, each once, in the coat in which it earns most."""
        return tuple({s.parts: s for s in reversed(self.scores) if s.share >= MOST}.values())


# ------------------------------------------------------------------------------------------- sieves
@dataclass(frozen=True)
class Fitted:
    """A candidate in the coat in which it has the form of an answer."""

    name: str  # of the exercise's function that it stands for
    candidate: Candidate
    coat: str
    value: Any

    @property
    def where(self) -> str:
        told = ", ".join(t for t in (self.candidate.more, self.coat) if t)
        return self.candidate.where + (f" ({told})" if told else "")

    def in_shape(self, shape: str) -> Fitted:
        """The same, with what it returns in this shape."""
        return replace(self, coat=", ".join(t for t in (self.coat, shape) if t),
                       value=shaped(self.value, shape))


def dressed(target: Target, name: str, candidate: Candidate) -> Iterator[Fitted]:
    """The candidate in every coat that there is for it under this name."""
    value, right = candidate.value, target.solution(name)
    if inspect.isclass(right):
        # its methods
        if (inspect.isclass(value)
                and {n for n in vars(right) if not n.startswith("_")} <= set(dir(value))):
            yield Fitted(name, candidate, "", value)
    elif callable(value) and _takes(value, arguments := target.arguments(name)):
        yield from (Fitted(name, candidate, coat, function)
                    for coat, function in coats(value, arguments))


def _takes(value: Any, arguments: Sequence[str]) -> bool:
    """Whether it can be called with so many arguments, or with fewer of them."""
    try:
        parameters = inspect.signature(value).parameters.values()
    except (TypeError, ValueError):
        return False
    needed = [p for p in parameters
              if p.default is p.empty and p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]
    # a check: it puts questions and answers none
    asks = any("Exam" in str(p.annotation) for p in needed)
    return len(parameters) > 0 and len(needed) <= len(arguments) and not asks


def shape_of(target: Target, one: Fitted, partner: Fitted | None = None) -> str | None:
    """The shape with which it returns the form of a right answer; `partner` makes its input."""
    if inspect.isclass(target.solution(one.name)):
        return ""
    own = {n: target.solution(n) for n in target.names} if target.leans(one.name) else {}
    names = {**target.around, **own, **({partner.name: partner.value} if partner else {}),
             one.name: one.value}
    with contextlib.suppress(TookTooLong):  # who is slow once is not asked again
        return next(filter(lambda s: s is not None,
                           (_shape(names, *q) for q in target.questions(one.name))), None)
    return None


def _shape(names: dict[str, Any], calls: Sequence[Call], right: Answer) -> str | None:
    with at_most(SIEVE_SECONDS):
        *_, last = Room(dict(names), caught=Exception).perform(calls)
    return fitting_shape(last.value, right.value) if last.outcome is Outcome.PASSED else None


def tables(target: Target, candidates: Sequence[Candidate]) -> Iterator[Fitted]:
    """Tables that have an entry in common with the right one."""
    for name in target.exercise.names:
        right = target.solution(name)
        for candidate in candidates:
            if (isinstance(candidate.value, dict) and isinstance(right, dict)
                    and candidate.value.keys() & right.keys()):
                yield Fitted(name, candidate, "", candidate.value)


# -------------------------------------------------------------------------------------- in children
def each(jobs: Sequence[Job], work: Callable[[Job], Result]) -> list[Result | None]:
    """What `work` returns for each job; None for one that ended its process or ran too long."""

    def done(number: int) -> Result | None:
        _hide(nowhere)
        _seed()
        try:
            return work(jobs[number])
        except (Exception, SystemExit, TookTooLong, KeyboardInterrupt):
            return None

    found: list[Result | None] = []
    with tempfile.TemporaryDirectory() as nowhere, contextlib.closing(Kept(done)) as child:
        for number in range(len(jobs)):
            try:
                found.append(child("a candidate", number, seconds=HUNG_SECONDS))
            except AutograderError:  # it was the end of the child
                found.append(None)
    return found


def _hide(folder: str) -> None:
    """What is printed is seen by nobody, and a file without content lies in this folder."""
    os.chdir(folder)
    nothing = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nothing, 1)
    os.dup2(nothing, 2)
    os.close(nothing)
    sys.stdin = io.StringIO()  # the descriptor is the child's own


def _seed() -> None:
    """The same result each time for who draws from the global generators."""
    random.seed(0)
    np.random.seed(0)
    if "torch" in sys.modules:
        sys.modules["torch"].manual_seed(0)


# ----------------------------------------------------------------------------------------- the gate
Group = tuple[Fitted, ...]


def tried(target: Target, candidates: Sequence[Candidate],
          notebooks: Sequence[Demonstration]) -> Tried:
    """All candidates under the names of one exercise, single and in pairs of one file."""
    slug, name = target.staff.assignment.slug, target.exercise.name
    if target.is_table:
        many, lost = len(candidates), 0
        groups: list[Group] = [(f,) for f in tables(target, candidates)]
    else:
        sets = {n: [*candidates, *_lines(target, n, notebooks)] for n in target.names}
        many = len(candidates) + sum(len(some) - len(candidates) for some in sets.values())
        groups, lost = _grouped(target, sets)
    shares = each(groups, lambda group: _share(target, group))
    scores = [_score(target, g, s) for g, s in zip(groups, shares, strict=True) if s is not None]
    scores.sort(key=lambda s: (-s.share, s.where))
    return Tried(slug, name, many, len(groups), tuple(scores), lost + shares.count(None))


def _score(target: Target, group: Group, share: float) -> Score:
    parts, where = tuple(f.candidate.where for f in group), " with ".join(f.where for f in group)
    return Score(target.staff.assignment.slug, target.exercise.name, parts, where, share)


def _share(target: Target, group: Group) -> float:
    """What they earn, with manners or without: by first checks, a bound; by public ones; by all."""
    plain = {f.name: f.value for f in group}
    share = _worth(target, plain)
    if share >= MOST or target.is_table:
        return share
    added = {n: v if inspect.isclass(v) else mannered(v, target.arguments(n))
             for n, v in plain.items()}
    return share if added == plain else max(share, _worth(target, added))


def _worth(target: Target, answers: Mapping[str, Any]) -> float:
    share = 0.0
    for exercise in (target.first, target.exercise.public, target.exercise):
        share = target.share(exercise, answers)
        if share < MOST:
            break
    return share


def _lines(target: Target, name: str, notebooks: Sequence[Demonstration]) -> Iterator[Candidate]:
    if not inspect.isclass(target.solution(name)):
        for notebook in notebooks:
            yield from notebook.lines(target.arguments(name))


def _grouped(target: Target, sets: Mapping[str, Sequence[Candidate]]) -> tuple[list[Group], int]:
    """What has the form of an answer, alone and in pairs; and how many ended their process."""
    first = [(None, d) for name, some in sets.items() if not target.leans(name) for c in some
             for d in dressed(target, name, c)]
    singles, lost = _sieved(target, first)
    found = [one for (one,) in singles]
    pairs = [(a, b) for a, b in itertools.combinations(found, 2)
             if a.name != b.name and a.candidate.file == b.candidate.file]
    second = [(partner, d) for name, some in sets.items() if target.leans(name)
              for c in some for d in dressed(target, name, c)
              for partner in (None, *(f for f in found if f.candidate.file == c.file))]
    leaning, more = _sieved(target, second)
    return [*singles, *pairs, *leaning], lost + more


def _sieved(target: Target,
            jobs: Sequence[tuple[Fitted | None, Fitted]]) -> tuple[list[Group], int]:
    """Those that fit, each in its shape, with the partners they have."""
    seen = each(jobs, lambda job: (shape_of(target, job[1], job[0]),))
    found = [(p, one.in_shape(s[0]))
             for (p, one), s in zip(jobs, seen, strict=True) if s and s[0] is not None]
    return [tuple(f for f in two if f) for two in found], seen.count(None)


@dataclass(frozen=True)
class Gate:
    """A hand-out before the exercises of a course."""

    handout: Handout
    root: Path

    @cached_property
    def notebooks(self) -> tuple[Demonstration, ...]:
        """The released notebooks of the hand-out."""
        return tuple(of_notebook(name, text) for name, text in self.handout.notebooks())

    @cached_property
    def candidates(self) -> tuple[Candidate, ...]:
        """All that can stand under a name; CourseError when a module cannot be imported."""
        modules = (c for name, text in self.handout.modules() for c in of_module(name, text))
        return (*modules, *(c for notebook in self.notebooks for c in notebook.candidates()))

    def tried(self, staff: Staff, chosen: Container[str] | None = None) -> Iterator[Tried]:
        """Every exercise of an assignment, or those chosen, with all candidates under its names."""
        around = self._handed_out(staff.assignment.slug)
        for exercise in staff.assignment.exercises:
            if chosen is None or exercise.name in chosen:
                yield tried(Target(staff, exercise, around), self.candidates, self.notebooks)

    def _handed_out(self, slug: str) -> Mapping[str, Any]:
        """What an assignment's notebook defines where it is handed out: before that, nothing."""
        path = folders(self.root).released(slug) / f"{slug}.ipynb"
        name = f"{slug}/{path.name}"
        known = next((n for n in self.notebooks if n.file == name), None)
        if known is None and not path.is_file():
            return {}
        return (known or of_notebook(name, path.read_text(encoding="utf-8"))).space
