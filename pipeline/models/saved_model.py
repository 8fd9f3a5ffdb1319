"""The SavedModel folder, looked at without TensorFlow: a Keras 2 model with its configurations, or functions alone."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from edgewright.pipeline.errors import ModelError
from edgewright.pipeline.models.configuration import check_configuration, parse_configuration
from edgewright.pipeline.models.wire import read_messages, read_text

GRAPH, METADATA = "saved_model.pb", "keras_metadata.pb"
MOST_GRAPH_BYTES = 256 << 20
KERAS_PREFIX = "_tf_keras_"
MODEL_IDENTIFIERS = frozenset({"_tf_keras_model", "_tf_keras_network", "_tf_keras_sequential"})
FILE_OPERATORS = frozenset({
    "EagerPyFunc", "FixedLengthRecordReader", "FixedLengthRecordReaderV2", "InitializeTableFromTextFile",
    "InitializeTableFromTextFileV2", "LookupTableExport", "LookupTableExportV2", "MatchingFiles", "PyFunc",
    "PyFuncStateless", "ReadFile", "Save", "SaveSlices", "TFRecordReader", "TFRecordReaderV2", "TextLineReader",
    "TextLineReaderV2", "WholeFileReader", "WholeFileReaderV2", "WriteFile",
})  # fmt: skip
"""Operators that read or write files while the model computes, or call Python."""


@dataclass(frozen=True, kw_only=True)
class SavedModel:
    """What a SavedModel folder holds."""

    configs: tuple[object, ...]
    """The configuration of every Keras object, the model's own first; empty for functions alone (an export)."""
    keras_version: str
    """Empty where the folder does not tell."""

    @property
    def is_opaque(self) -> bool:
        """Whether there are functions only, and no Keras model to take apart."""
        return not self.configs


def read_saved_model(path: Path, *, trust: bool) -> SavedModel:
    """Look at a SavedModel folder without running anything from it.

    Args:
        path: a folder with saved_model.pb.
        trust: allow Lambda layers, and operators that touch files.

    Raises:
        ModelError: it is no SavedModel or damaged, or holds what is not trusted.
    """
    content = _read(path, GRAPH)
    if not trust:
        _check_operators(content, path)
    metadata = _model_metadata(path, content)
    configs = tuple(parse_configuration(text, str(path)) for text in metadata)
    for config in configs:
        check_configuration(config, str(path), trust=trust)
    root = configs[0] if configs else None
    version = str(root.get("keras_version") or "") if isinstance(root, dict) else ""
    return SavedModel(configs=configs, keras_version=version)


def _model_metadata(path: Path, content: memoryview) -> list[str]:
    """Return the JSON of every Keras object, the root's first; nothing where the root is no Keras model.

    TensorFlow 2.5 and later write it to a file of its own, earlier ones into the graph of objects.
    """
    if (path / METADATA).is_file():
        nodes = [
            (read_text(node, 4), read_text(node, 5), read_text(node, 3))
            for node in read_messages(_read(path, METADATA), 1)
        ]
        nodes.sort(key=lambda node: node[2] != "root")
    else:
        users = [node for graph in read_messages(content, 2) for node in read_messages(graph, 7, 1)]
        nodes = [(read_text(user, 4, 1), read_text(user, 4, 3), "") for user in users]
    if not nodes or nodes[0][0] not in MODEL_IDENTIFIERS:
        return []
    return [metadata for identifier, metadata, _ in nodes if identifier.startswith(KERAS_PREFIX) and metadata]


def _check_operators(content: memoryview, path: Path) -> None:
    """Refuse operators that touch files: in the main graph (2.2.1) and in the library of functions (2.2.2.1.3)."""
    for graph in read_messages(content, 2):
        for fields in ((2, 1, 2), (2, 2, 1, 3, 2)):
            for operator in read_messages(graph, *fields):
                name = bytes(operator).decode("utf-8", errors="replace")
                if name in FILE_OPERATORS:
                    raise ModelError(
                        f"model: {path} uses the operator {name}, which touches files or calls Python; give "
                        "--trust-model if you trust where it comes from."
                    )


def _read(path: Path, name: str) -> memoryview:
    file = path / name
    if not file.is_file():
        raise ModelError(f"model: {path} is a folder without {name}; give a .keras, a .h5 or a SavedModel.")
    if file.stat().st_size > MOST_GRAPH_BYTES:
        raise ModelError(f"model: {file} has {file.stat().st_size:,} bytes; at most {MOST_GRAPH_BYTES:,} are accepted.")
    return memoryview(file.read_bytes())
