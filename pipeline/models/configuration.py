"""A model's configuration, read from its file and searched for what would run code, before Keras sees any of it."""

from __future__ import annotations

import builtins
import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from edgewright.pipeline.errors import ModelError

MOST_CONFIG_BYTES = 16 << 20
"""A MobileNet's configuration has 0.1 MB."""
MOST_DEPTH = 200
"""Levels of brackets; a model inside a model inside a wrapper has about 20."""

CODE_CLASSES = frozenset({"Lambda", "__lambda__"})
"""Configurations of these hold marshalled Python code."""
FOREIGN_CLASSES = frozenset({"TFSMLayer", "JaxLayer", "FlaxLayer", "TorchModuleWrapper"})
"""Layers that load something else than their own weights: another file, another framework, a pickle."""
KERAS_PACKAGES = frozenset({"keras", "tf_keras", "builtins"})
"""Where a class named in a configuration may come from; Keras would import any module that it finds there."""
OPERATION_CLASSES = frozenset({"TFOpLambda", "SlicingOpLambda", "ClassMethod", "InstanceMethod", "InstanceProperty"})
"""Layers of Keras 2 that stand for a call of a TensorFlow function, by its name."""
OPERATION_ROOTS = ("math.", "nn.", "linalg.", "image.resize", "__operators__.", "keras.activations.", "keras.backend.")
OPERATIONS = frozenset({
    "abs", "add", "cast", "clip_by_value", "concat", "divide", "exp", "expand_dims", "gather", "identity",
    "maximum", "minimum", "multiply", "negative", "ones_like", "pad", "realdiv", "reduce_max", "reduce_mean",
    "reduce_min", "reduce_sum", "repeat", "reshape", "reverse", "round", "scalar_mul", "shape", "sigmoid", "sign",
    "slice", "split", "sqrt", "square", "squeeze", "stack", "strided_slice", "subtract", "tanh", "tile",
    "transpose", "truediv", "unstack", "where", "zeros_like",
})  # fmt: skip


LONGEST_REASON = 300
"""Characters of what a library said."""


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One object of a configuration that Keras would make."""

    class_name: str
    module: str | None
    config: object
    layer_name: str
    """The name of the object, or of the layer that it belongs to; empty at the top."""


def parse_configuration(text: str | bytes, origin: str) -> object:
    """Parse a configuration within limits.

    Args:
        text: JSON.
        origin: the file, for messages.

    Raises:
        ModelError: it is too large, nested too deep, or not JSON.
    """
    if len(text) > MOST_CONFIG_BYTES:
        raise ModelError(
            f"model: {origin} has a configuration of {len(text):,} bytes; at most {MOST_CONFIG_BYTES:,} are accepted."
        )
    try:
        return json.loads(text)
    except RecursionError:
        raise _too_deep(origin) from None
    except ValueError as error:
        raise ModelError(
            f"model: {origin} has a configuration that is not JSON ({error}); save the model again."
        ) from None


def list_entries(config: object, origin: str) -> Iterator[Entry]:
    """Yield every object that Keras would make from a configuration, inner ones too, in the order of the file.

    What compiled the model stays unread by Keras here, so it is left out.

    Raises:
        ModelError: it is nested too deep.
    """
    if isinstance(config, dict):
        config = {key: value for key, value in config.items() if key not in ("compile_config", "training_config")}
    pending: list[tuple[object, int, str]] = [(config, 0, "")]
    while pending:
        item, depth, layer_name = pending.pop()
        if depth > MOST_DEPTH:
            raise _too_deep(origin)
        if isinstance(item, dict):
            if "class_name" in item:
                entry = _entry(item, layer_name)
                layer_name = entry.layer_name
                yield entry
            elif item.get("function_type") == "lambda":
                yield Entry(class_name="__lambda__", module=None, config=item, layer_name=layer_name)
            pending.extend((value, depth + 1, layer_name) for value in reversed(item.values()))
        elif isinstance(item, list):
            pending.extend((value, depth + 1, layer_name) for value in reversed(item))


def check_configuration(config: object, origin: str, *, trust: bool) -> None:
    """Refuse a configuration that would run code from the file, or that needs classes which are not of Keras.

    Args:
        config: as parsed.
        origin: the file, for messages.
        trust: allow Lambda layers and calls of any TensorFlow function.

    Raises:
        ModelError: it holds a Lambda layer or a dangerous call and is not trusted, or a class that is not of Keras.
    """
    for entry in list_entries(config, origin):
        if entry.class_name in CODE_CLASSES and not trust:
            raise ModelError(
                f'model: {origin} has the Lambda layer "{entry.layer_name}", which runs code from the file; give '
                "--trust-model if you trust where it comes from."
            )
        if entry.class_name in FOREIGN_CLASSES:
            raise ModelError(
                f'model: {origin} has the layer "{entry.layer_name}" of the class {entry.class_name}, which loads what '
                "is not in the file; build the model from layers that carry their own weights."
            )
        if entry.class_name in OPERATION_CLASSES and not trust:
            _check_operation(entry, origin)
        _check_module(entry, origin)


def first_line(error: Exception) -> str:
    """Return the first line of what a library says, for the middle of a sentence."""
    line = next(iter(str(error).strip().splitlines()), "") or type(error).__name__
    return line[:LONGEST_REASON].rstrip(".:; ")


def _entry(item: dict[str, Any], layer_name: str) -> Entry:
    config = item.get("config")
    named = item.get("name") or (config.get("name") if isinstance(config, dict) else None)
    module = item.get("module")
    return Entry(
        class_name=str(item["class_name"]).rsplit(">", maxsplit=1)[-1],
        module=None if module is None else str(module),
        config=config,
        layer_name=str(named) if isinstance(named, str) else layer_name,
    )


def _check_operation(entry: Entry, origin: str) -> None:
    config = entry.config if isinstance(entry.config, dict) else {}
    called = str(
        next((config[key] for key in ("function", "cls_symbol", "attr_name", "method_name") if key in config), "")
    )
    plain = called.removeprefix("compat.v1.")
    if plain.startswith(OPERATION_ROOTS) or plain in OPERATIONS:
        return
    raise ModelError(
        f'model: {origin} calls TensorFlow\'s "{called}" in the layer "{entry.layer_name}", which is not known to be '
        "harmless; put a Keras layer in its place, or give --trust-model if you trust where the file comes from."
    )


def _check_module(entry: Entry, origin: str) -> None:
    module = entry.module or "builtins"
    known = module.split(".")[0] in KERAS_PACKAGES
    if entry.class_name == "function":
        known &= module == "builtins" or module.endswith(".activations")
        known &= not hasattr(builtins, str(entry.config))
        what = f'the function "{entry.config}"'
    else:
        what = f"the class {entry.class_name}"
    if not known:
        where = f' in the layer "{entry.layer_name}"' if entry.layer_name else ""
        raise ModelError(
            f"model: {origin} needs {what} of {module}{where}, which is not of Keras; build the model from layers of "
            "Keras alone."
        )


def _too_deep(origin: str) -> ModelError:
    return ModelError(
        f"model: {origin} has a configuration nested more than {MOST_DEPTH} levels deep; save the model again."
    )
