"""The only reader and writer of `.tflite` files, and what can be told from a graph without running it."""

from edgewright.pipeline.graph.boundary import BOUNDARY_DTYPES, input_tensors, integers_behind, output_tensors
from edgewright.pipeline.graph.checks import require_full_integer
from edgewright.pipeline.graph.cost import operator_macs, operator_weight_bytes, total_macs, total_weight_bytes
from edgewright.pipeline.graph.cutting import cut_operator, is_computed, trace, with_outputs
from edgewright.pipeline.graph.floating import dequantize_graph
from edgewright.pipeline.graph.lifetimes import Lifetime, lifetimes, liveness_bound_bytes
from edgewright.pipeline.graph.reader import buffer_positions, read
from edgewright.pipeline.graph.schema import Activation, Padding
from edgewright.pipeline.graph.stripping import COMPRESSION, OFFLINE_PLAN, strip
from edgewright.pipeline.graph.types import (
    ABSENT,
    DType,
    Graph,
    Metadata,
    Operator,
    OptionValue,
    Quantization,
    Signature,
    Subgraph,
    Tensor,
)
from edgewright.pipeline.graph.validation import validate
from edgewright.pipeline.graph.writer import write

__all__ = [
    "ABSENT",
    "BOUNDARY_DTYPES",
    "COMPRESSION",
    "OFFLINE_PLAN",
    "Activation",
    "DType",
    "Graph",
    "Lifetime",
    "Metadata",
    "Operator",
    "OptionValue",
    "Padding",
    "Quantization",
    "Signature",
    "Subgraph",
    "Tensor",
    "buffer_positions",
    "cut_operator",
    "dequantize_graph",
    "input_tensors",
    "integers_behind",
    "is_computed",
    "lifetimes",
    "liveness_bound_bytes",
    "operator_macs",
    "operator_weight_bytes",
    "output_tensors",
    "read",
    "require_full_integer",
    "strip",
    "total_macs",
    "total_weight_bytes",
    "trace",
    "validate",
    "with_outputs",
    "write",
]
