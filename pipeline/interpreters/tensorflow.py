"""The engine `tensorflow`: runs the float source model, a `.keras`, as TensorFlow computes it.

Its file's content stands where that of a `.tflite` stands for the others. Models that run code of their own (Lambda
layers) are refused.
"""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import numpy as np

from edgewright.pipeline.interpreters.engine import Engine, ModelFormat, Resolver
from edgewright.pipeline.interpreters.types import Allocations, Array, SessionOptions, TensorSpec

ENGINE = Engine(
    name="tensorflow",
    title="TensorFlow",
    module=__name__,
    distribution="tensorflow",
    runtime_module="tensorflow",
    install="pip install tensorflow==2.21.0 tf_keras==2.21.0",
    resolvers=(Resolver.BUILTIN,),
    reads=ModelFormat.KERAS,
)


def open_session(tflite: bytes, options: SessionOptions) -> TensorflowSession:
    """Open a `.keras` with TensorFlow (worker process only).

    Raises:
        ModelError: it cannot be loaded, or would run code of its own.
    """
    from edgewright.pipeline.frameworks import load_tensorflow
    from edgewright.pipeline.models import load_model

    tensorflow = load_tensorflow()
    tensorflow.config.threading.set_intra_op_parallelism_threads(options.threads)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.keras"
        path.write_bytes(tflite)
        return TensorflowSession(tensorflow, load_model(path))


class TensorflowSession:
    """A model that TensorFlow runs as one function for one sample."""

    def __init__(self, tensorflow: Any, model: Any) -> None:
        """Trace the model for batch 1.

        Args:
            tensorflow: the module.
            model: a tf_keras model; inputs of other types than float32 are given as that all the same, as data is.
        """
        self._constant = tensorflow.constant
        self._inputs = tuple(
            TensorSpec(shape=(1, *(int(extent) for extent in tensor.shape[1:])), dtype=np.dtype(np.float32))
            for tensor in model.inputs
        )

        def compute(*arrays: Any) -> Any:
            cast = [tensorflow.cast(array, own.dtype) for array, own in zip(arrays, model.inputs, strict=True)]
            return model(cast[0] if len(cast) == 1 else cast, training=False)

        signature = [tensorflow.TensorSpec(spec.shape, spec.dtype) for spec in self._inputs]
        self._function = tensorflow.function(compute).get_concrete_function(*signature)
        self._arrays: tuple[Any, ...] = ()
        self._results: tuple[Any, ...] = ()

    @property
    def inputs(self) -> tuple[TensorSpec, ...]:
        """The model's inputs in its own order."""
        return self._inputs

    def set_inputs(self, arrays: tuple[Array, ...]) -> None:
        """Set one sample."""
        self._arrays = tuple(self._constant(array) for array in arrays)

    def invoke(self) -> None:
        """Run one inference; it has ended when the outputs are there."""
        results = self._function(*self._arrays)
        together = results if isinstance(results, list | tuple) else (results,)
        self._results = tuple(result.numpy() for result in together)

    def outputs(self) -> tuple[Array, ...]:
        """Copies of the outputs of the last inference."""
        return tuple(np.array(result) for result in self._results)

    def uses_delegate(self) -> bool:
        """No: there are no delegates."""
        return False

    def allocations(self) -> Allocations | None:
        """None: there is no arena."""
        return None
