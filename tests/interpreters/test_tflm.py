"""What TensorFlow Lite Micro prints about its arena."""

from __future__ import annotations

import os

import pytest

from edgewright.pipeline.interpreters import Allocations
from edgewright.pipeline.interpreters.capture import StderrCapture
from edgewright.pipeline.interpreters.tflm import parse_allocations

PRINTED = """noise
[RecordingMicroAllocator] Arena allocation total 2416 bytes
[RecordingMicroAllocator] Arena allocation head 192 bytes
[RecordingMicroAllocator] Arena allocation tail 2224 bytes
[RecordingMicroAllocator] 'NodeAndRegistration struct' used 384 bytes with alignment overhead
"""


def test_allocations_are_read() -> None:
    """Total, head and tail are found among the other lines."""
    assert Allocations(total_bytes=2416, head_bytes=192, tail_bytes=2224) == parse_allocations(PRINTED)


def test_missing_allocations_are_an_error() -> None:
    """Figures that were not printed are not made up."""
    with pytest.raises(ValueError, match="gave no total, head and tail"):
        parse_allocations(PRINTED.replace("head", "foot"))


def test_native_output_is_captured_and_given_back() -> None:
    """What goes to descriptor 2 within the context is kept, and what follows is not."""
    with StderrCapture() as outer:
        with StderrCapture() as inner:
            os.write(2, b"in\xff")
        os.write(2, b"out")
    assert ("in\ufffd", "out") == (inner.text, outer.text)
