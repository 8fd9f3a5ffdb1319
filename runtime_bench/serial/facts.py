"""What a board tells of itself: frozen dataclasses."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from edgewright.pipeline.interpreters import Array


@dataclass(frozen=True, kw_only=True)
class BoardTensor:
    """An input or output, as the board describes it."""

    name: str
    dtype: np.dtype[np.generic]
    shape: tuple[int, ...]
    scale: float
    zero_point: int

    @property
    def sample_shape(self) -> tuple[int, ...]:
        """The shape of one sample: the tensor's own, without the batch where that is 1."""
        return self.shape[1:] if self.shape[:1] == (1,) else self.shape

    @property
    def size_bytes(self) -> int:
        """Of one sample."""
        return int(np.prod(self.shape, dtype=np.int64)) * self.dtype.itemsize


@dataclass(frozen=True, kw_only=True)
class BoardDescription:
    """What a board runs."""

    tool_version: str
    """Of the edgewright that made the firmware."""
    configuration_digest: str
    model_name: str
    model_digest: str
    """SHA-256 of the model's `.tflite`."""
    kernels: str
    """What runs the model: one of `Kernels`, or another runtime's name."""
    selftest: str
    """How the self-test ended, in one word (`ok` where it passed); empty where none was run."""
    inputs: tuple[BoardTensor, ...]
    outputs: tuple[BoardTensor, ...]


@dataclass(frozen=True, kw_only=True)
class BoardTiming:
    """Times of a board."""

    ticks: int
    """Of the last inference; 32 bits, so that a very long one has wrapped."""
    ticks_per_second: int
    run_count: int
    """In this session."""


@dataclass(frozen=True, kw_only=True)
class BoardMemory:
    """The tensor arena and the stack of a board."""

    arena_used_bytes: int
    arena_bytes: int
    stack_bytes: int | None
    """The most that was in use, so far as the port can tell; None where it cannot."""


@dataclass(frozen=True, kw_only=True)
class BoardRun:
    """What one sample came to."""

    outputs: tuple[Array, ...]
    """One sample each, of the tensor's own shape."""
    ticks: int
