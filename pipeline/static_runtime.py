"""The static runtime in a run: the model compiled for a target, and the arena that its plan needs there."""

from __future__ import annotations

from edgewright.pipeline.codegen.compilation import compile_static
from edgewright.pipeline.codegen.core import codegen_core
from edgewright.pipeline.codegen.options import DEFAULTS, Options
from edgewright.pipeline.codegen.static_model import StaticModel
from edgewright.pipeline.graph import Graph
from edgewright.pipeline.rounding import round_up
from edgewright.pipeline.settings import Settings
from edgewright.pipeline.target import Family, Target
from edgewright.pipeline.vocabulary import Arena, ArenaMethod, Kernels, Runtime

ARENA_ALIGNMENT_BYTES = 16


class StaticSettings(Settings):
    """The recipe's table `[static]`: every rewrite is exact; one that is off shows what it is worth."""

    dead_channels: bool = True
    """Whether channels that are constant or unread are left out."""
    overlap: bool = True
    """Whether a step's output may lie over an input that dies in it."""
    reorder: bool = True
    """Whether layers may run in another order that takes a smaller arena."""

    @property
    def options(self) -> Options:
        """The same for the compiler."""
        return Options(dead_channels=self.dead_channels, overlap=self.overlap, reorder=self.reorder)


def compile_for(
    graph: Graph, layer_names: tuple[str, ...], target: Target, family: Family, options: Options = DEFAULTS
) -> StaticModel | None:
    """Compile a model for a target, or return None for a family over another runtime.

    Args:
        graph: a full-integer model.
        layer_names: for each operator the source model's layer.
        target: whose core the kernels are chosen for.
        family: tells the runtime.
        options: which rewrites may be used.

    Raises:
        TfliteError: the static runtime does not compute it; the sentence names layer and operator.
    """
    if family.runtime is not Runtime.STATIC:
        return None
    return compile_static(graph, layer_names, codegen_core(target.core), options)


def planned_arena(model: StaticModel, target: Target) -> Arena:
    """Return the arena that a compiled model's plan needs: all of it is in use."""
    arena_bytes = planned_arena_bytes(model)
    return Arena(
        arena_bytes=arena_bytes,
        reserve_bytes=0,
        method=ArenaMethod.PLANNED,
        word_bits=target.word_bits,
        kernels=Kernels.REFERENCE,
        tflm_revision="",
        used_bytes=arena_bytes,
    )


def planned_arena_bytes(model: StaticModel) -> int:
    """Return its bytes: at least one line of 16."""
    return max(ARENA_ALIGNMENT_BYTES, round_up(model.plan.arena_bytes, ARENA_ALIGNMENT_BYTES))
