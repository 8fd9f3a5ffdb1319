"""The `.zip` that Arduino's editor installs."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable, Mapping

import pytest

from edgewright.pipeline.emission.firmware import render_archive
from edgewright.pipeline.target import family_names, load_family
from edgewright.pipeline.vocabulary import EmissionModel

Emit = Callable[..., Mapping[str, bytes]]


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
