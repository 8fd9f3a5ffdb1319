"""What TensorFlow Lite Micro computes, in the test's own process: a small graph takes a millisecond."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from edgewright.pipeline.graph import Graph, write
from edgewright.pipeline.interpreters import Resolver
from edgewright.pipeline.interpreters.tflm import TflmSession
from edgewright.pipeline.interpreters.types import SessionOptions

Arrays = tuple[np.ndarray[Any, Any], ...]


def tflm_outputs(model: Graph | bytes, samples: Sequence[Arrays]) -> list[Arrays]:
    """Return the outputs for each sample, whose arrays have the inputs' own shapes."""
    tflite = model if isinstance(model, bytes) else write(model)
    session = TflmSession(tflite, SessionOptions(resolver=Resolver.REFERENCE, threads=1, arena_bytes=None))
    outputs = []
    for sample in samples:
        session.set_inputs(sample)
        session.invoke()
        outputs.append(session.outputs())
    return outputs
