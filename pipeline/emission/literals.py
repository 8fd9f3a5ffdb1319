"""Numbers as C literals: rows of array initializers, and floats that read back to the very same float32."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

ROW_COLUMNS = 100
BYTES_PER_ROW = 16
WORDS_PER_ROW = 8
INT32_MIN = -(2**31)


def float_literal(value: float) -> str:
    """Return the shortest C literal of type float that reads back to the float32 nearest to the value.

    >>> float_literal(0.1), float_literal(1.0), float_literal(1 / 256), float_literal(1e-30)
    ('0.1f', '1.0f', '0.00390625f', '1e-30f')
    """
    shortest = str(np.float32(value))
    return f"{shortest}f"


def byte_rows(content: bytes) -> tuple[str, ...]:
    """Return the rows of an initializer for an array of bytes.

    >>> byte_rows(bytes([0, 255]))
    ('0x00, 0xff,',)
    """
    rows = (content[start : start + BYTES_PER_ROW] for start in range(0, len(content), BYTES_PER_ROW))
    return tuple(" ".join(f"0x{byte:02x}," for byte in row) for row in rows)


def hexadecimal_rows(words: Sequence[int]) -> tuple[str, ...]:
    """Return the rows of an initializer for an array of unsigned integers of 32 bits.

    >>> hexadecimal_rows([0, 2**32 - 1])
    ('0x00000000u, 0xffffffffu,',)
    """
    rows = (words[start : start + WORDS_PER_ROW] for start in range(0, len(words), WORDS_PER_ROW))
    return tuple(" ".join(f"0x{word:08x}u," for word in row) for row in rows)


def number_rows(values: npt.NDArray[np.generic]) -> tuple[str, ...]:
    """Return the rows of an initializer for an array of float32 or of integers of at most 32 bits, in C order.

    Args:
        values: any shape; floats are finite.

    >>> number_rows(np.array([[1, -128]], np.int8))
    ('1, -128,',)
    >>> number_rows(np.array([-2**31], np.int32))
    ('(-2147483647 - 1),',)
    >>> number_rows(np.array([0.1, -0.0], np.float32))
    ('0.1f, -0.0f,',)
    """
    rows: list[str] = []
    row = ""
    for value in values.reshape(-1).tolist():
        word = f"{_number(value)},"
        if row and len(row) + 1 + len(word) > ROW_COLUMNS:
            rows.append(row)
            row = ""
        row = f"{row} {word}" if row else word
    return (*rows, row) if row else tuple(rows)


def plain_numbers(values: npt.NDArray[np.generic]) -> str:
    """Return numbers on one line, a blank between two: integers in decimal, a float32 as its bits in hexadecimal.

    >>> plain_numbers(np.array([1, -128], np.int8)), plain_numbers(np.array([0.1], np.float32))
    ('1 -128', '3dcccccd')
    """
    if values.dtype == np.float32:
        return " ".join(f"{bits:08x}" for bits in values.reshape(-1).view(np.uint32).tolist())
    return " ".join(str(value) for value in values.reshape(-1).tolist())


def _number(value: float) -> str:
    if isinstance(value, float):
        return float_literal(value)
    return "(-2147483647 - 1)" if value == INT32_MIN else str(value)
