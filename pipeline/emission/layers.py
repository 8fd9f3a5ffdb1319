"""The model's layers, and what each must give for the golden vectors, as templates see them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from edgewright.pipeline.emission.filters import one_word
from edgewright.pipeline.emission.literals import hexadecimal_rows, number_rows
from edgewright.pipeline.graph import DType, Graph
from edgewright.pipeline.trace import Traced, element_integers, hash_elements, traced_outputs
from edgewright.pipeline.vocabulary import EmissionModel, LayerTrace


@dataclass(frozen=True, kw_only=True)
class LayerContext:
    """One operator of the main subgraph, in words that a console shows."""

    operation: str
    name: str


@dataclass(frozen=True, kw_only=True)
class TracedContext:
    """One output of a layer."""

    layer: int
    output: int
    model_output: int | None
    type_name: str
    """`INT8`: part of names of constants."""
    length: int
    """Number of elements."""


@dataclass(frozen=True, kw_only=True)
class ValuesContext:
    """What one output of a layer must be for one golden vector; without rows where the vector itself says so."""

    symbol: str
    """`NULL` without rows."""
    c_type: str
    length: int
    rows: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class TraceContext:
    """What a self-test finds a wrong layer by."""

    outputs: tuple[TracedContext, ...]
    hashes: tuple[str, ...]
    """Rows of an initializer; empty where the firmware holds none."""
    hashed_count: int
    """Of how many golden vectors there are hashes."""
    values: tuple[tuple[ValuesContext, ...], ...]
    """For each of the first golden vectors one array of each output."""


def layers(model: EmissionModel) -> tuple[LayerContext, ...]:
    """Return the operators of the main subgraph in the order in which they run."""
    return tuple(
        LayerContext(operation=one_word(operator.label), name=one_word(name))
        for operator, name in zip(model.graph.main.operators, model.layer_names, strict=True)
    )


def trace_context(
    graph: Graph, given: LayerTrace | None, vector_count: int, shown: Sequence[tuple[int, int]] | None = None
) -> TraceContext:
    """Return what the layers of a model must give.

    Args:
        graph: the model, its operators in the order in which the firmware runs them.
        given: of the same tensors, whatever order it was traced in; None where nothing is held.
        vector_count: how many golden vectors the firmware has.
        shown: the layers and outputs that the runtime shows, in its order; None where it shows all.

    Raises:
        ValueError: it is of more vectors, a tensor is missing, or is not of the shape and type of the model's (a
            defect of the caller).
    """
    found = traced_outputs(graph, shown)
    if given is None or not given.hashed_count or not found:
        return TraceContext(outputs=(), hashes=(), hashed_count=0, values=())
    if not given.valued_count <= given.hashed_count <= vector_count:
        raise ValueError(
            f"Values of {given.valued_count} vectors and hashes of {given.hashed_count} do not go with {vector_count}."
        )
    hashes = [
        hash_elements(element_integers(graph, traced.tensor, _array(given, traced, vector)))
        for vector in range(given.hashed_count)
        for traced in found
    ]
    values = tuple(tuple(_values(given, traced, vector) for traced in found) for vector in range(given.valued_count))
    return TraceContext(
        outputs=tuple(_traced(traced) for traced in found),
        hashes=hexadecimal_rows(hashes),
        hashed_count=given.hashed_count,
        values=values,
    )


def _traced(traced: Traced) -> TracedContext:
    return TracedContext(
        layer=traced.layer,
        output=traced.output,
        model_output=traced.model_output,
        type_name=_stored(traced.tensor.dtype).value.upper(),
        length=traced.tensor.element_count,
    )


def _stored(dtype: DType) -> DType:
    """Return the type that C reads a tensor as: a truth value is a byte."""
    return DType.UINT8 if dtype is DType.BOOL else dtype


def _array(given: LayerTrace, traced: Traced, vector: int) -> npt.NDArray[np.generic]:
    tensor = traced.tensor
    arrays = given.tensors.get(tensor.index)
    if arrays is None or vector >= len(arrays):
        raise ValueError(f'Tensor {tensor.index} ("{tensor.name}") was not traced for golden vector {vector}.')
    array: npt.NDArray[np.generic] = arrays[vector]
    if array.dtype.name != tensor.dtype.value or array.size != tensor.element_count:
        raise ValueError(
            f'Tensor {tensor.index} ("{tensor.name}") was traced as {array.dtype.name} {array.shape}; the model has '
            f"{tensor.dtype.value} {tensor.shape}."
        )
    return array


def _values(given: LayerTrace, traced: Traced, vector: int) -> ValuesContext:
    stored = _stored(traced.tensor.dtype)
    is_held = traced.model_output is None
    return ValuesContext(
        symbol=f"layer_{traced.layer}_output_{traced.output}_vector_{vector}" if is_held else "NULL",
        c_type=f"{stored.value}_t",
        length=traced.tensor.element_count,
        rows=number_rows(_array(given, traced, vector).astype(stored.value)) if is_held else (),
    )
