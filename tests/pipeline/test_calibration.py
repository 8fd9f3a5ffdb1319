"""Bad representative samples are told from good ones, with the input's, feature's or layer's name."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from edgewright.pipeline.activations import observe_layers
from edgewright.pipeline.calibration import (
    Finding,
    FindingKind,
    LabelledSamples,
    Severity,
    check_calibration,
    check_samples,
    require_calibration,
)
from edgewright.pipeline.errors import DataError
from edgewright.pipeline.frameworks import load_keras

pytestmark = pytest.mark.slow
FEATURES, CLASSES = 5, 3


def draw(count: int, seed: int = 0, scale: float = 1.0) -> LabelledSamples:
    """Samples of three classes, uniform in 0..1 times a scale, the extremes among the first."""
    generator = np.random.default_rng(seed)
    x = generator.uniform(0, 1, (count, FEATURES)).astype(np.float32)
    x[0], x[1] = 0, 1
    return LabelledSamples(x=(scale * x,), classes=np.arange(count) % CLASSES)


def dense_model(*first: Any) -> Any:
    """A network of two Dense layers, after some others."""
    keras = load_keras()
    keras.utils.set_random_seed(1)
    layers = keras.layers
    x = start = keras.Input((FEATURES,), name="readings")
    for layer in first:
        x = layer(x)
    x = layers.ReLU(name="relu")(layers.Dense(8, name="hidden")(x))
    return keras.Model(start, layers.Dense(CLASSES, activation="softmax", name="classes")(x))


def by_kind(findings: tuple[Finding, ...]) -> dict[FindingKind, Finding]:
    """Findings by what was looked at."""
    return {finding.kind: finding for finding in findings}


def test_good_samples_pass() -> None:
    """Samples drawn from the training data give no finding, and nothing is refused."""
    training = draw(600)
    given = LabelledSamples(x=(training.x[0][:200],), classes=training.classes[:200])  # type: ignore[index]
    findings = check_calibration(dense_model(), given, training)
    assert () == findings
    require_calibration(findings)


def test_samples_alone_are_told_too() -> None:
    """Where there are no layers to look at, what can be said of the samples is: zeros, scale, number and classes."""
    training = draw(600)
    (zeros,) = check_samples(["readings"], draw(200, scale=0.0), training)
    assert (FindingKind.ZEROS, Severity.ERROR) == (zeros.kind, zeros.severity)
    few = LabelledSamples(x=(255 * training.x[0][:40],), classes=np.zeros(40, np.int64))
    findings = check_samples(["readings"], few, training)
    assert {FindingKind.COUNT, FindingKind.CLASSES, FindingKind.RANGE} == set(by_kind(findings))


def test_zeros_are_an_error() -> None:
    """A representative set of zeros is refused in one sentence, and nothing else is said of it."""
    zeros = LabelledSamples(x=(np.zeros((200, FEATURES), np.float32),))
    (finding,) = check_calibration(dense_model(), zeros, draw(300))
    assert (FindingKind.ZEROS, Severity.ERROR) == (finding.kind, finding.severity)
    with pytest.raises(DataError, match='all representative samples of the input "readings" are zero') as caught:
        require_calibration((finding,))
    assert 2 == caught.value.exit_status


def test_too_few_samples_and_missing_classes_are_told() -> None:
    """A handful of samples without a class is named with its number and the class."""
    given = LabelledSamples(x=(draw(12).x[0],), classes=np.arange(12) % 2)
    found = by_kind(check_calibration(dense_model(), given, draw(300)))
    assert "there are 12 representative samples" in found[FindingKind.COUNT].sentence
    assert "is of class 2, of 3 classes" in found[FindingKind.CLASSES].sentence


def test_another_scale_than_in_training_is_told() -> None:
    """Bytes where the model was trained on 0..1 are told with both ranges."""
    found = by_kind(check_calibration(dense_model(), draw(200, scale=255.0), draw(300)))
    assert "are 0..255, and the model was trained on 0..1" in found[FindingKind.RANGE].sentence


@pytest.mark.parametrize(("scale", "is_told"), [(1.0, True), (255.0, False)])
def test_samples_that_were_scaled_before_a_rescaling_are_told(scale: float, *, is_told: bool) -> None:
    """A Rescaling of bytes that is fed 0..1 is named; fed bytes, it is not."""
    model = dense_model(load_keras().layers.Rescaling(1 / 127.5, -1, name="scaling"))
    found = by_kind(check_calibration(model, draw(200, scale=scale), draw(300, scale=scale)))
    assert is_told == (FindingKind.RANGE in found)
    if is_told:
        assert 'the layer "scaling" (Rescaling) makes -1..-0.9922 of' in found[FindingKind.RANGE].sentence


def test_samples_that_were_scaled_before_a_normalization_are_told() -> None:
    """A Normalization of values about 100 that is fed 0..1 is named."""
    model = dense_model(load_keras().layers.Normalization(mean=100.0, variance=400.0, name="norm"))
    found = by_kind(check_calibration(model, draw(200), draw(300)))
    assert 'the layer "norm" (Normalization)' in found[FindingKind.RANGE].sentence


def test_features_that_never_change_are_told() -> None:
    """A feature that varies in training only is a warning, one that never does a note, equal samples a warning."""
    given, training = draw(200), draw(300)
    given.x[0][:, 1] = 0.5
    (finding,) = [one for one in check_calibration(dense_model(), given, training) if one.kind is FindingKind.CONSTANT]
    assert Severity.WARNING is finding.severity
    assert "1 of 5 features never change in the representative samples (1), but do in" in finding.sentence
    training.x[0][:, 1] = 0.5
    assert Severity.NOTE is by_kind(check_calibration(dense_model(), given, training))[FindingKind.CONSTANT].severity
    equal = LabelledSamples(x=(np.repeat(given.x[0][2:3], 200, axis=0),))
    found = by_kind(check_calibration(dense_model(), equal, training))
    assert "all 200 representative samples" in found[FindingKind.CONSTANT].sentence


def test_saturation_and_scales_that_move_name_the_layer() -> None:
    """Samples of the lower half saturate a layer, and twice as many would widen its scale."""
    model = dense_model()
    model.get_layer("hidden").set_weights([np.eye(FEATURES, 8, dtype=np.float32), np.zeros(8, np.float32)])
    found = by_kind(check_calibration(model, draw(200, scale=0.5), draw(600)))
    assert 'of what the layer "relu" gives for training samples' in found[FindingKind.SATURATION].sentence
    assert 'widen the scale of the layer "relu" by 100%' in found[FindingKind.STABILITY].sentence


def test_ranges_are_counted_exactly() -> None:
    """Share and growth are those of a layer that passes its input; what a ReLU takes over has no range of its own."""
    model = dense_model()
    model.get_layer("hidden").set_weights([np.eye(FEATURES, 8, dtype=np.float32), np.zeros(8, np.float32)])
    given, training = np.full((40, FEATURES), 0.5, np.float32), np.full((400, FEATURES), 0.5, np.float32)
    training[:100] = 0.75
    ranges = {layer.name: layer for layer in observe_layers(model, (given,), (training,))}
    assert ["relu", "classes"] == list(ranges)
    relu = ranges["relu"]
    assert (0.0, 0.5) == (relu.minimum, relu.maximum)
    assert 0.25 * FEATURES / 8 == pytest.approx(relu.saturated_share)
    assert 0.5 == pytest.approx(relu.growth)


def test_a_model_of_several_inputs_names_the_one() -> None:
    """The input that is zero is named."""
    keras = load_keras()
    inputs = [keras.Input((2,), name=name) for name in ("left", "right")]
    model = keras.Model(inputs, keras.layers.Dense(2)(keras.layers.Concatenate()(inputs)))
    x = draw(200).x[0][:, :2]
    (finding,) = check_calibration(model, LabelledSamples(x=(x, 0 * x)), LabelledSamples(x=(x, x)))
    assert 'input "right"' in finding.sentence
    assert () == check_calibration(model, LabelledSamples(x=(x, x)), LabelledSamples(x=(x, x)))
