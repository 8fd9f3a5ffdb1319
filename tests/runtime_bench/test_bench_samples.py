"""What every engine runs, and what it is worth: test splits with scores, or drawn inputs."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from support.benches import quick_bench, tiny_tflite
from support.digits import tiny_arrays, write_npz
from support.graphs import Draft, tiny_graph

from edgewright.pipeline.cache import Cache
from edgewright.pipeline.errors import BadInputError, DataError
from edgewright.pipeline.feeding import model_inputs
from edgewright.pipeline.graph import DType
from edgewright.pipeline.interpreters import Request, run, tflm_engine
from edgewright.runtime_bench.bench import open_examination
from edgewright.runtime_bench.bench.samples import Examination, samples_of

RECIPE = """\
[source]
data = "data.npz"
[task]
kind = "classification"
metric = "metric.py:share"
[[stages]]
stage = "convert"
"""


def examination_of(folder: Path, shape: tuple[int, ...] = (4, 4, 2), recipe: str | None = None) -> Examination:
    """Data of the tiny network's shape, and how it is judged."""
    write_npz(folder / "data.npz", tiny_arrays(shape, 3))
    path = None
    if recipe is not None:
        path = folder / "recipe.toml"
        path.write_text(recipe)
    data = None if recipe is not None else str(folder / "data.npz")
    found = open_examination(data, path, Cache(root=folder / "cache"))
    assert found is not None
    return found


def test_the_whole_test_split_is_scored(tmp_path: Path) -> None:
    """The accuracy in the bench is that of the interpreter's classes, inside its interval, over all test samples."""
    examination = examination_of(tmp_path)
    found = quick_bench([tiny_tflite(tmp_path)], examination=examination)
    test = examination.data.load().test
    outputs = run(
        Request(
            engine=tflm_engine(), tflite=tiny_tflite(tmp_path).read_bytes(), inputs=model_inputs(tiny_graph(), test.x)
        )
    ).outputs[0]
    (score, *_) = found.models[0].rows[0].scores
    assert pytest.approx(float((outputs.argmax(axis=1) == test.y[0]).mean())) == score.value
    assert score.low < score.value < score.high
    assert (6, "the test split of the data") == (found.models[0].sample_count, found.models[0].samples)
    assert found.metric is not None
    assert ("accuracy", True) == (found.metric.name, found.metric.higher_is_better)
    assert examination.data.digest == found.data_digest


def test_the_recipes_task_and_data_are_taken(tmp_path: Path) -> None:
    """A recipe's own metric decides, on the data that it names."""
    (tmp_path / "metric.py").write_text(
        "def share(y, predictions):\n    return float((predictions.argmax(axis=1) == y).mean())\n"
    )
    examination = examination_of(tmp_path, recipe=RECIPE)
    found = quick_bench([tiny_tflite(tmp_path)], examination=examination)
    assert found.metric is not None
    assert "share" == found.metric.name
    assert ["share", "accuracy"] == [score.name for score in found.models[0].rows[0].scores][:2]


def test_data_of_another_shape_is_refused(tmp_path: Path) -> None:
    """Samples that the model does not take are refused before anything is measured, with both shapes."""
    examination = examination_of(tmp_path, shape=(8, 8, 1))
    with pytest.raises(
        DataError, match=r"samples have the shapes \[\(8, 8, 1\)\], and the model takes \[\(4, 4, 2\)\]"
    ):
        quick_bench([tiny_tflite(tmp_path)], examination=examination)


def test_a_recipe_without_data_needs_some(tmp_path: Path) -> None:
    """Where neither names data, the sentence says where to give it; without both nothing is scored."""
    (tmp_path / "recipe.toml").write_text('[[stages]]\nstage = "convert"\n')
    with pytest.raises(BadInputError, match="data: is missing; give --data"):
        open_examination(None, tmp_path / "recipe.toml", Cache(root=tmp_path / "cache"))
    assert open_examination(None, None, Cache(root=tmp_path / "cache")) is None


def test_drawn_inputs_cover_the_integers_and_repeat() -> None:
    """Without data the inputs are uniform over the type, the same for the same seed, and real for the float model."""
    first, again, other = (samples_of(tiny_graph(), None, seed) for seed in (1, 1, 2))
    np.testing.assert_array_equal(first.given[0], again.given[0])
    assert (first.given[0] != other.given[0]).any()
    assert (-128, 127, True) == (first.given[0].min(), first.given[0].max(), first.classifies)
    np.testing.assert_allclose((first.given[0].astype(float) + 3) / 128, first.real[0])


def test_inputs_in_floating_point_are_drawn_as_well() -> None:
    """A float input takes what its integers stand for, or normal numbers where there are none."""
    draft = Draft()
    x = draft.input((1, 4), dtype=DType.FLOAT32, scale=None)
    integers = draft.operator("QUANTIZE", (x,), (1, 4), scale=0.5)
    drawn = samples_of(draft.graph(integers), None, 1)
    np.testing.assert_array_equal(drawn.given[0] * 2, np.round(drawn.given[0] * 2))
    draft = Draft()
    plain = draft.input((1, 4), dtype=DType.FLOAT32, scale=None)
    out = draft.operator("ADD", (plain, plain), (1, 4), dtype=DType.FLOAT32, scale=None)
    found = samples_of(draft.graph(out), None, 1)
    assert (np.float32, False) == (found.given[0].dtype, found.classifies)
    assert -5 < found.given[0].min() < 0 < found.given[0].max() < 5
