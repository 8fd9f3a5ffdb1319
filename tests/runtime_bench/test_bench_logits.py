"""What lies before a softmax: cut out of the graph, and what the promise about engines is held against."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.benches import quick_bench, tiny_tflite
from support.engines import odd_engine
from support.graphs import Draft, tiny_graph

from edgewright.pipeline.graph import DType, Graph, read, write
from edgewright.pipeline.interpreters import tflm_engine
from edgewright.runtime_bench.bench import views
from edgewright.runtime_bench.bench.logits import before_softmax


def softmax_graph(*, converted: bool = False, read_again: bool = False) -> Graph:
    """Return a softmax, perhaps with its result in floating point, or with a second reader."""
    draft = Draft()
    logits = draft.input((1, 3), scale=2**-4)
    options = {"options_type": "SoftmaxOptions", "options": {"beta": 1.0}, "version": 2}
    classes = draft.operator("SOFTMAX", (logits,), (1, 3), scale=2**-8, zero_point=-128, **options)  # type: ignore[arg-type]
    if converted:
        classes = draft.operator("DEQUANTIZE", (classes,), (1, 3), dtype=DType.FLOAT32, scale=None)
    if read_again:
        return draft.graph(classes, draft.operator("RESHAPE", (classes,), (3, 1), options_type="ReshapeOptions"))
    return draft.graph(classes)


def test_the_graph_ends_at_the_logits() -> None:
    """The softmax is left out, and what converts its result; everything before it stays, and can be written."""
    shorter = before_softmax(tiny_graph())
    assert shorter is not None
    assert ["CONV_2D", "RESHAPE", "FULLY_CONNECTED"] == [operator.op for operator in shorter.main.operators]
    (output,) = read(write(shorter)).main.outputs
    assert "logits" == shorter.main.tensors[output].name
    converted = before_softmax(softmax_graph(converted=True))
    assert converted is not None
    assert ((), (0,)) == (converted.main.operators, converted.main.outputs)


def test_a_graph_that_ends_otherwise_is_left_alone() -> None:
    """Without a softmax at the end, or with another reader of its result, there is nothing to cut."""
    shorter = before_softmax(tiny_graph())
    assert shorter is not None
    assert before_softmax(shorter) is None
    assert before_softmax(softmax_graph(read_again=True)) is None


def test_a_promise_is_held_against_the_logits(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An engine that is 3 LSB off behind the softmax alone keeps its promise, and both figures are told."""
    late = odd_engine(
        tmp_path, monkeypatch,
        on_open=f"global is_whole; is_whole = len(tflite) == {len(write(tiny_graph()))}",
        on_outputs="outputs = (outputs[0] ^ 3 if is_whole else outputs[0],)",
    )  # fmt: skip
    found = quick_bench([tiny_tflite(tmp_path)], engines=(late, tflm_engine()))
    (pair,) = found.models[0].pairs
    assert (3, 0, 1, True, None) == (
        pair.largest_lsb, pair.logits_lsb, pair.tolerance_lsb, pair.holds, pair.divergence,
    )  # fmt: skip
    (matrix,) = (view for view in views(found) if "agreement over" in view.title)
    assert "3 LSB behind the softmax" in " ".join(matrix.notes)
    (engines,) = (view for view in views(found) if "loading, memory" in view.title)
    assert ["as promised", "-"] == [row[-1] for row in engines.rows]
