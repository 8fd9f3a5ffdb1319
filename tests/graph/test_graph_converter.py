"""Models as TensorFlow's converter writes them: loops, resources, sparsity, strings, recurrent and free-batch ones."""

from __future__ import annotations

import subprocess
import sys

import pytest

from edgewright.pipeline.errors import TfliteError
from edgewright.pipeline.graph import Graph, read, require_full_integer, total_macs, write

CONVERT = r"""
import os, sys
os.environ["TF_USE_LEGACY_KERAS"] = "1"
import numpy as np
import tensorflow as tf
import tf_keras as keras

layers = keras.layers


def save(name, converter):
    with open(os.path.join(sys.argv[1], name + ".tflite"), "wb") as file:
        file.write(converter.convert())


def integer(converter, shape):
    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    converter.representative_dataset = lambda: (
        [np.random.default_rng(seed).normal(size=(1, *shape)).astype(np.float32)] for seed in range(4)
    )
    converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
    converter.inference_input_type = converter.inference_output_type = tf.int8
    return converter


recurrent = keras.Sequential([layers.Input((12, 5)), layers.LSTM(7), layers.Dense(3)])
function = tf.function(lambda x: recurrent(x, training=False))
concrete = function.get_concrete_function(tf.TensorSpec((1, 12, 5), tf.float32))
save("lstm", integer(tf.lite.TFLiteConverter.from_concrete_functions([concrete], recurrent), (12, 5)))

images = keras.Sequential([layers.Input((8, 8, 3)), layers.Conv2D(4, 3), layers.GlobalAveragePooling2D()])
save("free_batch", integer(tf.lite.TFLiteConverter.from_keras_model(images), (8, 8, 3)))
any_size = keras.Sequential([layers.Input((None, None, 3)), layers.Conv2D(4, 3), layers.GlobalAveragePooling2D()])
save("free_size", integer(tf.lite.TFLiteConverter.from_keras_model(any_size), (8, 8, 3)))

dense = keras.Sequential([layers.Input((64,)), layers.Dense(64)])
converter = tf.lite.TFLiteConverter.from_keras_model(dense)
converter.optimizations = [tf.lite.Optimize.DEFAULT]
save("dynamic_range", converter)
weights = np.zeros((64, 64), np.float32)
weights[::4] = 1
dense.set_weights([weights, np.zeros(64)])
converter = tf.lite.TFLiteConverter.from_keras_model(dense)
converter.optimizations = [tf.lite.Optimize.EXPERIMENTAL_SPARSITY]
save("sparse", converter)


@tf.function(input_signature=[tf.TensorSpec((4,), tf.float32)])
def loop(x):
    _, y = tf.while_loop(lambda i, y: i < 5, lambda i, y: (i + 1, tf.where(y > 0, y * 2.0, tf.exp(y))), (0, x))
    return tf.cond(tf.reduce_sum(y) > 3, lambda: y, lambda: tf.sort(y))


save("loop", tf.lite.TFLiteConverter.from_concrete_functions([loop.get_concrete_function()]))


@tf.function(input_signature=[tf.TensorSpec((None,), tf.string)])
def text(x):
    return tf.strings.regex_replace(x, "a", "b"), tf.constant(["x", "yz"])


converter = tf.lite.TFLiteConverter.from_concrete_functions([text.get_concrete_function()])
converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS, tf.lite.OpsSet.SELECT_TF_OPS]
save("text", converter)


class Counter(tf.Module):
    def __init__(self):
        self.total = tf.Variable(tf.zeros((3,)))

    @tf.function(input_signature=[tf.TensorSpec((3,), tf.float32)])
    def add(self, x):
        self.total.assign_add(x)
        return {"total": self.total.read_value()}


counter = Counter()
folder = os.path.join(sys.argv[1], "counter")
tf.saved_model.save(counter, folder, signatures={"add": counter.add})
converter = tf.lite.TFLiteConverter.from_saved_model(folder)
converter.experimental_enable_resource_variables = True
save("resource", converter)
"""


@pytest.fixture(scope="module")
def converted(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Graph]:
    """Convert in a process of its own, and read what it wrote."""
    folder = tmp_path_factory.mktemp("converted")
    done = subprocess.run(
        [sys.executable, "-c", CONVERT, str(folder)], capture_output=True, text=True, timeout=600, check=False
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return {path.stem: read(path.read_bytes(), source=path.name) for path in folder.glob("*.tflite")}


@pytest.mark.slow
def test_converted_models_survive_a_rewrite(converted: dict[str, Graph]) -> None:
    """Every kind of model that the converter writes is read, written and read again."""
    assert {"lstm", "free_batch", "free_size", "dynamic_range", "sparse", "loop", "text", "resource"} == set(converted)
    for graph in converted.values():
        assert graph == read(write(graph))
    assert any(tensor.sparsity for tensor in converted["sparse"].main.tensors)
    assert len(converted["loop"].subgraphs) > 1
    assert ["add"] == [signature.key for signature in converted["resource"].signatures]


@pytest.mark.slow
def test_converted_integer_models_pass_the_check(converted: dict[str, Graph]) -> None:
    """An int8 LSTM, whose intermediate tensors are float, and a free batch of 1 are full-integer."""
    require_full_integer(converted["lstm"], "lstm")
    require_full_integer(converted["free_batch"], "free_batch")
    assert 12 * 4 * (5 * 7 + 7 * 7) + 7 * 3 == total_macs(converted["lstm"])


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("free_size", "known at run time"),
        ("dynamic_range", "hybrid operator of a dynamic-range model"),
        ("sparse", "float32"),
        ("loop", "operator 0 WHILE of subgraph 0 uses the float32 tensor"),
        ("text", "string"),
    ],
)
def test_other_converted_models_are_refused(converted: dict[str, Graph], name: str, message: str) -> None:
    """Free sizes, floats and strings are told what they are."""
    with pytest.raises(TfliteError, match=message):
        require_full_integer(converted[name], name)
