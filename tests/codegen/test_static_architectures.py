"""Converted Keras networks give TFLM's elements, as they are read and rewritten: the kinds that people bring."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from support.networks import NETWORKS, build_model
from support.quantized import convert_to_int8, enliven
from support.static_operators import draw_samples
from support.static_programs import assert_same, program_of

from edgewright.examples.anomaly import teacher as anomaly_teacher
from edgewright.examples.mnist import student as mnist_student
from edgewright.examples.mnist import teacher as mnist_teacher
from edgewright.examples.motion import student as motion_student
from edgewright.examples.motion import teacher as motion_teacher
from edgewright.pipeline.codegen.evaluation import evaluate
from edgewright.pipeline.codegen.rewrites import rewrite
from edgewright.pipeline.frameworks import KerasModel
from edgewright.pipeline.graph import read
from edgewright.pipeline.interpreters import Request, run, tflm_engine
from edgewright.runtime_bench.networks import families as networks

ARCHITECTURES: dict[str, Callable[[], KerasModel]] = {
    "keyword_spotting": lambda: networks.ds_cnn(49, 10, 64),
    "image_classification": lambda: networks.resnet(32),
    "visual_wake_words": lambda: networks.mobilenet_v1(96),
    "anomaly_detection": lambda: networks.autoencoder(640, 128),
    "mobilenet_v2": lambda: networks.mobilenet_v2(48),
    "inception": lambda: networks.inception(24),
    "unet": lambda: networks.unet(24),
    "squeeze_excite": lambda: networks.squeeze_excite(24),
    "mnist_teacher": mnist_teacher.build,
    "mnist_student": mnist_student.build,
    "motion_teacher": motion_teacher.build,
    "motion_student": motion_student.build,
    "anomaly_teacher": anomaly_teacher.build,
    **{name: lambda network=network: build_model(network) for name, network in NETWORKS.items()},
}


FULL = ("image_classification", "visual_wake_words", "anomaly_detection", "mobilenet_v2", "mnist_teacher",
        "motion_teacher", "anomaly_teacher")  # fmt: skip
"""Those of whose kind a smaller one stands beside them."""


@pytest.mark.slow
@pytest.mark.parametrize(
    "is_per_channel",
    [pytest.param(False, id="dense_per_tensor"), pytest.param(True, id="dense_per_channel", marks=pytest.mark.full)],
)
@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=pytest.mark.full if name in FULL else []) for name in ARCHITECTURES]
)
def test_an_architecture_gives_what_tflm_gives(name: str, is_per_channel: bool) -> None:
    """A network of random weights is computed to the bit, rewritten or not."""
    model = enliven(ARCHITECTURES[name]())
    shape = model.inputs[0].shape[1:]
    x = np.random.default_rng(0).normal(size=(16, *shape)).astype(np.float32)
    tflite = convert_to_int8(model, x, per_channel_dense=is_per_channel)
    graph = read(tflite)
    samples = draw_samples(graph, 5)
    stacked = np.concatenate([sample[0] for sample in samples])
    (expected,) = run(Request(engine=tflm_engine(), tflite=tflite, inputs=(stacked,))).outputs
    program = program_of(graph)
    for (sample,), output in zip(samples, expected, strict=True):
        values = evaluate(program, {program.inputs[0]: sample})
        np.testing.assert_array_equal(output, values[program.outputs[0]][0])
    assert_same(program, rewrite(program), samples)
