"""How large an arena a target's firmware gets: measured on this computer for a host, computed for a 32-bit core."""

from __future__ import annotations

from edgewright.pipeline.arena.buffers import ALIGNMENT
from edgewright.pipeline.arena.replay import TFLM_REVISION, replay
from edgewright.pipeline.graph.types import Graph
from edgewright.pipeline.interpreters import FindArena, find_arena, tflm_engine
from edgewright.pipeline.interpreters.arena_search import round_up
from edgewright.pipeline.interpreters.execution import ARENA_TIMEOUT_SECONDS
from edgewright.pipeline.target import Family, Target
from edgewright.pipeline.vocabulary import Arena, ArenaMethod

HOST_WORD_BITS = 64
"""Word size of the interpreter that is measured; pointers make its structures larger than those of a 32-bit core."""

RESERVE_BYTES_PER_OPERATOR = ALIGNMENT
"""Kept free in a computed arena: one more field in an operator's structures, as another revision of TFLM may have it,
moves what follows by at most this much."""


def measure_host_arena(tflite: bytes, *, timeout_seconds: float = ARENA_TIMEOUT_SECONDS) -> int:
    """Find the smallest arena in which TFLM's interpreter allocates and runs a model on this computer.

    It is found by trying: what the interpreter reports as used is not always enough to start.

    Args:
        tflite: the model.
        timeout_seconds: the interpreter is killed after this.

    Returns:
        Bytes, a multiple of 16.

    Raises:
        InterpreterError: TFLM is not installed, or cannot run the model.
    """
    return find_arena(FindArena(engine=tflm_engine(), tflite=tflite), timeout_seconds=timeout_seconds).arena_bytes


def arena_method(target: Target) -> ArenaMethod:
    """Tell how a target's arena is found."""
    return ArenaMethod.MEASURED_ON_HOST if target.word_bits == HOST_WORD_BITS else ArenaMethod.COMPUTED


def arena_for(graph: Graph, host_arena_bytes: int, target: Target, family: Family, tflm_revision: str) -> Arena:
    """Say how large an arena a target's firmware gets, and where the figure comes from.

    Args:
        graph: the model.
        host_arena_bytes: what `measure_host_arena` found.
        target: tells word size and core.
        family: tells which kernels run.
        tflm_revision: version of the TFLM package that was measured.

    Returns:
        An arena that is a multiple of 16.
    """
    method = arena_method(target)
    is_computed = method is ArenaMethod.COMPUTED
    return Arena(
        arena_bytes=computed_arena_bytes(graph, target, family) if is_computed else round_up(host_arena_bytes),
        reserve_bytes=reserve_bytes(graph) if is_computed else 0,
        method=method,
        word_bits=target.word_bits,
        kernels=family.kernels,
        tflm_revision=TFLM_REVISION if is_computed else tflm_revision,
    )


def computed_arena_bytes(graph: Graph, target: Target, family: Family) -> int:
    """Compute the arena of a 32-bit core: what the interpreter takes there, and the reserve.

    Returns:
        Bytes, a multiple of 16.
    """
    use = replay(graph, family.kernels, target.core, static_memory=family.static_memory)
    return round_up(use.smallest_bytes + reserve_bytes(graph))


def reserve_bytes(graph: Graph) -> int:
    """Return what a computed arena keeps free."""
    return RESERVE_BYTES_PER_OPERATOR * sum(len(subgraph.operators) for subgraph in graph.subgraphs)
