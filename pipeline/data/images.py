"""Folders of images by class, decoded with Pillow one at a time.

Pillow, because it is small: opening images must not load TensorFlow.
A grey image is what Pillow makes of a colour one: (299 R + 587 G + 114 B) / 1000, rounded.
A picture that its camera stored turned is turned upright, as every viewer shows it.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from edgewright.pipeline.data.contents import SPLITS, TEST, TRAIN, Contents, Table, make_columns
from edgewright.pipeline.data.samples import Array
from edgewright.pipeline.data.settings import DataSettings
from edgewright.pipeline.data.validation import choose_of_each_class
from edgewright.pipeline.errors import DataError
from edgewright.pipeline.preprocessing import Preprocessing

SUFFIXES = frozenset({".png", ".jpg", ".jpeg", ".bmp"})
LAYOUT = "folder/train/<class>/*.png and folder/test/<class>/*.png, or folder/<class>/*.png (or .jpg, .jpeg, .bmp)"
GREY_MODES, COLOUR_MODES = {"1", "L", "LA"}, {"P", "RGB", "RGBA", "CMYK", "YCbCr"}
Labelled = list[tuple[Path, int]]
"""Files and the index of each one's class."""


def read_image_folder(folder: Path, settings: DataSettings) -> Contents:
    """Find the images of a folder; they are decoded when they are asked for.

    Raises:
        DataError: there are no classes, or one is without images.
    """
    if (folder / TRAIN).is_dir():
        labels = _class_names(folder / TRAIN)
        if not (folder / TEST).is_dir():
            raise DataError(f"{folder}: has {TRAIN} but no {TEST}; arrange the images as {LAYOUT}.")
        files = {split: _find_images(folder / split, labels) for split in SPLITS if (folder / split).is_dir()}
    else:
        labels = _class_names(folder)
        files = _cut_test(_find_images(folder, labels), settings.test_share)
    preprocessing = settings.preprocessing[0] if settings.preprocessing else Preprocessing()
    decoder = _Decoder(folder, preprocessing)
    return Contents(
        tables=tuple(_table(split, labelled, decoder) for split, labelled in files.items()),
        labels=labels,
        is_images=True,
    )


def _class_names(folder: Path) -> tuple[str, ...]:
    names = tuple(sorted(path.name for path in folder.iterdir() if path.is_dir() and not path.name.startswith(".")))
    if len(names) < 2:
        found = f"one class alone, {names[0]}" if names else "no folders of classes"
        raise DataError(f"{folder}: has {found}; arrange the images of at least two classes as {LAYOUT}.")
    return names


def _find_images(folder: Path, labels: Sequence[str]) -> Labelled:
    names = {path.name for path in folder.iterdir() if path.is_dir() and not path.name.startswith(".")}
    if unknown := sorted(names - set(labels)):
        raise DataError(f"{folder}: has the class {unknown[0]}, which {TRAIN} has not; give {TRAIN} images of it.")
    labelled: Labelled = []
    for index, label in enumerate(labels):
        members = sorted((folder / label).iterdir()) if label in names else []
        files = [path for path in members if path.suffix.lower() in SUFFIXES and not path.name.startswith(".")]
        if not files:
            raise DataError(
                f"{folder / label}: holds no images; give at least one of {', '.join(sorted(SUFFIXES))}, or remove "
                "the class."
            )
        labelled += [(path, index) for path in files]
    return labelled


def _cut_test(labelled: Labelled, share: float) -> dict[str, Labelled]:
    classes = np.array([index for _, index in labelled], np.int64)
    chosen = choose_of_each_class(classes, share)
    if not chosen.any():
        first = labelled[0][0].parent.parent
        raise DataError(f"{first}: has one image of each class; give at least two of them, or {LAYOUT}.")
    return {
        TRAIN: [pair for pair, is_test in zip(labelled, chosen, strict=True) if not is_test],
        TEST: [pair for pair, is_test in zip(labelled, chosen, strict=True) if is_test],
    }


class _Decoder:
    """Decodes images, all to the same number of channels and, where none is declared, of the same size."""

    def __init__(self, folder: Path, preprocessing: Preprocessing) -> None:
        self._folder = folder
        self._is_resized = preprocessing.resize is not None
        self._channels = preprocessing.channels
        self._first: tuple[Path, tuple[int, ...]] | None = None

    def decode(self, path: Path) -> Array:
        """Return an image as (H, W, C) uint8.

        Raises:
            DataError: it is damaged, or unlike the first one.
        """
        pixels = _decode(path, self._channels)
        if self._first is None:
            self._first = path, pixels.shape
        first, shape = self._first
        if pixels.shape[2] != shape[2]:
            raise DataError(
                f"{path}: has {pixels.shape[2]} channel(s), {first} {shape[2]}; give channels = 1 or 3 under "
                "[preprocessing]."
            )
        if pixels.shape != shape and not self._is_resized:
            raise DataError(
                f"{path}: is {pixels.shape[0]}x{pixels.shape[1]} pixels (height, width), {first} {shape[0]}x{shape[1]};"
                " give resize = [height, width] under [preprocessing]."
            )
        return pixels


def _decode(path: Path, channels: int | None) -> Array:
    from PIL import Image, ImageOps

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(path) as image:
                mode = image.mode
                if mode in GREY_MODES | COLOUR_MODES:
                    is_grey = channels == 1 or (channels is None and mode in GREY_MODES)
                    upright = ImageOps.exif_transpose(image)
                    pixels = np.asarray(upright.convert("L" if is_grey else "RGB"))
                    return pixels[..., np.newaxis] if is_grey else pixels
    except Exception as error:  # a damaged file can raise almost anything
        reason = " ".join(str(error).split()) or type(error).__name__
        raise DataError(f"{path}: cannot be decoded ({reason}); replace or remove it.") from None
    raise DataError(f"{path}: has pixels of the kind {mode}; save it with 8 bits for each channel, grey or RGB.")


def _table(split: str, labelled: Labelled, decoder: _Decoder) -> Table:
    columns = make_columns("x", split, 1) + make_columns("y", split, 1)

    def chunks() -> Iterator[tuple[Array, ...]]:
        for path, index in labelled:
            yield decoder.decode(path)[np.newaxis], np.array([index], np.int64)

    return Table(columns=columns, chunks=chunks)
