"""Messages on their way: each a frame, eight bytes of length and a payload (wire.py)."""

from __future__ import annotations

import struct
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from autograder.running.wire import Piece, WireError, decode, parts

LENGTH = struct.Struct(">Q")
AHEAD = 1 << 16  # bytes that are taken off the socket at once
AT_ONCE = 500  # pieces that are handed to the system together; it takes 1024
NONCE = "0" * 32  # where each message has its own


def frame(message: Any) -> bytes:
    """A whole frame, length and payload."""
    return b"".join(pieces(message))


def done(nonce: str) -> bytes:
    """The frame that ends a script's answers, made of one with another nonce."""
    return _DONE.replace(NONCE.encode(), nonce.encode())


def pieces(message: Any) -> list[Piece]:
    """The frame in pieces, the arrays where they are, so that nothing large is copied."""
    payload = parts(message)
    return [LENGTH.pack(sum(map(len, payload))), *payload]


def unsent(sent: Sequence[Piece], count: int) -> Sequence[Piece]:
    """What is left of some pieces of which `count` bytes are gone."""
    for number, piece in enumerate(sent):
        if count < len(piece):
            return [memoryview(piece)[count:], *sent[number + 1 :]]
        count -= len(piece)
    return []


def read_frame(readinto: Callable[[memoryview], int], cap: int, most: int | None = None) -> Any:
    """The next message. `readinto` fills a part of a buffer: how much (0: EOFError)."""
    (length,) = LENGTH.unpack(_read(readinto, LENGTH.size))
    if length > cap:  # before anything is allocated
        raise WireError(f"a frame of {length} bytes; at most {cap} may travel")
    return decode(_read(readinto, length), most)


def _read(readinto: Callable[[memoryview], int], size: int) -> memoryview:
    # not a bytearray, which would be filled with zeros first
    view, done = np.empty(size, np.uint8).data, 0
    while done < size:
        count = readinto(view[done:])
        if not count:
            raise EOFError("the other side is gone")
        done += count
    return view


_DONE = frame(("done", NONCE))
