"""Estimated latency: rates that fit what was published, their errors, and refusals where nothing was published."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest
from support.graphs import Draft, tiny_graph

from edgewright.pipeline.cycles import (
    Estimate,
    MacClass,
    NoEstimate,
    Rates,
    count_macs,
    estimate_latency,
    find_group,
    fit_rates,
    left_out_errors,
    load_networks,
    load_references,
    published_samples,
    survey_latencies,
)
from edgewright.pipeline.cycles.rates import Sample
from edgewright.pipeline.errors import TargetError
from edgewright.pipeline.graph import DType, total_macs
from edgewright.pipeline.target import load_family, load_target, target_names
from edgewright.pipeline.vocabulary import Kernels

LARGEST_ERROR = 0.26
"""Of any estimate of a published network that was left out."""


def counts(**macs: int) -> dict[MacClass, int]:
    """Multiply-accumulates by class, 0 where not said."""
    return {one: macs.get(one.value, 0) for one in MacClass}


def sample(network: str, cycles: float, **macs: int) -> Sample:
    """One measured network."""
    return Sample(network=network, macs=counts(**macs), cycles=cycles)


def test_one_measurement_gives_every_class_its_rate() -> None:
    """With a single network nothing tells classes apart, and no error is known."""
    one = sample("a", 600.0, pointwise=90, depthwise=30)
    rates = fit_rates([one])
    assert [5.0] * 4 == pytest.approx(list(rates.by_class.values()))
    assert () == left_out_errors([one])


def test_rates_follow_what_was_measured() -> None:
    """Networks of one class each pull that class towards their own figure, and an unmeasured one lies between."""
    samples = [sample("a", 300.0, convolution=100), sample("b", 800.0, fully_connected=100)]
    rates = fit_rates(samples).by_class
    assert 3.0 < rates[MacClass.CONVOLUTION] < 3.3
    assert 7.0 < rates[MacClass.FULLY_CONNECTED] < 8.0
    assert rates[MacClass.CONVOLUTION] < rates[MacClass.POINTWISE] < rates[MacClass.FULLY_CONNECTED]


def test_a_network_is_left_out_on_every_system() -> None:
    """The error of a network comes from the others alone, also where two systems measured it."""
    samples = [
        sample("a", 300.0, convolution=100), sample("a", 330.0, convolution=100), sample("b", 600.0, convolution=100),
    ]  # fmt: skip
    errors = left_out_errors(samples)
    assert [1.0, 600 / 330 - 1] == pytest.approx(errors[:2])
    assert errors[2] < -0.4


def test_published_networks_are_estimated_within_what_is_said() -> None:
    """Every group of measurements has positive rates, and what the fit did not see is missed by a quarter at most."""
    for group in published_samples():
        assert min(group.rates.by_class.values()) > 0
        errors = left_out_errors([one for _, one in group.fitted])
        assert max(map(abs, errors), default=0.0) < LARGEST_ERROR
    assert {"cortex-m4", "cortex-m33", "xtensa-lx6", "rv32imc"} <= {group.core for group in published_samples()}


def test_every_reference_names_its_source() -> None:
    """A figure without an address could not be checked, and a core that no target has would be of no use."""
    cores = {load_target(name).core for name in target_names()}
    for reference in load_references():
        assert reference.source.startswith("https://github.com/")
        assert reference.core in cores


def test_older_kernels_are_compared_but_not_fitted() -> None:
    """The reference submission of 2020 ran older kernels: estimates are held against it, and say by how much."""
    group = find_group(Kernels.CMSIS_NN, "cortex-m4")
    assert group is not None
    assert {"nucleo_l4r5zi_microtvm"} == {reference.name for reference, _ in group.fitted}
    assert {"nucleo_l4r5zi_tflm"} == {reference.name for reference, _ in group.older}


def test_an_estimate_is_cycles_over_the_clock() -> None:
    """The sum over layers of MACs times their rate, divided by the target's clock, with source and error in words."""
    graph, target = tiny_graph(), load_target("nrf52840dk")
    found = estimate_latency(graph, target, load_family("zephyr"))
    assert isinstance(found, Estimate)
    assert sum(count_macs(graph).values()) == total_macs(graph) == sum(layer.macs for layer in found.layers)
    assert found.rates.cycles(count_macs(graph)) == pytest.approx(found.cycles)
    assert found.cycles / 64 == pytest.approx(found.latency_us)
    assert found.largest_error is not None
    assert found.remark.startswith("from published measurements of NUCLEO-L4R5ZI (CMSIS-NN of 2022 under microTVM); ")
    assert f"missed by at most {found.largest_error:.0%}; TensorFlow Lite Micro 2.3.1 of 2020" in found.remark


def test_a_single_measurement_leaves_the_error_unknown() -> None:
    """Of the ESP32 one network was published: the estimate says that its error is not known."""
    found = estimate_latency(tiny_graph(), load_target("esp32"), load_family("esp_idf"))
    assert isinstance(found, Estimate)
    assert found.largest_error is None
    assert found.remark.endswith("a single network was published, so the error is not known")


@pytest.mark.parametrize(
    ("target", "family", "reason"),
    [
        ("nucleo_h743zi", "zephyr", "no published measurement of CMSIS-NN on cortex-m7"),
        ("esp32s3", "esp_idf", "no published measurement of esp-nn in plain C on xtensa-lx7"),
        ("host", "cmake", "no published measurement: This computer stands for many processors"),
        ("android", "android", "no published measurement: Android phone or tablet (Android 7 or newer) stands for"),
    ],
)
def test_nothing_is_invented(target: str, family: str, reason: str) -> None:
    """Where nobody published these kernels on this core, there is a sentence instead of a figure."""
    found = estimate_latency(tiny_graph(), load_target(target), load_family(family))
    assert isinstance(found, NoEstimate)
    assert found.reason.startswith(reason)


def test_optimized_kernels_are_another_matter_than_plain_c() -> None:
    """A configuration that chooses esp-nn's assembly on the ESP32-S3 gets the figure that was published for it."""
    target = load_target("esp32s3").model_copy(update={"sdkconfig": ""})
    found = estimate_latency(tiny_graph(), target, load_family("esp_idf"))
    assert isinstance(found, Estimate)
    assert ["esp32s3_esp_nn"] == [reference.name for reference in found.fitted]


def test_unmeasured_operators_and_types_are_refused() -> None:
    """A model that multiplies in a kernel nobody measured has no estimate, and the operator is named."""
    target, family = load_target("nrf52840dk"), load_family("zephyr")
    graph = tiny_graph()
    tensors = tuple(
        dataclasses.replace(one, dtype=DType.INT16) if one.dtype is DType.INT8 else one for one in graph.main.tensors
    )
    wide = dataclasses.replace(graph, subgraphs=(dataclasses.replace(graph.main, tensors=tensors),))
    found = estimate_latency(wide, target, family)
    assert isinstance(found, NoEstimate)
    assert found.reason.endswith("with int16 x int16: those that there are have int8 x int8")
    first = next(one for one in graph.main.operators if one.op == "CONV_2D")
    dilated = tuple(
        dataclasses.replace(one, options={**one.options, "dilation_h_factor": 2}) if one is first else one
        for one in graph.main.operators
    )
    spread = dataclasses.replace(graph, subgraphs=(dataclasses.replace(graph.main, operators=dilated),))
    found = estimate_latency(spread, target, family)
    assert NoEstimate(reason="no published measurement of CONV_2D with a dilated filter") == found
    draft = Draft()
    left, right = draft.input((1, 2, 3)), draft.input((1, 3, 2))
    product = draft.operator("BATCH_MATMUL", (left, right), (1, 2, 2), options_type="BatchMatMulOptions")
    found = estimate_latency(draft.graph(product), target, family)
    assert NoEstimate(reason="no published measurement of BATCH_MATMUL") == found
    draft = Draft()
    sum_of_two = draft.operator("ADD", (draft.input((1, 4)), draft.input((1, 4))), (1, 4), options_type="AddOptions")
    found = estimate_latency(draft.graph(sum_of_two), target, family)
    assert NoEstimate(reason="no published measurement of a model without multiplications by weights") == found


def test_every_target_with_a_clock_is_surveyed() -> None:
    """Each target appears with each of its families, whether it can be estimated or not."""
    expected = [
        (name, family) for name in target_names() if load_target(name).clock_hz for family in load_target(name).families
    ]
    assert expected == [(one.target.name, one.family.name) for one in survey_latencies(tiny_graph())]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('measurements = [{ network = "kws", latency_ms = 1 }]', 'unknown network "kws"'),
        ('measurements = [{ network = "net" }]', "one of the two is needed; give what was published"),
        ("measurements = []", "measurements: "),
    ],
)
def test_a_broken_file_is_refused(tmp_path: Path, text: str, words: str) -> None:
    """A file of facts that names nothing known, or no figure, is refused with its path."""
    (tmp_path / "networks.toml").write_text('[net]\ntitle = "a net"\npointwise = 5\n')
    head = (
        'kernels = "cmsis_nn"\ncore = "cortex-m4"\nboard = "b"\nclock_hz = 1\nsoftware = "s"\nsource = "u"\n'
        'published = "p"\n'
    )
    (tmp_path / "one.toml").write_text(head + text + "\n")
    with pytest.raises(TargetError, match=r"one\.toml: .*" + words.replace("(", r"\(")):
        load_references(tmp_path)


def test_rates_sum_over_classes() -> None:
    """A network takes each class's count times that class's rate."""
    rates = Rates(by_class={one: float(number) for number, one in enumerate(MacClass, start=1)})
    assert 1 * 10 + 2 * 20 + 4 * 5 == rates.cycles(counts(convolution=10, pointwise=20, fully_connected=5))
    assert 7_157_888 == sum(load_networks()["person_detection"].counts.values())
