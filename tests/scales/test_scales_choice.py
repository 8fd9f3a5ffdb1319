"""The choice between scales of channels and of tensors: what it takes, keeps, costs and tells."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pydantic import ValidationError
from support.stages import run_stage, stage_named

from edgewright.pipeline.arena import measure_host_arena
from edgewright.pipeline.conversion import Flavour
from edgewright.pipeline.data import Split
from edgewright.pipeline.errors import TfliteError
from edgewright.pipeline.graph import read, strip, write
from edgewright.pipeline.layers import layers_path, read_layers
from edgewright.pipeline.models import load_model
from edgewright.pipeline.scales import Bench, choose_scales, pair, read_scales, scales_path
from edgewright.pipeline.scales.trial import MOST_SAMPLES, draw_split, movement
from edgewright.pipeline.stages.convert import AS_TRAINED, ConvertSettings
from edgewright.pipeline.surgery.quantization_archive import save_quantization_aware
from edgewright.pipeline.surgery.quantization_aware import annotate, calibrate
from edgewright.pipeline.tasks import TaskSettings, open_objective

EACH = Flavour(strip=False, per_channel_dense=True)
ONE = Flavour(strip=False, per_channel_convolutions=False)
Convert = Callable[[Flavour], Path]


@pytest.fixture(scope="module")
def bench(spoiled: Any) -> Bench:
    """Measures on samples that nothing was calibrated with."""
    with np.load(spoiled.data) as arrays:
        split = Split(x=(arrays["x_train"][100:],), y=(arrays["y_train"][100:].astype(np.int64),))
    objective = open_objective(TaskSettings(), Path())
    return Bench(split=split, objective=objective, strip=True)


@pytest.fixture(scope="module")
def pairing_and_names(converted: Convert) -> Any:
    """The model, converted twice, and the names of its layers."""
    pairing = pair(*(read(converted(flavour).read_bytes()) for flavour in (EACH, ONE)))
    return pairing, read_layers(layers_path(converted(EACH)), pairing.per_channel)


@pytest.mark.slow
def test_a_layer_that_needs_its_channels_scales_keeps_them(chosen: Any) -> None:
    """The layer of which one channel's weights are huge keeps a scale for each; the others give theirs up."""
    record = read_scales(chosen.path)
    assert record is not None
    counts = {one.layer: one.scale_count for one in record.layers}
    assert {"conv": 1, "deep": 1, "spoiled": 40, "classes": 1} == counts
    graph = read(chosen.path.read_bytes())
    weights = {
        name: graph.main.tensors[operator.inputs[1]].quantization
        for operator, name in zip(graph.main.operators, read_layers(layers_path(chosen.path), graph), strict=True)
        if name in counts and len(operator.inputs) > 2
    }
    assert counts == {name: len(one.scales) for name, one in weights.items() if one}


@pytest.mark.slow
def test_what_each_choice_costs_is_told(chosen: Any) -> None:
    """Each layer has its loss and its bytes; what was chosen lies between the ends, and the notes say the same."""
    record = read_scales(chosen.path)
    assert record is not None
    rows = {one.layer: one for one in record.layers}
    assert rows["spoiled"].score_loss > 0.2 > record.accepted_loss
    assert rows["spoiled"].output_change > 10 * rows["classes"].output_change > 0
    assert "one scale costs too much alone" == rows["spoiled"].reason
    # TFLM keeps a multiplier and a shift for each channel of a fully-connected layer that has several scales
    assert 8 * 40 <= rows["spoiled"].arena_bytes_saved
    assert ("saves RAM", "saves flash") == (rows["classes"].reason, rows["conv"].reason)
    assert min(one.file_bytes_saved for one in record.layers) > 0
    assert record.per_channel.score - record.chosen.score <= record.accepted_loss
    assert record.per_tensor.score < record.chosen.score - 0.2
    sizes = [(one.arena_bytes, one.file_bytes) for one in (record.per_channel, record.chosen, record.per_tensor)]
    assert sizes == sorted(sizes, reverse=True)
    assert len(chosen.path.read_bytes()) == record.chosen.file_bytes
    text = "\n".join(chosen.notes)
    assert "one scale for all weights in 3 of 4 layers" in text
    kept = '"spoiled" (FULLY_CONNECTED) keeps 40 scales: one scale costs too much alone'
    assert [kept in text, '"classes"' in text] == [True, False]
    assert all(f"{one.file_bytes:,} bytes" in text for one in (record.per_channel, record.chosen, record.per_tensor))


@pytest.mark.slow
def test_the_same_is_chosen_every_time(chosen: Any, spoiled: Any, tmp_path: Path) -> None:
    """Model and record are the same bytes when the choice is made anew."""
    again = run_stage(
        stage_named("convert"), spoiled.model, spoiled.data, tmp_path, cache=spoiled.cache, representative_count=50,
        scales="auto",
    )  # fmt: skip
    for path in (again, scales_path(again), layers_path(again)):
        assert (chosen.path.parent / path.name).read_bytes() == path.read_bytes()


@pytest.mark.slow
def test_the_arena_falls_in_tflms_own_interpreter(chosen: Any, converted: Convert) -> None:
    """TFLM's interpreter runs in an arena that is smaller by about as much as was computed."""
    graph = read(chosen.path.read_bytes())
    pairing = pair(*(read(converted(flavour).read_bytes()) for flavour in (EACH, ONE)))
    ends = [write(strip(one)) for one in (pairing.per_channel, pairing.per_tensor)]
    most, between, least = (measure_host_arena(tflite) for tflite in (ends[0], write(graph), ends[1]))
    assert most > between > least
    assert most - least >= 8 * (40 + 4)


@pytest.mark.slow
def test_how_much_may_be_lost_decides(pairing_and_names: Any, bench: Bench) -> None:
    """All get one scale where anything may be lost; else one sample may be, unless the budget is used up."""
    pairing, names = pairing_and_names
    free = choose_scales(pairing, names, bench, max_drop=1.0)
    assert [1, 1, 1, 1] == [one.scale_count for one in free.record.layers]
    assert free.record.chosen == free.record.per_tensor
    assert write(strip(pairing.per_tensor)) == write(strip(free.graph))
    strict = choose_scales(pairing, names, bench, max_drop=0.0)
    assert 1 / len(bench.split) == strict.record.accepted_loss
    tight = choose_scales(pairing, names, bench, max_drop=1.0, worst_score=1.0)
    assert 0 == tight.record.accepted_loss
    assert tight.record.chosen.score >= tight.record.per_channel.score
    assert 40 == tight.record.layers[2].scale_count


@pytest.mark.slow
def test_losses_are_measured_together(pairing_and_names: Any, bench: Bench) -> None:
    """Layers that are each within the limit but not together: the best come first, and what is left over says so."""
    pairing, names = pairing_and_names
    targets = bench.measure(pairing.per_channel).outputs
    objective = open_objective(TaskSettings(kind="regression"), Path())
    errors = Bench(split=Split(x=bench.split.x, y=targets), objective=objective, strip=True)
    alone = {one.layer: one.score_loss for one in choose_scales(pairing, names, errors, max_drop=0.0).record.layers}
    limit = max(loss for layer, loss in alone.items() if layer != "spoiled")
    assert 0 < limit < alone["spoiled"]
    record = choose_scales(pairing, names, errors, max_drop=limit).record
    kept = {one.layer: one.reason for one in record.layers if one.scale_count > 1}
    assert 0 == record.per_channel.score < record.chosen.score <= limit
    assert "one scale costs too much alone" == kept.pop("spoiled")
    assert {"one scale costs too much beside the others"} == set(kept.values())
    assert 1 <= len(kept) <= 2


@pytest.mark.slow
def test_a_trained_quantization_is_left_alone(spoiled: Any, tmp_path: Path) -> None:
    """A quantization-aware model keeps the scales that it was trained with, and the notes say so."""
    aware = annotate(load_model(spoiled.model), per_channel_dense=True)
    with np.load(spoiled.data) as arrays:
        calibrate(aware, [arrays["x_train"][:50]])
    path, notes = tmp_path / "aware.keras", list[str]()
    save_quantization_aware(aware, path)
    outputs = [
        run_stage(
            stage_named("convert"), path, spoiled.data, tmp_path / str(*settings), notes=notes, cache=spoiled.cache,
            representative_count=50, **settings,
        )
        for settings in ({"scales": "auto"}, {"per_channel_dense": True})
    ]  # fmt: skip
    assert [AS_TRAINED] == notes
    assert outputs[0].read_bytes() == outputs[1].read_bytes()
    assert read_scales(outputs[0]) is None


def test_a_damaged_record_is_refused(tmp_path: Path) -> None:
    """What cannot be read is told with its path; where there is nothing, nothing was chosen."""
    assert read_scales(tmp_path / "model.tflite") is None
    (tmp_path / "model.scales.json").write_text('{"layers": []}')
    with pytest.raises(TfliteError, match=r"model\.scales\.json: cannot be read as a choice of scales; convert the"):
        read_scales(tmp_path / "model.tflite")


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"activations": "int16"}, 'scales = "auto" goes with int8 activations only'),
        ({"per_channel_dense": True}, 'per_channel_dense = true leaves scales = "auto" no choice'),
    ],
)
def test_settings_without_a_choice_are_refused(settings: dict[str, object], words: str) -> None:
    """Where each kernel takes one kind of scales, or the recipe says which, there is nothing to choose."""
    with pytest.raises(ValidationError, match=words):
        ConvertSettings.model_validate({"scales": "auto", **settings})


def test_fixed_scales_of_the_settings() -> None:
    """Whoever measures before the choice takes fixed scales, and the settings' own where they are fixed."""
    own = ConvertSettings(per_channel_dense=True)
    assert own is own.with_fixed_scales(per_channel_dense=False)
    auto = ConvertSettings(scales="auto", strip=False)
    assert ConvertSettings(strip=False) == auto.with_fixed_scales(per_channel_dense=False)
    assert [False, True] == [own.minds_budget, auto.minds_budget]


def test_samples_and_movement() -> None:
    """Many samples are drawn in order, the same ones for a seed; a movement is a share of the outputs' spread."""
    split = Split(x=(np.arange(2000.0),), y=())
    drawn = draw_split(split, 1).x[0]
    assert (MOST_SAMPLES, True) == (len(drawn), bool((np.diff(drawn) > 0).all()))
    assert drawn.tolist() == draw_split(split, 1).x[0].tolist()
    few = Split(x=(np.arange(3.0),), y=())
    assert few is draw_split(few, 1)
    before = (np.float32([[-1], [1]]), np.float32([[5], [5]]))
    assert 0.5 == movement(before, (np.float32([[-1.5], [1.5]]), np.float32([[5], [5]])))
    assert 2.0 == movement(before, (before[0], np.float32([[7], [7]])))
