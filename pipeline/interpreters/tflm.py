"""The engine `tflm`: TensorFlow Lite Micro's own interpreter for Python, built with its reference kernels.

Its outputs are the golden vectors of every firmware, and its allocations the start of every arena figure.
It records allocations, which itself takes some arena: what it needs is above what the same model needs in a firmware.
Too small an arena makes it raise, but with some models (LSTM) crash.
"""

from __future__ import annotations

import importlib
import re
from typing import Any

import numpy as np

from edgewright.pipeline.interpreters.capture import StderrCapture
from edgewright.pipeline.interpreters.engine import Engine, Resolver
from edgewright.pipeline.interpreters.types import Allocations, Array, SessionOptions, TensorSpec

ENGINE = Engine(
    name="tflm",
    title="TensorFlow Lite Micro",
    module=__name__,
    distribution="tflite-micro",
    runtime_module="tflite_micro.python.tflite_micro.runtime",
    install="pip install tflite-micro",
    resolvers=(Resolver.REFERENCE,),
    has_arena=True,
)

PLENTY_ARENA_BYTES = 64 * 1024 * 1024
"""Arena where none is asked for: more than any microcontroller has, and untouched pages cost nothing."""

_ALLOCATION = re.compile(r"Arena allocation (total|head|tail) (\d+) bytes")


def open_session(tflite: bytes, options: SessionOptions) -> TflmSession:
    """Open a model with TensorFlow Lite Micro (worker process only)."""
    return TflmSession(tflite, options)


class TflmSession:
    """A model opened with TensorFlow Lite Micro."""

    def __init__(self, tflite: bytes, options: SessionOptions) -> None:
        """Import the interpreter, read the model and allocate its tensors in an arena of the size asked for.

        Args:
            tflite: the model.
            options: `arena_bytes`; there is one thread and one set of kernels.
        """
        runtime = importlib.import_module(ENGINE.runtime_module)
        arena_bytes = PLENTY_ARENA_BYTES if options.arena_bytes is None else options.arena_bytes
        self._interpreter = runtime.Interpreter.from_bytes(tflite, arena_size=arena_bytes)
        self._inputs = tuple(
            TensorSpec(shape=tuple(int(extent) for extent in detail["shape"]), dtype=np.dtype(detail["dtype"]))
            for detail in _details(self._interpreter.get_input_details)
        )
        self._output_count = len(_details(self._interpreter.get_output_details))

    @property
    def inputs(self) -> tuple[TensorSpec, ...]:
        """The model's inputs in its own order."""
        return self._inputs

    def set_inputs(self, arrays: tuple[Array, ...]) -> None:
        """Reset variable tensors and set one sample."""
        self._interpreter.reset()
        for index, array in enumerate(arrays):
            self._interpreter.set_input(array, index)

    def invoke(self) -> None:
        """Run one inference."""
        self._interpreter.invoke()

    def outputs(self) -> tuple[Array, ...]:
        """Copies of the outputs of the last inference."""
        return tuple(np.array(self._interpreter.get_output(index)) for index in range(self._output_count))

    def uses_delegate(self) -> bool:
        """No: there are no delegates."""
        return False

    def allocations(self) -> Allocations | None:
        """Where the arena went, by the interpreter's own account."""
        with StderrCapture() as captured:
            self._interpreter.print_allocations()
        return parse_allocations(captured.text)


def parse_allocations(text: str) -> Allocations:
    """Read what `print_allocations` prints.

    Args:
        text: the lines; those that say something else are skipped.

    Raises:
        ValueError: total, head or tail is missing.
    """
    found = {kind: int(figure) for kind, figure in _ALLOCATION.findall(text)}
    if found.keys() != {"total", "head", "tail"}:
        raise ValueError(f"print_allocations gave no total, head and tail but {text[:200]!r}")
    return Allocations(total_bytes=found["total"], head_bytes=found["head"], tail_bytes=found["tail"])


def _details(getter: Any) -> tuple[dict[str, Any], ...]:
    """Call a getter for 0, 1, 2, ... until it refuses; the interpreter has no other way to tell how many there are."""
    details: list[dict[str, Any]] = []
    with StderrCapture():
        while True:
            try:
                details.append(getter(len(details)))
            except IndexError:
                return tuple(details)
