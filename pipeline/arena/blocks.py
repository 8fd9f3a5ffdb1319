"""What one operator keeps in the arena for good: its parsed options, its kernel's data and what preparing adds."""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Annotated

from pydantic import Field

from edgewright.pipeline.arena.node import Node, element_count, extent
from edgewright.pipeline.errors import TargetError
from edgewright.pipeline.graph.types import DType, Tensor
from edgewright.pipeline.target import Facts
from edgewright.pipeline.tomlfile import read_toml_as
from edgewright.pipeline.vocabulary import Kernels

ARENA_BLOCKS = Path(str(files("edgewright.pipeline"))) / "facts" / "arena_blocks.toml"

Sizes = dict[str, Annotated[int, Field(gt=0)]]

INT32_BYTES = 4
INT64_BYTES = 8
SOFTMAX_TABLE_BYTES = 2 * 513
"""One of the two tables that a softmax of int16 keeps."""
MATMUL_SCALING_BYTES = 28
EVAL_TENSOR_BYTES = 12

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


class ArenaBlocks(Facts):
    """Bytes that were measured: `facts/arena_blocks.toml`."""

    kernel_data: dict[Kernels, Sizes]
    options: Options


@cache
def load_arena_blocks() -> ArenaBlocks:
    """Load the measured sizes.

    Raises:
        TargetError: the file is broken.
    """
    return read_toml_as(ARENA_BLOCKS, ArenaBlocks, TargetError)


def option_bytes(label: str, *, short_enums: bool) -> int:
    """Return the bytes of an operator's parsed options, 0 where it has none."""
    options = load_arena_blocks().options
    wide = options.wide_enums.get(label, 0)
    return options.short_enums.get(label, wide) if short_enums else wide


def kernel_data_bytes(label: str, kernels: Kernels) -> int:
    """Return the bytes of a kernel's own data, 0 where it keeps none."""
    data = load_arena_blocks().kernel_data
    return data[kernels].get(label, data[Kernels.REFERENCE].get(label, 0))


def prepared_blocks(node: Node, kernels: Kernels) -> tuple[int, ...]:
    """Return the bytes of each further block that an operator's kernel asks for when it is prepared.

    Args:
        node: the operator.
        kernels: whose kernel runs.
    """
    label = node.operator.label
    blocks: list[int] = []
    if label in _CHANNELS_OF_WEIGHTS:
        blocks += [INT32_BYTES * extent(node.input(1), _CHANNELS_OF_WEIGHTS[label])] * 2
    elif label == "FULLY_CONNECTED":
        blocks += [INT32_BYTES * _scales(node.input(1))] * 2 if _scales(node.input(1)) > 1 else []
    elif label == "SOFTMAX":
        blocks += [SOFTMAX_TABLE_BYTES] * 2 if node.dtype is DType.INT16 else []
    elif label == "BATCH_MATMUL":
        blocks += _matmul_blocks(node)
    elif label == "UNIDIRECTIONAL_SEQUENCE_LSTM" and kernels is Kernels.CMSIS_NN and node.dtype in _INTEGERS:
        sum_bytes = INT32_BYTES if node.dtype is DType.INT8 else INT64_BYTES
        blocks += [sum_bytes * extent(node.input(2), 0)] * 8
    output = node.output()
    if output and (label in _COPIES_SHAPE or (label == "RESHAPE" and -1 in output.shape)):
        blocks.append(INT32_BYTES * (1 + len(output.shape)))
    return tuple(blocks)


def _scales(tensor: Tensor | None) -> int:
    return len(tensor.quantization.scales) if tensor and tensor.quantization else 0


def _matmul_blocks(node: Node) -> list[int]:
    """A matrix that is not stored as the kernel reads it is kept a second time, turned."""
    blocks = [MATMUL_SCALING_BYTES] if node.dtype in _INTEGERS else []
    for position, is_kept in ((0, node.option("adj_x", 0)), (1, not node.option("adj_y", 0))):
        tensor = node.input(position)
        if tensor and is_kept:
            turned_bytes = element_count(tensor) * max(tensor.dtype.bits, 8) // 8
            blocks += [EVAL_TENSOR_BYTES, INT32_BYTES * (1 + len(tensor.shape)), turned_bytes]
    return blocks
