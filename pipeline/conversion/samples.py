"""Representative samples: what calibrates the ranges of activations."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from edgewright.pipeline.digest import digest_value

Samples = tuple[npt.NDArray[np.float32], ...]
"""One array (N, *shape) float32 for each input of the model, in its order."""


def draw_samples(x: tuple[npt.NDArray[np.generic], ...], count: int, seed: int) -> Samples:
    """Draw samples without repetition, the same ones for every input.

    Args:
        x: one array (N, *shape) for each input.
        count: how many; all of them where there are no more.
        seed: of the draw.
    """
    chosen = draw_indices(len(x[0]), count, seed)
    return tuple(np.asarray(array[chosen], np.float32) for array in x)


def draw_indices(available: int, count: int, seed: int) -> npt.NDArray[np.int64]:
    """Return which samples are drawn: `count` of those available, or all where there are no more."""
    return np.random.default_rng(seed).choice(available, min(count, available), replace=False)


def samples_digest(data_digest: str, count: int, seed: int) -> str:
    """Return the digest of what `draw_samples` draws, without drawing it.

    Args:
        data_digest: of the data that is drawn from.
        count: how many samples.
        seed: of the draw.
    """
    return digest_value(["draw_samples", data_digest, count, seed])
