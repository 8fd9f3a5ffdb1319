"""Seven shoulder exercises, recorded by a smartwatch, which ship with seglearn (BSD licence).

140 recordings of ten persons at 50 Hz, six channels: acceleration in g and angular rate in rad/s.
Windows of 128 steps overlap by half. Nobody stands in two splits: persons 9 and 10 test, 8 validates, the rest trains.
"""

from __future__ import annotations

import hashlib
import io
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import numpy.typing as npt

WINDOW, HOP = 128, 64
VALIDATION_SUBJECT, FIRST_TEST_SUBJECT = 8, 9
RAW_SHA256 = "eb122f23cdf06ef6bd6c6c5312958ec5cf9d038e2e6d457b8081662c75a42537"


def load() -> dict[str, npt.NDArray[np.generic]]:
    """Return windows (N, 128, 6) float32 in the sensors' units, class indices (N,), and the exercises' names."""
    content = _file().read_bytes()
    digest = hashlib.sha256(content).hexdigest()
    if digest != RAW_SHA256:  # the file is a pickle, which may hold any code: only this very one is opened
        raise ValueError(f"{_file()} has the SHA-256 {digest} instead of {RAW_SHA256}; pip install seglearn==1.2.5")
    raw = np.load(io.BytesIO(content), allow_pickle=True).item()
    windows, classes, subjects = [], [], []
    for recording, exercise, subject in zip(raw["X"], raw["y"], raw["subject"], strict=True):
        starts = range(0, len(recording) - WINDOW + 1, HOP)
        windows += [recording[start : start + WINDOW] for start in starts]
        classes += [exercise] * len(starts)
        subjects += [subject] * len(starts)
    x, y, person = np.asarray(windows, np.float32), np.asarray(classes, np.int64), np.asarray(subjects)
    splits = {
        "train": person < VALIDATION_SUBJECT,
        "val": person == VALIDATION_SUBJECT,
        "test": person >= FIRST_TEST_SUBJECT,
    }
    arrays: dict[str, npt.NDArray[np.generic]] = {}
    for name, chosen in splits.items():
        arrays[f"x_{name}"], arrays[f"y_{name}"] = x[chosen], y[chosen]
    return {**arrays, "labels": np.array(raw["y_labels"])}


def load_fingerprint() -> str:
    """Return the digest of the file that `load` reads, so that its arrays can be kept."""
    return hashlib.sha256(_file().read_bytes()).hexdigest()


def _file() -> Path:
    package = find_spec("seglearn")
    if package is None or package.origin is None:
        raise ModuleNotFoundError("seglearn is missing; pip install seglearn==1.2.5")
    return Path(package.origin).parent / "data" / "watch_dataset.npy"
