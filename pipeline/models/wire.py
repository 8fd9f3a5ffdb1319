"""The wire format of protocol buffers, as far as looking into a SavedModel without TensorFlow needs it."""

from __future__ import annotations

from collections.abc import Iterator

from edgewright.pipeline.errors import ModelError

VARINT, FIXED64, BYTES, FIXED32 = 0, 1, 2, 5
FIXED_BYTES = {FIXED64: 8, FIXED32: 4}
LONGEST_VARINT_BYTES = 10


def read_messages(content: memoryview, *path: int) -> Iterator[memoryview]:
    """Yield the submessages, strings or bytes that stand at the end of a path of field numbers.

    Args:
        content: a message.
        path: field numbers, the outermost first; repeated fields are followed each time.

    Raises:
        ModelError: the message is cut off or malformed.
    """
    for number, value in _fields(content):
        if number == path[0] and isinstance(value, memoryview):
            if len(path) == 1:
                yield value
            else:
                yield from read_messages(value, *path[1:])


def read_text(content: memoryview, *path: int) -> str:
    """Return the last text at the end of a path of field numbers; empty where there is none.

    Raises:
        ModelError: the message is cut off or malformed.
    """
    found = b""
    for value in read_messages(content, *path):
        found = bytes(value)
    return found.decode("utf-8", errors="replace")


def _fields(content: memoryview) -> Iterator[tuple[int, int | memoryview]]:
    position = 0
    while position < len(content):
        key, position = _varint(content, position)
        number, kind = key >> 3, key & 7
        if kind == VARINT:
            value, position = _varint(content, position)
            yield number, value
            continue
        if kind == BYTES:
            length, position = _varint(content, position)
        elif kind in FIXED_BYTES:
            length = FIXED_BYTES[kind]
        else:
            raise _malformed()
        if position + length > len(content):
            raise _malformed()
        if kind == BYTES:
            yield number, content[position : position + length]
        position += length


def _varint(content: memoryview, position: int) -> tuple[int, int]:
    value = 0
    for index, byte in enumerate(content[position : position + LONGEST_VARINT_BYTES]):
        value |= (byte & 0x7F) << (7 * index)
        if byte < 0x80:
            return value, position + index + 1
    raise _malformed()


def _malformed() -> ModelError:
    return ModelError("model: a protocol buffer of the SavedModel is cut off or malformed; save the model again.")
