"""The report's sections about a graph: the arena over time, and what each operator costs."""

from __future__ import annotations

from collections.abc import Sequence

from edgewright.pipeline.arena import Block, Timeline, arena_timeline, kernels_of, revision_of
from edgewright.pipeline.codegen.memory import PlacedBlock
from edgewright.pipeline.codegen.static_model import StaticModel
from edgewright.pipeline.contributors import INPUT
from edgewright.pipeline.graph import Graph, operator_macs, operator_weight_bytes
from edgewright.pipeline.report.evidence import BlockSection, LayerSection, TimelineSection
from edgewright.pipeline.target import Family, Target
from edgewright.pipeline.vocabulary import BlockKind, Runtime


def timeline_section(
    graph: Graph, layer_names: Sequence[str], target: Target, family: Family
) -> TimelineSection | None:
    """Return where a model's tensors lie in the arena and when, or None where the family's runtime has no arena.

    Args:
        graph: the model that is emitted.
        layer_names: one for each operator of the main subgraph.
        target: the board.
        family: tells kernels, runtime and revision.
    """
    if family.runtime is not Runtime.TFLM:
        return None
    timeline = arena_timeline(graph, kernels_of(family), target.core, revision=revision_of(family))
    names = _Names(graph, layer_names)
    return TimelineSection(
        moments=tuple(names.operator(key) for key in timeline.moments),
        blocks=tuple(_block(block, names) for block in _by_address(timeline)),
        head_bytes=timeline.head_bytes,
        is_offline=timeline.is_offline,
    )


def layer_sections(graph: Graph, layer_names: Sequence[str]) -> tuple[LayerSection, ...]:
    """Return what each operator of the main subgraph costs.

    Args:
        graph: the model that is emitted.
        layer_names: one for each of them.
    """
    return tuple(
        LayerSection(
            layer=layer,
            operator=operator.label,
            macs=operator_macs(graph, operator),
            weight_bytes=operator_weight_bytes(graph, operator),
            activation_bytes=sum(graph.main.tensors[index].nbytes for index in operator.outputs),
        )
        for operator, layer in zip(graph.main.operators, layer_names, strict=True)
    )


class _Names:
    """What people call the operators and tensors of a graph."""

    def __init__(self, graph: Graph, layer_names: Sequence[str]) -> None:
        self._graph = graph
        self._operators = {
            (index, operator.index): layer_names[operator.index] if index == 0 else operator.label
            for index, subgraph in enumerate(graph.subgraphs)
            for operator in subgraph.operators
        }
        self._tensors = {
            (index, tensor): self._operators[index, operator.index]
            for index, subgraph in enumerate(graph.subgraphs)
            for operator in subgraph.operators
            for tensor in operator.outputs
        }

    def operator(self, key: tuple[int, int]) -> str:
        """Return the layer of an operator."""
        return self._operators[key]

    def tensor(self, key: tuple[int, int]) -> tuple[str, BlockKind]:
        """Return the layer that computes a tensor, and what the tensor is."""
        main = self._graph.main
        if key[0] == 0 and key[1] in main.inputs:
            return INPUT, BlockKind.INPUT
        kind = BlockKind.OUTPUT if key[0] == 0 and key[1] in main.outputs else BlockKind.ACTIVATION
        return self._tensors.get(key, self._graph.subgraphs[key[0]].tensors[key[1]].name), kind


def _by_address(timeline: Timeline) -> list[Block]:
    return sorted(timeline.blocks, key=lambda block: (block.first, block.offset_bytes, block.last))


def _block(block: Block, names: _Names) -> BlockSection:
    if block.tensor is not None:
        layer, kind = names.tensor(block.tensor)
    else:
        layer, kind = names.operator(block.operator or (0, 0)), BlockKind.SCRATCH
    return BlockSection(
        layer=layer, kind=kind, offset_bytes=block.offset_bytes, bytes=block.nbytes, first=block.first, last=block.last
    )


def static_timeline(model: StaticModel, graph: Graph, layer_names: Sequence[str]) -> TimelineSection:
    """Return where a compiled model's values and scratch lie in the arena and when.

    Args:
        model: compiled from the graph.
        graph: tells what its operators are.
        layer_names: one for each of them.
    """
    layers = tuple(layer_names[step.layers[-1]] if step.layers else "constant" for step in model.program.steps)
    end = len(layers)
    return TimelineSection(
        moments=layers,
        blocks=tuple(
            BlockSection(
                layer=INPUT if block.first < 0 else layers[block.first],
                kind=_static_kind(block, end),
                offset_bytes=block.offset,
                bytes=block.nbytes,
                first=block.first + 1,
                last=min(block.last + 1, end),
            )
            for block in sorted(model.plan.blocks, key=lambda one: (one.first, one.offset, one.last))
        ),
        head_bytes=model.plan.arena_bytes,
        is_offline=True,
    )


def _static_kind(block: PlacedBlock, end: int) -> BlockKind:
    if block.is_scratch:
        return BlockKind.SCRATCH
    if block.first < 0:
        return BlockKind.INPUT
    return BlockKind.OUTPUT if block.last >= end else BlockKind.ACTIVATION
