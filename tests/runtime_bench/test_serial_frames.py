"""Frames of the serial protocol: there and back, what damage does to them, and text beside them."""

from __future__ import annotations

import doctest
import itertools
import random
import re
import struct
from enum import IntEnum
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgewright.runtime_bench.serial import frames as module
from edgewright.runtime_bench.serial.frames import (
    ANSWER,
    PAYLOAD_BYTES,
    VERSION,
    Command,
    Frame,
    Readable,
    Splitter,
    Status,
    encode,
)

PAGE = (Path(__file__).parents[2] / "docs" / "protocol.md").read_text()

frames = st.builds(
    Frame,
    command=st.integers(0, 255),
    status=st.integers(0, 255),
    sequence=st.integers(0, 2**16 - 1),
    session=st.integers(0, 2**32 - 1),
    payload=st.binary(max_size=PAYLOAD_BYTES),
)
texts = st.text(alphabet=st.characters(min_codepoint=1, exclude_categories=("Cs",)), max_size=20).map(str.encode)


@given(frame=frames)
def test_frame_comes_back(frame: Frame) -> None:
    """Whatever a frame holds, its bytes are zeros at both ends alone, 79 at most, and give the frame again."""
    data = encode(frame)
    assert (b"\0", 0, b"\0") == (data[:1], data[1:-1].count(0), data[-1:])
    assert len(data) <= 79
    assert [frame] == Splitter().take(data)


@given(parts=st.lists(st.tuples(texts, frames), max_size=5), end=texts, cuts=st.lists(st.integers(0, 400), max_size=6))
def test_text_and_frames_share_a_line(parts: list[tuple[bytes, Frame]], end: bytes, cuts: list[int]) -> None:
    """In pieces of any size, text and frames are told apart."""
    data = b"".join(text + encode(frame) for text, frame in parts) + end
    places = [0, *sorted(cut for cut in cuts if cut < len(data)), len(data)]
    splitter = Splitter()
    found = [frame for a, b in itertools.pairwise(places) for frame in splitter.take(data[a:b])]
    assert [frame for _, frame in parts] == found
    assert b"".join(text for text, _ in parts) + end == splitter.text.encode()


@given(frame=frames, data=st.data())
def test_damage_is_noticed(frame: Frame, data: st.DataObject) -> None:
    """A frame of which a byte is corrupted, lost or doubled is never taken for another frame."""
    sent = encode(frame)
    place = data.draw(st.integers(0, len(sent) - 1))
    other = data.draw(st.sampled_from([b"", sent[place : place + 1] * 2, bytes([sent[place] ^ 0x55])]))
    found = Splitter().take(sent[:place] + other + sent[place + 1 :])
    assert set() == set(found) - {None, frame}


def test_doctests() -> None:
    """The examples in the docstrings are right."""
    assert (0, 4) == doctest.testmod(module)


def test_splitter_recovers() -> None:
    """After any garbage, the second of two equal frames is found at the latest."""
    draw = random.Random(1)
    frame = Frame(command=3, sequence=4, session=5, payload=b"payload")
    for _ in range(500):
        splitter = Splitter()
        splitter.take(draw.randbytes(draw.randrange(200)))
        assert frame in splitter.take(encode(frame) * 2)


def test_text_is_kept_in_bounds() -> None:
    """A board that prints for ever fills no memory: the end of its text is kept."""
    splitter = Splitter()
    for _ in range(100):
        assert [] == splitter.take(b"0123456789" * 1000)
    assert 4096 == len(splitter.text)
    assert splitter.text.endswith("0123456789")


@pytest.mark.parametrize("names", [Command, Readable, Status])
def test_page_lists_every_number(names: type[IntEnum]) -> None:
    """docs/protocol.md gives every command, object and status its number."""
    rows = re.findall(r"^\| `(\w+)` \| (\d+) \|", PAGE, re.MULTILINE)
    assert [] == [member for member in names if (member.name, str(member.value)) not in rows]
    assert len(rows) == len(Command) + len(Readable) + len(Status)


def test_example_of_the_page() -> None:
    """The frames that docs/protocol.md shows are what it says of them."""
    lines = re.findall(r"^    (?:->|<-) ([0-9a-f ]+)$", PAGE, re.MULTILINE)
    hello, greeting, question, version = (Splitter().take(bytes.fromhex(line))[0] for line in lines)
    assert Frame(command=Command.HELLO, sequence=0, session=0x01020304) == hello
    assert greeting is not None
    assert (Command.HELLO | ANSWER, struct.pack("<III", VERSION, 2, 2)) == (greeting.command, greeting.payload)
    assert question is not None
    assert (Command.READ, bytes(6)) == (question.command, question.payload)
    assert version is not None
    assert (1, struct.pack("<I", 5) + b"1.2.3") == (version.sequence, version.payload)
