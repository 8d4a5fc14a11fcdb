"""Fingerprints -> misconceptions, and what is left unexplained.

A misconception fires when, on every fact that gives its wrong solution away, the student agrees
with that. Of two that fire, the one whose facts are all contained in the other's gives way. What
none explains is "something_else".
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from autograder.asking import Exam
from autograder.checks_api.symptoms import DIGEST, UNUSABLE_RESULT, Symptom
from autograder.model import Diagnosis, Subject

Facts = dict[str, str]
SOMETHING_ELSE = "something_else"
# what is not written yet, or could not be called, is no mistake; the second word is of facts that
# name what a call raised
UNUSABLE = ("raises NotImplementedError", "NotImplementedError", "skipped")


def fingerprint(probes: Iterable[Symptom], exercise: str, subject: Subject, slug: str,
                seconds: float = 5.0, strict: bool = False) -> Facts:
    """The facts about an exercise's function; the first time-out or crash ends the questions.

    `strict` is for functions that the course itself wrote: a fact that trips over one of them is
    Broken.
    """
    facts: Facts = {}
    memo: dict[object, object] = {}
    for probe in probes:
        exam = Exam(exercise, subject, f"{slug}/{exercise}/fact/{probe.name}", seconds, memo=memo)
        facts[probe.name] = probe.look(exam, strict)
        if facts[probe.name] in ("timed_out", "crashed"):
            break
    return facts


def diagnose(exercise: str, facts: Facts, hints: Mapping[str, Any]) -> tuple[Diagnosis, ...]:
    """The misconceptions that explain these facts. `hints`: this exercise's part of hints.json."""
    right: Facts = hints["right"]
    odd = {name: word for name, word in facts.items() if right.get(name, word) != word}
    odd = {name: word for name, word in odd.items() if word not in UNUSABLE}
    if not odd or set(odd.values()) == {"raises NameError"}:
        return ()
    fired = [m for m in hints["misconceptions"]
             if m["signs"] and all(facts.get(k) == v for k, v in m["signs"].items())]
    fired = [m for m in fired if not _raises_elsewhere(m, odd)]
    hardly = 2 * sum(map(_mute, odd.values())) > len(facts)
    if hardly:  # it gives no usable answers: only a belief that brings this about may speak
        fired = [m for m in fired
                 if any(_mute(v) and facts.get(k) == v for k, v in _seen_with(m).items())]
    told = [m for m in fired
            if not any(m["signs"].items() < other["signs"].items() for other in fired)]
    found = tuple(Diagnosis(exercise, m["name"], m["sentence"], m["signs"],
                            tuple(m.get("crosses", ()))) for m in told)
    explained = {k for m in fired for k, v in _seen_with(m).items() if facts.get(k) == v}
    rest = {k: v for k, v in odd.items() if k not in explained}
    return found if found or not rest else (_something_else(exercise, rest, hardly),)


def _seen_with(belief: Mapping[str, Any]) -> Facts:
    """All facts of the wrong solution that the belief was written down with."""
    return {**belief["also"], **belief["signs"]}


def _raises_elsewhere(belief: Mapping[str, Any], odd: Facts) -> bool:
    """Whether the exception that shows the belief was seen where that brings none about, too.

    Who raises ValueError for every p does not think that p = 1 is none, and a backward pass is not
    to blame for what forward raises.
    """
    telling = {word for word in belief["signs"].values() if word.startswith("raises ")}
    explained = _seen_with(belief)
    return any(word in telling for fact, word in odd.items() if fact not in explained)


def _mute(word: str) -> bool:
    """Whether the word of a fact says no more than that nothing usable came back."""
    return (word in (UNUSABLE_RESULT, "timed_out", "crashed") or word.startswith("raises ")
            or word.endswith(("Error", "Exception")))


def _something_else(exercise: str, rest: Facts, hardly: bool) -> Diagnosis:
    """What was seen beside what verdicts say already: an exception, for one, has its line there."""
    told = {} if hardly else {name: word for name, word in rest.items()
                              if not _mute(word) and not word.startswith(DIGEST)}
    seen = ", ".join(f"{name.replace('_', ' ')}: {word}" for name, word in told.items())
    message = (f"No mistake we know explains this by itself. What was seen of {exercise}: {seen}."
               if seen else "")
    return Diagnosis(exercise, SOMETHING_ELSE, message, rest)


def signs(right: Facts, wrong: Facts, named: tuple[str, ...]) -> tuple[Facts, Facts]:
    """What gives a wrong solution away (the facts `named`, or all that differ), and what else.

    A fact named with "=" before it counts although the wrong solution gets it right: "wrong with
    masks, =right without them".
    """
    differing = {k: v for k, v in wrong.items() if right.get(k) != v}
    chosen = {k: v for k, v in wrong.items()
              if f"={k}" in named or (k in differing and (not named or k in named))}
    return chosen, {k: v for k, v in differing.items() if k not in chosen}
