"""TensorFlow Lite Micro's use of its arena on a 32-bit core, replayed from the graph alone.

The interpreter takes memory from both ends. At the tail it keeps what lasts: itself, every tensor and operator, the
kernels' data. At the head lie the scratch requests while the operators are prepared, with copies of the tensors that a
kernel looks at, then the planner's notes, and at last the plan: activations and scratch. The arena must hold both ends
at every moment, so the planner's notes may decide where the plan is small. TFLM lets what lasts grow over the copies;
here they are held apart, so that a kernel never reads what was overwritten.
Source: tensorflow/tflite-micro 90b983c2, with `TF_LITE_STATIC_MEMORY` and without; the sizes of its structures were
measured.
"""

from __future__ import annotations

from dataclasses import dataclass

from edgewright.pipeline.arena.blocks import kernel_data_bytes, option_bytes, prepared_blocks
from edgewright.pipeline.arena.buffers import ALIGNMENT, offline_offsets, planned_buffers, tensor_bytes
from edgewright.pipeline.arena.node import Node
from edgewright.pipeline.arena.planner import planned_bytes
from edgewright.pipeline.arena.scratch import scratch_requests
from edgewright.pipeline.graph.types import Graph, Tensor
from edgewright.pipeline.rounding import round_up
from edgewright.pipeline.vocabulary import Kernels

TFLM_REVISION = "90b983c2"
"""Commit of tensorflow/tflite-micro whose structures were measured."""

WORD_BYTES = 4
ALLOCATOR_BYTES = 36
PLANNER_BYTES = 44
MICRO_ALLOCATOR_BYTES = 36
OPTIONS_ALLOCATOR_BYTES = 8
SUBGRAPH_BYTES = 8
EVAL_TENSOR_BYTES = 12
NODE_BYTES = 32
TENSOR_BYTES = 40
SHORT_ENUM_TENSOR_BYTES = 32
FULL_NODE_BYTES = 44
FULL_TENSOR_BYTES = 64
"""Without `TF_LITE_STATIC_MEMORY`, which some build systems do not define; with short enums as well."""
QUANTIZATION_BYTES = 12
REQUEST_BYTES = 12
SPARE_REQUESTS = 12
"""Room for as many scratch requests is kept ready for the operator that is prepared next."""
ALLOCATION_BYTES = 24
PLANNER_NOTE_BYTES = 40
COPIED_ONCE = frozenset({
    "ABS", "ADD", "BATCH_MATMUL", "DEPTH_TO_SPACE", "DEQUANTIZE", "ELU", "FULLY_CONNECTED", "HARD_SWISH", "LEAKY_RELU",
    "LOGISTIC", "MAX_POOL_2D", "MIRROR_PAD", "MUL", "PAD", "PRELU", "QUANTIZE", "RESHAPE", "RESIZE_BILINEAR",
    "RESIZE_NEAREST_NEIGHBOR", "SOFTMAX", "STRIDED_SLICE", "SUB", "SVDF", "TRANSPOSE", "UNIDIRECTIONAL_SEQUENCE_LSTM",
})  # fmt: skip
"""Operators whose kernels were seen to copy each of their tensors at most once while they are prepared; the others do
it at most twice."""

SHORT_ENUM_CORES = ("cortex-m", "arm")
"""The Arm ABI for bare metal stores an enum in as few bytes as its values need; RISC-V and Xtensa take 4."""


@dataclass(frozen=True, kw_only=True)
class ArenaUse:
    """What a model takes of its arena."""

    head_bytes: int
    """The plan: activations and scratch."""
    tail_bytes: int
    """What lasts."""
    smallest_bytes: int
    """The smallest arena, a multiple of 16, in which the interpreter starts and runs."""


class _Arena:
    """Two ends that grow towards each other."""

    def __init__(self) -> None:
        self.tail = self.needed = 0
        self._head = self._temporary = 0

    def keep(self, nbytes: int, alignment: int = ALIGNMENT) -> None:
        """Take memory at the tail for good."""
        self.tail = round_up(self.tail + nbytes, alignment)
        self._see()

    def borrow(self, nbytes: int, alignment: int = WORD_BYTES) -> None:
        """Take memory above the head until the head changes."""
        self._temporary = round_up(self._temporary, alignment) + nbytes
        self._see()

    def set_head(self, nbytes: int) -> None:
        """Give back what was borrowed and make the head this large."""
        self._head = self._temporary = nbytes
        self._see()

    def _see(self) -> None:
        self.needed = max(self.needed, self._temporary + self.tail)


def replay(graph: Graph, kernels: Kernels, core: str, *, static_memory: bool = True) -> ArenaUse:
    """Compute what a model takes of its arena.

    It is exact for the kernels whose rules are known, and never less than what is taken.

    Args:
        graph: the model.
        kernels: whose kernels run.
        core: what the target calls its core; tells the ABI and the variant of the kernels.
        static_memory: whether TFLM is built with `TF_LITE_STATIC_MEMORY`.
    """
    short_enums = core.startswith(SHORT_ENUM_CORES)
    structure_bytes = _structure_bytes(static_memory=static_memory, short_enums=short_enums)
    nodes = {
        (index, operator.index): Node(subgraph=subgraph, operator=operator)
        for index, subgraph in enumerate(graph.subgraphs)
        for operator in subgraph.operators
    }
    scratch = {key: scratch_requests(node, kernels, core) for key, node in nodes.items()}
    arena = _Arena()
    _start(arena, graph, len(nodes) * (NODE_BYTES if static_memory else FULL_NODE_BYTES))
    for node in nodes.values():
        nbytes = option_bytes(node.operator.label, short_enums=short_enums)
        if nbytes:
            arena.keep(nbytes, _natural_alignment(nbytes))
    for node in nodes.values():
        nbytes = kernel_data_bytes(node.operator.label, kernels)
        if nbytes:
            arena.keep(nbytes)
    requests = 0
    for key, node in nodes.items():
        _prepare(arena, node, kernels, structure_bytes)
        requests += len(scratch[key])
        arena.set_head(REQUEST_BYTES * (requests + SPARE_REQUESTS))
    head_bytes = _plan(arena, graph, scratch, requests)
    _open_boundary(arena, graph, structure_bytes)
    return ArenaUse(head_bytes=head_bytes, tail_bytes=arena.tail, smallest_bytes=round_up(arena.needed, ALIGNMENT))


def _start(arena: _Arena, graph: Graph, node_bytes: int) -> None:
    for nbytes in (ALLOCATOR_BYTES, PLANNER_BYTES, MICRO_ALLOCATOR_BYTES, OPTIONS_ALLOCATOR_BYTES):
        arena.keep(nbytes, WORD_BYTES)
    arena.set_head(REQUEST_BYTES * SPARE_REQUESTS)
    tensors = sum(len(subgraph.tensors) for subgraph in graph.subgraphs)
    arena.keep(SUBGRAPH_BYTES * len(graph.subgraphs), WORD_BYTES)
    arena.keep(EVAL_TENSOR_BYTES * tensors, WORD_BYTES)
    arena.keep(node_bytes, WORD_BYTES)


def _prepare(arena: _Arena, node: Node, kernels: Kernels, structure_bytes: int) -> None:
    for tensor in _copies(node, kernels):
        for nbytes in _tensor_parts(tensor, structure_bytes):
            arena.borrow(nbytes)
    for nbytes in prepared_blocks(node, kernels):
        arena.keep(nbytes)


def _copies(node: Node, kernels: Kernels) -> tuple[Tensor, ...]:
    """Return the tensors that a kernel copies while it is prepared, each as often as it does at most."""
    label, tensors = node.operator.label, node.tensors()
    if label in COPIED_ONCE or (label == "AVERAGE_POOL_2D" and kernels is not Kernels.CMSIS_NN):
        return tensors
    if label in ("CONV_2D", "DEPTHWISE_CONV_2D"):
        bias = node.input(2)
        return (*tensors, *(tensor for tensor in tensors if tensor is not bias))
    return tensors * 2


def _plan(arena: _Arena, graph: Graph, scratch: dict[tuple[int, int], tuple[int, ...]], requests: int) -> int:
    """Take what the planner needs, and then the plan.

    Returns:
        Bytes of the plan.
    """
    buffers = planned_buffers(graph, scratch)
    tensors = [tensor for subgraph in graph.subgraphs for tensor in subgraph.tensors]
    offsets = offline_offsets(graph) or (None,) * len(tensors)
    arena.keep(WORD_BYTES * requests, WORD_BYTES)
    arena.borrow(WORD_BYTES * len(graph.subgraphs))
    arena.borrow(ALLOCATION_BYTES * (len(tensors) + requests))
    for tensor, offset in zip(tensors, offsets, strict=True):
        if tensor.is_variable and offset is None:
            arena.keep(tensor_bytes(tensor))
    tail = arena.tail
    arena.tail = round_up(tail, ALIGNMENT)  # the planner gets whole multiples of the alignment
    arena.borrow(PLANNER_NOTE_BYTES * len(buffers), ALIGNMENT)
    arena.tail = tail
    head_bytes = planned_bytes(buffers)
    arena.set_head(head_bytes)
    return head_bytes


def _open_boundary(arena: _Arena, graph: Graph, structure_bytes: int) -> None:
    """The interpreter keeps the tensors of the model's inputs and outputs."""
    for indices in (graph.main.inputs, graph.main.outputs):
        arena.keep(WORD_BYTES * len(indices))
        for index in indices:
            for nbytes in _tensor_parts(graph.main.tensors[index], structure_bytes):
                arena.keep(nbytes, WORD_BYTES)


def _structure_bytes(*, static_memory: bool, short_enums: bool) -> int:
    if not static_memory:
        return FULL_TENSOR_BYTES
    return SHORT_ENUM_TENSOR_BYTES if short_enums else TENSOR_BYTES


def _tensor_parts(tensor: Tensor, structure_bytes: int) -> tuple[int, ...]:
    """Bytes of a tensor's structure, and of its quantization with a zero point for each scale."""
    if tensor.quantization is None:
        return (structure_bytes,)
    return structure_bytes, QUANTIZATION_BYTES, WORD_BYTES * (1 + len(tensor.quantization.scales))


def _natural_alignment(nbytes: int) -> int:
    """A structure whose size is no whole number of words holds single bytes only."""
    return 1 if nbytes % WORD_BYTES else WORD_BYTES
