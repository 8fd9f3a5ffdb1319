"""A tree of files as one `.zip`: the same bytes every time."""

from __future__ import annotations

import io
import zipfile

from edgewright.pipeline.archive import archive


def test_archive_reads_back() -> None:
    """Every file is there once, below the one folder, sorted, readable, and without a date."""
    files = {"src/b.h": b"two\n", "a.txt": b"one\n", "src/größe.c": b""}
    with zipfile.ZipFile(io.BytesIO(archive(files, "lib"))) as packed:
        assert packed.testzip() is None
        assert ["lib/a.txt", "lib/src/b.h", "lib/src/größe.c"] == packed.namelist()
        assert files == {name.removeprefix("lib/"): packed.read(name) for name in packed.namelist()}
        assert {(1980, 1, 1, 0, 0, 0)} == {entry.date_time for entry in packed.infolist()}
        assert {0o100644} == {entry.external_attr >> 16 for entry in packed.infolist()}


def test_archive_does_not_follow_the_order() -> None:
    """The order in which files are given changes nothing."""
    files = {"b": b"2", "a": b"1"}
    assert archive(files, "lib") == archive(dict(reversed(files.items())), "lib")


def test_archive_without_a_folder() -> None:
    """Without a folder the files lie at the top."""
    with zipfile.ZipFile(io.BytesIO(archive({"b/c": b"1", "a": b"2"}))) as packed:
        assert ["a", "b/c"] == packed.namelist()
