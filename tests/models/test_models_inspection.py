"""Model files looked at without any Keras: what they are is told, and what is hostile or damaged is refused."""

from __future__ import annotations

import json
import struct
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.keras_files import (
    field,
    layer,
    sequential,
    varint,
    weights,
    write_archive,
    write_hdf5,
    write_saved_model,
)

from edgewright.pipeline.errors import ModelError
from edgewright.pipeline.models import FileKind, inspect_model_file, is_opaque, layer_names
from edgewright.pipeline.models.archive import read_archive, read_weights
from edgewright.pipeline.models.configuration import MOST_DEPTH, check_configuration, list_entries
from edgewright.pipeline.models.hdf5 import check_datasets
from edgewright.pipeline.models.wire import read_messages, read_text

DENSE = layer("Dense", "d", units=2)
MARSHALLED = {"class_name": "__lambda__", "config": {"value": "4wEAAAA="}}
HIDDEN: dict[str, Any] = {
    "plain": layer("Lambda", "bad"),
    "old": layer("Lambda", "bad", module=None, function=["4wEAAAA=", None, None], function_type="lambda"),
    "registered": layer("Custom>Lambda", "bad"),
    "function": {"class_name": "Thing", "config": {"name": "bad", "function_type": "lambda"}},
    "nested model": sequential(DENSE, layer("Lambda", "bad")),
    "time distributed": layer("TimeDistributed", "t", layer=layer("Lambda", "bad")),
    "bidirectional": layer("Bidirectional", "b", layer=layer("LSTM", "l"), backward_layer=layer("Lambda", "bad")),
    "both": layer(
        "TimeDistributed", "t", layer=sequential(layer("TimeDistributed", "u", layer=layer("Lambda", "bad")))
    ),
    "activation": layer("Dense", "bad", activation=MARSHALLED),
    "initializer": layer("Dense", "bad", kernel_initializer=MARSHALLED),
    "cell": layer("RNN", "r", cell={"class_name": "StackedRNNCells", "config": {"cells": [layer("Lambda", "bad")]}}),
    "argument": {**layer("Add", "bad"), "inbound_nodes": [{"args": [MARSHALLED]}]},
}


def refusal(path: Path, *, trust: bool = False) -> str:
    """Return why a file is refused; it must be one line."""
    with pytest.raises(ModelError) as caught:
        inspect_model_file(path, trust=trust)
    assert "\n" not in str(caught.value)
    return str(caught.value)


# ---- what a file is ------------------------------------------------------------------------------------------------


def test_archive_is_told(tmp_path: Path) -> None:
    """The version stands in the metadata, and layers are named in their order, without models and number formats."""
    config = sequential(DENSE, sequential(layer("Dense", "e", dtype=layer("DTypePolicy", "float32"))))
    file = inspect_model_file(write_archive(tmp_path / "m.keras", config))

    assert (FileKind.ARCHIVE, "Keras 3.15.1", True) == (file.kind, file.saved_by, file.is_keras3)
    assert ("d", "e") == file.layer_names == layer_names(tmp_path / "m.keras")


@pytest.mark.parametrize(("version", "told"), [("2.15.0", "2.15.0"), ("3.1.0", "3.1.0"), (None, "2")])
def test_hdf5_is_told(tmp_path: Path, version: str | None, told: str) -> None:
    """The version is an attribute; the oldest files have none and are of Keras 2. The name's ending does not matter."""
    file = inspect_model_file(write_hdf5(tmp_path / "m.keras", sequential(DENSE), version))

    assert (FileKind.HDF5, told, told.startswith("3")) == (file.kind, file.keras_version, file.is_keras3)


@pytest.mark.parametrize("inside", [False, True])
def test_saved_model_is_told(tmp_path: Path, inside: bool) -> None:
    """A Keras 2 SavedModel keeps its configurations beside the graph or, before TensorFlow 2.5, in it."""
    config = {**sequential(DENSE), "keras_version": "2.4.0"}
    path = write_saved_model(tmp_path / "m", config, layer("Dense", "d"), inside=inside)
    file = inspect_model_file(path)

    assert (FileKind.SAVED_MODEL, "2.4.0", ("d",)) == (file.kind, file.keras_version, file.layer_names)
    assert not is_opaque(path)


def test_export_is_told(tmp_path: Path) -> None:
    """A SavedModel without Keras objects, or whose first is no model, is opaque."""
    bare = write_saved_model(tmp_path / "bare")
    other = write_saved_model(tmp_path / "other", DENSE, identifier="_generic_user_object", inside=True)

    assert FileKind.OPAQUE is inspect_model_file(bare).kind
    assert (True, True) == (is_opaque(bare), is_opaque(other))
    assert not is_opaque(write_archive(tmp_path / "m.keras", sequential(DENSE)))


def test_looking_loads_no_tensorflow(tmp_path: Path) -> None:
    """A warm run looks at its model, so this must stay quick: neither TensorFlow nor Keras is imported."""
    paths = [
        write_archive(tmp_path / "m.keras", sequential(DENSE)),
        write_hdf5(tmp_path / "m.h5", sequential(DENSE)),
        write_saved_model(tmp_path / "m", sequential(DENSE)),
    ]
    program = (
        "import sys; from pathlib import Path; from edgewright.pipeline.models import inspect_model_file\n"
        "for path in sys.argv[1:]: inspect_model_file(Path(path))\n"
        "assert not {'tensorflow', 'keras', 'tf_keras'} & set(sys.modules)"
    )

    subprocess.run([sys.executable, "-c", program, *map(str, paths)], check=True)


# ---- what runs code ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("case", HIDDEN)
def test_lambda_is_found_wherever_it_hides(case: str) -> None:
    """A Lambda inside models, wrappers, cells and arguments is refused by its layer's name, and passes with trust."""
    config = sequential(DENSE, HIDDEN[case])

    with pytest.raises(ModelError, match=r'the Lambda layer "bad", which runs code .* --trust-model'):
        check_configuration(config, "m", trust=False)
    check_configuration(config, "m", trust=True)


@pytest.mark.parametrize("inside", [False, True])
def test_lambda_in_a_saved_model_is_found(tmp_path: Path, inside: bool) -> None:
    """Every Keras object of a SavedModel is looked at, not the model alone."""
    path = write_saved_model(tmp_path / "m", sequential(DENSE), layer("Lambda", "bad"), inside=inside)

    assert 'the Lambda layer "bad"' in refusal(path)
    assert FileKind.SAVED_MODEL is inspect_model_file(path, trust=True).kind


def test_file_operators_are_refused(tmp_path: Path) -> None:
    """An operator that writes files would do so when the model computes."""
    path = write_saved_model(tmp_path / "m", operator="WriteFile")

    assert "uses the operator WriteFile, which touches files" in refusal(path)
    assert FileKind.OPAQUE is inspect_model_file(path, trust=True).kind


@pytest.mark.parametrize(
    "entry",
    [
        layer("Dense", "bad", activation={"module": "os", "class_name": "function", "config": "system"}),
        layer("Dense", "bad", activation={"module": "builtins", "class_name": "function", "config": "eval"}),
        layer("Dense", "bad", activation={"module": "keras.utils", "class_name": "function", "config": "get_file"}),
        layer("Popen", "bad", module="subprocess"),
        layer("Mine", "bad", module="my_package.layers"),
        layer("TFSMLayer", "bad", filepath="/elsewhere"),
        layer("TorchModuleWrapper", "bad"),
    ],
)
@pytest.mark.parametrize("trust", [False, True])
def test_what_is_not_of_keras_is_refused(entry: dict[str, Any], trust: bool) -> None:
    """Keras would import any module that a configuration names; only its own are let through, by the layer's name."""
    with pytest.raises(ModelError, match='the layer "bad"'):
        check_configuration(sequential(entry), "m", trust=trust)


def test_functions_of_keras_pass() -> None:
    """Activations are functions too, and harmless; what compiled the model is not read and may be the user's own."""
    relu = {"module": "builtins", "class_name": "function", "config": "relu"}
    silu = {"module": "keras.activations", "class_name": "function", "config": "silu"}
    config = sequential(layer("Dense", "d", activation=relu), layer("Dense", "e", activation=silu))

    check_configuration({**config, "compile_config": {"loss": layer("Mine", "x", module="mine")}}, "m", trust=False)


@pytest.mark.parametrize(
    ("called", "passes"),
    [
        ("math.multiply", True),
        ("nn.relu", True),
        ("compat.v1.nn.conv2d", True),
        ("reshape", True),
        ("__operators__.getitem", True),
        ("io.write_file", False),
        ("py_function", False),
        ("raw_ops.WriteFile", False),
        ("compat.v1.gfile.remove", False),
        ("keras.utils.get_file", False),
    ],
)
def test_calls_of_tensorflow_are_sorted(called: str, passes: bool) -> None:
    """Keras 2 calls TensorFlow functions by name: arithmetic passes, files and Python need trust."""
    config = sequential(layer("TFOpLambda", "call", module=None, function=called))

    check_configuration(config, "m", trust=True)
    if passes:
        check_configuration(config, "m", trust=False)
    else:
        with pytest.raises(ModelError, match=f'calls TensorFlow\'s "{called}" in the layer "call"'):
            check_configuration(config, "m", trust=False)


# ---- what is damaged -----------------------------------------------------------------------------------------------


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


@pytest.mark.parametrize("text", ["", "{", "[1,", "\x00", "NaN]", '{"class_name": '])
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


# ---- what is too large ---------------------------------------------------------------------------------------------


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


# ---- protocol buffers ----------------------------------------------------------------------------------------------


@given(st.lists(st.tuples(st.integers(1, 6), st.binary(max_size=300) | st.integers(0, 2**64 - 1)), max_size=8))
def test_fields_are_read_back(fields: list[tuple[int, bytes | int]]) -> None:
    """Fields with bytes come out in their order; whole numbers and fields of fixed width are stepped over."""
    content = b"".join(field(number, value) for number, value in fields)
    content += varint(7 << 3 | 1) + bytes(8) + varint(7 << 3 | 5) + bytes(4)

    for wanted in range(1, 7):
        expected = [value for number, value in fields if number == wanted and isinstance(value, bytes)]
        assert expected == [bytes(found) for found in read_messages(memoryview(content), wanted)]


def test_paths_are_followed() -> None:
    """A path of numbers leads through every repetition; the last text wins, and none is empty."""
    content = memoryview(field(2, field(1, "a") + field(1, "b")) + field(3, 1) + field(2, field(1, "c")))

    assert [b"a", b"b", b"c"] == [bytes(found) for found in read_messages(content, 2, 1)]
    assert ("c", "") == (read_text(content, 2, 1), read_text(content, 2, 5))


@given(st.binary(max_size=200))
def test_any_bytes_end_in_our_own_error(content: bytes) -> None:
    """Whatever is read as a protocol buffer, it ends, by itself or in our own error."""
    try:
        assert all(len(found) <= len(content) for found in read_messages(memoryview(content), 1, 2))
    except ModelError as error:
        assert "cut off or malformed" in str(error)


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
    try:
        version, _ = read_archive(path)
    except ModelError:
        return
    assert "3.15.1" == version or json.dumps(version)
