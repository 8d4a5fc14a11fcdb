"""Odd answers to every question of every assignment: judging ends in words, soon, and repeats none.

    nice python -m autograder.tests.fuzz 200000 [seed [slug ...]]

goes on until so many answers were given to each assignment, prints what it saw, and ends with 1
when it found something. The student is a `Pretender`: it answers in this process, with what a
forged frame could say at worst. All is drawn from the seed, so a finding comes again: the number
that it names as its seed, with a single answer, plays its round alone.
"""

from __future__ import annotations

import hashlib
import logging
import resource
import sys
import time
import traceback
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from autograder.course import lacking, slugs
from autograder.diagnose import diagnose, fingerprint
from autograder.judge import LONGEST, judge, result
from autograder.model import Answer, Call, Exercise, Facts, Given, Outcome, Subject, Verdict
from autograder.report import text
from autograder.running import wire
from autograder.running.spoken import MAX_TEXT
from autograder.staff import Staff, load_staff
from autograder.subjects.messages import fits
from autograder.tests.odd_values import MARK, Rng, odd_value, pick, shapes, spoilt

ROOT = Path(__file__).parents[2]
# seconds of CPU of our own that one exercise may take; what the solution needs is not counted
SLOW = 5.0
KEPT_BYTES = 128 << 20  # of the solution's answers
LOST = 0.0002  # how often a worker is lost over a call
MOST_WORDS = 1000  # characters of what a verdict says
ERRORS = ("", ":", "ValueError", f"ValueError: {MARK}", f"ValueError (a ValueError): {MARK}",
          f"{MARK} (a ValueError): {MARK}", f"{MARK}: {MARK}", f"{MARK}Error: {MARK}",
          "NotImplementedError", f"NameError: {MARK} is not defined",
          "ZeroDivisionError: division by zero",
          f"AttributeError: '{MARK}Generator' object has no attribute 'rand'",
          f"TypeError: Cannot cast seed {MARK}", f"KeyError: {MARK}")
LINES = ("", f"line 7: {MARK}", "line 73313", f"line 73313: np.random.seed({MARK})", MARK)
WARNINGS = (
    f"UserWarning: {MARK}", f"RuntimeWarning: overflow encountered in {MARK}", MARK, "",
    "RuntimeWarning: invalid value encountered in divide",
)


# ------------------------------------------------------------------------------------ the pretender
Mood = Callable[[Rng, Sequence[Call], Sequence[Answer]], Iterator[Answer]]


def the_same(rng: Rng, calls: Sequence[Call], right: Sequence[Answer]) -> Iterator[Answer]:
    """One odd value, for every call of the round."""
    seeds: Any = rng.bit_generator.seed_seq
    value = odd_value(np.random.default_rng(seeds.entropy + 1))
    return (_answer(rng, call, value) for call in calls)


def anything(rng: Rng, calls: Sequence[Call], right: Sequence[Answer]) -> Iterator[Answer]:
    """An odd value for each call."""
    return (_answer(rng, call, odd_value(rng, shapes(call.args))) for call in calls)


def nearly_right(rng: Rng, calls: Sequence[Call], right: Sequence[Answer]) -> Iterator[Answer]:
    """The solution's answers, some of them spoilt, each in a way of its own."""
    share = pick(rng, (0.02, 0.3, 1.0))
    for call, answer in zip(calls, right, strict=True):
        yield (_spoilt_answer(rng, call, answer) if rng.random() < share
               else _seen(rng, call, answer))


def all_alike(rng: Rng, calls: Sequence[Call], right: Sequence[Answer]) -> Iterator[Answer]:
    """The solution's answers, all spoilt in the same way."""
    seed = int(rng.integers(2**31))
    for call, answer in zip(calls, right, strict=True):
        yield _spoilt_answer(np.random.default_rng(seed), call, answer)


def mixed_up(rng: Rng, calls: Sequence[Call], right: Sequence[Answer]) -> Iterator[Answer]:
    """The solution's answers, some to other calls."""
    for call, answer in zip(calls, right, strict=True):
        other = pick(rng, right) if rng.random() < 0.5 else answer
        yield _seen(rng, call, replace(other, facts=_facts(rng, call)
                                       if other.outcome is Outcome.PASSED else None))


# they need no solution, which in one assignment takes long
IGNORANT: tuple[Mood, ...] = (the_same, anything)
MOODS: tuple[Mood, ...] = (*IGNORANT, nearly_right, nearly_right, all_alike, all_alike, mixed_up)


def _answer(rng: Rng, call: Call, value: Any) -> Answer:
    roll = rng.random()
    if roll < 0.06:
        return Answer(Outcome.RAISED, error=pick(rng, ERRORS)[:MAX_TEXT],
                      line=pick(rng, LINES)[:MAX_TEXT])
    if roll < 0.07:
        return Answer(Outcome.SKIPPED, error=f"the call before it returned {MARK}")
    return Answer(Outcome.PASSED, value=value, facts=_facts(rng, call))


def _facts(rng: Rng, call: Call) -> Facts | None:
    """What a frame can claim was seen beside a value: arguments as shown, of any kind."""
    if not call.watch or call.look:
        return None
    given = [a.value if isinstance(a, Given) else a
             for a in (call.args[1:] if call.is_method else call.args)]
    near = shapes(call.args)
    arguments = tuple(np.array(a) if isinstance(a, np.ndarray) and rng.random() < 0.5
                      else odd_value(rng, near) for a in given)
    told = tuple(pick(rng, WARNINGS)[:MAX_TEXT] for _ in range(int(rng.integers(3))))
    return Facts(arguments, bool(rng.random() < 0.3), bool(rng.random() < 0.2), told)


def _seen(rng: Rng, call: Call, answer: Answer) -> Answer:
    return (replace(answer, facts=_facts(rng, call)) if answer.facts is not None
            and rng.random() < 0.3 else answer)


def _spoilt_answer(rng: Rng, call: Call, answer: Answer) -> Answer:
    if answer.outcome is not Outcome.PASSED:  # where a refusal was due
        return _answer(rng, call, odd_value(rng, shapes(call.args)))
    return replace(_seen(rng, call, answer), value=spoilt(rng, answer.value))


Known = dict[bytes, list[Answer]]


@dataclass
class Pretender:
    """A subject that makes its answers up, knowing those of the solution."""

    reference: Subject
    rng: Rng
    mood: Mood
    known: Known  # what the solution answered to a script
    given: int = 0
    seconds: float = 0.0  # of CPU that making answers up took
    troubles: Mapping[str, str] = field(default_factory=dict)

    def ask(self, calls: Sequence[Call], seconds: float) -> list[Answer]:
        """Answer a script; see model.Subject."""
        began = time.process_time()
        found = list(self.mood(self.rng, calls, self._right(calls)))
        for call, answer in zip(calls, found, strict=True):
            assert fits(answer,
                        call), f"this would not pass for a worker's answer to {call}: {answer}"
        lost = np.flatnonzero(self.rng.random(len(calls)) < LOST)
        if lost.size:
            place = int(lost[0])
            skipped = Answer(Outcome.SKIPPED, error="an earlier call did not come back")
            found[place:] = [Answer(pick(self.rng, (Outcome.TIMED_OUT, Outcome.CRASHED))),
                             *[skipped] * (len(calls) - place - 1)]
        self.given += len(found)
        self.seconds += time.process_time() - began
        return found

    def _right(self, calls: Sequence[Call]) -> list[Answer]:
        sent = wire.encode(("script", *calls))  # what cannot be sent to a worker is found here
        if self.mood in IGNORANT:
            return []
        key = hashlib.blake2b(sent, digest_size=16).digest()
        if key not in self.known:
            if sum(_bytes(a.value) for answers in self.known.values()
                   for a in answers) > KEPT_BYTES:
                self.known.clear()
            self.known[key] = self.reference.ask(calls, 600.0)
        return self.known[key]


def _bytes(value: Any) -> int:
    if isinstance(value, np.ndarray):
        return value.nbytes
    return (sum(map(_bytes, value.values() if isinstance(value, dict) else value))
            if isinstance(value, (tuple, list, dict)) else 100)


# --------------------------------------------------------------------------------------- the rounds
@dataclass
class Findings:
    """What a run saw: how many answers, and every kind of trouble with its first place."""

    answers: int = 0
    rounds: int = 0
    slowest: float = 0.0
    kinds: Counter[str] = field(default_factory=Counter)
    first: dict[str, str] = field(default_factory=dict)

    def add(self, what: str, where: str, more: str = "") -> None:
        """One more of this kind."""
        self.kinds[what] += 1
        self.first.setdefault(what, f"{where}\n{more[-1500:]}")


class _Listener(logging.Handler):
    """Hears what the last nets of the judge and of the facts caught."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.heard: list[tuple[str, str]] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.heard.append((record.getMessage(), logging.Formatter().formatException(record.exc_info)
                           if record.exc_info else ""))

    def __enter__(self) -> _Listener:
        self.log = logging.getLogger("autograder")
        self.level = self.log.level
        self.log.setLevel(logging.DEBUG)
        self.log.addHandler(self)
        return self

    def __exit__(self, *error: object) -> None:
        self.log.removeHandler(self)
        self.log.setLevel(self.level)


def one_round(staff: Staff, exercise: Exercise, seed: int, findings: Findings, known: Known,
              moods: Sequence[Mood] = MOODS) -> None:
    """Judge and diagnose one pretended answer: every check, whatever it waits for."""
    rng = np.random.default_rng(seed)
    student = Pretender(staff.reference, rng, pick(rng, moods), known)
    where = f"{staff.assignment.slug} {exercise.name}, seed {seed} ({student.mood.__name__})"
    began = time.process_time()
    with _Listener() as listener:
        try:
            said = list(_judged(staff, exercise, student, findings, where))
        except Exception:  # whatever it is, it must be named and the others tried
            said = []
            findings.add(f"{exercise.name}: an exception", where, traceback.format_exc())
    took = time.process_time() - began - student.seconds
    repeated = [(f"{exercise.name}, {name}: a text of the student's", words)
                for name, words in said if MARK in words]
    for what, more in [*listener.heard, *repeated]:
        findings.add(what, where, more)
    if took > SLOW:
        findings.add(f"{exercise.name}: slow", where, f"{took:.1f} s")
    findings.slowest = max(findings.slowest, took)
    findings.answers += student.given
    findings.rounds += 1


def _judged(staff: Staff, exercise: Exercise, student: Pretender, findings: Findings,
            where: str) -> Iterator[tuple[str, str]]:
    """(what speaks, its words) of all without a student's text: hidden cases, facts, hints."""
    slug, name = staff.assignment.slug, exercise.name
    free = exercise.each(lambda check: replace(check, needs=()))
    verdicts = judge(free, student, slug, staff.key.salt, staff.reference, 5.0)
    result(free, verdicts)
    for verdict in verdicts:
        _look_at(verdict, findings, where)
        if verdict.hidden:
            yield (verdict.check,
                   f"{text.message(verdict)} {verdict.got} {verdict.wanted} {verdict.call}")
    facts = fingerprint(staff.assignment.probes.get(name, ()), name, student, slug)
    yield from facts.items()
    if name in staff.hints:
        yield from ((d.name, d.message) for d in diagnose(name, facts, staff.hints[name]))


def _look_at(verdict: Verdict, findings: Findings, where: str) -> None:
    if verdict.outcome is Outcome.BROKEN:
        findings.add(f"{verdict.exercise}, {verdict.check}: broken", where, verdict.got)
    if len(verdict.got) + len(verdict.wanted) > MOST_WORDS or len(verdict.call) > LONGEST:
        findings.add(f"{verdict.exercise}, {verdict.check}: too many words", where,
                     text.message(verdict))


def run(slug: str, answers: int, seed: int = 0, moods: Sequence[Mood] = MOODS,
        root: Path = ROOT) -> Findings:
    """Go on until so many answers were given to this assignment, an exercise after the other."""
    staff, findings = load_staff(root, slug), Findings()
    exercises = () if lacking(staff.assignment) else staff.assignment.exercises
    known = [Known() for _ in exercises]
    while exercises and findings.answers < answers:
        place = (seed + findings.rounds) % len(exercises)
        one_round(staff, exercises[place], seed + findings.rounds, findings, known[place], moods)
    return findings


def main(arguments: Sequence[str]) -> int:
    """The long run; 1 when anything was found."""
    answers = int(arguments[0])
    seed = int((*arguments, "0")[1]) if len(arguments) > 1 else 0
    chosen = arguments[2:]
    bad = False
    for slug in chosen or slugs(ROOT):
        began = time.process_time()
        found = run(slug, answers, seed)
        took = time.process_time() - began
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
        told = (f"{found.answers} answers in {found.rounds} rounds, {took:.0f} s of CPU, slowest "
                f"round {found.slowest:.2f} s, peak {peak} MB")
        print(f"{slug}: {told}, {len(found.kinds)} kinds of trouble", flush=True)
        for what, count in found.kinds.most_common():
            print(f"  {count} x {what}\n    {found.first[what]}", flush=True)
        bad = bad or bool(found.kinds)
    return int(bad)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
