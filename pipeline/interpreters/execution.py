"""Running models: each function starts one worker process and gives back a typed result."""

from __future__ import annotations

import platform

import numpy as np

from edgewright.pipeline.errors import InterpreterError
from edgewright.pipeline.interpreters.engine import Engine, Resolver
from edgewright.pipeline.interpreters.exchange import Kind, Task
from edgewright.pipeline.interpreters.process import work
from edgewright.pipeline.interpreters.types import (
    ArenaFound,
    Array,
    FindArena,
    InvokeTimes,
    Request,
    Result,
    TimeInvokes,
    Versions,
)

RUN_TIMEOUT_SECONDS = 600.0
ARENA_TIMEOUT_SECONDS = 300.0


def run(request: Request, *, timeout_seconds: float = RUN_TIMEOUT_SECONDS) -> Result:
    """Run a model on N samples, one at a time, in a process of its own.

    Args:
        request: engine, model and samples.
        timeout_seconds: the worker is killed after this.

    Returns:
        Outputs with a leading sample axis, and what else was asked for.

    Raises:
        InterpreterError: the engine is not available or lacks the resolver, refused the model or the samples, crashed,
            or timed out.
    """
    _check(request.engine, request.resolver, request.inputs, request.threads)
    task = Task(
        kind=Kind.RUN,
        module=request.engine.module,
        runtime_module=request.engine.runtime_module,
        resolver=request.resolver,
        threads=request.threads,
        arena_bytes=request.arena_bytes,
        want_timings=request.want_timings,
        want_allocations=request.want_allocations,
    )
    reply, outputs = work(request.engine, task, request.tflite, request.inputs, timeout_seconds=timeout_seconds)
    count = len(request.inputs[0]) if request.inputs else 0
    if not outputs or any(len(output) != count for output in outputs):
        shapes = ", ".join(str(output.shape) for output in outputs) or "none"
        raise InterpreterError(f"{request.engine.label} gave outputs for {count} samples that do not fit: {shapes}.")
    return Result(
        outputs=outputs,
        latencies_us=reply.latencies_us,
        load_time_us=reply.load_time_us,
        uses_delegate=reply.uses_delegate,
        allocations=reply.allocations,
        versions=_versions(request.engine),
    )


def find_arena(request: FindArena, *, timeout_seconds: float = ARENA_TIMEOUT_SECONDS) -> ArenaFound:
    """Find the smallest arena in which a model allocates and runs once, by trying.

    Args:
        request: engine (one with an arena) and model.
        timeout_seconds: the worker is killed after this.

    Raises:
        InterpreterError: as `run`; or the engine has no arena.
    """
    if not request.engine.has_arena:
        raise InterpreterError(f"{request.engine.label} has no arena to measure: use TensorFlow Lite Micro.")
    task = Task(kind=Kind.FIND_ARENA, module=request.engine.module, runtime_module=request.engine.runtime_module)
    reply, _ = work(request.engine, task, request.tflite, (), timeout_seconds=timeout_seconds)
    if reply.allocations is None or reply.arena_bytes <= 0:
        raise InterpreterError(f"{request.engine.label} found no arena for this model.")
    return ArenaFound(
        arena_bytes=reply.arena_bytes,
        allocations=reply.allocations,
        attempts=reply.attempts,
        versions=_versions(request.engine),
    )


def time_invokes(request: TimeInvokes, *, timeout_seconds: float = RUN_TIMEOUT_SECONDS) -> InvokeTimes:
    """Time one sample's inference again and again in one process, after a warm-up.

    Args:
        request: engine, model and how long to go on.
        timeout_seconds: the worker is killed after this.

    Raises:
        InterpreterError: as `run`.
    """
    _check(request.engine, request.resolver, request.inputs, request.threads)
    task = Task(
        kind=Kind.TIME_INVOKES,
        module=request.engine.module,
        runtime_module=request.engine.runtime_module,
        resolver=request.resolver,
        threads=request.threads,
        warm_up_runs=request.warm_up_runs,
        minimum_runs=request.minimum_runs,
        maximum_runs=request.maximum_runs,
        time_limit_seconds=request.time_limit_seconds,
    )
    reply, _ = work(request.engine, task, request.tflite, request.inputs, timeout_seconds=timeout_seconds)
    if not reply.latencies_us:
        raise InterpreterError(f"{request.engine.label} measured no inference.")
    return InvokeTimes(
        latencies_us=reply.latencies_us,
        load_time_us=reply.load_time_us,
        first_time_us=reply.first_time_us,
        yardsticks_us=reply.yardsticks_us,
        memory=reply.memory,
        uses_delegate=reply.uses_delegate,
        versions=_versions(request.engine),
    )


def _check(engine: Engine, resolver: Resolver, inputs: tuple[Array, ...], threads: int) -> None:
    if resolver not in engine.resolvers:
        accepted = ", ".join(offered.value for offered in engine.resolvers)
        raise InterpreterError(f'{engine.title} has no resolver "{resolver.value}". Accepted: {accepted}.')
    if threads < 1:
        raise InterpreterError(f"{engine.title} cannot run with {threads} threads: give 1 or more.")
    for index, array in enumerate(inputs):
        if array.dtype.hasobject or array.ndim == 0:
            raise InterpreterError(
                f"Input {index} has dtype {array.dtype} and shape {array.shape}: "
                "give an array of numbers with a leading sample axis."
            )


def _versions(engine: Engine) -> Versions:
    return Versions(
        engine=engine.name,
        engine_version=engine.version,
        numpy_version=np.__version__,
        python_version=platform.python_version(),
    )
