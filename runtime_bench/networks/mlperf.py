"""The four reference architectures of MLPerf Tiny, from their published descriptions.

Source: Banbury et al., "MLPerf Tiny Benchmark", 2021; mlcommons/tiny, benchmark/training/.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Literal

from edgewright.pipeline.frameworks import KerasModel
from edgewright.runtime_bench.networks import families


@dataclass(frozen=True, kw_only=True)
class Reference:
    """One architecture."""

    title: str
    shape: tuple[int, ...]
    classes: int | None
    """None for an autoencoder."""
    build: Callable[[], KerasModel]
    """Returns the untrained model; TensorFlow is loaded when it is called."""
    published_bytes: int | None = None
    """Length of the int8 `.tflite` that its authors publish, where we have it."""

    @property
    def task(self) -> Literal["anomaly", "classification"]:
        """What it is for, as a recipe says it."""
        return "anomaly" if self.classes is None else "classification"


MLPERF: Mapping[str, Reference] = {
    "keyword_spotting": Reference(
        title="DS-CNN", shape=(49, 10, 1), classes=12, published_bytes=53_936,
        build=partial(families.ds_cnn, 49, 10, 64, classes=12),
    ),
    "visual_wake_words": Reference(
        title="MobileNetV1 0.25", shape=(96, 96, 3), classes=2,
        build=partial(families.mobilenet_v1, 96, classes=2),
    ),
    "image_classification": Reference(
        title="ResNet-8", shape=(32, 32, 3), classes=10, published_bytes=98_496,
        build=partial(families.resnet, 32, classes=10),
    ),
    "anomaly_detection": Reference(
        title="dense autoencoder", shape=(640,), classes=None,
        build=partial(families.autoencoder, 640, 128, is_normalized=True),
    ),
}  # fmt: skip
"""By the name of the benchmark."""
