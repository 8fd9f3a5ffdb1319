"""One mixture of scales, measured: score and outputs on validation samples, bytes of file and arena."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from edgewright.pipeline.arena import replay
from edgewright.pipeline.batches import FloatArray
from edgewright.pipeline.data import Split
from edgewright.pipeline.feeding import model_inputs, real_outputs
from edgewright.pipeline.graph import Graph, output_tensors, strip, write
from edgewright.pipeline.interpreters import Request, Resolver, run, tflite_engine
from edgewright.pipeline.tasks import Objective, Shape
from edgewright.pipeline.vocabulary import Kernels

CORE = "cortex-m4"
"""A 32-bit core, with the reference kernels: what weights keep in the arena is the same on all of them."""
MOST_SAMPLES = 500


@dataclass(frozen=True, kw_only=True)
class Trial:
    """What was measured of one mixture."""

    tflite: bytes
    score: float
    outputs: tuple[FloatArray, ...]
    arena_bytes: int

    @property
    def file_bytes(self) -> int:
        """Size of the file."""
        return len(self.tflite)


@dataclass(frozen=True, kw_only=True)
class Bench:
    """What mixtures are measured with."""

    split: Split
    """Validation samples, and targets as `Objective.prepare` returns them."""
    objective: Objective
    strip: bool
    """Whether the file is stripped of what no interpreter reads."""

    def measure(self, graph: Graph) -> Trial:
        """Run a mixture with TensorFlow Lite's own kernels, and compute its arena.

        Raises:
            InterpreterError: the interpreter refuses the model.
        """
        tflite = write(strip(graph) if self.strip else graph)
        request = Request(
            engine=tflite_engine(Resolver.BUILTIN),
            tflite=tflite,
            inputs=model_inputs(graph, self.split.x),
            resolver=Resolver.BUILTIN,
        )
        outputs = real_outputs(graph, run(request).outputs, sample_shapes(graph))
        scores = self.objective.scores(outputs, self.split)
        return Trial(
            tflite=tflite,
            score=next(iter(scores.values())),
            outputs=outputs,
            arena_bytes=replay(graph, Kernels.REFERENCE, CORE).smallest_bytes,
        )


def sample_shapes(graph: Graph) -> tuple[Shape, ...]:
    """Return the shapes of a model's outputs without the batch."""
    return tuple(tensor.shape[1:] for tensor in output_tensors(graph))


def draw_split(split: Split, seed: int) -> Split:
    """Return the samples that mixtures are measured on: all, or as many as are enough, drawn by the seed."""
    if len(split) <= MOST_SAMPLES:
        return split
    return split.take(np.sort(np.random.default_rng([seed, 2]).choice(len(split), MOST_SAMPLES, replace=False)))


def movement(reference: Sequence[FloatArray], outputs: Sequence[FloatArray]) -> float:
    """Return how far outputs moved: root mean square of the differences, over the spread of the reference.

    Args:
        reference: one array (N, …) for each output.
        outputs: likewise.

    Returns:
        The largest share of all outputs; of one that never changes the difference itself.
    """
    return max(_moved(before, after) for before, after in zip(reference, outputs, strict=True))


def _moved(before: FloatArray, after: FloatArray) -> float:
    difference = np.sqrt(np.mean(np.square(np.asarray(after, np.float64) - before)))
    return float(difference / (np.std(np.asarray(before, np.float64)) or 1.0))
