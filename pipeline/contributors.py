"""What takes most of the flash and the arena, by the names of the layers that people know."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

from edgewright.pipeline.arena import find_peak
from edgewright.pipeline.codegen.memory import PlacedBlock
from edgewright.pipeline.codegen.program import Step
from edgewright.pipeline.codegen.static_model import StaticModel
from edgewright.pipeline.graph import ABSENT, DType, Graph, Operator, Tensor
from edgewright.pipeline.vocabulary import Kernels

INPUT = "input"


class Role(str, Enum):
    """What a tensor is to an operator that runs while it is alive."""

    READ = "read"
    WRITTEN = "written"
    WAITING = "waiting"
    """A later operator reads it."""


@dataclass(frozen=True, kw_only=True)
class WeightTensor:
    """One constant, and the first layer that reads it."""

    layer: str
    op: str
    shape: tuple[int, ...]
    nbytes: int


@dataclass(frozen=True, kw_only=True)
class AliveTensor:
    """One tensor that is alive at the arena's peak."""

    layer: str
    """The layer that computes it, or `input`."""
    role: Role
    is_boundary: bool
    """Whether it is an input or an output of the model."""
    shape: tuple[int, ...]
    dtype: DType
    nbytes: int


@dataclass(frozen=True, kw_only=True)
class ArenaPeak:
    """The operator at which activations and scratch take most of the arena."""

    layer: str
    op: str
    tensors: tuple[AliveTensor, ...]
    """The largest first."""
    scratch_bytes: int

    @property
    def tensor_bytes(self) -> int:
        """What the tensors take together."""
        return sum(tensor.nbytes for tensor in self.tensors)

    @property
    def nbytes(self) -> int:
        """Tensors and scratch; the rest of the arena is what the interpreter itself keeps there."""
        return self.tensor_bytes + self.scratch_bytes


@dataclass(frozen=True, kw_only=True)
class Contributors:
    """What a model's size comes from."""

    weights: tuple[WeightTensor, ...]
    """All constants, the largest first."""
    peak: ArenaPeak | None
    """None in a graph without operators."""

    @property
    def weight_bytes(self) -> int:
        """What all constants take."""
        return sum(weight.nbytes for weight in self.weights)

    @property
    def layers(self) -> tuple[tuple[str, int], ...]:
        """The bytes of each layer's constants, the largest first."""
        sums: dict[str, int] = {}
        for weight in self.weights:
            sums[weight.layer] = sums.get(weight.layer, 0) + weight.nbytes
        return tuple(sorted(sums.items(), key=lambda item: -item[1]))


def find_contributors(
    graph: Graph, layer_names: Sequence[str], kernels: Kernels, core: str, static: StaticModel | None = None
) -> Contributors:
    """Find out what a model's size comes from.

    Args:
        graph: the model.
        layer_names: one for each operator of the main subgraph.
        kernels: whose kernels run.
        core: kernels may differ between cores.
        static: the compiled model, whose own plan then tells the peak.
    """
    weights = _weights(graph, layer_names)
    peak = _peak(graph, layer_names, kernels, core) if static is None else _planned_peak(graph, layer_names, static)
    return Contributors(weights=weights, peak=peak)


def _weights(graph: Graph, layer_names: Sequence[str]) -> tuple[WeightTensor, ...]:
    """A buffer that several tensors or operators share is listed once."""
    found: dict[int, WeightTensor] = {}
    for operator, layer in zip(graph.main.operators, layer_names, strict=True):
        for index in operator.inputs:
            tensor = None if index == ABSENT else graph.main.tensors[index]
            content = None if tensor is None else graph.data(tensor)
            if tensor is not None and content is not None:
                found.setdefault(
                    tensor.buffer_index,
                    WeightTensor(layer=layer, op=operator.label, shape=tensor.shape, nbytes=len(content)),
                )
    return tuple(sorted(found.values(), key=lambda weight: -weight.nbytes))


def _peak(graph: Graph, layer_names: Sequence[str], kernels: Kernels, core: str) -> ArenaPeak | None:
    peak = find_peak(graph, kernels, core)
    if peak is None:
        return None
    main = graph.main
    operator = main.operators[peak.operator_index]

    def named(tensor: Tensor, first: int, nbytes: int) -> AliveTensor:
        return AliveTensor(
            layer=INPUT if tensor.index in main.inputs else layer_names[first],
            role=_role(tensor.index, operator),
            is_boundary=tensor.index in (*main.inputs, *main.outputs),
            shape=tensor.shape,
            dtype=tensor.dtype,
            nbytes=nbytes,
        )

    return ArenaPeak(
        layer=layer_names[operator.index],
        op=operator.label,
        tensors=tuple(named(main.tensors[one.tensor_index], one.first, one.nbytes) for one in peak.alive),
        scratch_bytes=peak.scratch_bytes,
    )


def _planned_peak(graph: Graph, layer_names: Sequence[str], model: StaticModel) -> ArenaPeak | None:
    """Return the step at which the plan covers most bytes; what lies over something else is listed beside it."""
    steps, blocks = model.program.steps, model.plan.blocks
    if not steps:
        return None

    def alive(number: int) -> list[PlacedBlock]:
        return [block for block in blocks if block.first <= number <= block.last]

    number = max(range(len(steps)), key=lambda number: sum(block.nbytes for block in alive(number)))
    values = {value.name: value for value in model.program.values.values()}
    tensors = [
        AliveTensor(
            layer=INPUT if block.first < 0 else _layer_of(steps[block.first], layer_names),
            role=Role.WRITTEN if block.first == number else Role.READ if block.last == number else Role.WAITING,
            is_boundary=values[block.name].index in (*model.program.inputs, *model.program.outputs),
            shape=values[block.name].shape,
            dtype=values[block.name].dtype,
            nbytes=block.nbytes,
        )
        for block in alive(number)
        if not block.is_scratch
    ]
    return ArenaPeak(
        layer=_layer_of(steps[number], layer_names),
        op=graph.main.operators[steps[number].layers[-1]].label,
        tensors=tuple(sorted(tensors, key=lambda one: -one.nbytes)),
        scratch_bytes=sum(block.nbytes for block in alive(number) if block.is_scratch),
    )


def _layer_of(step: Step, layer_names: Sequence[str]) -> str:
    return layer_names[step.layers[-1]]


def _role(tensor_index: int, operator: Operator) -> Role:
    if tensor_index in operator.outputs:
        return Role.WRITTEN
    return Role.READ if tensor_index in operator.inputs else Role.WAITING
