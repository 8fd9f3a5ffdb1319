"""The tensor arena of TensorFlow Lite Micro: how much a model needs, and how much a target's firmware gets."""

from edgewright.pipeline.arena.arrangement import Arrangement, arrangements
from edgewright.pipeline.arena.choice import (
    HOST_WORD_BITS,
    RESERVE_BYTES_PER_OPERATOR,
    arena_for,
    arena_method,
    computed_arena_bytes,
    computed_host_use,
    computed_use,
    kernels_of,
    measure_host_arena,
    revision_of,
)
from edgewright.pipeline.arena.offline import has_offline_plan, with_offline_plan, without_offline_plan
from edgewright.pipeline.arena.optimum import Optimum, find_optimum
from edgewright.pipeline.arena.peak import Peak, find_peak
from edgewright.pipeline.arena.planner import Buffer, plan, planned_bytes
from edgewright.pipeline.arena.replay import ArenaUse, replay
from edgewright.pipeline.arena.revision import TFLM_REVISION
from edgewright.pipeline.arena.timeline import Block, Timeline, arena_timeline

__all__ = [
    "HOST_WORD_BITS",
    "RESERVE_BYTES_PER_OPERATOR",
    "TFLM_REVISION",
    "ArenaUse",
    "Arrangement",
    "Block",
    "Buffer",
    "Optimum",
    "Peak",
    "Timeline",
    "arena_for",
    "arena_method",
    "arena_timeline",
    "arrangements",
    "computed_arena_bytes",
    "computed_host_use",
    "computed_use",
    "find_optimum",
    "find_peak",
    "has_offline_plan",
    "kernels_of",
    "measure_host_arena",
    "plan",
    "planned_bytes",
    "replay",
    "revision_of",
    "with_offline_plan",
    "without_offline_plan",
]
