"""What the worker does for the judge: runs a notebook's cells, answers calls, knows no solution."""

from __future__ import annotations

import builtins
import importlib
import os
import sys
import tempfile
from collections.abc import Mapping, Sequence
from time import monotonic
from typing import Any

import numpy as np

from autograder.model import Answer, Call, Draws
from autograder.running import (
    arguments, batching, frames, generators, import_stubs, opaque, runner, spoken, wire)
from autograder.running.batching import NOT_REPEATED, functions, gathered, repetitions, says_all
from autograder.running.packing import fitting, weight_of, without_values
from autograder.running.runner import Room
from autograder.running.wire import Piece, WireError
from autograder.worker import forkserver, gpu, lockdown

GATHERING = 0.02  # seconds for which a finished answer may wait for the next one


def run(descriptor: int, answer_bytes: int, work: tuple[int, int],
        keeps: Sequence[str] | None) -> None:
    """Lock the door as the judge says, say so, and serve; a fork server starts children that do.

    `work` is for `lockdown.limit_work`.
    """
    link = Link(descriptor, answer_bytes)
    _, readable, program, devices, listed = link.receive()
    _import_early(keeps or ())
    import_stubs.install()
    lockdown.silence()
    lockdown.close_others(descriptor)
    if readable is not None:
        lockdown.drop_capabilities()
        lockdown.landlock(readable, devices or (), listed)
    # before the door is locked: this takes calls that no student is to make
    if devices is not None and (trouble := gpu.wake()):
        link.send(("failed", trouble))
        os._exit(1)
    filter_program = None if program is None else program.tobytes()
    if keeps is not None:
        link.send(("ready",))
        forkserver.keep(descriptor, lambda channel: _lock_and_serve(Link(channel, answer_bytes),
                                                                    work, filter_program))
    else:
        _lock_and_serve(link, work, filter_program)


def _lock_and_serve(link: Link, work: tuple[int, int], program: bytes | None) -> None:
    """The last step before student code: now this process can only compute and answer."""
    lockdown.limit_work(*work)
    if program is not None:
        lockdown.install_filter(program)
    link.send(("ready",))
    serve(link)


def _import_early(modules: Sequence[str]) -> None:
    """What numpy loads late is loaded now, while files open; a fork server loads more."""
    # torch asks for this name when it is imported; nothing can be written there
    tempfile.tempdir = "/tmp"
    np.random.default_rng(0).random()
    generators.is_as_ever()
    _ = np.linalg.norm, np.fft.fft, np.ma.array, np.polynomial.Polynomial
    for name in modules:
        importlib.import_module(name)


class Link:
    """The worker's end of the socket: plain reads and writes, as socket calls are forbidden."""

    def __init__(self, descriptor: int, cap: int) -> None:
        self.descriptor = descriptor
        self.cap = cap

    def receive(self) -> Any:
        return frames.read_frame(lambda view: os.readv(self.descriptor, [view]), 1 << 40)

    def send(self, message: Any) -> None:
        self.write(frames.pieces(message))

    def write(self, pieces: Sequence[Piece]) -> None:
        while pieces:
            pieces = frames.unsent(pieces, os.writev(self.descriptor, pieces[: frames.AT_ONCE]))


def serve(link: Link) -> None:
    """Answer frames until the judge hangs up: `load` runs a cell, `script` answers calls."""
    room, outbox = Room(), Outbox(link)
    depth = sys.getrecursionlimit()
    ours = (arguments, batching, frames, generators, opaque, runner, spoken, wire)
    places = [sys.modules,
              *(vars(module) for module in (builtins, np, np.random, np.linalg, np.fft, *ours))]
    original, found = [dict(place) for place in places], [list(place.values()) for place in places]
    while True:
        try:
            kind, nonce, body, *allowed = link.receive()
        except EOFError:
            os._exit(0)  # no atexit handlers, no threads to wait for: a student may have left some
        # one exercise may have replaced `len` or np.sqrt; the next one is not to suffer for it
        for number, place in enumerate(places):
            if not _are(place, found[number]):
                place.update(original[number])
                found[number] = list(place.values())
        sys.setrecursionlimit(depth)
        if kind == "load":
            link.send(("loaded", nonce, room.load(body)))
        else:
            _script(link, outbox, room, nonce, body, *allowed)


def _are(place: Mapping[str, Any], values: list[Any]) -> bool:
    """Whether a namespace holds these things and no others: quicker than putting them back."""
    try:
        return list(place.values()) == values
    except BaseException:  # something of the student's that will not be compared
        return False


def _script(link: Link, outbox: Outbox, room: Room, nonce: str, groups: Sequence[Call | Draws],
            allowed: int, more: bool = False) -> None:
    """Answer call by call, repetitions as one; all answers together weigh `allowed` at most.

    With `more` another script is on its way, and what is said may wait for what that one brings.
    """
    left = repetitions(groups)
    outbox.begin()
    called = functions(groups)
    answers: list[Answer] = []
    for index, answer in enumerate(room.perform(groups)):
        if answer is NOT_REPEATED:
            continue
        answers.append(fitting(answer, allowed))
        heavy = weight_of(answers[-1])
        allowed -= heavy
        if not (left[index] and says_all(answer) and heavy * len(answers) < frames.AHEAD
                and outbox.is_young()):
            # if that one hangs, the judge blames the right function
            next_is_same = called[index + 1 : index + 2] in ([], [called[index]])
            outbox.put(_answer_pieces(link.cap, nonce, index, answers),
                       may_wait=next_is_same or more)
            answers = []
    outbox.put([frames.done(nonce)], may_wait=more)


class Outbox:
    """What is to be sent, held back to go together: waking the other side costs both."""

    def __init__(self, link: Link) -> None:
        self._link = link
        self._pieces: list[Piece] = []
        self._since = monotonic()

    def begin(self) -> None:
        """What comes now is new, unless something waits already."""
        if not self._pieces:
            self._since = monotonic()

    def is_young(self) -> bool:
        """Whether what is in here may wait for more."""
        return monotonic() - self._since < GATHERING

    def put(self, pieces: Sequence[Piece], may_wait: bool = False) -> None:
        """Send this too, if it may not wait then now."""
        self._pieces += pieces
        if not (may_wait and self.is_young() and sum(map(len, self._pieces)) < frames.AHEAD):
            self._link.write(self._pieces)
            self._pieces, self._since = [], monotonic()


def _answer_pieces(cap: int, nonce: str, last: int, answers: Sequence[Answer]) -> list[Piece]:
    """The answers up to call `last`: in one frame, or where that cannot be, one by one."""
    first = last + 1 - len(answers)
    if all(map(says_all, answers)):
        try:
            pieces = frames.pieces(("values", nonce, first, gathered([a.value for a in answers])))
            if sum(map(len, pieces)) <= cap:
                return pieces
        except (WireError, MemoryError):
            pass  # one of them cannot travel
    return [piece for k, answer in enumerate(answers)
            for piece in _pieces_of_one(cap, nonce, first + k, answer)]


def _pieces_of_one(cap: int, nonce: str, index: int, answer: Answer) -> list[Piece]:
    """The answer as a frame; a value that cannot travel is replaced by a word about it."""
    try:
        pieces = frames.pieces(("answer", nonce, index, answer))
        if sum(map(len, pieces)) <= cap:
            return pieces
    except (WireError, MemoryError):
        pass
    return frames.pieces(("answer", nonce, index, without_values(answer, opaque.UNSENT)))
