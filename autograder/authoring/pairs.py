"""Two mistakes at once: two edits of one solution, and what a student is told then.

A pair whose edits touch the same text is left out. Each of the others is asked for its facts and
gets one of these words:

named      both beliefs are told, or the one that hides the other (its facts are those of the
           pair), or a third that explains all there is
partly     one of the two is told, and the other shows as well
unnamed    nothing is told, or only that something else is wrong
falsely    a belief is told that is neither, and that is not true of the pair either

Where one mistake hides half of the other, the half that is left may be told in its place: vanilla
dropout that also drops at test time is dropout without a scale. A half is a belief whose signs are
among those of the whole. A third belief is true of a pair that shows all that this belief brings
about by itself, if it is more than one fact: momentum that ends with each epoch, and one batch an
epoch, is none.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from typing import Any

from autograder.diagnose import SOMETHING_ELSE, Facts, diagnose, fingerprint
from autograder.model import CourseError, Diagnosis, Misconception
from autograder.staff import Staff
from autograder.subjects.local import Local

WORDS = ("named", "partly", "unnamed", "falsely")
Pair = tuple[Misconception, Misconception]


@dataclass(frozen=True)
class Seen:
    """One pair: what was told about it, and what that is worth."""

    exercise: str
    pair: tuple[str, str]
    told: tuple[str, ...]
    word: str


def seen(staff: Staff, most: int | None = None, seed: int = 0) -> Iterator[Seen]:
    """All pairs of an assignment's edits, or `most` of them picked at random."""
    alone: dict[str, Facts] = {}
    for pair in _chosen(staff, most, seed):
        both = together(staff, *pair)
        if both is not None:
            yield _seen(staff, pair, _facts(staff, pair[0].exercise, both), alone)


def _chosen(staff: Staff, most: int | None, seed: int) -> Sequence[Pair]:
    edits = [m for m in staff.key.misconceptions
             if m.edits and m.exercise in staff.assignment.probes]
    found = [(a, b) for a, b in combinations(edits, 2)
             if a.exercise == b.exercise and a.name != b.name and a.base == b.base]
    return found if most is None or most >= len(found) else random.Random(seed).sample(found, most)


def together(staff: Staff, one: Misconception, other: Misconception) -> Local | None:
    """The solution with both mistakes; None when one changes what the other wants to change."""
    both, turned = (replace(one, name=f"{a.name}, {b.name}", edits=(*a.edits, *b.edits))
                    for a, b in ((one, other), (other, one)))
    try:
        return staff.answered(both) if staff.written(both) == staff.written(turned) else None
    except CourseError:
        return None


def _facts(staff: Staff, exercise: str, subject: Local) -> Facts:
    return fingerprint(staff.assignment.probes[exercise], exercise, subject, staff.assignment.slug)


def _seen(staff: Staff, pair: Pair, facts: Facts, alone: dict[str, Facts]) -> Seen:
    exercise, names = pair[0].exercise, (pair[0].name, pair[1].name)
    told = diagnose(exercise, facts, staff.hints[exercise])
    called = [m for d in told
              for m in staff.key.misconceptions if (m.exercise, m.name) == (exercise, d.name)]
    hides = any(_facts_alone(staff, m, alone) == facts for m in called)
    return Seen(exercise, names, tuple(d.name for d in told),
                word_for(names, told, facts, staff.hints[exercise], hides))


def _facts_alone(staff: Staff, belief: Misconception, known: dict[str, Facts]) -> Facts:
    key = f"{belief.exercise}/{belief.name}/{belief.edits}"
    if key not in known:
        known[key] = _facts(staff, belief.exercise, staff.answered(belief))
    return known[key]


def word_for(pair: tuple[str, str], told: Sequence[Diagnosis], facts: Facts,
             hints: Mapping[str, Any], hides: bool = False) -> str:
    """What a pair with these facts was told, in a word; `hides`: a belief has them by itself."""
    beliefs = [d for d in told if d.name != SOMETHING_ELSE]
    if not beliefs:
        return "unnamed"
    meant = [_meant(d, pair, hints) for d in beliefs]
    brought = [_brought_about(d, hints) for d in beliefs]
    if not all(whom or hides or (len(what) > 1 and what.items() <= facts.items())
               for whom, what in zip(meant, brought, strict=True)):
        return "falsely"
    odd = {name for name, word in facts.items() if hints["right"][name] != word}
    explained = not all(meant) and odd <= {name for what in brought for name in what}
    return "named" if hides or explained or set().union(*meant) >= set(pair) else "partly"


def _meant(told: Diagnosis, pair: tuple[str, str], hints: Mapping[str, Any]) -> set[str]:
    """Which of two beliefs is told by this: the one of its name, or those that it is a half of."""
    if told.name in pair:
        return {told.name}
    return {m["name"] for m in hints["misconceptions"]
            if m["name"] in pair and told.facts.items() < m["signs"].items()}


def _brought_about(told: Diagnosis, hints: Mapping[str, Any]) -> Facts:
    """All facts that a belief changes by itself."""
    known = next(m for m in hints["misconceptions"]
                 if m["name"] == told.name and m["signs"] == told.facts)
    return {**known["also"], **known["signs"]}


def lines(found: Sequence[Seen]) -> Iterator[str]:
    """A line for each exercise, and one for each pair that is falsely named."""
    by_exercise: dict[str, list[Seen]] = {}
    for one in found:
        by_exercise.setdefault(one.exercise, []).append(one)
    for exercise, pairs in by_exercise.items():
        yield f"{exercise}: {len(pairs)} pairs: {_counted(Counter(p.word for p in pairs))}"
        yield from (f"    {p.pair[0]} and {p.pair[1]} are called {', '.join(p.told)}"
                    for p in pairs if p.word == "falsely")


def _counted(counts: Mapping[str, int]) -> str:
    total = sum(counts.values())
    return ", ".join(f"{word} {counts.get(word, 0)} ({counts.get(word, 0) / total:.0%})"
                     for word in WORDS)
