"""The validation split: how much of what is held out, and that it is the same every time."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgewright.pipeline.cache import Cache
from edgewright.pipeline.data import DataSettings, Validation, open_data
from edgewright.pipeline.data.validation import choose_of_each_class, hold_out
from edgewright.pipeline.errors import DataError


@given(classes=st.lists(st.integers(0, 5), min_size=2, max_size=200), share=st.floats(0.01, 0.99, exclude_max=True))
def test_each_class_is_held_out_in_its_share(classes: list[int], share: float) -> None:
    """The total is the share to the nearest sample, each class is within one of its own, and one of each stays."""
    y = np.array(classes)
    chosen = choose_of_each_class(y, share)
    counts = np.unique(y, return_counts=True)[1]
    taken = np.array([int(chosen[y == label].sum()) for label in np.unique(y)])
    assert (taken <= counts - 1).all()
    assert (taken <= np.floor(counts * share) + 1).all()
    if int((counts - 1).sum()):
        assert 1 <= taken.sum() <= max(1, round(len(y) * share))
    assert chosen.tolist() == choose_of_each_class(y, share).tolist()


@pytest.mark.parametrize(
    "y", [np.arange(100) % 4, np.eye(4)[np.arange(100) % 4], (np.arange(100) % 4)[:, None]], ids=["n", "hot", "column"]
)
def test_what_looks_like_classes_is_stratified(y: Any) -> None:
    """Indices, one-hot rows and a column of indices are held out evenly."""
    held = hold_out(y, 100, None, Validation(share=0.2), "d.npz")
    assert [5, 5, 5, 5] == [int(held[np.arange(100) % 4 == label].sum()) for label in range(4)]


@pytest.mark.parametrize(
    "y",
    [
        None,
        np.linspace(0, 1, 50),
        np.arange(50) * 7,
        np.ones((50, 8, 8)),
        np.random.default_rng(0).normal(size=(50, 3)),
    ],
    ids=["none", "floats", "different integers", "images", "rows"],
)
def test_other_targets_are_held_out_at_random(y: Any) -> None:
    """Where targets are no classes, or there are none, the share is of all samples."""
    assert 10 == int(hold_out(y, 50, None, Validation(share=0.2), "d.npz").sum())


def test_whole_groups_are_held_out() -> None:
    """With groups, each one is on one side alone, the share is about right and each class stays in training."""
    generator = np.random.default_rng(3)
    groups = np.array([f"person {index}" for index in generator.integers(0, 20, 1000)])
    y = generator.integers(0, 3, 1000)
    held = hold_out(y, 1000, groups, Validation(share=0.2, by="group"), "d.npz")
    assert set() == set(groups[held]) & set(groups[~held])
    assert 150 <= int(held.sum()) <= 250
    assert {0, 1, 2} == set(y[~held])


GROUPS: dict[str, tuple[Any, str]] = {
    "missing": (None, "has no groups_train"),
    "too few": (np.zeros(3), r"groups_train has the shape \(3,\)"),
    "one": (np.zeros(6), "has one group alone"),
    "a class each": (np.array([0, 0, 0, 1, 1, 1]), "holds all samples of some class"),
}


@pytest.mark.parametrize(("groups", "fragment"), GROUPS.values(), ids=GROUPS.keys())
def test_groups_that_cannot_be_held_out(groups: Any, fragment: str) -> None:
    """Groups that are missing, misshapen or cannot be parted are refused."""
    with pytest.raises(DataError, match=fragment):
        hold_out(np.array([0, 0, 0, 1, 1, 1]), 6, groups, Validation(by="group"), "d.npz")


def test_single_samples_cannot_be_held_out() -> None:
    """One sample of each class cannot be parted."""
    with pytest.raises(DataError, match="has one training sample of each class"):
        hold_out(np.arange(3), 3, None, Validation(), "d.npz")


def test_rows_stay_together_and_in_order(tmp_path: Path, cache: Cache) -> None:
    """Inputs, targets and groups of a sample go to the same split, in the order of the source."""
    numbers = np.arange(60)
    np.savez(
        tmp_path / "d.npz", x_train_0=numbers[:, None], x_train_1=numbers[:, None] * 2, y_train=numbers % 3,
        groups_train=numbers // 6, x_test_0=[[1]], x_test_1=[[1]], y_test=[1],
    )  # fmt: skip
    settings = DataSettings(validation=Validation(share=0.3, by="group"))
    data = open_data("d.npz", tmp_path, cache, settings).load()
    for split in (data.train, data.validation):
        rows = split.x[0][:, 0]
        assert sorted(rows) == rows.tolist()
        assert (rows * 2).tolist() == split.x[1][:, 0].tolist()
        assert (rows % 3).tolist() == split.y[0].tolist()
    assert (42, 18) == (len(data.train), len(data.validation))


def test_a_given_validation_split_is_kept(tmp_path: Path, cache: Cache) -> None:
    """Where the data has x_val, nothing is cut off the training samples."""
    x = np.arange(8, dtype=np.float32).reshape(4, 2)
    np.savez(tmp_path / "d.npz", x_train=x, x_val=x + 1, x_test=x + 2)
    data = open_data("d.npz", tmp_path, cache).load()
    assert [x.tolist(), (x + 1).tolist()] == [data.train.x[0].tolist(), data.validation.x[0].tolist()]


def test_settings_decide_the_digest(tmp_path: Path, cache: Cache) -> None:
    """Another share gives other data, and the same share the same."""
    np.savez(tmp_path / "d.npz", x_train=np.ones((50, 2)) * np.arange(50)[:, None], x_test=np.ones((2, 2)))
    digests = [
        open_data("d.npz", tmp_path, cache, DataSettings(validation=Validation(share=share))).digest
        for share in (0.1, 0.2, 0.1)
    ]
    assert digests[0] == digests[2]
    assert digests[0] != digests[1]
