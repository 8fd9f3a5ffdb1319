"""Hostile files: whatever the bytes, reading gives a graph or one `TfliteError`, soon, and without much memory.

A graph that is read must also come through everything that looks at graphs, with the same alternative.
"""

from __future__ import annotations

import contextlib
import struct
import time
import tracemalloc
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from support.graphs import tiny_graph
from support.schemas import load_schema, repack, schema_path

from edgewright.pipeline.errors import TfliteError
from edgewright.pipeline.graph import (
    Graph,
    lifetimes,
    liveness_bound_bytes,
    operator_weight_bytes,
    read,
    require_full_integer,
    total_macs,
    total_weight_bytes,
    write,
)

pytestmark = pytest.mark.slow

LIMIT_S = 1.0
TINY = write(tiny_graph())
EXTREMES = (0, 1, 3, 4, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFC, 0xFFFFFFFF, len(TINY), len(TINY) - 1)
QUICK = settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
THOROUGH = settings(max_examples=10_000, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def _look(graph: Graph) -> None:
    """Do everything that can be done with a graph without running it."""
    for subgraph in graph.subgraphs:
        liveness_bound_bytes(lifetimes(subgraph), alignment=16)
    for operator in graph.main.operators:
        operator_weight_bytes(graph, operator)
    total_weight_bytes(graph)
    assert graph == read(write(graph))
    total_macs(graph)
    require_full_integer(graph, "model")


def _settle(content: bytes) -> bool:
    """Read bytes; whether a graph came of it."""
    started = time.perf_counter()
    try:
        graph = read(content)
    except TfliteError as error:
        assert "\n" not in str(error)
        assert len(str(error)) < 600
        return False
    finally:
        assert time.perf_counter() - started < LIMIT_S
    try:
        _look(graph)
    except TfliteError as error:
        assert "\n" not in str(error)
    return True


def _settle_all(contents: Iterable[bytes]) -> int:
    """Read many; how many of them gave a graph."""
    return sum(_settle(content) for content in contents)


@QUICK
@given(content=st.binary(max_size=300), with_header=st.booleans())
def test_random_bytes_are_settled(content: bytes, with_header: bool) -> None:
    """Bytes without any structure are refused, with a proper start as well."""
    _settle(struct.pack("<I4s", 8, b"TFL3") + content if with_header else content)


def test_every_truncation_is_refused(reference_models: tuple[Path, ...]) -> None:
    """A file that was not copied whole never reads as a model: cut anywhere, every 7th byte, and near the end."""
    assert not any(_settle(TINY[:end]) for end in range(len(TINY) - 16))
    content = min(reference_models, key=lambda path: path.stat().st_size).read_bytes()
    assert not any(_settle(content[:end]) for end in range(0, len(content) - 16, 7))


def test_every_flipped_bit_is_settled() -> None:
    """A wrong bit in any byte of a model either does no harm to its structure or is refused."""
    flipped = (
        TINY[:position] + bytes([TINY[position] ^ (1 << position % 8)]) + TINY[position + 1 :]
        for position in range(len(TINY))
    )
    assert 0 < _settle_all(flipped) < len(TINY)


@pytest.mark.slow
def test_every_offset_and_length_overwritten_is_settled() -> None:
    """Every aligned word of a model takes extreme values in turn, and every half word, of which vtables are made."""
    words = (
        TINY[:position] + struct.pack("<I", value) + TINY[position + 4 :]
        for position in range(0, len(TINY) - 4, 4)
        for value in EXTREMES
    )
    halves = (
        TINY[:position] + struct.pack("<H", value) + TINY[position + 2 :]
        for position in range(0, len(TINY) - 2, 2)
        for value in (0, 5, 0x7FFE, 0xFFFF)
    )
    assert 0 < _settle_all(words)
    assert 0 < _settle_all(halves)


_PLACES = st.integers(0, len(TINY) - 9)
_CHANGES = st.one_of(
    st.tuples(st.just("byte"), _PLACES, st.integers(0, 255)),
    st.tuples(st.just("word"), _PLACES, st.sampled_from(EXTREMES) | st.integers(0, 2**32 - 1)),
    st.tuples(st.just("copy"), _PLACES, _PLACES),
    st.tuples(st.just("point"), _PLACES, _PLACES),
    st.tuples(st.just("drop"), _PLACES, st.integers(1, 8)),
)


def _change(content: bytes, kind: str, place: int, value: int) -> bytes:
    """Change a file at one place: a byte, a word, words from elsewhere, an offset to elsewhere, or bytes left out."""
    if kind == "byte":
        return content[:place] + bytes([value]) + content[place + 1 :]
    if kind == "drop":
        return content[:place] + content[place + value :]
    word = {
        "word": struct.pack("<I", value),
        "copy": content[value : value + 8],
        "point": struct.pack("<I", (value - place) % 2**32),
    }[kind]
    return content[:place] + word + content[place + len(word) :]


def _mutate(changes: list[tuple[str, int, int]]) -> None:
    """Settle the tiny model after several changes."""
    content = TINY
    for change in changes:
        content = _change(content, *change)
    _settle(content)


@QUICK
@given(changes=st.lists(_CHANGES, min_size=1, max_size=6))
def test_mutated_models_are_settled(changes: list[tuple[str, int, int]]) -> None:
    """Several changes at once, offsets that lead to other tables among them."""
    _mutate(changes)


@pytest.mark.full
@THOROUGH
@given(changes=st.lists(_CHANGES, min_size=1, max_size=12))
def test_many_mutated_models_are_settled(changes: list[tuple[str, int, int]]) -> None:
    """Several changes at once, on a larger sample."""
    _mutate(changes)


@pytest.mark.full
def test_every_reference_model_mutated_is_settled(reference_models: tuple[Path, ...]) -> None:
    """Every word of the start of every reference model, where its tables are, takes extreme values."""
    for path in reference_models:
        content = path.read_bytes()
        for position in [*range(0, 1024, 4), *range(len(content) - 6000, len(content) - 4, 4)]:
            for value in (0, 0x7FFFFFFF, 0xFFFFFFFC):
                _settle(content[:position] + struct.pack("<I", value) + content[position + 4 :])


_EXTENTS = st.sampled_from([-(2**31), -1, 0, 1, 2, 65535, 65536, 2**31 - 1])


@QUICK
@given(
    shape=st.lists(_EXTENTS, max_size=40),
    signature=st.lists(_EXTENTS, max_size=5),
    tensor=st.integers(0, 9),
    axis=_EXTENTS,
    scales=st.lists(st.floats(width=32), max_size=3),
)
def test_huge_shapes_are_settled(
    shape: list[int], signature: list[int], tensor: int, axis: int, scales: list[float]
) -> None:
    """Shapes, signatures and quantization of extreme values overflow nothing, here or downstream."""

    def change(model: Any) -> None:
        target = model.subgraphs[0].tensors[tensor]
        target.shape, target.shapeSignature = shape, signature
        if target.quantization is not None:
            target.quantization.quantizedDimension = axis
            target.quantization.scale, target.quantization.zeroPoint = scales, [0] * len(scales)

    _settle(repack(TINY, change))


@QUICK
@given(
    operator=st.integers(0, 3),
    code=st.integers(-1, 215),
    inputs=st.lists(st.integers(-2, 10), max_size=30),
    outputs=st.lists(st.integers(-2, 10), max_size=4),
    keep_options=st.booleans(),
)
def test_rewired_operators_are_settled(
    operator: int, code: int, inputs: list[int], outputs: list[int], keep_options: bool
) -> None:
    """Operators of any kind with any tensors, too few and too many, harm no reader."""

    def change(model: Any) -> None:
        target = model.subgraphs[0].operators[operator]
        model.operatorCodes[target.opcodeIndex].deprecatedBuiltinCode = 0
        model.operatorCodes[target.opcodeIndex].builtinCode = code
        target.inputs, target.outputs = inputs, outputs
        if not keep_options:
            target.builtinOptionsType, target.builtinOptions = 0, None

    _settle(repack(TINY, change))


def _bomb(kind: str, count: int) -> bytes:
    """Make a file in which `count` offsets share one table, and tables share vectors and strings."""
    import flatbuffers

    path = schema_path("tflite_micro")
    assert path is not None
    schema = load_schema(path)
    builder = flatbuffers.Builder(1024)

    def repeat(table: int, times: int) -> int:
        builder.StartVector(4, times, 4)
        for _ in range(times):
            builder.PrependUOffsetTRelative(table)
        return int(builder.EndVector())

    name = builder.CreateString("x" * count) if kind == "names" else 0
    builder.StartVector(4, count, 4)
    for _ in range(count):
        builder.PrependInt32(1)
    numbers = builder.EndVector()
    schema.TensorStart(builder)
    if kind == "names":
        schema.TensorAddName(builder, name)
    if kind == "shapes":
        schema.TensorAddShape(builder, numbers)
    tensors = repeat(schema.TensorEnd(builder), count)
    schema.SubGraphStart(builder)
    schema.SubGraphAddTensors(builder, tensors)
    subgraphs = repeat(schema.SubGraphEnd(builder), count if kind == "subgraphs" else 1)
    schema.BufferStart(builder)
    if kind == "buffers":
        schema.BufferAddData(builder, numbers)
    buffers = repeat(schema.BufferEnd(builder), count)
    schema.ModelStart(builder)
    schema.ModelAddVersion(builder, 3)
    schema.ModelAddSubgraphs(builder, subgraphs)
    schema.ModelAddBuffers(builder, buffers)
    builder.Finish(schema.ModelEnd(builder), b"TFL3")
    return bytes(builder.Output())


@pytest.mark.parametrize("kind", ["names", "shapes", "subgraphs", "buffers"])
def test_files_whose_parts_overlap_are_refused_soon(kind: str) -> None:
    """A small file that describes gigabytes by sharing is refused within a second and a few times its size."""
    content = _bomb(kind, 20_000)
    started = time.perf_counter()
    tracemalloc.start()
    try:
        with pytest.raises(TfliteError, match="overlap so much"):
            read(content)
        assert tracemalloc.get_traced_memory()[1] < 100 * len(content)
    finally:
        tracemalloc.stop()
    assert time.perf_counter() - started < 5 * LIMIT_S  # tracing makes it several times slower


def test_reading_takes_memory_in_proportion() -> None:
    """Refused or not, a mutated model takes at most a few times its size, and what Python itself needs."""
    tracemalloc.start()
    try:
        for position in range(0, len(TINY) - 4, 28):
            for value in EXTREMES:
                tracemalloc.reset_peak()
                before = tracemalloc.get_traced_memory()[0]
                with contextlib.suppress(TfliteError):
                    read(TINY[:position] + struct.pack("<I", value) + TINY[position + 4 :])
                assert tracemalloc.get_traced_memory()[1] - before < 2_000_000
    finally:
        tracemalloc.stop()
