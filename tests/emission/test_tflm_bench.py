"""Generated firmware with a real TensorFlow Lite Micro as a row of a bench, on the core that it was built for."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from support.benches import quick_bench
from support.boards import PROGRAMS
from support.tflm import Emit, Unpack

from edgewright.pipeline.interpreters import tflm_engine
from edgewright.pipeline.vocabulary import EmissionModel
from edgewright.runtime_bench.bench import Limits, choose_boards
from edgewright.runtime_bench.boards import Place
from edgewright.runtime_bench.cores import Core, Program


@pytest.mark.slow
def test_a_real_runtime_is_a_row(
    *,
    tiny: EmissionModel,
    emit: Emit,
    unpack: Unpack,
    build_on_core: Callable[..., Program],
    given_core: Core,
    tmp_path: Path,
) -> None:
    """On 64 drawn inputs the core computes what the host computes, and its instructions are counted."""
    program = build_on_core(unpack(emit(tiny, "cmake")), PROGRAMS / "board_main.c")
    (tmp_path / "tiny.tflite").write_bytes(tiny.tflite)
    place = Place(elf=program.elf, core=given_core.name, cache=tmp_path / "cache")
    found = quick_bench(
        [tmp_path / "tiny.tflite"],
        engines=(tflm_engine(),),
        limits=Limits(time_limit_seconds=1e-6, block_seconds=0.01, timeout_seconds=60.0),
        boards=choose_boards(["qemu"], place),
    ).models[0]
    row = found.rows[1]
    assert (None, None, 64) == (row.unavailable, row.failure, row.sample_count)
    assert row.instructions is not None
    assert 1000 < row.instructions.minimum
    assert [(0, 0, True)] == [(pair.largest_lsb, pair.tolerance_lsb, pair.holds) for pair in found.pairs]
