"""Quantization-aware models: calibration, training, zeros that stay, and what is refused."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from support.channel_models import (
    ARCHITECTURES,
    autoencoder,
    convolutional_autoencoder,
    inputs_of,
    largest_difference,
    mobilenet,
    outputs_of,
    randomize,
    resnet8,
)
from support.quantized import enliven, steps_apart

from edgewright.pipeline.errors import DataError, ModelError
from edgewright.pipeline.frameworks import load_keras
from edgewright.pipeline.surgery.quantization_aware import (
    ActivationRange,
    QuantizationAwareModel,
    activation_ranges,
    annotate,
    assign_ranges,
    calibrate,
    for_conversion,
    restore,
    trained_model,
    transfer,
)
from edgewright.pipeline.surgery.quantization_points import KERNELS

pytestmark = pytest.mark.slow
CALIBRATED = ("inception", "unet", "one_dimensional", "nested", "shared", "multi_input")
"""Architectures of the fast grid; the others are in the complete one."""


def annotated(model: Any, **options: bool) -> QuantizationAwareModel:
    """Annotate a model and calibrate it on 32 random samples."""
    aware = annotate(model, **options)
    calibrate(aware, [inputs_of(model, 32)])
    return aware


def train(aware: QuantizationAwareModel, targets: Any, *, epochs: int = 1, learning_rate: float = 1e-3) -> list[float]:
    """Train towards targets for 64 random samples; returns the loss of each epoch."""
    keras = load_keras()
    keras.utils.set_random_seed(7)
    aware.model.compile(keras.optimizers.Adam(learning_rate), "mse")
    fitted = aware.model.fit(
        inputs_of(aware.model, 64), targets, epochs=epochs, batch_size=16, verbose=0, shuffle=False
    )
    return [float(loss) for loss in fitted.history["loss"]]


def apart(model: Any, source: Any) -> float:
    """Return how far a model's outputs are from the source's, in steps of int8."""
    x = inputs_of(source, 64)
    return steps_apart(outputs_of(model, x), outputs_of(source, x))


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=() if name in CALIBRATED else pytest.mark.full) for name in ARCHITECTURES]
)
def test_calibrated_starts_at_the_float_model(name: str) -> None:
    """Right after calibration a model computes nearly what the float model does, and without it nothing of the kind."""
    model = enliven(ARCHITECTURES[name]())
    aware = annotate(model)
    uncalibrated = apart(aware.model, model)
    calibrate(aware, [inputs_of(model, 64)])
    assert apart(aware.model, model) <= 2
    assert apart(aware.model, model) <= uncalibrated * (0.1 if name in CALIBRATED else 1)
    assert largest_difference(model, aware.base) <= 1e-5


@pytest.mark.parametrize(
    "build", [lambda: resnet8(width=4, side=16), lambda: mobilenet(side=16)], ids=["resnet", "mobilenet"]
)
def test_calibrated_deep_networks(build: Any) -> None:
    """Deep networks start close, too: a depthwise kernel has a scale for each channel."""
    model = enliven(build())
    aware = annotate(model)
    assert apart(aware.model, model) > 5
    calibrate(aware, [inputs_of(model, 64)])
    assert apart(aware.model, model) <= 1
    assert () == aware.left_out


def test_ranges_are_those_of_the_float_model() -> None:
    """Calibration takes the smallest and largest value of all batches, in floating point, 0 among them."""
    keras = load_keras()
    x = start = keras.Input((5,), name="features")
    x = keras.layers.Dense(4, activation="relu", name="hidden")(x)
    model = randomize(keras.Model(start, keras.layers.Dense(3, activation="softmax", name="classes")(x)))
    samples = inputs_of(model, 40)
    aware = annotate(model)
    calibrate(aware, np.split(samples, 5))
    hidden = keras.Model(start, x)(samples).numpy()
    weights, bias = model.get_layer("classes").get_weights()
    logits = hidden @ weights + bias
    ranges = activation_ranges(aware)
    assert {"features", "hidden", "classes"} == ranges.keys()
    for name, values in (("features", samples), ("hidden", hidden), ("classes", logits)):
        assert (ranges[name].minimum, ranges[name].maximum) == pytest.approx((values.min(), values.max()), abs=1e-6)
    assert 0.0 == ranges["hidden"].minimum


def test_tensor_of_zeros_gets_a_range() -> None:
    """A layer that gives nothing but 0 for every sample gets a range that can be quantized with."""
    keras = load_keras()
    start = keras.Input((5,))
    model = keras.Model(start, keras.layers.Dense(4, activation="relu", name="dead", bias_initializer="zeros")(start))
    model.layers[-1].set_weights([np.zeros((5, 4)), -np.ones(4)])
    ranges = activation_ranges(annotated(model))
    assert ActivationRange(minimum=0.0, maximum=1.0) == ranges["dead"]


def test_names_and_order() -> None:
    """The model to train has the inputs, outputs and layers of the source, whose weights are where they were."""
    model = ARCHITECTURES["multi_input"]()
    aware = annotated(model)
    assert model.input_names == aware.model.input_names
    assert model.output_names == aware.model.output_names
    assert {layer.name for layer in model.layers} <= {layer.name for layer in aware.model.layers}
    for one, other in zip(model.get_weights(), trained_model(aware).get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)


def test_training_lowers_the_loss_of_the_quantized_model() -> None:
    """Training changes every layer's weights, and the model computes better under quantization than before."""
    model = enliven(autoencoder())
    targets = outputs_of(model, inputs_of(model, 64))[0] + 0.1
    aware = annotated(model)
    start = trained_model(aware).get_weights()
    losses = train(aware, targets, epochs=20)
    assert losses[-1] < 0.3 * losses[0]
    trained = outputs_of(aware.model, inputs_of(model, 64))[0]
    assert float(np.square(trained - targets).mean()) < 0.3 * losses[0]
    end = trained_model(aware).get_weights()
    assert all((one != other).any() for one, other in zip(start, end, strict=True))


def test_training_does_not_touch_the_source() -> None:
    """Neither annotating nor training changes the model that was given, or the base."""
    model = convolutional_autoencoder()
    before, structure = model.get_weights(), model.get_config()
    aware = annotated(model)
    base = aware.base.get_weights()
    train(aware, outputs_of(model, inputs_of(model, 64))[0], learning_rate=0.1)
    assert structure == model.get_config()
    assert all((one == other).all() for one, other in zip(before, model.get_weights(), strict=True))
    assert all((one == other).all() for one, other in zip(base, aware.base.get_weights(), strict=True))


def test_training_follows_ranges_slowly() -> None:
    """Training moves ranges a little; an input's, and one that several share, only grow."""
    model = ARCHITECTURES["inception"]()
    aware = annotated(model)
    before = activation_ranges(aware)
    train(aware, outputs_of(model, inputs_of(model, 64))[0])
    after = activation_ranges(aware)
    moved = [abs(after[name].maximum - before[name].maximum) / before[name].maximum for name in before]
    assert 0 < max(moved) < 0.2
    image = model.input_names[0]
    assert after[image].maximum >= before[image].maximum


def test_wrapped_weights_can_be_put_back() -> None:
    """What `get_weights` of the wrapped model gave brings it back, so that a good state can be kept in training."""
    model = autoencoder()
    aware = annotated(model)
    kept, outputs = aware.model.get_weights(), outputs_of(aware.model, inputs_of(model))
    train(aware, outputs_of(model, inputs_of(model, 64))[0], learning_rate=0.1)
    aware.model.set_weights(kept)
    np.testing.assert_array_equal(outputs[0], outputs_of(aware.model, inputs_of(model))[0])


@pytest.mark.parametrize(
    "build",
    [autoencoder, ARCHITECTURES["one_dimensional"], pytest.param(ARCHITECTURES["unet"], marks=pytest.mark.full)],
)
def test_zeros_stay(build: Any) -> None:
    """With `keep_zeros` a weight that is zero is zero after training, and without it is not."""
    model = sparse(build())
    targets = outputs_of(model, inputs_of(model, 64))[0] + 1.0
    zeros = [kernel == 0 for kernel in kernels_of(annotated(model).base)]
    assert all(mask.mean() > 0.4 for mask in zeros)
    for keep_zeros in (True, False):
        aware = annotated(model, keep_zeros=keep_zeros)
        train(aware, targets, epochs=2, learning_rate=0.02)
        pairs = list(zip(zeros, kernels_of(trained_model(aware)), strict=True))
        assert keep_zeros == all((kernel[mask] == 0).all() for mask, kernel in pairs)
        assert all((kernel[~mask] != 0).all() for mask, kernel in pairs)


def kernels_of(model: Any) -> list[Any]:
    """Return the kernels of all layers that can be trained under quantization."""
    return [layer.get_weights()[0] for layer in model.layers if type(layer).__name__ in KERNELS]


def sparse(model: Any) -> Any:
    """Set two thirds of every kernel to zero."""
    generator = np.random.default_rng(5)
    for layer in model.layers:
        if type(layer).__name__ in (*KERNELS, "SeparableConv2D"):
            weights = layer.get_weights()
            masks = [weight.ndim == 1 or generator.random(weight.shape) > 0.67 for weight in weights]
            layer.set_weights([weight * mask for weight, mask in zip(weights, masks, strict=True)])
    return model


def test_conversion_model_leaves_the_trained_one_alone() -> None:
    """The model for conversion has unrounded weights; the one that is trained goes on rounding."""
    model = autoencoder()
    aware = annotated(model)
    x = inputs_of(model)
    before = outputs_of(aware.model, x)[0]
    unrounded = outputs_of(for_conversion(aware), x)[0]
    np.testing.assert_array_equal(before, outputs_of(aware.model, x)[0])
    assert (before != unrounded).any()


def test_restored_model_computes_the_same() -> None:
    """Weights and ranges are all there is to a quantization-aware model."""
    aware = annotated(ARCHITECTURES["inception"]())
    restored = restore(trained_model(aware), activation_ranges(aware))
    assert largest_difference(aware.model, restored.model) == 0


@pytest.mark.parametrize("apart_from_dense", [False, True], ids=["fused", "layer"])
def test_training_on_logits_is_transferred(apart_from_dense: bool) -> None:
    """What was trained on logits, given to the model with its softmax, is the softmax of what was trained."""
    layers = load_keras().layers

    def build(last: str) -> Any:
        x = start = layers.Input((6,), name="features")
        x = layers.BatchNormalization(name="norm")(layers.Dense(8, name="hidden")(x))
        x = layers.Dense(4, activation="linear" if apart_from_dense else last, name="classes")(
            layers.ReLU(name="relu")(x)
        )
        x = layers.Activation(last, name="last")(x) if apart_from_dense else x
        return enliven(randomize(load_keras().Model(start, x)))

    aware = annotated(build("linear"))
    train(aware, np.ones((64, 4)), epochs=3, learning_rate=0.01)
    transferred = transfer(aware, build("softmax"))
    x = inputs_of(aware.base, 16)
    logits = outputs_of(aware.model, x)[0].astype(np.float64)
    expected = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    np.testing.assert_allclose(outputs_of(transferred.model, x)[0], expected, atol=1e-6)
    for one, other in zip(trained_model(aware).get_weights(), trained_model(transferred).get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)


def test_training_of_another_model_is_not_transferred() -> None:
    """A model of other layers does not get what was trained."""
    keras = load_keras()
    start = keras.Input((40,))
    other = keras.Model(start, keras.layers.Dense(3, name="alone")(start), name="other")
    with pytest.raises(
        ModelError, match=r'^qat: what was trained cannot be given to the model "other", .* differ in alone'
    ):
        transfer(annotated(autoencoder()), other)


def test_nothing_to_quantize() -> None:
    """A model without a layer that can be trained under quantization is refused."""
    keras = load_keras()
    start = keras.Input((6, 3))
    with pytest.raises(ModelError, match=r'^qat: the model "it" has no layer with weights that can be quantized'):
        annotate(keras.Model(start, keras.layers.LSTM(4)(start), name="it"))


def test_calibration_without_samples_or_with_nan() -> None:
    """No samples, and samples that give NaN, are refused; the model goes on quantizing all the same."""
    aware = annotated(autoencoder())
    x = inputs_of(aware.base, 4)
    before = outputs_of(aware.model, x)[0]
    with pytest.raises(DataError, match=r"^qat: there are no samples to calibrate with"):
        calibrate(aware, [])
    with pytest.raises(DataError, match=r'^qat: the layer ".*" gives NaN or infinity for a calibration sample'):
        calibrate(aware, [np.full_like(x, np.nan)])
    np.testing.assert_array_equal(before, outputs_of(aware.model, x)[0])


def test_ranges_of_another_model() -> None:
    """Ranges that name other layers, or that are not ranges, are refused."""
    aware = annotated(autoencoder())
    ranges = activation_ranges(aware)
    name = next(iter(ranges))
    with pytest.raises(ModelError, match=rf"^qat: the ranges belong to another model, they differ in {name};"):
        assign_ranges(aware, {other: span for other, span in ranges.items() if other != name})
    with pytest.raises(ModelError, match=rf'^qat: the range of "{name}" is 0\.5\.\.1\.0, and it must'):
        assign_ranges(aware, {**ranges, name: ActivationRange(minimum=0.5, maximum=1.0)})
    with pytest.raises(ModelError, match=rf'^qat: the range of "{name}" is 0\.0\.\.nan'):
        assign_ranges(aware, {**ranges, name: ActivationRange(minimum=0.0, maximum=float("nan"))})
