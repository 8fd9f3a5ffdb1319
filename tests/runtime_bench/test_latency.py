"""Latency: plausible figures from real interpreters."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.models import two_layer_tflite

from edgewright.pipeline.errors import InterpreterError
from edgewright.pipeline.interpreters import ENGINES, Engine, Resolver, tflite_engine, tflm_engine
from edgewright.runtime_bench.latency import measure_latency, percentile


def test_the_default_is_the_interpreter_of_a_phone() -> None:
    """Without further wishes the available TensorFlow Lite engine runs with default delegates and one thread."""
    engine = tflite_engine(Resolver.XNNPACK)
    latency = measure_latency(two_layer_tflite(), time_limit_seconds=0.2)
    assert (engine.name, engine.version, Resolver.XNNPACK, 1) == (
        latency.engine,
        latency.engine_version,
        latency.resolver,
        latency.threads,
    )
    assert 3 <= latency.runs <= 1000
    assert 0 < latency.minimum_us <= latency.median_us <= latency.p90_us


@pytest.mark.parametrize("engine", ENGINES, ids=lambda engine: engine.name)
def test_every_engine_can_be_timed(engine: Engine) -> None:
    """Each engine gives a latency with its first kernel set, on inputs that are given."""
    if (reason := engine.unavailable_reason()) is not None:
        pytest.skip(reason)
    inputs = (np.ones((1, 3), np.int8), np.ones((1, 4), np.int8))
    latency = measure_latency(
        two_layer_tflite(), engine=engine, resolver=engine.resolvers[0], inputs=inputs, time_limit_seconds=0.1
    )
    assert engine.name == latency.engine
    assert latency.minimum_us > 0


def test_the_time_limit_bounds_the_runs() -> None:
    """Without any time the minimum of runs is made."""
    assert 3 == measure_latency(two_layer_tflite(), time_limit_seconds=0.0).runs


def test_an_engine_without_delegates_is_refused() -> None:
    """Asking TFLM for XNNPACK is an error, not a silent change of kernels."""
    with pytest.raises(InterpreterError, match="Accepted: reference"):
        measure_latency(two_layer_tflite(), engine=tflm_engine())


@given(st.lists(st.floats(0, 1e6), min_size=1, max_size=50), st.integers(1, 100))
def test_percentiles_cover_their_share(figures: list[float], percent: int) -> None:
    """At least so many percent are not above the percentile, and it is one of the figures."""
    value = percentile(tuple(figures), percent)
    assert value in figures
    assert sum(figure <= value for figure in figures) >= math.floor(len(figures) * percent / 100)
