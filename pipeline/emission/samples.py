"""Raw samples and what preprocessing makes of them: golden vectors for the generated preprocessing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from edgewright.pipeline.emission.literals import plain_numbers
from edgewright.pipeline.emission.preprocessing import PreprocessingContext
from edgewright.pipeline.emission.tensors import TensorContext
from edgewright.pipeline.graph import Graph, Tensor, input_tensors
from edgewright.pipeline.preprocessing import FloatArray, Preprocessing, preprocess
from edgewright.pipeline.quantization import fill

SEED = 1
RESIZED_FROM = (7, 5)
"""Height and width of a sample for an input whose images are resized."""
EXTREMES = np.array(
    [0.0, -0.0, 1e-45, 1.0, 255.0, -1e30, np.finfo(np.float32).max, np.inf, -np.inf, np.nan], np.float32
)


@dataclass(frozen=True, kw_only=True)
class SampleContext:
    """One raw sample of one input, and what becomes of it; numbers as `plain_numbers` writes them."""

    number: int
    tensor: TensorContext
    height: int
    width: int
    raw: str
    prepared: str


def samples(
    graph: Graph, prepared: Sequence[PreprocessingContext], declared: Sequence[Preprocessing]
) -> tuple[SampleContext, ...]:
    """Draw samples for each input that real values can be given to, the same ones every time.

    Args:
        graph: the model.
        prepared: its inputs that take real values.
        declared: what is done to the samples of each input of the model; none stands for nothing.

    Returns:
        For each input one random sample and, where it takes integers, one of extremes: what a float becomes of NaN no
        standard says.
    """
    draw = np.random.default_rng(SEED)
    tensors = input_tensors(graph)
    given = tuple(declared) or (Preprocessing(),) * len(tensors)
    found: list[SampleContext] = []
    for context in prepared:
        shape = _raw_shape(context)
        raws = [draw.uniform(0, 255, shape).astype(np.float32)]
        if context.tensor.quantized:
            raws.append(draw.choice(EXTREMES, shape))
        for raw in raws:
            found.append(_sample(len(found), context, raw, tensors[context.tensor.index], given[context.tensor.index]))
    return tuple(found)


def _raw_shape(context: PreprocessingContext) -> tuple[int, ...]:
    """Return height, width and channels of a raw sample; what is no image is one row."""
    tensor, channels = context.tensor, context.channels
    if context.height:
        return (*RESIZED_FROM, channels)
    return tensor.shape[1:] if context.is_image else (1, tensor.length // channels, channels)


def _sample(
    number: int, context: PreprocessingContext, raw: FloatArray, tensor: Tensor, declared: Preprocessing
) -> SampleContext:
    result = fill(tensor, preprocess(raw[np.newaxis], declared))
    height, width = raw.shape[:2]
    return SampleContext(
        number=number,
        tensor=context.tensor,
        height=height,
        width=width,
        raw=plain_numbers(raw),
        prepared=plain_numbers(result),
    )
