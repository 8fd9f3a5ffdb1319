"""How large an arena a target's firmware gets: measured on this computer for a host, computed for a 32-bit core."""

from __future__ import annotations

from edgewright.pipeline.arena.buffers import ALIGNMENT
from edgewright.pipeline.arena.layout import PYTHON_CORE
from edgewright.pipeline.arena.replay import ArenaUse, replay
from edgewright.pipeline.arena.revision import TFLM_REVISION, find_revision
from edgewright.pipeline.graph.types import Graph
from edgewright.pipeline.interpreters import FindArena, find_arena, tflm_engine
from edgewright.pipeline.interpreters.arena_search import round_up
from edgewright.pipeline.interpreters.execution import ARENA_TIMEOUT_SECONDS
from edgewright.pipeline.target import Family, Target
from edgewright.pipeline.vocabulary import Arena, ArenaMethod, Kernels, Runtime

HOST_WORD_BITS = 64
"""Word size of the interpreter that is measured; pointers make its structures larger than those of a 32-bit core."""

USERS_REVISION = "user"
"""What a family says whose copy of TFLM the user chooses."""
RESERVE_BYTES_PER_OPERATOR = 16
"""Kept free where the user chooses the revision of TFLM: one more field in an operator's structures moves what follows
by at most this much."""
RESERVE_BYTES_PER_DENSE_LAYER = 32
"""Kept free where the revision is known and may be followed by the next one: the package tflite-micro of October 2026
parses a fully-connected layer's options into 32 bytes, aligned to 8, instead of 16 (or of 5, with short enums)."""
LARGEST_RESERVE_SHARE = 0.03
LARGEST_SMALL_RESERVE_BYTES = 256
"""With its reserve an arena stays within that share above what is needed, or so many bytes where that is more."""


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


def computed_host_use(graph: Graph) -> ArenaUse:
    """Compute what TFLM's interpreter on this computer, whose arena `measure_host_arena` finds, takes for a model."""
    return replay(graph, Kernels.REFERENCE, PYTHON_CORE)


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
    use = computed_use(graph, target, family)
    reserve_bytes = _reserve_bytes(graph, family, use.smallest_bytes) if is_computed else 0
    return Arena(
        arena_bytes=use.smallest_bytes + reserve_bytes if is_computed else round_up(host_arena_bytes),
        reserve_bytes=reserve_bytes,
        method=method,
        word_bits=target.word_bits,
        kernels=kernels_of(family),
        tflm_revision=TFLM_REVISION if is_computed else tflm_revision,
        used_bytes=use.used_bytes if family.runtime is Runtime.TFLM else None,
    )


def computed_arena_bytes(graph: Graph, target: Target, family: Family) -> int:
    """Compute the arena of a target: what the interpreter takes there, and the reserve.

    Returns:
        Bytes, a multiple of 16.
    """
    smallest_bytes = computed_use(graph, target, family).smallest_bytes
    return smallest_bytes + _reserve_bytes(graph, family, smallest_bytes)


def computed_use(graph: Graph, target: Target, family: Family) -> ArenaUse:
    """Compute what the revision of TFLM that a family has takes of its arena on a target."""
    return replay(graph, family.kernels, target.core, static_memory=family.static_memory, revision=revision_of(family))


def kernels_of(family: Family) -> Kernels:
    """Return whose kernels run: those of the family's revision of TFLM where it brings its own."""
    return find_revision(revision_of(family)).kernels or family.kernels


def revision_of(family: Family) -> str:
    """Return the revision of TFLM whose arena a family is taken to need."""
    return family.operator_table or family.tflm_revision


def _reserve_bytes(graph: Graph, family: Family, smallest_bytes: int) -> int:
    """Return what a computed arena keeps free, a multiple of 16."""
    operators = [operator.label for subgraph in graph.subgraphs for operator in subgraph.operators]
    if family.tflm_revision == USERS_REVISION:
        wished = RESERVE_BYTES_PER_OPERATOR * len(operators)
    else:
        wished = RESERVE_BYTES_PER_DENSE_LAYER * operators.count("FULLY_CONNECTED")
    largest = max(int(LARGEST_RESERVE_SHARE * smallest_bytes), LARGEST_SMALL_RESERVE_BYTES)
    return min(wished, (largest - ALIGNMENT) // ALIGNMENT * ALIGNMENT)
