"""Which rule follows channels through which layer; a layer without a rule keeps the channels that it meets."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np

from edgewright.pipeline.frameworks import load_keras, load_tensorflow
from edgewright.pipeline.surgery import channel_followers as followers
from edgewright.pipeline.surgery import channel_producers as producers
from edgewright.pipeline.surgery.channel_activations import activation_layer, is_builtin, rescale
from edgewright.pipeline.surgery.channel_labels import ConstantArray, Flow
from edgewright.pipeline.surgery.channel_producers import Shape
from edgewright.pipeline.surgery.channel_trace import ChannelTrace, NotUnderstoodError
from edgewright.pipeline.surgery.rebuild import KerasLayer

Rule = Callable[[ChannelTrace, KerasLayer, Flow, Shape], Flow]
MergeRule = Callable[[ChannelTrace, KerasLayer, Sequence[Flow], Shape], Flow]


def _without_shape(rule: Callable[[ChannelTrace, KerasLayer, Flow], Flow]) -> Rule:
    return lambda trace, layer, flow, _shape: rule(trace, layer, flow)


def _each(rule: Rule, names: str) -> dict[str, Rule]:
    return dict.fromkeys(names.split(), rule)


RULES: Mapping[str, Rule] = {
    **_each(producers.dense, "Dense"),
    **_each(producers.convolution, "Conv1D Conv2D Conv3D"),
    **_each(producers.transposed_convolution, "Conv1DTranspose Conv2DTranspose Conv3DTranspose"),
    **_each(producers.separable_convolution, "SeparableConv1D SeparableConv2D"),
    **_each(producers.embedding, "Embedding"),
    **_each(producers.recurrent, "LSTM GRU SimpleRNN Bidirectional"),
    **_each(followers.depthwise_convolution, "DepthwiseConv1D DepthwiseConv2D"),
    **_each(followers.batch_normalization, "BatchNormalization"),
    **_each(followers.normalization, "Normalization"),
    **_each(followers.parametric_relu, "PReLU"),
    **_each(_without_shape(activation_layer), "Activation ReLU LeakyReLU ELU ThresholdedReLU"),
    **_each(_without_shape(rescale), "Rescaling"),
    **_each(followers.elementwise, "Dropout GaussianDropout GaussianNoise AlphaDropout ActivityRegularization"),
    **_each(followers.pooling, "MaxPooling1D MaxPooling2D MaxPooling3D"),
    **_each(followers.pooling, "AveragePooling1D AveragePooling2D AveragePooling3D"),
    **_each(followers.pooling, "GlobalMaxPooling1D GlobalMaxPooling2D GlobalMaxPooling3D"),
    **_each(followers.pooling, "GlobalAveragePooling1D GlobalAveragePooling2D GlobalAveragePooling3D"),
    **_each(followers.pooling, "UpSampling1D UpSampling2D UpSampling3D Cropping1D Cropping2D Cropping3D"),
    **_each(followers.pooling, "SpatialDropout1D SpatialDropout2D SpatialDropout3D"),
    **_each(followers.zero_padding, "ZeroPadding1D ZeroPadding2D ZeroPadding3D"),
    **_each(followers.flatten, "Flatten"),
    **_each(followers.reshape, "Reshape"),
    **_each(followers.repeat, "RepeatVector"),
    **_each(followers.permute, "Permute"),
}
"""For each of Keras's own layers with one input: its rule."""

MERGE_RULES: Mapping[str, MergeRule] = {
    "Add": partial(followers.merge, combine=followers.add),
    "Subtract": partial(followers.merge, combine=followers.subtract),
    "Multiply": partial(followers.merge, combine=followers.multiply),
    "Average": partial(followers.merge, combine=followers.average),
    "Maximum": partial(followers.merge, combine=followers.maximum),
    "Minimum": partial(followers.merge, combine=followers.minimum),
    "Concatenate": followers.concatenate,
}
"""For each of Keras's own layers with several inputs: its rule."""

OPERATOR_MERGES: Mapping[str, MergeRule] = {
    "__operators__.add": MERGE_RULES["Add"],
    "math.add": MERGE_RULES["Add"],
    "math.subtract": MERGE_RULES["Subtract"],
    "math.multiply": MERGE_RULES["Multiply"],
    "math.maximum": MERGE_RULES["Maximum"],
    "math.minimum": MERGE_RULES["Minimum"],
}
"""TensorFlow operations of two tensors, as `x + y` puts them into a model."""

ELEMENTWISE_OPERATORS = (
    "__operators__.add", "math.add", "math.subtract", "math.multiply", "math.truediv", "math.maximum", "math.minimum",
    "math.negative", "math.tanh", "math.sigmoid", "nn.relu", "nn.relu6", "nn.silu", "nn.elu", "nn.leaky_relu",
    "nn.selu", "nn.gelu", "nn.softplus",
)  # fmt: skip
"""TensorFlow operations that compute each element of one tensor by itself, with plain numbers beside it."""


def follow(
    trace: ChannelTrace,
    layer: KerasLayer,
    call: tuple[tuple[Any, ...], dict[str, Any]],
    flow_of: Callable[[Any], Flow],
    shapes: Sequence[Shape],
) -> list[Flow]:
    """Follow the channels through one call of a layer.

    Args:
        trace: where weights and labels are recorded.
        layer: the layer.
        call: positional and named arguments of the call.
        flow_of: returns the flow of a Keras tensor.
        shapes: of the outputs, without the batch.

    Returns:
        The flow of each output. Where the layer has no rule, inputs and outputs are fixed.
    """
    tensors = [argument for argument in _flatten(call) if _is_tensor(argument)]
    flows = [flow_of(tensor) for tensor in tensors]
    try:
        if len(shapes) == 1:
            return [_follow_known(trace, layer, call, flows, shapes[0])]
        reason = "has several outputs"
    except NotUnderstoodError as error:
        reason = str(error)
    sentence = f'"{layer.name}" ({type(layer).__name__}) {reason}'
    for flow in flows:
        trace.labels.fix(flow.labels, sentence)
    return [trace.fixed_flow(shape, sentence) for shape in shapes]


def _follow_known(
    trace: ChannelTrace,
    layer: KerasLayer,
    call: tuple[tuple[Any, ...], dict[str, Any]],
    flows: list[Flow],
    shape: Shape,
) -> Flow:
    if not shape or not all(flow.shape for flow in flows):
        raise NotUnderstoodError("computes one number for each sample")
    if type(layer).__name__ in ("TFOpLambda", "SlicingOpLambda"):
        return _follow_operator(trace, layer, call, flows, shape)
    positional, named = _flatten(call[0]), _flatten(call[1])
    if not all(map(_is_tensor, positional)) or any(map(_is_tensor, named)):
        raise NotUnderstoodError("is called with more than its input")
    if is_builtin(layer, *RULES) and len(flows) == 1:
        return RULES[type(layer).__name__](trace, layer, flows[0], shape)
    if is_builtin(layer, *MERGE_RULES):
        return MERGE_RULES[type(layer).__name__](trace, layer, flows, shape)
    raise NotUnderstoodError("is a layer through which channels are not followed")


def _follow_operator(
    trace: ChannelTrace,
    layer: KerasLayer,
    call: tuple[tuple[Any, ...], dict[str, Any]],
    flows: list[Flow],
    shape: Shape,
) -> Flow:
    others = [argument for argument in _flatten(call) if not _is_tensor(argument)]
    same_rank = all(len(flow.shape) == len(shape) for flow in flows)
    if layer.symbol in OPERATOR_MERGES and len(flows) == 2 and same_rank and not any(map(_is_number, others)):
        return OPERATOR_MERGES[layer.symbol](trace, layer, flows, shape)
    if layer.symbol in ELEMENTWISE_OPERATORS and len(flows) == 1 and all(map(_is_plain, others)):
        return flows[0].mapped(partial(_evaluate_operator, layer, call))
    raise NotUnderstoodError("is an operation through which channels are not followed")


def _evaluate_operator(
    layer: KerasLayer, call: tuple[tuple[Any, ...], dict[str, Any]], constants: ConstantArray
) -> ConstantArray:
    tensorflow = load_tensorflow()
    operand = tensorflow.constant(constants, dtype=tensorflow.float32)
    arguments, options = tensorflow.nest.map_structure(lambda item: operand if _is_tensor(item) else item, call)
    return np.asarray(layer.function(*arguments, **options), dtype=np.float64)


def _flatten(nest: Any) -> list[Any]:
    flat: list[Any] = load_tensorflow().nest.flatten(nest)
    return flat


def _is_tensor(item: Any) -> bool:
    return bool(load_keras().backend.is_keras_tensor(item)) if hasattr(item, "shape") else False


def _is_number(item: Any) -> bool:
    return item is not None and not isinstance(item, str)


def _is_plain(item: Any) -> bool:
    return item is None or isinstance(item, str) or np.ndim(item) == 0
