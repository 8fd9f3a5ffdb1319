"""What every engine computes for the samples, and what that is worth."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from edgewright.pipeline.agreement import TOLERANCE_LSB, integers_of
from edgewright.pipeline.errors import InterpreterError
from edgewright.pipeline.graph import Graph, output_tensors
from edgewright.pipeline.interpreters import Array, Request, run, tflm_engine
from edgewright.runtime_bench.bench.latency import Row
from edgewright.runtime_bench.bench.plan import BoardSetup, Setup
from edgewright.runtime_bench.bench.samples import Samples
from edgewright.runtime_bench.bench.schema import ScoreSection
from edgewright.runtime_bench.bench.scores import score_outputs


@dataclass(frozen=True, kw_only=True, eq=False)
class RowOutputs:
    """What one row gave for the samples; `integers` are what differences are counted in."""

    setup: Setup | BoardSetup
    integers: tuple[Array, ...]
    scores: tuple[ScoreSection, ...]
    promised_lsb: int | None
    """Largest difference to TensorFlow Lite Micro, in LSB; None where nothing is promised."""

    @property
    def is_measure(self) -> bool:
        """Whether others are measured against it: TensorFlow Lite Micro on this computer."""
        return self.setup.engine.name == tflm_engine().name


def run_row(row: Row, graph: Graph, samples: Samples, *, timeout_seconds: float) -> RowOutputs:
    """Run all samples on one row.

    Args:
        row: model and engine.
        graph: of the row's candidate.
        samples: of the same.
        timeout_seconds: after which the interpreter is stopped.

    Raises:
        InterpreterError: the engine failed, or gave outputs of other shapes than the model has.
    """
    setup = row.setup
    result = run(
        Request(
            engine=setup.engine,
            tflite=row.content,
            inputs=samples.real if setup.runs_source else samples.given,
            resolver=setup.resolver,
            threads=setup.threads,
        ),
        timeout_seconds=timeout_seconds,
    )
    outputs = shaped(result.outputs, graph, setup.engine.label)
    return RowOutputs(
        setup=setup,
        integers=integers_of(graph, outputs),
        scores=score_outputs(graph, outputs, samples),
        promised_lsb=promise_of(setup),
    )


def promise_of(setup: Setup) -> int | None:
    """Return how far an engine is from TensorFlow Lite Micro at most, in LSB; None where nothing is promised."""
    return None if setup.runs_source else TOLERANCE_LSB[setup.resolver]


def shaped(outputs: tuple[Array, ...], graph: Graph, label: str) -> tuple[Array, ...]:
    """Give outputs the shapes that the model says.

    Raises:
        InterpreterError: there are more or fewer, or of other sizes.
    """
    shapes = [tensor.shape[1:] if tensor.shape[:1] == (1,) else tensor.shape for tensor in output_tensors(graph)]
    counts = [int(np.prod(shape)) * len(array) for shape, array in zip(shapes, outputs, strict=False)]
    if len(outputs) != len(shapes) or counts != [array.size for array in outputs]:
        raise InterpreterError(
            f"{label} gave outputs of the shapes {[array.shape[1:] for array in outputs]}, and the model has {shapes}."
        )
    return tuple(array.reshape(len(array), *shape) for array, shape in zip(outputs, shapes, strict=True))
