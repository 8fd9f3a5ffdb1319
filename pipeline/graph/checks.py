"""What a command may ask of a graph beyond being sound: integers only, fixed shapes."""

from __future__ import annotations

from edgewright.pipeline.errors import TfliteError
from edgewright.pipeline.graph.boundary import BOUNDARY_DTYPES, integers_behind
from edgewright.pipeline.graph.place import Place
from edgewright.pipeline.graph.types import ABSENT, DType, Graph, Operator, Subgraph, Tensor

_CONVERT = (
    "Convert with full-integer quantization: a representative dataset, TFLITE_BUILTINS_INT8 as the only operator set, "
    "and int8 as inference_input_type and inference_output_type"
)
_CONVERTING = (("QUANTIZE", "inputs"), ("DEQUANTIZE", "outputs"))
"""The operators that may touch floats, and on which side of the main subgraph."""
_ZERO_POINTS = {
    DType.INT8: range(-128, 128),
    DType.UINT8: range(256),
    DType.INT16: range(-(2**15), 2**15),
    DType.UINT16: range(2**16),
}
_NARROW = (DType.INT8, DType.UINT8, DType.INT4, DType.UINT4, DType.INT2)


def require_full_integer(graph: Graph, source: str, *, boundary_dtypes: tuple[DType, ...] = BOUNDARY_DTYPES) -> None:
    """Refuse a graph that does not compute in integers of fixed shapes from its inputs to its outputs.

    Where float32 is accepted at the boundary, QUANTIZE may read such an input and DEQUANTIZE write such an output, and
    nothing else may touch it.

    A batch that was left free in conversion is accepted where the file itself states 1 for it, as interpreters that
    never resize do (`tensor.shape` is what they allocate): on an input, and on what is computed from such a tensor.

    Args:
        graph: the graph.
        source: what error messages call it.
        boundary_dtypes: element types that the main subgraph's inputs and outputs may have.

    Raises:
        TfliteError: naming the first operator and tensor that is floating-point or hybrid, a tensor whose shape is
            known only at run time, or an input or output of another type or without a scale and zero point.
    """
    for position, subgraph in enumerate(graph.subgraphs):
        place = Place(source, position, len(graph.subgraphs))
        for index in subgraph.inputs:
            _check_fixed(subgraph.tensors[index], place.tensor(subgraph.tensors[index]), source, may_be_free=True)
        floats = _convertible_floats(subgraph, boundary_dtypes) if position == 0 else frozenset()
        for operator in subgraph.operators:
            _check_operator(graph, subgraph, operator, place, floats)
    place = Place(source, 0, len(graph.subgraphs))
    for role, indices in (("input", graph.main.inputs), ("output", graph.main.outputs)):
        for index in indices:
            _check_boundary(graph, graph.main.tensors[index], role, place, boundary_dtypes)


def _convertible_floats(subgraph: Subgraph, boundary_dtypes: tuple[DType, ...]) -> frozenset[tuple[str, int]]:
    """Return which operators may touch which floats at the boundary: pairs of an operator's name and a tensor."""
    return frozenset(
        (op, index)
        for op, side in _CONVERTING
        for index in getattr(subgraph, side)
        if subgraph.tensors[index].dtype is DType.FLOAT32 and DType.FLOAT32 in boundary_dtypes
    )


def _check_operator(
    graph: Graph, subgraph: Subgraph, operator: Operator, place: Place, floats: frozenset[tuple[str, int]]
) -> None:
    """Refuse an operator that reads or writes floating-point, or a shape known only at run time."""
    inputs = [subgraph.tensors[index] for index in operator.inputs if index != ABSENT]
    tensors = [*inputs, *(subgraph.tensors[index] for index in operator.outputs)]
    where = place.operator(operator)
    follows_free_batch = any(tensor.is_dynamic for tensor in inputs)
    for tensor in tensors:
        if tensor.dtype.is_float and (operator.op, tensor.index) not in floats:
            weights = next((other for other in tensors if graph.data(other) and other.dtype in _NARROW), None)
            hybrid = (
                f" (a hybrid operator of a dynamic-range model: {weights.dtype.value} weights, computed in float)"
                if weights
                else ""
            )
            raise TfliteError(
                f"{place.source}: {where} uses the {tensor.dtype.value} {place.tensor(tensor)}{hybrid}, "
                f"and only integers are accepted. {_CONVERT}."
            )
        if tensor.dtype in (DType.STRING, DType.VARIANT):
            raise TfliteError(
                f"{place.source}: {where} uses the {tensor.dtype.value} {place.tensor(tensor)}, "
                "and only integers are accepted. Move that part of the model out of it, into your own code."
            )
        _check_fixed(tensor, f"{place.tensor(tensor)} at {where}", place.source, may_be_free=follows_free_batch)


def _check_fixed(tensor: Tensor, where: str, source: str, *, may_be_free: bool) -> None:
    """Refuse a shape that is known only at run time, a free batch of 1 excepted where it `may_be_free`."""
    unknown = [axis for axis, extent in enumerate(tensor.shape_signature) if extent < 0]
    if unknown and not (may_be_free and unknown == [0] and tensor.shape[0] == 1):
        raise TfliteError(
            f"{source}: {where} has the shape {list(tensor.shape_signature)} that is only known at run time. "
            "Fix every dimension, batch included, to a number before converting, "
            "for instance by a concrete function of batch 1."
        )


def _check_boundary(graph: Graph, tensor: Tensor, role: str, place: Place, accepted: tuple[DType, ...]) -> None:
    """Refuse an input or output of another type, or one that nothing says how to quantize."""
    if tensor.dtype not in accepted:
        names = " or ".join(dtype.value for dtype in accepted)
        raise TfliteError(
            f"{place.source}: the {role} {place.tensor(tensor)} is {tensor.dtype.value}, and {names} is accepted. "
            f"{_CONVERT}."
        )
    integers = integers_behind(graph, tensor)
    quantization = integers.quantization if integers else None
    if integers is None or quantization is None or quantization.is_per_channel or quantization.scale <= 0:
        raise TfliteError(
            f"{place.source}: the {role} {place.tensor(tensor)} lacks the one positive scale that it needs. {_CONVERT}."
        )
    if quantization.zero_point not in _ZERO_POINTS.get(integers.dtype, (0,)):
        raise TfliteError(
            f"{place.source}: the {role} {place.tensor(tensor)} of {integers.dtype.value} has the zero point "
            f"{quantization.zero_point}, which its type cannot hold. {_CONVERT}."
        )
