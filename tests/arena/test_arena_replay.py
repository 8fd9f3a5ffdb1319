"""Computed arenas: to the byte what programs on 32-bit cores took, and constants that are enough and not wasteful."""

from __future__ import annotations

import csv
import dataclasses
from functools import cache

import numpy as np
from support.graphs import Draft, tiny_graph
from support.models import reference_models

from edgewright.pipeline.arena import ArenaUse, computed_arena_bytes, replay
from edgewright.pipeline.graph import DType, Graph, Metadata, read
from edgewright.pipeline.target import Target, load_family
from edgewright.pipeline.vocabulary import Kernels

KERNELS = {"ref": Kernels.REFERENCE, "cmsis-nn": Kernels.CMSIS_NN, "esp-nn-generic-c": Kernels.ESP_NN}
LARGEST_EXCESS = 0.15
"""The share by which an emitted constant may lie above the smallest arena that works."""


@cache
def rows() -> tuple[dict[str, str], ...]:
    """The measured table's rows for 32-bit cores."""
    with (reference_models().parent / "arena.csv").open() as file:
        return tuple(row for row in csv.DictReader(file) if row["target"] != "x86-64")


@cache
def model(name: str) -> Graph:
    """One of the measured models."""
    (path,) = reference_models().rglob(f"{name}.tflite")
    return read(path.read_bytes())


def constant(row: dict[str, str]) -> int:
    """What is emitted for a row of the table."""
    target = Target(title="Board", chip="Chip", core=row["target"], word_bits=32, families=("cmake",))
    family = load_family("cmake").model_copy(update={"kernels": KERNELS[row["kernels"]]})
    return computed_arena_bytes(model(row["model"]), target, family)


def test_the_table_has_what_is_compared() -> None:
    """Fourteen models on five pairs of core and kernels."""
    pairs = {(row["target"], row["kernels"]) for row in rows()}
    assert (70, 5) == (len(rows()), len(pairs))


def test_every_row_is_computed_to_the_byte() -> None:
    """Head, tail and the smallest arena are what the programs took on Cortex-M4, Cortex-M55 and rv32imc."""
    wrong = {}
    for row in rows():
        measured = ArenaUse(
            head_bytes=int(row["head_bytes"]),
            tail_bytes=int(row["tail_bytes"]),
            smallest_bytes=int(row["min_arena_mult16"]),
        )
        found = replay(model(row["model"]), KERNELS[row["kernels"]], row["target"])
        if found != measured:
            wrong[row["model"], row["target"], row["kernels"]] = (found, measured)
    assert {} == wrong


def test_every_constant_is_enough_and_not_wasteful() -> None:
    """The emitted constant is at least the smallest working arena, and at most 15 % above it."""
    excess = {
        (row["model"], row["target"], row["kernels"]): constant(row) / int(row["min_arena_bytes"]) - 1 for row in rows()
    }
    assert {} == {key: share for key, share in excess.items() if not 0 <= share <= LARGEST_EXCESS}


def test_xtensa_takes_what_riscv_takes() -> None:
    """The ESP32 runs the generic C code with the same ABI for enums, so its bound is the same."""
    graph = model("kws_ref_model")
    assert replay(graph, Kernels.ESP_NN, "rv32imc") == replay(graph, Kernels.ESP_NN, "xtensa-lx6")


def test_an_offline_plan_is_followed() -> None:
    """A place that the model's metadata gives to a tensor moves the end of the plan."""
    graph = tiny_graph()
    offsets = [-1] * len(graph.main.tensors)
    offsets[graph.main.outputs[0]] = 4096
    plan = np.array([0, 0, len(offsets), *offsets], "<i4").tobytes()
    planned = dataclasses.replace(
        graph,
        buffers=(*graph.buffers, plan),
        metadata=(Metadata(name="OfflineMemoryAllocation", buffer_index=len(graph.buffers)),),
    )
    assert 4096 + 16 == replay(planned, Kernels.REFERENCE, "rv32imc").head_bytes
    unplanned = replay(graph, Kernels.REFERENCE, "rv32imc")
    assert unplanned.tail_bytes == replay(planned, Kernels.REFERENCE, "rv32imc").tail_bytes


def test_a_variable_lasts() -> None:
    """A variable lies in the tail, not in the plan."""
    graph = tiny_graph()
    index = graph.main.operators[0].outputs[0]
    tensors = tuple(dataclasses.replace(tensor, is_variable=tensor.index == index) for tensor in graph.main.tensors)
    kept = dataclasses.replace(graph, subgraphs=(dataclasses.replace(graph.main, tensors=tensors),))
    before, after = (replay(one, Kernels.REFERENCE, "rv32imc") for one in (graph, kept))
    assert before.tail_bytes + tensors[index].nbytes == after.tail_bytes
    assert after.head_bytes < before.head_bytes


def test_a_tensor_that_nothing_uses_takes_no_room_of_others() -> None:
    """TFLM plans it for a moment that never comes."""
    draft = Draft()
    x = draft.input((1, 64))
    y = draft.operator("RELU", (x,), (1, 64))
    draft.tensor((1, 64), dtype=DType.INT8)
    assert 128 == replay(draft.graph(y), Kernels.REFERENCE, "rv32imc").head_bytes


def test_whole_structures_take_more() -> None:
    """Without TF_LITE_STATIC_MEMORY an operator takes 12 bytes more, and a tensor of the boundary 32."""
    for name in {row["model"] for row in rows()}:
        graph = model(name)
        small, whole = (replay(graph, Kernels.REFERENCE, "cortex-m4", static_memory=flag) for flag in (True, False))
        boundary = len(graph.main.inputs) + len(graph.main.outputs)
        more = 12 * sum(len(subgraph.operators) for subgraph in graph.subgraphs) + 32 * boundary
        assert small.head_bytes == whole.head_bytes
        assert 0 <= whole.tail_bytes - small.tail_bytes - more + 16 < 32
        assert small.smallest_bytes < whole.smallest_bytes
