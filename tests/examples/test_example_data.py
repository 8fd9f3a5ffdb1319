"""The data of the examples: real, split as it is said to be, and opened only if it is the very file."""

from __future__ import annotations

from collections.abc import Callable
from importlib.util import find_spec
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from edgewright.examples.anomaly import data as anomaly
from edgewright.examples.mnist import data as mnist
from edgewright.examples.motion import data as motion

pytestmark = pytest.mark.skipif(
    find_spec("seglearn") is None, reason="the watch data is not there; pip install seglearn==1.2.5"
)
SPLITS = ("train", "val", "test")
Arrays = dict[str, npt.NDArray[Any]]


@pytest.fixture(scope="module")
def arrays() -> dict[str, Arrays]:
    """The arrays of each example, read once."""
    loads: dict[str, Callable[[], Arrays]] = {"mnist": mnist.load, "motion": motion.load, "anomaly": anomaly.load}
    return {name: load() for name, load in loads.items()}


@pytest.mark.parametrize(
    ("name", "counts", "shape"),
    [
        ("mnist", (3600, 400, 1000), (28, 28, 1)),
        ("motion", (2460, 372, 773), (128, 6)),
        ("anomaly", (2460, 372, 773), (128, 6)),
    ],
)
def test_splits(arrays: dict[str, Arrays], name: str, counts: tuple[int, ...], shape: tuple[int, ...]) -> None:
    """Each split has its samples and every class; the labels name the classes."""
    data = arrays[name]
    for split, count in zip(SPLITS, counts, strict=True):
        x, y = data[f"x_{split}"], data[f"y_{split}"]
        assert ((count, *shape), np.float32, (count,), np.int64) == (x.shape, x.dtype, y.shape, y.dtype)
        assert list(range(len(data["labels"]))) == np.unique(y).tolist()


@pytest.mark.parametrize("name", ["mnist", "motion"])
def test_no_sample_stands_in_two_splits(arrays: dict[str, Arrays], name: str) -> None:
    """Splits are disjoint."""
    sets = [{sample.tobytes() for sample in arrays[name][f"x_{split}"]} for split in SPLITS]
    assert sum(len(one) for one in sets) == len(set().union(*sets))


def test_digits_are_split_evenly(arrays: dict[str, Arrays]) -> None:
    """Each digit has the same share of each split."""
    for split, count in zip(SPLITS, (360, 40, 100), strict=True):
        assert [count] * 10 == np.bincount(arrays["mnist"][f"y_{split}"]).tolist()


def test_windows_overlap_by_half(arrays: dict[str, Arrays]) -> None:
    """The second half of a window is the first half of the next one, within a recording."""
    x = arrays["motion"]["x_train"]
    joined = [np.array_equal(before[64:], after[:64]) for before, after in pairwise(x)]
    assert len(joined) - joined.count(True) < 7 * 14  # persons and recordings of each
    assert ["PEN", "ABD", "FEL", "IR", "ER", "TRAP", "ROW"] == arrays["motion"]["labels"].tolist()


def test_one_exercise_is_normal(arrays: dict[str, Arrays]) -> None:
    """The anomaly example has the windows of the motion example; those of its one exercise are class 0."""
    for split in SPLITS:
        assert np.array_equal(arrays["motion"][f"x_{split}"], arrays["anomaly"][f"x_{split}"])
        expected = arrays["motion"][f"y_{split}"] != arrays["motion"]["labels"].tolist().index(anomaly.NORMAL)
        assert expected.tolist() == arrays["anomaly"][f"y_{split}"].astype(bool).tolist()


def test_another_pickle_is_not_opened(monkeypatch: pytest.MonkeyPatch) -> None:
    """A file that is not the published one is refused before it is unpickled."""
    monkeypatch.setattr(motion, "RAW_SHA256", "0" * 64)
    monkeypatch.setattr(np, "load", lambda *_arguments, **_options: pytest.fail("it was opened"))
    with pytest.raises(ValueError, match=r"SHA-256 eb122f.* instead of 0000.*; pip install seglearn==1\.2\.5"):
        motion.load()


def test_a_missing_package_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the package that holds the data there is a line that installs it."""
    monkeypatch.setattr(motion, "find_spec", lambda _name: None)
    with pytest.raises(ModuleNotFoundError, match=r"pip install seglearn==1\.2\.5"):
        motion.load()


def test_fingerprints_tell_the_examples_apart() -> None:
    """Each example's data is known by a digest of its own, the same at each call."""
    digests = [data.load_fingerprint() for data in (mnist, motion, anomaly)]
    assert 3 == len(set(digests))
    assert digests == [data.load_fingerprint() for data in (mnist, motion, anomaly)]
