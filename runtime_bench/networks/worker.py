"""Builds one of MLPerf Tiny's networks with its weights and data, in a process of its own that loads TensorFlow."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import numpy.typing as npt

from edgewright.pipeline.frameworks import seed_everything
from edgewright.pipeline.models import adopt_model, save_model
from edgewright.pipeline.training import predict
from edgewright.runtime_bench.networks.mlperf import MLPERF
from edgewright.runtime_bench.networks.obtaining import DATA, KERAS
from edgewright.runtime_bench.networks.weights import draw_samples, draw_weights

COUNTS = {"train": 200, "val": 16, "test": 64}
AUTOENCODER_PATTERNS = 8


def main(arguments: list[str]) -> None:
    """Leave `model.keras` and `data.npz` in a folder.

    Args:
        arguments: the folder, the seed of weights and samples, and the network's name.
    """
    folder, seed, name = Path(arguments[0]), int(arguments[1]), arguments[2]
    reference = MLPERF[name]
    seed_everything(seed)
    x, patterns = draw_samples(reference.shape, reference.classes or AUTOENCODER_PATTERNS, sum(COUNTS.values()), seed)
    model = adopt_model(reference.build(), name).model
    draw_weights(model, x[: COUNTS["train"]], seed)
    save_model(model, folder / KERAS)
    y = patterns % 2 if reference.classes is None else predict(model, (x,))[0].argmax(axis=1)
    arrays: dict[str, npt.NDArray[np.generic]] = {}
    first = 0
    for split, count in COUNTS.items():
        arrays[f"x_{split}"], arrays[f"y_{split}"] = x[first : first + count], y[first : first + count]
        first += count
    np.savez(folder / DATA, **arrays)


if __name__ == "__main__":
    main(sys.argv[1:])
