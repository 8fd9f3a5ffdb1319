"""Augmentation that a recipe declares: a fixed number of deterministic copies of the training samples.

Copies are fixed, so that a teacher's logits can be computed once for each copy; training takes another one each epoch.
"""

from __future__ import annotations

from typing import Annotated

import numpy as np
from pydantic import Field

from edgewright.pipeline.data import FloatArray
from edgewright.pipeline.settings import Settings


class Augmentation(Settings):
    """How training samples are varied; without a section nothing is."""

    copies: Annotated[int, Field(ge=1, le=64)] = 1
    """Copies that training takes in turn; the first one is the data as it is."""
    shift_pixels: Annotated[int, Field(ge=0, le=32)] = 0
    """Images (H, W, C) are shifted by up to this many pixels in each direction; what comes in is zero."""


def augment(x: FloatArray, settings: Augmentation, copy_index: int, seed: int) -> FloatArray:
    """Return one copy of the samples.

    Args:
        x: (N, H, W, C) float32; any shape where nothing is shifted.
        settings: what to vary.
        copy_index: which copy, from 0; copy 0 is `x` itself.
        seed: of the whole run.

    Returns:
        An array of x's shape; the same arguments give the same array.
    """
    if copy_index == 0 or settings.shift_pixels == 0:
        return x
    reach = settings.shift_pixels
    height, width = x.shape[1:3]
    padded = np.pad(x, ((0, 0), (reach, reach), (reach, reach), (0, 0)))
    corners = np.random.default_rng([seed, copy_index]).integers(0, 2 * reach + 1, (len(x), 2))
    shifted = np.empty_like(x)
    for index, (top, left) in enumerate(corners):
        shifted[index] = padded[index, top : top + height, left : left + width]
    return shifted
