"""`.npy` files that are written, read and changed a chunk at a time, so that they may be larger than the memory."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from types import TracebackType
from typing import IO, Any

import numpy as np
import numpy.lib.format

from edgewright.pipeline.data.contents import CHUNK_BYTES
from edgewright.pipeline.data.samples import Array
from edgewright.pipeline.errors import OutputError

Form = tuple[tuple[int, ...], bool, np.dtype[np.generic]]
"""Shape, whether the first axis changes fastest, and dtype."""
_npy: Any = numpy.lib.format  # numpy 1.26 has no types for it


class NpyWriter:
    """Writes an array whose number of rows is known only at the end; its first rows decide the dtype."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._stream = path.open("wb")
        self._data_start = 0
        self._dtype = np.dtype(np.float32)
        self.sample_shape: tuple[int, ...] | None = None
        self.row_count = 0

    def __enter__(self) -> NpyWriter:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        try:
            if kind is None:
                self._write_header()
        finally:
            self._stream.close()

    def append(self, rows: Array) -> None:
        """Write rows (N, *shape), all of one shape.

        Raises:
            OutputError: the disk is full.
        """
        if self.sample_shape is None:
            self.sample_shape, self._dtype = rows.shape[1:], rows.dtype
            self._write_header()
        self.row_count += len(rows)
        try:
            self._stream.write(np.ascontiguousarray(rows, self._dtype).data)
        except OSError as error:
            raise OutputError(
                f"cache: {self._path.parent} cannot be written ({error.strerror}); make room there, or give another "
                "folder with --cache."
            ) from None

    def _write_header(self) -> None:
        """Write the header, or write it again: numpy leaves room for the number of rows to grow."""
        shape = (self.row_count, *(self.sample_shape or ()))
        header = {"descr": _npy.dtype_to_descr(self._dtype), "fortran_order": False, "shape": shape}
        self._stream.seek(0)
        _npy.write_array_header_1_0(self._stream, header)
        if self._data_start not in {0, self._stream.tell()}:
            raise RuntimeError(f"{self._path}: the header of the finished array has another length")
        self._data_start = self._stream.tell()


def read_chunks(path: Path) -> Iterator[Array]:
    """Yield the rows of a `.npy` of our own, some at a time."""
    with path.open("rb") as stream:
        for _, rows in _chunks(stream):
            yield rows


def rewrite(path: Path, change: Callable[[Array], Array]) -> None:
    """Replace the rows of a `.npy` of our own by others of the same dtype and shape."""
    with path.open("r+b") as stream:
        for start, rows in _chunks(stream):
            end = stream.tell()
            stream.seek(start)
            stream.write(np.ascontiguousarray(change(rows), rows.dtype).data)
            stream.seek(end)


def read_header(stream: IO[bytes]) -> Form:
    """Read up to where the numbers of an array begin.

    Raises:
        ValueError: this is no array.
    """
    version = _npy.read_magic(stream)
    readers = {(1, 0): _npy.read_array_header_1_0, (2, 0): _npy.read_array_header_2_0}
    if version not in readers:
        raise ValueError(f"array format {version} is not known")
    shape, is_fortran, dtype = readers[version](stream)
    if any(length < 0 for length in shape):
        raise ValueError(f"an array has the shape {shape}")
    return shape, is_fortran, dtype


def _chunks(stream: IO[bytes]) -> Iterator[tuple[int, Array]]:
    """Yield where some rows start in the file, and the rows."""
    shape, _, dtype = read_header(stream)
    for count in chunk_lengths(shape, dtype):
        start = stream.tell()
        rows = np.frombuffer(stream.read(count * row_bytes(shape, dtype)), dtype)
        yield start, rows.reshape(count, *shape[1:])


def row_bytes(shape: tuple[int, ...], dtype: np.dtype[np.generic]) -> int:
    """Return how many bytes one row of an array takes."""
    count = dtype.itemsize
    for length in shape[1:]:
        count *= length
    return count


def chunk_lengths(shape: tuple[int, ...], dtype: np.dtype[np.generic]) -> Iterator[int]:
    """Yield how many rows of an array to take at a time, at least one number."""
    at_once = max(1, CHUNK_BYTES // max(1, row_bytes(shape, dtype)))
    remaining = shape[0]
    while remaining > at_once:
        yield at_once
        remaining -= at_once
    yield remaining
