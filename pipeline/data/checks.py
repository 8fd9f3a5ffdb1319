"""Checks of samples, targets and labels: what cannot be used is refused with a sentence."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from edgewright.pipeline.data.contents import Column
from edgewright.pipeline.data.samples import Array, Data, IntArray
from edgewright.pipeline.errors import DataError
from edgewright.pipeline.preprocessing import Preprocessing

NUMBER_KINDS = "fiub"
ROWS_AT_ONCE = 4096


def check_form(column: Column, shape: tuple[int, ...], dtype: npt.DTypeLike, origin: str) -> None:
    """Check the shape and the dtype of an input or target.

    Raises:
        DataError: it holds no numbers, or no samples.
    """
    is_input = column.kind == "x"
    if np.dtype(dtype).kind not in NUMBER_KINDS:
        what = "samples must be numbers" if is_input else "targets must be numbers: class indices from 0, or figures"
        raise DataError(f"{origin}: {column.name} has the dtype {np.dtype(dtype)}; {what}.")
    if is_input and (0 in shape or len(shape) < 2):
        raise DataError(f"{origin}: {column.name} has the shape {shape}; it must hold at least one sample, (N, …).")
    if not shape or 0 in shape:
        raise DataError(f"{origin}: {column.name} is empty; it must hold one target for each sample.")


def check_lengths(lengths: dict[Column, int], origin: str) -> None:
    """Check that the columns of a split have the same number of rows.

    Raises:
        DataError: they have not.
    """
    for column, length in lengths.items():
        first, expected = next((other, count) for other, count in lengths.items() if other.split == column.split)
        if length != expected:
            raise DataError(
                f"{origin}: {first.name} has {expected} samples and {column.name} {length}; each sample needs its row "
                "in every array of a split."
            )


def check_shapes(shapes: dict[Column, tuple[int, ...]], origin: str) -> None:
    """Check that the samples of an input have the same shape in all splits.

    Args:
        shapes: of one sample.
        origin: what the user gave, for messages.

    Raises:
        DataError: they have not.
    """
    for column, shape in shapes.items():
        alike = (other for other in shapes if (other.kind, other.position) == (column.kind, column.position))
        first = next(alike)
        if column.kind == "x" and shape != shapes[first]:
            raise DataError(
                f"{origin}: samples of {first.name} have the shape {shapes[first]}, those of {column.name} {shape}; "
                "both must be the model's input shape."
            )


def check_preprocessing(
    given: Sequence[Preprocessing], columns: Sequence[Column], origin: str
) -> tuple[Preprocessing, ...]:
    """Return one preprocessing for each input.

    Args:
        given: none, one for all inputs, or one for each.
        columns: the inputs.
        origin: what the user gave, for messages.

    Raises:
        DataError: there are more or fewer than inputs.
    """
    count = len(columns)
    if not given:
        return (Preprocessing(),) * count
    if len(given) == 1:
        return tuple(given) * count
    if len(given) != count:
        raise DataError(
            f"{origin}: has {count} input(s), but preprocessing has {len(given)} tables; give one for all of them, or "
            "one for each."
        )
    return tuple(given)


def check_channels(preprocessing: Preprocessing, column: Column, shape: tuple[int, ...], origin: str) -> None:
    """Check that an input is what its preprocessing is made for.

    Args:
        preprocessing: of this input.
        column: the input.
        shape: (N, *shape) as the source holds it.
        origin: what the user gave, for messages.

    Raises:
        DataError: something else than images is to be resized, or there is another number of channels.
    """
    if preprocessing.resize is not None and len(shape) != 4:
        raise DataError(
            f"{origin}: {column.name} has the shape {shape}, but preprocessing resizes images (N, H, W, C); leave out "
            "resize, or give images with an axis for the channels."
        )
    if preprocessing.channels is not None and preprocessing.channels != shape[-1]:
        raise DataError(
            f"{origin}: {column.name} has {shape[-1]} channels, but preprocessing says channels = "
            f"{preprocessing.channels}; only folders of images are converted."
        )
    for key, count in preprocessing.counts().items():
        if count != shape[-1]:
            raise DataError(
                f"{origin}: {column.name} has {shape[-1]} channels, but {key} of preprocessing has {count} figures; "
                "give one for each channel, or a single one."
            )


def class_indices(y: Array, name: str, origin: str) -> IntArray:
    """Read targets as classes.

    Args:
        y: class indices (N,) or (N, 1), whole floats among them, or one-hot rows (N, classes).
        name: of the array, for messages.
        origin: what the user gave, for messages.

    Returns:
        (N,) class indices; negative ones are not refused here.

    Raises:
        DataError: these are no classes.
    """
    if y.size == 0:
        raise DataError(f"{origin}: {name} is empty; it must hold one class index for each sample.")
    if y.ndim == 2 and y.shape[1] == 1:
        y = y[:, 0]
    elif y.ndim == 2 and y.dtype.kind in NUMBER_KINDS and _is_one_hot(y):
        y = y.argmax(axis=1)
    if y.ndim != 1:
        raise DataError(
            f"{origin}: {name} has the shape {y.shape}; give class indices (N,) or one-hot rows (N, classes)."
        )
    if y.dtype.kind == "f" and np.isfinite(y).all() and (y == np.floor(y)).all():
        y = y.astype(np.int64)
    if y.dtype.kind not in "iub":
        raise DataError(
            f"{origin}: {name} has the dtype {y.dtype} or holds fractions; class indices are whole numbers."
        )
    return np.array(y, np.int64)


def _is_one_hot(y: Array) -> bool:
    parts = (y[start : start + ROWS_AT_ONCE].astype(np.float64) for start in range(0, len(y), ROWS_AT_ONCE))
    return all(bool(np.isin(part, (0.0, 1.0)).all() and (part.sum(axis=1) == 1.0).all()) for part in parts)


def check_samples_against_model(
    data: Data, input_shapes: Sequence[tuple[int, ...]], origin: str, model_name: str
) -> None:
    """Check that samples have the shapes of the model's inputs.

    Args:
        data: what was loaded; its splits have the same shapes.
        input_shapes: one for each input of the model, without the batch.
        origin: what the user gave for the data, for messages.
        model_name: what the user gave for the model, for messages.

    Raises:
        DataError: the samples do not belong to this model.
    """
    shapes = [array.shape[1:] for array in data.train.x]
    if len(shapes) != len(input_shapes):
        raise DataError(
            f"{origin}: has {len(shapes)} input(s) for each sample, but {model_name} has {len(input_shapes)}; give "
            "x_train, or x_train_0, x_train_1 and so on in the order of the model's inputs, and the same of x_test."
        )
    for position, (shape, wanted) in enumerate(zip(shapes, input_shapes, strict=True)):
        if shape != tuple(wanted):
            of_input, the_input = ("", "the input") if len(shapes) == 1 else (f" of input {position}", "that input")
            raise DataError(
                f"{origin}: samples{of_input} have the shape {shape}, but {the_input} of {model_name} is "
                f"{tuple(wanted)}; give data of the model's input shape."
            )
