"""Latency of one inference in the TensorFlow Lite interpreter on this computer."""

from __future__ import annotations

import math
import statistics
from dataclasses import dataclass

from edgewright.pipeline.figures import LatencyFigures
from edgewright.pipeline.interpreters import Array, Engine, Resolver, TimeInvokes, tflite_engine, time_invokes
from edgewright.pipeline.interpreters.execution import RUN_TIMEOUT_SECONDS


@dataclass(frozen=True, kw_only=True)
class Latency:
    """Times of one inference at batch 1, without setting inputs and reading outputs."""

    engine: str
    engine_version: str
    resolver: Resolver
    uses_delegate: bool
    """Whether a delegate ran any operator; without, asking for XNNPACK timed the built-in kernels."""
    threads: int
    runs: int
    median_us: float
    p90_us: float
    minimum_us: float


def measure_latency(
    tflite: bytes,
    *,
    engine: Engine | None = None,
    resolver: Resolver = Resolver.XNNPACK,
    threads: int = 1,
    inputs: tuple[Array, ...] = (),
    time_limit_seconds: float = 1.0,
    timeout_seconds: float = RUN_TIMEOUT_SECONDS,
) -> Latency:
    """Time one inference again and again after a warm-up.

    Args:
        tflite: the model.
        engine: None takes the one that best stands for these kernels.
        resolver: which kernels; the default delegates unless told otherwise.
        threads: threads that the kernels may use.
        inputs: one sample, (1, ...) for each input; without, inputs are zero, which takes the kernels as long.
        time_limit_seconds: the measurement goes on for this long, or for 1,000 runs if that is shorter, and for at
            least 3 runs; the warm-up before it takes a quarter of it at most, or one run.
        timeout_seconds: the interpreter is killed after this.

    Raises:
        InterpreterError: the engine is not available or lacks the resolver, refused the model, crashed or timed out.
    """
    times = time_invokes(
        TimeInvokes(
            engine=engine or tflite_engine(resolver),
            tflite=tflite,
            inputs=inputs,
            resolver=resolver,
            threads=threads,
            time_limit_seconds=time_limit_seconds,
        ),
        timeout_seconds=timeout_seconds,
    )
    return Latency(
        engine=times.versions.engine,
        engine_version=times.versions.engine_version,
        resolver=resolver,
        uses_delegate=times.uses_delegate,
        threads=threads,
        runs=len(times.latencies_us),
        median_us=statistics.median(times.latencies_us),
        p90_us=percentile(times.latencies_us, 90),
        minimum_us=min(times.latencies_us),
    )


def measure_figures(tflite: bytes, sample: tuple[Array, ...]) -> LatencyFigures:
    """Measure the latency for a report.

    Args:
        tflite: the model.
        sample: one, (1, ...) for each input.

    Raises:
        InterpreterError: the interpreter refused the model, crashed or timed out.
    """
    latency = measure_latency(tflite, inputs=sample)
    return LatencyFigures(
        engine=latency.engine,
        version=latency.engine_version,
        threads=latency.threads,
        run_count=latency.runs,
        median_us=latency.median_us,
        p90_us=latency.p90_us,
        minimum_us=latency.minimum_us,
    )


def percentile(figures: tuple[float, ...], percent: int) -> float:
    """Return the smallest figure that at least so many percent of all do not exceed (nearest rank).

    >>> percentile((4.0, 1.0, 3.0, 2.0), 50)
    2.0
    """
    return sorted(figures)[max(math.ceil(len(figures) * percent / 100), 1) - 1]
