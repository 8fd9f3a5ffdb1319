"""Frames of the serial protocol, as docs/protocol.md says: what stands between two zero bytes, and what is text."""

from __future__ import annotations

import struct
import zlib
from dataclasses import dataclass
from enum import IntEnum

VERSION = 1
PAYLOAD_BYTES = 64
ANSWER = 0x80
"""Added to a command in its answer."""

_HEADER = struct.Struct("<BBHI")
_CHECK = struct.Struct("<I")
_LONGEST_BYTES = _HEADER.size + PAYLOAD_BYTES + _CHECK.size + 1
"""Of a frame in COBS."""
_KEPT_TEXT_BYTES = 4096


class Command(IntEnum):
    """What a frame asks for, or answers."""

    DAMAGED = 0
    HELLO = 1
    BYE = 2
    READ = 3
    WRITE = 4
    RESET = 5
    INVOKE = 6
    TIMING = 7
    MEMORY = 8


class Readable(IntEnum):
    """What can be read."""

    VERSION = 0
    CONFIGURATION = 1
    MODEL = 2
    INPUT_FACTS = 3
    INPUT_SHAPE = 4
    INPUT_NAME = 5
    OUTPUT_FACTS = 6
    OUTPUT_SHAPE = 7
    OUTPUT_NAME = 8
    OUTPUT = 9
    DIGEST = 10
    KERNELS = 11
    SELFTEST = 12


class Status(IntEnum):
    """How a request ended."""

    OK = 0
    DAMAGED = 1
    NO_SESSION = 2
    COMMAND = 3
    ARGUMENT = 4
    INPUT = 5
    MODEL = 6


@dataclass(frozen=True, kw_only=True)
class Frame:
    """A request or an answer."""

    command: int
    """Of an answer, with ANSWER added."""
    sequence: int
    session: int
    payload: bytes = b""
    status: int = Status.OK


def encode(frame: Frame) -> bytes:
    """Return a frame as it goes over the line, with a zero byte before and behind it.

    >>> encode(Frame(command=Command.RESET, sequence=2, session=0x01020304)).hex(" ")
    '00 02 05 02 02 09 04 03 02 01 1c 0b 1f a8 00'
    """
    body = _HEADER.pack(frame.command, frame.status, frame.sequence, frame.session) + frame.payload
    return b"\0" + stuff(body + _CHECK.pack(zlib.crc32(body))) + b"\0"


def decode(stuffed: bytes) -> Frame | None:
    """Return the frame that stood between two zero bytes, or None where it was damaged."""
    body = unstuff(stuffed)
    if body is None or len(body) < _HEADER.size + _CHECK.size:
        return None
    content, check = body[: -_CHECK.size], body[-_CHECK.size :]
    if _CHECK.pack(zlib.crc32(content)) != check:
        return None
    command, status, sequence, session = _HEADER.unpack_from(content)
    return Frame(
        command=command, status=status, sequence=sequence, session=session, payload=content[_HEADER.size :]
    )  # fmt: skip


def stuff(data: bytes) -> bytes:
    """Return at most 253 bytes without zeros: each stands as its distance to the next one (COBS).

    >>> stuff(b"ab" + bytes(2) + b"c").hex(" ")
    '03 61 62 01 02 63'
    """
    return b"".join(bytes([len(run) + 1]) + run for run in data.split(b"\0"))


def unstuff(stuffed: bytes) -> bytes | None:
    """Undo `stuff`; None where the distances do not end where the bytes do.

    >>> unstuff(bytes.fromhex("03 61 62 01 02 63")) == b"ab" + bytes(2) + b"c"
    True
    >>> unstuff(b"too short for its first distance")
    """
    runs = []
    start = 0
    while start < len(stuffed):
        end = start + stuffed[start]
        runs.append(stuffed[start + 1 : end])
        start = end
    return b"\0".join(runs) if runs and start == len(stuffed) else None


class Splitter:
    """Takes what arrives, in pieces of any size, and tells frames from text."""

    def __init__(self) -> None:
        self._frame: bytearray | None = None
        self._text = bytearray()

    @property
    def text(self) -> str:
        """The last of what was no frame."""
        return self._text.decode(errors="replace")

    def take(self, data: bytes) -> list[Frame | None]:
        """Return the frames that end in the data, with None for each one that was damaged."""
        found: list[Frame | None] = []
        for byte in data:
            if byte == 0:
                if self._frame:
                    found.append(decode(bytes(self._frame)))
                # Two zero bytes in a row: the end of something, then the start of a frame.
                self._frame = None if self._frame else bytearray()
            elif self._frame is None:
                self._text.append(byte)
            else:
                self._frame.append(byte)
                if len(self._frame) > _LONGEST_BYTES:
                    found.append(None)
                    self._frame = None
        del self._text[:-_KEPT_TEXT_BYTES]
        return found
