"""Every rule of the hazard lint: its pair of models, its name, and what its findings say."""

from __future__ import annotations

import dataclasses
import re
from pathlib import Path

import numpy as np
import pytest
from support.graphs import Draft, tiny_graph
from support.hazards import (
    ASSEMBLY,
    PAIRS,
    PIXELS,
    broadcast,
    context,
    dense_chain,
    dilated,
    image_input,
    island,
    misplace,
    one,
    strided,
)
from support.one_operator import convolution, fully_connected

from edgewright.pipeline.graph import DType, Graph, read
from edgewright.pipeline.lint import RULES, Context, Finding, Severity, choose_rules, inspect
from edgewright.pipeline.preprocessing import Normalization, Preprocessing

PAGE = Path(__file__).parents[2] / "docs" / "lint.md"
NAMES = [rule.name for rule in RULES]


def found(name: str, given: Context) -> tuple[Finding, ...]:
    """Return what one rule finds."""
    return inspect(given, choose_rules([name]))


def severities(name: str, given: Context) -> list[str]:
    """Return the severities of what one rule finds."""
    return [finding.severity.value for finding in found(name, given)]


def test_every_rule_has_its_pair_and_a_name_of_its_own() -> None:
    """No rule stands in the tuple without a model that triggers it and one that does not, and none stands twice."""
    assert sorted(PAIRS) == sorted(NAMES)
    assert all(re.fullmatch(r"[a-z]+(-[a-z]+)+", name) for name in NAMES)


def test_every_rule_is_documented() -> None:
    """docs/lint.md lists the rules in their order, says which can be repaired, and no others."""
    rows = re.findall(r"^\| `([a-z-]+)` \|.*\| ?(.*?) ?\|$", PAGE.read_text(encoding="utf-8"), re.MULTILINE)

    assert NAMES == [name for name, _ in rows]
    assert [rule.fix is not None for rule in RULES] == [bool(repair) for _, repair in rows]


@pytest.mark.parametrize("name", NAMES)
def test_a_hazardous_model_is_found_and_a_clean_one_is_not(name: str) -> None:
    """A rule finds its hazard, with layer, reason and repair, and nothing in a model without it."""
    findings = found(name, PAIRS[name].hazardous())

    assert {name} == {finding.rule for finding in findings}
    assert all(finding.layer and finding.why and finding.repair for finding in findings)
    assert not any(finding.why.endswith(".") or finding.repair.endswith(".") for finding in findings)
    assert () == found(name, PAIRS[name].clean())


@pytest.mark.parametrize("name", [name for name in NAMES if name not in ("hybrid-operator", "float-operator")])
def test_a_hazard_is_named_once(name: str) -> None:
    """No other rule has an error or a warning for the model that triggers one rule."""
    findings = inspect(PAIRS[name].hazardous())

    assert {name} == {finding.rule for finding in findings if finding.severity.is_serious or finding.rule == name}


def test_a_hybrid_operator_is_not_one_of_wrong_types_as_well() -> None:
    """What hybrid-operator says is not said again by operator-types or float-operator."""
    assert ["hybrid-operator"] == [finding.rule for finding in inspect(PAIRS["hybrid-operator"].hazardous())]


def test_a_family_without_tflm_has_none_of_its_hazards() -> None:
    """LiteRT computes hybrid operators and maps the file itself: the former are slow, and nothing is unaligned."""
    hybrid = convolution((1, 4, 4, 2), (3, 1, 1, 2), (1, 4, 4, 3), dtype=DType.FLOAT32)

    assert ["warning"] == severities("hybrid-operator", context(hybrid, "android", alignment=4))
    assert [] == severities("unaligned-buffer", context(tiny_graph(), "android", alignment=4))
    assert [] == severities("unsupported-operator", context(one("WHERE"), "android"))


def test_all_complaints_of_a_model_are_found() -> None:
    """Where a build stops at the first operator, the lint names all."""
    draft = Draft()
    x = draft.input((1, 4))
    y = draft.operator("REVERSE_V2", (x,), (1, 4))
    graph = draft.graph(draft.operator("WHERE", (y,), (1, 4)))

    assert [0, 1] == [finding.operator for finding in found("unsupported-operator", context(graph, "nrf52840dk"))]


def test_a_float_model_is_one_finding() -> None:
    """A model that was not quantized at all is told once, and not operator by operator."""
    draft = Draft()
    x = draft.input((1, 4), dtype=DType.FLOAT32, scale=None)
    y = draft.operator("RELU", (x,), (1, 4), dtype=DType.FLOAT32, scale=None)
    graph = draft.graph(draft.operator("RELU", (y,), (1, 4), dtype=DType.FLOAT32, scale=None))

    assert ["the whole model"] == [finding.layer for finding in found("float-operator", context(graph))]


def test_conversions_at_the_boundary_are_no_hazard() -> None:
    """A float input that is quantized at once is how firmware may be fed."""
    draft = Draft()
    x = draft.input((1, 4), dtype=DType.FLOAT32, scale=None)
    y = draft.operator("QUANTIZE", (x,), (1, 4))
    z = draft.operator("RELU", (y,), (1, 4))
    graph = draft.graph(draft.operator("DEQUANTIZE", (z,), (1, 4), dtype=DType.FLOAT32, scale=None))

    assert [] == severities("float-operator", context(graph))


def test_the_operator_in_floats_is_named_and_its_conversions_are_not() -> None:
    """DEQUANTIZE and QUANTIZE around a float operator are part of its cost."""
    assert [2] == [finding.operator for finding in found("float-operator", context(island(is_float=True)))]


def test_conversions_without_anything_between_them_are_named() -> None:
    """Values that leave the integers for nothing are found."""
    draft = Draft()
    x = draft.operator("DEQUANTIZE", (draft.input((1, 4)),), (1, 4), dtype=DType.FLOAT32, scale=None)
    graph = draft.graph(draft.operator("RELU", (draft.operator("QUANTIZE", (x,), (1, 4)),), (1, 4)))

    assert [0, 1] == [finding.operator for finding in found("float-operator", context(graph))]


@pytest.mark.parametrize(
    ("graph", "said"),
    [
        (strided(8, 8), "before esp-nn 1.2.1"),
        (strided(9, 8), "issue 31"),
        (strided(8, 8, kernel=5), "issue 31"),
        (strided(8, 8, kernel=5, channels=1), "before esp-nn 1.2.1"),  # laid out as one row
        (strided(9, 8, channels=16, depthwise=True), "issue 30"),
        (strided(8, 8, channels=16, depthwise=True), None),
        (strided(9, 8, channels=8, depthwise=True), None),
        (strided(8, 8, kernel=1), None),
        (strided(8, 8, stride=1), None),
    ],
)
def test_padding_is_a_hazard_where_the_assembly_is_wrong(graph: Graph, said: str | None) -> None:
    """Uneven padding is wrong in convolutions, by version, and in one depthwise kernel."""
    findings = found("asymmetric-padding", context(graph, "esp32s3", sdkconfig=ASSEMBLY))

    assert (said is not None) == bool(findings)
    assert all(said in finding.why for finding in findings if said)


@pytest.mark.parametrize("board", ["esp32", "esp32c3", "esp32p4", "nrf52840dk", "host"])
def test_hazards_of_one_chip_are_not_those_of_another(board: str) -> None:
    """The assembly of the ESP32-S3 is a hazard there only."""
    for name in ("asymmetric-padding", "esp-nn-dense-width"):
        assert () == found(
            name, dataclasses.replace(PAIRS[name].hazardous(), target=context(one("RELU"), board).target)
        )


@pytest.mark.parametrize("name", ["asymmetric-padding", "esp-nn-dense-width"])
def test_what_the_configuration_avoids_is_a_note(name: str) -> None:
    """Emitted firmware chooses esp-nn's plain C on the ESP32-S3, and the finding says so."""
    findings = found(name, dataclasses.replace(PAIRS[name].hazardous(), target=context(one("RELU"), "esp32s3").target))

    assert {Severity.NOTE} == {finding.severity for finding in findings}
    assert all("CONFIG_NN_ANSI_C=y in the firmware's configuration avoids it" in finding.why for finding in findings)


@pytest.mark.parametrize(
    ("graph", "expected"),
    [
        (dense_chain(16, 8), []),
        (dense_chain(16, 10), [("warning", "16 outputs with zero weights, cut off behind it, as")]),
        (dense_chain(12, 8), [("warning", "16 inputs with zero weights, padded in front of it, as")]),
        (
            dense_chain(16, 10, 8),
            [("warning", "16 outputs with zero weights, as"), ("warning", "16 inputs with zero wei")],
        ),
        (dense_chain(12, 8, rows=2), [("error", "16 inputs with zero weights, padded in front of it, as")]),
        (dense_chain(4, 8, rows=2), [("warning", "8 inputs with zero weights")]),  # too short for a vector
        (dense_chain(8, 16, rows=2), []),
    ],
)
def test_widths_of_dense_layers(graph: Graph, expected: list[tuple[str, str]]) -> None:
    """Rows that lie unaligned are wrong, other widths break the header's word; each is filled up in its own way."""
    findings = found("esp-nn-dense-width", context(graph, "esp32s3", sdkconfig=ASSEMBLY))

    assert [severity for severity, _ in expected] == [finding.severity.value for finding in findings]
    assert all(way in finding.repair for (_, way), finding in zip(expected, findings, strict=True))
    assert all(finding.is_fixable for finding in findings)


def test_a_width_that_cannot_grow_is_not_fixable() -> None:
    """Inputs that the layer flattens itself leave no dimension to fill up, and the finding says what to do instead."""
    draft = Draft()
    x = draft.input((1, 3, 4))
    weights = draft.constant(np.ones((8, 12)), scale=2**-7)
    graph = draft.graph(draft.operator("FULLY_CONNECTED", (x, weights), (1, 8), options_type="FullyConnectedOptions"))

    (finding,) = found("esp-nn-dense-width", context(graph, "esp32s3", sdkconfig=ASSEMBLY))

    assert ("give the layer a number of inputs that is a multiple of 8, or keep to esp-nn's plain C", False) == (
        finding.repair,
        finding.is_fixable,
    )


@pytest.mark.parametrize(
    ("board", "family", "graph", "expected"),
    [
        ("esp32", None, dilated(2), ["warning"]),
        ("esp32", None, broadcast(is_repeated=True), ["note"]),
        ("esp32", None, broadcast(is_repeated=False), []),
        ("esp32p4", None, dilated(2), ["note"]),  # all of esp-nn is plain C there
        ("nrf52840dk", None, dilated(2), []),
        ("nrf52840dk", None, broadcast(is_repeated=True), ["note"]),
        ("esp32", "arduino", dilated(2), []),
        ("host", None, dilated(2), []),
    ],
)
def test_reference_fallbacks(board: str, family: str | None, graph: Graph, expected: list[str]) -> None:
    """An optimized kernel that does not take an operator is told where the family has optimized kernels at all."""
    assert expected == severities("reference-fallback", context(graph, board, family))


def test_a_fallback_names_its_share_of_the_arithmetic() -> None:
    """What a slow kernel computes is told in per cent of all multiply-accumulates."""
    (finding,) = found("reference-fallback", context(dilated(2)))

    assert "CONV_2D (100% of the model's multiply-accumulates) runs a plain C kernel" in finding.why


def test_an_operator_that_no_optimized_kernel_computes() -> None:
    """A product of matrices has a kernel of CMSIS-NN, and none of esp-nn."""
    draft = Draft()
    left, right = draft.input((1, 3, 6)), draft.input((1, 6, 5))
    graph = draft.graph(draft.operator("BATCH_MATMUL", (left, right), (1, 3, 5), options_type="BatchMatMulOptions"))

    assert ["warning"] == severities("reference-fallback", context(graph))
    assert [] == severities("reference-fallback", context(graph, "pico2"))


def with_input(declared: Preprocessing, **tensor: object) -> Context:
    """Return a model whose input is quantized that way, with a declared preprocessing."""
    return context(image_input(**tensor), preprocessing=(declared,))  # type: ignore[arg-type]


UNIT = Preprocessing(scale=1 / 255)
SIGNED = Preprocessing(scale=1 / 127.5, offset=-1)
RAW = Preprocessing(channels=1)
STANDARD = Preprocessing(scale=1 / 255, normalization=Normalization(mean=(0.5,), std=(0.25,)))


@pytest.mark.parametrize(
    ("declared", "scale", "zero_point", "dtype", "expected"),
    [
        (UNIT, 1 / 255, -128, DType.INT8, []),
        (UNIT, 1 / 255, 0, DType.UINT8, []),
        (UNIT, 1 / 255, 0, DType.INT8, ["error"]),  # a uint8 model's zero point
        (UNIT, 1 / 127.5, -1, DType.INT8, []),  # holds -1 to 1: half of the steps
        (UNIT, 1.0, -128, DType.INT8, ["warning"]),  # holds 0 to 255
        (SIGNED, 1 / 127.5, -1, DType.INT8, []),
        (SIGNED, 1 / 255, -128, DType.INT8, ["warning"]),
        (SIGNED, 1 / 510, -128, DType.INT8, ["error"]),
        (RAW, 1.0, -128, DType.INT8, []),
        (RAW, 1 / 255, -128, DType.INT8, ["error"]),
        (STANDARD, 4 / 255, 0, DType.INT8, []),
        (STANDARD, 1 / 255, -128, DType.INT8, ["error"]),
        (STANDARD, 8 / 65535, 0, DType.INT16, []),
        (Preprocessing(normalization="train"), 1 / 255, -127, DType.INT8, []),  # nobody knows the samples' range
        (Preprocessing(normalization="train"), 1 / 255, -128, DType.INT8, ["error"]),  # but some are below the mean
        (Preprocessing(normalization=Normalization(mean=(9,), std=(2,))), 1 / 255, 127, DType.INT8, ["error"]),
        (Preprocessing(), 1 / 255, -128, DType.INT8, []),
    ],
)
def test_input_quantization(
    declared: Preprocessing, scale: float, zero_point: int, dtype: DType, expected: list[str]
) -> None:
    """An input must hold what preprocessing makes of pixels, in an eighth of its steps, and both sides of a mean."""
    given = with_input(declared, scale=scale, zero_point=zero_point, dtype=dtype)

    assert expected == severities("input-quantization", given)


def test_a_mixed_up_type_is_named() -> None:
    """The zero point of the other 8-bit type is recognized."""
    (finding,) = found("input-quantization", PAIRS["input-quantization"].hazardous())

    assert "50% of that range saturates; its zero point is that of uint8" in finding.why


def test_integers_behind_a_float_input_are_looked_at() -> None:
    """A model that quantizes its float input itself saturates as well."""
    draft = Draft()
    x = draft.input((1, 4), dtype=DType.FLOAT32, scale=None)
    graph = draft.graph(draft.operator("QUANTIZE", (x,), (1, 4), scale=1 / 255, zero_point=0))

    assert ["error"] == severities("input-quantization", context(graph, preprocessing=PIXELS))


def test_constants_that_a_core_cannot_load_are_an_error() -> None:
    """Words at odd addresses stop a Cortex-M0+, bytes there are merely slow to load."""
    graph = tiny_graph()
    given = context(graph, "pico")
    filters, bias = (graph.main.tensors[index].buffer_index for index in graph.main.operators[0].inputs[1:])
    broken = dataclasses.replace(given, tflite=misplace(given.tflite, bias))
    slow = dataclasses.replace(given, tflite=misplace(given.tflite, filters))

    assert read(given.tflite) == read(broken.tflite) == read(slow.tflite)
    assert ["error"] == severities("unaligned-buffer", broken)
    assert ["warning"] == severities("unaligned-buffer", slow)
    assert "1 of 5 constants do not lie at multiples of their elements" in found("unaligned-buffer", broken)[0].why


def test_findings_are_sorted_by_severity() -> None:
    """Errors stand first, notes last."""
    draft = Draft()
    x = draft.input((1, 4, 4, 8))
    y = draft.operator("ADD", (x, draft.constant(np.ones((1, 1, 1, 8)))), (1, 4, 4, 8), options_type="AddOptions")
    graph = draft.graph(draft.operator("REVERSE_V2", (y,), (1, 4, 4, 8)))
    given = context(graph, "nrf52840dk")
    given = dataclasses.replace(given, tflite=misplace(given.tflite, 1))

    assert ["error", "warning", "note"] == [finding.severity.value for finding in inspect(given)]


def test_fully_connected_int16_falls_back_on_espressif_chips() -> None:
    """16-bit activations run a reference kernel there, and one of CMSIS-NN elsewhere."""
    draft = Draft()
    x = draft.input((1, 8), dtype=DType.INT16)
    y = draft.operator(
        "FULLY_CONNECTED",
        (x, draft.constant(np.ones((8, 8)), scale=2**-7)),
        (1, 8),
        options_type="FullyConnectedOptions",
        dtype=DType.INT16,
    )
    graph = draft.graph(y)

    assert ["warning"] == severities("reference-fallback", context(graph))
    assert [] == severities("reference-fallback", context(graph, "nrf52840dk"))
    assert [] == severities("reference-fallback", context(fully_connected((1, 8), 8)))
