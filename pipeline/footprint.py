"""What a converted model needs on a microcontroller: flash for weights, code and self-test, RAM for the rest.

Budgets, checks of fit and reports take their figures from here, so that they cannot disagree.
"""

from __future__ import annotations

from dataclasses import dataclass

from edgewright.pipeline.arena import arena_method, computed_arena_bytes, kernels_of
from edgewright.pipeline.code_sizes import CodePart, CodeTable, Optimization, code_parts, load_code_tables
from edgewright.pipeline.codegen.static_model import StaticModel
from edgewright.pipeline.graph import Graph, lifetimes, liveness_bound_bytes
from edgewright.pipeline.interpreters.arena_search import round_up
from edgewright.pipeline.static_code import LinkedCode, static_code
from edgewright.pipeline.static_runtime import planned_arena_bytes
from edgewright.pipeline.target import Family, Target
from edgewright.pipeline.vocabulary import ArenaMethod, Kernels, Runtime

STACK_BYTES = 1260
"""The most stack that two published models took under QEMU on a Cortex-M4 with the CMSIS-NN kernels."""

OTHER_CORE_ACCURACY = 0.50
"""Accuracy where a core was not measured: rv32imc takes up to 48 % more than a Cortex-M4 for the same programs."""

ARENA_ALIGNMENT_BYTES = 16
PERSISTENT_BYTES = 752
PERSISTENT_BYTES_PER_TENSOR = 96
PERSISTENT_BYTES_PER_CHANNEL = 8
"""Fitted to the arenas of 14 models in TFLM's host build; a channel's two int32 are its multiplier and its shift."""

_MULTIPLYING = frozenset({"CONV_2D", "DEPTHWISE_CONV_2D", "TRANSPOSE_CONV", "FULLY_CONNECTED"})


@dataclass(frozen=True, kw_only=True)
class Footprint:
    """Bytes of flash and RAM that the firmware around one model needs, without the application itself."""

    weight_bytes: int
    """The `.tflite` as an array in flash; of a compiled model its constants."""
    code_parts: tuple[CodePart, ...]
    code_accuracy: float
    """The share of `code_bytes` by which the linked code may differ."""
    arena_bytes: int
    arena_source: str
    """Where the arena's figure comes from, for people."""
    stack_bytes: int
    static_bytes: int
    """Variables of interpreter and C library; a compiled model has none beside its arena."""
    selftest_bytes: int = 0
    """Golden vectors of the self-test in flash; 0 where they are not known."""

    @property
    def code_bytes(self) -> int:
        """Interpreter, start-up and the kernels of the model's operators."""
        return sum(part.code_bytes for part in self.code_parts)

    @property
    def program_bytes(self) -> int:
        """Weights and code."""
        return self.weight_bytes + self.code_bytes

    @property
    def flash_bytes(self) -> int:
        """Weights, code and the self-test."""
        return self.program_bytes + self.selftest_bytes

    @property
    def ram_bytes(self) -> int:
        """Arena, stack and variables."""
        return self.arena_bytes + self.stack_bytes + self.static_bytes


def footprint(
    graph: Graph,
    *,
    tflite_bytes: int,
    host_arena_bytes: int | None,
    target: Target,
    family: Family,
    optimization: Optimization = Optimization.SPEED,
    selftest_bytes: int = 0,
    static: StaticModel | None = None,
    linked: LinkedCode | None = None,
) -> Footprint:
    """Estimate what a model needs on a target.

    Every type of activations is counted alike: an operator's registration links its kernels for all of them.

    Args:
        graph: the model.
        tflite_bytes: length of its `.tflite`.
        host_arena_bytes: what `arena.measure_host_arena` found; None where it is not known yet, to estimate it. The
            arena of a 32-bit core is computed without it.
        target: the board.
        family: tells which kernels run.
        optimization: how interpreter and kernels are compiled; by default as their own builds do it.
        selftest_bytes: of golden vectors, hashes and values.
        static: the compiled model; of the static runtime alone, which needs it.
        linked: what was measured of it, if anything.
    """
    if static is not None:
        return _footprint_of_code(static, linked, target, selftest_bytes)
    if family.runtime is not Runtime.TFLM:
        return _footprint_of_a_file(tflite_bytes, host_arena_bytes, graph)
    table = choose_code_table(kernels_of(family), target.core, optimization)
    operators = {operator.label for subgraph in graph.subgraphs for operator in subgraph.operators}
    arena_bytes, arena_source = _arena(graph, host_arena_bytes, target, family)
    return Footprint(
        weight_bytes=tflite_bytes,
        code_parts=code_parts(table, operators),
        code_accuracy=table.accuracy if table.is_for(target.core) else OTHER_CORE_ACCURACY,
        arena_bytes=arena_bytes,
        arena_source=arena_source,
        stack_bytes=STACK_BYTES,
        static_bytes=table.static_ram_bytes + table.static_ram_bytes_per_operator * len(operators),
        selftest_bytes=selftest_bytes,
    )


def _footprint_of_code(model: StaticModel, linked: LinkedCode | None, target: Target, selftest_bytes: int) -> Footprint:
    """Return the footprint of a compiled model, whose every byte was laid out at build time."""
    code = static_code(model, target.core, linked)
    return Footprint(
        weight_bytes=model.constant_bytes,
        code_parts=code.parts,
        code_accuracy=code.accuracy,
        arena_bytes=planned_arena_bytes(model),
        arena_source="planned when the model was compiled",
        stack_bytes=code.stack_bytes,
        static_bytes=0,
        selftest_bytes=selftest_bytes,
    )


def _footprint_of_a_file(tflite_bytes: int, host_arena_bytes: int | None, graph: Graph) -> Footprint:
    """Return the footprint of a model that an app loads from a file.

    The interpreter is a library that apps share their size with and that allocates by itself: of RAM only the tensors
    are counted, as TFLM's host build allocates them.
    """
    return Footprint(
        weight_bytes=tflite_bytes,
        code_parts=(),
        code_accuracy=0.0,
        arena_bytes=round_up(estimate_host_arena(graph) if host_arena_bytes is None else host_arena_bytes),
        arena_source="what TFLM's host build takes for the same tensors",
        stack_bytes=0,
        static_bytes=0,
    )


def choose_code_table(kernels: Kernels, core: str, optimization: Optimization) -> CodeTable:
    """Choose the table of figures for a core: its own, or of those for other cores the largest."""
    tables = [table for table in load_code_tables() if (table.kernels, table.optimization) == (kernels, optimization)]
    own = [table for table in tables if table.is_for(core)]
    return max(own or tables, key=lambda table: table.interpreter_bytes + table.c_library_bytes)


def _arena(graph: Graph, host_arena_bytes: int | None, target: Target, family: Family) -> tuple[int, str]:
    """Return the arena's bytes and where they come from."""
    if arena_method(target) is ArenaMethod.COMPUTED:
        return computed_arena_bytes(graph, target, family), "computed from what the interpreter allocates there"
    if host_arena_bytes is None:
        return round_up(estimate_host_arena(graph)), "estimated from the tensors that are alive together; not measured"
    return round_up(host_arena_bytes), "found by trying on the host"


def estimate_host_arena(graph: Graph) -> int:
    """Estimate the arena that TFLM's host build needs, from the graph alone.

    It is what is alive together at the worst operator, plus what the interpreter keeps for tensors and channels.
    TFLM's planner may need more than the first part.

    Returns:
        Bytes, not rounded.
    """
    alive_bytes = liveness_bound_bytes(lifetimes(graph.main), alignment=ARENA_ALIGNMENT_BYTES)
    tensors = sum(len(subgraph.tensors) for subgraph in graph.subgraphs)
    return (
        alive_bytes
        + PERSISTENT_BYTES
        + PERSISTENT_BYTES_PER_TENSOR * tensors
        + PERSISTENT_BYTES_PER_CHANNEL * _scaled_channels(graph)
    )


def _scaled_channels(graph: Graph) -> int:
    """Count the scales of the weights of all operators that multiply by weights."""
    count = 0
    for subgraph in graph.subgraphs:
        for operator in subgraph.operators:
            if operator.op in _MULTIPLYING and len(operator.inputs) > 1:
                quantization = subgraph.tensors[operator.inputs[1]].quantization
                count += len(quantization.scales) if quantization else 0
    return count
