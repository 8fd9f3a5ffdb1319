"""The one door to TensorFlow and Keras 2: environment, threads and seeds are set before the first import.

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
from contextlib import contextmanager
from functools import cache
from types import ModuleType

VERSIONED_PACKAGES = (
    "tensorflow", "tf_keras", "tensorflow-model-optimization", "numpy", "tflite-micro", "tflite-runtime",
    "ai-edge-litert",
)  # fmt: skip
"""The packages whose versions can change a result."""


@cache
def load_tensorflow() -> ModuleType:
    """Import TensorFlow, single-threaded, quiet, on the CPU, with `tf.keras` meaning Keras 2."""
    os.environ["TF_USE_LEGACY_KERAS"] = "1"
    os.environ["CUDA_VISIBLE_DEVICES"] = "-1"
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    with _quiet_native_log():
        import tensorflow

    tensorflow.config.threading.set_intra_op_parallelism_threads(1)
    tensorflow.config.threading.set_inter_op_parallelism_threads(1)
    tensorflow.get_logger().setLevel(logging.ERROR)
    logging.getLogger("absl").setLevel(logging.ERROR)
    warnings.filterwarnings("ignore", module=r"tf_keras|tensorflow|tensorflow_model_optimization|keras")
    return tensorflow


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

    return tf_keras


def load_model_optimization() -> ModuleType:
    """Import tensorflow-model-optimization."""
    load_tensorflow()
    import tensorflow_model_optimization

    return tensorflow_model_optimization


def seed_everything(seed: int) -> None:
    """Seed Python, numpy and TensorFlow, and forget what Keras named before, so that a run can be repeated."""
    keras = load_keras()
    keras.backend.clear_session()
    keras.utils.set_random_seed(seed)
