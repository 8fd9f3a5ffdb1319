"""`tf.data.Dataset`s: batches and samples, several inputs, and what cannot be used."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from edgewright.pipeline.cache import Cache
from edgewright.pipeline.data import Data, DataSettings, open_data
from edgewright.pipeline.errors import DataError
from edgewright.pipeline.preprocessing import Preprocessing

pytestmark = pytest.mark.slow

FUNCTIONS = """\
import numpy as np
import tensorflow as tf

X, Y = np.arange(60, dtype=np.uint8).reshape(20, 3), np.arange(20) % 2
D = tf.data.Dataset
pairs = D.from_tensor_slices((X, Y))

def samples(): return {"train": pairs, "test": pairs.take(4), "labels": ["a", "b"]}
def batches(): return {"train": pairs.batch(7), "test": pairs.take(4).batch(3)}
def mixed(): return pairs.batch(7), pairs.take(4)
def three(): return pairs, pairs.take(3), pairs.take(4)
def alone(): return D.from_tensor_slices(X), D.from_tensor_slices(X[:4])
def named():
    dataset = D.from_tensor_slices(({"z": X, "a": X[:, :2]}, (Y, Y / 2)))
    return {"train": dataset.batch(5), "test": dataset.take(4), "validation": dataset.take(2)}
def sized():
    images = [(np.full((4 + i, 5 + i, 1), i, np.float32), i % 2) for i in range(6)]
    specs = tf.TensorSpec((None, None, 1)), tf.TensorSpec((), tf.int64)
    dataset = D.from_generator(lambda: images, output_signature=specs)
    return dataset, dataset

def dropped(): return pairs.batch(5, drop_remainder=True), pairs
def weighted(): return (D.from_tensor_slices((X, Y, Y)),) * 2
def empty(): return pairs, pairs.take(0)
def text(): return (D.from_tensor_slices((X.astype(str), Y)),) * 2
def single(): return {"train": pairs}
def uneven(): return pairs, alone()[0]
def unknown(): return (D.from_generator(lambda: iter(X), output_types=tf.uint8),) * 2
def fails():
    def generate():
        yield X[0]
        raise KeyError("no more")
    return (D.from_generator(generate, output_signature=tf.TensorSpec((3,), tf.uint8)),) * 2
"""


def load(folder: Path, cache: Cache, name: str, **written: object) -> Data:
    """Load what a function's datasets hold."""
    path = folder / "sets.py"
    if not path.exists():
        path.write_text(f"# {folder}\n{FUNCTIONS}")
    settings = DataSettings(preprocessing=(Preprocessing.model_validate(written),))
    return open_data(f"sets.py:{name}", folder, cache, settings).load()


@pytest.mark.parametrize("name", ["samples", "batches", "mixed"])
def test_samples_and_batches_are_the_same(tmp_path: Path, cache: Cache, name: str) -> None:
    """Whether a dataset is batched or not, its samples arrive in their order."""
    data = load(tmp_path, cache, name)
    assert [18, 2, 4] == [len(split) for split in (data.train, data.validation, data.test)]
    assert np.arange(12).reshape(4, 3).tolist() == data.test.x[0].tolist()
    assert [0, 1, 0, 1] == data.test.y[0].tolist()
    assert (np.float32, np.int64) == (data.test.x[0].dtype, data.test.y[0].dtype)
    assert (("a", "b") if name == "samples" else ()) == data.labels


def test_three_datasets_are_training_validation_and_test(tmp_path: Path, cache: Cache) -> None:
    """A tuple of three has the validation split in the middle."""
    data = load(tmp_path, cache, "three")
    assert [20, 3, 4] == [len(split) for split in (data.train, data.validation, data.test)]


def test_inputs_without_targets(tmp_path: Path, cache: Cache) -> None:
    """A dataset that yields samples alone has no targets."""
    data = load(tmp_path, cache, "alone")
    assert ((), ()) == (data.train.y, data.test.y)


def test_several_inputs_keep_their_order(tmp_path: Path, cache: Cache) -> None:
    """Inputs of a dictionary come in its own order, not in that of the alphabet; targets likewise."""
    data = load(tmp_path, cache, "named")
    for split in (data.train, data.validation, data.test):
        assert [(3,), (2,)] == [array.shape[1:] for array in split.x]
        assert [np.int64, np.float32] == [array.dtype for array in split.y]
    assert [0.0, 0.5] == data.validation.y[1].tolist()


def test_images_of_different_sizes_are_resized(tmp_path: Path, cache: Cache) -> None:
    """Samples with open axes come one by one, and a declared size makes them alike."""
    assert (2, 3, 1) == load(tmp_path, cache, "sized", resize=[2, 3]).test.x[0].shape[1:]
    with pytest.raises(DataError, match=r"x_train holds samples of the shapes \(4, 5, 1\) and \(5, 6, 1\)"):
        load(tmp_path, cache, "sized")


@pytest.mark.parametrize(
    ("name", "fragment"),
    [
        ("dropped", "which may be one sample or a batch; batch it without drop_remainder"),
        ("weighted", "the dataset train yields tuples of 3"),
        ("empty", "the dataset test yields nothing"),
        ("text", "samples must be numbers"),
        ("single", 'returned train; give {"train": …, "test": …}'),
        ("uneven", "yield different numbers of inputs and targets"),
        ("unknown", "of unknown shape for x_train"),
        ("fails", "KeyError"),
    ],
)
def test_datasets_that_cannot_be_used(tmp_path: Path, cache: Cache, name: str, fragment: str) -> None:
    """What cannot be read as samples is refused in one line that names the function."""
    with pytest.raises(DataError) as caught:
        load(tmp_path, cache, name)
    assert fragment in str(caught.value)
    assert f"sets.py:{name}" in str(caught.value)
    assert 1 == len(str(caught.value).splitlines())
