"""Whether a family's TFLM computes a model: each kind of refusal, on models of one operator."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

import numpy as np
import pytest
from support.graphs import Draft, tiny_graph
from support.one_operator import GRAPHS, convolution, fully_connected

from edgewright.pipeline.errors import TfliteError
from edgewright.pipeline.graph import DType, Graph, read, write
from edgewright.pipeline.layers import name_layers
from edgewright.pipeline.operator_support import Lack, complaints, require_operators
from edgewright.pipeline.operator_tables import family_table
from edgewright.pipeline.target import choose_family, family_names, load_family, load_target, target_names
from edgewright.pipeline.vocabulary import Runtime

NRF = ("nrf52840dk", "zephyr")
NANO = ("nano_33_ble", "arduino")
PICO = ("pico2", "pico_sdk")
ESP = ("esp32", "esp_idf")


def one(op: str, *, dtype: DType = DType.INT8, version: int = 1) -> Graph:
    """An operator with one input, of the same type as its output."""
    draft = Draft()
    scale = None if dtype.is_float else 0.5
    x = draft.input((1, 4), dtype=dtype, scale=scale)
    return draft.graph(draft.operator(op, (x,), (1, 4), dtype=dtype, scale=scale, version=version))


def with_version(graph: Graph, version: int) -> Graph:
    """Return a model of one operator in another version, written to bytes and read again."""
    main = graph.main
    operator = dataclasses.replace(main.operators[0], version=version)
    changed = dataclasses.replace(main, operators=(operator,))
    return read(write(dataclasses.replace(graph, subgraphs=(changed,))))


def with_weights(graph: Graph, dtype: DType) -> Graph:
    """Return a model of one operator whose weights have another type."""
    main = graph.main
    index = main.operators[0].inputs[1]
    tensors = list(main.tensors)
    tensors[index] = dataclasses.replace(tensors[index], dtype=dtype)
    return dataclasses.replace(graph, subgraphs=(dataclasses.replace(main, tensors=tuple(tensors)),))


def int16_dense(axis: int | None) -> Graph:
    """A fully-connected layer of int16 activations."""
    draft = Draft()
    x = draft.input((1, 4), dtype=DType.INT16)
    scale = [2**-7] * 3 if axis == 0 else 2**-7
    weights = draft.constant(np.ones((3, 4)), scale=scale, axis=axis or 0)
    return draft.graph(
        draft.operator("FULLY_CONNECTED", (x, weights), (1, 3), options_type="FullyConnectedOptions", dtype=DType.INT16)
    )


def refusal(graph: Graph, board: tuple[str, str]) -> str:
    """Return the sentence with which a model is refused for a board and a family."""
    target = load_target(board[0])
    with pytest.raises(TfliteError) as error:
        require_operators(graph, ["lay"] * len(graph.main.operators), target, choose_family(target, board[1]))
    return str(error.value)


@pytest.mark.parametrize("family", [name for name in family_names() if load_family(name).runtime is not Runtime.STATIC])
@pytest.mark.parametrize("name", [name for name in GRAPHS if "int16" not in name])
def test_common_models_are_taken(name: str, family: str) -> None:
    """What TFLM's own kernels computes in int8 is taken by every family that has the operator."""
    graph = GRAPHS[name]()
    table = family_table(load_family(family))
    target = load_target(next(target for target in target_names() if family in load_target(target).families))
    missing = table is not None and graph.main.operators[0].op not in table.operators
    if missing or (name == "fully_connected_per_channel" and family == "arduino"):
        assert f"Operator 0 ({graph.main.operators[0].op})" in refusal(graph, (target.name, family))
    else:
        require_operators(graph, name_layers(graph), target, load_family(family))


def test_without_an_interpreter_its_operators_count() -> None:
    """Over the static runtime a model is held to what that computes, whatever the family's TFLM has."""
    target = load_target("nrf52840dk")
    family = choose_family(target, None, Runtime.STATIC)
    require_operators(tiny_graph(), ["lay"] * 4, target, family)
    with pytest.raises(TfliteError, match=r'layer "lay" needs ABS .*runtime=tflm'):
        require_operators(one("ABS"), ["lay"], target, family)
    require_operators(one("ABS"), ["lay"], target, choose_family(target, None, Runtime.TFLM))


def test_a_family_without_tflm_takes_everything() -> None:
    """Where no TFLM runs, no operator is unknown."""
    family = load_family("cmake").model_copy(update={"tflm_revision": "", "operator_table": ""})
    require_operators(one("WHERE"), ["lay"], load_target("host"), family)


REFUSED: dict[str, tuple[Callable[[], Graph], tuple[str, str], str]] = {
    "missing everywhere": (
        lambda: one("WHERE"), NRF,
        'Operator 0 (WHERE) of layer "lay" has no kernel in TensorFlow Lite Micro; build that layer from operators '
        'that '
        "have one (CONV_2D, DEPTHWISE_CONV_2D, FULLY_CONNECTED, ADD, MUL) and convert again.",
    ),
    "missing here": (
        lambda: one("REVERSE_V2"), NRF,
        'Operator 0 (REVERSE_V2) of layer "lay" has no kernel in the TensorFlow Lite Micro of zephyr (ef645912 of '
        "2025-02); build that layer from operators that have one (CONV_2D, DEPTHWISE_CONV_2D, FULLY_CONNECTED, ADD, "
        "MUL) and convert again, or choose another family: on other targets cmake, esp_idf.",
    ),
    "another family of the target has it": (
        GRAPHS["matmul"], NANO,
        'Operator 0 (BATCH_MATMUL) of layer "lay" has no kernel in the TensorFlow Lite Micro that arduino is held to, '
        "since the copy is yours (chirale-2.0.0 of 2024-07); build that layer from operators that have one "
        "(BATCH_TO_SPACE_ND, SPACE_TO_BATCH_ND) and convert again, or choose another family: family=zephyr.",
    ),
    "int16": (
        lambda: one("TRANSPOSE", dtype=DType.INT16), PICO,
        'Operator 0 (TRANSPOSE) of layer "lay" computes int16, and there are kernels for float32, int8 only in the '
        "TensorFlow Lite Micro that pico_sdk is held to, since the copy is yours (87d5152c of 2024-12); set "
        "activations "
        '= "int8" in the stage convert, or convert the model with int8 activations, or choose another family: on '
        "other targets cmake, esp_idf.",
    ),
    "int16 everywhere": (
        lambda: one("HARD_SWISH", dtype=DType.INT16), ESP,
        'Operator 0 (HARD_SWISH) of layer "lay" computes int16, and there are kernels for float32, int8 only in '
        'TensorFlow Lite Micro; set activations = "int8" in the stage convert, or convert the model with int8 '
        "activations.",
    ),
    "another type": (
        lambda: one("NEG"), ESP,
        'Operator 0 (NEG) of layer "lay" computes int8, and there are kernels for float32 only in TensorFlow Lite '
        "Micro; build that layer so that it computes float32.",
    ),
    "weights": (
        lambda: with_weights(fully_connected((1, 9), 4), DType.INT2), ESP,
        'Operator 0 (FULLY_CONNECTED) of layer "lay" computes int8 with int2 weights, and there are kernels for '
        'float32 '
        "x float32, int8 x int8, int8 x int4, int16 x int8 only in TensorFlow Lite Micro; convert the model with int8 "
        "weights.",
    ),
    "hybrid": (
        lambda: convolution((1, 4, 4, 2), (3, 1, 1, 2), (1, 4, 4, 3), dtype=DType.FLOAT32), ESP,
        'Operator 0 (CONV_2D) of layer "lay" computes float32 with int8 weights, and there are kernels for float32 x '
        "float32, int8 x int8, int8 x int4, int16 x int8 only in TensorFlow Lite Micro; quantize the activations as "
        "well: convert with representative samples to a full-integer model.",
    ),
    "version everywhere": (
        lambda: with_version(fully_connected((1, 9), 4), 14), ESP,
        'Operator 0 (FULLY_CONNECTED) of layer "lay" has version 14 (int2 weights), and only versions up to 10 are '
        "computed by TensorFlow Lite Micro; build that layer without int2 weights and convert again.",
    ),
    "version": (
        lambda: with_version(int16_dense(None), 11), ESP,
        'Operator 0 (FULLY_CONNECTED) of layer "lay" has version 11 (a bias type that is chosen beside int16 '
        "activations), and only versions up to 10 are computed by the TensorFlow Lite Micro of esp_idf (1484068 of "
        "2026-07); build that layer without a bias type that is chosen beside int16 activations and convert again, or "
        "choose another family: on other targets cmake.",
    ),
    "version without a word for it": (
        lambda: with_version(one("RESHAPE"), 9), ESP,
        'Operator 0 (RESHAPE) of layer "lay" has version 9, and only versions up to 1 are computed by TensorFlow Lite '
        "Micro; build that layer so that it needs no more than version 1 and convert again.",
    ),
    "channels": (
        lambda: int16_dense(0), ESP,
        'Operator 0 (FULLY_CONNECTED) of layer "lay" has weights with a scale for each channel (int16 x int8), which '
        'is '
        "not computed by the TensorFlow Lite Micro of esp_idf (1484068 of 2026-07); set per_channel_dense = false and "
        'scales = "fixed" in the stage convert, or convert the model with a scale for each tensor, or choose another '
        "family: on other targets cmake.",
    ),
}  # fmt: skip


@pytest.mark.parametrize("kind", REFUSED)
def test_refusals(kind: str) -> None:
    """One sentence says operator, layer, what the model needs, what there is, and a way out."""
    make, board, sentence = REFUSED[kind]
    assert sentence == refusal(make(), board)


def test_called_subgraphs_are_looked_at() -> None:
    """An operator of a subgraph is refused by the subgraph's name."""
    graph = tiny_graph()
    body = dataclasses.replace(one("WHERE").main, name="body")
    both = dataclasses.replace(graph, subgraphs=(graph.main, body))
    assert refusal(both, ESP).startswith('Operator 0 (WHERE) of layer "body (operator 0)" has no kernel')


def test_absent_inputs_are_not_looked_at() -> None:
    """An operator without the input that tells its type is held to its version alone."""
    graph = one("SELECT_V2", dtype=DType.INT64)
    require_operators(graph, ["lay"], load_target("esp32"), load_family("esp_idf"))
    assert "has version 2, and only versions up to 1" in refusal(with_version(graph, 2), ESP)


def test_all_complaints_are_yielded() -> None:
    """Where the refusal names the first operator, `complaints` has all of them, and all that each of them lacks."""
    draft = Draft()
    x = draft.operator("REVERSE_V2", (draft.input((1, 4)),), (1, 4))
    graph = draft.graph(draft.operator("NEG", (x,), (1, 4), version=9))
    target = load_target("nrf52840dk")

    found = list(complaints(graph, ["first", "second"], target, load_family("zephyr")))

    assert [(0, Lack.KERNEL), (1, Lack.TYPES), (1, Lack.VERSION)] == [
        (one.use.operator.index, one.kind) for one in found
    ]
    with pytest.raises(TfliteError) as error:
        require_operators(graph, ["first", "second"], target, load_family("zephyr"))
    assert found[0].sentence == str(error.value)
