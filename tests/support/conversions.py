"""Small tf_keras models to convert, and random samples for them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from edgewright.pipeline.conversion import Samples
from edgewright.pipeline.frameworks import load_keras
from edgewright.pipeline.models import input_shapes, load_model

SAMPLE_COUNT = 24


def _cnn(layers: Any, keras: Any) -> Any:
    x = image = keras.Input((12, 12, 1), name="image")
    x = layers.MaxPooling2D(name="pool")(layers.Conv2D(6, 3, padding="same", activation="relu", name="conv")(x))
    x = layers.Dense(8, activation="relu", name="hidden")(layers.Flatten(name="flat")(x))
    return keras.Model(image, layers.Dense(5, activation="softmax", name="classes")(x))


def _several(layers: Any, keras: Any) -> Any:
    """Two inputs and two outputs whose order is not that of their names."""
    row, image = keras.Input((6,), name="zeta"), keras.Input((8, 8, 1), name="alpha")
    x = layers.Flatten(name="flat")(layers.Conv2D(2, 3, name="conv")(image))
    x = layers.Dense(8, activation="relu", name="hidden")(layers.Concatenate(name="join")([row, x]))
    outputs = [layers.Dense(3, activation="softmax", name="zz")(x), layers.Dense(2, name="aa")(x)]
    return keras.Model([row, image], outputs)


def _recurrent(kind: str, **options: bool) -> Callable[[Any, Any], Any]:
    def build(layers: Any, keras: Any) -> Any:
        x = series = keras.Input((6, 4), name="series")
        x = getattr(layers, kind)(5, name="memory", **options)(x)
        return keras.Model(series, layers.Dense(3, name="values")(x))

    return build


MODELS: Mapping[str, Callable[[Any, Any], Any]] = {
    "cnn": _cnn,
    "several": _several,
    "lstm": _recurrent("LSTM"),
    "unrolled_lstm": _recurrent("LSTM", unroll=True),
    "gru": _recurrent("GRU"),
    "unrolled_gru": _recurrent("GRU", unroll=True),
}


def build_model(name: str) -> Any:
    """Return the small model of that name, always with the same weights."""
    keras = load_keras()
    keras.backend.clear_session()
    keras.utils.set_random_seed(3)
    return MODELS[name](keras.layers, keras)


def samples_for(path: Path, count: int = SAMPLE_COUNT, seed: int = 0) -> Samples:
    """Random samples for every input of a model."""
    generator = np.random.default_rng(seed)
    shapes = input_shapes(load_model(path))
    arrays: list[npt.NDArray[np.float32]] = [generator.normal(size=(count, *shape)).astype("f4") for shape in shapes]
    return tuple(arrays)
