"""TensorFlow as it is set up here: a graph computes what the single operations compute."""

from __future__ import annotations

import numpy as np
import pytest

from edgewright.pipeline.frameworks import load_keras, load_keras3


@pytest.mark.slow
@pytest.mark.parametrize("alpha", [0.1, 0.3])
def test_graph_computes_what_eager_execution_does(alpha: float) -> None:
    """A LeakyReLU behind a residual Add keeps its slope: with TensorFlow's fusion of the four, `predict` would not."""
    keras = load_keras()
    layers = keras.layers
    inputs = layers.Input((8, 8, 3))
    branches = [layers.Conv2D(4, size, padding="same", bias_initializer="ones")(inputs) for size in (3, 1)]
    outputs = layers.Conv2D(2, 3)(layers.LeakyReLU(alpha)(layers.Add()(branches)))
    model = keras.Model(inputs, outputs)
    x = np.random.default_rng(1).standard_normal((4, 8, 8, 3)).astype(np.float32)

    assert np.abs(model(x).numpy() - model.predict(x, verbose=0)).max() <= 1e-5


@pytest.mark.slow
def test_both_keras_live_in_one_process() -> None:
    """Keras 2 trains, Keras 3 reads what it saved, and that on TensorFlow."""
    assert ("2", "3") == (load_keras().__version__[0], load_keras3().__version__[0])
    assert "tensorflow" == load_keras3().backend.backend()
