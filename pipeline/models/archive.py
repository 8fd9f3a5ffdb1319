"""The `.keras` file: a zip with metadata, configuration and weights, read within limits."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath

from edgewright.pipeline.errors import ModelError
from edgewright.pipeline.models.configuration import MOST_CONFIG_BYTES, first_line, parse_configuration

METADATA, CONFIG, WEIGHTS = "metadata.json", "config.json", "model.weights.h5"
MOST_METADATA_BYTES = 1 << 16
MOST_ARCHIVE_BYTES = 2 << 30
"""All members together, unpacked."""
MOST_MEMBERS = 10_000
MOST_COMPRESSION = 100
"""Keras does not compress at all, and weights hardly shrink."""


def read_archive(path: Path) -> tuple[str, object]:
    """Return the version of the Keras that saved a `.keras` file, and the model's configuration.

    Raises:
        ModelError: the file is damaged or incomplete, or unpacks to more than is accepted.
    """
    with open_archive(path) as archive:
        metadata = parse_configuration(_read(archive, METADATA, MOST_METADATA_BYTES, path), f"{path}: {METADATA}")
        if not isinstance(metadata, dict) or not isinstance(metadata.get("keras_version"), str):
            raise ModelError(f'model: {path} has a {METADATA} without "keras_version"; save the model again.')
        return metadata["keras_version"], parse_configuration(
            _read(archive, CONFIG, MOST_CONFIG_BYTES, path), str(path)
        )


def read_weights(path: Path) -> bytes:
    """Return the weights of a `.keras` file, an HDF5 file itself; their checksum is right.

    Raises:
        ModelError: they are damaged or missing.
    """
    with open_archive(path) as archive:
        return _read(archive, WEIGHTS, MOST_ARCHIVE_BYTES, path)


@contextmanager
def open_archive(path: Path) -> Iterator[zipfile.ZipFile]:
    """Open a `.keras` file after a look at its directory.

    Raises:
        ModelError: the file is damaged, or unpacks to more than is accepted.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            _check_directory(archive, path)
            yield archive
    except (OSError, ValueError, EOFError, RuntimeError, NotImplementedError, zipfile.BadZipFile) as error:
        raise ModelError(f"model: {path} is not a whole .keras file ({first_line(error)}); save it again.") from None


def _check_directory(archive: zipfile.ZipFile, path: Path) -> None:
    members = archive.infolist()
    names = [member.filename for member in members]
    total_bytes = sum(member.file_size for member in members)
    packed_bytes = sum(member.compress_size for member in members)
    if total_bytes > MOST_ARCHIVE_BYTES or total_bytes > MOST_CONFIG_BYTES + MOST_COMPRESSION * packed_bytes:
        raise ModelError(
            f"model: {path} unpacks from {packed_bytes:,} to {total_bytes:,} bytes; at most {MOST_ARCHIVE_BYTES:,} and "
            f"{MOST_COMPRESSION} times the packed size are accepted."
        )
    if len(names) > MOST_MEMBERS or len(set(names)) != len(names):
        raise ModelError(f"model: {path} has {len(names):,} members, or two of one name; save the model again.")
    for name in names:
        parts = PurePosixPath(name).parts
        if name.startswith("/") or "\\" in name or ":" in name or ".." in parts:
            raise ModelError(f'model: {path} has the member "{name}", which points out of the file; save it again.')


def _read(archive: zipfile.ZipFile, name: str, limit_bytes: int, path: Path) -> bytes:
    try:
        member = archive.getinfo(name)
    except KeyError:
        raise ModelError(f"model: {path} lacks {name}, so it is not a whole .keras file; save it again.") from None
    if member.file_size > limit_bytes:
        raise ModelError(
            f"model: {path} has a {name} of {member.file_size:,} bytes; at most {limit_bytes:,} are accepted."
        )
    return archive.read(member)
