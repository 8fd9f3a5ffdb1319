"""A bounds-checked view of a flatbuffer: tables, vectors, strings and scalars of bytes that nobody vouches for.

Every offset, vtable and length is checked against the buffer before it is followed. Flatbuffers may share parts, so a
small file can describe a huge or endless structure; `FlatBuffer` therefore counts the work it does and stops when that
exceeds a multiple of the file's size. Whatever is wrong raises `TfliteError` with one sentence.
Source: FlatBuffers internals, the wire format of tables, vtables, vectors and strings.
"""

from __future__ import annotations

import struct
from typing import Literal, TypeAlias, cast

from edgewright.pipeline.errors import TfliteError

Kind: TypeAlias = Literal["bool", "i8", "u8", "i16", "u16", "i32", "u32", "i64", "u64", "f32", "f64"]
"""Name of a scalar's wire type."""

CODES: dict[Kind, str] = {
    "bool": "?", "i8": "b", "u8": "B", "i16": "h", "u16": "H", "i32": "i", "u32": "I", "i64": "q", "u64": "Q",
    "f32": "f", "f64": "d",
}  # fmt: skip
"""For each scalar its format character in `struct`; all are little-endian on the wire."""

SCALARS = {kind: struct.Struct("<" + code) for kind, code in CODES.items()}
_U16, _I32, _U32 = SCALARS["u16"], SCALARS["i32"], SCALARS["u32"]

_WORK_PER_BYTE = 4
_WORK_ALLOWANCE = 1 << 18
_TABLE_WORK = 32
"""One table costs as much as 32 bytes of vectors: about what it takes in Python's time. An honest table takes at least
8 bytes of its own, so an honest file never comes near four times its size."""


class FlatBuffer:
    """The bytes of one file, and how much work reading them has cost so far."""

    __slots__ = ("_work_left", "data", "source")

    def __init__(self, data: bytes, *, source: str) -> None:
        """Wrap a file's bytes.

        Args:
            data: the whole file.
            source: what error messages call it.
        """
        self.data = data
        self.source = source
        self._work_left = _WORK_PER_BYTE * len(data) + _WORK_ALLOWANCE

    def error(self, reason: str) -> TfliteError:
        """Build the error for something wrong in the file.

        Args:
            reason: what is wrong, a clause without a full stop.

        Returns:
            The error to raise.
        """
        return TfliteError(
            f"{self.source} is not a sound .tflite of {len(self.data)} bytes: {reason}. "
            "Check that the file was copied whole, or convert the model again."
        )

    def spend(self, work: int) -> None:
        """Count work, in bytes looked at.

        Raises:
            TfliteError: the file asks for more work than an honest one of its size can.
        """
        self._work_left -= work
        if self._work_left < 0:
            raise self.error("its parts overlap so much that they describe many times the file's size")

    def root(self, identifier: bytes) -> Table:
        """Open the root table.

        Args:
            identifier: the four bytes that name the file's schema.

        Raises:
            TfliteError: the file is too short, of another schema, or its root lies outside.
        """
        if len(self.data) < 8:
            raise self.error("a flatbuffer has at least 8 bytes")
        found = self.data[4:8]
        if found != identifier:
            raise self.error(f"its identifier at byte 4 is {found!r}, and {identifier!r} is expected")
        return self.table(self.follow(0))

    def follow(self, position: int) -> int:
        """Follow the unsigned offset that is stored at a position.

        Args:
            position: where the offset stands, already checked to be inside.

        Returns:
            The position that it leads to, at which at least four bytes exist.
        """
        offset: int = _U32.unpack_from(self.data, position)[0]
        target = position + offset
        if offset < 4 or target + 4 > len(self.data):
            raise self.error(f"the offset {offset} at byte {position} leads outside")
        return target

    def table(self, position: int) -> Table:
        """Open the table at a position that `follow` returned."""
        self.spend(_TABLE_WORK)
        vtable = position - _I32.unpack_from(self.data, position)[0]
        length = len(self.data)
        if vtable < 0 or vtable + 4 > length:
            raise self.error(f"the table at byte {position} has its field list outside, at byte {vtable}")
        vtable_bytes: int = _U16.unpack_from(self.data, vtable)[0]
        table_bytes: int = _U16.unpack_from(self.data, vtable + 2)[0]
        if vtable_bytes < 4 or vtable_bytes % 2 or vtable + vtable_bytes > length:
            raise self.error(f"the field list at byte {vtable} has the impossible length {vtable_bytes}")
        if table_bytes < 4 or position + table_bytes > length:
            raise self.error(f"the table at byte {position} has the impossible length {table_bytes}")
        return Table(self, position, table_bytes, vtable, vtable_bytes)

    def vector(self, position: int, element_bytes: int) -> tuple[int, int]:
        """Open the vector at a position that `follow` returned.

        Returns:
            Position of the first element, and how many there are; all of them lie inside.
        """
        count: int = _U32.unpack_from(self.data, position)[0]
        start = position + 4
        if count * element_bytes > len(self.data) - start:
            raise self.error(f"the vector at byte {position} claims {count} elements, more than the file holds")
        return start, count

    def appended(self, start: int, length: int, what: str) -> bytes:
        """Copy bytes that the file names by position and length, outside of the flatbuffer proper.

        Args:
            start: first byte, counted from the file's start.
            length: how many bytes.
            what: what they are, for the message.

        Raises:
            TfliteError: they lie outside of the file.
        """
        if start + length > len(self.data):
            raise self.error(f"{what} claims {length} bytes from byte {start} on, beyond the file's end")
        return self.blob(start, length)

    def blob(self, start: int, length: int) -> bytes:
        """Copy bytes of a range that is already checked to be inside."""
        self.spend(length)
        return self.data[start : start + length]


class Table:
    """One table; a field is named by its slot, its number in the schema."""

    __slots__ = ("_buffer", "_bytes", "_position", "_vtable", "_vtable_bytes")

    def __init__(self, buffer: FlatBuffer, position: int, table_bytes: int, vtable: int, vtable_bytes: int) -> None:
        """Made by `FlatBuffer.table`, which has checked the figures."""
        self._buffer = buffer
        self._position = position
        self._bytes = table_bytes
        self._vtable = vtable
        self._vtable_bytes = vtable_bytes

    def require_slots(self, known: int, what: str) -> None:
        """Refuse a table with a field that the schema we know does not have: a rewrite would lose it.

        Args:
            known: how many slots the schema has.
            what: what the table is, for the message.

        Raises:
            TfliteError: a slot beyond is in use.
        """
        first = 4 + 2 * known
        if self._vtable_bytes <= first:
            return
        self._buffer.spend(self._vtable_bytes - first)
        if any(self._buffer.data[self._vtable + first : self._vtable + self._vtable_bytes]):
            raise self._buffer.error(
                f"{what} uses a field newer than the schema that edgewright knows, that of TensorFlow 2.21"
            )

    def scalar(self, slot: int, kind: Kind) -> bool | int | float | None:
        """Read a scalar field.

        Returns:
            Its value, or None where the field is absent and the schema's default holds.
        """
        codec = SCALARS[kind]
        position = self._field(slot, codec.size)
        if not position:
            return None
        value: bool | int | float = codec.unpack_from(self._buffer.data, position)[0]
        return value

    def integer(self, slot: int, kind: Kind, default: int = 0) -> int:
        """Read an integer field, or its default."""
        value = self.scalar(slot, kind)
        return default if value is None else int(value)

    def boolean(self, slot: int) -> bool:
        """Read a boolean field whose default is false."""
        return bool(self.scalar(slot, "bool"))

    def table(self, slot: int) -> Table | None:
        """Open the table that a field refers to; None where the field is absent."""
        position = self._field(slot, 4)
        return self._buffer.table(self._buffer.follow(position)) if position else None

    def tables(self, slot: int) -> list[Table]:
        """Open all tables of a vector; empty where the field is absent."""
        found = self._open_vector(slot, 4)
        if found is None:
            return []
        start, count = found
        buffer = self._buffer
        return [buffer.table(buffer.follow(position)) for position in range(start, start + 4 * count, 4)]

    def numbers(self, slot: int, kind: Kind) -> tuple[bool | int | float, ...] | None:
        """Read a vector of scalars; None where the field is absent."""
        size = SCALARS[kind].size
        found = self._open_vector(slot, size)
        if found is None:
            return None
        start, count = found
        self._buffer.spend(4 * count)
        return struct.unpack_from(f"<{count}{CODES[kind]}", self._buffer.data, start)

    def integers(self, slot: int, kind: Kind) -> tuple[int, ...]:
        """Read a vector of integers; empty where the field is absent."""
        return cast("tuple[int, ...]", self.numbers(slot, kind) or ())

    def floats(self, slot: int) -> tuple[float, ...]:
        """Read a vector of 32-bit floats; empty where the field is absent."""
        return cast("tuple[float, ...]", self.numbers(slot, "f32") or ())

    def blob(self, slot: int) -> bytes | None:
        """Copy a vector of bytes; None where the field is absent."""
        found = self._open_vector(slot, 1)
        return None if found is None else self._buffer.blob(*found)

    def blob_position(self, slot: int) -> int | None:
        """Return where the first byte of a vector of bytes stands; None where the field is absent or empty."""
        found = self._open_vector(slot, 1)
        return None if found is None or not found[1] else found[0]

    def text(self, slot: int) -> str | None:
        """Read a string; None where the field is absent.

        Raises:
            TfliteError: it is not UTF-8.
        """
        content = self.blob(slot)
        if content is None:
            return None
        try:
            return content.decode()
        except UnicodeDecodeError:
            raise self._buffer.error(f"the name {content[:40]!r} is not UTF-8") from None

    def _field(self, slot: int, size: int) -> int:
        """Find a field; its position, or 0 where it is absent (no field can stand at byte 0)."""
        entry = 4 + 2 * slot
        if entry >= self._vtable_bytes:
            return 0
        offset: int = _U16.unpack_from(self._buffer.data, self._vtable + entry)[0]
        if not offset:
            return 0
        if offset < 4 or offset + size > self._bytes:
            raise self._buffer.error(f"field {slot} of the table at byte {self._position} lies outside of it")
        return self._position + offset

    def _open_vector(self, slot: int, element_bytes: int) -> tuple[int, int] | None:
        """Find a vector field: first element and count, or None where the field is absent."""
        position = self._field(slot, 4)
        return self._buffer.vector(self._buffer.follow(position), element_bytes) if position else None
