"""Models that firmware cannot serve are refused with one sentence that names what is wrong and a way out."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

import numpy as np
import pytest

from edgewright.pipeline.emission.operators import Registration, registrations
from edgewright.pipeline.errors import TfliteError
from edgewright.pipeline.graph.types import DType, Operator, Quantization, Subgraph, Tensor
from edgewright.pipeline.target import choose_family, load_target
from edgewright.pipeline.vocabulary import EmissionModel, GoldenVectors

Emit = Callable[..., Mapping[str, bytes]]


def with_operators(model: EmissionModel, operators: tuple[Operator, ...], *called: Subgraph) -> EmissionModel:
    """Return the model with other operators, and subgraphs that they call."""
    main = replace(model.graph.main, operators=operators)
    names = tuple(f"layer{operator.index}" for operator in operators)
    return replace(model, graph=replace(model.graph, subgraphs=(main, *called)), layer_names=names)


def operator(op: str, index: int = 0, custom_name: str | None = None) -> Operator:
    """Return an operator of which only the kind matters."""
    return Operator(index=index, op=op, version=1, inputs=(0,), outputs=(9,), custom_name=custom_name)


def needed(model: EmissionModel) -> tuple[Registration, ...]:
    """Return the registrations that the firmware of a host makes."""
    host = load_target("host")
    return registrations(model, host, choose_family(host, None))


def with_tensor(model: EmissionModel, index: int, tensor: Tensor) -> EmissionModel:
    """Return the model with another tensor in one place."""
    tensors = list(model.graph.main.tensors)
    tensors[index] = tensor
    main = replace(model.graph.main, tensors=tuple(tensors))
    return replace(model, graph=replace(model.graph, subgraphs=(main,)))


def test_registrations_are_exactly_those_needed(tiny: EmissionModel) -> None:
    """Each operator is registered once, in the order of the methods, with the layers that need it."""
    operators = tuple(operator(op, index) for index, op in enumerate(["SOFTMAX", "ADD", *["CONV_2D"] * 5]))
    found = needed(with_operators(tiny, operators))
    assert [
        ("AddAdd", "ADD", "layer1"),
        ("AddConv2D", "CONV_2D", "layer2, layer3, layer4 and 2 more"),
        ("AddSoftmax", "SOFTMAX", "layer0"),
    ] == [(entry.method, entry.operator, entry.layers) for entry in found]


def test_called_subgraphs_count(tiny: EmissionModel) -> None:
    """Operators of a subgraph that WHILE or IF calls are registered too."""
    body = replace(tiny.graph.main, name="body", operators=(operator("TANH"),))
    found = needed(with_operators(tiny, (operator("WHILE"),), body))
    assert [("AddTanh", "body (operator 0)"), ("AddWhile", "layer0")] == [(e.method, e.layers) for e in found]


def test_known_custom_operator_is_registered(tiny: EmissionModel) -> None:
    """A custom operator that TFLM brings along is registered by its own method."""
    found = needed(with_operators(tiny, (operator("CUSTOM", custom_name="TFLite_Detection_PostProcess"),)))
    assert ["AddDetectionPostprocess"] == [entry.method for entry in found]


@pytest.mark.parametrize(
    ("op", "custom_name", "sentence"),
    [
        ("RESIZE_BICUBIC_3D", None, 'Operator 1 (RESIZE_BICUBIC_3D) of layer "layer1" has no kernel in TensorFlow '
         "Lite Micro; build that layer from operators that have one (RESIZE_BILINEAR, RESIZE_NEAREST_NEIGHBOR) and "
         "convert again."),
        ("CUSTOM", "ADD", 'Operator 1 (custom ADD) of layer "layer1" has no kernel in TensorFlow Lite Micro; build '
         "that layer from operators that have one (ADD, ADD_N) and convert again."),
        ("WHERE", None, 'Operator 1 (WHERE) of layer "layer1" has no kernel in TensorFlow Lite Micro; build that '
         "layer from operators that have one (CONV_2D, DEPTHWISE_CONV_2D, FULLY_CONNECTED, ADD, MUL) and convert "
         "again."),
    ],
)  # fmt: skip
def test_unknown_operator_is_refused(
    op: str, custom_name: str | None, sentence: str, tiny: EmissionModel, emit: Emit
) -> None:
    """An operator without a registration is named with its layer and what comes near."""
    model = with_operators(tiny, (operator("ADD"), operator(op, 1, custom_name)))
    with pytest.raises(TfliteError) as error:
        emit(model, "esp_idf")
    assert sentence == str(error.value)


def test_model_without_operators_is_refused(tiny: EmissionModel, emit: Emit) -> None:
    """A model that computes nothing is refused."""
    with pytest.raises(TfliteError, match="has no operator"):
        emit(with_operators(tiny, ()), "cmake")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"dtype": DType.INT64}, r'input 0 \("image"\) is int64; firmware accepts int8, uint8, int16, int32, float32'),
        ({"dtype": DType.FLOAT32}, r'input 0 \("image"\) is float32 without integers behind it; convert the model'),
        ({"shape_signature": (1, -1, 4, 1)}, r"has the shape \[1, -1, 4, 1\]; every dimension but the batch must"),
        ({"shape": (-1, 4, 4, 1)}, r"has the shape \[-1, 4, 4, 1\]; every dimension but the batch must"),
        ({"shape": (1, 0)}, r"has the shape \[1, 0\]"),
        ({"quantization": Quantization(scales=(1.0, 1.0), zero_points=(0, 0))}, r"quantized per channel \(2 scales\)"),
        ({"quantization": Quantization(scales=(0.0,), zero_points=(0,))}, r"scale 0.0 and zero point 0; a scale must"),
        ({"quantization": Quantization(scales=(1.0,), zero_points=(128,))}, r"a zero point within -128\.\.127"),
        ({"quantization": Quantization(scales=(float("nan"),), zero_points=(0,))}, r"scale nan"),
    ],
)
def test_impossible_input_is_refused(change: dict[str, object], message: str, tiny: EmissionModel, emit: Emit) -> None:
    """An input that C cannot serve is refused by its number and name, with what is accepted."""
    tensor = replace(tiny.graph.main.tensors[0], **change)  # type: ignore[arg-type]
    with pytest.raises(TfliteError, match=message):
        emit(with_tensor(tiny, 0, tensor), "cmake")


def test_open_batch_is_one(tiny: EmissionModel, emit: Emit) -> None:
    """A batch that the converter left open is 1, as TFLM takes it."""
    tensor = replace(tiny.graph.main.tensors[0], shape_signature=(-1, 4, 4, 1))
    assert emit(tiny, "cmake") == emit(with_tensor(tiny, 0, tensor), "cmake")


@pytest.mark.parametrize("direction", ["inputs", "outputs"])
def test_missing_boundary_is_refused(direction: str, tiny: EmissionModel, emit: Emit) -> None:
    """A model without inputs or outputs is refused."""
    main = replace(tiny.graph.main, **{direction: ()})  # type: ignore[arg-type]
    with pytest.raises(TfliteError, match=f"has no {direction[:-1]}"):
        emit(replace(tiny, graph=replace(tiny.graph, subgraphs=(main,))), "cmake")


def test_other_schema_version_is_refused(tiny: EmissionModel, emit: Emit) -> None:
    """TFLM reads schema version 3 only."""
    with pytest.raises(TfliteError, match="schema version 2; TensorFlow Lite Micro reads version 3"):
        emit(replace(tiny, graph=replace(tiny.graph, version=2)), "cmake")


@pytest.mark.parametrize(
    ("vectors", "message"),
    [
        (GoldenVectors(inputs=(), outputs=(), origin=""), "0 golden inputs"),
        (GoldenVectors(inputs=((np.zeros(16, np.int8),),), outputs=(), origin=""), "1 golden inputs and 0"),
        (GoldenVectors(inputs=((),), outputs=((),), origin=""), "vector 0 has 0 arrays for 1 tensors"),
        (GoldenVectors(inputs=((np.zeros(15, np.int8),),), outputs=((np.zeros(3, np.int8),),), origin=""), r"\(15,\)"),
        (
            GoldenVectors(inputs=((np.zeros(16, np.uint8),),), outputs=((np.zeros(3, np.int8),),), origin=""),
            "got uint8",
        ),
    ],
)
def test_vectors_must_belong_to_the_model(
    vectors: GoldenVectors, message: str, tiny: EmissionModel, emit: Emit
) -> None:
    """Golden vectors of another model are a defect of the caller."""
    with pytest.raises(ValueError, match=message):
        emit(replace(tiny, vectors=vectors), "cmake")


@pytest.mark.parametrize("arena_bytes", [0, -16, 1000])
def test_arena_must_be_aligned(arena_bytes: int, tiny: EmissionModel, emit: Emit) -> None:
    """An arena is a positive multiple of 16 bytes."""
    with pytest.raises(ValueError, match="not a positive multiple of 16"):
        emit(replace(tiny, host_arena_bytes=arena_bytes), "cmake")
