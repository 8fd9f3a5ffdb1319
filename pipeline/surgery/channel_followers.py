"""How channels pass through layers that keep them apart: normalization, depthwise, pooling, merging, reshaping."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import numpy as np

from edgewright.pipeline.surgery.channel_activations import activate
from edgewright.pipeline.surgery.channel_labels import ConstantArray, Flow
from edgewright.pipeline.surgery.channel_producers import Shape, require_channels_last
from edgewright.pipeline.surgery.channel_trace import ChannelTrace, NotUnderstoodError, Role
from edgewright.pipeline.surgery.rebuild import KerasLayer

Combine = Callable[[Sequence[ConstantArray]], ConstantArray]


def batch_normalization(trace: ChannelTrace, layer: KerasLayer, flow: Flow, shape: Shape) -> Flow:
    """Follow a flow through a BatchNormalization over the last axis.

    Raises:
        NotUnderstoodError: it normalizes another axis, or by batch renormalization.
    """
    if layer.renorm:
        raise NotUnderstoodError("renormalizes batches")
    axes = [layer.axis] if isinstance(layer.axis, int) else list(layer.axis)
    if axes not in ([len(shape)], [-1]):
        raise NotUnderstoodError("normalizes another axis than the last one")
    channels = flow.vector(trace.labels)
    for variable in (layer.gamma, layer.beta, layer.moving_mean):
        if variable is not None:
            trace.weight(layer, variable, 0, channels.labels, Role.FOLLOWER, zeroed=True)
    trace.weight(layer, layer.moving_variance, 0, channels.labels, Role.FOLLOWER)
    zero = np.zeros(shape[-1])
    known = zero if layer.scale else np.where(channels.constants == 0, zero, np.nan)
    return Flow(labels=channels.labels, constants=known).spread(shape)


def normalization(trace: ChannelTrace, layer: KerasLayer, flow: Flow, shape: Shape) -> Flow:
    """Follow a flow through an adapted Normalization over the last axis.

    Raises:
        NotUnderstoodError: mean and variance are part of its configuration, it inverts, or it has another axis.
    """
    if layer.input_mean is not None or layer.invert or list(layer.axis) not in ([len(shape)], [-1]):
        raise NotUnderstoodError("normalizes otherwise than by adapted figures of the last axis")
    channels = flow.vector(trace.labels)
    trace.weight(layer, layer.adapt_mean, 0, channels.labels, Role.FOLLOWER, zeroed=True)
    trace.weight(layer, layer.adapt_variance, 0, channels.labels, Role.FOLLOWER)
    known = np.where(channels.constants == 0, 0.0, np.nan)
    return Flow(labels=channels.labels, constants=known).spread(shape)


def depthwise_convolution(trace: ChannelTrace, layer: KerasLayer, flow: Flow, shape: Shape) -> Flow:
    """Follow a flow through a depthwise convolution: a channel gives `depth_multiplier` channels that go with it.

    Raises:
        NotUnderstoodError: its channels are not on the last axis.
    """
    require_channels_last(layer)
    channels = flow.vector(trace.labels)
    outputs = np.repeat(channels.labels, layer.depth_multiplier)
    trace.weight(layer, layer.depthwise_kernel, -2, channels.labels, Role.FOLLOWER, zeroed=True)
    trace.multiplied(layer, layer.depthwise_kernel, math.prod(shape[:-1]))
    if layer.use_bias:
        trace.weight(layer, layer.bias, 0, outputs, Role.FOLLOWER, zeroed=True)
    return activate(trace, layer, Flow(labels=outputs, constants=np.zeros(shape[-1]))).spread(shape)


def parametric_relu(trace: ChannelTrace, layer: KerasLayer, flow: Flow, shape: Shape) -> Flow:
    """Follow a flow through a PReLU, whose slopes may be shared along any axes."""
    channels = flow.vector(trace.labels)
    if len(shape) not in (layer.shared_axes or ()):
        trace.weight(layer, layer.alpha, -1, channels.labels, Role.FOLLOWER)
    known = np.where(channels.constants >= 0, channels.constants, np.nan)
    return Flow(labels=channels.labels, constants=known).spread(shape)


def elementwise(_trace: ChannelTrace, _layer: KerasLayer, flow: Flow, _shape: Shape) -> Flow:
    """Follow a flow through a layer that changes nothing at inference."""
    return flow


def pooling(trace: ChannelTrace, layer: KerasLayer, flow: Flow, shape: Shape) -> Flow:
    """Follow a flow through a layer that moves or averages within each channel, so that a constant stays one.

    Raises:
        NotUnderstoodError: its channels are not on the last axis.
    """
    require_channels_last(layer)
    return flow.vector(trace.labels).spread(shape)


def zero_padding(trace: ChannelTrace, layer: KerasLayer, flow: Flow, shape: Shape) -> Flow:
    """Follow a flow through a padding with zeros.

    Raises:
        NotUnderstoodError: its channels are not on the last axis.
    """
    require_channels_last(layer)
    channels = flow.vector(trace.labels)
    known = np.where(channels.constants == 0, 0.0, np.nan)
    return Flow(labels=channels.labels, constants=known).spread(shape)


def flatten(_trace: ChannelTrace, layer: KerasLayer, flow: Flow, shape: Shape) -> Flow:
    """Follow a flow through a Flatten.

    Raises:
        NotUnderstoodError: its channels are not on the last axis.
    """
    require_channels_last(layer)
    return flow.moved(lambda array: array.reshape(shape))


def repeat(_trace: ChannelTrace, _layer: KerasLayer, flow: Flow, shape: Shape) -> Flow:
    """Follow a flow through a RepeatVector."""
    return flow.spread(shape)


def permute(_trace: ChannelTrace, layer: KerasLayer, flow: Flow, _shape: Shape) -> Flow:
    """Follow a flow through a Permute, whose axes count from 1."""
    axes = [axis - 1 for axis in layer.dims]
    return flow.moved(lambda array: array.transpose(axes))


def reshape(trace: ChannelTrace, layer: KerasLayer, flow: Flow, shape: Shape) -> Flow:
    """Follow a flow through a Reshape.

    What is left after a removal must again be a box, so labels may differ along one axis only; where they differ along
    several, those of each channel on the last axis are united.
    """
    moved = flow.moved(lambda array: array.reshape(shape))
    roots = trace.labels.roots(moved.labels)
    varying = sum(bool((roots != roots.take([0], axis=axis)).any()) for axis in range(roots.ndim))
    if varying > 1:
        moved = moved.vector(trace.labels).spread(shape)
    trace.reshape(layer, moved.labels)
    return moved


def concatenate(trace: ChannelTrace, layer: KerasLayer, flows: Sequence[Flow], shape: Shape) -> Flow:
    """Follow flows through a Concatenate on any axis.

    Raises:
        NotUnderstoodError: it joins batches.
    """
    if layer.axis == 0:
        raise NotUnderstoodError("joins batches")
    axis = layer.axis - 1 if layer.axis > 0 else layer.axis % len(shape)
    spread = [flow.vector(trace.labels).spread(flow.shape) for flow in flows]
    joined = Flow(
        labels=np.concatenate([flow.labels for flow in spread], axis),
        constants=np.concatenate([flow.constants for flow in spread], axis),
    )
    return joined.vector(trace.labels).spread(shape)


def merge(trace: ChannelTrace, layer: KerasLayer, flows: Sequence[Flow], shape: Shape, combine: Combine) -> Flow:
    """Follow flows through an element-wise operation of several tensors: what meets is united.

    A tensor of one channel that meets several is fixed.
    """
    if all(flow.shape == shape for flow in flows):
        operands = list(flows)
    else:
        operands = [flow.vector(trace.labels) for flow in flows]
    united = next(flow for flow in operands if flow.shape[-1] == shape[-1])
    constants = []
    for flow in operands:
        if flow.shape[-1] == shape[-1]:
            trace.labels.unite(united.labels, flow.labels)
            constants.append(flow.constants)
        else:
            trace.labels.fix(flow.labels, f'it meets several channels in "{layer.name}"')
            constants.append(flow.unknown().spread(united.shape).constants)
    return Flow(labels=united.labels, constants=combine(constants)).spread(shape)


def add(constants: Sequence[ConstantArray]) -> ConstantArray:
    """Combine constants as Add does."""
    return np.asarray(np.sum(constants, axis=0))


def subtract(constants: Sequence[ConstantArray]) -> ConstantArray:
    """Combine constants as Subtract does."""
    return constants[0] - constants[1]


def multiply(constants: Sequence[ConstantArray]) -> ConstantArray:
    """Combine constants as Multiply does: zero times anything is zero."""
    zero = np.any([array == 0 for array in constants], axis=0)
    return np.where(zero, 0.0, np.prod(constants, axis=0))


def average(constants: Sequence[ConstantArray]) -> ConstantArray:
    """Combine constants as Average does."""
    return np.asarray(np.mean(constants, axis=0))


def maximum(constants: Sequence[ConstantArray]) -> ConstantArray:
    """Combine constants as Maximum does."""
    return np.asarray(np.max(constants, axis=0))


def minimum(constants: Sequence[ConstantArray]) -> ConstantArray:
    """Combine constants as Minimum does."""
    return np.asarray(np.min(constants, axis=0))
