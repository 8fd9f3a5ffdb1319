"""Windows of the motion example as normal and not: one exercise is normal, the six others are anomalies."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
import numpy.typing as npt

from edgewright.examples.motion import data as motion

NORMAL = "FEL"
"""Forward elevation of the arm, the third of the seven exercises."""


def load() -> dict[str, npt.NDArray[np.generic]]:
    """Return windows (N, 128, 6) float32 in the sensors' units; 0 is normal, 1 an anomaly.

    The split is by person, as there. Only the normal windows are there to be trained on.
    """
    arrays = motion.load()
    normal = arrays["labels"].tolist().index(NORMAL)
    for split in ("train", "val", "test"):
        arrays[f"y_{split}"] = (arrays[f"y_{split}"] != normal).astype(np.int64)
    return {**arrays, "labels": np.array(["normal", "anomaly"])}


def load_fingerprint() -> str:
    """Return the digest of what `load` reads and of the code that cuts windows, so that its arrays can be kept."""
    code = Path(motion.__file__).read_bytes()
    return hashlib.sha256(motion.load_fingerprint().encode() + code).hexdigest()
