"""One sentence for a conversion that failed, with the layer's name where it can be told."""

from __future__ import annotations

import re
from pathlib import Path

from edgewright.pipeline.graph import Graph
from edgewright.pipeline.layers import name_layers
from edgewright.pipeline.models import is_opaque, layer_names, list_layers

RECURRENT = frozenset({"GRU", "SimpleRNN", "RNN"})
"""Layers whose calibration ends the process unless they are unrolled."""
LONGEST_REASON = 200
CONVERTING = frozenset({"QUANTIZE", "DEQUANTIZE"})
LISTED = 3

_REASON = re.compile(r"error: (.+)")
_LOCATION = re.compile(r'"([^"@]+/[^"@]+)@')
_LOOP = re.compile(r"TensorList|tf\.While|element_shape")


def recurrent_layers(model_path: Path, class_names: frozenset[str], *, unrolled: bool) -> tuple[str, ...]:
    """Return the names of the layers of some classes that are unrolled, or of those that are loops over time."""
    names = [
        entry.layer_name
        for entry in list_layers(model_path)
        if entry.class_name in class_names
        and isinstance(entry.config, dict)
        and bool(entry.config.get("unroll")) == unrolled
    ]
    return tuple(dict.fromkeys(names))


def failed_sentence(reason: str, log: str, model_path: Path) -> str:
    """Say why the converter refused a model.

    Args:
        reason: what it raised.
        log: what it wrote to its standard error, where the places of operators stand.
        model_path: the model.
    """
    found = _REASON.search(reason)
    short = " ".join((found.group(1) if found else reason.strip().splitlines()[0] if reason.strip() else "").split())
    short = short[:LONGEST_REASON].rstrip(".:; ") or "it gave no reason"
    layer = _layer_in(f"{log}\n{reason}", model_path)
    what = f'the layer "{layer}"' if layer else "this model"
    if _LOOP.search(short):
        return (
            f"convert: TensorFlow's converter cannot convert {what}, a loop over time whose batch or length is free "
            f"({short}); {_unroll_advice(model_path)}."
        )
    advice = "replace that layer by others" if layer else "build it from layers that TensorFlow Lite has"
    return f"convert: TensorFlow's converter cannot convert {what} ({short}); {advice}."


def float_sentence(graph: Graph, model_path: Path) -> str | None:
    """Say which layers the converter left in floating point; None where it cannot be told.

    Args:
        graph: what it made.
        model_path: of this model.
    """
    tensors = graph.main.tensors
    pairs = zip(graph.main.operators, name_layers(graph, layer_names(model_path)), strict=True)
    computed = [
        f'"{layer}" ({operator.op})'
        for operator, layer in pairs
        if operator.op not in CONVERTING and any(tensors[index].dtype.is_float for index in operator.outputs)
    ]
    if not computed:
        return None
    listed = ", ".join(list(dict.fromkeys(computed))[:LISTED])
    return (
        f"convert: TensorFlow Lite computes {listed} in floating point only; build the model from layers that can be "
        "computed in integers."
    )


def died_sentence(signal_name: str, model_path: Path) -> str:
    """Say why the converter's process was ended by a signal.

    Args:
        signal_name: `SIGSEGV` for instance.
        model_path: the model.
    """
    names = recurrent_layers(model_path, RECURRENT, unrolled=False)
    if names:
        listed = ", ".join(f'"{name}"' for name in names)
        return (
            f"convert: TensorFlow's converter was ended by {signal_name} while it calibrated the recurrent layer "
            f"{listed}; set unroll=True in that layer and save the model again, or use an LSTM."
        )
    return (
        f"convert: TensorFlow's converter was ended by {signal_name}; see whether memory ran out, then look for the "
        "layer by converting the model without its last ones."
    )


def _unroll_advice(model_path: Path) -> str:
    if is_opaque(model_path):
        return "give the .keras file instead of the export, or export the model with a batch of 1"
    return "set unroll=True in that layer, or use an LSTM"


def _layer_in(text: str, model_path: Path) -> str | None:
    """Return the first layer that a place in TensorFlow's log names (`"model/dense/MatMul@__inference…"`)."""
    known = {entry.layer_name for entry in list_layers(model_path)}
    for place in _LOCATION.findall(text):
        parts = [part for part in place.split("/") if part]
        named = [part for part in parts if part in known] if known else parts[-2:-1]
        if named:
            return str(named[-1])
    return None
