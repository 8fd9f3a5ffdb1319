"""The part that tflite-runtime and LiteRT share: both have TensorFlow Lite's `Interpreter` class."""

from __future__ import annotations

import importlib

import numpy as np

from edgewright.pipeline.interpreters.engine import Resolver
from edgewright.pipeline.interpreters.types import Allocations, Array, SessionOptions, TensorSpec

_RESOLVER_TYPES = {
    Resolver.REFERENCE: "BUILTIN_REF",
    Resolver.BUILTIN: "BUILTIN_WITHOUT_DEFAULT_DELEGATES",
    Resolver.XNNPACK: "BUILTIN",
}


class TfliteSession:
    """A model opened with TensorFlow Lite's `Interpreter` class."""

    def __init__(self, module_name: str, tflite: bytes, options: SessionOptions) -> None:
        """Import the interpreter, read the model and allocate its tensors.

        Args:
            module_name: module that has `Interpreter` and `OpResolverType`.
            tflite: the model.
            options: resolver and threads; there is no arena.
        """
        module = importlib.import_module(module_name)
        self._interpreter = module.Interpreter(
            model_content=tflite,
            num_threads=options.threads,
            experimental_op_resolver_type=module.OpResolverType[_RESOLVER_TYPES[options.resolver]],
        )
        self._interpreter.allocate_tensors()
        details = self._interpreter.get_input_details()
        self._input_indices = tuple(int(detail["index"]) for detail in details)
        self._output_indices = tuple(int(detail["index"]) for detail in self._interpreter.get_output_details())
        self._inputs = tuple(
            TensorSpec(shape=tuple(int(extent) for extent in detail["shape"]), dtype=np.dtype(detail["dtype"]))
            for detail in details
        )

    @property
    def inputs(self) -> tuple[TensorSpec, ...]:
        """The model's inputs in its own order."""
        return self._inputs

    def set_inputs(self, arrays: tuple[Array, ...]) -> None:
        """Reset variable tensors and set one sample."""
        self._interpreter.reset_all_variables()
        for index, array in zip(self._input_indices, arrays, strict=True):
            self._interpreter.set_tensor(index, array)

    def invoke(self) -> None:
        """Run one inference."""
        self._interpreter.invoke()

    def outputs(self) -> tuple[Array, ...]:
        """Copies of the outputs of the last inference."""
        return tuple(self._interpreter.get_tensor(index) for index in self._output_indices)

    def uses_delegate(self) -> bool:
        """Whether a delegate runs any operator: it then stands in the list of operators itself."""
        return any(detail["op_name"] == "DELEGATE" for detail in self._interpreter._get_ops_details())

    def allocations(self) -> Allocations | None:
        """None: this interpreter has no arena."""
        return None
