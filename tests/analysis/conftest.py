"""One small network trained on the digits, and its analysis, for all tests of the analysis."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
from support.digits import digits

from edgewright.pipeline.analysis import Analysis, Measure, analyze
from edgewright.pipeline.analysis.schema import LayerAnalysis
from edgewright.pipeline.frameworks import load_keras, seed_everything
from edgewright.pipeline.progress import SilentReporter

CALIBRATION_COUNT = 200


@dataclass(frozen=True, kw_only=True)
class Analyzed:
    """A trained model, what it was measured with, and the result."""

    model: Any
    measure: Measure
    x: Any
    calibration: Any
    analysis: Analysis

    def score(self, model: Any) -> float:
        """Return the accuracy of a model, computed here."""
        return float((model(self.x, training=False).numpy().argmax(axis=1) == digits()["y_test"]).mean())

    def layer(self, name: str) -> LayerAnalysis:
        """Return what was found about a layer."""
        return next(layer for layer in self.analysis.layers if layer.name == name)


def build() -> Any:
    """Return an untrained network with a residual, a BatchNormalization, a depthwise convolution and a Dense layer."""
    keras = load_keras()
    layers = keras.layers
    start = layers.Input((8, 8, 1), name="image")
    stem = layers.Conv2D(12, 3, padding="same", activation="relu", name="stem")(start)
    x = layers.Conv2D(12, 3, padding="same", use_bias=False, name="branch")(stem)
    x = layers.BatchNormalization(name="norm")(x)
    x = layers.ReLU(name="relu")(layers.Add(name="add")([stem, x]))
    x = layers.DepthwiseConv2D(3, strides=2, activation="relu", name="deep")(x)
    x = layers.Conv2D(20, 1, name="point")(x)
    x = layers.ReLU(6.0, name="relu6")(layers.MaxPooling2D(name="pool")(x))
    x = layers.Dense(48, activation="relu", name="hidden")(layers.Flatten(name="flatten")(x))
    return keras.Model(start, layers.Dense(10, name="classes")(x), name="digits")


@pytest.fixture(scope="session")
def analyzed() -> Analyzed:
    """The network, trained for some seconds, and its analysis."""
    seed_everything(3)
    arrays, model = digits(), build()
    loss = load_keras().losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(load_keras().optimizers.Adam(3e-3), loss)
    model.fit(arrays["x_train"], arrays["y_train"], epochs=12, batch_size=32, verbose=0, shuffle=False)
    measure = Measure(name="accuracy", score=lambda outputs: float(np.mean(outputs[0].argmax(1) == arrays["y_test"])))
    calibration = arrays["x_train"][:CALIBRATION_COUNT]
    analysis = analyze(model, measure, (arrays["x_test"],), (calibration,), SilentReporter())
    return Analyzed(model=model, measure=measure, x=arrays["x_test"], calibration=calibration, analysis=analysis)
