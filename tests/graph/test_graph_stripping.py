"""Stripping: what no interpreter reads is gone, and what is computed is the same to the bit."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest

from edgewright.pipeline.golden import random_inputs
from edgewright.pipeline.graph import Graph, Metadata, Signature, read, strip, write
from edgewright.pipeline.interpreters import ENGINES, Request, run


@pytest.fixture
def dressed(tiny: Graph) -> Graph:
    """The tiny network with all that a converter adds."""
    metadata = (Metadata(name="min_runtime_version", buffer_index=len(tiny.buffers)),)
    offline = Metadata(name="OfflineMemoryAllocation", buffer_index=len(tiny.buffers) + 1)
    names = [tensor.name for tensor in tiny.main.tensors]
    main = dataclasses.replace(
        tiny.main,
        tensors=tuple(
            dataclasses.replace(tensor, name=f"model/{name}", minimums=(0.0,), maximums=(1.0,))
            for tensor, name in zip(tiny.main.tensors, names, strict=True)
        ),
    )
    signature = Signature(
        key="serving_default", subgraph_index=0, inputs=(("picture", tiny.main.inputs[0]),), outputs=()
    )
    return dataclasses.replace(
        tiny,
        subgraphs=(main,),
        buffers=(*tiny.buffers, b"1.5.0", b"\1\2\3\4", b"", b"", tiny.buffers[1]),
        metadata=(*metadata, offline),
        signatures=(signature,),
        metadata_buffers=(len(tiny.buffers),),
    )


def test_only_what_is_read_stays(dressed: Graph) -> None:
    """Names but those at the boundary, signatures, calibration, unused buffers and most metadata are gone."""
    stripped = strip(dressed)
    main = stripped.main
    names = {tensor.index: tensor.name for tensor in main.tensors if tensor.name}
    (start,), (end,) = main.inputs, main.outputs
    assert {start: "picture", end: f"{dressed.main.tensors[end].name}"} == names
    assert ((), (), "", "") == (stripped.signatures, stripped.metadata_buffers, stripped.description, main.name)
    assert {((), ())} == {(tensor.minimums, tensor.maximums) for tensor in main.tensors}
    assert ["OfflineMemoryAllocation"] == [entry.name for entry in stripped.metadata]
    assert b"\1\2\3\4" == stripped.buffers[stripped.metadata[0].buffer_index]
    assert len(set(stripped.buffers)) == len(stripped.buffers)
    assert b"" == stripped.buffers[0]
    assert b"1.5.0" not in stripped.buffers


def test_constants_shapes_and_operators_stay(dressed: Graph) -> None:
    """Every tensor keeps shape, type, quantization and content, every operator all that it has."""
    stripped = strip(dressed)
    for before, after in zip(dressed.main.tensors, stripped.main.tensors, strict=True):
        assert (before.shape, before.dtype, before.quantization) == (after.shape, after.dtype, after.quantization)
        assert dressed.data(before) == stripped.data(after)
    assert dressed.main.operators == stripped.main.operators
    assert stripped == strip(stripped)


def test_a_stripped_file_reads_back(dressed: Graph) -> None:
    """The writer and the reader lose nothing, and the file is smaller."""
    whole = write(dressed)
    content = write(strip(read(whole)))
    assert strip(read(whole)) == read(content)
    assert len(content) < len(whole)


@pytest.mark.slow
@pytest.mark.parametrize("step", [pytest.param(4, id="sample"), pytest.param(1, id="all", marks=pytest.mark.full)])
def test_reference_models_compute_the_same(reference_models: tuple[Path, ...], step: int) -> None:
    """In every engine and set of kernels a stripped model gives the same bytes, at 98 % of the size or less."""
    for path in reference_models[::step]:
        whole = path.read_bytes()
        graph = read(whole)
        stripped = write(strip(graph))
        assert len(stripped) < 0.98 * len(whole), path.name
        inputs = tuple(array[:3] for array in random_inputs(graph, 1))
        for engine in ENGINES:
            if engine.unavailable_reason() is not None:
                continue
            for resolver in engine.resolvers:
                ours, theirs = (
                    run(Request(engine=engine, tflite=tflite, inputs=inputs, resolver=resolver)).outputs
                    for tflite in (stripped, whole)
                )
                assert all(np.array_equal(one, other) for one, other in zip(ours, theirs, strict=True)), path.name


def test_equal_vectors_are_written_once(tiny: Graph) -> None:
    """A shape that several tensors have takes its bytes once."""
    shape = (*[1] * 18, 5, 7)
    tensors = list(tiny.main.tensors)
    spare = [
        dataclasses.replace(tensors[0], index=len(tensors) + more, name="", shape=shape, quantization=None)
        for more in range(2)
    ]
    sizes = []
    for count in (0, 1, 2):
        main = dataclasses.replace(tiny.main, tensors=(*tensors, *spare[:count]))
        sizes.append(len(write(dataclasses.replace(tiny, subgraphs=(main,)))))
    first, second = sizes[1] - sizes[0], sizes[2] - sizes[1]
    # The file grows in steps of 16 bytes.
    assert first - second >= 4 * len(shape) - 16
