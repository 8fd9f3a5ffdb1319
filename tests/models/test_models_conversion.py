"""Conversion of models with several inputs and outputs: the order is the model's, and calibration is fed by name."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from edgewright.pipeline.frameworks import load_keras, load_tensorflow
from edgewright.pipeline.graph import read
from edgewright.pipeline.models import Conversion, prepare_conversion

pytestmark = pytest.mark.slow

WIDTHS = {"m_10": 1, "b": 2, "m_2": 3, "a": 4}
"""Input names in an order that no sorting and no hashing gives."""


@pytest.fixture
def conversion() -> Conversion:
    """Set up the conversion of a model with four inputs and five outputs."""
    layers = load_keras().layers
    inputs = [layers.Input((width,), name=name) for name, width in WIDTHS.items()]
    outputs = [layers.Dense(9 - index, name=f"z{index}")(tensor) for index, tensor in enumerate(inputs)]
    return prepare_conversion(load_keras().Model(inputs, [*outputs, layers.ReLU(name="again")(outputs[0])]))


def shapes(content: bytes, side: str) -> list[Any]:
    """Return the last extents of a `.tflite`'s inputs or outputs."""
    main = read(content).main
    return [main.tensors[index].shape[-1] for index in getattr(main, side)]


def test_order_is_the_models(conversion: Conversion) -> None:
    """TensorFlow's converter shuffles inputs and outputs; the result has them in the model's order."""
    content = conversion.run()

    assert [1, 2, 3, 4] == shapes(content, "inputs")
    assert [9, 8, 7, 6, 9] == shapes(content, "outputs")


def test_calibration_is_fed_by_name(conversion: Conversion) -> None:
    """Each input of the quantized model has the scale of its own samples: input k was fed numbers up to 10^k."""
    tensorflow = load_tensorflow()
    generator = np.random.default_rng(1)

    def samples() -> Iterator[dict[str, Any]]:
        for _ in range(20):
            rows = [generator.uniform(-1, 1, (1, width)) * 10.0**index for index, width in enumerate(WIDTHS.values())]
            yield conversion.feed([row.astype(np.float32) for row in rows])

    conversion.converter.optimizations = [tensorflow.lite.Optimize.DEFAULT]
    conversion.converter.representative_dataset = samples
    conversion.converter.inference_input_type = tensorflow.int8
    main = read(conversion.run()).main

    found = [main.tensors[index].quantization for index in main.inputs]
    assert [0, 1, 2, 3] == [round(np.log10(each.scales[0] * 128)) for each in found if each is not None]
