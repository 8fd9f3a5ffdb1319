"""The published models beside the clone go in as they are; what comes out is held against their authors' int8 files."""

from __future__ import annotations

import runpy
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from support.command import edgewright
from support.digits import write_npz
from support.models import reference_models

from edgewright.pipeline.feeding import model_inputs, real_outputs
from edgewright.pipeline.frameworks import load_keras
from edgewright.pipeline.graph import read, require_full_integer
from edgewright.pipeline.interpreters import Request, run, tflite_engine
from edgewright.pipeline.report import load_report

pytestmark = pytest.mark.slow

FloatArray = npt.NDArray[np.float32]
PUBLISHED = [
    ("pretrainedResnet.h5", "pretrainedResnet_quant.tflite", "images"),
    ("kws_ref_model_savedmodel", "kws_ref_model.tflite", "features"),
]
"""The float model, its authors' int8 file, and the function that draws inputs for them."""
TRAIN_COUNT, TEST_COUNT = 300, 500
BUILT_WITH = 40
"""How many of the test samples the build itself is given, which runs them in every interpreter."""
FLOOR = 0.9
"""What the description of these models says that the published files reach."""


def outputs_of(tflite: bytes, x: FloatArray, class_count: int) -> FloatArray:
    """Return what an int8 model gives for each sample, in real values."""
    graph = read(tflite)
    result = run(Request(engine=tflite_engine(), tflite=tflite, inputs=model_inputs(graph, (x,))))
    (outputs,) = real_outputs(graph, result.outputs, [(class_count,)])
    return outputs


def write_data(path: Path, x_train: FloatArray, x_test: FloatArray, model: Any) -> FloatArray:
    """Save inputs with the float model's classes as targets; returns its outputs for the test split."""
    y_train, y_test = (model.predict(x, verbose=0) for x in (x_train, x_test))
    chosen = np.linspace(0, len(x_test) - 1, BUILT_WITH).astype(int)
    write_npz(
        path,
        {
            "x_train": x_train, "y_train": y_train.argmax(axis=-1),
            "x_test": x_test[chosen], "y_test": y_test[chosen].argmax(axis=-1),
        },
    )  # fmt: skip
    outputs: FloatArray = y_test
    return outputs


@pytest.mark.parametrize(
    ("name", "authors_file", "drawn"),
    [pytest.param(*row, marks=pytest.mark.full if row[-1] == "images" else [], id=row[-1]) for row in PUBLISHED],
)
def test_ours_agrees_with_the_float_model_as_often_as_the_authors(
    name: str, authors_file: str, drawn: str, tmp_path: Path
) -> None:
    """On 500 drawn inputs our int8 file gives the float model's class as often as the published one, and is closer."""
    folder = reference_models()
    draw = runpy.run_path(str(folder / "draw_inputs.py"))[drawn]
    original = load_keras().models.load_model(folder / name, compile=False)
    x = draw(TEST_COUNT)
    expected = write_data(tmp_path / "drawn.npz", draw(TRAIN_COUNT, seed=1), x, original)

    finished = edgewright("build", "--target", "host", "--model", folder / name, "--data", "drawn.npz", cwd=tmp_path)

    assert (0, "") == (finished.returncode, finished.stderr)
    tflite = (tmp_path / "build" / "host" / "model.tflite").read_bytes()
    require_full_integer(read(tflite), name)
    ours, theirs = (
        outputs_of(content, x, expected.shape[-1]) for content in (tflite, (folder / authors_file).read_bytes())
    )
    our_share, their_share = (
        float((outputs.argmax(axis=-1) == expected.argmax(axis=-1)).mean()) for outputs in (ours, theirs)
    )
    assert max(their_share, FLOOR) <= our_share
    assert np.abs(ours - expected).mean() < np.abs(theirs - expected).mean()
    report = load_report(tmp_path / "build" / "host" / "report.json")
    assert report.test is not None
    assert 1.0 == report.test.source["accuracy"]
