"""How channels pass through layers that make new ones: convolutions, Dense, Embedding; and into recurrent layers."""

from __future__ import annotations

import math

import numpy as np

from edgewright.pipeline.surgery.channel_activations import activate, is_builtin
from edgewright.pipeline.surgery.channel_labels import Flow, LabelArray
from edgewright.pipeline.surgery.channel_trace import ChannelTrace, NotUnderstoodError, Role
from edgewright.pipeline.surgery.rebuild import KerasLayer

RECURRENT_LAYERS = ("LSTM", "GRU", "SimpleRNN")
Shape = tuple[int, ...]


def dense(trace: ChannelTrace, layer: KerasLayer, flow: Flow, shape: Shape) -> Flow:
    """Follow a flow through a Dense, which multiplies along the last axis."""
    channels = flow.vector(trace.labels)
    trace.consume(layer, channels, can_fold=layer.use_bias)
    trace.weight(layer, layer.kernel, 0, channels.labels, Role.CONSUMER)
    trace.multiplied(layer, layer.kernel, math.prod(shape[:-1]))
    return _produced(trace, layer, "units", layer.kernel, shape)


def convolution(trace: ChannelTrace, layer: KerasLayer, flow: Flow, shape: Shape) -> Flow:
    """Follow a flow through a convolution of one group.

    Raises:
        NotUnderstoodError: it has several groups, or its channels are not on the last axis.
    """
    require_channels_last(layer)
    if layer.groups != 1:
        raise NotUnderstoodError("is a convolution of several groups")
    channels = flow.vector(trace.labels)
    unpadded = layer.padding == "valid" or set(layer.kernel_size) == {1}
    trace.consume(layer, channels, can_fold=layer.use_bias and unpadded)
    trace.weight(layer, layer.kernel, -2, channels.labels, Role.CONSUMER)
    trace.multiplied(layer, layer.kernel, math.prod(shape[:-1]))
    return _produced(trace, layer, "filters", layer.kernel, shape)


def transposed_convolution(trace: ChannelTrace, layer: KerasLayer, flow: Flow, shape: Shape) -> Flow:
    """Follow a flow through a transposed convolution, whose kernel has outputs before inputs.

    Raises:
        NotUnderstoodError: its channels are not on the last axis.
    """
    require_channels_last(layer)
    channels = flow.vector(trace.labels)
    trace.consume(layer, channels, can_fold=False)
    trace.weight(layer, layer.kernel, -1, channels.labels, Role.CONSUMER)
    trace.multiplied(layer, layer.kernel, math.prod(flow.shape[:-1]))
    return _produced(trace, layer, "filters", layer.kernel, shape, axis=-2)


def separable_convolution(trace: ChannelTrace, layer: KerasLayer, flow: Flow, shape: Shape) -> Flow:
    """Follow a flow through a separable convolution: a depthwise one, then a pointwise one that makes the channels.

    Raises:
        NotUnderstoodError: its channels are not on the last axis.
    """
    require_channels_last(layer)
    channels = flow.vector(trace.labels)
    trace.consume(layer, channels, can_fold=False)
    between = np.repeat(channels.labels, layer.depth_multiplier)
    trace.weight(layer, layer.depthwise_kernel, -2, channels.labels, Role.CONSUMER)
    trace.weight(layer, layer.pointwise_kernel, -2, between, Role.CONSUMER)
    trace.multiplied(layer, layer.depthwise_kernel, math.prod(shape[:-1]))
    trace.multiplied(layer, layer.pointwise_kernel, math.prod(shape[:-1]))
    return _produced(trace, layer, "filters", layer.pointwise_kernel, shape)


def embedding(trace: ChannelTrace, layer: KerasLayer, _flow: Flow, shape: Shape) -> Flow:
    """Follow an Embedding, whose columns are channels.

    Raises:
        NotUnderstoodError: it makes a mask.
    """
    if layer.mask_zero:
        raise NotUnderstoodError("makes a mask")
    labels = trace.produce(layer, "output_dim", shape[-1])
    trace.weight(layer, layer.embeddings, 1, labels, Role.PRODUCER, zeroed=True)
    return Flow(labels=labels, constants=np.zeros(shape[-1])).spread(shape)


def recurrent(trace: ChannelTrace, layer: KerasLayer, flow: Flow, shape: Shape) -> Flow:
    """Follow a flow into a recurrent layer, whose own channels stay since its state feeds them back.

    Raises:
        NotUnderstoodError: a Bidirectional holds something else.
    """
    branches = [layer.forward_layer, layer.backward_layer] if is_builtin(layer, "Bidirectional") else [layer]
    if not all(is_builtin(branch, *RECURRENT_LAYERS) for branch in branches):
        raise NotUnderstoodError("wraps a recurrent layer of an unknown kind")
    channels = flow.vector(trace.labels)
    trace.consume(layer, channels, can_fold=False)
    for branch in branches:
        trace.weight(layer, branch.cell.kernel, 0, channels.labels, Role.CONSUMER)
        trace.multiplied(layer, branch.cell.kernel, flow.shape[0])
    return trace.fixed_flow(shape, f'"{layer.name}" feeds its state back')


def require_channels_last(layer: KerasLayer) -> None:
    """Refuse a layer whose channels are not on the last axis.

    Raises:
        NotUnderstoodError: they are not.
    """
    if getattr(layer, "data_format", None) not in (None, "channels_last"):
        raise NotUnderstoodError("has its channels on the first axis")


def _produced(
    trace: ChannelTrace, layer: KerasLayer, size_key: str, kernel: KerasLayer, shape: Shape, *, axis: int = -1
) -> Flow:
    labels: LabelArray = trace.produce(layer, size_key, shape[-1])
    trace.weight(layer, kernel, axis, labels, Role.PRODUCER, zeroed=True)
    if layer.use_bias:
        trace.weight(layer, layer.bias, 0, labels, Role.PRODUCER, zeroed=True)
    return activate(trace, layer, Flow(labels=labels, constants=np.zeros(shape[-1]))).spread(shape)
