"""The wire format of protocol buffers: what was written is read, and anything else ends in our own error."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from support.keras_files import field, varint

from edgewright.pipeline.errors import ModelError
from edgewright.pipeline.models.wire import read_messages, read_text


@given(st.lists(st.tuples(st.integers(1, 6), st.binary(max_size=300) | st.integers(0, 2**64 - 1)), max_size=8))
def test_fields_are_read_back(fields: list[tuple[int, bytes | int]]) -> None:
    """Fields with bytes come out in their order; whole numbers and fields of fixed width are stepped over."""
    content = b"".join(field(number, value) for number, value in fields)
    content += varint(7 << 3 | 1) + bytes(8) + varint(7 << 3 | 5) + bytes(4)

    for wanted in range(1, 7):
        expected = [value for number, value in fields if number == wanted and isinstance(value, bytes)]
        assert expected == [bytes(found) for found in read_messages(memoryview(content), wanted)]


def test_paths_are_followed() -> None:
    """A path of numbers leads through every repetition; the last text wins, and none is empty."""
    content = memoryview(field(2, field(1, "a") + field(1, "b")) + field(3, 1) + field(2, field(1, "c")))

    assert [b"a", b"b", b"c"] == [bytes(found) for found in read_messages(content, 2, 1)]
    assert ("c", "") == (read_text(content, 2, 1), read_text(content, 2, 5))


@given(st.binary(max_size=200))
def test_any_bytes_end_in_our_own_error(content: bytes) -> None:
    """Whatever is read as a protocol buffer, it ends, by itself or in our own error."""
    try:
        assert all(len(found) <= len(content) for found in read_messages(memoryview(content), 1, 2))
    except ModelError as error:
        assert "cut off or malformed" in str(error)
