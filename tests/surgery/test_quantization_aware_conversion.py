"""Quantization-aware models converted: what plain quantization would give, and what the training model computes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from support.channel_models import (
    ARCHITECTURES,
    autoencoder,
    ds_cnn,
    inputs_of,
    mobilenet,
    one_dimensional,
    outputs_of,
    randomize,
    resnet8,
)
from support.quantized import compute_in_tflm, constants_of, convert_to_int8, enliven, steps_apart, structure_of

from edgewright.pipeline.frameworks import load_keras
from edgewright.pipeline.graph import read, require_full_integer
from edgewright.pipeline.surgery.quantization_aware import (
    QuantizationAwareModel,
    activation_ranges,
    annotate,
    calibrate,
    for_conversion,
)

pytestmark = pytest.mark.slow
SAMPLE_COUNT = 64


def cnn() -> Any:
    """A plain convolutional network that ends in a softmax."""
    keras = load_keras()
    layers = keras.layers
    x = start = keras.Input((12, 12, 1))
    for filters in (6, 8):
        x = layers.BatchNormalization()(layers.Conv2D(filters, 3, padding="same", use_bias=False)(x))
        x = layers.MaxPooling2D()(layers.Activation("relu")(x))
    x = layers.Dropout(0.2)(layers.Dense(12, activation="relu")(layers.Flatten()(x)))
    return randomize(keras.Model(start, layers.Dense(5, activation="softmax")(x)))


FIVE: dict[str, Callable[[], Any]] = {
    "residual": lambda: resnet8(width=4, side=16),
    "depthwise": lambda: mobilenet(side=16),
    "cnn": cnn,
    "one dimension": one_dimensional,
    "autoencoder": autoencoder,
}


def enlivened(model: Any) -> Any:
    """Give a model random weights that make its outputs depend on its inputs."""
    return enliven(randomize(model))


def trained(model: Any, **options: bool) -> QuantizationAwareModel:
    """Annotate, calibrate and train a model a little towards its own outputs."""
    x = inputs_of(model, SAMPLE_COUNT)
    load_keras().utils.set_random_seed(7)
    aware = annotate(model, **options)
    calibrate(aware, [x])
    aware.model.compile(load_keras().optimizers.Adam(1e-3), "mse")
    aware.model.fit(x, outputs_of(model, x), epochs=1, batch_size=16, verbose=0)
    return aware


def assert_computes_as_trained(aware: QuantizationAwareModel, tflite: bytes, *, most_steps: int = 4) -> None:
    """Compare TFLM's outputs with those of the training model: a rounding apart here and there, the same classes."""
    x = inputs_of(aware.base, SAMPLE_COUNT, seed=9)
    outputs, scale = compute_in_tflm(tflite, x)
    expected = outputs_of(aware.model, x)[0]
    steps = np.abs(outputs - expected) / scale
    assert steps.max() <= most_steps
    assert steps.mean() <= most_steps / 4
    flat, expected_flat = outputs.reshape(SAMPLE_COUNT, -1), expected.reshape(SAMPLE_COUNT, -1)
    assert (flat.argmax(1) == expected_flat.argmax(1)).mean() >= 0.95


@pytest.mark.parametrize("name", FIVE)
def test_five_networks(name: str) -> None:
    """A CNN of each kind becomes integers throughout, in the structure of plain quantization, and computes the same."""
    model = enliven(FIVE[name]())
    aware = trained(model)
    x = inputs_of(model, SAMPLE_COUNT)
    tflite = convert_to_int8(for_conversion(aware), x)
    require_full_integer(read(tflite, source="the converted model"), "the converted model")
    assert structure_of(convert_to_int8(model, x)) == structure_of(tflite)
    assert_computes_as_trained(aware, tflite)


@pytest.mark.parametrize(
    "name",
    [
        "inception",
        *(pytest.param(name, marks=pytest.mark.full) for name in ("unet", "convolutional_autoencoder", "ds_cnn")),
        *(pytest.param(name, marks=pytest.mark.full) for name in ("nested", "normalization_anywhere")),
    ],
)
def test_other_networks(name: str) -> None:
    """Concatenation, transposed convolutions and nested models convert to integers throughout, too."""
    model = enliven(ARCHITECTURES[name]())
    aware = trained(model)
    tflite = convert_to_int8(for_conversion(aware), inputs_of(model, SAMPLE_COUNT))
    require_full_integer(read(tflite, source="the converted model"), "the converted model")
    x = inputs_of(model, SAMPLE_COUNT, seed=9)
    outputs, _ = compute_in_tflm(tflite, x)
    assert steps_apart([outputs], outputs_of(aware.model, x)) <= 4


def branches(layers: Any, x: Any) -> Any:
    """Concatenation of an input, of pooled results and of results that are read elsewhere."""
    one = layers.Conv2D(4, 3, padding="same", activation="relu")(x)
    two = layers.AveragePooling2D(3, strides=1, padding="same")(layers.Conv2D(4, 1)(one))
    joined = layers.Concatenate()([x, one, two])
    return layers.Concatenate()([joined, layers.Conv2D(3, 3, padding="same")(joined)])


def pooled(layers: Any, x: Any) -> Any:
    """ReLU behind a maximum and behind an average."""
    x = layers.ReLU()(layers.MaxPooling2D()(layers.Conv2D(6, 3, padding="same")(x)))
    return layers.Activation("relu")(layers.AveragePooling2D()(layers.Conv2D(5, 1)(x)))


def normalized(layers: Any, x: Any) -> Any:
    """BatchNormalization of the input and behind an activation."""
    x = layers.Conv2D(4, 3, activation="relu")(layers.BatchNormalization()(x))
    return layers.Conv2D(4, 3)(layers.BatchNormalization()(x))


def transposed(layers: Any, x: Any) -> Any:
    """A transposed convolution with everything that is fused into it."""
    x = layers.Conv2DTranspose(4, 3, strides=2, padding="same", use_bias=False)(x)
    return layers.Conv2D(3, 3)(layers.ReLU()(layers.BatchNormalization()(x)))


@pytest.mark.parametrize(
    "graph",
    [branches, pooled, *(pytest.param(graph, marks=pytest.mark.full) for graph in (normalized, transposed))],
    ids=lambda graph: graph.__name__,
)
def test_structure_is_that_of_plain_quantization(graph: Callable[[Any, Any], Any]) -> None:
    """No operator is added where results share a scale, are pooled, or where a layer is left out."""
    keras = load_keras()
    start = keras.Input((8, 8, 3))
    model = enlivened(keras.Model(start, keras.layers.Dense(3)(keras.layers.Flatten()(graph(keras.layers, start)))))
    aware = trained(model)
    x = inputs_of(model, SAMPLE_COUNT)
    tflite = convert_to_int8(for_conversion(aware), x)
    assert structure_of(convert_to_int8(model, x)) == structure_of(tflite)
    # An average is rounded to steps of its input, which the training model does not do.
    assert_computes_as_trained(aware, tflite, most_steps=6)


def test_scales_are_the_trained_ranges() -> None:
    """The converter takes over the ranges that were trained, whatever the representative samples are."""
    model = enliven(autoencoder())
    aware = trained(model)
    tflite = convert_to_int8(for_conversion(aware), 3 * inputs_of(model, SAMPLE_COUNT))
    graph = read(tflite, source="the converted model")
    operators = graph.main.operators
    indices = (graph.main.inputs[0], operators[0].outputs[0], operators[-1].outputs[0])
    found = [graph.main.tensors[index].quantization for index in indices]
    ranges = activation_ranges(aware)
    names = (model.input_names[0], "activation", aware.base.layers[-1].name)
    activations = [name for name in ranges if name.startswith("activation")]
    spans = [ranges[names[0]], ranges[activations[0]], ranges[names[2]]]
    assert [(span.maximum - span.minimum) / 255 for span in spans] == pytest.approx(
        [quantization.scale for quantization in found if quantization], rel=1e-5
    )


@pytest.mark.parametrize("per_channel_dense", [True, pytest.param(False, marks=pytest.mark.full)])
def test_dense_scales_are_as_trained(per_channel_dense: bool) -> None:
    """A Dense layer has one scale, or one for each unit, in training as in the file."""
    model = enliven(autoencoder())
    aware = trained(model, per_channel_dense=per_channel_dense)
    x = inputs_of(model, SAMPLE_COUNT)
    tflite = convert_to_int8(for_conversion(aware), x, per_channel_dense=per_channel_dense)
    scale_counts = [facts[1][2] for op, facts in structure_of(tflite) if op == "FULLY_CONNECTED"]
    units = [layer.units for layer in model.layers if type(layer).__name__ == "Dense"]
    assert sorted(units if per_channel_dense else [1] * len(units)) == sorted(scale_counts)
    assert_computes_as_trained(aware, tflite)


def test_zeros_reach_the_file() -> None:
    """Weights that pruning set to zero are zero in the `.tflite` after training under quantization."""
    model = enliven(ds_cnn())
    generator = np.random.default_rng(5)
    model.set_weights([
        weight * (generator.random(weight.shape) > 0.5) if weight.ndim > 1 else weight for weight in model.get_weights()
    ])  # fmt: skip
    aware = trained(model, keep_zeros=True)
    tflite = convert_to_int8(for_conversion(aware), inputs_of(model, SAMPLE_COUNT))
    pointwise = next(
        layer for layer in aware.base.layers if type(layer).__name__ == "Conv2D" and layer.kernel_size == (1, 1)
    )
    zeros = (pointwise.get_weights()[0] == 0).transpose(3, 0, 1, 2)
    weights = next(weights for weights in constants_of(tflite, "CONV_2D") if weights.shape == zeros.shape)
    assert zeros.mean() > 0.4
    assert not weights[zeros].any()
    assert (weights[~zeros] != 0).mean() > 0.9


@pytest.mark.full
def test_layer_that_is_left_out() -> None:
    """An LSTM is left out with a reason, and the model becomes the integers that plain quantization gives."""
    keras = load_keras()
    x = start = keras.Input((12, 3))
    x = keras.layers.LSTM(5, name="lstm")(keras.layers.Dense(4, activation="relu")(x))
    model = enlivened(keras.Model(start, keras.layers.Dense(3)(x)))
    aware = annotate(model)
    x = inputs_of(model, SAMPLE_COUNT)
    calibrate(aware, [x])
    assert ["lstm"] == [item.layer for item in aware.left_out]
    tflite = convert_to_int8(for_conversion(aware), x)
    assert structure_of(convert_to_int8(model, x)) == structure_of(tflite)
    outputs, _ = compute_in_tflm(tflite, x)
    assert steps_apart([outputs], outputs_of(model, x)) <= 4
