"""Odd files: strangers' texts, numbers, bytes, and honest ones damaged. See fuzz_formats.py."""

from __future__ import annotations

import contextlib
import copy
import gzip
import io
import random
import tarfile
import warnings
import zipfile
from collections.abc import Callable
from functools import cache
from typing import Any

import msgpack  # type: ignore[import-untyped]
import numpy as np

from autograder.model import Answer, Call, Cell, Code, Facts, Item, Opaque, Outcome, Role, Seed
from autograder.running import wire

SLUG = "hw1_dropout"

TEXTS = (
    "", " ", "\n", "\r\n", "\t", "\0", "\ud800", "\u202e", "\ufeff", "é", "日本", "a" * 5000,
    "\x1b[31m", "\x1b]0;t\x07", "'", '"', "\\",
    "$", "`", "<script>alert(1)</script>", "<img src=x onerror=alert(1)>",
    "<a href='javascript:x'>", "</div>", "<!--", "-->", "<![CDATA[",
    "<?x ?>", "&#60;b&#62;", "[x](javascript:alert(1))", "[x](data:text/html,x)",
    "![x](http://h/x.png)", "![x](attachment:a.png)",
    "<details>", "<svg/onload=x>", "java\nscript:", "# check_keep_mask", "# T\n", "x\n===",
    "- [ ] x\n", "> ", "```\n", "~~~",
    "```mermaid\n", "| a | b |\n|---|---|\n| 1 | 2 |\n", "[^1]: x\n", "[a]: http://x\n", "$a<b$",
    "$$x$$",
    "\\href{javascript:x}{y}", "\\def\\a{}",
    "\\(x\\)", "*a*", "**", "__x__", "~~x~~", "http://a.b", "<http://a.b>", "<j:x>", "&lt;",
    "0" * 400, "=1+1", "@x", "-1", "+1", ",", ";",
    '""', '"a,b"', '"a\nb"', "1,5", "nan", "1e999", "-0", "EX", "../x", "/etc/x", "C:\\x",
    "ada_1_2_x.ipynb",
    "Ada_123_assignsubmission_file_x.ipynb",
    "def keep_mask(shape, p, rng):\n    return rng.random(shape) >= p\n", "%%time\nx = 1", "!ls",
    "def f(:", "quiz = {}", "keep_mask",
    "check_keep_mask", "setup",
)
TOKENS = (b"", b"\0", b"\xff", b"\xed\xa0\x80", b"{", b"[", b'"', b":", b",", b"1e999", b"NaN",
          b"[" * 3000, b'{"a":' * 500, b"PK\x05\x06", b"\x1f\x8b", b"null", b"-")


class Dice(random.Random):
    """Draws odd things."""

    def text(self) -> str:
        """Some odd texts in a row."""
        return "".join(self.choice(TEXTS) for _ in range(self.randint(0, 6)))

    def number(self) -> Any:
        return self.choice((0, 1, -1, 4, 5, 2**31, 2**63, -(2**63), 10**30, 0.5, float("nan"),
                            float("inf"), -0.0, 1e308, True))

    def junk(self, depth: int = 0) -> Any:
        """Anything that JSON can say."""
        style = self.randrange(7 if depth < 4 else 4)
        if style < 4:
            return (None, self.number(), self.text(), self.choice(TEXTS))[style]
        items = [self.junk(depth + 1) for _ in range(self.randint(0, 4))]
        return items if style == 4 else {self.choice(TEXTS): item for item in items}

    def spoilt(self, raw: bytes) -> bytes:
        """Bytes with some damage."""
        found = bytearray(raw)
        for _ in range(self.randint(1, 4)):
            here = self.randrange(len(found) + 1)
            length = self.choice((1, 1, 2, 8, 100))
            style = self.randrange(6)
            twice = found[here : here + length] * 2
            words = self.choice(TEXTS).encode("utf-8", "replace")
            end = len(found) if style == 5 and self.random() < 0.3 else here + length
            found[here:end] = (bytes([self.randrange(256)]), b"", twice, self.choice(TOKENS),
                               words, b"")[style]
        return bytes(found)

    def bent(self, node: Any) -> Any:
        """The same structure with junk somewhere; what is not touched is shared."""
        node = copy.copy(node)
        if isinstance(node, dict) and node and self.random() < 0.9:
            key = self.choice(list(node))
            self._at(node, key, lambda: node.__setitem__(self.choice(TEXTS), self.junk()))
        elif isinstance(node, list) and node and self.random() < 0.9:
            self._at(node, self.randrange(len(node)),
                     lambda: node.insert(self.randrange(len(node)), copy.copy(self.choice(node))))
        else:
            return self.junk()
        return node

    def _at(self, node: Any, key: Any, other: Callable[[], None]) -> None:
        style = self.random()
        if style < 0.1:
            del node[key]
        elif style < 0.2:
            other()
        else:
            node[key] = self.bent(node[key])


# ----------------------------------------------------------------------------------------- archives
MEMBERS = (tarfile.REGTYPE, tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.FIFOTYPE, tarfile.DIRTYPE)


def packed(dice: Dice, name: str, depth: int = 0) -> bytes:
    """An archive of that kind, with odd members."""
    out = io.BytesIO()
    members = [(member_name(dice), member(dice, depth)) for _ in range(dice.randint(0, 4))]
    if name.lower().endswith(".zip"):
        with warnings.catch_warnings(), zipfile.ZipFile(
                out, "w", dice.choice((zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED))) as archive:
            warnings.simplefilter("ignore")  # two members of one name
            for called, content in members:
                info = zipfile.ZipInfo(called.replace("\0", "0") or "x")
                info.external_attr = dice.choice((0, 0o120777 << 16, 0o40755 << 16))
                archive.writestr(info, content)
        return out.getvalue()
    kind = dice.choice((tarfile.USTAR_FORMAT, tarfile.GNU_FORMAT, tarfile.PAX_FORMAT))
    with tarfile.open(fileobj=out, mode="w", format=kind) as bundle:
        for called, content in members:
            entry = tarfile.TarInfo(called[:90] or "x")
            entry.type = dice.choice((tarfile.REGTYPE, *MEMBERS))
            entry.size = len(content) if entry.type == tarfile.REGTYPE else 0
            entry.linkname = "/etc/passwd"
            bundle.addfile(entry, io.BytesIO(content))
    return gzip.compress(out.getvalue(), 1) if name.endswith("gz") else out.getvalue()


def member_name(dice: Dice) -> str:
    plain = ("ada", SLUG, "b.ipynb", f"{SLUG}.ipynb", "c.zip", "d.tar.gz", "..",
             "x_1_assignsubmission_file_", "Version 2", ".hidden")
    parts = [dice.choice(plain) if dice.random() < 0.8 else dice.choice(TEXTS)[:60]
             for _ in range(dice.randint(1, 4))]
    return dice.choice(("/", "/", "\\")).join(parts).encode("utf-8", "replace").decode()


def member(dice: Dice, depth: int) -> bytes:
    if depth < 2 and dice.random() < 0.3:
        return packed(dice, dice.choice(("a.zip", "a.tgz")), depth + 1)
    return dice.choice((b"", b"{}", b'{"cells": []}', b"x" * 3000))


# ------------------------------------------------------------------------------------------- frames
ASKED: tuple[Any, ...] = (
    ("load", "0" * 32, Cell("a", Role.ANSWER, "def f(x):\n    return x", ("f",))),
    ("script", "0" * 32, (Call("f", (np.ones((2, 3)), 0.5, Seed(3), Item(0, 1, "c")), {"p": 0.5},
                               ("out",), (0,), True),), 1 << 20, True),
    ("script", "0" * 32,
     (Call("f", (Code("g", "g = abs", ("f",)), [1, (2.0, "x")], {"a": np.arange(3)})),), 1 << 20))
ANSWERS: tuple[Any, ...] = (
    ("loaded", "0" * 32, "line 3: NameError"),
    ("answer", "0" * 32, 3, Answer(Outcome.PASSED, (np.ones((2, 3)), {"a": [1, "b", None]}),
                                   facts=Facts((1, np.zeros(2)), True, False))),
    ("answer", "0" * 32, 3,
     Answer(Outcome.PASSED, 1.5, facts=Facts((2**40,), False, True, ("UserWarning",)))),
    ("answer", "0" * 32, 0, Answer(Outcome.RAISED, error="ValueError: no", line="line 3: f()")),
    ("values", "0" * 32, 1, [np.arange(6.0).reshape(2, 3), True, 2**40, Opaque("generator")]),
    ("done", "0" * 32),
)


@cache
def sent(direction: str) -> tuple[tuple[Any, bytes], ...]:
    """Honest messages: what their headers say, and the bytes of their arrays."""
    return tuple(map(_taken_apart, map(wire.encode, ASKED if direction == "asked" else ANSWERS)))


def _taken_apart(payload: bytes) -> tuple[Any, bytes]:
    end = wire.HEADER.size + wire.HEADER.unpack_from(payload)[0]
    return msgpack.unpackb(payload[wire.HEADER.size : end]), payload[end + -end % wire.ALIGNED :]


def _put_together(header: bytes, arrays: bytes) -> bytes:
    start = wire.HEADER.size + len(header)
    return (wire.HEADER.pack(len(header)) + header
            + (bytes(-start % wire.ALIGNED) + arrays if arrays else b""))


def forged(dice: Dice, honest: Any, arrays: bytes) -> bytes:
    """A message damaged in its bytes or words; or one that this protocol could not have written."""
    style = dice.random()
    for _ in range(dice.randint(1, 3)) if style > 0.3 else ():
        honest = dice.bent(honest)
    told = tree(dice) if style < 0.3 else _without_maps(honest)
    with contextlib.suppress(OverflowError):  # of a number that no header can hold
        header = msgpack.packb(told, unicode_errors="surrogatepass")
        header, arrays = (dice.spoilt(part) if dice.random() < 0.2 else part
                          for part in (header, arrays))
        made = _put_together(header, arrays)
        return dice.spoilt(made) if dice.random() < 0.1 else made
    return b""


def _without_maps(told: Any) -> Any:
    """Junk says dicts as JSON does; the protocol has no such maps."""
    if isinstance(told, dict):
        return ["d", *(part for k, v in told.items() for part in (k, _without_maps(v)))]
    return list(map(_without_maps, told)) if isinstance(told, list) else told


def tree(dice: Dice, depth: int = 0) -> Any:
    tags = ("a", "t", "l", "d", "answer", "facts", "call", "seed", "item", "code", "cell", "draws",
            "opaque", "outcome", "role", "x")
    if depth > 8 or dice.random() < 0.4:
        odd: tuple[Any, ...] = (2**63 - 1, 2**64 - 1, "passed", "answer", "float64", "bool", "a\nb",
                                "x" * 500, b"x", {}, [])
        return dice.choice((None, True, 0, -1, 0.5, *odd))
    if dice.random() < 0.3:
        shape = (dice.choice((0, 1, 2, 8, -1, 2**62)) for _ in range(dice.randint(0, 4)))
        return ["a", dice.choice(("float64", "bool", "int8", "complex128", "object")), *shape]
    return [dice.choice(tags), *(tree(dice, depth + 1) for _ in range(dice.randint(0, 6)))]
