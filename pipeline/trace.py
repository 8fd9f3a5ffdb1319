"""What every operator of a model gives: traced on this computer, hashed, and laid out for a firmware.

TFLM's interpreter shows outputs only, so that each operator's outputs are made outputs of a copy of the model. An
offline memory plan is left out of the copy: it lets tensors share memory that is read after the last operator.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from edgewright.pipeline.graph import DType, Graph, Tensor, integers_behind, with_outputs, write
from edgewright.pipeline.interpreters import Array, Request, run, tflm_engine
from edgewright.pipeline.quantization import quantize

TRACED_DTYPES = (DType.INT8, DType.UINT8, DType.INT16, DType.INT32, DType.BOOL)
"""Element types that a firmware can look at; a float is looked at where it is an output with integers behind it."""
HASH_BYTES = 4
POINTER_BYTES = 4
TRACED_BYTES = 16
"""What tells where an output is computed, in a firmware."""

_POSITION_FACTOR = 0x9E3779B9
_MIX = ((16, 0x85EBCA6B), (13, 0xC2B2AE35))
"""A shift and a factor each: the finalizer of MurmurHash3."""
_LAST_SHIFT = 16


@dataclass(frozen=True, kw_only=True)
class Traced:
    """One output of one operator that can be looked at."""

    layer: int
    """The operator's place in the main subgraph."""
    output: int
    """Which of its outputs."""
    tensor: Tensor
    model_output: int | None
    """Which output of the model it is; None for what only other operators read."""


def traced_outputs(graph: Graph, shown: Sequence[tuple[int, int]] | None = None) -> tuple[Traced, ...]:
    """Return the operators' outputs that can be looked at, in the order in which they are computed.

    Args:
        graph: the model.
        shown: operators and which of their outputs a runtime shows, in its order; None where it shows all.
    """
    found = tuple(_traced_outputs(graph))
    if shown is None:
        return found
    places = {place: position for position, place in enumerate(shown)}
    seen = (traced for traced in found if (traced.layer, traced.output) in places)
    return tuple(sorted(seen, key=lambda traced: places[traced.layer, traced.output]))


def _traced_outputs(graph: Graph) -> Iterator[Traced]:
    main = graph.main
    for layer, operator in enumerate(main.operators):
        for output, index in enumerate(operator.outputs):
            if index < 0:
                continue
            tensor = main.tensors[index]
            model_output = main.outputs.index(index) if index in main.outputs else None
            if _is_traced(graph, tensor, is_output=model_output is not None):
                yield Traced(layer=layer, output=output, tensor=tensor, model_output=model_output)


def _is_traced(graph: Graph, tensor: Tensor, *, is_output: bool) -> bool:
    if tensor.is_variable or graph.data(tensor) is not None or not tensor.element_count:
        return False
    if tensor.dtype is not DType.FLOAT32:
        return tensor.dtype in TRACED_DTYPES
    behind = integers_behind(graph, tensor) if is_output else None
    return behind is not None and behind.quantization is not None


def trace(graph: Graph, inputs: tuple[Array, ...]) -> Mapping[int, Array]:
    """Run inputs through TFLM's interpreter and return what every operator gave.

    Args:
        graph: a full-integer model.
        inputs: one array (V, *sample shape) for each input of the model, of its type.

    Returns:
        For each tensor that can be looked at, by its index in the main subgraph: (V, *sample shape).

    Raises:
        InterpreterError: TFLM refused the model.
    """
    indices = tuple(dict.fromkeys(traced.tensor.index for traced in traced_outputs(graph)))
    if not indices:
        return {}
    outputs = run(Request(engine=tflm_engine(), tflite=write(with_outputs(graph, indices)), inputs=inputs)).outputs
    return dict(zip(indices, outputs, strict=True))


def element_integers(graph: Graph, tensor: Tensor, values: Array) -> npt.NDArray[np.int32]:
    """Return elements as the self-test compares them: integers of 32 bits, those behind a float."""
    behind = integers_behind(graph, tensor) if values.dtype.kind == "f" else None
    if behind is not None and behind.quantization is not None:
        values = quantize(values, behind.quantization, behind.dtype)
    return values.astype(np.int32)


def hash_elements(elements: npt.NDArray[np.int32]) -> int:
    """Return 32 bits that tell tensors apart: the sum of each element, mixed with its position.

    The mixing is a bijection, so that one element that differs always shows.

    Args:
        elements: any shape, in C order.

    >>> hash_elements(np.zeros(1, np.int32)), f"{hash_elements(np.array([[1, -2], [3, 0]], np.int32)):08x}"
    (0, '8a694880')
    """
    positions = np.arange(elements.size, dtype=np.uint32) * np.uint32(_POSITION_FACTOR)
    mixed = elements.reshape(-1).view(np.uint32) + positions
    for shift, factor in _MIX:
        mixed = (mixed ^ (mixed >> np.uint32(shift))) * np.uint32(factor)
    mixed ^= mixed >> np.uint32(_LAST_SHIFT)
    return int(mixed.sum(dtype=np.uint32))


def table_bytes(traced: Sequence[Traced]) -> int:
    """Return what the list of the outputs takes in flash."""
    return TRACED_BYTES * len(traced)


def hash_bytes(traced: Sequence[Traced]) -> int:
    """Return what the hashes of one vector take in flash."""
    return HASH_BYTES * len(traced)


def value_bytes(traced: Sequence[Traced]) -> int:
    """Return what the values of one vector take in flash; the model's outputs stand in the vector already."""
    inner = [one.tensor.nbytes for one in traced if one.model_output is None]
    return sum(inner) + POINTER_BYTES * len(traced)
