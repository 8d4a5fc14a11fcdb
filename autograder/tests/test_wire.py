"""Every value that may travel arrives as it was, and nothing else does."""

from __future__ import annotations

import math
import os
import random
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import msgpack  # type: ignore[import-untyped]  # it ships no annotations
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from autograder.model import (
    Answer, Call, Cell, Code, Facts, Given, Item, Opaque, Outcome, Role, Seed)
from autograder.running import frames
from autograder.running.packing import DTYPES, MAX_ITEMS
from autograder.running.wire import WireError, decode, encode
from autograder.sandbox.channel import Channel


def payload(tree: Any, *buffers: bytes) -> bytes:
    """A payload as a dishonest worker might write it."""
    header = tree if isinstance(tree, bytes) else msgpack.packb(tree)
    return struct.pack(">I", len(header)) + header + b"".join(buffers)


def same(one: Any, two: Any) -> bool:
    """Equality to the bit and the type; NaN equals NaN, -0.0 does not equal 0.0."""
    if type(one) is not type(two):
        return False
    if isinstance(one, np.ndarray):
        return bool(one.dtype == two.dtype and one.shape == two.shape
                    and one.tobytes() == two.tobytes())
    if isinstance(one, (tuple, list)):
        return len(one) == len(two) and all(map(same, one, two))
    if isinstance(one, dict):
        return list(one) == list(two) and all(same(one[k], two[k]) for k in one)
    if isinstance(one, float):
        return (struct.pack("d", one) == struct.pack("d", two)
                or (math.isnan(one) and math.isnan(two)))
    return bool(one == two)


scalars = st.one_of(st.none(), st.booleans(), st.integers(-(2**63), 2**63 - 1), st.floats(),
                    st.text(st.characters(exclude_categories=["Cs"])))


@st.composite
def arrays(draw: st.DrawFn) -> np.ndarray[Any, Any]:
    dtype = np.dtype(draw(st.sampled_from(sorted(DTYPES))))
    shape = tuple(draw(st.lists(st.integers(0, 3), max_size=4)))
    raw = np.random.default_rng(draw(st.integers(0, 99))).bytes(math.prod(shape) * dtype.itemsize)
    if dtype.name == "bool":
        raw = bytes(b & 1 for b in raw)
    return np.frombuffer(raw, dtype).reshape(shape)


data = st.recursive(
    scalars | arrays() | st.builds(Opaque, st.just("object")),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.lists(inner, max_size=3).map(tuple),
        st.dictionaries(st.text("abc"), inner, max_size=3)
    ),
    max_leaves=8,
)


@given(data)
@settings(max_examples=200, deadline=None)
def test_data_arrives_as_it_was(value: Any) -> None:
    try:
        sent = encode(("message", value))
    except WireError as error:
        assert "too deeply" in str(error)  # noqa: PT017  # whether it raises depends on the value drawn
        return
    assert same(decode(sent), ("message", value))


RECORDS = [
    Call("f"),
    Call("f", (1, Seed(3), Seed(4, "rng"), Item(0), Item(1, 2, "c")), {"p": 0.5}, ("out", "cache"),
         (0,), True, True),
    Call("f", (Code("g", "def g(x):\n    return 'ü'"),), {"h": Code("h", "h = abs")}),
    Cell("dropout_forward", Role.ANSWER, "def f():\n    return 'ü'", ("f", "g")),
    Answer(Outcome.PASSED, ((1, None), [2.5], {"a": "b"}, Opaque("object")),
           facts=Facts((1, (2,)), True, False, ("UserWarning",))),
    Answer(Outcome.RAISED, error="ValueError: no", line="line 3: f()"),
    *Outcome,
    *Role,
]


@pytest.mark.parametrize("record", RECORDS, ids=lambda r: type(r).__name__)
def test_records_arrive_as_they_were(record: Any) -> None:
    assert decode(encode(record)) == record


def test_of_a_given_only_the_value_travels() -> None:
    sent = encode(Call("f", (Given("the secret text", 1.5), Given("Seed(3)", Seed(3))),
                       {"x": Given("x", 2)}))
    assert b"secret" not in sent
    assert decode(sent) == Call("f", (1.5, Seed(3)), {"x": 2})


def test_arrays_arrive_writable_and_alone() -> None:
    one, two = decode(encode((np.arange(3.0), np.arange(4, dtype=np.int8))))
    one[:] = 7
    assert one.flags.owndata
    assert one.flags.aligned
    np.testing.assert_array_equal(two, [0, 1, 2, 3])


def test_strided_arrays_arrive_in_their_own_order() -> None:
    x = np.arange(24.0).reshape(4, 6)
    for view in (x.T, x[::-1, ::2], np.asfortranarray(x), np.broadcast_to(x[0], (3, 6))):
        np.testing.assert_array_equal(decode(encode(view)), view)


@pytest.mark.parametrize(
    "value",
    [
        2**63,
        -(2**63) - 1,
        "\ud800",
        b"bytes",
        {1: 2},
        {1, 2},
        object(),
        1j,
        np.float64(1),
        np.array([object()]),
        np.array(["text"]),
        np.zeros(2, dtype=">f8"),
        np.zeros(2, dtype=[("a", "f8")]),
        np.array(["2020-01-01"], dtype="M8[D]"),
        np.ma.array([1.0]),
        type("Text", (str,), {})("x"),
        "x" * (1 << 20),
    ],
    ids=lambda v: type(v).__name__ + repr(v)[:20],
)
def test_nothing_else_can_be_sent(value: Any) -> None:
    with pytest.raises(WireError):
        encode(value)


def test_deep_nesting_cannot_be_sent() -> None:
    value: Any = 1
    for _ in range(5000):
        value = [value]
    with pytest.raises(WireError, match="deep"):
        encode(value)


FLOAT = struct.pack("d", 1.0)
NONSENSE: dict[str, bytes] = {
    "nothing": b"",
    "short": b"\0\0",
    "no header": struct.pack(">I", 10),
    "huge header": struct.pack(">I", 2**32 - 1) + b"\xc0",
    "empty header": struct.pack(">I", 0),
    "two values": payload(b"\xc0\xc0"),
    "cut short": payload(b"\x93\x01"),
    "never used": payload(b"\xc1"),
    "array of 4 billion": payload(b"\xdd\xff\xff\xff\xff"),
    "map of 4 billion": payload(b"\xdf\xff\xff\xff\xff"),
    "text of 4 billion": payload(b"\xdb\xff\xff\xff\xff"),
    "nested 100000 deep": payload(b"\x91" * 100_000 + b"\xc0"),
    "nested 20 deep": payload(b"\x92\xa1t" * 20 + b"\xc0"),
    "many empty arrays": payload(b"\xdc\xff\xff" + b"\x90" * 65535),
    "too many items": payload(["t"] + [None] * (2 * MAX_ITEMS + 1)),
    "a map": payload({"a": 1}),
    "an empty map": payload({}),
    "bytes": payload(b"\xc4\x01x"),
    "no bytes": payload(b"\xc4\x00"),
    "an extension": payload(msgpack.packb(msgpack.ExtType(5, b"x"))),
    "a timestamp": payload(msgpack.packb(msgpack.Timestamp(1, 1))),
    "not utf-8": payload(b"\xa1\xff"),
    "a surrogate": payload(b"\xa3\xed\xa0\x80"),
    "uint64": payload(2**64 - 1),
    "no tag": payload([1, 2]),
    "empty list": payload([]),
    "unknown tag": payload(["pickle", "x"]),
    "left-over bytes": payload(None, b"x"),
    "odd dict": payload(["d", "a"]),
    "dict with int keys": payload(["d", 1, 2]),
    "dict with a key twice": payload(["d", "a", 1, "a", 2]),
    "array without dtype": payload(["a"]),
    "array of objects": payload(["a", "object", 1], FLOAT),
    "array of text": payload(["a", "<U2", 1], FLOAT),
    "array by list": payload(["a", ["float64"], 1], FLOAT),
    "array by structure": payload(["a", "f8,f8", 1], FLOAT * 2),
    "negative shape": payload(["a", "float64", -1], FLOAT),
    "two negative": payload(["a", "float64", -1, -1], FLOAT),
    "bool shape": payload(["a", "float64", True], FLOAT),
    "float shape": payload(["a", "float64", 1.0], FLOAT),
    "shape that wraps around": payload(["a", "float64", 2**33, 2**31], b""),
    "shape that wraps to one": payload(["a", "float64", 2**61 + 1], FLOAT),
    "empty but long": payload(["a", "float64", 2 * 10**8, 0]),
    "empty but huge": payload(["a", "float64", 0, 2**62, 2**62]),
    "33 axes": payload(["a", "float64", *[1] * 33], FLOAT),
    "too few bytes": payload(["a", "float64", 2], FLOAT),
    "too many bytes": payload(["a", "float64", 1], FLOAT * 2),
    "a bool of 2": payload(["a", "bool", 1], b"\2"),
    "unknown outcome": payload(["outcome", "excellent"]),
    "outcome of a list": payload(["outcome", ["t"]]),
    "outcome of nothing": payload(["outcome"]),
    "outcome twice": payload(["outcome", "passed", "failed"]),
    "answer without outcome": payload(["answer", "passed", None, "", "", None]),
    "answer in an answer": payload(["answer", ["outcome", "passed"], ["opaque", 1], "", "", None]),
    "answer with a seed": payload(["answer", ["outcome", "passed"], ["seed", 1, ""], "", "", None]),
    "answer with a deep seed": payload(["answer", ["outcome", "passed"],
                                        ["t", ["d", "a", ["seed", 1, ""]]], "", "", None]),
    "answer too short": payload(["answer", ["outcome", "passed"]]),
    "opaque that shouts": payload(["opaque", "x" * 5000]),
    "opaque with controls": payload(["opaque", "\x1b[31m"]),
    "call with a cell": payload(["call", "f", ["t", ["cell", "a", ["role", "answer"], "", ["t"]]],
                                 ["d"], ["t"], None, False, False]),
}


@pytest.mark.parametrize("nonsense", NONSENSE.values(), ids=NONSENSE)
def test_nonsense_is_refused_in_one_way(nonsense: bytes) -> None:
    with pytest.raises(WireError):
        decode(nonsense)


def test_changed_bytes_are_refused_or_read_but_nothing_else() -> None:
    """A thousand messages with random damage: a WireError or a value, never another exception."""
    dice = random.Random(0)
    sent = bytearray(encode(("answer", "nonce", 3, Answer(
        Outcome.PASSED, (np.ones((2, 3)), {"a": [1, "b"]}), facts=Facts((1,))))))
    for _ in range(1000):
        damaged = bytearray(sent)
        for _ in range(dice.randint(1, 4)):
            damaged[dice.randrange(len(damaged))] = dice.randrange(256)
        try:
            decode(damaged[: dice.choice([len(damaged), dice.randrange(len(damaged))])])
        except WireError:
            continue


# ------------------------------------------------------------------------------------------- frames
Pair = tuple[Channel, socket.socket]


@pytest.fixture
def pair() -> Iterator[Pair]:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        yield Channel(ours, 1000), theirs


def soon(seconds: float = 0.3) -> float:
    return time.monotonic() + seconds


def test_a_frame_goes_there_and_back(pair: Pair) -> None:
    channel, other = pair
    channel.send(("hello", 1), soon())
    other.sendall(other.recv(1000))
    assert channel.receive(soon()) == ("hello", 1)


def test_frames_that_arrive_together_stay_apart(pair: Pair) -> None:
    pair[1].sendall(frames.frame(1) + frames.frame(2))
    assert [pair[0].receive(soon()), pair[0].receive(soon())] == [1, 2]


@pytest.mark.parametrize("size", [1001, 2**32, 2**64 - 1])
def test_a_frame_that_announces_too_much_is_refused_at_once(pair: Pair, size: int) -> None:
    pair[1].sendall(struct.pack(">Q", size))
    # nothing more comes: had it waited, that were a TimeoutError
    with pytest.raises(WireError, match="at most 1000"):
        pair[0].receive(soon(60))


def test_silence_ends_at_the_deadline(pair: Pair) -> None:
    with pytest.raises(TimeoutError):
        pair[0].receive(soon(0.05))


def test_a_deadline_may_be_asked_again_and_again(pair: Pair) -> None:
    left = [0.01, 0.01, 0.01, 0.0]
    with pytest.raises(TimeoutError):
        pair[0].receive(lambda: left.pop(0))
    assert not left
    left = [0.0]
    with pytest.raises(TimeoutError):
        pair[0].send(1, lambda: left.pop(0))


def test_a_slow_trickle_cannot_extend_the_deadline(pair: Pair) -> None:
    def trickle() -> None:
        for byte in frames.frame("x" * 500):
            try:
                pair[1].send(bytes([byte]))
            except OSError:
                return
            time.sleep(0.01)

    thread = threading.Thread(target=trickle)
    thread.start()
    with pytest.raises(TimeoutError):  # the whole frame would take more than 5 s
        pair[0].receive(soon(0.2))
    pair[0].close()
    thread.join()


def test_a_reader_that_does_not_read_ends_at_the_deadline(pair: Pair) -> None:
    with pytest.raises(TimeoutError):
        pair[0].send(np.zeros(10**7), soon(0.1))


@pytest.mark.parametrize("sent", [b"", frames.frame(1)[:5], frames.frame("abc")[:-1]],
                         ids=["nothing", "half a length", "half a frame"])
def test_the_other_side_may_leave_at_any_time(pair: Pair, sent: bytes) -> None:
    pair[1].sendall(sent)
    pair[1].close()
    with pytest.raises(EOFError):
        pair[0].receive(soon())


def test_sending_to_nobody_is_an_end_of_file(pair: Pair) -> None:
    pair[1].close()
    with pytest.raises(EOFError):
        pair[0].send(1, soon())


def test_frames_travel_over_plain_descriptors() -> None:
    reader, writer = os.pipe()
    os.write(writer, frames.frame(("a", np.arange(3))))
    os.close(writer)
    read: Callable[[memoryview], int] = lambda view: os.readv(reader, [view])  # noqa: E731
    assert same(frames.read_frame(read, 1000), ("a", np.arange(3)))
    os.close(reader)
