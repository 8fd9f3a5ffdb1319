"""Layers of Keras 3 one by one: each that can be translated computes the same, any other is refused by name."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from edgewright.pipeline.errors import ModelError
from edgewright.pipeline.frameworks import load_keras, load_keras3
from edgewright.pipeline.models import adopt_model
from edgewright.pipeline.models.keras3_layers import TRANSLATED, clean_name

pytestmark = pytest.mark.slow

Layers = Any
IMAGE, SERIES, ROW = (8, 8, 4), (12, 4), (6,)

CASES: dict[str, tuple[tuple[int, ...], Callable[[Layers], Any]]] = {
    "Activation": (IMAGE, lambda layers: layers.Activation("silu")),
    "ActivityRegularization": (ROW, lambda layers: layers.ActivityRegularization(l2=0.1)),
    "AlphaDropout": (ROW, lambda layers: layers.AlphaDropout(0.3, seed=1)),
    "AveragePooling1D": (SERIES, lambda layers: layers.AveragePooling1D(3, 2, padding="same")),
    "AveragePooling2D": (IMAGE, lambda layers: layers.AveragePooling2D((3, 2), padding="same")),
    "BatchNormalization": (IMAGE, lambda layers: layers.BatchNormalization(scale=False, epsilon=0.01)),
    "Bidirectional": (SERIES, lambda layers: layers.Bidirectional(layers.GRU(3), merge_mode="sum")),
    "CenterCrop": (IMAGE, lambda layers: layers.CenterCrop(5, 4)),
    "Conv1D": (SERIES, lambda layers: layers.Conv1D(6, 3, groups=2, padding="causal", dilation_rate=2)),
    "Conv1DTranspose": (SERIES, lambda layers: layers.Conv1DTranspose(3, 3, strides=2)),
    "Conv2D": (IMAGE, lambda layers: layers.Conv2D(3, (3, 1), strides=2, kernel_regularizer="l2", activation="gelu")),
    "Conv2DTranspose": (IMAGE, lambda layers: layers.Conv2DTranspose(3, 3, strides=2, padding="same")),
    "Cropping1D": (SERIES, lambda layers: layers.Cropping1D((1, 2))),
    "Cropping2D": (IMAGE, lambda layers: layers.Cropping2D(((1, 2), (0, 3)))),
    "Dense": (SERIES, lambda layers: layers.Dense(3, activation="relu6", kernel_constraint="non_neg")),
    "DepthwiseConv1D": (SERIES, lambda layers: layers.DepthwiseConv1D(3, depth_multiplier=2)),
    "DepthwiseConv2D": (IMAGE, lambda layers: layers.DepthwiseConv2D(3, strides=2, padding="same")),
    "Dropout": (ROW, lambda layers: layers.Dropout(0.5, seed=3)),
    "ELU": (ROW, lambda layers: layers.ELU(0.5)),
    "Flatten": (IMAGE, lambda layers: layers.Flatten()),
    "GRU": (SERIES, lambda layers: layers.GRU(3, return_sequences=True, go_backwards=True)),
    "GaussianDropout": (ROW, lambda layers: layers.GaussianDropout(0.3)),
    "GaussianNoise": (ROW, lambda layers: layers.GaussianNoise(0.3)),
    "GlobalAveragePooling1D": (SERIES, lambda layers: layers.GlobalAveragePooling1D()),
    "GlobalAveragePooling2D": (IMAGE, lambda layers: layers.GlobalAveragePooling2D(keepdims=True)),
    "GlobalMaxPooling1D": (SERIES, lambda layers: layers.GlobalMaxPooling1D(keepdims=True)),
    "GlobalMaxPooling2D": (IMAGE, lambda layers: layers.GlobalMaxPooling2D()),
    "GroupNormalization": (IMAGE, lambda layers: layers.GroupNormalization(2)),
    "Identity": (ROW, lambda layers: layers.Identity()),
    "LSTM": (SERIES, lambda layers: layers.LSTM(3, use_cudnn=False, unroll=True, recurrent_dropout=0.1)),
    "LayerNormalization": (IMAGE, lambda layers: layers.LayerNormalization(axis=[2, 3])),
    "LeakyReLU": (ROW, lambda layers: layers.LeakyReLU(0.07)),
    "MaxPooling1D": (SERIES, lambda layers: layers.MaxPooling1D(2)),
    "MaxPooling2D": (IMAGE, lambda layers: layers.MaxPooling2D(3, 1, padding="same")),
    "Normalization": (ROW, lambda layers: layers.Normalization(mean=[1, 2, 3, 4, 5, 6], variance=[2, 1, 1, 1, 4, 1])),
    "PReLU": (IMAGE, lambda layers: layers.PReLU(shared_axes=[1, 2])),
    "Permute": (IMAGE, lambda layers: layers.Permute((3, 1, 2))),
    "RandomBrightness": (IMAGE, lambda layers: layers.RandomBrightness(0.2)),
    "RandomContrast": (IMAGE, lambda layers: layers.RandomContrast(0.2)),
    "RandomFlip": (IMAGE, lambda layers: layers.RandomFlip("horizontal", seed=4)),
    "RandomRotation": (IMAGE, lambda layers: layers.RandomRotation(0.1)),
    "RandomTranslation": (IMAGE, lambda layers: layers.RandomTranslation(0.1, 0.2)),
    "RandomZoom": (IMAGE, lambda layers: layers.RandomZoom(0.1)),
    "ReLU": (ROW, lambda layers: layers.ReLU(max_value=0.8, negative_slope=0.1, threshold=0.2)),
    "RepeatVector": (ROW, lambda layers: layers.RepeatVector(3)),
    "Rescaling": (ROW, lambda layers: layers.Rescaling(1 / 127.5, offset=-1)),
    "Reshape": (IMAGE, lambda layers: layers.Reshape((-1, 8))),
    "Resizing": (IMAGE, lambda layers: layers.Resizing(5, 6)),
    "SeparableConv1D": (SERIES, lambda layers: layers.SeparableConv1D(5, 3, padding="same")),
    "SeparableConv2D": (IMAGE, lambda layers: layers.SeparableConv2D(5, 3, depth_multiplier=2)),
    "SimpleRNN": (SERIES, lambda layers: layers.SimpleRNN(3)),
    "Softmax": (SERIES, lambda layers: layers.Softmax(axis=1)),
    "SpatialDropout1D": (SERIES, lambda layers: layers.SpatialDropout1D(0.3)),
    "SpatialDropout2D": (IMAGE, lambda layers: layers.SpatialDropout2D(0.3)),
    "TimeDistributed": (SERIES, lambda layers: layers.TimeDistributed(layers.Dense(3))),
    "UnitNormalization": (ROW, lambda layers: layers.UnitNormalization()),
    "UpSampling1D": (SERIES, lambda layers: layers.UpSampling1D(3)),
    "UpSampling2D": (IMAGE, lambda layers: layers.UpSampling2D(2, interpolation="bilinear")),
    "ZeroPadding1D": (SERIES, lambda layers: layers.ZeroPadding1D((1, 2))),
    "ZeroPadding2D": (IMAGE, lambda layers: layers.ZeroPadding2D(((1, 2), (0, 3)))),
}
MERGES = ("Add", "Average", "Concatenate", "Dot", "Maximum", "Minimum", "Multiply", "Subtract")


def sequential(layer: Any, shape: tuple[int, ...], **options: Any) -> Any:
    """Build a Keras 3 model of one layer, its weights moved away from zero and one."""
    keras = load_keras3()
    model = keras.Sequential([keras.layers.Input(shape, **options), layer])
    generator = np.random.default_rng(1)
    held = [(weight.dtype.kind, weight) for weight in map(np.asarray, model.get_weights())]
    model.set_weights(
        [weight + generator.uniform(0, 0.3, weight.shape) if kind == "f" else weight for kind, weight in held]
    )
    return model


def functional(call: Callable[..., Any], *shapes: tuple[int, ...]) -> Any:
    """Build a Keras 3 model from a function of its input tensors."""
    keras = load_keras3()
    inputs = [keras.layers.Input(shape) for shape in shapes]
    return keras.Model(inputs, call(*inputs))


def test_every_translated_layer_has_a_case() -> None:
    """Each layer on the list is tried by a test of this file."""
    assert {*CASES, *MERGES, "Embedding"} == set(TRANSLATED)


@pytest.mark.parametrize("name", CASES)
def test_layer_computes_the_same(name: str) -> None:
    """A model of one Keras 3 layer, away from its defaults, becomes a tf_keras model that agrees to 1e-6."""
    shape, make = CASES[name]
    layer = make(load_keras3().layers)

    imported = adopt_model(sequential(layer, shape), "the model")

    assert name == type(layer).__name__
    assert isinstance(imported.model, load_keras().Model)
    assert imported.largest_difference <= 1e-6


def test_embedding_computes_the_same() -> None:
    """Whole numbers go in as whole numbers, within the vocabulary."""
    model = sequential(load_keras3().layers.Embedding(5, 3), (7,), dtype="int32")

    imported = adopt_model(model, "the model")

    assert imported.largest_difference == 0.0
    assert "int32" == imported.model.inputs[0].dtype.name


@pytest.mark.parametrize("name", MERGES)
def test_merge_computes_the_same(name: str) -> None:
    """A layer that joins two tensors becomes its namesake."""
    options = {"axes": 1} if name == "Dot" else {}

    def call(first: Any, second: Any) -> Any:
        return getattr(load_keras3().layers, name)(**options)([first, second])

    assert adopt_model(functional(call, SERIES, SERIES), "the model").largest_difference <= 1e-6


@pytest.mark.parametrize(
    "call",
    [
        lambda keras, x, y: x + y,
        lambda keras, x, y: x - y,
        lambda keras, x, y: x * y,
        lambda keras, x, y: keras.ops.maximum(x, y),
        lambda keras, x, y: keras.ops.concatenate([x, y, x], axis=-1),
        lambda keras, x, y: keras.ops.relu(x) * keras.ops.sigmoid(y),
        lambda keras, x, y: keras.ops.softmax(keras.ops.silu(x) + keras.ops.tanh(y)),
        lambda keras, x, y: keras.ops.reshape(keras.ops.relu6(x), (-1, 4, 12)),
    ],
)
def test_free_operation_computes_the_same(call: Callable[..., Any]) -> None:
    """Operations on tensors alone that have a layer of the same meaning are translated to it."""
    keras = load_keras3()
    model = functional(lambda x, y: call(keras, x, y), SERIES, SERIES)

    assert adopt_model(model, "the model").largest_difference <= 1e-6


@pytest.mark.parametrize(
    ("call", "name"),
    [
        (lambda keras, x: x / 255.0, "true_divide"),
        (lambda keras, x: 2.0 * x, "multiply"),
        (lambda keras, x: x[:, :3], "get_item"),
        (lambda keras, x: keras.ops.mean(x, axis=1), "mean"),
        (lambda keras, x: keras.ops.concatenate([x, x], axis=0), "concatenate"),
        (lambda keras, x: keras.ops.softmax(x, axis=1), "softmax"),
    ],
)
def test_other_operation_is_refused(call: Callable[..., Any], name: str) -> None:
    """An operation without a counterpart is refused by its name, with the reason."""
    keras = load_keras3()
    keras.backend.clear_session()
    model = functional(lambda x: call(keras, x), SERIES)

    with pytest.raises(ModelError, match=f'layer "{name}" .* free operation is translated only where'):
        adopt_model(model, "the model")


REFUSED: dict[str, tuple[tuple[int, ...], Callable[[Layers], Any], str]] = {
    "hard_silu": (ROW, lambda layers: layers.Activation("hard_silu", name="it"), 'no activation "hard_silu"'),
    "hard_sigmoid": (ROW, lambda layers: layers.Dense(3, activation="hard_sigmoid", name="it"), "hard_sigmoid"),
    "recurrent": (SERIES, lambda layers: layers.LSTM(3, recurrent_activation="hard_sigmoid", name="it"), "hard_sig"),
    "Lambda": (ROW, lambda layers: layers.Lambda(lambda x: x * 2, name="it"), "no Lambda"),
    "RMSNormalization": (ROW, lambda layers: layers.RMSNormalization(name="it"), "no RMSNormalization"),
    "Masking": (SERIES, lambda layers: layers.Masking(name="it"), "no Masking"),
    "wrapped": (SERIES, lambda layers: layers.TimeDistributed(layers.RMSNormalization(name="it")), "no RMSNorm"),
    "channels_first": (IMAGE, lambda layers: layers.MaxPooling2D(data_format="channels_first", name="it"), "_first"),
    "half precision": (ROW, lambda layers: layers.Dense(3, dtype="mixed_float16", name="it"), "in mixed_float16"),
    "unknown key": (IMAGE, lambda layers: layers.Resizing(4, 6, pad_to_aspect_ratio=True, name="it"), "pad_to_asp"),
    "state": (SERIES, lambda layers: layers.LSTM(3, stateful=True, name="it"), "keeps state"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_layer_without_counterpart_is_refused(case: str) -> None:
    """What tf_keras cannot compute is refused, naming the layer and the reason."""
    shape, make, reason = REFUSED[case]
    options = {"batch_size": 2} if case == "state" else {}
    model = sequential(make(load_keras3().layers), shape, **options)

    with pytest.raises(ModelError, match='the layer "it"') as caught:
        adopt_model(model, "my.keras")

    assert reason in str(caught.value)
    assert "my.keras" in str(caught.value)


def test_attention_is_refused() -> None:
    """MultiHeadAttention means something else in the two Keras."""
    attention = load_keras3().layers.MultiHeadAttention(2, 4, name="it")

    with pytest.raises(ModelError, match=r'the layer "it" .MultiHeadAttention. .* no MultiHeadAttention'):
        adopt_model(functional(lambda x: attention(x, x), SERIES), "the model")


def test_custom_layer_is_refused() -> None:
    """A user's own layer is refused by its name."""
    keras = load_keras3()

    class Twice(keras.layers.Layer):  # type: ignore[misc, name-defined]
        def call(self, x: Any) -> Any:
            return x + x

    with pytest.raises(ModelError, match=r'the layer "mine" .Twice. .*: it is a custom layer'):
        adopt_model(sequential(Twice(name="mine"), ROW), "the model")


def test_subclassed_model_is_refused() -> None:
    """A subclassed model has no graph to walk."""
    keras = load_keras3()

    class Net(keras.Model):  # type: ignore[misc, name-defined]
        def call(self, x: Any) -> Any:
            return x

    with pytest.raises(ModelError, match="is a Net, a subclassed model"):
        adopt_model(Net(), "the model")


def test_wrapped_model_is_translated() -> None:
    """A model inside TimeDistributed, whose weights the two Keras order differently, computes the same."""
    keras = load_keras3()
    layers = keras.layers
    inner = keras.Sequential(
        [layers.Input((6, 2)), layers.Dense(3), layers.BatchNormalization(), layers.Flatten(), layers.Dense(3)]
    )
    model = sequential(layers.TimeDistributed(inner), (4, 6, 2))

    assert adopt_model(model, "the model").largest_difference <= 1e-6


def test_unlike_directions_are_translated() -> None:
    """A Bidirectional whose backward layer differs from its forward one keeps both."""
    layers = load_keras3().layers
    backward = layers.LSTM(3, activation="relu", go_backwards=True)
    model = sequential(layers.Bidirectional(layers.LSTM(3), backward_layer=backward), SERIES)

    assert adopt_model(model, "the model").largest_difference <= 1e-6


def test_state_between_layers_is_translated() -> None:
    """An encoder's states start a decoder: tensors in keyword arguments are followed as well."""
    layers = load_keras3().layers

    def call(first: Any, second: Any) -> Any:
        _, hidden, cell = layers.LSTM(3, return_state=True)(first)
        return layers.LSTM(3, return_sequences=True)(second, initial_state=[hidden, cell])

    assert adopt_model(functional(call, SERIES, SERIES), "the model").largest_difference <= 1e-6


def test_training_flags_are_left_out() -> None:
    """Augmentation, which makes Keras 3 write `training` into the calls behind it, leaves Dropout trainable."""
    keras = load_keras3()
    layers = keras.layers
    stack = [layers.RandomFlip(), layers.BatchNormalization(), layers.Dropout(0.5)]
    model = keras.Sequential([layers.Input(IMAGE), *stack])

    imported = adopt_model(model, "the model").model

    x = np.ones((1, *IMAGE), np.float32)
    assert 0.0 in imported(x, training=True).numpy()
    assert 0.0 not in imported(x, training=False).numpy()


def test_named_inputs_and_outputs_become_lists() -> None:
    """A model that takes and gives dicts takes and gives lists afterwards, in Keras's own order."""
    keras = load_keras3()
    layers = keras.layers
    inputs = {name: layers.Input((width,), name=name) for name, width in (("b", 3), ("a", 4))}
    joined = layers.Concatenate()([inputs["a"], inputs["b"]])
    model = keras.Model(inputs, {"y": layers.Dense(2)(joined), "x": layers.Dense(5)(joined)})

    imported = adopt_model(model, "the model")

    assert imported.largest_difference <= 1e-6
    assert [tuple(tensor.shape) for tensor in model.inputs] == [tuple(tensor.shape) for tensor in imported.model.inputs]
    assert [(None, 5), (None, 2)] == [tuple(tensor.shape) for tensor in imported.model.outputs]


def test_names_that_keras2_cannot_take_are_changed() -> None:
    """Blanks and signs become underscores, and names of inner models stay apart from outer ones."""
    keras = load_keras3()
    layers = keras.layers
    inner = keras.Sequential([layers.Input(ROW), layers.Dense(6, name="a b")], name="in ner")
    model = keras.Sequential([layers.Input(ROW, name="the input"), layers.Dense(6, name="a b"), inner], name="out: er")

    imported = adopt_model(model, "the model").model

    assert ["the_input", "a_b", "a_b_1"] == [layer.name for layer in imported.layers]
    assert "out__er" == imported.name
    assert "layer_a" == clean_name("_a")
