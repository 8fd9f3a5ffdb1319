"""The source models and students of the examples have the size that their files say."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from edgewright.examples.anomaly import teacher as anomaly
from edgewright.examples.mnist import student as mnist_student
from edgewright.examples.mnist import teacher as mnist
from edgewright.examples.motion import student as motion_student
from edgewright.examples.motion import teacher as motion
from edgewright.pipeline.data import Data, Split
from edgewright.pipeline.graph import read
from edgewright.pipeline.graph.cost import total_macs
from edgewright.pipeline.models import adopt_model, float_tflite
from edgewright.pipeline.progress import SilentReporter
from edgewright.pipeline.training import TrainingSettings

pytestmark = pytest.mark.slow


@pytest.mark.parametrize(
    ("build", "parameter_count", "macs"),
    [
        (mnist.build, 130_890, 5_719_808),
        (mnist_student.build, 5_018, 184_896),
        (motion.build, 142_535, 5_505_920),
        (motion_student.build, 6_543, 276_704),
        (anomaly.build, 427_328, 425_984),
    ],
    ids=["mnist", "mnist student", "motion", "motion student", "anomaly"],
)
def test_sizes(build: Callable[[], Any], parameter_count: int, macs: int) -> None:
    """Parameters and multiply-accumulates of the model as the pipeline takes it."""
    model = adopt_model(build(), "the example").model
    assert parameter_count == model.count_params()
    assert macs == total_macs(read(float_tflite(model), source="the example"))


def test_the_autoencoder_learns_normal_windows_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """Training sees no anomaly: whatever anomalies hold, the weights become the same ones."""
    short = TrainingSettings(epochs=4, learning_rate=1e-3, batch_size=32)
    monkeypatch.setattr(anomaly, "TRAINING", short)
    random = np.random.default_rng(1)
    x = random.normal(size=(40, 128, 6)).astype(np.float32)
    y = np.repeat([0, 1], 20)

    def weights(anomalies: float) -> list[Any]:
        windows = np.where(y[:, np.newaxis, np.newaxis] == 0, x, np.float32(anomalies))
        split = Split(x=(windows,), y=(y,))
        model = anomaly.train(Data(train=split, validation=split, test=split), 3, SilentReporter())
        trained: list[Any] = model.get_weights()
        return trained

    first, second = weights(0.0), weights(7.0)
    assert all(np.array_equal(one, other) for one, other in zip(first, second, strict=True))
    untrained = anomaly.build().get_weights()
    assert not all(np.array_equal(one, other) for one, other in zip(first, untrained, strict=True))
