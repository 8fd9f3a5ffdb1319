"""The bounds of the flatbuffer reader, on files that break one rule each."""

from __future__ import annotations

import re
import struct
import time

import flatbuffers
import pytest

from edgewright.pipeline.errors import TfliteError
from edgewright.pipeline.graph.flatbuffer import FlatBuffer, Table

NAME = b"TEST"


def _root(content: bytes) -> Table:
    return FlatBuffer(content, source="file").root(NAME)


def _file(vtable: tuple[int, ...], fields: bytes, tail: bytes = b"") -> bytes:
    """Lay out a file by hand: root offset, name, vtable, table, tail; the vtable's two lengths come first in it."""
    start = 8 + 2 * len(vtable)
    start += -start % 4
    content = struct.pack("<I4s", start, NAME) + struct.pack(f"<{len(vtable)}H", *vtable)
    return content.ljust(start, b"\0") + struct.pack("<i", start - 8) + fields + tail


def test_fields_of_every_kind_are_read() -> None:
    """Scalars, vectors, bytes and text come back; absent ones are None or empty."""
    builder = flatbuffers.Builder(64)
    text, data = builder.CreateString("naïve"), builder.CreateByteVector(b"\1\2\3")
    builder.StartVector(4, 2, 4)
    builder.PrependInt32(-5)
    builder.PrependInt32(7)
    numbers = builder.EndVector()
    builder.StartObject(6)
    builder.PrependInt8Slot(0, -3, 0)
    builder.PrependUOffsetTRelativeSlot(1, text, 0)
    builder.PrependUOffsetTRelativeSlot(2, data, 0)
    builder.PrependUOffsetTRelativeSlot(3, numbers, 0)
    builder.Finish(builder.EndObject(), NAME)
    table = _root(bytes(builder.Output()))
    assert table.integer(0, "i8") == -3
    assert table.text(1) == "naïve"
    assert table.blob(2) == b"\1\2\3"
    assert table.integers(3, "i32") == (7, -5)
    assert (None, 9, False) == (table.scalar(4, "f32"), table.integer(4, "i32", 9), table.boolean(4))
    assert (None, None, None, []) == (table.text(5), table.blob(5), table.table(9), table.tables(9))


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "at least 8 bytes"),
        (b"\x08\0\0\0TES", "at least 8 bytes"),
        (b"\x08\0\0\0TFL3" + bytes(8), "identifier at byte 4 is b'TFL3'"),
        (struct.pack("<I4s", 8, NAME), "offset 8 at byte 0 leads outside"),
        (struct.pack("<I4s", 0xFFFFFFFF, NAME) + bytes(8), "offset 4294967295 at byte 0 leads outside"),
        (struct.pack("<I4s", 0, NAME) + bytes(8), "offset 0 at byte 0 leads outside"),
        (struct.pack("<I4si", 8, NAME, 100), "field list outside, at byte -92"),
        (struct.pack("<I4si", 8, NAME, -4), "field list outside, at byte 12"),
        (struct.pack("<I4si", 8, NAME, -(2**31)), "field list outside"),
        (_file((2, 4), b""), "impossible length 2"),
        (_file((5, 4), b""), "impossible length 5"),
        (_file((400, 4), b""), "impossible length 400"),
        (_file((4, 3), b""), "impossible length 3"),
        (_file((4, 40), b""), "impossible length 40"),
    ],
)
def test_a_broken_root_is_refused(content: bytes, message: str) -> None:
    """Too short, another schema, and offsets and lengths beyond the file raise one sentence."""
    with pytest.raises(TfliteError, match=re.escape(message)):
        _root(content)


@pytest.mark.parametrize("offset", [1, 3, 5, 8, 65535])
def test_a_field_outside_of_its_table_is_refused(offset: int) -> None:
    """A field must lie behind the table's first four bytes and end inside."""
    with pytest.raises(TfliteError, match="field 0 of the table"):
        _root(_file((6, 8, offset), bytes(4), bytes(99))).integer(0, "i32")


@pytest.mark.parametrize("count", [4, 2**30, 2**32 - 1])
def test_a_vector_longer_than_the_file_is_refused(count: int) -> None:
    """A vector's length is compared with the bytes that are left, without overflow."""
    content = _file((6, 8, 4), struct.pack("<I", 4), struct.pack("<I", count) + bytes(12))
    with pytest.raises(TfliteError, match=f"claims {count} elements"):
        _root(content).integers(0, "i32")


def test_text_that_is_not_utf8_is_refused() -> None:
    """The format's strings are UTF-8."""
    content = _file((6, 8, 4), struct.pack("<I", 4), struct.pack("<I", 2) + b"\xff\xfe\0\0")
    with pytest.raises(TfliteError, match="is not UTF-8"):
        _root(content).text(0)


def test_a_field_of_a_newer_schema_is_refused() -> None:
    """A slot that we do not know is refused only where it is in use."""
    table = _root(_file((8, 12, 0, 4), bytes(8)))
    table.require_slots(2, "the table")
    with pytest.raises(TfliteError, match="the table uses a field newer than the schema"):
        table.require_slots(1, "the table")
    _root(_file((8, 12, 4, 0), bytes(8))).require_slots(1, "the table")


def test_bytes_outside_of_the_flatbuffer_are_bounded() -> None:
    """A range that a very large model names by position must end inside of the file."""
    buffer = FlatBuffer(bytes(range(20)), source="file")
    assert buffer.appended(17, 3, "a buffer") == bytes([17, 18, 19])
    for start, length in ((17, 4), (2**63, 1), (0, 2**64 - 1)):
        with pytest.raises(TfliteError, match="beyond the file's end"):
            buffer.appended(start, length, "a buffer")


def test_a_vector_that_names_one_table_a_million_times_is_stopped() -> None:
    """Work is bounded by the file's size, though every offset is sound."""
    builder = flatbuffers.Builder(64)
    builder.StartObject(0)
    leaf = builder.EndObject()
    positions = leaf
    for _ in range(2):
        builder.StartVector(4, 1000, 4)
        for _ in range(1000):
            builder.PrependUOffsetTRelative(positions)
        vector = builder.EndVector()
        builder.StartObject(1)
        builder.PrependUOffsetTRelativeSlot(0, vector, 0)
        positions = builder.EndObject()
    builder.Finish(positions, NAME)
    started = time.perf_counter()
    with pytest.raises(TfliteError, match="overlap so much"):
        [table.tables(0) for table in _root(bytes(builder.Output())).tables(0)]
    assert time.perf_counter() - started < 1


def test_one_text_read_again_and_again_is_stopped() -> None:
    """Sharing a long string is no way to make a small file expensive."""
    content = _file((6, 8, 4), struct.pack("<I", 4), struct.pack("<I", 100_000) + bytes(100_001))
    table = _root(content)
    with pytest.raises(TfliteError, match="overlap so much"):
        for _ in range(10):
            table.text(0)
