"""Model files looked at without any Keras: what they are, and what in them would run code."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from support.keras_files import layer, sequential, write_archive, write_hdf5, write_saved_model

from edgewright.pipeline.errors import ModelError
from edgewright.pipeline.models import FileKind, inspect_model_file, is_opaque, layer_names
from edgewright.pipeline.models.configuration import check_configuration

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
