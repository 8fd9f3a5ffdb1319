"""What is measured: each family at several sizes, and the networks of the examples."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from importlib import import_module

from edgewright.pipeline.frameworks import KerasModel
from edgewright.runtime_bench.networks import families

Build = Callable[[], KerasModel]
"""Returns an untrained model; TensorFlow is loaded when it is called."""


def _example(module: str, *arguments: object) -> Build:
    """Return what builds a network of an example."""

    def build() -> KerasModel:
        return import_module(f"edgewright.examples.{module}").build(*arguments)

    return build


SUBJECTS: Mapping[str, Build] = {
    "mnist_teacher": _example("mnist.teacher"),
    "mnist_pruned": _example("mnist.teacher", (5, 10, 10, 19)),
    "mnist_student": _example("mnist.student"),
    "motion_teacher": _example("motion.teacher"),
    "motion_student": _example("motion.student"),
    "anomaly_teacher": _example("anomaly.teacher"),
    "anomaly_narrow": _example("anomaly.teacher", (64, 32)),
    **{f"mobilenet_v1_025_{side}": partial(families.mobilenet_v1, side) for side in (64, 96, 128)},
    **{f"mobilenet_v2_035_{side}": partial(families.mobilenet_v2, side) for side in (64, 96, 128)},
    **{f"resnet8_{side}": partial(families.resnet, side) for side in (32, 48)},
    "resnet20_32": partial(families.resnet, 32, 3),
    "ds_cnn_49x10": partial(families.ds_cnn, 49, 10, 64),
    "ds_cnn_98x40": partial(families.ds_cnn, 98, 40, 32),
    "autoencoder_640": partial(families.autoencoder, 640, 128),
    "autoencoder_256": partial(families.autoencoder, 256, 64),
    **{f"inception_{side}": partial(families.inception, side) for side in (32, 48, 64)},
    **{f"unet_{side}": partial(families.unet, side) for side in (32, 48, 64)},
    **{f"squeeze_excite_{side}": partial(families.squeeze_excite, side) for side in (32, 48, 64)},
}
