"""The `.zip` of a library: what Arduino installs, the same bytes every time."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable, Mapping

import pytest

from edgewright.pipeline.emission.archive import archive
from edgewright.pipeline.emission.firmware import render_archive
from edgewright.pipeline.target import family_names, load_family
from edgewright.pipeline.vocabulary import EmissionModel

Emit = Callable[..., Mapping[str, bytes]]


def test_archive_reads_back() -> None:
    """Every file is there once, below the one folder, sorted, readable, and without a date."""
    files = {"src/b.h": b"two\n", "a.txt": b"one\n", "src/größe.c": b""}
    with zipfile.ZipFile(io.BytesIO(archive("lib", files))) as packed:
        assert packed.testzip() is None
        assert ["lib/a.txt", "lib/src/b.h", "lib/src/größe.c"] == packed.namelist()
        assert files == {name.removeprefix("lib/"): packed.read(name) for name in packed.namelist()}
        assert {(1980, 1, 1, 0, 0, 0)} == {entry.date_time for entry in packed.infolist()}
        assert {0o100644} == {entry.external_attr >> 16 for entry in packed.infolist()}


def test_archive_does_not_follow_the_order() -> None:
    """The order in which files are given changes nothing."""
    files = {"b": b"2", "a": b"1"}
    assert archive("lib", files) == archive("lib", dict(reversed(files.items())))


@pytest.mark.parametrize("family", family_names())
def test_arduino_alone_is_archived(family: str, tiny: EmissionModel, emit: Emit) -> None:
    """Arduino's tree is packed below a folder with the library's name, as its editor expects; others are not."""
    tree = emit(tiny, family)
    archives = render_archive(tiny.name, tiny.prefix, load_family(family), tree)
    if family != "arduino":
        assert {} == archives
        return
    assert ["edgewright_tiny_digits.zip"] == list(archives)
    assert b"\nname=edgewright_tiny_digits\n" in tree["library.properties"]
    with zipfile.ZipFile(io.BytesIO(archives["edgewright_tiny_digits.zip"])) as packed:
        assert {f"edgewright_tiny_digits/{name}": content for name, content in tree.items()} == {
            name: packed.read(name) for name in packed.namelist()
        }
