"""TensorFlow as an engine: the float source model in a process of its own."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from edgewright.pipeline.errors import InterpreterError
from edgewright.pipeline.frameworks import load_keras
from edgewright.pipeline.interpreters import (
    SOURCE_ENGINES,
    ModelFormat,
    Request,
    Resolver,
    TimeInvokes,
    run,
    time_invokes,
)
from edgewright.pipeline.models import load_model
from edgewright.pipeline.training import predict

pytestmark = pytest.mark.slow

ENGINE = SOURCE_ENGINES[0]


def test_its_outputs_are_those_of_keras(digits_h5: Path, tmp_path: Path) -> None:
    """A Keras model gives in the worker what it gives here, sample by sample, and its times are told."""
    model = load_model(digits_h5)
    model.save(tmp_path / "model.keras")
    content = (tmp_path / "model.keras").read_bytes()
    x = np.random.default_rng(1).random((5, *model.input_shape[1:]), np.float32)
    request = Request(engine=ENGINE, tflite=content, inputs=(x,), resolver=Resolver.BUILTIN)
    np.testing.assert_allclose(predict(model, (x,))[0], run(request).outputs[0], atol=1e-6)
    times = time_invokes(TimeInvokes(engine=ENGINE, tflite=content, resolver=Resolver.BUILTIN, time_limit_seconds=0.05))
    assert min(times.latencies_us) > 0
    assert times.load_time_us > times.first_time_us > 0


def test_inputs_of_other_types_are_given_as_data_is(tmp_path: Path) -> None:
    """A model that takes integers gets the real numbers that data holds, as that type."""
    keras = load_keras()
    inputs = keras.Input((3,), dtype="int32")
    model = keras.Model(inputs, keras.layers.Embedding(5, 2)(inputs))
    model.save(tmp_path / "model.keras")
    x = np.array([[0, 4, 2], [1, 1, 3]], np.float32)
    content = (tmp_path / "model.keras").read_bytes()
    found = run(Request(engine=ENGINE, tflite=content, inputs=(x,), resolver=Resolver.BUILTIN)).outputs[0]
    np.testing.assert_array_equal(model.get_weights()[0][x.astype(int)], found)


def test_what_is_no_model_or_runs_code_is_refused(tmp_path: Path) -> None:
    """Garbage, a `.tflite`, and a model with a Lambda layer end in one sentence."""
    keras = load_keras()
    inputs = keras.Input((4,))
    model = keras.Model(inputs, keras.layers.Lambda(lambda x: 2 * x)(inputs))
    model.save(tmp_path / "code.keras")
    for content in (b"garbage", b"\x1c\0\0\0TFL3", (tmp_path / "code.keras").read_bytes()):
        request = Request(
            engine=ENGINE, tflite=content, inputs=(np.zeros((1, 4), np.float32),), resolver=Resolver.BUILTIN
        )
        with pytest.raises(InterpreterError, match=r"TensorFlow .* refused the model while loading") as caught:
            run(request)
        assert "\n" not in str(caught.value)


def test_it_says_what_it_reads() -> None:
    """It is told apart from the engines that run a `.tflite`."""
    assert ModelFormat.KERAS is ENGINE.reads
