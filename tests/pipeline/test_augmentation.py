"""Augmentation: fixed copies that depend on the seed and the copy alone."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from edgewright.pipeline.augmentation import Augmentation, augment, check_augmentation
from edgewright.pipeline.errors import DataError

RANDOM = np.random.default_rng(1)
IMAGES = RANDOM.random((5, 6, 7, 2), dtype=np.float32) + 1.0
SERIES = RANDOM.normal(size=(40, 9, 7)).astype(np.float32)
SENSORS = ((0, 1, 2), (6, 4, 3))
"""Two sensors of SERIES, the second with its channels in another order; channel 5 belongs to none."""
VARIED: dict[str, dict[str, Any]] = {
    "shift_pixels": {"shift_pixels": 3},
    "flip_horizontal": {"flip_horizontal": True},
    "brightness": {"brightness": 0.2},
    "shift_steps": {"shift_steps": 3},
    "rotation_degrees": {"rotation_degrees": 30, "axes": SENSORS},
    "scale": {"scale": 0.1},
    "noise": {"noise": 0.1},
}
FOR_IMAGES = ("shift_pixels", "flip_horizontal", "brightness")
Floats = npt.NDArray[np.float32]


def samples_for(name: str) -> Floats:
    """Return samples that a setting fits."""
    return IMAGES if name in FOR_IMAGES else SERIES


def varied(x: Floats, copy_index: int = 1, seed: int = 1, first: int = 0, **settings: Any) -> Floats:
    """Return one of ten copies of a run of samples that begins at `first`."""
    return augment(x, Augmentation(copies=10, **settings), copy_index, [seed, first])


def shifted(image: Floats, down: int, right: int) -> Floats:
    """Shift an image and let zeros come in."""
    height, width = image.shape[:2]
    result = np.zeros_like(image)
    rows, columns = range(max(0, down), min(height, height + down)), range(max(0, right), min(width, width + right))
    for row in rows:
        for column in columns:
            result[row, column] = image[row - down, column - right]
    return result


@pytest.mark.parametrize("name", VARIED)
def test_copy_zero_is_the_data_itself(name: str) -> None:
    """The first copy, and any where nothing is varied, is the very array."""
    x = samples_for(name)
    assert x is varied(x, 0, **VARIED[name])
    assert x is augment(x, Augmentation(), 3, [1])


@pytest.mark.parametrize("name", VARIED)
def test_the_seed_and_the_copy_decide(name: str) -> None:
    """Equal arguments give equal bytes; another seed, copy or run gives others; type, shape and source stay."""
    x = samples_for(name)
    before = x.copy()
    first = varied(x, 1, 1, **VARIED[name])
    assert (x.shape, x.dtype) == (first.shape, first.dtype)
    assert first.tobytes() == varied(x, 1, 1, **VARIED[name]).tobytes()
    assert first.tobytes() != varied(x, 2, 1, **VARIED[name]).tobytes()
    assert first.tobytes() != varied(x, 1, 2, **VARIED[name]).tobytes()
    assert first.tobytes() != varied(x, 1, 1, 32, **VARIED[name]).tobytes()
    assert before.tobytes() == x.tobytes()


def test_one_more_variation_leaves_the_others() -> None:
    """Each kind has a random stream of its own: declaring another one does not change how samples are shifted."""
    alone = varied(IMAGES, shift_pixels=3)
    both = varied(IMAGES, shift_pixels=3, brightness=0.25)
    offsets = (both - alone).reshape(len(IMAGES), -1)
    assert np.abs(offsets - offsets[:, :1]).max() < 1e-6
    assert len(IMAGES) == len(np.unique(offsets[:, 0].round(5)))
    assert np.abs(offsets).max() <= 0.25 + 1e-6


@given(reach=st.integers(1, 8), copy_index=st.integers(1, 9), seed=st.integers(0, 2**31 - 1))
def test_each_image_is_shifted_within_reach(reach: int, copy_index: int, seed: int) -> None:
    """Every image is the original, moved by at most the reach in each direction, with zeros coming in."""
    copy = varied(IMAGES, copy_index, seed, shift_pixels=reach)
    moves = [(down, right) for down in range(-reach, reach + 1) for right in range(-reach, reach + 1)]
    for image, moved in zip(IMAGES, copy, strict=True):
        assert any(np.array_equal(shifted(image, *move), moved) for move in moves)


def test_images_are_mirrored_or_not() -> None:
    """Each image is the original or its mirror image, and there are both."""
    images = np.concatenate([IMAGES] * 8)
    copy = varied(images, flip_horizontal=True)
    mirrored = [not np.array_equal(image, other) for image, other in zip(images, copy, strict=True)]
    assert 0 < sum(mirrored) < len(images)
    assert np.array_equal(images[mirrored][:, :, ::-1], copy[mirrored])


@given(reach=st.integers(1, 12), seed=st.integers(0, 2**31 - 1), is_lifted=st.booleans())
def test_each_series_is_shifted_within_reach(reach: int, seed: int, is_lifted: bool) -> None:
    """Every series is the original, moved by at most the reach, its first or last step repeated."""
    x = SERIES[:, :, np.newaxis] if is_lifted else SERIES
    steps = np.arange(x.shape[1])
    possible = [np.clip(steps - move, 0, len(steps) - 1) for move in range(-reach, reach + 1)]
    for series, moved in zip(x, varied(x, seed=seed, shift_steps=reach), strict=True):
        assert any(np.array_equal(series[chosen], moved) for chosen in possible)


@given(degrees=st.floats(1, 180), seed=st.integers(0, 2**31 - 1), is_lifted=st.booleans())
def test_sensors_turn_together(degrees: float, seed: int, is_lifted: bool) -> None:
    """One rotation, by at most the angle, takes all steps of both sensors to their copies; other channels stay."""
    x = SERIES[:, :, np.newaxis] if is_lifted else SERIES
    copy = varied(x, seed=seed, rotation_degrees=degrees, axes=SENSORS).reshape(SERIES.shape)
    assert np.array_equal(SERIES[..., 5], copy[..., 5])
    for series, turned in zip(SERIES, copy, strict=True):
        before, after = (np.concatenate([side[:, list(axes)] for axes in SENSORS]) for side in (series, turned))
        matrix = np.linalg.lstsq(before, after, rcond=None)[0]
        assert np.abs(before @ matrix - after).max() < 1e-5
        assert np.abs(matrix @ matrix.T - np.eye(3)).max() < 1e-5
        assert abs(np.linalg.det(matrix) - 1) < 1e-5
        assert np.arccos(np.clip((np.trace(matrix) - 1) / 2, -1, 1)) <= np.deg2rad(degrees) + 1e-2


def test_angles_and_axes_are_spread() -> None:
    """Over many samples the angle reaches the limit and the mean direction vanishes: no axis is preferred."""
    unit = np.tile(np.eye(3, dtype=np.float32), (4000, 1, 1))
    matrices = varied(unit, rotation_degrees=60, axes=((0, 1, 2),)).astype(np.float64)
    angles = np.degrees(np.arccos(np.clip((np.trace(matrices, axis1=1, axis2=2) - 1) / 2, -1, 1)))
    turned = np.stack([matrices[:, 1, 2] - matrices[:, 2, 1], matrices[:, 2, 0] - matrices[:, 0, 2]])
    assert 59 < angles.max() < 60.01
    assert abs(angles.mean() - 30) < 1
    assert np.abs(turned.mean(axis=1)).max() < 0.05


def test_rotation_is_about_the_sensors_origin() -> None:
    """Of standardized channels the values before standardization are turned."""
    mean, std = tuple(float(n) for n in range(7)), tuple(0.5 + n for n in range(7))
    standardized = ((SERIES - np.array(mean)) / np.array(std)).astype(np.float32)
    rotation = {"rotation_degrees": 30, "axes": SENSORS}
    expected = (varied(SERIES, **rotation) - np.array(mean)) / np.array(std)
    assert np.abs(expected - varied(standardized, mean=mean, std=std, **rotation)).max() < 1e-5


def test_scale_is_one_factor_for_each_sample() -> None:
    """All values of a sample are multiplied by one factor; the factors spread as they are told to."""
    x = np.ones((4000, 3, 2), np.float32)
    factors = varied(x, scale=0.1).reshape(len(x), -1)
    assert np.array_equal(factors, np.repeat(factors[:, :1], 6, axis=1))
    assert abs(factors.mean() - 1) < 0.01
    assert abs(factors[:, 0].std() - 0.1) < 0.01


def test_noise_has_its_standard_deviation() -> None:
    """Noise is drawn for each value, around zero, as strong as it is told to be."""
    noise = varied(np.zeros((400, 30, 4), np.float32), noise=0.2)
    assert abs(noise.mean()) < 0.01
    assert abs(noise.std() - 0.2) < 0.01
    assert len(np.unique(noise)) > 0.99 * noise.size


@pytest.mark.parametrize(
    "changed",
    [
        {"copies": 0},
        {"copies": 65},
        {"shift_pixels": -1},
        {"rotate": 3},
        {"rotation_degrees": 20},
        {"rotation_degrees": 181, "axes": [[0, 1, 2]]},
        {"axes": [[0, 1]]},
        {"axes": [[0, 1, -2]]},
        {"axes": [[0, 1, 2], [2, 3, 4]]},
        {"scale": 1.0},
        {"noise": float("nan")},
        {"std": [0.0]},
        {"mean": [0.0, 1.0], "std": [1.0]},
    ],
)
def test_settings_that_make_no_sense(changed: dict[str, Any]) -> None:
    """What makes no sense whatever the data is refused when the recipe is read."""
    with pytest.raises(ValidationError):
        Augmentation.model_validate(changed)


@pytest.mark.parametrize("name", [*FOR_IMAGES, "shift_steps", "rotation_degrees"])
@pytest.mark.parametrize("shape", [(12, 6), (12, 1, 6), (12, 12, 6), (36,), (2, 3, 4, 5)])
def test_settings_fit_the_shape_or_are_refused(name: str, shape: tuple[int, ...]) -> None:
    """Images are (H, W, C), series (T, C) or (T, 1, C); what is for the others is refused, even for copy 0."""
    settings = Augmentation(**(VARIED[name] | ({"axes": ((0, 1, 2),)} if name == "rotation_degrees" else {})))
    fits = shape == (12, 12, 6) if name in FOR_IMAGES else shape in ((12, 6), (12, 1, 6))
    if fits:
        check_augmentation(settings, shape)
        return
    with pytest.raises(DataError, match=rf"{name} is for .*{re.escape(str(shape))}; leave it out"):
        augment(np.zeros((2, *shape), np.float32), settings, 0, [1])


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"axes": ((0, 1, 7),)}, "axes name the channel 7, and a sample has 7; count from 0 to 6"),
        ({"mean": (0.0,)}, "mean has 1 figures, and a sample has 7 channels"),
        ({"std": (1.0, 2.0)}, "std has 2 figures, and a sample has 7 channels"),
    ],
)
def test_channels_that_samples_do_not_have(changed: dict[str, Any], message: str) -> None:
    """Axes, means and deviations are those of the samples' channels."""
    settings = Augmentation(**{"rotation_degrees": 10, "axes": SENSORS, **changed})
    with pytest.raises(DataError, match=message):
        check_augmentation(settings, SERIES.shape[1:])


@pytest.mark.parametrize("name", ["scale", "noise"])
def test_scale_and_noise_fit_any_shape(name: str) -> None:
    """A factor and noise make sense for samples of any shape."""
    for shape in ((36,), (5, 5, 3), (2, 3, 4, 5)):
        x = np.ones((3, *shape), np.float32)
        assert not np.array_equal(x, varied(x, **VARIED[name]))
