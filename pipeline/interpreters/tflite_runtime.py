"""The engine `tflite_runtime`: TensorFlow Lite's interpreter as the tflite-runtime wheels ship it."""

from __future__ import annotations

from edgewright.pipeline.interpreters.engine import Engine, Resolver
from edgewright.pipeline.interpreters.tflite_session import TfliteSession
from edgewright.pipeline.interpreters.types import SessionOptions

ENGINE = Engine(
    name="tflite_runtime",
    title="TensorFlow Lite",
    module=__name__,
    distribution="tflite-runtime",
    runtime_module="tflite_runtime.interpreter",
    install='pip install tflite-runtime==2.14.0 "numpy<2"',
    resolvers=(Resolver.REFERENCE, Resolver.BUILTIN, Resolver.XNNPACK),
    newest_python=(3, 11),
    numpy_below=2,
    instead="use LiteRT in its place (`pip install ai-edge-litert==2.3.0`)",
)


def open_session(tflite: bytes, options: SessionOptions) -> TfliteSession:
    """Open a model with tflite-runtime (worker process only)."""
    return TfliteSession(ENGINE.runtime_module, tflite, options)
