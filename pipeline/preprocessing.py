"""What is done to every sample before a model sees it, the same on this computer, on a phone and on a microcontroller.

The order is fixed: resize, then `x * scale + offset`, then `(x - mean) / std`.
Every operation is one of float32, rounded by itself: no fused multiply-add, no wider accumulator.
The last axis of a sample is its channels.
The C counterpart is `edgewright_preprocessing.c`, which every firmware brings along.

Resizing is bilinear with half-pixel centres and no antialiasing. For an axis of `n` values that becomes `m`:

    ratio    = (float)n / (float)m
    position = ((float)i + 0.5f) * ratio - 0.5f, clamped to 0 .. n - 1      for i = 0 .. m - 1
    lower    = floor(position), upper = min(lower + 1, n - 1), weight = position - (float)lower

and a pixel is interpolated along its two rows first, then between them:

    top    = a + (b - a) * weight_x        a, b: the lower row at the lower and the upper column
    bottom = c + (d - c) * weight_x        c, d: the upper row at the lower and the upper column
    value  = top + (bottom - top) * weight_y
"""

from __future__ import annotations

from typing import Annotated, Literal

import numpy as np
import numpy.typing as npt
from pydantic import Field, field_validator, model_validator

from edgewright.pipeline.settings import Settings

FloatArray = npt.NDArray[np.float32]
IntArray = npt.NDArray[np.int64]
FROM_TRAINING = "train"

Side = Annotated[int, Field(ge=1, le=8192)]
Number = Annotated[float, Field(allow_inf_nan=False)]
Spread = Annotated[float, Field(gt=0, allow_inf_nan=False)]
Numbers = Annotated[tuple[Number, ...], Field(min_length=1)]


class Normalization(Settings):
    """Mean and standard deviation, one for all channels or one for each."""

    mean: Numbers
    std: Annotated[tuple[Spread, ...], Field(min_length=1)]


class Preprocessing(Settings):
    """What is done to the samples of one input; without a section nothing is."""

    resize: tuple[Side, Side] | None = None
    """Height and width that images (H, W, C) are brought to."""
    channels: Literal[1, 3] | None = None
    """Grey or RGB; None takes images as they are."""
    scale: Number | Numbers = 1.0
    """One factor, or one for each channel."""
    offset: Number | Numbers = 0.0
    """Added after `scale`: one figure, or one for each channel."""
    normalization: Normalization | Literal["train"] | None = None
    """Given figures, or `train`: those of each channel of the training split."""

    @property
    def is_scaled(self) -> bool:
        """Whether samples are multiplied by `scale` and `offset` is added; both happen, or neither."""
        return (self.scale, self.offset) != (1.0, 0.0)

    @field_validator("normalization", mode="before")
    @classmethod
    def _check_word(cls, value: object) -> object:
        if isinstance(value, str) and value != FROM_TRAINING:
            raise ValueError('give "train" or a table { mean = […], std = […] }')
        return value

    @model_validator(mode="after")
    def _check_counts(self) -> Preprocessing:
        if len(counts := set(self.counts().values())) > 1:
            raise ValueError(f"the lists have {sorted(counts)} figures; give one figure for each channel in each list")
        return self

    def counts(self) -> dict[str, int]:
        """Return how many figures each list has, by its key; a single figure stands for every channel."""
        given = {"scale": self.scale, "offset": self.offset}
        if isinstance(self.normalization, Normalization):
            given |= {"mean": self.normalization.mean, "std": self.normalization.std}
        lengths = {key: len(value) for key, value in given.items() if isinstance(value, tuple)}
        return {key: length for key, length in lengths.items() if length > 1}


def preprocess(x: npt.NDArray[np.generic], preprocessing: Preprocessing) -> FloatArray:
    """Bring samples into the form that a model takes.

    Args:
        x: (N, *shape) of numbers; images (N, H, W, C) where they are resized.
        preprocessing: what to do; a normalization that is still to be measured is left out.

    Returns:
        (N, *shape) float32; what was not finite, or becomes too large, is not finite here.
    """
    with np.errstate(all="ignore"):
        result: FloatArray = x.astype(np.float32)
        if preprocessing.resize is not None:
            result = resize(result, *preprocessing.resize)
        if preprocessing.is_scaled:
            result = result * _float32(preprocessing.scale) + _float32(preprocessing.offset)
        if isinstance(preprocessing.normalization, Normalization):
            result = normalize(result, preprocessing.normalization)
    return result


def normalize(x: FloatArray, normalization: Normalization) -> FloatArray:
    """Subtract the mean and divide by the standard deviation of each channel.

    Args:
        x: (N, *shape) float32.
        normalization: what to subtract and to divide by.
    """
    normalized: FloatArray = (x - _float32(normalization.mean)) / _float32(normalization.std)
    return normalized


def resize(x: FloatArray, height: int, width: int) -> FloatArray:
    """Resize images by the rule at the top of this module.

    Args:
        x: (N, H, W, C) float32.
        height: of the result.
        width: of the result.

    Returns:
        (N, height, width, C) float32.
    """
    above, below, row_weight = _neighbours(x.shape[1], height)
    left, right, column_weight = _neighbours(x.shape[2], width)
    across = column_weight[:, np.newaxis]

    def along(rows: IntArray) -> FloatArray:
        row = x[:, rows]
        mixed: FloatArray = row[:, :, left] + (row[:, :, right] - row[:, :, left]) * across
        return mixed

    top, bottom = along(above), along(below)
    resized: FloatArray = top + (bottom - top) * row_weight[:, np.newaxis, np.newaxis]
    return resized


def _neighbours(given: int, wanted: int) -> tuple[IntArray, IntArray, FloatArray]:
    """Return for each of the wanted positions the two given ones beside it, and the weight of the second."""
    half = np.float32(0.5)
    ratio = np.float32(given) / np.float32(wanted)
    position = (np.arange(wanted, dtype=np.float32) + half) * ratio - half
    position = np.clip(position, np.float32(0), np.float32(given - 1))
    first = np.floor(position)
    lower = first.astype(np.int64)
    return lower, np.minimum(lower + 1, given - 1), position - first


def _float32(value: float | tuple[float, ...]) -> FloatArray:
    return np.asarray(value, dtype=np.float32)
