"""What must hold in a graph before anything computes with it: indices, shapes, contents, quantization, order.

Run by the reader on what it read and by the writer on what it is given, so a graph that exists is one to rely on.
"""

from __future__ import annotations

import math
from collections.abc import Iterable

from edgewright.pipeline.errors import TfliteError
from edgewright.pipeline.graph.options import NEEDS_OPTIONS, OPTIONS_OF
from edgewright.pipeline.graph.place import Place, quoted
from edgewright.pipeline.graph.types import ABSENT, DType, Graph, Operator, Subgraph, Tensor

MAX_ELEMENTS = 2**31 - 1
"""Most elements of a tensor; zero extents count as one, so that no product of extents is ever larger."""

MAX_RANK = 32

_WITHOUT_WIDTH = (DType.STRING, DType.RESOURCE, DType.VARIANT)
_INT32 = range(-(2**31), 2**31)


def validate(graph: Graph, source: str) -> None:
    """Check a graph.

    Afterwards every index leads somewhere, every constant has the bytes that its shape asks for, operators stand in an
    order in which they can run, and an operator of `OPTIONS_OF` carries its own options table or, unless it is one of
    `NEEDS_OPTIONS`, none.

    Args:
        graph: what to check.
        source: what error messages call it.

    Raises:
        TfliteError: something does not hold; the message names tensor or operator.
    """
    if not graph.subgraphs:
        raise TfliteError(f"{source} has no subgraph; convert the model again.")
    for entry in graph.metadata:
        _require_index(entry.buffer_index, len(graph.buffers), f"metadata {quoted(entry.name)}", "buffer", source)
    for index in graph.metadata_buffers:
        _require_index(index, len(graph.buffers), "the list of metadata buffers", "buffer", source)
    for position, subgraph in enumerate(graph.subgraphs):
        _check_subgraph(graph, subgraph, Place(source, position, len(graph.subgraphs)))
    for signature in graph.signatures:
        where = f"signature {quoted(signature.key)}"
        _require_index(signature.subgraph_index, len(graph.subgraphs), where, "subgraph", source)
        tensors = graph.subgraphs[signature.subgraph_index].tensors
        for _, tensor_index in signature.inputs + signature.outputs:
            _require_index(tensor_index, len(tensors), where, "tensor", source)


def _require_index(index: int, count: int, what: str, kind: str, source: str) -> None:
    """Refuse an index that leads nowhere."""
    if not 0 <= index < count:
        raise TfliteError(f"{source}: {what} names {kind} {index}, and there are {count}. Convert the model again.")


def _check_subgraph(graph: Graph, subgraph: Subgraph, place: Place) -> None:
    """Check one subgraph."""
    for index, tensor in enumerate(subgraph.tensors):
        if tensor.index != index:
            raise place.error(f"{place.tensor(tensor)} stands at place {index}")
        _require_index(tensor.buffer_index, len(graph.buffers), place.tensor(tensor), "buffer", place.source)
        _check_shape(tensor, place)
        _check_content(tensor, len(graph.buffers[tensor.buffer_index]), place)
        _check_quantization(tensor, place)
    for index in (*subgraph.inputs, *subgraph.outputs):
        _require_index(index, len(subgraph.tensors), place.subgraph(), "tensor", place.source)
    for index, operator in enumerate(subgraph.operators):
        if operator.index != index:
            raise place.error(f"{place.operator(operator)} stands at place {index}")
        _check_operator(graph, subgraph, operator, place)
    _check_order(graph, subgraph, place)


def _check_shape(tensor: Tensor, place: Place) -> None:
    """Refuse shapes that no arithmetic downstream could bear."""
    elements = ("variant " if tensor.variant_elements else "") + "shape"
    for shape in (tensor.shape, *(element.shape for element in tensor.variant_elements)):
        if len(shape) > MAX_RANK:
            raise place.error(
                f"{place.tensor(tensor)} has {len(shape)} dimensions, and at most {MAX_RANK} are accepted"
            )
        if any(extent < 0 for extent in shape):
            raise place.error(f"{place.tensor(tensor)} has the {elements} {list(shape)} with a negative extent")
        if math.prod(max(extent, 1) for extent in shape) > MAX_ELEMENTS:
            raise place.error(f"{place.tensor(tensor)} has the {elements} {list(shape)} of more than 2^31 - 1 elements")
    signature = tensor.shape_signature
    if signature and len(signature) != len(tensor.shape):
        raise place.error(
            f"{place.tensor(tensor)} has {len(tensor.shape)} dimensions, but its shape signature has {len(signature)}"
        )
    if any(extent < -1 for extent in signature):
        raise place.error(f"{place.tensor(tensor)} has the impossible shape signature {list(signature)}")


def _check_content(tensor: Tensor, content_bytes: int, place: Place) -> None:
    """Refuse a constant whose bytes are not those that its shape and type ask for."""
    if not content_bytes:
        return
    if tensor.is_variable:
        raise place.error(f"{place.tensor(tensor)} is a variable but has {content_bytes} constant bytes")
    if tensor.dtype in _WITHOUT_WIDTH or tensor.sparsity is not None:
        return
    if content_bytes != tensor.nbytes:
        raise place.error(
            f"{place.tensor(tensor)} of {tensor.dtype.value} {list(tensor.shape)} takes {tensor.nbytes} bytes, "
            f"but its buffer has {content_bytes}"
        )


def _check_quantization(tensor: Tensor, place: Place) -> None:
    """Refuse scales and zero points that mean nothing."""
    if any(math.isnan(value) for value in tensor.minimums + tensor.maximums):
        raise place.error(f"{place.tensor(tensor)} has a recorded range that is not a number")
    quantization = tensor.quantization
    if quantization is None:
        return
    scales, zero_points, axis = quantization.scales, quantization.zero_points, quantization.axis
    if not scales or len(scales) != len(zero_points):
        raise place.error(f"{place.tensor(tensor)} has {len(scales)} scales and {len(zero_points)} zero points")
    if not all(math.isfinite(scale) and scale >= 0 for scale in scales):
        raise place.error(f"{place.tensor(tensor)} has a scale that is negative or not finite")
    if any(zero_point not in _INT32 for zero_point in zero_points):
        raise place.error(f"{place.tensor(tensor)} has a zero point that does not fit 32 bits")
    if len(scales) > 1 and tensor.shape and not (0 <= axis < len(tensor.shape) and tensor.shape[axis] == len(scales)):
        raise place.error(
            f"{place.tensor(tensor)} of shape {list(tensor.shape)} has {len(scales)} scales along axis {axis}"
        )


def _check_operator(graph: Graph, subgraph: Subgraph, operator: Operator, place: Place) -> None:
    """Check what an operator names and carries."""
    where = place.operator(operator)
    if operator.version < 0:
        raise place.error(f"{where} has the version {operator.version}")
    for index in (*operator.inputs, *operator.intermediates):
        if index != ABSENT:
            _require_index(index, len(subgraph.tensors), where, "tensor", place.source)
    for index in operator.outputs:
        _require_index(index, len(subgraph.tensors), where, "tensor", place.source)
    accepted = OPTIONS_OF.get(operator.op)
    if accepted and operator.options_type not in (accepted, None):
        raise place.error(f"{where} carries {operator.options_type}, and only {accepted} is accepted")
    if operator.op in NEEDS_OPTIONS and operator.options_type is None:
        raise place.error(f"{where} lacks its {accepted}")
    _check_options(graph, operator, where, place)


def _check_options(graph: Graph, operator: Operator, where: str, place: Place) -> None:
    """Refuse options that are not numbers, and calls of subgraphs that do not exist."""
    for name, value in operator.options.items():
        if isinstance(value, float) and not math.isfinite(value):
            raise place.error(f"{where} has the option {name} = {value}, and a finite number is expected")
        if isinstance(value, tuple) and any(math.isnan(element) for element in value):
            raise place.error(f"{where} has the option {name} with an element that is not a number")
        if value is not None and name.endswith(("subgraph", "subgraph_index", "subgraph_indices")):
            for called in value if isinstance(value, tuple) else (value,):
                if not isinstance(called, int) or not 0 <= called < len(graph.subgraphs):
                    raise place.error(
                        f"{where} names subgraph {called!r} as its {name}, and there are {len(graph.subgraphs)}"
                    )


def _check_order(graph: Graph, subgraph: Subgraph, place: Place) -> None:
    """Refuse operators that read what nothing has computed yet, or write what something else has.

    Constants, variables and tensors without any element have a value from the start.
    """
    constant = [bool(graph.buffers[tensor.buffer_index]) for tensor in subgraph.tensors]
    writable = [not has_content for has_content in constant]
    ready = [
        has_content or tensor.is_variable or 0 in tensor.shape
        for has_content, tensor in zip(constant, subgraph.tensors, strict=True)
    ]
    for index in subgraph.inputs:
        ready[index] = True
        writable[index] = False
    for operator in subgraph.operators:
        _require_ready(subgraph, operator.inputs, ready, place, place.operator(operator))
        for index in operator.outputs:
            if not writable[index]:
                raise place.error(
                    f"{place.operator(operator)} writes {place.tensor(subgraph.tensors[index])}, "
                    "which is an input, a constant or another operator's output"
                )
            ready[index] = True
            writable[index] = False
    _require_ready(subgraph, subgraph.outputs, ready, place, place.subgraph())


def _require_ready(subgraph: Subgraph, indices: Iterable[int], ready: list[bool], place: Place, reader: str) -> None:
    """Refuse a reader of tensors that have no value yet."""
    for index in indices:
        if index != ABSENT and not ready[index]:
            raise place.error(
                f"{reader} reads {place.tensor(subgraph.tensors[index])} before any operator has computed it"
            )
