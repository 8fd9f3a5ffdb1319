"""What the writer needs of the `flatbuffers` package, in terms of our field facts and with types."""

from __future__ import annotations

import struct
from collections.abc import Sequence

from edgewright.pipeline.graph.flatbuffer import CODES, SCALARS, Kind


class TableBuilder:
    """Builds one flatbuffer. Whatever a table refers to is built before the table is started."""

    def __init__(self) -> None:
        """Start an empty file."""
        from flatbuffers import Builder

        self._builder = Builder(1024)
        self._vectors: dict[tuple[int, int, bytes], int] = {}
        self._add = {
            "bool": self._builder.PrependBoolSlot,
            "i8": self._builder.PrependInt8Slot,
            "u8": self._builder.PrependUint8Slot,
            "i32": self._builder.PrependInt32Slot,
            "u32": self._builder.PrependUint32Slot,
            "i64": self._builder.PrependInt64Slot,
            "f32": self._builder.PrependFloat32Slot,
        }

    def text(self, text: str) -> int:
        """Write a string; its position."""
        return int(self._builder.CreateString(text))

    def optional_text(self, text: str) -> int:
        """Write a string; its position, and 0 for an empty one, which readers take an absent field for."""
        return self.text(text) if text else 0

    def blob(self, content: bytes, alignment: int = 4) -> int:
        """Write a vector of bytes whose first one stands at a multiple of `alignment` in the file; its position."""
        self._builder.Prep(alignment, len(content))
        return int(self._builder.CreateByteVector(content))

    def numbers(self, kind: Kind, values: Sequence[bool | int | float]) -> int:
        """Write a vector of scalars, or find an equal one that was written before; its position.

        Raises:
            struct.error: a value does not fit.
        """
        content = struct.pack(f"<{len(values)}{CODES[kind]}", *values)
        size = SCALARS[kind].size
        if (size, len(values), content) not in self._vectors:
            self._vectors[size, len(values), content] = self._write_numbers(size, len(values), content)
        return self._vectors[size, len(values), content]

    def _write_numbers(self, size: int, count: int, content: bytes) -> int:
        builder = self._builder
        builder.StartVector(size, count, size)
        builder.head -= len(content)
        builder.Bytes[builder.head : builder.head + len(content)] = content
        return int(builder.EndVector())

    def tables(self, positions: Sequence[int]) -> int:
        """Write a vector of references to tables; its position."""
        self._builder.StartVector(4, len(positions), 4)
        for position in reversed(positions):
            self._builder.PrependUOffsetTRelative(position)
        return int(self._builder.EndVector())

    def start(self, slots: int) -> None:
        """Start a table with so many slots."""
        self._builder.StartObject(slots)

    def add_scalar(self, slot: int, kind: Kind, value: bool | int | float, default: bool | int | float) -> None:
        """Add a scalar field to the table that was started; a value that is the schema's default takes no space.

        Raises:
            struct.error: the value does not fit.
        """
        SCALARS[kind].pack(value)
        self._add[kind](int(slot), value, default)

    def add_offset(self, slot: int, position: int) -> None:
        """Add a reference to what was built at a position; 0 leaves the field out."""
        if position:
            self._builder.PrependUOffsetTRelativeSlot(int(slot), position, 0)

    def end(self) -> int:
        """End the table that was started; its position."""
        return int(self._builder.EndObject())

    def finish(self, root: int, identifier: bytes) -> bytes:
        """End the file.

        Args:
            root: position of the root table.
            identifier: four bytes that name the schema.

        Returns:
            The file's bytes.
        """
        self._builder.Finish(root, identifier)
        return bytes(self._builder.Output())
