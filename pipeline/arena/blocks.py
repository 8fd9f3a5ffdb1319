"""What one operator keeps in the arena for good: its parsed options, its kernel's data and what preparing adds."""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from pathlib import Path

from edgewright.pipeline.arena.layout import WORD_64, Abi, Layout
from edgewright.pipeline.arena.node import Node, element_count, extent
from edgewright.pipeline.arena.revision import Bytes, Revision
from edgewright.pipeline.arena.scratch_cmsis_nn import runs_as_convolution
from edgewright.pipeline.errors import TargetError
from edgewright.pipeline.graph.types import DType
from edgewright.pipeline.target import Facts
from edgewright.pipeline.tomlfile import read_toml_as
from edgewright.pipeline.vocabulary import Kernels

ARENA_BLOCKS = Path(str(files("edgewright.pipeline"))) / "facts" / "arena_blocks.toml"

Sizes = dict[str, Bytes]

INT32_BYTES = 4
INT64_BYTES = 8
SOFTMAX_TABLE_BYTES = 2 * 513
"""One of the two tables that a softmax of int16 keeps."""
MATMUL_SCALING_BYTES = 28

_CHANNELS_OF_WEIGHTS = {"CONV_2D": 0, "DEPTHWISE_CONV_2D": 3, "TRANSPOSE_CONV": 0}
"""Which dimension of the weights counts the channels that each get a multiplier and a shift."""
_COPIES_SHAPE = frozenset({
    "GATHER", "GATHER_ND", "DEPTH_TO_SPACE", "SPACE_TO_DEPTH", "L2_POOL_2D", "EMBEDDING_LOOKUP", "BATCH_MATMUL",
})  # fmt: skip
_INTEGERS = frozenset({DType.INT8, DType.INT16})


class Options(Facts):
    """Bytes of the parsed options of each operator that has any."""

    wide_enums: Sizes
    short_enums: Sizes
    word_64: Sizes
    python: Sizes


class ArenaBlocks(Facts):
    """Bytes that were measured: `facts/arena_blocks.toml`."""

    kernel_data: dict[Kernels, Sizes]
    kernel_data_64: Sizes
    kernel_data_python: Sizes
    options: Options


@cache
def load_arena_blocks() -> ArenaBlocks:
    """Load the measured sizes.

    Raises:
        TargetError: the file is broken.
    """
    return read_toml_as(ARENA_BLOCKS, ArenaBlocks, TargetError)


def option_block(label: str, abi: Abi, revision: Revision) -> tuple[int, int]:
    """Return bytes and alignment of an operator's parsed options; no bytes where it has none."""
    options = load_arena_blocks().options
    if abi in WORD_64:
        wider = {**options.word_64, **(options.python if abi is Abi.PYTHON else {})}
        if label in wider:
            return wider[label], INT64_BYTES
    sizes = {**options.wide_enums, **revision.wide_enums}
    if abi is Abi.SHORT_ENUMS:
        sizes |= {**options.short_enums, **revision.short_enums}
    nbytes = sizes.get(label, 0)
    # A structure whose size is no whole number of words holds single bytes only.
    return nbytes, 1 if nbytes % INT32_BYTES else INT32_BYTES


def kernel_data_bytes(label: str, kernels: Kernels, abi: Abi, revision: Revision) -> int:
    """Return the bytes of a kernel's own data, 0 where it keeps none."""
    blocks = load_arena_blocks()
    sizes = {**blocks.kernel_data[Kernels.REFERENCE], **blocks.kernel_data[kernels]}
    if abi in WORD_64:
        sizes |= blocks.kernel_data_64
    if abi is Abi.PYTHON:
        sizes |= blocks.kernel_data_python
    return {**sizes, **revision.kernel_data}.get(label, 0)


def prepared_blocks(node: Node, kernels: Kernels, layout: Layout, revision: Revision) -> tuple[int, ...]:
    """Return the bytes of each further block that an operator's kernel asks for when it is prepared.

    Args:
        node: the operator.
        kernels: whose kernel runs.
        layout: how structures are laid out.
        revision: what is different in that revision of TFLM.
    """
    label = node.operator.label
    blocks: list[int] = []
    if label in _CHANNELS_OF_WEIGHTS:
        blocks += [INT32_BYTES * extent(node.input(1), _CHANNELS_OF_WEIGHTS[label])] * 2
    elif label == "FULLY_CONNECTED":
        blocks += [INT32_BYTES * _kept_scales(node, revision)] * 2 if _kept_scales(node, revision) else []
    elif label == "SOFTMAX":
        blocks += [SOFTMAX_TABLE_BYTES] * 2 if node.dtype is DType.INT16 else []
    elif label == "BATCH_MATMUL":
        blocks += _matmul_blocks(node, layout)
    elif label == "UNIDIRECTIONAL_SEQUENCE_LSTM" and kernels is Kernels.CMSIS_NN and node.dtype in _INTEGERS:
        sum_bytes = INT32_BYTES if node.dtype is DType.INT8 else INT64_BYTES
        blocks += [sum_bytes * extent(node.input(2), 0)] * 8
    elif label == "CONCATENATION" and revision.is_of_2022 and node.dtype is DType.INT8:
        blocks += [INT32_BYTES * len(node.operator.inputs)] * 2
    output = node.output()
    if output and (label in _COPIES_SHAPE or (label == "RESHAPE" and -1 in output.shape)):
        blocks.append(INT32_BYTES * (1 + len(output.shape)))
    return tuple(blocks)


def _kept_scales(node: Node, revision: Revision) -> int:
    """Return of how many outputs a fully-connected layer keeps a multiplier; one for all needs no memory."""
    if revision.is_of_2022:
        return extent(node.output(), -1) if node.dtype is DType.INT8 and runs_as_convolution(node) else 0
    weights = node.input(1)
    scales = len(weights.quantization.scales) if weights and weights.quantization else 0
    return scales if scales > 1 else 0


def _matmul_blocks(node: Node, layout: Layout) -> list[int]:
    """A matrix that is not stored as the kernel reads it is kept a second time, turned."""
    blocks = [MATMUL_SCALING_BYTES] if node.dtype in _INTEGERS else []
    for position, is_kept in ((0, node.option("adj_x", 0)), (1, not node.option("adj_y", 0))):
        tensor = node.input(position)
        if tensor and is_kept:
            turned_bytes = element_count(tensor) * max(tensor.dtype.bits, 8) // 8
            blocks += [layout.eval_tensor_bytes, INT32_BYTES * (1 + len(tensor.shape)), turned_bytes]
    return blocks
