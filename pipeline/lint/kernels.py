"""Which operators a set of optimized kernels computes, and under which conditions: `facts/kernels/`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from enum import Enum
from functools import cache
from importlib.resources import files
from pathlib import Path

from pydantic import RootModel

from edgewright.pipeline.arena.node import Node, extent
from edgewright.pipeline.errors import TargetError
from edgewright.pipeline.graph.types import DType
from edgewright.pipeline.lint.vocabulary import Context
from edgewright.pipeline.operator_support import Use, types_of
from edgewright.pipeline.operator_tables import OperatorFacts, family_table
from edgewright.pipeline.target import Facts
from edgewright.pipeline.tomlfile import read_toml_as
from edgewright.pipeline.vocabulary import Kernels

FOLDER = Path(str(files("edgewright.pipeline"))) / "facts" / "kernels"
VECTOR_CHANNELS = 4


class Need(str, Enum):
    """What an optimized kernel asks of an operator beside its types."""

    SAME_SHAPES = "same_shapes"
    NO_DILATION = "no_dilation"
    MULTIPLIER_1 = "multiplier_1"
    VECTOR_CHANNELS = "vector_channels"


class KernelFacts(Facts):
    """What a set of kernels computes of one operator."""

    types: tuple[str, ...]
    needs: tuple[Need, ...] = ()
    tables: tuple[str, ...] = ()
    """Tables of operators whose revision has it; empty for all."""


class KernelSet(RootModel[dict[str, KernelFacts]]):
    """A file of `facts/kernels/`: facts by the operator's name."""


@cache
def optimized(kernels: Kernels, folder: Path = FOLDER) -> Mapping[str, KernelFacts]:
    """Return what a set of kernels computes, by operator; nothing for the reference kernels.

    Raises:
        TargetError: the file is broken.
    """
    if kernels is Kernels.REFERENCE:
        return {}
    return read_toml_as(folder / f"{kernels.value}.toml", KernelSet, TargetError).root


def computes_int8(context: Context, op: str, version: int) -> bool:
    """Return whether the family computes an operator of that version in int8: then a repair may use it."""
    table = family_table(context.family)
    facts = table.find(op) if table else None
    return facts is not None and facts.version >= version and DType.INT8.value in (facts.types or ())


def obstacle(use: Use, kernel: KernelFacts, facts: OperatorFacts, context: Context) -> str | None:
    """Return why an operator does not run the optimized kernel that there is for it, or None where it does.

    Args:
        use: the operator.
        kernel: what the optimized kernel computes.
        facts: where the operator has its data and its weights.
        context: the model and the target.
    """
    types = types_of(use, facts)
    if types is not None and types not in kernel.types:
        return f"it computes {types}, and the optimized kernel {', '.join(kernel.types)}"
    node = Node(subgraph=use.subgraph, operator=use.operator)
    return next((found for need in kernel.needs if (found := _OBSTACLES[need](node, context)) is not None), None)


def _shapes(node: Node, _: Context) -> str | None:
    first, second = node.input(0), node.input(1)
    if first is None or second is None or first.shape == second.shape:
        return None
    return f"its inputs have the shapes {list(first.shape)} and {list(second.shape)}, and one is repeated"


def _dilation(node: Node, _: Context) -> str | None:
    factors = [node.option(f"dilation_{letter}_factor", 1) for letter in "hw"]
    return None if factors == [1, 1] else f"its filter is dilated by {factors[0]}x{factors[1]}"


def _multiplier(node: Node, _: Context) -> str | None:
    inputs, outputs = extent(node.input(0), 3), extent(node.output(), 3)
    return None if inputs == outputs else f"it makes {outputs} channels of {inputs}"


def _vectors(node: Node, context: Context) -> str | None:
    channels = extent(node.input(0), 3)
    has_vectors = context.has_s3_kernels and not context.avoids_assembly
    if not has_vectors or channels % VECTOR_CHANNELS == 0:
        return None
    return f"it has {channels} channels, which is no multiple of {VECTOR_CHANNELS}"


_OBSTACLES: dict[Need, Callable[[Node, Context], str | None]] = {
    Need.SAME_SHAPES: _shapes,
    Need.NO_DILATION: _dilation,
    Need.MULTIPLIER_1: _multiplier,
    Need.VECTOR_CHANNELS: _vectors,
}
