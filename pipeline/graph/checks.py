"""What a command may ask of a graph beyond being sound: integers only, fixed shapes."""

from __future__ import annotations

from edgewright.pipeline.errors import TfliteError
from edgewright.pipeline.graph.place import Place
from edgewright.pipeline.graph.types import ABSENT, DType, Graph, Operator, Subgraph, Tensor

INT8_ONLY = (DType.INT8,)

_CONVERT = (
    "Convert with full-integer quantization: a representative dataset, TFLITE_BUILTINS_INT8 as the only operator set, "
    "and int8 as inference_input_type and inference_output_type"
)
_ZERO_POINTS = {
    DType.INT8: range(-128, 128),
    DType.UINT8: range(256),
    DType.INT16: range(-(2**15), 2**15),
    DType.UINT16: range(2**16),
}
_NARROW = (DType.INT8, DType.UINT8, DType.INT4, DType.UINT4, DType.INT2)


def require_full_integer(graph: Graph, source: str, *, boundary_dtypes: tuple[DType, ...] = INT8_ONLY) -> None:
    """Refuse a graph that does not compute in integers of fixed shapes from its inputs to its outputs.

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
        for operator in subgraph.operators:
            _check_operator(graph, subgraph, operator, place)
    place = Place(source, 0, len(graph.subgraphs))
    for role, indices in (("input", graph.main.inputs), ("output", graph.main.outputs)):
        for index in indices:
            _check_boundary(graph.main.tensors[index], role, place, boundary_dtypes)


def _check_operator(graph: Graph, subgraph: Subgraph, operator: Operator, place: Place) -> None:
    """Refuse an operator that reads or writes floating-point, or a shape known only at run time."""
    inputs = [subgraph.tensors[index] for index in operator.inputs if index != ABSENT]
    tensors = [*inputs, *(subgraph.tensors[index] for index in operator.outputs)]
    where = place.operator(operator)
    follows_free_batch = any(tensor.is_dynamic for tensor in inputs)
    for tensor in tensors:
        if tensor.dtype.is_float:
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


def _check_boundary(tensor: Tensor, role: str, place: Place, accepted: tuple[DType, ...]) -> None:
    """Refuse an input or output of another type, or one that nothing says how to quantize."""
    if tensor.dtype not in accepted:
        names = " or ".join(dtype.value for dtype in accepted)
        raise TfliteError(
            f"{place.source}: the {role} {place.tensor(tensor)} is {tensor.dtype.value}, and {names} is accepted. "
            f"{_CONVERT}."
        )
    quantization = tensor.quantization
    if quantization is None or quantization.is_per_channel or quantization.scale <= 0:
        raise TfliteError(
            f"{place.source}: the {role} {place.tensor(tensor)} lacks the one positive scale that it needs. {_CONVERT}."
        )
    if quantization.zero_point not in _ZERO_POINTS.get(tensor.dtype, (0,)):
        raise TfliteError(
            f"{place.source}: the {role} {place.tensor(tensor)} of {tensor.dtype.value} has the zero point "
            f"{quantization.zero_point}, which its type cannot hold. {_CONVERT}."
        )
