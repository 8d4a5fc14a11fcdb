"""What the worker does for the judge: runs the cells of one notebook and answers calls. It knows no solution and no expected value."""

from __future__ import annotations

import builtins
import os
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from autograder import wire
from autograder.model import Answer, Call, Opaque
from autograder.perform import Room
from autograder.worker import blank, cage, keeper


def run(descriptor: int, answer_bytes: int, cpu: int, keeps: bool) -> None:
    """Lock the door as the judge says, say so, and serve; a keeper starts children that do so."""
    link = Link(descriptor, answer_bytes)
    _, readable, program = link.receive()
    _import_early()
    blank.install()
    cage.silence()
    cage.close_others(descriptor)
    if readable is not None:
        cage.drop_capabilities()
        cage.landlock(readable)
    filter_program = None if program is None else program.tobytes()
    if keeps:
        link.send(("ready",))
        keeper.keep(descriptor, lambda channel: _lock_and_serve(Link(channel, answer_bytes), cpu, filter_program))
    else:
        _lock_and_serve(link, cpu, filter_program)


def _lock_and_serve(link: Link, cpu: int, program: bytes | None) -> None:
    """The last step before student code may come: from here on this process can do nothing but compute and answer."""
    cage.limit_cpu(cpu)
    if program is not None:
        cage.install_filter(program)
    link.send(("ready",))
    serve(link)


def _import_early() -> None:
    """What numpy loads lazily is loaded now, while files can still be opened everywhere."""
    tempfile.tempdir = "/tmp"  # torch asks for this name when it is imported; nothing can be written there
    np.random.default_rng(0).random()
    _ = np.linalg.norm, np.fft.fft, np.ma.array, np.polynomial.Polynomial


class Link:
    """The worker's end of the socket: plain reads and writes on its descriptor, for the socket calls are forbidden here."""

    def __init__(self, descriptor: int, cap: int) -> None:
        self.descriptor = descriptor
        self.cap = cap

    def receive(self) -> Any:
        return wire.read_frame(lambda view: os.readv(self.descriptor, [view]), 1 << 40)

    def send(self, message: Any) -> None:
        self.write(wire.frame(message))

    def write(self, data: bytes) -> None:
        rest = memoryview(data)
        while rest:
            rest = rest[os.write(self.descriptor, rest) :]


def serve(link: Link) -> None:
    """Answer frames until the judge hangs up: `load` runs one cell, `script` answers calls one by one."""
    room = Room()
    depth = sys.getrecursionlimit()
    places = [sys.modules, *(vars(module) for module in (builtins, np, np.random, np.linalg, np.fft))]
    original = [dict(place) for place in places]
    while True:
        try:
            kind, nonce, body = link.receive()
        except EOFError:
            os._exit(0)  # no atexit handlers, no threads to wait for: a student may have left some
        for place, names in zip(places, original, strict=True):
            place.update(names)  # one exercise may have replaced `len` or np.sqrt; the next one is not to suffer for it
        sys.setrecursionlimit(depth)
        if kind == "load":
            link.send(("loaded", nonce, room.load(body)))
        else:
            _script(link, room, nonce, body)


def _script(link: Link, room: Room, nonce: str, calls: Sequence[Call]) -> None:
    for index, answer in enumerate(room.perform(calls)):
        link.write(_answer_frame(link.cap, nonce, index, answer))
    link.send(("done", nonce))


def _answer_frame(cap: int, nonce: str, index: int, answer: Answer) -> bytes:
    """The answer as a frame; a value that cannot travel or is too large is replaced by a word about it."""
    try:
        data = wire.frame(("answer", nonce, index, answer))
        if len(data) <= cap:
            return data
        kind = f"value of {len(data)} bytes"
    except (wire.WireError, MemoryError):
        kind = "value that cannot be sent"
    facts = answer.facts and replace(answer.facts, arguments=tuple(Opaque(kind) for _ in answer.facts.arguments))
    return wire.frame(("answer", nonce, index, replace(answer, value=Opaque(kind), facts=facts)))
