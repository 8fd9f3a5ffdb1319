"""Scratch buffers of TensorFlow Lite Micro's reference kernels."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from edgewright.pipeline.arena.node import Node, element_count, extent
from edgewright.pipeline.graph.types import DType

WORD_BYTES = 4
LSTM_BUFFERS = 4
BOX_COORDINATES = 4
MEANS = frozenset({"MEAN", "SUM"})
AXES_REQUESTS = 2
"""How many buffers at the end of its requests a mean takes for its axes."""

INTEGERS = frozenset({DType.INT8, DType.INT16})


def reference_scratch(node: Node, pointer_bytes: int = WORD_BYTES) -> tuple[int, ...]:
    """Return the bytes of each buffer that the reference kernel of an operator requests."""
    if node.operator.label == "ADD_N":
        return (pointer_bytes * len(node.operator.inputs),)
    rule = _RULES.get(node.operator.label)
    return rule(node) if rule else ()


def svdf_scratch(node: Node) -> tuple[int, ...]:
    """Return the buffers of an SVDF: one value for each filter, and in integers one for each unit."""
    batch = extent(node.input(0), 0)
    filters = WORD_BYTES * batch * extent(node.input(1), 0)
    return (filters, WORD_BYTES * batch * extent(node.output(), 1)) if node.dtype in INTEGERS else (filters,)


def lstm_state_bytes(node: Node) -> int:
    """Return the bytes of an LSTM's cell state, which is int16 in an integer model."""
    state = node.input(19)
    return state.nbytes if state else 0


def _widened_bias(node: Node) -> tuple[int, ...]:
    """A transposed convolution of int16 widens a bias of int16 to int64."""
    bias = node.input(3)
    return (8 * element_count(bias),) if bias and bias.dtype is DType.INT16 else ()


def _lstm(node: Node) -> tuple[int, ...]:
    return (lstm_state_bytes(node),) * LSTM_BUFFERS


def _mirror_pad(node: Node) -> tuple[int, ...]:
    return (WORD_BYTES * _rank(node),) * 2


def _unpacked_weights(node: Node) -> tuple[int, ...]:
    """Weights of int4 are unpacked to a byte each."""
    weights = node.input(1)
    return (element_count(weights),) if weights and weights.dtype is DType.INT4 else ()


def _mean(node: Node) -> tuple[int, ...]:
    sums = (WORD_BYTES * element_count(node.output()),) if node.dtype in INTEGERS else ()
    return (*sums, *_axes(node))


def _axes(node: Node) -> tuple[int, ...]:
    return WORD_BYTES * _rank(node), WORD_BYTES * max(element_count(node.input(1)), 1)


def _rank(node: Node) -> int:
    tensor = node.input(0)
    return len(tensor.shape) if tensor else 0


def _transposed_sums(node: Node) -> tuple[int, ...]:
    """A transposed convolution adds up its whole output before it rounds it."""
    image = node.input(2)
    if image and image.dtype is DType.INT8:
        return (WORD_BYTES * element_count(node.output()),)
    if image and image.dtype is DType.INT16:
        return (2 * WORD_BYTES * element_count(node.output()), *_widened_bias(node))
    return ()


def _detection_scratch(node: Node) -> tuple[int, ...]:
    """Flags, boxes, scores, and lists of what is kept; the number of detections is that of the first output."""
    boxes = extent(node.input(0), 1)
    classes = extent(node.input(1), 2)
    detections = extent(node.output(), 1)
    listed = WORD_BYTES * boxes
    return (
        boxes,
        listed * BOX_COORDINATES,
        listed * classes,
        listed,
        listed,
        listed * detections,
        listed * detections,
        listed,
        listed * detections,
        listed * max(classes, detections),
        listed * min(boxes, detections),
    )


_RULES: Mapping[str, Callable[[Node], tuple[int, ...]]] = {
    "CONV_2D": _unpacked_weights,
    "DEPTHWISE_CONV_2D": _unpacked_weights,
    "FULLY_CONNECTED": _unpacked_weights,
    "MEAN": _mean,
    "MIRROR_PAD": _mirror_pad,
    "REDUCE_ALL": _axes,
    "REDUCE_MAX": _axes,
    "REDUCE_MIN": _axes,
    "SUM": _mean,
    "SVDF": svdf_scratch,
    "TFLite_Detection_PostProcess": _detection_scratch,
    "TRANSPOSE_CONV": _transposed_sums,
    "UNIDIRECTIONAL_SEQUENCE_LSTM": _lstm,
}
