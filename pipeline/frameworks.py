"""The one door to TensorFlow, Keras 2 and Keras 3: environment, threads and seeds are set before the first import.

tensorflow-model-optimization works on tf_keras (Keras 2) models only, and TensorFlow decides at its first import which
Keras `tf.keras` means; so everything here goes through `load_keras`.
One thread and fixed seeds make training give the same weights on any number of cores.
"""

from __future__ import annotations

import logging
import os
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import cache
from types import ModuleType
from typing import Any

KerasModel = Any
"""A tf_keras model; tf_keras ships no types."""
VERSIONED_PACKAGES = (
    "tensorflow", "tf_keras", "keras", "tensorflow-model-optimization", "numpy", "tflite-micro", "tflite-runtime",
    "ai-edge-litert",
)  # fmt: skip
"""The packages whose versions can change a result."""


def prepare_environment() -> None:
    """Set the variables that TensorFlow reads at its first import, which may happen in a user's file."""
    os.environ["TF_USE_LEGACY_KERAS"] = "1"
    os.environ["KERAS_BACKEND"] = "tensorflow"
    os.environ["CUDA_VISIBLE_DEVICES"] = "-1"
    os.environ["TF_NUM_INTRAOP_THREADS"] = os.environ["TF_NUM_INTEROP_THREADS"] = "1"
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")


@cache
def load_tensorflow() -> ModuleType:
    """Import TensorFlow, single-threaded, quiet, on the CPU, with `tf.keras` meaning Keras 2."""
    prepare_environment()
    with _quiet_native_log():
        import tensorflow

    with suppress(RuntimeError):  # a user's function has computed already, with the threads of the environment
        tensorflow.config.threading.set_intra_op_parallelism_threads(1)
        tensorflow.config.threading.set_inter_op_parallelism_threads(1)
    # TensorFlow 2.21 fuses Conv2D, bias, Add and LeakyReLU in a graph and then takes 0.2 for any other alpha.
    tensorflow.config.optimizer.set_experimental_options({"remapping": False})
    tensorflow.get_logger().setLevel(logging.ERROR)
    logging.getLogger("absl").setLevel(logging.ERROR)
    warnings.filterwarnings("ignore", module=r"tf_keras|tensorflow|tensorflow_model_optimization|keras")
    module: ModuleType = tensorflow
    return module


@contextmanager
def _quiet_native_log() -> Iterator[None]:
    """Drop what TensorFlow's native code writes to the standard error before its own log level counts."""
    sys.stderr.flush()
    kept, nowhere = os.dup(2), os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, 2)
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(nowhere)


def load_keras() -> ModuleType:
    """Import tf_keras (Keras 2)."""
    load_tensorflow()
    import tf_keras

    module: ModuleType = tf_keras
    return module


def load_keras3() -> ModuleType:
    """Import Keras 3, which reads what it saved; all else here works on tf_keras."""
    load_tensorflow()
    import keras

    module: ModuleType = keras
    return module


def load_model_optimization() -> ModuleType:
    """Import tensorflow-model-optimization."""
    load_tensorflow()
    import tensorflow_model_optimization

    module: ModuleType = tensorflow_model_optimization
    return module


def seed_everything(seed: int) -> None:
    """Seed Python, numpy and TensorFlow, and forget what Keras named before, so that a run can be repeated."""
    keras = load_keras()
    keras.backend.clear_session()
    keras.utils.set_random_seed(seed)
