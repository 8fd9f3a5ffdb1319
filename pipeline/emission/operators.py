"""Which method of TFLM's `MicroMutableOpResolver` registers an operator, and which of them a model needs.

The table holds every registration in tensorflow/tflite-micro at 1484068, the revision that the component
espressif/esp-tflite-micro 1.4.0 was synchronized from.
"""

from __future__ import annotations

from dataclasses import dataclass

from edgewright.pipeline.errors import TfliteError
from edgewright.pipeline.graph.types import Operator
from edgewright.pipeline.vocabulary import EmissionModel

SHOWN_LAYERS = 3

BUILTIN_REGISTRATIONS = {
    "ABS": "AddAbs",
    "ADD": "AddAdd",
    "ADD_N": "AddAddN",
    "ARG_MAX": "AddArgMax",
    "ARG_MIN": "AddArgMin",
    "ASSIGN_VARIABLE": "AddAssignVariable",
    "AVERAGE_POOL_2D": "AddAveragePool2D",
    "BATCH_MATMUL": "AddBatchMatMul",
    "BATCH_TO_SPACE_ND": "AddBatchToSpaceNd",
    "BROADCAST_ARGS": "AddBroadcastArgs",
    "BROADCAST_TO": "AddBroadcastTo",
    "CALL_ONCE": "AddCallOnce",
    "CAST": "AddCast",
    "CEIL": "AddCeil",
    "CONCATENATION": "AddConcatenation",
    "CONV_2D": "AddConv2D",
    "COS": "AddCos",
    "CUMSUM": "AddCumSum",
    "DEPTHWISE_CONV_2D": "AddDepthwiseConv2D",
    "DEPTH_TO_SPACE": "AddDepthToSpace",
    "DEQUANTIZE": "AddDequantize",
    "DIV": "AddDiv",
    "DYNAMIC_UPDATE_SLICE": "AddDynamicUpdateSlice",
    "ELU": "AddElu",
    "EMBEDDING_LOOKUP": "AddEmbeddingLookup",
    "EQUAL": "AddEqual",
    "EXP": "AddExp",
    "EXPAND_DIMS": "AddExpandDims",
    "FILL": "AddFill",
    "FLOOR": "AddFloor",
    "FLOOR_DIV": "AddFloorDiv",
    "FLOOR_MOD": "AddFloorMod",
    "FULLY_CONNECTED": "AddFullyConnected",
    "GATHER": "AddGather",
    "GATHER_ND": "AddGatherNd",
    "GREATER": "AddGreater",
    "GREATER_EQUAL": "AddGreaterEqual",
    "HARD_SWISH": "AddHardSwish",
    "IF": "AddIf",
    "L2_NORMALIZATION": "AddL2Normalization",
    "L2_POOL_2D": "AddL2Pool2D",
    "LEAKY_RELU": "AddLeakyRelu",
    "LESS": "AddLess",
    "LESS_EQUAL": "AddLessEqual",
    "LOG": "AddLog",
    "LOGICAL_AND": "AddLogicalAnd",
    "LOGICAL_NOT": "AddLogicalNot",
    "LOGICAL_OR": "AddLogicalOr",
    "LOGISTIC": "AddLogistic",
    "LOG_SOFTMAX": "AddLogSoftmax",
    "MAXIMUM": "AddMaximum",
    "MAX_POOL_2D": "AddMaxPool2D",
    "MEAN": "AddMean",
    "MINIMUM": "AddMinimum",
    "MIRROR_PAD": "AddMirrorPad",
    "MUL": "AddMul",
    "NEG": "AddNeg",
    "NOT_EQUAL": "AddNotEqual",
    "PACK": "AddPack",
    "PAD": "AddPad",
    "PADV2": "AddPadV2",
    "PRELU": "AddPrelu",
    "QUANTIZE": "AddQuantize",
    "READ_VARIABLE": "AddReadVariable",
    "REDUCE_ALL": "AddReduceAll",
    "REDUCE_MAX": "AddReduceMax",
    "REDUCE_MIN": "AddReduceMin",
    "RELU": "AddRelu",
    "RELU6": "AddRelu6",
    "RESHAPE": "AddReshape",
    "RESIZE_BILINEAR": "AddResizeBilinear",
    "RESIZE_NEAREST_NEIGHBOR": "AddResizeNearestNeighbor",
    "REVERSE_V2": "AddReverseV2",
    "ROUND": "AddRound",
    "RSQRT": "AddRsqrt",
    "SELECT_V2": "AddSelectV2",
    "SHAPE": "AddShape",
    "SIN": "AddSin",
    "SLICE": "AddSlice",
    "SOFTMAX": "AddSoftmax",
    "SPACE_TO_BATCH_ND": "AddSpaceToBatchNd",
    "SPACE_TO_DEPTH": "AddSpaceToDepth",
    "SPLIT": "AddSplit",
    "SPLIT_V": "AddSplitV",
    "SQRT": "AddSqrt",
    "SQUARE": "AddSquare",
    "SQUARED_DIFFERENCE": "AddSquaredDifference",
    "SQUEEZE": "AddSqueeze",
    "STRIDED_SLICE": "AddStridedSlice",
    "SUB": "AddSub",
    "SUM": "AddSum",
    "SVDF": "AddSvdf",
    "TANH": "AddTanh",
    "TRANSPOSE": "AddTranspose",
    "TRANSPOSE_CONV": "AddTransposeConv",
    "UNIDIRECTIONAL_SEQUENCE_LSTM": "AddUnidirectionalSequenceLSTM",
    "UNPACK": "AddUnpack",
    "VAR_HANDLE": "AddVarHandle",
    "WHILE": "AddWhile",
    "ZEROS_LIKE": "AddZerosLike",
}
CUSTOM_REGISTRATIONS = {
    "CIRCULAR_BUFFER": "AddCircularBuffer",
    "TFLite_Detection_PostProcess": "AddDetectionPostprocess",
}


@dataclass(frozen=True, kw_only=True)
class Registration:
    """One operator that the resolver has to know, and the layers that need it."""

    method: str
    operator: str
    layers: str
    """Names of the first few layers, for people."""


def registrations(model: EmissionModel) -> tuple[Registration, ...]:
    """Return the registrations that a model needs, each once, sorted by method.

    Raises:
        TfliteError: the model has no operator, or one that TFLM has no registration for.
    """
    needed: dict[str, tuple[str, list[str]]] = {}
    for layer, operator in _operators(model):
        method = _method(operator, layer)
        needed.setdefault(method, (operator.label, []))[1].append(layer)
    if not needed:
        raise TfliteError("The model has no operator; give a .tflite that computes something.")
    return tuple(
        Registration(method=method, operator=label, layers=_enumerate(names))
        for method, (label, names) in sorted(needed.items())
    )


def _operators(model: EmissionModel) -> list[tuple[str, Operator]]:
    main = zip(model.layer_names, model.graph.main.operators, strict=True)
    called = [
        (f"{subgraph.name} (operator {operator.index})", operator)
        for subgraph in model.graph.subgraphs[1:]
        for operator in subgraph.operators
    ]
    return [*main, *called]


def _method(operator: Operator, layer: str) -> str:
    table = BUILTIN_REGISTRATIONS if operator.custom_name is None else CUSTOM_REGISTRATIONS
    method = table.get(operator.label)
    if method is None:
        kind = "" if operator.custom_name is None else "custom "
        raise TfliteError(
            f'Operator {operator.index} ({kind}{operator.label}) of layer "{layer}" has no kernel in TensorFlow Lite '
            f"Micro; build that layer from operators that have one ({_related(operator.label)}) and convert again."
        )
    return method


def _related(label: str) -> str:
    words = {word for word in label.upper().split("_") if len(word) > 2}
    related = [name for name in BUILTIN_REGISTRATIONS if words & set(name.split("_"))]
    return ", ".join(related[:5] or ["CONV_2D", "DEPTHWISE_CONV_2D", "FULLY_CONNECTED", "ADD", "MUL"])


def _enumerate(names: list[str]) -> str:
    unique = list(dict.fromkeys(names))
    shown = ", ".join(unique[:SHOWN_LAYERS])
    return shown if len(unique) <= SHOWN_LAYERS else f"{shown} and {len(unique) - SHOWN_LAYERS} more"
