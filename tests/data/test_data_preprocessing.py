"""Preprocessing of data: applied to every split, measured on the training split alone."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from edgewright.pipeline.cache import Cache
from edgewright.pipeline.data import DataSettings, DataSource, open_data
from edgewright.pipeline.data import npyfile as npyfile_module
from edgewright.pipeline.errors import DataError
from edgewright.pipeline.preprocessing import Normalization, Preprocessing


def opened(folder: Path, cache: Cache, *written: dict[str, object]) -> DataSource:
    """Open `d.npz` with preprocessing as a recipe says it."""
    tables = tuple(Preprocessing.model_validate(table) for table in written)
    return open_data("d.npz", folder, cache, DataSettings(preprocessing=tables))


@pytest.mark.parametrize("chunk_bytes", [1, 1 << 23], ids=["row by row", "at once"])
def test_figures_are_measured_on_the_training_split(
    tmp_path: Path, cache: Cache, monkeypatch: pytest.MonkeyPatch, chunk_bytes: int
) -> None:
    """Mean and deviation of each channel are those of what stays for training, whatever the size of a chunk."""
    monkeypatch.setattr(npyfile_module, "CHUNK_BYTES", chunk_bytes)
    x = np.random.default_rng(1).normal([1000, -3], [0.1, 5], size=(200, 4, 2)).astype(np.float32)
    np.savez(tmp_path / "d.npz", x_train=x, x_test=x + 1)
    source = opened(tmp_path, cache, {"scale": 0.5, "normalization": "train"})
    plain = opened(tmp_path, cache, {"scale": 0.5}).load()
    (resolved,) = source.preprocessing
    rows = plain.train.x[0].reshape(-1, 2).astype(np.float64)
    assert isinstance(resolved.normalization, Normalization)
    np.testing.assert_allclose(resolved.normalization.mean, rows.mean(axis=0), rtol=1e-6)
    np.testing.assert_allclose(resolved.normalization.std, rows.std(axis=0), rtol=1e-6)
    mean, std = (np.float32(figures) for figures in (resolved.normalization.mean, resolved.normalization.std))
    data = source.load()
    for split, raw in ((data.train, plain.train), (data.validation, plain.validation), (data.test, plain.test)):
        assert ((raw.x[0] - mean) / std).tolist() == split.x[0].tolist()


def test_measured_figures_are_written_out_again(tmp_path: Path, cache: Cache) -> None:
    """The figures that were measured give the same samples when they are given as they are."""
    x = np.random.default_rng(1).normal(3, 5, size=(50, 4, 2))
    np.savez(tmp_path / "d.npz", x_train=x, x_test=x)
    measured = opened(tmp_path, cache, {"normalization": "train"})
    (resolved,) = measured.preprocessing
    given = opened(tmp_path, cache, resolved.model_dump(mode="json"))
    assert measured.digest == given.digest


def test_a_constant_channel_is_only_shifted(tmp_path: Path, cache: Cache) -> None:
    """A channel without deviation is not divided by zero."""
    x = np.stack([np.full(20, 7.0), np.arange(20.0)], axis=1)
    np.savez(tmp_path / "d.npz", x_train=x, x_test=x)
    data = opened(tmp_path, cache, {"normalization": "train"}).load()
    assert {0.0} == set(data.test.x[0][:, 0].tolist())


def test_each_input_has_its_own(tmp_path: Path, cache: Cache) -> None:
    """A list of tables is one for each input, a single table is for all of them."""
    x = {f"x_{split}_{i}": np.ones((4, 2)) for split in ("train", "test") for i in (0, 1)}
    np.savez(tmp_path / "d.npz", **x)
    each = opened(tmp_path, cache, {"scale": 2}, {"scale": 3}).load()
    every = opened(tmp_path, cache, {"scale": 2}).load()
    assert [2.0, 3.0] == [float(array[0, 0]) for array in each.test.x]
    assert [2.0, 2.0] == [float(array[0, 0]) for array in every.test.x]
    with pytest.raises(DataError, match=r"has 2 input\(s\), but preprocessing has 3 tables"):
        opened(tmp_path, cache, {}, {}, {})


REFUSED: dict[str, tuple[dict[str, object], str]] = {
    "resize": ({"resize": [2, 2]}, r"x_train has the shape \(4, 3\), but preprocessing resizes images"),
    "channels": ({"channels": 1}, "x_train has 3 channels, but preprocessing says channels = 1"),
    "scale": ({"scale": [1, 2]}, "x_train has 3 channels, but scale of preprocessing has 2 figures"),
    "mean": ({"normalization": {"mean": [0] * 4, "std": [1]}}, "but mean of preprocessing has 4 figures"),
    "overflow": ({"scale": 1e30, "offset": 1e30, "normalization": {"mean": [0], "std": [1e-30]}}, "x_train has 12 val"),
}


@pytest.mark.parametrize(("written", "fragment"), REFUSED.values(), ids=REFUSED.keys())
def test_preprocessing_that_does_not_belong_to_the_data(
    tmp_path: Path, cache: Cache, written: dict[str, object], fragment: str
) -> None:
    """What cannot be done to these samples is refused with both sides' figures."""
    np.savez(tmp_path / "d.npz", x_train=np.ones((4, 3)), x_test=np.ones((4, 3)))
    with pytest.raises(DataError, match=fragment):
        opened(tmp_path, cache, written)
