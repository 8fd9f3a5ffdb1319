"""Where the source model comes from: files and functions, checked before any stage runs."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from support.command import python
from support.digits import CONVERT_ALONE, tiny_arrays, write_npz

from edgewright.pipeline import run
from edgewright.pipeline.errors import DataError, EdgewrightError
from edgewright.pipeline.inputs import InputRequest
from edgewright.pipeline.outcome import OutputRequest
from edgewright.pipeline.progress import SilentReporter

pytestmark = pytest.mark.slow

FUNCTIONS = """\
import numpy as np
import tf_keras
from tf_keras import layers

def number(data, seed, reporter): return 7
def nothing(data, seed, reporter): pass
def unbuilt(data, seed, reporter): return tf_keras.Sequential([layers.Flatten(), layers.Dense(10)])
def leaves(data, seed, reporter): raise SystemExit(0)

def subclassed(data, seed, reporter):
    class Mine(tf_keras.Model):
        def __init__(self):
            super().__init__()
            self.flat, self.dense = layers.Flatten(), layers.Dense(10)
        def call(self, x):
            return self.dense(self.flat(x))
    model = Mine()
    model(data.train.x[0][:1])
    return model

def scores(data, seed, reporter):
    return tf_keras.Sequential([layers.Input((8, 8, 1)), layers.Conv2D(10, 1)])

def single(data, seed, reporter):
    return tf_keras.Sequential([layers.Input((8, 8, 1)), layers.Flatten(), layers.Dense(1)])

def two_inputs(data, seed, reporter):
    inputs = [layers.Input((8, 8, 1)), layers.Input((8, 8, 1))]
    return tf_keras.Model(inputs, layers.Dense(10)(layers.Flatten()(layers.Add()(inputs))))

def infinite(data, seed, reporter):
    model = tf_keras.Sequential([layers.Input((8, 8, 1)), layers.Flatten(), layers.Dense(10)])
    model.set_weights([np.inf * weight for weight in model.get_weights()])
    return model

def four_classes(data, seed, reporter):
    return tf_keras.Sequential([layers.Input((8, 8, 1)), layers.Flatten(), layers.Dense(4)])
"""


@pytest.fixture
def build(tmp_path: Path) -> Callable[..., Any]:
    """A function that runs a build in this process, up to where it is refused."""
    write_npz(tmp_path / "good.npz", tiny_arrays())
    (tmp_path / "mine.py").write_text(f"# {tmp_path}\n{FUNCTIONS}")
    (tmp_path / "convert.toml").write_text(CONVERT_ALONE)

    def run_build(model: str, data: str = "good.npz") -> Any:
        output = OutputRequest(target="host", out=tmp_path / "out", cache=tmp_path / "cache")
        request = run.BuildRequest(
            inputs=InputRequest(
                recipe=tmp_path / "convert.toml", model=str(tmp_path / model), data=str(tmp_path / data)
            ),
            output=output,
        )
        return run.build(request, SilentReporter(), _never)

    return run_build


def _never(*_: object) -> Any:
    raise AssertionError("this build should not have come to measuring")


@pytest.mark.parametrize(
    ("name", "fragment"),
    [
        ("number", "int"),
        ("nothing", "NoneType"),
        ("unbuilt", "input"),
        ("leaves", "raised SystemExit: 0"),
        ("subclassed", "subclassed"),
        ("scores", r"\(8, 8, 10\)"),
        ("single", "label 9; the model has 2 classes"),
        ("two_inputs", r"1 input\(s\) for each sample, but .* has 2"),
        ("infinite", "NaN or infinity"),
        ("four_classes", "label 9; the model has 4 classes"),
        ("nosuch", 'has no function "nosuch"'),
    ],
)
def test_functions_that_give_no_classifier(build: Callable[..., Any], tmp_path: Path, name: str, fragment: str) -> None:
    """Whatever else than a fixed classifier of the data comes back is refused in one line that says where to look."""
    with pytest.raises(EdgewrightError, match=fragment) as caught:
        build(f"mine.py:{name}")
    assert any(place in str(caught.value) for place in ("mine.py", "good.npz: y_train", "model: "))
    assert 1 == len(str(caught.value).splitlines())
    assert not (tmp_path / "out").exists()


def test_labels_below_zero(build: Callable[..., Any], tmp_path: Path) -> None:
    """A negative label belongs to no class of the model."""
    write_npz(tmp_path / "negative.npz", tiny_arrays(), y_train=np.full(40, -1))
    with pytest.raises(DataError, match="y_train holds the label -1"):
        build("mine.py:four_classes", "negative.npz")


TENSORFLOW_FIRST = """
import os
from pathlib import Path
from edgewright.pipeline.errors import DataError
from edgewright.pipeline.frameworks import load_keras
from edgewright.pipeline.userfile import parse_user_function

function = parse_user_function("mine.py:load", Path(), "data")
returned = function.call(function.load(DataError), DataError)
print(returned, load_keras().__version__ != "", os.environ["TF_NUM_INTRAOP_THREADS"])
"""


def test_a_data_function_that_uses_tensorflow(tmp_path: Path) -> None:
    """A user's file may import TensorFlow and compute with it before we do; it gets Keras 2 and one thread as well."""
    (tmp_path / "mine.py").write_text(
        "import tensorflow as tf\ndef load():\n    return tf.keras.Model.__module__[:8], float(tf.square(3.0))\n"
    )
    finished = python(TENSORFLOW_FIRST, cwd=tmp_path)
    assert (0, "('tf_keras', 9.0) True 1\n") == (finished.returncode, finished.stdout)
