"""Which layer of the source model each operator of a `.tflite` comes from.

The names are read where the converter left them, and stand in a file beside the `.tflite` from then on: what runs on a
microcontroller carries none.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from edgewright.pipeline.errors import TfliteError
from edgewright.pipeline.graph.types import Graph, Operator

SEPARATORS = re.compile(r"[/;:]")


class _Row(BaseModel):
    """One operator."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    operator: int
    op: str
    layer: str


class _Document(BaseModel):
    """What the file beside a `.tflite` holds."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    version: Literal[1] = 1
    operators: tuple[_Row, ...]


def layers_path(tflite_path: Path) -> Path:
    """Return where the layers' names of a `.tflite` stand: `model.layers.json` beside `model.tflite`."""
    return tflite_path.with_suffix(".layers.json")


def layers_document(graph: Graph, layers: Collection[str]) -> bytes:
    """Return the content of that file.

    Args:
        graph: the model.
        layers: one name for each operator of the main subgraph.
    """
    rows = [
        _Row(operator=operator.index, op=operator.label, layer=layer)
        for operator, layer in zip(graph.main.operators, layers, strict=True)
    ]
    return (_Document(operators=tuple(rows)).model_dump_json(indent=1) + "\n").encode()


def read_layers(path: Path, graph: Graph) -> tuple[str, ...]:
    """Return one layer's name for each operator from the file beside a `.tflite`.

    Raises:
        TfliteError: the file is damaged, or of another model.
    """
    try:
        rows = _Document.model_validate_json(path.read_bytes()).operators
    except (OSError, ValidationError):
        raise TfliteError(f"{path}: cannot be read as layers' names; remove it or convert the model again.") from None
    if [(row.operator, row.op) for row in rows] != [(one.index, one.label) for one in graph.main.operators]:
        raise TfliteError(f"{path}: names other operators than the .tflite has; remove it or convert the model again.")
    return tuple(row.layer for row in rows)


def name_layers(graph: Graph, layer_names: Collection[str] = ()) -> tuple[str, ...]:
    """Name a source layer for every operator of the main subgraph.

    The converter leaves the layer's name in the names of the tensors that an operator writes or owns
    (`mnist/conv1/Relu;mnist/conv1/BiasAdd`). An operator without such a name takes that of the operator before it.

    Args:
        graph: the converted model.
        layer_names: the layers of the Keras model; where none are known, the last part of the tensor's own name that
            says more than an operation is taken.

    Returns:
        One name for each operator, in their order.
    """
    named: list[str] = []
    for operator in graph.main.operators:
        found = _layer_of(graph, operator, frozenset(layer_names))
        named.append(found or (named[-1] if named else operator.label.lower()))
    return tuple(named)


def _layer_of(graph: Graph, operator: Operator, layer_names: frozenset[str]) -> str | None:
    tensors = graph.main.tensors
    own = [tensors[index] for index in operator.outputs]
    constants = [tensors[index] for index in operator.inputs if index >= 0 and graph.data(tensors[index]) is not None]
    for tensor in (*own, *constants):
        parts = [part for part in SEPARATORS.split(tensor.name) if part]
        known = [part for part in parts if part in layer_names]
        if known:
            return known[-1] if tensor in own else known[0]
    if layer_names:
        return None
    for tensor in own:
        first = tensor.name.split(";")[0].split("/")
        if len(first) > 1:
            return first[-2]
        if first[0]:
            return first[0]
    return None
