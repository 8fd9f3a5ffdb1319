"""Number literals: C reads back what Python wrote."""

from __future__ import annotations

import doctest
import re

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as numpy_strategies

from edgewright.pipeline.emission import literals
from edgewright.pipeline.emission.literals import ROW_COLUMNS, byte_rows, float_literal, number_rows


def test_doctests() -> None:
    """The module's own examples hold."""
    assert 0 == doctest.testmod(literals).failed


@given(st.floats(width=32, min_value=0, allow_infinity=False, exclude_min=True))
def test_float_literal_reads_back(value: float) -> None:
    """A literal is a C float constant and the same float32 again."""
    literal = float_literal(value)
    assert re.fullmatch(r"\d+(\.\d+)?(e[+-]?\d+)?f", literal)
    assert "." in literal or "e" in literal
    assert np.float32(value) == np.float32(literal.removesuffix("f"))


@given(numpy_strategies.arrays(np.int32, st.integers(0, 100)))
def test_number_rows_read_back(values: np.ndarray) -> None:  # type: ignore[type-arg]
    """Rows hold all integers in their order, and no row is longer than the limit."""
    rows = number_rows(values)
    words = " ".join(rows).replace("(-2147483647 - 1)", "-2147483648").split(",")[:-1]
    assert values.tolist() == [int(word) for word in words]
    assert all(len(row) <= ROW_COLUMNS for row in rows)


@given(st.binary(max_size=100))
def test_byte_rows_read_back(content: bytes) -> None:
    """Rows hold all bytes in their order."""
    assert content == bytes(int(word, 16) for word in " ".join(byte_rows(content)).replace(",", "").split())
