"""Widths of fully-connected layers with esp-nn's assembly on the ESP32-S3.

The header asks for inputs and outputs in multiples of 8 (espressif/esp-nn, esp_nn_esp32s3.h, up to 1.2.3), and issue 34
reports wrong logits of a layer with two outputs. Its maintainers found on hardware that neither width matters where the
input is aligned, and that unaligned input goes wrong at any width, up to 1.2.5: the 8-byte loads of
esp_nn_fully_connected_s8_esp32s3.S drop an address's low bits. TensorFlow Lite Micro aligns tensors, so that this
happens where a layer has several rows whose length is no multiple of 8.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from enum import Enum

from edgewright.pipeline.arena.node import extent
from edgewright.pipeline.graph.types import DType
from edgewright.pipeline.lint.dense import (
    Dense,
    can_cut_outputs,
    can_pad_inputs,
    cut_outputs,
    dense_layers,
    hidden_width,
    pad_inputs,
    widen,
)
from edgewright.pipeline.lint.editing import Editor
from edgewright.pipeline.lint.vocabulary import Context, Finding, Repair, Rule, Severity
from edgewright.pipeline.rounding import round_up

NAME = "esp-nn-dense-width"
STEP = 8
"""Elements that the assembly takes at once."""


class Remedy(Enum):
    """How a width can be filled up."""

    HIDDEN = "hidden"
    """It lies between two layers that both grow."""
    OPERATOR = "operator"
    """An operator pads in front of the layer, or cuts behind it."""


def find(context: Context) -> Iterator[Finding]:
    """Yield a finding for each side of a layer whose width is no multiple of 8."""
    if not context.has_s3_kernels:
        return
    layers = dense_layers(context)
    for dense in layers.values():
        if dense.weights.dtype is not DType.INT8:
            continue
        output = dense.use.subgraph.tensors[dense.use.operator.outputs[0]]
        rows = output.element_count // max(extent(output, -1), 1)
        if dense.depth % STEP:
            yield _finding(dense, context, rows=rows, is_input=True, remedy=_of_inputs(dense, layers, context))
        if dense.width % STEP:
            yield _finding(dense, context, rows=rows, is_input=False, remedy=_of_outputs(dense, layers, context))


def fix(context: Context, findings: tuple[Finding, ...]) -> Repair:
    """Fill widths up with zeros: inside between two layers, by PAD in front of a layer, by SLICE behind it."""
    editor, layers, names = Editor(context.graph), dense_layers(context), list(context.layers)
    named = {one.operator for one in findings}
    for index in sorted((index for index in layers if index in named), reverse=True):
        dense = layers[index]
        follower = hidden_width(dense, layers, context)
        if dense.width % STEP and follower is not None:
            widen(editor, dense, follower, round_up(dense.width, STEP))
        elif dense.width % STEP and _of_outputs(dense, layers, context):
            cut_outputs(editor, dense, round_up(dense.width, STEP))
            names.insert(index + 1, names[index])
        if dense.depth % STEP and _of_inputs(dense, layers, context) is Remedy.OPERATOR:
            pad_inputs(editor, dense, round_up(dense.depth, STEP))
            names.insert(index, names[index])
    return Repair(graph=editor.graph(), layers=tuple(names))


def _of_inputs(dense: Dense, layers: Mapping[int, Dense], context: Context) -> Remedy | None:
    if any(hidden_width(one, layers, context) is dense for one in layers.values()):
        return Remedy.HIDDEN
    return Remedy.OPERATOR if can_pad_inputs(dense, context) else None


def _of_outputs(dense: Dense, layers: Mapping[int, Dense], context: Context) -> Remedy | None:
    if hidden_width(dense, layers, context) is not None:
        return Remedy.HIDDEN
    return Remedy.OPERATOR if can_cut_outputs(dense, context) else None


def _finding(dense: Dense, context: Context, *, rows: int, is_input: bool, remedy: Remedy | None) -> Finding:
    width, side = (dense.depth, "inputs") if is_input else (dense.width, "outputs")
    is_wrong = is_input and rows > 1 and dense.depth > STEP
    why = (
        f"has {rows} rows of {width} {side}: all rows but the first lie unaligned, and are computed wrongly up to "
        "esp-nn 1.2.5 (issue 34)"
        if is_wrong
        else f"has {width} {side}, and esp-nn's header asks for a multiple of {STEP} up to 1.2.3 (issue 34)"
    )
    wanted = f"a number of {side} that is a multiple of {STEP}"
    repair = f"give the layer {wanted}, or keep to esp-nn's plain C"
    if remedy is not None:
        ends = ", padded in front of it" if is_input else ", cut off behind it"
        way = ends if remedy is Remedy.OPERATOR else ""
        repair = f"fill the layer up to {round_up(width, STEP)} {side} with zero weights{way}, as --fix does"
    serious = Severity.ERROR if is_wrong else Severity.WARNING
    return Finding(
        rule=NAME,
        severity=Severity.NOTE if context.avoids_assembly else serious,
        layer=dense.use.layer,
        operator=dense.use.operator.index,
        why=f"FULLY_CONNECTED {why}, in the assembly for the {context.target.chip}{context.avoidance}",
        repair=repair,
        is_fixable=remedy is not None,
    )


RULE = Rule(
    name=NAME,
    summary="Widths of fully-connected layers that esp-nn's assembly on the ESP32-S3 gets wrong.",
    find=find,
    fix=fix,
)
