"""`.npz` files, read a chunk at a time; a pickle is never loaded."""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

import numpy as np

from edgewright.pipeline.data.arrays import NamedArray, contents_of, is_known
from edgewright.pipeline.data.contents import WANTED, Contents
from edgewright.pipeline.data.npyfile import Form, chunk_lengths, read_header, row_bytes
from edgewright.pipeline.data.samples import Array
from edgewright.pipeline.errors import DataError

NPZ_ERRORS = (OSError, ValueError, KeyError, EOFError, RuntimeError, zipfile.BadZipFile, zlib.error)
"""What numpy and zipfile may raise on a damaged `.npz`, `NotImplementedError` among it."""
SUFFIX = ".npy"


def check_is_npz(path: Path) -> None:
    """Check that a file is an `.npz` at all.

    Raises:
        DataError: it does not exist, or is something else.
    """
    if not path.is_file():
        raise DataError(
            f"data: {path} does not exist; give an .npz with {WANTED}, a folder of images, or file.py:function."
        )
    if not zipfile.is_zipfile(path):
        raise DataError(
            f"data: {path} is not an .npz; save one with numpy.savez(path, {WANTED.replace(',', '=…,')}=…)."
        )


def read_npz(path: Path, origin: str) -> Contents:
    """Find the arrays of an `.npz`; they are read when they are asked for.

    Raises:
        DataError: the file is damaged, an array is missing, or one is a pickle.
    """
    with _readable(origin), zipfile.ZipFile(path) as archive:
        names = [name.removesuffix(SUFFIX) for name in archive.namelist() if name.endswith(SUFFIX)]
        forms = {name: _read_form(archive, name) for name in names if is_known(name)}
    for name, (_, _, dtype) in forms.items():
        if dtype.hasobject:
            raise DataError(
                f"{origin}: {name} holds Python objects, which are never loaded; save it as a plain numeric array."
            )
    return contents_of({name: _stored(path, name, form, origin) for name, form in forms.items()}, names, origin)


def _read_form(archive: zipfile.ZipFile, name: str) -> Form:
    with archive.open(name + SUFFIX) as stream:
        return read_header(stream)


def _stored(path: Path, name: str, form: Form, origin: str) -> NamedArray:
    shape, is_fortran, dtype = form

    def chunks() -> Iterator[Array]:
        with _readable(origin), zipfile.ZipFile(path) as archive, archive.open(name + SUFFIX) as stream:
            read_header(stream)
            if is_fortran and len(shape) > 1:  # its rows are scattered over the whole file
                flat = _read_numbers(stream, shape[0] * row_bytes(shape, dtype), dtype)
                yield np.ascontiguousarray(flat.reshape(shape[::-1]).T)
            else:
                for count in chunk_lengths(shape, dtype):
                    rows = _read_numbers(stream, count * row_bytes(shape, dtype), dtype)
                    yield rows.reshape(count, *shape[1:])

    return NamedArray(shape=shape, dtype=dtype, chunks=chunks)


def _read_numbers(stream: IO[bytes], byte_count: int, dtype: np.dtype[np.generic]) -> Array:
    if byte_count == 0:
        return np.empty(0, dtype)
    content = stream.read(byte_count)
    if len(content) < byte_count:
        raise ValueError(f"an array ends after {len(content)} of {byte_count} bytes")
    return np.frombuffer(content, dtype)


@contextmanager
def _readable(origin: str) -> Iterator[None]:
    """Turn whatever a damaged file raises into one sentence."""
    try:
        yield
    except NPZ_ERRORS as error:
        reason = " ".join(str(error).split())
        raise DataError(f"{origin}: cannot be read ({reason}); save it again with numpy.savez.") from None
