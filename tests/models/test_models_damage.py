"""Model files that are cut off, changed, too deep or too large: refused in one sentence, before Keras sees them."""

from __future__ import annotations

import contextlib
import struct
import zipfile
from pathlib import Path

import h5py
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.keras_files import layer, sequential, weights, write_archive, write_hdf5, write_saved_model

from edgewright.pipeline.errors import ModelError
from edgewright.pipeline.models import FileKind, inspect_model_file
from edgewright.pipeline.models.archive import read_archive, read_weights
from edgewright.pipeline.models.configuration import MOST_DEPTH, list_entries
from edgewright.pipeline.models.hdf5 import check_datasets

DENSE = layer("Dense", "d", units=2)


def refusal(path: Path) -> str:
    """Return why a file is refused; it must be one line."""
    with pytest.raises(ModelError) as caught:
        inspect_model_file(path)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_missing_file_is_refused(tmp_path: Path) -> None:
    """The message names the path and what is accepted."""
    assert "m.keras does not exist; give a .keras, a .h5 or a SavedModel folder." in refusal(tmp_path / "m.keras")


def test_other_files_and_folders_are_refused(tmp_path: Path) -> None:
    """Neither text nor an empty file nor an empty folder is a model."""
    (tmp_path / "text").write_text("hello")
    (tmp_path / "empty").touch()
    (tmp_path / "folder").mkdir()

    assert "is neither a .keras nor a .h5 file" in refusal(tmp_path / "text")
    assert "is neither a .keras nor a .h5 file" in refusal(tmp_path / "empty")
    assert "is a folder without saved_model.pb" in refusal(tmp_path / "folder")


@pytest.mark.parametrize("missing", ["metadata.json", "config.json"])
def test_archive_without_a_member_is_refused(tmp_path: Path, missing: str) -> None:
    """A zip is a `.keras` only with its parts."""
    path = write_archive(tmp_path / "whole.keras", sequential(DENSE))
    with zipfile.ZipFile(path) as whole, zipfile.ZipFile(tmp_path / "m.keras", "w") as part:
        for name in whole.namelist():
            if name != missing:
                part.writestr(name, whole.read(name))

    assert f"lacks {missing}, so it is not a whole .keras file" in refusal(tmp_path / "m.keras")


def test_archive_without_weights_is_refused(tmp_path: Path) -> None:
    """Weights are looked for before the model is loaded."""
    path = tmp_path / "m.keras"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("config.json", "{}")

    with pytest.raises(ModelError, match=r"lacks model\.weights\.h5"):
        read_weights(path)


def test_every_truncated_archive_is_refused(tmp_path: Path) -> None:
    """Cut off anywhere, a `.keras` is refused in one sentence."""
    content = write_archive(tmp_path / "whole.keras", sequential(DENSE)).read_bytes()
    path = tmp_path / "m.keras"
    for length in range(0, len(content), 97):
        path.write_bytes(content[:length])
        refusal(path)


@pytest.mark.parametrize("version", ["4.0.0", "", "x"])
def test_unknown_version_is_refused(tmp_path: Path, version: str) -> None:
    """A Keras that does not exist yet is refused by its version."""
    path = write_archive(tmp_path / "m.keras", sequential(DENSE), version)

    assert f"was saved by Keras {version}; save it with Keras 2 or 3." in refusal(path)


def test_damaged_metadata_is_refused(tmp_path: Path) -> None:
    """Metadata that is no object, or without a version, is refused."""
    for content in ("[]", "{}", '{"keras_version": 3}', "{", "\0"):
        path = write_archive(tmp_path / "m.keras", sequential(DENSE), members={"metadata.json": content})
        assert "metadata.json" in refusal(path)


def test_weights_alone_are_refused(tmp_path: Path) -> None:
    """An `.h5` without a configuration has weights only."""
    assert "has weights only; save the whole model" in refusal(write_hdf5(tmp_path / "m.h5", None))


@pytest.mark.parametrize("text", ["", "{", "[1,", "\x01", "NaN]", '{"class_name": '])
def test_configuration_that_is_not_json_is_refused(tmp_path: Path, text: str) -> None:
    """The same sentence for either kind of file."""
    assert "a configuration that is not JSON" in refusal(write_archive(tmp_path / "m.keras", text))
    assert "a configuration that is not JSON" in refusal(write_hdf5(tmp_path / "m.h5", text or " "))


@pytest.mark.parametrize("depth", [MOST_DEPTH + 2, 5_000, 1_000_000])
@pytest.mark.parametrize("brackets", ["[]", '{"a":}'])
def test_deep_configuration_is_refused(tmp_path: Path, depth: int, brackets: str) -> None:
    """Nesting, were it a million deep, ends in one sentence and not in a full stack."""
    path = write_archive(tmp_path / "m.keras", brackets[:-1] * depth + "1" + brackets[-1] * depth)

    assert "a configuration nested more than 200 levels deep" in refusal(path)


@settings(max_examples=30)
@given(
    st.recursive(st.none() | st.integers() | st.text(max_size=5), lambda c: st.lists(c) | st.dictionaries(st.text(), c))
)
def test_any_json_is_looked_through(config: object) -> None:
    """Whatever the shape of a configuration, looking through it ends, by itself or in our own error."""
    entries = list(list_entries({"class_name": config, "config": config, "layers": [config]}, "m"))

    assert 1 <= len(entries)


def test_every_truncated_saved_model_is_refused_or_told(tmp_path: Path) -> None:
    """Cut off anywhere, a SavedModel is refused in one sentence, or looks like one without Keras objects."""
    path = write_saved_model(tmp_path / "m", sequential(DENSE), inside=True)
    content = (path / "saved_model.pb").read_bytes()
    outcomes = set()
    for length in range(len(content)):
        (path / "saved_model.pb").write_bytes(content[:length])
        try:
            outcomes.add(inspect_model_file(path).kind)
        except ModelError as error:
            assert "malformed" in str(error)
            outcomes.add(None)

    assert {None, FileKind.OPAQUE} == outcomes


@settings(max_examples=200, deadline=None)
@given(st.data())
def test_changed_bytes_end_in_our_own_error(tmp_path_factory: pytest.TempPathFactory, data: st.DataObject) -> None:
    """A `.keras` with some bytes changed is read, or refused as a model; nothing else is raised."""
    path = tmp_path_factory.getbasetemp() / "fuzzed.keras"
    content = bytearray(write_archive(path, sequential(DENSE)).read_bytes())
    for _ in range(data.draw(st.integers(1, 4))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    path.write_bytes(content)
    with contextlib.suppress(ModelError):
        assert isinstance(read_archive(path)[0], str)


def test_bomb_is_refused(tmp_path: Path) -> None:
    """A small zip that unpacks to very much is refused before anything is unpacked."""
    path = tmp_path / "m.keras"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("metadata.json", '{"keras_version": "3.15.1"}')
        archive.writestr("config.json", bytes(64 << 20))

    assert "unpacks from " in refusal(path)


def test_sizes_that_lie_are_refused(tmp_path: Path) -> None:
    """A directory that claims terabytes is refused, and one that claims too little cannot be read."""
    path = write_archive(tmp_path / "m.keras", sequential(DENSE))
    content = path.read_bytes()
    start = content.index(b"PK\x01\x02")
    for claimed in (0xFFFF_0000, 3):
        path.write_bytes(content[: start + 24] + struct.pack("<I", claimed) + content[start + 28 :])
        refusal(path)


def test_large_configuration_is_refused(tmp_path: Path) -> None:
    """More than 16 MiB of configuration is no model for a microcontroller."""
    path = write_archive(tmp_path / "m.keras", " " * (17 << 20))

    assert "config.json of 17,825,792 bytes; at most 16,777,216 are accepted" in refusal(path)


@pytest.mark.parametrize("name", ["../outside", "/outside", "assets/../../outside", "C:\\outside"])
def test_member_that_points_out_is_refused(tmp_path: Path, name: str) -> None:
    """Keras unpacks a model's assets, so none may leave the folder."""
    path = write_archive(tmp_path / "m.keras", sequential(DENSE), members={name: "x"})

    assert "points out of the file" in refusal(path)


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_double_member_is_refused(tmp_path: Path) -> None:
    """Two members of one name could be read differently by us and by Keras."""
    path = write_archive(tmp_path / "m.keras", sequential(DENSE))
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("config.json", "{}")

    assert "two of one name" in refusal(path)


def test_damaged_member_is_refused(tmp_path: Path) -> None:
    """A changed byte fails the checksum."""
    path = write_archive(tmp_path / "m.keras", sequential(DENSE))
    content = bytearray(path.read_bytes())
    content[content.index(b'"units"') + 2] ^= 1
    path.write_bytes(content)

    assert "is not a whole .keras file (Bad CRC-32" in refusal(path)


def test_weights_that_point_elsewhere_are_refused(tmp_path: Path) -> None:
    """HDF5 can take its arrays from any file of the machine; a model must not."""
    for kind in ("link", "external", "virtual"):
        path = tmp_path / f"{kind}.h5"
        with h5py.File(path, "w") as file:
            if kind == "link":
                file["a/b"] = h5py.ExternalLink("other.h5", "/x")
            elif kind == "external":
                file.create_dataset("a/b", (4,), "f4", external=[("/etc/hostname", 0, 16)])
            else:
                layout = h5py.VirtualLayout((4,), "f4")
                layout[:] = h5py.VirtualSource("other.h5", "x", (4,))
                file.create_virtual_dataset("a/b", layout)
        with pytest.raises(ModelError, match='takes "a/b" from another file'):
            check_datasets(path, "m.h5")


def test_weights_that_claim_too_much_are_refused(tmp_path: Path) -> None:
    """A dataset of a terabyte costs nothing on disk while nothing is written into it."""
    path = tmp_path / "m.h5"
    with h5py.File(path, "w") as file:
        file.create_dataset("a", (1 << 40,), "f4", chunks=(1 << 20,))

    with pytest.raises(ModelError, match="declares weights of 4,398,046,511,104 bytes"):
        check_datasets(path, "m.h5")


def test_damaged_weights_are_refused() -> None:
    """Cut off anywhere, weights are refused or, behind their last number, whole."""
    content = weights((3, 4), (4,))
    check_datasets(content, "m")
    for length in range(0, len(content) - 1, 101):
        with pytest.raises(ModelError, match="damaged weights"):
            check_datasets(content[:length], "m")


def test_arrays_of_a_whole_file_pass(tmp_path: Path) -> None:
    """Weights, soft links inside the file and empty arrays are what models have."""
    path = tmp_path / "m.h5"
    with h5py.File(path, "w") as file:
        file["a/kernel"] = np.ones((3, 4), np.float32)
        file["a/empty"] = np.ones((0,), np.float32)
        file["a/again"] = h5py.SoftLink("/a/kernel")
        file["a/missing"] = h5py.SoftLink("/nowhere")

    check_datasets(path, "m.h5")
