"""What is said to a worker, and what it may say: only what the worker program could have said."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from autograder.foresight import Script
from autograder.model import Answer, Call, Limits, Outcome
from autograder.running.batching import scattered
from autograder.running.frames import NONCE, pieces
from autograder.running.wire import Piece, is_data, is_line

ALLOWED = Limits.answer_bytes  # of a script that is sent ahead
# how a call can end in the worker's own words
HONEST = frozenset({Outcome.PASSED, Outcome.RAISED, Outcome.SKIPPED})


@lru_cache(maxsize=4096)
def template(script: Script, more: bool) -> list[Piece]:
    """The frame that asks a script, with NONCE to fill in, made once a class; do `more` follow?"""
    return pieces(("script", NONCE, script.groups, ALLOWED, more))


def stamped(template: Sequence[Piece], nonce: str) -> list[Piece]:
    """The same with the nonce of this sending."""
    length, size, header, *arrays = template
    return [length, size, bytes(header).replace(NONCE.encode(), nonce.encode(), 1), *arrays]


def answers_in(message: Any, nonce: str, calls: Sequence[Call], index: int) -> list[Answer]:
    """The answers in a message, from call `index` on; none when no worker would say it."""
    if is_message(message, "answer", nonce, 4) and type(message[2]) is int and message[2] == index:
        answer = message[3]
        return [answer] if type(answer) is Answer and fits(answer, calls[index]) else []
    if (is_message(message, "values", nonce, 4) and type(message[2]) is int and message[2] == index
            and is_data(message[3])):
        answers = [Answer(Outcome.PASSED, value)
                   for value in scattered(message[3], len(calls) - index)]
        answered = calls[index : index + len(answers)]
        return [] if any(call.watch and not call.look for call in answered) else answers
    return []


def is_message(message: Any, kind: str, nonce: str, length: int) -> bool:
    """Compares strings alone: whatever else is there might compare in its own way."""
    if type(message) is not tuple or len(message) != length:
        return False
    return type(message[0]) is type(message[1]) is str and message[:2] == (kind, nonce)


def fits(answer: Answer, call: Call) -> bool:
    """Whether the worker program could have answered this call so; BROKEN is ours alone."""
    if answer.outcome not in HONEST or not (is_line(answer.error) and is_line(answer.line)):
        return False
    wants_facts = call.watch and not call.look and answer.outcome is Outcome.PASSED
    if answer.facts is None:
        return not wants_facts
    shown = len(call.args) - call.is_method
    return (wants_facts and len(answer.facts.arguments) == shown
            and all(map(is_line, answer.facts.warnings)))
