"""What a source holds, before it is read: columns of rows that come in chunks."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from edgewright.pipeline.data.samples import Array
from edgewright.pipeline.errors import DataError

CHUNK_BYTES = 1 << 23
TRAIN, VALIDATION, TEST = SPLITS = ("train", "validation", "test")
SPLIT_NAMES = {TRAIN: "train", VALIDATION: "val", TEST: "test"}
"""What a split is called in the names of arrays."""
ARRAY_NAME = re.compile(r"([xy])_(train|val|test)(?:_(0|[1-9][0-9]?))?")
WANTED = "x_train, y_train, x_test, y_test"


@dataclass(frozen=True, kw_only=True)
class Column:
    """One input (`x`) or one target (`y`) of one split."""

    kind: str
    split: str
    position: int
    name: str
    """What the user calls it."""

    @property
    def file_name(self) -> str:
        """The file that it becomes."""
        return column_file(self.kind, self.split, self.position)


@dataclass(frozen=True, kw_only=True)
class Table:
    """Columns that can only be read together."""

    columns: tuple[Column, ...]
    chunks: Callable[[], Iterator[tuple[Array, ...]]]
    """Yields some rows of each column, at least once; may be called once only."""


@dataclass(frozen=True, kw_only=True)
class Contents:
    """All that a source holds."""

    tables: tuple[Table, ...]
    labels: tuple[str, ...] = ()
    groups: Array | None = None
    """(N,) which group each training sample belongs to."""
    is_images: bool = False

    def columns(self, kind: str, split: str) -> tuple[Column, ...]:
        """Return the inputs or targets of a split in their order."""
        every = (column for table in self.tables for column in table.columns)
        chosen = (column for column in every if (column.kind, column.split) == (kind, split))
        return tuple(sorted(chosen, key=lambda column: column.position))


def column_file(kind: str, split: str, position: int) -> str:
    """Return the name of the file that holds a column."""
    return f"{kind}_{split}_{position}.npy"


def make_columns(kind: str, split: str, count: int) -> tuple[Column, ...]:
    """Name some inputs or targets as arrays are named: `x_train`, or `x_train_0`, `x_train_1`."""
    stem = f"{kind}_{SPLIT_NAMES[split]}"
    names = [stem] if count == 1 else [f"{stem}_{position}" for position in range(count)]
    return tuple(Column(kind=kind, split=split, position=position, name=name) for position, name in enumerate(names))


def find_columns(names: Iterable[str], present: Iterable[str], origin: str) -> tuple[Column, ...]:
    """Find the inputs and targets among the names of arrays, and check that none is missing.

    Targets may be missing altogether, or be there for testing (and validation) alone.

    Args:
        names: of arrays; others than inputs and targets are passed over.
        present: the names of all arrays, for the message that one is missing.
        origin: what the user gave, for messages.

    Raises:
        DataError: an array is missing, or there is both `x_train` and `x_train_0`.
    """
    columns: list[Column] = []
    for name in names:
        if match := ARRAY_NAME.fullmatch(name):
            kind, short, number = match.groups()
            split = next(split for split, short_name in SPLIT_NAMES.items() if short_name == short)
            columns.append(Column(kind=kind, split=split, position=int(number or 0), name=name))
    if len(columns) != len({column.file_name for column in columns}):
        raise DataError(f"{origin}: has an array both with and without _0 ({_printable(present)}); keep one of them.")
    if missing := _missing(columns):
        raise DataError(
            f"{origin}: lacks {', '.join(missing)} (it has {_printable(present) or 'nothing'}); data needs x_train and "
            "x_test, and y_train and y_test where there are targets; several inputs are x_train_0, x_train_1 and so on."
        )
    return tuple(columns)


def _missing(columns: list[Column]) -> list[str]:
    found = {column.file_name: column for column in columns}
    splits = [TRAIN, TEST, *([VALIDATION] if any(column.split == VALIDATION for column in columns) else [])]
    missing = []
    for kind in ("x", "y"):
        positions = [column.position for column in columns if column.kind == kind]
        count = max(positions, default=0 if kind == "x" else -1) + 1
        needed = [split for split in splits if kind == "x" or _has_targets(columns, split)]
        for split in needed:
            for column in make_columns(kind, split, count):
                if column.file_name not in found:
                    missing.append(column.name)
    return missing


def _has_targets(columns: list[Column], split: str) -> bool:
    """Tell whether a split must have targets: it has one, or training has."""
    return any(column.kind == "y" and column.split in {split, TRAIN} for column in columns)


def _printable(names: Iterable[str]) -> str:
    return ", ".join(name if name.isprintable() else ascii(name) for name in names)
