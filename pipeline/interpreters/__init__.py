"""Running a `.tflite`: one subprocess per interpreter, typed request and result.

    run(Request) -> Result                    outputs for N samples, timings and allocations where asked for
    find_arena(FindArena) -> ArenaFound       the smallest arena that works
    time_invokes(TimeInvokes) -> InvokeTimes  the time of one inference, many times over

Whatever goes wrong in the worker (a refusal, a crash, a hang, garbage) is an `InterpreterError` with one sentence.
An engine is one module with an `ENGINE` and an `open_session`, and its entry in `ENGINES`, or in `SOURCE_ENGINES`
where it runs what a `.tflite` was made from.
"""

from __future__ import annotations

from edgewright.pipeline.errors import InterpreterError, nearest
from edgewright.pipeline.interpreters import litert, tensorflow, tflite_runtime, tflm
from edgewright.pipeline.interpreters.engine import Engine, ModelFormat, Resolver
from edgewright.pipeline.interpreters.execution import find_arena, run, time_invokes
from edgewright.pipeline.interpreters.types import (
    Allocations,
    ArenaFound,
    Array,
    FindArena,
    InvokeTimes,
    MemoryUse,
    Request,
    Result,
    TimeInvokes,
    Versions,
)

__all__ = [
    "ENGINES",
    "SOURCE_ENGINES",
    "Allocations",
    "ArenaFound",
    "Array",
    "Engine",
    "FindArena",
    "InvokeTimes",
    "MemoryUse",
    "ModelFormat",
    "Request",
    "Resolver",
    "Result",
    "TimeInvokes",
    "Versions",
    "engine_named",
    "find_arena",
    "run",
    "tflite_engine",
    "tflm_engine",
    "time_invokes",
]

ENGINES: tuple[Engine, ...] = (tflite_runtime.ENGINE, litert.ENGINE, tflm.ENGINE)
"""Every engine that runs a `.tflite`. Where several can do the same, the first that is available is taken."""

SOURCE_ENGINES: tuple[Engine, ...] = (tensorflow.ENGINE,)
"""Every engine that runs the float source model."""


def engine_named(name: str) -> Engine:
    """Return the engine of that name.

    Raises:
        InterpreterError: there is none.
    """
    for engine in ENGINES:
        if engine.name == name:
            return engine
    raise InterpreterError(f'Unknown interpreter "{name}": {nearest(name, (engine.name for engine in ENGINES))}.')


def tflm_engine() -> Engine:
    """Return TensorFlow Lite Micro, whose outputs the golden vectors are."""
    return tflm.ENGINE


def tflite_engine(resolver: Resolver = Resolver.REFERENCE) -> Engine:
    """Return the available engine that best stands for the TensorFlow Lite interpreter with these kernels.

    For the reference kernels that is tflite-runtime, else LiteRT. For XNNPACK it is LiteRT first: tflite-runtime 2.14
    leaves quantized models to its built-in kernels.

    Raises:
        InterpreterError: none is available; the sentence says how to install one.
    """
    engines = [engine for engine in ENGINES if resolver in engine.resolvers and engine is not tflm.ENGINE]
    if resolver is Resolver.XNNPACK:
        engines.reverse()
    for engine in engines:
        if engine.unavailable_reason() is None:
            return engine
    raise InterpreterError(" ".join(engine.unavailable_reason() or "" for engine in engines))
