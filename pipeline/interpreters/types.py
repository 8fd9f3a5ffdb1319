"""What goes into an interpreter and what comes out: frozen dataclasses, the same for every engine.

Samples: every array has a leading sample axis of length N. A sample is one inference at batch 1.
Where a tensor's own first extent is 1 (the batch), the sample axis takes its place: a tensor of shape (1, 28, 28, 1)
is given as (N, 28, 28, 1). Any other tensor gets the axis in front: shape (3, 2) becomes (N, 3, 2).
Arrays stand in the order of the model's inputs and outputs and have the tensors' own dtypes: nothing is quantized here.
Variable tensors are reset before each sample, so that no sample depends on those before it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from edgewright.pipeline.interpreters.engine import Engine, Resolver

Array = npt.NDArray[Any]
"""An array of any plain dtype (bool, integer, float or complex; never object)."""


@dataclass(frozen=True, kw_only=True)
class Allocations:
    """Where TensorFlow Lite Micro's arena went: the head holds activations and scratch, the tail what persists."""

    total_bytes: int
    head_bytes: int
    tail_bytes: int


@dataclass(frozen=True, kw_only=True)
class MemoryUse:
    """Resident memory of a worker process: when the interpreter was imported, and the most until after one inference.

    The kernel counts pages for each thread by itself, so that either may be off by some hundred kilobytes.
    """

    base_bytes: int
    peak_bytes: int


@dataclass(frozen=True, kw_only=True)
class Versions:
    """What computed a result."""

    engine: str
    engine_version: str
    numpy_version: str
    python_version: str


@dataclass(frozen=True, kw_only=True)
class Request:
    """Run a model on N samples.

    `tflite` is the content of a `.tflite`, or what else the engine `reads`.

    `inputs` holds one array for each model input, in the model's order (see the module's text for shapes).
    `arena_bytes` is for engines with an arena; None lets the engine take plenty.
    """

    engine: Engine
    tflite: bytes
    inputs: tuple[Array, ...]
    resolver: Resolver = Resolver.REFERENCE
    threads: int = 1
    arena_bytes: int | None = None
    want_timings: bool = False
    want_allocations: bool = False


@dataclass(frozen=True, kw_only=True)
class Result:
    """What a `Request` gave.

    `latencies_us` has one figure for each sample where timings were asked for, else it is empty; a figure covers the
    inference alone. `load_time_us` covers reading the model and allocating tensors.
    `uses_delegate` says whether a delegate took any operator: asking for XNNPACK does not make it take them
    (tflite-runtime 2.14 leaves int8 models to its built-in kernels).
    """

    outputs: tuple[Array, ...]
    latencies_us: tuple[float, ...]
    load_time_us: float
    uses_delegate: bool
    allocations: Allocations | None
    versions: Versions


@dataclass(frozen=True, kw_only=True)
class FindArena:
    """Find the smallest arena, in steps of 16 bytes, in which a model allocates and runs."""

    engine: Engine
    tflite: bytes


@dataclass(frozen=True, kw_only=True)
class ArenaFound:
    """What `FindArena` gave; `allocations` is what the interpreter itself reports, which may be too little to start."""

    arena_bytes: int
    allocations: Allocations
    attempts: int
    versions: Versions


@dataclass(frozen=True, kw_only=True)
class TimeInvokes:
    """Run one sample again and again, as long as the time limit allows, and keep each inference's time.

    `inputs` holds one sample (N = 1); left empty, every input is zero.
    """

    engine: Engine
    tflite: bytes
    inputs: tuple[Array, ...] = ()
    resolver: Resolver = Resolver.XNNPACK
    threads: int = 1
    warm_up_runs: int = 5
    minimum_runs: int = 3
    maximum_runs: int = 1000
    time_limit_seconds: float = 1.0


@dataclass(frozen=True, kw_only=True)
class InvokeTimes:
    """What `TimeInvokes` gave: the time of each inference after the warm-up, in order.

    `first_time_us` is that of the very first inference, and `yardsticks_us` what a fixed calculation took in the same
    process before and after the others (see `yardstick.py`). `memory` is None where the system does not tell.
    """

    latencies_us: tuple[float, ...]
    load_time_us: float
    first_time_us: float
    yardsticks_us: tuple[float, ...]
    memory: MemoryUse | None
    uses_delegate: bool
    versions: Versions


@dataclass(frozen=True, kw_only=True)
class TensorSpec:
    """Shape and dtype of a model's input, as the interpreter sees it."""

    shape: tuple[int, ...]
    dtype: np.dtype[Any]


@dataclass(frozen=True, kw_only=True)
class SessionOptions:
    """How a model is opened inside the worker."""

    resolver: Resolver
    threads: int
    arena_bytes: int | None


class Session(Protocol):
    """A model that an engine has opened; lives in the worker process only."""

    @property
    def inputs(self) -> tuple[TensorSpec, ...]:
        """The model's inputs in its own order."""

    def set_inputs(self, arrays: tuple[Array, ...]) -> None:
        """Reset variable tensors and set one sample, each array of its tensor's own shape and dtype."""

    def invoke(self) -> None:
        """Run one inference."""

    def outputs(self) -> tuple[Array, ...]:
        """Copies of the outputs of the last inference, in the model's order, of the tensors' own shapes."""

    def uses_delegate(self) -> bool:
        """Whether a delegate runs any operator."""

    def allocations(self) -> Allocations | None:
        """Where the arena went, or None for an engine without one."""
