"""The tensor arena of TensorFlow Lite Micro: how much a model needs, and how much a target's firmware gets."""

from __future__ import annotations

from edgewright.pipeline.interpreters import FindArena, find_arena, tflm_engine
from edgewright.pipeline.interpreters.arena_search import round_up
from edgewright.pipeline.interpreters.execution import ARENA_TIMEOUT_SECONDS
from edgewright.pipeline.target import Family, Target
from edgewright.pipeline.vocabulary import Arena, ArenaMethod

HOST_WORD_BITS = 64
"""Word size of the interpreter that is measured; the persistent part of the arena shrinks on a 32-bit core."""


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


def arena_for(host_arena_bytes: int, target: Target, family: Family, tflm_revision: str) -> Arena:
    """Say how large an arena a target's firmware gets, and where the figure comes from.

    Args:
        host_arena_bytes: what `measure_host_arena` found.
        target: its kernels' declared scratch is added.
        family: tells which kernels run.
        tflm_revision: version of the TFLM package that was measured.

    Returns:
        An arena that is a multiple of 16.
    """
    return Arena(
        arena_bytes=arena_bytes_on(target, host_arena_bytes),
        method=ArenaMethod.MEASURED_ON_HOST,
        word_bits=HOST_WORD_BITS,
        kernels=family.kernels,
        tflm_revision=tflm_revision,
    )


def arena_bytes_on(target: Target, host_arena_bytes: int) -> int:
    """Compute a target's arena from the host's: its kernels' scratch comes on top.

    Returns:
        Bytes, a multiple of 16.
    """
    return round_up(host_arena_bytes + target.kernel_scratch_bytes)
