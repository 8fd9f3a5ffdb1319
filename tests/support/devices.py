"""Devices for the bench: emitted firmware of the tiny network over a table of what it computes.

The table holds the inputs that a bench draws without data, and what TensorFlow Lite Micro makes of them.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from support.boards import PROGRAMS, SANITIZED, compile_board, write_library
from support.emulated import usable_core
from support.graphs import tiny_graph

from edgewright.pipeline.graph import Graph, write
from edgewright.pipeline.interpreters import Request, run, tflm_engine
from edgewright.pipeline.vocabulary import EmissionModel, GoldenVectors
from edgewright.runtime_bench.bench.samples import samples_of
from edgewright.runtime_bench.cores import Build, Surroundings, build, counter_unavailable_reason

SAMPLE_COUNT = 64
"""That a bench draws of a small model."""
ARENA_BYTES = 1024


def device_model(graph: Graph | None = None) -> EmissionModel:
    """Return the tiny network, or another graph, with all drawn samples as its golden vectors."""
    graph = graph or tiny_graph()
    tflite = write(graph)
    given = samples_of(graph, None, 1).given
    outputs = run(Request(engine=tflm_engine(), tflite=tflite, inputs=given)).outputs

    def rows(arrays: tuple[np.ndarray, ...]) -> tuple[tuple[np.ndarray, ...], ...]:
        return tuple(tuple(array[index : index + 1] for array in arrays) for index in range(len(arrays[0])))

    return EmissionModel(
        name="device",
        tflite=tflite,
        graph=graph,
        labels=(),
        layer_names=tuple(f"layer {operator.index}" for operator in graph.main.operators),
        vectors=GoldenVectors(inputs=rows(given), outputs=rows(outputs), origin="drawn"),
        host_arena_bytes=ARENA_BYTES,
        tflm_revision="0",
        configuration_digest="cd" * 32,
    )


def device_sources(folder: Path, main: str) -> list[Path]:
    """Write the firmware's C below a folder, and return the sources."""
    write_library(device_model(), folder)
    names = ("port", "frame", "protocol", "metadata", "vectors")
    return [
        *(folder / f"edgewright_{name}.c" for name in names),
        PROGRAMS / "looking_model.c",
        PROGRAMS / main,
    ]


def device_program(folder: Path, **defines: str) -> Path:
    """Compile the device for this computer, or skip the test."""
    flags = (*SANITIZED, *(f"-D{name}={value}" for name, value in defines.items()))
    return compile_board(device_sources(folder, "protocol_main.c"), folder, flags=flags)


def device_elf(name: str, folder: Path, **defines: str) -> Path:
    """Build the device for a core, with the core's own port layer, or skip the test."""
    reason = counter_unavailable_reason()
    if reason is not None:
        pytest.skip(reason)
    what = Build(
        sources=tuple(path for path in device_sources(folder, "board_main.c") if path.name != "edgewright_port.c"),
        includes=(folder,),
        defines=defines,
        surroundings=Surroundings.BARE,
        with_port=True,
    )
    return build(usable_core(name), what, folder).elf
