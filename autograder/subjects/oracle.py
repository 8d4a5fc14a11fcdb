"""The solution as a class asks it: once for all, for it answers the same whoever is judged."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping, Sequence

from autograder.foresight import alike
from autograder.model import Answer, Call, Subject
from autograder.running.arguments import copied
from autograder.running.batching import says_all

# scripts of one function; those in which a student's own answers are handed on do not come again
KEPT = 32


class Oracle:
    """A subject whose answers are kept, and given out as copies."""

    def __init__(self, subject: Subject) -> None:
        self._subject = subject
        self._said: dict[str, deque[tuple[Sequence[Call], list[Answer]]]] = {}

    @property
    def troubles(self) -> Mapping[str, str]:
        return self._subject.troubles

    def ask(self, calls: Sequence[Call], seconds: float) -> list[Answer]:
        said = self._said.setdefault(calls[0].function if calls else "", deque(maxlen=KEPT))
        known = next((answers for asked, answers in said if alike(asked, calls)), None)
        if known is None:
            known = self._subject.ask(calls, seconds)
            if not all(map(says_all, known)):
                return known
            said.append((calls, known))
        return [Answer(answer.outcome, copied(answer.value)) for answer in known]
