"""TensorFlow Lite Micro's use of its arena, replayed from the graph alone.

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

from edgewright.pipeline.arena.blocks import kernel_data_bytes, option_block, prepared_blocks
from edgewright.pipeline.arena.buffers import ALIGNMENT, Scratch, offline_offsets, planned_buffers, tensor_bytes
from edgewright.pipeline.arena.layout import Layout, abi_of, layout_of
from edgewright.pipeline.arena.node import Node
from edgewright.pipeline.arena.planner import planned_bytes
from edgewright.pipeline.arena.revision import TFLM_REVISION, find_revision
from edgewright.pipeline.arena.scratch import requested_scratch
from edgewright.pipeline.graph.types import Graph, Tensor
from edgewright.pipeline.rounding import round_up
from edgewright.pipeline.vocabulary import Kernels

INTEGER_BYTES = 4
SPARE_REQUESTS = 12
"""Room for as many scratch requests is kept ready for the operator that is prepared next."""
COPIED_ONCE = frozenset({
    "ABS", "ADD", "BATCH_MATMUL", "DEPTH_TO_SPACE", "DEQUANTIZE", "ELU", "FULLY_CONNECTED", "HARD_SWISH", "LEAKY_RELU",
    "LOGISTIC", "MAX_POOL_2D", "MIRROR_PAD", "MUL", "PAD", "PRELU", "QUANTIZE", "RESHAPE", "RESIZE_BILINEAR",
    "RESIZE_NEAREST_NEIGHBOR", "SOFTMAX", "STRIDED_SLICE", "SUB", "SVDF", "TRANSPOSE", "UNIDIRECTIONAL_SEQUENCE_LSTM",
})  # fmt: skip
"""Operators whose kernels were seen to copy each of their tensors at most once while they are prepared; the others do
it at most twice."""


@dataclass(frozen=True, kw_only=True)
class ArenaUse:
    """What a model takes of its arena."""

    head_bytes: int
    """The plan: activations and scratch."""
    tail_bytes: int
    """What lasts."""
    smallest_bytes: int
    """The smallest arena, a multiple of 16, in which the interpreter starts and runs."""

    @property
    def used_bytes(self) -> int:
        """What `arena_used_bytes()` reports once the tensors are allocated."""
        return self.head_bytes + self.tail_bytes


class _Arena:
    """Two ends that grow towards each other."""

    def __init__(self) -> None:
        self.tail = self.needed = 0
        self._head = self._temporary = 0

    def keep(self, nbytes: int, alignment: int = ALIGNMENT) -> None:
        """Take memory at the tail for good."""
        self.tail = round_up(self.tail + nbytes, alignment)
        self._see()

    def borrow(self, nbytes: int, alignment: int) -> None:
        """Take memory above the head until the head changes."""
        self._temporary = round_up(self._temporary, alignment) + nbytes
        self._see()

    def set_head(self, nbytes: int) -> None:
        """Give back what was borrowed and make the head this large."""
        self._head = self._temporary = nbytes
        self._see()

    def _see(self) -> None:
        self.needed = max(self.needed, self._temporary + self.tail)


def replay(
    graph: Graph, kernels: Kernels, core: str, *, static_memory: bool = True, revision: str = TFLM_REVISION
) -> ArenaUse:
    """Compute what a model takes of its arena.

    It is exact for the kernels whose rules are known, and never less than what is taken.

    Args:
        graph: the model.
        kernels: whose kernels run.
        core: what the target calls its core; tells the ABI and the variant of the kernels. `PYTHON_CORE` stands for
            the interpreter that runs models on this computer.
        static_memory: whether TFLM is built with `TF_LITE_STATIC_MEMORY`.
        revision: of TFLM; one that no differences are known of is taken for the measured one.
    """
    differences = find_revision(revision)
    kernels = differences.kernels or kernels
    abi = abi_of(core)
    layout = layout_of(abi)
    nodes = {
        (index, operator.index): Node(subgraph=subgraph, operator=operator)
        for index, subgraph in enumerate(graph.subgraphs)
        for operator in subgraph.operators
    }
    scratch = requested_scratch(graph, kernels, core, revision)
    arena = _Arena()
    _start(arena, graph, layout, len(nodes) * (layout.node_bytes if static_memory else layout.full_node_bytes))
    for node in nodes.values():
        nbytes, alignment = option_block(node.operator.label, abi, differences)
        if nbytes:
            arena.keep(nbytes, alignment)
    for node in nodes.values():
        nbytes = kernel_data_bytes(node.operator.label, kernels, abi, differences)
        if nbytes:
            arena.keep(nbytes)
    structure_bytes = layout.tensor_bytes if static_memory else layout.full_tensor_bytes
    requests = 0
    for key, node in nodes.items():
        for tensor in _copies(node, kernels):
            for part_bytes, alignment in _tensor_parts(tensor, layout, structure_bytes):
                arena.borrow(part_bytes, alignment)
        for nbytes in prepared_blocks(node, kernels, layout, differences):
            arena.keep(nbytes)
        requests += len(scratch[key])
        arena.set_head(layout.request_bytes * (requests + SPARE_REQUESTS))
    head_bytes = _plan(arena, graph, scratch, layout)
    _open_boundary(arena, graph, layout, structure_bytes)
    return ArenaUse(head_bytes=head_bytes, tail_bytes=arena.tail, smallest_bytes=round_up(arena.needed, ALIGNMENT))


def _start(arena: _Arena, graph: Graph, layout: Layout, node_bytes: int) -> None:
    for nbytes in (
        layout.allocator_bytes, layout.planner_bytes, layout.micro_allocator_bytes, layout.options_allocator_bytes,
    ):  # fmt: skip
        arena.keep(nbytes, layout.word_bytes)
    arena.set_head(layout.request_bytes * SPARE_REQUESTS)
    tensors = sum(len(subgraph.tensors) for subgraph in graph.subgraphs)
    arena.keep(layout.subgraph_bytes * len(graph.subgraphs), layout.word_bytes)
    arena.keep(layout.eval_tensor_bytes * tensors, layout.word_bytes)
    arena.keep(node_bytes, layout.word_bytes)


def _copies(node: Node, kernels: Kernels) -> tuple[Tensor, ...]:
    """Return the tensors that a kernel copies while it is prepared, each as often as it does at most."""
    label, tensors = node.operator.label, node.tensors()
    if label in COPIED_ONCE or (label == "AVERAGE_POOL_2D" and kernels is not Kernels.CMSIS_NN):
        return tensors
    if label in ("CONV_2D", "DEPTHWISE_CONV_2D"):
        bias = node.input(2)
        return (*tensors, *(tensor for tensor in tensors if tensor is not bias))
    return tensors * 2


def _plan(arena: _Arena, graph: Graph, scratch: Scratch, layout: Layout) -> int:
    """Take what the planner needs, and then the plan.

    Returns:
        Bytes of the plan.
    """
    requests = sum(map(len, scratch.values()))
    buffers = planned_buffers(graph, scratch)
    tensors = [tensor for subgraph in graph.subgraphs for tensor in subgraph.tensors]
    offsets = offline_offsets(graph) or (None,) * len(tensors)
    arena.keep(layout.word_bytes * requests, layout.word_bytes)
    arena.borrow(layout.word_bytes * len(graph.subgraphs), layout.word_bytes)
    arena.borrow(layout.allocation_bytes * (len(tensors) + requests), layout.word_bytes)
    for tensor, offset in zip(tensors, offsets, strict=True):
        if tensor.is_variable and offset is None:
            arena.keep(tensor_bytes(tensor))
    tail = arena.tail
    arena.tail = round_up(tail, ALIGNMENT)  # the planner gets whole multiples of the alignment
    arena.borrow(layout.planner_note_bytes * len(buffers), ALIGNMENT)
    arena.tail = tail
    head_bytes = planned_bytes(buffers)
    arena.set_head(head_bytes)
    return head_bytes


def _open_boundary(arena: _Arena, graph: Graph, layout: Layout, structure_bytes: int) -> None:
    """The interpreter keeps the tensors of the model's inputs and outputs."""
    for indices in (graph.main.inputs, graph.main.outputs):
        arena.keep(layout.word_bytes * len(indices))
        for index in indices:
            for nbytes, alignment in _tensor_parts(graph.main.tensors[index], layout, structure_bytes):
                arena.keep(nbytes, alignment)


def _tensor_parts(tensor: Tensor, layout: Layout, structure_bytes: int) -> tuple[tuple[int, int], ...]:
    """Bytes and alignment of a tensor's structure, and of its quantization with a zero point for each scale."""
    structure = (structure_bytes, layout.word_bytes)
    if tensor.quantization is None:
        return (structure,)
    zero_points_bytes = INTEGER_BYTES * (1 + len(tensor.quantization.scales))
    return structure, (layout.quantization_bytes, layout.word_bytes), (zero_points_bytes, INTEGER_BYTES)
