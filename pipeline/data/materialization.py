"""Turning a source once into plain `.npy` files, a chunk at a time, with the preprocessing applied.

x_train_0.npy, y_train_0.npy, x_validation_0.npy, …     one for each input and target of each split
data.json                                               labels, and the preprocessing with its measured figures
"""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path

import numpy as np
import numpy.typing as npt

from edgewright.pipeline.data.checks import (
    check_channels,
    check_form,
    check_lengths,
    check_preprocessing,
    check_shapes,
)
from edgewright.pipeline.data.contents import SPLITS, TRAIN, VALIDATION, Column, Contents, Table, column_file
from edgewright.pipeline.data.npyfile import NpyWriter, read_chunks, rewrite
from edgewright.pipeline.data.samples import Array
from edgewright.pipeline.data.settings import DataSettings
from edgewright.pipeline.data.validation import Mask, hold_out
from edgewright.pipeline.errors import DataError
from edgewright.pipeline.preprocessing import FROM_TRAINING, Normalization, Preprocessing, normalize, preprocess
from edgewright.pipeline.settings import Settings

RECORD = "data.json"
SMALLEST_STD = 1e-12
"""A channel that varies less is constant, and is only shifted."""


class DataRecord(Settings):
    """What is kept beside the arrays."""

    labels: tuple[str, ...]
    preprocessing: tuple[Preprocessing, ...]


def materialize(contents: Contents, settings: DataSettings, folder: Path, origin: str) -> None:
    """Write the arrays of a source, and cut the validation split where it has none.

    Args:
        contents: what the source holds.
        settings: how it is read.
        folder: an empty folder for the files.
        origin: what the user gave, for messages.

    Raises:
        DataError: the contents cannot be used.
        OutputError: the disk is full.
    """
    inputs = contents.columns("x", TRAIN)
    preprocessing = check_preprocessing(settings.preprocessing, inputs, origin)
    shapes: dict[Column, tuple[int, ...]] = {}
    for table in contents.tables:
        shapes |= _write_table(table, preprocessing, folder, origin)
    columns = [column for split in SPLITS for kind in "xy" for column in contents.columns(kind, split)]
    check_lengths({column: shapes[column][0] for column in columns}, origin)
    check_shapes({column: shapes[column][1:] for column in columns}, origin)
    if not contents.columns("x", VALIDATION):
        _cut_validation(contents, settings, folder, origin)
    resolved = [_normalize(given, position, folder) for position, given in enumerate(preprocessing)]
    if contents.is_images:
        resolved = [given.model_copy(update={"channels": shapes[inputs[0]][-1]}) for given in resolved]
    record = DataRecord(labels=contents.labels, preprocessing=tuple(resolved))
    (folder / RECORD).write_text(record.model_dump_json(indent=1) + "\n", encoding="utf-8")


def read_record(folder: Path) -> DataRecord:
    """Return what is kept beside the arrays."""
    return DataRecord.model_validate_json((folder / RECORD).read_text(encoding="utf-8"))


class _ColumnWriter:
    """Checks the rows of one column and writes what they become."""

    def __init__(self, column: Column, preprocessing: Preprocessing, file: NpyWriter, origin: str) -> None:
        self._column = column
        self._preprocessing = preprocessing
        self._file = file
        self._origin = origin
        self._unusable_count = 0
        self._first_unusable = 0

    def append(self, rows: Array) -> None:
        if self._column.kind == "x":
            check_channels(self._preprocessing, self._column, rows.shape, self._origin)
            values: Array = preprocess(rows, self._preprocessing)
        else:
            with np.errstate(over="ignore"):
                values = rows.astype(np.float32 if rows.dtype.kind == "f" else np.int64)
        expected = self._file.sample_shape
        if expected is not None and values.shape[1:] != expected:
            raise DataError(
                f"{self._origin}: {self._column.name} holds samples of the shapes {expected} and {values.shape[1:]}; "
                "they must be alike (resize = [height, width] under [preprocessing] makes images so)."
            )
        self._count_unusable(values)
        self._file.append(values)

    def finish(self) -> tuple[int, ...]:
        """Return the shape of the whole column.

        Raises:
            DataError: some values are not finite.
        """
        if self._unusable_count:
            raise DataError(
                f"{self._origin}: {self._column.name} has {self._unusable_count} values that are NaN, infinite or too "
                f"large for float32, the first in sample {self._first_unusable}; remove or replace them."
            )
        return (self._file.row_count, *(self._file.sample_shape or ()))

    def _count_unusable(self, values: Array) -> None:
        finite = np.isfinite(values)
        if finite.all():
            return
        if not self._unusable_count:
            self._first_unusable = self._file.row_count + int(np.argwhere(~finite)[0][0])
        self._unusable_count += int((~finite).sum())


def _write_table(
    table: Table, preprocessing: tuple[Preprocessing, ...], folder: Path, origin: str
) -> dict[Column, tuple[int, ...]]:
    """Write the columns of a table and return their shapes."""
    with ExitStack() as stack:
        writers: dict[Column, _ColumnWriter] = {}
        for column in table.columns:
            of_input = preprocessing[column.position] if column.kind == "x" else Preprocessing()
            file = stack.enter_context(NpyWriter(folder / column.file_name))
            writers[column] = _ColumnWriter(column, of_input, file, origin)
        for chunk in table.chunks():
            for (column, writer), rows in zip(writers.items(), chunk, strict=True):
                check_form(column, rows.shape, rows.dtype, origin)
                writer.append(rows)
        return {column: writer.finish() for column, writer in writers.items()}


def _cut_validation(contents: Contents, settings: DataSettings, folder: Path, origin: str) -> None:
    targets = contents.columns("y", TRAIN)
    y = np.load(folder / targets[0].file_name, mmap_mode="r") if targets else None
    count = len(np.load(folder / column_file("x", TRAIN, 0), mmap_mode="r"))
    held = hold_out(y, count, contents.groups, settings.validation, origin)
    for column in (*contents.columns("x", TRAIN), *targets):
        _divide(folder, column, held)


def _divide(folder: Path, column: Column, held: Mask) -> None:
    """Move the rows that are held out into the file of the validation split."""
    path = folder / column.file_name
    whole = path.rename(path.with_suffix(".whole"))
    validation = folder / column_file(column.kind, VALIDATION, column.position)
    start = 0
    with NpyWriter(path) as kept_file, NpyWriter(validation) as held_file:
        for rows in read_chunks(whole):
            part = held[start : start + len(rows)]
            kept_file.append(rows[~part])
            held_file.append(rows[part])
            start += len(rows)
    whole.unlink()


def _normalize(given: Preprocessing, position: int, folder: Path) -> Preprocessing:
    """Measure mean and standard deviation on the training split where they are to be, and apply them everywhere."""
    if given.normalization != FROM_TRAINING:
        return given
    measured = _measure(folder / column_file("x", TRAIN, position))
    for split in SPLITS:
        rewrite(folder / column_file("x", split, position), lambda rows: normalize(rows, measured))
    return given.model_copy(update={"normalization": measured})


def _measure(path: Path) -> Normalization:
    """Measure each channel in double precision, merging chunks (Chan, Golub, LeVeque: "Updating Formulae", 1979)."""
    count = 0
    mean: npt.NDArray[np.float64] = np.zeros(1)
    squares: npt.NDArray[np.float64] = np.zeros(1)
    for rows in read_chunks(path):
        values = rows.reshape(-1, rows.shape[-1]).astype(np.float64)
        own_mean, added = values.mean(axis=0), len(values)
        difference, total = own_mean - mean, count + added
        squares = squares + ((values - own_mean) ** 2).sum(axis=0) + difference**2 * (count * added / total)
        mean, count = mean + difference * (added / total), total
    std = np.sqrt(squares / count).astype(np.float32)
    std[std < SMALLEST_STD] = 1.0
    return Normalization(mean=tuple(mean.astype(np.float32).tolist()), std=tuple(std.tolist()))
