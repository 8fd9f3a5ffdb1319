"""Agreement: differences are counted, and a planted one is reported with the layer that it was planted in."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.benches import quick_bench, tiny_tflite
from support.engines import odd_engine
from support.graphs import tiny_graph

from edgewright.pipeline.interpreters import ENGINES, tflm_engine
from edgewright.runtime_bench.bench import choose_setups
from edgewright.runtime_bench.bench.matrix import tolerance_between
from edgewright.runtime_bench.bench.outputs import RowOutputs, promise_of


def test_promises_are_about_tflm() -> None:
    """Reference kernels are promised within 1 LSB of TFLM, XNNPACK within 2, and nothing else is promised."""
    setups = {
        setup.id: RowOutputs(setup=setup, integers=(), scores=(), promised_lsb=promise_of(setup))
        for setup in choose_setups()
    }
    tflm = setups["tflm/reference/1"]
    assert 1 == tolerance_between(tflm, setups["litert/reference/1"])
    assert 2 == tolerance_between(setups["litert/xnnpack/1"], tflm)
    assert tolerance_between(tflm, setups["tensorflow/builtin/1"]) is None
    assert tolerance_between(setups["litert/reference/1"], setups["litert/xnnpack/1"]) is None


@pytest.mark.slow
def test_real_engines_agree_as_promised(tmp_path: Path) -> None:
    """Every engine at hand agrees with TFLM on the tiny network, which stands first in the matrix."""
    found = quick_bench([tiny_tflite(tmp_path)], engines=ENGINES).models[0]
    measured = [row for row in found.rows if row.unavailable is None]
    assert [None] * len(measured) == [row.failure for row in measured]
    assert len(measured) * (len(measured) - 1) // 2 == len(found.pairs)
    promised = [pair for pair in found.pairs if pair.tolerance_lsb is not None]
    assert ["tflm/reference/1"] * (len(measured) - 1) == [pair.left for pair in promised]
    assert [True] * len(promised) == [pair.holds for pair in promised]
    assert {64} == {pair.sample_count for pair in found.pairs}
    assert all(pair.differing_class_count is not None for pair in found.pairs)


@pytest.mark.parametrize(
    ("tensor", "layer", "operator"), [("filters", "maps", "CONV_2D"), ("weights", "logits", "FULLY_CONNECTED")]
)
def test_a_planted_difference_is_reported_with_its_layer(
    tensor: str, layer: str, operator: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An engine that computes one layer with other weights is caught, and the layer is named."""
    graph = tiny_graph()
    content = graph.data(next(one for one in graph.main.tensors if one.name == tensor))
    assert content is not None
    wrong = odd_engine(
        tmp_path, monkeypatch, on_open=f"tflite = tflite.replace({content!r}, {bytes(reversed(content))!r})"
    )
    (pair,) = quick_bench([tiny_tflite(tmp_path)], engines=(wrong, tflm_engine())).models[0].pairs
    assert (("tflm/reference/1", "odd/reference/1"), False, 1) == (
        (pair.left, pair.right),
        pair.holds,
        pair.tolerance_lsb,
    )
    assert pair.largest_lsb is not None
    assert pair.largest_lsb > 1
    assert pair.first_differing_sample is not None
    assert pair.divergence is not None
    assert (layer, operator, layer) == (
        pair.divergence.layer, pair.divergence.operator, pair.divergence.first_differing_layer,
    )  # fmt: skip
    assert pair.divergence.largest_lsb > 1


def test_a_difference_that_no_layer_shows_is_reported_without_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An engine that spoils what it gives only where the model has one output cannot be blamed on a layer."""
    lying = odd_engine(
        tmp_path, monkeypatch, on_outputs="outputs = (outputs[0] // 2,) if len(outputs) == 1 else outputs"
    )
    (pair,) = quick_bench([tiny_tflite(tmp_path)], engines=(lying, tflm_engine())).models[0].pairs
    assert pair.divergence is not None
    assert pair.divergence.layer is None
    assert pair.divergence.note is not None
    assert pair.divergence.note.startswith("no operator differs as much")


def test_the_first_differing_sample_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An engine that is wrong from its sixth answer on differs from sample 5 on, and in as many samples as are left."""
    late = odd_engine(
        tmp_path, monkeypatch,
        on_outputs="self.count = getattr(self, 'count', 0) + 1; outputs = (outputs[0] ^ (1 if self.count > 5 else 0),)",
    )  # fmt: skip
    (pair,) = quick_bench([tiny_tflite(tmp_path)], engines=(late, tflm_engine())).models[0].pairs
    assert (5, 59, 1, True) == (
        pair.first_differing_sample, pair.differing_sample_count, pair.largest_lsb, pair.holds,
    )  # fmt: skip
    assert pair.divergence is None
