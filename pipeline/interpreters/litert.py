"""The engine `litert`: LiteRT, the successor of tflite-runtime, for every supported Python."""

from __future__ import annotations

from edgewright.pipeline.interpreters.engine import Engine, Resolver
from edgewright.pipeline.interpreters.tflite_session import TfliteSession
from edgewright.pipeline.interpreters.types import SessionOptions

ENGINE = Engine(
    name="litert",
    title="LiteRT",
    module=__name__,
    distribution="ai-edge-litert",
    runtime_module="ai_edge_litert.interpreter",
    install="pip install ai-edge-litert==2.3.0",
    resolvers=(Resolver.REFERENCE, Resolver.BUILTIN, Resolver.XNNPACK),
)


def open_session(tflite: bytes, options: SessionOptions) -> TfliteSession:
    """Open a model with LiteRT (worker process only)."""
    return TfliteSession(ENGINE.runtime_module, tflite, options)
