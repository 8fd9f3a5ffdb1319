"""Fully-connected layers, and how their widths grow without changing what they compute.

A width between two layers grows by itself; that of an input by an operator in front, that of an output by one behind.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from edgewright.pipeline.graph.types import ABSENT, DType, Graph, Quantization, Tensor
from edgewright.pipeline.lint.editing import INT8_VERSION, PAD, SLICE, Editor
from edgewright.pipeline.lint.kernels import computes_int8
from edgewright.pipeline.lint.vocabulary import Context
from edgewright.pipeline.operator_support import Use

DENSE = "FULLY_CONNECTED"
MOST_DIMENSIONS = 4
"""Of a tensor that PAD and SLICE take everywhere."""


@dataclass(frozen=True, kw_only=True)
class Dense:
    """A fully-connected layer with constant int8 weights [width, depth]."""

    use: Use
    weights: Tensor
    bias: Tensor | None

    @property
    def width(self) -> int:
        """Number of outputs."""
        return self.weights.shape[0]

    @property
    def depth(self) -> int:
        """Number of inputs."""
        return self.weights.shape[1]


def dense_layers(context: Context) -> Mapping[int, Dense]:
    """Return the fully-connected layers of the main subgraph that compute in int8, by operator."""
    found = {}
    for use in context.main_uses:
        data, weights = use.input(0), use.input(1)
        if use.operator.op != DENSE or data is None or weights is None or data.dtype is not DType.INT8:
            continue
        if len(weights.shape) == 2 and context.graph.data(weights) is not None:
            found[use.operator.index] = Dense(use=use, weights=weights, bias=use.input(2))
    return found


def hidden_width(dense: Dense, layers: Mapping[int, Dense], context: Context) -> Dense | None:
    """Return the layer that alone reads another one's outputs, where both can be changed; else None."""
    output = dense.use.operator.outputs[0]
    main = context.graph.main
    readers = [one for one in main.operators if output in one.inputs]
    if output in main.outputs or len(readers) != 1 or readers[0].inputs.count(output) != 1:
        return None
    follower = layers.get(readers[0].index)
    if follower is None or follower.use.operator.inputs[0] != output or follower.depth != dense.width:
        return None
    return follower if _are_own(context.graph, dense.weights, dense.bias, follower.weights) else None


def can_pad_inputs(dense: Dense, context: Context) -> bool:
    """Return whether an operator in front of a layer can fill up its inputs."""
    data = dense.use.input(0)
    is_flat = data is not None and len(data.shape) <= MOST_DIMENSIONS and data.shape[-1:] == (dense.depth,)
    return is_flat and _are_own(context.graph, dense.weights) and computes_int8(context, PAD, INT8_VERSION)


def can_cut_outputs(dense: Dense, context: Context) -> bool:
    """Return whether an operator behind a layer can take further outputs away again."""
    output = dense.use.subgraph.tensors[dense.use.operator.outputs[0]]
    is_flat = len(output.shape) <= MOST_DIMENSIONS and output.shape[-1:] == (dense.width,)
    return (
        is_flat and _are_own(context.graph, dense.weights, dense.bias) and computes_int8(context, SLICE, INT8_VERSION)
    )


def _are_own(graph: Graph, *constants: Tensor | None) -> bool:
    """Return whether constants can be changed: one operator alone reads each, and numpy knows their types."""
    readers = [index for one in graph.main.operators for index in one.inputs if index != ABSENT]
    given = [tensor for tensor in constants if tensor is not None]
    return all(readers.count(tensor.index) == 1 and tensor.dtype in (DType.INT8, DType.INT32) for tensor in given)


def widen(editor: Editor, dense: Dense, follower: Dense, width: int) -> None:
    """Give a layer further outputs, of zero weights and no bias, and the next one zero weights for them.

    A new output is the zero point, whatever the input and the activation; the next layer multiplies it by zero.
    """
    output = dense.use.subgraph.tensors[dense.use.operator.outputs[0]]
    editor.change(output.index, shape=(*output.shape[:-1], width), shape_signature=())
    _add_outputs(editor, dense, width)
    _pad(editor, follower.weights, ((0, 0), (0, width - dense.width)), 0)


def pad_inputs(editor: Editor, dense: Dense, depth: int) -> None:
    """Fill up a layer's inputs with their zero point, which it multiplies by zero weights."""
    position, data = dense.use.operator.index, dense.use.input(0)
    if data is None:
        return
    padded = editor.tensor(data, (*data.shape[:-1], depth))
    amounts = np.zeros((len(data.shape), 2), np.int32)
    amounts[-1, 1] = depth - dense.depth
    _pad(editor, dense.weights, ((0, 0), (0, depth - dense.depth)), 0)
    editor.rewire(position, inputs=(padded, *dense.use.operator.inputs[1:]))
    source = (data.index, editor.constant(amounts))
    editor.insert(position, PAD, source, padded, version=INT8_VERSION, options_type="PadOptions")


def cut_outputs(editor: Editor, dense: Dense, width: int) -> None:
    """Give a layer further outputs of zero weights, and take only those behind it that it had before."""
    position = dense.use.operator.index
    output = dense.use.subgraph.tensors[dense.use.operator.outputs[0]]
    wide = editor.tensor(output, (*output.shape[:-1], width))
    _add_outputs(editor, dense, width)
    editor.rewire(position, outputs=(wide,))
    begin = editor.constant(np.zeros(len(output.shape), np.int32))
    source = (wide, begin, editor.constant(np.array(output.shape, np.int32)))
    editor.insert(position + 1, SLICE, source, output.index, version=INT8_VERSION, options_type="SliceOptions")


def _add_outputs(editor: Editor, dense: Dense, width: int) -> None:
    more = width - dense.width
    _pad(editor, dense.weights, ((0, more), (0, 0)), more)
    if dense.bias is not None:
        _pad(editor, dense.bias, ((0, more),), more)


def _pad(editor: Editor, tensor: Tensor, amounts: tuple[tuple[int, int], ...], channels: int) -> None:
    """Append elements that stand for zero; `channels` new ones along the axis of the scales."""
    values, quantization = editor.array(tensor.index), editor.quantization(tensor.index)
    zero = quantization.zero_points[0] if quantization and quantization.zero_points else 0
    padded = np.pad(values, amounts, constant_values=zero)
    editor.fill(tensor.index, padded, quantization=_repeated(quantization, channels))


def _repeated(quantization: Quantization | None, channels: int) -> Quantization | None:
    """Return scales for further channels, where each channel has one."""
    if quantization is None or not quantization.is_per_channel or not channels:
        return quantization
    return replace(
        quantization,
        scales=quantization.scales + quantization.scales[-1:] * channels,
        zero_points=quantization.zero_points + quantization.zero_points[-1:] * channels,
    )
