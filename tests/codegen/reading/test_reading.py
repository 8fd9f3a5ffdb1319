"""A graph is read step by step, and what the static engine does not compute is refused with layer and operator."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from support.graphs import Draft, tiny_graph
from support.one_operator import GRAPHS, average_pool, softmax
from support.static_operators import convolution, depthwise, fully_connected, mean, moved, pair, quantize, unary

from edgewright.pipeline.codegen.evaluation import evaluate
from edgewright.pipeline.codegen.operations import Concatenation, Convolution, FullyConnected, Reinterpretation, Softmax
from edgewright.pipeline.codegen.reading import READERS, read_program
from edgewright.pipeline.errors import TfliteError
from edgewright.pipeline.graph import DType, Graph, Quantization, Subgraph


def changed(graph: Graph, index: int, **fields: Any) -> Graph:
    """A graph with other fields of one tensor."""
    tensors = [*graph.main.tensors]
    tensors[index] = replace(tensors[index], **fields)
    return replace(graph, subgraphs=(replace(graph.main, tensors=tuple(tensors)),))


def with_options(graph: Graph, **options: Any) -> Graph:
    """A graph with other options of its first operator."""
    first = replace(graph.main.operators[0], options={**graph.main.operators[0].options, **options})
    return replace(graph, subgraphs=(replace(graph.main, operators=(first, *graph.main.operators[1:])),))


def computed_shape() -> Graph:
    """A reshape whose shape is an input of the graph."""
    draft = Draft()
    x, shape = draft.input((1, 6)), draft.input((2,), dtype=DType.INT32, scale=None)
    return draft.graph(draft.operator("RESHAPE", (x, shape), (1, 6), options_type="ReshapeOptions"))


def computed_weights() -> Graph:
    """A dense layer whose weights are an input of the graph."""
    draft = Draft()
    x, weights = draft.input((1, 6)), draft.input((4, 6))
    return draft.graph(draft.operator("FULLY_CONNECTED", (x, weights), (1, 4), options_type="FullyConnectedOptions"))


def wide_sums(bias: int, scale: float) -> Graph:
    """A dense layer of a large bias, with the scale of its output."""
    draft = Draft()
    x, weights = draft.input((1, 1)), draft.constant([[1]])
    inputs = (x, weights, draft.constant([bias], DType.INT32, scale=0.25))
    return draft.graph(
        draft.operator("FULLY_CONNECTED", inputs, (1, 1), options_type="FullyConnectedOptions", scale=scale)
    )


def stateful() -> Graph:
    """A table of a tensor that lasts from one inference to the next."""
    graph = unary("RELU", (0.5, 0), (0.5, 0))
    return changed(graph, 1, is_variable=True)


def two_subgraphs() -> Graph:
    """A graph with a second subgraph."""
    graph = tiny_graph()
    return replace(graph, subgraphs=(graph.main, Subgraph(name="b", tensors=(), operators=(), inputs=(), outputs=())))


REFUSED: dict[str, tuple[Callable[[], Graph], str]] = {
    "int16": (GRAPHS["convolution_int16"], "int16"),
    "softmax_int16": (lambda: softmax(DType.INT16), "int16"),
    "int4": (lambda: changed(fully_connected((1, 8), 4), 1, dtype=DType.INT4), "an input 1 of int4"),
    "computed_shape": (computed_shape, "int32"),
    "computed_weights": (computed_weights, "an input 1 that is computed and not constant"),
    "state": (stateful, "a state that lasts"),
    "batch": (lambda: changed(average_pool(), 0, shape=(2, 4, 4, 9)), r"shape \[2, 4, 4, 9\]"),
    "dynamic": (lambda: changed(average_pool(), 0, shape_signature=(1, -1, 4, 9)), r"shape \[1, -1, 4, 9\]"),
    "no_scale": (lambda: changed(average_pool(), 0, quantization=None), "without one positive, finite scale"),
    "pool_scales": (
        lambda: changed(average_pool(), 1, quantization=Quantization(scales=(0.7,), zero_points=(0,))),
        "an input and an output of different scales",
    ),
    "activation": (lambda: with_options(average_pool(), fused_activation_function=4), "the fused activation 4"),
    "padding": (lambda: with_options(average_pool(), padding=7), "the padding 7"),
    "window": (lambda: with_options(average_pool(), filter_width=0), r"a window of \[2, 0\]"),
    "output": (lambda: with_options(average_pool(), stride_w=1), "an output of 2 rows or columns where 3 follow"),
    "multiplier": (lambda: with_options(depthwise((4, 4, 2), (3, 3)), depth_multiplier=2), "a depth multiplier of 2"),
    "groups": (lambda: changed(convolution((4, 4, 6), (4, 1, 1, 6)), 0, shape=(1, 4, 4, 8)), "for 8 channels"),
    "weights_zero_point": (
        lambda: changed(
            fully_connected((1, 8), 4), 1, quantization=Quantization(scales=(0.1,), zero_points=(3,))
        ),
        "weights with a zero point",
    ),
    "bias_scale": (
        lambda: changed(fully_connected((1, 8), 4), 2, quantization=Quantization(scales=(9.0,), zero_points=(0,))),
        "a bias of another scale",
    ),
    "wide_sums": (lambda: wide_sums(2**31 - 1, scale=0.5), "sums or products that do not fit 32 bits"),
    "shifted_sums": (lambda: wide_sums(2**20, scale=2**-20), "sums or products that do not fit 32 bits"),
    "wide_products": (
        lambda: changed(pair("MUL", (1, 4), (1, 4)), 2, quantization=Quantization(scales=(1e-9,), zero_points=(0,))),
        "sums or products that do not fit 32 bits",
    ),
    "wide_mean": (lambda: mean((1, 9, 9, 2), [1, 2], (1, 2), scales=(1.0, 1e-7)), "sums or products"),
    "factor": (lambda: unary("RELU", (1e5, 0), (1e-8, 0)), "scales that differ too much"),
    "zero_point": (lambda: unary("RELU", (0.5, 0), (0.5, 128)), "a zero point of 128 that int8 cannot hold"),
    "shuffled_weights": (lambda: with_options(fully_connected((1, 8), 4), weights_format=1), "in another order"),
    "shapes": (lambda: changed(pair("ADD", (1, 4), (1, 4)), 1, shape=(1, 3)), "inputs of shapes"),
    "sum_scales": (
        lambda: changed(pair("ADD", (1, 4), (1, 4)), 2, quantization=Quantization(scales=(1e-9,), zero_points=(0,))),
        "scales that differ so much",
    ),
    "softmax_scale": (
        lambda: changed(softmax(DType.INT8), 1, quantization=Quantization(scales=(0.5,), zero_points=(0,))),
        "an output of scale 0.5",
    ),
    "logistic_zero_point": (lambda: unary("LOGISTIC", (0.1, 0), (2**-8, 0)), "the zero point 0"),
    "permutation": (lambda: moved("TRANSPOSE", (1, 3), (3, 1), [0, 0]), r"the permutation \[0, 0\]"),
    "new_axis": (
        lambda: moved(
            "STRIDED_SLICE", (1, 5), (1, 5), [0, 0], [1, 5], [1, 1], options_type="StridedSliceOptions",
            new_axis_mask=1,
        ),
        "an ellipsis, a new axis",
    ),
    "quantize_int16": (lambda: quantize((DType.INT8, 0.5, 0), (DType.INT16, 0.5, 0)), "int16"),
    "float_operator": (
        lambda: changed(
            changed(unary("RELU", (0.5, 0), (0.5, 0)), 0, dtype=DType.FLOAT32), 1, dtype=DType.FLOAT32
        ),
        "a tensor of float32",
    ),
}  # fmt: skip
AT_THE_BOUNDARY = ("computed_shape", "int16", "quantize_int16", "softmax_int16")


@pytest.mark.parametrize("name", ["svdf", "transposed_narrow", "matmul"])
def test_an_unknown_operator_is_refused(name: str) -> None:
    """An operator without a reader is refused with the layer that it computes."""
    graph = GRAPHS[name]()
    op = graph.main.operators[0].op
    with pytest.raises(TfliteError, match=rf'^The layer "dense_7" needs {op} \(operator 0\), which .*runtime=tflm'):
        read_program(graph, ["dense_7"])


@pytest.mark.parametrize("name", [name for name in REFUSED if name not in AT_THE_BOUNDARY])
def test_what_is_not_computed_is_refused(name: str) -> None:
    """A refusal names the layer, the operator and what it has, and says what to do."""
    make, reason = REFUSED[name]
    graph = make()
    op = graph.main.operators[0].op
    with pytest.raises(TfliteError, match=rf'^The layer "dense_7" \(operator 0 {op}\) has .*{reason}.*runtime=tflm'):
        read_program(graph, ["dense_7"])


@pytest.mark.parametrize("name", AT_THE_BOUNDARY)
def test_inputs_and_outputs_of_other_types_are_refused(name: str) -> None:
    """An input or output that is neither int8, uint8 nor float32 is refused before any layer is read."""
    make, reason = REFUSED[name]
    with pytest.raises(TfliteError, match=rf'^The (input|output) ".*" is {reason}, .*runtime=tflm'):
        read_program(make(), ["dense_7"])


def test_a_second_subgraph_is_refused() -> None:
    """Branches, loops and states in subgraphs of their own are refused by their number."""
    graph = two_subgraphs()
    with pytest.raises(TfliteError, match=r"^The model has 2 subgraphs .*runtime=tflm"):
        read_program(graph, ["layer"] * 4)


def test_steps_stand_for_operators() -> None:
    """Each operator becomes a step of its kind that names the operator, reads values and holds constants."""
    graph = tiny_graph()
    program = read_program(graph, ["conv", "flat", "dense", "classes"])
    kinds = [type(step.operation) for step in program.steps]
    assert [Convolution, Reinterpretation, FullyConnected, Softmax] == kinds
    assert [(0,), (1,), (2,), (3,)] == [step.layers for step in program.steps]
    assert [operator.outputs for operator in graph.main.operators] == [step.outputs for step in program.steps]
    assert (graph.main.inputs, graph.main.outputs) == (program.inputs, program.outputs)


def test_values_are_computed_tensors() -> None:
    """Inputs and what operators write are values of their tensor's name, shape and scale, and constants are not."""
    graph = tiny_graph()
    program = read_program(graph, ["conv", "flat", "dense", "classes"])
    assert ["image", "maps", "flat", "logits", "classes"] == [value.name for value in program.values.values()]
    maps = program.values[graph.main.operators[0].outputs[0]]
    assert ((1, 2, 2, 4), DType.INT8, 2**-5, -128, True) == (
        maps.shape, maps.dtype, maps.scale, maps.zero_point, maps.is_exact,
    )  # fmt: skip
    assert (16, 16) == (maps.element_count, maps.nbytes)


def test_a_constant_in_the_place_of_a_value_is_written_by_a_step() -> None:
    """A reshape of a constant, and a constant output, are preceded by a step that writes the constant."""
    draft = Draft()
    x = draft.input((1, 4))
    constant = draft.constant([[1, -2], [3, -4]])
    flat = draft.operator("RESHAPE", (constant,), (1, 4), options_type="ReshapeOptions")
    total = draft.operator("MAXIMUM", (x, flat), (1, 4))
    program = read_program(draft.graph(total, constant), ["flat", "total"])
    assert [Concatenation, Reinterpretation] == [type(step.operation) for step in program.steps[:2]]
    values = evaluate(program, {x: np.array([[0, 0, 0, 0]], np.int8)})
    assert [[1, 0, 3, 0]] == values[total].tolist()
    assert [[1, -2], [3, -4]] == values[constant].tolist()


def test_a_constant_float_is_refused() -> None:
    """A constant of another type than int8 cannot stand in the place of a value."""
    draft = Draft()
    constant = draft.constant([1.0], DType.FLOAT32)
    graph = draft.graph(draft.operator("QUANTIZE", (constant,), (1,)))
    with pytest.raises(TfliteError, match="a constant of float32 in the place of a computed tensor"):
        read_program(graph, ["layer"])


def test_readers_are_listed_once_and_in_order() -> None:
    """The list of readers is sorted and names no operator twice."""
    names = [op for op, _ in READERS]
    assert sorted(set(names)) == names
