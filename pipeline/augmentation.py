"""Augmentation that a recipe declares: a fixed number of deterministic copies of the training samples.

Copies are fixed, so that a teacher's logits can be computed once for each copy; training takes another one each epoch.
Every kind of variation has a random stream of its own: declaring one more leaves the others as they were.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Annotated, Any

import numpy as np
import numpy.typing as npt
from pydantic import Field, model_validator

from edgewright.pipeline.data import FloatArray
from edgewright.pipeline.errors import DataError
from edgewright.pipeline.settings import Settings

Generator = np.random.Generator
Varied = npt.NDArray[Any]
"""Samples of the shape that they had, in any precision."""
Axes = tuple[Annotated[int, Field(ge=0)], Annotated[int, Field(ge=0)], Annotated[int, Field(ge=0)]]
"""The channels x, y and z of one sensor."""
Positive = Annotated[float, Field(gt=0, allow_inf_nan=False)]
Finite = Annotated[float, Field(allow_inf_nan=False)]


class Augmentation(Settings):
    """How training samples are varied; without a section nothing is."""

    copies: Annotated[int, Field(ge=1, le=64)] = 1
    """Copies that training takes in turn; the first one is the data as it is."""
    shift_pixels: Annotated[int, Field(ge=0, le=32)] = 0
    """Images (H, W, C) are shifted by up to this many pixels in each direction; what comes in is zero."""
    flip_horizontal: bool = False
    """Each image is mirrored, left to right, with a probability of one half."""
    brightness: Annotated[float, Field(ge=0, allow_inf_nan=False)] = 0.0
    """Up to this much is added to or taken from all pixels of an image, in the units of the samples."""
    shift_steps: Annotated[int, Field(ge=0, le=4096)] = 0
    """Time series (T, C) or (T, 1, C) are shifted by up to this many steps; the first or last step is repeated."""
    rotation_degrees: Annotated[float, Field(ge=0, le=180)] = 0.0
    """The device is turned about a random axis by up to this angle, in either direction; needs `axes`."""
    axes: tuple[Axes, ...] = ()
    """Channels of a time series that are the x, y and z of one sensor; all sensors turn with the device."""
    mean: tuple[Finite, ...] = ()
    """What was subtracted from each channel beforehand: rotation is about the origin of the sensor's own values."""
    std: tuple[Positive, ...] = ()
    """What each channel was divided by after that."""
    scale: Annotated[float, Field(ge=0, lt=1)] = 0.0
    """Standard deviation of a factor around 1 that all values of a sample are multiplied by."""
    noise: Annotated[float, Field(ge=0, allow_inf_nan=False)] = 0.0
    """Standard deviation of noise that is added to each value, in the units of the samples."""

    @model_validator(mode="after")
    def _holds_together(self) -> Augmentation:
        channels = [channel for axes in self.axes for channel in axes]
        if len(set(channels)) < len(channels):
            raise ValueError(f"axes name a channel twice in {[list(axes) for axes in self.axes]}; name each once")
        if self.rotation_degrees and not self.axes:
            raise ValueError("rotation_degrees needs axes, the channels x, y, z of each sensor: [[0, 1, 2]], say")
        if self.mean and self.std and len(self.mean) != len(self.std):
            raise ValueError(f"mean has {len(self.mean)} channels and std {len(self.std)}; give one figure for each")
        return self


def augment(x: FloatArray, settings: Augmentation, copy_index: int, seed: Sequence[int]) -> FloatArray:
    """Return one copy of the samples.

    Args:
        x: (N, *sample shape) float32; see `check_augmentation` for the shapes.
        settings: what to vary.
        copy_index: which copy, from 0; copy 0 is `x` itself.
        seed: of the whole run, and which samples these are.

    Returns:
        An array of x's shape; the same arguments give the same array. It is `x` itself where nothing is varied.

    Raises:
        DataError: a setting does not fit the samples' shape.
    """
    check_augmentation(settings, x.shape[1:])
    if copy_index == 0:
        return x
    for name, (stream, vary) in _VARIATIONS.items():
        if getattr(settings, name):
            random = np.random.default_rng([*seed, copy_index, stream])
            x = vary(x, settings, random).astype(np.float32, copy=False)
    return x


def check_augmentation(settings: Augmentation, sample_shape: Sequence[int]) -> None:
    """Check that samples of a shape can be varied as the settings say.

    Args:
        settings: what to vary.
        sample_shape: of one sample: images are (H, W, C), time series (T, C) or (T, 1, C).

    Raises:
        DataError: a setting is for images or time series, and these are none, or a channel does not exist.
    """
    shape = tuple(sample_shape)
    is_series = len(shape) == 2 or (len(shape) == 3 and shape[1] == 1)
    is_image = len(shape) == 3 and not is_series
    for name in ("shift_pixels", "flip_horizontal", "brightness"):
        if getattr(settings, name) and not is_image:
            raise DataError(
                f"augmentation: {name} is for images of the shape (H, W, C), and a sample has the shape {shape}; leave "
                "it out."
            )
    for name in ("shift_steps", "rotation_degrees"):
        if getattr(settings, name) and not is_series:
            raise DataError(
                f"augmentation: {name} is for time series of the shape (T, C) or (T, 1, C), and a sample has the shape "
                f"{shape}; leave it out."
            )
    if settings.rotation_degrees:
        _check_channels(settings, shape[-1])


def _check_channels(settings: Augmentation, channel_count: int) -> None:
    highest = max(channel for axes in settings.axes for channel in axes)
    if highest >= channel_count:
        raise DataError(
            f"augmentation: axes name the channel {highest}, and a sample has {channel_count}; count from 0 to "
            f"{channel_count - 1}."
        )
    for name, figures in (("mean", settings.mean), ("std", settings.std)):
        if len(figures) not in (0, channel_count):
            raise DataError(
                f"augmentation: {name} has {len(figures)} figures, and a sample has {channel_count} channels; give one "
                "for each, or leave it out."
            )


def _rotate(x: FloatArray, settings: Augmentation, random: Generator) -> Varied:
    """Turn the sensors of each sample by Rodrigues' formula."""
    directions = random.normal(size=(len(x), 3))
    directions /= np.linalg.norm(directions, axis=1, keepdims=True)
    angles = np.deg2rad(settings.rotation_degrees) * random.uniform(-1.0, 1.0, (len(x), 1, 1))
    cross = np.cross(np.eye(3), directions[:, np.newaxis])  # times a vector v: its cross product with the direction
    matrices = np.eye(3) + np.sin(angles) * cross + (1.0 - np.cos(angles)) * (cross @ cross)
    mean, std = np.asarray(settings.mean or 0.0), np.asarray(settings.std or 1.0)
    sensed = (x * std + mean).reshape(len(x), -1, x.shape[-1])
    for axes in settings.axes:
        sensed[..., list(axes)] = sensed[..., list(axes)] @ matrices
    return np.asarray((sensed.reshape(x.shape) - mean) / std)


def _scale(x: FloatArray, settings: Augmentation, random: Generator) -> Varied:
    return x * random.normal(1.0, settings.scale, (len(x), *[1] * (x.ndim - 1)))


def _shift_steps(x: FloatArray, settings: Augmentation, random: Generator) -> Varied:
    reach = settings.shift_steps
    shifts = random.integers(-reach, reach + 1, (len(x), 1))
    steps = np.clip(np.arange(x.shape[1]) - shifts, 0, x.shape[1] - 1)
    moved: Varied = x[np.arange(len(x))[:, np.newaxis], steps]
    return moved


def _shift_pixels(x: FloatArray, settings: Augmentation, random: Generator) -> Varied:
    reach = settings.shift_pixels
    height, width = x.shape[1:3]
    padded = np.pad(x, ((0, 0), (reach, reach), (reach, reach), (0, 0)))
    corners = random.integers(0, 2 * reach + 1, (len(x), 2))
    shifted = np.empty_like(x)
    for index, (top, left) in enumerate(corners):
        shifted[index] = padded[index, top : top + height, left : left + width]
    return shifted


def _flip(x: FloatArray, _settings: Augmentation, random: Generator) -> Varied:
    chosen = random.random(len(x)) < 0.5
    return np.where(chosen.reshape(-1, 1, 1, 1), x[:, :, ::-1], x)


def _brighten(x: FloatArray, settings: Augmentation, random: Generator) -> Varied:
    return x + random.uniform(-settings.brightness, settings.brightness, (len(x), 1, 1, 1))


def _add_noise(x: FloatArray, settings: Augmentation, random: Generator) -> Varied:
    return x + settings.noise * random.standard_normal(x.shape, dtype=np.float32)


_VARIATIONS: dict[str, tuple[int, Callable[[FloatArray, Augmentation, Generator], Varied]]] = {
    "rotation_degrees": (1, _rotate),
    "scale": (2, _scale),
    "shift_steps": (3, _shift_steps),
    "shift_pixels": (4, _shift_pixels),
    "flip_horizontal": (5, _flip),
    "brightness": (6, _brighten),
    "noise": (7, _add_noise),
}
"""For each setting that varies samples the number of its random stream and its function; applied in this order."""
