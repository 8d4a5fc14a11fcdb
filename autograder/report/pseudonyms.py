"""Reports without names: labels that say nothing, and sentences in which nobody is named."""

from __future__ import annotations

import base64
import hashlib
import re
from collections import Counter
from collections.abc import Iterable, Mapping

from autograder.report import words

HIDDEN = "***"
SHORTEST = 3  # letters of a word that may tell who somebody is
COMMON = 0.3  # of all students, above which a word in their ids tells nobody apart: "student-001"
TOKEN = re.compile(r"[\w.@+-]+")
WORD = re.compile(r"[^\W_]+")


def pseudonym(key: str, student: str) -> str:
    """The same for a student and key; of 2**40, so two of 5,000 share one with probability 1e-5."""
    digest = hashlib.blake2b(student.encode("utf-8", "surrogatepass"), key=key.encode(),
                             digest_size=5).digest()
    word = base64.b32encode(digest).decode().lower()
    return f"{word[:4]}-{word[4:]}"


def split(text: str) -> list[str]:
    """The words of a text, folded."""
    return WORD.findall(text.casefold())


def telling(names: Iterable[str]) -> frozenset[str]:
    """The words by which one of these students might be known."""
    people = [set(split(name)) for name in names]
    times = Counter(word for of_one in people for word in of_one)
    few = max(2.0, COMMON * len(people))
    return frozenset(w for w, n in times.items()
                     if n <= few and len(w) >= SHORTEST and not w.isdigit())


class Hide:
    """Puts labels for ids into a sentence about a student, and stars for other telling words."""

    def __init__(self, called: Mapping[str, str], secret: frozenset[str] = frozenset()) -> None:
        self._called, self._secret = called, secret

    def __call__(self, text: str, student: str = "") -> str:
        """The sentence on one line."""
        text = words.line(text)
        label = self._called.get(student, student)
        if label == student and not self._secret:  # a report with names
            return text
        parts = re.split(rf"(?<![^\W_]){re.escape(student)}(?![^\W_])", text) if student else [text]
        return label.join(TOKEN.sub(self._token, part) for part in parts)

    def _token(self, found: re.Match[str]) -> str:
        if found[0] in self._called:
            return self._called[found[0]]
        return WORD.sub(lambda w: HIDDEN if w[0].casefold() in self._secret else w[0], found[0])
