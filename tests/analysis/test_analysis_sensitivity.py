"""Sensitivities: each figure is the score of a model that was really made smaller."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import pytest
from support.channel_models import ARCHITECTURES, inputs_of, randomize
from support.digits import digits
from support.quantized import compute_in_tflm, constants_of, convert_to_int8

from edgewright.pipeline.analysis import Measure, analyze
from edgewright.pipeline.analysis.schema import REMOVED_SHARES, RETAINED_ENERGIES
from edgewright.pipeline.errors import DataError, ModelError
from edgewright.pipeline.frameworks import load_keras
from edgewright.pipeline.progress import Advance, SilentReporter
from edgewright.pipeline.surgery.channel_groups import find_groups
from edgewright.pipeline.surgery.channels import prune_channels
from edgewright.pipeline.surgery.factorization import factorize, plan_factorization
from edgewright.pipeline.surgery.importance import ImportanceKind, importance, keep_uniform
from edgewright.pipeline.surgery.layer_costs import model_macs
from edgewright.pipeline.surgery.quantization_aware import activation_ranges, annotate, calibrate
from edgewright.pipeline.surgery.ranks import RetainedEnergy
from edgewright.pipeline.surgery.rebuild import clone

pytestmark = pytest.mark.slow
QUICK = ("conv1d", "inception", "multi_input", "normalization_anywhere", "shared", "unet")
"""Architectures of the fast grid; the others are in the complete one."""


class CountingReporter:
    """Notes how many steps were announced, and which were made."""

    def __init__(self) -> None:
        self.announced = 0
        self.remarks: list[str] = []

    def line(self, text: str) -> None:
        """Show nothing."""

    @contextmanager
    def bar(self, title: str, step_count: int) -> Iterator[Advance]:
        """Note the steps."""
        self.announced += step_count
        yield self.remarks.append


def analyze_against_itself(model: Any, reporter: Any) -> Any:
    """Analyze a model of random weights: its score is the mean square by which its outputs change."""
    x, calibration = (
        tuple(arrays) if isinstance(arrays, list) else (arrays,)
        for arrays in (inputs_of(model, 6), inputs_of(model, 8, seed=2))
    )
    found = model(inputs_of(model, 6), training=False)
    expected = [tensor.numpy() for tensor in (found if isinstance(found, list | tuple) else [found])]

    def error(outputs: Any) -> float:
        return sum(float(np.square(one - other).mean()) for one, other in zip(outputs, expected, strict=True))

    measure = Measure(name="error", score=error, higher_is_better=False, is_share=False)
    return analyze(model, measure, x, calibration, reporter)


def test_costs(analyzed: Any) -> None:
    """Layers with weights stand in the order of the graph, and their costs add up to the model's."""
    analysis = analyzed.analysis
    assert ["stem", "branch", "norm", "deep", "point", "hidden", "classes"] == [layer.name for layer in analysis.layers]
    assert (model_macs(analyzed.model), analyzed.model.count_params()) == (analysis.macs, analysis.parameters)
    assert ((3, 3, 20), 180) == (analyzed.layer("point").output_shape, analyzed.layer("point").activation_bytes)
    assert analyzed.score(analyzed.model) == analysis.baseline


@pytest.mark.parametrize("share", REMOVED_SHARES)
def test_channels_are_those_of_the_pruned_model(analyzed: Any, share: float) -> None:
    """Zeroing channels gives exactly the score, and saves exactly what, removing them does."""
    model = analyzed.model
    groups = find_groups(model)
    keep = keep_uniform(groups, importance(model, groups, ImportanceKind.L1), 1 - share)
    for group in groups:
        pruned = prune_channels(model, {group.id: keep[group.id]})
        trial = next(trial for trial in analyzed.layer(group.producers[0]).channels if trial.removed_share == share)
        assert analyzed.score(pruned) == trial.score
        assert trial.score - analyzed.analysis.baseline == trial.change
        assert group.channel_count - len(keep[group.id]) == trial.removed_count
        assert model_macs(clone(model)) - model_macs(pruned) == trial.macs_saved
        assert model.count_params() - pruned.count_params() == trial.parameters_saved


def test_removing_most_channels_hurts(analyzed: Any) -> None:
    """Three quarters of a layer's channels matter to a network this small."""
    losses = {
        layer.name: analyzed.analysis.loss(layer.channels[-1]) for layer in analyzed.analysis.layers if layer.channels
    }
    assert {"stem", "branch", "point", "hidden"} == losses.keys()
    assert min(losses.values()) > 0.05


def test_layers_that_share_channels_share_a_measurement(analyzed: Any) -> None:
    """Both sides of a residual lose the same channels, and each names the other."""
    stem, branch = analyzed.layer("stem"), analyzed.layer("branch")
    assert stem.channels == branch.channels
    assert (("stem",), ("stem",)) == (stem.channel_groups, branch.channel_groups)
    assert (("branch",), ("stem",)) == (stem.shares_channels_with, branch.shares_channels_with)


def test_reasons(analyzed: Any) -> None:
    """What is not measured says why."""
    layer = analyzed.layer
    assert "it is the model's output" == layer("classes").channels_reason
    assert 'its channels are those of "stem", "branch" and go with them' == layer("deep").channels_reason
    assert "a depthwise kernel filters each channel alone" in layer("deep").ranks_reason
    assert "BatchNormalization has no kernel" == layer("norm").ranks_reason
    assert 'it becomes part of "branch" and is rounded with it' == layer("norm").int8_reason
    assert (None, None) == (layer("stem").channels_reason, layer("stem").int8_reason)


@pytest.mark.parametrize("energy", RETAINED_ENERGIES)
def test_ranks_are_those_of_the_factorized_model(analyzed: Any, energy: float) -> None:
    """A kernel of lower rank gives the outputs, and saves what, its two factors do."""
    model = analyzed.model
    plans = [plan for plan in plan_factorization(model, RetainedEnergy(share=energy)) if plan.is_factorized]
    trials = {
        layer.name: trial
        for layer in analyzed.analysis.layers
        for trial in layer.ranks
        if trial.retained_energy == energy
    }
    assert {plan.layer for plan in plans} == trials.keys()
    expected = model(analyzed.x, training=False).numpy()
    for plan in plans:
        factorized, trial = factorize(model, [plan]), trials[plan.layer]
        assert analyzed.score(factorized) == trial.score
        assert model_macs(clone(model)) - model_macs(factorized) == trial.macs_saved
        assert model.count_params() - factorized.count_params() == trial.parameters_saved
        difference = factorized(analyzed.x, training=False).numpy() - expected
        relative = np.linalg.norm(difference) / np.linalg.norm(expected)
        assert pytest.approx(relative, rel=1e-3) == trial.output_change


def test_int8_of_one_layer(analyzed: Any) -> None:
    """The last layer alone is rounded: its weights to 255 values of one scale, its result to 256 of its range."""
    model, keras = analyzed.model, load_keras()
    kernel, bias = model.get_layer("classes").get_weights()
    scale = np.abs(kernel).max() / 127
    before = keras.Model(model.input, model.get_layer("hidden").output)
    logits = before(analyzed.x, training=False).numpy() @ (np.round(kernel / scale) * scale) + bias
    aware = annotate(model)
    calibrate(aware, [analyzed.calibration])
    span = activation_ranges(aware)["classes"]
    step = (span.maximum - span.minimum) / 255
    zero_point = np.round(-span.minimum / step)
    rounded = (np.clip(np.round(logits / step) + zero_point, 0, 255) - zero_point) * step
    expected = model(analyzed.x, training=False).numpy()
    trial = analyzed.layer("classes").int8
    assert pytest.approx(np.linalg.norm(rounded - expected) / np.linalg.norm(expected), rel=0.02) == trial.output_change
    assert abs(float((rounded.argmax(axis=1) == digits()["y_test"]).mean()) - trial.score) <= 0.005


def test_int8_of_a_layer_whose_activation_stands_apart(analyzed: Any) -> None:
    """Where ReLU6 behind a maximum is computed as part of a convolution, its range is that of the layer's result."""
    model, keras = analyzed.model, load_keras()
    twin = clone(model)
    kernel, bias = twin.get_layer("point").get_weights()
    scale = np.abs(kernel).max(axis=(0, 1, 2)) / 127
    twin.get_layer("point").set_weights([np.round(kernel / scale) * scale, bias])
    weights_alone = twin(analyzed.x, training=False).numpy()
    activation = keras.Model(twin.input, twin.get_layer("relu6").output)(analyzed.x, training=False).numpy()
    aware = annotate(model)
    calibrate(aware, [analyzed.calibration])
    step = activation_ranges(aware)["relu6"].maximum / 255
    rounded = np.clip(np.round(activation / step), 0, 255) * step
    rest = keras.Model(twin.get_layer("flatten").input, twin.output)
    expected = model(analyzed.x, training=False).numpy()
    outputs = rest(rounded, training=False).numpy()
    trial = analyzed.layer("point").int8
    assert pytest.approx(np.linalg.norm(outputs - expected) / np.linalg.norm(expected), rel=0.05) == trial.output_change
    assert (weights_alone != outputs).any()


def test_int8_of_all_layers_is_near_the_real_one(analyzed: Any) -> None:
    """The whole model, emulated, scores what the converted one does; its bytes are those of the constants in there."""
    tflite = convert_to_int8(analyzed.model, analyzed.calibration)
    outputs, _ = compute_in_tflm(tflite, analyzed.x)
    real = float((outputs.argmax(axis=1) == digits()["y_test"]).mean())
    assert abs(real - analyzed.analysis.int8.score) <= 0.01
    kernels = ("CONV_2D", "DEPTHWISE_CONV_2D", "FULLY_CONNECTED")
    weights = sum(array.size for op in kernels for array in constants_of(tflite, op))
    biases = 12 + 12 + 12 + 20 + 48 + 10  # the folded normalization gives "branch" a bias
    assert weights + 4 * biases == sum(layer.int8_weight_bytes for layer in analyzed.analysis.layers)


def test_model_is_not_changed(analyzed: Any) -> None:
    """Every trial works on a copy and puts back what it changed, so that a second analysis finds the same."""
    before = analyzed.model.get_weights()
    again = analyze(analyzed.model, analyzed.measure, (analyzed.x,), (analyzed.calibration,), SilentReporter())
    assert analyzed.analysis == again
    assert all((one == other).all() for one, other in zip(before, analyzed.model.get_weights(), strict=True))


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=() if name in QUICK else pytest.mark.full) for name in ARCHITECTURES]
)
def test_every_architecture(name: str) -> None:
    """Each layer with weights of any network has figures or a reason, and every announced step is made."""
    reporter = CountingReporter()
    analysis = analyze_against_itself(ARCHITECTURES[name](), reporter)
    assert reporter.announced == len(reporter.remarks) > 0
    assert 0.0 == analysis.baseline
    assert type(analysis).model_validate_json(analysis.model_dump_json()) == analysis
    for layer in analysis.layers:
        assert layer.channels or layer.channels_reason
        assert layer.ranks or layer.ranks_reason
        assert layer.int8 or layer.int8_reason
        trials = (*layer.channels, *layer.ranks, *([layer.int8] if layer.int8 else []))
        assert all(analysis.loss(trial) == trial.score >= 0 for trial in trials)


def test_model_that_cannot_be_rounded() -> None:
    """A network of nothing that can be changed is analyzed all the same: its costs, and a reason for each trial."""
    layers = load_keras().layers
    start = layers.Input((6, 3), name="signal")
    reporter = CountingReporter()
    analysis = analyze_against_itself(load_keras().Model(start, layers.LSTM(4, name="memory")(start)), reporter)
    (memory,) = analysis.layers
    assert (0, None, None) == (reporter.announced, analysis.int8, memory.int8)
    assert 6 * 4 * (3 + 4) * 4 == memory.macs
    assert "the channels of LSTM are not removed" == memory.channels_reason
    assert "LSTM is not factorized, only Dense and Conv2D are" == memory.ranks_reason
    assert "LSTM is not quantized while training" == memory.int8_reason


def test_separable_convolution() -> None:
    """Both parts of a separable convolution are rounded together, under the layer's name."""
    layers = load_keras().layers
    x = start = layers.Input((6, 6, 3), name="image")
    x = layers.SeparableConv2D(8, 3, use_bias=False, name="separable")(x)
    x = layers.ReLU(name="relu")(layers.BatchNormalization(name="norm")(x))
    x = layers.Dense(2, name="classes")(layers.Flatten(name="flatten")(x))
    model = randomize(load_keras().Model(start, x))
    analysis = analyze_against_itself(model, SilentReporter())
    separable = analysis.layers[0]
    # Two kernels, and the bias that the folded normalization becomes.
    assert 3 * 3 * 3 + 3 * 8 + 4 * 8 == separable.int8_weight_bytes
    assert separable.int8 is not None and separable.int8.output_change > 0
    assert 3 == len(separable.channels)


def test_no_samples(analyzed: Any) -> None:
    """Neither validation nor calibration can do without samples."""
    nothing = (analyzed.x[:0],)
    for x, calibration in ((nothing, (analyzed.calibration,)), ((analyzed.x,), nothing)):
        with pytest.raises(DataError, match=r"there are no .*samples"):
            analyze(analyzed.model, analyzed.measure, x, calibration, SilentReporter())


def test_score_that_is_not_finite(analyzed: Any) -> None:
    """A score of NaN is refused with the name of what was measured."""
    measure = Measure(name="recall", score=lambda outputs: float("nan"))
    with pytest.raises(ModelError, match=r"^analyze: the model .* \(recall nan\) that are not finite"):
        analyze(analyzed.model, measure, (analyzed.x,), (analyzed.calibration,), SilentReporter())
