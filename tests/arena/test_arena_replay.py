"""Computed arenas: to the byte what programs took, and constants that are enough and not wasteful.

The sizes behind them were measured with `sizeof` and with single operators, not with these models. Only the bytes of a
fully-connected layer's options in the package tflite-micro were solved for, from single operators and the models of
`FITTED`; what is tested holds for `CHECKED` as well.
"""

from __future__ import annotations

import csv
import dataclasses
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from support.graphs import Draft, tiny_graph
from support.models import CHECKED, FITTED, reference_models
from support.one_operator import GRAPHS

from edgewright.pipeline.arena import ArenaUse, computed_arena_bytes, replay
from edgewright.pipeline.graph import DType, Graph, Metadata, read
from edgewright.pipeline.target import Target, load_family, load_target
from edgewright.pipeline.vocabulary import Kernels

KERNELS = {"ref": Kernels.REFERENCE, "cmsis-nn": Kernels.CMSIS_NN, "esp-nn-generic-c": Kernels.ESP_NN}
CORES = {"x86-64": "host"}
"""What the table calls otherwise than a target does."""
LARGEST_SHARE = 0.03
LARGEST_BYTES = 256
"""An emitted constant may lie above the smallest arena that works by that share, or by so many bytes."""
COPIES_BYTES = 144
"""By how much the arena of a single operator may be computed too large, where the copies of its tensors decide: TFLM
lets memory that lasts grow over them, and older kernels make fewer."""


@cache
def rows() -> tuple[dict[str, str], ...]:
    """The measured table's rows."""
    with (reference_models().parent / "arena.csv").open() as file:
        return tuple(csv.DictReader(file))


@cache
def revision_rows() -> tuple[dict[str, str], ...]:
    """What was measured with the revisions of TFLM that families have."""
    with Path(__file__).with_name("revisions.csv").open() as file:
        return tuple(csv.DictReader(line for line in file if not line.startswith("#")))


@cache
def model(name: str) -> Graph:
    """One of the measured models, or a graph of one operator."""
    if name in GRAPHS:
        return GRAPHS[name]()
    (path,) = reference_models().rglob(f"{name}.tflite")
    return read(path.read_bytes())


def core_of(row: dict[str, str]) -> str:
    """What a target calls a row's core."""
    return CORES.get(row["target"], row["target"])


def constant(row: dict[str, str], family_name: str) -> int:
    """What a family with the row's kernels gets for it."""
    core = core_of(row)
    target = Target(title="Board", chip="Chip", core=core, word_bits=64 if core == "host" else 32, families=("cmake",))
    family = load_family(family_name).model_copy(update={"kernels": KERNELS[row["kernels"]], "static_memory": True})
    return computed_arena_bytes(model(row["model"]), target, family)


def allowed(smallest_bytes: int) -> int:
    """The largest constant that may be emitted where so many bytes are needed."""
    return smallest_bytes + max(int(LARGEST_SHARE * smallest_bytes), LARGEST_BYTES)


def test_the_table_has_what_is_compared() -> None:
    """Fourteen models, in two halves, on six pairs of core and kernels."""
    pairs = {(row["target"], row["kernels"]) for row in rows()}
    assert (84, 6) == (len(rows()), len(pairs))
    assert sorted((*FITTED, *CHECKED)) == sorted({row["model"] for row in rows()})


@pytest.mark.parametrize("half", [FITTED, CHECKED], ids=["fitted", "checked"])
def test_every_row_is_computed_to_the_byte(half: tuple[str, ...]) -> None:
    """Head, tail and the smallest arena are what the programs took on Cortex-M4, Cortex-M55, rv32imc and x86-64."""
    wrong = {}
    for row in rows():
        measured = ArenaUse(
            head_bytes=int(row["head_bytes"]),
            tail_bytes=int(row["tail_bytes"]),
            smallest_bytes=int(row["min_arena_mult16"]),
        )
        found = replay(model(row["model"]), KERNELS[row["kernels"]], core_of(row))
        if row["model"] in half and found != measured:
            wrong[row["model"], row["target"], row["kernels"]] = (found, measured)
    assert {} == wrong


@pytest.mark.parametrize("family", ["cmake", "esp_idf"])
@pytest.mark.parametrize("half", [FITTED, CHECKED], ids=["fitted", "checked"])
def test_every_constant_is_enough_and_not_wasteful(half: tuple[str, ...], family: str) -> None:
    """It is at least the smallest working arena, and at most 3 % or 256 bytes above, whoever chooses the revision."""
    wrong = {}
    for row in rows():
        smallest_bytes, emitted_bytes = int(row["min_arena_bytes"]), constant(row, family)
        if row["model"] in half and not smallest_bytes <= emitted_bytes <= allowed(smallest_bytes):
            wrong[row["model"], row["target"], row["kernels"]] = (emitted_bytes, smallest_bytes)
    assert {} == wrong


def test_used_bytes_are_both_ends() -> None:
    """What the interpreter reports is head and tail, which is not always enough to start."""
    use = replay(model("autoencoder"), Kernels.REFERENCE, "cortex-m4")
    assert (192, 1012, 1204) == (use.head_bytes, use.tail_bytes, use.used_bytes)
    assert use.used_bytes < use.smallest_bytes


def test_every_revision_takes_what_was_measured() -> None:
    """The revisions that families have use to the byte what is computed, and the arena is enough in each of them."""
    wrong = {}
    for row in revision_rows():
        found = replay(
            model(row["graph"]),
            Kernels(row["kernels"]),
            row["core"],
            static_memory=row["static_memory"] == "yes",
            revision=row["revision"],
        )
        excess = found.smallest_bytes - int(row["min_arena_mult16"])
        largest = COPIES_BYTES if row["graph"] in GRAPHS else 0
        if found.used_bytes != int(row["arena_used_bytes"]) or not 0 <= excess <= largest:
            wrong[row["graph"], row["revision"]] = (found, row)
    assert {} == wrong


@pytest.mark.parametrize(
    ("family", "board", "revision"),
    [("arduino", "nano_33_ble", "chirale-2.0.0"), ("pico_sdk", "pico2", "87d5152c")],
)
def test_a_family_gets_what_its_own_revision_takes(family: str, board: str, revision: str) -> None:
    """Also Chirale's Arduino library, whose CMSIS-NN asks for scratch that reference kernels do not need."""
    wrong = {}
    for row in revision_rows():
        if row["revision"] != revision:
            continue
        smallest_bytes = int(row["min_arena_mult16"])
        emitted_bytes = computed_arena_bytes(model(row["graph"]), load_target(board), load_family(family))
        if not smallest_bytes <= emitted_bytes <= allowed(smallest_bytes):
            wrong[row["graph"]] = (emitted_bytes, smallest_bytes)
    assert {} == wrong


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
    for name in (*FITTED, *CHECKED):
        graph = model(name)
        small, whole = (replay(graph, Kernels.REFERENCE, "cortex-m4", static_memory=flag) for flag in (True, False))
        boundary = len(graph.main.inputs) + len(graph.main.outputs)
        more = 12 * sum(len(subgraph.operators) for subgraph in graph.subgraphs) + 32 * boundary
        assert small.head_bytes == whole.head_bytes
        assert 0 <= whole.tail_bytes - small.tail_bytes - more + 16 < 32
        assert small.smallest_bytes < whole.smallest_bytes
